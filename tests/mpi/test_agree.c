/* ranks: 1 2 3 */
/* What one rank knows becomes what all know: the largest code, and the words of the rank that has it, which
 * is named. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "comm/sparse.h"
#include "support/mpi_main.h"

#include "base/fault.h"
#include "comm/comm.h"
#include "comm/host_table.h"
#include "graph/content.h"

/* Rank 0 speaks for all and needs no name. */
static void assert_words(int rank, const char *words) {
  char all[192], name[32] = "";
  if (rank > 0) snprintf(name, sizeof name, "rank %d: ", rank);
  snprintf(all, sizeof all, "%s%s", name, words);
  assert_string_equal(kith_error_text(), all);
}

static void the_words_of_the_rank_that_fails_are_everybodys(void **state) {
  (void)state;
  char words[64];
  for (int r = 0; r < test_comm->size; r++) {
    snprintf(words, sizeof words, "list.txt:%d: of the %d. rank", 17 + r, r);
    kith_status mine = test_comm->rank == r ? kith_fail(KITH_EDATA, "%s", words) : KITH_OK;
    assert_int_equal(kith_agree(test_comm, mine).status, KITH_EDATA);
    assert_words(r, words);
  }
}

static void the_largest_code_wins(void **state) {
  (void)state;
  const kith_status code[] = {KITH_EUSAGE, KITH_EIO, KITH_EDATA};
  char words[64];
  int worst = test_comm->size > 1 ? 1 : 0;
  kith_status mine = kith_fail(code[test_comm->rank], "of the %d. rank", test_comm->rank);
  assert_int_equal(kith_agree(test_comm, mine).status, code[worst]);
  snprintf(words, sizeof words, "of the %d. rank", worst);
  assert_words(worst, words);
}

static void nobody_fails_where_all_are_well(void **state) {
  (void)state;
  assert_int_equal(kith_agree(test_comm, KITH_OK).status, KITH_OK);
}

/* Counts of MPI have 32 bits: longer arrays go in several messages, the last one shorter. */
static void a_long_array_is_reduced_message_by_message(void **state) {
  (void)state;
  enum { N = 11 };
  for (int most = 1; most <= N; most += 2) {
    int32_t x[N + 1];
    for (int i = 0; i <= N; i++) x[i] = 100 * test_comm->rank + i;
    kith__comm_reduce(test_comm, N, most, MPI_INT32_T, MPI_MAX, x);
    for (int i = 0; i < N; i++) assert_int_equal(x[i], 100 * (test_comm->size - 1) + i);
    assert_int_equal(x[N], 100 * test_comm->rank + N);
  }
}

/* Sizes alone, without arrays of them: users and items are together more than 32 bits number. */
static void numbers_of_nodes_have_64_bits_or_are_refused(void **state) {
  (void)state;
  const int64_t billion = 1000000000;
  const kith_gid first[] = {0, 3 * billion, 3 * billion, 3 * billion + 5, 4 * billion};
  assert_int_equal(kith_owner(4, first, 3 * billion - 1), 0);
  assert_int_equal(kith_owner(4, first, 3 * billion + 4), 2);
  assert_int_equal(kith_owner(4, first, 4 * billion - 1), 3);
  kith_graph g = {.n = {2 * billion, 2 * billion}, .n_edge = 1};
  assert_true(kith_graph_n_node(&g) == 4 * billion);
  kith__content content;
  assert_int_equal(kith__content_gather(test_comm, &g, KITH_ITEM, 0, &content).status, KITH_ECONFIG);
  assert_non_null(strstr(kith_error_text(), "4000000000"));
}

/* What rank `from` tells rank `to` in a round: in some rounds nothing, or nobody anything. */
static int told(int round, int from, int to) {
  return from == to || round % 5 == 4 ? 0 : (3 * round + 5 * from + 7 * to) % 4;
}

/* Rounds without a pause between them; each has other receivers and numbers. */
static void a_round_brings_what_some_ranks_say(void **state) {
  (void)state;
  enum { ROUNDS = 60, MOST = 4 };
  kith_sparse x;
  int64_t out[3 * MOST], in[3 * MOST];
  assert_int_equal(kith_sparse_make(test_comm, &x).status, KITH_OK);
  for (int round = 0; round < ROUNDS; round++) {
    int count[3] = {0}, first[3] = {0}, n = 0, all = 0;
    for (int r = 0; r < test_comm->size; r++) {
      first[r] = n;
      count[r] = told(round, test_comm->rank, r);
      for (int i = 0; i < count[r]; i++) out[n++] = 1000 * round + 100 * test_comm->rank + 10 * r + i;
      all += told(round, r, test_comm->rank);
    }
    kith_sparse_begin(&x, MPI_INT64_T, (int)sizeof *out, out, count, first, round * (test_comm->rank + 1));
    assert_int_equal(kith_sparse_end(&x, MPI_INT64_T, (int)sizeof *in, all, in), round * test_comm->size);
    assert_int_equal(x.n, all);
    for (int r = 0; r < test_comm->size; r++) {
      assert_int_equal(x.count[r], told(round, r, test_comm->rank));
      for (int i = 0; i < x.count[r]; i++)
        assert_int_equal(in[x.at[r] + i], 1000 * round + 100 * r + 10 * test_comm->rank + i);
    }
  }
  kith_sparse_free(&x);
}

/* Squares, each put by one rank, then summed up; n_host: hosts that share, 0: none does. */
static void sum_squares(int n_host) {
  enum { N = 70000 };
  kith_host_table t;
  int64_t first = 0, n = 0, sum = 0;
  assert_int_equal(kith_host_table_make(test_comm, N * (int64_t)sizeof(int64_t), &t).status, KITH_OK);
  assert_int_equal(t.share ? t.hosts->n : 0, n_host);
  int64_t *x = t.data, n_lead = kith_host_table_leads(&t);
  kith_comm_sum_int(test_comm, 1, &n_lead);
  assert_int_equal(n_lead, n_host ? n_host : test_comm->size);
  kith_host_table_part(&t, N, &first, &n);
  kith_comm_sum_int(test_comm, 1, &n);
  assert_int_equal(n, (n_host ? n_host : test_comm->size) * N); /* once a host */
  for (int64_t i = test_comm->rank; i < N; i += test_comm->size) x[i] = i * i;
  kith_host_table_sum(&t, N);
  if (kith_host_table_leads(&t))
    for (int64_t i = 1; i < N; i++) x[i] += x[i - 1];
  kith_host_table_end(&t);
  assert_null(t.hosts);
  for (int64_t i = 0; i < N; i++) assert_int_equal(x[i], sum += i * i);
  kith_host_table_free(&t);
}

static void a_table_is_the_same_on_all_ranks_and_there_once_a_host(void **state) {
  (void)state;
  const int size = test_comm->size;
  int64_t least = kith__host_table_share_from(1), live = kith_alloc_live();
  sum_squares(size > 1 ? 1 : 0);
  setenv("KITH_RANKS_PER_HOST", "2", 1);
  sum_squares(size > 1 ? (size + 1) / 2 : 0);
  setenv("KITH_RANKS_PER_HOST", "1", 1); /* nothing to share */
  sum_squares(0);
  unsetenv("KITH_RANKS_PER_HOST");
  for (int k = 1; k <= 3; k++) { /* refused: to make it, to map it, to take its pages */
    if (test_comm->rank == 0) kith_fault_set(KITH_FAULT_SHARE, k);
    sum_squares(0);
    kith_fault_set(KITH_FAULT_SHARE, 0);
  }
  kith__host_table_share_from(least);
  sum_squares(0); /* too small */
  assert_int_equal(kith_alloc_live(), live);
  assert_int_equal(kith_host_table_bytes(8 << 20, 4), 2 << 20);
  assert_int_equal(kith_host_table_bytes(8, 4), 8);
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(the_words_of_the_rank_that_fails_are_everybodys),
                                     cmocka_unit_test(the_largest_code_wins),
                                     cmocka_unit_test(nobody_fails_where_all_are_well),
                                     cmocka_unit_test(a_long_array_is_reduced_message_by_message),
                                     cmocka_unit_test(numbers_of_nodes_have_64_bits_or_are_refused),
                                     cmocka_unit_test(a_round_brings_what_some_ranks_say),
                                     cmocka_unit_test(
                                         a_table_is_the_same_on_all_ranks_and_there_once_a_host)};
  test_begin(&argc, &argv);
  return test_end(cmocka_run_group_tests(tests, NULL, NULL));
}
