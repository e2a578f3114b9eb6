/* Short texts among the attributes of a file. */
#ifndef KITH_SRC_STORE_WORD_H
#define KITH_SRC_STORE_WORD_H

#include "h5/h5.h"

/** Read a text of less than `size` bytes into word [size].  Collective.  Errors: KITH_EDATA (longer),
 * KITH_ENOMEM. */
kith_agreed kith__word_read(kith_h5 *f, const char *name, size_t size, char *word) KITH_MUST_USE;

#endif
