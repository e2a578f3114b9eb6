/**
 * Watchdog: ends a job whose ranks have stopped making progress.
 *
 * In each process a thread observes the call in which the main thread waits (KITH_MPI() and KITH_WAIT()
 * register it with two stores), or the checkpoint writer's call while the main thread waits for it.  After
 * half of the limit the rank writes heartbeats to a shared file, and so do all live ranks.  At the limit it
 * reports on stderr where it waits and compares heartbeats.  If any rank makes progress, the job is slow but
 * not hung, and the limit restarts. Otherwise the missing ranks are named, and the job ends with
 * KITH_EINTERRUPT (75): the same command resumes from the last checkpoint.
 *
 * Time in which the whole process is suspended does not count.  An endless computation is not detected.
 */
#ifndef KITH_WATCHDOG_H
#define KITH_WATCHDOG_H

#include "kith/comm.h"

typedef struct kith_watchdog_options {
  double minutes; /**< longest time of a single wait; 0: unlimited */
} kith_watchdog_options;

kith_watchdog_options kith_watchdog_defaults(void);

/**
 * Start the watchdog for the ranks of a communicator.  Collective.  Does nothing with one rank, with limit 0,
 * or if the folder does not exist.  At most one watchdog per process.
 *
 * @param folder  a folder that all ranks share; the heartbeat file waiting.txt is created in it when needed
 * Errors: KITH_ENOMEM; KITH_EUSAGE if the environment variable KITH_WATCH_SECONDS, which overrides the limit,
 * is not a number.
 */
kith_agreed kith_watchdog_start(const kith_comm *comm, const kith_watchdog_options *o,
                                const char *folder) KITH_MUST_USE;
void kith_watchdog_stop(void); /**< Local; may be called without a watchdog */

/** Set the step of training for the report; both count from 1.  Local, two stores. */
void kith_watchdog_set_step(int64_t epoch, int64_t step);
/** Set the file being read or written, for the report.  Local. */
void kith_watchdog_set_file(const char *path);

/** Register the calling thread as the checkpoint writer, at most one per process.  Local. */
void kith_watchdog_register_writer(void);
/** Call site of a main thread that waits for the writer: the watchdog then observes the writer. */
extern const kith_call_site kith__writer_thread;

#endif
