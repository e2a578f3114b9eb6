/* The rows of nodes of one type. */
#include <string.h>

#include "tape/tape.h"

typedef struct type_rows {
  int type;
  kith_tensor *x, *y;
} type_rows;

static bool type_rows_has(const type_rows *o, int64_t i) {
  return kith_node_key_type(o->x->node_map->node[i]) == o->type;
}

static void type_rows_forward(void *self) {
  type_rows *o = self;
  size_t d = (size_t)o->x->d;
  for (int64_t i = 0; i < kith_tensor_n(o->x); i++) {
    float *y = o->y->value + (size_t)i * d;
    if (type_rows_has(o, i)) memcpy(y, o->x->value + (size_t)i * d, d * sizeof *y);
    else memset(y, 0, d * sizeof *y);
  }
}

static void type_rows_backward(void *self) {
  type_rows *o = self;
  if (!kith_tensor_requires_grad(o->y)) return;
  const float *dy = kith_tensor_grad(o->y);
  float *dx = kith_tensor_grad(o->x);
  int d = o->x->d;
  for (int64_t i = 0; i < kith_tensor_n(o->x); i++)
    if (type_rows_has(o, i)) kith_scale(d, 1, dy + i * d, true, dx + i * d);
}

kith_tensor *kith_type_rows_op(kith_tape *t, int type, kith_tensor *x) {
  if (!x) return NULL;
  type_rows made = {.type = type, .x = x, .y = kith_tape_tensor_like(t, x, x->node_map, x->d)};
  return kith_tape_record(t, "rows of a type", false, type_rows_forward, type_rows_backward, &made,
                          sizeof made, made.y);
}
