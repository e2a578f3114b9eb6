/*
 * Candidates of the sampled-N protocol: N distinct items that the user has not interacted with, drawn
 * uniformly with keys (seed, user, draw). Rejection sampling with a bit set; if N is so close to all
 * available items that it takes too many tries, the rest is selected in one pass over the items.
 */
#include <string.h>

#include "eval/eval_impl.h"

/* Limit of tries: per item of the catalog, and in addition. A try costs less than one score of full ranking.
 */
enum { CANDIDATES_TRIES = 4, CANDIDATES_TRIES_MORE = 64 };

int64_t kith__candidates_words(const kith_graph *g) { return (g->n[KITH_ITEM] + 63) / 64; }

static bool candidates_bit_is_set(const uint64_t *taken, int64_t item) {
  return taken[item / 64] >> item % 64 & 1;
}

/* Returns the previous value of the bit. */
static bool candidates_set_bit(uint64_t *taken, int64_t item) {
  bool before = candidates_bit_is_set(taken, item);
  taken[item / 64] |= (uint64_t)1 << item % 64;
  return before;
}

int64_t kith__candidates_available(const kith_graph *g, kith_lid u) {
  const kith_ragged *l[3] = {&g->train, &g->valid, &g->test};
  int64_t n = g->n[KITH_ITEM];
  for (int i = 0; i < 3; i++) n -= l[i]->start[u + 1] - l[i]->start[u];
  return n < 0 ? 0 : n;
}

static void candidates_set_interactions(const kith_graph *g, kith_lid u, uint64_t *taken) {
  const kith_ragged *l[3] = {&g->train, &g->valid, &g->test};
  for (int i = 0; i < 3; i++)
    for (kith_eid e = l[i]->start[u]; e < l[i]->start[u + 1]; e++) candidates_set_bit(taken, l[i]->value[e]);
}

static uint64_t candidates_random(uint64_t seed, uint64_t who, uint64_t draw) {
  return kith_random(seed, KITH_RNG_PROTOCOL, who, draw, 0).bits[0];
}

/* Select `need` of the `left` free items uniformly: each with probability need / left (Knuth, algorithm S).
 */
static void candidates_select(const kith_graph *g, uint64_t seed, uint64_t who, uint64_t draw, int64_t need,
                              int64_t left, const uint64_t *taken, kith_scored_item *e) {
  for (int64_t item = 0; need > 0 && item < g->n[KITH_ITEM]; item++) {
    if (candidates_bit_is_set(taken, item)) continue;
    if ((int64_t)kith_random_below(candidates_random(seed, who, draw++), (uint64_t)left--) >= need) continue;
    e++->item = (int32_t)item;
    need--;
  }
}

void kith__candidates_draw(const kith_graph *g, uint64_t seed, kith_lid u, int64_t n, uint64_t *taken,
                           kith_scored_item *e) {
  uint64_t who = (uint64_t)g->original[g->row_of[KITH_USER][u]], draw = 0;
  uint64_t tries = CANDIDATES_TRIES * (uint64_t)g->n[KITH_ITEM] + CANDIDATES_TRIES_MORE;
  int64_t have = 0, unmet = kith__candidates_available(g, u);
  memset(taken, 0, (size_t)kith__candidates_words(g) * sizeof *taken);
  candidates_set_interactions(g, u, taken);
  for (; n < unmet && have < n && draw < tries; draw++) {
    int64_t item = (int64_t)kith_random_below(candidates_random(seed, who, draw), (uint64_t)g->n[KITH_ITEM]);
    if (!candidates_set_bit(taken, item)) e[have++].item = (int32_t)item;
  }
  candidates_select(g, seed, who, draw, n - have, unmet - have, taken, e + have);
}
