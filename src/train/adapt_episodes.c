/* Which known users stand for new ones, and with which of their items. */
#include "train/adapt_learn.h"

#include "base/base.h"

enum { EPISODES_ITEM = 1 }; /* draws of items; those of users have 0 */

void kith__episodes_free(kith__episodes *e) {
  kith_gathered_users_free(&e->users);
  KITH_FREE(e->user);
  KITH_FREE(e->as_new.user);
  KITH_FREE(e->as_new.item);
  KITH_FREE(e->x);
}

static int64_t episodes_n_item(const kith__episodes *e, int64_t user) {
  return e->users.masked.start[user + 1] - e->users.masked.start[user];
}

/* Users with enough items, for each number of pairs. */
static kith_status episodes_list(const kith_embed_options *o, kith__episodes *e) {
  kith_status st = KITH_OK;
  int64_t n = 0, n_pair = 0;
  KITH_TRY(KITH_NEW(e->user, e->users.n * o->adapt_pairs.n));
  for (int c = 0; c < o->adapt_pairs.n; c++) {
    e->first[c] = n;
    for (int64_t u = 0; u < e->users.n; u++)
      if (episodes_n_item(e, u) >= o->adapt_pairs.of[c]) e->user[n++] = u;
    e->first[c + 1] = n;
    n_pair += (n - e->first[c]) * o->adapt_pairs.of[c];
  }
  e->n = e->as_new.n[KITH_USER] = n;
  KITH_TRY(KITH_NEW(e->as_new.user, n_pair));
  KITH_TRY(KITH_NEW(e->as_new.item, n_pair));
done:
  return st;
}

static uint64_t episodes_key(uint64_t seed, int64_t user, int32_t item) {
  return kith_random(seed, KITH_RNG_ADAPT, (uint64_t)user, (uint64_t)item, EPISODES_ITEM).bits[0];
}

/* Insert an item into out [n, then n + 1 but at most k], of which those of the smallest keys stay, in that
 * order. */
static int episodes_keep(uint64_t seed, int64_t user, int32_t item, int n, int k, int32_t *out) {
  const uint64_t key = episodes_key(seed, user, item);
  int to = n < k ? n++ : k;
  for (; to > 0 && episodes_key(seed, user, out[to - 1]) > key; to--)
    if (to < k) out[to] = out[to - 1];
  if (to < k) out[to] = item;
  return n;
}

static void episodes_sort(int n, int32_t *item) {
  for (int i = 1; i < n; i++) {
    const int32_t x = item[i];
    int to = i;
    for (; to > 0 && item[to - 1] > x; to--) item[to] = item[to - 1];
    item[to] = x;
  }
}

/* The pairs of an episode, at `item`. */
static void episodes_draw(const kith__episodes *e, uint64_t seed, int64_t user, int k, int32_t *item) {
  const kith_ragged *l = &e->users.masked;
  int n = 0;
  for (kith_eid j = l->start[user]; j < l->start[user + 1]; j++)
    n = episodes_keep(seed, e->users.original[user], l->value[j], n, k, item);
  episodes_sort(k, item);
}

static void episodes_fill(const kith_embed_options *o, uint64_t seed, kith__episodes *e) {
  kith_new_nodes *new = &e->as_new;
  for (int c = 0; c < o->adapt_pairs.n; c++)
    for (int64_t i = e->first[c]; i < e->first[c + 1]; i++) {
      const int k = o->adapt_pairs.of[c];
      episodes_draw(e, seed, e->user[i], k, new->item + new->n_pair);
      for (int j = 0; j < k; j++) new->user[new->n_pair++] = (int32_t)(new->n_known[KITH_USER] + i);
    }
}

kith_agreed kith__episodes_make(const kith_comm *comm, const kith_graph *g, const kith_run *run,
                                const kith_embed_options *o, kith__episodes *out) {
  kith_agreed st = {KITH_OK};
  const kith_eval_scope scope = kith_eval_defaults().scope;
  *out = (kith__episodes){.n = 0};
  for (int t = 0; t < KITH_SIDES; t++) out->as_new.n_known[t] = g->n[t];
  KITH_TRY(kith_gathered_users_make(comm, g, &scope, KITH_RNG_ADAPT, run->train.seed, o->adapt_users,
                                    &out->users));
  KITH_TRY(kith_agree(comm, episodes_list(o, out)));
  if (out->n == 0)
    KITH_TRY(kith_agreed_same(
        kith_fail(KITH_ECONFIG,
                  "embed.adapt: learns from users with validation items and with as many training items as "
                  "embed.adapt_pairs says, and there are none; hold items out by data.split.valid, and do "
                  "not refit")));
  episodes_fill(o, run->train.seed, out);
done:
  return st;
}
