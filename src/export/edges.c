/* The edges of graph.h5 as tables by the ids of the lists, read and written in blocks. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "export/files.h"
#include "graph/schema.h"
#include "h5/validate.h"
#include "store/graph.h"

static const kith_comm edges_alone = {.mpi = MPI_COMM_SELF, .rank = 0, .size = 1};

/* A graph, and where its edges go. */
typedef struct edges_work {
  kith_export *o;
  kith_h5 *f;
  kith_schema schema;
  int64_t n[KITH_MAX_TYPES];
  kith_ids ids[KITH_MAX_TYPES];
} edges_work;

/* A list of edges in a group of the file: its offsets `start`, and a column of nodes. */
typedef struct edge_list {
  const char *group, *column;
  int from, to;     /* types whose numbers the rows and the column have */
  const char *head; /* names of the two columns of the table, with a tab between them */
  bool half;        /* every edge is in the rows of both ends: take it from the smaller one */
  bool has_time, has_weight;
  const kith_ids *kind; /* names of the kinds; null: there are none */
} edge_list;

/* Edges first … first + n - 1 of a list; null where it lacks the column. */
typedef struct edge_block {
  int64_t first, n;
  int32_t *to;
  int64_t *time;
  float *weight;
  uint16_t *kind;
} edge_block;

static void block_free(edge_block *b) {
  KITH_FREE(b->to);
  KITH_FREE(b->time);
  KITH_FREE(b->weight);
  KITH_FREE(b->kind);
}

static kith_status block_make(const edge_list *l, int64_t n, edge_block *b) {
  kith_status st = KITH_OK;
  KITH_TRY(KITH_NEW(b->to, n));
  if (l->has_time) KITH_TRY(KITH_NEW(b->time, n));
  if (l->has_weight) KITH_TRY(KITH_NEW(b->weight, n));
  if (l->kind) KITH_TRY(KITH_NEW(b->kind, n));
done:
  return st;
}

static kith_status edges_column(const edges_work *w, const edge_list *l, const char *column,
                                kith_h5_type type, int64_t first, int64_t n, void *to) {
  char name[2 * KITH_NAME];
  snprintf(name, sizeof name, "%s/%s", l->group, column);
  return kith_h5_read(w->f, name, type, 0, first, n, to).status;
}

static bool edges_has(const edges_work *w, const char *group, const char *column) {
  char name[2 * KITH_NAME];
  snprintf(name, sizeof name, "%s/%s", group, column);
  return kith_h5_has_dataset(w->f, name);
}

static kith_status block_read(const edges_work *w, const edge_list *l, edge_block *b) {
  kith_status st = KITH_OK;
  int64_t end = kith_schema_space(&w->schema, w->n, l->to);
  KITH_TRY(edges_column(w, l, l->column, KITH_H5_INT32, b->first, b->n, b->to));
  if (b->time) KITH_TRY(edges_column(w, l, "time", KITH_H5_INT64, b->first, b->n, b->time));
  if (b->weight) KITH_TRY(edges_column(w, l, "weight", KITH_H5_FLOAT, b->first, b->n, b->weight));
  if (b->kind) KITH_TRY(edges_column(w, l, "kind", KITH_H5_UINT16, b->first, b->n, b->kind));
  for (int64_t e = 0; e < b->n; e++) {
    KITH_CHECK(b->to[e] >= 0 && b->to[e] < end, KITH_EDATA,
               "%s: %s/%s: element %lld is %d, expected 0 to %lld", kith_h5_path(w->f), l->group, l->column,
               (long long)(b->first + e), b->to[e], (long long)end - 1);
    KITH_CHECK(!b->kind || b->kind[e] < l->kind->n, KITH_EDATA,
               "%s: %s/kind: element %lld is %d, expected 0 to %lld", kith_h5_path(w->f), l->group,
               (long long)(b->first + e), b->kind[e], (long long)l->kind->n - 1);
  }
done:
  return st;
}

/* The id of number x of a type's id space, which may begin with the nodes of another type. */
static void edges_print_id(const edges_work *w, int type, int64_t x, FILE *f) {
  char id[KITH_PATH];
  int64_t original = 0;
  int of = kith_schema_node(&w->schema, w->n, type, x, &original);
  kith_ids_print(&w->ids[of], original, sizeof id, id);
  kith__export_field(f, id, '\t');
}

/* The line of edge e of a block. */
static void edges_print(const edges_work *w, const edge_list *l, const edge_block *b, int64_t row, int64_t e,
                        FILE *f) {
  char kind[KITH_PATH];
  edges_print_id(w, l->from, row, f);
  fputc('\t', f);
  edges_print_id(w, l->to, b->to[e], f);
  if (b->kind) {
    kith_ids_print(l->kind, b->kind[e], sizeof kind, kind);
    fputc('\t', f);
    kith__export_field(f, kind, '\t');
  }
  if (b->weight) fprintf(f, "\t%.9g", (double)b->weight[e]);
  if (b->time) fprintf(f, "\t%" PRId64, b->time[e]);
  fputc('\n', f);
}

/* The offsets of the rows, and the number of edges. */
static kith_status edges_start(const edges_work *w, const edge_list *l, int64_t *n_row, int64_t *n_edge,
                               int64_t **start) {
  kith_status st = KITH_OK;
  char name[2 * KITH_NAME];
  int64_t n = 0;
  int d = 0;
  *n_row = kith_schema_space(&w->schema, w->n, l->from);
  snprintf(name, sizeof name, "%s/%s", l->group, l->column);
  KITH_TRY(kith_h5_extent(w->f, name, n_edge, &d).status);
  snprintf(name, sizeof name, "%s/start", l->group);
  KITH_TRY(kith_h5_extent(w->f, name, &n, &d).status);
  KITH_CHECK(n == *n_row + 1, KITH_EDATA, "%s: %s has %lld rows, expected %lld", kith_h5_path(w->f), name,
             (long long)n, (long long)*n_row + 1);
  KITH_TRY(KITH_NEW(*start, n));
  KITH_TRY(kith_h5_read(w->f, name, KITH_H5_INT64, 0, 0, n, *start).status);
  KITH_TRY(kith__validate_offsets(kith_h5_path(w->f), name, n, 0, n, *start, *n_edge));
done:
  return st;
}

/* Write a list to a table with a line of names. */
static kith_status edges_write(const edges_work *w, const char *file, const edge_list *l) {
  kith_status st = KITH_OK;
  FILE *f = NULL;
  edge_block b = {.first = 0};
  int64_t *start = NULL, n_row = 0, n_edge = 0, row = 0;
  KITH_TRY(edges_start(w, l, &n_row, &n_edge, &start));
  KITH_TRY(block_make(l, kith_min(n_edge, KITH__EXPORT_BLOCK), &b));
  KITH_TRY(kith__export_open(w->o, file, &f));
  fprintf(f, "%s%s%s%s\n", l->head, l->kind ? "\tkind" : "", l->has_weight ? "\tweight" : "",
          l->has_time ? "\ttime" : "");
  for (; b.first < n_edge; b.first += b.n) {
    b.n = kith_min(n_edge - b.first, KITH__EXPORT_BLOCK);
    KITH_TRY(block_read(w, l, &b));
    for (int64_t e = 0; e < b.n; e++) {
      while (start[row + 1] <= b.first + e) row++;
      if (!l->half || row <= b.to[e]) edges_print(w, l, &b, row, e, f);
    }
    KITH_TRY(kith__export_check(w->o));
  }
done:
  block_free(&b);
  KITH_FREE(start);
  return st;
}

/* ---- the lists of a graph ---- */

static kith_status edges_interactions(const edges_work *w) {
  static const char *const split[] = {"train", "valid", "test", "outside"};
  kith_status st = KITH_OK;
  char file[2 * KITH_NAME];
  for (int k = 0; k < 4; k++) {
    if (!edges_has(w, split[k], "item")) continue;
    edge_list l = {split[k], "item", KITH_USER, KITH_ITEM, "user\titem", .has_time = false};
    l.has_time = edges_has(w, split[k], "time");
    l.has_weight = edges_has(w, split[k], "weight");
    snprintf(file, sizeof file, "interactions.%s.tsv", split[k]);
    KITH_TRY(edges_write(w, file, &l));
  }
done:
  return st;
}

static kith_status edges_relation(const edges_work *w, const kith_relation_type *e) {
  kith_status st = KITH_OK;
  bool old = !kith_h5_has_attr(w->f, "schema"); /* ties of a file of an earlier version */
  char group[KITH_NAME], file[2 * KITH_NAME], kinds[2 * KITH_NAME];
  kith_ids kind = {.n = 0};
  snprintf(group, sizeof group, old ? "social" : "edge/%.31s", e->name);
  snprintf(file, sizeof file, "relation.%s.tsv", e->name);
  snprintf(kinds, sizeof kinds, "%s/kind_id", group);
  if (e->n_kind > 0) KITH_TRY(kith__ids_load(&edges_alone, w->f, kinds, &kind).status);
  edge_list l = {group, old ? "user" : "to", e->from, e->to, "from\tto", .half = false};
  l.has_time = e->timed;
  l.has_weight = e->weighted;
  l.kind = e->n_kind > 0 ? &kind : NULL;
  KITH_TRY(edges_write(w, file, &l));
done:
  kith_ids_free(&kind);
  return st;
}

/* The events of a stream, one a line, by time. */
static kith_status edges_events(const edges_work *w) {
  kith_status st = KITH_OK;
  FILE *f = NULL;
  kith__event_list e = {.n = 0};
  int64_t n = 0;
  if (!kith_h5_has_dataset(w->f, "event/user")) return st;
  KITH_TRY(kith__event_list_count(w->f, &n).status);
  KITH_TRY(kith__export_open(w->o, "events.tsv", &f));
  fprintf(f, "user\titem\ttime\tsplit\n");
  for (int64_t first = 0; first < n; first += KITH__EXPORT_BLOCK) {
    kith__event_list_free(&e);
    int64_t some = kith_min(n - first, KITH__EXPORT_BLOCK);
    KITH_TRY(
        kith__event_list_read(&edges_alone, w->f, w->n[KITH_USER], w->n[KITH_ITEM], first, some, &e).status);
    for (int64_t i = 0; i < some; i++) {
      edges_print_id(w, KITH_USER, e.user[i], f);
      fputc('\t', f);
      edges_print_id(w, KITH_ITEM, e.item[i], f);
      const char *split = first + i < e.first[0] ? "train" : first + i < e.first[1] ? "valid" : "test";
      fprintf(f, "\t%" PRId64 "\t%s\n", e.time[i], split);
    }
    KITH_TRY(kith__export_check(w->o));
  }
done:
  kith__event_list_free(&e);
  return st;
}

/* ---- labeled nodes ---- */

static kith_status edges_labels(const edges_work *w) {
  static const char *const split[KITH_NODE_SPLITS] = {"", "train", "valid", "test"};
  kith_status st = KITH_OK;
  FILE *f = NULL;
  kith_ids classes = {.n = 0};
  int32_t *label = NULL;
  int8_t *of = NULL;
  char id[KITH_PATH];
  int64_t n = w->n[KITH_USER];
  KITH_TRY(kith__ids_load(&edges_alone, w->f, "class/id", &classes).status);
  KITH_TRY(KITH_NEW(label, n));
  KITH_TRY(KITH_NEW(of, n));
  KITH_TRY(kith_h5_read(w->f, "node/label", KITH_H5_INT32, 0, 0, n, label).status);
  KITH_TRY(kith_h5_read(w->f, "node/split", KITH_H5_INT8, 0, 0, n, of).status);
  KITH_TRY(kith__export_open(w->o, "labels.tsv", &f));
  fprintf(f, "node\tlabel\tsplit\n");
  for (int64_t i = 0; i < n; i++) {
    KITH_CHECK(label[i] >= -1 && label[i] < classes.n && of[i] >= 0 && of[i] < KITH_NODE_SPLITS, KITH_EDATA,
               "%s: node/label or node/split: element %lld is out of bounds", kith_h5_path(w->f),
               (long long)i);
    edges_print_id(w, KITH_USER, i, f);
    fputc('\t', f);
    if (label[i] >= 0) {
      kith_ids_print(&classes, label[i], sizeof id, id);
      kith__export_field(f, id, '\t');
    }
    fprintf(f, "\t%s\n", split[of[i]]);
  }
  KITH_TRY(kith__export_check(w->o));
done:
  kith_ids_free(&classes);
  KITH_FREE(label);
  KITH_FREE(of);
  return st;
}

static kith_status edges_nodes(const edges_work *w) {
  kith_status st = KITH_OK;
  const edge_list l = {"edge", "node", KITH_USER, KITH_USER, "from\tto", .half = true};
  KITH_TRY(edges_labels(w));
  KITH_TRY(edges_write(w, "edges.tsv", &l));
done:
  return st;
}

static kith_status edges_open(const char *path, edges_work *w) {
  kith_status st = KITH_OK;
  int64_t n_edge[KITH_MAX_RELATIONS];
  KITH_TRY(kith_h5_open(&edges_alone, path, KITH_GRAPH_FORMAT, KITH_FILE_VERSION, &w->f).status);
  bool labeled = kith_h5_is_labeled(w->f);
  w->schema = kith_schema_nodes();
  if (!labeled || kith_h5_has_attr(w->f, "schema"))
    KITH_TRY(kith__graph_schema_read(w->f, &w->schema, w->n, n_edge).status);
  if (labeled) KITH_TRY(kith_h5_get_attr_int(w->f, "n_node", &w->n[KITH_USER]).status);
  for (int t = 0; t < w->schema.n_type; t++) {
    KITH_TRY(kith_type_ids_read(&edges_alone, path, &w->schema, t, &w->ids[t]).status);
    KITH_CHECK(w->ids[t].n == w->n[t], KITH_EDATA, "%s: has %lld ids of type %s, but %lld nodes", path,
               (long long)w->ids[t].n, w->schema.type[t], (long long)w->n[t]);
  }
done:
  return st;
}

kith_status kith_export_edges(kith_export *o, const char *path) {
  kith_status st = KITH_OK;
  edges_work w = {.o = o};
  KITH_TRY(edges_open(path, &w));
  if (kith_h5_is_labeled(w.f)) KITH_TRY(edges_nodes(&w));
  else {
    KITH_TRY(edges_interactions(&w));
    KITH_TRY(edges_events(&w));
  }
  for (int r = 0; r < w.schema.n_relation; r++) KITH_TRY(edges_relation(&w, &w.schema.relation[r]));
done:
  for (int t = 0; t < KITH_MAX_TYPES; t++) kith_ids_free(&w.ids[t]);
  kith_h5_close(&w.f);
  return st;
}
