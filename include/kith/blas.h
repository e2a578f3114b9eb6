/**
 * The BLAS: its name, the kernels that it chose, and better ones for this processor.
 */
#ifndef KITH_BLAS_H
#define KITH_BLAS_H

#include "kith/base.h"

/** How wide vector instructions are: what a processor can do, or what kernels use. */
typedef enum kith_simd { KITH_SIMD_SSE, KITH_SIMD_AVX, KITH_SIMD_AVX2, KITH_SIMD_AVX512 } kith_simd;

/** "SSE3", "AVX", "AVX2" or "AVX-512". */
const char *kith_simd_text(kith_simd v);
/** What this processor and its kernel can do (cpuid); KITH_SIMD_SSE on processors that are not x86-64.
 * Local. */
kith_simd kith_cpu_simd(void);

/** Name and version of the BLAS: "OpenBLAS 0.3.21". */
void kith_blas_library(size_t size, char *text);
/** The core type that OpenBLAS chose its kernels for; "unknown" for another BLAS. */
const char *kith_blas_core(void);
/** Whether the BLAS starts threads of its own, beside those of OpenMP. */
bool kith_blas_has_threads(void);

/** What kernels of that name use.  Names that this function does not have are newer than it:
 * KITH_SIMD_AVX512. */
kith_simd kith_blas_simd(const char *kernels);
/** Whether kernels use less than AVX2 on a processor that can do more: products then take two to three times
 * as long. */
bool kith_blas_is_slow(const char *kernels, kith_simd cpu);
/**
 * The core type to try next, for OPENBLAS_CORETYPE: the widest that the processor can do, then narrower ones.
 * @param tried how many have been tried; NULL when none is left
 */
const char *kith_blas_core_type(kith_simd cpu, int tried);
/**
 * Whether products of small integers, which are exact in any order of summation, are what a plain loop gives.
 * Local.  Cost: about a millisecond.
 */
bool kith_blas_is_correct(void);

#endif
