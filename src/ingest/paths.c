/*
 * Meta-paths (Sun et al., PathSim, VLDB 2011): relations composed of others.  Their matrix is the product of
 * those of the steps, in integers, row by row: a row times one matrix after the other, so that no other
 * product is ever stored.  Rows are computed twice, first to count their edges.
 */
#include "ingest/paths.h"

#include <stdlib.h>

#include "graph/schema.h"

/* A sparse row of counts: count[i] > 0 for the nodes i that are listed. */
typedef struct path_row {
  int64_t n, *count;
  int32_t *node;
} path_row;

typedef struct path_step {
  int relation;
  bool tie, back;          /* back: never of ties */
  int from, to;            /* types */
  const kith_ragged *rows; /* of the relation, or `turned` */
  kith__edge_csr turned;   /* the transpose, or both directions */
} path_step;

typedef struct meta_path {
  const kith_path_source *source;
  int n;
  path_step step[KITH_MAX_PATH_STEPS];
  int64_t n_from, n_to;
  bool returns;          /* symmetric, and its second half leads back: PathSim is defined */
  bool symmetric;        /* the steps read the same from both ends */
  int64_t *loops;        /* [n_from] ways from each node to itself; null: not needed */
  path_row row, next;    /* scratch, for the largest type */
  int64_t *start, n_cut; /* [n_from + 1] edges; edges left out by `keep` */
} meta_path;

/* ---- the steps ---- */

/* The edges of a relation the other way round, or both ways; of one pair and kind once. */
static kith_status step_turn(const kith__edge_csr *rows, bool both, int64_t n_row, kith__edge_csr *out) {
  kith_status st = KITH_OK;
  const kith_ragged *l = &rows->ragged;
  kith__edge_list edges = {.has_kind = rows->kind != NULL};
  int64_t duplicates;
  for (int64_t u = 0; u < l->n_row; u++)
    for (kith_eid e = l->start[u]; e < l->start[u + 1]; e++) {
      uint16_t kind = rows->kind ? rows->kind[e] : 0;
      KITH_TRY(kith__edge_list_add(&edges, l->value[e], (int32_t)u, 0, 0, kind));
      if (both) KITH_TRY(kith__edge_list_add(&edges, (int32_t)u, l->value[e], 0, 0, kind));
    }
  KITH_TRY(kith__edge_csr_build(&edges, n_row, out, &duplicates));
done:
  kith__edge_list_free(&edges);
  return st;
}

/* The relation of a step, among those of lists. */
static kith_status step_find(const meta_path *p, int i, int n_list, const kith__graph_data *t, int *r) {
  const char *name = p->source->steps.of[i].name;
  for (*r = 0; *r < n_list; ++*r)
    if (strcmp(t->schema.relation[*r].name, name) == 0) return KITH_OK;
  if (n_list == 0)
    return kith_fail(KITH_ECONFIG,
                     "data.paths.%s.path: %s: expected relations of data.relations, which has none",
                     p->source->name, name);
  int near = kith_text_nearest(name, n_list, t->schema.relation[0].name, sizeof t->schema.relation[0]);
  return kith_fail(KITH_ECONFIG,
                   "data.paths.%s.path: %s is no relation with a list in data.relations; the nearest is %s",
                   p->source->name, name, t->schema.relation[near].name);
}

static kith_status step_make(int i, int n_list, const int64_t *n, const kith__graph_data *t, meta_path *p) {
  kith_status st = KITH_OK;
  path_step *s = &p->step[i];
  const path_step *before = i > 0 ? s - 1 : NULL;
  KITH_TRY(step_find(p, i, n_list, t, &s->relation));
  const kith_relation_type *e = &t->schema.relation[s->relation];
  s->tie = kith_relation_is_tie(e);
  s->back = p->source->steps.of[i].back && !s->tie;
  s->from = s->back ? e->to : e->from;
  s->to = s->back ? e->from : e->to;
  KITH_CHECK(!before || before->to == s->from, KITH_ECONFIG,
             "data.paths.%s.path: %s ends at %s, but %s%s begins at %s; expected relations that meet",
             p->source->name, p->source->steps.of[i - 1].name, t->schema.type[before->to], e->name,
             p->source->steps.of[i].back ? ".back" : "", t->schema.type[s->from]);
  s->rows = &t->relation[s->relation].ragged;
  if (!s->back && !s->tie) goto done;
  KITH_TRY(
      step_turn(&t->relation[s->relation], s->tie, kith_schema_space(&t->schema, n, s->from), &s->turned));
  s->rows = &s->turned.ragged;
done:
  return st;
}

static bool path_is_symmetric(const meta_path *p) {
  for (int i = 0; i < p->n; i++) {
    const path_step *a = &p->step[i], *b = &p->step[p->n - 1 - i];
    if (a->relation != b->relation || (!a->tie && a->back == b->back)) return false;
  }
  return true;
}

/* ---- rows ---- */

static kith_status row_alloc(int64_t n, path_row *row) {
  kith_status st = KITH_OK;
  KITH_TRY(KITH_NEW(row->count, n));
  KITH_TRY(KITH_NEW(row->node, n));
done:
  return st;
}

static void row_clear(path_row *row) {
  for (int64_t k = 0; k < row->n; k++) row->count[row->node[k]] = 0;
  row->n = 0;
}

static int row_compare(const void *a, const void *b) {
  int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
  return (x > y) - (x < y);
}

/* next = row times the matrix of a step. */
static kith_status row_step(const meta_path *p, const kith_ragged *l, const path_row *row, path_row *next) {
  kith_status st = KITH_OK;
  for (int64_t k = 0; k < row->n; k++) {
    int32_t i = row->node[k];
    for (kith_eid e = l->start[i]; e < l->start[i + 1]; e++) {
      int32_t j = l->value[e];
      if (next->count[j] == 0) next->node[next->n++] = j;
      next->count[j] += row->count[i];
      KITH_CHECK(
          next->count[j] <= KITH__PATH_EXACT, KITH_ECONFIG,
          "data.paths.%s: there are more than 2^53 ways between two nodes, which are not counted; expected a "
          "shorter path",
          p->source->name);
    }
  }
done:
  return st;
}

/* The row of x in the product, ascending. */
static kith_status path_row_of(meta_path *p, int64_t x) {
  kith_status st = KITH_OK;
  row_clear(&p->row);
  p->row.node[p->row.n++] = (int32_t)x;
  p->row.count[x] = 1;
  for (int i = 0; i < p->n; i++) {
    row_clear(&p->next);
    KITH_TRY(row_step(p, p->step[i].rows, &p->row, &p->next));
    path_row swap = p->row;
    p->row = p->next;
    p->next = swap;
  }
  qsort(p->row.node, (size_t)p->row.n, sizeof *p->row.node, row_compare);
done:
  return st;
}

/* ---- which edges are kept ---- */

/* Whether x reaches `a` better than `b`: by 2 M_xy / (M_xx + M_yy), or by M_xy; of equal ones the first. */
static bool path_is_better(const meta_path *p, int64_t x, int32_t a, int32_t b) {
  __extension__ typedef __int128 wide;
  wide here = p->row.count[a], there = p->row.count[b];
  if (p->returns) {
    here *= p->loops[x] + p->loops[b];
    there *= p->loops[x] + p->loops[a];
  }
  return here > there || (here == there && a < b);
}

/* Move the last of a heap of n, whose first is the worst, to its place; or the first to its place. */
static void heap_up(const meta_path *p, int64_t x, int64_t n, int32_t *heap) {
  for (int64_t i = n - 1; i > 0; i = (i - 1) / 2) {
    int32_t up = heap[(i - 1) / 2];
    if (!path_is_better(p, x, up, heap[i])) return;
    heap[(i - 1) / 2] = heap[i];
    heap[i] = up;
  }
}
static void heap_down(const meta_path *p, int64_t x, int64_t n, int32_t *heap) {
  for (int64_t i = 0, worst; 2 * i + 1 < n; i = worst) {
    worst = 2 * i + 1;
    if (worst + 1 < n && path_is_better(p, x, heap[worst], heap[worst + 1])) worst++;
    if (!path_is_better(p, x, heap[i], heap[worst])) return;
    int32_t swap = heap[i];
    heap[i] = heap[worst];
    heap[worst] = swap;
  }
}

/* The edges of x: its row without x itself, cut to the best; returns how many there are before. */
static int64_t path_choose(meta_path *p, int64_t x) {
  int64_t n = 0, all = 0, keep = p->source->keep > 0 ? p->source->keep : INT64_MAX;
  int32_t *heap = p->next.node; /* scratch: its counts are zero but for what row_clear() clears */
  bool within = p->step[0].from == p->step[p->n - 1].to;
  row_clear(&p->next);
  for (int64_t k = 0; k < p->row.n; k++) {
    int32_t y = p->row.node[k];
    if (within && y == x) continue;
    all++;
    if (n < keep) {
      heap[n++] = y;
      if (keep < INT64_MAX) heap_up(p, x, n, heap);
    } else if (path_is_better(p, x, y, heap[0])) {
      heap[0] = y;
      heap_down(p, x, n, heap);
    }
  }
  if (keep < INT64_MAX) qsort(heap, (size_t)n, sizeof *heap, row_compare);
  p->start[x + 1] = n;
  return all;
}

/* ---- the product ---- */

static kith_status path_loops(meta_path *p) {
  kith_status st = KITH_OK;
  if (!p->returns) return st;
  KITH_TRY(KITH_NEW(p->loops, p->n_from));
  for (int64_t x = 0; x < p->n_from; x++) {
    KITH_TRY(path_row_of(p, x));
    p->loops[x] = p->row.count[x];
  }
done:
  return st;
}

static kith_status path_count(meta_path *p, int64_t most) {
  kith_status st = KITH_OK;
  KITH_TRY(KITH_NEW(p->start, p->n_from + 1));
  for (int64_t x = 0; x < p->n_from; x++) {
    KITH_TRY(path_row_of(p, x));
    p->n_cut += path_choose(p, x) - p->start[x + 1];
    p->start[x + 1] += p->start[x];
    KITH_CHECK(
        p->start[x + 1] <= most, KITH_ECONFIG,
        "data.paths.%s: more than %lld edges; expected data.paths.%s.keep, the edges of a node that are kept",
        p->source->name, (long long)most, p->source->name);
  }
  KITH_CHECK(p->start[p->n_from] > 0, KITH_EDATA, "data.paths.%s: joins no two nodes", p->source->name);
done:
  return st;
}

static kith_status path_weight(const meta_path *p, int64_t x, int32_t y, float *weight) {
  kith_status st = KITH_OK;
  int64_t ways = p->row.count[y];
  if (p->source->weights == KITH_PATH_SIMILARITY) {
    *weight = (float)(2 * (double)ways / (double)(p->loops[x] + p->loops[y]));
    return st;
  }
  KITH_CHECK(ways <= KITH__PATH_EXACT_FLOAT, KITH_ECONFIG,
             "data.paths.%s: there are %lld ways between two nodes, but weights count to 2^24; expected "
             "data.paths.%s.weights: similarity, or a shorter path",
             p->source->name, (long long)ways, p->source->name);
  *weight = (float)ways;
done:
  return st;
}

static kith_status path_fill(meta_path *p, kith__edge_csr *out) {
  kith_status st = KITH_OK;
  kith_eid *start = p->start;
  KITH_TRY(KITH_NEW(out->ragged.start, p->n_from + 1));
  KITH_TRY(KITH_NEW(out->ragged.value, start[p->n_from]));
  KITH_TRY(KITH_NEW(out->weight, start[p->n_from]));
  out->ragged.n_row = p->n_from;
  for (int64_t x = 0; x < p->n_from; x++) {
    KITH_TRY(path_row_of(p, x));
    path_choose(p, x); /* sets start[x + 1], which is read no more */
    kith_eid at = out->ragged.start[x];
    for (int64_t k = 0; k < start[x + 1]; k++, at++) {
      out->ragged.value[at] = p->next.node[k];
      KITH_TRY(path_weight(p, x, p->next.node[k], &out->weight[at]));
    }
    out->ragged.start[x + 1] = at;
  }
done:
  return st;
}

static kith_status path_prepare(int n_list, const int64_t *n, const kith__graph_data *t, meta_path *p) {
  kith_status st = KITH_OK;
  int64_t most = 0;
  KITH_CHECK(p->n > 0, KITH_ECONFIG,
             "data.paths.%s.path: expected a list of relations such as [writes.back, writes], found nothing",
             p->source->name);
  for (int i = 0; i < p->n; i++) {
    KITH_TRY(step_make(i, n_list, n, t, p));
    int64_t from = kith_schema_space(&t->schema, n, p->step[i].from),
            to = kith_schema_space(&t->schema, n, p->step[i].to);
    most = from > most ? from : most;
    most = to > most ? to : most;
    if (i == 0) p->n_from = from;
    p->n_to = to;
  }
  p->symmetric = path_is_symmetric(p);
  p->returns = p->symmetric && p->n % 2 == 0;
  KITH_CHECK(p->returns || p->source->weights == KITH_PATH_COUNT, KITH_ECONFIG,
             "data.paths.%s.weights: similarity is that of paths that lead back as they came, such as "
             "[writes.back, writes]; expected count",
             p->source->name);
  KITH_TRY(row_alloc(most, &p->row));
  KITH_TRY(row_alloc(most, &p->next));
done:
  return st;
}

static void path_free(meta_path *p) {
  for (int i = 0; i < p->n; i++) kith__edge_csr_free(&p->step[i].turned);
  KITH_FREE(p->loops);
  KITH_FREE(p->start);
  KITH_FREE(p->row.count);
  KITH_FREE(p->row.node);
  KITH_FREE(p->next.count);
  KITH_FREE(p->next.node);
}

static void path_append(const meta_path *p, kith__graph_data *t, kith_relation_report *report) {
  bool within = p->step[0].from == p->step[p->n - 1].to;
  bool both = p->n_cut == 0 && (p->symmetric || !within);
  kith_relation_type e = {.from = p->step[0].from,
                          .to = p->step[p->n - 1].to,
                          .weighted = true,
                          .direction = both ? KITH_DIRECTION_BOTH : KITH_DIRECTION_FORWARD};
  const kith_ragged *l = &t->relation[t->schema.n_relation].ragged;
  memcpy(e.name, p->source->name, sizeof e.name);
  *report = (kith_relation_report){.edges = l->start[l->n_row], .cut = p->n_cut};
  if (both && within) report->both = report->edges / 2; /* every pair has two edges */
  t->schema.relation[t->schema.n_relation++] = e;
}

static kith_status path_make(const kith_path_source *source, int n_list, int64_t most, kith__graph_data *t,
                             kith_relation_report *report) {
  kith_status st = KITH_OK;
  int64_t n[KITH_MAX_TYPES];
  meta_path p = {.source = source, .n = source->steps.n};
  for (int k = 0; k < KITH_MAX_TYPES; k++) n[k] = t->ids[k].n;
  KITH_CHECK(kith_schema_find_relation(&t->schema, source->name) < 0, KITH_ECONFIG,
             "data.paths.%s: data.relations has a relation of this name; expected another one", source->name);
  KITH_CHECK(t->schema.n_relation < KITH_MAX_RELATIONS, KITH_ECONFIG,
             "data.paths.%s: would be one relation more than the %d that a graph may have", source->name,
             KITH_MAX_RELATIONS);
  KITH_TRY(path_prepare(n_list, n, t, &p));
  KITH_TRY(path_loops(&p));
  KITH_TRY(path_count(&p, most));
  KITH_TRY(path_fill(&p, &t->relation[t->schema.n_relation]));
  path_append(&p, t, &report[t->schema.n_relation]);
done:
  path_free(&p);
  return st;
}

kith_status kith__paths_make(int n_path, const kith_path_source *path, int64_t most, kith__graph_data *t,
                             kith_relation_report *report) {
  kith_status st = KITH_OK;
  int n_list = t->schema.n_relation;
  for (int i = 0; i < n_path; i++) KITH_TRY(path_make(&path[i], n_list, most, t, report));
done:
  return st;
}

bool kith__paths_use(int n_path, const kith_path_source *path, const char *relation) {
  for (int i = 0; i < n_path; i++)
    for (int k = 0; k < path[i].steps.n; k++)
      if (strcmp(path[i].steps.of[k].name, relation) == 0) return true;
  return false;
}
