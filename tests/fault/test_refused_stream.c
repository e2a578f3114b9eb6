/* ranks: 2 */
/*
 * Training a model of a stream, from its events to the checkpoint and the validation events, with the k-th
 * write or allocation on rank r refused, for every r and k: all ranks learn the same, and a checkpoint under
 * its final name can be read.
 */
#include "support/folder.h"
#include "support/mpi_main.h"
#include "support/sweep.h"
#include "support/timed.h"

#include "train/stream_run.h"

static struct {
  char folder[KITH_PATH], graph[KITH_PATH];
  kith_graph *g;
  kith_stream_run run;
} job;

static void job_graph(void) {
  const kith_split split = {.method = KITH_SPLIT_STREAM, .valid = .1, .test = .1};
  char parts[KITH_PATH];
  job.g = test_timed_graph(job.folder, 20, &split, job.graph, parts);
}

static void job_begin(void) {
  test_folder_begin(job.folder);
  job_graph();
  job.run = (kith_stream_run){.stream = {.known = KITH_STREAM_EVENT,
                                         .batch = 7,
                                         .model = KITH_STREAM_TGN,
                                         .dim = 4,
                                         .heads = 1,
                                         .time_dim = 2,
                                         .neighbors = 2,
                                         .evidence = true,
                                         .init = .1},
                              .train = kith_train_defaults(),
                              .checkpoint = {.every_steps = 2, .keep = 1},
                              .every = 1,
                              .job = "",
                              .config_key = KITH_CONFIG_KEY_BEGIN,
                              .fresh = true};
  job.run.train.epochs = 1;
  test_path(job.folder, "work", job.run.work);
}

static kith_agreed job_train(void) {
  kith_agreed st = {KITH_OK};
  kith_stream *s = NULL;
  kith_stream_run_result result;
  KITH_TRY(kith_stream_open(test_comm, job.g, job.graph, &s));
  KITH_TRY(kith_stream_train(test_comm, job.g, s, &job.run, &result));
done:
  kith_stream_destroy(&s);
  return st;
}

static const char *job_look(int64_t k) {
  kith_stream *s = NULL;
  kith_tgn *t = NULL;
  int64_t epoch = 0;
  (void)k;
  kith_agreed st = kith_stream_open(test_comm, job.g, job.graph, &s);
  if (!kith_is_bad(st)) st = kith_stream_load(test_comm, job.g, s, &job.run, &t, &epoch);
  kith_tgn_destroy(&t);
  kith_stream_destroy(&s);
  return st.status == KITH_OK || st.status == KITH_ENOINPUT ? NULL : "its checkpoint cannot be read";
}

/* Strides are prime: what recurs in every step, or in every dataset of a checkpoint, is met at all its
 * places. */
static void each(kith_fault_kind kind, int64_t least, int64_t stride) {
  const sweep s = {.kind = kind,
                   .run = job_train,
                   .look = kind == KITH_FAULT_WRITE ? job_look : NULL,
                   .folder = job.run.work,
                   .inputs = job.folder,
                   .least = least,
                   .stride = stride};
  sweep_each(&s);
}

static void allocations(void **state) {
  (void)state;
  each(KITH_FAULT_ALLOC, 100, 23);
}
static void writes(void **state) {
  (void)state;
  each(KITH_FAULT_WRITE, 10, 7);
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(allocations), cmocka_unit_test(writes)};
  setenv("KITH_RANKS_PER_HOST", "1", 1); /* what ranks of a host share, mpi_host_halo sweeps */
  test_begin(&argc, &argv);
  job_begin();
  int failures = cmocka_run_group_tests(tests, NULL, NULL);
  kith_graph_destroy(&job.g);
  test_folder_end(job.folder);
  return test_end(failures);
}
