/*
 * Node sets: every node is in the set of a step by an independent draw (Poisson sampling), per layer
 * (FastGCN: Chen et al., ICLR 2018) or once for all layers (GraphSAINT's node sampler: Zeng et al., ICLR
 * 2020).  A row reads its neighbors in the set; the importance weight is the inverse inclusion probability.
 *
 * Both papers draw a fixed number of nodes with replacement.  Independent draws with the same expected number
 * need no list of all nodes: any rank can compute whether a node is in the set.
 */
#include <math.h>

#include "sample/sampler_method.h"

typedef struct node_set {
  const sample_context *ctx;
  bool per_layer;      /* a set for each layer */
  double *probability; /* [n_own + n_ghost] inclusion probability of each node */
  uint64_t step;
} node_set;

static void node_set_begin(void *self, uint64_t step) { ((node_set *)self)->step = step; }

static int64_t node_set_draw(void *self, int thread, const sample_query *q, int64_t *position, float *scale) {
  (void)thread;
  const node_set *w = self;
  const kith_dist_csr *a = w->ctx->a;
  const kith_lid *col = a->csr.col + a->csr.start[a->iperm[q->row]];
  uint64_t layer = w->per_layer ? (uint64_t)q->layer : SAMPLE_NO_LAYER;
  int64_t n = 0;
  for (int64_t i = 0; i < q->n_eligible; i++) {
    kith_lid c = col[kith__eligible(q, i)];
    if (kith_random_unit(
            kith_random(w->ctx->rng_seed, KITH_RNG_NODE_SET, w->step, (uint64_t)a->node[c], layer).bits[0]) >=
        w->probability[c])
      continue;
    scale[n] = (float)(1 / w->probability[c]);
    position[n++] = kith__eligible(q, i);
  }
  return n;
}

static void node_set_destroy(void *self) {
  node_set *w = self;
  KITH_FREE(w->probability);
  KITH_FREE(w);
}

/* Squared norm of an owned node's column of A, to which its probability is proportional. */
static double node_set_norm(const kith_dist_csr *a, kith_lid row) {
  const kith_csr *csr = &a->csr;
  double sum = 0;
  for (kith_eid e = csr->start[a->iperm[row]]; e < csr->start[a->iperm[row] + 1]; e++)
    sum += (double)csr->weight[e] * (double)csr->weight[e];
  return sum;
}

static double node_set_expected(const kith_comm *comm, kith_lid n, const double *norm, double t) {
  kith_exact_sum sum = {0};
  for (kith_lid i = 0; i < n; i++) kith_exact_sum_add(&sum, fmin(1, t * norm[i]));
  kith_comm_sum(comm, 1, &sum);
  return kith_exact_sum_value(&sum);
}

/*
 * Solve sum of min(1, t norm) = budget for t, by doubling and bisection.  If fewer nodes than the budget have
 * neighbors, t is 2^100, and all of these nodes have probability 1.  Sums over ranks are exact, so t does not
 * depend on the ranks.
 */
static double node_set_solve_scale(const kith_comm *comm, kith_lid n, const double *norm, double budget) {
  double low = 0, high = 1;
  for (int i = 0; i < 100 && node_set_expected(comm, n, norm, high) < budget; i++) high *= 2;
  for (int i = 0; i < 60; i++) {
    double middle = (low + high) / 2;
    if (node_set_expected(comm, n, norm, middle) < budget) low = middle;
    else high = middle;
  }
  return high;
}

static kith_agreed node_set_probabilities(const sample_context *s, node_set *w) {
  const kith_comm *comm = s->comm;
  const kith_graph *g = s->g;
  kith_agreed st = {KITH_OK};
  int64_t *bits = NULL;
  KITH_TRY(kith_agree(comm, KITH_NEW(w->probability, s->a->csr.n_col)));
  KITH_TRY(kith_agree(comm, KITH_NEW(bits, s->a->csr.n_col)));
  for (kith_lid i = 0; i < g->n_own; i++) w->probability[i] = node_set_norm(s->a, i);
  double t = node_set_solve_scale(comm, g->n_own, w->probability, (double)s->options.budget);
  for (kith_lid i = 0; i < g->n_own; i++) {
    w->probability[i] = fmin(1, t * w->probability[i]);
    bits[i] = (int64_t)ldexp(w->probability[i], 52); /* sent as integers, in multiples of 2^-52 */
  }
  KITH_TRY(kith_halo_forward_int(s->a->halo, bits, bits + g->n_own));
  for (kith_lid i = 0; i < s->a->csr.n_col; i++) w->probability[i] = ldexp((double)bits[i], -52);
done:
  KITH_FREE(bits);
  return st;
}

/* Expectation plus 12 standard deviations: never reached in practice; an excess would abort. */
static int64_t node_set_max_nodes(double budget) { return (int64_t)ceil(budget + 12 * sqrt(budget + 1)) + 1; }

kith_agreed kith__method_node_set(const sample_context *s, sample_method *out) {
  kith_agreed st = {KITH_OK};
  node_set *w = NULL;
  KITH_TRY(kith_agree(s->comm, KITH_NEW(w, 1)));
  *w = (node_set){.ctx = s, .per_layer = s->options.mode == KITH_LAYERWISE};
  *out =
      (sample_method){.self = w, .begin = node_set_begin, .draw = node_set_draw, .destroy = node_set_destroy};
  out->max_nodes = node_set_max_nodes((double)s->options.budget) * (w->per_layer ? s->n_layer : 1);
  KITH_TRY(node_set_probabilities(s, w));
done:
  if (!out->self) KITH_FREE(w); /* refused on another rank */
  return st;
}
