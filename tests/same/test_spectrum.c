/* ranks: 1 2 3 4 */
/*
 * Eigenpairs of the weighted interaction matrix: those of a plain dense solver, with true residuals, the same
 * bits on any number of ranks and for any cut, and none where the matrix has none.
 */
#include "support/cut.h"
#include "support/mpi_main.h"

#include "spectral/spectral.h"

enum { USERS = 50, ITEMS = 1300, EDGES = 4000, K = 20, OVERSAMPLE = 12, WIDTH = K + OVERSAMPLE, DEGREE = 8 };
static const double A = 0.4, B = 0.3;

/* ---- the whole graph in double ---- */

/* M [n_user, n_item]. */
static double *dense_matrix(const test_graph *t, double a, double b) {
  double *m = calloc((size_t)(t->n_user * t->n_item), sizeof *m);
  double *du = calloc((size_t)t->n_user, 8), *di = calloc((size_t)t->n_item, 8);
  for (int64_t e = 0; e < t->n_edge; e++) {
    du[t->user[e]]++;
    di[t->item[e]]++;
  }
  for (int64_t e = 0; e < t->n_edge; e++)
    m[t->user[e] * t->n_item + t->item[e]] = pow(du[t->user[e]], -a) * pow(di[t->item[e]], -b);
  free(du);
  free(di);
  return m;
}

/* One rotation of Jacobi's method: makes s[p, q] zero. */
static void jacobi_rotate(int n, double *s, double *u, int p, int q) {
  double theta = (s[q * n + q] - s[p * n + p]) / (2 * s[p * n + q]);
  double tangent = (theta >= 0 ? 1 : -1) / (fabs(theta) + sqrt(theta * theta + 1));
  double c = 1 / sqrt(tangent * tangent + 1), d = tangent * c;
  for (int i = 0; i < n; i++) {
    double x = s[i * n + p], y = s[i * n + q];
    s[i * n + p] = c * x - d * y;
    s[i * n + q] = d * x + c * y;
  }
  for (int i = 0; i < n; i++) {
    double x = s[p * n + i], y = s[q * n + i];
    s[p * n + i] = c * x - d * y;
    s[q * n + i] = d * x + c * y;
    x = u[p * n + i];
    y = u[q * n + i];
    u[p * n + i] = c * x - d * y;
    u[q * n + i] = d * x + c * y;
  }
}

/* Eigenvalues on the diagonal of s [n, n], eigenvectors in the rows of u. */
static void jacobi(int n, double *s, double *u) {
  for (int i = 0; i < n; i++)
    for (int j = 0; j < n; j++) u[i * n + j] = i == j;
  for (int sweep = 0; sweep < 12; sweep++)
    for (int p = 0; p < n; p++)
      for (int q = p + 1; q < n; q++)
        if (s[p * n + q] != 0) jacobi_rotate(n, s, u, p, q);
}

/* |M'M v - lambda v| of an item vector. */
static double dense_residual(const test_graph *t, const double *m, double lambda, const float *v, int ld) {
  double *y = calloc((size_t)t->n_item, sizeof *y), sum = 0;
  for (int64_t i = 0; i < t->n_item; i++) y[i] = -lambda * (double)v[i * ld];
  for (int64_t u = 0; u < t->n_user; u++) {
    double dot = 0;
    for (int64_t i = 0; i < t->n_item; i++) dot += m[u * t->n_item + i] * (double)v[i * ld];
    for (int64_t i = 0; i < t->n_item; i++) y[i] += m[u * t->n_item + i] * dot;
  }
  for (int64_t i = 0; i < t->n_item; i++) sum += y[i] * y[i];
  free(y);
  return sqrt(sum);
}

/* ---- the iteration ---- */

typedef struct recipe {
  int k, oversample, rounds, parts;
  uint64_t cut;
  bool restart; /* between rounds only value, v, round and residual survive */
} recipe;

typedef struct outcome {
  int width;
  float *v; /* [n_item, width] by original number, on every rank */
  double *value, *error;
  double residual;
} outcome;

static void outcome_free(outcome *o) {
  free(o->v);
  free(o->value);
  free(o->error);
}

static void restart(const kith_graph *g, kith_spectrum **s) {
  kith_spectrum *old = *s;
  assert_int_equal(KITH_OK, kith_spectrum_make(g->n_own, old->k, old->width, s));
  memcpy((*s)->value, old->value, (size_t)old->width * sizeof *old->value);
  memcpy((*s)->v, old->v, (size_t)g->n_own * (size_t)old->width * sizeof *old->v);
  (*s)->round = old->round;
  (*s)->residual = old->residual;
  kith_spectrum_free(&old);
}

/* All rows on all ranks; those of users are zero. */
static outcome outcome_of(const kith_comm *comm, const test_graph *t, const kith_graph *g,
                          const kith_spectrum *s) {
  size_t w = (size_t)s->width, n = (size_t)t->n_item * w;
  outcome o = {.width = s->width, .v = calloc(n, 4), .value = calloc(w, 8), .error = calloc(w, 8)};
  for (kith_lid i = 0; i < g->n_own; i++) {
    const float *row = s->v + (size_t)i * w;
    for (size_t k = 0; g->type[i] == KITH_USER && k < w; k++) assert_true(row[k] == 0);
    if (g->type[i] == KITH_ITEM) memcpy(o.v + (size_t)g->original[i] * w, row, w * sizeof *row);
  }
  KITH_MPI(MPI_Allreduce(MPI_IN_PLACE, o.v, (int)n, MPI_FLOAT, MPI_SUM, comm->mpi));
  memcpy(o.value, s->value, w * sizeof *s->value);
  memcpy(o.error, s->error, w * sizeof *s->error);
  o.residual = s->residual;
  return o;
}

static outcome iterate_on(const kith_comm *comm, const test_graph *t, recipe how) {
  kith_graph *g = test_graph_cut(t, comm, how.parts, how.cut);
  kith_dist_csr *a = NULL;
  kith_spectrum *s = NULL;
  assert_int_equal(KITH_OK, kith_spectral_matrix_create(comm, g, A, B, KITH_SPECTRAL_SLAB, &a).status);
  assert_int_equal(KITH_OK, kith_spectrum_start(comm, g, how.k, how.oversample, 7, &s).status);
  for (int r = 0; r < how.rounds; r++) {
    assert_int_equal(KITH_OK, kith_spectrum_round(comm, g, a, DEGREE, 1e-5, s).status);
    if (how.restart && r + 1 < how.rounds) restart(g, &s);
  }
  assert_int_equal(s->round, how.rounds);
  outcome o = outcome_of(comm, t, g, s);
  kith_spectrum_free(&s);
  kith_dist_csr_destroy(&a);
  kith_graph_destroy(&g);
  return o;
}

/* Columns of length 1 or 0, at right angles; returns how many are not zero. */
static int assert_orthonormal(const test_graph *t, const outcome *o) {
  int n = 0;
  for (int j = 0; j < o->width; j++)
    for (int k = 0; k <= j; k++) {
      double dot = 0;
      for (int64_t i = 0; i < t->n_item; i++)
        dot += (double)o->v[i * o->width + j] * (double)o->v[i * o->width + k];
      if (j == k && dot != 0) n++;
      if (!(fabs(dot - (j == k && dot != 0)) < 3e-6))
        print_error("columns %d and %d of %d: %g\n", j, k, o->width, dot);
      assert_true(fabs(dot - (j == k && dot != 0)) < 3e-6);
    }
  return n;
}

static void assert_true_errors(const test_graph *t, const double *m, const outcome *o, int k) {
  double most = 0;
  for (int j = 0; j < o->width; j++) {
    double real = dense_residual(t, m, o->value[j], o->v + j, o->width) / o->value[0];
    if (fabs(real - o->error[j]) > 1e-6 + 0.01 * real)
      print_error("pair %d: %g, said %g\n", j, real, o->error[j]);
    assert_true(fabs(real - o->error[j]) <= 1e-6 + 0.01 * real);
    if (j < k) most = fmax(most, o->error[j]);
    if (j > 0) assert_true(o->value[j] <= o->value[j - 1]);
  }
  assert_true(o->residual == most);
}

static void pairs_are_those_of_a_dense_solver(void **state) {
  (void)state;
  test_graph t = test_graph_random(USERS, ITEMS, EDGES, 11);
  double *m = dense_matrix(&t, A, B), *s = calloc(USERS * USERS, 8), *u = calloc(USERS * USERS, 8);
  outcome o = iterate_on(test_comm, &t,
                         (recipe){.k = K, .oversample = OVERSAMPLE, .rounds = 5, .parts = 7, .cut = 3});
  for (int i = 0; i < USERS; i++)
    for (int j = 0; j < USERS; j++)
      for (int k = 0; k < ITEMS; k++) s[i * USERS + j] += m[i * ITEMS + k] * m[j * ITEMS + k];
  jacobi(USERS, s, u);
  for (int j = 0; j < K; j++) {
    int best = 0, larger = 0;
    for (int i = 0; i < USERS; i++) {
      if (fabs(s[i * (USERS + 1)] - o.value[j]) < fabs(s[best * (USERS + 1)] - o.value[j])) best = i;
      larger += s[i * (USERS + 1)] > o.value[j] + 1e-5 * o.value[0];
    }
    double lambda = s[best * (USERS + 1)], dot = 0;
    assert_true(fabs(lambda - o.value[j]) < 1e-5 * o.value[0] && larger <= j);
    for (int i = 0; i < ITEMS; i++) {
      double v = 0;
      for (int k = 0; k < USERS; k++) v += m[k * ITEMS + i] * u[best * USERS + k];
      dot += v / sqrt(lambda) * (double)o.v[i * WIDTH + j];
    }
    assert_true(fabs(fabs(dot) - 1) < 1e-5);
  }
  assert_int_equal(assert_orthonormal(&t, &o), WIDTH);
  assert_true_errors(&t, m, &o, K);
  assert_true(o.residual < 1e-5);
  outcome_free(&o);
  free(m);
  free(s);
  free(u);
  test_graph_free(&t);
}

static void early_residuals_are_true(void **state) {
  (void)state;
  test_graph t = test_graph_random(USERS, ITEMS, EDGES, 12);
  double *m = dense_matrix(&t, A, B);
  outcome o = iterate_on(test_comm, &t, (recipe){.k = K, .oversample = 2, .rounds = 1, .parts = 5, .cut = 1});
  assert_true(o.residual > 1e-4);
  assert_int_equal(assert_orthonormal(&t, &o), K + 2);
  assert_true_errors(&t, m, &o, K);
  outcome_free(&o);
  free(m);
  test_graph_free(&t);
}

/* Without the filter's recurrence, or with a lower degree, the errors are several times larger. */
static void three_rounds_converge_as_chebyshev_polynomials_do(void **state) {
  (void)state;
  test_graph t = test_graph_random(USERS, ITEMS, EDGES, 11);
  outcome o = iterate_on(test_comm, &t, (recipe){.k = K, .oversample = 4, .rounds = 3, .parts = 7, .cut = 3});
  assert_true(o.residual < 5e-4);
  outcome_free(&o);
  test_graph_free(&t);
}

static void expect_same(const test_graph *t, const outcome *a, const outcome *b) {
  size_t w = (size_t)a->width;
  assert_memory_equal(a->value, b->value, w * sizeof *a->value);
  assert_memory_equal(a->error, b->error, w * sizeof *a->error);
  assert_memory_equal(a->v, b->v, (size_t)t->n_item * w * sizeof *a->v);
  assert_true(a->residual == b->residual);
}

/* More columns than a slab, so that the leading ones are removed from others. */
static void all_ranks_cuts_and_restarts_give_the_same_bits(void **state) {
  (void)state;
  test_graph t = test_graph_random(150, ITEMS, 6000, 13);
  kith_comm *alone = NULL;
  recipe how = {.k = 70, .oversample = 11, .rounds = 3, .parts = 1, .cut = 5};
  assert_int_equal(KITH_OK, kith_comm_create(MPI_COMM_SELF, &alone).status);
  outcome truth = iterate_on(alone, &t, how);
  how.parts = 7;
  for (how.cut = 1; how.cut <= 2; how.cut++) {
    how.restart = how.cut == 2;
    outcome mine = iterate_on(test_comm, &t, how);
    expect_same(&t, &truth, &mine);
    outcome_free(&mine);
  }
  outcome_free(&truth);
  kith_comm_destroy(&alone);
  test_graph_free(&t);
}

/* The complete graph has one eigenpair. */
static test_graph complete(int users, int items) {
  test_graph t = {.n_user = users, .n_item = items, .n_edge = (int64_t)users * items};
  t.user = calloc((size_t)t.n_edge, sizeof *t.user);
  t.item = calloc((size_t)t.n_edge, sizeof *t.item);
  for (int e = 0; e < users * items; e++) {
    t.user[e] = e / items;
    t.item[e] = e % items;
  }
  return t;
}

/* Between `least` and `most` pairs. */
static void check_few(test_graph t, int least, int most) {
  double *m = dense_matrix(&t, A, B);
  for (int rounds = 1; rounds <= 4; rounds++) {
    outcome o = iterate_on(test_comm, &t, (recipe){.k = 40, .oversample = 48, .rounds = rounds, .parts = 3});
    int n = assert_orthonormal(&t, &o);
    assert_true(n >= least && n <= t.n_item);
    assert_true_errors(&t, m, &o, 40);
    for (int j = 0; j < o.width; j++)
      assert_true((j >= least || o.value[j] > 1e-3 * o.value[0]) &&
                  (j < most || o.value[j] < 1e-5 * o.value[0]));
    outcome_free(&o);
  }
  free(m);
  test_graph_free(&t);
}

static void a_small_rank_leaves_columns_of_zeros(void **state) {
  (void)state;
  check_few(test_graph_random(100, 20, 400, 4), 15, 20);
}

static void a_complete_graph_has_one_pair(void **state) {
  (void)state;
  check_few(complete(9, 13), 1, 1);
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(pairs_are_those_of_a_dense_solver),
                                     cmocka_unit_test(early_residuals_are_true),
                                     cmocka_unit_test(three_rounds_converge_as_chebyshev_polynomials_do),
                                     cmocka_unit_test(all_ranks_cuts_and_restarts_give_the_same_bits),
                                     cmocka_unit_test(a_small_rank_leaves_columns_of_zeros),
                                     cmocka_unit_test(a_complete_graph_has_one_pair)};
  test_begin(&argc, &argv);
  return test_end(cmocka_run_group_tests(tests, NULL, NULL));
}
