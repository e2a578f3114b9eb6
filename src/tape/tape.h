/** What other rooms of the library use of tape, beyond kith/tape.h. */
#ifndef KITH_TAPE_TAPE_H
#define KITH_TAPE_TAPE_H

#include "kith/tape.h"
#include "halo/halo.h"
#include "ops/dense.h"
#include "ops/ops.h"
#include "tape/in_place.h"

/** Zeroed workspace of an op: `count` elements of `size` bytes.  Owned by the tape; null on failure.  Local.
 */
void *kith_tape_workspace(kith_tape *t, int64_t count, size_t size);

/** Store a failure while recording; the first one is kept.  Returns the tape's status.  Local. */
kith_status kith_tape_check(kith_tape *t, kith_status st);

/** Bytes allocated for tensors' values; their gradients; values of ghost rows, and the gradients that share
 * memory with them; workspaces. */
typedef struct kith_tape_bytes {
  int64_t value, grad, ghost, workspace;
} kith_tape_bytes;
kith_tape_bytes kith_tape_memory(const kith_tape *t);
/** Bytes of a tensor with its gradient.  Local. */
int64_t kith_tape_tensor_bytes(int64_t n_row, int d);

/** Call `progress(self)` after every op, forward and backward, so that work in the background advances;
 * null: nothing. */
void kith_tape_set_progress(kith_tape *t, void (*progress)(void *self), void *self);

/**
 * Zero all tensors but `keep` (null: all) and give their pages back to the system until the next run.  Local.
 *
 * @param workspaces  workspaces too: for tapes whose ops keep nothing there from one run to the next
 */
void kith_tape_discard(kith_tape *t, const kith_tensor *keep, bool workspaces);

/** The same without a gradient: for data, such as features.  Local. */
kith_tensor *kith_tape_constant(kith_tape *t, const kith_node_map *node_map, int d);
/** A tensor computed from `x` alone: constant if `x` is.  Local. */
kith_tensor *kith_tape_tensor_like(kith_tape *t, const kith_tensor *x, const kith_node_map *node_map, int d);

/** Rows of sparse features in place of dense rows.  Features stay with the owners of the rows. */
typedef struct kith_sparse_rows {
  const kith_features *features;     /**< of the owned rows */
  const kith_node_map *own;          /**< their nodes */
  const uint8_t *type;               /**< [n_own] of the owned rows: all 0 */
  const struct kith_leaf_rows *leaf; /**< sampled steps: the leaf rows; null: the owned rows themselves */
  const kith_exec_ctx *exec;
  double dropout; /**< of the values, with probability p; 0: none */
  uint64_t op;    /**< key of its masks */
} kith_sparse_rows;

/**
 * Rows of sparse features [rows of node_map, d]: constants without values.  kith_dropout_op() returns such
 * rows again, and kith_linear_op() multiplies them; no other op reads them.  Local.
 */
kith_tensor *kith_tape_sparse(kith_tape *t, const kith_node_map *node_map, int d,
                              const kith_sparse_rows *rows);
/** kith_dropout_op() and kith_linear_op() of such rows. */
kith_tensor *kith__sparse_dropout(kith_tape *t, kith_exec_ctx *exec, double p, const kith_tensor *x);
kith_tensor *kith__sparse_linear(kith_tape *t, const kith_tensor *x, kith_tensor *w, kith_tensor *b);
/** Fill dense [n_own, d] with such rows, as they are without dropout.  Local. */
void kith_sparse_densify(const kith_tensor *x, float *dense);

/** (1 - b) I + b w, of square weights w [d, d]: rows times it are (1 - b) x + b x w.  Local. */
kith_tensor *kith_identity_mix_op(kith_tape *t, float b, kith_tensor *w);

/** Sum over b of a[row, b] v_b: a [rows, B], and v [B k, d] holds the B matrices [k, d] one below the other.
 * Local. */
kith_tensor *kith_basis_op(kith_tape *t, kith_tensor *a, int row, kith_tensor *v);

/** kith_normalize_op() whose backward takes the lengths as they are: dx_i += dy_i / |x_i|.  For explanations.
 */
kith_tensor *kith_normalize_held_op(kith_tape *t, kith_tensor *x);
/** y_i = x_i of the nodes of a type, other rows zero.  Rows of x are nodes'.  Local. */
kith_tensor *kith_type_rows_op(kith_tape *t, int type, kith_tensor *x);

/** The rows first … first + n - 1 of weights `w`, with their gradients: no copy.  Local. */
kith_tensor *kith_row_view_op(kith_tape *t, kith_tensor *w, int64_t first, int64_t n);

/** Record an op whose `self` is made already: its `size` bytes at `made` are copied.  Returns y; null on
 * failure.  Local. */
kith_tensor *kith_tape_record(kith_tape *t, const char *name, bool collective, void (*forward)(void *self),
                              void (*backward)(void *self), const void *made, size_t size, kith_tensor *y);

/** Workspaces of a matrix of n_row rows and n_entry entries, and of its transpose with n_col columns and one
 * more for what is left out.  Null on failure.  Local. */
void kith_tape_csr_workspace(kith_tape *t, int64_t n_row, int64_t n_entry, kith_csr *csr);
void kith_tape_csc_workspace(kith_tape *t, int64_t n_col, int64_t n_entry, kith_csc *csc);

/* ---- ghost rows of the full graph (ghosts.c) ---- */

/** The buffer that tensors share for ghost rows: values in forward, gradients in backward. */
typedef struct kith_ghost_buffer {
  float *row; /**< [n] numbers: the widest exchange */
  int64_t n;
  int d;                     /**< width of the widest rows */
  float *host;               /**< not null: those of all ranks of this host, `d` wide; `row` lies in it */
  const kith_tensor *holder; /**< while recording: whose rows it has; null: an op's alone */
  int64_t value_taken, grad_taken; /**< bytes of ghost rows that tensors have of their own */
} kith_ghost_buffer;
kith_ghost_buffer *kith_tape_ghosts(kith_tape *t);

/** The buffer for n rows of d numbers while an op runs, also in backward.  It moves while ops are recorded:
 * read kith_ghost_buffer.row when run.  Null on failure.  Local. */
float *kith_ghost_buffer_reserve(kith_tape *t, int64_t n, int d);

/*
 * An op that exchanges rows of x, and each op that then reads x by the columns of a block, says so when it is
 * recorded; in sampled steps, whose blocks have no ghosts, these do nothing.  All are Local.
 */
/** An op that fills ghost rows of x (kith_tensor_ghosts()) and in backward returns their gradients. */
void kith_ghosts_fill(kith_tape *t, const kith_block *block, kith_tensor *x);
/** An op that fills ghost rows of x and reads them itself, in backward as well. */
void kith_ghosts_keep(kith_tape *t, const kith_block *block, kith_tensor *x);
/** An op that reads x; `kept`: in backward as well.  Fails where no op fills the ghosts of x. */
void kith_ghosts_read(kith_tape *t, const kith_block *block, kith_tensor *x, bool kept);

/** When run: the rows of x that a block's columns name; its ghost rows alone, to be filled. */
kith_node_rows kith_tensor_rows(const kith_tensor *x);
float *kith_tensor_ghosts(const kith_tensor *x);
/** Their gradients, as kith_tensor_grad(); and for an op that writes all of them, if it finds `add` false. */
kith_grad_rows kith_tensor_grad_rows(kith_tensor *x);
kith_grad_rows kith_tensor_mark_grad_rows(kith_tensor *x, bool *add);

/* For in_place.c: whether ghosts of x on this host can be read in place; whether they have gradients of their
 * own; and let them be read so.  host_grad: those of all ranks of the host; null: in the shared buffer. */
bool kith_ghosts_near(const kith_tensor *x);
bool kith_ghosts_have_grad(const kith_tensor *x);
void kith_ghosts_place(kith_tensor *x, const kith_in_place *in, float *host_grad, float *grad);
/** For the op that fills them, when run: null, ghost rows come by messages; and the gradients of them. */
const kith_in_place *kith_ghosts_in_place(const kith_tensor *x);
kith_shared_grads kith_ghosts_near_grads(const kith_tensor *x);

/* For tape.c. */
void kith_ghosts_begin_backward(kith_tensor *x);
void kith_ghosts_discard(kith_tensor *x);
void kith_ghosts_free(kith_tensor *x);

/** Rows of tensors that a block's columns name: own ones, and ghosts behind them.  Local. */
static inline int64_t kith_block_columns(const kith_block *block) {
  return block->src->capacity + block->src->n_ghost;
}

/** False for constants, which have no gradient. */
static inline bool kith_tensor_requires_grad(const kith_tensor *x) { return x->grad != NULL; }

/**
 * Mark the gradient as written and return whether it already was: if true, a backward function adds to it,
 * otherwise it overwrites all of it.
 */
bool kith_tensor_mark_grad_written(kith_tensor *x);

/* ---- parameters ---- */

enum { KITH_MAX_PARAMS = 512 };

int64_t kith_params_bytes(int64_t n_weight); /**< bytes of so many weights, with gradients and slots */
int kith_params_n(const kith_params *p);     /**< number of tensors */
const char *kith_params_name(const kith_params *p, int i);
const kith_tensor *kith_params_at(const kith_params *p, int i);

/* ---- the output of a model ---- */

/**
 * A model's output: final embedding = sum over terms i of weight_i h_i, each h_i added from column offset_i
 * on.  Equal offsets give a weighted sum of layers, different ones their concatenation.
 */
enum { KITH_MAX_LAYER_OUTPUTS = 67 }; /* KITH_MAX_LAYERS, the input rows and two dense layers */
typedef struct kith_output {
  const kith_gather_index *gather_index; /**< the rows that the step's batch gathers */
  kith_tensor *packed;                   /**< [most gathered rows, d] their final embeddings */
  bool
      all_rows; /**< compute all rows of the last layer, not only the gathered ones: for kith_output_rows() */
  const kith_node_map *last_rows;             /**< rows of tensors of the last layer, if they are fewer
                                                 (kith_gathered_rows_op()), … */
  const kith_gather_index *last_gather_index; /**< … and gather_index by their numbers */
  int n;                                      /**< terms */
  kith_tensor *h[KITH_MAX_LAYER_OUTPUTS];
  float weight[KITH_MAX_LAYER_OUTPUTS];
  bool learned; /**< whether the weights are learned (kith_layer_weights_op()) … */
  double dweight[KITH_MAX_LAYER_OUTPUTS]; /**< … and their gradients */
  int offset[KITH_MAX_LAYER_OUTPUTS];
} kith_output;

/** What the batch gathers of `h`. */
static inline const kith_gather_index *kith_output_index(const kith_output *out, const kith_tensor *h) {
  return out->last_rows && h->node_map == out->last_rows ? out->last_gather_index : out->gather_index;
}

/**
 * Add the term weight * h, from column `offset` on.  Computes the rows in gather_index only; for all rows see
 * kith_output_rows().  Record it right after h, so that backward adds to h's gradient while that is in cache.
 */
void kith_layer_combine_op(kith_tape *t, kith_output *out, float weight, int offset, kith_tensor *h);

/**
 * Learn the weights of the terms: weight = softmax(a).  Record it before the terms: term i is the i-th one
 * recorded, and the weight given there is ignored.
 *
 * @param a  [1, terms], a parameter
 */
void kith_layer_weights_op(kith_tape *t, kith_output *out, kith_tensor *a);

/** final [n, d]: the final embeddings of the owned rows first … first + n - 1.  Local; after
 * kith_tape_forward(). */
void kith_output_rows(const kith_output *out, int64_t first, int64_t n, int d, float *final);

/**
 * Learn weights of the relations of a block of a merged matrix.  Record it on each block, before edge dropout
 * and layers.  Nothing is recorded on a block of another matrix.  On the full graph Collective when run.
 *
 * @param omega  [relations of the matrix] parameters [1, 1]; null: the weight is fixed
 * Cost: a multiplication for each entry; in backward an inner product for each entry of a learned relation
 * and layer, and on the full graph one sum over ranks.
 */
void kith_relation_weights_op(kith_tape *t, const kith_block *block, kith_tensor *const *omega);

/**
 * For backward of y = M x with the block's weights: add to the gradient of each learned omega the sum over
 * its entries (i, j) of base <row_i, col_j>.  Local.
 *
 * @param row, col  [rows of the matrix, d], [columns, d]: y's gradient and x; of a symmetric matrix either
 * one
 */
void kith__relation_weights_backward(const kith_block *block, int d, const float *row, kith_node_rows col);
/** Whether that reads `col`.  Local. */
static inline bool kith__relation_weights_learned(const kith_block *block) {
  return block->merged && block->merged->base;
}

/**
 * Learn gates of ties in the full graph's merged matrix: an entry (i, j) of a gated relation weighs omega *
 * base * sigma(weight' [x_i * x_j] + bias).  Record it before kith_relation_weights_op(), edge dropout and
 * layers.  Nothing is recorded on a matrix without gated relations.  Collective when run.
 *
 * @param x       input rows, of nodes of the block
 * @param weight  [1, d], @param bias [1, 1]: parameters
 * @param omega   as for kith_relation_weights_op()
 * Cost: an exchange of x; 2 d multiplications for each gated entry; in backward 4 d for each of them and each
 * layer, and one sum over ranks.
 */
int64_t kith_gates_bytes(int64_t n_own, int d); /* of the op's workspace; Local */
void kith_gates_op(kith_tape *t, const kith_block *block, kith_tensor *x, kith_tensor *weight,
                   kith_tensor *bias, kith_tensor *const *omega);

/* ---- ops on the rows of a block ---- */

/*
 * A block is one layer of message passing: its destination rows (out) are computed from the source rows (in)
 * of their neighbors.  Every op records a new tensor and returns it; null in, null out.
 * All are Local unless they say Collective when run.
 */

/**
 * Edge dropout: the block without the edges that a training step drops, each with probability p and in both
 * directions.  Weights of sums are multiplied by 1 / (1 - p), so that sums keep their expectation; means,
 * maxima and softmaxes are taken over the remaining edges.  Evaluation drops nothing.
 *
 * The draw is keyed by (seed, step, both nodes, relation): all layers, blocks and ranks drop the same edges.
 * @return the reduced block, owned by the tape: `block` itself if p is 0; null on failure
 * Memory: 13 bytes an edge, 12 more where the block has a transpose.
 */
const kith_block *kith_edge_dropout_op(kith_tape *t, const kith_block *block, const kith_exec_ctx *exec,
                                       double p);

/** The number of a relation of a block, interactions not included (0); -1: the block has none of this name.
 * Local. */
int kith_block_relation(const kith_block *block, const char *name);

/**
 * One relation of a block of a merged matrix: its entries alone, in the same rows and columns and with the
 * same halo.  So a model can give each relation weights of its own.  Of its entries kith_aggregate_op() takes
 * with KITH_NORM_SYMMETRIC the matrix's own weights (kith_dist_csr_normalize()), which in sampled steps
 * estimate the full row without bias; with KITH_NORM_MEAN the mean of those that were sampled.
 * Record it after edge dropout.  Learned omegas get no gradient through it.  kith_propagate_op() reads it
 * where the relation is symmetric (KITH_DIRECTION_BOTH), since backward multiplies by the same entries.
 *
 * @param relation  0: interactions; others by kith_block_relation()
 * @return the block of the relation, owned by the tape; null on failure
 * Memory: 12 bytes an entry, 12 more where the block has a transpose; in sampled steps for as many entries as
 * the block may have.  Cost: one pass over the block's entries for each step, on the full graph only once.
 */
const kith_block *kith_relation_block_op(kith_tape *t, const kith_block *block, int relation);

/**
 * The same for the rows of nodes of one type: other rows have no entries.  -1: all rows.  A block that is of
 * no merged matrix has relation 0, all of its entries.
 */
const kith_block *kith_relation_rows_op(kith_tape *t, const kith_block *block, int relation, int type);

/**
 * The same for a meta-path, whose nodes read themselves, too (HAN): every row has its own node as the first
 * entry, of weight 1, and `scale` has the weights of the block's entries.  So KITH_NORM_MEAN is the mean by
 * these weights, the row itself included.
 */
const kith_block *kith_meta_path_block_op(kith_tape *t, const kith_block *block, int relation);

/**
 * y [rows, d] = sum over the meta-paths p of beta_p z_p (HAN: Wang et al., WWW 2019, eqs. 8 and 9), beta the
 * softmax over p of scores.
 *
 * @param comm    not null: the scores of a meta-path are averaged over the rows of all ranks, so that beta is
 *                one number for each; exact sums, so that its bits do not depend on the number of ranks.
 *                Collective when run.  Null: each row has its own beta.
 * @param n       at most KITH_MAX_RELATIONS + 1
 * @param score   [n] each [rows, 1]
 * @param z       [n] each [rows, d]
 */
kith_tensor *kith_semantic_op(kith_tape *t, const kith_comm *comm, int n, kith_tensor *const *score,
                              kith_tensor *const *z);

/**
 * Compute only the rows of the last layer that out->gather_index names; all of them where out->all_rows.
 * Record it on the full graph's block, after edge dropout and before the layer, whose tensors of destination
 * rows then have these rows alone.
 *
 * Can be read by kith_ghost_update_op(), kith_dst_rows_op(), kith_aggregate_op() and kith_attention_op(); by
 * no op with a row for each entry.
 * @return the block with these rows, owned by the tape: `block` itself in sampled steps, whose batch is all
 * of the last layer, and of a merged matrix; null on failure
 *
 * Memory: 24 bytes an owned row, 4 for each gathered one.
 */
const kith_block *kith_gathered_rows_op(kith_tape *t, const kith_block *block, kith_output *out);

/** How a layer propagates. */
typedef struct kith_propagation {
  /** For a layer that only the output reads: unless output->all_rows, forward computes the rows of
   * output->gather_index only, and backward reads only their gradients, at the cost of their entries; ranks
   * exchange only rows that this reads.  Null: all rows. */
  const kith_output *output;
  /** [kith_block_columns(), kith_bf16_words(d)] workspace, which layers of a tape may share: the rows that
   * are gathered, rounded to bf16, which the halo then exchanges.  Null: floats. */
  kith_bf16_pair *rounded;
} kith_propagation;

/**
 * kith_propagate_op() with options.  With `rounded`, y = A r(x) and dx += A' r(dy), where r rounds to bf16
 * and A and the sums are floats; weights of the block that are learned get no gradient.
 */
kith_tensor *kith_propagate_with_op(kith_tape *t, const kith_block *block, const kith_propagation *how,
                                    kith_tensor *x);

/**
 * y [rows, m] = f(x_0 w[0] + x_1 w[1] + bias[0] + bias[1]): a dense layer of one or two inputs, as
 * ops/dense.h describes it, in one pass forward and one backward.
 *
 * @param rows   of y.  An x may have more: those of a block's sources of which these are the destinations
 * @param slope  of LeakyReLU; 0: ReLU, 1: no activation
 * @param x, w, bias  [rows or more, k], [k, m] and [1, m]; x[1] and w[1] are ignored for KITH_DENSE_ONE; null
 * bias: none
 *
 * Memory: that of 64 gradients of the weights.  Bits are those of kith_product_nn(), not of kith_linear_op().
 */
kith_tensor *kith_dense_op(kith_tape *t, const kith_node_map *rows, kith_dense_inputs inputs, float slope,
                           kith_tensor *const x[2], kith_tensor *const w[2], kith_tensor *const bias[2]);

/** y [rows, sum of the d_i]: the columns of `n` tensors concatenated. */
enum { KITH_MAX_CONCAT = 16 };

/**
 * y_i [rows, d]: last state of an LSTM that reads the rows z_j of i's neighbors; zero without neighbors
 * (kith/lstm.h).  In training the order is a random permutation of each step, in evaluation that of the
 * matrix, which is by node key.
 *
 * @param z            [in rows, 4 d] x Wx + b; ghost rows must be filled
 * @param w            [d, 4 d]
 * @param max_entries  entries processed together: KITH_LSTM_MAX_ENTRIES, less in tests
 * Memory: 20 d + 36 bytes for each of these entries and 12 d + 8 for each of their rows, where entries are at
 * least those of the longest row and at most those of the block.  If the block has more, backward computes
 * forward again.
 */
enum { KITH_LSTM_MAX_ENTRIES = 1 << 16 };
kith_tensor *kith_lstm_op(kith_tape *t, const kith_block *block, const kith_exec_ctx *exec,
                          kith_eid max_entries, kith_tensor *z, kith_tensor *w);

/**
 * A gated recurrent unit on the rows that have a message (ops/gru.h); others keep h.
 *
 * @param on    [rows] 1: the row has a message; read when run
 * @param x, m  [rows, 3 d] message Wx + bx and h Wm + bm, gates in the order (reset, update, candidate)
 * @param h     [rows, d]
 * Memory: 12 d bytes a row.
 */
kith_tensor *kith_gru_op(kith_tape *t, const uint8_t *on, kith_tensor *x, kith_tensor *m, kith_tensor *h);

/**
 * Codes of time of rows: y [rows, K] = cos(exp(rate_k) age + phase_k).
 *
 * @param age          [rows] read when run
 * @param rate, phase  [1, K], K at most KITH_TIME_DIM (ops/time_code.h)
 * @param differs      y less the code of age 0
 */
kith_tensor *kith_code_rows_op(kith_tape *t, const kith_node_map *rows, bool differs, const float *age,
                               kith_tensor *rate, kith_tensor *phase);

/** What entries add to keys and values. */
typedef struct kith_coded_weights {
  kith_tensor *code, *base; /**< [entries, K]; [1, K] beside each of them in values alone, or null */
  kith_tensor *key, *value; /**< [K, d] */
  const float **alpha;      /**< gets where forward leaves the shares [entries, heads]; or null */
} kith_coded_weights;

/**
 * y [dst rows, d]: attention of q_i to k_j + code_e key, of v_j + (code_e + base) value, for the entries e =
 * (i, j) of row i (ops/coded_attention.h); zero for a row without entries.  Not for blocks with ghosts.
 *
 * @param heads  at most KITH_TIME_HEADS; d is divisible by it
 * @param q, k, v  [dst rows, d], [src rows, d] and [src rows, d]
 * Memory: 8 heads bytes an entry, 8 heads K a row.
 */
kith_tensor *kith_coded_attention_op(kith_tape *t, const kith_block *block, int heads, kith_tensor *q,
                                     kith_tensor *k, kith_tensor *v, kith_coded_weights w);

/* ---- attention: tensors [entries, heads] have a row for each entry of the block's matrix ---- */

/** y [rows, d / heads]: the mean of x's heads. */
kith_tensor *kith_head_mean_op(kith_tape *t, int heads, kith_tensor *x);

/**
 * y [dst rows, d] = kith_attend_op() of the kith_edge_softmax_op() of kith_edge_score_op(left, right), in one
 * pass over the entries and without a number for each of them; sums have another order than there.
 *
 * @param slope        0 … 1
 * @param left, right  [src rows, heads], at most KITH_ATTENTION_HEADS (ops/attention.h); ghost rows of right
 *                     and z must be filled
 * @param z            [src rows, d]
 * Memory: 4 d + 16 heads bytes a row.
 */
kith_tensor *kith_attention_op(kith_tape *t, const kith_block *block, float slope, kith_tensor *left,
                               kith_tensor *right, kith_tensor *z);

/** Dropout of the elements of x [entries, heads] with probability p < 1; y = x in evaluation. */
kith_tensor *kith_attention_dropout_op(kith_tape *t, const kith_block *block, kith_exec_ctx *exec, double p,
                                       kith_tensor *x);

/** Codes of time: of an entry of age t days the K numbers cos(omega_k t + phi_k). */
typedef struct kith_time_code {
  kith_tensor *omega, *phi; /**< [1, K] */
  kith_tensor *weight;      /**< [heads, K] */
} kith_time_code;

/**
 * kith_edge_score_op() with codes of time: s_e = LeakyReLU(left_i + right_j + sum over k of weight_k code_k)
 * of the entries whose age is known (kith_block.age), and without codes of others (ops/time_code.h). Memory:
 * 4 bytes an entry more than kith_edge_score_op().
 */
kith_tensor *kith_time_score_op(kith_tape *t, const kith_block *block, float slope, kith_tensor *left,
                                kith_tensor *right, kith_time_code code);

/** What kith_fuse_op() reads of one relation. */
typedef struct kith_fuse_input {
  const kith_block *block; /**< kith_relation_rows_op() */
  float weight;            /**< above 0 */
  kith_tensor *right, *z;  /**< [dst rows, 1], [dst rows, d] */
} kith_fuse_input;

/**
 * y_i [dst rows, d] = x_i + sum over k of gamma_ik z_ki, where gamma_i is the softmax of LeakyReLU(left_i +
 * right_ki) + log weight_k over the relations in which row i has entries (ops/fuse.h).
 *
 * @param n     1 … KITH_FUSE_TERMS relations of one block
 * @param left  [dst rows, 1], @param x [dst rows, d]
 * @param[out] gamma  [dst rows, n], a constant; null on failure
 * Memory: 4 n bytes a row.
 */
kith_tensor *kith_fuse_op(kith_tape *t, int n, const kith_fuse_input *in, float slope, kith_tensor *left,
                          kith_tensor *x, const kith_tensor **gamma);

/* ---- input rows, and rows that travel ---- */

/** Move packed rows from their owners to the ranks that requested them; backward moves the gradients back.
 * `h` is the dynamic halo as it is set up when run.  Collective when run. */
kith_tensor *kith_exchange_op(kith_tape *t, kith_halo *h, kith_tensor *packed, int64_t max_recv);
/** The same of rows of node maps: `rows` are those received, and packed's are those sent.  No other op reads
 * `packed`. */
kith_tensor *kith_exchange_rows_op(kith_tape *t, kith_halo *h, kith_tensor *packed,
                                   const kith_node_map *rows);

/**
 * All rows [rows of `rows`, d], on every rank, of which this rank owns some; backward sums the gradients that
 * ranks have of them, as floats, and gives each owner its own.  Collective when run.
 *
 * @param n_own, place  this rank's rows: place[i] is where row i is among all; live as long as the tape
 * @param own  packed: [n_own, d]; no other op reads it
 * Memory: rows and gradients of all; the messages are those of two sums over ranks.
 */
kith_tensor *kith_all_rows_op(kith_tape *t, const kith_comm *comm, kith_lid n_own, const int64_t *place,
                              const kith_node_map *rows, kith_tensor *own);

/**
 * Embeddings left out of the input rows of a training step (Volkovs et al., DropoutNet, NIPS 2017, section
 * 4.2): that of a node with probability p, by a draw of the step and the node, so alike on any number of
 * ranks.  What is left of a row is not scaled.
 */
typedef struct kith_forget {
  double p; /**< 0: none */
  const kith_exec_ctx *exec;
  const int64_t *node;     /**< [n_own] keys of the owned nodes */
  bool of[KITH_MAX_TYPES]; /**< types that have another source than their embeddings */
} kith_forget;

/**
 * How the first layer's input rows are computed on their owner: a row of x, or b + sum over the node's
 * features of value * w[feature], or both added.
 */
typedef struct kith_input {
  kith_lid n_own;
  int d;
  kith_tensor *x;                      /**< [n_own or more, d] embeddings, or constants; null: none */
  const uint8_t *type;                 /**< [n_own] type in the schema */
  bool uses_embedding[KITH_MAX_TYPES]; /**< whether rows of a type include a row of x */
  const kith_features *features;       /**< [n_own] */
  kith_tensor *w[KITH_MAX_TYPES], *b[KITH_MAX_TYPES]; /**< [features, d], [1, d]; w null: the type's features
                                                         are unused; b null: no bias */
  const kith_sparse_rows *dropped;                    /**< dropout of the features; null: none */
  kith_forget forget;                                 /**< embeddings that training steps leave out */
} kith_input;

/** Whether this step leaves the embedding of an owned row out.  Local. */
bool kith_input_forgets(const kith_input *in, kith_lid row);

/** One input row: y [d].  Local. */
void kith_input_row(const kith_input *in, kith_lid row, float *y);
/** Whether embeddings or weights of the input are learned. */
bool kith_input_requires_grad(const kith_input *in);
/** Whether any type's features are used. */
static inline bool kith_input_uses_features(const kith_input *in) {
  for (int t = 0; t < KITH_MAX_TYPES; t++)
    if (in->w[t]) return true;
  return false;
}

/** Backward for w and b: add the contribution of dy [n, d], gradients of the input rows row[i] (null: the
 * first n).  Local. */
void kith_input_backward_weights(const kith_input *in, int64_t n, const kith_lid *row, const float *dy);

/** All input rows of the full graph; x itself where no features are used and none is forgotten. */
kith_tensor *kith_input_op(kith_tape *t, const kith_input *in, const kith_node_map *node_map);

/** The leaf rows of a sampled step, which their owners send through a dynamic halo. */
typedef struct kith_leaf_rows {
  kith_halo *h;        /**< as it is set up when run */
  const kith_lid *row; /**< [received rows] the leaf row of each, when run */
  int64_t max_send;    /**< most rows that this rank sends in a step */
} kith_leaf_rows;

/** Gradients of embeddings, after backward of the gather of leaf rows. */
typedef struct kith_gather_remote {
  kith_lid n_grad_row; /**< the owned rows whose embedding has a gradient … */
  kith_lid *grad_row;  /**< [n_grad_row] … their numbers … */
  float *grad;         /**< [n_grad_row, d] … and the gradients */
} kith_gather_remote;

/**
 * Gather of a sampled step's leaf rows, computed by their owners.  Backward sends their gradients to the
 * owners, which sum those of one row in the order of the requests: by rank, then row.  Collective when run.
 *
 * @param from      the leaf rows
 * @param g         gradients of embeddings are stored here by backward; null: there are no embeddings
 * @param in        how the rows are computed.  Gradients of its weights are added to them; a constant x has
 * none and sends none back.  Features stay with the owner: a row sent has d columns
 * @param leaves    node_map of the leaf rows
 */
kith_tensor *kith_gather_remote_op(kith_tape *t, const kith_leaf_rows *from, kith_gather_remote *g,
                                   const kith_input *in, const kith_node_map *leaves);
/** Bytes of it: `n_leaf` leaf rows, `n_send` of them for others, [n_own, d] rows of the rank.  Local. */
int64_t kith_gather_remote_bytes(int64_t n_leaf, int64_t n_send, int64_t n_own, int d);

/**
 * L2 regularization: add *scale / 2 * l2_count * squared norm of every unique gathered row of x to *loss.
 * `scale` and `loss` are read when run.
 */
void kith_l2_op(kith_tape *t, const kith_gather_index *gather_index, const double *scale, kith_tensor *x,
                kith_exact_sum *loss);

#endif
