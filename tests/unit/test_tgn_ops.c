/* ranks: 1 */
/* The ops of TGN against its formulas in dense double precision. */
#include "support/mpi_main.h"
#include "support/tgn_dense.h"

#include "ops/coded_attention.h"
#include "ops/gru.h"

enum { ROWS = 5, COLUMNS = 6, D = 6, HEADS = 2, K = 4, ENTRIES = 12 };
static const double TOLERANCE = 3e-6;

static float noise(uint64_t a, uint64_t b) {
  return 2 * (float)kith_random_unit(kith_random(9, KITH_RNG_INIT, a, b, 0).bits[0]) - 1;
}

static void fill(uint64_t key, int n, float *x, double *same) {
  for (int i = 0; i < n; i++) same[i] = (double)(x[i] = noise(key, (uint64_t)i));
}

static void expect(int n, const float *found, const double *expected) {
  for (int i = 0; i < n; i++)
    if (!(fabs((double)found[i] - expected[i]) <= TOLERANCE))
      fail_msg("number %d: %.9g, expected %.9g", i, (double)found[i], expected[i]);
}

static void a_gated_unit_follows_its_formula(void **state) {
  (void)state;
  enum { N = 4 };
  float message[ROWS * N], h[ROWS * D], w[N * 3 * D], u[D * 3 * D], b[3 * D], x[ROWS * 3 * D],
      m[ROWS * 3 * D], gate[ROWS * 3 * D], y[ROWS * D];
  double message2[ROWS * N], h2[ROWS * D], w2[N * 3 * D], u2[D * 3 * D], b2[3 * D], zero[3 * D] = {0};
  const uint8_t on[ROWS] = {1, 0, 1, 1, 0};
  fill(1, ROWS * N, message, message2);
  fill(2, ROWS * D, h, h2);
  fill(3, N * 3 * D, w, w2);
  fill(4, D * 3 * D, u, u2);
  fill(5, 3 * D, b, b2);
  kith_gemm_nn(ROWS, 3 * D, N, 1, message, w, 0, x);
  kith_bias_forward(ROWS, 3 * D, b, x);
  kith_gemm_nn(ROWS, 3 * D, D, 1, h, u, 0, m);
  kith_gru o = {.n = ROWS, .d = D, .on = on, .x = x, .m = m, .h = h, .gate = gate};
  kith_gru_forward(&o, y);
  for (int i = 0; i < ROWS; i++)
    if (on[i]) dense_gru(N, D, message2 + i * N, w2, b2, u2, zero, h2 + i * D);
  expect(ROWS * D, y, h2);
}

/* Ages up to a year of seconds: an angle in float would be wrong in its first digit. */
static void codes_keep_their_digits_at_large_ages(void **state) {
  (void)state;
  float age[ROWS] = {0, 1, 36, 2678373, 31536000}, rate[K] = {0, -2, -7, -20}, phase[K], y[ROWS * K];
  double rate2[K] = {0, -2, -7, -20}, phase2[K], expected[ROWS * K];
  fill(6, K, phase, phase2);
  kith_code_forward(ROWS, K, false, age, rate, phase, y);
  for (int i = 0; i < ROWS; i++) dense_code(K, (double)age[i], rate2, phase2, expected + i * K);
  expect(ROWS * K, y, expected);
}

/* Also where a code is nearly that of age 0. */
static void differences_of_codes_keep_their_digits(void **state) {
  (void)state;
  float age[ROWS] = {0, 1, 36, 2678373, 31536000}, rate[K] = {0, -2, -7, -20}, phase[K], y[ROWS * K];
  double rate2[K] = {0, -2, -7, -20}, phase2[K], now[K], then[K];
  fill(6, K, phase, phase2);
  kith_code_forward(ROWS, K, true, age, rate, phase, y);
  dense_code(K, 0, rate2, phase2, now);
  for (int i = 0; i < ROWS; i++) {
    dense_code(K, (double)age[i], rate2, phase2, then);
    for (int k = 0; k < K; k++) {
      const double expected = then[k] - now[k], error = fabs((double)y[i * K + k] - expected);
      if (!(error <= 3e-6 * fabs(expected) || error <= 1e-15))
        fail_msg("number %d of age %g: %.9g, expected %.9g", k, (double)age[i], (double)y[i * K + k],
                 expected);
    }
  }
}

static void attention_reads_rows_and_codes(void **state) {
  (void)state;
  kith_lid perm[ROWS] = {3, 0, 4, 1, 2}, col[ENTRIES] = {5, 0, 1, 2, 2, 4, 3, 0, 5, 1, 1, 4};
  kith_eid start[ROWS + 1] = {0, 3, 3, 7, 8, 12};
  kith_csr a = {.n_row = ROWS, .n_col = COLUMNS, .perm = perm, .start = start, .col = col};
  float q[ROWS * D], k[COLUMNS * D], v[COLUMNS * D], code[ENTRIES * K], base[K], wk[K * D], wv[K * D],
      y[ROWS * D], alpha[ENTRIES * HEADS], read[ROWS * HEADS * K];
  double q2[ROWS * D], k2[COLUMNS * D], v2[COLUMNS * D], code2[ENTRIES * K], base2[K], wk2[K * D], wv2[K * D];
  fill(1, ROWS * D, q, q2);
  fill(2, COLUMNS * D, k, k2);
  fill(3, COLUMNS * D, v, v2);
  fill(4, ENTRIES * K, code, code2);
  fill(5, K * D, wk, wk2);
  fill(6, K * D, wv, wv2);
  fill(7, K, base, base2);
  kith_coded_attention o = {.heads = HEADS,
                            .d = D,
                            .dim = K,
                            .a = &a,
                            .q = q,
                            .k = kith_node_rows_together(k),
                            .v = kith_node_rows_together(v),
                            .code = code,
                            .base = base,
                            .wk = wk,
                            .wv = wv,
                            .alpha = alpha,
                            .read = read};
  kith_coded_attention_forward(&o, y);
  for (int p = 0; p < ROWS; p++) {
    double key[ENTRIES * D], value[ENTRIES * D], expected[D];
    int n = (int)(start[p + 1] - start[p]);
    for (int e = 0; e < n; e++) {
      double at[K];
      for (int c = 0; c < K; c++) at[c] = code2[(start[p] + e) * K + c] + base2[c];
      dense_linear(K, D, at, wk2, k2 + col[start[p] + e] * D, key + e * D);
      dense_linear(K, D, at, wv2, v2 + col[start[p] + e] * D, value + e * D);
    }
    dense_attention(HEADS, D, n, q2 + perm[p] * D, key, value, expected);
    expect(D, y + perm[p] * D, expected);
  }
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(a_gated_unit_follows_its_formula),
                                     cmocka_unit_test(codes_keep_their_digits_at_large_ages),
                                     cmocka_unit_test(differences_of_codes_keep_their_digits),
                                     cmocka_unit_test(attention_reads_rows_and_codes)};
  test_begin(&argc, &argv);
  return test_end(cmocka_run_group_tests(tests, NULL, NULL));
}
