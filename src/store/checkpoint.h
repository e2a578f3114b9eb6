/* The folder of checkpoints, for what writes them. */
#ifndef KITH_STORE_CHECKPOINT_H
#define KITH_STORE_CHECKPOINT_H

#include "kith/store.h"

/* All are Local; rank 0 calls those that change the folder. */

/* The name [KITH_NAME] and the path [KITH_PATH] of a checkpoint. */
kith_status kith__checkpoint_path(const char *folder, int64_t epoch, int64_t step, char *name,
                                  char *path) KITH_MUST_USE;
/* Let checkpoint-latest name it. */
kith_status kith__checkpoint_set_latest(const char *folder, const char *name) KITH_MUST_USE;
/*
 * After that of (epoch, step) was written: of it and those before it only the `keep` newest stay, and that of
 * the end of the epoch `stays`, -1 for none.
 */
kith_status kith__checkpoint_prune(const char *folder, int keep, int64_t epoch, int64_t step,
                                   int64_t stays) KITH_MUST_USE;

#endif
