/* ranks: 1 2 3, slow */
/*
 * Explaining scores with the k-th allocation or read on rank r refused, for every r and k: all ranks learn
 * the same, and nothing is left in memory.
 */
#include <unistd.h>

#include "support/folder.h"
#include "support/mpi_main.h"
#include "support/parts.h"
#include "support/sweep.h"

#include "explain/explain.h"
#include "ingest/ingest.h"
#include "kith/partition.h"

static char folder[KITH_PATH]; /* of rank 0, known to all */
static char embeddings[KITH_PATH];
static kith_run run;
static kith_graph *graph;

static kith_edge_source list_of(const char *name, const char *text) {
  kith_edge_source s = {.format = KITH_EDGES};
  test_path(folder, name, s.path);
  if (test_comm->rank == 0) test_file_write(folder, name, text, strlen(text), s.path);
  KITH_MPI(MPI_Barrier(test_comm->mpi));
  return s;
}

static void cut_alone(void) {
  assert_int_equal(KITH_OK, test_parts_write(run.graph, run.parts, 4, KITH_PARTITION_HASH).status);
}

static void prepare(void) {
  kith_ingest_options o = {.interactions =
                               list_of("train", "a w\na x\nb x\nb y\nc y\nc z\nd z\nd w\ne x\ne z\n")};
  o.n_relation = 1;
  o.relation[0] = (kith_relation_source){.name = "tag", .from = "item", .to = "tag"};
  o.relation[0].list = list_of("tags", "w old\nx old\ny new\n");
  const kith_edge_source colors = list_of("colors", "w red\nx green\ny red blue:0.5\n");
  memcpy(o.features[KITH_ITEM].path, colors.path, sizeof colors.path);
  o.features[KITH_ITEM].format = KITH_SPARSE;
  kith_ingest_report r;
  kith_run_result result;
  run = (kith_run){.model = kith_model_defaults(),
                   .train = kith_train_defaults(),
                   .evaluate = kith_eval_defaults(),
                   .checkpoint = kith_checkpoint_defaults(),
                   .job = "job text"};
  run.model.dim = 4;
  run.model.input = KITH_BOTH;
  run.model.relations = (kith_relation_weights){.n = 1, .of = {{.name = "tag", .weight = 0.5}}};
  run.train.batch = 4;
  run.train.epochs = 1;
  run.evaluate.every = 0;
  snprintf(run.work, sizeof run.work, "%s", folder);
  test_path(folder, "graph.h5", run.graph);
  test_path(folder, "parts.h5", run.parts);
  test_path(folder, "embeddings.h5", embeddings);
  assert_int_equal(KITH_OK, kith_ingest(test_comm, &o, "job text", run.graph, &r).status);
  if (test_comm->rank == 0) cut_alone();
  KITH_MPI(MPI_Barrier(test_comm->mpi));
  assert_int_equal(KITH_OK, kith_graph_read(test_comm, run.parts, &graph).status);
  assert_int_equal(KITH_OK, kith_train_run(test_comm, graph, &run, &result).status);
}

static kith_agreed run_explain(void) {
  kith_agreed st = {KITH_OK};
  const kith_explain_query query[3] = {{0, 2, -1}, {1, 3, 2}, {4, 0, -1}};
  kith_explainer *e = NULL;
  kith_explanations all = {.n = 0};
  kith_embeddings_origin from = {.epoch = 0};
  float *x = NULL;
  int d = 0;
  KITH_TRY(kith_embeddings_origin_read(test_comm, embeddings, &from));
  KITH_TRY(kith_embeddings_read(test_comm, graph, embeddings, &d, &x));
  KITH_TRY(kith_explainer_create(test_comm, graph, &run, &from, x, &e));
  KITH_TRY(kith_explain(e, 3, query, 2, 2, 2, &all));
  for (int q = 0; q < 3; q++) {
    const kith_explain_sums *s = &all.sums[q];
    assert_true(s->n_term == 2 && all.path[2 * q].n > 0 && all.connection[2 * q].n > 0);
    assert_true(fabs(s->rounding) < 1e-6);
    assert_true(all.item[q].has_features && all.item[q].n_term == (q == 2 ? 1 : 2));
  }
done:
  kith_explanations_free(&all);
  kith_explainer_free(&e);
  KITH_FREE(x);
  KITH_FREE(from.config_key);
  return st;
}

static void refused_anything_all_ranks_learn_it(void **state) {
  (void)state;
  const kith_fault_kind kind[] = {KITH_FAULT_ALLOC, KITH_FAULT_READ};
  for (int i = 0; i < 2; i++) {
    const sweep s = {.kind = kind[i],
                     .run = run_explain,
                     .folder = folder,
                     .inputs = folder,
                     .least = 10,
                     .mends = kind[i] == KITH_FAULT_READ};
    if (sweep_has(kind[i])) sweep_each(&s);
  }
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(refused_anything_all_ranks_learn_it)};
  test_begin(&argc, &argv);
  test_folder_begin(folder);
  prepare();
  int failures = cmocka_run_group_tests(tests, NULL, NULL);
  kith_graph_destroy(&graph);
  test_folder_end(folder);
  return test_end(failures);
}
