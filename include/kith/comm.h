/**
 * Comm: a group of ranks, what they agree on, sums over them.
 */
#ifndef KITH_COMM_H
#define KITH_COMM_H

#include <mpi.h>

#include "kith/base.h"

/** A group of ranks with a communicator of its own. */
typedef struct kith_comm {
  MPI_Comm mpi;
  int rank, size;
  bool sleeps; /**< of a thread beside the steps: kith_comm_barrier_sleep() sleeps, so that waiting takes no
                  core from them */
} kith_comm;

/** Where a rank may have to wait for others, for the line of who waits too long (kith/watchdog.h). */
typedef struct kith_call_site {
  const char *what, *call, *file;
  int line;
} kith_call_site;

/**
 * Run an MPI call that may wait, for `what` in words; if it fails no rank can be trusted to meet another, so
 * say where and abort.  KITH_MPI() does the same where words would say no more than the call.
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

/** Note what is waited in, and that it is over: for what waits in other ways than by KITH_MPI(), such as
 * HDF5.  Local. */
void kith__wait_begin(const kith_call_site *place);
void kith__wait_end(void);

/** Say where something that cannot happen happened, and end all ranks. */
_Noreturn void kith_abort(const char *file, int line, const char *what);

/** Seconds that this thread has spent in MPI calls: sending, receiving, and waiting for others.  Local. */
double kith_mpi_seconds(void);
void kith__mpi_spent(double seconds);

/**
 * Start MPI, with threads where it gives them, and wait until the threads that it started itself sleep: with
 * Open MPI 4.1 a program that ends before they do may end with a segmentation fault.  For MPI_Init_thread();
 * MPI_Finalize() is the caller's.
 *
 * Collective over all ranks.  Waits for less than a millisecond on an idle machine, and for two seconds at
 * most.
 */
void kith_mpi_init(int *argc, char ***argv);

/** Duplicate a communicator.  Collective over `parent`. */
kith_agreed kith_comm_create(MPI_Comm parent, kith_comm **out) KITH_MUST_USE;
/** Free it and null the pointer; accepts null.  Collective over the communicator. */
void kith_comm_destroy(kith_comm **comm);

/**
 * Before a collective that ranks may come to at very different times: a sleeps group waits here, asleep,
 * until all have come; other groups go on at once.  Collective.
 */
void kith_comm_barrier_sleep(const kith_comm *comm);

/**
 * Make one rank's status known to all: the worst code wins, and every rank then holds the failing rank's
 * message, which begins with "rank r: " if there are several.  Collective.  One all-reduce when all is well.
 */
static inline kith_agreed kith_agree(const kith_comm *comm, kith_status mine) KITH_MUST_USE;
kith_agreed kith__agree(const kith_comm *comm, kith_status mine);

/* Written out, so that who analyses a caller sees that a failure here is never agreed to be none. */
static inline kith_agreed kith_agree(const kith_comm *comm, kith_status mine) {
  kith_agreed all = kith__agree(comm, mine);
  return all.status == KITH_OK ? (kith_agreed){mine} : all;
}

/** A status that all ranks are known to share already (for example, computed from the same arguments). */
kith_agreed kith_agreed_same(kith_status same_everywhere) KITH_MUST_USE;

/** Replace each of `n` sums by its sum over all ranks: exact, so the same bits for any number of ranks.
 * Collective. */
void kith_comm_sum(const kith_comm *comm, int n, kith_exact_sum *sums);

/** Replace each of `n` integers by its sum over all ranks.  Collective. */
void kith_comm_sum_int(const kith_comm *comm, int n, int64_t *values);

/** Where each rank's things begin, from how many each has: at [size + 1].  Local. */
static inline void kith_prefix_sum(int size, const int *n, int *at) {
  at[0] = 0;
  for (int r = 0; r < size; r++) at[r + 1] = at[r] + n[r];
}

/** The largest of one integer over all ranks.  Collective. */
int64_t kith_comm_max(const kith_comm *comm, int64_t value);

/** Copy `n` bytes from rank 0 to all.  Collective; n is the same everywhere. */
void kith_comm_bcast(const kith_comm *comm, int64_t n, void *bytes);

#endif
