/*
 * In-batch softmax over the whole global batch, in tiles of users and tiles of items.
 *
 * Forward, this rank's users: logits against all items, probabilities P, loss, and du = (P - I) items / (pairs * tau).
 * Backward, this rank's items: the logits again, from the items' side, and di = (P' - I) users / (pairs * tau).
 * Computing logits twice costs a third more products than once, but no gradient then has to be summed over ranks.
 */
#include <math.h>

#include "kith/loss.h"

typedef struct softmax {
  const kith_comm *comm;
  const kith_batch *b;
  int batch;          /* most pairs in a step */
  double temperature, logq;
  kith_tensor *rows;  /* as they arrived */
  kith_tensor *user, *item; /* [batch, d] unit rows of all places; gradients for this rank's places only */
  kith_tensor *norm;  /* [2 * batch, 1] of this rank's users, then of its items */
  kith_tensor *lse;   /* [batch, 1] */
  kith_tensor *bias;  /* [batch, 1] logq * log degree of the items */
  kith_tensor *tile;  /* [threads * KITH_TILE, batch] logits */
  kith_sum *loss;
} softmax;

/* A tile: the places first … first + m - 1 of the batch. */
typedef struct softmax_tile {
  int64_t first;
  int m;
} softmax_tile;

static softmax_tile softmax_tile_at(const softmax *o, int64_t t) {
  int64_t low = o->b->tile_first[o->comm->rank], high = o->b->tile_first[o->comm->rank + 1];
  int64_t first = low + t * KITH_TILE, left = high - first;
  return (softmax_tile){first, (int)(left < KITH_TILE ? left : KITH_TILE)};
}

static int64_t softmax_n_tile(const softmax *o) { return (o->b->n_pair + KITH_TILE - 1) / KITH_TILE; }

/* grad of `mine` at the tile's places = (s - I) others / (pairs * temperature), where s [m, n] are probabilities. */
static void softmax_pull(const softmax *o, softmax_tile t, float *s, const kith_tensor *others, kith_tensor *mine) {
  int n = (int)o->b->n_global, d = mine->d;
  float scale = (float)(1 / ((double)n * o->temperature));
  for (int i = 0; i < t.m; i++) s[(size_t)i * (size_t)n + (size_t)(t.first + i)] -= 1;
  kith_gemm_nn(t.m, d, n, scale, s, others->value, 0, mine->grad + (size_t)t.first * (size_t)d);
}

static void softmax_logits(const softmax *o, softmax_tile t, const kith_tensor *mine, const kith_tensor *others, float *s) {
  const float *from = mine->value + (size_t)t.first * (size_t)mine->d;
  kith_gemm_nt(t.m, (int)o->b->n_global, mine->d, (float)(1 / o->temperature), from, others->value, 0, s);
}

static float *softmax_room(const softmax *o) {
  return o->tile->value + (size_t)kith_thread() * KITH_TILE * (size_t)o->batch;
}

/* The places this rank handles, normalised, then shared with all. */
static void softmax_arrange(softmax *o) {
  const kith_batch *b = o->b;
  size_t at = (size_t)b->tile_first[o->comm->rank] * (size_t)o->user->d;
  kith_normalise_forward(b->n_pair, b->at[0], o->rows->d, o->rows->value, o->user->value + at, o->norm->value);
  kith_normalise_forward(b->n_pair, b->at[1], o->rows->d, o->rows->value, o->item->value + at, o->norm->value + o->batch);
  kith_share_rows(o->comm, b->tile_first, o->user->d, o->user->value);
  kith_share_rows(o->comm, b->tile_first, o->item->d, o->item->value);
}

static void softmax_forward(void *self) {
  softmax *o = self;
  softmax_arrange(o);
  int n = (int)o->b->n_global;
  for (int i = 0; i < n; i++) o->bias->value[i] = (float)o->logq * o->b->log_degree[i];
  float *cosine = o->lse->grad; /* the logit of each pair itself, kept before it is turned into a probability */
#pragma omp parallel for schedule(dynamic)
  for (int64_t k = 0; k < softmax_n_tile(o); k++) {
    softmax_tile t = softmax_tile_at(o, k);
    float *s = softmax_room(o);
    softmax_logits(o, t, o->user, o->item, s);
    for (int i = 0; i < t.m; i++) cosine[t.first + i] = s[(size_t)i * (size_t)n + (size_t)(t.first + i)];
    kith_softmax_rows(t.m, n, t.first, o->b->item, o->bias->value, s, o->lse->value + t.first);
    softmax_pull(o, t, s, o->item, o->user);
  }
  int64_t first = o->b->tile_first[o->comm->rank];
  for (int64_t p = first; p < first + o->b->n_pair; p++)
    kith_sum_add(o->loss, ((double)o->lse->value[p] - (double)(cosine[p] - o->bias->value[p])) / (double)n);
  kith_share_rows(o->comm, o->b->tile_first, 1, o->lse->value);
}

static void softmax_backward(void *self) {
  softmax *o = self;
  const kith_batch *b = o->b;
#pragma omp parallel for schedule(dynamic)
  for (int64_t k = 0; k < softmax_n_tile(o); k++) {
    softmax_tile t = softmax_tile_at(o, k);
    float *s = softmax_room(o);
    softmax_logits(o, t, o->item, o->user, s);
    kith_softmax_columns(t.m, (int)b->n_global, t.first, b->item, o->bias->value, o->lse->value, s);
    softmax_pull(o, t, s, o->user, o->item);
  }
  size_t at = (size_t)b->tile_first[o->comm->rank] * (size_t)o->user->d;
  kith_normalise_backward(b->n_pair, b->at[0], o->rows->d, o->user->value + at, o->norm->value, o->user->grad + at, o->rows->grad);
  kith_normalise_backward(b->n_pair, b->at[1], o->rows->d, o->item->value + at, o->norm->value + o->batch,
                          o->item->grad + at, o->rows->grad);
}

void kith_softmax_op(kith_tape *t, const kith_comm *comm, const kith_batch *b, int batch, const kith_loss_options *options,
                     kith_tensor *rows, kith_sum *loss) {
  if (!rows) return;
  softmax made = {.comm = comm, .b = b, .batch = batch, .temperature = options->temperature, .logq = options->logq, .rows = rows, .loss = loss};
  made.user = kith_tape_tensor(t, batch, rows->d);
  made.item = kith_tape_tensor(t, batch, rows->d);
  made.norm = kith_tape_tensor(t, 2 * (int64_t)batch, 1);
  made.lse = kith_tape_tensor(t, batch, 1);
  made.bias = kith_tape_tensor(t, batch, 1);
  made.tile = kith_tape_tensor(t, (int64_t)kith_threads() * KITH_TILE, batch);
  softmax *o = kith_tape_op(t, "softmax", true, softmax_forward, softmax_backward, sizeof *o);
  if (o) *o = made;
}
