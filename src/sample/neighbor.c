/*
 * Neighbor sampling (GraphSAGE): k neighbors of a node, keyed by the node, the step, the layer and the
 * relation. Uniform without replacement, or weighted with replacement.  Relations are sampled one by one,
 * each with its own fan-outs.
 */
#include <math.h>

#include "sample/sampler_method.h"

typedef struct neighbor {
  const sample_context *ctx;
  uint64_t step;
  const kith_fanouts *fanouts[1 + KITH_MAX_RELATIONS]; /* of each relation of the matrix */
  int64_t n_mark;
  uint64_t *mark; /* [threads, n_mark] workspace of kith_neighbor_draw(); 0 between queries … */
  /* … and of weighted draws: */
  double *cdf;    /* [threads, max degree + 1] cumulative weights of the queried row's eligible neighbors */
  int64_t *count; /* [threads, max degree] draws of each neighbor; zero between queries */
} neighbor;

/* The key of a relation in random numbers. */
static uint64_t neighbor_key(const neighbor *w, int relation) {
  return relation > 0 ? w->ctx->a->merged->key[relation] : 0;
}

static int neighbor_fanout(const neighbor *w, int relation, int l) {
  const kith_fanouts *f = w->fanouts[relation];
  int from_seeds = w->ctx->n_layer - 1 - l;
  if (f->n == 0) return 0;
  return f->of[from_seeds < f->n ? from_seeds : f->n - 1];
}

static void neighbor_begin(void *self, uint64_t step) { ((neighbor *)self)->step = step; }

static int64_t neighbor_most(const void *self, const sample_query *q) {
  int k = neighbor_fanout(self, q->relation, q->layer);
  return k > 0 ? kith_min(k, q->n_eligible) : q->n_eligible;
}

static int64_t neighbor_draw_uniform(void *self, int thread, const sample_query *q, int64_t *position,
                                     float *scale) {
  const neighbor *w = self;
  int64_t n =
      kith_neighbor_draw(w->ctx->rng_seed, w->step, w->ctx->a->node[q->row], q->layer,
                         neighbor_key(w, q->relation), q->n_eligible,
                         neighbor_fanout(w, q->relation, q->layer), w->mark + thread * w->n_mark, position);
  float each = n > 0 ? (float)((double)q->n_eligible / (double)n) : 0;
  for (int64_t i = 0; i < n; i++) scale[i] = each;
  for (int64_t i = 0; q->n_excluded > 0 && i < n; i++) position[i] = kith__eligible(q, position[i]);
  return n;
}

/* Weight of an entry for sampling: the interaction's weight; or the matrix's own weight; or 1 / degree of
 * the neighbor, which is proportional to the squared entries of a row of A; or in another relation the
 * squared entry itself. */
static double neighbor_weight(const neighbor *w, const sample_query *q, int64_t position) {
  const kith_dist_csr *a = w->ctx->a;
  kith_eid at = kith__query_entry(&w->ctx->by_relation, q, position);
  if (w->ctx->options.weighting == KITH_EDGE_WEIGHT)
    return (double)w->ctx->g->weight[w->ctx->g->start[q->row] + position];
  if (q->relation > 0) return pow((double)kith__merged_weight(a, at), 2);
  return a->weighted ? (double)a->csr.weight[at] : 1 / (double)a->degree[a->csr.col[at]];
}

/* Cumulative weights of the eligible neighbors. */
static void neighbor_fill_cdf(const neighbor *w, const sample_query *q, double *cdf) {
  cdf[0] = 0;
  for (int64_t i = 0; i < q->n_eligible; i++)
    cdf[i + 1] = cdf[i] + neighbor_weight(w, q, kith__eligible(q, i));
}

/* The neighbor i with cdf[i] <= x < cdf[i + 1]: binary search. */
static int64_t neighbor_find(const double *cdf, int64_t n, double x) {
  int64_t low = 0, high = n - 1;
  while (low < high) {
    int64_t middle = low + (high - low + 1) / 2;
    if (cdf[middle] <= x) low = middle;
    else high = middle - 1;
  }
  return low;
}

/* Interactions alone have weights; relations are then sampled uniformly. */
static bool neighbor_is_uniform(const neighbor *w, const sample_query *q, int k) {
  bool weighted = w->ctx->options.weighting != KITH_EDGE_WEIGHT || q->relation == 0;
  return !weighted || k == 0 || k >= q->n_eligible;
}

/* k draws with replacement: each draw of a neighbor with probability q adds 1 / (k q) to its importance
 * weight (Chen et al., FastGCN, ICLR 2018, theorem 1, for one node's neighbors). */
static int64_t neighbor_draw_weighted(void *self, int thread, const sample_query *q, int64_t *position,
                                      float *scale) {
  const neighbor *w = self;
  double *cdf = w->cdf + thread * (w->ctx->max_degree + 1);
  int64_t *count = w->count + thread * w->ctx->max_degree, n = 0;
  int k = neighbor_fanout(w, q->relation, q->layer);
  if (neighbor_is_uniform(w, q, k)) return neighbor_draw_uniform(self, thread, q, position, scale);
  neighbor_fill_cdf(w, q, cdf);
  double all = cdf[q->n_eligible];
  if (!(all > 0)) /* entries of weight 0 only */
    return neighbor_draw_uniform(self, thread, q, position, scale);
  for (int i = 0; i < k; i++) {
    kith_draw r =
        kith_random4(w->ctx->rng_seed, KITH_RNG_NEIGHBOR, w->step, (uint64_t)w->ctx->a->node[q->row],
                     (uint64_t)q->layer << 32 | (uint64_t)i, neighbor_key(w, q->relation));
    count[neighbor_find(cdf, q->n_eligible, all * kith_random_unit(r.bits[0]))]++;
  }
  for (int64_t i = 0; i < q->n_eligible; i++) {
    if (count[i] == 0) continue;
    scale[n] = (float)((double)count[i] * all / (k * (cdf[i + 1] - cdf[i])));
    position[n++] = kith__eligible(q, i);
    count[i] = 0;
  }
  return n;
}

static void neighbor_destroy(void *self) {
  neighbor *w = self;
  KITH_FREE(w->cdf);
  KITH_FREE(w->count);
  KITH_FREE(w->mark);
  KITH_FREE(w);
}

/* Weights must be positive and finite, so that every neighbor can be sampled. */
static kith_status neighbor_check(const sample_context *s) {
  kith_status st = KITH_OK;
  const kith_graph *g = s->g;
  if (s->options.weighting != KITH_EDGE_WEIGHT) return st;
  KITH_CHECK(g->weight && !s->a->weighted, KITH_ECONFIG,
             "sampler.weighting: weight needs interactions with weights (data.interactions.columns.weight)%s",
             g->weight ? "; importance neighborhoods have weights of their own: say importance" : "");
  for (kith_eid e = 0; e < g->start[g->n_own]; e++)
    KITH_CHECK(isfinite(g->weight[e]) && g->weight[e] > 0, KITH_EDATA,
               "sampler.weighting: weight needs weights above zero; an interaction weighs %g",
               (double)g->weight[e]);
done:
  return st;
}

/* The most entries that a row samples in layer l; 0: all. */
static int64_t neighbor_max_drawn(const neighbor *w, int l) {
  int64_t sum = 0;
  if (w->ctx->by_relation.n == 1) return neighbor_fanout(w, 0, l);
  for (int k = 0; k < w->ctx->by_relation.n; k++) {
    int64_t fan = neighbor_fanout(w, k, l), most = w->ctx->by_relation.max_count[k];
    sum += fan > 0 ? kith_min(fan, most) : most;
  }
  return sum;
}

kith_status kith__method_neighbor(const sample_context *s, sample_method *out) {
  kith_status st = KITH_OK;
  neighbor *w = NULL;
  KITH_TRY(neighbor_check(s));
  KITH_TRY(KITH_NEW(w, 1));
  *out = (sample_method){.self = w,
                         .begin = neighbor_begin,
                         .most = neighbor_most,
                         .draw = s->options.weighting == KITH_UNIFORM ? neighbor_draw_uniform
                                                                      : neighbor_draw_weighted,
                         .destroy = neighbor_destroy};
  w->ctx = s;
  for (int k = 0; k < s->by_relation.n; k++)
    w->fanouts[k] = kith_sampler_fanouts(&s->options, neighbor_key(w, k));
  w->n_mark = (s->max_degree + 63) / 64;
  KITH_TRY(KITH_NEW(w->mark, s->n_thread * w->n_mark));
  if (s->options.weighting != KITH_UNIFORM) {
    KITH_TRY(KITH_NEW(w->cdf, s->n_thread * (s->max_degree + 1)));
    KITH_TRY(KITH_NEW(w->count, s->n_thread * s->max_degree));
  }
  out->row_scale = s->options.weighting == KITH_UNIFORM;
  for (int l = 0; l < s->n_layer; l++) out->max_drawn[l] = neighbor_max_drawn(w, l);
done:
  return st;
}
