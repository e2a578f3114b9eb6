/* ranks: 1 2 3 4 */
/*
 * Sampled blocks of a merged matrix: each relation has its own fan-outs and its own draws; all entries
 * together are the matrix to the last bit, and a few of them are it on average; ranks together draw what one
 * of them draws alone on another cut; only interactions are left out.
 */
#include <omp.h>

#include <stdlib.h>

#include "support/cut.h"
#include "support/mpi_main.h"

#include "sample/sample.h"

enum {
  USERS = 14,
  ITEMS = 18,
  NODES = USERS + ITEMS + TEST_TAGS,
  EDGES = 90,
  HOPS = 2,
  SEEDS = 9,
  CUT = 5,
  RELATIONS = 1 + TEST_RELATIONS
};

static const kith_relation_weights FIXED = {.n = TEST_RELATIONS,
                                            .of = {{.name = "friend", .weight = 0.7},
                                                   {.name = "tagged", .weight = 1.9},
                                                   {.name = "view", .weight = 0.3}}},
                                   LEARNED = {.n = TEST_RELATIONS,
                                              .of = {{.name = "friend", .weight = 0.7, .learned = true},
                                                     {.name = "tagged", .weight = 1.9},
                                                     {.name = "view", .weight = 0.3, .learned = true}}};

typedef struct setting {
  test_graph t;
  kith_graph *g;
  kith_dist_csr *a;
  kith_sampler *s;
  kith_gid number[NODES];
} setting;

static int node_of_key(int64_t key) {
  if (key >> 62 == 0) return (int)(key / 2) + (key % 2 ? USERS : 0);
  return USERS + ITEMS + (int)(key & 0xffff);
}

static void global_numbers(setting *s, const kith_comm *comm) {
  for (int i = 0; i < NODES; i++) s->number[i] = -1;
  for (kith_lid i = 0; i < s->g->n_own; i++)
    s->number[node_of_key(kith_node_key(s->g->type[i], s->g->original[i]))] = s->g->first[comm->rank] + i;
  KITH_MPI(MPI_Allreduce(MPI_IN_PLACE, s->number, NODES, MPI_INT64_T, MPI_MAX, comm->mpi));
}

/* w null: a matrix of the interactions alone. */
static setting setting_make(const kith_comm *comm, int parts, kith_sampler_options o,
                            const kith_relation_weights *w) {
  setting s = {.t = test_graph_random(USERS, ITEMS, EDGES, 9)};
  s.t.related = true;
  s.g = test_graph_cut(&s.t, comm, parts, 6);
  assert_int_equal(KITH_OK, KITH_NEW(s.g->weight, s.g->start[s.g->n_own]));
  for (kith_eid e = 0; e < s.g->start[s.g->n_own]; e++) s.g->weight[e] = 1;
  if (w) assert_int_equal(KITH_OK, kith_dist_csr_create_merged(comm, s.g, w, 0, 4, &s.a).status);
  else assert_int_equal(KITH_OK, kith_dist_csr_create(comm, s.g, 4, &s.a).status);
  assert_int_equal(KITH_OK,
                   kith_sampler_create(comm, s.g, s.a, HOPS, &o, false, SEEDS, 0, EDGES, 5, &s.s).status);
  global_numbers(&s, comm);
  return s;
}

static void setting_free(setting *s) {
  kith_sampler_destroy(&s->s);
  kith_dist_csr_destroy(&s->a);
  kith_graph_destroy(&s->g);
  test_graph_free(&s->t);
}

/* Fan-outs of each relation; view has those of the interactions. */
static kith_sampler_options few(kith_neighbor_weighting weighting) {
  return (kith_sampler_options){.mode = KITH_NEIGHBOR,
                                .weighting = weighting,
                                .fanouts = {2, {3, 2}},
                                .relations = {2,
                                              {{.name = "tagged", .fanouts = {2, {2, 1}}},
                                               {.name = "friend", .fanouts = {1, {1}}}}}};
}
static const kith_sampler_options every = {.mode = KITH_NEIGHBOR, .fanouts = {1, {0}}};

/* Users, items and tags, others on every rank. */
static kith_lid some_seeds(const setting *s, kith_gid seed[SEEDS]) {
  for (int i = 0; i < SEEDS; i++) seed[i] = s->number[(5 * i + 7 * test_comm->rank) % NODES];
  return SEEDS - test_comm->rank;
}

/* The weight of the entry (a, b) of a relation in each hop; 0: not drawn.  row: whether a is a row. */
typedef struct outcome {
  bool row[HOPS][NODES];
  double weight[HOPS][RELATIONS][NODES][NODES];
} outcome;

static outcome *plan(setting *s, kith_lid n, const kith_gid *seed, uint64_t step, int64_t n_excluded,
                     const kith_pair *excluded) {
  outcome *out = calloc(1, sizeof *out);
  kith_sampler_plan(s->s, n, seed, step, n_excluded, excluded);
  for (int l = 0; l < HOPS; l++) {
    const kith_block *h = kith_sampler_block(s->s, l);
    for (kith_lid p = 0; p < h->csr->n_row; p++) {
      int a = node_of_key(h->dst->node[h->csr->perm[p]]);
      out->row[l][a] = true;
      for (kith_eid e = h->csr->start[p]; e < h->csr->start[p + 1]; e++) {
        int b = node_of_key(h->src->node[h->csr->col[e]]), r = h->merged ? h->merged->of[e] : 0;
        assert_true(out->weight[l][r][a][b] == 0); /* each entry once */
        out->weight[l][r][a][b] = (double)h->csr->weight[e];
      }
    }
  }
  return out;
}

/* The matrix itself, on one rank; without omega where it is learned. */
static outcome *whole(const kith_relation_weights *w) {
  kith_comm *self = NULL;
  assert_int_equal(KITH_OK, kith_comm_create(MPI_COMM_SELF, &self).status);
  setting s = setting_make(self, 1, every, w);
  outcome *out = calloc(1, sizeof *out);
  for (kith_lid p = 0; p < s.a->csr.n_row; p++)
    for (kith_eid e = s.a->csr.start[p]; e < s.a->csr.start[p + 1]; e++) {
      int r = s.a->merged->of[e];
      float weight = s.a->merged->learned[r] ? s.a->merged->base[e] : s.a->csr.weight[e];
      out->weight[0][r][node_of_key(s.a->node[s.a->csr.perm[p]])][node_of_key(s.a->node[s.a->csr.col[e]])] =
          (double)weight;
    }
  setting_free(&s);
  kith_comm_destroy(&self);
  return out;
}

static void all_entries_are_the_matrix(void **state) {
  (void)state;
  const kith_relation_weights *const way[] = {&FIXED, &LEARNED};
  for (int k = 0; k < 2; k++) {
    setting s = setting_make(test_comm, CUT, every, way[k]);
    kith_gid seed[SEEDS];
    outcome *truth = whole(way[k]), *drawn = plan(&s, some_seeds(&s, seed), seed, 3, 0, NULL);
    for (int l = 0; l < HOPS; l++)
      for (int r = 0; r < RELATIONS; r++)
        for (int a = 0; a < NODES; a++)
          if (drawn->row[l][a])
            assert_memory_equal(drawn->weight[l][r][a], truth->weight[0][r][a],
                                sizeof truth->weight[0][r][a]);
    free(truth);
    free(drawn);
    setting_free(&s);
  }
}

static int count_of(const double *row) {
  int n = 0;
  for (int b = 0; b < NODES; b++) n += row[b] > 0;
  return n;
}

static void each_relation_has_its_own_fanouts(void **state) {
  (void)state;
  setting s = setting_make(test_comm, CUT, few(KITH_UNIFORM), &FIXED);
  static const int fanout[HOPS][RELATIONS] = {{2, 1, 1, 2},
                                              {3, 1, 2, 3}}; /* the last hop is the seeds' own */
  kith_gid seed[SEEDS];
  outcome *truth = whole(&FIXED), *drawn = plan(&s, some_seeds(&s, seed), seed, 3, 0, NULL);
  for (int l = 0; l < HOPS; l++)
    for (int r = 0; r < RELATIONS; r++)
      for (int a = 0; a < NODES; a++) {
        int degree = count_of(truth->weight[0][r][a]), n = degree < fanout[l][r] ? degree : fanout[l][r];
        assert_int_equal(count_of(drawn->weight[l][r][a]), drawn->row[l][a] ? n : 0);
        for (int b = 0; b < NODES; b++)
          if (drawn->weight[l][r][a][b] > 0)
            assert_true(fabs(drawn->weight[l][r][a][b] * n / degree - truth->weight[0][r][a][b]) < 1e-6);
      }
  free(truth);
  free(drawn);
  setting_free(&s);
}

static void blocks_are_those_of_one_rank(void **state) {
  (void)state;
  const kith_neighbor_weighting way[] = {KITH_UNIFORM, KITH_IMPORTANCE, KITH_EDGE_WEIGHT};
  kith_comm *self = NULL;
  assert_int_equal(KITH_OK, kith_comm_create(MPI_COMM_SELF, &self).status);
  for (int k = 0; k < 3; k++) {
    setting s = setting_make(test_comm, CUT, few(way[k]), &LEARNED),
            alone = setting_make(self, 2, few(way[k]), &LEARNED);
    for (uint64_t step = 0; step < 6; step++) {
      kith_gid seed[SEEDS], seed_alone[SEEDS];
      kith_lid n = some_seeds(&s, seed);
      some_seeds(&alone, seed_alone);
      outcome *here = plan(&s, n, seed, step, 0, NULL), *there = plan(&alone, n, seed_alone, step, 0, NULL);
      assert_memory_equal(here, there, sizeof *here);
      free(here);
      free(there);
    }
    setting_free(&s);
    setting_free(&alone);
  }
  kith_comm_destroy(&self);
}

/* Beside relations, interactions of the seeds are drawn as they are without any. */
static void relations_leave_the_draws_of_interactions(void **state) {
  (void)state;
  const kith_neighbor_weighting way[] = {KITH_UNIFORM, KITH_IMPORTANCE};
  for (int k = 0; k < 2; k++) {
    setting s = setting_make(test_comm, CUT, few(way[k]), &FIXED),
            plain = setting_make(test_comm, CUT, few(way[k]), NULL);
    for (uint64_t step = 0; step < 6; step++) {
      kith_gid seed[SEEDS];
      kith_lid n = some_seeds(&s, seed);
      outcome *here = plan(&s, n, seed, step, 0, NULL), *there = plan(&plain, n, seed, step, 0, NULL);
      for (int a = 0; a < NODES; a++)
        for (int b = 0; b < NODES; b++)
          assert_true(fabs(here->weight[HOPS - 1][0][a][b] - there->weight[HOPS - 1][0][a][b]) <
                      1e-6 * (1 + here->weight[HOPS - 1][0][a][b]));
      free(here);
      free(there);
    }
    setting_free(&s);
    setting_free(&plain);
  }
}

/* Whether b is drawn in the seeds' row of a by the relation's own key. */
static bool is_drawn(const double *truth, uint64_t step, int a, int b, int r, int fanout) {
  static const char *const name[] = {"", "friend", "tagged", "view"};
  const int64_t node = a < USERS           ? kith_node_key(KITH_USER, a)
                       : a < USERS + ITEMS ? kith_node_key(KITH_ITEM, a - USERS)
                                           : kith_node_key(TEST_TAG, a - USERS - ITEMS);
  int64_t position[NODES], place = 0;
  uint64_t mark[NODES] = {0};
  int64_t n = kith_neighbor_draw(5, step, node, HOPS - 1, r > 0 ? kith_text_hash(name[r]) : 0,
                                 count_of(truth), fanout, mark, position);
  for (int c = 0; c < b; c++) place += truth[c] > 0;
  for (int64_t i = 0; i < n; i++)
    if (truth[b] > 0 && position[i] == place) return true;
  return false;
}

static void each_relation_is_drawn_by_its_own_key(void **state) {
  (void)state;
  static const int fanout[RELATIONS] = {3, 1, 2, 3};
  setting s = setting_make(test_comm, CUT, few(KITH_UNIFORM), &FIXED);
  kith_gid seed[SEEDS];
  outcome *truth = whole(&FIXED), *drawn = plan(&s, some_seeds(&s, seed), seed, 3, 0, NULL);
  for (int r = 0; r < RELATIONS; r++)
    for (int a = 0; a < NODES; a++)
      for (int b = 0; b < NODES && drawn->row[HOPS - 1][a]; b++)
        assert_int_equal(drawn->weight[HOPS - 1][r][a][b] > 0,
                         is_drawn(truth->weight[0][r][a], 3, a, b, r, fanout[r]));
  free(truth);
  free(drawn);
  setting_free(&s);
}

/* The draws of two keys in a row come together as often as chance has it, not always. */
static void relations_are_drawn_apart(void **state) {
  (void)state;
  enum { DRAWS = 300, DEGREE = 6 };
  const uint64_t key[] = {0, kith_text_hash("friend"), kith_text_hash("view")};
  uint64_t mark[DEGREE] = {0};
  for (int k = 0; k < 3; k++) {
    int same = 0;
    for (uint64_t step = 0; step < DRAWS; step++) {
      int64_t one, other;
      (void)kith_neighbor_draw(1, step, 8, 0, key[k], DEGREE, 1, mark, &one);
      (void)kith_neighbor_draw(1, step, 8, 0, key[(k + 1) % 3], DEGREE, 1, mark, &other);
      same += one == other;
    }
    assert_true(same > DRAWS / DEGREE / 2 && same < 2 * DRAWS / DEGREE);
  }
}

/* The mean of many draws of each entry of the seeds' rows is the matrix, within 5 standard errors. */
static void check_unbiased(kith_neighbor_weighting weighting) {
  enum { DRAWS = 800 };
  setting s = setting_make(test_comm, CUT, few(weighting), &FIXED);
  kith_gid seed[SEEDS];
  kith_lid n = some_seeds(&s, seed);
  outcome *truth = whole(&FIXED), *sum = calloc(1, sizeof *sum), *square = calloc(1, sizeof *square);
  for (uint64_t step = 0; step < DRAWS; step++) {
    outcome *drawn = plan(&s, n, seed, step, 0, NULL);
    const double *x = &drawn->weight[HOPS - 1][0][0][0];
    for (int i = 0; i < RELATIONS * NODES * NODES; i++) {
      (&sum->weight[0][0][0][0])[i] += x[i];
      (&square->weight[0][0][0][0])[i] += x[i] * x[i];
    }
    for (int a = 0; a < NODES; a++) sum->row[0][a] = drawn->row[HOPS - 1][a];
    free(drawn);
  }
  for (int r = 0; r < RELATIONS; r++)
    for (int a = 0; a < NODES; a++)
      for (int b = 0; b < NODES && sum->row[0][a]; b++) {
        double mean = sum->weight[0][r][a][b] / DRAWS,
               variance = square->weight[0][r][a][b] / DRAWS - mean * mean;
        assert_true(fabs(mean - truth->weight[0][r][a][b]) <= 5 * sqrt(fabs(variance) / DRAWS) + 1e-6);
      }
  free(truth);
  free(sum);
  free(square);
  setting_free(&s);
}

static void entries_are_unbiased(void **state) {
  (void)state;
  check_unbiased(KITH_UNIFORM);
  check_unbiased(KITH_IMPORTANCE);
}

/* Every interaction is a target: none is left, and all entries of other relations are, between the same nodes
 * too. */
static void targets_are_left_out_of_interactions_alone(void **state) {
  (void)state;
  setting s = setting_make(test_comm, CUT, every, &FIXED);
  kith_gid seed[SEEDS];
  kith_pair excluded[EDGES];
  int both = 0;
  for (int64_t e = 0; e < s.t.n_edge; e++) {
    excluded[e] = (kith_pair){.user = s.t.user[e], .item = s.t.item[e], .user_gid = s.number[s.t.user[e]]};
    both += test_related(TEST_VIEW, s.t.user[e], s.t.item[e]);
  }
  assert_true(both > 0);
  kith_lid n = some_seeds(&s, seed);
  outcome *truth = whole(&FIXED), *drawn = plan(&s, n, seed, 3, s.t.n_edge - 1, excluded);
  int user = s.t.user[s.t.n_edge - 1], item = USERS + s.t.item[s.t.n_edge - 1];
  for (int l = 0; l < HOPS; l++)
    for (int a = 0; a < NODES; a++)
      for (int b = 0; b < NODES && drawn->row[l][a]; b++) {
        bool last = (a == user && b == item) || (a == item && b == user);
        assert_int_equal(drawn->weight[l][0][a][b] > 0, last);
        for (int r = 1; r < RELATIONS; r++)
          assert_true(drawn->weight[l][r][a][b] == truth->weight[0][r][a][b]);
      }
  free(truth);
  free(drawn);
  setting_free(&s);
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(all_entries_are_the_matrix),
                                     cmocka_unit_test(each_relation_has_its_own_fanouts),
                                     cmocka_unit_test(blocks_are_those_of_one_rank),
                                     cmocka_unit_test(relations_leave_the_draws_of_interactions),
                                     cmocka_unit_test(each_relation_is_drawn_by_its_own_key),
                                     cmocka_unit_test(relations_are_drawn_apart),
                                     cmocka_unit_test(entries_are_unbiased),
                                     cmocka_unit_test(targets_are_left_out_of_interactions_alone)};
  test_begin(&argc, &argv);
  omp_set_num_threads(2); /* whose chunks have gaps between them */
  return test_end(cmocka_run_group_tests(tests, NULL, NULL));
}
