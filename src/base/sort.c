/* Radix sort by the least significant digit first (Knuth, The Art of Computer Programming 3, section 5.2.5,
 * algorithm R). */
#include "base/base.h"

enum {
  SORT_BITS = 11,
  SORT_DIGITS = 1 << SORT_BITS, /* at most: the histogram, 16 KiB, fits the first-level cache */
  SORT_CHUNKS = 8,              /* blocks of elements that threads process; independent of their number */
  SORT_MANY = 1 << 13,          /* elements: fewer are one chunk */
  SORT_AHEAD = 8                /* prefetch distance: random stores would wait for each other */
};

typedef struct sort_chunks {
  int n, bits;                          /* of a digit */
  int64_t at[SORT_CHUNKS][SORT_DIGITS]; /* where a chunk's next element of a digit goes */
} sort_chunks;

static int sort_digit(const sort_chunks *s, int64_t key, int shift) {
  return (int)(key >> shift & ((1 << s->bits) - 1));
}

static void sort_count(int64_t n, int shift, const kith_key_value *from, int c, sort_chunks *s) {
  for (int d = 0; d < 1 << s->bits; d++) s->at[c][d] = 0;
  for (int64_t i = kith_chunk_begin(n, s->n, c); i < kith_chunk_begin(n, s->n, c + 1); i++)
    s->at[c][sort_digit(s, from[i].key, shift)]++;
}

/* Counts to positions: digit by digit, in each chunk by chunk, so that equal keys keep their order. */
static void sort_sum(sort_chunks *s) {
  int64_t sum = 0;
  for (int d = 0; d < 1 << s->bits; d++)
    for (int c = 0; c < s->n; c++) {
      int64_t count = s->at[c][d];
      s->at[c][d] = sum;
      sum += count;
    }
}

static void sort_move(int64_t n, int shift, const kith_key_value *from, int c, sort_chunks *s,
                      kith_key_value *to) {
  for (int64_t i = kith_chunk_begin(n, s->n, c); i < kith_chunk_begin(n, s->n, c + 1); i++) {
    int64_t at = s->at[c][sort_digit(s, from[i].key, shift)]++;
    if (at + SORT_AHEAD < n) __builtin_prefetch(&to[at + SORT_AHEAD], 1);
    to[at] = from[i];
  }
}

static void sort_pass(int64_t n, int shift, const kith_key_value *from, sort_chunks *s, kith_key_value *to) {
#pragma omp parallel if (s->n > 1)
  {
#pragma omp for schedule(static)
    for (int c = 0; c < s->n; c++) sort_count(n, shift, from, c, s);
#pragma omp single
    sort_sum(s);
#pragma omp for schedule(static)
    for (int c = 0; c < s->n; c++) sort_move(n, shift, from, c, s, to);
  }
}

/* Digits of as few bits as do: their number is even, so that the result is in x. */
void kith_sort(int64_t n, int64_t max_key, kith_key_value *x, kith_key_value *scratch) {
  sort_chunks s;
  int bits = 0, pairs;
  while (bits < 63 && max_key >> bits > 0) bits++;
  pairs = (bits + 2 * SORT_BITS - 1) / (2 * SORT_BITS);
  s.n = n < SORT_MANY ? 1 : SORT_CHUNKS;
  s.bits = pairs > 0 ? (bits + 2 * pairs - 1) / (2 * pairs) : 0;
  for (int i = 0; i < pairs; i++) {
    sort_pass(n, 2 * i * s.bits, x, &s, scratch);
    sort_pass(n, (2 * i + 1) * s.bits, scratch, &s, x);
  }
}
