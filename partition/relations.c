/* Relations in the graph that is cut, and in the graph that layers read. */
#include <string.h>

#include "graph/schema.h"
#include "partition.h"

/* ---- nodes in one sequence ---- */

void kith__partition_first(const int64_t *n, int64_t *first) {
  first[0] = 0;
  for (int t = 0; t < KITH_MAX_TYPES; t++) first[t + 1] = first[t] + n[t];
}

int kith__partition_type(const int64_t *n, int64_t *node) {
  int t = 0;
  for (; *node >= n[t]; t++) *node -= n[t];
  return t;
}

int64_t kith__partition_node(const kith_schema *schema, const int64_t *n, const int64_t *first, int type,
                             int64_t x) {
  int64_t original;
  int t = kith_schema_node(schema, n, type, x, &original);
  return first[t] + original;
}

/* ---- which relations count ---- */

static bool relation_is_read(const kith_partition_options *o, const char *name) {
  for (int i = 0; i < o->relations.n; i++)
    if (strcmp(o->relations.of[i].name, name) == 0) return true;
  return false;
}

void kith__partition_reads(const kith_dataset *d, const kith_partition_options *o, int *weight) {
  for (int r = 0; r < d->schema.n_relation; r++) weight[r] = relation_is_read(o, d->schema.relation[r].name);
}

void kith__partition_weights(const kith_dataset *d, const kith_partition_options *o, int *weight) {
  kith__partition_reads(d, o, weight);
  for (int r = 0; r < d->schema.n_relation; r++)
    for (int i = 0; i < o->weights.n; i++)
      if (strcmp(o->weights.of[i].name, d->schema.relation[r].name) == 0) weight[r] = o->weights.of[i].weight;
}

int64_t kith__partition_n_entry(const kith_dataset *d, const int *weight) {
  int64_t n = 0;
  for (int r = 0; r < d->schema.n_relation; r++)
    if (weight[r] > 0) n += 2 * d->relation[r].edges.start[d->relation[r].edges.n_row];
  return n;
}

int64_t kith__partition_n_cut(const kith_dataset *d, const int *weight) {
  bool further = false;
  for (int r = 0; r < d->schema.n_relation; r++) {
    const kith_relation_type *e = &d->schema.relation[r];
    further = further || (weight[r] > 0 && (e->from >= KITH_SIDES || e->to >= KITH_SIDES));
  }
  return further ? kith_dataset_n_node(d) : d->n[KITH_USER] + d->n[KITH_ITEM];
}

/* ---- the union ---- */

static bool union_is_weighted(const kith_dataset *d, const int *weight) {
  for (int r = 0; r < d->schema.n_relation; r++)
    if (weight[r] > 1) return true;
  return false;
}

/* Set every entry's weight to 1. */
static kith_status union_weigh(partition_graph *g) {
  kith_status st = KITH_OK;
  KITH_TRY(KITH_NEW(g->weight, g->start[g->n]));
  for (kith_eid e = 0; e < g->start[g->n]; e++) g->weight[e] = 1;
done:
  return st;
}

/* The union of two ascending rows, as the next row of `all`; entries of b weigh `weight`, and those that both
 * rows have weigh the sum. */
static void union_row(const partition_graph *a, const partition_graph *b, int32_t weight, int64_t row,
                      partition_graph *all) {
  kith_eid i = a->start[row], j = b->start[row], n = all->start[row];
  while (i < a->start[row + 1] || j < b->start[row + 1]) {
    bool first = j == b->start[row + 1] || (i < a->start[row + 1] && a->to[i] <= b->to[j]);
    all->to[n] = first ? a->to[i] : b->to[j];
    bool in_a = i < a->start[row + 1] && a->to[i] == all->to[n];
    bool in_b = j < b->start[row + 1] && b->to[j] == all->to[n];
    if (all->weight) all->weight[n] = (in_a ? a->weight[i] : 0) + (in_b ? weight : 0);
    i += in_a;
    j += in_b;
    n++;
  }
  all->start[row + 1] = n;
}

static kith_status union_add(const partition_graph *rows, int32_t weight, partition_graph *g) {
  kith_status st = KITH_OK;
  partition_graph all = {.n = g->n};
  kith_eid most = g->start[g->n] + rows->start[g->n];
  KITH_TRY(KITH_NEW(all.start, g->n + 1));
  KITH_TRY(KITH_NEW(all.to, most));
  if (g->weight) KITH_TRY(KITH_NEW(all.weight, most));
  for (int64_t i = 0; i < g->n; i++) union_row(g, rows, weight, i, &all);
  kith__partition_graph_free(g);
  *g = all;
  all = (partition_graph){0};
done:
  kith__partition_graph_free(&all);
  return st;
}

kith_status kith__partition_union(const kith_dataset *d, const int *weight, partition_graph *out) {
  kith_status st = KITH_OK;
  partition_graph rows = {0};
  KITH_TRY(kith__partition_graph_make(d, kith__partition_n_cut(d, weight), out));
  if (union_is_weighted(d, weight)) KITH_TRY(union_weigh(out));
  for (int r = 0; r < d->schema.n_relation; r++) {
    if (weight[r] == 0) continue;
    KITH_TRY(kith__partition_pairs(d, r, &rows));
    KITH_TRY(union_add(&rows, weight[r], out));
    kith__partition_graph_free(&rows);
  }
done:
  kith__partition_graph_free(&rows);
  if (kith_is_bad(st)) kith__partition_graph_free(out);
  return st;
}
