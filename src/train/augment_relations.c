/*
 * Relations of the augmented graph: known rows are as they were, but for the numbers; new nodes read the
 * other ends of their edges, known and new, in the relation's direction.  The transpose of a directed
 * relation likewise holds who reads the new nodes, which is what their columns are normalized by.
 */
#include <stdlib.h>
#include <string.h>

#include "halo/halo.h"
#include "train/augment.h"

/* The rows of a relation, or those of its transpose. */
typedef struct relation_side {
  const kith_relation_type *type;
  bool from_reads, to_reads; /* the ends whose nodes have rows */
  const kith_adjacency *known;
  kith_adjacency *rows;
} relation_side;

static relation_side relation_side_of(const augment *x, int r, bool transpose) {
  const kith_relation_type *e = &x->known->schema.relation[r];
  bool both = e->direction == KITH_DIRECTION_BOTH;
  bool forward = (e->direction == KITH_DIRECTION_FORWARD) != transpose;
  return (relation_side){.type = e,
                         .from_reads = both || forward,
                         .to_reads = both || !forward,
                         .known = transpose ? &x->known->transpose[r] : &x->known->relation[r],
                         .rows = transpose ? &x->g->transpose[r] : &x->g->relation[r]};
}

/* An edge of a new node of this rank: its row, counted from the last known one, the other end, and its index
 * in the list. */
typedef struct new_edge {
  int64_t row, original, index;
  int32_t kind;
} new_edge;

typedef struct new_rows {
  int64_t n;
  new_edge *edge;
} new_rows;

static int new_edge_compare(const void *a, const void *b) {
  const new_edge *x = a, *y = b;
  if (x->row != y->row) return x->row < y->row ? -1 : 1;
  if (x->original != y->original) return x->original < y->original ? -1 : 1;
  return (x->kind > y->kind) - (x->kind < y->kind);
}

static void new_rows_add(new_rows *rows, int64_t row, int64_t original, int32_t kind, int64_t index) {
  if (row >= 0) rows->edge[rows->n++] = (new_edge){row, original, index, kind};
}

/* The list of a relation's edges with new nodes, or null. */
static const kith_new_edges *new_edges_of(const augment *x, const char *name) {
  for (int i = 0; i < x->new->n_relation; i++)
    if (strcmp(x->new->relation[i].name, name) == 0) return &x->new->relation[i];
  return NULL;
}

/* Edges of this rank's new nodes in their rows; ascending, each of a kind once. */
static kith_status new_rows_make(const augment *x, const relation_side *s, const kith_new_edges *l,
                                 new_rows *rows) {
  kith_status st = KITH_OK;
  int64_t kept = 0;
  if (!l) return st;
  KITH_TRY(KITH_NEW(rows->edge, 2 * l->n));
  for (int64_t k = 0; k < l->n; k++) {
    int64_t from = kith__augment_row(x, s->type->from, l->from[k]);
    int64_t to = kith__augment_row(x, s->type->to, l->to[k]);
    if (s->from_reads) new_rows_add(rows, from, l->to[k], l->kind[k], k);
    if (s->to_reads) new_rows_add(rows, to, l->from[k], l->kind[k], k);
  }
  qsort(rows->edge, (size_t)rows->n, sizeof *rows->edge, new_edge_compare);
  for (int64_t k = 0; k < rows->n; k++)
    if (kept == 0 || new_edge_compare(&rows->edge[kept - 1], &rows->edge[k]) != 0)
      rows->edge[kept++] = rows->edge[k];
  rows->n = kept;
done:
  return st;
}

/* Known rows, then the new ones, whose neighbors are set later. */
static kith_status relation_starts(augment *x, const relation_side *s, const new_rows *rows) {
  kith_status st = KITH_OK;
  kith_lid n_known = x->known->n_own;
  kith_eid n = s->known->start[n_known];
  kith_adjacency *out = s->rows;
  KITH_TRY(KITH_NEW(out->start, (int64_t)x->g->n_own + 1));
  KITH_TRY(KITH_NEW(out->neighbor, n + rows->n));
  memcpy(out->start, s->known->start, ((size_t)n_known + 1) * sizeof *out->start);
  for (int64_t i = 0; i < rows->n; i++) out->start[n_known + rows->edge[i].row + 1]++;
  for (kith_lid i = n_known; i < x->g->n_own; i++) out->start[i + 1] += out->start[i];
  for (kith_eid e = 0; e < n; e++) out->neighbor[e] = kith__augment_known_number(x, s->known->neighbor[e]);
  if (!s->known->kind) goto done;
  KITH_TRY(KITH_NEW(out->kind, n + rows->n));
  memcpy(out->kind, s->known->kind, (size_t)n * sizeof *out->kind);
  for (int64_t i = 0; i < rows->n; i++)
    out->kind[n + i] = (uint16_t)kith_min(rows->edge[i].kind, UINT16_MAX); /* those that the graph lacks */
done:
  return st;
}

/* Times of known edges; those of new nodes are as recent as the latest of them and of the interactions. */
static kith_agreed relation_times(augment *x, const relation_side *s, const new_rows *rows) {
  kith_agreed st = {KITH_OK};
  const kith_adjacency *k = s->known;
  kith_eid n = k->start[x->known->n_own];
  int64_t now = kith_latest_time(x->comm, x->known);
  if (!k->time) return st; /* the same on all ranks */
  for (kith_eid e = 0; e < n; e++)
    if (k->time[e] > now) now = k->time[e];
  now = kith_comm_max(x->comm, now);
  KITH_TRY(kith_agree(x->comm, KITH_NEW(s->rows->time, n + rows->n)));
  memcpy(s->rows->time, k->time, (size_t)n * sizeof *k->time);
  for (kith_eid e = n; e < n + rows->n; e++) s->rows->time[e] = now;
done:
  return st;
}

static kith_agreed relation_overlaps(augment *x, const relation_side *s, const kith_new_edges *l,
                                     const new_rows *rows) {
  kith_agreed st = {KITH_OK};
  const kith_adjacency *k = s->known;
  kith_eid n = k->start[x->known->n_own];
  int64_t *overlap = NULL;
  if (!k->overlap) return st; /* the same on all ranks */
  KITH_TRY(kith_agree(x->comm, KITH_NEW(s->rows->overlap, n + rows->n)));
  memcpy(s->rows->overlap, k->overlap, (size_t)n * sizeof *k->overlap);
  if (!l) goto done;
  KITH_TRY(kith_agree(x->comm, KITH_NEW(overlap, l->n)));
  KITH_TRY(kith__augment_overlaps(x, s->type->from, l, overlap));
  for (int64_t i = 0; i < rows->n; i++) s->rows->overlap[n + i] = (int32_t)overlap[rows->edge[i].index];
done:
  KITH_FREE(overlap);
  return st;
}

/* Type of the other ends of a new row. */
static int other_type(const augment *x, const relation_side *s, int64_t row) {
  int type = x->g->type[x->known->n_own + row];
  return s->from_reads && type == s->type->from ? s->type->to : s->type->from;
}

/* Numbers of the other ends of type `type`: of new nodes at once, of known ones from parts.h5.  Collective.
 */
static kith_agreed relation_numbers(augment *x, const char *parts_path, const relation_side *s, int type,
                                    const new_rows *rows) {
  kith_agreed st = {KITH_OK};
  kith_gid *neighbor = s->rows->neighbor + s->known->start[x->known->n_own];
  augment_pending *p = NULL;
  int64_t n = 0;
  KITH_TRY(kith_agree(x->comm, KITH_NEW(p, rows->n)));
  for (int64_t k = 0; k < rows->n; k++) {
    if (other_type(x, s, rows->edge[k].row) != type) continue;
    int64_t i = kith__augment_new_index(x->new, type, rows->edge[k].original);
    if (i >= 0) neighbor[k] = kith__augment_new_number(x, i);
    else p[n++] = (augment_pending){rows->edge[k].original, k};
  }
  KITH_TRY(kith__augment_resolve(x, parts_path, type, n, p, neighbor));
done:
  KITH_FREE(p);
  return st;
}

static kith_agreed augment_relation(augment *x, const char *parts_path, const relation_side *s) {
  kith_agreed st = {KITH_OK};
  const kith_new_edges *l = new_edges_of(x, s->type->name);
  new_rows rows = {0};
  KITH_TRY(kith_agree(x->comm, new_rows_make(x, s, l, &rows)));
  KITH_TRY(kith_agree(x->comm, relation_starts(x, s, &rows)));
  KITH_TRY(relation_times(x, s, &rows));
  KITH_TRY(relation_overlaps(x, s, l, &rows));
  if (!l) goto done; /* the same on all ranks */
  KITH_TRY(relation_numbers(x, parts_path, s, s->type->from, &rows));
  if (s->type->from != s->type->to) KITH_TRY(relation_numbers(x, parts_path, s, s->type->to, &rows));
done:
  KITH_FREE(rows.edge);
  return st;
}

kith_agreed kith__augment_relations(augment *x, const char *parts_path) {
  kith_agreed st = {KITH_OK};
  for (int r = 0; r < x->known->schema.n_relation; r++) {
    const relation_side rows = relation_side_of(x, r, false), transpose = relation_side_of(x, r, true);
    KITH_TRY(augment_relation(x, parts_path, &rows));
    if (transpose.known->start) KITH_TRY(augment_relation(x, parts_path, &transpose));
  }
done:
  return st;
}
