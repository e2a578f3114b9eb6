/*
 * The sampled-N protocol: held-out items are ranked among N candidates without interactions (candidates.c).
 * Its metrics are not comparable with full ranking. Users are processed in blocks, so that memory does not
 * grow with users times N.
 */
#include <stdlib.h>

#include "ops/ops.h"
#include "eval/direct.h"
#include "eval/eval_impl.h"

typedef struct sampled {
  const kith_graph *g;
  const kith_eval_options *o;
  const kith_ragged *truth;
  int64_t block; /* limit of candidates per block */
  kith_lid n_user;
  kith_lid *user;          /* [n_user] */
  int64_t *start;          /* [n_user + 1] offsets of the users' candidates */
  int64_t n_user_short;    /* users with fewer than N candidates */
  kith_lid first, end;     /* users of the current block: [first, end) */
  kith_scored_item *entry; /* candidates of the block, ascending by item per user; scored shard by shard */
  uint64_t *taken;         /* [threads, words] bit sets of candidates.c */
  kith_lid *shard_row;     /* [items] row of each item in the current shard; -1: not there */
  int32_t *item;           /* [largest cutoff] */
  kith__direct direct;     /* the direct term; empty if there is none */
  float *reach;            /* [threads, users in all] of a direct term; zero between users */
} sampled;

static void sampled_free(sampled *s) {
  KITH_FREE(s->user);
  KITH_FREE(s->start);
  KITH_FREE(s->entry);
  KITH_FREE(s->taken);
  KITH_FREE(s->shard_row);
  KITH_FREE(s->item);
  KITH_FREE(s->reach);
  kith__direct_free(&s->direct);
}

static int sampled_by_item(const void *a, const void *b) {
  int32_t x = ((const kith_scored_item *)a)->item, y = ((const kith_scored_item *)b)->item;
  return (x > y) - (x < y);
}

static int sampled_by_rank(const void *a, const void *b) {
  const kith_scored_item *x = a, *y = b;
  return kith__scored_item_before(*x, *y) ? -1 : kith__scored_item_before(*y, *x);
}

/* Advance to the next block; empty after the last user. */
static void sampled_next_block(sampled *s) {
  s->first = s->end;
  while (s->end < s->n_user && (s->end == s->first || s->start[s->end + 1] - s->start[s->first] <= s->block))
    s->end++;
}

static kith_scored_item *sampled_entries(const sampled *s, kith_lid i) {
  return s->entry + (s->start[i] - s->start[s->first]);
}
static int64_t sampled_n_truth(const sampled *s, kith_lid i) {
  return s->truth->start[s->user[i] + 1] - s->truth->start[s->user[i]];
}

static kith_status sampled_make(sampled *s) {
  kith_status st = KITH_OK;
  int64_t most = 0;
  KITH_TRY(kith__eval_users(s->g, s->truth, &s->n_user, &s->user));
  KITH_TRY(KITH_NEW(s->start, (int64_t)s->n_user + 1));
  for (kith_lid i = 0; i < s->n_user; i++) {
    int64_t unmet = kith__candidates_available(s->g, s->user[i]);
    s->n_user_short += unmet < s->o->sampled;
    s->start[i + 1] = s->start[i] + sampled_n_truth(s, i) + kith_min(unmet, s->o->sampled);
  }
  for (sampled_next_block(s); s->first < s->n_user; sampled_next_block(s))
    if (s->start[s->end] - s->start[s->first] > most) most = s->start[s->end] - s->start[s->first];
  s->first = s->end = 0;
  KITH_TRY(KITH_NEW(s->entry, most));
  KITH_TRY(KITH_NEW(s->taken, kith_max_threads() * kith__candidates_words(s->g)));
  KITH_TRY(KITH_NEW(s->shard_row, s->g->n[KITH_ITEM]));
  KITH_TRY(KITH_NEW(s->item, s->o->k[s->o->n_k - 1]));
done:
  return st;
}

static void sampled_draw(const sampled *s) {
#pragma omp parallel for schedule(dynamic, 64)
  for (kith_lid i = s->first; i < s->end; i++) {
    kith_scored_item *e = sampled_entries(s, i);
    int64_t n_truth = sampled_n_truth(s, i), n = s->start[i + 1] - s->start[i];
    const int32_t *truth = s->truth->value + s->truth->start[s->user[i]];
    for (int64_t k = 0; k < n_truth; k++) e[k].item = truth[k];
    kith__candidates_draw(s->g, s->o->seed, s->user[i], n - n_truth,
                          s->taken + kith_thread_num() * kith__candidates_words(s->g), e + n_truth);
    qsort(e, (size_t)n, sizeof *e, sampled_by_item);
  }
}

static kith_agreed sampled_direct(const kith_comm *comm, sampled *s) {
  kith_agreed st = {KITH_OK};
  KITH_TRY(kith__direct_make(comm, s->g, &s->o->direct, &s->direct));
  if (kith__direct_is_on(&s->direct))
    KITH_TRY(kith_agree(comm, KITH_NEW(s->reach, kith_max_threads() * s->direct.n_user)));
done:
  return st;
}

/* Add the direct term to the scores of the candidates of one user that are in the shard. */
static void sampled_add_direct(const sampled *s, kith_lid i) {
  const kith_ragged *l = &s->g->train;
  kith_eid at = l->start[s->user[i]], n = l->start[s->user[i] + 1] - at;
  float *reach = s->reach + kith_thread_num() * s->direct.n_user;
  kith_scored_item *e = sampled_entries(s, i);
  kith__direct_reach(&s->direct, n, l->value + at, reach);
  for (int64_t k = 0; k < s->start[i + 1] - s->start[i]; k++)
    if (s->shard_row[e[k].item] >= 0)
      e[k].score = kith_direct_one(&s->direct.lists, e[k].item, reach, e[k].score);
  kith__direct_unreach(&s->direct, n, l->value + at, reach);
}

/* The same with the terms of listed pairs. */
static void sampled_add_pairs(const sampled *s, kith_lid i) {
  kith_scored_item *e = sampled_entries(s, i);
  for (int64_t k = 0; k < s->start[i + 1] - s->start[i]; k++)
    if (s->shard_row[e[k].item] >= 0) e[k].score += kith__addend_one(s->o->pairs, s->user[i], e[k].item);
}

static void sampled_score(const sampled *s, int d, const float *x, const kith_shard *shard) {
  for (int64_t i = 0; i < s->g->n[KITH_ITEM]; i++) s->shard_row[i] = -1;
  for (kith_lid j = 0; j < shard->n; j++) s->shard_row[shard->original[j]] = j;
#pragma omp parallel for schedule(dynamic, 64)
  for (kith_lid i = s->first; i < s->end; i++) {
    const float *user = x + (size_t)s->g->row_of[KITH_USER][s->user[i]] * (size_t)d;
    kith_scored_item *e = sampled_entries(s, i);
    for (int64_t k = 0; k < s->start[i + 1] - s->start[i]; k++)
      if (s->shard_row[e[k].item] >= 0)
        e[k].score = kith_scores_one(d, user, shard->packed, s->shard_row[e[k].item]);
    if (kith__direct_is_on(&s->direct)) sampled_add_direct(s, i);
    if (s->o->pairs && s->o->pairs->item.start) sampled_add_pairs(s, i);
  }
}

static void sampled_add_metrics(const sampled *s, kith__metric_sums *t) {
  for (kith_lid i = s->first; i < s->end; i++) {
    int64_t n = s->start[i + 1] - s->start[i];
    kith_scored_item *e = sampled_entries(s, i);
    qsort(e, (size_t)n, sizeof *e, sampled_by_rank);
    int n_top = (int)kith_min(n, s->o->k[s->o->n_k - 1]);
    for (int j = 0; j < n_top; j++) s->item[j] = e[j].item;
    kith__metric_sums_add(t, s->o, n_top, s->item, sampled_n_truth(s, i),
                          s->truth->value + s->truth->start[s->user[i]]);
  }
}

/* Score a block, which may be empty on this rank, against all item shards. */
static kith_agreed sampled_block(const kith_comm *comm, sampled *s, int d, const float *x,
                                 kith__metric_sums *t) {
  kith_agreed st = {KITH_OK};
  kith_ring *ring = NULL;
  KITH_TRY(kith__eval_poll(comm, s->o));
  sampled_draw(s);
  KITH_TRY(kith__ring_create(comm, s->g, d, x, NULL, &ring));
  for (const kith_shard *shard = kith__ring_next(ring); shard; shard = kith__ring_next(ring))
    sampled_score(s, d, x, shard);
  sampled_add_metrics(s, t);
done:
  kith__ring_destroy(&ring);
  return st;
}

kith_agreed kith__eval_sampled(const kith_comm *comm, const kith_graph *g, int d, const float *x,
                               const kith_eval_options *o, int64_t block, kith__metric_sums *t) {
  kith_agreed st = {KITH_OK};
  sampled s = {.g = g, .o = o, .block = block, .truth = o->split == KITH_EVAL_TEST ? &g->test : &g->valid};
  KITH_TRY(kith_agree(comm, sampled_make(&s)));
  KITH_TRY(sampled_direct(comm, &s));
  t->n_user_short = s.n_user_short;
  sampled_next_block(&s);
  while (kith_comm_max(comm, s.end > s.first) > 0) {
    KITH_TRY(sampled_block(comm, &s, d, x, t));
    sampled_next_block(&s);
  }
done:
  sampled_free(&s);
  return st;
}
