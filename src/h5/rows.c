/*
 * A contiguous dataset written by pwrite() instead of HDF5 and MPI-IO, with a dataset of checksums.
 *
 * HDF5 allocates the dataset and returns its file offset; every rank then writes its rows there.  This is as
 * fast as the disk, never leaves another rank waiting, and can be done by a thread.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "h5/file.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
               "rows are written as they lie in memory, and files are little-endian");

enum { ROWS_MADE = 4 }; /* blocks of rows that are made at a time */

/* Create a contiguous dataset that is allocated at once. */
static hid_t rows_create_dataset(const kith_h5 *f, const char *name, kith_h5_type type, int n_dim,
                                 const hsize_t *dims) {
  if (!kith__h5_make_groups(f->file, name)) return H5I_INVALID_HID;
  hid_t creation = H5Pcreate(H5P_DATASET_CREATE), space = H5Screate_simple(n_dim, dims, NULL);
  H5Pset_obj_track_times(creation, false);
  H5Pset_alloc_time(creation, H5D_ALLOC_TIME_EARLY);
  H5Pset_fill_time(creation, H5D_FILL_TIME_NEVER);
  hid_t set = H5Dcreate2(f->file, name, kith__h5_number_type(type), space, H5P_DEFAULT, creation,
                         H5P_DEFAULT); /* for a fault asks kith__h5_agree_write() */
  H5Sclose(space);
  H5Pclose(creation);
  return set;
}

/* Create the dataset and get its offset; an empty one has none. */
static bool rows_allocate(kith__raw_rows *r, kith_h5_type type, int d) {
  hsize_t dims[2] = {(hsize_t)r->n, (hsize_t)d};
  if (!kith__h5_is_writer(r->f)) return true;
  hid_t set = rows_create_dataset(r->f, r->sums.name, type, d > 0 ? 2 : 1, dims);
  if (set < 0) return false;
  haddr_t at = H5Dget_offset(set);
  H5Dclose(set);
  r->at = at == HADDR_UNDEF ? 0 : (int64_t)at;
  return at != HADDR_UNDEF || r->n == 0;
}

static kith_status rows_open(kith__raw_rows *r) {
  kith_status st = KITH_OK;
  KITH_TRY(kith_file_tmp_reopen(r->f->tmp, &r->file));
done:
  return st;
}

kith_agreed kith__raw_rows_begin(kith_h5 *f, const char *name, kith_h5_type type, int d, int64_t n_total,
                                 kith__raw_rows *out) {
  kith_agreed st = {KITH_OK};
  hid_t on_disk = kith__h5_number_type(type);
  size_t row = H5Tget_size(on_disk) * (size_t)(d > 0 ? d : 1);
  hsize_t dims[2] = {(hsize_t)n_total, d > 0 ? (hsize_t)d : 1};
  *out = (kith__raw_rows){.f = f, .n = n_total, .file = -1};
  KITH_TRY(kith_agree(f->comm, kith__checksums_init(name, on_disk, d > 0 ? 2 : 1, dims,
                                                    kith__rows_per_block(row), &out->sums)));
  KITH_TRY(kith__h5_reserve(f, n_total * (int64_t)row + f->tuning.alignment + 4096));
  KITH_TRY(kith__h5_agree_write(f, name, rows_allocate(out, type, d)));
  kith_comm_bcast(f->comm, sizeof out->at, &out->at);
  KITH_TRY(kith_agree(f->comm, rows_open(out)));
done:
  f->failed = f->failed || kith_is_bad(st);
  return st;
}

static int rows_write(int file, const char *x, size_t n, int64_t at) {
  if (kith_fault(KITH_FAULT_WRITE)) return errno;
  while (n > 0) {
    ssize_t done = pwrite(file, x, n, at);
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) return done < 0 ? errno : ENOSPC;
    x += done;
    at += done;
    n -= (size_t)done;
  }
  return 0;
}

int kith__raw_rows_write(kith__raw_rows *r, int64_t first, int64_t n, const void *x) {
  kith__checksums_add(&r->sums, first, n, x);
  return rows_write(r->file, x, (size_t)n * r->sums.row, r->at + first * (int64_t)r->sums.row);
}

void kith__raw_rows_flush(const kith__raw_rows *r, int64_t first, int64_t n) {
  if (n > 0)
    (void)sync_file_range(r->file, r->at + first * (int64_t)r->sums.row, n * (int64_t)r->sums.row,
                          SYNC_FILE_RANGE_WRITE); /* kith_h5_publish() syncs all */
}

/* close() may be the first to report a failed write.  On Linux, EINTR means closed. */
static int rows_close(kith__raw_rows *r, int error) {
  bool good = r->file < 0 || close(r->file) == 0 || errno == EINTR;
  r->file = -1;
  return error == 0 && !good ? errno : error;
}

static void rows_free(kith__raw_rows *r) {
  (void)rows_close(r, 0);
  kith__checksums_free(&r->sums);
}

kith_agreed kith__raw_rows_end(kith__raw_rows *r, kith_agreed st, int error) {
  kith_h5 *f = r->f;
  if (kith_is_bad(st)) goto done;
  error = rows_close(r, error);
  KITH_TRY(kith_agree(f->comm, error == 0 ? KITH_OK
                                          : kith_fail(KITH_EIO, "%s: writing %s failed: %s", f->path,
                                                      r->sums.name, strerror(error))));
  KITH_TRY(kith__checksums_write(f, &r->sums));
done:
  f->failed = f->failed || kith_is_bad(st);
  rows_free(r);
  return st;
}

/* Write the rows of a slice, `room` at a time; they are made in `block`, or lie in memory. */
static int rows_write_slice(kith__raw_rows *r, kith_h5_type type, int d, const kith_h5_slice *slice,
                            int64_t room, char *block) {
  int error = 0;
  for (int64_t at = 0; at < slice->n && error == 0; at += room) {
    const int64_t first = slice->first + at, n = kith_min(room, slice->n - at);
    const char *rows = block;
    if (slice->fill) slice->fill(slice->context, at, n, block);
    else rows = (const char *)slice->context + (size_t)at * r->sums.row;
    kith__h5_fingerprint_rows(r->f, r->sums.name, type, d, r->n, first, n, r->sums.row, rows);
    error = kith__raw_rows_write(r, first, n, rows);
    kith__raw_rows_flush(r, first, n);
  }
  return error;
}

kith_agreed kith_h5_write_slices(kith_h5 *f, const char *name, kith_h5_type type, int d, int64_t n_total,
                                 const kith_h5_slice *slice) {
  kith_agreed st = {KITH_OK};
  kith__raw_rows r = {.f = f, .file = -1};
  char *block = NULL;
  int error = 0;
  size_t row = H5Tget_size(kith__h5_number_type(type)) * (size_t)(d > 0 ? d : 1);
  int64_t room = ROWS_MADE * kith__rows_per_block(row);
  if (slice->fill) KITH_TRY(kith_agree(f->comm, KITH_NEW(block, kith_min(room, slice->n) * (int64_t)row)));
  KITH_TRY(kith__raw_rows_begin(f, name, type, d, n_total, &r));
  kith__h5_fingerprint_dataset(f, name, type, d, n_total);
  error = rows_write_slice(&r, type, d, slice, room, block);
done:
  KITH_FREE(block);
  return kith__raw_rows_end(&r, st, error);
}

kith_agreed kith_h5_write_rows(kith_h5 *f, const char *name, int d, int64_t n_total, int64_t first, int64_t n,
                               const float *x) {
  return kith_h5_write_slices(f, name, KITH_H5_FLOAT, d, n_total,
                              &(kith_h5_slice){.first = first, .n = n, .context = x});
}
