/* ranks: 1 2 3 4 */
/*
 * Sampled hops, by every way of sampling: ranks together draw what one of them draws alone on the same cut;
 * weights make the estimate unbiased; clusters are what a slow count says; targets are left out.
 */
#include <stdlib.h>

#include "support/cut.h"
#include "support/mpi_main.h"

#include "sample/sample.h"

enum {
  USERS = 30,
  ITEMS = 40,
  NODES = USERS + ITEMS,
  EDGES = 400,
  HOPS = 2,
  SEEDS = 12,
  CUT = 7,
  CLUSTERS = 2,
  STEPS_OF_ROUND = (CUT + CLUSTERS - 1) / CLUSTERS
};

typedef struct setting {
  test_graph t;
  kith_graph *g;
  kith_dist_csr *a;
  kith_sampler *s;
} setting;

static kith_sampler_options neighbor(int n, int first, int second) {
  return (kith_sampler_options){.mode = KITH_NEIGHBOR, .fanouts = {n, {first, second}}};
}

/* A weight for every interaction, by its ends' original numbers: the test graph numbers users, then items, in
 * each part. */
static void setting_weigh(setting *s) {
  int64_t n = 0;
  assert_int_equal(KITH_OK, KITH_NEW(s->g->weight, s->g->start[s->g->n_own]));
  for (kith_lid i = 0; i < s->g->n_own; i++)
    for (int64_t e = 0; e < s->t.n_edge; e++) {
      int64_t mine = s->g->type[i] == KITH_USER ? s->t.user[e] : s->t.item[e];
      if (mine == s->g->original[i])
        s->g->weight[n++] = 0.5f + (float)((s->t.user[e] * 7 + s->t.item[e] * 3) % 5);
    }
  assert_int_equal(n, s->g->start[s->g->n_own]);
}

static setting setting_make_on(const kith_comm *comm, int parts, kith_sampler_options o, bool loops) {
  setting s = {.t = test_graph_random(USERS, ITEMS, EDGES, 9)};
  s.g = test_graph_cut(&s.t, comm, parts, 6);
  if (o.weighting == KITH_EDGE_WEIGHT) setting_weigh(&s);
  assert_int_equal(KITH_OK, kith_dist_csr_create(comm, s.g, 4, &s.a).status);
  assert_int_equal(KITH_OK,
                   kith_sampler_create(comm, s.g, s.a, HOPS, &o, loops, SEEDS, EDGES, 5, &s.s).status);
  return s;
}

static setting setting_make(int parts, kith_sampler_options o, bool loops) {
  return setting_make_on(test_comm, parts, o, loops);
}

static void setting_free(setting *s) {
  kith_sampler_destroy(&s->s);
  kith_dist_csr_destroy(&s->a);
  kith_graph_destroy(&s->g);
  test_graph_free(&s->t);
}

/* Global numbers of all nodes, from the whole graph's items and the owners of users. */
static void global_numbers(const setting *s, kith_gid number[NODES]) {
  for (int i = 0; i < NODES; i++) number[i] = -1;
  for (kith_lid i = 0; i < s->g->n_own; i++)
    number[s->g->type[i] * USERS + s->g->original[i]] = s->g->first[test_comm->rank] + i;
  KITH_MPI(MPI_Allreduce(MPI_IN_PLACE, number, NODES, MPI_INT64_T, MPI_MAX, test_comm->mpi));
}

static int node_of(const kith_node_map *f, kith_lid row) {
  return (int)(f->node[row] % KITH_SIDES) * USERS + (int)(f->node[row] / KITH_SIDES);
}

static bool is_neighbor(const test_graph *t, int a, int b) {
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
static kith_lid some_seed_nodes(const kith_gid number[NODES], kith_gid seed[SEEDS]) {
  for (int i = 0; i < SEEDS; i++) seed[i] = number[(5 * i + 7 * test_comm->rank) % NODES];
  return SEEDS - test_comm->rank; /* ragged */
}

/* What a rank has drawn: the weight of neighbor b in a's row of each hop; 0: not drawn; ABSENT: a is no row.
 */
typedef struct outcome {
  double weight[HOPS][NODES][NODES];
} outcome;

static const double ABSENT = -1;

static outcome *current(const setting *s) {
  outcome *out = calloc(1, sizeof *out);
  for (int l = 0; l < HOPS; l++) {
    const kith_block *h = kith_sampler_block(s->s, l);
    assert_int_equal(h->csr->n_row, h->dst->n);
    assert_int_equal(h->csr->n_col, h->src->n);
    for (int a = 0; a < NODES; a++) out->weight[l][a][0] = ABSENT;
    for (kith_lid p = 0; p < h->csr->n_row; p++) {
      int a = node_of(h->dst, h->csr->perm[p]);
      out->weight[l][a][0] = 0;
      for (kith_eid e = h->csr->start[p]; e < h->csr->start[p + 1]; e++)
        out->weight[l][a][node_of(h->src, h->csr->col[e])] = (double)h->csr->weight[e];
    }
  }
  return out;
}

static outcome *plan(setting *s, kith_lid n, const kith_gid *seed, uint64_t step) {
  kith_sampler_plan(s->s, n, seed, step, 0, NULL);
  return current(s);
}

static void each_row_has_as_many_neighbors_as_its_fanout(void **state) {
  (void)state;
  setting s = setting_make(7, neighbor(2, 3, 5), false);
  kith_gid number[NODES], seed[SEEDS];
  global_numbers(&s, number);
  free(plan(&s, some_seed_nodes(number, seed), seed, 4));
  for (int l = 0; l < HOPS; l++) {
    const kith_block *h = kith_sampler_block(s.s, l);
    int fan = l == HOPS - 1 ? 3 : 5; /* the last layer's hop is the seeds' own */
    for (kith_lid p = 0; p < h->csr->n_row; p++) {
      int a = node_of(h->dst, h->csr->perm[p]), degree = degree_of(&s.t, a);
      assert_int_equal(h->degree[h->csr->perm[p]], degree);
      assert_int_equal(h->csr->start[p + 1] - h->csr->start[p], degree < fan ? degree : fan);
      for (kith_eid e = h->csr->start[p]; e < h->csr->start[p + 1]; e++) {
        assert_true(is_neighbor(&s.t, a, node_of(h->src, h->csr->col[e])));
        for (kith_eid d = h->csr->start[p]; d < e; d++) assert_true(h->csr->col[d] != h->csr->col[e]);
      }
    }
  }
  setting_free(&s);
}

static void seed_nodes_are_the_first_rows_of_every_block(void **state) {
  (void)state;
  setting s = setting_make(7, neighbor(1, 4, 0), true);
  kith_gid number[NODES], seed[SEEDS];
  global_numbers(&s, number);
  kith_lid n = some_seed_nodes(number, seed), n_want;
  kith_sampler_plan(s.s, n, seed, 1, 0, NULL);
  for (int l = 0; l < HOPS; l++) {
    const kith_block *h = kith_sampler_block(s.s, l);
    for (kith_lid i = 0; i < n; i++) assert_int_equal(number[node_of(h->src, i)], seed[i]);
    for (kith_lid p = 0; p < h->csr->n_row; p++)
      assert_int_equal(h->csr->col[h->csr->start[p]], h->csr->perm[p]); /* loops come first */
  }
  const kith_gid *want;
  const kith_lid *row;
  kith_sampler_input_gids(s.s, &n_want, &want, &row);
  assert_int_equal(n_want, kith_sampler_input_nodes(s.s)->n);
  for (kith_lid i = 0; i < n_want; i++)
    assert_int_equal(want[i], number[node_of(kith_sampler_input_nodes(s.s), row[i])]);
  setting_free(&s);
}

static const kith_sampler_options every_mode[] = {
    {.mode = KITH_NEIGHBOR, .fanouts = {1, {3}}},
    {.mode = KITH_NEIGHBOR, .fanouts = {2, {3, 2}}, .weighting = KITH_IMPORTANCE},
    {.mode = KITH_NEIGHBOR, .fanouts = {1, {2}}, .weighting = KITH_EDGE_WEIGHT},
    {.mode = KITH_LAYERWISE, .budget = 12},
    {.mode = KITH_SAINT_NODE, .budget = 15},
    {.mode = KITH_CLUSTER, .clusters = CLUSTERS, .cluster_edges = KITH_CLUSTER_EDGES_KEEP},
    {.mode = KITH_CLUSTER, .clusters = CLUSTERS, .cluster_edges = KITH_CLUSTER_EDGES_DROP},
    {.mode = KITH_CLUSTER, .clusters = CLUSTERS, .cluster_edges = KITH_CLUSTER_EDGES_REWEIGHT},
    {.mode = KITH_SAINT_EDGE, .budget = 5, .coverage = 3},
    {.mode = KITH_SAINT_WALK, .budget = 4, .walk_length = 3, .coverage = 3},
};
enum { MODES = sizeof every_mode / sizeof *every_mode };

/* Each rank plans its own seeds with the others, and alone with the whole graph, on another cut unless it
 * matters: to the last bit the same. */
static void blocks_are_those_of_one_rank(void **state) {
  (void)state;
  kith_comm *self = NULL;
  assert_int_equal(KITH_OK, kith_comm_create(MPI_COMM_SELF, &self).status);
  for (int w = 0; w < MODES; w++) {
    int cut = every_mode[w].mode == KITH_CLUSTER ? CUT : 2;
    setting s = setting_make(CUT, every_mode[w], false),
            alone = setting_make_on(self, cut, every_mode[w], false);
    kith_gid number[NODES], seed[SEEDS], number_alone[NODES], seed_alone[SEEDS];
    int64_t drawn = 0, left = 0;
    global_numbers(&s, number);
    for (kith_lid i = 0; i < NODES; i++) number_alone[alone.g->type[i] * USERS + alone.g->original[i]] = i;
    kith_lid n = some_seed_nodes(number, seed);
    some_seed_nodes(number_alone, seed_alone);
    for (uint64_t step = 0; step < 6; step++) {
      outcome *here = plan(&s, n, seed, step), *there = plan(&alone, n, seed_alone, step);
      assert_memory_equal(here, there, sizeof *here);
      for (int a = 0; a < NODES; a++) left += here->weight[HOPS - 1][a][0] >= 0 ? degree_of(&s.t, a) : 0;
      for (int a = 0; a < NODES; a++)
        for (int b = 0; b < NODES; b++) drawn += here->weight[HOPS - 1][a][b] > 0;
      free(here);
      free(there);
    }
    assert_true(drawn > 0 && drawn < left); /* some are drawn, some are not */
    setting_free(&s);
    setting_free(&alone);
  }
  kith_comm_destroy(&self);
}

/* What is drawn before comes in pieces, a hop of all walks each. */
static int min_stages(const kith_sampler_options *o) {
  int walk = o->mode == KITH_SAINT_WALK ? o->walk_length + 1 : o->mode == KITH_SAINT_EDGE ? 2 : 0;
  return HOPS + walk;
}

/* While a step's plan is made in pieces, that of the step before is shown. */
static void a_plan_under_way_leaves_the_current_one_unchanged(void **state) {
  (void)state;
  for (int w = 0; w < MODES; w++) {
    setting s = setting_make(CUT, every_mode[w], false);
    kith_gid number[NODES], seed[SEEDS];
    int pieces = 0;
    global_numbers(&s, number);
    kith_lid n = some_seed_nodes(number, seed);
    outcome *first = plan(&s, n, seed, 0), *second = plan(&s, n, seed, 1), *now = NULL;
    assert_memory_not_equal(first, second, sizeof *first);
    free(plan(&s, n, seed, 0));
    kith_sampler_begin(s.s, n, seed, 1, 0, NULL);
    for (bool made = false; !made; pieces++) {
      now = current(&s);
      assert_memory_equal(now, first, sizeof *now);
      free(now);
      made = kith_sampler_advance(s.s);
    }
    assert_true(pieces >= min_stages(&every_mode[w]));
    kith_sampler_swap(s.s);
    now = current(&s);
    assert_memory_equal(now, second, sizeof *now);
    free(now);
    free(first);
    free(second);
    setting_free(&s);
  }
}

/* A sampler may go while its messages travel. */
static void a_plan_under_way_can_be_destroyed(void **state) {
  (void)state;
  for (int w = 0; w < MODES; w++)
    for (int pieces = 0; pieces < 12; pieces++) {
      setting s = setting_make(CUT, every_mode[w], false);
      kith_gid number[NODES], seed[SEEDS];
      global_numbers(&s, number);
      kith_sampler_begin(s.s, some_seed_nodes(number, seed), seed, 1, 0, NULL);
      for (int i = 0; i < pieces; i++) (void)kith_sampler_advance(s.s);
      setting_free(&s);
    }
}

static int part_of(int node) { return test_part(6, CUT, node >= USERS, node < USERS ? node : node - USERS); }

/* Which parts are in a step is asked of the one function that says so; who reads whom is counted here. */
static void check_clusters(kith_cluster_edges cut) {
  kith_sampler_options o = {.mode = KITH_CLUSTER, .clusters = CLUSTERS, .cluster_edges = cut};
  setting s = setting_make(CUT, o, false);
  kith_gid number[NODES], seed[SEEDS];
  global_numbers(&s, number);
  kith_lid n = some_seed_nodes(number, seed);
  for (uint64_t step = 0; step < 2 * STEPS_OF_ROUND; step++) {
    outcome *out = plan(&s, n, seed, step);
    bool here[CUT];
    for (int p = 0; p < CUT; p++)
      here[p] = kith_cluster_step_of_part(5, (int64_t)step / STEPS_OF_ROUND, CUT, CLUSTERS, p) ==
                (int64_t)step % STEPS_OF_ROUND;
    for (int a = 0; a < NODES; a++) {
      int reads = 0;
      if (out->weight[HOPS - 1][a][0] < 0) continue;
      for (int b = 0; b < NODES; b++) {
        bool in = here[part_of(b)] &&
                  (cut == KITH_CLUSTER_EDGES_KEEP || !here[part_of(a)] || part_of(a) == part_of(b));
        bool expected = in && (a < USERS) != (b < USERS) && is_neighbor(&s.t, a, b);
        assert_int_equal(expected, out->weight[HOPS - 1][a][b] > 0);
        reads += expected;
      }
      for (int b = 0; b < NODES; b++)
        if (out->weight[HOPS - 1][a][b] > 0)
          assert_true(fabs(out->weight[HOPS - 1][a][b] -
                           sqrt((double)degree_of(&s.t, a) / degree_of(&s.t, b)) / reads) < 1e-6);
    }
    free(out);
  }
  setting_free(&s);
}

static void cluster_rows_read_the_neighbors_of_the_definition(void **state) {
  (void)state;
  check_clusters(KITH_CLUSTER_EDGES_KEEP);
  check_clusters(KITH_CLUSTER_EDGES_DROP);
}

/* Of every row: no target is drawn, all other edges are, since all neighbors are asked for. */
static void check_excluded(const setting *s, const kith_block *h, int64_t which, int64_t n_excluded,
                           const kith_pair *excluded) {
  for (kith_lid p = 0; p < h->csr->n_row; p++) {
    int a = node_of(h->dst, h->csr->perm[p]), left = 0;
    for (int64_t e = 0; e < s->t.n_edge; e++)
      left += e % 3 != which && (s->t.user[e] == a || USERS + s->t.item[e] == a);
    assert_int_equal(h->csr->start[p + 1] - h->csr->start[p], left);
    for (kith_eid e = h->csr->start[p]; e < h->csr->start[p + 1]; e++) {
      int b = node_of(h->src, h->csr->col[e]), user = a < b ? a : b, item = a < b ? b : a;
      for (int64_t i = 0; i < n_excluded; i++)
        assert_false(excluded[i].user == user && USERS + excluded[i].item == item);
    }
  }
}

/* Every third edge is a target, others in every step: those of the step before are drawn again. */
static void excluded_edges_are_not_sampled(void **state) {
  (void)state;
  setting s = setting_make(7, neighbor(1, 0, 0), false);
  kith_gid number[NODES], seed[SEEDS];
  kith_pair excluded[EDGES];
  global_numbers(&s, number);
  for (int64_t which = 0; which < 3; which++) {
    int64_t n_excluded = 0;
    for (int64_t e = which; e < s.t.n_edge; e += 3)
      excluded[n_excluded++] =
          (kith_pair){.user_gid = number[s.t.user[e]], .user = s.t.user[e], .item = s.t.item[e]};
    kith_sampler_plan(s.s, some_seed_nodes(number, seed), seed, (uint64_t)which, n_excluded, excluded);
    for (int l = 0; l < HOPS; l++)
      check_excluded(&s, kith_sampler_block(s.s, l), which, n_excluded, excluded);
  }
  setting_free(&s);
}

/* y = A x, all in double, by brute force. */
static void multiply(const test_graph *t, const double x[NODES], double y[NODES]) {
  for (int a = 0; a < NODES; a++) y[a] = 0;
  for (int64_t e = 0; e < t->n_edge; e++) {
    int a = t->user[e], b = USERS + t->item[e];
    double w = 1 / sqrt((double)degree_of(t, a) * degree_of(t, b));
    y[a] += w * x[b];
    y[b] += w * x[a];
  }
}

/* h = the estimate of A x in every row of a hop; rows of the frame that it reads are looked up in x by row.
 */
static void hop_multiply(const kith_block *h, const double *x, double *y) {
  for (kith_lid p = 0; p < h->csr->n_row; p++) {
    double *sum = &y[h->csr->perm[p]];
    *sum = 0;
    for (kith_eid e = h->csr->start[p]; e < h->csr->start[p + 1]; e++)
      *sum += (double)h->csr->weight[e] * x[h->csr->col[e]];
  }
}

/*
 * Mean over many steps of the weighted sum through both hops, against A A x: within 5 standard errors
 * (seeded; a false alarm of one of the dozens of rows has a chance of about 3e-5).  One set for both hops
 * does not bias it: no edge joins a node to itself.
 */
static void check_unbiased(kith_sampler_options o, int64_t n_step) {
  setting s = setting_make(5, o, false);
  kith_gid number[NODES], seed[SEEDS];
  double sum[SEEDS] = {0}, square[SEEDS] = {0}, value[NODES], once[NODES], truth[NODES], leaf[NODES],
         middle[NODES], y[SEEDS];
  for (int i = 0; i < NODES; i++) value[i] = sin(i + 1.0);
  multiply(&s.t, value, once);
  multiply(&s.t, once, truth);
  global_numbers(&s, number);
  kith_lid n = some_seed_nodes(number, seed);
  for (int64_t step = 0; step < n_step; step++) {
    kith_sampler_plan(s.s, n, seed, (uint64_t)step, 0, NULL);
    const kith_node_map *leaves = kith_sampler_input_nodes(s.s);
    for (kith_lid i = 0; i < leaves->n; i++) leaf[i] = value[node_of(leaves, i)];
    hop_multiply(kith_sampler_block(s.s, 0), leaf, middle);
    hop_multiply(kith_sampler_block(s.s, 1), middle, y);
    for (kith_lid p = 0; p < n; p++) {
      sum[p] += y[p];
      square[p] += y[p] * y[p];
    }
  }
  for (kith_lid p = 0; p < n; p++) {
    int a = node_of(kith_sampler_input_nodes(s.s), p);
    double mean = sum[p] / (double)n_step,
           error = sqrt((square[p] / (double)n_step - mean * mean) / (double)n_step);
    if (!(fabs(mean - truth[a]) <= 5 * error + 1e-6))
      fail_msg("%s: node %d: mean %g, truth %g, standard error %g", kith_sampler_mode_text(o.mode), a, mean,
               truth[a], error);
    assert_true(error > 0 || degree_of(&s.t, a) == 0); /* it is drawn, not copied */
  }
  setting_free(&s);
}

/* Whether an estimate is to be unbiased in a step: of clusters, where a node's own part and another one are
 * in it. */
static bool counts(const kith_sampler_options *o, uint64_t step, int node) {
  if (o->mode != KITH_CLUSTER) return true;
  return kith_cluster_step_of_part(5, (int64_t)step / STEPS_OF_ROUND, CUT, CLUSTERS, part_of(node)) ==
             (int64_t)step % STEPS_OF_ROUND &&
         (step + 1) % STEPS_OF_ROUND != 0;
}

/*
 * The same of one hop, in the seeds' rows of it: through two hops nodes of one set come together more often
 * than chances of single edges tell.  Chances that are counted have errors of their own: a twentieth of the
 * sum is allowed for them.
 */
static void check_unbiased_sum(kith_sampler_options o, int l, int64_t n_step) {
  setting s = setting_make(CUT, o, false);
  kith_gid number[NODES], seed[SEEDS];
  double sum[SEEDS] = {0}, square[SEEDS] = {0}, times[SEEDS] = {0}, value[NODES], truth[NODES], leaf[NODES],
         y[NODES];
  for (int i = 0; i < NODES; i++) value[i] = 1 + sin(i + 1.0);
  multiply(&s.t, value, truth);
  global_numbers(&s, number);
  kith_lid n = some_seed_nodes(number, seed);
  for (int64_t step = 0; step < n_step; step++) {
    kith_sampler_plan(s.s, n, seed, (uint64_t)step, 0, NULL);
    const kith_block *h = kith_sampler_block(s.s, l);
    for (kith_lid i = 0; i < h->src->n; i++) leaf[i] = value[node_of(h->src, i)];
    hop_multiply(h, leaf, y);
    for (kith_lid p = 0; p < n; p++) {
      if (!counts(&o, (uint64_t)step, node_of(h->src, p))) continue;
      times[p]++;
      sum[p] += y[p];
      square[p] += y[p] * y[p];
    }
  }
  for (kith_lid p = 0; p < n; p++) {
    int a = node_of(kith_sampler_input_nodes(s.s), p);
    double mean = sum[p] / times[p], error = sqrt(fmax(0, square[p] / times[p] - mean * mean) / times[p]);
    if (!(fabs(mean - truth[a]) <= 5 * error + truth[a] / 20))
      fail_msg("%s, hop %d: node %d: mean %g, truth %g, standard error %g", kith_sampler_mode_text(o.mode), l,
               a, mean, truth[a], error);
  }
  setting_free(&s);
}

/* Every third edge is a target of each step, as with `sampler.exclude_targets`; y = A x without them, with
 * the degrees of all edges. */
static int64_t every_third(const setting *s, const kith_gid number[NODES], kith_pair *excluded) {
  int64_t n = 0;
  for (int64_t e = 0; e < s->t.n_edge; e += 3)
    excluded[n++] = (kith_pair){.user_gid = number[s->t.user[e]], .user = s->t.user[e], .item = s->t.item[e]};
  return n;
}

static void multiply_without_excluded(const test_graph *t, const double x[NODES], double y[NODES]) {
  for (int a = 0; a < NODES; a++) y[a] = 0;
  for (int64_t e = 0; e < t->n_edge; e++) {
    int a = t->user[e], b = USERS + t->item[e];
    double w = 1 / sqrt((double)degree_of(t, a) * degree_of(t, b));
    if (e % 3 == 0) continue;
    y[a] += w * x[b];
    y[b] += w * x[a];
  }
}

/*
 * The estimate is of the neighbors that are left: within 5 standard errors of the seeds' rows, whose hop is
 * the last one. `slack`: what the errors of counted chances may add, as a share.
 */
static void check_unbiased_without_excluded(kith_sampler_options o, int64_t n_step, double slack) {
  setting s = setting_make(CUT, o, false);
  kith_gid number[NODES], seed[SEEDS];
  kith_pair excluded[EDGES];
  double sum[SEEDS] = {0}, square[SEEDS] = {0}, times[SEEDS] = {0}, value[NODES], truth[NODES], leaf[NODES],
         y[SEEDS], far = 0;
  for (int i = 0; i < NODES; i++) value[i] = 1 + sin(i + 1.0);
  multiply_without_excluded(&s.t, value, truth);
  global_numbers(&s, number);
  kith_lid n = some_seed_nodes(number, seed);
  int64_t n_excluded = every_third(&s, number, excluded);
  for (int64_t step = 0; step < n_step; step++) {
    kith_sampler_plan(s.s, n, seed, (uint64_t)step, n_excluded, excluded);
    const kith_block *h = kith_sampler_block(s.s, HOPS - 1);
    for (kith_lid i = 0; i < h->src->n; i++) leaf[i] = value[node_of(h->src, i)];
    hop_multiply(h, leaf, y);
    for (kith_lid p = 0; p < n; p++) {
      if (!counts(&o, (uint64_t)step, node_of(h->src, p))) continue;
      times[p]++;
      sum[p] += y[p];
      square[p] += y[p] * y[p];
    }
  }
  for (kith_lid p = 0; p < n; p++) {
    int a = node_of(kith_sampler_input_nodes(s.s), p);
    double mean = sum[p] / times[p], error = sqrt(fmax(0, square[p] / times[p] - mean * mean) / times[p]);
    if (!(fabs(mean - truth[a]) <= 5 * error + slack * truth[a] + 1e-6))
      fail_msg("%s without targets: node %d: mean %g, truth %g, standard error %g",
               kith_sampler_mode_text(o.mode), a, mean, truth[a], error);
    far += truth[a] > 0 ? 5 * error / truth[a] / n : 0;
  }
  assert_true(far < 0.3); /* a third of the edges is left out: as if they were not, the means would be half as
                             large again */
  setting_free(&s);
}

static void sums_without_excluded_edges_are_unbiased(void **state) {
  (void)state;
  if (test_comm->size > 1) skip(); /* several ranks draw what one does: that is tested above */
  check_unbiased_without_excluded(neighbor(1, 2, 0), 2000, 0);
  check_unbiased_without_excluded((kith_sampler_options){.mode = KITH_NEIGHBOR,
                                                         .fanouts = {1, {3}},
                                                         .weighting = KITH_IMPORTANCE},
                                  2000, 0);
  check_unbiased_without_excluded((kith_sampler_options){.mode = KITH_NEIGHBOR,
                                                         .fanouts = {1, {3}},
                                                         .weighting = KITH_EDGE_WEIGHT},
                                  2000, 0);
  check_unbiased_without_excluded((kith_sampler_options){.mode = KITH_LAYERWISE, .budget = 20}, 4000, 0);
  check_unbiased_without_excluded((kith_sampler_options){.mode = KITH_SAINT_NODE, .budget = 20}, 4000, 0);
  check_unbiased_without_excluded(
      (kith_sampler_options){.mode = KITH_SAINT_EDGE, .budget = 10, .coverage = 400}, 4000, 0.05);
  check_unbiased_without_excluded(
      (kith_sampler_options){.mode = KITH_SAINT_WALK, .budget = 6, .walk_length = 2, .coverage = 400}, 4000,
      0.05);
  check_unbiased_without_excluded((kith_sampler_options){.mode = KITH_CLUSTER,
                                                         .clusters = CLUSTERS,
                                                         .cluster_edges = KITH_CLUSTER_EDGES_REWEIGHT},
                                  8000, 0);
}

/* Clusters that keep the size: what is drawn stands for all neighbors but the targets. */
static void scale_of_kept_clusters_counts_eligible_neighbors(void **state) {
  (void)state;
  for (int cut = 0; cut < 2; cut++) {
    setting s = setting_make(CUT,
                             (kith_sampler_options){.mode = KITH_CLUSTER,
                                                    .clusters = CLUSTERS,
                                                    .cluster_edges = cut ? KITH_CLUSTER_EDGES_DROP
                                                                         : KITH_CLUSTER_EDGES_KEEP},
                             false);
    kith_gid number[NODES], seed[SEEDS];
    kith_pair excluded[EDGES];
    global_numbers(&s, number);
    int64_t n_excluded = every_third(&s, number, excluded);
    kith_sampler_plan(s.s, some_seed_nodes(number, seed), seed, 1, n_excluded, excluded);
    const kith_block *h = kith_sampler_block(s.s, HOPS - 1);
    for (kith_lid p = 0; p < h->csr->n_row; p++) {
      int a = node_of(h->dst, h->csr->perm[p]), left = 0;
      double sum = 0;
      for (int64_t e = 0; e < s.t.n_edge; e++)
        left += e % 3 != 0 && (s.t.user[e] == a || USERS + s.t.item[e] == a);
      for (kith_eid e = h->csr->start[p]; e < h->csr->start[p + 1]; e++) sum += (double)h->scale[e];
      assert_true(h->csr->start[p] == h->csr->start[p + 1] || fabs(sum - left) < 1e-4);
    }
    setting_free(&s);
  }
}

/* Seeds have rows in every hop: a neighbor that is in one layer's set and not in the other's is there with
 * `layerwise` only. */
static void layerwise_has_a_set_a_layer_and_saint_one(void **state) {
  (void)state;
  for (int once = 0; once < 2; once++) {
    setting s =
        setting_make(5, (kith_sampler_options){.mode = once ? KITH_SAINT_NODE : KITH_LAYERWISE, .budget = 25},
                     false);
    kith_gid number[NODES], seed[SEEDS];
    int64_t differ = 0;
    global_numbers(&s, number);
    kith_lid n = some_seed_nodes(number, seed);
    for (uint64_t step = 0; step < 20; step++) {
      outcome *out = plan(&s, n, seed, step);
      for (int a = 0; a < NODES; a++)
        for (int b = 0; b < NODES && out->weight[0][a][0] >= 0 && out->weight[HOPS - 1][a][0] >= 0; b++)
          differ += (out->weight[0][a][b] > 0) != (out->weight[HOPS - 1][a][b] > 0);
      free(out);
    }
    assert_true(once ? differ == 0 : differ > 0);
    setting_free(&s);
  }
}

/* Of the ways to take `m` of the parts of which one is (inside) or is not part a, the share that has part b
 * too, by writing them all down. */
static double probability_of_part(int m, bool inside) {
  int ways = 0, both = 0;
  for (unsigned set = 0; set < 1u << CUT; set++) {
    if (__builtin_popcount(set) != m || (set & 1) != inside) continue;
    ways++;
    both += (set & 2) != 0;
  }
  return (double)both / ways;
}

static void reweighted_clusters_have_inverse_probabilities(void **state) {
  (void)state;
  setting s = setting_make(CUT,
                           (kith_sampler_options){.mode = KITH_CLUSTER,
                                                  .clusters = CLUSTERS,
                                                  .cluster_edges = KITH_CLUSTER_EDGES_REWEIGHT},
                           false);
  kith_gid number[NODES], seed[SEEDS];
  int64_t checked[3] = {0};
  global_numbers(&s, number);
  for (uint64_t step = 0; step < 3 * STEPS_OF_ROUND; step++) {
    bool here[CUT];
    int m = 0;
    for (int p = 0; p < CUT; p++)
      m += here[p] = kith_cluster_step_of_part(5, (int64_t)step / STEPS_OF_ROUND, CUT, CLUSTERS, p) ==
                     (int64_t)step % STEPS_OF_ROUND;
    kith_sampler_plan(s.s, some_seed_nodes(number, seed), seed, step, 0, NULL);
    const kith_block *h = kith_sampler_block(s.s, HOPS - 1);
    for (kith_lid p = 0; p < h->csr->n_row && m > 1; p++)
      for (kith_eid e = h->csr->start[p]; e < h->csr->start[p + 1]; e++) {
        int own = part_of(node_of(h->dst, h->csr->perm[p])), other = part_of(node_of(h->src, h->csr->col[e]));
        assert_true(here[other]);
        double chance = own == other ? 1 : probability_of_part(m, here[own]);
        assert_true(fabs((double)h->scale[e] * chance - 1) < 1e-6);
        checked[own == other ? 0 : 1 + here[own]]++;
      }
  }
  kith_comm_sum_int(test_comm, 3, checked);
  assert_true(checked[0] > 0 && checked[1] > 0 && checked[2] > 0);
  setting_free(&s);
}

/* With one draw of each node a neighbor's factor is one over its chance, which `sampler.weighting` says. */
static void check_weighting(kith_neighbor_weighting draw) {
  setting s =
      setting_make(5, (kith_sampler_options){.mode = KITH_NEIGHBOR, .fanouts = {1, {1}}, .weighting = draw},
                   false);
  kith_gid number[NODES], seed[SEEDS];
  global_numbers(&s, number);
  for (uint64_t step = 0; step < 30; step++) {
    kith_sampler_plan(s.s, some_seed_nodes(number, seed), seed, step, 0, NULL);
    const kith_block *h = kith_sampler_block(s.s, HOPS - 1);
    for (kith_lid p = 0; p < h->csr->n_row; p++) {
      int a = node_of(h->dst, h->csr->perm[p]);
      double all = 0, of[NODES] = {0};
      for (int64_t e = 0; e < s.t.n_edge; e++) {
        int u = s.t.user[e], i = USERS + s.t.item[e];
        if (u != a && i != a) continue;
        int b = u == a ? i : u;
        of[b] = draw == KITH_UNIFORM      ? 1
                : draw == KITH_IMPORTANCE ? 1.0 / degree_of(&s.t, b)
                                          : 0.5 + (u * 7 + (i - USERS) * 3) % 5;
        all += of[b];
      }
      for (kith_eid e = h->csr->start[p]; e < h->csr->start[p + 1]; e++)
        assert_true(fabs((double)h->scale[e] * of[node_of(h->src, h->csr->col[e])] / all - 1) < 1e-5);
    }
  }
  setting_free(&s);
}

static void neighbors_are_sampled_by_their_weighting(void **state) {
  (void)state;
  check_weighting(KITH_UNIFORM);
  check_weighting(KITH_IMPORTANCE);
  check_weighting(KITH_EDGE_WEIGHT);
}

static void weighted_sums_are_unbiased(void **state) {
  (void)state;
  if (test_comm->size > 1) skip(); /* several ranks draw what one does: that is tested above */
  check_unbiased(neighbor(1, 2, 0), 800);
  check_unbiased(
      (kith_sampler_options){.mode = KITH_NEIGHBOR, .fanouts = {1, {3}}, .weighting = KITH_IMPORTANCE}, 800);
  check_unbiased(
      (kith_sampler_options){.mode = KITH_NEIGHBOR, .fanouts = {1, {3}}, .weighting = KITH_EDGE_WEIGHT}, 800);
  check_unbiased((kith_sampler_options){.mode = KITH_LAYERWISE, .budget = 20}, 2000);
  check_unbiased((kith_sampler_options){.mode = KITH_SAINT_NODE, .budget = 20}, 2000);
  for (int l = 0; l < HOPS; l++) { /* a seed's rows of farther hops are in the set or not */
    check_unbiased_sum((kith_sampler_options){.mode = KITH_LAYERWISE, .budget = 20}, l, 2000);
    check_unbiased_sum((kith_sampler_options){.mode = KITH_SAINT_NODE, .budget = 20}, l, 2000);
    check_unbiased_sum((kith_sampler_options){.mode = KITH_SAINT_EDGE, .budget = 10, .coverage = 400}, l,
                       4000);
    check_unbiased_sum(
        (kith_sampler_options){.mode = KITH_SAINT_WALK, .budget = 6, .walk_length = 2, .coverage = 400}, l,
        4000);
  }
  check_unbiased_sum((kith_sampler_options){.mode = KITH_CLUSTER,
                                            .clusters = CLUSTERS,
                                            .cluster_edges = KITH_CLUSTER_EDGES_REWEIGHT},
                     HOPS - 1, 2000);
}

/* The chance that no walk of one hop comes to a or b, of walks that begin at each node with chance `root`. */
static double probability_of_neither(const test_graph *t, double root, int a, int b) {
  double none = 1;
  for (int w = 0; w < NODES; w++) {
    double hit = w == a || w == b;
    if (hit == 0)
      hit = (double)(is_neighbor(t, w, a) + (a != b && is_neighbor(t, w, b))) / fmax(1, degree_of(t, w));
    none *= 1 - root * hit;
  }
  return none;
}

/* Scales of the edge sampler are one over counted chances; those are within 5 standard errors of the exact
 * ones. */
static void inclusion_probabilities_of_edges_are_exact(void **state) {
  (void)state;
  if (test_comm->size > 1) skip(); /* several ranks draw what one does: that is tested above */
  enum { BUDGET = 6, COVERAGE = 300 };
  setting s =
      setting_make(5, (kith_sampler_options){.mode = KITH_SAINT_EDGE, .budget = BUDGET, .coverage = COVERAGE},
                   false);
  kith_gid number[NODES], seed[SEEDS];
  double root = (double)BUDGET / NODES, alone[NODES], size = 0;
  int64_t checked[2] = {0, 0};
  for (int a = 0; a < NODES; a++) size += alone[a] = 1 - probability_of_neither(&s.t, root, a, a);
  double sets = COVERAGE * NODES / size;
  global_numbers(&s, number);
  kith_lid n = some_seed_nodes(number, seed);
  for (uint64_t step = 0; step < 20; step++) {
    kith_sampler_plan(s.s, n, seed, step, 0, NULL);
    for (int l = 0; l < HOPS; l++) {
      const kith_block *h = kith_sampler_block(s.s, l);
      for (kith_lid p = 0; p < h->csr->n_row; p++) {
        bool seeds = h->csr->perm[p] < n;
        if (seeds && l < HOPS - 1)
          continue; /* of the farther hop, rows that are there because they were drawn */
        for (kith_eid e = h->csr->start[p]; e < h->csr->start[p + 1]; e++) {
          int v = node_of(h->dst, h->csr->perm[p]), u = node_of(h->src, h->csr->col[e]);
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
  setting_free(&s);
}

/* How many nodes are in a set of each layer, on average: the budget, within 5 standard errors of a sum of
 * independent draws. */
static void check_sizes(kith_sampler_options o) {
  enum { STEPS = 400 };
  setting s = setting_make(5, o, false);
  kith_gid number[NODES];
  global_numbers(&s, number);
  int64_t drawn = 0;
  for (uint64_t step = 0; step < STEPS; step++) { /* every neighbor of all nodes that is read */
    bool there[NODES] = {false};
    for (int first = 0; first < NODES; first += SEEDS) {
      kith_lid n = (kith_lid)(NODES - first < SEEDS ? NODES - first : SEEDS);
      kith_sampler_plan(s.s, n, number + first, step, 0, NULL);
      const kith_block *h = kith_sampler_block(s.s, HOPS - 1);
      for (kith_eid e = 0; e < h->edges->n; e++) there[node_of(h->src, h->csr->col[e])] = true;
    }
    for (int i = 0; i < NODES; i++) drawn += there[i];
  }
  if (!(fabs((double)drawn / STEPS - (double)o.budget) < 5 * sqrt((double)o.budget / STEPS)))
    fail_msg("%s: %g nodes of %g", kith_sampler_mode_text(o.mode), (double)drawn / STEPS, (double)o.budget);
  setting_free(&s);
}

static void sets_have_the_expected_size(void **state) {
  (void)state;
  if (test_comm->size > 1) skip(); /* several ranks draw what one does: that is tested above */
  check_sizes((kith_sampler_options){.mode = KITH_SAINT_NODE, .budget = 25});
  check_sizes((kith_sampler_options){.mode = KITH_LAYERWISE, .budget = 25});
}

/* Every subset of two of five neighbors comes equally often: chi-square with 9 degrees of freedom, level
 * 0.001. */
static void draws_are_uniform(void **state) {
  (void)state;
  enum { DRAWS = 5000 };
  int count[5][5] = {{0}};
  double chi = 0;
  for (int i = 0; i < DRAWS; i++) {
    int64_t place[5];
    bool drawn[5] = {false};
    assert_int_equal(2, kith_neighbor_draw(1, (uint64_t)i, 77, 0, 0, 5, 2, drawn, place));
    assert_true(place[0] < place[1]);
    count[place[0]][place[1]]++;
  }
  for (int a = 0; a < 5; a++)
    for (int b = a + 1; b < 5; b++)
      chi += (count[a][b] - DRAWS / 10.0) * (count[a][b] - DRAWS / 10.0) / (DRAWS / 10.0);
  assert_true(chi < 27.88);
}

/* Floyd's algorithm word for word, for few draws and for many. */
static void many_draws_are_those_of_the_definition(void **state) {
  (void)state;
  enum { DEGREE = 700 };
  for (int k = 1; k < DEGREE; k += 23) {
    bool expected[DEGREE] = {false}, drawn[DEGREE] = {false};
    int64_t place[DEGREE], n = 0;
    for (int i = 0; i < k; i++) {
      kith_draw r = kith_random(3, KITH_RNG_NEIGHBOR, 8, 77, (uint64_t)1 << 32 | (uint64_t)(i - i % 4));
      int64_t last = DEGREE - k + i, x = (int64_t)kith_random_below(r.bits[i % 4], (uint64_t)last + 1);
      expected[expected[x] ? last : x] = true;
    }
    assert_int_equal(k, kith_neighbor_draw(3, 8, 77, 1, 0, DEGREE, k, drawn, place));
    for (int64_t x = 0; x < DEGREE; x++) {
      if (expected[x]) assert_int_equal(place[n++], x);
      assert_false(drawn[x]);
    }
    assert_int_equal(n, k);
  }
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(each_row_has_as_many_neighbors_as_its_fanout),
                                     cmocka_unit_test(seed_nodes_are_the_first_rows_of_every_block),
                                     cmocka_unit_test(blocks_are_those_of_one_rank),
                                     cmocka_unit_test(a_plan_under_way_leaves_the_current_one_unchanged),
                                     cmocka_unit_test(a_plan_under_way_can_be_destroyed),
                                     cmocka_unit_test(cluster_rows_read_the_neighbors_of_the_definition),
                                     cmocka_unit_test(sets_have_the_expected_size),
                                     cmocka_unit_test(inclusion_probabilities_of_edges_are_exact),
                                     cmocka_unit_test(excluded_edges_are_not_sampled),
                                     cmocka_unit_test(weighted_sums_are_unbiased),
                                     cmocka_unit_test(draws_are_uniform),
                                     cmocka_unit_test(sums_without_excluded_edges_are_unbiased),
                                     cmocka_unit_test(scale_of_kept_clusters_counts_eligible_neighbors),
                                     cmocka_unit_test(layerwise_has_a_set_a_layer_and_saint_one),
                                     cmocka_unit_test(reweighted_clusters_have_inverse_probabilities),
                                     cmocka_unit_test(neighbors_are_sampled_by_their_weighting),
                                     cmocka_unit_test(many_draws_are_those_of_the_definition)};
  test_begin(&argc, &argv);
  return test_end(cmocka_run_group_tests(tests, NULL, NULL));
}
