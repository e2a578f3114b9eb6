/* What rules know before an event, and the shares that they give. */
#include "stream/rules.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "stream/rules_impl.h"

static const double RULES_OWN_DECAY = 0.8; /* of an event of the user, by each later one */

/* The rules in the order of their numbers; popular ones, and a model, come last. */
enum { RULE_LAST, RULE_RECENT, RULE_OWN, RULE_OFTEN, RULE_AROUND = KITH__RULE_FRESH, RULE_POPULAR };
static const char *const rule_name[RULE_POPULAR] = {"last", "recent", "own", "often", "around"};
/* ---- state ---- */

static kith_status rules_alloc(kith_stream_rules *r) {
  kith_status st = KITH_OK;
  const kith_graph *g = r->g;
  int64_t n_item = g->n[KITH_ITEM];
  KITH_TRY(kith_stream_recent_create(g, r->comm->rank, &r->recent)); /* of kinds, in any case */
  if (r->o.own) {
    KITH_TRY(KITH_NEW(r->n_event, g->n_own));
    KITH_TRY(KITH_NEW(r->own, (int64_t)g->n_own * KITH__OWN_EVENTS));
  }
  if (r->o.around) KITH_TRY(kith__around_create(g->n[KITH_USER], n_item, &r->around));
  for (int h = 0; h < r->o.popular.n; h++) {
    double half_life = r->o.popular.of[h] > 0 ? r->o.popular.of[h] : (double)INFINITY;
    KITH_TRY(kith_stream_popular_create(n_item, half_life, &r->popular[h]));
  }
  KITH_TRY(KITH_NEW(r->met, n_item));
  KITH_TRY(KITH_NEW(r->share, (kith__rules_n(r) + 1) * n_item));
  if (r->model.score) KITH_TRY(KITH_NEW(r->score, KITH_STREAM_ROWS * n_item));
done:
  return st;
}

kith_status kith_stream_rules_create(const kith_comm *comm, const kith_graph *g, const kith_stream_options *o,
                                     const kith_stream_scorer *model, kith_stream_rules **out) {
  kith_status st = KITH_OK;
  kith_stream_rules *r = NULL;
  *out = NULL;
  KITH_TRY(KITH_NEW(r, 1));
  r->comm = comm;
  r->g = g;
  r->o = *o;
  if (model) r->model = *model;
  KITH_TRY(rules_alloc(r));
  *out = r;
  r = NULL;
done:
  kith_stream_rules_destroy(&r);
  return st;
}

void kith_stream_rules_destroy(kith_stream_rules **rules) {
  kith_stream_rules *r = *rules;
  if (!r) return;
  kith_stream_recent_destroy(&r->recent);
  KITH_FREE(r->n_event);
  KITH_FREE(r->own);
  kith__around_destroy(&r->around);
  for (int h = 0; h < KITH_RULES_POPULAR; h++) kith_stream_popular_destroy(&r->popular[h]);
  KITH_FREE(r->met);
  KITH_FREE(r->share);
  KITH_FREE(r->score);
  KITH_FREE(*rules);
}

void kith__rules_reset(void *context) {
  kith_stream_rules *r = context;
  kith_stream_recent_reset(r->recent);
  if (r->n_event && r->g->n_own > 0) memset(r->n_event, 0, (size_t)r->g->n_own * sizeof *r->n_event);
  if (r->around) kith__around_reset(r->around);
  for (int h = 0; h < r->o.popular.n; h++) kith_stream_popular_reset(r->popular[h]);
  if (r->model.reset) r->model.reset(r->model.context);
}

static void rules_add_own(kith_stream_rules *r, int n, const kith_event *event) {
  for (int i = 0; i < n; i++) {
    kith_gid row = event[i].user - r->g->first[r->comm->rank];
    if (row < 0 || row >= r->g->n_own) continue;
    r->own[row * KITH__OWN_EVENTS + r->n_event[row]++ % KITH__OWN_EVENTS] = event[i].item_number;
  }
}

kith_agreed kith__rules_observe(void *context, int64_t first, int n, const kith_event *event) {
  kith_agreed st = {KITH_OK};
  kith_stream_rules *r = context;
  kith_stream_recent_add(r->recent, n, event);
  if (r->own) rules_add_own(r, n, event);
  if (r->around) kith__around_add(r->around, n, event);
  for (int h = 0; h < r->o.popular.n; h++) kith_stream_popular_add(r->popular[h], n, event);
  if (r->model.observe) KITH_TRY(r->model.observe(r->model.context, first, n, event));
done:
  return st;
}

/* ---- names ---- */

int kith__rules_n(const kith_stream_rules *r) {
  return RULE_POPULAR + r->o.popular.n + (r->model.score != NULL);
}

int kith_stream_rules_n(const kith_stream_rules *r) { return 2 * kith__rules_n(r) + 1; }

const char *kith_stream_rules_name(const kith_stream_rules *r, int part, char name[KITH_NAME]) {
  const int n = kith__rules_n(r), rule = part % n, h = rule - RULE_POPULAR;
  const char *of = part < n ? "" : ", new";
  if (part == 2 * n) snprintf(name, KITH_NAME, "together, new");
  else if (h < 0) snprintf(name, KITH_NAME, "%s%s", rule_name[rule], of);
  else if (h == r->o.popular.n) snprintf(name, KITH_NAME, "model%s", of);
  else if (r->o.popular.of[h] > 0) snprintf(name, KITH_NAME, "popular %gs%s", r->o.popular.of[h], of);
  else snprintf(name, KITH_NAME, "popular%s", of);
  return name;
}

/* ---- shares ---- */

static kith_lid rules_row(const kith_stream_rules *r, const kith_event *e) {
  return (kith_lid)(e->user - r->g->first[r->comm->rank]);
}

/* How long ago the user met an item, and how many items it has met. */
int kith__rule_kind(const kith_stream_rules *r, const kith_event *e) {
  static const int64_t gap[] = {60, 300, 1800, 4 * 3600, 86400, 5 * 86400};
  static const int many[] = {2, 3, 6, 15};
  const kith_stream_met *met;
  int n = kith_stream_recent_get(r->recent, rules_row(r, e), &met), a = 0, b = 0;
  if (n == 0) return 0;
  while (a < 6 && e->time - met[0].time >= gap[a]) a++;
  while (b < 4 && n >= many[b]) b++;
  return 1 + a * 5 + b;
}

/* 1 / place, latest first. */
static void rule_add_recent(const kith_stream_rules *r, const kith_event *e, double weight, double *share) {
  const kith_stream_met *met;
  int n = kith_stream_recent_get(r->recent, rules_row(r, e), &met);
  double sum = 0;
  for (int i = 0; i < n; i++) sum += 1.0 / (i + 1);
  for (int i = 0; i < n; i++) share[met[i].item_number] += weight / ((i + 1) * sum);
}

/* The user's latest events, each of which counts decay^age. */
static void rule_add_own(const kith_stream_rules *r, const kith_event *e, double decay, double weight,
                         double *share) {
  kith_lid row = rules_row(r, e);
  const int32_t *own = r->own + (int64_t)row * KITH__OWN_EVENTS;
  int n = (int)kith_min(r->n_event[row], (int64_t)KITH__OWN_EVENTS);
  double sum = 0, one = 1;
  for (int i = 0; i < n; i++, one *= decay) sum += one;
  one = 1;
  for (int i = 0; i < n; i++, one *= decay)
    share[own[(r->n_event[row] - 1 - i) % KITH__OWN_EVENTS]] += weight * one / sum;
}

void kith__rule_add(const kith_stream_rules *r, int rule, const kith_event *e, double weight, double *share) {
  const kith_stream_met *met;
  if (rule == RULE_LAST && r->o.recent && kith_stream_recent_get(r->recent, rules_row(r, e), &met) > 0)
    share[met[0].item_number] += weight;
  if (rule == RULE_RECENT && r->o.recent) rule_add_recent(r, e, weight, share);
  if (rule == RULE_OWN && r->own) rule_add_own(r, e, RULES_OWN_DECAY, weight, share);
  if (rule == RULE_OFTEN && r->own) rule_add_own(r, e, 1, weight, share);
  if (rule == RULE_AROUND && r->around) kith__around_shares(r->around, e->user_number, weight, share);
  if (rule >= RULE_POPULAR) kith_stream_popular_shares(r->popular[rule - RULE_POPULAR], weight, share);
}

void kith__rule_add_model(int64_t n_item, const float *score, double weight, double *share) {
  double most = -INFINITY, sum = 0;
  for (int64_t i = 0; i < n_item; i++) most = fmax(most, score[i]);
  for (int64_t i = 0; i < n_item; i++) sum += exp(score[i] - most);
  for (int64_t i = 0; i < n_item; i++) share[i] += weight * exp(score[i] - most) / sum;
}

/* ---- scores ---- */

static kith_agreed rules_begin(void *context, int64_t first, int n, const kith_event *event) {
  const kith_stream_rules *r = context;
  if (r->model.begin) return r->model.begin(r->model.context, first, n, event);
  return (kith_agreed){KITH_OK};
}

/* Add the weighted sum of all parts to score [n_item]. */
static void rules_mix(const kith_stream_rules *r, const double *weight, float *score) {
  const int n = kith__rules_n(r);
  const int64_t n_item = r->g->n[KITH_ITEM];
  for (int64_t i = 0; i < n_item; i++) {
    const double *w = r->met[i] ? weight : weight + n, *share = r->share + i;
    double sum = r->met[i] ? 0 : weight[2 * n] * share[n * n_item];
    for (int k = 0; k < n; k++) sum += w[k] * share[k * n_item];
    score[i] += (float)sum;
  }
}

static void rules_score(void *context, int n, const int *index, const kith_event *event, float *score) {
  kith_stream_rules *r = context;
  const int64_t n_item = r->g->n[KITH_ITEM];
  if (r->model.score) {
    memset(r->score, 0, (size_t)n * (size_t)n_item * sizeof *r->score);
    r->model.score(r->model.context, n, index, event, r->score);
  }
  for (int i = 0; i < n; i++) {
    const kith_event *e = &event[index[i]];
    kith__rules_share(r, e, r->score ? r->score + i * n_item : NULL);
    kith__rules_together(r);
    rules_mix(r, r->weight[kith__rule_kind(r, e)], score + i * n_item);
  }
}

kith_stream_scorer kith_stream_rules_scorer(kith_stream_rules *rules) {
  return (kith_stream_scorer){.context = rules,
                              .reset = kith__rules_reset,
                              .begin = rules_begin,
                              .score = rules_score,
                              .observe = kith__rules_observe};
}
