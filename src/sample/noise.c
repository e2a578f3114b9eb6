/* The law of noise: a mixture of uniform and popular items, the same integers on every rank. */
#include <math.h>

#include "kith/sample.h"

static const double NOISE_UNIT = 0x1p20; /* weights are rounded once, so that sums and draws of them are exact */

kith_negative_options kith_negative_defaults(void) {
  return (kith_negative_options){.count = 1, .popularity = 0, .alpha = 0.75, .hard = 0, .pool = 16};
}

static kith_status noise_make(const kith_graph *g, const kith_negative_options *o, kith_noise **out) {
  kith_status st = KITH_OK;
  kith_noise *z = NULL;
  KITH_TRY(KITH_NEW(z, 1));
  *z = (kith_noise){.n = g->n[KITH_ITEM], .popularity = o->popularity, .hard = o->hard};
  if (o->popularity > 0) KITH_TRY(KITH_NEW(z->below, z->n + 1));
  *out = z;
  z = NULL;
done:
  kith_noise_destroy(&z);
  return st;
}

/* Each item's weight comes from its owner: no other rank's pow() has a say in it. */
static void noise_weigh(const kith_comm *comm, const kith_graph *g, double alpha, kith_noise *z) {
  for (kith_lid i = 0; i < g->n_own_of[KITH_ITEM]; i++) {
    kith_lid row = g->row_of[KITH_ITEM][i];
    double degree = (double)(g->start[row + 1] - g->start[row]);
    z->below[g->original[row] + 1] = llround(pow(degree, alpha) * NOISE_UNIT);
  }
  kith_comm_sum_int(comm, (int)z->n, z->below + 1);
  for (int64_t i = 0; i < z->n; i++) z->below[i + 1] += z->below[i];
}

kith_agreed kith_noise_create(const kith_comm *comm, const kith_graph *g, const kith_negative_options *o, kith_noise **out) {
  *out = NULL;
  kith_agreed st = kith_agree(comm, noise_make(g, o, out));
  if (kith_is_bad(st)) kith_noise_destroy(out);
  else if ((*out)->below) noise_weigh(comm, g, o->alpha, *out);
  return st;
}

void kith_noise_destroy(kith_noise **noise) {
  if (!*noise) return;
  KITH_FREE((*noise)->below);
  KITH_FREE(*noise);
}

/* The item i with below[i] <= at < below[i + 1]. */
static int32_t noise_find(const kith_noise *z, int64_t at) {
  int64_t low = 0, high = z->n - 1;
  while (low < high) {
    int64_t middle = low + (high - low + 1) / 2;
    if (z->below[middle] <= at) low = middle;
    else high = middle - 1;
  }
  return (int32_t)low;
}

int32_t kith_noise_item(const kith_noise *z, const kith_draw *r) {
  if (z->popularity > 0 && kith_random_unit(r->bits[1]) < z->popularity)
    return noise_find(z, (int64_t)kith_random_below(r->bits[0], (uint64_t)z->below[z->n]));
  return (int32_t)kith_random_below(r->bits[0], (uint64_t)z->n);
}

double kith_noise_log(const kith_noise *z, int32_t item) {
  double p = (1 - z->popularity) / (double)z->n;
  if (z->popularity > 0) p += z->popularity * (double)(z->below[item + 1] - z->below[item]) / (double)z->below[z->n];
  return log(p);
}
