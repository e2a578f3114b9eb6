/**
 * Lock: at most one program at a time writes into a work folder.
 *
 * The lock is the file kith.lock, which appears whole (link(), or O_EXCL where a file system has no links)
 * and names its holder: host, process, Slurm job, verb, job file.  It needs no flock, so it holds over NFS.
 * A holder that is gone is recognized: on this machine by its process, a Slurm job that was put back into the
 * queue by its restart count, elsewhere by the file's time, which a thread of the holder renews.  Programs
 * that only read neither take the lock nor wait for it.
 */
#ifndef KITH_LOCK_H
#define KITH_LOCK_H

#include "kith/comm.h"

typedef struct kith_lock kith_lock;

/**
 * Take the lock of a folder, which is made if it is missing, and remove what killed writes have left in it.
 * Rank 0 does it; Collective.  Waits for a living holder for ten seconds (KITH_LOCK_SECONDS in the
 * environment replaces them), and for one on another machine until it has shown a sign of life, at most two
 * minutes.
 *
 * @param verb, job  for whoever comes while the lock is held
 * @param[out] out   null on all ranks but 0
 * Errors: KITH_EOUTPUT naming the holder, or if the folder cannot be written to; KITH_EUSAGE for
 * KITH_LOCK_SECONDS.
 */
kith_agreed kith_lock_take(const kith_comm *comm, const char *folder, const char *verb, const char *job,
                           kith_lock **out) KITH_MUST_USE;

/** Give the lock back and null the pointer; accepts null.  Local. */
void kith_lock_release(kith_lock **lock);

#endif
