/*
 * The likelihood of the validation items among the candidates, its gradient and its curvature.
 *
 * With z(u, i) = sum over k of theta_k f_k(u, i) / tau_u and p_u = softmax(z(u, .)) over the candidates of u
 * that are kept, n_u of which are validation items T_u:
 *
 *   L = sum over u of (sum over i in T_u of z(u, i)) - n_u log sum over i of exp z(u, i)
 *   dL/d theta_k = sum over u of ((sum over T_u of f_k) - n_u E_u[f_k]) / tau_u
 *   - d2L/d theta_k d theta_l = sum over u of n_u (E_u[f_k f_l] - E_u[f_k] E_u[f_l]) / tau_u^2
 *
 * all divided by the number N of these items.  A prior keeps the weights finite where evidence tells the kept
 * validation items from all others: theta_k is normal with the deviation LIKELIHOOD_PRIOR / s_k, where s_k is
 * the root mean square over users of the standard deviation of f_k / tau_u among the kept candidates; where
 * it is 0, so are theta_k, the derivative and the curvature.  The temperature tau_u is the standard
 * deviation of the kept scores, relative to its root mean square over users, and at least 1 /
 * LIKELIHOOD_COLDEST.  A user is summed by the rank that owns it; sums over users are exact.
 */
#include <math.h>
#include <stdlib.h>

#include "base/base.h"
#include "base/order.h"
#include "blend/blend_impl.h"
#include "ops/exponential_double.h"

static const double LIKELIHOOD_PRIOR = 5;
static const double LIKELIHOOD_ROUNDING =
    1e-12;                                  /* differences, relative to the largest number, that are none */
static const double LIKELIHOOD_COLDEST = 4; /* most 1 / tau_u: of a user whose scores are nearly the same */

/* A candidate of a user by its score. */
typedef struct scored {
  double z;
  kith_eid at; /* index of the candidate */
} scored;

struct kith__likelihood {
  const kith_comm *comm;
  const kith__candidates *c;
  int n_sum;                    /* value, gradient, upper triangle of the curvature */
  int64_t n_item;               /* validation items that are kept, over all ranks */
  kith_eid *start;              /* [n_user + 1] of those that are kept */
  kith_eid *kept;               /* [..] indices of candidates, ascending */
  double prior[KITH_BLEND_MAX]; /* [n] (s_k / LIKELIHOOD_PRIOR)^2 */
  double *over;                 /* [n_user] 1 / tau_u */
  scored *list;                 /* [most candidates of a user] scratch memory */
  double *z, *p;                /* the same */
};

void kith__likelihood_destroy(kith__likelihood **l) {
  if (!*l) return;
  KITH_FREE((*l)->start);
  KITH_FREE((*l)->kept);
  KITH_FREE((*l)->over);
  KITH_FREE((*l)->list);
  KITH_FREE((*l)->z);
  KITH_FREE((*l)->p);
  KITH_FREE(*l);
}

static void likelihood_count(kith__likelihood *l) {
  l->n_item = 0;
  for (kith_eid e = 0; e < l->start[l->c->n_user]; e++) l->n_item += l->c->chosen[l->kept[e]];
  kith_comm_sum_int(l->comm, 1, &l->n_item);
}

/* The variance of f_k over the kept candidates of a user; 0 where they differ by rounding alone. */
static double likelihood_variance(const kith__likelihood *l, kith_lid u, int k) {
  const kith_eid n = l->start[u + 1] - l->start[u];
  const double *f = l->c->f + k;
  double mean = 0, square = 0, size = 0;
  for (kith_eid i = l->start[u]; i < l->start[u + 1]; i++) mean += f[l->kept[i] * l->c->n] / (double)n;
  for (kith_eid i = l->start[u]; i < l->start[u + 1]; i++) {
    const double x = f[l->kept[i] * l->c->n] - mean;
    square += x * x / (double)n;
    size = fmax(size, fabs(f[l->kept[i] * l->c->n]));
  }
  return sqrt(square) > LIKELIHOOD_ROUNDING * size ? square : 0;
}

static void likelihood_set_prior(kith__likelihood *l) {
  kith_exact_sum sum[KITH_BLEND_MAX] = {{0}};
  for (int k = 0; k < l->c->n; k++)
    for (kith_lid u = 0; u < l->c->n_user; u++)
      kith_exact_sum_add(&sum[k], l->over[u] * l->over[u] * likelihood_variance(l, u, k));
  kith_comm_sum(l->comm, l->c->n, sum);
  for (int k = 0; k < l->c->n; k++)
    l->prior[k] =
        kith_exact_sum_value(&sum[k]) / (double)l->c->n_user_all / (LIKELIHOOD_PRIOR * LIKELIHOOD_PRIOR);
}

static kith_status likelihood_make(kith__likelihood *l) {
  kith_status st = KITH_OK;
  const kith_ragged *item = &l->c->item;
  const int64_t most = kith_longest_row(l->c->n_user, item->start);
  KITH_TRY(KITH_NEW(l->start, (int64_t)l->c->n_user + 1));
  KITH_TRY(KITH_NEW(l->kept, item->start[l->c->n_user]));
  KITH_TRY(KITH_NEW(l->over, l->c->n_user));
  KITH_TRY(KITH_NEW(l->list, most));
  KITH_TRY(KITH_NEW(l->z, most));
  KITH_TRY(KITH_NEW(l->p, most));
  for (kith_lid u = 0; u <= l->c->n_user; u++) l->start[u] = item->start[u];
  for (kith_eid e = 0; e < item->start[l->c->n_user]; e++) l->kept[e] = e;
  for (kith_lid u = 0; u < l->c->n_user; u++) l->over[u] = 1;
done:
  return st;
}

kith_agreed kith__likelihood_create(const kith_comm *comm, const kith__candidates *c,
                                    kith__likelihood **out) {
  kith_agreed st = {KITH_OK};
  kith__likelihood *l = NULL;
  KITH_TRY(kith_agree(comm, KITH_NEW(l, 1)));
  l->comm = comm;
  l->c = c;
  l->n_sum = 1 + c->n + c->n * (c->n + 1) / 2;
  KITH_TRY(kith_agree(comm, likelihood_make(l)));
  likelihood_count(l);
  likelihood_set_prior(l);
  *out = l;
  l = NULL;
done:
  kith__likelihood_destroy(&l);
  return st;
}

bool kith__likelihood_is_flat(const kith__likelihood *l, int k) { return l->prior[k] == 0; }

int64_t kith__likelihood_count(const kith__likelihood *l) { return l->n_item; }

/* The score of a candidate, without its temperature. */
static double likelihood_score(const kith__likelihood *l, const double *theta, kith_eid e) {
  double z = 0;
  for (int k = 0; k < l->c->n; k++) z += theta[k] * l->c->f[e * l->c->n + k];
  return z;
}

/* ---- which are kept ---- */

static int likelihood_compare(const void *a, const void *b) {
  const scored *x = a, *y = b;
  if (x->z != y->z) return x->z > y->z ? -1 : 1;
  return (x->at > y->at) - (x->at < y->at);
}

static int likelihood_compare_places(const void *a, const void *b) {
  const kith_eid *x = a, *y = b;
  return (*x > *y) - (*x < *y);
}

/* Keep those of one user from kept[to] on; returns the variance of their scores. */
static double likelihood_keep_user(kith__likelihood *l, const double *theta, kith_lid u, kith_eid to) {
  const kith_eid first = l->c->item.start[u], n = l->c->item.start[u + 1] - first;
  const int64_t n_kept = kith_min(n, KITH_BLEND_KEPT);
  double mean = 0, square = 0;
  for (kith_eid i = 0; i < n; i++) l->list[i] = (scored){likelihood_score(l, theta, first + i), first + i};
  qsort(l->list, (size_t)n, sizeof *l->list, likelihood_compare);
  for (int64_t i = 0; i < n_kept; i++) mean += l->list[i].z / (double)n_kept;
  for (int64_t i = 0; i < n_kept; i++) {
    l->kept[to + i] = l->list[i].at;
    square += (l->list[i].z - mean) * (l->list[i].z - mean) / (double)n_kept;
  }
  qsort(l->kept + to, (size_t)n_kept, sizeof *l->kept, likelihood_compare_places);
  l->start[u + 1] = to + n_kept;
  return square;
}

void kith__likelihood_keep(kith__likelihood *l, const double *theta) {
  kith_exact_sum sum = {0};
  l->start[0] = 0;
  for (kith_lid u = 0; u < l->c->n_user; u++) {
    l->over[u] = likelihood_keep_user(l, theta, u, l->start[u]);
    kith_exact_sum_add(&sum, l->over[u]);
  }
  kith_comm_sum(l->comm, 1, &sum);
  double mean = kith_exact_sum_value(&sum) / (double)l->c->n_user_all;
  for (kith_lid u = 0; u < l->c->n_user; u++)
    l->over[u] = mean > 0 ? fmin(sqrt(mean / l->over[u]), LIKELIHOOD_COLDEST) : 1;
  likelihood_count(l);
  likelihood_set_prior(l);
}

/* ---- all users ---- */

/* exp(z - most) of the kept candidates of user u into p; returns their sum. */
static double likelihood_exponentials(kith__likelihood *l, const double *theta, kith_lid u, double *most) {
  const int64_t n = l->start[u + 1] - l->start[u];
  double all = 0;
  *most = -INFINITY;
  for (int64_t i = 0; i < n; i++) {
    l->z[i] = l->over[u] * likelihood_score(l, theta, l->kept[l->start[u] + i]);
    *most = fmax(*most, l->z[i]);
  }
  for (int64_t i = 0; i < n; i++) l->p[i] = l->z[i] - *most;
  kith_exponentials((int)n, l->p, l->p);
  for (int64_t i = 0; i < n; i++) all += l->p[i];
  return all;
}

/* Add user u, one number after the other.  f_k is taken relative to the first candidate's, which changes no
 * sum: one that hardly differs among large numbers keeps its digits. */
static void likelihood_add(kith__likelihood *l, const double *theta, kith_lid u, kith_exact_sum *sum) {
  const int n = l->c->n;
  const kith_eid *kept = l->kept + l->start[u], n_kept = l->start[u + 1] - l->start[u];
  double f[KITH_BLEND_MAX], chosen[KITH_BLEND_MAX] = {0}, mean[KITH_BLEND_MAX] = {0},
                            two[KITH_BLEND_MAX * KITH_BLEND_MAX] = {0};
  double n_u = 0, z_u = 0, most = 0, over = l->over[u];
  for (kith_eid i = 0; i < n_kept; i++) n_u += l->c->chosen[kept[i]];
  if (n_u == 0) return;
  const double all = likelihood_exponentials(l, theta, u, &most);
  for (kith_eid i = 0; i < n_kept; i++) {
    const double *first = l->c->f + kept[0] * n, *here = l->c->f + kept[i] * n, p = l->p[i] / all;
    for (int k = 0; k < n; k++) f[k] = here[k] - first[k];
    for (int k = 0; k < n; k++) mean[k] += p * f[k];
    for (int k = 0; k < n; k++)
      for (int m = k; m < n; m++) two[k * n + m] += p * f[k] * f[m];
    if (!l->c->chosen[kept[i]]) continue;
    z_u += l->z[i];
    for (int k = 0; k < n; k++) chosen[k] += f[k];
  }
  kith_exact_sum_add(sum++, z_u - n_u * (most + log(all)));
  for (int k = 0; k < n; k++) kith_exact_sum_add(sum++, over * (chosen[k] - n_u * mean[k]));
  for (int k = 0; k < n; k++)
    for (int m = k; m < n; m++)
      kith_exact_sum_add(sum++, over * over * n_u * (two[k * n + m] - mean[k] * mean[m]));
}

/* The value does not depend on unknown k. */
static void likelihood_rest(int n, int k, kith_newton_point *at) {
  at->gradient[k] = 0;
  for (int m = 0; m < n; m++) at->curvature[k * n + m] = at->curvature[m * n + k] = 0;
}

kith_agreed kith__likelihood_at(kith__likelihood *l, const double *theta, kith_newton_point *out) {
  kith_agreed st = {KITH_OK};
  kith_exact_sum all[1 + KITH_BLEND_MAX + KITH_BLEND_MAX * (KITH_BLEND_MAX + 1) / 2] = {{0}}, *sum = all;
  const double n_item = (double)l->n_item;
  *out = (kith_newton_point){.value = 0};
  for (kith_lid u = 0; u < l->c->n_user; u++) likelihood_add(l, theta, u, all);
  kith_comm_sum(l->comm, l->n_sum, all);
  out->value = kith_exact_sum_value(sum++) / n_item;
  for (int k = 0; k < l->c->n; k++) out->gradient[k] = kith_exact_sum_value(sum++) / n_item;
  for (int k = 0; k < l->c->n; k++)
    for (int m = k; m < l->c->n; m++) out->curvature[k * l->c->n + m] = kith_exact_sum_value(sum++) / n_item;
  out->likelihood = out->value;
  for (int k = 0; k < l->c->n; k++)
    if (kith__likelihood_is_flat(l, k)) likelihood_rest(l->c->n, k, out);
  for (int k = 0; k < l->c->n; k++) {
    out->value -= theta[k] * theta[k] * l->prior[k] / (2 * n_item);
    out->gradient[k] -= theta[k] * l->prior[k] / n_item;
    out->curvature[k * l->c->n + k] += l->prior[k] / n_item;
  }
  if (!isfinite(out->value))
    KITH_TRY(kith_agreed_same(
        kith_fail(KITH_ENUMERIC, "kith blend: the likelihood of the validation items is %g", out->value)));
done:
  return st;
}
