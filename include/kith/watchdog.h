/**
 * Watch: whatever waits for another rank has a limit.
 *
 * A thread a process looks at what its main thread waits in (KITH_MPI and KITH_WAIT note it, with two
 * stores), or, while that waits for the thread that writes a checkpoint, at what this one waits in.  When one
 * wait has taken half of the limit, the rank signs a file that all ranks see, and so do all that are alive,
 * whatever they do.  At the limit a rank says on stderr where it waits and calls the roll: if some rank
 * passes waits or computes, the job is slow and not hung, and the limit begins anew; otherwise the ranks that
 * gave no sign, or stand still elsewhere, are named, and the job ends with KITH_EINTERRUPT (75), so that the
 * same command goes on from the last checkpoint.
 *
 * Time in which the whole process is suspended does not count.  A rank that computes for ever is not found
 * out.
 */
#ifndef KITH_WATCHDOG_H
#define KITH_WATCHDOG_H

#include "kith/comm.h"

typedef struct kith_watchdog_options {
  double minutes; /**< that a wait may take; 0: any time */
} kith_watchdog_options;

kith_watchdog_options kith_watchdog_defaults(void);

/**
 * Watch the ranks of a communicator until kith_watchdog_stop().  Collective; nothing is watched if there is
 * one rank, if the limit is 0, or if the folder is not there.  At most one watch a process.
 *
 * @param folder  that all ranks see: the file waiting.txt is made in it when a rank has waited for long
 * Errors: KITH_ENOMEM; KITH_EUSAGE if the environment's KITH_WATCH_SECONDS, which replaces the limit, is no
 * number.
 */
kith_agreed kith_watchdog_start(const kith_comm *comm, const kith_watchdog_options *o,
                                const char *folder) KITH_MUST_USE;
void kith_watchdog_stop(void); /**< Local; fine if nothing is watched */

/** What this rank is about, for its line: a step of training, both from 1.  Local, two stores. */
void kith_watchdog_set_step(int64_t epoch, int64_t step);
/** The file that it reads or writes.  Local. */
void kith_watchdog_set_file(const char *path);

/** This thread works beside the main one; there is at most one such.  Local, once in the thread. */
void kith_watchdog_register_writer(void);
/** The place of a main thread that waits for it: the other one is looked at instead. */
extern const kith_call_site kith__writer_thread;

#endif
