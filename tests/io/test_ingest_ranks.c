/* ranks: 2 4 */
/* A list that all ranks read gives the bytes, the report and the message of one rank. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "ingest/ingest.h"
#include "support/folder.h"
#include "support/mpi_main.h"

enum { LINES = 600, ROOM = 1 << 16 };

static char folder[KITH_PATH]; /* of rank 0, known to all */

/* ---- lists ---- */

/* A line of edges: numbers or texts, a time, an end. */
static int line_of(bool text, int i, char *to, const char *end) {
  const int user = i * 7919 % 97, item = i * i % 61, time = 1500000000 + i * 31 % 200;
  return sprintf(to, text ? "u%x\xc3\xa9,item %d,%d%s" : "%d\t%d\t%d%s", user, item, time, end);
}

/* Lines from … to - 1; `odd` replaces line `at`. */
static void lines_of(bool text, int from, int to, const char *end, int at, const char *odd, char *out) {
  out[0] = '\0';
  for (int i = from; i < to; i++) {
    if (i == at) out += sprintf(out, "%s%s", odd, end);
    else out += line_of(text, i, out, i + 1 < to ? end : "");
  }
}

static void list_write(const char *name, const char *text, bool gzip, char *path) {
  test_path(folder, name, path);
  if (test_comm->rank == 0 && gzip) test_file_write_gzip(folder, name, text, strlen(text), path);
  else if (test_comm->rank == 0) test_file_write(folder, name, text, strlen(text), path);
  KITH_MPI(MPI_Barrier(test_comm->mpi));
}

/* ---- comparison ---- */

static void assert_same_report(const kith_ingest_report *a, const kith_ingest_report *b) {
  const kith_list_report *x = &a->interactions_list, *y = &b->interactions_list;
  assert_int_equal(a->n[KITH_USER], b->n[KITH_USER]);
  assert_int_equal(a->n[KITH_ITEM], b->n[KITH_ITEM]);
  assert_int_equal(a->duplicates, b->duplicates);
  assert_int_equal(a->below_min_weight, b->below_min_weight);
  assert_int_equal(a->train, b->train);
  assert_int_equal(a->valid, b->valid);
  assert_int_equal(a->test, b->test);
  assert_int_equal(a->cold_users, b->cold_users);
  assert_int_equal(a->cold_items, b->cold_items);
  assert_int_equal(a->test_in_train, b->test_in_train);
  assert_memory_equal(&a->split, &b->split, sizeof a->split);
  assert_memory_equal(&a->drift, &b->drift, sizeof a->drift);
  for (int r = 0; r < KITH_MAX_RELATIONS; r++) {
    assert_int_equal(a->relation[r].edges, b->relation[r].edges);
    assert_int_equal(a->relation[r].overlaps, b->relation[r].overlaps);
    assert_int_equal(a->relation[r].without_overlap, b->relation[r].without_overlap);
  }
  assert_int_equal(x->lines, y->lines);
  assert_int_equal(x->comments, y->comments);
  assert_int_equal(x->blank, y->blank);
  assert_int_equal(x->repeated, y->repeated);
  assert_int_equal(x->header, y->header);
}

/* Ingest by all ranks, and by rank 0 alone; returns the status of both. */
static kith_status same_status(const kith_ingest_options *o) {
  const kith_comm alone = {.mpi = MPI_COMM_SELF, .rank = 0, .size = 1};
  char many[KITH_PATH], one[KITH_PATH], said[2048] = "";
  kith_ingest_report r, r_one;
  test_path(folder, "many.h5", many);
  test_path(folder, "one.h5", one);
  const kith_status st = kith_ingest(test_comm, o, "job", many, &r).status;
  if (st != KITH_OK) snprintf(said, sizeof said, "%s", kith_error_text());
  if (test_comm->rank == 0) {
    assert_int_equal(kith_ingest(&alone, o, "job", one, &r_one).status, st);
    if (st != KITH_OK) assert_string_equal(said, kith_error_text());
  }
  if (test_comm->rank == 0 && st == KITH_OK) {
    size_t n = 0, n_one = 0;
    char *bytes = test_file_read(many, &n), *bytes_one = test_file_read(one, &n_one);
    assert_int_equal(n, n_one);
    assert_memory_equal(bytes, bytes_one, n);
    assert_same_report(&r, &r_one);
    KITH_FREE(bytes);
    KITH_FREE(bytes_one);
    unlink(many);
    unlink(one);
  }
  KITH_MPI(MPI_Barrier(test_comm->mpi));
  return st;
}

static void assert_same(const kith_ingest_options *o) { assert_int_equal(KITH_OK, same_status(o)); }

static kith_ingest_options options(kith_list_format format) {
  kith_ingest_options o = {.interactions = {.format = format}, .test = {.format = KITH_FORMAT_AUTO}};
  o.split = (kith_split){.method = KITH_SPLIT_RATIO, .valid = 0.1, .test = 0.1, .seed = 5};
  return o;
}

/* ---- tests ---- */

static void plain_lists_of_any_line_end_give_the_same_bytes(void **state) {
  (void)state;
  static char text[ROOM];
  kith_ingest_options o = options(KITH_EDGES);
  strcpy(o.interactions.time, "3");
  o.split.method = KITH_SPLIT_LEAVE_LAST_OUT;
  for (int k = 0; k < 4; k++) {
    lines_of(k > 1, 0, LINES, k % 2 ? "\r\n" : "\n", -1, "", text);
    list_write("list", text, false, o.interactions.path);
    assert_same(&o);
  }
  strcpy(o.interactions.time, "line");
  assert_same(&o);
}

/* Two columns of numbers are read where they lie; what is no such line, as any other is. */
static void two_columns_of_numbers_give_the_same_bytes(void **state) {
  (void)state;
  static char text[ROOM];
  static const char *const by[] = {"\t", " ", ","};
  kith_ingest_options o = options(KITH_EDGES);
  for (int k = 0; k < 6; k++) {
    int n = 0;
    for (int i = 0; i < LINES; i++) {
      const int far = i % 50 == 7 ? 16777216 + i % 3 : i * i % 61;
      n += sprintf(text + n, "%s%d%s%d%s%s", i % 90 == 3 ? "# a\n\n" : "", i * 7919 % 97, by[k / 2], far,
                   i % 40 == 9 ? " " : "", k % 2 ? "\r\n" : "\n");
    }
    list_write("list", text, k == 5, o.interactions.path);
    assert_same(&o);
    sprintf(text + n, "4%s05\n", by[k / 2]); /* no number */
    list_write("list", text, false, o.interactions.path);
    assert_int_equal(KITH_EDATA, same_status(&o));
  }
}

static void files_and_packed_parts_give_the_same_bytes(void **state) {
  (void)state;
  static char text[ROOM];
  char path[KITH_PATH];
  kith_ingest_options o = options(KITH_EDGES);
  o.interactions.header = KITH_HEADER_YES;
  strcpy(o.interactions.user, "user");
  strcpy(o.interactions.item, "item");
  for (int k = 0; k < 5; k++) {
    char name[] = "part0";
    name[4] = (char)('0' + k);
    strcpy(text, k == 3 ? "# nothing\n\n" : "user,item,time\n");
    if (k != 3) lines_of(true, k * 50, k * 100, "\n", -1, "", text + strlen(text));
    list_write(name, text, k == 1 || k == 4, path);
  }
  test_path(folder, "part?", o.interactions.path);
  assert_same(&o);
}

static void spans_may_be_shorter_than_a_line_or_empty(void **state) {
  (void)state;
  static char text[ROOM];
  kith_ingest_options o = options(KITH_ADJACENCY);
  o.split.method = KITH_SPLIT_NONE;
  list_write("list", "1 2\n1 3", false, o.interactions.path);
  assert_same(&o);
  int n = sprintf(text, "1 2 3\n2");
  for (int i = 0; i < 3000; i++) n += sprintf(text + n, " %d", i * 13 % 700);
  sprintf(text + n, "\n3 4\n");
  list_write("list", text, false, o.interactions.path);
  assert_same(&o);
  strcpy(o.interactions.time, "line");
  assert_same(&o);
}

static void the_first_bad_line_is_the_one_that_is_named(void **state) {
  (void)state;
  static char text[ROOM];
  kith_ingest_options o = options(KITH_EDGES);
  static const char *const odd[] = {"5\tx\t7", "5", "\t5\t7", "5\t6\t2020-01-01", "5\t6\tsoon", "#5\t6\t7"};
  strcpy(o.interactions.time, "3");
  for (size_t k = 0; k < sizeof odd / sizeof *odd; k++) {
    lines_of(false, 0, LINES, "\n", LINES / 2 + 70, odd[k], text);
    strcat(text, "\nbad\n");
    list_write("list", text, false, o.interactions.path);
    assert_int_equal(KITH_EDATA, same_status(&o));
  }
  lines_of(true, 0, LINES, "\n", LINES - 2, "user,item,5", text);
  list_write("list", text, false, o.interactions.path);
  assert_int_equal(KITH_EDATA, same_status(&o));
  list_write("list", "a,1\na,2\na,3\na,4\n5,6\n7,8\n", false, o.interactions.path);
  o.interactions.time[0] = '\0';
  assert_int_equal(KITH_EDATA, same_status(&o));
}

static void every_split_gives_the_same_bytes(void **state) {
  (void)state;
  static char text[ROOM];
  static const kith_split_method method[] = {KITH_SPLIT_RATIO, KITH_SPLIT_LEAVE_LAST_OUT, KITH_SPLIT_TIME,
                                             KITH_SPLIT_ITEMS, KITH_SPLIT_CORE,           KITH_SPLIT_NONE};
  kith_ingest_options o = options(KITH_EDGES);
  strcpy(o.interactions.time, "3");
  for (int text_ids = 0; text_ids < 2; text_ids++) {
    lines_of(text_ids, 0, LINES, "\n", -1, "", text);
    list_write("list", text, false, o.interactions.path);
    for (size_t k = 0; k < sizeof method / sizeof *method; k++) {
      o.split.method = method[k];
      o.split.core = 5; /* of 574 interactions 548; of 6 on nothing */
      assert_same(&o);
    }
  }
  o.split = (kith_split){.method = KITH_SPLIT_CORE, .core = 6, .test = 0.1};
  assert_int_equal(KITH_EDATA, same_status(&o));
  o.split = (kith_split){.method = KITH_SPLIT_RATIO, .test = 1e-9};
  assert_int_equal(KITH_EDATA, same_status(&o));
  strcpy(o.interactions.time, "line"); /* no two are equal, so that a share is met exactly */
  o.split = (kith_split){.method = KITH_SPLIT_TIME, .valid = 0.2, .test = 0.1};
  assert_same(&o);
  o.split = (kith_split){.method = KITH_SPLIT_TIME, .valid = 0.3};
  o.interactions.time[0] = '\0';
  assert_int_equal(KITH_ECONFIG, same_status(&o));
}

/* A rank has the interactions of few users, who are far from all items. */
static void a_core_is_peeled_over_ranks_until_nothing_falls(void **state) {
  (void)state;
  static char text[ROOM];
  kith_ingest_options o = options(KITH_EDGES);
  int n = 0;
  for (int i = 0; i < 200; i++) /* a path: user i has items i and i + 1, and peels from its end */
    n += sprintf(text + n, "%d\t%d\n%d\t%d\n", i, i, i, i + 1);
  for (int i = 0; i < 9; i++) n += sprintf(text + n, "%d\t%d\n", 900 + i % 3, 900 + i / 3);
  list_write("list", text, false, o.interactions.path);
  o.split = (kith_split){.method = KITH_SPLIT_CORE, .core = 2, .valid = 0.4};
  assert_same(&o);
}

/* Ties of users and of items, whose ends are in rows of several ranks, and a relation without overlaps. */
static void relations_that_rank_0_reads_are_the_same(void **state) {
  (void)state;
  static char text[ROOM];
  static const char *const name[] = {"friend", "like", "tag"}, *const from[] = {"user", "item", "item"},
                           *const to[] = {"user", "item", "tag"};
  kith_ingest_options o = options(KITH_EDGES);
  lines_of(true, 0, LINES, "\n", -1, "", text);
  list_write("list", text, false, o.interactions.path);
  o.n_relation = 3;
  for (int r = 0; r < o.n_relation; r++) {
    kith_relation_source *s = &o.relation[r];
    s->list.format = KITH_EDGES;
    strcpy(s->list.delimiter, ",");
    snprintf(s->name, sizeof s->name, "%s", name[r]);
    snprintf(s->from, sizeof s->from, "%s", from[r]);
    snprintf(s->to, sizeof s->to, "%s", to[r]);
    int n = 0;
    for (int i = 0; i < 400; i++) {
      const int a = i * 7919 % 97, b = (i * 31 + r) % 97, x = i * i % 61, y = (i + 40) * i * 3 % 61;
      if (r == 0) n += sprintf(text + n, "u%x\xc3\xa9,u%x\xc3\xa9\n", a, b);
      else n += sprintf(text + n, r == 1 ? "item %d,item %d\n" : "item %d,%d\n", x, y);
    }
    list_write(name[r], text, false, s->list.path);
  }
  assert_same(&o);
}

static void what_rank_0_reads_besides_is_the_same(void **state) {
  (void)state;
  static char text[ROOM];
  kith_ingest_options o = options(KITH_EDGES);
  lines_of(true, 0, LINES, "\n", -1, "", text);
  list_write("list", text, false, o.interactions.path);
  lines_of(true, 20, 90, "\n", -1, "", text);
  list_write("held", text, false, o.test.path);
  assert_same(&o);
  o.n_relation = 1;
  o.relation[0] = (kith_relation_source){.name = "friend", .from = "user", .to = "user"};
  list_write("ties", "u0\xc3\xa9,u2a\xc3\xa9\nu5\xc3\xa9,u2a\xc3\xa9\n", false, o.relation[0].list.path);
  assert_same(&o);
  o.n_relation = 0;
  o.test.path[0] = '\0';
  strcpy(o.interactions.time, "3");
  o.split.method = KITH_SPLIT_STREAM;
  assert_same(&o);
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(plain_lists_of_any_line_end_give_the_same_bytes),
      cmocka_unit_test(two_columns_of_numbers_give_the_same_bytes),
      cmocka_unit_test(files_and_packed_parts_give_the_same_bytes),
      cmocka_unit_test(spans_may_be_shorter_than_a_line_or_empty),
      cmocka_unit_test(the_first_bad_line_is_the_one_that_is_named),
      cmocka_unit_test(every_split_gives_the_same_bytes),
      cmocka_unit_test(a_core_is_peeled_over_ranks_until_nothing_falls),
      cmocka_unit_test(relations_that_rank_0_reads_are_the_same),
      cmocka_unit_test(what_rank_0_reads_besides_is_the_same),
  };
  test_begin(&argc, &argv);
  test_folder_begin(folder);
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  test_folder_end(folder);
  return test_end(failed);
}
