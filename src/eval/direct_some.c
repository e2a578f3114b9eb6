/* The direct term of some items for some users, apart from the scores. */
#include "eval/direct.h"

/* Of user i in the list; reach [users in all] is zero before and after. */
static void direct_some_user(const kith__direct *t, const kith_graph *g, kith_lid u, int n,
                             const int32_t *item, float *reach, float *term) {
  const kith_ragged *l = &g->train;
  kith_eid at = l->start[u], n_own = l->start[u + 1] - at;
  kith__direct_reach(t, n_own, l->value + at, reach);
  for (int c = 0; c < n; c++) term[c] = item[c] >= 0 ? kith_direct_one(&t->lists, item[c], reach, 0) : 0;
  kith__direct_unreach(t, n_own, l->value + at, reach);
}

kith_agreed kith_eval_direct_some(const kith_comm *comm, const kith_graph *g, const kith_direct_term *term,
                                  kith_lid n_user, const kith_lid *user, int n, const int32_t *item,
                                  float *out) {
  kith_agreed st = {KITH_OK};
  kith__direct t = {.n_user = 0};
  float *reach = NULL;
  KITH_TRY(kith__direct_make(comm, g, term, &t));
  KITH_TRY(kith_agree(comm, KITH_NEW(reach, kith_max_threads() * g->n[KITH_USER])));
  if (kith__direct_is_on(&t)) {
#pragma omp parallel for schedule(dynamic)
    for (kith_lid i = 0; i < n_user; i++)
      direct_some_user(&t, g, user[i], n, item + (size_t)i * (size_t)n,
                       reach + (size_t)kith_thread_num() * (size_t)g->n[KITH_USER],
                       out + (size_t)i * (size_t)n);
  }
done:
  KITH_FREE(reach);
  kith__direct_free(&t);
  return st;
}
