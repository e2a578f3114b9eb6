/* The transpose of a sparse matrix, as places of its entries. */
#include "kith/graph.h"

kith_status kith_back_make(kith_lid most_col, kith_eid most_entry, kith_back *out) {
  kith_status st = KITH_OK;
  kith_back b = {0};
  KITH_TRY(KITH_NEW(b.start, (int64_t)most_col + 2));
  KITH_TRY(KITH_NEW(b.entry, most_entry));
  KITH_TRY(KITH_NEW(b.row, most_entry));
  *out = b;
  b = (kith_back){0};
done:
  kith_back_free(&b);
  return st;
}

void kith_back_free(kith_back *back) {
  KITH_FREE(back->start);
  KITH_FREE(back->entry);
  KITH_FREE(back->row);
  back->n_col = 0;
}

/* start[c + 2] counts column c, then start[c + 1] is where its next entry goes. */
static void back_count(const kith_csr *csr, kith_eid n, kith_back *back) {
  for (kith_lid c = 0; c < csr->n_col + 2; c++) back->start[c] = 0;
  for (kith_eid e = 0; e < n; e++) back->start[csr->col[e] + 2]++;
  for (kith_lid c = 2; c < csr->n_col + 2; c++) back->start[c] += back->start[c - 1];
}

static inline void back_put(kith_back *back, kith_lid col, kith_eid entry, kith_lid row) {
  kith_eid at = back->start[col + 1]++;
  back->entry[at] = entry;
  back->row[at] = row;
}

/* An entry on its way. */
typedef struct back_entry {
  kith_eid entry;
  kith_lid row, col;
} back_entry;

enum {
  BACK_BUCKETS = 512,
  BACK_MANY = 1 << 18, /* entries: 3 MB of places, more than a cache of one core */
  BACK_AHEAD = 8       /* entries of a bucket between asking for a line of memory and writing it */
};

/* Stores wait for each other, so a line that is to be written is asked for before. */
static void back_expect(const kith_back *back, kith_eid from, kith_eid to) {
  for (kith_eid t = from; t < to; t += 8) __builtin_prefetch(&back->entry[t], 1);
  for (kith_eid t = from; t < to; t += 16) __builtin_prefetch(&back->row[t], 1);
}

/*
 * Entries in order, into buckets of neighboring columns, which lie where these columns' entries will; and
 * from each bucket, whose places a cache holds, to their places.  Written straight to their places, entries
 * are two misses each, and where a hop has 7 million it takes four times as long.
 */
static void back_fill_by_buckets(const kith_csr *csr, kith_eid n, kith_back *back, back_entry *moved) {
  kith_eid next[BACK_BUCKETS], i = 0;
  int shift = 0;
  while ((csr->n_col - 1) >> shift >= BACK_BUCKETS) shift++;
  kith_lid n_bucket = ((csr->n_col - 1) >> shift) + 1;
  for (kith_lid b = 0; b < n_bucket; b++) next[b] = back->start[(b << shift) + 1];
  for (kith_lid p = 0; p < csr->n_row; p++)
    for (kith_eid e = csr->start[p]; e < csr->start[p + 1]; e++) {
      kith_eid at = next[csr->col[e] >> shift]++;
      if (at + BACK_AHEAD < n) __builtin_prefetch(&moved[at + BACK_AHEAD], 1);
      moved[at] = (back_entry){e, csr->row[p], csr->col[e]};
    }
  for (kith_lid b = 0; b < n_bucket; b++) {
    back_expect(back, i, next[b]);
    for (; i < next[b]; i++) back_put(back, moved[i].col, moved[i].entry, moved[i].row);
  }
}

void kith_back_fill(const kith_csr *csr, int64_t size, void *scratch, kith_back *back) {
  kith_eid n = csr->start[csr->n_row];
  back->n_col = csr->n_col;
  back_count(csr, n, back);
  if (n >= BACK_MANY && n <= size / (int64_t)sizeof(back_entry)) {
    back_fill_by_buckets(csr, n, back, scratch);
    return;
  }
  for (kith_lid p = 0; p < csr->n_row; p++)
    for (kith_eid e = csr->start[p]; e < csr->start[p + 1]; e++) back_put(back, csr->col[e], e, csr->row[p]);
}
