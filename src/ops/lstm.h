/**
 * LSTM over the entries of matrix rows (Hochreiter and Schmidhuber 1997, with the forget gate of Gers et al.
 * 2000): GraphSAGE's third aggregator (Hamilton et al., NIPS 2017, section 3.3).
 *
 * Input z_t = x_t Wx + b, computed by the caller once for every column; four gates of d columns each, in the
 * order (i, f, g, o); s is the sigmoid:
 *   (i, f, g, o) = z_t + h_(t-1) W,   c_t = s(f + 1) c_(t-1) + s(i) tanh(g),   h_t = s(o) tanh(c_t),   y =
 * h_T. The 1 is the initial bias of the forget gate (Jozefowicz et al., ICML 2015).
 *
 * Rows are processed in groups, so that memory does not grow with the matrix.  Rows of a group are sorted
 * longest first: the rows with an entry at time t are the first ones, and their product is one BLAS call.
 * All functions are Local.
 */
#ifndef KITH_OPS_LSTM_H
#define KITH_OPS_LSTM_H

#include "ops/ops.h"

/** Order of a row's entries. */
typedef struct kith_lstm_order {
  bool shuffled; /**< permuted by keys of (seed, step, row node, column node); else in the matrix's order */
  uint64_t seed, step;
  const int64_t *row, *col; /**< nodes of the matrix's rows and columns */
} kith_lstm_order;

typedef struct kith_lstm_entry {
  uint64_t key;
  kith_lid col;
} kith_lstm_entry;

/** A group of rows, and workspace.  Entries are stored by time: those of time t are time_start[t] …
 * time_start[t + 1] - 1, in the order of the rows. */
typedef struct kith_lstm {
  int d; /**< columns of h, c and of each gate */
  kith_eid max_entries;
  kith_lid max_rows;
  kith_lid n_row;           /**< rows with entries … */
  kith_lid *position, *row; /**< [max_rows] … their positions in the matrix, their numbers; longest first */
  kith_eid n_time;          /**< entries of the longest row */
  kith_eid *time_start;     /**< [max_entries + 1] */
  kith_lid *bucket;         /**< [max_entries + 1] workspace of the sort by length */
  kith_lid *col;            /**< [max_entries] column of each entry */
  kith_lstm_entry *sort;    /**< [max_entries] workspace of the sorts by key */
  float *gate;              /**< [max_entries, 4 d]; backward leaves their gradients here */
  float *cell;              /**< [max_entries, d] c */
  float *h, *dh, *dcell;    /**< [max_rows, d] */
} kith_lstm;

/** End of the group that begins at position `first`: as many rows as have at most `max_entries` entries
 * together, at least one. */
kith_lid kith_lstm_group_end(const kith_csr *a, kith_lid first, kith_eid max_entries);

/** Make positions first … last - 1 of a matrix the group.  Cost: n log n for a row of n entries. */
void kith_lstm_plan(kith_lstm *s, const kith_csr *a, kith_lid first, kith_lid last,
                    const kith_lstm_order *order);

/** y_i [rows, d] = h_T for the group's rows with entries; others are unchanged.  z [columns, 4 d], w [d, 4
 * d]. */
void kith_lstm_forward(kith_lstm *s, kith_node_rows z, const float *w, float *y);

/** dw += and dz += of the group, backward through time.  Overwrites the gates that forward stored. */
void kith_lstm_backward(kith_lstm *s, const float *w, const float *dy, float *dw, kith_grad_rows dz);

#endif
