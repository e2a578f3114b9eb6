/* The hosts of a group of ranks. */
#include <stdatomic.h>
#include <stdlib.h>

#include "comm/hosts.h"

/* KITH_RANKS_PER_HOST; 0: unset, or no number above 0, of which the first call warns. */
static int hosts_ranks_per_host(void) {
  static bool warned;
  const char *text = getenv("KITH_RANKS_PER_HOST");
  char *end = NULL;
  long n = text ? strtol(text, &end, 10) : 0;
  if (!text || (n > 0 && n < 1 << 20 && *end == 0)) return (int)n;
  if (!warned) kith_warn("KITH_RANKS_PER_HOST=%s is ignored: it is not a number from 1 to 1048575", text);
  warned = true;
  return 0;
}

MPI_Comm kith_hosts_split(const kith_comm *comm) {
  MPI_Comm host = MPI_COMM_NULL, part = MPI_COMM_NULL;
  int n = hosts_ranks_per_host();
  KITH_MPI(MPI_Comm_split_type(comm->mpi, MPI_COMM_TYPE_SHARED, comm->rank, MPI_INFO_NULL, &host));
  if (n == 0) return host;
  KITH_MPI(MPI_Comm_split(host, comm->rank / n, comm->rank, &part));
  KITH_MPI(MPI_Comm_free(&host));
  return part;
}

/* Number the hosts by their lowest ranks; `of` holds the lowest rank of each rank's host. */
static void hosts_number(kith_hosts *h) {
  const int size = h->all->size;
  for (int r = 0; r < size; r++) h->of[r] = h->of[r] == r ? h->n++ : h->of[h->of[r]];
  for (int r = 0; r < size; r++) h->first[h->of[r] + 1]++;
  for (int i = 0; i < h->n; i++) h->first[i + 1] += h->first[i];
  for (int r = size - 1; r >= 0; r--) h->member[--h->first[h->of[r] + 1]] = r;
  for (int i = 0; i < h->n; i++) h->first[i] = h->first[i + 1];
  h->first[h->n] = size;
  h->mine = h->of[h->all->rank];
}

static kith_status hosts_make(const kith_comm *comm, kith_hosts **out) {
  kith_status st = KITH_OK;
  kith_hosts *h = NULL;
  KITH_TRY(KITH_NEW(h, 1));
  *out = h; /* from here on the caller destroys */
  h->all = comm;
  h->here.mpi = MPI_COMM_NULL;
  KITH_TRY(KITH_NEW(h->of, comm->size));
  KITH_TRY(KITH_NEW(h->first, comm->size + 1));
  KITH_TRY(KITH_NEW(h->member, comm->size));
done:
  return st;
}

kith_agreed kith_hosts_create(const kith_comm *comm, kith_hosts **out) {
  kith_agreed st = {KITH_OK};
  kith_hosts *h = NULL;
  int lowest = comm->rank;
  *out = NULL;
  KITH_TRY(kith_agree(comm, hosts_make(comm, &h)));
  h->here.mpi = kith_hosts_split(comm);
  KITH_MPI(MPI_Comm_rank(h->here.mpi, &h->here.rank));
  KITH_MPI(MPI_Comm_size(h->here.mpi, &h->here.size));
  KITH_MPI(MPI_Bcast(&lowest, 1, MPI_INT, 0, h->here.mpi));
  KITH_MPI(MPI_Allgather(&lowest, 1, MPI_INT, h->of, 1, MPI_INT, comm->mpi));
  hosts_number(h);
  *out = h;
  h = NULL;
done:
  kith_hosts_destroy(&h);
  return st;
}

void kith_hosts_destroy(kith_hosts **hosts) {
  kith_hosts *h = *hosts;
  if (!h) return;
  if (h->here.mpi != MPI_COMM_NULL) KITH_MPI(MPI_Comm_free(&h->here.mpi));
  KITH_FREE(h->of);
  KITH_FREE(h->first);
  KITH_FREE(h->member);
  KITH_FREE(*hosts);
}

void kith_hosts_barrier(const kith_hosts *h) {
  atomic_thread_fence(memory_order_seq_cst);
  KITH_WAIT("the other ranks of this host", MPI_Barrier(h->here.mpi));
  atomic_thread_fence(memory_order_seq_cst);
}
