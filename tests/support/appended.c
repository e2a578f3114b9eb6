#include "support/appended.h"

static void add(char *text, const char *format, ...) KITH_FORMAT(2, 3);
static void add(char *text, const char *format, ...) {
  size_t n = strlen(text);
  va_list values;
  va_start(values, format);
  vsnprintf(text + n, APPENDED_TEXT - n, format, values);
  va_end(values);
}

uint64_t appended_seed;
char appended_folder[KITH_PATH];

static int draw(int below) {
  appended_seed = appended_seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
  return (int)((appended_seed >> 33) % (uint64_t)below);
}

/* Users 0 … n_user - 1 and items 0 … n_item - 1, each with an interaction, those from n_old on first. */
void appended_draw(int n_old_user, int n_user, int n_old_item, int n_item, appended_lists *l) {
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

void appended_join(const appended_lists *more, appended_lists *all) {
  add(all->interactions, "%s", more->interactions);
  add(all->tag, "%s", more->tag);
  add(all->knows, "%s", more->knows);
  add(all->friend, "%s", more->friend);
  add(all->features, "%s", more->features);
}

/* ---- options ---- */

void appended_list(const char *name, const char *text, char *path) {
  test_path(appended_folder, name, path);
  if (test_comm->rank == 0) test_file_write(appended_folder, name, text, strlen(text), path);
  KITH_MPI(MPI_Barrier(test_comm->mpi));
}

kith_relation_source appended_relation(const char *name, const char *from, const char *to, const char *text) {
  kith_relation_source s = {.list = {.format = KITH_EDGES, .header = KITH_HEADER_NO}};
  snprintf(s.name, sizeof s.name, "%s", name);
  snprintf(s.from, sizeof s.from, "%s", from);
  snprintf(s.to, sizeof s.to, "%s", to);
  snprintf(s.list.delimiter, sizeof s.list.delimiter, ",");
  appended_list(name, text, s.list.path);
  return s;
}

enum { N_RELATION = 3 };

static void relations_of(const appended_lists *l, kith_relation_source *s) {
  s[0] = appended_relation("tag", "item", "word", l->tag);
  snprintf(s[0].list.time, KITH_NAME, "3");
  snprintf(s[0].list.weight, KITH_NAME, "4");
  snprintf(s[0].list.kind, KITH_NAME, "5");
  s[1] = appended_relation("knows", "entity", "entity", l->knows);
  s[1].direction = KITH_DIRECTION_FORWARD;
  s[2] = appended_relation("friend", "user", "user", l->friend);
}

kith_edge_source appended_interactions(const char *text) {
  kith_edge_source s = {.format = KITH_EDGES, .header = KITH_HEADER_NO};
  appended_list("interactions", text, s.path);
  return s;
}

kith_ingest_options appended_options(const appended_lists *l) {
  kith_ingest_options o = {.n_relation = N_RELATION,
                           .n_type = 1,
                           .type = {{.name = "entity", .same_as = "item"}},
                           .n_path = 1,
                           .path = {{.name = "alike",
                                     .steps = {.n = 2, .of = {{"tag", false}, {"tag", true}}}}},
                           .features = {{.path = ""}, {.format = KITH_SPARSE}}};
  o.interactions = appended_interactions(l->interactions);
  snprintf(o.interactions.time, KITH_NAME, "3");
  snprintf(o.interactions.weight, KITH_NAME, "4");
  relations_of(l, o.relation);
  appended_list("features", l->features, o.features[KITH_ITEM].path);
  return o;
}

kith_append_options appended_behind(const appended_lists *l) {
  kith_append_options o = {.n_relation = N_RELATION,
                           .features = {{.path = ""}, {.format = KITH_FEATURES_AUTO}}};
  o.interactions = appended_interactions(l->interactions);
  o.interactions.format = KITH_FORMAT_AUTO;
  relations_of(l, o.relation);
  appended_list("features", l->features, o.features[KITH_ITEM].path);
  return o;
}

/* ---- files ---- */

kith__graph_data appended_data(const char *name) {
  char path[KITH_PATH];
  const kith_comm alone = {.mpi = MPI_COMM_SELF, .rank = 0, .size = 1};
  kith__graph_data t;
  kith_status st = kith__graph_data_read(&alone, test_path(appended_folder, name, path), &t).status;
  if (st != KITH_OK) print_error("%s\n", kith_error_text());
  assert_int_equal(st, KITH_OK);
  return t;
}

void appended_ingest(const kith_ingest_options *o, const char *name) {
  char path[KITH_PATH];
  kith_ingest_report *r = NULL;
  assert_int_equal(KITH_NEW(r, 1), KITH_OK);
  kith_status st = kith_ingest(test_comm, o, "job", test_path(appended_folder, name, path), r).status;
  if (st != KITH_OK) print_error("%s\n", kith_error_text());
  assert_int_equal(st, KITH_OK);
  KITH_FREE(r);
}

kith_status appended_to(const kith_ingest_options *data, const kith_append_options *o, const char *from,
                        const char *to, kith_append_report *r) {
  char old_path[KITH_PATH], path[KITH_PATH];
  return kith_append(test_comm, data, o, test_path(appended_folder, from, old_path), "job",
                     test_path(appended_folder, to, path), r)
      .status;
}

void appended_well(const kith_ingest_options *data, const kith_append_options *o, const char *from,
                   const char *to, kith_append_report *r) {
  kith_status st = appended_to(data, o, from, to, r);
  if (st != KITH_OK) print_error("%s\n", kith_error_text());
  assert_int_equal(st, KITH_OK);
}

kith_ingest_options appended_pairs(const char *text, const char *time, const char *weight) {
  kith_ingest_options o = {.interactions = appended_interactions(text)};
  snprintf(o.interactions.time, KITH_NAME, "%s", time);
  snprintf(o.interactions.weight, KITH_NAME, "%s", weight);
  return o;
}

kith_append_options appended_more(const char *text) {
  kith_append_options o = {.interactions = {.format = KITH_FORMAT_AUTO}};
  appended_list("more", text, o.interactions.path);
  return o;
}
