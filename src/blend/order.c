/*
 * Evidence of order: log(1 + sum over places p = 0, 1, 2 of 0.6^p n(j_p, i)), where j_0, j_1, j_2 are the
 * user's latest items, and n(j, i) users came to i within three places after j.
 *
 * Every rank holds what followed each item in the lists of all users: 12 bytes for each of their items.
 */
#include <math.h>

#include "blend/evidence_impl.h"
#include "graph/graph.h"

enum { ORDER_LATEST = 3, ORDER_WITHIN = 3 };
static const double ORDER_STEP = 0.6;

typedef struct order_work {
  kith_ragged own, /* [owned users] items, the latest first */
      next;        /* [items] those that came within three places after it, once for each user */
  double *sum;     /* [items] 0 before and after a user */
  int32_t *found;  /* [items] those with a sum above 0 */
} order_work;

static void order_free(order_work *o) {
  kith_ragged_free(&o->own);
  kith_ragged_free(&o->next);
  KITH_FREE(o->sum);
  KITH_FREE(o->found);
}

/* ---- what followed ---- */

/* Count what followed each item in lists, the latest item first: start [items + 1], summed. */
static void order_count(const kith_ragged *l, int64_t n_item, kith_eid *start) {
  for (int64_t u = 0; u < l->n_row; u++)
    for (kith_eid e = l->start[u]; e < l->start[u + 1]; e++)
      start[l->value[e] + 1] += kith_min(e - l->start[u], ORDER_WITHIN);
  for (int64_t i = 0; i < n_item; i++) start[i + 1] += start[i];
}

static kith_status order_next(const kith_ragged *l, int64_t n_item, kith_ragged *out) {
  kith_status st = KITH_OK;
  kith_eid *to = NULL;
  out->n_row = n_item;
  KITH_TRY(KITH_NEW(out->start, n_item + 1));
  KITH_TRY(KITH_NEW(to, n_item));
  order_count(l, n_item, out->start);
  KITH_TRY(KITH_NEW(out->value, out->start[n_item]));
  for (int64_t i = 0; i < n_item; i++) to[i] = out->start[i];
  for (int64_t u = 0; u < l->n_row; u++)
    for (kith_eid e = l->start[u]; e < l->start[u + 1]; e++)
      for (kith_eid k = e - 1; k >= l->start[u] && k >= e - ORDER_WITHIN; k--)
        out->value[to[l->value[e]]++] = l->value[k];
done:
  KITH_FREE(to);
  return st;
}

static kith_agreed order_make(const kith__evidence_work *w, int r, order_work *o) {
  kith_agreed st = {KITH_OK};
  kith_ragged all = {0};
  KITH_TRY(kith_agree(w->comm, kith__evidence_latest(w->g, r, &o->own)));
  KITH_TRY(kith_all_lists(w->comm, w->g, &o->own, &all));
  KITH_TRY(kith_agree(w->comm, order_next(&all, w->g->n[KITH_ITEM], &o->next)));
done:
  kith_ragged_free(&all);
  return st;
}

/* ---- a user ---- */

/* Add to the sums what followed item j; returns the number of items found by now. */
static int64_t order_follow(order_work *o, int32_t j, double weight, int64_t n) {
  for (kith_eid e = o->next.start[j]; e < o->next.start[j + 1]; e++) {
    const int32_t item = o->next.value[e];
    if (o->sum[item] == 0) o->found[n++] = item;
    o->sum[item] += weight;
  }
  return n;
}

static kith_status order_add(kith__evidence_work *w, order_work *o, int of) {
  kith_status st = KITH_OK;
  KITH_TRY(KITH_NEW(o->sum, w->g->n[KITH_ITEM]));
  KITH_TRY(KITH_NEW(o->found, w->g->n[KITH_ITEM]));
  for (kith_lid u = 0; u < o->own.n_row; u++) {
    int64_t n = 0;
    double weight = 1;
    for (kith_eid e = o->own.start[u]; e < o->own.start[u + 1] && e < o->own.start[u] + ORDER_LATEST; e++) {
      n = order_follow(o, o->own.value[e], weight, n);
      weight *= ORDER_STEP;
    }
    for (int64_t i = 0; i < n; i++) {
      KITH_TRY(kith__evidence_add(w, u, o->found[i], of, log(1 + o->sum[o->found[i]])));
      o->sum[o->found[i]] = 0;
    }
  }
done:
  return st;
}

kith_agreed kith__evidence_order(kith__evidence_work *w, const kith_evidence *e, int of, int r,
                                 double **column) {
  kith_agreed st = {KITH_OK};
  order_work o = {.sum = NULL};
  (void)e, (void)column;
  KITH_TRY(order_make(w, r, &o));
  KITH_TRY(kith_agree(w->comm, order_add(w, &o, of)));
done:
  order_free(&o);
  return st;
}
