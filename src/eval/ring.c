/* Ring of ranks: users stay, item shards circulate in R steps; two shards in memory. */
#include <string.h>

#include "eval/eval_impl.h"

enum { RING_ROWS = 21, RING_NUMBERS = 22 }; /* tags */

struct kith_ring {
  const kith_comm *comm;
  int d, seen;         /* shards received so far */
  kith_lid *n;         /* [size] items of each rank */
  kith_shard shard[2]; /* the current one, the one being received */
  MPI_Datatype row;
  MPI_Request request[4];
  int n_request;
};

static kith_lid ring_pad(kith_lid n) {
  return (n + KITH_SCORE_ITEMS - 1) / KITH_SCORE_ITEMS * KITH_SCORE_ITEMS;
}

static kith_status ring_begin(const kith_comm *comm, int d, kith_ring **out) {
  kith_status st = KITH_OK;
  kith_ring *ring = NULL;
  KITH_TRY(KITH_NEW(ring, 1));
  ring->comm = comm;
  ring->d = d;
  ring->row = MPI_DATATYPE_NULL; /* zero bytes are not a null handle */
  *out = ring;
  KITH_TRY(KITH_NEW(ring->n, comm->size));
done:
  return st;
}

static kith_status ring_make(const kith_comm *comm, kith_ring *ring, kith_lid most) {
  kith_status st = KITH_OK;
  for (int i = 0; i < (comm->size > 1 ? 2 : 1); i++) {
    KITH_TRY(KITH_NEW(ring->shard[i].packed, (int64_t)ring_pad(most) * ring->d));
    KITH_TRY(KITH_NEW(ring->shard[i].original, ring_pad(most)));
  }
done:
  return st;
}

int64_t kith__ring_bytes(int size, int64_t most, int d) {
  const kith_ring *ring = NULL;
  int64_t n = ring_pad((kith_lid)most);
  return KITH_BYTES(ring, 1) + KITH_BYTES(ring->n, size) +
         (size > 1 ? 2 : 1) *
             (KITH_BYTES(ring->shard[0].packed, n * d) + KITH_BYTES(ring->shard[0].original, n));
}

/* Items of this rank that the ring has. */
static kith_lid ring_count(const kith_graph *g, const uint8_t *trained) {
  kith_lid n = g->n_own_of[KITH_ITEM], n_left_out = 0;
  for (kith_lid i = 0; trained && i < n; i++) n_left_out += trained[g->original[g->row_of[KITH_ITEM][i]]];
  return n - n_left_out;
}

/* The first shard holds this rank's own items: gathered from x, then packed. */
static kith_status ring_fill(kith_ring *ring, const kith_graph *g, const float *x, const uint8_t *trained) {
  kith_status st = KITH_OK;
  kith_shard *s = &ring->shard[0];
  size_t d = (size_t)ring->d;
  float *rows = NULL;
  s->n = ring_count(g, trained);
  s->n_padded = ring_pad(s->n);
  KITH_TRY(KITH_NEW(rows, (int64_t)s->n * ring->d));
  for (kith_lid i = 0, at = 0; i < g->n_own_of[KITH_ITEM]; i++) {
    kith_lid row = g->row_of[KITH_ITEM][i];
    if (trained && trained[g->original[row]]) continue;
    memcpy(rows + d * (size_t)at, x + d * (size_t)row, d * sizeof(float));
    s->original[at++] = g->original[row];
  }
  kith_scores_pack(s->n, s->n_padded, ring->d, rows, s->packed);
done:
  KITH_FREE(rows);
  return st;
}

kith_agreed kith__ring_create(const kith_comm *comm, const kith_graph *g, int d, const float *x,
                              const uint8_t *trained, kith_ring **out) {
  kith_agreed st = {KITH_OK};
  kith_ring *ring = NULL;
  kith_lid mine = ring_count(g, trained);
  *out = NULL;
  KITH_TRY(kith_agree(comm, ring_begin(comm, d, &ring)));
  KITH_WAIT("the sizes of the ring of items",
            MPI_Allgather(&mine, 1, MPI_INT32_T, ring->n, 1, MPI_INT32_T, comm->mpi));
  kith_lid most = (kith_lid)kith_comm_max(comm, mine);
  KITH_TRY(kith_agree(comm, ring_make(comm, ring, most)));
  KITH_MPI(MPI_Type_contiguous(d, MPI_FLOAT, &ring->row));
  KITH_MPI(MPI_Type_commit(&ring->row));
  KITH_TRY(kith_agree(comm, ring_fill(ring, g, x, trained)));
  *out = ring;
  ring = NULL;
done:
  kith__ring_destroy(&ring);
  return st;
}

void kith__ring_destroy(kith_ring **ring) {
  kith_ring *r = *ring;
  if (!r) return;
  if (r->n_request)
    KITH_WAIT("the ring of items of an evaluation",
              MPI_Waitall(r->n_request, r->request, MPI_STATUSES_IGNORE)); /* all ranks abort together */
  for (int i = 0; i < 2; i++) {
    KITH_FREE(r->shard[i].packed);
    KITH_FREE(r->shard[i].original);
  }
  KITH_FREE(r->n);
  if (r->row != MPI_DATATYPE_NULL) KITH_MPI(MPI_Type_free(&r->row));
  KITH_FREE(*ring);
}

/* Start to send the current shard to the next rank and to receive the following one. */
static void ring_pass(kith_ring *r) {
  int size = r->comm->size, to = (r->comm->rank + 1) % size, from = (r->comm->rank + size - 1) % size;
  kith_shard *here = &r->shard[r->seen % 2], *next = &r->shard[(r->seen + 1) % 2];
  next->n = r->n[(r->comm->rank + size - r->seen - 1) % size];
  next->n_padded = ring_pad(next->n);
  r->n_request = 4;
  KITH_MPI(MPI_Irecv(next->packed, next->n_padded, r->row, from, RING_ROWS, r->comm->mpi, &r->request[0]));
  KITH_MPI(MPI_Irecv(next->original, next->n, MPI_INT64_T, from, RING_NUMBERS, r->comm->mpi, &r->request[1]));
  KITH_MPI(MPI_Isend(here->packed, here->n_padded, r->row, to, RING_ROWS, r->comm->mpi, &r->request[2]));
  KITH_MPI(MPI_Isend(here->original, here->n, MPI_INT64_T, to, RING_NUMBERS, r->comm->mpi, &r->request[3]));
}

const kith_shard *kith__ring_next(kith_ring *r) {
  if (r->n_request)
    KITH_WAIT("the ring of items of an evaluation",
              MPI_Waitall(r->n_request, r->request, MPI_STATUSES_IGNORE));
  r->n_request = 0;
  if (r->seen == r->comm->size) return NULL;
  kith_shard *here = &r->shard[r->seen % 2];
  if (r->seen + 1 < r->comm->size) ring_pass(r);
  r->seen++;
  return here;
}

void kith__ring_progress(kith_ring *r) {
  int all;
  if (r->n_request) KITH_MPI(MPI_Testall(r->n_request, r->request, &all, MPI_STATUSES_IGNORE));
}
