/* Attention with codes of time in keys and values. */
#include "ops/coded_attention.h"

#include <math.h>

/* ---- codes ---- */

static const double CODE_TURN = 6.283185307179586;

static float code_angle(double omega, float age, float phase) {
  double angle = omega * (double)age + (double)phase;
  return (float)(angle - CODE_TURN * rint(angle / CODE_TURN));
}

/* cos(x + phase) - cos(phase) or sin(x + phase) - sin(phase): a difference of small angles as a product. */
static float code_difference(bool sine, double omega, float age, float phase) {
  const double half = omega * (double)age / 2;
  if (fabs(half) < .25) {
    const float middle = code_angle(omega / 2, age, phase);
    return 2 * sinf((float)half) * (sine ? cosf(middle) : -sinf(middle));
  }
  const float angle = code_angle(omega, age, phase);
  return sine ? sinf(angle) - sinf(phase) : cosf(angle) - cosf(phase);
}

void kith_code_forward(int64_t n, int dim, bool differs, const float *age, const float *rate,
                       const float *phase, float *y) {
  double omega[KITH_TIME_DIM];
  for (int c = 0; c < dim; c++) omega[c] = exp((double)rate[c]);
#pragma omp parallel for schedule(static) if (n > 64)
  for (int64_t i = 0; i < n; i++)
    for (int c = 0; c < dim; c++)
      y[i * dim + c] = differs ? code_difference(false, omega[c], age[i], phase[c])
                               : cosf(code_angle(omega[c], age[i], phase[c]));
}

void kith_code_backward(int64_t n, int dim, bool differs, const float *age, const float *rate,
                        const float *phase, const float *dy, float *drate, float *dphase) {
#pragma omp parallel for schedule(static)
  for (int c = 0; c < dim; c++) {
    double by_rate = 0, by_phase = 0, omega = exp((double)rate[c]);
    for (int64_t i = 0; i < n; i++) {
      const double g = -(double)dy[i * dim + c], sine = (double)sinf(code_angle(omega, age[i], phase[c]));
      by_phase += g * (differs ? (double)code_difference(true, omega, age[i], phase[c]) : sine);
      by_rate += g * sine * omega * (double)age[i];
    }
    drate[c] += (float)by_rate;
    dphase[c] += (float)by_phase;
  }
}

/* ---- one row ---- */

/* y [heads, dim] = W x, head by head: x [d], w [dim, d]. */
static void coded_project(const kith_coded_attention *o, const float *w, const float *x, float *y) {
  const int width = o->d / o->heads;
  for (int h = 0; h < o->heads; h++)
    for (int c = 0; c < o->dim; c++)
      y[h * o->dim + c] = kith_dot(width, w + c * o->d + h * width, x + h * width);
}

/* y [d] += W' x: x [heads, dim]. */
static void coded_spread(const kith_coded_attention *o, const float *w, const float *x, float *y) {
  const int width = o->d / o->heads;
  for (int h = 0; h < o->heads; h++)
    for (int c = 0; c < o->dim; c++)
      for (int k = h * width; k < (h + 1) * width; k++) y[k] += x[h * o->dim + c] * w[c * o->d + k];
}

static void coded_add(int n, float w, const float *x, float *y) {
  for (int k = 0; k < n; k++) y[k] += w * x[k];
}

static void coded_softmax(const kith_coded_attention *o, kith_eid first, kith_eid last, int h) {
  float max = -INFINITY, sum = 0, *alpha = o->alpha + h;
  for (kith_eid e = first; e < last; e++) max = fmaxf(max, alpha[e * o->heads]);
  for (kith_eid e = first; e < last; e++) sum += alpha[e * o->heads] = expf(alpha[e * o->heads] - max);
  for (kith_eid e = first; e < last; e++) alpha[e * o->heads] /= sum;
}

KITH_KERNEL static void coded_row(const kith_coded_attention *o, kith_lid p, float *y) {
  const int width = o->d / o->heads, dim = o->dim;
  const float scale = 1 / sqrtf((float)width);
  const size_t row = (size_t)o->a->perm[p];
  const kith_eid first = o->a->start[p], last = o->a->start[p + 1];
  const float *q = o->q + row * (size_t)o->d;
  float code[KITH_TIME_HEADS * KITH_CODE_DIM], *read = o->read + row * (size_t)(o->heads * dim);
  y += row * (size_t)o->d;
  for (int k = 0; k < o->d; k++) y[k] = 0;
  for (int k = 0; k < o->heads * dim; k++) read[k] = 0;
  if (first == last) return;
  coded_project(o, o->wk, q, code);
  for (kith_eid e = first; e < last; e++)
    for (int h = 0; h < o->heads; h++)
      o->alpha[e * o->heads + h] =
          scale * (kith_dot(width, q + h * width, kith_row_at(o->k, o->d, o->a->col[e]) + h * width) +
                   kith_dot(dim, code + h * dim, o->code + e * dim));
  for (int h = 0; h < o->heads; h++) coded_softmax(o, first, last, h);
  for (kith_eid e = first; e < last; e++)
    for (int h = 0; h < o->heads; h++) {
      const float alpha = o->alpha[e * o->heads + h];
      coded_add(dim, alpha, o->code + e * dim, read + h * dim);
      coded_add(width, alpha, kith_row_at(o->v, o->d, o->a->col[e]) + h * width, y + h * width);
    }
  for (int h = 0; o->base && h < o->heads; h++) coded_add(dim, 1, o->base, read + h * dim);
  coded_spread(o, o->wv, read, y);
}

void kith_coded_attention_forward(const kith_coded_attention *o, float *y) {
#pragma omp parallel for schedule(dynamic, 16)
  for (kith_lid p = 0; p < o->a->n_row; p++) coded_row(o, p, y);
}

/* ---- backward ---- */

/* slope: gradients of alpha, then of s, for the entries of a row. */
static void coded_slopes(const kith_coded_attention *o, kith_lid p, const float *dy, const float *dread) {
  const int width = o->d / o->heads, dim = o->dim, heads = o->heads;
  const float scale = 1 / sqrtf((float)width);
  for (int h = 0; h < heads; h++) {
    float along = 0;
    for (kith_eid e = o->a->start[p]; e < o->a->start[p + 1]; e++) {
      const float *v = kith_row_at(o->v, o->d, o->a->col[e]) + h * width;
      o->slope[e * heads + h] =
          kith_dot(width, dy + h * width, v) + kith_dot(dim, dread + h * dim, o->code + e * dim);
      along += o->alpha[e * heads + h] * o->slope[e * heads + h];
    }
    for (kith_eid e = o->a->start[p]; e < o->a->start[p + 1]; e++)
      o->slope[e * heads + h] = scale * o->alpha[e * heads + h] * (o->slope[e * heads + h] - along);
  }
}

KITH_KERNEL static void coded_row_backward(const kith_coded_attention *o, kith_lid p, const float *dy,
                                           kith_coded_gradients g) {
  const int width = o->d / o->heads, dim = o->dim, heads = o->heads;
  const size_t row = (size_t)o->a->perm[p];
  const float *q = o->q + row * (size_t)o->d;
  float dread[KITH_TIME_HEADS * KITH_CODE_DIM], code[KITH_TIME_HEADS * KITH_CODE_DIM];
  float *reread = o->reread + row * (size_t)(heads * dim), *dq = g.q + row * (size_t)o->d;
  dy += row * (size_t)o->d;
  coded_project(o, o->wv, dy, dread);
  coded_project(o, o->wk, q, code);
  coded_slopes(o, p, dy, dread);
  for (int k = 0; k < heads * dim; k++) reread[k] = 0;
  for (kith_eid e = o->a->start[p]; e < o->a->start[p + 1]; e++)
    for (int h = 0; h < heads; h++) {
      const float ds = o->slope[e * heads + h];
      coded_add(dim, ds, o->code + e * dim, reread + h * dim);
      coded_add(width, ds, kith_row_at(o->k, o->d, o->a->col[e]) + h * width, dq + h * width);
      coded_add(dim, o->alpha[e * heads + h], dread + h * dim, g.code + e * dim);
      coded_add(dim, ds, code + h * dim, g.code + e * dim);
    }
  coded_spread(o, o->wk, reread, dq);
}

/* dw [dim, d] += sum over the rows of x [rows, heads, dim] times y [rows, d], head by head. */
KITH_KERNEL static void coded_weights(const kith_coded_attention *o, const float *x, const float *y,
                                      float *dw) {
  const int width = o->d / o->heads;
#pragma omp parallel for schedule(static)
  for (int c = 0; c < o->dim; c++)
    for (kith_lid p = 0; p < o->a->n_row; p++) {
      const size_t row = (size_t)o->a->perm[p];
      for (int h = 0; h < o->heads; h++)
        coded_add(width, x[(row * (size_t)o->heads + (size_t)h) * (size_t)o->dim + (size_t)c],
                  y + row * (size_t)o->d + h * width, dw + c * o->d + h * width);
    }
}

/* dbase [dim] += Wv times the sum of dy over rows that have entries. */
static void coded_base(const kith_coded_attention *o, const float *dy, float *dbase) {
  for (int c = 0; c < o->dim; c++) {
    double sum = 0;
    for (kith_lid p = 0; p < o->a->n_row; p++)
      if (o->a->start[p + 1] > o->a->start[p])
        sum += (double)kith_dot(o->d, o->wv + c * o->d, dy + (size_t)o->a->perm[p] * (size_t)o->d);
    dbase[c] += (float)sum;
  }
}

void kith_coded_attention_backward(const kith_coded_attention *o, const kith_csc *back, const float *dy,
                                   kith_coded_gradients g) {
#pragma omp parallel for schedule(dynamic, 16)
  for (kith_lid p = 0; p < o->a->n_row; p++) coded_row_backward(o, p, dy, g);
  kith_edge_sum_backward_x(back, o->heads, o->slope, o->d, o->q, g.k);
  kith_edge_sum_backward_x(back, o->heads, o->alpha, o->d, dy, g.v);
  coded_weights(o, o->reread, o->q, g.wk);
  coded_weights(o, o->read, dy, g.wv);
  if (o->base) coded_base(o, dy, g.base);
}
