/* ranks: 1 */
/* The most alike known nodes are those of dense cosines, whichever lists are walked: features from rare to
 * almost everywhere, weights of both signs, known nodes with the same features. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "support/mpi_main.h"
#include "train/alike_top.h"

enum { KNOWN = 6000, NEW = 60, FEATURES = 50, K = 7 };

typedef struct world {
  double known[KNOWN][FEATURES], new[NEW][FEATURES]; /* v */
  double cosine[KNOWN];                              /* times the new node's length */
} world;
static world w;

/* Feature c with a chance that falls with c; the first is almost everywhere. */
static void draw(double *v, bool is_signed) {
  for (int c = 0; c < FEATURES; c++) {
    double chance = c == 0 ? 0.98 : 0.9 / c;
    v[c] = 0;
    if (rand() % 1000 < 1000 * chance) v[c] = 1 + rand() % 3;
    if (is_signed && rand() % 3 == 0) v[c] = -v[c];
  }
}

static void draw_world(bool is_signed) {
  srand(7);
  for (int j = 0; j < KNOWN; j++) draw(w.known[j], is_signed);
  for (int j = 0; j + 3 < KNOWN; j += 4) memcpy(w.known[j + 3], w.known[j], sizeof w.known[j]); /* ties */
  for (int i = 0; i < NEW; i++) draw(w.new[i], is_signed);
  memset(w.new[0], 0, sizeof w.new[0]);
}

static void oracle(int i) {
  double idf[FEATURES];
  for (int c = 0; c < FEATURES; c++) {
    int n = 0;
    for (int j = 0; j < KNOWN; j++) n += w.known[j][c] != 0;
    idf[c] = n > 0 ? log((double)KNOWN / n) : 0;
  }
  for (int j = 0; j < KNOWN; j++) {
    double sum = 0, square = 0;
    for (int c = 0; c < FEATURES; c++) {
      sum += w.known[j][c] * idf[c] * w.new[i][c] * idf[c];
      square += pow(w.known[j][c] * idf[c], 2);
    }
    w.cosine[j] = square > 0 ? sum / sqrt(square) : 0;
  }
}

static kith__content content_of_known(void) {
  kith__content c = {.n_row = KNOWN, .n_column = FEATURES};
  kith_eid n = 0;
  assert_int_equal(KITH_OK, KITH_NEW(c.start, KNOWN + 1));
  assert_int_equal(KITH_OK, KITH_NEW(c.column, KNOWN * FEATURES));
  assert_int_equal(KITH_OK, KITH_NEW(c.value, KNOWN * FEATURES));
  for (int j = 0; j < KNOWN; j++) {
    for (int f = 0; f < FEATURES; f++) {
      if (w.known[j][f] == 0) continue;
      c.column[n] = f;
      c.value[n++] = (float)w.known[j][f];
    }
    c.start[j + 1] = n;
  }
  return c;
}

/* Features in descending order: theirs is any. */
static kith_features features_of_new(kith_eid *start, int32_t *index, float *value) {
  kith_eid n = 0;
  start[0] = 0;
  for (int i = 0; i < NEW; i++) {
    for (int f = FEATURES - 1; f >= 0; f--) {
      if (w.new[i][f] == 0) continue;
      index[n] = f;
      value[n++] = (float)w.new[i][f];
    }
    start[i + 1] = n;
  }
  return (kith_features){NEW, start, index, value};
}

/* How many known nodes are clearly more alike than node j; it is that place or, with equals, a later one. */
static int place_of(int j) {
  int n = 0;
  for (int o = 0; o < KNOWN; o++) n += w.cosine[o] > w.cosine[j] + 1e-5;
  return n;
}

static void check(int i, const int32_t *near) {
  int n_positive = 0;
  oracle(i);
  for (int j = 0; j < KNOWN; j++) n_positive += w.cosine[j] > 1e-5;
  for (int t = 0; t < K; t++) {
    assert_true((near[t] >= 0) == (t < n_positive));
    if (near[t] < 0) continue;
    assert_true(near[t] < KNOWN && place_of(near[t]) <= t);
    for (int before = 0; before < t; before++) assert_int_not_equal(near[before], near[t]);
    if (t > 0 && memcmp(w.known[near[t]], w.known[near[t - 1]], sizeof w.known[0]) == 0)
      assert_true(near[t - 1] < near[t]);
  }
}

static void check_world(void) {
  static kith_eid start[NEW + 1];
  static int32_t index[NEW * FEATURES];
  static float value[NEW * FEATURES];
  kith__alike_index a = {.row = NULL};
  kith__alike_scratch scratch = {.term = NULL};
  kith__content content = content_of_known();
  const kith_features f = features_of_new(start, index, value);
  assert_int_equal(KITH_OK, kith__alike_index_make(&content, KNOWN, &a));
  assert_int_equal(KITH_OK, kith__alike_scratch_make(&a, &f, &scratch));
  for (int i = 0; i < NEW; i++) {
    int32_t near[K];
    kith__alike_top(&a, &f, i, K, &scratch, near);
    check(i, near);
  }
  kith__alike_scratch_free(&scratch);
  kith__alike_index_free(&a);
}

static void the_most_alike_are_those_of_dense_cosines(void **state) {
  (void)state;
  draw_world(false);
  check_world();
}

static void weights_may_be_negative(void **state) {
  (void)state;
  draw_world(true);
  check_world();
}

/* The short list tells of few nodes, which a third feature makes unlike; the long one has the most alike. */
static void nodes_of_long_lists_alone_are_found(void **state) {
  (void)state;
  memset(&w, 0, sizeof w);
  for (int j = 0; j < 4 * K; j++) w.known[j][1] = w.known[j][3] = 1;
  for (int j = 100; j < 2100; j++) w.known[j][2] = 1;
  for (int i = 0; i < NEW; i++) {
    w.new[i][1] = 0.01 * i;
    w.new[i][2] = 3;
  }
  check_world();
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(the_most_alike_are_those_of_dense_cosines),
                                     cmocka_unit_test(weights_may_be_negative),
                                     cmocka_unit_test(nodes_of_long_lists_alone_are_found)};
  test_begin(&argc, &argv);
  return test_end(cmocka_run_group_tests(tests, NULL, NULL));
}
