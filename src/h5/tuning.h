/**
 * Tuning: how files lie on parallel file systems, and what MPI-IO is told about them.
 *
 * On Lustre, GPFS, BeeGFS, CephFS and PanFS large contiguous datasets begin at multiples of the file system's
 * block, and MPI-IO is told to gather writes on one rank a host; stripes stay those of the folder.  The file
 * that the environment variable ROMIO_HINTS names, lines of a key and a value, replaces these choices, with
 * any MPI library: its striping_unit is the block, and new files have its stripes.  Elsewhere, and without
 * that file, nothing is chosen.
 */
#ifndef KITH_H5_TUNING_H
#define KITH_H5_TUNING_H

#include "h5/h5.h"

enum { KITH_H5_HINTS = 16, KITH_H5_HINT = 64 };

typedef struct kith_h5_tuning {
  char file_system[16]; /**< "lustre", "gpfs", "beegfs", "cephfs", "panfs"; "": another one */
  bool from_file;       /**< ROMIO_HINTS is set */
  int64_t alignment;    /**< bytes: multiples at which large contiguous datasets begin; 0: anywhere */
  int n;                /**< hints for MPI-IO */
  char key[KITH_H5_HINTS][KITH_H5_HINT], value[KITH_H5_HINTS][KITH_H5_HINT];
} kith_h5_tuning;

/** Choose for files in a folder: the same on every rank.  Collective.  Errors: KITH_EUSAGE (the hints are
 * refused). */
kith_agreed kith_h5_tuning_choose(const kith_comm *comm, const char *folder,
                                  kith_h5_tuning *out) KITH_MUST_USE;
/** The value of a hint; null: it is not given.  Local. */
const char *kith_h5_tuning_hint(const kith_h5_tuning *t, const char *key);
/** What HDF5 has of a file that is being written; file_system and from_file stay empty.  Local.  On rank 0.
 */
void kith_h5_tuning_get(const kith_h5 *f, kith_h5_tuning *out);
/** Format as "lustre; large datasets at multiples of 4194304 bytes; cb_nodes 2".  Local. */
void kith_h5_tuning_print(const kith_h5_tuning *t, size_t size, char *text);

#endif
