/* Evidence of items: log(1 + n), where n users have the item; with a half-life each by the age of that. */
#include <math.h>

#include "blend/evidence_impl.h"
#include "halo/halo.h"

/* The latest time over all ranks. */
static int64_t popular_now(const kith_comm *comm, int64_t n, const int64_t *time) {
  int64_t now = INT64_MIN;
  for (int64_t e = 0; e < n; e++)
    if (time[e] > now) now = time[e];
  return kith_comm_max(comm, now);
}

/* Sum the users of each item into sum [items], over all ranks. */
static void popular_count(const kith__evidence_work *w, const kith_ragged *l, const int64_t *time,
                          double half_life, kith_exact_sum *sum) {
  kith_decay decay = {.half_life = 0};
  if (time) decay = kith_decay_of(half_life, popular_now(w->comm, l->start[l->n_row], time));
  for (kith_eid e = 0; e < l->start[l->n_row]; e++)
    kith_exact_sum_add(&sum[l->value[e]], time ? kith_decay_factor(&decay, time[e]) : 1);
  kith_comm_sum(w->comm, w->g->n[KITH_ITEM], sum);
}

kith_agreed kith__evidence_popular(kith__evidence_work *w, const kith_evidence *e, int of, int r,
                                   double **column) {
  kith_agreed st = {KITH_OK};
  kith_ragged l = {0};
  int64_t *time = NULL;
  kith_exact_sum *sum = NULL;
  (void)of;
  KITH_TRY(kith_agree(w->comm, kith__evidence_items(w->g, r, &l, e->half_life > 0 ? &time : NULL)));
  KITH_TRY(kith_agree(w->comm, KITH_NEW(sum, w->g->n[KITH_ITEM])));
  KITH_TRY(kith_agree(w->comm, KITH_NEW(*column, w->g->n[KITH_ITEM])));
  popular_count(w, &l, time, e->half_life, sum);
  for (int64_t i = 0; i < w->g->n[KITH_ITEM]; i++) (*column)[i] = log(1 + kith_exact_sum_value(&sum[i]));
done:
  KITH_FREE(sum);
  KITH_FREE(time);
  kith_ragged_free(&l);
  return st;
}
