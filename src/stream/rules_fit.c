/*
 * Weights of the parts of rules: the mixture of their shares under which validation events are most likely,
 * by expectation maximization (Dempster, Laird and Rubin 1977).  For each kind of events, with the weights of
 * all kinds as the prior.  The powers of the part "together" are chosen before, by a replay of their own.
 */
#include "stream/rules_fit.h"

#include <string.h>

enum { FIT_ROUNDS = 100, FIT_PARTS = KITH_RULE_PARTS };
static const int64_t FIT_LOGARITHMS = 1 << 24; /* over all ranks */
static const double FIT_PRIOR = 10; /* events that the weights of all kinds count as, for each kind */

/* What parts say of an event: the share of the item that was right, by those that can be more than 0. */
typedef struct fit_event {
  float share[KITH_RULES + 2];
  int16_t kind, first; /* parts first, first + 1, … */
} fit_event;

typedef struct fit {
  kith_stream_rules *r;
  kith_stream *stream;
  int n_rule, n_part, batch;
  int64_t n, begin, end;
  fit_event *event;         /* [n] of this rank */
  kith__rule_powers powers; /* of new items' events whose index is a multiple of */
  int64_t stride;
} fit;

static bool fit_owns(const fit *f, const kith_event *e) {
  const kith_gid *first = f->r->g->first + f->r->comm->rank;
  return e->user >= first[0] && e->user < first[1];
}

static int64_t fit_count(const fit *f) {
  int64_t n = 0, next = 0;
  const kith_event *event;
  for (int64_t first = f->begin; first < f->end; first = next) {
    next = kith_min(first + KITH_STREAM_WINDOW, f->end);
    kith_stream_events(f->stream, first, next, &event);
    for (int64_t i = 0; i < next - first; i++) n += fit_owns(f, &event[i]);
  }
  return n;
}

/* This rank's events of new items whose index is a multiple of `stride`. */
static int64_t fit_count_new(fit *f, int64_t stride) {
  const kith_stream_range range = kith_stream_ranges(f->stream);
  const kith_event *event;
  int64_t count = 0;
  kith_stream_recent_reset(f->r->recent);
  for (int64_t first = 0, next = 0; first < f->end; first = next) {
    next = kith_min(kith_stream_batch_end(range, first, f->batch), f->end);
    kith_stream_events(f->stream, first, next, &event);
    for (int64_t i = first; i < next && first >= f->begin; i++)
      count += i % stride == 0 && fit_owns(f, &event[i - first]) && !kith__rules_met(f->r, &event[i - first]);
    kith_stream_recent_add(f->r->recent, (int)(next - first), event);
  }
  return count;
}

/* Every rule's shares of an event of the batch. */
static void fit_share(fit *f, int index, const kith_event *event) {
  kith_stream_rules *r = f->r;
  if (r->model.score) {
    memset(r->score, 0, (size_t)r->g->n[KITH_ITEM] * sizeof *r->score);
    r->model.score(r->model.context, 1, &index, event, r->score);
  }
  kith__rules_share(r, &event[index], r->score);
}

/* For powers: an event of a new item. */
static void fit_take_new(fit *f, int64_t first, int index, const kith_event *event) {
  const kith_event *e = &event[index];
  if ((first + index) % f->stride != 0 || kith__rules_met(f->r, e)) return;
  fit_share(f, index, event);
  kith__rule_powers_add(&f->powers, f->r, e->item_number);
}

/* For weights: what every part says of an event. */
static void fit_take(fit *f, int64_t first, int index, const kith_event *event) {
  kith_stream_rules *r = f->r;
  const int32_t item = event[index].item_number;
  const int64_t n_item = r->g->n[KITH_ITEM];
  fit_event *to = &f->event[f->n++];
  (void)first;
  fit_share(f, index, event);
  to->kind = (int16_t)kith__rule_kind(r, &event[index]);
  to->first = (int16_t)(r->met[item] ? 0 : f->n_rule);
  if (!r->met[item]) kith__rules_together(r);
  for (int k = 0; k < f->n_rule + !r->met[item]; k++) to->share[k] = (float)r->share[k * n_item + item];
}

static kith_agreed fit_replay(fit *f, void (*take)(fit *, int64_t, int, const kith_event *)) {
  kith_agreed st = {KITH_OK};
  const kith_stream_range range = kith_stream_ranges(f->stream);
  const kith_event *event;
  kith__rules_reset(f->r);
  for (int64_t first = 0, next = 0; first < f->end; first = next) {
    next = kith_min(kith_stream_batch_end(range, first, f->batch), f->end);
    int n = (int)(next - first);
    kith_stream_events(f->stream, first, next, &event);
    if (first >= f->begin && f->r->model.begin)
      KITH_TRY(f->r->model.begin(f->r->model.context, first, n, event));
    for (int i = 0; i < n && first >= f->begin; i++)
      if (fit_owns(f, &event[i])) take(f, first, i, event);
    KITH_TRY(kith__rules_observe(f->r, first, n, event));
  }
done:
  return st;
}

static int fit_size(const fit *f, const fit_event *e) { return f->n_rule + (e->first > 0); }

/* What each of an event's parts explains of it, from part e->first on, under weights [n_part]; false: none.
 */
static bool fit_explain(const fit *f, const fit_event *e, const double *weight, double *part) {
  const int n = fit_size(f, e);
  double sum = 0;
  for (int k = 0; k < n; k++) sum += part[k] = weight[e->first + k] * (double)e->share[k];
  for (int k = 0; k < n && sum > 0; k++) part[k] /= sum;
  return sum > 0;
}

/* A round: weights [n_kind, FIT_PARTS] become what the events say, beside a prior of `prior` events. */
static void fit_round(const fit *f, int n_kind, double prior, const double *base, double weight[][FIT_PARTS],
                      kith_exact_sum sums[][FIT_PARTS]) {
  double part[KITH_RULES + 2];
  memset(sums, 0, (size_t)n_kind * sizeof *sums);
  for (int64_t i = 0; i < f->n; i++) {
    const fit_event *e = &f->event[i];
    int kind = n_kind > 1 ? e->kind : 0;
    if (!fit_explain(f, e, weight[kind], part)) continue;
    for (int k = 0; k < fit_size(f, e); k++) kith_exact_sum_add(&sums[kind][e->first + k], part[k]);
  }
  kith_comm_sum(f->r->comm, n_kind * FIT_PARTS, &sums[0][0]);
  for (int b = 0; b < n_kind; b++) {
    double all = 0;
    for (int k = 0; k < f->n_part; k++)
      all += weight[b][k] = kith_exact_sum_value(&sums[b][k]) + (base ? prior * base[k] : 0);
    for (int k = 0; k < f->n_part && all > 0; k++) weight[b][k] /= all;
  }
}

static void fit_weights(fit *f, double *share) {
  kith_exact_sum sums[KITH_RULE_KINDS][FIT_PARTS];
  double one[1][FIT_PARTS];
  for (int k = 0; k < FIT_PARTS; k++) one[0][k] = 1.0 / f->n_part;
  for (int i = 0; i < FIT_ROUNDS; i++) fit_round(f, 1, 0, NULL, one, sums);
  for (int b = 0; b < KITH_RULE_KINDS; b++) memcpy(f->r->weight[b], one[0], sizeof one[0]);
  for (int i = 0; i < FIT_ROUNDS; i++) fit_round(f, KITH_RULE_KINDS, FIT_PRIOR, one[0], f->r->weight, sums);
  memcpy(share, one[0], (size_t)f->n_part * sizeof *share);
}

/* As many events of new items as there is room for decide the powers. */
static kith_agreed fit_powers(fit *f) {
  kith_agreed st = {KITH_OK};
  const kith_comm *comm = f->r->comm;
  int64_t n = 0, all = 0;
  f->stride = 1;
  n = all = fit_count_new(f, 1);
  kith_comm_sum_int(comm, 1, &all);
  f->stride = 1 + all * (f->n_rule - KITH__RULE_FRESH) / (FIT_LOGARITHMS / f->r->g->n[KITH_ITEM] + 1);
  if (f->stride > 1) n = fit_count_new(f, f->stride);
  KITH_TRY(kith_agree(comm, kith__rule_powers_make(f->r, n, &f->powers)));
  KITH_TRY(fit_replay(f, fit_take_new));
  KITH_TRY(kith__rule_powers_fit(comm, &f->powers, f->r->power));
done:
  kith__rule_powers_free(&f->powers);
  return st;
}

kith_agreed kith_stream_rules_fit(kith_stream_rules *r, kith_stream *stream, int batch, int64_t begin,
                                  int64_t end, double *share) {
  kith_agreed st = {KITH_OK};
  fit f = {.r = r,
           .stream = stream,
           .n_rule = kith__rules_n(r),
           .n_part = kith_stream_rules_n(r),
           .batch = batch,
           .begin = begin,
           .end = end};
  double sum = 0;
  KITH_TRY(fit_powers(&f));
  KITH_TRY(kith_agree(r->comm, KITH_NEW(f.event, fit_count(&f))));
  KITH_TRY(fit_replay(&f, fit_take));
  fit_weights(&f, share);
  for (int k = 0; k < f.n_part; k++) sum += share[k];
  if (!(sum > 0))
    KITH_TRY(kith_agreed_same(kith_fail(KITH_ECONFIG,
                                        "stream: none of the %lld validation events is of an "
                                        "item that a rule knows; turn on stream.popular with the half-life 0",
                                        (long long)(end - begin))));
done:
  KITH_FREE(f.event);
  return st;
}
