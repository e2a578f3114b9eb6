/* Rows that rank; contract: train/score_rows.h. */
#include "train/score_rows.h"

#include "kith/graph.h"
#include "model/model.h"

void kith__score_rows(const kith_model_options *o, const uint8_t *type, kith_lid n, int d, float *x) {
  if (o->score == KITH_COSINE) {
    kith_normalize_rows(n, d, x);
    return;
  }
  if (kith_model_discount(o) == 0) return;
  for (kith_lid i = 0; i < n; i++)
    if (type[i] == KITH_ITEM) kith_divide_by_length(d, kith_model_discount(o), x + (size_t)i * (size_t)d);
}
