/*
 * The seal of a file: the attribute `seal` of the root holds a hash of each attribute and each dataset,
 * ascending.  An object that was changed, added, renamed or exchanged has a hash that is not in the seal; a
 * missing object leaves a hash without an object.
 *
 * The hash of an attribute covers its name, type and value; that of a dataset its name, type, extent and
 * checksums, which cover the data.  So the seal covers every byte.
 */
#include <stdlib.h>
#include <string.h>

#include "h5/file.h"

enum { SEAL_ATTRIBUTE = 1, SEAL_DATASET = 2, SEAL_MAX = 4096, SEAL_GROW = 32 };

/* ---- numbers ---- */

static uint64_t seal_name(uint64_t kind, const char *name) {
  int64_t n = (int64_t)strlen(name);
  return kith__hash_combine(kith__hash_combine(kind, (uint64_t)n), kith__hash_bytes(0, n, name));
}

/* Type codes: signed integers 0, unsigned 1, floats 2, texts 3. */
static uint64_t seal_type(hid_t type) {
  uint64_t class = H5Tget_class(type) == H5T_FLOAT    ? 2
                   : H5Tget_class(type) == H5T_STRING ? 3
                   : H5Tget_sign(type) == H5T_SGN_2   ? 0
                                                      : 1;
  return 4 * (uint64_t)H5Tget_size(type) + class;
}

uint64_t kith__seal_prefix(const char *name, hid_t type, int n_dim, const hsize_t *dims, int64_t per_block) {
  uint64_t head = kith__hash_combine(seal_name(SEAL_DATASET, name), seal_type(type));
  for (int i = 0; i < n_dim; i++) head = kith__hash_combine(head, dims[i]);
  return kith__hash_combine(head, (uint64_t)per_block);
}

uint64_t kith__seal_block_prefix(uint64_t head, int64_t b) {
  return kith__hash_combine(head, (uint64_t)b + 1);
}

static uint64_t seal_dataset(uint64_t head, int64_t n_block, const uint64_t *sum) {
  return kith__hash_combine(head, kith__hash_bytes(0, n_block * (int64_t)sizeof *sum, sum));
}

static uint64_t seal_attribute(const char *name, hid_t type, const void *value) {
  uint64_t head = kith__hash_combine(seal_name(SEAL_ATTRIBUTE, name), seal_type(type));
  return kith__hash_combine(head, kith__hash_bytes(0, (int64_t)H5Tget_size(type), value));
}

/* ---- writing ---- */

static kith_status seal_add(kith__seal *s, uint64_t number) {
  kith_status st = KITH_OK;
  uint64_t *more = NULL;
  if (s->n == s->capacity) {
    KITH_CHECK(s->n < SEAL_MAX, KITH_EIO, "more than %d attributes and datasets in one file", SEAL_MAX);
    KITH_TRY(KITH_NEW(more, 2 * s->capacity + SEAL_GROW));
    if (s->n > 0) memcpy(more, s->number, (size_t)s->n * sizeof *more);
    KITH_FREE(s->number);
    s->number = more;
    s->capacity = 2 * s->capacity + SEAL_GROW;
  }
  s->number[s->n++] = number;
done:
  return st;
}

kith_status kith__seal_add_attribute(kith_h5 *f, const char *name, hid_t type, const void *value) {
  return seal_add(&f->seal, seal_attribute(name, type, value));
}

kith_status kith__seal_add_dataset(kith_h5 *f, uint64_t head, int64_t n_block, const uint64_t *sum) {
  return seal_add(&f->seal, seal_dataset(head, n_block, sum));
}

static int seal_compare(const void *a, const void *b) {
  uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
  return (x > y) - (x < y);
}

kith_agreed kith__seal_write(kith_h5 *f) {
  kith__seal *s = &f->seal;
  hsize_t n = (hsize_t)s->n;
  if (!kith__h5_is_writer(f)) return kith__h5_agree_write(f, KITH__SEAL, true);
  if (!f->single) kith_comm_bcast(f->comm, s->n * (int64_t)sizeof *s->number, s->number);
  qsort(s->number, (size_t)s->n, sizeof *s->number, seal_compare);
  hid_t space = H5Screate_simple(1, &n, NULL), attr = H5I_INVALID_HID;
  bool good = false;
  KITH_H5_COLLECTIVE(f, "making an attribute",
                     attr = H5Acreate2(f->file, KITH__SEAL, H5T_STD_U64LE, space, H5P_DEFAULT, H5P_DEFAULT));
  if (attr >= 0)
    KITH_H5_COLLECTIVE(f, "writing an attribute", good = H5Awrite(attr, H5T_NATIVE_UINT64, s->number) >= 0);
  kith_agreed st = kith__h5_agree_write(f, KITH__SEAL, good);
  if (attr >= 0) H5Aclose(attr);
  H5Sclose(space);
  return st;
}

/* ---- reading ---- */

/* A comparison of a file with its seal. */
typedef struct seal_walk {
  const kith_h5 *f;
  kith__seal seal;
  int64_t found; /* attributes and datasets whose hash is in the seal */
  kith_status st;
} seal_walk;

static kith_status seal_read(const kith_h5 *f, kith__seal *s) {
  kith_status st = KITH_OK;
  hid_t attr = H5I_INVALID_HID, space = H5I_INVALID_HID, type = H5I_INVALID_HID;
  KITH_CHECK(H5Aexists(f->file, KITH__SEAL) != 0, KITH_EDATA,
             "%s: has lost its attribute \"" KITH__SEAL "\", which says what is in it", f->path);
  attr = kith__h5_fault() ? H5I_INVALID_HID : H5Aopen(f->file, KITH__SEAL, H5P_DEFAULT);
  KITH_CHECK(attr >= 0, kith__h5_error_status(), "%s: attribute \"" KITH__SEAL "\" is damaged: %s", f->path,
             kith__h5_error_text());
  space = H5Aget_space(attr);
  type = H5Aget_type(attr);
  hssize_t n = H5Sget_simple_extent_npoints(space);
  KITH_CHECK(n > 0 && n <= SEAL_MAX && H5Tequal(type, H5T_STD_U64LE) > 0, KITH_EDATA,
             "%s: attribute \"" KITH__SEAL "\" is none of Kith's", f->path);
  KITH_TRY(KITH_NEW(s->number, n));
  s->n = n;
  KITH_CHECK(!kith__h5_fault() && H5Aread(attr, H5T_NATIVE_UINT64, s->number) >= 0, kith__h5_error_status(),
             "%s: attribute \"" KITH__SEAL "\" is damaged: %s", f->path, kith__h5_error_text());
  qsort(s->number, (size_t)n, sizeof *s->number, seal_compare);
done:
  if (type >= 0) H5Tclose(type);
  if (space >= 0) H5Sclose(space);
  if (attr >= 0) H5Aclose(attr);
  return st;
}

/* Hash of an attribute, which is a number or a fixed-length text. */
static kith_status seal_of_attribute(const kith_h5 *f, const char *name, uint64_t *number) {
  kith_status st = KITH_OK;
  char *value = NULL;
  hid_t attr = kith__h5_fault() ? H5I_INVALID_HID : H5Aopen(f->file, name, H5P_DEFAULT),
        type = H5I_INVALID_HID;
  KITH_CHECK(attr >= 0, kith__h5_error_status(), "%s: attribute \"%s\" is damaged: %s", f->path, name,
             kith__h5_error_text());
  type = H5Aget_type(attr);
  KITH_TRY(KITH_NEW(value, (int64_t)H5Tget_size(type)));
  KITH_CHECK(!kith__h5_fault() && H5Aread(attr, type, value) >= 0, kith__h5_error_status(),
             "%s: attribute \"%s\" is damaged: %s", f->path, name, kith__h5_error_text());
  *number = seal_attribute(name, type, value);
done:
  KITH_FREE(value);
  if (type >= 0) H5Tclose(type);
  if (attr >= 0) H5Aclose(attr);
  return st;
}

static kith_status seal_of_dataset(const kith_h5 *f, const char *name, uint64_t *number) {
  kith_status st = KITH_OK;
  kith__checksums s = {0};
  KITH_TRY(kith__checksums_read(f, name, &s));
  *number = seal_dataset(s.head, s.n_block, s.sum);
done:
  kith__checksums_free(&s);
  return st;
}

static kith_status seal_compare_one(seal_walk *w, const kith_h5_entry *e) {
  kith_status st = KITH_OK;
  uint64_t number = 0;
  const char *what = e->attribute ? "attribute" : "dataset";
  KITH_TRY(e->attribute ? seal_of_attribute(w->f, e->name, &number)
                        : seal_of_dataset(w->f, e->name, &number));
  bool known = bsearch(&number, w->seal.number, (size_t)w->seal.n, sizeof number, seal_compare) != NULL;
  KITH_CHECK(known, KITH_EDATA,
             "%s: %s \"%s\" or its checksums were changed or added after the file was written", w->f->path,
             what, e->name);
  w->found++;
done:
  return st;
}

static void seal_on_entry(void *walk, const kith_h5_entry *e) {
  seal_walk *w = walk;
  if (kith_is_bad(w->st) || strncmp(e->name, KITH__CHECKSUM_GROUP, sizeof KITH__CHECKSUM_GROUP - 1) == 0)
    return;
  w->st = seal_compare_one(w, e);
}

kith_status kith_h5_check_seal(kith_h5 *f) {
  kith_status st = KITH_OK;
  seal_walk w = {.f = f};
  if (!f->sealed) return st;
  KITH_TRY(seal_read(f, &w.seal));
  KITH_TRY(kith_h5_visit(f, seal_on_entry, &w));
  KITH_TRY(w.st);
  KITH_CHECK(w.found == w.seal.n, KITH_EDATA,
             "%s: has lost %lld of the %lld attributes and datasets that it was written with", f->path,
             (long long)(w.seal.n - w.found), (long long)w.seal.n);
done:
  KITH_FREE(w.seal.number);
  return st;
}
