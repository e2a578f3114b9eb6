/* Hash table from global ids to rows, cleared in O(1). */
#ifndef KITH_SRC_SAMPLE_ROW_HASH_H
#define KITH_SRC_SAMPLE_ROW_HASH_H

#include "base/base.h"

/* A slot of 16 bytes, so that a probe is at most one cache miss. */
typedef struct sample_slot {
  kith_gid gid;
  uint32_t stamp; /* the slot is empty if this is not the table's stamp */
  kith_lid row;
} sample_slot;

/*
 * Open addressing if a step's rows are few of the graph's nodes; otherwise an array over all nodes, which is
 * then smaller and needs no probing.
 */
typedef struct sample_row_hash {
  uint64_t mask;
  sample_slot *slot; /* [mask + 1] hashed; else NULL */
  int64_t n_node;
  uint32_t *row;          /* [n_node] direct; else NULL: stamp + row; values below stamp are empty */
  uint32_t stamp, stride; /* clearing adds stride to stamp */
} sample_row_hash;

/* Allocate for `max_rows` of the ids 0 … n_node - 1.  Local. */
kith_status kith__row_hash_make(int64_t max_rows, int64_t n_node, sample_row_hash *out) KITH_MUST_USE;
int64_t kith__row_hash_bytes(int64_t max_rows, int64_t n_node);
void kith__row_hash_free(sample_row_hash *m);
void kith__row_hash_clear(sample_row_hash *m);
kith_lid kith__row_hash_insert_probing(sample_row_hash *m, kith_gid gid, kith_lid new_row);

/* The row of an id; inserts `new_row` if it has none. */
static inline kith_lid kith__row_hash_insert(sample_row_hash *m, kith_gid gid, kith_lid new_row) {
  if (!m->row) return kith__row_hash_insert_probing(m, gid, new_row);
  if (m->row[gid] < m->stamp) m->row[gid] = m->stamp + (uint32_t)new_row;
  return (kith_lid)(m->row[gid] - m->stamp);
}

static inline uint64_t kith__row_hash_index(const sample_row_hash *m, kith_gid gid) {
  return ((uint64_t)gid * 0x9e3779b97f4a7c15u >> 20) & m->mask;
} /* Fibonacci hashing */
/* Prefetch for an insertion that follows soon. */
static inline void kith__row_hash_prefetch(const sample_row_hash *m, kith_gid gid) {
  uintptr_t at = m->row ? (uintptr_t)m->row + sizeof *m->row * (uint64_t)gid
                        : (uintptr_t)&m->slot[kith__row_hash_index(m, gid)];
  __builtin_prefetch((const void *)at, 1); /* a prefetch of an invalid address is harmless */
}

#endif
