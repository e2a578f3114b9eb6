/* The standard deviation of each model's scores, on pairs of a user and an item that are drawn by key. */
#include <math.h>
#include <stdlib.h>

#include "base/base.h"
#include "blend/blend_impl.h"
#include "halo/halo.h"
#include "ops/ops.h"

/* The pairs whose users this rank owns. */
typedef struct scale_pair {
  kith_gid number; /* global number of the item */
  kith_lid user;   /* index into row_of[KITH_USER] */
  int32_t item;
} scale_pair;

typedef struct scale_work {
  const kith_comm *comm;
  const kith_graph *g;
  int64_t n;
  scale_pair *pair; /* [n] ascending by the item's global number */
  kith_gid *number; /* [n] of the items */
  kith_lid *user;   /* [n] */
  int32_t *item;    /* [n] */
  kith_halo *halo;
  float *row, *direct; /* [n, d] the items' rows; [n] */
  double *score;       /* [n] */
} scale_work;

static void scale_free(scale_work *w) {
  kith_halo_destroy(&w->halo);
  KITH_FREE(w->pair);
  KITH_FREE(w->number);
  KITH_FREE(w->user);
  KITH_FREE(w->item);
  KITH_FREE(w->direct);
  KITH_FREE(w->score);
}

static int scale_compare(const void *a, const void *b) {
  const scale_pair *x = a, *y = b;
  if (x->number != y->number) return x->number < y->number ? -1 : 1;
  return (x->user > y->user) - (x->user < y->user);
}

/* This rank's index of every user; -1: another rank owns it.  at [users in all] */
static void scale_owned(const kith_graph *g, kith_lid *at) {
  for (int64_t u = 0; u < g->n[KITH_USER]; u++) at[u] = -1;
  for (kith_lid u = 0; u < g->n_own_of[KITH_USER]; u++) at[g->original[g->row_of[KITH_USER][u]]] = u;
}

static kith_status scale_draw(scale_work *w, uint64_t seed, int64_t n_pair) {
  kith_status st = KITH_OK;
  const kith_graph *g = w->g;
  kith_lid *at = NULL;
  KITH_TRY(KITH_NEW(at, g->n[KITH_USER]));
  KITH_TRY(KITH_NEW(w->pair, n_pair));
  scale_owned(g, at);
  for (int64_t p = 0; p < n_pair; p++) {
    kith_draw draw = kith_random(seed, KITH_RNG_BLEND_PAIR, (uint64_t)p, 0, 0);
    kith_lid user = at[kith_random_below(draw.bits[0], (uint64_t)g->n[KITH_USER])];
    int32_t item = (int32_t)kith_random_below(draw.bits[1], (uint64_t)g->n[KITH_ITEM]);
    if (user >= 0) w->pair[w->n++] = (scale_pair){g->item_number[item], user, item};
  }
  qsort(w->pair, (size_t)w->n, sizeof *w->pair, scale_compare);
done:
  KITH_FREE(at);
  return st;
}

static kith_status scale_make(scale_work *w, uint64_t seed, int64_t n_pair) {
  kith_status st = KITH_OK;
  KITH_TRY(scale_draw(w, seed, n_pair));
  KITH_TRY(KITH_NEW(w->number, w->n));
  KITH_TRY(KITH_NEW(w->user, w->n));
  KITH_TRY(KITH_NEW(w->item, w->n));
  KITH_TRY(KITH_NEW(w->direct, w->n));
  KITH_TRY(KITH_NEW(w->score, w->n));
  for (int64_t p = 0; p < w->n; p++) {
    w->number[p] = w->pair[p].number;
    w->user[p] = w->pair[p].user;
    w->item[p] = w->pair[p].item;
  }
done:
  return st;
}

static kith_status scale_reserve(scale_work *w, int d) {
  kith_status st = KITH_OK;
  KITH_TRY(KITH_NEW(w->row, w->n * d));
  KITH_TRY(kith_halo_reserve(w->halo, d));
done:
  return st;
}

static kith_agreed scale_scores(scale_work *w, const kith_blend_member *m) {
  kith_agreed st = {KITH_OK};
  const size_t d = (size_t)m->d;
  for (int64_t p = 0; p < w->n; p++) w->direct[p] = 0;
  KITH_TRY(kith_halo_create(w->comm, w->g->first, w->n, w->number, &w->halo));
  KITH_TRY(kith_agree(w->comm, scale_reserve(w, m->d)));
  kith_halo_begin(w->halo, m->d, m->x, w->row);
  kith_halo_end(w->halo);
  if (kith_direct_is_on(&m->direct))
    KITH_TRY(
        kith_eval_direct_some(w->comm, w->g, &m->direct, (kith_lid)w->n, w->user, 1, w->item, w->direct));
  for (int64_t p = 0; p < w->n; p++) {
    const float *user = m->x + d * (size_t)w->g->row_of[KITH_USER][w->user[p]];
    w->score[p] = (double)(kith_dot(m->d, user, w->row + d * (size_t)p) + w->direct[p]);
  }
done:
  KITH_FREE(w->row);
  kith_halo_destroy(&w->halo);
  return st;
}

/* Scores may be of any size: they are summed relative to the largest one. */
static double scale_deviation(const scale_work *w, int64_t n_pair) {
  kith_exact_sum sum[2] = {{0}};
  double most = 0;
  for (int64_t p = 0; p < w->n; p++) most = fmax(most, fabs(w->score[p]));
  KITH_WAIT("the largest score", MPI_Allreduce(MPI_IN_PLACE, &most, 1, MPI_DOUBLE, MPI_MAX, w->comm->mpi));
  for (int64_t p = 0; p < w->n && most > 0; p++) {
    kith_exact_sum_add(&sum[0], w->score[p] / most);
    kith_exact_sum_add(&sum[1], w->score[p] / most * (w->score[p] / most));
  }
  kith_comm_sum(w->comm, 2, sum);
  double mean = kith_exact_sum_value(&sum[0]) / (double)n_pair;
  return most * sqrt(fmax(kith_exact_sum_value(&sum[1]) / (double)n_pair - mean * mean, 0));
}

kith_agreed kith_blend_scale(const kith_comm *comm, const kith_graph *g, uint64_t seed, int64_t n_pair,
                             int n_member, kith_blend_member *member) {
  kith_agreed st = {KITH_OK};
  scale_work w = {.comm = comm, .g = g};
  KITH_TRY(kith_agree(comm, scale_make(&w, seed, n_pair)));
  for (int m = 0; m < n_member; m++) {
    KITH_TRY(scale_scores(&w, &member[m]));
    member[m].sigma = scale_deviation(&w, n_pair);
    bool differ = isfinite(member[m].sigma) && member[m].sigma > 0;
    if (!differ)
      KITH_TRY(kith_agreed_same(kith_fail(KITH_EDATA,
                                          "model %s: its scores on %lld pairs have the standard deviation "
                                          "%g, expected a finite number above 0",
                                          member[m].name, (long long)n_pair, member[m].sigma)));
  }
done:
  scale_free(&w);
  return st;
}
