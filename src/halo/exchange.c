/* The exchange of rows along a halo, forward and backward. */
#include <string.h>

#include "halo/halo_impl.h"

enum { EXCHANGE_FORWARD = 11, EXCHANGE_BACKWARD = 12 }; /* tags */

/* The number of a reserved width; n_width: it is not reserved. */
static int exchange_width(const kith_halo *h, int d) {
  int i = 0;
  while (i < h->n_width && h->width[i] != d) i++;
  return i;
}

MPI_Datatype kith__halo_row(const kith_halo *h, int d) {
  const int i = exchange_width(h, d);
  if (i == h->n_width) kith_abort(__FILE__, __LINE__, "a reserved width");
  return h->row[i];
}

kith_status kith_halo_reserve(kith_halo *h, int d) {
  kith_status st = KITH_OK;
  float *packed = NULL;
  if (exchange_width(h, d) < h->n_width) return st;
  KITH_CHECK(h->n_width < HALO_WIDTHS, KITH_ECONFIG, "a halo exchanges rows of at most %d widths",
             HALO_WIDTHS);
  if (d > h->max_width) {
    KITH_TRY(KITH_NEW(packed, (int64_t)h->max_send * d));
    KITH_FREE(h->packed);
    h->packed = packed;
    h->max_width = d;
  }
  KITH_MPI(MPI_Type_contiguous(d, MPI_FLOAT, &h->row[h->n_width]));
  KITH_MPI(MPI_Type_commit(&h->row[h->n_width]));
  h->width[h->n_width++] = d;
done:
  return st;
}

static int runs_rows(kith__halo_runs x, int r) { return x.n ? x.n[r] : x.first[r + 1] - x.first[r]; }

void kith__halo_post(kith_halo *h, int width, int tag, kith__halo_runs in, float *to, kith__halo_runs out,
                     const float *from) {
  const MPI_Datatype row = kith__halo_row(h, width);
  const int me = h->comm->rank, size = h->comm->size;
  const size_t d = (size_t)width;
  h->n_request = 0;
  for (int r = 0; r < size; r++) {
    int n = runs_rows(in, r);
    if (n == 0 || kith__halo_skips(h, r)) continue;
    KITH_MPI(
        MPI_Irecv(to + d * (size_t)in.first[r], n, row, r, tag, h->comm->mpi, &h->request[h->n_request++]));
  }
  for (int i = 1; i < size; i++) {
    int r = (me + i) % size; /* staggered: each rank begins with another receiver */
    int n = runs_rows(out, r);
    if (n == 0 || kith__halo_skips(h, r)) continue;
    KITH_MPI(MPI_Isend(from + d * (size_t)out.first[r], n, row, r, tag, h->comm->mpi,
                       &h->request[h->n_request++]));
    h->bytes += (int64_t)n * width * (int64_t)sizeof(float);
    h->messages++;
  }
}

kith_halo_self_rows kith_halo_self(const kith_halo *h) {
  int me = h->comm->rank;
  return (kith_halo_self_rows){.n = h->recv_first[me + 1] - h->recv_first[me],
                               .recv = h->recv_first[me],
                               .send = h->send_first[me]};
}

void kith_halo_forward_remote(kith_halo *h, int d, const float *packed, float *ghost) {
  kith__halo_post(h, d, EXCHANGE_FORWARD, (kith__halo_runs){h->recv_first, NULL}, ghost,
                  (kith__halo_runs){h->send_first, NULL}, packed);
}

void kith_halo_backward_remote(kith_halo *h, int d, const float *ghost, float *packed) {
  kith__halo_post(h, d, EXCHANGE_BACKWARD, (kith__halo_runs){h->send_first, NULL}, packed,
                  (kith__halo_runs){h->recv_first, NULL}, ghost);
}

/* Post the exchange, and copy the rank's own rows. */
static void exchange_forward(kith_halo *h, int width, const float *packed, float *ghost) {
  const kith_halo_self_rows own = kith_halo_self(h);
  const size_t d = (size_t)width;
  kith_halo_forward_remote(h, width, packed, ghost);
  if (own.n)
    memcpy(ghost + d * (size_t)own.recv, packed + d * (size_t)own.send, (size_t)own.n * d * sizeof(float));
}

/* Pack the rows that are sent from `first` to before `last`: d columns of rows that are ld apart. */
static void exchange_pack(kith_halo *h, size_t ld, size_t d, kith_lid first, kith_lid last,
                          const float *own) {
#pragma omp parallel for schedule(static)
  for (kith_lid s = first; s < last; s++)
    memcpy(h->packed + d * (size_t)s, own + ld * (size_t)h->send_row[s], d * sizeof(float));
}

void kith__halo_begin_columns(kith_halo *h, int ld, int width, const float *own, float *ghost) {
  const size_t d = (size_t)width, apart = (size_t)ld;
  if (!h->skip) exchange_pack(h, apart, d, 0, h->n_send, own);
  for (int r = 0; r < h->comm->size && h->skip; r++)
    if (!h->skip[r]) exchange_pack(h, apart, d, h->send_first[r], h->send_first[r + 1], own);
  exchange_forward(h, width, h->packed, ghost);
}

void kith_halo_begin(kith_halo *h, int d, const float *own, float *ghost) {
  kith__halo_begin_columns(h, d, d, own, ghost);
}

bool kith__halo_is_idle(kith_halo *h) {
  int all = 1;
  if (h->n_request) KITH_MPI(MPI_Testall(h->n_request, h->request, &all, MPI_STATUSES_IGNORE));
  return all;
}

void kith_halo_progress(kith_halo *h) { (void)kith__halo_is_idle(h); }

void kith_halo_end(kith_halo *h) {
  KITH_WAIT("the halo exchange", MPI_Waitall(h->n_request, h->request, MPI_STATUSES_IGNORE));
  h->n_request = 0;
}

void kith_halo_forward_packed(kith_halo *h, int d, const float *packed, float *ghost) {
  exchange_forward(h, d, packed, ghost);
  kith_halo_end(h);
}

void kith_halo_backward_packed(kith_halo *h, int width, const float *ghost, float *packed) {
  const kith_halo_self_rows own = kith_halo_self(h);
  const size_t d = (size_t)width;
  kith_halo_backward_remote(h, width, ghost, packed);
  if (own.n)
    memcpy(packed + d * (size_t)own.send, ghost + d * (size_t)own.recv, (size_t)own.n * d * sizeof(float));
  kith_halo_end(h);
}

void kith_halo_backward(kith_halo *h, int width, const float *ghost, float *own) {
  size_t d = (size_t)width;
  kith_halo_backward_packed(h, width, ghost, h->packed);
  for (kith_lid s = 0; s < h->n_send; s++) {
    float *to = own + d * (size_t)h->send_row[s];
    const float *from = h->packed + d * (size_t)s;
    for (size_t k = 0; k < d; k++) to[k] += from[k];
  }
}

kith_agreed kith_halo_forward_int(kith_halo *h, const int64_t *own, int64_t *ghost) {
  kith_agreed st = {KITH_OK};
  int size = h->comm->size;
  int64_t *packed = NULL;
  KITH_TRY(kith_agree(h->comm, KITH_NEW(packed, h->n_send)));
  for (kith_lid s = 0; s < h->n_send; s++) packed[s] = own[h->send_row[s]];
  for (int r = 0; r < size; r++) {
    h->count_send[r] = h->send_first[r + 1] - h->send_first[r];
    h->count_recv[r] = h->recv_first[r + 1] - h->recv_first[r];
  }
  KITH_WAIT("the halo exchange of integers",
            MPI_Alltoallv(packed, h->count_send, h->send_first, MPI_INT64_T, ghost, h->count_recv,
                          h->recv_first, MPI_INT64_T, h->comm->mpi));
done:
  KITH_FREE(packed);
  return st;
}

void kith_allgather_rows(const kith_comm *comm, const int64_t *first, int d, int *scratch, float *x) {
  int *count = scratch, *displ = scratch + comm->size;
  MPI_Datatype row;
  if (comm->size == 1) return;
  KITH_MPI(MPI_Type_contiguous(d, MPI_FLOAT, &row));
  KITH_MPI(MPI_Type_commit(&row));
  for (int r = 0; r < comm->size; r++) {
    displ[r] = (int)first[r];
    count[r] = (int)(first[r + 1] - first[r]);
  }
  KITH_WAIT("the all-gather of rows",
            MPI_Allgatherv(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, x, count, displ, row, comm->mpi));
  KITH_MPI(MPI_Type_free(&row));
}
