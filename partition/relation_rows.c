/*
 * The rows of a relation: which nodes each node reads.
 *
 * A relation that is read in both directions has every edge in the rows of both its ends; a directed one has
 * it in the rows of one end, and its transpose in those of the other.  Rows ascend by node, then by kind;
 * equal entries are one, and no node reads itself.
 */
#include <string.h>

#include "graph/schema.h"
#include "partition.h"

/* The ends whose rows hold the edges. */
typedef struct rows_ends {
  bool from, to;
} rows_ends;

static rows_ends rows_ends_of(kith_direction direction, bool transpose) {
  bool both = direction == KITH_DIRECTION_BOTH, forward = (direction == KITH_DIRECTION_FORWARD) != transpose;
  return (rows_ends){.from = both || forward, .to = both || !forward};
}

static kith_eid rows_n_edge(const kith_relation_edges *l) { return l->edges.start[l->edges.n_row]; }

static kith_status rows_alloc(int64_t n, kith_eid n_entry, partition_graph *out) {
  kith_status st = KITH_OK;
  *out = (partition_graph){.n = n};
  KITH_TRY(KITH_NEW(out->start, n + 1));
  KITH_TRY(KITH_NEW(out->to, n_entry));
  KITH_TRY(KITH_NEW(out->edge, n_entry));
done:
  return st;
}

/* Put node `to` next in a row. */
static void rows_put(partition_graph *g, int64_t *next, int64_t row, int64_t to, kith_eid edge) {
  kith_eid at = next[row]++;
  g->to[at] = (uint32_t)to;
  g->edge[at] = edge;
}

/* Number of entries of each row, as offsets. */
static void rows_count(const kith_dataset *d, int r, rows_ends ends, const int64_t *first,
                       partition_graph *g) {
  const kith_relation_type *t = &d->schema.relation[r];
  const kith_ragged *l = &d->relation[r].edges;
  for (int64_t u = 0; ends.from && u < l->n_row; u++)
    g->start[kith__partition_node(&d->schema, d->n, first, t->from, u) + 1] += l->start[u + 1] - l->start[u];
  for (kith_eid e = 0; ends.to && e < l->start[l->n_row]; e++)
    g->start[kith__partition_node(&d->schema, d->n, first, t->to, l->value[e]) + 1]++;
  for (int64_t i = 0; i < g->n; i++) g->start[i + 1] += g->start[i];
}

/* Rows ascend, unless some node may be at both ends and both read. */
static kith_status rows_fill(const kith_dataset *d, int r, rows_ends ends, partition_graph *out) {
  kith_status st = KITH_OK;
  const kith_relation_type *t = &d->schema.relation[r];
  const kith_ragged *l = &d->relation[r].edges;
  int64_t first[KITH_MAX_TYPES + 1], *next = NULL, n = kith_dataset_n_node(d);
  kith__partition_first(d->n, first);
  KITH_TRY(rows_alloc(n, (ends.from + ends.to) * rows_n_edge(&d->relation[r]), out));
  KITH_TRY(KITH_NEW(next, n));
  rows_count(d, r, ends, first, out);
  memcpy(next, out->start, (size_t)n * sizeof *next);
  for (int64_t u = 0; u < l->n_row; u++)
    for (kith_eid e = l->start[u]; e < l->start[u + 1]; e++) {
      int64_t i = kith__partition_node(&d->schema, d->n, first, t->from, u);
      int64_t j = kith__partition_node(&d->schema, d->n, first, t->to, l->value[e]);
      if (ends.from) rows_put(out, next, i, j, e);
      if (ends.to) rows_put(out, next, j, i, e);
    }
done:
  KITH_FREE(next);
  return st;
}

/* Rows that hold every edge at both ends, sorted by node: those of the transpose ascend. */
static kith_status rows_sort(partition_graph *g) {
  kith_status st = KITH_OK;
  partition_graph sorted = {0};
  int64_t *next = NULL;
  KITH_TRY(rows_alloc(g->n, g->start[g->n], &sorted));
  KITH_TRY(KITH_NEW(next, g->n));
  memcpy(sorted.start, g->start, (size_t)(g->n + 1) * sizeof *g->start);
  memcpy(next, g->start, (size_t)g->n * sizeof *next);
  for (int64_t i = 0; i < g->n; i++)
    for (kith_eid e = g->start[i]; e < g->start[i + 1]; e++) rows_put(&sorted, next, g->to[e], i, g->edge[e]);
  kith__partition_graph_free(g);
  *g = sorted;
  sorted = (partition_graph){0};
done:
  KITH_FREE(next);
  kith__partition_graph_free(&sorted);
  return st;
}

/* Of two edges between the same nodes, the earlier one; without times the first one. */
static kith_eid rows_pick(const int64_t *time, kith_eid a, kith_eid b) {
  if (time && time[a] != time[b]) return time[a] < time[b] ? a : b;
  return a < b ? a : b;
}

/* Put an entry into the row first … *end - 1, whose nodes ascend to `to`; the kinds of a node ascend, too. */
static void rows_insert(const kith_relation_edges *l, const uint16_t *kind, partition_graph *g,
                        kith_eid first, uint32_t to, kith_eid edge, kith_eid *end) {
  kith_eid at = *end;
  while (at > first && g->to[at - 1] == to && kind && kind[g->edge[at - 1]] > kind[edge]) at--;
  bool equal = at > first && g->to[at - 1] == to && (!kind || kind[g->edge[at - 1]] == kind[edge]);
  if (equal) {
    g->edge[at - 1] = rows_pick(l->time, g->edge[at - 1], edge);
    return;
  }
  memmove(g->to + at + 1, g->to + at, (size_t)(*end - at) * sizeof *g->to);
  memmove(g->edge + at + 1, g->edge + at, (size_t)(*end - at) * sizeof *g->edge);
  g->to[at] = to;
  g->edge[at] = edge;
  ++*end;
}

/* Every pair once, or once a kind, and no node with itself. */
static void rows_unique(const kith_relation_edges *l, const uint16_t *kind, partition_graph *g) {
  kith_eid end = 0, next = 0;
  for (int64_t i = 0; i < g->n; i++) {
    kith_eid first = end;
    for (kith_eid e = next; e < g->start[i + 1]; e++)
      if (g->to[e] != i) rows_insert(l, kind, g, first, g->to[e], g->edge[e], &end);
    next = g->start[i + 1];
    g->start[i + 1] = end;
  }
}

static kith_status rows_make(const kith_dataset *d, int r, rows_ends ends, const uint16_t *kind,
                             partition_graph *out) {
  kith_status st = KITH_OK;
  bool within = kith_schema_meets(&d->schema, &d->schema.relation[r]);
  KITH_TRY(rows_fill(d, r, ends, out));
  if (within && ends.from && ends.to) KITH_TRY(rows_sort(out));
  if (within || d->relation[r].kind) rows_unique(&d->relation[r], kind, out);
done:
  if (kith_is_bad(st)) kith__partition_graph_free(out);
  return st;
}

kith_status kith__partition_rows(const kith_dataset *d, int r, bool transpose, partition_graph *out) {
  return rows_make(d, r, rows_ends_of(d->schema.relation[r].direction, transpose), d->relation[r].kind, out);
}

kith_status kith__partition_pairs(const kith_dataset *d, int r, partition_graph *out) {
  return rows_make(d, r, (rows_ends){true, true}, NULL, out);
}
