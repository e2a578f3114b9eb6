/* From global numbers to rows: emptied in no time. */
#ifndef KITH_SRC_SAMPLE_ROW_HASH_H
#define KITH_SRC_SAMPLE_ROW_HASH_H

#include "kith/base.h"

/* One line of the table: 16 bytes, so that a look at it is one miss of the cache. */
typedef struct sample_slot {
  kith_gid gid;
  uint32_t stamp; /* a slot of an earlier time is empty */
  kith_lid row;
} sample_slot;

/*
 * A hash table where a step's rows are few of the graph's nodes; otherwise a table of all nodes, which is
 * then the smaller one, and needs no search.
 */
typedef struct sample_row_hash {
  uint64_t mask;
  sample_slot *slot; /* [mask + 1] the hash table … */
  int64_t n_node;
  uint32_t *row; /* [n_node] … or the table: now + the row of each number; what is below now is of an earlier
                    time */
  uint32_t stamp, stride; /* time, and how much later it is when all is empty again */
} sample_row_hash;

/* Room for `most` of the numbers 0 … n_node - 1.  Local. */
kith_status kith__row_hash_make(int64_t max_rows, int64_t n_node, sample_row_hash *out) KITH_MUST_USE;
void kith__row_hash_free(sample_row_hash *m);
void kith__row_hash_clear(sample_row_hash *m);
kith_lid kith__row_hash_insert_probing(sample_row_hash *m, kith_gid gid, kith_lid new_row);

/* The row of a number; `fresh` is given to it, and returned, if it has none. */
static inline kith_lid kith__row_hash_insert(sample_row_hash *m, kith_gid gid, kith_lid new_row) {
  if (!m->row) return kith__row_hash_insert_probing(m, gid, new_row);
  if (m->row[gid] < m->stamp) m->row[gid] = m->stamp + (uint32_t)new_row;
  return (kith_lid)(m->row[gid] - m->stamp);
}

static inline uint64_t kith__row_hash_index(const sample_row_hash *m, kith_gid gid) {
  return ((uint64_t)gid * 0x9e3779b97f4a7c15u >> 20) & m->mask;
} /* Fibonacci hashing */
/* Say that a number will be put soon. */
static inline void kith__row_hash_prefetch(const sample_row_hash *m, kith_gid gid) {
  uintptr_t at = m->row ? (uintptr_t)m->row + sizeof *m->row * (uint64_t)gid
                        : (uintptr_t)&m->slot[kith__row_hash_index(m, gid)];
  __builtin_prefetch((const void *)at, 1); /* the number may be none: nothing is read there */
}

#endif
