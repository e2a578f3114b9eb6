/*
 * A node keeps k of its neighbors (GraphSAGE), which belong to the node, the step and the hop, whoever
 * draws: uniform without replacement, or with replacement in proportion to what each neighbor weighs.
 */
#include <math.h>

#include "sample/law.h"

enum {
  NEIGHBOR_BLOCK = 16, /* draws whose random bits are made together: they do not wait for each other */
  NEIGHBOR_FEW = 128   /* draws that are kept in order as they come, at a cost of their square; more are
                           marked, and read in order */
};

static bool neighbor_has(int64_t n, int64_t x, const int64_t *place) {
  bool has = false;
  for (int64_t i = 0; i < n; i++) has |= place[i] == x;
  return has;
}

/* Insert among the ascending places 0 … n - 1: every place is looked at, since a jump that depends on what is
 * drawn costs more. */
static void neighbor_insert(int64_t n, int64_t x, int64_t *place) {
  for (int64_t i = 0; i < n; i++) {
    int64_t here = place[i];
    place[i] = here < x ? here : x;
    x = here < x ? x : here;
  }
  place[n] = x;
}

/* k of 0 … degree - 1, every choice alike (Bentley and Floyd 1987): `drawn` says what is drawn, instead of a
 * search. */
static void neighbor_mark(uint64_t seed, uint64_t step, int64_t node, int hop, int64_t degree, int k,
                          bool *drawn) {
  kith_draw r = {{0}};
  for (int64_t i = 0; i < k; i++) {
    if (i % 4 == 0)
      r = kith_random(seed, KITH_RNG_NEIGHBOR, step, (uint64_t)node, (uint64_t)hop << 32 | (uint64_t)i);
    int64_t last = degree - k + i, x = (int64_t)kith_random_below(r.bits[i % 4], (uint64_t)last + 1);
    drawn[drawn[x] ? last : x] = true;
  }
}

int64_t kith_neighbor_draw(uint64_t seed, uint64_t step, int64_t node, int hop, int64_t degree, int k,
                           bool *drawn, int64_t *place) {
  if (k == 0 || k >= degree) {
    for (int64_t i = 0; i < degree; i++) place[i] = i;
    return degree;
  }
  if (k > NEIGHBOR_FEW) {
    int64_t n = 0;
    neighbor_mark(seed, step, node, hop, degree, k, drawn);
    for (int64_t x = 0; x < degree; x++) {
      if (drawn[x]) place[n++] = x;
      drawn[x] = false;
    }
    return n;
  }
  for (int64_t first = 0; first < k; first += NEIGHBOR_BLOCK) {
    kith_draw r[NEIGHBOR_BLOCK / 4];
    int64_t end = kith_min(first + NEIGHBOR_BLOCK, k);
    for (int64_t i = first; i < end; i += 4)
      r[(i - first) / 4] =
          kith_random(seed, KITH_RNG_NEIGHBOR, step, (uint64_t)node, (uint64_t)hop << 32 | (uint64_t)i);
    for (int64_t i = first; i < end; i++) {
      int64_t last = degree - k + i,
              x = (int64_t)kith_random_below(r[(i - first) / 4].bits[i % 4], (uint64_t)last + 1);
      neighbor_insert(i, neighbor_has(i, x, place) ? last : x,
                      place); /* the last is larger than all drawn before */
    }
  }
  return k;
}

typedef struct neighbor {
  const sample_setting *set;
  uint64_t step;
  double
      *below; /* [largest degree + 1] of the node being asked about: what the neighbors before each weigh */
  int64_t *times; /* [largest degree] how often each was drawn; zero between questions */
  bool *drawn;    /* [largest degree] the same of draws without replacement */
} neighbor;

static int neighbor_fan(const sample_setting *set, int l) {
  const kith_fanouts *f = &set->options.fanouts;
  int from_seeds = set->n_hop - 1 - l;
  if (f->n == 0) return 0;
  return f->of[from_seeds < f->n ? from_seeds : f->n - 1];
}

static void neighbor_begin(void *self, uint64_t step) { ((neighbor *)self)->step = step; }

static int64_t neighbor_uniform(void *self, const sample_question *q, int64_t *place, float *scale) {
  const neighbor *w = self;
  int64_t n = kith_neighbor_draw(w->set->seed, w->step, w->set->a->node[q->row], q->hop, q->among,
                                 neighbor_fan(w->set, q->hop), w->drawn, place);
  float each = n > 0 ? (float)((double)q->among / (double)n) : 0;
  for (int64_t i = 0; i < n; i++) {
    place[i] = kith__allowed(q, place[i]);
    scale[i] = each;
  }
  return n;
}

/* What an entry weighs in draws: as it was given, or one over the neighbor's degree, as the squares of A's
 * entries in a row do. */
static double neighbor_weight(const neighbor *w, kith_lid row, int64_t place) {
  const kith_dist_csr *a = w->set->a;
  kith_eid at = a->csr.start[a->iperm[row]] + place;
  if (w->set->options.draw == KITH_BY_WEIGHT) return (double)w->set->g->weight[w->set->g->start[row] + place];
  return a->weighted ? (double)a->csr.weight[at] : 1 / (double)a->degree[a->csr.col[at]];
}

/* Running sums of what the allowed neighbors weigh. */
static void neighbor_weigh(const neighbor *w, const sample_question *q) {
  w->below[0] = 0;
  for (int64_t i = 0; i < q->among; i++)
    w->below[i + 1] = w->below[i] + neighbor_weight(w, q->row, kith__allowed(q, i));
}

/* The neighbor whose share a number below the sum of all falls in: binary search. */
static int64_t neighbor_at(const double *below, int64_t n, double x) {
  int64_t low = 0, high = n - 1;
  while (low < high) {
    int64_t middle = low + (high - low + 1) / 2;
    if (below[middle] <= x) low = middle;
    else high = middle - 1;
  }
  return low;
}

/* k draws with replacement: each that falls on a neighbor adds 1 / (k q) to its factor (Chen et al.,
 * FastGCN, ICLR 2018, theorem 1, for one node's neighbors). */
static int64_t neighbor_weighted(void *self, const sample_question *q, int64_t *place, float *scale) {
  const neighbor *w = self;
  int k = neighbor_fan(w->set, q->hop);
  int64_t n = 0;
  if (k == 0 || k >= q->among) return neighbor_uniform(self, q, place, scale);
  neighbor_weigh(w, q);
  double all = w->below[q->among];
  for (int i = 0; i < k; i++) {
    kith_draw r = kith_random(w->set->seed, KITH_RNG_NEIGHBOR, w->step, (uint64_t)w->set->a->node[q->row],
                              (uint64_t)q->hop << 32 | (uint64_t)i);
    w->times[neighbor_at(w->below, q->among, all * kith_random_unit(r.bits[0]))]++;
  }
  for (int64_t i = 0; i < q->among; i++) {
    if (w->times[i] == 0) continue;
    scale[n] = (float)((double)w->times[i] * all / (k * (w->below[i + 1] - w->below[i])));
    place[n++] = kith__allowed(q, i);
    w->times[i] = 0;
  }
  return n;
}

static void neighbor_destroy(void *self) {
  neighbor *w = self;
  KITH_FREE(w->below);
  KITH_FREE(w->times);
  KITH_FREE(w->drawn);
  KITH_FREE(w);
}

/* Draws by weight need weights, above zero and finite, so that every neighbor can be drawn. */
static kith_status neighbor_check(const sample_setting *s) {
  kith_status st = KITH_OK;
  const kith_graph *g = s->g;
  if (s->options.draw != KITH_BY_WEIGHT) return st;
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

kith_status kith__law_neighbor(const sample_setting *s, sample_law *out) {
  kith_status st = KITH_OK;
  neighbor *w = NULL;
  KITH_TRY(neighbor_check(s));
  KITH_TRY(KITH_NEW(w, 1));
  *out = (sample_law){.self = w,
                      .begin = neighbor_begin,
                      .draw = s->options.draw == KITH_UNIFORM ? neighbor_uniform : neighbor_weighted,
                      .destroy = neighbor_destroy};
  w->set = s;
  KITH_TRY(KITH_NEW(w->below, s->most_degree + 1));
  KITH_TRY(KITH_NEW(w->times, s->most_degree));
  KITH_TRY(KITH_NEW(w->drawn, s->most_degree));
  for (int l = 0; l < s->n_hop; l++) out->most_drawn[l] = neighbor_fan(s, l);
done:
  return st;
}
