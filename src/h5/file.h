/*
 * One HDF5 file, as file.c (its life), dataset.c (datasets), rows.c (plain rows), checksum.c (checksums),
 * attr.c (attributes) and seal.c (what it consists of) share it.
 */
#ifndef KITH_SRC_H5_FILE_H
#define KITH_SRC_H5_FILE_H

#include <hdf5.h>

#include "h5/fingerprint.h"
#include "h5/rows.h"
#include "h5/hash.h"
#include "h5/validate.h"
#include "kith/fault.h"
#include "kith/file.h"
#include "kith/h5.h"
#include "kith/watchdog.h"

#define KITH__SEAL "seal"                /* the attribute that says what is in a file */
#define KITH__CHECKSUM_GROUP "checksum/" /* the group of checksums */

/** A number for each thing in a file. */
typedef struct kith__seal {
  int64_t n, room;
  uint64_t *number;
} kith__seal;

struct kith_h5 {
  const kith_comm *comm;
  hid_t file;
  bool writing;
  bool single; /* writing: rank 0 alone calls HDF5, `file` is nobody else's */
  bool sealed; /* as every file that is written: every dataset has checksums, and a seal says what there is */
  kith__seal seal;        /* writing: of what was written so far */
  bool failed;            /* a write failed: the file will not be published */
  bool has_fingerprint;   /* writing: datasets add to … */
  uint64_t fingerprint;   /* … this rank's share of the sum */
  int64_t bytes_expected; /* bytes of the datasets written so far and of the metadata around them */
  int64_t bytes_reserved; /* bytes that the file system has set aside */
  char path[KITH_PATH];
  char tmp[KITH_TMP_PATH];
};

/** Run an HDF5 statement that all ranks take part in, so that who waits in it too long says so, and in which
 * file. */
#define KITH_H5_COLLECTIVE(f, what, statement)                                                               \
  do {                                                                                                       \
    static const kith_call_site kith__here = {what, #statement, __FILE__, __LINE__};                         \
    kith_watchdog_set_file((f)->path);                                                                       \
    kith__wait_begin(&kith__here);                                                                           \
    statement;                                                                                               \
    kith__wait_end();                                                                                        \
  } while (0)

/** Why the last HDF5 call failed, in one line.  Local; valid until the next call. */
const char *kith__h5_error_text(void);

/** What kind of failure kith__h5_error_text() has just told of: KITH_EIO if the system gave it, else
 * KITH_EDATA. Local. */
kith_status kith__h5_error_status(void) KITH_MUST_USE;

/** Whether a read has to fail by intent (kith_fault()); HDF5 then gives the reason.  Local. */
bool kith__h5_fault(void);

/** Read one attribute of an open file.  Local. */
kith_status kith__h5_attr_int(hid_t file, const char *path, const char *name, int64_t *value) KITH_MUST_USE;
kith_status kith__h5_attr_real(hid_t file, const char *path, const char *name, double *value) KITH_MUST_USE;
kith_status kith__h5_attr_text(hid_t file, const char *path, const char *name, char **text) KITH_MUST_USE;

/** Add rows first … first + n - 1 of a dataset, `row` bytes each; the other arguments are those of
 * kith_h5_write().  Local. */
void kith__h5_fingerprint_add(kith_h5 *f, const char *name, kith_h5_type type, int d, int64_t n_total,
                              int64_t first, int64_t n, size_t row, const void *data);

/** Set room aside for `bytes` more bytes of data, so that no write finds the disk full.  Collective. */
kith_agreed kith__h5_reserve(kith_h5 *f, int64_t bytes) KITH_MUST_USE;

/** Whether this rank makes the HDF5 calls of a file being written. */
static inline bool kith__h5_is_writer(const kith_h5 *f) { return !f->single || f->comm->rank == 0; }

/** Agree on what an HDF5 call inside a write gave; remembers a failure.  Collective. */
kith_agreed kith__h5_agree_write(kith_h5 *f, const char *what, bool good) KITH_MUST_USE;

/** Make the groups on the way to a dataset.  As collective as the file. */
bool kith__h5_make_groups(hid_t file, const char *name);

/* ---- what a reader believes, validate.c; all are Local ---- */

/** What stands at a name: nothing; a thing of this file; a link to somewhere, in this file or another. */
typedef enum kith__h5_link { KITH__LINK_NONE, KITH__LINK_LOCAL, KITH__LINK_ELSEWHERE } kith__h5_link;

enum { KITH__H5_HEAD = 16 }; /* bytes that a file begins with */

/** KITH_EDATA unless so a file of HDF5 begins whose metadata carries checksums. */
kith_status kith__h5_validate_format(const char *path, const unsigned char *head, int64_t n) KITH_MUST_USE;
/**
 * Follow the steps of "a/b/c", as far as they lie in this file: a link on the way is not followed.  What
 * cannot be looked at is taken to be there, and not to be missing: opening it then fails, and says why.
 */
kith__h5_link kith__h5_resolve(hid_t file, const char *name);
static inline bool kith__h5_has(hid_t file, const char *name) {
  return kith__h5_resolve(file, name) == KITH__LINK_LOCAL;
}
/** Whether Kith writes values of this type. */
bool kith__h5_validate_type(hid_t type);
/** KITH_EDATA unless all values of a dataset [dims] may be in this file, and can be read in little memory. */
kith_status kith__h5_validate_dataset(const kith_h5 *f, const char *name, hid_t set, hid_t type, int n_dim,
                                      const hsize_t *dims) KITH_MUST_USE;
kith_status kith__h5_validate_attr(hid_t attr, hid_t type, const char *path, const char *name) KITH_MUST_USE;
/** kith_h5_read() of this rank alone.  Local. */
kith_status kith__h5_read(const kith_h5 *f, const char *name, kith_h5_type type, int d, int64_t first,
                          int64_t n, void *data) KITH_MUST_USE;

/** A dataset found in a file. */
typedef struct kith__h5_dataset {
  hid_t set, type; /* the type on the disk */
  int n_dim;
  hsize_t dims[2]; /* the second is 1 where there is one dimension */
  H5T_class_t class;
  size_t size; /* of a value */
} kith__h5_dataset;

/** Open a dataset that may be believed; closed by kith__h5_dataset_close() in any case.  Local. */
kith_status kith__h5_dataset_open(const kith_h5 *f, const char *name, kith__h5_dataset *found) KITH_MUST_USE;
void kith__h5_dataset_close(kith__h5_dataset *found);
/** kith_h5_extent() of this rank alone.  Local. */
kith_status kith__h5_extent(const kith_h5 *f, const char *name, int64_t *n, int *d) KITH_MUST_USE;
/** kith_h5_write() without checksums apart and without a place in the seal.  Collective. */
kith_agreed kith__h5_write_unsealed(kith_h5 *f, const char *name, kith_h5_type type, int d, int64_t n_total,
                                    int64_t first, int64_t n, bool pack, const void *data) KITH_MUST_USE;

/* ---- checksums apart, checksum.c ---- */

/** Sums of a dataset of that type on the disk, [dims].  Local; freed by kith__checksums_free() in any case.
 */
kith_status kith__checksums_init(const char *name, hid_t type, int n_dim, const hsize_t *dims,
                                 int64_t per_block, kith__checksums *out) KITH_MUST_USE;
/** Add rows first … first + n - 1.  Local; several threads may add different rows. */
void kith__checksums_add(kith__checksums *s, int64_t first, int64_t n, const void *x);
/** All ranks have added their rows: write checksum/NAME, and note the dataset for the seal.  Collective. */
kith_agreed kith__checksums_write(kith_h5 *f, kith__checksums *s) KITH_MUST_USE;
void kith__checksums_free(kith__checksums *s);

/** Whether a dataset has to have checksums apart.  Local. */
bool kith__checksums_exist(const kith_h5 *f, const char *name);
/** Read all checksums of a dataset.  Local; freed by kith__checksums_free() in any case. */
kith_status kith__checksums_read(const kith_h5 *f, const char *name, kith__checksums *s) KITH_MUST_USE;
/**
 * Read rows first … first + n - 1 as they lie on the disk, whole blocks at a time, and compare the checksums.
 * Local.
 *
 * @param[out] data  null: rows are only compared
 */
kith_status kith__checksums_verify_rows(const kith_h5 *f, const char *name, const kith__h5_dataset *set,
                                        int64_t first, int64_t n, void *data) KITH_MUST_USE;

/* ---- what there is, seal.c ---- */

/** What all checksums of a dataset begin with, and that of block b.  Local. */
uint64_t kith__seal_prefix(const char *name, hid_t type, int n_dim, const hsize_t *dims, int64_t per_block);
uint64_t kith__seal_block_prefix(uint64_t head, int64_t b);
/** Note what was written.  Local. */
kith_status kith__seal_add_attribute(kith_h5 *f, const char *name, hid_t type,
                                     const void *value) KITH_MUST_USE;
kith_status kith__seal_add_dataset(kith_h5 *f, uint64_t head, int64_t n_block,
                                   const uint64_t *sum) KITH_MUST_USE;
/** Write the seal: the last thing.  Collective. */
kith_agreed kith__seal_write(kith_h5 *f) KITH_MUST_USE;

/* ---- what fits together, layout.c; all are Local ---- */

/** Every dataset that the format knows has as many rows as the file's counts say. */
kith_status kith__layout_sizes(const kith_h5 *f, const char *format) KITH_MUST_USE;
#endif
