/**
 * Tape: operations recorded once, then run forward and backward at every step (reverse-mode differentiation).
 *
 * A tensor is a matrix of rows with its gradient.  An op is a name, a pair of functions and a flag that says
 * whether it is collective.  Recording allocates all memory; running allocates none.
 * An op that cannot be recorded stores a status in the tape and returns null.  Every op accepts null inputs
 * and then returns null.  So a model is written as formulas, and its caller checks kith_tape_status() once.
 */
#ifndef KITH_TAPE_H
#define KITH_TAPE_H

#include "kith/halo.h"
#include "kith/ops.h"

/** A matrix of rows with its gradient, row-major; owned by the tape or the kith_params that made it. */
typedef struct kith_tensor {
  int64_t n_row; /**< rows allocated, none of them ghosts; kith_tensor_n(): rows in use at this step */
  const kith_node_map
      *node_map; /**< one row for each node of this map, which changes by step; null: n_row fixed rows */
  int d;         /**< columns */
  float *value, *grad; /**< [n_row, d] each; grad is null for constants */
  bool grad_written;   /**< whether this backward pass has written grad; until then its content is stale */
  /** Rows of sparse features, a type internal to the library, without value and grad; null: dense rows. */
  struct kith_sparse_rows *sparse;
  /** Ghost rows, apart from the tensor's own, a type internal to the library; null: no op reads any. */
  struct kith_ghosts *ghosts;
  /** Rows that the ranks of this host read in place, a type internal to the library; null: none. */
  struct kith_shared_rows *shared;
} kith_tensor;

typedef struct kith_tape kith_tape;

/** State of a run, read by ops that behave differently in training: dropout and the LSTM's order. */
typedef struct kith_exec_ctx {
  bool training; /**< false: dropout is the identity */
  uint64_t seed; /**< random seed of the masks */
  uint64_t step; /**< training step, counted over all epochs */
  int n_dropout; /**< dropout ops recorded so far: the next one's key, so that each op has its own masks */
} kith_exec_ctx;

/** An empty tape.  Local.  Errors: KITH_ENOMEM. */
KITH_API kith_status kith_tape_create(kith_tape **out) KITH_MUST_USE;
/** Local; accepts null. */
KITH_API void kith_tape_destroy(kith_tape **tape);

/** A new tensor [n_row, d], zero, with a gradient.  Owned by the tape; null on failure.  Local. */
KITH_API kith_tensor *kith_tape_tensor(kith_tape *t, int64_t n_row, int d);

/**
 * Record an op.  Local.
 *
 * @param name        for messages
 * @param collective  whether its functions communicate
 * @param forward, backward  called with `self`; backward may be null
 * @param size        bytes of `self`
 * @return self, zeroed, owned by the tape; null on failure
 */
KITH_API void *kith_tape_op(kith_tape *t, const char *name, bool collective, void (*forward)(void *self),
                            void (*backward)(void *self), size_t size);

/** KITH_OK, or the first failure while recording.  Local. */
KITH_API kith_status kith_tape_status(const kith_tape *t) KITH_MUST_USE;

/** Run all ops in order.  Collective if any op is. */
KITH_API void kith_tape_forward(kith_tape *t);
/** Mark all gradients as unwritten, then run all ops backward, last one first.  Collective if any op is. */
KITH_API void kith_tape_backward(kith_tape *t);

/** A tensor with one row for each row of a node map.  Local. */
KITH_API kith_tensor *kith_tape_node_tensor(kith_tape *t, const kith_node_map *node_map, int d);

/** Rows in use at this step, without ghost rows. */
static inline int64_t kith_tensor_n(const kith_tensor *x) { return x->node_map ? x->node_map->n : x->n_row; }

/** The gradient, to be read or added to.  Zeroed first where this pass has not written it. */
KITH_API float *kith_tensor_grad(kith_tensor *x);

/* ---- parameters ---- */

/**
 * The dense weights of a model by name, replicated on every rank (embeddings are not among them: each rank
 * has those of its own rows, kith_train_state).  One flat block each for values, gradients and the
 * optimizer's slots; kith_weights is the view of these blocks, and tensors are the views of single weights.
 * A kith_tensor * stays valid until kith_params_destroy().  The blocks move when kith_params_get() adds a
 * weight, and the value and grad members of all tensors with them: read those anew after it, or at each step.
 * Backward functions always add to their gradients.
 */
typedef struct kith_params kith_params;

typedef enum kith_init {
  KITH_INIT_ZERO,
  KITH_INIT_ONE,
  KITH_INIT_IDENTITY, /**< of a square matrix */
  KITH_INIT_GLOROT    /**< uniform in +-sqrt(6 / (rows + columns)), Glorot and Bengio 2010 */
} kith_init;

/** No weights yet; `seed` keys their initial values.  Local.  Errors: KITH_ENOMEM. */
KITH_API kith_status kith_params_create(uint64_t seed, kith_params **out) KITH_MUST_USE;
/** Local; accepts null. */
KITH_API void kith_params_destroy(kith_params **params);
/** Get the weights `name`; the first call creates them [n_row, d].  Null on failure: see
 * kith_params_status().  Local. */
KITH_API kith_tensor *kith_params_get(kith_params *p, const char *name, int64_t n_row, int d, kith_init init);
/** KITH_OK, or the first failure of kith_params_get().  Local. */
KITH_API kith_status kith_params_status(const kith_params *p) KITH_MUST_USE;

/** View of all weights of a kith_params as flat blocks, in the order in which they were made.  Valid until
 * the next kith_params_get(). */
typedef struct kith_weights {
  int64_t n;                                  /**< numbers of all weights together */
  float *value, *grad, *slot[KITH_MAX_SLOTS]; /**< [n] each */
} kith_weights;
/** The view of the weights made so far.  Local. */
KITH_API kith_weights kith_params_weights(kith_params *p);

/** Set all gradients to zero.  Local. */
KITH_API void kith_params_zero_grad(kith_params *p);
/** Sum all gradients over the ranks: one all-reduce.  Collective. */
KITH_API void kith_params_allreduce_grad(kith_params *p, const kith_comm *comm);

/* ---- ops on the rows of a block ---- */

/*
 * Rules of all ops.  Recording is Local and runs nothing: the result y is a new tensor, owned by the tape,
 * whose values are there after kith_tape_forward().  What is said of forward and communication holds when the
 * op runs.
 *
 * An op without a block keeps the rows of its input, [rows, d].  An op with a block reads x [src rows, d],
 * ghost rows behind them on the full graph, and makes y [dst rows, d] (kith_block.src, dst); its backward
 * adds to the gradients of the src rows.  On the full graph src and dst are the same owned rows, unless dst
 * has a subset (kith_row_subset).
 */

/**
 * y [dst rows, d] = A x [src rows, d] with the block's own weights (kith_block.csr).  On the full graph
 * Collective when run: the halo exchange overlaps with the rows that need no ghosts; backward multiplies by
 * A, which is symmetric, or by the block's transpose.
 */
KITH_API kith_tensor *kith_propagate_op(kith_tape *t, const kith_block *block, kith_tensor *x);

/** y = x w + b: x [rows, k], w [k, m], b [1, m] or null.  Rows of sparse features are multiplied by their
 * owners: in sampled steps Collective when run. */
KITH_API kith_tensor *kith_linear_op(kith_tape *t, kith_tensor *x, kith_tensor *w, kith_tensor *b);
/** y = wa a + wb b; a and b have the same shape. */
KITH_API kith_tensor *kith_add_op(kith_tape *t, float wa, kith_tensor *a, float wb, kith_tensor *b);
/** y = a * b, elementwise. */
KITH_API kith_tensor *kith_hadamard_op(kith_tape *t, kith_tensor *a, kith_tensor *b);

/** y [rows, d_0 + … + d_{n-1}]: the columns of x[0], …, x[n - 1] side by side; the rows must be the same. */
KITH_API kith_tensor *kith_concat_op(kith_tape *t, int n, kith_tensor *const *x);
/** y = f(x), elementwise. */
KITH_API kith_tensor *kith_activate_op(kith_tape *t, kith_activation f, float slope, kith_tensor *x);
/** Dropout of elements, or of whole rows, with probability p < 1; y = x in evaluation. */
KITH_API kith_tensor *kith_dropout_op(kith_tape *t, kith_exec_ctx *exec, double p, bool rows, kith_tensor *x);
/** Rows divided by their Euclidean norms. */
KITH_API kith_tensor *kith_normalize_op(kith_tape *t, kith_tensor *x);

/** Fill x's ghost rows from their owners; backward adds their gradients to the owners' rows.  Returns x.
 * Collective when run on the full graph; in sampled steps it records nothing. */
KITH_API kith_tensor *kith_ghost_update_op(kith_tape *t, const kith_block *block, kith_tensor *x);
/** The block's destination rows among its source rows: x itself on the full graph. */
KITH_API kith_tensor *kith_dst_rows_op(kith_tape *t, const kith_block *block, kith_tensor *x);

/** Normalization of a sum over neighbors: the weight of entry (i, j). */
typedef enum kith_edge_norm {
  KITH_NORM_NONE, /**< 1 (in every case but SYMMETRIC times the entry's kith_block.scale, if it has one) */
  KITH_NORM_MEAN, /**< 1 / number of neighbors in the block (with scale: 1 / its sum over the row) */
  KITH_NORM_SYMMETRIC, /**< the block's own weight, usually 1 / sqrt(deg i deg j), or an unbiased estimate */
  KITH_NORM_SELF_LOOPS /**< 1 / sqrt((deg i + 1)(deg j + 1)), and 1 / (deg i + 1) for the row itself (Kipf and
                          Welling, ICLR 2017, eq. 8) */
} kith_edge_norm;
/** y_i [dst rows, d] = weighted sum over the entries (i, j) of row i of x_j [src rows, d].  Ghost rows of x
 * must be filled (kith_ghost_update_op()). */
KITH_API kith_tensor *kith_aggregate_op(kith_tape *t, const kith_block *block, kith_edge_norm norm,
                                        kith_tensor *x);
/** y_i [dst rows, d] = elementwise maximum over the entries (i, j) of row i of x_j [src rows, d], ghost rows
 * filled; zero for a row without entries. */
KITH_API kith_tensor *kith_aggregate_max_op(kith_tape *t, const kith_block *block, kith_tensor *x);

/* ---- attention: tensors [entries, heads] have a row for each entry of the block's matrix ---- */

/** y_i = sum over entries e of row i of alpha_e x[col_e], per head: alpha [entries, heads], x [src rows, d],
 * y [dst rows, d].  Head h has the columns h d / heads … (h + 1) d / heads - 1; d is divisible by heads. */
KITH_API kith_tensor *kith_attend_op(kith_tape *t, const kith_block *block, kith_tensor *alpha,
                                     kith_tensor *x);
/** y [rows, heads]: of x [rows, d] and a [1, d], per head the inner product of the head's d / heads columns.
 */
KITH_API kith_tensor *kith_head_dot_op(kith_tape *t, int heads, kith_tensor *a, kith_tensor *x);

/** s [entries, heads]: s_e = LeakyReLU(left_i + right_j) for every entry e = (i, j) of the block, with
 * negative slope `slope`; left and right [src rows, heads]; ghost rows of right must be filled. */
KITH_API kith_tensor *kith_edge_score_op(kith_tape *t, const kith_block *block, float slope,
                                         kith_tensor *left, kith_tensor *right);
/** alpha [entries, heads]: softmax of s [entries, heads] over the entries of each row, per head. */
KITH_API kith_tensor *kith_edge_softmax_op(kith_tape *t, const kith_block *block, kith_tensor *s);

#endif
