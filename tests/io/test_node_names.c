/* ranks: 1 2 */
/* What users and items are called: from a list beside their ids to graph.h5 and back; what says nothing is
 * counted, what is wrong refused. */
#include "support/folder.h"
#include "support/mpi_main.h"

#include "ingest/ingest.h"

static char folder[KITH_PATH]; /* of rank 0, known to all */

static void put(const char *name, const char *text, char *path) {
  test_path(folder, name, path);
  if (test_comm->rank == 0) test_file_write(folder, name, text, strlen(text), path);
  KITH_MPI(MPI_Barrier(test_comm->mpi));
}

/* Users 7, 9; items 30, 10, 20 in this order; or text, where `text_ids`. */
static kith_ingest_options lists(bool text_ids, const char *names) {
  kith_ingest_options o = {.interactions = {.format = KITH_EDGES}};
  put("pairs", text_ids ? "u a,\nu c\nv d\n" : "7\t30\n7\t10\n9\t20\n", o.interactions.path);
  snprintf(o.interactions.delimiter, sizeof o.interactions.delimiter, text_ids ? " " : "\t");
  if (names) put("names", names, o.names[KITH_ITEM].path);
  return o;
}

static kith_status ingest(const kith_ingest_options *o, kith_ingest_report *r) {
  char graph[KITH_PATH];
  return kith_ingest(test_comm, o, "job", test_path(folder, "graph.h5", graph), r).status;
}

/* The names of all items with a bar between, on rank 0. */
static void expect_names(const kith_ingest_options *o, kith_ingest_report *r, const char *expected) {
  char graph[KITH_PATH], one[300], all[2048] = "";
  kith_ids names;
  if (ingest(o, r) != KITH_OK) fail_msg("refused: %s", kith_error_text());
  assert_int_equal(
      KITH_OK,
      kith_node_names_read(test_comm, test_path(folder, "graph.h5", graph), KITH_ITEM, &names).status);
  assert_int_equal(names.n, test_comm->rank == 0 ? r->n[KITH_ITEM] : 0);
  for (int64_t i = 0; i < names.n; i++) {
    kith_ids_print(&names, i, sizeof one, one);
    snprintf(all + strlen(all), sizeof all - strlen(all), "%s%s", i ? "|" : "", one);
  }
  if (test_comm->rank == 0) assert_string_equal(all, expected);
  kith_ids_free(&names);
}

/* The delimiter is the one that finds known ids, whatever stands in the names. */
static void a_name_is_all_that_stands_behind_the_id(void **state) {
  (void)state;
  static const struct {
    const char *list, *names;
  } given[] = {
      {"30\tToy Story, part 2; or: not\n10\tS\xc3\xa3o :: Paulo\n20\t x | y \n",
       "Toy Story, part 2; or: not|S\xc3\xa3o :: Paulo|x | y"},
      {"30 Toy Story, part 2\n10  B\n20 C D\n", "Toy Story, part 2|B|C D"},
      {"30::Toy Story (1995)::Comedy\n10::B\n20::C\n", "Toy Story (1995)::Comedy|B|C"},
      {"30|A, or B|1995\n10|C\n20|D\n", "A, or B|1995|C|D"},
      {"30,\"American President, The\"\n10,B\n20,\"C\"\n", "American President, The|B|C"},
      {"# a comment\n\n20;C\r\n30;A\r\n10;B", "A|B|C"},
  };
  for (size_t i = 0; i < sizeof given / sizeof *given; i++) {
    kith_ingest_report r;
    kith_ingest_options o = lists(false, given[i].list);
    expect_names(&o, &r, given[i].names);
    assert_true(r.names[KITH_ITEM].named == 3 && r.names[KITH_ITEM].unnamed == 0 &&
                r.names[KITH_USER].named == 0 && r.names[KITH_USER].unnamed == 0);
  }
}

/* Text ids: whole lines are tried as ids too, and what no id could be is none.  A stranger does not turn the
 * list over. */
static void strangers_do_not_decide_the_delimiter(void **state) {
  (void)state;
  kith_ingest_report r;
  kith_ingest_options o = lists(true, "a,\tA, B\nq\t\xe9\nc\tC\nd\tD :: d\n");
  expect_names(&o, &r, "A, B|C|D :: d");
  assert_true(r.names[KITH_ITEM].named == 3 && r.names[KITH_ITEM].unknown == 1);
}

/* A catalog may begin with what nobody touched. */
static void a_long_list_of_strangers_may_come_first(void **state) {
  (void)state;
  static char list[64 * 400];
  kith_ingest_report r;
  char *end = list;
  for (int i = 0; i < 300; i++) end += sprintf(end, "%d\tstranger, %d\n", 1000 + i, i);
  sprintf(end, "30\tA, B\n");
  kith_ingest_options o = lists(false, list);
  expect_names(&o, &r, "A, B||");
  assert_true(r.names[KITH_ITEM].named == 1 && r.names[KITH_ITEM].unknown == 300 &&
              r.names[KITH_ITEM].unnamed == 2);
}

static void columns_are_found_by_name_and_by_number(void **state) {
  (void)state;
  kith_ingest_report r;
  kith_ingest_options o = lists(false, "title,year,movieId\n\"A, or B\",1995,30\nC,1996,10\nD,1997,20\n");
  kith_name_source *s = &o.names[KITH_ITEM];
  s->header = true;
  snprintf(s->delimiter, sizeof s->delimiter, ",");
  snprintf(s->id, sizeof s->id, "movieId");
  snprintf(s->name, sizeof s->name, "title");
  expect_names(&o, &r, "A, or B|C|D");
  snprintf(s->id, sizeof s->id, "3");
  snprintf(s->name, sizeof s->name, "2");
  expect_names(&o, &r, "1995|1996|1997");
  snprintf(s->name, sizeof s->name, "3");
  assert_int_equal(ingest(&o, &r), KITH_ECONFIG);
  snprintf(s->name, sizeof s->name, "Title");
  assert_int_equal(ingest(&o, &r), KITH_ECONFIG);
  assert_non_null(strstr(kith_error_text(), "data.item_names.columns: no column \"Title\" in the header"));
  snprintf(s->name, sizeof s->name, "4");
  assert_int_equal(ingest(&o, &r), KITH_EDATA);
  assert_non_null(strstr(kith_error_text(), "names:2: expected 4 columns or more, found 3"));
}

static void what_says_nothing_is_counted(void **state) {
  (void)state;
  char list[1024], expected[512], longest[400];
  kith_ingest_report r;
  memset(longest, 'x', sizeof longest);
  snprintf(longest + 254, sizeof longest - 254,
           "\xc3\xa9\xc3\xa9"); /* 254 x and two letters of two bytes: cut before the first one */
  snprintf(list, sizeof list, "30\t%s\n30\tagain\n77\tof nobody\n10\t\n", longest);
  snprintf(expected, sizeof expected, "%.254s||", longest);
  kith_ingest_options o = lists(false, list);
  expect_names(&o, &r, expected);
  const kith_name_report *n = &r.names[KITH_ITEM];
  assert_true(n->named == 1 && n->unnamed == 2 && n->unknown == 1 && n->repeated == 1 && n->truncated == 1);
}

static void no_list_gives_no_names(void **state) {
  (void)state;
  char graph[KITH_PATH];
  kith_ingest_report r;
  kith_ids names;
  kith_ingest_options o = lists(false, NULL);
  assert_int_equal(ingest(&o, &r), KITH_OK);
  assert_int_equal(
      KITH_OK,
      kith_node_names_read(test_comm, test_path(folder, "graph.h5", graph), KITH_ITEM, &names).status);
  assert_true(names.n == 0 && !names.text);
}

/* Another name is another graph. */
static void the_fingerprint_knows_of_names(void **state) {
  (void)state;
  static const char *const given[] = {NULL, "30\tA\n", "30\tB\n"};
  uint64_t print[3];
  char graph[KITH_PATH];
  for (int i = 0; i < 3; i++) {
    kith_ingest_report r;
    kith_dataset *d = NULL;
    kith_ingest_options o = lists(false, given[i]);
    assert_int_equal(ingest(&o, &r), KITH_OK);
    assert_int_equal(KITH_OK, kith_dataset_read(test_comm, test_path(folder, "graph.h5", graph), &d).status);
    print[i] = d->fingerprint;
    kith_dataset_destroy(&d);
  }
  assert_true(print[0] != print[1] && print[1] != print[2] && print[0] != print[2]);
}

static void expect_refused(bool text_ids, const char *list, const char *words) {
  kith_ingest_report r;
  kith_ingest_options o = lists(text_ids, list);
  assert_int_equal(KITH_EDATA, ingest(&o, &r));
  if (!strstr(kith_error_text(), words)) fail_msg("expected \"%s\", found \"%s\"", words, kith_error_text());
}

static void what_is_wrong_is_refused_with_its_line(void **state) {
  (void)state;
  expect_refused(false, "30\tA\tB\n",
                 "names:1: a tab in the name; say which column has it: data.item_names.columns.name");
  expect_refused(false, "10\tA\n30\tA\x1b[31m\n", "names:2: a control character, U+001B, in the name");
  expect_refused(false, "30\tA\xc2\x9b\n", "names:1: a control character, U+009B, in the name");
  expect_refused(false, "30\tA\xe9\n", "names:1: expected names in UTF-8, found byte 0xe9");
  expect_refused(false, "30\tA\nthirty\tB\n",
                 "names:2: expected an integer item id, found \"thirty\"; if the line names columns, set "
                 "data.item_names.header: true");
  expect_refused(false, "77\tA\n78\tB\n",
                 "names: expected lines of ids and names, found no name of a known item; if columns are "
                 "separated by another delimiter, set data.item_names.delimiter");
  expect_refused(false, "30\n10\n",
                 "names: expected lines of ids and names, found no name of a known item; if columns are "
                 "separated by another delimiter, set data.item_names.delimiter");
  expect_refused(false, "",
                 "names: expected lines of ids and names, found no name of a known item; if columns are "
                 "separated by another delimiter, set data.item_names.delimiter");
  expect_refused(false, "30\t\n", "names: expected lines of ids and names, found no name of a known item");
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(a_name_is_all_that_stands_behind_the_id),
                                     cmocka_unit_test(strangers_do_not_decide_the_delimiter),
                                     cmocka_unit_test(a_long_list_of_strangers_may_come_first),
                                     cmocka_unit_test(columns_are_found_by_name_and_by_number),
                                     cmocka_unit_test(what_says_nothing_is_counted),
                                     cmocka_unit_test(no_list_gives_no_names),
                                     cmocka_unit_test(the_fingerprint_knows_of_names),
                                     cmocka_unit_test(what_is_wrong_is_refused_with_its_line)};
  test_begin(&argc, &argv);
  test_folder_begin(folder);
  int failures = cmocka_run_group_tests(tests, NULL, NULL);
  test_folder_end(folder);
  return test_end(failures);
}
