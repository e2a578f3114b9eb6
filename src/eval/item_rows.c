/*
 * Rows of listed items, from the ranks that own them: in round r every rank asks rank + r for its rows and
 * serves rank - r.  What travels and what is held is the rows that are asked for, never all items.
 */
#include <string.h>

#include "eval/item_rows.h"

enum { ITEM_ROWS_NUMBERS = 23, ITEM_ROWS_ROWS = 24 }; /* tags */

static int64_t item_rows_most_own(const kith_comm *comm, const kith_graph *g) {
  int64_t most = 0;
  for (int r = 0; r < comm->size; r++)
    most = g->first[r + 1] - g->first[r] > most ? g->first[r + 1] - g->first[r] : most;
  return most;
}

static kith_status item_rows_alloc(const kith_graph *g, int64_t most_own, int64_t most_item,
                                   kith__item_rows *w) {
  kith_status st = KITH_OK;
  KITH_TRY(KITH_NEW(w->slot, most_own));
  KITH_TRY(KITH_NEW(w->wanted, most_item));
  KITH_TRY(KITH_NEW(w->fetched, most_item * w->d));
  KITH_TRY(KITH_NEW(w->asked, g->n_own_of[KITH_ITEM]));
  KITH_TRY(KITH_NEW(w->served, (int64_t)g->n_own_of[KITH_ITEM] * w->d));
  for (int64_t i = 0; i < most_own; i++) w->slot[i] = -1;
done:
  return st;
}

kith_agreed kith__item_rows_make(const kith_comm *comm, const kith_graph *g, int d, const float *x,
                                 kith__item_rows *out) {
  kith_agreed st = {KITH_OK};
  kith__item_rows w = {.comm = comm, .g = g, .d = d, .x = x, .row = MPI_DATATYPE_NULL};
  int64_t most_item = kith_comm_max(comm, g->n_own_of[KITH_ITEM]);
  if (comm->size > 1) {
    KITH_TRY(kith_agree(comm, item_rows_alloc(g, item_rows_most_own(comm, g), most_item, &w)));
    KITH_MPI(MPI_Type_contiguous(d, MPI_FLOAT, &w.row));
    KITH_MPI(MPI_Type_commit(&w.row));
  }
  *out = w;
  w = (kith__item_rows){.row = MPI_DATATYPE_NULL};
done:
  kith__item_rows_free(&w);
  return st;
}

void kith__item_rows_free(kith__item_rows *w) {
  KITH_FREE(w->slot);
  KITH_FREE(w->wanted);
  KITH_FREE(w->fetched);
  KITH_FREE(w->asked);
  KITH_FREE(w->served);
  if (w->comm && w->row != MPI_DATATYPE_NULL) KITH_MPI(MPI_Type_free(&w->row));
}

int64_t kith__item_rows_bytes(int size, int64_t most_own, int64_t most_item, int d) {
  const kith__item_rows *w = NULL;
  if (size == 1) return 0;
  return KITH_BYTES(w->slot, most_own) + KITH_BYTES(w->wanted, most_item) + KITH_BYTES(w->asked, most_item) +
         KITH_BYTES(w->fetched, most_item * d) + KITH_BYTES(w->served, most_item * d);
}

int kith__item_rows_owner(const kith__item_rows *w, int round) {
  return (w->comm->rank + round) % w->comm->size;
}

void kith__item_rows_want(kith__item_rows *w, int owner, int32_t item) {
  if (owner == w->comm->rank) return;
  kith_lid row = (kith_lid)(w->g->item_number[item] - w->g->first[owner]);
  if (w->slot[row] >= 0) return;
  w->slot[row] = w->n_wanted;
  w->wanted[w->n_wanted++] = row;
}

void kith__item_rows_fetch(kith__item_rows *w, int round) {
  if (round == 0) return;
  int to = kith__item_rows_owner(w, round), n_asked = 0;
  int from = (w->comm->rank + w->comm->size - round) % w->comm->size;
  size_t d = (size_t)w->d;
  MPI_Status status;
  KITH_WAIT("the numbers of items of an evaluation",
            MPI_Sendrecv(w->wanted, w->n_wanted, MPI_INT32_T, to, ITEM_ROWS_NUMBERS, w->asked,
                         w->g->n_own_of[KITH_ITEM], MPI_INT32_T, from, ITEM_ROWS_NUMBERS, w->comm->mpi,
                         &status));
  KITH_MPI(MPI_Get_count(&status, MPI_INT32_T, &n_asked));
#pragma omp parallel for schedule(static)
  for (int i = 0; i < n_asked; i++)
    memcpy(w->served + d * (size_t)i, w->x + d * (size_t)w->asked[i], d * sizeof *w->x);
  KITH_WAIT("the rows of items of an evaluation",
            MPI_Sendrecv(w->served, n_asked, w->row, from, ITEM_ROWS_ROWS, w->fetched, w->n_wanted, w->row,
                         to, ITEM_ROWS_ROWS, w->comm->mpi, MPI_STATUS_IGNORE));
  w->n_fetched += w->n_wanted;
}

const float *kith__item_rows_get(const kith__item_rows *w, int owner, int32_t item) {
  size_t d = (size_t)w->d, own = (size_t)(w->g->item_number[item] - w->g->first[owner]);
  return owner == w->comm->rank ? w->x + d * own : w->fetched + d * (size_t)w->slot[own];
}

void kith__item_rows_forget(kith__item_rows *w) {
  for (kith_lid i = 0; i < w->n_wanted; i++) w->slot[w->wanted[i]] = -1;
  w->n_wanted = 0;
}
