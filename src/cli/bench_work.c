/*
 * Rows of the last layer that the batch does not read are counted only where the model computes them.
 *
 * Counted are the passes that no order of the same sums avoids: every matrix product gathers a row for each
 * entry, every dense layer reads its inputs and writes its result, and backward the same once more.  Not
 * counted is what may stay in registers or a cache: activations, normalization, attention's exponentials,
 * dropout's draws, bias, and the copies of an implementation.
 */
#include "cli/bench_work.h"

typedef struct work {
  const kith_model_options *o;
  const bench_sizes *s;
  bench_work w;
} work;

/* Rows that layer l computes, and their entries. */
typedef struct work_rows {
  double n, entries;
} work_rows;

static work_rows work_rows_of(const work *w, int l) {
  bool some = l + 1 == w->o->layers && kith_model_gathers_last(w->o);
  return some ? (work_rows){(double)w->s->requested_rows, (double)w->s->requested}
              : (work_rows){(double)w->s->n_own, (double)w->s->entries};
}

/* y = A x of d columns, forward and backward: entries are gathered, x and y are streams. */
static void work_aggregate(work *w, work_rows rows, int d) {
  w->w.gathered += 2 * rows.entries * d;
  w->w.streamed += (rows.n + (double)w->s->n_own) * d; /* y, and the gradient of x, are written */
  w->w.exchanges += 2;
  w->w.exchanged += 2.0 * (kith_model_rounds_rows(w->o) ? kith_bf16_words(d) : d);
}

/* y [n, m] = x [n, k] w: three products, one forward and two backward. */
static void work_dense(work *w, double n, int k, int m) {
  w->w.products += 3 * n * k * m;
  w->w.streamed += n * (k + m);     /* forward: x is read, y written */
  w->w.streamed += n * (k + m + k); /* backward: x and y's gradient are read, x's is written */
}

/* The input rows are read once more, and their gradient is read and written. */
static void work_residual(work *w, double share, int d) {
  if (share > 0) w->w.streamed += 3.0 * (double)w->s->n_own * d;
}

/* The requested rows of the last layer, too, but its tensors have all rows; with bf16 backward reads all. */
static void work_lightgcn(work *w, int l) {
  double all = (double)w->s->entries, some = l + 1 < w->o->layers ? all : (double)w->s->requested;
  double backward = kith_model_rounds_rows(w->o) ? all : some;
  work_residual(w, w->o->residual, w->o->dim);
  work_aggregate(w, (work_rows){(double)w->s->n_own, (some + backward) / 2}, w->o->dim);
}

static void work_ngcf(work *w, int l) {
  work_rows rows = work_rows_of(w, l);
  work_aggregate(w, rows, w->o->dim);
  work_dense(w, rows.n, 2 * w->o->dim, w->o->dim);
}

static void work_gcn(work *w, int l) {
  int k = w->o->dim, m = kith_model_layer_dim(w->o, l);
  work_dense(w, (double)w->s->n_own, k, m);
  work_aggregate(w, work_rows_of(w, l), m);
  work_residual(w, w->o->residual, k);
}

/* Between two dense layers. */
static void work_gcnii(work *w, int l) {
  int d = w->o->dim;
  if (l == 0) work_dense(w, (double)w->s->n_own, d, d);
  work_aggregate(w, work_rows_of(w, l), d);
  work_residual(w, w->o->gcnii.alpha, d);
  work_dense(w, (double)w->s->n_own, d, d);
  if (l + 1 == w->o->layers) work_dense(w, (double)w->s->n_own, d, kith_model_layer_dim(w->o, l));
}

/* Every node is its own neighbor, too. */
static void work_gat(work *w, int l) {
  int k = w->o->dim, m = kith_model_layer_dim(w->o, l);
  bool averages = l + 1 == w->o->layers && w->o->gat.last_merge == KITH_HEADS_AVERAGE;
  if (averages) m *= w->o->gat.last_heads > 0 ? w->o->gat.last_heads : w->o->gat.heads;
  work_rows rows = work_rows_of(w, l);
  work_dense(w, (double)w->s->n_own, k, m);
  work_aggregate(w, (work_rows){rows.n, rows.entries + rows.n}, m);
}

/* The LSTM's products are those of its state, 4 d columns, for each entry. */
static void work_sage(work *w, int l) {
  int k = w->o->dim, m = kith_model_layer_dim(w->o, l);
  if (w->o->sage.aggregator == KITH_SAGE_POOL) work_dense(w, (double)w->s->n_own, k, k);
  if (w->o->sage.aggregator == KITH_SAGE_LSTM) {
    work_dense(w, (double)w->s->n_own, k, 4 * k);
    work_dense(w, (double)w->s->entries, k, 4 * k);
  }
  work_rows rows = work_rows_of(w, l);
  work_aggregate(w, rows, k);
  work_dense(w, rows.n, 2 * k, m);
}

static void work_pinsage(work *w, int l) {
  int k = w->o->dim;
  work_dense(w, (double)w->s->n_own, k, k);
  work_aggregate(w, work_rows_of(w, l), k);
  work_dense(w, (double)w->s->n_own, 2 * k, k);
  if (l + 1 < w->o->layers) return;
  work_dense(w, (double)w->s->n_own, k, k);
  work_dense(w, (double)w->s->n_own, k, kith_model_layer_dim(w->o, l));
}

/* A row is multiplied by its own matrix, and its mean in each relation by one. */
static void work_rgcn(work *w, int l) {
  int k = w->o->dim, m = kith_model_layer_dim(w->o, l), n = 2 + kith_model_relations(w->o)->n;
  work_aggregate(w, work_rows_of(w, l), k);
  for (int r = 0; r < n; r++) work_dense(w, (double)w->s->n_own, k, m);
}

/* Sums over neighbors, and their fusion: forward reads a row and its sum and writes one, backward likewise.
 */
static void work_diffnet(work *w, int l) {
  work_aggregate(w, work_rows_of(w, l), w->o->dim);
  w->w.streamed += 6.0 * (double)w->s->n_own * w->o->dim;
}

/* The behaviors' layers gather the entries of their own relations: on average an equal share of the matrix.
 * Rows of users and of items have matrices of their own, so that each row is multiplied once. */
static void work_cascade(work *w, int l) {
  const kith_model_options *o = w->o;
  double rows = (double)w->s->n_own, entries = (double)w->s->entries / o->cascade.order.n;
  bool transforms = !o->cascade.residual && o->cascade.transform != KITH_CASCADE_NONE;
  work_aggregate(w, (work_rows){rows, entries}, o->dim);
  for (int b = 0, at = 0; transforms && b + 1 < o->cascade.order.n; b++) {
    at += kith_cascade_behavior_layers(o, b);
    if (at == l) work_dense(w, rows, o->dim, o->dim);
  }
}

static void work_none(work *w, int l) { (void)w, (void)l; }

static void (*const work_layer[KITH_SPECTRAL + 1])(work *w, int l) = {
    [KITH_RGCN] = work_rgcn,     [KITH_LIGHTGCN] = work_lightgcn, [KITH_MF] = work_none,
    [KITH_NGCF] = work_ngcf,     [KITH_GCNII] = work_gcnii,       [KITH_GCN] = work_gcn,
    [KITH_GAT] = work_gat,       [KITH_SAGE] = work_sage,         [KITH_PINSAGE] = work_pinsage,
    [KITH_SPECTRAL] = work_none, [KITH_DIFFNET] = work_diffnet,   [KITH_CASCADE] = work_cascade,
};

/* Softmax: logits and gradients for the users of the pairs, and the same for their candidates. */
static double work_softmax(double pairs, double candidates, double width) {
  return 4 * pairs * candidates * width;
}

/* The rows of the batch travel to the loss, and their gradients back. */
static void work_loss(work *w, const kith_loss_options *loss, int negatives) {
  double width = kith_model_output_dim(w->o), pairs = (double)w->s->pairs;
  double candidates = (w->s->overlaps ? (double)w->s->batch : 0) + (double)w->s->shared;
  bool softmax = loss->name == KITH_SOFTMAX;
  w->w.gathered += 2 * pairs * (softmax ? 2 : 2 + negatives) * width;
  w->w.products += softmax ? work_softmax(pairs, candidates, width) : pairs * (1 + negatives) * 3 * width;
}

/* Adam reads four streams of the embeddings and writes three. */
static void work_update(work *w) { w->w.streamed += 7.0 * (double)w->s->n_own * w->o->dim; }

bool bench_work_has_layers(const kith_model_options *model) { return work_layer[model->name] != NULL; }

bench_work bench_step_work(const kith_model_options *model, const kith_loss_options *loss, int negatives,
                           const bench_sizes *s) {
  work w = {.o = model, .s = s};
  for (int l = 0; bench_work_has_layers(model) && l < kith_model_n_layer(model); l++) {
    w.w.last = -w.w.exchanged;
    work_layer[model->name](&w, l);
    w.w.last += w.w.exchanged;
  }
  work_loss(&w, loss, negatives);
  work_update(&w);
  return w.w;
}

double bench_loss_products(const kith_model_options *model, const kith_loss_options *loss, double batch) {
  const double candidates = (loss->inbatch ? batch : 0) + (double)loss->shared;
  return loss->name == KITH_SOFTMAX ? work_softmax(batch, candidates, kith_model_output_dim(model)) : 0;
}
