/* embed.init: mean and update.init: features: rows of new nodes by those of the known nodes that are most
 * alike. */
#ifndef KITH_SRC_TRAIN_ALIKE_ROWS_H
#define KITH_SRC_TRAIN_ALIKE_ROWS_H

#include "kith/embed.h"

/* This rank's new nodes of a type, and what is known. */
typedef struct kith__alike_query {
  kith_node_type type;   /* users or items */
  int neighbors;         /* k */
  int64_t n_known;       /* nodes of the type with smaller original numbers are known */
  const uint8_t *barred; /* [n_known] 1: nothing is like this one; the same on all ranks; null: none */
  int d;
  const float *known;            /* [n_own of the graph, d]; rows of nodes that are not known are not read */
  const kith_features *features; /* of the new nodes … */
  int64_t first, n;              /* … which are its rows first … first + n - 1 … */
  const int64_t *row;            /* … or row[n], unless it is null */
  const uint8_t *skip;           /* [n] which of them keep what they have; null: none */
  float *x;                      /* [n, d] their rows; may overlap `known` in rows that are not known */
  uint8_t *alone;                /* [n] output: those without such a neighbor; or null */
} kith__alike_query;

/**
 * x_i = mean of x_j over the k known nodes j of the type with the largest cosine above 0 of
 * w_jc = v_jc log(N / N_c): v the value of feature c, N known nodes of the type of which N_c have the feature
 * (Salton and Buckley, 1988).  Of equal cosines the smaller original number is first.  A node without such
 * neighbors keeps its row.  Collective.
 *
 * @param g             the graph of the known nodes, in which there may be others as well
 * @param[out] n_alone  those new nodes, over all ranks, that have no such neighbor and are not skipped
 * Memory: 32 bytes a feature of a known node and a byte a known node for each power of two up to N; 20 a
 * known node and 8 a feature for each thread; 4 k a new node; the rows of those known nodes that are
 * neighbors.  Cost: for each rare feature of a new node the known nodes that have it (alike_top.h). Errors:
 * KITH_ENOMEM, those of reading parts.h5.
 */
kith_agreed kith__alike_rows(const kith_comm *comm, const kith_graph *g, const char *parts_path,
                             const kith__alike_query *o, int64_t *n_alone) KITH_MUST_USE;

/* This rank's new nodes, as kith_embed() has them. */
typedef struct kith__alike_block {
  const kith_new_nodes *new;
  int neighbors;       /* k */
  int64_t first, n;    /* new nodes first … first + n - 1, users before items … */
  const uint8_t *skip; /* [n] … of which these keep what they have; null: none */
  int d;
  float *x; /* [n, d] their rows */
} kith__alike_block;

/** The same of those of them that are of type t; `g` has known nodes alone, known [n_own, d]. */
kith_agreed kith__alike_rows_fill(const kith_comm *comm, const kith_graph *g, const char *parts_path,
                                  const kith__alike_block *o, kith_node_type t, const float *known,
                                  int64_t *n_alone) KITH_MUST_USE;

#endif
