/* The order of the entries in the rows of a merged matrix: by the column's node key, then by relation. */
#include "base/order.h"
#include "halo/halo_impl.h"

/* An entry of a row that is being sorted. */
typedef struct merged_entry {
  kith_lid col;
  float weight, base;
  uint8_t of;
} merged_entry;

static merged_entry merged_get(const kith__merged_side *s, kith_eid e) {
  return (merged_entry){s->csr->col[e], s->csr->weight[e], s->base ? s->base[e] : 0, s->of[e]};
}

static void merged_put(const kith__merged_side *s, kith_eid e, merged_entry x) {
  s->csr->col[e] = x.col;
  s->csr->weight[e] = x.weight;
  s->of[e] = x.of;
  if (s->base) s->base[e] = x.base;
}

/* Merge two ascending runs, entries first … middle - 1 and middle … last - 1; at equal columns the first run
 * comes first. */
static void merged_order_runs(const kith__merged_side *s, const int64_t *node, kith_eid first,
                              kith_eid middle, kith_eid last, merged_entry *scratch) {
  kith_eid n = middle - first, i = 0;
  for (kith_eid e = first; e < middle; e++) scratch[e - first] = merged_get(s, e);
  for (kith_eid to = first, j = middle; i < n; to++) {
    bool second = j < last && node[s->csr->col[j]] < node[scratch[i].col];
    merged_put(s, to, second ? merged_get(s, j++) : scratch[i++]);
  }
}

kith_status kith__merged_order(const kith__merged_side *s, const int64_t *node) {
  kith_status st = KITH_OK;
  const kith_csr *csr = s->csr;
  merged_entry *scratch = NULL;
  KITH_TRY(KITH_NEW(scratch, kith_longest_row(csr->n_row, csr->start)));
  for (kith_lid p = 0; p < csr->n_row; p++) {
    kith_eid middle = csr->start[p];
    for (int k = 0; k < s->n; k++) {
      kith_lid i = csr->perm[p];
      kith_eid last = middle + s->term[k].start[i + 1] - s->term[k].start[i];
      merged_order_runs(s, node, csr->start[p], middle, last, scratch);
      middle = last;
    }
  }
done:
  KITH_FREE(scratch);
  return st;
}
