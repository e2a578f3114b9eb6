/* ranks: 1 2 3 */
/* PinSage on a sampled block, against its formulas in double precision; on the whole graph:
 * test_model_oracle.c. */
#include "support/form.h"
#include "support/mpi_main.h"

static double relu(double x) { return x > 0 ? x : 0; }

static const double *weight_named(kith_params *params, const char *name, double *copy) {
  for (int i = 0; i < kith_params_n(params); i++) {
    const kith_tensor *w = kith_params_at(params, i);
    if (strcmp(kith_params_name(params, i), name) != 0) continue;
    for (int64_t k = 0; k < w->n_row * w->d; k++) copy[k] = (double)w->value[k];
    return copy;
  }
  fail_msg("no weights are called %s", name);
  return NULL;
}

/* y [b] = x [a] W + bias, ReLU if asked for. */
static void row_linear(kith_params *params, const char *name, const char *bias, bool activates, int a, int b,
                       const double *x, double *y) {
  double w[2 * FORM_WIDTH * FORM_WIDTH], v[FORM_WIDTH] = {0};
  weight_named(params, name, w);
  if (bias) weight_named(params, bias, v);
  for (int k = 0; k < b; k++) {
    double s = v[k];
    for (int j = 0; j < a; j++) s += x[j] * w[j * b + k];
    y[k] = activates ? relu(s) : s;
  }
}

/* What row 0 should be, reading rows 1 and 2, which count 0.6 and 1.8: a quarter and three quarters. */
static void sampled_truth(kith_params *params, const float *x, double *y) {
  double both[2 * FORM_WIDTH] = {0}, own[FORM_WIDTH], square = 0;
  for (int j = 1; j < 3; j++) {
    double h[FORM_WIDTH], q[FORM_WIDTH];
    for (int k = 0; k < FORM_WIDTH; k++) h[k] = (double)x[j * FORM_WIDTH + k];
    row_linear(params, "neighbour.0", "neighbour bias.0", true, FORM_WIDTH, FORM_WIDTH, h, q);
    for (int k = 0; k < FORM_WIDTH; k++) both[FORM_WIDTH + k] += (j == 1 ? 0.25 : 0.75) * q[k];
  }
  for (int k = 0; k < FORM_WIDTH; k++) both[k] = (double)x[k];
  row_linear(params, "weight.0", "bias.0", true, 2 * FORM_WIDTH, FORM_WIDTH, both, own);
  for (int k = 0; k < FORM_WIDTH; k++) square += own[k] * own[k];
  for (int k = 0; k < FORM_WIDTH && square > 0; k++) own[k] /= sqrt(square);
  row_linear(params, "last.0", "last bias.0", true, FORM_WIDTH, FORM_WIDTH, own, both);
  row_linear(params, "last.1", NULL, false, FORM_WIDTH, FORM_WIDTH, both, y);
}

static void expect_near(double is, double truth) {
  if (!(fabs(is - truth) <= 2e-5 * (1 + fabs(truth)))) fail_msg("%.8g, expected %.8g", is, truth);
}

/* On the whole graph shares sum to one, so that only here a sum and shares differ. */
static void sampled_neighbors_count_by_their_shares(void **state) {
  enum { IN = 3, N = 2 };
  int64_t node[IN] = {4, 6, 9}, degree[IN] = {2, 3, 4};
  kith_lid row[1] = {0}, col[N] = {1, 2};
  kith_eid start[2] = {0, N};
  float weight[N] = {0.6f, 1.8f};
  kith_csr csr = {.n_row = 1, .n_col = IN, .perm = row, .start = start, .col = col, .weight = weight};
  kith_node_map in = {.n = IN, .capacity = IN, .node = node}, out = {.n = 1, .capacity = 1, .node = node},
                edges = {.n = N, .capacity = N};
  kith_csc back = {0};
  double truth[2 * FORM_WIDTH];
  (void)state;
  assert_int_equal(KITH_OK, kith_csc_make(IN, N, &back));
  kith_csc_fill(&csr, 0, NULL, &back);
  kith_block block = {
      .src = &in, .dst = &out, .edges = &edges, .csr = &csr, .scale = weight, .csc = &back, .degree = degree};
  test_form f = {.block = &block};
  assert_int_equal(KITH_OK, kith_tape_create(&f.tape));
  assert_int_equal(KITH_OK, kith_params_create(3, &f.params));
  kith_model_options o = {.name = KITH_PINSAGE, .dim = FORM_WIDTH, .layers = 1};
  f.leaf[0] = kith_tape_node_tensor(f.tape, &in, FORM_WIDTH);
  kith_tensor *y = test_form_model(&f, &o, f.leaf[0]);
  assert_int_equal(KITH_OK, kith_tape_status(f.tape));
  for (int i = 0; i < IN * FORM_WIDTH; i++) f.leaf[0]->value[i] = sinf(3 * (float)i + 1);
  kith_tape_forward(f.tape);
  sampled_truth(f.params, f.leaf[0]->value, truth);
  for (int k = 0; k < FORM_WIDTH; k++) expect_near((double)y->value[k], truth[k]);
  kith_tape_destroy(&f.tape);
  kith_params_destroy(&f.params);
  kith_csc_free(&back);
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(sampled_neighbors_count_by_their_shares),
  };
  test_begin(&argc, &argv);
  return test_end(cmocka_run_group_tests(tests, NULL, NULL));
}
