/*
 * Terms of model.sequence: recent.  Exported rows of users have the sums of their latest items' rows; what is
 * left without them is the model's own row, which is explained as ever, and each item is a term of its own:
 * w delta^p <x_j(p), F_i>.
 */
#include <math.h>
#include <string.h>

#include "explain/explain_impl.h"
#include "sequence/sequence.h"

kith_agreed kith__explain_latest(kith_explainer *e, const kith_embeddings_origin *from) {
  kith_agreed st = {KITH_OK};
  const kith_graph *g = e->known;
  const int d = (int)from->dim;
  if (!from->has_recent) return st;
  if (e->augmented.g)
    KITH_TRY(kith_agreed_same(
        kith_fail(KITH_ECONFIG,
                  "model.sequence: recent: kith explain --new does not know the terms of the latest items of "
                  "new users; export without model.sequence to explain them")));
  KITH_TRY(kith_recent_create(e->comm, g, (int)from->recent_items, d, &e->latest));
  KITH_TRY(kith_agree(e->comm, kith_sequence_latest(g, from->recent_items, &e->latest_items)));
  KITH_TRY(kith_agree(e->comm, KITH_NEW(e->final_rows, (int64_t)g->n_own * d)));
  e->decay = from->recent_decay;
  e->recent_weight = from->recent_weight;
  e->exported = e->final;
  memcpy(e->final_rows, e->final, (size_t)g->n_own * (size_t)d * sizeof *e->final_rows);
  kith_recent_gather(e->latest, e->exported);
  kith_recent_add(e->latest, e->decay, -e->recent_weight, e->exported, e->final_rows);
  e->final = e->final_rows;
done:
  return st;
}

int64_t kith__explain_latest_count(const kith_explainer *e, kith_lid row) {
  if (!e->latest) return 0;
  const kith_lid user = kith__explain_user_index(e->known, row);
  return e->latest_items.start[user + 1] - e->latest_items.start[user];
}

kith__found *kith__explain_add_latest(const kith__part *part, int m, kith_lid row, int q, kith__found *list) {
  const kith_explainer *e = part->e;
  const float *target = part->batch.target + (size_t)q * (size_t)e->d;
  const int64_t n = kith__explain_latest_count(e, row);
  if (n == 0 || e->recent_weight == 0) return list;
  const kith_lid user = kith__explain_user_index(e->known, row);
  double weight = part->factor * e->recent_weight;
  for (int64_t p = 0; p < n; p++, weight *= e->decay)
    *list++ =
        (kith__found){.value = weight * kith__explain_dot(e->d, kith_recent_row(e->latest, user, p), target),
                      .part = m,
                      .relation = KITH_EXPLAIN_LATEST,
                      .feature = e->latest_items.value[e->latest_items.start[user] + p],
                      .nth = p};
  return list;
}

kith_explain_edge kith__explain_latest_edge(const kith__found *f) {
  return (kith_explain_edge){.type = KITH_ITEM,
                             .relation = KITH_EXPLAIN_LATEST,
                             .kind = -1,
                             .original = f->feature};
}
