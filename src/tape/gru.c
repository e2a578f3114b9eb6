/* A gated recurrent unit on rows of which some have a message. */
#include "ops/gru.h"

#include "tape/tape.h"

typedef struct gru {
  const uint8_t *on;
  kith_tensor *x, *m, *h, *y;
  float *gate;
} gru;

static kith_gru gru_now(const gru *o) {
  return (kith_gru){.n = kith_tensor_n(o->y),
                    .d = o->y->d,
                    .on = o->on,
                    .x = o->x->value,
                    .m = o->m->value,
                    .h = o->h->value,
                    .gate = o->gate};
}

static void gru_forward(void *self) {
  gru *o = self;
  const kith_gru now = gru_now(o);
  kith_gru_forward(&now, o->y->value);
}

static void gru_backward(void *self) {
  gru *o = self;
  const kith_gru now = gru_now(o);
  const float *dy = kith_tensor_grad(o->y);
  kith_gru_backward(&now, dy, kith_tensor_grad(o->x), kith_tensor_grad(o->m),
                    kith_tensor_requires_grad(o->h) ? kith_tensor_grad(o->h) : NULL);
}

kith_tensor *kith_gru_op(kith_tape *t, const uint8_t *on, kith_tensor *x, kith_tensor *m, kith_tensor *h) {
  if (!x || !m || !h) return NULL;
  gru made = {.on = on, .x = x, .m = m, .h = h, .y = kith_tape_node_tensor(t, x->node_map, h->d)};
  made.gate = kith_tape_workspace(t, x->n_row * 3 * h->d, sizeof *made.gate);
  return kith_tape_record(t, "gru", false, gru_forward, gru_backward, &made, sizeof made, made.y);
}
