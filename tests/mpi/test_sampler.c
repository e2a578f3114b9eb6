/* ranks: 1 2 3 4 */
/*
 * Sampled hops: every rank draws the same neighbours of the same nodes; weights make the estimate unbiased; all neighbours
 * are the graph itself.
 */
#include <stdlib.h>

#include "support/cut.h"
#include "support/mpi_main.h"

#include "kith/sample.h"

enum { USERS = 30, ITEMS = 40, NODES = USERS + ITEMS, EDGES = 400, HOPS = 2, SEEDS = 12 };

typedef struct setting {
  test_graph t;
  kith_graph *g;
  kith_relation *a;
  kith_sampler *s;
} setting;

static setting setting_make(int parts, const kith_fanouts *f, bool loops) {
  setting s = {.t = test_graph_random(USERS, ITEMS, EDGES, 9)};
  s.g = test_graph_cut(&s.t, test_comm, parts, 6);
  assert_int_equal(KITH_OK, kith_relation_create(test_comm, s.g, 4, &s.a).status);
  assert_int_equal(KITH_OK, kith_sampler_create(test_comm, s.g, s.a, HOPS, f, loops, SEEDS, 5, &s.s).status);
  return s;
}

static void setting_free(setting *s) {
  kith_sampler_destroy(&s->s);
  kith_relation_destroy(&s->a);
  kith_graph_destroy(&s->g);
  test_graph_free(&s->t);
}

/* Global numbers of all nodes, from the whole graph's items and the owners of users. */
static void global_numbers(const setting *s, kith_gid number[NODES]) {
  for (int i = 0; i < NODES; i++) number[i] = -1;
  for (kith_lid i = 0; i < s->g->n_own; i++) number[s->g->type[i] * USERS + s->g->original[i]] = s->g->first[test_comm->rank] + i;
  KITH_MPI(MPI_Allreduce(MPI_IN_PLACE, number, NODES, MPI_INT64_T, MPI_MAX, test_comm->mpi));
}

static int node_of(const kith_frame *f, kith_lid row) { return (int)(f->node[row] % KITH_TYPES) * USERS + (int)(f->node[row] / KITH_TYPES); }

static bool is_neighbour(const test_graph *t, int a, int b) {
  int user = a < USERS ? a : b, item = (a < USERS ? b : a) - USERS;
  for (int64_t e = 0; e < t->n_edge; e++)
    if (t->user[e] == user && t->item[e] == item) return true;
  return false;
}

static int degree_of(const test_graph *t, int a) {
  int n = 0;
  for (int64_t e = 0; e < t->n_edge; e++) n += t->user[e] == a || USERS + t->item[e] == a;
  return n;
}

/* Some nodes, others on every rank, users and items. */
static kith_lid some_seeds(const kith_gid number[NODES], kith_gid seed[SEEDS]) {
  for (int i = 0; i < SEEDS; i++) seed[i] = number[(5 * i + 7 * test_comm->rank) % NODES];
  return SEEDS - test_comm->rank; /* ragged */
}

/* drawn[hop][a][b]: 1 if a has drawn b there, or 2 if a was a row there and has not; over all ranks. */
typedef struct outcome {
  int64_t drawn[HOPS][NODES][NODES];
} outcome;

static outcome *plan(setting *s, uint64_t step) {
  kith_gid number[NODES], seed[SEEDS];
  outcome *out = calloc(1, sizeof *out);
  global_numbers(s, number);
  kith_sampler_plan(s->s, some_seeds(number, seed), seed, step, 0, NULL);
  for (int l = 0; l < HOPS; l++) {
    const kith_hop *h = kith_sampler_hop(s->s, l);
    assert_int_equal(h->csr->n_row, h->out->n);
    assert_int_equal(h->csr->n_col, h->in->n);
    for (kith_lid p = 0; p < h->csr->n_row; p++) {
      int a = node_of(h->out, h->csr->row[p]);
      for (int b = 0; b < NODES; b++) out->drawn[l][a][b] = 2;
      for (kith_eid e = h->csr->start[p]; e < h->csr->start[p + 1]; e++) out->drawn[l][a][node_of(h->in, h->csr->col[e])] = 1;
    }
  }
  return out;
}

static void neighbours_are_neighbours_and_as_many_as_asked_for(void **state) {
  (void)state;
  setting s = setting_make(7, &(kith_fanouts){2, {3, 5}}, false);
  free(plan(&s, 4));
  for (int l = 0; l < HOPS; l++) {
    const kith_hop *h = kith_sampler_hop(s.s, l);
    int fan = l == HOPS - 1 ? 3 : 5; /* the last layer's hop is the seeds' own */
    for (kith_lid p = 0; p < h->csr->n_row; p++) {
      int a = node_of(h->out, h->csr->row[p]), degree = degree_of(&s.t, a);
      assert_int_equal(h->degree[h->csr->row[p]], degree);
      assert_int_equal(h->csr->start[p + 1] - h->csr->start[p], degree < fan ? degree : fan);
      for (kith_eid e = h->csr->start[p]; e < h->csr->start[p + 1]; e++) {
        assert_true(is_neighbour(&s.t, a, node_of(h->in, h->csr->col[e])));
        for (kith_eid d = h->csr->start[p]; d < e; d++) assert_true(h->csr->col[d] != h->csr->col[e]);
      }
    }
  }
  setting_free(&s);
}

static void seeds_are_the_first_rows_of_every_frame(void **state) {
  (void)state;
  setting s = setting_make(7, &(kith_fanouts){1, {4}}, true);
  kith_gid number[NODES], seed[SEEDS];
  global_numbers(&s, number);
  kith_lid n = some_seeds(number, seed), n_want;
  kith_sampler_plan(s.s, n, seed, 1, 0, NULL);
  for (int l = 0; l < HOPS; l++) {
    const kith_hop *h = kith_sampler_hop(s.s, l);
    for (kith_lid i = 0; i < n; i++) assert_int_equal(number[node_of(h->in, i)], seed[i]);
    for (kith_lid p = 0; p < h->csr->n_row; p++) assert_int_equal(h->csr->col[h->csr->start[p]], h->csr->row[p]); /* loops come first */
  }
  const kith_gid *want;
  const kith_lid *row;
  kith_sampler_want(s.s, &n_want, &want, &row);
  assert_int_equal(n_want, kith_sampler_leaves(s.s)->n);
  for (kith_lid i = 0; i < n_want; i++) assert_int_equal(want[i], number[node_of(kith_sampler_leaves(s.s), row[i])]);
  setting_free(&s);
}

/* A rank that draws alone for all ranks' seeds in turn draws what they drew together; here: where two ranks have the same
   node in the same hop, and on any cut, its neighbours are the same. */
static void draws_belong_to_the_node(void **state) {
  (void)state;
  setting s = setting_make(7, &(kith_fanouts){1, {3}}, false), other = setting_make(11, &(kith_fanouts){1, {3}}, false);
  outcome *here = plan(&s, 3), *again = plan(&other, 3), *least = malloc(sizeof *least), *most = malloc(sizeof *most);
  int64_t n = HOPS * NODES * NODES, rows = 0;
  int64_t *x = &here->drawn[0][0][0], *y = &again->drawn[0][0][0], *low = &least->drawn[0][0][0], *high = &most->drawn[0][0][0];
  for (int64_t i = 0; i < n; i++) {
    assert_int_equal(x[i], y[i]);
    low[i] = x[i] == 0 ? 9 : x[i];
    high[i] = x[i];
    rows += x[i] != 0;
  }
  KITH_MPI(MPI_Allreduce(MPI_IN_PLACE, low, (int)n, MPI_INT64_T, MPI_MIN, test_comm->mpi));
  KITH_MPI(MPI_Allreduce(MPI_IN_PLACE, high, (int)n, MPI_INT64_T, MPI_MAX, test_comm->mpi));
  for (int64_t i = 0; i < n; i++) assert_true(low[i] == 9 || low[i] == high[i]);
  assert_true(rows > 0);
  free(here);
  free(again);
  free(least);
  free(most);
  setting_free(&s);
  setting_free(&other);
}

static int compare_targets(const void *a, const void *b) {
  const kith_target *x = a, *y = b;
  if (x->from != y->from) return x->from < y->from ? -1 : 1;
  return (x->to > y->to) - (x->to < y->to);
}

/* Every third edge is a target: none of them is drawn, all others are, since all neighbours are asked for. */
static void targets_are_left_out(void **state) {
  (void)state;
  setting s = setting_make(7, &(kith_fanouts){1, {0}}, false);
  kith_gid number[NODES], seed[SEEDS];
  kith_target target[2 * EDGES];
  int64_t n_target = 0;
  global_numbers(&s, number);
  for (int64_t e = 0; e < s.t.n_edge; e += 3) {
    kith_gid user = number[s.t.user[e]], item = number[USERS + s.t.item[e]];
    target[n_target++] = (kith_target){user, item};
    target[n_target++] = (kith_target){item, user};
  }
  qsort(target, (size_t)n_target, sizeof *target, compare_targets);
  kith_sampler_plan(s.s, some_seeds(number, seed), seed, 1, n_target, target);
  for (int l = 0; l < HOPS; l++) {
    const kith_hop *h = kith_sampler_hop(s.s, l);
    for (kith_lid p = 0; p < h->csr->n_row; p++) {
      int a = node_of(h->out, h->csr->row[p]), left = 0;
      for (int64_t e = 0; e < s.t.n_edge; e++) left += e % 3 != 0 && (s.t.user[e] == a || USERS + s.t.item[e] == a);
      assert_int_equal(h->csr->start[p + 1] - h->csr->start[p], left);
      for (kith_eid e = h->csr->start[p]; e < h->csr->start[p + 1]; e++) {
        kith_target drawn = {number[a], number[node_of(h->in, h->csr->col[e])]};
        assert_null(bsearch(&drawn, target, (size_t)n_target, sizeof *target, compare_targets));
      }
    }
  }
  setting_free(&s);
}

/* Mean over many steps of the weighed sum, against the exact row of A x: within 5 standard errors (seeded; a false alarm
   of one of the dozens of rows has a chance of about 3e-5). */
static void weighed_sums_are_unbiased(void **state) {
  (void)state;
  enum { STEPS = 600 };
  setting s = setting_make(5, &(kith_fanouts){1, {2}}, false);
  kith_gid number[NODES], seed[SEEDS];
  double sum[SEEDS] = {0}, square[SEEDS] = {0}, value[NODES];
  for (int i = 0; i < NODES; i++) value[i] = sin(i + 1.0);
  global_numbers(&s, number);
  kith_lid n = some_seeds(number, seed);
  for (uint64_t step = 0; step < STEPS; step++) {
    kith_sampler_plan(s.s, n, seed, step, 0, NULL);
    const kith_hop *h = kith_sampler_hop(s.s, HOPS - 1);
    for (kith_lid p = 0; p < n; p++) {
      double y = 0;
      for (kith_eid e = h->csr->start[p]; e < h->csr->start[p + 1]; e++) y += (double)h->csr->weight[e] * value[node_of(h->in, h->csr->col[e])];
      sum[p] += y;
      square[p] += y * y;
    }
  }
  for (kith_lid p = 0; p < n; p++) {
    int a = node_of(kith_sampler_leaves(s.s), p);
    double truth = 0, mean = sum[p] / STEPS, error = sqrt((square[p] / STEPS - mean * mean) / STEPS);
    for (int b = 0; b < NODES; b++)
      if ((a < USERS) != (b < USERS) && is_neighbour(&s.t, a, b)) truth += value[b] / sqrt((double)degree_of(&s.t, a) * degree_of(&s.t, b));
    if (!(fabs(mean - truth) <= 5 * error + 1e-6)) fail_msg("node %d: mean %g, truth %g, standard error %g", a, mean, truth, error);
  }
  setting_free(&s);
}

/* Every subset of two of five neighbours comes equally often: chi-square with 9 degrees of freedom, level 0.001. */
static void draws_are_uniform(void **state) {
  (void)state;
  enum { DRAWS = 5000 };
  int count[5][5] = {{0}};
  double chi = 0;
  for (int i = 0; i < DRAWS; i++) {
    int64_t place[5];
    assert_int_equal(2, kith_neighbour_draw(1, (uint64_t)i, 77, 0, 5, 2, place));
    assert_true(place[0] < place[1]);
    count[place[0]][place[1]]++;
  }
  for (int a = 0; a < 5; a++)
    for (int b = a + 1; b < 5; b++) chi += (count[a][b] - DRAWS / 10.0) * (count[a][b] - DRAWS / 10.0) / (DRAWS / 10.0);
  assert_true(chi < 27.88);
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(neighbours_are_neighbours_and_as_many_as_asked_for), cmocka_unit_test(seeds_are_the_first_rows_of_every_frame),
      cmocka_unit_test(draws_belong_to_the_node), cmocka_unit_test(targets_are_left_out), cmocka_unit_test(weighed_sums_are_unbiased), cmocka_unit_test(draws_are_uniform)};
  test_begin(&argc, &argv);
  return test_end(cmocka_run_group_tests(tests, NULL, NULL));
}
