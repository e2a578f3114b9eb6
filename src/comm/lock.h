/**
 * Lock: at most one program at a time writes to a work folder.
 *
 * The lock is the file kith.lock, created atomically (link(), or O_EXCL on file systems without links).  It
 * names its holder: host, process, Slurm job, command, job file.  It does not use flock(), so it works over
 * NFS. A dead holder is detected by its process on this machine, by the restart count of a requeued Slurm
 * job, and otherwise by the file's modification time, which a thread of the holder renews.  Readers do not
 * take the lock.
 */
#ifndef KITH_COMM_LOCK_H
#define KITH_COMM_LOCK_H

#include "comm/comm.h"

typedef struct kith_lock kith_lock;

/**
 * Take the lock of a folder on rank 0; create the folder if needed, and remove stale temporary files.
 * Collective. Waits ten seconds for a live holder (the environment variable KITH_LOCK_SECONDS overrides
 * this), and for a holder on another machine until it shows a sign of life, at most two minutes.
 *
 * @param verb, job  command and job file, for the message to other programs
 * @param[out] out   null on all ranks but 0
 * Errors: KITH_EOUTPUT if another program holds the lock, which is named, or if the folder is not writable;
 * KITH_EUSAGE for a bad KITH_LOCK_SECONDS.
 */
kith_agreed kith_lock_take(const kith_comm *comm, const char *folder, const char *verb, const char *job,
                           kith_lock **out) KITH_MUST_USE;

/** Release the lock and null the pointer; accepts null.  Local. */
void kith_lock_release(kith_lock **lock);

#endif
