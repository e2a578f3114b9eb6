#include "support/spectrum.h"

#include "support/mpi_main.h"

/* ---- the whole graph in double ---- */

/* M [n_user, n_item]. */
double *spectrum_dense(const test_graph *t, double a, double b) {
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
void spectrum_jacobi(int n, double *s, double *u) {
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

void spectrum_outcome_free(spectrum_outcome *o) {
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
static spectrum_outcome outcome_of(const kith_comm *comm, const test_graph *t, const kith_graph *g,
                                   const kith_spectrum *s) {
  size_t w = (size_t)s->width, n = (size_t)t->n_item * w;
  spectrum_outcome o = {.width = s->width, .v = calloc(n, 4), .value = calloc(w, 8), .error = calloc(w, 8)};
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

static void extend(const kith_graph *g, spectrum_recipe how, kith_spectrum *s) {
  size_t w = (size_t)s->width;
  memcpy(s->value, how.known->value, w * sizeof *s->value);
  for (kith_lid i = 0; i < g->n_own; i++) {
    float *row = s->v + (size_t)i * w;
    memset(row, 0, w * sizeof *row);
    if (g->type[i] == KITH_ITEM && g->original[i] < how.n_known)
      memcpy(row, how.known->v + (size_t)g->original[i] * w, w * sizeof *row);
  }
  if (how.block > 0) s->block = how.block;
  kith_spectrum_extend(g, SPECTRUM_SEED, s);
}

spectrum_outcome spectrum_iterate(const kith_comm *comm, const test_graph *t, spectrum_recipe how) {
  kith_graph *g = test_graph_cut(t, comm, how.parts, how.cut);
  kith_dist_csr *a = NULL;
  kith_spectrum *s = NULL;
  assert_int_equal(
      KITH_OK, kith_spectral_matrix_create(comm, g, SPECTRUM_A, SPECTRUM_B, KITH_SPECTRAL_SLAB, &a).status);
  assert_int_equal(KITH_OK, kith_spectrum_start(comm, g, how.k, how.oversample, SPECTRUM_SEED, &s).status);
  if (how.n_known > 0) extend(g, how, s);
  if (how.tolerance == 0) how.tolerance = 1e-5;
  for (int r = 0; r < how.rounds; r++) {
    assert_int_equal(KITH_OK, kith_spectrum_round(comm, g, a, SPECTRUM_DEGREE, how.tolerance, s).status);
    if (how.restart && r + 1 < how.rounds) restart(g, &s);
  }
  assert_int_equal(s->round, how.rounds);
  spectrum_outcome o = outcome_of(comm, t, g, s);
  kith_spectrum_free(&s);
  kith_dist_csr_destroy(&a);
  kith_graph_destroy(&g);
  return o;
}

/* Columns of length 1 or 0, at right angles; returns how many are not zero. */
int spectrum_assert_orthonormal(const test_graph *t, const spectrum_outcome *o) {
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

void spectrum_assert_errors(const test_graph *t, const double *m, const spectrum_outcome *o, int k) {
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

void spectrum_assert_same(const test_graph *t, const spectrum_outcome *a, const spectrum_outcome *b) {
  size_t w = (size_t)a->width;
  assert_memory_equal(a->value, b->value, w * sizeof *a->value);
  assert_memory_equal(a->error, b->error, w * sizeof *a->error);
  assert_memory_equal(a->v, b->v, (size_t)t->n_item * w * sizeof *a->v);
  assert_true(a->residual == b->residual);
}
