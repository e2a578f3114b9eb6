/* The memory traffic of the kernels alone. */
#include "ops/roofline.h"

enum { ROOFLINE_AHEAD = 24, ROOFLINE_LINE = 16 };

KITH_KERNEL void kith_roofline_triad(int64_t n, float w, const float *b, const float *c, float *a) {
#pragma omp parallel for simd schedule(static)
  for (int64_t i = 0; i < n; i++) a[i] = b[i] + w * c[i];
}

/* The sum of a strip of columns, from column k on, of the rows of entries `block` to end - 1. */
KITH_INLINE float roofline_strip(const int width, int64_t block, int64_t end, int64_t n, const kith_lid *col,
                                 int d, int k, const float *x) {
  float sum[64] = {0}, total = 0;
  for (int64_t e = block; e < end; e++) {
    const float *next =
        x + (size_t)col[e + ROOFLINE_AHEAD < n ? e + ROOFLINE_AHEAD : e] * (size_t)d + (size_t)k;
    const float *from = x + (size_t)col[e] * (size_t)d + (size_t)k;
    for (int j = 0; j < width; j += ROOFLINE_LINE) __builtin_prefetch(next + j);
    for (int j = 0; j < width; j++) sum[j] += from[j];
  }
  for (int j = 0; j < width; j++) total += sum[j];
  return total;
}

/* Strips are summed in registers, 64 entries at a time; the result uses all sums, so that the compiler
 * removes no load. */
KITH_KERNEL float kith_roofline_gather(int64_t n, const kith_lid *col, int d, const float *x) {
  float total = 0;
#pragma omp parallel for schedule(dynamic, 64) reduction(+ : total)
  for (int64_t block = 0; block < n; block += 64) {
    int64_t end = block + 64 < n ? block + 64 : n;
    int k = 0;
    for (; k + 64 <= d; k += 64) total += roofline_strip(64, block, end, n, col, d, k, x);
    for (; k + 32 <= d; k += 32) total += roofline_strip(32, block, end, n, col, d, k, x);
    for (; k + ROOFLINE_LINE <= d; k += ROOFLINE_LINE)
      total += roofline_strip(ROOFLINE_LINE, block, end, n, col, d, k, x);
  }
  return total;
}
