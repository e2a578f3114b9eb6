/*
 * parts.h5 written by all ranks: the same datasets as write.c has, of a graph of users and items alone.
 *
 * Rows of the file are dealt to ranks by their entries.  Three kinds of rank meet: the owner of a node knows
 * its number, the reader of a user's row of graph.h5 has its interactions, and the writer of a number has its
 * row of parts.h5.
 */
#include <stdio.h>
#include <string.h>

#include "h5/validate.h"
#include "table.h"

typedef struct write_state {
  const kith_comm *comm;
  const partition_share *s;
  const kith_links *l;
  const partition_numbers *numbers;
  kith_h5 *graph, *out;
  int64_t *first;       /* [size + 1] rows of each writer */
  int64_t n_row;        /* of this one */
  partition_share seen; /* nodes of the reader's rows: only ghost, to and seer are used */
  int64_t *number;      /* [n_own + seen.n_ghost] */
  int64_t *time;        /* of the reader's interactions */
  float *weight;
  bool timed, weighted;
  partition_route route; /* of the exchange that goes on */
} write_state;

/* ---- writing ---- */

/* This rank's slice of a dataset, of which the ranks before have `before` rows and all `total`. */
static void write_where(const kith_comm *comm, int64_t n, int64_t *before, int64_t *total) {
  *before = 0;
  KITH_MPI(MPI_Exscan(&n, before, 1, MPI_INT64_T, MPI_SUM, comm->mpi));
  if (comm->rank == 0) *before = 0;
  *total = n;
  kith_comm_sum_int(comm, 1, total);
}

/* Whole numbers of 64 bits in memory. */
static kith_agreed write_slice(const write_state *w, const char *name, int64_t n, const int64_t *data) {
  kith_h5_slice slice = {.n = n, .context = data};
  int64_t total;
  write_where(w->comm, n, &slice.first, &total);
  return kith_h5_write_slices(w->out, name, KITH_H5_INT64, 0, total, &slice);
}

/* One field of a table's entries: `bytes` each, `wide`: 4 bytes that become 8. */
typedef struct write_field {
  const partition_table *t;
  size_t at, bytes;
  bool wide;
} write_field;

static void fill_field(const void *context, int64_t from, int64_t n, void *to) {
  const write_field *x = context;
  const char *entry = x->t->entry + (size_t)from * x->t->width + x->at;
  for (int64_t k = 0; k < n; k++, entry += x->t->width)
    if (x->wide) {
      uint32_t value;
      memcpy(&value, entry, sizeof value);
      ((int64_t *)to)[k] = value;
    } else memcpy((char *)to + (size_t)k * x->bytes, entry, x->bytes);
}

static kith_agreed write_column(const write_state *w, const char *name, kith_h5_type type, write_field x) {
  kith_h5_slice slice = {.n = x.t->start[x.t->n_row], .fill = fill_field, .context = &x};
  int64_t total;
  write_where(w->comm, slice.n, &slice.first, &total);
  return kith_h5_write_slices(w->out, name, type, 0, total, &slice);
}

/* The offsets of rows, which become those in the file; the last rank has that behind the last row, too. */
static kith_agreed write_start(const write_state *w, const char *name, int64_t *start) {
  int64_t before, total;
  bool last = w->comm->rank == w->comm->size - 1;
  write_where(w->comm, start[w->n_row], &before, &total);
  for (int64_t i = 0; i <= w->n_row; i++) start[i] += before;
  kith_agreed st = write_slice(w, name, w->n_row + last, start);
  for (int64_t i = 0; i <= w->n_row; i++) start[i] -= before;
  return st;
}

/* ---- what is sent ---- */

static void write_send(write_state *w, int64_t number, partition_record e) {
  int rank = kith_owner(w->comm->size, w->first, number);
  e.row = (int32_t)(number - w->first[rank]);
  kith__partition_route_put(&w->route, rank, &e);
}

/* Exchange what `send` puts, and sort it; start [n_row + 1] must stay. */
static kith_agreed write_exchange(write_state *w, const int64_t *start, partition_fields keep,
                                  void (*send)(write_state *w, const kith_links_rows *rows),
                                  const kith_links_rows *rows, partition_table *t) {
  kith_agreed st = {KITH_OK};
  KITH_TRY(kith_agree(w->comm, kith__partition_table_make(w->n_row, start, keep, t)));
  KITH_TRY(kith_agree(w->comm, kith__partition_route_make(w->comm, sizeof(partition_record),
                                                          kith__partition_table_take, t, &w->route)));
  send(w, rows);
  kith__partition_route_end(&w->route);
  kith__partition_table_sort(t);
done:
  kith__partition_route_free(&w->route);
  return st;
}

/* Exchange what is known of nodes, each a row of one entry, and of it make the rows of their entries: a new
 * start [n_row + 1]. */
static kith_agreed write_nodes_exchange(write_state *w,
                                        void (*send)(write_state *w, const kith_links_rows *rows),
                                        const kith_links_rows *rows, partition_table *t, int64_t **one,
                                        int64_t **start) {
  kith_agreed st = {KITH_OK};
  partition_fields keep = {.neighbor = true, .time = true};
  KITH_TRY(kith_agree(w->comm, KITH_NEW(*one, w->n_row + 1)));
  KITH_TRY(kith_agree(w->comm, KITH_NEW(*start, w->n_row + 1)));
  for (int64_t i = 0; i <= w->n_row; i++) (*one)[i] = i;
  KITH_TRY(write_exchange(w, *one, keep, send, rows, t));
  for (int64_t i = 0; i < w->n_row; i++) {
    uint32_t n;
    memcpy(&n, t->entry + (size_t)i * t->width + t->neighbor, sizeof n);
    (*start)[i + 1] = (*start)[i] + n;
  }
done:
  return st;
}

static int64_t write_number(const write_state *w, int64_t place) { return w->number[w->seen.to[place]]; }

/* Of the reader's rows: users first, then the items of their interactions. */
static void send_interactions(write_state *w, const kith_links_rows *rows) {
  const kith_ragged *x = &rows->edges;
  for (int64_t u = 0; u < x->n_row; u++)
    for (kith_eid e = x->start[u]; e < x->start[u + 1]; e++) {
      int64_t user = write_number(w, u), item = write_number(w, x->n_row + e);
      partition_record entry = {.neighbor = (uint32_t)item, .original = x->value[e]};
      if (w->timed) entry.time = w->time[e];
      if (w->weighted) entry.weight = w->weight[e];
      write_send(w, user, entry);
      entry.neighbor = (uint32_t)user;
      entry.original = (int32_t)(rows->first + u);
      write_send(w, item, entry);
    }
}

static void send_held_out(write_state *w, const kith_links_rows *rows) {
  const kith_ragged *x = &rows->edges;
  for (int64_t u = 0; u < x->n_row; u++)
    for (kith_eid e = x->start[u]; e < x->start[u + 1]; e++)
      write_send(w, write_number(w, u), (partition_record){.original = x->value[e]});
}

/* Users from their readers, who know their first edges. */
static void send_users(write_state *w, const kith_links_rows *rows) {
  const kith_ragged *x = &rows->edges;
  for (int64_t u = 0; u < x->n_row; u++)
    write_send(w, write_number(w, u),
               (partition_record){.time = rows->at + x->start[u],
                                  .neighbor = (uint32_t)(x->start[u + 1] - x->start[u]),
                                  .original = (int32_t)(rows->first + u)});
}

/* Items from their owners. */
static void send_nodes(write_state *w, const kith_links_rows *rows) {
  int64_t first = w->s->first[w->comm->rank], n_user = w->l->n[KITH_USER];
  send_users(w, rows);
  for (int32_t i = 0; i < w->s->n_own; i++)
    if (first + i >= n_user)
      write_send(w, w->numbers->number[i],
                 (partition_record){.time = -1,
                                    .neighbor = (uint32_t)(w->s->start[i + 1] - w->s->start[i]),
                                    .original = (int32_t)(first + i - n_user)});
}

/* ---- the groups ---- */

/* Nodes; *start [n_row + 1] is new: the rows of their training interactions. */
static kith_agreed write_nodes(write_state *w, int64_t **start) {
  kith_agreed st = {KITH_OK};
  partition_table t = {0};
  int64_t *one = NULL;
  KITH_TRY(write_nodes_exchange(w, send_nodes, &w->l->list[0], &t, &one, start));
  KITH_TRY(write_column(w, "node/original", KITH_H5_INT64, (write_field){.t = &t, .wide = true}));
  KITH_TRY(write_column(w, "node/edge", KITH_H5_INT64,
                        (write_field){.t = &t, .at = t.time, .bytes = sizeof(int64_t)}));
done:
  kith__partition_table_free(&t);
  KITH_FREE(one);
  return st;
}

static kith_agreed write_train(write_state *w, int64_t *start) {
  kith_agreed st = {KITH_OK};
  partition_table t = {0};
  partition_fields keep = {.neighbor = true, .time = w->timed, .weight = w->weighted};
  KITH_TRY(write_exchange(w, start, keep, send_interactions, &w->l->list[0], &t));
  KITH_TRY(write_start(w, "train/start", start));
  KITH_TRY(write_column(w, "train/neighbor", KITH_H5_INT64,
                        (write_field){.t = &t, .at = t.neighbor, .wide = true}));
  KITH_TRY(
      write_column(w, "train/original", KITH_H5_INT32, (write_field){.t = &t, .bytes = sizeof(int32_t)}));
  if (w->weighted)
    KITH_TRY(write_column(w, "train/weight", KITH_H5_FLOAT,
                          (write_field){.t = &t, .at = t.weight, .bytes = sizeof(float)}));
  if (w->timed)
    KITH_TRY(write_column(w, "train/time", KITH_H5_INT64,
                          (write_field){.t = &t, .at = t.time, .bytes = sizeof(int64_t)}));
done:
  kith__partition_table_free(&t);
  return st;
}

static kith_agreed write_held_out(write_state *w, const char *split) {
  kith_agreed st = {KITH_OK};
  kith_links_rows rows = {.first = 0};
  partition_table t = {0};
  int64_t *one = NULL, *start = NULL;
  char name[KITH_NAME];
  KITH_TRY(kith_links_read_held_out(w->comm, w->graph, w->l, split, &rows));
  KITH_TRY(write_nodes_exchange(w, send_users, &rows, &t, &one, &start));
  kith__partition_table_free(&t);
  KITH_TRY(write_exchange(w, start, (partition_fields){.neighbor = false}, send_held_out, &rows, &t));
  snprintf(name, sizeof name, "%s/start", split);
  KITH_TRY(write_start(w, name, start));
  snprintf(name, sizeof name, "%s/item", split);
  KITH_TRY(write_column(w, name, KITH_H5_INT32, (write_field){.t = &t, .bytes = sizeof(int32_t)}));
done:
  kith_ragged_free(&rows.edges);
  kith__partition_table_free(&t);
  KITH_FREE(one);
  KITH_FREE(start);
  return st;
}

/* The numbers of a type's nodes, which owners have by original number. */
static kith_agreed write_numbers(const write_state *w, const char *name, int64_t begin, int64_t end) {
  int64_t first = w->s->first[w->comm->rank], last = w->s->first[w->comm->rank + 1];
  if (first < begin) first = begin;
  if (last > end) last = end;
  if (last < first) last = first;
  int64_t at = last > first ? first - w->s->first[w->comm->rank] : 0;
  return write_slice(w, name, last - first, w->numbers->number + at);
}

static kith_agreed write_all(write_state *w, const kith_partition_options *o) {
  kith_agreed st = {KITH_OK};
  const int64_t *n = w->l->n;
  int64_t *start = NULL;
  bool alone = w->comm->rank == 0; /* small ones are whole on every rank */
  KITH_TRY(write_slice(w, "part/first", alone ? (int64_t)o->parts + 1 : 0, w->numbers->first));
  KITH_TRY(write_slice(w, "part/user_count", alone ? o->parts : 0, w->numbers->user_count));
  KITH_TRY(write_nodes(w, &start));
  KITH_TRY(write_train(w, start));
  KITH_FREE(start);
  KITH_TRY(write_numbers(w, "user/number", 0, n[KITH_USER]));
  KITH_TRY(write_numbers(w, "item/number", n[KITH_USER], n[KITH_USER] + n[KITH_ITEM]));
  KITH_TRY(write_held_out(w, "valid"));
  KITH_TRY(write_held_out(w, "test"));
done:
  KITH_FREE(start);
  return st;
}

/* ---- what is known before ---- */

static kith_status write_list(const kith_links_rows *rows, int64_t n_user, int64_t **node, int64_t *n) {
  kith_status st = KITH_OK;
  const kith_ragged *x = &rows->edges;
  *n = x->n_row + x->start[x->n_row];
  KITH_TRY(KITH_NEW(*node, *n));
  for (int64_t u = 0; u < x->n_row; u++) (*node)[u] = rows->first + u;
  for (kith_eid e = 0; e < x->start[x->n_row]; e++) (*node)[x->n_row + e] = n_user + x->value[e];
done:
  return st;
}

/* The numbers of the nodes of the reader's rows. */
static kith_agreed write_look_up(write_state *w) {
  kith_agreed st = {KITH_OK};
  int64_t *node = NULL, n = 0;
  w->seen = (partition_share){.comm = w->comm, .n = w->s->n, .first = w->s->first, .n_own = w->s->n_own};
  KITH_TRY(kith_agree(w->comm, write_list(&w->l->list[0], w->l->n[KITH_USER], &node, &n)));
  KITH_TRY(kith__partition_share_see(&w->seen, n, node));
  KITH_FREE(node);
  KITH_TRY(kith__partition_share_meet(&w->seen));
  KITH_TRY(kith_agree(w->comm, KITH_NEW(w->number, (int64_t)w->seen.n_own + w->seen.n_ghost)));
  memcpy(w->number, w->numbers->number, (size_t)w->seen.n_own * sizeof *w->number);
  KITH_TRY(kith__partition_share_tell(&w->seen, sizeof *w->number, w->number));
done:
  KITH_FREE(node);
  return st;
}

/* Deal the rows to writers. */
static kith_agreed write_deal(write_state *w) {
  kith_agreed st = {KITH_OK};
  int64_t *load = NULL, n = w->s->n, width = kith__partition_bin(n);
  int bins = (int)kith_min(n, PARTITION_BINS);
  KITH_TRY(kith_agree(w->comm, KITH_NEW(load, bins)));
  KITH_TRY(kith_agree(w->comm, KITH_NEW(w->first, w->comm->size + 1)));
  for (int32_t i = 0; i < w->s->n_own; i++)
    load[w->numbers->number[i] / width] += w->s->start[i + 1] - w->s->start[i] + 1;
  kith_comm_sum_int(w->comm, bins, load);
  kith__partition_ranges(w->comm->size, n, load, w->first);
  w->n_row = w->first[w->comm->rank + 1] - w->first[w->comm->rank];
done:
  KITH_FREE(load);
  return st;
}

/* Times and weights of the reader's interactions. */
static kith_agreed write_read_values(write_state *w) {
  kith_agreed st = {KITH_OK};
  const kith_links_rows *rows = &w->l->list[0];
  int64_t n = rows->edges.start[rows->edges.n_row];
  w->timed = kith_h5_has_dataset(w->graph, "train/time");
  w->weighted = kith_h5_has_dataset(w->graph, "train/weight");
  if (w->timed) {
    KITH_TRY(kith_agree(w->comm, KITH_NEW(w->time, n)));
    KITH_TRY(kith_h5_read(w->graph, "train/time", KITH_H5_INT64, 0, rows->at, n, w->time));
  }
  if (w->weighted) {
    KITH_TRY(kith_agree(w->comm, KITH_NEW(w->weight, n)));
    KITH_TRY(kith_h5_read(w->graph, "train/weight", KITH_H5_FLOAT, 0, rows->at, n, w->weight));
    KITH_TRY(
        kith_agree(w->comm, kith__validate_finite(kith_h5_path(w->graph), "train/weight", n, w->weight)));
  }
done:
  return st;
}

static void write_free(write_state *w) {
  kith__partition_route_free(&w->route);
  w->seen.first = NULL; /* borrowed */
  kith__partition_share_free(&w->seen);
  KITH_FREE(w->first);
  KITH_FREE(w->number);
  KITH_FREE(w->time);
  KITH_FREE(w->weight);
}

kith_agreed kith__partition_share_write(const partition_share *s, const char *graph, const kith_links *l,
                                        const kith_partition_options *o, const partition_numbers *numbers,
                                        const char *path) {
  kith_agreed st = {KITH_OK};
  const kith_ragged *rows = &l->list[0].edges;
  write_state w = {.comm = s->comm, .s = s, .l = l, .numbers = numbers};
  kith_dataset d = {.schema = l->schema, .fingerprint = l->fingerprint, .time_is = l->time_is};
  memcpy(d.n, l->n, sizeof d.n);
  d.n_edge = rows->start[rows->n_row];
  kith_comm_sum_int(s->comm, 1, &d.n_edge);
  KITH_TRY(kith_h5_open(s->comm, graph, KITH_GRAPH_FORMAT, KITH_FILE_VERSION, &w.graph));
  KITH_TRY(write_read_values(&w));
  KITH_TRY(write_look_up(&w));
  KITH_TRY(write_deal(&w));
  KITH_TRY(kith_h5_create_single(s->comm, path, KITH_PARTS_FORMAT, KITH_FILE_VERSION,
                                 48 * s->n + (24 + 8 * w.weighted + 16 * w.timed) * d.n_edge + (1 << 16),
                                 &w.out));
  KITH_TRY(kith__partition_write_attributes(w.out, &d, o, -1));
  KITH_TRY(write_all(&w, o));
  KITH_TRY(kith_h5_publish(&w.out));
done:
  kith_h5_close(&w.out);
  kith_h5_close(&w.graph);
  write_free(&w);
  return st;
}
