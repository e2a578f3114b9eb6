/* Private to the room blend: what each kind of evidence is made with. */
#ifndef KITH_SRC_BLEND_EVIDENCE_H
#define KITH_SRC_BLEND_EVIDENCE_H

#include "base/base.h"
#include "blend/evidence.h"
#include "eval/eval.h"

/* A pair of an owned user, its evidence and which it is. */
typedef struct kith__evidence_pair {
  kith_lid user;
  int32_t item;
  int of;
  double value;
} kith__evidence_pair;

typedef struct kith__evidence_work {
  const kith_comm *comm;
  const kith_graph *g;
  int64_t n, capacity;
  kith__evidence_pair *pair; /* [n] */
  uint8_t *trained;          /* [items] 1: the item is ranked for nobody; null: all are ranked */
} kith__evidence_work;

/* Of one kind, in relation r; r = -1: the training interactions, or the items' features.  They add pairs as
 * number `of`, or set *column [items], the same on every rank.  Collective. */
typedef kith_agreed (*kith__evidence_maker)(kith__evidence_work *w, const kith_evidence *e, int of, int r,
                                            double **column);
kith_agreed kith__evidence_seen(kith__evidence_work *w, const kith_evidence *e, int of, int r,
                                double **column) KITH_MUST_USE;
kith_agreed kith__evidence_friends(kith__evidence_work *w, const kith_evidence *e, int of, int r,
                                   double **column) KITH_MUST_USE;
kith_agreed kith__evidence_recent(kith__evidence_work *w, const kith_evidence *e, int of, int r,
                                  double **column) KITH_MUST_USE;
kith_agreed kith__evidence_order(kith__evidence_work *w, const kith_evidence *e, int of, int r,
                                 double **column) KITH_MUST_USE;
kith_agreed kith__evidence_popular(kith__evidence_work *w, const kith_evidence *e, int of, int r,
                                   double **column) KITH_MUST_USE;

kith_agreed kith__evidence_alike(kith__evidence_work *w, const kith_evidence *e, int of, int r,
                                 double **column) KITH_MUST_USE;
kith_agreed kith__evidence_near(kith__evidence_work *w, const kith_evidence *e, int of, int r,
                                double **column) KITH_MUST_USE;

/* Whether pairs with an item are listed. */
static inline bool kith__evidence_lists(const kith__evidence_work *w, int64_t item) {
  return !w->trained || !w->trained[item];
}
/* A value may be added once for each user, item and `of`. */
kith_status kith__evidence_add(kith__evidence_work *w, kith_lid user, int32_t item, int of,
                               double value) KITH_MUST_USE;

/* Items of the owned users in relation r, or those of training, ascending, each once; with their latest
 * times, unless time is null.  Local.  Errors: KITH_ENOMEM; *out and *time are freed by the caller, then too.
 */
kith_status kith__evidence_items(const kith_graph *g, int r, kith_ragged *out, int64_t **time) KITH_MUST_USE;
/* The same, the latest first; which of two items of equal time is later depends on a key.  Errors: as above.
 */
kith_status kith__evidence_latest(const kith_graph *g, int r, kith_ragged *out) KITH_MUST_USE;

#endif
