/* ranks: 1 2 3 4 */
/* Relations and further types in parts.h5: any number of ranks reads the rows that brute force says. */
#include "support/folder.h"
#include "support/mpi_main.h"
#include "support/parts.h"

#include <stdlib.h>
#include <string.h>

#include "kith/partition.h"
#include "comm/host_table.h"
#include "graph/schema.h"
#include "h5/h5.h"

enum { USERS = 23, ITEMS = 17, TAGS = 5, NODES = USERS + ITEMS + TAGS, PARTS = 6, RELATIONS = 3 };
static const int64_t COUNT[3] = {USERS, ITEMS, TAGS};

static char path[KITH_PATH];

/* Whether a list names two nodes, in this direction; with relation RELATIONS an interaction. */
static bool named(int relation, int64_t from, int64_t to) {
  static const double often[RELATIONS + 1] = {0.12, 0.3, 0.1, 0.2};
  kith_draw r = kith_random(5, KITH_RNG_GENERATE, (uint64_t)relation, (uint64_t)from, (uint64_t)to);
  return from < USERS - 2 && kith_random_unit(r.bits[0]) < often[relation];
}
static float weight_of(int64_t from, int64_t to) { return (float)(1 + from * 100 + to); }
static int64_t time_of(int64_t from, int64_t to) { return (7 * from + 5 * to) % 3; }

static void rows_fill(int relation, int64_t n_row, int64_t n_value, kith_ragged *rows) {
  rows->n_row = n_row;
  if (KITH_NEW(rows->start, n_row + 1) || KITH_NEW(rows->value, n_row * n_value)) abort();
  for (int64_t i = 0; i < n_row; i++) {
    rows->start[i + 1] = rows->start[i];
    for (int64_t j = 0; j < n_value; j++)
      if (named(relation, i, j)) rows->value[rows->start[i + 1]++] = (int32_t)j;
  }
}

/* friend: users with users, weights and times, both directions and loops; tag: items with tags, weights;
 * view: users with items, times. */
static kith_dataset *dataset(void) {
  kith_dataset *d = NULL;
  if (KITH_NEW(d, 1)) abort();
  kith_schema s = kith_schema_users_items();
  s.n_type = 3;
  s.n_relation = RELATIONS;
  strcpy(s.type[2], "tag");
  s.relation[0] = (kith_relation_type){.name = "friend", .from = 0, .to = 0, .weighted = true, .timed = true};
  s.relation[1] = (kith_relation_type){.name = "tag", .from = 1, .to = 2, .weighted = true, .timed = false};
  s.relation[2] = (kith_relation_type){.name = "view", .from = 0, .to = 1, .weighted = false, .timed = true};
  d->schema = s;
  memcpy(d->n, COUNT, sizeof COUNT);
  d->fingerprint = 77;
  rows_fill(RELATIONS, USERS, ITEMS, &d->train);
  d->n_edge = d->train.start[USERS];
  kith_ragged *held[2] = {&d->valid, &d->test};
  for (int i = 0; i < 2; i++) {
    held[i]->n_row = USERS;
    if (KITH_NEW(held[i]->start, USERS + 1) || KITH_NEW(held[i]->value, 1)) abort();
  }
  for (int r = 0; r < RELATIONS; r++) {
    kith_relation_edges *e = &d->relation[r];
    rows_fill(r, COUNT[s.relation[r].from], COUNT[s.relation[r].to], &e->edges);
    kith_eid n = e->edges.start[e->edges.n_row];
    if (s.relation[r].weighted && KITH_NEW(e->weight, n)) abort();
    if (s.relation[r].timed && KITH_NEW(e->time, n)) abort();
    for (int64_t i = 0; i < e->edges.n_row; i++)
      for (kith_eid k = e->edges.start[i]; k < e->edges.start[i + 1]; k++) {
        if (e->weight) e->weight[k] = weight_of(i, e->edges.value[k]);
        if (e->time) e->time[k] = time_of(i, e->edges.value[k]);
      }
  }
  return d;
}

static void parts_write(const kith_dataset *d, kith_partition_method method) {
  kith_partition_options o = kith_partition_defaults();
  o.parts = PARTS;
  o.method = method;
  o.relations = (kith_relation_weights){.n = 1, .of = {{.name = "tag", .weight = 1}}};
  test_parts_of(test_comm, d, &o, path);
}

/* The edge that stands for two nodes: the earlier one, or else the one whose first end is smaller. */
static bool edge_between(const kith_schema *s, int r, int here, int64_t i, int64_t j, int64_t *from,
                         int64_t *to) {
  const kith_relation_type *e = &s->relation[r];
  bool there = e->from == here && named(r, i, j), back = e->to == here && named(r, j, i);
  if (e->from == e->to && i == j) return false;
  if (there && back) {
    int64_t a = time_of(i, j), b = time_of(j, i);
    there = a < b || (a == b && i < j);
  }
  *from = there ? i : j;
  *to = there ? j : i;
  return there || back;
}

/* Row i of the rank's share holds these nodes, in this order, with weights and times. */
static void expect_row(const kith_graph *g, int r, kith_lid i, const int *type, const int64_t *original) {
  const kith_relation_type *e = &g->schema.relation[r];
  const kith_adjacency *a = &g->relation[r];
  int here = g->type[i], there = here == e->from ? e->to : here == e->to ? e->from : -1;
  kith_eid at = a->start[i];
  for (int64_t j = 0; there >= 0 && j < COUNT[there]; j++) {
    int64_t from = 0, to = 0;
    if (!edge_between(&g->schema, r, here, g->original[i], j, &from, &to)) continue;
    assert_true(at < a->start[i + 1]);
    assert_true(type[a->neighbor[at]] == there && original[a->neighbor[at]] == j);
    if (a->weight) assert_true(a->weight[at] == weight_of(from, to));
    if (a->time) assert_int_equal(a->time[at], time_of(from, to));
    at++;
  }
  assert_int_equal(at, a->start[i + 1]);
}

static void expect_share(const kith_graph *g) {
  int type[NODES] = {0};
  int64_t original[NODES] = {0}, low = g->first[test_comm->rank];
  assert_int_equal(kith_graph_n_node(g), NODES);
  for (kith_lid i = 0; i < g->n_own; i++) {
    type[low + i] = g->type[i];
    original[low + i] = g->original[i];
    assert_true(i == 0 ||
                kith_owner(PARTS, g->part_first, low + i) != kith_owner(PARTS, g->part_first, low + i - 1) ||
                g->type[i - 1] <= g->type[i]);
  }
  KITH_MPI(MPI_Allreduce(MPI_IN_PLACE, type, NODES, MPI_INT, MPI_SUM, test_comm->mpi));
  KITH_MPI(MPI_Allreduce(MPI_IN_PLACE, original, NODES, MPI_INT64_T, MPI_SUM, test_comm->mpi));
  for (int r = 0; r < RELATIONS; r++) {
    assert_true(!g->relation[r].weight == !g->schema.relation[r].weighted);
    assert_true(!g->relation[r].time == !g->schema.relation[r].timed);
    for (kith_lid i = 0; i < g->n_own; i++) expect_row(g, r, i, type, original);
  }
  for (int t = 0; t < 3; t++)
    for (kith_lid i = 0; i < g->n_own_of[t]; i++) assert_int_equal(g->type[g->row_of[t][i]], t);
}

static void every_relation_is_read_as_brute_force_says(void **state) {
  (void)state;
  kith_dataset *d = dataset();
  for (int m = KITH_PARTITION_METIS; m <= KITH_PARTITION_CONTIGUOUS; m++) {
    kith_graph *g = NULL;
    parts_write(d, (kith_partition_method)m);
    assert_int_equal(KITH_OK, kith_graph_read(test_comm, path, &g).status);
    assert_true(g->schema.n_type == 3 && g->schema.n_relation == RELATIONS);
    expect_share(g);
    kith_graph_destroy(&g);
  }
  kith_dataset_destroy(&d);
}

/* ---- files of earlier versions, and broken ones ---- */

/* Copy parts.h5 by hand: `edge`: of the datasets of the relation friend, `bad`: what is wrong. */
typedef enum broken { WHOLE, ONE_END, WRONG_TYPE, WRONG_COUNT } broken;

static kith_agreed put(kith_h5 *f, const char *name, kith_h5_type type, int64_t n, const void *x) {
  return kith_h5_write(f, name, type, 0, n, 0, n, false, x);
}

/* Two users who are friends, and an item of theirs; with a schema, also a tag of the item. */
static kith_agreed small_write(const kith_comm *comm, bool schema, broken bad) {
  kith_agreed st = {KITH_OK};
  kith_h5 *f = NULL;
  int64_t n = schema ? 4 : 3, first[2] = {0, n}, users = 2, counts[3] = {2, 1, 1};
  int64_t original[4] = {0, 1, 0, 0}, edge[4] = {0, 1, -1, -1}, start[5] = {0, 1, 2, 4, 4};
  int64_t neighbor[4] = {2, 2, 0, 1}, number[2] = {0, 1}, item = 2, tag = 3, none[5] = {0};
  int32_t of[4] = {0, 0, 0, 1};
  int64_t friends[5] = {0, 1, bad == ONE_END ? 1 : 2, 2, 2}, friend[2] = {bad == WRONG_TYPE ? 2 : 1, 0};
  int64_t tags[5] = {0, 0, 0, 1, 2}, tagged[2] = {3, 2};
  KITH_TRY(kith_h5_create(comm, path, KITH_PARTS_FORMAT, KITH_FILE_VERSION, 1 << 16, &f));
  KITH_TRY(kith_h5_put_attr_int(f, "n_user", 2));
  KITH_TRY(kith_h5_put_attr_int(f, "n_item", 1));
  KITH_TRY(kith_h5_put_attr_int(f, "n_edge", 2));
  KITH_TRY(kith_h5_put_attr_int(f, "parts", 1));
  KITH_TRY(kith_h5_put_attr_int(f, "fingerprint", 5));
  KITH_TRY(put(f, "part/first", KITH_H5_INT64, 2, first));
  KITH_TRY(put(f, "part/user_count", KITH_H5_INT64, 1, &users));
  KITH_TRY(put(f, "node/original", KITH_H5_INT64, n, original));
  KITH_TRY(put(f, "node/edge", KITH_H5_INT64, n, edge));
  KITH_TRY(put(f, "train/start", KITH_H5_INT64, n + 1, start));
  KITH_TRY(put(f, schema ? "train/neighbor" : "train/neighbour", KITH_H5_INT64, 4, neighbor));
  KITH_TRY(put(f, "train/original", KITH_H5_INT32, 4, of));
  KITH_TRY(put(f, "valid/start", KITH_H5_INT64, n + 1, none));
  KITH_TRY(put(f, "valid/item", KITH_H5_INT32, 0, of));
  KITH_TRY(put(f, "test/start", KITH_H5_INT64, n + 1, none));
  KITH_TRY(put(f, "test/item", KITH_H5_INT32, 0, of));
  KITH_TRY(put(f, "user/number", KITH_H5_INT64, 2, number));
  KITH_TRY(put(f, "item/number", KITH_H5_INT64, 1, &item));
  KITH_TRY(put(f, "edge/friend/start", KITH_H5_INT64, n + 1, friends));
  KITH_TRY(put(f, "edge/friend/neighbor", KITH_H5_INT64, friends[n], friend));
  if (schema) {
    if (bad == WRONG_COUNT) counts[1] = 0;
    KITH_TRY(kith_h5_write(f, "part/type_count", KITH_H5_INT64, 3, 1, 0, 1, false, counts));
    KITH_TRY(put(f, "node/tag/number", KITH_H5_INT64, 1, &tag));
    KITH_TRY(put(f, "edge/tag/start", KITH_H5_INT64, n + 1, tags));
    KITH_TRY(put(f, "edge/tag/neighbor", KITH_H5_INT64, 2, tagged));
    KITH_TRY(kith_h5_put_attr_text(f, "schema",
                                   "type user 2\ntype item 1\ntype tag 1\nrelation friend user user 1\n"
                                   "relation tag item tag 1\n"));
  }
  KITH_TRY(kith_h5_publish(&f));
done:
  kith_h5_close(&f);
  return st;
}

static kith_status small_read(bool schema, broken bad, kith_graph **g) {
  const kith_comm alone = {.mpi = MPI_COMM_SELF, .rank = 0, .size = 1};
  kith_status st = test_comm->rank == 0 ? small_write(&alone, schema, bad).status : KITH_OK;
  assert_int_equal(KITH_OK, kith_agree(test_comm, st).status);
  return kith_graph_read(test_comm, path, g).status;
}

static void ties_of_a_file_without_a_schema_are_the_relation_friend(void **state) {
  (void)state;
  kith_graph *g = NULL;
  if (test_comm->size > 1) return; /* one part */
  assert_int_equal(KITH_OK, small_read(false, WHOLE, &g));
  assert_true(g->schema.n_type == 2 && g->schema.n_relation == 1);
  assert_string_equal(g->schema.relation[0].name, "friend");
  const kith_comm alone = {.mpi = MPI_COMM_SELF, .rank = 0, .size = 1};
  kith_h5 *f = NULL;
  assert_int_equal(KITH_OK, kith_h5_open(&alone, path, KITH_PARTS_FORMAT, KITH_FILE_VERSION, &f).status);
  assert_int_equal(KITH_OK, kith_h5_check_dataset(f, "train/neighbor")); /* by its present name */
  kith_h5_close(&f);
  assert_true(g->relation[0].start[g->n_own] == 2 && g->relation[0].neighbor[0] == 1);
  kith_graph_destroy(&g);
  assert_int_equal(KITH_OK, small_read(true, WHOLE, &g));
  assert_true(g->schema.n_type == 3 && g->relation[1].neighbor[0] == 3);
  kith_graph_destroy(&g);
}

static void relations_that_cannot_be_are_refused(void **state) {
  (void)state;
  static const char *const says[] = {"", "edge", "of type item, in the row of a node of type user",
                                     "part/type_count"};
  kith_graph *g = NULL;
  if (test_comm->size > 1) return;
  for (int schema = 0; schema < 2; schema++)
    for (broken bad = ONE_END; bad <= WRONG_COUNT; bad++) {
      if (bad == WRONG_COUNT && !schema) continue;
      assert_int_equal(KITH_EDATA, small_read(schema, bad, &g));
      assert_null(g);
      if (!strstr(kith_error_text(), says[bad])) fail_msg("%d: %s", (int)bad, kith_error_text());
    }
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(every_relation_is_read_as_brute_force_says),
                                     cmocka_unit_test(
                                         ties_of_a_file_without_a_schema_are_the_relation_friend),
                                     cmocka_unit_test(relations_that_cannot_be_are_refused)};
  char folder[KITH_PATH];
  test_begin(&argc, &argv);
  (void)kith__host_table_share_from(1); /* numbers of items are read once a host, and are right */
  test_folder_begin(folder);
  test_path(folder, "parts.h5", path);
  int failures = cmocka_run_group_tests(tests, NULL, NULL);
  test_folder_end(folder);
  return test_end(failures);
}
