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

static void lightgcn_alone_reads_relations(void **state) {
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

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(heads_divide_the_columns_that_they_concatenate),
                                     cmocka_unit_test(lightgcn_alone_reads_relations),
                                     cmocka_unit_test(rows_of_features_start_at_no_singular_vectors)};
  test_begin(&argc, &argv);
  return test_end(cmocka_run_group_tests(tests, NULL, NULL));
}
