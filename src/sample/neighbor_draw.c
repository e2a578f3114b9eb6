/*
 * k of a row's neighbors without replacement, all subsets with equal probability: Floyd's algorithm (Bentley
 * and Floyd, CACM 1987).  Draw i of k is x[i] in 0 … last, last = degree - k + i; or last itself if x[i] was
 * chosen before.
 *
 * Few draws are compared with each other in vectors and sorted by rank, the number of smaller ones: without
 * branches, since a mispredicted one costs more than the comparisons that it saves.  Many draws are bits of
 * words, which are read in ascending order; words without any are skipped.
 */
#include <string.h>

#include "sample/sample.h"

enum {
  DRAW_FEW = 16,
  DRAW_LANES = 8,
  DRAW_WORD = 6 /* log2 of the bits in a word */
};

/* ---- few ---- */

typedef int32_t draw_lanes __attribute__((vector_size(DRAW_LANES * sizeof(int32_t))));

/* chosen[i]: x[i], or last where an earlier draw has the same x.  That is right unless some x is the last of
 * an earlier draw that chose it: two are equal then. */
KITH_KERNEL static void draw_choose(int k, int32_t first_last, const int32_t *x, int32_t *chosen) {
  draw_lanes lane = {0, 1, 2, 3, 4, 5, 6, 7};
  for (int b = 0; b < k; b += DRAW_LANES, lane += DRAW_LANES) {
    draw_lanes here, twice = {0};
    memcpy(&here, x + b, sizeof here);
    for (int i = 0; i < k && i < b + DRAW_LANES - 1; i++) twice |= (here == x[i]) & (lane > i);
    here = (twice & (first_last + lane)) | (~twice & here);
    memcpy(chosen + b, &here, sizeof here);
  }
}

/* The same in turn, which is always right. */
static void draw_choose_in_turn(int k, int32_t first_last, const int32_t *x, int32_t *chosen) {
  for (int i = 0; i < k; i++) {
    bool twice = false;
    for (int j = 0; j < i; j++) twice |= chosen[j] == x[i];
    chosen[i] = twice ? first_last + i : x[i];
  }
}

KITH_KERNEL static void draw_rank(int k, const int32_t *chosen, int32_t *rank) {
  for (int b = 0; b < k; b += DRAW_LANES) {
    draw_lanes here, smaller = {0};
    memcpy(&here, chosen + b, sizeof here);
    for (int i = 0; i < k; i++) smaller -= here > chosen[i];
    memcpy(rank + b, &smaller, sizeof smaller);
  }
}

/* Sort the chosen; returns whether they are distinct: of two equal ones neither counts as smaller. */
static bool draw_sort(int k, const int32_t *chosen, int64_t *position) {
  int32_t rank[DRAW_FEW], sum = 0;
  draw_rank(k, chosen, rank);
  for (int i = 0; i < k; i++) {
    position[rank[i]] = chosen[i];
    sum += rank[i];
  }
  return sum == k * (k - 1) / 2;
}

static void draw_few(const uint64_t *bits, int64_t degree, int k, int64_t *position) {
  int32_t x[DRAW_FEW], chosen[DRAW_FEW], first_last = (int32_t)degree - k;
  for (int i = 0; i < k; i++) x[i] = (int32_t)kith_random_below(bits[i], (uint64_t)(first_last + i) + 1);
  for (int i = k; i < DRAW_FEW; i++) x[i] = INT32_MAX; /* no draw */
  draw_choose(k, first_last, x, chosen);
  if (draw_sort(k, chosen, position)) return;
  draw_choose_in_turn(k, first_last, x, chosen);
  draw_sort(k, chosen, position);
}

/* ---- many ---- */

/* log2 of the positions for which one bit tells whether any is chosen: a word's, or up to 1/64 of all. */
static int draw_group(int64_t degree) {
  int group = DRAW_WORD;
  while ((degree - 1) >> group >= 64) group++;
  return group;
}

/* Choose x, or last if x was chosen before; returns what is chosen. */
KITH_INLINE int64_t draw_mark(int64_t x, int64_t last, uint64_t *mark) {
  if (mark[x >> DRAW_WORD] >> (x & 63) & 1) x = last;
  mark[x >> DRAW_WORD] |= (uint64_t)1 << (x & 63);
  return x;
}

/* Write the places of a word's bits, counted from `first`, and clear it; returns their number. */
KITH_INLINE int64_t draw_take(uint64_t *word, int64_t first, int64_t *number) {
  int64_t n = 0;
  for (uint64_t left = *word; left != 0; left &= left - 1) number[n++] = first + __builtin_ctzll(left);
  *word = 0;
  return n;
}

KITH_INLINE void draw_collect(int group, uint64_t groups, int64_t degree, uint64_t *mark, int64_t *position) {
  for (int64_t n = 0; groups != 0; groups &= groups - 1) {
    int64_t first = (int64_t)__builtin_ctzll(groups) << group,
            end = kith_min(first + ((int64_t)1 << group), degree);
    for (int64_t x = first; x < end; x += 1 << DRAW_WORD)
      n += draw_take(&mark[x >> DRAW_WORD], x, position + n);
  }
}

KITH_KERNEL static void draw_many(uint64_t rng_seed, uint64_t counter[4], int64_t degree, int k,
                                  uint64_t *mark, int64_t *position) {
  uint64_t groups = 0, bits[DRAW_FEW];
  int group = draw_group(degree);
  for (int64_t first = 0; first < k; first += DRAW_FEW, counter[2] += DRAW_FEW) {
    int64_t end = kith_min(first + DRAW_FEW, k);
    kith_random_fill(rng_seed, KITH_RNG_NEIGHBOR, counter, (int)(end - first), bits);
    for (int64_t i = first; i < end; i++) {
      int64_t last = degree - k + i, x = (int64_t)kith_random_below(bits[i - first], (uint64_t)last + 1);
      groups |= (uint64_t)1 << (draw_mark(x, last, mark) >> group);
    }
  }
  draw_collect(group, groups, degree, mark, position);
}

int64_t kith_neighbor_draw(uint64_t rng_seed, uint64_t step, int64_t node, int layer, uint64_t relation,
                           int64_t degree, int k, uint64_t *mark, int64_t *position) {
  uint64_t counter[] = {step, (uint64_t)node, (uint64_t)layer << 32, relation}, bits[DRAW_FEW];
  if (k == 0 || k >= degree) {
    for (int64_t i = 0; i < degree; i++) position[i] = i;
    return degree;
  }
  if (k > DRAW_FEW || degree > INT32_MAX) draw_many(rng_seed, counter, degree, k, mark, position);
  else {
    kith_random_fill(rng_seed, KITH_RNG_NEIGHBOR, counter, k, bits);
    draw_few(bits, degree, k, position);
  }
  return k;
}
