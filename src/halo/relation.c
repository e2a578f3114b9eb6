/* The normalised adjacency on this rank's rows: which neighbours are ghosts, what they weigh, which rows need none. */
#include <math.h>
#include <stdlib.h>

#include "kith/halo.h"

static int relation_compare(const void *a, const void *b) {
  kith_gid x = *(const kith_gid *)a, y = *(const kith_gid *)b;
  return (x > y) - (x < y);
}

/* The neighbours owned elsewhere, ascending, each once. */
static kith_status relation_ghosts(const kith_graph *g, kith_gid low, kith_gid high, int64_t *n, kith_gid **out) {
  kith_status st = KITH_OK;
  kith_gid *ghost = NULL;
  int64_t n_all = 0, n_ghost = 0;
  for (kith_eid e = 0; e < g->start[g->n_own]; e++) n_all += g->neighbour[e] < low || g->neighbour[e] >= high;
  KITH_TRY(KITH_NEW(ghost, n_all));
  n_all = 0;
  for (kith_eid e = 0; e < g->start[g->n_own]; e++)
    if (g->neighbour[e] < low || g->neighbour[e] >= high) ghost[n_all++] = g->neighbour[e];
  qsort(ghost, (size_t)n_all, sizeof *ghost, relation_compare);
  for (int64_t i = 0; i < n_all; i++)
    if (i == 0 || ghost[i] != ghost[i - 1]) ghost[n_ghost++] = ghost[i];
  KITH_CHECK(g->n_own + n_ghost <= INT32_MAX - 1, KITH_EDATA, "this rank has %lld rows; at most 2^31 - 2: use more ranks",
             (long long)(g->n_own + n_ghost));
  *n = n_ghost;
  *out = ghost;
  ghost = NULL;
done:
  KITH_FREE(ghost);
  return st;
}

static kith_lid relation_local(kith_gid g, kith_gid low, kith_gid high, kith_lid n_ghost, const kith_gid *ghost) {
  if (g >= low && g < high) return (kith_lid)(g - low);
  kith_lid a = 0, b = n_ghost;
  while (b - a > 1) {
    kith_lid middle = a + (b - a) / 2;
    if (ghost[middle] <= g) a = middle;
    else b = middle;
  }
  return (kith_lid)(high - low) + a;
}

/* Rows without ghost neighbours first: those are computed while the ghosts travel. */
static void relation_order(kith_relation *a, const kith_graph *g, kith_gid low, kith_gid high) {
  kith_lid n = g->n_own, last = n;
  for (kith_lid i = n - 1; i >= 0; i--) {
    bool boundary = false;
    for (kith_eid e = g->start[i]; e < g->start[i + 1] && !boundary; e++) boundary = g->neighbour[e] < low || g->neighbour[e] >= high;
    if (boundary) a->csr.row[--last] = i;
  }
  a->n_interior = last;
  for (kith_lid i = 0, at = 0, next = last; i < n; i++) {
    if (next < n && a->csr.row[next] == i) next++;
    else a->csr.row[at++] = i;
  }
  for (kith_lid p = 0; p < n; p++) a->place[a->csr.row[p]] = p;
}

static kith_status relation_columns(kith_relation *a, const kith_graph *g, kith_gid low, kith_gid high, const kith_gid *ghost) {
  kith_status st = KITH_OK;
  kith_csr *csr = &a->csr;
  kith_eid n_entry = g->start[g->n_own];
  csr->n_row = g->n_own;
  csr->n_col = g->n_own + a->n_ghost;
  KITH_TRY(KITH_NEW(csr->row, g->n_own));
  KITH_TRY(KITH_NEW(csr->start, (int64_t)g->n_own + 1));
  KITH_TRY(KITH_NEW(csr->col, n_entry));
  KITH_TRY(KITH_NEW(csr->weight, n_entry));
  KITH_TRY(KITH_NEW(a->place, g->n_own));
  relation_order(a, g, low, high);
  for (kith_lid p = 0; p < g->n_own; p++) {
    kith_eid at = csr->start[p], from = g->start[csr->row[p]], n = g->start[csr->row[p] + 1] - from;
    csr->start[p + 1] = at + n;
    for (kith_eid e = 0; e < n; e++) csr->col[at + e] = relation_local(g->neighbour[from + e], low, high, a->n_ghost, ghost);
  }
done:
  return st;
}

/*
 * weight = 1 / sqrt(deg i * deg j): symmetric to the last bit, since the product of integers is.  Where rows read nodes
 * that do not read them, such a node may have no neighbour of its own; it then counts as if it had one.
 */
static void relation_weigh(kith_relation *a) {
  const kith_csr *csr = &a->csr;
  for (kith_lid p = 0; p < csr->n_row; p++)
    for (kith_eid e = csr->start[p]; e < csr->start[p + 1]; e++) {
      int64_t theirs = a->degree[csr->col[e]];
      csr->weight[e] = (float)(1.0 / sqrt((double)(a->degree[csr->row[p]] * (theirs > 0 ? theirs : 1))));
    }
}

kith_agreed kith_relation_create(const kith_comm *comm, const kith_graph *g, int d, kith_relation **out) {
  kith_agreed st = {KITH_OK};
  kith_relation *a = NULL;
  kith_gid *ghost = NULL, low = g->first[comm->rank], high = g->first[comm->rank + 1];
  int64_t n_ghost = 0;
  *out = NULL;
  KITH_TRY(kith_agree(comm, KITH_NEW(a, 1)));
  KITH_TRY(kith_agree(comm, relation_ghosts(g, low, high, &n_ghost, &ghost)));
  a->n_ghost = (kith_lid)n_ghost;
  KITH_TRY(kith_agree(comm, relation_columns(a, g, low, high, ghost)));
  KITH_TRY(kith_halo_create(comm, g->first, n_ghost, ghost, &a->halo));
  KITH_TRY(kith_agree(comm, kith_halo_reserve(a->halo, d)));
  KITH_TRY(kith_agree(comm, KITH_NEW(a->degree, a->csr.n_col)));
  KITH_TRY(kith_agree(comm, KITH_NEW(a->node, a->csr.n_col)));
  for (kith_lid i = 0; i < g->n_own; i++) a->degree[i] = g->start[i + 1] - g->start[i];
  for (kith_lid i = 0; i < g->n_own; i++) a->node[i] = kith_node_key(g->type[i], g->original[i]);
  KITH_TRY(kith_halo_forward_int(a->halo, a->degree, a->degree + g->n_own));
  KITH_TRY(kith_halo_forward_int(a->halo, a->node, a->node + g->n_own));
  relation_weigh(a);
  *out = a;
  a = NULL;
done:
  KITH_FREE(ghost);
  kith_relation_destroy(&a);
  return st;
}

void kith_relation_destroy(kith_relation **relation) {
  kith_relation *a = *relation;
  if (!a) return;
  kith_csr_free(&a->csr);
  KITH_FREE(a->place);
  KITH_FREE(a->degree);
  KITH_FREE(a->node);
  kith_halo_destroy(&a->halo);
  KITH_FREE(*relation);
}
