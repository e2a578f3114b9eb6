/** What the formats share: files that are being written, and blocks of rows. */
#ifndef KITH_EXPORT_FILES_H
#define KITH_EXPORT_FILES_H

#include <stdio.h>

#include "export/export.h"

enum { KITH__EXPORT_BLOCK = 1 << 22 }; /* numbers that are read at a time */

/** Create the next file, whose name may have a folder before it; the one before it is closed.  Errors:
 * KITH_EOUTPUT, KITH_EIO, KITH_ENOMEM, those of the check. */
kith_status kith__export_open(kith_export *o, const char *name, FILE **out) KITH_MUST_USE;
/** Register a file that another function writes and publishes: path [KITH_PATH].  Errors: as above. */
kith_status kith__export_claim(kith_export *o, const char *name, char *path) KITH_MUST_USE;
/** Write bytes; kith__export_check() tells whether they arrived. */
void kith__export_bytes(FILE *f, const void *data, int64_t size);
/** Whether all that was written so far reached the file.  Errors: KITH_EIO. */
kith_status kith__export_check(kith_export *o) KITH_MUST_USE;

/** Read rows first … first + n - 1 into x [n, d].  Errors: KITH_EDATA. */
kith_status kith__export_read(const kith_export_rows *rows, int64_t first, int64_t n, float *x) KITH_MUST_USE;
/** Rows of a block: at most KITH__EXPORT_BLOCK numbers, and one row at least. */
int64_t kith__export_block(int d);

/** Write all rows as float32, in blocks.  Errors: KITH_EDATA, KITH_EIO, KITH_ENOMEM. */
kith_status kith__export_floats(kith_export *o, FILE *f, const kith_export_rows *rows) KITH_MUST_USE;

/** Write a field of a table, in quotes if it holds the delimiter, a quote or the end of a line (RFC 4180). */
void kith__export_field(FILE *f, const char *text, char delimiter);
/** TYPE.ids.txt, an id a line. */
kith_status kith__export_ids(kith_export *o, const char *type, const kith_ids *ids) KITH_MUST_USE;
/** The header of a .npy file (NumPy's NEP 1): descr "<f4" or "<i4", shape [n, d]. */
void kith__export_npy_header(FILE *f, const char *descr, int64_t n, int d);

/** CRC-32C (Castagnoli), reflected, of `size` bytes. */
uint32_t kith__crc32c(const void *data, size_t size);
/** One record of a TFRecord file: its length, masked CRC-32C of these eight bytes, the data, and theirs. */
void kith__tfrecord_write(FILE *f, const void *data, size_t size);

#endif
