/* ranks: 1 2 3 4 */
/*
 * Node classification: the first steps agree to 1e-5 on one rank and on all, sampled with all neighbors and
 * full, and with an independent oracle in double precision, dense matrices without tape and halo.
 */
#include <math.h>

#include "support/classes.h"
#include "support/mpi_main.h"

#include "baseline/baseline.h"
#include "train/train.h"

enum { NODES = 90, CLASSES = 4, FEATURES = 24, WIDTH = 8, STEPS = 6, PARTS = 7 };
static const double TOLERANCE = 1e-5,
                    LOGITS = 1e-4; /* of losses; of logits, whose norm many roundings reach */

static test_classes classes;

static kith_train_options manner(kith_sampler_mode mode, kith_fanouts fanouts, int batch) {
  kith_train_options o = kith_train_defaults();
  o.sampler.mode = mode;
  o.sampler.fanouts = fanouts;
  o.batch = batch;
  o.optimizer.lr = 0.02;
  o.weight_decay = 5e-3;
  o.weight_decay_on = KITH_DECAY_FIRST;
  return o;
}

static kith_model_options model_of(kith_model_options o) {
  o.dim = WIDTH;
  o.layers = 2;
  o.init = 0.1;
  if (o.gat.heads == 0) o.gat.heads = 1;
  return o;
}

/* Losses of the first steps, over as many epochs as it takes; and, if asked for, how the validation nodes are
 * answered. */
static void train_on(const kith_comm *comm, const test_classes *t, kith_model_options model,
                     kith_train_options how, int parts, double *loss, kith_accuracy *valid) {
  kith_graph *g = test_classes_cut(t, comm, parts, 2);
  kith_trainer *trainer = NULL;
  assert_int_equal(KITH_OK, kith_trainer_create(comm, g, &model, &how, &trainer).status);
  int64_t n_step = kith_trainer_n_step(trainer), live = kith_alloc_live();
  for (int s = 0; s < STEPS; s++) {
    kith_exact_sum *mine = kith_trainer_state(trainer).loss, sum;
    *mine = (kith_exact_sum){0};
    if (s % n_step == 0) kith_trainer_set_epoch(trainer, s / n_step);
    assert_int_equal(kith_trainer_step(trainer, s % n_step, KITH_REQUEST_NONE), KITH_REQUEST_NONE);
    sum = *mine;
    kith_comm_sum(comm, 1, &sum);
    loss[s] = kith_exact_sum_value(&sum);
  }
  assert_int_equal(live, kith_alloc_live());
  if (valid) *valid = kith_eval_accuracy(comm, g, kith_trainer_inference(trainer), KITH_NODE_VALID);
  kith_trainer_destroy(&trainer);
  kith_graph_destroy(&g);
}

static void expect_near(const double *a, const double *b) {
  for (int s = 0; s < STEPS; s++)
    if (!(fabs(a[s] - b[s]) <= TOLERANCE * fabs(a[s]))) fail_msg("step %d: %.9g and %.9g", s, a[s], b[s]);
  assert_true(a[STEPS - 1] < a[0]); /* something is learned */
}

/* One rank and all ranks; `parts` of the graph on the one. */
static void check_ranks(const test_classes *t, kith_model_options model, kith_train_options how, int parts) {
  double alone[STEPS], together[STEPS];
  kith_accuracy one, all;
  kith_comm *self = NULL;
  assert_int_equal(KITH_OK, kith_comm_create(MPI_COMM_SELF, &self).status);
  train_on(self, t, model_of(model), how, parts, alone, &one);
  train_on(test_comm, t, model_of(model), how, PARTS, together, &all);
  expect_near(alone, together);
  assert_int_equal(one.n, all.n);
  assert_int_equal(one.correct, all.correct);
  if (!(fabs(one.loss - all.loss) <= TOLERANCE * one.loss))
    fail_msg("validation losses %.9g and %.9g", one.loss, all.loss);
  kith_comm_destroy(&self);
}

static void check(kith_model_options model) {
  double full[STEPS], sampled[STEPS];
  check_ranks(&classes, model, manner(KITH_FULL, (kith_fanouts){0}, 1), 1);
  check_ranks(&classes, model, manner(KITH_NEIGHBOR, (kith_fanouts){2, {3, 2}}, 9), 1);
  train_on(test_comm, &classes, model_of(model), manner(KITH_FULL, (kith_fanouts){0}, 1), PARTS, full, NULL);
  train_on(test_comm, &classes, model_of(model), manner(KITH_NEIGHBOR, (kith_fanouts){1, {0}}, NODES), PARTS,
           sampled, NULL);
  expect_near(full, sampled);
}

static void gcn_is_the_same(void **state) {
  (void)state;
  check((kith_model_options){.name = KITH_GCN, .dropout = 0.2});
}

static void gcnii_is_the_same(void **state) {
  (void)state;
  check((kith_model_options){.name = KITH_GCNII, .dropout = 0.2, .gcnii = {0.2, 0.7}});
}

static void rgcn_is_the_same(void **state) {
  (void)state;
  check((kith_model_options){.name = KITH_RGCN, .dropout = 0.2});
  check((kith_model_options){.name = KITH_RGCN, .rgcn.bases = 2});
}

static void gat_is_the_same(void **state) {
  (void)state;
  check((kith_model_options){
      .name = KITH_GAT, .gat.heads = 4, .gat.last_heads = 1, .dropout = 0.1, .gat.attention_dropout = 0.1});
}

static void sage_is_the_same(void **state) {
  (void)state;
  check((kith_model_options){.name = KITH_SAGE});
  check((kith_model_options){.name = KITH_SAGE, .sage.aggregator = KITH_SAGE_POOL});
}

/* Sets of nodes, and parts of the cut, which must then be the same on one rank. */
static void other_samplers_are_the_same(void **state) {
  (void)state;
  static const kith_sampler_mode mode[] = {KITH_LAYERWISE, KITH_CLUSTER, KITH_SAINT_NODE, KITH_SAINT_EDGE,
                                           KITH_SAINT_WALK};
  for (size_t i = 0; i < sizeof mode / sizeof *mode; i++) {
    kith_train_options how = manner(mode[i], (kith_fanouts){0}, 9);
    how.sampler.budget = 40;
    how.sampler.clusters = 2;
    check_ranks(&classes, (kith_model_options){.name = KITH_GCN}, how, PARTS);
    check_ranks(&classes, (kith_model_options){.name = KITH_SAGE}, how, PARTS);
  }
}

/* Nodes without features learn embeddings. */
static void embeddings_are_learned_the_same(void **state) {
  (void)state;
  test_classes bare = classes;
  kith_train_options full = manner(KITH_FULL, (kith_fanouts){0}, 1),
                     sampled = manner(KITH_NEIGHBOR, (kith_fanouts){2, {3, 2}}, 9);
  full.optimizer.epsilon = sampled.optimizer.epsilon =
      1e-4; /* a gradient that is all rounding moves an embedding by nothing, not by lr */
  bare.n_feature = 0;
  check_ranks(&bare, (kith_model_options){.name = KITH_GCN}, full, 1);
  check_ranks(&bare, (kith_model_options){.name = KITH_SAGE}, sampled, 1);
}

/* ---- the steps of an epoch ---- */

/* Every training node is learned from once in an epoch, in another order in the next; over an epoch all weigh
 * the same. */
static void check_epochs(const kith_graph *g, kith_train_nodes *l) {
  int64_t seen[NODES] = {0}, step_of[2][NODES] = {{0}}, moved = 0;
  for (int epoch = 0; epoch < 2; epoch++) {
    kith_train_nodes_set_epoch(l, epoch);
    for (int64_t s = 0; s < l->n_step; s++) {
      const kith_gid *ahead = NULL;
      kith_train_nodes_fill(l, s);
      int64_t n = l->n;
      assert_int_equal(kith_train_nodes_peek(l, s, &ahead), n);
      assert_memory_equal(ahead, l->gid, (size_t)n * sizeof *ahead);
      if (s + 1 < l->n_step) (void)kith_train_nodes_peek(l, s + 1, &ahead); /* leaves the step as it is */
      kith_comm_sum_int(test_comm, 1, &n);
      assert_int_equal(n, kith_train_nodes_step_size(l, s));
      for (kith_lid i = 0; i < l->n; i++) {
        int64_t node = g->original[l->row[i]];
        seen[node]++;
        step_of[epoch][node] = s;
        assert_int_equal(l->label[i], classes.label[node]);
        assert_true(i == 0 || l->row[i - 1] < l->row[i]);
        assert_true(
            fabs(l->weight[i] * (l->clusters > 0 ? (double)g->n_train / (double)l->n_step : (double)n) - 1) <
            1e-12);
      }
    }
  }
  kith_comm_sum_int(test_comm, NODES, seen);
  for (int i = 0; i < NODES; i++) assert_int_equal(seen[i], classes.split[i] == KITH_NODE_TRAIN ? 2 : 0);
  for (int i = 0; i < NODES; i++) moved += step_of[0][i] != step_of[1][i];
  kith_comm_sum_int(test_comm, 1, &moved);
  assert_true(moved > 0);
}

static void an_epoch_has_every_training_node_once(void **state) {
  (void)state;
  kith_graph *g = test_classes_cut(&classes, test_comm, PARTS, 2);
  kith_train_nodes *l = NULL;
  assert_int_equal(KITH_OK, kith_train_nodes_create(g, g->first[test_comm->rank], 5, true, 1, &l));
  assert_int_equal(l->n_step, (g->n_train + 4) / 5);
  check_epochs(g, l);
  kith_train_nodes_destroy(&l);
  assert_int_equal(KITH_OK, kith_train_nodes_create_clusters(test_comm, g, 2, 1, &l).status);
  assert_int_equal(l->n_step, (PARTS + 1) / 2);
  check_epochs(g, l);
  kith_train_nodes_destroy(&l);
  kith_graph_destroy(&g);
}

/* ---- the oracle: a graph convolution of two layers, without dropout ---- */

typedef struct layer {
  int k, m;
  double *w, *dw, *first, *second; /* [k, m] */
} layer;

typedef struct oracle {
  double *a; /* [n, n] */
  layer layer[2];
  double *ax, *h, *ah, *y; /* [n, FEATURES], [n, WIDTH], [n, WIDTH], [n, CLASSES] */
} oracle;

static double *make(int64_t n) { return calloc((size_t)n, sizeof(double)); }

static uint64_t name_key(const char *name) {
  uint64_t h = 14695981039346656037u;
  for (; *name; name++) h = (h ^ (uint64_t)*name) * 1099511628211u;
  return h;
}

static layer layer_make(const char *name, int k, int m, uint64_t seed) {
  layer l = {k, m, make(k * m), make(k * m), make(k * m), make(k * m)};
  for (int i = 0; i < k * m; i++) {
    double u = kith_random_unit(
        kith_random(seed, KITH_RNG_WEIGHT, name_key(name), (uint64_t)(i / m), (uint64_t)(i % m)).bits[0]);
    l.w[i] = (float)(sqrt(6.0 / (k + m)) * (2 * u - 1));
  }
  return l;
}

/* c [n, m] (+)= a [n, k] b [k, m]; with a or b turned over. */
static void multiply(int n, int k, int m, const double *a, bool turn_a, const double *b, bool turn_b,
                     double *c) {
  for (int i = 0; i < n; i++)
    for (int j = 0; j < m; j++) {
      double sum = 0;
      for (int x = 0; x < k; x++)
        sum += (turn_a ? a[x * n + i] : a[i * k + x]) * (turn_b ? b[j * k + x] : b[x * m + j]);
      c[i * m + j] = sum;
    }
}

static oracle oracle_begin(const test_classes *t, uint64_t seed) {
  oracle o = {.a = make(t->n * t->n)};
  double degree[NODES], *x = make(t->n * FEATURES);
  for (int i = 0; i < NODES; i++) degree[i] = 1;
  for (int64_t e = 0; e < t->n_edge; e++) {
    degree[t->from[e]]++;
    degree[t->to[e]]++;
  }
  for (int i = 0; i < NODES; i++) o.a[i * NODES + i] = 1 / degree[i];
  for (int64_t e = 0; e < t->n_edge; e++)
    o.a[t->from[e] * NODES + t->to[e]] = o.a[t->to[e] * NODES + t->from[e]] =
        1 / sqrt(degree[t->from[e]] * degree[t->to[e]]);
  o.layer[0] = layer_make("weight.0", FEATURES, WIDTH, seed);
  o.layer[1] = layer_make("weight.1", WIDTH, CLASSES, seed);
  o.ax = make(NODES * FEATURES);
  o.h = make(NODES * WIDTH);
  o.ah = make(NODES * WIDTH);
  o.y = make(NODES * CLASSES);
  for (int i = 0; i < NODES * FEATURES; i++) x[i] = (double)t->feature[i];
  multiply(NODES, NODES, FEATURES, o.a, false, x, false, o.ax);
  free(x);
  return o;
}

static void oracle_end(oracle *o) {
  double *all[] = {o->a, o->ax, o->h, o->ah, o->y};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) free(all[i]);
  for (int i = 0; i < 2; i++) {
    free(o->layer[i].w);
    free(o->layer[i].dw);
    free(o->layer[i].first);
    free(o->layer[i].second);
  }
}

static void oracle_forward(oracle *o) {
  multiply(NODES, FEATURES, WIDTH, o->ax, false, o->layer[0].w, false, o->h);
  for (int i = 0; i < NODES * WIDTH; i++) o->h[i] = o->h[i] > 0 ? o->h[i] : 0;
  multiply(NODES, NODES, WIDTH, o->a, false, o->h, false, o->ah);
  multiply(NODES, WIDTH, CLASSES, o->ah, false, o->layer[1].w, false, o->y);
}

/* Mean loss over the training nodes, and dy. */
static double oracle_loss(const oracle *o, const test_classes *t, double *dy) {
  double loss = 0;
  int n = 0;
  for (int i = 0; i < NODES; i++) n += t->split[i] == KITH_NODE_TRAIN;
  for (int i = 0; i < NODES; i++) {
    double sum = 0;
    if (t->split[i] != KITH_NODE_TRAIN) continue;
    for (int k = 0; k < CLASSES; k++) sum += exp(o->y[i * CLASSES + k]);
    for (int k = 0; k < CLASSES; k++)
      dy[i * CLASSES + k] = (exp(o->y[i * CLASSES + k]) / sum - (k == t->label[i])) / n;
    loss += (log(sum) - o->y[i * CLASSES + t->label[i]]) / n;
  }
  return loss;
}

static void oracle_adam(layer *l, const kith_train_options *how, int step) {
  const kith_optimizer_options *a = &how->optimizer;
  for (int i = 0; i < l->k * l->m; i++) {
    l->first[i] = a->beta1 * l->first[i] + (1 - a->beta1) * l->dw[i];
    l->second[i] = a->beta2 * l->second[i] + (1 - a->beta2) * l->dw[i] * l->dw[i];
    l->w[i] -= a->lr * l->first[i] / (1 - pow(a->beta1, step)) /
               (sqrt(l->second[i] / (1 - pow(a->beta2, step))) + a->epsilon);
  }
}

static double oracle_step(oracle *o, const test_classes *t, const kith_train_options *how, int step) {
  double *dy = make(NODES * CLASSES), *back = make(NODES * CLASSES), *dh = make(NODES * WIDTH);
  oracle_forward(o);
  double loss = oracle_loss(o, t, dy);
  multiply(WIDTH, NODES, CLASSES, o->ah, true, dy, false, o->layer[1].dw);
  multiply(NODES, NODES, CLASSES, o->a, false, dy, false, back);
  multiply(NODES, CLASSES, WIDTH, back, false, o->layer[1].w, true, dh);
  for (int i = 0; i < NODES * WIDTH; i++) dh[i] = o->h[i] > 0 ? dh[i] : 0;
  multiply(FEATURES, NODES, WIDTH, o->ax, true, dh, false, o->layer[0].dw);
  for (int i = 0; i < FEATURES * WIDTH; i++) o->layer[0].dw[i] += how->weight_decay * o->layer[0].w[i];
  for (int i = 0; i < 2; i++) oracle_adam(&o->layer[i], how, step);
  free(dy);
  free(back);
  free(dh);
  return loss;
}

static void expect_logits(const kith_graph *g, const float *found, const oracle *o) {
  double error = 0, size = 0;
  for (kith_lid i = 0; i < g->n_own; i++)
    for (int k = 0; k < CLASSES; k++) {
      double wanted = o->y[g->original[i] * CLASSES + k], d = (double)found[i * CLASSES + k] - wanted;
      error += d * d;
      size += wanted * wanted;
    }
  assert_true(sqrt(error) <= LOGITS * sqrt(size));
}

static void an_oracle_agrees(void **state) {
  (void)state;
  kith_train_options how = manner(KITH_FULL, (kith_fanouts){0}, 1);
  kith_model_options model = model_of((kith_model_options){.name = KITH_GCN});
  double loss[STEPS];
  oracle o = oracle_begin(&classes, how.seed);
  kith_graph *g = test_classes_cut(&classes, test_comm, PARTS, 2);
  kith_trainer *trainer = NULL;
  train_on(test_comm, &classes, model, how, PARTS, loss, NULL);
  assert_int_equal(KITH_OK, kith_trainer_create(test_comm, g, &model, &how, &trainer).status);
  for (int s = 0; s < STEPS; s++) {
    double wanted = oracle_step(&o, &classes, &how, s + 1);
    if (!(fabs(loss[s] - wanted) <= TOLERANCE * wanted))
      fail_msg("step %d: %.9g, the oracle says %.9g", s, loss[s], wanted);
    kith_trainer_set_epoch(trainer, s);
    kith_trainer_step(trainer, 0, KITH_REQUEST_NONE);
  }
  oracle_forward(&o);
  expect_logits(g, kith_trainer_inference(trainer), &o);
  kith_trainer_destroy(&trainer);
  kith_graph_destroy(&g);
  oracle_end(&o);
}

/* Accuracy counts as a loop over everything counts. */
static void accuracy_is_counted(void **state) {
  (void)state;
  kith_graph *g = test_classes_cut(&classes, test_comm, PARTS, 2);
  float *logits = calloc((size_t)g->n_own * CLASSES + 1, sizeof *logits);
  int64_t n = 0, right = 0;
  for (kith_lid i = 0; i < g->n_own; i++)
    logits[i * CLASSES + g->original[i] % CLASSES] = 1; /* node i is said to be of class i % CLASSES */
  for (int i = 0; i < NODES; i++) n += classes.split[i] == KITH_NODE_TEST;
  for (int i = 0; i < NODES; i++)
    right += classes.split[i] == KITH_NODE_TEST && classes.label[i] == i % CLASSES;
  kith_accuracy a = kith_eval_accuracy(test_comm, g, logits, KITH_NODE_TEST);
  double wanted = log(exp(1) + CLASSES - 1) - (double)right / (double)n;
  assert_int_equal(a.n, n);
  assert_int_equal(a.correct, right);
  assert_true(right > 0 && right < n);
  assert_true(fabs(a.loss - wanted) < 1e-9);
  free(logits);
  kith_graph_destroy(&g);
}

/* Zhou et al. (NIPS 2003), dense: 50 rounds of F = .9 S F + .1 Y, from F = Y. */
static void label_propagation_is_the_oracles(void **state) {
  (void)state;
  static double weight[NODES][NODES], f[NODES][CLASSES], next[NODES][CLASSES];
  double degree[NODES] = {0}, share[CLASSES] = {0}, n_train = 0;
  kith_graph *g = test_classes_cut(&classes, test_comm, PARTS, 2);
  float *logits = calloc((size_t)g->n_own * CLASSES + 1, sizeof *logits);
  for (int64_t e = 0; e < classes.n_edge; e++) degree[classes.from[e]]++, degree[classes.to[e]]++;
  for (int64_t e = 0; e < classes.n_edge; e++) {
    const int i = classes.from[e], j = classes.to[e];
    weight[i][j] = weight[j][i] = 1 / sqrt(degree[i] * degree[j]);
  }
  for (int i = 0; i < NODES; i++)
    if (classes.split[i] == KITH_NODE_TRAIN) f[i][classes.label[i]] = 1, share[classes.label[i]]++, n_train++;
  for (int round = 0; round < 50; round++) {
    memset(next, 0, sizeof next);
    for (int i = 0; i < NODES; i++)
      for (int k = 0; k < CLASSES; k++) {
        for (int j = 0; j < NODES; j++) next[i][k] += 0.9 * weight[i][j] * f[j][k];
        if (classes.split[i] == KITH_NODE_TRAIN && classes.label[i] == k) next[i][k] += 0.1;
      }
    memcpy(f, next, sizeof f);
  }
  assert_int_equal(kith_class_baseline(test_comm, g, KITH_BASELINE_PROPAGATION, logits).status, KITH_OK);
  for (kith_lid i = 0; i < g->n_own; i++)
    for (int k = 0; k < CLASSES; k++) {
      double sum = 0, prior = 1e-6 * share[k] / n_train;
      for (int c = 0; c < CLASSES; c++) sum += f[g->original[i]][c] + 1e-6 * share[c] / n_train;
      assert_true(fabs((double)logits[i * CLASSES + k] - log((f[g->original[i]][k] + prior) / sum + 1e-12)) <
                  1e-3);
    }
  assert_int_equal(kith_class_baseline(test_comm, g, KITH_BASELINE_MAJORITY, logits).status, KITH_OK);
  for (kith_lid i = 0; i < g->n_own; i++)
    for (int k = 0; k < CLASSES; k++)
      assert_true(fabs((double)logits[i * CLASSES + k] - log(share[k] / n_train + 1e-12)) < 1e-5);
  free(logits);
  kith_graph_destroy(&g);
}

/* A model without a layer that could have a column a class, and a start from interactions. */
static void other_models_are_refused(void **state) {
  (void)state;
  kith_graph *g = test_classes_cut(&classes, test_comm, PARTS, 2);
  kith_train_options how = manner(KITH_FULL, (kith_fanouts){0}, 1);
  kith_model_options model = model_of((kith_model_options){.name = KITH_LIGHTGCN});
  kith_trainer *trainer = NULL;
  assert_int_equal(KITH_ECONFIG, kith_trainer_create(test_comm, g, &model, &how, &trainer).status);
  assert_non_null(strstr(kith_error_text(), "lightgcn cannot classify nodes"));
  assert_null(trainer);
  model = model_of((kith_model_options){.name = KITH_GCN});
  model.start = KITH_START_SPECTRAL;
  assert_int_equal(KITH_ECONFIG, kith_trainer_create(test_comm, g, &model, &how, &trainer).status);
  assert_non_null(strstr(kith_error_text(), "model.start: spectral, but a classifier"));
  assert_null(trainer);
  kith_graph_destroy(&g);
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(gcn_is_the_same),
                                     cmocka_unit_test(gcnii_is_the_same),
                                     cmocka_unit_test(rgcn_is_the_same),
                                     cmocka_unit_test(gat_is_the_same),
                                     cmocka_unit_test(sage_is_the_same),
                                     cmocka_unit_test(other_samplers_are_the_same),
                                     cmocka_unit_test(embeddings_are_learned_the_same),
                                     cmocka_unit_test(an_epoch_has_every_training_node_once),
                                     cmocka_unit_test(an_oracle_agrees),
                                     cmocka_unit_test(accuracy_is_counted),
                                     cmocka_unit_test(label_propagation_is_the_oracles),
                                     cmocka_unit_test(other_models_are_refused)};
  test_begin(&argc, &argv);
  classes = test_classes_make(NODES, CLASSES, FEATURES, 4);
  int failures = cmocka_run_group_tests(tests, NULL, NULL);
  test_classes_free(&classes);
  return test_end(failures);
}
