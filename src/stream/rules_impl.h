/* Private to stream: the state of rules. */
#ifndef KITH_STREAM_RULES_IMPL_H
#define KITH_STREAM_RULES_IMPL_H

#include "comm/comm.h"
#include "stream/rules.h"

/* Items that users met shortly before or after an item. */
typedef struct kith__around kith__around;
kith_status kith__around_create(int64_t n_user, int64_t n_item, kith__around **out) KITH_MUST_USE;
void kith__around_destroy(kith__around **around);
void kith__around_reset(kith__around *around);
void kith__around_add(kith__around *around, int n, const kith_event *event);
/* Add `weight` times the share of each item for a user, by original number: share [n_item]. */
void kith__around_shares(const kith__around *around, int32_t user, double weight, double *share);

enum { KITH__OWN_EVENTS = 32 }; /* the latest of a user */

struct kith_stream_rules {
  const kith_comm *comm;
  const kith_graph *g;
  kith_stream_options o;
  kith_stream_scorer model; /* score is null: none */
  kith_stream_recent *recent;
  int64_t *n_event; /* [n_own] events of a user so far */
  int32_t *own; /* [n_own, KITH__OWN_EVENTS] its latest items, event j at j % KITH__OWN_EVENTS; null: rule is
                   off */
  kith__around *around;
  kith_stream_popular *popular[KITH_RULES_POPULAR];
  double weight[KITH_RULE_KINDS][KITH_RULES + 1];
  double *share; /* [n_item] */
  float *score;  /* [KITH_STREAM_ROWS, n_item] of the model */
};

/* The kind of an event whose user is owned. */
int kith__rule_kind(const kith_stream_rules *r, const kith_event *e);
/* Add `weight` times the shares of a rule, which is not the model, to share [n_item]. */
void kith__rule_add(const kith_stream_rules *r, int rule, const kith_event *e, double weight, double *share);
/* The same of the model, of its scores [n_item]. */
void kith__rule_add_model(int64_t n_item, const float *score, double weight, double *share);
void kith__rules_reset(void *context);
kith_agreed kith__rules_observe(void *context, int64_t first, int n, const kith_event *event) KITH_MUST_USE;

#endif
