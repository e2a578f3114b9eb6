/* Writing a contiguous matrix by pwrite() instead of HDF5: rows.c. */
#ifndef KITH_SRC_H5_ROWS_H
#define KITH_SRC_H5_ROWS_H

#include "h5/h5.h"

/** The checksums of a dataset, or of some of its blocks. */
typedef struct kith__checksums {
  char name[KITH_NAME]; /* of the dataset */
  size_t row;           /* bytes of a row */
  int64_t per_block;    /* rows per checksum */
  int64_t n_block;      /* of the whole dataset */
  uint64_t head;        /* hash of name, type and extent */
  uint64_t *sum;        /* [n_block] writing: sums of this rank's rows */
} kith__checksums;

/** Rows per checksum and per chunk, for rows of `row` bytes: about 1 MiB. */
int64_t kith__rows_per_block(size_t row);

/** A matrix being written: HDF5 allocates it, and every rank writes its rows with pwrite(). */
typedef struct kith__raw_rows {
  kith_h5 *f;
  kith__checksums sums;
  int64_t n;  /* rows of all ranks */
  int64_t at; /* file offset of row 0 */
  int file;   /* descriptor; -1: none */
} kith__raw_rows;

/** Create the dataset [n_total, d] of numbers ([n_total] if d = 0).  Collective.  Call kith__raw_rows_end()
 * on failure, too. */
kith_agreed kith__raw_rows_begin(kith_h5 *f, const char *name, kith_h5_type type, int d, int64_t n_total,
                                 kith__raw_rows *out) KITH_MUST_USE;
/** Write rows first … first + n - 1; threads may write different rows concurrently.  Local.  Returns 0 or
 * errno. */
int kith__raw_rows_write(kith__raw_rows *r, int64_t first, int64_t n, const void *x);
/** Start writeback of rows first … first + n - 1, to overlap with preparing the next ones.  Local. */
void kith__raw_rows_flush(const kith__raw_rows *r, int64_t first, int64_t n);
/** Finish: `error` is the largest result of kith__raw_rows_write().  Writes the checksums if `st` is good.
 * Collective. */
kith_agreed kith__raw_rows_end(kith__raw_rows *r, kith_agreed st, int error) KITH_MUST_USE;

#endif
