/** What other rooms of the library use of comm, beyond kith/comm.h. */
#ifndef KITH_COMM_COMM_H
#define KITH_COMM_COMM_H

#include "kith/comm.h"
#include "base/base.h"

/** kith_mpi_init() with another level of threads: MPI_THREAD_FUNNELED where only one thread calls MPI. */
void kith_mpi_init_level(int *argc, char ***argv, int level);

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

/** All-reduce of `n` values of a type of MPI, in place, in messages that its counts of 32 bits hold.
 * Collective. */
void kith_comm_reduce(const kith_comm *comm, int64_t n, MPI_Datatype type, MPI_Op op, void *values);
/** The same in messages of at most `most` values. */
void kith__comm_reduce(const kith_comm *comm, int64_t n, int most, MPI_Datatype type, MPI_Op op,
                       void *values);

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
 * Barrier that sleeps instead of spinning, before a collective that ranks reach at very different times. Only
 * for groups with `sleeps`; others return at once.  Collective.
 */
void kith_comm_barrier_sleep(const kith_comm *comm);

/** Exclusive prefix sum: at [size + 1] from counts n [size], at[size] is the total.  Local. */
static inline void kith_prefix_sum(int size, const int *n, int *at) {
  at[0] = 0;
  for (int r = 0; r < size; r++) at[r + 1] = at[r] + n[r];
}

/** Arguments of an all-to-all exchange, in elements: counts [size], displacements [size + 1]. */
typedef struct kith_alltoall {
  int *send_count, *send_displ, *recv_count, *recv_displ;
} kith_alltoall;

/** Allocate.  Local.  Errors: KITH_ENOMEM; the caller frees *out, then too. */
kith_status kith_alltoall_make(int size, kith_alltoall *out) KITH_MUST_USE;
void kith_alltoall_free(kith_alltoall *x);

#endif
