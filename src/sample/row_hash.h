/* Table from global ids to rows, cleared in O(1), which threads fill together. */
#ifndef KITH_SRC_SAMPLE_ROW_HASH_H
#define KITH_SRC_SAMPLE_ROW_HASH_H

#include <stdatomic.h>

#include "base/base.h"

/*
 * A new id gets its row in two rounds, so that rows do not depend on the threads: in the first round every
 * occurrence of the id offers a number that ascends with the occurrences' order, and the smallest one stays;
 * in the second round the occurrence that offered it, the first one, sets the row.
 *
 * The table stores both as one number: row, or max_rows + offer; a row is smaller than any offer.  To that it
 * adds base.  Clearing subtracts from base the count of possible numbers, so that whatever was stored before
 * is larger than anything stored later, and counts as empty.
 */

/* A slot of 16 bytes, so that a probe is at most one cache miss. */
typedef struct sample_slot {
  _Atomic uint64_t key; /* stamp, then the global id; the slot is free if the stamp is not the table's */
  _Atomic uint32_t value;
} sample_slot;

/*
 * Open addressing if a step's rows are few of the graph's nodes; otherwise an array over all nodes, which is
 * then smaller and needs no probing.
 */
typedef struct sample_row_hash {
  uint32_t max_rows, stride, base; /* rows; rows and positions; see above */
  int64_t n_node;
  _Atomic uint32_t *value; /* [n_node] direct; else NULL */
  uint64_t mask, stamp;    /* the step's slots are 0 … mask */
  uint64_t ready;          /* slots that any step has used: others are untouched memory */
  sample_slot *slot;       /* [most slots] hashed; else NULL */
} sample_row_hash;

enum {
  ROW_HASH_GID_BITS = 40, /* of a slot's key; the others are the stamp */
  ROW_HASH_SPARSE = 16    /* nodes of a table that are read in the time in which a row is sorted */
};

/*
 * Allocate for `max_rows` of the ids 0 … n_node - 1, and positions 0 … max_position - 1.  Local.
 *
 * An array over all nodes is chosen where it is no larger than the slots of a step of `usual_rows`: slots are
 * used by need, and the array is touched as a whole.
 *
 * Errors: KITH_ENOMEM; KITH_ECONFIG if the graph has more than 2^40 nodes.
 */
kith_status kith__row_hash_make(int64_t max_rows, int64_t max_position, int64_t usual_rows, int64_t n_node,
                                sample_row_hash *out) KITH_MUST_USE;
/* Bytes that steps of so many rows touch. */
int64_t kith__row_hash_bytes(int64_t usual_rows, int64_t n_node);
void kith__row_hash_free(sample_row_hash *m);
/* For a step of at most so many rows. */
void kith__row_hash_clear(sample_row_hash *m, int64_t rows);
static inline uint64_t kith__row_hash_index(const sample_row_hash *m, kith_gid gid) {
  return ((uint64_t)gid * 0x9e3779b97f4a7c15u >> 20) & m->mask; /* Fibonacci hashing */
}

/* The slot of an id; inserts the id if it has none.  Threads may insert at once: one that finds a slot taken
 * that was free looks at it again. */
static inline _Atomic uint32_t *kith__row_hash_probe(const sample_row_hash *m, kith_gid gid) {
  uint64_t at = kith__row_hash_index(m, gid), key = m->stamp << ROW_HASH_GID_BITS | (uint64_t)gid;
  for (;;) {
    uint64_t now = atomic_load_explicit(&m->slot[at].key, memory_order_relaxed);
    if (now == key) break;
    if (now >> ROW_HASH_GID_BITS == m->stamp) at = (at + 1) & m->mask;
    else if (atomic_compare_exchange_strong_explicit(&m->slot[at].key, &now, key, memory_order_relaxed,
                                                     memory_order_relaxed))
      break;
  }
  return &m->slot[at].value;
}

static inline _Atomic uint32_t *kith__row_hash_value(const sample_row_hash *m, kith_gid gid) {
  return m->value ? &m->value[gid] : kith__row_hash_probe(m, gid);
}

/* First round, any thread: the row of an id; or, if it has none, -1 - the smallest offer so far: this one's
 * if that is -1 - offer. */
static inline kith_lid kith__row_hash_offer(const sample_row_hash *m, kith_gid gid, int64_t offer) {
  _Atomic uint32_t *value = kith__row_hash_value(m, gid);
  uint32_t mine = m->base + m->max_rows + (uint32_t)offer,
           now = atomic_load_explicit(value, memory_order_relaxed);
  while (mine < now)
    if (atomic_compare_exchange_weak_explicit(value, &now, mine, memory_order_relaxed, memory_order_relaxed))
      return (kith_lid)(-1 - offer);
  now -= m->base;
  return now < m->max_rows ? (kith_lid)now : (kith_lid)(m->max_rows - 1 - now);
}

/* Second round: the smallest offer for an id. */
static inline kith_lid kith__row_hash_first(const sample_row_hash *m, kith_gid gid) {
  uint32_t now = atomic_load_explicit(kith__row_hash_value(m, gid), memory_order_relaxed);
  return (kith_lid)(now - m->base - m->max_rows);
}

/* Set the row of an id. */
static inline void kith__row_hash_set(const sample_row_hash *m, kith_gid gid, kith_lid row) {
  atomic_store_explicit(kith__row_hash_value(m, gid), m->base + (uint32_t)row, memory_order_relaxed);
}

/* The row of an id, which is `next` from now on if it had none; without branches on what the table holds.
 * One thread. */
static inline kith_lid kith__row_hash_add(const sample_row_hash *m, kith_gid gid, kith_lid next) {
  _Atomic uint32_t *value = kith__row_hash_value(m, gid);
  uint32_t row = atomic_load_explicit(value, memory_order_relaxed) - m->base;
  row = row < m->max_rows ? row : (uint32_t)next;
  atomic_store_explicit(value, m->base + row, memory_order_relaxed);
  return (kith_lid)row;
}

/* The row of an id; -1: it has none. */
static inline kith_lid kith__row_hash_find(const sample_row_hash *m, kith_gid gid) {
  uint32_t row = atomic_load_explicit(kith__row_hash_value(m, gid), memory_order_relaxed) - m->base;
  return row < m->max_rows ? (kith_lid)row : -1;
}

/* Whether so many rows are listed faster from the table than sorted. */
static inline bool kith__row_hash_is_dense(const sample_row_hash *m, int64_t n) {
  return m->value && m->n_node <= ROW_HASH_SPARSE * n;
}

/* The n ids that have rows, ascending, and the row of each.  Local; only of a table of all nodes. */
void kith__row_hash_list(const sample_row_hash *m, int n_thread, kith_lid n, kith_gid *gid, kith_lid *row);

/* Prefetch for an insertion that follows soon. */
static inline void kith__row_hash_prefetch(const sample_row_hash *m, kith_gid gid) {
  uintptr_t at = m->value ? (uintptr_t)m->value + sizeof *m->value * (uint64_t)gid
                          : (uintptr_t)&m->slot[kith__row_hash_index(m, gid)];
  __builtin_prefetch((const void *)at, 1); /* a prefetch of an invalid address is harmless */
}

#endif
