/*
 * Sums stay in registers: the widest tile is 12 rows times 32 columns, 24 vectors of AVX-512, which is what
 * hides the latency of the multiply-add.  Only this file and scores.c are compiled with contraction, so that
 * s += w * p is fused.
 *
 * The instruction set is chosen by name, not by KITH_KERNEL: each needs a tile of another shape.
 */
#include "ops/panel.h"

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

void kith_panel_pack(int n, int k, kith_strided b, float *panel) {
  if (b.column != 1) {
    for (int j = 0; j < n; j++)
      for (int l = 0; l < k; l++)
        panel[(size_t)l * KITH_PANEL + (size_t)j] = b.x[(size_t)j * b.column + (size_t)l * b.row];
  } else
    for (int l = 0; l < k; l++)
      for (int j = 0; j < n; j++)
        panel[(size_t)l * KITH_PANEL + (size_t)j] = b.x[(size_t)l * b.row + (size_t)j];
  for (int l = 0; l < k; l++)
    for (int j = n; j < KITH_PANEL; j++) panel[(size_t)l * KITH_PANEL + (size_t)j] = 0;
}
