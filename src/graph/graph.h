/** What other rooms of the library use of graph, beyond kith/graph.h. */
#ifndef KITH_GRAPH_GRAPH_H
#define KITH_GRAPH_GRAPH_H

#include "kith/graph.h"
#include "comm/comm.h"

/** Free the arrays.  Local. */
void kith_ragged_free(kith_ragged *ragged);
/** Whether row `row` contains `value`: binary search.  Local. */
bool kith_ragged_has(const kith_ragged *ragged, int64_t row, int32_t value);
/** Whether row `row` contains `value` with the kind kind[e] == k; kind null: any.  Local. */
bool kith_ragged_has_kind(const kith_ragged *ragged, const uint16_t *kind, int64_t row, int32_t value,
                          uint16_t k);

/** Free the arrays.  Local. */
void kith_csr_free(kith_csr *csr);

/** Free the arrays.  Local. */
void kith_features_free(kith_features *features);
/** Allocate n_row rows with `n` entries in total; start is zero.  Local.  Errors: KITH_ENOMEM, *out is empty.
 */
kith_status kith_features_make(int64_t n_row, kith_eid n, kith_features *out) KITH_MUST_USE;
/** The elements of x [n_row, d] that are not zero.  Local.  Errors: KITH_ENOMEM, *out is empty. */
kith_status kith_features_from_dense(int64_t n_row, int d, const float *x, kith_features *out) KITH_MUST_USE;

/** Free the arrays.  Local. */
void kith_adjacency_free(kith_adjacency *adjacency);

/** First of the contiguous chunk that rank (or part, or tile) `i` of `size` gets of `n` elements: n * i /
 * size. */
static inline int64_t kith_chunk_begin(int64_t n, int size, int i) {
  return (int64_t)((__int128_t)n * i / size);
}

#endif
