/*
 * Softmax over the candidates of the global batch, in tiles of users and tiles of candidates.
 * Candidates are numbered: the items of all pairs, then the shared negatives.
 *
 * Forward, this rank's users: logits against all candidates, probabilities P, loss, and du = (P - I / w)
 * items
 * * w / (pairs * tau), w the weight of the log of the sum.  Backward, this rank's candidates: the logits
 * again, transposed, and di = (P' - I / w) users * w / (pairs * tau).  Computing the logits twice costs a
 * third more products than once, but no gradient has to be summed over ranks.
 *
 * Without in-batch candidates a pair's own item is no other pair's candidate and is computed outside the
 * tiles.
 */
#include <math.h>

#include "loss/loss.h"
#include "ops/product.h"

typedef struct softmax {
  const kith_comm *comm;
  const kith_batch *b;
  int max_pair, max_candidate; /* of a step */
  kith_loss_options options;
  kith_tensor *rows; /* embeddings before normalization */
  kith_tensor *user; /* [max_pair, d] normalized rows of all pairs; gradients of this rank's only */
  kith_tensor *item; /* [max_candidate, d] normalized rows of all candidates; gradients of this rank's only */
  kith_tensor *norm; /* [max_pair + max_candidate, 1] of this rank's users; from max_pair on of its items,
                        from 2 max_pair on of its shared negatives */
  kith_tensor *lse;  /* [max_pair, 1] */
  kith_tensor *own;  /* [max_pair, 1] logit of each pair's own item before the bias; grad: its probability
                        where  it is outside the tiles */
  kith_tensor *bias; /* [max_candidate, 1] logq * log frequency of the candidates */
  kith_tensor *tile; /* [threads * KITH_TILE, max_candidate] logits */
  int *gather;       /* [2 size] scratch of the all-gather */
  kith_exact_sum *loss;
} softmax;

/* A tile: pairs first … first + m - 1 of the batch, or shared negatives. */
typedef struct softmax_tile {
  int64_t first;
  int m;
} softmax_tile;

/* Tile `t` of this rank's range, first[rank] … first[rank + 1] - 1. */
static softmax_tile softmax_tile_at(const softmax *o, const int64_t *first, int64_t t) {
  int64_t low = first[o->comm->rank] + t * KITH_TILE, left = first[o->comm->rank + 1] - low;
  return (softmax_tile){low, (int)(left < KITH_TILE ? left : KITH_TILE)};
}

static int64_t softmax_n_tile(const softmax *o, const int64_t *first) {
  return (first[o->comm->rank + 1] - first[o->comm->rank] + KITH_TILE - 1) / KITH_TILE;
}

static float *softmax_row(const kith_tensor *x, int64_t i) { return x->value + (size_t)i * (size_t)x->d; }
static float *softmax_drow(const kith_tensor *x, int64_t i) { return x->grad + (size_t)i * (size_t)x->d; }

/* s [m, n] = logits of m rows with n others. */
static void softmax_logits(const softmax *o, int m, int n, const float *rows, const float *others, float *s) {
  kith_product_nt(m, n, o->user->d, (float)(1 / o->options.temperature), rows, others, false, s);
}

/* Common factor of all gradients. */
static float softmax_scale(const softmax *o) {
  return (float)(o->options.log_sum_weight / ((double)(int)o->b->n_global * o->options.temperature));
}

static bool softmax_own_in_sum(const softmax *o) { return o->options.positive == KITH_POSITIVE_IN_SUM; }

/* What the gradient subtracts from the probability of pair p's own item: nothing without other candidates. */
static float softmax_target(const softmax *o, int64_t p) {
  return o->lse->value[p] == KITH_EMPTY_SUM ? 0 : (float)(1 / o->options.log_sum_weight);
}

static double softmax_pair_loss(const softmax *o, int64_t p) {
  double lse = (double)o->lse->value[p], own = (double)(o->own->value[p] - o->bias->value[p]);
  return o->lse->value[p] == KITH_EMPTY_SUM ? 0 : o->options.log_sum_weight * lse - own;
}

/* drows [m, d] = s [m, n] others * w / (pairs * temperature). */
static void softmax_gradient(const softmax *o, int m, int n, const float *s, const float *others,
                             float *drows) {
  kith_product_nn(m, o->user->d, n, softmax_scale(o), s, others, false, drows);
}

static float *softmax_tile_buffer(const softmax *o) {
  return o->tile->value + (size_t)kith_thread_num() * KITH_TILE * (size_t)o->max_candidate;
}

static float *softmax_norm(const softmax *o, int which) {
  return o->norm->value + (size_t)which * (size_t)o->max_pair;
}
static kith_lid softmax_n_shared(const softmax *o) {
  return (kith_lid)(o->b->shared.first[o->comm->rank + 1] - o->b->shared.first[o->comm->rank]);
}

/* Normalize this rank's rows, then all-gather. */
static void softmax_normalize(softmax *o) {
  const kith_batch *b = o->b;
  int d = o->rows->d;
  int64_t at = b->tile_first[o->comm->rank];
  kith_gather_normalize_forward(b->n_pair, b->user_row, d, o->rows->value, softmax_row(o->user, at),
                                softmax_norm(o, 0));
  kith_gather_normalize_forward(b->n_pair, b->positive_row, d, o->rows->value, softmax_row(o->item, at),
                                softmax_norm(o, 1));
  kith_allgather_rows(o->comm, b->tile_first, d, o->gather, o->user->value);
  kith_allgather_rows(o->comm, b->tile_first, d, o->gather, o->item->value);
  if (b->shared.n == 0) return;
  float *shared = softmax_row(o->item, b->n_global);
  kith_gather_normalize_forward(softmax_n_shared(o), b->negative_row, d, o->rows->value,
                                shared + (size_t)b->shared.first[o->comm->rank] * (size_t)d,
                                softmax_norm(o, 2));
  kith_allgather_rows(o->comm, b->shared.first, d, o->gather, shared);
}

/* In batch, frequencies are relative to pairs / edges: degrees; those of the shared negatives are scaled
 * likewise. */
static void softmax_bias(softmax *o) {
  const kith_batch *b = o->b;
  float logq = (float)o->options.logq, *bias = o->bias->value;
  float log_scale =
      o->options.inbatch && b->n_global > 0 ? (float)log((double)b->g->n_edge / (double)b->n_global) : 0;
  for (int64_t i = 0; i < b->n_global; i++) bias[i] = o->options.inbatch ? logq * b->log_degree[i] : 0;
  for (int s = 0; s < b->shared.n; s++)
    bias[b->n_global + s] = logq * (b->shared.log_expected[s] + log_scale);
}

/* Mask the false negatives of a tile of users: the candidates are columns of s [m, ld]. */
static void softmax_mask_rows(const softmax *o, const kith_false_negative_mask *h, softmax_tile t, int ld,
                              float *s) {
  for (int64_t w = 0; w * KITH_TILE < h->n; w++)
    for (int i = 0; i < t.m; i++)
      for (uint64_t known = h->mask[w * o->b->n_global + t.first + i]; known; known &= known - 1)
        s[(int64_t)i * ld + w * KITH_TILE + __builtin_ctzll(known)] = -INFINITY;
}

/* The same for a tile of candidates: s [m, pairs] are probabilities. */
static void softmax_mask_columns(const softmax *o, const kith_false_negative_mask *h, softmax_tile t,
                                 float *s) {
  int64_t n = o->b->n_global;
  const uint64_t *known = h->mask + t.first / KITH_TILE * n;
  if (h->n == 0) return;
  for (int64_t j = 0; j < n; j++)
    for (uint64_t left = known[j]; left; left &= left - 1) s[__builtin_ctzll(left) * n + j] = 0;
}

/* A tile of users against all pairs' items and shared negatives. */
static void softmax_users_in_batch(const softmax *o, softmax_tile t, float *s) {
  const kith_batch *b = o->b;
  int n = (int)b->n_global + b->shared.n;
  softmax_logits(o, t.m, n, softmax_row(o->user, t.first), o->item->value, s);
  softmax_mask_rows(o, &b->mask, t, n, s);
  softmax_mask_rows(o, &b->shared.mask, t, n, s + b->n_global);
  for (int i = 0; i < t.m; i++) o->own->value[t.first + i] = s[(size_t)i * (size_t)n + (size_t)(t.first + i)];
  kith_inbatch_softmax_rows(t.m, n, t.first, b->item, o->bias->value, softmax_own_in_sum(o), s,
                            o->lse->value + t.first);
  for (int i = 0; i < t.m; i++)
    s[(size_t)i * (size_t)n + (size_t)(t.first + i)] -= softmax_target(o, t.first + i);
  softmax_gradient(o, t.m, n, s, o->item->value, softmax_drow(o->user, t.first));
}

/* A tile of users against shared negatives; loss and gradients of their own items are added outside the tile.
 */
static void softmax_users_sampled(const softmax *o, softmax_tile t, float *s) {
  const kith_batch *b = o->b;
  int n = b->shared.n, d = o->user->d;
  const float *shared = softmax_row(o->item, b->n_global);
  float *logit = o->own->value + t.first, *probability = o->own->grad + t.first;
  softmax_logits(o, t.m, n, softmax_row(o->user, t.first), shared, s);
  softmax_mask_rows(o, &b->shared.mask, t, n, s);
  for (int i = 0; i < t.m; i++) {
    logit[i] = kith_dot(d, softmax_row(o->user, t.first + i), softmax_row(o->item, t.first + i)) /
               (float)o->options.temperature;
    probability[i] = softmax_own_in_sum(o) ? logit[i] : 0;
  }
  kith_sampled_softmax_rows(t.m, n, o->bias->value + b->n_global, s,
                            softmax_own_in_sum(o) ? probability : NULL, o->lse->value + t.first);
  softmax_gradient(o, t.m, n, s, shared, softmax_drow(o->user, t.first));
  for (int i = 0; i < t.m; i++) {
    const float *u = softmax_row(o->user, t.first + i), *x = softmax_row(o->item, t.first + i);
    float w = softmax_scale(o) * (probability[i] - softmax_target(o, t.first + i)),
          *du = softmax_drow(o->user, t.first + i), *dx = softmax_drow(o->item, t.first + i);
    for (int k = 0; k < d; k++) du[k] += w * x[k];
    for (int k = 0; k < d; k++) dx[k] = w * u[k];
  }
}

static void softmax_forward(void *self) {
  softmax *o = self;
  const kith_batch *b = o->b;
  softmax_normalize(o);
  softmax_bias(o);
#pragma omp parallel for schedule(dynamic)
  for (int64_t k = 0; k < softmax_n_tile(o, b->tile_first); k++) {
    softmax_tile t = softmax_tile_at(o, b->tile_first, k);
    if (o->options.inbatch) softmax_users_in_batch(o, t, softmax_tile_buffer(o));
    else softmax_users_sampled(o, t, softmax_tile_buffer(o));
  }
  int64_t first = b->tile_first[o->comm->rank];
  for (int64_t p = first; p < first + b->n_pair; p++)
    kith_exact_sum_add(o->loss, softmax_pair_loss(o, p) / (double)b->n_global);
  kith_allgather_rows(o->comm, b->tile_first, 1, o->gather, o->lse->value);
}

/* A tile of the pairs' items against all users. */
static void softmax_items(const softmax *o, softmax_tile t, float *s) {
  const kith_batch *b = o->b;
  int n = (int)b->n_global;
  softmax_logits(o, t.m, n, softmax_row(o->item, t.first), o->user->value, s);
  kith_inbatch_softmax_columns(t.m, n, t.first, b->item, o->bias->value, o->lse->value, softmax_own_in_sum(o),
                               s);
  softmax_mask_columns(o, &b->mask, t, s);
  for (int i = 0; i < t.m; i++)
    s[(size_t)i * (size_t)n + (size_t)(t.first + i)] -= softmax_target(o, t.first + i);
  softmax_gradient(o, t.m, n, s, o->user->value, softmax_drow(o->item, t.first));
}

/* A tile of shared negatives against all users. */
static void softmax_shared(const softmax *o, softmax_tile t, float *s) {
  int n = (int)o->b->n_global;
  int64_t at = n + t.first;
  softmax_logits(o, t.m, n, softmax_row(o->item, at), o->user->value, s);
  kith_sampled_softmax_columns(t.m, n, o->bias->value + at, o->lse->value, s);
  softmax_mask_columns(o, &o->b->shared.mask, t, s);
  softmax_gradient(o, t.m, n, s, o->user->value, softmax_drow(o->item, at));
}

/* Backward of the normalization. */
static void softmax_normalize_backward(softmax *o) {
  const kith_batch *b = o->b;
  int d = o->rows->d;
  int64_t at = b->tile_first[o->comm->rank], shared = b->n_global + b->shared.first[o->comm->rank];
  kith_gather_normalize_backward(b->n_pair, b->user_row, d, softmax_row(o->user, at), softmax_norm(o, 0),
                                 softmax_drow(o->user, at), o->rows->grad);
  kith_gather_normalize_backward(b->n_pair, b->positive_row, d, softmax_row(o->item, at), softmax_norm(o, 1),
                                 softmax_drow(o->item, at), o->rows->grad);
  if (b->shared.n == 0) return;
  kith_gather_normalize_backward(softmax_n_shared(o), b->negative_row, d, softmax_row(o->item, shared),
                                 softmax_norm(o, 2), softmax_drow(o->item, shared), o->rows->grad);
}

static void softmax_backward(void *self) {
  softmax *o = self;
  const kith_batch *b = o->b;
  int64_t n_item = o->options.inbatch ? softmax_n_tile(o, b->tile_first) : 0,
          n_shared = softmax_n_tile(o, b->shared.first);
#pragma omp parallel for schedule(dynamic)
  for (int64_t k = 0; k < n_item + n_shared; k++) {
    if (k < n_item) softmax_items(o, softmax_tile_at(o, b->tile_first, k), softmax_tile_buffer(o));
    else softmax_shared(o, softmax_tile_at(o, b->shared.first, k - n_item), softmax_tile_buffer(o));
  }
  softmax_normalize_backward(o);
}

int64_t kith_softmax_bytes(int64_t n_pair, int64_t n_shared, int d) {
  int64_t n_candidate = n_pair + n_shared;
  return kith_tape_tensor_bytes(n_pair + n_candidate, d + 1) +
         kith_tape_tensor_bytes(2 * n_pair + n_candidate, 1) +
         kith_tape_tensor_bytes((int64_t)kith_max_threads() * KITH_TILE, (int)n_candidate);
}

void kith_softmax_op(kith_tape *t, const kith_comm *comm, const kith_batch *b,
                     const kith_loss_options *options, kith_tensor *rows, kith_exact_sum *loss) {
  if (!rows) return;
  int max_pair = b->shape.pairs, max_candidate = max_pair + b->shape.n_shared;
  softmax made = {.comm = comm,
                  .b = b,
                  .max_pair = max_pair,
                  .max_candidate = max_candidate,
                  .options = *options,
                  .rows = rows,
                  .loss = loss};
  made.user = kith_tape_tensor(t, max_pair, rows->d);
  made.item = kith_tape_tensor(t, max_candidate, rows->d);
  made.norm = kith_tape_tensor(t, (int64_t)max_pair + max_candidate, 1);
  made.lse = kith_tape_tensor(t, max_pair, 1);
  made.own = kith_tape_tensor(t, max_pair, 1);
  made.bias = kith_tape_tensor(t, max_candidate, 1);
  made.tile = kith_tape_tensor(t, (int64_t)kith_max_threads() * KITH_TILE, max_candidate);
  made.gather = kith_tape_workspace(t, 2 * (int64_t)comm->size, sizeof *made.gather);
  softmax *o = kith_tape_op(t, "softmax", true, softmax_forward, softmax_backward, sizeof *o);
  if (o) *o = made;
}
