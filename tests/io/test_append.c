/* ranks: 1 3 */
/* New lists behind an old graph: what ingest makes of all lists together, with the old numbers. */
#include <inttypes.h>
#include <stdlib.h>

#include "graph/schema.h"
#include "ingest/append.h"
#include "store/graph.h"
#include "support/folder.h"
#include "support/mpi_main.h"

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
  for (uint64_t seed = 0; seed < 3; seed++) {
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

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(appending_gives_what_ingest_makes_of_all_lists),
      cmocka_unit_test(ten_in_a_row_give_it_too),
  };
  test_begin(&argc, &argv);
  test_folder_begin(folder);
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  test_folder_end(folder);
  return test_end(failed);
}
