/*
 * The item's end of a score.  The item's row begins with its input row, b + e_i + sum of f_ik w_k, times w_0;
 * so of the score of user u, feature k of item i is w_0 f_ik <w_k, F_u>, the rest of the input row likewise,
 * and what is left comes from the item's neighbors.  These parts add up to the score as the user's reasons
 * do.  Of a model that is not linear, gradients by the item's input row stand in place of w_0 F_u.
 */
#include <math.h>
#include <mpi.h>
#include <stdlib.h>
#include <string.h>

#include "explain/explain_impl.h"

enum { ITEM_ENDS = 2 /* the item, and the other one */ };

/* A feature of a query's item, as the item's owner found it. */
typedef struct item_term {
  double value;
  int32_t query, feature;
  int32_t nth; /* member and end: the order of equal features */
} item_term;

typedef struct item_terms {
  int64_t n, capacity;
  item_term *of;
  double (*own)[KITH_BLEND_MODELS][ITEM_ENDS]; /* [BATCH] input rows, where this rank has the item */
  float *user;                                 /* [BATCH, most d] work memory */
} item_terms;

bool kith__explain_has_features(const kith_explainer *e, int type) {
  return (e->x || e->is_gradient) && e->inference.recording.input.w[type];
}

/* What an item's entry of R(0) was multiplied by when it was exported. */
static double item_scale(const kith_explainer *e, kith_lid row) {
  const float *r = e->all + (size_t)row * (size_t)e->d;
  const double square = kith__explain_dot(e->d, r, r);
  if (square <= 0) return e->run->model.score == KITH_COSINE ? 0 : 1;
  double power = e->run->model.score == KITH_COSINE ? 1 : kith_model_discount(&e->run->model);
  return pow(square, -power / 2);
}

/* The exported rows of the users, on every rank. */
static void item_share_users(const kith_explainer *e, const kith__batch *b, float *user) {
  size_t d = (size_t)e->d;
  memset(user, 0, BATCH * d * sizeof *user);
  for (int q = 0; q < b->n; q++) {
    kith_lid row = e->row_of[KITH_USER][b->query[q].user];
    if (row >= 0) memcpy(user + (size_t)q * d, kith__explain_scored(e) + (size_t)row * d, d * sizeof *user);
  }
  KITH_MPI(MPI_Allreduce(MPI_IN_PLACE, user, b->n * e->d, MPI_FLOAT, MPI_SUM, e->comm->mpi));
}

/* The terms of query q's item, or of the other one, where this rank has it. */
static void item_find(const kith__part *part, int m, int q, int end, item_terms *t) {
  const kith_explainer *e = part->e;
  const kith_explain_query *query = &part->batch.query[q];
  int64_t item = end == 0 ? query->item : query->against;
  kith_lid row = item >= 0 ? e->row_of[KITH_ITEM][item] : -1;
  if (row < 0) return;
  const kith_input *in = &e->inference.recording.input;
  const int d = in->d;
  const float *along = e->is_gradient ? e->gradient.own : t->user + (size_t)q * (size_t)e->d;
  const double scale = e->is_gradient ? 1 : e->weight[0] * item_scale(e, row);
  const double factor = (end == 0 ? 1 : -1) * part->factor * scale;
  double own =
      factor * kith__explain_dot(d, e->inference.recording.rows->value + (size_t)row * (size_t)d, along);
  for (kith_eid i = in->features->start[row]; i < in->features->start[row + 1]; i++) {
    const float *w = in->w[KITH_ITEM]->value + (size_t)in->features->index[i] * (size_t)d;
    double value = factor * (double)in->features->value[i] * kith__explain_dot(d, w, along);
    own -= value;
    t->of[t->n++] = (item_term){value, q, in->features->index[i], 2 * m + end};
  }
  t->own[q][m][end] = own;
}

/* The gradients of a model that is not linear, for an item of query q.  Collective. */
static void item_prepare(kith_explainer *e, const kith_explain_query *query, int q, int end,
                         const item_terms *t) {
  int64_t item = end == 0 ? query->item : query->against;
  if (!e->is_gradient || item < 0) return;
  kith_lid row = e->row_of[KITH_ITEM][item];
  kith__explain_gradient_of(e, row, row < 0 ? 0 : item_scale(e, row), t->user + (size_t)q * (size_t)e->d);
}

/* Most terms of this rank. */
static int64_t item_count(int n_part, const kith__part *part) {
  int64_t n = 0;
  for (int m = 0; m < n_part; m++) {
    const kith_explainer *e = part[m].e;
    if (!kith__explain_has_features(e, KITH_ITEM)) continue;
    const kith_eid *start = e->inference.recording.input.features->start;
    for (int q = 0; q < part[m].batch.n; q++) {
      const kith_explain_query *query = &part[m].batch.query[q];
      for (int end = 0; end < ITEM_ENDS; end++) {
        int64_t item = end == 0 ? query->item : query->against;
        kith_lid row = item >= 0 ? e->row_of[KITH_ITEM][item] : -1;
        if (row >= 0) n += start[row + 1] - start[row];
      }
    }
  }
  return n;
}

static kith_status item_alloc(int n_part, const kith__part *part, item_terms *t) {
  kith_status st = KITH_OK;
  int d = 1;
  for (int m = 0; m < n_part; m++) d = part[m].e->d > d ? part[m].e->d : d;
  t->capacity = item_count(n_part, part);
  KITH_TRY(KITH_NEW(t->of, t->capacity));
  KITH_TRY(KITH_NEW(t->own, BATCH));
  KITH_TRY(KITH_NEW(t->user, (int64_t)BATCH * d));
done:
  return st;
}

/* The terms of all ranks, on every rank. */
static kith_agreed item_share(const kith_comm *comm, item_terms *t) {
  kith_agreed st = {KITH_OK};
  item_term *all = NULL;
  int *bytes = NULL, *at = NULL, mine = (int)(t->n * (int64_t)sizeof *t->of);
  KITH_TRY(kith_agree(comm, KITH_NEW(bytes, comm->size)));
  KITH_TRY(kith_agree(comm, KITH_NEW(at, comm->size + 1)));
  KITH_MPI(MPI_Allgather(&mine, 1, MPI_INT, bytes, 1, MPI_INT, comm->mpi));
  kith_prefix_sum(comm->size, bytes, at);
  const int64_t n = (bytes[comm->size - 1] + at[comm->size - 1]) / (int)sizeof *all;
  KITH_TRY(kith_agree(comm, KITH_NEW(all, n)));
  KITH_MPI(MPI_Allgatherv(t->of, mine, MPI_BYTE, all, bytes, at, MPI_BYTE, comm->mpi));
  KITH_FREE(t->of);
  t->of = all;
  t->n = n;
  all = NULL;
  KITH_MPI(MPI_Allreduce(MPI_IN_PLACE, &t->own[0][0][0], BATCH * KITH_BLEND_MODELS * ITEM_ENDS, MPI_DOUBLE,
                         MPI_SUM, comm->mpi)); /* one rank has each of them */
done:
  KITH_FREE(all);
  KITH_FREE(bytes);
  KITH_FREE(at);
  return st;
}

static int item_compare_features(const void *a, const void *b) {
  const item_term *x = a, *y = b;
  if (x->query != y->query) return x->query < y->query ? -1 : 1;
  if (x->feature != y->feature) return x->feature < y->feature ? -1 : 1;
  return (x->nth > y->nth) - (x->nth < y->nth);
}

/* The largest first, whether it is for the item or against it. */
static int item_compare(const void *a, const void *b) {
  const item_term *x = a, *y = b;
  if (fabs(x->value) != fabs(y->value)) return fabs(x->value) > fabs(y->value) ? -1 : 1;
  if (x->value != y->value) return x->value > y->value ? -1 : 1;
  return (x->feature > y->feature) - (x->feature < y->feature);
}

/* The n terms of a query, sorted by feature: those of one feature become one; then its sums and reasons. */
static void item_take(int64_t n, item_term *term, int n_reason, kith_explain_item *item,
                      kith_explain_reason *reason) {
  int64_t kept = 0;
  for (int64_t i = 0; i < n; i++) {
    if (kept > 0 && term[kept - 1].feature == term[i].feature) term[kept - 1].value += term[i].value;
    else term[kept++] = term[i];
  }
  for (int64_t i = 0; i < kept; i++) {
    *(term[i].value > 0 ? &item->positive : &item->negative) += term[i].value;
    item->n_positive += term[i].value > 0;
    item->n_negative += term[i].value < 0;
  }
  item->n_term = kept;
  qsort(term, (size_t)kept, sizeof *term, item_compare);
  for (int i = 0; i < n_reason; i++) {
    reason[i] = (kith_explain_reason){.edge = {.type = -1}};
    if (i >= kept) continue;
    reason[i].value = term[i].value;
    reason[i].edge = (kith_explain_edge){.type = KITH_ITEM,
                                         .relation = KITH_EXPLAIN_FEATURE,
                                         .kind = -1,
                                         .original = term[i].feature};
  }
}

static void item_sum(int n, item_terms *t, const kith_explain_sums *sums, int n_reason,
                     kith_explain_item *item, kith_explain_reason *reason) {
  qsort(t->of, (size_t)t->n, sizeof *t->of, item_compare_features);
  for (int64_t q = 0, from = 0, to = 0; q < n; q++, from = to) {
    while (to < t->n && t->of[to].query == q) to++;
    item[q] = (kith_explain_item){.has_features = true};
    for (int m = 0; m < KITH_BLEND_MODELS; m++)
      for (int end = 0; end < ITEM_ENDS; end++) item[q].own += t->own[q][m][end];
    item_take(to - from, t->of + from, n_reason, &item[q], reason + q * n_reason);
    item[q].rest = sums[q].score - item[q].own - item[q].positive - item[q].negative;
  }
}

kith_agreed kith__explain_items(const kith_comm *comm, int n_part, const kith__part *part,
                                const kith_explain_sums *sums, int n_reason, kith_explain_item *item,
                                kith_explain_reason *reason) {
  kith_agreed st = {KITH_OK};
  item_terms t = {.n = 0};
  bool any = false;
  for (int m = 0; m < n_part; m++) any = any || kith__explain_has_features(part[m].e, KITH_ITEM);
  if (!any) return st;
  KITH_TRY(kith_agree(comm, item_alloc(n_part, part, &t)));
  for (int m = 0; m < n_part; m++) {
    if (!kith__explain_has_features(part[m].e, KITH_ITEM)) continue;
    item_share_users(part[m].e, &part[m].batch, t.user);
    for (int q = 0; q < part[m].batch.n; q++)
      for (int end = 0; end < ITEM_ENDS; end++) {
        item_prepare(part[m].e, &part[m].batch.query[q], q, end, &t);
        item_find(&part[m], m, q, end, &t);
      }
  }
  KITH_TRY(item_share(comm, &t));
  item_sum(part->batch.n, &t, sums, n_reason, item, reason);
done:
  KITH_FREE(t.of);
  KITH_FREE(t.own);
  KITH_FREE(t.user);
  return st;
}
