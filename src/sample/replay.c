/*
 * The training edges of an update's epochs.  To number new and old edges over all ranks, each by user, the
 * ranks sum counts of some users at a time: a rank keeps those of its own.
 */
#include <string.h>

#include "sample/sample.h"

enum { REPLAY_USERS = 1 << 18 }; /* users whose counts are summed at a time */

/* New and old edges of an owned user. */
static void replay_count(const kith_graph *g, const kith_saturated_users *saturated, kith_lid u,
                         int64_t n[2]) {
  kith_lid row = g->row_of[KITH_USER][u];
  n[0] = n[1] = 0;
  if (saturated && saturated->is_saturated[u]) return;
  for (kith_eid e = g->start[row]; e < g->start[row + 1]; e++) n[g->is_new[e] ? 0 : 1]++;
}

/* Make counts of users those of all users before them; *before goes on behind the last one. */
static void replay_prefix(int64_t n_user, int64_t (*count)[2], int64_t before[2]) {
  for (int64_t i = 0; i < n_user; i++)
    for (int k = 0; k < 2; k++) {
      int64_t n = count[i][k];
      count[i][k] = before[k];
      before[k] += n;
    }
}

/* Number the edges of the users first … first + n - 1. */
static void replay_number(const kith_comm *comm, const kith_graph *g, const kith_saturated_users *saturated,
                          int64_t first, int64_t n, int64_t (*count)[2], int64_t before[2], kith_replay *r) {
  memset(count, 0, (size_t)n * sizeof *count);
  for (int pass = 0; pass < 2; pass++) {
    for (kith_lid u = 0; u < g->n_own_of[KITH_USER]; u++) {
      int64_t i = g->original[g->row_of[KITH_USER][u]] - first;
      if (i < 0 || i >= n) continue;
      if (pass == 0) replay_count(g, saturated, u, count[i]);
      else {
        r->new_before[u] = count[i][0];
        r->old_before[u] = count[i][1];
      }
    }
    if (pass == 1) continue;
    kith_comm_sum_int(comm, 2 * n, count[0]);
    replay_prefix(n, count, before);
  }
}

static kith_status replay_make(const kith_graph *g, int64_t n, kith_replay **out, int64_t (**count)[2]) {
  kith_status st = KITH_OK;
  KITH_TRY(KITH_NEW(*out, 1));
  KITH_TRY(KITH_NEW((*out)->new_before, g->n_own_of[KITH_USER]));
  KITH_TRY(KITH_NEW((*out)->old_before, g->n_own_of[KITH_USER]));
  KITH_TRY(KITH_NEW(*count, n));
done:
  return st;
}

static kith_status replay_choose(const int64_t n[2], double share, kith_replay *r) {
  kith_status st = KITH_OK;
  r->n_new = n[0];
  r->n_old = n[1];
  KITH_CHECK(n[0] + n[1] > 0, KITH_EDATA, "the update has no interaction that a step can learn from");
  double drawn = r->n_new > 0 ? (double)r->n_new * share / (1 - share) + 0.5 : 1;
  r->n_draw = drawn < (double)r->n_old ? (kith_eid)drawn : r->n_old;
done:
  return st;
}

kith_agreed kith_replay_create(const kith_comm *comm, const kith_graph *g,
                               const kith_saturated_users *saturated, double share, kith_replay **out) {
  kith_agreed st = {KITH_OK};
  kith_replay *r = NULL;
  int64_t(*count)[2] = NULL, before[2] = {0, 0}, n_user = g->n[KITH_USER];
  *out = NULL;
  KITH_TRY(kith_agree(comm, replay_make(g, kith_min(n_user, REPLAY_USERS), &r, &count)));
  for (int64_t first = 0; first < n_user; first += REPLAY_USERS)
    replay_number(comm, g, saturated, first, kith_min(n_user - first, REPLAY_USERS), count, before, r);
  KITH_TRY(kith_agreed_same(replay_choose(before, share, r)));
  *out = r;
  r = NULL;
done:
  kith_replay_destroy(&r);
  KITH_FREE(count);
  return st;
}

void kith_replay_destroy(kith_replay **replay) {
  if (!*replay) return;
  KITH_FREE((*replay)->new_before);
  KITH_FREE((*replay)->old_before);
  KITH_FREE(*replay);
}
