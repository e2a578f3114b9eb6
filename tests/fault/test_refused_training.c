/* ranks: 1 3, slow */
/*
 * Training from the first step to the exported file with the k-th read, write or allocation on rank r
 * refused, for every r and k: all ranks learn the same, every file under its final name is whole, and the
 * next run goes on to the same bits.
 */
#include <limits.h>

#include "support/chain.h"
#include "support/mpi_main.h"
#include "support/sweep.h"

static kith_agreed run_train(void) { return test_chain_train(true); }

/* Now and then: the run that was refused goes on, and ends as if nothing had happened. */
static const char *goes_on(int64_t k) {
  enum { NOW_AND_THEN = 9 };
  const char *wrong = test_chain_look(k);
  if (k % NOW_AND_THEN != 0) return wrong;
  if (kith_is_bad(test_chain_train(false))) return "it does not go on";
  return test_chain_is_right() ? wrong : "gone on, it ends elsewhere";
}

/* Writes are refused to the thread that writes beside the steps; the others, far more, go the quicker way. */
static void each(kith_fault_kind kind, int64_t least) {
  chain.run.checkpoint.async_above_mb = kind == KITH_FAULT_WRITE ? 0 : INT_MAX;
  const sweep s = {.kind = kind,
                   .run = run_train,
                   .look = goes_on,
                   .folder = chain.outputs,
                   .inputs = chain.inputs,
                   .least = least,
                   .mends = kind == KITH_FAULT_READ};
  sweep_each(&s);
  assert_int_equal(kith_comm_max(test_comm, !test_chain_is_right()), 0);
}

static void reads(void **state) {
  (void)state;
  each(KITH_FAULT_READ, 5);
}
static void writes(void **state) {
  (void)state;
  each(KITH_FAULT_WRITE, 100);
}
static void allocations(void **state) {
  (void)state;
  each(KITH_FAULT_ALLOC, 100);
}

/* A loss that is not finite on one rank stops all of them at the end of its epoch, and the checkpoint before
 * it stays. */
static void a_loss_that_is_not_finite_on_one_rank(void **state) {
  (void)state;
  if (!sweep_has(KITH_FAULT_LOSS)) skip();
  for (int r = 0; r < test_comm->size; r++) {
    kith_fault_set(KITH_FAULT_LOSS, test_comm->rank == r ? 2 : 0);
    kith_agreed st = test_chain_train(true);
    kith_fault_set(KITH_FAULT_LOSS, 0);
    bool right = st.status == KITH_ENUMERIC && strstr(kith_error_text(), "not finite");
    assert_int_equal(kith_comm_max(test_comm, !right), 0);
    assert_int_equal(kith_comm_max(test_comm, test_chain_train(false).status),
                     KITH_OK); /* and the next run goes on from there */
    assert_int_equal(kith_comm_max(test_comm, !test_chain_is_right()), 0);
  }
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(reads), cmocka_unit_test(writes),
                                     cmocka_unit_test(allocations),
                                     cmocka_unit_test(a_loss_that_is_not_finite_on_one_rank)};
  setenv("KITH_RANKS_PER_HOST", "1", 1); /* what ranks of a host share, mpi_host_halo sweeps */
  test_begin(&argc, &argv);
  test_chain_begin();
  int failures = cmocka_run_group_tests(tests, NULL, NULL);
  test_chain_end();
  return test_end(failures);
}
