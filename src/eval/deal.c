/* Users dealt anew: those of full ranks that are beyond an even share move to ranks with fewer. */
#include <stdlib.h>
#include <string.h>

#include "eval/deal.h"

enum { DEAL_MASKED, DEAL_TRUTH, DEAL_TRAIN, DEAL_PAIRS };
enum { DEAL_ROWS = 31, DEAL_LENGTHS, DEAL_VALUES, DEAL_TERMS }; /* tags */
enum { DEAL_UNEVEN = 50 }; /* users move if the fullest rank has more than 1 / 50 above the mean */

/* How many users move from here to each rank, or from each rank to here; one of both is 0. */
typedef struct deal_plan {
  const kith_comm *comm;
  int64_t n_send, n_recv;
  int64_t *n_of;        /* [ranks] users with truth … */
  int64_t *with;        /* [ranks] … users that move between that rank and this one */
  int n_peer;           /* ranks of which this is not 0 */
  MPI_Request *request; /* [3 + lists for each of them] */
  int n_request;
} deal_plan;

static void deal_plan_free(deal_plan *p) {
  KITH_FREE(p->n_of);
  KITH_FREE(p->with);
  KITH_FREE(p->request);
}

/* Users beyond an even share; below 0: users that are missing. */
static int64_t deal_surplus(const deal_plan *p, int64_t all, int r) {
  return p->n_of[r] - (kith_chunk_begin(all, p->comm->size, r + 1) - kith_chunk_begin(all, p->comm->size, r));
}

static int64_t deal_overlap(int64_t a, int64_t a_end, int64_t b, int64_t b_end) {
  int64_t low = a > b ? a : b, high = kith_min(a_end, b_end);
  return high > low ? high - low : 0;
}

/* Those that move, numbered rank by rank, fill the ranks that miss some in the same order. */
static void deal_match(deal_plan *p, int64_t all) {
  int64_t given = 0, taken = 0, mine = deal_surplus(p, all, p->comm->rank), first = 0;
  for (int r = 0; r < p->comm->rank; r++) {
    int64_t s = deal_surplus(p, all, r);
    if (s > 0 && mine > 0) first += s;
    if (s < 0 && mine < 0) first -= s;
  }
  p->n_send = mine > 0 ? mine : 0;
  p->n_recv = mine < 0 ? -mine : 0;
  for (int r = 0; r < p->comm->size; r++) {
    int64_t s = deal_surplus(p, all, r), give = s > 0 ? s : 0, take = s < 0 ? -s : 0;
    if (mine > 0) p->with[r] = deal_overlap(first, first + mine, taken, taken + take);
    if (mine < 0) p->with[r] = deal_overlap(first, first - mine, given, given + give);
    given += give;
    taken += take;
    p->n_peer += p->with[r] > 0;
  }
}

static kith_status deal_plan_alloc(const kith_comm *comm, deal_plan *p) {
  kith_status st = KITH_OK;
  KITH_TRY(KITH_NEW(p->n_of, comm->size));
  KITH_TRY(KITH_NEW(p->with, comm->size));
done:
  return st;
}

/* Whether users move, which all ranks know. */
static kith_agreed deal_plan_make(const kith_comm *comm, int64_t n, deal_plan *p, bool *moves) {
  kith_agreed st = {KITH_OK};
  int64_t all = 0, most = 0;
  *p = (deal_plan){.comm = comm};
  *moves = false;
  if (comm->size == 1) return st;
  KITH_TRY(kith_agree(comm, deal_plan_alloc(comm, p)));
  KITH_WAIT("the users of all ranks", MPI_Allgather(&n, 1, MPI_INT64_T, p->n_of, 1, MPI_INT64_T, comm->mpi));
  for (int r = 0; r < comm->size; r++) {
    all += p->n_of[r];
    if (p->n_of[r] > most) most = p->n_of[r];
  }
  *moves = most * comm->size > all + all / DEAL_UNEVEN;
  deal_match(p, all);
  KITH_TRY(kith_agree(comm, KITH_NEW(p->request, (int64_t)p->n_peer * (3 + KITH__DEAL_LISTS))));
done:
  return st;
}

/* ---- the users of this rank, packed ---- */

static int deal_compare(const void *a, const void *b) {
  int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
  return (x > y) - (x < y);
}

/* Lists of the users that are ranked; of several lists, one with all their items. */
static kith_status deal_pack_list(const kith__deal *u, int n_from, const kith_ragged *const *from,
                                  kith_ragged *out) {
  kith_status st = KITH_OK;
  KITH_TRY(KITH_NEW(out->start, (int64_t)u->n + 1));
  out->n_row = u->n;
  for (kith_lid i = 0; i < u->n; i++) {
    out->start[i + 1] = out->start[i];
    for (int k = 0; k < n_from; k++)
      out->start[i + 1] += from[k]->start[u->user[i] + 1] - from[k]->start[u->user[i]];
  }
  KITH_TRY(KITH_NEW(out->value, out->start[u->n]));
  for (kith_lid i = 0; i < u->n; i++) {
    int32_t *to = out->value + out->start[i];
    for (int k = 0; k < n_from; k++)
      for (kith_eid e = from[k]->start[u->user[i]]; e < from[k]->start[u->user[i] + 1]; e++)
        *to++ = from[k]->value[e];
    if (n_from > 1)
      qsort(out->value + out->start[i], (size_t)(out->start[i + 1] - out->start[i]), sizeof *to,
            deal_compare);
  }
done:
  return st;
}

static kith_status deal_pack_terms(const kith__deal *u, const kith_pair_terms *pairs, float **out) {
  kith_status st = KITH_OK;
  int64_t at = 0;
  KITH_TRY(KITH_NEW(*out, u->list[DEAL_PAIRS].start[u->n]));
  for (kith_lid i = 0; pairs && i < u->n; i++)
    for (kith_eid e = pairs->item.start[u->user[i]]; e < pairs->item.start[u->user[i] + 1]; e++)
      (*out)[at++] = pairs->value[e];
done:
  return st;
}

static kith_status deal_pack(const kith_graph *g, const float *x, bool trains, kith__deal *u) {
  kith_status st = KITH_OK;
  const kith_ragged *train = &g->train, *item = u->pairs ? &u->pairs->item : NULL;
  size_t d = (size_t)u->d;
  KITH_TRY(KITH_NEW(u->rows, (int64_t)u->n * u->d));
  for (kith_lid i = 0; i < u->n; i++)
    memcpy(u->rows + d * (size_t)i, x + d * (size_t)g->row_of[KITH_USER][u->user[i]], d * sizeof *x);
  KITH_TRY(deal_pack_list(u, u->scope.n_mask, u->scope.mask, &u->list[DEAL_MASKED]));
  KITH_TRY(deal_pack_list(u, 1, &u->scope.truth, &u->list[DEAL_TRUTH]));
  KITH_TRY(deal_pack_list(u, trains, &train, &u->list[DEAL_TRAIN]));
  KITH_TRY(deal_pack_list(u, item != NULL, &item, &u->list[DEAL_PAIRS]));
  KITH_TRY(deal_pack_terms(u, u->pairs, &u->value));
done:
  return st;
}

/* Entries of all lists: more than a message counts stay where they are. */
static int64_t deal_n_value(const kith__deal *u, bool trains) {
  const kith_ragged *train = &u->users.train;
  int64_t n = u->scope.truth->start[u->scope.truth->n_row] + (trains ? train->start[train->n_row] : 0);
  for (int k = 0; k < u->scope.n_mask; k++) n += u->scope.mask[k]->start[u->scope.mask[k]->n_row];
  return n + (u->pairs ? u->pairs->item.start[u->pairs->item.n_row] : 0);
}

/* ---- messages ---- */

/* Post a message of n values to or from rank r: a rank either gives users or takes some. */
static void deal_post(deal_plan *p, int r, void *at, int64_t n, MPI_Datatype type, int tag) {
  MPI_Request *request = &p->request[p->n_request++];
  if (p->n_send > 0) KITH_MPI(MPI_Isend(at, (int)n, type, r, tag, p->comm->mpi, request));
  else KITH_MPI(MPI_Irecv(at, (int)n, type, r, tag, p->comm->mpi, request));
}

static void deal_wait(deal_plan *p) {
  KITH_WAIT("users that are dealt anew", MPI_Waitall(p->n_request, p->request, MPI_STATUSES_IGNORE));
  p->n_request = 0;
}

/* Rows, and lengths of lists; those that move are the last of the sender's, and follow the receiver's. */
static void deal_move_rows(deal_plan *p, kith__deal *u, kith_lid first, int32_t *length) {
  MPI_Datatype row;
  int64_t at = 0;
  KITH_MPI(MPI_Type_contiguous(u->d, MPI_FLOAT, &row));
  KITH_MPI(MPI_Type_commit(&row));
  for (int r = 0; r < p->comm->size; at += p->with[r++]) {
    if (p->with[r] == 0) continue;
    deal_post(p, r, u->rows + (size_t)u->d * (size_t)(first + at), p->with[r], row, DEAL_ROWS);
    deal_post(p, r, length + KITH__DEAL_LISTS * at, KITH__DEAL_LISTS * p->with[r], MPI_INT32_T, DEAL_LENGTHS);
  }
  deal_wait(p);
  KITH_MPI(MPI_Type_free(&row));
}

static void deal_move_values(deal_plan *p, kith__deal *u, kith_lid first) {
  for (int k = 0; k < KITH__DEAL_LISTS; k++) {
    kith_lid at = first;
    for (int r = 0; r < p->comm->size; at += (kith_lid)p->with[r++]) {
      const kith_eid *start = u->list[k].start;
      int64_t n = start[at + p->with[r]] - start[at];
      if (p->with[r] == 0) continue;
      deal_post(p, r, u->list[k].value + start[at], n, MPI_INT32_T, DEAL_VALUES + 2 * k);
      if (k == DEAL_PAIRS) deal_post(p, r, u->value + start[at], n, MPI_FLOAT, DEAL_TERMS + 2 * k);
    }
  }
  deal_wait(p);
}

static kith_status deal_grow(const deal_plan *p, kith__deal *u) {
  kith_status st = KITH_OK;
  int64_t n = u->n + p->n_recv;
  KITH_TRY(KITH_GROW(u->rows, (int64_t)u->n * u->d, n * u->d));
  for (int k = 0; k < KITH__DEAL_LISTS; k++) KITH_TRY(KITH_GROW(u->list[k].start, u->n + 1, n + 1));
done:
  return st;
}

static kith_status deal_grow_values(const deal_plan *p, const int32_t *length, kith__deal *u) {
  kith_status st = KITH_OK;
  for (int k = 0; k < KITH__DEAL_LISTS; k++) {
    kith_eid *start = u->list[k].start, before = start[u->n];
    for (int64_t i = 0; i < p->n_recv; i++)
      start[u->n + i + 1] = start[u->n + i] + length[KITH__DEAL_LISTS * i + k];
    KITH_TRY(KITH_GROW(u->list[k].value, before, start[u->n + p->n_recv]));
    if (k == DEAL_PAIRS) KITH_TRY(KITH_GROW(u->value, before, start[u->n + p->n_recv]));
  }
done:
  return st;
}

static void deal_lengths(const kith__deal *u, kith_lid first, int64_t n, int32_t *length) {
  for (int64_t i = 0; i < n; i++)
    for (int k = 0; k < KITH__DEAL_LISTS; k++)
      length[KITH__DEAL_LISTS * i + k] =
          (int32_t)(u->list[k].start[first + i + 1] - u->list[k].start[first + i]);
}

static kith_agreed deal_move(deal_plan *p, kith__deal *u) {
  kith_agreed st = {KITH_OK};
  int32_t *length = NULL;
  const kith_lid first = u->n - (kith_lid)p->n_send;
  KITH_TRY(kith_agree(p->comm, KITH_NEW(length, KITH__DEAL_LISTS * (p->n_send + p->n_recv))));
  KITH_TRY(kith_agree(p->comm, deal_grow(p, u)));
  deal_lengths(u, first, p->n_send, length);
  deal_move_rows(p, u, first, length);
  KITH_TRY(kith_agree(p->comm, deal_grow_values(p, length, u)));
  deal_move_values(p, u, first);
  u->n = first + (kith_lid)p->n_recv;
done:
  KITH_FREE(length);
  return st;
}

/* ---- */

/* Point to what was dealt. */
static kith_status deal_point(bool trains, kith__deal *u) {
  kith_status st = KITH_OK;
  KITH_TRY(KITH_NEW(u->row, u->n));
  KITH_FREE(u->user);
  KITH_TRY(KITH_NEW(u->user, u->n));
  for (kith_lid i = 0; i < u->n; i++) u->row[i] = u->user[i] = i;
  for (int k = 0; k < KITH__DEAL_LISTS; k++) u->list[k].n_row = u->n;
  u->users.row_of[KITH_USER] = u->row;
  u->users.n_own_of[KITH_USER] = u->n_row = u->n;
  if (trains) u->users.train = u->list[DEAL_TRAIN];
  u->x = u->rows;
  u->scope.n_mask = 1;
  u->scope.mask[0] = &u->list[DEAL_MASKED];
  u->scope.truth = &u->list[DEAL_TRUTH];
  u->dealt_pairs = (kith_pair_terms){.item = u->list[DEAL_PAIRS], .value = u->value};
  if (u->pairs) u->pairs = &u->dealt_pairs;
  u->is_dealt = true;
done:
  return st;
}

kith_agreed kith__deal_make(const kith_comm *comm, const kith_graph *g, int d, const float *x,
                            const kith__scope *scope, bool trains, const kith_pair_terms *pairs,
                            kith__deal *out) {
  kith_agreed st = {KITH_OK};
  deal_plan p = {.comm = comm};
  bool moves = false;
  *out = (kith__deal){.users = *g, .d = d, .x = x, .scope = *scope};
  out->pairs = pairs && pairs->item.start ? pairs : NULL;
  KITH_TRY(kith_agree(comm, kith__eval_users(g, scope->truth, &out->n, &out->user)));
  KITH_TRY(deal_plan_make(comm, out->n, &p, &moves));
  if (!moves || kith_comm_max(comm, deal_n_value(out, trains)) >= INT32_MAX) goto done;
  KITH_TRY(kith_agree(comm, deal_pack(g, x, trains, out)));
  KITH_TRY(deal_move(&p, out));
  KITH_TRY(kith_agree(comm, deal_point(trains, out)));
done:
  deal_plan_free(&p);
  return st;
}

void kith__deal_free(kith__deal *u) {
  KITH_FREE(u->user);
  KITH_FREE(u->row);
  KITH_FREE(u->rows);
  for (int k = 0; k < KITH__DEAL_LISTS; k++) kith_ragged_free(&u->list[k]);
  KITH_FREE(u->value);
}

int64_t kith_eval_deal_bytes(int size, int64_t n_user, int64_t n_pair, int d) {
  const kith__deal *u = NULL;
  if (size == 1) return 0;
  return KITH_BYTES(u->rows, n_user * d) + KITH_BYTES(u->list[0].value, n_pair) +
         KITH__DEAL_LISTS * KITH_BYTES(u->list[0].start, n_user) + KITH_BYTES(u->row, n_user);
}
