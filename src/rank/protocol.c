/*
 * Which items the sampled-N protocol ranks a user's held-out ones among: N of those that the user has never
 * met, drawn uniformly with keys (seed, user, draw), all distinct.  Rejection, with a bit for every item that
 * is met or drawn; where N is so near to all of them that it takes too many tries, the rest is chosen in one
 * pass over the items.
 */
#include <string.h>

#include "rank/rank.h"

/* Tries for each item of the catalog, and more: one costs less than a score of full ranking. */
enum { PROTOCOL_TRIES = 4, PROTOCOL_TRIES_MORE = 64 };

int64_t kith__protocol_words(const kith_graph *g) { return (g->n[KITH_ITEM] + 63) / 64; }

static bool protocol_is_taken(const uint64_t *taken, int64_t item) {
  return taken[item / 64] >> item % 64 & 1;
}

/* Returns whether it was there already. */
static bool protocol_take(uint64_t *taken, int64_t item) {
  bool before = protocol_is_taken(taken, item);
  taken[item / 64] |= (uint64_t)1 << item % 64;
  return before;
}

int64_t kith__protocol_unmet(const kith_graph *g, kith_lid u) {
  const kith_lists *l[3] = {&g->train, &g->valid, &g->test};
  int64_t n = g->n[KITH_ITEM];
  for (int i = 0; i < 3; i++) n -= l[i]->start[u + 1] - l[i]->start[u];
  return n < 0 ? 0 : n;
}

static void protocol_take_met(const kith_graph *g, kith_lid u, uint64_t *taken) {
  const kith_lists *l[3] = {&g->train, &g->valid, &g->test};
  for (int i = 0; i < 3; i++)
    for (kith_eid e = l[i]->start[u]; e < l[i]->start[u + 1]; e++) protocol_take(taken, l[i]->item[e]);
}

static uint64_t protocol_bits(uint64_t seed, uint64_t who, uint64_t draw) {
  return kith_random(seed, KITH_USE_PROTOCOL, who, draw, 0).bits[0];
}

/* `need` of the `left` free items, all choices alike: each with chance need / left (Knuth, algorithm S). */
static void protocol_choose(const kith_graph *g, uint64_t seed, uint64_t who, uint64_t draw, int64_t need,
                            int64_t left, const uint64_t *taken, kith_entry *e) {
  for (int64_t item = 0; need > 0 && item < g->n[KITH_ITEM]; item++) {
    if (protocol_is_taken(taken, item)) continue;
    if ((int64_t)kith_random_below(protocol_bits(seed, who, draw++), (uint64_t)left--) >= need) continue;
    e++->item = (int32_t)item;
    need--;
  }
}

void kith__protocol_draw(const kith_graph *g, uint64_t seed, kith_lid u, int64_t n, uint64_t *taken,
                         kith_entry *e) {
  uint64_t who = (uint64_t)g->original[g->row_of[KITH_USER][u]], draw = 0;
  uint64_t tries = PROTOCOL_TRIES * (uint64_t)g->n[KITH_ITEM] + PROTOCOL_TRIES_MORE;
  int64_t have = 0, unmet = kith__protocol_unmet(g, u);
  memset(taken, 0, (size_t)kith__protocol_words(g) * sizeof *taken);
  protocol_take_met(g, u, taken);
  for (; n < unmet && have < n && draw < tries; draw++) {
    int64_t item = (int64_t)kith_random_below(protocol_bits(seed, who, draw), (uint64_t)g->n[KITH_ITEM]);
    if (!protocol_take(taken, item)) e[have++].item = (int32_t)item;
  }
  protocol_choose(g, seed, who, draw, n - have, unmet - have, taken, e + have);
}
