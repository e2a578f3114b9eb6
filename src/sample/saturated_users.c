/* Users with every item that could be a negative: every rank gets the ids of their edges. */
#include <stdlib.h>

#include "sample/sample.h"

/* A saturated user: its first training edge and how many it has. */
typedef struct saturated_user {
  int64_t edge, n;
} saturated_user;

static kith_eid saturated_degree(const kith_graph *g, kith_lid row) {
  return g->start[row + 1] - g->start[row];
}

/* Number of items that may be drawn: all, or those with training interactions. */
static int64_t saturated_items(const kith_comm *comm, const kith_graph *g, bool any) {
  int64_t n = 0;
  if (any) return g->n[KITH_ITEM];
  for (kith_lid i = 0; i < g->n_own_of[KITH_ITEM]; i++) n += saturated_degree(g, g->row_of[KITH_ITEM][i]) > 0;
  kith_comm_sum_int(comm, 1, &n);
  return n;
}

/* Mark this rank's saturated users; returns their number. */
static int64_t saturated_mark(const kith_graph *g, int64_t n_item, bool *own) {
  int64_t n = 0;
  for (kith_lid u = 0; u < g->n_own_of[KITH_USER]; u++) {
    own[u] = n_item > 0 && saturated_degree(g, g->row_of[KITH_USER][u]) == n_item;
    n += own[u];
  }
  return n;
}

static int saturated_compare(const void *a, const void *b) {
  int64_t x = ((const saturated_user *)a)->edge, y = ((const saturated_user *)b)->edge;
  return (x > y) - (x < y);
}

/* Write this rank's saturated users at index `at`; other entries stay zero for the sum. */
static void saturated_write(const kith_graph *g, const kith_saturated_users *s, int64_t at,
                            saturated_user *all) {
  for (kith_lid u = 0; u < g->n_own_of[KITH_USER]; u++) {
    kith_lid row = g->row_of[KITH_USER][u];
    if (s->is_saturated[u]) all[at++] = (saturated_user){g->first_edge[row], saturated_degree(g, row)};
  }
}

static kith_status saturated_alloc(kith_saturated_users *s, saturated_user **all) {
  kith_status st = KITH_OK;
  KITH_CHECK(s->n_user <= INT32_MAX / 2, KITH_ECONFIG,
             "%lld users interacted with every item: at most %d can be left out", (long long)s->n_user,
             INT32_MAX / 2);
  KITH_TRY(KITH_NEW(*all, s->n_user));
  KITH_TRY(KITH_NEW(s->first_edge, s->n_user));
  KITH_TRY(KITH_NEW(s->pairs_before, s->n_user + 1));
done:
  return st;
}

/* Gather the saturated users of all ranks; n[r] are rank r's. */
static kith_agreed saturated_gather(const kith_comm *comm, const kith_graph *g, const int64_t *n,
                                    kith_saturated_users *s) {
  kith_agreed st = {KITH_OK};
  saturated_user *all = NULL;
  int64_t at = 0;
  for (int r = 0; r < comm->size; r++) {
    if (r < comm->rank) at += n[r];
    s->n_user += n[r];
  }
  KITH_TRY(kith_agree(comm, saturated_alloc(s, &all)));
  saturated_write(g, s, at, all);
  kith_comm_sum_int(comm, 2 * s->n_user, &all->edge);
  qsort(all, (size_t)s->n_user, sizeof *all, saturated_compare);
  for (int64_t i = 0; i < s->n_user; i++) {
    s->first_edge[i] = all[i].edge;
    s->pairs_before[i + 1] = s->pairs_before[i] + all[i].n;
  }
  s->n_pair = s->pairs_before[s->n_user];
done:
  KITH_FREE(all);
  return st;
}

static kith_status saturated_make(const kith_comm *comm, const kith_graph *g, kith_saturated_users **out,
                                  int64_t **n) {
  kith_status st = KITH_OK;
  KITH_TRY(KITH_NEW(*out, 1));
  KITH_TRY(KITH_NEW((*out)->is_saturated, g->n_own_of[KITH_USER]));
  KITH_TRY(KITH_NEW(*n, comm->size));
done:
  return st;
}

/* At least one edge must be left. */
static kith_status saturated_check(const kith_graph *g, const kith_saturated_users *s, bool any) {
  kith_status st = KITH_OK;
  KITH_CHECK(
      s->n_pair < g->n_edge || g->n_edge == 0, KITH_EDATA,
      "every user interacted with every item%s: no pair has a negative to learn from; more items are needed",
      any ? "" : " that negatives are drawn from");
done:
  return st;
}

kith_agreed kith_saturated_users_create(const kith_comm *comm, const kith_graph *g, bool any,
                                        kith_saturated_users **out) {
  kith_agreed st = {KITH_OK};
  kith_saturated_users *s = NULL;
  int64_t *n = NULL;
  *out = NULL;
  KITH_TRY(kith_agree(comm, saturated_make(comm, g, &s, &n)));
  n[comm->rank] = saturated_mark(g, saturated_items(comm, g, any), s->is_saturated);
  kith_comm_sum_int(comm, comm->size, n);
  KITH_TRY(saturated_gather(comm, g, n, s));
  KITH_TRY(kith_agreed_same(saturated_check(g, s, any)));
  *out = s;
  s = NULL;
done:
  kith_saturated_users_destroy(&s);
  KITH_FREE(n);
  return st;
}

void kith_saturated_users_destroy(kith_saturated_users **saturated) {
  kith_saturated_users *s = *saturated;
  if (!s) return;
  KITH_FREE(s->is_saturated);
  KITH_FREE(s->first_edge);
  KITH_FREE(s->pairs_before);
  KITH_FREE(*saturated);
}

kith_eid kith_saturated_users_pairs_before(const kith_saturated_users *s, kith_eid edge) {
  int64_t low = 0, high = s ? s->n_user : 0;
  while (low < high) {
    int64_t middle = low + (high - low) / 2;
    if (s->first_edge[middle] < edge) low = middle + 1;
    else high = middle;
  }
  return s ? s->pairs_before[low] : 0;
}
