/* ranks: 1 3 */
/* New lists behind an old graph: what ingest makes of all lists together, with the old numbers. */
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "graph/schema.h"
#include "ingest/append.h"
#include "partition/update.h"
#include "store/graph.h"
#include "support/folder.h"
#include "support/mpi_main.h"
#include "support/parts.h"

static char folder[KITH_PATH]; /* of rank 0, known to all */

enum { TEXT = 1 << 14, LINE = 64, LINES = 512 };

/* ---- lists, as text ---- */

/** The lists of a graph, or what comes behind. */
typedef struct lists {
  char interactions[TEXT], tag[TEXT], knows[TEXT], friend[TEXT], features[TEXT];
} lists;

static void add(char *text, const char *format, ...) KITH_FORMAT(2, 3);
static void add(char *text, const char *format, ...) {
  size_t n = strlen(text);
  va_list values;
  va_start(values, format);
  vsnprintf(text + n, TEXT - n, format, values);
  va_end(values);
}

static uint64_t draw_state;
static int draw(int below) {
  draw_state = draw_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
  return (int)((draw_state >> 33) % (uint64_t)below);
}

/* Users 0 … n_user - 1 and items 0 … n_item - 1, each with an interaction, those from n_old on first. */
static void lists_draw(int n_old_user, int n_user, int n_old_item, int n_item, lists *l) {
  memset(l, 0, sizeof *l);
  for (int u = n_old_user; u < n_user; u++)
    add(l->interactions, "u%d,i%d,%d,%d\n", u, draw(n_item), 100 + draw(50), 1 + draw(5));
  for (int i = n_old_item; i < n_item; i++)
    add(l->interactions, "u%d,i%d,%d,%d\n", draw(n_user), i, 100 + draw(50), 1 + draw(5));
  for (int k = 0; k < 30; k++)
    add(l->interactions, "u%d,i%d,%d,%d\n", draw(n_user), draw(n_item), 100 + draw(50), 1 + draw(5));
  for (int k = 0; k < 12; k++)
    add(l->tag, "i%d,t%d,%d,%d,k%d\n", draw(n_item), draw(n_item), 100 + draw(50), 1 + draw(5), draw(3));
  for (int k = 0; k < 12; k++)
    add(l->knows, "%c%d,%c%d\n", draw(2) ? 'i' : 'e', draw(n_item), draw(2) ? 'i' : 'e', draw(n_item));
  for (int k = 0; k < 15; k++) add(l->friend, "u%d,u%d\n", draw(n_user), draw(n_user));
  for (int i = n_old_item; i < n_item; i++) /* the first item has all features, so that each is known */
    add(l->features, i > 0 ? "i%d f%d:%d g\n" : "i%d f%d:%d f4 f5 f6 f7 g\n", i, i > 0 ? 4 + draw(4) : 3,
        1 + draw(9));
}

static void lists_join(const lists *more, lists *all) {
  add(all->interactions, "%s", more->interactions);
  add(all->tag, "%s", more->tag);
  add(all->knows, "%s", more->knows);
  add(all->friend, "%s", more->friend);
  add(all->features, "%s", more->features);
}

/* ---- options ---- */

static void write_list(const char *name, const char *text, char *path) {
  test_path(folder, name, path);
  if (test_comm->rank == 0) test_file_write(folder, name, text, strlen(text), path);
  KITH_MPI(MPI_Barrier(test_comm->mpi));
}

static kith_relation_source relation_of(const char *name, const char *from, const char *to,
                                        const char *text) {
  kith_relation_source s = {.list = {.format = KITH_EDGES, .header = KITH_HEADER_NO}};
  snprintf(s.name, sizeof s.name, "%s", name);
  snprintf(s.from, sizeof s.from, "%s", from);
  snprintf(s.to, sizeof s.to, "%s", to);
  snprintf(s.list.delimiter, sizeof s.list.delimiter, ",");
  write_list(name, text, s.list.path);
  return s;
}

enum { N_RELATION = 3 };

static void relations_of(const lists *l, kith_relation_source *s) {
  s[0] = relation_of("tag", "item", "word", l->tag);
  snprintf(s[0].list.time, KITH_NAME, "3");
  snprintf(s[0].list.weight, KITH_NAME, "4");
  snprintf(s[0].list.kind, KITH_NAME, "5");
  s[1] = relation_of("knows", "entity", "entity", l->knows);
  s[1].direction = KITH_DIRECTION_FORWARD;
  s[2] = relation_of("friend", "user", "user", l->friend);
}

static kith_edge_source interactions_of(const char *text) {
  kith_edge_source s = {.format = KITH_EDGES, .header = KITH_HEADER_NO};
  write_list("interactions", text, s.path);
  return s;
}

static kith_ingest_options options_of(const lists *l) {
  kith_ingest_options o = {.n_relation = N_RELATION,
                           .n_type = 1,
                           .type = {{.name = "entity", .same_as = "item"}},
                           .n_path = 1,
                           .path = {{.name = "alike",
                                     .steps = {.n = 2, .of = {{"tag", false}, {"tag", true}}}}},
                           .features = {{.path = ""}, {.format = KITH_SPARSE}}};
  o.interactions = interactions_of(l->interactions);
  snprintf(o.interactions.time, KITH_NAME, "3");
  snprintf(o.interactions.weight, KITH_NAME, "4");
  relations_of(l, o.relation);
  write_list("features", l->features, o.features[KITH_ITEM].path);
  return o;
}

static kith_append_options behind_of(const lists *l) {
  kith_append_options o = {.n_relation = N_RELATION,
                           .features = {{.path = ""}, {.format = KITH_FEATURES_AUTO}}};
  o.interactions = interactions_of(l->interactions);
  o.interactions.format = KITH_FORMAT_AUTO;
  relations_of(l, o.relation);
  write_list("features", l->features, o.features[KITH_ITEM].path);
  return o;
}

/* ---- what a graph holds, by ids ---- */

/** Sorted lines. */
typedef struct dump {
  int n;
  char line[8 * LINES][LINE];
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
      assert_true(d->n < 8 * LINES);
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

/* ---- files ---- */

static kith__graph_data data_of(const char *name) {
  char path[KITH_PATH];
  const kith_comm alone = {.mpi = MPI_COMM_SELF, .rank = 0, .size = 1};
  kith__graph_data t;
  kith_status st = kith__graph_data_read(&alone, test_path(folder, name, path), &t).status;
  if (st != KITH_OK) print_error("%s\n", kith_error_text());
  assert_int_equal(st, KITH_OK);
  return t;
}

static void ingest(const kith_ingest_options *o, const char *name) {
  char path[KITH_PATH];
  kith_ingest_report *r = NULL;
  assert_int_equal(KITH_NEW(r, 1), KITH_OK);
  kith_status st = kith_ingest(test_comm, o, "job", test_path(folder, name, path), r).status;
  if (st != KITH_OK) print_error("%s\n", kith_error_text());
  assert_int_equal(st, KITH_OK);
  KITH_FREE(r);
}

static kith_status append(const kith_ingest_options *data, const kith_append_options *o, const char *from,
                          const char *to, kith_append_report *r) {
  char old_path[KITH_PATH], path[KITH_PATH];
  return kith_append(test_comm, data, o, test_path(folder, from, old_path), "job",
                     test_path(folder, to, path), r)
      .status;
}

static void append_well(const kith_ingest_options *data, const kith_append_options *o, const char *from,
                        const char *to, kith_append_report *r) {
  kith_status st = append(data, o, from, to, r);
  if (st != KITH_OK) print_error("%s\n", kith_error_text());
  assert_int_equal(st, KITH_OK);
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

static void assert_same_sets(const char *name, const char *wanted) {
  static dump a, b;
  kith__graph_data found = data_of(name), all = data_of(wanted);
  dump_make(&found, &a);
  dump_make(&all, &b);
  for (int i = 0; i < a.n && i < b.n; i++) assert_string_equal(a.line[i], b.line[i]);
  assert_int_equal(a.n, b.n);
  kith__graph_data_free(&found);
  kith__graph_data_free(&all);
}

static void appending_gives_what_ingest_makes_of_all_lists(void **state) {
  (void)state;
  static lists old, more, all;
  static kith_append_report r;
  for (uint64_t seed = 0; seed < 2; seed++) {
    draw_state = seed;
    lists_draw(0, 8, 0, 9, &old);
    lists_draw(8, 12, 9, 14, &more);
    kith_ingest_options o = options_of(&old);
    ingest(&o, "old.h5");
    kith_append_options behind = behind_of(&more);
    append_well(&o, &behind, "old.h5", "new.h5", &r);
    all = old;
    lists_join(&more, &all);
    o = options_of(&all);
    ingest(&o, "all.h5");
    assert_same_sets("new.h5", "all.h5");
    kith__graph_data a = data_of("old.h5"), b = data_of("new.h5");
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
  static lists old, more, all;
  static kith_append_report r;
  char from[32], to[32];
  kith_ingest_options o;
  draw_state = 77;
  lists_draw(0, 4, 0, 4, &all);
  o = options_of(&all);
  ingest(&o, "0.h5");
  for (int k = 0; k < 10; k++) {
    lists_draw(4 + k, 5 + k, 4 + k, 5 + k, &more);
    kith_append_options behind = behind_of(&more);
    snprintf(from, sizeof from, "%d.h5", k);
    snprintf(to, sizeof to, "%d.h5", k + 1);
    append_well(&o, &behind, from, to, &r);
    lists_join(&more, &all);
  }
  old = all;
  o = options_of(&old);
  ingest(&o, "all.h5");
  assert_same_sets("10.h5", "all.h5");
  kith__graph_data a = data_of("9.h5"), b = data_of("10.h5");
  assert_numbers_stay(&a, &b);
  assert_new_is_what_the_parent_lacks(&a, &b, &r);
  int lines = 0;
  for (const char *at = b.taken; *at; at++) lines += *at == '\n';
  assert_int_equal(lines, 10);
  kith__graph_data_free(&a);
  kith__graph_data_free(&b);
}

/* ---- one by one ---- */

static kith_ingest_options pairs_of(const char *text, const char *time, const char *weight) {
  kith_ingest_options o = {.interactions = interactions_of(text)};
  snprintf(o.interactions.time, KITH_NAME, "%s", time);
  snprintf(o.interactions.weight, KITH_NAME, "%s", weight);
  return o;
}

static kith_append_options more_of(const char *text) {
  kith_append_options o = {.interactions = {.format = KITH_FORMAT_AUTO}};
  write_list("more", text, o.interactions.path);
  return o;
}

static void what_is_held_out_stays_so(void **state) {
  (void)state;
  static kith_append_report r;
  kith_ingest_options o = pairs_of("a,x\na,y\nb,x\n", "", "");
  o.test = o.interactions;
  write_list("test", "a,z\n", o.test.path);
  ingest(&o, "old.h5");
  kith_append_options more = more_of("a,z\na,x\nb,y\nc,w\nc,w\n");
  append_well(&o, &more, "old.h5", "new.h5", &r);
  assert_int_equal(r.held_out, 1);
  assert_int_equal(r.known, 1);
  assert_int_equal(r.duplicates, 1);
  assert_int_equal(r.pairs, 2);
  assert_int_equal(r.train, 5);
  kith__graph_data t = data_of("new.h5");
  assert_int_equal(t.test.ragged.n_row, 3);
  assert_int_equal(t.test.ragged.start[3], 1);
  assert_false(kith_ragged_has(&t.train.ragged, 0, t.test.ragged.value[0]));
  kith__graph_data_free(&t);
}

static void an_earlier_time_counts_with_its_weight(void **state) {
  (void)state;
  static kith_append_report r;
  kith_ingest_options o = pairs_of("a,x,100,1\na,y,100,2\n", "3", "4");
  ingest(&o, "old.h5");
  kith_append_options more = more_of("a,x,90,5\na,y,110,6\na,z,120,7\n");
  append_well(&o, &more, "old.h5", "new.h5", &r);
  assert_int_equal(r.known, 2);
  assert_int_equal(r.earlier, 1);
  kith__graph_data t = data_of("new.h5");
  assert_true(t.train.time[0] == 90 && t.train.time[1] == 100 && t.train.time[2] == 120);
  assert_true(t.train.weight[0] == 5 && t.train.weight[1] == 2 && t.train.weight[2] == 7);
  assert_true(t.is_new[0] == 0 && t.is_new[1] == 0 && t.is_new[2] == 1);
  kith__graph_data_free(&t);
}

static void a_list_without_anything_new_writes_no_file(void **state) {
  (void)state;
  static kith_append_report r;
  char path[KITH_PATH];
  kith_ingest_options o = pairs_of("a,x\na,y\n", "", "");
  ingest(&o, "old.h5");
  kith_append_options more = more_of("a,y\n");
  append_well(&o, &more, "old.h5", "none.h5", &r);
  assert_true(r.nothing);
  assert_int_equal(access(test_path(folder, "none.h5", path), F_OK), -1);
}

static void names_of_new_nodes_are_empty_and_longer_ids_fit(void **state) {
  (void)state;
  static kith_append_report r;
  char name[64];
  kith_ingest_options o = pairs_of("a,x\na,y\n", "", "");
  write_list("names", "x,The X\ny,Y\n", o.names[KITH_ITEM].path);
  snprintf(o.names[KITH_ITEM].delimiter, sizeof o.names[KITH_ITEM].delimiter, ",");
  ingest(&o, "old.h5");
  kith_append_options more = more_of("b,a-longer-id\nb,x\n");
  append_well(&o, &more, "old.h5", "new.h5", &r);
  assert_int_equal(r.unnamed[KITH_ITEM], 1);
  kith__graph_data t = data_of("new.h5");
  assert_int_equal(kith_ids_find(&t.ids[KITH_ITEM], "a-longer-id"), 2);
  kith_ids_print(&t.names[KITH_ITEM], 0, sizeof name, name);
  assert_string_equal(name, "The X");
  kith_ids_print(&t.names[KITH_ITEM], 2, sizeof name, name);
  assert_string_equal(name, "");
  kith__graph_data_free(&t);
}

static bool is_taken(const kith_append_options *o, const char *name) {
  char path[KITH_PATH];
  bool taken = false;
  assert_int_equal(kith_append_is_taken(test_comm, o, test_path(folder, name, path), &taken).status, KITH_OK);
  return taken;
}

static void the_last_list_is_known_by_its_bytes(void **state) {
  (void)state;
  static kith_append_report r;
  kith_ingest_options o = pairs_of("a,x\na,y\n", "", "");
  ingest(&o, "old.h5");
  kith_append_options first = more_of("b,x\n");
  assert_false(is_taken(&first, "old.h5"));
  append_well(&o, &first, "old.h5", "first.h5", &r);
  assert_true(is_taken(&first, "first.h5"));
  kith_append_options second = more_of("b,y\n"); /* at the same path */
  assert_false(is_taken(&second, "first.h5"));
  append_well(&o, &second, "first.h5", "second.h5", &r);
  assert_true(is_taken(&second, "second.h5"));
  first = more_of("b,x\n");
  assert_false(is_taken(&first, "second.h5"));
}

static void assert_refused(const kith_ingest_options *o, const kith_append_options *more, kith_status status,
                           const char *word) {
  static kith_append_report r;
  char path[KITH_PATH];
  assert_int_equal(append(o, more, "old.h5", "refused.h5", &r), status);
  if (!strstr(kith_error_text(), word)) print_error("%s\n", kith_error_text());
  assert_non_null(strstr(kith_error_text(), word));
  assert_int_equal(access(test_path(folder, "refused.h5", path), F_OK), -1);
}

static void lists_that_do_not_fit_are_refused(void **state) {
  (void)state;
  kith_ingest_options o = pairs_of("a,x,100\na,y,100\n", "3", "");
  ingest(&o, "old.h5");
  kith_append_options more = more_of("b,x\n");
  o.interactions.time[0] = '\0';
  assert_refused(&o, &more, KITH_ECONFIG, "update.interactions.columns.time");
  more = more_of("b,x,5,1\n");
  snprintf(more.interactions.time, KITH_NAME, "3");
  snprintf(more.interactions.weight, KITH_NAME, "4");
  assert_refused(&o, &more, KITH_ECONFIG, "has none of interactions");
  more = more_of("b,x,5\nb\n");
  snprintf(more.interactions.time, KITH_NAME, "3");
  assert_refused(&o, &more, KITH_EDATA, "more:2");
  more = more_of("b,x,5\n");
  snprintf(more.interactions.time, KITH_NAME, "3");
  more.relation[more.n_relation++] = relation_of("likes", "user", "item", "a,x\n");
  assert_refused(&o, &more, KITH_ECONFIG, "update.relations.likes");
  more.n_relation = 0;
  snprintf(more.features[KITH_ITEM].path, KITH_PATH, "%s", more.interactions.path);
  assert_refused(&o, &more, KITH_ECONFIG, "update.item_features");
  more = (kith_append_options){.n_relation = 0};
  assert_refused(&o, &more, KITH_ECONFIG, "expected a new list");
}

/* Refuse the k-th allocation on one rank, for every k, until all goes well. */
static void without_memory_all_ranks_learn_it_and_the_old_file_stays(void **state) {
  (void)state;
  static lists old, more;
  static kith_append_report r;
  char path[KITH_PATH];
  size_t size = 0, again = 0;
  draw_state = 5;
  lists_draw(0, 3, 0, 3, &old);
  lists_draw(3, 4, 3, 4, &more);
  kith_ingest_options o = options_of(&old);
  ingest(&o, "old.h5");
  kith_append_options behind = behind_of(&more);
  char *before = test_file_read(test_path(folder, "old.h5", path), &size);
  kith_status st = KITH_ENOMEM;
  int64_t live = kith_alloc_live(), k = 0;
  for (; st != KITH_OK && k<2000; k += test_comm->size> 1 ? 37 : 3) {
    if (test_comm->rank == 0) kith_alloc_refuse(k + 1);
    st = append(&o, &behind, "old.h5", "starved.h5", &r);
    kith_alloc_refuse(0);
    assert_true(st == KITH_OK || st == KITH_ENOMEM);
    assert_int_equal(kith_alloc_live(), live);
  }
  assert_int_equal(st, KITH_OK);
  assert_true(k > 90);
  char *after = test_file_read(path, &again);
  assert_int_equal(size, again);
  assert_memory_equal(before, after, size);
  KITH_FREE(before);
  KITH_FREE(after);
}

/* ---- parts ---- */

/* The part of each node by original number, read from parts.h5. */
static int32_t part_of(const kith_graph *g, int type, int64_t original) {
  for (kith_lid i = 0; i < g->n_own; i++)
    if (g->type[i] == type && g->original[i] == original)
      return kith_owner(g->n_part, g->part_first, g->first[0] + i);
  return -1;
}

/* train/new of parts.h5 says of each entry what graph.h5 says of its interaction. */
static void assert_marks(const kith_graph *g, const kith__graph_data *t, const char *parts) {
  const kith_comm alone = {.mpi = MPI_COMM_SELF, .rank = 0, .size = 1};
  kith_h5 *f = NULL;
  kith_parent parent;
  int8_t *is_new = NULL;
  int64_t n = g->start[g->n_own];
  assert_int_equal(kith_h5_open(&alone, parts, KITH_PARTS_FORMAT, KITH_FILE_VERSION, &f).status, KITH_OK);
  assert_int_equal(kith_h5_get_parent(f, &t->schema, g->n, &parent).status, KITH_OK);
  assert_memory_equal(&parent, &t->parent, sizeof parent);
  assert_int_equal(KITH_NEW(is_new, n), KITH_OK);
  assert_int_equal(kith_h5_read(f, "train/new", KITH_H5_INT8, 0, 0, n, is_new).status, KITH_OK);
  kith_h5_close(&f);
  for (kith_lid i = 0; i < g->n_own; i++)
    for (kith_eid e = g->start[i]; e < g->start[i + 1]; e++) {
      kith_lid j = (kith_lid)(g->neighbor[e] - g->first[0]);
      kith_lid u = g->type[i] == KITH_USER ? i : j, item = g->type[i] == KITH_USER ? j : i;
      kith_eid at = t->train.ragged.start[g->original[u]];
      while (t->train.ragged.value[at] != g->original[item]) at++;
      assert_int_equal(is_new[e], t->is_new[at]);
    }
  KITH_FREE(is_new);
}

static void old_nodes_keep_their_parts(void **state) {
  (void)state;
  static lists old, more;
  static kith_append_report r;
  char old_graph[KITH_PATH], new_graph[KITH_PATH], parts[KITH_PATH], updated[KITH_PATH];
  kith_partition_update_report u;
  kith_graph *a = NULL, *b = NULL;
  const kith_comm alone = {.mpi = MPI_COMM_SELF, .rank = 0, .size = 1};
  kith_partition_options o = kith_partition_defaults();
  o.parts = 4;
  draw_state = 9;
  lists_draw(0, 20, 0, 20, &old);
  lists_draw(20, 24, 20, 26, &more);
  kith_ingest_options data = options_of(&old);
  ingest(&data, "old.h5");
  kith_append_options behind = behind_of(&more);
  append_well(&data, &behind, "old.h5", "new.h5", &r);
  test_path(folder, "old.h5", old_graph);
  test_path(folder, "new.h5", new_graph);
  test_path(folder, "old-parts.h5", parts);
  test_path(folder, "new-parts.h5", updated);
  if (test_comm->rank == 0)
    assert_int_equal(test_parts_write(old_graph, parts, o.parts, o.method).status, KITH_OK);
  KITH_MPI(MPI_Barrier(test_comm->mpi));
  kith_status st = kith_partition_update(test_comm, old_graph, parts, new_graph, &o, updated, &u).status;
  if (st != KITH_OK) print_error("%s\n", kith_error_text());
  assert_int_equal(st, KITH_OK);
  assert_int_equal(kith_graph_read(&alone, parts, &a).status, KITH_OK);
  assert_int_equal(kith_graph_read(&alone, updated, &b).status, KITH_OK);
  for (int t = 0; u.why == KITH_RECUT_NONE && t < a->schema.n_type; t++)
    for (int64_t i = 0; i < a->n[t]; i++) assert_int_equal(part_of(a, t, i), part_of(b, t, i));
  assert_int_equal(u.why, u.extended_cut > 1.3 * u.first_cut ? KITH_RECUT_WORSE : KITH_RECUT_NONE);
  kith__graph_data t = data_of("new.h5");
  assert_marks(b, &t, updated);
  kith__graph_data_free(&t);
  kith_graph_destroy(&a);
  kith_graph_destroy(&b);
  /* other settings cut from scratch; parts of another graph are refused */
  o.method = KITH_PARTITION_HASH;
  assert_int_equal(kith_partition_update(test_comm, old_graph, parts, new_graph, &o, updated, &u).status,
                   KITH_OK);
  assert_int_equal(u.why, KITH_RECUT_SETTINGS);
  assert_int_equal(kith_partition_update(test_comm, old_graph, updated, new_graph, &o, parts, &u).status,
                   KITH_EDATA);
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(appending_gives_what_ingest_makes_of_all_lists),
      cmocka_unit_test(ten_in_a_row_give_it_too),
      cmocka_unit_test(what_is_held_out_stays_so),
      cmocka_unit_test(an_earlier_time_counts_with_its_weight),
      cmocka_unit_test(a_list_without_anything_new_writes_no_file),
      cmocka_unit_test(names_of_new_nodes_are_empty_and_longer_ids_fit),
      cmocka_unit_test(the_last_list_is_known_by_its_bytes),
      cmocka_unit_test(lists_that_do_not_fit_are_refused),
      cmocka_unit_test(without_memory_all_ranks_learn_it_and_the_old_file_stays),
      cmocka_unit_test(old_nodes_keep_their_parts),
  };
  test_begin(&argc, &argv);
  test_folder_begin(folder);
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  test_folder_end(folder);
  return test_end(failed);
}
