/**
 * Probe: whether a folder is fit for a job: shared by all ranks, writable, lockable, with free space, and
 * good for parallel HDF5.  For kith doctor.
 *
 * Files of a probe are named doctor-…; kith_probe_end() removes them, and the folders made for them.
 */
#ifndef KITH_STORE_PROBE_H
#define KITH_STORE_PROBE_H

#include "h5/tuning.h"

/** A folder being probed. */
typedef struct kith_probe {
  char folder[KITH_PATH];
  char token[20];          /**< random, equal on all ranks: in names and contents of its files */
  char created[KITH_PATH]; /**< the outermost folder that was created; "": none */
} kith_probe;

/** Choose the token, and create the folder if it is missing.  Collective.
 * Errors: KITH_EOUTPUT (cannot be created, not a folder). */
kith_agreed kith_probe_begin(const kith_comm *comm, const char *folder, kith_probe *out) KITH_MUST_USE;
/** Remove all files of the probe, and the folders that it created.  Collective. */
void kith_probe_end(const kith_comm *comm, const kith_probe *p);

/**
 * Check that the folder is shared: rank 0 writes a file that all read; each writes one that rank 0 reads.
 * Collective.  Errors, with rank and host: KITH_EOUTPUT (not writable, not the same folder), KITH_EIO (other
 * contents).
 */
kith_agreed kith_probe_shared(const kith_comm *comm, const kith_probe *p) KITH_MUST_USE;

/**
 * Write an HDF5 file with all ranks, read it with other slices, and compare every value.  Slices: of unequal
 * size, empty, and all rows on the last rank; with and without compression.  Collective.
 *
 * @param[out] tuning  how files lie here, and what MPI-IO is told
 * Errors: KITH_EOUTPUT, KITH_EIO, KITH_EDATA (not what was written).
 */
kith_agreed kith_probe_h5(const kith_comm *comm, const kith_probe *p, kith_h5_tuning *tuning) KITH_MUST_USE;

/** Whether a file in the folder can be locked; `why` [KITH_NAME] gets the reason if not.  Local. */
bool kith_probe_can_lock(const kith_probe *p, char *why);
/** Free bytes, plus those of checkpoints and embeddings, which a run replaces; -1 if unknown.  Local. */
int64_t kith_probe_free_bytes(const kith_probe *p);

#endif
