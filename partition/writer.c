/* What the groups of parts.h5 share where all ranks write them. */
#include "writer.h"

#include <string.h>

/* ---- numbers of nodes that a reader has ---- */

kith_agreed kith__partition_look_up(const partition_writer *w, int64_t n, const int64_t *node,
                                    partition_seen *out) {
  kith_agreed st = {KITH_OK};
  partition_dgraph *at = &out->at;
  *at = (partition_dgraph){.comm = w->comm, .n = w->s->n, .first = w->s->first, .n_own = w->s->n_own};
  KITH_TRY(kith__partition_dgraph_see(at, n, node));
  KITH_TRY(kith__partition_dgraph_meet(at));
  KITH_TRY(kith_agree(w->comm, KITH_NEW(out->number, (int64_t)at->n_own + at->n_ghost)));
  memcpy(out->number, w->numbers->number, (size_t)at->n_own * sizeof *out->number);
  KITH_TRY(kith__partition_dgraph_tell(at, sizeof *out->number, out->number));
done:
  KITH_FREE(at->seer);
  KITH_FREE(at->seer_start);
  KITH_FREE(at->ghost);
  return st;
}

void kith__partition_seen_free(partition_seen *seen) {
  seen->at.first = NULL; /* borrowed */
  kith__partition_dgraph_free(&seen->at);
  KITH_FREE(seen->number);
}

/* ---- records to writers ---- */

void kith__partition_send(partition_writer *w, int64_t number, void *record) {
  int rank = kith_owner(w->comm->size, w->first, number);
  int32_t row = (int32_t)(number - w->first[rank]);
  memcpy(record, &row, sizeof row);
  kith__partition_route_put(&w->route, rank, w->counting ? (void *)&row : record);
}

static void writer_take_rows(void *context, int64_t n, const void *records) {
  int64_t *start = context;
  const int32_t *row = records;
  for (int64_t k = 0; k < n; k++) start[row[k] + 1]++;
}

kith_agreed kith__partition_exchange(partition_writer *w, size_t width, partition_send send, const void *what,
                                     partition_take take, void *context) {
  kith_agreed st = {KITH_OK};
  KITH_TRY(kith_agree(w->comm, kith__partition_route_make(w->comm, width, take, context, &w->route)));
  send(w, what);
  kith__partition_route_end(&w->route);
done:
  kith__partition_route_free(&w->route);
  return st;
}

kith_agreed kith__partition_count(partition_writer *w, partition_send send, const void *what,
                                  int64_t **start) {
  kith_agreed st = {KITH_OK};
  KITH_TRY(kith_agree(w->comm, KITH_NEW(*start, w->n_row + 1)));
  w->counting = true;
  KITH_TRY(kith__partition_exchange(w, sizeof(int32_t), send, what, writer_take_rows, *start));
  for (int64_t i = 0; i < w->n_row; i++) (*start)[i + 1] += (*start)[i];
done:
  w->counting = false;
  return st;
}

kith_agreed kith__partition_gather(partition_writer *w, partition_fields keep, partition_send send,
                                   const void *what, partition_table *t) {
  kith_agreed st = {KITH_OK};
  int64_t *start = NULL;
  KITH_TRY(kith__partition_count(w, send, what, &start));
  KITH_TRY(kith_agree(w->comm, kith__partition_table_make(w->n_row, &start, keep, t)));
  KITH_TRY(kith__partition_exchange(w, sizeof(partition_record), send, what, kith__partition_table_take, t));
done:
  KITH_FREE(start);
  return st;
}

/* ---- datasets ---- */

/* This rank's slice of a dataset, of which the ranks before have `before` rows and all `total`. */
static void writer_where(const kith_comm *comm, int64_t n, int64_t *before, int64_t *total) {
  *before = 0;
  KITH_MPI(MPI_Exscan(&n, before, 1, MPI_INT64_T, MPI_SUM, comm->mpi));
  if (comm->rank == 0) *before = 0;
  *total = n;
  kith_comm_sum_int(comm, 1, total);
}

kith_agreed kith__partition_write_slice(const partition_writer *w, const char *name, kith_h5_type type, int d,
                                        kith_h5_slice slice) {
  int64_t total;
  writer_where(w->comm, slice.n, &slice.first, &total);
  return kith_h5_write_slices(w->out, name, type, d, total, &slice);
}

/* The last rank has the offset behind the last row, too. */
kith_agreed kith__partition_write_start(const partition_writer *w, const char *name, int64_t *start) {
  int64_t before, total;
  bool last = w->comm->rank == w->comm->size - 1;
  writer_where(w->comm, start[w->n_row], &before, &total);
  for (int64_t i = 0; i <= w->n_row; i++) start[i] += before;
  kith_agreed st = kith__partition_write_slice(w, name, KITH_H5_INT64, 0,
                                               (kith_h5_slice){.n = w->n_row + last, .context = start});
  for (int64_t i = 0; i <= w->n_row; i++) start[i] -= before;
  return st;
}

static void fill_column(const void *context, int64_t from, int64_t n, void *to) {
  const partition_column *x = context;
  const char *entry = x->first + (size_t)from * x->width;
  for (int64_t k = 0; k < n; k++, entry += x->width)
    if (x->wide) {
      uint32_t value;
      memcpy(&value, entry, sizeof value);
      ((int64_t *)to)[k] = value;
    } else memcpy((char *)to + (size_t)k * x->bytes, entry, x->bytes);
}

kith_agreed kith__partition_write_column(const partition_writer *w, const char *name, kith_h5_type type,
                                         partition_column x) {
  return kith__partition_write_slice(w, name, type, 0,
                                     (kith_h5_slice){.n = x.n, .fill = fill_column, .context = &x});
}

kith_agreed kith__partition_write_field(const partition_writer *w, const char *name, kith_h5_type type,
                                        const partition_table *t, size_t at, size_t bytes) {
  return kith__partition_write_column(
      w, name, type,
      (partition_column){.first = t->entry + at, .n = t->start[t->n_row], .width = t->width, .bytes = bytes});
}

kith_agreed kith__partition_write_neighbors(const partition_writer *w, const char *name,
                                            const partition_table *t) {
  return kith__partition_write_column(w, name, KITH_H5_INT64,
                                      (partition_column){.first = t->entry + t->neighbor,
                                                         .n = t->start[t->n_row],
                                                         .width = t->width,
                                                         .bytes = sizeof(int64_t),
                                                         .wide = !w->wide});
}
