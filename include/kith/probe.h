/**
 * Probe: whether a folder can carry a job: one to all ranks, writable, locks, room, parallel HDF5.  For kith
 * doctor.
 *
 * Files of a probe are called doctor-…; they are removed whatever happens, and so are folders made for it.
 */
#ifndef KITH_PROBE_H
#define KITH_PROBE_H

#include "kith/comm.h"

/** A folder under examination. */
typedef struct kith_probe {
  char folder[KITH_PATH];
  char token[20];          /**< a random word, the same on every rank: names and contents of its files */
  char created[KITH_PATH]; /**< the outermost folder that had to be made, "" if it was all there */
} kith_probe;

/**
 * Choose the word, make the folder where it is not there yet.  Collective.
 * Errors: KITH_EOUTPUT (cannot be made, is no folder).
 */
kith_agreed kith_probe_begin(const kith_comm *comm, const char *folder, kith_probe *out) KITH_MUST_USE;
/** Remove all files of the probe, and the folders that were made.  Collective. */
void kith_probe_end(const kith_comm *comm, const kith_probe *p);

/**
 * Rank 0 writes a file, all read it; all write one, rank 0 reads them.  Collective.
 * Errors, naming the rank and its host: KITH_EOUTPUT (not writable, or another folder there), KITH_EIO (other
 * contents).
 */
kith_agreed kith_probe_shared(const kith_comm *comm, const kith_probe *p) KITH_MUST_USE;

/**
 * Write a file with all ranks and read it with other slices: ragged ones, ranks without any row, everything
 * on the last rank, packed and not, with every value compared.  Collective.  Errors: KITH_EOUTPUT, KITH_EIO,
 * KITH_EDATA (not what was written).
 */
kith_agreed kith_probe_h5(const kith_comm *comm, const kith_probe *p) KITH_MUST_USE;

/** Whether a file in the folder can be locked; `why` [KITH_NAME] says why not.  Local. */
bool kith_probe_can_lock(const kith_probe *p, char *why);
/** Bytes free in the folder, or held by checkpoints and embeddings, which a run replaces; -1 if the file
 * system does not say.  Local. */
int64_t kith_probe_free_bytes(const kith_probe *p);

#endif
