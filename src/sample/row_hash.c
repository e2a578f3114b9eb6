/* Open addressing with linear probing, at most half full. */
#include <string.h>

#include "sample/row_hash.h"

static uint64_t row_hash_mask(int64_t max_rows) {
  uint64_t mask = 15;
  while ((int64_t)mask < 2 * max_rows) mask = 2 * mask + 1;
  return mask;
}

/* Slots, or an array over all nodes where that is no larger. */
int64_t kith__row_hash_bytes(int64_t usual_rows, int64_t n_node) {
  const sample_row_hash *m = NULL;
  return kith_min(KITH_BYTES(m->value, n_node), KITH_BYTES(m->slot, (int64_t)row_hash_mask(usual_rows) + 1));
}

/* Empty values: larger than any that follows. */
static void row_hash_reset(sample_row_hash *m) {
  if (m->value) memset(m->value, 0xff, (size_t)m->n_node * sizeof *m->value);
  for (uint64_t i = 0; i < m->ready; i++) atomic_init(&m->slot[i].value, UINT32_MAX);
  m->base = UINT32_MAX - m->stride;
}

kith_status kith__row_hash_make(int64_t max_rows, int64_t max_position, int64_t usual_rows, int64_t n_node,
                                sample_row_hash *out) {
  kith_status st = KITH_OK;
  sample_row_hash m = {.max_rows = (uint32_t)max_rows,
                       .stride = (uint32_t)(max_rows + max_position),
                       .n_node = n_node,
                       .stamp = 1};
  KITH_CHECK(max_position < INT32_MAX && max_rows + max_position < UINT32_MAX &&
                 n_node <= (int64_t)1 << ROW_HASH_GID_BITS,
             KITH_ECONFIG,
             "a step of %lld rows and %lld sampled neighbors of a graph with %lld nodes is too large",
             (long long)max_rows, (long long)max_position, (long long)n_node);
  if (KITH_BYTES(m.value, n_node) > kith__row_hash_bytes(kith_min(usual_rows, max_rows), n_node))
    KITH_TRY(KITH_NEW(m.slot, (int64_t)row_hash_mask(max_rows) + 1));
  else KITH_TRY(KITH_NEW(m.value, n_node));
  row_hash_reset(&m);
  *out = m;
done:
  return st;
}

void kith__row_hash_free(sample_row_hash *m) {
  KITH_FREE(m->slot);
  KITH_FREE(m->value);
}

void kith__row_hash_clear(sample_row_hash *m, int64_t rows) {
  if (m->base >= m->stride) m->base -= m->stride;
  else row_hash_reset(m);
  if (!m->slot) return;
  m->mask = row_hash_mask(kith_min(rows, m->max_rows));
  for (; m->ready <= m->mask; m->ready++) atomic_init(&m->slot[m->ready].value, UINT32_MAX);
  if (++m->stamp >> (64 - ROW_HASH_GID_BITS) == 0) return;
  for (uint64_t i = 0; i < m->ready; i++) atomic_init(&m->slot[i].key, 0); /* the stamp would overflow */
  m->stamp = 1;
}

enum { ROW_HASH_CHUNKS = 64 }; /* of the table, for several threads */

static kith_gid row_hash_chunk(const sample_row_hash *m, int chunks, int c) {
  return kith_chunk_begin(m->n_node, chunks, c);
}

/* Rows among the ids of a chunk. */
static kith_lid row_hash_count(const sample_row_hash *m, int chunks, int c) {
  kith_lid n = 0;
  for (kith_gid g = row_hash_chunk(m, chunks, c); g < row_hash_chunk(m, chunks, c + 1); g++)
    n += atomic_load_explicit(&m->value[g], memory_order_relaxed) - m->base < m->max_rows;
  return n;
}

/* List rows at … end - 1 of the ids from g on, without branches on what the table holds. */
static void row_hash_list_from(const sample_row_hash *m, kith_gid g, kith_lid at, kith_lid end, kith_gid *gid,
                               kith_lid *row) {
  for (; at < end; g++) {
    uint32_t r = atomic_load_explicit(&m->value[g], memory_order_relaxed) - m->base;
    gid[at] = g;
    row[at] = (kith_lid)r;
    at += r < m->max_rows;
  }
}

void kith__row_hash_list(const sample_row_hash *m, int n_thread, kith_lid n, kith_gid *gid, kith_lid *row) {
  kith_lid at[ROW_HASH_CHUNKS + 1] = {0};
  int chunks = n_thread > 1 ? ROW_HASH_CHUNKS : 1;
#pragma omp parallel for schedule(static) num_threads(n_thread)
  for (int c = 0; c < chunks - 1; c++) at[c + 1] = row_hash_count(m, chunks, c);
  for (int c = 1; c < chunks; c++) at[c] += at[c - 1];
  at[chunks] = n;
#pragma omp parallel for schedule(static) num_threads(n_thread)
  for (int c = 0; c < chunks; c++)
    row_hash_list_from(m, row_hash_chunk(m, chunks, c), at[c], at[c + 1], gid, row);
}
