/*
 * PinSage's importance neighborhoods (Ying et al., KDD 2018, section 3.1): the T nodes that walks from a
 * node visit most.
 *
 * Nodes take turns, as many at once as their walkers find room.  All visits of a node are seen by its owner,
 * who counts them by the node that the walker came from and sends the counts there: every pair of nodes is
 * counted in one place.
 */
#include <limits.h>
#include <stdlib.h>

#include "kith/sample.h"

enum { NEAR_AT_ONCE = 1 << 17, NEAR_WORDS = 4 }; /* walkers over all ranks; 64-bit words of a count */

/* A visit to `at`, and how many of them there were; `node` is the key of `at`. */
typedef struct near_count {
  int64_t from, at, node, n;
} near_count;

_Static_assert(sizeof(near_count) == NEAR_WORDS * sizeof(int64_t), "counts travel as whole numbers");

typedef struct near {
  const kith_comm *comm;
  const kith_graph *g;
  kith_near_options o;
  uint64_t seed;
  kith_lid share; /* own nodes whose walkers are under way at once */
  kith_walks *walks;
  kith_walker *walker; /* [share * walks] */
  int64_t n_seen, n_told;
  near_count *seen; /* [walkers over all ranks * length] visits to own nodes, then their counts */
  near_count *told; /* [share * walks * length] counts of walks from own nodes */
  int *out, *out_at, *in, *in_at; /* [size], places [size + 1] */
  int64_t most;                   /* neighbors that a node may have */
  kith_eid *start;                /* [n_own + 1] the rows so far */
  kith_gid *number;               /* [n_own * most] */
  float *weight;                  /* [n_own * most] */
} near;

kith_near_options kith_near_defaults(void) {
  return (kith_near_options){.walks = 100, .length = 4, .neighbors = 50};
}

/* ---- room ---- */

static kith_status near_make(near *w) {
  kith_status st = KITH_OK;
  int64_t size = w->comm->size, n_node = w->g->n[KITH_USER] + w->g->n[KITH_ITEM], own = w->g->n_own;
  int64_t walkers = (int64_t)w->share * w->o.walks, visits = walkers * w->o.length;
  w->most = kith_min(kith_min(w->o.neighbors, n_node - 1), (int64_t)w->o.walks * w->o.length);
  KITH_CHECK(size * visits < INT_MAX, KITH_ECONFIG,
             "model.pinsage.walks: %d walks of %d hops from a node on each of %d ranks are too many to be "
             "counted at "
             "once; expected fewer than 2^31 visits",
             w->o.walks, w->o.length, (int)size);
  KITH_TRY(KITH_NEW(w->walker, walkers));
  KITH_TRY(KITH_NEW(w->seen, size * visits));
  KITH_TRY(KITH_NEW(w->told, visits));
  KITH_TRY(KITH_NEW(w->out, size));
  KITH_TRY(KITH_NEW(w->out_at, size + 1));
  KITH_TRY(KITH_NEW(w->in, size));
  KITH_TRY(KITH_NEW(w->in_at, size + 1));
  KITH_TRY(KITH_NEW(w->start, own + 1));
  KITH_TRY(KITH_NEW(w->number, own * w->most));
  KITH_TRY(KITH_NEW(w->weight, own * w->most));
done:
  return st;
}

static void near_free(near *w) {
  kith_walks_destroy(&w->walks);
  KITH_FREE(w->walker);
  KITH_FREE(w->seen);
  KITH_FREE(w->told);
  KITH_FREE(w->out);
  KITH_FREE(w->out_at);
  KITH_FREE(w->in);
  KITH_FREE(w->in_at);
  KITH_FREE(w->start);
  KITH_FREE(w->number);
  KITH_FREE(w->weight);
}

/* ---- counting ---- */

static int near_compare(const void *a, const void *b) {
  const near_count *x = a, *y = b;
  if (x->from != y->from) return x->from < y->from ? -1 : 1;
  return (x->at > y->at) - (x->at < y->at);
}

/* The most visited first; of those that are visited alike the one of the smaller original number. */
static int near_compare_visits(const void *a, const void *b) {
  const near_count *x = a, *y = b;
  if (x->from != y->from) return x->from < y->from ? -1 : 1;
  if (x->n != y->n) return x->n > y->n ? -1 : 1;
  return (x->node > y->node) - (x->node < y->node);
}

static int near_compare_nodes(const void *a, const void *b) {
  const near_count *x = a, *y = b;
  return (x->node > y->node) - (x->node < y->node);
}

static void near_visit(void *self, const kith_walker *walker, int hop) {
  near *w = self;
  (void)hop;
  if (walker->at != walker->begin)
    w->seen[w->n_seen++] = (near_count){.from = walker->begin, .at = walker->at, .n = 1};
}

/* One entry for every pair, in the order of the nodes that walks came from, hence grouped by their owners. */
static void near_add_up(near *w) {
  const kith_graph *g = w->g;
  kith_gid low = g->first[w->comm->rank];
  int64_t n = 0;
  qsort(w->seen, (size_t)w->n_seen, sizeof *w->seen, near_compare);
  for (int64_t i = 0; i < w->n_seen; i++) {
    near_count c = w->seen[i];
    if (n > 0 && near_compare(&w->seen[n - 1], &c) == 0) {
      w->seen[n - 1].n++;
      continue;
    }
    c.node = kith_node_key(g->type[c.at - low], g->original[c.at - low]);
    w->seen[n++] = c;
  }
  w->n_seen = n;
}

/* Counts go to the owners of the nodes that walks came from. */
static void near_tell(near *w) {
  int size = w->comm->size;
  MPI_Datatype thing;
  for (int r = 0; r < size; r++) w->out[r] = 0;
  for (int64_t i = 0; i < w->n_seen; i++) w->out[kith_owner(size, w->g->first, w->seen[i].from)]++;
  KITH_WAIT("walks to important neighbors",
            MPI_Alltoall(w->out, 1, MPI_INT, w->in, 1, MPI_INT, w->comm->mpi));
  kith_prefix_sum(size, w->out, w->out_at);
  kith_prefix_sum(size, w->in, w->in_at);
  w->n_told = w->in_at[size];
  KITH_MPI(MPI_Type_contiguous(NEAR_WORDS, MPI_INT64_T, &thing));
  KITH_MPI(MPI_Type_commit(&thing));
  KITH_WAIT("walks to important neighbors",
            MPI_Alltoallv(w->seen, w->out, w->out_at, thing, w->told, w->in, w->in_at, thing, w->comm->mpi));
  KITH_MPI(MPI_Type_free(&thing));
}

/* ---- rows ---- */

/* The next row, from the counts of one node, the most visited first: the first T of them, by original number.
 */
static void near_row(near *w, kith_lid row, int64_t n, near_count *count) {
  kith_eid at = w->start[row];
  int64_t kept = kith_min(n, w->most), all = 0;
  for (int64_t i = 0; i < kept; i++) all += count[i].n;
  qsort(count, (size_t)kept, sizeof *count, near_compare_nodes);
  for (int64_t i = 0; i < kept; i++, at++) {
    w->number[at] = count[i].at;
    w->weight[at] = (float)((double)count[i].n / (double)all);
  }
  w->start[row + 1] = at;
}

static void near_rows(near *w, kith_lid first, kith_lid last) {
  kith_gid low = w->g->first[w->comm->rank];
  int64_t at = 0;
  qsort(w->told, (size_t)w->n_told, sizeof *w->told, near_compare_visits);
  for (kith_lid row = first; row < last; row++) {
    int64_t n = 0;
    while (at + n < w->n_told && w->told[at + n].from == low + row) n++;
    near_row(w, row, n, w->told + at);
    at += n;
  }
}

/* Walks from the own rows first … last - 1, and from what other ranks have their turn with. */
static void near_turn(near *w, kith_lid first, kith_lid last) {
  const kith_graph *g = w->g;
  kith_walk_law law = {.seed = w->seed,
                       .use = KITH_RNG_IMPORTANCE_WALK,
                       .length = w->o.length,
                       .restart = w->o.restart};
  int64_t n = 0;
  for (kith_lid row = first; row < last; row++)
    for (int k = 0; k < w->o.walks; k++)
      w->walker[n++] = (kith_walker){.id = kith_node_key(g->type[row], g->original[row]) * w->o.walks + k,
                                     .begin = g->first[w->comm->rank] + row};
  w->n_seen = 0;
  kith_walks_run(w->walks, &law, n, w->walker, near_visit, w);
  near_add_up(w);
  near_tell(w);
  near_rows(w, first, last);
}

kith_agreed kith_near_create(const kith_comm *comm, const kith_graph *g, const kith_near_options *o,
                             uint64_t seed, int d, kith_dist_csr **out) {
  kith_agreed st = {KITH_OK};
  near w = {.comm = comm, .g = g, .o = *o, .seed = seed};
  int64_t most_own = kith_comm_max(comm, g->n_own), share = NEAR_AT_ONCE / ((int64_t)o->walks * comm->size);
  *out = NULL;
  w.share = (kith_lid)kith_min(share > 1 ? share : 1, most_own);
  KITH_TRY(kith_agree(comm, near_make(&w)));
  KITH_TRY(kith_walks_create(comm, g, (int64_t)w.share * o->walks * comm->size, &w.walks));
  for (int64_t turn = 0; turn < most_own; turn += w.share)
    near_turn(&w, (kith_lid)kith_min(turn, g->n_own), (kith_lid)kith_min(turn + w.share, g->n_own));
  KITH_TRY(kith_dist_csr_create_weighted(comm, g, w.start, w.number, w.weight, d, out));
done:
  near_free(&w);
  return st;
}
