/*
 * PinSage's importance neighborhoods (Ying et al., KDD 2018, section 3.1): the T nodes that walks from a node
 * visit most.
 *
 * Nodes are processed in rounds of as many as the buffers allow.  The owner of a visited node counts its
 * visits by start node, and sends the counts to the owner of the start node: every pair of nodes is counted
 * on one rank.
 */
#include <limits.h>
#include <stdlib.h>

#include "sample/sample.h"

enum {
  IMPORTANCE_WALKERS = 1 << 17,
  IMPORTANCE_WORDS = 4
}; /* walkers in a round, over all ranks; 64-bit words of a count */

/* n visits to node `at` by walks from node `from`; `node` is kith_node_key() of `at`. */
typedef struct importance_count {
  int64_t from, at, node, n;
} importance_count;

_Static_assert(sizeof(importance_count) == IMPORTANCE_WORDS * sizeof(int64_t),
               "counts are sent as 64-bit integers");

typedef struct importance {
  const kith_comm *comm;
  const kith_graph *g;
  kith_pinsage_options o;
  uint64_t rng_seed;
  kith_lid nodes_per_round; /* own nodes in a round */
  kith_walks *walks;
  kith_walker *walker; /* [nodes_per_round * walks] */
  int64_t n_send, n_recv;
  importance_count *send; /* [walkers over all ranks * length] visits to own nodes, then their counts */
  importance_count *recv; /* [nodes_per_round * walks * length] counts of walks from own nodes */
  kith_alltoall counts;
  int64_t max_neighbors; /* of a node */
  kith_eid *start;       /* [n_own + 1] CSR of the rows so far */
  kith_gid *gid;         /* [n_own * max_neighbors] */
  float *weight;         /* [n_own * max_neighbors] */
} importance;

kith_pinsage_options kith_pinsage_defaults(void) {
  return (kith_pinsage_options){.walks = 100, .length = 4, .neighbors = 50};
}

/* ---- memory ---- */

/* Own nodes in a round, so that a rank has about so many walkers. */
static int64_t importance_nodes_per_round(const kith_pinsage_options *o, int size, int64_t most_own) {
  int64_t share = IMPORTANCE_WALKERS / ((int64_t)o->walks * size);
  return kith_min(share > 1 ? share : 1, most_own);
}

static int64_t importance_max_neighbors(const kith_pinsage_options *o, int64_t n_node) {
  return kith_min(kith_min(o->neighbors, n_node - 1), (int64_t)o->walks * o->length);
}

static kith_status importance_alloc(importance *w) {
  kith_status st = KITH_OK;
  int64_t size = w->comm->size, n_node = kith_graph_n_node(w->g), own = w->g->n_own;
  int64_t walkers = (int64_t)w->nodes_per_round * w->o.walks, visits = walkers * w->o.length;
  w->max_neighbors = importance_max_neighbors(&w->o, n_node);
  KITH_CHECK(size * visits < INT_MAX, KITH_ECONFIG,
             "model.pinsage.walks: %d walks of %d hops from a node on each of %d ranks are too many to be "
             "counted at "
             "once; expected fewer than 2^31 visits",
             w->o.walks, w->o.length, (int)size);
  KITH_TRY(KITH_NEW(w->walker, walkers));
  KITH_TRY(KITH_NEW(w->send, size * visits));
  KITH_TRY(KITH_NEW(w->recv, visits));
  KITH_TRY(kith_alltoall_make(w->comm->size, &w->counts));
  KITH_TRY(KITH_NEW(w->start, own + 1));
  KITH_TRY(KITH_NEW(w->gid, own * w->max_neighbors));
  KITH_TRY(KITH_NEW(w->weight, own * w->max_neighbors));
done:
  return st;
}

int64_t kith_importance_neighbors_bytes(const kith_pinsage_options *o, int size, int64_t n_own,
                                        int64_t n_node) {
  const importance *w = NULL;
  int64_t walkers = importance_nodes_per_round(o, size, n_own) * o->walks, visits = walkers * o->length;
  return KITH_BYTES(w->walker, (1 + 2 * size) * walkers) + KITH_BYTES(w->send, size * visits) +
         KITH_BYTES(w->recv, visits) + KITH_BYTES(w->start, n_own + 1) +
         (KITH_BYTES(w->gid, 1) + KITH_BYTES(w->weight, 1)) * n_own * importance_max_neighbors(o, n_node);
}

static void importance_free(importance *w) {
  kith_walks_destroy(&w->walks);
  KITH_FREE(w->walker);
  KITH_FREE(w->send);
  KITH_FREE(w->recv);
  kith_alltoall_free(&w->counts);
  KITH_FREE(w->start);
  KITH_FREE(w->gid);
  KITH_FREE(w->weight);
}

/* ---- counting ---- */

static int importance_compare(const void *a, const void *b) {
  const importance_count *x = a, *y = b;
  if (x->from != y->from) return x->from < y->from ? -1 : 1;
  return (x->at > y->at) - (x->at < y->at);
}

/* By start node, then most visits, then smallest kith_node_key(). */
static int importance_compare_visits(const void *a, const void *b) {
  const importance_count *x = a, *y = b;
  if (x->from != y->from) return x->from < y->from ? -1 : 1;
  if (x->n != y->n) return x->n > y->n ? -1 : 1;
  return (x->node > y->node) - (x->node < y->node);
}

static int importance_compare_nodes(const void *a, const void *b) {
  const importance_count *x = a, *y = b;
  return (x->node > y->node) - (x->node < y->node);
}

static void importance_visit(void *self, const kith_walker *walker, int hop) {
  importance *w = self;
  (void)hop;
  if (walker->current != walker->start)
    w->send[w->n_send++] = (importance_count){.from = walker->start, .at = walker->current, .n = 1};
}

/* Combine visits of the same pair; sorted by start node, hence grouped by its owner. */
static void importance_count_visits(importance *w) {
  const kith_graph *g = w->g;
  kith_gid low = g->first[w->comm->rank];
  int64_t n = 0;
  qsort(w->send, (size_t)w->n_send, sizeof *w->send, importance_compare);
  for (int64_t i = 0; i < w->n_send; i++) {
    importance_count c = w->send[i];
    if (n > 0 && importance_compare(&w->send[n - 1], &c) == 0) {
      w->send[n - 1].n++;
      continue;
    }
    c.node = kith_node_key(g->type[c.at - low], g->original[c.at - low]);
    w->send[n++] = c;
  }
  w->n_send = n;
}

/* Send the counts to the owners of the start nodes. */
static void importance_exchange(importance *w) {
  int size = w->comm->size;
  MPI_Datatype count_type;
  for (int r = 0; r < size; r++) w->counts.send_count[r] = 0;
  for (int64_t i = 0; i < w->n_send; i++)
    w->counts.send_count[kith_owner(size, w->g->first, w->send[i].from)]++;
  KITH_WAIT("importance neighbors",
            MPI_Alltoall(w->counts.send_count, 1, MPI_INT, w->counts.recv_count, 1, MPI_INT, w->comm->mpi));
  kith_prefix_sum(size, w->counts.send_count, w->counts.send_displ);
  kith_prefix_sum(size, w->counts.recv_count, w->counts.recv_displ);
  w->n_recv = w->counts.recv_displ[size];
  KITH_MPI(MPI_Type_contiguous(IMPORTANCE_WORDS, MPI_INT64_T, &count_type));
  KITH_MPI(MPI_Type_commit(&count_type));
  KITH_WAIT("importance neighbors",
            MPI_Alltoallv(w->send, w->counts.send_count, w->counts.send_displ, count_type, w->recv,
                          w->counts.recv_count, w->counts.recv_displ, count_type, w->comm->mpi));
  KITH_MPI(MPI_Type_free(&count_type));
}

/* ---- rows ---- */

/* Append a row from a node's counts, sorted by visits: the first T of them, sorted by kith_node_key().
 */
static void importance_row(importance *w, kith_lid row, int64_t n, importance_count *count) {
  kith_eid at = w->start[row];
  int64_t kept = kith_min(n, w->max_neighbors), all = 0;
  for (int64_t i = 0; i < kept; i++) all += count[i].n;
  qsort(count, (size_t)kept, sizeof *count, importance_compare_nodes);
  for (int64_t i = 0; i < kept; i++, at++) {
    w->gid[at] = count[i].at;
    w->weight[at] = (float)((double)count[i].n / (double)all);
  }
  w->start[row + 1] = at;
}

static void importance_rows(importance *w, kith_lid first, kith_lid last) {
  kith_gid low = w->g->first[w->comm->rank];
  int64_t at = 0;
  qsort(w->recv, (size_t)w->n_recv, sizeof *w->recv, importance_compare_visits);
  for (kith_lid row = first; row < last; row++) {
    int64_t n = 0;
    while (at + n < w->n_recv && w->recv[at + n].from == low + row) n++;
    importance_row(w, row, n, w->recv + at);
    at += n;
  }
}

/* One round: walks from the own rows first … last - 1, and from the rows of other ranks. */
static void importance_round(importance *w, kith_lid first, kith_lid last) {
  const kith_graph *g = w->g;
  kith_walk_options options = {.rng_seed = w->rng_seed,
                               .use = KITH_RNG_IMPORTANCE_WALK,
                               .length = w->o.length,
                               .restart = w->o.restart};
  int64_t n = 0;
  for (kith_lid row = first; row < last; row++)
    for (int k = 0; k < w->o.walks && g->type[row] < KITH_SIDES; k++) /* further types have no interactions */
      w->walker[n++] = (kith_walker){.id = kith_node_key(g->type[row], g->original[row]) * w->o.walks + k,
                                     .start = g->first[w->comm->rank] + row};
  w->n_send = 0;
  kith_walks_run(w->walks, &options, n, w->walker, importance_visit, w);
  importance_count_visits(w);
  importance_exchange(w);
  importance_rows(w, first, last);
}

kith_agreed kith_importance_neighbors_create(const kith_comm *comm, const kith_graph *g,
                                             const kith_pinsage_options *o, uint64_t rng_seed, int d,
                                             kith_dist_csr **out) {
  kith_agreed st = {KITH_OK};
  importance w = {.comm = comm, .g = g, .o = *o, .rng_seed = rng_seed};
  int64_t most_own = kith_comm_max(comm, g->n_own);
  *out = NULL;
  w.nodes_per_round = (kith_lid)importance_nodes_per_round(o, comm->size, most_own);
  KITH_TRY(kith_agree(comm, importance_alloc(&w)));
  KITH_TRY(kith_walks_create(comm, g, (int64_t)w.nodes_per_round * o->walks * comm->size, &w.walks));
  for (int64_t turn = 0; turn < most_own; turn += w.nodes_per_round)
    importance_round(&w, (kith_lid)kith_min(turn, g->n_own),
                     (kith_lid)kith_min(turn + w.nodes_per_round, g->n_own));
  KITH_TRY(kith_dist_csr_create_weighted(comm, g, w.start, w.gid, w.weight, d, out));
done:
  importance_free(&w);
  return st;
}
