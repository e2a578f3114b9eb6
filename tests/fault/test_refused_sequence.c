/* ranks: 2 */
/*
 * Training of SASRec on the rows of a model that has been trained, and with it, from its lists to the
 * exported rows, and embedding of new users by either, with the k-th allocation or read on rank r refused,
 * for every r and k: all ranks learn the same.
 */
#include <dirent.h>
#include <unistd.h>

#include "support/folder.h"
#include "support/mpi_main.h"
#include "support/sweep.h"
#include "support/timed.h"

#include "kith/embed.h"
#include "ingest/ingest.h"
#include "train/train.h"

static struct {
  char folder[KITH_PATH], work[KITH_PATH];
  kith_graph *g;
  kith_run run;
} job;

static void job_graph(void) {
  const kith_split split = {.method = KITH_SPLIT_LEAVE_LAST_OUT, .valid = .5};
  job.g = test_timed_graph(job.folder, 24, &split, job.run.graph, job.run.parts);
  assert_int_equal(KITH_OK, kith_graph_times_read(test_comm, job.run.parts, job.g).status);
}

/* From the rows of the model of the graph, which are in base. */
static kith_agreed job_train(void) {
  kith_run_result result;
  char path[KITH_PATH];
  DIR *d = test_comm->rank == 0 ? opendir(job.work) : NULL;
  for (struct dirent *e = d ? readdir(d) : NULL; e; e = readdir(d))
    if (e->d_type != DT_DIR) unlink(test_path(job.work, e->d_name, path));
  if (d) closedir(d);
  KITH_MPI(MPI_Barrier(test_comm->mpi));
  return kith_train_run(test_comm, job.g, &job.run, &result);
}

static void job_list_new(void) {
  static const char text[] = "7,10,2000\n8,11,2001\n7,14,2002\n";
  char path[KITH_PATH];
  if (test_comm->rank == 0) test_file_write(job.folder, "new", text, sizeof text - 1, path);
  KITH_MPI(MPI_Barrier(test_comm->mpi));
}

static void job_begin(void) {
  test_folder_begin(job.folder);
  job.run = (kith_run){.model = kith_model_defaults(),
                       .train = kith_train_defaults(),
                       .evaluate = {.k = {2}, .n_k = 1, .every = 1, .split = KITH_EVAL_VALID},
                       .checkpoint = {.every_epochs = 1, .keep = 1},
                       .job = "job text"};
  job_graph();
  job_list_new();
  job.run.model.dim = 3;
  job.run.model.layers = 1;
  job.run.model.sequence = KITH_SEQUENCE_SASREC;
  job.run.model.sasrec = (kith_sasrec_options){.dim = 2,
                                               .graph = true,
                                               .length = 3,
                                               .blocks = 1,
                                               .heads = 1,
                                               .epochs = 1,
                                               .batch = 3,
                                               .candidates = 2,
                                               .rate = .01,
                                               .gamma = KITH_SASREC_AUTO};
  job.run.train.epochs = 1;
  job.run.train.batch = 8;
  test_path(job.folder, "work", job.work);
  snprintf(job.run.work, sizeof job.run.work, "%s", job.work);
  assert_int_equal(KITH_OK, job_train().status);
}

/* Rows of two new users with items and times. */
static kith_agreed job_embed(void) {
  kith_agreed st = {KITH_OK};
  char checkpoint[KITH_PATH];
  kith_new_nodes_options lists = {.interactions = {.format = KITH_EDGES, .time = "3"},
                                  .what = KITH_NEW_USERS};
  kith_new_nodes new = {.n_pair = 0};
  kith_new_nodes_report report;
  kith_new_embeddings e = {.n = 0};
  test_path(job.folder, "new", lists.interactions.path);
  KITH_TRY(kith_checkpoint_find(test_comm, job.work, 0, checkpoint));
  KITH_TRY(kith_new_nodes_read(test_comm, job.run.graph, &lists, &new, &report));
  KITH_TRY(kith_embed(test_comm, job.g, &job.run, &new, NULL, checkpoint, &e));
done:
  kith_new_nodes_free(&new);
  kith_new_embeddings_free(&e);
  return st;
}

/* Strides are prime: what recurs in every epoch and file is met at all its places. */
static void each(sweep_run run, kith_fault_kind kind, int64_t least, int64_t stride) {
  const sweep s = {.kind = kind,
                   .run = run,
                   .folder = job.work,
                   .inputs = job.folder,
                   .least = least,
                   .stride = stride,
                   .mends = kind == KITH_FAULT_READ};
  sweep_each(&s);
}

static void allocations(void **state) {
  (void)state;
  each(job_train, KITH_FAULT_ALLOC, 100, 89);
}
static void allocations_with_the_model_of_the_graph(void **state) {
  job.run.model.sasrec.joint = true;
  allocations(state);
  job.run.model.sasrec.joint = false;
}
static void reads(void **state) {
  (void)state;
  each(job_train, KITH_FAULT_READ, 5, 97);
}

static void embedding(void **state) {
  (void)state;
  assert_int_equal(job_train().status, KITH_OK);
  each(job_embed, KITH_FAULT_ALLOC, 100, 53);
  each(job_embed, KITH_FAULT_READ, 5, 151);
}
static void embedding_with_the_model_of_the_graph(void **state) {
  job.run.model.sasrec.joint = true;
  embedding(state);
  job.run.model.sasrec.joint = false;
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(allocations),
                                     cmocka_unit_test(allocations_with_the_model_of_the_graph),
                                     cmocka_unit_test(reads), cmocka_unit_test(embedding),
                                     cmocka_unit_test(embedding_with_the_model_of_the_graph)};
  if (access("/dev/shm", W_OK) == 0) setenv("TMPDIR", "/dev/shm", 0); /* hundreds of files are put there */
  setenv("KITH_RANKS_PER_HOST", "1", 1); /* what ranks of a host share, mpi_host_halo sweeps */
  test_begin(&argc, &argv);
  job_begin();
  int failures = cmocka_run_group_tests(tests, NULL, NULL);
  kith_graph_destroy(&job.g);
  test_folder_end(job.folder);
  return test_end(failures);
}
