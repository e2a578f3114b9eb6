/* The weighted adjacency of the bipartite graph. */
#include "spectral/spectral_impl.h"

static bool matrix_is_item(int64_t node) { return (node & 1) == KITH_ITEM; }

/* A power is taken once a node, not twice an edge.  Both directions of an edge get the same bits. */
static kith_status matrix_weigh(double a, double b, kith_dist_csr *m) {
  kith_status st = KITH_OK;
  const kith_csr *csr = &m->csr;
  double *factor = NULL;
  KITH_TRY(KITH_NEW(factor, csr->n_col));
#pragma omp parallel for
  for (kith_lid i = 0; i < csr->n_col; i++)
    factor[i] = kith__degree_factor(matrix_is_item(m->node[i]) ? b : a, m->degree[i]);
#pragma omp parallel for schedule(dynamic, 256)
  for (kith_lid p = 0; p < csr->n_row; p++)
    for (kith_eid e = csr->start[p]; e < csr->start[p + 1]; e++)
      csr->weight[e] = (float)(factor[csr->perm[p]] * factor[csr->col[e]]);
done:
  KITH_FREE(factor);
  return st;
}

kith_agreed kith_spectral_matrix_create(const kith_comm *comm, const kith_graph *g, double a, double b, int d,
                                        kith_dist_csr **out) {
  kith_agreed st = {KITH_OK};
  kith_dist_csr *m = NULL;
  *out = NULL;
  KITH_TRY(kith_dist_csr_create(comm, g, d, &m));
  KITH_TRY(kith_agree(comm, matrix_weigh(a, b, m)));
  *out = m;
  m = NULL;
done:
  kith_dist_csr_destroy(&m);
  return st;
}
