/* Kernels of intents: the users' softmax over them, forward beside backward; intents as mixtures of rows. */
#include <math.h>

#include "ops/compose.h"
#include "ops/intents.h"

/* s [m] = softmax of z [m], in place */
static void intents_softmax(int m, float *z) {
  float most = z[0], sum = 0;
  for (int p = 1; p < m; p++) most = z[p] > most ? z[p] : most;
  for (int p = 0; p < m; p++) sum += z[p] = (float)exp((double)(z[p] - most));
  for (int p = 0; p < m; p++) z[p] /= sum;
}

/* dz_p = s_p (ds_p - sum over p' of s_p' ds_p'), in place */
static void intents_softmax_backward(int m, const float *s, float *ds) {
  float mean = 0;
  for (int p = 0; p < m; p++) mean += s[p] * ds[p];
  for (int p = 0; p < m; p++) ds[p] = s[p] * (ds[p] - mean);
}

static bool intents_is_user(int64_t node) { return kith_node_key_type(node) == KITH_USER; }

void kith_intents_forward(int64_t n, const int64_t *node, int m, int d, const float *g, const float *h,
                          const float *near, float *s, float *y) {
#pragma omp parallel for schedule(static)
  for (int64_t i = 0; i < n; i++) {
    float *share = s + i * m;
    bool user = intents_is_user(node[i]);
    for (int p = 0; p < m && user; p++) share[p] = kith_dot(d, h + i * d, g + (int64_t)p * d);
    if (user) intents_softmax(m, share);
    for (int k = 0; k < d; k++) {
      float factor = 1;
      for (int p = 0; p < m && user; p++) factor += share[p] * g[(int64_t)p * d + k];
      y[i * d + k] = near[i * d + k] * factor;
    }
  }
}

/* ds [m] = the gradient of the shares: <dy * near, g_p> */
static void intents_backward_shares(int m, int d, const float *g, const float *near, const float *dy,
                                    float *ds) {
  for (int p = 0; p < m; p++) ds[p] = kith_dot3(d, g + (int64_t)p * d, near, dy);
}

void kith_intents_backward(int64_t n, const int64_t *node, int m, int d, const float *g, const float *near,
                           const float *s, const float *dy, float *ds, float *dh, float *dnear) {
#pragma omp parallel for schedule(static)
  for (int64_t i = 0; i < n; i++) {
    bool user = intents_is_user(node[i]);
    float *dz = ds + i * m;
    if (user) intents_backward_shares(m, d, g, near + i * d, dy + i * d, dz);
    if (user) intents_softmax_backward(m, s + i * m, dz);
    for (int k = 0; k < d; k++) {
      float factor = 1, sum = 0;
      for (int p = 0; p < m && user; p++) factor += s[i * m + p] * g[(int64_t)p * d + k];
      for (int p = 0; p < m && user; p++) sum += dz[p] * g[(int64_t)p * d + k];
      if (dnear) dnear[i * d + k] += dy[i * d + k] * factor;
      if (dh) dh[i * d + k] += sum;
    }
  }
}

/* high and low [d] of one intent */
KITH_KERNEL static void intents_gradient_of(int64_t n, const int64_t *node, int m, int p, int d,
                                            const float *h, const float *near, const float *s,
                                            const float *ds, const float *dy, double *high, double *low) {
  for (int64_t i = 0; i < n; i++) {
    double share = (double)s[i * m + p], dz = (double)ds[i * m + p];
    if (!intents_is_user(node[i])) continue;
    for (int k = 0; k < d; k++) {
      double of_share = share * (double)near[i * d + k] * (double)dy[i * d + k];
      kith_split_add(of_share + dz * (double)h[i * d + k], high + k, low + k);
    }
  }
}

void kith_intents_gradient(int64_t n, const int64_t *node, int m, int d, const float *h, const float *near,
                           const float *s, const float *ds, const float *dy, double *scratch,
                           kith_exact_sum *dg) {
  int64_t all = (int64_t)m * d;
  for (int64_t i = 0; i < 2 * all; i++) scratch[i] = 0;
#pragma omp parallel for schedule(static)
  for (int p = 0; p < m; p++)
    intents_gradient_of(n, node, m, p, d, h, near, s, ds, dy, scratch + (int64_t)p * d,
                        scratch + all + (int64_t)p * d);
  kith_split_sum(all, scratch, dg);
}

void kith_mixture_forward(int m, int r, int d, const float *a, const float *q, float *share, float *y) {
  for (int p = 0; p < m; p++) {
    float *mine = share + (int64_t)p * r, *to = y + (int64_t)p * d;
    for (int i = 0; i < r; i++) mine[i] = a[(int64_t)p * r + i];
    intents_softmax(r, mine);
    for (int k = 0; k < d; k++) to[k] = 0;
    for (int i = 0; i < r; i++)
      for (int k = 0; k < d; k++) to[k] += mine[i] * q[(int64_t)i * d + k];
  }
}

void kith_mixture_backward(int m, int r, int d, const float *q, const float *share, const float *dy,
                           float *da, float *dq) {
  for (int p = 0; p < m; p++) {
    const float *mine = share + (int64_t)p * r, *from = dy + (int64_t)p * d;
    float mean = 0;
    for (int i = 0; i < r; i++) mean += mine[i] * kith_dot(d, from, q + (int64_t)i * d);
    for (int i = 0; i < r; i++) {
      da[(int64_t)p * r + i] += mine[i] * (kith_dot(d, from, q + (int64_t)i * d) - mean);
      for (int k = 0; k < d; k++) dq[(int64_t)i * d + k] += mine[i] * from[k];
    }
  }
}
