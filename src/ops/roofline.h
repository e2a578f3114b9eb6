/**
 * Roofline: kernels that only move memory, as upper bounds for the real ones in kith bench.
 */
#ifndef KITH_OPS_ROOFLINE_H
#define KITH_OPS_ROOFLINE_H

#include "ops/ops.h"

/** a [n] = b + w c: 12 bytes for each element (STREAM triad, McCalpin). */
void kith_roofline_triad(int64_t n, float w, const float *b, const float *c, float *a);

/** Read the rows x[col[e]], e < n, of d columns: 4 d bytes each.  Returns a number that depends on all. */
float kith_roofline_gather(int64_t n, const kith_lid *col, int d, const float *x);

#endif
