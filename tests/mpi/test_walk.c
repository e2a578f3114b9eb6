/* ranks: 1 2 3 4 */
/*
 * Random walks: each is the same on any number of ranks and any cut, every hop goes along an edge, and nodes
 * are visited as often as the powers of the transition matrix say.
 */
#include "support/cut.h"
#include "support/mpi_main.h"

#include "sample/sample.h"

enum { USERS = 12, ITEMS = 15, NODES = USERS + ITEMS, EDGES = 50, WALKERS = 6000, LENGTH = 4 };
static const double DEVIATIONS =
    5.5; /* two-sided level 4e-8 a count; below 3e-5 for all counts of a test together */

/* path[walker][hop]: the node, users first, or -1 where it is not known on this rank. */
typedef struct trace {
  const kith_graph *g;
  const kith_comm *comm;
  int16_t path[WALKERS][LENGTH + 1];
} trace;

static int node_of(const kith_graph *g, kith_lid row) {
  return (int)g->original[row] + (g->type[row] == KITH_ITEM ? USERS : 0);
}

static void record_visit(void *self, const kith_walker *w, int hop) {
  trace *t = self;
  kith_lid row = (kith_lid)(w->current - t->g->first[t->comm->rank]);
  assert_true(row >= 0 && row < t->g->n_own);
  assert_int_equal(-1, t->path[w->id][hop]);
  t->path[w->id][hop] = (int16_t)node_of(t->g, row);
}

static void global_numbers(const kith_graph *g, const kith_comm *comm, kith_gid number[NODES]) {
  for (int i = 0; i < NODES; i++) number[i] = -1;
  for (kith_lid i = 0; i < g->n_own; i++) number[node_of(g, i)] = g->first[comm->rank] + i;
  KITH_MPI(MPI_Allreduce(MPI_IN_PLACE, number, NODES, MPI_INT64_T, MPI_MAX, comm->mpi));
}

/* All walks, known to every rank.  Walker i begins at node start[i % n], from rank i % size, whoever owns the
 * node. */
static trace *walk(const test_graph *t, const kith_comm *comm, int parts, const kith_walk_options *options,
                   int n, const int *start) {
  trace *out = calloc(1, sizeof *out);
  kith_graph *g = test_graph_cut(t, comm, parts, 3);
  kith_walks *w = NULL;
  kith_gid number[NODES];
  kith_walker *mine = calloc(WALKERS, sizeof *mine);
  int64_t n_mine = 0;
  global_numbers(g, comm, number);
  for (int i = comm->rank; i < WALKERS; i += comm->size)
    mine[n_mine++] = (kith_walker){.id = i, .start = number[start[i % n]]};
  out->g = g;
  out->comm = comm;
  memset(out->path, 0xff, sizeof out->path);
  assert_int_equal(KITH_OK, kith_walks_create(comm, g, WALKERS, &w).status);
  int64_t live = kith_alloc_live();
  kith_walks_run(w, options, n_mine, mine, record_visit, out);
  assert_int_equal(live, kith_alloc_live());
  KITH_MPI(
      MPI_Allreduce(MPI_IN_PLACE, &out->path[0][0], WALKERS * (LENGTH + 1), MPI_INT16_T, MPI_MAX, comm->mpi));
  kith_walks_destroy(&w);
  kith_graph_destroy(&g);
  free(mine);
  return out;
}

/* transition[a][b]: the chance of going from a to b, from the whole list of edges. */
static void transitions(const test_graph *t, double transition[NODES][NODES]) {
  memset(transition, 0, sizeof(double[NODES][NODES]));
  for (int64_t e = 0; e < t->n_edge; e++)
    transition[t->user[e]][USERS + t->item[e]] = transition[USERS + t->item[e]][t->user[e]] = 1;
  for (int a = 0; a < NODES; a++) {
    double degree = 0;
    for (int b = 0; b < NODES; b++) degree += transition[a][b];
    for (int b = 0; b < NODES && degree > 0; b++) transition[a][b] /= degree;
    if (degree == 0) transition[a][a] = 1;
  }
}

static bool is_isolated(const test_graph *t, int node) {
  double transition[NODES][NODES];
  transitions(t, transition);
  return transition[node][node] == 1;
}

/* A start that has neighbors, one in the other type, and one that has none. */
static void some_starts(const test_graph *t, int start[3]) {
  start[0] = start[1] = start[2] = -1;
  for (int i = 0; i < NODES; i++) {
    if (is_isolated(t, i)) start[2] = i;
    else start[i >= USERS] = i;
  }
  assert_true(start[0] >= 0 && start[1] >= 0 && start[2] >= 0);
}

/* p: where a walker is after one hop more. */
static void advance_distribution(double transition[NODES][NODES], int start, double restart,
                                 double p[NODES]) {
  double next[NODES] = {0};
  for (int a = 0; a < NODES; a++)
    for (int b = 0; b < NODES; b++) next[b] += (1 - restart) * p[a] * transition[a][b];
  next[start] += restart;
  memcpy(p, next, sizeof next);
}

static void check_visits(double restart) {
  test_graph t = test_graph_random(USERS, ITEMS, EDGES, 6);
  double transition[NODES][NODES];
  int start[3];
  some_starts(&t, start);
  transitions(&t, transition);
  trace *w = walk(&t, test_comm, 5,
                  &(kith_walk_options){.rng_seed = 4,
                                       .use = KITH_RNG_IMPORTANCE_WALK,
                                       .round = 2,
                                       .length = LENGTH,
                                       .restart = restart},
                  3, start);
  for (int k = 0; k < 3; k++) {
    double p[NODES] = {0}, all = (double)WALKERS / 3;
    p[start[k]] = 1;
    for (int hop = 0; hop <= LENGTH; hop++) {
      double count[NODES] = {0};
      for (int i = k; i < WALKERS; i += 3) count[w->path[i][hop]]++;
      for (int a = 0; a < NODES; a++)
        if (!(fabs(count[a] - all * p[a]) <= DEVIATIONS * sqrt(all * p[a] * fmax(0, 1 - p[a])) + 1e-6))
          fail_msg("hop %d, node %d: %g visits, %g expected", hop, a, count[a], all * p[a]);
      advance_distribution(transition, start[k], restart, p);
    }
  }
  free(w);
  test_graph_free(&t);
}

static void visits_follow_the_transition_matrix(void **state) {
  (void)state;
  check_visits(0);
}

static void restarts_follow_their_probability(void **state) {
  (void)state;
  check_visits(0.3);
}

/* Alone on one cut and together on another; of another seed, round or use the walks are others. */
static void walks_are_the_same_on_any_ranks(void **state) {
  (void)state;
  test_graph t = test_graph_random(USERS, ITEMS, EDGES, 6);
  kith_comm *self = NULL;
  int start[3];
  kith_walk_options options = {
      .rng_seed = 4, .use = KITH_RNG_IMPORTANCE_WALK, .round = 2, .length = LENGTH, .restart = 0.1};
  some_starts(&t, start);
  assert_int_equal(KITH_OK, kith_comm_create(MPI_COMM_SELF, &self).status);
  trace *alone = walk(&t, self, 1, &options, 3, start),
        *together = walk(&t, test_comm, 7, &options, 3, start);
  assert_memory_equal(alone->path, together->path, sizeof alone->path);
  for (int change = 0; change < 3; change++) {
    kith_walk_options other = options;
    if (change == 0) other.rng_seed++;
    if (change == 1) other.round++;
    if (change == 2) other.use = KITH_RNG_NEIGHBOR;
    trace *w = walk(&t, test_comm, 7, &other, 3, start);
    assert_memory_not_equal(alone->path, w->path, sizeof alone->path);
    free(w);
  }
  free(alone);
  free(together);
  kith_comm_destroy(&self);
  test_graph_free(&t);
}

static void every_step_follows_an_edge(void **state) {
  (void)state;
  test_graph t = test_graph_random(USERS, ITEMS, EDGES, 6);
  double transition[NODES][NODES];
  int start[3];
  some_starts(&t, start);
  transitions(&t, transition);
  trace *w =
      walk(&t, test_comm, 5,
           &(kith_walk_options){.rng_seed = 1, .use = KITH_RNG_IMPORTANCE_WALK, .length = LENGTH}, 3, start);
  for (int i = 0; i < WALKERS; i++) {
    assert_int_equal(start[i % 3], w->path[i][0]);
    for (int hop = 1; hop <= LENGTH; hop++) assert_true(transition[w->path[i][hop - 1]][w->path[i][hop]] > 0);
  }
  free(w);
  test_graph_free(&t);
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(visits_follow_the_transition_matrix),
                                     cmocka_unit_test(restarts_follow_their_probability),
                                     cmocka_unit_test(walks_are_the_same_on_any_ranks),
                                     cmocka_unit_test(every_step_follows_an_edge)};
  test_begin(&argc, &argv);
  return test_end(cmocka_run_group_tests(tests, NULL, NULL));
}
