/* The columns that an iteration begins with: random ones, or those of an older matrix. */
#include <math.h>

#include "spectral/filter.h"
#include "spectral/spectral_impl.h"

enum {
  DRAW = KITH__DRAW,
  BLOCK = 3 * SLAB, /* the more, the better the columns, and the slower; all slabs are full */
  LEAST_BLOCKS = 4  /* with fewer the whole Ritz problem is hardly larger than its blocks */
};

kith_status kith_spectrum_make(kith_lid n_own, int k, int width, kith_spectrum **out) {
  kith_status st = KITH_OK;
  kith_spectrum *s = NULL;
  *out = NULL;
  KITH_TRY(KITH_NEW(s, 1));
  s->k = k;
  s->width = width;
  s->block = BLOCK;
  s->residual = INFINITY;
  KITH_TRY(KITH_NEW(s->value, width));
  KITH_TRY(KITH_NEW(s->error, width));
  KITH_TRY(KITH_NEW(s->v, (int64_t)n_own * width));
  *out = s;
  s = NULL;
done:
  kith_spectrum_free(&s);
  return st;
}

int64_t kith_spectrum_bytes(int64_t n_own, int width) {
  const kith_spectrum *s = NULL;
  return KITH_BYTES(s, 1) + KITH_BYTES(s->value, width) + KITH_BYTES(s->error, width) +
         KITH_BYTES(s->v, n_own * width);
}

void kith__columns_random(uint64_t seed, int64_t item, int first, uint64_t nth, int n, float *out) {
  kith_draw r = kith_random(seed, KITH_RNG_SPECTRAL, (uint64_t)item, (uint64_t)(first / DRAW), nth);
  for (int j = 0; j < n; j++)
    out[j] = (float)((double)(int32_t)(uint32_t)(r.bits[j / 2] >> (j % 2 * 32)) * 0x1p-31);
}

kith_agreed kith_spectrum_start(const kith_comm *comm, const kith_graph *g, int k, int oversample,
                                uint64_t seed, kith_spectrum **out) {
  kith_agreed st = kith_agree(comm, kith_spectrum_make(g->n_own, k, k + oversample, out));
  if (kith_is_bad(st)) {
    kith_spectrum_free(out);
    return st;
  }
  kith_spectrum *s = *out;
  int columns = (int)kith_min(s->width, g->n[KITH_ITEM]);
#pragma omp parallel for
  for (kith_lid i = 0; i < g->n_own_of[KITH_ITEM]; i++) {
    kith_lid row = g->row_of[KITH_ITEM][i];
    for (int j = 0; j < columns; j += DRAW)
      kith__columns_random(seed, g->original[row], j, 0, (int)kith_min(DRAW, columns - j),
                           s->v + (size_t)row * (size_t)s->width + j);
  }
  return st;
}

/* Whether a column of an older matrix is kept: it is of a wanted pair, and not of zeros. */
static bool spectrum_keeps(const kith_spectrum *s, int column) {
  return column < s->k && s->value[column] > 0;
}

bool kith__columns_fill_blocks(const kith_spectrum *s) {
  return s->extended && s->width >= LEAST_BLOCKS * s->block &&
         s->value[s->k - 1] > KITH_SPECTRAL_ZERO * s->value[0];
}

void kith__columns_draw(const kith_graph *g, kith_spectrum *s) {
  int columns = (int)kith_min(s->width, g->n[KITH_ITEM]);
#pragma omp parallel for
  for (kith_lid i = 0; i < g->n_own_of[KITH_ITEM]; i++) {
    kith_lid own = g->row_of[KITH_ITEM][i];
    float *row = s->v + (size_t)own * (size_t)s->width, draw[DRAW];
    for (int j = 0; j < columns; j++) {
      if (j % DRAW == 0)
        kith__columns_random(s->seed, g->original[own], j, 1, (int)kith_min(DRAW, columns - j), draw);
      if (!spectrum_keeps(s, j)) row[j] = draw[j % DRAW];
    }
  }
  for (int j = 0; j < s->width; j++)
    if (!spectrum_keeps(s, j)) s->value[j] = 0;
}

void kith_spectrum_extend(const kith_graph *g, uint64_t seed, kith_spectrum *s) {
  s->seed = seed;
  s->extended = true;
  s->round = 0;
  s->residual = INFINITY;
  s->measured = false;
  if (!kith__columns_fill_blocks(s)) kith__columns_draw(g, s);
}
