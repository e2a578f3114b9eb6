/* The fingerprint of a file that is being written. */
#ifndef KITH_SRC_H5_FINGERPRINT_H
#define KITH_SRC_H5_FINGERPRINT_H

#include "kith/h5.h"

/** From now on everything that kith_h5_write() writes counts.  Local. */
void kith__h5_fingerprint_begin(kith_h5 *f);
/** Write what all ranks have added up as the attribute `fingerprint`.  Collective.  Errors: KITH_EIO. */
kith_agreed kith__h5_put_fingerprint(kith_h5 *f) KITH_MUST_USE;

#endif
