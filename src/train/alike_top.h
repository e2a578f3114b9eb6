/*
 * The known nodes whose features are most like those of a new one, by the cosine of tf-idf vectors: exactly,
 * by an inverted index of which the longest lists are seldom walked.
 */
#ifndef KITH_SRC_TRAIN_ALIKE_TOP_H
#define KITH_SRC_TRAIN_ALIKE_TOP_H

#include "graph/content.h"

typedef struct kith__alike_entry {
  int32_t of; /* a place of a feature, or a known node that has a feature, by its original number */
  float unit; /* w / |w| */
} kith__alike_entry;

/* Of the known nodes, on every rank.  A feature's place: those with short lists first, of equal ones the
 * smaller number. */
typedef struct kith__alike_index {
  kith__content content;   /* of their features; its columns and values are freed */
  kith__alike_entry *row;  /* [entries of content] of a known node, ascending by place */
  int32_t *place;          /* [features] */
  kith_eid *start;         /* [features + 1] by place … */
  kith__alike_entry *list; /* … the known nodes that have a feature, ascending */
  float *high, *low;       /* [features] by place: the largest and the smallest unit of its list, and of 0 */
  int n_cut;
  uint8_t *rest; /* [n_cut, known nodes] the length that features of 2^c known nodes and more have together
                    in a unit vector, in 1/255, rounded up … */
  uint8_t *rest_high; /* … [n_cut] the largest */
} kith__alike_index;

/* The features of one new node that count, those with short lists first. */
typedef struct kith__alike_term {
  int32_t place;
  double weight;
  double above;  /* what this term and those behind it add to a cosine at most … */
  double length; /* … and their length */
} kith__alike_term;

/* Memory of one thread. */
typedef struct kith__alike_scratch {
  float *partial;   /* [known nodes] what the lists walked have told, to within rounding; 0: nothing */
  double *score;    /* [known nodes] of those that are scored by their own features */
  int32_t *touched; /* [known nodes + 1] of which lists have told … */
  int64_t n_touched;
  int32_t *open;          /* … [known nodes] and of these, those that are scored */
  kith__alike_term *term; /* [most features of a new node + 1] */
  double *weight;         /* [features] by place: of the new node; others are 0 */
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
