/*
 * Parts for new nodes of a graph whose old nodes have parts: each goes where most of its neighbors are,
 * within the imbalance.  New nodes wait for their old neighbors in a queue, so that a node whose neighbors
 * are all new comes after one of them, and everything takes time in proportion to their edges.
 */
#include "partition.h"
#include "update.h"

typedef struct extend {
  const partition_graph *g;
  int parts;
  int64_t n;         /* nodes; those from g->n on have no neighbors */
  int32_t *part;     /* [n] -1: none yet */
  int64_t *load;     /* [parts] sum of degree + 1 of their nodes */
  double most;       /* load that a part may have */
  int64_t *count;    /* [parts] weight of the edges to a node's neighbors there; 0 between nodes */
  int64_t *queue;    /* [new nodes] */
  uint8_t *waits;    /* [n] 1: in the queue, or was */
  int64_t head, end; /* queue[head … end) waits */
} extend;

static int64_t extend_begin(const extend *x, int64_t i) { return i < x->g->n ? x->g->start[i] : 0; }
static int64_t extend_end(const extend *x, int64_t i) { return i < x->g->n ? x->g->start[i + 1] : 0; }
static int64_t extend_load(const extend *x, int64_t i) { return extend_end(x, i) - extend_begin(x, i) + 1; }

static void extend_push(extend *x, int64_t i) {
  if (x->part[i] >= 0 || x->waits[i]) return;
  x->waits[i] = 1;
  x->queue[x->end++] = i;
}

/* Whether part p is a better place than part q for a node of this load: room first, then neighbors, then the
 * smaller load. */
static bool extend_is_better(const extend *x, int p, int q, int64_t load) {
  bool fits_p = (double)(x->load[p] + load) <= x->most, fits_q = (double)(x->load[q] + load) <= x->most;
  if (fits_p != fits_q) return fits_p;
  if (fits_p && x->count[p] != x->count[q]) return x->count[p] > x->count[q];
  return x->load[p] < x->load[q];
}

static void extend_count(const extend *x, int64_t i, bool add) {
  for (int64_t e = extend_begin(x, i); e < extend_end(x, i); e++) {
    int32_t p = x->part[x->g->to[e]];
    if (p >= 0) x->count[p] = add ? x->count[p] + (x->g->weight ? x->g->weight[e] : 1) : 0;
  }
}

/* Give node i its part, and let its new neighbors wait. */
static void extend_place(extend *x, int64_t i) {
  int best = 0;
  int64_t load = extend_load(x, i);
  extend_count(x, i, true);
  for (int p = 1; p < x->parts; p++)
    if (extend_is_better(x, p, best, load)) best = p;
  extend_count(x, i, false);
  x->part[i] = best;
  x->load[best] += load;
  for (int64_t e = extend_begin(x, i); e < extend_end(x, i); e++) extend_push(x, x->g->to[e]);
}

static bool extend_has_place(const extend *x, int64_t i) {
  for (int64_t e = extend_begin(x, i); e < extend_end(x, i); e++)
    if (x->part[x->g->to[e]] >= 0) return true;
  return false;
}

static void extend_drain(extend *x) {
  while (x->head < x->end) extend_place(x, x->queue[x->head++]);
}

/* Nodes next to old ones first, by number; then those that they lead to; then nodes that lead to neither. */
static void extend_all(extend *x) {
  for (int64_t i = 0; i < x->n; i++)
    if (x->part[i] < 0 && extend_has_place(x, i)) extend_push(x, i);
  extend_drain(x);
  for (int64_t i = 0; i < x->n; i++) {
    extend_push(x, i);
    extend_drain(x);
  }
}

static kith_status extend_make(const partition_graph *g, int64_t n, const kith_partition_options *o,
                               int32_t *part, extend *x) {
  kith_status st = KITH_OK;
  int64_t n_new = 0, all = 0;
  *x = (extend){.g = g, .parts = o->parts, .n = n};
  x->part = part;
  KITH_TRY(KITH_NEW(x->load, o->parts));
  KITH_TRY(KITH_NEW(x->count, o->parts));
  for (int64_t i = 0; i < n; i++) {
    all += extend_load(x, i);
    if (part[i] >= 0) x->load[part[i]] += extend_load(x, i);
    else n_new++;
  }
  x->most = o->imbalance * (double)all / o->parts;
  KITH_TRY(KITH_NEW(x->queue, n_new));
  KITH_TRY(KITH_NEW(x->waits, n));
done:
  return st;
}

kith_status kith_partition_extend(const kith_dataset *d, const kith_partition_options *o, int32_t *part) {
  kith_status st = KITH_OK;
  partition_graph g = {0};
  extend x = {.n = 0};
  int weight[KITH_MAX_RELATIONS] = {0};
  KITH_TRY(kith__partition_check_size(d));
  kith__partition_weights(d, o, weight);
  KITH_TRY(kith__partition_union(d, weight, &g));
  KITH_TRY(extend_make(&g, kith_dataset_n_node(d), o, part, &x));
  extend_all(&x);
done:
  KITH_FREE(x.load);
  KITH_FREE(x.count);
  KITH_FREE(x.queue);
  KITH_FREE(x.waits);
  kith__partition_graph_free(&g);
  return st;
}
