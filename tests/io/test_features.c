/* ranks: 1 2 3 4 */
/*
 * Features of users and items: from text lists through graph.h5 and parts.h5 to the rank that owns the node;
 * what says nothing is counted, what is wrong is refused with its line; and those of newcomers, in the
 * features that the graph knows.
 */
#include "support/folder.h"
#include "support/mpi_main.h"
#include "support/parts.h"

#include "ingest/ingest.h"
#include "kith/partition.h"

static char folder[KITH_PATH]; /* of rank 0, known to all */

/* Users 10, 11, 12, 13 have the original numbers 0 … 3, items x, y, z, w 0 … 3. */
static const char *const pairs = "10 x\n10 y\n11 y\n11 z\n12 z\n12 x\n13 w\n";
static const char *const user_list =
    "# who they are\n13\t0.5,-2,0\n99\t1,1,1\n\n10\t0,0,7\n11\t1e-1,0,0\n"; /* none of 12, a stranger */
static const char *const item_list =
    "w,old,\"slow, or dull\":2.5\nx,new\nz,http://a:b,old:0.5\n"; /* nothing of y */

static void put(const char *name, const char *text, char *path) {
  test_path(folder, name, path);
  if (test_comm->rank == 0) test_file_write(folder, name, text, strlen(text), path);
  KITH_MPI(MPI_Barrier(test_comm->mpi));
}

static kith_feature_source list_of(const char *name, const char *text, kith_feature_format format) {
  kith_feature_source s = {.format = format};
  put(name, text, s.path);
  return s;
}

static kith_ingest_options lists(const char *users, const char *items) {
  kith_ingest_options o = {.interactions = {.format = KITH_EDGES}};
  put("pairs", pairs, o.interactions.path);
  if (users) o.features[KITH_USER] = list_of("users", users, KITH_DENSE);
  if (items) o.features[KITH_ITEM] = list_of("items", items, KITH_SPARSE);
  return o;
}

static kith_status ingest(const kith_ingest_options *o, kith_ingest_report *r) {
  char graph[KITH_PATH];
  return kith_ingest(test_comm, o, "job", test_path(folder, "graph.h5", graph), r).status;
}

static void cut(const char *graph, const char *parts) {
  if (test_comm->rank == 0)
    assert_int_equal(KITH_OK, test_parts_write(graph, parts, 6, KITH_PARTITION_HASH).status);
  KITH_MPI(MPI_Barrier(test_comm->mpi));
}

static kith_graph *share(const kith_ingest_options *o, kith_ingest_report *r) {
  char graph[KITH_PATH], parts[KITH_PATH];
  kith_graph *g = NULL;
  if (ingest(o, r) != KITH_OK) fail_msg("refused: %s", kith_error_text());
  cut(test_path(folder, "graph.h5", graph), test_path(folder, "parts.h5", parts));
  assert_int_equal(KITH_OK, kith_graph_read(test_comm, parts, &g).status);
  return g;
}

/* What feature k of a row is, 0 if it has none. */
static double feature(const kith_features *f, int64_t row, int k) {
  double value = 0;
  for (kith_eid e = f->start[row]; e < f->start[row + 1]; e++)
    value += f->index[e] == k ? (double)f->value[e] : 0;
  return value;
}

static void expect_row(const kith_features *f, int64_t row, int n, const double *wanted) {
  for (int k = 0; k < n; k++)
    if (fabs(feature(f, row, k) - wanted[k]) > 1e-6)
      fail_msg("row %d, feature %d: %g, expected %g", (int)row, k, feature(f, row, k), wanted[k]);
}

static void owners_know_what_their_nodes_are_like(void **state) {
  (void)state;
  const double user[4][3] = {{0, 0, 7}, {0.1, 0, 0}, {0, 0, 0}, {0.5, -2, 0}};
  const double item[4][4] = {{0, 0, 1, 0},
                             {0, 0, 0, 0},
                             {0.5, 0, 0, 1},
                             {1, 2.5, 0, 0}}; /* old, slow, new, http… */
  kith_ingest_options o = lists(user_list, item_list);
  kith_ingest_report r;
  kith_graph *g = share(&o, &r);
  assert_true(r.features[0] == 3 && r.features[1] == 4);
  assert_true(r.features_unknown[0] == 1 && r.features_unknown[1] == 0 && r.without_features[0] == 1 &&
              r.without_features[1] == 1);
  assert_true(g->n_feature_of[0] == 3 && g->n_feature_of[1] == 4 && g->features.n_row == g->n_own);
  for (kith_lid i = 0; i < g->n_own; i++)
    expect_row(&g->features, i, g->n_feature_of[g->type[i]],
               g->type[i] == KITH_USER ? user[g->original[i]] : item[g->original[i]]);
  kith_graph_destroy(&g);
}

static void rows_are_divided_by_their_sums(void **state) {
  (void)state;
  const double item[4][4] = {{0, 0, 1, 0},
                             {0, 0, 0, 0},
                             {0.5 / 1.5, 0, 0, 1 / 1.5},
                             {1 / 3.5, 2.5 / 3.5, 0, 0}};
  kith_ingest_options o = lists(NULL, item_list);
  kith_ingest_report r;
  o.features[KITH_ITEM].normalize = true;
  kith_graph *g = share(&o, &r);
  assert_true(g->n_feature_of[0] == 0 && g->n_feature_of[1] == 4);
  for (kith_lid i = 0; i < g->n_own; i++)
    if (g->type[i] == KITH_ITEM) expect_row(&g->features, i, 4, item[g->original[i]]);
    else assert_int_equal(g->features.start[i], g->features.start[i + 1]);
  kith_graph_destroy(&g);
}

/* ---- one feature a line ---- */

/* Rows of items by name of the feature, whatever its number: what a list says of x, y, z, w and of the
 * features named. */
static void expect_items(kith_feature_source source, int n, const double (*wanted)[4],
                         kith_ingest_report *r) {
  kith_ingest_options o = lists(NULL, NULL);
  o.features[KITH_ITEM] = source;
  kith_graph *g = share(&o, r);
  assert_int_equal(g->n_feature_of[KITH_ITEM], n);
  for (kith_lid i = 0; i < g->n_own; i++)
    if (g->type[i] == KITH_ITEM) expect_row(&g->features, i, n, wanted[g->original[i]]);
  kith_graph_destroy(&g);
}

static void a_long_list_is_one_feature_a_line(void **state) {
  (void)state;
  const double plain[4][4] = {{1, 1, 0}, {0, 0, 1}, {1, 0, 0}, {0, 0, 0}}; /* rock music, old:0.5, jazz */
  const double weighted[4][4] = {{3.5, 2, 0}, {0, 0, -1}, {1, 0, 0}, {0, 0, 0}};
  const double shares[4][4] = {{3.5 / 5.5, 2 / 5.5, 0}, {0, 0, 1}, {1, 0, 0}, {0, 0, 0}};
  for (int found = 0; found < 2; found++) { /* the format as given, and as found */
    kith_feature_format format = found ? KITH_FEATURES_AUTO : KITH_LONG;
    kith_ingest_report r;
    expect_items(list_of("long",
                         "x\trock music\nx\told:0.5\n\ny\tjazz\nq\tblues\nz\trock music\nx\trock music\n",
                         format),
                 3, plain, &r);
    assert_true(r.features_format[KITH_ITEM] == KITH_LONG && !r.features_weighted[KITH_ITEM] &&
                r.features_repeated[KITH_ITEM] == 1);
    assert_true(r.features[KITH_ITEM] == 3 && r.features_unknown[KITH_ITEM] == 1 &&
                r.without_features[KITH_ITEM] == 1);
    kith_feature_source s =
        list_of("long", "x;rock music;2\nx;old:0.5;2\ny;jazz;-1\nz;\"rock music\";1\nx;rock music;1.5\n",
                format);
    expect_items(s, 3, weighted, &r);
    assert_true(r.features_format[KITH_ITEM] == KITH_LONG && r.features_weighted[KITH_ITEM] &&
                r.features_repeated[KITH_ITEM] == 1);
    s.normalize = true;
    expect_items(s, 3, shares, &r);
    s = list_of("headed", "item tag\nx a\nx b\ny c\nz a\n", format);
    s.header = true;
    expect_items(s, 3, plain, &r);
    assert_int_equal(r.features_unknown[KITH_ITEM], 0); /* the line of names is of no item */
  }
}

/* Auto is long only where an id comes again and all lines fit; where ids come once, two columns say the same
 * either way. */
static void auto_decides_only_where_the_lines_agree(void **state) {
  (void)state;
  const double item[4][4] = {{0, 0, 1, 0}, {0, 0, 0, 0}, {0.5, 0, 0, 1}, {1, 2.5, 0, 0}};
  const double both[4][4] = {{1, 1, 0, 0}, {0, 0, 1, 0}, {1, 0, 0, 0}, {0, 0, 0, 0}};
  kith_ingest_report r;
  expect_items(list_of("auto", item_list, KITH_FEATURES_AUTO), 4, item, &r);
  assert_int_equal(r.features_format[KITH_ITEM], KITH_SPARSE);
  expect_items(list_of("auto", "x a b\ny c\nz a\n", KITH_FEATURES_AUTO), 3, both, &r);
  assert_int_equal(r.features_format[KITH_ITEM], KITH_SPARSE);
  expect_items(list_of("auto", "x\trock music\ny\tjazz\nz\trock\n", KITH_FEATURES_AUTO), 3, both, &r);
  assert_int_equal(r.features_format[KITH_ITEM], KITH_SPARSE);
  kith_ingest_options o = lists(NULL, NULL);
  o.features[KITH_ITEM] =
      list_of("auto", "x 1 2\ny 3 4\n", KITH_FEATURES_AUTO); /* no id comes again: all are names */
  assert_int_equal(KITH_OK, ingest(&o, &r));
  assert_true(r.features_format[KITH_ITEM] == KITH_SPARSE && r.features[KITH_ITEM] == 4);
}

/* The list of newcomers is of the kind that the known nodes' was, though none of its ids comes again. */
static void newcomers_are_described_as_the_known_are(void **state) {
  (void)state;
  char graph[KITH_PATH];
  kith_ingest_options o = lists(NULL, NULL);
  kith_ingest_report r;
  kith_new_nodes n;
  kith_new_nodes_report left;
  o.features[KITH_ITEM] = list_of("long", "x\trock music\nx\tjazz\ny\tjazz\n", KITH_FEATURES_AUTO);
  assert_int_equal(KITH_OK, ingest(&o, &r));
  kith_new_nodes_options new = {.what = KITH_NEW_ITEMS};
  new.features[KITH_ITEM] = list_of("new-long", "v\trock music\nu\tjazz\n", KITH_FEATURES_AUTO);
  assert_int_equal(
      KITH_OK, kith_new_nodes_read(test_comm, test_path(folder, "graph.h5", graph), &new, &n, &left).status);
  const double row[2][2] = {{1, 0}, {0, 1}};
  assert_true(n.n[KITH_ITEM] == 2 && left.unknown_features == 0);
  for (int i = 0; i < 2; i++) expect_row(&n.features[KITH_ITEM], i, 2, row[i]);
  kith_new_nodes_free(&n);
}

static void expect_list_refused(const char *items, kith_feature_format format, bool normalize,
                                const char *words) {
  kith_ingest_options o = lists(NULL, NULL);
  kith_ingest_report r;
  o.features[KITH_ITEM] = list_of("items", items, format);
  o.features[KITH_ITEM].normalize = normalize;
  assert_int_equal(KITH_EDATA, ingest(&o, &r));
  if (!strstr(kith_error_text(), words)) fail_msg("expected \"%s\", found \"%s\"", words, kith_error_text());
}

/* One delimiter for the whole list, or none that all lines agree on. */
static void features_have_one_delimiter(void **state) {
  (void)state;
  const double two[4][4] = {{1, 1}, {1, 0}, {0, 0}, {0, 0}};
  const char *const same[] = {
      "x\tNew York\tartist\ny\tNew York\n", "x\tNew York|artist\ny\tNew York\n",
      "x,New York,artist\ny,New York\n",    "x\tNew York, artist\ny\tNew York\n",
      "y\tNew York\nx\tNew York\tartist\n", "x|New-York|artist\ny|New-York\n",
      "x::New York::artist\ny::New York\n", "x\t\"New,York\" artist\ny\t\"New,York\"\n"};
  kith_ingest_report r;
  for (int i = 0; i < 8; i++) expect_items(list_of("by", same[i], KITH_SPARSE), 2, two, &r);
  const struct {
    const char *text, *words;
  } other[] = {
      {"x\ta,b\ny\ta;b\n", "items:2: expected features separated by \",\", as in other lines, found \";\""},
      {"x\ta|b,c\ny\ta\n", "items:1: expected features separated by \",\", as in other lines, found \"|\""},
      {"x\ta,b\ny\ta b\n",
       "items:2: expected features separated by \",\", as in other lines, found white space"},
      {"y\tc\nx\tns::a ns::b\n", "items:2: features may be separated by \"::\" or white space"},
      {"x\t3,5\ny\t2,5\n", "items:1: a comma may separate two features, or be that of a decimal number"},
      {"x\tage:3,5 b:2,5\n", "items:1: a comma may separate two features"},
      {"x,age:3,5,b:2,5\n", "items:1: \"age:3\" and \"5\" may be a feature with a decimal comma"},
      {"x;age:3,5;b\n", "items:1: expected a value with a decimal point behind the colon, found \"age:3,5\""},
      {"x;3,5;b\n", "items:1: expected a feature, found \"3,5\", a number with a decimal comma"},
      {"x,New York\ny,Paris\n", "items:1: this line may hold one feature or several; set the format to long"},
  };
  for (size_t i = 0; i < sizeof other / sizeof other[0]; i++)
    expect_list_refused(other[i].text, KITH_SPARSE, false, other[i].words);
  const double numbers[4][4] = {{1, 2}, {0, 3}, {0, 0}, {0, 0}};
  expect_items(list_of("by", "x,1 2\ny,0 3\n", KITH_DENSE), 2, numbers, &r);
  expect_list_refused("x\t3,5\ny\t2,5\n", KITH_DENSE, false, "items:1: a comma may separate two features");
  char *text = kith_alloc(40000, 1), *at = text;
  for (int i = 0; i < 1200; i++) at += sprintf(at, "i%d\tred blue\n", i);
  strcpy(at, "x\tred,blue\n");
  expect_list_refused(
      text, KITH_SPARSE, false,
      "items:1201: expected features separated by white space, as in the first lines, found \",\"");
  KITH_FREE(text);
}

static void bad_long_lists_are_refused(void **state) {
  (void)state;
  expect_list_refused("x a\nx b 1\n", KITH_LONG, false,
                      "items:2: expected 2 columns, as in the lines before, found 3");
  expect_list_refused("x a 1\nx b c\n", KITH_LONG, false,
                      "items:2: expected a weight (a number), found \"c\"");
  expect_list_refused("x a 1\nx b nan\n", KITH_LONG, false,
                      "items:2: expected a weight (a number), found \"nan\"");
  expect_list_refused("x a 1 2\n", KITH_LONG, false,
                      "items:1: expected an id, a feature and perhaps a weight, found 4 columns or more");
  expect_list_refused("x\n", KITH_LONG, false,
                      "items:1: expected an id, a feature and perhaps a weight, found 1 column");
  expect_list_refused("x a 3e38\nx a 3e38\n", KITH_LONG, false,
                      "items:2: the weights of a feature of this item add up to more than a float holds");
  expect_list_refused(
      "x a b\ny c\nx d\n", KITH_FEATURES_AUTO, false,
      "items:3: item \"x\" is already in line 1; if a line is one feature, set the format to long");
  expect_list_refused("x a b\nx c d\n", KITH_FEATURES_AUTO, false,
                      "items:2: item \"x\" is already in line 1");
  expect_list_refused("x a 2\ny b 3.5\n", KITH_FEATURES_AUTO, false,
                      "items: its first lines could be a feature and its weight each, or two features");
  expect_list_refused("x 0.5 1\ny 0.25 2\n", KITH_FEATURES_AUTO, false,
                      "items: its first lines have 2 numbers behind the id each, so it could be dense");
  expect_list_refused("x a 1\nx b -1\n", KITH_LONG, true,
                      "items:2: the values of this item add up to 0, by which they cannot be divided");
  expect_list_refused("x a:0.1 b:0.2 c:-0.3\n", KITH_SPARSE, true,
                      "items:1: the values of this item add up to");
}

/* Another value is another graph; no list is none. */
static void the_fingerprint_knows_of_features(void **state) {
  (void)state;
  kith_ingest_options o[3] = {lists(NULL, NULL),
                              {.interactions.format = KITH_EDGES},
                              {.interactions.format = KITH_EDGES}};
  uint64_t print[3];
  for (int i = 0; i < 3; i++) {
    kith_ingest_report r;
    if (i > 0) o[i] = lists(NULL, i == 1 ? "x a\n" : "x a:2\n");
    kith_graph *g = share(&o[i], &r);
    print[i] = g->fingerprint;
    assert_true((g->features.start != NULL) == (i > 0));
    kith_graph_destroy(&g);
  }
  assert_true(print[0] != print[1] && print[1] != print[2]);
}

/* ---- what is refused ---- */

static void expect_refused(const char *users, const char *items, const char *words) {
  kith_ingest_options o = lists(users, items);
  kith_ingest_report r;
  assert_int_equal(KITH_EDATA, ingest(&o, &r));
  if (!strstr(kith_error_text(), words)) fail_msg("expected \"%s\", found \"%s\"", words, kith_error_text());
}

static void what_is_wrong_is_refused_with_its_line(void **state) {
  (void)state;
  expect_refused("10 1 2\n11 1 2 3\n", NULL,
                 "users:2: expected 2 numbers behind the id, as in the lines before, found 3");
  expect_refused("10 1 2\n11 1\n", NULL,
                 "users:2: expected 2 numbers behind the id, as in the lines before, found 1");
  expect_refused("10 1 2\n11\n", NULL, "users:2: expected numbers behind the id, found none");
  expect_refused("10\n", NULL, "users:1: expected numbers behind the id, found none");
  expect_refused("# a\n10 1 nan\n", NULL, "users:2: expected a number, found \"nan\"");
  expect_refused("10 1 inf\n", NULL, "users:1: expected a number, found \"inf\"");
  expect_refused("10 1 1e99\n", NULL, "users:1: expected a number");
  expect_refused("10 1 2\n99 1 x\n", NULL, "users:2: expected a number"); /* strangers are read as well */
  expect_refused("10 1 2\n11 1 2\n10 1 2\n", NULL, "users:3: user \"10\" is already in line 1");
  expect_refused("ten 1 2\n", NULL, "users:1: expected an integer user id, found \"ten\"");
  expect_refused(NULL, "x a b\n\ny b c b\n", "items:3: the same feature occurs twice");
  expect_refused(NULL, "x a b\ny b age:nan\n",
                 "items:2: expected a finite value behind the colon, found \"age:nan\"");
  expect_refused(NULL, "x a:1e99\n", "items:1: expected a finite value behind the colon");
  expect_refused(NULL, "x 1 2\ny 2 b\n", "items:2: expected an integer feature id, found \"b\"");
  expect_refused(NULL, "q a b\n", "items: expected features, found none of a known item");
  expect_refused("98 1 2\n99 3 4\n", NULL, "users: expected features, found none of a known user");
  expect_refused(NULL, "", "items: expected features, found none of a known item");
  kith_ingest_options o = lists(NULL, NULL);
  kith_ingest_report r;
  test_path(folder, "nowhere", o.features[KITH_USER].path);
  assert_int_equal(KITH_ENOINPUT, ingest(&o, &r));
}

/* ---- newcomers ---- */

static kith_status welcome(const char *new_pairs, const char *users, const char *items,
                           kith_new_node_types what, kith_new_nodes *n, kith_new_nodes_report *r) {
  char graph[KITH_PATH];
  kith_new_nodes_options o = {.interactions = {.format = KITH_EDGES}, .what = what};
  if (new_pairs) put("new-pairs", new_pairs, o.interactions.path);
  if (users) o.features[KITH_USER] = list_of("new-users", users, KITH_DENSE);
  if (items) o.features[KITH_ITEM] = list_of("new-items", items, KITH_SPARSE);
  return kith_new_nodes_read(test_comm, test_path(folder, "graph.h5", graph), &o, n, r).status;
}

static void newcomers_are_like_what_is_known(void **state) {
  (void)state;
  const double user[3][3] = {{0, 0, 0}, {1, 2, 3}, {4, 5, 6}}, item[2][4] = {{1, 0, 0, 0}, {0, 0, 3, 0}};
  kith_ingest_options o = lists(user_list, item_list);
  kith_ingest_report r;
  kith_new_nodes n;
  kith_new_nodes_report left;
  assert_int_equal(KITH_OK, ingest(&o, &r));
  assert_int_equal(KITH_OK, welcome("20 x\n21 y\n10 v\n", "10 9 9 9\n22 4 5 6\n21 1 2 3\n",
                                    "v old odd\nu new:3\nx what\n", KITH_NEW_BOTH, &n, &left));
  assert_true(n.n[0] == 3 && n.n[1] == 2 && n.n_pair == 3 &&
              left.unknown_features == 1); /* 22 and u without any interaction */
  for (int i = 0; i < 3; i++) expect_row(&n.features[0], i, 3, user[i]);
  for (int i = 0; i < 2; i++) expect_row(&n.features[1], i, 4, item[i]);
  kith_new_nodes_free(&n);
  assert_int_equal(KITH_OK, welcome(NULL, NULL, "v old\nu new:3\n", KITH_NEW_ITEMS, &n,
                                    &left)); /* nobody has interacted with them */
  assert_true(n.n[0] == 0 && n.n[1] == 2 && n.n_pair == 0);
  kith_new_nodes_free(&n);
  assert_int_equal(KITH_OK, welcome("20 x\n", NULL, "v old\n", KITH_NEW_USERS, &n,
                                    &left)); /* items must be known: v is passed over */
  assert_true(n.n[0] == 1 && n.n[1] == 0 && n.features[1].n_row == 0);
  kith_new_nodes_free(&n);
  assert_int_equal(KITH_EDATA, welcome(NULL, "20 1 2\n", NULL, KITH_NEW_USERS, &n, &left));
  assert_non_null(
      strstr(kith_error_text(), "new-users: 2 numbers in a line, but the model was trained with 3"));
  o = lists(NULL, item_list);
  assert_int_equal(KITH_OK, ingest(&o, &r));
  assert_int_equal(KITH_ECONFIG, welcome(NULL, "20 1 2 3\n", NULL, KITH_NEW_USERS, &n, &left));
  assert_non_null(strstr(kith_error_text(), "embed.user_features: "));
}

/* Partners that are unknown and may not be new are left out, or refused; who has no partner left is counted.
 */
static void unknown_partners_are_left_out_or_refused(void **state) {
  (void)state;
  char graph[KITH_PATH];
  kith_ingest_options o = lists(NULL, NULL);
  kith_ingest_report r;
  kith_new_nodes n;
  kith_new_nodes_report left;
  kith_new_nodes_options new = {.interactions = {.format = KITH_EDGES}, .what = KITH_NEW_USERS};
  assert_int_equal(KITH_OK, ingest(&o, &r));
  put("new", "20 x\n20 nothing\n21 nothing\n10 nothing\n22 y\n", new.interactions.path);
  test_path(folder, "graph.h5", graph);
  assert_int_equal(KITH_OK, kith_new_nodes_read(test_comm, graph, &new, &n, &left).status);
  assert_true(n.n[KITH_USER] == 3 && n.n[KITH_ITEM] == 0 && n.n_pair == 2 && left.skipped == 3 &&
              left.isolated[KITH_USER] == 1 && left.isolated[KITH_ITEM] == 0);
  kith_new_nodes_free(&n);
  new.unknown = KITH_UNKNOWN_ERROR;
  assert_int_equal(KITH_EDATA, kith_new_nodes_read(test_comm, graph, &new, &n, &left).status);
  assert_non_null(strstr(kith_error_text(), "new:2: expected an item that the graph knows"));
  new.unknown = KITH_UNKNOWN_SKIP;
  new.what = KITH_NEW_ITEMS;
  assert_int_equal(KITH_OK, kith_new_nodes_read(test_comm, graph, &new, &n, &left)
                                .status); /* one line has a user that is known */
  assert_true(n.n[KITH_USER] == 0 && n.n[KITH_ITEM] == 1 && n.n_pair == 1 && left.skipped == 4 &&
              left.isolated[KITH_ITEM] == 0);
  kith_new_nodes_free(&n);
  put("new", "20 nothing\n21 nowhere\n", new.interactions.path);
  new.what = KITH_NEW_USERS;
  assert_int_equal(KITH_EDATA, kith_new_nodes_read(test_comm, graph, &new, &n, &left).status);
  assert_non_null(strstr(kith_error_text(), "new: none of its 2 interactions is with an item that the graph "
                                            "knows; embed.types: users lets only users be new"));
  new.what = KITH_NEW_BOTH;
  assert_int_equal(KITH_OK, kith_new_nodes_read(test_comm, graph, &new, &n, &left).status);
  assert_true(n.n[KITH_USER] == 2 && n.n[KITH_ITEM] == 2 && n.n_pair == 2 && left.skipped == 0 &&
              left.isolated[KITH_USER] == 0 && left.isolated[KITH_ITEM] == 0);
  kith_new_nodes_free(&n);
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(owners_know_what_their_nodes_are_like),
                                     cmocka_unit_test(rows_are_divided_by_their_sums),
                                     cmocka_unit_test(the_fingerprint_knows_of_features),
                                     cmocka_unit_test(a_long_list_is_one_feature_a_line),
                                     cmocka_unit_test(auto_decides_only_where_the_lines_agree),
                                     cmocka_unit_test(newcomers_are_described_as_the_known_are),
                                     cmocka_unit_test(bad_long_lists_are_refused),
                                     cmocka_unit_test(features_have_one_delimiter),
                                     cmocka_unit_test(what_is_wrong_is_refused_with_its_line),
                                     cmocka_unit_test(newcomers_are_like_what_is_known),
                                     cmocka_unit_test(unknown_partners_are_left_out_or_refused)};
  test_begin(&argc, &argv);
  test_folder_begin(folder);
  int failures = cmocka_run_group_tests(tests, NULL, NULL);
  test_folder_end(folder);
  return test_end(failures);
}
