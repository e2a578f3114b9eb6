/*
 * The beginning of an update of the spectral model: the eigenpairs of the older graph, which the rounds of
 * the new one begin with.  Where the update goes on, its own checkpoint is read over them.
 */
#include "train/spectral_run.h"

/* New and old pairs of the update's report: no round draws any of them. */
static void update_count(const run *r, kith_update_result *out) {
  const kith_graph *g = r->g;
  int64_t n[2] = {0, 0};
  for (kith_lid u = 0; u < g->n_own_of[KITH_USER]; u++) {
    kith_lid row = g->row_of[KITH_USER][u];
    for (kith_eid e = g->start[row]; e < g->start[row + 1]; e++) n[g->is_new[e] != 0]++;
  }
  kith_comm_sum_int(r->comm, 2, n);
  out->old_pairs = n[0];
  out->new_pairs = n[1];
}

kith_agreed kith__spectral_update_begin(run *r) {
  kith_agreed st = {KITH_OK};
  kith_checkpoint c = {.history = NULL};
  KITH_TRY(kith__run_load(r, r->o->old, true, &c));
  kith__spectral_unpack(r->ritz, r->spectrum);
  kith_spectrum_extend(r->g, r->o->train.seed, r->spectrum);
  update_count(r, &r->result->update);
  kith__update_take(r, &c);
done:
  KITH_FREE(c.history);
  return st;
}
