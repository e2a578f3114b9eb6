/**
 * Optimizer: the update of parameters by their gradients, and the arrays ("slots") that it keeps for each
 * parameter: moments, velocities, sums of squares.
 *
 * An optimizer is a pair of functions: a dense step on all numbers, and a sparse step on some rows.  The
 * sparse step is lazy: slots of rows without a gradient are unchanged until their next one.  All functions
 * are Local.
 */
#ifndef KITH_OPTIMIZER_H
#define KITH_OPTIMIZER_H

#include "kith/base.h"

/** The optimizers, and in the same order their names in a job. */
typedef enum kith_optimizer_name { KITH_ADAM, KITH_ADAMW, KITH_SGD, KITH_ADAGRAD } kith_optimizer_name;
#define KITH_OPTIMIZER_NAMES "adam | adamw | sgd | adagrad"

typedef struct kith_optimizer_options {
  kith_optimizer_name name;
  double lr;           /**< learning rate */
  double beta1, beta2; /**< adam, adamw: decay of the first and second moment */
  double epsilon;      /**< adam, adamw, adagrad: added to the root in the denominator */
  double momentum;     /**< sgd: 0 is plain gradient descent */
} kith_optimizer_options;

KITH_API kith_optimizer_options
kith_optimizer_defaults(void); /**< adam, 0.001, 0.9, 0.999, 1e-8, momentum 0.9 */

typedef struct kith_optimizer {
  const char *name;                      /**< "adam" */
  int n_slot;                            /**< at most KITH_MAX_SLOTS */
  const char *slot_name[KITH_MAX_SLOTS]; /**< of the datasets in checkpoints */
  bool decoupled_decay;                  /**< weight decay shrinks parameters and is not added to gradients */
  /**
   * @param step     counts from 1
   * @param g        [n] gradient
   * @param slot, p  [n] each: slots and parameters; updated
   */
  void (*step)(const kith_optimizer_options *o, int64_t step, int64_t n, const float *g, float *const *slot,
               float *p);
  /** The same on rows row[i] of the slots and p [rows, d], with gradients g [n, d]. */
  void (*step_rows)(const kith_optimizer_options *o, int64_t step, int32_t n, const int32_t *row, int d,
                    const float *g, float *const *slot, float *p);
} kith_optimizer;

/**
 * The optimizer of a name: a constant, never null.
 *
 * - adam: Kingma and Ba, ICLR 2015, algorithm 1, with bias correction.  Slots m, v.
 * - adamw: the same with decoupled weight decay (Loshchilov and Hutter, ICLR 2019, algorithm 2).
 * - sgd: v = momentum v + g, p -= lr v (Polyak 1964; Sutskever et al., ICML 2013).  Slot v.
 * - adagrad: s += g^2, p -= lr g / (sqrt(s) + epsilon) (Duchi et al., JMLR 2011, diagonal form).  Slot s.
 */
KITH_API const kith_optimizer *kith_optimizer_get(kith_optimizer_name name);

#endif
