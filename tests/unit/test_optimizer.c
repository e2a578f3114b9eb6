/* ranks: 1 */
/* Every optimizer against the formulas of its paper in double precision; sparse steps against dense ones. */
#include <math.h>
#include <string.h>

#include "kith/optimizer.h"
#include "support/mpi_main.h"

enum { ROWS = 37, D = 9, N = ROWS * D, STEPS = 12, PICKED = 11 };
static const double TOLERANCE = 2e-6; /* of 12 steps in float, relative to numbers near 1 */

static const kith_optimizer_options OPTIONS = {
    .lr = 0.03, .beta1 = 0.8, .beta2 = 0.95, .epsilon = 1e-3, .momentum = 0.7};

typedef struct state {
  float p[N], first[N], second[N], *slot[KITH_MAX_SLOTS];
} state;

static double number(uint64_t step, int64_t i) {
  return 2 * kith_random_unit(kith_random(3, KITH_RNG_INIT, step, (uint64_t)i, 0).bits[0]) - 1;
}

static void state_init(state *s) {
  memset(s, 0, sizeof *s);
  for (int i = 0; i < N; i++) s->p[i] = (float)number(0, i);
  s->slot[0] = s->first;
  s->slot[1] = s->second;
}

static void gradient(int step, float *g) {
  for (int i = 0; i < N; i++) g[i] = (float)number((uint64_t)step, i);
}

/* One number after all steps.  Adam: Kingma and Ba, algorithm 1.  SGD: v = mu v + g.  Adagrad: Duchi et al.
 */
static double truth(kith_optimizer_name name, int i) {
  const kith_optimizer_options *o = &OPTIONS;
  double p = (double)(float)number(0, i), m = 0, v = 0;
  for (int t = 1; t <= STEPS; t++) {
    double g = (double)(float)number((uint64_t)t, i);
    if (name == KITH_SGD) {
      v = o->momentum * v + g;
      p -= o->lr * v;
    } else if (name == KITH_ADAGRAD) {
      v += g * g;
      p -= o->lr * g / (sqrt(v) + o->epsilon);
    } else {
      m = o->beta1 * m + (1 - o->beta1) * g;
      v = o->beta2 * v + (1 - o->beta2) * g * g;
      p -= o->lr * (m / (1 - pow(o->beta1, t))) / (sqrt(v / (1 - pow(o->beta2, t))) + o->epsilon);
    }
  }
  return p;
}

static void steps_are_those_of_the_papers(void **unused) {
  (void)unused;
  float g[N];
  for (kith_optimizer_name name = KITH_ADAM; name <= KITH_ADAGRAD; name++) {
    state s;
    state_init(&s);
    for (int t = 1; t <= STEPS; t++) {
      gradient(t, g);
      kith_optimizer_get(name)->step(&OPTIONS, t, N, g, s.slot, s.p);
    }
    for (int i = 0; i < N; i++)
      if (!(fabs((double)s.p[i] - truth(name, i)) <= TOLERANCE))
        fail_msg("%s: %.9g, expected %.9g", kith_optimizer_get(name)->name, (double)s.p[i], truth(name, i));
  }
}

/* A sparse step gives its rows the bits of a dense one, and leaves the other rows and their slots alone. */
static void sparse_steps_are_dense_ones_on_some_rows(void **unused) {
  (void)unused;
  float g[N], packed[PICKED * D];
  int32_t row[PICKED];
  bool is_in[ROWS] = {false};
  for (int k = 0; k < PICKED; k++) is_in[row[k] = (k * 10 + 4) % ROWS] = true;
  for (kith_optimizer_name name = KITH_ADAM; name <= KITH_ADAGRAD; name++) {
    state dense, sparse, before;
    state_init(&dense);
    state_init(&sparse);
    for (int t = 1; t <= STEPS; t++) {
      gradient(t, g);
      for (int k = 0; k < PICKED; k++) memcpy(packed + k * D, g + row[k] * D, D * sizeof *g);
      kith_optimizer_get(name)->step(&OPTIONS, t, N, g, dense.slot, dense.p);
      kith_optimizer_get(name)->step_rows(&OPTIONS, t, PICKED, row, D, packed, sparse.slot, sparse.p);
    }
    state_init(&before);
    for (int r = 0; r < ROWS; r++) {
      const state *expected = is_in[r] ? &dense : &before;
      assert_memory_equal(sparse.p + r * D, expected->p + r * D, D * sizeof(float));
      assert_memory_equal(sparse.first + r * D, expected->first + r * D, D * sizeof(float));
      assert_memory_equal(sparse.second + r * D, expected->second + r * D, D * sizeof(float));
    }
  }
}

/* The names in a job are in the order of the numbers. */
static void names_are_those_of_a_job(void **unused) {
  (void)unused;
  char names[] = KITH_OPTIMIZER_NAMES, *rest = NULL;
  int n = 0;
  for (char *name = strtok_r(names, " |", &rest); name; name = strtok_r(NULL, " |", &rest))
    assert_string_equal(kith_optimizer_get((kith_optimizer_name)n++)->name, name);
  assert_int_equal(KITH_ADAGRAD + 1, n);
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(steps_are_those_of_the_papers),
                                     cmocka_unit_test(sparse_steps_are_dense_ones_on_some_rows),
                                     cmocka_unit_test(names_are_those_of_a_job)};
  test_begin(&argc, &argv);
  return test_end(cmocka_run_group_tests(tests, NULL, NULL));
}
