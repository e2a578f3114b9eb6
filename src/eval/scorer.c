/* Scores of gathered users: a tile of users times all items of the rank. */
#include <string.h>

#include "eval/direct.h"
#include "eval/gathered.h"
#include "base/base.h"

enum { SCORER_MESSAGE = 1 << 26 }; /* numbers of one message */

struct kith_scorer {
  const kith_gathered_users *users;
  int d;
  kith_lid n_item;
  float *user;       /* [whole tiles of users, d] */
  float *packed;     /* [kith_scorer_width(), d] items for kith_scores_tile() */
  int64_t *original; /* [n_item] */
  float *tile;       /* [threads, KITH_SCORE_USERS, KITH_SCORE_ITEMS] */
  kith__direct direct;
  kith_direct_reach reach; /* of a direct term; zero between tiles */
};

int64_t kith_scorer_width(kith_lid n_item) {
  return ((int64_t)n_item + KITH_SCORE_ITEMS - 1) / KITH_SCORE_ITEMS * KITH_SCORE_ITEMS;
}

void kith_scorer_destroy(kith_scorer **s) {
  if (!*s) return;
  KITH_FREE((*s)->user);
  KITH_FREE((*s)->packed);
  KITH_FREE((*s)->original);
  KITH_FREE((*s)->tile);
  kith__direct_tile_free(&(*s)->reach);
  kith__direct_free(&(*s)->direct);
  KITH_FREE(*s);
}

static kith_status scorer_items(const kith_graph *g, const float *x, kith_scorer *s) {
  kith_status st = KITH_OK;
  size_t d = (size_t)s->d;
  float *rows = NULL;
  KITH_TRY(KITH_NEW(rows, (int64_t)s->n_item * s->d));
  for (kith_lid i = 0; i < s->n_item; i++) {
    kith_lid row = g->row_of[KITH_ITEM][i];
    memcpy(rows + d * (size_t)i, x + d * (size_t)row, d * sizeof(float));
    s->original[i] = g->original[row];
  }
  kith_scores_pack(s->n_item, kith_scorer_width(s->n_item), s->d, rows, s->packed);
done:
  KITH_FREE(rows);
  return st;
}

static kith_status scorer_make(const kith_graph *g, const kith_gathered_users *users, int d, const float *x,
                               kith_scorer **out) {
  kith_status st = KITH_OK;
  kith_scorer *s = NULL;
  int64_t n = (users->n + KITH_SCORE_USERS - 1) / KITH_SCORE_USERS * KITH_SCORE_USERS;
  KITH_TRY(KITH_NEW(s, 1));
  *out = s;
  s->users = users;
  s->d = d;
  s->n_item = g->n_own_of[KITH_ITEM];
  KITH_TRY(KITH_NEW(s->user, n * d));
  KITH_TRY(KITH_NEW(s->packed, kith_scorer_width(s->n_item) * d));
  KITH_TRY(KITH_NEW(s->original, s->n_item));
  KITH_TRY(KITH_NEW(s->tile, (int64_t)kith_max_threads() * KITH_SCORE_USERS * KITH_SCORE_ITEMS));
  KITH_TRY(scorer_items(g, x, s));
done:
  return st;
}

/* The users' rows, bit by bit: other ranks have zeros. */
static void scorer_gather(const kith_comm *comm, const kith_graph *g, const float *x, kith_scorer *s) {
  size_t d = (size_t)s->d;
  int64_t n = s->users->n * s->d;
  for (int64_t i = 0; i < s->users->n; i++)
    if (s->users->own[i] >= 0)
      memcpy(s->user + d * (size_t)i, x + d * (size_t)g->row_of[KITH_USER][s->users->own[i]],
             d * sizeof(float));
  for (int64_t first = 0; first < n; first += SCORER_MESSAGE)
    KITH_WAIT("the rows of gathered users",
              MPI_Allreduce(MPI_IN_PLACE, s->user + first, (int)kith_min(n - first, SCORER_MESSAGE),
                            MPI_UINT32_T, MPI_BOR, comm->mpi));
}

kith_agreed kith_scorer_create(const kith_comm *comm, const kith_graph *g, const kith_gathered_users *users,
                               int d, const float *x, const kith_direct_term *direct, kith_scorer **out) {
  kith_agreed st = {KITH_OK};
  kith_scorer *s = NULL;
  *out = NULL;
  KITH_TRY(kith_agree(comm, scorer_make(g, users, d, x, &s)));
  scorer_gather(comm, g, x, s);
  KITH_TRY(kith__direct_make(comm, g, direct, &s->direct));
  if (kith__direct_is_on(&s->direct))
    KITH_TRY(kith_agree(comm, kith__direct_tile_make(&s->direct, &s->reach)));
  *out = s;
  s = NULL;
done:
  kith_scorer_destroy(&s);
  return st;
}

/* ---- a tile of users ---- */

/* Make the reach that of n users from `first` on; or clear it. */
static void scorer_reach(kith_scorer *s, int64_t first, int64_t n, bool clears) {
  const kith_ragged *l = &s->users->train;
  for (int64_t i = 0; i < n; i++) {
    kith_eid at = l->start[first + i], n_own = l->start[first + i + 1] - at;
    if (clears) kith__direct_tile_unreach(&s->direct, n_own, l->value + at, &s->reach);
    else kith__direct_tile_reach(&s->direct, n_own, l->value + at, (int)i, &s->reach);
  }
}

/* The columns first_item … of the scores. */
static void scorer_tile(kith_scorer *s, const float *user, int64_t first_item, float *score) {
  const size_t width = (size_t)kith_scorer_width(s->n_item);
  float *tile = s->tile + (size_t)kith_thread_num() * KITH_SCORE_USERS * KITH_SCORE_ITEMS;
  int n = (int)kith_min(s->n_item - first_item, KITH_SCORE_ITEMS);
  kith_scores_tile(s->d, user, s->packed + (size_t)s->d * (size_t)first_item, tile);
  if (kith__direct_is_on(&s->direct))
    kith_direct_tile(&s->direct.lists, n, s->original + first_item, &s->reach, tile);
  for (size_t u = 0; u < KITH_SCORE_USERS; u++)
    memcpy(score + u * width + (size_t)first_item, tile + u * KITH_SCORE_ITEMS,
           KITH_SCORE_ITEMS * sizeof(float));
}

void kith_scorer_run(kith_scorer *s, int64_t first, float *score) {
  const bool direct = kith__direct_is_on(&s->direct);
  const float *user = s->user + (size_t)first * (size_t)s->d;
  int64_t n = kith_min(s->users->n - first, KITH_SCORE_USERS);
  if (direct) scorer_reach(s, first, n, false);
#pragma omp parallel for schedule(dynamic)
  for (int64_t item = 0; item < s->n_item; item += KITH_SCORE_ITEMS) scorer_tile(s, user, item, score);
  if (direct) scorer_reach(s, first, n, true);
}
