/* Edge dropout: the matrix without the edges that a step drops, in both directions. */
#include "ops/ops.h"

bool kith_edge_is_dropped(const kith_dropout *o, int64_t i, int64_t j, uint64_t relation) {
  uint64_t low = (uint64_t)(i < j ? i : j), high = (uint64_t)(i < j ? j : i);
  kith_draw draw = kith_random4(o->seed, KITH_RNG_EDGE_DROPOUT, o->step, low, high, relation);
  return i != j && kith_random_unit(draw.bits[0]) < o->p;
}

/* Fill keep [entries] of a row; returns how many are kept. */
static kith_eid edge_dropout_row(const kith_dropout *o, const kith_csr *a, kith_lid p, const int64_t *row,
                                 const int64_t *col, const uint8_t *of, const uint64_t *key, uint8_t *keep) {
  kith_eid n = 0;
  for (kith_eid e = a->start[p]; e < a->start[p + 1]; e++) {
    keep[e] = !kith_edge_is_dropped(o, row[a->perm[p]], col[a->col[e]], of ? key[of[e]] : 0);
    n += keep[e];
  }
  return n;
}

void kith_edge_dropout(const kith_dropout *o, const kith_csr *a, const int64_t *row, const int64_t *col,
                       const uint8_t *of, const uint64_t *key, uint8_t *keep, kith_csr *out) {
  const float scale = (float)(1 / (1 - o->p));
  out->n_row = a->n_row;
  out->n_col = a->n_col;
  out->perm = a->perm;
  out->start[0] = 0;
#pragma omp parallel for schedule(dynamic, 64)
  for (kith_lid p = 0; p < a->n_row; p++)
    out->start[p + 1] = edge_dropout_row(o, a, p, row, col, of, key, keep);
  for (kith_lid p = 0; p < a->n_row; p++) out->start[p + 1] += out->start[p];
#pragma omp parallel for schedule(dynamic, 64)
  for (kith_lid p = 0; p < a->n_row; p++) {
    kith_eid at = out->start[p];
    for (kith_eid e = a->start[p]; e < a->start[p + 1]; e++) {
      if (!keep[e]) continue;
      out->col[at] = a->col[e];
      out->weight[at++] = scale * a->weight[e];
    }
  }
}
