/* ranks: 1 2 3 */
/* Lists of nodes to graph.h5, to parts.h5, to the ranks; what is wrong with a list is said with its file and
 * line. */
#include "kith/partition.h"
#include "ingest/ingest.h"
#include "support/classes.h"
#include "support/folder.h"
#include "support/mpi_main.h"
#include "support/parts.h"

enum { NODES = 70, CLASSES = 3, FEATURES = 11 };

static char folder[KITH_PATH]; /* of rank 0, known to all */

/* ---- helpers ---- */

static void file_of(const char *name, const char *text, char *path) {
  test_path(folder, name, path);
  if (test_comm->rank == 0) test_file_write(folder, name, text, strlen(text), path);
  KITH_MPI(MPI_Barrier(test_comm->mpi));
}

/* Five nodes: a path of four and one alone; node 4 has no label. */
static kith_ingest_nodes_options small(void) {
  kith_ingest_nodes_options o = {.format = KITH_SPARSE};
  file_of("edges.txt", "# pairs\n0 1\n2 1\n2 3\n1 2\n3 3\n", o.edges);
  file_of("labels.txt", "7\n10\n7\n2\n\n", o.labels);
  file_of("features.txt", "0 2\n1:0.5 2:1.5\n\n3\n0\n", o.features);
  file_of("train.txt", "3 1\n", o.train);
  file_of("valid.txt", "0\n", o.valid);
  file_of("test.txt", "2\n", o.test);
  return o;
}

static kith_status ingest(const kith_ingest_nodes_options *o, kith_ingest_nodes_report *r) {
  char path[KITH_PATH];
  return kith_ingest_nodes(test_comm, o, "job text", test_path(folder, "graph.h5", path), r).status;
}

static kith_dataset *read_back(void) {
  char path[KITH_PATH];
  kith_dataset *d = NULL;
  assert_int_equal(KITH_OK, kith_dataset_read(test_comm, test_path(folder, "graph.h5", path), &d).status);
  return d;
}

/* Sparse rows are the same as dense ones [n, d], and ascend. */
static void expect_dense(int64_t n, int d, const float *dense, const kith_features *f) {
  kith_features want = {0};
  assert_int_equal(KITH_OK, kith_features_from_dense(n, d, dense, &want));
  assert_int_equal(want.start[n], f->start[n]);
  assert_memory_equal(want.start, f->start, (size_t)(n + 1) * sizeof *f->start);
  assert_memory_equal(want.index, f->index, (size_t)f->start[n] * sizeof *f->index);
  assert_memory_equal(want.value, f->value, (size_t)f->start[n] * sizeof *f->value);
  kith_features_free(&want);
}

static void expect_refused(const kith_ingest_nodes_options *o, kith_status code, const char *words) {
  kith_ingest_nodes_report r;
  assert_int_equal(code, ingest(o, &r));
  if (!strstr(kith_error_text(), words)) fail_msg("\"%s\" does not say \"%s\"", kith_error_text(), words);
}

/* ---- what is read ---- */

static void lists_are_read_as_they_stand(void **state) {
  (void)state;
  kith_ingest_nodes_options o = small();
  kith_ingest_nodes_report r;
  assert_int_equal(KITH_OK, ingest(&o, &r));
  kith_dataset *d = read_back();
  const int32_t label[5] = {1, 2, 1, 0, -1}, neighbor[6] = {1, 0, 2, 1, 3, 2};
  const int8_t split[5] = {KITH_NODE_VALID, KITH_NODE_TRAIN, KITH_NODE_TEST, KITH_NODE_TRAIN, KITH_NODE_NONE};
  const int64_t start[6] = {0, 1, 3, 5, 6, 6};
  const float feature[20] = {1, 0, 1, 0, 0, 0.5f, 1.5f, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0};
  assert_true(d->n_class > 0 && d->n[0] == 5 && d->n[1] == 0 && d->n_edge == 3 && d->n_class == 3 &&
              d->n_feature_of[0] == 4);
  assert_memory_equal(label, d->label, sizeof label);
  assert_memory_equal(split, d->split, sizeof split);
  assert_memory_equal(start, d->train.start, sizeof start);
  assert_memory_equal(neighbor, d->train.value, sizeof neighbor);
  expect_dense(5, 4, feature, &d->features[0]);
  assert_true(r.n == 5 && r.n_edge == 3 && r.n_class == 3 && r.n_feature == 4 && r.duplicates == 1 &&
              r.self_loops == 1 && r.isolated == 1 && r.unlabeled == 1);
  assert_true(r.split[KITH_NODE_TRAIN] == 2 && r.split[KITH_NODE_VALID] == 1 && r.split[KITH_NODE_TEST] == 1);
  kith_dataset_destroy(&d);
}

static void rows_are_normalized(void **state) {
  (void)state;
  kith_ingest_nodes_options o = small();
  kith_ingest_nodes_report r;
  o.normalize = true;
  assert_int_equal(KITH_OK, ingest(&o, &r));
  kith_dataset *d = read_back();
  const float feature[20] = {0.5f, 0, 0.5f, 0, 0, 0.25f, 0.75f, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0};
  expect_dense(5, 4, feature, &d->features[0]);
  kith_dataset_destroy(&d);
}

static void features_may_be_dense(void **state) {
  (void)state;
  kith_ingest_nodes_options o = small();
  kith_ingest_nodes_report r;
  o.format = KITH_DENSE;
  file_of("dense.txt", "1,-2.5\n0,0\n3e1,4\n0,1\n5,6\n", o.features);
  assert_int_equal(KITH_OK, ingest(&o, &r));
  kith_dataset *d = read_back();
  const float feature[10] = {1, -2.5f, 0, 0, 30, 4, 0, 1, 5, 6};
  assert_int_equal(d->n_feature_of[0], 2);
  expect_dense(5, 2, feature, &d->features[0]);
  kith_dataset_destroy(&d);
}

static void classes_may_be_words_and_are_sorted(void **state) {
  (void)state;
  kith_ingest_nodes_options o = small();
  kith_ingest_nodes_report r;
  file_of("words.txt", "theory\nagents\n7\nagents\ntheory\n", o.labels);
  o.features[0] = '\0';
  assert_int_equal(KITH_OK, ingest(&o, &r));
  kith_dataset *d = read_back();
  const int32_t label[5] = {2, 1, 0, 1, 2};
  assert_memory_equal(label, d->label, sizeof label);
  assert_true(d->n_feature_of[0] == 0 && !d->features[0].start);
  kith_dataset_destroy(&d);
}

/* ---- what is refused ---- */

/* As scikit-learn and the Planetoid sets have it; among words too, whichever comes first. */
static void a_label_of_minus_one_is_none(void **state) {
  (void)state;
  static const char *const lists[] = {"-1\n7\n7\n2\n\n", "-1\ncat\ncat\nant\n\n", "-1\nb\nb\na\n-1\n"};
  const int32_t label[5] = {-1, 1, 1, 0, -1};
  for (int i = 0; i < 3; i++) {
    kith_ingest_nodes_options o = small();
    kith_ingest_nodes_report r;
    file_of("labels.txt", lists[i], o.labels);
    o.valid[0] = '\0'; /* node 0 */
    assert_int_equal(KITH_OK, ingest(&o, &r));
    kith_dataset *d = read_back();
    assert_true(r.n_class == 2 && r.unlabeled == 2 && r.minus_one == 1 + (i == 2));
    assert_memory_equal(d->label, label, sizeof label);
    kith_dataset_destroy(&d);
  }
}

static void bad_labels_are_refused(void **state) {
  (void)state;
  kith_ingest_nodes_options o = small();
  file_of("bad.txt", "7\n10\n7\nseven\n2\n", o.labels);
  expect_refused(&o, KITH_EDATA, "bad.txt:4: expected an integer class id, found \"seven\"");
  file_of("bad.txt", "7\n10 2\n", o.labels);
  expect_refused(&o, KITH_EDATA, "bad.txt:2: expected one label, found \"2\" behind it");
  file_of("bad.txt", "7\n-2\n", o.labels);
  expect_refused(&o, KITH_EDATA, "bad.txt:2: expected a class id of 0 or more, found -2");
  file_of("bad.txt", "-1\n-1\n", o.labels);
  expect_refused(&o, KITH_EDATA, "bad.txt: expected a line for each node with its label, found no label");
  file_of("bad.txt", "7\n-1\n7\n2\n\n", o.labels);
  expect_refused(&o, KITH_EDATA, "train.txt:1: node 1 has no label");
  file_of("bad.txt", "\n\n", o.labels);
  expect_refused(&o, KITH_EDATA, "bad.txt: expected a line for each node with its label, found no label");
  o.labels[0] = '\0';
  expect_refused(&o, KITH_ECONFIG, "data.labels.path");
}

static void bad_splits_are_refused(void **state) {
  (void)state;
  kith_ingest_nodes_options o = small();
  file_of("bad.txt", "3\n\n5\n", o.train);
  expect_refused(&o, KITH_EDATA, "bad.txt:3: expected the number of a node, 0 to 4, found \"5\"");
  file_of("bad.txt", "3\n4\n", o.train);
  expect_refused(&o, KITH_EDATA, "bad.txt:2: node 4 has no label");
  file_of("bad.txt", "1 2 1\n", o.train);
  expect_refused(&o, KITH_EDATA, "bad.txt:1: node 1 is already in data.splits.train");
  file_of("bad.txt", "1\n0\n", o.train);
  expect_refused(&o, KITH_EDATA, "valid.txt:1: node 0 is already in data.splits.train");
  file_of("bad.txt", "# nobody\n", o.train);
  expect_refused(&o, KITH_EDATA, "bad.txt: expected numbers of nodes, found none");
  o.train[0] = '\0';
  expect_refused(&o, KITH_ECONFIG, "data.splits.train");
  test_path(folder, "missing.txt", o.train);
  expect_refused(&o, KITH_ENOINPUT, "missing.txt: cannot be read");
}

static void bad_edges_are_refused(void **state) {
  (void)state;
  kith_ingest_nodes_options o = small();
  file_of("bad.txt", "0 1\n1 5\n", o.edges);
  expect_refused(&o, KITH_EDATA, "bad.txt:2: expected the number of a node, 0 to 4, found \"5\"");
  file_of("bad.txt", "0 1\n1\n", o.edges);
  expect_refused(&o, KITH_EDATA, "bad.txt:2: expected the numbers of two nodes, found 1 column");
  file_of("bad.txt", "0,1\n\n1,2,3\n", o.edges);
  expect_refused(&o, KITH_EDATA, "bad.txt:3: expected the numbers of two nodes, found 3 columns or more");
  o.edges[0] = '\0';
  expect_refused(&o, KITH_ECONFIG, "data.edges.path");
}

/* Numbers that cancel out leave a sum that is none, by which they would become what no file may hold. */
static void features_that_cannot_be_normalized_are_refused(void **state) {
  (void)state;
  static const char *const rows[] = {"1 -1", "0.1 0.2 -0.3", "1e30 -1e30 1e10", "3e38 -3e38 1", "1 1e-7 -1"};
  char text[256];
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    kith_ingest_nodes_options o = small();
    o.format = KITH_DENSE;
    o.normalize = true;
    const char *pad = strchr(strchr(rows[i], ' ') + 1, ' ') ? " 0" : "";
    snprintf(text, sizeof text, "0 0%s\n3e38 3e38%s\n%s\n1 2%s\n1e-44 1e-44%s\n", pad, pad, rows[i], pad,
             pad);
    file_of("cancel.txt", text, o.features);
    expect_refused(&o, KITH_EDATA, "cancel.txt:3: the values of this node add up to");
    o.normalize = false;
    kith_ingest_nodes_report r;
    assert_int_equal(KITH_OK, ingest(&o, &r));
  }
}

static void bad_features_are_refused(void **state) {
  (void)state;
  kith_ingest_nodes_options o = small();
  file_of("bad.txt", "0\n1\n2\n", o.features);
  expect_refused(&o, KITH_EDATA, "bad.txt:3: expected 5 lines, as many as there are nodes, found no more");
  file_of("bad.txt", "0\n1\n2\n\n1\n2\n", o.features);
  expect_refused(&o, KITH_EDATA, "bad.txt:6: expected 5 lines, as many as there are nodes, found more");
  file_of("bad.txt", "0\n1 x\n2\n\n\n", o.features);
  expect_refused(&o, KITH_EDATA,
                 "bad.txt:2: expected a feature, 0 to 1048575, or feature:value, found \"x\"");
  file_of("bad.txt", "0\n1:nan\n2\n\n\n", o.features);
  expect_refused(&o, KITH_EDATA, "bad.txt:2: expected a finite value behind the colon, found \"1:nan\"");
  file_of("bad.txt", "0\n\n3 2 3\n\n\n", o.features);
  expect_refused(&o, KITH_EDATA, "bad.txt:3: the same feature occurs twice");
  o.format = KITH_DENSE;
  file_of("bad.txt", "0 1\n1 1\n2\n", o.features);
  expect_refused(&o, KITH_EDATA, "bad.txt:3: expected 2 numbers in a line, as in the lines before, found 1");
  file_of("bad.txt", "0 1\n1 1\n1 1 1\n", o.features);
  expect_refused(&o, KITH_EDATA, "bad.txt:3: expected 2 numbers in a line, as in the lines before, found 3");
  file_of("bad.txt", "0 1\n1 one\n", o.features);
  expect_refused(&o, KITH_EDATA, "bad.txt:2: expected a number, found \"one\"");
}

/* ---- all the way ---- */

static void cut_file(kith_partition_method method, const char *name) {
  char graph[KITH_PATH], parts[KITH_PATH];
  assert_int_equal(KITH_OK, test_parts_write(test_path(folder, "graph.h5", graph),
                                             test_path(folder, name, parts), 5, method)
                                .status);
}

/* All that a rank knows of a node is what was written, and the ranks together know all nodes. */
static void expect_share(const test_classes *t, const kith_graph *g) {
  int64_t seen[NODES] = {0}, entries = 0, train = 0, number[NODES] = {0};
  for (kith_lid i = 0; i < g->n_own; i++) number[g->original[i]] = g->first[test_comm->rank] + i;
  kith_comm_sum_int(test_comm, NODES, number); /* each node has one owner */
  for (kith_lid i = 0; i < g->n_own; i++) {
    int64_t o = g->original[i], before = -1;
    seen[o]++;
    assert_int_equal(g->label[i], t->label[o]);
    assert_int_equal(g->split[i], t->split[o]);
    const kith_features row = {.start = (kith_eid[2]){0, g->features.start[i + 1] - g->features.start[i]},
                               .index = g->features.index + g->features.start[i],
                               .value = g->features.value + g->features.start[i]};
    expect_dense(1, FEATURES, t->feature + (size_t)o * FEATURES, &row);
    train += g->train_index[i] >= 0;
    for (int64_t j = 0; j < o; j++) before += t->split[j] == KITH_NODE_TRAIN;
    assert_int_equal(g->train_index[i], t->split[o] == KITH_NODE_TRAIN ? before + 1 : -1);
    for (int64_t e = 0; e < t->n_edge; e++) {
      if (t->from[e] != o && t->to[e] != o) continue;
      int64_t other = number[t->from[e] == o ? t->to[e] : t->from[e]], there = 0;
      for (kith_eid k = g->start[i]; k < g->start[i + 1]; k++) there += g->neighbor[k] == other;
      assert_int_equal(there, 1);
      entries++;
    }
  }
  assert_int_equal(entries, g->start[g->n_own]);
  kith_comm_sum_int(test_comm, NODES, seen);
  kith_comm_sum_int(test_comm, 1, &train);
  for (int i = 0; i < NODES; i++) assert_int_equal(seen[i], 1);
  assert_int_equal(train, g->n_train);
}

static void every_rank_gets_its_share(void **state) {
  (void)state;
  static const char *const name[3] = {"metis.h5", "hash.h5", "contiguous.h5"};
  test_classes t = test_classes_make(NODES, CLASSES, FEATURES, 4);
  kith_ingest_nodes_options o = {.format = KITH_SPARSE};
  kith_ingest_nodes_report r;
  char path[KITH_PATH];
  if (test_comm->rank == 0) test_classes_write(&t, folder);
  test_path(folder, "edges.txt", o.edges);
  test_path(folder, "labels.txt", o.labels);
  test_path(folder, "features.txt", o.features);
  test_path(folder, "train.txt", o.train);
  test_path(folder, "valid.txt", o.valid);
  test_path(folder, "test.txt", o.test);
  assert_int_equal(KITH_OK, ingest(&o, &r));
  for (int m = 0; m < 3; m++) {
    kith_graph *g = NULL;
    if (test_comm->rank == 0) cut_file((kith_partition_method)m, name[m]);
    KITH_MPI(MPI_Barrier(test_comm->mpi));
    assert_int_equal(KITH_OK, kith_graph_read(test_comm, test_path(folder, name[m], path), &g).status);
    assert_true(g->n_class > 0 && g->n[0] == NODES && g->n_edge == t.n_edge && g->n_class == CLASSES &&
                g->n_feature_of[0] == FEATURES);
    expect_share(&t, g);
    kith_graph_destroy(&g);
  }
  test_classes_free(&t);
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(lists_are_read_as_they_stand),
                                     cmocka_unit_test(rows_are_normalized),
                                     cmocka_unit_test(features_may_be_dense),
                                     cmocka_unit_test(classes_may_be_words_and_are_sorted),
                                     cmocka_unit_test(a_label_of_minus_one_is_none),
                                     cmocka_unit_test(bad_labels_are_refused),
                                     cmocka_unit_test(bad_splits_are_refused),
                                     cmocka_unit_test(bad_edges_are_refused),
                                     cmocka_unit_test(bad_features_are_refused),
                                     cmocka_unit_test(features_that_cannot_be_normalized_are_refused),
                                     cmocka_unit_test(every_rank_gets_its_share)};
  test_begin(&argc, &argv);
  test_folder_begin(folder);
  int failures = cmocka_run_group_tests(tests, NULL, NULL);
  test_folder_end(folder);
  return test_end(failures);
}
