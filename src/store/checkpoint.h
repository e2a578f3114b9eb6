/* Private to store: the folder of checkpoints. */
#ifndef KITH_STORE_CHECKPOINT_H
#define KITH_STORE_CHECKPOINT_H

#include "store/store.h"

/*
 * A view of a graph's nodes that the graph it updates has, for kith_redistribution_create(): their numbers,
 * and the owned rows of these alone.  Local.
 */
kith_status kith__graph_known_make(const kith_graph *g, kith_graph **out) KITH_MUST_USE;
void kith__graph_known_free(kith_graph **known);

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
