/* ranks: 1 */
/* Neighbors are drawn without replacement, evenly, and by the algorithm of the definition. */
#include "support/mpi_main.h"

#include "sample/sample.h"

/* Every subset of two of five neighbors comes equally often: chi-square with 9 degrees of freedom, level
 * 0.001. */
static void draws_are_uniform(void **state) {
  (void)state;
  enum { DRAWS = 5000 };
  int count[5][5] = {{0}};
  double chi = 0;
  for (int i = 0; i < DRAWS; i++) {
    int64_t place[5];
    bool drawn[5] = {false};
    assert_int_equal(2, kith_neighbor_draw(1, (uint64_t)i, 77, 0, 0, 5, 2, drawn, place));
    assert_true(place[0] < place[1]);
    count[place[0]][place[1]]++;
  }
  for (int a = 0; a < 5; a++)
    for (int b = a + 1; b < 5; b++)
      chi += (count[a][b] - DRAWS / 10.0) * (count[a][b] - DRAWS / 10.0) / (DRAWS / 10.0);
  assert_true(chi < 27.88);
}

/* Floyd's algorithm word for word, for few draws and for many. */
static void many_draws_are_those_of_the_definition(void **state) {
  (void)state;
  enum { DEGREE = 700 };
  for (int k = 1; k < DEGREE; k += 23) {
    bool expected[DEGREE] = {false}, drawn[DEGREE] = {false};
    int64_t place[DEGREE], n = 0;
    for (int i = 0; i < k; i++) {
      kith_draw r = kith_random(3, KITH_RNG_NEIGHBOR, 8, 77, (uint64_t)1 << 32 | (uint64_t)(i - i % 4));
      int64_t last = DEGREE - k + i, x = (int64_t)kith_random_below(r.bits[i % 4], (uint64_t)last + 1);
      expected[expected[x] ? last : x] = true;
    }
    assert_int_equal(k, kith_neighbor_draw(3, 8, 77, 1, 0, DEGREE, k, drawn, place));
    for (int64_t x = 0; x < DEGREE; x++) {
      if (expected[x]) assert_int_equal(place[n++], x);
      assert_false(drawn[x]);
    }
    assert_int_equal(n, k);
  }
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(draws_are_uniform),
      cmocka_unit_test(many_draws_are_those_of_the_definition),
  };
  test_begin(&argc, &argv);
  return test_end(cmocka_run_group_tests(tests, NULL, NULL));
}
