/* Maximum inner product search for a few query rows: local top-K on every rank, then an all-gather and a
 * merge. */
#include <math.h>

#include "eval/direct.h"
#include "eval/eval_impl.h"
#include "ops/ops.h"

/* Queries, and what ranks them. */
typedef struct nearest {
  const kith_graph *g;
  kith_node_type type;
  int d, k;
  const float *x, *query;
  const kith_ragged *exclude;
  kith__direct direct; /* the direct term; empty if there is none */
  float *reach;        /* [users in all] of a direct term; zero between queries */
} nearest;

static bool nearest_is_excluded(const nearest *w, int q, int64_t original) {
  return w->exclude && kith_ragged_has(w->exclude, q, (int32_t)original);
}

static void nearest_reach(const nearest *w, int q, bool clears) {
  const kith_ragged *l = w->exclude;
  if (!kith__direct_is_on(&w->direct)) return;
  if (clears)
    kith__direct_unreach(&w->direct, l->start[q + 1] - l->start[q], l->value + l->start[q], w->reach);
  else kith__direct_reach(&w->direct, l->start[q + 1] - l->start[q], l->value + l->start[q], w->reach);
}

/* Top-K of this rank's rows for one query, padded with item -1. */
static void nearest_local(const nearest *w, int q, kith_scored_item *best) {
  kith_topk_heap heap = {.k = w->k, .entry = best};
  const float *query = w->query + (size_t)q * (size_t)w->d;
  nearest_reach(w, q, false);
  for (kith_lid u = 0; u < w->g->n_own_of[w->type]; u++) {
    kith_lid row = w->g->row_of[w->type][u];
    int64_t original = w->g->original[row];
    if (nearest_is_excluded(w, q, original)) continue;
    float score = kith_dot(w->d, query, w->x + (size_t)row * (size_t)w->d);
    if (kith__direct_is_on(&w->direct)) score = kith_direct_one(&w->direct.lists, original, w->reach, score);
    kith__topk_heap_push(&heap, (kith_scored_item){score, (int32_t)original});
  }
  nearest_reach(w, q, true);
  for (int j = heap.n; j < w->k; j++) best[j] = (kith_scored_item){-INFINITY, -1};
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

static kith_agreed nearest_direct(const kith_comm *comm, const kith_direct_term *t, nearest *w) {
  kith_agreed st = {KITH_OK};
  if (!t || !w->exclude) return st;
  KITH_TRY(kith__direct_make(comm, w->g, t, &w->direct));
  if (kith__direct_is_on(&w->direct)) KITH_TRY(kith_agree(comm, KITH_NEW(w->reach, w->direct.n_user)));
done:
  return st;
}

kith_agreed kith_eval_nearest(const kith_comm *comm, const kith_graph *g, kith_node_type type, int d,
                              const float *x, int n_query, const float *query, const kith_ragged *exclude,
                              const kith_direct_term *direct, int k, kith_topk *out) {
  kith_agreed st = {KITH_OK};
  kith_scored_item *all = NULL, *entry = NULL;
  kith_topk top = {.n_user = n_query, .k = k};
  nearest w = {.g = g, .type = type, .d = d, .k = k, .x = x, .query = query, .exclude = exclude};
  _Static_assert(sizeof(kith_scored_item) == 8, "an entry travels as eight bytes");
  KITH_TRY(kith_agree(comm, nearest_make(comm->size, n_query, k, &all, &entry, &top)));
  KITH_TRY(nearest_direct(comm, direct, &w));
  for (int q = 0; q < n_query; q++) {
    nearest_local(&w, q, all + (size_t)comm->rank * (size_t)k);
    KITH_MPI(MPI_Allgather(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, all, 8 * k, MPI_BYTE, comm->mpi));
    nearest_merge(comm->size, k, all, entry, top.item + (size_t)q * (size_t)k,
                  top.score + (size_t)q * (size_t)k);
  }
  *out = top;
  top = (kith_topk){0};
done:
  kith_topk_free(&top);
  kith__direct_free(&w.direct);
  KITH_FREE(w.reach);
  KITH_FREE(all);
  KITH_FREE(entry);
  return st;
}
