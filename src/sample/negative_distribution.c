/* The negative distribution: a mixture of uniform, popularity and in-batch components, with the same integer
 * weights on every rank. */
#include <math.h>

#include "sample/negative_distribution.h"

static const double NEGATIVE_DISTRIBUTION_UNIT =
    0x1p20; /* weights are integer multiples of 1 / this, so that their sums are exact */

kith_negative_options kith_negative_defaults(void) {
  return (
      kith_negative_options){.count = 1, .popularity = 0, .alpha = 0.75, .inbatch = 0, .hard = 0, .pool = 16};
}

static kith_agreed negative_distribution_alloc_cdf(const kith_comm *comm, const kith_graph *g,
                                                   kith_item_cdf *w) {
  kith_agreed st = {KITH_OK};
  KITH_TRY(kith_host_table_make(comm, KITH_BYTES(w->cdf, g->n[KITH_ITEM] + 1), &w->table));
  w->cdf = w->table.data;
  KITH_TRY(kith_agree(comm, KITH_NEW(w->user_cdf, g->train.start[g->train.n_row])));
done:
  return st;
}

static kith_agreed negative_distribution_make(const kith_comm *comm, const kith_graph *g,
                                              const kith_negative_options *o,
                                              kith_negative_distribution **out) {
  kith_agreed st = {KITH_OK};
  kith_negative_distribution *z = NULL;
  KITH_TRY(kith_agree(comm, KITH_NEW(z, 1)));
  *z = (kith_negative_distribution){.n = g->n[KITH_ITEM],
                                    .popularity = o->popularity,
                                    .alpha = o->alpha,
                                    .inbatch = o->inbatch,
                                    .hard = o->hard};
  if (o->popularity > 0) KITH_TRY(negative_distribution_alloc_cdf(comm, g, &z->degree_alpha));
  if (o->inbatch > 0) KITH_TRY(negative_distribution_alloc_cdf(comm, g, &z->degree));
  *out = z;
  z = NULL;
done:
  kith_negative_distribution_destroy(&z);
  return st;
}

int64_t kith_negative_distribution_bytes(const kith_negative_options *o, int n_here, int64_t n_item,
                                         int64_t n_pair) {
  const kith_negative_distribution *z = NULL;
  int64_t cdf = kith_host_table_bytes(KITH_BYTES(z->degree.cdf, n_item + 1), n_here) +
                KITH_BYTES(z->degree.user_cdf, n_pair);
  return KITH_BYTES(z, 1) + ((o->popularity > 0) + (o->inbatch > 0)) * cdf;
}

/* Cumulative weights of the items.  An item's weight comes from its owner only, since pow() may differ
 * between machines. */
static void negative_distribution_item_cdf(const kith_graph *g, double alpha, double unit, kith_item_cdf *w) {
  int64_t n = g->n[KITH_ITEM], *cdf = w->cdf;
  for (kith_lid i = 0; i < g->n_own_of[KITH_ITEM]; i++) {
    kith_lid row = g->row_of[KITH_ITEM][i];
    double degree = (double)(g->start[row + 1] - g->start[row]);
    cdf[g->original[row] + 1] = llround(pow(degree, alpha) * unit);
  }
  kith_host_table_sum(&w->table, n + 1);
  if (kith_host_table_leads(&w->table))
    for (int64_t i = 0; i < n; i++) cdf[i + 1] += cdf[i];
  kith_host_table_end(&w->table);
}

/* Cumulative weights within each user's items. */
static void negative_distribution_user_cdf(const kith_ragged *train, kith_item_cdf *w) {
  for (int64_t u = 0; u < train->n_row; u++) {
    int64_t sum = 0;
    for (kith_eid e = train->start[u]; e < train->start[u + 1]; e++) {
      sum += w->cdf[train->value[e] + 1] - w->cdf[train->value[e]];
      w->user_cdf[e] = sum;
    }
  }
}

kith_agreed kith_negative_distribution_create(const kith_comm *comm, const kith_graph *g,
                                              const kith_negative_options *o,
                                              kith_negative_distribution **out) {
  *out = NULL;
  kith_agreed st = negative_distribution_make(comm, g, o, out);
  if (kith_is_bad(st)) kith_negative_distribution_destroy(out);
  kith_negative_distribution *z = *out;
  if (!z) return st;
  if (z->degree_alpha.cdf)
    negative_distribution_item_cdf(g, o->alpha, NEGATIVE_DISTRIBUTION_UNIT, &z->degree_alpha);
  if (z->degree.cdf) negative_distribution_item_cdf(g, 1, 1, &z->degree);
  if (z->degree_alpha.cdf) negative_distribution_user_cdf(&g->train, &z->degree_alpha);
  if (z->degree.cdf) negative_distribution_user_cdf(&g->train, &z->degree);
  return st;
}

static void negative_distribution_free_cdf(kith_item_cdf *w) {
  kith_host_table_free(&w->table);
  w->cdf = NULL;
  KITH_FREE(w->user_cdf);
}

void kith_negative_distribution_destroy(kith_negative_distribution **distribution) {
  if (!*distribution) return;
  negative_distribution_free_cdf(&(*distribution)->degree_alpha);
  negative_distribution_free_cdf(&(*distribution)->degree);
  KITH_FREE(*distribution);
}

int32_t kith__cdf_find(int64_t n, const int64_t *cdf, int64_t at) {
  return (int32_t)kith_range_find(n, cdf, at);
}

static int32_t negative_distribution_draw(int64_t n, const int64_t *cdf, uint64_t bits) {
  return kith__cdf_find(n, cdf, (int64_t)kith_random_below(bits, (uint64_t)cdf[n]));
}

double kith__negative_distribution_uniform_share(const kith_negative_distribution *z) {
  double share = 1 - z->popularity - z->inbatch;
  return share > 1e-12 ? share : 0;
}

bool kith_negative_distribution_covers_all(const kith_negative_distribution *z) {
  return kith__negative_distribution_uniform_share(z) > 0 || (z->popularity > 0 && z->alpha == 0);
}

bool kith__negative_distribution_is_inbatch(const kith_negative_distribution *z, const kith_draw *r) {
  double u = kith_random_unit(r->bits[1]);
  return z->inbatch > 0 && u >= z->popularity && u < z->popularity + z->inbatch;
}

int32_t kith_negative_distribution_sample(const kith_negative_distribution *z, const kith_draw *r) {
  if (z->popularity > 0 && kith_random_unit(r->bits[1]) < z->popularity)
    return negative_distribution_draw(z->n, z->degree_alpha.cdf, r->bits[0]);
  if (kith__negative_distribution_is_inbatch(z, r))
    return negative_distribution_draw(z->n, z->degree.cdf, r->bits[0]);
  return (int32_t)kith_random_below(r->bits[0], (uint64_t)z->n);
}

static double negative_distribution_term(double share, int64_t n, const int64_t *cdf, int32_t item) {
  return share * (double)(cdf[item + 1] - cdf[item]) / (double)cdf[n];
}

double kith_negative_distribution_log_prob(const kith_negative_distribution *z, int32_t item) {
  double p = fmax(0, 1 - z->popularity - z->inbatch) / (double)z->n;
  if (z->popularity > 0) p += negative_distribution_term(z->popularity, z->n, z->degree_alpha.cdf, item);
  if (z->inbatch > 0) p += negative_distribution_term(z->inbatch, z->n, z->degree.cdf, item);
  return log(p);
}
