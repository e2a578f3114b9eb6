/* One rank's rows of the distributed matrix: ghost columns, interior rows first, weights. */
#include "base/order.h"
#include "halo/halo_impl.h"

/* The rows of the matrix, or of its transpose, in global numbers: the training graph's, or given ones. */
typedef struct dist_csr_rows {
  kith_lid n;
  const kith_eid *start;  /* [n + 1]; null: no rows */
  const kith_gid *number; /* [start[n]] */
  kith_gid low, high;     /* owned range */
} dist_csr_rows;

static kith_eid dist_csr_n_entry(const dist_csr_rows *r) { return r->start ? r->start[r->n] : 0; }

static bool dist_csr_is_remote(const dist_csr_rows *r, kith_eid e) {
  return r->number[e] < r->low || r->number[e] >= r->high;
}

/* Add the columns that other ranks own at to[n]; returns how many there are then.  to null: only count. */
static int64_t dist_csr_add_remote(const dist_csr_rows *r, int64_t n, kith_gid *to) {
  for (kith_eid e = 0; e < dist_csr_n_entry(r); e++) {
    if (!dist_csr_is_remote(r, e)) continue;
    if (to) to[n] = r->number[e];
    n++;
  }
  return n;
}

/* The ghosts: columns of the matrix and of its transpose that other ranks own, ascending, each once. */
static kith_status dist_csr_ghosts(const dist_csr_rows r[2], int64_t *n, kith_gid **out) {
  kith_status st = KITH_OK;
  kith_gid *ghost = NULL;
  int64_t n_all = dist_csr_add_remote(&r[1], dist_csr_add_remote(&r[0], 0, NULL), NULL);
  KITH_TRY(KITH_NEW(ghost, n_all));
  dist_csr_add_remote(&r[1], dist_csr_add_remote(&r[0], 0, ghost), ghost);
  int64_t n_ghost = kith_sort_unique(n_all, ghost);
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

/* The column of entry e. */
static kith_lid dist_csr_local(const dist_csr_rows *r, kith_eid e, int64_t n_ghost, const kith_gid *ghost) {
  if (!dist_csr_is_remote(r, e)) return (kith_lid)(r->number[e] - r->low);
  return r->n + (kith_lid)kith_range_find(n_ghost, ghost, r->number[e]);
}

/* Interior rows first: they are computed during the exchange of ghosts.  Returns how many there are. */
static kith_lid dist_csr_order(const dist_csr_rows *r, kith_lid *perm) {
  kith_lid n = r->n, last = n;
  for (kith_lid i = n - 1; i >= 0; i--) {
    bool boundary = false;
    for (kith_eid e = r->start[i]; e < r->start[i + 1] && !boundary; e++) boundary = dist_csr_is_remote(r, e);
    if (boundary) perm[--last] = i;
  }
  for (kith_lid i = 0, at = 0, next = last; i < n; i++) {
    if (next < n && perm[next] == i) next++;
    else perm[at++] = i;
  }
  return last;
}

static kith_status dist_csr_columns(const dist_csr_rows *r, int64_t n_ghost, const kith_gid *ghost,
                                    kith_csr *csr, kith_lid *n_interior) {
  kith_status st = KITH_OK;
  kith_eid n_entry = r->start[r->n];
  csr->n_row = r->n;
  csr->n_col = r->n + (kith_lid)n_ghost;
  KITH_TRY(KITH_NEW(csr->perm, r->n));
  KITH_TRY(KITH_NEW(csr->start, (int64_t)r->n + 1));
  KITH_TRY(KITH_NEW(csr->col, n_entry));
  KITH_TRY(KITH_NEW(csr->weight, n_entry));
  *n_interior = dist_csr_order(r, csr->perm);
  for (kith_lid p = 0; p < r->n; p++) {
    kith_eid at = csr->start[p], from = r->start[csr->perm[p]], n = r->start[csr->perm[p] + 1] - from;
    csr->start[p + 1] = at + n;
    for (kith_eid e = 0; e < n; e++) csr->col[at + e] = dist_csr_local(r, from + e, n_ghost, ghost);
  }
done:
  return st;
}

/* The matrix, its transpose if it has one, and the numbers of its rows. */
static kith_status dist_csr_fill(kith_dist_csr *a, const dist_csr_rows r[2], const kith_gid *ghost) {
  kith_status st = KITH_OK;
  KITH_TRY(dist_csr_columns(&r[0], a->n_ghost, ghost, &a->csr, &a->n_interior));
  KITH_TRY(KITH_NEW(a->iperm, r->n));
  KITH_TRY(KITH_NEW(a->number, a->csr.n_col));
  for (kith_lid p = 0; p < r->n; p++) a->iperm[a->csr.perm[p]] = p;
  for (kith_lid i = 0; i < a->csr.n_col; i++) a->number[i] = i < r->n ? r->low + i : ghost[i - r->n];
  if (!r[1].start) goto done;
  KITH_TRY(KITH_NEW(a->transpose, 1));
  KITH_TRY(dist_csr_columns(&r[1], a->n_ghost, ghost, &a->transpose->csr, &a->transpose->n_interior));
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

static dist_csr_rows dist_csr_rows_of(const kith_comm *comm, const kith_graph *g, kith__csr_rows rows) {
  return (dist_csr_rows){.n = g->n_own,
                         .start = rows.start,
                         .number = rows.number,
                         .low = g->first[comm->rank],
                         .high = g->first[comm->rank + 1]};
}

int64_t kith_dist_csr_bytes(const kith_dist_csr_sizes *s) {
  const kith_dist_csr *a = NULL;
  int64_t n_col = s->n_own + s->n_ghost;
  return KITH_BYTES(a, 1) + kith_csr_bytes(s->n_own, s->n_entry) + KITH_BYTES(a->iperm, s->n_own) +
         KITH_BYTES(a->number, n_col) + KITH_BYTES(a->degree, n_col) + KITH_BYTES(a->node, n_col) +
         kith_halo_memory_bytes(s->size, s->n_ghost, s->n_send, s->d);
}

int64_t kith_dist_csr_transient_bytes(const kith_dist_csr_sizes *s) {
  const kith_gid *ghost = NULL;
  return KITH_BYTES(ghost, s->n_ghost > 0 ? s->n_entry : 0);
}

kith_agreed kith__dist_csr_make(const kith_comm *comm, const kith_graph *g, kith__csr_rows rows,
                                kith__csr_rows transpose, int d, kith_dist_csr **out) {
  kith_agreed st = {KITH_OK};
  kith_dist_csr *a = NULL;
  kith_gid *ghost = NULL;
  int64_t n_ghost = 0;
  const dist_csr_rows r[2] = {dist_csr_rows_of(comm, g, rows), dist_csr_rows_of(comm, g, transpose)};
  *out = NULL;
  KITH_TRY(kith_agree(comm, KITH_NEW(a, 1)));
  KITH_TRY(kith_agree(comm, dist_csr_ghosts(r, &n_ghost, &ghost)));
  a->n_ghost = (kith_lid)n_ghost;
  KITH_TRY(kith_agree(comm, dist_csr_fill(a, r, ghost)));
  KITH_TRY(kith_halo_create(comm, g->first, n_ghost, ghost, &a->halo));
  KITH_TRY(kith_agree(comm, kith_halo_reserve(a->halo, d)));
  KITH_TRY(kith_agree(comm, KITH_NEW(a->degree, a->csr.n_col)));
  KITH_TRY(kith_agree(comm, KITH_NEW(a->node, a->csr.n_col)));
  for (kith_lid i = 0; i < g->n_own; i++) a->degree[i] = rows.start[i + 1] - rows.start[i];
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
  kith_agreed st = kith__dist_csr_make(comm, g, (kith__csr_rows){g->start, g->neighbor},
                                       (kith__csr_rows){NULL, NULL}, d, out);
  if (!kith_is_bad(st)) dist_csr_normalize(*out);
  return st;
}

kith_agreed kith_dist_csr_create_weighted(const kith_comm *comm, const kith_graph *g, const kith_eid *start,
                                          const kith_gid *number, const float *weight, int d,
                                          kith_dist_csr **out) {
  kith_agreed st =
      kith__dist_csr_make(comm, g, (kith__csr_rows){start, number}, (kith__csr_rows){NULL, NULL}, d, out);
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
    KITH_FREE(a->merged->kind);
    kith__gated_free(&a->merged->gated);
  }
  KITH_FREE(a->merged);
  if (a->transpose) {
    kith_csr_free(&a->transpose->csr);
    KITH_FREE(a->transpose->of);
    KITH_FREE(a->transpose->base);
    KITH_FREE(a->transpose->kind);
  }
  KITH_FREE(a->transpose);
  KITH_FREE(a->age);
  KITH_FREE(a->iperm);
  KITH_FREE(a->number);
  KITH_FREE(a->degree);
  KITH_FREE(a->node);
  kith_halo_destroy(&a->halo);
  KITH_FREE(*dist_csr);
}
