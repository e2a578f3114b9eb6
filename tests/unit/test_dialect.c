/* ranks: 1 */
/* Format, delimiter and header of a list are told by its first lines where these agree, and asked for
 * otherwise. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "ingest/dialect.h"
#include "support/folder.h"

static char folder[KITH_PATH];

/* What came of reading a list: the ids of the pairs, "u:i u:i", and how it was read. */
typedef struct outcome {
  kith_status status;
  kith_list_report report;
  char pairs[512];
} outcome;

static void name_of(const kith__id_map *names, int32_t number, char *text) {
  kith_ids ids;
  assert_int_equal(kith__id_map_ids(names, &ids), KITH_OK);
  kith_ids_print(&ids, number, 64, text);
  kith_ids_free(&ids);
}

static outcome read_list(kith_edge_source s, const char *text, kith_list_format hint, const char *known) {
  outcome o = {.status = KITH_OK};
  kith__id_map user, item, kind;
  kith__edge_list pairs = {0};
  int32_t number;
  kith__lines here = {.path = "known"};
  test_file_write(folder, "list", text, strlen(text), s.path);
  kith__id_map_init(&user, "user", KITH_ID_AUTO);
  kith__id_map_init(&item, "item", KITH_ID_AUTO);
  kith__id_map_init(&kind, "kind", KITH_ID_AUTO);
  if (known)
    assert_int_equal(kith__id_map_add(&user, &here, (kith__field){known, (int64_t)strlen(known)}, true,
                                      &number),
                     KITH_OK);
  kith__edge_policy policy = {.key = "data.some",
                              .format_hint = hint,
                              .user = &user,
                              .item = &item,
                              .kind = s.kind[0] ? &kind : NULL,
                              .add_users = true,
                              .add_items = true};
  o.status = kith__edge_list_read(&s, &policy, &pairs);
  o.report = policy.report;
  for (kith__edge_chunk *b = o.status == KITH_OK ? pairs.first : NULL; b; b = b->next)
    for (int64_t k = 0; k < b->n; k++) {
      char id[2][64];
      name_of(&user, b->user[k], id[0]);
      name_of(&item, b->item[k], id[1]);
      size_t n = strlen(o.pairs);
      snprintf(o.pairs + n, sizeof o.pairs - n, "%s%s:%s", n ? " " : "", id[0], id[1]);
    }
  kith__edge_list_free(&pairs);
  kith__id_map_free(&user);
  kith__id_map_free(&item);
  kith__id_map_free(&kind);
  return o;
}

static void assert_taken(kith_edge_source s, const char *text, kith_list_format format, const char *delimiter,
                         int columns, const char *pairs) {
  outcome o = read_list(s, text, KITH_FORMAT_AUTO, NULL);
  if (o.status != KITH_OK) print_error("%s\n", kith_error_text());
  assert_int_equal(o.status, KITH_OK);
  assert_string_equal(o.pairs, pairs);
  assert_int_equal(o.report.format, format);
  assert_string_equal(o.report.delimiter, delimiter);
  assert_int_equal(o.report.n_column, columns);
}

static void assert_asked(kith_edge_source s, const char *text, const char *expected) {
  outcome o = read_list(s, text, KITH_FORMAT_AUTO, NULL);
  if (o.status != KITH_EDATA) print_error("%s: %s: read as %s\n", text, expected, o.pairs);
  assert_int_equal(o.status, KITH_EDATA);
  if (!strstr(kith_error_text(), expected)) print_error("%s\n", kith_error_text());
  assert_non_null(strstr(kith_error_text(), expected));
  assert_null(strchr(kith_error_text(), '\n'));
}

static const kith_edge_source any = {.format = KITH_FORMAT_AUTO}, edges = {.format = KITH_EDGES};
static const char choices[] = "set data.some.format: adjacency or edges, and data.some.delimiter";

static void two_to_four_equal_columns_are_edges(void **state) {
  (void)state;
  assert_taken(any, "1 2\n3 4\n", KITH_EDGES, "", 2, "1:2 3:4");
  assert_taken(any, "1\t2\t5\n3\t4\t1\n", KITH_EDGES, "\t", 3, "1:2 3:4");
  assert_taken(any, "1 2 5 9\n3 4 1 8\n", KITH_EDGES, "", 4, "1:2 3:4");
  assert_taken(any, "u,i,5,9\nv,j,1,8\n", KITH_EDGES, ",", 4, "u:i v:j");
  assert_taken(any, "1::2::5::9\n3::4::1::8\n", KITH_EDGES, "::", 4, "1:2 3:4");
  assert_taken(any, "u|i|5\nv|j|1", KITH_EDGES, "|", 3, "u:i v:j");
}

static void lines_of_white_space_and_unequal_length_are_adjacency(void **state) {
  (void)state;
  assert_taken(any, "1 2 3\n4 5\n", KITH_ADJACENCY, "", 0, "1:2 1:3 4:5");
  assert_taken(any, "u\ti\tj\nv\n", KITH_ADJACENCY, "", 0, "u:i u:j");
  kith_edge_source s = {.format = KITH_ADJACENCY,
                        .user =
                            "1"}; /* what the job says of the format counts, not what it says of columns */
  assert_taken(s, "1 2 3\n4 5 6\n", KITH_ADJACENCY, "", 3, "1:2 1:3 4:5 4:6");
}

/* Five columns or more: different integers in every line, which ascend or mix; not a rating, a time, a word,
 * one line alone. */
static void many_equal_columns_are_adjacency_only_where_they_look_alike(void **state) {
  (void)state;
  static const char *const other[] = {"1 5 3 8 3\n2 6 9 4 1\n",  "1 20 900 5 2010\n2 10 700 4 2011\n",
                                      "1 5 3 8 x\n2 6 9 4 y\n",  "1 5 3 8 2\n",
                                      "1,5,3,8,2\n2,3,5,9,1\n",  "1 5 3 8 1.5\n2 6 9 4 2.5\n",
                                      "1 90 3 8 2\n2 80 9 4 1\n"};
  assert_taken(any, "1 5 3 8 2\n2 3 5 2 9\n", KITH_ADJACENCY, "", 5, "1:5 1:3 1:8 1:2 2:3 2:5 2:2 2:9");
  assert_taken(any, "7 1 2 5 9\n1 10 20 30 40\n", KITH_ADJACENCY, "", 5,
               "7:1 7:2 7:5 7:9 1:10 1:20 1:30 1:40");
  for (size_t i = 0; i < sizeof other / sizeof other[0]; i++) assert_asked(any, other[i], choices);
}

static void a_sign_within_numbers_or_names_parts_nothing(void **state) {
  (void)state;
  for (int i = 0; i < 2; i++) {
    const kith_edge_source s = i ? edges : any;
    assert_taken(s, "u1;i1;3,5\nu2;i1;4,0\n", KITH_EDGES, ";", 3, "u1:i1 u2:i1");
    assert_taken(s, "u1 i1 3,5\nu2 i1 4,0\n", KITH_EDGES, "", 3, "u1:i1 u2:i1");
    assert_taken(s, "u1\ti1\t3,5\nu2\ti1\t4,0\n", KITH_EDGES, "\t", 3, "u1:i1 u2:i1");
    assert_taken(s, "u,i,2010-10-19 23:55\nv,j,2010-10-20 23:55\n", KITH_EDGES, ",", 3, "u:i v:j");
    assert_taken(s, "u,i,Drama|War\nv,j,Crime|War\n", KITH_EDGES, ",", 3, "u:i v:j");
    assert_taken(s, "ns::u\tns::i\nns::v\tns::j\n", KITH_EDGES, "\t", 2, "ns::u:ns::i ns::v:ns::j");
    assert_taken(s, "\"a,b\";i\n\"c,d\";j\n", KITH_EDGES, ";", 2, "a,b:i c,d:j");
  }
  assert_taken(edges, "u,The Matrix\nv,The Wire\n", KITH_EDGES, ",", 2, "u:The Matrix v:The Wire");
}

static void where_lines_may_be_read_in_two_ways_the_job_must_say(void **state) {
  (void)state;
  static const char *const both[] = {
      "ns::u,ns::i\nns::v,ns::j\n", "ns::u ns::i\nns::v ns::j\n",   "a;b,c\nd;e,f\n", "u;1,5\nv;2,5\n",
      "3,5 4,5\n1,2 2,3\n",         "u i hello, you\nv j hi, you\n"};
  static const char *const alone[] = {"u\ti j k\nv\ti j\n",     "u,i j k\nv,i\n",
                                      "u,i,j,k\nv,i\n",         "1 2 3 4 5\n6 7 8 9 7\n",
                                      "a,b,c,d,e\n1,2,3,4,5\n", "u i,j,k\nv i,j\n",
                                      "1 2 3\n1 2 3.5\n4 5\n",  "rock music\tjazz\tpop\nx\ty\n"};
  for (size_t i = 0; i < sizeof both / sizeof both[0]; i++) {
    assert_asked(any, both[i], choices);
    assert_asked(edges, both[i], choices);
  }
  for (size_t i = 0; i < sizeof alone / sizeof alone[0]; i++) assert_asked(any, alone[i], choices);
}

static void what_the_first_lines_say_is_held_to_the_end(void **state) {
  (void)state;
  char *text = kith_alloc(40000, 1), *at = text;
  for (int i = 0; i < 1200; i++) at += sprintf(at, "%d %d\n", i, i % 7);
  strcpy(at, "5000 1 2 3\n");
  assert_asked(any, text, "list:1201: expected 2 columns, as in the first lines, found 4");
  at = text;
  for (int i = 0; i < 1200; i++) at += sprintf(at, "%d %d 5 9\n", i, i % 7);
  strcpy(at, "5000 1\n");
  assert_asked(any, text, "list:1201: expected 4 columns, as in the first lines, found 2");
  strcpy(at, "5000 1 2\n");
  assert_asked(any, text, "list:1201: expected 4 columns, as in the first lines, found 3");
  KITH_FREE(text);
}

static void the_list_that_another_goes_with_decides_what_is_open(void **state) {
  (void)state;
  outcome o = read_list(any, "1 2 3\n", KITH_ADJACENCY, NULL);
  assert_string_equal(o.pairs, "1:2 1:3");
  o = read_list(any, "1 2 3\n", KITH_EDGES, NULL);
  assert_string_equal(o.pairs, "1:2");
  o = read_list(any, "1 2 3 4 5\n", KITH_ADJACENCY, NULL);
  assert_string_equal(o.pairs, "1:2 1:3 1:4 1:5");
  o = read_list(any, "1 2 3\n4 5\n", KITH_EDGES, NULL);
  assert_string_equal(o.pairs, "1:2 1:3 4:5");
}

static void lines_of_edges_lose_no_column_in_silence(void **state) {
  (void)state;
  static const char few[] =
      "list:2: expected 4 columns, as in the first line, found 2; set data.some.format: adjacency";
  static const char *const cut[] = {"a x y z\nb y\nc z x\n", "a,x,y,z\nb,y\n", "a\tx\ty\tz\nb\ty\n"};
  kith_edge_source s = edges;
  for (size_t i = 0; i < sizeof cut / sizeof cut[0]; i++) assert_asked(edges, cut[i], few);
  assert_asked(edges, "a,x\nb,y,z\n", "list:2: expected 2 columns, as in the first line, found 3");
  assert_asked(edges, "a,x,5\nb,y\n", "list:2: expected 3 columns, as in the first line, found 2");
  assert_taken(edges, "a,x\nb,y,\nc,z,,\n", KITH_EDGES, ",", 0, "a:x b:y c:z");
  assert_taken(any, "a,x,\nb,y,\n", KITH_EDGES, ",", 3, "a:x b:y");
  assert_taken(edges, "a,x,\nb,y,\n", KITH_EDGES, ",", 3, "a:x b:y");
  strcpy(s.user, "2"); /* what is behind the columns of these numbers is left out */
  strcpy(s.item, "1");
  assert_taken(s, "a x y z\nb y\n", KITH_EDGES, "", 0, "x:a y:b");
  strcpy(s.user, "3"); /* an unread column before them may be two */
  assert_asked(s, "a x y z\nb y x\n", "list:2: expected 4 columns, as in the first line, found 3");
}

static void a_header_says_how_many_columns_there_are(void **state) {
  (void)state;
  static const char shifted[] = "user,item\n1,a,x\n2,b,y\n";
  kith_edge_source s = {.format = KITH_EDGES, .header = KITH_HEADER_YES};
  assert_taken(s, "user,item,n,m\na,x,3\nb,y\nc,z,4,,,\n", KITH_EDGES, ",", 0, "a:x b:y c:z");
  assert_asked(s, "user,item,n\na,x,3\nb,y,5,6\n", "list:3: expected 3 columns, as in the header, found 4");
  assert_asked(s, shifted, "list:2: expected 2 columns, as in the header, found 3");
  s.format = KITH_FORMAT_AUTO;
  assert_asked(s, shifted, "list:2: expected 2 columns, as in the header, found 3");
  strcpy(s.user, "user");
  strcpy(s.item, "item");
  assert_asked(s, shifted, "list:2: expected 2 columns, as in the header, found 3");
}

static void times_have_one_form(void **state) {
  (void)state;
  kith_edge_source s = {.time = "3"};
  assert_asked(s, "a,x,2019-05-01\nb,y,2019-05-02\nb,y,20200102\n",
               "list:3: expected a date, as in line 1, found \"20200102\"");
  assert_asked(s, "a,x,20190501\nb,y,2020-01-02T10:00\n",
               "list:2: expected a number of seconds, as in line 1, found \"2020-01-02T10:00\"");
  assert_taken(s, "a,x,-1234567890\nb,y,1234e-0005\nb,z,12345678901\n", KITH_EDGES, ",", 3, "a:x b:y b:z");
}

static void adjacency_has_neither_header_nor_ratings(void **state) {
  (void)state;
  static const char header[] = "\"user_id\", \"item_id\" look like the names of columns; leave the line out";
  kith_edge_source s = {.format = KITH_ADJACENCY};
  for (int i = 0; i < 2; i++) {
    assert_asked(i ? s : any, "user_id item_id\nb y x z\nc x z\n", header);
    assert_asked(i ? s : any, "b y x z\nc x z\nuser_id item_id\n", header);
    assert_asked(i ? s : any, "1 2:5 4:3.5 9:1\n2 4:4\n", "list:1: \"2:5\" looks like an id and a weight");
    assert_taken(i ? s : any, "1 a:5 b:3 c:1\n2 b:4\n", KITH_ADJACENCY, "", 0, "1:a:5 1:b:3 1:c:1 2:b:4");
  }
}

/* ---- headers ---- */

static void a_header_that_nobody_announced_is_told(void **state) {
  (void)state;
  static const char *const headed[] = {"userId,movieId\n1,2\n3,4\n", "a\tb\n1\t2\n",
                                       "user,item\nu,i\nv,j\n",      "u,i,rating\nx,y,3.5\nz,w,4\n",
                                       "x,y,when\nu,i,2010-10-19\n", "USER_ID;Item_ID\na;b\n"};
  for (size_t i = 0; i < sizeof headed / sizeof headed[0]; i++) {
    assert_asked(any, headed[i], "look like the names of columns; set data.some.header: true");
    assert_asked(edges, headed[i], "list:1: ");
    kith_edge_source s = any;
    s.header = KITH_HEADER_YES;
    assert_int_equal(read_list(s, headed[i], KITH_FORMAT_AUTO, NULL).report.header, 1);
  }
  kith_edge_source s = any;
  s.header = KITH_HEADER_NO;
  assert_taken(s, "user,item\nu,i\n", KITH_EDGES, ",", 2, "user:item u:i");
  assert_taken(s, "head,relation,tail\nu,r,i\n", KITH_EDGES, ",", 3, "head:relation u:r");
  assert_taken(any, "u,i,x\nv,j,3\nw,k,y\n", KITH_EDGES, ",", 3, "u:i v:j w:k");
}

/* Lists of triples, with a column of kinds and without one. */
static void a_header_of_edges_is_told(void **state) {
  (void)state;
  static const char *const named[] = {"head\trelation\ttail",
                                      "Subject\tpredicate\tObject",
                                      "h\tr\tt",
                                      "source\ttype\ttarget",
                                      "tail\trelation\thead",
                                      "head_id:token\trelation_id:token\ttail_id:token"};
  static const char *const nodes[] = {"head\tbelow\ttail", "head\trelation\tbody", "t\tr\tu",
                                      "heads\trelation\ttails", "head_id:tokens\tr\ttail_id"};
  kith_edge_source triples = {.format = KITH_EDGES, .user = "1", .kind = "2", .item = "3"},
                   ends = {.format = KITH_EDGES, .user = "1", .item = "3"}, s = triples;
  char text[128];
  for (size_t i = 0; i < sizeof named / sizeof *named; i++) {
    snprintf(text, sizeof text, "%s\na\tx\tb\n", named[i]);
    assert_asked(triples, text, "list:1: ");
    assert_asked(triples, text, "look like the names of columns; set data.some.header: true");
    snprintf(text, sizeof text, "a\tx\tb\n%s\n", named[i]);
    assert_asked(triples, text, "list:2: ");
  }
  for (size_t i = 0; i < sizeof nodes / sizeof *nodes; i++) {
    snprintf(text, sizeof text, "%s\na\tx\tb\n", nodes[i]);
    assert_int_equal(read_list(triples, text, KITH_FORMAT_AUTO, NULL).status, KITH_OK);
  }
  s.header = KITH_HEADER_YES;
  assert_taken(s, "head\trelation\ttail\na\tx\tb\n", KITH_EDGES, "\t", 3, "a:b");
  assert_asked(ends, "head\tnothing\ttail\na\tx\tb\n", "look like the names of columns");
  assert_asked(edges, "source,target\na,b\n", "look like the names of columns");
  assert_taken(edges, "h,t\na,b\n", KITH_EDGES, ",", 2, "h:t a:b");
}

static void a_first_line_may_be_a_header_or_hold_a_wrong_value(void **state) {
  (void)state;
  kith_edge_source s = {.time = "3", .weight = "4"};
  assert_asked(
      s, "a,x,soon,1\nb,y,2020-01-02,2\n",
      "list:1: expected a time (seconds, or a date like 2010-10-19T23:55:27Z) in column 3, found \"soon\"; "
      "set data.some.header: true if this line names the columns");
  assert_asked(s, "a,x,1,5*\nb,y,2,3\n", "list:1: expected a weight (a number) in column 4, found \"5*\"");
  assert_asked(s, "a,x,when,n\n1,2,2,3\n", "look like the names of columns");
}

static void a_header_may_be_commented(void **state) {
  (void)state;
  kith_edge_source s = {.format = KITH_EDGES, .header = KITH_HEADER_YES};
  assert_taken(s, "#user\titem\nu\ti\nv\tj\n", KITH_EDGES, "\t", 2, "u:i v:j");
  assert_taken(s, "# user item\nu i\nv j\n", KITH_EDGES, "", 2, "u:i v:j");
  assert_taken(s, "# from 2020, the 5th\nuser,item,n\nu,i,1\nv,j,2\n", KITH_EDGES, ",", 3, "u:i v:j");
  strcpy(s.user, "who");
  strcpy(s.item, "what");
  assert_taken(s, "#what\twho\ni\tu\n", KITH_EDGES, "\t", 2, "u:i");
  assert_taken(s, "#two columns\twhich are\nwhat\twho\ni\tu\n", KITH_EDGES, "\t", 2, "u:i");
}

static void a_header_that_is_none_or_names_other_columns_is_told(void **state) {
  (void)state;
  kith_edge_source s = {.header = KITH_HEADER_YES};
  assert_int_equal(read_list(s, "u,i\nu,j\n", KITH_FORMAT_AUTO, "u").status, KITH_EDATA);
  assert_non_null(
      strstr(kith_error_text(), "would be the names of columns, but are ids; set data.some.header: false"));
  assert_asked(s, "movieId,userId\n1,2\n", "the first would be the user");
  assert_asked(s, ",user,item\n0,u,i\n", "the first would be the user");
  assert_asked(s, "rating,user,item\n4,u,i\n", "the first would be the user");
}

/* Two lists with headers that were joined. */
static void a_header_that_comes_again_is_passed_over_and_counted(void **state) {
  (void)state;
  static const char *const text[] = {"name,thing\nu,i\nname,thing\nv,j\nname,thing\n",
                                     "# name,thing\nu,i\nname,thing\nv,j\nname,thing\n"};
  kith_edge_source s = {.format = KITH_EDGES, .header = KITH_HEADER_YES};
  for (int k = 0; k < 2; k++) {
    outcome o = read_list(s, text[k], KITH_FORMAT_AUTO, NULL);
    assert_string_equal(o.pairs, "u:i v:j");
    assert_int_equal(o.report.lines, 2);
    assert_int_equal(o.report.repeated, 2);
    assert_int_equal(o.report.comments, 0);
  }
}

static void names_of_columns_in_the_middle_are_no_ids(void **state) {
  (void)state;
  static const char text[] = "u,i\nUser,Item\nv,j\n";
  kith_edge_source s = edges;
  assert_asked(s, text,
               "list:2: \"User\", \"Item\" look like the names of columns in the middle of the list");
  s.header = KITH_HEADER_YES;
  assert_asked(s, "user_id,item_id\nu,i\nuser,item\nv,j\n", "list:3: ");
  s.header = KITH_HEADER_NO;
  assert_taken(s, text, KITH_EDGES, ",", 2, "u:i User:Item v:j");
}

static void a_column_is_one_thing_and_has_a_name_of_its_own(void **state) {
  (void)state;
  kith_edge_source s = {.format = KITH_EDGES, .header = KITH_HEADER_YES, .user = "a", .item = "b"};
  assert_asked(s, "a,b,a\nu,i,v\n", "list:1: several columns are called \"a\" in the header");
  assert_taken(s, "a,b,c,c\nu,i,v,w\n", KITH_EDGES, ",", 4, "u:i");
  strcpy(s.item, "a");
  assert_int_equal(read_list(s, "a,b\nu,i\n", KITH_FORMAT_AUTO, NULL).status, KITH_ECONFIG);
  assert_non_null(strstr(kith_error_text(), "column 1 would be the user and the item; set "
                                            "data.some.columns.user and .item to different ones"));
  s = (kith_edge_source){.format = KITH_EDGES, .user = "2"};
  assert_int_equal(read_list(s, "u,i\n", KITH_FORMAT_AUTO, NULL).status, KITH_ECONFIG);
  s = (kith_edge_source){.format = KITH_EDGES, .time = "3", .weight = "3"};
  assert_int_equal(read_list(s, "u,i,5\n", KITH_FORMAT_AUTO, NULL).status, KITH_ECONFIG);
}

/* ---- comments ---- */

static void a_comment_that_looks_like_data_is_told(void **state) {
  (void)state;
  static const char *const alike[] = {"a,i\n#b,i\nc,j\n", "#a,i\n#b,j\nc,j\n", "a i\n#b i\nc j\n",
                                      "a i\n#b i j\nc j k\n"};
  kith_edge_source hash = any, none = any;
  hash.comment = KITH_COMMENT_HASH;
  none.comment = KITH_COMMENT_NONE;
  for (size_t i = 0; i < 4; i++) {
    assert_asked(any, alike[i],
                 "begins with # but has as many columns as the lines around it; set data.some.comment: hash");
    assert_null(strchr(read_list(hash, alike[i], KITH_FORMAT_AUTO, NULL).pairs, '#'));
    assert_non_null(strstr(read_list(none, alike[i], KITH_FORMAT_AUTO, NULL).pairs, "#b:"));
  }
  assert_asked(any, "#a,i\n", "1 of its lines begin with #: set data.some.comment: none");
}

static void comments_and_blank_lines_are_counted(void **state) {
  (void)state;
  outcome o = read_list(any, "# two, or more\n\na,i\n# half\n \nb,i\n#end\n##,#\n\n", KITH_FORMAT_AUTO, NULL);
  assert_int_equal(o.status, KITH_OK);
  assert_true(o.report.lines == 2 && o.report.comments == 4 && o.report.blank == 3);
  kith_edge_source s = any;
  s.header = KITH_HEADER_YES;
  o = read_list(s, "# x\nuser,item\na,i\n", KITH_FORMAT_AUTO, NULL);
  assert_true(o.report.lines == 1 && o.report.comments == 1 && o.report.header == 2);
  o = read_list(s, "# x\n#user,item\na,i\n", KITH_FORMAT_AUTO, NULL);
  assert_true(o.report.lines == 1 && o.report.comments == 1 && o.report.header == 2);
}

static void quotes_are_characters_where_the_job_says_so(void **state) {
  (void)state;
  kith_edge_source s = any;
  s.quoting = KITH_QUOTING_NONE;
  assert_taken(s, "\"Al\" Y\ti\t1\nx\t\"j\t2\n", KITH_EDGES, "\t", 3, "\"Al\" Y:i x:\"j");
  for (int i = 0; i < 2; i++) {
    assert_asked(i ? edges : any, "\"Al\" Y\ti\t1\nx\ti\t2\n", "behind a quoted field, found more text");
    assert_asked(i ? edges : any, "\"Al\" Y\ti\t1\n", "behind a quoted field, found more text");
    assert_asked(i ? edges : any, "x,i,1\n\"Al\" Y,i,1\n", "behind a quoted field, found more text");
    assert_taken(i ? edges : any, "\"Al, the\" \"i, j\"\n\"x, y\" z\n", KITH_EDGES, "", 2,
                 "Al, the:i, j x, y:z");
  }
  assert_asked(edges, "u,i,\"some\nv,j,more\"\n", "list:1: expected a quote that closes");
}

static void nothing_stays_alive(void **state) {
  (void)state;
  assert_int_equal(kith_alloc_live(), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(two_to_four_equal_columns_are_edges),
      cmocka_unit_test(lines_of_white_space_and_unequal_length_are_adjacency),
      cmocka_unit_test(many_equal_columns_are_adjacency_only_where_they_look_alike),
      cmocka_unit_test(a_sign_within_numbers_or_names_parts_nothing),
      cmocka_unit_test(where_lines_may_be_read_in_two_ways_the_job_must_say),
      cmocka_unit_test(what_the_first_lines_say_is_held_to_the_end),
      cmocka_unit_test(lines_of_edges_lose_no_column_in_silence),
      cmocka_unit_test(a_header_says_how_many_columns_there_are),
      cmocka_unit_test(times_have_one_form),
      cmocka_unit_test(adjacency_has_neither_header_nor_ratings),
      cmocka_unit_test(a_first_line_may_be_a_header_or_hold_a_wrong_value),
      cmocka_unit_test(the_list_that_another_goes_with_decides_what_is_open),
      cmocka_unit_test(a_header_that_nobody_announced_is_told),
      cmocka_unit_test(a_header_of_edges_is_told),
      cmocka_unit_test(a_header_may_be_commented),
      cmocka_unit_test(a_header_that_is_none_or_names_other_columns_is_told),
      cmocka_unit_test(a_header_that_comes_again_is_passed_over_and_counted),
      cmocka_unit_test(names_of_columns_in_the_middle_are_no_ids),
      cmocka_unit_test(a_column_is_one_thing_and_has_a_name_of_its_own),
      cmocka_unit_test(a_comment_that_looks_like_data_is_told),
      cmocka_unit_test(comments_and_blank_lines_are_counted),
      cmocka_unit_test(quotes_are_characters_where_the_job_says_so),
      cmocka_unit_test(nothing_stays_alive),
  };
  kith_log_set(KITH_LOG_NOTHING);
  test_folder_make(folder);
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  test_folder_remove(folder);
  return failed;
}
