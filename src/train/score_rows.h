/* Final embeddings as the rows that rank: their inner products are the model's scores. */
#ifndef KITH_SRC_TRAIN_SCORE_ROWS_H
#define KITH_SRC_TRAIN_SCORE_ROWS_H

#include <stdint.h>

#include "kith/model.h"
#include "ops/ops.h"

/*
 * x [n, d], of nodes of the types type [n], in place.  model.score: cosine makes unit rows; with dot rows
 * of items are divided by their lengths to the power of model.length_discount.  Local.
 */
void kith__score_rows(const kith_model_options *o, const uint8_t *type, kith_lid n, int d, float *x);

#endif
