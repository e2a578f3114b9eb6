/*
 * The likelihood of the validation items, its gradient and its curvature.
 *
 * With z(u, i) = sum over k of theta_k f_k(u, i) and p_u = softmax(z(u, .)) over the items that are ranked
 * for u, whose n_u validation items are T_u:
 *
 *   L = sum over u of (sum over i in T_u of z(u, i)) - n_u log sum over i of exp z(u, i)
 *   dL/d theta_k = sum over u of (sum over T_u of f_k) - n_u E_u[f_k]
 *   - d2L/d theta_k d theta_l = sum over u of n_u (E_u[f_k f_l] - E_u[f_k] E_u[f_l])
 *
 * all divided by the number of validation items.  Every rank sums over the items that it owns, relative to
 * the largest z of the user on all ranks; the sums are exact, and what is computed from them is computed on
 * every rank in the same way.
 */
#include <math.h>

#include "base/base.h"
#include "blend/blend_impl.h"
#include "ops/exact_block.h"
#include "ops/ops.h"

struct kith__likelihood {
  const kith_comm *comm;
  const kith_graph *g;
  int n, n_member, n_sum; /* unknowns; the first are those of members, then comes evidence */
  int n_dense;
  int dense[KITH_BLEND_MAX]; /* [n_dense] unknowns with a number for every item; others are of listed pairs */
  double unit[KITH_BLEND_MAX];         /* [n_member] 1 / sigma */
  double *column[KITH_BLEND_EVIDENCE]; /* [items of the rank] of evidence that is of items; null: of pairs */
  kith_gathered_users users;
  kith__listed listed;                 /* evidence */
  kith_scorer *scorer[KITH_BLEND_MAX]; /* [n_member] */
  int64_t width, n_pair;
  kith_lid *at;                 /* [items] this rank's index of an item; -1: another rank owns it */
  float *score[KITH_BLEND_MAX]; /* [n_member] of [KITH_SCORE_USERS, width], of a tile of users */
  double *z, *most;             /* [KITH_SCORE_USERS, width]; [users] the largest z */
  kith_exact_sum *truth, *sum;  /* [users, n] of the validation items; [users, n_sum] of all items */
  bool summed;                  /* whether truth is known */
};

/* Of a user's sums: that of exp(z - most), then n with f_k, then those with f_k f_m, k <= m. */
static int likelihood_n_sum(int n) { return 1 + n + n * (n + 1) / 2; }
static int likelihood_one(int k) { return 1 + k; }
static int likelihood_two(int n, int a, int b) {
  const int k = a < b ? a : b, m = a < b ? b : a;
  return 1 + n + k * n - k * (k - 1) / 2 + m - k;
}

void kith__likelihood_destroy(kith__likelihood **l) {
  if (!*l) return;
  kith_gathered_users_free(&(*l)->users);
  kith__listed_free(&(*l)->listed);
  for (int k = 0; k < KITH_BLEND_EVIDENCE; k++) KITH_FREE((*l)->column[k]);
  for (int k = 0; k < (*l)->n_member; k++) {
    kith_scorer_destroy(&(*l)->scorer[k]);
    KITH_FREE((*l)->score[k]);
  }
  KITH_FREE((*l)->at);
  KITH_FREE((*l)->z);
  KITH_FREE((*l)->most);
  KITH_FREE((*l)->truth);
  KITH_FREE((*l)->sum);
  KITH_FREE(*l);
}

static kith_status likelihood_make(kith__likelihood *l) {
  kith_status st = KITH_OK;
  const kith_graph *g = l->g;
  const int64_t tile = KITH_SCORE_USERS * l->width;
  KITH_TRY(KITH_NEW(l->at, g->n[KITH_ITEM]));
  KITH_TRY(KITH_NEW(l->z, tile));
  KITH_TRY(KITH_NEW(l->most, l->users.n));
  KITH_TRY(KITH_NEW(l->truth, l->users.n * l->n));
  KITH_TRY(KITH_NEW(l->sum, l->users.n * l->n_sum));
  for (int k = 0; k < l->n_member; k++) KITH_TRY(KITH_NEW(l->score[k], tile));
  for (int64_t i = 0; i < g->n[KITH_ITEM]; i++) l->at[i] = -1;
  for (kith_lid i = 0; i < g->n_own_of[KITH_ITEM]; i++) l->at[g->original[g->row_of[KITH_ITEM][i]]] = i;
done:
  return st;
}

/* Which unknowns are dense, and the numbers of those that are evidence. */
static kith_status likelihood_columns(kith__likelihood *l, const kith_evidence_table *t) {
  kith_status st = KITH_OK;
  const kith_graph *g = l->g;
  for (int k = 0; k < l->n_member; k++) l->dense[l->n_dense++] = k;
  for (int e = 0; e < t->n; e++) {
    if (!t->column[e]) continue;
    l->dense[l->n_dense++] = l->n_member + e;
    KITH_TRY(KITH_NEW(l->column[e], g->n_own_of[KITH_ITEM]));
    for (kith_lid i = 0; i < g->n_own_of[KITH_ITEM]; i++)
      l->column[e][i] = t->column[e][g->original[g->row_of[KITH_ITEM][i]]];
  }
done:
  return st;
}

static kith_status likelihood_check(const kith__likelihood *l) {
  kith_status st = KITH_OK;
  KITH_CHECK(l->n_pair > 0, KITH_ECONFIG,
             "kith blend: no validation items that count; its weights are chosen on them (data.split.valid)");
done:
  return st;
}

kith_agreed kith__likelihood_create(const kith_comm *comm, const kith_graph *g, const kith_blend_options *o,
                                    int n_member, const kith_blend_member *member,
                                    const kith_evidence_table *evidence, kith__likelihood **out) {
  kith_agreed st = {KITH_OK};
  kith__likelihood *l = NULL;
  KITH_TRY(kith_agree(comm, KITH_NEW(l, 1)));
  l->comm = comm;
  l->g = g;
  l->n_member = n_member;
  l->n = n_member + evidence->n;
  l->n_sum = likelihood_n_sum(l->n);
  l->width = kith_scorer_width(g->n_own_of[KITH_ITEM]);
  KITH_TRY(kith_gathered_users_make(comm, g, &o->scope, KITH_RNG_BLEND_USER, o->seed, o->n_user, &l->users));
  l->n_pair = l->users.truth.start[l->users.n];
  KITH_TRY(kith_agreed_same(likelihood_check(l)));
  KITH_TRY(kith_agree(comm, likelihood_make(l)));
  KITH_TRY(kith_agree(comm, likelihood_columns(l, evidence)));
  KITH_TRY(kith__listed_gather(comm, &l->users, evidence, &l->listed));
  for (int m = 0; m < n_member; m++) {
    l->unit[m] = 1 / member[m].sigma;
    KITH_TRY(
        kith_scorer_create(comm, g, &l->users, member[m].d, member[m].x, &member[m].direct, &l->scorer[m]));
  }
  *out = l;
  l = NULL;
done:
  kith__likelihood_destroy(&l);
  return st;
}

void kith__likelihood_count(const kith__likelihood *l, int64_t *n_user, int64_t *n_pair) {
  *n_user = l->users.n;
  *n_pair = l->n_pair;
}

/* ---- a user of a tile ---- */

/* Number k of item i, for a dense k. */
static double likelihood_feature(const kith__likelihood *l, int k, int64_t u, int64_t i) {
  if (k >= l->n_member) return l->column[k - l->n_member][i];
  return (double)l->score[k][u * l->width + i] * l->unit[k];
}

/* Add the evidence of user `first` + u to z. */
static void likelihood_add_listed(const kith__likelihood *l, const double *theta, int64_t first, int64_t u) {
  const kith__listed *e = &l->listed;
  for (kith_eid at = e->item.start[first + u]; at < e->item.start[first + u + 1]; at++) {
    kith_lid i = l->at[e->item.value[at]];
    for (int k = 0; i >= 0 && k < e->n; k++)
      l->z[u * l->width + i] += theta[l->n_member + k] * e->value[at * e->n + k];
  }
}

/* Items that are not ranked for user `first` + u. */
static void likelihood_mask(const kith__likelihood *l, int64_t first, int64_t u) {
  const kith_ragged *masked = &l->users.masked;
  double *z = l->z + u * l->width;
  for (kith_eid e = masked->start[first + u]; e < masked->start[first + u + 1]; e++)
    if (l->at[masked->value[e]] >= 0) z[l->at[masked->value[e]]] = -INFINITY;
  for (kith_lid i = 0; l->users.trained && i < l->g->n_own_of[KITH_ITEM]; i++)
    if (l->users.trained[l->g->original[l->g->row_of[KITH_ITEM][i]]]) z[i] = -INFINITY;
}

/* z of all items for user `first` + u, and the largest. */
static void likelihood_z(const kith__likelihood *l, const double *theta, int64_t first, int64_t u) {
  double *z = l->z + u * l->width, most = -INFINITY;
  kith_lid n = l->g->n_own_of[KITH_ITEM];
  for (kith_lid i = 0; i < n; i++) {
    z[i] = 0;
    for (int q = 0; q < l->n_dense; q++)
      z[i] += theta[l->dense[q]] * likelihood_feature(l, l->dense[q], u, i);
  }
  likelihood_add_listed(l, theta, first, u);
  likelihood_mask(l, first, u);
  for (kith_lid i = 0; i < n; i++) most = z[i] > most ? z[i] : most;
  l->most[first + u] = most;
}

/* Add exp(z - most) times 1, f_k and f_k f_m of dense unknowns, for n items from `first_item` on. */
static void likelihood_sum_block(const kith__likelihood *l, double most, int64_t u, int64_t first_item, int n,
                                 kith_exact_sum *sum) {
  double p[KITH_EXACT_BLOCK], f[KITH_BLEND_MAX][KITH_EXACT_BLOCK];
  const double *z = l->z + u * l->width + first_item;
  for (int i = 0; i < n; i++) p[i] = z[i] - most;
  kith_exponentials(n, p, p); /* 0 for items that are not ranked */
  for (int q = 0; q < l->n_dense; q++)
    for (int i = 0; i < n; i++) f[q][i] = likelihood_feature(l, l->dense[q], u, first_item + i);
  kith_exact_sum_block(n, p, &sum[0]);
  for (int q = 0; q < l->n_dense; q++) kith_exact_dot_block(n, p, f[q], &sum[likelihood_one(l->dense[q])]);
  for (int q = 0; q < l->n_dense; q++)
    for (int m = q; m < l->n_dense; m++)
      kith_exact_dot3_block(n, p, f[q], f[m], &sum[likelihood_two(l->n, l->dense[q], l->dense[m])]);
}

/* The same of all items. */
static void likelihood_sum(const kith__likelihood *l, int64_t first, int64_t u) {
  for (int64_t i = 0; i < l->g->n_own_of[KITH_ITEM]; i += KITH_EXACT_BLOCK)
    likelihood_sum_block(l, l->most[first + u], u, i,
                         (int)kith_min(l->g->n_own_of[KITH_ITEM] - i, KITH_EXACT_BLOCK),
                         l->sum + (first + u) * l->n_sum);
}

/* One listed item: the sums with evidence f [listed.n], p = exp(z - most). */
static void likelihood_sum_one(const kith__likelihood *l, int64_t u, kith_lid i, double p, const double *f,
                               kith_exact_sum *sum) {
  for (int e = 0; e < l->listed.n; e++) {
    const int k = l->n_member + e;
    if (l->column[e]) continue;
    kith_exact_sum_add(&sum[likelihood_one(k)], p * f[e]);
    for (int q = 0; q < l->n_dense; q++)
      kith_exact_sum_add(&sum[likelihood_two(l->n, l->dense[q], k)],
                         p * f[e] * likelihood_feature(l, l->dense[q], u, i));
    for (int m = e; m < l->listed.n; m++)
      if (!l->column[m]) kith_exact_sum_add(&sum[likelihood_two(l->n, k, l->n_member + m)], p * f[e] * f[m]);
  }
}

/* The same with evidence, which other items have none of. */
static void likelihood_sum_listed(const kith__likelihood *l, int64_t first, int64_t u) {
  const kith__listed *e = &l->listed;
  for (kith_eid at = e->item.start[first + u]; at < e->item.start[first + u + 1]; at++) {
    kith_lid i = l->at[e->item.value[at]];
    double z = i >= 0 ? l->z[u * l->width + i] : -INFINITY;
    if (z == -INFINITY) continue;
    double p = z - l->most[first + u];
    kith_exponentials(1, &p, &p);
    likelihood_sum_one(l, u, i, p, e->value + at * e->n, l->sum + (first + u) * l->n_sum);
  }
}

static void likelihood_truth(const kith__likelihood *l, int64_t first, int64_t u) {
  const kith_ragged *truth = &l->users.truth;
  kith_exact_sum *sum = l->truth + (first + u) * l->n;
  for (kith_eid e = truth->start[first + u]; e < truth->start[first + u + 1]; e++) {
    kith_lid i = l->at[truth->value[e]];
    if (i < 0) continue;
    const double *f = kith__listed_find(&l->listed, first + u, truth->value[e]);
    for (int q = 0; q < l->n_dense; q++)
      kith_exact_sum_add(&sum[l->dense[q]], likelihood_feature(l, l->dense[q], u, i));
    for (int k = 0; f && k < l->listed.n; k++)
      if (!l->column[k]) kith_exact_sum_add(&sum[l->n_member + k], f[k]);
  }
}

/* Users first … first + KITH_SCORE_USERS - 1. */
static void likelihood_tile(kith__likelihood *l, const double *theta, int64_t first) {
  int64_t n = kith_min(l->users.n - first, KITH_SCORE_USERS);
  for (int k = 0; k < l->n_member; k++) kith_scorer_run(l->scorer[k], first, l->score[k]);
#pragma omp parallel for schedule(dynamic)
  for (int64_t u = 0; u < n; u++) likelihood_z(l, theta, first, u);
  KITH_WAIT("the largest scores of users",
            MPI_Allreduce(MPI_IN_PLACE, l->most + first, (int)n, MPI_DOUBLE, MPI_MAX, l->comm->mpi));
#pragma omp parallel for schedule(dynamic)
  for (int64_t u = 0; u < n; u++) {
    likelihood_sum(l, first, u);
    likelihood_sum_listed(l, first, u);
    if (!l->summed) likelihood_truth(l, first, u);
  }
  kith_comm_sum(l->comm, (int)n * l->n_sum, l->sum + first * l->n_sum);
  if (!l->summed) kith_comm_sum(l->comm, (int)n * l->n, l->truth + first * l->n);
}

/* ---- all users ---- */

/* Add a user whose sums are known; the mean over all validation items comes last. */
static void likelihood_add(const kith__likelihood *l, const double *theta, int64_t u, kith__blend_point *p) {
  const kith_exact_sum *sum = l->sum + u * l->n_sum, *truth = l->truth + u * l->n;
  double all = kith_exact_sum_value(&sum[0]), mean[KITH_BLEND_MAX];
  double n_u = (double)(l->users.truth.start[u + 1] - l->users.truth.start[u]);
  p->value -= n_u * (l->most[u] + log(all));
  for (int k = 0; k < l->n; k++) {
    double chosen = kith_exact_sum_value(&truth[k]);
    mean[k] = kith_exact_sum_value(&sum[likelihood_one(k)]) / all;
    p->value += theta[k] * chosen;
    p->gradient[k] += chosen - n_u * mean[k];
  }
  for (int k = 0; k < l->n; k++)
    for (int m = k; m < l->n; m++) {
      double both = kith_exact_sum_value(&sum[likelihood_two(l->n, k, m)]) / all;
      double c = n_u * (both - mean[k] * mean[m]);
      p->curvature[k * l->n + m] += c;
    }
}

static void likelihood_mean(const kith__likelihood *l, kith__blend_point *p) {
  double n = (double)l->n_pair;
  p->value /= n;
  for (int k = 0; k < l->n; k++) p->gradient[k] /= n;
  for (int k = 0; k < l->n * l->n; k++) p->curvature[k] /= n;
}

kith_agreed kith__likelihood_at(kith__likelihood *l, const double *theta, kith__blend_point *out) {
  kith_agreed st = {KITH_OK};
  *out = (kith__blend_point){.value = 0};
  for (int64_t i = 0; i < l->users.n * l->n_sum; i++) l->sum[i] = (kith_exact_sum){0};
  for (int64_t first = 0; first < l->users.n; first += KITH_SCORE_USERS) likelihood_tile(l, theta, first);
  l->summed = true;
  for (int64_t u = 0; u < l->users.n; u++) likelihood_add(l, theta, u, out);
  likelihood_mean(l, out);
  if (!isfinite(out->value))
    KITH_TRY(kith_agreed_same(
        kith_fail(KITH_ENUMERIC, "kith blend: the likelihood of the validation items is %g", out->value)));
done:
  return st;
}
