/* The entries of each row of a merged matrix, relation by relation: each relation's are sampled apart. */
#ifndef KITH_SRC_SAMPLE_RELATION_ROWS_H
#define KITH_SRC_SAMPLE_RELATION_ROWS_H

#include "halo/halo.h"

/* Of a matrix of one relation n is 1 and the arrays are null. */
typedef struct sample_relation_rows {
  int n;           /* relations of the matrix, interactions included */
  kith_lid *count; /* [owned rows, n] entries of a row in each relation */
  kith_lid *place; /* [entries] where a row's entries lie in it, relation by relation */
  int64_t max_count[1 + KITH_MAX_RELATIONS]; /* the most entries of a row in each relation, over all ranks */
} sample_relation_rows;

/* Collective; on failure the caller frees *out.  Errors: KITH_ENOMEM. */
kith_agreed kith__relation_rows_make(const kith_comm *comm, const kith_dist_csr *a,
                                     sample_relation_rows *out) KITH_MUST_USE;
/* Bytes of the arrays, for n relations. */
int64_t kith__relation_rows_bytes(int n, int64_t n_own, int64_t n_entry);
void kith__relation_rows_free(sample_relation_rows *r);

/* The entry at position i of a row, counted relation by relation; `start` is the row's first entry. */
static inline kith_eid kith__relation_rows_entry(const sample_relation_rows *r, kith_eid start, int64_t i) {
  return start + (r->place ? r->place[start + i] : i);
}

/* The weight of an entry of a merged matrix, without omega where omega is learned. */
static inline float kith__merged_weight(const kith_dist_csr *a, kith_eid e) {
  return a->merged->learned[a->merged->of[e]] ? a->merged->base[e] : a->csr.weight[e];
}

#endif
