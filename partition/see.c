/* The nodes that a rank's rows read of other ranks, and to whom the rank's own nodes are such. */
#include <string.h>

#include "dgraph.h"

/* ---- ghosts ---- */

/* A bit a node; before [words] bits set in the words before. */
typedef struct see_bits {
  uint64_t *bits;
  int64_t *before;
} see_bits;

static int64_t see_rank(const see_bits *b, int64_t i) {
  return b->before[i >> 6] + __builtin_popcountll(b->bits[i >> 6] & ((UINT64_C(1) << (i & 63)) - 1));
}

static kith_status see_mark(const partition_dgraph *s, int64_t n, const int64_t *to, see_bits *b,
                            int64_t *n_ghost) {
  kith_status st = KITH_OK;
  int64_t first = s->first[s->comm->rank], words = (s->n >> 6) + 1;
  KITH_TRY(KITH_NEW(b->bits, words));
  KITH_TRY(KITH_NEW(b->before, words));
  for (int64_t e = 0; e < n; e++)
    if (to[e] < first || to[e] >= first + s->n_own) b->bits[to[e] >> 6] |= UINT64_C(1) << (to[e] & 63);
  *n_ghost = 0;
  for (int64_t w = 0; w < words; w++) {
    b->before[w] = *n_ghost;
    *n_ghost += __builtin_popcountll(b->bits[w]);
  }
  KITH_CHECK(*n_ghost + s->n_own < INT32_MAX - 1, KITH_ECONFIG,
             "one rank would see %lld nodes; at most 2^31 - 2: use more ranks",
             (long long)(*n_ghost + s->n_own));
done:
  return st;
}

static kith_status see_fill(partition_dgraph *s, int64_t n, const int64_t *to, const see_bits *b) {
  kith_status st = KITH_OK;
  int64_t first = s->first[s->comm->rank], at = 0;
  KITH_TRY(KITH_NEW(s->ghost, s->n_ghost));
  KITH_TRY(KITH_NEW(s->to, n));
  for (int64_t w = 0; w <= s->n >> 6; w++)
    for (uint64_t rest = b->bits[w]; rest; rest &= rest - 1)
      s->ghost[at++] = (w << 6) + __builtin_ctzll(rest);
  for (int64_t e = 0; e < n; e++) {
    bool own = to[e] >= first && to[e] < first + s->n_own;
    s->to[e] = (int32_t)(own ? to[e] - first : s->n_own + see_rank(b, to[e]));
  }
done:
  return st;
}

kith_agreed kith__partition_dgraph_see(partition_dgraph *s, int64_t n, const int64_t *to) {
  kith_agreed st = {KITH_OK};
  see_bits b = {0};
  int64_t n_ghost = 0;
  KITH_TRY(kith_agree(s->comm, see_mark(s, n, to, &b, &n_ghost)));
  s->n_ghost = (int32_t)n_ghost;
  KITH_TRY(kith_agree(s->comm, see_fill(s, n, to, &b)));
done:
  KITH_FREE(b.bits);
  KITH_FREE(b.before);
  return st;
}

/* ---- seers ---- */

typedef struct see_asks {
  kith_alltoall all; /* asked of each rank, and by each */
  int *slot;         /* [size] where the asking rank has the first node that it asks for */
  int32_t *node, *asked;
} see_asks;

static kith_status asks_make(const partition_dgraph *s, see_asks *a) {
  kith_status st = KITH_OK;
  KITH_TRY(kith_alltoall_make(s->comm->size, &a->all));
  KITH_TRY(KITH_NEW(a->slot, s->comm->size));
  KITH_TRY(KITH_NEW(a->node, s->n_ghost));
  for (int32_t k = 0, r = 0; k < s->n_ghost; k++) {
    while (s->ghost[k] >= s->first[r + 1]) r++;
    a->all.send_count[r]++;
    a->node[k] = (int32_t)(s->ghost[k] - s->first[r]);
  }
  kith_prefix_sum(s->comm->size, a->all.send_count, a->all.send_displ);
done:
  return st;
}

/* Ranks that ask, by own node. */
static kith_status asks_turn(const see_asks *a, partition_dgraph *s) {
  kith_status st = KITH_OK;
  int64_t *next = NULL, n = a->all.recv_displ[s->comm->size];
  KITH_TRY(KITH_NEW(s->seer_start, (int64_t)s->n_own + 1));
  KITH_TRY(KITH_NEW(s->seer, n));
  KITH_TRY(KITH_NEW(next, (int64_t)s->n_own + 1));
  for (int64_t k = 0; k < n; k++) s->seer_start[a->asked[k] + 1]++;
  for (int32_t i = 0; i < s->n_own; i++) s->seer_start[i + 1] += s->seer_start[i];
  memcpy(next, s->seer_start, (size_t)(s->n_own + 1) * sizeof *next);
  for (int r = 0; r < s->comm->size; r++)
    for (int k = 0; k < a->all.recv_count[r]; k++)
      s->seer[next[a->asked[a->all.recv_displ[r] + k]]++] =
          (partition_seer){.rank = r, .slot = a->slot[r] + k};
done:
  KITH_FREE(next);
  return st;
}

/* What arrives is counted in an int. */
static kith_status asks_alloc(const kith_comm *comm, see_asks *a) {
  kith_status st = KITH_OK;
  int64_t n = 0;
  for (int r = 0; r < comm->size; r++) n += a->all.recv_count[r];
  KITH_CHECK(n < INT32_MAX, KITH_ECONFIG,
             "other ranks would see %lld times a node of this one; at most 2^31 - 2: use more ranks",
             (long long)n);
  KITH_TRY(KITH_NEW(a->asked, n));
done:
  return st;
}

kith_agreed kith__partition_dgraph_meet(partition_dgraph *s) {
  kith_agreed st = {KITH_OK};
  see_asks a = {0};
  const kith_comm *comm = s->comm;
  KITH_TRY(kith_agree(comm, asks_make(s, &a)));
  KITH_MPI(MPI_Alltoall(a.all.send_count, 1, MPI_INT, a.all.recv_count, 1, MPI_INT, comm->mpi));
  KITH_MPI(MPI_Alltoall(a.all.send_displ, 1, MPI_INT, a.slot, 1, MPI_INT, comm->mpi));
  KITH_TRY(kith_agree(comm, asks_alloc(comm, &a)));
  kith_prefix_sum(comm->size, a.all.recv_count, a.all.recv_displ);
  KITH_MPI(MPI_Alltoallv(a.node, a.all.send_count, a.all.send_displ, MPI_INT32_T, a.asked, a.all.recv_count,
                         a.all.recv_displ, MPI_INT32_T, comm->mpi));
  KITH_TRY(kith_agree(comm, asks_turn(&a, s)));
done:
  kith_alltoall_free(&a.all);
  KITH_FREE(a.slot);
  KITH_FREE(a.node);
  KITH_FREE(a.asked);
  return st;
}

/* ---- what ghosts are ---- */

kith_agreed kith__partition_dgraph_tell(const partition_dgraph *s, size_t size, void *value) {
  kith_agreed st = {KITH_OK};
  const kith_comm *comm = s->comm;
  kith_alltoall all = {0};
  char *out = NULL, *at = value;
  int64_t n = s->seer_start[s->n_own];
  MPI_Datatype type;
  KITH_TRY(kith_agree(comm, kith_alltoall_make(comm->size, &all)));
  KITH_TRY(kith_agree(comm, KITH_NEW(out, n * (int64_t)size)));
  for (int64_t k = 0; k < n; k++) all.send_count[s->seer[k].rank]++;
  for (int32_t k = 0, r = 0; k < s->n_ghost; k++) {
    while (s->ghost[k] >= s->first[r + 1]) r++;
    all.recv_count[r]++;
  }
  kith_prefix_sum(comm->size, all.send_count, all.send_displ);
  kith_prefix_sum(comm->size, all.recv_count, all.recv_displ);
  for (int32_t i = 0; i < s->n_own; i++) /* a rank's ghosts ascend, and so do own nodes */
    for (int64_t k = s->seer_start[i]; k < s->seer_start[i + 1]; k++)
      memcpy(out + (size_t)all.send_displ[s->seer[k].rank]++ * size, at + (size_t)i * size, size);
  kith_prefix_sum(comm->size, all.send_count, all.send_displ);
  KITH_MPI(MPI_Type_contiguous((int)size, MPI_BYTE, &type));
  KITH_MPI(MPI_Type_commit(&type));
  KITH_MPI(MPI_Alltoallv(out, all.send_count, all.send_displ, type, at + (size_t)s->n_own * size,
                         all.recv_count, all.recv_displ, type, comm->mpi));
  MPI_Type_free(&type);
done:
  kith_alltoall_free(&all);
  KITH_FREE(out);
  return st;
}
