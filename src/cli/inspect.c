/* kith inspect: describe a file and verify all its checksums. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "graph/drift.h"

enum {
  INSPECT_ENTRIES = 2048,
  INSPECT_RELATION = 24, /* datasets of a directed relation with all columns, their checksums included */
  INSPECT_TYPE = 16,     /* those of a node type and of its features, and attributes */
  INSPECT_VALUE = 256
};
_Static_assert(INSPECT_RELATION *KITH_MAX_RELATIONS + INSPECT_TYPE * KITH_MAX_TYPES + 256 <= INSPECT_ENTRIES,
               "a graph with the most node types and relations can be inspected");

/* An attribute or a dataset of the file. */
typedef struct inspect_entry {
  char name[KITH_NAME], value[INSPECT_VALUE]; /* of an attribute; of a text its first line */
  kith_h5_entry entry;                        /* without its borrowed strings */
  int lines;                                  /* of a text */
} inspect_entry;

typedef struct inspect_entries {
  int n;
  bool full; /* the file has more entries */
  inspect_entry at[INSPECT_ENTRIES];
} inspect_entries;

/* Replace bytes that are not printable UTF-8, such as terminal control sequences, by question marks. */
static char *inspect_sanitize(char *text) {
  for (char *p = text; *p;) {
    int n = *p == '\n' ? 1 : kith_utf8_length(p);
    if (n == 0) *p = '?';
    p += n > 0 ? n : 1;
  }
  return text;
}

/* A name for the terminal and for JSON. */
static const char *inspect_name(const inspect_entry *t, char name[KITH_NAME]) {
  memcpy(name, t->name, KITH_NAME);
  for (char *p = inspect_sanitize(name); *p; p++)
    if (*p == '"' || *p == '\\' || *p == '\n' || *p == '\t') *p = '?';
  return name;
}

static void inspect_add(void *context, const kith_h5_entry *e) {
  inspect_entries *all = context;
  all->full = all->n == INSPECT_ENTRIES;
  if (all->full) return;
  inspect_entry *t = &all->at[all->n++];
  *t = (inspect_entry){.entry = *e};
  t->entry.name = t->entry.text = NULL;
  snprintf(t->name, sizeof t->name, "%s", kith_h5_present_name(e->name));
  if (!e->attribute) return;
  if (e->text) {
    snprintf(t->value, sizeof t->value, "%.*s", (int)strcspn(e->text, "\n"), e->text);
    inspect_sanitize(t->value);
    for (const char *p = e->text; *p; p++) t->lines += *p == '\n' || !p[1];
  } else if (e->type == KITH_H5_DOUBLE || e->type == KITH_H5_FLOAT)
    snprintf(t->value, sizeof t->value, "%.9g", e->real);
  else snprintf(t->value, sizeof t->value, "%lld", (long long)e->integer);
}

static int inspect_compare(const void *a, const void *b) {
  const inspect_entry *x = a, *y = b;
  return x->entry.attribute != y->entry.attribute ? y->entry.attribute - x->entry.attribute
                                                  : strcmp(x->name, y->name);
}

static const inspect_entry *inspect_find(const inspect_entries *all, const char *name) {
  for (int i = 0; i < all->n; i++)
    if (strcmp(all->at[i].name, name) == 0) return &all->at[i];
  return NULL;
}

static const char *inspect_value(const inspect_entries *all, const char *name) {
  const inspect_entry *t = inspect_find(all, name);
  return t ? t->value : "?";
}

/* The number of a whole-number attribute with its words, or "?" for a file without it. */
static const char *inspect_count(const inspect_entries *all, const char *name, const char *words,
                                 char *text) {
  const inspect_entry *t = inspect_find(all, name);
  if (t) return kith_count_print(t->entry.integer, words, text);
  kith_count_print(0, words, text);
  text[0] = '?';
  return text;
}

#define INSPECT_COUNT(all, name, words) inspect_count((all), (name), (words), (char[KITH_COUNT_SIZE]){""})

static long long inspect_rows(const inspect_entries *all, const char *name) {
  const inspect_entry *t = inspect_find(all, name);
  return t ? (long long)t->entry.n : 0;
}

/* ---- summary ---- */

static const char *inspect_id_type(const inspect_entries *all, const char *name) {
  const inspect_entry *t = inspect_find(all, name);
  return t && t->entry.type == KITH_H5_TEXT ? "text" : "integer";
}

/* Files of classification jobs have one node type; others have users and items. */
static bool inspect_is_classification(const inspect_entries *all) {
  return inspect_find(all, "class/id") || inspect_find(all, "node/label");
}

static bool inspect_has_relations(const inspect_entries *all) {
  return strcmp(inspect_value(all, "format"), KITH_GRAPH_FORMAT) == 0 &&
         (inspect_find(all, "schema") || inspect_find(all, "social/start"));
}

static bool inspect_has_held_out(const inspect_entries *all) {
  return strcmp(inspect_value(all, "format"), KITH_GRAPH_FORMAT) == 0 && !inspect_is_classification(all) &&
         inspect_rows(all, "valid/item") + inspect_rows(all, "test/item") > 0;
}

static bool inspect_has_times(const inspect_entries *all) {
  return strcmp(inspect_value(all, "format"), KITH_GRAPH_FORMAT) == 0 && inspect_find(all, "train/time");
}

/* Whether the only edges of a classification are those of relations. */
static bool inspect_is_related(const inspect_entries *all) {
  return inspect_find(all, "schema") && strcmp(inspect_value(all, "n_edge"), "0") == 0;
}

static void inspect_print_nodes(const cli *c, const inspect_entries *all) {
  bool edges = !inspect_is_related(all);
  cli_print(c, "  %s, each with %s and of one of %s (%s names)%s%s", INSPECT_COUNT(all, "n_node", "node(s)"),
            INSPECT_COUNT(all, "n_feature", "feature(s)"), INSPECT_COUNT(all, "n_class", "class(es)"),
            inspect_id_type(all, "class/id"), edges ? "; " : "",
            edges ? INSPECT_COUNT(all, "n_edge", "edge(s)") : "");
}

static void inspect_print_graph(const cli *c, const inspect_entries *all) {
  static const char *const lists[][2] = {{"train", "training interaction(s)"},
                                         {"valid", "validation interaction(s)"},
                                         {"test", "test interaction(s)"},
                                         {"outside", "left-out interaction(s)"}};
  char item[KITH_NAME], time[KITH_NAME], weight[KITH_NAME];
  cli_print(c, "  %s (%s ids), %s (%s ids)", INSPECT_COUNT(all, "n_user", "user(s)"),
            inspect_id_type(all, "user/id"), INSPECT_COUNT(all, "n_item", "item(s)"),
            inspect_id_type(all, "item/id"));
  for (int i = 0; i < 4; i++) {
    snprintf(item, sizeof item, "%s/item", lists[i][0]);
    if (i == 3 && !inspect_find(all, item)) continue;
    snprintf(time, sizeof time, "%s/time", lists[i][0]);
    snprintf(weight, sizeof weight, "%s/weight", lists[i][0]);
    cli_print(c, "  %s%s%s", KITH_COUNT(inspect_rows(all, item), lists[i][1]),
              inspect_find(all, time) ? ", with times" : "",
              inspect_find(all, weight) ? ", with weights" : "");
  }
  if (inspect_find(all, "user_feature/id"))
    cli_print(c, "  %s of users, %s", KITH_COUNT(inspect_rows(all, "user_feature/id"), "feature(s)"),
              KITH_COUNT(inspect_rows(all, "user_feature/feature"), "entr(y|ies)"));
  if (inspect_find(all, "item_feature/id"))
    cli_print(c, "  %s of items, %s", KITH_COUNT(inspect_rows(all, "item_feature/id"), "feature(s)"),
              KITH_COUNT(inspect_rows(all, "item_feature/feature"), "entr(y|ies)"));
  if (inspect_find(all, "user/name") || inspect_find(all, "item/name"))
    cli_print(c, "  names of %s",
              !inspect_find(all, "item/name")  ? "users"
              : inspect_find(all, "user/name") ? "users and items"
                                               : "items");
}

static void inspect_print_parts(const cli *c, const inspect_entries *all) {
  if (inspect_is_classification(all)) {
    cli_print(c, "  %s with %s, cut into %s by %s; %s of them train, of %s",
              INSPECT_COUNT(all, "n_node", "node(s)"),
              inspect_is_related(all) ? "relations" : INSPECT_COUNT(all, "n_edge", "edge(s)"),
              INSPECT_COUNT(all, "parts", "part(s)"), inspect_value(all, "method"),
              inspect_value(all, "n_train"), INSPECT_COUNT(all, "n_class", "class(es)"));
    return;
  }
  cli_print(c, "  %s and %s with %s, cut into %s by %s", INSPECT_COUNT(all, "n_user", "user(s)"),
            INSPECT_COUNT(all, "n_item", "item(s)"), INSPECT_COUNT(all, "n_edge", "training interaction(s)"),
            INSPECT_COUNT(all, "parts", "part(s)"), inspect_value(all, "method"));
  if (inspect_find(all, "parent"))
    cli_print(c, "  an update of the graph whose fingerprint is %s, which had %s and %s",
              inspect_value(all, "parent"), INSPECT_COUNT(all, "parent_user", "user(s)"),
              INSPECT_COUNT(all, "parent_item", "item(s)"));
  if (inspect_find(all, "feature/start"))
    cli_print(c, "  %s of users, %s of items; %s", INSPECT_COUNT(all, "n_user_feature", "feature(s)"),
              inspect_value(all, "n_item_feature"),
              KITH_COUNT(inspect_rows(all, "feature/feature"), "entr(y|ies)"));
}

static void inspect_print_checkpoint(const cli *c, const inspect_entries *all) {
  const inspect_entry *best = inspect_find(all, "best_epoch");
  char rows[2 * INSPECT_VALUE] = "";
  if (inspect_find(all, "node/parameter"))
    snprintf(rows, sizeof rows, "; rows of dimension %s for %s", inspect_value(all, "width"),
             KITH_COUNT(inspect_rows(all, "node/parameter"), "node(s)"));
  else if (inspect_find(all, "user/parameter"))
    snprintf(rows, sizeof rows, "; rows of dimension %s for %s and %s", inspect_value(all, "width"),
             KITH_COUNT(inspect_rows(all, "user/parameter"), "user(s)"),
             KITH_COUNT(inspect_rows(all, "item/parameter"), "item(s)"));
  if (inspect_find(all, "weights/parameter"))
    snprintf(rows + strlen(rows), sizeof rows - strlen(rows), "; %s",
             KITH_COUNT(inspect_rows(all, "weights/parameter"), "weight(s)"));
  cli_print(c, "  after epoch %s and %s of the next one%s", inspect_value(all, "epoch"),
            INSPECT_COUNT(all, "step", "step(s)"), rows);
  if (best && best->entry.integer > 0)
    cli_print(c, "  best score so far %s, in epoch %s", inspect_value(all, "best"), best->value);
}

/* Rows of a blend are a file of embeddings, too. */
static bool inspect_is_blend(const inspect_entries *all) {
  return strcmp(inspect_value(all, "model"), "blend") == 0;
}

static void inspect_print_rows(const cli *c, const inspect_entries *all) {
  const bool blend = inspect_is_blend(all);
  cli_print(c, "  %s%s%s: rows of dimension %s for %s and %s, to be ranked by %s",
            inspect_value(all, "model"), blend ? "" : " after epoch ",
            blend ? "" : inspect_value(all, "epoch"), inspect_value(all, "width"),
            KITH_COUNT(inspect_rows(all, "user/embedding"), "user(s)"),
            KITH_COUNT(inspect_rows(all, "item/embedding"), "item(s)"), inspect_value(all, "score"));
}

/* `metrics` has one JSON object per line; the last one has the final figures. */
static void inspect_print_embeddings(const cli *c, const inspect_entries *all, const char *metrics) {
  if (inspect_is_classification(all))
    cli_print(c, "  %s after epoch %s: logits of %s for %s, and the class that each is predicted to have",
              inspect_value(all, "model"), inspect_value(all, "epoch"),
              KITH_COUNT(inspect_rows(all, "class/id"), "class(es)"),
              KITH_COUNT(inspect_rows(all, "node/embedding"), "node(s)"));
  else inspect_print_rows(c, all);
  size_t n = strlen(metrics);
  while (n > 0 && metrics[n - 1] == '\n') n--;
  size_t begin = n;
  while (begin > 0 && metrics[begin - 1] != '\n') begin--;
  if (n > 0) cli_print(c, "  last metrics: %.*s", (int)(n - begin), metrics + begin);
}

static void inspect_print_recommendations(const cli *c, const inspect_entries *all) {
  const inspect_entry *top = inspect_find(all, "top/item");
  cli_print(c, "  the best %d of %s (%s ids) for each of %s (%s ids)", top ? top->entry.d : 0,
            KITH_COUNT(inspect_rows(all, "item/id"), "item(s)"), inspect_id_type(all, "item/id"),
            KITH_COUNT(inspect_rows(all, "user/id"), "user(s)"), inspect_id_type(all, "user/id"));
}

typedef struct inspect_format {
  const char *format, *words;
} inspect_format;

static const char *inspect_kind(const char *format) {
  static const inspect_format known[] = {
      {KITH_GRAPH_FORMAT, "the whole graph, as kith ingest or kith update wrote it"},
      {KITH_PARTS_FORMAT, "the graph cut into parts, as kith partition wrote it"},
      {KITH_CHECKPOINT_FORMAT, "a checkpoint, from which kith train goes on"},
      {KITH_EMBEDDINGS_FORMAT, "embeddings, as kith train wrote them, or kith embed of new nodes"},
      {KITH_BLEND_FORMAT, "a blend of several models' scores, as kith blend wrote it"},
      {KITH_RECOMMENDATIONS_FORMAT, "the best items of all users, as kith recommend wrote them"},
      {KITH_NEIGHBORS_FORMAT, "the nearest neighbors of all nodes of a type, as kith export wrote them"}};
  for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
    if (strcmp(format, known[i].format) == 0) return known[i].words;
  return "a file of Kith";
}

static kith_status inspect_print_summary(cli *c, kith_h5 *f, const inspect_entries *all) {
  kith_status st = KITH_OK;
  char *metrics = NULL;
  const char *format = inspect_value(all, "format");
  const bool blend = strcmp(format, KITH_EMBEDDINGS_FORMAT) == 0 && inspect_is_blend(all);
  cli_print(c, "%s: %s\n  format %s, version %s, written by %s", kith_h5_path(f),
            inspect_kind(blend ? KITH_BLEND_FORMAT : format), format, inspect_value(all, "format_version"),
            inspect_value(all, "software"));
  if (strcmp(format, KITH_GRAPH_FORMAT) == 0 && inspect_is_classification(all)) inspect_print_nodes(c, all);
  if (strcmp(format, KITH_GRAPH_FORMAT) == 0 && !inspect_is_classification(all)) inspect_print_graph(c, all);
  if (strcmp(format, KITH_PARTS_FORMAT) == 0) inspect_print_parts(c, all);
  if (strcmp(format, KITH_CHECKPOINT_FORMAT) == 0) inspect_print_checkpoint(c, all);
  if (strcmp(format, KITH_RECOMMENDATIONS_FORMAT) == 0) inspect_print_recommendations(c, all);
  if (strcmp(format, KITH_EMBEDDINGS_FORMAT) == 0 || strcmp(format, KITH_BLEND_FORMAT) == 0) {
    KITH_TRY(kith_h5_get_attr_text(f, "metrics", &metrics).status);
    inspect_print_embeddings(c, all, inspect_sanitize(metrics));
  }
done:
  KITH_FREE(metrics);
  return st;
}

/* ---- attributes and datasets ---- */

static void inspect_attributes(const cli *c, const inspect_entries *all) {
  char name[KITH_NAME];
  cli_print(c, "attributes");
  for (int i = 0; i < all->n; i++) {
    const inspect_entry *t = &all->at[i];
    if (!t->entry.attribute) continue;
    if (t->lines > 1)
      cli_print(c, "  %-16s %d lines; --show %s prints them", inspect_name(t, name), t->lines, name);
    else cli_print(c, "  %-16s %s", inspect_name(t, name), t->value);
  }
}

static void inspect_shape(const kith_h5_entry *e, size_t size, char *shape) {
  static const char *const number[] = {
      [KITH_H5_INT8] = "int8",   [KITH_H5_UINT16] = "uint16", [KITH_H5_INT32] = "int32",
      [KITH_H5_INT64] = "int64", [KITH_H5_FLOAT] = "float32", [KITH_H5_DOUBLE] = "float64"};
  char columns[32] = "", type[32];
  if (e->d > 0) snprintf(columns, sizeof columns, ", %d", e->d);
  if (e->type == KITH_H5_TEXT) snprintf(type, sizeof type, "text of %d bytes", e->width);
  else snprintf(type, sizeof type, "%s", number[e->type]);
  snprintf(shape, size, "[%lld%s] %s", (long long)e->n, columns, type);
}

/* Print one line for each dataset; damage of one is reported, and the others are still verified. */
static kith_status inspect_datasets(cli *c, kith_h5 *f, const inspect_entries *all) {
  kith_status worst = KITH_OK;
  char shape[96], name[KITH_NAME], why[KITH_PATH + 256] = "";
  cli_print(c, "datasets");
  for (int i = 0; i < all->n; i++) {
    const inspect_entry *t = &all->at[i];
    if (t->entry.attribute) continue;
    inspect_shape(&t->entry, sizeof shape, shape);
    kith_status here = kith_h5_check_dataset(f, t->name);
    if (kith_is_bad(here) && !kith_is_bad(worst)) {
      worst = here;
      snprintf(why, sizeof why, "%s", kith_error_text());
    }
    cli_print(c, "  %-26s %-32s %12lld bytes  %s", inspect_name(t, name), shape, (long long)t->entry.bytes,
              kith_is_bad(here) ? "TORN" : "checksums are right");
  }
  return kith_is_bad(worst) ? kith_fail(worst, "%s", why) : KITH_OK;
}

/* Verify what no dataset shows alone: that nothing was changed, added or lost, and that all datasets fit
 * together. */
static kith_status inspect_whole(const cli *c, kith_h5 *f) {
  kith_status st = KITH_OK;
  KITH_TRY(kith_h5_check_seal(f));
  KITH_TRY(kith_h5_check_layout(f));
  cli_print(c, "attributes, datasets, counts and starts fit together");
done:
  return st;
}

static void inspect_json(cli *c, const inspect_entries *all) {
  char name[KITH_NAME];
  cli_json(c, "format", "%s", "");
  cli_json_string(c, inspect_value(all, "format"));
  for (int i = 0; i < all->n; i++) {
    const inspect_entry *t = &all->at[i];
    inspect_name(t, name);
    if (t->entry.attribute && t->entry.type != KITH_H5_TEXT)
      cli_json(c, name, "%s", isfinite(t->entry.real) ? t->value : "null");
    if (t->entry.attribute) continue;
    if (t->entry.d > 0) cli_json(c, name, "[%lld, %d]", (long long)t->entry.n, t->entry.d);
    else cli_json(c, name, "[%lld]", (long long)t->entry.n);
  }
}

/* ---- the verb ---- */

static kith_status inspect_show(cli *c, kith_h5 *f, const char *name) {
  kith_status st = KITH_OK;
  char *text = NULL;
  KITH_TRY(kith_h5_get_attr_text(f, name, &text).status);
  cli_json(c, "text", "%s", "");
  cli_json_string(c, text);
  cli_print(c, "%s", inspect_sanitize(text));
done:
  KITH_FREE(text);
  return st;
}

/* What the lists of a graph say together. */
static kith_status inspect_dataset(cli *c, const char *path, const inspect_entries *all) {
  kith_status st = KITH_OK;
  const kith_comm alone = {.mpi = MPI_COMM_SELF, .rank = 0, .size = 1};
  kith_dataset *d = NULL;
  const inspect_entry *taken = inspect_find(all, "taken");
  bool relations = inspect_has_relations(all), held_out = inspect_has_held_out(all),
       timed = inspect_has_times(all);
  kith_drift drift;
  if (!relations && !held_out && !timed && !taken) goto done;
  KITH_TRY(kith_dataset_read(&alone, path, &d).status);
  if (taken && d->parent.is) cli_inspect_update(c, d, taken->lines);
  if (timed) {
    KITH_TRY(kith_drift_measure(NULL, &d->train, d->time_is == KITH_TIME_PLACE ? NULL : d->time,
                                d->n[KITH_ITEM], &drift));
    cli_print_drift(c, &drift, 0, true);
  }
  if (held_out) KITH_TRY(cli_inspect_held_out(c, d));
  if (relations) KITH_TRY(cli_inspect_relations(c, d));
done:
  kith_dataset_destroy(&d);
  return st;
}

static kith_status inspect_alone(cli *c, const char *path, const char *show) {
  kith_status st = KITH_OK;
  const kith_comm alone = {.mpi = MPI_COMM_SELF, .rank = 0, .size = 1};
  kith_h5 *f = NULL;
  inspect_entries *all = NULL;
  kith_status told = KITH_OK;
  KITH_TRY(kith_h5_open(&alone, path, NULL, KITH_FILE_VERSION, &f).status);
  if (show) {
    KITH_TRY(inspect_show(c, f, show));
    goto done;
  }
  KITH_TRY(KITH_NEW(all, 1));
  KITH_TRY(kith_h5_visit(f, inspect_add, all));
  KITH_CHECK(!all->full, KITH_EDATA, "%s: has more than %d attributes and datasets; is it a Kith file?", path,
             INSPECT_ENTRIES);
  qsort(all->at, (size_t)all->n, sizeof *all->at, inspect_compare);
  KITH_TRY(inspect_print_summary(c, f, all));
  told = inspect_dataset(c, path, all);
  if (!kith_is_bad(told) && inspect_find(all, "event/user")) told = cli_inspect_events(c, f);
  inspect_attributes(c, all);
  inspect_json(c, all);
  KITH_TRY(inspect_datasets(c, f, all));
  KITH_TRY(inspect_whole(c, f));
  KITH_TRY(told); /* after the tables, which name what is damaged */
done:
  kith_h5_close(&f);
  KITH_FREE(all);
  return st;
}

static kith_status inspect_arguments(cli *c, const char **path, const char **show) {
  kith_status st = KITH_OK;
  *show = cli_option(c, "show");
  KITH_TRY(cli_take_file(c, "a file", path));
  KITH_TRY(cli_no_more(c));
done:
  return st;
}

kith_agreed cli_inspect(cli *c) {
  kith_agreed st = {KITH_OK};
  const char *path = NULL, *show = NULL;
  KITH_TRY(kith_agree(c->comm, inspect_arguments(c, &path, &show)));
  KITH_TRY(kith_agree(c->comm, c->comm->rank == 0 ? inspect_alone(c, path, show) : KITH_OK));
done:
  return st;
}
