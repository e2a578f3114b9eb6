/* ranks: 1 2 3 */
/*
 * A layer that gathers rounded rows, on any cut: y = A r(x) and dx = A' r(dy) against sums in double over the
 * whole list of edges, the latter added to a gradient that x has already; exact transposes of each other
 * where nothing is left to round; and half the bytes.
 */
#include "support/cut.h"
#include "support/mpi_main.h"

#include "tape/tape.h"

enum { USERS = 40, ITEMS = 30, EDGES = 300, WIDTH = 21 };

/* Column k of a node: the same number on every rank. */
static float noise(int type, int64_t original, int k, uint64_t seed) {
  return (float)kith_random_unit(
             kith_random(seed, KITH_RNG_INIT, (uint64_t)type, (uint64_t)original, (uint64_t)k).bits[0]) -
         0.5f;
}

/* Rounded to 8 significant bits by arithmetic on the number, not on its bits. */
static double rounded(float x) {
  int exponent;
  double fraction = frexp((double)x, &exponent);
  return ldexp(nearbyint(ldexp(fraction, 8)), exponent - 8);
}

typedef struct layer {
  kith_dist_csr *a;
  kith_full_block full;
  kith_tape *tape;
  kith_tensor *x, *y;
} layer;

typedef struct pass {
  kith_tensor *x, *y;
  const kith_graph *g;
  bool rounds; /* whether the gradient is rounded before */
} pass;

static float number(const kith_graph *g, kith_lid i, int k, uint64_t seed, bool rounds) {
  float x = noise(g->type[i], g->original[i], k, seed);
  return rounds ? (float)rounded(x) : x;
}

static void pass_forward(void *self) { (void)self; }
static void pass_backward(void *self) {
  const pass *p = self;
  float *dx = kith_tensor_grad(p->x), *dy = kith_tensor_grad(p->y);
  for (kith_lid i = 0; i < p->g->n_own; i++)
    for (int k = 0; k < WIDTH; k++) {
      dx[i * WIDTH + k] += number(p->g, i, k, 3, p->rounds);
      dy[i * WIDTH + k] += number(p->g, i, k, 2, p->rounds);
    }
}

/* Forward and backward of a layer. */
static void layer_run(layer *l, const kith_graph *g, bool rounds) {
  assert_int_equal(kith_dist_csr_create(test_comm, g, WIDTH, &l->a).status, KITH_OK);
  assert_int_equal(kith_tape_create(&l->tape), KITH_OK);
  assert_int_equal(kith_full_block_make(l->a, false, false, &l->full), KITH_OK);
  l->x = kith_tape_node_tensor(l->tape, l->full.block.src, WIDTH);
  kith_propagation how = {
      .rounded = kith_tape_workspace(l->tape, kith_block_columns(&l->full.block) * kith_bf16_words(WIDTH),
                                     sizeof *how.rounded)};
  l->y = kith_propagate_with_op(l->tape, &l->full.block, &how, l->x);
  pass *p = kith_tape_op(l->tape, "gradient", false, pass_forward, pass_backward, sizeof *p);
  assert_int_equal(kith_tape_status(l->tape), KITH_OK);
  *p = (pass){l->x, l->y, g, rounds};
  for (kith_lid i = 0; i < g->n_own; i++)
    for (int k = 0; k < WIDTH; k++) l->x->value[i * WIDTH + k] = number(g, i, k, 1, rounds);
  kith_tape_forward(l->tape);
  kith_tape_backward(l->tape);
}

static void layer_free(layer *l) {
  kith_tape_destroy(&l->tape);
  kith_full_block_free(&l->full);
  kith_dist_csr_destroy(&l->a);
}

/* Row i of A times rounded rows. */
static double truth(const test_graph *t, const double degree[2][64], int type, int64_t original, int k,
                    uint64_t seed) {
  double sum = 0;
  for (int64_t e = 0; e < t->n_edge; e++) {
    int64_t mine = type ? t->item[e] : t->user[e], other = type ? t->user[e] : t->item[e];
    if (mine == original)
      sum += rounded(noise(1 - type, other, k, seed)) / sqrt(degree[0][t->user[e]] * degree[1][t->item[e]]);
  }
  return sum;
}

static void a_layer_sums_rounded_rows_both_ways(void **state) {
  (void)state;
  test_graph t = test_graph_random(USERS, ITEMS, EDGES, 5);
  double degree[2][64] = {{0}};
  for (int64_t e = 0; e < t.n_edge; e++) {
    degree[0][t.user[e]]++;
    degree[1][t.item[e]]++;
  }
  kith_graph *g = test_graph_cut(&t, test_comm, 5, 1);
  layer l;
  layer_run(&l, g, false);
  for (kith_lid i = 0; i < g->n_own; i++)
    for (int k = 0; k < WIDTH; k++) {
      double y = truth(&t, degree, g->type[i], g->original[i], k, 1);
      double dx = truth(&t, degree, g->type[i], g->original[i], k, 2) + (double)number(g, i, k, 3, false);
      assert_true(fabs((double)l.y->value[i * WIDTH + k] - y) < 1e-6);
      assert_true(fabs((double)l.x->grad[i * WIDTH + k] - dx) < 1e-6);
    }
  layer_free(&l);
  kith_graph_destroy(&g);
  test_graph_free(&t);
}

static void backward_is_the_transpose_of_forward(void **state) {
  (void)state;
  test_graph t = test_graph_random(USERS, ITEMS, EDGES, 6);
  kith_graph *g = test_graph_cut(&t, test_comm, 5, 2);
  double s[2] = {0};
  layer l;
  layer_run(&l, g, true);
  for (kith_lid i = 0; i < g->n_own; i++)
    for (int k = 0; k < WIDTH; k++) {
      s[0] += (double)l.y->value[i * WIDTH + k] * (double)number(g, i, k, 2, true);
      s[1] += ((double)l.x->grad[i * WIDTH + k] - (double)number(g, i, k, 3, true)) *
              (double)number(g, i, k, 1, true);
    }
  KITH_MPI(MPI_Allreduce(MPI_IN_PLACE, s, 2, MPI_DOUBLE, MPI_SUM, test_comm->mpi));
  assert_true(s[0] != 0 && fabs(s[0] - s[1]) < 1e-6 * (1 + fabs(s[0])));
  layer_free(&l);
  kith_graph_destroy(&g);
  test_graph_free(&t);
}

/* Forward and backward send each remote row once, as whole words. */
static void messages_have_half_the_bytes(void **state) {
  (void)state;
  test_graph t = test_graph_random(USERS, ITEMS, EDGES, 7);
  kith_graph *g = test_graph_cut(&t, test_comm, 5, 3);
  layer l;
  layer_run(&l, g, false);
  assert_int_equal(kith_halo_bytes(l.a->halo),
                   2 * (int64_t)kith_halo_n_remote(l.a->halo) * kith_bf16_words(WIDTH) * 4);
  layer_free(&l);
  kith_graph_destroy(&g);
  test_graph_free(&t);
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(a_layer_sums_rounded_rows_both_ways),
                                     cmocka_unit_test(backward_is_the_transpose_of_forward),
                                     cmocka_unit_test(messages_have_half_the_bytes)};
  test_begin(&argc, &argv);
  return test_end(cmocka_run_group_tests(tests, NULL, NULL));
}
