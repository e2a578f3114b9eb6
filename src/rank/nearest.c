/* The rows that score highest for a few query rows: every rank looks at its own, and all learn the best of
 * all. */
#include <math.h>
#include <string.h>

#include "rank/rank.h"
#include "kith/ops.h"

/* Whether `item` is in an ascending list. */
static bool nearest_has(const kith_lists *skip, int q, int64_t item) {
  kith_eid a = skip->start[q], b = skip->start[q + 1];
  while (a < b) {
    kith_eid middle = a + (b - a) / 2;
    if (skip->item[middle] < item) a = middle + 1;
    else b = middle;
  }
  return a < skip->start[q + 1] && skip->item[a] == item;
}

/* The best of this rank's rows for one query, into k entries; places that are left over hold item -1. */
static void nearest_here(const kith_graph *g, kith_node_type type, int d, const float *x, int q,
                         const float *query, const kith_lists *skip, int k, kith_entry *best) {
  kith_keep keep = {.k = k, .heap = best};
  for (kith_lid u = 0; u < g->n_own_of[type]; u++) {
    kith_lid row = g->row_of[type][u];
    if (skip && nearest_has(skip, q, g->original[row])) continue;
    float score = kith_dot(d, query, x + (size_t)row * (size_t)d);
    kith__keep_offer(&keep, (kith_entry){score, (int32_t)g->original[row]});
  }
  for (int j = keep.n; j < k; j++) best[j] = (kith_entry){-INFINITY, -1};
}

/* The best of what all ranks found for one query: all [size, k]. */
static void nearest_of_all(int size, int k, const kith_entry *all, kith_entry *heap, int32_t *item,
                           float *score) {
  kith_keep keep = {.k = k, .heap = heap};
  for (int i = 0; i < size * k; i++)
    if (all[i].item >= 0) kith__keep_offer(&keep, all[i]);
  kith__keep_sort(&keep);
  for (int j = 0; j < k; j++) {
    item[j] = j < keep.n ? heap[j].item : -1;
    score[j] = j < keep.n ? heap[j].score : -INFINITY;
  }
}

static kith_status nearest_make(int size, int n_query, int k, kith_entry **all, kith_entry **heap,
                                kith_top *top) {
  kith_status st = KITH_OK;
  KITH_TRY(KITH_NEW(*all, (int64_t)size * k));
  KITH_TRY(KITH_NEW(*heap, k));
  KITH_TRY(KITH_NEW(top->item, (int64_t)n_query * k));
  KITH_TRY(KITH_NEW(top->score, (int64_t)n_query * k));
done:
  return st;
}

kith_agreed kith_rank_nearest(const kith_comm *comm, const kith_graph *g, kith_node_type type, int d,
                              const float *x, int n_query, const float *query, const kith_lists *skip, int k,
                              kith_top *out) {
  kith_agreed st = {KITH_OK};
  kith_entry *all = NULL, *heap = NULL;
  kith_top top = {.n_user = n_query, .k = k};
  _Static_assert(sizeof(kith_entry) == 8, "an entry travels as eight bytes");
  KITH_TRY(kith_agree(comm, nearest_make(comm->size, n_query, k, &all, &heap, &top)));
  for (int q = 0; q < n_query; q++) {
    nearest_here(g, type, d, x, q, query + (size_t)q * (size_t)d, skip, k,
                 all + (size_t)comm->rank * (size_t)k);
    KITH_MPI(MPI_Allgather(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, all, 8 * k, MPI_BYTE, comm->mpi));
    nearest_of_all(comm->size, k, all, heap, top.item + (size_t)q * (size_t)k,
                   top.score + (size_t)q * (size_t)k);
  }
  *out = top;
  top = (kith_top){0};
done:
  kith_top_free(&top);
  KITH_FREE(all);
  KITH_FREE(heap);
  return st;
}
