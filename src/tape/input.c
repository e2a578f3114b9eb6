/* The input rows: embeddings, weighted sums of features, or both. */
#include <string.h>

#include "tape/tape.h"

/* Dropout of this run; null: none. */
static const kith_feature_dropout *input_dropout(const kith_input *in, kith_feature_dropout *drop) {
  const kith_sparse_rows *s = in->dropped;
  if (!s || !s->exec->training) return NULL;
  *drop = (kith_feature_dropout){
      .of = {.p = s->dropout, .seed = s->exec->seed, .step = s->exec->step, .op = s->op},
      .node = s->own->node};
  return drop;
}

bool kith_input_forgets(const kith_input *in, kith_lid row) {
  const kith_forget *f = &in->forget;
  if (f->p == 0 || !f->exec->training || !f->of[in->type[row]]) return false;
  kith_draw draw = kith_random(f->exec->seed, KITH_RNG_FORGET, f->exec->step, (uint64_t)f->node[row], 0);
  return kith_random_unit(draw.bits[0]) < f->p;
}

void kith_input_row(const kith_input *in, kith_lid row, float *y) {
  size_t d = (size_t)in->d, bytes = d * sizeof(float);
  int t = in->type[row];
  if (in->uses_embedding[t] && !kith_input_forgets(in, row)) memcpy(y, in->x->value + (size_t)row * d, bytes);
  else memset(y, 0, bytes);
  if (!in->w[t]) return;
  for (int k = 0; in->b[t] && k < in->d; k++) y[k] += in->b[t]->value[k];
  kith_feature_dropout drop;
  kith_features_forward(in->features, input_dropout(in, &drop), row, in->d, in->w[t]->value, y);
}

bool kith_input_requires_grad(const kith_input *in) {
  return kith_input_uses_features(in) || (in->x && kith_tensor_requires_grad(in->x));
}

void kith_input_backward_weights(const kith_input *in, int64_t n, const kith_lid *row, const float *dy) {
  float *dw[KITH_MAX_TYPES] = {NULL}, *db[KITH_MAX_TYPES] = {NULL};
  for (int t = 0; t < KITH_MAX_TYPES; t++) {
    if (!in->w[t]) continue;
    dw[t] = kith_tensor_grad(in->w[t]);
    if (in->b[t]) db[t] = kith_tensor_grad(in->b[t]);
  }
  kith_feature_dropout drop;
  kith_features_backward(in->features, input_dropout(in, &drop), in->type, n, row, in->d, dy, dw, db);
}

/* ---- on the full graph ---- */

typedef struct input {
  kith_input in;
  kith_tensor *y;
} input;

static void input_forward(void *self) {
  input *o = self;
#pragma omp parallel for schedule(static)
  for (kith_lid i = 0; i < o->in.n_own; i++)
    kith_input_row(&o->in, i, o->y->value + (size_t)i * (size_t)o->in.d);
}

/* dx += dy in the rows that include a row of x at this step. */
static void input_backward(void *self) {
  input *o = self;
  int d = o->in.d;
  const float *dy = kith_tensor_grad(o->y);
  kith_input_backward_weights(&o->in, o->in.n_own, NULL, dy);
  if (!o->in.x) return;
  float *dx = kith_tensor_grad(o->in.x);
#pragma omp parallel for schedule(static)
  for (kith_lid i = 0; i < o->in.n_own; i++) {
    size_t at = (size_t)i * (size_t)d;
    if (!o->in.uses_embedding[o->in.type[i]] || kith_input_forgets(&o->in, i)) continue;
    for (int k = 0; k < d; k++) dx[at + (size_t)k] += dy[at + (size_t)k];
  }
}

kith_tensor *kith_input_op(kith_tape *t, const kith_input *in, const kith_node_map *node_map) {
  if (!kith_input_uses_features(in) && in->forget.p == 0) return in->x;
  kith_tensor *y = kith_tape_node_tensor(t, node_map, in->d);
  const input made = {*in, y};
  return kith_tape_record(t, "input", false, input_forward, input_backward, &made, sizeof made, y);
}
