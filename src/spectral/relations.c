/*
 * Relations in M.  A row of a relation holds the items that its node has edges with; users who are tied have
 * rows of M's own users, summed over their ties.
 */
#include <string.h>

#include "graph/schema.h"
#include "ops/ops.h"
#include "spectral/spectral_impl.h"

/* A relation in M: M_r and its transpose, or the matrix of the ties between users. */
typedef struct relation_block {
  kith_dist_csr *rows; /* rows of all nodes, columns of items; ties: rows and columns of users */
  kith_dist_csr *back; /* rows of items; null: the relation consists of ties */
} relation_block;

struct kith_spectral_relations {
  int n;
  relation_block block[KITH_MAX_RELATIONS];
  kith_lid n_own, n_col; /* rows; the most columns of any of the matrices */
  float *row;            /* [n_col, SLAB] rows of a relation */
  float *sum;            /* [n_own, SLAB] what ties add to rows of users; null: there are none */
};

/* Which entries a matrix has. */
typedef enum relation_part { RELATION_ROWS, RELATION_BACK, RELATION_TIES } relation_part;

/* What the making of a matrix needs. */
typedef struct relation_work {
  const kith_comm *comm;
  const kith_graph *g;
  int relation;     /* of the schema */
  uint8_t *is_item; /* [nodes of the graph] by global number */
  kith_eid *start;  /* [n_own + 1] */
  kith_gid *number; /* [start[n_own]] */
  float *weight;    /* [start[n_own]] zeros */
  int64_t *degree;  /* [n_col] of the columns … */
  double *factor;   /* [n_col] … and their factors */
} relation_work;

static void relation_work_free(relation_work *w) {
  KITH_FREE(w->is_item);
  KITH_FREE(w->start);
  KITH_FREE(w->number);
  KITH_FREE(w->weight);
  KITH_FREE(w->degree);
  KITH_FREE(w->factor);
}

/* ---- entries ---- */

static bool relation_has(const relation_work *w, relation_part part, kith_lid row, kith_gid column) {
  if (part == RELATION_ROWS) return w->is_item[column];
  return part == RELATION_TIES || w->g->type[row] == KITH_ITEM;
}

/* Entries of a row, whichever end of an edge reads the other; to null: only count. */
static kith_eid relation_row(const relation_work *w, relation_part part, kith_lid row, kith_gid *to) {
  const kith_adjacency *side[2] = {&w->g->relation[w->relation], &w->g->transpose[w->relation]};
  kith_eid n = 0;
  for (int i = 0; i < 2; i++) {
    if (!side[i]->start) continue; /* of a relation without a direction */
    for (kith_eid e = side[i]->start[row]; e < side[i]->start[row + 1]; e++) {
      if (!relation_has(w, part, row, side[i]->neighbor[e])) continue;
      if (to) to[n] = side[i]->neighbor[e];
      n++;
    }
  }
  return n;
}

static kith_status relation_entries(relation_work *w, relation_part part) {
  kith_status st = KITH_OK;
  kith_lid n = w->g->n_own;
  KITH_TRY(KITH_NEW(w->start, (int64_t)n + 1));
  for (kith_lid i = 0; i < n; i++) w->start[i + 1] = w->start[i] + relation_row(w, part, i, NULL);
  KITH_TRY(KITH_NEW(w->number, w->start[n]));
  KITH_TRY(KITH_NEW(w->weight, w->start[n]));
  for (kith_lid i = 0; i < n; i++) relation_row(w, part, i, w->number + w->start[i]);
done:
  return st;
}

static kith_agreed relation_matrix(relation_work *w, relation_part part, kith_dist_csr **out) {
  kith_agreed st = {KITH_OK};
  KITH_TRY(kith_agree(w->comm, relation_entries(w, part)));
  KITH_TRY(kith_dist_csr_create_weighted(w->comm, w->g, w->start, w->number, w->weight, SLAB, out));
done:
  KITH_FREE(w->start);
  KITH_FREE(w->number);
  KITH_FREE(w->weight);
  return st;
}

/* Edges without an item at an end. */
static int64_t relation_unread(const relation_work *w) {
  int64_t n = 0;
  for (kith_lid i = 0; i < w->g->n_own; i++)
    if (w->g->type[i] != KITH_ITEM)
      n += relation_row(w, RELATION_TIES, i, NULL) - relation_row(w, RELATION_ROWS, i, NULL);
  kith_comm_sum_int(w->comm, 1, &n);
  return n / 2;
}

/* ---- weights ---- */

/* Factor [n_col] of each column: D^-power, D the entries that its node has in the other matrix as a row. */
static kith_agreed relation_factors(relation_work *w, double power, const kith_dist_csr *other,
                                    const kith_dist_csr *a) {
  kith_agreed st = {KITH_OK};
  const kith_csr *csr = &a->csr;
  KITH_TRY(kith_agree(w->comm, KITH_NEW(w->degree, csr->n_col)));
  KITH_TRY(kith_agree(w->comm, KITH_NEW(w->factor, csr->n_col)));
  memcpy(w->degree, other->degree, (size_t)csr->n_row * sizeof *w->degree);
  KITH_TRY(kith_halo_forward_int(a->halo, w->degree, w->degree + csr->n_row));
#pragma omp parallel for
  for (kith_lid i = 0; i < csr->n_col; i++) w->factor[i] = kith__degree_factor(power, w->degree[i]);
done:
  KITH_FREE(w->degree);
  return st;
}

/* omega D^-row_power D^-column_power, degrees in the relation; the same on both sides, to the last bit. */
static kith_agreed relation_weigh(relation_work *w, double omega, double row_power, double column_power,
                                  const kith_dist_csr *other, kith_dist_csr *a) {
  kith_agreed st = {KITH_OK};
  const kith_csr *csr = &a->csr;
  KITH_TRY(relation_factors(w, column_power, other, a));
#pragma omp parallel for schedule(dynamic, 256)
  for (kith_lid p = 0; p < csr->n_row; p++) {
    double row = kith__degree_factor(row_power, a->degree[csr->perm[p]]);
    for (kith_eid e = csr->start[p]; e < csr->start[p + 1]; e++)
      csr->weight[e] = (float)(omega * (row * w->factor[csr->col[e]]));
  }
done:
  KITH_FREE(w->factor);
  return st;
}

/* ---- relations ---- */

static bool relation_joins_users(const kith_relation_type *e) {
  return e->from == KITH_USER && e->to == KITH_USER;
}

static kith_status relation_find(const kith_graph *g, const char *name, int *out) {
  kith_status st = KITH_OK;
  const kith_schema *s = &g->schema;
  int r = kith_schema_find_relation(s, name);
  KITH_CHECK(r >= 0, KITH_ECONFIG,
             "model.relations.%s: the cut graph has no relation %s; name its list in data.relations.%s (ties "
             "between users: data.social), and run kith ingest and kith partition again",
             name, name, name);
  const kith_relation_type *e = &s->relation[r];
  KITH_CHECK(relation_joins_users(e) || kith_schema_has(s, e->from, KITH_ITEM) ||
                 kith_schema_has(s, e->to, KITH_ITEM),
             KITH_ECONFIG,
             "model.relations.%s: joins %s with %s, but spectral reads edges with an item at an end, or ties "
             "between users",
             name, s->type[e->from], s->type[e->to]);
  *out = r;
done:
  return st;
}

static kith_agreed relation_make_ties(relation_work *w, double omega, relation_block *out) {
  kith_agreed st = {KITH_OK};
  KITH_TRY(relation_matrix(w, RELATION_TIES, &out->rows));
  KITH_TRY(relation_weigh(w, omega, 0.5, 0.5, out->rows, out->rows));
done:
  return st;
}

static kith_agreed relation_make(relation_work *w, const struct kith_relation_weight *by, double a, double b,
                                 relation_block *out) {
  kith_agreed st = {KITH_OK};
  int64_t unread = relation_unread(w);
  if (unread > 0 && w->comm->rank == 0)
    kith_warn("model.relations.%s: spectral does not read %s no item at an end", by->name,
              KITH_COUNT(unread, "edge(s) of it, which (has|have)"));
  KITH_TRY(relation_matrix(w, RELATION_ROWS, &out->rows));
  KITH_TRY(relation_matrix(w, RELATION_BACK, &out->back));
  KITH_TRY(relation_weigh(w, by->weight, a, b, out->back, out->rows));
  KITH_TRY(relation_weigh(w, by->weight, b, a, out->rows, out->back));
done:
  return st;
}

static kith_status relation_mark_items(relation_work *w) {
  kith_status st = KITH_OK;
  KITH_TRY(KITH_NEW(w->is_item, kith_graph_n_node(w->g)));
  for (int64_t i = 0; i < w->g->n[KITH_ITEM]; i++) w->is_item[w->g->item_number[i]] = 1;
done:
  return st;
}

static kith_status relations_alloc(kith_spectral_relations *s) {
  kith_status st = KITH_OK;
  bool ties = false;
  for (int i = 0; i < s->n; i++) {
    const relation_block *b = &s->block[i];
    if (b->rows->csr.n_col > s->n_col) s->n_col = b->rows->csr.n_col;
    if (b->back && b->back->csr.n_col > s->n_col) s->n_col = b->back->csr.n_col;
    ties = ties || !b->back;
  }
  KITH_TRY(KITH_NEW(s->row, (int64_t)s->n_col * SLAB));
  if (ties) KITH_TRY(KITH_NEW(s->sum, (int64_t)s->n_own * SLAB));
done:
  return st;
}

kith_agreed kith_spectral_relations_create(const kith_comm *comm, const kith_graph *g,
                                           const kith_relation_weights *by, double a, double b,
                                           kith_spectral_relations **out) {
  kith_agreed st = {KITH_OK};
  kith_spectral_relations *s = NULL;
  relation_work w = {.comm = comm, .g = g};
  *out = NULL;
  if (by->n == 0) return st;
  KITH_TRY(kith_agree(comm, KITH_NEW(s, 1)));
  s->n_own = g->n_own;
  KITH_TRY(kith_agree(comm, relation_mark_items(&w)));
  for (; s->n < by->n; s->n++) {
    relation_block *block = &s->block[s->n];
    KITH_TRY(kith_agreed_same(relation_find(g, by->of[s->n].name, &w.relation)));
    if (relation_joins_users(&g->schema.relation[w.relation]))
      KITH_TRY(relation_make_ties(&w, by->of[s->n].weight, block));
    else KITH_TRY(relation_make(&w, &by->of[s->n], a, b, block));
  }
  KITH_TRY(kith_agree(comm, relations_alloc(s)));
  *out = s;
  s = NULL;
done:
  relation_work_free(&w);
  kith_spectral_relations_free(&s);
  return st;
}

void kith_spectral_relations_free(kith_spectral_relations **relations) {
  kith_spectral_relations *s = *relations;
  if (!s) return;
  for (int i = 0; i < KITH_MAX_RELATIONS; i++) {
    kith_dist_csr_destroy(&s->block[i].rows);
    kith_dist_csr_destroy(&s->block[i].back);
  }
  KITH_FREE(s->row);
  KITH_FREE(s->sum);
  KITH_FREE(*relations);
}

/* Entries of M_r and of its transpose: an edge is read once by each end; of two items, by both in each. */
static int64_t relation_n_entry(const kith_graph_sizes *g, int r) {
  const kith_relation_type *e = &g->schema.relation[r];
  int64_t n = g->n_relation_entry[r] + g->n_transpose_entry[r];
  bool items =
      kith_schema_has(&g->schema, e->from, KITH_ITEM) && kith_schema_has(&g->schema, e->to, KITH_ITEM);
  return items ? 2 * n : n;
}

int64_t kith_spectral_relations_bytes(const kith_graph_sizes *g, const kith_relation_weights *by,
                                      int64_t *n_ghost) {
  const kith_spectral_relations *s = NULL;
  kith_dist_csr_sizes a = {.size = g->size, .n_own = g->n_own, .d = SLAB};
  int64_t bytes = 0;
  *n_ghost = 0;
  for (int i = 0; i < by->n; i++) {
    int r = kith_schema_find_relation(&g->schema, by->of[i].name);
    if (r < 0) continue; /* training says so */
    int64_t n = relation_n_entry(g, r), ties = relation_joins_users(&g->schema.relation[r]) ? 1 : 0;
    a.n_entry = ties ? n : n / 2;
    a.n_ghost = a.n_send = kith_min(g->n_ghost_with_relations, a.n_entry);
    bytes += (ties ? 1 : 2) * kith_dist_csr_bytes(&a) + ties * KITH_BYTES(s->sum, g->n_own * SLAB);
    if (a.n_ghost > *n_ghost) *n_ghost = a.n_ghost;
  }
  return by->n == 0 ? 0 : bytes + KITH_BYTES(s->row, (g->n_own + *n_ghost) * SLAB);
}

/* ---- products ---- */

/* y = (or +=) A x; the ghost rows of x are received. */
static void relation_multiply(const kith_dist_csr *a, float *x, bool add, float *y) {
  const kith_csr *csr = &a->csr;
  kith_halo_begin(a->halo, SLAB, x, x + (size_t)csr->n_row * SLAB);
  kith_spmm(csr, 0, a->n_interior, SLAB, x, add, y);
  kith_halo_end(a->halo);
  kith_spmm(csr, a->n_interior, csr->n_row, SLAB, x, add, y);
}

kith_lid kith__relations_columns(const kith_spectral_relations *s) { return s ? s->n_col : 0; }

void kith__relations_add_ties(kith_spectral_relations *s, float *y) {
  int64_t n = (int64_t)s->n_own * SLAB;
  if (!s->sum) return;
  memset(s->sum, 0, (size_t)n * sizeof *s->sum);
  for (int i = 0; i < s->n; i++) {
    if (s->block[i].back) continue;
    relation_multiply(s->block[i].rows, y, false, s->row);
    relation_multiply(s->block[i].rows, s->row, true, s->sum);
  }
#pragma omp parallel for
  for (int64_t i = 0; i < n; i++) y[i] += s->sum[i];
}

void kith__relations_add_items(kith_spectral_relations *s, float *x, float *y) {
  for (int i = 0; i < s->n; i++) {
    if (!s->block[i].back) continue;
    relation_multiply(s->block[i].rows, x, false, s->row);
    relation_multiply(s->block[i].back, s->row, true, y);
  }
}
