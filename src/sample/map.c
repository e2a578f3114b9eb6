/* Hashing is open addressing with linear steps, at most half full. */
#include <string.h>

#include "sample/map.h"

kith_status kith__map_make(int64_t most, int64_t n_node, sample_map *out) {
  kith_status st = KITH_OK;
  sample_map m = {.mask = 15, .n_node = n_node, .now = 1, .step = 1};
  while ((int64_t)m.mask < 2 * most) m.mask = 2 * m.mask + 1;
  if (n_node * (int64_t)sizeof *m.row > (int64_t)(m.mask + 1) * (int64_t)sizeof *m.slot)
    KITH_TRY(KITH_NEW(m.slot, (int64_t)m.mask + 1));
  else {
    m.step = (uint32_t)most + 1;
    KITH_TRY(KITH_NEW(m.row, n_node));
  }
  *out = m;
done:
  return st;
}

void kith__map_free(sample_map *m) {
  KITH_FREE(m->slot);
  KITH_FREE(m->row);
}

void kith__map_clear(sample_map *m) {
  if (UINT32_MAX - m->now >= 2 * (uint64_t)m->step) {
    m->now += m->step;
    return;
  }
  if (m->row) memset(m->row, 0, (size_t)m->n_node * sizeof *m->row); /* the clock goes round */
  else memset(m->slot, 0, (m->mask + 1) * sizeof *m->slot);
  m->now = 1;
}

kith_lid kith__map_put_hashed(sample_map *m, kith_gid number, kith_lid fresh) {
  uint64_t at = kith__map_hash(m, number);
  while (m->slot[at].when == m->now && m->slot[at].number != number) at = (at + 1) & m->mask;
  if (m->slot[at].when != m->now) m->slot[at] = (sample_slot){number, m->now, fresh};
  return m->slot[at].row;
}
