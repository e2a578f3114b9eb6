/* ranks: 1 2 3 */
/*
 * Full steps whose last layer computes only the rows that the batch reads leave what steps leave that compute
 * all rows: the same losses, rows and weights, to the last bit.  The last layer exchanges only rows that the
 * batch reads, and their gradients; that of LightGCN gradients of the batch's rows.
 */
#include "support/classes.h"
#include "support/cut.h"
#include "support/mpi_main.h"

#include "base/fault.h"
#include "halo/part.h"
#include "train/trainer.h"

enum {
  USERS = 150,
  ITEMS = 260,
  EDGES = 2600,
  NODES = 300,
  CLASSES = 3,
  FEATURES = 20,
  DIM = 12,
  EPOCHS = 1,
  STEPS = 4
};

typedef struct outcome {
  double loss;
  int64_t n_row, n_weight, most; /* most: rows of the last layer that a step computed */
  float *row, *weight;           /* copies */
  bool shares;                   /* whether ranks read rows in place */
  int64_t sent, said;            /* bytes of the layers' halo, of all ranks; and as they should be */
} outcome;

static float *copy(int64_t n, const float *x) {
  float *y = calloc((size_t)n + 1, sizeof *y);
  assert_non_null(y);
  if (n > 0) memcpy(y, x, (size_t)n * sizeof *y);
  return y;
}

/* Rows of other ranks that this rank's batch reads in one layer, and those that are in the batch of their
 * owners; or the first twice. */
static int64_t rows_of_parts(const kith_trainer *t, bool twice) {
  const kith_gather_index *batch = t->step.output.gather_index;
  const kith_dist_csr *a = t->a;
  int64_t n = 0, *own = calloc((size_t)a->csr.n_col + 1, sizeof *own), *ghost = own + a->csr.n_row;
  uint8_t *seen = calloc((size_t)a->csr.n_col + 1, 1);
  assert_true(own && seen);
  for (kith_lid i = 0; i < batch->n_unique; i++) {
    const kith_lid row = batch->unique_row[i], at = a->iperm[row];
    own[row] = 1;
    for (kith_eid e = a->csr.start[at]; e < a->csr.start[at + 1]; e++) seen[a->csr.col[e]] = 1;
  }
  assert_int_equal(kith_halo_forward_int(a->halo, own, ghost).status, KITH_OK);
  for (kith_lid i = 0; i < a->n_ghost; i++)
    n += seen[a->csr.n_row + i] + (twice ? seen[a->csr.n_row + i] : ghost[i]);
  free(own);
  free(seen);
  return n;
}

/* Bytes that a step of LightGCN or NGCF receives: whole exchanges, and the last layer's two of some rows. */
static int64_t bytes_of_step(const kith_trainer *t, bool all) {
  const bool rounded = t->model.lightgcn.storage == KITH_STORAGE_BF16, twice = t->model.name == KITH_NGCF;
  const int64_t row = (rounded ? kith_bf16_words(DIM) : DIM) * (int64_t)sizeof(float),
                whole = t->a->n_ghost * row;
  if (all) return 2 * t->model.layers * whole;
  return 2 * (t->model.layers - 1) * whole + rows_of_parts(t, twice) * row +
         kith_halo_part_message(t->a->halo);
}

static outcome train_on(const kith_graph *g, const kith_model_options *model, const kith_train_options *train,
                        bool all) {
  outcome out = {.most = 0};
  kith_trainer *t = NULL;
  assert_int_equal(KITH_OK, kith_trainer_create(test_comm, g, model, train, &t).status);
  for (int e = 0; e < EPOCHS; e++) {
    kith_trainer_set_epoch(t, e);
    for (int64_t s = 0; s < STEPS && s < kith_trainer_n_step(t); s++) {
      t->step.output.all_rows = all;
      kith_trainer_step(t, s, KITH_REQUEST_NONE);
      out.said += bytes_of_step(t, all);
      const kith_node_map *rows = t->step.output.last_rows;
      if (rows && rows->n > out.most) out.most = rows->n;
    }
  }
  kith_weights w = kith_params_weights(t->params);
  out.sent = kith_trainer_halo_bytes(t);
  kith_comm_sum_int(test_comm, 1, &out.sent);
  kith_comm_sum_int(test_comm, 1, &out.said);
  out.shares = kith_tape_in_place(t->tape)->memory != NULL;
  out.loss = kith_exact_sum_value(kith_trainer_state(t).loss);
  out.n_row = (int64_t)g->n_own * kith_model_output_dim(&t->model);
  out.n_weight = w.n;
  out.weight = copy(w.n, w.value);
  out.row = copy(out.n_row, kith_trainer_inference(t));
  kith_trainer_destroy(&t);
  return out;
}

/* Numbers are equal; a zero may have the other sign. */
static void expect_equal(int64_t n, const float *a, const float *b) {
  for (int64_t i = 0; i < n; i++)
    if (a[i] != b[i]) fail_msg("number %lld: %.9g and %.9g", (long long)i, (double)a[i], (double)b[i]);
}

static void expect_same(const outcome *a, const outcome *b) {
  assert_true(a->loss == b->loss);
  expect_equal(a->n_row, a->row, b->row);
  expect_equal(a->n_weight, a->weight, b->weight);
}

static void discard(outcome *o) {
  free(o->row);
  free(o->weight);
}

/* Steps of ranks that read each other's rows in place, `each` of them on a host; 0: all. */
static void check_in_place(const kith_graph *g, const kith_model_options *model,
                           const kith_train_options *train, int each, const outcome *all) {
  char text[16];
  snprintf(text, sizeof text, "%d", each);
  setenv("KITH_RANKS_PER_HOST", text, 1);
  if (each == 0) unsetenv("KITH_RANKS_PER_HOST");
  outcome some = train_on(g, model, train, false);
  expect_same(all, &some);
  assert_true(some.shares);
  assert_true(each > 0 || some.sent < all->sent); /* bits alone */
  discard(&some);
  unsetenv("KITH_RANKS_PER_HOST");
}

/* The last rank is refused the memory: all go on by messages. */
static void check_refused(const kith_graph *g, const kith_model_options *model,
                          const kith_train_options *train, const outcome *all) {
  kith_fault_set(KITH_FAULT_SHARE, test_comm->rank == test_comm->size - 1 ? 2 : 0);
  const bool built = kith_comm_max(test_comm, kith_fault_is_due(KITH_FAULT_SHARE));
  outcome some = train_on(g, model, train, false);
  kith_fault_set(KITH_FAULT_SHARE, 0);
  expect_same(all, &some);
  assert_int_equal(some.shares, !built);
  discard(&some);
}

/* By messages alone, and in place.  Bytes are counted of LightGCN and NGCF, where no step drops entries,
 * which then read nothing. */
static void check_on(const kith_graph *g, const kith_model_options *model, const kith_train_options *train,
                     bool gathers) {
  setenv("KITH_RANKS_PER_HOST", "1", 1);
  outcome all = train_on(g, model, train, true), some = train_on(g, model, train, false);
  assert_int_equal(all.most, gathers ? g->n_own : 0);
  if (gathers) assert_true(some.most < all.most);
  expect_same(&all, &some);
  if ((model->name == KITH_LIGHTGCN || model->name == KITH_NGCF) && model->edge_dropout == 0) {
    assert_int_equal(all.sent, all.said);
    assert_int_equal(some.sent, some.said);
    assert_true(some.sent < all.sent || test_comm->size == 1);
  }
  const bool messages = model->name == KITH_LIGHTGCN &&
                        (model->lightgcn.storage == KITH_STORAGE_BF16 || model->edge_dropout > 0);
  assert_false(some.shares);
  if (test_comm->size > 1 && !messages) check_in_place(g, model, train, 0, &all);
  if (test_comm->size > 2 && !messages) check_in_place(g, model, train, 2, &all);
  if (test_comm->size > 1 && model->name == KITH_NGCF) check_refused(g, model, train, &all);
  discard(&all);
  discard(&some);
}

static kith_model_options model_of(kith_model_options o) {
  o.dim = DIM;
  if (o.layers == 0) o.layers = 2;
  o.init = 0.1;
  if (o.gat.heads == 0) o.gat.heads = 1;
  o.pinsage = kith_model_defaults().pinsage;
  return o;
}

static void check_with(kith_model_options o, kith_loss_options loss, bool gathers) {
  test_graph t = test_graph_random(USERS, ITEMS, EDGES, 8);
  kith_graph *g = test_graph_cut(&t, test_comm, 5, 3);
  kith_train_options train = kith_train_defaults();
  kith_model_options model = model_of(o);
  train.batch = 20;
  train.optimizer.lr = 0.01;
  train.loss = loss;
  check_on(g, &model, &train, gathers);
  kith_graph_destroy(&g);
  test_graph_free(&t);
}

static void check(kith_model_options o) {
  kith_loss_options loss = kith_train_defaults().loss;
  loss.name = KITH_BPR;
  check_with(o, loss, true);
}

static void check_classes(kith_model_options o) {
  test_classes t = test_classes_make(NODES, CLASSES, FEATURES, 5);
  kith_graph *g = test_classes_cut(&t, test_comm, 5, 2);
  kith_train_options train = kith_train_defaults();
  kith_model_options model = model_of(o);
  train.optimizer.lr = 0.02;
  check_on(g, &model, &train, true);
  kith_graph_destroy(&g);
  test_classes_free(&t);
}

static void sage_is_the_same(void **state) {
  (void)state;
  for (int layers = 1; layers <= 3; layers++)
    check((kith_model_options){.name = KITH_SAGE, .layers = layers, .dropout = 0.1});
  check((kith_model_options){.name = KITH_SAGE, .edge_dropout = 0.2, .output_dim = 7});
}

static void ngcf_is_the_same(void **state) {
  (void)state;
  check((kith_model_options){.name = KITH_NGCF, .dropout = 0.2});
  check((kith_model_options){.name = KITH_NGCF, .layers = 1, .edge_dropout = 0.3});
}

static void gcn_is_the_same(void **state) {
  (void)state;
  check((kith_model_options){.name = KITH_GCN, .dropout = 0.2});
  check((kith_model_options){.name = KITH_GCN, .edge_dropout = 0.2});
}

static void gat_is_the_same(void **state) {
  (void)state;
  check((kith_model_options){.name = KITH_GAT, .gat.heads = 4, .dropout = 0.1});
  check((kith_model_options){.name = KITH_GAT, .gat.heads = 3, .edge_dropout = 0.2});
  check((kith_model_options){.name = KITH_GAT,
                             .gat.heads = 2,
                             .gat.last_heads = 3,
                             .gat.last_merge = KITH_HEADS_AVERAGE,
                             .output_dim = 5});
}

/* The loss also reads the rows of the batch after every layer. */
static void a_loss_on_layers_is_the_same(void **state) {
  (void)state;
  kith_loss_options loss = kith_train_defaults().loss;
  loss.name = KITH_SOFTMAX;
  loss.l2 = 0.1;
  loss.l2_on = KITH_L2_ON_LAYERS;
  check_with((kith_model_options){.name = KITH_SAGE}, loss, true);
  check_with((kith_model_options){.name = KITH_NGCF}, loss, true);
}

static void classifiers_are_the_same(void **state) {
  (void)state;
  check_classes((kith_model_options){.name = KITH_SAGE});
  check_classes((kith_model_options){.name = KITH_SAGE, .layers = 1, .dropout = 0.1});
  check_classes((kith_model_options){.name = KITH_GCN, .dropout = 0.1});
  check_classes((kith_model_options){.name = KITH_GAT, .gat.heads = 4, .gat.last_heads = 1});
}

/* By itself, in tensors of all rows. */
static void lightgcn_is_the_same(void **state) {
  (void)state;
  kith_loss_options loss = kith_train_defaults().loss;
  loss.name = KITH_BPR;
  check_with((kith_model_options){.name = KITH_LIGHTGCN, .layers = 1}, loss, false);
  check_with((kith_model_options){.name = KITH_LIGHTGCN, .layers = 3, .edge_dropout = 0.2, .residual = 0.1},
             loss, false);
  check_with((kith_model_options){.name = KITH_LIGHTGCN, .layers = 2}, loss, false);
  check_with((kith_model_options){.name = KITH_LIGHTGCN, .lightgcn.storage = KITH_STORAGE_BF16}, loss, false);
  loss.name = KITH_SOFTMAX;
  loss.l2 = 0.1;
  loss.l2_on = KITH_L2_ON_LAYERS;
  check_with((kith_model_options){.name = KITH_LIGHTGCN,
                                  .lightgcn.layer_weights = KITH_LAYER_WEIGHTS_LEARNED},
             loss, false);
}

/* What reads a row for each entry, or all rows, still has all. */
static void other_models_compute_all_rows(void **state) {
  (void)state;
  kith_loss_options loss = kith_train_defaults().loss;
  check_with((kith_model_options){.name = KITH_SAGE, .sage.aggregator = KITH_SAGE_POOL}, loss, false);
  check_with((kith_model_options){.name = KITH_SAGE, .sage.aggregator = KITH_SAGE_LSTM}, loss, false);
  check_with((kith_model_options){.name = KITH_GAT, .gat.attention_dropout = 0.1}, loss, false);
  check_with((kith_model_options){.name = KITH_PINSAGE}, loss, false);
  check_with((kith_model_options){.name = KITH_GCN, .residual = 0.2}, loss, false);
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(sage_is_the_same),
                                     cmocka_unit_test(ngcf_is_the_same),
                                     cmocka_unit_test(gcn_is_the_same),
                                     cmocka_unit_test(gat_is_the_same),
                                     cmocka_unit_test(a_loss_on_layers_is_the_same),
                                     cmocka_unit_test(lightgcn_is_the_same),
                                     cmocka_unit_test(classifiers_are_the_same),
                                     cmocka_unit_test(other_models_compute_all_rows)};
  test_begin(&argc, &argv);
  return test_end(cmocka_run_group_tests(tests, NULL, NULL));
}
