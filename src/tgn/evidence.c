/* Evidence: what a user has met, the latest first, and what is popular now. */
#include <math.h>
#include <string.h>

#include "tgn/tgn_impl.h"

static const double HALF_LIFE[TGN_HALF_LIVES] = {3600, 86400, 16 * 86400}; /* seconds */
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
  e->now[h * e->n_item + item] = (float)log(kith_stream_popular_get(e->popular[h], item, time) + COUNT_FLOOR);
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
  KITH_TRY(KITH_NEW(c->popular, max_event * TGN_HALF_LIVES * e->n_item));
done:
  return st;
}

void kith__tgn_clues_free(tgn_clues *c) {
  KITH_FREE(c->start);
  KITH_FREE(c->met);
  KITH_FREE(c->popular);
}

void kith__tgn_clues_add(tgn_clues *c, const tgn_evidence *e, kith_lid user_row, int64_t time) {
  const kith_stream_met *met = NULL;
  const int n = kith_stream_recent_get(e->recent, user_row, &met);
  const size_t size = (size_t)(TGN_HALF_LIVES * e->n_item);
  tgn_met *to = c->met + c->start[c->n];
  for (int i = 0; i < n && i < TGN_MAX_MET; i++)
    *to++ = (tgn_met){.item = met[i].item_number,
                      .place = i < TGN_PLACES ? i : TGN_OLDER,
                      .age = (float)(log1p((double)(time - met[i].time)) / 8),
                      .count = (float)log((double)met[i].count)};
  memcpy(c->popular + (size_t)c->n * size, e->now, size * sizeof *e->now);
  c->n++;
  c->start[c->n] = (int)(to - c->met);
}
