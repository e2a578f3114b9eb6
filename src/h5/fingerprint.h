/* The fingerprint of a new file: a hash of all its datasets. */
#ifndef KITH_SRC_H5_FINGERPRINT_H
#define KITH_SRC_H5_FINGERPRINT_H

#include "h5/h5.h"

/** Include all further datasets of kith_h5_write().  Local. */
void kith__h5_fingerprint_begin(kith_h5 *f);
/** Include a text.  Local. */
void kith__h5_fingerprint_text(kith_h5 *f, const char *name, const char *text);
/** Write the sum over ranks as the attribute `fingerprint`.  Collective.  Errors: KITH_EIO. */
kith_agreed kith__h5_put_fingerprint(kith_h5 *f) KITH_MUST_USE;

#endif
