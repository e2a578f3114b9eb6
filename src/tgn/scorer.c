/* Scores while a stream is replayed: memory is rewritten, nothing is learned. */
#include <string.h>

#include "tgn/tgn_impl.h"

static void scorer_reset(void *context) { kith_tgn_forget(context); }

/* The first call after a batch: evidence as of this time, as at the beginning of a training step. */
static void scorer_refresh(kith_tgn *t, int64_t time) {
  if (!t->begun) kith__tgn_evidence_refresh(&t->evidence, time);
  t->begun = true;
}

/* Items' embeddings, once a batch. */
static void scorer_items(kith_tgn *t, int64_t time) {
  if (t->items_known) return;
  kith__tgn_batch_begin(&t->items);
  kith__tgn_batch_items(t, &t->items, time);
  (void)kith__tgn_batch_end(t, &t->items, 0);
  kith_tape_forward(t->items.tape);
  t->items_known = true;
}

/* At most as many events as a batch has. */
static kith_agreed scorer_begin(void *context, int64_t first, int n, const kith_event *event) {
  kith_tgn *t = context;
  (void)first;
  scorer_refresh(t, event[0].time);
  scorer_items(t, event[0].time);
  kith__tgn_batch_begin(&t->users);
  kith__tgn_clues_begin(&t->clues, &t->evidence);
  for (int i = 0; i < n; i++) {
    const kith_lid row = tgn_own_row(t, event[i].user);
    t->place[i] = row < 0 ? -1 : t->clues.n;
    t->asked[i] = event[i].user;
    if (row < 0) continue;
    kith__tgn_batch_node(t, &t->users, KITH_USER, event[i].user, event[i].time);
    kith__tgn_clues_add(&t->clues, &t->evidence, row, event[i].time);
  }
  (void)kith__tgn_batch_end(t, &t->users, 0);
  kith_tape_forward(t->users.tape);
  return (kith_agreed){KITH_OK};
}

static void scorer_score(void *context, int n, const int *index, const kith_event *event, float *score) {
  kith_tgn *t = context;
  tgn_scores s = {.n = 1,
                  .d = t->o.dim,
                  .n_item = t->g->n[KITH_ITEM],
                  .user = t->users.side[KITH_USER].h->value,
                  .item = t->items.item->value,
                  .weight = t->users.weight ? t->users.weight->value : NULL,
                  .clues = &t->clues,
                  .popular = t->popular};
  (void)event;
  for (int i = 0; i < n; i++, score += s.n_item) {
    s.first = t->place[index[i]];
    kith__tgn_score(&s, t->scores);
    kith_scale(s.n_item, 1, t->scores, true, score);
  }
}

static void scorer_remember(kith_tgn *t) {
  if (t->n_later > 0) kith__tgn_remember(t, t->n_later, t->later);
  t->n_later = 0;
  t->begun = t->items_known = false;
}

/* Events are borrowed until the next ones are read, so that features are copied. */
static void scorer_keep(kith_tgn *t, const kith_event *e) {
  const size_t f = (size_t)t->o.n_feature;
  float *feature = t->later_feature + (size_t)t->n_later * f;
  t->later[t->n_later] = *e;
  if (f > 0) memcpy(feature, e->feature, f * sizeof *feature);
  if (f > 0) t->later[t->n_later].feature = feature;
  t->n_later++;
}

/* Neighbors and evidence at once; memory by batches, as in training. */
static kith_agreed scorer_observe(void *context, int64_t first, int n, const kith_event *event) {
  kith_tgn *t = context;
  for (int i = 0; i < n; i++) {
    scorer_refresh(t, event[i].time);
    kith_stream_latest_add(t->latest, first + i, 1, &event[i]);
    kith__tgn_evidence_add(&t->evidence, 1, &event[i]);
    scorer_keep(t, &event[i]);
    if (t->n_later == t->o.batch) scorer_remember(t);
  }
  if (!t->o.exact) scorer_remember(t);
  return (kith_agreed){KITH_OK};
}

kith_stream_scorer kith_tgn_scorer(kith_tgn *t) {
  return (kith_stream_scorer){.context = t,
                              .reset = scorer_reset,
                              .begin = scorer_begin,
                              .score = scorer_score,
                              .observe = scorer_observe};
}
