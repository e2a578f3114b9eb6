/* Normalizations of a merged matrix, each relation by its own degrees: the entries of a row and of a column.
 */
#include "graph/schema.h"
#include "halo/halo_impl.h"

typedef struct normalize {
  kith_normalization by;
  int relation;
  double omega;
  int64_t *row, *column; /* [n_col] degrees in the relation, as of the matrix's rows and columns */
} normalize;

static float normalize_weight(const normalize *m, double omega, int64_t row, int64_t column) {
  switch (m->by) {
  case KITH_NORMALIZE_LEFT: return (float)(omega / (double)row);
  case KITH_NORMALIZE_RIGHT: return (float)(omega / (double)column);
  case KITH_NORMALIZE_NONE: return (float)omega;
  default: return kith__symmetric_weight(omega, row, column);
  }
}

/* Entries of each row in the relation, ghosts included. */
static kith_agreed normalize_count(const kith_csr *csr, const uint8_t *of, int relation, kith_halo *halo,
                                   int64_t *degree) {
  for (kith_lid p = 0; p < csr->n_row; p++) {
    int64_t n = 0;
    for (kith_eid e = csr->start[p]; e < csr->start[p + 1]; e++) n += of[e] == relation;
    degree[csr->perm[p]] = n;
  }
  return kith_halo_forward_int(halo, degree, degree + csr->n_row);
}

/* Weights of the relation's entries; row and column are the degrees as the matrix has them. */
static void normalize_set(const normalize *m, const kith_csr *csr, const uint8_t *of, bool transposed,
                          bool learned, float *base) {
  for (kith_lid p = 0; p < csr->n_row; p++)
    for (kith_eid e = csr->start[p]; e < csr->start[p + 1]; e++) {
      if (of[e] != m->relation) continue;
      kith_lid row = transposed ? csr->col[e] : csr->perm[p],
               column = transposed ? csr->perm[p] : csr->col[e];
      csr->weight[e] = normalize_weight(m, m->omega, m->row[row], m->column[column]);
      if (learned) base[e] = normalize_weight(m, 1, m->row[row], m->column[column]);
    }
}

static kith_agreed normalize_relation(kith_dist_csr *a, const normalize *m) {
  kith_agreed st = {KITH_OK};
  const kith_dist_transpose *t = a->transpose;
  const kith_csr *back = t ? &t->csr : &a->csr;
  bool learned = a->merged->learned[m->relation];
  KITH_TRY(normalize_count(&a->csr, a->merged->of, m->relation, a->halo, m->row));
  KITH_TRY(normalize_count(back, t ? t->of : a->merged->of, m->relation, a->halo, m->column));
  normalize_set(m, &a->csr, a->merged->of, false, learned, a->merged->base);
  if (t) normalize_set(m, &t->csr, t->of, true, learned, t->base);
done:
  return st;
}

static kith_status normalize_alloc(const kith_dist_csr *a, normalize *m) {
  kith_status st = KITH_OK;
  KITH_TRY(KITH_NEW(m->row, a->csr.n_col));
  KITH_TRY(KITH_NEW(m->column, a->csr.n_col));
done:
  return st;
}

kith_agreed kith_dist_csr_normalize(const kith_comm *comm, const kith_relation_weights *w,
                                    kith_normalization by, kith_dist_csr *a) {
  kith_agreed st = {KITH_OK};
  normalize m = {.by = by};
  KITH_TRY(kith_agree(comm, normalize_alloc(a, &m)));
  for (m.relation = 0; m.relation < a->merged->n; m.relation++) {
    m.omega = m.relation > 0 ? w->of[m.relation - 1].weight : 1;
    KITH_TRY(normalize_relation(a, &m));
  }
done:
  KITH_FREE(m.row);
  KITH_FREE(m.column);
  return st;
}

/* ---- given weights ---- */

/* The rows of term k, or of its transpose, and its name; null: interactions. */
static const kith_adjacency *given_rows(const kith_graph *g, const kith_relation_weights *w, int k,
                                        bool transposed) {
  if (k == 0) return NULL;
  int r = kith_schema_find_relation(&g->schema, w->of[k - 1].name);
  bool directed = g->schema.relation[r].direction != KITH_DIRECTION_BOTH;
  return transposed && directed ? &g->transpose[r] : &g->relation[r];
}

/* The entries of a relation stand in a row in the order of its own rows. */
static kith_status given_set(const kith_graph *g, const kith_relation_weights *w, bool transposed,
                             const uint8_t *of, const kith_csr *csr) {
  kith_status st = KITH_OK;
  for (int k = 0; k <= w->n; k++) {
    const kith_adjacency *rows = given_rows(g, w, k, transposed);
    for (kith_lid p = 0; p < csr->n_row; p++) {
      kith_eid at = rows ? rows->start[csr->perm[p]] : 0;
      for (kith_eid e = csr->start[p]; e < csr->start[p + 1]; e++) {
        if (of[e] != k) continue;
        csr->weight[e] = rows && rows->weight ? rows->weight[at++] : 1;
        KITH_CHECK(csr->weight[e] > 0, KITH_ECONFIG,
                   "model.relations.%s: an edge weighs %.9g, but means by weights need weights above 0",
                   w->of[k - 1].name, (double)csr->weight[e]);
      }
    }
  }
done:
  return st;
}

kith_status kith_dist_csr_give_weights(const kith_graph *g, const kith_relation_weights *w,
                                       kith_dist_csr *a) {
  kith_status st = KITH_OK;
  KITH_TRY(given_set(g, w, false, a->merged->of, &a->csr));
  if (a->transpose) KITH_TRY(given_set(g, w, true, a->transpose->of, &a->transpose->csr));
done:
  return st;
}
