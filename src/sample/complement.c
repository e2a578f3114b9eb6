/*
 * Draws from p_n without a user's items, without rejection.  Each component's share of the mixture is
 * multiplied by its probability of an item outside of the user's list; the draw is then made from the chosen
 * component, conditioned on the complement.  So the distribution is exactly that of rejection sampling.
 */
#include "sample/complement.h"
#include "sample/negative_distribution.h"

enum { COMPLEMENT_COMPONENTS = 3 }; /* uniform, popularity, in-batch */

typedef struct complement {
  const kith_negative_distribution *z;
  const kith_ragged *train;
  kith_lid user;
  const kith_inbatch_pairs *inbatch; /* NULL: in-batch draws among all training edges */
  int64_t n_unknown;                 /* pairs in inbatch whose items the user has no interaction with */
} complement;

/* The at-th of the items 0, 1, 2, … that are not in an ascending list. */
static int32_t complement_item(int64_t n, const int32_t *known, int64_t at) {
  int64_t low = 0, high = n;
  while (low < high) {
    int64_t middle = low + (high - low) / 2;
    if (known[middle] - middle <= at) low = middle + 1;
    else high = middle;
  }
  return (int32_t)(at + low);
}

static int64_t complement_known(const complement *c) {
  return c->train->start[c->user + 1] - c->train->start[c->user];
}

/* Total weight of the items outside of the user's list. */
static int64_t complement_left(const complement *c, const kith_item_cdf *w) {
  int64_t n = complement_known(c);
  return w->cdf[c->z->n] - (n > 0 ? w->user_cdf[c->train->start[c->user + 1] - 1] : 0);
}

/* The same as a fraction of the total weight. */
static double complement_share(const complement *c, const kith_item_cdf *w) {
  return (double)complement_left(c, w) / (double)w->cdf[c->z->n];
}

/* The item at cumulative weight `at` of the items outside of the list: `at` plus the weight of the list's
 * items before it. */
static int32_t complement_weighted(const complement *c, const kith_item_cdf *w, int64_t at) {
  const int32_t *item = c->train->value + c->train->start[c->user];
  const int64_t *known = w->user_cdf + c->train->start[c->user];
  int64_t low = 0, high = complement_known(c);
  while (low < high) {
    int64_t middle = low + (high - low) / 2, gone = middle > 0 ? known[middle - 1] : 0;
    if (w->cdf[item[middle]] - gone <= at) low = middle + 1;
    else high = middle;
  }
  return kith__cdf_find(c->z->n, w->cdf, at + (low > 0 ? known[low - 1] : 0));
}

static int64_t complement_count_unknown(const complement *c) {
  int64_t n = 0;
  for (int64_t i = 0; i < c->inbatch->n; i++) n += !kith_ragged_has(c->train, c->user, c->inbatch->item[i]);
  return n;
}

/* The item of the at-th in-batch pair that the user has no interaction with. */
static int32_t complement_inbatch_item(const complement *c, int64_t at) {
  int64_t i = 0;
  for (;; i++) { /* ends: at < n_unknown */
    if (kith_ragged_has(c->train, c->user, c->inbatch->item[i])) continue;
    if (at-- == 0) return c->inbatch->item[i];
  }
}

/* The first item without an interaction with the user, in a keyed order of the in-batch pairs; -1: none. */
static int32_t complement_any_inbatch_item(const complement *c, const kith_draw *r) {
  kith_permutation order =
      kith_permutation_make(r->bits[2], KITH_RNG_NEGATIVE, r->bits[3], (uint64_t)c->inbatch->n);
  for (int64_t i = 0; i < c->inbatch->n; i++) {
    int32_t item = c->inbatch->item[kith_permutation_apply(&order, (uint64_t)i)];
    if (!kith_ragged_has(c->train, c->user, item)) return item;
  }
  return -1;
}

/* Shares of the uniform and the popularity component; complement_inbatch_share() computes the third. */
static void complement_shares(const complement *c, double share[COMPLEMENT_COMPONENTS]) {
  const kith_negative_distribution *z = c->z;
  share[0] =
      kith__negative_distribution_uniform_share(z) * (double)(z->n - complement_known(c)) / (double)z->n;
  share[1] = 0;
  if (z->popularity > 0) share[1] = z->popularity * complement_share(c, &z->degree_alpha);
}

/* Share of the in-batch component; counts the in-batch pairs of the complement. */
static double complement_inbatch_share(complement *c) {
  if (!c->inbatch) return c->z->inbatch * complement_share(c, &c->z->degree);
  c->n_unknown = complement_count_unknown(c);
  return c->z->inbatch * (double)c->n_unknown / (double)c->inbatch->n;
}

/* The component that a number in [0, 1) chooses; never one with share 0. */
static int complement_component(const double share[COMPLEMENT_COMPONENTS], double unit) {
  double left = unit * (share[0] + share[1] + share[2]);
  int last = 0;
  for (int i = 0; i < COMPLEMENT_COMPONENTS; i++) {
    if (share[i] <= 0) continue;
    if (left < share[i]) return i;
    left -= share[i];
    last = i;
  }
  return last;
}

static int32_t complement_draw_component(const complement *c, int part, uint64_t bits) {
  const kith_item_cdf *w = part == 1 ? &c->z->degree_alpha : &c->z->degree;
  int64_t n = complement_known(c);
  if (part == 0)
    return complement_item(n, c->train->value + c->train->start[c->user],
                           (int64_t)kith_random_below(bits, (uint64_t)(c->z->n - n)));
  if (part == 2 && c->inbatch)
    return complement_inbatch_item(c, (int64_t)kith_random_below(bits, (uint64_t)c->n_unknown));
  return complement_weighted(c, w, (int64_t)kith_random_below(bits, (uint64_t)complement_left(c, w)));
}

int32_t kith__complement_draw(const kith_negative_distribution *z, const kith_ragged *train, kith_lid user,
                              const kith_inbatch_pairs *inbatch, const kith_draw *r) {
  complement c = {.z = z,
                  .train = train,
                  .user = user,
                  .inbatch = inbatch && inbatch->n > 1 ? inbatch : NULL};
  double share[COMPLEMENT_COMPONENTS] = {0};
  complement_shares(&c, share);
  if (z->inbatch > 0 && c.inbatch && share[0] + share[1] == 0) { /* the only component: no count is needed */
    int32_t item = complement_any_inbatch_item(&c, r);
    if (item >= 0) return item;
    c.inbatch = NULL;
  }
  if (z->inbatch > 0) share[2] = complement_inbatch_share(&c);
  return complement_draw_component(&c, complement_component(share, kith_random_unit(r->bits[1])), r->bits[0]);
}
