/*
 * The direct term: c / lambda_1 D_i^q P D_i^-p r_u, with P = M'M and M = D_u^-a R D_i^-b.  P is never formed.
 *
 * A block of users takes two sparse products: from their items to all users of these (`reach`, dense over the
 * users), and from users to items (ops/direct.c), which adds to the scores.  Every rank holds R, 4 bytes an
 * interaction: of all that ranking keeps it is the smaller part unless there are many more interactions than
 * nodes, and a block then needs no communication.
 */
#include <math.h>
#include <string.h>

#include "eval/direct.h"

void kith__direct_free(kith__direct *t) {
  KITH_FREE(t->lists.start);
  KITH_FREE(t->lists.user);
  KITH_FREE(t->lists.factor);
  KITH_FREE(t->input);
  KITH_FREE(t->middle);
  KITH_FREE(t->outer);
  KITH_FREE(t->inner);
  KITH_FREE(t->work);
}

/* The lengths of the lists of all users, summed: start [users in all + 1]. */
static void direct_starts(const kith_comm *comm, const kith_graph *g, const kith_ragged *l, kith_eid *start) {
  int64_t n = g->n[KITH_USER];
  for (kith_lid u = 0; u < l->n_row; u++)
    start[g->original[g->row_of[KITH_USER][u]] + 1] = l->start[u + 1] - l->start[u];
  kith_comm_reduce(comm, n, MPI_INT64_T, MPI_MAX, start + 1);
  for (int64_t u = 0; u < n; u++) start[u + 1] += start[u];
}

/* Every rank fills in the lists of its own users; elsewhere it has zeros. */
kith_agreed kith_all_lists(const kith_comm *comm, const kith_graph *g, const kith_ragged *l, kith_ragged *r) {
  kith_agreed st = {KITH_OK};
  r->n_row = g->n[KITH_USER];
  KITH_TRY(kith_agree(comm, KITH_NEW(r->start, r->n_row + 1)));
  direct_starts(comm, g, l, r->start);
  int64_t n = r->start[r->n_row];
  KITH_TRY(kith_agree(comm, KITH_NEW(r->value, n)));
  for (kith_lid u = 0; u < l->n_row; u++) {
    kith_eid to = r->start[g->original[g->row_of[KITH_USER][u]]];
    for (kith_eid e = l->start[u]; e < l->start[u + 1]; e++) r->value[to++] = l->value[e];
  }
  kith_comm_reduce(comm, n, MPI_INT32_T, MPI_MAX, r->value);
done:
  return st;
}

kith_agreed kith_train_lists(const kith_comm *comm, const kith_graph *g, kith_ragged *r) {
  return kith_all_lists(comm, g, &g->train, r);
}

/* By item: users are met in the order of their original numbers. */
static kith_status direct_lists(int64_t n_item, const kith_ragged *r, kith_direct_lists *l) {
  kith_ragged users = {0};
  kith_status st = kith_ragged_transpose(r, n_item, &users);
  l->start = users.start; /* freed with the lists, whether they are whole or not */
  l->user = users.value;
  return st;
}

/* A power of a degree; a node without interactions has no part in any sum. */
static float direct_power(kith_eid degree, double power) {
  return degree > 0 ? (float)pow((double)degree, power) : 0;
}

static kith_status direct_factors(int64_t n_item, const kith_ragged *r, const kith_direct_term *t,
                                  kith__direct *out) {
  kith_status st = KITH_OK;
  kith_direct_lists *l = &out->lists;
  KITH_TRY(KITH_NEW(l->factor, n_item));
  KITH_TRY(KITH_NEW(out->input, n_item));
  KITH_TRY(KITH_NEW(out->middle, out->n_user));
  for (int64_t i = 0; i < n_item; i++) {
    kith_eid degree = l->start[i + 1] - l->start[i];
    l->factor[i] = (float)((t->n_higher > 0 ? 1 : t->c) / t->lambda_1) *
                   direct_power(degree, t->output_power - t->item_power);
    out->input[i] = direct_power(degree, -t->input_power - t->item_power);
  }
  for (int64_t u = 0; u < out->n_user; u++)
    out->middle[u] = direct_power(r->start[u + 1] - r->start[u], -2 * t->user_power);
done:
  return st;
}

static kith_status direct_poly_make(const kith_direct_term *t, int64_t n_item, kith__direct *out) {
  kith_status st = KITH_OK;
  if (t->n_higher == 0) return st;
  out->term = *t;
  out->n_item = n_item;
  KITH_TRY(KITH_NEW(out->outer, n_item));
  KITH_TRY(KITH_NEW(out->inner, n_item));
  KITH_TRY(KITH_NEW(out->work, kith_max_threads() * (out->n_user + n_item)));
  for (int64_t i = 0; i < n_item; i++) {
    kith_eid degree = out->lists.start[i + 1] - out->lists.start[i];
    out->outer[i] = direct_power(degree, -t->input_power);
    out->inner[i] = direct_power(degree, -t->item_power);
  }
done:
  return st;
}

kith_agreed kith__direct_make(const kith_comm *comm, const kith_graph *g, const kith_direct_term *t,
                              kith__direct *out) {
  kith_agreed st = {KITH_OK};
  kith__direct make = {.n_user = g->n[KITH_USER]};
  kith_ragged r = {0};
  *out = (kith__direct){.n_user = 0};
  if (!kith_direct_is_on(t) || t->lambda_1 == 0) return st;
  KITH_TRY(kith_train_lists(comm, g, &r));
  KITH_TRY(kith_agree(comm, direct_lists(g->n[KITH_ITEM], &r, &make.lists)));
  KITH_TRY(kith_agree(comm, direct_factors(g->n[KITH_ITEM], &r, t, &make)));
  KITH_TRY(kith_agree(comm, direct_poly_make(t, g->n[KITH_ITEM], &make)));
  *out = make;
  make = (kith__direct){.n_user = 0};
done:
  kith_ragged_free(&r);
  kith__direct_free(&make);
  return st;
}

int64_t kith_eval_direct_bytes(int64_t n_user, int64_t n_item, int64_t n_edge, bool poly) {
  const kith__direct *t = NULL;
  const kith_ragged *r = NULL;
  const kith_direct_reach *reach = NULL;
  int64_t tile = KITH_BYTES(reach->slot, n_user * KITH_DIRECT_VECTORS) +
                 KITH_BYTES(reach->vector, (1 + n_user * KITH_DIRECT_VECTORS) * KITH_DIRECT_LANES) +
                 (poly ? KITH_BYTES(t->work, n_user + n_item) : 0);
  return KITH_BYTES(t->lists.start, n_item + 1) + KITH_BYTES(t->lists.user, n_edge) +
         KITH_BYTES(t->lists.factor, n_item) + KITH_BYTES(t->input, n_item) + KITH_BYTES(t->middle, n_user) +
         KITH_BYTES(r->start, n_user + 1) + KITH_BYTES(r->value, n_edge) + kith_max_threads() * tile +
         (poly ? KITH_BYTES(t->outer, n_item) + KITH_BYTES(t->inner, n_item) : 0);
}

/* ---- a polynomial: Horner's rule, in double since coefficients of opposite signs cancel ---- */

/* users = D_u^-2a R D_i^-b items. */
static void poly_users(const kith__direct *t, const double *items, double *users) {
  const kith_direct_lists *l = &t->lists;
  memset(users, 0, (size_t)t->n_user * sizeof *users);
  for (int64_t i = 0; i < t->n_item; i++) {
    double x = (double)t->inner[i] * items[i];
    if (x == 0) continue;
    for (kith_eid e = l->start[i]; e < l->start[i + 1]; e++) users[l->user[e]] += x;
  }
  for (int64_t u = 0; u < t->n_user; u++) users[u] *= (double)t->middle[u];
}

/* items = D_i^-b R' users / lambda_1. */
static void poly_items(const kith__direct *t, const double *users, double *items) {
  const kith_direct_lists *l = &t->lists;
  for (int64_t i = 0; i < t->n_item; i++) {
    double sum = 0;
    for (kith_eid e = l->start[i]; e < l->start[i + 1]; e++) sum += users[l->user[e]];
    items[i] = (double)t->inner[i] * sum / t->term.lambda_1;
  }
}

static void poly_add(const kith__direct *t, double c, int64_t n, const int32_t *item, double *items) {
  for (int64_t k = 0; k < n; k++) items[item[k]] += c * (double)t->outer[item[k]];
}

/* All of it but its last product: reach [users in all] in this thread's scratch memory, zeros included. */
static const double *direct_poly(const kith__direct *t, int64_t n, const int32_t *item) {
  double *users = t->work + kith_thread_num() * (t->n_user + t->n_item), *items = users + t->n_user;
  memset(items, 0, (size_t)t->n_item * sizeof *items);
  for (int j = t->term.n_higher - 1; j >= 0; j--) {
    poly_add(t, t->term.higher[j], n, item, items);
    poly_users(t, items, users);
    poly_items(t, users, items);
  }
  poly_add(t, t->term.c, n, item, items);
  poly_users(t, items, users);
  return users;
}

/* ---- reach ---- */

void kith__direct_reach(const kith__direct *t, int64_t n, const int32_t *item, float *reach) {
  const kith_direct_lists *l = &t->lists;
  const double *poly = t->work ? direct_poly(t, n, item) : NULL;
  for (int64_t v = 0; poly && v < t->n_user; v++) reach[v] = (float)poly[v];
  if (poly) return;
  for (int64_t k = 0; k < n; k++) {
    float input = t->input[item[k]];
    for (kith_eid e = l->start[item[k]]; e < l->start[item[k] + 1]; e++)
      reach[l->user[e]] += input * t->middle[l->user[e]];
  }
}

void kith__direct_unreach(const kith__direct *t, int64_t n, const int32_t *item, float *reach) {
  const kith_direct_lists *l = &t->lists;
  if (t->work) memset(reach, 0, (size_t)t->n_user * sizeof *reach);
  if (t->work) return;
  for (int64_t k = 0; k < n; k++)
    for (kith_eid e = l->start[item[k]]; e < l->start[item[k] + 1]; e++) reach[l->user[e]] = 0;
}

kith_status kith__direct_tile_make(const kith__direct *t, kith_direct_reach *out) {
  kith_status st = KITH_OK;
  int64_t n = t->n_user * KITH_DIRECT_VECTORS;
  kith_direct_reach make = {.n = 0};
  KITH_CHECK(n < INT32_MAX, KITH_ENOMEM, "the direct term: %lld users are too many to rank with it",
             (long long)t->n_user);
  KITH_TRY(KITH_NEW(make.slot, n));
  KITH_TRY(KITH_NEW(make.vector, (1 + n) * KITH_DIRECT_LANES));
  *out = make;
  make = (kith_direct_reach){.n = 0};
done:
  kith__direct_tile_free(&make);
  return st;
}

void kith__direct_tile_free(kith_direct_reach *r) {
  KITH_FREE(r->slot);
  KITH_FREE(r->vector);
}

void kith__direct_tile_reach(const kith__direct *t, int64_t n, const int32_t *item, int u,
                             kith_direct_reach *r) {
  const kith_direct_lists *l = &t->lists;
  const double *poly = t->work ? direct_poly(t, n, item) : NULL;
  for (int64_t v = 0; poly && v < t->n_user; v++)
    if ((float)poly[v] != 0) *kith_direct_reach_at(r, v, u) = (float)poly[v];
  if (poly) return;
  for (int64_t k = 0; k < n; k++) {
    float input = t->input[item[k]];
    for (kith_eid e = l->start[item[k]]; e < l->start[item[k] + 1]; e++)
      *kith_direct_reach_at(r, l->user[e], u) += input * t->middle[l->user[e]];
  }
}

void kith__direct_tile_unreach(const kith__direct *t, int64_t n, const int32_t *item, kith_direct_reach *r) {
  const kith_direct_lists *l = &t->lists;
  if (t->work && r->n > 0) memset(r->slot, 0, (size_t)t->n_user * KITH_DIRECT_VECTORS * sizeof *r->slot);
  for (int64_t k = 0; k < n; k++)
    for (kith_eid e = l->start[item[k]]; e < l->start[item[k] + 1]; e++)
      memset(r->slot + (size_t)l->user[e] * KITH_DIRECT_VECTORS, 0, KITH_DIRECT_VECTORS * sizeof *r->slot);
  r->n = 0;
}
