/**
 * Half-life: choose how fast interactions age, by slices of time and without training.
 */
#ifndef KITH_EVAL_HALF_LIFE_H
#define KITH_EVAL_HALF_LIFE_H

#include "graph/graph.h"

enum { KITH_HALF_LIFE_CHOICES = 7, KITH_HALF_LIFE_SLICES = 4, KITH_HALF_LIFE_K = 20 };

/** Half-lives that are tried, in seconds: none (0), 2 y, 1 y, 180 d, 90 d, 30 d, 7 d. */
extern const double kith_half_life_choices[KITH_HALF_LIFE_CHOICES];

/** What was measured, the same on every rank. */
typedef struct kith_half_life_report {
  int n_slice;                           /**< slices with users to measure */
  int64_t n_user[KITH_HALF_LIFE_SLICES]; /**< users measured in each of them */
  double ndcg[KITH_HALF_LIFE_CHOICES][KITH_HALF_LIFE_SLICES];
  double mean[KITH_HALF_LIFE_CHOICES];
  int chosen; /**< index of the choice; 0: none */
} kith_half_life_report;

/**
 * Choose a half-life for the training interactions.
 *
 * The latest 40 % of the training interactions make up four slices of time.  For each slice, the interactions
 * before it rank items for users by paths user-item-user-item, the third power of the adjacency weighted by
 * age; NDCG@20 is measured against the users' new interactions of the slice.  Chosen is the best mean over
 * the slices among the half-lives that are worse than none in no slice.  At most about 512 keyed users a
 * slice are measured.
 *
 * Collective.  The same on any number of ranks.  Cost: 7 * 4 * 8 * 3 products of the adjacency with 64
 * columns.
 * @param g  with times
 * Errors: KITH_ENOMEM, KITH_EDATA.
 */
kith_agreed kith_half_life_choose(const kith_comm *comm, const kith_graph *g,
                                  kith_half_life_report *out) KITH_MUST_USE;

/* Set mean and chosen from what was measured.  Local. */
void kith__half_life_pick(kith_half_life_report *r);

#endif
