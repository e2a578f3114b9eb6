/* A gated recurrent unit, elementwise. */
#include "ops/gru.h"

#include <math.h>
#include <string.h>

static float gru_sigmoid(float x) { return 1 / (1 + expf(-x)); }

void kith_gru_forward(const kith_gru *o, float *y) {
  const int d = o->d;
#pragma omp parallel for schedule(static) if (o->n > 64)
  for (int64_t i = 0; i < o->n; i++) {
    const float *h = o->h + i * d, *x = o->x + i * 3 * d, *m = o->m + i * 3 * d;
    float *g = o->gate + i * 3 * d;
    if (!o->on[i]) {
      memcpy(y + i * d, h, (size_t)d * sizeof *y);
      continue;
    }
    for (int k = 0; k < d; k++) {
      g[k] = gru_sigmoid(x[k] + m[k]);
      g[d + k] = gru_sigmoid(x[d + k] + m[d + k]);
      g[2 * d + k] = tanhf(x[2 * d + k] + g[k] * m[2 * d + k]);
      y[i * d + k] = (1 - g[d + k]) * g[2 * d + k] + g[d + k] * h[k];
    }
  }
}

/* Gradients of one number of a row: of the sums in r, z and c, and of what r multiplies. */
static void gru_one(const kith_gru *o, int64_t i, int k, float dy, float *dx, float *dm) {
  const int d = o->d;
  const float *g = o->gate + i * 3 * d;
  const float r = g[k], z = g[d + k], c = g[2 * d + k], m = o->m[i * 3 * d + 2 * d + k];
  const float dc = dy * (1 - z) * (1 - c * c), dz = dy * (o->h[i * d + k] - c) * z * (1 - z),
              dr = dc * m * r * (1 - r);
  dx[k] += dr;
  dx[d + k] += dz;
  dx[2 * d + k] += dc;
  dm[k] += dr;
  dm[d + k] += dz;
  dm[2 * d + k] += dc * r;
}

void kith_gru_backward(const kith_gru *o, const float *dy, float *dx, float *dm, float *dh) {
  const int d = o->d;
#pragma omp parallel for schedule(static) if (o->n > 64)
  for (int64_t i = 0; i < o->n; i++)
    for (int k = 0; k < d; k++) {
      if (o->on[i]) gru_one(o, i, k, dy[i * d + k], dx + i * 3 * d, dm + i * 3 * d);
      if (dh) dh[i * d + k] += dy[i * d + k] * (o->on[i] ? o->gate[i * 3 * d + d + k] : 1);
    }
}
