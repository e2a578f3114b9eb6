/* ranks: 1 2 3 4 */
/* Backward is the derivative of forward, for every op. */
#include "support/form.h"
#include "support/mpi_main.h"

enum { HEADS = 2 };

static void check(test_formula make, double step) {
  test_form_whole(make, step, false);
  test_form_whole(make, step, true);
  test_form_sampled(make, step);
}

/* ---- the ops ---- */

static kith_tensor *weights(test_form *f, const char *name, int64_t n, int d) {
  return kith_params_get(f->params, name, n, d, KITH_INIT_GLOROT);
}

static kith_tensor *linear(test_form *f) {
  return kith_linear_op(f->tape, f->leaf[0], weights(f, "w", FORM_WIDTH, 5), weights(f, "b", 1, 5));
}
static kith_tensor *add(test_form *f) { return kith_add_op(f->tape, 0.7f, f->leaf[0], -1.3f, f->leaf[1]); }
static kith_tensor *hadamard(test_form *f) { return kith_hadamard_op(f->tape, f->leaf[0], f->leaf[1]); }
static kith_tensor *square(test_form *f) { return kith_hadamard_op(f->tape, f->leaf[0], f->leaf[0]); }
static kith_tensor *concat(test_form *f) { return kith_concat_op(f->tape, 2, f->leaf); }
static kith_tensor *relu(test_form *f) { return kith_activate_op(f->tape, KITH_RELU, 0, f->leaf[0]); }
static kith_tensor *leaky(test_form *f) {
  return kith_activate_op(f->tape, KITH_LEAKY_RELU, 0.2f, f->leaf[0]);
}
static kith_tensor *elu(test_form *f) { return kith_activate_op(f->tape, KITH_ELU, 1, f->leaf[0]); }
static kith_tensor *sigmoid(test_form *f) { return kith_activate_op(f->tape, KITH_SIGMOID, 0, f->leaf[0]); }
static kith_tensor *tangent(test_form *f) { return kith_activate_op(f->tape, KITH_TANH, 0, f->leaf[0]); }
static kith_tensor *unit(test_form *f) { return kith_normalize_op(f->tape, f->leaf[0]); }

static kith_tensor *dropout_elements(test_form *f) {
  return kith_dropout_op(f->tape, &f->exec, 0.4, false, f->leaf[0]);
}
static kith_tensor *dropout_rows(test_form *f) {
  return kith_dropout_op(f->tape, &f->exec, 0.4, true, f->leaf[0]);
}

static kith_tensor *aggregated(test_form *f, kith_edge_norm how) {
  return kith_aggregate_op(f->tape, f->block, how, kith_ghost_update_op(f->tape, f->block, f->leaf[0]));
}
static kith_tensor *sum_of(test_form *f) { return aggregated(f, KITH_NORM_NONE); }
static kith_tensor *mean_of(test_form *f) { return aggregated(f, KITH_NORM_MEAN); }
static kith_tensor *symmetric_of(test_form *f) { return aggregated(f, KITH_NORM_SYMMETRIC); }
static kith_tensor *loop_of(test_form *f) { return aggregated(f, KITH_NORM_SELF_LOOPS); }
static kith_tensor *largest_of(test_form *f) {
  return kith_aggregate_max_op(f->tape, f->block, kith_ghost_update_op(f->tape, f->block, f->leaf[0]));
}

/* A row beside its neighbors' mean: the own row gets gradients from both. */
static kith_tensor *self_and_mean(test_form *f) {
  kith_tensor *x = kith_ghost_update_op(f->tape, f->block, f->leaf[0]),
              *both[2] = {kith_dst_rows_op(f->tape, f->block, x), NULL};
  both[1] = kith_aggregate_op(f->tape, f->block, KITH_NORM_MEAN, x);
  return kith_concat_op(f->tape, 2, both);
}

static kith_tensor *scores(test_form *f) {
  kith_tensor *l = kith_head_dot_op(f->tape, HEADS, weights(f, "l", 1, FORM_WIDTH), f->leaf[1]);
  kith_tensor *r = kith_head_dot_op(f->tape, HEADS, weights(f, "r", 1, FORM_WIDTH), f->leaf[1]);
  return kith_edge_score_op(f->tape, f->block, 0.2f, l, kith_ghost_update_op(f->tape, f->block, r));
}

/* Whole attention: edges are no nodes, so their own values cannot be compared over ranks, but the rows they
 * make can. */
static kith_tensor *attention(test_form *f) {
  kith_tensor *alpha = kith_edge_softmax_op(f->tape, f->block, scores(f));
  return kith_attend_op(f->tape, f->block, alpha, kith_ghost_update_op(f->tape, f->block, f->leaf[0]));
}

/* The same in one op. */
static kith_tensor *fused_attention(test_form *f) {
  kith_tensor *l = kith_head_dot_op(f->tape, HEADS, weights(f, "l", 1, FORM_WIDTH), f->leaf[1]);
  kith_tensor *r = kith_head_dot_op(f->tape, HEADS, weights(f, "r", 1, FORM_WIDTH), f->leaf[1]);
  return kith_attention_op(f->tape, f->block, 0.2f, l, kith_ghost_update_op(f->tape, f->block, r),
                           kith_ghost_update_op(f->tape, f->block, f->leaf[0]));
}

static kith_tensor *dense(test_form *f, kith_dense_inputs inputs, float slope) {
  kith_tensor *w[2] = {weights(f, "w", FORM_WIDTH, 5), weights(f, "v", FORM_WIDTH, 5)},
              *bias[2] = {weights(f, "b", 1, 5), weights(f, "c", 1, 5)};
  return kith_dense_op(f->tape, f->block->src, inputs, slope, f->leaf, w, bias);
}
static kith_tensor *dense_of_one(test_form *f) { return dense(f, KITH_DENSE_ONE, 1); }
static kith_tensor *dense_of_two(test_form *f) { return dense(f, KITH_DENSE_BESIDE, 0); }
static kith_tensor *dense_of_products(test_form *f) { return dense(f, KITH_DENSE_SUM_PRODUCT, 0.2f); }

static kith_tensor *dropped_attention(test_form *f) {
  kith_tensor *alpha = kith_attention_dropout_op(f->tape, f->block, &f->exec, 0.3,
                                                 kith_edge_softmax_op(f->tape, f->block, scores(f)));
  return kith_attend_op(f->tape, f->block, alpha, kith_ghost_update_op(f->tape, f->block, f->leaf[0]));
}
static kith_tensor *mean_of_heads(test_form *f) { return kith_head_mean_op(f->tape, HEADS, f->leaf[0]); }

/* So few entries at a time that rows make several groups, and so many that they make one. */
static kith_tensor *lstm_of(test_form *f, kith_eid most) {
  kith_tensor *z =
      kith_linear_op(f->tape, f->leaf[0], weights(f, "in", FORM_WIDTH, 12), weights(f, "bias", 1, 12));
  return kith_lstm_op(f->tape, f->block, &f->exec, most, kith_ghost_update_op(f->tape, f->block, z),
                      weights(f, "w", 3, 12));
}
static kith_tensor *lstm_in_groups(test_form *f) { return lstm_of(f, 4); }
static kith_tensor *lstm_in_one(test_form *f) { return lstm_of(f, KITH_LSTM_MAX_ENTRIES); }

/* Ages of a block's entries: those of its pairs of nodes, or by place where there are none. */
static const float *ages(test_form *f) {
  if (f->block->age) return f->block->age;
  float *age = kith_tape_workspace(f->tape, f->block->edges->capacity, sizeof *age);
  for (int64_t e = 0; e < f->block->edges->n; e++) age[e] = (float)e / 3;
  return age;
}

/* Every third row has no message. */
static kith_tensor *gru(test_form *f) {
  const kith_node_map *rows = f->block->src;
  uint8_t *on = kith_tape_workspace(f->tape, rows->capacity, 1);
  for (int64_t i = 0; i < rows->n; i++) on[i] = rows->node[i] % 3 != 0;
  kith_tensor *x = kith_linear_op(f->tape, f->leaf[0], weights(f, "x", FORM_WIDTH, 3 * FORM_WIDTH), NULL);
  kith_tensor *m = kith_linear_op(f->tape, f->leaf[1], weights(f, "m", FORM_WIDTH, 3 * FORM_WIDTH), NULL);
  return kith_gru_op(f->tape, on, x, m, f->leaf[1]);
}

/* differs: codes less that of age 0, which stands beside the values. */
static kith_tensor *coded_attention_of(test_form *f, bool differs) {
  static const kith_node_map one = {.n = 1, .capacity = 1};
  static const float now = 0;
  enum { K = 3 };
  kith_coded_weights w = {.key = weights(f, "key", K, FORM_WIDTH),
                          .value = weights(f, "value", K, FORM_WIDTH)};
  kith_tensor *rate = weights(f, "rate", 1, K), *phase = weights(f, "phase", 1, K);
  w.code = kith_code_rows_op(f->tape, f->block->edges, differs, ages(f), rate, phase);
  if (differs) w.base = kith_code_rows_op(f->tape, &one, false, &now, rate, phase);
  kith_tensor *q = kith_linear_op(f->tape, f->leaf[1], weights(f, "q", FORM_WIDTH, FORM_WIDTH), NULL);
  return kith_coded_attention_op(f->tape, f->block, HEADS, kith_dst_rows_op(f->tape, f->block, q),
                                 kith_ghost_update_op(f->tape, f->block, f->leaf[0]),
                                 kith_ghost_update_op(f->tape, f->block, f->leaf[1]), w);
}
static kith_tensor *coded_attention(test_form *f) { return coded_attention_of(f, false); }
static kith_tensor *coded_differences(test_form *f) { return coded_attention_of(f, true); }

#define OP_TEST(name, make, step)                                                                            \
  static void name(void **state) {                                                                           \
    (void)state;                                                                                             \
    check(make, step);                                                                                       \
  }

OP_TEST(linear_is_differentiated, linear, FORM_STEP)
OP_TEST(add_is_differentiated, add, FORM_STEP)
OP_TEST(hadamard_is_differentiated, hadamard, FORM_STEP)
OP_TEST(a_product_with_itself_is_differentiated, square, FORM_STEP)
OP_TEST(concat_is_differentiated, concat, FORM_STEP)
OP_TEST(relu_is_differentiated, relu, FORM_STEP)
OP_TEST(leaky_relu_is_differentiated, leaky, FORM_STEP)
OP_TEST(elu_is_differentiated, elu, FORM_STEP)
OP_TEST(sigmoid_is_differentiated, sigmoid, FORM_STEP)
OP_TEST(tanh_is_differentiated, tangent, FORM_STEP)
OP_TEST(unit_rows_are_differentiated, unit, FORM_STEP)
OP_TEST(dropout_of_elements_is_differentiated, dropout_elements, FORM_STEP)
OP_TEST(dropout_of_rows_is_differentiated, dropout_rows, FORM_STEP)
OP_TEST(sum_is_differentiated, sum_of, FORM_STEP)
OP_TEST(mean_is_differentiated, mean_of, FORM_STEP)
OP_TEST(symmetric_sum_is_differentiated, symmetric_of, FORM_STEP)
OP_TEST(sum_with_loops_is_differentiated, loop_of, FORM_STEP)
OP_TEST(maximum_is_differentiated, largest_of, FORM_SMALL_STEP)
OP_TEST(self_and_mean_are_differentiated, self_and_mean, FORM_STEP)
OP_TEST(scores_are_differentiated, scores, FORM_SMALL_STEP)
OP_TEST(attention_is_differentiated, attention, FORM_SMALL_STEP)
OP_TEST(fused_attention_is_differentiated, fused_attention, FORM_SMALL_STEP)
OP_TEST(a_dense_layer_is_differentiated, dense_of_one, FORM_STEP)
OP_TEST(a_dense_layer_of_two_inputs_is_differentiated, dense_of_two, FORM_SMALL_STEP)
OP_TEST(a_dense_layer_of_sums_and_products_is_differentiated, dense_of_products, FORM_SMALL_STEP)
OP_TEST(attention_with_dropout_is_differentiated, dropped_attention, FORM_SMALL_STEP)
OP_TEST(mean_of_heads_is_differentiated, mean_of_heads, FORM_STEP)
OP_TEST(gru_is_differentiated, gru, FORM_SMALL_STEP)
OP_TEST(attention_with_codes_is_differentiated, coded_attention, FORM_SMALL_STEP)
OP_TEST(attention_with_differences_of_codes_is_differentiated, coded_differences, FORM_SMALL_STEP)
OP_TEST(lstm_in_groups_is_differentiated, lstm_in_groups, FORM_STEP)
OP_TEST(lstm_in_one_is_differentiated, lstm_in_one, FORM_STEP)

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

/* A share p of many edges goes, both ways round or not at all, others at other steps, never a loop; the rest
 * weighs 1 / (1 - p). */
/* An edge of another relation between the same nodes is drawn apart: both are kept or both dropped in 0.58 of
 * all pairs. */
static void expect_relations_apart(const kith_dropout *o, const kith_csr *a, const int64_t *node,
                                   const uint8_t *keep) {
  const kith_eid n = a->start[a->n_row];
  const uint64_t key[2] = {0, 12345};
  uint8_t *of = calloc((size_t)n, 1), *other = calloc((size_t)n, 1);
  kith_csr b = {0};
  double differ = 0, all = (double)(n - a->n_row);
  memset(of, 1, (size_t)n);
  assert_int_equal(KITH_OK, KITH_NEW(b.start, a->n_row + 1) || KITH_NEW(b.col, n) || KITH_NEW(b.weight, n));
  kith_edge_dropout(o, a, node, node, of, key, other, &b);
  for (kith_eid e = 0; e < n; e++) differ += keep[e] != other[e];
  assert_true(fabs(differ - 0.42 * all) < 4 * sqrt(2 * 0.42 * 0.58 * all)); /* pairs stand twice */
  memset(of, 0, (size_t)n);
  kith_edge_dropout(o, a, node, node, of, key, other, &b);
  assert_memory_equal(keep, other, (size_t)n);
  free(of);
  free(other);
  kith_free(b.start);
  kith_free(b.col);
  kith_free(b.weight);
}

static void edges_go_in_both_directions(void **state) {
  (void)state;
  enum { N = 100, GONE = N * (N - 1) / 2 };
  kith_lid row[N], *col = calloc(N * N, sizeof *col);
  kith_eid start[N + 1] = {0}, left = 0, again = 0;
  int64_t node[N];
  float *weight = calloc(N * N, sizeof *weight);
  uint8_t *keep = calloc(N * N, 1);
  kith_dropout o = {.p = 0.3, .seed = 1, .step = 2}, later = {.p = 0.3, .seed = 1, .step = 3};
  kith_csr a = {.n_row = N, .n_col = N, .perm = row, .start = start, .col = col, .weight = weight}, b = {0};
  for (int i = 0; i < N; i++) {
    row[i] = i;
    node[i] = 7 * i;
    start[i + 1] = start[i] + N;
    for (int j = 0; j < N; j++) {
      col[i * N + j] = j;
      weight[i * N + j] = 1.4f;
    }
  }
  assert_int_equal(KITH_OK, KITH_NEW(b.start, N + 1) || KITH_NEW(b.col, N * N) || KITH_NEW(b.weight, N * N));
  kith_edge_dropout(&o, &a, node, node, NULL, NULL, keep, &b);
  for (int i = 0; i < N; i++)
    for (int j = 0; j <= i; j++) {
      assert_int_equal(keep[i * N + j], keep[j * N + i]);
      assert_int_equal(keep[i * N + j], !kith_edge_is_dropped(&o, node[j], node[i], 0));
      assert_true(keep[i * N + i]);
      left += i != j && keep[i * N + j];
      again += i != j && keep[i * N + j] && !kith_edge_is_dropped(&later, node[i], node[j], 0);
    }
  assert_int_equal(b.start[N], N + 2 * left);
  expect_relations_apart(&o, &a, node, keep);
  for (kith_eid e = 0; e < b.start[N]; e++) assert_true(fabsf(b.weight[e] - 2) < 1e-6f);
  assert_true(
      fabs((double)left - 0.7 * GONE) <
      4 * sqrt(0.21 * GONE)); /* four standard deviations of the binomial law: false once in 15 000 seeds */
  assert_true(fabs((double)again - 0.49 * GONE) < 4 * sqrt(0.25 * GONE));
  kith_free(b.start);
  kith_free(b.col);
  kith_free(b.weight);
  free(col);
  free(weight);
  free(keep);
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(linear_is_differentiated),
                                     cmocka_unit_test(add_is_differentiated),
                                     cmocka_unit_test(hadamard_is_differentiated),
                                     cmocka_unit_test(a_product_with_itself_is_differentiated),
                                     cmocka_unit_test(concat_is_differentiated),
                                     cmocka_unit_test(relu_is_differentiated),
                                     cmocka_unit_test(leaky_relu_is_differentiated),
                                     cmocka_unit_test(elu_is_differentiated),
                                     cmocka_unit_test(sigmoid_is_differentiated),
                                     cmocka_unit_test(tanh_is_differentiated),
                                     cmocka_unit_test(unit_rows_are_differentiated),
                                     cmocka_unit_test(dropout_of_elements_is_differentiated),
                                     cmocka_unit_test(dropout_of_rows_is_differentiated),
                                     cmocka_unit_test(sum_is_differentiated),
                                     cmocka_unit_test(mean_is_differentiated),
                                     cmocka_unit_test(symmetric_sum_is_differentiated),
                                     cmocka_unit_test(sum_with_loops_is_differentiated),
                                     cmocka_unit_test(maximum_is_differentiated),
                                     cmocka_unit_test(self_and_mean_are_differentiated),
                                     cmocka_unit_test(scores_are_differentiated),
                                     cmocka_unit_test(attention_is_differentiated),
                                     cmocka_unit_test(fused_attention_is_differentiated),
                                     cmocka_unit_test(a_dense_layer_is_differentiated),
                                     cmocka_unit_test(a_dense_layer_of_two_inputs_is_differentiated),
                                     cmocka_unit_test(a_dense_layer_of_sums_and_products_is_differentiated),
                                     cmocka_unit_test(attention_with_dropout_is_differentiated),
                                     cmocka_unit_test(lstm_in_groups_is_differentiated),
                                     cmocka_unit_test(lstm_in_one_is_differentiated),
                                     cmocka_unit_test(gru_is_differentiated),
                                     cmocka_unit_test(attention_with_codes_is_differentiated),
                                     cmocka_unit_test(attention_with_differences_of_codes_is_differentiated),
                                     cmocka_unit_test(mean_of_heads_is_differentiated),
                                     cmocka_unit_test(dropout_keeps_the_mean),
                                     cmocka_unit_test(edges_go_in_both_directions)};
  test_begin(&argc, &argv);
  return test_end(cmocka_run_group_tests(tests, NULL, NULL));
}
