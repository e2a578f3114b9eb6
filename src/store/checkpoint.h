/* Private to store: the folder of checkpoints. */
#ifndef KITH_STORE_CHECKPOINT_H
#define KITH_STORE_CHECKPOINT_H

#include "store/store.h"

/* All are Local; only rank 0 calls those that change the folder. */

/* File name [KITH_NAME] and path [KITH_PATH] of a checkpoint. */
kith_status kith__checkpoint_path(const char *folder, int64_t epoch, int64_t step, char *name,
                                  char *path) KITH_MUST_USE;
/* Write checkpoint-latest, which names the newest checkpoint. */
kith_status kith__checkpoint_set_latest(const char *folder, const char *name) KITH_MUST_USE;
/*
 * Remove the checkpoints up to (epoch, step), except the newest `keep` and that of the end of epoch `stays`
 * (-1: none).
 */
kith_status kith__checkpoint_prune(const char *folder, int keep, int64_t epoch, int64_t step,
                                   int64_t stays) KITH_MUST_USE;

#endif
