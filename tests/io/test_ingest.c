/* ranks: 1 2 3 */
/* Text lists to graph.h5 and back: every rank reads what rank 0 wrote. */
#include "ingest/ingest.h"
#include "support/folder.h"
#include "support/mpi_main.h"

static char folder[KITH_PATH]; /* of rank 0, known to all */

/* ---- helpers ---- */

/* A list of this content; only rank 0 writes it. */
static kith_edge_source list_of(const char *name, kith_list_format format, const char *text, bool gzip) {
  kith_edge_source s = {.format = format};
  test_path(folder, name, s.path);
  if (test_comm->rank == 0 && !gzip) test_file_write(folder, name, text, strlen(text), s.path);
  if (test_comm->rank == 0 && gzip) test_file_write_gzip(folder, name, text, strlen(text), s.path);
  KITH_MPI(MPI_Barrier(test_comm->mpi));
  return s;
}

static kith_relation_source friends(const char *text) {
  return (kith_relation_source){.name = "friend",
                                .from = "user",
                                .to = "user",
                                .list = list_of("friends", KITH_EDGES, text, false)};
}

static kith_status ingest(const kith_ingest_options *o, const char *name, kith_ingest_report *r) {
  char path[KITH_PATH];
  return kith_ingest(test_comm, o, "job text", test_path(folder, name, path), r).status;
}

static kith_dataset *read_back(const char *name) {
  char path[KITH_PATH];
  kith_dataset *d = NULL;
  assert_int_equal(kith_dataset_read(test_comm, test_path(folder, name, path), &d).status, KITH_OK);
  return d;
}

/* The lists as text: "u:item item;" for each user, by ids. */
static void describe(const char *name, const kith_ragged *lists, size_t size, char *text) {
  char path[KITH_PATH], id[300];
  kith_ids ids[KITH_SIDES];
  size_t n = 0;
  text[0] = '\0';
  for (int t = 0; t < KITH_SIDES; t++)
    assert_int_equal(
        kith_ids_read(test_comm, test_path(folder, name, path), (kith_node_type)t, &ids[t]).status, KITH_OK);
  for (int64_t u = 0; u < lists->n_row; u++) {
    kith_ids_print(&ids[KITH_USER], u, sizeof id, id);
    n += (size_t)snprintf(text + n, size - n, "%s:", id);
    for (kith_eid e = lists->start[u]; e < lists->start[u + 1]; e++) {
      kith_ids_print(&ids[KITH_ITEM], lists->value[e], sizeof id, id);
      n += (size_t)snprintf(text + n, size - n, " %s", id);
    }
    n += (size_t)snprintf(text + n, size - n, ";");
  }
  for (int t = 0; t < KITH_SIDES; t++) kith_ids_free(&ids[t]);
}

/* Ingest one list alone; its training lists must read like this. */
static void assert_train(kith_edge_source s, const char *expected) {
  kith_ingest_options o = {.interactions = s};
  kith_ingest_report r;
  char text[512];
  kith_status st = ingest(&o, "one.h5", &r);
  if (st != KITH_OK) print_error("%s\n", kith_error_text());
  assert_int_equal(st, KITH_OK);
  kith_dataset *d = read_back("one.h5");
  describe("one.h5", &d->train, sizeof text, text);
  assert_string_equal(text, expected);
  assert_int_equal(r.n[KITH_USER], d->n[KITH_USER]);
  assert_int_equal(r.n[KITH_ITEM], d->n[KITH_ITEM]);
  kith_dataset_destroy(&d);
}

/* ---- formats and oddities ---- */

static void every_format_says_the_same(void **state) {
  (void)state;
  static const char expected[] = "7: 30 10;3: 10 20;";
  static const struct {
    kith_list_format format;
    const char *delimiter, *text;
  } lists[] = {
      {KITH_ADJACENCY, "", "7 30 10\n3 10 20\n"},
      {KITH_ADJACENCY, "", "# users\r\n7\t30  10\r\n\r\n3 10 20"},
      {KITH_ADJACENCY, ",", "7, 30, 10\n3, 10, 20,\n"},
      {KITH_ADJACENCY, "", "7 30\n3 10 20\n7 10 30\n"},
      {KITH_EDGES, "", "7 30\n7 10\n3 10\n3 20\n"},
      {KITH_EDGES, "", "7\t30\t5\n7\t10\t1\n3\t10\t2\n3\t20\t3"},
      {KITH_EDGES, "",
       "\xEF\xBB\xBF"
       "7,30\r\n7,10\r\n3,10\r\n3,20\r\n"},
      {KITH_EDGES, "", "7::30::5\n7::10::4\n# half\n3::10::3\n\n3::20::2\n"},
      {KITH_EDGES, ";", "7;\"30\"\n7;10\n\"3\";10\n3; 20\n"},
  };
  for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
    for (int gzip = 0; gzip < 2; gzip++) {
      kith_edge_source s = list_of("list", lists[i].format, lists[i].text, gzip);
      snprintf(s.delimiter, sizeof s.delimiter, "%s", lists[i].delimiter);
      assert_train(s, expected);
    }
}

static void columns_are_found_by_name_and_by_number(void **state) {
  (void)state;
  kith_edge_source s =
      list_of("named.csv", KITH_EDGES, "\"ts\",iid,uid,stars\n100,a,x,4.5\n90,b,x,3\n95,a,y,1\n", false);
  s.header = true;
  snprintf(s.user, sizeof s.user, "uid");
  snprintf(s.item, sizeof s.item, "2");
  snprintf(s.time, sizeof s.time, "ts");
  snprintf(s.weight, sizeof s.weight, "stars");
  assert_train(s, "x: a b;y: a;");
  char path[KITH_PATH];
  kith_h5 *f = NULL;
  int64_t time[3];
  float weight[3];
  assert_int_equal(kith_h5_open(test_comm, test_path(folder, "one.h5", path), KITH_GRAPH_FORMAT,
                                KITH_FILE_VERSION, &f)
                       .status,
                   KITH_OK);
  assert_int_equal(kith_h5_read(f, "train/time", KITH_H5_INT64, 0, 0, 3, time).status, KITH_OK);
  assert_int_equal(kith_h5_read(f, "train/weight", KITH_H5_FLOAT, 0, 0, 3, weight).status, KITH_OK);
  kith_h5_close(&f);
  assert_true(time[0] == 100 && time[1] == 90 && time[2] == 95);
  assert_true(weight[0] == 4.5f && weight[1] == 3 && weight[2] == 1);
}

static kith_edge_source weighted(const char *name, const char *text, double least) {
  kith_edge_source s = list_of(name, KITH_EDGES, text, false);
  snprintf(s.weight, sizeof s.weight, "3");
  s.min_weight = least;
  return s;
}

/* 0.7 is not the same number in single and in double precision, yet is not less than itself. */
static void light_lines_are_as_if_they_were_not_there(void **state) {
  (void)state;
  static const char ratings[] = "5,1,3\n6,2,4\n6,1,3.9\n7,3,5\n7,2,0.7\n";
  kith_ingest_options o = {.interactions = weighted("rated", ratings, 4),
                           .test = weighted("rated test", "6,1,4\n7,1,1\n9,9,1\n", 4)};
  kith_ingest_report r;
  char text[256];
  assert_train(weighted("rated", ratings, 0), "5: 1;6: 1 2;7: 2 3;");
  assert_train(weighted("rated", ratings, 0.7), "5: 1;6: 1 2;7: 2 3;");
  assert_train(weighted("rated", ratings, 0.71), "5: 1;6: 1 2;7: 3;");
  assert_train(weighted("rated", ratings, 4), "6: 2;7: 3;");
  assert_int_equal(ingest(&o, "light.h5", &r), KITH_OK);
  assert_true(r.below_min_weight == 5 && r.train == 2 && r.test == 1 && r.duplicates == 0);
  assert_true(r.n[KITH_USER] == 2 && r.n[KITH_ITEM] == 3);
  kith_dataset *d = read_back("light.h5");
  describe("light.h5", &d->test, sizeof text, text);
  assert_string_equal(text, "6: 1;7:;");
  kith_dataset_destroy(&d);
}

static void text_ids_stay_as_they_stand_when_asked(void **state) {
  (void)state;
  kith_edge_source s = list_of("codes", KITH_EDGES, "1384719342,0017\nB00004Y2UT,17\n", false);
  s.ids = KITH_ID_TEXT;
  assert_train(s, "1384719342: 0017;B00004Y2UT: 17;");
}

static void users_and_items_are_numbers_or_text_each_for_themselves(void **state) {
  (void)state;
  assert_train(list_of("mixed", KITH_ADJACENCY, "5 rock jazz\n9 jazz\n", false), "5: rock jazz;9: jazz;");
  assert_train(list_of("großes", KITH_ADJACENCY, "zoë 友 δ\n", false), "zoë: 友 δ;");
}

static void a_user_without_items_is_kept(void **state) {
  (void)state;
  kith_edge_source s = list_of("empty-user", KITH_ADJACENCY, "1 5\n2\n3 5 6\n", false);
  kith_ingest_options o = {.interactions = s};
  kith_ingest_report r;
  assert_train(s, "1: 5;2:;3: 5 6;");
  assert_int_equal(ingest(&o, "one.h5", &r), KITH_OK);
  assert_int_equal(r.cold_users, 1);
}

/* ---- what is found ---- */

/* What the job does not say of a test list is as of the interactions. */
static void a_test_list_takes_over_how_the_interactions_are_written(void **state) {
  (void)state;
  kith_ingest_options o = {.interactions =
                               list_of("train", KITH_EDGES, "item,n,user\n10,9,1\n20,9,1\n30,9,2\n", false),
                           .test = list_of("test", KITH_FORMAT_AUTO, "item,n,user\n20,9,2\n", false)};
  kith_ingest_report r;
  char text[256];
  o.interactions.header = KITH_HEADER_YES;
  snprintf(o.interactions.user, KITH_NAME, "user");
  snprintf(o.interactions.item, KITH_NAME, "item");
  assert_int_equal(ingest(&o, "same.h5", &r), KITH_OK);
  assert_true(r.test_list.user == 3 && r.test_list.item == 1 && r.test_list.header == 1 &&
              r.test_list.n_column == 3);
  kith_dataset *d = read_back("same.h5");
  describe("same.h5", &d->test, sizeof text, text);
  assert_string_equal(text, "1:;2: 20;");
  kith_dataset_destroy(&d);
  o = (kith_ingest_options){.interactions = list_of("train", KITH_FORMAT_AUTO, "1 10 20 30\n2 10\n", false),
                            .test = list_of("test", KITH_FORMAT_AUTO, "2 20 30\n", false)};
  assert_int_equal(ingest(&o, "same.h5", &r), KITH_OK);
  assert_true(r.test == 2 && r.test_list.format == KITH_ADJACENCY);
  o.test = list_of("test", KITH_EDGES, "2 20 30\n", false); /* unless the job says otherwise */
  assert_int_equal(ingest(&o, "same.h5", &r), KITH_OK);
  assert_true(r.test == 1 && r.test_list.format == KITH_EDGES);
}

static void what_was_merged_or_left_out_is_counted(void **state) {
  (void)state;
  kith_ingest_options o = {.interactions =
                               list_of("train", KITH_ADJACENCY, "1 10 20 10\n2 20 30\n1 10\n", false),
                           .test = list_of("test", KITH_ADJACENCY, "1 30 40 30\n2 20\n", false),
                           .n_relation = 1,
                           .relation = {friends("1 2\n2 1\n1 2\n1 9\n2 2\n")}};
  kith_ingest_report r;
  char text[256];
  assert_int_equal(ingest(&o, "counted.h5", &r), KITH_OK);
  assert_true(r.n[KITH_USER] == 2 && r.n[KITH_ITEM] == 4);
  assert_true(r.train == 4 && r.valid == 0 && r.test == 3);
  assert_int_equal(r.duplicates, 3);
  assert_int_equal(r.test_in_train, 1);
  assert_int_equal(r.cold_items, 1);
  const kith_relation_report *f = &r.relation[0];
  assert_true(f->edges == 2 && f->duplicates == 1 && f->unknown == 1 && f->self_loops == 1);
  kith_dataset *d = read_back("counted.h5");
  describe("counted.h5", &d->test, sizeof text, text);
  assert_string_equal(text, "1: 30 40;2: 20;");
  kith_dataset_destroy(&d);
}

static void a_test_list_leaves_validation_to_the_split(void **state) {
  (void)state;
  kith_ingest_options o = {.interactions =
                               list_of("train", KITH_ADJACENCY, "1 10 20 30 40 50 60 70 80 90 11\n", false),
                           .test = list_of("test", KITH_ADJACENCY, "1 99\n", false),
                           .split = {.method = KITH_SPLIT_RATIO, .valid = 0.2, .test = 0.3, .seed = 1}};
  kith_ingest_report r;
  assert_int_equal(ingest(&o, "carved.h5", &r), KITH_OK);
  assert_true(r.train == 8 && r.valid == 2 && r.test == 1);
}

static void a_list_without_any_known_tie_is_refused(void **state) {
  (void)state;
  kith_ingest_options o = {.interactions = list_of("train", KITH_ADJACENCY, "1 10\n2 10\n", false),
                           .n_relation = 1,
                           .relation = {friends("8 9\n")}};
  kith_ingest_report r;
  assert_int_equal(ingest(&o, "lonely.h5", &r), KITH_EDATA);
  assert_non_null(strstr(kith_error_text(), "friend"));
  o.n_relation = 0;
  assert_int_equal(ingest(&o, "lonely.h5", &r), KITH_OK);
  kith_dataset *d = read_back("lonely.h5");
  assert_int_equal(d->train.start[2], 2);
  assert_int_equal(d->test.start[2], 0);
  kith_dataset_destroy(&d);
}

/* ---- properties ---- */

enum { USERS = 40, MOST = 25 };

/* The same random rows as adjacency and as edges in the same order; the ids are numbers or words. */
static void write_both(uint64_t seed, bool words, char *adjacency, char *edges) {
  for (int u = 0; u < USERS; u++) {
    kith_draw r = kith_random(seed, KITH_RNG_PROTOCOL, (uint64_t)u, 0, 0);
    int n = 1 + (int)(r.bits[0] % MOST);
    adjacency += sprintf(adjacency, words ? "u%d" : "%d", (int)(r.bits[1] % 1000));
    for (int k = 0; k < n; k++) {
      int item = (int)(kith_random(seed, KITH_RNG_PROTOCOL, (uint64_t)u, (uint64_t)k, 1).bits[0] % 300);
      adjacency += sprintf(adjacency, words ? " i%d" : " %d", item);
      edges += sprintf(edges, words ? "u%d,i%d\n" : "%d,%d\n", (int)(r.bits[1] % 1000), item);
    }
    adjacency += sprintf(adjacency, "\n");
  }
}

static void adjacency_and_edges_give_the_same_graph(void **state) {
  (void)state;
  enum { ROOM = USERS * MOST * 16 };
  char *text[2] = {malloc(ROOM), malloc(ROOM)};
  for (uint64_t seed = 0; seed < 6; seed++) {
    kith_dataset *d[2];
    char name[16], words[2][8192];
    write_both(seed, seed % 2 == 1, text[0], text[1]);
    for (int i = 0; i < 2; i++) {
      snprintf(name, sizeof name, "same-%d.h5", i);
      kith_ingest_options o = {
          .interactions = list_of("either", i == 0 ? KITH_ADJACENCY : KITH_EDGES, text[i], false),
          .split = {.method = KITH_SPLIT_RATIO, .valid = 0.1, .test = 0.2, .seed = seed}};
      kith_ingest_report r;
      assert_int_equal(ingest(&o, name, &r), KITH_OK);
      d[i] = read_back(name);
      describe(name, &d[i]->train, sizeof words[i], words[i]);
    }
    assert_true(d[0]->fingerprint == d[1]->fingerprint);
    assert_string_equal(words[0], words[1]);
    assert_memory_equal(d[0]->test.start, d[1]->test.start,
                        (size_t)(d[0]->n[KITH_USER] + 1) * sizeof *d[0]->test.start);
    for (int i = 0; i < 2; i++) kith_dataset_destroy(&d[i]);
  }
  free(text[0]);
  free(text[1]);
}

enum { TIED_USERS = 200, TIED_ITEMS = 6 };

/* The item that each user's test list holds, by ids, where all interactions are of the same second. */
static void tied_items(bool back, int *item) {
  static char text[TIED_USERS * TIED_ITEMS * 24];
  char path[KITH_PATH], *end = text;
  int n = TIED_USERS * TIED_ITEMS;
  kith_ingest_report r;
  kith_ids ids[KITH_SIDES];
  for (int i = 0; i < n; i++) {
    int at = back ? n - 1 - i : i;
    end += sprintf(end, "u%d\t%d\t5\n", at % TIED_USERS, 100 + at / TIED_USERS);
  }
  kith_ingest_options o = {.interactions = list_of("tied", KITH_EDGES, text, false),
                           .split = {.method = KITH_SPLIT_LEAVE_LAST_OUT, .test = 0.1, .seed = 1}};
  snprintf(o.interactions.time, sizeof o.interactions.time, "3");
  assert_int_equal(ingest(&o, "tied.h5", &r), KITH_OK);
  assert_true(r.split.users == TIED_USERS && r.split.tied == TIED_USERS);
  kith_dataset *d = read_back("tied.h5");
  for (int t = 0; t < KITH_SIDES; t++)
    assert_int_equal(
        kith_ids_read(test_comm, test_path(folder, "tied.h5", path), (kith_node_type)t, &ids[t]).status,
        KITH_OK);
  for (int64_t u = 0; u < TIED_USERS; u++) {
    kith_ids_print(&ids[KITH_USER], u, sizeof path, path);
    item[strtol(path + 1, NULL, 10)] = (int)ids[KITH_ITEM].number[d->test.value[d->test.start[u]]];
  }
  for (int t = 0; t < KITH_SIDES; t++) kith_ids_free(&ids[t]);
  kith_dataset_destroy(&d);
}

static void the_order_of_lines_does_not_decide_ties(void **state) {
  (void)state;
  static int item[2][TIED_USERS], seen[TIED_ITEMS];
  tied_items(false, item[0]);
  tied_items(true, item[1]);
  assert_memory_equal(item[0], item[1], sizeof item[0]);
  for (int u = 0; u < TIED_USERS; u++) seen[item[0][u] - 100]++;
  for (int i = 0; i < TIED_ITEMS; i++) assert_true(seen[i] > 10 && seen[i] < 60); /* a sixth of 200 each */
}

static void the_fingerprint_tells_graphs_and_splits_apart(void **state) {
  (void)state;
  static const char *const texts[] = {"1 10 20 30 40 50 60 70\n2 10 20\n",
                                      "1 10 20 30 40 50 60 70\n2 20 10\n", "1 10 20 30 40 50 60\n2 10 20\n",
                                      "1 10 20 30 40 50 60 70\n2 10 30\n"};
  uint64_t seen[8];
  int n = 0;
  for (int i = 0; i < 8; i++) {
    kith_ingest_options o = {.interactions = list_of("print", KITH_ADJACENCY, texts[i % 4], false)};
    kith_ingest_report r;
    if (i >= 4) o.split = (kith_split){.method = KITH_SPLIT_RATIO, .test = 0.3, .seed = 1};
    assert_int_equal(ingest(&o, "print.h5", &r), KITH_OK);
    kith_dataset *d = read_back("print.h5");
    if (i % 4 == 1) { /* the same lists in another order within a row: the same graph */
      assert_true(seen[n - 1] == d->fingerprint);
    } else {
      for (int k = 0; k < n; k++) assert_true(seen[k] != d->fingerprint);
      seen[n++] = d->fingerprint;
    }
    kith_dataset_destroy(&d);
  }
}

/* ---- bad input ---- */

static void assert_refused(const kith_ingest_options *o, kith_status code, const char *expected) {
  kith_ingest_report r;
  int64_t live = kith_alloc_live();
  char path[KITH_PATH];
  assert_int_equal(ingest(o, "never.h5", &r), code);
  if (!strstr(kith_error_text(), expected)) print_error("%s\n", kith_error_text());
  assert_non_null(strstr(kith_error_text(), expected));
  assert_null(strchr(kith_error_text(), '\n'));
  assert_int_equal(kith_alloc_live(), live);
  FILE *f = fopen(test_path(folder, "never.h5", path), "rb");
  assert_null(f);
}

static void bad_lines_are_named_with_file_and_line(void **state) {
  (void)state;
  static const struct {
    kith_list_format format;
    const char *text, *expected;
  } bad[] = {
      {KITH_ADJACENCY, "1 2 3\n4 5x 6\n", "bad.txt:2: expected an integer item id, found \"5x\""},
      {KITH_ADJACENCY, "1 2 3\n\n# x\nx7 5\n", "bad.txt:4: expected an integer user id, found \"x7\""},
      {KITH_ADJACENCY, "1 2\n3 -5\n", "bad.txt:2: expected an item id of 0 or more, found -5"},
      {KITH_ADJACENCY, "-1 2\n", "bad.txt:1: expected a user id of 0 or more, found -1"},
      {KITH_ADJACENCY, "", "bad.txt: expected lines of a user and items, found no pair"},
      {KITH_ADJACENCY, "1\n2\n", "found no pair"},
      {KITH_EDGES, "", "bad.txt: expected lines of a user and an item, found no pair"},
      {KITH_EDGES, "# nothing\n\n", "found no pair"},
      {KITH_EDGES, "1,2\n3\n", "bad.txt:2: expected 2 columns or more, separated by \",\", found 1"},
      {KITH_EDGES, "1\t2\n3\n", "bad.txt:2: expected 2 columns or more, separated by tabs, found 1"},
      {KITH_EDGES, "1,2\n,3\n", "bad.txt:2: expected an integer user id, found nothing"},
      {KITH_EDGES, "userId,movieId\n1,2\n",
       "bad.txt:1: \"userId\", \"movieId\" look like the names of columns; set data.interactions.header: "
       "true"},
      {KITH_EDGES, "1,99999999999999999999\n", "bad.txt"},
  };
  for (size_t i = 0; i < sizeof bad / sizeof bad[0] - 1; i++) {
    kith_ingest_options o = {.interactions = list_of("bad.txt", bad[i].format, bad[i].text, false)};
    assert_refused(&o, KITH_EDATA, bad[i].expected);
  }
}

static void bad_times_and_weights_are_named(void **state) {
  (void)state;
  kith_ingest_options o = {.interactions = list_of("timed", KITH_EDGES, "1,2,3,4\n1,3,soon,4\n", false)};
  snprintf(o.interactions.time, KITH_NAME, "3");
  assert_refused(&o, KITH_EDATA,
                 "timed:2: expected a time (seconds, or a date like 2010-10-19T23:55:27Z), found \"soon\"");
  snprintf(o.interactions.time, KITH_NAME, "4");
  snprintf(o.interactions.weight, KITH_NAME, "3");
  assert_refused(&o, KITH_EDATA, "timed:2: expected a weight (a number), found \"soon\"");
  snprintf(o.interactions.weight, KITH_NAME, "5");
  assert_refused(&o, KITH_EDATA, "timed:1: expected 5 columns or more");
  o.interactions = weighted("light", "1,2,3\n1,3,4\n", 4.5);
  assert_refused(&o, KITH_EDATA, "light: none of its 2 lines has a weight of 4.5 or more");
}

static void a_test_user_never_seen_is_named(void **state) {
  (void)state;
  kith_ingest_options o = {.interactions = list_of("train", KITH_ADJACENCY, "1 10\n2 20\n", false),
                           .test = list_of("test", KITH_ADJACENCY, "1 20\n8 10\n", false)};
  assert_refused(&o, KITH_EDATA, "test:2: expected a user that the interactions know, found \"8\"");
  o.test = list_of("test", KITH_ADJACENCY, "1 20\n8\n", false);
  assert_refused(&o, KITH_EDATA, "test:2: expected a user that the interactions know, found \"8\"");
  o.test = list_of("test", KITH_EDGES, "1 20\n7 10\n", false);
  assert_refused(&o, KITH_EDATA, "test:2: expected a user that the interactions know, found \"7\"");
  o.test = list_of("test", KITH_EDGES, "1 20\nx 10\n", false);
  assert_refused(&o, KITH_EDATA, "test:2: expected an integer user id, found \"x\"");
}

static void impossible_jobs_are_refused(void **state) {
  (void)state;
  kith_ingest_options o = {.interactions = list_of("train.csv", KITH_EDGES, "a,b\n1,2\n", false)};
  o.interactions.header = true;
  snprintf(o.interactions.user, KITH_NAME, "uid");
  assert_refused(&o, KITH_EDATA, "train.csv:1: expected a column \"uid\" in the header, found \"a\", \"b\"");
  o.interactions.header = false;
  assert_refused(&o, KITH_ECONFIG, "column \"uid\" is no number");
  o.interactions = list_of("train.csv", KITH_ADJACENCY, "1 2\n", false);
  snprintf(o.interactions.time, KITH_NAME, "3");
  assert_refused(&o, KITH_ECONFIG, "data.interactions: an adjacency list has no columns");
  o.interactions.time[0] = '\0';
  o.interactions.min_weight = 4;
  assert_refused(&o, KITH_ECONFIG,
                 "data.interactions.min_weight: 4, but no column of weights is named; expected "
                 "data.interactions.columns.weight");
  o.interactions.min_weight = 0;
  o.split = (kith_split){.method = KITH_SPLIT_TIME, .test = 0.1};
  assert_refused(&o, KITH_ECONFIG, "needs times");
  o.interactions.path[0] = '\0';
  assert_refused(&o, KITH_ECONFIG, "data.interactions: expected the path");
  test_path(folder, "missing", o.interactions.path);
  assert_refused(&o, KITH_ENOINPUT, "missing: cannot be read");
}

/* A place of graph.h5 is changed behind its back. */
static void a_damaged_graph_is_refused_by_all_ranks(void **state) {
  (void)state;
  char path[KITH_PATH], damaged[KITH_PATH];
  kith_ingest_options o = {.interactions = list_of("train", KITH_ADJACENCY, "1 10 20 30\n2 20\n", false)};
  kith_ingest_report r;
  kith_dataset *d = NULL;
  size_t size = 0;
  assert_int_equal(ingest(&o, "whole.h5", &r), KITH_OK);
  test_path(folder, "torn.h5", damaged);
  if (test_comm->rank == 0) {
    char *bytes = test_file_read(test_path(folder, "whole.h5", path), &size);
    test_file_write(folder, "torn.h5", bytes, size - 100, damaged);
    KITH_FREE(bytes);
  }
  KITH_MPI(MPI_Barrier(test_comm->mpi));
  assert_int_equal(kith_dataset_read(test_comm, damaged, &d).status, KITH_EDATA);
  assert_non_null(strstr(kith_error_text(), "torn.h5"));
  assert_null(d);
  assert_int_equal(kith_dataset_read(test_comm, o.interactions.path, &d).status, KITH_EDATA);
  assert_int_equal(kith_dataset_read(test_comm, test_path(folder, "missing", path), &d).status,
                   KITH_ENOINPUT);
}

/* ---- memory ---- */

/* Refuse the k-th allocation on one rank, for every k, until all goes well. */
static void without_memory_all_ranks_learn_it_and_nothing_is_left(void **state) {
  (void)state;
  char path[KITH_PATH];
  kith_ingest_options o = {.interactions =
                               list_of("train", KITH_EDGES, "a x 3\nb y 4\na z 2\na y 1\n", false),
                           .test = list_of("test", KITH_EDGES, "a w 3\n", false),
                           .n_relation = 1,
                           .relation = {friends("a b\n")},
                           .split = {.method = KITH_SPLIT_RATIO, .valid = 0.4, .seed = 1}};
  snprintf(o.interactions.time, KITH_NAME, "3");
  snprintf(o.features[KITH_ITEM].path, KITH_PATH, "%s",
           list_of("items", KITH_EDGES, "x red\nw blue:2 red\n", false).path);
  test_path(folder, "starved.h5", path);
  for (int rank = 0; rank < test_comm->size; rank++) {
    kith_status st = KITH_ENOMEM;
    int64_t live = kith_alloc_live(), k = 0;
    while (st != KITH_OK && k < 300) {
      kith_ingest_report r;
      kith_dataset *d = NULL;
      k++;
      if (test_comm->rank == rank) kith_alloc_refuse(k);
      st = ingest(&o, "starved.h5", &r);
      if (st == KITH_OK) st = kith_dataset_read(test_comm, path, &d).status;
      kith_alloc_refuse(0);
      assert_true(st == KITH_OK || st == KITH_ENOMEM);
      kith_dataset_destroy(&d);
      assert_int_equal(kith_alloc_live(), live);
    }
    assert_int_equal(st, KITH_OK);
    assert_true(k > 5);
  }
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_format_says_the_same),
      cmocka_unit_test(columns_are_found_by_name_and_by_number),
      cmocka_unit_test(light_lines_are_as_if_they_were_not_there),
      cmocka_unit_test(text_ids_stay_as_they_stand_when_asked),
      cmocka_unit_test(users_and_items_are_numbers_or_text_each_for_themselves),
      cmocka_unit_test(a_user_without_items_is_kept),
      cmocka_unit_test(a_test_list_takes_over_how_the_interactions_are_written),
      cmocka_unit_test(what_was_merged_or_left_out_is_counted),
      cmocka_unit_test(a_test_list_leaves_validation_to_the_split),
      cmocka_unit_test(a_list_without_any_known_tie_is_refused),
      cmocka_unit_test(adjacency_and_edges_give_the_same_graph),
      cmocka_unit_test(the_order_of_lines_does_not_decide_ties),
      cmocka_unit_test(the_fingerprint_tells_graphs_and_splits_apart),
      cmocka_unit_test(bad_lines_are_named_with_file_and_line),
      cmocka_unit_test(bad_times_and_weights_are_named),
      cmocka_unit_test(a_test_user_never_seen_is_named),
      cmocka_unit_test(impossible_jobs_are_refused),
      cmocka_unit_test(a_damaged_graph_is_refused_by_all_ranks),
      cmocka_unit_test(without_memory_all_ranks_learn_it_and_nothing_is_left),
  };
  test_begin(&argc, &argv);
  test_folder_begin(folder);
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  test_folder_end(folder);
  return test_end(failed);
}
