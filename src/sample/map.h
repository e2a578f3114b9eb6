/* From global numbers to rows: a hash table that is emptied in no time. */
#ifndef KITH_SRC_SAMPLE_MAP_H
#define KITH_SRC_SAMPLE_MAP_H

#include "kith/base.h"

/* One line of the table: 16 bytes, so that a look at it is one miss of the cache. */
typedef struct sample_slot {
  kith_gid number;
  uint32_t when; /* a slot of an earlier time is empty */
  kith_lid row;
} sample_slot;

typedef struct sample_map {
  uint64_t mask;
  uint32_t now;
  sample_slot *slot; /* [mask + 1] */
} sample_map;

/* Room for `most` numbers.  Local. */
kith_status kith__map_make(int64_t most, sample_map *out) KITH_MUST_USE;
void kith__map_free(sample_map *m);
void kith__map_clear(sample_map *m);
/* The row of a number; `fresh` is given to it, and returned, if it has none. */
kith_lid kith__map_put(sample_map *m, kith_gid number, kith_lid fresh);

static inline uint64_t kith__map_hash(const sample_map *m, kith_gid number) { return ((uint64_t)number * 0x9e3779b97f4a7c15u >> 20) & m->mask; } /* Fibonacci hashing */
/* Say that a number will be asked for soon. */
static inline void kith__map_expect(const sample_map *m, kith_gid number) { __builtin_prefetch(&m->slot[kith__map_hash(m, number)], 1); }

#endif
