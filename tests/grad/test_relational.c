/* ranks: 1 2 3 4 */
/* Backward is the derivative of forward for a model with a matrix for each relation, and for layers that
 * compose rows with kinds of edges: on the whole graph, with undirected and directed relations, on a sampled
 * block, on fewer edges, and where the matrix is not its own transpose. */
#include "support/form.h"
#include "support/mpi_main.h"
#include "support/relational.h"

#include "tape/compose.h"

static const kith_relation_weights READ = {.n = 3,
                                           .of = {{.name = "friend", .weight = 0.7},
                                                  {.name = "tagged", .weight = 1.9},
                                                  {.name = "view", .weight = 0.3}}};
static double edge_dropout;
static int layers;

static kith_tensor *relational(test_form *f) {
  const kith_block *one = kith_edge_dropout_op(f->tape, f->block, &f->exec, edge_dropout);
  const kith_block *block[TEST_RELATIONAL_LAYERS] = {one, one};
  return one ? test_relational(f->tape, f->params, block, layers, f->leaf[0]) : NULL;
}

static void check(void) {
  layers = TEST_RELATIONAL_LAYERS;
  test_form_related(relational, FORM_SMALL_STEP, &READ, false);
  test_form_related(relational, FORM_SMALL_STEP, &READ, true);
  layers = 1;
  test_form_sampled_related(relational, FORM_SMALL_STEP, &READ);
}

static void a_matrix_for_each_relation_is_differentiated(void **state) {
  (void)state;
  edge_dropout = 0;
  check();
}

static void it_is_on_fewer_edges(void **state) {
  (void)state;
  edge_dropout = 0.3;
  check();
}

static kith_composition_options how;

static kith_tensor *composed(test_form *f) {
  const kith_block *block = kith_edge_dropout_op(f->tape, f->block, &f->exec, edge_dropout);
  int n_kind = f->block->merged->n_kind;
  kith_tensor *q = kith_params_get(f->params, "q", n_kind, FORM_WIDTH, KITH_INIT_ONE), *x = f->leaf[0];
  kith_composition *by = kith_composition_op(f->tape, block, &how, q);
  for (int l = 0; l < layers; l++) x = kith_compose_op(f->tape, by, x);
  return x;
}

static void rows_composed_with_kinds_are_differentiated(void **state) {
  (void)state;
  for (int k = 0; k < 4; k++) {
    how =
        (kith_composition_options){.norm = k % 2 ? KITH_NORM_MEAN : KITH_NORM_SYMMETRIC, .users_only = k % 2};
    edge_dropout = k < 2 ? 0 : 0.3;
    layers = 2;
    test_form_related(composed, FORM_SMALL_STEP, &READ, false);
    test_form_related(composed, FORM_SMALL_STEP, &READ, true);
    layers = 1;
    test_form_sampled_related(composed, FORM_SMALL_STEP, &READ);
  }
}

/* Rows read others that do not read them, or by other weights, as new nodes do. */
static kith_tensor *read_one_way(test_form *f) {
  kith_block *block = kith_tape_workspace(f->tape, 1, sizeof *block);
  *block = *f->block;
  block->one_way = true;
  for (kith_eid e = 0; e < block->csr->start[block->csr->n_row]; e++) block->csr->weight[e] *= (float)(e % 3);
  kith_tensor *q = kith_params_get(f->params, "q", block->merged->n_kind, FORM_WIDTH, KITH_INIT_ONE);
  kith_tensor *x = kith_compose_op(f->tape, kith_composition_op(f->tape, block, &how, q), f->leaf[0]);
  return kith_propagate_op(f->tape, block, x);
}

static void rows_that_are_read_one_way_are_differentiated(void **state) {
  (void)state;
  how = (kith_composition_options){.norm = KITH_NORM_SYMMETRIC};
  test_form_related(read_one_way, FORM_SMALL_STEP, &READ, false);
  test_form_related(read_one_way, FORM_SMALL_STEP, &READ, true);
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(a_matrix_for_each_relation_is_differentiated),
                                     cmocka_unit_test(it_is_on_fewer_edges),
                                     cmocka_unit_test(rows_composed_with_kinds_are_differentiated),
                                     cmocka_unit_test(rows_that_are_read_one_way_are_differentiated)};
  test_begin(&argc, &argv);
  return test_end(cmocka_run_group_tests(tests, NULL, NULL));
}
