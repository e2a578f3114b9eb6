/*
 * Random walks over ranks.  A walker is moved by the owner of the node that it stands on and travels to the
 * owner of the next one: one exchange with all ranks a hop, many walkers together, which may travel while
 * something else is done.  What a walker draws belongs to its own number and the hop, so its walk is the same
 * wherever it is moved.
 */
#include <limits.h>

#include "kith/sample.h"

enum { WALK_WORDS = 3 }; /* 64-bit words of a walker */

_Static_assert(sizeof(kith_walker) == WALK_WORDS * sizeof(int64_t), "walkers travel as whole numbers");

struct kith_walks {
  const kith_comm *comm;
  const kith_graph *g;
  int64_t most, n;                /* walkers that may be here, and that are */
  kith_walker *recv;              /* [most] */
  kith_walker *send;              /* [most] the same grouped by where they go */
  int *out, *out_at, *in, *in_at; /* [size], places [size + 1] */
  MPI_Datatype walker_type;       /* a walker */
  kith_walk_options options;      /* of the walks under way */
  kith_walk_visit *visit;
  void *self;
  int hop;             /* that walkers are on their way of */
  int64_t n_recv;      /* walkers that will be here; -1: their number is under way */
  MPI_Request request; /* of the messages under way; null: none */
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
  KITH_TRY(KITH_NEW(w->out, comm->size));
  KITH_TRY(KITH_NEW(w->out_at, comm->size + 1));
  KITH_TRY(KITH_NEW(w->in, comm->size));
  KITH_TRY(KITH_NEW(w->in_at, comm->size + 1));
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
  KITH_FREE(w->out);
  KITH_FREE(w->out_at);
  KITH_FREE(w->in);
  KITH_FREE(w->in_at);
  if (w->walker_type != MPI_DATATYPE_NULL) KITH_MPI(MPI_Type_free(&w->walker_type));
  KITH_FREE(*walks);
}

/* Group the walkers by the owners of their nodes: counting sort. */
static void walk_group(kith_walks *w) {
  int size = w->comm->size;
  for (int r = 0; r < size; r++) w->out[r] = 0;
  for (int64_t i = 0; i < w->n; i++) w->out[kith_owner(size, w->g->first, w->recv[i].current)]++;
  kith_prefix_sum(size, w->out, w->out_at);
  for (int64_t i = 0; i < w->n; i++)
    w->send[w->out_at[kith_owner(size, w->g->first, w->recv[i].current)]++] = w->recv[i];
  kith_prefix_sum(size, w->out, w->out_at);
}

/* Everyone sets out for the owner of the node that he stands on: first how many, … */
static void walk_send_counts(kith_walks *w) {
  if (w->comm->size == 1) return;
  walk_group(w);
  w->n_recv = -1;
  KITH_MPI(MPI_Ialltoall(w->out, 1, MPI_INT, w->in, 1, MPI_INT, w->comm->mpi, &w->request));
}

/* … then they themselves. */
static void walk_send_walkers(kith_walks *w) {
  int size = w->comm->size;
  w->n_recv = 0;
  for (int r = 0; r < size; r++) w->n_recv += w->in[r];
  if (w->n_recv > w->most) kith_abort(__FILE__, __LINE__, "room for the walkers");
  kith_prefix_sum(size, w->in, w->in_at);
  KITH_MPI(MPI_Ialltoallv(w->send, w->out, w->out_at, w->walker_type, w->recv, w->in, w->in_at,
                          w->walker_type, w->comm->mpi, &w->request));
}

/* Whether everyone has arrived; if only their number has, they leave. */
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

/* Where a walker goes from a node that is owned here. */
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
  if (n > w->most) kith_abort(__FILE__, __LINE__, "room for the walkers");
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
