/* ranks: 1 3 */
/* Relations of graph.h5 whose datasets do not fit together are refused; those of earlier versions are read.
 */
#include "graph/schema.h"
#include "store/graph.h"
#include "support/dataset.h"
#include "support/folder.h"
#include "support/mpi_main.h"

static char folder[KITH_PATH]; /* of rank 0, known to all */

/* A small graph.h5 by hand: users 1, 2; item 7; what a test changes of its relations. */
typedef struct handmade {
  const char *schema, *group, *column;
  int64_t n_start, start[4];
  int64_t n_to;
  int32_t to[4];
  int64_t n_weight;
  float weight[4];
  int64_t n_tag;
  int64_t n_kind, n_kind_id;
  uint16_t kind[4];
} handmade;

static const handmade good = {.schema = "type user 2\ntype item 1\ntype tag 2\n"
                                        "relation uses user tag 3 weighted\n",
                              .group = "edge/uses",
                              .column = "to",
                              .n_start = 3,
                              .start = {0, 2, 3},
                              .n_to = 3,
                              .to = {0, 1, 1},
                              .n_weight = 3,
                              .weight = {1, 2, 3},
                              .n_tag = 2};

static kith_agreed handmade_write_relation(kith_h5 *f, const handmade *h) {
  kith_agreed st = {KITH_OK};
  static const int64_t tag[4] = {70, 80, 90, 60};
  char name[KITH_NAME];
  if (h->schema) KITH_TRY(kith_h5_put_attr_text(f, "schema", h->schema));
  if (h->n_tag > 0)
    KITH_TRY(kith_h5_write(f, "node/tag/id", KITH_H5_INT64, 0, h->n_tag, 0, h->n_tag, false, tag));
  snprintf(name, sizeof name, "%s/start", h->group);
  KITH_TRY(kith_h5_write(f, name, KITH_H5_INT64, 0, h->n_start, 0, h->n_start, false, h->start));
  snprintf(name, sizeof name, "%s/%s", h->group, h->column);
  KITH_TRY(kith_h5_write(f, name, KITH_H5_INT32, 0, h->n_to, 0, h->n_to, false, h->to));
  snprintf(name, sizeof name, "%s/weight", h->group);
  if (h->n_weight > 0)
    KITH_TRY(kith_h5_write(f, name, KITH_H5_FLOAT, 0, h->n_weight, 0, h->n_weight, false, h->weight));
  if (h->n_kind > 0)
    KITH_TRY(kith_h5_write(f, "edge/uses/kind", KITH_H5_UINT16, 0, h->n_kind, 0, h->n_kind, false, h->kind));
  if (h->n_kind_id > 0)
    KITH_TRY(
        kith_h5_write(f, "edge/uses/kind_id", KITH_H5_TEXT, 1, h->n_kind_id, 0, h->n_kind_id, true, "pqrs"));
done:
  return st;
}

static kith_agreed handmade_write(const kith_comm *comm, const handmade *h, const char *path) {
  kith_agreed st = {KITH_OK};
  static const int64_t user[2] = {1, 2}, item[1] = {7}, start[3] = {0, 1, 1};
  static const int32_t of[1] = {0};
  static const char *const list[] = {"train", "valid", "test"};
  kith_h5 *f = NULL;
  char name[KITH_NAME];
  KITH_TRY(kith_h5_create(comm, path, KITH_GRAPH_FORMAT, KITH_FILE_VERSION, 1000, &f));
  KITH_TRY(kith_h5_put_attr_int(f, "n_user", 2));
  KITH_TRY(kith_h5_put_attr_int(f, "n_item", 1));
  KITH_TRY(kith_h5_put_attr_int(f, "fingerprint", 1));
  KITH_TRY(kith_h5_write(f, "user/id", KITH_H5_INT64, 0, 2, 0, 2, false, user));
  KITH_TRY(kith_h5_write(f, "item/id", KITH_H5_INT64, 0, 1, 0, 1, false, item));
  for (int i = 0; i < 3; i++) {
    snprintf(name, sizeof name, "%s/start", list[i]);
    KITH_TRY(kith_h5_write(f, name, KITH_H5_INT64, 0, 3, 0, 3, false, start));
    snprintf(name, sizeof name, "%s/item", list[i]);
    KITH_TRY(kith_h5_write(f, name, KITH_H5_INT32, 0, 1, 0, 1, false, of));
  }
  KITH_TRY(handmade_write_relation(f, h));
  KITH_TRY(kith_h5_publish(&f));
done:
  kith_h5_close(&f);
  return st;
}

/* Written by rank 0, read by all. */
static kith_status handmade_read(const handmade *h, kith_dataset **d) {
  const kith_comm alone = {.mpi = MPI_COMM_SELF, .rank = 0, .size = 1};
  char path[KITH_PATH];
  test_path(folder, "graph.h5", path);
  if (test_comm->rank == 0) assert_int_equal(handmade_write(&alone, h, path).status, KITH_OK);
  KITH_MPI(MPI_Barrier(test_comm->mpi));
  return kith_dataset_read(test_comm, path, d).status;
}

static void files_that_do_not_fit_together_are_refused(void **state) {
  (void)state;
  kith_dataset *d = NULL;
  handmade bad[12];
  static const char *const reason[12] = {"node/tag/id",      "edge/uses/start",  "edge/uses/to",
                                         "edge/uses/weight", "edge/uses/start",  "edge/uses/to",
                                         "edge/uses/to",     "edge/uses/weight", "schema",
                                         "schema",           "edge/uses/to",     "user/id"};
  assert_int_equal(handmade_read(&good, &d), KITH_OK);
  test_assert_rows(d, "uses", "0: 0 1;1: 1;");
  assert_true(d->relation[0].weight[2] == 3);
  kith_dataset_destroy(&d);
  for (int i = 0; i < 12; i++) bad[i] = good;
  bad[0].n_tag = 3;
  bad[1].n_start = 4, bad[1].start[3] = 3;
  bad[2].n_to = 4;
  bad[3].n_weight = 2;
  bad[4].start[1] = 4;
  bad[5].to[1] = 2; /* there are two tags */
  bad[6].to[0] = 1; /* twice the same */
  bad[7].weight[1] = INFINITY;
  bad[8].schema = "type user 2\ntype item 1\ntype tag 2\nrelation uses user mark 3\n";
  bad[9].schema = "type user 2\ntype item 1\ntype tag two\n";
  bad[10].schema = "type user 2\ntype item 1\ntype tag 2\nrelation uses user tag 4 weighted\n";
  bad[11].schema = "type user 3\ntype item 1\ntype tag 2\nrelation uses user tag 3 weighted\n";
  for (int i = 0; i < 12; i++) {
    assert_int_equal(handmade_read(&bad[i], &d), KITH_EDATA);
    assert_null(d);
    if (!strstr(kith_error_text(), "graph.h5") || !strstr(kith_error_text(), reason[i]))
      fail_msg("file %d: \"%s\" lacks \"%s\"", i, kith_error_text(), reason[i]);
  }
}

static void kinds_that_do_not_fit_are_refused(void **state) {
  (void)state;
  kith_dataset *d = NULL;
  handmade kinds = good, bad[7];
  kinds.schema = "type user 2\ntype item 1\ntype tag 2\nrelation uses user tag 3 back kinds 2\n";
  kinds.n_weight = 0;
  kinds.to[0] = kinds.to[1] = 1;
  kinds.n_kind = 3, kinds.n_kind_id = 2, kinds.kind[1] = 1;
  assert_int_equal(handmade_read(&kinds, &d), KITH_OK);
  test_assert_rows(d, "uses", "0: 1 1;1: 1;");
  assert_true(d->relation[0].kind[1] == 1 && d->relation[0].kind_ids.n == 2);
  kith_dataset_destroy(&d);
  for (int i = 0; i < 7; i++) bad[i] = kinds;
  bad[0].kind[2] = 2;                     /* there are two kinds */
  bad[1].kind[0] = 1;                     /* twice the same */
  bad[2].kind[0] = 1, bad[2].kind[1] = 0; /* descending */
  bad[3].n_kind = 2;
  bad[4].n_kind_id = 3;
  bad[5].n_kind = 0;
  bad[6].n_kind_id = 0;
  for (int i = 0; i < 7; i++) {
    assert_int_equal(handmade_read(&bad[i], &d), KITH_EDATA);
    assert_null(d);
    if (!strstr(kith_error_text(), "edge/uses/kind")) fail_msg("file %d: \"%s\"", i, kith_error_text());
  }
}

/* The space has the item and the tags: numbers 0 to 2. */
static void id_spaces_have_rows_of_both_types(void **state) {
  (void)state;
  kith_dataset *d = NULL;
  handmade h = good;
  h.schema = "type user 2\ntype item 1\ntype tag 2 same_as item\nrelation uses user tag 3 weighted\n";
  h.to[1] = 2;
  assert_int_equal(handmade_read(&h, &d), KITH_OK);
  test_assert_rows(d, "uses", "0: 0 2;1: 1;");
  kith_dataset_destroy(&d);
  h.to[1] = 3;
  assert_int_equal(handmade_read(&h, &d), KITH_EDATA);
  h.to[1] = 2;
  h.schema = "type user 2\ntype item 1\ntype tag 2 same_as item\nrelation uses tag user 3 weighted\n";
  assert_int_equal(handmade_read(&h, &d), KITH_EDATA); /* three rows are expected */
  h.schema = "type user 2\ntype item 1\ntype tag 2 same_as mark\nrelation uses user tag 3 weighted\n";
  assert_int_equal(handmade_read(&h, &d), KITH_EDATA);
}

static void ties_of_an_earlier_version_are_relation_friend(void **state) {
  (void)state;
  kith_dataset *d = NULL;
  handmade old = {
      .group = "social", .column = "user", .n_start = 3, .start = {0, 1, 1}, .n_to = 1, .to = {1}};
  assert_int_equal(handmade_read(&old, &d), KITH_OK);
  assert_true(d->schema.n_type == 2 && d->schema.n_relation == 1);
  assert_true(d->schema.relation[0].from == KITH_USER && d->schema.relation[0].to == KITH_USER);
  test_assert_rows(d, "friend", "0: 1;1:;");
  kith_dataset_destroy(&d);
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(files_that_do_not_fit_together_are_refused),
      cmocka_unit_test(kinds_that_do_not_fit_are_refused),
      cmocka_unit_test(id_spaces_have_rows_of_both_types),
      cmocka_unit_test(ties_of_an_earlier_version_are_relation_friend),
  };
  test_begin(&argc, &argv);
  test_folder_begin(folder);
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  test_folder_end(folder);
  return test_end(failed);
}
