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

enum { LAYOUT_PIECE = 1 << 16 }; /* values read at a time */

typedef enum layout_task { ANY, PAIRS, NODES } layout_task;

/*
 * One dataset.  `rows`, `columns` and `below` name a count: an attribute of the root, or the number of rows
 * (for `columns`: of columns) of a dataset; "a+b" is a sum; null: no check.
 */
typedef struct layout_entry {
  const char *format;
  layout_task task;
  const char *name;
  bool required; /* the dataset must exist */
  int factor;    /* rows = factor × rows + plus */
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
#define RECOMMENDATIONS KITH_RECOMMENDATIONS_FORMAT

#define GRAPH_LIST(list, must)                                                                               \
  {GRAPH, PAIRS, list "/start", must, 1, "n_user", 1, NULL, list "/item", 0, NULL},                          \
      {GRAPH, PAIRS, list "/item", must, 1, NULL, 0, NULL, NULL, 0, "n_item"},                               \
      {GRAPH, PAIRS, list "/time", false, 1, list "/item", 0, NULL, NULL, 0, NULL}, {                        \
    GRAPH, PAIRS, list "/weight", false, 1, list "/item", 0, NULL, NULL, 0, NULL                             \
  }
#define GRAPH_FEATURES(group, n)                                                                             \
  {GRAPH, PAIRS, group "/start", false, 1, n, 1, NULL, group "/feature", 0, NULL},                           \
      {GRAPH, PAIRS, group "/feature", false, 1, NULL, 0, NULL, NULL, 0, group "/id"}, {                     \
    GRAPH, PAIRS, group "/value", false, 1, group "/feature", 0, NULL, NULL, 0, NULL                         \
  }
#define PARTS_LIST(list)                                                                                     \
  {PARTS, PAIRS, list "/start", true, 1, "n_user+n_item", 1, NULL, list "/item", 0, NULL}, {                 \
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
    GRAPH_LIST("valid", true),
    GRAPH_LIST("test", true),
    {GRAPH, PAIRS, "social/start", false, 1, "n_user", 1, NULL, "social/user", 0, NULL},
    {GRAPH, PAIRS, "social/user", false, 1, NULL, 0, NULL, NULL, 0, "n_user"},
    GRAPH_FEATURES("user_feature", "n_user"),
    GRAPH_FEATURES("item_feature", "n_item"),
    {GRAPH, NODES, "node/id", true, 1, "n_node", 0, NULL, NULL, 0, NULL},
    {GRAPH, NODES, "class/id", true, 1, "n_class", 0, NULL, NULL, 0, NULL},
    NODES_OF(GRAPH),
    {GRAPH, NODES, "edge/start", true, 1, "n_node", 1, NULL, "edge/node", 0, NULL},
    {GRAPH, NODES, "edge/node", true, 2, "n_edge", 0, NULL, NULL, 0, "n_node"},
    {PARTS, ANY, "part/first", true, 1, "parts", 1, NULL, "node/original", 0, NULL},
    {PARTS, PAIRS, "part/user_count", true, 1, "parts", 0, NULL, NULL, 0, NULL},
    {PARTS, PAIRS, "node/original", true, 1, "n_user+n_item", 0, NULL, NULL, 0, "n_user+n_item"},
    {PARTS, PAIRS, "node/edge", true, 1, "n_user+n_item", 0, NULL, NULL, -1, "n_edge+one"},
    {PARTS, PAIRS, "train/start", true, 1, "n_user+n_item", 1, NULL, "train/neighbour", 0, NULL},
    {PARTS, PAIRS, "train/neighbour", true, 2, "n_edge", 0, NULL, NULL, 0, "n_user+n_item"},
    {PARTS, PAIRS, "train/original", true, 2, "n_edge", 0, NULL, NULL, 0, "n_user+n_item"},
    {PARTS, PAIRS, "train/weight", false, 2, "n_edge", 0, NULL, NULL, 0, NULL},
    PARTS_LIST("valid"),
    PARTS_LIST("test"),
    {PARTS, PAIRS, "feature/start", false, 1, "n_user+n_item", 1, NULL, "feature/feature", 0, NULL},
    {PARTS, PAIRS, "feature/feature", false, 1, NULL, 0, NULL, NULL, 0, "n_user_feature+n_item_feature"},
    {PARTS, PAIRS, "feature/value", false, 1, "feature/feature", 0, NULL, NULL, 0, NULL},
    {PARTS, PAIRS, "edge/friend/start", false, 1, "n_user+n_item", 1, NULL, "edge/friend/neighbor", 0, NULL},
    {PARTS, PAIRS, "edge/friend/neighbor", false, 1, NULL, 0, NULL, NULL, 0, "n_user+n_item"},
    {PARTS, PAIRS, "user/number", true, 1, "n_user", 0, NULL, NULL, 0, "n_user+n_item"},
    {PARTS, PAIRS, "item/number", true, 1, "n_item", 0, NULL, NULL, 0, "n_user+n_item"},
    {PARTS, NODES, "node/original", true, 1, "n_node", 0, NULL, NULL, 0, "n_node"},
    {PARTS, NODES, "edge/start", true, 1, "n_node", 1, NULL, "edge/neighbour", 0, NULL},
    {PARTS, NODES, "edge/neighbour", true, 2, "n_edge", 0, NULL, NULL, 0, "n_node"},
    NODES_OF(PARTS),
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
    {RECOMMENDATIONS, ANY, "top/item", true, 1, "user/id", 0, NULL, NULL, -1, "item/id"},
    {RECOMMENDATIONS, ANY, "top/score", true, 1, "top/item", 0, "top/item", NULL, 0, NULL},
};

/* ---- counts ---- */

static kith_status layout_count_one(const kith_h5 *f, const char *what, bool columns, int64_t *n) {
  int64_t rows = 0;
  int d = 0;
  if (strcmp(what, "one") == 0) {
    *n = 1;
    return KITH_OK;
  }
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

/* The next entry of the table that applies to this file, from *at on; null at the end. */
static const layout_entry *layout_next(const kith_h5 *f, const char *format, layout_task task, size_t *at) {
  for (; *at < sizeof layout_table / sizeof layout_table[0]; (*at)++) {
    const layout_entry *s = &layout_table[*at];
    if (strcmp(s->format, format) != 0 || (s->task != ANY && s->task != task)) continue;
    if (!s->required && !kith__h5_has(f->file, s->name)) continue;
    (*at)++;
    return s;
  }
  return NULL;
}

static layout_task layout_task_of(const kith_h5 *f) {
  return kith__h5_has(f->file, "node/label") || kith__h5_has(f->file, "class/id") ? NODES : PAIRS;
}

kith_status kith__layout_sizes(const kith_h5 *f, const char *format) {
  kith_status st = KITH_OK;
  size_t at = 0;
  for (const layout_entry *s; (s = layout_next(f, format, layout_task_of(f), &at));)
    KITH_TRY(layout_size(f, s));
done:
  return st;
}

/* Read n integers of any width on disk, from index `first`. */
static kith_status layout_integers(const kith_h5 *f, const char *name, int width, int64_t first, int64_t n,
                                   int64_t *x) {
  kith_status st = KITH_OK;
  kith_h5_type type = width == 1 ? KITH_H5_INT8 : width == 4 ? KITH_H5_INT32 : KITH_H5_INT64;
  KITH_TRY(kith__h5_read(f, name, type, 0, first, n, x));
  for (int64_t i = n - 1; i >= 0 && width == 4; i--) x[i] = ((const int32_t *)(const void *)x)[i];
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
  size_t at = 0;
  KITH_TRY(kith__h5_attr_text(f->file, f->path, "format", &format));
  KITH_TRY(kith__layout_sizes(f, format));
  for (const layout_entry *s; (s = layout_next(f, format, layout_task_of(f), &at));)
    KITH_TRY(layout_values_of(f, s));
done:
  KITH_FREE(format);
  return st;
}
