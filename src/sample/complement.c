/*
 * The noise without a user's items, drawn from directly rather than by rejection.  The mixture p_n keeps its
 * components; each one's share is multiplied by the mass that it leaves outside of the user's list, and a
 * draw is made in the component that was chosen.  So the law is exactly that of rejection.
 */
#include "sample/complement.h"
#include "sample/noise.h"

enum { COMPLEMENT_PARTS = 3 }; /* uniform, popular, in the batch */

typedef struct complement {
  const kith_noise *z;
  const kith_ragged *train;
  kith_lid user;
  const kith_others *others; /* null: in-batch draws are of all training pairs */
  int64_t n_unknown;         /* of the others' pairs, those of items that the user does not know */
} complement;

/* The at-th item of 0, 1, 2, … that is not in an ascending list. */
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

/* Weight that a law leaves outside of the user's list. */
static int64_t complement_left(const complement *c, const kith_cumulative *w) {
  int64_t n = complement_known(c);
  return w->below[c->z->n] - (n > 0 ? w->known[c->train->start[c->user + 1] - 1] : 0);
}

/* The same as a share of all weight. */
static double complement_share(const complement *c, const kith_cumulative *w) {
  return (double)complement_left(c, w) / (double)w->below[c->z->n];
}

/* The item in whose share of the weight outside of the list `at` falls, which is moved behind known items. */
static int32_t complement_weighted(const complement *c, const kith_cumulative *w, int64_t at) {
  const int32_t *item = c->train->value + c->train->start[c->user];
  const int64_t *known = w->known + c->train->start[c->user];
  int64_t low = 0, high = complement_known(c);
  while (low < high) {
    int64_t middle = low + (high - low) / 2, gone = middle > 0 ? known[middle - 1] : 0;
    if (w->below[item[middle]] - gone <= at) low = middle + 1;
    else high = middle;
  }
  return kith__noise_find(c->z->n, w->below, at + (low > 0 ? known[low - 1] : 0));
}

static int64_t complement_count(const complement *c) {
  int64_t n = 0;
  for (int64_t i = 0; i < c->others->n; i++)
    n += !kith_ragged_has(c->train, c->user, (int32_t)c->others->pair[i].item);
  return n;
}

/* The at-th of the others' pairs whose items the user does not know. */
static int32_t complement_other(const complement *c, int64_t at) {
  int64_t i = 0;
  for (;; i++) { /* ends: at < n_unknown */
    if (kith_ragged_has(c->train, c->user, (int32_t)c->others->pair[i].item)) continue;
    if (at-- == 0) return (int32_t)c->others->pair[i].item;
  }
}

/* Any pair whose item the user does not know: the first such one in a keyed order; -1: there is none. */
static int32_t complement_any_other(const complement *c, const kith_draw *r) {
  kith_permutation order =
      kith_permutation_make(r->bits[2], KITH_RNG_NEGATIVE, r->bits[3], (uint64_t)c->others->n);
  for (int64_t i = 0; i < c->others->n; i++) {
    int32_t item = (int32_t)c->others->pair[kith_permutation_apply(&order, (uint64_t)i)].item;
    if (!kith_ragged_has(c->train, c->user, item)) return item;
  }
  return -1;
}

/* Of the uniform and the popular component; in-batch draws have a share of their own. */
static void complement_shares(const complement *c, double share[COMPLEMENT_PARTS]) {
  const kith_noise *z = c->z;
  share[0] = kith__noise_uniform(z) * (double)(z->n - complement_known(c)) / (double)z->n;
  share[1] = 0;
  if (z->popularity > 0) share[1] = z->popularity * complement_share(c, &z->popular);
}

/* Count what is unknown among the others' pairs, which says what the share of in-batch draws is. */
static double complement_inbatch(complement *c) {
  if (!c->others) return c->z->inbatch * complement_share(c, &c->z->pairs);
  c->n_unknown = complement_count(c);
  return c->z->inbatch * (double)c->n_unknown / (double)c->others->n;
}

/* The component that a number in [0, 1) chooses, never one without a share. */
static int complement_part(const double share[COMPLEMENT_PARTS], double unit) {
  double left = unit * (share[0] + share[1] + share[2]);
  int last = 0;
  for (int i = 0; i < COMPLEMENT_PARTS; i++) {
    if (share[i] <= 0) continue;
    if (left < share[i]) return i;
    left -= share[i];
    last = i;
  }
  return last;
}

static int32_t complement_of_part(const complement *c, int part, uint64_t bits) {
  const kith_cumulative *w = part == 1 ? &c->z->popular : &c->z->pairs;
  int64_t n = complement_known(c);
  if (part == 0)
    return complement_item(n, c->train->value + c->train->start[c->user],
                           (int64_t)kith_random_below(bits, (uint64_t)(c->z->n - n)));
  if (part == 2 && c->others)
    return complement_other(c, (int64_t)kith_random_below(bits, (uint64_t)c->n_unknown));
  return complement_weighted(c, w, (int64_t)kith_random_below(bits, (uint64_t)complement_left(c, w)));
}

int32_t kith__complement_draw(const kith_noise *z, const kith_ragged *train, kith_lid user,
                              const kith_others *others, const kith_draw *r) {
  complement c = {.z = z, .train = train, .user = user, .others = others && others->n > 1 ? others : NULL};
  double share[COMPLEMENT_PARTS] = {0};
  complement_shares(&c, share);
  if (z->inbatch > 0 && c.others && share[0] + share[1] == 0) { /* no share is needed, so no count */
    int32_t item = complement_any_other(&c, r);
    if (item >= 0) return item;
    c.others = NULL;
  }
  if (z->inbatch > 0) share[2] = complement_inbatch(&c);
  return complement_of_part(&c, complement_part(share, kith_random_unit(r->bits[1])), r->bits[0]);
}
