/* Open addressing with linear steps, at most half full. */
#include <string.h>

#include "sample/map.h"

kith_status kith__map_make(int64_t most, sample_map *out) {
  kith_status st = KITH_OK;
  sample_map m = {.mask = 15, .now = 1};
  while ((int64_t)m.mask < 2 * most) m.mask = 2 * m.mask + 1;
  KITH_TRY(KITH_NEW(m.when, (int64_t)m.mask + 1));
  KITH_TRY(KITH_NEW(m.number, (int64_t)m.mask + 1));
  KITH_TRY(KITH_NEW(m.row, (int64_t)m.mask + 1));
  *out = m;
  m = (sample_map){0};
done:
  kith__map_free(&m);
  return st;
}

void kith__map_free(sample_map *m) {
  KITH_FREE(m->when);
  KITH_FREE(m->number);
  KITH_FREE(m->row);
}

void kith__map_clear(sample_map *m) {
  if (++m->now != 0) return;
  memset(m->when, 0, (m->mask + 1) * sizeof *m->when); /* the clock went round */
  m->now = 1;
}

kith_lid kith__map_put(sample_map *m, kith_gid number, kith_lid fresh) {
  uint64_t at = ((uint64_t)number * 0x9e3779b97f4a7c15u >> 20) & m->mask; /* Fibonacci hashing */
  while (m->when[at] == m->now && m->number[at] != number) at = (at + 1) & m->mask;
  if (m->when[at] == m->now) return m->row[at];
  m->when[at] = m->now;
  m->number[at] = number;
  m->row[at] = fresh;
  return fresh;
}
