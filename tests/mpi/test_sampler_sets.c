/* ranks: 1 */
/* Sets of nodes have the size and the inclusion probabilities that they should have.  Several ranks draw what
 * one does: test_sampler.c. */
#include "support/mpi_main.h"
#include "support/sampled.h"

/* The chance that no walk of one hop comes to a or b, of walks that begin at each node with chance `root`. */
static double probability_of_neither(const test_graph *t, double root, int a, int b) {
  double none = 1;
  for (int w = 0; w < NODES; w++) {
    double hit = w == a || w == b;
    if (hit == 0)
      hit = (double)(test_sampled_linked(t, w, a) + (a != b && test_sampled_linked(t, w, b))) /
            fmax(1, test_sampled_degree(t, w));
    none *= 1 - root * hit;
  }
  return none;
}

/* Scales of the edge sampler are one over counted chances; those are within 5 standard errors of the exact
 * ones. */
static void inclusion_probabilities_of_edges_are_exact(void **state) {
  (void)state;
  enum { BUDGET = 6, COVERAGE = 300 };
  test_sampled s = test_sampled_make(
      5, (kith_sampler_options){.mode = KITH_SAINT_EDGE, .budget = BUDGET, .coverage = COVERAGE}, false);
  kith_gid number[NODES], seed[SEEDS];
  double root = (double)BUDGET / NODES, alone[NODES], size = 0;
  int64_t checked[2] = {0, 0};
  for (int a = 0; a < NODES; a++) size += alone[a] = 1 - probability_of_neither(&s.t, root, a, a);
  double sets = COVERAGE * NODES / size;
  test_sampled_numbers(&s, number);
  kith_lid n = test_sampled_seeds(number, seed);
  for (uint64_t step = 0; step < 20; step++) {
    kith_sampler_plan(s.s, n, seed, step, 0, NULL);
    for (int l = 0; l < HOPS; l++) {
      const kith_block *h = kith_sampler_block(s.s, l);
      for (kith_lid p = 0; p < h->csr->n_row; p++) {
        bool seeds = h->csr->perm[p] < n;
        if (seeds && l < HOPS - 1)
          continue; /* of the farther hop, rows that are there because they were drawn */
        for (kith_eid e = h->csr->start[p]; e < h->csr->start[p + 1]; e++) {
          int v = test_sampled_node(h->dst, h->csr->perm[p]), u = test_sampled_node(h->src, h->csr->col[e]);
          double both = alone[u] + alone[v] - 1 + probability_of_neither(&s.t, root, u, v);
          double chance = seeds ? alone[u] : both / alone[v], counted = seeds ? sets : sets * alone[v];
          double error = sqrt(chance * (1 - chance) / counted);
          if (!(fabs(1 / (double)h->scale[e] - chance) <= 5 * error + 1e-6))
            fail_msg("node %d for %d: %g, exact %g, error %g", u, v, 1 / (double)h->scale[e], chance, error);
          checked[!seeds]++;
        }
      }
    }
  }
  assert_true(checked[0] > 0 && checked[1] > 0);
  test_sampled_free(&s);
}

/* How many nodes are in a set of each layer, on average: the budget, within 5 standard errors of a sum of
 * independent draws. */
static void check_sizes(kith_sampler_options o) {
  enum { STEPS = 400 };
  test_sampled s = test_sampled_make(5, o, false);
  kith_gid number[NODES];
  test_sampled_numbers(&s, number);
  int64_t drawn = 0;
  for (uint64_t step = 0; step < STEPS; step++) { /* every neighbor of all nodes that is read */
    bool there[NODES] = {false};
    for (int first = 0; first < NODES; first += SEEDS) {
      kith_lid n = (kith_lid)(NODES - first < SEEDS ? NODES - first : SEEDS);
      kith_sampler_plan(s.s, n, number + first, step, 0, NULL);
      const kith_block *h = kith_sampler_block(s.s, HOPS - 1);
      for (kith_eid e = 0; e < h->edges->n; e++) there[test_sampled_node(h->src, h->csr->col[e])] = true;
    }
    for (int i = 0; i < NODES; i++) drawn += there[i];
  }
  if (!(fabs((double)drawn / STEPS - (double)o.budget) < 5 * sqrt((double)o.budget / STEPS)))
    fail_msg("%s: %g nodes of %g", kith_sampler_mode_text(o.mode), (double)drawn / STEPS, (double)o.budget);
  test_sampled_free(&s);
}

static void sets_have_the_expected_size(void **state) {
  (void)state;
  check_sizes((kith_sampler_options){.mode = KITH_SAINT_NODE, .budget = 25});
  check_sizes((kith_sampler_options){.mode = KITH_LAYERWISE, .budget = 25});
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(inclusion_probabilities_of_edges_are_exact),
      cmocka_unit_test(sets_have_the_expected_size),
  };
  test_begin(&argc, &argv);
  return test_end(cmocka_run_group_tests(tests, NULL, NULL));
}
