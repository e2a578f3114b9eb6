/* What moves between rank 0, which has all of it, and the ranks, which have their share. */
#include <string.h>

#include "ingest/shared.h"

enum { SHARED_TAG = 77, SHARED_MOST = 1 << 28 /* bytes of a message */ };

static void move_send(const kith_comm *comm, int to, int64_t n, const char *bytes) {
  for (int64_t k = 0; k < n; k += SHARED_MOST)
    KITH_WAIT("rows on their way to another rank",
              MPI_Send(bytes + k, (int)kith_min(SHARED_MOST, n - k), MPI_BYTE, to, SHARED_TAG, comm->mpi));
}

static void move_receive(const kith_comm *comm, int from, int64_t n, char *bytes) {
  for (int64_t k = 0; k < n; k += SHARED_MOST)
    KITH_WAIT("rows on their way from another rank",
              MPI_Recv(bytes + k, (int)kith_min(SHARED_MOST, n - k), MPI_BYTE, from, SHARED_TAG, comm->mpi,
                       MPI_STATUS_IGNORE));
}

void kith__shared_gather(const kith_comm *comm, int64_t n, const void *mine, void *all) {
  int64_t size = n, at = n;
  if (comm->rank == 0 && n > 0) memcpy(all, mine, (size_t)n);
  for (int r = 1; r < comm->size; r++) {
    if (comm->rank == r) move_send(comm, 0, (int64_t)sizeof size, (const char *)&size);
    if (comm->rank == r) move_send(comm, 0, n, mine);
    if (comm->rank != 0) continue;
    move_receive(comm, r, (int64_t)sizeof size, (char *)&size);
    move_receive(comm, r, size, (char *)all + at);
    at += size;
  }
}

void kith__shared_scatter(const kith_comm *comm, int64_t each, const int64_t *first, const void *all,
                          int64_t n, void *mine) {
  for (int r = 1; r < comm->size && comm->rank == 0; r++)
    move_send(comm, r, (first[r + 1] - first[r]) * each, (const char *)all + first[r] * each);
  if (comm->rank > 0) move_receive(comm, 0, n * each, mine);
  else if (n > 0) memcpy(mine, (const char *)all + first[0] * each, (size_t)(n * each));
}

/* ---- rows of users ---- */

static void starts_add(kith_ragged *rows, int64_t n) {
  for (int64_t u = 1; u <= rows->n_row; u++) rows->start[u] += n;
}

kith_agreed kith__shared_gather_rows(const kith_comm *comm, int64_t n_user, kith_ragged *mine,
                                     kith_ragged *all) {
  kith_agreed st = {KITH_OK};
  const int64_t n = mine->start[mine->n_row];
  int64_t total = n, before = 0;
  *all = (kith_ragged){.n_row = 0};
  kith_comm_sum_int(comm, 1, &total);
  KITH_MPI(MPI_Exscan(&n, &before, 1, MPI_INT64_T, MPI_SUM, comm->mpi));
  if (comm->rank == 0) before = 0;
  KITH_TRY(kith_agree(comm, comm->rank == 0 ? kith__ragged_alloc(n_user, total, all) : KITH_OK));
  starts_add(mine, before);
  kith__shared_gather(comm, mine->n_row * 8, mine->start + 1, comm->rank == 0 ? all->start + 1 : NULL);
  starts_add(mine, -before);
  kith__shared_gather(comm, n * 4, mine->value, all->value);
done:
  return st;
}

static kith_status rows_alloc(int64_t n_row, int64_t n, const bool has[2], kith__edge_csr *rows) {
  kith_status st = KITH_OK;
  KITH_TRY(kith__ragged_alloc(n_row, n, &rows->ragged));
  if (has[0]) KITH_TRY(KITH_NEW(rows->time, n));
  if (has[1]) KITH_TRY(KITH_NEW(rows->weight, n));
done:
  return st;
}

/* Where the entries of the ranks begin among those of all, known to all: at [size + 1]. */
static void rows_places(const kith_comm *comm, const int64_t *first, const kith__edge_csr *all, int64_t *at) {
  for (int r = 0; r <= comm->size && comm->rank == 0; r++) at[r] = all->ragged.start[first[r]];
  kith_comm_bcast(comm, (comm->size + 1) * (int64_t)sizeof *at, at);
}

kith_agreed kith__shared_scatter_rows(const kith_comm *comm, const int64_t *first, kith__edge_csr *all,
                                      kith__edge_csr *mine) {
  kith_agreed st = {KITH_OK};
  int64_t *at = NULL;
  bool has[2] = {all->time != NULL, all->weight != NULL};
  const int64_t n_row = first[comm->rank + 1] - first[comm->rank];
  kith_comm_bcast(comm, sizeof has, has);
  KITH_TRY(kith_agree(comm, KITH_NEW(at, comm->size + 1)));
  rows_places(comm, first, all, at);
  const int64_t n = at[comm->rank + 1] - at[comm->rank];
  KITH_TRY(kith_agree(comm, rows_alloc(n_row, n, has, mine)));
  kith__shared_scatter(comm, 8, first, comm->rank == 0 ? all->ragged.start + 1 : NULL, n_row,
                       mine->ragged.start + 1);
  starts_add(&mine->ragged, -at[comm->rank]);
  kith__shared_scatter(comm, 4, at, all->ragged.value, n, mine->ragged.value);
  if (has[0]) kith__shared_scatter(comm, 8, at, all->time, n, mine->time);
  if (has[1]) kith__shared_scatter(comm, 4, at, all->weight, n, mine->weight);
done:
  kith__edge_csr_free(all);
  KITH_FREE(at);
  return st;
}
