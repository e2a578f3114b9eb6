/*
 * Gradient x input, for models that are not linear.  The rows of the user are followed from the final one
 * down to the input row.  In every layer they read rows h_j of neighbors j, and to first order the score s =
 * <F_u, F_i> has <ds/dh_j, h_j> from there, with what else depends on h_j held; the sum over layers is the
 * part of neighbor j, which is the derivative of s by the logarithm of the weight of its edge to u. <ds/dx_u,
 * x_u> is the part of the user's own input row x_u.  F_i is taken as it is.  Of a linear model these are the
 * exact terms; of others what is left is the remainder.  Lengths of unit rows that are added up to final ones
 * are held, as those of F_u and F_i are (kith_model_unit_rows()).  (Shrikumar et al., "Not Just a Black Box",
 * 2016.)
 *
 * The model's own tape runs: forward once for a user, backward once for a pair, on the full graph.  In
 * backward a tap behind every layer's rows takes the gradients of all rows but the user's, which go no
 * further.
 */
#include <math.h>
#include <mpi.h>
#include <stdlib.h>
#include <string.h>

#include "explain/explain_impl.h"

/* The part of a node, or of a feature of the user's. */
typedef struct gradient_term {
  double value;
  kith_gid number; /* of the row */
  int64_t key;     /* of its node */
  int32_t feature; /* -1: the row itself */
  int32_t used;
} gradient_term;

typedef struct gradient_terms {
  int64_t n;
  gradient_term *of;  /* of this rank, the largest first */
  gradient_term *all; /* [ranks, n_reason] the largest of each rank, then of all */
  kith_exact_sum sum[3];
  int64_t count[2];
} gradient_terms;

enum { SUM_OWN, SUM_POSITIVE, SUM_NEGATIVE };

/* ---- the model ---- */

static kith_status gradient_alloc(kith_explainer *e) {
  kith_status st = KITH_OK;
  e->d = kith_model_output_dim(&e->run->model);
  e->layers = (int)kith_min(KITH_EXPLAIN_HOPS, kith_model_n_layer(&e->run->model)); /* of connections */
  KITH_TRY(KITH_NEW(e->gradient.value, e->g->n_own));
  KITH_TRY(KITH_NEW(e->gradient.own, e->inference.recording.rows->d));
  KITH_TRY(KITH_NEW(e->all, (int64_t)e->g->n_own * e->d));
  KITH_TRY(kith_halo_reserve(e->a->halo, BATCH));
done:
  return st;
}

/* Rows that backward begins with: that of a user, on its owner; -1: none. */
static void gradient_gather(kith_explainer *e, kith_lid row) {
  kith__gradient *o = &e->gradient;
  o->row = o->unique_row = row;
  o->l2_count = 1;
  o->start[0] = 0;
  o->start[1] = 1;
  o->member = 0;
  o->index = (kith_gather_index){.n = row >= 0,
                                 .row = &o->row,
                                 .n_unique = row >= 0,
                                 .unique_row = &o->unique_row,
                                 .l2_count = &o->l2_count,
                                 .start = o->start,
                                 .member = &o->member};
}

/* The rows behind a layer, or the input rows: parts of all nodes but the user, whose gradients end here.  A
 * last layer of which some rows alone are computed has no others than the user's. */
static void gradient_tap(void *self, kith_tensor *h) {
  kith_explainer *e = self;
  const kith_tensor *x = e->inference.recording.rows;
  const kith_lid user = e->gradient.index.n > 0 ? e->gradient.row : -1;
  if (h->node_map != x->node_map || !h->grad) return;
  float *g = kith_tensor_grad(h);
  const size_t d = (size_t)h->d;
#pragma omp parallel for schedule(static)
  for (kith_lid i = 0; i < e->g->n_own; i++) {
    if (i == user) continue;
    e->gradient.value[i] += kith__explain_dot(h->d, g + (size_t)i * d, h->value + (size_t)i * d);
    memset(g + (size_t)i * d, 0, d * sizeof *g);
  }
  if (h == x && user >= 0) memcpy(e->gradient.own, g + (size_t)user * d, d * sizeof *g);
}

kith_agreed kith__explain_gradient(kith_explainer *e, const kith_embeddings_origin *from) {
  kith_agreed st = {KITH_OK};
  char checkpoint[KITH_PATH];
  e->is_gradient = true;
  e->gradient.user = -1;
  gradient_gather(e, -1);
  e->inference.gathered = &e->gradient.index;
  e->inference.one_way = e->augmented.g != NULL;
  e->inference.tap = gradient_tap;
  e->inference.tap_self = e;
  KITH_TRY(kith__explain_read(e, from, checkpoint));
  KITH_TRY(kith_agree(e->comm, gradient_alloc(e)));
  e->inference.recording.output.all_rows = true;
  kith_tape_forward(e->inference.tape);
  kith_output_rows(&e->inference.recording.output, 0, e->g->n_own, e->d, e->all);
  e->inference.recording.output.all_rows = false;
  KITH_TRY(kith__explain_compare(e, checkpoint));
done:
  return st;
}

/* Backward from the row that was gathered. */
static void gradient_backward(kith_explainer *e, double scale, const float *target) {
  float *g = e->inference.recording.output.packed->grad;
  const bool mine = e->gradient.index.n > 0;
  for (int k = 0; k < e->d; k++) g[k] = mine ? (float)(scale * (double)target[k]) : 0;
  memset(e->gradient.value, 0, (size_t)e->g->n_own * sizeof *e->gradient.value);
  kith_params_zero_grad(e->inference.params);
  kith_tape_backward(e->inference.tape);
}

void kith__explain_gradient_of(kith_explainer *e, kith_lid row, double scale, const float *target) {
  gradient_gather(e, row);
  e->gradient.user = -1;
  kith_tape_forward(e->inference.tape);
  gradient_backward(e, scale, target);
}

/* The parts of this rank's rows, for query q.  Collective. */
static void gradient_run(kith_explainer *e, const kith__batch *b, int q, double scale) {
  if (b->query[q].user != e->gradient.user) {
    gradient_gather(e, e->row_of[KITH_USER][b->query[q].user]);
    e->gradient.user = b->query[q].user;
    kith_tape_forward(e->inference.tape);
  }
  gradient_backward(e, scale, b->target + (size_t)q * (size_t)e->d);
}

/* ---- the terms of a query ---- */

/* The largest first, whether it is for the item or against it. */
static int gradient_compare(const void *a, const void *b) {
  const gradient_term *x = a, *y = b;
  if (x->used != y->used) return x->used > y->used ? -1 : 1;
  if (fabs(x->value) != fabs(y->value)) return fabs(x->value) > fabs(y->value) ? -1 : 1;
  if (x->value != y->value) return x->value > y->value ? -1 : 1;
  if (x->key != y->key) return x->key < y->key ? -1 : 1;
  return (x->feature > y->feature) - (x->feature < y->feature);
}

static void gradient_add(gradient_terms *t, double value, kith_gid number, int64_t key, int feature) {
  if (value == 0) return;
  kith_exact_sum_add(&t->sum[value > 0 ? SUM_POSITIVE : SUM_NEGATIVE], value);
  t->count[value < 0]++;
  t->of[t->n++] = (gradient_term){value, number, key, feature, 1};
}

/* The user's own input row: a term for each feature. */
static void gradient_add_own(const kith_explainer *e, kith_lid row, const float *x, gradient_terms *t) {
  const float *g = e->gradient.own;
  double own = kith__explain_dot(e->inference.recording.rows->d, g, x);
  const kith_input *in = &e->inference.recording.input;
  const kith_tensor *w = in->w[KITH_USER];
  const kith_eid end = w ? in->features->start[row + 1] : 0;
  for (kith_eid i = w ? in->features->start[row] : 0; i < end; i++) {
    const float *of = w->value + (size_t)in->features->index[i] * (size_t)w->d;
    double value = (double)in->features->value[i] * kith__explain_dot(w->d, of, g);
    own -= value;
    gradient_add(t, value, 0, kith_node_key(KITH_USER, e->g->original[row]), in->features->index[i]);
  }
  kith_exact_sum_add(&t->sum[SUM_OWN], own);
}

/* The terms of this rank, the largest n_reason of them also at `mine`, which is zero. */
static kith_status gradient_find(const kith_explainer *e, kith_lid user, int n_reason, gradient_terms *t,
                                 gradient_term *mine) {
  kith_status st = KITH_OK;
  const kith_tensor *x = e->inference.recording.rows;
  const kith_features *f = &e->g->features;
  const kith_gid first = e->g->first[e->comm->rank];
  const int64_t n_feature = user >= 0 && f->start ? f->start[user + 1] - f->start[user] : 0;
  KITH_TRY(KITH_NEW(t->of, e->g->n_own + n_feature));
  if (user >= 0) gradient_add_own(e, user, x->value + (size_t)user * (size_t)x->d, t);
  for (kith_lid i = 0; i < e->g->n_own; i++)
    gradient_add(t, e->gradient.value[i], first + i, kith_node_key(e->g->type[i], e->g->original[i]), -1);
  qsort(t->of, (size_t)t->n, sizeof *t->of, gradient_compare);
  memcpy(mine, t->of, (size_t)kith_min(n_reason, t->n) * sizeof *mine);
done:
  return st;
}

/* Sums of all ranks, and the largest terms of all at t->all. */
static void gradient_merge(const kith_comm *comm, int n_reason, gradient_terms *t) {
  const int bytes = n_reason * (int)sizeof *t->all;
  KITH_MPI(MPI_Allgather(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, t->all, bytes, MPI_BYTE, comm->mpi));
  qsort(t->all, (size_t)n_reason * (size_t)comm->size, sizeof *t->all, gradient_compare);
  kith_comm_sum(comm, 3, t->sum);
  kith_comm_sum_int(comm, 2, t->count);
}

/* ---- words for terms ---- */

/* The entry of a neighbor in a row; -1: it is none. */
static kith_eid gradient_entry(const kith_eid *start, const kith_gid *neighbor, kith_lid row, kith_gid of) {
  for (kith_eid i = start[row]; i < start[row + 1]; i++)
    if (neighbor[i] == of) return i;
  return -1;
}

/* The first edge of a user to a node in what the model reads; else the node alone. */
static kith_explain_edge gradient_edge(const kith_explainer *e, kith_lid user, const gradient_term *t) {
  const kith_graph *g = e->g;
  kith_explain_edge edge = {.relation = KITH_EXPLAIN_NODE, .kind = -1};
  kith__explain_node(t->key, &edge.type, &edge.original);
  if (t->feature >= 0) {
    edge.relation = KITH_EXPLAIN_FEATURE;
    edge.original = t->feature;
    return edge;
  }
  for (int k = 0; k <= kith_model_relations(&e->run->model)->n; k++) {
    const kith_adjacency *r = k == 0 ? NULL : &g->relation[e->term[k]];
    const kith_eid at = r ? gradient_entry(r->start, r->neighbor, user, t->number)
                          : gradient_entry(g->start, g->neighbor, user, t->number);
    const int64_t *time = r ? r->time : g->time_is == KITH_TIME_SECONDS ? g->time : NULL;
    if (at < 0) continue;
    edge.relation = e->term[k];
    edge.kind = r && r->kind ? r->kind[at] : -1;
    edge.timed = time && !kith__explain_is_new(e, user);
    edge.time = edge.timed ? time[at] : 0;
    return edge;
  }
  return edge;
}

static void gradient_show(const kith_explainer *e, kith_lid user, int n_reason, const gradient_terms *t,
                          kith_explain_reason *reason) {
  for (int i = 0; i < n_reason; i++) {
    reason[i] = (kith_explain_reason){.edge = {.type = -1}};
    if (i < n_reason * e->comm->size && t->all[i].used)
      reason[i] = (kith_explain_reason){.edge = gradient_edge(e, user, &t->all[i]), .value = t->all[i].value};
  }
}

/* Insert a term into the list, whose largest come first. */
static void gradient_insert(int n_reason, const kith__found *f, kith_explain_reason *reason) {
  int at = n_reason;
  while (at > 0 && (reason[at - 1].edge.type < 0 || fabs(reason[at - 1].value) < fabs(f->value))) at--;
  if (at == n_reason) return;
  memmove(reason + at + 1, reason + at, (size_t)(n_reason - at - 1) * sizeof *reason);
  reason[at] = (kith_explain_reason){.edge = kith__explain_latest_edge(f), .value = f->value};
}

/* The exact terms of the latest items, beside the estimates. */
static kith_status gradient_add_latest(kith_explainer *e, const kith__batch *b, int q, kith_lid user,
                                       int n_reason, kith_explain_sums *s, kith_explain_reason *reason) {
  kith_status st = KITH_OK;
  const kith__part part = {.e = e, .factor = 1, .batch = *b};
  kith__found *list = NULL;
  KITH_TRY(KITH_NEW(list, kith__explain_latest_count(e, user)));
  const kith__found *end = kith__explain_add_latest(&part, 0, user, q, list);
  for (const kith__found *f = list; f < end; f++) {
    *(f->value > 0 ? &s->positive : &s->negative) += f->value;
    s->n_positive += f->value > 0;
    s->n_negative += f->value < 0;
    s->n_term++;
    gradient_insert(n_reason, f, reason);
  }
done:
  KITH_FREE(list);
  return st;
}

static kith_agreed gradient_query(kith_explainer *e, const kith__batch *b, int q, int n_reason,
                                  kith_explain_sums *s, kith_explain_reason *reason) {
  kith_agreed st = {KITH_OK};
  gradient_terms t = {.n = 0};
  const kith_lid user = e->row_of[KITH_USER][b->query[q].user];
  const size_t d = (size_t)e->d;
  const double scale = user < 0 ? 0 : kith__explain_scale(e, user);
  kith_status latest = KITH_OK;
  KITH_TRY(kith_agree(e->comm, KITH_NEW(t.all, (int64_t)n_reason * e->comm->size)));
  gradient_run(e, b, q, scale);
  KITH_TRY(kith_agree(e->comm, gradient_find(e, user, n_reason, &t,
                                             t.all + (size_t)n_reason * (size_t)e->comm->rank)));
  gradient_merge(e->comm, n_reason, &t);
  if (user < 0) goto agree;
  *s = (kith_explain_sums){.score = kith__explain_dot(e->d, kith__explain_scored(e) + (size_t)user * d,
                                                      b->target + (size_t)q * d),
                           .own = kith_exact_sum_value(&t.sum[SUM_OWN]),
                           .positive = kith_exact_sum_value(&t.sum[SUM_POSITIVE]),
                           .negative = kith_exact_sum_value(&t.sum[SUM_NEGATIVE]),
                           .scale = scale,
                           .n_positive = t.count[0],
                           .n_negative = t.count[1],
                           .n_term = t.count[0] + t.count[1]};
  gradient_show(e, user, n_reason, &t, reason);
  if (e->latest) latest = gradient_add_latest(e, b, q, user, n_reason, s, reason);
  s->rounding = s->score - s->own - s->positive - s->negative;
agree:
  if (e->latest) KITH_TRY(kith_agree(e->comm, latest));
done:
  KITH_FREE(t.of);
  KITH_FREE(t.all);
  return st;
}

kith_agreed kith__explain_gradients(kith_explainer *e, const kith__batch *b, int n_reason,
                                    kith_explain_sums *sums, kith_explain_reason *reason) {
  kith_agreed st = {KITH_OK};
  for (int q = 0; q < b->n; q++)
    KITH_TRY(gradient_query(e, b, q, n_reason, sums + q, reason + (size_t)q * (size_t)n_reason));
done:
  return st;
}
