/* parts.h5 written by all ranks: the same datasets as write.c has, of a graph of users and items. */
#include <stdio.h>
#include <string.h>

#include "writer.h"

/* A list of users' items that a reader sends, the numbers of its users and items, and what is known of its
 * edges. */
typedef struct dgraph_list {
  const kith_links_rows *rows;
  const partition_seen *seen;
  kith_links_values values;
} dgraph_list;

/* Of the reader's rows: users first, then the items of their interactions. */
static void send_interactions(partition_writer *w, const void *what) {
  const dgraph_list *list = what;
  const kith_ragged *x = &list->rows->edges;
  for (int64_t u = 0; u < x->n_row; u++)
    for (kith_eid e = x->start[u]; e < x->start[u + 1]; e++) {
      int64_t user = kith__partition_seen_number(list->seen, u);
      int64_t item = kith__partition_seen_number(list->seen, x->n_row + e);
      partition_record entry = {.neighbor = item, .original = x->value[e]};
      if (list->values.time) entry.time = list->values.time[e];
      if (list->values.weight) entry.weight = list->values.weight[e];
      kith__partition_send(w, user, &entry);
      entry.neighbor = user;
      entry.original = (int32_t)(list->rows->first + u);
      kith__partition_send(w, item, &entry);
    }
}

static void send_held_out(partition_writer *w, const void *what) {
  const dgraph_list *list = what;
  const kith_ragged *x = &list->rows->edges;
  for (int64_t u = 0; u < x->n_row; u++)
    for (kith_eid e = x->start[u]; e < x->start[u + 1]; e++)
      kith__partition_send(w, kith__partition_seen_number(list->seen, u),
                           &(partition_record){.original = x->value[e]});
}

/* Users from their readers, who know their first edges; other nodes from their owners. */
static void send_nodes(partition_writer *w, const void *what) {
  const dgraph_list *list = what;
  const kith_ragged *x = &list->rows->edges;
  int64_t first = w->s->first[w->comm->rank], n_user = w->l->n[KITH_USER];
  for (int64_t u = 0; u < x->n_row; u++)
    kith__partition_send(w, kith__partition_seen_number(list->seen, u),
                         &(partition_record){.time = list->rows->at + x->start[u],
                                             .original = (int32_t)(list->rows->first + u)});
  for (int32_t i = 0; i < w->s->n_own; i++) {
    int64_t x_of = first + i;
    if (x_of < n_user) continue;
    (void)kith__partition_type(w->l->n, &x_of);
    kith__partition_send(w, w->numbers->number[i],
                         &(partition_record){.time = -1, .original = (int32_t)x_of});
  }
}

/* ---- the groups ---- */

static kith_agreed write_nodes(partition_writer *w, const dgraph_list *list) {
  kith_agreed st = {KITH_OK};
  partition_table t = {0};
  KITH_TRY(kith__partition_gather(w, (partition_fields){.time = true}, send_nodes, list, &t));
  KITH_TRY(kith__partition_write_column(
      w, "node/original", KITH_H5_INT64,
      (partition_column){.first = t.entry, .n = w->n_row, .width = t.width, .wide = true}));
  KITH_TRY(kith__partition_write_field(w, "node/edge", KITH_H5_INT64, &t, t.time, sizeof(int64_t)));
done:
  kith__partition_table_free(&t);
  return st;
}

static kith_agreed write_train(partition_writer *w, const dgraph_list *list) {
  kith_agreed st = {KITH_OK};
  partition_table t = {0};
  bool timed = list->values.time != NULL, weighted = list->values.weight != NULL;
  partition_fields keep = {.neighbor = true, .wide = w->wide, .time = timed, .weight = weighted};
  KITH_TRY(kith__partition_gather(w, keep, send_interactions, list, &t));
  kith__partition_table_sort(&t);
  KITH_TRY(kith__partition_write_start(w, "train/start", t.start));
  KITH_TRY(kith__partition_write_neighbors(w, "train/neighbor", &t));
  KITH_TRY(kith__partition_write_field(w, "train/original", KITH_H5_INT32, &t, 0, sizeof(int32_t)));
  if (weighted)
    KITH_TRY(kith__partition_write_field(w, "train/weight", KITH_H5_FLOAT, &t, t.weight, sizeof(float)));
  if (timed)
    KITH_TRY(kith__partition_write_field(w, "train/time", KITH_H5_INT64, &t, t.time, sizeof(int64_t)));
done:
  kith__partition_table_free(&t);
  return st;
}

static kith_agreed write_held_out(partition_writer *w, const partition_seen *seen, const char *split) {
  kith_agreed st = {KITH_OK};
  kith_links_rows rows = {.first = 0};
  partition_table t = {0};
  char name[KITH_NAME];
  KITH_TRY(kith_links_read_held_out(w->comm, w->graph, w->l, split, &rows));
  dgraph_list list = {.rows = &rows, .seen = seen};
  KITH_TRY(kith__partition_gather(w, (partition_fields){.neighbor = false}, send_held_out, &list, &t));
  kith__partition_table_sort(&t);
  snprintf(name, sizeof name, "%s/start", split);
  KITH_TRY(kith__partition_write_start(w, name, t.start));
  snprintf(name, sizeof name, "%s/item", split);
  KITH_TRY(kith__partition_write_field(w, name, KITH_H5_INT32, &t, 0, sizeof(int32_t)));
done:
  kith_ragged_free(&rows.edges);
  kith__partition_table_free(&t);
  return st;
}

/* The numbers of each type's nodes, which owners have by original number. */
static kith_agreed write_numbers(const partition_writer *w) {
  kith_agreed st = {KITH_OK};
  int64_t first = w->s->first[w->comm->rank], end = w->s->first[w->comm->rank + 1], begin = 0;
  char name[KITH_NAME];
  for (int t = 0; t < w->l->schema.n_type; begin += w->l->n[t++]) {
    int64_t low = first > begin ? first : begin, high = kith_min(end, begin + w->l->n[t]);
    kith_h5_slice slice = {.n = high > low ? high - low : 0, .context = w->numbers->number};
    if (slice.n > 0) slice.context = w->numbers->number + (low - first);
    kith_type_dataset(&w->l->schema, t, "number", name);
    KITH_TRY(kith__partition_write_slice(w, name, KITH_H5_INT64, 0, slice));
  }
done:
  return st;
}

/* Small ones, which are whole on every rank. */
static kith_agreed write_parts(const partition_writer *w, int parts) {
  kith_agreed st = {KITH_OK};
  const partition_numbers *m = w->numbers;
  int64_t n = w->comm->rank == 0 ? parts : 0;
  KITH_TRY(kith__partition_write_slice(w, "part/first", KITH_H5_INT64, 0,
                                       (kith_h5_slice){.n = n > 0 ? n + 1 : 0, .context = m->first}));
  KITH_TRY(kith__partition_write_slice(w, "part/user_count", KITH_H5_INT64, 0,
                                       (kith_h5_slice){.n = n, .context = m->user_count}));
  if (w->l->schema.n_type > KITH_SIDES)
    KITH_TRY(kith__partition_write_slice(w, "part/type_count", KITH_H5_INT64, w->l->schema.n_type,
                                         (kith_h5_slice){.n = n, .context = m->type_count}));
done:
  return st;
}

static kith_agreed write_lists(partition_writer *w, dgraph_list *list) {
  kith_agreed st = {KITH_OK};
  KITH_TRY(write_nodes(w, list));
  KITH_TRY(kith_links_read_values(w->comm, w->graph, w->l, -1, &list->values));
  KITH_TRY(write_train(w, list));
  kith_links_values_free(&list->values);
  KITH_TRY(write_numbers(w));
  KITH_TRY(write_held_out(w, list->seen, "valid"));
  KITH_TRY(write_held_out(w, list->seen, "test"));
done:
  kith_links_values_free(&list->values);
  return st;
}

static kith_agreed write_all(partition_writer *w, const kith_partition_options *o) {
  kith_agreed st = {KITH_OK};
  const kith_links_rows *rows = &w->l->list[0];
  const kith_ragged *x = &rows->edges;
  partition_seen seen = {.number = NULL};
  dgraph_list list = {.rows = rows, .seen = &seen};
  int64_t *node = NULL, n = x->n_row + x->start[x->n_row];
  KITH_TRY(kith_agree(w->comm, KITH_NEW(node, n)));
  for (int64_t u = 0; u < x->n_row; u++) node[u] = rows->first + u;
  for (kith_eid e = 0; e < x->start[x->n_row]; e++) node[x->n_row + e] = w->l->n[KITH_USER] + x->value[e];
  KITH_TRY(kith__partition_look_up(w, n, node, &seen));
  KITH_FREE(node);
  KITH_TRY(write_parts(w, o->parts));
  KITH_TRY(write_lists(w, &list));
  kith__partition_seen_free(&seen);
  KITH_TRY(kith__partition_dgraph_features(w));
  KITH_TRY(kith__partition_dgraph_relations(w));
done:
  KITH_FREE(node);
  kith__partition_seen_free(&seen);
  return st;
}

/* ---- what is known before ---- */

static kith_status write_check_rows(int64_t n) {
  if (n < INT32_MAX) return KITH_OK;
  return kith_fail(KITH_ECONFIG,
                   "one rank would write %lld rows of parts.h5; at most 2^31 - 2: use more ranks",
                   (long long)n);
}

/* Deal the rows to writers. */
static kith_agreed write_deal(partition_writer *w) {
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
  KITH_TRY(kith_agree(w->comm, write_check_rows(w->n_row)));
done:
  KITH_FREE(load);
  return st;
}

/* Bytes of the file, about; entries of relations at both ends. */
static int64_t write_bytes(const partition_writer *w, int64_t n_edge) {
  int64_t related = 0;
  for (int r = 0; r < w->l->schema.n_relation; r++) {
    const kith_ragged *x = &w->l->relation[r].edges;
    related += x->start[x->n_row];
  }
  kith_comm_sum_int(w->comm, 1, &related);
  return 48 * w->s->n + 24 * n_edge + 44 * related + (1 << 16);
}

kith_agreed kith__partition_dgraph_write(const partition_dgraph *s, const char *graph, const kith_links *l,
                                         const kith_partition_options *o, const partition_numbers *numbers,
                                         const char *path) {
  kith_agreed st = {KITH_OK};
  const kith_ragged *rows = &l->list[0].edges;
  partition_writer w = {.comm = s->comm, .s = s, .l = l, .numbers = numbers, .wide = s->n > UINT32_MAX};
  kith_dataset d = {.schema = l->schema, .fingerprint = l->fingerprint, .time_is = l->time_is};
  memcpy(d.n, l->n, sizeof d.n);
  d.n_edge = rows->start[rows->n_row];
  kith_comm_sum_int(s->comm, 1, &d.n_edge);
  KITH_TRY(kith_h5_open(s->comm, graph, KITH_GRAPH_FORMAT, KITH_FILE_VERSION, &w.graph));
  KITH_TRY(write_deal(&w));
  KITH_TRY(kith_h5_create_single(s->comm, path, KITH_PARTS_FORMAT, KITH_FILE_VERSION,
                                 write_bytes(&w, d.n_edge), &w.out));
  KITH_TRY(kith__partition_write_attributes(w.out, &d, o, -1));
  KITH_TRY(write_all(&w, o));
  KITH_TRY(kith_h5_publish(&w.out));
done:
  kith_h5_close(&w.out);
  kith_h5_close(&w.graph);
  KITH_FREE(w.first);
  return st;
}
