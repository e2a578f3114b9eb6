/* ranks: 1 2 3 4 */
/* Backward is the derivative of forward, for every model: through embeddings and weights, on the whole graph
 * and, one layer of it, on a sampled block. */
#include "support/form.h"
#include "support/mpi_main.h"

static kith_model_options options; /* of the model that is checked */

static kith_tensor *model(test_form *f) { return test_form_model(f, &options, f->leaf[0]); }

static void check(kith_model_options o, double step) {
  options = o;
  options.dim = FORM_WIDTH;
  if (kith_model_uses_importance_graph(&o)) test_form_near(model, step);
  else test_form_whole(model, step, kith_model_has_self_loops(&o));
  if (options.layers > 0) options.layers = 1;
  test_form_sampled(model, step);
}

#define MODEL_TEST(name, step, ...)                                                                          \
  static void name(void **state) {                                                                           \
    (void)state;                                                                                             \
    check((kith_model_options){__VA_ARGS__}, step);                                                          \
  }

MODEL_TEST(lightgcn_is_differentiated, FORM_STEP, .name = KITH_LIGHTGCN, .layers = 3)
MODEL_TEST(mf_is_differentiated, FORM_STEP, .name = KITH_MF)
MODEL_TEST(ngcf_is_differentiated, FORM_STEP, .name = KITH_NGCF, .layers = 2, .dropout = 0.2)
MODEL_TEST(gcn_is_differentiated, FORM_STEP, .name = KITH_GCN, .layers = 2, .dropout = 0.3)
MODEL_TEST(lightgcn_with_a_residual_is_differentiated, FORM_STEP, .name = KITH_LIGHTGCN, .layers = 3,
           .residual = 0.2, .edge_dropout = 0.2)
MODEL_TEST(gcn_with_a_residual_is_differentiated, FORM_SMALL_STEP, .name = KITH_GCN, .layers = 3,
           .residual = 0.4, .output_dim = 3, .dropout = 0.2)
MODEL_TEST(gcnii_is_differentiated, FORM_SMALL_STEP, .name = KITH_GCNII, .layers = 3, .dropout = 0.2,
           .gcnii = {.alpha = 0.2, .lambda = 0.7}, .output_dim = 3)
MODEL_TEST(gcnii_on_fewer_edges_is_differentiated, FORM_SMALL_STEP, .name = KITH_GCNII, .layers = 2,
           .gcnii = {.alpha = 0.1, .lambda = 0.5}, .edge_dropout = 0.3)
MODEL_TEST(gat_is_differentiated, FORM_SMALL_STEP, .name = KITH_GAT, .layers = 2, .gat.heads = 2,
           .dropout = 0.1)
MODEL_TEST(gat_with_a_mean_of_heads_is_differentiated, FORM_SMALL_STEP, .name = KITH_GAT, .layers = 2,
           .gat.heads = 2, .gat.last_heads = 3, .gat.last_merge = KITH_HEADS_AVERAGE, .output_dim = 5,
           .gat.attention_dropout = 0.3)
MODEL_TEST(gat_with_other_columns_is_differentiated, FORM_SMALL_STEP, .name = KITH_GAT, .layers = 2,
           .gat.heads = 4, .gat.last_heads = 3, .output_dim = 6)
MODEL_TEST(gcn_with_other_columns_is_differentiated, FORM_SMALL_STEP, .name = KITH_GCN, .layers = 2,
           .output_dim = 3)
MODEL_TEST(sage_with_other_columns_is_differentiated, FORM_SMALL_STEP, .name = KITH_SAGE, .layers = 2,
           .output_dim = 11)
MODEL_TEST(lightgcn_that_learns_its_layers_is_differentiated, FORM_STEP, .name = KITH_LIGHTGCN, .layers = 3,
           .lightgcn.layer_weights = KITH_LAYER_WEIGHTS_LEARNED)
MODEL_TEST(lightgcn_on_fewer_edges_is_differentiated, FORM_STEP, .name = KITH_LIGHTGCN, .layers = 3,
           .edge_dropout = 0.3)
MODEL_TEST(ngcf_on_fewer_edges_is_differentiated, FORM_SMALL_STEP, .name = KITH_NGCF, .layers = 2,
           .edge_dropout = 0.4)
MODEL_TEST(gcn_on_fewer_edges_is_differentiated, FORM_SMALL_STEP, .name = KITH_GCN, .layers = 2,
           .edge_dropout = 0.3)
MODEL_TEST(gat_on_fewer_edges_is_differentiated, FORM_SMALL_STEP, .name = KITH_GAT, .layers = 2,
           .gat.heads = 2, .edge_dropout = 0.3, .gat.attention_dropout = 0.2)
MODEL_TEST(sage_on_fewer_edges_is_differentiated, FORM_SMALL_STEP, .name = KITH_SAGE, .layers = 2,
           .edge_dropout = 0.3, .sage.aggregator = KITH_SAGE_POOL)
MODEL_TEST(sage_with_means_is_differentiated, FORM_SMALL_STEP, .name = KITH_SAGE, .layers = 2)
MODEL_TEST(sage_with_an_lstm_is_differentiated, FORM_SMALL_STEP, .name = KITH_SAGE, .layers = 2,
           .sage.aggregator = KITH_SAGE_LSTM)
MODEL_TEST(sage_with_an_lstm_on_fewer_edges_is_differentiated, FORM_SMALL_STEP, .name = KITH_SAGE,
           .layers = 2, .sage.aggregator = KITH_SAGE_LSTM, .edge_dropout = 0.2)
MODEL_TEST(sage_with_pools_is_differentiated, FORM_SMALL_STEP, .name = KITH_SAGE, .layers = 2,
           .sage.aggregator = KITH_SAGE_POOL)
MODEL_TEST(pinsage_is_differentiated, FORM_SMALL_STEP, .name = KITH_PINSAGE, .layers = 2, .dropout = 0.1)
MODEL_TEST(pinsage_on_fewer_edges_is_differentiated, FORM_SMALL_STEP, .name = KITH_PINSAGE, .layers = 2,
           .edge_dropout = 0.2)
MODEL_TEST(pinsage_with_other_columns_is_differentiated, FORM_SMALL_STEP, .name = KITH_PINSAGE, .layers = 2,
           .output_dim = 3)

/* LightGCN with relations, of which some have learned weights: on the whole graph, also with directed ones,
 * and a layer of it on a sampled block. */
static void check_relations(kith_relation_weights w, double edge_dropout) {
  options = (kith_model_options){.name = KITH_LIGHTGCN, .dim = FORM_WIDTH, .layers = 3, .relations = w};
  options.edge_dropout = edge_dropout;
  test_form_related(model, FORM_STEP, &w, false);
  test_form_related(model, FORM_STEP, &w, true);
  options.layers = 1;
  test_form_sampled_related(model, FORM_STEP, &w);
}

static const struct kith_relation_weight FRIEND = {.name = "friend", .weight = 0.7},
                                         LEARNED_FRIEND = {.name = "friend", .weight = 1, .learned = true},
                                         TAGGED = {.name = "tagged", .weight = 1.9},
                                         LEARNED_TAGGED = {.name = "tagged", .weight = 1, .learned = true},
                                         LEARNED_VIEW = {.name = "view", .weight = 1, .learned = true};

/* Gates are learned of the friends; all in one step, where entries of one pair share a gate. */
static void lightgcn_with_gates_is_differentiated(void **state) {
  (void)state;
  kith_relation_weights w = {.n = 2, .of = {FRIEND, TAGGED}, .tie = KITH_TIE_LEARNED};
  check_relations(w, 0);
  w.of[0] = LEARNED_FRIEND;
  check_relations(w, 0.3);
  w.of[1] = LEARNED_TAGGED;
  check_relations(w, 0);
}

static void lightgcn_with_relations_is_differentiated(void **state) {
  (void)state;
  check_relations((kith_relation_weights){.n = 2, .of = {FRIEND, TAGGED}}, 0);
}

static void lightgcn_with_rows_of_kinds_is_differentiated(void **state) {
  (void)state;
  const kith_relation_weights w = {.n = 2, .of = {FRIEND, {.name = "view", .weight = 0.4}}};
  options = (kith_model_options){.name = KITH_LIGHTGCN,
                                 .dim = FORM_WIDTH,
                                 .layers = 2,
                                 .relations = w,
                                 .lightgcn.kinds = KITH_KIND_ROWS_LEARNED,
                                 .edge_dropout = 0.2,
                                 .residual = 0.1};
  test_form_related(model, FORM_STEP, &w, false);
  test_form_related(model, FORM_STEP, &w, true);
  options.layers = 1;
  test_form_sampled_related(model, FORM_STEP, &w);
}

static void learned_weights_of_relations_are_differentiated(void **state) {
  (void)state;
  check_relations((kith_relation_weights){.n = 1, .of = {LEARNED_TAGGED}}, 0);
  check_relations((kith_relation_weights){.n = 2, .of = {FRIEND, LEARNED_VIEW}}, 0);
  check_relations((kith_relation_weights){.n = 3, .of = {LEARNED_FRIEND, TAGGED, LEARNED_VIEW}}, 0);
}

static void learned_weights_on_fewer_edges_are_differentiated(void **state) {
  (void)state;
  check_relations((kith_relation_weights){.n = 3, .of = {LEARNED_FRIEND, LEARNED_TAGGED, LEARNED_VIEW}}, 0.3);
}

static void diffnet_is_differentiated(void **state) {
  (void)state;
  const kith_relation_weights w = {.n = 3, .of = {FRIEND, TAGGED, {.name = "view", .weight = 0.4}}};
  for (int drops = 0; drops < 2; drops++) {
    options = (kith_model_options){.name = KITH_DIFFNET,
                                   .dim = FORM_WIDTH,
                                   .layers = 2,
                                   .relations = w,
                                   .edge_dropout = drops ? 0.2 : 0,
                                   .dropout = drops ? 0.1 : 0};
    test_form_related(model, FORM_SMALL_STEP, &w, drops == 1);
    options.layers = 1;
    test_form_sampled_related(model, FORM_SMALL_STEP, &w);
  }
}

/* Frequencies, phases and weights of codes of time; sampled blocks have no ages. */
static void time_codes_are_differentiated(void **state) {
  (void)state;
  const kith_relation_weights w = {.n = 2, .of = {FRIEND, TAGGED}};
  for (int drops = 0; drops < 2; drops++) {
    options = (kith_model_options){.name = KITH_GAT,
                                   .dim = FORM_WIDTH,
                                   .layers = 2,
                                   .gat = {.heads = 2, .time_dim = 3, .attention_dropout = drops ? 0.2 : 0},
                                   .edge_dropout = drops ? 0.2 : 0};
    test_form_whole(model, FORM_SMALL_STEP, true);
    options = (kith_model_options){.name = KITH_DIFFNET,
                                   .dim = FORM_WIDTH,
                                   .layers = 2,
                                   .relations = w,
                                   .diffnet.time_dim = 4,
                                   .edge_dropout = drops ? 0.3 : 0};
    test_form_related(model, FORM_SMALL_STEP, &w, drops == 1);
  }
}

static void rgcn_is_differentiated(void **state) {
  (void)state;
  const kith_relation_weights w = {.n = 3, .of = {FRIEND, TAGGED, {.name = "view", .weight = 0.4}}};
  for (int bases = 0; bases <= 2; bases += 2) {
    options = (kith_model_options){.name = KITH_RGCN,
                                   .dim = FORM_WIDTH,
                                   .layers = 2,
                                   .relations = w,
                                   .rgcn.bases = bases,
                                   .edge_dropout = 0.2,
                                   .dropout = 0.1};
    test_form_related(model, FORM_SMALL_STEP, &w, false);
    test_form_related(model, FORM_SMALL_STEP, &w, true);
    options.layers = 1;
    test_form_sampled_related(model, FORM_SMALL_STEP, &w);
  }
}

/* Of any relations: that users are at no end is checked of the graph. */
static void kgin_is_differentiated(void **state) {
  (void)state;
  const kith_relation_weights w = {.n = 3, .of = {FRIEND, TAGGED, {.name = "view", .weight = 1}}};
  for (int k = 0; k < 2; k++) {
    options = (kith_model_options){.name = KITH_KGIN,
                                   .dim = FORM_WIDTH,
                                   .layers = 2,
                                   .relations = w,
                                   .kgin.intents = 3,
                                   .edge_dropout = k * 0.2,
                                   .dropout = k * 0.1};
    test_form_related(model, FORM_SMALL_STEP, &w, false);
    test_form_related(model, FORM_SMALL_STEP, &w, true);
    options.layers = 1;
    test_form_sampled_related(model, FORM_SMALL_STEP, &w);
  }
}

/* On the whole graph; blocks of several hops are held against it in tests/same/test_models.c. */
static void check_cascade(kith_cascade_options c) {
  const kith_relation_weights w = {.n = 1, .of = {{.name = "view", .weight = 1}}};
  c.order = (kith_relation_names){2, {"view", "interactions"}};
  options = (kith_model_options){.name = KITH_CASCADE, .dim = FORM_WIDTH, .layers = 2, .relations = w};
  options.cascade = c;
  test_form_related(model, FORM_STEP, &w, false);
  options.edge_dropout = 0.3;
  test_form_related(model, FORM_STEP, &w, true);
}

static void cascade_is_differentiated(void **state) {
  (void)state;
  for (int t = KITH_CASCADE_NONE; t <= KITH_CASCADE_TYPES; t++)
    check_cascade((kith_cascade_options){.transform = (kith_cascade_transform)t, .layers = {2, {1, 3}}});
}

static void cascade_with_residuals_is_differentiated(void **state) {
  (void)state;
  check_cascade((kith_cascade_options){.residual = true});
}

/* Means and attention, and every way to fuse; a mean over all nodes only of the whole graph. */
static void han_is_differentiated(void **state) {
  (void)state;
  const kith_relation_weights w = {.n = 3,
                                   .of = {{"friend", 1, false}, {"tagged", 1, false}, {"view", 1, false}}};
  for (int i = 0; i < 7; i++) {
    kith_han_options han = {.neighbors = i < 4 ? KITH_HAN_MEAN : KITH_HAN_ATTENTION,
                            .fuse = (kith_han_fuse)(i < 4 ? i : i - 3),
                            .own = i % 2 == 1,
                            .heads = 2,
                            .attention_dropout = i == 5 ? 0.3 : 0,
                            .semantic_dim = 3};
    options = (kith_model_options){.name = KITH_HAN,
                                   .dim = FORM_WIDTH,
                                   .layers = 1,
                                   .output_dim = 3,
                                   .relations = w,
                                   .han = han,
                                   .edge_dropout = i == 3 ? 0.2 : 0,
                                   .dropout = 0.1};
    test_form_related(model, FORM_SMALL_STEP, &w, i % 2 == 1);
    if (han.fuse != KITH_HAN_BY_TYPE) test_form_sampled_related(model, FORM_SMALL_STEP, &w);
  }
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(lightgcn_is_differentiated),
                                     cmocka_unit_test(mf_is_differentiated),
                                     cmocka_unit_test(ngcf_is_differentiated),
                                     cmocka_unit_test(gcn_is_differentiated),
                                     cmocka_unit_test(lightgcn_with_a_residual_is_differentiated),
                                     cmocka_unit_test(gcn_with_a_residual_is_differentiated),
                                     cmocka_unit_test(gcnii_is_differentiated),
                                     cmocka_unit_test(gcnii_on_fewer_edges_is_differentiated),
                                     cmocka_unit_test(gat_with_a_mean_of_heads_is_differentiated),
                                     cmocka_unit_test(gat_with_other_columns_is_differentiated),
                                     cmocka_unit_test(gcn_with_other_columns_is_differentiated),
                                     cmocka_unit_test(sage_with_other_columns_is_differentiated),
                                     cmocka_unit_test(sage_with_an_lstm_is_differentiated),
                                     cmocka_unit_test(sage_with_an_lstm_on_fewer_edges_is_differentiated),
                                     cmocka_unit_test(lightgcn_that_learns_its_layers_is_differentiated),
                                     cmocka_unit_test(lightgcn_on_fewer_edges_is_differentiated),
                                     cmocka_unit_test(ngcf_on_fewer_edges_is_differentiated),
                                     cmocka_unit_test(gcn_on_fewer_edges_is_differentiated),
                                     cmocka_unit_test(gat_on_fewer_edges_is_differentiated),
                                     cmocka_unit_test(sage_on_fewer_edges_is_differentiated),
                                     cmocka_unit_test(gat_is_differentiated),
                                     cmocka_unit_test(sage_with_means_is_differentiated),
                                     cmocka_unit_test(sage_with_pools_is_differentiated),
                                     cmocka_unit_test(pinsage_is_differentiated),
                                     cmocka_unit_test(pinsage_on_fewer_edges_is_differentiated),
                                     cmocka_unit_test(pinsage_with_other_columns_is_differentiated),
                                     cmocka_unit_test(rgcn_is_differentiated),
                                     cmocka_unit_test(han_is_differentiated),
                                     cmocka_unit_test(diffnet_is_differentiated),
                                     cmocka_unit_test(time_codes_are_differentiated),
                                     cmocka_unit_test(kgin_is_differentiated),
                                     cmocka_unit_test(cascade_is_differentiated),
                                     cmocka_unit_test(cascade_with_residuals_is_differentiated),
                                     cmocka_unit_test(lightgcn_with_gates_is_differentiated),
                                     cmocka_unit_test(lightgcn_with_relations_is_differentiated),
                                     cmocka_unit_test(lightgcn_with_rows_of_kinds_is_differentiated),
                                     cmocka_unit_test(learned_weights_of_relations_are_differentiated),
                                     cmocka_unit_test(learned_weights_on_fewer_edges_are_differentiated)};
  test_begin(&argc, &argv);
  return test_end(cmocka_run_group_tests(tests, NULL, NULL));
}
