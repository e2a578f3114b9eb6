/* Evidence: what a user has met, the latest first, and what is popular now. */
#include <math.h>
#include <string.h>

#include "tgn/tgn_impl.h"

static const double HALF_LIFE[TGN_HALF_LIVES] = {3600, 86400, 16 * 86400}; /* seconds */
/* log(1 + count / floor): log(count + floor) but for a constant, which a softmax over items does not see.  No
 * count is exactly 0, so that items without counts have no gradient, where rounding alone would be one. */
static const double COUNT_FLOOR = 1e-3;

kith_status kith__tgn_evidence_make(const kith_graph *g, int rank, tgn_evidence *e) {
  kith_status st = KITH_OK;
  *e = (tgn_evidence){.n_item = g->n[KITH_ITEM]};
  KITH_TRY(kith_stream_recent_create(g, rank, &e->recent));
  for (int h = 0; h < TGN_HALF_LIVES; h++)
    KITH_TRY(kith_stream_popular_create(e->n_item, HALF_LIFE[h], &e->popular[h]));
  KITH_TRY(KITH_NEW(e->now, TGN_HALF_LIVES * e->n_item));
done:
  return st;
}

void kith__tgn_evidence_free(tgn_evidence *e) {
  kith_stream_recent_destroy(&e->recent);
  for (int h = 0; h < TGN_HALF_LIVES; h++) kith_stream_popular_destroy(&e->popular[h]);
  KITH_FREE(e->now);
}

static void evidence_item(tgn_evidence *e, int h, int32_t item, int64_t time) {
  e->now[h * e->n_item + item] =
      (float)log1p(kith_stream_popular_get(e->popular[h], item, time) / COUNT_FLOOR);
}

void kith__tgn_evidence_forget(tgn_evidence *e) {
  kith_stream_recent_reset(e->recent);
  for (int h = 0; h < TGN_HALF_LIVES; h++) kith_stream_popular_reset(e->popular[h]);
}

void kith__tgn_evidence_refresh(tgn_evidence *e, int64_t time) {
  for (int h = 0; h < TGN_HALF_LIVES; h++)
    for (int32_t i = 0; i < e->n_item; i++) evidence_item(e, h, i, time);
}

void kith__tgn_evidence_add(tgn_evidence *e, int n, const kith_event *event) {
  kith_stream_recent_add(e->recent, n, event);
  for (int h = 0; h < TGN_HALF_LIVES; h++) {
    kith_stream_popular_add(e->popular[h], n, event);
    for (int k = 0; k < n; k++) evidence_item(e, h, event[k].item_number, event[n - 1].time);
  }
}

/* ---- of a batch ---- */

kith_status kith__tgn_clues_make(const tgn_evidence *e, int max_event, tgn_clues *c) {
  kith_status st = KITH_OK;
  KITH_TRY(KITH_NEW(c->start, (int64_t)max_event + 1));
  KITH_TRY(KITH_NEW(c->met, (int64_t)max_event * TGN_MAX_MET));
  c->n_item = e->n_item;
  KITH_TRY(KITH_NEW(c->popular, TGN_HALF_LIVES * e->n_item));
  KITH_TRY(KITH_NEW(c->change, max_event));
  KITH_TRY(KITH_NEW(c->changed, max_event));
done:
  return st;
}

void kith__tgn_clues_free(tgn_clues *c) {
  KITH_FREE(c->start);
  KITH_FREE(c->met);
  KITH_FREE(c->popular);
  KITH_FREE(c->change);
  KITH_FREE(c->changed);
}

void kith__tgn_clues_begin(tgn_clues *c, const tgn_evidence *e) {
  c->n = c->n_change = 0;
  memcpy(c->popular, e->now, (size_t)(TGN_HALF_LIVES * e->n_item) * sizeof *e->now);
}

void kith__tgn_clues_change(tgn_clues *c, const tgn_evidence *e, int32_t item) {
  tgn_change *to = &c->change[c->n_change++];
  to->item = item;
  for (int h = 0; h < TGN_HALF_LIVES; h++) to->popular[h] = e->now[h * e->n_item + item];
}

void kith__tgn_clues_popular(const tgn_clues *c, int event, int64_t from, int64_t n, float *to) {
  for (int h = 0; h < TGN_HALF_LIVES; h++)
    memcpy(to + h * n, c->popular + h * c->n_item + from, (size_t)n * sizeof *to);
  for (int k = 0; k < c->changed[event]; k++) {
    const int64_t at = c->change[k].item - from;
    for (int h = 0; h < TGN_HALF_LIVES && at >= 0 && at < n; h++) to[h * n + at] = c->change[k].popular[h];
  }
}

void kith__tgn_clues_add(tgn_clues *c, const tgn_evidence *e, kith_lid user_row, int64_t time) {
  const kith_stream_met *met = NULL;
  const int n = kith_stream_recent_get(e->recent, user_row, &met);
  tgn_met *to = c->met + c->start[c->n];
  for (int i = 0; i < n && i < TGN_MAX_MET; i++)
    *to++ = (tgn_met){.item = met[i].item_number,
                      .place = i < TGN_PLACES ? i : TGN_OLDER,
                      .age = (float)(log1p((double)(time - met[i].time)) / 8),
                      .count = (float)log((double)met[i].count)};
  c->changed[c->n++] = c->n_change;
  c->start[c->n] = (int)(to - c->met);
}
