/* Sums, maxima, scores and softmax over the in-edges of rows: forward beside backward. */
#include <math.h>

#include "ops/ops.h"

enum { EDGES_AHEAD = 24 }; /* prefetch distance in entries */

KITH_INLINE void edges_add(int heads, const float *w, int d, const float *x, float *y) {
  int width = d / heads;
  for (int h = 0; h < heads; h++)
    for (int k = h * width; k < (h + 1) * width; k++) y[k] += w[h] * x[k];
}

KITH_KERNEL static void edges_sum_heads(const kith_csr *a, int heads, const float *w, int d, kith_node_rows x,
                                        float *y) {
  kith_eid last = a->start[a->n_row] - 1;
#pragma omp parallel for schedule(dynamic, 64)
  for (kith_lid p = 0; p < a->n_row; p++) {
    float *to = y + (size_t)a->perm[p] * (size_t)d;
    for (int k = 0; k < d; k++) to[k] = 0;
    for (kith_eid e = a->start[p]; e < a->start[p + 1]; e++) {
      kith_prefetch_row(d, kith_row_at(x, d, a->col[kith_min(e + EDGES_AHEAD, last)]));
      edges_add(heads, w + e * heads, d, kith_row_at(x, d, a->col[e]), to);
    }
  }
}

KITH_KERNEL static void edges_sum_heads_transpose(const kith_csc *back, int heads, const float *w, int d,
                                                  const float *dy, kith_grad_rows dx) {
  kith_eid last = back->start[back->n_col] - 1;
#pragma omp parallel for schedule(dynamic, 64)
  for (kith_lid c = 0; c < back->n_col; c++)
    for (kith_eid t = back->start[c]; t < back->start[c + 1]; t++) {
      kith_eid next = kith_min(t + EDGES_AHEAD, last);
      kith_prefetch_row(d, dy + (size_t)back->row[next] * (size_t)d);
      __builtin_prefetch(w + back->entry[next] * heads);
      edges_add(heads, w + back->entry[t] * heads, d, dy + (size_t)back->row[t] * (size_t)d,
                kith_grad_row_at(dx, d, c));
    }
}

void kith_edge_sum_forward(const kith_csr *a, int heads, const float *w, int d, kith_node_rows x, float *y) {
  if (heads == 1) kith_spmm_weighted(a, w, d, x, y);
  else edges_sum_heads(a, heads, w, d, x, y);
}

void kith_edge_sum_backward_x(const kith_csc *back, int heads, const float *w, int d, const float *dy,
                              kith_grad_rows dx) {
  if (heads == 1) kith_spmm_transpose_to(back, w, d, dy, dx);
  else edges_sum_heads_transpose(back, heads, w, d, dy, dx);
}

KITH_KERNEL void kith_edge_sum_backward_w(const kith_csr *a, int heads, int d, kith_node_rows x,
                                          const float *dy, float *dw) {
  int width = d / heads;
#pragma omp parallel for schedule(dynamic, 64)
  for (kith_lid p = 0; p < a->n_row; p++)
    for (kith_eid e = a->start[p]; e < a->start[p + 1]; e++)
      for (int h = 0; h < heads; h++) {
        const float *from = kith_row_at(x, d, a->col[e]) + h * width,
                    *to = dy + (size_t)a->perm[p] * (size_t)d + h * width;
        dw[e * heads + h] += kith_dot(width, from, to);
      }
}

KITH_KERNEL void kith_edge_max_forward(const kith_csr *a, int d, kith_node_rows x, float *y,
                                       kith_eid *argmax) {
#pragma omp parallel for schedule(dynamic, 64)
  for (kith_lid p = 0; p < a->n_row; p++) {
    size_t row = (size_t)a->perm[p] * (size_t)d;
    for (int k = 0; k < d; k++) {
      kith_eid best = -1;
      for (kith_eid e = a->start[p]; e < a->start[p + 1]; e++)
        if (best < 0 || kith_row_at(x, d, a->col[e])[k] > kith_row_at(x, d, a->col[best])[k]) best = e;
      argmax[row + (size_t)k] = best;
      y[row + (size_t)k] = best < 0 ? 0 : kith_row_at(x, d, a->col[best])[k];
    }
  }
}

KITH_KERNEL void kith_edge_max_backward(const kith_csc *back, int d, const kith_eid *argmax, const float *dy,
                                        kith_grad_rows dx) {
#pragma omp parallel for schedule(dynamic, 64)
  for (kith_lid c = 0; c < back->n_col; c++)
    for (kith_eid t = back->start[c]; t < back->start[c + 1]; t++) {
      size_t row = (size_t)back->row[t] * (size_t)d;
      for (int k = 0; k < d; k++)
        if (argmax[row + (size_t)k] == back->entry[t]) kith_grad_row_at(dx, d, c)[k] += dy[row + (size_t)k];
    }
}

void kith_head_dot_forward(int64_t n, int heads, int d, const float *a, const float *x, float *y) {
  int width = d / heads;
#pragma omp parallel for schedule(static)
  for (int64_t i = 0; i < n; i++)
    for (int h = 0; h < heads; h++) y[i * heads + h] = kith_dot(width, a + h * width, x + i * d + h * width);
}

/* Threads take rows for dx, and heads for da, whose sums then have one order. */
KITH_KERNEL void kith_head_dot_backward(int64_t n, int heads, int d, const float *a, const float *x,
                                        const float *dy, float *da, float *dx) {
  int width = d / heads;
#pragma omp parallel for schedule(static)
  for (int64_t i = 0; i < n; i++)
    for (int h = 0; h < heads; h++)
      for (int k = h * width; k < (h + 1) * width; k++) dx[i * d + k] += dy[i * heads + h] * a[k];
#pragma omp parallel for schedule(static)
  for (int h = 0; h < heads; h++)
    for (int64_t i = 0; i < n; i++)
      for (int k = h * width; k < (h + 1) * width; k++) da[k] += dy[i * heads + h] * x[i * d + k];
}

void kith_head_mean_forward(int64_t n, int heads, int d, const float *x, float *y) {
  int width = d / heads;
#pragma omp parallel for schedule(static)
  for (int64_t i = 0; i < n; i++)
    for (int k = 0; k < width; k++) {
      float sum = 0;
      for (int h = 0; h < heads; h++) sum += x[i * d + h * width + k];
      y[i * width + k] = sum / (float)heads;
    }
}

void kith_head_mean_backward(int64_t n, int heads, int d, const float *dy, float *dx) {
  int width = d / heads;
#pragma omp parallel for schedule(static)
  for (int64_t i = 0; i < n; i++)
    for (int k = 0; k < width * heads; k++) dx[i * d + k] += dy[i * width + k % width] / (float)heads;
}

void kith_edge_score_forward(const kith_csr *a, int heads, float slope, const float *left,
                             kith_node_rows right, float *s) {
#pragma omp parallel for schedule(dynamic, 64)
  for (kith_lid p = 0; p < a->n_row; p++)
    for (kith_eid e = a->start[p]; e < a->start[p + 1]; e++)
      for (int h = 0; h < heads; h++) {
        float z =
            left[(size_t)a->perm[p] * (size_t)heads + (size_t)h] + kith_row_at(right, heads, a->col[e])[h];
        s[e * heads + h] = z > 0 ? z : slope * z;
      }
}

/* LeakyReLU keeps the sign, so its derivative follows from its output. */
static float edges_slope(float slope, float s) { return s > 0 ? 1 : slope; }

void kith_edge_score_backward_left(const kith_csr *a, int heads, float slope, const float *s, const float *ds,
                                   float *dleft) {
#pragma omp parallel for schedule(dynamic, 64)
  for (kith_lid p = 0; p < a->n_row; p++)
    for (kith_eid e = a->start[p]; e < a->start[p + 1]; e++)
      for (int h = 0; h < heads; h++)
        dleft[(size_t)a->perm[p] * (size_t)heads + (size_t)h] +=
            edges_slope(slope, s[e * heads + h]) * ds[e * heads + h];
}

void kith_edge_score_backward_right(const kith_csc *back, int heads, float slope, const float *s,
                                    const float *ds, kith_grad_rows dright) {
#pragma omp parallel for schedule(dynamic, 64)
  for (kith_lid c = 0; c < back->n_col; c++)
    for (kith_eid t = back->start[c]; t < back->start[c + 1]; t++)
      for (int h = 0; h < heads; h++) {
        kith_eid at = back->entry[t] * heads + h;
        kith_grad_row_at(dright, heads, c)[h] += edges_slope(slope, s[at]) * ds[at];
      }
}

void kith_edge_softmax_forward(const kith_csr *a, int heads, const float *s, float *alpha) {
#pragma omp parallel for schedule(dynamic, 64)
  for (kith_lid p = 0; p < a->n_row; p++)
    for (int h = 0; h < heads; h++) {
      float max = -INFINITY, sum = 0;
      for (kith_eid e = a->start[p]; e < a->start[p + 1]; e++)
        max = s[e * heads + h] > max ? s[e * heads + h] : max;
      for (kith_eid e = a->start[p]; e < a->start[p + 1]; e++)
        sum += alpha[e * heads + h] = expf(s[e * heads + h] - max);
      for (kith_eid e = a->start[p]; e < a->start[p + 1]; e++) alpha[e * heads + h] /= sum;
    }
}

void kith_edge_softmax_backward(const kith_csr *a, int heads, const float *alpha, const float *dalpha,
                                float *ds) {
#pragma omp parallel for schedule(dynamic, 64)
  for (kith_lid p = 0; p < a->n_row; p++)
    for (int h = 0; h < heads; h++) {
      float along = 0;
      for (kith_eid e = a->start[p]; e < a->start[p + 1]; e++)
        along += alpha[e * heads + h] * dalpha[e * heads + h];
      for (kith_eid e = a->start[p]; e < a->start[p + 1]; e++)
        ds[e * heads + h] += alpha[e * heads + h] * (dalpha[e * heads + h] - along);
    }
}
