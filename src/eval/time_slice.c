/* A slice of time: the graph before it, and the users and items that are measured in it. */
#include "eval/time_slice.h"

enum { SLICE_USERS = 512, SLICE_MOST = 8 };

/* ---- where slices begin and end ---- */

/* Training interactions before each of n times, over all ranks. */
static void slice_count(const kith_comm *comm, const kith_graph *g, int n, const int64_t *time,
                        int64_t *count) {
  for (int c = 0; c < n; c++) count[c] = 0;
  for (kith_lid u = 0; u < g->n_own_of[KITH_USER]; u++) {
    kith_lid row = g->row_of[KITH_USER][u];
    for (kith_eid e = g->start[row]; e < g->start[row + 1]; e++)
      for (int c = 0; c < n; c++) count[c] += g->time[e] < time[c];
  }
  kith_comm_sum_int(comm, n, count);
}

/* Times lie up to 2^63 apart, which a signed number does not hold. */
static uint64_t slice_width(int64_t from, int64_t to) { return (uint64_t)to - (uint64_t)from; }

/* Bisection: cut[c] is the least time with at least its share of the interactions before it. */
void kith__time_cuts(const kith_comm *comm, const kith_graph *g, int n, int64_t *cut) {
  int64_t low[SLICE_MOST], middle[SLICE_MOST], count[SLICE_MOST], first = INT64_MAX, last = INT64_MIN;
  for (kith_eid e = 0; e < g->start[g->n_own]; e++) {
    first = g->time[e] < first ? g->time[e] : first;
    last = g->time[e] > last ? g->time[e] : last;
  }
  first = -kith_comm_max(comm, -first);
  last = kith_comm_max(comm, last);
  for (int c = 0; c <= n; c++) low[c] = first, cut[c] = last + 1;
  for (bool open = first < last; open;) {
    open = false;
    for (int c = 0; c <= n; c++) middle[c] = low[c] + (int64_t)(slice_width(low[c], cut[c]) / 2);
    slice_count(comm, g, n + 1, middle, count);
    for (int c = 0; c <= n; c++) {
      double share = 0.6 + 0.4 * c / n;
      if ((double)count[c] >= share * (double)g->n_edge) cut[c] = middle[c];
      else low[c] = middle[c];
      open = open || slice_width(low[c], cut[c]) > 1;
    }
  }
}

/* ---- the graph before the slice ---- */

static kith_status slice_filter(const kith_graph *g, int64_t from, kith_graph *out) {
  kith_status st = KITH_OK;
  kith_eid at = 0;
  *out = *g;
  out->start = NULL;
  out->neighbor = NULL;
  out->time = NULL;
  out->is_new = NULL;
  KITH_TRY(KITH_NEW(out->start, (int64_t)g->n_own + 1));
  KITH_TRY(KITH_NEW(out->neighbor, g->start[g->n_own]));
  KITH_TRY(KITH_NEW(out->time, g->start[g->n_own]));
  for (kith_lid i = 0; i < g->n_own; i++) {
    for (kith_eid e = g->start[i]; e < g->start[i + 1]; e++) {
      if (g->time[e] >= from) continue;
      out->neighbor[at] = g->neighbor[e];
      out->time[at++] = g->time[e];
    }
    out->start[i + 1] = at;
  }
done:
  return st;
}

/* ---- users ---- */

/* Items of an owned user in the slice; items [..] takes them, unless null. */
static int64_t slice_items(const kith_graph *g, kith_lid u, int64_t from, int64_t to, int32_t *item) {
  kith_eid e = g->start[g->row_of[KITH_USER][u]];
  int64_t n = 0;
  for (kith_eid k = g->train.start[u]; k < g->train.start[u + 1]; k++, e++) {
    if (g->time[e] < from || g->time[e] >= to) continue;
    if (item) item[n] = g->train.value[k];
    n++;
  }
  return n;
}

static bool slice_has_user(const kith_graph *before, const kith_graph *g, kith_lid u, int64_t from,
                           int64_t to) {
  kith_lid row = g->row_of[KITH_USER][u];
  return before->start[row + 1] > before->start[row] && slice_items(g, u, from, to, NULL) > 0;
}

/* A keyed draw of about SLICE_USERS of n users; all, where there are no more. */
static bool slice_draws(const kith_graph *g, kith_lid u, uint64_t key, int64_t n) {
  uint64_t who = (uint64_t)g->original[g->row_of[KITH_USER][u]];
  return kith_random_unit(kith_random(1, KITH_RNG_SLICE, who, key, 0).bits[0]) * (double)n < SLICE_USERS;
}

static kith_status slice_users(const kith_graph *g, int64_t from, int64_t to, uint64_t key, int64_t n_all,
                               kith_time_slice *s) {
  kith_status st = KITH_OK;
  int64_t n_item = 0;
  KITH_TRY(KITH_NEW(s->user, g->n_own_of[KITH_USER]));
  KITH_TRY(KITH_NEW(s->target.start, (int64_t)g->n_own_of[KITH_USER] + 1));
  for (kith_lid u = 0; u < g->n_own_of[KITH_USER]; u++) {
    if (!slice_has_user(&s->g, g, u, from, to) || !slice_draws(g, u, key, n_all)) continue;
    s->user[s->n_user++] = u;
    n_item += slice_items(g, u, from, to, NULL);
    s->target.start[s->n_user] = n_item;
  }
  s->target.n_row = s->n_user;
  KITH_TRY(KITH_NEW(s->target.value, n_item));
  for (kith_lid i = 0; i < s->n_user; i++)
    slice_items(g, s->user[i], from, to, s->target.value + s->target.start[i]);
done:
  return st;
}

kith_agreed kith__time_slice_make(const kith_comm *comm, const kith_graph *g, int64_t from, int64_t to,
                                  uint64_t key, kith_time_slice *out) {
  kith_agreed st = {KITH_OK};
  kith_time_slice s = {.n_user = 0};
  *out = s;
  KITH_TRY(kith_agree(comm, slice_filter(g, from, &s.g)));
  int64_t n_all = 0;
  for (kith_lid u = 0; u < g->n_own_of[KITH_USER]; u++) n_all += slice_has_user(&s.g, g, u, from, to);
  kith_comm_sum_int(comm, 1, &n_all);
  KITH_TRY(kith_agree(comm, slice_users(g, from, to, key, n_all, &s)));
  int64_t mine = s.n_user;
  s.n_user_all = mine;
  kith_comm_sum_int(comm, 1, &s.n_user_all);
  KITH_WAIT("the users of a slice of time",
            MPI_Exscan(&mine, &s.first_user, 1, MPI_INT64_T, MPI_SUM, comm->mpi));
  if (comm->rank == 0) s.first_user = 0;
  *out = s;
  s = (kith_time_slice){0};
done:
  kith__time_slice_free(&s);
  return st;
}

void kith__time_slice_free(kith_time_slice *s) {
  KITH_FREE(s->g.start);
  KITH_FREE(s->g.neighbor);
  KITH_FREE(s->g.time);
  KITH_FREE(s->user);
  kith_ragged_free(&s->target);
  *s = (kith_time_slice){0};
}
