/*
 * The layout of each format: one table of the datasets, their row counts, offsets and index ranges.
 * docs/files.md describes the same.
 *
 * Opening a file checks the row counts.  Values are checked by their readers, each rank its slice, with the
 * functions of validate.h; kith inspect checks all values, in pieces.
 */
#include <stdio.h>
#include <string.h>

#include "h5/file.h"
#include "graph/schema.h"

enum { LAYOUT_PIECE = 1 << 16 }; /* values read at a time */

typedef enum layout_task { ANY, PAIRS, NODES } layout_task;

/*
 * One dataset.  `rows`, `columns` and `below` name a count: an attribute of the root, or the number of rows
 * (for `columns`: of columns) of a dataset; "a+b" is a sum; "one" and "schema" are 1, "nodes" and "features"
 * are those of all types; null: no check.
 */
typedef struct layout_entry {
  const char *format;
  layout_task task;
  const char *name;
  bool required;  /* the dataset must exist */
  int64_t factor; /* rows = factor × rows + plus */
  const char *rows;
  int plus;
  const char *columns;    /* of a matrix */
  const char *offsets_of; /* row offsets: the dataset that they index */
  int low;                /* integers: from low … */
  const char *below;      /* … to below - 1 */
} layout_entry;

#define GRAPH KITH_GRAPH_FORMAT
#define PARTS KITH_PARTS_FORMAT
#define CHECKPOINT KITH_CHECKPOINT_FORMAT
#define EMBEDDINGS KITH_EMBEDDINGS_FORMAT
#define BLEND KITH_BLEND_FORMAT
#define RECOMMENDATIONS KITH_RECOMMENDATIONS_FORMAT
#define NEIGHBORS KITH_NEIGHBORS_FORMAT

#define GRAPH_LIST(list, must)                                                                               \
  {GRAPH, PAIRS, list "/start", must, 1, "n_user", 1, NULL, list "/item", 0, NULL},                          \
      {GRAPH, PAIRS, list "/item", must, 1, NULL, 0, NULL, NULL, 0, "n_item"},                               \
      {GRAPH, PAIRS, list "/time", false, 1, list "/item", 0, NULL, NULL, 0, NULL}, {                        \
    GRAPH, PAIRS, list "/weight", false, 1, list "/item", 0, NULL, NULL, 0, NULL                             \
  }
#define GRAPH_FEATURES(task, group, n)                                                                       \
  {GRAPH, task, group "/start", false, 1, n, 1, NULL, group "/feature", 0, NULL},                            \
      {GRAPH, task, group "/feature", false, 1, NULL, 0, NULL, NULL, 0, group "/id"}, {                      \
    GRAPH, task, group "/value", false, 1, group "/feature", 0, NULL, NULL, 0, NULL                          \
  }
#define PARTS_FEATURES(task, n, below)                                                                       \
  {PARTS, task, "feature/start", false, 1, n, 1, NULL, "feature/feature", 0, NULL},                          \
      {PARTS, task, "feature/feature", false, 1, NULL, 0, NULL, NULL, 0, below}, {                           \
    PARTS, task, "feature/value", false, 1, "feature/feature", 0, NULL, NULL, 0, NULL                        \
  }
#define PARTS_LIST(list)                                                                                     \
  {PARTS, PAIRS, list "/start", true, 1, "nodes", 1, NULL, list "/item", 0, NULL}, {                         \
    PARTS, PAIRS, list "/item", true, 1, NULL, 0, NULL, NULL, 0, "n_item"                                    \
  }
#define NODES_OF(format)                                                                                     \
  {format, NODES, "node/label", true, 1, "n_node", 0, NULL, NULL, -1, "n_class"},                            \
      {format, NODES, "node/split", true, 1, "n_node", 0, NULL, NULL, 0, NULL}, {                            \
    format, NODES, "node/feature", false, 1, "n_node", 0, "n_feature", NULL, 0, NULL                         \
  }
#define CHECKPOINT_ROWS(type)                                                                                \
  {CHECKPOINT, ANY, type "/parameter", false, 1, NULL, 0, "width", NULL, 0, NULL},                           \
      {CHECKPOINT, ANY, type "/adam_m", false, 1, type "/parameter", 0, "width", NULL, 0, NULL},             \
      {CHECKPOINT, ANY, type "/sgd_velocity", false, 1, type "/parameter", 0, "width", NULL, 0, NULL},       \
      {CHECKPOINT, ANY, type "/adagrad_sum", false, 1, type "/parameter", 0, "width", NULL, 0, NULL}, {      \
    CHECKPOINT, ANY, type "/adam_v", false, 1, type "/parameter", 0, "width", NULL, 0, NULL                  \
  }

static const layout_entry layout_table[] = {
    {GRAPH, PAIRS, "user/id", true, 1, "n_user", 0, NULL, NULL, 0, NULL},
    {GRAPH, PAIRS, "item/id", true, 1, "n_item", 0, NULL, NULL, 0, NULL},
    {GRAPH, PAIRS, "user/name", false, 1, "n_user", 0, NULL, NULL, 0, NULL},
    {GRAPH, PAIRS, "item/name", false, 1, "n_item", 0, NULL, NULL, 0, NULL},
    GRAPH_LIST("train", true),
    {GRAPH, PAIRS, "train/new", false, 1, "train/item", 0, NULL, NULL, 0, "one+one"},
    GRAPH_LIST("valid", true),
    GRAPH_LIST("test", true),
    GRAPH_LIST("outside", false),
    {GRAPH, PAIRS, "event/user", false, 1, NULL, 0, NULL, NULL, 0, "n_user"},
    {GRAPH, PAIRS, "event/item", false, 1, "event/user", 0, NULL, NULL, 0, "n_item"},
    {GRAPH, PAIRS, "event/time", false, 1, "event/user", 0, NULL, NULL, 0, NULL},
    {GRAPH, PAIRS, "event/feature", false, 1, "event/user", 0, NULL, NULL, 0, NULL},
    {GRAPH, PAIRS, "event/first", false, 2, "one", 0, NULL, NULL, 0, NULL},
    {GRAPH, PAIRS, "social/start", false, 1, "n_user", 1, NULL, "social/user", 0, NULL},
    {GRAPH, PAIRS, "social/user", false, 1, NULL, 0, NULL, NULL, 0, "n_user"},
    GRAPH_FEATURES(PAIRS, "user_feature", "n_user"),
    GRAPH_FEATURES(PAIRS, "item_feature", "n_item"),
    {GRAPH, NODES, "node/id", true, 1, "n_node", 0, NULL, NULL, 0, NULL},
    {GRAPH, NODES, "class/id", true, 1, "n_class", 0, NULL, NULL, 0, NULL},
    NODES_OF(GRAPH),
    {GRAPH, NODES, "node_feature/id", false, 1, "n_feature", 0, NULL, NULL, 0, NULL},
    GRAPH_FEATURES(NODES, "node_feature", "n_node"),
    {GRAPH, NODES, "edge/start", true, 1, "n_node", 1, NULL, "edge/node", 0, NULL},
    {GRAPH, NODES, "edge/node", true, 2, "n_edge", 0, NULL, NULL, 0, "n_node"},
    {PARTS, ANY, "part/first", true, 1, "parts", 1, NULL, "node/original", 0, NULL},
    {PARTS, PAIRS, "part/user_count", true, 1, "parts", 0, NULL, NULL, 0, NULL},
    {PARTS, PAIRS, "node/original", true, 1, "nodes", 0, NULL, NULL, 0, "nodes"},
    {PARTS, PAIRS, "node/edge", true, 1, "nodes", 0, NULL, NULL, -1, "n_edge+one"},
    {PARTS, PAIRS, "train/start", true, 1, "nodes", 1, NULL, "train/neighbor", 0, NULL},
    {PARTS, PAIRS, "train/neighbor", true, 2, "n_edge", 0, NULL, NULL, 0, "nodes"},
    {PARTS, PAIRS, "train/original", true, 2, "n_edge", 0, NULL, NULL, 0, "nodes"},
    {PARTS, PAIRS, "train/weight", false, 2, "n_edge", 0, NULL, NULL, 0, NULL},
    {PARTS, PAIRS, "train/time", false, 2, "n_edge", 0, NULL, NULL, 0, NULL},
    {PARTS, PAIRS, "train/new", false, 2, "n_edge", 0, NULL, NULL, 0, "one+one"},
    PARTS_LIST("valid"),
    PARTS_LIST("test"),
    PARTS_FEATURES(PAIRS, "nodes", "features"),
    {PARTS, PAIRS, "edge/friend/start", false, 1, "node/original", 1, NULL, "edge/friend/neighbor", 0, NULL},
    {PARTS, PAIRS, "edge/friend/neighbor", false, 1, NULL, 0, NULL, NULL, 0, "node/original"},
    {PARTS, PAIRS, "user/number", true, 1, "n_user", 0, NULL, NULL, 0, "nodes"},
    {PARTS, PAIRS, "item/number", true, 1, "n_item", 0, NULL, NULL, 0, "nodes"},
    {PARTS, NODES, "node/original", true, 1, "n_node", 0, NULL, NULL, 0, "n_node"},
    {PARTS, NODES, "edge/start", true, 1, "n_node", 1, NULL, "edge/neighbor", 0, NULL},
    {PARTS, NODES, "edge/neighbor", true, 2, "n_edge", 0, NULL, NULL, 0, "n_node"},
    NODES_OF(PARTS),
    PARTS_FEATURES(NODES, "n_node", "n_feature"),
    {PARTS, NODES, "node/number", true, 1, "n_node", 0, NULL, NULL, 0, "n_node"},
    {PARTS, NODES, "node/train", true, 1, "n_node", 0, NULL, NULL, -1, "n_train"},
    CHECKPOINT_ROWS("user"),
    CHECKPOINT_ROWS("item"),
    CHECKPOINT_ROWS("node"),
    {CHECKPOINT, ANY, "weights/adam_m", false, 1, "weights/parameter", 0, NULL, NULL, 0, NULL},
    {CHECKPOINT, ANY, "weights/adam_v", false, 1, "weights/parameter", 0, NULL, NULL, 0, NULL},
    {CHECKPOINT, ANY, "weights/sgd_velocity", false, 1, "weights/parameter", 0, NULL, NULL, 0, NULL},
    {CHECKPOINT, ANY, "weights/adagrad_sum", false, 1, "weights/parameter", 0, NULL, NULL, 0, NULL},
    {EMBEDDINGS, PAIRS, "user/embedding", true, 1, "user/id", 0, "width", NULL, 0, NULL},
    {EMBEDDINGS, PAIRS, "item/embedding", true, 1, "item/id", 0, "width", NULL, 0, NULL},
    {EMBEDDINGS, PAIRS, "user/name", false, 1, "user/id", 0, NULL, NULL, 0, NULL},
    {EMBEDDINGS, PAIRS, "item/name", false, 1, "item/id", 0, NULL, NULL, 0, NULL},
    {EMBEDDINGS, PAIRS, "pair/user", false, 1, NULL, 0, NULL, NULL, 0, NULL},
    {EMBEDDINGS, PAIRS, "pair/item", false, 1, "pair/user", 0, NULL, NULL, 0, NULL},
    {EMBEDDINGS, NODES, "node/embedding", true, 1, "node/id", 0, "width", NULL, 0, NULL},
    {EMBEDDINGS, NODES, "node/label_predicted", true, 1, "node/id", 0, NULL, NULL, 0, "class/id"},
    {BLEND, PAIRS, "user/embedding", true, 1, "user/id", 0, "width", NULL, 0, NULL},
    {BLEND, PAIRS, "item/embedding", true, 1, "item/id", 0, "width", NULL, 0, NULL},
    {BLEND, PAIRS, "user/name", false, 1, "user/id", 0, NULL, NULL, 0, NULL},
    {BLEND, PAIRS, "item/name", false, 1, "item/id", 0, NULL, NULL, 0, NULL},
    {RECOMMENDATIONS, ANY, "top/item", true, 1, "user/id", 0, NULL, NULL, -1, "item/id"},
    {RECOMMENDATIONS, ANY, "top/score", true, 1, "top/item", 0, "top/item", NULL, 0, NULL},
    {NEIGHBORS, ANY, "query/id", true, 1, NULL, 0, NULL, NULL, 0, NULL},
    {NEIGHBORS, ANY, "neighbor/id", true, 1, NULL, 0, NULL, NULL, 0, NULL},
    {NEIGHBORS, ANY, "top/neighbor", true, 1, "query/id", 0, NULL, NULL, -1, "neighbor/id"},
    {NEIGHBORS, ANY, "top/score", true, 1, "top/neighbor", 0, "top/neighbor", NULL, 0, NULL},
};

/* ---- counts ---- */

/* The attribute `schema`; a file without further types and relations lacks it, and *has is false. */
static kith_status layout_read_schema(const kith_h5 *f, bool *has, kith_schema *schema, int64_t *n,
                                      int64_t *n_edge) {
  kith_status st = KITH_OK;
  char *text = NULL;
  *has = H5Aexists(f->file, "schema") != 0; /* on error, reading it reports why */
  if (!*has) return st;
  KITH_TRY(kith__h5_attr_text(f->file, f->path, "schema", &text));
  KITH_TRY(kith_schema_parse(f->path, text, schema, n, n_edge));
done:
  KITH_FREE(text);
  return st;
}

/* Nodes of all types. */
static kith_status layout_n_node(const kith_h5 *f, int64_t *out) {
  static const char *const count[] = {"n_user", "n_item", "a count of schema"};
  kith_status st = KITH_OK;
  kith_schema schema = {0};
  int64_t n[KITH_MAX_TYPES] = {0}, n_edge[KITH_MAX_RELATIONS];
  bool has = false;
  KITH_TRY(layout_read_schema(f, &has, &schema, n, n_edge));
  if (H5Aexists(f->file, "n_node") > 0) return kith__h5_attr_int(f->file, f->path, "n_node", out);
  KITH_TRY(kith__h5_attr_int(f->file, f->path, "n_user", &n[KITH_USER]));
  KITH_TRY(kith__h5_attr_int(f->file, f->path, "n_item", &n[KITH_ITEM]));
  *out = 0;
  for (int t = 0; t < KITH_MAX_TYPES; t++) {
    KITH_CHECK(n[t] >= 0 && n[t] < INT64_MAX / 64, KITH_EDATA, "%s: %s is %lld, which cannot be", f->path,
               count[kith_min(t, 2)], (long long)n[t]);
    *out += n[t];
  }
done:
  return st;
}

/* Features of all types. */
static kith_status layout_n_feature(const kith_h5 *f, int64_t *out) {
  kith_status st = KITH_OK;
  kith_schema schema = kith_schema_users_items();
  int64_t n[KITH_MAX_TYPES] = {0}, n_edge[KITH_MAX_RELATIONS], many = 0;
  bool has = false;
  char name[KITH_NAME];
  KITH_TRY(layout_read_schema(f, &has, &schema, n, n_edge));
  *out = 0;
  for (int t = 0; t < schema.n_type; t++) {
    snprintf(name, sizeof name, "n_%.31s_feature", schema.type[t]);
    if (t >= KITH_SIDES && H5Aexists(f->file, name) <= 0) continue;
    KITH_TRY(kith__h5_attr_int(f->file, f->path, name, &many));
    KITH_CHECK(many >= 0 && many < INT64_MAX / 64, KITH_EDATA, "%s: %s is %lld, which cannot be", f->path,
               name, (long long)many);
    *out += many;
  }
done:
  return st;
}

static kith_status layout_count_one(const kith_h5 *f, const char *what, bool columns, int64_t *n) {
  int64_t rows = 0;
  int d = 0;
  if (strcmp(what, "one") == 0 || strcmp(what, "schema") == 0) {
    *n = 1;
    return KITH_OK;
  }
  if (strcmp(what, "nodes") == 0) return layout_n_node(f, n);
  if (strcmp(what, "features") == 0) return layout_n_feature(f, n);
  if (!strchr(what, '/')) return kith__h5_attr_int(f->file, f->path, what, n);
  kith_status st = kith__h5_extent(f, what, &rows, &d);
  *n = columns ? d : rows;
  return st;
}

static kith_status layout_count(const kith_h5 *f, const char *what, bool columns, int64_t *n) {
  kith_status st = KITH_OK;
  char first[KITH_NAME];
  int64_t more = 0;
  const char *plus = strchr(what, '+');
  snprintf(first, sizeof first, "%.*s", plus ? (int)(plus - what) : KITH_NAME - 1, what);
  KITH_TRY(layout_count_one(f, first, columns, n));
  if (plus) KITH_TRY(layout_count_one(f, plus + 1, columns, &more));
  KITH_CHECK(*n >= 0 && *n < INT64_MAX / 8 && more >= 0 && more < INT64_MAX / 8, KITH_EDATA,
             "%s: %s is %lld, which cannot be", f->path, what,
             (long long)(*n < 0 || *n >= INT64_MAX / 8 ? *n : more));
  *n += more;
done:
  return st;
}

static kith_status layout_size(const kith_h5 *f, const layout_entry *s) {
  kith_status st = KITH_OK;
  int64_t n = 0, rows = 0, columns = 0;
  int d = 0;
  KITH_TRY(kith__h5_extent(f, s->name, &n, &d));
  if (s->rows) {
    KITH_TRY(layout_count(f, s->rows, false, &rows));
    rows = s->factor * rows + s->plus;
    KITH_CHECK(n == rows, KITH_EDATA, "%s: \"%s\" has %lld rows, %lld were expected by %s", f->path, s->name,
               (long long)n, (long long)rows, s->rows);
  }
  if (s->columns) {
    KITH_TRY(layout_count(f, s->columns, true, &columns));
    KITH_CHECK(d == columns, KITH_EDATA, "%s: \"%s\" has rows of width %d, %lld was expected by %s", f->path,
               s->name, d, (long long)columns, s->columns);
  }
done:
  return st;
}

/* ---- the entries of a file ---- */

enum {
  LAYOUT_TABLE = sizeof layout_table / sizeof layout_table[0],
  LAYOUT_RELATION = 16, /* datasets of a relation, those of its transpose included */
  LAYOUT_ENTRIES = LAYOUT_TABLE + 5 * KITH_MAX_TYPES + LAYOUT_RELATION * KITH_MAX_RELATIONS + 1,
  LAYOUT_NAMES = 6 * KITH_MAX_TYPES + LAYOUT_RELATION * KITH_MAX_RELATIONS
};

/* The entries of the table that apply to a file, and those of the types and relations of its schema. */
typedef struct layout {
  int n, n_name;
  layout_entry entry[LAYOUT_ENTRIES];
  char name[LAYOUT_NAMES][KITH_NAME]; /* of datasets of types and relations */
} layout;

static layout_task layout_task_of(const kith_h5 *f) {
  return kith__h5_has(f->file, "node/label") || kith__h5_has(f->file, "class/id") ? NODES : PAIRS;
}

static void layout_add(layout *l, layout_entry s) { l->entry[l->n++] = s; }

static const char *layout_name(layout *l, const char *group, const char *name, const char *column) {
  char *to = l->name[l->n_name++];
  snprintf(to, KITH_NAME, "%s%.31s/%s", group, name, column);
  return to;
}

/* graph.h5: the ids of a type; its number of nodes is that of the schema. */
static const char *layout_ids(layout *l, const kith_schema *schema, int type, int64_t n) {
  const char *name = layout_name(l, type < KITH_SIDES ? "" : "node/", schema->type[type], "id");
  layout_add(l, (layout_entry){.name = name, .required = true, .factor = n, .rows = "schema"});
  return name;
}

/* The name of a dataset of a relation: `path` is "", or a group below the relation's, with a slash. */
static const char *layout_edge_name(layout *l, const kith_relation_type *e, const char *path,
                                    const char *column) {
  char *to = l->name[l->n_name++];
  snprintf(to, KITH_NAME, "edge/%.31s/%.10s%.9s", e->name, path, column);
  return to;
}

/* A value for each entry of the dataset `to`. */
static void layout_edge_values(layout *l, const kith_relation_type *e, const char *path, const char *column,
                               const char *to) {
  const char *name = layout_edge_name(l, e, path, column);
  layout_add(l, (layout_entry){.name = name, .required = true, .factor = 1, .rows = to});
}

/* A relation's n edges, or entries, in rows of `rows`: the other ends, in `column`, are below a count. */
static void layout_relation(const kith_h5 *f, layout *l, const kith_relation_type *e, const char *path,
                            const char *column, const char *rows, const char *below, int64_t n) {
  const char *start = layout_edge_name(l, e, path, "start"), *to = layout_edge_name(l, e, path, column);
  layout_add(l, (layout_entry){
                    .name = start, .required = true, .factor = 1, .rows = rows, .plus = 1, .offsets_of = to});
  layout_add(l, (layout_entry){.name = to, .required = true, .below = below});
  if (e->weighted) layout_edge_values(l, e, path, "weight", to);
  if (e->timed) layout_edge_values(l, e, path, "time", to);
  if (e->n_kind > 0) layout_edge_values(l, e, path, "kind", to);
  const char *overlap = layout_edge_name(l, e, path, "overlap"); /* files of earlier versions have none */
  if (kith__h5_has(f->file, overlap)) layout_edge_values(l, e, path, "overlap", to);
  layout_add(l, (layout_entry){.name = to, .required = true, .factor = n, .rows = "schema"});
}

/* graph.h5: the names of the kinds, whose rows the kinds of edges are. */
static void layout_kinds(layout *l, const kith_relation_type *e) {
  const char *ids = layout_edge_name(l, e, "", "kind_id"), *kind = layout_edge_name(l, e, "", "kind");
  layout_add(l, (layout_entry){.name = ids, .required = true, .factor = e->n_kind, .rows = "schema"});
  layout_add(l, (layout_entry){.name = kind, .required = true, .below = ids});
}

/* graph.h5: the count of numbers in the id space of a type. */
static const char *layout_space(layout *l, const kith_schema *schema, int type, const char *const *ids) {
  int base = kith_schema_base(schema, type);
  if (base < 0) return ids[type];
  char *sum = l->name[l->n_name++];
  snprintf(sum, KITH_NAME, "%.45s+%.16s", ids[type], ids[base]);
  return sum;
}

/* graph.h5: features of a further type, as those of users and items. */
static void layout_graph_features(const kith_h5 *f, layout *l, const char *type, int64_t n) {
  char found[KITH_NAME];
  snprintf(found, sizeof found, "node/%.31s/feature/start", type);
  if (!kith__h5_has(f->file, found)) return;
  const char *start = layout_name(l, "node/", type, "feature/start"),
             *index = layout_name(l, "node/", type, "feature/feature"),
             *value = layout_name(l, "node/", type, "feature/value"),
             *ids = layout_name(l, "node/", type, "feature/id");
  layout_add(l, (layout_entry){.name = start,
                               .required = true,
                               .factor = n,
                               .rows = "schema",
                               .plus = 1,
                               .offsets_of = index});
  layout_add(l, (layout_entry){.name = index, .required = true, .below = ids});
  layout_add(l, (layout_entry){.name = value, .required = true, .factor = 1, .rows = index});
}

static void layout_graph_schema(const kith_h5 *f, layout *l, const kith_schema *schema, const int64_t *n,
                                const int64_t *n_edge) {
  const char *ids[KITH_MAX_TYPES] = {0}, *space[KITH_MAX_TYPES] = {0};
  for (int t = 0; t < schema->n_type; t++) ids[t] = layout_ids(l, schema, t, n[t]);
  for (int t = KITH_SIDES; t < schema->n_type; t++) layout_graph_features(f, l, schema->type[t], n[t]);
  for (int t = 0; t < schema->n_type; t++) space[t] = layout_space(l, schema, t, ids);
  for (int r = 0; r < schema->n_relation; r++) {
    const kith_relation_type *e = &schema->relation[r];
    layout_relation(f, l, e, "", "to", space[e->from], space[e->to], n_edge[r]);
    if (e->n_kind > 0) layout_kinds(l, e);
  }
}

static void layout_parts_schema(const kith_h5 *f, layout *l, const kith_schema *schema, const int64_t *n,
                                const int64_t *n_edge) {
  if (schema->n_type > KITH_SIDES)
    layout_add(l, (layout_entry){.name = "part/type_count", .required = true, .factor = 1, .rows = "parts"});
  for (int t = KITH_SIDES; t < schema->n_type; t++)
    layout_add(l, (layout_entry){.name = layout_name(l, "node/", schema->type[t], "number"),
                                 .required = true,
                                 .factor = n[t],
                                 .rows = "schema",
                                 .below = "nodes"});
  for (int r = 0; r < schema->n_relation; r++) {
    const kith_relation_type *e = &schema->relation[r];
    bool directed = e->direction != KITH_DIRECTION_BOTH;
    layout_relation(f, l, e, "", "neighbor", "nodes", "nodes", (directed ? 1 : 2) * n_edge[r]);
    if (directed) layout_relation(f, l, e, "transpose/", "neighbor", "nodes", "nodes", n_edge[r]);
  }
}

/* Checkpoints and embeddings: rows of further types. */
static void layout_rows_schema(const kith_h5 *f, layout *l, const kith_schema *schema, const int64_t *n) {
  static const char *const column[] = {"id",     "embedding",    "parameter",  "adam_m",
                                       "adam_v", "sgd_velocity", "adagrad_sum"};
  for (int t = KITH_SIDES; t < schema->n_type; t++)
    for (size_t i = 0; i < sizeof column / sizeof *column; i++) {
      char name[KITH_NAME];
      snprintf(name, sizeof name, "node/%.31s/%s", schema->type[t], column[i]);
      if (!kith__h5_has(f->file, name)) continue;
      layout_add(l, (layout_entry){.name = layout_name(l, "node/", schema->type[t], column[i]),
                                   .required = true,
                                   .factor = n[t],
                                   .rows = "schema",
                                   .columns = i > 0 ? "width" : NULL});
    }
}

/* Entries of the types and relations of a schema. */
static kith_status layout_schema(const kith_h5 *f, const char *format, layout *l) {
  kith_status st = KITH_OK;
  kith_schema schema;
  int64_t n[KITH_MAX_TYPES], n_edge[KITH_MAX_RELATIONS];
  bool has = false;
  KITH_TRY(layout_read_schema(f, &has, &schema, n, n_edge));
  if (!has) return st;
  if (strcmp(format, GRAPH) == 0) layout_graph_schema(f, l, &schema, n, n_edge);
  else if (strcmp(format, PARTS) == 0) layout_parts_schema(f, l, &schema, n, n_edge);
  else layout_rows_schema(f, l, &schema, n);
done:
  return st;
}

/* All entries of a file; free it, on failure, too. */
static kith_status layout_make(const kith_h5 *f, const char *format, layout **out) {
  kith_status st = KITH_OK;
  layout_task task = layout_task_of(f);
  KITH_TRY(KITH_NEW(*out, 1));
  for (int i = 0; i < LAYOUT_TABLE; i++) {
    const layout_entry *s = &layout_table[i];
    if (strcmp(s->format, format) != 0 || (s->task != ANY && s->task != task)) continue;
    if (s->required || kith__h5_has(f->file, s->name)) layout_add(*out, *s);
  }
  KITH_TRY(layout_schema(f, format, *out));
done:
  return st;
}

/* ---- checks ---- */

kith_status kith__layout_sizes(const kith_h5 *f, const char *format) {
  kith_status st = KITH_OK;
  layout *l = NULL;
  KITH_TRY(layout_make(f, format, &l));
  for (int i = 0; i < l->n; i++) KITH_TRY(layout_size(f, &l->entry[i]));
done:
  KITH_FREE(l);
  return st;
}

/* Read n integers of any width on disk, from index `first`. */
static kith_status layout_integers(const kith_h5 *f, const char *name, int width, int64_t first, int64_t n,
                                   int64_t *x) {
  kith_status st = KITH_OK;
  kith_h5_type type = width == 1   ? KITH_H5_INT8
                      : width == 2 ? KITH_H5_UINT16
                      : width == 4 ? KITH_H5_INT32
                                   : KITH_H5_INT64;
  KITH_TRY(kith__h5_read(f, name, type, 0, first, n, x));
  for (int64_t i = n - 1; i >= 0 && width == 4; i--) x[i] = ((const int32_t *)(const void *)x)[i];
  for (int64_t i = n - 1; i >= 0 && width == 2; i--) x[i] = ((const uint16_t *)(const void *)x)[i];
  for (int64_t i = n - 1; i >= 0 && width == 1; i--) x[i] = ((const int8_t *)(const void *)x)[i];
done:
  return st;
}

/* Pieces of offsets overlap by one, so that every step is checked. */
static kith_status layout_values(const kith_h5 *f, const layout_entry *s, int width, int64_t n, int64_t *x) {
  kith_status st = KITH_OK;
  int64_t limit = 0;
  if (!s->offsets_of && !s->below) return st;
  KITH_TRY(layout_count(f, s->offsets_of ? s->offsets_of : s->below, false, &limit));
  for (int64_t first = 0; first < n; first += LAYOUT_PIECE) {
    int64_t many = kith_min(LAYOUT_PIECE + (s->offsets_of ? 1 : 0), n - first);
    KITH_TRY(layout_integers(f, s->name, width, first, many, x));
    if (s->offsets_of) KITH_TRY(kith__validate_offsets(f->path, s->name, n, first, many, x, limit));
    else KITH_TRY(kith__validate_range(f->path, s->name, first, many, x, s->low, limit));
  }
done:
  return st;
}

static kith_status layout_values_of(const kith_h5 *f, const layout_entry *s) {
  kith_status st = KITH_OK;
  kith__h5_dataset set;
  int64_t *x = NULL;
  bool one = false;
  KITH_TRY(kith__h5_dataset_open(f, s->name, &set));
  one = set.n_dim == 1 && set.class == H5T_INTEGER;
  KITH_CHECK(one || !s->offsets_of, KITH_EDATA, "%s: \"%s\" does not hold integers", f->path, s->name);
  KITH_TRY(KITH_NEW(x, LAYOUT_PIECE + 1));
  if (one) KITH_TRY(layout_values(f, s, (int)set.size, (int64_t)set.dims[0], x));
done:
  KITH_FREE(x);
  kith__h5_dataset_close(&set);
  return st;
}

kith_status kith_h5_check_layout(kith_h5 *f) {
  kith_status st = KITH_OK;
  char *format = NULL;
  layout *l = NULL;
  KITH_TRY(kith__h5_attr_text(f->file, f->path, "format", &format));
  KITH_TRY(kith__layout_sizes(f, format));
  KITH_TRY(layout_make(f, format, &l));
  for (int i = 0; i < l->n; i++) KITH_TRY(layout_values_of(f, &l->entry[i]));
done:
  KITH_FREE(l);
  KITH_FREE(format);
  return st;
}
