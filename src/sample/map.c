/* Open addressing with linear steps, at most half full. */
#include <string.h>

#include "sample/map.h"

kith_status kith__map_make(int64_t most, sample_map *out) {
  kith_status st = KITH_OK;
  sample_map m = {.mask = 15, .now = 1};
  while ((int64_t)m.mask < 2 * most) m.mask = 2 * m.mask + 1;
  KITH_TRY(KITH_NEW(m.slot, (int64_t)m.mask + 1));
  *out = m;
done:
  return st;
}

void kith__map_free(sample_map *m) { KITH_FREE(m->slot); }

void kith__map_clear(sample_map *m) {
  if (++m->now != 0) return;
  memset(m->slot, 0, (m->mask + 1) * sizeof *m->slot); /* the clock went round */
  m->now = 1;
}

kith_lid kith__map_put(sample_map *m, kith_gid number, kith_lid fresh) {
  uint64_t at = kith__map_hash(m, number);
  while (m->slot[at].when == m->now && m->slot[at].number != number) at = (at + 1) & m->mask;
  if (m->slot[at].when != m->now) m->slot[at] = (sample_slot){number, m->now, fresh};
  return m->slot[at].row;
}
