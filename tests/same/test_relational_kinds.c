/* ranks: 1 2 3 4 */
/*
 * Rows composed with the kinds of edges, and the models that read them, kgin and lightgcn with rows of kinds,
 * on any number of ranks: what dense matrices in double give, on the whole graph and on blocks of all
 * neighbors.
 */
#include <stdlib.h>

#include "support/mpi_main.h"
#include "support/related.h"

#include "model/model.h"
#include "tape/compose.h"

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
    related_matrix(s, r, a);
    for (int i = 0; i < NODES; i++)
      for (int j = 0; j < NODES; j++) {
        int kinds = (int)related_reads(&s->t, r, i, j);
        if (kinds == 0 || (mean && r == 0 && related_type(i) != KITH_USER)) continue;
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
    for (int k = 0; k < WIDTH; k++) x[i][k] = related_input(i, k);
  truth_composed(s, mean, x, y);
  for (int64_t i = 0; i < n; i++)
    for (int k = 0; k < WIDTH; k++)
      assert_true(fabs((double)found->value[i * WIDTH + k] - y[related_node_of_key(node[i])][k]) <
                  4 * TOLERANCE);
}

static void check_composed(setting *s, bool mean) {
  kith_full_block full;
  kith_tape *tape = NULL;
  assert_int_equal(KITH_OK, kith_full_block_make(s->a, false, false, &full));
  assert_int_equal(KITH_OK, kith_tape_create(&tape));
  kith_tensor *x = kith_tape_node_tensor(tape, &full.nodes, WIDTH),
              *y = composed(s, tape, &full.block, mean, x);
  related_set_input(s->g->n_own, s->a->node, x);
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
  kith_lid n = related_seeds(s, seed);
  assert_int_equal(
      KITH_OK, kith_sampler_create(test_comm, s->g, s->a, 1, &all, false, SEEDS, 0, 0, 5, &sampler).status);
  assert_int_equal(KITH_OK, kith_tape_create(&tape));
  const kith_node_map *leaves = kith_sampler_input_nodes(sampler);
  kith_tensor *x = kith_tape_node_tensor(tape, leaves, WIDTH),
              *y = composed(s, tape, kith_sampler_block(sampler, 0), mean, x);
  kith_sampler_plan(sampler, n, seed, 0, 0, NULL);
  related_set_input(leaves->n, leaves->node, x);
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
  bool user = related_type(i) == KITH_USER;
  for (int j = 0; j < NODES; j++) {
    int kinds = (int)related_reads(&s->t, user ? 0 : 1 + TEST_TAGGED, i, j);
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
    for (int k = 0; k < WIDTH; k++) final[i][k] = x[i][k] = related_input(i, k);
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
  related_set_input(s->g->n_own, s->a->node, x);
  kith_tape_forward(tape);
  kith_output_rows(&out, 0, s->g->n_own, WIDTH, final);
  truth(s, expected);
  for (kith_lid i = 0; i < s->g->n_own; i++)
    for (int k = 0; k < WIDTH; k++)
      assert_true(fabs((double) final[i * WIDTH + k] - expected[related_node_of_key(s->a->node[i])][k]) <
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
    related_free(&s);
  }
}

/* The mean of the input rows and all layers (He et al., SIGIR 2020, eq. 4), each layer composed. */
static void truth_lightgcn(setting *s, node_rows final) {
  node_rows x, y;
  for (int i = 0; i < NODES; i++)
    for (int k = 0; k < WIDTH; k++) final[i][k] = (x[i][k] = related_input(i, k)) / (LAYERS + 1);
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
    setting s = related_make(KITH_NORMALIZE_BOTH, directed == 1);
    kith_dist_csr_destroy(&s.a);
    kith_params_destroy(&s.params);
    expect_final(&s, &o, true, truth_lightgcn);
    related_free(&s);
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
    setting s = related_make(KITH_NORMALIZE_BOTH, k % 2 == 1);
    assert_int_equal(KITH_OK, kith_dist_csr_add_kinds(test_comm, s.g, &READ, s.a).status);
    assert_int_equal(TEST_RELATIONS + k % 2, s.a->merged->n_kind);
    check_composed(&s, k / 2 == 1);
    check_composed_sampled(&s, k / 2 == 1);
    related_free(&s);
  }
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(rows_are_composed_with_kinds),
                                     cmocka_unit_test(kgin_is_the_papers),
                                     cmocka_unit_test(lightgcn_reads_by_rows_of_kinds),
                                     cmocka_unit_test(the_loss_keeps_intents_apart)};
  test_begin(&argc, &argv);
  return test_end(cmocka_run_group_tests(tests, NULL, NULL));
}
