/* Top-K of all users, who are dealt anew: what moves with a user's row, as its held-out items do, is its
 * number. */
#include "eval/deal.h"

/* Of each owned user its original number, as a list of one. */
static kith_status topk_all_numbers(const kith_graph *g, kith_ragged *out) {
  kith_status st = KITH_OK;
  const kith_lid n = g->n_own_of[KITH_USER];
  out->n_row = n;
  KITH_TRY(KITH_NEW(out->start, (int64_t)n + 1));
  KITH_TRY(KITH_NEW(out->value, n));
  for (kith_lid u = 0; u < n; u++) {
    out->start[u + 1] = u + 1;
    out->value[u] = (int32_t)g->original[g->row_of[KITH_USER][u]];
  }
done:
  return st;
}

static kith_status topk_all_users(const kith__deal *deal, int32_t **user) {
  kith_status st = KITH_OK;
  const kith_ragged *of = deal->scope.truth;
  KITH_TRY(KITH_NEW(*user, deal->n));
  for (kith_lid i = 0; i < deal->n; i++) (*user)[i] = of->value[of->start[deal->user[i]]];
done:
  return st;
}

kith_agreed kith_eval_topk_all(const kith_comm *comm, const kith_graph *g, int d, const float *x,
                               const kith_direct_term *direct, const kith_pair_terms *pairs, int k,
                               const kith_eval_scope *scope, kith_topk *top, int32_t **user) {
  kith_agreed st = {KITH_OK};
  kith__scope s = {0};
  kith_ragged numbers = {0};
  kith__deal deal = {.d = d};
  KITH_TRY(kith__scope_make(comm, g, scope, true, NULL, &s));
  KITH_TRY(kith_agree(comm, topk_all_numbers(g, &numbers)));
  s.truth = &numbers;
  KITH_TRY(kith__deal_make(comm, g, d, x, &s, kith_direct_is_on(direct), pairs, &deal));
  KITH_TRY(kith_agree(comm, topk_all_users(&deal, user)));
  KITH_TRY(kith__eval_topk_dealt(comm, g, d, x, direct, k, &deal, top));
done:
  kith__deal_free(&deal);
  kith_ragged_free(&numbers);
  kith__scope_free(&s);
  return st;
}
