/* ranks: 1 */
/* Which options of a model contradict each other. */
#include "model/model.h"
#include "support/mpi_main.h"

static kith_status gat(int dim, int heads, int last_heads, kith_head_merge merge) {
  kith_model_options o = kith_model_defaults();
  o.name = KITH_GAT;
  o.dim = dim;
  o.gat = (kith_gat_options){.heads = heads, .last_heads = last_heads, .last_merge = merge};
  return kith_model_check(&o);
}

static void heads_divide_the_columns_that_they_concatenate(void **state) {
  (void)state;
  assert_int_equal(gat(12, 4, 0, KITH_HEADS_CONCAT), KITH_OK);
  assert_int_equal(gat(12, 5, 0, KITH_HEADS_CONCAT), KITH_ECONFIG);
  assert_non_null(strstr(kith_error_text(), "model.gat.heads: 5"));
  assert_int_equal(gat(12, 5, 0, KITH_HEADS_AVERAGE), KITH_ECONFIG);
  assert_int_equal(gat(12, 4, 3, KITH_HEADS_CONCAT), KITH_OK);
  assert_int_equal(gat(12, 4, 5, KITH_HEADS_CONCAT), KITH_ECONFIG);
  assert_non_null(strstr(kith_error_text(), "model.gat.last_heads: 5"));
  assert_int_equal(gat(12, 4, 5, KITH_HEADS_AVERAGE), KITH_OK);
}

static void some_models_read_relations(void **state) {
  (void)state;
  kith_model_options o = kith_model_defaults();
  assert_int_equal(kith_model_relations(&o)->n, 0);
  o.relations = (kith_relation_weights){.n = 1, .of = {{.name = "friend", .weight = 0.5}}};
  assert_true(kith_model_relation(&o, "friend") && kith_model_has_own_graph(&o));
  assert_null(kith_model_relation(&o, "foe"));
  o.layers = 0;
  assert_null(kith_model_relation(&o, "friend"));
  o.layers = 2;
  o.name = KITH_NGCF;
  assert_false(kith_model_relation(&o, "friend") || kith_model_has_own_graph(&o));
  for (int attends = 0; attends < 2; attends++) {
    o.name = attends ? KITH_DIFFNET : KITH_RGCN;
    assert_true(kith_model_relation(&o, "friend") && kith_model_has_own_graph(&o));
  }
}

/* A row for each kind has any scale, and means know neither ages nor ties; without a graph it is no model. */
static void kgin_reads_plain_relations(void **state) {
  (void)state;
  const kith_relation_weights good = {.n = 1, .of = {{.name = "kg", .weight = 1}}};
  kith_model_options o = kith_model_defaults();
  o.name = KITH_KGIN;
  const struct {
    kith_relation_weights w;
    const char *says;
  } bad[] = {{{.n = 0}, "model.relations: kgin"},
             {{.n = 1, .of = {{.name = "kg", .weight = 2}}}, "model.relations.kg"},
             {{.n = 1, .of = {{.name = "kg", .weight = 1, .learned = true}}}, "model.relations.kg"},
             {{.n = 1, .of = {{.name = "kg", .weight = 1}}, .tie = KITH_TIE_SIMILARITY}, "model.tie"},
             {{.n = 1,
               .of = {{.name = "kg", .weight = 1}},
               .n_half_life = 1,
               .half_life = {{.name = "kg", .seconds = 60}}},
              "model.half_lives.kg"}};
  o.relations = good;
  assert_int_equal(kith_model_check(&o), KITH_OK);
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    o.relations = bad[i].w;
    assert_int_equal(kith_model_check(&o), KITH_ECONFIG);
    assert_non_null(strstr(kith_error_text(), bad[i].says));
  }
}

/* Rows of kinds take the place of learned weights, and need a relation and floats. */
static void rows_of_kinds_go_with_fixed_weights_alone(void **state) {
  (void)state;
  kith_model_options o = kith_model_defaults();
  o.lightgcn.kinds = KITH_KIND_ROWS_LEARNED;
  assert_int_equal(kith_model_check(&o), KITH_ECONFIG);
  assert_non_null(strstr(kith_error_text(), "model.kinds"));
  o.relations = (kith_relation_weights){.n = 1, .of = {{.name = "kg", .weight = 0.5}}};
  assert_int_equal(kith_model_check(&o), KITH_OK);
  o.lightgcn.storage = KITH_STORAGE_BF16;
  assert_int_equal(kith_model_check(&o), KITH_ECONFIG);
  o.lightgcn.storage = KITH_STORAGE_FLOAT32;
  o.relations.tie = KITH_TIE_LEARNED;
  assert_int_equal(kith_model_check(&o), KITH_ECONFIG);
  o.relations.tie = KITH_TIE_NONE;
  o.relations.of[0].learned = true;
  assert_int_equal(kith_model_check(&o), KITH_ECONFIG);
  assert_non_null(strstr(kith_error_text(), "model.relations.kg"));
}

/* A matrix learns what a weight would, and means know neither ages nor ties. */
static void check_plain_relations(kith_model_name name) {
  kith_model_options o = kith_model_defaults();
  o.name = name;
  o.relations = (kith_relation_weights){.n = 1,
                                        .of = {{.name = "friend", .weight = 0.5}},
                                        .n_half_life = 1,
                                        .half_life = {{.name = "view", .seconds = 60}}};
  assert_int_equal(kith_model_check(&o), KITH_OK);
  snprintf(o.relations.half_life[0].name, KITH_NAME, "friend");
  assert_int_equal(kith_model_check(&o), KITH_ECONFIG);
  assert_non_null(strstr(kith_error_text(), "model.half_lives.friend"));
  o.relations.n_half_life = 0;
  o.relations.tie = KITH_TIE_SIMILARITY;
  assert_int_equal(kith_model_check(&o), KITH_ECONFIG);
  assert_non_null(strstr(kith_error_text(), "model.tie"));
  o.relations.tie = KITH_TIE_NONE;
  o.relations.of[0].learned = true;
  assert_int_equal(kith_model_check(&o), KITH_ECONFIG);
  assert_non_null(strstr(kith_error_text(), "model.relations.friend: learned"));
}

static void rgcn_and_diffnet_read_plain_relations(void **state) {
  (void)state;
  check_plain_relations(KITH_RGCN);
  check_plain_relations(KITH_DIFFNET);
  kith_model_options o = kith_model_defaults();
  o.name = KITH_DIFFNET;
  o.relations = (kith_relation_weights){.n = 1, .of = {{.name = "friend"}}}; /* its logarithm is a score */
  assert_int_equal(kith_model_check(&o), KITH_ECONFIG);
}

static kith_status cascade_of(kith_model_options *o, const char *said) {
  kith_status st = kith_model_check(o);
  if (said && st == KITH_ECONFIG && !strstr(kith_error_text(), said)) fail_msg("%s", kith_error_text());
  return st;
}

static void cascade_has_behaviors_in_order(void **state) {
  (void)state;
  kith_model_options o = kith_model_defaults();
  o.name = KITH_CASCADE;
  o.layers = 2;
  assert_int_equal(cascade_of(&o, "model.cascade.order: expected"), KITH_ECONFIG);
  o.cascade.order = (kith_relation_names){2, {"interactions", "view"}};
  assert_int_equal(cascade_of(&o, "found a list that ends with view"), KITH_ECONFIG);
  o.cascade.order = (kith_relation_names){2, {"view", "interactions"}};
  assert_int_equal(cascade_of(&o, "view is no relation of model.relations"), KITH_ECONFIG);
  o.relations = (kith_relation_weights){.n = 1, .of = {{.name = "view", .weight = 1}}};
  assert_int_equal(cascade_of(&o, NULL), KITH_OK);
  assert_int_equal(kith_model_n_layer(&o), 4);
  o.cascade.layers = (kith_fanouts){2, {3, 1}};
  assert_int_equal(kith_model_n_layer(&o), 4);
  o.cascade.layers = (kith_fanouts){1, {3}};
  assert_int_equal(kith_model_n_layer(&o), 6);
  o.cascade.layers = (kith_fanouts){3, {1, 1, 1}};
  assert_int_equal(cascade_of(&o, "3 numbers, but model.cascade.order has 2"), KITH_ECONFIG);
  o.cascade.layers = (kith_fanouts){1, {40}};
  assert_int_equal(cascade_of(&o, "80 layers in all"), KITH_ECONFIG);
  o.cascade.layers.n = 0;
  o.layers = 0;
  assert_int_equal(cascade_of(&o, "model.layers: 0"), KITH_ECONFIG);
  o.layers = 2;
  o.relations.of[0].weight = 0.5;
  assert_int_equal(cascade_of(&o, "model.relations.view: cascade reads"), KITH_ECONFIG);
  o.relations =
      (kith_relation_weights){.n = 2, .of = {{.name = "cart", .weight = 1}, {.name = "view", .weight = 1}}};
  assert_int_equal(cascade_of(&o, "model.relations.cart: cascade reads"), KITH_ECONFIG);
}

static void rows_of_features_start_at_no_singular_vectors(void **state) {
  (void)state;
  kith_model_options o = kith_model_defaults();
  o.start = KITH_START_SPECTRAL;
  assert_int_equal(kith_model_check(&o), KITH_OK);
  o.input = KITH_BOTH;
  assert_int_equal(kith_model_check(&o), KITH_OK);
  o.input = KITH_FEATURES;
  assert_int_equal(kith_model_check(&o), KITH_ECONFIG);
  assert_non_null(strstr(kith_error_text(), "model.start: spectral"));
}

/* Gradients of the weights of entries need the rows as floats. */
static void rounded_rows_go_with_fixed_weights_alone(void **state) {
  (void)state;
  kith_model_options o = kith_model_defaults();
  o.relations = (kith_relation_weights){.n = 1, .of = {{.name = "friend", .weight = 0.5}}};
  assert_false(kith_model_rounds_rows(&o));
  o.lightgcn.storage = KITH_STORAGE_BF16;
  assert_true(kith_model_rounds_rows(&o));
  assert_int_equal(kith_model_check(&o), KITH_OK);
  o.relations.tie = KITH_TIE_LEARNED;
  assert_int_equal(kith_model_check(&o), KITH_ECONFIG);
  assert_non_null(strstr(kith_error_text(), "model.tie: learned"));
  o.relations.tie = KITH_TIE_SIMILARITY;
  o.relations.of[0].learned = true;
  assert_int_equal(kith_model_check(&o), KITH_ECONFIG);
  assert_non_null(strstr(kith_error_text(), "model.relations.friend: learned"));
  o.layers = 0;
  assert_int_equal(kith_model_check(&o), KITH_OK);
  assert_false(kith_model_rounds_rows(&o));
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(heads_divide_the_columns_that_they_concatenate),
                                     cmocka_unit_test(some_models_read_relations),
                                     cmocka_unit_test(rgcn_and_diffnet_read_plain_relations),
                                     cmocka_unit_test(kgin_reads_plain_relations),
                                     cmocka_unit_test(rows_of_kinds_go_with_fixed_weights_alone),
                                     cmocka_unit_test(cascade_has_behaviors_in_order),
                                     cmocka_unit_test(rows_of_features_start_at_no_singular_vectors),
                                     cmocka_unit_test(rounded_rows_go_with_fixed_weights_alone)};
  test_begin(&argc, &argv);
  return test_end(cmocka_run_group_tests(tests, NULL, NULL));
}
