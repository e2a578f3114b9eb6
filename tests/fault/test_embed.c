/* ranks: 1 2 3, slow */
/*
 * Embedding newcomers, from the list to the file, with the k-th allocation, read or write on rank r refused,
 * for every r and k: all ranks learn the same, nothing is left in memory, and no file is left behind or
 * changed.
 */
#include <unistd.h>

#include "support/folder.h"
#include "support/mpi_main.h"
#include "support/parts.h"
#include "support/sweep.h"

#include "kith/embed.h"
#include "kith/partition.h"
#include "ingest/ingest.h"
#include "train/alike_rows.h"
#include "train/embed_adapt.h"

static char folder[KITH_PATH]; /* of rank 0, known to all */
static kith_run run;
static kith_graph *graph;

static kith_edge_source list_of(const char *name, const char *text) {
  kith_edge_source s = {.format = KITH_EDGES};
  test_path(folder, name, s.path);
  if (test_comm->rank == 0) test_file_write(folder, name, text, strlen(text), s.path);
  KITH_MPI(MPI_Barrier(test_comm->mpi));
  return s;
}

static kith_feature_source features_of(const char *name, const char *text) {
  kith_feature_source s = {.format = KITH_FEATURES_AUTO};
  memcpy(s.path, list_of(name, text).path, sizeof s.path);
  return s;
}

static void cut_alone(void) {
  assert_int_equal(KITH_OK, test_parts_write(run.graph, run.parts, 4, KITH_PARTITION_HASH).status);
}

static kith_relation_source relation_of(const char *list, const char *text) {
  kith_relation_source s = {.name = "tag", .from = "item", .to = "tag"};
  s.list = list_of(list, text);
  return s;
}

/* A graph, its cut, and one epoch of training. */
static void prepare(void) {
  kith_ingest_options o = {.interactions =
                               list_of("train", "a w\na x\nb x\nb y\nc y\nc z\nd z\nd w\ne x\ne z\n")};
  o.split =
      (kith_split){.method = KITH_SPLIT_RATIO, .valid = 0.5, .seed = 1}; /* embed.adapt learns of these */
  o.features[KITH_ITEM] = features_of("items", "w red\nx green\ny red blue:0.5\n");
  o.n_relation = 1;
  o.relation[0] = relation_of("tags", "w old\nx old\ny new\n");
  kith_ingest_report r;
  kith_run_result result;
  run = (kith_run){.model = kith_model_defaults(),
                   .train = kith_train_defaults(),
                   .evaluate = kith_eval_defaults(),
                   .checkpoint = kith_checkpoint_defaults(),
                   .job = "job text"};
  run.model = (kith_model_options){
      .name = KITH_SAGE, .dim = 4, .layers = 2, .init = 0.1, .gat.heads = 1, .input = KITH_BOTH};
  run.train.batch = 4;
  run.train.epochs = 1;
  run.evaluate.every = 0;
  snprintf(run.work, sizeof run.work, "%s", folder);
  test_path(folder, "graph.h5", run.graph);
  test_path(folder, "parts.h5", run.parts);
  assert_int_equal(KITH_OK, kith_ingest(test_comm, &o, "job text", run.graph, &r).status);
  if (test_comm->rank == 0) cut_alone();
  KITH_MPI(MPI_Barrier(test_comm->mpi));
  assert_int_equal(KITH_OK, kith_graph_read(test_comm, run.parts, &graph).status);
  assert_int_equal(KITH_OK, kith_train_run(test_comm, graph, &run, &result).status);
}

static kith_agreed embed_all(const kith_new_nodes_options *source, const char *output) {
  kith_agreed st = {KITH_OK};
  char checkpoint[KITH_PATH];
  kith_new_nodes new = {.n_pair = 0};
  kith_new_nodes_report report;
  kith_new_embeddings e = {.n = 0};
  kith_embeddings_meta meta = {.model = "sage", .metrics = "", .job = "job text"};
  KITH_TRY(kith_checkpoint_find(test_comm, folder, 0, checkpoint));
  KITH_TRY(kith_new_nodes_read(test_comm, run.graph, source, &new, &report));
  KITH_TRY(kith_embed(test_comm, graph, &run, &new, NULL, checkpoint, &e));
  KITH_TRY(kith_new_embeddings_write(test_comm, graph, &new, output, e.first, e.n, e.d, e.x, &meta));
done:
  kith_new_nodes_free(&new);
  kith_new_embeddings_free(&e);
  return st;
}

static kith_new_nodes_options source;
static char output[KITH_PATH];
static void source_make(void) {
  source = (kith_new_nodes_options){.interactions = list_of("new", "f x\nf y\na v\ng v\nf x\n"),
                                    .what = KITH_NEW_BOTH};
  source.features[KITH_ITEM] = features_of("new-items", "w red\nv green red:2\nu blue\n");
  source.n_relation = 1;
  source.relation[0] = relation_of("new-tags", "v old\nt new\nw new\n");
}

static kith_agreed run_embed(void) { return embed_all(&source, output); }

static void refused_anything_all_ranks_learn_it_and_nothing_changes(void **state) {
  (void)state;
  const kith_fault_kind kind[] = {KITH_FAULT_ALLOC, KITH_FAULT_READ, KITH_FAULT_WRITE};
  source_make();
  test_path(folder, "new.h5", output);
  for (int i = 0; i < 3; i++) {
    const sweep s = {.kind = kind[i],
                     .run = run_embed,
                     .folder = folder,
                     .inputs = folder,
                     .least = 20,
                     .mends = kind[i] == KITH_FAULT_READ};
    if (sweep_has(kind[i])) sweep_each(&s);
  }
}

/* The means of embed.init: mean alone; the new nodes were read before. */
static kith_new_nodes known_new;
static float *known_rows, *new_rows;
static kith_agreed run_means(void) {
  int64_t n_alone = 0, all = known_new.n[KITH_USER] + known_new.n[KITH_ITEM];
  int64_t first = kith_chunk_begin(all, test_comm->size, test_comm->rank);
  const kith__alike_block o = {.new = &known_new,
                               .neighbors = 2,
                               .first = first,
                               .n = kith_chunk_begin(all, test_comm->size, test_comm->rank + 1) - first,
                               .d = 4,
                               .x = new_rows};
  return kith__alike_rows_fill(test_comm, graph, run.parts, &o, KITH_ITEM, known_rows, &n_alone);
}

static void refused_means_all_ranks_learn_it(void **state) {
  (void)state;
  const kith_fault_kind kind[] = {KITH_FAULT_ALLOC, KITH_FAULT_READ};
  kith_new_nodes_report report;
  source_make();
  assert_int_equal(KITH_OK, kith_new_nodes_read(test_comm, run.graph, &source, &known_new, &report).status);
  assert_int_equal(KITH_OK, KITH_NEW(known_rows, (int64_t)graph->n_own * 4));
  assert_int_equal(KITH_OK, KITH_NEW(new_rows, (known_new.n[KITH_USER] + known_new.n[KITH_ITEM]) * 4));
  for (int i = 0; i < 2; i++) {
    const sweep s = {
        .kind = kind[i], .run = run_means, .folder = folder, .inputs = folder, .least = i == 0 ? 10 : 1};
    if (sweep_has(kind[i])) sweep_each(&s);
  }
  KITH_FREE(known_rows);
  KITH_FREE(new_rows);
  kith_new_nodes_free(&known_new);
}

/* embed.adapt alone: episodes, what is learned of them, and new users, whose rows it moves at the end. */
static float *all_rows, *kept_rows;
static kith_new_nodes adapt_new;
static kith_new_embeddings adapt_of;
static char adapt_checkpoint[KITH_PATH];

static kith_embed_options adapt_options(void) {
  kith_embed_options o = kith_embed_defaults();
  o.adapt = o.adapt_pairs.n = 1;
  o.adapt_users = 10;
  return o;
}

static kith_agreed run_adapt(void) {
  const kith_embed_options o = adapt_options();
  kith_new_embeddings e = adapt_of;
  memcpy(kept_rows, e.x, (size_t)(e.n * e.d) * sizeof *e.x);
  kith_agreed st = kith_embed_adapt(test_comm, graph, &run, &adapt_new, &o, adapt_checkpoint, all_rows, &e);
  const bool moved = memcmp(kept_rows, e.x, (size_t)(e.n * e.d) * sizeof *e.x) != 0 || e.adapted.shared;
  assert_int_equal(kith_comm_max(test_comm, kith_is_bad(st) && moved), 0);
  memcpy(e.x, kept_rows, (size_t)(e.n * e.d) * sizeof *e.x);
  KITH_FREE(e.adapted.shared);
  return st;
}

static void refused_steps_all_ranks_learn_it_and_rows_stay(void **state) {
  (void)state;
  const kith_fault_kind kind[] = {KITH_FAULT_ALLOC, KITH_FAULT_READ};
  const kith_embed_options o = adapt_options();
  kith_new_nodes_report report;
  int d = 0;
  source = (kith_new_nodes_options){.interactions = list_of("new-users", "f x\nf y\ng w\nh z\n"),
                                    .what = KITH_NEW_USERS};
  test_path(folder, "embeddings.h5", output);
  assert_int_equal(KITH_OK, kith_new_nodes_read(test_comm, run.graph, &source, &adapt_new, &report).status);
  assert_int_equal(KITH_OK, kith_checkpoint_find(test_comm, folder, 0, adapt_checkpoint).status);
  assert_int_equal(KITH_OK, kith_embeddings_read(test_comm, graph, output, &d, &all_rows).status);
  assert_int_equal(KITH_OK,
                   kith_embed(test_comm, graph, &run, &adapt_new, &o, adapt_checkpoint, &adapt_of).status);
  assert_int_equal(KITH_OK, KITH_NEW(kept_rows, adapt_of.n * adapt_of.d));
  /* What it reads, kith_embed() reads, whose reads are refused below: some of them are enough. */
  for (int i = 0; i < 2; i++) {
    const sweep s = {.kind = kind[i],
                     .run = run_adapt,
                     .folder = folder,
                     .inputs = folder,
                     .least = i == 0 ? 20 : 2,
                     .stride = i == 0 ? 37 : 101,
                     .mends = kind[i] == KITH_FAULT_READ};
    if (sweep_has(kind[i]) && (i == 0 || test_comm->size > 1)) sweep_each(&s);
  }
  KITH_FREE(all_rows);
  KITH_FREE(kept_rows);
  kith_new_embeddings_free(&adapt_of);
  kith_new_nodes_free(&adapt_new);
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(refused_means_all_ranks_learn_it),
                                     cmocka_unit_test(refused_steps_all_ranks_learn_it_and_rows_stay),
                                     cmocka_unit_test(
                                         refused_anything_all_ranks_learn_it_and_nothing_changes)};
  test_begin(&argc, &argv);
  if (access("/dev/shm", W_OK) == 0)
    setenv("TMPDIR", "/dev/shm", 0); /* thousands of files are put onto the disk */
  test_folder_begin(folder);
  prepare();
  int failures = cmocka_run_group_tests(tests, NULL, NULL);
  kith_graph_destroy(&graph);
  test_folder_end(folder);
  return test_end(failures);
}
