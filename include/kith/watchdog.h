/**
 * Watchdog: ends a job whose ranks have stopped making progress.
 *
 * In each process a thread observes the call in which the main thread waits, or the checkpoint writer's call
 * while the main thread waits for it.  After half of the limit the rank writes heartbeats to a shared file,
 * and so do all live ranks.  At the limit it reports on stderr where it waits and compares heartbeats.  If
 * any rank makes progress, the job is slow but not hung, and the limit restarts.  Otherwise the missing ranks
 * are named, and the job ends with KITH_EINTERRUPT (75): the same command resumes from the last checkpoint.
 *
 * Time in which the whole process is suspended does not count.  An endless computation is not detected.
 */
#ifndef KITH_WATCHDOG_H
#define KITH_WATCHDOG_H

typedef struct kith_watchdog_options {
  double minutes; /**< longest time of a single wait; 0: unlimited */
} kith_watchdog_options;

#endif
