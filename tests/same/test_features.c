/* ranks: 1 2 3 4 */
/*
 * Models whose input rows are made of features, with embeddings or without: every rank trains alone on the
 * whole graph, then all train together on another cut; sampled hops with all neighbors, and the whole graph.
 * Weights' gradients are summed over ranks, which rounds differently: the losses of the first steps agree to
 * 1e-5.
 */
#include "support/cut.h"
#include "support/features.h"
#include "support/mpi_main.h"

#include "train/train.h"

enum { USERS = 60, ITEMS = 90, EDGES = 900, STEPS = 5, CUT = 7 };
static const double TOLERANCE = 1e-5;

/* Features that users and items may have. */
typedef struct known {
  int n[KITH_SIDES];
} known;

static const known both_known = {{5, 40}}, items_known = {{0, 12}}, users_known = {{9, 0}};

typedef struct manner {
  kith_sampler_options sampler;
  kith_loss_name loss;
  double l2;
} manner;

static void train_on(const kith_comm *comm, const test_graph *t, known what, const kith_model_options *model,
                     const manner *how, int parts, double *loss) {
  kith_graph *g = test_graph_cut(t, comm, parts, 2);
  kith_train_options train = kith_train_defaults();
  kith_trainer *trainer = NULL;
  test_features(g, what.n, 5);
  train.batch = 100;
  train.optimizer.lr = 0.01;
  train.sampler = how->sampler;
  train.loss.name = how->loss;
  train.loss.l2 = how->l2;
  train.exclude_targets = false;
  assert_int_equal(KITH_OK, kith_trainer_create(comm, g, model, &train, &trainer).status);
  kith_trainer_set_epoch(trainer, 0);
  for (int s = 0; s < STEPS; s++) {
    kith_exact_sum *mine = kith_trainer_state(trainer).loss, sum;
    *mine = (kith_exact_sum){0};
    kith_trainer_step(trainer, s, false);
    sum = *mine;
    kith_comm_sum(comm, 1, &sum);
    loss[s] = kith_exact_sum_value(&sum);
  }
  kith_trainer_destroy(&trainer);
  kith_graph_destroy(&g);
}

static void expect_near(const char *what, const double *a, const double *b) {
  for (int s = 0; s < STEPS; s++)
    if (!(fabs(a[s] - b[s]) <= TOLERANCE * fabs(a[s])))
      fail_msg("%s: step %d: %.9g and %.9g", what, s, a[s], b[s]);
  assert_true(a[STEPS - 1] != a[0]); /* the steps change something */
}

static const manner full = {.sampler.mode = KITH_FULL, .l2 = 1e-3},
                    full_softmax = {.sampler.mode = KITH_FULL, .loss = KITH_SOFTMAX, .l2 = 1e-3};
static const manner unlimited = {.sampler = {.mode = KITH_NEIGHBOR, .fanouts = {1, {0}}}, .l2 = 1e-3};
static const manner drawn = {.sampler = {.mode = KITH_NEIGHBOR, .fanouts = {2, {3, 2}}}, .l2 = 1e-3};
static const manner clusters = {.sampler = {.mode = KITH_CLUSTER, .clusters = 2}, .loss = KITH_SOFTMAX};

/* One rank and all ranks; for clusters, whose steps depend on the cut, of the same cut. */
static void check_ranks(const test_graph *t, known what, const kith_model_options *model, const manner *how) {
  double alone[STEPS], together[STEPS];
  kith_comm *self = NULL;
  assert_int_equal(KITH_OK, kith_comm_create(MPI_COMM_SELF, &self).status);
  train_on(self, t, what, model, how, how->sampler.mode == KITH_CLUSTER ? CUT : 1, alone);
  train_on(test_comm, t, what, model, how, CUT, together);
  expect_near("ranks", alone, together);
  kith_comm_destroy(&self);
}

/* Every node is in every step's hops here, so that dense and sparse Adam agree. */
static void check_unlimited(const test_graph *t, known what, const kith_model_options *model) {
  double whole[STEPS], sampled[STEPS];
  train_on(test_comm, t, what, model, &full, CUT, whole);
  train_on(test_comm, t, what, model, &unlimited, CUT, sampled);
  expect_near("fan-outs", whole, sampled);
}

static void check(kith_model_options model) {
  static const struct {
    kith_input_name input;
    const known *what;
  } way[] = {{KITH_BOTH, &both_known},
             {KITH_FEATURES, &both_known},
             {KITH_FEATURES, &items_known},
             {KITH_BOTH, &users_known}};
  test_graph t = test_graph_random(USERS, ITEMS, EDGES, 11);
  model.dim = 16;
  model.layers = 2;
  model.init = 0.1;
  for (size_t i = 0; i < sizeof way / sizeof *way; i++) {
    model.input = way[i].input;
    if (model.forget > 0 && i == 1) continue; /* every node has features alone */
    check_ranks(&t, *way[i].what, &model, i % 2 ? &full : &full_softmax);
    check_ranks(&t, *way[i].what, &model, i == 2 ? &clusters : &drawn);
    if (model.name != KITH_MF) check_unlimited(&t, *way[i].what, &model);
  }
  test_graph_free(&t);
}

static void lightgcn_reads_features(void **state) {
  (void)state;
  check((kith_model_options){.name = KITH_LIGHTGCN});
}

static void mf_reads_features(void **state) {
  (void)state;
  check((kith_model_options){.name = KITH_MF});
}

static void lightgcn_forgets_in_every_mode(void **state) {
  (void)state;
  check((kith_model_options){.name = KITH_LIGHTGCN, .forget = 0.4});
}

static void ngcf_reads_features(void **state) {
  (void)state;
  check((kith_model_options){.name = KITH_NGCF, .dropout = 0.1});
}

static void gcn_reads_features(void **state) {
  (void)state;
  check((kith_model_options){.name = KITH_GCN, .dropout = 0.1});
}

static void gat_reads_features(void **state) {
  (void)state;
  check((kith_model_options){.name = KITH_GAT, .gat.heads = 2});
}

static void sage_reads_features(void **state) {
  (void)state;
  check((kith_model_options){.name = KITH_SAGE});
}

static void pinsage_reads_features(void **state) {
  (void)state;
  check((kith_model_options){.name = KITH_PINSAGE, .pinsage = {.walks = 60, .length = 4, .neighbors = 50}});
}

static kith_status made(const kith_graph *g, const kith_model_options *model) {
  kith_train_options train = kith_train_defaults();
  kith_trainer *trainer = NULL;
  train.batch = 100;
  kith_status st = kith_trainer_create(test_comm, g, model, &train, &trainer).status;
  kith_trainer_destroy(&trainer);
  return st;
}

/* Features that no model reads change nothing, to the last bit; a model that would read them cannot without.
 */
static void features_are_read_only_where_asked(void **state) {
  (void)state;
  double with[STEPS], without[STEPS];
  kith_model_options model = kith_model_defaults();
  test_graph t = test_graph_random(USERS, ITEMS, EDGES, 11);
  kith_graph *g = test_graph_cut(&t, test_comm, CUT, 2);
  model.dim = 16;
  train_on(test_comm, &t, both_known, &model, &full, CUT, with);
  train_on(test_comm, &t, (known){{0, 0}}, &model, &full, CUT, without);
  assert_memory_equal(with, without, sizeof with);
  model.input = KITH_BOTH;
  train_on(test_comm, &t, both_known, &model, &full, CUT, with);
  assert_true(with[0] != without[0]);
  assert_int_equal(KITH_ECONFIG, made(g, &model));
  assert_non_null(strstr(kith_error_text(), "the graph has no features"));
  kith_graph_destroy(&g);
  test_graph_free(&t);
}

/* Something must be left of a row: features of its type, or neighbors. */
static void only_rows_with_another_source_are_forgotten(void **state) {
  (void)state;
  const struct {
    kith_model_options model;
    kith_status st;
  } all[] = {{{.name = KITH_MF, .forget = 0.3}, KITH_ECONFIG},
             {{.name = KITH_MF, .forget = 0.3, .input = KITH_FEATURES}, KITH_ECONFIG},
             {{.name = KITH_LIGHTGCN, .layers = 1, .forget = 0.3, .input = KITH_FEATURES}, KITH_ECONFIG},
             {{.name = KITH_MF, .forget = 0.3, .input = KITH_BOTH}, KITH_OK},
             {{.name = KITH_LIGHTGCN, .layers = 1, .forget = 0.3}, KITH_OK}};
  test_graph t = test_graph_random(USERS, ITEMS, EDGES, 11);
  kith_graph *g = test_graph_cut(&t, test_comm, CUT, 2);
  test_features(g, both_known.n, 5);
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
    kith_model_options model = all[i].model;
    model.dim = 16;
    assert_int_equal(all[i].st, made(g, &model));
    if (all[i].st != KITH_OK) assert_non_null(strstr(kith_error_text(), "train.forget: no node"));
  }
  kith_graph_destroy(&g);
  test_graph_free(&t);
}

/* Without embeddings of any type there are no rows to keep, and weights are all that is learned. */
static void features_alone_have_no_rows(void **state) {
  (void)state;
  kith_model_options model = kith_model_defaults();
  kith_train_options train = kith_train_defaults();
  kith_trainer *trainer = NULL;
  test_graph t = test_graph_random(USERS, ITEMS, EDGES, 11);
  kith_graph *g = test_graph_cut(&t, test_comm, CUT, 2);
  model.dim = 16;
  model.input = KITH_FEATURES;
  train.batch = 100;
  test_features(g, both_known.n, 5);
  assert_int_equal(KITH_OK, kith_trainer_create(test_comm, g, &model, &train, &trainer).status);
  kith_train_state s = kith_trainer_state(trainer);
  assert_int_equal(s.d, 0);
  assert_int_equal(s.weights.n, (5 + 40 + 2) * 16);
  kith_trainer_destroy(&trainer);
  kith_graph_destroy(&g);
  test_graph_free(&t);
}

/* Items are made of features, users have embeddings: what is kept of items stays zero, whatever is learned.
 */
static void rows_without_embeddings_stay_zero(void **state) {
  (void)state;
  const manner how[] = {full, drawn};
  kith_model_options model = kith_model_defaults();
  test_graph t = test_graph_random(USERS, ITEMS, EDGES, 11);
  model.dim = 16;
  model.layers = 2;
  model.input = KITH_FEATURES;
  for (int m = 0; m < 2; m++) {
    kith_graph *g = test_graph_cut(&t, test_comm, CUT, 2);
    kith_train_options train = kith_train_defaults();
    kith_trainer *trainer = NULL;
    test_features(g, items_known.n, 5);
    train.batch = 100;
    train.sampler = how[m].sampler;
    assert_int_equal(KITH_OK, kith_trainer_create(test_comm, g, &model, &train, &trainer).status);
    kith_trainer_set_epoch(trainer, 0);
    for (int s = 0; s < STEPS; s++) kith_trainer_step(trainer, s, false);
    kith_train_state s = kith_trainer_state(trainer);
    assert_int_equal(s.d, 16);
    for (kith_lid i = 0; i < g->n_own; i++)
      for (int k = 0; k < 16; k++)
        assert_true((s.x[i * 16 + k] != 0) == (g->type[i] == KITH_USER) &&
                    (g->type[i] == KITH_USER || s.slot[0][i * 16 + k] == 0));
    kith_trainer_destroy(&trainer);
    kith_graph_destroy(&g);
  }
  test_graph_free(&t);
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(lightgcn_reads_features),
                                     cmocka_unit_test(mf_reads_features),
                                     cmocka_unit_test(lightgcn_forgets_in_every_mode),
                                     cmocka_unit_test(ngcf_reads_features),
                                     cmocka_unit_test(gcn_reads_features),
                                     cmocka_unit_test(gat_reads_features),
                                     cmocka_unit_test(sage_reads_features),
                                     cmocka_unit_test(pinsage_reads_features),
                                     cmocka_unit_test(features_are_read_only_where_asked),
                                     cmocka_unit_test(only_rows_with_another_source_are_forgotten),
                                     cmocka_unit_test(features_alone_have_no_rows),
                                     cmocka_unit_test(rows_without_embeddings_stay_zero)};
  test_begin(&argc, &argv);
  return test_end(cmocka_run_group_tests(tests, NULL, NULL));
}
