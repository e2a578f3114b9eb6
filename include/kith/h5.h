/**
 * H5: one HDF5 file, created under a temporary name, published whole, and sealed.
 *
 * Layouts are described in docs/files.md.  Files do not depend on the number of ranks.
 */
#ifndef KITH_H5_H
#define KITH_H5_H

#include "kith/comm.h"

#define KITH_GRAPH_FORMAT "kith-graph"
#define KITH_PARTS_FORMAT "kith-parts"
#define KITH_CHECKPOINT_FORMAT "kith-checkpoint"
#define KITH_EMBEDDINGS_FORMAT "kith-embeddings"
#define KITH_RECOMMENDATIONS_FORMAT "kith-recommendations"
enum {
  KITH_FILE_VERSION = 3,
  KITH_SEALED = 3
}; /* files of this version and later are sealed: every byte is covered by a checksum */

typedef struct kith_h5 kith_h5;

typedef enum kith_h5_type {
  KITH_H5_INT8,
  KITH_H5_INT32,
  KITH_H5_INT64,
  KITH_H5_UINT64,
  KITH_H5_FLOAT,
  KITH_H5_DOUBLE,
  KITH_H5_TEXT
} kith_h5_type;

/**
 * Start the HDF5 library so that nobody ends it: one that failed to close a file crashes when MPI_Finalize()
 * or exit() let it close what is left.  Files are closed one by one.  Local; before MPI_Init().
 */
void kith_h5_init(void);
/**
 * Create `path`.tmp; nothing stands at `path` before kith_h5_publish().  Writes the root attributes format,
 * format_version and software.  Collective over `comm`; with one rank plain serial I/O is used.
 *
 * @param bytes   about how much will be written; refused at once (KITH_EIO) if the file system has less room
 * Errors: KITH_EOUTPUT (folder missing or read-only), KITH_EIO.
 */
kith_agreed kith_h5_create(const kith_comm *comm, const char *path, const char *format, int version,
                           int64_t bytes, kith_h5 **out) KITH_MUST_USE;
/**
 * The same, but rank 0 alone calls HDF5: there is no MPI-IO, so that a thread beside the steps can write the
 * file.  Rows are written by all ranks (kith_h5_write_rows()), what kith_h5_write() writes lies on rank 0.
 * Collective.
 */
kith_agreed kith_h5_create_single(const kith_comm *comm, const char *path, const char *format, int version,
                                  int64_t bytes, kith_h5 **out) KITH_MUST_USE;
/** Flush, close, fsync, rename to its final name, fsync the folder; the handle is nulled in any case.
 * Collective. */
kith_agreed kith_h5_publish(kith_h5 **file) KITH_MUST_USE;
/**
 * Open for reading; a null `format` takes any of Kith's.  Errors: KITH_ENOINPUT (missing, unreadable),
 * KITH_EDATA (torn, not HDF5, another format, a newer version).  Collective.
 */
kith_agreed kith_h5_open(const kith_comm *comm, const char *path, const char *format, int version,
                         kith_h5 **out) KITH_MUST_USE;
/** Close; an unpublished new file is removed.  Accepts null.  Collective. */
void kith_h5_close(kith_h5 **file);

/**
 * Write rows first … first + n - 1 of a dataset [n_total, d] (of [n_total] when d = 0) made by this call:
 * chunked, Fletcher-32, in groups made as needed ("item/embedding").  Each rank writes its own slice; slices
 * are disjoint and cover the dataset.  For KITH_H5_TEXT, d is the width in bytes of each fixed-length,
 * null-padded UTF-8 string. `pack` shuffles and deflates.  Collective.  Errors: KITH_EIO.
 */
kith_agreed kith_h5_write(kith_h5 *f, const char *name, kith_h5_type type, int d, int64_t n_total,
                          int64_t first, int64_t n, bool pack, const void *data) KITH_MUST_USE;
/**
 * Write rows first … first + n - 1 of a dataset [n_total, d] float32 (of [n_total] when d = 0) made by this
 * call: contiguous, by plain writes of every rank, with a sum of each block of rows in checksum/`name`, which
 * kith_h5_read() compares. As fast as the disk; slices as of kith_h5_write().  Collective.  Errors: KITH_EIO.
 */
kith_agreed kith_h5_write_rows(kith_h5 *f, const char *name, int d, int64_t n_total, int64_t first, int64_t n,
                               const float *x) KITH_MUST_USE;
/** Size of a dataset: [n] gives d = 0, [n, d] gives d, strings give their width.  KITH_EDATA if it is not
 * there. */
kith_agreed kith_h5_extent(kith_h5 *f, const char *name, int64_t *n, int *d) KITH_MUST_USE;
/** Read rows first … first + n - 1, converted to `type`.  Collective.  Errors: KITH_EDATA (missing, shape,
 * checksum). */
kith_agreed kith_h5_read(kith_h5 *f, const char *name, kith_h5_type type, int d, int64_t first, int64_t n,
                         void *data) KITH_MUST_USE;
/** Whether a dataset or group is there.  Collective. */
bool kith_h5_has_dataset(kith_h5 *f, const char *name);

/* Attributes of the root; the same numbers on every rank; of texts, rank 0's is written.  Collective. */
kith_agreed kith_h5_put_attr_int(kith_h5 *f, const char *name, int64_t value) KITH_MUST_USE;
kith_agreed kith_h5_put_attr_real(kith_h5 *f, const char *name, double value) KITH_MUST_USE;
kith_agreed kith_h5_put_attr_text(kith_h5 *f, const char *name, const char *text) KITH_MUST_USE;
kith_agreed kith_h5_get_attr_int(kith_h5 *f, const char *name, int64_t *value) KITH_MUST_USE;
kith_agreed kith_h5_get_attr_real(kith_h5 *f, const char *name, double *value) KITH_MUST_USE;
/** The text is a new block, freed by the caller with KITH_FREE(). */
kith_agreed kith_h5_get_attr_text(kith_h5 *f, const char *name, char **text) KITH_MUST_USE;
/**
 * Files that repeat the fingerprint of graph.h5 belong to that graph.  Collective.
 * Errors: KITH_EDATA, "PATH: `what`", unless the attribute is `wanted`.
 */
kith_agreed kith_h5_check_fingerprint(kith_h5 *f, uint64_t wanted, const char *what) KITH_MUST_USE;
/** Whether the root has an attribute.  Collective. */
bool kith_h5_has_attr(kith_h5 *f, const char *name);
/** One thing in a file: an attribute of the root with its value, or a dataset with its size. */
typedef struct kith_h5_entry {
  const char *name; /**< "user/id"; valid during the call */
  bool attribute;
  kith_h5_type type;
  int width;       /**< bytes of one value */
  int64_t n;       /**< dataset: rows */
  int d;           /**< dataset: columns, 0 if it has one dimension */
  int64_t bytes;   /**< dataset: on the disk */
  int64_t integer; /**< attribute: its value … */
  double real;
  const char *text;
} kith_h5_entry;

typedef void (*kith_h5_visitor)(void *context, const kith_h5_entry *entry);

/**
 * Tell of every attribute of the root, then of every dataset, in no order; what is not of Kith's types is
 * passed over. Local.  Errors: KITH_EDATA.
 */
kith_status kith_h5_visit(kith_h5 *f, kith_h5_visitor visit, void *context) KITH_MUST_USE;
/**
 * Compare what is in a file with what it was written with: every attribute of the root, every dataset and its
 * checksums (not its data).  kith_h5_open() has done so where it was told a format.  Local.  Errors:
 * KITH_EDATA.
 */
kith_status kith_h5_check_seal(kith_h5 *f) KITH_MUST_USE;
/**
 * Whether the datasets of a file fit together: how many rows they have, where ragged rows begin and end, and
 * which numbers they name.  Local.  Memory O(1).  Errors: KITH_EDATA.
 */
kith_status kith_h5_check_layout(kith_h5 *f) KITH_MUST_USE;
/** Read a dataset to the end and compare its checksums.  Local.  Memory O(1).  Errors: KITH_EDATA. */
kith_status kith_h5_check_dataset(kith_h5 *f, const char *name) KITH_MUST_USE;

/** The path the file was opened or created with, for messages. */
const char *kith_h5_path(const kith_h5 *f);

/** Version of the HDF5 library, "1.10.8".  Local. */
void kith_h5_library_version(size_t size, char *text);
/** Whether Kith can open files without locking them, as HDF5 1.10.7 and later can be asked to.  Local. */
bool kith_h5_can_disable_locking(void);

#endif
