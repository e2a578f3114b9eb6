/**
 * Time of training steps by phase: a clock that is read at the end of each phase.
 *
 * What a phase spends in MPI calls, waiting included, counts as exchange, and as nothing else; sampling
 * counts with its messages, wherever in the step it goes on.  A lap costs one read of the monotonic clock.
 */
#ifndef KITH_COMM_PHASES_H
#define KITH_COMM_PHASES_H

#include "comm/comm.h"

typedef enum kith_phase {
  KITH_PHASE_SAMPLE,   /**< batches, negatives, sampled blocks with their messages */
  KITH_PHASE_FORWARD,  /**< kernels of the layers and of the loss … */
  KITH_PHASE_EXCHANGE, /**< MPI calls: rows of other ranks and their gradients, sums of weights' gradients */
  KITH_PHASE_BACKWARD, /**< … and their derivatives */
  KITH_PHASE_UPDATE,   /**< the optimizer */
  KITH_PHASE_N
} kith_phase;

/** "sample", "forward", … */
extern const char *const kith_phase_name[KITH_PHASE_N];

/** Seconds of a rank. */
typedef struct kith_phases {
  double seconds[KITH_PHASE_N];
} kith_phases;

/** Seconds since the object was zeroed, and what the clock knows of the phase in progress. */
typedef struct kith_phase_clock {
  kith_phases spent;
  double at, mpi;              /* when the phase began, of kith_clock() and of kith_mpi_seconds() */
  double sampled, sampled_mpi; /* since then, in sampling */
} kith_phase_clock;

void kith_phase_begin(kith_phase_clock *c); /**< The first phase begins.  Local. */
/** The phase in progress was this one; the next begins.  Local. */
void kith_phase_lap(kith_phase_clock *c, kith_phase phase);
/** Sampling within a phase ends, which began at these times of kith_clock() and kith_mpi_seconds(); returns
 * its seconds.  Local. */
double kith_phase_sampled(kith_phase_clock *c, double began, double mpi);
/** total += sign * x, phase by phase.  Local. */
void kith_phases_add(kith_phases *total, double sign, const kith_phases *x);

#endif
