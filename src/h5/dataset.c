/*
 * Chunked datasets: each chunk holds whole rows and has a checksum.  For contiguous ones see rows.c.
 *
 * A chunk is about 1 MiB: large enough for the disk; small enough that ranks seldom share one, since a shared
 * chunk is gathered on one rank to be written, and that reading a few rows reads little.
 */
#include "h5/file.h"

enum {
  DATASET_CHUNKS_PER_PIECE = 512 /* below 2 GiB: MPI-IO counts bytes in an int */
};

typedef struct dataset_kind {
  hid_t on_disk, in_memory;
  size_t size;
  H5T_class_t class;
  const char *name;
} dataset_kind;

/* Types on disk and in memory.  For text, one new type, to be closed; else predefined types of HDF5. */
static dataset_kind dataset_kind_of(kith_h5_type type, int d) {
  switch (type) {
  case KITH_H5_INT8: return (dataset_kind){H5T_STD_I8LE, H5T_NATIVE_INT8, 1, H5T_INTEGER, "integers"};
  case KITH_H5_UINT16: return (dataset_kind){H5T_STD_U16LE, H5T_NATIVE_UINT16, 2, H5T_INTEGER, "integers"};
  case KITH_H5_INT32: return (dataset_kind){H5T_STD_I32LE, H5T_NATIVE_INT32, 4, H5T_INTEGER, "integers"};
  case KITH_H5_UINT64: return (dataset_kind){H5T_STD_U64LE, H5T_NATIVE_UINT64, 8, H5T_INTEGER, "integers"};
  case KITH_H5_INT64: return (dataset_kind){H5T_STD_I64LE, H5T_NATIVE_INT64, 8, H5T_INTEGER, "integers"};
  case KITH_H5_FLOAT: return (dataset_kind){H5T_IEEE_F32LE, H5T_NATIVE_FLOAT, 4, H5T_FLOAT, "real numbers"};
  case KITH_H5_DOUBLE: return (dataset_kind){H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, 8, H5T_FLOAT, "real numbers"};
  case KITH_H5_TEXT: break;
  }
  hid_t text = H5Tcopy(H5T_C_S1);
  H5Tset_size(text, (size_t)d);
  H5Tset_strpad(text, H5T_STR_NULLPAD);
  H5Tset_cset(text, H5T_CSET_UTF8);
  return (dataset_kind){text, text, (size_t)d, H5T_STRING, "strings"};
}

hid_t kith__h5_number_type(kith_h5_type type) { return dataset_kind_of(type, 0).on_disk; }

static void dataset_kind_close(const dataset_kind *kind) {
  if (kind->class == H5T_STRING) H5Tclose(kind->in_memory);
}

/* ---- writing ---- */

/* A dataset to write: [n] or [n, d]. */
typedef struct dataset_plan {
  dataset_kind kind;
  int n_dim;
  hsize_t dims[2], chunk[2];
  size_t row; /* bytes of a row */
} dataset_plan;

static dataset_plan dataset_plan_make(kith_h5_type type, int d, int64_t n_total) {
  dataset_plan p = {.kind = dataset_kind_of(type, d), .n_dim = 1, .dims = {(hsize_t)n_total, 1}};
  if (type != KITH_H5_TEXT && d > 0) {
    p.n_dim = 2;
    p.dims[1] = (hsize_t)d;
  }
  p.row = p.kind.size * (size_t)p.dims[1];
  p.chunk[0] = (hsize_t)kith__rows_per_block(p.row);
  if (p.chunk[0] > p.dims[0]) p.chunk[0] = p.dims[0];
  if (p.chunk[0] == 0) p.chunk[0] = 1; /* no rows, or rows of zero bytes */
  p.chunk[1] = p.dims[1];
  return p;
}

/* Create groups explicitly: those that HDF5 creates implicitly store the time, and files would not be
 * reproducible. */
bool kith__h5_make_groups(hid_t file, const char *name) {
  char part[KITH_PATH];
  bool good = true;
  hid_t creation = H5Pcreate(H5P_GROUP_CREATE);
  H5Pset_obj_track_times(creation, false);
  for (size_t i = 0; good && name[i] != '\0' && i < sizeof part; i++) {
    part[i] = name[i];
    if (name[i] != '/') continue;
    part[i] = '\0';
    if (H5Lexists(file, part, H5P_DEFAULT) <= 0) {
      hid_t group = H5Gcreate2(file, part, H5P_DEFAULT, creation, H5P_DEFAULT);
      good = group >= 0 && H5Gclose(group) >= 0;
    }
    part[i] = '/';
  }
  H5Pclose(creation);
  return good;
}

static kith_agreed dataset_make(kith_h5 *f, const char *name, const dataset_plan *p, bool pack, hid_t *set) {
  if (!kith__h5_is_writer(f)) return kith__h5_agree_write(f, name, true);
  bool good = false;
  KITH_H5_COLLECTIVE(f, "making groups", good = kith__h5_make_groups(f->file, name));
  hid_t creation = H5Pcreate(H5P_DATASET_CREATE), space = H5Screate_simple(p->n_dim, p->dims, NULL);
  H5Pset_obj_track_times(creation, false);
  if (p->dims[0] > 0) { /* an empty dataset cannot be chunked */
    H5Pset_chunk(creation, p->n_dim, p->chunk);
    if (pack) {
      H5Pset_shuffle(creation);
      H5Pset_deflate(creation, 1);
    }
    H5Pset_fletcher32(creation);
  }
  if (good)
    KITH_H5_COLLECTIVE(f, "making a dataset",
                       *set = H5Dcreate2(f->file, name, p->kind.on_disk, space, H5P_DEFAULT, creation,
                                         H5P_DEFAULT));
  kith_agreed st = kith__h5_agree_write(f, name, *set >= 0); /* the next call forgets the reason */
  H5Sclose(space);
  H5Pclose(creation);
  return st;
}

/* Write rows first … first + n - 1 together with the other ranks; n may be 0. */
static kith_agreed dataset_put(kith_h5 *f, const char *name, hid_t set, const dataset_plan *p, int64_t first,
                               int64_t n, const void *data) {
  if (!kith__h5_is_writer(f)) return kith__h5_agree_write(f, name, true);
  hsize_t at[2] = {(hsize_t)first, 0}, count[2] = {(hsize_t)n, p->dims[1]};
  hid_t space = H5Dget_space(set), here = H5Screate_simple(p->n_dim, count, NULL),
        how = H5Pcreate(H5P_DATASET_XFER);
  if (n > 0) H5Sselect_hyperslab(space, H5S_SELECT_SET, at, NULL, count, NULL);
  else H5Sselect_none(space), H5Sselect_none(here);
  if (f->comm->size > 1 && !f->single) H5Pset_dxpl_mpio(how, H5FD_MPIO_COLLECTIVE);
  bool good = false;
  KITH_H5_COLLECTIVE(f, "writing rows", good = H5Dwrite(set, p->kind.in_memory, here, space, how, data) >= 0);
  kith_agreed st = kith__h5_agree_write(f, name, good); /* the next call forgets the reason */
  H5Pclose(how);
  H5Sclose(here);
  H5Sclose(space);
  return st;
}

/* Write a slice in pieces that end at chunk boundaries.  All ranks take part in as many rounds as the longest
 * slice needs. */
static kith_agreed dataset_put_pieces(kith_h5 *f, const char *name, hid_t set, const dataset_plan *p,
                                      int64_t first, int64_t n, const char *data) {
  kith_agreed st = {KITH_OK};
  int64_t piece = (int64_t)p->chunk[0] * DATASET_CHUNKS_PER_PIECE, from = first, end = first + n;
  int64_t rounds = n > 0 ? (end - 1) / piece - first / piece + 1 : 0;
  rounds = kith_comm_max(f->comm, rounds);
  for (int64_t i = 0; i < rounds; i++) {
    int64_t to = (from / piece + 1) * piece;
    if (to > end) to = end;
    KITH_TRY(dataset_put(f, name, set, p, from, to - from, data + (size_t)(from - first) * p->row));
    from = to;
  }
done:
  return st;
}

/* Upper bound of the size on disk: checksums and the chunk index are far below 1 %. */
static int64_t dataset_bytes(const dataset_plan *p) {
  double bytes = (double)p->dims[0] * (double)p->row;
  return (int64_t)(bytes * 1.01) + 4096;
}

static kith_agreed dataset_close(kith_h5 *f, const char *name, hid_t *set) {
  bool closed = false;
  KITH_H5_COLLECTIVE(f, "closing a dataset",
                     closed = *set < 0 || H5Dclose(*set) >= 0); /* writes the last chunks */
  *set = H5I_INVALID_HID;
  return kith__h5_agree_write(f, name, closed);
}

kith_agreed kith__h5_write_unsealed(kith_h5 *f, const char *name, kith_h5_type type, int d, int64_t n_total,
                                    int64_t first, int64_t n, bool pack, const void *data) {
  kith_agreed st = {KITH_OK};
  hid_t set = H5I_INVALID_HID;
  dataset_plan p = dataset_plan_make(type, d, n_total);
  KITH_TRY(kith__h5_reserve(f, dataset_bytes(&p)));
  KITH_TRY(dataset_make(f, name, &p, pack, &set));
  KITH_TRY(dataset_put_pieces(f, name, set, &p, first, n, data));
  KITH_TRY(dataset_close(f, name, &set));
done:
  if (set >= 0) KITH_H5_COLLECTIVE(f, "closing a dataset", H5Dclose(set));
  dataset_kind_close(&p.kind);
  return st;
}

kith_agreed kith_h5_write(kith_h5 *f, const char *name, kith_h5_type type, int d, int64_t n_total,
                          int64_t first, int64_t n, bool pack, const void *data) {
  kith_agreed st = {KITH_OK};
  kith__checksums sums = {.n_block = 0};
  dataset_plan p = dataset_plan_make(type, d, n_total);
  KITH_TRY(kith__h5_write_unsealed(f, name, type, d, n_total, first, n, pack, data));
  KITH_TRY(kith_agree(f->comm, kith__checksums_init(name, p.kind.on_disk, p.n_dim, p.dims,
                                                    (int64_t)p.chunk[0], &sums)));
  kith__checksums_add(&sums, first, n, data);
  kith__h5_fingerprint_add(f, name, type, d, n_total, first, n, p.row, data);
  KITH_TRY(kith__checksums_write(f, &sums));
done:
  kith__checksums_free(&sums);
  dataset_kind_close(&p.kind);
  return st;
}

/* ---- reading ---- */

bool kith_h5_has_dataset(kith_h5 *f, const char *name) {
  bool there = f->comm->rank == 0 && kith__h5_has(f->file, name);
  kith_comm_bcast(f->comm, sizeof there, &there);
  return there;
}

void kith__h5_dataset_close(kith__h5_dataset *found) {
  if (found->type >= 0) H5Tclose(found->type);
  if (found->set >= 0) H5Dclose(found->set);
}

kith_status kith__h5_dataset_open(const kith_h5 *f, const char *name, kith__h5_dataset *found) {
  kith_status st = KITH_OK;
  hid_t space = H5I_INVALID_HID;
  *found = (kith__h5_dataset){.set = H5I_INVALID_HID, .type = H5I_INVALID_HID, .dims = {0, 1}};
  name = kith__h5_dataset_name(f->file, name);
  kith__h5_link there = kith__h5_resolve(f->file, name);
  KITH_CHECK(there != KITH__LINK_NONE, KITH_EDATA, "%s: has no dataset \"%s\"", f->path, name);
  KITH_CHECK(there != KITH__LINK_ELSEWHERE, KITH_EDATA,
             "%s: \"%s\" is a soft or external link, which Kith does not follow", f->path, name);
  found->set = kith__h5_fault() ? H5I_INVALID_HID : H5Dopen2(f->file, name, H5P_DEFAULT);
  KITH_CHECK(found->set >= 0, kith__h5_error_status(), "%s: \"%s\" is not a dataset or is damaged: %s",
             f->path, name, kith__h5_error_text());
  space = H5Dget_space(found->set);
  found->n_dim = H5Sget_simple_extent_ndims(space);
  KITH_CHECK(found->n_dim == 1 || found->n_dim == 2, KITH_EDATA,
             "%s: \"%s\" has %d dimensions, 1 or 2 were expected", f->path, name, found->n_dim);
  H5Sget_simple_extent_dims(space, found->dims, NULL);
  found->type = H5Dget_type(found->set);
  found->class = H5Tget_class(found->type);
  found->size = H5Tget_size(found->type);
  KITH_TRY(kith__h5_validate_dataset(f, name, found->set, found->type, found->n_dim, found->dims));
done:
  if (space >= 0) H5Sclose(space);
  return st;
}

kith_status kith__h5_extent(const kith_h5 *f, const char *name, int64_t *n, int *d) {
  kith_status st = KITH_OK;
  kith__h5_dataset found;
  KITH_TRY(kith__h5_dataset_open(f, name, &found));
  bool text = found.class == H5T_STRING && found.n_dim == 1;
  KITH_CHECK(found.dims[1] <= INT32_MAX && found.size <= INT32_MAX, KITH_EDATA,
             "%s: \"%s\" has rows of impossible width", f->path, name);
  *n = (int64_t)found.dims[0];
  *d = text ? (int)found.size : found.n_dim == 2 ? (int)found.dims[1] : 0;
done:
  kith__h5_dataset_close(&found);
  return st;
}

kith_agreed kith_h5_extent(kith_h5 *f, const char *name, int64_t *n, int *d) {
  return kith_agree(f->comm, kith__h5_extent(f, name, n, d));
}

/* Numbers may be wider in memory than on disk, never narrower: nothing is truncated silently. */
static kith_status dataset_check(const kith_h5 *f, const char *name, const kith__h5_dataset *found,
                                 const dataset_kind *kind, int d, int64_t first, int64_t n) {
  kith_status st = KITH_OK;
  bool alike = found->class == kind->class &&
               (kind->class != H5T_INTEGER || H5Tget_sign(found->type) == H5Tget_sign(kind->in_memory));
  KITH_CHECK(alike, KITH_EDATA, "%s: \"%s\" does not hold %s", f->path, name, kind->name);
  bool fits = kind->class == H5T_STRING ? found->size == kind->size : found->size <= kind->size;
  KITH_CHECK(fits, KITH_EDATA, "%s: \"%s\" has values of %zu bytes, %zu were expected", f->path, name,
             found->size, kind->size);
  int n_dim = kind->class != H5T_STRING && d > 0 ? 2 : 1;
  KITH_CHECK(found->n_dim == n_dim, KITH_EDATA, "%s: \"%s\" has %d dimensions, %d were expected", f->path,
             name, found->n_dim, n_dim);
  KITH_CHECK(n_dim == 1 || found->dims[1] == (hsize_t)d, KITH_EDATA,
             "%s: \"%s\" has rows of width %lld, %d was expected", f->path, name, (long long)found->dims[1],
             d);
  KITH_CHECK(first >= 0 && n >= 0 && (hsize_t)n <= found->dims[0] &&
                 (hsize_t)first <= found->dims[0] - (hsize_t)n,
             KITH_EDATA, "%s: \"%s\" has %lld rows, rows %lld … %lld are wanted", f->path, name,
             (long long)found->dims[0], (long long)first, (long long)((uint64_t)first + (uint64_t)n - 1));
done:
  return st;
}

static kith_status dataset_get(const kith_h5 *f, const char *name, const kith__h5_dataset *found,
                               const dataset_kind *kind, int64_t first, int64_t n, void *data) {
  kith_status st = KITH_OK;
  if (n == 0) return st;
  hsize_t at[2] = {(hsize_t)first, 0}, count[2] = {(hsize_t)n, found->dims[1]};
  hid_t space = H5Dget_space(found->set), here = H5Screate_simple(found->n_dim, count, NULL);
  H5Sselect_hyperslab(space, H5S_SELECT_SET, at, NULL, count, NULL);
  KITH_CHECK(!kith__h5_fault() && H5Dread(found->set, kind->in_memory, here, space, H5P_DEFAULT, data) >= 0,
             kith__h5_error_status(), "%s: \"%s\" is damaged: %s", f->path, name, kith__h5_error_text());
done:
  H5Sclose(here);
  H5Sclose(space);
  return st;
}

kith_status kith__h5_read(const kith_h5 *f, const char *name, kith_h5_type type, int d, int64_t first,
                          int64_t n, void *data) {
  kith_status st = KITH_OK;
  dataset_kind kind = dataset_kind_of(type, d);
  kith__h5_dataset found;
  name = kith__h5_dataset_name(f->file, name);
  KITH_TRY(kith__h5_dataset_open(f, name, &found));
  KITH_TRY(dataset_check(f, name, &found, &kind, d, first, n));
  if (kith__checksums_exist(f, name)) {
    KITH_CHECK(found.size == kind.size, KITH_EDATA, "%s: \"%s\" has values of %zu bytes, %zu were expected",
               f->path, name, found.size, kind.size);
    KITH_TRY(kith__checksums_verify_rows(f, name, &found, first, n, data));
  } else KITH_TRY(dataset_get(f, name, &found, &kind, first, n, data));
done:
  kith__h5_dataset_close(&found);
  dataset_kind_close(&kind);
  return st;
}

kith_agreed kith_h5_read(kith_h5 *f, const char *name, kith_h5_type type, int d, int64_t first, int64_t n,
                         void *data) {
  return kith_agree(f->comm, kith__h5_read(f, name, type, d, first, n, data));
}
