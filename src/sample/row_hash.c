/* Open addressing with linear probing, at most half full. */
#include <string.h>

#include "sample/row_hash.h"

static uint32_t row_hash_mask(int64_t max_rows) {
  uint32_t mask = 15;
  while ((int64_t)mask < 2 * max_rows) mask = 2 * mask + 1;
  return mask;
}

/* A hash, or an array over all nodes where that is no larger. */
int64_t kith__row_hash_bytes(int64_t max_rows, int64_t n_node) {
  const sample_row_hash *m = NULL;
  return kith_min(KITH_BYTES(m->row, n_node), KITH_BYTES(m->slot, (int64_t)row_hash_mask(max_rows) + 1));
}

kith_status kith__row_hash_make(int64_t max_rows, int64_t n_node, sample_row_hash *out) {
  kith_status st = KITH_OK;
  sample_row_hash m = {.mask = row_hash_mask(max_rows), .n_node = n_node, .stamp = 1, .stride = 1};
  if (n_node * (int64_t)sizeof *m.row > (int64_t)(m.mask + 1) * (int64_t)sizeof *m.slot)
    KITH_TRY(KITH_NEW(m.slot, (int64_t)m.mask + 1));
  else {
    m.stride = (uint32_t)max_rows + 1;
    KITH_TRY(KITH_NEW(m.row, n_node));
  }
  *out = m;
done:
  return st;
}

void kith__row_hash_free(sample_row_hash *m) {
  KITH_FREE(m->slot);
  KITH_FREE(m->row);
}

void kith__row_hash_clear(sample_row_hash *m) {
  if (UINT32_MAX - m->stamp >= 2 * (uint64_t)m->stride) {
    m->stamp += m->stride;
    return;
  }
  if (m->row) memset(m->row, 0, (size_t)m->n_node * sizeof *m->row); /* the stamp would overflow */
  else memset(m->slot, 0, (m->mask + 1) * sizeof *m->slot);
  m->stamp = 1;
}

kith_lid kith__row_hash_insert_probing(sample_row_hash *m, kith_gid gid, kith_lid new_row) {
  uint64_t at = kith__row_hash_index(m, gid);
  while (m->slot[at].stamp == m->stamp && m->slot[at].gid != gid) at = (at + 1) & m->mask;
  if (m->slot[at].stamp != m->stamp) m->slot[at] = (sample_slot){gid, m->stamp, new_row};
  return m->slot[at].row;
}
