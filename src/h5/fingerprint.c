/*
 * The fingerprint of a file: a hash of the name, type, shape and values of every dataset written after
 * kith__h5_fingerprint_begin().
 *
 * It is the sum of a hash per row, which covers the dataset and the row's index.  So it depends neither on
 * the order of the datasets nor on which rank writes which rows.
 */
#include <string.h>

#include "h5/file.h"

/* A bijection that spreads every bit over the word: the finalizer of MurmurHash3 (A. Appleby). */
static uint64_t fingerprint_mix(uint64_t h) {
  h = (h ^ (h >> 33)) * 0xff51afd7ed558ccdu;
  h = (h ^ (h >> 33)) * 0xc4ceb9fe1a85ec53u;
  return h ^ (h >> 33);
}

static inline uint64_t fingerprint_bytes(uint64_t h, size_t size, const unsigned char *bytes) {
  for (size_t i = 0; i < size; i += 8) {
    uint64_t word = 0;
    memcpy(&word, bytes + i, size - i < 8 ? size - i : 8);
    h = fingerprint_mix((h ^ word) + 0x9e3779b97f4a7c15u);
  }
  return h;
}

void kith__h5_fingerprint_begin(kith_h5 *f) { f->has_fingerprint = true; }

/* A hash of what a dataset is, from which those of its rows begin. */
static uint64_t fingerprint_set(const char *name, kith_h5_type type, int d, int64_t n_total) {
  const int64_t shape[3] = {(int64_t)type, d, n_total};
  uint64_t set = fingerprint_bytes(strlen(name), strlen(name), (const unsigned char *)name);
  return fingerprint_bytes(set, sizeof shape, (const unsigned char *)shape);
}

/* Inlined for rows of one number. */
static inline uint64_t fingerprint_rows(uint64_t set, int64_t first, int64_t n, size_t row,
                                        const unsigned char *data) {
  uint64_t sum = 0;
  for (int64_t i = 0; i < n; i++)
    sum += fingerprint_bytes(set + (uint64_t)(first + i) * 0xbf58476d1ce4e5b9u, row, data + (size_t)i * row);
  return sum;
}

void kith__h5_fingerprint_rows(kith_h5 *f, const char *name, kith_h5_type type, int d, int64_t n_total,
                               int64_t first, int64_t n, size_t row, const void *data) {
  if (!f->has_fingerprint) return;
  const uint64_t set = fingerprint_set(name, type, d, n_total);
  f->fingerprint += row == 4   ? fingerprint_rows(set, first, n, 4, data)
                    : row == 8 ? fingerprint_rows(set, first, n, 8, data)
                               : fingerprint_rows(set, first, n, row, data);
}

void kith__h5_fingerprint_dataset(kith_h5 *f, const char *name, kith_h5_type type, int d, int64_t n_total) {
  if (!f->has_fingerprint || f->comm->rank != 0) return;
  f->fingerprint += fingerprint_mix(fingerprint_set(name, type, d, n_total));
}

void kith__h5_fingerprint_add(kith_h5 *f, const char *name, kith_h5_type type, int d, int64_t n_total,
                              int64_t first, int64_t n, size_t row, const void *data) {
  kith__h5_fingerprint_dataset(f, name, type, d, n_total);
  kith__h5_fingerprint_rows(f, name, type, d, n_total, first, n, row, data);
}

void kith__h5_fingerprint_text(kith_h5 *f, const char *name, const char *text) {
  int64_t n = (int64_t)strlen(text);
  if (f->comm->rank == 0) kith__h5_fingerprint_add(f, name, KITH_H5_TEXT, 1, n, 0, n, 1, text);
}

kith_agreed kith__h5_put_fingerprint(kith_h5 *f) {
  int64_t sum;
  memcpy(&sum, &f->fingerprint, sizeof sum);
  kith_comm_sum_int(f->comm, 1, &sum);
  return kith_h5_put_attr_int(f, "fingerprint", sum);
}

kith_agreed kith_h5_check_fingerprint(kith_h5 *f, uint64_t wanted, const char *what) {
  kith_agreed st = {KITH_OK};
  int64_t found = 0;
  KITH_TRY(kith_h5_get_attr_int(f, "fingerprint", &found));
  KITH_TRY(kith_agreed_same(
      (uint64_t)found == wanted ? KITH_OK : kith_fail(KITH_EDATA, "%s: %s", kith_h5_path(f), what)));
done:
  return st;
}
