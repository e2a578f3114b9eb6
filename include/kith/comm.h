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
  bool sleeps; /**< of a background thread: kith_comm_barrier_sleep() sleeps instead of spinning on a core */
} kith_comm;

/** A place in the source where a rank waits for others, for the report of the watchdog (kith/watchdog.h). */
typedef struct kith_call_site {
  const char *what, *call, *file;
  int line;
} kith_call_site;

/**
 * Run an MPI call that may block; `what` describes it for the watchdog.  If it fails, print the location and
 * abort: ranks can no longer be synchronized.  KITH_MPI() is the same without a description.
 */
#define KITH_WAIT(what, call)                                                                                \
  do {                                                                                                       \
    static const kith_call_site kith__here = {what, #call, __FILE__, __LINE__};                              \
    double kith__began = kith_clock();                                                                       \
    kith__wait_begin(&kith__here);                                                                           \
    int kith__code = (call);                                                                                 \
    kith__wait_end();                                                                                        \
    kith__mpi_spent(kith_clock() - kith__began);                                                             \
    if (kith__code != MPI_SUCCESS) kith_abort(__FILE__, __LINE__, #call);                                    \
  } while (0)
#define KITH_MPI(call) KITH_WAIT("an exchange between ranks", call)

/** Register and clear the call that this thread waits in, for calls outside KITH_MPI(), such as HDF5.  Local.
 */
void kith__wait_begin(const kith_call_site *site);
void kith__wait_end(void);

/** Print the location of a broken invariant and abort all ranks. */
_Noreturn void kith_abort(const char *file, int line, const char *what);

/** Seconds that this thread has spent in MPI calls, waiting included.  Local. */
double kith_mpi_seconds(void);
void kith__mpi_spent(double seconds);

/**
 * Initialize MPI, with MPI_THREAD_MULTIPLE where available, in place of MPI_Init_thread().  The caller calls
 * MPI_Finalize().  Waits until the threads of the MPI library are idle: with Open MPI 4.1 a program that ends
 * before may crash.
 *
 * Collective over all ranks.  Cost: less than a millisecond on an idle machine, at most two seconds.
 */
void kith_mpi_init(int *argc, char ***argv);

/** Duplicate a communicator.  Collective over `parent`. */
kith_agreed kith_comm_create(MPI_Comm parent, kith_comm **out) KITH_MUST_USE;
/** Free it and null the pointer; accepts null.  Collective over the communicator. */
void kith_comm_destroy(kith_comm **comm);

/**
 * Barrier that sleeps instead of spinning, before a collective that ranks reach at very different times. Only
 * for groups with `sleeps`; others return at once.  Collective.
 */
void kith_comm_barrier_sleep(const kith_comm *comm);

/**
 * Agree on one status: the largest code over all ranks.  On failure every rank then has the failing rank's
 * message, prefixed with "rank r: " if there are several ranks.  Collective.  Cost: one all-reduce without a
 * failure.
 */
static inline kith_agreed kith_agree(const kith_comm *comm, kith_status mine) KITH_MUST_USE;
kith_agreed kith__agree(const kith_comm *comm, kith_status mine);

/* Inline, so that static analyzers see that a local failure never becomes success. */
static inline kith_agreed kith_agree(const kith_comm *comm, kith_status mine) {
  kith_agreed all = kith__agree(comm, mine);
  return all.status == KITH_OK ? (kith_agreed){mine} : all;
}

/** Wrap a status that is equal on all ranks by construction, for example computed from the same arguments. */
kith_agreed kith_agreed_same(kith_status same_everywhere) KITH_MUST_USE;

/** All-reduce of `n` exact sums: the same bits for any number of ranks.  Collective. */
void kith_comm_sum(const kith_comm *comm, int n, kith_exact_sum *sums);

/** All-reduce of `n` integers, in place.  Collective. */
void kith_comm_sum_int(const kith_comm *comm, int n, int64_t *values);

/** Exclusive prefix sum: at [size + 1] from counts n [size], at[size] is the total.  Local. */
static inline void kith_prefix_sum(int size, const int *n, int *at) {
  at[0] = 0;
  for (int r = 0; r < size; r++) at[r + 1] = at[r] + n[r];
}

/** Maximum of one integer over all ranks.  Collective. */
int64_t kith_comm_max(const kith_comm *comm, int64_t value);

/** Broadcast `n` bytes from rank 0.  Collective; the same n on every rank. */
void kith_comm_bcast(const kith_comm *comm, int64_t n, void *bytes);

#endif
