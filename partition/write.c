/* parts.h5: the graph in global order, so that any rank reads its share as one slice of every dataset. */
#include <stdio.h>

#include "dgraph.h"

/* The numbering: global numbers go part by part, within a part type by type, each by original number. */
typedef struct numbering {
  int64_t n, of[KITH_MAX_TYPES + 1]; /* nodes; first node of each type */
  int64_t *first;                    /* [parts + 1] first global number of a part */
  int64_t *user_count;               /* [parts] */
  int64_t *type_count;               /* [parts, types] nodes of each type in each part */
  int64_t *number;                   /* [n] global number of node i (users, items, further types) */
  int64_t *node;                     /* [n] the reverse */
} numbering;

static void numbering_free(numbering *m) {
  KITH_FREE(m->first);
  KITH_FREE(m->user_count);
  KITH_FREE(m->type_count);
  KITH_FREE(m->number);
  KITH_FREE(m->node);
}

/* Counting sort by part; nodes come type by type and by original number, which is the order wanted within a
 * part. */
static kith_status numbering_make(const kith_dataset *d, int parts, const int32_t *part, numbering *out) {
  kith_status st = KITH_OK;
  int64_t *next = NULL;
  numbering m = {.n = kith_dataset_n_node(d)};
  kith__partition_first(d->n, m.of);
  KITH_TRY(KITH_NEW(m.first, (int64_t)parts + 1));
  KITH_TRY(KITH_NEW(m.user_count, parts));
  KITH_TRY(KITH_NEW(m.type_count, (int64_t)parts * d->schema.n_type));
  KITH_TRY(KITH_NEW(m.number, m.n));
  KITH_TRY(KITH_NEW(m.node, m.n));
  KITH_TRY(KITH_NEW(next, parts));
  for (int64_t i = 0; i < m.n; i++) m.first[part[i] + 1]++;
  for (int64_t i = 0; i < d->n[KITH_USER]; i++) m.user_count[part[i]]++;
  for (int t = 0; t < d->schema.n_type; t++)
    for (int64_t i = m.of[t]; i < m.of[t + 1]; i++) m.type_count[(int64_t)part[i] * d->schema.n_type + t]++;
  for (int p = 0; p < parts; p++) m.first[p + 1] += m.first[p];
  for (int p = 0; p < parts; p++) next[p] = m.first[p];
  for (int64_t i = 0; i < m.n; i++) {
    m.number[i] = next[part[i]]++;
    m.node[m.number[i]] = i;
  }
  *out = m;
  m = (numbering){0};
done:
  KITH_FREE(next);
  numbering_free(&m);
  return st;
}

static int numbering_type(const numbering *m, int64_t i) {
  int t = 0;
  while (i >= m->of[t + 1]) t++;
  return t;
}

/* Everything of parts.h5 that has a value per row or per entry, in global order. */
typedef struct cut_rows {
  int64_t *original, *edge, *start, *neighbor;
  int32_t *neighbor_original;
  float *weight;  /* of the entries; null without weights */
  int64_t *time;  /* likewise */
  int8_t *is_new; /* likewise, of an update */
  int32_t *label; /* classification, as the next one */
  int8_t *split;
} cut_rows;

static void cut_rows_free(cut_rows *r) {
  KITH_FREE(r->original);
  KITH_FREE(r->edge);
  KITH_FREE(r->start);
  KITH_FREE(r->neighbor);
  KITH_FREE(r->neighbor_original);
  KITH_FREE(r->weight);
  KITH_FREE(r->time);
  KITH_FREE(r->is_new);
  KITH_FREE(r->label);
  KITH_FREE(r->split);
}

static void cut_fill(const kith_dataset *d, const numbering *m, const partition_graph *g, cut_rows *r) {
  int64_t n_user = d->n[KITH_USER], at = 0;
  for (int64_t k = 0; k < m->n; k++) {
    int64_t i = m->node[k];
    bool other = i >= n_user, alike = other || d->n_class > 0;
    r->original[k] = i - m->of[numbering_type(m, i)];
    r->edge[k] = other ? -1 : d->train.start[i];
    r->start[k] = at;
    for (int64_t e = g->start[i]; e < g->start[i + 1];
         e++, at++) { /* in the order of original numbers already */
      r->neighbor[at] = m->number[g->to[e]];
      r->neighbor_original[at] = (int32_t)(alike ? g->to[e] : g->to[e] - n_user);
    }
  }
  r->start[m->n] = at;
}

/* What is known of nodes, in global order; a training node's number among them takes the place of a user's
 * first edge. */
static kith_status cut_nodes(const kith_dataset *d, const numbering *m, cut_rows *r) {
  kith_status st = KITH_OK;
  int64_t n_train = 0;
  KITH_TRY(KITH_NEW(r->label, m->n));
  KITH_TRY(KITH_NEW(r->split, m->n));
  for (int64_t i = 0; i < m->n; i++) {
    int64_t k = m->number[i];
    r->label[k] = d->label[i];
    r->split[k] = d->split[i];
    r->edge[k] = d->split[i] == KITH_NODE_TRAIN ? n_train++ : -1;
  }
done:
  return st;
}

/* What is known of an interaction in one of its entries. */
static void cut_put_value(const kith_dataset *d, kith_eid from, cut_rows *r, int64_t to) {
  if (r->weight) r->weight[to] = d->weight[from];
  if (r->time) r->time[to] = d->time[from];
  if (r->is_new) r->is_new[to] = d->is_new[from];
}

/* What is known of every interaction in the rows of both its ends.  An item's users come in the order of
 * their numbers, as here. */
static kith_status cut_values(const kith_dataset *d, const numbering *m, cut_rows *r) {
  kith_status st = KITH_OK;
  int64_t *next = NULL, n_user = d->n[KITH_USER];
  if (!d->weight && !d->time && !d->is_new) return st;
  KITH_TRY(KITH_NEW(next, d->n[KITH_ITEM]));
  if (d->weight) KITH_TRY(KITH_NEW(r->weight, r->start[m->n]));
  if (d->time) KITH_TRY(KITH_NEW(r->time, r->start[m->n]));
  if (d->is_new) KITH_TRY(KITH_NEW(r->is_new, r->start[m->n]));
  for (int64_t u = 0; u < n_user; u++)
    for (kith_eid e = d->train.start[u]; e < d->train.start[u + 1]; e++) {
      int32_t item = d->train.value[e];
      cut_put_value(d, e, r, r->start[m->number[u]] + e - d->train.start[u]);
      cut_put_value(d, e, r, r->start[m->number[n_user + item]] + next[item]++);
    }
done:
  KITH_FREE(next);
  return st;
}

static kith_status cut_make(const kith_dataset *d, const numbering *m, cut_rows *out) {
  kith_status st = KITH_OK;
  partition_graph g = {0};
  cut_rows r = {0};
  int64_t n_entry = 2 * d->n_edge;
  KITH_TRY(kith__partition_graph_make(d, m->n, &g));
  KITH_TRY(KITH_NEW(r.original, m->n));
  KITH_TRY(KITH_NEW(r.edge, m->n));
  KITH_TRY(KITH_NEW(r.start, m->n + 1));
  KITH_TRY(KITH_NEW(r.neighbor, n_entry));
  KITH_TRY(KITH_NEW(r.neighbor_original, n_entry));
  cut_fill(d, m, &g, &r);
  KITH_TRY(cut_values(d, m, &r));
  if (d->n_class > 0) KITH_TRY(cut_nodes(d, m, &r));
  *out = r;
  r = (cut_rows){0};
done:
  kith__partition_graph_free(&g);
  cut_rows_free(&r);
  return st;
}

/* Held-out items of every node in global order; only users hold any. */
static kith_status held_out_make(const kith_dataset *d, const numbering *m, const kith_ragged *from,
                                 kith_ragged *out) {
  kith_status st = KITH_OK;
  kith_ragged l = {.n_row = m->n};
  KITH_TRY(KITH_NEW(l.start, m->n + 1));
  KITH_TRY(KITH_NEW(l.value, from->start[from->n_row]));
  for (int64_t k = 0; k < m->n; k++) {
    int64_t u = m->node[k], at = l.start[k];
    if (u < d->n[KITH_USER])
      for (kith_eid e = from->start[u]; e < from->start[u + 1]; e++) l.value[at++] = from->value[e];
    l.start[k + 1] = at;
  }
  *out = l;
  l = (kith_ragged){0};
done:
  kith_ragged_free(&l);
  return st;
}

static int64_t write_n_train(const kith_dataset *d) {
  int64_t n = 0;
  for (int64_t i = 0; i < d->n[KITH_USER]; i++) n += d->split[i] == KITH_NODE_TRAIN;
  return n;
}

static kith_agreed write_counts(kith_h5 *f, const kith_dataset *d) {
  kith_agreed st = {KITH_OK};
  if (d->n_class > 0) {
    KITH_TRY(kith_h5_put_attr_int(f, "n_node", d->n[KITH_USER]));
    KITH_TRY(kith_h5_put_attr_int(f, "n_class", d->n_class));
    KITH_TRY(kith_h5_put_attr_int(f, "n_feature", d->n_feature_of[KITH_USER]));
    KITH_TRY(kith_h5_put_attr_int(f, "n_train", write_n_train(d)));
  } else {
    KITH_TRY(kith_h5_put_attr_int(f, "n_user", d->n[KITH_USER]));
    KITH_TRY(kith_h5_put_attr_int(f, "n_item", d->n[KITH_ITEM]));
  }
  KITH_TRY(kith_h5_put_attr_int(f, "n_edge", d->n_edge));
done:
  return st;
}

kith_agreed kith__partition_write_attributes(kith_h5 *f, const kith_dataset *d,
                                             const kith_partition_options *o, double first_cut) {
  kith_agreed st = {KITH_OK};
  KITH_TRY(write_counts(f, d));
  KITH_TRY(kith_h5_put_attr_int(f, "parts", o->parts));
  KITH_TRY(kith_h5_put_attr_text(f, "method", kith_partition_method_name(o->method)));
  KITH_TRY(kith_h5_put_attr_int(f, "seed", (int64_t)o->seed));
  KITH_TRY(kith_h5_put_attr_real(f, "imbalance", o->imbalance));
  KITH_TRY(kith_h5_put_attr_int(f, "fingerprint", (int64_t)d->fingerprint));
  if (d->refit) KITH_TRY(kith_h5_put_attr_int(f, "refit", 1));
  KITH_TRY(kith_h5_put_parent(f, &d->schema, &d->parent));
  KITH_TRY(kith_h5_put_time_is(f, d->time_is));
  if (first_cut >= 0) KITH_TRY(kith_h5_put_attr_real(f, "first_cut", first_cut));
done:
  return st;
}

/* One whole dataset of numbers. */
static kith_agreed write_whole(kith_h5 *f, const char *name, kith_h5_type type, int64_t n, const void *data) {
  return kith__partition_put(f, name, type, 0, n, data);
}

static kith_agreed write_held_out(kith_h5 *f, const char *split, const kith_ragged *l) {
  kith_agreed st = {KITH_OK};
  char start[KITH_NAME], item[KITH_NAME];
  snprintf(start, sizeof start, "%s/start", split);
  snprintf(item, sizeof item, "%s/item", split);
  KITH_TRY(write_whole(f, start, KITH_H5_INT64, l->n_row + 1, l->start));
  KITH_TRY(write_whole(f, item, KITH_H5_INT32, l->start[l->n_row], l->value));
done:
  return st;
}

static kith_agreed write_rows(kith_h5 *f, const kith_dataset *d, int parts, const numbering *m,
                              const cut_rows *r) {
  kith_agreed st = {KITH_OK};
  int64_t n_entry = r->start[m->n];
  char name[KITH_NAME];
  KITH_TRY(write_whole(f, "part/first", KITH_H5_INT64, (int64_t)parts + 1, m->first));
  KITH_TRY(write_whole(f, "part/user_count", KITH_H5_INT64, parts, m->user_count));
  if (d->schema.n_type > KITH_SIDES)
    KITH_TRY(
        kith__partition_put(f, "part/type_count", KITH_H5_INT64, d->schema.n_type, parts, m->type_count));
  KITH_TRY(write_whole(f, "node/original", KITH_H5_INT64, m->n, r->original));
  KITH_TRY(write_whole(f, "node/edge", KITH_H5_INT64, m->n, r->edge));
  KITH_TRY(write_whole(f, "train/start", KITH_H5_INT64, m->n + 1, r->start));
  KITH_TRY(write_whole(f, "train/neighbor", KITH_H5_INT64, n_entry, r->neighbor));
  KITH_TRY(write_whole(f, "train/original", KITH_H5_INT32, n_entry, r->neighbor_original));
  if (r->weight) KITH_TRY(write_whole(f, "train/weight", KITH_H5_FLOAT, n_entry, r->weight));
  if (r->time) KITH_TRY(write_whole(f, "train/time", KITH_H5_INT64, n_entry, r->time));
  if (r->is_new) KITH_TRY(write_whole(f, "train/new", KITH_H5_INT8, n_entry, r->is_new));
  for (int t = 0; t < d->schema.n_type; t++) {
    kith_type_dataset(&d->schema, t, "number", name);
    KITH_TRY(write_whole(f, name, KITH_H5_INT64, d->n[t], m->number + m->of[t]));
  }
done:
  return st;
}

static kith_agreed write_nodes(const kith_comm *comm, kith_h5 *f, const kith_dataset *d, int parts,
                               const numbering *m, const cut_rows *r) {
  kith_agreed st = {KITH_OK};
  KITH_TRY(write_whole(f, "part/first", KITH_H5_INT64, (int64_t)parts + 1, m->first));
  KITH_TRY(write_whole(f, "node/original", KITH_H5_INT64, m->n, r->original));
  KITH_TRY(write_whole(f, "node/number", KITH_H5_INT64, m->n, m->number));
  KITH_TRY(write_whole(f, "node/train", KITH_H5_INT64, m->n, r->edge));
  KITH_TRY(write_whole(f, "edge/start", KITH_H5_INT64, m->n + 1, r->start));
  KITH_TRY(write_whole(f, "edge/neighbor", KITH_H5_INT64, r->start[m->n], r->neighbor));
  KITH_TRY(write_whole(f, "node/label", KITH_H5_INT32, m->n, r->label));
  KITH_TRY(write_whole(f, "node/split", KITH_H5_INT8, m->n, r->split));
  KITH_TRY(kith__partition_write_features(comm, f, d, m->n, m->node));
  KITH_TRY(
      kith__partition_write_relations(comm, f, d,
                                      &(partition_order){.n = m->n, .node = m->node, .number = m->number}));
done:
  return st;
}

static kith_agreed write_pairs(const kith_comm *comm, kith_h5 *f, const kith_dataset *d, int parts,
                               const numbering *m, const cut_rows *r) {
  kith_agreed st = {KITH_OK};
  kith_ragged valid = {0}, test = {0};
  KITH_TRY(kith_agree(comm, held_out_make(d, m, &d->valid, &valid)));
  KITH_TRY(kith_agree(comm, held_out_make(d, m, &d->test, &test)));
  KITH_TRY(write_rows(f, d, parts, m, r));
  KITH_TRY(write_held_out(f, "valid", &valid));
  KITH_TRY(write_held_out(f, "test", &test));
  KITH_TRY(kith__partition_write_features(comm, f, d, m->n, m->node));
  KITH_TRY(
      kith__partition_write_relations(comm, f, d,
                                      &(partition_order){.n = m->n, .node = m->node, .number = m->number}));
done:
  kith_ragged_free(&valid);
  kith_ragged_free(&test);
  return st;
}

/* Entries of all relations, twice an edge: at both ends, or in the rows and in those of the transpose. */
static int64_t write_n_entry(const kith_dataset *d) {
  int64_t n = 0;
  for (int r = 0; r < d->schema.n_relation; r++)
    n += 2 * d->relation[r].edges.start[d->relation[r].edges.n_row];
  return n;
}

static int64_t write_bytes(const kith_dataset *d) {
  int64_t n = kith_dataset_n_node(d), held = d->valid.start[d->valid.n_row] + d->test.start[d->test.n_row];
  int64_t each = 24 + (d->weight ? 8 : 0) + (d->time ? 16 : 0) + (d->is_new ? 2 : 0);
  return 48 * n + each * d->n_edge + 4 * held + 8 * kith__partition_n_features(d) + 22 * write_n_entry(d) +
         (1 << 16);
}

kith_agreed kith__partition_write(const kith_comm *comm, const char *path, const kith_dataset *d,
                                  const kith_partition_options *o, const int32_t *part, double first_cut) {
  kith_agreed st = {KITH_OK};
  numbering m = {0};
  cut_rows rows = {0};
  kith_h5 *f = NULL;
  KITH_TRY(kith_agree(comm, numbering_make(d, o->parts, part, &m)));
  KITH_TRY(kith_agree(comm, cut_make(d, &m, &rows)));
  KITH_TRY(kith_h5_create(comm, path, KITH_PARTS_FORMAT, KITH_FILE_VERSION, write_bytes(d), &f));
  KITH_TRY(kith__partition_write_attributes(f, d, o, first_cut));
  KITH_TRY(d->n_class > 0 ? write_nodes(comm, f, d, o->parts, &m, &rows)
                          : write_pairs(comm, f, d, o->parts, &m, &rows));
  KITH_TRY(kith_h5_publish(&f));
done:
  kith_h5_close(&f);
  numbering_free(&m);
  cut_rows_free(&rows);
  return st;
}

kith_agreed kith_partition_write(const kith_comm *comm, const char *path, const kith_dataset *d,
                                 const kith_partition_options *o, const int32_t *part) {
  return kith__partition_write(comm, path, d, o, part, -1);
}
