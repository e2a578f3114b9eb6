/*
 * The sampled-N protocol: each user's held-out items are ranked among N items that the user has never met, drawn
 * uniformly with keys (seed, user, draw), all distinct.  Its scores are not comparable with full ranking.
 */
#include <stdlib.h>

#include "rank/rank.h"

/* The candidates of all users: rows of item numbers, ascending, with scores as their shards pass by. */
typedef struct sampled {
  kith_lid n_user;
  kith_lid *user;
  int64_t *start;     /* [n_user + 1] */
  kith_entry *entry;  /* [start[n_user]] */
} sampled;

static void sampled_free(sampled *s) {
  KITH_FREE(s->user);
  KITH_FREE(s->start);
  KITH_FREE(s->entry);
}

static int sampled_by_item(const void *a, const void *b) {
  int32_t x = ((const kith_entry *)a)->item, y = ((const kith_entry *)b)->item;
  return (x > y) - (x < y);
}

static int sampled_by_rank(const void *a, const void *b) {
  const kith_entry *x = a, *y = b;
  return kith__entry_is_before(*x, *y) ? -1 : kith__entry_is_before(*y, *x);
}

static bool sampled_is_met(const kith_graph *g, kith_lid user, int32_t item) {
  return kith_lists_has(&g->train, user, item) || kith_lists_has(&g->valid, user, item) || kith_lists_has(&g->test, user, item);
}

static bool sampled_is_drawn(const kith_entry *e, int64_t n, int32_t item) {
  for (int64_t i = 0; i < n; i++)
    if (e[i].item == item) return true;
  return false;
}

/* How many items the user has never met, at most n: there may be fewer than asked for. */
static int64_t sampled_room(const kith_graph *g, kith_lid u, int n) {
  const kith_lists *l[3] = {&g->train, &g->valid, &g->test};
  int64_t room = g->n[KITH_ITEM];
  for (int i = 0; i < 3; i++) room -= l[i]->start[u + 1] - l[i]->start[u];
  return room < 0 ? 0 : room < n ? room : n;
}

static void sampled_draw(const kith_graph *g, const kith_rank_options *o, kith_lid u, int64_t n, kith_entry *e) {
  uint64_t who = (uint64_t)g->original[g->row_of[KITH_USER][u]];
  int64_t have = 0;
  for (uint64_t draw = 0; have < n; draw++) {
    int32_t item = (int32_t)kith_random_below(kith_random(o->seed, KITH_USE_PROTOCOL, who, draw, 0).bits[0], (uint64_t)g->n[KITH_ITEM]);
    if (!sampled_is_met(g, u, item) && !sampled_is_drawn(e, have, item)) e[have++].item = item;
  }
}

static kith_status sampled_make(const kith_graph *g, const kith_rank_options *o, const kith_lists *truth, sampled *out) {
  kith_status st = KITH_OK;
  sampled s = {0};
  KITH_TRY(kith__rank_users(g, truth, &s.n_user, &s.user));
  KITH_TRY(KITH_NEW(s.start, (int64_t)s.n_user + 1));
  for (kith_lid i = 0; i < s.n_user; i++) {
    kith_lid u = s.user[i];
    s.start[i + 1] = s.start[i] + truth->start[u + 1] - truth->start[u] + sampled_room(g, u, o->sampled);
  }
  KITH_TRY(KITH_NEW(s.entry, s.start[s.n_user]));
#pragma omp parallel for schedule(dynamic, 64)
  for (kith_lid i = 0; i < s.n_user; i++) {
    kith_lid u = s.user[i];
    kith_entry *e = s.entry + s.start[i];
    kith_eid first = truth->start[u], n_truth = truth->start[u + 1] - first;
    sampled_draw(g, o, u, s.start[i + 1] - s.start[i] - n_truth, e + n_truth);
    for (kith_eid k = 0; k < n_truth; k++) e[k].item = truth->item[first + k];
    qsort(e, (size_t)(s.start[i + 1] - s.start[i]), sizeof *e, sampled_by_item);
  }
  *out = s;
  s = (sampled){0};
done:
  sampled_free(&s);
  return st;
}

/* where[item] = row of the item in this shard, else -1. */
static void sampled_score(const sampled *s, const kith_graph *g, int d, const float *x, const kith_shard *shard, const kith_lid *where) {
#pragma omp parallel for schedule(dynamic, 64)
  for (kith_lid i = 0; i < s->n_user; i++) {
    const float *user = x + (size_t)g->row_of[KITH_USER][s->user[i]] * (size_t)d;
    for (int64_t k = s->start[i]; k < s->start[i + 1]; k++) {
      kith_lid row = where[s->entry[k].item];
      if (row >= 0) s->entry[k].score = kith_scores_one(d, user, shard->packed, row);
    }
  }
}

static kith_status sampled_tally(sampled *s, const kith_rank_options *o, const kith_lists *truth, kith_tally *t) {
  kith_status st = KITH_OK;
  int k = o->k[o->n_k - 1];
  int32_t *item = NULL;
  KITH_TRY(KITH_NEW(item, k));
  for (kith_lid i = 0; i < s->n_user; i++) {
    int64_t n = s->start[i + 1] - s->start[i];
    kith_eid first = truth->start[s->user[i]];
    qsort(s->entry + s->start[i], (size_t)n, sizeof *s->entry, sampled_by_rank);
    int n_top = n < k ? (int)n : k;
    for (int j = 0; j < n_top; j++) item[j] = s->entry[s->start[i] + j].item;
    kith__tally_add(t, o, n_top, item, truth->start[s->user[i] + 1] - first, truth->item + first);
  }
done:
  KITH_FREE(item);
  return st;
}

kith_agreed kith__rank_sampled(const kith_comm *comm, const kith_graph *g, int d, const float *x, const kith_rank_options *o, kith_tally *t) {
  kith_agreed st = {KITH_OK};
  sampled s = {0};
  kith_ring *ring = NULL;
  kith_lid *where = NULL;
  const kith_lists *truth = o->split == KITH_ON_TEST ? &g->test : &g->valid;
  KITH_TRY(kith_agree(comm, sampled_make(g, o, truth, &s)));
  KITH_TRY(kith_agree(comm, KITH_NEW(where, g->n[KITH_ITEM])));
  KITH_TRY(kith__ring_create(comm, g, d, x, &ring));
  for (const kith_shard *shard = kith__ring_next(ring); shard; shard = kith__ring_next(ring)) {
    for (int64_t i = 0; i < g->n[KITH_ITEM]; i++) where[i] = -1;
    for (kith_lid j = 0; j < shard->n; j++) where[shard->original[j]] = j;
    sampled_score(&s, g, d, x, shard, where);
  }
  KITH_TRY(kith_agree(comm, sampled_tally(&s, o, truth, t)));
done:
  kith__ring_destroy(&ring);
  KITH_FREE(where);
  sampled_free(&s);
  return st;
}
