/* ranks: 1 2 3 */
/* The fingerprint of graph.h5: whatever a verb may read there is part of it, and neither order nor ranks are.
 */
#include "h5/file.h"
#include "support/folder.h"
#include "support/mpi_main.h"
#include "support/parts.h"

#include "kith/partition.h"
#include "ingest/ingest.h"

enum { ROWS = 7, WIDTH = 3, SETS = 4 };

static char folder[KITH_PATH]; /* of rank 0, known to all */

static uint64_t fingerprint_of(const char *path) {
  kith_h5 *f = NULL;
  int64_t found = 0;
  assert_int_equal(KITH_OK, kith_h5_open(test_comm, path, NULL, KITH_FILE_VERSION, &f).status);
  assert_int_equal(KITH_OK, kith_h5_get_attr_int(f, "fingerprint", &found).status);
  kith_h5_close(&f);
  return (uint64_t)found;
}

/* ---- datasets of a file ---- */

/* What is written: four datasets of different types, and in which order. */
typedef struct content {
  int64_t number[ROWS];
  int32_t matrix[ROWS][WIDTH];
  float real[ROWS];
  char text[ROWS][WIDTH];
  const char *name[SETS];
  int64_t n[SETS];
  int order[SETS];
} content;

static content plain(void) {
  content c = {.name = {"a/number", "a/matrix", "b/real", "b/text"},
               .n = {ROWS, ROWS, ROWS, ROWS},
               .order = {0, 1, 2, 3}};
  for (int i = 0; i < ROWS; i++) {
    c.number[i] = i * 1000003;
    c.real[i] = 0.5f * (float)i;
    for (int j = 0; j < WIDTH; j++) c.matrix[i][j] = 10 * i + j;
    memcpy(c.text[i], i % 2 ? "ab" : "xyz", i % 2 ? 2 : 3);
  }
  return c;
}

static uint64_t written(const content *c) {
  static const kith_h5_type type[SETS] = {KITH_H5_INT64, KITH_H5_INT32, KITH_H5_FLOAT, KITH_H5_TEXT};
  static const int d[SETS] = {0, WIDTH, 0, WIDTH};
  static const size_t row[SETS] = {8, 4 * WIDTH, 4, WIDTH};
  const char *data[SETS] = {(const char *)c->number, (const char *)c->matrix, (const char *)c->real,
                            (const char *)c->text};
  char path[KITH_PATH];
  kith_h5 *f = NULL;
  test_path(folder, "sets.h5", path);
  assert_int_equal(KITH_OK,
                   kith_h5_create(test_comm, path, KITH_GRAPH_FORMAT, KITH_FILE_VERSION, 1 << 16, &f).status);
  kith__h5_fingerprint_begin(f);
  for (int i = 0; i < SETS; i++) {
    int s = c->order[i];
    int64_t first = kith_chunk_begin(c->n[s], test_comm->size, test_comm->rank),
            n = kith_chunk_begin(c->n[s], test_comm->size, test_comm->rank + 1) - first;
    assert_int_equal(KITH_OK, kith_h5_write(f, c->name[s], type[s], d[s], c->n[s], first, n, i == 0,
                                            data[s] + (size_t)first * row[s])
                                  .status);
  }
  assert_int_equal(KITH_OK, kith__h5_put_fingerprint(f).status);
  assert_int_equal(KITH_OK, kith_h5_publish(&f).status);
  return fingerprint_of(path);
}

/* Known beforehand, so that it is the same on any number of ranks and in any version of the program. */
static const uint64_t PLAIN = 0xcef7f7e09684e637u;

static void order_and_ranks_make_no_difference(void **state) {
  (void)state;
  content c = plain(), other = plain();
  const int order[SETS] = {2, 0, 3, 1};
  memcpy(other.order, order, sizeof order);
  assert_int_equal(PLAIN, written(&c));
  assert_int_equal(PLAIN, written(&other));
}

static void every_bit_of_every_dataset_counts(void **state) {
  (void)state;
  content c = plain();
  const struct {
    void *at;
    size_t size;
  } part[SETS] = {{c.number, sizeof c.number},
                  {c.matrix, sizeof c.matrix},
                  {c.real, sizeof c.real},
                  {c.text, sizeof c.text}};
  for (int s = 0; s < SETS; s++)
    for (size_t byte = 0; byte < part[s].size; byte += s == 3 ? 4 : 11) {
      unsigned char *p = (unsigned char *)part[s].at + byte;
      *p ^= (unsigned char)(1 << byte % 7);
      assert_true(written(&c) != PLAIN);
      *p ^= (unsigned char)(1 << byte % 7);
    }
  assert_true(written(&c) == PLAIN);
}

static void names_lengths_and_the_order_of_rows_count(void **state) {
  (void)state;
  content c = plain();
  c.name[2] = "b/reel";
  assert_true(written(&c) != PLAIN);
  c = plain();
  c.n[0]--;
  uint64_t shorter = written(&c);
  assert_true(shorter != PLAIN);
  c.n[0] = 0;
  uint64_t empty = written(&c);
  assert_true(empty != PLAIN && empty != shorter);
  c = plain();
  c.number[1] = plain().number[2];
  c.number[2] = plain().number[1];
  assert_true(written(&c) != PLAIN);
  c = plain();
  c.name[0] = plain().name[2], c.name[2] = plain().name[0];
  assert_true(written(&c) != PLAIN);
}

/* ---- lists of a graph ---- */

static void list(const char *name, const char *text, char *path) {
  test_path(folder, name, path);
  if (test_comm->rank == 0) test_file_write(folder, name, text, strlen(text), path);
  KITH_MPI(MPI_Barrier(test_comm->mpi));
}

/* One text for each list; a variant changes one of them. */
typedef struct pairs {
  const char *interactions, *test, *social, *users, *items;
  kith_id_kind ids;
  uint64_t seed;
} pairs;

static uint64_t ingested(const pairs *p) {
  kith_ingest_options o = {.interactions = {.format = KITH_EDGES, .ids = p->ids, .time = "3", .weight = "4"},
                           .test = {.format = KITH_EDGES, .time = "3", .weight = "4"},
                           .n_relation = 1,
                           .relation = {{.name = "friend",
                                         .from = "user",
                                         .to = "user",
                                         .list = {.format = KITH_EDGES, .weight = "3"}}},
                           .split = {.method = KITH_SPLIT_RATIO, .valid = 0.4, .seed = p->seed}};
  kith_ingest_report r;
  char path[KITH_PATH];
  list("interactions", p->interactions, o.interactions.path);
  list("test", p->test, o.test.path);
  list("social", p->social, o.relation[0].list.path);
  list("users", p->users, o.features[KITH_USER].path);
  list("items", p->items, o.features[KITH_ITEM].path);
  assert_int_equal(KITH_OK,
                   kith_ingest(test_comm, &o, "job", test_path(folder, "graph.h5", path), &r).status);
  return fingerprint_of(path);
}

static const pairs base = {
    .interactions = "1,7,100,1\n1,8,101,2\n1,9,102,3\n2,8,103,1\n2,9,104,2\n2,7,105,1\n3,9,106,1\n",
    .test = "3,7,200,1\n",
    .social = "1,2,1\n2,3,1\n",
    .users = "1 a b:2\n2 a\n",
    .items = "7 x\n9 y:0.5\n",
    .ids = KITH_ID_AUTO,
    .seed = 1};

static void everything_in_lists_counts(void **state) {
  (void)state;
  enum { VARIANTS = 13 };
  pairs v[VARIANTS];
  uint64_t seen[VARIANTS];
  for (int i = 0; i < VARIANTS; i++) v[i] = base;
  v[1].interactions =
      "1,7,100,1\n1,8,101,2\n1,9,102,3\n2,8,103,1\n2,9,104,2\n2,7,105,1\n3,9,106,2\n"; /* a weight */
  v[2].interactions =
      "1,7,100,1\n1,8,101,2\n1,9,102,3\n2,8,103,1\n2,9,104,2\n2,7,105,1\n3,9,107,1\n"; /* a time */
  v[3].interactions =
      "1,7,100,1\n1,8,101,2\n1,9,102,3\n2,8,103,1\n2,9,104,2\n2,7,105,1\n4,9,106,1\n"; /* an id */
  v[3].test = "4,7,200,1\n", v[3].social = "1,2,1\n2,4,1\n";
  v[4].ids = KITH_ID_TEXT;
  v[5].test = "3,7,201,1\n";
  v[6].test = "3,7,200,2\n";
  v[7].social = "1,2,1\n3,2,1\n";
  v[8].social = "1,2,1\n2,3,2\n";
  v[9].users = "1 a b:3\n2 a\n";
  v[10].users = "1 a c:2\n2 a\n";
  v[11].items = "7 x\n9 z:0.5\n";
  v[12].seed = 2; /* of the split */
  for (int i = 0; i < VARIANTS; i++) {
    seen[i] = ingested(&v[i]);
    for (int k = 0; k < i; k++)
      if (seen[i] == seen[k]) fail_msg("variants %d and %d have the same fingerprint", k, i);
  }
  assert_true(ingested(&base) == seen[0]);
}

/* The same for nodes; the same classes under other names are other classes. */
static void everything_in_lists_of_nodes_counts(void **state) {
  (void)state;
  enum { LISTS = 6, VARIANTS = 8 };
  static const char *const name[LISTS] = {"edges", "labels", "features", "train", "valid", "test"};
  static const char *const text[LISTS] = {
      "0 1\n1 2\n2 3\n", "a\nb\na\nb\n", "0:1 1:2\n1:1\n0:1\n1:3\n", "0\n", "2\n", "3\n"};
  static const struct {
    int list;
    const char *text;
  } change[VARIANTS] = {
      {0, "0 1\n1 2\n2 3\n"},          {0, "0 1\n1 2\n1 3\n"}, {1, "a\nc\na\nc\n"}, {1, "a\nb\nb\nb\n"},
      {2, "0:1 1:2\n1:1\n0:1\n1:4\n"}, {3, "0 1\n"},           {4, "2 1\n"},        {5, "1\n"}};
  uint64_t seen[VARIANTS];
  for (int i = 0; i < VARIANTS; i++) {
    kith_ingest_nodes_options o = {.format = KITH_SPARSE};
    kith_ingest_nodes_report r;
    char path[KITH_PATH], *at[LISTS] = {o.edges, o.labels, o.features, o.train, o.valid, o.test};
    for (int l = 0; l < LISTS; l++) list(name[l], l == change[i].list ? change[i].text : text[l], at[l]);
    assert_int_equal(KITH_OK,
                     kith_ingest_nodes(test_comm, &o, "job", test_path(folder, "graph.h5", path), &r).status);
    seen[i] = fingerprint_of(path);
    for (int k = 0; k < i; k++)
      if (seen[i] == seen[k]) fail_msg("variants %d and %d have the same fingerprint", k, i);
  }
}

/* ---- the graph of a run ---- */

static void ids_of(const char *name, const char *set, int64_t *id) {
  kith_h5 *f = NULL;
  char path[KITH_PATH];
  assert_int_equal(
      KITH_OK, kith_h5_open(test_comm, test_path(folder, name, path), NULL, KITH_FILE_VERSION, &f).status);
  assert_int_equal(KITH_OK, kith_h5_read(f, set, KITH_H5_INT64, 0, 0, 3, id).status);
  kith_h5_close(&f);
}

/* What is exported has the ids of the graph that was read, also when graph.h5 has become another one since.
 */
static void an_export_has_the_ids_of_its_own_graph(void **state) {
  (void)state;
  char graph[KITH_PATH], parts[KITH_PATH], out[KITH_PATH];
  kith_graph *g = NULL;
  kith_graph_ids *ids = NULL;
  float x[16] = {0};
  int64_t before[2][3], after[3], exported[3];
  pairs turned = base;
  kith_embeddings_meta meta = {.model = "mf", .epoch = 1, .metrics = "", .job = "job"};
  ingested(&base);
  test_path(folder, "graph.h5", graph);
  test_path(folder, "parts.h5", parts);
  if (test_comm->rank == 0)
    assert_int_equal(KITH_OK, test_parts_write(graph, parts, 3, KITH_PARTITION_HASH).status);
  KITH_MPI(MPI_Barrier(test_comm->mpi));
  assert_int_equal(KITH_OK, kith_graph_read(test_comm, parts, &g).status);
  assert_int_equal(KITH_OK, kith_graph_ids_read(test_comm, g, graph, &ids).status);
  ids_of("graph.h5", "user/id", before[0]);
  ids_of("graph.h5", "item/id", before[1]);
  turned.interactions = "3,9,106,1\n2,9,104,2\n2,8,103,1\n2,7,105,1\n1,9,102,3\n1,8,101,2\n1,7,100,1\n";
  ingested(&turned);
  ids_of("graph.h5", "user/id", after);
  assert_memory_not_equal(before[0], after, sizeof after);
  assert_int_equal(
      KITH_OK,
      kith_embeddings_write(test_comm, g, ids, test_path(folder, "embeddings.h5", out), 2, x, &meta).status);
  for (int t = 0; t < KITH_SIDES; t++) {
    ids_of("embeddings.h5", t == KITH_USER ? "user/id" : "item/id", exported);
    assert_memory_equal(before[t], exported, sizeof exported);
  }
  kith_graph_ids_destroy(&ids);
  assert_int_equal(KITH_EDATA, kith_graph_ids_read(test_comm, g, graph, &ids).status);
  assert_null(ids);
  kith_graph_destroy(&g);
}

/* A direct term comes back as it was written, also without weight; a file without one has none. */
static void the_direct_term_of_an_export_comes_back(void **state) {
  (void)state;
  char graph[KITH_PATH], parts[KITH_PATH], out[KITH_PATH];
  const kith_direct_term term[5] = {{0},
                                    {0, 2, .4, .5, .3, .2, 0, {0}},
                                    {.7, 1.25, .4, .5, .3, -.2, 0, {0}},
                                    {-1, 1, .5, .5, .5, .5, 3, {2, 0, -.5}},
                                    {INFINITY, 1, .5, .5, .5, .5, 0, {0}}};
  kith_graph *g = NULL;
  kith_graph_ids *ids = NULL;
  float x[16] = {0};
  ingested(&base);
  test_path(folder, "graph.h5", graph);
  test_path(folder, "parts.h5", parts);
  test_path(folder, "embeddings.h5", out);
  if (test_comm->rank == 0)
    assert_int_equal(KITH_OK, test_parts_write(graph, parts, 3, KITH_PARTITION_HASH).status);
  KITH_MPI(MPI_Barrier(test_comm->mpi));
  assert_int_equal(KITH_OK, kith_graph_read(test_comm, parts, &g).status);
  assert_int_equal(KITH_OK, kith_graph_ids_read(test_comm, g, graph, &ids).status);
  for (int i = 0; i < 5; i++) {
    kith_embeddings_origin from = {.epoch = 0};
    kith_embeddings_meta meta = {
        .model = "spectral", .epoch = 1, .direct = term[i], .metrics = "", .job = "job"};
    assert_int_equal(KITH_OK, kith_embeddings_write(test_comm, g, ids, out, 2, x, &meta).status);
    kith_status st = kith_embeddings_origin_read(test_comm, out, &from).status;
    assert_int_equal(st, i < 4 ? KITH_OK : KITH_EDATA); /* the last one is not finite */
    if (i < 4) assert_memory_equal(&from.direct, &term[i], offsetof(kith_direct_term, n_higher));
    if (i < 4) assert_int_equal(from.direct.n_higher, term[i].n_higher);
    if (i < 4) assert_memory_equal(from.direct.higher, term[i].higher, sizeof term[i].higher);
    KITH_FREE(from.config_key);
  }
  kith_graph_ids_destroy(&ids);
  kith_graph_destroy(&g);
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(order_and_ranks_make_no_difference),
                                     cmocka_unit_test(every_bit_of_every_dataset_counts),
                                     cmocka_unit_test(names_lengths_and_the_order_of_rows_count),
                                     cmocka_unit_test(everything_in_lists_counts),
                                     cmocka_unit_test(everything_in_lists_of_nodes_counts),
                                     cmocka_unit_test(an_export_has_the_ids_of_its_own_graph),
                                     cmocka_unit_test(the_direct_term_of_an_export_comes_back)};
  test_begin(&argc, &argv);
  test_folder_begin(folder);
  int failures = cmocka_run_group_tests(tests, NULL, NULL);
  test_folder_end(folder);
  return test_end(failures);
}
