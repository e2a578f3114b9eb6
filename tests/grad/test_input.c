/* ranks: 1 2 3 4 */
/*
 * Backward is the derivative of forward for the rows that a model begins with, through embeddings and
 * features' weights: on the whole graph, on a sampled block, and where a step fetches them from their owners.
 */
#include "support/features.h"
#include "support/form.h"
#include "support/mpi_main.h"

#include "graph/schema.h"

enum { WANTED = 9 };

static kith_model_options options;
static bool only_items;        /* have features */
static kith_graph block_graph; /* whose owned rows are those of a sampled block */
static kith_halo *halo;        /* of a fetch */
static kith_leaf_rows from;
static kith_gather_remote fetch;
static int64_t wanted_node[WANTED];
static kith_node_map leaves;

static void block_graph_make(const kith_node_map *node_map) {
  kith_graph *g = &block_graph;
  *g = (kith_graph){.n_own = (kith_lid)node_map->n, .schema = kith_schema_users_items()};
  assert_int_equal(KITH_OK, KITH_NEW(g->type, g->n_own));
  assert_int_equal(KITH_OK, KITH_NEW(g->original, g->n_own));
  for (kith_lid i = 0; i < g->n_own; i++) {
    g->type[i] = (uint8_t)(node_map->node[i] % KITH_SIDES);
    g->original[i] = node_map->node[i] / KITH_SIDES;
  }
  test_features(g, (const int[KITH_SIDES]){4, 3}, 8);
}

static void block_graph_free(void) {
  KITH_FREE(block_graph.type);
  KITH_FREE(block_graph.original);
  kith_features_free(&block_graph.features);
}

static kith_input input_of(test_form *f) {
  if (!f->g) block_graph_make(f->block->src);
  kith_graph *g = kith_tape_workspace(f->tape, 1, sizeof *g);
  *g = f->g ? *f->g : block_graph;
  if (only_items) g->n_feature_of[KITH_USER] = 0;
  kith_input in = kith_model_input(&options, g, f->params,
                                   kith_model_uses_any_embedding(&options, g) ? f->leaf[0] : NULL);
  in.forget = kith_model_forget(&options, g, &f->exec, f->block->src);
  return in;
}

static kith_tensor *rows(test_form *f) {
  kith_input in = input_of(f);
  return kith_input_op(f->tape, &in, f->block->src);
}

/* ---- a fetch ---- */

/* Where a row of the graph lies among all: some are wanted by several ranks, some by none. */
static kith_gid wanted_number(const kith_graph *g, int i) {
  return (g->first[test_comm->size] - 1) * (i + test_comm->rank) / (WANTED + test_comm->size);
}

/* The node behind every wanted row, told by its owner. */
static void wanted_ask(test_form *f) {
  static kith_lid place[WANTED];
  kith_gid want[WANTED];
  int64_t *own = NULL, key[WANTED];
  for (int i = 0; i < WANTED; i++) want[i] = wanted_number(f->g, i);
  assert_int_equal(KITH_OK, kith_halo_create_dynamic(test_comm, f->g->first, WANTED,
                                                     (kith_lid)(WANTED * test_comm->size), FORM_WIDTH, &halo)
                                .status);
  kith_halo_setup(halo, WANTED, want, NULL, 0);
  assert_int_equal(KITH_OK, KITH_NEW(own, f->g->n_own));
  for (kith_lid i = 0; i < f->g->n_own; i++) own[i] = kith_node_key(f->g->type[i], f->g->original[i]);
  assert_int_equal(KITH_OK, kith_halo_forward_int(halo, own, key).status);
  KITH_FREE(own);
  for (kith_lid i = 0; i < WANTED; i++) {
    place[i] = WANTED - 1 - i;
    wanted_node[place[i]] = key[i];
  }
  from = (kith_leaf_rows){.h = halo, .row = place, .max_send = (int64_t)WANTED * test_comm->size};
  leaves = (kith_node_map){.n = WANTED, .capacity = WANTED, .node = wanted_node};
}

static void nothing(void *self) { (void)self; }

static void add_ones(void *self) {
  kith_tensor *y = *(kith_tensor **)self;
  float *dy = kith_tensor_grad(y);
  for (int64_t i = 0; i < kith_tensor_n(y) * y->d; i++) dy[i] += 1;
}

/* The gradients that the fetch found, where the form looks for them: backward comes after that of the fetch.
 */
static void settle(void *self) {
  kith_tensor *x = *(kith_tensor **)self;
  float *dx = kith_tensor_grad(x);
  for (kith_lid i = 0; i < fetch.n_grad_row; i++)
    for (int k = 0; k < x->d; k++)
      dx[(int64_t)fetch.grad_row[i] * x->d + k] += fetch.grad[(int64_t)i * x->d + k];
}

static kith_tensor *fetched(test_form *f) {
  kith_input in = input_of(f);
  wanted_ask(f);
  kith_tensor **own = kith_tape_op(f->tape, "settle", false, nothing, settle, sizeof *own);
  *own = f->leaf[0];
  return kith_gather_remote_op(f->tape, &from, &fetch, &in, &leaves);
}

/* ---- models on such rows ---- */

static kith_tensor *model(test_form *f) { return test_form_model(f, &options, rows(f)); }

/* ---- what is checked ---- */

static void check(kith_input_name input, bool items) {
  options = (kith_model_options){.dim = FORM_WIDTH, .input = input, .forget = options.forget};
  if (options.forget > 0 && input == KITH_EMBEDDING) options.layers = 1; /* neighbors are left of a row */
  only_items = items;
  test_form_whole(rows, FORM_STEP, false);
  test_form_sampled(rows, FORM_STEP);
  block_graph_free();
  test_form_whole(fetched, FORM_STEP, false);
  kith_halo_destroy(&halo);
}

static void embeddings_are_differentiated(void **state) {
  (void)state;
  check(KITH_EMBEDDING, false);
}

static void features_are_differentiated(void **state) {
  (void)state;
  check(KITH_FEATURES, false);
}

static void embeddings_with_features_are_differentiated(void **state) {
  (void)state;
  check(KITH_BOTH, false);
}

static void items_with_features_and_users_with_embeddings_are_differentiated(void **state) {
  (void)state;
  check(KITH_FEATURES, true);
}

static void what_a_step_forgets_has_no_gradient(void **state) {
  (void)state;
  options.forget = 0.4;
  check(KITH_BOTH, false);
  check(KITH_BOTH, true);
  check(KITH_EMBEDDING, false);
  options.forget = 0;
}

/* ---- what is forgotten ---- */

enum { MANY = 20000 };

static int64_t many_node[MANY];
static uint8_t many_type[MANY];

/* Nodes of which a step forgets a share by the law: the 53 upper bits of the draw, below 2^53 p. */
static bool forgets_by_law(int64_t node, uint64_t step, uint64_t numerator) {
  return kith_random(2, KITH_RNG_FORGET, step, (uint64_t)node, 0).bits[0] >> 11 <
         numerator << (53 - 3); /* p = numerator / 8 */
}

static void a_step_forgets_the_share_of_the_law(void **state) {
  (void)state;
  kith_exec_ctx exec = {.training = true, .seed = 2};
  float value[2] = {1, 2}, y[2];
  kith_tensor x = {.n_row = 1, .d = 2, .value = value};
  kith_input in = {.n_own = MANY,
                   .d = 2,
                   .x = &x,
                   .type = many_type,
                   .uses_embedding = {true, true},
                   .forget = {.p = 0.375, .exec = &exec, .node = many_node, .of = {true, false}}};
  for (int i = 0; i < MANY; i++) many_node[i] = i * 7;
  for (exec.step = 0; exec.step < 3; exec.step++) {
    int n = 0;
    for (int i = 0; i < MANY; i++) {
      assert_true(kith_input_forgets(&in, i) == forgets_by_law(i * 7, exec.step, 3));
      n += kith_input_forgets(&in, i);
    }
    assert_in_range(n, 7500 - 274, 7500 + 274); /* 4 standard deviations of 20000 draws */
    bool first = forgets_by_law(0, exec.step, 3);
    kith_input_row(&in, 0, y);
    assert_true(y[0] == (first ? 0 : 1) && y[1] == (first ? 0 : 2)); /* what stays is not scaled */
  }
  many_type[1] = 1; /* a type without another source */
  for (exec.step = 0; exec.step < 9; exec.step++) assert_false(kith_input_forgets(&in, 1));
  many_type[1] = 0;
  exec.training = false;
  for (int i = 0; i < MANY; i++) assert_false(kith_input_forgets(&in, i));
}

/* Gradients of forgotten rows are exactly zero, of others exactly those of the row. */
static void gradients_of_forgotten_rows_are_zero(void **state) {
  (void)state;
  kith_tape *t = NULL;
  kith_exec_ctx exec = {.training = true, .seed = 2, .step = 5};
  const kith_node_map all = {.n = 64, .capacity = 64, .node = many_node};
  assert_int_equal(KITH_OK, kith_tape_create(&t));
  kith_tensor *x = kith_tape_node_tensor(t, &all, 2);
  const kith_input in = {.n_own = 64,
                         .d = 2,
                         .x = x,
                         .type = many_type,
                         .uses_embedding = {true},
                         .forget = {.p = 0.5, .exec = &exec, .node = many_node, .of = {true}}};
  kith_tensor *y = kith_input_op(t, &in, &all);
  kith_tensor **ones = kith_tape_op(t, "ones", false, nothing, add_ones, sizeof *ones);
  assert_int_equal(KITH_OK, kith_tape_status(t));
  *ones = y;
  kith_tape_forward(t);
  kith_tape_backward(t);
  for (kith_lid i = 0; i < 64; i++)
    for (int k = 0; k < 2; k++) assert_true(x->grad[2 * i + k] == (kith_input_forgets(&in, i) ? 0 : 1));
  kith_tape_destroy(&t);
}

static void models_are_differentiated_through_features(void **state) {
  (void)state;
  const kith_model_options all[] = {{.name = KITH_MF},
                                    {.name = KITH_LIGHTGCN, .layers = 2},
                                    {.name = KITH_NGCF, .layers = 2},
                                    {.name = KITH_GCN, .layers = 2},
                                    {.name = KITH_GAT, .layers = 2, .gat.heads = 2},
                                    {.name = KITH_SAGE, .layers = 2},
                                    {.name = KITH_PINSAGE, .layers = 2}};
  for (size_t i = 0; i < 2 * sizeof all / sizeof *all; i++) {
    options = all[i / 2];
    options.dim = FORM_WIDTH;
    double step =
        i / 2 < 4 ? FORM_STEP : FORM_SMALL_STEP; /* the others have maxima and slopes that change hands */
    options.input = i % 2 ? KITH_BOTH : KITH_FEATURES;
    only_items = false;
    if (kith_model_uses_importance_graph(&options)) test_form_near(model, step);
    else test_form_whole(model, step, kith_model_has_self_loops(&options));
    options.layers = options.layers > 1 ? 1 : options.layers;
    test_form_sampled(model, step);
    block_graph_free();
  }
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(embeddings_are_differentiated),
                                     cmocka_unit_test(features_are_differentiated),
                                     cmocka_unit_test(embeddings_with_features_are_differentiated),
                                     cmocka_unit_test(
                                         items_with_features_and_users_with_embeddings_are_differentiated),
                                     cmocka_unit_test(what_a_step_forgets_has_no_gradient),
                                     cmocka_unit_test(a_step_forgets_the_share_of_the_law),
                                     cmocka_unit_test(gradients_of_forgotten_rows_are_zero),
                                     cmocka_unit_test(models_are_differentiated_through_features)};
  test_begin(&argc, &argv);
  return test_end(cmocka_run_group_tests(tests, NULL, NULL));
}
