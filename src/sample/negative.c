/* Draws of negatives, keyed by the edge and the epoch: the same on every rank. */
#include "sample/complement.h"
#include "sample/negative_distribution.h"

enum { NEGATIVE_TRIES = 64 }; /* all fail for a user of half of the catalog with probability 2^-64 */

/* The third counter of a draw: index in the pool, negative, try.  A larger pool or more negatives leave the
 * earlier draws unchanged. */
static uint64_t negative_counter(int j, int c, int try) {
  return (uint64_t)c << 48 | (uint64_t)j << 16 | (uint64_t)try;
}

static kith_draw negative_random(const kith_edge_order *e, kith_eid edge, int j, int c, int try) {
  return kith_random(e->rng_seed, KITH_RNG_NEGATIVE, (uint64_t)e->epoch, (uint64_t)edge,
                     negative_counter(j, c, try));
}

bool kith_negative_is_hard(const kith_negative_distribution *z, const kith_edge_order *e, kith_eid edge,
                           int j) {
  return z->hard > 0 && kith_random_unit(negative_random(e, edge, j, 0, 0).bits[2]) < z->hard;
}

/* The item of a random pair of the step. */
static int32_t negative_inbatch_item(const kith_inbatch_pairs *o, uint64_t bits) {
  return o->item[kith_random_below(bits, (uint64_t)o->n)];
}

int32_t kith_negative_draw(const kith_negative_distribution *z, const kith_edge_order *e, kith_eid edge,
                           kith_lid user, int j, int c, const kith_inbatch_pairs *inbatch) {
  for (int try = 0; try < NEGATIVE_TRIES; try++) {
    kith_draw r = negative_random(e, edge, j, c, try);
    bool from_batch = inbatch && inbatch->n > 1 && kith__negative_distribution_is_inbatch(z, &r);
    int32_t item =
        from_batch ? negative_inbatch_item(inbatch, r.bits[0]) : kith_negative_distribution_sample(z, &r);
    if (!kith_ragged_has(&e->g->train, user, item)) return item;
  }
  kith_draw r = negative_random(e, edge, j, c, NEGATIVE_TRIES);
  return kith__complement_draw(z, &e->g->train, user, inbatch, &r);
}
