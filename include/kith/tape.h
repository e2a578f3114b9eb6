/**
 * Tape: records operations once, plays them forward and backward at every step.
 *
 * A tensor is a matrix of rows with its gradient.  An op is a name, a pair of functions, and a flag that says whether
 * every rank must be there (it communicates).  Recording allocates all memory; playing allocates none.
 * Ops that fail to be recorded leave a status in the tape and return null, which later ops accept: a model is written
 * as formulas and the status is asked for once, at the end.
 */
#ifndef KITH_TAPE_H
#define KITH_TAPE_H

#include "kith/halo.h"
#include "kith/ops.h"

typedef struct kith_tensor {
  int64_t n_row;       /**< rows allocated, ghosts included */
  int d;
  float *value, *grad; /**< [n_row, d] each */
  bool touched;        /**< whether grad holds anything yet in this backward pass */
} kith_tensor;

typedef struct kith_tape kith_tape;

/** Local. */
kith_status kith_tape_create(kith_tape **out) KITH_MUST_USE;
/** Local; accepts null. */
void kith_tape_destroy(kith_tape **tape);

/** A new tensor, zero.  Lives as long as the tape; null on failure. */
kith_tensor *kith_tape_tensor(kith_tape *t, int64_t n_row, int d);

/** Zeroed room for an op's own use: `count` things of `size` bytes.  Lives as long as the tape; null on failure. */
void *kith_tape_room(kith_tape *t, int64_t count, size_t size);

/**
 * Record an op.
 *
 * @param name      for messages
 * @param everyone  whether it communicates
 * @param forward, backward  called with `self`; backward may be null
 * @param size      bytes of `self`
 * @return self, zeroed, owned by the tape; null on failure
 */
void *kith_tape_op(kith_tape *t, const char *name, bool everyone, void (*forward)(void *self), void (*backward)(void *self), size_t size);

/** KITH_OK, or why something could not be recorded.  Local. */
kith_status kith_tape_status(const kith_tape *t) KITH_MUST_USE;

/** Play all ops in order.  Collective if any op is for everyone. */
void kith_tape_forward(kith_tape *t);
/** Forget all gradients, then play all ops backward from the end. */
void kith_tape_backward(kith_tape *t);

/**
 * To be asked by a backward function before it writes a tensor's gradient: true if something is there to be added to,
 * false if the gradient is still unwritten and is to be overwritten.
 */
bool kith_tensor_touch(kith_tensor *x);

/* ---- ops on the tape ---------------------------------------------------------------------------------------------- */

/** Where a model's final embedding comes from: x = sum of weight_i h_i. */
enum { KITH_READOUT_MOST = 17 };
typedef struct kith_readout {
  const kith_picks *picks; /**< rows that the batch of the step asks for */
  kith_tensor *packed;     /**< [most askings, d] their final embeddings */
  bool whole;              /**< compute all rows of the last layer too, as kith_readout_all() needs */
  int n;
  kith_tensor *h[KITH_READOUT_MOST];
  float weight[KITH_READOUT_MOST];
} kith_readout;

/** y = A x with halo exchange; the rows that need no ghosts are computed while messages travel. */
kith_tensor *kith_propagate_op(kith_tape *t, kith_relation *a, kith_tensor *x);

/**
 * The same for a layer that nothing but the readout reads: forward, only the rows that the batch asks for are computed
 * (all of them while r->whole), at the cost of their entries alone.
 */
kith_tensor *kith_propagate_last_op(kith_tape *t, kith_relation *a, const kith_readout *r, kith_tensor *x);

/**
 * Add weight * h to the model's final embedding.  Only the rows that the batch asks for are computed; the whole is
 * kith_readout_all().  Record it as soon as h is there: its gradient is then added in while h's is still at hand.
 */
void kith_readout_op(kith_tape *t, kith_readout *r, float weight, kith_tensor *h);

/** final [n_own, d] = sum of weight_i h_i, all owned rows.  Local, after kith_tape_forward(). */
void kith_readout_all(const kith_readout *r, int64_t n_own, float *final);

/** Packed rows at their owners → rows at those who asked (the movable halo as it is aimed when played). */
kith_tensor *kith_exchange_op(kith_tape *t, kith_halo *h, kith_tensor *packed, int64_t max_want);

/**
 * Half the squared norm of every asked-for row of x, once per asking, times *scale, added to *loss.
 * Both pointers are read when the op is played.
 */
void kith_l2_op(kith_tape *t, const kith_picks *picks, const double *scale, kith_tensor *x, kith_sum *loss);

#endif
