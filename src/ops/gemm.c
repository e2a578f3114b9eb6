/* All calls of the BLAS. */
#include <cblas.h>
#include <stdio.h>

#include "ops/blas.h"
#include "ops/ops.h"

#ifdef KITH_HAS_OPENBLAS
void kith_blas_library(size_t size, char *text) {
  int version = 0, to = 0;
  sscanf(openblas_get_config(), "%*s%n %*s%n", &to, &version);
  snprintf(text, size, "%.*s", version > to ? version : to, openblas_get_config());
}

const char *kith_blas_core(void) { return openblas_get_corename(); }

bool kith_blas_has_threads(void) { return openblas_get_parallel() == OPENBLAS_THREAD; }
#else
void kith_blas_library(size_t size, char *text) { snprintf(text, size, "a BLAS that is not OpenBLAS"); }
const char *kith_blas_core(void) { return "unknown"; }
bool kith_blas_has_threads(void) { return false; }
#endif

void kith_gemm_nt(int m, int n, int k, float alpha, const float *a, const float *b, float beta, float *c) {
  cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, m, n, k, alpha, a, k, b, k, beta, c, n);
}

void kith_gemm_nn(int m, int n, int k, float alpha, const float *a, const float *b, float beta, float *c) {
  cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, m, n, k, alpha, a, k, b, n, beta, c, n);
}

void kith_gemm_tn(int m, int n, int k, float alpha, const float *a, const float *b, float beta, float *c) {
  cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, m, n, k, alpha, a, m, b, n, beta, c, n);
}
