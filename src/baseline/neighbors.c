/*
 * Item kNN: Sarwar, Karypis, Konstan and Riedl, "Item-based collaborative filtering recommendation
 * algorithms" (WWW 2001), with cosine and tf-idf similarity, and a shrinkage as in Bell and Koren (ICDM
 * 2007).
 */
#include "baseline/neighbors.h"

#include <math.h>

#include "comm/comm.h"
#include "eval/topk_heap.h"
#include "graph/content.h"
#include "ops/ops.h"

void kith__pairs_free(kith__pairs *p) {
  kith_ragged_free(&p->items);
  kith_ragged_free(&p->users);
}

kith_agreed kith__pairs_gather(const kith_comm *comm, const kith_graph *g, kith__pairs *out) {
  kith_agreed st = {KITH_OK};
  KITH_TRY(kith_train_lists(comm, g, &out->items));
  KITH_TRY(kith_agree(comm, kith_ragged_transpose(&out->items, g->n[KITH_ITEM], &out->users)));
done:
  return st;
}

typedef struct neighbors_work {
  const kith__pairs *p;
  const kith_baseline_settings *s;
  double *square; /* [users] w_v^2 */
  double *length; /* [items] |w_i| */
  int n_thread;
  kith__sparse *sum;      /* [threads] */
  kith_scored_item *heap; /* [threads, k] */
} neighbors_work;

static void work_free(neighbors_work *w) {
  KITH_FREE(w->square);
  KITH_FREE(w->length);
  for (int t = 0; w->sum && t < w->n_thread; t++) kith__sparse_free(&w->sum[t]);
  KITH_FREE(w->sum);
  KITH_FREE(w->heap);
}

static void work_weigh(const neighbors_work *w) {
  const kith_ragged *items = &w->p->items, *users = &w->p->users;
  for (int64_t v = 0; v < items->n_row; v++) {
    kith_eid n = items->start[v + 1] - items->start[v];
    double weight = w->s->similarity == KITH_SIMILARITY_TFIDF ? log((double)users->n_row / (double)n) : 1;
    w->square[v] = n > 0 ? weight * weight : 0;
  }
  for (int64_t i = 0; i < users->n_row; i++) {
    double sum = 0;
    for (kith_eid e = users->start[i]; e < users->start[i + 1]; e++) sum += w->square[users->value[e]];
    w->length[i] = sqrt(sum);
  }
}

static kith_status work_make(const kith__pairs *p, const kith_baseline_settings *s, int k,
                             neighbors_work *w) {
  kith_status st = KITH_OK;
  const int n_thread = kith_max_threads();
  *w = (neighbors_work){.p = p, .s = s, .n_thread = n_thread};
  KITH_TRY(KITH_NEW(w->square, p->items.n_row));
  KITH_TRY(KITH_NEW(w->length, p->users.n_row));
  KITH_TRY(KITH_NEW(w->heap, (int64_t)n_thread * k));
  KITH_TRY(KITH_NEW(w->sum, n_thread));
  for (int t = 0; t < n_thread; t++) KITH_TRY(kith__sparse_make(p->users.n_row, &w->sum[t]));
  work_weigh(w);
done:
  return st;
}

/* s(i, j), of the sum over users of both. */
static double neighbors_similarity(const neighbors_work *w, int64_t i, int64_t j, double both) {
  const kith_eid *start = w->p->users.start;
  const bool conditional = w->s->similarity == KITH_SIMILARITY_CONDITIONAL;
  const double di = (double)(start[i + 1] - start[i]), dj = (double)(start[j + 1] - start[j]);
  const double below = conditional ? di * pow(dj, w->s->power) : w->length[i] * w->length[j] + w->s->shrink;
  return below > 0 ? both / below : 0;
}

/* The neighbors of item i.  The users of both items are met in the order of their numbers. */
static void neighbors_find(const neighbors_work *w, int64_t i, kith__neighbors *out) {
  const kith_ragged *items = &w->p->items, *users = &w->p->users;
  kith__sparse *sum = &w->sum[kith_thread_num()];
  kith_topk_heap heap = {.k = out->k, .entry = w->heap + (int64_t)kith_thread_num() * out->k};
  for (kith_eid e = users->start[i]; e < users->start[i + 1]; e++) {
    const int32_t v = users->value[e];
    for (kith_eid f = items->start[v]; f < items->start[v + 1]; f++)
      if (items->value[f] != i) kith__sparse_add(sum, items->value[f], w->square[v]);
  }
  for (int64_t t = 0; t < sum->n_touched; t++) {
    const int32_t j = sum->touched[t];
    kith_scored_item found = {(float)neighbors_similarity(w, i, j, sum->value[j]), j};
    if (found.score > 0) kith__topk_heap_push(&heap, found);
  }
  kith__topk_heap_sort(&heap);
  for (int n = 0; n < heap.n; n++) {
    out->item[i * out->k + n] = heap.entry[n].item + 1;
    out->weight[i * out->k + n] = heap.entry[n].score;
  }
  kith__sparse_clear(sum);
}

kith_agreed kith__neighbors_make(const kith_comm *comm, const kith__pairs *p, const kith_baseline_settings *s,
                                 int k, kith__neighbors *out) {
  kith_agreed st = {KITH_OK};
  neighbors_work w = {.p = NULL};
  const int64_t n_item = p->users.n_row, first = kith_chunk_begin(n_item, comm->size, comm->rank),
                end = kith_chunk_begin(n_item, comm->size, comm->rank + 1);
  *out = (kith__neighbors){.n_item = n_item, .k = k};
  KITH_TRY(kith_agree(comm, work_make(p, s, k, &w)));
  KITH_TRY(kith_agree(comm, KITH_NEW(out->item, n_item * k)));
  KITH_TRY(kith_agree(comm, KITH_NEW(out->weight, n_item * k)));
#pragma omp parallel for schedule(dynamic, 16)
  for (int64_t i = first; i < end; i++) neighbors_find(&w, i, out);
  kith_comm_reduce(comm, n_item * k, MPI_INT32_T, MPI_MAX, out->item); /* elsewhere it has zeros */
  kith_comm_reduce(comm, n_item * k, MPI_FLOAT, MPI_MAX, out->weight);
done:
  work_free(&w);
  return st;
}

void kith__neighbors_free(kith__neighbors *n) {
  KITH_FREE(n->item);
  KITH_FREE(n->weight);
  KITH_FREE(n->start);
  KITH_FREE(n->of);
  KITH_FREE(n->by);
  KITH_FREE(n->base);
}

static double neighbors_sum(const kith__neighbors *n, int64_t i, int k) {
  double sum = 0;
  for (int m = 0; m < k; m++) sum += (double)n->weight[i * n->k + m];
  return sum;
}

/* A counting sort by item of a user.  start[j + 1] grows from the first entry of j to its end. */
kith_status kith__neighbors_take(kith__neighbors *n, const kith_baseline_settings *s) {
  kith_status st = KITH_OK;
  const bool own = s->similarity == KITH_SIMILARITY_CONDITIONAL;
  const int k = s->neighbors;
  KITH_FREE(n->start);
  KITH_FREE(n->of);
  KITH_FREE(n->by);
  KITH_TRY(KITH_NEW(n->start, n->n_item + 2));
  KITH_TRY(KITH_NEW(n->of, n->n_item * k));
  KITH_TRY(KITH_NEW(n->by, n->n_item * k));
  for (int64_t i = 0; i < n->n_item; i++)
    for (int m = 0; m < k && n->item[i * n->k + m] > 0; m++)
      n->start[(own ? i : n->item[i * n->k + m] - 1) + 2]++;
  for (int64_t j = 0; j < n->n_item; j++) n->start[j + 2] += n->start[j + 1];
  for (int64_t i = 0; i < n->n_item; i++) {
    const double scale = s->normalize ? neighbors_sum(n, i, k) : 1;
    for (int m = 0; m < k && n->item[i * n->k + m] > 0; m++) {
      const int32_t j = n->item[i * n->k + m] - 1;
      const kith_eid to = n->start[(own ? i : j) + 1]++;
      n->of[to] = own ? j : (int32_t)i;
      n->by[to] = (float)((double)n->weight[i * n->k + m] / scale);
    }
  }
done:
  return st;
}

kith_status kith__neighbors_center(kith__neighbors *n, const kith__pairs *p) {
  kith_status st = KITH_OK;
  const kith_eid *start = p->users.start;
  const double users = p->items.n_row > 0 ? (double)p->items.n_row : 1;
  double *base = NULL;
  KITH_TRY(KITH_NEW(base, n->n_item));
  if (!n->base) KITH_TRY(KITH_NEW(n->base, n->n_item));
  for (int64_t j = 0; j < n->n_item; j++) base[j] += (double)(start[j + 1] - start[j]) / users;
  for (int64_t j = 0; j < n->n_item; j++)
    for (kith_eid at = n->start[j]; at < n->start[j + 1]; at++)
      base[n->of[at]] -= (double)n->by[at] * (double)(start[j + 1] - start[j]) / users;
  for (int64_t j = 0; j < n->n_item; j++) n->base[j] = (float)base[j];
done:
  KITH_FREE(base);
  return st;
}

void kith__neighbors_score(const void *neighbors, int64_t n, const int32_t *item, float *score) {
  const kith__neighbors *all = neighbors;
  for (int64_t i = 0; all->base && i < all->n_item; i++) score[i] = all->base[i];
  for (int64_t e = 0; e < n; e++)
    for (kith_eid at = all->start[item[e]]; at < all->start[item[e] + 1]; at++)
      score[all->of[at]] += all->by[at];
}

int64_t kith__neighbors_bytes(int64_t n_user, int64_t n_item, kith_eid n_edge, int k) {
  const kith__neighbors *n = NULL;
  const neighbors_work *w = NULL;
  const kith__pairs *p = NULL;
  return KITH_BYTES(p->items.start, n_user + n_item) + 2 * KITH_BYTES(p->items.value, n_edge) +
         2 * (KITH_BYTES(n->item, n_item * k) + KITH_BYTES(n->weight, n_item * k)) +
         KITH_BYTES(n->start, n_item) + KITH_BYTES(n->base, n_item) + KITH_BYTES(w->square, n_user) +
         KITH_BYTES(w->length, n_item) +
         kith_max_threads() * n_item *
             (int64_t)(sizeof *w->sum->value + sizeof *w->sum->touched + sizeof *w->sum->is_touched);
}
