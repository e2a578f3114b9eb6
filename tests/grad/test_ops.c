/* ranks: 1 2 3 4 */
/*
 * Backward is the derivative of forward, for every op: a random direction through all leaves and weights, the difference
 * of a random linear form of the result along it, on the whole graph over all ranks and on a sampled hop.
 */
#include "support/cut.h"
#include "support/mpi_main.h"

#include "kith/tape.h"

enum { USERS = 14, ITEMS = 17, EDGES = 80, WIDTH = 8, HEADS = 2 };
static const double STEP = 1e-2;
static const double SMALL_STEP = 1e-3; /* where maxima must not change hands */
static const double ROUNDING = 1.5e-7; /* of the linear form's terms: floats carry 24 bits, and errors of many terms cancel in part */

typedef struct setting {
  kith_tape *tape;
  kith_params *params;
  kith_relation *a;
  kith_whole whole;
  const kith_hop *hop;
  kith_tensor *leaf[2]; /* [in rows, WIDTH] */
  kith_tensor *y;
  uint64_t seed;
  bool training;
  double step;
  kith_dropout dropout;
} setting;

static float noise(uint64_t seed, uint64_t a, uint64_t b) { return 2 * (float)kith_random_unit(kith_random(seed, KITH_USE_INIT, a, b, 0).bits[0]) - 1; }

/* What row i of a tensor stands for, whatever rank holds it: its node, or its place where rows are no nodes. */
static uint64_t row_key(const kith_tensor *x, int64_t i) { return x->frame && x->frame->node ? (uint64_t)x->frame->node[i] : (uint64_t)i; }

/* ---- the linear form: loss = sum of c y, as the last op ---- */

static void form_forward(void *self) { (void)self; }

static void form_backward(void *self) {
  kith_tensor *y = *(kith_tensor **)self;
  float *dy = kith_tensor_open(y);
  for (int64_t i = 0; i < kith_tensor_n(y); i++)
    for (int k = 0; k < y->d; k++) dy[i * y->d + k] += noise(5, row_key(y, i), (uint64_t)k);
}

/* The form over all ranks, and the sum of its terms' sizes. */
static double form_value(const setting *s, double *size) {
  double sum[2] = {0};
  for (int64_t i = 0; i < kith_tensor_n(s->y); i++)
    for (int k = 0; k < s->y->d; k++) {
      double term = (double)noise(5, row_key(s->y, i), (uint64_t)k) * (double)s->y->value[i * s->y->d + k];
      sum[0] += term;
      sum[1] += fabs(term);
    }
  KITH_MPI(MPI_Allreduce(MPI_IN_PLACE, sum, 2, MPI_DOUBLE, MPI_SUM, test_comm->mpi));
  *size = sum[1];
  return sum[0];
}

/* ---- moving along the direction ---- */

static void leaf_set(kith_tensor *x, uint64_t seed, double along) {
  for (int64_t i = 0; i < kith_tensor_n(x); i++)
    for (int k = 0; k < x->d; k++)
      x->value[i * x->d + k] = (float)((double)noise(seed, row_key(x, i), (uint64_t)k) + along * (double)noise(seed + 100, row_key(x, i), (uint64_t)k));
}

static void move_to(setting *s, double along) {
  for (int i = 0; i < 2; i++) leaf_set(s->leaf[i], 10 + (uint64_t)i, along);
  for (int i = 0; i < kith_params_n(s->params); i++) {
    kith_tensor x = *kith_params_at(s->params, i);
    leaf_set(&x, 20 + (uint64_t)i, along);
  }
}

static double form_at(setting *s, double along, double *size) {
  move_to(s, along);
  kith_tape_forward(s->tape);
  return form_value(s, size);
}

static double dot_direction(const kith_tensor *x, uint64_t seed) {
  double sum = 0;
  for (int64_t i = 0; i < kith_tensor_n(x); i++)
    for (int k = 0; k < x->d; k++) sum += (double)x->grad[i * x->d + k] * (double)noise(seed + 100, row_key(x, i), (uint64_t)k);
  return sum;
}

/* <gradient, direction> over all ranks. */
static double slope(setting *s) {
  double sum = 0, size;
  form_at(s, 0, &size);
  kith_params_clear(s->params);
  kith_tape_backward(s->tape);
  for (int i = 0; i < 2; i++)
    if (s->leaf[i]->touched) sum += dot_direction(s->leaf[i], 10 + (uint64_t)i);
  for (int i = 0; i < kith_params_n(s->params); i++) sum += dot_direction(kith_params_at(s->params, i), 20 + (uint64_t)i);
  KITH_MPI(MPI_Allreduce(MPI_IN_PLACE, &sum, 1, MPI_DOUBLE, MPI_SUM, test_comm->mpi));
  return sum;
}

/* Central differences at two steps: their difference is what truncation costs at the larger one. */
static void expect_derivative(setting *s) {
  double step = s->step, size, found = slope(s);
  double wide = (form_at(s, step, &size) - form_at(s, -step, &size)) / (2 * step);
  double narrow = (form_at(s, step / 2, &size) - form_at(s, -step / 2, &size)) / step;
  double bound = 2 * fabs(wide - narrow) + ROUNDING * size / step;
  if (!(fabs(found - narrow) <= bound)) fail_msg("slope %.8g, difference %.8g, bound %.3g", found, narrow, bound);
  assert_true(fabs(found) > 10 * ROUNDING * size / step || size == 0); /* a direction that shows something */
}

/* ---- the two hops ---- */

typedef kith_tensor *(*formula)(setting *s);
static kith_tensor *largest_of(setting *s);

static void setting_play(setting *s, formula make) {
  assert_int_equal(KITH_OK, kith_tape_create(&s->tape));
  assert_int_equal(KITH_OK, kith_params_create(3, &s->params));
  s->training = true;
  s->step = make == largest_of ? SMALL_STEP : STEP;
  for (int i = 0; i < 2; i++) s->leaf[i] = kith_tape_rows(s->tape, s->hop->in, WIDTH);
  s->y = make(s);
  kith_tensor **form = kith_tape_op(s->tape, "form", false, form_forward, form_backward, sizeof *form);
  assert_int_equal(KITH_OK, kith_tape_status(s->tape));
  assert_int_equal(KITH_OK, kith_params_status(s->params));
  *form = s->y;
  expect_derivative(s);
  kith_tape_destroy(&s->tape);
  kith_params_destroy(&s->params);
}

static void check_whole(formula make) {
  setting s = {0};
  test_graph t = test_graph_random(USERS, ITEMS, EDGES, 4);
  kith_graph *g = test_graph_cut(&t, test_comm, 5, 3);
  assert_int_equal(KITH_OK, kith_relation_create(test_comm, g, WIDTH, &s.a).status);
  assert_int_equal(KITH_OK, kith_whole_make(g, s.a, &s.whole));
  s.hop = &s.whole.hop;
  setting_play(&s, make);
  kith_whole_free(&s.whole);
  kith_relation_destroy(&s.a);
  kith_graph_destroy(&g);
  test_graph_free(&t);
}

/* A hop as samplers make them: 5 out rows, the first of 9 in rows; a row without neighbours; a repeated neighbour. */
static void check_sampled(formula make) {
  enum { OUT = 5, IN = 9, N = 11 };
  int64_t node[IN], degree[IN];
  kith_lid row[OUT] = {0, 1, 2, 3, 4}, col[N] = {5, 6, 7, 1, 8, 5, 0, 6, 6, 2, 8};
  kith_eid start[OUT + 1] = {0, 3, 5, 5, 9, 11};
  float weight[N];
  for (int64_t i = 0; i < IN; i++) {
    node[i] = 1000 * test_comm->rank + i;
    degree[i] = 2 + i;
  }
  for (int e = 0; e < N; e++) weight[e] = 0.1f * (float)(e + 1);
  kith_csr csr = {.n_row = OUT, .n_col = IN, .row = row, .start = start, .col = col, .weight = weight};
  kith_frame in = {.n = IN, .most = IN, .node = node}, out = {.n = OUT, .most = OUT, .node = node}, edges = {.n = N, .most = N};
  kith_back back = {0};
  assert_int_equal(KITH_OK, kith_back_make(IN, N, &back));
  kith_back_fill(&csr, &back);
  kith_hop hop = {.in = &in, .out = &out, .edges = &edges, .csr = &csr, .back = &back, .degree = degree};
  setting s = {.hop = &hop};
  setting_play(&s, make);
  kith_back_free(&back);
}

static void check(formula make) {
  check_whole(make);
  check_sampled(make);
}

/* ---- the ops ---- */

static kith_tensor *weights(setting *s, const char *name, int64_t n, int d) { return kith_params_get(s->params, name, n, d, KITH_INIT_GLOROT); }

static kith_tensor *linear(setting *s) { return kith_linear_op(s->tape, s->leaf[0], weights(s, "w", WIDTH, 5), weights(s, "b", 1, 5)); }
static kith_tensor *add(setting *s) { return kith_add_op(s->tape, 0.7f, s->leaf[0], -1.3f, s->leaf[1]); }
static kith_tensor *hadamard(setting *s) { return kith_hadamard_op(s->tape, s->leaf[0], s->leaf[1]); }
static kith_tensor *square(setting *s) { return kith_hadamard_op(s->tape, s->leaf[0], s->leaf[0]); }
static kith_tensor *concat(setting *s) { return kith_concat_op(s->tape, 2, s->leaf); }
static kith_tensor *relu(setting *s) { return kith_activate_op(s->tape, KITH_RELU, 0, s->leaf[0]); }
static kith_tensor *leaky(setting *s) { return kith_activate_op(s->tape, KITH_LEAKY_RELU, 0.2f, s->leaf[0]); }
static kith_tensor *elu(setting *s) { return kith_activate_op(s->tape, KITH_ELU, 1, s->leaf[0]); }
static kith_tensor *sigmoid(setting *s) { return kith_activate_op(s->tape, KITH_SIGMOID, 0, s->leaf[0]); }
static kith_tensor *tangent(setting *s) { return kith_activate_op(s->tape, KITH_TANH, 0, s->leaf[0]); }
static kith_tensor *unit(setting *s) { return kith_unit_op(s->tape, s->leaf[0]); }

static kith_tensor *dropped(setting *s, bool rows) {
  s->dropout = (kith_dropout){.p = 0.4, .rows = rows, .seed = 2, .step = 7, .op = 1};
  return kith_dropout_op(s->tape, &s->dropout, &s->training, s->leaf[0]);
}
static kith_tensor *dropout_elements(setting *s) { return dropped(s, false); }
static kith_tensor *dropout_rows(setting *s) { return dropped(s, true); }

static kith_tensor *aggregated(setting *s, kith_weighing how) {
  return kith_aggregate_op(s->tape, s->hop, how, kith_ghosts_op(s->tape, s->hop, s->leaf[0]));
}
static kith_tensor *sum_of(setting *s) { return aggregated(s, KITH_WEIGH_SUM); }
static kith_tensor *mean_of(setting *s) { return aggregated(s, KITH_WEIGH_MEAN); }
static kith_tensor *symmetric_of(setting *s) { return aggregated(s, KITH_WEIGH_SYMMETRIC); }
static kith_tensor *loop_of(setting *s) { return aggregated(s, KITH_WEIGH_LOOP); }
static kith_tensor *largest_of(setting *s) { return kith_aggregate_max_op(s->tape, s->hop, kith_ghosts_op(s->tape, s->hop, s->leaf[0])); }

/* A row beside its neighbours' mean: the own row gets gradients from both. */
static kith_tensor *self_and_mean(setting *s) {
  kith_tensor *x = kith_ghosts_op(s->tape, s->hop, s->leaf[0]), *both[2] = {kith_self_op(s->tape, s->hop, x), NULL};
  both[1] = kith_aggregate_op(s->tape, s->hop, KITH_WEIGH_MEAN, x);
  return kith_concat_op(s->tape, 2, both);
}

static kith_tensor *scores(setting *s) {
  kith_tensor *l = kith_linear_op(s->tape, s->leaf[0], weights(s, "l", WIDTH, HEADS), NULL);
  kith_tensor *r = kith_linear_op(s->tape, s->leaf[0], weights(s, "r", WIDTH, HEADS), NULL);
  return kith_score_op(s->tape, s->hop, 0.2f, l, kith_ghosts_op(s->tape, s->hop, r));
}

/* Whole attention: edges are no nodes, so their own values cannot be compared over ranks, but the rows they make can. */
static kith_tensor *attention(setting *s) {
  kith_tensor *alpha = kith_softmax_edges_op(s->tape, s->hop, scores(s));
  return kith_attend_op(s->tape, s->hop, alpha, kith_ghosts_op(s->tape, s->hop, s->leaf[1]));
}

#define OP_TEST(name, make)                                                                                            \
  static void name(void **state) {                                                                                     \
    (void)state;                                                                                                       \
    check(make);                                                                                                       \
  }

OP_TEST(linear_is_differentiated, linear)
OP_TEST(add_is_differentiated, add)
OP_TEST(hadamard_is_differentiated, hadamard)
OP_TEST(a_product_with_itself_is_differentiated, square)
OP_TEST(concat_is_differentiated, concat)
OP_TEST(relu_is_differentiated, relu)
OP_TEST(leaky_relu_is_differentiated, leaky)
OP_TEST(elu_is_differentiated, elu)
OP_TEST(sigmoid_is_differentiated, sigmoid)
OP_TEST(tanh_is_differentiated, tangent)
OP_TEST(unit_rows_are_differentiated, unit)
OP_TEST(dropout_of_elements_is_differentiated, dropout_elements)
OP_TEST(dropout_of_rows_is_differentiated, dropout_rows)
OP_TEST(sum_is_differentiated, sum_of)
OP_TEST(mean_is_differentiated, mean_of)
OP_TEST(symmetric_sum_is_differentiated, symmetric_of)
OP_TEST(sum_with_loops_is_differentiated, loop_of)
OP_TEST(maximum_is_differentiated, largest_of)
OP_TEST(self_and_mean_are_differentiated, self_and_mean)
OP_TEST(scores_are_differentiated, scores)
OP_TEST(attention_is_differentiated, attention)

/* Half of many numbers go, the mean stays, and the backward pass drops the same ones. */
static void dropout_keeps_the_mean(void **state) {
  (void)state;
  enum { N = 4000, D = 10 };
  kith_dropout o = {.p = 0.5, .seed = 1, .step = 2, .op = 3};
  int64_t *node = calloc(N, sizeof *node), kept = 0;
  float *x = calloc(N * D, sizeof *x), *y = calloc(N * D, sizeof *y), *dx = calloc(N * D, sizeof *dx);
  for (int64_t i = 0; i < N; i++) node[i] = i;
  for (int64_t i = 0; i < N * D; i++) x[i] = 1;
  kith_dropout_forward(&o, N, D, node, x, y);
  kith_dropout_backward(&o, N, D, node, x, dx);
  assert_memory_equal(y, dx, N * D * sizeof *y);
  for (int64_t i = 0; i < N * D; i++) {
    assert_true(y[i] == 0 || y[i] == 2);
    kept += y[i] != 0;
  }
  assert_true(llabs(kept - N * D / 2) < 400); /* four standard deviations of the binomial law */
  free(node);
  free(x);
  free(y);
  free(dx);
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(linear_is_differentiated), cmocka_unit_test(add_is_differentiated), cmocka_unit_test(hadamard_is_differentiated),
      cmocka_unit_test(a_product_with_itself_is_differentiated), cmocka_unit_test(concat_is_differentiated),
      cmocka_unit_test(relu_is_differentiated), cmocka_unit_test(leaky_relu_is_differentiated), cmocka_unit_test(elu_is_differentiated),
      cmocka_unit_test(sigmoid_is_differentiated), cmocka_unit_test(tanh_is_differentiated), cmocka_unit_test(unit_rows_are_differentiated),
      cmocka_unit_test(dropout_of_elements_is_differentiated), cmocka_unit_test(dropout_of_rows_is_differentiated),
      cmocka_unit_test(sum_is_differentiated), cmocka_unit_test(mean_is_differentiated), cmocka_unit_test(symmetric_sum_is_differentiated),
      cmocka_unit_test(sum_with_loops_is_differentiated), cmocka_unit_test(maximum_is_differentiated),
      cmocka_unit_test(self_and_mean_are_differentiated), cmocka_unit_test(scores_are_differentiated),
      cmocka_unit_test(attention_is_differentiated), cmocka_unit_test(dropout_keeps_the_mean)};
  test_begin(&argc, &argv);
  return test_end(cmocka_run_group_tests(tests, NULL, NULL));
}
