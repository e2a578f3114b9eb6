/*
 * Weights of rules: the mixture of their shares under which validation events are most likely, by expectation
 * maximization (Dempster, Laird and Rubin 1977).  For each kind of events, with the weights of all kinds as
 * the prior.
 */
#include <string.h>

#include "stream/rules_impl.h"

enum { FIT_ROUNDS = 100, FIT_RULES = KITH_RULES + 1 };
static const double FIT_PRIOR = 10; /* events that the weights of all kinds count as, for each kind */

/* What rules say of an event: the share of the item that was right. */
typedef struct fit_event {
  float share[FIT_RULES];
  int kind;
} fit_event;

typedef struct fit {
  kith_stream_rules *r;
  kith_stream *stream;
  int n_rule, batch;
  int64_t n, begin, end;
  fit_event *event; /* [n] of this rank */
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

/* What every rule says of an event of the batch. */
static void fit_take(fit *f, int index, const kith_event *event) {
  kith_stream_rules *r = f->r;
  const kith_event *e = &event[index];
  const size_t n_item = (size_t)r->g->n[KITH_ITEM];
  fit_event *to = &f->event[f->n++];
  to->kind = kith__rule_kind(r, e);
  for (int k = 0; k < f->n_rule; k++) {
    bool model = r->model.score && k == f->n_rule - 1;
    memset(r->share, 0, n_item * sizeof *r->share);
    if (!model) kith__rule_add(r, k, e, 1, r->share);
    if (model) {
      memset(r->score, 0, n_item * sizeof *r->score);
      r->model.score(r->model.context, 1, &index, event, r->score);
      kith__rule_add_model((int64_t)n_item, r->score, 1, r->share);
    }
    to->share[k] = (float)r->share[e->item_number];
  }
}

static kith_agreed fit_replay(fit *f) {
  kith_agreed st = {KITH_OK};
  const kith_stream_range range = kith_stream_ranges(f->stream);
  const kith_event *event;
  for (int64_t first = 0, next = 0; first < f->end; first = next) {
    next = kith_min(kith_stream_batch_end(range, first, f->batch), f->end);
    int n = (int)(next - first);
    kith_stream_events(f->stream, first, next, &event);
    if (first >= f->begin && f->r->model.begin)
      KITH_TRY(f->r->model.begin(f->r->model.context, first, n, event));
    for (int i = 0; i < n && first >= f->begin; i++)
      if (fit_owns(f, &event[i])) fit_take(f, i, event);
    KITH_TRY(kith__rules_observe(f->r, first, n, event));
  }
done:
  return st;
}

/* The parts of an event that the rules explain, under weights [n_rule]; false: none explains it. */
static bool fit_parts(const fit *f, const fit_event *e, const double *weight, double *part) {
  double sum = 0;
  for (int k = 0; k < f->n_rule; k++) sum += part[k] = weight[k] * (double)e->share[k];
  for (int k = 0; k < f->n_rule && sum > 0; k++) part[k] /= sum;
  return sum > 0;
}

/* A round: weights [n_kind, KITH_RULES + 1] become what the events say, beside a prior of `prior` events. */
static void fit_round(const fit *f, int n_kind, double prior, const double *base, double weight[][FIT_RULES],
                      kith_exact_sum sums[][FIT_RULES]) {
  double part[FIT_RULES];
  memset(sums, 0, (size_t)n_kind * sizeof *sums);
  for (int64_t i = 0; i < f->n; i++) {
    int kind = n_kind > 1 ? f->event[i].kind : 0;
    if (!fit_parts(f, &f->event[i], weight[kind], part)) continue;
    for (int k = 0; k < f->n_rule; k++) kith_exact_sum_add(&sums[kind][k], part[k]);
  }
  kith_comm_sum(f->r->comm, n_kind * FIT_RULES, &sums[0][0]);
  for (int b = 0; b < n_kind; b++) {
    double all = 0;
    for (int k = 0; k < f->n_rule; k++)
      all += weight[b][k] = kith_exact_sum_value(&sums[b][k]) + (base ? prior * base[k] : 0);
    for (int k = 0; k < f->n_rule && all > 0; k++) weight[b][k] /= all;
  }
}

static void fit_weights(fit *f, double *share) {
  kith_exact_sum sums[KITH_RULE_KINDS][FIT_RULES];
  double one[1][FIT_RULES];
  for (int k = 0; k < FIT_RULES; k++) one[0][k] = 1.0 / f->n_rule;
  for (int i = 0; i < FIT_ROUNDS; i++) fit_round(f, 1, 0, NULL, one, sums);
  for (int b = 0; b < KITH_RULE_KINDS; b++) memcpy(f->r->weight[b], one[0], sizeof one[0]);
  for (int i = 0; i < FIT_ROUNDS; i++) fit_round(f, KITH_RULE_KINDS, FIT_PRIOR, one[0], f->r->weight, sums);
  memcpy(share, one[0], (size_t)f->n_rule * sizeof *share);
}

kith_agreed kith_stream_rules_fit(kith_stream_rules *r, kith_stream *stream, int batch, int64_t begin,
                                  int64_t end, double *share) {
  kith_agreed st = {KITH_OK};
  fit f = {
      .r = r, .stream = stream, .n_rule = kith_stream_rules_n(r), .batch = batch, .begin = begin, .end = end};
  double sum = 0;
  kith__rules_reset(r);
  KITH_TRY(kith_agree(r->comm, KITH_NEW(f.event, fit_count(&f))));
  KITH_TRY(fit_replay(&f));
  fit_weights(&f, share);
  for (int k = 0; k < f.n_rule; k++) sum += share[k];
  if (!(sum > 0))
    KITH_TRY(kith_agreed_same(kith_fail(KITH_ECONFIG,
                                        "stream: none of the %lld validation events is of an "
                                        "item that a rule knows; turn on stream.popular with the half-life 0",
                                        (long long)(end - begin))));
done:
  KITH_FREE(f.event);
  return st;
}
