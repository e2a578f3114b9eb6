/* ranks: 2 3 4 */
/*
 * Models with weights: every rank trains alone on the whole graph, then all train together on another cut.  Draws and
 * masks are the same, sums over ranks round differently: the losses of the first steps agree to 1e-5.
 */
#include "support/cut.h"
#include "support/mpi_main.h"

#include "kith/train.h"

enum { USERS = 60, ITEMS = 90, EDGES = 900, STEPS = 5 };
static const double TOLERANCE = 1e-5;

static void train_on(const kith_comm *comm, const test_graph *t, const kith_model_options *model, int parts, double *loss) {
  kith_graph *g = test_graph_cut(t, comm, parts, 2);
  kith_train_options train = kith_train_defaults();
  kith_trainer *trainer = NULL;
  train.batch = 100;
  train.adam.lr = 0.01;
  assert_int_equal(KITH_OK, kith_trainer_create(comm, g, model, &train, &trainer).status);
  kith_trainer_epoch(trainer, 0);
  for (int s = 0; s < STEPS; s++) {
    kith_sum *mine = kith_trainer_state(trainer).loss, sum;
    *mine = (kith_sum){0};
    kith_trainer_step(trainer, s, false);
    sum = *mine;
    kith_comm_sum(comm, 1, &sum);
    loss[s] = kith_sum_value(&sum);
  }
  kith_trainer_destroy(&trainer);
  kith_graph_destroy(&g);
}

static void check(kith_model_options model) {
  double alone[STEPS], together[STEPS];
  kith_comm *self = NULL;
  test_graph t = test_graph_random(USERS, ITEMS, EDGES, 11);
  model.width = 16;
  model.layers = 2;
  model.init = 0.1;
  assert_int_equal(KITH_OK, kith_comm_create(MPI_COMM_SELF, &self).status);
  train_on(self, &t, &model, 1, alone);
  train_on(test_comm, &t, &model, 7, together);
  for (int s = 0; s < STEPS; s++)
    if (!(fabs(alone[s] - together[s]) <= TOLERANCE * fabs(alone[s]))) fail_msg("step %d: %.9g alone, %.9g together", s, alone[s], together[s]);
  assert_true(alone[STEPS - 1] < alone[0]);
  kith_comm_destroy(&self);
  test_graph_free(&t);
}

static void ngcf_is_the_same(void **state) {
  (void)state;
  check((kith_model_options){.name = KITH_NGCF, .dropout = 0.1});
}

static void gcn_is_the_same(void **state) {
  (void)state;
  check((kith_model_options){.name = KITH_GCN, .dropout = 0.1});
}

static void gat_is_the_same(void **state) {
  (void)state;
  check((kith_model_options){.name = KITH_GAT, .heads = 2});
}

static void sage_is_the_same(void **state) {
  (void)state;
  check((kith_model_options){.name = KITH_SAGE, .aggregator = KITH_POOL});
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(ngcf_is_the_same), cmocka_unit_test(gcn_is_the_same),
                                     cmocka_unit_test(gat_is_the_same), cmocka_unit_test(sage_is_the_same)};
  test_begin(&argc, &argv);
  return test_end(cmocka_run_group_tests(tests, NULL, NULL));
}
