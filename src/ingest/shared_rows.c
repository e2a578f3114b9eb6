/* Edges that ranks have read become rows of the users of each. */
#include "ingest/shared.h"

enum { ROWS_BUCKETS = 512 /* of users, for each rank, at most */ };

/* A bucket has 2^shift users, so that no number is divided. */
static int rows_shift(int size, int64_t n_user) {
  int shift = 0;
  while (n_user >> shift >= (int64_t)ROWS_BUCKETS * size) shift++;
  return shift;
}

kith_agreed kith__shared_ranges(const kith_comm *comm, kith__edge_list *edges, const int32_t *number,
                                int64_t n_user, int64_t *first) {
  kith_agreed st = {KITH_OK};
  const int shift = rows_shift(comm->size, n_user);
  const int64_t n = (int64_t)ROWS_BUCKETS * comm->size;
  int64_t *count = NULL, all = 0, before = 0;
  KITH_TRY(kith_agree(comm, KITH_NEW(count, n)));
  for (kith__edge_chunk *b = edges->first; b; b = b->next)
    for (int64_t k = 0; k < b->n; k++) {
      b->user[k] = number[b->user[k]];
      count[b->user[k] >> shift]++;
    }
  kith_comm_sum_int(comm, n, count);
  for (int64_t b = 0; b < n; b++) all += count[b];
  int r = 1;
  first[0] = 0;
  for (int64_t b = 0; b < n && r < comm->size; b++) {
    before += count[b];
    while (r < comm->size && before >= all / comm->size * r) first[r++] = kith_min(n_user, (b + 1) << shift);
  }
  while (r < comm->size) first[r++] = n_user;
  first[comm->size] = n_user;
done:
  KITH_FREE(count);
  return st;
}

/* Edges on their way, by rank, in the order of the list; what comes is one chunk of a list. */
typedef struct rows_exchange {
  kith_alltoall count;
  int32_t *user, *item;
  int64_t *time;
  float *weight;
  int shift;
  int *owner; /* [buckets] the rank of each bucket of users */
} rows_exchange;

static void rows_exchange_free(rows_exchange *x) {
  kith_alltoall_free(&x->count);
  KITH_FREE(x->user);
  KITH_FREE(x->item);
  KITH_FREE(x->time);
  KITH_FREE(x->weight);
  KITH_FREE(x->owner);
}

static kith_status rows_check(int64_t n) {
  if (n < INT32_MAX) return KITH_OK;
  return kith_fail(KITH_ENOMEM, "one rank would have 2^31 interactions or more; expected more ranks");
}

static kith_status rows_alloc(const kith__edge_list *edges, rows_exchange *x) {
  kith_status st = KITH_OK;
  KITH_TRY(rows_check(edges->n));
  KITH_TRY(KITH_NEW(x->user, edges->n));
  KITH_TRY(KITH_NEW(x->item, edges->n));
  if (edges->has_time) KITH_TRY(KITH_NEW(x->time, edges->n));
  if (edges->has_weight) KITH_TRY(KITH_NEW(x->weight, edges->n));
done:
  return st;
}

/* Ranges begin where buckets do. */
static kith_status rows_owners(int size, const int64_t *first, rows_exchange *x) {
  kith_status st = KITH_OK;
  const int64_t n = (int64_t)ROWS_BUCKETS * size;
  int r = 0;
  x->shift = rows_shift(size, first[size]);
  KITH_TRY(KITH_NEW(x->owner, n));
  for (int64_t b = 0; b < n; b++) {
    while (r + 1 < size && first[r + 1] <= b << x->shift) r++;
    x->owner[b] = r;
  }
done:
  return st;
}

/* Deal a chunk of this rank's edges; users are counted from the first of their rank. */
static void rows_deal(const int64_t *first, const int32_t *item, int64_t later, const kith__edge_chunk *b,
                      rows_exchange *x) {
  for (int64_t k = 0; k < b->n; k++) {
    const int r = x->owner[b->user[k] >> x->shift], to = x->count.send_displ[r]++;
    x->user[to] = b->user[k] - (int32_t)first[r];
    x->item[to] = item[b->item[k]];
    if (b->time) x->time[to] = b->time[k] + later;
    if (b->weight) x->weight[to] = b->weight[k];
  }
}

/* Deal this rank's edges, with the numbers of all ranks; a chunk is freed as soon as it is empty. */
static kith_status rows_pack(int size, const int64_t *first, const int32_t *item, int64_t later,
                             kith__edge_list *edges, rows_exchange *x) {
  kith_status st = KITH_OK;
  KITH_TRY(kith_alltoall_make(size, &x->count));
  KITH_TRY(rows_alloc(edges, x));
  KITH_TRY(rows_owners(size, first, x));
  for (const kith__edge_chunk *b = edges->first; b; b = b->next)
    for (int64_t k = 0; k < b->n; k++) x->count.send_count[x->owner[b->user[k] >> x->shift]]++;
  kith_prefix_sum(size, x->count.send_count, x->count.send_displ);
  while (edges->first) {
    kith__edge_chunk *b = edges->first;
    rows_deal(first, item, later, b, x);
    edges->first = b->next;
    KITH_FREE(b);
  }
  kith_prefix_sum(size, x->count.send_count, x->count.send_displ);
  kith__edge_list_free(edges);
done:
  return st;
}

/* Room for the edges that come, as one chunk. */
static kith_status rows_receive(int size, kith_alltoall *c, kith__edge_list *edges) {
  kith_status st = KITH_OK;
  int64_t n = 0;
  for (int r = 0; r < size; r++) n += c->recv_count[r];
  KITH_TRY(rows_check(n));
  KITH_TRY(kith__edge_list_reserve(edges, n));
  kith_prefix_sum(size, c->recv_count, c->recv_displ);
done:
  return st;
}

static void rows_send(const kith_comm *comm, const kith_alltoall *c, MPI_Datatype type, const void *from,
                      void *to) {
  KITH_WAIT("edges on their way to the ranks of their users",
            MPI_Alltoallv(from, c->send_count, c->send_displ, type, to, c->recv_count, c->recv_displ, type,
                          comm->mpi));
}

/* Send each column, and free it. */
static void rows_send_all(const kith_comm *comm, rows_exchange *x, kith__edge_chunk *to) {
  rows_send(comm, &x->count, MPI_INT32_T, x->user, to->user);
  KITH_FREE(x->user);
  rows_send(comm, &x->count, MPI_INT32_T, x->item, to->item);
  KITH_FREE(x->item);
  if (to->time) rows_send(comm, &x->count, MPI_INT64_T, x->time, to->time);
  KITH_FREE(x->time);
  if (to->weight) rows_send(comm, &x->count, MPI_FLOAT, x->weight, to->weight);
}

kith_agreed kith__shared_rows(const kith_comm *comm, const int64_t *first, int32_t **number, int64_t later,
                              kith__edge_list *edges, kith__edge_csr *rows, int64_t *duplicates) {
  kith_agreed st = {KITH_OK};
  rows_exchange x = {.user = NULL};
  const int64_t n_row = first[comm->rank + 1] - first[comm->rank];
  KITH_TRY(kith_agree(comm, rows_pack(comm->size, first, number[KITH_ITEM], later, edges, &x)));
  for (int k = 0; k < KITH_SIDES; k++) KITH_FREE(number[k]);
  KITH_WAIT("the numbers of edges that ranks send",
            MPI_Alltoall(x.count.send_count, 1, MPI_INT, x.count.recv_count, 1, MPI_INT, comm->mpi));
  KITH_TRY(kith_agree(comm, rows_receive(comm->size, &x.count, edges)));
  kith_fault_step();
  rows_send_all(comm, &x, edges->first);
  rows_exchange_free(&x);
  KITH_TRY(kith_agree(comm, kith__edge_csr_build(edges, n_row, rows, duplicates)));
done:
  rows_exchange_free(&x);
  return st;
}
