/* ranks: 1 */
/* What is too much for a meta-path is refused, and without memory it leaves nothing; tests/cli/test_paths.sh
 * has its edges. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ingest/paths.h"

enum { FULL = 200 }; /* nodes that all have the same so many things: FULL^(steps - 1) ways between two */

static void fill_full(int n, kith__graph_data *t) {
  kith__edge_list pairs = {.has_weight = false};
  int64_t duplicates;
  *t = (kith__graph_data){.schema = {.n_type = 2, .type = {"user", "item"}, .n_relation = 1}};
  t->schema.relation[0] = (kith_relation_type){.name = "has", .from = 0, .to = 1};
  t->ids[0].n = t->ids[1].n = n;
  for (int u = 0; u < n; u++)
    for (int i = 0; i < n; i++) assert_int_equal(kith__edge_list_add(&pairs, u, i, 0, 0, 0), KITH_OK);
  assert_int_equal(kith__edge_csr_build(&pairs, n, &t->relation[0], &duplicates), KITH_OK);
}

static void forget_paths(kith__graph_data *t) {
  for (int r = 1; r < KITH_MAX_RELATIONS; r++) kith__edge_csr_free(&t->relation[r]);
  t->schema.n_relation = 1;
}

/* has, has.back, has, has.back, … */
static kith_status make_path(int steps, kith_path_weights weights, int64_t most, kith__graph_data *t) {
  kith_relation_report report[KITH_MAX_RELATIONS];
  kith_path_source p = {.name = "p", .steps.n = steps, .weights = weights};
  for (int i = 0; i < steps; i++) p.steps.of[i] = (struct kith_path_step){.name = "has", .back = i % 2};
  return kith__paths_make(1, &p, most, t, report);
}

static void assert_refused(kith_status code, const char *words) {
  assert_int_equal(code, KITH_ECONFIG);
  assert_non_null(strstr(kith_error_text(), words));
}

static void too_many_edges_or_ways_of_a_path_are_refused(void **state) {
  (void)state;
  const int64_t edges = FULL * (FULL - 1);
  kith__graph_data t;
  fill_full(FULL, &t);
  assert_refused(make_path(2, KITH_PATH_COUNT, edges - 1, &t),
                 "data.paths.p: more than 39799 edges; expected data.paths.p.keep");
  forget_paths(&t);
  assert_int_equal(make_path(4, KITH_PATH_COUNT, edges, &t), KITH_OK);
  assert_true(t.relation[1].ragged.start[FULL] == edges && t.relation[1].weight[0] == FULL * FULL * FULL);
  forget_paths(&t);
  assert_refused(make_path(6, KITH_PATH_COUNT, edges, &t),
                 "there are 320000000000 ways between two nodes, but weights count to 2^24");
  forget_paths(&t);
  assert_int_equal(make_path(6, KITH_PATH_SIMILARITY, edges, &t), KITH_OK);
  assert_true(t.relation[1].weight[edges - 1] == 1);
  forget_paths(&t);
  assert_refused(make_path(8, KITH_PATH_SIMILARITY, edges, &t), "more than 2^53 ways between two nodes");
  forget_paths(&t);
  kith__edge_csr_free(&t.relation[0]);
}

static void a_path_without_memory_leaves_none(void **state) {
  (void)state;
  kith_status code = KITH_ENOMEM;
  kith__graph_data t;
  int64_t k = 0;
  fill_full(3, &t);
  for (const int64_t live = kith_alloc_live(); code != KITH_OK; k++) {
    kith_alloc_refuse(k + 1);
    code = make_path(4, KITH_PATH_SIMILARITY, 100, &t);
    kith_alloc_refuse(0);
    assert_true(code == KITH_OK || code == KITH_ENOMEM);
    forget_paths(&t);
    assert_int_equal(kith_alloc_live(), live);
  }
  assert_true(k > 10);
  kith__edge_csr_free(&t.relation[0]);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(too_many_edges_or_ways_of_a_path_are_refused),
      cmocka_unit_test(a_path_without_memory_leaves_none),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
