/* From global numbers to rows: emptied in no time. */
#ifndef KITH_SRC_SAMPLE_MAP_H
#define KITH_SRC_SAMPLE_MAP_H

#include "kith/base.h"

/* One line of the table: 16 bytes, so that a look at it is one miss of the cache. */
typedef struct sample_slot {
  kith_gid number;
  uint32_t when; /* a slot of an earlier time is empty */
  kith_lid row;
} sample_slot;

/*
 * A hash table where a step's rows are few of the graph's nodes; otherwise a table of all nodes, which is
 * then the smaller one, and needs no search.
 */
typedef struct sample_map {
  uint64_t mask;
  sample_slot *slot; /* [mask + 1] the hash table … */
  int64_t n_node;
  uint32_t *row; /* [n_node] … or the table: now + the row of each number; what is below now is of an earlier
                    time */
  uint32_t now, step; /* time, and how much later it is when all is empty again */
} sample_map;

/* Room for `most` of the numbers 0 … n_node - 1.  Local. */
kith_status kith__map_make(int64_t most, int64_t n_node, sample_map *out) KITH_MUST_USE;
void kith__map_free(sample_map *m);
void kith__map_clear(sample_map *m);
kith_lid kith__map_put_hashed(sample_map *m, kith_gid number, kith_lid fresh);

/* The row of a number; `fresh` is given to it, and returned, if it has none. */
static inline kith_lid kith__map_put(sample_map *m, kith_gid number, kith_lid fresh) {
  if (!m->row) return kith__map_put_hashed(m, number, fresh);
  if (m->row[number] < m->now) m->row[number] = m->now + (uint32_t)fresh;
  return (kith_lid)(m->row[number] - m->now);
}

static inline uint64_t kith__map_hash(const sample_map *m, kith_gid number) {
  return ((uint64_t)number * 0x9e3779b97f4a7c15u >> 20) & m->mask;
} /* Fibonacci hashing */
/* Say that a number will be put soon. */
static inline void kith__map_expect(const sample_map *m, kith_gid number) {
  uintptr_t at = m->row ? (uintptr_t)m->row + sizeof *m->row * (uint64_t)number
                        : (uintptr_t)&m->slot[kith__map_hash(m, number)];
  __builtin_prefetch((const void *)at, 1); /* the number may be none: nothing is read there */
}

#endif
