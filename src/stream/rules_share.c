/* Shares of rules among the items that a user has met, and among the others. */
#include <math.h>
#include <string.h>

#include "stream/rules_impl.h"

static const double SHARE_FLOOR = 0.1;     /* in logarithms, of the mean share of an item */
static const double SHARE_NO_POWER = 1e-9; /* no more than rounding */

bool kith__rules_met(const kith_stream_rules *r, const kith_event *e) {
  const kith_stream_met *met;
  const int n = kith_stream_recent_get(r->recent, (kith_lid)(e->user - r->g->first[r->comm->rank]), &met);
  for (int i = 0; i < n; i++)
    if (met[i].item_number == e->item_number) return true;
  return false;
}

static void share_mark(kith_stream_rules *r, const kith_event *e) {
  const kith_stream_met *met;
  const kith_lid row = (kith_lid)(e->user - r->g->first[r->comm->rank]);
  const int n = kith_stream_recent_get(r->recent, row, &met);
  memset(r->met, 0, (size_t)r->g->n[KITH_ITEM] * sizeof *r->met);
  for (int i = 0; i < n; i++) r->met[met[i].item_number] = true;
}

/* Shares of met items become 1 in sum, and those of the others; where all are 0 they remain so. */
static void share_divide(const kith_stream_rules *r, double *share) {
  const int64_t n_item = r->g->n[KITH_ITEM];
  double sum[2] = {0};
  for (int64_t i = 0; i < n_item; i++) sum[r->met[i]] += share[i];
  for (int k = 0; k < 2; k++)
    if (sum[k] <= 0) sum[k] = 1;
  for (int64_t i = 0; i < n_item; i++) share[i] /= sum[r->met[i]];
}

void kith__rules_share(kith_stream_rules *r, const kith_event *e, const float *score) {
  const int64_t n_item = r->g->n[KITH_ITEM];
  const int n = kith__rules_n(r);
  share_mark(r, e);
  memset(r->share, 0, (size_t)n * (size_t)n_item * sizeof *r->share);
  for (int k = 0; k < n; k++) {
    double *share = r->share + k * n_item;
    if (score && k == n - 1) kith__rule_add_model(n_item, score, 1, share);
    else kith__rule_add(r, k, e, 1, share);
    share_divide(r, share);
  }
}

double kith__rules_log(const kith_stream_rules *r, int rule, int64_t item) {
  const int64_t n_item = r->g->n[KITH_ITEM];
  return log(r->share[rule * n_item + item] + SHARE_FLOOR / (double)n_item);
}

void kith__rules_together(kith_stream_rules *r) {
  const int64_t n_item = r->g->n[KITH_ITEM];
  const int n = kith__rules_n(r);
  double *to = r->share + n * n_item, most = -INFINITY, any = 0;
  for (int k = KITH__RULE_FRESH; k < n; k++) any += r->power[k];
  for (int64_t i = 0; i < n_item; i++) {
    to[i] = 0;
    for (int k = KITH__RULE_FRESH; k < n && !r->met[i]; k++)
      if (r->power[k] > SHARE_NO_POWER) to[i] += r->power[k] * kith__rules_log(r, k, i);
    if (!r->met[i]) most = fmax(most, to[i]);
  }
  for (int64_t i = 0; i < n_item; i++) to[i] = r->met[i] || any <= SHARE_NO_POWER ? 0 : exp(to[i] - most);
  share_divide(r, to);
}
