/* Measurements between nodes: latency, bandwidth and clock offsets; one pair at a time, without contention.
 */
#include <string.h>
#include <time.h>

#include "comm/placement.h"

enum { LINKS_WARM = 8, LINKS_SHORT = 64, LINKS_LONG = 4, LINKS_BYTES = 4 << 20, LINKS_TAG = 41 };

/* A round trip; returns the seconds on rank `a`. */
static double links_round(const kith_comm *comm, const kith_link *l, int bytes, char *data) {
  double began = kith_clock();
  if (comm->rank == l->a) {
    KITH_MPI(MPI_Send(data, bytes, MPI_BYTE, l->b, LINKS_TAG, comm->mpi));
    KITH_MPI(MPI_Recv(data, bytes, MPI_BYTE, l->b, LINKS_TAG, comm->mpi, MPI_STATUS_IGNORE));
  } else {
    KITH_MPI(MPI_Recv(data, bytes, MPI_BYTE, l->a, LINKS_TAG, comm->mpi, MPI_STATUS_IGNORE));
    KITH_MPI(MPI_Send(data, bytes, MPI_BYTE, l->a, LINKS_TAG, comm->mpi));
  }
  return kith_clock() - began;
}

static double links_fastest(const kith_comm *comm, const kith_link *l, int times, int bytes, char *data) {
  double best = links_round(comm, l, bytes, data);
  for (int i = 1; i < times; i++) {
    double seconds = links_round(comm, l, bytes, data);
    if (seconds < best) best = seconds;
  }
  return best;
}

/* Both ends measure; the result of `a` is broadcast. */
static void links_measure(const kith_comm *comm, char *data, kith_link *l) {
  if (comm->rank == l->a || comm->rank == l->b) {
    links_fastest(comm, l, LINKS_WARM, 1, data);
    l->latency = links_fastest(comm, l, LINKS_SHORT, 1, data) / 2;
    l->bytes_per_second = 2.0 * LINKS_BYTES / links_fastest(comm, l, LINKS_LONG, LINKS_BYTES, data);
  }
  KITH_MPI(MPI_Bcast(l, (int)sizeof *l, MPI_BYTE, l->a, comm->mpi));
}

/* The pairs: a ring of nodes, one pair for two nodes, or ranks 0 and 1 of a single node. */
static int links_pairs(int size, const kith_host_info *all, int nodes, kith_link *links) {
  int n = nodes > 2 ? nodes : size > 1;
  for (int i = 0; i < n; i++)
    links[i] = (kith_link){.a = kith_host_info_first_rank(size, all, i),
                           .b = nodes > 1 ? kith_host_info_first_rank(size, all, (i + 1) % nodes) : 1};
  return n;
}

kith_agreed kith_links_measure(const kith_comm *comm, const kith_host_info *all, int *n, kith_link **links) {
  kith_agreed st = {KITH_OK};
  kith_link *found = NULL;
  char *data = NULL;
  int nodes = kith_host_info_n_node(comm->size, all);
  *n = 0;
  *links = NULL;
  KITH_TRY(kith_agree(comm, KITH_NEW(found, nodes)));
  KITH_TRY(kith_agree(comm, KITH_NEW(data, LINKS_BYTES)));
  memset(data, 1, LINKS_BYTES); /* unwritten pages would all map to the zero page */
  *n = links_pairs(comm->size, all, nodes, found);
  for (int i = 0; i < *n; i++) links_measure(comm, data, &found[i]);
  *links = found;
  found = NULL;
done:
  KITH_FREE(found);
  KITH_FREE(data);
  return st;
}

static double links_wall(void) {
  struct timespec t;
  clock_gettime(CLOCK_REALTIME, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Rank 0 queries the time of `other`; the sample with the fastest round trip is the most accurate. */
static kith_clock_offset links_ask(const kith_comm *comm, int other) {
  kith_clock_offset best = {0};
  for (int i = 0; i < LINKS_SHORT; i++) {
    double there = 0, began = links_wall();
    KITH_MPI(MPI_Send(&there, 1, MPI_DOUBLE, other, LINKS_TAG, comm->mpi));
    KITH_MPI(MPI_Recv(&there, 1, MPI_DOUBLE, other, LINKS_TAG, comm->mpi, MPI_STATUS_IGNORE));
    double ended = links_wall();
    if (i > 0 && (ended - began) / 2 >= best.error) continue;
    best = (kith_clock_offset){.seconds = there - (began + ended) / 2, .error = (ended - began) / 2};
  }
  return best;
}

static void links_answer(const kith_comm *comm) {
  for (int i = 0; i < LINKS_SHORT; i++) {
    double time;
    KITH_MPI(MPI_Recv(&time, 1, MPI_DOUBLE, 0, LINKS_TAG, comm->mpi, MPI_STATUS_IGNORE));
    time = links_wall();
    KITH_MPI(MPI_Send(&time, 1, MPI_DOUBLE, 0, LINKS_TAG, comm->mpi));
  }
}

kith_agreed kith_clock_offsets_measure(const kith_comm *comm, const kith_host_info *all,
                                       kith_clock_offset **offset) {
  kith_agreed st = {KITH_OK};
  kith_clock_offset *found = NULL;
  int nodes = kith_host_info_n_node(comm->size, all);
  *offset = NULL;
  KITH_TRY(kith_agree(comm, KITH_NEW(found, nodes)));
  for (int i = 1; i < nodes; i++) {
    int other = kith_host_info_first_rank(comm->size, all, i);
    if (comm->rank == 0) found[i] = links_ask(comm, other);
    if (comm->rank == other) links_answer(comm);
  }
  kith_comm_bcast(comm, nodes * (int64_t)sizeof *found, found);
  *offset = found;
  found = NULL;
done:
  KITH_FREE(found);
  return st;
}
