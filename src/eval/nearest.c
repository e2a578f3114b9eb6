/* Maximum inner product search for a few query rows: local top-K on every rank, then an all-gather and a
 * merge. */
#include <math.h>
#include <string.h>

#include "eval/eval_impl.h"
#include "ops/ops.h"

/* Top-K of this rank's rows for one query, padded with item -1. */
static void nearest_local(const kith_graph *g, kith_node_type type, int d, const float *x, int q,
                          const float *query, const kith_ragged *exclude, int k, kith_scored_item *best) {
  kith_topk_heap heap = {.k = k, .entry = best};
  for (kith_lid u = 0; u < g->n_own_of[type]; u++) {
    kith_lid row = g->row_of[type][u];
    if (exclude && kith_ragged_has(exclude, q, (int32_t)g->original[row])) continue;
    float score = kith_dot(d, query, x + (size_t)row * (size_t)d);
    kith__topk_heap_push(&heap, (kith_scored_item){score, (int32_t)g->original[row]});
  }
  for (int j = heap.n; j < k; j++) best[j] = (kith_scored_item){-INFINITY, -1};
}

/* Merge the lists of all ranks for one query: all [size, k]. */
static void nearest_merge(int size, int k, const kith_scored_item *all, kith_scored_item *entry,
                          int32_t *item, float *score) {
  kith_topk_heap heap = {.k = k, .entry = entry};
  for (int i = 0; i < size * k; i++)
    if (all[i].item >= 0) kith__topk_heap_push(&heap, all[i]);
  kith__topk_heap_sort(&heap);
  for (int j = 0; j < k; j++) {
    item[j] = j < heap.n ? entry[j].item : -1;
    score[j] = j < heap.n ? entry[j].score : -INFINITY;
  }
}

static kith_status nearest_make(int size, int n_query, int k, kith_scored_item **all,
                                kith_scored_item **entry, kith_topk *top) {
  kith_status st = KITH_OK;
  KITH_TRY(KITH_NEW(*all, (int64_t)size * k));
  KITH_TRY(KITH_NEW(*entry, k));
  KITH_TRY(KITH_NEW(top->item, (int64_t)n_query * k));
  KITH_TRY(KITH_NEW(top->score, (int64_t)n_query * k));
done:
  return st;
}

kith_agreed kith_eval_nearest(const kith_comm *comm, const kith_graph *g, kith_node_type type, int d,
                              const float *x, int n_query, const float *query, const kith_ragged *exclude,
                              int k, kith_topk *out) {
  kith_agreed st = {KITH_OK};
  kith_scored_item *all = NULL, *entry = NULL;
  kith_topk top = {.n_user = n_query, .k = k};
  _Static_assert(sizeof(kith_scored_item) == 8, "an entry travels as eight bytes");
  KITH_TRY(kith_agree(comm, nearest_make(comm->size, n_query, k, &all, &entry, &top)));
  for (int q = 0; q < n_query; q++) {
    nearest_local(g, type, d, x, q, query + (size_t)q * (size_t)d, exclude, k,
                  all + (size_t)comm->rank * (size_t)k);
    KITH_MPI(MPI_Allgather(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, all, 8 * k, MPI_BYTE, comm->mpi));
    nearest_merge(comm->size, k, all, entry, top.item + (size_t)q * (size_t)k,
                  top.score + (size_t)q * (size_t)k);
  }
  *out = top;
  top = (kith_topk){0};
done:
  kith_topk_free(&top);
  KITH_FREE(all);
  KITH_FREE(entry);
  return st;
}
