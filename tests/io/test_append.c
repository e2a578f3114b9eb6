/* ranks: 1 3 */
/* New lists behind an old graph: what ingest makes of all lists together, with the old numbers. */
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "graph/schema.h"
#include "support/appended.h"

enum { LINE = 64, LINES = 4096 };

/* ---- what a graph holds, by ids ---- */

/** Sorted lines. */
typedef struct dump {
  int n;
  char line[LINES][LINE];
} dump;

static int dump_compare(const void *a, const void *b) { return strcmp(a, b); }

static const char *dump_id(const kith__graph_data *t, int type, int64_t x, char *text) {
  int64_t n[KITH_MAX_TYPES], original = 0;
  for (int k = 0; k < KITH_MAX_TYPES; k++) n[k] = t->ids[k].n;
  int at = kith_schema_node(&t->schema, n, type, x, &original);
  kith_ids_print(&t->ids[at], original, LINE / 4, text);
  return text;
}

static void dump_edges(const kith__graph_data *t, const char *name, int from, int to, const kith__edge_csr *l,
                       const kith_ids *kinds, dump *d) {
  char a[LINE], b[LINE], kind[LINE] = "";
  for (int64_t i = 0; i < l->ragged.n_row; i++)
    for (kith_eid e = l->ragged.start[i]; e < l->ragged.start[i + 1]; e++) {
      if (l->kind) kith_ids_print(kinds, l->kind[e], LINE / 4, kind);
      assert_true(d->n < LINES);
      snprintf(d->line[d->n++], LINE, "%s %.16s %.16s %.9s %" PRId64 " %g", name, dump_id(t, from, i, a),
               dump_id(t, to, l->ragged.value[e], b), kind, l->time ? l->time[e] : 0,
               l->weight ? (double)l->weight[e] : 0);
    }
}

static void dump_features(const kith__graph_data *t, int type, dump *d) {
  char a[LINE], b[LINE];
  const kith_features *f = &t->features[type];
  for (int64_t i = 0; f->start && i < f->n_row; i++)
    for (kith_eid e = f->start[i]; e < f->start[i + 1]; e++) {
      kith_ids_print(&t->feature_ids[type], f->index[e], LINE / 4, b);
      snprintf(d->line[d->n++], LINE, "feature %.16s %.16s %g", dump_id(t, type, i, a), b,
               (double)f->value[e]);
    }
}

static void dump_make(const kith__graph_data *t, dump *d) {
  memset(d, 0, sizeof *d);
  dump_edges(t, "train", KITH_USER, KITH_ITEM, &t->train, NULL, d);
  dump_edges(t, "valid", KITH_USER, KITH_ITEM, &t->valid, NULL, d);
  dump_edges(t, "test", KITH_USER, KITH_ITEM, &t->test, NULL, d);
  for (int r = 0; r < t->schema.n_relation; r++) {
    const kith_relation_type *e = &t->schema.relation[r];
    dump_edges(t, e->name, e->from, e->to, &t->relation[r], &t->kind_ids[r], d);
  }
  dump_features(t, KITH_ITEM, d);
  qsort(d->line, (size_t)d->n, LINE, dump_compare);
}

/* ---- the property ---- */

/* Nodes of the old graph have the same numbers in the new one. */
static void assert_numbers_stay(const kith__graph_data *old, const kith__graph_data *new) {
  char a[300], b[300];
  for (int t = 0; t < old->schema.n_type; t++) {
    assert_true(old->ids[t].n <= new->ids[t].n);
    for (int64_t i = 0; i < old->ids[t].n; i++) {
      kith_ids_print(&old->ids[t], i, sizeof a, a);
      kith_ids_print(&new->ids[t], i, sizeof b, b);
      assert_string_equal(a, b);
    }
  }
}

/* What is marked as new is what the old graph lacks. */
static void assert_new_is_what_the_parent_lacks(const kith__graph_data *old, const kith__graph_data *new,
                                                const kith_append_report *r) {
  const kith_ragged *l = &new->train.ragged;
  int64_t n = 0;
  assert_true(new->parent.is);
  assert_int_equal(new->parent.fingerprint, old->fingerprint);
  for (int t = 0; t < old->schema.n_type; t++) assert_int_equal(new->parent.n[t], old->ids[t].n);
  for (int64_t u = 0; u < l->n_row; u++)
    for (kith_eid e = l->start[u]; e < l->start[u + 1]; e++) {
      bool has = u < old->train.ragged.n_row && kith_ragged_has(&old->train.ragged, u, l->value[e]);
      assert_int_equal(new->is_new[e], !has);
      n += new->is_new[e];
    }
  assert_int_equal(r->pairs, n);
  assert_int_equal(r->train, l->start[l->n_row]);
}

static kith_dataset *dataset_of(const char *name) {
  char path[KITH_PATH];
  kith_dataset *d = NULL;
  const kith_comm alone = {.mpi = MPI_COMM_SELF, .rank = 0, .size = 1};
  assert_int_equal(kith_dataset_read(&alone, test_path(appended_folder, name, path), &d).status, KITH_OK);
  return d;
}

/* Users are numbered alike in both files, so their ties have the same places. */
static void assert_same_overlaps(const char *name, const char *wanted) {
  kith_dataset *a = dataset_of(name), *b = dataset_of(wanted);
  int r = kith_schema_find_relation(&a->schema, "friend");
  const kith_relation_edges *x = &a->relation[r], *y = &b->relation[r];
  int64_t n = x->edges.start[x->edges.n_row];
  assert_int_equal(n, y->edges.start[y->edges.n_row]);
  assert_memory_equal(x->edges.value, y->edges.value, (size_t)n * sizeof *x->edges.value);
  assert_memory_equal(x->overlap, y->overlap, (size_t)n * sizeof *x->overlap);
  kith_dataset_destroy(&a);
  kith_dataset_destroy(&b);
}

static void assert_same_sets(const char *name, const char *wanted) {
  static dump a, b;
  kith__graph_data found = appended_data(name), all = appended_data(wanted);
  dump_make(&found, &a);
  dump_make(&all, &b);
  for (int i = 0; i < a.n && i < b.n; i++) assert_string_equal(a.line[i], b.line[i]);
  assert_int_equal(a.n, b.n);
  assert_same_overlaps(name, wanted);
  kith__graph_data_free(&found);
  kith__graph_data_free(&all);
}

static void appending_gives_what_ingest_makes_of_all_lists(void **state) {
  (void)state;
  static appended_lists old, more, all;
  static kith_append_report r;
  for (uint64_t seed = 0; seed < 2; seed++) {
    appended_seed = seed;
    appended_draw(0, 8, 0, 9, &old);
    appended_draw(8, 12, 9, 14, &more);
    kith_ingest_options o = appended_options(&old);
    appended_ingest(&o, "old.h5");
    kith_append_options behind = appended_behind(&more);
    appended_well(&o, &behind, "old.h5", "new.h5", &r);
    all = old;
    appended_join(&more, &all);
    o = appended_options(&all);
    appended_ingest(&o, "all.h5");
    assert_same_sets("new.h5", "all.h5");
    kith__graph_data a = appended_data("old.h5"), b = appended_data("new.h5");
    assert_numbers_stay(&a, &b);
    assert_new_is_what_the_parent_lacks(&a, &b, &r);
    assert_false(r.nothing);
    assert_int_equal(r.n[KITH_USER] - r.n_old[KITH_USER], 4);
    kith__graph_data_free(&a);
    kith__graph_data_free(&b);
  }
}

static void ten_in_a_row_give_it_too(void **state) {
  (void)state;
  static appended_lists old, more, all;
  static kith_append_report r;
  char from[32], to[32];
  kith_ingest_options o;
  appended_seed = 77;
  appended_draw(0, 4, 0, 4, &all);
  o = appended_options(&all);
  appended_ingest(&o, "0.h5");
  for (int k = 0; k < 10; k++) {
    appended_draw(4 + k, 5 + k, 4 + k, 5 + k, &more);
    kith_append_options behind = appended_behind(&more);
    snprintf(from, sizeof from, "%d.h5", k);
    snprintf(to, sizeof to, "%d.h5", k + 1);
    appended_well(&o, &behind, from, to, &r);
    appended_join(&more, &all);
  }
  old = all;
  o = appended_options(&old);
  appended_ingest(&o, "all.h5");
  assert_same_sets("10.h5", "all.h5");
  kith__graph_data a = appended_data("9.h5"), b = appended_data("10.h5");
  assert_numbers_stay(&a, &b);
  assert_new_is_what_the_parent_lacks(&a, &b, &r);
  int lines = 0;
  for (const char *at = b.taken; *at; at++) lines += *at == '\n';
  assert_int_equal(lines, 10);
  kith__graph_data_free(&a);
  kith__graph_data_free(&b);
}

/* ---- one by one ---- */

static void what_is_held_out_stays_so(void **state) {
  (void)state;
  static kith_append_report r;
  kith_ingest_options o = appended_pairs("a,x\na,y\nb,x\n", "", "");
  o.test = o.interactions;
  appended_list("test", "a,z\n", o.test.path);
  appended_ingest(&o, "old.h5");
  kith_append_options more = appended_more("a,z\na,x\nb,y\nc,w\nc,w\n");
  appended_well(&o, &more, "old.h5", "new.h5", &r);
  assert_int_equal(r.held_out, 1);
  assert_int_equal(r.known, 1);
  assert_int_equal(r.duplicates, 1);
  assert_int_equal(r.pairs, 2);
  assert_int_equal(r.train, 5);
  kith__graph_data t = appended_data("new.h5");
  assert_int_equal(t.test.ragged.n_row, 3);
  assert_int_equal(t.test.ragged.start[3], 1);
  assert_false(kith_ragged_has(&t.train.ragged, 0, t.test.ragged.value[0]));
  kith__graph_data_free(&t);
}

static void what_is_outside_of_the_core_stays_so(void **state) {
  (void)state;
  static kith_append_report r;
  kith_ingest_options o = appended_pairs("a,x\na,y\na,z\nb,x\nb,y\nb,z\nc,x\n", "", "");
  o.split = (kith_split){.method = KITH_SPLIT_CORE, .core = 2, .test = .34, .seed = 1};
  appended_ingest(&o, "old.h5");
  kith_append_options more = appended_more("c,x\nc,y\nd,x\n");
  appended_well(&o, &more, "old.h5", "new.h5", &r);
  assert_int_equal(r.outside, 1);
  assert_int_equal(r.pairs, 2);
  kith__graph_data t = appended_data("new.h5");
  assert_int_equal(t.outside.ragged.n_row, 4);
  assert_true(kith_ragged_has(&t.outside.ragged, 2, 0) && !kith_ragged_has(&t.train.ragged, 2, 0));
  kith__graph_data_free(&t);
}

static void an_earlier_time_counts_with_its_weight(void **state) {
  (void)state;
  static kith_append_report r;
  kith_ingest_options o = appended_pairs("a,x,100,1\na,y,100,2\n", "3", "4");
  appended_ingest(&o, "old.h5");
  kith_append_options more = appended_more("a,x,90,5\na,y,110,6\na,z,120,7\n");
  appended_well(&o, &more, "old.h5", "new.h5", &r);
  assert_int_equal(r.known, 2);
  assert_int_equal(r.earlier, 1);
  kith__graph_data t = appended_data("new.h5");
  assert_true(t.train.time[0] == 90 && t.train.time[1] == 100 && t.train.time[2] == 120);
  assert_true(t.train.weight[0] == 5 && t.train.weight[1] == 2 && t.train.weight[2] == 7);
  assert_true(t.is_new[0] == 0 && t.is_new[1] == 0 && t.is_new[2] == 1);
  kith__graph_data_free(&t);
}

static void a_list_without_anything_new_writes_no_file(void **state) {
  (void)state;
  static kith_append_report r;
  char path[KITH_PATH];
  kith_ingest_options o = appended_pairs("a,x\na,y\n", "", "");
  appended_ingest(&o, "old.h5");
  kith_append_options more = appended_more("a,y\n");
  appended_well(&o, &more, "old.h5", "none.h5", &r);
  assert_true(r.nothing);
  assert_int_equal(access(test_path(appended_folder, "none.h5", path), F_OK), -1);
}

static void names_of_new_nodes_are_empty_and_longer_ids_fit(void **state) {
  (void)state;
  static kith_append_report r;
  char name[64];
  kith_ingest_options o = appended_pairs("a,x\na,y\n", "", "");
  appended_list("names", "x,The X\ny,Y\n", o.names[KITH_ITEM].path);
  snprintf(o.names[KITH_ITEM].delimiter, sizeof o.names[KITH_ITEM].delimiter, ",");
  appended_ingest(&o, "old.h5");
  kith_append_options more = appended_more("b,a-longer-id\nb,x\n");
  appended_well(&o, &more, "old.h5", "new.h5", &r);
  assert_int_equal(r.unnamed[KITH_ITEM], 1);
  kith__graph_data t = appended_data("new.h5");
  assert_int_equal(kith_ids_find(&t.ids[KITH_ITEM], "a-longer-id"), 2);
  kith_ids_print(&t.names[KITH_ITEM], 0, sizeof name, name);
  assert_string_equal(name, "The X");
  kith_ids_print(&t.names[KITH_ITEM], 2, sizeof name, name);
  assert_string_equal(name, "");
  kith__graph_data_free(&t);
}

static void events_go_behind_those_of_a_stream(void **state) {
  (void)state;
  static kith_append_report r;
  kith_ingest_options o = appended_pairs("a,x,1\na,y,2\nb,x,3\nb,y,4\na,x,5\nb,x,6\n", "3", "");
  o.split = (kith_split){.method = KITH_SPLIT_STREAM, .valid = .2, .test = .2};
  appended_ingest(&o, "old.h5");
  kith_append_options more = appended_more("b,x,5\n");
  assert_int_equal(appended_to(&o, &more, "old.h5", "new.h5", &r), KITH_EDATA);
  assert_non_null(strstr(kith_error_text(), "before the last one"));
  more = appended_more("b,x,9\nc,z,8\na,x,10\na,y,11\nb,z,12\nb,y,12\n");
  appended_well(&o, &more, "old.h5", "new.h5", &r);
  assert_int_equal(r.events, 6);
  kith__graph_data old = appended_data("old.h5"), t = appended_data("new.h5");
  assert_int_equal(old.events.n, 6);
  assert_int_equal(t.events.n, 12);
  for (int e = 0; e < 6; e++) assert_int_equal(t.events.time[e], e + 1);
  assert_int_equal(t.events.time[6], 8);
  assert_int_equal(t.events.user[6], 2);
  assert_int_equal(t.events.item[6], 2);
  assert_true(t.events.first[0] > old.events.first[0]);
  kith__graph_data_free(&old);
  kith__graph_data_free(&t);
}

/* Format, header, columns and minimum weight are those of the old list. */
static void what_the_new_list_leaves_open_is_as_in_the_old_one(void **state) {
  (void)state;
  static kith_append_report r;
  kith_ingest_options o = appended_pairs("stars;what;who\n5;x;a\n4;y;a\n1;z;a\n", "", "stars");
  o.interactions.header = KITH_HEADER_YES;
  o.interactions.min_weight = 3;
  snprintf(o.interactions.user, KITH_NAME, "who");
  snprintf(o.interactions.item, KITH_NAME, "what");
  appended_ingest(&o, "old.h5");
  kith_append_options more = appended_more("who;stars;what\nb;3;x\nb;2;y\nc;9;w\n");
  appended_well(&o, &more, "old.h5", "new.h5", &r);
  assert_int_equal(r.pairs, 2);
  assert_int_equal(r.below_min_weight, 1);
  assert_int_equal(r.n[KITH_ITEM], 3);
  o = appended_pairs("a x y\nb x\n", "", "");
  o.interactions.format = KITH_ADJACENCY;
  appended_ingest(&o, "old.h5");
  more = appended_more("c x z\nb\nd\n");
  appended_well(&o, &more, "old.h5", "new.h5", &r);
  assert_int_equal(r.pairs, 2);
  assert_int_equal(r.n[KITH_USER], 4);
  assert_int_equal(r.list.format, KITH_ADJACENCY);
}

static bool is_taken(const kith_append_options *o, const char *name) {
  char path[KITH_PATH];
  bool taken = false;
  assert_int_equal(kith_append_is_taken(test_comm, o, test_path(appended_folder, name, path), &taken).status,
                   KITH_OK);
  return taken;
}

static void the_last_list_is_known_by_its_bytes(void **state) {
  (void)state;
  static kith_append_report r;
  kith_ingest_options o = appended_pairs("a,x\na,y\n", "", "");
  appended_ingest(&o, "old.h5");
  kith_append_options first = appended_more("b,x\n");
  assert_false(is_taken(&first, "old.h5"));
  appended_well(&o, &first, "old.h5", "first.h5", &r);
  assert_true(is_taken(&first, "first.h5"));
  kith_append_options second = appended_more("b,y\n"); /* at the same path */
  assert_false(is_taken(&second, "first.h5"));
  appended_well(&o, &second, "first.h5", "second.h5", &r);
  assert_true(is_taken(&second, "second.h5"));
  first = appended_more("b,x\n");
  assert_false(is_taken(&first, "second.h5"));
}

static void assert_refused(const kith_ingest_options *o, const kith_append_options *more, kith_status status,
                           const char *word) {
  static kith_append_report r;
  char path[KITH_PATH];
  assert_int_equal(appended_to(o, more, "old.h5", "refused.h5", &r), status);
  if (!strstr(kith_error_text(), word)) print_error("%s\n", kith_error_text());
  assert_non_null(strstr(kith_error_text(), word));
  assert_int_equal(access(test_path(appended_folder, "refused.h5", path), F_OK), -1);
}

static void lists_that_do_not_fit_are_refused(void **state) {
  (void)state;
  kith_ingest_options o = appended_pairs("a,x,100\na,y,100\n", "3", "");
  appended_ingest(&o, "old.h5");
  kith_append_options more = appended_more("b,x\n");
  o.interactions.time[0] = '\0';
  assert_refused(&o, &more, KITH_ECONFIG, "data.interactions.columns.time");
  more = appended_more("b,x,5,1\n");
  snprintf(more.interactions.time, KITH_NAME, "3");
  snprintf(more.interactions.weight, KITH_NAME, "4");
  assert_refused(&o, &more, KITH_ECONFIG, "has none of interactions");
  more = appended_more("b,x,5\nb\n");
  snprintf(more.interactions.time, KITH_NAME, "3");
  assert_refused(&o, &more, KITH_EDATA, "more:2");
  more = appended_more("b,x,5\n");
  snprintf(more.interactions.time, KITH_NAME, "3");
  more.relation[more.n_relation++] = appended_relation("likes", "user", "item", "a,x\n");
  assert_refused(&o, &more, KITH_ECONFIG, "update.relations.likes");
  more.n_relation = 0;
  snprintf(more.features[KITH_ITEM].path, KITH_PATH, "%s", more.interactions.path);
  assert_refused(&o, &more, KITH_ECONFIG, "update.item_features");
  more = (kith_append_options){.n_relation = 0};
  assert_refused(&o, &more, KITH_ECONFIG, "expected a new list");
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(appending_gives_what_ingest_makes_of_all_lists),
      cmocka_unit_test(ten_in_a_row_give_it_too),
      cmocka_unit_test(what_is_held_out_stays_so),
      cmocka_unit_test(what_is_outside_of_the_core_stays_so),
      cmocka_unit_test(an_earlier_time_counts_with_its_weight),
      cmocka_unit_test(a_list_without_anything_new_writes_no_file),
      cmocka_unit_test(names_of_new_nodes_are_empty_and_longer_ids_fit),
      cmocka_unit_test(events_go_behind_those_of_a_stream),
      cmocka_unit_test(what_the_new_list_leaves_open_is_as_in_the_old_one),
      cmocka_unit_test(the_last_list_is_known_by_its_bytes),
      cmocka_unit_test(lists_that_do_not_fit_are_refused),
  };
  test_begin(&argc, &argv);
  test_folder_begin(appended_folder);
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  test_folder_end(appended_folder);
  return test_end(failed);
}
