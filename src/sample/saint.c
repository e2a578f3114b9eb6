/*
 * GraphSAINT's edge and walk samplers (Zeng et al., ICLR 2020, section 3): a step's set is what random walks
 * visit.  A walk of one step samples an edge with the probability of the paper's edge sampler, proportional
 * to 1 / deg u + 1 / deg v.
 *
 * Inclusion probabilities are estimated from N sets drawn before training, as in the paper: node u is in C_u
 * of them, both ends of edge (u, v) are in C_uv.  Row v reads neighbor u with an inverse probability:
 *
 * - in the block of the seed nodes, which are rows whatever is drawn: N / C_u;
 * - in the other blocks, if v is in the set: C_v / C_uv, the paper's 1 / alpha;
 * - in the other blocks, if v is a seed node outside of the set: (N - C_v) / (C_u - C_uv).
 *
 * So the estimate is unbiased whether the row is in the set or not.
 */
#include <math.h>

#include "sample/sampler_method.h"

typedef struct saint {
  const sample_context *ctx;
  double root_probability; /* probability that a walk starts at a node */
  int length;
  kith_walks *walks;
  kith_walker *walker; /* [n_own] */
  bool exchanging;     /* walks have ended, and in_set travels to the ghosts */
  float *in_set;       /* [n_own + n_ghost] 1 if the node is in the step's set, else 0 */
  int64_t n_set;       /* N, sets counted */
  int64_t *count;      /* [n_own + n_ghost] C_u */
  int32_t *pair_count; /* [entries] C_uv */
} saint;

/* Nodes that have interactions; those of further types have none, and are in no set. */
static int64_t saint_n_node(const kith_graph *g) { return g->n[KITH_USER] + g->n[KITH_ITEM]; }

static void saint_visit(void *self, const kith_walker *x, int hop) {
  saint *w = self;
  (void)hop;
  w->in_set[x->current - w->ctx->g->first[w->ctx->comm->rank]] = 1;
}

/* Begin to sample the set of a step: a walk starts at every node by an independent draw. */
static void saint_begin_set(saint *w, kith_rng_stream use, uint64_t step) {
  const sample_context *s = w->ctx;
  const kith_graph *g = s->g;
  int64_t n = 0;
  for (kith_lid i = 0; i < g->n_own; i++) {
    w->in_set[i] = 0;
    if (g->type[i] >= KITH_SIDES) continue;
    if (kith_random_unit(
            kith_random(s->rng_seed, use, step, (uint64_t)s->a->node[i], SAMPLE_NO_LAYER).bits[0]) >=
        w->root_probability)
      continue;
    w->walker[n++] = (kith_walker){.id = s->a->node[i], .start = g->first[s->comm->rank] + i};
  }
  kith_walk_options options = {.rng_seed = s->rng_seed, .round = step, .use = use, .length = w->length};
  kith_walks_begin(w->walks, &options, n, w->walker, saint_visit, w);
}

static void saint_begin(void *self, uint64_t step) { saint_begin_set(self, KITH_RNG_NODE_SET, step); }

static void saint_finish_exchange(saint *w) {
  if (w->exchanging) kith_halo_end(w->ctx->a->halo);
  w->exchanging = false;
}

static bool saint_advance(void *self) {
  saint *w = self;
  bool ready = w->exchanging;
  if (w->exchanging) saint_finish_exchange(w);
  else if (kith_walks_advance(w->walks)) {
    kith_halo_begin(w->ctx->a->halo, 1, w->in_set, w->in_set + w->ctx->g->n_own);
    w->exchanging = true;
  }
  return ready;
}

/* Inverse probability that neighbor c, entry e of a row, is in the set; counts of 0 are taken as 1. */
static float saint_scale(const saint *w, const sample_query *q, kith_eid e, kith_lid c) {
  int64_t often = w->n_set, together = w->count[c];
  if (q->layer < w->ctx->n_layer - 1) {
    bool here = w->in_set[q->row] != 0;
    often = here ? w->count[q->row] : w->n_set - w->count[q->row];
    together = here ? w->pair_count[e] : w->count[c] - w->pair_count[e];
  }
  return (float)((double)(often > 0 ? often : 1) / (double)(together > 0 ? together : 1));
}

static int64_t saint_draw(void *self, int thread, const sample_query *q, int64_t *position, float *scale) {
  (void)thread;
  const saint *w = self;
  const kith_dist_csr *a = w->ctx->a;
  kith_eid first = a->csr.start[a->iperm[q->row]];
  int64_t n = 0;
  for (int64_t i = 0; i < q->n_eligible; i++) {
    kith_eid e = first + kith__eligible(q, i);
    kith_lid c = a->csr.col[e];
    if (w->in_set[c] == 0) continue;
    scale[n] = saint_scale(w, q, e, c);
    position[n++] = kith__eligible(q, i);
  }
  return n;
}

static void saint_destroy(void *self) {
  saint *w = self;
  saint_finish_exchange(w);
  kith_walks_destroy(&w->walks);
  KITH_FREE(w->walker);
  KITH_FREE(w->in_set);
  KITH_FREE(w->count);
  KITH_FREE(w->pair_count);
  KITH_FREE(w);
}

/* Sample and count one set; returns the number of this rank's nodes in it. */
static int64_t saint_count_set(saint *w) {
  const kith_csr *csr = &w->ctx->a->csr;
  int64_t here = 0;
  saint_begin_set(w, KITH_RNG_INCLUSION, (uint64_t)w->n_set++);
  while (!saint_advance(w)) continue;
  for (kith_lid i = 0; i < csr->n_col; i++) w->count[i] += w->in_set[i] != 0;
  for (kith_lid i = 0; i < csr->n_row; i++) here += w->in_set[i] != 0;
#pragma omp parallel for schedule(dynamic, 256)
  for (kith_lid p = 0; p < csr->n_row; p++)
    for (kith_eid e = csr->start[p]; e < csr->start[p + 1] && w->in_set[csr->perm[p]] != 0; e++)
      w->pair_count[e] += w->in_set[csr->col[e]] != 0;
  return here;
}

/*
 * Count sets until every node was included `coverage` times on average.  A set costs a draw for each node, so
 * the cost grows with coverage * nodes^2 / budget: progress is shown.
 */
static void saint_count(saint *w) {
  const sample_context *s = w->ctx;
  int64_t n_node = saint_n_node(s->g), met = 0;
  kith_progress progress;
  kith_progress_begin(&progress, "counting sets", s->options.coverage * n_node);
  while (met < s->options.coverage * n_node && w->n_set < INT32_MAX) {
    int64_t here = saint_count_set(w);
    kith_comm_sum_int(s->comm, 1, &here);
    met += here;
    kith_progress_step(&progress, kith_min(met, progress.n), NULL);
  }
  kith_progress_end(&progress);
}

static kith_status saint_make(saint *w) {
  kith_status st = KITH_OK;
  const kith_dist_csr *a = w->ctx->a;
  KITH_TRY(kith_halo_reserve(a->halo, 1));
  KITH_TRY(KITH_NEW(w->walker, w->ctx->g->n_own));
  KITH_TRY(KITH_NEW(w->in_set, a->csr.n_col));
  KITH_TRY(KITH_NEW(w->count, a->csr.n_col));
  KITH_TRY(KITH_NEW(w->pair_count, a->csr.start[a->csr.n_row]));
done:
  return st;
}

kith_agreed kith__method_saint(const sample_context *s, sample_method *out) {
  kith_agreed st = {KITH_OK};
  saint *w = NULL;
  double n_node = (double)saint_n_node(s->g), roots = fmin((double)s->options.budget, n_node);
  int64_t most =
      (int64_t)ceil(roots + 12 * sqrt(roots + 1)) + 1; /* expectation plus 12 standard deviations */
  KITH_TRY(kith_agree(s->comm, KITH_NEW(w, 1)));
  w->ctx = s;
  *out = (sample_method){.self = w,
                         .begin = saint_begin,
                         .advance = saint_advance,
                         .draw = saint_draw,
                         .destroy = saint_destroy};
  w->root_probability = roots / n_node;
  w->length = s->options.mode == KITH_SAINT_EDGE ? 1 : s->options.walk_length;
  out->max_nodes = most * (w->length + 1);
  KITH_TRY(kith_walks_create(s->comm, s->g, most, &w->walks));
  KITH_TRY(kith_agree(s->comm, saint_make(w)));
  saint_count(w);
done:
  if (!out->self) KITH_FREE(w); /* refused on another rank */
  return st;
}
