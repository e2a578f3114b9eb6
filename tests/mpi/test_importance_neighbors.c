/* ranks: 1 2 3 4 */
/*
 * Importance neighborhoods against a slow count: the walks of every node, one after the other from the whole
 * list of edges, their visits in a table, the most visited found by looking at all.  Sampled hops read them
 * by their weights.
 */
#include "support/cut.h"
#include "support/mpi_main.h"

#include "sample/sample.h"

enum { USERS = 20, ITEMS = 30, NODES = USERS + ITEMS, EDGES = 130 };

/* Keys number users and items alternately; this numbers users first. */
static int node_of(int64_t key) {
  return (int)(key / KITH_SIDES) + (key % KITH_SIDES == KITH_ITEM ? USERS : 0);
}
static int64_t key_of(int node) {
  return node < USERS ? kith_node_key(KITH_USER, node) : kith_node_key(KITH_ITEM, node - USERS);
}

/* The k-th neighbor of a node, from the list of edges, which is sorted; -1 if it has no more. */
static int neighbor(const test_graph *t, int node, int64_t k) {
  for (int64_t e = 0; e < t->n_edge; e++) {
    if (node == t->user[e] && k-- == 0) return USERS + t->item[e];
    if (node == USERS + t->item[e] && k-- == 0) return t->user[e];
  }
  return -1;
}

static int64_t degree(const test_graph *t, int node) {
  int64_t n = 0;
  while (neighbor(t, node, n) >= 0) n++;
  return n;
}

static void count_visits(const test_graph *t, const kith_pinsage_options *o, uint64_t seed, int from,
                         int64_t visits[NODES]) {
  memset(visits, 0, NODES * sizeof *visits);
  for (int k = 0; k < o->walks; k++)
    for (int hop = 1, at = from; hop <= o->length; hop++) {
      kith_draw r = kith_random(seed, KITH_RNG_IMPORTANCE_WALK, 0, (uint64_t)(key_of(from) * o->walks + k),
                                (uint64_t)hop);
      int64_t n = degree(t, at);
      if (kith_random_unit(r.bits[1]) < o->restart) at = from;
      else if (n > 0) at = neighbor(t, at, (int64_t)kith_random_below(r.bits[0], (uint64_t)n));
      visits[at]++;
    }
  visits[from] = 0;
}

/* Leave the T most visited, ties by key, and return their sum. */
static int64_t keep_most_visited(int64_t visits[NODES], int t) {
  bool stays[NODES] = {false};
  int64_t sum = 0;
  for (int k = 0; k < t; k++) {
    int best = -1;
    for (int i = 0; i < NODES; i++)
      if (!stays[i] && visits[i] > 0 &&
          (best < 0 || visits[i] > visits[best] || (visits[i] == visits[best] && key_of(i) < key_of(best))))
        best = i;
    if (best >= 0) stays[best] = true;
  }
  for (int i = 0; i < NODES; i++) {
    if (!stays[i]) visits[i] = 0;
    sum += visits[i];
  }
  return sum;
}

static void check(kith_pinsage_options o) {
  test_graph t = test_graph_random(USERS, ITEMS, EDGES, 5);
  kith_graph *g = test_graph_cut(&t, test_comm, 6, 2);
  kith_dist_csr *a = NULL;
  int64_t live = kith_alloc_live(), visits[NODES];
  assert_int_equal(KITH_OK, kith_importance_neighbors_create(test_comm, g, &o, 8, 4, &a).status);
  for (kith_lid row = 0; row < g->n_own; row++) {
    kith_eid first = a->csr.start[a->iperm[row]], last = a->csr.start[a->iperm[row] + 1];
    count_visits(&t, &o, 8, node_of(a->node[row]), visits);
    int64_t sum = keep_most_visited(visits, o.neighbors), n = 0;
    for (int i = 0; i < NODES; i++) n += visits[i] > 0;
    assert_int_equal(n, last - first);
    for (kith_eid e = first; e < last; e++) {
      int64_t key = a->node[a->csr.col[e]];
      assert_true(visits[node_of(key)] > 0);
      assert_true(a->csr.weight[e] == (float)((double)visits[node_of(key)] / (double)sum));
      assert_true(e == first || a->node[a->csr.col[e - 1]] < key);
    }
  }
  kith_dist_csr_destroy(&a);
  assert_int_equal(live, kith_alloc_live());
  kith_graph_destroy(&g);
  test_graph_free(&t);
}

static void the_most_visited_nodes_are_kept(void **state) {
  (void)state;
  check((kith_pinsage_options){.walks = 30, .length = 4, .neighbors = 6});
  check((kith_pinsage_options){.walks = 20, .length = 3, .neighbors = 5, .restart = 0.4});
}

/* Few walks: most visits are one, and ties decide. */
static void ties_go_to_the_smaller_key(void **state) {
  (void)state;
  check((kith_pinsage_options){.walks = 3, .length = 3, .neighbors = 2});
}

static void more_neighbors_than_there_are_keep_all(void **state) {
  (void)state;
  check((kith_pinsage_options){.walks = 40, .length = 5, .neighbors = 1000});
}

/* So many walks that every node takes a turn of its own. */
static void walks_run_in_several_rounds(void **state) {
  (void)state;
  check((kith_pinsage_options){.walks = 40000, .length = 1, .neighbors = 3});
}

/* ---- sampled hops of it ---- */

typedef struct setting {
  test_graph t;
  kith_graph *g;
  kith_dist_csr *a;
  kith_sampler *s;
  kith_gid seed[NODES]; /* every node, on every rank */
  int n_excluded;
  kith_pair excluded[EDGES]; /* every fourth edge */
} setting;

static bool is_excluded(const setting *s, int64_t from, int64_t to) {
  int a = node_of(from), b = node_of(to), user = a < b ? a : b, item = a < b ? b : a;
  for (int i = 0; i < s->n_excluded; i++)
    if (s->excluded[i].user == user && USERS + s->excluded[i].item == item) return true;
  return false;
}

/* A step of one hop, every node a seed. */
static setting *plan(kith_sampler_options o) {
  setting *s = calloc(1, sizeof *s);
  s->t = test_graph_random(USERS, ITEMS, EDGES, 5);
  s->g = test_graph_cut(&s->t, test_comm, 6, 2);
  for (int i = 0; i < NODES; i++) s->seed[i] = -1;
  for (kith_lid i = 0; i < s->g->n_own; i++)
    s->seed[s->g->original[i] + (s->g->type[i] == KITH_ITEM ? USERS : 0)] = s->g->first[test_comm->rank] + i;
  KITH_MPI(MPI_Allreduce(MPI_IN_PLACE, s->seed, NODES, MPI_INT64_T, MPI_MAX, test_comm->mpi));
  for (int64_t e = 0; e < s->t.n_edge; e += 4)
    s->excluded[s->n_excluded++] =
        (kith_pair){.user_gid = s->seed[s->t.user[e]], .user = s->t.user[e], .item = s->t.item[e]};
  assert_int_equal(KITH_OK,
                   kith_importance_neighbors_create(
                       test_comm, s->g, &(kith_pinsage_options){.walks = 60, .length = 4, .neighbors = 12}, 8,
                       4, &s->a)
                       .status);
  assert_int_equal(
      KITH_OK, kith_sampler_create(test_comm, s->g, s->a, 1, &o, false, NODES, 0, EDGES, 5, &s->s).status);
  kith_sampler_plan(s->s, NODES, s->seed, 3, s->n_excluded, s->excluded);
  return s;
}

static void setting_free(setting *s) {
  kith_sampler_destroy(&s->s);
  kith_dist_csr_destroy(&s->a);
  kith_graph_destroy(&s->g);
  test_graph_free(&s->t);
  free(s);
}

/* Neighbors that may be drawn, and what they count together. */
static int64_t eligible(const setting *s, kith_lid row, double *all) {
  int64_t n = 0;
  *all = 0;
  for (kith_eid e = s->a->csr.start[s->a->iperm[row]]; e < s->a->csr.start[s->a->iperm[row] + 1]; e++) {
    if (is_excluded(s, s->a->node[row], s->a->node[s->a->csr.col[e]])) continue;
    *all += (double)s->a->csr.weight[e];
    n++;
  }
  return n;
}

static float weight_of(const setting *s, kith_lid row, int64_t key) {
  for (kith_eid e = s->a->csr.start[s->a->iperm[row]]; e < s->a->csr.start[s->a->iperm[row] + 1]; e++)
    if (s->a->node[s->a->csr.col[e]] == key) return s->a->csr.weight[e];
  return 0;
}

/* Where the hop has the row of a node. */
static kith_lid block_row_of(const kith_block *h, int64_t key) {
  kith_lid p = 0;
  while (h->dst->node[h->csr->perm[p]] != key) p++;
  return p;
}

/* Uniform draws: as many as asked for, each counts its weight times how many it stands for. */
static void check_uniform(int k) {
  setting *s = plan((kith_sampler_options){.mode = KITH_NEIGHBOR, .fanouts = {1, {k}}});
  const kith_block *h = kith_sampler_block(s->s, 0);
  int64_t left_out = 0;
  for (kith_lid row = 0; row < s->g->n_own; row++) {
    kith_lid i = block_row_of(h, s->a->node[row]);
    double all;
    int64_t n = eligible(s, row, &all), drawn = h->csr->start[i + 1] - h->csr->start[i];
    left_out += s->a->degree[row] - n;
    assert_int_equal(k > 0 && k < n ? k : n, drawn);
    for (kith_eid e = h->csr->start[i]; e < h->csr->start[i + 1]; e++) {
      int64_t key = h->src->node[h->csr->col[e]];
      assert_false(is_excluded(s, s->a->node[row], key));
      assert_true(weight_of(s, row, key) > 0);
      assert_true(fabs((double)h->scale[e] - (double)weight_of(s, row, key) * (double)n / (double)drawn) <
                  1e-6);
    }
  }
  kith_comm_sum_int(test_comm, 1, &left_out);
  assert_true(left_out > 0); /* targets are eligible the important neighbors */
  setting_free(s);
}

static void blocks_read_importance_neighbors_without_excluded_edges(void **state) {
  (void)state;
  check_uniform(0);
  check_uniform(3);
}

/* Drawn in proportion to their weights, neighbors count alike, as often as they were drawn: the row keeps
 * its sum. */
static void importance_sampling_keeps_the_sum_of_weights(void **state) {
  (void)state;
  setting *s =
      plan((kith_sampler_options){.mode = KITH_NEIGHBOR, .fanouts = {1, {4}}, .weighting = KITH_IMPORTANCE});
  const kith_block *h = kith_sampler_block(s->s, 0);
  for (kith_lid row = 0; row < s->g->n_own; row++) {
    kith_lid i = block_row_of(h, s->a->node[row]);
    double all, sum = 0;
    int64_t n = eligible(s, row, &all);
    for (kith_eid e = h->csr->start[i]; e < h->csr->start[i + 1]; e++) {
      double times = (double)h->scale[e] / (all / 4);
      sum += (double)h->scale[e];
      assert_true(n <= 4 || fabs(times - round(times)) < 1e-5);
    }
    assert_true(fabs(sum - all) < 1e-5);
  }
  setting_free(s);
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(the_most_visited_nodes_are_kept),
                                     cmocka_unit_test(ties_go_to_the_smaller_key),
                                     cmocka_unit_test(more_neighbors_than_there_are_keep_all),
                                     cmocka_unit_test(walks_run_in_several_rounds),
                                     cmocka_unit_test(
                                         blocks_read_importance_neighbors_without_excluded_edges),
                                     cmocka_unit_test(importance_sampling_keeps_the_sum_of_weights)};
  test_begin(&argc, &argv);
  return test_end(cmocka_run_group_tests(tests, NULL, NULL));
}
