/* ranks: 1 2 3 */
/* Directed relations and kinds in parts.h5: rows and their transposes are what brute force says, on any
 * number of ranks; a transpose that does not fit is refused. */
#include "support/folder.h"
#include "support/mpi_main.h"
#include "support/parts.h"

#include "graph/schema.h"
#include "h5/h5.h"
#include "kith/partition.h"

#include <stdlib.h>
#include <string.h>

enum {
  USERS = 17,
  ITEMS = 13,
  TAGS = 5,
  ENTITIES = 4, /* beside the items, which are entities, too */
  NODES = USERS + ITEMS + TAGS + ENTITIES,
  PARTS = 6,
  TYPES = 4,
  ENTITY = 3,
  RELATIONS = 8,
  KINDS = 3
};
static const int64_t COUNT[TYPES] = {USERS, ITEMS, TAGS, ENTITIES};
static char path[KITH_PATH];

static const kith_relation_type relation[RELATIONS] = {
    {.name = "follow", .timed = true, .direction = KITH_DIRECTION_FORWARD},
    {.name = "cites",
     .from = 1,
     .to = 1,
     .weighted = true,
     .direction = KITH_DIRECTION_BACK,
     .n_kind = KINDS},
    {.name = "knows", .timed = true, .n_kind = KINDS},
    {.name = "about", .from = 1, .to = 2, .weighted = true, .n_kind = KINDS},
    {.name = "shown", .from = 2, .to = 0, .direction = KITH_DIRECTION_FORWARD, .n_kind = KINDS},
    {.name = "kg", .from = ENTITY, .to = ENTITY, .timed = true, .n_kind = KINDS},
    {.name = "part_of", .from = 1, .to = ENTITY, .direction = KITH_DIRECTION_BACK},
    {.name = "likes", .from = 0, .to = ENTITY}};

/* Numbers of an end: those of entities begin with the items. */
static int64_t space_of(int end) { return COUNT[end] + (end == ENTITY ? ITEMS : 0); }

/* The number of a node in the id space of an end; -1: it has none. */
static int64_t number_of(int end, int type, int64_t original) {
  if (end == ENTITY && type == 1) return original;
  return end != type ? -1 : original + (end == ENTITY ? ITEMS : 0);
}

/* Whether a list has an edge of a kind, in this direction; with relation RELATIONS an interaction. */
static bool named(int r, int64_t from, int kind, int64_t to) {
  uint64_t where = (uint64_t)(from * 100 + to), many = r < RELATIONS && relation[r].n_kind > 0 ? KINDS : 1;
  return (uint64_t)kind < many &&
         kith_random_unit(kith_random(6, KITH_RNG_GENERATE, (uint64_t)r, where, (uint64_t)kind).bits[0]) <
             0.2;
}
static float weight_of(int64_t from, int kind, int64_t to) {
  return (float)(1 + from * 1000 + to * 10 + kind);
}
static int64_t time_of(int64_t from, int kind, int64_t to) { return (7 * from + 5 * to + kind) % 3; }

/* ---- the dataset ---- */

static void edges_fill(int r, kith_relation_edges *e) {
  const kith_relation_type *t = &relation[r];
  int64_t n_row = space_of(t->from), most = n_row * space_of(t->to) * KINDS;
  kith_eid at = 0;
  e->edges.n_row = n_row;
  bool bad = KITH_NEW(e->edges.start, n_row + 1) || KITH_NEW(e->edges.value, most) ||
             (t->weighted && KITH_NEW(e->weight, most)) || (t->timed && KITH_NEW(e->time, most)) ||
             (t->n_kind > 0 && KITH_NEW(e->kind, most));
  if (bad) abort();
  for (int64_t i = 0; i < n_row; i++) {
    for (int64_t j = 0; j < space_of(t->to); j++)
      for (int k = 0; k < KINDS; k++) {
        if (!named(r, i, k, j)) continue;
        e->edges.value[at] = (int32_t)j;
        if (e->weight) e->weight[at] = weight_of(i, k, j);
        if (e->time) e->time[at] = time_of(i, k, j);
        if (e->kind) e->kind[at] = (uint16_t)k;
        at++;
      }
    e->edges.start[i + 1] = at;
  }
}

static kith_dataset *dataset(void) {
  kith_dataset *d = NULL;
  if (KITH_NEW(d, 1)) abort();
  d->schema = kith_schema_users_items();
  d->schema.n_type = TYPES;
  d->schema.n_relation = RELATIONS;
  strcpy(d->schema.type[2], "tag");
  strcpy(d->schema.type[ENTITY], "entity");
  d->schema.base[ENTITY] = 1 + KITH_ITEM;
  memcpy(d->schema.relation, relation, sizeof relation);
  memcpy(d->n, COUNT, sizeof COUNT);
  d->fingerprint = 77;
  kith_ragged *list[3] = {&d->train, &d->valid, &d->test};
  for (int i = 0; i < 3; i++) {
    list[i]->n_row = USERS;
    if (KITH_NEW(list[i]->start, USERS + 1) || KITH_NEW(list[i]->value, USERS * ITEMS)) abort();
  }
  for (int64_t u = 0; u < USERS; u++) {
    d->train.start[u + 1] = d->train.start[u];
    for (int64_t i = 0; i < ITEMS; i++)
      if (named(RELATIONS, u, 0, i)) d->train.value[d->train.start[u + 1]++] = (int32_t)i;
  }
  d->n_edge = d->train.start[USERS];
  for (int r = 0; r < RELATIONS; r++) edges_fill(r, &d->relation[r]);
  return d;
}

static void parts_write(const kith_dataset *d, kith_partition_method method) {
  kith_partition_options o = kith_partition_defaults();
  o.parts = PARTS;
  o.method = method;
  test_parts_of(test_comm, d, &o, path);
}

/* ---- what brute force says ---- */

/* Whether node (here, i) has an entry of a kind for (there, j), and which edge that is. */
static bool entry_of(int r, bool transpose, int here, int64_t i, int kind, int there, int64_t j,
                     int64_t *from, int64_t *to) {
  const kith_relation_type *t = &relation[r];
  bool both = t->direction == KITH_DIRECTION_BOTH,
       out = (t->direction == KITH_DIRECTION_FORWARD) != transpose;
  int64_t from_i = number_of(t->from, here, i), to_j = number_of(t->to, there, j);
  int64_t from_j = number_of(t->from, there, j), to_i = number_of(t->to, here, i);
  bool as_from = (both || out) && from_i >= 0 && to_j >= 0 && named(r, from_i, kind, to_j);
  bool as_to = (both || !out) && from_j >= 0 && to_i >= 0 && named(r, from_j, kind, to_i);
  if (here == there && i == j) return false;
  if (as_from && as_to) { /* one edge in either direction: the earlier one counts */
    int64_t a = t->timed ? time_of(from_i, kind, to_j) : 0, b = t->timed ? time_of(from_j, kind, to_i) : 0;
    as_from = a < b || (a == b && from_i < from_j);
  }
  *from = as_from ? from_i : from_j;
  *to = as_from ? to_j : to_i;
  return as_from || as_to;
}

static kith_eid expect_row(const kith_graph *g, int r, bool transpose, kith_lid i, const int *type,
                           const int64_t *original) {
  const kith_adjacency *a = transpose ? &g->transpose[r] : &g->relation[r];
  kith_eid at = a->start[i];
  for (int there = 0; there < TYPES; there++)
    for (int64_t j = 0; j < COUNT[there]; j++)
      for (int k = 0; k < KINDS; k++) {
        int64_t from = 0, to = 0;
        if (!entry_of(r, transpose, g->type[i], g->original[i], k, there, j, &from, &to)) continue;
        assert_true(at < a->start[i + 1]);
        assert_true(type[a->neighbor[at]] == there && original[a->neighbor[at]] == j);
        if (a->kind) assert_int_equal(a->kind[at], k);
        if (a->weight) assert_true(a->weight[at] == weight_of(from, k, to));
        if (a->time) assert_int_equal(a->time[at], time_of(from, k, to));
        at++;
      }
  assert_int_equal(at, a->start[i + 1]);
  return at;
}

static void expect_share(const kith_graph *g) {
  int type[NODES] = {0};
  int64_t original[NODES] = {0}, low = g->first[test_comm->rank];
  for (kith_lid i = 0; i < g->n_own; i++) {
    type[low + i] = g->type[i];
    original[low + i] = g->original[i];
  }
  KITH_MPI(MPI_Allreduce(MPI_IN_PLACE, type, NODES, MPI_INT, MPI_SUM, test_comm->mpi));
  KITH_MPI(MPI_Allreduce(MPI_IN_PLACE, original, NODES, MPI_INT64_T, MPI_SUM, test_comm->mpi));
  for (int r = 0; r < RELATIONS; r++) {
    bool directed = relation[r].direction != KITH_DIRECTION_BOTH;
    assert_true(!g->relation[r].kind == (relation[r].n_kind == 0));
    assert_true(!g->transpose[r].start == !directed);
    int64_t n = 0;
    for (kith_lid i = 0; i < g->n_own; i++) n = expect_row(g, r, false, i, type, original);
    for (kith_lid i = 0; i < g->n_own && directed; i++) expect_row(g, r, true, i, type, original);
    kith_comm_sum_int(test_comm, 1, &n);
    assert_true(n > 10);
  }
}

static void rows_and_transposes_are_what_brute_force_says(void **state) {
  (void)state;
  kith_dataset *d = dataset();
  for (int m = KITH_PARTITION_METIS; m <= KITH_PARTITION_CONTIGUOUS; m++) {
    kith_graph *g = NULL;
    parts_write(d, (kith_partition_method)m);
    assert_int_equal(KITH_OK, kith_graph_read(test_comm, path, &g).status);
    assert_int_equal(kith_schema_base(&g->schema, ENTITY), KITH_ITEM);
    for (int r = 0; r < RELATIONS; r++)
      assert_memory_equal(&g->schema.relation[r], &relation[r], sizeof relation[r]);
    expect_share(g);
    kith_graph_destroy(&g);
  }
  kith_dataset_destroy(&d);
}

/* ---- broken files ---- */

/* What is wrong with a file of two users, the first of whom follows the second. */
typedef struct broken {
  const char *says;
  int64_t number;   /* of whom the first one follows */
  int64_t follower; /* in the transpose */
  uint16_t kind, kind_back;
  int64_t n_back; /* entries of the transpose */
} broken;

static const broken whole = {.number = 1, .kind = 1, .kind_back = 1, .n_back = 1};

static kith_agreed put(kith_h5 *f, const char *name, kith_h5_type type, int64_t n, const void *x) {
  return kith_h5_write(f, name, type, 0, n, 0, n, false, x);
}

static kith_agreed small_write_follow(kith_h5 *f, const broken *b) {
  kith_agreed st = {KITH_OK};
  int64_t start[4] = {0, 1, 1, 1}, back[4] = {0, 0, b->n_back, b->n_back}, from[2] = {b->follower, 0};
  uint16_t kinds[2] = {b->kind_back, 0};
  KITH_TRY(kith_h5_put_attr_text(f, "schema",
                                 "type user 2\ntype item 1\nrelation follow user user 1 forward kinds 2\n"));
  KITH_TRY(put(f, "edge/follow/start", KITH_H5_INT64, 4, start));
  KITH_TRY(put(f, "edge/follow/neighbor", KITH_H5_INT64, 1, &b->number));
  KITH_TRY(put(f, "edge/follow/kind", KITH_H5_UINT16, 1, &b->kind));
  KITH_TRY(put(f, "edge/follow/transpose/start", KITH_H5_INT64, 4, back));
  KITH_TRY(put(f, "edge/follow/transpose/neighbor", KITH_H5_INT64, b->n_back, from));
  KITH_TRY(put(f, "edge/follow/transpose/kind", KITH_H5_UINT16, b->n_back, kinds));
done:
  return st;
}

static kith_agreed small_write(const kith_comm *comm, const broken *b) {
  kith_agreed st = {KITH_OK};
  kith_h5 *f = NULL;
  int64_t first[2] = {0, 3}, users = 2, original[3] = {0, 1, 0}, edge[3] = {0, 1, -1};
  int64_t start[4] = {0, 1, 2, 4}, neighbor[4] = {2, 2, 0, 1}, number[2] = {0, 1}, item = 2, none[4] = {0};
  int32_t of[4] = {0, 0, 0, 1};
  KITH_TRY(kith_h5_create(comm, path, KITH_PARTS_FORMAT, KITH_FILE_VERSION, 1 << 16, &f));
  KITH_TRY(kith_h5_put_attr_int(f, "n_user", 2));
  KITH_TRY(kith_h5_put_attr_int(f, "n_item", 1));
  KITH_TRY(kith_h5_put_attr_int(f, "n_edge", 2));
  KITH_TRY(kith_h5_put_attr_int(f, "parts", 1));
  KITH_TRY(kith_h5_put_attr_int(f, "fingerprint", 5));
  KITH_TRY(put(f, "part/first", KITH_H5_INT64, 2, first));
  KITH_TRY(put(f, "part/user_count", KITH_H5_INT64, 1, &users));
  KITH_TRY(put(f, "node/original", KITH_H5_INT64, 3, original));
  KITH_TRY(put(f, "node/edge", KITH_H5_INT64, 3, edge));
  KITH_TRY(put(f, "train/start", KITH_H5_INT64, 4, start));
  KITH_TRY(put(f, "train/neighbor", KITH_H5_INT64, 4, neighbor));
  KITH_TRY(put(f, "train/original", KITH_H5_INT32, 4, of));
  KITH_TRY(put(f, "valid/start", KITH_H5_INT64, 4, none));
  KITH_TRY(put(f, "valid/item", KITH_H5_INT32, 0, of));
  KITH_TRY(put(f, "test/start", KITH_H5_INT64, 4, none));
  KITH_TRY(put(f, "test/item", KITH_H5_INT32, 0, of));
  KITH_TRY(put(f, "user/number", KITH_H5_INT64, 2, number));
  KITH_TRY(put(f, "item/number", KITH_H5_INT64, 1, &item));
  KITH_TRY(small_write_follow(f, b));
  KITH_TRY(kith_h5_publish(&f));
done:
  kith_h5_close(&f);
  return st;
}

static kith_status small_read(const broken *b, kith_graph **g) {
  const kith_comm alone = {.mpi = MPI_COMM_SELF, .rank = 0, .size = 1};
  assert_int_equal(KITH_OK, small_write(&alone, b).status);
  return kith_graph_read(test_comm, path, g).status;
}

static void a_transpose_that_does_not_fit_is_refused(void **state) {
  (void)state;
  broken bad[7];
  kith_graph *g = NULL;
  if (test_comm->size > 1) return; /* one part */
  assert_int_equal(KITH_OK, small_read(&whole, &g));
  assert_true(g->relation[0].kind[0] == 1 && g->transpose[0].kind[0] == 1 && g->transpose[0].start[1] == 0);
  kith_graph_destroy(&g);
  for (int i = 0; i < 7; i++) bad[i] = whole;
  bad[0].follower = 1, bad[0].says = "of the relation follow is stored at one end only";
  bad[1].kind_back = 0, bad[1].says = "of the relation follow is stored at one end only";
  bad[2].kind = 2, bad[2].says = "edge/follow/kind holds 2, expected 0 to 1";
  bad[3].kind_back = 7, bad[3].says = "edge/follow/transpose/kind holds 7, expected 0 to 1";
  bad[4].number = 2,
  bad[4].says = "edge/follow/neighbor holds 2, of type item, in the row of a node of type user";
  bad[5].follower = 3, bad[5].says = "edge/follow/transpose/neighbor";
  bad[6].n_back = 2, bad[6].says = "\"edge/follow/transpose/neighbor\" has 2 rows, 1 were expected";
  for (int i = 0; i < 7; i++) {
    assert_int_equal(KITH_EDATA, small_read(&bad[i], &g));
    assert_null(g);
    if (!strstr(kith_error_text(), bad[i].says)) fail_msg("%d: %s", i, kith_error_text());
  }
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(rows_and_transposes_are_what_brute_force_says),
                                     cmocka_unit_test(a_transpose_that_does_not_fit_is_refused)};
  char folder[KITH_PATH];
  test_begin(&argc, &argv);
  test_folder_begin(folder);
  test_path(folder, "parts.h5", path);
  int failures = cmocka_run_group_tests(tests, NULL, NULL);
  test_folder_end(folder);
  return test_end(failures);
}
