/*
 * Input rows of the nodes that are new in an update.  A row's partners are summed in the order of their keys,
 * so that it has the same bits on any number of ranks.
 */
#include <string.h>

#include "train/trainer.h"

/* Partners are users and items, whose keys are 2 original + type. */
static bool new_rows_is_known(const kith_graph *g, int64_t key) {
  return key / 2 < g->parent.n[kith_node_key_type(key)];
}

/* The mean of the rows of known partners, sum [d] for scratch; false if there are none. */
static bool new_rows_mean(const kith_trainer *t, kith_lid i, const float *ghost, double *sum, float *x) {
  const kith_dist_csr *a = t->a;
  const int d = t->d;
  int64_t n = 0;
  memset(sum, 0, (size_t)d * sizeof *sum);
  for (kith_eid e = a->csr.start[a->iperm[i]]; e < a->csr.start[a->iperm[i] + 1]; e++) {
    kith_lid c = a->csr.col[e];
    const float *from = c < t->g->n_own ? x + (int64_t)c * d : ghost + (int64_t)(c - t->g->n_own) * d;
    if (!new_rows_is_known(t->g, a->node[c])) continue;
    for (int j = 0; j < d; j++) sum[j] += (double)from[j];
    n++;
  }
  for (int j = 0; j < d && n > 0; j++) x[(int64_t)i * d + j] = (float)(sum[j] / (double)n);
  return n > 0;
}

kith_agreed kith_trainer_begin_new(kith_trainer *t, int64_t *n_drawn) {
  kith_agreed st = {KITH_OK};
  const kith_graph *g = t->g;
  float *ghost = NULL, *x = t->whole->x ? t->whole->x->value : NULL;
  double *sum = NULL;
  int64_t drawn = 0;
  *n_drawn = 0;
  if (!x) return st;
  KITH_TRY(kith_agree(t->comm, KITH_NEW(ghost, (int64_t)t->a->n_ghost * t->d)));
  KITH_TRY(kith_agree(t->comm, KITH_NEW(sum, t->d)));
  kith_halo_begin(t->a->halo, t->d, x, ghost);
  kith_halo_end(t->a->halo);
  for (kith_lid i = 0; i < g->n_own; i++) {
    if (g->original[i] < g->parent.n[g->type[i]]) continue;
    if (t->train.update.init == KITH_UPDATE_ZERO) memset(x + (int64_t)i * t->d, 0, (size_t)t->d * sizeof *x);
    else drawn += !new_rows_mean(t, i, ghost, sum, x);
  }
  kith_comm_sum_int(t->comm, 1, &drawn);
  *n_drawn = drawn;
done:
  KITH_FREE(ghost);
  KITH_FREE(sum);
  return st;
}
