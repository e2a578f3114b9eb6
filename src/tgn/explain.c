/* What the score of an item is the sum of. */
#include "tgn/tgn_impl.h"

/* Evidence that the user has met the item. */
static void explain_met(const kith_tgn *t, int e, int32_t item, const float *w, kith_tgn_parts *p) {
  const tgn_clues *c = &t->clues;
  for (int m = c->start[e]; m < c->start[e + 1]; m++) {
    if (c->met[m].item != item) continue;
    p->place = m - c->start[e] + 1;
    p->latest = (double)w[c->met[m].place];
    p->age = (double)w[TGN_AGE] * (double)c->met[m].age;
    p->count = (double)w[TGN_COUNT] * (double)c->met[m].count;
  }
}

kith_tgn_parts kith_tgn_explain(const kith_tgn *t, int index, int32_t item) {
  const int e = t->place[index], d = t->o.dim;
  kith_tgn_parts p = {.place = 0};
  const float *user = t->users.side[KITH_USER].h->value + (size_t)e * (size_t)d,
              *row = t->items.item->value + (size_t)item * (size_t)d;
  for (int k = 0; k < d; k++) p.match += (double)user[k] * (double)row[k];
  if (!t->users.weight) return p;
  const float *w = t->users.weight->value + (size_t)e * TGN_EVIDENCE;
  float popular[TGN_HALF_LIVES];
  explain_met(t, e, item, w, &p);
  kith__tgn_clues_popular(&t->clues, e, item, 1, popular);
  for (int h = 0; h < TGN_HALF_LIVES; h++) p.popular[h] = (double)w[TGN_POPULAR + h] * (double)popular[h];
  return p;
}

int kith_tgn_explain_user(const kith_tgn *t, int index, kith_tgn_read *read) {
  const tgn_side *s = &t->users.side[KITH_USER];
  const int row = t->place[index], heads = t->o.heads;
  const kith_eid first = s->near.csr.start[row], n = s->near.csr.start[row + 1] - first;
  kith_stream_neighbor *around = t->around;
  (void)kith_stream_latest_get(t->latest, tgn_own_row(t, t->asked[index]), around);
  for (kith_eid i = 0; i < n; i++) {
    read[i] = (kith_tgn_read){.item = around[i].node, .time = around[i].time};
    for (int h = 0; h < heads; h++) read[i].share += (double)s->alpha[(first + i) * heads + h] / heads;
  }
  return (int)n;
}
