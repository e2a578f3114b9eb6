/** The candidates of a step of SASRec: the items that follow its places on any rank, and drawn ones. */
#ifndef KITH_SEQUENCE_SASREC_CANDIDATES_H
#define KITH_SEQUENCE_SASREC_CANDIDATES_H

#include "comm/comm.h"
#include "loss/loss.h"

typedef struct kith_sasrec_candidates {
  int n_drawn; /* of a step */
  int64_t n_item, n_place;
  int64_t *follows; /* [n_item] places of an epoch that the item follows, of n_place over all ranks */
  int64_t *count;   /* [n_item] occurrences in the step */
  int32_t *at;      /* [n_item] place among the candidates */
  int32_t *item;    /* of `of`, as the next two */
  float *bias, *once;
  kith_softmax_candidates of;
} kith_sasrec_candidates;

/* For steps of at most so many places over all ranks.  Local.  Errors: KITH_ENOMEM; freed by the caller. */
kith_status kith__sasrec_candidates_make(int n_drawn, int64_t n_item, int64_t most_places,
                                         kith_sasrec_candidates *c) KITH_MUST_USE;
void kith__sasrec_candidates_free(kith_sasrec_candidates *c);

/* Add the items that follow this rank's places of an epoch; local.  Then, collective, those of all ranks. */
void kith__sasrec_candidates_add(kith_sasrec_candidates *c, int64_t n, const int32_t *next);
void kith__sasrec_candidates_end(kith_sasrec_candidates *c, const kith_comm *comm);

/*
 * Fill c->of for a step, the same on any number of ranks.  Collective.
 *
 * An item j is expected n_global follows_j / n_place + n_drawn / n_item times among the items that follow the
 * places of a step and those that are drawn.
 *
 * @param n_global   places of the step over all ranks
 * @param[in,out] next  [n] the items that follow this rank's places; afterwards their places among the
 *                   candidates
 */
void kith__sasrec_candidates_fill(kith_sasrec_candidates *c, const kith_comm *comm, uint64_t seed,
                                  int64_t epoch, int64_t step, int64_t n_global, int64_t n, int32_t *next);

#endif
