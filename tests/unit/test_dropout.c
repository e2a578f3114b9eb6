/* ranks: 1 */
/* Dropout: the mask depends on the seed, the step, the op and the node, and on nothing else. */
#include <stdlib.h>

#include "ops/ops.h"
#include "support/mpi_main.h"

enum { NODES = 50, COLUMNS = 21, ENTRIES = NODES * COLUMNS };

/* Dropped elements of ones [NODES, COLUMNS], of nodes first … first + NODES - 1. */
static void draw(kith_dropout o, int64_t first, bool *dropped) {
  static float x[ENTRIES], y[ENTRIES];
  int64_t node[NODES];
  for (int i = 0; i < NODES; i++) node[i] = first + i;
  for (int i = 0; i < ENTRIES; i++) x[i] = 1;
  kith_dropout_forward(&o, NODES, COLUMNS, node, x, y);
  for (int i = 0; i < ENTRIES; i++) dropped[i] = y[i] == 0;
}

static int differences(kith_dropout a, int64_t first_a, kith_dropout b, int64_t first_b) {
  static bool one[ENTRIES], other[ENTRIES];
  int n = 0;
  draw(a, first_a, one);
  draw(b, first_b, other);
  for (int i = 0; i < ENTRIES; i++) n += one[i] != other[i];
  return n;
}

/* Independent masks of p = 1/2 differ in about half of their elements. */
static void assert_independent(int n) { assert_true(n > ENTRIES / 3 && n < 2 * ENTRIES / 3); }

static void a_mask_belongs_to_seed_step_op_and_node(void **state) {
  (void)state;
  kith_dropout o = {.p = 0.5, .seed = 1, .step = 7, .op = 3}, other = o;
  assert_int_equal(differences(o, 0, o, 0), 0);
  assert_independent(differences(o, 0, o, NODES));
  other.seed = 2;
  assert_independent(differences(o, 0, other, 0));
  other = o;
  other.step = 8;
  assert_independent(differences(o, 0, other, 0));
  other = o;
  other.op = 4;
  assert_independent(differences(o, 0, other, 0));
}

static void what_is_kept_is_scaled_to_the_same_mean(void **state) {
  (void)state;
  kith_dropout o = {.p = 0.25, .seed = 1, .step = 7, .op = 3};
  static float x[ENTRIES], y[ENTRIES];
  int64_t node[NODES];
  int kept = 0;
  for (int i = 0; i < NODES; i++) node[i] = i;
  for (int i = 0; i < ENTRIES; i++) x[i] = 3;
  kith_dropout_forward(&o, NODES, COLUMNS, node, x, y);
  for (int i = 0; i < ENTRIES; i++) {
    assert_true(y[i] == 0 || y[i] == 4);
    kept += y[i] != 0;
  }
  assert_true(kept > ENTRIES * 7 / 10 && kept < ENTRIES * 8 / 10);
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(a_mask_belongs_to_seed_step_op_and_node),
                                     cmocka_unit_test(what_is_kept_is_scaled_to_the_same_mean)};
  test_begin(&argc, &argv);
  return test_end(cmocka_run_group_tests(tests, NULL, NULL));
}
