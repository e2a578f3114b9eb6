/*
 * The exchange of rows between hosts.  Each rank packs its own rows into the host's shared buffer; when all
 * have, one rank of the host sends to another host what any of its ranks reads, and one receives.
 *
 * Three waits keep readers and writers apart: the barrier of begin comes after all packed and changed their
 * own rows, and after all read the ghosts of the exchange before; the barrier of end after the ghosts came,
 * and after the packed rows were sent.
 */
#include <string.h>

#include "halo/halo_impl.h"
#include "halo/host_halo.h"

enum { HOST_EXCHANGE = 13 }; /* tag */

static MPI_Datatype host_row(const kith_halo *h, int d) {
  int i = 0;
  while (i < h->n_width && h->width[i] != d) i++;
  if (i == h->n_width) kith_abort(__FILE__, __LINE__, "a reserved width");
  return h->row[i];
}

void kith_host_halo_begin(kith_host_halo *h, int width, const float *own) {
  const MPI_Datatype row = host_row(h->halo, width);
  const size_t d = (size_t)width;
#pragma omp parallel for schedule(static)
  for (kith_lid i = 0; i < h->n_pack; i++)
    memcpy(h->packed + d * (size_t)h->pack_at[i], own + d * (size_t)h->pack[i], d * sizeof(float));
  kith_hosts_barrier(h->hosts);
  h->n_request = 0;
  for (int i = 0; i < h->n_recv; i++) {
    const kith_host_peer *p = &h->recv[i];
    KITH_MPI(MPI_Irecv(h->ghost + d * (size_t)p->first, p->n, row, p->rank, HOST_EXCHANGE, h->hosts->all->mpi,
                       &h->request[h->n_request++]));
  }
  for (int i = 0; i < h->n_send; i++) {
    const kith_host_peer *p = &h->send[i];
    KITH_MPI(MPI_Isend(h->packed + d * (size_t)p->first, p->n, row, p->rank, HOST_EXCHANGE,
                       h->hosts->all->mpi, &h->request[h->n_request++]));
    h->halo->bytes += (int64_t)p->n * width * (int64_t)sizeof(float);
    h->halo->messages++;
  }
}

void kith_host_halo_progress(kith_host_halo *h) {
  int all;
  if (h->n_request) KITH_MPI(MPI_Testall(h->n_request, h->request, &all, MPI_STATUSES_IGNORE));
}

void kith_host_halo_end(kith_host_halo *h) {
  KITH_WAIT("the rows of other hosts", MPI_Waitall(h->n_request, h->request, MPI_STATUSES_IGNORE));
  h->n_request = 0;
  if (h->hosts->n > 1) kith_hosts_barrier(h->hosts);
}
