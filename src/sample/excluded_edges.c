/* Each excluded edge is searched and sorted once a step from each of its ends, however often the layers query
 * the row. */
#include "sample/excluded_edges.h"

enum { EXCLUDED_EDGES_BATCH = 16 }; /* searches in parallel, so that their cache misses overlap */

kith_status kith__excluded_edges_make(const sample_context *s, kith_lid max_edges, sample_excluded_edges *t) {
  kith_status st = KITH_OK;
  *t = (sample_excluded_edges){.g = s->g,
                               .a = s->a,
                               .by_relation = &s->by_relation,
                               .first_gid = s->g->first[s->comm->rank],
                               .stride = s->max_degree + 1};
  KITH_TRY(KITH_NEW(t->head, s->g->n_own));
  KITH_TRY(KITH_NEW(t->row, 2 * (int64_t)max_edges));
  KITH_TRY(KITH_NEW(t->other, 2 * (int64_t)max_edges));
  KITH_TRY(KITH_NEW(t->sort, 4 * (int64_t)max_edges));
  KITH_TRY(KITH_NEW(t->position, 2 * (int64_t)max_edges));
  KITH_TRY(KITH_NEW(t->count, 2 * (int64_t)max_edges));
done:
  return st;
}

void kith__excluded_edges_free(sample_excluded_edges *t) {
  KITH_FREE(t->head);
  KITH_FREE(t->row);
  KITH_FREE(t->other);
  KITH_FREE(t->sort);
  KITH_FREE(t->position);
  KITH_FREE(t->count);
}

/* Add one end of an edge, if this rank owns its row. */
static void excluded_edges_add_end(sample_excluded_edges *t, kith_gid from, int64_t to) {
  if (from < t->first_gid || from >= t->first_gid + t->g->n_own) return;
  t->row[t->n] = (kith_lid)(from - t->first_gid);
  t->other[t->n++] = to;
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

/* Find n ends; those without a neighbor, which a row may have after all other positions, are last in it. */
static void excluded_edges_find(sample_excluded_edges *t, kith_lid first, int n) {
  excluded_edges_search s[EXCLUDED_EDGES_BATCH];
  const kith_dist_csr *a = t->a;
  excluded_edges_begin_search(t, n, t->row + first, s);
  while (excluded_edges_halve(t, n, t->other + first, s)) continue;
  for (int i = 0; i < n; i++) {
    kith_lid row = t->row[first + i];
    bool there =
        s[i].low < a->degree[row] && a->node[*excluded_edges_col(t, &s[i], s[i].low)] == t->other[first + i];
    t->sort[first + i].key = row * t->stride + (there ? s[i].low : a->degree[row]);
  }
}

/* Append a position to its row, unless it is there already or no neighbor. */
static void excluded_edges_append(sample_excluded_edges *t, int64_t key, kith_lid *n) {
  kith_lid row = (kith_lid)(key / t->stride), head = t->head[row];
  int64_t position = key % t->stride;
  if (position == t->a->degree[row]) return;
  if (head == 0) {
    t->head[row] = head = *n + 1;
    t->count[*n] = 0;
  } else if (t->position[*n - 1] == position) return;
  t->position[(*n)++] = position;
  t->count[head - 1]++;
}

void kith__excluded_edges_set(sample_excluded_edges *t, int64_t n, const kith_pair *pair) {
  kith_lid n_position = 0;
  for (kith_lid i = 0; i < t->n; i++) t->head[t->row[i]] = 0;
  t->n = 0;
  for (int64_t i = 0; i < n; i++) {
    excluded_edges_add_end(t, pair[i].user_gid, kith_node_key(KITH_ITEM, pair[i].item));
    excluded_edges_add_end(t, t->g->item_number[pair[i].item], kith_node_key(KITH_USER, pair[i].user));
  }
#pragma omp parallel for schedule(static)
  for (kith_lid i = 0; i < t->n; i += EXCLUDED_EDGES_BATCH)
    excluded_edges_find(t, i, (int)kith_min(EXCLUDED_EDGES_BATCH, t->n - i));
  kith_sort(t->n, t->g->n_own * t->stride, t->sort, t->sort + t->n);
  for (kith_lid i = 0; i < t->n; i++) excluded_edges_append(t, t->sort[i].key, &n_position);
}
