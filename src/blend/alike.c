/*
 * Evidence of content: how alike an item is to the user's items, by tf-idf.
 *
 *   w_ic = v_ic log(n / n_c)^p,   x_i = w_i / |w_i|,   p_u = mean of x_j over the user's training items j,
 *   f(u, i) = <p_u, w_i> / (|p_u| |w_i|^q),
 *
 * v the value of column c (a feature, or a node next to the item) of item i, n items of which n_c have the
 * column.  With p = q = 1 it is the cosine of Salton and Buckley (Inf. Process. Manage. 1988).  Sums follow
 * the order of original numbers, so they have the same bits on any number of ranks.
 */
#include <math.h>

#include "blend/evidence_impl.h"
#include "graph/content.h"
#include "graph/graph.h"

typedef struct alike_work {
  kith__evidence_work *w;
  int of;
  kith__content content;
  double *weight;          /* [entries] w */
  double *length, *scale;  /* [items] |w_i|; |w_i|^-q */
  kith_eid *start, *entry; /* [columns + 2], [entries]: the entries of a column whose items may be listed */
  int32_t *item;           /* [entries] of each of these */
  kith__sparse profile, score;
} alike_work;

static void alike_free(alike_work *a) {
  kith__content_free(&a->content);
  KITH_FREE(a->weight);
  KITH_FREE(a->length);
  KITH_FREE(a->scale);
  KITH_FREE(a->start);
  KITH_FREE(a->entry);
  KITH_FREE(a->item);
  kith__sparse_free(&a->profile);
  kith__sparse_free(&a->score);
}

static kith_status alike_make(alike_work *a) {
  kith_status st = KITH_OK;
  const kith__content *c = &a->content;
  int64_t n = c->start[c->n_row];
  KITH_TRY(KITH_NEW(a->weight, n));
  KITH_TRY(KITH_NEW(a->length, c->n_row));
  KITH_TRY(KITH_NEW(a->scale, c->n_row));
  KITH_TRY(KITH_NEW(a->start, c->n_column + 2));
  KITH_TRY(KITH_NEW(a->entry, n));
  KITH_TRY(KITH_NEW(a->item, n));
  KITH_TRY(kith__sparse_make(c->n_column, &a->profile));
  KITH_TRY(kith__sparse_make(c->n_row, &a->score));
done:
  return st;
}

/* The items' rows; start serves as the number of items of each column. */
static void alike_weigh(alike_work *a, const kith_evidence *e) {
  const kith__content *c = &a->content;
  kith__content_count(c, a->start);
  kith__content_weigh(c, e->idf, a->start, a->weight, a->length);
  for (int64_t i = 0; i < c->n_row; i++) a->scale[i] = a->length[i] > 0 ? pow(a->length[i], -e->length) : 0;
}

/* The entries by column, items ascending. */
static void alike_transpose(alike_work *a) {
  const kith__content *c = &a->content;
  for (int64_t k = 0; k < c->n_column; k++) a->start[k] = 0;
  for (int64_t i = 0; i < c->n_row; i++)
    for (kith_eid k = c->start[i]; k < c->start[i + 1] && kith__evidence_lists(a->w, i); k++)
      a->start[c->column[k] + 2]++;
  for (int64_t k = 0; k < c->n_column; k++) a->start[k + 2] += a->start[k + 1];
  for (int64_t i = 0; i < c->n_row; i++)
    for (kith_eid k = c->start[i]; k < c->start[i + 1] && kith__evidence_lists(a->w, i); k++) {
      kith_eid to = a->start[c->column[k] + 1]++;
      a->entry[to] = k;
      a->item[to] = (int32_t)i;
    }
}

/* The sum of the rows of an owned user's items; its length. */
static double alike_profile(alike_work *a, kith_lid u) {
  const kith_ragged *train = &a->w->g->train;
  const kith__content *c = &a->content;
  double sum = 0;
  for (kith_eid e = train->start[u]; e < train->start[u + 1]; e++) {
    int32_t j = train->value[e];
    for (kith_eid k = c->start[j]; k < c->start[j + 1] && a->length[j] > 0; k++)
      kith__sparse_add(&a->profile, c->column[k], a->weight[k] / a->length[j]);
  }
  for (int64_t k = 0; k < a->profile.n_touched; k++) {
    double x = a->profile.value[a->profile.touched[k]];
    sum += x * x;
  }
  return sqrt(sum);
}

static kith_status alike_user(alike_work *a, kith_lid u) {
  kith_status st = KITH_OK;
  double length = alike_profile(a, u);
  for (int64_t k = 0; k < a->profile.n_touched && length > 0; k++) {
    int32_t column = a->profile.touched[k];
    double x = a->profile.value[column] / length;
    for (kith_eid e = a->start[column]; e < a->start[column + 1]; e++)
      kith__sparse_add(&a->score, a->item[e], x * a->weight[a->entry[e]]);
  }
  for (int64_t k = 0; k < a->score.n_touched; k++) {
    int32_t i = a->score.touched[k];
    double value = a->score.value[i] * a->scale[i];
    if (value != 0) KITH_TRY(kith__evidence_add(a->w, u, i, a->of, value));
  }
done:
  kith__sparse_clear(&a->profile);
  kith__sparse_clear(&a->score);
  return st;
}

static kith_status alike_list(alike_work *a, const kith_evidence *e) {
  kith_status st = KITH_OK;
  KITH_TRY(alike_make(a));
  alike_weigh(a, e);
  alike_transpose(a);
  for (kith_lid u = 0; u < a->w->g->n_own_of[KITH_USER]; u++) KITH_TRY(alike_user(a, u));
done:
  return st;
}

kith_agreed kith__evidence_alike(kith__evidence_work *w, const kith_evidence *e, int of, int r,
                                 double **column) {
  kith_agreed st = {KITH_OK};
  alike_work a = {.w = w, .of = of};
  (void)column;
  KITH_TRY(kith__content_gather(w->comm, w->g, KITH_ITEM, r, &a.content));
  KITH_TRY(kith_agree(w->comm, alike_list(&a, e)));
done:
  alike_free(&a);
  return st;
}
