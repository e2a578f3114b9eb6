/** What other rooms of the library use of comm, beyond kith/watchdog.h. */
#ifndef KITH_COMM_WATCHDOG_H
#define KITH_COMM_WATCHDOG_H

#include "kith/watchdog.h"
#include "comm/comm.h"

/** The defaults.  Local. */
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
