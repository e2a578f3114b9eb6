/* Groups of ranks: communicator, agreement, reductions. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "comm/comm.h"

enum { COMM_TEXT = 2048, COMM_NAP = 200000 /* nanoseconds */ };

static _Thread_local double comm_mpi_seconds;

double kith_mpi_seconds(void) { return comm_mpi_seconds; }
void kith__mpi_spent(double seconds) { comm_mpi_seconds += seconds; }

void kith_abort(const char *file, int line, const char *what) {
  fprintf(stderr, "kith: %s:%d: %s failed; ending all ranks\n", file, line, what);
  MPI_Abort(MPI_COMM_WORLD, KITH_EIO);
  abort();
}

kith_agreed kith_comm_create(MPI_Comm parent, kith_comm **out) {
  kith_agreed st = {KITH_OK};
  kith_comm *c = NULL, group = {.mpi = parent};
  *out = NULL;
  KITH_MPI(MPI_Comm_rank(parent, &group.rank));
  KITH_MPI(MPI_Comm_size(parent, &group.size));
  KITH_TRY(kith_agree(&group, KITH_NEW(c, 1)));
  *c = group;
  KITH_MPI(MPI_Comm_dup(parent, &c->mpi));
  *out = c;
  c = NULL;
done:
  KITH_FREE(c);
  return st;
}

void kith_comm_destroy(kith_comm **comm) {
  if (!*comm) return;
  KITH_MPI(MPI_Comm_free(&(*comm)->mpi));
  KITH_FREE(*comm);
}

/* As KITH_WAIT() does it, with the words of the collective that is ahead. */
#define COMM_SLEEP(comm, what)                                                                               \
  do {                                                                                                       \
    if ((comm)->sleeps && (comm)->size > 1) KITH_WAIT(what, comm_barrier_sleep(comm));                       \
  } while (0)

static int comm_barrier_sleep(const kith_comm *comm) {
  MPI_Request all;
  int here = 0, code = MPI_Ibarrier(comm->mpi, &all);
  if (code == MPI_SUCCESS) code = MPI_Test(&all, &here, MPI_STATUS_IGNORE);
  while (code == MPI_SUCCESS && !here) {
    nanosleep(&(struct timespec){.tv_nsec = COMM_NAP}, NULL);
    code = MPI_Test(&all, &here, MPI_STATUS_IGNORE);
  }
  return code;
}

void kith_comm_barrier_sleep(const kith_comm *comm) {
  COMM_SLEEP(comm, "the background threads of other ranks");
}

/* Broadcast the failing rank's message, prefixed with the rank if there are several. */
static void comm_bcast_error(const kith_comm *comm, int from) {
  char text[COMM_TEXT] = "";
  if (comm->rank == from) {
    bool named = comm->size == 1 || strncmp(kith_error_text(), "rank ", 5) == 0 || from == 0;
    if (named) snprintf(text, sizeof text, "%s", kith_error_text());
    else snprintf(text, sizeof text, "rank %d: %s", from, kith_error_text());
  }
  KITH_WAIT("the message of a failure", MPI_Bcast(text, COMM_TEXT, MPI_CHAR, from, comm->mpi));
  kith__fail("%s", text);
}

kith_agreed kith__agree(const kith_comm *comm, kith_status mine) {
  struct {
    int code, rank;
  } worst, here = {(int)mine, comm->rank};
  COMM_SLEEP(comm, "the agreement on errors");
  KITH_WAIT("the agreement on errors", MPI_Allreduce(&here, &worst, 1, MPI_2INT, MPI_MAXLOC, comm->mpi));
  if (worst.code != KITH_OK) comm_bcast_error(comm, worst.rank);
  return (kith_agreed){(kith_status)worst.code};
}

void kith__comm_reduce(const kith_comm *comm, int64_t n, int most, MPI_Datatype type, MPI_Op op,
                       void *values) {
  int size = 0;
  KITH_MPI(MPI_Type_size(type, &size));
  for (int64_t at = 0; at < n; at += most)
    KITH_WAIT("a sum over ranks", MPI_Allreduce(MPI_IN_PLACE, (char *)values + at * size,
                                                (int)kith_min(n - at, most), type, op, comm->mpi));
}

void kith_comm_reduce(const kith_comm *comm, int64_t n, MPI_Datatype type, MPI_Op op, void *values) {
  kith__comm_reduce(comm, n, 1 << 27, type, op, values);
}

void kith_comm_sum_int(const kith_comm *comm, int64_t n, int64_t *values) {
  kith_comm_reduce(comm, n, MPI_INT64_T, MPI_SUM, values);
}

void kith_comm_sum(const kith_comm *comm, int64_t n, kith_exact_sum *sums) {
  _Static_assert(sizeof(kith_exact_sum) == 3 * sizeof(int64_t), "a sum travels as three integers");
  kith_comm_sum_int(comm, 3 * n, (int64_t *)sums);
  const kith_exact_sum nothing = {0};
  for (int64_t i = 0; i < n; i++) kith_exact_sum_merge(&sums[i], &nothing); /* carry from lo to hi */
}

int64_t kith_comm_max(const kith_comm *comm, int64_t value) {
  COMM_SLEEP(comm, "a maximum over ranks");
  KITH_WAIT("a maximum over ranks", MPI_Allreduce(MPI_IN_PLACE, &value, 1, MPI_INT64_T, MPI_MAX, comm->mpi));
  return value;
}

void kith_comm_bcast(const kith_comm *comm, int64_t n, void *bytes) {
  const int64_t most = 1 << 30;
  COMM_SLEEP(comm, "a broadcast from rank 0");
  for (int64_t at = 0; at < n; at += most)
    KITH_WAIT("a broadcast from rank 0",
              MPI_Bcast((char *)bytes + at, (int)(n - at < most ? n - at : most), MPI_BYTE, 0, comm->mpi));
}
