/*
 * Baselines of node classification: the shares of the classes, and label propagation of Zhou et al.,
 * "Learning with local and global consistency" (NIPS 2003): F <- alpha S F + (1 - alpha) Y, S = D^-1/2 A
 * D^-1/2.
 */
#include <math.h>
#include <string.h>

#include "base/base.h"
#include "baseline/baseline.h"
#include "halo/halo.h"
#include "ops/ops.h"

enum { CLASSES_ROUNDS = 50 };
static const double CLASSES_ALPHA = 0.9, CLASSES_PRIOR = 1e-6; /* what shares of classes add to F */

/* Shares of the classes among training nodes.  Collective. */
static kith_agreed classes_shares(const kith_comm *comm, const kith_graph *g, double **share) {
  kith_agreed st = {KITH_OK};
  int64_t *count = NULL;
  KITH_TRY(kith_agree(comm, KITH_NEW(count, g->n_class)));
  KITH_TRY(kith_agree(comm, KITH_NEW(*share, g->n_class)));
  for (kith_lid i = 0; i < g->n_own; i++)
    if (g->split[i] == KITH_NODE_TRAIN) count[g->label[i]]++;
  kith_comm_sum_int(comm, g->n_class, count);
  for (int k = 0; k < g->n_class; k++) (*share)[k] = (double)count[k] / (double)g->n_train;
done:
  KITH_FREE(count);
  return st;
}

/* f [n_col, classes], the owned rows first.  Collective. */
static kith_agreed classes_propagate(const kith_comm *comm, const kith_graph *g, float *logits) {
  kith_agreed st = {KITH_OK};
  kith_dist_csr *a = NULL;
  float *f = NULL;
  const int d = g->n_class;
  const int64_t n = (int64_t)g->n_own * d;
  KITH_TRY(kith_dist_csr_create(comm, g, d, &a));
  KITH_TRY(kith_agree(comm, KITH_NEW(f, (int64_t)a->csr.n_col * d)));
  for (int round = 0; round <= CLASSES_ROUNDS; round++) {
    for (int64_t k = 0; k < n; k++) f[k] = round > 0 ? (float)CLASSES_ALPHA * logits[k] : 0;
    for (kith_lid i = 0; i < g->n_own; i++)
      if (g->split[i] == KITH_NODE_TRAIN)
        f[(int64_t)i * d + g->label[i]] += round > 0 ? (float)(1 - CLASSES_ALPHA) : 1;
    if (round == CLASSES_ROUNDS) break;
    kith_halo_begin(a->halo, d, f, f + n);
    kith_halo_end(a->halo);
    kith_spmm(&a->csr, 0, a->csr.n_row, d, f, false, logits);
  }
  memcpy(logits, f, (size_t)n * sizeof *f);
done:
  KITH_FREE(f);
  kith_dist_csr_destroy(&a);
  return st;
}

int64_t kith_class_baseline_bytes(kith_baseline b, const kith_graph *g) {
  const float *f = NULL;
  const bool propagates = b == KITH_BASELINE_PROPAGATION;
  return KITH_BYTES(f, (int64_t)g->n_own * g->n_class) * (propagates ? 2 : 1) +
         (propagates ? 8 * g->start[g->n_own] : 0);
}

kith_agreed kith_class_baseline(const kith_comm *comm, const kith_graph *g, kith_baseline b, float *logits) {
  kith_agreed st = {KITH_OK};
  double *share = NULL;
  if (b == KITH_BASELINE_PROPAGATION && g->n_edge == 0)
    return kith_agreed_same(
        kith_fail(KITH_ECONFIG,
                  "baseline propagation: the nodes have no edges but those of relations; leave it out"));
  KITH_TRY(classes_shares(comm, g, &share));
  memset(logits, 0, (size_t)g->n_own * (size_t)g->n_class * sizeof *logits);
  if (b == KITH_BASELINE_PROPAGATION) KITH_TRY(classes_propagate(comm, g, logits));
  for (kith_lid i = 0; i < g->n_own; i++) {
    float *x = logits + (int64_t)i * g->n_class;
    double sum = 0;
    for (int k = 0; k < g->n_class; k++) sum += (double)x[k] + CLASSES_PRIOR * share[k];
    for (int k = 0; k < g->n_class; k++)
      x[k] = (float)log(((double)x[k] + CLASSES_PRIOR * share[k]) / sum + 1e-12);
  }
done:
  KITH_FREE(share);
  return st;
}
