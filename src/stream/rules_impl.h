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
/* The first rule that knows items that the user has not met. */
enum { KITH__RULE_FRESH = 4 };

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
  double weight[KITH_RULE_KINDS][KITH_RULE_PARTS]; /* of rules among met items, among new ones, together */
  double power[KITH_RULES + 1];                    /* of shares in "together"; all 0: it says nothing */
  bool *met;                                       /* [n_item] of the event whose shares these are */
  double *share; /* [rules + 1, n_item] of 1 among met items, and among new ones; the last row: together */
  float *score;  /* [KITH_STREAM_ROWS, n_item] of the model */
};

/* Whether the user of an event, which is owned, has met its item. */
bool kith__rules_met(const kith_stream_rules *r, const kith_event *e);
/* Rules, the model included. */
int kith__rules_n(const kith_stream_rules *r);
/* Of an event whose user is owned: r->met, and r->share but for its last row.  score [n_item] is the model's,
 * if there is one. */
void kith__rules_share(kith_stream_rules *r, const kith_event *e, const float *score);
/* The last row of r->share, of the others. */
void kith__rules_together(kith_stream_rules *r);
/* The same of items, into r->share: what powers multiply. */
double kith__rules_log(const kith_stream_rules *r, int rule, int64_t item);
/* The kind of an event whose user is owned. */
int kith__rule_kind(const kith_stream_rules *r, const kith_event *e);
/* Add `weight` times the shares of a rule, which is not the model, to share [n_item]. */
void kith__rule_add(const kith_stream_rules *r, int rule, const kith_event *e, double weight, double *share);
/* The same of the model, of its scores [n_item]. */
void kith__rule_add_model(int64_t n_item, const float *score, double weight, double *share);
void kith__rules_reset(void *context);
kith_agreed kith__rules_observe(void *context, int64_t first, int n, const kith_event *event) KITH_MUST_USE;

#endif
