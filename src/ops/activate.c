/* Activations, bias and Hadamard product: forward beside backward. */
#include <math.h>

#include "ops/exponential.h"

enum { ACTIVATE_BLOCK = 4096 }; /* elements */

KITH_INLINE float activate_one(kith_activation f, float slope, float x) {
  switch (f) {
  case KITH_IDENTITY: return x;
  case KITH_RELU: return x > 0 ? x : 0;
  case KITH_LEAKY_RELU: return x > 0 ? x : slope * x;
  case KITH_ELU: return x > 0 ? x : slope * kith_exponential_minus_one(x > 0 ? 0 : x);
  case KITH_SIGMOID: return 1 / (1 + expf(-x));
  case KITH_TANH: return tanhf(x);
  }
  return x;
}

/* The derivative, from x or from y = f(x), whichever is cheaper. */
KITH_INLINE float activate_derivative(kith_activation f, float slope, float x, float y) {
  switch (f) {
  case KITH_IDENTITY: return 1;
  case KITH_RELU: return x > 0 ? 1 : 0;
  case KITH_LEAKY_RELU: return x > 0 ? 1 : slope;
  case KITH_ELU: return x > 0 ? 1 : y + slope;
  case KITH_SIGMOID: return y * (1 - y);
  case KITH_TANH: return 1 - y * y;
  }
  return 1;
}

/* One loop for each activation, so that it is vectorized. */
#define ACTIVATE_CASES(BODY)                                                                                 \
  switch (f) {                                                                                               \
    BODY(KITH_IDENTITY)                                                                                      \
    BODY(KITH_RELU)                                                                                          \
    BODY(KITH_LEAKY_RELU)                                                                                    \
    BODY(KITH_ELU)                                                                                           \
    BODY(KITH_SIGMOID)                                                                                       \
    BODY(KITH_TANH)                                                                                          \
  }
#define ACTIVATE_FORWARD(F)                                                                                  \
  case F:                                                                                                    \
    for (int64_t i = from; i < end; i++) y[i] = activate_one(F, slope, x[i]);                                \
    break;
#define ACTIVATE_BACKWARD(F)                                                                                 \
  case F:                                                                                                    \
    for (int64_t i = from; i < end; i++) dx[i] += activate_derivative(F, slope, x[i], y[i]) * dy[i];         \
    break;

KITH_KERNEL void kith_activate_forward(kith_activation f, float slope, int64_t n, const float *x, float *y) {
#pragma omp parallel for schedule(static)
  for (int64_t from = 0; from < n; from += ACTIVATE_BLOCK) {
    int64_t end = from + ACTIVATE_BLOCK < n ? from + ACTIVATE_BLOCK : n;
    ACTIVATE_CASES(ACTIVATE_FORWARD)
  }
}

KITH_KERNEL void kith_activate_backward(kith_activation f, float slope, int64_t n, const float *x,
                                        const float *y, const float *dy, float *dx) {
#pragma omp parallel for schedule(static)
  for (int64_t from = 0; from < n; from += ACTIVATE_BLOCK) {
    int64_t end = from + ACTIVATE_BLOCK < n ? from + ACTIVATE_BLOCK : n;
    ACTIVATE_CASES(ACTIVATE_BACKWARD)
  }
}

KITH_KERNEL void kith_bias_forward(int64_t n, int m, const float *b, float *y) {
#pragma omp parallel for schedule(static)
  for (int64_t i = 0; i < n; i++)
    for (int k = 0; k < m; k++) y[i * m + k] += b[k];
}

KITH_KERNEL void kith_bias_backward(int64_t n, int m, const float *dy, float *db) {
  for (int64_t i = 0; i < n; i++)
    for (int k = 0; k < m; k++) db[k] += dy[i * m + k];
}

KITH_KERNEL void kith_hadamard_forward(int64_t n, const float *a, const float *b, float *y) {
#pragma omp parallel for simd schedule(static)
  for (int64_t i = 0; i < n; i++) y[i] = a[i] * b[i];
}

KITH_KERNEL void kith_hadamard_backward(int64_t n, const float *b, const float *dy, float *da) {
#pragma omp parallel for simd schedule(static)
  for (int64_t i = 0; i < n; i++) da[i] += b[i] * dy[i];
}
