/* Codes of time as rows, and attention that reads them. */
#include "ops/coded_attention.h"

#include "tape/tape.h"

typedef struct code_rows {
  bool differs;
  const float *age;
  kith_tensor *rate, *phase, *y;
} code_rows;

static void code_rows_forward(void *self) {
  code_rows *o = self;
  kith_code_forward(kith_tensor_n(o->y), o->y->d, o->differs, o->age, o->rate->value, o->phase->value,
                    o->y->value);
}

static void code_rows_backward(void *self) {
  code_rows *o = self;
  const float *dy = kith_tensor_grad(o->y);
  kith_code_backward(kith_tensor_n(o->y), o->y->d, o->differs, o->age, o->rate->value, o->phase->value, dy,
                     kith_tensor_grad(o->rate), kith_tensor_grad(o->phase));
}

kith_tensor *kith_code_rows_op(kith_tape *t, const kith_node_map *rows, bool differs, const float *age,
                               kith_tensor *rate, kith_tensor *phase) {
  if (!rate || !phase) return NULL;
  code_rows made = {differs, age, rate, phase, kith_tape_node_tensor(t, rows, rate->d)};
  return kith_tape_record(t, "time codes", false, code_rows_forward, code_rows_backward, &made, sizeof made,
                          made.y);
}

typedef struct coded_attention {
  const kith_block *block;
  int heads;
  kith_tensor *q, *k, *v, *code, *base, *wk, *wv, *y;
  float *alpha, *read, *slope, *reread;
} coded_attention;

static kith_coded_attention coded_attention_now(const coded_attention *o) {
  return (kith_coded_attention){.heads = o->heads,
                                .d = o->y->d,
                                .dim = o->code->d,
                                .a = o->block->csr,
                                .q = o->q->value,
                                .k = kith_tensor_rows(o->k),
                                .v = kith_tensor_rows(o->v),
                                .code = o->code->value,
                                .base = o->base ? o->base->value : NULL,
                                .wk = o->wk->value,
                                .wv = o->wv->value,
                                .alpha = o->alpha,
                                .read = o->read,
                                .slope = o->slope,
                                .reread = o->reread};
}

static void coded_attention_forward(void *self) {
  coded_attention *o = self;
  const kith_coded_attention now = coded_attention_now(o);
  kith_coded_attention_forward(&now, o->y->value);
}

static void coded_attention_backward(void *self) {
  coded_attention *o = self;
  const kith_coded_attention now = coded_attention_now(o);
  const float *dy = kith_tensor_grad(o->y);
  kith_coded_gradients g = {.q = kith_tensor_grad(o->q),
                            .k = kith_tensor_grad_rows(o->k),
                            .v = kith_tensor_grad_rows(o->v),
                            .code = kith_tensor_grad(o->code),
                            .base = o->base ? kith_tensor_grad(o->base) : NULL,
                            .wk = kith_tensor_grad(o->wk),
                            .wv = kith_tensor_grad(o->wv)};
  kith_coded_attention_backward(&now, o->block->csc, dy, g);
}

kith_tensor *kith_coded_attention_op(kith_tape *t, const kith_block *block, int heads, kith_tensor *q,
                                     kith_tensor *k, kith_tensor *v, kith_coded_weights w) {
  if (!q || !k || !v || !w.code || !w.key || !w.value) return NULL;
  kith_ghosts_read(t, block, k, true);
  kith_ghosts_read(t, block, v, true);
  const int64_t entries = block->edges->capacity * heads, reads = block->dst->capacity * heads * w.code->d;
  coded_attention made = {.block = block,
                          .heads = heads,
                          .q = q,
                          .k = k,
                          .v = v,
                          .code = w.code,
                          .base = w.base,
                          .wk = w.key,
                          .wv = w.value};
  made.y = kith_tape_node_tensor(t, block->dst, q->d);
  made.alpha = kith_tape_workspace(t, entries, sizeof(float));
  if (w.alpha) *w.alpha = made.alpha;
  made.slope = kith_tape_workspace(t, entries, sizeof(float));
  made.read = kith_tape_workspace(t, reads, sizeof(float));
  made.reread = kith_tape_workspace(t, reads, sizeof(float));
  return kith_tape_record(t, "coded attention", false, coded_attention_forward, coded_attention_backward,
                          &made, sizeof made, made.y);
}
