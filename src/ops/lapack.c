/* All calls of LAPACK, by its Fortran names.  It counts columns first: row-major upper triangles are its
 * lower ones. */
#include <cblas.h>
#include <omp.h>
#include <string.h>

#include "ops/lapack.h"

void dpotrf_(const char *triangle, const int *n, double *a, const int *lda, int *info);
void dtrtri_(const char *triangle, const char *diagonal, const int *n, double *a, const int *lda, int *info);
void dpotri_(const char *triangle, const int *n, double *a, const int *lda, int *info);
void spotrf_(const char *triangle, const int *n, float *a, const int *lda, int *info);
void spotri_(const char *triangle, const int *n, float *a, const int *lda, int *info);
void dsyevd_(const char *job, const char *triangle, const int *n, double *a, const int *lda, double *w,
             double *work, const int *n_work, int *iwork, const int *n_iwork, int *info);
void dsygvd_(const int *type, const char *job, const char *triangle, const int *n, double *a, const int *lda,
             double *b, const int *ldb, double *w, double *work, const int *n_work, int *iwork,
             const int *n_iwork, int *info);

/* From here to lapack_end() the BLAS has one thread; returns how many OpenMP had. */
static int lapack_begin(void) {
  int threads = omp_get_max_threads();
  omp_set_num_threads(1);
#ifdef KITH_HAS_OPENBLAS
  openblas_set_num_threads(1);
#endif
  return threads;
}

static void lapack_end(int threads) {
  omp_set_num_threads(threads);
#ifdef KITH_HAS_OPENBLAS
  openblas_set_num_threads(threads);
#endif
}

void kith_cholesky_inverse(int n, double *g, double least, bool *good) {
  int info = 0, threads = lapack_begin();
  dpotrf_("L", &n, g, &n, &info);
  *good = info == 0;
  for (int i = 0; i < n && *good; i++) *good = g[(size_t)i * (size_t)(n + 1)] >= least;
  if (*good) dtrtri_("L", "N", &n, g, &n, &info);
  lapack_end(threads);
  *good = *good && info == 0;
  for (int i = 1; i < n; i++) memset(g + (size_t)i * (size_t)n, 0, (size_t)i * sizeof *g);
}

void kith_symmetric_inverse(int n, double *g, bool *good) {
  int info = 0;
  dpotrf_("U", &n, g, &n, &info);
  if (info == 0) dpotri_("U", &n, g, &n, &info);
  *good = info == 0;
}

void kith_symmetric_inverse_float(int n, float *g, bool *good) {
  int info = 0;
  spotrf_("U", &n, g, &n, &info);
  if (info == 0) spotri_("U", &n, g, &n, &info);
  *good = info == 0;
}

kith_status kith_eigen_generalized(int n, double *h, double *g, double *w) {
  kith_status st = KITH_OK;
  const int one = 1;
  int info = 0, n_work = 1 + 6 * n + 2 * n * n, n_iwork = 3 + 5 * n, threads;
  double *work = NULL;
  int *iwork = NULL;
  KITH_TRY(KITH_NEW(work, n_work));
  KITH_TRY(KITH_NEW(iwork, n_iwork));
  threads = lapack_begin();
  if (g) dsygvd_(&one, "V", "L", &n, h, &n, g, &n, w, work, &n_work, iwork, &n_iwork, &info);
  else dsyevd_("V", "L", &n, h, &n, w, work, &n_work, iwork, &n_iwork, &info);
  lapack_end(threads);
  KITH_CHECK(info == 0, KITH_ENUMERIC, "an eigenproblem of %d columns has no solution: LAPACK says %d", n,
             info);
done:
  KITH_FREE(work);
  KITH_FREE(iwork);
  return st;
}

kith_status kith_eigen_symmetric(int n, double *h, double *w) {
  return kith_eigen_generalized(n, h, NULL, w);
}
