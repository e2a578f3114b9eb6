/* The pairs that a step learns from, which its hops leave out: where they stand in the rows of this rank. */
#ifndef KITH_SRC_SAMPLE_TARGETS_H
#define KITH_SRC_SAMPLE_TARGETS_H

#include "sample/law.h"

/* A row's targets are a chain, found in one look, since nearly every row that is asked about has none. */
typedef struct sample_targets {
  const kith_graph *g;
  const kith_dist_csr *a;
  kith_gid low;      /* first number of this rank */
  kith_lid n;        /* ends that this rank owns */
  kith_lid *newest;  /* [n_own] 1 + a row's last end, 0: it has none */
  kith_lid *older;   /* [2 most] 1 + the end before it in the same row, 0: it is the first */
  kith_lid *row;     /* [2 most] where an end is … */
  int64_t *to;       /* [2 most] … kith_node_key() of the other one … */
  int32_t *place;    /* [2 most] … and its place in the row; -1: it is no neighbor */
  int64_t *left_out; /* [2 most] of the row that is being asked about */
} sample_targets;

/* Room for steps of up to `most` targets.  Local; what is made stays in *t, also on failure. */
kith_status kith__targets_make(const sample_setting *s, kith_lid most, sample_targets *t) KITH_MUST_USE;
void kith__targets_free(sample_targets *t);
/* These instead of those before.  Local; allocates nothing. */
void kith__targets_take(sample_targets *t, int64_t n, const kith_pair *target);
/* Leave the targets of a row that has some out of what may be drawn; what is said of them holds until the
 * next question.  Local. */
void kith__targets_leave_out(sample_targets *t, sample_question *q);
static inline bool kith__targets_in(const sample_targets *t, kith_lid row) { return t->newest[row] > 0; }

#endif
