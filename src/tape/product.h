/** A product of rows some of which travel: what has come is summed while the rest is under way. */
#ifndef KITH_TAPE_PRODUCT_H
#define KITH_TAPE_PRODUCT_H

#include "halo/strips.h"
#include "ops/ops.h"

/** to = csr rows, or += it: of all rows, or of those at positions in the matrix. */
typedef struct kith_product {
  const kith_csr *csr;
  kith_lid n_interior, n;        /**< rows, those without ghosts first */
  const kith_lid *position;      /**< [n] null: all rows of csr */
  const uint8_t *some;           /**< [columns] 0: the row is zero; null: none is known to be */
  int d;                         /**< columns */
  kith_node_rows rows;           /**< whole rows, and where ghosts come */
  const kith_bf16_pair *rounded; /**< not null: these in place of them */
  bool add;
  float *to; /**< [rows of csr, d] */
} kith_product;

/** The first n interior rows.  Local. */
void kith_product_interior(const kith_product *m, kith_lid n);
/**
 * All rows from `first` on, an interior one: interior rows, then the others in each strip of columns that has
 * come.  The order of summation within a row does not depend on it.  Collective; ends the exchange.
 */
void kith_product_run(const kith_product *m, kith_lid first, kith_strips *s);

#endif
