/* One rank's rows of the distributed matrix: ghost columns, interior rows first, weights. */
#include <stdlib.h>

#include "halo/halo_impl.h"

/* The rows of the matrix in global numbers: the training graph's, or given ones. */
typedef struct dist_csr_rows {
  kith_lid n;
  const kith_eid *start;  /* [n + 1] */
  const kith_gid *number; /* [start[n]] */
  kith_gid low, high;     /* owned range */
} dist_csr_rows;

static bool dist_csr_is_remote(const dist_csr_rows *r, kith_eid e) {
  return r->number[e] < r->low || r->number[e] >= r->high;
}

static int dist_csr_compare(const void *a, const void *b) {
  kith_gid x = *(const kith_gid *)a, y = *(const kith_gid *)b;
  return (x > y) - (x < y);
}

/* The ghosts: columns owned by other ranks, ascending, each once. */
static kith_status dist_csr_ghosts(const dist_csr_rows *r, int64_t *n, kith_gid **out) {
  kith_status st = KITH_OK;
  kith_gid *ghost = NULL;
  int64_t n_all = 0, n_ghost = 0;
  for (kith_eid e = 0; e < r->start[r->n]; e++) n_all += dist_csr_is_remote(r, e);
  KITH_TRY(KITH_NEW(ghost, n_all));
  n_all = 0;
  for (kith_eid e = 0; e < r->start[r->n]; e++)
    if (dist_csr_is_remote(r, e)) ghost[n_all++] = r->number[e];
  qsort(ghost, (size_t)n_all, sizeof *ghost, dist_csr_compare);
  for (int64_t i = 0; i < n_all; i++)
    if (i == 0 || ghost[i] != ghost[i - 1]) ghost[n_ghost++] = ghost[i];
  KITH_CHECK(r->n + n_ghost <= INT32_MAX - 1, KITH_EDATA,
             "a rank has %lld rows, ghosts included, more than 2^31 - 2: use more ranks",
             (long long)(r->n + n_ghost));
  *n = n_ghost;
  *out = ghost;
  ghost = NULL;
done:
  KITH_FREE(ghost);
  return st;
}

static kith_lid dist_csr_local(kith_gid g, kith_gid low, kith_gid high, kith_lid n_ghost,
                               const kith_gid *ghost) {
  if (g >= low && g < high) return (kith_lid)(g - low);
  kith_lid a = 0, b = n_ghost;
  while (b - a > 1) {
    kith_lid middle = a + (b - a) / 2;
    if (ghost[middle] <= g) a = middle;
    else b = middle;
  }
  return (kith_lid)(high - low) + a;
}

/* Interior rows first: they are computed during the exchange of ghosts. */
static void dist_csr_order(kith_dist_csr *a, const dist_csr_rows *r) {
  kith_lid n = r->n, last = n;
  for (kith_lid i = n - 1; i >= 0; i--) {
    bool boundary = false;
    for (kith_eid e = r->start[i]; e < r->start[i + 1] && !boundary; e++) boundary = dist_csr_is_remote(r, e);
    if (boundary) a->csr.perm[--last] = i;
  }
  a->n_interior = last;
  for (kith_lid i = 0, at = 0, next = last; i < n; i++) {
    if (next < n && a->csr.perm[next] == i) next++;
    else a->csr.perm[at++] = i;
  }
  for (kith_lid p = 0; p < n; p++) a->iperm[a->csr.perm[p]] = p;
}

static kith_status dist_csr_columns(kith_dist_csr *a, const dist_csr_rows *r, const kith_gid *ghost) {
  kith_status st = KITH_OK;
  kith_csr *csr = &a->csr;
  kith_eid n_entry = r->start[r->n];
  csr->n_row = r->n;
  csr->n_col = r->n + a->n_ghost;
  KITH_TRY(KITH_NEW(csr->perm, r->n));
  KITH_TRY(KITH_NEW(csr->start, (int64_t)r->n + 1));
  KITH_TRY(KITH_NEW(csr->col, n_entry));
  KITH_TRY(KITH_NEW(csr->weight, n_entry));
  KITH_TRY(KITH_NEW(a->iperm, r->n));
  KITH_TRY(KITH_NEW(a->number, csr->n_col));
  dist_csr_order(a, r);
  for (kith_lid p = 0; p < r->n; p++) {
    kith_eid at = csr->start[p], from = r->start[csr->perm[p]], n = r->start[csr->perm[p] + 1] - from;
    csr->start[p + 1] = at + n;
    for (kith_eid e = 0; e < n; e++)
      csr->col[at + e] = dist_csr_local(r->number[from + e], r->low, r->high, a->n_ghost, ghost);
  }
  for (kith_lid i = 0; i < csr->n_col; i++) a->number[i] = i < r->n ? r->low + i : ghost[i - r->n];
done:
  return st;
}

/*
 * weight = 1 / sqrt(deg i * deg j): bitwise symmetric, since the product of integers is.  If the pattern is
 * not symmetric, a column may have degree 0; it counts as 1.
 */
static void dist_csr_normalize(kith_dist_csr *a) {
  const kith_csr *csr = &a->csr;
  for (kith_lid p = 0; p < csr->n_row; p++)
    for (kith_eid e = csr->start[p]; e < csr->start[p + 1]; e++)
      csr->weight[e] = kith__symmetric_weight(1, a->degree[csr->perm[p]], a->degree[csr->col[e]]);
}

/* Copy given weights into the permuted rows. */
static void dist_csr_set_weights(kith_dist_csr *a, const kith_eid *start, const float *weight) {
  const kith_csr *csr = &a->csr;
  for (kith_lid p = 0; p < csr->n_row; p++)
    for (kith_eid e = csr->start[p]; e < csr->start[p + 1]; e++)
      csr->weight[e] = weight[start[csr->perm[p]] + (e - csr->start[p])];
}

kith_agreed kith__dist_csr_make(const kith_comm *comm, const kith_graph *g, const kith_eid *start,
                                const kith_gid *number, int d, kith_dist_csr **out) {
  kith_agreed st = {KITH_OK};
  kith_dist_csr *a = NULL;
  kith_gid *ghost = NULL;
  int64_t n_ghost = 0;
  dist_csr_rows r = {.n = g->n_own,
                     .start = start,
                     .number = number,
                     .low = g->first[comm->rank],
                     .high = g->first[comm->rank + 1]};
  *out = NULL;
  KITH_TRY(kith_agree(comm, KITH_NEW(a, 1)));
  KITH_TRY(kith_agree(comm, dist_csr_ghosts(&r, &n_ghost, &ghost)));
  a->n_ghost = (kith_lid)n_ghost;
  KITH_TRY(kith_agree(comm, dist_csr_columns(a, &r, ghost)));
  KITH_TRY(kith_halo_create(comm, g->first, n_ghost, ghost, &a->halo));
  KITH_TRY(kith_agree(comm, kith_halo_reserve(a->halo, d)));
  KITH_TRY(kith_agree(comm, KITH_NEW(a->degree, a->csr.n_col)));
  KITH_TRY(kith_agree(comm, KITH_NEW(a->node, a->csr.n_col)));
  for (kith_lid i = 0; i < g->n_own; i++) a->degree[i] = start[i + 1] - start[i];
  for (kith_lid i = 0; i < g->n_own; i++) a->node[i] = kith_node_key(g->type[i], g->original[i]);
  KITH_TRY(kith_halo_forward_int(a->halo, a->degree, a->degree + g->n_own));
  KITH_TRY(kith_halo_forward_int(a->halo, a->node, a->node + g->n_own));
  *out = a;
  a = NULL;
done:
  KITH_FREE(ghost);
  kith_dist_csr_destroy(&a);
  return st;
}

kith_agreed kith_dist_csr_create(const kith_comm *comm, const kith_graph *g, int d, kith_dist_csr **out) {
  kith_agreed st = kith__dist_csr_make(comm, g, g->start, g->neighbor, d, out);
  if (!kith_is_bad(st)) dist_csr_normalize(*out);
  return st;
}

kith_agreed kith_dist_csr_create_weighted(const kith_comm *comm, const kith_graph *g, const kith_eid *start,
                                          const kith_gid *number, const float *weight, int d,
                                          kith_dist_csr **out) {
  kith_agreed st = kith__dist_csr_make(comm, g, start, number, d, out);
  if (kith_is_bad(st)) return st;
  (*out)->weighted = true;
  dist_csr_set_weights(*out, start, weight);
  return st;
}

void kith_dist_csr_destroy(kith_dist_csr **dist_csr) {
  kith_dist_csr *a = *dist_csr;
  if (!a) return;
  kith_csr_free(&a->csr);
  if (a->merged) {
    KITH_FREE(a->merged->of);
    KITH_FREE(a->merged->base);
  }
  KITH_FREE(a->merged);
  KITH_FREE(a->iperm);
  KITH_FREE(a->number);
  KITH_FREE(a->degree);
  KITH_FREE(a->node);
  kith_halo_destroy(&a->halo);
  KITH_FREE(*dist_csr);
}
