/*
 * Private to h5: the state of a file, and what its sources share.
 *
 *   file.c      create, publish, open, close         rows.c      contiguous rows, written past HDF5
 *   dataset.c   chunked datasets                     checksum.c  checksums of blocks of rows
 *   attr.c      attributes of the root               seal.c      hash of all attributes and datasets
 *   validate.c  checks of untrusted files            layout.c    which datasets each format has
 *   tuning.c    parallel file systems
 */
#ifndef KITH_SRC_H5_FILE_H
#define KITH_SRC_H5_FILE_H

#include <hdf5.h>

#include "h5/fingerprint.h"
#include "h5/rows.h"
#include "h5/tuning.h"
#include "h5/hash.h"
#include "h5/validate.h"
#include "base/fault.h"
#include "base/file.h"
#include "h5/h5.h"
#include "comm/watchdog.h"

#define KITH__SEAL "seal"                /* attribute: hashes of all attributes and datasets */
#define KITH__CHECKSUM_GROUP "checksum/" /* the group of checksums */

/** A hash of each attribute and each dataset. */
typedef struct kith__seal {
  int64_t n, capacity;
  uint64_t *number;
} kith__seal;

struct kith_h5 {
  const kith_comm *comm;
  hid_t file;
  bool writing;
  bool single;            /* writing: only rank 0 calls HDF5 and has `file` */
  const kith_comm *all;   /* writing: all ranks, while `comm` is rank 0 alone; else null */
  kith_comm self;         /* rank 0 alone */
  bool sealed;            /* every dataset has checksums, and there is a seal; true for new files */
  kith__seal seal;        /* writing: of what was written so far */
  bool failed;            /* a write failed: the file cannot be published */
  bool has_fingerprint;   /* writing: datasets are added to `fingerprint` */
  uint64_t fingerprint;   /* this rank's summand */
  kith_h5_tuning tuning;  /* writing */
  int64_t bytes_expected; /* of the datasets written so far, with metadata */
  int64_t bytes_reserved; /* preallocated by the file system */
  char path[KITH_PATH];
  char tmp[KITH_TMP_PATH];
};

enum { KITH__H5_LARGE = 2 << 20 }; /* bytes from which datasets are aligned: more than a chunk has */
/** Set what was chosen: on access properties; as hints, which the caller frees unless they are null. */
void kith__h5_tuning_align(const kith_h5_tuning *t, hid_t access);
MPI_Info kith__h5_tuning_info(const kith_h5_tuning *t);

/** Run a collective HDF5 statement under the watchdog, which reports the file if a rank waits too long. */
#define KITH_H5_COLLECTIVE(f, what, statement)                                                               \
  do {                                                                                                       \
    static const kith_call_site kith__here = {what, #statement, __FILE__, __LINE__};                         \
    kith_watchdog_set_file((f)->path);                                                                       \
    kith__wait_begin(&kith__here);                                                                           \
    statement;                                                                                               \
    kith__wait_end();                                                                                        \
  } while (0)

/** Reason of the last failed HDF5 call, in one line; valid until the next call.  Local. */
const char *kith__h5_error_text(void);

/** Status for the last kith__h5_error_text(): KITH_EIO for an error of the system, else KITH_EDATA.  Local.
 */
kith_status kith__h5_error_status(void) KITH_MUST_USE;

/** Whether fault injection (kith_fault()) makes this read fail; HDF5 then reports a reason.  Local. */
bool kith__h5_fault(void);

/** Read one attribute of an open file.  Local. */
kith_status kith__h5_attr_int(hid_t file, const char *path, const char *name, int64_t *value) KITH_MUST_USE;
kith_status kith__h5_attr_real(hid_t file, const char *path, const char *name, double *value) KITH_MUST_USE;
kith_status kith__h5_attr_text(hid_t file, const char *path, const char *name, char **text) KITH_MUST_USE;

/** Add that a dataset is there, empty or not.  Local; only rank 0 adds. */
void kith__h5_fingerprint_dataset(kith_h5 *f, const char *name, kith_h5_type type, int d, int64_t n_total);
/** Add rows first … first + n - 1 of it, `row` bytes each.  Local. */
void kith__h5_fingerprint_rows(kith_h5 *f, const char *name, kith_h5_type type, int d, int64_t n_total,
                               int64_t first, int64_t n, size_t row, const void *data);
/** Both of them; the arguments are those of kith_h5_write().  Local. */
void kith__h5_fingerprint_add(kith_h5 *f, const char *name, kith_h5_type type, int d, int64_t n_total,
                              int64_t first, int64_t n, size_t row, const void *data);

/** Preallocate `bytes` more bytes on the disk, so that no later write fails.  Collective.  Errors: KITH_EIO.
 */
kith_agreed kith__h5_reserve(kith_h5 *f, int64_t bytes) KITH_MUST_USE;

/** Whether this rank calls HDF5 for a file being written. */
static inline bool kith__h5_is_writer(const kith_h5 *f) { return !f->single || f->comm->rank == 0; }

/** Agree on the result of an HDF5 call of a write; records a failure.  Collective. */
kith_agreed kith__h5_agree_write(kith_h5 *f, const char *what, bool good) KITH_MUST_USE;

/** Create the parent groups of a dataset.  Collective if the file was opened with MPI-IO. */
bool kith__h5_make_groups(hid_t file, const char *name);

/* ---- checks of untrusted files, validate.c; all are Local ---- */

/** What a name refers to: nothing; an object of this file; a soft or external link. */
typedef enum kith__h5_link { KITH__LINK_NONE, KITH__LINK_LOCAL, KITH__LINK_ELSEWHERE } kith__h5_link;

enum { KITH__H5_HEAD = 16 }; /* bytes of the file's signature and superblock that are checked */

/** Check the first bytes: an HDF5 file whose metadata have checksums, closed by its writer.
 * Errors: KITH_EDATA. */
kith_status kith__h5_validate_format(const char *path, const unsigned char *head, int64_t n) KITH_MUST_USE;
/**
 * Resolve "a/b/c" without following soft or external links.  An object that cannot be read counts as present:
 * opening it fails with the reason.
 */
kith__h5_link kith__h5_resolve(hid_t file, const char *name);
/** The name under which a file holds a dataset: `name`, or the one that it had in earlier files. */
const char *kith__h5_dataset_name(hid_t file, const char *name);
/** The same for an attribute of the root. */
const char *kith__h5_attr_name(hid_t file, const char *name);
static inline bool kith__h5_has(hid_t file, const char *name) {
  return kith__h5_resolve(file, kith__h5_dataset_name(file, name)) == KITH__LINK_LOCAL;
}
/** Whether Kith writes this type. */
bool kith__h5_validate_type(hid_t type);
/** Check that a dataset [dims] is stored in this file, in chunks that fit in memory.  Errors: KITH_EDATA. */
kith_status kith__h5_validate_dataset(const kith_h5 *f, const char *name, hid_t set, hid_t type, int n_dim,
                                      const hsize_t *dims) KITH_MUST_USE;
kith_status kith__h5_validate_attr(hid_t attr, hid_t type, const char *path, const char *name) KITH_MUST_USE;
/** Local form of kith_h5_read(). */
kith_status kith__h5_read(const kith_h5 *f, const char *name, kith_h5_type type, int d, int64_t first,
                          int64_t n, void *data) KITH_MUST_USE;

/** An open dataset. */
typedef struct kith__h5_dataset {
  hid_t set, type; /* type: on disk */
  int n_dim;
  hsize_t dims[2]; /* dims[1] is 1 if n_dim is 1 */
  H5T_class_t class;
  size_t size; /* bytes of a value on disk */
} kith__h5_dataset;

/** Open and validate a dataset; call kith__h5_dataset_close() on failure, too.  Local.  Errors: KITH_EDATA.
 */
kith_status kith__h5_dataset_open(const kith_h5 *f, const char *name, kith__h5_dataset *found) KITH_MUST_USE;
void kith__h5_dataset_close(kith__h5_dataset *found);
/** The type of a number in files; predefined, so not to be closed.  Local. */
hid_t kith__h5_number_type(kith_h5_type type);
/** Local form of kith_h5_extent(). */
kith_status kith__h5_extent(const kith_h5 *f, const char *name, int64_t *n, int *d) KITH_MUST_USE;
/** As kith_h5_write(), without the dataset of checksums and without an entry in the seal.  Collective. */
kith_agreed kith__h5_write_unsealed(kith_h5 *f, const char *name, kith_h5_type type, int d, int64_t n_total,
                                    int64_t first, int64_t n, bool pack, const void *data) KITH_MUST_USE;

/* ---- datasets of checksums, checksum.c ---- */

/** Start the checksums of a dataset [dims]; call kith__checksums_free() on failure, too.  Local. */
kith_status kith__checksums_init(const char *name, hid_t type, int n_dim, const hsize_t *dims,
                                 int64_t per_block, kith__checksums *out) KITH_MUST_USE;
/** Add rows first … first + n - 1.  Local; several threads may add different rows. */
void kith__checksums_add(kith__checksums *s, int64_t first, int64_t n, const void *x);
/** After all ranks have added their rows: write checksum/NAME and add the dataset to the seal.  Collective.
 */
kith_agreed kith__checksums_write(kith_h5 *f, kith__checksums *s) KITH_MUST_USE;
void kith__checksums_free(kith__checksums *s);

/** Whether a dataset has, or in a sealed file must have, a dataset of checksums.  Local. */
bool kith__checksums_exist(const kith_h5 *f, const char *name);
/** Read all checksums of a dataset; call kith__checksums_free() on failure, too.  Local. */
kith_status kith__checksums_read(const kith_h5 *f, const char *name, kith__checksums *s) KITH_MUST_USE;
/**
 * Read rows first … first + n - 1 in whole blocks, without conversion, and verify their checksums.  Local.
 *
 * @param[out] data  null: only verify
 */
kith_status kith__checksums_verify_rows(const kith_h5 *f, const char *name, const kith__h5_dataset *set,
                                        int64_t first, int64_t n, void *data) KITH_MUST_USE;

/* ---- the seal, seal.c ---- */

/** Hash of a dataset's name, type and extent; and that of its block b, the initial value of its checksum.
 * Local. */
uint64_t kith__seal_prefix(const char *name, hid_t type, int n_dim, const hsize_t *dims, int64_t per_block);
uint64_t kith__seal_block_prefix(uint64_t head, int64_t b);
/** Add what was written to the seal.  Local. */
kith_status kith__seal_add_attribute(kith_h5 *f, const char *name, hid_t type,
                                     const void *value) KITH_MUST_USE;
kith_status kith__seal_add_dataset(kith_h5 *f, uint64_t head, int64_t n_block,
                                   const uint64_t *sum) KITH_MUST_USE;
/** Write the seal, as the last attribute.  Collective. */
kith_agreed kith__seal_write(kith_h5 *f) KITH_MUST_USE;

/* ---- layouts of the formats, layout.c ---- */

/** Check the row counts of all datasets of a format against each other.  Local.  Errors: KITH_EDATA. */
kith_status kith__layout_sizes(const kith_h5 *f, const char *format) KITH_MUST_USE;
#endif
