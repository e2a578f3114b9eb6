#include "support/tgn_dense.h"

#include <math.h>
#include <stdlib.h>

void dense_linear(int n, int m, const double *x, const double *w, const double *b, double *y) {
  for (int j = 0; j < m; j++) {
    y[j] = b ? b[j] : 0;
    for (int i = 0; i < n; i++) y[j] += x[i] * w[i * m + j];
  }
}

static double sigmoid(double x) { return 1 / (1 + exp(-x)); }

void dense_gru(int n, int d, const double *message, const double *wx, const double *bx, const double *wm,
               const double *bm, double *state) {
  double *x = calloc(6 * (size_t)d, sizeof *x), *m = x + 3 * d;
  dense_linear(n, 3 * d, message, wx, bx, x);
  dense_linear(d, 3 * d, state, wm, bm, m);
  for (int k = 0; k < d; k++) {
    double reset = sigmoid(x[k] + m[k]), update = sigmoid(x[d + k] + m[d + k]);
    double candidate = tanh(x[2 * d + k] + reset * m[2 * d + k]);
    state[k] = (1 - update) * candidate + update * state[k];
  }
  free(x);
}

void dense_code(int k, double age, const double *rate, const double *phase, double *code) {
  for (int c = 0; c < k; c++) code[c] = cos(exp(rate[c]) * age + phase[c]);
}

void dense_attention(int heads, int d, int n, const double *query, const double *key, const double *value,
                     double *y) {
  int width = d / heads;
  double *weight = calloc((size_t)n + 1, sizeof *weight);
  for (int k = 0; k < d; k++) y[k] = 0;
  for (int h = 0; h < heads; h++) {
    double sum = 0;
    for (int e = 0; e < n; e++) {
      double s = 0;
      for (int k = h * width; k < (h + 1) * width; k++) s += query[k] * key[e * d + k];
      sum += weight[e] = exp(s / sqrt(width));
    }
    for (int e = 0; e < n; e++)
      for (int k = h * width; k < (h + 1) * width; k++) y[k] += weight[e] / sum * value[e * d + k];
  }
  free(weight);
}
