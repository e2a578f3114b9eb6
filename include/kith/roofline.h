/**
 * Limits: kernels that only move memory, for kith bench to hold the real ones against.
 */
#ifndef KITH_ROOFLINE_H
#define KITH_ROOFLINE_H

#include "kith/ops.h"

/** a = b + w c, [n] each: 12 bytes a number (McCalpin's STREAM triad). */
void kith_roofline_triad(int64_t n, float w, const float *b, const float *c, float *a);

/** Read the rows x[col[e]], [n] of them, d wide: 4 d bytes each, and nothing else. */
float kith_roofline_gather(int64_t n, const kith_lid *col, int d, const float *x);

#endif
