/* ranks: 1 */
/* Sums over in-edges, both ways, against plain loops: the same bits for every width, whatever strips it is
 * cut into. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ops/ops.h"
#include "support/mpi_main.h"

enum { ROWS = 60, COLUMNS = 90, MOST = 9, WIDEST = 131, HEADS = 4 };

typedef struct fixture {
  kith_csr a; /* rows of 0 to MOST entries, in another order than their numbers */
  kith_csc back;
  float *w, *x, *y, *dx;
} fixture;

static double number(uint64_t use, int64_t i) {
  return kith_random_unit(kith_random(9, KITH_RNG_NEIGHBOR, use, (uint64_t)i, 0).bits[0]) - 0.5;
}

static int64_t pick(uint64_t use, int64_t i, int64_t below) {
  return (int64_t)kith_random_below(kith_random(9, KITH_RNG_NEIGHBOR, use, (uint64_t)i, 0).bits[0],
                                    (uint64_t)below);
}

static float *numbers(uint64_t use, int64_t n) {
  float *x = kith_alloc(n, sizeof *x);
  for (int64_t i = 0; i < n; i++) x[i] = (float)number(use, i);
  return x;
}

static fixture fixture_make(void) {
  fixture f = {.a = {.n_row = ROWS, .n_col = COLUMNS}};
  assert_int_equal(KITH_OK, KITH_NEW(f.a.perm, ROWS) || KITH_NEW(f.a.start, ROWS + 1) ||
                                KITH_NEW(f.a.col, ROWS * MOST));
  for (kith_lid p = 0; p < ROWS; p++) {
    int64_t n = pick(1, p, MOST + 1);
    f.a.perm[p] = p * 7 % ROWS;
    f.a.start[p + 1] = f.a.start[p] + n;
    for (kith_eid e = f.a.start[p]; e < f.a.start[p + 1]; e++) f.a.col[e] = (kith_lid)pick(2, e, COLUMNS);
  }
  assert_int_equal(KITH_OK, kith_csc_make(COLUMNS, f.a.start[ROWS], &f.back));
  kith_csc_fill(&f.a, 0, NULL, &f.back);
  f.w = numbers(3, ROWS * MOST * HEADS);
  f.x = numbers(4, COLUMNS * WIDEST);
  f.y = numbers(5, ROWS * WIDEST);
  f.dx = numbers(6, COLUMNS * WIDEST);
  return f;
}

static void fixture_free(fixture *f) {
  kith_csr_free(&f->a);
  kith_csc_free(&f->back);
  kith_free(f->w);
  kith_free(f->x);
  kith_free(f->y);
  kith_free(f->dx);
}

static void check_forward(const fixture *f, int heads, int d) {
  kith_edge_sum_forward(&f->a, heads, f->w, d, kith_node_rows_together(f->x), f->y);
  for (kith_lid p = 0; p < ROWS; p++)
    for (int k = 0; k < d; k++) {
      float sum = 0;
      for (kith_eid e = f->a.start[p]; e < f->a.start[p + 1]; e++)
        sum += f->w[e * heads + k * heads / d] * f->x[f->a.col[e] * d + k];
      assert_true(sum == f->y[f->a.perm[p] * d + k]);
    }
}

/* What is there already comes first; then a column's entries in their order. */
static void check_backward(const fixture *f, int heads, int d) {
  float *expected = kith_alloc(COLUMNS * d, sizeof *expected);
  for (int i = 0; i < COLUMNS * d; i++) expected[i] = f->dx[i];
  for (kith_lid p = 0; p < ROWS; p++)
    for (kith_eid e = f->a.start[p]; e < f->a.start[p + 1]; e++)
      for (int k = 0; k < d; k++)
        expected[f->a.col[e] * d + k] += f->w[e * heads + k * heads / d] * f->y[f->a.perm[p] * d + k];
  kith_edge_sum_backward_x(&f->back, heads, f->w, d, f->y, kith_grad_rows_together(f->dx));
  for (int i = 0; i < COLUMNS * d; i++) assert_true(expected[i] == f->dx[i]);
  kith_free(expected);
}

static void sums_over_in_edges_have_the_bits_of_plain_loops(void **state) {
  (void)state;
  const int width[] = {1, 4, 15, 16, 17, 64, 80, 83, WIDEST};
  fixture f = fixture_make();
  for (size_t i = 0; i < sizeof width / sizeof *width; i++)
    for (int heads = 1; heads <= HEADS; heads += HEADS - 1) {
      if (width[i] % heads != 0) continue;
      check_forward(&f, heads, width[i]);
      check_backward(&f, heads, width[i]);
    }
  fixture_free(&f);
}

/* Every third position, as a subset; index has all rows. */
static kith_lid subset_make(const kith_csr *a, kith_lid *row, kith_lid *position, kith_lid *index,
                            kith_row_subset *out) {
  kith_lid n = 0;
  for (kith_lid i = 0; i < a->n_row; i++) index[i] = -1;
  for (kith_lid p = 0; p < a->n_row; p += 3) index[a->perm[p]] = p;
  for (kith_lid i = 0; i < a->n_row; i++) {
    if (index[i] < 0) continue;
    row[n] = i;
    position[n] = index[i];
    index[i] = n++;
  }
  *out = (kith_row_subset){.n_of = a->n_row, .row = row, .position = position, .index = index};
  return n;
}

/* The rows of all; and backward what rows of zeros add. */
static void check_subset(const kith_csr *a, const kith_csc *back, const float *w, int d, const float *x) {
  kith_row_subset rows;
  int64_t all = (int64_t)a->n_row * d;
  kith_lid *made[3];
  float *y = numbers(5, all), *some = numbers(6, all), *dx = numbers(7, (int64_t)a->n_col * d),
        *dx_some = numbers(7, (int64_t)a->n_col * d);
  for (int i = 0; i < 3; i++) made[i] = kith_alloc(a->n_row, sizeof **made);
  kith_lid n = subset_make(a, made[0], made[1], made[2], &rows);
  kith_spmm_weighted(a, w, d, kith_node_rows_together(x), y);
  kith_spmm_subset(a, w, n, &rows, d, kith_node_rows_together(x), some);
  for (kith_lid i = 0; i < n; i++)
    for (int k = 0; k < d; k++) assert_true(y[rows.row[i] * d + k] == some[i * d + k]);
  for (int64_t i = 0; i < all; i++) y[i] = rows.index[i / d] < 0 ? 0 : y[i];
  kith_spmm_transpose(back, w, d, y, dx);
  kith_spmm_transpose_subset(back, w, &rows, d, some, kith_grad_rows_together(dx_some));
  for (int64_t i = 0; i < (int64_t)a->n_col * d; i++) assert_true(dx[i] == dx_some[i]);
  for (int i = 0; i < 3; i++) kith_free(made[i]);
  float *mine[] = {y, some, dx, dx_some};
  for (int i = 0; i < 4; i++) kith_free(mine[i]);
}

/* Rows of zeros are as good as not read. */
static void rows_of_zeros_are_skipped(void **state) {
  (void)state;
  fixture f = fixture_make();
  uint8_t some[COLUMNS];
  float *y = numbers(5, ROWS * WIDEST);
  f.a.weight = f.w;
  for (int i = 0; i < COLUMNS; i++) some[i] = i % 3 == 1;
  for (int d = 1; d <= WIDEST; d += 65)
    for (int add = 0; add < 2; add++) {
      float *x = numbers(4, COLUMNS * WIDEST), *other = numbers(5, ROWS * WIDEST);
      for (int i = 0; i < COLUMNS * d; i++) x[i] = some[i / d] ? x[i] : 0;
      memcpy(y, other, ROWS * WIDEST * sizeof *y);
      kith_spmm(&f.a, 0, ROWS, d, x, add, y);
      for (int i = 0; i < COLUMNS * d; i++) x[i] = some[i / d] ? x[i] : NAN;
      kith_spmm_nonzero(&f.a, 0, ROWS, d, some, kith_node_rows_together(x), add, other);
      for (int i = 0; i < ROWS * d; i++) assert_true(y[i] == other[i]);
      kith_free(x);
      kith_free(other);
    }
  f.a.weight = NULL;
  kith_free(y);
  fixture_free(&f);
}

static void a_subset_has_the_bits_of_all_rows(void **state) {
  (void)state;
  const int width[] = {1, 16, 64, 83};
  fixture f = fixture_make();
  for (int i = 0; i < 4; i++) check_subset(&f.a, &f.back, f.w, width[i], f.x);
  fixture_free(&f);
}

/* More entries than are looked at together. */
static void a_subset_of_a_long_column_has_the_bits_of_all_rows(void **state) {
  (void)state;
  enum { LONG = 1000 };
  kith_lid row[LONG], col[LONG] = {0};
  kith_eid start[LONG + 1];
  kith_csr a = {.n_row = LONG, .n_col = 1, .perm = row, .start = start, .col = col};
  kith_csc back = {0};
  float *w = numbers(3, LONG), *x = numbers(4, 64);
  for (kith_lid i = 0; i < LONG; i++) row[i] = i;
  for (kith_lid i = 0; i <= LONG; i++) start[i] = i;
  assert_int_equal(KITH_OK, kith_csc_make(1, LONG, &back));
  kith_csc_fill(&a, 0, NULL, &back);
  check_subset(&a, &back, w, 64, x);
  kith_csc_free(&back);
  kith_free(w);
  kith_free(x);
}

static void a_matrix_without_entries_gives_zeroes(void **state) {
  (void)state;
  kith_lid row[2] = {1, 0};
  kith_eid start[3] = {0};
  float y[2] = {1, 1}, x[1] = {1}, w[1] = {1};
  kith_csr a = {.n_row = 2, .n_col = 1, .perm = row, .start = start};
  kith_edge_sum_forward(&a, 1, w, 1, kith_node_rows_together(x), y);
  assert_true(y[0] == 0 && y[1] == 0);
}

static void an_inner_product_has_all_columns(void **state) {
  (void)state;
  float a[100], b[100];
  for (int k = 0; k < 100; k++) a[k] = (float)(k % 7 - 3), b[k] = (float)(k % 5 + 1);
  for (int d = 0; d <= 100; d++) { /* whole numbers: every order has the same sum */
    int sum = 0;
    for (int k = 0; k < d; k++) sum += (k % 7 - 3) * (k % 5 + 1);
    assert_true(kith_dot(d, a, b) == (float)sum);
  }
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(rows_of_zeros_are_skipped),
                                     cmocka_unit_test(sums_over_in_edges_have_the_bits_of_plain_loops),
                                     cmocka_unit_test(a_subset_has_the_bits_of_all_rows),
                                     cmocka_unit_test(a_subset_of_a_long_column_has_the_bits_of_all_rows),
                                     cmocka_unit_test(a_matrix_without_entries_gives_zeroes),
                                     cmocka_unit_test(an_inner_product_has_all_columns)};
  test_begin(&argc, &argv);
  return test_end(cmocka_run_group_tests(tests, NULL, NULL));
}
