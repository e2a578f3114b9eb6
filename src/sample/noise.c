/* The law of noise: a mixture of uniform items, popular ones and those of training pairs, the same integers
 * on every rank. */
#include <math.h>

#include "sample/noise.h"

static const double NOISE_UNIT =
    0x1p20; /* weights are rounded once, so that sums and draws of them are exact */

kith_negative_options kith_negative_defaults(void) {
  return (
      kith_negative_options){.count = 1, .popularity = 0, .alpha = 0.75, .inbatch = 0, .hard = 0, .pool = 16};
}

static kith_status noise_room(const kith_graph *g, kith_cumulative *w) {
  kith_status st = KITH_OK;
  KITH_TRY(KITH_NEW(w->below, g->n[KITH_ITEM] + 1));
  KITH_TRY(KITH_NEW(w->known, g->train.start[g->train.n_row]));
done:
  return st;
}

static kith_status noise_make(const kith_graph *g, const kith_negative_options *o, kith_noise **out) {
  kith_status st = KITH_OK;
  kith_noise *z = NULL;
  KITH_TRY(KITH_NEW(z, 1));
  *z = (kith_noise){.n = g->n[KITH_ITEM],
                    .popularity = o->popularity,
                    .alpha = o->alpha,
                    .inbatch = o->inbatch,
                    .hard = o->hard};
  if (o->popularity > 0) KITH_TRY(noise_room(g, &z->popular));
  if (o->inbatch > 0) KITH_TRY(noise_room(g, &z->pairs));
  *out = z;
  z = NULL;
done:
  kith_noise_destroy(&z);
  return st;
}

/* What the items before each weigh.  Each item's weight comes from its owner: no other rank's pow() has a say
 * in it. */
static void noise_weigh(const kith_comm *comm, const kith_graph *g, double alpha, double unit,
                        int64_t *below) {
  int64_t n = g->n[KITH_ITEM];
  for (kith_lid i = 0; i < g->n_own_of[KITH_ITEM]; i++) {
    kith_lid row = g->row_of[KITH_ITEM][i];
    double degree = (double)(g->start[row + 1] - g->start[row]);
    below[g->original[row] + 1] = llround(pow(degree, alpha) * unit);
  }
  kith_comm_sum_int(comm, (int)n, below + 1);
  for (int64_t i = 0; i < n; i++) below[i + 1] += below[i];
}

/* What the items of each user's list weigh, up to and including each. */
static void noise_weigh_known(const kith_ragged *train, kith_cumulative *w) {
  for (int64_t u = 0; u < train->n_row; u++) {
    int64_t sum = 0;
    for (kith_eid e = train->start[u]; e < train->start[u + 1]; e++) {
      sum += w->below[train->value[e] + 1] - w->below[train->value[e]];
      w->known[e] = sum;
    }
  }
}

kith_agreed kith_noise_create(const kith_comm *comm, const kith_graph *g, const kith_negative_options *o,
                              kith_noise **out) {
  *out = NULL;
  kith_agreed st = kith_agree(comm, noise_make(g, o, out));
  if (kith_is_bad(st)) kith_noise_destroy(out);
  kith_noise *z = *out;
  if (!z) return st;
  if (z->popular.below) noise_weigh(comm, g, o->alpha, NOISE_UNIT, z->popular.below);
  if (z->pairs.below) noise_weigh(comm, g, 1, 1, z->pairs.below);
  if (z->popular.below) noise_weigh_known(&g->train, &z->popular);
  if (z->pairs.below) noise_weigh_known(&g->train, &z->pairs);
  return st;
}

static void noise_free(kith_cumulative *w) {
  KITH_FREE(w->below);
  KITH_FREE(w->known);
}

void kith_noise_destroy(kith_noise **noise) {
  if (!*noise) return;
  noise_free(&(*noise)->popular);
  noise_free(&(*noise)->pairs);
  KITH_FREE(*noise);
}

int32_t kith__noise_find(int64_t n, const int64_t *below, int64_t at) {
  int64_t low = 0, high = n - 1;
  while (low < high) {
    int64_t middle = low + (high - low + 1) / 2;
    if (below[middle] <= at) low = middle;
    else high = middle - 1;
  }
  return (int32_t)low;
}

static int32_t noise_draw(int64_t n, const int64_t *below, uint64_t bits) {
  return kith__noise_find(n, below, (int64_t)kith_random_below(bits, (uint64_t)below[n]));
}

double kith__noise_uniform(const kith_noise *z) {
  double share = 1 - z->popularity - z->inbatch;
  return share > 1e-12 ? share : 0;
}

bool kith_noise_draws_any(const kith_noise *z) {
  return kith__noise_uniform(z) > 0 || (z->popularity > 0 && z->alpha == 0);
}

bool kith__noise_is_inbatch(const kith_noise *z, const kith_draw *r) {
  double law = kith_random_unit(r->bits[1]);
  return z->inbatch > 0 && law >= z->popularity && law < z->popularity + z->inbatch;
}

int32_t kith_noise_item(const kith_noise *z, const kith_draw *r) {
  if (z->popularity > 0 && kith_random_unit(r->bits[1]) < z->popularity)
    return noise_draw(z->n, z->popular.below, r->bits[0]);
  if (kith__noise_is_inbatch(z, r)) return noise_draw(z->n, z->pairs.below, r->bits[0]);
  return (int32_t)kith_random_below(r->bits[0], (uint64_t)z->n);
}

static double noise_share(double share, int64_t n, const int64_t *below, int32_t item) {
  return share * (double)(below[item + 1] - below[item]) / (double)below[n];
}

double kith_noise_log(const kith_noise *z, int32_t item) {
  double p = fmax(0, 1 - z->popularity - z->inbatch) / (double)z->n;
  if (z->popularity > 0) p += noise_share(z->popularity, z->n, z->popular.below, item);
  if (z->inbatch > 0) p += noise_share(z->inbatch, z->n, z->pairs.below, item);
  return log(p);
}
