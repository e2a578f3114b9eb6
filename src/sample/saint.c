/*
 * GraphSAINT's walks (Zeng et al., ICLR 2020, section 3): a step's set is what random walks visit.  Walks of
 * one hop draw an edge with the paper's edge sampler's chance, in proportion to 1 / deg u + 1 / deg v.
 *
 * The chances that the estimate is divided by are counted in sets drawn before training, as the paper does: a
 * node is there in C_u of them, both ends of an edge in C_uv.  The seeds are there whatever is drawn, so that
 * they read u with scale N / C_u.  The rows of farther hops are there because they are in the set, and read u
 * under that condition: C_v / C_uv (the paper's 1 / alpha).  A seed that is not in the set, and is carried
 * along for its own layers' sake, reads u under that condition: (N - C_v) / (C_u - C_uv).  So the sum is
 * estimated without bias whether it is in the set or not.
 */
#include <math.h>

#include "sample/law.h"

typedef struct saint {
  const sample_setting *set;
  double root; /* chance of each node to begin a walk */
  int length;
  kith_walks *walks;
  kith_walker *walker; /* [n_own] */
  bool tells;          /* walks are at their end, and ranks tell each other who is there */
  float *here;         /* [n_own + n_ghost] 1 if a node is in the step's set, else 0 */
  int64_t n_set;       /* N, sets that were counted */
  int64_t *count;      /* [n_own + n_ghost] C_u */
  int32_t *both;       /* [entries] C_uv */
} saint;

static void saint_visit(void *self, const kith_walker *x, int hop) {
  saint *w = self;
  (void)hop;
  w->here[x->at - w->set->g->first[w->set->comm->rank]] = 1;
}

/* Begin to draw the set of a step: every node begins a walk or not, by a draw of its own. */
static void saint_begin_set(saint *w, kith_rng_stream use, uint64_t step) {
  const sample_setting *s = w->set;
  const kith_graph *g = s->g;
  int64_t n = 0;
  for (kith_lid i = 0; i < g->n_own; i++) {
    w->here[i] = 0;
    if (kith_random_unit(kith_random(s->seed, use, step, (uint64_t)s->a->node[i], KITH_HOPS_MOST).bits[0]) >=
        w->root)
      continue;
    w->walker[n++] = (kith_walker){.id = s->a->node[i], .begin = g->first[s->comm->rank] + i};
  }
  kith_walk_law law = {.seed = s->seed, .round = step, .use = use, .length = w->length};
  kith_walks_begin(w->walks, &law, n, w->walker, saint_visit, w);
}

static void saint_begin(void *self, uint64_t step) { saint_begin_set(self, KITH_RNG_NODE_SET, step); }

static void saint_hear(saint *w) {
  if (w->tells) kith_halo_end(w->set->a->halo);
  w->tells = false;
}

static bool saint_advance(void *self) {
  saint *w = self;
  bool ready = w->tells;
  if (w->tells) saint_hear(w);
  else if (kith_walks_advance(w->walks)) {
    kith_halo_begin(w->set->a->halo, 1, w->here, w->here + w->set->g->n_own);
    w->tells = true;
  }
  return ready;
}

/* One over the chance that neighbor c, entry e of a row, is in the set; a first meeting counts as one. */
static float saint_scale(const saint *w, const sample_question *q, kith_eid e, kith_lid c) {
  int64_t often = w->n_set, together = w->count[c];
  if (q->hop < w->set->n_hop - 1) {
    bool here = w->here[q->row] != 0;
    often = here ? w->count[q->row] : w->n_set - w->count[q->row];
    together = here ? w->both[e] : w->count[c] - w->both[e];
  }
  return (float)((double)(often > 0 ? often : 1) / (double)(together > 0 ? together : 1));
}

static int64_t saint_draw(void *self, const sample_question *q, int64_t *place, float *scale) {
  const saint *w = self;
  const kith_dist_csr *a = w->set->a;
  kith_eid first = a->csr.start[a->iperm[q->row]];
  int64_t n = 0;
  for (int64_t i = 0; i < q->among; i++) {
    kith_eid e = first + kith__allowed(q, i);
    kith_lid c = a->csr.col[e];
    if (w->here[c] == 0) continue;
    scale[n] = saint_scale(w, q, e, c);
    place[n++] = kith__allowed(q, i);
  }
  return n;
}

static void saint_destroy(void *self) {
  saint *w = self;
  saint_hear(w);
  kith_walks_destroy(&w->walks);
  KITH_FREE(w->walker);
  KITH_FREE(w->here);
  KITH_FREE(w->count);
  KITH_FREE(w->both);
  KITH_FREE(w);
}

/* Count one more set; returns how many nodes of this rank are in it. */
static int64_t saint_count_set(saint *w) {
  const kith_csr *csr = &w->set->a->csr;
  int64_t here = 0;
  saint_begin_set(w, KITH_RNG_INCLUSION, (uint64_t)w->n_set++);
  while (!saint_advance(w)) continue;
  for (kith_lid i = 0; i < csr->n_col; i++) w->count[i] += w->here[i] != 0;
  for (kith_lid i = 0; i < csr->n_row; i++) here += w->here[i] != 0;
#pragma omp parallel for schedule(dynamic, 256)
  for (kith_lid p = 0; p < csr->n_row; p++)
    for (kith_eid e = csr->start[p]; e < csr->start[p + 1] && w->here[csr->perm[p]] != 0; e++)
      w->both[e] += w->here[csr->col[e]] != 0;
  return here;
}

/*
 * Count as many sets as it takes to meet every node `coverage` times on average.  Every set costs a draw for
 * each node, so this grows with coverage * nodes^2 / budget: progress is shown.
 */
static void saint_count(saint *w) {
  const sample_setting *s = w->set;
  int64_t n_node = s->g->n[KITH_USER] + s->g->n[KITH_ITEM], met = 0;
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
  const kith_dist_csr *a = w->set->a;
  KITH_TRY(kith_halo_reserve(a->halo, 1));
  KITH_TRY(KITH_NEW(w->walker, w->set->g->n_own));
  KITH_TRY(KITH_NEW(w->here, a->csr.n_col));
  KITH_TRY(KITH_NEW(w->count, a->csr.n_col));
  KITH_TRY(KITH_NEW(w->both, a->csr.start[a->csr.n_row]));
done:
  return st;
}

kith_agreed kith__law_saint(const sample_setting *s, sample_law *out) {
  kith_agreed st = {KITH_OK};
  saint *w = NULL;
  double n_node = (double)(s->g->n[KITH_USER] + s->g->n[KITH_ITEM]),
         roots = fmin((double)s->options.budget, n_node);
  int64_t most =
      (int64_t)ceil(roots + 12 * sqrt(roots + 1)) + 1; /* 12 standard deviations above what is expected */
  KITH_TRY(kith_agree(s->comm, KITH_NEW(w, 1)));
  w->set = s;
  *out = (sample_law){.self = w,
                      .begin = saint_begin,
                      .advance = saint_advance,
                      .draw = saint_draw,
                      .destroy = saint_destroy};
  w->root = roots / n_node;
  w->length = s->options.mode == KITH_SAINT_EDGE ? 1 : s->options.walk;
  out->most_nodes = most * (w->length + 1);
  KITH_TRY(kith_walks_create(s->comm, s->g, most, &w->walks));
  KITH_TRY(kith_agree(s->comm, saint_make(w)));
  saint_count(w);
done:
  if (!out->self) KITH_FREE(w); /* refused on another rank */
  return st;
}
