/* Which users are gathered, and their lists. */
#include "eval/gathered.h"

#include "base/base.h"
#include "eval/eval_impl.h"

void kith_gathered_users_free(kith_gathered_users *users) {
  KITH_FREE(users->original);
  KITH_FREE(users->own);
  KITH_FREE(users->trained);
  kith_ragged_free(&users->masked);
  kith_ragged_free(&users->truth);
}

/* ---- lists ---- */

/* Every rank fills in the lists of its users; elsewhere it has zeros, below any number. */
static void gathered_fill(const kith_gathered_users *users, const kith_ragged *l, kith_ragged *out) {
  for (int64_t i = 0; i < users->n; i++) {
    kith_eid to = out->start[i];
    if (users->own[i] < 0) continue;
    for (kith_eid e = l->start[users->own[i]]; e < l->start[users->own[i] + 1]; e++)
      out->value[to++] = l->value[e];
  }
}

static void gathered_starts(const kith_comm *comm, const kith_gathered_users *users, const kith_ragged *l,
                            kith_eid *start) {
  for (int64_t i = 0; i < users->n; i++)
    if (users->own[i] >= 0) start[i + 1] = l->start[users->own[i] + 1] - l->start[users->own[i]];
  kith_comm_sum_int(comm, users->n, start + 1);
  for (int64_t i = 0; i < users->n; i++) start[i + 1] += start[i];
}

/* Lists of the owned users [n_own_of[KITH_USER]], gathered in the order of users->original. */
static kith_agreed gathered_lists(const kith_comm *comm, const kith_gathered_users *users,
                                  const kith_ragged *l, kith_ragged *out) {
  kith_agreed st = {KITH_OK};
  *out = (kith_ragged){.n_row = users->n};
  KITH_TRY(kith_agree(comm, KITH_NEW(out->start, users->n + 1)));
  gathered_starts(comm, users, l, out->start);
  int64_t n = out->start[users->n];
  KITH_TRY(kith_agree(comm, KITH_NEW(out->value, n)));
  gathered_fill(users, l, out);
  kith_comm_reduce(comm, n, MPI_INT32_T, MPI_MAX, out->value);
done:
  if (kith_is_bad(st)) kith_ragged_free(out);
  return st;
}

/* ---- users ---- */

static int64_t gathered_count(const kith_comm *comm, const kith_ragged *truth) {
  int64_t n = 0;
  for (int64_t u = 0; u < truth->n_row; u++) n += truth->start[u + 1] > truth->start[u];
  kith_comm_sum_int(comm, 1, &n);
  return n;
}

/* Mark the users that are taken, taken [users in all], and return how many those of all ranks are. */
static int64_t gathered_mark(const kith_comm *comm, const kith_graph *g, const kith_ragged *truth,
                             kith_rng_stream stream, uint64_t seed, double share, uint8_t *taken) {
  int64_t n = 0;
  for (kith_lid u = 0; u < g->n_own_of[KITH_USER]; u++) {
    int64_t original = g->original[g->row_of[KITH_USER][u]];
    kith_draw draw = kith_random(seed, stream, (uint64_t)original, 0, 0);
    bool has = truth->start[u + 1] > truth->start[u];
    taken[original] = has && kith_random_unit(draw.bits[0]) < share;
  }
  kith_comm_reduce(comm, g->n[KITH_USER], MPI_UINT8_T, MPI_MAX, taken);
  for (int64_t u = 0; u < g->n[KITH_USER]; u++) n += taken[u];
  return n;
}

static kith_status gathered_number(const kith_graph *g, const uint8_t *taken, int64_t n,
                                   kith_gathered_users *out) {
  kith_status st = KITH_OK;
  int64_t *at = NULL;
  KITH_TRY(KITH_NEW(out->original, n));
  KITH_TRY(KITH_NEW(out->own, n));
  KITH_TRY(KITH_NEW(at, g->n[KITH_USER]));
  for (int64_t u = 0; u < g->n[KITH_USER]; u++) {
    if (!taken[u]) continue;
    at[u] = out->n;
    out->own[out->n] = -1;
    out->original[out->n++] = u;
  }
  for (kith_lid u = 0; u < g->n_own_of[KITH_USER]; u++) {
    int64_t original = g->original[g->row_of[KITH_USER][u]];
    if (taken[original]) out->own[at[original]] = u;
  }
done:
  KITH_FREE(at);
  return st;
}

/* The items of all masks, one list after the other. */
static kith_status gathered_masks(const kith__scope *s, kith_lid n_user, kith_ragged *out) {
  kith_status st = KITH_OK;
  int64_t n = 0;
  for (int i = 0; i < s->n_mask; i++) n += s->mask[i]->start[n_user];
  out->n_row = n_user;
  KITH_TRY(KITH_NEW(out->start, n_user + 1));
  KITH_TRY(KITH_NEW(out->value, n));
  for (kith_lid u = 0; u < n_user; u++) {
    kith_eid at = out->start[u];
    for (int i = 0; i < s->n_mask; i++)
      for (kith_eid e = s->mask[i]->start[u]; e < s->mask[i]->start[u + 1]; e++)
        out->value[at++] = s->mask[i]->value[e];
    out->start[u + 1] = at;
  }
done:
  return st;
}

/* Their lists; what the scope has of cold candidates is moved. */
static kith_agreed gathered_take(const kith_comm *comm, const kith_graph *g, kith__scope *s,
                                 kith_gathered_users *out) {
  kith_agreed st = {KITH_OK};
  kith_ragged masks = {0};
  KITH_TRY(kith_agree(comm, gathered_masks(s, g->n_own_of[KITH_USER], &masks)));
  KITH_TRY(gathered_lists(comm, out, &masks, &out->masked));
  KITH_TRY(gathered_lists(comm, out, s->truth, &out->truth));
  out->trained = s->trained;
  s->trained = NULL;
done:
  kith_ragged_free(&masks);
  return st;
}

kith_agreed kith_gathered_users_make(const kith_comm *comm, const kith_graph *g, const kith_eval_scope *scope,
                                     kith_rng_stream stream, uint64_t seed, int64_t n_wanted,
                                     kith_gathered_users *out) {
  kith_agreed st = {KITH_OK};
  kith__scope s = {0};
  uint8_t *taken = NULL;
  *out = (kith_gathered_users){.n = 0};
  KITH_TRY(kith__scope_make(comm, g, scope, false, &g->valid, &s));
  KITH_TRY(kith_agree(comm, KITH_NEW(taken, g->n[KITH_USER])));
  int64_t n = gathered_count(comm, s.truth);
  double share = n > 0 ? (double)n_wanted / (double)n : 1;
  n = gathered_mark(comm, g, s.truth, stream, seed, share, taken);
  KITH_TRY(kith_agree(comm, gathered_number(g, taken, n, out)));
  KITH_TRY(gathered_take(comm, g, &s, out));
done:
  KITH_FREE(taken);
  kith__scope_free(&s);
  if (kith_is_bad(st)) kith_gathered_users_free(out);
  return st;
}
