/* Ops along a block: ghost update, destination rows, sums and maxima over neighbors. */
#include <math.h>
#include <string.h>

#include "halo/part.h"
#include "tape/tape.h"

/* ---- ghost update ---- */

typedef struct ghost_update {
  const kith_block *block;
  kith_tensor *x;
} ghost_update;

static void ghost_update_forward(void *self) {
  ghost_update *o = self;
  const kith_halo_part *part = o->block->part;
  const kith_in_place *in = kith_ghosts_in_place(o->x);
  kith_halo *halo = o->block->dist_csr->halo;
  float *ghost = kith_tensor_ghosts(o->x);
  if (in) {
    kith_shared_halo_forward(in->near, part, o->x->d, o->x->value, ghost);
    return;
  }
  if (part) {
    kith_halo_part_begin_rows(part, KITH_HALO_READ, o->x->d, o->x->value, ghost);
    kith_halo_part_end_rows(part, KITH_HALO_READ, o->x->d, false, ghost);
    return;
  }
  kith_halo_begin(halo, o->x->d, o->x->value, ghost);
  kith_halo_end(halo);
}

static void ghost_update_backward(void *self) {
  ghost_update *o = self;
  if (!kith_tensor_requires_grad(o->x)) return; /* the same on every rank */
  const kith_in_place *in = kith_ghosts_in_place(o->x);
  const kith_grad_rows dx = kith_tensor_grad_rows(o->x);
  if (in) kith_shared_halo_backward(in->near, o->block->part, o->x->d, kith_ghosts_near_grads(o->x), dx.own);
  else if (o->block->part) kith_halo_part_backward(o->block->part, o->x->d, dx.ghost, dx.own);
  else kith_halo_backward(o->block->dist_csr->halo, o->x->d, dx.ghost, dx.own);
}

kith_tensor *kith_ghost_update_op(kith_tape *t, const kith_block *block, kith_tensor *x) {
  if (!x || !block->dist_csr) return x;
  if (x->sparse) return kith_tape_tensor_like(t, x, x->node_map, x->d); /* fails: there are no values */
  if (kith_tape_check(t, kith_halo_reserve(block->dist_csr->halo, x->d)) != KITH_OK) return NULL;
  ghost_update *o =
      kith_tape_op(t, "ghost update", true, ghost_update_forward, ghost_update_backward, sizeof *o);
  if (!o) return NULL;
  *o = (ghost_update){block, x};
  kith_ghosts_fill(t, block, x);
  kith_in_place_gather(t, x);
  return kith_tape_status(t) == KITH_OK ? x : NULL;
}

/* ---- destination rows: the first of the source rows, or a subset ---- */

typedef struct dst_rows {
  kith_tensor *x, *y;
} dst_rows;

static void dst_rows_forward(void *self) {
  dst_rows *o = self;
  const kith_row_subset *s = o->y->node_map->subset;
  int64_t n = kith_tensor_n(o->y), d = o->y->d;
  if (!s) memcpy(o->y->value, o->x->value, (size_t)(n * d) * sizeof(float));
  for (int64_t i = 0; i < n && s; i++)
    memcpy(o->y->value + i * d, o->x->value + s->row[i] * d, (size_t)d * sizeof(float));
}

static void dst_rows_backward(void *self) {
  dst_rows *o = self;
  if (!kith_tensor_requires_grad(o->y)) return;
  const kith_row_subset *s = o->y->node_map->subset;
  const float *dy = kith_tensor_grad(o->y);
  float *dx = kith_tensor_grad(o->x);
  int64_t n = kith_tensor_n(o->y), d = o->y->d;
  if (!s) kith_scale(n * d, 1, dy, true, dx);
  for (int64_t i = 0; i < n && s; i++)
    for (int64_t k = 0; k < d; k++) dx[s->row[i] * d + k] += dy[i * d + k];
}

kith_tensor *kith_dst_rows_op(kith_tape *t, const kith_block *block, kith_tensor *x) {
  if (!x || block->src == block->dst) return x;
  kith_tensor *y = kith_tape_tensor_like(t, x, block->dst, x->d);
  dst_rows *o = kith_tape_op(t, "destination rows", false, dst_rows_forward, dst_rows_backward, sizeof *o);
  if (!o || !y) return NULL;
  *o = (dst_rows){x, y};
  return y;
}

/* ---- sums with normalization ---- */

typedef struct aggregate {
  const kith_block *block;
  kith_edge_norm norm;
  kith_tensor *x, *y;
  float *w;           /* [entries] */
  float *self_weight; /* [out rows] weight of the row itself; null: none */
  bool is_computed;   /* the full graph's weights are computed once */
} aggregate;

static float aggregate_scale(const aggregate *o, kith_eid e) {
  return o->block->scale ? o->block->scale[e] : 1;
}

static float aggregate_weight(const aggregate *o, kith_lid row, kith_eid e, float scale_sum) {
  const int64_t *degree = o->block->degree;
  switch (o->norm) {
  case KITH_NORM_NONE: return aggregate_scale(o, e);
  case KITH_NORM_MEAN: return aggregate_scale(o, e) / scale_sum;
  case KITH_NORM_SYMMETRIC: return o->block->csr->weight[e];
  case KITH_NORM_SELF_LOOPS:
    return aggregate_scale(o, e) *
           (float)(1 / sqrt((double)(degree[row] + 1) * (double)(degree[o->block->csr->col[e]] + 1)));
  }
  return 0;
}

static void aggregate_weights(aggregate *o) {
  const kith_csr *a = o->block->csr;
  if (o->is_computed) return;
#pragma omp parallel for schedule(dynamic, 256)
  for (kith_lid p = 0; p < a->n_row; p++) {
    kith_lid row = a->perm[p];
    float scale_sum = 0;
    for (kith_eid e = a->start[p]; e < a->start[p + 1]; e++) scale_sum += aggregate_scale(o, e);
    for (kith_eid e = a->start[p]; e < a->start[p + 1]; e++) o->w[e] = aggregate_weight(o, row, e, scale_sum);
    if (o->self_weight) o->self_weight[row] = 1 / (float)(o->block->degree[row] + 1);
  }
  o->is_computed = o->block->dist_csr && !o->block->drops_edges;
}

/* y_i += self_weight_i x_i, or backward x_i += self_weight_i y_i. */
static void aggregate_self(const aggregate *o, bool back, const float *from, float *to) {
  const kith_row_subset *s = o->block->dst->subset;
  int64_t d = o->y->d;
  if (!o->self_weight) return;
#pragma omp parallel for schedule(static)
  for (int64_t i = 0; i < kith_tensor_n(o->y); i++) {
    int64_t row = s ? s->row[i] : i;
    const float *x = from + (back ? i : row) * d;
    float *y = to + (back ? row : i) * d;
    for (int64_t k = 0; k < d; k++) y[k] += o->self_weight[row] * x[k];
  }
}

static void aggregate_forward(void *self) {
  aggregate *o = self;
  const kith_csr *a = o->block->csr;
  const kith_row_subset *s = o->block->dst->subset;
  aggregate_weights(o);
  if (s)
    kith_spmm_subset(a, o->w, (kith_lid)o->block->dst->n, s, o->x->d, kith_tensor_rows(o->x), o->y->value);
  else kith_edge_sum_forward(a, 1, o->w, o->x->d, kith_tensor_rows(o->x), o->y->value);
  aggregate_self(o, false, o->x->value, o->y->value);
}

static void aggregate_backward(void *self) {
  aggregate *o = self;
  if (!kith_tensor_requires_grad(o->y)) return;
  const float *dy = kith_tensor_grad(o->y);
  const kith_grad_rows dx = kith_tensor_grad_rows(o->x);
  const kith_row_subset *s = o->block->dst->subset;
  if (s) kith_spmm_transpose_subset(o->block->csc, o->w, s, o->x->d, dy, dx);
  else kith_edge_sum_backward_x(o->block->csc, 1, o->w, o->x->d, dy, dx);
  if (o->norm == KITH_NORM_SYMMETRIC)
    kith__relation_weights_backward(o->block, o->x->d, dy, kith_tensor_rows(o->x));
  aggregate_self(o, true, dy, dx.own);
}

kith_tensor *kith_aggregate_op(kith_tape *t, const kith_block *block, kith_edge_norm norm, kith_tensor *x) {
  if (!x) return NULL;
  kith_ghosts_read(t, block, x, norm == KITH_NORM_SYMMETRIC && kith__relation_weights_learned(block));
  aggregate made = {.block = block, .norm = norm, .x = x, .y = kith_tape_tensor_like(t, x, block->dst, x->d)};
  made.w = kith_tape_workspace(t, block->edges->capacity, sizeof *made.w);
  if (norm == KITH_NORM_SELF_LOOPS)
    made.self_weight = kith_tape_workspace(t, block->dst->capacity, sizeof *made.self_weight);
  return kith_tape_record(t, "aggregate", false, aggregate_forward, aggregate_backward, &made, sizeof made,
                          made.y);
}

/* ---- maximum ---- */

typedef struct maximum {
  const kith_block *block;
  kith_tensor *x, *y;
  kith_eid *argmax; /* [out rows, d] entries */
} maximum;

static void maximum_forward(void *self) {
  maximum *o = self;
  kith_edge_max_forward(o->block->csr, o->x->d, kith_tensor_rows(o->x), o->y->value, o->argmax);
}

static void maximum_backward(void *self) {
  maximum *o = self;
  if (!kith_tensor_requires_grad(o->y)) return;
  const float *dy = kith_tensor_grad(o->y);
  kith_edge_max_backward(o->block->csc, o->x->d, o->argmax, dy, kith_tensor_grad_rows(o->x));
}

kith_tensor *kith_aggregate_max_op(kith_tape *t, const kith_block *block, kith_tensor *x) {
  if (!x) return NULL;
  kith_ghosts_read(t, block, x, false);
  maximum made = {block, x, kith_tape_tensor_like(t, x, block->dst, x->d),
                  kith_tape_workspace(t, block->dst->capacity * x->d, sizeof(kith_eid))};
  return kith_tape_record(t, "maximum", false, maximum_forward, maximum_backward, &made, sizeof made, made.y);
}
