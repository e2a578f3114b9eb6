/* Exact nearest neighbors of many rows: every rank ranks its rows for all queries of a block, and rank 0
 * merges the lists. */
#include <math.h>
#include <omp.h>
#include <string.h>

#include "eval/eval_impl.h"
#include "eval/nearest_rows.h"
#include "ops/scores.h"

enum {
  NEAREST_QUERIES = 16 * KITH_SCORE_USERS, /* most queries of a block */
  NEAREST_BYTES = 64 << 20                 /* of the lists of all ranks for a block, unless k is larger */
};

struct kith_nearest_rows {
  const kith_comm *comm;
  int d, k, block;
  int64_t first, n, n_padded;
  float *packed;           /* [n_padded, d] of kith_scores_pack() */
  float *tile, *score;     /* [threads, KITH_SCORE_USERS, d], [threads, users, items of a tile] */
  int32_t *above;          /* [threads, KITH_SCORE_ITEMS] */
  kith_scored_item *entry; /* [block, k] of this rank, padded with item -1 */
  kith_scored_item *all;   /* rank 0: [size, block, k] */
};

void kith_nearest_rows_destroy(kith_nearest_rows **out) {
  kith_nearest_rows *r = *out;
  if (!r) return;
  KITH_FREE(r->packed);
  KITH_FREE(r->tile);
  KITH_FREE(r->score);
  KITH_FREE(r->above);
  KITH_FREE(r->entry);
  KITH_FREE(r->all);
  KITH_FREE(*out);
}

static kith_status nearest_alloc(kith_nearest_rows *r, int size, int rank) {
  kith_status st = KITH_OK;
  int64_t threads = omp_get_max_threads(), users = threads * KITH_SCORE_USERS;
  KITH_TRY(KITH_NEW(r->packed, r->n_padded * r->d));
  KITH_TRY(KITH_NEW(r->tile, users * r->d));
  KITH_TRY(KITH_NEW(r->score, users * KITH_SCORE_ITEMS));
  KITH_TRY(KITH_NEW(r->above, threads * KITH_SCORE_ITEMS));
  KITH_TRY(KITH_NEW(r->entry, (int64_t)r->block * r->k));
  KITH_TRY(KITH_NEW(r->all, rank == 0 ? (int64_t)size * r->block * r->k : 0));
done:
  return st;
}

kith_agreed kith_nearest_rows_create(const kith_comm *comm, int d, int k, int64_t first, int64_t n,
                                     const float *x, kith_nearest_rows **out) {
  kith_agreed st = {KITH_OK};
  kith_nearest_rows *r = NULL;
  int64_t fits = NEAREST_BYTES / ((int64_t)sizeof(kith_scored_item) * comm->size * k);
  KITH_TRY(kith_agree(comm, KITH_NEW(r, 1)));
  *r = (kith_nearest_rows){.comm = comm, .d = d, .k = k, .first = first, .n = n};
  r->n_padded = (n + KITH_SCORE_ITEMS - 1) / KITH_SCORE_ITEMS * KITH_SCORE_ITEMS;
  r->block = fits < 1 ? 1 : (int)kith_min(fits, NEAREST_QUERIES);
  KITH_TRY(kith_agree(comm, nearest_alloc(r, comm->size, comm->rank)));
  kith_scores_pack(n, r->n_padded, d, x, r->packed);
  *out = r;
  r = NULL;
done:
  kith_nearest_rows_destroy(&r);
  return st;
}

int kith_nearest_rows_block(const kith_nearest_rows *r) { return r->block; }

/* One query, one tile of rows from number `first` on: keep those above the threshold. */
static void nearest_scan(kith_topk_heap *heap, int n, const float *score, int64_t first, int64_t self,
                         int32_t *above) {
  int found = kith_scores_above(n, score, kith__topk_heap_threshold(heap), above);
  for (int f = 0; f < found; f++)
    if (first + above[f] != self)
      kith__topk_heap_push(heap, (kith_scored_item){score[above[f]], (int32_t)(first + above[f])});
}

/* Rank this rank's rows for a tile of n queries, the first of which is row `self`. */
static void nearest_tile(kith_nearest_rows *r, int n, const float *query, int64_t self,
                         kith_scored_item *entry) {
  const size_t d = (size_t)r->d, thread = (size_t)omp_get_thread_num();
  float *tile = r->tile + thread * KITH_SCORE_USERS * d,
        *score = r->score + thread * KITH_SCORE_USERS * KITH_SCORE_ITEMS;
  kith_topk_heap heap[KITH_SCORE_USERS];
  memset(tile, 0, KITH_SCORE_USERS * d * sizeof *tile);
  memcpy(tile, query, (size_t)n * d * sizeof *tile);
  for (int i = 0; i < n; i++) heap[i] = (kith_topk_heap){.k = r->k, .entry = entry + (int64_t)i * r->k};
  for (int64_t j = 0; j < r->n; j += KITH_SCORE_ITEMS) {
    kith_scores_tile(r->d, tile, r->packed + d * (size_t)j, score);
    for (int i = 0; i < n; i++)
      nearest_scan(&heap[i], (int)kith_min(r->n - j, KITH_SCORE_ITEMS), score + i * KITH_SCORE_ITEMS,
                   r->first + j, self < 0 ? -1 : self + i, r->above + thread * KITH_SCORE_ITEMS);
  }
  for (int i = 0; i < n; i++)
    for (int j = heap[i].n; j < r->k; j++) heap[i].entry[j] = (kith_scored_item){-INFINITY, -1};
}

/* Merge the lists of all ranks for query q. */
static void nearest_merge(const kith_nearest_rows *r, int n_query, int q, int32_t *item, float *score) {
  kith_topk_heap heap = {.k = r->k, .entry = r->entry + (int64_t)q * r->k};
  for (int rank = 0; rank < r->comm->size; rank++) {
    const kith_scored_item *of = r->all + ((int64_t)rank * n_query + q) * r->k;
    for (int j = 0; j < r->k; j++)
      if (of[j].item >= 0) kith__topk_heap_push(&heap, of[j]);
  }
  kith__topk_heap_sort(&heap);
  for (int j = 0; j < r->k; j++) {
    item[j] = j < heap.n ? heap.entry[j].item : -1;
    score[j] = j < heap.n ? heap.entry[j].score : -INFINITY;
  }
}

void kith_nearest_rows_find(kith_nearest_rows *r, int n_query, const float *query, int64_t self,
                            int32_t *item, float *score) {
  int n = n_query * r->k;
  _Static_assert(sizeof(kith_scored_item) == 8, "an entry travels as eight bytes");
#pragma omp parallel for schedule(dynamic)
  for (int q = 0; q < n_query; q += KITH_SCORE_USERS)
    nearest_tile(r, (int)kith_min(n_query - q, KITH_SCORE_USERS), query + (size_t)q * (size_t)r->d,
                 self < 0 ? -1 : self + q, r->entry + (int64_t)q * r->k);
  KITH_MPI(MPI_Gather(r->entry, 8 * n, MPI_BYTE, r->all, 8 * n, MPI_BYTE, 0, r->comm->mpi));
  if (r->comm->rank != 0) return;
#pragma omp parallel for schedule(static)
  for (int q = 0; q < n_query; q++)
    nearest_merge(r, n_query, q, item + (int64_t)q * r->k, score + (int64_t)q * r->k);
}
