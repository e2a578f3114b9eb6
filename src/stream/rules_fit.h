/* Private to stream: what powers of shares are chosen by. */
#ifndef KITH_STREAM_RULES_FIT_H
#define KITH_STREAM_RULES_FIT_H

#include "stream/rules_impl.h"

/* Events of items that are new to their users, this rank's. */
typedef struct kith__rule_powers {
  int n_rule;
  int64_t n, n_item;
  float *log;           /* [n, n_item, n_rule] of shares; of an event its new items' alone, in order */
  int32_t *n_new, *own; /* [n] how many, and the place of the event's item among them */
} kith__rule_powers;

/* Room for n_event of them.  Local.  Errors: KITH_ENOMEM. */
kith_status kith__rule_powers_make(const kith_stream_rules *r, int64_t n_event,
                                   kith__rule_powers *p) KITH_MUST_USE;
void kith__rule_powers_free(kith__rule_powers *p);
/* Add an event, whose shares r holds.  Local. */
void kith__rule_powers_add(kith__rule_powers *p, const kith_stream_rules *r, int32_t item);
/* Powers [KITH_RULES + 1] by maximum likelihood; 0 without events.  The same on every rank.  Collective.
 * Errors: KITH_ENOMEM, KITH_ENUMERIC. */
kith_agreed kith__rule_powers_fit(const kith_comm *comm, const kith__rule_powers *p,
                                  double *power) KITH_MUST_USE;

#endif
