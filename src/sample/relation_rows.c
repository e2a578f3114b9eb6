/* A counting sort of each row's entries by relation; within a relation they ascend by node key as before. */
#include "sample/relation_rows.h"

static kith_status relation_rows_alloc(const kith_dist_csr *a, sample_relation_rows *r) {
  kith_status st = KITH_OK;
  KITH_TRY(KITH_NEW(r->count, (int64_t)a->csr.n_row * r->n));
  KITH_TRY(KITH_NEW(r->place, a->csr.start[a->csr.n_row]));
done:
  return st;
}

int64_t kith__relation_rows_bytes(int n, int64_t n_own, int64_t n_entry) {
  const sample_relation_rows *r = NULL;
  return n > 1 ? KITH_BYTES(r->count, n_own * n) + KITH_BYTES(r->place, n_entry) : 0;
}

static void relation_rows_sort(const kith_dist_csr *a, kith_lid p, sample_relation_rows *r) {
  kith_lid *count = r->count + (int64_t)a->csr.perm[p] * r->n, next[1 + KITH_MAX_RELATIONS] = {0};
  kith_eid start = a->csr.start[p], end = a->csr.start[p + 1];
  for (kith_eid e = start; e < end; e++) count[a->merged->of[e]]++;
  for (int k = 1; k < r->n; k++) next[k] = next[k - 1] + count[k - 1];
  for (kith_eid e = start; e < end; e++) r->place[start + next[a->merged->of[e]]++] = (kith_lid)(e - start);
  for (int k = 0; k < r->n; k++)
    if (count[k] > r->max_count[k]) r->max_count[k] = count[k];
}

kith_agreed kith__relation_rows_make(const kith_comm *comm, const kith_dist_csr *a,
                                     sample_relation_rows *out) {
  kith_agreed st = {KITH_OK};
  *out = (sample_relation_rows){.n = a->merged ? a->merged->n : 1};
  if (!a->merged) return st;
  KITH_TRY(kith_agree(comm, relation_rows_alloc(a, out)));
  for (kith_lid p = 0; p < a->csr.n_row; p++) relation_rows_sort(a, p, out);
  for (int k = 0; k < out->n; k++) out->max_count[k] = kith_comm_max(comm, out->max_count[k]);
done:
  return st;
}

void kith__relation_rows_free(sample_relation_rows *r) {
  KITH_FREE(r->count);
  KITH_FREE(r->place);
}
