/* ranks: 1 2 3 4 */
/* Backward is the derivative of forward for a model with a matrix for each relation: on the whole graph, with
 * undirected and directed relations, on a sampled block, and on fewer edges. */
#include "support/form.h"
#include "support/mpi_main.h"
#include "support/relational.h"

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

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(a_matrix_for_each_relation_is_differentiated),
                                     cmocka_unit_test(it_is_on_fewer_edges)};
  test_begin(&argc, &argv);
  return test_end(cmocka_run_group_tests(tests, NULL, NULL));
}
