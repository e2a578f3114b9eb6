/* ranks: 1 3 */
/* Lists of relations to graph.h5 and back: further node types, edges, weights, times and kinds. */
#include "graph/schema.h"
#include "ingest/ingest.h"
#include "store/graph.h"
#include "support/folder.h"
#include "support/dataset.h"
#include "support/mpi_main.h"

static char folder[KITH_PATH]; /* of rank 0, known to all */

/* ---- helpers ---- */

static kith_edge_source list_of(const char *name, kith_list_format format, const char *text) {
  kith_edge_source s = {.format = format};
  test_path(folder, name, s.path);
  if (test_comm->rank == 0) test_file_write(folder, name, text, strlen(text), s.path);
  KITH_MPI(MPI_Barrier(test_comm->mpi));
  return s;
}

/* Users 1, 2, 3 and items a, b, c, with more of a job's relations to come. */
static kith_ingest_options options_of_three(void) {
  return (kith_ingest_options){.interactions = list_of("train", KITH_EDGES, "1,a\n1,b\n2,b\n3,c\n")};
}

static kith_edge_source *add(kith_ingest_options *o, const char *name, const char *from, const char *to,
                             const char *text) {
  kith_relation_source *s = &o->relation[o->n_relation++];
  snprintf(s->name, KITH_NAME, "%s", name);
  snprintf(s->from, KITH_NAME, "%s", from);
  snprintf(s->to, KITH_NAME, "%s", to);
  s->list = list_of(name, KITH_EDGES, text);
  return &s->list;
}

static kith_status ingest(const kith_ingest_options *o, kith_ingest_report *r) {
  char path[KITH_PATH];
  return kith_ingest(test_comm, o, "job text", test_path(folder, "graph.h5", path), r).status;
}

static kith_dataset *read_back(void) {
  char path[KITH_PATH];
  kith_dataset *d = NULL;
  kith_status st = kith_dataset_read(test_comm, test_path(folder, "graph.h5", path), &d).status;
  if (st != KITH_OK) print_error("%s\n", kith_error_text());
  assert_int_equal(st, KITH_OK);
  return d;
}

static kith_dataset *ingest_and_read(const kith_ingest_options *o, kith_ingest_report *r) {
  kith_status st = ingest(o, r);
  if (st != KITH_OK) print_error("%s\n", kith_error_text());
  assert_int_equal(st, KITH_OK);
  return read_back();
}

static void assert_ids(const char *type, const char *expected) {
  char path[KITH_PATH], name[KITH_NAME], id[KITH_NAME], text[256] = "";
  kith_ids ids;
  snprintf(name, sizeof name, "node/%s/id", type);
  assert_int_equal(kith__ids_read(test_comm, test_path(folder, "graph.h5", path), name, &ids).status,
                   KITH_OK);
  for (int64_t i = 0; i < ids.n; i++) {
    kith_ids_print(&ids, i, sizeof id, id);
    strcat(strcat(text, i ? " " : ""), id);
  }
  kith_ids_free(&ids);
  assert_string_equal(text, expected);
}

/* ---- what lists say ---- */

static void relations_of_three_types_are_written_and_read(void **state) {
  (void)state;
  kith_ingest_options o = options_of_three();
  kith_ingest_report r;
  add(&o, "friend", "user", "user", "1,2\n2,1\n3,3\n1,2\n2,9\n");
  kith_edge_source *tag =
      add(&o, "tag", "item", "tag", "b,jazz,2,70\na,rock,1.5,50\na,jazz,4,60\nb,pop,0,1\n");
  snprintf(tag->weight, KITH_NAME, "3");
  snprintf(tag->time, KITH_NAME, "4");
  tag->min_weight = 1;
  add(&o, "view", "user", "item", "3,a\n1,c\n3,b\n3,d\n");
  kith_dataset *d = ingest_and_read(&o, &r);
  assert_true(d->schema.n_type == 3 && d->schema.n_relation == 3);
  assert_string_equal(d->schema.type[2], "tag");
  assert_true(d->n[KITH_USER] == 3 && d->n[KITH_ITEM] == 3 && d->n[2] == 2);
  test_assert_rows(d, "friend", "0: 1;1: 0;2:;");
  test_assert_rows(d, "tag", "0: 0 1;1: 0;2:;");
  test_assert_rows(d, "view", "0: 2;1:;2: 0 1;");
  assert_ids("tag", "jazz rock");
  const kith_relation_edges *e = &d->relation[1];
  assert_true(e->weight[0] == 4 && e->weight[1] == 1.5f && e->weight[2] == 2);
  assert_true(e->time[0] == 60 && e->time[1] == 50 && e->time[2] == 70);
  assert_true(!d->relation[0].weight && !d->relation[0].time && !d->schema.relation[2].weighted);
  const kith_relation_report *f = r.relation;
  assert_true(f[0].edges == 2 && f[0].both == 1 && f[0].duplicates == 1 && f[0].unknown == 1 &&
              f[0].self_loops == 1);
  assert_true(f[1].edges == 3 && f[1].unknown == 0 && f[1].below_min_weight == 1);
  assert_true(f[1].both == 0 && f[2].both == 0 && f[2].edges == 3 && f[2].unknown == 1 &&
              f[2].self_loops == 0);
  assert_true(r.schema.n_type == 3 && r.n[2] == 2 && r.text_ids[2] && !r.text_ids[KITH_USER]);
  kith_dataset_destroy(&d);
}

/* Neither of its ends gets a number; the next edge's tag is the first. */
static void an_edge_that_is_skipped_adds_no_node(void **state) {
  (void)state;
  kith_ingest_options o = options_of_three();
  kith_ingest_report r;
  add(&o, "tag", "tag", "item", "odd,z\nold,a\nodd,y\nnew,c\n");
  o.relation[0].list.format = KITH_EDGES;
  add(&o, "more", "item", "tag", "z none\na new odd\n");
  o.relation[1].list.format = KITH_ADJACENCY;
  kith_dataset *d = ingest_and_read(&o, &r);
  assert_ids("tag", "old new odd");
  test_assert_rows(d, "tag", "0: 0;1: 2;2:;");
  test_assert_rows(d, "more", "0: 1 2;1:;2:;");
  assert_true(r.relation[0].unknown == 2 && r.relation[1].unknown == 1 && d->n[KITH_ITEM] == 3);
  kith_dataset_destroy(&d);
}

/* Rows of an earlier list cover them; ids of each type are numbers or text for themselves. */
static void a_later_list_adds_nodes_to_a_type(void **state) {
  (void)state;
  kith_ingest_options o = options_of_three();
  kith_ingest_report r;
  add(&o, "of", "genre", "item", "70,b\n");
  add(&o, "under", "genre", "genre", "80,70\n70,70\n80,60\n");
  add(&o, "by", "item", "band", "c,ABBA\n");
  kith_dataset *d = ingest_and_read(&o, &r);
  assert_ids("genre", "70 80 60");
  test_assert_rows(d, "of", "0: 1;1:;2:;");
  test_assert_rows(d, "under", "0:;1: 0 2;2:;");
  test_assert_rows(d, "by", "0:;1:;2: 0;");
  assert_true(!r.text_ids[2] && r.text_ids[3] && r.relation[1].self_loops == 1);
  kith_dataset_destroy(&d);
}

/* What a naive table of pairs keeps of random lines: the earliest time, and of equal ones the first line. */
static void random_lists_give_what_a_table_gives(void **state) {
  (void)state;
  enum { USERS = 3, TAGS = 12, LINES = 150 };
  int64_t time[USERS][TAGS];
  float weight[USERS][TAGS];
  int order[TAGS], n_tag = 0, number[TAGS];
  char text[LINES * 32], *to = text;
  for (int t = 0; t < TAGS; t++) number[t] = -1;
  for (int u = 0; u < USERS; u++)
    for (int t = 0; t < TAGS; t++) time[u][t] = -1;
  for (int k = 0; k < LINES; k++) {
    kith_draw x = kith_random(5, KITH_RNG_PROTOCOL, (uint64_t)k, 0, 0);
    int u = (int)(x.bits[0] % (USERS + 1)), t = (int)(x.bits[1] % TAGS), s = (int)(x.bits[2] % 40);
    float w = (float)(1 + x.bits[3] % 8) / 2;
    to += sprintf(to, "%d\t%d\t%d\t%g\n", 1 + u, 100 + t, s, (double)w);
    if (u == USERS) continue; /* unknown */
    if (number[t] < 0) order[number[t] = n_tag++] = t;
    if (time[u][t] >= 0 && time[u][t] <= s) continue;
    time[u][t] = s;
    weight[u][t] = w;
  }
  kith_ingest_options o = options_of_three();
  kith_ingest_report r;
  kith_edge_source *list = add(&o, "uses", "user", "tag", text);
  snprintf(list->time, KITH_NAME, "3");
  snprintf(list->weight, KITH_NAME, "4");
  kith_dataset *d = ingest_and_read(&o, &r);
  const kith_relation_edges *e = &d->relation[0];
  kith_eid at = 0;
  assert_int_equal(d->n[2], n_tag);
  for (int u = 0; u < USERS; u++) {
    for (int i = 0; i < n_tag; i++) {
      if (time[u][order[i]] < 0) continue;
      assert_int_equal(e->edges.value[at], i);
      assert_true(e->time[at] == time[u][order[i]] && e->weight[at] == weight[u][order[i]]);
      at++;
    }
    assert_int_equal(e->edges.start[u + 1], at);
  }
  assert_int_equal(r.relation[0].edges + r.relation[0].duplicates + r.relation[0].unknown, LINES);
  kith_dataset_destroy(&d);
}

/* Triples; a kind of an edge that is skipped gets no number, and equal triples are one. */
static void edges_have_kinds_and_a_direction(void **state) {
  (void)state;
  kith_ingest_options o = options_of_three();
  kith_ingest_report r;
  add(&o, "kg", "item", "tag", "z,seen,x\na,by,x\na,of,y\nb,of,y\na,of,x\na,by,x\na,by,y\nb,of,y\n");
  snprintf(o.relation[0].list.item, KITH_NAME, "3");
  snprintf(o.relation[0].list.kind, KITH_NAME, "2");
  o.relation[0].direction = KITH_DIRECTION_FORWARD;
  add(&o, "friend", "user", "user", "1,2,a\n2,1,b\n2,1,a\n3,1,a\n");
  snprintf(o.relation[1].list.kind, KITH_NAME, "3");
  kith_dataset *d = ingest_and_read(&o, &r);
  const kith_relation_edges *e = &d->relation[0];
  static const uint16_t kind[] = {0, 1, 0, 1, 1};
  char id[KITH_NAME];
  test_assert_rows(d, "kg", "0: 0 0 1 1;1: 1;2:;");
  assert_memory_equal(e->kind, kind, sizeof kind);
  assert_true(e->kind_ids.n == 2 && d->schema.relation[0].n_kind == 2);
  kith_ids_print(&e->kind_ids, 1, sizeof id, id);
  assert_string_equal(id, "of");
  assert_true(d->schema.relation[0].direction == KITH_DIRECTION_FORWARD);
  assert_true(d->schema.relation[1].direction == KITH_DIRECTION_BOTH);
  assert_true(r.relation[0].duplicates == 2 && r.relation[0].unknown == 1);
  test_assert_rows(d, "friend", "0: 1;1: 0 0;2: 0;");
  assert_true(r.relation[1].both == 1 && r.relation[1].edges == 4);
  kith_dataset_destroy(&d);
  o.relation[1].direction = KITH_DIRECTION_BACK;
  d = ingest_and_read(&o, &r);
  assert_true(r.relation[1].both == 0 && d->schema.relation[1].direction == KITH_DIRECTION_BACK);
  kith_dataset_destroy(&d);
}

/* Items are a, b, c; entities that are none of them are numbered behind them. */
static void ids_of_a_type_may_be_those_of_items(void **state) {
  (void)state;
  kith_ingest_options o = options_of_three();
  kith_ingest_report r;
  add(&o, "kg", "entity", "entity", "a,x\nx,c\nb,b\ny,y\nc,y\n");
  add(&o, "about", "item", "entity", "a,a\nb,a\nz,x\nc,7\n");
  add(&o, "by", "entity", "tag", "b,1\ny,2\n");
  o.n_type = 1;
  o.type[0] = (kith_node_source){.name = "entity", .same_as = "item"};
  kith_dataset *d = ingest_and_read(&o, &r);
  assert_int_equal(d->schema.base[2], 1 + KITH_ITEM);
  assert_true(d->n[KITH_ITEM] == 3 && d->n[2] == 3 && d->n[3] == 2);
  assert_ids("entity", "x y 7");
  const kith_ragged *kg = &d->relation[0].edges, *about = &d->relation[1].edges, *by = &d->relation[2].edges;
  static const int32_t kg_to[] = {3, 4, 2}, about_to[] = {0, 5}, by_to[] = {0, 1};
  assert_true(kg->n_row == 6 && about->n_row == 3 && by->n_row == 6);
  assert_true(kg->start[1] == 1 && kg->start[2] == 1 && kg->start[3] == 2 && kg->start[4] == 3);
  assert_memory_equal(kg->value, kg_to, sizeof kg_to);
  assert_memory_equal(about->value, about_to, sizeof about_to);
  assert_memory_equal(by->value, by_to, sizeof by_to);
  assert_true(r.relation[0].self_loops == 2 && r.relation[1].self_loops == 1 && r.relation[1].unknown == 1);
  assert_true(r.shared[2] == 3 && r.shared[3] == 0);
  kith_dataset_destroy(&d);
  snprintf(o.type[0].same_as, KITH_NAME, "tag");
  assert_int_equal(ingest(&o, &r), KITH_ECONFIG);
  assert_non_null(strstr(kith_error_text(), "data.nodes.entity.same_as: expected user or item, found tag"));
  o.type[0] = (kith_node_source){.name = "user", .same_as = "item"};
  assert_int_equal(ingest(&o, &r), KITH_ECONFIG);
}

static bool file_has(const char *name) {
  char path[KITH_PATH];
  kith_h5 *f = NULL;
  assert_int_equal(KITH_OK, kith_h5_open(test_comm, test_path(folder, "graph.h5", path), KITH_GRAPH_FORMAT,
                                         KITH_FILE_VERSION, &f)
                                .status);
  bool has = kith_h5_has_dataset(f, name) || kith_h5_has_attr(f, name);
  kith_h5_close(&f);
  return has;
}

static void a_graph_without_relations_has_no_schema(void **state) {
  (void)state;
  kith_ingest_options o = options_of_three();
  kith_ingest_report r;
  kith_dataset *d = ingest_and_read(&o, &r);
  assert_true(d->schema.n_type == 2 && d->schema.n_relation == 0 && !d->relation[0].edges.start);
  assert_false(file_has("schema") || file_has("edge") || file_has("node"));
  kith_dataset_destroy(&d);
}

/* ---- fingerprints ---- */

static uint64_t fingerprint_of(const kith_ingest_options *o) {
  kith_ingest_report r;
  kith_dataset *d = ingest_and_read(o, &r);
  uint64_t found = d->fingerprint;
  kith_dataset_destroy(&d);
  return found;
}

/* Relations of equal numbers differ by name, ends, ids, weights, times, kinds and direction. */
static void everything_of_a_relation_counts_in_the_fingerprint(void **state) {
  (void)state;
  static const struct {
    const char *name, *from, *to, *text, *kind;
    kith_direction direction;
  } variant[] = {{"tag", "item", "tag", "a,x,1,1\n", "", KITH_DIRECTION_FORWARD},
                 {"tag", "item", "tag", "a,x,1,1\n", "", KITH_DIRECTION_BACK},
                 {"tag", "item", "tag", "a,x,1,1,p\n", "5", KITH_DIRECTION_BOTH},
                 {"tag", "item", "tag", "a,x,1,1,q\n", "5", KITH_DIRECTION_BOTH},
                 {"tag", "item", "tag", "a,y,1,1,q\na,y,1,1,p\na,x,1,1,p\n", "5", KITH_DIRECTION_BOTH},
                 {"tag", "item", "tag", "a,y,1,1,q\na,y,1,1,p\na,x,1,1,q\n", "5", KITH_DIRECTION_BOTH},
                 {"tag", "item", "tag", "a,x,1,1\n", "", 0},
                 {"mark", "item", "tag", "a,x,1,1\n", "", 0},
                 {"tag", "user", "tag", "1,x,1,1\n", "", 0},
                 {"tag", "item", "mark", "a,x,1,1\n", "", 0},
                 {"tag", "item", "tag", "a,y,1,1\n", "", 0},
                 {"tag", "item", "tag", "b,x,1,1\n", "", 0},
                 {"tag", "item", "tag", "a,x,2,1\n", "", 0},
                 {"tag", "item", "tag", "a,x,1,2\n", "", 0},
                 {"tag", "item", "user", "a,1,1,1\n", "", 0},
                 {"tag", "user", "item", "1,a,1,1\n", "", 0}};
  enum { VARIANTS = sizeof variant / sizeof *variant };
  uint64_t seen[VARIANTS];
  for (int i = 0; i < VARIANTS; i++) {
    kith_ingest_options o = options_of_three();
    kith_edge_source *s = add(&o, variant[i].name, variant[i].from, variant[i].to, variant[i].text);
    snprintf(s->weight, KITH_NAME, "3");
    snprintf(s->time, KITH_NAME, "4");
    snprintf(s->kind, KITH_NAME, "%s", variant[i].kind);
    o.relation[0].direction = variant[i].direction;
    seen[i] = fingerprint_of(&o);
    for (int k = 0; k < i; k++)
      if (seen[i] == seen[k]) fail_msg("variants %d and %d have the same fingerprint", k, i);
  }
}

/* ---- what cannot be ---- */

static void assert_refused(const kith_ingest_options *o, kith_status expected, const char *reason) {
  kith_ingest_report r;
  char path[KITH_PATH];
  remove(test_path(folder, "graph.h5", path));
  KITH_MPI(MPI_Barrier(test_comm->mpi));
  assert_int_equal(ingest(o, &r), expected);
  if (!strstr(kith_error_text(), reason)) fail_msg("\"%s\" lacks \"%s\"", kith_error_text(), reason);
}

static void impossible_relations_are_refused(void **state) {
  (void)state;
  static const struct {
    const char *name, *from, *to, *text;
    kith_status status;
    const char *reason;
  } bad[] = {{"Tag", "item", "tag", "a,x\n", KITH_ECONFIG, "\"Tag\" is no name of a relation"},
             {"interactions", "user", "item", "1,a\n", KITH_ECONFIG, "and not interactions"},
             {"tag", "item", "", "a,x\n", KITH_ECONFIG, "data.relations.tag.to: expected a node type"},
             {"tag", "item", "label", "a,x\n", KITH_ECONFIG,
              "data.relations.tag.to: \"label\" is a name that files"},
             {"tag", "it em", "tag", "a,x\n", KITH_ECONFIG, "data.relations.tag.from: \"it em\" is no name"},
             {"tag", "item", "tag", "a\n", KITH_EDATA, "tag:1: expected 2 columns or more"},
             {"tag", "item", "tag", "a,\n", KITH_EDATA, "tag:1: expected a tag id, found nothing"},
             {"tag", "item", "era", "a,7\nb,old\n", KITH_EDATA, "tag:2: expected an integer era id"},
             {"tag", "user", "tag", "u,x\n", KITH_EDATA, "tag:1: expected an integer user id"},
             {"tag", "item", "tag", "", KITH_EDATA,
              "tag: expected lines of two nodes or more, found no pair in it"}};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    kith_ingest_options o = options_of_three();
    add(&o, bad[i].name, bad[i].from, bad[i].to, bad[i].text);
    assert_refused(&o, bad[i].status, bad[i].reason);
  }
  kith_ingest_options o = options_of_three();
  add(&o, "tag", "item", "tag", "a,x\n");
  add(&o, "tag", "item", "tag", "a,x\n");
  assert_refused(&o, KITH_ECONFIG, "data.relations.tag: occurs twice");
  o = options_of_three();
  kith_edge_source *s = add(&o, "tag", "item", "tag", "a,x\n");
  snprintf(s->item, KITH_NAME, "1");
  assert_refused(&o, KITH_ECONFIG, "set data.relations.tag.columns.from and .to to different ones");
  snprintf(s->item, KITH_NAME, "2");
  snprintf(s->kind, KITH_NAME, "2");
  assert_refused(&o, KITH_ECONFIG, "column 2 would be the to and the kind");
  snprintf(s->kind, KITH_NAME, "3");
  assert_refused(&o, KITH_EDATA, "tag:1: expected 3 columns or more");
  s->format = KITH_ADJACENCY;
  assert_refused(&o, KITH_ECONFIG, "has no columns for times, weights, kinds or features");
  test_path(folder, "missing", s->path);
  s->format = KITH_EDGES;
  assert_refused(&o, KITH_ENOINPUT, "missing: cannot be read");
  o = options_of_three();
  for (int i = 0; i < KITH_MAX_TYPES - 1; i++) {
    char name[KITH_NAME];
    snprintf(name, sizeof name, "t%d", i);
    add(&o, name, "item", name, "a,x\n");
  }
  assert_refused(&o, KITH_ECONFIG, "data.relations.t14: t14 would be one node type more than the 16");
}

/* ---- new nodes ---- */

static kith_status read_new(const kith_new_nodes_options *o, kith_new_nodes *n, kith_new_nodes_report *r) {
  char path[KITH_PATH];
  return kith_new_nodes_read(test_comm, test_path(folder, "graph.h5", path), o, n, r).status;
}

static void assert_edges(const kith_new_edges *l, const char *expected) {
  char text[256] = "";
  size_t n = 0;
  for (int64_t k = 0; k < l->n; k++)
    n += (size_t)snprintf(text + n, sizeof text - n, "%s%d-%d", k ? " " : "", l->from[k], l->to[k]);
  assert_string_equal(text, expected);
}

static kith_relation_source new_list(const char *name, const char *text) {
  kith_relation_source s = {.list = list_of("new", KITH_EDGES, text)};
  snprintf(s.name, KITH_NAME, "%s", name);
  return s;
}

static void new_nodes_have_edges_of_relations(void **state) {
  (void)state;
  kith_ingest_options o = options_of_three();
  kith_ingest_report r;
  kith_new_nodes n;
  kith_new_nodes_report told;
  add(&o, "friend", "user", "user", "1,2\n");
  add(&o, "tag", "item", "tag", "a,jazz\nb,rock\n");
  add(&o, "near", "tag", "tag", "jazz,rock\n");
  add(&o, "reads", "user", "user", "1,2\n");
  o.relation[3].direction = KITH_DIRECTION_FORWARD;
  add(&o, "knows", "user", "user", "1,2,well\n");
  snprintf(o.relation[4].list.kind, KITH_NAME, "3");
  assert_int_equal(ingest(&o, &r), KITH_OK);

  /* users 1, 2, 3 are 0, 1, 2; 9 and 8 are new in the order of the list; an edge with a new one, once */
  kith_new_nodes_options new = {.n_relation = 1, .what = KITH_NEW_USERS};
  new.relation[0] = new_list("friend", "9,1\n1,2\n2,9\n9,8\n2,9\n7,7\n3,8\n");
  assert_int_equal(read_new(&new, &n, &told), KITH_OK);
  assert_true(n.n[KITH_USER] == 3 && n.n[KITH_ITEM] == 0 && n.n_relation == 1);
  assert_string_equal(n.relation[0].name, "friend");
  assert_edges(&n.relation[0], "1-3 2-4 3-0 3-4");
  const kith_new_relation_report *f = &told.relation[0];
  assert_true(f->edges == 4 && f->duplicates == 1 && f->known == 1 && f->self_loops == 1 && f->unknown == 0);
  assert_true(told.isolated[KITH_USER] == 1); /* 7 knows itself alone */
  if (test_comm->rank == 0) assert_true(n.ids[KITH_USER].number[0] == 9 && n.ids[KITH_USER].number[1] == 8);
  kith_new_nodes_free(&n);

  /* tags are never new; items are if the job says so, behind those of the interactions */
  new = (kith_new_nodes_options){.n_relation = 1, .what = KITH_NEW_ITEMS};
  new.relation[0] = new_list("tag", "d,rock\na,jazz\nz,blues\nd,jazz\ne,rock\n");
  assert_int_equal(read_new(&new, &n, &told), KITH_OK);
  assert_true(n.n[KITH_ITEM] == 2 && n.n[KITH_USER] == 0 && told.relation[0].unknown == 1);
  assert_edges(&n.relation[0], "3-0 3-1 4-1");
  assert_true(told.relation[0].known == 1 && told.isolated[KITH_ITEM] == 0);
  kith_new_nodes_free(&n);

  new.what = KITH_NEW_USERS;
  assert_int_equal(read_new(&new, &n, &told), KITH_OK);
  assert_true(n.n[KITH_ITEM] == 0 && n.relation[0].n == 0 && told.relation[0].unknown == 4);
  kith_new_nodes_free(&n);
  new.relation[0] = new_list("trust", "9,1\n");
  assert_int_equal(read_new(&new, &n, &told), KITH_ECONFIG);
  assert_non_null(strstr(kith_error_text(), "embed.relations.trust: "));
  new.relation[0] = new_list("reads", "9,1\n1,8\n");
  assert_int_equal(read_new(&new, &n, &told), KITH_OK);
  assert_true(n.n[KITH_USER] == 2 && told.isolated[KITH_USER] == 1); /* 8 reads nobody */
  kith_new_nodes_free(&n);
  new.relation[0] = new_list("knows", "1,2,a\n9,1,b\n9,1,c\n9,2,b\n9,1,b\n");
  snprintf(new.relation[0].list.kind, KITH_NAME, "3");
  assert_int_equal(read_new(&new, &n, &told), KITH_OK);
  assert_edges(&n.relation[0], "3-0 3-0 3-1");
  /* kinds: well, as in the graph, a, b, c */
  assert_true(n.relation[0].kind[0] == 2 && n.relation[0].kind[1] == 3 && n.relation[0].kind[2] == 2);
  assert_true(told.relation[0].duplicates == 1 && told.relation[0].known == 1);
  kith_new_nodes_free(&n);
  new.relation[0] = new_list("near", "pop,rock\n");
  assert_int_equal(read_new(&new, &n, &told), KITH_ECONFIG);
  assert_non_null(strstr(kith_error_text(), "only users and items can be new"));
}

/* ---- memory ---- */

/* Refuse the k-th allocation on one rank, for every k, until all goes well. */
static void without_memory_all_ranks_learn_it_and_nothing_is_left(void **state) {
  (void)state;
  char path[KITH_PATH];
  kith_ingest_options o = options_of_three();
  snprintf(add(&o, "tag", "item", "tag", "a,x,1\nb,y,2\n")->weight, KITH_NAME, "3");
  snprintf(add(&o, "uses", "user", "tag", "1,z,1\n")->time, KITH_NAME, "3");
  test_path(folder, "graph.h5", path);
  for (int rank = 0; rank < test_comm->size; rank++) {
    kith_status st = KITH_ENOMEM;
    int64_t live = kith_alloc_live(), k = 0;
    while (st != KITH_OK && k < 500) {
      kith_ingest_report r;
      kith_dataset *d = NULL;
      k++;
      if (test_comm->rank == rank) kith_alloc_refuse(k);
      st = ingest(&o, &r);
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
      cmocka_unit_test(relations_of_three_types_are_written_and_read),
      cmocka_unit_test(an_edge_that_is_skipped_adds_no_node),
      cmocka_unit_test(a_later_list_adds_nodes_to_a_type),
      cmocka_unit_test(random_lists_give_what_a_table_gives),
      cmocka_unit_test(edges_have_kinds_and_a_direction),
      cmocka_unit_test(ids_of_a_type_may_be_those_of_items),
      cmocka_unit_test(a_graph_without_relations_has_no_schema),
      cmocka_unit_test(everything_of_a_relation_counts_in_the_fingerprint),
      cmocka_unit_test(impossible_relations_are_refused),
      cmocka_unit_test(new_nodes_have_edges_of_relations),
      cmocka_unit_test(without_memory_all_ranks_learn_it_and_nothing_is_left),
  };
  test_begin(&argc, &argv);
  test_folder_begin(folder);
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  test_folder_end(folder);
  return test_end(failed);
}
