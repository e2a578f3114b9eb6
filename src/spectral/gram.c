/*
 * Sums over items, the same on any number of ranks: the products of a chunk are rounded to fixed point, and
 * integers may be added in any order.  And rotations of the columns, chunk by chunk.
 */
#include <math.h>
#include <string.h>

#include "ops/ops.h"
#include "ops/product.h"
#include "spectral/spectral_impl.h"

kith_status kith__gram_make(const kith__item_block *b, int width, kith__gram *s) {
  kith_status st = KITH_OK;
  *s = (kith__gram){.block = b, .width = width, .threads = kith_max_threads()};
  KITH_TRY(KITH_NEW(s->part, s->threads));
  KITH_TRY(KITH_NEW(s->sum, s->threads));
  for (int i = 0; i < s->threads; i++) {
    KITH_TRY(KITH_NEW(s->part[i], (int64_t)width * CHUNK));
    KITH_TRY(KITH_NEW(s->sum[i], (int64_t)width * WIDE));
  }
done:
  return st;
}

void kith__gram_free(kith__gram *s) {
  for (int i = 0; s->part && i < s->threads; i++) KITH_FREE(s->part[i]);
  for (int i = 0; s->sum && i < s->threads; i++) KITH_FREE(s->sum[i]);
  KITH_FREE(s->part);
  KITH_FREE(s->sum);
}

int64_t kith__gram_bytes(int width, int threads) {
  const kith__gram *s = NULL;
  return KITH_BYTES(s->part, threads) + KITH_BYTES(s->sum, threads) +
         threads *
             (KITH_BYTES(s->part[0], (int64_t)width * CHUNK) + KITH_BYTES(s->sum[0], (int64_t)width * WIDE));
}

static int gram_rows(const kith__item_block *b, kith_lid first) { return (int)kith_min(CHUNK, b->n - first); }

/* Bits behind the point: all items together sum to at most their number. */
static int gram_bits(const kith__item_block *b) {
  int bits = 61;
  for (int64_t n = b->g->n[KITH_ITEM]; n > 0; n >>= 1) bits--;
  return bits;
}

KITH_KERNEL static void gram_add(int64_t n, double one, const float *part, int64_t *sum) {
  for (int64_t i = 0; i < n; i++) sum[i] += (int64_t)rint((double)part[i] * one);
}

static void gram_merge(kith__gram *s, int64_t n) {
  for (int i = 1; i < s->threads; i++)
    for (int64_t j = 0; j < n; j++) s->sum[0][j] += s->sum[i][j];
  kith_comm_sum_int(s->block->comm, n, s->sum[0]);
}

void kith__gram_sum(kith__gram *s, int m, const float *x, int ldx, int n, const float *y, int ldy, double *g,
                    int ldg) {
  const kith__item_block *b = s->block;
  double one = ldexp(1, gram_bits(b));
  int64_t size = (int64_t)m * n;
  for (int i = 0; i < s->threads; i++) memset(s->sum[i], 0, (size_t)size * sizeof **s->sum);
#pragma omp parallel for schedule(dynamic, 1) num_threads(s->threads)
  for (kith_lid i = 0; i < b->n; i += CHUNK) {
    int me = kith_thread_num();
    kith_product_tn_part(m, n, gram_rows(b, i), x + (size_t)i * (size_t)ldx, ldx, y + (size_t)i * (size_t)ldy,
                         ldy, s->part[me], n);
    gram_add(size, one, s->part[me], s->sum[me]);
  }
  gram_merge(s, size);
  for (int i = 0; i < m; i++)
    for (int j = 0; j < n; j++)
      g[(size_t)i * (size_t)ldg + (size_t)j] = (double)s->sum[0][(size_t)i * (size_t)n + (size_t)j] / one;
}

void kith__gram_combine(kith__gram *s, int m, const float *x, int n, const float *t, bool add, float *y,
                        int ld) {
  const kith__item_block *b = s->block;
#pragma omp parallel for schedule(dynamic, 1) num_threads(s->threads)
  for (kith_lid i = 0; i < b->n; i += CHUNK) {
    float *rows = s->part[kith_thread_num()];
    kith_product_nn_part(gram_rows(b, i), n, m, x + (size_t)i * (size_t)ld, ld, t, n, rows, n);
    for (int r = 0; r < gram_rows(b, i); r++) {
      float *to = y + ((size_t)i + (size_t)r) * (size_t)ld;
      for (int j = 0; j < n; j++) to[j] = rows[(size_t)r * (size_t)n + (size_t)j] + (add ? to[j] : 0);
    }
  }
}

/* sum [n] of the squares of a chunk's columns. */
KITH_KERNEL static void gram_squares(int rows, int n, const float *x, int ld, double *sum) {
  memset(sum, 0, (size_t)n * sizeof *sum);
  for (int r = 0; r < rows; r++)
    for (int j = 0; j < n; j++) {
      double v = (double)x[(size_t)r * (size_t)ld + (size_t)j];
      sum[j] += v * v;
    }
}

void kith__gram_lengths(kith__gram *s, int n, const float *x, int ld, double *length) {
  const kith__item_block *b = s->block;
  double one = ldexp(1, gram_bits(b));
  for (int i = 0; i < s->threads; i++) memset(s->sum[i], 0, (size_t)n * sizeof **s->sum);
#pragma omp parallel for schedule(dynamic, 1) num_threads(s->threads)
  for (kith_lid i = 0; i < b->n; i += CHUNK) {
    int me = kith_thread_num();
    double *square = (double *)(void *)s->part[me];
    gram_squares(gram_rows(b, i), n, x + (size_t)i * (size_t)ld, ld, square);
    for (int j = 0; j < n; j++) s->sum[me][j] += (int64_t)rint(square[j] * one);
  }
  gram_merge(s, n);
  for (int j = 0; j < n; j++) length[j] = sqrt((double)s->sum[0][j] / one);
}

void kith__gram_rotate(kith__gram *s, const float *t, bool triangular, float *x) {
  const kith__item_block *b = s->block;
  int w = s->width;
#pragma omp parallel for schedule(dynamic, 1) num_threads(s->threads)
  for (kith_lid i = 0; i < b->n; i += CHUNK) {
    float *rows = s->part[kith_thread_num()], *to = x + (size_t)i * (size_t)w;
    int n = gram_rows(b, i);
    memcpy(rows, to, (size_t)n * (size_t)w * sizeof *rows);
    if (!triangular) kith_product_nn_part(n, w, w, rows, w, t, w, to, w);
    for (int k = 0; triangular && k < w; k += 4 * SLAB) {
      int columns = (int)kith_min(4 * SLAB, w - k);
      kith_product_nn_part(n, columns, k + columns, rows, w, t + k, w, to + k, w);
    }
  }
}
