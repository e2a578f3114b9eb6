/* ranks: 1 2 3 4 */
/* The normalised adjacency: symmetric over ranks, rows sum what they should, interior rows have no ghosts. */
#include "support/cut.h"
#include "support/mpi_main.h"

#include "kith/halo.h"
#include "kith/ops.h"

enum { WIDTH = 21 };

static float noise(const kith_graph *g, kith_lid i, int k, uint64_t seed) {
  return (float)kith_random_unit(kith_random(seed, KITH_USE_INIT, g->type[i], (uint64_t)g->original[i], (uint64_t)k).bits[0]) - 0.5f;
}

static void product(const kith_relation *a, float *x, float *y) {
  kith_lid n = a->csr.n_row;
  kith_halo_begin(a->halo, WIDTH, x, x + (size_t)n * WIDTH);
  kith_spmm(&a->csr, 0, a->n_interior, WIDTH, x, false, y);
  kith_halo_end(a->halo);
  kith_spmm(&a->csr, a->n_interior, n, WIDTH, x, false, y);
}

static void the_adjacency_is_its_own_transpose(void **state) {
  (void)state;
  test_graph t = test_graph_random(40, 50, 400, 2);
  kith_graph *g = test_graph_cut(&t, test_comm, 6, 3);
  kith_relation *a = NULL;
  assert_int_equal(kith_relation_create(test_comm, g, WIDTH, &a).status, KITH_OK);
  size_t n = (size_t)a->csr.n_col * WIDTH;
  float *x = calloc(n, 4), *y = calloc(n, 4), *ax = calloc(n, 4), *ay = calloc(n, 4);
  double s[2] = {0};
  for (kith_lid i = 0; i < g->n_own; i++)
    for (int k = 0; k < WIDTH; k++) {
      x[i * WIDTH + k] = noise(g, i, k, 1);
      y[i * WIDTH + k] = noise(g, i, k, 2);
    }
  product(a, x, ax);
  product(a, y, ay);
  for (int i = 0; i < g->n_own * WIDTH; i++) {
    s[0] += (double)ax[i] * (double)y[i];
    s[1] += (double)x[i] * (double)ay[i];
  }
  KITH_MPI(MPI_Allreduce(MPI_IN_PLACE, s, 2, MPI_DOUBLE, MPI_SUM, test_comm->mpi));
  assert_true(s[0] != 0 && fabs(s[0] - s[1]) < 1e-5 * (1 + fabs(s[0])));
  free(x);
  free(y);
  free(ax);
  free(ay);
  kith_relation_destroy(&a);
  kith_graph_destroy(&g);
  test_graph_free(&t);
}

/* A naive product in double over the whole edge list, row by row. */
static void rows_sum_their_neighbours(void **state) {
  (void)state;
  test_graph t = test_graph_random(30, 20, 200, 5);
  kith_graph *g = test_graph_cut(&t, test_comm, 5, 1);
  kith_relation *a = NULL;
  double degree[2][64] = {{0}};
  assert_int_equal(kith_relation_create(test_comm, g, WIDTH, &a).status, KITH_OK);
  float *x = calloc((size_t)a->csr.n_col * WIDTH, 4), *y = calloc((size_t)a->csr.n_col * WIDTH, 4);
  for (int64_t e = 0; e < t.n_edge; e++) {
    degree[0][t.user[e]]++;
    degree[1][t.item[e]]++;
  }
  for (kith_lid i = 0; i < g->n_own; i++)
    for (int k = 0; k < WIDTH; k++) x[i * WIDTH + k] = (float)(g->type[i] * 100 + g->original[i] + k);
  product(a, x, y);
  for (kith_lid i = 0; i < g->n_own; i++)
    for (int k = 0; k < WIDTH; k++) {
      double truth = 0;
      for (int64_t e = 0; e < t.n_edge; e++) {
        int64_t mine = g->type[i] ? t.item[e] : t.user[e], other = g->type[i] ? t.user[e] : t.item[e];
        if (mine == g->original[i]) truth += (double)((1 - g->type[i]) * 100 + other + k) / sqrt(degree[0][t.user[e]] * degree[1][t.item[e]]);
      }
      assert_true(fabs((double)y[i * WIDTH + k] - truth) < 1e-5 * (1 + fabs(truth)));
    }
  free(x);
  free(y);
  kith_relation_destroy(&a);
  kith_graph_destroy(&g);
  test_graph_free(&t);
}

static void interior_rows_need_no_ghosts(void **state) {
  (void)state;
  test_graph t = test_graph_random(60, 60, 150, 8);
  kith_graph *g = test_graph_cut(&t, test_comm, 8, 4);
  kith_relation *a = NULL;
  assert_int_equal(kith_relation_create(test_comm, g, WIDTH, &a).status, KITH_OK);
  char *seen = calloc((size_t)g->n_own + 1, 1);
  for (kith_lid r = 0; r < g->n_own; r++) {
    bool ghost = false;
    kith_lid i = a->csr.row[r];
    assert_false(seen[i]);
    assert_int_equal(a->place[i], r);
    seen[i] = 1;
    for (kith_eid e = a->csr.start[r]; e < a->csr.start[r + 1]; e++) ghost = ghost || a->csr.col[e] >= g->n_own;
    assert_true(ghost == (r >= a->n_interior));
  }
  free(seen);
  kith_relation_destroy(&a);
  kith_graph_destroy(&g);
  test_graph_free(&t);
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(the_adjacency_is_its_own_transpose), cmocka_unit_test(rows_sum_their_neighbours),
                                     cmocka_unit_test(interior_rows_need_no_ghosts)};
  test_begin(&argc, &argv);
  return test_end(cmocka_run_group_tests(tests, NULL, NULL));
}
