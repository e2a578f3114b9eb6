/* ranks: 1 2 3, slow */
/*
 * For every rank r and every k: the k-th allocation on r is refused.  All ranks must return the same status,
 * hand out nothing, and hold as many blocks as before.  The loop ends with the first k that is not reached.
 */
#include "support/classes.h"
#include "support/cut.h"
#include "support/features.h"
#include "support/mpi_main.h"

#include "blend/blend.h"
#include "halo/halo.h"
#include "spectral/start.h"
#include "train/train.h"

static test_graph graph;
static kith_graph *share, *related_share, *directed_share, *tie_share;
static test_classes classes;
static kith_graph *class_share;

typedef kith_agreed (*maker)(void **made);
typedef void (*breaker)(void **made);

static kith_agreed make_comm(void **made) { return kith_comm_create(test_comm->mpi, (kith_comm **)made); }
static void break_comm(void **made) { kith_comm_destroy((kith_comm **)made); }

static kith_agreed make_halo(void **made) {
  kith_gid want[1] = {0};
  return kith_halo_create(test_comm, share->first, 1, want, (kith_halo **)made);
}
static void break_halo(void **made) { kith_halo_destroy((kith_halo **)made); }

static kith_agreed make_relation(void **made) {
  return kith_dist_csr_create(test_comm, share, 8, (kith_dist_csr **)made);
}
static void break_relation(void **made) { kith_dist_csr_destroy((kith_dist_csr **)made); }

/* M of three relations, two of them directed, with its transpose; one weight is learned. */
static kith_agreed make_directed(void **made) {
  const kith_relation_weights w = {.n = 3,
                                   .of = {{.name = "friend", .weight = 1, .learned = true},
                                          {.name = "tagged", .weight = 0.5},
                                          {.name = "view", .weight = 2}}};
  return kith_dist_csr_create_merged(test_comm, directed_share, &w, 0, 8, (kith_dist_csr **)made);
}

/* M of gated ties and of a directed relation whose edges count by age, with its transpose. */
static kith_agreed make_ties(void **made) {
  const kith_relation_weights w = {.n = 2,
                                   .of = {{.name = "friend", .weight = 1}, {.name = "tagged", .weight = 0.5}},
                                   .tie = KITH_TIE_LEARNED,
                                   .n_half_life = 1,
                                   .half_life = {{.name = "tagged", .seconds = 10}}};
  return kith_dist_csr_create_merged(test_comm, tie_share, &w, 0, 8, (kith_dist_csr **)made);
}

/* Times of a relation's edges. */
static void set_times(kith_lid n_own, kith_adjacency *a) {
  if (KITH_NEW(a->time, a->start[n_own])) abort();
  for (kith_eid e = 0; e < a->start[n_own]; e++) a->time[e] = e % 7;
}

static kith_agreed make_trainer_of(kith_loss_name loss, void **made) {
  kith_model_options model = kith_model_defaults();
  kith_train_options train = kith_train_defaults();
  model.dim = 4;
  train.batch = 32;
  train.loss.name = loss;
  train.loss.shared = 100;
  train.negatives = (kith_negative_options){.count = 2,
                                            .popularity = 0.5,
                                            .alpha = 0.75,
                                            .inbatch = loss == KITH_NCE ? 0.25 : 0,
                                            .hard = loss == KITH_BPR ? 0.5 : 0,
                                            .pool = 3};
  return kith_trainer_create(test_comm, share, &model, &train, (kith_trainer **)made);
}
static kith_agreed make_trainer_bpr(void **made) { return make_trainer_of(KITH_BPR, made); }
static kith_agreed make_trainer_nce(void **made) { return make_trainer_of(KITH_NCE, made); }
static kith_agreed make_trainer_softmax(void **made) { return make_trainer_of(KITH_SOFTMAX, made); }
/* With an auxiliary loss on views. */
static kith_agreed make_trainer_also(void **made) {
  kith_model_options model = kith_model_defaults();
  kith_train_options train = kith_train_defaults();
  model.dim = 4;
  model.layers = 1;
  train.batch = 32;
  train.also = (kith_also){.n = 1, .of = {{.name = "view", .weight = 0.5}}};
  return kith_trainer_create(test_comm, related_share, &model, &train, (kith_trainer **)made);
}
static kith_agreed make_trainer_pinsage(void **made) {
  kith_model_options model = kith_model_defaults();
  kith_train_options train = kith_train_defaults();
  model.name = KITH_PINSAGE;
  model.dim = 4;
  model.layers = 1;
  model.pinsage = (kith_pinsage_options){.walks = 5, .length = 2, .neighbors = 3};
  train.batch = 32;
  train.sampler.mode = KITH_NEIGHBOR;
  return kith_trainer_create(test_comm, share, &model, &train, (kith_trainer **)made);
}
/* Every way of sampling pairs: made, and destroyed with the next step half planned. */
static kith_agreed make_trainer_pairs_of(kith_sampler_mode mode, void **made) {
  kith_model_options model = kith_model_defaults();
  kith_train_options train = kith_train_defaults();
  model.dim = 4;
  model.layers = 2;
  train.batch = 16;
  train.sampler.mode = mode;
  train.sampler.budget = 10;
  train.sampler.coverage = 2;
  kith_agreed st = kith_trainer_create(test_comm, share, &model, &train, (kith_trainer **)made);
  if (!kith_is_bad(st)) {
    kith_trainer_set_epoch(*made, 0);
    (void)kith_trainer_step(*made, 0, false);
  }
  return st;
}
static kith_agreed make_trainer_pairs_neighbors(void **made) {
  return make_trainer_pairs_of(KITH_NEIGHBOR, made);
}
static kith_agreed make_trainer_pairs_layers(void **made) {
  return make_trainer_pairs_of(KITH_LAYERWISE, made);
}
static kith_agreed make_trainer_pairs_clusters(void **made) {
  return make_trainer_pairs_of(KITH_CLUSTER, made);
}
static kith_agreed make_trainer_pairs_nodes(void **made) {
  return make_trainer_pairs_of(KITH_SAINT_NODE, made);
}
static kith_agreed make_trainer_pairs_edges(void **made) {
  return make_trainer_pairs_of(KITH_SAINT_EDGE, made);
}
static kith_agreed make_trainer_pairs_walks(void **made) {
  return make_trainer_pairs_of(KITH_SAINT_WALK, made);
}

/* Models with weights, on hops that lose edges. */
static kith_agreed make_trainer_with(kith_model_name name, void **made) {
  kith_model_options model = kith_model_defaults();
  kith_train_options train = kith_train_defaults();
  model.name = name;
  model.sage.aggregator = KITH_SAGE_LSTM;
  model.dim = 4;
  model.layers = 2;
  model.edge_dropout = model.gat.attention_dropout = 0.2;
  train.batch = 32;
  return kith_trainer_create(test_comm, share, &model, &train, (kith_trainer **)made);
}
static kith_agreed make_trainer_gat(void **made) { return make_trainer_with(KITH_GAT, made); }
static kith_agreed make_trainer_lstm(void **made) { return make_trainer_with(KITH_SAGE, made); }

/* Input rows of features, beside embeddings or in their place. */
static kith_agreed make_trainer_input(kith_input_name input, kith_sampler_mode mode, void **made) {
  kith_model_options model = kith_model_defaults();
  kith_train_options train = kith_train_defaults();
  model.dim = 4;
  model.input = input;
  train.sampler.mode = mode;
  train.batch = 32;
  return kith_trainer_create(test_comm, share, &model, &train, (kith_trainer **)made);
}
static kith_agreed make_trainer_features(void **made) {
  return make_trainer_input(KITH_FEATURES, KITH_NEIGHBOR, made);
}
static kith_agreed make_trainer_both(void **made) { return make_trainer_input(KITH_BOTH, KITH_FULL, made); }

static kith_agreed make_trainer_classes_of(kith_sampler_mode mode, void **made) {
  kith_model_options model = kith_model_defaults();
  kith_train_options train = kith_train_defaults();
  model.name = KITH_SAGE;
  model.dim = 4;
  train.sampler.mode = mode;
  train.batch = 5;
  train.sampler.budget = 10;
  train.sampler.coverage = 2;
  return kith_trainer_create(test_comm, class_share, &model, &train, (kith_trainer **)made);
}
static kith_agreed make_trainer_classes(void **made) { return make_trainer_classes_of(KITH_FULL, made); }
static kith_agreed make_trainer_classes_sampled(void **made) {
  return make_trainer_classes_of(KITH_NEIGHBOR, made);
}
static kith_agreed make_trainer_classes_clusters(void **made) {
  return make_trainer_classes_of(KITH_CLUSTER, made);
}
static kith_agreed make_trainer_classes_nodes(void **made) {
  return make_trainer_classes_of(KITH_SAINT_NODE, made);
}
static kith_agreed make_trainer_classes_layers(void **made) {
  return make_trainer_classes_of(KITH_LAYERWISE, made);
}
static kith_agreed make_trainer_classes_edges(void **made) {
  return make_trainer_classes_of(KITH_SAINT_EDGE, made);
}
static kith_agreed make_trainer_classes_walks(void **made) {
  return make_trainer_classes_of(KITH_SAINT_WALK, made);
}
static void break_trainer(void **made) { kith_trainer_destroy((kith_trainer **)made); }

static kith_agreed make_metrics(void **made) {
  kith_eval_options o = kith_eval_defaults();
  o.direct = (kith_direct_term){.c = 1, .lambda_1 = 1};
  kith_metrics m;
  float *x = calloc((size_t)share->n_own + 1, 4 * sizeof *x);
  kith_agreed st = kith_eval_metrics(test_comm, share, 4, x, &o, &m);
  free(x);
  *made = NULL;
  return st;
}
static void break_nothing(void **made) { *made = NULL; }

/* Input rows of singular vectors. */
static kith_agreed make_start(void **made) {
  kith_model_options o = kith_model_defaults();
  float *x = calloc((size_t)share->n_own + 1, 4 * sizeof *x);
  o.dim = 4;
  o.spectral.oversample = 2;
  o.spectral.rounds = 1;
  kith_agreed st = kith_spectral_start_rows(test_comm, share, &o, 1, x);
  free(x);
  *made = NULL;
  return st;
}

static kith_agreed make_smoothness(void **made) {
  kith_agreed st = {KITH_OK};
  kith_dist_csr *a = NULL;
  kith_oversmoothing s;
  float *x = calloc((size_t)share->n_own + 1, 4 * sizeof *x);
  KITH_TRY(kith_dist_csr_create(test_comm, share, 8, &a));
  KITH_TRY(kith_oversmoothing_measure(test_comm, a, 4, x, &s));
done:
  free(x);
  kith_dist_csr_destroy(&a);
  *made = NULL;
  return st;
}

/* The weights of two models, one of them with a direct term. */
static kith_agreed make_blend(void **made) {
  kith_agreed st = {KITH_OK};
  kith_blend_options o = {.n_user = 1000, .seed = 1}; /* no item is masked */
  kith_blend_report report;
  kith_evidence_table table = {.n = 0};
  const kith_evidence evidence[4] = {{.kind = KITH_EVIDENCE_FRIENDS, .relation = "friend"},
                                     {.kind = KITH_EVIDENCE_ORDER, .relation = KITH_INTERACTIONS},
                                     {.kind = KITH_EVIDENCE_POPULAR, .relation = KITH_INTERACTIONS},
                                     {.kind = KITH_EVIDENCE_ALIKE, .relation = "tagged"}};
  double weight[4] = {0};
  kith_graph held_out = *directed_share;
  held_out.valid = directed_share->train;
  float *x = calloc((size_t)directed_share->n_own + 1, 2 * sizeof *x);
  held_out.time = calloc((size_t)directed_share->start[directed_share->n_own] + 1, sizeof *held_out.time);
  held_out.timed = true;
  for (kith_lid i = 0; i < directed_share->n_own; i++)
    x[2 * i + directed_share->original[i] % 2] = (float)(1 + directed_share->original[i] % 3);
  kith_blend_member member[2] = {{.name = "a", .d = 1, .x = x}, {.name = "b", .d = 2, .x = x}};
  member[1].direct = (kith_direct_term){.c = 1, .lambda_1 = 1};
  KITH_TRY(kith_blend_scale(test_comm, &held_out, 1, 50, 2, member));
  KITH_TRY(kith_evidence_make(test_comm, &held_out, KITH_CANDIDATES_ALL, 4, evidence, &table));
  KITH_TRY(kith_blend_fit(test_comm, &held_out, &o, 2, member, &table, weight, &report));
done:
  kith_evidence_free(&table);
  free(held_out.time);
  free(x);
  *made = NULL;
  return st;
}

static void refuse_each(maker make, breaker unmake) {
  for (int r = 0; r < test_comm->size; r++)
    for (int64_t k = 1;; k++) {
      void *made = NULL;
      int64_t live = kith_alloc_live();
      kith_alloc_refuse(test_comm->rank == r ? k : 0);
      kith_agreed st = make(&made);
      kith_alloc_refuse(0);
      int64_t worst = kith_comm_max(test_comm, st.status),
              best = -kith_comm_max(test_comm, -(int64_t)st.status);
      assert_int_equal(worst, best);
      if (!kith_is_bad(st)) {
        unmake(&made);
        assert_int_equal(kith_alloc_live(), live);
        assert_true(k > 1);
        break;
      }
      assert_int_equal(st.status, KITH_ENOMEM);
      assert_null(made);
      assert_int_equal(kith_alloc_live(), live);
      assert_non_null(strstr(kith_error_text(), "memory"));
    }
}

static void a_communicator(void **state) {
  (void)state;
  refuse_each(make_comm, break_comm);
}
static void a_blend(void **state) {
  (void)state;
  refuse_each(make_blend, break_nothing);
}
static void a_halo(void **state) {
  (void)state;
  refuse_each(make_halo, break_halo);
}
static void a_relation(void **state) {
  (void)state;
  refuse_each(make_relation, break_relation);
}
static void a_directed_matrix(void **state) {
  (void)state;
  refuse_each(make_directed, break_relation);
}
static void a_matrix_of_ties(void **state) {
  (void)state;
  refuse_each(make_ties, break_relation);
}
static void a_trainer_with_bpr(void **state) {
  (void)state;
  refuse_each(make_trainer_bpr, break_trainer);
}
static void a_trainer_with_nce(void **state) {
  (void)state;
  refuse_each(make_trainer_nce, break_trainer);
}
static void a_trainer_with_softmax(void **state) {
  (void)state;
  refuse_each(make_trainer_softmax, break_trainer);
}
static void a_trainer_on_sampled_pairs(void **state) {
  (void)state;
  refuse_each(make_trainer_pairs_neighbors, break_trainer);
  refuse_each(make_trainer_pairs_layers, break_trainer);
  refuse_each(make_trainer_pairs_clusters, break_trainer);
  refuse_each(make_trainer_pairs_nodes, break_trainer);
}
static void a_trainer_on_sampled_edges_and_walks(void **state) {
  (void)state;
  refuse_each(make_trainer_pairs_edges, break_trainer);
  refuse_each(make_trainer_pairs_walks, break_trainer);
}
static void a_trainer_with_an_auxiliary_loss(void **state) {
  (void)state;
  refuse_each(make_trainer_also, break_trainer);
}
static void a_trainer_with_pinsage(void **state) {
  (void)state;
  refuse_each(make_trainer_pinsage, break_trainer);
}
static void a_trainer_with_weights(void **state) {
  (void)state;
  refuse_each(make_trainer_gat, break_trainer);
  refuse_each(make_trainer_lstm, break_trainer);
  refuse_each(make_trainer_features, break_trainer);
  refuse_each(make_trainer_both, break_trainer);
}
static void a_trainer_of_classes(void **state) {
  (void)state;
  refuse_each(make_trainer_classes, break_trainer);
  refuse_each(make_trainer_classes_sampled, break_trainer);
  refuse_each(make_trainer_classes_clusters, break_trainer);
  refuse_each(make_trainer_classes_nodes, break_trainer);
  refuse_each(make_trainer_classes_layers, break_trainer);
  refuse_each(make_trainer_classes_edges, break_trainer);
  refuse_each(make_trainer_classes_walks, break_trainer);
}
static void singular_vectors(void **state) {
  (void)state;
  refuse_each(make_start, break_nothing);
}
static void an_evaluation(void **state) {
  (void)state;
  refuse_each(make_metrics, break_nothing);
}

static void a_smoothness(void **state) {
  (void)state;
  refuse_each(make_smoothness, break_nothing);
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(a_communicator),
                                     cmocka_unit_test(a_blend),
                                     cmocka_unit_test(a_halo),
                                     cmocka_unit_test(a_relation),
                                     cmocka_unit_test(a_directed_matrix),
                                     cmocka_unit_test(a_matrix_of_ties),
                                     cmocka_unit_test(a_trainer_with_bpr),
                                     cmocka_unit_test(a_trainer_with_nce),
                                     cmocka_unit_test(a_trainer_with_softmax),
                                     cmocka_unit_test(singular_vectors),
                                     cmocka_unit_test(a_trainer_with_weights),
                                     cmocka_unit_test(a_trainer_with_pinsage),
                                     cmocka_unit_test(a_trainer_with_an_auxiliary_loss),
                                     cmocka_unit_test(a_trainer_on_sampled_pairs),
                                     cmocka_unit_test(a_trainer_on_sampled_edges_and_walks),
                                     cmocka_unit_test(a_trainer_of_classes),
                                     cmocka_unit_test(an_evaluation),
                                     cmocka_unit_test(a_smoothness)};
  test_begin(&argc, &argv);
  graph = test_graph_random(10, 12, 50, 4);
  share = test_graph_cut(&graph, test_comm, 5, 2);
  graph.related = true;
  related_share = test_graph_cut(&graph, test_comm, 5, 2);
  graph.directed = true;
  directed_share = test_graph_cut(&graph, test_comm, 5, 2);
  graph.ties = true;
  tie_share = test_graph_cut(&graph, test_comm, 5, 2);
  tie_share->schema.relation[TEST_TAGGED].timed = true;
  set_times(tie_share->n_own, &tie_share->relation[TEST_TAGGED]);
  set_times(tie_share->n_own, &tie_share->transpose[TEST_TAGGED]);
  test_features(share, (const int[KITH_SIDES]){3, 4}, 5);
  classes = test_classes_make(16, 3, 6, 4);
  class_share = test_classes_cut(&classes, test_comm, 5, 2);
  int failures = cmocka_run_group_tests(tests, NULL, NULL);
  kith_graph_destroy(&share);
  kith_graph_destroy(&related_share);
  kith_graph_destroy(&directed_share);
  kith_graph_destroy(&tie_share);
  kith_graph_destroy(&class_share);
  test_graph_free(&graph);
  test_classes_free(&classes);
  return test_end(failures);
}
