/* Each excluded edge is searched once a step from each of its ends, however often the layers query the row.
 */
#include <stdlib.h>

#include "sample/excluded_edges.h"

enum { EXCLUDED_EDGES_BATCH = 16 }; /* searches in parallel, so that their cache misses overlap */

kith_status kith__excluded_edges_make(const sample_context *s, kith_lid max_edges, sample_excluded_edges *t) {
  kith_status st = KITH_OK;
  *t = (sample_excluded_edges){.g = s->g,
                               .a = s->a,
                               .by_relation = &s->by_relation,
                               .first_gid = s->g->first[s->comm->rank]};
  KITH_TRY(KITH_NEW(t->head, s->g->n_own));
  KITH_TRY(KITH_NEW(t->next, 2 * (int64_t)max_edges));
  KITH_TRY(KITH_NEW(t->row, 2 * (int64_t)max_edges));
  KITH_TRY(KITH_NEW(t->other, 2 * (int64_t)max_edges));
  KITH_TRY(KITH_NEW(t->position, 2 * (int64_t)max_edges));
  KITH_TRY(KITH_NEW(t->sorted, 2 * (int64_t)max_edges));
done:
  return st;
}

void kith__excluded_edges_free(sample_excluded_edges *t) {
  KITH_FREE(t->head);
  KITH_FREE(t->next);
  KITH_FREE(t->row);
  KITH_FREE(t->other);
  KITH_FREE(t->position);
  KITH_FREE(t->sorted);
}

/* Add one end of an edge to its row's list, if this rank owns the row. */
static void excluded_edges_add_end(sample_excluded_edges *t, kith_gid from, int64_t to) {
  if (from < t->first_gid || from >= t->first_gid + t->g->n_own) return;
  kith_lid row = (kith_lid)(from - t->first_gid), i = t->n++;
  t->row[i] = row;
  t->other[i] = to;
  t->next[i] = t->head[row];
  t->head[row] = t->n;
}

/* A binary search among the interactions of a row, which ascend by kith_node_key(). */
typedef struct excluded_edges_search {
  kith_eid start;    /* the row's first entry */
  int64_t low, high; /* the result is in low … high */
} excluded_edges_search;

static int64_t excluded_edges_middle(const excluded_edges_search *s) {
  return s->low + (s->high - s->low) / 2;
}

/* The column of an interaction of the row. */
static const kith_lid *excluded_edges_col(const sample_excluded_edges *t, const excluded_edges_search *s,
                                          int64_t position) {
  return &t->a->csr.col[kith__relation_rows_entry(t->by_relation, s->start, position)];
}

static void excluded_edges_begin_search(const sample_excluded_edges *t, int n, const kith_lid *row,
                                        excluded_edges_search *s) {
  const kith_dist_csr *a = t->a;
  for (int i = 0; i < n; i++) {
    __builtin_prefetch(&a->iperm[row[i]]);
    __builtin_prefetch(&a->degree[row[i]]);
  }
  for (int i = 0; i < n; i++) __builtin_prefetch(&a->csr.start[a->iperm[row[i]]]);
  for (int i = 0; i < n; i++)
    s[i] = (excluded_edges_search){.start = a->csr.start[a->iperm[row[i]]], .high = a->degree[row[i]]};
}

/* One step of n searches; returns whether any continues. */
static bool excluded_edges_halve(const sample_excluded_edges *t, int n, const int64_t *to,
                                 excluded_edges_search *s) {
  bool left = false;
  for (int i = 0; i < n; i++)
    if (s[i].low < s[i].high) __builtin_prefetch(excluded_edges_col(t, &s[i], excluded_edges_middle(&s[i])));
  for (int i = 0; i < n; i++)
    if (s[i].low < s[i].high)
      __builtin_prefetch(&t->a->node[*excluded_edges_col(t, &s[i], excluded_edges_middle(&s[i]))]);
  for (int i = 0; i < n; i++) {
    if (s[i].low >= s[i].high) continue;
    int64_t middle = excluded_edges_middle(&s[i]);
    if (t->a->node[*excluded_edges_col(t, &s[i], middle)] < to[i]) s[i].low = middle + 1;
    else s[i].high = middle;
    left = true;
  }
  return left;
}

static void excluded_edges_find(sample_excluded_edges *t, kith_lid first, int n) {
  excluded_edges_search s[EXCLUDED_EDGES_BATCH];
  const kith_dist_csr *a = t->a;
  excluded_edges_begin_search(t, n, t->row + first, s);
  while (excluded_edges_halve(t, n, t->other + first, s)) continue;
  for (int i = 0; i < n; i++) {
    bool there = s[i].low < a->degree[t->row[first + i]] &&
                 a->node[*excluded_edges_col(t, &s[i], s[i].low)] == t->other[first + i];
    t->position[first + i] = there ? (int32_t)s[i].low : -1;
  }
}

void kith__excluded_edges_set(sample_excluded_edges *t, int64_t n, const kith_pair *pair) {
  for (kith_lid i = 0; i < t->n; i++) t->head[t->row[i]] = 0;
  t->n = 0;
  for (int64_t i = 0; i < n; i++) {
    excluded_edges_add_end(t, pair[i].user_gid, kith_node_key(KITH_ITEM, pair[i].item));
    excluded_edges_add_end(t, t->g->item_number[pair[i].item], kith_node_key(KITH_USER, pair[i].user));
  }
  for (kith_lid i = 0; i < t->n; i += EXCLUDED_EDGES_BATCH)
    excluded_edges_find(t, i, (int)kith_min(EXCLUDED_EDGES_BATCH, t->n - i));
}

static int excluded_edges_compare(const void *a, const void *b) {
  int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
  return (x > y) - (x < y);
}

/* A popular item may have many of the step's edges: sort their positions, rather than insert them one by one.
 */
void kith__excluded_edges_apply(sample_excluded_edges *t, sample_query *q) {
  int64_t n = 0;
  for (kith_lid i = t->head[q->row]; i > 0; i = t->next[i - 1])
    if (t->position[i - 1] >= 0) t->sorted[n++] = t->position[i - 1];
  if (n > 1) qsort(t->sorted, (size_t)n, sizeof *t->sorted, excluded_edges_compare);
  for (int64_t i = 0; i < n; i++)
    if (i == 0 || t->sorted[i] != t->sorted[i - 1]) t->sorted[q->n_excluded++] = t->sorted[i];
  q->excluded = t->sorted;
  q->n_eligible -= q->n_excluded;
}
