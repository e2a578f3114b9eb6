/*
 * The distributed graph that is cut, a rank's rows of it: made from any rows of the lists of graph.h5.
 *
 * The lists are gone through three times: to deal the nodes by their entries, to count what will arrive, and
 * to send every edge to the owners of its ends.  Nothing of the size of the whole graph is in memory but a
 * bit a node.
 */
#include <stdlib.h>
#include <string.h>

#include "graph/schema.h"
#include "dgraph.h"

void kith__partition_dgraph_free(partition_dgraph *s) {
  KITH_FREE(s->first);
  KITH_FREE(s->start);
  KITH_FREE(s->to);
  KITH_FREE(s->weight);
  KITH_FREE(s->ghost);
  KITH_FREE(s->seer_start);
  KITH_FREE(s->seer);
}

void kith__partition_dgraph_forget(partition_dgraph *s) {
  KITH_FREE(s->to);
  KITH_FREE(s->weight);
  KITH_FREE(s->ghost);
  KITH_FREE(s->seer_start);
  KITH_FREE(s->seer);
  s->n_ghost = 0;
}

/* ---- edges ---- */

/* Node i reads node j; list 0: interactions, else 1 + the relation. */
typedef void (*dgraph_edge)(void *context, int64_t i, int64_t j, int list);

static void dgraph_each_list(const kith_links *l, const kith_links_rows *rows, dgraph_edge edge,
                             void *context) {
  const kith_ragged *x = &rows->edges;
  for (int64_t u = 0; u < x->n_row; u++)
    for (kith_eid e = x->start[u]; e < x->start[u + 1]; e++) {
      int64_t i = rows->first + u, j = l->n_class > 0 ? x->value[e] : l->n[KITH_USER] + x->value[e];
      edge(context, i, j, 0);
      if (l->n_class == 0) edge(context, j, i, 0); /* else the file has it in both rows */
    }
}

static void dgraph_each_relation(const kith_links *l, int r, const int64_t *of, dgraph_edge edge,
                                 void *context) {
  const kith_relation_type *t = &l->schema.relation[r];
  const kith_ragged *x = &l->relation[r].edges;
  for (int64_t u = 0; u < x->n_row; u++)
    for (kith_eid e = x->start[u]; e < x->start[u + 1]; e++) {
      int64_t i = kith__partition_node(&l->schema, l->n, of, t->from, l->relation[r].first + u);
      int64_t j = kith__partition_node(&l->schema, l->n, of, t->to, x->value[e]);
      if (i == j) continue;
      edge(context, i, j, 1 + r);
      edge(context, j, i, 1 + r);
    }
}

static void dgraph_each(const kith_links *l, partition_edges edges, dgraph_edge edge, void *context) {
  int64_t of[KITH_MAX_TYPES + 1];
  kith__partition_first(l->n, of);
  for (int k = 0; edges.interactions && k < l->n_list; k++) dgraph_each_list(l, &l->list[k], edge, context);
  for (int r = 0; r < l->schema.n_relation; r++)
    if (edges.weight[r] > 0) dgraph_each_relation(l, r, of, edge, context);
}

/* ---- the owners of nodes ---- */

typedef struct dgraph_bins {
  int64_t width, *load; /* nodes of a bin; [bins] entries and nodes */
  bool labeled;
  uint64_t odd; /* sum of what an entry and its reverse give with opposite signs; none is of a node itself */
} dgraph_bins;

static void bins_add(void *context, int64_t i, int64_t j, int list) {
  dgraph_bins *b = context;
  b->load[i / b->width]++;
  if (list > 0 || !b->labeled) return;
  uint64_t bits =
      kith_random(0, KITH_RNG_PARTITION, (uint64_t)(i < j ? i : j), (uint64_t)(i < j ? j : i), 3).bits[0];
  b->odd += i < j ? bits : i > j ? -bits : 1;
}

void kith__partition_ranges(int size, int64_t n, const int64_t *load, int64_t *first) {
  int64_t bins = n < PARTITION_BINS ? n : PARTITION_BINS, width = kith__partition_bin(n), all = 0, before = 0;
  for (int64_t k = 0; k < bins; k++) all += load[k];
  for (int64_t k = 0, r = 0; k <= bins; k++) {
    for (; r <= size && (k == bins || before >= kith_chunk_begin(all, size, (int)r)); r++)
      first[r] = k * width < n ? k * width : n;
    if (k < bins) before += load[k];
  }
  first[size] = n;
}

/* Labeled nodes: every edge stands at both of its ends, and none leads back to where it comes from. */
static kith_status bins_check(const dgraph_bins *b) {
  if (b->odd == 0) return KITH_OK;
  return kith_fail(KITH_EDATA, "graph.h5: /edge/node: a node is a neighbor of one that is none of it");
}

static kith_agreed dgraph_deal(const kith_links *l, partition_edges edges, partition_dgraph *s) {
  kith_agreed st = {KITH_OK};
  int64_t bins = s->n < PARTITION_BINS ? s->n : PARTITION_BINS;
  dgraph_bins b = {.width = kith__partition_bin(s->n), .labeled = l->n_class > 0};
  KITH_TRY(kith_agree(s->comm, KITH_NEW(s->first, s->comm->size + 1)));
  if (edges.first) {
    memcpy(s->first, edges.first, (size_t)(s->comm->size + 1) * sizeof *s->first);
    goto done;
  }
  KITH_TRY(kith_agree(s->comm, KITH_NEW(b.load, bins + 1)));
  dgraph_each(l, edges, bins_add, &b);
  b.load[bins] = (int64_t)b.odd; /* wraps, as the sum does */
  kith_comm_sum_int(s->comm, (int)bins + 1, b.load);
  b.odd = (uint64_t)b.load[bins];
  KITH_TRY(kith_agreed_same(l->n_class > 0 ? bins_check(&b) : KITH_OK));
  for (int64_t k = 0; k < bins; k++) b.load[k] += b.width;
  kith__partition_ranges(s->comm->size, s->n, b.load, s->first);
done:
  KITH_FREE(b.load);
  return st;
}

/* ---- entries ---- */

/* What row `row` of the receiver reads, and in which list it stands. */
typedef struct dgraph_entry {
  int64_t to;
  int32_t row, list;
} dgraph_entry;

typedef struct dgraph_entries {
  const partition_dgraph *s;
  partition_route route;
  int64_t *n_to; /* [size] entries for each rank */
  int64_t n, at; /* entries that arrive, and that have */
  int64_t *to;
  int32_t *row;
  uint8_t *list; /* null: interactions alone */
} dgraph_entries;

static void entries_free(dgraph_entries *x) {
  kith__partition_route_free(&x->route);
  KITH_FREE(x->n_to);
  KITH_FREE(x->to);
  KITH_FREE(x->row);
  KITH_FREE(x->list);
}

static void entries_count(void *context, int64_t i, int64_t j, int list) {
  dgraph_entries *x = context;
  (void)j, (void)list;
  x->n_to[kith_owner(x->s->comm->size, x->s->first, i)]++;
}

static void entries_send(void *context, int64_t i, int64_t j, int list) {
  dgraph_entries *x = context;
  int rank = kith_owner(x->s->comm->size, x->s->first, i);
  dgraph_entry entry = {.to = j, .row = (int32_t)(i - x->s->first[rank]), .list = list};
  kith__partition_route_put(&x->route, rank, &entry);
}

static void entries_take(void *context, int64_t n, const void *records) {
  dgraph_entries *x = context;
  const dgraph_entry *entry = records;
  for (int64_t k = 0; k < n; k++, x->at++) {
    x->to[x->at] = entry[k].to;
    x->row[x->at] = entry[k].row;
    if (x->list) x->list[x->at] = (uint8_t)entry[k].list;
  }
}

static kith_status entries_alloc(bool listed, dgraph_entries *x) {
  kith_status st = KITH_OK;
  KITH_TRY(KITH_NEW(x->to, x->n));
  KITH_TRY(KITH_NEW(x->row, x->n));
  if (listed) KITH_TRY(KITH_NEW(x->list, x->n));
  KITH_TRY(kith__partition_route_make(x->s->comm, sizeof(dgraph_entry), entries_take, x, &x->route));
done:
  return st;
}

/* Send every edge to the owners of its ends. */
static kith_agreed entries_make(const kith_links *l, partition_edges edges, const partition_dgraph *s,
                                dgraph_entries *x) {
  kith_agreed st = {KITH_OK};
  const kith_comm *comm = s->comm;
  bool listed = false;
  for (int r = 0; r < l->schema.n_relation; r++) listed = listed || edges.weight[r] > 0;
  x->s = s;
  KITH_TRY(kith_agree(comm, KITH_NEW(x->n_to, comm->size)));
  dgraph_each(l, edges, entries_count, x);
  kith_comm_sum_int(comm, comm->size, x->n_to);
  x->n = x->n_to[comm->rank];
  KITH_TRY(kith_agree(comm, entries_alloc(listed, x)));
  dgraph_each(l, edges, entries_send, x);
  kith__partition_route_end(&x->route);
done:
  return st;
}

/* ---- rows ---- */

typedef struct dgraph_item {
  int32_t to;
  uint8_t list;
} dgraph_item;

static int dgraph_by_node(const void *a, const void *b) {
  const dgraph_item *x = a, *y = b;
  return x->to != y->to ? (x->to > y->to) - (x->to < y->to) : (x->list > y->list) - (x->list < y->list);
}

/* Put the entries, whose nodes are s->to, into the order of rows; *item holds them with their lists if they
 * are in several. */
static kith_status rows_sort(partition_dgraph *s, const dgraph_entries *x, dgraph_item **item) {
  kith_status st = KITH_OK;
  int32_t *sorted = NULL;
  int64_t *next = NULL;
  KITH_TRY(KITH_NEW(s->start, (int64_t)s->n_own + 1));
  KITH_TRY(KITH_NEW(next, (int64_t)s->n_own + 1));
  if (x->list) KITH_TRY(KITH_NEW(*item, x->n));
  else KITH_TRY(KITH_NEW(sorted, x->n));
  for (int64_t e = 0; e < x->n; e++) s->start[x->row[e] + 1]++;
  for (int32_t i = 0; i < s->n_own; i++) s->start[i + 1] += s->start[i];
  memcpy(next, s->start, (size_t)(s->n_own + 1) * sizeof *next);
  for (int64_t e = 0; e < x->n; e++) {
    int64_t at = next[x->row[e]]++;
    if (x->list) (*item)[at] = (dgraph_item){.to = s->to[e], .list = x->list[e]};
    else sorted[at] = s->to[e];
  }
  if (!x->list) {
    KITH_FREE(s->to);
    s->to = sorted;
    sorted = NULL;
  }
done:
  KITH_FREE(sorted);
  KITH_FREE(next);
  return st;
}

/* Every pair once, with the sum of the weights of its lists; s->to has room for them. */
static void rows_unite(partition_dgraph *s, const int *weight, dgraph_item *item) {
  int64_t end = 0, next = 0;
  for (int32_t i = 0; i < s->n_own; i++) {
    int64_t begin = end, last = s->start[i + 1];
    qsort(item + next, (size_t)(last - next), sizeof *item, dgraph_by_node);
    for (int64_t e = next; e < last; e++) {
      bool same = end > begin && s->to[end - 1] == item[e].to;
      if (same && e > next && item[e].list == item[e - 1].list) continue;
      if (!same) {
        s->to[end] = item[e].to;
        if (s->weight) s->weight[end] = 0;
        end++;
      }
      if (s->weight) s->weight[end - 1] += item[e].list == 0 ? 1 : weight[item[e].list - 1];
    }
    next = last;
    s->start[i + 1] = end;
  }
}

static kith_status rows_make(const kith_links *l, const int *weight, const dgraph_entries *x,
                             partition_dgraph *s) {
  kith_status st = KITH_OK;
  dgraph_item *item = NULL;
  bool weighted = false;
  for (int r = 0; r < l->schema.n_relation; r++) weighted = weighted || weight[r] > 1;
  KITH_TRY(rows_sort(s, x, &item));
  if (!item) goto done;
  if (weighted) KITH_TRY(KITH_NEW(s->weight, x->n));
  rows_unite(s, weight, item);
done:
  KITH_FREE(item);
  return st;
}

static kith_agreed dgraph_make(const kith_links *l, partition_edges edges, dgraph_entries *x,
                               partition_dgraph *s) {
  kith_agreed st = {KITH_OK};
  KITH_TRY(dgraph_deal(l, edges, s));
  int64_t n_own = s->first[s->comm->rank + 1] - s->first[s->comm->rank];
  KITH_TRY(kith_agree(s->comm, n_own < INT32_MAX - 1
                                   ? KITH_OK
                                   : kith_fail(KITH_ECONFIG,
                                               "one rank would cut %lld nodes; at most 2^31 - 2: use more "
                                               "ranks",
                                               (long long)n_own)));
  s->n_own = (int32_t)n_own;
  KITH_TRY(entries_make(l, edges, s, x));
  kith__partition_route_free(&x->route);
  KITH_TRY(kith__partition_dgraph_see(s, x->n, x->to));
  KITH_FREE(x->to);
  KITH_TRY(kith_agree(s->comm, rows_make(l, edges.weight, x, s)));
  KITH_TRY(kith__partition_dgraph_meet(s));
done:
  return st;
}

kith_agreed kith__partition_dgraph_make(const kith_comm *comm, const kith_links *l, partition_edges edges,
                                        partition_dgraph *out) {
  kith_agreed st = {KITH_OK};
  dgraph_entries x = {.n = 0};
  partition_dgraph s = {.comm = comm};
  for (int t = 0; t < KITH_MAX_TYPES; t++) s.n += l->n[t];
  KITH_TRY(dgraph_make(l, edges, &x, &s));
  *out = s;
  s = (partition_dgraph){.n = 0};
done:
  entries_free(&x);
  kith__partition_dgraph_free(&s);
  return st;
}
