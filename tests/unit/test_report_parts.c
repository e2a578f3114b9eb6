/* ranks: 1 */
/* Formulas behind the page of kith report: distributions, principal components, places of labels. */
#include <math.h>
#include <stdlib.h>

#include "report/ccdf.h"
#include "report/labels.h"
#include "report/item_map.h"
#include "report/pca.h"
#include "support/mpi_main.h"

static void shares_count_what_is_at_least_as_large(void **state) {
  enum { N = 500 };
  int64_t value[N], copy[N], sum = 0, top = 0;
  report_ccdf x;
  (void)state;
  for (int i = 0; i < N; i++) sum += copy[i] = value[i] = (int64_t)i * i % 37 % 19;
  value[7] = copy[7] = 4000;
  sum += 4000 - 7 * 7 % 37 % 19;
  assert_int_equal(kith__ccdf(N, value, &x), KITH_OK);
  int64_t none = 0, distinct = 0;
  for (int i = 0; i < N; i++) none += copy[i] == 0;
  for (int64_t v = 1; v <= 4000; v++) {
    int64_t least = 0, equal = 0;
    for (int i = 0; i < N; i++) {
      least += copy[i] >= v;
      equal += copy[i] == v;
    }
    if (equal == 0) continue;
    assert_true(x.value[distinct] == (double)v);
    assert_true(fabs(x.share[distinct] - (double)least / N) < 1e-12);
    distinct++;
  }
  assert_int_equal(x.n, distinct);
  assert_int_equal(x.none, none);
  assert_int_equal(x.most, 4000);
  assert_true(fabs(x.mean - (double)sum / N) < 1e-9);
  for (int k = 0; k < N / 100; k++) { /* the five largest, one after the other */
    int best = 0;
    for (int i = 1; i < N; i++)
      if (copy[i] > copy[best]) best = i;
    top += copy[best];
    copy[best] = 0;
  }
  assert_true(fabs(x.top - (double)top / (double)sum) < 1e-12);
  kith__ccdf_free(&x);
}

static void a_distribution_may_be_empty_or_of_zeros(void **state) {
  int64_t zero[3] = {0, 0, 0};
  report_ccdf x;
  (void)state;
  assert_int_equal(kith__ccdf(0, zero, &x), KITH_OK);
  assert_int_equal(x.n, 0);
  assert_int_equal(kith__ccdf(3, zero, &x), KITH_OK);
  assert_int_equal(x.n, 0);
  assert_int_equal(x.none, 3);
  assert_true(x.top == 0);
  kith__ccdf_free(&x);
}

enum { ROWS = 2500, WIDE = 13 };

/* Rows around a point that is not 0, with more variance in some directions than in others. */
static void make_rows(float *x) {
  for (int i = 0; i < ROWS; i++)
    for (int k = 0; k < WIDE; k++) {
      const kith_draw d = kith_random(5, KITH_RNG_INIT, (uint64_t)i, (uint64_t)k, 0);
      x[i * WIDE + k] = (float)((kith_random_unit(d.bits[0]) - 0.5) * (k == 4 ? 7 : k == 9 ? 4 : 1) + 3 + k);
    }
  for (int i = 0; i < ROWS; i++) x[i * WIDE + 2] += 0.5f * x[i * WIDE + 4];
}

/* From the definition, in double: sum of (x_i - m)(x_i - m)' / (n - 1). */
static void covariance(const float *x, double *s) {
  double mean[WIDE] = {0};
  for (int i = 0; i < ROWS; i++)
    for (int k = 0; k < WIDE; k++) mean[k] += (double)x[i * WIDE + k] / ROWS;
  for (int j = 0; j < WIDE; j++)
    for (int k = 0; k < WIDE; k++) {
      s[j * WIDE + k] = 0;
      for (int i = 0; i < ROWS; i++)
        s[j * WIDE + k] +=
            ((double)x[i * WIDE + j] - mean[j]) * ((double)x[i * WIDE + k] - mean[k]) / (ROWS - 1);
    }
}

static double product(const double *s, const double *a, const double *b) {
  double sum = 0;
  for (int j = 0; j < WIDE; j++)
    for (int k = 0; k < WIDE; k++) sum += a[j] * s[j * WIDE + k] * b[k];
  return sum;
}

static double dot(const double *a, const double *b) {
  double sum = 0;
  for (int k = 0; k < WIDE; k++) sum += a[k] * b[k];
  return sum;
}

static void axes_are_those_of_the_largest_variance(void **state) {
  static float x[ROWS * WIDE];
  double s[WIDE * WIDE], trace = 0, at[PCA_AXES], mean[PCA_AXES] = {0}, square[PCA_AXES] = {0};
  report_pca p;
  (void)state;
  make_rows(x);
  covariance(x, s);
  for (int k = 0; k < WIDE; k++) trace += s[k * WIDE + k];
  assert_int_equal(kith__pca(ROWS, WIDE, x, &p), KITH_OK);
  assert_int_equal(p.n_axis, PCA_AXES);
  assert_true(fabs(p.all - trace) < 1e-5 * trace);
  assert_true(fabs(dot(p.axis, p.axis + WIDE)) < 1e-9);
  for (int a = 0; a < PCA_AXES; a++) {
    const double *v = p.axis + a * WIDE;
    int most = 0;
    for (int k = 1; k < WIDE; k++) most = fabs(v[k]) > fabs(v[most]) ? k : most;
    assert_true(v[most] > 0);
    assert_true(fabs(dot(v, v) - 1) < 1e-9);
    for (int j = 0; j < WIDE; j++) { /* S v = variance v */
      double row = 0;
      for (int k = 0; k < WIDE; k++) row += s[j * WIDE + k] * v[k];
      assert_true(fabs(row - p.variance[a] * v[j]) < 1e-5 * trace);
    }
  }
  for (int t = 0; t < 2000; t++) { /* no other direction across the first axis has more than the second */
    double other[WIDE];
    for (int k = 0; k < WIDE; k++)
      other[k] = kith_random_unit(kith_random(6, KITH_RNG_INIT, (uint64_t)t, (uint64_t)k, 0).bits[0]) - 0.5;
    assert_true(product(s, other, other) <= (1 + 1e-6) * p.variance[0] * dot(other, other));
    const double along = dot(other, p.axis);
    for (int k = 0; k < WIDE; k++) other[k] -= along * p.axis[k];
    assert_true(product(s, other, other) <= (1 + 1e-6) * p.variance[1] * dot(other, other));
  }
  for (int i = 0; i < ROWS; i++) {
    kith__pca_project(&p, x + i * WIDE, at);
    for (int a = 0; a < PCA_AXES; a++) {
      mean[a] += at[a] / ROWS;
      square[a] += at[a] * at[a] / (ROWS - 1);
    }
  }
  for (int a = 0; a < PCA_AXES; a++) {
    assert_true(fabs(mean[a]) < 1e-5);
    assert_true(fabs(square[a] - p.variance[a]) < 1e-5 * trace);
  }
  kith__pca_free(&p);
}

static void rows_without_variance_have_no_axes(void **state) {
  float x[12] = {1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 2, 3};
  report_pca p;
  (void)state;
  assert_int_equal(kith__pca(4, 3, x, &p), KITH_OK);
  assert_int_equal(p.n_axis, 0);
  kith__pca_free(&p);
  assert_int_equal(kith__pca(1, 3, x, &p), KITH_OK);
  assert_int_equal(p.n_axis, 0);
  kith__pca_free(&p);
}

static void labels_stay_in_the_frame_and_apart(void **state) {
  enum { N = 40 };
  const report_frame frame = {0, 0, 300, 200};
  const double height = 11;
  report_label l[N] = {{0}};
  int placed = 0;
  (void)state;
  for (int i = 0; i < N; i++) {
    l[i].x = 150 + 3 * (i % 7);
    l[i].y = 90 + 5 * (i % 5);
    l[i].width = 20 + i % 50;
    l[i].beside = i % 2;
  }
  kith__labels_place(N, l, &frame, height);
  for (int i = 0; i < N; i++) {
    if (!l[i].is_placed) continue;
    placed++;
    assert_true(l[i].left >= 0 && l[i].left + l[i].width <= 300 && l[i].base - height >= 0 &&
                l[i].base <= 200);
    for (int j = 0; j < i; j++)
      assert_true(!l[j].is_placed || l[i].left >= l[j].left + l[j].width ||
                  l[j].left >= l[i].left + l[i].width || fabs(l[i].base - l[j].base) >= height);
    for (int j = 1; j < N; j += 2)
      assert_true(l[j].x < l[i].left || l[j].x > l[i].left + l[i].width || l[j].y < l[i].base - height ||
                  l[j].y > l[i].base);
  }
  assert_true(l[0].is_placed);
  assert_true(placed >= 4);
  assert_true(kith__label_width("\xe6\x97\xa5\xe6\x9c\xac") == kith__label_width("abcd"));
}

static void the_largest_groups_come_first(void **state) {
  const int64_t count[8] = {5, 9, 1, 7, 9, 100, 2, 0};
  int64_t of[4];
  (void)state;
  assert_int_equal(kith__item_map_largest(8, count, 50, 4, of), 4);
  assert_int_equal(of[0], 1);
  assert_int_equal(of[1], 4);
  assert_int_equal(of[2], 3);
  assert_int_equal(of[3], 0);
  assert_int_equal(kith__item_map_largest(3, count + 5, 50, 4, of), 1);
  assert_int_equal(of[0], 1);
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(shares_count_what_is_at_least_as_large),
      cmocka_unit_test(a_distribution_may_be_empty_or_of_zeros),
      cmocka_unit_test(axes_are_those_of_the_largest_variance),
      cmocka_unit_test(rows_without_variance_have_no_axes),
      cmocka_unit_test(labels_stay_in_the_frame_and_apart),
      cmocka_unit_test(the_largest_groups_come_first),
  };
  test_begin(&argc, &argv);
  return test_end(cmocka_run_group_tests(tests, NULL, NULL));
}
