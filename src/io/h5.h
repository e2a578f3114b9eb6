/* One HDF5 file, as h5.c (its life), h5_data.c (datasets), h5_rows.c (plain rows) and h5_attr.c (attributes) share it. */
#ifndef KITH_SRC_IO_H5_H
#define KITH_SRC_IO_H5_H

#include <hdf5.h>

#include "kith/fault.h"
#include "kith/file.h"
#include "kith/io.h"
#include "kith/watch.h"

struct kith_h5 {
  const kith_comm *comm;
  hid_t file;
  bool writing;
  bool single;             /* writing: rank 0 alone calls HDF5, `file` is nobody else's */
  bool failed;             /* a write failed: the file will not be published */
  bool has_fingerprint;    /* writing: datasets add to … */
  uint64_t fingerprint;    /* … this rank's share of the sum */
  int64_t promised;        /* bytes of the datasets written so far and of the metadata around them */
  int64_t reserved;        /* bytes that the file system has set aside */
  char path[KITH_PATH];
  char tmp[KITH_TMP_PATH];
};

/** Run an HDF5 statement that all ranks take part in, so that who waits in it too long says so, and in which file. */
#define KITH_H5_TOGETHER(f, what, statement)                                                                           \
  do {                                                                                                                 \
    static const kith_place kith__here = {what, #statement, __FILE__, __LINE__};                                       \
    kith_watch_file((f)->path);                                                                                        \
    kith__wait_begin(&kith__here);                                                                                     \
    statement;                                                                                                         \
    kith__wait_end();                                                                                                  \
  } while (0)

/** Why the last HDF5 call failed, in one line.  Local; valid until the next call. */
const char *kith__h5_reason(void);

/** What kind of failure kith__h5_reason() has just told of: KITH_EIO if the system gave it, else KITH_EDATA.  Local. */
kith_status kith__h5_kind(void) KITH_MUST_USE;

/** Whether a read has to fail by intent (kith_fault()); HDF5 then gives the reason.  Local. */
bool kith__h5_fault(void);

/** Read one attribute of an open file.  Local. */
kith_status kith__h5_attr_int(hid_t file, const char *path, const char *name, int64_t *value) KITH_MUST_USE;
kith_status kith__h5_attr_real(hid_t file, const char *path, const char *name, double *value) KITH_MUST_USE;
kith_status kith__h5_attr_text(hid_t file, const char *path, const char *name, char **text) KITH_MUST_USE;

/* ---- fingerprint.c ---------------------------------------------------------------------------------------------------- */

/** From now on everything that kith_h5_write() writes counts.  Local. */
void kith__h5_fingerprint_begin(kith_h5 *f);
/** Add rows first … first + n - 1 of a dataset, `row` bytes each; the other arguments are those of kith_h5_write().  Local. */
void kith__h5_fingerprint_add(kith_h5 *f, const char *name, kith_h5_type type, int d, int64_t n_total, int64_t first, int64_t n, size_t row, const void *data);
/** Write what all ranks have added up as the attribute `fingerprint`.  Collective.  Errors: KITH_EIO. */
kith_agreed kith__h5_put_fingerprint(kith_h5 *f) KITH_MUST_USE;

/** Set room aside for `bytes` more bytes of data, so that no write finds the disk full.  Collective. */
kith_agreed kith__h5_reserve(kith_h5 *f, int64_t bytes) KITH_MUST_USE;

/** Whether this rank makes the HDF5 calls of a file being written. */
static inline bool kith__h5_is_here(const kith_h5 *f) { return !f->single || f->comm->rank == 0; }

/** Agree on what an HDF5 call inside a write gave; remembers a failure.  Collective. */
kith_agreed kith__h5_agree_write(kith_h5 *f, const char *what, bool good) KITH_MUST_USE;

/** Make the groups on the way to a dataset.  As collective as the file. */
bool kith__h5_make_groups(hid_t file, const char *name);

/* ---- what a reader believes, h5_trust.c; all are Local ---------------------------------------------------------------- */

/** What stands at a name: nothing; a thing of this file; a link to somewhere, in this file or another. */
typedef enum h5_step { H5_STEP_NONE, H5_STEP_HERE, H5_STEP_AWAY } h5_step;

enum { KITH__H5_HEAD = 16 }; /* bytes that a file begins with */

/** KITH_EDATA unless so a file of HDF5 begins whose metadata carries checksums. */
kith_status kith__h5_trust_format(const char *path, const unsigned char *head, int64_t n) KITH_MUST_USE;
/** Follow the steps of "a/b/c", as far as they lie in this file: a link on the way is not followed. */
h5_step kith__h5_look(hid_t file, const char *name);
static inline bool kith__h5_has(hid_t file, const char *name) { return kith__h5_look(file, name) == H5_STEP_HERE; }
/** Whether Kith writes values of this type. */
bool kith__h5_trust_type(hid_t type);
/** KITH_EDATA unless all values of a dataset [dims] may be in this file, and can be read in little memory. */
kith_status kith__h5_trust(const kith_h5 *f, const char *name, hid_t set, hid_t type, int n_dim, const hsize_t *dims) KITH_MUST_USE;
kith_status kith__h5_trust_attr(hid_t attr, hid_t type, const char *path, const char *name) KITH_MUST_USE;
/** KITH_EDATA if a number that was read is not finite: it would spread to all that is computed of it. */
kith_status kith__h5_trust_finite(const char *path, const char *name, int64_t n, const float *x) KITH_MUST_USE;

/** kith_h5_read() of this rank alone.  Local. */
kith_status kith__h5_read(const kith_h5 *f, const char *name, kith_h5_type type, int d, int64_t first, int64_t n, void *data) KITH_MUST_USE;

/* ---- plain rows: contiguous on the disk, checksums apart ----------------------------------------------------------- */

/** Rows of a matrix being written: every rank puts its own where they belong, past HDF5. */
typedef struct h5_rows {
  kith_h5 *f;
  char name[KITH_NAME];
  size_t row;        /* bytes */
  int64_t n;         /* rows in all */
  int64_t per_block; /* rows that share a checksum */
  int64_t n_block;
  int64_t at;        /* where row 0 lies in the file */
  int file;          /* -1: none */
  uint64_t *sum;     /* [n_block] of what this rank has put */
} h5_rows;

/** Rows of so many bytes that share a checksum, and a chunk where datasets are chunked: about a mebibyte of them. */
int64_t kith__h5_rows_per_block(size_t row);

/** Make the dataset [n_total, d] float32 ([n_total] when d = 0).  Collective; on failure too kith__h5_rows_end() is called. */
kith_agreed kith__h5_rows_begin(kith_h5 *f, const char *name, int d, int64_t n_total, h5_rows *out) KITH_MUST_USE;
/** Write rows first … first + n - 1.  Local; several threads may put different rows.  Returns errno, 0 if all is well. */
int kith__h5_rows_put(h5_rows *r, int64_t first, int64_t n, const void *x);
/** Rows first … first + n - 1 are put, and may go to the disk while others are made ready.  Local. */
void kith__h5_rows_push(const h5_rows *r, int64_t first, int64_t n);
/** All rows are put; `error` is the worst of what put returned.  Writes the checksums if st is good.  Collective. */
kith_agreed kith__h5_rows_end(h5_rows *r, kith_agreed st, int error) KITH_MUST_USE;

/** Whether a dataset has checksums apart.  Local. */
bool kith__h5_rows_is(const kith_h5 *f, const char *name);
/**
 * Read rows first … first + n - 1 as they lie on the disk, whole blocks at a time, and compare the checksums.  Local.
 *
 * @param set, type, n_dim, dims  the open dataset
 * @param[out] data  null: rows are only compared
 */
kith_status kith__h5_rows_read(const kith_h5 *f, const char *name, hid_t set, hid_t type, int n_dim, const hsize_t *dims, int64_t first,
                               int64_t n, void *data) KITH_MUST_USE;

#endif
