/*
 * The checksums of a dataset NAME are checksum/NAME, uint64 [blocks]: one per block of `rows` rows (an
 * attribute; the last block may have fewer).  A checksum is a hash of the dataset's name, type, extent and
 * block index, plus the hash of the block's bytes (hash.c).  So exchanged blocks or datasets are detected,
 * too.
 */
#include <stdio.h>
#include <string.h>

#include "h5/file.h"

enum { CHECKSUM_BLOCK = 1 << 20, CHECKSUM_MAX_BLOCK = 1 << 30 }; /* bytes */

int64_t kith__rows_per_block(size_t row) {
  return row < CHECKSUM_BLOCK ? (int64_t)(CHECKSUM_BLOCK / (row > 0 ? row : 1)) : 1;
}

static void checksum_name(const char *name, char *sum) {
  snprintf(sum, KITH_NAME, KITH__CHECKSUM_GROUP "%.54s", name);
}

void kith__checksums_free(kith__checksums *s) { KITH_FREE(s->sum); }

/* ---- writing ---- */

kith_status kith__checksums_init(const char *name, hid_t type, int n_dim, const hsize_t *dims,
                                 int64_t per_block, kith__checksums *out) {
  kith_status st = KITH_OK;
  *out = (kith__checksums){.row = H5Tget_size(type) * (n_dim > 1 ? (size_t)dims[1] : 1),
                           .per_block = dims[0] > 0 ? per_block : 1};
  snprintf(out->name, sizeof out->name, "%s", name);
  out->n_block = ((int64_t)dims[0] + out->per_block - 1) / out->per_block;
  out->head = kith__seal_prefix(name, type, n_dim, dims, out->per_block);
  KITH_TRY(KITH_NEW(out->sum, out->n_block));
done:
  return st;
}

void kith__checksums_add(kith__checksums *s, int64_t first, int64_t n, const void *x) {
  const char *from = x;
  for (int64_t i = first, to; i < first + n; from += (size_t)(to - i) * s->row, i = to) {
    int64_t b = i / s->per_block;
    to = kith_min((b + 1) * s->per_block, first + n);
    uint64_t sum =
        kith__hash_bytes((i - b * s->per_block) * (int64_t)s->row, (to - i) * (int64_t)s->row, from);
#pragma omp atomic
    s->sum[b] += sum;
  }
}

/* Write the attribute `rows`: rows per checksum. */
static bool checksum_put_per_block(const kith_h5 *f, const kith__checksums *s, const char *sum) {
  if (!kith__h5_is_writer(f)) return true;
  hid_t space = H5Screate(H5S_SCALAR), set = H5Dopen2(f->file, sum, H5P_DEFAULT);
  hid_t attr =
      set >= 0 ? H5Acreate2(set, "rows", H5T_STD_I64LE, space, H5P_DEFAULT, H5P_DEFAULT) : H5I_INVALID_HID;
  bool good = attr >= 0 && H5Awrite(attr, H5T_NATIVE_INT64, &s->per_block) >=
                               0; /* for a fault asks kith__h5_agree_write() */
  if (attr >= 0) H5Aclose(attr);
  if (set >= 0) H5Dclose(set);
  H5Sclose(space);
  return good;
}

kith_agreed kith__checksums_write(kith_h5 *f, kith__checksums *s) {
  kith_agreed st = {KITH_OK};
  char sum[KITH_NAME];
  int64_t n = s->n_block, mine = f->comm->rank == 0 ? n : 0;
  checksum_name(s->name, sum);
  if (n > 0) {
    kith_comm_barrier_sleep(f->comm);
    KITH_WAIT("the checksums of rows",
              MPI_Allreduce(MPI_IN_PLACE, s->sum, (int)n, MPI_UINT64_T, MPI_SUM, f->comm->mpi));
    for (int64_t b = 0; b < n; b++) s->sum[b] += kith__seal_block_prefix(s->head, b);
    KITH_TRY(kith__h5_write_unsealed(f, sum, KITH_H5_UINT64, 0, n, n - mine, mine, false, s->sum));
    bool noted = false;
    KITH_H5_COLLECTIVE(f, "making an attribute", noted = checksum_put_per_block(f, s, sum));
    KITH_TRY(kith__h5_agree_write(f, sum, noted));
  }
  KITH_TRY(kith_agree(f->comm, kith__seal_add_dataset(f, s->head, n, s->sum)));
done:
  f->failed = f->failed || kith_is_bad(st);
  return st;
}

/* ---- reading ---- */

bool kith__checksums_exist(const kith_h5 *f, const char *name) {
  char sum[KITH_NAME];
  if (strncmp(name, KITH__CHECKSUM_GROUP, sizeof KITH__CHECKSUM_GROUP - 1) == 0) return false;
  checksum_name(name, sum);
  return f->sealed || kith__h5_has(f->file, sum);
}

static kith_status checksum_get_per_block(const kith_h5 *f, const char *sum, kith__checksums *s) {
  kith_status st = KITH_OK;
  hid_t set = H5I_INVALID_HID;
  KITH_CHECK(kith__h5_has(f->file, sum), KITH_EDATA, "%s: the checksums of \"%s\" are missing", f->path,
             s->name);
  set = kith__h5_fault() ? H5I_INVALID_HID : H5Dopen2(f->file, sum, H5P_DEFAULT);
  KITH_CHECK(set >= 0, kith__h5_error_status(), "%s: \"%s\" is damaged: %s", f->path, sum,
             kith__h5_error_text());
  KITH_TRY(kith__h5_attr_int(set, f->path, "rows", &s->per_block));
  int64_t rows = s->per_block;
  bool fits = rows > 0 && (s->row == 0 || rows == 1 || rows <= (int64_t)(CHECKSUM_MAX_BLOCK / s->row));
  KITH_CHECK(fits, KITH_EDATA, "%s: \"%s\" is of blocks of %lld rows of %zu bytes, which cannot be", f->path,
             sum, (long long)rows, s->row);
done:
  if (set >= 0) H5Dclose(set);
  return st;
}

/* Read the checksums of blocks low … low + n - 1. */
static kith_status checksum_read(const kith_h5 *f, kith__checksums *s, int64_t low, int64_t n) {
  kith_status st = KITH_OK;
  char sum[KITH_NAME];
  int64_t there = 0;
  int d = 0;
  checksum_name(s->name, sum);
  KITH_TRY(kith__h5_extent(f, sum, &there, &d));
  KITH_CHECK(low + n <= there, KITH_EDATA, "%s: \"%s\" has %lld rows, %lld were expected", f->path, sum,
             (long long)there, (long long)(low + n));
  KITH_TRY(KITH_NEW(s->sum, n));
  KITH_TRY(kith__h5_read(f, sum, KITH_H5_UINT64, 0, low, n, s->sum));
done:
  return st;
}

/* Get the rows per checksum and the hash of the dataset's description. */
static kith_status checksum_describe(const kith_h5 *f, const char *name, const kith__h5_dataset *set,
                                     kith__checksums *s) {
  kith_status st = KITH_OK;
  char sum[KITH_NAME];
  *s = (kith__checksums){.row = set->size * (size_t)set->dims[1], .per_block = 1};
  snprintf(s->name, sizeof s->name, "%s", name);
  checksum_name(name, sum);
  if (set->dims[0] > 0) KITH_TRY(checksum_get_per_block(f, sum, s)); /* an empty dataset has no checksums */
  s->n_block = ((int64_t)set->dims[0] + s->per_block - 1) / s->per_block;
  s->head = kith__seal_prefix(name, set->type, set->n_dim, set->dims, s->per_block);
done:
  return st;
}

kith_status kith__checksums_read(const kith_h5 *f, const char *name, kith__checksums *s) {
  kith_status st = KITH_OK;
  kith__h5_dataset set;
  KITH_TRY(kith__h5_dataset_open(f, name, &set));
  KITH_TRY(checksum_describe(f, name, &set, s));
  if (s->n_block > 0) KITH_TRY(checksum_read(f, s, 0, s->n_block));
done:
  kith__h5_dataset_close(&set);
  return st;
}

/* Rows being read, and their checksums. */
typedef struct checksum_reader {
  const kith_h5 *f;
  const kith__h5_dataset *set;
  kith__checksums sums; /* of the blocks from `low` on */
  int64_t low;
  char *block; /* [per_block] rows */
} checksum_reader;

static bool checksum_matches(const checksum_reader *in, int64_t b, int64_t bytes, const void *x) {
  uint64_t wanted = in->sums.sum[b - in->low];
  if (!in->f->sealed) return kith__hash_bytes_v2(bytes, x) == wanted;
  return kith__seal_block_prefix(in->sums.head, b) + kith__hash_bytes(0, bytes, x) == wanted;
}

static kith_status checksum_read_block(const checksum_reader *in, int64_t b, int64_t low, int64_t high,
                                       void *to) {
  kith_status st = KITH_OK;
  hsize_t at[2] = {(hsize_t)low, 0}, count[2] = {(hsize_t)(high - low), in->set->dims[1]};
  hid_t space = H5Dget_space(in->set->set), here = H5Screate_simple(in->set->n_dim, count, NULL);
  H5Sselect_hyperslab(space, H5S_SELECT_SET, at, NULL, count, NULL);
  KITH_CHECK(!kith__h5_fault() && H5Dread(in->set->set, in->set->type, here, space, H5P_DEFAULT, to) >= 0,
             kith__h5_error_status(), "%s: \"%s\" is damaged: %s", in->f->path, in->sums.name,
             kith__h5_error_text());
  KITH_CHECK(checksum_matches(in, b, (high - low) * (int64_t)in->sums.row, to), KITH_EDATA,
             "%s: %s: rows %lld to %lld fail their checksum", in->f->path, in->sums.name, (long long)low,
             (long long)high - 1);
done:
  H5Sclose(here);
  H5Sclose(space);
  return st;
}

/* Whole blocks are read in place, partial ones through a buffer. */
static kith_status checksum_read_rows(const checksum_reader *in, int64_t first, int64_t n, char *data) {
  kith_status st = KITH_OK;
  int64_t per_block = in->sums.per_block;
  size_t row = in->sums.row;
  for (int64_t i = first, to; i < first + n; i = to) {
    int64_t b = i / per_block, low = b * per_block,
            high = kith_min(low + per_block, (int64_t)in->set->dims[0]);
    to = kith_min(high, first + n);
    char *here = data ? data + (size_t)(i - first) * row : NULL;
    bool whole = here && i == low && to == high;
    KITH_TRY(checksum_read_block(in, b, low, high, whole ? here : in->block));
    if (here && !whole) memcpy(here, in->block + (size_t)(i - low) * row, (size_t)(to - i) * row);
  }
done:
  return st;
}

kith_status kith__checksums_verify_rows(const kith_h5 *f, const char *name, const kith__h5_dataset *set,
                                        int64_t first, int64_t n, void *data) {
  kith_status st = KITH_OK;
  checksum_reader in = {.f = f, .set = set};
  if (n == 0) return st;
  KITH_TRY(checksum_describe(f, name, set, &in.sums));
  if (in.sums.per_block < 1) kith_abort(__FILE__, __LINE__, "blocks of rows, of which there is at least one");
  in.low = first / in.sums.per_block;
  KITH_TRY(checksum_read(f, &in.sums, in.low, (first + n - 1) / in.sums.per_block + 1 - in.low));
  KITH_TRY(KITH_NEW(in.block, kith_min(in.sums.per_block, (int64_t)set->dims[0]) * (int64_t)in.sums.row));
  KITH_TRY(checksum_read_rows(&in, first, n, data));
done:
  kith__checksums_free(&in.sums);
  KITH_FREE(in.block);
  return st;
}
