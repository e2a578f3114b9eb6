/* Exact top-K: tiles of users times every item shard of the ring. */
#include <stdlib.h>
#include <string.h>

#include "eval/deal.h"
#include "eval/direct.h"
#include "eval/eval_impl.h"

/* State of a ranking. */
typedef struct topk_work {
  const kith_graph *g;
  int d, k;
  const float *x;
  const kith_graph *users; /* lists and rows of the users that are ranked: the graph's, or dealt ones */
  const float *user_x;     /* rows of users->row_of[KITH_USER] */
  const kith__scope *scope;
  kith_lid n_user;
  kith_lid *user;            /* [n_user] users that are ranked */
  kith_topk_heap *heap;      /* [n_user] */
  kith_scored_item *entries; /* [n_user, k] */
  int n_thread;
  float *tile;              /* [threads, KITH_SCORE_USERS, d] users of a tile */
  float *score;             /* [threads, KITH_SCORE_USERS, KITH_SCORE_ITEMS] */
  int32_t *above;           /* [threads, KITH_SCORE_ITEMS] items above the threshold */
  kith__direct direct;      /* the direct term; empty if there is none */
  kith_direct_reach *reach; /* [threads] of a direct term; zero between tiles */
  kith__addends pairs;      /* terms of listed pairs; empty if there are none */
  kith_lid *order; /* [n_user] places in `user` in the order in which tiles take them; null: as they are */
  const kith_eval_options *o; /* options of an evaluation; else null */
} topk_work;

static void topk_work_free(topk_work *w) {
  KITH_FREE(w->user);
  KITH_FREE(w->heap);
  KITH_FREE(w->entries);
  KITH_FREE(w->tile);
  KITH_FREE(w->score);
  KITH_FREE(w->above);
  for (int t = 0; w->reach && t < w->n_thread; t++) kith__direct_tile_free(&w->reach[t]);
  KITH_FREE(w->reach);
  KITH_FREE(w->order);
  kith__addend_free(&w->pairs);
  kith__direct_free(&w->direct);
}

kith_status kith__eval_users(const kith_graph *g, const kith_ragged *truth, kith_lid *n, kith_lid **user) {
  kith_status st = KITH_OK;
  kith_lid n_found = 0, *found = NULL;
  KITH_TRY(KITH_NEW(found, g->n_own_of[KITH_USER]));
  for (kith_lid u = 0; u < g->n_own_of[KITH_USER]; u++)
    if (!truth || truth->start[u + 1] > truth->start[u]) found[n_found++] = u;
  *n = n_found;
  *user = found;
done:
  return st;
}

/* The ring, its first shard before it is packed, and the work of topk_work_make(). */
int64_t kith_eval_topk_bytes(int size, int64_t most_item, int64_t n_user, int d, int k) {
  const topk_work *w = NULL;
  int64_t thread = KITH_BYTES(w->tile, KITH_SCORE_USERS * d) +
                   KITH_BYTES(w->score, KITH_SCORE_USERS * KITH_SCORE_ITEMS) +
                   KITH_BYTES(w->above, KITH_SCORE_ITEMS);
  return kith__ring_bytes(size, most_item, d) + KITH_BYTES(w->x, most_item * d) +
         KITH_BYTES(w->user, n_user) + KITH_BYTES(w->heap, n_user) + KITH_BYTES(w->entries, n_user * k) +
         kith_max_threads() * thread;
}

/* Allocate the ranking of (*user)[n_user]; on success it owns the list, and *user is null. */
static kith_status topk_work_make(const kith_graph *g, int d, const float *x, int k, const kith__scope *scope,
                                  kith_lid n_user, kith_lid **user, topk_work *out) {
  kith_status st = KITH_OK;
  topk_work w = {.g = g, .d = d, .k = k, .x = x, .users = g, .user_x = x, .scope = scope, .n_user = n_user};
  w.n_thread = kith_max_threads();
  KITH_TRY(KITH_NEW(w.heap, w.n_user));
  KITH_TRY(KITH_NEW(w.entries, (int64_t)w.n_user * k));
  KITH_TRY(KITH_NEW(w.tile, (int64_t)w.n_thread * KITH_SCORE_USERS * d));
  KITH_TRY(KITH_NEW(w.score, (int64_t)w.n_thread * KITH_SCORE_USERS * KITH_SCORE_ITEMS));
  KITH_TRY(KITH_NEW(w.above, (int64_t)w.n_thread * KITH_SCORE_ITEMS));
  for (kith_lid i = 0; i < w.n_user; i++)
    w.heap[i] = (kith_topk_heap){.k = k, .entry = w.entries + (size_t)i * (size_t)k};
  w.user = *user;
  *user = NULL;
  *out = w;
  w = (topk_work){0};
done:
  topk_work_free(&w);
  return st;
}

/* One user, one tile of items: push items above the threshold that are not masked. */
static void topk_scan(const topk_work *w, kith_lid i, int n, const float *score, const int64_t *original,
                      int32_t *above) {
  kith_topk_heap *heap = &w->heap[i];
  int found = kith_scores_above(n, score, kith__topk_heap_threshold(heap), above);
  for (int f = 0; f < found; f++) {
    float s = score[above[f]];
    if (s < kith__topk_heap_threshold(heap)) continue; /* the threshold has risen */
    kith_scored_item e = {s, (int32_t)original[above[f]]};
    if (!kith__scope_masks(w->scope, w->user[i], e.item)) kith__topk_heap_push(heap, e);
  }
}

/* ---- the direct term ---- */

/* A user's two items with the most interactions, the most popular one first. */
typedef struct topk_popular {
  int32_t item[2]; /* -1: there is none */
  kith_lid i;
} topk_popular;

static bool topk_is_more_popular(const kith_direct_lists *l, int32_t a, int32_t b) {
  kith_eid x = l->start[a + 1] - l->start[a], y = b < 0 ? -1 : l->start[b + 1] - l->start[b];
  return x > y || (x == y && a < b);
}

static topk_popular topk_popular_of(const topk_work *w, kith_lid i) {
  const kith_ragged *r = &w->users->train;
  topk_popular p = {{-1, -1}, i};
  for (kith_eid e = r->start[w->user[i]]; e < r->start[w->user[i] + 1]; e++) {
    int32_t item = r->value[e];
    if (topk_is_more_popular(&w->direct.lists, item, p.item[0])) p.item[1] = p.item[0], p.item[0] = item;
    else if (topk_is_more_popular(&w->direct.lists, item, p.item[1])) p.item[1] = item;
  }
  return p;
}

static int topk_compare(const void *a, const void *b) {
  const topk_popular *x = a, *y = b;
  if (x->item[0] != y->item[0]) return x->item[0] < y->item[0] ? -1 : 1;
  if (x->item[1] != y->item[1]) return x->item[1] < y->item[1] ? -1 : 1;
  return (x->i > y->i) - (x->i < y->i);
}

/* Take users with a popular item in common together: fewer vectors of their tiles are not zero. */
static kith_status topk_order(topk_work *w) {
  kith_status st = KITH_OK;
  topk_popular *all = NULL;
  KITH_TRY(KITH_NEW(all, w->n_user));
  KITH_TRY(KITH_NEW(w->order, w->n_user));
  for (kith_lid i = 0; i < w->n_user; i++) all[i] = topk_popular_of(w, i);
  qsort(all, (size_t)w->n_user, sizeof *all, topk_compare);
  for (kith_lid i = 0; i < w->n_user; i++) w->order[i] = all[i].i;
done:
  KITH_FREE(all);
  return st;
}

static kith_status topk_direct_make(topk_work *w) {
  kith_status st = KITH_OK;
  KITH_TRY(KITH_NEW(w->reach, w->n_thread));
  for (int t = 0; t < w->n_thread; t++) KITH_TRY(kith__direct_tile_make(&w->direct, &w->reach[t]));
  KITH_TRY(topk_order(w));
done:
  return st;
}

/* Add the direct term to the ranking. */
static kith_agreed topk_direct(const kith_comm *comm, const kith_direct_term *t, topk_work *w) {
  kith_agreed st = {KITH_OK};
  KITH_TRY(kith__direct_make(comm, w->g, t, &w->direct));
  if (kith__direct_is_on(&w->direct)) KITH_TRY(kith_agree(comm, topk_direct_make(w)));
done:
  return st;
}

/* Place in `user` of the user that tiles take as number p. */
static kith_lid topk_at(const topk_work *w, kith_lid p) { return w->order ? w->order[p] : p; }

/* Make this thread's reach that of n users from `first` on; or clear it. */
static void topk_reach(const topk_work *w, kith_lid first, kith_lid n, bool clears) {
  const kith_ragged *l = &w->users->train;
  kith_direct_reach *reach = &w->reach[kith_thread_num()];
  for (kith_lid i = 0; i < n; i++) {
    kith_lid user = w->user[topk_at(w, first + i)];
    kith_eid at = l->start[user], end = l->start[user + 1];
    if (clears) kith__direct_tile_unreach(&w->direct, end - at, l->value + at, reach);
    else kith__direct_tile_reach(&w->direct, end - at, l->value + at, i, reach);
  }
}

/* ---- tiles ---- */

/* The listed pairs of n users from `first` on with items of the shard, by column. */
static int64_t topk_list_pairs(const topk_work *w, kith_lid first, kith_lid n, kith__pair *pair) {
  int64_t n_pair = 0;
  if (!pair) return 0;
  for (kith_lid i = 0; i < n; i++)
    n_pair += kith__addend_list(&w->pairs, w->user[topk_at(w, first + i)], (int32_t)i, pair + n_pair);
  kith__addend_sort(n_pair, pair);
  return n_pair;
}

/* One tile of users, all tiles of a shard; thread 0 also progresses the messages of the ring. */
static void topk_tile(const topk_work *w, kith_lid first, const kith_shard *s, kith_ring *ring) {
  size_t d = (size_t)w->d, thread = (size_t)kith_thread_num();
  float *tile = w->tile + thread * KITH_SCORE_USERS * d,
        *score = w->score + thread * KITH_SCORE_USERS * KITH_SCORE_ITEMS;
  int32_t *above = w->above + thread * KITH_SCORE_ITEMS;
  const bool direct = kith__direct_is_on(&w->direct);
  kith_lid n = w->n_user - first < KITH_SCORE_USERS ? w->n_user - first : KITH_SCORE_USERS;
  memset(tile + d * (size_t)n, 0, d * (size_t)(KITH_SCORE_USERS - n) * sizeof(float));
  for (kith_lid i = 0; i < n; i++)
    memcpy(tile + d * (size_t)i,
           w->user_x + d * (size_t)w->users->row_of[KITH_USER][w->user[topk_at(w, first + i)]],
           d * sizeof(float));
  if (direct) topk_reach(w, first, n, false);
  kith__pair *pair = kith__addend_begin(&w->pairs);
  int64_t n_pair = topk_list_pairs(w, first, n, pair), at = 0;
  for (kith_lid j = 0; j < s->n; j += KITH_SCORE_ITEMS) {
    int n_item = s->n - j < KITH_SCORE_ITEMS ? s->n - j : KITH_SCORE_ITEMS;
    kith_scores_tile(w->d, tile, s->packed + d * (size_t)j, score);
    if (direct) kith_direct_tile(&w->direct.lists, n_item, s->original + j, &w->reach[thread], score);
    for (; at < n_pair && pair[at].column < j + n_item; at++)
      score[(size_t)pair[at].user * KITH_SCORE_ITEMS + (size_t)(pair[at].column - j)] += pair[at].value;
    for (kith_lid i = 0; i < n; i++)
      topk_scan(w, topk_at(w, first + i), n_item, score + (size_t)i * KITH_SCORE_ITEMS, s->original + j,
                above);
  }
  if (direct) topk_reach(w, first, n, true);
  if (thread == 0) kith__ring_progress(ring);
}

static bool topk_stops(const topk_work *w) { return w->o && w->o->should_stop && w->o->should_stop(); }

kith_agreed kith__eval_poll(const kith_comm *comm, const kith_eval_options *o) {
  if (!o) return (kith_agreed){KITH_OK};
  if (o->should_stop && kith_comm_max(comm, o->should_stop()) != 0)
    return kith_agreed_same(
        kith_fail(KITH_EINTERRUPT, "stopped by a signal during an evaluation; run again to continue"));
  return o->poll ? o->poll(o->poll_context) : (kith_agreed){KITH_OK};
}

/* One shard, in pieces of users: the same number of pieces on every rank, with a poll after each. */
static kith_agreed topk_shard(const kith_comm *comm, const topk_work *w, const kith_shard *s,
                              kith_ring *ring) {
  kith_agreed st = {KITH_OK};
  enum { POLLS = 16 }; /* per evaluation */
  const int n_piece = comm->size < POLLS ? POLLS / comm->size : 1;
  const int64_t n_tile = (w->n_user + KITH_SCORE_USERS - 1) / KITH_SCORE_USERS;
  for (int p = 0; p < n_piece; p++) {
    int64_t end = kith_chunk_begin(n_tile, n_piece, p + 1);
#pragma omp parallel for schedule(dynamic)
    for (int64_t tile = kith_chunk_begin(n_tile, n_piece, p); tile < end; tile++)
      if (!topk_stops(w)) topk_tile(w, (kith_lid)(tile * KITH_SCORE_USERS), s, ring);
    KITH_TRY(kith__eval_poll(comm, w->o));
  }
done:
  return st;
}

static kith_agreed topk_run(const kith_comm *comm, topk_work *w) {
  kith_agreed st = {KITH_OK};
  kith_ring *ring = NULL;
  KITH_TRY(kith__ring_create(comm, w->g, w->d, w->x, w->scope->trained, &ring));
  for (const kith_shard *s = kith__ring_next(ring); s; s = kith__ring_next(ring)) {
    kith__addend_locate(&w->pairs, s);
    KITH_TRY(topk_shard(comm, w, s, ring));
  }
#pragma omp parallel for schedule(static)
  for (kith_lid i = 0; i < w->n_user; i++) kith__topk_heap_sort(&w->heap[i]);
done:
  kith__ring_destroy(&ring);
  return st;
}

void kith_topk_free(kith_topk *top) {
  KITH_FREE(top->item);
  KITH_FREE(top->score);
}

static kith_status topk_take(const topk_work *w, kith_topk *out) {
  kith_status st = KITH_OK;
  kith_topk top = {.n_user = w->n_user, .k = w->k};
  KITH_TRY(KITH_NEW(top.item, (int64_t)w->n_user * w->k));
  KITH_TRY(KITH_NEW(top.score, (int64_t)w->n_user * w->k));
  for (int64_t i = 0; i < w->n_user; i++)
    for (int j = 0; j < w->k; j++) {
      bool there = j < w->heap[i].n;
      top.item[i * w->k + j] = there ? w->heap[i].entry[j].item : -1;
      top.score[i * w->k + j] = there ? w->heap[i].entry[j].score : 0;
    }
  *out = top;
  top = (kith_topk){0};
done:
  kith_topk_free(&top);
  return st;
}

static kith_status topk_users(const kith_graph *g, kith_lid n, const kith_lid *user, kith_lid *n_out,
                              kith_lid **out) {
  kith_status st = KITH_OK;
  if (!user) return kith__eval_users(g, NULL, n_out, out);
  KITH_TRY(KITH_NEW(*out, n));
  memcpy(*out, user, (size_t)n * sizeof *user);
  *n_out = n;
done:
  return st;
}

/* kith_eval_topk(); mask_valid: masked interactions are those of training and validation. */
static kith_agreed topk_lists(const kith_comm *comm, const kith_graph *g, int d, const float *x,
                              const kith_direct_term *direct, const kith_pair_terms *pairs, int k,
                              const kith_eval_scope *scope, bool mask_valid, kith_lid n_user,
                              const kith_lid *user, kith_topk *top) {
  kith_agreed st = {KITH_OK};
  kith__scope s = {0};
  topk_work w = {0};
  kith_lid n = 0, *list = NULL;
  KITH_TRY(kith__scope_make(comm, g, scope, mask_valid, NULL, &s));
  KITH_TRY(kith_agree(comm, topk_users(g, n_user, user, &n, &list)));
  KITH_TRY(kith_agree(comm, topk_work_make(g, d, x, k, &s, n, &list, &w)));
  if (direct) KITH_TRY(topk_direct(comm, direct, &w));
  KITH_TRY(kith_agree(comm, kith__addend_make(g, pairs, &w.pairs)));
  KITH_TRY(topk_run(comm, &w));
  KITH_TRY(kith_agree(comm, topk_take(&w, top)));
done:
  KITH_FREE(list);
  topk_work_free(&w);
  kith__scope_free(&s);
  return st;
}

kith_agreed kith_eval_topk(const kith_comm *comm, const kith_graph *g, int d, const float *x,
                           const kith_direct_term *direct, const kith_pair_terms *pairs, int k,
                           const kith_eval_scope *scope, kith_lid n_user, const kith_lid *user,
                           kith_topk *top) {
  const kith_eval_scope usual = kith_eval_defaults().scope;
  return topk_lists(comm, g, d, x, direct, pairs, k, scope ? scope : &usual, true, n_user, user, top);
}

kith_agreed kith__eval_topk_dealt(const kith_comm *comm, const kith_graph *g, int d, const float *x,
                                  const kith_direct_term *direct, int k, kith__deal *deal, kith_topk *top) {
  kith_agreed st = {KITH_OK};
  topk_work w = {0};
  KITH_TRY(kith_agree(comm, topk_work_make(g, d, x, k, &deal->scope, deal->n, &deal->user, &w)));
  w.users = &deal->users;
  w.user_x = deal->x;
  KITH_TRY(topk_direct(comm, direct, &w));
  KITH_TRY(kith_agree(comm, kith__addend_make(g, deal->pairs, &w.pairs)));
  KITH_TRY(topk_run(comm, &w));
  KITH_TRY(kith_agree(comm, topk_take(&w, top)));
done:
  topk_work_free(&w);
  return st;
}

kith_agreed kith_eval_topk_valid(const kith_comm *comm, const kith_graph *g, int d, const float *x,
                                 const kith_direct_term *direct, int k, const kith_eval_scope *scope,
                                 kith_lid n_user, const kith_lid *user, kith_topk *top) {
  return topk_lists(comm, g, d, x, direct, NULL, k, scope, false, n_user, user, top);
}

kith_agreed kith__eval_full(const kith_comm *comm, const kith_graph *g, int d, const float *x,
                            const kith_eval_options *o, kith__metric_sums *t) {
  kith_agreed st = {KITH_OK};
  topk_work w = {0};
  int32_t *item = NULL;
  int k = o->k[o->n_k - 1];
  bool tests = o->split == KITH_EVAL_TEST;
  kith__scope s = {0};
  kith__deal deal = {.d = d};
  KITH_TRY(kith__scope_make(comm, g, &o->scope, tests, tests ? &g->test : &g->valid, &s));
  KITH_TRY(kith__group_sums_make(comm, g, s.truth, t->groups));
  KITH_TRY(kith__deal_make(comm, g, d, x, &s, t->groups || kith_direct_is_on(&o->direct), o->pairs, &deal));
  KITH_TRY(kith_agree(comm, topk_work_make(g, d, x, k, &deal.scope, deal.n, &deal.user, &w)));
  KITH_TRY(kith_agree(comm, KITH_NEW(item, k)));
  w.users = &deal.users;
  w.user_x = deal.x;
  w.o = o;
  KITH_TRY(topk_direct(comm, &o->direct, &w));
  KITH_TRY(kith_agree(comm, kith__addend_make(g, deal.pairs, &w.pairs)));
  KITH_TRY(topk_run(comm, &w));
  t->n_user_left_out = s.n_left_out;
  for (kith_lid i = 0; i < w.n_user; i++) {
    const kith_ragged *truth = deal.scope.truth;
    kith_eid first = truth->start[w.user[i]], end = truth->start[w.user[i] + 1];
    for (int j = 0; j < w.heap[i].n; j++) item[j] = w.heap[i].entry[j].item;
    kith__metric_sums_add_user(t, o, w.users, w.user[i], w.heap[i].n, item, end - first,
                               truth->value + first);
  }
done:
  KITH_FREE(item);
  topk_work_free(&w);
  kith__deal_free(&deal);
  kith__scope_free(&s);
  return st;
}
