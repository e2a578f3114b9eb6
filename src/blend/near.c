/*
 * Evidence of items next to items, such as citations: with A' = D^-1/2 A D^-1/2, A_ij = 1 if items i and j
 * are neighbors in the relation, D their numbers of neighbors,
 *
 *   near f(u, i) = sum over the user's n_u training items j of A'_ji / sqrt(n_u); near2 the same of A'^2.
 */
#include <math.h>

#include "blend/evidence_impl.h"
#include "graph/content.h"

typedef struct near_work {
  kith__evidence_work *w;
  int of;
  kith__content content;
  kith__sparse from, to;
} near_work;

static void near_free(near_work *a) {
  kith__content_free(&a->content);
  kith__sparse_free(&a->from);
  kith__sparse_free(&a->to);
}

static double near_degree(const near_work *a, int64_t i) {
  return (double)(a->content.start[i + 1] - a->content.start[i]);
}

/* to = A' from. */
static void near_multiply(near_work *a) {
  const kith__content *c = &a->content;
  kith__sparse_clear(&a->to);
  for (int64_t k = 0; k < a->from.n_touched; k++) {
    int32_t j = a->from.touched[k];
    for (kith_eid e = c->start[j]; e < c->start[j + 1]; e++)
      kith__sparse_add(&a->to, c->column[e],
                       a->from.value[j] / sqrt(near_degree(a, j) * near_degree(a, c->column[e])));
  }
}

static void near_swap(near_work *a) {
  kith__sparse s = a->from;
  a->from = a->to;
  a->to = s;
}

static kith_status near_user(near_work *a, kith_lid u, int hops) {
  kith_status st = KITH_OK;
  const kith_ragged *train = &a->w->g->train;
  double n = (double)(train->start[u + 1] - train->start[u]);
  kith__sparse_clear(&a->from);
  for (kith_eid e = train->start[u]; e < train->start[u + 1]; e++)
    kith__sparse_add(&a->from, train->value[e], 1 / sqrt(n));
  for (int h = 0; h < hops; h++) {
    near_multiply(a);
    near_swap(a);
  }
  for (int64_t k = 0; k < a->from.n_touched; k++) {
    int32_t i = a->from.touched[k];
    if (kith__evidence_lists(a->w, i)) KITH_TRY(kith__evidence_add(a->w, u, i, a->of, a->from.value[i]));
  }
done:
  return st;
}

static kith_status near_list(near_work *a, int hops) {
  kith_status st = KITH_OK;
  kith__content_keep_items(a->w->g, &a->content);
  KITH_TRY(kith__sparse_make(a->content.n_row, &a->from));
  KITH_TRY(kith__sparse_make(a->content.n_row, &a->to));
  for (kith_lid u = 0; u < a->w->g->n_own_of[KITH_USER]; u++) KITH_TRY(near_user(a, u, hops));
done:
  return st;
}

kith_agreed kith__evidence_near(kith__evidence_work *w, const kith_evidence *e, int of, int r,
                                double **column) {
  kith_agreed st = {KITH_OK};
  near_work a = {.w = w, .of = of};
  (void)column;
  KITH_TRY(kith__content_gather(w->comm, w->g, KITH_ITEM, r, &a.content));
  KITH_TRY(kith_agree(w->comm, near_list(&a, e->kind == KITH_EVIDENCE_NEAR ? 1 : 2)));
done:
  near_free(&a);
  return st;
}
