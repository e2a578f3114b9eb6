/*
 * Overlaps of ties, counted by all ranks, of which each has the training rows of its users and rank 0 the
 * ties.
 *
 * Ties between users go to the ranks of their first ends; the rows of the others' users come in pieces, by
 * ascending user, as the entries of a row of ties do.  Ties between items are counted in pieces by every rank
 * among its users, and summed.
 */
#include "base/order.h"
#include "graph/schema.h"
#include "ingest/relations.h"
#include "ingest/shared.h"

enum {
  OVERLAP_PIECE = 1 << 18, /* entries, and rows, that travel at once, at most but for longer rows … */
  OVERLAP_PIECES = 8       /* … and of how many pieces the rows are at least */
};

/* Some rows that all ranks have for a while. */
typedef struct overlap_piece {
  int64_t first, end; /* rows of all */
  kith_ragged rows;
  int64_t room; /* entries, and rows */
} overlap_piece;

/* Room for pieces of the rows of all ranks. */
static kith_agreed piece_make(const kith_comm *comm, const kith_ragged *l, overlap_piece *p) {
  kith_agreed st = {KITH_OK};
  int64_t n = l->n_row > 0 ? l->start[l->n_row] : 0;
  const int64_t longest = kith_comm_max(comm, kith_longest_row(l->n_row, l->start));
  kith_comm_sum_int(comm, 1, &n);
  *p = (overlap_piece){.room = kith_min(OVERLAP_PIECE, n / OVERLAP_PIECES + 1)};
  if (p->room < longest) p->room = longest;
  KITH_TRY(kith_agree(comm, kith__ragged_alloc(p->room, p->room, &p->rows)));
done:
  return st;
}

/* Tell all ranks the next rows, of those from number `first` on that rank `from` has in l.  Collective. */
static void piece_next(const kith_comm *comm, int from, int64_t first, const kith_ragged *l,
                       overlap_piece *p) {
  int64_t n = 0, at = p->end - first;
  if (comm->rank == from) {
    while (at + n < l->n_row && n < p->room && l->start[at + n + 1] - l->start[at] <= p->room) n++;
    for (int64_t i = 0; i <= n; i++) p->rows.start[i] = l->start[at + i] - l->start[at];
    for (kith_eid e = 0; e < p->rows.start[n]; e++) p->rows.value[e] = l->value[l->start[at] + e];
  }
  KITH_MPI(MPI_Bcast(&n, 1, MPI_INT64_T, from, comm->mpi));
  KITH_MPI(MPI_Bcast(p->rows.start, (int)n + 1, MPI_INT64_T, from, comm->mpi));
  KITH_MPI(MPI_Bcast(p->rows.value, (int)p->rows.start[n], MPI_INT32_T, from, comm->mpi));
  p->rows.n_row = n;
  p->first = p->end;
  p->end += n;
}

/* ---- between users ---- */

/* The ties of this rank's users, whose rows are gone through as pieces come. */
typedef struct overlap_ties {
  kith_ragged rows;
  kith_eid *next;   /* [n_row] the first that no piece had */
  int32_t *overlap; /* [entries] */
} overlap_ties;

static kith_status ties_make(overlap_ties *t) {
  kith_status st = KITH_OK;
  KITH_TRY(KITH_NEW(t->next, t->rows.n_row));
  KITH_TRY(KITH_NEW(t->overlap, t->rows.start[t->rows.n_row]));
  for (int64_t i = 0; i < t->rows.n_row; i++) t->next[i] = t->rows.start[i];
done:
  return st;
}

static void ties_count(const kith_ragged *train, const overlap_piece *p, overlap_ties *t) {
#pragma omp parallel for schedule(dynamic, 64)
  for (int64_t i = 0; i < t->rows.n_row; i++)
    for (; t->next[i] < t->rows.start[i + 1] && t->rows.value[t->next[i]] < p->end; t->next[i]++)
      t->overlap[t->next[i]] = kith__overlap(train, i, &p->rows, t->rows.value[t->next[i]] - p->first);
}

/* `ties` and `overlap` are rank 0's. */
static kith_agreed overlaps_of_users(const kith_comm *comm, const int64_t *first, const kith_ragged *train,
                                     const kith_ragged *ties, int32_t *overlap) {
  kith_agreed st = {KITH_OK};
  overlap_piece p = {.first = 0};
  overlap_ties t = {.next = NULL};
  KITH_TRY(kith__shared_scatter_ragged(comm, first, ties, &t.rows));
  KITH_TRY(kith_agree(comm, ties_make(&t)));
  KITH_TRY(piece_make(comm, train, &p));
  for (int r = 0; r < comm->size; r++)
    while (p.end < first[r + 1]) {
      piece_next(comm, r, first[r], train, &p);
      ties_count(train, &p, &t);
    }
  kith__shared_gather(comm, t.rows.start[t.rows.n_row] * (int64_t)sizeof *overlap, t.overlap, overlap);
done:
  kith_ragged_free(&p.rows);
  kith_ragged_free(&t.rows);
  KITH_FREE(t.next);
  KITH_FREE(t.overlap);
  return st;
}

/* ---- between items ---- */

/* What the ends of a piece's ties have in common in rows of this rank. */
static void piece_count(const kith_ragged *users, const overlap_piece *p, int32_t *overlap) {
#pragma omp parallel for schedule(dynamic, 64)
  for (int64_t i = 0; i < p->rows.n_row; i++)
    for (kith_eid e = p->rows.start[i]; e < p->rows.start[i + 1]; e++)
      overlap[e] = kith__overlap(users, p->first + i, users, p->rows.value[e]);
}

/* `ties` and `overlap` are rank 0's; users: of each item, those of this rank. */
static kith_agreed overlaps_of_items(const kith_comm *comm, const kith_ragged *users, const kith_ragged *ties,
                                     int32_t *overlap) {
  kith_agreed st = {KITH_OK};
  overlap_piece p = {.first = 0};
  int32_t *count = NULL;
  KITH_TRY(piece_make(comm, ties, &p));
  KITH_TRY(kith_agree(comm, KITH_NEW(count, p.room)));
  while (p.end < users->n_row) {
    piece_next(comm, 0, 0, ties, &p);
    const kith_eid n = p.rows.start[p.rows.n_row];
    piece_count(users, &p, count);
    kith_comm_reduce(comm, n, MPI_INT32_T, MPI_SUM, count);
    for (kith_eid e = 0; comm->rank == 0 && e < n; e++) overlap[ties->start[p.first] + e] = count[e];
  }
done:
  kith_ragged_free(&p.rows);
  KITH_FREE(count);
  return st;
}

/* ---- all relations ---- */

/* The side whose ties a relation has, by relation, known to all; -1: it has none. */
static void overlap_sides(const kith_comm *comm, const kith_schema *s, int *side) {
  for (int r = 0; r < KITH_MAX_RELATIONS; r++) {
    const kith_relation_type *e = &s->relation[r];
    side[r] = r < s->n_relation && kith_relation_is_tie(e) && e->from <= KITH_ITEM ? e->from : -1;
  }
  kith_comm_bcast(comm, KITH_MAX_RELATIONS * (int64_t)sizeof *side, side);
}

kith_agreed kith__shared_overlaps(const kith_comm *comm, const int64_t *first, int64_t n_item,
                                  const kith_ragged *train, kith__graph_data *t, kith_ingest_report *report) {
  kith_agreed st = {KITH_OK};
  kith_ragged users = {0};
  int side[KITH_MAX_RELATIONS];
  overlap_sides(comm, &t->schema, side);
  for (int r = 0; r < KITH_MAX_RELATIONS; r++) {
    kith__edge_csr *rows = &t->relation[r];
    const kith_ragged *ties = &rows->ragged;
    if (side[r] < 0) continue;
    KITH_TRY(kith_agree(comm, comm->rank == 0 ? KITH_NEW(rows->overlap, ties->start[ties->n_row]) : KITH_OK));
    if (side[r] == KITH_USER) KITH_TRY(overlaps_of_users(comm, first, train, ties, rows->overlap));
    else {
      if (!users.start) KITH_TRY(kith_agree(comm, kith_ragged_transpose(train, n_item, &users)));
      KITH_TRY(overlaps_of_items(comm, &users, ties, rows->overlap));
    }
    if (comm->rank == 0) kith__overlap_report(rows, &report->relation[r]);
  }
done:
  kith_ragged_free(&users);
  return st;
}
