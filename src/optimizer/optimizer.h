/** What other rooms of the library use of optimizer, beyond kith/optimizer.h. */
#ifndef KITH_OPTIMIZER_OPTIMIZER_H
#define KITH_OPTIMIZER_OPTIMIZER_H

#include "kith/optimizer.h"
#include "base/base.h"

/**
 * Sparse (lazy) Adam: the same step on the rows row[i] of p, m, v [rows, d], with gradients g [n, d].  The
 * moments of other rows are unchanged until their next gradient.  Local.
 */
void kith_adam_step_rows(const kith_adam_options *o, int64_t step, int32_t n, const int32_t *row, int d,
                         const float *g, float *m, float *v, float *p);

#endif
