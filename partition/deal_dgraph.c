/* The two ways to cut that need no library, by all ranks: the parts that make.c says. */
#include "dgraph.h"

/* Own nodes of type t: low … high - 1 of this rank. */
static void deal_range(const partition_dgraph *s, const kith_links *l, int t, int64_t *low, int64_t *high) {
  int64_t begin = 0, first = s->first[s->comm->rank];
  for (int k = 0; k < t; k++) begin += l->n[k];
  *low = begin > first ? begin - first : 0;
  *high = kith_min(begin + l->n[t] - first, s->n_own);
  if (*high < *low) *high = *low;
}

void kith__partition_dgraph_hash(const partition_dgraph *s, const kith_links *l,
                                 const kith_partition_options *o, int32_t *part) {
  int64_t low, high, begin = 0;
  for (int t = 0; t < KITH_MAX_TYPES; begin += l->n[t++]) {
    deal_range(s, l, t, &low, &high);
    for (int64_t i = low; i < high; i++)
      part[i] = kith__partition_hash_one(o, t, s->first[s->comm->rank] + i - begin);
  }
}

void kith__partition_dgraph_contiguous(const partition_dgraph *s, const kith_links *l,
                                       const kith_partition_options *o, int32_t *part) {
  int64_t here[KITH_MAX_TYPES] = {0}, all[KITH_MAX_TYPES], before[KITH_MAX_TYPES] = {0}, low, high;
  for (int t = 0; t < KITH_MAX_TYPES; t++) {
    deal_range(s, l, t, &low, &high);
    if (high > low) here[t] = s->start[high] - s->start[low] + high - low;
    all[t] = here[t];
  }
  kith_comm_sum_int(s->comm, KITH_MAX_TYPES, all);
  KITH_MPI(MPI_Exscan(here, before, KITH_MAX_TYPES, MPI_INT64_T, MPI_SUM, s->comm->mpi));
  for (int t = 0; t < KITH_MAX_TYPES; t++) {
    deal_range(s, l, t, &low, &high);
    int64_t at = s->comm->rank > 0 ? before[t] : 0; /* undefined on rank 0 */
    for (int64_t i = low; i < high; i++) {
      part[i] = kith__partition_range_of(at, all[t], o->parts);
      at += s->start[i + 1] - s->start[i] + 1;
    }
  }
}
