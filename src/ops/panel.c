/*
 * Sums stay in registers: the widest tile is 12 rows times 32 columns, 24 vectors of AVX-512, which is what
 * hides the latency of the multiply-add.  Only this file is compiled with contraction, so that s += w * p is
 * fused.
 *
 * The instruction set is chosen by name, not by KITH_KERNEL: each needs a tile of another shape.
 */
#include <string.h>

#include "ops/panel.h"
#include "ops/four.h"

#define PANEL_NAME(x) panel_##x
#define PANEL_TARGET
#define PANEL_LANES 4
#define PANEL_ROWS 6
#include "ops/panel_kernel.h"

#if defined __x86_64__
#define PANEL_NAME(x) panel_avx2_##x
#define PANEL_TARGET __attribute__((target("avx2,fma")))
#define PANEL_LANES 8
#define PANEL_ROWS 6
#include "ops/panel_kernel.h"

#define PANEL_NAME(x) panel_avx512_##x
#define PANEL_TARGET __attribute__((target("avx512f,fma")))
#define PANEL_LANES 16
#define PANEL_ROWS 12
#include "ops/panel_kernel.h"
#endif

void kith_panel_product_simd(kith_simd simd, int m, int k, kith_strided a, const float *panel,
                             kith_panel_output o, float *c) {
#if defined __x86_64__
  if (simd == KITH_SIMD_AVX512) panel_avx512_product(m, k, a, panel, &o, c);
  else if (simd == KITH_SIMD_AVX2) panel_avx2_product(m, k, a, panel, &o, c);
  else panel_product(m, k, a, panel, &o, c);
#else
  (void)simd;
  panel_product(m, k, a, panel, &o, c);
#endif
}

void kith_panel_product(int m, int k, kith_strided a, const float *panel, kith_panel_output o, float *c) {
  kith_panel_product_simd(kith_cpu_simd(), m, k, a, panel, o, c);
}

/* ---- packing ---- */

static kith_four *panel_four_at(float *panel, int l, int j) {
  return (kith_four *)(void *)(panel + (size_t)l * KITH_PANEL + (size_t)j);
}

/* Four columns j … of which each is contiguous: transposed in squares of four. */
static void panel_pack_four(int k, const float *x, size_t ld, int j, float *panel) {
  int l = 0;
  for (; l + 4 <= k; l += 4) {
    kith_four c[4];
    for (int i = 0; i < 4; i++) c[i] = *(const kith_four *)(const void *)(x + (size_t)i * ld + (size_t)l);
    kith_four_transpose(c);
    for (int i = 0; i < 4; i++) *panel_four_at(panel, l + i, j) = c[i];
  }
  for (; l < k; l++)
    for (int i = 0; i < 4; i++)
      panel[(size_t)l * KITH_PANEL + (size_t)(j + i)] = x[(size_t)i * ld + (size_t)l];
}

/* Columns j … n - 1, one number after the other. */
static void panel_pack_rest(int j, int n, int k, kith_strided b, float *panel) {
  for (int l = 0; l < k; l++)
    for (int i = j; i < n; i++)
      panel[(size_t)l * KITH_PANEL + (size_t)i] = b.x[(size_t)l * b.row + (size_t)i * b.column];
}

void kith_panel_pack(int n, int k, kith_strided b, float *panel) {
  int j = 0;
  if (n < KITH_PANEL) memset(panel, 0, (size_t)k * KITH_PANEL * sizeof(float));
  if (b.row == 1)
    for (; j + 4 <= n; j += 4) panel_pack_four(k, b.x + (size_t)j * b.column, b.column, j, panel);
  if (b.column == 1 && n == KITH_PANEL)
    for (int l = 0; l < k; l++)
      memcpy(panel + (size_t)l * KITH_PANEL, b.x + (size_t)l * b.row, KITH_PANEL * sizeof(float));
  else panel_pack_rest(j, n, k, b, panel);
}
