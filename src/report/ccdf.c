/* Distribution of values (ccdf.h). */
#include "report/ccdf.h"

#include <stdlib.h>

static int ccdf_compare(const void *a, const void *b) {
  const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
  return (x > y) - (x < y);
}

static void ccdf_sums(int64_t n, const int64_t *value, report_ccdf *out) {
  const int64_t top = (n + 99) / 100;
  double sum = 0, largest = 0;
  for (int64_t i = 0; i < n; i++) {
    sum += (double)value[i];
    largest += i >= n - top ? (double)value[i] : 0;
    out->none += value[i] == 0;
  }
  out->most = value[n - 1];
  out->median = value[(n - 1) / 2];
  out->mean = sum / (double)n;
  out->top = sum > 0 ? largest / sum : 0;
}

kith_status kith__ccdf(int64_t n, int64_t *value, report_ccdf *out) {
  kith_status st = KITH_OK;
  int64_t distinct = 0;
  *out = (report_ccdf){.n = 0};
  if (n == 0) return st;
  qsort(value, (size_t)n, sizeof *value, ccdf_compare);
  ccdf_sums(n, value, out);
  for (int64_t i = out->none; i < n; i++) distinct += i == out->none || value[i] != value[i - 1];
  KITH_TRY(KITH_NEW(out->value, distinct));
  KITH_TRY(KITH_NEW(out->share, distinct));
  for (int64_t i = out->none; i < n; i++) {
    if (i > out->none && value[i] == value[i - 1]) continue;
    out->value[out->n] = (double)value[i];
    out->share[out->n++] = (double)(n - i) / (double)n;
  }
done:
  return st;
}

void kith__ccdf_free(report_ccdf *x) {
  KITH_FREE(x->value);
  KITH_FREE(x->share);
}
