/**
 * The BLAS: its version, the kernels that it selected, and better ones for this processor.
 */
#ifndef KITH_OPS_BLAS_H
#define KITH_OPS_BLAS_H

#include "base/base.h"

/** SIMD instruction sets: of a processor, or used by kernels. */
typedef enum kith_simd { KITH_SIMD_SSE, KITH_SIMD_AVX, KITH_SIMD_AVX2, KITH_SIMD_AVX512 } kith_simd;

/** "SSE3", "AVX", "AVX2" or "AVX-512". */
const char *kith_simd_text(kith_simd v);
/** The widest that processor and operating system support (cpuid); KITH_SIMD_SSE where it is not x86-64.
 * Local. */
kith_simd kith_cpu_simd(void);

/** Name and version of the BLAS: "OpenBLAS 0.3.21". */
void kith_blas_library(size_t size, char *text);
/** The core type whose kernels OpenBLAS selected; "unknown" for another BLAS. */
const char *kith_blas_core(void);
/** Whether the BLAS creates threads of its own, besides OpenMP's. */
bool kith_blas_has_threads(void);

/** SIMD set of a core type's kernels.  Unknown names are newer than this function: KITH_SIMD_AVX512. */
kith_simd kith_blas_simd(const char *core);
/** Whether kernels use less than AVX2 on a processor that supports more: products then take two to three
 * times as long. */
bool kith_blas_is_slow(const char *core, kith_simd cpu);
/**
 * The core type to try next, for OPENBLAS_CORETYPE: the widest that the processor supports, then narrower
 * ones.
 * @param tried  how many were tried already; NULL when none is left
 */
const char *kith_blas_core_type(kith_simd cpu, int tried);
/**
 * Self-test: whether products of small integers, which are exact in any order of summation, equal those of a
 * plain loop.  Local.  Cost: about a millisecond.
 */
bool kith_blas_is_correct(void);

#endif
