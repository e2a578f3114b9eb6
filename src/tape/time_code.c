/* Scores of attention with codes of time. */
#include "ops/time_code.h"

#include "tape/tape.h"

typedef struct time_score {
  const kith_block *block;
  float slope;
  float *age; /* [entries] of the block's csr */
  kith_time_code code;
  kith_tensor *left, *right, *y;
} time_score;

static kith_time_codes time_score_codes(const time_score *o) {
  return (kith_time_codes){.heads = o->y->d,
                           .dim = o->code.omega->d,
                           .age = o->age,
                           .omega = o->code.omega->value,
                           .phi = o->code.phi->value,
                           .weight = o->code.weight->value};
}

/* Edge dropout leaves some entries of the whole block. */
static void time_score_ages(time_score *o) {
  const kith_block *block = o->block;
  const kith_csr *whole = block->whole;
  kith_eid at = 0;
  for (kith_eid e = 0; e < whole->start[whole->n_row]; e++)
    if (!block->keep || block->keep[e]) o->age[at++] = block->age[e];
}

static void time_score_forward(void *self) {
  time_score *o = self;
  const kith_time_codes c = time_score_codes(o);
  time_score_ages(o);
  kith_time_score_forward(o->block->csr, &c, o->slope, o->left->value, kith_tensor_rows(o->right),
                          o->y->value);
}

static void time_score_backward(void *self) {
  time_score *o = self;
  const kith_time_codes c = time_score_codes(o);
  const float *ds = kith_tensor_grad(o->y);
  kith_edge_score_backward_left(o->block->csr, o->y->d, o->slope, o->y->value, ds, kith_tensor_grad(o->left));
  kith_edge_score_backward_right(o->block->csc, o->y->d, o->slope, o->y->value, ds,
                                 kith_tensor_grad_rows(o->right));
  kith_time_score_backward(o->block->csr, &c, o->slope, o->y->value, ds, kith_tensor_grad(o->code.omega),
                           kith_tensor_grad(o->code.phi), kith_tensor_grad(o->code.weight));
}

kith_tensor *kith_time_score_op(kith_tape *t, const kith_block *block, float slope, kith_tensor *left,
                                kith_tensor *right, kith_time_code code) {
  if (!block || !left || !right || !code.omega || !code.phi || !code.weight) return NULL;
  kith_ghosts_read(t, block, right, false);
  time_score made = {.block = block, .slope = slope, .code = code, .left = left, .right = right};
  if (!block->age) {
    (void)kith_tape_check(t, kith_fail(KITH_ECONFIG, "time codes: the edges of a layer have no ages"));
    return NULL;
  }
  made.age = kith_tape_workspace(t, block->edges->capacity, sizeof *made.age);
  made.y = kith_tape_node_tensor(t, block->edges, left->d);
  return kith_tape_record(t, "time score", false, time_score_forward, time_score_backward, &made, sizeof made,
                          made.y);
}
