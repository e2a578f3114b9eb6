/*
 * Setup of a halo: each rank sends requests to the owners of the rows that it reads; the requests that a rank
 * receives are the rows that it will send.  A dynamic halo repeats this at every step in preallocated
 * buffers.
 */
#include "halo/halo_impl.h"

static kith_status halo_make(const kith_comm *comm, const kith_gid *first, int64_t max_recv,
                             kith_halo **out) {
  kith_status st = KITH_OK;
  kith_halo *h = NULL;
  int size = comm->size;
  KITH_CHECK(max_recv <= KITH_HALO_MOST, KITH_EDATA,
             "a rank would receive %lld rows, more than %d: use more ranks", (long long)max_recv,
             KITH_HALO_MOST);
  KITH_TRY(KITH_NEW(h, 1));
  h->comm = comm;
  h->first = first;
  h->max_recv = (kith_lid)max_recv;
  KITH_TRY(KITH_NEW(h->recv_first, size + 1));
  KITH_TRY(KITH_NEW(h->send_first, size + 1));
  KITH_TRY(KITH_NEW(h->count_send, size));
  KITH_TRY(KITH_NEW(h->count_recv, size));
  KITH_TRY(KITH_NEW(h->displ_send, size));
  KITH_TRY(KITH_NEW(h->displ_recv, size));
  KITH_TRY(KITH_NEW(h->header_send, 2 * (int64_t)size));
  KITH_TRY(KITH_NEW(h->header_recv, 2 * (int64_t)size));
  KITH_TRY(KITH_NEW(h->request, 2 * (int64_t)size));
  KITH_TRY(KITH_NEW(h->recv_request, max_recv));
  *out = h;
  h = NULL;
done:
  kith_halo_destroy(&h);
  return st;
}

static kith_status halo_make_send(kith_halo *h, int64_t max_send) {
  kith_status st = KITH_OK;
  KITH_CHECK(max_send <= KITH_HALO_MOST, KITH_EDATA,
             "a rank would send %lld rows, more than %d: use more ranks", (long long)max_send,
             KITH_HALO_MOST);
  h->max_send = (kith_lid)max_send;
  KITH_TRY(KITH_NEW(h->send_request, max_send));
  KITH_TRY(KITH_NEW(h->send_row, max_send));
  KITH_TRY(KITH_NEW(h->send_key, max_send));
done:
  return st;
}

int64_t kith_halo_memory_bytes(int size, int64_t n_recv, int64_t n_send, int d) {
  const kith_halo *h = NULL;
  int64_t ranks = 2 * KITH_BYTES(h->recv_first, size + 1) + 4 * KITH_BYTES(h->count_send, size) +
                  2 * KITH_BYTES(h->header_send, 2 * size) + KITH_BYTES(h->request, 2 * size);
  int64_t sent = KITH_BYTES(h->send_request, 1) + KITH_BYTES(h->send_row, 1) + KITH_BYTES(h->send_key, 1) +
                 KITH_BYTES(h->packed, d);
  return KITH_BYTES(h, 1) + ranks + KITH_BYTES(h->recv_request, n_recv) + n_send * sent;
}

/* Ascending and within the ownership ranges, so that the rows of one owner are contiguous. */
static kith_status halo_check_recv(const kith_halo *h, int64_t n, const kith_gid *recv) {
  kith_status st = KITH_OK;
  kith_gid low = h->first[0], high = h->first[h->comm->size];
  for (int64_t i = 0; i < n; i++) {
    KITH_CHECK(recv[i] >= low && recv[i] < high, KITH_EDATA,
               "row %lld is out of range: rows are %lld to %lld", (long long)recv[i], (long long)low,
               (long long)high - 1);
    KITH_CHECK(i == 0 || recv[i - 1] <= recv[i], KITH_EDATA,
               "the received rows are not ascending at index %lld", (long long)i);
  }
done:
  return st;
}

/* What the counts of all ranks say: rows to send, which may be more than a rank can, and the largest
 * piggyback. */
typedef struct halo_totals {
  int64_t n_send, piggyback;
} halo_totals;

/* Group the received rows by owner and exchange the counts. */
static halo_totals halo_count_requests(kith_halo *h, kith_lid n, const kith_gid *recv, const int64_t *key,
                                       int64_t piggyback) {
  int size = h->comm->size;
  kith_lid at = 0;
  h->n_recv = n;
  for (int r = 0; r < size; r++) {
    h->recv_first[r] = at;
    for (; at < n && recv[at] < h->first[r + 1]; at++)
      h->recv_request[at] = (halo_request){recv[at], key ? key[at] : 0};
    h->header_send[2 * r] = at - h->recv_first[r];
    h->header_send[2 * r + 1] = piggyback;
  }
  h->recv_first[size] = at;
  KITH_WAIT("the setup of a halo",
            MPI_Alltoall(h->header_send, 2, MPI_INT64_T, h->header_recv, 2, MPI_INT64_T, h->comm->mpi));
  halo_totals all = {.piggyback = piggyback};
  for (int r = 0; r < size; r++) {
    h->send_first[r] = (int)kith_min(all.n_send, KITH_HALO_MOST);
    all.n_send += h->header_recv[2 * r];
    if (h->header_recv[2 * r + 1] > all.piggyback) all.piggyback = h->header_recv[2 * r + 1];
  }
  h->send_first[size] = h->n_send = (kith_lid)kith_min(all.n_send, KITH_HALO_MOST);
  return all;
}

/* Send the requests: numbers and keys. */
static void halo_send_requests(kith_halo *h) {
  int size = h->comm->size, me = h->comm->rank;
  for (int r = 0; r < size; r++) {
    h->displ_send[r] = 2 * h->recv_first[r];
    h->count_send[r] = 2 * (h->recv_first[r + 1] - h->recv_first[r]);
    h->displ_recv[r] = 2 * h->send_first[r];
    h->count_recv[r] = 2 * (h->send_first[r + 1] - h->send_first[r]);
  }
  KITH_WAIT("the setup of a halo",
            MPI_Alltoallv(h->recv_request, h->count_send, h->displ_send, MPI_INT64_T, h->send_request,
                          h->count_recv, h->displ_recv, MPI_INT64_T, h->comm->mpi));
#pragma omp parallel for schedule(static)
  for (kith_lid s = 0; s < h->n_send; s++) {
    h->send_row[s] = (kith_lid)(h->send_request[s].number - h->first[me]);
    h->send_key[s] = h->send_request[s].key;
  }
}

kith_agreed kith_halo_create(const kith_comm *comm, const kith_gid *first, int64_t n_recv,
                             const kith_gid *recv, kith_halo **out) {
  kith_agreed st = {KITH_OK};
  kith_halo *h = NULL;
  *out = NULL;
  KITH_TRY(kith_agree(comm, halo_make(comm, first, n_recv, &h)));
  KITH_TRY(kith_agree(comm, halo_check_recv(h, n_recv, recv)));
  KITH_TRY(
      kith_agree(comm, halo_make_send(h, halo_count_requests(h, (kith_lid)n_recv, recv, NULL, 0).n_send)));
  halo_send_requests(h);
  *out = h;
  h = NULL;
done:
  kith_halo_destroy(&h);
  return st;
}

kith_agreed kith_halo_create_dynamic(const kith_comm *comm, const kith_gid *first, int64_t max_recv,
                                     int64_t max_send, int d, kith_halo **out) {
  kith_agreed st = {KITH_OK};
  kith_halo *h = NULL;
  *out = NULL;
  KITH_TRY(kith_agree(comm, halo_make(comm, first, max_recv, &h)));
  KITH_TRY(kith_agree(comm, halo_make_send(h, max_send)));
  KITH_TRY(kith_agree(comm, kith_halo_reserve(h, d)));
  *out = h;
  h = NULL;
done:
  kith_halo_destroy(&h);
  return st;
}

int64_t kith_halo_setup(kith_halo *h, kith_lid n_recv, const kith_gid *recv, const int64_t *key,
                        int64_t piggyback) {
  if (n_recv > h->max_recv) kith_abort(__FILE__, __LINE__, "the capacity for received rows");
  const halo_totals all = halo_count_requests(h, n_recv, recv, key, piggyback);
  if (h->recv_first[h->comm->size] != n_recv || all.n_send > h->max_send)
    kith_abort(__FILE__, __LINE__, "the capacity for sent rows");
  halo_send_requests(h);
  return all.piggyback;
}

void kith_halo_destroy(kith_halo **halo) {
  kith_halo *h = *halo;
  if (!h) return;
  KITH_FREE(h->recv_first);
  KITH_FREE(h->send_first);
  KITH_FREE(h->count_send);
  KITH_FREE(h->count_recv);
  KITH_FREE(h->displ_send);
  KITH_FREE(h->displ_recv);
  KITH_FREE(h->header_send);
  KITH_FREE(h->header_recv);
  KITH_FREE(h->request);
  KITH_FREE(h->recv_request);
  KITH_FREE(h->send_request);
  KITH_FREE(h->send_row);
  KITH_FREE(h->send_key);
  KITH_FREE(h->packed);
  for (int i = 0; i < h->n_width; i++) KITH_MPI(MPI_Type_free(&h->row[i]));
  KITH_FREE(*halo);
}

kith_lid kith_halo_n_recv(const kith_halo *h) { return h->n_recv; }
kith_lid kith_halo_n_send(const kith_halo *h) { return h->n_send; }
kith_lid kith_halo_send_first(const kith_halo *h, int r) { return h->send_first[r]; }
const kith_lid *kith_halo_send_row(const kith_halo *h) { return h->send_row; }
const int64_t *kith_halo_send_key(const kith_halo *h) { return h->send_key; }
const kith_comm *kith_halo_comm(const kith_halo *h) { return h->comm; }
int64_t kith_halo_bytes(const kith_halo *h) { return h->bytes; }
int64_t kith_halo_messages(const kith_halo *h) { return h->messages; }

kith_lid kith_halo_n_remote(const kith_halo *h) {
  int me = h->comm->rank;
  return h->n_send - (h->send_first[me + 1] - h->send_first[me]);
}
