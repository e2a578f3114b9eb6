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

void kith__host_halo_pack(kith_host_halo *h, int n, int d, const float *own) {
  const size_t width = (size_t)(d / n);
  for (int s = 0; s < n; s++) {
    float *packed = h->packed + (size_t)s * (size_t)h->n_packed * width;
#pragma omp parallel for schedule(static)
    for (kith_lid i = 0; i < h->n_pack; i++)
      memcpy(packed + width * (size_t)h->pack_at[i], own + (size_t)d * (size_t)h->pack[i] + (size_t)s * width,
             width * sizeof(float));
  }
  kith_hosts_barrier(h->hosts);
}

void kith__host_halo_post(kith_host_halo *h, int width, const float *packed, float *ghost) {
  const MPI_Datatype row = kith__halo_row(h->halo, width);
  const size_t d = (size_t)width;
  h->n_request = 0;
  for (int i = 0; i < h->n_recv; i++) {
    const kith_host_peer *p = &h->recv[i];
    KITH_MPI(MPI_Irecv(ghost + d * (size_t)p->first, p->n, row, p->rank, HOST_EXCHANGE, h->hosts->all->mpi,
                       &h->request[h->n_request++]));
  }
  for (int i = 0; i < h->n_send; i++) {
    const kith_host_peer *p = &h->send[i];
    KITH_MPI(MPI_Isend(packed + d * (size_t)p->first, p->n, row, p->rank, HOST_EXCHANGE, h->hosts->all->mpi,
                       &h->request[h->n_request++]));
    h->halo->bytes += (int64_t)p->n * width * (int64_t)sizeof(float);
    h->halo->messages++;
  }
}

bool kith__host_halo_is_idle(kith_host_halo *h) {
  int all = 1;
  if (h->n_request) KITH_MPI(MPI_Testall(h->n_request, h->request, &all, MPI_STATUSES_IGNORE));
  return all;
}

void kith__host_halo_wait(kith_host_halo *h) {
  KITH_WAIT("the rows of other hosts", MPI_Waitall(h->n_request, h->request, MPI_STATUSES_IGNORE));
  h->n_request = 0;
}
