/* An LSTM over the entries of rows: forward, and backward through time. */
#include "base/order.h"
#include "ops/lstm.h"

#include <math.h>
#include <string.h>

#include "ops/ops.h"

enum { LSTM_SLICE = 16 }; /* columns summed by one thread */
static const float LSTM_FORGET_BIAS = 1;

/* ---- the plan ---- */

kith_lid kith_lstm_group_end(const kith_csr *a, kith_lid first, kith_eid max_entries) {
  kith_lid last = first + 1;
  while (last < a->n_row && a->start[last + 1] - a->start[first] <= max_entries) last++;
  return last;
}

static bool lstm_after(kith_lstm_entry x, kith_lstm_entry y) {
  return x.key != y.key ? x.key > y.key : x.col > y.col;
}

static void lstm_sink(kith_eid n, kith_eid at, kith_lstm_entry *x) {
  for (kith_eid child = 2 * at + 1; child < n; child = 2 * at + 1) {
    if (child + 1 < n && lstm_after(x[child + 1], x[child])) child++;
    if (!lstm_after(x[child], x[at])) return;
    kith_lstm_entry swap = x[at];
    x[at] = x[child];
    x[child] = swap;
    at = child;
  }
}

/* A heap sort: qsort() may allocate. */
static void lstm_sort(kith_eid n, kith_lstm_entry *x) {
  for (kith_eid i = n / 2 - 1; i >= 0; i--) lstm_sink(n, i, x);
  for (kith_eid last = n - 1; last > 0; last--) {
    kith_lstm_entry swap = x[0];
    x[0] = x[last];
    x[last] = swap;
    lstm_sink(last, 0, x);
  }
}

/* Counting sort of the rows with entries by length, longest first; time_start[t + 1] - time_start[t] rows
 * have an entry at time t. */
static void lstm_plan_rows(kith_lstm *s, const kith_csr *a, kith_lid first, kith_lid last) {
  kith_eid *time = s->time_start;
  s->n_row = 0;
  s->n_time = kith_longest_row(last - first, a->start + first);
  for (kith_eid n = 0; n <= s->n_time; n++) s->bucket[n] = 0;
  for (kith_lid p = first; p < last; p++) s->bucket[a->start[p + 1] - a->start[p]]++;
  for (kith_eid n = s->n_time; n > 0;
       n--) { /* bucket[n]: number of longer rows, which is where those of length n begin */
    kith_lid n_equal = s->bucket[n];
    s->bucket[n] = s->n_row;
    s->n_row += n_equal;
  }
  s->bucket[0] = s->n_row;
  time[0] = 0;
  for (kith_eid t = 0; t < s->n_time; t++) time[t + 1] = time[t] + s->bucket[t];
  for (kith_lid p = first; p < last; p++) {
    kith_eid n = a->start[p + 1] - a->start[p];
    if (n == 0) continue;
    s->position[s->bucket[n]] = p;
    s->row[s->bucket[n]++] = a->perm[p];
  }
}

void kith_lstm_plan(kith_lstm *s, const kith_csr *a, kith_lid first, kith_lid last,
                    const kith_lstm_order *order) {
  lstm_plan_rows(s, a, first, last);
#pragma omp parallel for schedule(dynamic, 16)
  for (kith_lid r = 0; r < s->n_row; r++) {
    kith_eid from = a->start[s->position[r]], n = a->start[s->position[r] + 1] - from;
    kith_lstm_entry *entry = s->sort + (from - a->start[first]);
    for (kith_eid t = 0; t < n; t++) {
      kith_lid col = a->col[from + t];
      entry[t] = (kith_lstm_entry){(uint64_t)t, col};
      if (order->shuffled)
        entry[t].key = kith_random(order->seed, KITH_RNG_NEIGHBOR_ORDER, order->step,
                                   (uint64_t)order->row[s->row[r]], (uint64_t)order->col[col])
                           .bits[0];
    }
    if (order->shuffled) lstm_sort(n, entry);
    for (kith_eid t = 0; t < n; t++) s->col[s->time_start[t] + r] = entry[t].col;
  }
}

/* ---- forward ---- */

static float lstm_sigmoid(float x) { return 1 / (1 + expf(-x)); }

/* gate [m, 4 d] = z of the columns of m entries. */
static void lstm_gather(const kith_lstm *s, kith_lid m, const kith_lid *col, kith_node_rows z, float *gate) {
  size_t width = 4 * (size_t)s->d;
#pragma omp parallel for schedule(static) if (m > 64)
  for (kith_lid r = 0; r < m; r++)
    memcpy(gate + (size_t)r * width, kith_row_at(z, 4 * s->d, col[r]), width * sizeof(float));
}

/* Gates from their sums; cells c [m, d] from those of the time before (null at time 0); h. */
static void lstm_cells(const kith_lstm *s, kith_lid m, const float *before, float *gate, float *c, float *h) {
  int d = s->d;
#pragma omp parallel for schedule(static) if (m > 64)
  for (kith_lid r = 0; r < m; r++) {
    float *g = gate + (size_t)r * 4 * (size_t)d;
    size_t row = (size_t)r * (size_t)d;
    for (int k = 0; k < d; k++) {
      g[k] = lstm_sigmoid(g[k]);
      g[d + k] = lstm_sigmoid(g[d + k] + LSTM_FORGET_BIAS);
      g[2 * d + k] = tanhf(g[2 * d + k]);
      g[3 * d + k] = lstm_sigmoid(g[3 * d + k]);
      c[row + (size_t)k] = (before ? g[d + k] * before[row + (size_t)k] : 0) + g[k] * g[2 * d + k];
      h[row + (size_t)k] = g[3 * d + k] * tanhf(c[row + (size_t)k]);
    }
  }
}

void kith_lstm_forward(kith_lstm *s, kith_node_rows z, const float *w, float *y) {
  size_t d = (size_t)s->d;
  for (kith_eid t = 0; t < s->n_time; t++) {
    size_t at = (size_t)s->time_start[t];
    kith_lid m = (kith_lid)(s->time_start[t + 1] - s->time_start[t]);
    float *gate = s->gate + 4 * d * at;
    lstm_gather(s, m, s->col + at, z, gate);
    if (t > 0) kith_gemm_nn(m, 4 * s->d, s->d, 1, s->h, w, 1, gate);
    lstm_cells(s, m, t > 0 ? s->cell + d * (size_t)s->time_start[t - 1] : NULL, gate, s->cell + d * at, s->h);
  }
  for (kith_lid r = 0; r < s->n_row; r++)
    memcpy(y + d * (size_t)s->row[r], s->h + d * (size_t)r, d * sizeof(float));
}

/* ---- backward ---- */

/* Overwrite the gates with the gradients of their sums; dcell becomes that of the time before. */
static void lstm_cells_backward(const kith_lstm *s, kith_lid m, const float *before, const float *c,
                                float *gate) {
  int d = s->d;
#pragma omp parallel for schedule(static) if (m > 64)
  for (kith_lid r = 0; r < m; r++) {
    float *g = gate + (size_t)r * 4 * (size_t)d, *dc = s->dcell + (size_t)r * (size_t)d;
    const float *dh = s->dh + (size_t)r * (size_t)d;
    size_t row = (size_t)r * (size_t)d;
    for (int k = 0; k < d; k++) {
      float in = g[k], forget = g[d + k], cand = g[2 * d + k], out = g[3 * d + k],
            tanh_c = tanhf(c[row + (size_t)k]);
      float dcell = dc[k] + dh[k] * out * (1 - tanh_c * tanh_c);
      g[k] = dcell * cand * in * (1 - in);
      g[d + k] = (before ? dcell * before[row + (size_t)k] : 0) * forget * (1 - forget);
      g[2 * d + k] = dcell * in * (1 - cand * cand);
      g[3 * d + k] = dh[k] * tanh_c * out * (1 - out);
      dc[k] = dcell * forget;
    }
  }
}

/* Recompute h of a time from its gates, which backward has not overwritten yet. */
static void lstm_hidden(const kith_lstm *s, kith_lid m, const float *gate, const float *c) {
  int d = s->d;
#pragma omp parallel for schedule(static) if (m > 64)
  for (kith_lid r = 0; r < m; r++)
    for (int k = 0; k < d; k++)
      s->h[(size_t)r * (size_t)d + (size_t)k] = gate[(size_t)(4 * (size_t)r + 3) * (size_t)d + (size_t)k] *
                                                tanhf(c[(size_t)r * (size_t)d + (size_t)k]);
}

/* Scatter-add to dz.  Threads take columns, not entries, so that every sum has the order of the entries. */
static void lstm_scatter(const kith_lstm *s, kith_grad_rows dz) {
  int width = 4 * s->d;
#pragma omp parallel for schedule(static)
  for (int low = 0; low < width; low += LSTM_SLICE) {
    int high = low + LSTM_SLICE < width ? low + LSTM_SLICE : width;
    for (kith_eid e = 0; e < s->time_start[s->n_time]; e++)
      for (int k = low; k < high; k++)
        kith_grad_row_at(dz, width, s->col[e])[k] += s->gate[(size_t)e * (size_t)width + (size_t)k];
  }
}

void kith_lstm_backward(kith_lstm *s, const float *w, const float *dy, float *dw, kith_grad_rows dz) {
  size_t d = (size_t)s->d;
  kith_clear((int64_t)s->n_row * s->d, s->dcell);
  for (kith_lid r = 0; r < s->n_row; r++)
    memcpy(s->dh + d * (size_t)r, dy + d * (size_t)s->row[r], d * sizeof(float));
  for (kith_eid t = s->n_time - 1; t >= 0; t--) {
    size_t at = (size_t)s->time_start[t], before = t > 0 ? (size_t)s->time_start[t - 1] : 0;
    kith_lid m = (kith_lid)(s->time_start[t + 1] - s->time_start[t]);
    float *gate = s->gate + 4 * d * at;
    lstm_cells_backward(s, m, t > 0 ? s->cell + d * before : NULL, s->cell + d * at, gate);
    if (t == 0) break;
    lstm_hidden(s, m, s->gate + 4 * d * before, s->cell + d * before);
    kith_gemm_tn(s->d, 4 * s->d, m, 1, s->h, gate, 1, dw);
    kith_gemm_nt(m, s->d, 4 * s->d, 1, gate, w, 0, s->dh);
  }
  lstm_scatter(s, dz);
}
