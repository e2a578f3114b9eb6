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
    uint64_t mark[1] = {0};
    assert_int_equal(2, kith_neighbor_draw(1, (uint64_t)i, 77, 0, 0, 5, 2, mark, place));
    assert_true(place[0] < place[1]);
    count[place[0]][place[1]]++;
  }
  for (int a = 0; a < 5; a++)
    for (int b = a + 1; b < 5; b++)
      chi += (count[a][b] - DRAWS / 10.0) * (count[a][b] - DRAWS / 10.0) / (DRAWS / 10.0);
  assert_true(chi < 27.88);
}

/* Floyd's algorithm word for word. */
static void check_draws(uint64_t step, int64_t degree, int k, uint64_t *mark, int64_t *place) {
  enum { MOST = 70000 };
  static bool expected[MOST];
  int64_t n = 0;
  assert_in_range(degree, 1, MOST);
  for (int i = 0; i < k; i++) {
    kith_draw r = kith_random(3, KITH_RNG_NEIGHBOR, step, 77, (uint64_t)1 << 32 | (uint64_t)(i - i % 4));
    int64_t last = degree - k + i, x = (int64_t)kith_random_below(r.bits[i % 4], (uint64_t)last + 1);
    expected[expected[x] ? last : x] = true;
  }
  assert_int_equal(k, kith_neighbor_draw(3, step, 77, 1, 0, degree, k, mark, place));
  for (int64_t x = 0; x < degree; x++) {
    if (expected[x]) assert_int_equal(place[n++], x);
    expected[x] = false;
  }
  assert_int_equal(n, k);
}

/* Of few and of many neighbors; near the degree most draws meet an earlier one. */
static void draws_are_those_of_the_definition(void **state) {
  (void)state;
  static const int64_t degree[] = {2, 3, 11, 17, 18, 27, 64, 65, 700, 4096, 4097, 5000, 70000};
  static uint64_t mark[70000 / 64 + 1];
  int64_t place[700];
  for (size_t d = 0; d < sizeof degree / sizeof *degree; d++)
    for (int k = 1; k < degree[d] && k < 700; k += k < 30 ? 1 : 23)
      for (uint64_t step = 0; step < 20; step++) check_draws(step, degree[d], k, mark, place);
  for (size_t w = 0; w < sizeof mark / sizeof *mark; w++) assert_int_equal(0, mark[w]);
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(draws_are_uniform),
      cmocka_unit_test(draws_are_those_of_the_definition),
  };
  test_begin(&argc, &argv);
  return test_end(cmocka_run_group_tests(tests, NULL, NULL));
}
