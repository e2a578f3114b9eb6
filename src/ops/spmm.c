/*
 * SpMM: most of the time of full-graph training; bound by the bandwidth of gathers from memory.
 * A row of y is summed in registers, in strips of 64, 16 and 1 columns; later rows of x are prefetched.
 * Rows of bf16 pairs have half the bytes.  Widening a bf16 is exact, so that only the rounding of x differs:
 * sums have the same order, even and odd columns in registers of their own.
 */
#include "ops/ops.h"

/* Prefetch distances in entries; words in a cache line; entries of a column that are looked at together. */
enum { SPMM_AHEAD = 24, SPMM_PAIR_AHEAD = 48, SPMM_LINE = 16, SPMM_CHUNK = 128 };

/* A matrix by rows, entry e having weight w[e], or by columns, entry e having weight w[entry[e]]. */
typedef struct spmm {
  const kith_eid *start;
  const kith_lid *from;  /* [entries] rows of x */
  const kith_eid *entry; /* [entries] index in w; null: by rows */
  const float *w;
  kith_eid n_entry;
  int d;
} spmm;

/* The entry to prefetch. */
KITH_INLINE kith_eid spmm_ahead(const spmm *s, kith_eid e, int ahead) {
  return e + ahead < s->n_entry ? e + ahead : e;
}

/* A row of x; a constant `strips` says whether x.ld is set. */
KITH_INLINE const float *spmm_row(const spmm *s, bool strips, const kith_node_rows x, kith_lid column) {
  if (!strips) return kith_row_at(x, s->d, column);
  const size_t ghost = -(size_t)(column >= x.n_own); /* all bits or none: no branch */
  const size_t own_at = (size_t)column * (size_t)x.ld, ghost_at = (size_t)(column - x.n_own) * (size_t)s->d;
  const size_t from = ((size_t)x.ghost & ghost) | ((size_t)x.own & ~ghost);
  return (const float *)from + ((ghost_at & ghost) | (own_at & ~ghost));
}

/* The same of rounded rows, n_word wide. */
KITH_INLINE const kith_bf16_pair *spmm_pair_row(int n_word, bool strips, const kith_bf16_rows x,
                                                kith_lid column) {
  const bool is_own = !strips || column < x.n_own;
  const kith_bf16_pair *from = is_own ? x.own : x.ghost;
  return from + (size_t)(is_own ? column : column - x.n_own) * (size_t)(strips && is_own ? x.ld : n_word);
}

KITH_INLINE float spmm_weight(const spmm *s, bool by_columns, kith_eid e) {
  if (!by_columns) return s->w[e];
  __builtin_prefetch(&s->w[s->entry[spmm_ahead(s, e, SPMM_AHEAD)]]);
  return s->w[s->entry[e]];
}

/* One strip of WIDTH columns of one row; a macro, since WIDTH must be constant for the sum to stay in
 * registers. */
#define SPMM_STRIP(WIDTH)                                                                                    \
  for (; k + (WIDTH) <= s->d; k += (WIDTH)) {                                                                \
    float sum[WIDTH];                                                                                        \
    for (int j = 0; j < (WIDTH); j++) sum[j] = add ? to[k + j] : 0;                                          \
    for (kith_eid e = s->start[p]; e < s->start[p + 1]; e++) {                                               \
      const float *row = spmm_row(s, strips, x, s->from[e]) + k;                                             \
      const float *next = spmm_row(s, strips, x, s->from[spmm_ahead(s, e, SPMM_AHEAD)]) + k;                 \
      for (int j = 0; j < (WIDTH); j += SPMM_LINE) __builtin_prefetch(next + j);                             \
      float w = spmm_weight(s, by_columns, e);                                                               \
      for (int j = 0; j < (WIDTH); j++) sum[j] += w * row[j];                                                \
    }                                                                                                        \
    for (int j = 0; j < (WIDTH); j++) to[k + j] = sum[j];                                                    \
  }

/* to [d] = (or +=) the sum of the row at position p. */
KITH_INLINE void spmm_sum_of(const spmm *s, bool by_columns, bool strips, kith_lid p, const kith_node_rows x,
                             bool add, float *to) {
  int k = 0;
  SPMM_STRIP(64)
  SPMM_STRIP(16)
  SPMM_STRIP(1)
}

KITH_INLINE void spmm_sum(const spmm *s, bool by_columns, kith_lid p, const kith_node_rows x, bool add,
                          float *to) {
  spmm_sum_of(s, by_columns, false, p, x, add, to);
}

/* The same where x may be a strip: two loops, so that whole rows cost no choice. */
KITH_INLINE void spmm_sum_rows(const spmm *s, kith_lid p, const kith_node_rows x, bool add, float *to) {
  if (x.ld) spmm_sum_of(s, false, true, p, x, add, to);
  else spmm_sum_of(s, false, false, p, x, add, to);
}

/* The row of y that the row at position p is, where rows of y are as far apart as those of x. */
KITH_INLINE float *spmm_to(const kith_csr *a, kith_lid p, int ld, float *y) {
  return y + (size_t)a->perm[p] * (size_t)ld;
}

/* The same for `WORDS` pairs from word k on. */
#define SPMM_PAIR_STRIP(WORDS)                                                                               \
  for (; k + (WORDS) <= n_word; k += (WORDS)) {                                                              \
    float even[WORDS], odd[WORDS];                                                                           \
    for (int j = 0; j < (WORDS); j++) even[j] = add ? to[2 * (k + j)] : 0;                                   \
    for (int j = 0; j < (WORDS); j++) odd[j] = add ? to[2 * (k + j) + 1] : 0;                                \
    for (kith_eid e = s->start[p]; e < s->start[p + 1]; e++) {                                               \
      const kith_bf16_pair *row = spmm_pair_row(ld, strips, x, s->from[e]) + k;                              \
      const kith_bf16_pair *next =                                                                           \
          spmm_pair_row(ld, strips, x, s->from[spmm_ahead(s, e, SPMM_PAIR_AHEAD)]) + k;                      \
      for (int j = 0; j < (WORDS); j += SPMM_LINE) __builtin_prefetch(next + j);                             \
      float w = s->w[e];                                                                                     \
      for (int j = 0; j < (WORDS); j++) even[j] += w * kith_bf16_even(row[j]);                               \
      for (int j = 0; j < (WORDS); j++) odd[j] += w * kith_bf16_odd(row[j]);                                 \
    }                                                                                                        \
    for (int j = 0; j < (WORDS); j++) {                                                                      \
      to[2 * (k + j)] = even[j];                                                                             \
      to[2 * (k + j) + 1] = odd[j];                                                                          \
    }                                                                                                        \
  }

/* The last column, where d is odd: the even half of the last pair.  Strips have none. */
KITH_INLINE void spmm_sum_last(const spmm *s, kith_lid p, const kith_bf16_pair *x, bool add, float *to) {
  const size_t ld = (size_t)kith_bf16_words(s->d);
  float sum = add ? to[s->d - 1] : 0;
  for (kith_eid e = s->start[p]; e < s->start[p + 1]; e++)
    sum += s->w[e] * kith_bf16_even(x[(size_t)s->from[e] * ld + ld - 1]);
  to[s->d - 1] = sum;
}

KITH_INLINE void spmm_sum_pairs_of(const spmm *s, bool strips, kith_lid p, const kith_bf16_rows x, bool add,
                                   float *to) {
  const int ld = kith_bf16_words(s->d);
  int k = 0, n_word = s->d / 2;
  SPMM_PAIR_STRIP(32)
  SPMM_PAIR_STRIP(8)
  SPMM_PAIR_STRIP(1)
  if (s->d % 2) spmm_sum_last(s, p, x.own, add, to);
}

KITH_INLINE void spmm_sum_pairs(const spmm *s, kith_lid p, const kith_bf16_rows x, bool add, float *to) {
  if (x.ld) spmm_sum_pairs_of(s, true, p, x, add, to);
  else spmm_sum_pairs_of(s, false, p, x, add, to);
}

static spmm spmm_rows(const kith_csr *a, const float *w, int d) {
  return (spmm){.start = a->start, .from = a->col, .w = w, .n_entry = a->start[a->n_row], .d = d};
}

KITH_KERNEL void kith_spmm_of(const kith_csr *a, kith_lid first, kith_lid last, int d, kith_node_rows x,
                              bool add, float *y) {
  const spmm s = spmm_rows(a, a->weight, d);
  const int ld = x.ld ? x.ld : d;
#pragma omp parallel for schedule(dynamic, 128)
  for (kith_lid p = first; p < last; p++) spmm_sum_rows(&s, p, x, add, spmm_to(a, p, ld, y));
}

void kith_spmm(const kith_csr *a, kith_lid first, kith_lid last, int d, const float *x, bool add, float *y) {
  kith_spmm_of(a, first, last, d, kith_node_rows_together(x), add, y);
}

KITH_KERNEL void kith_spmm_rows(const kith_csr *a, kith_lid n, const kith_lid *position, int d,
                                kith_node_rows x, float *y) {
  const spmm s = spmm_rows(a, a->weight, d);
  const int ld = x.ld ? x.ld : d;
#pragma omp parallel for schedule(dynamic, 16)
  for (kith_lid i = 0; i < n; i++) spmm_sum_rows(&s, position[i], x, false, spmm_to(a, position[i], ld, y));
}

KITH_KERNEL void kith_spmm_bf16(const kith_csr *a, kith_lid first, kith_lid last, int d, kith_bf16_rows x,
                                bool add, float *y) {
  const spmm s = spmm_rows(a, a->weight, d);
  const int ld = x.ld ? 2 * x.ld : d;
#pragma omp parallel for schedule(dynamic, 128)
  for (kith_lid p = first; p < last; p++) spmm_sum_pairs(&s, p, x, add, spmm_to(a, p, ld, y));
}

KITH_KERNEL void kith_spmm_rows_bf16(const kith_csr *a, kith_lid n, const kith_lid *position, int d,
                                     kith_bf16_rows x, float *y) {
  const spmm s = spmm_rows(a, a->weight, d);
  const int ld = x.ld ? 2 * x.ld : d;
#pragma omp parallel for schedule(dynamic, 16)
  for (kith_lid i = 0; i < n; i++) spmm_sum_pairs(&s, position[i], x, false, spmm_to(a, position[i], ld, y));
}

KITH_KERNEL void kith_bf16_round_rows(int64_t n, int d, const float *x, kith_bf16_pair *y) {
  const size_t ld = (size_t)kith_bf16_words(d);
#pragma omp parallel for schedule(static)
  for (int64_t i = 0; i < n; i++) {
    const float *from = x + (size_t)i * (size_t)d;
    kith_bf16_pair *to = y + (size_t)i * ld;
    for (int k = 0; k < d / 2; k++)
      to[k] = kith_bf16_bits(from[2 * k]) | kith_bf16_bits(from[2 * k + 1]) << 16;
    if (d % 2) to[d / 2] = kith_bf16_bits(from[d - 1]);
  }
}

KITH_KERNEL void kith_spmm_weighted(const kith_csr *a, const float *w, int d, kith_node_rows x, float *y) {
  const spmm s = spmm_rows(a, w, d);
#pragma omp parallel for schedule(dynamic, 128)
  for (kith_lid p = 0; p < a->n_row; p++)
    spmm_sum(&s, false, p, x, false, y + (size_t)a->perm[p] * (size_t)d);
}

KITH_KERNEL void kith_spmm_transpose_to(const kith_csc *back, const float *w, int d, const float *y,
                                        kith_grad_rows x) {
  const spmm s = {.start = back->start,
                  .from = back->row,
                  .entry = back->entry,
                  .w = w,
                  .n_entry = back->start[back->n_col],
                  .d = d};
#pragma omp parallel for schedule(dynamic, 128)
  for (kith_lid c = 0; c < back->n_col; c++)
    spmm_sum(&s, true, c, kith_node_rows_together(y), true, kith_grad_row_at(x, d, c));
}

void kith_spmm_transpose(const kith_csc *back, const float *w, int d, const float *y, float *x) {
  kith_spmm_transpose_to(back, w, d, y, kith_grad_rows_together(x));
}

KITH_KERNEL void kith_spmm_subset(const kith_csr *a, const float *w, kith_lid n, const kith_row_subset *rows,
                                  int d, kith_node_rows x, float *y) {
  const spmm s = spmm_rows(a, w, d);
#pragma omp parallel for schedule(dynamic, 16)
  for (kith_lid i = 0; i < n; i++)
    spmm_sum(&s, false, rows->position[i], x, false, y + (size_t)i * (size_t)d);
}

/* Those entries of a piece of a row or column whose x is not zero: rows of x, and weights. */
typedef struct spmm_kept {
  kith_lid row[SPMM_CHUNK];
  float w[SPMM_CHUNK];
} spmm_kept;

/* to [d] += n entries. */
KITH_INLINE void spmm_add_kept(const spmm_kept *kept, kith_eid n, int d, const kith_node_rows x, float *to) {
  const kith_eid range[2] = {0, n};
  const spmm s = {.start = range, .from = kept->row, .w = kept->w, .n_entry = n, .d = d};
  if (n > 0) spmm_sum_rows(&s, 0, x, true, to);
}

/* Without branches on what is kept, which no CPU foresees. */
KITH_INLINE kith_eid spmm_keep(const kith_csc *back, const float *w, const kith_row_subset *rows,
                               kith_eid first, kith_eid last, spmm_kept *kept) {
  kith_eid entry[SPMM_CHUNK], n = 0;
  for (kith_eid t = first; t < last; t++) {
    kith_lid row = rows->index[back->row[t]];
    kept->row[n] = row;
    entry[n] = back->entry[t];
    n += row >= 0;
  }
  for (kith_eid i = 0; i < n; i++) kept->w[i] = w[entry[i]];
  return n;
}

KITH_KERNEL void kith_spmm_transpose_subset(const kith_csc *back, const float *w, const kith_row_subset *rows,
                                            int d, const float *y, kith_grad_rows x) {
#pragma omp parallel for schedule(dynamic, 128)
  for (kith_lid c = 0; c < back->n_col; c++) {
    float *to = kith_grad_row_at(x, d, c);
    for (kith_eid from = back->start[c], end = back->start[c + 1]; from < end; from += SPMM_CHUNK) {
      spmm_kept kept;
      spmm_add_kept(&kept, spmm_keep(back, w, rows, from, kith_min(end, from + SPMM_CHUNK), &kept), d,
                    kith_node_rows_together(y), to);
    }
  }
}

KITH_KERNEL void kith_spmm_nonzero(const kith_csr *a, kith_lid first, kith_lid last, int d,
                                   const uint8_t *some, kith_node_rows x, bool add, float *y) {
  const int ld = x.ld ? x.ld : d;
#pragma omp parallel for schedule(dynamic, 128)
  for (kith_lid p = first; p < last; p++) {
    float *to = spmm_to(a, p, ld, y);
    for (int k = 0; k < d && !add; k++) to[k] = 0;
    for (kith_eid from = a->start[p], end = a->start[p + 1]; from < end; from += SPMM_CHUNK) {
      spmm_kept kept;
      kith_eid n = 0;
      for (kith_eid e = from; e < kith_min(end, from + SPMM_CHUNK); e++) {
        kept.row[n] = a->col[e];
        kept.w[n] = a->weight[e];
        n += some[a->col[e]];
      }
      spmm_add_kept(&kept, n, d, x, to);
    }
  }
}
