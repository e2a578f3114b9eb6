/**
 * Asynchronous checkpoints: a thread writes them while training continues.
 *
 * begin() copies the state; a background thread writes the copy, over its own communicator.  HDF5 is not
 * thread-safe: between kith_checkpoint_writer_begin() and kith_checkpoint_writer_wait() no other thread may
 * read or write HDF5 files.  begin() writes synchronously if MPI lacks MPI_THREAD_MULTIPLE, or if the
 * checkpoint is so small that synchronizing the threads would take longer than the disk.
 */
#ifndef KITH_STORE_CHECKPOINT_WRITER_H
#define KITH_STORE_CHECKPOINT_WRITER_H

#include "store/store.h"

typedef struct kith_checkpoint_writer kith_checkpoint_writer;

/** Bytes of an asynchronous writer: copies of n_own rows and of the weights.  Local. */
int64_t kith_checkpoint_writer_bytes(int64_t n_own, int d, int64_t n_weight, int n_slot);

/**
 * Create a writer and allocate its copies.  Collective; borrows `comm` and `g`.
 *
 * @param d         columns of the rows, as in kith_checkpoint
 * @param n_weight  number of dense weights
 * @param n_slot    slots of rows and weights
 * @param from      write asynchronously from this size on: bytes of rows and weights over all ranks
 * Memory: 4 (1 + n_slot) bytes per number of the owned rows and of the weights (synchronous: none), and that
 * of kith_redistribution_create().  Errors: KITH_ENOMEM.
 */
kith_agreed kith_checkpoint_writer_create(const kith_comm *comm, const kith_graph *g, int d, int64_t n_weight,
                                          int n_slot, int64_t from,
                                          kith_checkpoint_writer **out) KITH_MUST_USE;

/**
 * Wait for the previous checkpoint, then start kith_checkpoint_write() with a copy of this one.  Collective.
 * Borrows c->config_key and c->job until kith_checkpoint_writer_wait(); all else may change at once.
 * Errors: those of the previous checkpoint; KITH_ENOMEM; synchronous: those of kith_checkpoint_write().
 */
kith_agreed kith_checkpoint_writer_begin(kith_checkpoint_writer *w, const char *folder, int keep,
                                         const kith_checkpoint *c) KITH_MUST_USE;

/** Wait for the pending checkpoint, if any, and return its status.  Collective. */
kith_agreed kith_checkpoint_writer_wait(kith_checkpoint_writer *w) KITH_MUST_USE;

/** Whether checkpoints are written asynchronously.  Local. */
bool kith_checkpoint_writer_is_async(const kith_checkpoint_writer *w);

/** Wait, and free.  Collective; accepts null. */
void kith_checkpoint_writer_destroy(kith_checkpoint_writer **writer);

#endif
