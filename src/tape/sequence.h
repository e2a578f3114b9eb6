/** Ops on rows of sequences (ops/sequence.h).  All are Local. */
#ifndef KITH_TAPE_SEQUENCE_H
#define KITH_TAPE_SEQUENCE_H

#include "ops/sequence.h"
#include "tape/tape.h"

/** Layer normalization of the rows of x [rows, d]; gain and bias [1, d]. */
kith_tensor *kith_layer_norm_op(kith_tape *t, kith_tensor *x, kith_tensor *gain, kith_tensor *bias);

/**
 * Causal attention of q over k and v, all [rows, d] of the sequences of the step.
 *
 * @param s  its content may change by step; lives as long as the tape
 * Memory: rows * heads * s->longest numbers.
 */
kith_tensor *kith_causal_attention_op(kith_tape *t, const kith_sequences *s, int heads, kith_tensor *q,
                                      kith_tensor *k, kith_tensor *v);

/** Items and places of the rows of a step. */
typedef struct kith_sequence_places {
  const int32_t *item, *place; /**< [rows] each: a row of the items, a row of the positions */
} kith_sequence_places;

/** x_r = scale * item[item of r] + position[place of r], [rows, d]: item [items, d], position [places, d]. */
kith_tensor *kith_sequence_rows_op(kith_tape *t, const kith_node_map *rows, const kith_sequence_places *at,
                                   float scale, kith_tensor *item, kith_tensor *position);

#endif
