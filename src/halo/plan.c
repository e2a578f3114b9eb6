/*
 * Setup of a halo: each rank sends requests to the owners of the rows that it reads; the requests that a rank
 * receives are the rows that it will send.  A dynamic halo repeats this at every step in preallocated
 * buffers, between the ranks that have something to ask.
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
  h->request_type = MPI_DATATYPE_NULL;
  h->max_recv = (kith_lid)max_recv;
  KITH_TRY(KITH_NEW(h->recv_first, size + 1));
  KITH_TRY(KITH_NEW(h->send_first, size + 1));
  KITH_TRY(KITH_NEW(h->count_send, size));
  KITH_TRY(KITH_NEW(h->count_recv, size));
  KITH_TRY(KITH_NEW(h->displ_send, size));
  KITH_TRY(KITH_NEW(h->displ_recv, size));
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
                  KITH_BYTES(h->request, 2 * size);
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

/* Group the received rows by owner. */
static void halo_group(kith_halo *h, kith_lid n, const kith_gid *recv) {
  kith_lid at = 0;
  h->n_recv = n;
  for (int r = 0; r < h->comm->size; r++) {
    h->recv_first[r] = at;
    while (at < n && recv[at] < h->first[r + 1]) at++;
    h->count_send[r] = at - h->recv_first[r];
  }
  h->recv_first[h->comm->size] = at;
}

/* Fill in the requests, grouped by owner: without keys, places alone. */
static void halo_fill_requests(kith_halo *h, const kith_gid *recv, const int64_t *key) {
  kith_lid *place = (kith_lid *)h->recv_request;
  for (int r = 0; r < h->comm->size; r++)
    for (kith_lid i = h->recv_first[r]; i < h->recv_first[r + 1]; i++) {
      if (key) h->recv_request[i] = (halo_request){recv[i] - h->first[r], key[i]};
      else place[i] = (kith_lid)(recv[i] - h->first[r]);
    }
}

/* Note n rows to send, from index `at` on. */
static void halo_take_requests(kith_halo *h, bool keys, const void *request, int64_t from, int n, int at) {
  const halo_request *whole = request;
  const kith_lid *place = request;
#pragma omp parallel for schedule(static)
  for (int i = 0; i < n; i++) {
    h->send_row[at + i] = keys ? (kith_lid)whole[from + i].place : place[from + i];
    h->send_key[at + i] = keys ? whole[from + i].key : 0;
  }
}

/* The same for all receivers, ordered by rank: requests of other ranks stand in the order of arrival. */
static void halo_take_all(kith_halo *h, bool keys) {
  int me = h->comm->rank, at = 0;
  for (int r = 0; r < h->comm->size; r++) {
    int n = r == me ? h->count_send[me] : h->sparse.count[r];
    h->send_first[r] = at;
    if (r == me) halo_take_requests(h, keys, h->recv_request, h->recv_first[me], n, at);
    else halo_take_requests(h, keys, h->send_request, h->sparse.at[r], n, at);
    at += n;
  }
  h->send_first[h->comm->size] = h->n_send = at;
}

/* Exchange the numbers of requests; returns the rows to send, which may be more than a rank can. */
static int64_t halo_count_requests(kith_halo *h) {
  int size = h->comm->size;
  int64_t n = 0;
  KITH_WAIT("the setup of a halo",
            MPI_Alltoall(h->count_send, 1, MPI_INT, h->count_recv, 1, MPI_INT, h->comm->mpi));
  for (int r = 0; r < size; r++) {
    h->send_first[r] = (int)kith_min(n, KITH_HALO_MOST);
    n += h->count_recv[r];
  }
  h->send_first[size] = h->n_send = (kith_lid)kith_min(n, KITH_HALO_MOST);
  return n;
}

/* Send the requests. */
static void halo_send_requests(kith_halo *h) {
  int size = h->comm->size;
  for (int r = 0; r < size; r++) {
    h->displ_send[r] = 2 * h->recv_first[r];
    h->count_send[r] = 2 * (h->recv_first[r + 1] - h->recv_first[r]);
    h->displ_recv[r] = 2 * h->send_first[r];
    h->count_recv[r] = 2 * (h->send_first[r + 1] - h->send_first[r]);
  }
  KITH_WAIT("the setup of a halo",
            MPI_Alltoallv(h->recv_request, h->count_send, h->displ_send, MPI_INT64_T, h->send_request,
                          h->count_recv, h->displ_recv, MPI_INT64_T, h->comm->mpi));
  halo_take_requests(h, true, h->send_request, 0, h->n_send, 0);
}

/* Whole requests, all of key 0. */
static void halo_fill_unkeyed(kith_halo *h, const kith_gid *recv) {
  for (int r = 0; r < h->comm->size; r++)
    for (kith_lid i = h->recv_first[r]; i < h->recv_first[r + 1]; i++)
      h->recv_request[i] = (halo_request){recv[i] - h->first[r], 0};
}

kith_agreed kith_halo_create(const kith_comm *comm, const kith_gid *first, int64_t n_recv,
                             const kith_gid *recv, kith_halo **out) {
  kith_agreed st = {KITH_OK};
  kith_halo *h = NULL;
  *out = NULL;
  KITH_TRY(kith_agree(comm, halo_make(comm, first, n_recv, &h)));
  KITH_TRY(kith_agree(comm, halo_check_recv(h, n_recv, recv)));
  halo_group(h, (kith_lid)n_recv, recv);
  halo_fill_unkeyed(h, recv);
  KITH_TRY(kith_agree(comm, halo_make_send(h, halo_count_requests(h))));
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
  KITH_TRY(kith_sparse_make(comm, &h->sparse));
  KITH_MPI(MPI_Type_contiguous(2, MPI_INT64_T, &h->request_type));
  KITH_MPI(MPI_Type_commit(&h->request_type));
  *out = h;
  h = NULL;
done:
  kith_halo_destroy(&h);
  return st;
}

int64_t kith_halo_setup(kith_halo *h, kith_lid n_recv, const kith_gid *recv, const int64_t *key,
                        int64_t piggyback) {
  MPI_Datatype type = key ? h->request_type : MPI_INT32_T;
  int bytes = (int)(key ? sizeof(halo_request) : sizeof(kith_lid)), me = h->comm->rank;
  if (n_recv > h->max_recv) kith_abort(__FILE__, __LINE__, "the capacity for received rows");
  halo_group(h, n_recv, recv);
  if (h->recv_first[h->comm->size] != n_recv || h->count_send[me] > h->max_send)
    kith_abort(__FILE__, __LINE__, "the capacity for sent rows");
  halo_fill_requests(h, recv, key);
  kith_sparse_begin(&h->sparse, type, bytes, h->recv_request, h->count_send, h->recv_first, piggyback);
  int64_t most = kith_sparse_end(&h->sparse, type, bytes, h->max_send - h->count_send[me], h->send_request);
  halo_take_all(h, key != NULL);
  return most;
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
  KITH_FREE(h->request);
  kith_sparse_free(&h->sparse);
  if (h->request_type != MPI_DATATYPE_NULL) KITH_MPI(MPI_Type_free(&h->request_type));
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
