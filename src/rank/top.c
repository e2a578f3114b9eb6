/* Exact top-K: users in tiles against every shard of items as it passes by. */
#include <string.h>

#include "rank/rank.h"

/* A ranking under way. */
typedef struct top_work {
  const kith_graph *g;
  int d, k;
  const float *x;
  bool mask_valid;
  kith_lid n_user;
  kith_lid *user;    /* [n_user] which owned users are ranked */
  kith_keep *keep;   /* [n_user] */
  kith_entry *heaps; /* [n_user, k] */
  int n_thread;
  float *tile;                /* [threads, KITH_SCORE_USERS, d] users of a tile */
  float *score;               /* [threads, KITH_SCORE_USERS, KITH_SCORE_ITEMS] */
  int32_t *place;             /* [threads, KITH_SCORE_ITEMS] */
  const kith_rank_options *o; /* of an evaluation; else null */
} top_work;

static void top_work_free(top_work *w) {
  KITH_FREE(w->user);
  KITH_FREE(w->keep);
  KITH_FREE(w->heaps);
  KITH_FREE(w->tile);
  KITH_FREE(w->score);
  KITH_FREE(w->place);
}

kith_status kith__rank_users(const kith_graph *g, const kith_lists *truth, kith_lid *n, kith_lid **user) {
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

/* Room to rank the users (*user)[n_user]; on success the work has taken the list over, and *user is null. */
static kith_status top_work_make(const kith_graph *g, int d, const float *x, int k, bool mask_valid,
                                 kith_lid n_user, kith_lid **user, top_work *out) {
  kith_status st = KITH_OK;
  top_work w = {.g = g,
                .d = d,
                .k = k,
                .x = x,
                .mask_valid = mask_valid,
                .n_user = n_user,
                .n_thread = kith_max_threads()};
  KITH_TRY(KITH_NEW(w.keep, w.n_user));
  KITH_TRY(KITH_NEW(w.heaps, (int64_t)w.n_user * k));
  KITH_TRY(KITH_NEW(w.tile, (int64_t)w.n_thread * KITH_SCORE_USERS * d));
  KITH_TRY(KITH_NEW(w.score, (int64_t)w.n_thread * KITH_SCORE_USERS * KITH_SCORE_ITEMS));
  KITH_TRY(KITH_NEW(w.place, (int64_t)w.n_thread * KITH_SCORE_ITEMS));
  for (kith_lid i = 0; i < w.n_user; i++)
    w.keep[i] = (kith_keep){.k = k, .heap = w.heaps + (size_t)i * (size_t)k};
  w.user = *user;
  *user = NULL;
  *out = w;
  w = (top_work){0};
done:
  top_work_free(&w);
  return st;
}

static bool top_is_masked(const top_work *w, kith_lid user, int32_t item) {
  return kith_lists_has(&w->g->train, user, item) ||
         (w->mask_valid && kith_lists_has(&w->g->valid, user, item));
}

/* One user against one tile of items: what beats the threshold and is not masked is kept. */
static void top_scan(const top_work *w, kith_lid i, int n, const float *score, const int64_t *original,
                     int32_t *place) {
  kith_keep *keep = &w->keep[i];
  int found = kith_scores_above(n, score, kith__keep_threshold(keep), place);
  for (int f = 0; f < found; f++) {
    float s = score[place[f]];
    if (s < kith__keep_threshold(keep)) continue; /* it has risen since */
    kith_entry e = {s, (int32_t)original[place[f]]};
    if (!top_is_masked(w, w->user[i], e.item)) kith__keep_offer(keep, e);
  }
}

/* One tile of users against a whole shard; `poke` where this thread may let messages progress. */
static void top_tile(const top_work *w, kith_lid first, const kith_shard *s, kith_ring *poke) {
  size_t d = (size_t)w->d, thread = (size_t)kith_thread_num();
  float *tile = w->tile + thread * KITH_SCORE_USERS * d,
        *score = w->score + thread * KITH_SCORE_USERS * KITH_SCORE_ITEMS;
  int32_t *place = w->place + thread * KITH_SCORE_ITEMS;
  kith_lid n = w->n_user - first < KITH_SCORE_USERS ? w->n_user - first : KITH_SCORE_USERS;
  memset(tile + d * (size_t)n, 0, d * (size_t)(KITH_SCORE_USERS - n) * sizeof(float));
  for (kith_lid i = 0; i < n; i++)
    memcpy(tile + d * (size_t)i, w->x + d * (size_t)w->g->row_of[KITH_USER][w->user[first + i]],
           d * sizeof(float));
  for (kith_lid j = 0; j < s->n; j += KITH_SCORE_ITEMS) {
    int n_item = s->n - j < KITH_SCORE_ITEMS ? s->n - j : KITH_SCORE_ITEMS;
    kith_scores_tile(w->d, tile, s->packed + d * (size_t)j, score);
    for (kith_lid i = 0; i < n; i++)
      top_scan(w, first + i, n_item, score + (size_t)i * KITH_SCORE_ITEMS, s->original + j, place);
  }
  if (thread == 0) kith__ring_poke(poke);
}

static bool top_stops(const top_work *w) { return w->o && w->o->stop && w->o->stop(); }

kith_agreed kith__rank_pause(const kith_comm *comm, const kith_rank_options *o) {
  if (!o) return (kith_agreed){KITH_OK};
  if (o->stop && kith_comm_max(comm, o->stop()) != 0)
    return kith_agreed_same(
        kith_fail(KITH_EINTERRUPT, "stopped by a signal during an evaluation; run again to continue"));
  return o->pause ? o->pause(o->context) : (kith_agreed){KITH_OK};
}

/* One shard, in pieces of users: equally many on every rank, with a pause after each. */
static kith_agreed top_shard(const kith_comm *comm, const top_work *w, const kith_shard *s, kith_ring *ring) {
  kith_agreed st = {KITH_OK};
  enum { PAUSES = 16 }; /* in an evaluation */
  const int n_piece = comm->size < PAUSES ? PAUSES / comm->size : 1;
  const int64_t n_tile = (w->n_user + KITH_SCORE_USERS - 1) / KITH_SCORE_USERS;
  for (int p = 0; p < n_piece; p++) {
    int64_t end = kith_block(n_tile, n_piece, p + 1);
#pragma omp parallel for schedule(dynamic)
    for (int64_t tile = kith_block(n_tile, n_piece, p); tile < end; tile++)
      if (!top_stops(w)) top_tile(w, (kith_lid)(tile * KITH_SCORE_USERS), s, ring);
    KITH_TRY(kith__rank_pause(comm, w->o));
  }
done:
  return st;
}

static kith_agreed top_run(const kith_comm *comm, top_work *w) {
  kith_agreed st = {KITH_OK};
  kith_ring *ring = NULL;
  KITH_TRY(kith__ring_create(comm, w->g, w->d, w->x, &ring));
  for (const kith_shard *s = kith__ring_next(ring); s; s = kith__ring_next(ring))
    KITH_TRY(top_shard(comm, w, s, ring));
#pragma omp parallel for schedule(static)
  for (kith_lid i = 0; i < w->n_user; i++) kith__keep_sort(&w->keep[i]);
done:
  kith__ring_destroy(&ring);
  return st;
}

void kith_top_free(kith_top *top) {
  KITH_FREE(top->item);
  KITH_FREE(top->score);
}

static kith_status top_take(const top_work *w, kith_top *out) {
  kith_status st = KITH_OK;
  kith_top top = {.n_user = w->n_user, .k = w->k};
  KITH_TRY(KITH_NEW(top.item, (int64_t)w->n_user * w->k));
  KITH_TRY(KITH_NEW(top.score, (int64_t)w->n_user * w->k));
  for (int64_t i = 0; i < w->n_user; i++)
    for (int j = 0; j < w->k; j++) {
      bool there = j < w->keep[i].n;
      top.item[i * w->k + j] = there ? w->keep[i].heap[j].item : -1;
      top.score[i * w->k + j] = there ? w->keep[i].heap[j].score : 0;
    }
  *out = top;
  top = (kith_top){0};
done:
  kith_top_free(&top);
  return st;
}

static kith_status top_users(const kith_graph *g, kith_lid n, const kith_lid *user, kith_lid *n_out,
                             kith_lid **out) {
  kith_status st = KITH_OK;
  if (!user) return kith__rank_users(g, NULL, n_out, out);
  KITH_TRY(KITH_NEW(*out, n));
  memcpy(*out, user, (size_t)n * sizeof *user);
  *n_out = n;
done:
  return st;
}

kith_agreed kith_rank_top(const kith_comm *comm, const kith_graph *g, int d, const float *x, int k,
                          bool mask_valid, kith_lid n_user, const kith_lid *user, kith_top *top) {
  kith_agreed st = {KITH_OK};
  top_work w = {0};
  kith_lid n = 0, *list = NULL;
  KITH_TRY(kith_agree(comm, top_users(g, n_user, user, &n, &list)));
  KITH_TRY(kith_agree(comm, top_work_make(g, d, x, k, mask_valid, n, &list, &w)));
  KITH_TRY(top_run(comm, &w));
  KITH_TRY(kith_agree(comm, top_take(&w, top)));
done:
  KITH_FREE(list);
  top_work_free(&w);
  return st;
}

/* Full ranking: only users with something held out are ranked, once, at the largest cut-off. */
static kith_agreed top_measure(const kith_comm *comm, const kith_graph *g, int d, const float *x,
                               const kith_rank_options *o, kith_tally *t) {
  kith_agreed st = {KITH_OK};
  top_work w = {0};
  int32_t *item = NULL;
  kith_lid n = 0, *user = NULL;
  int k = o->k[o->n_k - 1];
  const kith_lists *truth = o->split == KITH_ON_TEST ? &g->test : &g->valid;
  KITH_TRY(kith_agree(comm, kith__rank_users(g, truth, &n, &user)));
  KITH_TRY(kith_agree(comm, top_work_make(g, d, x, k, o->split == KITH_ON_TEST, n, &user, &w)));
  KITH_TRY(kith_agree(comm, KITH_NEW(item, k)));
  w.o = o;
  KITH_TRY(top_run(comm, &w));
  for (kith_lid i = 0; i < w.n_user; i++) {
    kith_eid first = truth->start[w.user[i]];
    for (int j = 0; j < w.keep[i].n; j++) item[j] = w.keep[i].heap[j].item;
    kith__tally_add(t, o, w.keep[i].n, item, truth->start[w.user[i] + 1] - first, truth->item + first);
  }
done:
  KITH_FREE(user);
  KITH_FREE(item);
  top_work_free(&w);
  return st;
}

kith_agreed kith_rank_evaluate(const kith_comm *comm, const kith_graph *g, int d, const float *x,
                               const kith_rank_options *o, kith_metrics *out) {
  kith_agreed st = {KITH_OK};
  kith_tally t = {0};
  kith_rank_options on = *o;
  *out = (kith_metrics){0};
  on.split = kith_held_out_resolve(comm, g, o->split);
  if (on.sampled > 0) KITH_TRY(kith__rank_sampled(comm, g, d, x, &on, KITH__SAMPLED_BLOCK, &t));
  else KITH_TRY(top_measure(comm, g, d, x, &on, &t));
  kith__tally_end(comm, &t, &on, out);
done:
  return st;
}
