/* ranks: 1 */
/* Rounding to bf16 against distances to both neighbors; SpMM of rounded rows against plain sums of them. */
#include <math.h>

#include "ops/ops.h"
#include "support/mpi_main.h"

enum { ROWS = 37, COLUMNS = 50, MOST = 9, WIDEST = 131 };

static float of_bits(uint32_t bits) {
  float x;
  memcpy(&x, &bits, sizeof x);
  return x;
}

/* The nearest number whose lower half is zero, of two equally near ones that with an even upper half. */
static float nearest(float x) {
  uint32_t bits;
  memcpy(&bits, &x, sizeof bits);
  uint32_t low = bits & 0xffff0000u, high = low + 0x10000u;
  double below = fabs((double)x - (double)of_bits(low));
  /* past the largest one is 2^128, for which the format has infinity */
  double above =
      fabs((isinf(of_bits(high)) ? copysign(0x1p128, (double)x) : (double)of_bits(high)) - (double)x);
  if (below < above || (below == above && (low & 0x10000u) == 0)) return of_bits(low);
  return of_bits(high);
}

static void a_float_becomes_the_nearest_bf16(void **state) {
  (void)state;
  const uint32_t low[] = {0, 1, 0x7fff, 0x8000, 0x8001, 0xffff, 0x1234, 0xc321};
  for (uint32_t upper = 0; upper < 0x10000; upper++)
    for (size_t i = 0; i < sizeof low / sizeof *low; i++) {
      float x = of_bits(upper << 16 | low[i]), truth = nearest(x), found;
      found = of_bits(kith_bf16_bits(x) << 16);
      if (isnan(x)) assert_true(isnan(found));
      else if (isinf(x)) assert_true(found == x);
      else assert_memory_equal(&found, &truth, sizeof found); /* zeros keep their sign */
    }
}

static float number(uint64_t use, int64_t i) {
  return (float)kith_random_unit(kith_random(9, KITH_RNG_NEIGHBOR, use, (uint64_t)i, 0).bits[0]) - 0.5f;
}

typedef struct fixture {
  kith_csr a; /* rows of 0 to MOST entries, in another order than their numbers */
  float *x, *rounded, *y, *truth;
  kith_bf16_pair *pairs;
} fixture;

static fixture fixture_make(void) {
  fixture f = {.a = {.n_row = ROWS, .n_col = COLUMNS}};
  assert_int_equal(KITH_OK, KITH_NEW(f.a.perm, ROWS) || KITH_NEW(f.a.start, ROWS + 1) ||
                                KITH_NEW(f.a.col, ROWS * MOST) || KITH_NEW(f.a.weight, ROWS * MOST) ||
                                KITH_NEW(f.x, COLUMNS * WIDEST) || KITH_NEW(f.rounded, COLUMNS * WIDEST) ||
                                KITH_NEW(f.y, ROWS * WIDEST) || KITH_NEW(f.truth, ROWS * WIDEST) ||
                                KITH_NEW(f.pairs, COLUMNS * kith_bf16_words(WIDEST)));
  for (kith_lid p = 0; p < ROWS; p++) {
    f.a.perm[p] = p * 7 % ROWS;
    f.a.start[p + 1] = f.a.start[p] + p * 5 % (MOST + 1);
    for (kith_eid e = f.a.start[p]; e < f.a.start[p + 1]; e++) {
      f.a.col[e] = (kith_lid)((uint64_t)e * 2654435761u % COLUMNS);
      f.a.weight[e] = number(1, e);
    }
  }
  for (int64_t i = 0; i < COLUMNS * WIDEST; i++) {
    f.x[i] = number(2, i);
    f.rounded[i] = nearest(f.x[i]);
  }
  return f;
}

static void fixture_free(fixture *f) {
  kith_csr_free(&f->a);
  kith_free(f->x);
  kith_free(f->rounded);
  kith_free(f->y);
  kith_free(f->truth);
  kith_free(f->pairs);
}

/* Before a product y and its truth hold the same numbers. */
static void fixture_begin(fixture *f, int d) {
  for (int64_t i = 0; i < ROWS * d; i++) f->y[i] = f->truth[i] = number(3, i);
  memset(f->pairs, 0xff, COLUMNS * (size_t)kith_bf16_words(WIDEST) * sizeof *f->pairs);
  kith_bf16_round_rows(COLUMNS, d, f->x, f->pairs);
}

/* The same bits as the product with the rounded numbers as floats, and near their sum in double. */
static void expect_product(const fixture *f, kith_lid first, kith_lid last, int d, bool add) {
  assert_memory_equal(f->y, f->truth, (size_t)(ROWS * d) * sizeof *f->y);
  for (kith_lid p = first; p < last; p++)
    for (int k = 0; k < d; k++) {
      int64_t at = f->a.perm[p] * (int64_t)d + k;
      double sum = add ? (double)number(3, at) : 0;
      for (kith_eid e = f->a.start[p]; e < f->a.start[p + 1]; e++)
        sum += (double)f->a.weight[e] * (double)f->rounded[f->a.col[e] * d + k];
      assert_true(fabs(sum - (double)f->y[at]) < 1e-6);
    }
}

static void check_width(fixture *f, int d) {
  const kith_lid position[] = {3, 30, 9, 0, 36};
  for (int add = 0; add < 2; add++) {
    fixture_begin(f, d);
    kith_spmm(&f->a, 4, 31, d, f->rounded, add, f->truth);
    kith_spmm_bf16(&f->a, 4, 31, d, kith_bf16_rows_together(f->pairs), add, f->y);
    expect_product(f, 4, 31, d, add);
  }
  fixture_begin(f, d);
  kith_spmm_rows(&f->a, 5, position, d, kith_node_rows_together(f->rounded), f->truth);
  kith_spmm_rows_bf16(&f->a, 5, position, d, kith_bf16_rows_together(f->pairs), f->y);
  for (int i = 0; i < 5; i++) expect_product(f, position[i], position[i] + 1, d, false);
}

static void rounded_rows_are_summed_as_floats_are(void **state) {
  (void)state;
  const int widths[] = {1, 2, 3, 15, 16, 17, 31, 33, 64, 65, 96, 130, 131};
  fixture f = fixture_make();
  for (size_t i = 0; i < sizeof widths / sizeof *widths; i++) check_width(&f, widths[i]);
  fixture_free(&f);
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(a_float_becomes_the_nearest_bf16),
                                     cmocka_unit_test(rounded_rows_are_summed_as_floats_are)};
  test_begin(&argc, &argv);
  return test_end(cmocka_run_group_tests(tests, NULL, NULL));
}
