/* Which BLAS kernels suit this processor, and whether they compute correctly.
 *
 * OpenBLAS selects kernels by the processor's model number when it is loaded.  For a model newer than itself
 * it falls back to SSE3 kernels: a product then takes three times as long as with AVX-512.  Some versions
 * have had wrong AVX-512 kernels for some processors, so the selected ones are tested. */
#include <string.h>

#include "ops/blas.h"
#include "ops/ops.h"

const char *kith_simd_text(kith_simd v) {
  static const char *const text[] = {"SSE3", "AVX", "AVX2", "AVX-512"};
  return text[v];
}

kith_simd kith_cpu_simd(void) {
#if defined __x86_64__
  __builtin_cpu_init();
  bool wide = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512cd") &&
              __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
              __builtin_cpu_supports("avx512vl");
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
    return wide ? KITH_SIMD_AVX512 : KITH_SIMD_AVX2;
  if (__builtin_cpu_supports("avx")) return KITH_SIMD_AVX;
#endif
  return KITH_SIMD_SSE;
}

kith_simd kith_blas_simd(const char *core) {
  static const struct {
    const char *name;
    kith_simd v;
  } known[] = {{"Katmai", 0},
               {"Coppermine", 0},
               {"Northwood", 0},
               {"Prescott", 0},
               {"Banias", 0},
               {"Atom", 0},
               {"Core2", 0},
               {"Penryn", 0},
               {"Dunnington", 0},
               {"Nehalem", 0},
               {"Athlon", 0},
               {"Opteron", 0},
               {"Opteron_SSE3", 0},
               {"Barcelona", 0},
               {"Bobcat", 0},
               {"Nano", 0},
               {"Sandybridge", KITH_SIMD_AVX},
               {"Bulldozer", KITH_SIMD_AVX},
               {"Piledriver", KITH_SIMD_AVX},
               {"Steamroller", KITH_SIMD_AVX},
               {"Excavator", KITH_SIMD_AVX2},
               {"Haswell", KITH_SIMD_AVX2},
               {"Zen", KITH_SIMD_AVX2}};
  for (size_t i = 0; i < sizeof known / sizeof *known; i++)
    if (strcmp(core, known[i].name) == 0) return known[i].v;
  return KITH_SIMD_AVX512;
}

bool kith_blas_is_slow(const char *core, kith_simd cpu) {
  kith_simd v = kith_blas_simd(core);
  return v < KITH_SIMD_AVX2 && v < cpu;
}

const char *kith_blas_core_type(kith_simd cpu, int tried) {
  static const char *const name[] = {"Sandybridge", "Haswell", "SkylakeX"}; /* of AVX, AVX2, AVX-512 */
  int i = (int)cpu - 1 - tried;
  return i >= 0 ? name[i] : NULL;
}

/* ---- a product against a plain loop ---- */

enum {
  BLAS_M = 97,
  BLAS_N = 163,
  BLAS_K = 79
}; /* not multiples of a tile; large enough for OpenBLAS's general kernels */

typedef struct blas_trial {
  float a[BLAS_M * BLAS_K], b[BLAS_K * BLAS_N];   /* [m, k] and [k, n] */
  float at[BLAS_K * BLAS_M], bt[BLAS_N * BLAS_K]; /* their transposes */
  float expected[BLAS_M * BLAS_N], c[BLAS_M * BLAS_N];
} blas_trial;

/* Integers from -3 to 3, and their product by a plain loop. */
static void blas_fill(int m, int n, int k, blas_trial *t) {
  for (int i = 0; i < m; i++)
    for (int l = 0; l < k; l++) t->a[i * k + l] = t->at[l * m + i] = (float)((i * 5 + l * 3 + i * l) % 7 - 3);
  for (int l = 0; l < k; l++)
    for (int j = 0; j < n; j++)
      t->b[l * n + j] = t->bt[j * k + l] = (float)((l * 4 + j * 6 + 2 * l * j) % 7 - 3);
  for (int i = 0; i < m; i++) {
    for (int j = 0; j < n; j++) t->expected[i * n + j] = 0;
    for (int l = 0; l < k; l++)
      for (int j = 0; j < n; j++) t->expected[i * n + j] += t->a[i * k + l] * t->b[l * n + j];
  }
}

/* The three products that Kith calls; the first overwrites c, the others add to it. */
static bool blas_agrees(int m, int n, int k, blas_trial *t) {
  blas_fill(m, n, k, t);
  for (int i = 0; i < m * n; i++) t->c[i] = 1e30f;
  kith_gemm_nt(m, n, k, 1, t->a, t->bt, 0, t->c);
  kith_gemm_nn(m, n, k, 1, t->a, t->b, 1, t->c);
  kith_gemm_tn(m, n, k, 2, t->at, t->b, 1, t->c);
  for (int i = 0; i < m * n; i++)
    if (t->c[i] != 4 * t->expected[i]) return false;
  return true;
}

bool kith_blas_is_correct(void) {
  static blas_trial t; /* 330 KiB: too much for a stack */
  return blas_agrees(BLAS_M, BLAS_N, BLAS_K, &t) && blas_agrees(13, 17, 19, &t) && blas_agrees(1, 3, 64, &t);
}
