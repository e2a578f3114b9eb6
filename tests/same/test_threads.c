/* ranks: 1 2 */
/* Sampled training has the same bits on any number of threads. */
#include <omp.h>

#include "support/cut.h"
#include "support/mpi_main.h"

#include "train/train.h"

/* Large enough that blocks are transposed and sorted in chunks. */
enum { USERS = 1500, ITEMS = 2000, EDGES = 30000, BATCH = 6000, FEW = 150, STEPS = 12, DIM = 8 };

typedef struct outcome {
  float *final; /* [n_own, DIM] */
  double loss;
  int64_t n_sampled;
} outcome;

static outcome train_with(const kith_graph *g, const kith_model_options *model,
                          const kith_train_options *train, int threads) {
  outcome out = {.final = calloc((size_t)g->n_own * DIM, sizeof(float))};
  kith_trainer *t = NULL;
  omp_set_num_threads(threads);
  assert_int_equal(KITH_OK, kith_trainer_create(test_comm, g, model, train, &t).status);
  kith_trainer_set_epoch(t, 0);
  for (int64_t s = 0; s < kith_min(kith_trainer_n_step(t), STEPS); s++)
    kith_trainer_step(t, s, KITH_REQUEST_NONE);
  out.loss = kith_exact_sum_value(kith_trainer_state(t).loss);
  out.n_sampled = kith_trainer_step_stats(t).n_sampled;
  memcpy(out.final, kith_trainer_inference(t), (size_t)g->n_own * DIM * sizeof(float));
  kith_trainer_destroy(&t);
  return out;
}

static void check(kith_model_name name, kith_loss_name loss, int batch, const kith_sampler_options *sampler) {
  test_graph t = test_graph_random(USERS, ITEMS, EDGES, 3);
  kith_graph *g = test_graph_cut(&t, test_comm, 5, 1);
  kith_model_options model = kith_model_defaults();
  kith_train_options train = kith_train_defaults();
  int before = omp_get_max_threads();
  model.name = name;
  model.dim = DIM;
  train.batch = batch;
  train.optimizer.lr = 0.01;
  train.loss.name = loss;
  train.sampler = *sampler;
  outcome one = train_with(g, &model, &train, 1);
  assert_true(one.n_sampled > 0);
  for (int threads = 2; threads <= 4; threads *= 2) {
    outcome more = train_with(g, &model, &train, threads);
    assert_true(one.loss == more.loss);
    assert_int_equal(one.n_sampled, more.n_sampled);
    assert_memory_equal(one.final, more.final, (size_t)g->n_own * DIM * sizeof(float));
    free(more.final);
  }
  omp_set_num_threads(before);
  free(one.final);
  kith_graph_destroy(&g);
  test_graph_free(&t);
}

static kith_sampler_options sampler(kith_sampler_mode mode) {
  kith_sampler_options o = kith_sampler_defaults();
  o.mode = mode;
  o.fanouts = (kith_fanouts){.n = 2, .of = {7, 5}};
  o.budget = 700;
  return o;
}

static void sampled_neighbors_have_the_same_bits(void **state) {
  (void)state;
  kith_sampler_options o = sampler(KITH_NEIGHBOR);
  check(KITH_LIGHTGCN, KITH_BPR, BATCH, &o);
  check(KITH_SAGE, KITH_SOFTMAX, BATCH, &o);
  check(KITH_GCN, KITH_BPR, BATCH, &o); /* with self-loops */
}

/* Threads meet most nodes for the first time at once; dense weights sum over the rows in their order. */
static void new_nodes_get_the_same_rows(void **state) {
  (void)state;
  kith_sampler_options o = sampler(KITH_NEIGHBOR);
  o.fanouts = (kith_fanouts){.n = 2, .of = {20, 10}};
  check(KITH_SAGE, KITH_BPR, FEW, &o);
  check(KITH_SAGE, KITH_SOFTMAX, FEW, &o);
}

static void weighted_neighbors_have_the_same_bits(void **state) {
  (void)state;
  kith_sampler_options o = sampler(KITH_NEIGHBOR);
  o.weighting = KITH_IMPORTANCE;
  check(KITH_LIGHTGCN, KITH_BPR, BATCH, &o);
}

static void sampled_sets_have_the_same_bits(void **state) {
  (void)state;
  kith_sampler_options o = sampler(KITH_LAYERWISE);
  check(KITH_LIGHTGCN, KITH_BPR, BATCH, &o);
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(sampled_neighbors_have_the_same_bits),
                                     cmocka_unit_test(new_nodes_get_the_same_rows),
                                     cmocka_unit_test(weighted_neighbors_have_the_same_bits),
                                     cmocka_unit_test(sampled_sets_have_the_same_bits)};
  test_begin(&argc, &argv);
  return test_end(cmocka_run_group_tests(tests, NULL, NULL));
}
