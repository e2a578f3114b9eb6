/* ranks: 1 */
#include <math.h>
#include <string.h>

#include "ops/blas.h"
#include "ops/lapack.h"
#include "comm/placement.h"
#include "support/mpi_main.h"

static void products_of_this_machine_are_right(void **state) {
  (void)state;
  assert_true(kith_blas_is_correct());
}

/* A Gram matrix of whole numbers, whose lower triangle is all that is read and written. */
static void a_symmetric_matrix_times_its_inverse_is_one(void **state) {
  (void)state;
  enum { N = 70 };
  static double full[N][N], g[N][N];
  static float f[N][N];
  bool good[2];
  for (int i = 0; i < N; i++)
    for (int j = 0; j < N; j++) full[i][j] = (i == j ? 40 : 0) + 1 + i % 3 * (j % 3) + i % 5 * (j % 5);
  for (int i = 0; i < N; i++)
    for (int j = 0; j < N; j++) f[i][j] = (float)(g[i][j] = j <= i ? full[i][j] : 77);
  kith_symmetric_inverse(N, &g[0][0], &good[0]);
  kith_symmetric_inverse_float(N, &f[0][0], &good[1]);
  assert_true(good[0] && good[1]);
  for (int i = 0; i < N; i++)
    for (int j = 0; j < N; j++) {
      double sum = 0, wide = 0;
      for (int k = 0; k < N; k++) {
        sum += full[i][k] * (k < j ? g[j][k] : g[k][j]);
        wide += full[i][k] * (double)(k < j ? f[j][k] : f[k][j]);
      }
      assert_true(fabs(sum - (i == j)) < 1e-10 && fabs(wide - (i == j)) < 1e-3);
      if (j > i) assert_true(g[i][j] == 77 && f[i][j] == 77);
    }
  memset(g, 0, sizeof g); /* it has no inverse */
  kith_symmetric_inverse(N, &g[0][0], &good[0]);
  assert_false(good[0]);
}

static void only_kernels_narrower_than_avx2_and_than_the_processor_are_slow(void **state) {
  (void)state;
  static const char *const sse[] = {"Prescott", "Core2", "Nehalem", "Barcelona", "Atom"};
  for (size_t i = 0; i < sizeof sse / sizeof *sse; i++) {
    assert_true(kith_blas_is_slow(sse[i], KITH_SIMD_AVX512) && kith_blas_is_slow(sse[i], KITH_SIMD_AVX2));
    assert_true(kith_blas_is_slow(sse[i], KITH_SIMD_AVX) && !kith_blas_is_slow(sse[i], KITH_SIMD_SSE));
  }
  assert_true(kith_blas_is_slow("Sandybridge", KITH_SIMD_AVX512) &&
              !kith_blas_is_slow("Sandybridge", KITH_SIMD_AVX));
  static const char *const good[] = {"Haswell",        "Zen",
                                     "SkylakeX",       "Cooperlake",
                                     "SapphireRapids", "of a later version",
                                     "unknown"};
  for (size_t i = 0; i < sizeof good / sizeof *good; i++)
    for (kith_simd v = KITH_SIMD_SSE; v <= KITH_SIMD_AVX512; v++) assert_false(kith_blas_is_slow(good[i], v));
}

static void core_types_are_tried_from_the_widest_that_the_processor_has(void **state) {
  (void)state;
  assert_string_equal(kith_blas_core_type(KITH_SIMD_AVX512, 0), "SkylakeX");
  assert_string_equal(kith_blas_core_type(KITH_SIMD_AVX512, 1), "Haswell");
  assert_string_equal(kith_blas_core_type(KITH_SIMD_AVX2, 0), "Haswell");
  assert_null(kith_blas_core_type(KITH_SIMD_SSE, 0));
  for (kith_simd v = KITH_SIMD_SSE; v <= KITH_SIMD_AVX512; v++) {
    int tried = 0;
    for (const char *core = kith_blas_core_type(v, 0); core; core = kith_blas_core_type(v, ++tried)) {
      assert_true(kith_blas_simd(core) <= v);
      assert_true(tried < 4);
    }
  }
}

/* A node of 8 cores, all of which a rank may use unless said otherwise. */
static kith_host_info node(int threads, int others) {
  kith_host_info p = {.threads = threads, .other_threads = others, .online = 8};
  p.cores.bits[0] = 0xff;
  return p;
}

static void cores_are_shared_as_soon_as_one_thread_must_wait(void **state) {
  (void)state;
  kith_host_info p = node(8, 0);
  assert_false(kith_cores_are_oversubscribed(&p, 1));
  p.other_threads = 1;
  assert_true(kith_cores_are_oversubscribed(&p, 1));
  p = node(2, 2);
  assert_false(kith_cores_are_oversubscribed(&p, 3));
  assert_true(kith_cores_are_oversubscribed(&p, 4));
  p = node(2, 0);
  p.cores.bits[0] = 1; /* bound to one core */
  assert_true(kith_cores_are_oversubscribed(&p, 1));
  p = node(1, 0);
  p.cores.bits[0] = 1; /* eight ranks, a core for each */
  assert_false(kith_cores_are_oversubscribed(&p, 8));
  assert_true(kith_cores_are_oversubscribed(&p, 9));
  p = node(4, 0);
  p.quota = 4;
  assert_false(kith_cores_are_oversubscribed(&p, 1));
  assert_true(kith_cores_are_oversubscribed(&p, 2));
}

static void a_rank_may_use_what_its_mask_and_its_quota_allow(void **state) {
  (void)state;
  kith_host_info p = node(1, 0);
  assert_int_equal(kith_host_info_usable_cores(&p), 8);
  p.quota = 2.5;
  assert_int_equal(kith_host_info_usable_cores(&p), 2);
  p.quota = 0.2;
  assert_int_equal(kith_host_info_usable_cores(&p), 1);
  p.quota = 100;
  p.cores.bits[0] = 7;
  assert_int_equal(kith_host_info_usable_cores(&p), 3);
  p = node(1, 0);
  p.cores.bits[0] = 0; /* the kernel does not say */
  assert_int_equal(kith_host_info_usable_cores(&p), 8);
  assert_true(kith_running_threads() >= 1);
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(products_of_this_machine_are_right),
      cmocka_unit_test(a_symmetric_matrix_times_its_inverse_is_one),
      cmocka_unit_test(only_kernels_narrower_than_avx2_and_than_the_processor_are_slow),
      cmocka_unit_test(core_types_are_tried_from_the_widest_that_the_processor_has),
      cmocka_unit_test(cores_are_shared_as_soon_as_one_thread_must_wait),
      cmocka_unit_test(a_rank_may_use_what_its_mask_and_its_quota_allow)};
  test_begin(&argc, &argv);
  return test_end(cmocka_run_group_tests(tests, NULL, NULL));
}
