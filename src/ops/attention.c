/*
 * Entries are taken sixteen at a time: their scores and exponentials are computed side by side, for all
 * heads, then their rows are summed one after the other, so that every sum has the order of the entries.
 *
 * The gradient of left needs no pass of its own over the entries.  It is the sum over row i of
 * alpha_j g_j (<dy, z_j> - <dy, y>), where g is 1 for a positive argument of LeakyReLU and `slope` otherwise.
 * Without g the sum is zero; so only entries with a positive argument count, times 1 - slope.
 */
#include "ops/attention.h"

#include <math.h>

#include "ops/exponential.h"
#include "ops/four.h"

enum { CHUNK = 16, AHEAD = 24, ATTENTION_KEEP = 64, KEPT_LEFT = 0, KEPT_MAX, KEPT_SCALE, KEPT_ALONG };

/* Numbers of the entries of a chunk, [entries, heads] each. */
typedef struct attention_chunk {
  float left[CHUNK * KITH_ATTENTION_HEADS], right[CHUNK * KITH_ATTENTION_HEADS];
  float max[CHUNK * KITH_ATTENTION_HEADS], scale[CHUNK * KITH_ATTENTION_HEADS];
  float along[CHUNK * KITH_ATTENTION_HEADS], product[CHUNK * KITH_ATTENTION_HEADS];
  float alpha[CHUNK * KITH_ATTENTION_HEADS], other[CHUNK * KITH_ATTENTION_HEADS];
} attention_chunk;

KITH_INLINE float *attention_kept(kith_attention_rows keep, int heads, int what, kith_lid row) {
  return keep.kept + ((size_t)row * KITH_ATTENTION_KEPT + (size_t)what) * (size_t)heads;
}

KITH_INLINE void attention_copy(int heads, const float *from, float *to) {
  for (int h = 0; h < heads; h++) to[h] = from[h];
}

KITH_INLINE float attention_leaky(float slope, float x) { return x > 0 ? x : slope * x; }

/* ---- forward ---- */

/* The largest score of each head: LeakyReLU and rounding are monotone, so it is that of the largest right. */
KITH_INLINE void attention_max(const kith_csr *a, const int heads, float slope, kith_lid p, const float *left,
                               kith_node_rows right, float *max) {
  float top[KITH_ATTENTION_HEADS];
  for (int h = 0; h < heads; h++) top[h] = -INFINITY;
  for (kith_eid e = a->start[p]; e < a->start[p + 1]; e++) {
    const float *r = kith_row_at(right, heads, a->col[e]);
    for (int h = 0; h < heads; h++) top[h] = r[h] > top[h] ? r[h] : top[h];
  }
  for (int h = 0; h < heads; h++) max[h] = attention_leaky(slope, left[h] + top[h]);
}

/* alpha = exp(score - max); other = alpha where the argument is positive, else 0. */
KITH_INLINE void attention_weigh(int n, float slope, attention_chunk *c) {
  for (int i = 0; i < n; i++) {
    float x = c->left[i] + c->right[i];
    float w = kith_exponential(attention_leaky(slope, x) - c->max[i]);
    c->alpha[i] = w;
    c->other[i] = x > 0 ? w : 0.0f;
  }
}

/* sum [d] += w x for n rows x of `from`, whose numbers are row[], head by head. */
KITH_INLINE void attention_add(int n, const kith_lid *row, const int heads, const int d, const float *w,
                               const kith_node_rows from, float *sum) {
  const int width = d / heads;
  float kept[ATTENTION_KEEP], *to = d == ATTENTION_KEEP ? kept : sum; /* in registers */
  for (int k = 0; k < d && to == kept; k++) kept[k] = sum[k];
  for (int i = 0; i < n; i++, w += heads) {
    const float *x = kith_row_at(from, d, row[i]);
    for (int h = 0; h < heads; h++)
      for (int k = h * width; k < (h + 1) * width; k++) to[k] += w[h] * x[k];
  }
  for (int k = 0; k < d && to == kept; k++) sum[k] = kept[k];
}

/* sum [heads] += n rows w. */
KITH_INLINE void attention_add_weights(int n, const int heads, const float *w, float *sum) {
  float kept[KITH_ATTENTION_HEADS];
  attention_copy(heads, sum, kept);
  for (int i = 0; i < n; i++, w += heads)
    for (int h = 0; h < heads; h++) kept[h] += w[h];
  attention_copy(heads, kept, sum);
}

/* sum, positive [d + heads]: rows weighted, then the weights themselves. */
KITH_INLINE void attention_sum(const kith_csr *a, const int heads, const int d, float slope, kith_lid p,
                               const kith_node_rows right, const kith_node_rows z, attention_chunk *c,
                               float *sum, float *positive) {
  kith_eid last = a->start[a->n_row] - 1;
  for (kith_eid from = a->start[p]; from < a->start[p + 1]; from += CHUNK) {
    int n = (int)kith_min(CHUNK, a->start[p + 1] - from);
    for (int i = 0; i < n; i++) {
      kith_prefetch_row(d, kith_row_at(z, d, a->col[kith_min(from + i + AHEAD, last)]));
      attention_copy(heads, kith_row_at(right, heads, a->col[from + i]), c->right + i * heads);
    }
    attention_weigh(n * heads, slope, c);
    attention_add(n, a->col + from, heads, d, c->alpha, z, sum);
    attention_add(n, a->col + from, heads, d, c->other, z, positive);
    attention_add_weights(n, heads, c->alpha, sum + d);
    attention_add_weights(n, heads, c->other, positive + d);
  }
}

/* A row's position in the matrix, its number there, and its number among those that are computed. */
typedef struct attention_place {
  kith_lid position, of, row;
} attention_place;

KITH_INLINE kith_lid attention_rows(const kith_csr *a, const kith_attention *o) {
  return o->subset ? o->n_subset : a->n_row;
}

KITH_INLINE attention_place attention_at(const kith_csr *a, const kith_attention *o, kith_lid i) {
  if (!o->subset) return (attention_place){i, a->perm[i], a->perm[i]};
  return (attention_place){o->subset->position[i], o->subset->row[i], i};
}

KITH_INLINE void attention_row(const kith_csr *a, const int heads, const int d, float slope,
                               attention_place at, const float *left, const kith_node_rows right,
                               const kith_node_rows z, kith_attention_rows keep, float *sum, float *positive,
                               float *y) {
  attention_chunk c;
  kith_lid row = at.row, p = at.position;
  const int width = d / heads;
  const float *l = left + (size_t)at.of * (size_t)heads;
  float *max = attention_kept(keep, heads, KEPT_MAX, row);
  attention_copy(heads, l, attention_kept(keep, heads, KEPT_LEFT, row));
  attention_max(a, heads, slope, p, l, right, max);
  for (int i = 0; i < CHUNK; i++) {
    attention_copy(heads, l, c.left + i * heads);
    attention_copy(heads, max, c.max + i * heads);
  }
  for (int k = 0; k < d + heads; k++) sum[k] = positive[k] = 0;
  attention_sum(a, heads, d, slope, p, right, z, &c, sum, positive);
  for (int h = 0; h < heads; h++) {
    float scale = sum[d + h] > 0 ? 1 / sum[d + h] : 0;
    attention_kept(keep, heads, KEPT_SCALE, row)[h] = scale;
    attention_kept(keep, heads, KEPT_ALONG, row)[h] = scale * positive[d + h];
    for (int k = h * width; k < (h + 1) * width; k++) {
      y[(size_t)row * (size_t)d + (size_t)k] = scale * sum[k];
      keep.positive[(size_t)row * (size_t)d + (size_t)k] = scale * positive[k];
    }
  }
}

/* Sums of a row of 64 columns stay in registers where the numbers of heads and columns are constants. */
#define ATTENTION_ROW(HEADS, D)                                                                              \
  {                                                                                                          \
    float sum[(D) + (HEADS)], positive[(D) + (HEADS)];                                                       \
    attention_row(a, HEADS, D, o->slope, at, left, right, z, keep, sum, positive, y);                        \
  }

KITH_KERNEL void kith_attention_forward(const kith_csr *a, const kith_attention *o, const float *left,
                                        kith_node_rows right, kith_node_rows z, kith_attention_rows keep,
                                        float *y) {
#pragma omp parallel for schedule(dynamic, 64)
  for (kith_lid i = 0; i < attention_rows(a, o); i++) {
    const attention_place at = attention_at(a, o, i);
    if (o->d == 64 && o->heads == 1) ATTENTION_ROW(1, 64)
    else if (o->d == 64 && o->heads == 4) ATTENTION_ROW(4, 64)
    else if (o->d == 64 && o->heads == 8) ATTENTION_ROW(8, 64)
    else ATTENTION_ROW(o->heads, o->d)
  }
}

/* ---- backward ---- */

KITH_INLINE kith_four attention_load(const float *x) { return *(const kith_four *)(const void *)x; }

/* The inner product of two rows in four parts, of which part j sums the columns k with k % 4 = j. */
KITH_INLINE kith_four attention_quarters(const int width, const float *x, const float *y) {
  kith_four sum[4] = {{0}}, rest = {0};
  int k = 0;
  for (; k + 16 <= width; k += 16)
    for (int j = 0; j < 4; j++) sum[j] += attention_load(x + k + 4 * j) * attention_load(y + k + 4 * j);
  for (; k + 4 <= width; k += 4) rest += attention_load(x + k) * attention_load(y + k);
  for (int j = 0; k + j < width; j++) rest[j] += x[k + j] * y[k + j];
  return ((sum[0] + sum[2]) + (sum[1] + sum[3])) + rest;
}

/* product [heads] = the inner products of the heads of two rows, four heads at a time. */
KITH_INLINE void attention_dots(const int heads, const int d, const float *x, const float *y,
                                float *product) {
  const int width = d / heads;
  int h = 0;
  for (; h + 4 <= heads; h += 4) {
    kith_four q[4];
    for (int j = 0; j < 4; j++) q[j] = attention_quarters(width, x + (h + j) * width, y + (h + j) * width);
    kith_four low = KITH_FOUR_MIX(q[0], q[1], 0, 1, 4, 5) + KITH_FOUR_MIX(q[0], q[1], 2, 3, 6, 7),
              high = KITH_FOUR_MIX(q[2], q[3], 0, 1, 4, 5) + KITH_FOUR_MIX(q[2], q[3], 2, 3, 6, 7);
    *(kith_four *)(void *)(product + h) =
        KITH_FOUR_MIX(low, high, 0, 2, 4, 6) + KITH_FOUR_MIX(low, high, 1, 3, 5, 7);
  }
  for (; h < heads; h++) {
    kith_four q = attention_quarters(width, x + h * width, y + h * width);
    product[h] = (q[0] + q[2]) + (q[1] + q[3]);
  }
}

KITH_KERNEL void kith_attention_backward_rows(const kith_csr *a, const kith_attention *o,
                                              kith_attention_rows keep, const float *y, const float *dy,
                                              float *dleft) {
  int heads = o->heads, d = o->d;
#pragma omp parallel for schedule(static)
  for (kith_lid i = 0; i < attention_rows(a, o); i++) {
    const attention_place place = attention_at(a, o, i);
    size_t at = (size_t)place.row * (size_t)d;
    float whole[KITH_ATTENTION_HEADS], positive[KITH_ATTENTION_HEADS];
    float *along = attention_kept(keep, heads, KEPT_ALONG, place.row);
    attention_dots(heads, d, dy + at, y + at, whole);
    attention_dots(heads, d, dy + at, keep.positive + at, positive);
    for (int h = 0; h < heads; h++) {
      dleft[(size_t)place.of * (size_t)heads + (size_t)h] +=
          (1 - o->slope) * (positive[h] - whole[h] * along[h]);
      along[h] = whole[h];
    }
  }
}

/* alpha, and `other` = the gradient of the argument of LeakyReLU. */
KITH_INLINE void attention_slopes(int n, float slope, attention_chunk *c) {
  for (int i = 0; i < n; i++) {
    float x = c->left[i] + c->right[i];
    float alpha = kith_exponential(attention_leaky(slope, x) - c->max[i]) * c->scale[i];
    float ds = alpha * (c->product[i] - c->along[i]);
    c->alpha[i] = alpha;
    c->other[i] = x > 0 ? ds : slope * ds;
  }
}

/* The rows of the next entries of a column, at most a chunk. */
typedef struct attention_entries {
  const kith_lid *row; /* [n] by their numbers among those that are computed */
  int n;
  kith_eid next;             /* the entry behind them */
  kith_lid found[CHUNK + 1]; /* those of a subset */
} attention_entries;

/* Without branches on what is in the subset, which no CPU foresees. */
KITH_INLINE void attention_take(const kith_csc *back, const kith_row_subset *subset, kith_eid from,
                                kith_eid end, attention_entries *e) {
  e->n = subset ? 0 : (int)kith_min(CHUNK, end - from);
  e->row = subset ? e->found : back->row + from;
  e->next = from + e->n;
  for (; subset && e->next < end && e->n < CHUNK; e->next++) {
    e->found[e->n] = subset->index[back->row[e->next]];
    e->n += e->found[e->n] >= 0;
  }
}

/* What the rows of entries kept, and their <dy, z>.  Rows of a subset are near enough. */
KITH_INLINE void attention_collect(const kith_csc *back, const int heads, const int d,
                                   kith_attention_rows keep, const attention_entries *e, const float *z,
                                   const float *dy, attention_chunk *c) {
  kith_eid last = back->start[back->n_col] - 1;
  for (int i = 0; i < e->n; i++) {
    kith_lid row = e->row[i],
             ahead = e->row == e->found ? row : back->row[kith_min(e->next - e->n + i + AHEAD, last)];
    kith_prefetch_row(d, dy + (size_t)ahead * (size_t)d);
    kith_prefetch_row(KITH_ATTENTION_KEPT * heads, attention_kept(keep, heads, KEPT_LEFT, ahead));
    attention_copy(heads, attention_kept(keep, heads, KEPT_LEFT, row), c->left + i * heads);
    attention_copy(heads, attention_kept(keep, heads, KEPT_MAX, row), c->max + i * heads);
    attention_copy(heads, attention_kept(keep, heads, KEPT_SCALE, row), c->scale + i * heads);
    attention_copy(heads, attention_kept(keep, heads, KEPT_ALONG, row), c->along + i * heads);
    attention_dots(heads, d, dy + (size_t)row * (size_t)d, z, c->product + i * heads);
  }
}

/* right [heads] and z [d] of the column; dright [heads] +=; sum [d]: dz. */
KITH_INLINE void attention_column(const kith_csc *back, const kith_row_subset *subset, const int heads,
                                  const int d, float slope, kith_attention_rows keep, kith_lid column,
                                  const float *right, const float *z, const float *dy, float *dright,
                                  float *sum) {
  attention_chunk c;
  attention_entries e;
  for (int i = 0; i < CHUNK; i++) attention_copy(heads, right, c.right + i * heads);
  for (kith_eid from = back->start[column]; from < back->start[column + 1]; from = e.next) {
    attention_take(back, subset, from, back->start[column + 1], &e);
    attention_collect(back, heads, d, keep, &e, z, dy, &c);
    attention_slopes(e.n * heads, slope, &c);
    attention_add(e.n, e.row, heads, d, c.alpha, kith_node_rows_together(dy), sum);
    attention_add_weights(e.n, heads, c.other, dright);
  }
}

#define ATTENTION_COLUMN(HEADS, D)                                                                           \
  {                                                                                                          \
    float sum[D];                                                                                            \
    for (int k = 0; k < (D); k++) sum[k] = add ? to[k] : 0;                                                  \
    attention_column(back, o->subset, HEADS, D, o->slope, keep, c, kith_row_at(right, HEADS, c),             \
                     kith_row_at(z, D, c), dy, kith_grad_row_at(dright, HEADS, c), sum);                     \
    for (int k = 0; k < (D); k++) to[k] = sum[k];                                                            \
  }

KITH_KERNEL void kith_attention_backward_columns(const kith_csc *back, const kith_attention *o,
                                                 kith_attention_rows keep, kith_node_rows right,
                                                 kith_node_rows z, const float *dy, kith_grad_rows dright,
                                                 bool add, kith_grad_rows dz) {
#pragma omp parallel for schedule(dynamic, 64)
  for (kith_lid c = 0; c < back->n_col; c++) {
    float *to = kith_grad_row_at(dz, o->d, c);
    if (o->d == 64 && o->heads == 1) ATTENTION_COLUMN(1, 64)
    else if (o->d == 64 && o->heads == 4) ATTENTION_COLUMN(4, 64)
    else if (o->d == 64 && o->heads == 8) ATTENTION_COLUMN(8, 64)
    else ATTENTION_COLUMN(o->heads, o->d)
  }
}
