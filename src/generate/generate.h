/** What other rooms of the library use of generate, beyond kith/generate.h. */
#ifndef KITH_GENERATE_GENERATE_H
#define KITH_GENERATE_GENERATE_H

#include "kith/generate.h"
#include "base/base.h"

/** Whether these lists can be made with these options.  Local.  Errors: KITH_ECONFIG. */
kith_status kith_generate_check(const kith_generate_options *o,
                                const kith_generate_lists *lists) KITH_MUST_USE;

/**
 * Write what the same world's users, or items, are like: lines id<TAB>tag tag …, atomically.  Most of a
 * node's tags tell its tastes, or where it belongs; one tells nothing.  Local.  Memory and errors as above.
 */
kith_status kith_generate_features(const kith_generate_options *o, bool items,
                                   const char *path) KITH_MUST_USE;

#endif
