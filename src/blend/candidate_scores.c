/* The scores of candidates by one member, in units of its sigma. */
#include <stdlib.h>

#include "base/base.h"
#include "base/order.h"
#include "blend/blend_impl.h"
#include "halo/halo.h"
#include "ops/ops.h"

typedef struct score_work {
  kith_lid n;       /* items that are a candidate of any user of the rank */
  kith_gid *number; /* [n] their global numbers, ascending */
  kith_lid *at;     /* [items in all] index of an item in number; -1: it is none of them */
  kith_halo *halo;
  float *row;    /* [n, d] */
  int width;     /* most candidates of a user */
  int32_t *item; /* [n_user, width] candidates, padded with -1; for a direct term */
  float *direct; /* [n_user, width] */
} score_work;

static void score_free(score_work *w) {
  kith_halo_destroy(&w->halo);
  KITH_FREE(w->number);
  KITH_FREE(w->at);
  KITH_FREE(w->row);
  KITH_FREE(w->item);
  KITH_FREE(w->direct);
}

static kith_status score_items(const kith_graph *g, const kith__candidates *c, score_work *w) {
  kith_status st = KITH_OK;
  int32_t *item_of = NULL; /* [nodes] */
  const kith_eid n = c->item.start[c->n_user];
  KITH_TRY(KITH_NEW(w->at, g->n[KITH_ITEM]));
  KITH_TRY(KITH_NEW(w->number, kith_min(n, g->n[KITH_ITEM])));
  for (kith_eid e = 0; e < n; e++) w->at[c->item.value[e]] = 1;
  for (int64_t i = 0; i < g->n[KITH_ITEM]; i++)
    if (w->at[i]) w->number[w->n++] = g->item_number[i];
  qsort(w->number, (size_t)w->n, sizeof *w->number, kith_compare_int64);
  KITH_TRY(KITH_NEW(item_of, kith_graph_n_node(g)));
  for (int64_t i = 0; i < g->n[KITH_ITEM]; i++) item_of[g->item_number[i]] = (int32_t)i;
  for (kith_lid i = 0; i < w->n; i++) w->at[item_of[w->number[i]]] = i;
done:
  KITH_FREE(item_of);
  return st;
}

static kith_status score_reserve(const kith__candidates *c, const kith_blend_member *m, score_work *w) {
  kith_status st = KITH_OK;
  KITH_TRY(KITH_NEW(w->row, (int64_t)w->n * m->d));
  KITH_TRY(kith_halo_reserve(w->halo, m->d));
  if (!kith_direct_is_on(&m->direct)) goto done;
  w->width = (int)kith_longest_row(c->n_user, c->item.start);
  KITH_TRY(KITH_NEW(w->item, (int64_t)c->n_user * w->width));
  KITH_TRY(KITH_NEW(w->direct, (int64_t)c->n_user * w->width));
  for (kith_lid u = 0; u < c->n_user; u++)
    for (int k = 0; k < w->width; k++) {
      kith_eid e = c->item.start[u] + k;
      w->item[(int64_t)u * w->width + k] = e < c->item.start[u + 1] ? c->item.value[e] : -1;
    }
done:
  return st;
}

kith_agreed kith__candidates_score(const kith_comm *comm, const kith_graph *g,
                                   const kith_blend_member *member, int m, kith__candidates *c) {
  kith_agreed st = {KITH_OK};
  score_work w = {.n = 0};
  const size_t d = (size_t)member->d;
  KITH_TRY(kith_agree(comm, score_items(g, c, &w)));
  KITH_TRY(kith_halo_create(comm, g->first, w.n, w.number, &w.halo));
  KITH_TRY(kith_agree(comm, score_reserve(c, member, &w)));
  kith_halo_begin(w.halo, member->d, member->x, w.row);
  kith_halo_end(w.halo);
  if (kith_direct_is_on(&member->direct))
    KITH_TRY(kith_eval_direct_some(comm, g, &member->direct, c->n_user, c->user, w.width, w.item, w.direct));
  for (kith_lid u = 0; u < c->n_user; u++) {
    const float *user = member->x + d * (size_t)g->row_of[KITH_USER][c->user[u]];
    for (kith_eid e = c->item.start[u]; e < c->item.start[u + 1]; e++) {
      float s = kith_dot(member->d, user, w.row + d * (size_t)w.at[c->item.value[e]]);
      if (w.direct) s += w.direct[(int64_t)u * w.width + (e - c->item.start[u])];
      c->f[e * c->n + m] = (double)s / member->sigma;
    }
  }
done:
  score_free(&w);
  return st;
}
