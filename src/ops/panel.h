/**
 * Rows times a packed panel: the inner kernel of ranking and of kith_product_*().
 *
 * Every element of the result is one chain of multiply-adds over k in order, fused where the CPU has FMA
 * (since 2013).  Its bits depend neither on its position nor on the instruction set.  A BLAS does not
 * guarantee that: its kernels for the middle and the edge of a matrix round differently.
 */
#ifndef KITH_OPS_PANEL_H
#define KITH_OPS_PANEL_H

#include "ops/blas.h"
#include "ops/ops.h"

enum {
  KITH_PANEL = 32,      /**< columns of a panel */
  KITH_PANEL_ROWS = 12, /**< rows that the widest kernel sums at once */
};

/** Element (i, l) of a matrix is x[i * row + l * column]. */
typedef struct kith_strided {
  const float *x;
  size_t row, column;
} kith_strided;

/** What happens to c. */
typedef struct kith_panel_output {
  size_t ld;   /**< leading dimension */
  float scale; /**< factor of the finished sum; 1 leaves its bits */
  bool add;    /**< the chain starts with the element of c, else with zero */
} kith_panel_output;

/** c [m, KITH_PANEL] = scale * (c or 0 + a [m, k] panel [k, KITH_PANEL]).  Local, one thread. */
void kith_panel_product(int m, int k, kith_strided a, const float *panel, kith_panel_output o, float *c);

/** The same with the kernel of `simd`, which the CPU must support: for tests. */
void kith_panel_product_simd(kith_simd simd, int m, int k, kith_strided a, const float *panel,
                             kith_panel_output o, float *c);

/** panel [k, KITH_PANEL] = columns 0 … n - 1 of b (n at most KITH_PANEL), then zeros. */
void kith_panel_pack(int n, int k, kith_strided b, float *panel);

#endif
