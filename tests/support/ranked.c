#include "support/ranked.h"

#include "support/mpi_main.h"

test_graph test_ranked;

void test_ranked_begin(void) {
  test_ranked = test_graph_random(USERS, ITEMS, EDGES, 31);
  test_ranked.related = true;
}

void test_ranked_end(void) { test_graph_free(&test_ranked); }

bool test_trained(int u, int i) {
  for (int64_t e = 0; e < test_ranked.n_edge; e++)
    if (test_ranked.user[e] == u && test_ranked.item[e] == i) return true;
  return false;
}
bool test_tested(int u, int i) {
  return u % 9 != 0 && ((u + 3 * i) % 41 == 0 || (i < 9 && test_related(TEST_VIEW, u, i))) &&
         !test_trained(u, i);
}
bool test_validated(int u, int i) { return (u + i) % 53 == 1 && !test_trained(u, i) && !test_tested(u, i); }

static void hold_out(kith_graph *g, kith_ragged *l, bool (*rule)(int u, int i)) {
  KITH_FREE(l->value);
  if (KITH_NEW(l->value, (int64_t)g->n_own_of[0] * ITEMS)) abort();
  for (kith_lid u = 0; u < g->n_own_of[0]; u++) {
    l->start[u + 1] = l->start[u];
    for (int i = 0; i < ITEMS; i++)
      if (rule((int)g->original[g->row_of[0][u]], i)) l->value[l->start[u + 1]++] = i;
  }
}

float test_vector_value(int type, int64_t original, int k) {
  return (
      float)((int)kith_random_below(
                 kith_random(17, KITH_RNG_INIT, (uint64_t)type, (uint64_t)original, (uint64_t)k).bits[0], 5) -
             2);
}

float *test_vectors(const kith_graph *g) {
  float *x = calloc((size_t)g->n_own * WIDTH + 1, sizeof *x);
  for (kith_lid i = 0; i < g->n_own; i++)
    for (int k = 0; k < WIDTH; k++) x[i * WIDTH + k] = test_vector_value(g->type[i], g->original[i], k);
  return x;
}

kith_eval_options test_eval_options(kith_eval_split split, int n_k, const int *k) {
  kith_eval_options o = kith_eval_defaults();
  o.split = split;
  o.n_k = n_k;
  memcpy(o.k, k, (size_t)n_k * sizeof *k);
  return o;
}

kith_graph *test_ranked_share(void) {
  kith_graph *g = test_graph_cut(&test_ranked, test_comm, 6, 5);
  hold_out(g, &g->test, test_tested);
  hold_out(g, &g->valid, test_validated);
  return g;
}
