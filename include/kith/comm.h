/**
 * Comm: a group of ranks: agreement on errors, exact reductions, broadcast.
 */
#ifndef KITH_COMM_H
#define KITH_COMM_H

#include <mpi.h>

#include "kith/base.h"

/** A group of ranks with a communicator of its own (MPI_Comm_dup). */
typedef struct kith_comm {
  MPI_Comm mpi;
  int rank, size;
  bool sleeps; /**< used by a background thread, whose barriers sleep instead of spinning on a core */
} kith_comm;

/**
 * Initialize MPI, with MPI_THREAD_MULTIPLE where available, in place of MPI_Init_thread().  The caller calls
 * MPI_Finalize().  Waits until the threads of the MPI library are idle: with Open MPI 4.1 a program that ends
 * before may crash.
 *
 * Collective over all ranks.  Cost: less than a millisecond on an idle machine, at most two seconds.
 */
KITH_API void kith_mpi_init(int *argc, char ***argv);

/** Duplicate a communicator.  Collective over `parent`.  Errors: KITH_ENOMEM. */
KITH_API kith_agreed kith_comm_create(MPI_Comm parent, kith_comm **out) KITH_MUST_USE;
/** Free it and null the pointer; accepts null.  Collective over the communicator. */
KITH_API void kith_comm_destroy(kith_comm **comm);

/**
 * Agree on one status: the largest code over all ranks.  On failure every rank then has the failing rank's
 * message, prefixed with "rank r: " if there are several ranks.  Collective.  Cost: one all-reduce without a
 * failure.
 */
static inline kith_agreed kith_agree(const kith_comm *comm, kith_status mine) KITH_MUST_USE;
KITH_API kith_agreed kith__agree(const kith_comm *comm, kith_status mine);

/* Inline, so that static analyzers see that a local failure never becomes success. */
static inline kith_agreed kith_agree(const kith_comm *comm, kith_status mine) {
  kith_agreed all = kith__agree(comm, mine);
  return all.status == KITH_OK ? (kith_agreed){mine} : all;
}

/** Wrap a status that is equal on all ranks by construction, for example computed from the same arguments.
 * Local: nothing checks that it is equal. */
static inline kith_agreed kith_agreed_same(kith_status same_everywhere) KITH_MUST_USE;
static inline kith_agreed kith_agreed_same(kith_status same_everywhere) {
  return (kith_agreed){same_everywhere};
}

/** All-reduce of `n` exact sums, in place: the same bits for any number of ranks.  Collective. */
KITH_API void kith_comm_sum(const kith_comm *comm, int64_t n, kith_exact_sum *sums);

/** All-reduce of `n` integers, in place.  Collective. */
KITH_API void kith_comm_sum_int(const kith_comm *comm, int64_t n, int64_t *values);

/** Maximum of one integer over all ranks.  Collective. */
KITH_API int64_t kith_comm_max(const kith_comm *comm, int64_t value);

/** Broadcast `n` bytes from rank 0.  Collective; the same n on every rank. */
KITH_API void kith_comm_bcast(const kith_comm *comm, int64_t n, void *bytes);

#endif
