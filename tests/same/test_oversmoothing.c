/* ranks: 1 2 3 4 */
/* Mean cosine and Dirichlet energy against sums over all pairs and all edges; the same digits for any number
 * of ranks. */
#include "support/cut.h"
#include "support/mpi_main.h"

#include "train/train.h"

enum { USERS = 40, ITEMS = 60, EDGES = 500, WIDTH = 12, LAYERS = 3 };
static const double TOLERANCE = 1e-9; /* sums round each number to 2^-40 */

static double row_number(int type, int64_t original, int k) {
  kith_draw r = kith_random(5, KITH_RNG_INIT, (uint64_t)type, (uint64_t)original, (uint64_t)k);
  return original % 11 == 3
             ? 0
             : (float)(0.2 + kith_random_normal(r.bits[0], r.bits[1])); /* some rows are zero */
}

static float *rows_of(const kith_graph *g) {
  float *x = calloc((size_t)g->n_own * WIDTH + 1, sizeof *x);
  for (kith_lid i = 0; i < g->n_own; i++)
    for (int k = 0; k < WIDTH; k++) x[i * WIDTH + k] = (float)row_number(g->type[i], g->original[i], k);
  return x;
}

static double inner(const double *a, const double *b) {
  double s = 0;
  for (int k = 0; k < WIDTH; k++) s += a[k] * b[k];
  return s;
}

/* Every pair of rows, one after the other. */
static double slow_cosine(const double *x, int n) {
  double sum = 0, pairs = 0;
  for (int i = 0; i < n; i++)
    for (int j = 0; j < i; j++) {
      const double *a = x + i * WIDTH, *b = x + j * WIDTH;
      if (inner(a, a) == 0 || inner(b, b) == 0) continue;
      sum += inner(a, b) / sqrt(inner(a, a) * inner(b, b));
      pairs++;
    }
  return sum / pairs;
}

/* Every edge once: both its directions are the same. */
static double slow_energy(const test_graph *t, const double *x, int n) {
  double degree[USERS + ITEMS] = {0}, sum = 0;
  for (int64_t e = 0; e < t->n_edge; e++) {
    degree[t->user[e]]++;
    degree[USERS + t->item[e]]++;
  }
  for (int64_t e = 0; e < t->n_edge; e++) {
    int u = t->user[e], i = USERS + t->item[e];
    for (int k = 0; k < WIDTH; k++) {
      double apart = x[u * WIDTH + k] / sqrt(degree[u]) - x[i * WIDTH + k] / sqrt(degree[i]);
      sum += apart * apart;
    }
  }
  return sum / n;
}

static kith_oversmoothing measure_on(const kith_comm *comm, const test_graph *t, int parts) {
  kith_graph *g = test_graph_cut(t, comm, parts, 2);
  kith_dist_csr *a = NULL;
  kith_oversmoothing s;
  float *x = rows_of(g);
  assert_int_equal(KITH_OK, kith_dist_csr_create(comm, g, WIDTH, &a).status);
  assert_int_equal(KITH_OK, kith_oversmoothing_measure(comm, a, WIDTH, x, &s).status);
  free(x);
  kith_dist_csr_destroy(&a);
  kith_graph_destroy(&g);
  return s;
}

static void both_are_what_slow_sums_say(void **state) {
  (void)state;
  test_graph t = test_graph_random(USERS, ITEMS, EDGES, 9);
  double x[(USERS + ITEMS) * WIDTH];
  for (int i = 0; i < USERS + ITEMS; i++)
    for (int k = 0; k < WIDTH; k++)
      x[i * WIDTH + k] = i < USERS ? row_number(0, i, k) : row_number(1, i - USERS, k);
  kith_oversmoothing s = measure_on(test_comm, &t, 7);
  double cosine = slow_cosine(x, USERS + ITEMS), energy = slow_energy(&t, x, USERS + ITEMS);
  assert_true(cosine > 0.01 && energy > 0.1); /* something is there to be measured */
  assert_true(fabs(s.cosine - cosine) <= TOLERANCE);
  assert_true(fabs(s.energy - energy) <= TOLERANCE * energy);
  test_graph_free(&t);
}

static void the_digits_are_those_of_one_rank(void **state) {
  (void)state;
  kith_comm *self = NULL;
  test_graph t = test_graph_random(USERS, ITEMS, EDGES, 9);
  assert_int_equal(KITH_OK, kith_comm_create(MPI_COMM_SELF, &self).status);
  kith_oversmoothing alone = measure_on(self, &t, 1);
  for (int parts = 4; parts <= 9; parts++) {
    kith_oversmoothing together = measure_on(test_comm, &t, parts);
    assert_true(together.cosine == alone.cosine && together.energy == alone.energy);
  }
  kith_comm_destroy(&self);
  test_graph_free(&t);
}

/* Rows that are one vector times the root of their degrees: nothing is smoother, whatever the graph. */
static void the_smoothest_rows_have_cosine_one_and_no_energy(void **state) {
  (void)state;
  test_graph t = test_graph_random(USERS, ITEMS, EDGES, 9);
  kith_graph *g = test_graph_cut(&t, test_comm, 5, 2);
  kith_dist_csr *a = NULL;
  kith_oversmoothing s;
  float *x = rows_of(g);
  for (kith_lid i = 0; i < g->n_own; i++)
    for (int k = 0; k < WIDTH; k++)
      x[i * WIDTH + k] = (float)((k - 4.5) * sqrt((double)(g->start[i + 1] - g->start[i])));
  assert_int_equal(KITH_OK, kith_dist_csr_create(test_comm, g, WIDTH, &a).status);
  assert_int_equal(KITH_OK, kith_oversmoothing_measure(test_comm, a, WIDTH, x, &s).status);
  assert_true(fabs(s.cosine - 1) <= 1e-6 && fabs(s.energy) <= 1e-9);
  free(x);
  kith_dist_csr_destroy(&a);
  kith_graph_destroy(&g);
  test_graph_free(&t);
}

/* ---- the layers of models ---- */

static kith_trainer *trained(const kith_comm *comm, const kith_graph *g, kith_model_options model,
                             kith_sampler_mode mode) {
  kith_trainer *t = NULL;
  kith_train_options train = kith_train_defaults();
  model.dim = WIDTH;
  model.layers = LAYERS;
  model.init = 0.1;
  train.batch = 100;
  train.sampler.mode = mode;
  assert_int_equal(KITH_OK, kith_trainer_create(comm, g, &model, &train, &t).status);
  kith_trainer_set_epoch(t, 0);
  kith_trainer_step(t, 0, KITH_REQUEST_NONE);
  return t;
}

/* The input rows are the parameters; the last layer of a model that ends with it is the final embedding. */
static void check_ends(kith_model_options model, kith_sampler_mode mode, bool ends) {
  test_graph t = test_graph_random(USERS, ITEMS, EDGES, 9);
  kith_graph *g = test_graph_cut(&t, test_comm, 7, 2);
  kith_dist_csr *a = NULL;
  kith_trainer *trainer = trained(test_comm, g, model, mode);
  kith_oversmoothing layer[KITH_MAX_LAYER_OUTPUTS], s;
  assert_int_equal(KITH_OK, kith_dist_csr_create(test_comm, g, WIDTH, &a).status);
  int64_t bytes = kith_trainer_halo_bytes(trainer);
  const float *final = kith_trainer_inference(trainer);
  assert_int_equal(kith_trainer_n_layer(trainer), model.name == KITH_MF ? 1 : LAYERS + 1);
  assert_int_equal(KITH_OK, kith_trainer_oversmoothing(trainer, layer).status);
  assert_true(kith_trainer_halo_bytes(trainer) == bytes); /* evaluation is not counted as the steps' */
  assert_int_equal(KITH_OK,
                   kith_oversmoothing_measure(test_comm, a, WIDTH, kith_trainer_state(trainer).x, &s).status);
  assert_true(layer[0].cosine == s.cosine && layer[0].energy == s.energy);
  if (ends) {
    assert_int_equal(KITH_OK, kith_oversmoothing_measure(test_comm, a, WIDTH, final, &s).status);
    assert_true(layer[LAYERS].cosine == s.cosine && layer[LAYERS].energy == s.energy);
  }
  kith_dist_csr_destroy(&a);
  kith_trainer_destroy(&trainer);
  kith_graph_destroy(&g);
  test_graph_free(&t);
}

static void every_model_tells_of_all_its_layers(void **state) {
  (void)state;
  for (int sampled = 0; sampled < 2; sampled++) {
    kith_sampler_mode mode = sampled ? KITH_NEIGHBOR : KITH_FULL;
    check_ends((kith_model_options){.name = KITH_MF}, mode, false);
    check_ends((kith_model_options){.name = KITH_LIGHTGCN}, mode, false);
    check_ends((kith_model_options){.name = KITH_NGCF}, mode, false);
    check_ends((kith_model_options){.name = KITH_GCN}, mode, true);
    check_ends((kith_model_options){.name = KITH_GAT, .gat.heads = 2}, mode, true);
    check_ends((kith_model_options){.name = KITH_SAGE}, mode, true);
    check_ends((kith_model_options){.name = KITH_PINSAGE,
                                    .pinsage = {.walks = 10, .length = 3, .neighbors = 5}},
               mode, false);
  }
}

static void layers_on(const kith_comm *comm, const test_graph *t, int parts, kith_oversmoothing *layer) {
  kith_graph *g = test_graph_cut(t, comm, parts, 2);
  kith_trainer *trainer = trained(comm, g, (kith_model_options){.name = KITH_LIGHTGCN}, KITH_FULL);
  kith_trainer_inference(trainer);
  assert_int_equal(KITH_OK, kith_trainer_oversmoothing(trainer, layer).status);
  kith_trainer_destroy(&trainer);
  kith_graph_destroy(&g);
}

static void lightgcn_has_the_digits_of_one_rank_and_grows_smoother(void **state) {
  (void)state;
  kith_comm *self = NULL;
  kith_oversmoothing alone[KITH_MAX_LAYER_OUTPUTS], together[KITH_MAX_LAYER_OUTPUTS];
  test_graph t = test_graph_random(USERS, ITEMS, EDGES, 9);
  assert_int_equal(KITH_OK, kith_comm_create(MPI_COMM_SELF, &self).status);
  layers_on(self, &t, 1, alone);
  layers_on(test_comm, &t, 7, together);
  for (int l = 0; l <= LAYERS; l++) {
    assert_true(alone[l].cosine == together[l].cosine && alone[l].energy == together[l].energy);
    assert_true(l == 0 || alone[l].energy < alone[l - 1].energy); /* A's eigenvalues lie in -1 … 1 */
  }
  assert_true(alone[LAYERS].cosine > alone[0].cosine);
  kith_comm_destroy(&self);
  test_graph_free(&t);
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(both_are_what_slow_sums_say),
                                     cmocka_unit_test(the_digits_are_those_of_one_rank),
                                     cmocka_unit_test(the_smoothest_rows_have_cosine_one_and_no_energy),
                                     cmocka_unit_test(every_model_tells_of_all_its_layers),
                                     cmocka_unit_test(
                                         lightgcn_has_the_digits_of_one_rank_and_grows_smoother)};
  test_begin(&argc, &argv);
  return test_end(cmocka_run_group_tests(tests, NULL, NULL));
}
