/**
 * Limits: kernels that only move memory, for kith bench to hold the real ones against; and what the BLAS says of itself.
 */
#ifndef KITH_LIMITS_H
#define KITH_LIMITS_H

#include "kith/ops.h"

/** a = b + w c, [n] each: 12 bytes a number (McCalpin's STREAM triad). */
void kith_limit_triad(int64_t n, float w, const float *b, const float *c, float *a);

/** Read the rows x[col[e]], [n] of them, d wide: 4 d bytes each, and nothing else. */
float kith_limit_gather(int64_t n, const kith_lid *col, int d, const float *x);

/** Name and version of the BLAS: "OpenBLAS 0.3.21". */
void kith_blas_library(size_t size, char *text);
/** The kind of processor that its kernels were chosen for. */
const char *kith_blas_kernels(void);
/** Whether the BLAS starts threads of its own, beside those of OpenMP. */
bool kith_blas_has_threads(void);

#endif
