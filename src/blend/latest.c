/* The items of users in a relation or in training, and in the order of their times. */
#include "blend/evidence_impl.h"
#include "sequence/sequence.h"

/* ---- lists ---- */

/* Items that stand several times, of several kinds: the latest of each stays. */
static void latest_merge(kith_ragged *l, int64_t *time) {
  kith_eid to = 0, from = 0;
  for (int64_t u = 0; u < l->n_row; u++) {
    const kith_eid first = to;
    for (; from < l->start[u + 1]; from++) {
      bool again = to > first && l->value[to - 1] == l->value[from];
      if (again && time && time[from] > time[to - 1]) time[to - 1] = time[from];
      if (again) continue;
      l->value[to] = l->value[from];
      if (time) time[to] = time[from];
      to++;
    }
    l->start[u + 1] = to;
  }
}

kith_status kith__evidence_items(const kith_graph *g, int r, kith_ragged *out, int64_t **time) {
  kith_status st = KITH_OK;
  *out = (kith_ragged){.n_row = 0};
  if (r < 0) return kith_sequence_items(g, out, time);
  KITH_TRY(kith_relation_items(g, r, out, time));
  latest_merge(out, time ? *time : NULL);
done:
  return st;
}

/* ---- order ---- */

kith_status kith__evidence_latest(const kith_graph *g, int r, kith_ragged *out) {
  kith_status st = KITH_OK;
  int64_t *time = NULL, *user = NULL;
  KITH_TRY(kith__evidence_items(g, r, out, &time));
  KITH_TRY(kith_sequence_users(g, &user));
  KITH_TRY(kith_sequence_sort(user, time, out));
done:
  KITH_FREE(user);
  KITH_FREE(time);
  return st;
}
