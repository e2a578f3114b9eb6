/*
 * Candidates: of each user the KITH_BLEND_POOL items that each member ranks highest, and as many that each
 * evidence lists highest.  A validation item that is none of them has no part in the choice of weights.
 *
 * Which items these are depends on scores alone, so the likelihood of a validation item among them has its
 * maximum at the same weights as that among all items, if the scores are right (McFadden 1978).
 */
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "blend/blend_impl.h"
#include "eval/gathered.h"

typedef struct pool_work {
  const kith_comm *comm;
  const kith_graph *g;
  kith_gathered_users users;
  int64_t *at;           /* [n_user] their numbers in users */
  int32_t *item, *count; /* [n_user, width] candidates so far; [n_user] how many these are */
  int64_t width;
  kith__candidates c;
} pool_work;

static void pool_free(pool_work *w) {
  kith_gathered_users_free(&w->users);
  KITH_FREE(w->at);
  KITH_FREE(w->item);
  KITH_FREE(w->count);
  kith__candidates_free(&w->c);
}

void kith__candidates_free(kith__candidates *c) {
  KITH_FREE(c->user);
  kith_ragged_free(&c->item);
  KITH_FREE(c->chosen);
  KITH_FREE(c->f);
}

static int pool_compare(const void *a, const void *b) {
  const int32_t *x = a, *y = b;
  return (*x > *y) - (*x < *y);
}

/* ---- users ---- */

static kith_status pool_check(const pool_work *w) {
  kith_status st = KITH_OK;
  KITH_CHECK(w->c.n_truth_all > 0, KITH_ECONFIG,
             "kith blend: no validation items that count, and its weights are chosen on them; see "
             "data.split.valid, and evaluate.candidates and evaluate.mask, which say what counts");
done:
  return st;
}

static kith_status pool_users(pool_work *w, int n_source) {
  kith_status st = KITH_OK;
  kith_ragged *masked = &w->users.masked;
  KITH_TRY(KITH_NEW(w->c.user, w->users.n + 1));
  KITH_TRY(KITH_NEW(w->at, w->users.n));
  for (int64_t i = 0; i < w->users.n; i++) {
    if (w->users.own[i] < 0) continue;
    w->at[w->c.n_user] = i;
    w->c.user[w->c.n_user++] = w->users.own[i];
    qsort(masked->value + masked->start[i], (size_t)(masked->start[i + 1] - masked->start[i]),
          sizeof *masked->value, pool_compare);
  }
  w->width = (int64_t)n_source * KITH_BLEND_POOL;
  KITH_TRY(KITH_NEW(w->item, w->c.n_user * w->width));
  KITH_TRY(KITH_NEW(w->count, w->c.n_user));
done:
  return st;
}

static void pool_add(pool_work *w, kith_lid u, int32_t item) { w->item[u * w->width + w->count[u]++] = item; }

/* Whether an item is ranked for user u. */
static bool pool_ranks(const pool_work *w, kith_lid u, int32_t item) {
  return !kith_ragged_has(&w->users.masked, w->at[u], item) && !(w->users.trained && w->users.trained[item]);
}

/* ---- sources ---- */

static kith_agreed pool_add_member(pool_work *w, const kith_blend_options *o, const kith_blend_member *m) {
  kith_agreed st = {KITH_OK};
  kith_topk top = {.n_user = 0};
  KITH_TRY(kith_eval_topk_valid(w->comm, w->g, m->d, m->x, &m->direct, KITH_BLEND_POOL, &o->scope,
                                w->c.n_user, w->c.user, &top));
  for (kith_lid u = 0; u < w->c.n_user; u++)
    for (int k = 0; k < KITH_BLEND_POOL && top.item[u * KITH_BLEND_POOL + k] >= 0; k++)
      pool_add(w, u, top.item[u * KITH_BLEND_POOL + k]);
done:
  kith_topk_free(&top);
  return st;
}

typedef struct pool_number {
  double value;
  int32_t item;
} pool_number;

/* The highest first; of equals the smaller number. */
static int pool_compare_numbers(const void *a, const void *b) {
  const pool_number *x = a, *y = b;
  if (x->value != y->value) return x->value > y->value ? -1 : 1;
  return (x->item > y->item) - (x->item < y->item);
}

/* Evidence number k of items. */
static kith_status pool_add_items(pool_work *w, const kith_evidence_table *t, int k) {
  kith_status st = KITH_OK;
  pool_number *all = NULL;
  const int64_t n = w->g->n[KITH_ITEM];
  KITH_TRY(KITH_NEW(all, n));
  for (int64_t i = 0; i < n; i++) all[i] = (pool_number){t->column[k][i], (int32_t)i};
  qsort(all, (size_t)n, sizeof *all, pool_compare_numbers);
  for (kith_lid u = 0; u < w->c.n_user; u++)
    for (int64_t i = 0, taken = 0; i < n && taken < KITH_BLEND_POOL; i++) {
      if (!pool_ranks(w, u, all[i].item)) continue;
      pool_add(w, u, all[i].item);
      taken++;
    }
done:
  KITH_FREE(all);
  return st;
}

/* Evidence number k of listed pairs. */
static kith_status pool_add_pairs(pool_work *w, const kith_evidence_table *t, int k) {
  kith_status st = KITH_OK;
  pool_number *list = NULL;
  for (kith_lid u = 0; u < w->c.n_user; u++) {
    const kith_eid first = t->item.start[w->c.user[u]], end = t->item.start[w->c.user[u] + 1];
    int64_t n = 0;
    KITH_FREE(list);
    KITH_TRY(KITH_NEW(list, end - first));
    for (kith_eid e = first; e < end; e++) {
      const double value = t->value[e * t->n + k];
      if (value != 0 && pool_ranks(w, u, t->item.value[e]))
        list[n++] = (pool_number){value, t->item.value[e]};
    }
    qsort(list, (size_t)n, sizeof *list, pool_compare_numbers);
    for (int64_t i = 0; i < n && i < KITH_BLEND_POOL; i++) pool_add(w, u, list[i].item);
  }
done:
  KITH_FREE(list);
  return st;
}

/* ---- together ---- */

/* Sort the candidates of each user, each once, and mark the validation items. */
static kith_status pool_merge(pool_work *w) {
  kith_status st = KITH_OK;
  kith_ragged *to = &w->c.item;
  kith_eid n = 0;
  to->n_row = w->c.n_user;
  KITH_TRY(KITH_NEW(to->start, to->n_row + 1));
  for (kith_lid u = 0; u < w->c.n_user; u++) {
    int32_t *item = w->item + u * w->width, kept = 0;
    qsort(item, (size_t)w->count[u], sizeof *item, pool_compare);
    for (int32_t i = 0; i < w->count[u]; i++)
      if (kept == 0 || item[kept - 1] != item[i]) item[kept++] = item[i];
    w->count[u] = kept;
    to->start[u + 1] = to->start[u] + kept;
  }
  KITH_TRY(KITH_NEW(to->value, to->start[to->n_row]));
  KITH_TRY(KITH_NEW(w->c.chosen, to->start[to->n_row]));
  KITH_TRY(KITH_NEW(w->c.f, to->start[to->n_row] * w->c.n));
  for (kith_lid u = 0; u < w->c.n_user; u++)
    for (int32_t i = 0; i < w->count[u]; i++, n++) {
      to->value[n] = w->item[u * w->width + i];
      w->c.chosen[n] = kith_ragged_has(&w->users.truth, w->at[u], to->value[n]);
    }
done:
  return st;
}

static void pool_fill_evidence(const kith_evidence_table *t, int n_member, kith__candidates *c) {
  for (kith_lid u = 0; u < c->n_user; u++)
    for (kith_eid e = c->item.start[u]; e < c->item.start[u + 1]; e++)
      for (int k = 0; k < t->n; k++)
        c->f[e * c->n + n_member + k] = kith_evidence_value(t, c->user[u], c->item.value[e], k);
}

kith_agreed kith__candidates_make(const kith_comm *comm, const kith_graph *g, const kith_blend_options *o,
                                  int n_member, const kith_blend_member *member, const kith_evidence_table *t,
                                  kith__candidates *out) {
  kith_agreed st = {KITH_OK};
  pool_work w = {.comm = comm, .g = g, .c = {.n = n_member + t->n}};
  *out = (kith__candidates){.n = 0};
  KITH_TRY(kith_gathered_users_make(comm, g, &o->scope, KITH_RNG_BLEND_USER, o->seed, o->n_user, &w.users));
  w.c.n_user_all = w.users.n;
  w.c.n_truth_all = w.users.truth.start[w.users.n];
  KITH_TRY(kith_agreed_same(pool_check(&w)));
  KITH_TRY(kith_agree(comm, pool_users(&w, w.c.n)));
  for (int m = 0; m < n_member; m++) KITH_TRY(pool_add_member(&w, o, &member[m]));
  for (int k = 0; k < t->n; k++)
    KITH_TRY(kith_agree(comm, t->column[k] ? pool_add_items(&w, t, k) : pool_add_pairs(&w, t, k)));
  KITH_TRY(kith_agree(comm, pool_merge(&w)));
  for (int m = 0; m < n_member; m++) KITH_TRY(kith__candidates_score(comm, g, &member[m], m, &w.c));
  pool_fill_evidence(t, n_member, &w.c);
  *out = w.c;
  w.c = (kith__candidates){.n = 0};
done:
  pool_free(&w);
  return st;
}
