/* The folder of checkpoints, for what writes them. */
#ifndef KITH_SRC_IO_CHECKPOINT_H
#define KITH_SRC_IO_CHECKPOINT_H

#include "kith/io.h"

/* All are Local; rank 0 calls those that change the folder. */

/* The name [KITH_NAME] and the path [KITH_PATH] of a checkpoint. */
kith_status kith__checkpoint_name(const char *folder, int64_t epoch, char *name, char *path) KITH_MUST_USE;
/* Let checkpoint-latest name it. */
kith_status kith__checkpoint_point(const char *folder, const char *name) KITH_MUST_USE;
/* Remove all checkpoints of a folder but the `keep` newest and that of the epoch `stays`; with keep 0 the pointer first. */
kith_status kith__checkpoint_prune(const char *folder, int keep, int64_t stays) KITH_MUST_USE;

#endif
