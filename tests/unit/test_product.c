/* ranks: 1 */
/* Products and scores have the bits of one chain of fused multiply-adds for each element. */
#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

#include "ops/panel.h"
#include "ops/product.h"
#include "ops/scores.h"
#include "support/mpi_main.h"

enum { MOST = 600 * 300 };

static float a[MOST], b[MOST], c[MOST], expected[MOST], packed[MOST];

/* Numbers of many sizes, so that another order of summation gives other bits. */
static void fill(int64_t n, uint64_t key, float *x) {
  for (int64_t i = 0; i < n; i++) {
    uint64_t r = kith_random(key, KITH_RNG_DROPOUT, 0, 0, (uint64_t)i).bits[0];
    x[i] = ldexpf((float)(r % 20001) / 10000 - 1, (int)(r >> 40) % 12);
  }
}

static float chain_step(bool fused, float x, float y, float sum) {
  return fused ? fmaf(x, y, sum) : sum + x * y;
}

/* On each instruction set that this CPU has. */
static void a_panel_is_one_chain_for_each_element_on_every_instruction_set(void **state) {
  (void)state;
  enum { M = 31, K = 45, LD = 37 };
  fill(M * K, 1, a);
  fill(K * KITH_PANEL, 2, packed);
  for (int simd = KITH_SIMD_SSE; simd <= (int)kith_cpu_simd(); simd++) {
    if (simd == KITH_SIMD_AVX) continue;
    for (int variant = 0; variant < 4; variant++)
      for (int m = 1; m <= M; m++) {
        bool add = variant & 1, transposed = variant & 2;
        float scale = add ? 1 : 0.37f;
        kith_strided x = {a, transposed ? 1 : K, transposed ? M : 1};
        fill(M * LD, 3, c);
        memcpy(expected, c, sizeof(float) * M * LD);
        for (int i = 0; i < m; i++)
          for (int j = 0; j < KITH_PANEL; j++) {
            float sum = add ? c[i * LD + j] : 0;
            for (int l = 0; l < K; l++)
              sum = chain_step(simd >= KITH_SIMD_AVX2, x.x[(size_t)i * x.row + (size_t)l * x.column],
                               packed[l * KITH_PANEL + j], sum);
            expected[i * LD + j] = scale * sum;
          }
        kith_panel_product_simd((kith_simd)simd, m, K, x, packed, (kith_panel_output){LD, scale, add}, c);
        assert_memory_equal(c, expected, sizeof(float) * M * LD);
      }
  }
}

/* Element (i, l) of a and (l, j) of b, as each of nt, nn and tn stores them. */
typedef struct operands {
  void (*product)(int, int, int, float, const float *, const float *, bool, float *);
  bool a_transposed, b_transposed;
} operands;

static const operands kinds[] = {{kith_product_nt, false, true},
                                 {kith_product_nn, false, false},
                                 {kith_product_tn, true, false}};

static void assert_product_is_a_chain(const operands *o, int m, int n, int k, bool add, float scale) {
  bool fused = kith_cpu_simd() >= KITH_SIMD_AVX2;
  fill((int64_t)m * k, 7, a);
  fill((int64_t)n * k, 8, b);
  fill((int64_t)m * n + 1, 9, c);
  for (int i = 0; i < m; i++)
    for (int j = 0; j < n; j++) {
      float sum = add ? c[i * n + j] : 0;
      for (int l = 0; l < k; l++)
        sum = chain_step(fused, a[o->a_transposed ? l * m + i : i * k + l],
                         b[o->b_transposed ? j * k + l : l * n + j], sum);
      expected[i * n + j] = scale * sum;
    }
  expected[m * n] = c[m * n];
  o->product(m, n, k, scale, a, b, add, c);
  assert_memory_equal(c, expected, sizeof(float) * (size_t)(m * n + 1));
}

static void every_element_of_a_product_is_one_chain_for_any_number_of_threads(void **state) {
  (void)state;
  static const int m[] = {1, 5, 12, 13, 64, 131, 263}, n[] = {1, 31, 32, 45, 96, 130},
                   k[] = {0, 1, 7, 64, 257, 530};
  int before = omp_get_max_threads();
  for (int threads = 1; threads <= 3; threads++)
    for (int x = 0; x < 7 * 6 * 6; x++) {
      omp_set_num_threads(threads);
      for (int v = 0; v < 3; v++)
        assert_product_is_a_chain(&kinds[v], m[x % 7], n[x / 7 % 6], k[x / 42], (x + v) % 2,
                                  x % 3 ? 1 : 0.37f);
    }
  omp_set_num_threads(before);
}

/* Inside a parallel region each thread computes its own. */
static void products_of_several_threads_do_not_meet(void **state) {
  (void)state;
  enum { M = 50, N = 40, K = 300, TIMES = 8 };
  static float many[TIMES][M * N];
  fill(M * K, 10, a);
  fill(N * K, 11, b);
  kith_product_nt(M, N, K, 1, a, b, false, c);
#pragma omp parallel for num_threads(3)
  for (int t = 0; t < TIMES; t++) kith_product_nt(M, N, K, 1, a, b, false, many[t]);
  for (int t = 0; t < TIMES; t++) assert_memory_equal(many[t], c, sizeof many[t]);
}

static void scores_of_a_tile_are_those_of_single_items_at_every_position(void **state) {
  (void)state;
  enum { N = KITH_SCORE_ITEMS - 45 };
  static float score[KITH_SCORE_USERS * KITH_SCORE_ITEMS];
  bool fused = kith_cpu_simd() >= KITH_SIMD_AVX2;
  for (int d = 1; d <= 67; d += 11) {
    fill(KITH_SCORE_USERS * d, 4, a);
    fill(N * d, 5, b);
    kith_scores_pack(N, KITH_SCORE_ITEMS, d, b, packed);
    kith_scores_tile(d, a, packed, score);
    for (int i = 0; i < KITH_SCORE_USERS; i++)
      for (int j = 0; j < KITH_SCORE_ITEMS; j++) {
        float sum = 0, one = j < N ? kith_scores_one(d, a + i * d, b + j * d) : 0;
        for (int l = 0; l < d && j < N; l++) sum = chain_step(fused, a[i * d + l], b[j * d + l], sum);
        assert_memory_equal(&sum, &score[i * KITH_SCORE_ITEMS + j], sizeof sum);
        assert_memory_equal(&sum, &one, sizeof sum);
      }
  }
}

static void scores_above_a_threshold_are_found_in_order(void **state) {
  (void)state;
  int32_t index[131];
  fill(131, 6, c);
  for (int n = 0; n <= 131; n++)
    for (int t = 0; t < 4; t++) {
      const float threshold[] = {-INFINITY, 0, c[n / 2], 1e30f};
      int found = kith_scores_above(n, c, threshold[t], index), at = 0;
      for (int j = 0; j < n; j++)
        if (c[j] >= threshold[t]) assert_int_equal(index[at++], j);
      assert_int_equal(found, at);
    }
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_panel_is_one_chain_for_each_element_on_every_instruction_set),
      cmocka_unit_test(every_element_of_a_product_is_one_chain_for_any_number_of_threads),
      cmocka_unit_test(products_of_several_threads_do_not_meet),
      cmocka_unit_test(scores_of_a_tile_are_those_of_single_items_at_every_position),
      cmocka_unit_test(scores_above_a_threshold_are_found_in_order)};
  test_begin(&argc, &argv);
  return test_end(cmocka_run_group_tests(tests, NULL, NULL));
}
