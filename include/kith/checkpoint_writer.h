/**
 * Writer: checkpoints that are written while steps go on.
 *
 * What is to be written is copied; a thread then brings it to the disk, over a communicator of its own.  HDF5
 * can be called by one thread at a time: between kith_checkpoint_writer_begin() and
 * kith_checkpoint_writer_wait() nobody else may call what reads or writes HDF5 files.  Where MPI does not
 * allow several threads (MPI_THREAD_MULTIPLE), and where there is so little that the threads' meeting would
 * take longer than the disk, begin writes in place, and there is nothing to wait for.
 */
#ifndef KITH_CHECKPOINT_WRITER_H
#define KITH_CHECKPOINT_WRITER_H

#include "kith/store.h"

typedef struct kith_checkpoint_writer kith_checkpoint_writer;

/**
 * Make room for checkpoints of a graph.  Collective; `comm` and `g` must outlive it.
 *
 * @param d         columns of the rows, as in kith_checkpoint
 * @param n_weight  dense weights
 * @param from      bytes of rows and weights, over all ranks, from which they are written beside the steps
 * Room: the copy, 12 bytes a number of the owned rows and of the weights (none when in place), and
 * kith_redistribution_create()'s. Errors: KITH_ENOMEM.
 */
kith_agreed kith_checkpoint_writer_create(const kith_comm *comm, const kith_graph *g, int d, int64_t n_weight,
                                          int64_t from, kith_checkpoint_writer **out) KITH_MUST_USE;

/**
 * Wait for the checkpoint before, copy this one, begin to write it; as kith_checkpoint_write().  Collective.
 * c->config_key and c->job are lent until kith_checkpoint_writer_wait(); all else may change at once.
 * Errors: those of the checkpoint before; KITH_ENOMEM; in place, those of kith_checkpoint_write().
 */
kith_agreed kith_checkpoint_writer_begin(kith_checkpoint_writer *w, const char *folder, int keep,
                                         const kith_checkpoint *c) KITH_MUST_USE;

/** Wait until the checkpoint that was begun is there, and learn how that ended; at once if none was.
 * Collective. */
kith_agreed kith_checkpoint_writer_wait(kith_checkpoint_writer *w) KITH_MUST_USE;

/** Whether checkpoints are written beside the steps.  Local. */
bool kith_checkpoint_writer_is_async(const kith_checkpoint_writer *w);

/** Wait, and free.  Collective; accepts null. */
void kith_checkpoint_writer_destroy(kith_checkpoint_writer **writer);

#endif
