/* The law of noise: a mixture of uniform items, popular ones and those of training pairs, the same integers on every rank. */
#include <math.h>

#include "sample/noise.h"

static const double NOISE_UNIT = 0x1p20; /* weights are rounded once, so that sums and draws of them are exact */

kith_negative_options kith_negative_defaults(void) {
  return (kith_negative_options){.count = 1, .popularity = 0, .alpha = 0.75, .inbatch = 0, .hard = 0, .pool = 16};
}

static kith_status noise_make(const kith_graph *g, const kith_negative_options *o, kith_noise **out) {
  kith_status st = KITH_OK;
  kith_noise *z = NULL;
  KITH_TRY(KITH_NEW(z, 1));
  *z = (kith_noise){.n = g->n[KITH_ITEM], .popularity = o->popularity, .inbatch = o->inbatch, .hard = o->hard};
  if (o->popularity > 0) KITH_TRY(KITH_NEW(z->below, z->n + 1));
  if (o->inbatch > 0) KITH_TRY(KITH_NEW(z->pairs_below, z->n + 1));
  *out = z;
  z = NULL;
done:
  kith_noise_destroy(&z);
  return st;
}

/* What the items before each weigh.  Each item's weight comes from its owner: no other rank's pow() has a say in it. */
static void noise_weigh(const kith_comm *comm, const kith_graph *g, double alpha, double unit, int64_t *below) {
  int64_t n = g->n[KITH_ITEM];
  for (kith_lid i = 0; i < g->n_own_of[KITH_ITEM]; i++) {
    kith_lid row = g->row_of[KITH_ITEM][i];
    double degree = (double)(g->start[row + 1] - g->start[row]);
    below[g->original[row] + 1] = llround(pow(degree, alpha) * unit);
  }
  kith_comm_sum_int(comm, (int)n, below + 1);
  for (int64_t i = 0; i < n; i++) below[i + 1] += below[i];
}

kith_agreed kith_noise_create(const kith_comm *comm, const kith_graph *g, const kith_negative_options *o, kith_noise **out) {
  *out = NULL;
  kith_agreed st = kith_agree(comm, noise_make(g, o, out));
  if (kith_is_bad(st)) kith_noise_destroy(out);
  if (*out && (*out)->below) noise_weigh(comm, g, o->alpha, NOISE_UNIT, (*out)->below);
  if (*out && (*out)->pairs_below) noise_weigh(comm, g, 1, 1, (*out)->pairs_below);
  return st;
}

void kith_noise_destroy(kith_noise **noise) {
  if (!*noise) return;
  KITH_FREE((*noise)->below);
  KITH_FREE((*noise)->pairs_below);
  KITH_FREE(*noise);
}

/* Of n items the one with below[i] <= at < below[i + 1], where `bits` draw at below all weights. */
static int32_t noise_find(int64_t n, const int64_t *below, uint64_t bits) {
  int64_t low = 0, high = n - 1, at = (int64_t)kith_random_below(bits, (uint64_t)below[n]);
  while (low < high) {
    int64_t middle = low + (high - low + 1) / 2;
    if (below[middle] <= at) low = middle;
    else high = middle - 1;
  }
  return (int32_t)low;
}

bool kith__noise_is_inbatch(const kith_noise *z, const kith_draw *r) {
  double law = kith_random_unit(r->bits[1]);
  return z->inbatch > 0 && law >= z->popularity && law < z->popularity + z->inbatch;
}

int32_t kith_noise_item(const kith_noise *z, const kith_draw *r) {
  if (z->popularity > 0 && kith_random_unit(r->bits[1]) < z->popularity) return noise_find(z->n, z->below, r->bits[0]);
  if (kith__noise_is_inbatch(z, r)) return noise_find(z->n, z->pairs_below, r->bits[0]);
  return (int32_t)kith_random_below(r->bits[0], (uint64_t)z->n);
}

double kith_noise_log(const kith_noise *z, int32_t item) {
  double p = fmax(0, 1 - z->popularity - z->inbatch) / (double)z->n;
  if (z->popularity > 0) p += z->popularity * (double)(z->below[item + 1] - z->below[item]) / (double)z->below[z->n];
  if (z->inbatch > 0) p += z->inbatch * (double)(z->pairs_below[item + 1] - z->pairs_below[item]) / (double)z->pairs_below[z->n];
  return log(p);
}
