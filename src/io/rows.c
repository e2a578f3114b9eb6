/*
 * The way between rows by owner and rows in original order: a halo each way, for each node type.
 *
 * On disk, rank r of R handles the block of original numbers n r / R … n (r + 1) / R - 1.  To write, the block's rank
 * wants rows by their global numbers; to read, owners want rows by their original numbers.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kith/io.h"

/* One direction for one type: want[i], ascending, is place[i] of the destination. */
typedef struct rows_way {
  kith_halo *halo;
  int64_t n;
  int64_t *place;
} rows_way;

struct kith_rows {
  const kith_comm *comm;
  const kith_graph *g;
  int64_t *block[KITH_TYPES];     /* [size + 1] original numbers by rank */
  rows_way to_block[KITH_TYPES], to_owner[KITH_TYPES];
};

/* A number and where it is wanted. */
typedef struct rows_want {
  int64_t number, place;
} rows_want;

static int rows_compare(const void *a, const void *b) {
  int64_t x = ((const rows_want *)a)->number, y = ((const rows_want *)b)->number;
  return (x > y) - (x < y);
}

/* Sort what is wanted, remember where each goes. */
static kith_status rows_sort(int64_t n, const int64_t *number, int64_t *want, int64_t *place) {
  kith_status st = KITH_OK;
  rows_want *w = NULL;
  KITH_TRY(KITH_NEW(w, n));
  for (int64_t i = 0; i < n; i++) w[i] = (rows_want){number[i], i};
  qsort(w, (size_t)n, sizeof *w, rows_compare);
  for (int64_t i = 0; i < n; i++) {
    want[i] = w[i].number;
    place[i] = w[i].place;
  }
done:
  KITH_FREE(w);
  return st;
}

static kith_agreed rows_way_make(const kith_comm *comm, const int64_t *first, int64_t n, const int64_t *number, rows_way *way) {
  kith_agreed st = {KITH_OK};
  int64_t *want = NULL;
  way->n = n;
  KITH_TRY(kith_agree(comm, KITH_NEW(want, n)));
  KITH_TRY(kith_agree(comm, KITH_NEW(way->place, n)));
  KITH_TRY(kith_agree(comm, rows_sort(n, number, want, way->place)));
  KITH_TRY(kith_halo_create(comm, first, n, want, &way->halo));
done:
  KITH_FREE(want);
  return st;
}

static kith_agreed rows_make_type(kith_rows *r, kith_h5 *parts, int t) {
  kith_agreed st = {KITH_OK};
  const kith_comm *comm = r->comm;
  int64_t *number = NULL, *original = NULL;
  char name[KITH_NAME];
  snprintf(name, sizeof name, "%s/number", kith_type_text(r->g->task, t));
  KITH_TRY(kith_agree(comm, KITH_NEW(r->block[t], comm->size + 1)));
  for (int i = 0; i <= comm->size; i++) r->block[t][i] = kith_block(r->g->n[t], comm->size, i);
  int64_t first = r->block[t][comm->rank], n = r->block[t][comm->rank + 1] - first;
  KITH_TRY(kith_agree(comm, KITH_NEW(number, n)));
  KITH_TRY(kith_h5_read(parts, name, KITH_H5_INT64, 0, first, n, number));
  KITH_TRY(rows_way_make(comm, r->g->first, n, number, &r->to_block[t]));
  KITH_TRY(kith_agree(comm, KITH_NEW(original, r->g->n_own_of[t])));
  for (kith_lid i = 0; i < r->g->n_own_of[t]; i++) original[i] = r->g->original[r->g->row_of[t][i]];
  KITH_TRY(rows_way_make(comm, r->block[t], r->g->n_own_of[t], original, &r->to_owner[t]));
done:
  KITH_FREE(number);
  KITH_FREE(original);
  return st;
}

kith_agreed kith_rows_create(const kith_comm *comm, const kith_graph *g, const char *parts_path, kith_rows **out) {
  kith_agreed st = {KITH_OK};
  kith_rows *r = NULL;
  kith_h5 *parts = NULL;
  *out = NULL;
  KITH_TRY(kith_agree(comm, KITH_NEW(r, 1)));
  r->comm = comm;
  r->g = g;
  KITH_TRY(kith_h5_open(comm, parts_path, KITH_PARTS_FORMAT, KITH_FILE_VERSION, &parts));
  for (int t = 0; t < kith_type_n(g->task); t++) KITH_TRY(rows_make_type(r, parts, t));
  *out = r;
  r = NULL;
done:
  kith_h5_close(&parts);
  kith_rows_destroy(&r);
  return st;
}

void kith_rows_destroy(kith_rows **rows) {
  kith_rows *r = *rows;
  if (!r) return;
  for (int t = 0; t < KITH_TYPES; t++) {
    KITH_FREE(r->block[t]);
    KITH_FREE(r->to_block[t].place);
    KITH_FREE(r->to_owner[t].place);
    kith_halo_destroy(&r->to_block[t].halo);
    kith_halo_destroy(&r->to_owner[t].halo);
  }
  KITH_FREE(*rows);
}

/* Rows from where they lie to where they are wanted, in the order of `want`. */
static kith_agreed rows_carry(const kith_rows *r, rows_way *way, int d, const float *from, float **arrived) {
  kith_agreed st = {KITH_OK};
  KITH_TRY(kith_agree(r->comm, KITH_NEW(*arrived, way->n * d)));
  KITH_TRY(kith_agree(r->comm, kith_halo_reserve(way->halo, d)));
  kith_halo_begin(way->halo, d, from, *arrived);
  kith_halo_end(way->halo);
done:
  return st;
}

static kith_agreed rows_write_type(kith_rows *r, kith_h5 *f, const char *name, int t, int d, const float *x) {
  kith_agreed st = {KITH_OK};
  rows_way *way = &r->to_block[t];
  float *arrived = NULL, *block = NULL;
  char whole[KITH_NAME];
  snprintf(whole, sizeof whole, "%s/%s", kith_type_text(r->g->task, t), name);
  KITH_TRY(rows_carry(r, way, d, x, &arrived));
  KITH_TRY(kith_agree(r->comm, KITH_NEW(block, way->n * d)));
  for (int64_t i = 0; i < way->n; i++) memcpy(block + way->place[i] * d, arrived + i * d, (size_t)d * sizeof *block);
  KITH_TRY(kith_h5_write(f, whole, KITH_H5_FLOAT, d, r->g->n[t], r->block[t][r->comm->rank], way->n, false, block));
done:
  KITH_FREE(arrived);
  KITH_FREE(block);
  return st;
}

kith_agreed kith_rows_write(kith_rows *rows, kith_h5 *f, const char *name, int d, const float *x) {
  kith_agreed st = {KITH_OK};
  for (int t = 0; t < kith_type_n(rows->g->task); t++) KITH_TRY(rows_write_type(rows, f, name, t, d, x));
done:
  return st;
}

static kith_agreed rows_write_int_type(kith_rows *r, kith_h5 *f, const char *name, int t, const int64_t *x) {
  kith_agreed st = {KITH_OK};
  rows_way *way = &r->to_block[t];
  int64_t *arrived = NULL, *block = NULL;
  char whole[KITH_NAME];
  snprintf(whole, sizeof whole, "%s/%s", kith_type_text(r->g->task, t), name);
  KITH_TRY(kith_agree(r->comm, KITH_NEW(arrived, way->n)));
  KITH_TRY(kith_agree(r->comm, KITH_NEW(block, way->n)));
  KITH_TRY(kith_halo_forward_int(way->halo, x, arrived));
  for (int64_t i = 0; i < way->n; i++) block[way->place[i]] = arrived[i];
  KITH_TRY(kith_h5_write(f, whole, KITH_H5_INT64, 0, r->g->n[t], r->block[t][r->comm->rank], way->n, false, block));
done:
  KITH_FREE(arrived);
  KITH_FREE(block);
  return st;
}

kith_agreed kith_rows_write_int(kith_rows *rows, kith_h5 *f, const char *name, const int64_t *x) {
  kith_agreed st = {KITH_OK};
  for (int t = 0; t < kith_type_n(rows->g->task); t++) KITH_TRY(rows_write_int_type(rows, f, name, t, x));
done:
  return st;
}

static kith_agreed rows_read_type(kith_rows *r, kith_h5 *f, const char *name, int t, int d, float *x) {
  kith_agreed st = {KITH_OK};
  rows_way *way = &r->to_owner[t];
  float *arrived = NULL, *block = NULL;
  char whole[KITH_NAME];
  int64_t first = r->block[t][r->comm->rank], n = r->block[t][r->comm->rank + 1] - first;
  snprintf(whole, sizeof whole, "%s/%s", kith_type_text(r->g->task, t), name);
  KITH_TRY(kith_agree(r->comm, KITH_NEW(block, n * d)));
  KITH_TRY(kith_h5_read(f, whole, KITH_H5_FLOAT, d, first, n, block));
  KITH_TRY(rows_carry(r, way, d, block, &arrived));
  for (int64_t i = 0; i < way->n; i++) memcpy(x + (size_t)r->g->row_of[t][way->place[i]] * (size_t)d, arrived + i * d, (size_t)d * sizeof *x);
done:
  KITH_FREE(arrived);
  KITH_FREE(block);
  return st;
}

kith_agreed kith_rows_read(kith_rows *rows, kith_h5 *f, const char *name, int d, float *x) {
  kith_agreed st = {KITH_OK};
  for (int t = 0; t < kith_type_n(rows->g->task); t++) KITH_TRY(rows_read_type(rows, f, name, t, d, x));
done:
  return st;
}
