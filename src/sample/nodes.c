/*
 * Every node is in the step's set or not, by a draw of its own: for each layer anew (FastGCN: Chen et al.,
 * ICLR 2018), or once for all layers (GraphSAINT's node sampler: Zeng et al., ICLR 2020).  A row reads those
 * of its neighbors that are in the set, each weighted by one over its chance.  Both papers draw a fixed
 * number of nodes with replacement; independent draws with the same expected number need no list of all nodes
 * on every rank, and any rank can tell for any node that it knows.
 */
#include <math.h>

#include "sample/law.h"

typedef struct nodes {
  const sample_setting *set;
  bool anew;    /* for each layer */
  double *each; /* [n_own + n_ghost] chance of each node */
  uint64_t step;
} nodes;

static void nodes_begin(void *self, uint64_t step) { ((nodes *)self)->step = step; }

static int64_t nodes_draw(void *self, const sample_question *q, int64_t *place, float *scale) {
  const nodes *w = self;
  const kith_dist_csr *a = w->set->a;
  const kith_lid *col = a->csr.col + a->csr.start[a->iperm[q->row]];
  uint64_t layer = w->anew ? (uint64_t)q->hop : KITH_HOPS_MOST;
  int64_t n = 0;
  for (int64_t i = 0; i < q->among; i++) {
    kith_lid c = col[kith__allowed(q, i)];
    if (kith_random_unit(
            kith_random(w->set->seed, KITH_RNG_NODE_SET, w->step, (uint64_t)a->node[c], layer).bits[0]) >=
        w->each[c])
      continue;
    scale[n] = (float)(1 / w->each[c]);
    place[n++] = kith__allowed(q, i);
  }
  return n;
}

static void nodes_destroy(void *self) {
  nodes *w = self;
  KITH_FREE(w->each);
  KITH_FREE(w);
}

/* What an owned node's chance is in proportion to: the squared norm of its column of A. */
static double nodes_norm(const kith_dist_csr *a, kith_lid row) {
  const kith_csr *csr = &a->csr;
  double sum = 0;
  for (kith_eid e = csr->start[a->iperm[row]]; e < csr->start[a->iperm[row] + 1]; e++)
    sum += (double)csr->weight[e] * (double)csr->weight[e];
  return sum;
}

static double nodes_expected(const kith_comm *comm, kith_lid n, const double *norm, double t) {
  kith_exact_sum sum = {0};
  for (kith_lid i = 0; i < n; i++) kith_exact_sum_add(&sum, fmin(1, t * norm[i]));
  kith_comm_sum(comm, 1, &sum);
  return kith_exact_sum_value(&sum);
}

/*
 * The t for which chances min(1, t norm) add up to `budget`, by doubling and halving; 2^100, which makes
 * every node certain that has neighbors, where those are fewer.  Sums over ranks are exact, so t is the same
 * on any number of them.
 */
static double nodes_level(const kith_comm *comm, kith_lid n, const double *norm, double budget) {
  double low = 0, high = 1;
  for (int i = 0; i < 100 && nodes_expected(comm, n, norm, high) < budget; i++) high *= 2;
  for (int i = 0; i < 60; i++) {
    double middle = (low + high) / 2;
    if (nodes_expected(comm, n, norm, middle) < budget) low = middle;
    else high = middle;
  }
  return high;
}

static kith_agreed nodes_share(const sample_setting *s, nodes *w) {
  const kith_comm *comm = s->comm;
  const kith_graph *g = s->g;
  kith_agreed st = {KITH_OK};
  int64_t *bits = NULL;
  KITH_TRY(kith_agree(comm, KITH_NEW(w->each, s->a->csr.n_col)));
  KITH_TRY(kith_agree(comm, KITH_NEW(bits, s->a->csr.n_col)));
  for (kith_lid i = 0; i < g->n_own; i++) w->each[i] = nodes_norm(s->a, i);
  double t = nodes_level(comm, g->n_own, w->each, (double)s->options.budget);
  for (kith_lid i = 0; i < g->n_own; i++) {
    w->each[i] = fmin(1, t * w->each[i]);
    bits[i] = (int64_t)ldexp(w->each[i], 52); /* chances travel as whole numbers: multiples of 2^-52 */
  }
  KITH_TRY(kith_halo_forward_int(s->a->halo, bits, bits + g->n_own));
  for (kith_lid i = 0; i < s->a->csr.n_col; i++) w->each[i] = ldexp((double)bits[i], -52);
done:
  KITH_FREE(bits);
  return st;
}

/* Twelve standard deviations above the expected number: never reached in practice (and told, if it were). */
static int64_t nodes_most(double budget) { return (int64_t)ceil(budget + 12 * sqrt(budget + 1)) + 1; }

kith_agreed kith__law_nodes(const sample_setting *s, sample_law *out) {
  kith_agreed st = {KITH_OK};
  nodes *w = NULL;
  KITH_TRY(kith_agree(s->comm, KITH_NEW(w, 1)));
  *w = (nodes){.set = s, .anew = s->options.mode == KITH_LAYERWISE};
  *out = (sample_law){.self = w, .begin = nodes_begin, .draw = nodes_draw, .destroy = nodes_destroy};
  out->most_nodes = nodes_most((double)s->options.budget) * (w->anew ? s->n_hop : 1);
  KITH_TRY(nodes_share(s, w));
done:
  if (!out->self) KITH_FREE(w); /* refused on another rank */
  return st;
}
