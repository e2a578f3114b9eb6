/* ranks: 1 2 3 */
/* The gradient of the cross-entropy, and that data need none: weights learn the same from features as from
 * parameters. */
#include "loss/loss.h"
#include "support/classes.h"
#include "support/mpi_main.h"

enum { NODES = 60, CLASSES = 5, FEATURES = 7 };
static const double STEP = 1e-2;

static test_classes classes;
static kith_graph *share;

static float noise(uint64_t a, uint64_t b) {
  return 4 * (float)kith_random_unit(kith_random(7, KITH_RNG_INIT, a, b, 0).bits[0]) - 2;
}

/* ---- the loss ---- */

static double loss_of(kith_tape *t, kith_exact_sum *loss) {
  *loss = (kith_exact_sum){0};
  kith_tape_forward(t);
  return kith_exact_sum_value(loss);
}

/* Central differences of every single logit, with a weight of its own for each node. */
static void cross_entropy_is_differentiated(void **state) {
  (void)state;
  kith_train_nodes *l = NULL;
  kith_tape *t = NULL;
  kith_exact_sum loss = {0};
  double weight[NODES];
  assert_int_equal(KITH_OK,
                   kith_train_nodes_create(share, share->first[test_comm->rank], NODES, false, 1, &l));
  kith_train_nodes_set_epoch(l, 0);
  for (int i = 0; i < NODES; i++) weight[i] = 0.1 + 0.01 * i;
  kith_train_nodes_fill_with(l, l->n_own, l->order, weight);
  assert_int_equal(KITH_OK, kith_tape_create(&t));
  kith_tensor *rows = kith_tape_tensor(t, l->max_nodes, CLASSES);
  kith_cross_entropy_op(t, l, rows, &loss);
  assert_int_equal(KITH_OK, kith_tape_status(t));
  for (int64_t i = 0; i < l->n * CLASSES; i++) rows->value[i] = noise((uint64_t)i, 0);
  loss_of(t, &loss);
  kith_tape_backward(t);
  for (int64_t i = 0; i < l->n * CLASSES; i++) {
    float at = rows->value[i];
    rows->value[i] = at + (float)STEP;
    double high = loss_of(t, &loss);
    rows->value[i] = at - (float)STEP;
    double low = loss_of(t, &loss);
    rows->value[i] = at;
    double slope = (high - low) / (2 * STEP),
           bound = weight[i / CLASSES] * STEP * STEP; /* a third of the third derivative, below 1 */
    if (!(fabs(slope - (double)rows->grad[i]) <= bound))
      fail_msg("logit %lld: slope %.8g, gradient %.8g", (long long)i, slope, (double)rows->grad[i]);
  }
  kith_tape_destroy(&t);
  kith_train_nodes_destroy(&l);
}

/* Logits that no exponential could hold. */
static void large_logits_overflow_nothing(void **state) {
  (void)state;
  kith_train_nodes *l = NULL;
  kith_tape *t = NULL;
  kith_exact_sum loss = {0};
  assert_int_equal(KITH_OK,
                   kith_train_nodes_create(share, share->first[test_comm->rank], NODES, false, 1, &l));
  kith_train_nodes_set_epoch(l, 0);
  kith_train_nodes_fill(l, 0);
  assert_int_equal(KITH_OK, kith_tape_create(&t));
  kith_tensor *rows = kith_tape_tensor(t, l->max_nodes, CLASSES);
  kith_cross_entropy_op(t, l, rows, &loss);
  for (int64_t i = 0; i < l->n * CLASSES; i++)
    rows->value[i] = i % CLASSES == l->label[i / CLASSES] ? -3000.0f : 4000.0f;
  double each = 7000 + log(CLASSES - 1), found = loss_of(t, &loss),
         wanted = each * (double)l->n / (double)share->n_train;
  assert_true(fabs(found - wanted) <= 1e-9 * wanted);
  kith_tape_destroy(&t);
  kith_train_nodes_destroy(&l);
}

/* ---- data ---- */

/* All ops that may come between features and the first weights, on `x`. */
static kith_tensor *formula(kith_tape *t, kith_params *p, kith_exec_ctx *exec, const kith_block *block,
                            kith_tensor *x) {
  x = kith_ghost_update_op(t, block, kith_normalize_op(t, kith_dropout_op(t, exec, 0.3, false, x)));
  kith_tensor *both[3] = {kith_dst_rows_op(t, block, x), kith_aggregate_op(t, block, KITH_NORM_MEAN, x),
                          kith_aggregate_max_op(t, block, x)};
  kith_tensor *y = kith_hadamard_op(t, both[1], kith_add_op(t, 1, both[0], 2, both[2]));
  both[2] = kith_activate_op(t, KITH_TANH, 0, y);
  y = kith_concat_op(t, 3, both);
  return kith_linear_op(t, y, kith_params_get(p, "w", 3 * FEATURES, CLASSES, KITH_INIT_GLOROT),
                        kith_params_get(p, "b", 1, CLASSES, KITH_INIT_ZERO));
}

/* Half the squared norm of a tensor as the loss: its gradient is its value. */
static void norm_forward(void *self) { (void)self; }
static void norm_backward(void *self) {
  kith_tensor *y = *(kith_tensor **)self;
  memcpy(kith_tensor_grad(y), y->value, (size_t)(kith_tensor_n(y) * y->d) * sizeof(float));
}

static void gradient(const kith_full_block *full, bool data, double *norm, kith_weights *w, kith_params *p) {
  kith_tape *t = NULL;
  kith_exec_ctx exec = {.training = true, .seed = 2, .step = 7};
  assert_int_equal(KITH_OK, kith_tape_create(&t));
  kith_tensor *x =
      data ? kith_tape_constant(t, &full->nodes, FEATURES) : kith_tape_node_tensor(t, &full->nodes, FEATURES);
  kith_tensor *y = formula(t, p, &exec, &full->block, x),
              **last = kith_tape_op(t, "norm", false, norm_forward, norm_backward, sizeof *last);
  assert_int_equal(KITH_OK, kith_tape_status(t));
  assert_int_equal(KITH_OK, kith_params_status(p));
  assert_true(kith_tensor_requires_grad(x) == !data && kith_tensor_requires_grad(y));
  *last = y;
  test_classes_dense(share, x->value);
  kith_tape_forward(t);
  kith_params_zero_grad(p);
  kith_tape_backward(t);
  *w = kith_params_weights(p);
  for (int64_t i = 0; i < w->n; i++) *norm += fabs((double)w->grad[i]);
  kith_tape_destroy(&t);
}

/* ---- sparse features ---- */

/* Two linear layers on features with dropout, one on the upper and one on the lower half of the weights. */
static void first_layer(const kith_full_block *full, bool sparse, bool training, float *y, kith_params *p) {
  kith_tape *t = NULL;
  kith_exec_ctx exec = {.training = training, .seed = 2, .step = 7};
  const kith_sparse_rows rows = {.features = &share->features, .own = &full->nodes, .type = share->type};
  assert_int_equal(KITH_OK, kith_tape_create(&t));
  kith_tensor *data = sparse ? kith_tape_sparse(t, &full->nodes, FEATURES, &rows)
                             : kith_tape_constant(t, &full->nodes, FEATURES),
              *x = kith_dropout_op(t, &exec, 0.4, false, data);
  kith_tensor *w = kith_params_get(p, "w", 2 * FEATURES, CLASSES, KITH_INIT_GLOROT);
  kith_tensor *b = kith_params_get(p, "b", 1, CLASSES, KITH_INIT_ONE), *both[2];
  for (int k = 0; k < 2; k++) {
    kith_tensor *none = sparse ? NULL : kith_tape_constant(t, &full->nodes, FEATURES),
                *beside[2] = {k == 0 ? x : none, k == 0 ? none : x};
    both[k] = sparse ? kith_linear_op(t, x, kith_row_view_op(t, w, k * FEATURES, FEATURES), k ? b : NULL)
                     : kith_linear_op(t, kith_concat_op(t, 2, beside), w, k ? b : NULL);
  }
  kith_tensor *z = kith_concat_op(t, 2, both),
              **last = kith_tape_op(t, "norm", false, norm_forward, norm_backward, sizeof *last);
  assert_int_equal(KITH_OK, kith_tape_status(t));
  assert_int_equal(KITH_OK, kith_params_status(p));
  *last = z;
  if (!sparse) test_classes_dense(share, data->value);
  kith_tape_forward(t);
  kith_params_zero_grad(p);
  kith_tape_backward(t);
  memcpy(y, z->value, (size_t)share->n_own * 2 * CLASSES * sizeof(float));
  kith_tape_destroy(&t);
}

static void expect_close(int64_t n, const float *a, const float *b) {
  for (int64_t i = 0; i < n; i++)
    if (!(fabs((double)a[i] - (double)b[i]) <= 1e-5 * (1 + fabs((double)a[i]))))
      fail_msg("element %lld: %g and %g", (long long)i, (double)a[i], (double)b[i]);
}

static void sparse_features_give_what_dense_rows_give(void **state) {
  (void)state;
  kith_dist_csr *a = NULL;
  kith_full_block full;
  float *y[2];
  assert_int_equal(KITH_OK, kith_dist_csr_create(test_comm, share, FEATURES, &a).status);
  assert_int_equal(KITH_OK, kith_full_block_make(a, true, false, &full));
  for (int training = 0; training < 2; training++) {
    kith_params *p[2] = {NULL, NULL};
    for (int sparse = 0; sparse < 2; sparse++) {
      assert_int_equal(KITH_OK, kith_params_create(3, &p[sparse]));
      y[sparse] = calloc((size_t)share->n_own * 2 * CLASSES + 1, sizeof(float));
      first_layer(&full, sparse == 1, training == 1, y[sparse], p[sparse]);
    }
    kith_weights w[2] = {kith_params_weights(p[0]), kith_params_weights(p[1])};
    expect_close((int64_t)share->n_own * 2 * CLASSES, y[0], y[1]);
    expect_close(w[0].n, w[0].grad, w[1].grad);
    for (int sparse = 0; sparse < 2; sparse++) {
      free(y[sparse]);
      kith_params_destroy(&p[sparse]);
    }
  }
  kith_full_block_free(&full);
  kith_dist_csr_destroy(&a);
}

/* Another op than dropout and linear finds no values, and a second dropout would need a second mask. */
static void other_ops_refuse_sparse_features(void **state) {
  (void)state;
  kith_exec_ctx exec = {0};
  const kith_node_map nodes = {.n = share->n_own, .capacity = share->n_own};
  const kith_sparse_rows rows = {.features = &share->features, .own = &nodes, .type = share->type};
  for (int k = 0; k < 3; k++) {
    kith_tape *t = NULL;
    assert_int_equal(KITH_OK, kith_tape_create(&t));
    kith_tensor *x = kith_tape_sparse(t, &nodes, FEATURES, &rows), *y = NULL;
    if (k == 0) y = kith_activate_op(t, KITH_TANH, 0, x);
    if (k == 1) y = kith_normalize_op(t, x);
    if (k == 2) y = kith_dropout_op(t, &exec, 0.5, false, kith_dropout_op(t, &exec, 0.5, false, x));
    assert_null(y);
    assert_int_equal(KITH_ECONFIG, kith_tape_status(t));
    kith_tape_destroy(&t);
  }
}

/* ---- constants ---- */

static void data_teach_weights_as_parameters_do(void **state) {
  (void)state;
  kith_dist_csr *a = NULL;
  kith_full_block full;
  kith_params *p[2] = {NULL, NULL};
  kith_weights w[2];
  double norm[2] = {0, 0};
  assert_int_equal(KITH_OK, kith_dist_csr_create(test_comm, share, FEATURES, &a).status);
  assert_int_equal(KITH_OK, kith_full_block_make(a, true, false, &full));
  for (int data = 0; data < 2; data++) {
    assert_int_equal(KITH_OK, kith_params_create(3, &p[data]));
    gradient(&full, data == 1, &norm[data], &w[data], p[data]);
  }
  assert_true(norm[0] > 0.1 || share->n_own == 0);
  assert_int_equal(w[0].n, w[1].n);
  assert_memory_equal(w[0].grad, w[1].grad, (size_t)w[0].n * sizeof(float));
  for (int data = 0; data < 2; data++) kith_params_destroy(&p[data]);
  kith_full_block_free(&full);
  kith_dist_csr_destroy(&a);
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(cross_entropy_is_differentiated),
                                     cmocka_unit_test(large_logits_overflow_nothing),
                                     cmocka_unit_test(data_teach_weights_as_parameters_do),
                                     cmocka_unit_test(sparse_features_give_what_dense_rows_give),
                                     cmocka_unit_test(other_ops_refuse_sparse_features)};
  test_begin(&argc, &argv);
  classes = test_classes_make(NODES, CLASSES, FEATURES, 4);
  share = test_classes_cut(&classes, test_comm, 5, 2);
  int failures = cmocka_run_group_tests(tests, NULL, NULL);
  kith_graph_destroy(&share);
  test_classes_free(&classes);
  return test_end(failures);
}
