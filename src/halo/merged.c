/*
 * One matrix of two relations: M = A + omega F, where A is the interactions' normalized adjacency and F that
 * of the ties between users, each normalized by its own degrees.  A linear model reads M in one pass over
 * memory and one exchange.  A row's columns ascend by node key, whichever relation they come from.
 */
#include <string.h>

#include "halo/halo_impl.h"

/* The neighbors of each owned row: those of its interactions, then its friends. */
typedef struct merged_rows {
  kith_eid *start;  /* [n_own + 1] */
  kith_gid *number; /* [start[n_own]] */
} merged_rows;

static void merged_rows_free(merged_rows *m) {
  KITH_FREE(m->start);
  KITH_FREE(m->number);
}

static kith_status merged_concatenate(const kith_graph *g, merged_rows *m) {
  kith_status st = KITH_OK;
  const kith_adjacency *f = &g->friend;
  KITH_TRY(KITH_NEW(m->start, (int64_t)g->n_own + 1));
  KITH_TRY(KITH_NEW(m->number, g->start[g->n_own] + f->start[g->n_own]));
  for (kith_lid i = 0; i < g->n_own; i++) {
    kith_eid n = g->start[i + 1] - g->start[i], n_friend = f->start[i + 1] - f->start[i];
    kith_gid *to = m->number + m->start[i];
    memcpy(to, g->neighbor + g->start[i], (size_t)n * sizeof *to);
    memcpy(to + n, f->neighbor + f->start[i], (size_t)n_friend * sizeof *to);
    m->start[i + 1] = m->start[i] + n + n_friend;
  }
done:
  return st;
}

/* Weights while interactions stand before friends; friends [n_col]: ties of each row, ghosts included. */
static void merged_weigh(kith_dist_csr *a, const kith_graph *g, double omega, const int64_t *friends) {
  kith_csr *csr = &a->csr;
  for (kith_lid p = 0; p < csr->n_row; p++) {
    kith_lid i = csr->perm[p];
    kith_eid middle = csr->start[p] + g->start[i + 1] - g->start[i];
    for (kith_eid e = csr->start[p]; e < middle; e++)
      csr->weight[e] = kith__symmetric_weight(1, a->degree[i], a->degree[csr->col[e]]);
    for (kith_eid e = middle; e < csr->start[p + 1]; e++)
      csr->weight[e] = kith__symmetric_weight(omega, friends[i], friends[csr->col[e]]);
  }
}

/* Merge the two ascending runs of a row, col [n] with the second from `middle` on, by way of a scratch row.
 */
static void merged_order_row(const int64_t *node, kith_eid n, kith_eid middle, kith_lid *col, float *weight,
                             kith_lid *col_scratch, float *weight_scratch) {
  kith_eid i = 0, j = middle;
  memcpy(col_scratch, col, (size_t)n * sizeof *col);
  memcpy(weight_scratch, weight, (size_t)n * sizeof *weight);
  for (kith_eid to = 0; to < n; to++) {
    bool first = j == n || (i < middle && node[col_scratch[i]] < node[col_scratch[j]]);
    kith_eid from = first ? i++ : j++;
    col[to] = col_scratch[from];
    weight[to] = weight_scratch[from];
  }
}

static kith_status merged_order(kith_dist_csr *a, const kith_graph *g) {
  kith_status st = KITH_OK;
  kith_csr *csr = &a->csr;
  kith_lid *col = NULL;
  float *weight = NULL;
  kith_eid longest = 0;
  for (kith_lid p = 0; p < csr->n_row; p++)
    if (csr->start[p + 1] - csr->start[p] > longest) longest = csr->start[p + 1] - csr->start[p];
  KITH_TRY(KITH_NEW(col, longest));
  KITH_TRY(KITH_NEW(weight, longest));
  for (kith_lid p = 0; p < csr->n_row; p++) {
    kith_lid i = csr->perm[p];
    kith_eid at = csr->start[p], n = csr->start[p + 1] - at;
    merged_order_row(a->node, n, g->start[i + 1] - g->start[i], csr->col + at, csr->weight + at, col, weight);
    for (kith_eid e = at + 1; e < at + n; e++)
      KITH_CHECK(
          a->node[csr->col[e - 1]] < a->node[csr->col[e]], KITH_EDATA,
          "parts.h5: a row of edge/friend does not ascend or names a node twice; run kith partition again");
  }
done:
  KITH_FREE(col);
  KITH_FREE(weight);
  return st;
}

kith_agreed kith_dist_csr_create_merged(const kith_comm *comm, const kith_graph *g, double omega, int d,
                                        kith_dist_csr **out) {
  kith_agreed st = {KITH_OK};
  kith_dist_csr *a = NULL;
  merged_rows m = {0};
  int64_t *friends = NULL;
  *out = NULL;
  KITH_TRY(kith_agree(comm, merged_concatenate(g, &m)));
  KITH_TRY(kith__dist_csr_make(comm, g, m.start, m.number, d, &a));
  KITH_TRY(kith_agree(comm, KITH_NEW(friends, a->csr.n_col)));
  for (kith_lid i = 0; i < g->n_own; i++) a->degree[i] = g->start[i + 1] - g->start[i];
  for (kith_lid i = 0; i < g->n_own; i++) friends[i] = g->friend.start[i + 1] - g->friend.start[i];
  KITH_TRY(kith_halo_forward_int(a->halo, a->degree, a->degree + g->n_own));
  KITH_TRY(kith_halo_forward_int(a->halo, friends, friends + g->n_own));
  merged_weigh(a, g, omega, friends);
  KITH_TRY(kith_agree(comm, merged_order(a, g)));
  *out = a;
  a = NULL;
done:
  merged_rows_free(&m);
  KITH_FREE(friends);
  kith_dist_csr_destroy(&a);
  return st;
}
