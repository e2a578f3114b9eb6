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
  if (comm->rank != 0) move_receive(comm, 0, n * each, mine);
  else if (n > 0) memcpy(mine, (const char *)all + first[0] * each, (size_t)(n * each));
}

/* ---- rows of users ---- */

/* Where the entries of the ranks begin among those of all, known to all: *at [size + 1] is new. */
static kith_agreed rows_places(const kith_comm *comm, const int64_t *first, const kith_ragged *all,
                               int64_t **at) {
  kith_agreed st = {KITH_OK};
  KITH_TRY(kith_agree(comm, KITH_NEW(*at, comm->size + 1)));
  for (int r = 0; r <= comm->size && comm->rank == 0; r++) (*at)[r] = all->start[first[r]];
  kith_comm_bcast(comm, (comm->size + 1) * (int64_t)sizeof **at, *at);
done:
  return st;
}

static kith_agreed rows_scatter(const kith_comm *comm, const int64_t *first, const int64_t *at,
                                const kith_ragged *all, kith_ragged *mine) {
  kith_agreed st = {KITH_OK};
  const int64_t n_row = first[comm->rank + 1] - first[comm->rank], n = at[comm->rank + 1] - at[comm->rank];
  KITH_TRY(kith_agree(comm, kith__ragged_alloc(n_row, n, mine)));
  kith__shared_scatter(comm, 8, first, comm->rank == 0 ? all->start + 1 : NULL, n_row, mine->start + 1);
  for (int64_t u = 1; u <= n_row; u++) mine->start[u] -= at[comm->rank];
  kith__shared_scatter(comm, 4, at, all->value, n, mine->value);
done:
  return st;
}

kith_agreed kith__shared_scatter_ragged(const kith_comm *comm, const int64_t *first, const kith_ragged *all,
                                        kith_ragged *mine) {
  kith_agreed st = {KITH_OK};
  int64_t *at = NULL;
  KITH_TRY(rows_places(comm, first, all, &at));
  KITH_TRY(rows_scatter(comm, first, at, all, mine));
done:
  KITH_FREE(at);
  return st;
}

static kith_status columns_alloc(int64_t n, const bool has[2], kith__edge_csr *rows) {
  kith_status st = KITH_OK;
  if (has[0]) KITH_TRY(KITH_NEW(rows->time, n));
  if (has[1]) KITH_TRY(KITH_NEW(rows->weight, n));
done:
  return st;
}

kith_agreed kith__shared_scatter_rows(const kith_comm *comm, const int64_t *first, kith__edge_csr *all,
                                      kith__edge_csr *mine) {
  kith_agreed st = {KITH_OK};
  int64_t *at = NULL;
  bool has[2] = {all->time != NULL, all->weight != NULL};
  kith_comm_bcast(comm, sizeof has, has);
  KITH_TRY(rows_places(comm, first, &all->ragged, &at));
  KITH_TRY(rows_scatter(comm, first, at, &all->ragged, &mine->ragged));
  const int64_t n = at[comm->rank + 1] - at[comm->rank];
  KITH_TRY(kith_agree(comm, columns_alloc(n, has, mine)));
  if (has[0]) kith__shared_scatter(comm, 8, at, all->time, n, mine->time);
  if (has[1]) kith__shared_scatter(comm, 4, at, all->weight, n, mine->weight);
done:
  kith__edge_csr_free(all);
  KITH_FREE(at);
  return st;
}
