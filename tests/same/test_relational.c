/* ranks: 1 2 3 4 */
/*
 * Models with weights for each relation, the one of docs/new-model.md, rgcn and diffnet, on any number of
 * ranks: on the whole graph and on blocks of all neighbors their rows are what dense matrices in double give,
 * by every normalization, with undirected and directed relations.
 */
#include <stdio.h>
#include <stdlib.h>

#include "support/cut.h"
#include "support/mpi_main.h"
#include "support/relational.h"

#include "model/model.h"
#include "sample/sample.h"
#include "tape/compose.h"
#include "train/train.h"

enum {
  USERS = 12,
  ITEMS = 15,
  NODES = USERS + ITEMS + TEST_TAGS,
  EDGES = 70,
  WIDTH = 4,
  LAYERS = TEST_RELATIONAL_LAYERS,
  RELATIONS = 1 + TEST_RELATIONS,
  CUT = 5,
  SEEDS = 8
};
static const double TOLERANCE = 2e-6; /* floats against double */

static const kith_relation_weights READ = {.n = TEST_RELATIONS,
                                           .of = {{.name = "friend", .weight = 0.7},
                                                  {.name = "tagged", .weight = 1.9},
                                                  {.name = "view", .weight = 0.3}}};

typedef struct setting {
  test_graph t;
  kith_graph *g;
  kith_dist_csr *a;
  kith_params *params;
  kith_normalization by;
  bool typed;   /* rgcn: a matrix for each relation and each type that reads in it … */
  int bases;    /* … sums of so many; 0: each is free */
  bool attends; /* diffnet, in place of all of these */
} setting;

static int type_of(int node) {
  return node < USERS ? KITH_USER : node < USERS + ITEMS ? KITH_ITEM : TEST_TAG;
}
static int64_t original_of(int node) {
  return node < USERS ? node : node < USERS + ITEMS ? node - USERS : node - USERS - ITEMS;
}
static int node_of(int type, int64_t original) {
  return (int)original + (type == KITH_USER ? 0 : type == KITH_ITEM ? USERS : USERS + ITEMS);
}
static int node_of_key(int64_t key) {
  for (int i = 0; i < NODES; i++)
    if (kith_node_key(type_of(i), original_of(i)) == key) return i;
  return -1;
}

static double input(int node, int k) { return sin(3.0 * node + k + 1); }

/* ---- the truth ---- */

static double reads(const test_graph *t, int relation, int i, int j) {
  if (relation > 0)
    return test_reads(t, relation - 1, type_of(i), original_of(i), type_of(j), original_of(j));
  for (int64_t e = 0; e < t->n_edge; e++) {
    int u = (int)t->user[e], v = USERS + t->item[e];
    if ((u == i && v == j) || (u == j && v == i)) return 1;
  }
  return 0;
}

/* The matrix of a relation: its counts, divided by what the normalization says. */
static void matrix(const setting *s, int relation, double a[NODES][NODES]) {
  double row[NODES] = {0}, column[NODES] = {0}, omega = relation > 0 ? READ.of[relation - 1].weight : 1;
  for (int i = 0; i < NODES; i++)
    for (int j = 0; j < NODES; j++) {
      a[i][j] = reads(&s->t, relation, i, j);
      row[i] += a[i][j];
      column[j] += a[i][j];
    }
  for (int i = 0; i < NODES; i++)
    for (int j = 0; j < NODES; j++) {
      if (a[i][j] == 0) continue;
      double by = s->by == KITH_NORMALIZE_LEFT    ? row[i]
                  : s->by == KITH_NORMALIZE_RIGHT ? column[j]
                  : s->by == KITH_NORMALIZE_BOTH  ? sqrt(row[i] * column[j])
                                                  : 1;
      a[i][j] *= omega / by;
    }
}

/* Whether a node of a type can read others in a relation: Schlichtkrull et al., section 2, count a relation
 * and its inverse apart, and the type of the reader tells which of the two it is. */
static bool can_read(const test_graph *t, int relation, int type) {
  for (int i = 0; i < NODES; i++)
    for (int j = 0; j < NODES && type_of(i) == type; j++)
      if (reads(t, relation, i, j) > 0) return true;
  return false;
}

/* The weights of a relation for a type of readers: with bases, eq. 3. */
static void typed_weights(const setting *s, int relation, int type, int l, double w[WIDTH * WIDTH]) {
  static const char *const name[] = {"interactions", "friend", "tagged", "view"};
  char text[KITH_NAME];
  int place = 0, n = 0;
  for (int r = 0; r < RELATIONS; r++)
    for (int t = KITH_USER; t <= TEST_TAG; t++) {
      if (!can_read(&s->t, r, t)) continue;
      if (r == relation && t == type) place = n;
      n++;
    }
  if (s->bases == 0) {
    snprintf(text, sizeof text, "%s to %d.%d", name[relation], type, l);
    const float *free = kith_params_get(s->params, text, WIDTH, WIDTH, KITH_INIT_GLOROT)->value;
    for (int i = 0; i < WIDTH * WIDTH; i++) w[i] = (double)free[i];
    return;
  }
  snprintf(text, sizeof text, "mix.%d", l);
  const kith_tensor *a = kith_params_get(s->params, text, n, s->bases, KITH_INIT_GLOROT);
  assert_int_equal(a->n_row, n);
  snprintf(text, sizeof text, "basis.%d", l);
  const float *v = kith_params_get(s->params, text, s->bases * WIDTH, WIDTH, KITH_INIT_GLOROT)->value;
  for (int i = 0; i < WIDTH * WIDTH; i++) w[i] = 0;
  for (int b = 0; b < s->bases; b++)
    for (int i = 0; i < WIDTH * WIDTH; i++)
      w[i] += (double)a->value[place * s->bases + b] * (double)v[b * WIDTH * WIDTH + i];
}

static void multiply_typed(const setting *s, int relation, int l, double x[NODES][WIDTH],
                           double y[NODES][WIDTH]) {
  for (int t = KITH_USER; t <= TEST_TAG; t++) {
    double w[WIDTH * WIDTH];
    if (!can_read(&s->t, relation, t)) continue;
    typed_weights(s, relation, t, l, w);
    for (int i = 0; i < NODES; i++)
      for (int k = 0; k < WIDTH && type_of(i) == t; k++)
        for (int m = 0; m < WIDTH; m++) y[i][k] += x[i][m] * w[m * WIDTH + k];
  }
}

/* y += x w */
static void multiply(const setting *s, const char *name, int relation, int l, double x[NODES][WIDTH],
                     double y[NODES][WIDTH]) {
  char text[KITH_NAME];
  if (s->typed) snprintf(text, sizeof text, "%s.%d", name, l);
  else snprintf(text, sizeof text, "%s.%d.%d", name, relation, l);
  const float *w = kith_params_get(s->params, text, WIDTH, WIDTH, KITH_INIT_GLOROT)->value;
  for (int i = 0; i < NODES; i++)
    for (int k = 0; k < WIDTH; k++)
      for (int m = 0; m < WIDTH; m++) y[i][k] += x[i][m] * (double)w[m * WIDTH + k];
}

/* A vector of diffnet's: "left friend to 0", "fuse own". */
static double along(const setting *s, const char *what, int relation, int type, int l, const double *x) {
  static const char *const name[] = {"interactions", "friend", "tagged", "view"};
  char text[KITH_NAME];
  double sum = 0;
  if (relation < 0) snprintf(text, sizeof text, "%s.%d", what, l);
  else snprintf(text, sizeof text, "%s %s to %d.%d", what, name[relation], type, l);
  const float *w = kith_params_get(s->params, text, 1, WIDTH, KITH_INIT_GLOROT)->value;
  for (int k = 0; k < WIDTH; k++) sum += (double)w[k] * x[k];
  return sum;
}

static double leaky(double x) { return x > 0 ? x : 0.2 * x; }

/* What a row reads in a relation: sum over j of alpha_ij h_j, where an edge of two kinds counts twice.
 * Returns whether there is any. */
static bool attended(const setting *s, int relation, int i, int l, double h[NODES][WIDTH], double *p) {
  double all = 0;
  memset(p, 0, WIDTH * sizeof *p);
  for (int j = 0; j < NODES; j++) {
    double times = reads(&s->t, relation, i, j);
    if (times == 0) continue;
    double e = times * exp(leaky(along(s, "left", relation, type_of(i), l, h[i]) +
                                 along(s, "right", relation, type_of(i), l, h[j])));
    all += e;
    for (int k = 0; k < WIDTH; k++) p[k] += e * h[j][k];
  }
  for (int k = 0; k < WIDTH && all > 0; k++) p[k] /= all;
  return all > 0;
}

/* Wu et al., TKDE 2020, section 4.2: shares of the relations in which the row has neighbors. */
static void truth_attention(const setting *s, int l, double h[NODES][WIDTH]) {
  static double y[NODES][WIDTH];
  for (int i = 0; i < NODES; i++) {
    double sum[WIDTH] = {0}, all = 0;
    for (int r = 0; r < RELATIONS; r++) {
      double p[WIDTH], omega = r > 0 ? READ.of[r - 1].weight : 1;
      if (!attended(s, r, i, l, h, p)) continue;
      double share =
          omega * exp(leaky(along(s, "fuse own", -1, 0, l, h[i]) + along(s, "fuse near", -1, 0, l, p)));
      all += share;
      for (int k = 0; k < WIDTH; k++) sum[k] += share * p[k];
    }
    for (int k = 0; k < WIDTH; k++) y[i][k] = h[i][k] + (all > 0 ? sum[k] / all : 0);
  }
  memcpy(h, y, sizeof y);
}

static void truth_layer(const setting *s, int l, double h[NODES][WIDTH]) {
  static double a[NODES][NODES], y[NODES][WIDTH], near[NODES][WIDTH];
  if (s->attends) {
    truth_attention(s, l, h);
    return;
  }
  memset(y, 0, sizeof y);
  multiply(s, "self", 0, l, h, y);
  for (int r = 0; r < RELATIONS; r++) {
    matrix(s, r, a);
    memset(near, 0, sizeof near);
    for (int i = 0; i < NODES; i++)
      for (int j = 0; j < NODES; j++)
        for (int k = 0; k < WIDTH; k++) near[i][k] += a[i][j] * h[j][k];
    if (s->typed) multiply_typed(s, r, l, near, y);
    else multiply(s, "relation", r, l, near, y);
  }
  bool activates = !s->typed || l + 1 < LAYERS;
  for (int i = 0; i < NODES; i++)
    for (int k = 0; k < WIDTH; k++) h[i][k] = y[i][k] > 0 || !activates ? y[i][k] : 0;
}

static void expect_rows(const setting *s, int64_t n, const int64_t *node, const kith_tensor *found) {
  double h[NODES][WIDTH], most = 0;
  for (int i = 0; i < NODES; i++)
    for (int k = 0; k < WIDTH; k++) h[i][k] = input(i, k);
  for (int l = 0; l < LAYERS; l++) truth_layer(s, l, h);
  for (int i = 0; i < NODES; i++)
    for (int k = 0; k < WIDTH; k++) most = h[i][k] > most ? h[i][k] : most;
  assert_true(most > 0);
  for (int64_t i = 0; i < n; i++)
    for (int k = 0; k < WIDTH; k++)
      assert_true(fabs((double)found->value[i * WIDTH + k] - h[node_of_key(node[i])][k]) < TOLERANCE * most);
}

/* ---- the model ---- */

static setting setting_make(kith_normalization by, bool directed) {
  setting s = {.t = test_graph_random(USERS, ITEMS, EDGES, 3), .by = by};
  s.t.related = true;
  s.t.directed = directed;
  s.g = test_graph_cut(&s.t, test_comm, CUT, 2);
  assert_int_equal(KITH_OK, kith_dist_csr_create_merged(test_comm, s.g, &READ, 0, WIDTH, &s.a).status);
  assert_int_equal(KITH_OK, kith_dist_csr_normalize(test_comm, &READ, by, s.a).status);
  assert_int_equal(KITH_OK, kith_params_create(3, &s.params));
  return s;
}

/* rgcn or diffnet as trainers record it, or the model of docs/new-model.md; the rows after the last layer. */
static kith_tensor *record(const setting *s, kith_tape *tape, const kith_block *const *block,
                           kith_tensor *x) {
  static kith_gather_index nothing;
  static kith_output out;
  static kith_exec_ctx exec;
  kith_layer_outputs layers = {0};
  if (!s->typed) return test_relational(tape, s->params, block, LAYERS, x);
  kith_model_options o = {
      .name = KITH_RGCN, .dim = WIDTH, .layers = LAYERS, .relations = READ, .rgcn.bases = s->bases};
  if (s->attends) o.name = KITH_DIFFNET;
  out = (kith_output){.gather_index = &nothing,
                      .all_rows = true,
                      .packed = kith_tape_tensor(tape, 1, kith_model_output_dim(&o))};
  kith_model_ctx ctx = {.tape = tape,
                        .params = s->params,
                        .exec = &exec,
                        .schema = &s->g->schema,
                        .block = block,
                        .x = x,
                        .output = &out,
                        .layers = &layers};
  kith_model_record(&o, &ctx);
  return layers.n > 0 ? layers.h[layers.n - 1] : NULL;
}

static void setting_free(setting *s) {
  kith_params_destroy(&s->params);
  kith_dist_csr_destroy(&s->a);
  kith_graph_destroy(&s->g);
  test_graph_free(&s->t);
}

static void set_input(int64_t n, const int64_t *node, kith_tensor *x) {
  for (int64_t i = 0; i < n; i++)
    for (int k = 0; k < WIDTH; k++) x->value[i * WIDTH + k] = (float)input(node_of_key(node[i]), k);
}

static void check_whole(const setting *s) {
  kith_full_block full;
  kith_tape *tape = NULL;
  assert_int_equal(KITH_OK, kith_full_block_make(s->a, true, false, &full));
  assert_int_equal(KITH_OK, kith_tape_create(&tape));
  const kith_block *block[LAYERS] = {&full.block, &full.block};
  kith_tensor *x = kith_tape_node_tensor(tape, &full.nodes, WIDTH), *y = record(s, tape, block, x);
  assert_int_equal(KITH_OK, kith_tape_status(tape));
  set_input(s->g->n_own, s->a->node, x);
  for (int run = 0; run < 2; run++) kith_tape_forward(tape);
  expect_rows(s, s->g->n_own, s->a->node, y);
  kith_tape_destroy(&tape);
  kith_full_block_free(&full);
}

static kith_lid some_seeds(const setting *s, kith_gid seed[SEEDS]) {
  kith_gid number[NODES];
  for (int i = 0; i < NODES; i++) number[i] = -1;
  for (kith_lid i = 0; i < s->g->n_own; i++)
    number[node_of(s->g->type[i], s->g->original[i])] = s->g->first[test_comm->rank] + i;
  KITH_MPI(MPI_Allreduce(MPI_IN_PLACE, number, NODES, MPI_INT64_T, MPI_MAX, test_comm->mpi));
  for (int i = 0; i < SEEDS; i++) seed[i] = number[(5 * i + 7 * test_comm->rank) % NODES];
  return SEEDS - test_comm->rank;
}

static void check_sampled(const setting *s) {
  const kith_sampler_options all = {.mode = KITH_NEIGHBOR, .fanouts = {1, {0}}};
  kith_sampler *sampler = NULL;
  kith_tape *tape = NULL;
  kith_gid seed[SEEDS];
  kith_lid n = some_seeds(s, seed);
  assert_int_equal(
      KITH_OK, kith_sampler_create(test_comm, s->g, s->a, LAYERS, &all, false, SEEDS, 0, 5, &sampler).status);
  assert_int_equal(KITH_OK, kith_tape_create(&tape));
  const kith_block *block[LAYERS] = {kith_sampler_block(sampler, 0), kith_sampler_block(sampler, 1)};
  const kith_node_map *leaves = kith_sampler_input_nodes(sampler);
  kith_tensor *x = kith_tape_node_tensor(tape, leaves, WIDTH), *y = record(s, tape, block, x);
  assert_int_equal(KITH_OK, kith_tape_status(tape));
  for (uint64_t step = 0; step < 2; step++) {
    kith_sampler_plan(sampler, n - (kith_lid)step, seed + step, step, 0, NULL); /* another block each time */
    set_input(leaves->n, leaves->node, x);
    kith_tape_forward(tape);
    expect_rows(s, n - (kith_lid)step, leaves->node, y);
  }
  kith_tape_destroy(&tape);
  kith_sampler_destroy(&sampler);
}

static void each_relation_has_its_own_matrix(void **state) {
  (void)state;
  const kith_normalization by[] = {KITH_NORMALIZE_BOTH, KITH_NORMALIZE_LEFT, KITH_NORMALIZE_RIGHT,
                                   KITH_NORMALIZE_NONE};
  for (int k = 0; k < 8; k++) {
    setting s = setting_make(by[k / 2], k % 2 == 1);
    check_whole(&s);
    check_sampled(&s);
    setting_free(&s);
  }
}

/* Its own normalization does not matter: rgcn takes means. */
static void rgcn_has_a_matrix_for_each_relation_and_reader(void **state) {
  (void)state;
  for (int k = 0; k < 4; k++) {
    setting s = setting_make(KITH_NORMALIZE_BOTH, k % 2 == 1);
    s.by = KITH_NORMALIZE_LEFT;
    s.typed = true;
    s.bases = k / 2 * 2;
    check_whole(&s);
    check_sampled(&s);
    setting_free(&s);
  }
}

static void diffnet_attends_in_each_relation(void **state) {
  (void)state;
  for (int directed = 0; directed < 2; directed++) {
    setting s = setting_make(KITH_NORMALIZE_BOTH, directed == 1);
    s.typed = s.attends = true;
    check_whole(&s);
    check_sampled(&s);
    setting_free(&s);
  }
}

static void a_block_knows_its_relations(void **state) {
  (void)state;
  kith_tape *tape = NULL;
  kith_full_block full, plain;
  kith_dist_csr *a = NULL;
  setting s = setting_make(KITH_NORMALIZE_BOTH, false);
  assert_int_equal(KITH_OK, kith_full_block_make(s.a, true, false, &full));
  assert_int_equal(KITH_OK, kith_dist_csr_create(test_comm, s.g, WIDTH, &a).status);
  assert_int_equal(KITH_OK, kith_full_block_make(a, true, false, &plain));
  for (int r = 0; r < TEST_RELATIONS; r++)
    assert_int_equal(kith_block_relation(&full.block, READ.of[r].name), 1 + r);
  assert_int_equal(kith_block_relation(&full.block, "foe"), -1);
  assert_int_equal(kith_block_relation(&plain.block, "friend"), -1);
  assert_int_equal(KITH_OK, kith_tape_create(&tape));
  assert_null(kith_relation_block_op(tape, &full.block, RELATIONS));
  assert_int_equal(KITH_ECONFIG, kith_tape_status(tape));
  kith_tape_destroy(&tape);
  kith_full_block_free(&plain);
  kith_dist_csr_destroy(&a);
  kith_full_block_free(&full);
  setting_free(&s);
}

/* ---- rows composed with kinds ---- */

/* Kinds are numbered relation by relation; in the directed graph views have two, and the second edge of a
 * pair is of the second kind. */
static double q_of(int kind, int k) { return cos(5.0 * kind + k); }

typedef double node_rows[NODES][WIDTH];

/* y_i = sum over entries (i, j) of a_r(i, j) x_j * q_kind: means over all entries that i reads, where
 * interactions are read by users alone, or weighted by both degrees in the relation. */
static void truth_composed(setting *s, bool mean, node_rows x, node_rows y) {
  static double a[NODES][NODES];
  double n[NODES] = {0};
  memset(y, 0, sizeof(node_rows));
  for (int r = 0, first = 0; r < RELATIONS; r++) {
    s->by = mean ? KITH_NORMALIZE_NONE : KITH_NORMALIZE_BOTH;
    matrix(s, r, a);
    for (int i = 0; i < NODES; i++)
      for (int j = 0; j < NODES; j++) {
        int kinds = (int)reads(&s->t, r, i, j);
        if (kinds == 0 || (mean && r == 0 && type_of(i) != KITH_USER)) continue;
        n[i] += kinds;
        for (int kind = 0; kind < kinds; kind++)
          for (int k = 0; k < WIDTH; k++)
            y[i][k] += (mean ? 1 : a[i][j] / kinds) * x[j][k] * (r > 0 ? q_of(first + kind, k) : 1);
      }
    first += r == 0 ? 0 : 1;
  }
  for (int i = 0; i < NODES; i++)
    for (int k = 0; k < WIDTH && mean && n[i] > 0; k++) y[i][k] /= n[i];
}

/* Records a layer of it on x. */
static kith_tensor *composed(const setting *s, kith_tape *tape, const kith_block *block, bool mean,
                             kith_tensor *x) {
  const kith_composition_options how = {mean ? KITH_NORM_MEAN : KITH_NORM_SYMMETRIC, .users_only = mean};
  int n_kind = s->a->merged->n_kind;
  kith_tensor *q = kith_tape_tensor(tape, n_kind, WIDTH);
  kith_tensor *y = kith_compose_op(tape, kith_composition_op(tape, block, &how, q), x);
  assert_int_equal(KITH_OK, kith_tape_status(tape));
  for (int i = 0; i < n_kind * WIDTH; i++) q->value[i] = (float)q_of(i / WIDTH, i % WIDTH);
  return y;
}

static void expect_composed(setting *s, bool mean, int64_t n, const int64_t *node, const kith_tensor *found) {
  node_rows x, y;
  for (int i = 0; i < NODES; i++)
    for (int k = 0; k < WIDTH; k++) x[i][k] = input(i, k);
  truth_composed(s, mean, x, y);
  for (int64_t i = 0; i < n; i++)
    for (int k = 0; k < WIDTH; k++)
      assert_true(fabs((double)found->value[i * WIDTH + k] - y[node_of_key(node[i])][k]) < 4 * TOLERANCE);
}

static void check_composed(setting *s, bool mean) {
  kith_full_block full;
  kith_tape *tape = NULL;
  assert_int_equal(KITH_OK, kith_full_block_make(s->a, false, false, &full));
  assert_int_equal(KITH_OK, kith_tape_create(&tape));
  kith_tensor *x = kith_tape_node_tensor(tape, &full.nodes, WIDTH),
              *y = composed(s, tape, &full.block, mean, x);
  set_input(s->g->n_own, s->a->node, x);
  for (int run = 0; run < 2; run++) kith_tape_forward(tape);
  expect_composed(s, mean, s->g->n_own, s->a->node, y);
  kith_tape_destroy(&tape);
  kith_full_block_free(&full);
}

static void check_composed_sampled(setting *s, bool mean) {
  const kith_sampler_options all = {.mode = KITH_NEIGHBOR, .fanouts = {1, {0}}};
  kith_sampler *sampler = NULL;
  kith_tape *tape = NULL;
  kith_gid seed[SEEDS];
  kith_lid n = some_seeds(s, seed);
  assert_int_equal(KITH_OK,
                   kith_sampler_create(test_comm, s->g, s->a, 1, &all, false, SEEDS, 0, 5, &sampler).status);
  assert_int_equal(KITH_OK, kith_tape_create(&tape));
  const kith_node_map *leaves = kith_sampler_input_nodes(sampler);
  kith_tensor *x = kith_tape_node_tensor(tape, leaves, WIDTH),
              *y = composed(s, tape, kith_sampler_block(sampler, 0), mean, x);
  kith_sampler_plan(sampler, n, seed, 0, 0, NULL);
  set_input(leaves->n, leaves->node, x);
  kith_tape_forward(tape);
  expect_composed(s, mean, n, leaves->node, y);
  kith_tape_destroy(&tape);
  kith_sampler_destroy(&sampler);
}

/* ---- kgin ---- */

enum { INTENTS = 3 };

static double weight_of(const setting *s, const char *name, int n, int d, int at) {
  return (double)kith_params_get(s->params, name, n, d, KITH_INIT_GLOROT)->value[at];
}

/* Wang et al., WWW 2021, eqs. 1 and 2. */
static void truth_intents(const setting *s, int n_kind, double g[INTENTS][WIDTH]) {
  for (int p = 0; p < INTENTS; p++) {
    double all = 0;
    for (int r = 0; r < n_kind; r++) all += exp(weight_of(s, "intents.0", INTENTS, n_kind, p * n_kind + r));
    for (int k = 0; k < WIDTH; k++) {
      g[p][k] = 0;
      for (int r = 0; r < n_kind; r++)
        g[p][k] += exp(weight_of(s, "intents.0", INTENTS, n_kind, p * n_kind + r)) / all *
                   weight_of(s, "kinds.0", n_kind, WIDTH, r * WIDTH + k);
    }
  }
}

/* Eqs. 7, 8 and 10, with the mean of items beside eq. 7: the rows of a node from those of all. */
static void truth_kgin_row(const setting *s, int n_kind, double g[INTENTS][WIDTH], int i, node_rows x,
                           double y[WIDTH]) {
  double n = 0, share[INTENTS], all = 0;
  for (int k = 0; k < WIDTH; k++) y[k] = 0;
  bool user = type_of(i) == KITH_USER;
  for (int j = 0; j < NODES; j++) {
    int kinds = (int)reads(&s->t, user ? 0 : 1 + TEST_TAGGED, i, j);
    n += kinds;
    for (int r = 0; r < kinds; r++)
      for (int k = 0; k < WIDTH; k++)
        y[k] += x[j][k] * (user ? 1 : weight_of(s, "kinds.0", n_kind, WIDTH, r * WIDTH + k));
  }
  for (int k = 0; k < WIDTH && n > 0; k++) y[k] /= n;
  if (!user) return;
  for (int p = 0; p < INTENTS; p++) {
    double dot = 0;
    for (int k = 0; k < WIDTH; k++) dot += x[i][k] * g[p][k];
    all += share[p] = exp(dot);
  }
  for (int k = 0; k < WIDTH; k++) {
    double sum = 0;
    for (int p = 0; p < INTENTS; p++) sum += share[p] / all * g[p][k];
    y[k] += y[k] * sum;
  }
}

/* Unit rows after each layer; the sum of the input rows and all layers (eq. 13). */
static void truth_kgin(setting *s, node_rows final) {
  const int n_kind = 2;
  node_rows x, y;
  double g[INTENTS][WIDTH];
  truth_intents(s, n_kind, g);
  for (int i = 0; i < NODES; i++)
    for (int k = 0; k < WIDTH; k++) final[i][k] = x[i][k] = input(i, k);
  for (int l = 0; l < LAYERS; l++) {
    for (int i = 0; i < NODES; i++) {
      double square = 0;
      truth_kgin_row(s, n_kind, g, i, x, y[i]);
      for (int k = 0; k < WIDTH; k++) square += y[i][k] * y[i][k];
      for (int k = 0; k < WIDTH && square > 0; k++) y[i][k] /= sqrt(square);
      for (int k = 0; k < WIDTH; k++) final[i][k] += y[i][k];
    }
    memcpy(x, y, sizeof x);
  }
}

/* A model's final rows on the whole graph, whose kinds have the rows of q_of() if `given`, against the truth.
 */
static void expect_final(setting *s, const kith_model_options *o, bool given,
                         void (*truth)(setting *s, node_rows final)) {
  node_rows expected;
  kith_full_block full;
  kith_tape *tape = NULL;
  kith_output out = {.gather_index = &(kith_gather_index){0}, .all_rows = true};
  kith_exec_ctx exec = {0};
  float final[NODES * WIDTH];
  assert_int_equal(KITH_OK, kith_params_create(3, &s->params));
  assert_int_equal(KITH_OK, kith_model_graph_create(test_comm, s->g, o, 1, &s->a).status);
  assert_int_equal(KITH_OK, kith_full_block_make(s->a, false, false, &full));
  assert_int_equal(KITH_OK, kith_tape_create(&tape));
  const kith_block *block[LAYERS] = {&full.block, &full.block};
  kith_tensor *x = kith_tape_node_tensor(tape, &full.nodes, WIDTH);
  out.packed = kith_tape_tensor(tape, 1, WIDTH);
  kith_model_ctx ctx = {
      .tape = tape, .params = s->params, .exec = &exec, .block = block, .x = x, .output = &out};
  kith_model_record(o, &ctx);
  assert_int_equal(KITH_OK, kith_tape_status(tape));
  int n_kind = s->a->merged->n_kind;
  kith_tensor *q = kith_params_get(s->params, "kinds.0", n_kind, WIDTH, KITH_INIT_ONE);
  for (int i = 0; given && i < n_kind * WIDTH; i++) q->value[i] = (float)q_of(i / WIDTH, i % WIDTH);
  set_input(s->g->n_own, s->a->node, x);
  kith_tape_forward(tape);
  kith_output_rows(&out, s->g->n_own, WIDTH, final);
  truth(s, expected);
  for (kith_lid i = 0; i < s->g->n_own; i++)
    for (int k = 0; k < WIDTH; k++)
      assert_true(fabs((double) final[i * WIDTH + k] - expected[node_of_key(s->a->node[i])][k]) <
                  4 * TOLERANCE);
  kith_tape_destroy(&tape);
  kith_full_block_free(&full);
}

static setting setting_of_kinds(bool directed) {
  setting s = {.t = test_graph_random(USERS, ITEMS, EDGES, 3)};
  s.t.related = s.t.kinds = true;
  s.t.directed = directed;
  s.g = test_graph_cut(&s.t, test_comm, CUT, 2);
  return s;
}

static void kgin_is_the_papers(void **state) {
  (void)state;
  const kith_model_options o = {.name = KITH_KGIN,
                                .dim = WIDTH,
                                .layers = LAYERS,
                                .relations = {.n = 1, .of = {{.name = "tagged", .weight = 1}}},
                                .kgin.intents = INTENTS};
  for (int directed = 0; directed < 2; directed++) {
    setting s = setting_of_kinds(directed == 1);
    expect_final(&s, &o, false, truth_kgin);
    setting_free(&s);
  }
}

/* The mean of the input rows and all layers (He et al., SIGIR 2020, eq. 4), each layer composed. */
static void truth_lightgcn(setting *s, node_rows final) {
  node_rows x, y;
  for (int i = 0; i < NODES; i++)
    for (int k = 0; k < WIDTH; k++) final[i][k] = (x[i][k] = input(i, k)) / (LAYERS + 1);
  for (int l = 0; l < LAYERS; l++) {
    truth_composed(s, false, x, y);
    memcpy(x, y, sizeof x);
    for (int i = 0; i < NODES; i++)
      for (int k = 0; k < WIDTH; k++) final[i][k] += x[i][k] / (LAYERS + 1);
  }
}

static void lightgcn_reads_by_rows_of_kinds(void **state) {
  (void)state;
  const kith_model_options o = {.name = KITH_LIGHTGCN,
                                .dim = WIDTH,
                                .layers = LAYERS,
                                .relations = READ,
                                .lightgcn.kinds = KITH_KIND_ROWS_LEARNED};
  for (int directed = 0; directed < 2; directed++) {
    setting s = setting_make(KITH_NORMALIZE_BOTH, directed == 1);
    kith_dist_csr_destroy(&s.a);
    kith_params_destroy(&s.params);
    expect_final(&s, &o, true, truth_lightgcn);
    setting_free(&s);
  }
}

/* Szekely, Rizzo and Bakirov, 2007: the squared distance covariance as S1 + S2 - 2 S3 of the distances. */
static double covariance(const double *x, const double *y) {
  double s1 = 0, s3 = 0, a = 0, b = 0;
  for (int k = 0; k < WIDTH; k++)
    for (int l = 0; l < WIDTH; l++) {
      s1 += fabs(x[k] - x[l]) * fabs(y[k] - y[l]);
      a += fabs(x[k] - x[l]);
      b += fabs(y[k] - y[l]);
      for (int m = 0; m < WIDTH; m++) s3 += fabs(x[k] - x[l]) * fabs(y[k] - y[m]);
    }
  double n = WIDTH;
  return s1 / (n * n) + a * b / (n * n * n * n) - 2 * s3 / (n * n * n);
}

/* Eqs. 4 and 5 of kgin, each pair of intents once; w: the rows of the kinds, then the intents' logits. */
static double dependence(int n_kind, const double *w) {
  double g[INTENTS][WIDTH] = {{0}}, sum = 0;
  for (int p = 0; p < INTENTS; p++) {
    const double *logit = w + n_kind * WIDTH + p * n_kind;
    double all = 0;
    for (int r = 0; r < n_kind; r++) all += exp(logit[r]);
    for (int r = 0; r < n_kind; r++)
      for (int k = 0; k < WIDTH; k++) g[p][k] += exp(logit[r]) / all * w[r * WIDTH + k];
    for (int o = 0; o < p; o++)
      sum += sqrt(covariance(g[p], g[o]) / sqrt(covariance(g[p], g[p]) * covariance(g[o], g[o])));
  }
  return sum;
}

/* A step of plain descent at rate 1: its loss, the weights before it and after. */
static double step_of_kgin(const setting *s, double independence, int n, double *before, double *after) {
  const kith_model_options o = {.name = KITH_KGIN,
                                .dim = WIDTH,
                                .layers = LAYERS,
                                .init = 0.5,
                                .relations = {.n = 1, .of = {{.name = "tagged", .weight = 1}}},
                                .kgin = {.intents = INTENTS, .independence = independence}};
  kith_train_options train = kith_train_defaults();
  kith_trainer *trainer = NULL;
  train.optimizer = (kith_optimizer_options){.name = KITH_SGD, .lr = 1};
  assert_int_equal(KITH_OK, kith_trainer_create(test_comm, s->g, &o, &train, &trainer).status);
  kith_train_state is = kith_trainer_state(trainer);
  assert_int_equal(is.weights.n, n);
  for (int i = 0; i < n; i++) before[i] = (double)is.weights.value[i];
  (void)kith_trainer_step(trainer, 0, KITH_REQUEST_NONE);
  for (int i = 0; i < n; i++) after[i] = (double)is.weights.value[i];
  kith_comm_sum(test_comm, 1, is.loss);
  double loss = kith_exact_sum_value(is.loss);
  kith_trainer_destroy(&trainer);
  return loss;
}

static void the_loss_keeps_intents_apart(void **state) {
  (void)state;
  enum { KINDS = 2, N = KINDS * WIDTH + INTENTS * KINDS };
  const double factor = 0.5, shift = 1e-5;
  double w[N], free[N], kept[N];
  setting s = setting_of_kinds(false);
  double without = step_of_kgin(&s, 0, N, w, free), with = step_of_kgin(&s, factor, N, w, kept);
  assert_true(dependence(KINDS, w) > 0.1);
  assert_true(fabs(with - without - factor * dependence(KINDS, w)) < TOLERANCE);
  for (int i = 0; i < N; i++) {
    double at = w[i], up, down;
    w[i] = at + shift;
    up = dependence(KINDS, w);
    w[i] = at - shift;
    down = dependence(KINDS, w);
    w[i] = at;
    assert_true(fabs(kept[i] - free[i] + factor * (up - down) / (2 * shift)) < 10 * TOLERANCE);
  }
  kith_graph_destroy(&s.g);
  test_graph_free(&s.t);
}

static void rows_are_composed_with_kinds(void **state) {
  (void)state;
  for (int k = 0; k < 4; k++) {
    setting s = setting_make(KITH_NORMALIZE_BOTH, k % 2 == 1);
    assert_int_equal(KITH_OK, kith_dist_csr_add_kinds(test_comm, s.g, &READ, s.a).status);
    assert_int_equal(TEST_RELATIONS + k % 2, s.a->merged->n_kind);
    check_composed(&s, k / 2 == 1);
    check_composed_sampled(&s, k / 2 == 1);
    setting_free(&s);
  }
}

/* What a merged matrix is made with is to the bit what its own normalization gives. */
static void both_is_what_a_merged_matrix_has(void **state) {
  (void)state;
  for (int directed = 0; directed < 2; directed++) {
    setting s = setting_make(KITH_NORMALIZE_BOTH, directed == 1);
    kith_dist_csr *a = NULL;
    assert_int_equal(KITH_OK, kith_dist_csr_create_merged(test_comm, s.g, &READ, 0, WIDTH, &a).status);
    assert_memory_equal(a->csr.weight, s.a->csr.weight, (size_t)a->csr.start[a->csr.n_row] * 4);
    assert_int_equal(a->transpose != NULL, directed);
    if (directed)
      assert_memory_equal(a->transpose->csr.weight, s.a->transpose->csr.weight,
                          (size_t)a->transpose->csr.start[a->csr.n_row] * 4);
    kith_dist_csr_destroy(&a);
    setting_free(&s);
  }
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(each_relation_has_its_own_matrix),
                                     cmocka_unit_test(rgcn_has_a_matrix_for_each_relation_and_reader),
                                     cmocka_unit_test(diffnet_attends_in_each_relation),
                                     cmocka_unit_test(a_block_knows_its_relations),
                                     cmocka_unit_test(rows_are_composed_with_kinds),
                                     cmocka_unit_test(kgin_is_the_papers),
                                     cmocka_unit_test(lightgcn_reads_by_rows_of_kinds),
                                     cmocka_unit_test(the_loss_keeps_intents_apart),
                                     cmocka_unit_test(both_is_what_a_merged_matrix_has)};
  test_begin(&argc, &argv);
  return test_end(cmocka_run_group_tests(tests, NULL, NULL));
}
