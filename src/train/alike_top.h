/*
 * The known nodes whose features are most like those of a new one, by the cosine of tf-idf vectors: exactly,
 * by an inverted index of which the longest lists are seldom walked.
 */
#ifndef KITH_SRC_TRAIN_ALIKE_TOP_H
#define KITH_SRC_TRAIN_ALIKE_TOP_H

#include "graph/content.h"

typedef struct kith__alike_entry {
  int32_t of; /* a feature of a known node, or a known node that has a feature, by its original number */
  float unit; /* w / |w| */
} kith__alike_entry;

/* Of the known nodes, on every rank. */
typedef struct kith__alike_index {
  kith__content content;   /* of their features; its columns and values are freed */
  kith__alike_entry *row;  /* [entries of content] in its place */
  int64_t *n_of;           /* [features] known nodes that have it */
  kith_eid *start;         /* [features + 1] … */
  kith__alike_entry *list; /* … the known nodes that have a feature, ascending */
  float *high, *low;       /* [features] the largest and the smallest unit of its list, and of 0 */
} kith__alike_index;

/* The features of one new node that count, those with short lists first. */
typedef struct kith__alike_term {
  int32_t column;
  double weight;
  double above; /* what this term and those behind it add to a cosine at most */
} kith__alike_term;

/* Memory of one thread. */
typedef struct kith__alike_scratch {
  kith__sparse score;     /* [known nodes] */
  kith__alike_term *term; /* [most features of a new node + 1] */
  double *open;           /* [features] weights of the terms that are not walked yet; others are 0 */
} kith__alike_scratch;

/* Make the index of the first n_known rows of `content`, which it owns from then on.  Local.
 * Errors: KITH_ENOMEM. */
kith_status kith__alike_index_make(kith__content *content, int64_t n_known,
                                   kith__alike_index *out) KITH_MUST_USE;
void kith__alike_index_free(kith__alike_index *a);

kith_status kith__alike_scratch_make(const kith__alike_index *a, const kith_features *f,
                                     kith__alike_scratch *out) KITH_MUST_USE;
void kith__alike_scratch_free(kith__alike_scratch *w);

/* near [k]: original numbers of the nodes with the highest positive cosines with row `row` of f, the most
 * alike first, of equal ones the smaller number; -1: no further one.  Local. */
void kith__alike_top(const kith__alike_index *a, const kith_features *f, int64_t row, int k,
                     kith__alike_scratch *w, int32_t *near);

#endif
