/* From global numbers to rows: a hash table that is emptied in no time. */
#ifndef KITH_SRC_SAMPLE_MAP_H
#define KITH_SRC_SAMPLE_MAP_H

#include "kith/base.h"

typedef struct sample_map {
  uint64_t mask;
  uint32_t now;      /* entries of an earlier time are empty */
  uint32_t *when;    /* [mask + 1] */
  kith_gid *number;  /* [mask + 1] */
  kith_lid *row;     /* [mask + 1] */
} sample_map;

/* Room for `most` numbers.  Local. */
kith_status kith__map_make(int64_t most, sample_map *out) KITH_MUST_USE;
void kith__map_free(sample_map *m);
void kith__map_clear(sample_map *m);
/* The row of a number; `fresh` is given to it, and returned, if it has none. */
kith_lid kith__map_put(sample_map *m, kith_gid number, kith_lid fresh);

#endif
