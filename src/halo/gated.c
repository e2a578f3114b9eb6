/*
 * The gated entries of a merged matrix: those whose weight is a base times a gate that the model computes at
 * every step.  They form a matrix of their own, with the rows and columns of the merged one.
 */
#include "halo/halo_impl.h"

int64_t kith_gated_entries_bytes(int64_t n_own, int64_t n_entry, bool directed) {
  const kith_gated_entries *g = NULL;
  return KITH_BYTES(g, 1) + kith_csr_bytes(n_own, n_entry) + KITH_BYTES(g->entry, n_entry) +
         KITH_BYTES(g->base, n_entry) + KITH_BYTES(g->gate, n_entry) + KITH_BYTES(g->weight_grad, n_entry) +
         (directed ? KITH_BYTES(g->back, n_entry) : 0);
}

static kith_status gated_alloc(const kith_csr *m, kith_eid n, kith_gated_entries *g) {
  kith_status st = KITH_OK;
  kith_csr *csr = &g->csr;
  csr->n_row = m->n_row;
  csr->n_col = m->n_col;
  KITH_TRY(KITH_NEW(csr->perm, m->n_row));
  KITH_TRY(KITH_NEW(csr->start, (int64_t)m->n_row + 1));
  KITH_TRY(KITH_NEW(csr->col, n));
  KITH_TRY(KITH_NEW(csr->weight, n));
  KITH_TRY(KITH_NEW(g->entry, n));
  KITH_TRY(KITH_NEW(g->base, n));
  KITH_TRY(KITH_NEW(g->gate, n));
  KITH_TRY(KITH_NEW(g->weight_grad, n));
done:
  return st;
}

static void gated_fill(const kith_csr *m, const kith_merged_relations *r, const bool *gated,
                       kith_gated_entries *g) {
  kith_eid at = 0;
  for (kith_lid p = 0; p < m->n_row; p++) {
    g->csr.perm[p] = m->perm[p];
    for (kith_eid e = m->start[p]; e < m->start[p + 1]; e++) {
      if (!gated[r->of[e]]) continue;
      g->csr.col[at] = m->col[e];
      g->base[at] = r->learned[r->of[e]] ? r->base[e] : m->weight[e];
      g->entry[at++] = e;
    }
    g->csr.start[p + 1] = at;
  }
}

/* Both ends of a pair have its entry, so a row has the same gated entries, in the same order, in the
 * transpose. */
static void gated_fill_back(const kith_dist_csr *a, const bool *gated, kith_gated_entries *g) {
  const kith_csr *t = &a->transpose->csr;
  for (kith_lid p = 0; p < t->n_row; p++) {
    kith_eid at = g->csr.start[a->iperm[t->perm[p]]];
    for (kith_eid e = t->start[p]; e < t->start[p + 1]; e++)
      if (gated[a->transpose->of[e]]) g->back[at++] = e;
  }
}

kith_status kith__gated_make(kith_dist_csr *a, const bool *gated) {
  kith_status st = KITH_OK;
  kith_eid n = 0;
  for (kith_eid e = 0; e < a->csr.start[a->csr.n_row]; e++) n += gated[a->merged->of[e]];
  KITH_TRY(KITH_NEW(a->merged->gated, 1));
  KITH_TRY(gated_alloc(&a->csr, n, a->merged->gated));
  gated_fill(&a->csr, a->merged, gated, a->merged->gated);
  if (!a->transpose) goto done;
  KITH_TRY(KITH_NEW(a->merged->gated->back, n));
  gated_fill_back(a, gated, a->merged->gated);
done:
  return st;
}

void kith__gated_free(kith_gated_entries **gated) {
  kith_gated_entries *g = *gated;
  if (!g) return;
  kith_csr_free(&g->csr);
  KITH_FREE(g->entry);
  KITH_FREE(g->back);
  KITH_FREE(g->base);
  KITH_FREE(g->gate);
  KITH_FREE(g->weight_grad);
  KITH_FREE(*gated);
}
