/**
 * Sparse exchange: in a round each rank sends records to some others, and none knows from whom it will
 * receive.
 */
#ifndef KITH_COMM_SPARSE_H
#define KITH_COMM_SPARSE_H

#include "comm/comm.h"

/**
 * Messages go only where there is something to say: synchronous sends and then an all-reduce, which is
 * complete once the last of them was received (NBX: Hoefler, Siebert and Lumsdaine, PPoPP 2010, section 3,
 * with an all-reduce in the place of the barrier).
 */
typedef struct kith_sparse {
  const kith_comm *comm;
  bool made;
  MPI_Comm mpi; /**< a duplicate, so that rounds meet no other messages */
  int round;
  MPI_Request *request; /**< [size] sends under way … */
  int n_request;        /**< … and their number */
  int64_t note;
  int *count;  /**< [size] records received from each rank in the last round … */
  int64_t *at; /**< [size] … and the first one: ranks stand in the order of arrival */
  int64_t n;   /**< all records received */
} kith_sparse;

/** Collective, and so are the others.  Errors: KITH_ENOMEM; the caller frees *out, then too. */
kith_agreed kith_sparse_make(const kith_comm *comm, kith_sparse *out) KITH_MUST_USE;
void kith_sparse_free(kith_sparse *x);
int64_t kith_sparse_bytes(int size);

/**
 * Begin a round; does not wait.
 *
 * @param records  of this type, contiguous; unchanged until the end of the round
 * @param count, first  [size] records for each rank, the own one excepted, and the first of them
 * @param note     any number; it travels along
 */
void kith_sparse_begin(kith_sparse *x, MPI_Datatype type, int bytes, const void *records, const int *count,
                       const int *first, int64_t note);
/**
 * End the round.  Ends the job if more than `room` records arrive.
 *
 * @param[out] records  [room] those of rank r from x->at[r] on
 * @return the maximum of `note` over all ranks
 */
int64_t kith_sparse_end(kith_sparse *x, MPI_Datatype type, int bytes, int64_t room, void *records);

#endif
