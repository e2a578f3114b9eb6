/*
 * The sampled-N protocol: held-out items are ranked among N candidates without interactions (candidates.c).
 * Its metrics are not comparable with full ranking. Users are processed in blocks, so that memory does not
 * grow with users times N.  A rank looks at each candidate of its own users once, and fetches the rows of
 * those alone: its work falls with the number of ranks.
 */
#include <stdlib.h>

#include "ops/ops.h"
#include "eval/direct.h"
#include "eval/eval_impl.h"
#include "eval/item_rows.h"

/* A candidate of the block. */
typedef struct sampled_pair {
  int32_t entry; /* index into sampled.entry */
  kith_lid user; /* index into sampled.user */
} sampled_pair;

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
  kith_scored_item *entry; /* candidates of the block, by user; scored owner by owner */
  sampled_pair *pair;      /* the same, by the owner of the item … */
  int64_t *at;             /* [ranks + 1] … of which at[r] is the first of rank r */
  uint64_t *taken;         /* [threads, words] bit sets of candidates.c */
  int32_t *item;           /* [largest cutoff] */
  kith__direct direct;     /* the direct term; empty if there is none */
  float *reach;            /* [threads, users in all] of a direct term; zero between users */
} sampled;

static void sampled_free(sampled *s) {
  KITH_FREE(s->user);
  KITH_FREE(s->start);
  KITH_FREE(s->entry);
  KITH_FREE(s->pair);
  KITH_FREE(s->at);
  KITH_FREE(s->taken);
  KITH_FREE(s->item);
  KITH_FREE(s->reach);
  kith__direct_free(&s->direct);
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

static kith_status sampled_make(const kith_comm *comm, sampled *s) {
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
  KITH_TRY(KITH_NEW(s->pair, most));
  KITH_TRY(KITH_NEW(s->at, (int64_t)comm->size + 2));
  KITH_TRY(KITH_NEW(s->taken, kith_max_threads() * kith__candidates_words(s->g)));
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

/* Add the direct term to the scores of a user's candidates. */
static void sampled_add_direct(const sampled *s, kith_lid i) {
  const kith_ragged *l = &s->g->train;
  kith_eid at = l->start[s->user[i]], n = l->start[s->user[i] + 1] - at;
  float *reach = s->reach + kith_thread_num() * s->direct.n_user;
  kith_scored_item *e = sampled_entries(s, i);
  kith__direct_reach(&s->direct, n, l->value + at, reach);
  for (int64_t k = 0; k < s->start[i + 1] - s->start[i]; k++)
    e[k].score = kith_direct_one(&s->direct.lists, e[k].item, reach, e[k].score);
  kith__direct_unreach(&s->direct, n, l->value + at, reach);
}

/* The same with the terms of listed pairs. */
static void sampled_add_pairs(const sampled *s, kith_lid i) {
  kith_scored_item *e = sampled_entries(s, i);
  for (int64_t k = 0; k < s->start[i + 1] - s->start[i]; k++)
    e[k].score += kith__addend_one(s->o->pairs, s->user[i], e[k].item);
}

static void sampled_add_terms(const sampled *s) {
#pragma omp parallel for schedule(dynamic, 64)
  for (kith_lid i = s->first; i < s->end; i++) {
    if (kith__direct_is_on(&s->direct)) sampled_add_direct(s, i);
    if (s->o->pairs && s->o->pairs->item.start) sampled_add_pairs(s, i);
  }
}

static int sampled_owner(const kith_comm *comm, const sampled *s, int32_t item) {
  return kith_owner(comm->size, s->g->first, s->g->item_number[item]);
}

/* List the candidates by owner: a counting sort.  at[r + 1] grows from the first of rank r to its end. */
static void sampled_sort(const kith_comm *comm, const sampled *s) {
  const int64_t n = s->start[s->end] - s->start[s->first];
  for (int r = 0; r < comm->size + 2; r++) s->at[r] = 0;
  for (int64_t k = 0; k < n; k++) s->at[sampled_owner(comm, s, s->entry[k].item) + 2]++;
  for (int r = 0; r < comm->size; r++) s->at[r + 2] += s->at[r + 1];
  for (kith_lid i = s->first; i < s->end; i++)
    for (int64_t k = s->start[i] - s->start[s->first]; k < s->start[i + 1] - s->start[s->first]; k++)
      s->pair[s->at[sampled_owner(comm, s, s->entry[k].item) + 1]++] = (sampled_pair){(int32_t)k, i};
}

/* Score the candidates that a rank owns. */
static void sampled_score(const sampled *s, const kith__item_rows *rows, int owner) {
#pragma omp parallel for schedule(static)
  for (int64_t p = s->at[owner]; p < s->at[owner + 1]; p++) {
    kith_scored_item *e = &s->entry[s->pair[p].entry];
    const size_t user = (size_t)s->g->row_of[KITH_USER][s->user[s->pair[p].user]];
    e->score =
        kith_scores_one(rows->d, rows->x + user * (size_t)rows->d, kith__item_rows_get(rows, owner, e->item));
  }
}

static void sampled_add_metrics(const sampled *s, kith__metric_sums *t) {
  for (kith_lid i = s->first; i < s->end; i++) {
    int64_t n = s->start[i + 1] - s->start[i];
    kith_scored_item *e = sampled_entries(s, i);
    qsort(e, (size_t)n, sizeof *e, sampled_by_rank);
    int n_top = (int)kith_min(n, s->o->k[s->o->n_k - 1]);
    for (int j = 0; j < n_top; j++) s->item[j] = e[j].item;
    kith__metric_sums_add_user(t, s->o, s->g, s->user[i], n_top, s->item, sampled_n_truth(s, i),
                               s->truth->value + s->truth->start[s->user[i]]);
  }
}

/* Score a block, which may be empty on this rank. */
static kith_agreed sampled_block(const kith_comm *comm, sampled *s, kith__item_rows *rows,
                                 kith__metric_sums *t) {
  kith_agreed st = {KITH_OK};
  KITH_TRY(kith__eval_poll(comm, s->o));
  sampled_draw(s);
  sampled_sort(comm, s);
  for (int round = 0; round < comm->size; round++) {
    int owner = kith__item_rows_owner(rows, round);
    for (int64_t p = s->at[owner]; p < s->at[owner + 1]; p++)
      kith__item_rows_want(rows, owner, s->entry[s->pair[p].entry].item);
    kith__item_rows_fetch(rows, round);
    sampled_score(s, rows, owner);
    t->n_scored += s->at[owner + 1] - s->at[owner];
    kith__item_rows_forget(rows);
  }
  sampled_add_terms(s);
  sampled_add_metrics(s, t);
done:
  return st;
}

int64_t kith_eval_sampled_bytes(int size, int64_t most_own, int64_t most_item, int64_t n_user, int64_t n_item,
                                int d, int n_candidate) {
  const sampled *s = NULL;
  int64_t one = kith_min(n_candidate, n_item), most = one > KITH__SAMPLED_BLOCK ? one : KITH__SAMPLED_BLOCK;
  int64_t block = kith_min(n_user * one, most);
  return kith__item_rows_bytes(size, most_own, most_item, d) + KITH_BYTES(s->entry, block) +
         KITH_BYTES(s->pair, block) + KITH_BYTES(s->user, n_user) + KITH_BYTES(s->start, n_user) +
         kith_max_threads() * KITH_BYTES(s->taken, n_item / 64);
}

kith_agreed kith__eval_sampled(const kith_comm *comm, const kith_graph *g, int d, const float *x,
                               const kith_eval_options *o, int64_t block, kith__metric_sums *t) {
  kith_agreed st = {KITH_OK};
  sampled s = {.g = g, .o = o, .block = block, .truth = o->split == KITH_EVAL_TEST ? &g->test : &g->valid};
  kith__item_rows rows = {.row = MPI_DATATYPE_NULL};
  KITH_TRY(kith_agree(comm, sampled_make(comm, &s)));
  KITH_TRY(kith__group_sums_make(comm, g, s.truth, t->groups));
  KITH_TRY(sampled_direct(comm, &s));
  KITH_TRY(kith__item_rows_make(comm, g, d, x, &rows));
  t->n_user_short = s.n_user_short;
  sampled_next_block(&s);
  while (kith_comm_max(comm, s.end > s.first) > 0) {
    KITH_TRY(sampled_block(comm, &s, &rows, t));
    sampled_next_block(&s);
  }
  t->n_fetched = rows.n_fetched;
done:
  kith__item_rows_free(&rows);
  sampled_free(&s);
  return st;
}
