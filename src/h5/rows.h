/* Rows of a matrix, contiguous on the disk, written past HDF5: rows.c. */
#ifndef KITH_SRC_H5_ROWS_H
#define KITH_SRC_H5_ROWS_H

#include "kith/h5.h"

/** The checksums of a dataset, or of some of its blocks. */
typedef struct kith__checksums {
  char name[KITH_NAME]; /* of the dataset */
  size_t row;           /* bytes */
  int64_t per_block;    /* rows that share a checksum */
  int64_t n_block;      /* in all */
  uint64_t head;        /* mixed of name, type and extent */
  uint64_t *sum;        /* writing: of what this rank has put */
} kith__checksums;

/** Rows of so many bytes that share a checksum, and a chunk where datasets are chunked: about a mebibyte of
 * them. */
int64_t kith__rows_per_block(size_t row);

/** Rows of a matrix being written: every rank puts its own where they belong, past HDF5. */
typedef struct kith__raw_rows {
  kith_h5 *f;
  kith__checksums sums;
  int64_t n;  /* rows in all */
  int64_t at; /* where row 0 lies in the file */
  int file;   /* -1: none */
} kith__raw_rows;

/** Make the dataset [n_total, d] float32 ([n_total] when d = 0).  Collective; on failure too
 * kith__raw_rows_end() is called. */
kith_agreed kith__raw_rows_begin(kith_h5 *f, const char *name, int d, int64_t n_total,
                                 kith__raw_rows *out) KITH_MUST_USE;
/** Write rows first … first + n - 1.  Local; several threads may put different rows.  Returns errno, 0 if all
 * is well. */
int kith__raw_rows_write(kith__raw_rows *r, int64_t first, int64_t n, const void *x);
/** Rows first … first + n - 1 are put, and may go to the disk while others are made ready.  Local. */
void kith__raw_rows_flush(const kith__raw_rows *r, int64_t first, int64_t n);
/** All rows are put; `error` is the worst of what put returned.  Writes the checksums if st is good.
 * Collective. */
kith_agreed kith__raw_rows_end(kith__raw_rows *r, kith_agreed st, int error) KITH_MUST_USE;

#endif
