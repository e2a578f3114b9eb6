/* Private to the room store: what a file of rows says of the models that a blend is made of. */
#ifndef KITH_SRC_STORE_BLEND_H
#define KITH_SRC_STORE_BLEND_H

#include "store/store.h"

/* Collective.  Errors: KITH_EIO. */
kith_agreed kith__blend_origin_write(kith_h5 *f, const kith_blend_origin *blend) KITH_MUST_USE;
/* Open embeddings.h5 or blend.h5.  Collective.  Errors: those of kith_h5_open(). */
kith_agreed kith__embeddings_open(const kith_comm *comm, const char *path, kith_h5 **f) KITH_MUST_USE;

#endif
