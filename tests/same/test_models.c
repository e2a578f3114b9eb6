/* ranks: 2 3 4 */
/*
 * Models with weights: every rank trains alone on the whole graph, then all train together on another cut.
 * Draws and masks are the same, sums over ranks round differently: the losses of the first steps agree to
 * 1e-5.
 */
#include "support/cut.h"
#include "support/mpi_main.h"

#include "train/train.h"

enum { USERS = 60, ITEMS = 90, EDGES = 900, STEPS = 5, CUT = 7 };
static const double TOLERANCE = 1e-5;

/* How steps see the graph. */
typedef struct manner {
  kith_sampler_options sampler;
  kith_loss_name loss;
  bool bilateral; /* the positive left out of the sum, L2 on all layers */
  bool exclude;
  kith_negative_options negatives; /* the defaults where count is 0 */
  bool looks;                      /* at the final embeddings after every step */
} manner;

/* The sum of the final embeddings: exact, so of all their bits that matter. */
static double final_sum(const kith_comm *comm, kith_trainer *trainer, int64_t n) {
  kith_exact_sum sum = {0};
  const float *final = kith_trainer_inference(trainer);
  for (int64_t i = 0; i < n; i++) kith_exact_sum_add(&sum, (double) final[i] * (double)(i % 1021));
  kith_comm_sum(comm, 1, &sum);
  return kith_exact_sum_value(&sum);
}

static void train_and_look(const kith_comm *comm, const test_graph *t, const kith_model_options *model,
                           const manner *how, int parts, double *loss, double *final) {
  if (how->sampler.mode == KITH_CLUSTER) parts = CUT; /* what is learned in a step depends on the cut */
  kith_graph *g = test_graph_cut(t, comm, parts, 2);
  kith_train_options train = kith_train_defaults();
  kith_trainer *trainer = NULL;
  train.batch = 100;
  train.optimizer.lr = 0.01;
  train.sampler = how->sampler;
  train.loss.name = how->loss;
  train.exclude_targets = how->exclude;
  if (how->bilateral) {
    train.loss.positive = KITH_POSITIVE_LEFT_OUT;
    train.loss.log_sum_weight = 0.84;
    train.loss.l2 = 0.1;
    train.loss.l2_on = KITH_L2_ON_LAYERS;
  }
  if (how->negatives.count > 0) train.negatives = how->negatives;
  assert_int_equal(KITH_OK, kith_trainer_create(comm, g, model, &train, &trainer).status);
  kith_trainer_set_epoch(trainer, 0);
  for (int s = 0; s < STEPS; s++) {
    kith_exact_sum *mine = kith_trainer_state(trainer).loss, sum;
    *mine = (kith_exact_sum){0};
    kith_trainer_step(trainer, s, KITH_REQUEST_NONE);
    sum = *mine;
    kith_comm_sum(comm, 1, &sum);
    loss[s] = kith_exact_sum_value(&sum);
    if (how->looks) (void)final_sum(comm, trainer, 0);
  }
  if (final) *final = final_sum(comm, trainer, (int64_t)g->n_own * kith_model_output_dim(model));
  kith_trainer_destroy(&trainer);
  kith_graph_destroy(&g);
}

static void train_on(const kith_comm *comm, const test_graph *t, const kith_model_options *model,
                     const manner *how, int parts, double *loss) {
  train_and_look(comm, t, model, how, parts, loss, NULL);
}

static kith_model_options small(kith_model_options model) {
  model.dim = 16;
  model.layers = 2;
  model.init = 0.1;
  return model;
}

static void expect_near(const double *a, const double *b) {
  for (int s = 0; s < STEPS; s++)
    if (!(fabs(a[s] - b[s]) <= TOLERANCE * fabs(a[s]))) fail_msg("step %d: %.9g and %.9g", s, a[s], b[s]);
  assert_true(a[STEPS - 1] != a[0]); /* the steps change something */
}

/* With relations where the model reads any. */
static test_graph graph_for(const kith_model_options *model) {
  test_graph t = test_graph_random(USERS, ITEMS, EDGES, 11);
  t.related = model->relations.n > 0;
  t.kinds = kith_model_reads_kinds(model);
  return t;
}

/* One rank and all ranks. */
static void check_as(kith_model_options options, manner how) {
  double alone[STEPS], together[STEPS];
  kith_comm *self = NULL;
  kith_model_options model = small(options);
  test_graph t = graph_for(&model);
  assert_int_equal(KITH_OK, kith_comm_create(MPI_COMM_SELF, &self).status);
  train_on(self, &t, &model, &how, 1, alone);
  train_on(test_comm, &t, &model, &how, 7, together);
  expect_near(alone, together);
  kith_comm_destroy(&self);
  test_graph_free(&t);
}

static void check(kith_model_options options) {
  check_as(options, (manner){.sampler.mode = KITH_FULL});
  check_as(options, (manner){.sampler = {.mode = KITH_NEIGHBOR, .fanouts = {2, {3, 2}}}, .exclude = true});
}

/* All neighbors, and the whole graph.  Every node is in every step's hops here, so that dense and sparse
 * Adam agree. */
static void check_unlimited_as(kith_model_options options, manner how) {
  double full[STEPS], sampled[STEPS];
  kith_model_options model = small(options);
  test_graph t = graph_for(&model);
  how.sampler.mode = KITH_FULL;
  train_on(test_comm, &t, &model, &how, 7, full);
  how.sampler = (kith_sampler_options){.mode = KITH_NEIGHBOR, .fanouts = {1, {0}}};
  train_on(test_comm, &t, &model, &how, 7, sampled);
  expect_near(full, sampled);
  test_graph_free(&t);
}

static void check_unlimited(kith_model_options options, kith_loss_name loss) {
  check_unlimited_as(options, (manner){.loss = loss});
}

static kith_model_options pinsage(int neighbors) {
  return (kith_model_options){.name = KITH_PINSAGE,
                              .pinsage = {.walks = 60, .length = 4, .neighbors = neighbors}};
}

static const struct kith_relation_weight FRIEND = {.name = "friend", .weight = 0.7},
                                         TAGGED = {.name = "tagged", .weight = 1.9},
                                         VIEW = {.name = "view", .weight = 0.3},
                                         LEARNED_FRIEND = {.name = "friend", .weight = 0.7, .learned = true},
                                         LEARNED_VIEW = {.name = "view", .weight = 0.3, .learned = true};

static kith_model_options related(struct kith_relation_weight friend, struct kith_relation_weight view) {
  return (kith_model_options){.name = KITH_LIGHTGCN, .relations = {3, {friend, TAGGED, view}}};
}

static void relations_are_the_same(void **state) {
  (void)state;
  const manner drawn = {.sampler = {.mode = KITH_NEIGHBOR,
                                    .fanouts = {2, {3, 2}},
                                    .relations = {1, {{.name = "friend", .fanouts = {1, {1}}}}}},
                        .exclude = true};
  kith_model_options dropped = related(FRIEND, LEARNED_VIEW);
  dropped.edge_dropout = 0.2;
  check_as(related(FRIEND, VIEW), drawn);
  check_as(related(LEARNED_FRIEND, LEARNED_VIEW), drawn);
  check_as(dropped, drawn);
  check_unlimited(related(FRIEND, VIEW), KITH_BPR);
  check_unlimited(related(LEARNED_FRIEND, LEARNED_VIEW), KITH_SOFTMAX);
  check_unlimited(dropped, KITH_BPR);
}

static void rgcn_is_the_same(void **state) {
  (void)state;
  const manner drawn = {.sampler = {.mode = KITH_NEIGHBOR, .fanouts = {2, {3, 2}}}, .exclude = true};
  for (int bases = 0; bases <= 3; bases += 3) {
    kith_model_options o = related(FRIEND, VIEW);
    o.name = KITH_RGCN;
    o.rgcn.bases = bases;
    check_as(o, drawn);
    check_as(o, (manner){.sampler.mode = KITH_FULL});
    check_unlimited(o, KITH_BPR);
    o.relations.n = 0;
    o.edge_dropout = 0.2;
    check(o);
    check_as(o, (manner){.sampler = {.mode = KITH_CLUSTER, .clusters = 2}});
  }
}

static void diffnet_is_the_same(void **state) {
  (void)state;
  const manner drawn = {.sampler = {.mode = KITH_NEIGHBOR, .fanouts = {2, {3, 2}}}, .exclude = true};
  kith_model_options o = related(FRIEND, VIEW);
  o.name = KITH_DIFFNET;
  check_as(o, drawn);
  check_unlimited(o, KITH_BPR);
  o.dropout = 0.1;
  o.edge_dropout = 0.2;
  check_as(o, (manner){.sampler.mode = KITH_FULL});
  o.relations.n = 0;
  check_as(o, (manner){.sampler = {.mode = KITH_CLUSTER, .clusters = 2}});
}

static void kgin_is_the_same(void **state) {
  (void)state;
  const manner drawn = {.sampler = {.mode = KITH_NEIGHBOR, .fanouts = {2, {3, 2}}}, .exclude = true};
  kith_model_options o = {.name = KITH_KGIN,
                          .relations = {1, {{.name = "tagged", .weight = 1}}},
                          .kgin = {.intents = 3, .independence = 0.01}};
  check_as(o, drawn);
  check_unlimited(o, KITH_BPR);
  o.edge_dropout = o.dropout = 0.2;
  check_as(o, drawn);
  check_unlimited(o, KITH_SOFTMAX);
  o = related(FRIEND, VIEW);
  o.lightgcn.kinds = KITH_KIND_ROWS_LEARNED;
  check_as(o, drawn);
  check_unlimited(o, KITH_BPR);
}

static void cascade_is_the_same(void **state) {
  (void)state;
  const manner drawn = {.sampler = {.mode = KITH_NEIGHBOR, .fanouts = {2, {3, 2}}}, .exclude = true};
  kith_model_options o = {.name = KITH_CASCADE, .relations = {1, {{.name = "view", .weight = 1}}}};
  o.cascade = (kith_cascade_options){.order = {2, {"view", "interactions"}}, .transform = KITH_CASCADE_TYPES};
  check_as(o, (manner){.sampler.mode = KITH_FULL});
  check_as(o, drawn);
  check_unlimited(o, KITH_BPR);
  o.edge_dropout = 0.2;
  o.cascade.layers = (kith_fanouts){2, {1, 2}};
  o.cascade.transform = KITH_CASCADE_SHARED;
  check_unlimited(o, KITH_SOFTMAX);
  o.cascade.residual = true;
  check_as(o, drawn);
  check_unlimited(o, KITH_BPR);
}

static void all_neighbors_are_the_whole_graph(void **state) {
  (void)state;
  check_unlimited((kith_model_options){.name = KITH_LIGHTGCN}, KITH_BPR);
  check_unlimited((kith_model_options){.name = KITH_LIGHTGCN}, KITH_SOFTMAX);
  check_unlimited_as((kith_model_options){.name = KITH_LIGHTGCN},
                     (manner){.loss = KITH_SOFTMAX, .bilateral = true});
  check_unlimited_as((kith_model_options){.name = KITH_GAT, .gat.heads = 2}, (manner){.bilateral = true});
  check_unlimited((kith_model_options){.name = KITH_LIGHTGCN,
                                       .lightgcn.layer_weights = KITH_LAYER_WEIGHTS_LEARNED},
                  KITH_BPR);
  check_unlimited((kith_model_options){.name = KITH_NGCF}, KITH_BPR);
  check_unlimited((kith_model_options){.name = KITH_GCN}, KITH_BPR);
  check_unlimited((kith_model_options){.name = KITH_GAT, .gat.heads = 2}, KITH_BPR);
  check_unlimited((kith_model_options){.name = KITH_GAT,
                                       .gat.heads = 2,
                                       .gat.attention_dropout = 0.2,
                                       .edge_dropout = 0.2},
                  KITH_BPR);
  check_unlimited((kith_model_options){.name = KITH_LIGHTGCN, .edge_dropout = 0.2}, KITH_BPR);
  check_unlimited((kith_model_options){.name = KITH_GCN, .edge_dropout = 0.2}, KITH_BPR);
  check_unlimited((kith_model_options){.name = KITH_SAGE}, KITH_BPR);
  check_unlimited(pinsage(50), KITH_BPR);
  check_unlimited((kith_model_options){.name = KITH_SAGE, .sage.aggregator = KITH_SAGE_LSTM}, KITH_BPR);
}

static void lightgcn_is_the_same(void **state) {
  (void)state;
  check((kith_model_options){.name = KITH_LIGHTGCN});
  check_as((kith_model_options){.name = KITH_LIGHTGCN},
           (manner){.sampler = {.mode = KITH_NEIGHBOR, .fanouts = {1, {3}}},
                    .loss = KITH_SOFTMAX,
                    .exclude = true});
}

static void every_way_of_sampling_is_the_same(void **state) {
  (void)state;
  const kith_sampler_options way[] = {
      {.mode = KITH_NEIGHBOR, .fanouts = {1, {3}}, .weighting = KITH_IMPORTANCE},
      {.mode = KITH_LAYERWISE, .budget = 40},
      {.mode = KITH_SAINT_NODE, .budget = 60},
      {.mode = KITH_SAINT_EDGE, .budget = 30, .coverage = 10},
      {.mode = KITH_SAINT_WALK, .budget = 20, .walk_length = 3, .coverage = 10},
      {.mode = KITH_CLUSTER, .clusters = 1},
      {.mode = KITH_CLUSTER, .clusters = 1, .cluster_edges = KITH_CLUSTER_EDGES_DROP}};
  for (size_t w = 0; w < sizeof way / sizeof *way; w++) {
    check_as((kith_model_options){.name = KITH_LIGHTGCN},
             (manner){.sampler = way[w], .loss = KITH_SOFTMAX, .exclude = true});
    check_as((kith_model_options){.name = KITH_GCN, .dropout = 0.1},
             (manner){.sampler = way[w], .exclude = w % 2 == 0});
    check_as((kith_model_options){.name = KITH_GAT, .gat.heads = 2},
             (manner){.sampler = way[w], .exclude = true});
    check_as((kith_model_options){.name = KITH_SAGE}, (manner){.sampler = way[w]});
    check_as(pinsage(20), (manner){.sampler = way[w], .exclude = true});
  }
}

static void negatives_of_the_batch_are_the_same(void **state) {
  (void)state;
  const kith_sampler_options way[] = {{.mode = KITH_NEIGHBOR, .fanouts = {1, {3}}},
                                      {.mode = KITH_CLUSTER, .clusters = 2}};
  kith_negative_options negatives = {.count = 3, .popularity = 0.2, .alpha = 0.75, .inbatch = 0.5, .pool = 4};
  for (int w = 0; w < 2; w++) {
    check_as((kith_model_options){.name = KITH_LIGHTGCN},
             (manner){.sampler = way[w], .loss = KITH_NCE, .exclude = w == 0, .negatives = negatives});
    check_as((kith_model_options){.name = KITH_LIGHTGCN},
             (manner){.sampler = way[w], .loss = KITH_BPR, .exclude = w == 1, .negatives = negatives});
  }
}

/* Sampled steps and the whole graph take turns in memory: neither finds anything of the other. */
static void check_looks(kith_model_options options, kith_loss_name loss) {
  const kith_sampler_options way[] = {
      {.mode = KITH_NEIGHBOR, .fanouts = {1, {3}}},
      {.mode = KITH_SAINT_WALK, .budget = 20, .walk_length = 2, .coverage = 10}};
  kith_model_options model = small(options);
  test_graph t = test_graph_random(USERS, ITEMS, EDGES, 11);
  for (int w = 0; w < 2; w++) {
    double blind[STEPS], seen[STEPS], final[2];
    train_and_look(test_comm, &t, &model, &(manner){.sampler = way[w], .loss = loss, .exclude = true}, 7,
                   blind, &final[0]);
    train_and_look(test_comm, &t, &model,
                   &(manner){.sampler = way[w], .loss = loss, .exclude = true, .looks = true}, 7, seen,
                   &final[1]);
    assert_memory_equal(blind, seen, sizeof seen);
    assert_true(final[0] != 0 && final[0] == final[1]);
  }
  test_graph_free(&t);
}

static void looking_at_the_final_embeddings_changes_no_bit(void **state) {
  (void)state;
  check_looks((kith_model_options){.name = KITH_LIGHTGCN}, KITH_SOFTMAX);
  check_looks((kith_model_options){.name = KITH_LIGHTGCN,
                                   .lightgcn.layer_weights = KITH_LAYER_WEIGHTS_LEARNED,
                                   .edge_dropout = 0.2},
              KITH_NCE);
  check_looks((kith_model_options){.name = KITH_NGCF, .dropout = 0.1}, KITH_BPR);
  check_looks((kith_model_options){.name = KITH_GCN}, KITH_BPR);
  check_looks((kith_model_options){.name = KITH_GAT, .gat.heads = 2, .gat.attention_dropout = 0.2}, KITH_BPR);
  check_looks((kith_model_options){.name = KITH_SAGE, .sage.aggregator = KITH_SAGE_POOL}, KITH_BPR);
  check_looks((kith_model_options){.name = KITH_SAGE, .sage.aggregator = KITH_SAGE_LSTM}, KITH_BPR);
  check_looks(pinsage(10), KITH_BPR);
}

/* In sampled steps, too, where the input rows of a layer's nodes are the first of those of the layer before
 * it. */
static void residuals_are_the_same(void **state) {
  (void)state;
  const kith_model_options mixing[] = {{.name = KITH_LIGHTGCN, .residual = 0.2},
                                       {.name = KITH_LIGHTGCN, .residual = 0.6, .edge_dropout = 0.2},
                                       {.name = KITH_GCN, .residual = 0.3, .dropout = 0.1},
                                       {.name = KITH_GCNII, .dropout = 0.1, .gcnii = {0.2, 0.7}}};
  for (size_t i = 0; i < sizeof mixing / sizeof *mixing; i++) {
    check(mixing[i]);
    check_unlimited(mixing[i], KITH_BPR);
    check_as(mixing[i], (manner){.sampler = {.mode = KITH_LAYERWISE, .budget = 40}, .exclude = true});
    check_as(mixing[i], (manner){.sampler = {.mode = KITH_CLUSTER, .clusters = 2}});
  }
}

/* The first step is that of equal weights, to the last bit; later ones are not. */
static void learned_layers_are_the_same(void **state) {
  (void)state;
  double fixed[STEPS], learned[STEPS];
  kith_model_options model = small((kith_model_options){.name = KITH_LIGHTGCN});
  test_graph t = test_graph_random(USERS, ITEMS, EDGES, 11);
  train_on(test_comm, &t, &model, &(manner){.sampler.mode = KITH_FULL}, 7, fixed);
  model.lightgcn.layer_weights = KITH_LAYER_WEIGHTS_LEARNED;
  train_on(test_comm, &t, &model, &(manner){.sampler.mode = KITH_FULL}, 7, learned);
  assert_true(fixed[0] == learned[0] && fixed[STEPS - 1] != learned[STEPS - 1]);
  test_graph_free(&t);
  check(model);
}

static void rounded_rows_need_the_whole_graph(void **state) {
  (void)state;
  test_graph t = test_graph_random(USERS, ITEMS, EDGES, 11);
  kith_graph *g = test_graph_cut(&t, test_comm, 3, 1);
  kith_model_options model =
      small((kith_model_options){.name = KITH_LIGHTGCN, .lightgcn.storage = KITH_STORAGE_BF16});
  kith_train_options train = kith_train_defaults();
  kith_trainer *trainer = NULL;
  train.sampler = (kith_sampler_options){.mode = KITH_NEIGHBOR, .fanouts = {2, {3, 2}}};
  assert_int_equal(KITH_ECONFIG, kith_trainer_create(test_comm, g, &model, &train, &trainer).status);
  assert_non_null(strstr(kith_error_text(), "model.storage: bf16"));
  assert_null(trainer);
  kith_graph_destroy(&g);
  test_graph_free(&t);
}

/* What it classifies is the same on all ranks: test_han_oracle.c. */
static void han_needs_labeled_nodes(void **state) {
  (void)state;
  kith_model_options model = related(FRIEND, VIEW);
  model.name = KITH_HAN;
  model.dim = 16;
  model.layers = 1;
  test_graph t = graph_for(&model);
  kith_graph *g = test_graph_cut(&t, test_comm, 3, 1);
  kith_train_options train = kith_train_defaults();
  kith_trainer *trainer = NULL;
  for (int i = 0; i < model.relations.n; i++) model.relations.of[i].weight = 1;
  assert_int_equal(KITH_ECONFIG, kith_trainer_create(test_comm, g, &model, &train, &trainer).status);
  assert_non_null(strstr(kith_error_text(), "model.name: han classifies nodes, and does not rank items"));
  assert_null(trainer);
  kith_graph_destroy(&g);
  test_graph_free(&t);
}

static void mf_is_the_same(void **state) {
  (void)state;
  check((kith_model_options){.name = KITH_MF});
}

static void ngcf_is_the_same(void **state) {
  (void)state;
  check((kith_model_options){.name = KITH_NGCF, .dropout = 0.1});
  check((kith_model_options){.name = KITH_NGCF, .edge_dropout = 0.2});
}

static void gcn_is_the_same(void **state) {
  (void)state;
  check((kith_model_options){.name = KITH_GCN, .dropout = 0.1});
}

static void gat_is_the_same(void **state) {
  (void)state;
  check((kith_model_options){.name = KITH_GAT, .gat.heads = 2});
  check((kith_model_options){.name = KITH_GAT,
                             .gat.heads = 4,
                             .gat.last_heads = 3,
                             .gat.last_merge = KITH_HEADS_AVERAGE,
                             .gat.attention_dropout = 0.2});
}

static void sage_is_the_same(void **state) {
  (void)state;
  check((kith_model_options){.name = KITH_SAGE, .sage.aggregator = KITH_SAGE_POOL});
  check((kith_model_options){.name = KITH_SAGE, .edge_dropout = 0.2});
  check((kith_model_options){.name = KITH_SAGE, .sage.aggregator = KITH_SAGE_LSTM});
}

static void pinsage_is_the_same(void **state) {
  (void)state;
  check(pinsage(10));
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(lightgcn_is_the_same),
                                     cmocka_unit_test(every_way_of_sampling_is_the_same),
                                     cmocka_unit_test(negatives_of_the_batch_are_the_same),
                                     cmocka_unit_test(looking_at_the_final_embeddings_changes_no_bit),
                                     cmocka_unit_test(learned_layers_are_the_same),
                                     cmocka_unit_test(residuals_are_the_same),
                                     cmocka_unit_test(rounded_rows_need_the_whole_graph),
                                     cmocka_unit_test(han_needs_labeled_nodes),
                                     cmocka_unit_test(mf_is_the_same),
                                     cmocka_unit_test(all_neighbors_are_the_whole_graph),
                                     cmocka_unit_test(relations_are_the_same),
                                     cmocka_unit_test(rgcn_is_the_same),
                                     cmocka_unit_test(diffnet_is_the_same),
                                     cmocka_unit_test(kgin_is_the_same),
                                     cmocka_unit_test(cascade_is_the_same),
                                     cmocka_unit_test(ngcf_is_the_same),
                                     cmocka_unit_test(gcn_is_the_same),
                                     cmocka_unit_test(gat_is_the_same),
                                     cmocka_unit_test(sage_is_the_same),
                                     cmocka_unit_test(pinsage_is_the_same)};
  test_begin(&argc, &argv);
  return test_end(cmocka_run_group_tests(tests, NULL, NULL));
}
