/*
 * Distributed random walks.  The owner of a walker's current node draws the next node and sends the walker to
 * that node's owner: one all-to-all exchange a step for all walkers, in stages, so that other work overlaps
 * its messages. Draws are keyed by the walker's id and the step, so walks do not depend on the partition.
 */
#include <limits.h>

#include "sample/sample.h"

enum { WALK_WORDS = 3 }; /* 64-bit words of a walker */

_Static_assert(sizeof(kith_walker) == WALK_WORDS * sizeof(int64_t), "walkers are sent as 64-bit integers");

struct kith_walks {
  const kith_comm *comm;
  const kith_graph *g;
  int64_t most, n;   /* capacity; walkers on this rank */
  kith_walker *recv; /* [most] */
  kith_walker *send; /* [most] the same, grouped by destination */
  kith_alltoall counts;
  MPI_Datatype walker_type;  /* of a walker */
  kith_walk_options options; /* of the current walks */
  kith_walk_visit *visit;
  void *self;
  int hop;             /* steps made by the walkers that are being sent */
  int64_t n_recv;      /* walkers to be received; -1: their number is being received */
  MPI_Request request; /* MPI_REQUEST_NULL: none */
};

static kith_status walk_make(const kith_comm *comm, const kith_graph *g, int64_t most, kith_walks **out) {
  kith_status st = KITH_OK;
  kith_walks *w = NULL;
  KITH_CHECK(most < INT_MAX, KITH_ECONFIG, "%lld walkers at once; at most %d are possible", (long long)most,
             INT_MAX - 1);
  KITH_TRY(KITH_NEW(w, 1));
  *w = (kith_walks){
      .comm = comm, .g = g, .most = most, .walker_type = MPI_DATATYPE_NULL, .request = MPI_REQUEST_NULL};
  KITH_TRY(KITH_NEW(w->recv, most));
  KITH_TRY(KITH_NEW(w->send, most));
  KITH_TRY(kith_alltoall_make(comm->size, &w->counts));
  KITH_MPI(MPI_Type_contiguous(WALK_WORDS, MPI_INT64_T, &w->walker_type));
  KITH_MPI(MPI_Type_commit(&w->walker_type));
  *out = w;
  w = NULL;
done:
  kith_walks_destroy(&w);
  return st;
}

kith_agreed kith_walks_create(const kith_comm *comm, const kith_graph *g, int64_t most, kith_walks **out) {
  *out = NULL;
  kith_agreed st = kith_agree(comm, walk_make(comm, g, most, out));
  if (kith_is_bad(st)) kith_walks_destroy(out);
  return st;
}

void kith_walks_destroy(kith_walks **walks) {
  kith_walks *w = *walks;
  if (!w) return;
  KITH_WAIT("random walks", MPI_Wait(&w->request, MPI_STATUS_IGNORE));
  KITH_FREE(w->recv);
  KITH_FREE(w->send);
  kith_alltoall_free(&w->counts);
  if (w->walker_type != MPI_DATATYPE_NULL) KITH_MPI(MPI_Type_free(&w->walker_type));
  KITH_FREE(*walks);
}

/* Group the walkers by the owners of their current nodes: counting sort. */
static void walk_group(kith_walks *w) {
  int size = w->comm->size;
  for (int r = 0; r < size; r++) w->counts.send_count[r] = 0;
  for (int64_t i = 0; i < w->n; i++)
    w->counts.send_count[kith_owner(size, w->g->first, w->recv[i].current)]++;
  kith_prefix_sum(size, w->counts.send_count, w->counts.send_displ);
  for (int64_t i = 0; i < w->n; i++)
    w->send[w->counts.send_displ[kith_owner(size, w->g->first, w->recv[i].current)]++] = w->recv[i];
  kith_prefix_sum(size, w->counts.send_count, w->counts.send_displ);
}

/* Send the walkers to the owners of their current nodes: first the counts, … */
static void walk_send_counts(kith_walks *w) {
  if (w->comm->size == 1) return;
  walk_group(w);
  w->n_recv = -1;
  KITH_MPI(MPI_Ialltoall(w->counts.send_count, 1, MPI_INT, w->counts.recv_count, 1, MPI_INT, w->comm->mpi,
                         &w->request));
}

/* … then the walkers. */
static void walk_send_walkers(kith_walks *w) {
  int size = w->comm->size;
  w->n_recv = 0;
  for (int r = 0; r < size; r++) w->n_recv += w->counts.recv_count[r];
  if (w->n_recv > w->most) kith_abort(__FILE__, __LINE__, "more walkers than allocated");
  kith_prefix_sum(size, w->counts.recv_count, w->counts.recv_displ);
  KITH_MPI(MPI_Ialltoallv(w->send, w->counts.send_count, w->counts.send_displ, w->walker_type, w->recv,
                          w->counts.recv_count, w->counts.recv_displ, w->walker_type, w->comm->mpi,
                          &w->request));
}

/* Whether all walkers have arrived; if only the counts have, send the walkers. */
static bool walk_receive(kith_walks *w) {
  if (w->comm->size == 1) return true;
  KITH_WAIT("random walks", MPI_Wait(&w->request, MPI_STATUS_IGNORE));
  if (w->n_recv < 0) {
    walk_send_walkers(w);
    return false;
  }
  w->n = w->n_recv;
  return true;
}

/* The next node of a walker on an owned node. */
static kith_gid walk_next(const kith_walks *w, const kith_walker *x) {
  const kith_graph *g = w->g;
  const kith_walk_options *options = &w->options;
  kith_lid row = (kith_lid)(x->current - g->first[w->comm->rank]);
  int64_t degree = g->start[row + 1] - g->start[row];
  kith_draw r =
      kith_random(options->rng_seed, options->use, options->round, (uint64_t)x->id, (uint64_t)w->hop);
  if (options->restart > 0 && kith_random_unit(r.bits[1]) < options->restart) return x->start;
  return degree > 0 ? g->neighbor[g->start[row] + (kith_eid)kith_random_below(r.bits[0], (uint64_t)degree)]
                    : x->current;
}

static void walk_visit(const kith_walks *w) {
  for (int64_t i = 0; i < w->n; i++) w->visit(w->self, &w->recv[i], w->hop);
}

void kith_walks_begin(kith_walks *w, const kith_walk_options *options, int64_t n, const kith_walker *walker,
                      kith_walk_visit *visit, void *self) {
  if (n > w->most) kith_abort(__FILE__, __LINE__, "more walkers than allocated");
  w->options = *options;
  w->visit = visit;
  w->self = self;
  w->hop = 0;
  w->n = n;
  for (int64_t i = 0; i < n; i++) w->recv[i] = (kith_walker){walker[i].id, walker[i].start, walker[i].start};
  walk_send_counts(w);
}

bool kith_walks_advance(kith_walks *w) {
  if (!walk_receive(w)) return false;
  walk_visit(w);
  if (w->hop == w->options.length) return true;
  w->hop++;
#pragma omp parallel for schedule(static)
  for (int64_t i = 0; i < w->n; i++) w->recv[i].current = walk_next(w, &w->recv[i]);
  walk_send_counts(w);
  return false;
}

void kith_walks_run(kith_walks *w, const kith_walk_options *options, int64_t n, const kith_walker *walker,
                    kith_walk_visit *visit, void *self) {
  kith_walks_begin(w, options, n, walker, visit, self);
  while (!kith_walks_advance(w)) continue;
}
