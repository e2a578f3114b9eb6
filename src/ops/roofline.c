/* The memory traffic of the kernels alone. */
#include "ops/roofline.h"

enum { ROOFLINE_AHEAD = 24, ROOFLINE_LINE = 16 };

KITH_KERNEL void kith_roofline_triad(int64_t n, float w, const float *b, const float *c, float *a) {
#pragma omp parallel for simd schedule(static)
  for (int64_t i = 0; i < n; i++) a[i] = b[i] + w * c[i];
}

/* Strips of 64 columns are summed in registers, 64 entries at a time; the result uses all sums, so that the
 * compiler removes no load. */
KITH_KERNEL float kith_roofline_gather(int64_t n, const kith_lid *col, int d, const float *x) {
  float total = 0;
#pragma omp parallel for schedule(dynamic, 64) reduction(+ : total)
  for (int64_t block = 0; block < n; block += 64) {
    int64_t end = block + 64 < n ? block + 64 : n;
    for (int k = 0; k + ROOFLINE_LINE <= d; k += 64) {
      float sum[64] = {0};
      int width = d - k < 64 ? d - k : 64;
      if (width == 64)
        for (int64_t e = block; e < end; e++) {
          const float *next =
              x + (size_t)col[e + ROOFLINE_AHEAD < n ? e + ROOFLINE_AHEAD : e] * (size_t)d + (size_t)k;
          for (int j = 0; j < 64; j += ROOFLINE_LINE) __builtin_prefetch(next + j);
          const float *from = x + (size_t)col[e] * (size_t)d + (size_t)k;
          for (int j = 0; j < 64; j++) sum[j] += from[j];
        }
      else
        for (int64_t e = block; e < end; e++)
          for (int j = 0; j < width; j++) sum[j] += x[(size_t)col[e] * (size_t)d + (size_t)(k + j)];
      for (int j = 0; j < 64; j++) total += sum[j];
    }
  }
  return total;
}
