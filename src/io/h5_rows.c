/*
 * Rows of numbers as they lie in memory: one contiguous dataset, written past HDF5 and MPI-IO, with checksums apart.
 *
 * HDF5 makes the dataset and says where it lies; every rank then puts its rows there by plain writes, which are as fast as
 * the disk, cannot leave another rank waiting, and can be made by a thread.  The dataset checksum/NAME [blocks] holds a sum
 * for each block of `rows` rows (its attribute), the last block being shorter: the 32-bit words of the block times 1, 3, 5, …,
 * added up modulo 2^64.  Odd weights let no changed word pass, and differing ones no words that changed places.
 *
 * Such a sum needs no order, so pieces of a block that several threads or ranks put are added up as they come; and it is
 * several times as fast as a CRC, which would take longer than the write.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "io/h5.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "rows are written as they lie in memory, and files are little-endian");

enum { ROWS_BLOCK = 1 << 20, ROWS_BLOCK_MOST = 1 << 30 }; /* bytes */

int64_t kith__h5_rows_per_block(size_t row) { return row < ROWS_BLOCK ? (int64_t)(ROWS_BLOCK / (row > 0 ? row : 1)) : 1; }

static void rows_sum_name(const char *name, char *sum) { snprintf(sum, KITH_NAME, "checksum/%.54s", name); }

/* The sum of n words, of which the first is number `first` of its block. */
static uint64_t rows_sum(int64_t first, int64_t n, const uint32_t *word) {
  uint64_t sum = 0;
  uint32_t weight = (uint32_t)(2 * first + 1);
  for (int64_t i = 0; i < n; i++) sum += (uint64_t)word[i] * (weight + 2 * (uint32_t)i);
  return sum;
}

/* ---- writing ----------------------------------------------------------------------------------------------------- */

/* A contiguous dataset that has its place in the file at once. */
static hid_t rows_make(const kith_h5 *f, const char *name, int n_dim, const hsize_t *dims) {
  if (!kith__h5_make_groups(f->file, name)) return H5I_INVALID_HID;
  hid_t creation = H5Pcreate(H5P_DATASET_CREATE), space = H5Screate_simple(n_dim, dims, NULL);
  H5Pset_obj_track_times(creation, false);
  H5Pset_alloc_time(creation, H5D_ALLOC_TIME_EARLY);
  H5Pset_fill_time(creation, H5D_FILL_TIME_NEVER);
  hid_t set = H5Dcreate2(f->file, name, H5T_IEEE_F32LE, space, H5P_DEFAULT, creation, H5P_DEFAULT); /* for a fault asks kith__h5_agree_write() */
  H5Sclose(space);
  H5Pclose(creation);
  return set;
}

/* Make it and learn where it lies; nothing at all lies nowhere. */
static bool rows_place(h5_rows *r, int d) {
  hsize_t dims[2] = {(hsize_t)r->n, (hsize_t)d};
  if (!kith__h5_is_here(r->f)) return true;
  hid_t set = rows_make(r->f, r->name, d > 0 ? 2 : 1, dims);
  if (set < 0) return false;
  haddr_t at = H5Dget_offset(set);
  H5Dclose(set);
  r->at = at == HADDR_UNDEF ? 0 : (int64_t)at;
  return at != HADDR_UNDEF || r->n == 0;
}

static kith_status rows_open(h5_rows *r) {
  kith_status st = KITH_OK;
  KITH_TRY(KITH_NEW(r->sum, r->n_block));
  KITH_TRY(kith_file_reopen(r->f->tmp, &r->file));
done:
  return st;
}

kith_agreed kith__h5_rows_begin(kith_h5 *f, const char *name, int d, int64_t n_total, h5_rows *out) {
  kith_agreed st = {KITH_OK};
  size_t row = sizeof(float) * (size_t)(d > 0 ? d : 1);
  *out = (h5_rows){.f = f, .row = row, .n = n_total, .per_block = kith__h5_rows_per_block(row), .file = -1};
  out->n_block = (n_total + out->per_block - 1) / out->per_block;
  snprintf(out->name, sizeof out->name, "%s", name);
  KITH_TRY(kith__h5_reserve(f, n_total * (int64_t)row + 4096));
  KITH_TRY(kith__h5_agree_write(f, name, rows_place(out, d)));
  kith_comm_share(f->comm, sizeof out->at, &out->at);
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

/* Add rows that lie within block b to its sum. */
static void rows_add(h5_rows *r, int64_t b, int64_t first, int64_t n, const void *x) {
  int64_t words = (int64_t)(r->row / sizeof(uint32_t));
  uint64_t sum = rows_sum((first - b * r->per_block) * words, n * words, x);
#pragma omp atomic
  r->sum[b] += sum;
}

int kith__h5_rows_put(h5_rows *r, int64_t first, int64_t n, const void *x) {
  const char *from = x;
  for (int64_t i = first, to; i < first + n; i = to) {
    int64_t b = i / r->per_block;
    to = kith_least((b + 1) * r->per_block, first + n);
    rows_add(r, b, i, to - i, from + (size_t)(i - first) * r->row);
  }
  return rows_write(r->file, from, (size_t)n * r->row, r->at + first * (int64_t)r->row);
}

void kith__h5_rows_push(const h5_rows *r, int64_t first, int64_t n) {
  if (n > 0) (void)sync_file_range(r->file, r->at + first * (int64_t)r->row, n * (int64_t)r->row, SYNC_FILE_RANGE_WRITE); /* the end syncs all */
}

/* How many rows share a checksum, as an attribute of the checksums. */
static bool rows_note(const h5_rows *r, const char *sum) {
  if (!kith__h5_is_here(r->f)) return true;
  hid_t space = H5Screate(H5S_SCALAR), set = H5Dopen2(r->f->file, sum, H5P_DEFAULT);
  hid_t attr = set >= 0 ? H5Acreate2(set, "rows", H5T_STD_I64LE, space, H5P_DEFAULT, H5P_DEFAULT) : H5I_INVALID_HID;
  bool good = attr >= 0 && H5Awrite(attr, H5T_NATIVE_INT64, &r->per_block) >= 0; /* for a fault asks kith__h5_agree_write() */
  if (attr >= 0) H5Aclose(attr);
  if (set >= 0) H5Dclose(set);
  H5Sclose(space);
  return good;
}

static kith_agreed rows_write_sums(h5_rows *r) {
  kith_agreed st = {KITH_OK};
  const kith_comm *comm = r->f->comm;
  char sum[KITH_NAME];
  int64_t mine = comm->rank == 0 ? r->n_block : 0;
  rows_sum_name(r->name, sum);
  kith_comm_meet(comm);
  KITH_WAIT("the checksums of rows", MPI_Allreduce(MPI_IN_PLACE, r->sum, (int)r->n_block, MPI_UINT64_T, MPI_SUM, comm->mpi));
  KITH_TRY(kith_h5_write(r->f, sum, KITH_H5_UINT64, 0, r->n_block, r->n_block - mine, mine, false, r->sum));
  KITH_TRY(kith__h5_agree_write(r->f, sum, rows_note(r, sum)));
done:
  return st;
}

/* What a closing file could not write is heard of when it is synced. */
static void rows_free(h5_rows *r) {
  if (r->file >= 0) close(r->file);
  r->file = -1;
  KITH_FREE(r->sum);
}

kith_agreed kith__h5_rows_end(h5_rows *r, kith_agreed st, int error) {
  kith_h5 *f = r->f;
  if (kith_is_bad(st)) goto done;
  KITH_TRY(kith_agree(f->comm, error == 0 ? KITH_OK : kith_fail(KITH_EIO, "%s: writing %s failed: %s", f->path, r->name, strerror(error))));
  if (r->n > 0) KITH_TRY(rows_write_sums(r));
done:
  f->failed = f->failed || kith_is_bad(st);
  rows_free(r);
  return st;
}

kith_agreed kith_h5_write_rows(kith_h5 *f, const char *name, int d, int64_t n_total, int64_t first, int64_t n, const float *x) {
  h5_rows r;
  int error = 0;
  kith_agreed st = kith__h5_rows_begin(f, name, d, n_total, &r);
  if (!kith_is_bad(st)) error = kith__h5_rows_put(&r, first, n, x);
  return kith__h5_rows_end(&r, st, error);
}

/* ---- reading ----------------------------------------------------------------------------------------------------- */

bool kith__h5_rows_is(const kith_h5 *f, const char *name) {
  char sum[KITH_NAME];
  rows_sum_name(name, sum);
  return kith__h5_has(f->file, sum);
}

/* Rows being read, and what to compare them with. */
typedef struct rows_in {
  const kith_h5 *f;
  const char *name;
  hid_t set, type;
  int n_dim;
  const hsize_t *dims;
  size_t row;
  int64_t per_block;
  uint64_t *sum;  /* of the blocks from `low` on */
  int64_t low;
  char *block;    /* [per_block] rows */
} rows_in;

static kith_status rows_per_block(const rows_in *in, const char *sum, int64_t *rows) {
  kith_status st = KITH_OK;
  hid_t set = kith__h5_fault() ? H5I_INVALID_HID : H5Dopen2(in->f->file, sum, H5P_DEFAULT);
  KITH_CHECK(set >= 0, kith__h5_kind(), "%s: \"%s\" is damaged: %s", in->f->path, sum, kith__h5_reason());
  KITH_TRY(kith__h5_attr_int(set, in->f->path, "rows", rows));
  bool fits = *rows > 0 && in->row % sizeof(uint32_t) == 0 && (in->row == 0 || *rows == 1 || *rows <= (int64_t)(ROWS_BLOCK_MOST / in->row));
  KITH_CHECK(fits, KITH_EDATA, "%s: \"%s\" is of blocks of %lld rows of %zu bytes, which cannot be", in->f->path, sum, (long long)*rows, in->row);
done:
  if (set >= 0) H5Dclose(set);
  return st;
}

/* The checksums of the blocks that rows first … first + n - 1 lie in, and room for one block. */
static kith_status rows_in_open(rows_in *in, int64_t first, int64_t n) {
  kith_status st = KITH_OK;
  char sum[KITH_NAME];
  rows_sum_name(in->name, sum);
  KITH_TRY(rows_per_block(in, sum, &in->per_block));
  if (in->per_block < 1) kith_abort(__FILE__, __LINE__, "blocks of rows, of which there is at least one");
  in->low = first / in->per_block;
  int64_t n_block = (first + n - 1) / in->per_block + 1 - in->low;
  KITH_TRY(KITH_NEW(in->sum, n_block));
  KITH_TRY(kith__h5_read(in->f, sum, KITH_H5_UINT64, 0, in->low, n_block, in->sum));
  KITH_TRY(KITH_NEW(in->block, kith_least(in->per_block, (int64_t)in->dims[0]) * (int64_t)in->row));
done:
  return st;
}

static kith_status rows_read_block(const rows_in *in, int64_t b, int64_t low, int64_t high, void *to) {
  kith_status st = KITH_OK;
  hsize_t at[2] = {(hsize_t)low, 0}, count[2] = {(hsize_t)(high - low), in->dims[1]};
  hid_t space = H5Dget_space(in->set), here = H5Screate_simple(in->n_dim, count, NULL);
  H5Sselect_hyperslab(space, H5S_SELECT_SET, at, NULL, count, NULL);
  KITH_CHECK(!kith__h5_fault() && H5Dread(in->set, in->type, here, space, H5P_DEFAULT, to) >= 0, kith__h5_kind(), "%s: \"%s\" is damaged: %s", in->f->path, in->name,
             kith__h5_reason());
  KITH_CHECK(rows_sum(0, (high - low) * (int64_t)(in->row / sizeof(uint32_t)), to) == in->sum[b - in->low], KITH_EDATA,
             "%s: %s: rows %lld to %lld fail their checksum", in->f->path, in->name, (long long)low, (long long)high - 1);
done:
  H5Sclose(here);
  H5Sclose(space);
  return st;
}

/* Whole blocks are read in place, those at the ends beside it. */
static kith_status rows_read(const rows_in *in, int64_t first, int64_t n, char *data) {
  kith_status st = KITH_OK;
  for (int64_t i = first, to; i < first + n; i = to) {
    int64_t b = i / in->per_block, low = b * in->per_block, high = kith_least(low + in->per_block, (int64_t)in->dims[0]);
    to = kith_least(high, first + n);
    char *here = data ? data + (size_t)(i - first) * in->row : NULL;
    bool whole = here && i == low && to == high;
    KITH_TRY(rows_read_block(in, b, low, high, whole ? here : in->block));
    if (here && !whole) memcpy(here, in->block + (size_t)(i - low) * in->row, (size_t)(to - i) * in->row);
  }
done:
  return st;
}

kith_status kith__h5_rows_read(const kith_h5 *f, const char *name, hid_t set, hid_t type, int n_dim, const hsize_t *dims, int64_t first,
                               int64_t n, void *data) {
  kith_status st = KITH_OK;
  rows_in in = {.f = f, .name = name, .set = set, .type = type, .n_dim = n_dim, .dims = dims, .row = (size_t)dims[1] * H5Tget_size(type)};
  if (n == 0) return st;
  KITH_TRY(rows_in_open(&in, first, n));
  KITH_TRY(rows_read(&in, first, n, data));
done:
  KITH_FREE(in.sum);
  KITH_FREE(in.block);
  return st;
}
