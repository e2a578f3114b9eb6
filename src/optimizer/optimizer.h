/* The steps behind the table of optimizers; their arguments are those of kith_optimizer. */
#ifndef KITH_SRC_OPTIMIZER_OPTIMIZER_H
#define KITH_SRC_OPTIMIZER_OPTIMIZER_H

#include "kith/optimizer.h"

void kith__adam_step(const kith_optimizer_options *o, int64_t step, int64_t n, const float *g,
                     float *const *slot, float *p);
void kith__adam_step_rows(const kith_optimizer_options *o, int64_t step, int32_t n, const int32_t *row, int d,
                          const float *g, float *const *slot, float *p);
void kith__sgd_step(const kith_optimizer_options *o, int64_t step, int64_t n, const float *g,
                    float *const *slot, float *p);
void kith__sgd_step_rows(const kith_optimizer_options *o, int64_t step, int32_t n, const int32_t *row, int d,
                         const float *g, float *const *slot, float *p);
void kith__adagrad_step(const kith_optimizer_options *o, int64_t step, int64_t n, const float *g,
                        float *const *slot, float *p);
void kith__adagrad_step_rows(const kith_optimizer_options *o, int64_t step, int32_t n, const int32_t *row,
                             int d, const float *g, float *const *slot, float *p);

#endif
