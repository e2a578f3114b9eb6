/** What other rooms of the library use of h5, beyond kith/h5.h. */
#ifndef KITH_H5_H5_H
#define KITH_H5_H5_H

#include "kith/h5.h"
#include "comm/comm.h"

#define KITH_GRAPH_FORMAT "kith-graph"
#define KITH_PARTS_FORMAT "kith-parts"
#define KITH_CHECKPOINT_FORMAT "kith-checkpoint"
#define KITH_EMBEDDINGS_FORMAT "kith-embeddings"
#define KITH_BLEND_FORMAT "kith-blend"
#define KITH_RECOMMENDATIONS_FORMAT "kith-recommendations"
#define KITH_NEIGHBORS_FORMAT "kith-neighbors"
enum {
  KITH_FILE_VERSION = 3,
  KITH_SEALED = 3
}; /* files of this version and later are sealed: every byte is covered by a checksum */

typedef struct kith_h5 kith_h5;

/** Fingerprints hold these numbers: new types come last. */
typedef enum kith_h5_type {
  KITH_H5_INT8,
  KITH_H5_INT32,
  KITH_H5_INT64,
  KITH_H5_UINT64,
  KITH_H5_FLOAT,
  KITH_H5_DOUBLE,
  KITH_H5_TEXT,
  KITH_H5_UINT16
} kith_h5_type;

/**
 * Create a file under a temporary name; `path` does not exist before kith_h5_publish().  Writes the root
 * attributes format, format_version and software.  Collective over `comm`; with one rank the I/O is serial.
 *
 * @param bytes   estimate of the bytes to write; fails at once if the file system has less free space
 * Errors: KITH_EOUTPUT (folder missing or read-only), KITH_EIO.
 */
kith_agreed kith_h5_create(const kith_comm *comm, const char *path, const char *format, int version,
                           int64_t bytes, kith_h5 **out) KITH_MUST_USE;
/**
 * As kith_h5_create(), but only rank 0 calls HDF5 and no MPI-IO is used, so that a background thread can
 * write the file.  All ranks write rows (kith_h5_write_rows(), kith_h5_write_slices()); data of
 * kith_h5_write() come from rank 0.  Collective.
 */
kith_agreed kith_h5_create_single(const kith_comm *comm, const char *path, const char *format, int version,
                                  int64_t bytes, kith_h5 **out) KITH_MUST_USE;
/**
 * Of a file of kith_h5_create_single(): what is called up to kith_h5_together() is collective over rank 0
 * alone, which writes what other ranks do not have.  Local.  Returns whether this is rank 0: the others call
 * nothing in between.
 */
bool kith_h5_alone(kith_h5 *f) KITH_MUST_USE;
/** All ranks go on together, with the result of rank 0.  Collective. */
kith_agreed kith_h5_together(kith_h5 *f, kith_agreed of_rank_0) KITH_MUST_USE;
/**
 * Flush, close, fsync, rename to the final name, and fsync the folder.  Sets *file to null on failure, too.
 * Collective.  Errors: KITH_EIO, KITH_EOUTPUT.
 */
kith_agreed kith_h5_publish(kith_h5 **file) KITH_MUST_USE;
/**
 * Open for reading; `format` null accepts any format of Kith.  Collective.
 * Errors: KITH_ENOINPUT (missing, unreadable), KITH_EDATA (truncated, not HDF5, another format, a newer
 * version).
 */
kith_agreed kith_h5_open(const kith_comm *comm, const char *path, const char *format, int version,
                         kith_h5 **out) KITH_MUST_USE;
/** Close; removes a new file that was not published.  Accepts null.  Collective. */
void kith_h5_close(kith_h5 **file);

/**
 * Create a dataset [n_total, d] ([n_total] if d = 0) and write this rank's rows first … first + n - 1.
 *
 * Collective.  The slices of all ranks are disjoint and cover the dataset.  The dataset is chunked, with
 * Fletcher-32 checksums; parent groups are created ("item/embedding").
 *
 * @param d     columns; KITH_H5_TEXT: bytes of each fixed-length, null-padded UTF-8 string
 * @param pack  use the shuffle and deflate filters
 * Errors: KITH_EIO.
 */
kith_agreed kith_h5_write(kith_h5 *f, const char *name, kith_h5_type type, int d, int64_t n_total,
                          int64_t first, int64_t n, bool pack, const void *data) KITH_MUST_USE;
/** Rows of a rank, as they lie in memory or made when they are wanted. */
typedef struct kith_h5_slice {
  int64_t first, n; /**< rows; the slices of all ranks are disjoint and cover the dataset */
  /** Put rows from … from + n - 1 of the slice into `to`; null: `context` is the rows. */
  void (*fill)(const void *context, int64_t from, int64_t n, void *to);
  const void *context;
} kith_h5_slice;
/**
 * As kith_h5_write() of numbers: the dataset is contiguous, and every rank writes its rows by pwrite(), 4 MiB
 * at a time where they are made.  The bytes of a file that one rank made, or kith_h5_create_single(), are the
 * same on any number of ranks.  checksum/`name` holds a checksum of each block of rows; kith_h5_read()
 * verifies it.  Collective.  Errors: KITH_EIO, KITH_ENOMEM.
 */
kith_agreed kith_h5_write_slices(kith_h5 *f, const char *name, kith_h5_type type, int d, int64_t n_total,
                                 const kith_h5_slice *slice) KITH_MUST_USE;
/** As kith_h5_write_slices() for float32 that lie in memory.  Collective.  Errors: KITH_EIO. */
kith_agreed kith_h5_write_rows(kith_h5 *f, const char *name, int d, int64_t n_total, int64_t first, int64_t n,
                               const float *x) KITH_MUST_USE;
/** Shape of a dataset: *d is 0 for [n], the columns for [n, d], the width in bytes for strings.  Collective.
 * Errors: KITH_EDATA (missing). */
kith_agreed kith_h5_extent(kith_h5 *f, const char *name, int64_t *n, int *d) KITH_MUST_USE;
/** Read rows first … first + n - 1, converted to `type`; each rank its own slice.  Collective.
 * Errors: KITH_EDATA (missing, shape, checksum). */
kith_agreed kith_h5_read(kith_h5 *f, const char *name, kith_h5_type type, int d, int64_t first, int64_t n,
                         void *data) KITH_MUST_USE;
/** Whether a dataset or group exists.  Collective. */
bool kith_h5_has_dataset(kith_h5 *f, const char *name);

/* Attributes of the root group.  Collective.  Numbers must be equal on all ranks; of a text, rank 0's value
 * is written.  Errors: KITH_EIO (put), KITH_EDATA (get: missing, another type). */
kith_agreed kith_h5_put_attr_int(kith_h5 *f, const char *name, int64_t value) KITH_MUST_USE;
kith_agreed kith_h5_put_attr_real(kith_h5 *f, const char *name, double value) KITH_MUST_USE;
kith_agreed kith_h5_put_attr_text(kith_h5 *f, const char *name, const char *text) KITH_MUST_USE;
kith_agreed kith_h5_get_attr_int(kith_h5 *f, const char *name, int64_t *value) KITH_MUST_USE;
kith_agreed kith_h5_get_attr_real(kith_h5 *f, const char *name, double *value) KITH_MUST_USE;
/** *text is a new block; the caller frees it with KITH_FREE(). */
kith_agreed kith_h5_get_attr_text(kith_h5 *f, const char *name, char **text) KITH_MUST_USE;
/**
 * Check that the attribute `fingerprint`, which names the graph.h5 that a file was made from, is `wanted`.
 * Collective.  Errors: KITH_EDATA with the message "PATH: `what`".
 */
kith_agreed kith_h5_check_fingerprint(kith_h5 *f, uint64_t wanted, const char *what) KITH_MUST_USE;
/** Whether the root has an attribute.  Collective. */
bool kith_h5_has_attr(kith_h5 *f, const char *name);
/** An attribute of the root, with its value, or a dataset, with its size. */
typedef struct kith_h5_entry {
  const char *name; /**< "user/id"; valid during the callback */
  bool attribute;
  kith_h5_type type;
  int width;       /**< bytes of one value */
  int64_t n;       /**< dataset: rows */
  int d;           /**< dataset: columns, 0 if it has one dimension */
  int64_t bytes;   /**< dataset: storage size on disk */
  int64_t integer; /**< attribute: its value … */
  double real;
  const char *text;
} kith_h5_entry;

/** The present name of an attribute or dataset that earlier files have under another one; else `name`.
 * Readers take both.  Local. */
const char *kith_h5_present_name(const char *name);

typedef void (*kith_h5_visitor)(void *context, const kith_h5_entry *entry);

/**
 * Call `visit` for every attribute of the root, then for every dataset, in no particular order.  Entries of
 * types that Kith does not write are skipped.  Local.  Errors: KITH_EDATA.
 */
kith_status kith_h5_visit(kith_h5 *f, kith_h5_visitor visit, void *context) KITH_MUST_USE;
/**
 * Verify the seal: the attributes, the datasets and their checksums are those that were written.  Data are
 * not read.  kith_h5_open() does this if it is given a format.  Local.  Errors: KITH_EDATA.
 */
kith_status kith_h5_check_seal(kith_h5 *f) KITH_MUST_USE;
/**
 * Validate a file's datasets against each other: row counts, offsets of ragged rows, and ranges of indices.
 * Reads the data of index datasets.  Local.  Memory O(1).  Errors: KITH_EDATA.
 */
kith_status kith_h5_check_layout(kith_h5 *f) KITH_MUST_USE;
/** Read a whole dataset and verify its checksums.  Local.  Memory O(1).  Errors: KITH_EDATA. */
kith_status kith_h5_check_dataset(kith_h5 *f, const char *name) KITH_MUST_USE;

/** Path that the file was opened or created with, for messages.  Local. */
const char *kith_h5_path(const kith_h5 *f);

/** Version of the HDF5 library, "1.10.8".  Local. */
void kith_h5_library_version(size_t size, char *text);
/** Whether this HDF5 can open files without file locks: 1.10.7 and later.  Local. */
bool kith_h5_can_disable_locking(void);

#endif
