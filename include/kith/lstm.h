/**
 * LSTM: rows that are made by reading the rows of their neighbors one after the other (Hochreiter and
 * Schmidhuber 1997, with the forget gate of Gers et al. 2000), as GraphSAGE's third aggregator does (Hamilton
 * et al., NIPS 2017, section 3.3).
 *
 * With z_t = x_t Wx + b, which the caller has made for every column, and four gates of d columns each, (i, f,
 * g, o): (i, f, g, o) = z_t + h_(t-1) W,   c_t = s(f + 1) c_(t-1) + s(i) tanh(g),   h_t = s(o) tanh(c_t);   y
 * = h_T. The 1 lets a cell remember from the first step on (Jozefowicz et al., ICML 2015).
 *
 * Rows are worked on in groups, so that room does not grow with the matrix.  Within a group they stand
 * longest first: those that still read at time t are the first of them, and their products are one call of
 * the BLAS.
 */
#ifndef KITH_LSTM_H
#define KITH_LSTM_H

#include "kith/graph.h"

/** In which order a row reads its neighbors. */
typedef struct kith_lstm_order {
  bool shuffled; /**< by a permutation that belongs to (seed, step, row, neighbors); else as they stand in
                    the matrix */
  uint64_t seed, step;
  const int64_t *row, *col; /**< nodes of the matrix's rows and columns */
} kith_lstm_order;

typedef struct kith_lstm_entry {
  uint64_t key;
  kith_lid col;
} kith_lstm_entry;

/** A group of rows being worked on.  Slots are entries by time: those of time t are first[t] … first[t + 1] -
 * 1, row by row. */
typedef struct kith_lstm {
  int d;                 /**< columns of h, c and of each gate */
  kith_eid most;         /**< the most entries of a group */
  kith_lid most_row;     /**< the most rows of a group */
  kith_lid n_row;        /**< rows that read anything … */
  kith_lid *place, *row; /**< [most_row] … their places in the matrix and their numbers, longest first */
  kith_eid n_time;
  kith_eid *first;       /**< [most + 1] */
  kith_lid *next;        /**< [most + 1] room of the sort by length */
  kith_lid *col;         /**< [most] what is read in each slot */
  kith_lstm_entry *item; /**< [most] room of the sorts by key */
  float *gate;           /**< [most, 4 d] after backward their gradients */
  float *cell;           /**< [most, d] c */
  float *h, *dh, *dcell; /**< [most_row, d] */
} kith_lstm;

/** Where the group that begins at place `first` ends: as many rows as have no more than `most` entries, at
 * least one. */
kith_lid kith_lstm_group_end(const kith_csr *a, kith_lid first, kith_eid most);

/** Take places first … last - 1 of a matrix as the group.  Cost: n log n of the longest row. */
void kith_lstm_plan(kith_lstm *s, const kith_csr *a, kith_lid first, kith_lid last,
                    const kith_lstm_order *order);

/** y_i [rows, d] = h_T for the group's rows that read anything.  z [columns, 4 d], w [d, 4 d]. */
void kith_lstm_forward(kith_lstm *s, const float *z, const float *w, float *y);

/** dw += and dz += of the group, through time; uses up what forward left. */
void kith_lstm_backward(kith_lstm *s, const float *w, const float *dy, float *dw, float *dz);

#endif
