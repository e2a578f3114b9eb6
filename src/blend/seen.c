/* Evidence of items that the user has in a relation: `seen`, and `rate`, what the relation converts to. */
#include <math.h>

#include "blend/evidence_impl.h"
#include "graph/graph.h"

enum { SEEN_PRIOR = 20 }; /* users that an item seems to have without an interaction */

/* Of each item how many users have it in the lists, and how many of these in training: count [items, 2]. */
static void seen_count(const kith__evidence_work *w, const kith_ragged *l, int64_t *count) {
  for (kith_lid u = 0; u < l->n_row; u++)
    for (kith_eid e = l->start[u]; e < l->start[u + 1]; e++) {
      int32_t item = l->value[e];
      count[2 * (int64_t)item]++;
      count[2 * (int64_t)item + 1] += kith_ragged_has(&w->g->train, u, item);
    }
  kith_comm_sum_int(w->comm, 2 * w->g->n[KITH_ITEM], count);
}

static kith_status seen_add_rates(kith__evidence_work *w, const kith_ragged *l, int of,
                                  const int64_t *count) {
  kith_status st = KITH_OK;
  for (kith_lid u = 0; u < l->n_row; u++)
    for (kith_eid e = l->start[u]; e < l->start[u + 1]; e++) {
      const int64_t *c = count + 2 * (int64_t)l->value[e];
      KITH_TRY(
          kith__evidence_add(w, u, l->value[e], of, log((double)(c[1] + 1) / (double)(c[0] + SEEN_PRIOR))));
    }
done:
  return st;
}

static kith_status seen_add_ones(kith__evidence_work *w, const kith_ragged *l, int of) {
  kith_status st = KITH_OK;
  for (kith_lid u = 0; u < l->n_row; u++)
    for (kith_eid e = l->start[u]; e < l->start[u + 1]; e++)
      KITH_TRY(kith__evidence_add(w, u, l->value[e], of, 1));
done:
  return st;
}

kith_agreed kith__evidence_seen(kith__evidence_work *w, const kith_evidence *e, int of, int r,
                                double **column) {
  kith_agreed st = {KITH_OK};
  (void)column;
  kith_ragged l = {0};
  int64_t *count = NULL;
  KITH_TRY(kith_agree(w->comm, kith__evidence_items(w->g, r, &l, NULL)));
  if (e->kind == KITH_EVIDENCE_SEEN) {
    KITH_TRY(kith_agree(w->comm, seen_add_ones(w, &l, of)));
    goto done;
  }
  KITH_TRY(kith_agree(w->comm, KITH_NEW(count, 2 * w->g->n[KITH_ITEM])));
  seen_count(w, &l, count);
  KITH_TRY(kith_agree(w->comm, seen_add_rates(w, &l, of, count)));
done:
  KITH_FREE(count);
  kith_ragged_free(&l);
  return st;
}
