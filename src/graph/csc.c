/* The transpose of a sparse matrix, by reference to its entries. */
#include "graph/graph.h"

kith_status kith_csc_make(kith_lid max_col, kith_eid max_entry, kith_csc *out) {
  kith_status st = KITH_OK;
  kith_csc b = {0};
  KITH_TRY(KITH_NEW(b.start, (int64_t)max_col + 2));
  KITH_TRY(KITH_NEW(b.entry, max_entry));
  KITH_TRY(KITH_NEW(b.row, max_entry));
  *out = b;
  b = (kith_csc){0};
done:
  kith_csc_free(&b);
  return st;
}

int64_t kith_csc_bytes(int64_t n_col, int64_t n_entry) {
  const kith_csc *b = NULL;
  return KITH_BYTES(b->start, n_col + 2) + KITH_BYTES(b->entry, n_entry) + KITH_BYTES(b->row, n_entry);
}

void kith_csc_free(kith_csc *csc) {
  KITH_FREE(csc->start);
  KITH_FREE(csc->entry);
  KITH_FREE(csc->row);
  csc->n_col = 0;
}

/* Histogram, then prefix sum: start[c + 1] is the position of column c's next entry. */
static void csc_count(const kith_csr *csr, kith_eid n, kith_csc *csc) {
  for (kith_lid c = 0; c < csr->n_col + 2; c++) csc->start[c] = 0;
  for (kith_eid e = 0; e < n; e++) csc->start[csr->col[e] + 2]++;
  for (kith_lid c = 2; c < csr->n_col + 2; c++) csc->start[c] += csc->start[c - 1];
}

static inline void csc_put(kith_csc *csc, kith_lid col, kith_eid entry, kith_lid row) {
  kith_eid at = csc->start[col + 1]++;
  csc->entry[at] = entry;
  csc->row[at] = row;
}

/* An entry in a bucket. */
typedef struct csc_entry {
  int32_t entry, row, col;
} csc_entry;

enum {
  CSC_BUCKETS = 512,
  CSC_CHUNKS = 16,    /* blocks of rows that threads process; independent of their number */
  CSC_MANY = 1 << 14, /* entries: fewer are not worth the passes */
  CSC_AHEAD = 8       /* prefetch distance in entries of a bucket */
};

/* Buckets of consecutive columns.  Chunk c writes its entries of bucket b from at[c][b] on, so that a bucket
 * holds them in the order of the matrix. */
typedef struct csc_buckets {
  kith_lid n, n_row[CSC_CHUNKS + 1]; /* buckets; first row of each chunk */
  int shift;                         /* of a column, to its bucket */
  kith_eid start[CSC_BUCKETS + 1], at[CSC_CHUNKS][CSC_BUCKETS];
} csc_buckets;

/* Chunks of rows with about the same number of entries. */
static void csc_split(const kith_csr *csr, kith_eid n, csc_buckets *b) {
  b->shift = 0;
  while ((csr->n_col - 1) >> b->shift >= CSC_BUCKETS) b->shift++;
  b->n = ((csr->n_col - 1) >> b->shift) + 1;
  b->n_row[0] = 0;
  for (int c = 1; c < CSC_CHUNKS; c++)
    b->n_row[c] = (kith_lid)kith_range_find(csr->n_row, csr->start, kith_chunk_begin(n, CSC_CHUNKS, c));
  b->n_row[CSC_CHUNKS] = csr->n_row;
}

static void csc_count_chunk(const kith_csr *csr, int c, csc_buckets *b) {
  for (kith_lid i = 0; i < b->n; i++) b->at[c][i] = 0;
  for (kith_eid e = csr->start[b->n_row[c]]; e < csr->start[b->n_row[c + 1]]; e++)
    b->at[c][csr->col[e] >> b->shift]++;
}

/* Counts to positions: bucket by bucket, in each chunk by chunk. */
static void csc_sum_chunks(csc_buckets *b) {
  kith_eid sum = 0;
  for (kith_lid i = 0; i < b->n; i++) {
    b->start[i] = sum;
    for (int c = 0; c < CSC_CHUNKS; c++) {
      kith_eid count = b->at[c][i];
      b->at[c][i] = sum;
      sum += count;
    }
  }
  b->start[b->n] = sum;
}

static void csc_move_chunk(const kith_csr *csr, kith_eid n, int c, csc_buckets *b, csc_entry *moved) {
  for (kith_lid p = b->n_row[c]; p < b->n_row[c + 1]; p++)
    for (kith_eid e = csr->start[p]; e < csr->start[p + 1]; e++) {
      kith_eid at = b->at[c][csr->col[e] >> b->shift]++;
      if (at + CSC_AHEAD < n) __builtin_prefetch(&moved[at + CSC_AHEAD], 1);
      moved[at] = (csc_entry){(int32_t)e, csr->perm[p], csr->col[e]};
    }
}

/* Prefetch for writing: random stores would wait for each other. */
static void csc_prefetch(const kith_csc *csc, kith_eid from, kith_eid to) {
  for (kith_eid t = from; t < to; t += 8) __builtin_prefetch(&csc->entry[t], 1);
  for (kith_eid t = from; t < to; t += 16) __builtin_prefetch(&csc->row[t], 1);
}

/* Counting sort of a bucket by column; start[] of its columns alone is touched. */
static void csc_place_bucket(const csc_buckets *b, kith_lid i, const csc_entry *moved, kith_csc *csc) {
  kith_eid from = b->start[i], to = b->start[i + 1], at = from;
  kith_lid first = i << b->shift, last = (kith_lid)kith_min((int64_t)(i + 1) << b->shift, csc->n_col);
  csc_prefetch(csc, from, to);
  for (kith_lid c = first; c < last; c++) csc->start[c] = 0;
  for (kith_eid t = from; t < to; t++) csc->start[moved[t].col]++;
  for (kith_lid c = first; c < last; c++) {
    kith_eid count = csc->start[c];
    csc->start[c] = at;
    at += count;
  }
  for (kith_eid t = from; t < to; t++) {
    at = csc->start[moved[t].col]++;
    csc->entry[at] = moved[t].entry;
    csc->row[at] = moved[t].row;
  }
  for (kith_lid c = last - 1; c > first; c--) csc->start[c] = csc->start[c - 1]; /* ends to starts */
  csc->start[first] = from;
}

/*
 * Two passes: entries into buckets of consecutive columns, then from each bucket, whose output fits a cache,
 * to their positions.  One pass has two cache misses per entry; for 7 million entries it takes four times as
 * long.  Chunks and buckets are independent of each other, and of the number of threads.
 */
static void csc_fill_by_buckets(const kith_csr *csr, kith_eid n, kith_csc *csc, csc_entry *moved) {
  csc_buckets b;
  csc_split(csr, n, &b);
#pragma omp parallel
  {
#pragma omp for schedule(static)
    for (int c = 0; c < CSC_CHUNKS; c++) csc_count_chunk(csr, c, &b);
#pragma omp single
    csc_sum_chunks(&b);
#pragma omp for schedule(static)
    for (int c = 0; c < CSC_CHUNKS; c++) csc_move_chunk(csr, n, c, &b, moved);
#pragma omp for schedule(dynamic, 8)
    for (kith_lid i = 0; i < b.n; i++) csc_place_bucket(&b, i, moved, csc);
  }
  csc->start[csc->n_col] = n;
}

void kith_csc_fill(const kith_csr *csr, int64_t size, void *scratch, kith_csc *csc) {
  kith_eid n = csr->start[csr->n_row];
  csc->n_col = csr->n_col;
  if (n >= CSC_MANY && n <= INT32_MAX && n <= size / (int64_t)sizeof(csc_entry)) {
    csc_fill_by_buckets(csr, n, csc, scratch);
    return;
  }
  csc_count(csr, n, csc);
  for (kith_lid p = 0; p < csr->n_row; p++)
    for (kith_eid e = csr->start[p]; e < csr->start[p + 1]; e++) csc_put(csc, csr->col[e], e, csr->perm[p]);
}
