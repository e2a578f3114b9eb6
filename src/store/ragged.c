/* Ragged arrays in graph.h5: the groups train, valid, test and edge, and those of relations, each with
 * `start` and its values. */
#include <stdio.h>

#include "h5/validate.h"
#include "store/graph.h"

kith_agreed kith__column_write(kith_h5 *f, const char *group, const char *column, kith_h5_type type,
                               int64_t n, const void *data) {
  char name[KITH_NAME];
  snprintf(name, sizeof name, "%s/%s", group, column);
  return kith_h5_write(f, name, type, 0, n, 0, n, false, data);
}

kith_agreed kith__column_read(kith_h5 *f, const char *group, const char *column, kith_h5_type type, int64_t n,
                              void *data) {
  char name[KITH_NAME];
  snprintf(name, sizeof name, "%s/%s", group, column);
  return kith_h5_read(f, name, type, 0, 0, n, data);
}

void kith__edge_csr_free(kith__edge_csr *rows) {
  kith_ragged_free(&rows->ragged);
  KITH_FREE(rows->time);
  KITH_FREE(rows->weight);
  KITH_FREE(rows->overlap);
  KITH_FREE(rows->kind);
}

/* ---- writing ---- */

int64_t kith__edge_csr_bytes(const kith__edge_csr *rows) {
  const kith_ragged *l = &rows->ragged;
  if (!l->start) return 0;
  int64_t each = (int64_t)sizeof *l->value + (rows->time ? 8 : 0) + (rows->weight ? 4 : 0) +
                 (rows->overlap ? 4 : 0) + (rows->kind ? 2 : 0);
  return (l->n_row + 1) * 8 + l->start[l->n_row] * each;
}

kith_agreed kith__edge_csr_write(kith_h5 *f, const char *group, const char *column,
                                 const kith__edge_csr *rows) {
  kith_agreed st = {KITH_OK};
  const kith_ragged *l = &rows->ragged;
  int64_t n = l->start[l->n_row];
  KITH_TRY(kith__column_write(f, group, "start", KITH_H5_INT64, l->n_row + 1, l->start));
  KITH_TRY(kith__column_write(f, group, column, KITH_H5_INT32, n, l->value));
  if (rows->time) KITH_TRY(kith__column_write(f, group, "time", KITH_H5_INT64, n, rows->time));
  if (rows->weight) KITH_TRY(kith__column_write(f, group, "weight", KITH_H5_FLOAT, n, rows->weight));
  if (rows->kind) KITH_TRY(kith__column_write(f, group, "kind", KITH_H5_UINT16, n, rows->kind));
done:
  return st;
}

/* Rows of a rank: where they begin among those of all. */
typedef struct rows_share {
  const kith_eid *start;
  int64_t before; /* entries of the ranks before */
} rows_share;

static void share_starts(const void *context, int64_t from, int64_t n, void *to) {
  const rows_share *s = context;
  kith_eid *start = to;
  for (int64_t i = 0; i < n; i++) start[i] = s->start[from + i] + s->before;
}

static kith_agreed share_write(kith_h5 *f, const char *group, const char *column, kith_h5_type type,
                               int64_t n_total, const kith_h5_slice *slice) {
  char name[KITH_NAME];
  snprintf(name, sizeof name, "%s/%s", group, column);
  return kith_h5_write_slices(f, name, type, 0, n_total, slice);
}

kith_agreed kith__user_rows_write(const kith_comm *comm, kith_h5 *f, const char *group,
                                  const kith__edge_csr *rows) {
  kith_agreed st = {KITH_OK};
  const kith_ragged *l = &rows->ragged;
  const int64_t mine[2] = {l->n_row, l->start[l->n_row]};
  int64_t all[2] = {mine[0], mine[1]}, before[2] = {0, 0};
  kith_comm_sum_int(comm, 2, all);
  KITH_MPI(MPI_Exscan(mine, before, 2, MPI_INT64_T, MPI_SUM, comm->mpi));
  if (comm->rank == 0) before[0] = before[1] = 0;
  const bool ends = comm->rank == comm->size - 1;
  const rows_share share = {l->start, before[1]};
  kith_h5_slice slice = {.first = before[0], .n = mine[0] + ends, .fill = share_starts, .context = &share};
  KITH_TRY(share_write(f, group, "start", KITH_H5_INT64, all[0] + 1, &slice));
  slice = (kith_h5_slice){.first = before[1], .n = mine[1], .context = l->value};
  KITH_TRY(share_write(f, group, "item", KITH_H5_INT32, all[1], &slice));
  slice.context = rows->time;
  if (rows->time) KITH_TRY(share_write(f, group, "time", KITH_H5_INT64, all[1], &slice));
  slice.context = rows->weight;
  if (rows->weight) KITH_TRY(share_write(f, group, "weight", KITH_H5_FLOAT, all[1], &slice));
done:
  return st;
}

/* ---- reading ---- */

kith_status kith__ragged_alloc(int64_t n_row, int64_t n, kith_ragged *out) {
  kith_status st = KITH_OK;
  out->n_row = n_row;
  KITH_TRY(KITH_NEW(out->start, n_row + 1));
  KITH_TRY(KITH_NEW(out->value, n));
done:
  return st;
}

static kith_status starts_check(const char *path, const char *name, int64_t n, int64_t wanted) {
  if (n == wanted) return KITH_OK;
  return kith_fail(KITH_EDATA, "%s: %s has %lld rows, expected %lld", path, name, (long long)n,
                   (long long)wanted);
}

/* Offsets are rebased to zero. */
kith_agreed kith__starts_read(const kith_comm *comm, kith_h5 *f, const char *name, int64_t n_row,
                              int64_t n_value, kith_links_rows *rows) {
  kith_agreed st = {KITH_OK};
  kith_ragged *l = &rows->edges;
  int64_t n_start = 0;
  int d = 0;
  KITH_TRY(kith_h5_extent(f, name, &n_start, &d));
  KITH_TRY(kith_agree(comm, starts_check(kith_h5_path(f), name, n_start, n_row + 1)));
  KITH_TRY(kith_agree(comm, KITH_NEW(l->start, l->n_row + 1)));
  KITH_TRY(kith_h5_read(f, name, KITH_H5_INT64, 0, rows->first, l->n_row + 1, l->start));
  KITH_TRY(kith_agree(comm, kith__validate_offsets(kith_h5_path(f), name, n_start, rows->first, l->n_row + 1,
                                                   l->start, n_value)));
  rows->at = l->start[0];
  for (int64_t i = 0; i <= l->n_row; i++) l->start[i] -= rows->at;
done:
  return st;
}

kith_agreed kith__rows_read(const kith_comm *comm, kith_h5 *f, const char *group, const char *column,
                            int64_t n_row, int64_t n_value, bool parallel, kith_links_rows *rows) {
  kith_agreed st = {KITH_OK};
  kith_ragged *l = &rows->edges;
  char name[KITH_NAME], start[KITH_NAME];
  int64_t n = 0;
  int d = 0;
  snprintf(name, sizeof name, "%.50s/%s", group, column);
  snprintf(start, sizeof start, "%.50s/start", group);
  KITH_TRY(kith_h5_extent(f, name, &n, &d));
  KITH_TRY(kith__starts_read(comm, f, start, n_row, n, rows));
  KITH_TRY(kith_agree(comm, KITH_NEW(l->value, l->start[l->n_row])));
  KITH_TRY(kith_h5_read(f, name, KITH_H5_INT32, 0, rows->at, l->start[l->n_row], l->value));
  KITH_TRY(kith_agree(comm, kith__validate_rows(kith_h5_path(f), name, l->n_row, l->start, l->value, n_value,
                                                parallel)));
done:
  return st;
}

kith_agreed kith__ragged_read(const kith_comm *comm, kith_h5 *f, const char *group, const char *column,
                              int64_t n_row, int64_t n_value, bool parallel, kith_ragged *out) {
  kith_links_rows all = {.edges = {.n_row = n_row}};
  kith_agreed st = kith__rows_read(comm, f, group, column, n_row, n_value, parallel, &all);
  *out = all.edges;
  return st;
}

kith_agreed kith__weights_read(const kith_comm *comm, kith_h5 *f, const char *group, int64_t at, int64_t n,
                               float **weight) {
  kith_agreed st = {KITH_OK};
  char name[KITH_NAME];
  snprintf(name, sizeof name, "%.50s/weight", group);
  if (!kith_h5_has_dataset(f, name)) return st;
  KITH_TRY(kith_agree(comm, KITH_NEW(*weight, n)));
  KITH_TRY(kith_h5_read(f, name, KITH_H5_FLOAT, 0, at, n, *weight));
  KITH_TRY(kith_agree(comm, kith__validate_finite(kith_h5_path(f), name, n, *weight)));
done:
  return st;
}

kith_agreed kith__times_read(const kith_comm *comm, kith_h5 *f, const char *group, int64_t at, int64_t n,
                             int64_t **time) {
  kith_agreed st = {KITH_OK};
  char name[KITH_NAME];
  snprintf(name, sizeof name, "%.50s/time", group);
  if (!kith_h5_has_dataset(f, name)) return st;
  KITH_TRY(kith_agree(comm, KITH_NEW(*time, n)));
  KITH_TRY(kith_h5_read(f, name, KITH_H5_INT64, 0, at, n, *time));
done:
  return st;
}
