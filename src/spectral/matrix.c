/* The weighted adjacency of the bipartite graph. */
#include <math.h>

#include "spectral/spectral.h"

/* Factor of a node in the weights of its edges. */
static double matrix_factor(double power, int64_t degree) {
  return degree > 0 ? pow((double)degree, -power) : 0;
}

static bool matrix_is_item(int64_t node) { return (node & 1) == KITH_ITEM; }

/* The user's factor first: a weight is then the same in both directions, to the last bit. */
static void matrix_weigh(double a, double b, kith_dist_csr *m) {
  const kith_csr *csr = &m->csr;
#pragma omp parallel for schedule(dynamic, 256)
  for (kith_lid p = 0; p < csr->n_row; p++)
    for (kith_eid e = csr->start[p]; e < csr->start[p + 1]; e++) {
      kith_lid user = csr->perm[p], item = csr->col[e];
      if (matrix_is_item(m->node[user])) {
        item = csr->perm[p];
        user = csr->col[e];
      }
      csr->weight[e] = (float)(matrix_factor(a, m->degree[user]) * matrix_factor(b, m->degree[item]));
    }
}

kith_agreed kith_spectral_matrix_create(const kith_comm *comm, const kith_graph *g, double a, double b, int d,
                                        kith_dist_csr **out) {
  kith_agreed st = kith_dist_csr_create(comm, g, d, out);
  if (!kith_is_bad(st)) matrix_weigh(a, b, *out);
  return st;
}
