/* ranks: 1 2 3, slow */
/*
 * From lists to metrics with the k-th read, write or allocation on rank r refused, for every r and k: all
 * ranks learn the same, nothing is left open or half-written, inputs stay as they are, and what was written
 * before stays whole.
 */
#include "support/chain.h"
#include "support/folder.h"
#include "support/mpi_main.h"
#include "support/sweep.h"

#include "generate/generate.h"

static kith_status generate_all(void) {
  enum { LISTS = 5 };
  static const char *const name[LISTS] = {"social.txt", "carts.txt", "views.txt", "tags.txt", "triples.txt"};
  char path[LISTS][KITH_PATH];
  kith_generate_options o = kith_generate_defaults();
  o.users = 20, o.items = 20, o.interactions = 60, o.friends = 10, o.communities = 2, o.views = 3;
  for (int i = 0; i < LISTS; i++) test_path(chain.outputs, name[i], path[i]);
  kith_generate_lists lists = {.interactions = test_chain_output("list.txt"),
                               .friends = path[0],
                               .carts = path[1],
                               .views = path[2],
                               .tags = path[3],
                               .triples = path[4]};
  return kith_generate(&o, &lists, NULL);
}

static kith_agreed run_generate(void) {
  return kith_agree(test_comm, test_comm->rank == 0 ? generate_all() : KITH_OK);
}

static kith_agreed run_ingest(void) { return test_chain_ingest_all(test_chain_output("graph.h5")); }

static kith_agreed run_partition(void) {
  return kith_agree(test_comm,
                    test_comm->rank == 0 ? test_chain_cut(test_chain_output("parts.h5")).status : KITH_OK);
}

static kith_agreed run_load(void) {
  kith_agreed st = {KITH_OK};
  kith_graph *g = NULL;
  kith_ids ids = {0};
  KITH_TRY(kith_graph_read(test_comm, chain.parts, &g));
  KITH_TRY(kith_ids_read(test_comm, chain.graph, KITH_ITEM, &ids));
done:
  kith_ids_free(&ids);
  kith_graph_destroy(&g);
  return st;
}

/* All epochs are done: reads the checkpoint, measures the exported file. */
static kith_agreed run_go_on(void) { return test_chain_train(false); }

static kith_agreed run_evaluate(void) {
  kith_agreed st = {KITH_OK};
  float *x = NULL;
  int d = 0;
  kith_metrics m;
  KITH_TRY(kith_embeddings_read(test_comm, chain.share, test_chain_output("embeddings.h5"), &d, &x));
  KITH_TRY(kith_eval_metrics(test_comm, chain.share, d, x, &chain.run.evaluate, &m));
done:
  KITH_FREE(x);
  return st;
}

/* With at least so many reads and writes on rank 0; 0: none of the kind. */
static void each_of(sweep_run run, int64_t reads, int64_t writes) {
  sweep s = {.kind = KITH_FAULT_ALLOC,
             .run = run,
             .look = test_chain_look,
             .folder = chain.outputs,
             .inputs = chain.inputs,
             .least = 3};
  sweep_each(&s);
  s.kind = KITH_FAULT_READ;
  s.mends = run == run_go_on; /* a checkpoint before the one that cannot be read */
  s.least = reads;
  if (reads > 0) sweep_each(&s);
  s.kind = KITH_FAULT_WRITE;
  s.mends = false;
  s.least = writes;
  if (writes > 0) sweep_each(&s);
}

static void generating(void **state) {
  (void)state;
  each_of(run_generate, 6, 30);
}
static void ingesting(void **state) {
  (void)state;
  each_of(run_ingest, 3, 30);
}
static void partitioning(void **state) {
  (void)state;
  each_of(run_partition, 20, 40);
}
static void loading(void **state) {
  (void)state;
  each_of(run_load, 20, 0);
}
static void going_on(void **state) {
  (void)state;
  each_of(run_go_on, 30, 0);
}
static void evaluating(void **state) {
  (void)state;
  each_of(run_evaluate, 10, 0);
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(generating),   cmocka_unit_test(ingesting),
                                     cmocka_unit_test(partitioning), cmocka_unit_test(loading),
                                     cmocka_unit_test(going_on),     cmocka_unit_test(evaluating)};
  test_begin(&argc, &argv);
  test_chain_begin();
  int failures = cmocka_run_group_tests(tests, NULL, NULL);
  test_chain_end();
  return test_end(failures);
}
