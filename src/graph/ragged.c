/* Ragged arrays: release, lookup, transpose. */
#include "graph/graph.h"

void kith_ragged_free(kith_ragged *ragged) {
  KITH_FREE(ragged->start);
  KITH_FREE(ragged->value);
  ragged->n_row = 0;
}

/* The first entry of row `row` that is not below `value`. */
static kith_eid ragged_find(const kith_ragged *ragged, int64_t row, int32_t value) {
  kith_eid low = ragged->start[row], high = ragged->start[row + 1];
  while (low < high) {
    kith_eid middle = low + (high - low) / 2;
    if (ragged->value[middle] < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

bool kith_ragged_has(const kith_ragged *ragged, int64_t row, int32_t value) {
  kith_eid e = ragged_find(ragged, row, value);
  return e < ragged->start[row + 1] && ragged->value[e] == value;
}

bool kith_ragged_has_kind(const kith_ragged *ragged, const uint16_t *kind, int64_t row, int32_t value,
                          uint16_t k) {
  for (kith_eid e = ragged_find(ragged, row, value); e < ragged->start[row + 1]; e++) {
    if (ragged->value[e] != value) return false;
    if (!kind || kind[e] == k) return true;
  }
  return false;
}

kith_status kith_ragged_transpose(const kith_ragged *l, int64_t n_value, kith_ragged *out) {
  kith_status st = KITH_OK;
  kith_eid n = l->start[l->n_row], *next = NULL;
  *out = (kith_ragged){.n_row = n_value};
  KITH_TRY(KITH_NEW(out->start, n_value + 1));
  KITH_TRY(KITH_NEW(out->value, n));
  KITH_TRY(KITH_NEW(next, n_value));
  for (kith_eid e = 0; e < n; e++) out->start[l->value[e] + 1]++;
  for (int64_t i = 0; i < n_value; i++) {
    next[i] = out->start[i];
    out->start[i + 1] += out->start[i];
  }
  for (int64_t u = 0; u < l->n_row; u++)
    for (kith_eid e = l->start[u]; e < l->start[u + 1]; e++) out->value[next[l->value[e]]++] = (int32_t)u;
done:
  KITH_FREE(next);
  return st;
}
