/* The door to the BLAS. */
#include <cblas.h>

#include "kith/ops.h"

void kith_gemm_nt(int m, int n, int k, float alpha, const float *a, const float *b, float beta, float *c) {
  cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, m, n, k, alpha, a, k, b, k, beta, c, n);
}

void kith_gemm_nn(int m, int n, int k, float alpha, const float *a, const float *b, float beta, float *c) {
  cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, m, n, k, alpha, a, k, b, n, beta, c, n);
}

void kith_gemm_tn(int m, int n, int k, float alpha, const float *a, const float *b, float beta, float *c) {
  cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, m, n, k, alpha, a, m, b, n, beta, c, n);
}
