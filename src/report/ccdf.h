/** How values are distributed: for each value the share of all that is at least as large. */
#ifndef KITH_REPORT_CCDF_H
#define KITH_REPORT_CCDF_H

#include "base/base.h"

/** Plain struct; zero is empty. */
typedef struct report_ccdf {
  int64_t n;            /* distinct values above 0 */
  double *value;        /* [n] ascending */
  double *share;        /* [n] of all values, zeros among them, that are at least this; 1 at most */
  int64_t none;         /* values that are 0 */
  int64_t most, median; /* the largest, and the one that half of all are not above */
  double mean;
  double top; /* share of the sum that the largest hundredth of the values have together, at least one */
} report_ccdf;

/**
 * Local.  Errors: KITH_ENOMEM; the caller frees *out, then too.
 *
 * @param value  [n] not below 0; sorted in place
 */
kith_status kith__ccdf(int64_t n, int64_t *value, report_ccdf *out) KITH_MUST_USE;
void kith__ccdf_free(report_ccdf *x);

#endif
