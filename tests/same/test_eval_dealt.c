/* ranks: 1 3 4 */
/* Users that are dealt anew for ranking, so that ranks have even shares of them. */
#include "support/ranked.h"
#include "support/mpi_main.h"

#include "eval/deal.h"
#include "eval/eval_impl.h"

enum { TERMS = 3 };

/* Terms of three items of each owned user. */
static kith_pair_terms terms_of(const kith_graph *g) {
  kith_pair_terms t = {.item = {.n_row = g->n_own_of[0]}};
  if (KITH_NEW(t.item.start, g->n_own_of[0] + 1) || KITH_NEW(t.item.value, TERMS * g->n_own_of[0]) ||
      KITH_NEW(t.value, TERMS * g->n_own_of[0]))
    abort();
  for (int64_t u = 0, e = 0; u < g->n_own_of[0]; t.item.start[++u] = e)
    for (int k = 0; k < TERMS; k++, e++) {
      int64_t who = g->original[g->row_of[0][u]];
      t.item.value[e] = (int32_t)(who + 200 * k);
      t.value[e] = (float)(10 * who + k + 1);
    }
  return t;
}

/* Users that are dealt anew: an even share, each with the row and the lists that its owner has. */
static void users_are_dealt_evenly_with_their_rows_and_lists(void **state) {
  (void)state;
  kith_graph *g = test_ranked_share();
  float *x = test_vectors(g);
  kith__scope s;
  kith__deal deal;
  kith_pair_terms terms = terms_of(g);
  const kith_eval_options o = test_eval_options(KITH_EVAL_TEST, 1, (int[]){5});
  bool met[USERS] = {false};
  for (kith_lid i = 0; i < g->n_own_of[0]; i++) /* rows tell whose they are */
    x[g->row_of[0][i] * WIDTH] = (float)g->original[g->row_of[0][i]];
  assert_int_equal(kith__scope_make(test_comm, g, &o.scope, true, &g->test, &s).status, KITH_OK);
  assert_int_equal(kith__deal_make(test_comm, g, WIDTH, x, &s, true, &terms, &deal).status, KITH_OK);
  int64_t all = deal.n;
  kith_comm_sum_int(test_comm, 1, &all);
  int64_t low = all / test_comm->size, n_seen = deal.n;
  if (deal.is_dealt) assert_true(deal.n == low || deal.n == low + 1);
  assert_true(deal.n * test_comm->size <= all + all / 50 + test_comm->size);
  for (kith_lid i = 0; i < deal.n; i++) {
    const kith_lid at = deal.user[i];
    const int u = (int)deal.x[deal.users.row_of[0][at] * WIDTH];
    assert_true(u >= 0 && u < USERS && !met[u]);
    met[u] = true;
    for (int item = 0; item < ITEMS / 6; item++) {
      assert_int_equal(kith_ragged_has(deal.scope.truth, at, item), test_tested(u, item));
      assert_int_equal(kith_ragged_has(&deal.users.train, at, item), test_trained(u, item));
      assert_int_equal(kith__scope_masks(&deal.scope, at, item),
                       test_trained(u, item) || test_validated(u, item));
    }
    for (int k = 0; k < TERMS; k++)
      assert_true(kith__addend_one(deal.pairs, at, u + 200 * k) == (float)(10 * u + k + 1));
    assert_true(kith__addend_one(deal.pairs, at, u + 1) == 0);
  }
  kith_comm_sum_int(test_comm, 1, &n_seen);
  assert_int_equal(n_seen, all);
  kith__deal_free(&deal);
  kith__scope_free(&s);
  kith_ragged_free(&terms.item);
  KITH_FREE(terms.value);
  free(x);
  kith_graph_destroy(&g);
}

/* The lists of all users are those that their owners compute, whoever is dealt them; ranks have even shares.
 */
static void all_users_have_the_lists_of_their_owners(void **state) {
  (void)state;
  kith_graph *g = test_ranked_share();
  float *x = test_vectors(g);
  kith_pair_terms terms = terms_of(g);
  const kith_direct_term none = {0};
  const kith_eval_scope scope = kith_eval_defaults().scope;
  kith_topk own, all;
  int32_t *user = NULL, item[USERS * K] = {0}, wanted[USERS * K] = {0};
  float score[USERS * K] = {0}, expected[USERS * K] = {0};
  assert_int_equal(kith_eval_topk(test_comm, g, WIDTH, x, &none, &terms, K, &scope, 0, NULL, &own).status,
                   KITH_OK);
  assert_int_equal(kith_eval_topk_all(test_comm, g, WIDTH, x, &none, &terms, K, &scope, &all, &user).status,
                   KITH_OK);
  assert_true(all.n_user * test_comm->size <= USERS + USERS / 50 + test_comm->size);
  for (kith_lid u = 0; u < own.n_user; u++)
    for (int j = 0; j < K; j++) {
      const int64_t at = g->original[g->row_of[0][u]] * K + j;
      wanted[at] = own.item[u * K + j];
      expected[at] = own.score[u * K + j];
    }
  for (kith_lid u = 0; u < all.n_user; u++)
    for (int j = 0; j < K; j++) {
      item[user[u] * K + j] = all.item[u * K + j];
      score[user[u] * K + j] = all.score[u * K + j];
    }
  MPI_Allreduce(MPI_IN_PLACE, item, USERS * K, MPI_INT32_T, MPI_SUM, test_comm->mpi);
  MPI_Allreduce(MPI_IN_PLACE, wanted, USERS * K, MPI_INT32_T, MPI_SUM, test_comm->mpi);
  MPI_Allreduce(MPI_IN_PLACE, score, USERS * K, MPI_FLOAT, MPI_SUM, test_comm->mpi);
  MPI_Allreduce(MPI_IN_PLACE, expected, USERS * K, MPI_FLOAT, MPI_SUM, test_comm->mpi);
  assert_memory_equal(item, wanted, sizeof item);
  assert_memory_equal(score, expected, sizeof score);
  kith_topk_free(&own);
  kith_topk_free(&all);
  KITH_FREE(user);
  kith_ragged_free(&terms.item);
  KITH_FREE(terms.value);
  free(x);
  kith_graph_destroy(&g);
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(users_are_dealt_evenly_with_their_rows_and_lists),
                                     cmocka_unit_test(all_users_have_the_lists_of_their_owners)};
  test_begin(&argc, &argv);
  test_ranked_begin();
  int failures = cmocka_run_group_tests(tests, NULL, NULL);
  test_ranked_end();
  return test_end(failures);
}
