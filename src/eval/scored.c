/* Evaluation by a function that scores all items for a user: top items by heaps, users by threads. */
#include <string.h>

#include "eval/eval_impl.h"
#include "eval/scored.h"

enum { SCORED_BLOCK = 1024, SCORED_LISTS = KITH__MOST_MASKS + 4 };

typedef struct scored {
  const kith_eval_options *o;
  const kith_item_scorer *by;
  kith_graph users;       /* shallow: lists and numbers of the users that this rank ranks */
  kith__scope own, scope; /* of the owned users; shallow, of those that this rank ranks */
  int n_list;             /* lists of all users, on rank 0 of a scorer that is there alone: */
  kith_ragged list[SCORED_LISTS];
  kith_lid *row;                  /* [users in all] 0, 1, … */
  int64_t *original;              /* the same */
  kith_lid n_user, *user;         /* [n_user] to rank */
  int k;                          /* the largest cutoff */
  int64_t most;                   /* sampled-N: most candidates of a user */
  float *score;                   /* [threads, items] */
  int32_t *above;                 /* [threads, KITH_SCORE_ITEMS] */
  kith_scored_item *heap, *entry; /* [threads, k], [threads, most] */
  uint64_t *taken;                /* [threads, words] bit sets of candidates.c */
  int *n_item;                    /* [SCORED_BLOCK] */
  int32_t *item;                  /* [SCORED_BLOCK, k] top items of a block of users */
} scored;

static void scored_free(scored *w) {
  for (int i = 0; i < w->n_list; i++) kith_ragged_free(&w->list[i]);
  KITH_FREE(w->row);
  KITH_FREE(w->original);
  KITH_FREE(w->user);
  KITH_FREE(w->score);
  KITH_FREE(w->above);
  KITH_FREE(w->heap);
  KITH_FREE(w->entry);
  KITH_FREE(w->taken);
  KITH_FREE(w->n_item);
  KITH_FREE(w->item);
  kith__scope_free(&w->own);
}

/* ---- users of all ranks, on rank 0 ---- */

/* Lists of the owned users become those of all users. */
static kith_agreed scored_gather_list(const kith_comm *comm, const kith_graph *g, scored *w,
                                      const kith_ragged *l, const kith_ragged **out) {
  kith_agreed st = {KITH_OK};
  kith_ragged *all = &w->list[w->n_list++];
  KITH_TRY(kith_all_lists(comm, g, l, all));
  *out = all;
done:
  return st;
}

static kith_status scored_number(const kith_comm *comm, scored *w) {
  kith_status st = KITH_OK;
  kith_graph *g = &w->users;
  KITH_TRY(KITH_NEW(w->row, g->n[KITH_USER]));
  KITH_TRY(KITH_NEW(w->original, g->n[KITH_USER]));
  for (kith_lid u = 0; u < (kith_lid)g->n[KITH_USER]; u++) w->original[u] = w->row[u] = u;
  g->n_own_of[KITH_USER] = comm->rank == 0 ? (kith_lid)g->n[KITH_USER] : 0;
  g->row_of[KITH_USER] = w->row;
  g->original = w->original;
done:
  return st;
}

static kith_agreed scored_gather(const kith_comm *comm, const kith_graph *g, scored *w) {
  kith_agreed st = {KITH_OK};
  kith_ragged *const own[3] = {&w->users.train, &w->users.valid, &w->users.test};
  const kith_ragged *const of[3] = {&g->train, &g->valid, &g->test};
  const kith_ragged *all = NULL, *truth = w->own.truth;
  for (int i = 0; i < 3; i++) {
    KITH_TRY(scored_gather_list(comm, g, w, of[i], &all));
    *own[i] = *all;
    for (int k = 0; k < w->own.n_mask; k++)
      if (w->own.mask[k] == of[i]) w->scope.mask[k] = all;
    if (truth == of[i]) w->scope.truth = all;
  }
  for (int k = 0; k < w->own.n_mask; k++)
    if (w->scope.mask[k] == w->own.mask[k])
      KITH_TRY(scored_gather_list(comm, g, w, w->own.mask[k], &w->scope.mask[k]));
  if (w->scope.truth == truth) KITH_TRY(scored_gather_list(comm, g, w, truth, &w->scope.truth));
  KITH_TRY(kith_agree(comm, scored_number(comm, w)));
done:
  return st;
}

/* ---- one user ---- */

static void scored_offer(kith_topk_heap *heap, kith_scored_item e) {
  if (heap->n < heap->k || kith__scored_item_before(e, heap->entry[0])) kith__topk_heap_push(heap, e);
}

/* All items that the scope has for the user. */
static void scored_full(const scored *w, kith_lid u, const float *score, kith_topk_heap *heap) {
  int32_t *above = w->above + kith_thread_num() * KITH_SCORE_ITEMS;
  const int64_t n_item = w->users.n[KITH_ITEM];
  for (int64_t at = 0; at < n_item; at += KITH_SCORE_ITEMS) {
    int n = (int)kith_min(KITH_SCORE_ITEMS, n_item - at);
    int found = kith_scores_above(n, score + at, kith__topk_heap_threshold(heap), above);
    for (int f = 0; f < found; f++) {
      kith_scored_item e = {score[at + above[f]], (int32_t)at + above[f]};
      if (heap->n == heap->k && !kith__scored_item_before(e, heap->entry[0])) continue;
      if (w->scope.trained && w->scope.trained[e.item]) continue;
      if (!kith__scope_masks(&w->scope, u, e.item)) kith__topk_heap_push(heap, e);
    }
  }
}

static int64_t scored_n_candidate(const scored *w, kith_lid u) {
  return kith_min(kith__candidates_available(&w->users, u), w->o->sampled);
}

/* The held-out items and the drawn candidates. */
static void scored_sampled(const scored *w, kith_lid u, const float *score, kith_topk_heap *heap) {
  const kith_ragged *truth = w->scope.truth;
  kith_scored_item *e = w->entry + kith_thread_num() * w->most;
  int64_t n = scored_n_candidate(w, u);
  kith__candidates_draw(&w->users, w->o->seed, u, n,
                        w->taken + kith_thread_num() * kith__candidates_words(&w->users), e);
  for (kith_eid t = truth->start[u]; t < truth->start[u + 1]; t++) e[n++].item = truth->value[t];
  for (int64_t j = 0; j < n; j++) scored_offer(heap, (kith_scored_item){score[e[j].item], e[j].item});
}

/* User number i of a block. */
static void scored_user(const scored *w, kith_lid u, int64_t i) {
  const kith_ragged *l = &w->users.train;
  const int64_t n_item = w->users.n[KITH_ITEM];
  float *score = w->score + kith_thread_num() * n_item;
  kith_topk_heap heap = {.k = w->k, .entry = w->heap + kith_thread_num() * w->k};
  memset(score, 0, (size_t)n_item * sizeof *score);
  w->by->score(w->by->context, l->start[u + 1] - l->start[u], l->value + l->start[u], score);
  if (w->o->sampled > 0) scored_sampled(w, u, score, &heap);
  else scored_full(w, u, score, &heap);
  kith__topk_heap_sort(&heap);
  w->n_item[i] = heap.n;
  for (int j = 0; j < heap.n; j++) w->item[i * w->k + j] = heap.entry[j].item;
}

/* ---- all users ---- */

static kith_status scored_make(scored *w) {
  kith_status st = KITH_OK;
  const int64_t n_thread = kith_max_threads();
  const kith_ragged *truth = w->scope.truth;
  w->k = w->o->k[w->o->n_k - 1];
  KITH_TRY(kith__eval_users(&w->users, truth, &w->n_user, &w->user));
  for (kith_lid i = 0; i < w->n_user && w->o->sampled > 0; i++) {
    kith_lid u = w->user[i];
    int64_t n = truth->start[u + 1] - truth->start[u] + scored_n_candidate(w, u);
    if (n > w->most) w->most = n;
  }
  KITH_TRY(KITH_NEW(w->score, n_thread * w->users.n[KITH_ITEM]));
  KITH_TRY(KITH_NEW(w->above, n_thread * KITH_SCORE_ITEMS));
  KITH_TRY(KITH_NEW(w->heap, n_thread * w->k));
  KITH_TRY(KITH_NEW(w->entry, n_thread * w->most));
  KITH_TRY(KITH_NEW(w->taken, n_thread * kith__candidates_words(&w->users)));
  KITH_TRY(KITH_NEW(w->n_item, SCORED_BLOCK));
  KITH_TRY(KITH_NEW(w->item, (int64_t)SCORED_BLOCK * w->k));
done:
  return st;
}

static void scored_run(const scored *w, kith__metric_sums *t) {
  const kith_ragged *truth = w->scope.truth;
  for (kith_lid first = 0; first < w->n_user; first += SCORED_BLOCK) {
    const int64_t n = kith_min(SCORED_BLOCK, w->n_user - first);
#pragma omp parallel for schedule(dynamic, 8)
    for (int64_t i = 0; i < n; i++) scored_user(w, w->user[first + i], i);
    for (int64_t i = 0; i < n; i++) {
      kith_lid u = w->user[first + i];
      kith__metric_sums_add(t, w->o, w->n_item[i], w->item + i * w->k, truth->start[u + 1] - truth->start[u],
                            truth->value + truth->start[u]);
      t->n_user_short += w->o->sampled > 0 && scored_n_candidate(w, u) < w->o->sampled;
    }
  }
}

kith_agreed kith_eval_metrics_scored(const kith_comm *comm, const kith_graph *g, const kith_item_scorer *by,
                                     const kith_eval_options *o, kith_metrics *out) {
  kith_agreed st = {KITH_OK};
  const bool tests = kith_eval_split_resolve(comm, g, o->split) == KITH_EVAL_TEST;
  kith__metric_sums t = {0};
  scored w = {.o = o, .by = by, .users = *g};
  *out = (kith_metrics){0};
  KITH_TRY(kith_agreed_same(kith_eval_check(g, o)));
  KITH_TRY(kith__scope_make(comm, g, &o->scope, tests, tests ? &g->test : &g->valid, &w.own));
  w.scope = w.own;
  if (by->on_root && comm->size > 1) KITH_TRY(scored_gather(comm, g, &w));
  KITH_TRY(kith_agree(comm, scored_make(&w)));
  scored_run(&w, &t);
  t.n_user_left_out = w.own.n_left_out;
  kith__metric_sums_reduce(comm, &t, o, out);
done:
  scored_free(&w);
  return st;
}
