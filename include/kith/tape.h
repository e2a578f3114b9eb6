/**
 * Tape: records operations once, plays them forward and backward at every step.
 *
 * A tensor is a matrix of rows with its gradient.  An op is a name, a pair of functions, and a flag that says
 * whether every rank must be there (it communicates).  Recording allocates all memory; playing allocates
 * none. Ops that fail to be recorded leave a status in the tape and return null, which later ops accept: a
 * model is written as formulas and the status is asked for once, at the end.
 */
#ifndef KITH_TAPE_H
#define KITH_TAPE_H

#include "kith/halo.h"
#include "kith/ops.h"

typedef struct kith_tensor {
  int64_t n_row;           /**< rows allocated, ghosts included */
  const kith_frame *frame; /**< which nodes the rows are now; null: all rows are always there */
  int d;
  float *value, *grad; /**< [n_row, d] each; grad is null for data, whose gradient nobody asks for */
  bool grad_written;   /**< whether grad holds anything yet in this backward pass */
} kith_tensor;

typedef struct kith_tape kith_tape;

/** What ops that behave differently in training read when they are played. */
typedef struct kith_exec_ctx {
  bool training; /**< dropout drops */
  uint64_t seed; /**< of the masks */
  uint64_t step; /**< counted over all epochs */
  int n_dropout; /**< dropout ops recorded so far: each has masks of its own */
} kith_exec_ctx;

/** Local. */
kith_status kith_tape_create(kith_tape **out) KITH_MUST_USE;
/** Local; accepts null. */
void kith_tape_destroy(kith_tape **tape);

/** A new tensor, zero.  Lives as long as the tape; null on failure. */
kith_tensor *kith_tape_tensor(kith_tape *t, int64_t n_row, int d);

/** Zeroed workspace for an op's own use: `count` things of `size` bytes.  Lives as long as the tape; null on
 * failure. */
void *kith_tape_workspace(kith_tape *t, int64_t count, size_t size);

/**
 * Record an op.
 *
 * @param name      for messages
 * @param everyone  whether it communicates
 * @param forward, backward  called with `self`; backward may be null
 * @param size      bytes of `self`
 * @return self, zeroed, owned by the tape; null on failure
 */
void *kith_tape_op(kith_tape *t, const char *name, bool everyone, void (*forward)(void *self),
                   void (*backward)(void *self), size_t size);

/** Remember a failure while recording; returns the tape's status. */
kith_status kith_tape_check(kith_tape *t, kith_status st);

/** KITH_OK, or why something could not be recorded.  Local. */
kith_status kith_tape_status(const kith_tape *t) KITH_MUST_USE;

/** Bytes that a tape has taken for tensors and working spaces. */
typedef struct kith_tape_bytes {
  int64_t value, grad, workspace;
} kith_tape_bytes;
kith_tape_bytes kith_tape_memory(const kith_tape *t);

/** Play all ops in order.  Collective if any op is for everyone. */
void kith_tape_forward(kith_tape *t);
/** Call `between` after every op that is played, forward and backward, so that something else can go on;
 * null: nothing. */
void kith_tape_set_progress(kith_tape *t, void (*between)(void *self), void *self);
/** Forget all gradients, then exec all ops backward from the end. */
void kith_tape_backward(kith_tape *t);

/**
 * Make tensors zero, but for `keep`, so that large ones take no memory until the tape is played again; null
 * keeps none. With `rooms` also the ops' own workspace, for tapes whose ops know nothing from one playing to
 * the next.  Local.
 */
void kith_tape_discard(kith_tape *t, const kith_tensor *keep, bool rooms);

/** A tensor with a row for each row of a frame. */
kith_tensor *kith_tape_node_tensor(kith_tape *t, const kith_frame *frame, int d);
/** The same for data, such as features: it has no gradient. */
kith_tensor *kith_tape_constant(kith_tape *t, const kith_frame *frame, int d);
/** What is made of `x` alone: data if `x` is. */
kith_tensor *kith_tape_tensor_like(kith_tape *t, const kith_tensor *x, const kith_frame *frame, int d);

/** Rows that are there now, ghosts left out. */
static inline int64_t kith_tensor_n(const kith_tensor *x) { return x->frame ? x->frame->n : x->n_row; }

/** Whether a gradient is asked for: false for data. */
static inline bool kith_tensor_requires_grad(const kith_tensor *x) { return x->grad != NULL; }

/** The gradient, ready to be added to: zero (ghost rows too) if nothing was added in this backward pass. */
float *kith_tensor_grad(kith_tensor *x);

/**
 * To be asked by a backward function before it writes a tensor's gradient: true if something is there to be
 * added to, false if the gradient is still unwritten and is to be overwritten.
 */
bool kith_tensor_mark_grad_written(kith_tensor *x);

/* ---- parameters ---- */

/**
 * Dense weights: the same on every rank, in one flat block each for values, gradients and Adam's moments.  A
 * tensor of them is lent, and stays where it is when others are added.  Gradients are always added to.
 */
typedef struct kith_params kith_params;

typedef enum kith_init {
  KITH_INIT_ZERO,
  KITH_INIT_ONE,
  KITH_INIT_GLOROT
} kith_init; /**< uniform in +-sqrt(6 / (rows + columns)), Glorot and Bengio 2010 */

enum { KITH_MAX_PARAMS = 128 };

/** Local.  `seed` keys the initial values. */
kith_status kith_params_create(uint64_t seed, kith_params **out) KITH_MUST_USE;
void kith_params_destroy(kith_params **params);
/** The weights of that name: made by the first call, the same tensor for later ones; null on failure (see
 * kith_params_status). */
kith_tensor *kith_params_get(kith_params *p, const char *name, int64_t n_row, int d, kith_init init);
kith_status kith_params_status(const kith_params *p) KITH_MUST_USE;

/** All weights as flat blocks of `n` numbers: lent until the next kith_params_get(). */
typedef struct kith_weights {
  int64_t n;
  float *value, *grad, *m, *v;
} kith_weights;
kith_weights kith_params_weights(kith_params *p);

int kith_params_n(const kith_params *p); /**< how many tensors */
const char *kith_params_name(const kith_params *p, int i);
const kith_tensor *kith_params_at(const kith_params *p, int i);

/** Gradients = 0.  Local. */
void kith_params_zero_grad(kith_params *p);
/** Gradients = their sum over all ranks: one all-reduce.  Collective. */
void kith_params_allreduce_grad(kith_params *p, const kith_comm *comm);

/* ---- ops on the tape ---- */

/** Where a model's final embedding comes from: the sum of weight_i h_i, each placed from column at_i on. */
enum { KITH_MAX_LAYER_OUTPUTS = 17 };
typedef struct kith_output {
  const kith_gather_index *gather_index; /**< rows that the batch of the step asks for */
  kith_tensor *packed;                   /**< [most askings, d] their final embeddings */
  bool all_rows; /**< compute all rows of the last layer too, as kith_output_rows() needs */
  int n;
  kith_tensor *h[KITH_MAX_LAYER_OUTPUTS];
  float weight[KITH_MAX_LAYER_OUTPUTS];
  bool mixed;                             /**< weights are learned (kith_layer_weights_op) … */
  double dweight[KITH_MAX_LAYER_OUTPUTS]; /**< … and these are their gradients */
  int at[KITH_MAX_LAYER_OUTPUTS];
} kith_output;

/**
 * Edge dropout: the hop without the edges that a training step leaves out, each with probability p and in
 * both directions; the weights of sums grow by 1 / (1 - p), so that they keep their expectation.  Means,
 * maxima and softmaxes are taken over the edges that are left.  In evaluations all are there.
 *
 * Whether an edge goes belongs to (seed, step, its two nodes): every layer, hop and rank agrees about it.
 * @return the thinned hop, which lives as long as the tape: `hop` itself if p is 0; null on failure
 * Room: 13 bytes an entry, 12 more where the hop has a transpose.
 */
const kith_hop *kith_edge_dropout_op(kith_tape *t, const kith_hop *hop, const kith_exec_ctx *exec, double p);

/**
 * y = A x with the hop's own symmetric weights.  On the whole graph with halo exchange: the rows that need no
 * ghosts are computed while messages travel, and the backward pass gathers along A itself.
 */
kith_tensor *kith_propagate_op(kith_tape *t, const kith_hop *hop, kith_tensor *x);

/**
 * The same for a layer that nothing but the output reads: forward, only the rows that the batch asks for are
 * computed (all of them while r->all_rows), at the cost of their entries alone.
 */
kith_tensor *kith_propagate_last_op(kith_tape *t, const kith_hop *hop, const kith_output *r, kith_tensor *x);

/**
 * Add weight * h to the model's final embedding, from column `at` on.  Only the rows that the batch asks for
 * are computed; the whole is kith_output_rows().  Record it as soon as h is there: its gradient is then added
 * in while h's is still at hand.
 */
void kith_layer_combine_op(kith_tape *t, kith_output *r, float weight, int at, kith_tensor *h);

/**
 * Learn the weights of the terms: weight_i = softmax(a)_i.  Record it before the terms, which it does not
 * know: term i is the i-th that is recorded, and the weight given there is not used.
 *
 * @param a  [1, terms], part of the weights
 */
void kith_layer_weights_op(kith_tape *t, kith_output *r, kith_tensor *a);

/** final [n_own, d], all owned rows.  Local, after kith_tape_forward(). */
void kith_output_rows(const kith_output *r, int64_t n_own, int d, float *final);

/* Rows of models with weights.  Every op records a new tensor and returns it; null in, null out. */

/** y = x w + b: x [rows, k], w [k, m], b [1, m] or null. */
kith_tensor *kith_linear_op(kith_tape *t, kith_tensor *x, kith_tensor *w, kith_tensor *b);
/** y = wa a + wb b, rows and columns alike. */
kith_tensor *kith_add_op(kith_tape *t, float wa, kith_tensor *a, float wb, kith_tensor *b);
/** y = a * b, number by number. */
kith_tensor *kith_hadamard_op(kith_tape *t, kith_tensor *a, kith_tensor *b);
/** y [rows, sum of the widths]: columns of `n` tensors side by side. */
enum { KITH_MAX_CONCAT = 16 };
kith_tensor *kith_concat_op(kith_tape *t, int n, kith_tensor *const *x);
kith_tensor *kith_activate_op(kith_tape *t, kith_activation f, float slope, kith_tensor *x);
/** Drop numbers, or whole rows, with probability p < 1; y = x while not training. */
kith_tensor *kith_dropout_op(kith_tape *t, kith_exec_ctx *exec, double p, bool rows, kith_tensor *x);
/** Rows divided by their norms. */
kith_tensor *kith_normalize_op(kith_tape *t, kith_tensor *x);

/** Fill the ghost rows of x from their owners; on the way back bring their gradients home.  Returns x.
 * Nothing in sampled steps. */
kith_tensor *kith_ghost_update_op(kith_tape *t, const kith_hop *hop, kith_tensor *x);
/** The out rows of a hop among its in rows: x itself on the whole graph. */
kith_tensor *kith_dst_rows_op(kith_tape *t, const kith_hop *hop, kith_tensor *x);

/** How a row weighs its neighbors. */
typedef enum kith_edge_norm {
  KITH_NORM_NONE,      /**< 1 (in sampled hops all weights carry the entry's factor, kith_hop.scale) */
  KITH_NORM_MEAN,      /**< 1 / neighbors in the hop (the factors' share of their sum) */
  KITH_NORM_SYMMETRIC, /**< the hop's own weights: 1 / sqrt(deg i deg j), or an estimate of that sum */
  KITH_NORM_SELF_LOOPS /**< 1 / sqrt((deg i + 1)(deg j + 1)), and 1 / (deg i + 1) for the row itself (Kipf and
                     Welling, ICLR 2017, eq. 8) */
} kith_edge_norm;
/** y_i = weighed sum of the neighbors' rows of x; ghost rows must be filled. */
kith_tensor *kith_aggregate_op(kith_tape *t, const kith_hop *hop, kith_edge_norm how, kith_tensor *x);
/** y_i = the largest of the neighbors' rows, number by number. */
kith_tensor *kith_aggregate_max_op(kith_tape *t, const kith_hop *hop, kith_tensor *x);
/**
 * y_i [rows, d] = what an LSTM holds after reading the rows z_j of i's neighbors, one after the other: in
 * training in an order that is drawn for the step, in evaluations in that of original numbers; zero without
 * neighbors (kith/lstm.h).
 *
 * @param z     [in rows, 4 d] x Wx + b; ghost rows must be filled
 * @param w     [d, 4 d]
 * @param most  entries that are worked on together, KITH_LSTM_MAX_ENTRIES unless a test wants less
 * Room: 20 d + 36 bytes for each of them (or of the longest row's entries, if that is longer; no more than
 * the hop has), and 12 d + 8 for each of their rows.  If the hop has more, backward computes forward again.
 */
enum { KITH_LSTM_MAX_ENTRIES = 1 << 16 };
kith_tensor *kith_lstm_op(kith_tape *t, const kith_hop *hop, const kith_exec_ctx *exec, kith_eid most,
                          kith_tensor *z, kith_tensor *w);
/** y_i = sum of alpha_e x[col_e], head by head: alpha [entries, heads]. */
kith_tensor *kith_attend_op(kith_tape *t, const kith_hop *hop, kith_tensor *alpha, kith_tensor *x);
/** y [rows, heads]: head by head the inner product of x's columns with a [1, d]. */
kith_tensor *kith_head_dot_op(kith_tape *t, int heads, kith_tensor *a, kith_tensor *x);
/** y [rows, d / heads]: the mean of x's heads. */
kith_tensor *kith_head_mean_op(kith_tape *t, int heads, kith_tensor *x);
/** s_e = LeakyReLU(left_i + right_j) for every entry e = (i, j): left, right [in rows, heads]. */
kith_tensor *kith_edge_score_op(kith_tape *t, const kith_hop *hop, float slope, kith_tensor *left,
                                kith_tensor *right);
/** Softmax of s over the entries of each row, head by head. */
kith_tensor *kith_edge_softmax_op(kith_tape *t, const kith_hop *hop, kith_tensor *s);
/** Drop numbers of entries with probability p < 1; y = x while not training. */
kith_tensor *kith_attention_dropout_op(kith_tape *t, const kith_hop *hop, kith_exec_ctx *exec, double p,
                                       kith_tensor *x);

/** Packed rows at their owners → rows at those who asked (the movable halo as it is aimed when played). */
kith_tensor *kith_exchange_op(kith_tape *t, kith_halo *h, kith_tensor *packed, int64_t max_want);

/**
 * How the rows that the first layer reads are made of what a rank holds of its own nodes: a row of x, or the
 * features' weights, row = b + sum over the node's features of value * w, or the sum of both.
 */
typedef struct kith_input {
  kith_lid n_own;
  int d;
  kith_tensor *x;                  /**< [n_own or more, d] embeddings, or data; null: there are none */
  const uint8_t *type;             /**< [n_own] kith_node_type */
  bool uses_embedding[KITH_TYPES]; /**< whether rows of a type have a row of x in them */
  const kith_features *features;   /**< [n_own] */
  kith_tensor *w[KITH_TYPES],
      *b[KITH_TYPES]; /**< [features, d], [1, d]; null: the type's features are not read */
} kith_input;

/** One input row: y [d].  Local. */
void kith_input_row(const kith_input *in, kith_lid row, float *y);
/** Whether anything in the rows is learned. */
bool kith_input_requires_grad(const kith_input *in);
/** Whether features' weights are in the rows. */
static inline bool kith_input_uses_features(const kith_input *in) {
  return in->w[KITH_USER] || in->w[KITH_ITEM];
}

/** Add the gradients dy [n, d] of the input rows row[i] (null: of the first n) to those of the weights.
 * Local. */
void kith_input_backward_weights(const kith_input *in, int64_t n, const kith_lid *row, const float *dy);

/** The input rows of the whole graph; x itself where no features are read. */
kith_tensor *kith_input_op(kith_tape *t, const kith_input *in, const kith_frame *frame);

/**
 * The rows that a sampled step begins with: made by their owners, copied from their owners along a movable
 * halo; on the way back their gradients go home, where those of one row are summed in the order in which they
 * were asked for.
 */
typedef struct kith_gather_remote {
  kith_halo *h;        /**< as it is aimed when played */
  const kith_lid *row; /**< [n_want] leaf row of each wanted row */
  kith_lid n_grad_row; /**< after backward: owned rows whose embeddings have a gradient … */
  kith_lid *grad_row;  /**< [n_grad_row] … which ones … */
  float *grad;         /**< [n_grad_row, d] … and their gradients */
} kith_gather_remote;

/**
 * @param in      what the rows are made of: gradients of embeddings stand in f afterwards, those of weights
 * are added.  Data has none: nothing travels home.  Features stay where they are: what travels has d columns
 * @param leaves  frame of the leaf rows
 * @param most_send  the most rows that this rank is asked for
 */
kith_tensor *kith_gather_remote_op(kith_tape *t, kith_gather_remote *f, const kith_input *in,
                                   const kith_frame *leaves, int64_t most_send);

/**
 * Half the squared norm of every asked-for row of x, once per asking that counts, times *scale, added to
 * *loss. Both pointers are read when the op is played.
 */
void kith_l2_op(kith_tape *t, const kith_gather_index *gather_index, const double *scale, kith_tensor *x,
                kith_sum *loss);

#endif
