/* For every rank r and every k: run something with the k-th allocation, read or write on r refused, and look
 * at what is left. */
#ifndef KITH_TEST_SWEEP_H
#define KITH_TEST_SWEEP_H

#include "comm/comm.h"
#include "base/fault.h"

/* What is run, on all ranks; it destroys what it made, whether it fails or not. */
typedef kith_agreed (*sweep_run)(void);
/* A look at what a run with a fault in it has left, on all ranks: null if all is well, else what is wrong, on
 * some rank. */
typedef const char *(*sweep_look)(int64_t k);

typedef struct sweep {
  kith_fault_kind kind;
  sweep_run run;
  sweep_look look;    /* may be null */
  const char *folder; /* no file in it may end in .tmp afterwards, … */
  const char *inputs; /* … and the files in this one must stay as they are; where it is the same one, if the
                         run is refused */
  int64_t least;      /* the loop must meet as many events on rank 0 */
  int64_t stride;     /* of several ranks each takes one k of so many; 0: of three */
  bool mends; /* a run may do without what was refused, as with a checkpoint before an unreadable one, and end
                 well */
} sweep;

/* Whether faults of a kind are compiled in. */
bool sweep_has(kith_fault_kind kind);

/* Until k is not reached any more; of several ranks each takes others of the k, or all where
 * KITH_TEST_SLOW is set.  Fails the test on all ranks together, so that none waits. */
void sweep_each(const sweep *s);

#endif
