/* Mixes of a row's sums over several relations: the softmax has a number for each of a few terms. */
#include "ops/fuse.h"

#include <math.h>

static bool fuse_has(const kith_fuse_term *term, kith_lid p) {
  return term->csr->start[p + 1] > term->csr->start[p];
}

static float fuse_leaky(float slope, float x) { return x > 0 ? x : slope * x; }

/* gamma [n_term] of the row at position p; without entries in any relation, zeros. */
static void fuse_weigh(int n_term, const kith_fuse_term *term, float slope, kith_lid p, const float *left,
                       float *gamma) {
  kith_lid row = term->csr->perm[p];
  float max = -INFINITY, sum = 0;
  for (int k = 0; k < n_term; k++) {
    gamma[k] = fuse_has(&term[k], p)
                   ? fuse_leaky(slope, left[row] + term[k].right[row]) + logf(term[k].weight)
                   : -INFINITY;
    max = gamma[k] > max ? gamma[k] : max;
  }
  for (int k = 0; k < n_term; k++) sum += gamma[k] = gamma[k] > -INFINITY ? expf(gamma[k] - max) : 0;
  for (int k = 0; k < n_term && sum > 0; k++) gamma[k] /= sum;
}

void kith_fuse_forward(int n_term, const kith_fuse_term *term, int d, float slope, const float *left,
                       const float *x, float *gamma, float *y) {
  for (kith_lid p = 0; p < term->csr->n_row; p++) {
    kith_lid row = term->csr->perm[p];
    size_t at = (size_t)row * (size_t)d;
    float *g = gamma + (size_t)row * (size_t)n_term;
    fuse_weigh(n_term, term, slope, p, left, g);
    for (int c = 0; c < d; c++) y[at + (size_t)c] = x[at + (size_t)c];
    for (int k = 0; k < n_term; k++)
      for (size_t c = at; c < at + (size_t)d && g[k] > 0; c++) y[c] += g[k] * term[k].z[c];
  }
}

void kith_fuse_backward(int n_term, const kith_fuse_term *term, int d, float slope, const float *left,
                        const float *gamma, const float *dy, float *dleft, float *dx) {
  for (kith_lid p = 0; p < term->csr->n_row; p++) {
    kith_lid row = term->csr->perm[p];
    size_t at = (size_t)row * (size_t)d;
    const float *g = gamma + (size_t)row * (size_t)n_term;
    float product[KITH_FUSE_TERMS], mean = 0; /* <dy, z_k>, and their mean by gamma */
    for (size_t c = at; c < at + (size_t)d; c++) dx[c] += dy[c];
    for (int k = 0; k < n_term; k++) {
      product[k] = 0;
      for (size_t c = at; c < at + (size_t)d && g[k] > 0; c++) {
        product[k] += dy[c] * term[k].z[c];
        term[k].dz[c] += g[k] * dy[c];
      }
      mean += g[k] * product[k];
    }
    for (int k = 0; k < n_term; k++) {
      if (!(g[k] > 0)) continue;
      float ds = g[k] * (product[k] - mean) * (left[row] + term[k].right[row] > 0 ? 1 : slope);
      dleft[row] += ds;
      term[k].dright[row] += ds;
    }
  }
}
