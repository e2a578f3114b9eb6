/* ranks: 1 2 3 */
/*
 * HAN and its plain form against formulas written from the paper (Wang et al., WWW 2019) in double precision:
 * dense loops over a small graph with three meta-paths, of which one is directed, one has no weights, and all
 * leave some nodes alone.  The losses and weights of three training steps, whose gradient is by central
 * differences, and the logits after them, on the whole graph and on blocks of all neighbors.  Then with
 * dropout and sampled neighbors: all ranks find what one rank finds.
 */
#include <stdio.h>

#include "support/classes.h"
#include "support/mpi_main.h"

#include "train/train.h"

enum { NODES = 26, CLASSES = 3, FEATURES = 5, WIDTH = 4, HEADS = 2, SCORED = 3, PATHS = 3, STEPS = 3 };
enum { PARTS = 5, PARAMETERS = 128, ROWS = PATHS + 1 };
static const double TOLERANCE = 2e-5; /* as in test_model_oracle.c */
static const double SHIFT = 1e-5;     /* of a central difference */

static const kith_relation_weights READ = {.n = PATHS,
                                           .of = {{.name = "cited", .weight = 1},
                                                  {.name = "pap", .weight = 1},
                                                  {.name = "psp", .weight = 1}}};

static test_classes classes;

/* ---- meta-paths ---- */

static double drawn(int what, int a, int b) {
  return kith_random_unit(
      kith_random(9, KITH_RNG_GENERATE, (uint64_t)what, (uint64_t)a, (uint64_t)b).bits[0]);
}

/* What the edge weighs by which i reads j, 0 where there is none.  Those who are cited do not read back. */
static double path_weight(int path, int i, int j) {
  bool directed = path == 0, swap = !directed && i > j;
  int a = swap ? j : i, b = swap ? i : j;
  if (i == j || a % 6 == path || b % 6 == path || drawn(path, a, b) > 0.2) return 0;
  return path == 0 ? 0.1 + drawn(5, a, b) : path == 1 ? floor(1 + 4 * drawn(6, a, b)) : 1;
}

static void add_rows(int path, bool transposed, const kith_gid number[NODES], kith_graph *g,
                     kith_adjacency *rows) {
  bool bad = KITH_NEW(rows->start, g->n_own + 1) || KITH_NEW(rows->neighbor, g->n_own * NODES) ||
             (path < 2 && KITH_NEW(rows->weight, g->n_own * NODES));
  if (bad) abort();
  for (kith_lid row = 0; row < g->n_own; row++) {
    rows->start[row + 1] = rows->start[row];
    for (int j = 0; j < NODES; j++) {
      int i = (int)g->original[row];
      double w = transposed ? path_weight(path, j, i) : path_weight(path, i, j);
      if (w == 0) continue;
      if (rows->weight) rows->weight[rows->start[row + 1]] = (float)w;
      rows->neighbor[rows->start[row + 1]++] = number[j];
    }
  }
}

/* In another order than that in which the model names them; data.edges are there, and not read. */
static kith_graph *cut(const kith_comm *comm, int parts) {
  static const int place[PATHS] = {2, 0, 1};
  kith_graph *g = test_classes_cut(&classes, comm, parts, 2);
  kith_gid number[NODES];
  for (int i = 0; i < NODES; i++) number[i] = -1;
  for (kith_lid row = 0; row < g->n_own; row++) number[g->original[row]] = g->first[comm->rank] + row;
  KITH_MPI(MPI_Allreduce(MPI_IN_PLACE, number, NODES, MPI_INT64_T, MPI_MAX, comm->mpi));
  g->schema.n_relation = PATHS;
  for (int path = 0; path < PATHS; path++) {
    kith_relation_type *e = &g->schema.relation[place[path]];
    snprintf(e->name, sizeof e->name, "%s", READ.of[path].name);
    e->weighted = path < 2;
    if (path == 0) e->direction = KITH_DIRECTION_FORWARD;
    add_rows(path, false, number, g, &g->relation[place[path]]);
    if (path == 0) add_rows(path, true, number, g, &g->transpose[place[path]]);
  }
  return g;
}

/* ---- the formulas ---- */

typedef double rows[NODES][WIDTH];

typedef struct net {
  const kith_han_options *o;
  const kith_train_options *t;
  const double *weight;   /* behind those that have been taken */
  int taken;              /* numbers */
  bool later[PARAMETERS]; /* whether a weight is of the second layer */
} net;

static const double *take(net *m, bool later, int n) {
  const double *w = m->weight + m->taken;
  for (int i = 0; i < n; i++) m->later[m->taken + i] = later;
  m->taken += n;
  return w;
}

/* y_i += the mean of x_j, of d columns, over the neighbors of i and i itself, whose weight is 1. */
static void add_mean(int path, int d, const rows x, rows y) {
  for (int i = 0; i < NODES; i++) {
    double all = 1, sum[WIDTH];
    for (int k = 0; k < d; k++) sum[k] = x[i][k];
    for (int j = 0; j < NODES; j++) {
      double w = (double)(float)path_weight(path, i, j);
      all += w;
      for (int k = 0; k < d; k++) sum[k] += w * x[j][k];
    }
    for (int k = 0; k < d; k++) y[i][k] += sum[k] / all;
  }
}

/* Eqs. 3 to 7, head by head; the weights of edges are not read. */
static void attend(int path, const rows h, const double *a, const double *b, rows z) {
  const int wide = WIDTH / HEADS;
  for (int i = 0; i < NODES; i++)
    for (int head = 0; head < HEADS; head++) {
      double all = 0, sum[WIDTH] = {0};
      for (int j = 0; j < NODES; j++) {
        double s = 0;
        if (j != i && path_weight(path, i, j) == 0) continue;
        for (int k = head * wide; k < (head + 1) * wide; k++) s += a[k] * h[i][k] + b[k] * h[j][k];
        double e = exp(s > 0 ? s : 0.2 * s);
        all += e;
        for (int k = head * wide; k < (head + 1) * wide; k++) sum[k] += e * h[j][k];
      }
      for (int k = head * wide; k < (head + 1) * wide; k++) z[i][k] = sum[k] / all;
    }
}

/* x W of the features, W [FEATURES, d]. */
static void project(int d, const double *w, rows y) {
  for (int i = 0; i < NODES; i++)
    for (int k = 0; k < d; k++) {
      y[i][k] = 0;
      for (int f = 0; f < FEATURES; f++) y[i][k] += (double)classes.feature[i * FEATURES + f] * w[f * d + k];
    }
}

/* The plain form: c + sum over p of mean_p(x) C_p + x C_0. */
static void regression(net *m, rows logits) {
  rows h;
  const double *c = take(m, false, CLASSES);
  for (int i = 0; i < NODES; i++) memcpy(logits[i], c, CLASSES * sizeof *c);
  for (int p = 0; p < PATHS; p++) {
    project(CLASSES, take(m, false, FEATURES * CLASSES), h);
    add_mean(p, CLASSES, h, logits);
  }
  if (!m->o->own) return;
  project(CLASSES, take(m, false, FEATURES * CLASSES), h);
  for (int i = 0; i < NODES; i++)
    for (int k = 0; k < CLASSES; k++) logits[i][k] += h[i][k];
}

/* Weights of n rows, before they are divided by their sum: eqs. 8 and 9, or of each node. */
static void fuse_weights(net *m, int n, rows *z, double beta[NODES][ROWS]) {
  const double *b = take(m, false, SCORED), *w = take(m, false, WIDTH * SCORED), *q = take(m, false, SCORED);
  for (int p = 0; p < n; p++) {
    double mean = 0, s[NODES] = {0};
    for (int i = 0; i < NODES; i++) {
      for (int c = 0; c < SCORED; c++) {
        double u = b[c];
        for (int k = 0; k < WIDTH; k++) u += z[p][i][k] * w[k * SCORED + c];
        s[i] += q[c] * tanh(u);
      }
      mean += s[i] / NODES;
    }
    for (int i = 0; i < NODES; i++) beta[i][p] = exp(m->o->fuse == KITH_HAN_BY_TYPE ? mean : s[i]);
  }
}

/* y_i = sum over p of beta_ip z_p(i), ELU of which is taken here */
static void fuse(net *m, int n, rows *z, rows y) {
  double beta[NODES][ROWS];
  for (int p = 0; p < n; p++)
    for (int i = 0; i < NODES; i++)
      for (int k = 0; k < WIDTH; k++) z[p][i][k] = z[p][i][k] > 0 ? z[p][i][k] : expm1(z[p][i][k]);
  for (int i = 0; i < NODES; i++)
    for (int p = 0; p < n; p++) beta[i][p] = 1;
  if (m->o->fuse != KITH_HAN_AVERAGE) fuse_weights(m, n, z, beta);
  memset(y, 0, sizeof(rows));
  for (int i = 0; i < NODES; i++) {
    double all = 0;
    for (int p = 0; p < n; p++) all += beta[i][p];
    for (int p = 0; p < n; p++)
      for (int k = 0; k < WIDTH; k++) y[i][k] += beta[i][p] / all * z[p][i][k];
  }
}

static void forward(net *m, const double *w, rows logits) {
  rows h, z[ROWS] = {0}, y;
  int n = 0;
  m->weight = w;
  m->taken = 0;
  if (m->o->fuse == KITH_HAN_CONCAT) {
    regression(m, logits);
    return;
  }
  project(WIDTH, take(m, false, FEATURES * WIDTH), h); /* eq. 1 */
  for (; n < PATHS; n++) {
    const double *a = m->o->neighbors == KITH_HAN_ATTENTION ? take(m, false, 2 * WIDTH) : NULL;
    if (a) attend(n, h, a, a + WIDTH, z[n]);
    else add_mean(n, WIDTH, h, z[n]);
  }
  if (m->o->own) memcpy(z[n++], h, sizeof h);
  fuse(m, n, z, y);
  const double *c = take(m, true, CLASSES), *v = take(m, true, WIDTH * CLASSES); /* eq. 10 */
  for (int i = 0; i < NODES; i++)
    for (int k = 0; k < CLASSES; k++) {
      logits[i][k] = c[k];
      for (int j = 0; j < WIDTH; j++) logits[i][k] += y[i][j] * v[j * CLASSES + k];
    }
}

/* ---- a step ---- */

/* Eq. 10: the mean cross entropy over the training nodes. */
static double loss_of(net *m, const double *w) {
  rows y;
  double loss = 0;
  int n = 0;
  forward(m, w, y);
  for (int i = 0; i < NODES; i++) {
    double all = 0;
    if (classes.split[i] != KITH_NODE_TRAIN) continue;
    for (int k = 0; k < CLASSES; k++) all += exp(y[i][k]);
    loss += log(all) - y[i][classes.label[i]];
    n++;
  }
  return loss / n;
}

/* Kingma and Ba, ICLR 2015, algorithm 1. */
static void step_of(net *m, int count, int n, double *w, double *m1, double *m2) {
  const kith_optimizer_options *a = &m->t->optimizer;
  double grad[PARAMETERS];
  for (int i = 0; i < n; i++) {
    double at = w[i];
    w[i] = at + SHIFT;
    double up = loss_of(m, w);
    w[i] = at - SHIFT;
    double down = loss_of(m, w);
    w[i] = at;
    bool decays = m->t->weight_decay_on == KITH_DECAY_ALL || !m->later[i];
    grad[i] = (up - down) / (2 * SHIFT) + (decays ? m->t->weight_decay * at : 0);
  }
  for (int i = 0; i < n; i++) {
    m1[i] = a->beta1 * m1[i] + (1 - a->beta1) * grad[i];
    m2[i] = a->beta2 * m2[i] + (1 - a->beta2) * grad[i] * grad[i];
    w[i] -=
        a->lr * m1[i] / (1 - pow(a->beta1, count)) / (sqrt(m2[i] / (1 - pow(a->beta2, count))) + a->epsilon);
  }
}

/* ---- the comparison ---- */

static kith_model_options model_of(kith_han_neighbors neighbors, kith_han_fuse fuse, bool own) {
  return (kith_model_options){
      .name = KITH_HAN,
      .dim = WIDTH,
      .layers = 1,
      .relations = READ,
      .han = {.neighbors = neighbors, .fuse = fuse, .own = own, .heads = HEADS, .semantic_dim = SCORED}};
}

/* With fanout 0 all neighbors. */
static kith_train_options manner(kith_sampler_mode mode, int fanout, int batch) {
  kith_train_options how = kith_train_defaults();
  how.sampler.mode = mode;
  how.sampler.fanouts = (kith_fanouts){mode == KITH_NEIGHBOR, {fanout}};
  how.batch = batch;
  how.optimizer =
      (kith_optimizer_options){.name = KITH_ADAM, .lr = 0.06, .beta1 = 0.8, .beta2 = 0.95, .epsilon = 0.02};
  how.weight_decay = 0.03;
  return how;
}

static double step(const kith_comm *comm, kith_trainer *trainer, int64_t epoch, int64_t s) {
  kith_exact_sum *mine = kith_trainer_state(trainer).loss, sum;
  *mine = (kith_exact_sum){0};
  if (s == 0) kith_trainer_set_epoch(trainer, epoch);
  assert_int_equal(kith_trainer_step(trainer, s, KITH_REQUEST_NONE), KITH_REQUEST_NONE);
  sum = *mine;
  kith_comm_sum(comm, 1, &sum);
  return kith_exact_sum_value(&sum);
}

static void expect_near(double is, double truth, const char *what) {
  if (!(fabs(is - truth) <= TOLERANCE * (1 + fabs(truth))))
    fail_msg("%s: %.8g, expected %.8g", what, is, truth);
}

static void check(kith_model_options o, kith_train_options how) {
  double w[PARAMETERS], m1[PARAMETERS] = {0}, m2[PARAMETERS] = {0};
  rows logits;
  net m = {.o = &o.han, .t = &how};
  kith_graph *g = cut(test_comm, PARTS);
  kith_trainer *trainer = NULL;
  assert_int_equal(KITH_OK, kith_trainer_create(test_comm, g, &o, &how, &trainer).status);
  kith_weights is = kith_trainer_state(trainer).weights;
  assert_true(is.n <= PARAMETERS);
  for (int i = 0; i < is.n; i++) w[i] = (double)is.value[i];
  for (int s = 0; s < STEPS; s++) {
    expect_near(step(test_comm, trainer, s, 0), loss_of(&m, w), "loss");
    assert_int_equal(m.taken, is.n); /* the model has the weights that the formulas have, and no others */
    step_of(&m, s + 1, (int)is.n, w, m1, m2);
    for (int i = 0; i < is.n; i++) expect_near((double)is.value[i], w[i], "weight after a step");
  }
  forward(&m, w, logits);
  const float *found = kith_trainer_inference(trainer);
  for (kith_lid i = 0; i < g->n_own; i++)
    for (int k = 0; k < CLASSES; k++)
      expect_near((double)found[i * CLASSES + k], logits[g->original[i]][k], "logit");
  kith_trainer_destroy(&trainer);
  kith_graph_destroy(&g);
}

/* Each with and without the node's own row, weight decay of all weights and of the first layer's. */
static void check_form(kith_han_neighbors neighbors, kith_han_fuse fuse) {
  for (int own = 0; own < 2; own++) {
    kith_train_options full = manner(KITH_FULL, 0, 1), sampled = manner(KITH_NEIGHBOR, 0, NODES);
    full.weight_decay_on = own == 0 ? KITH_DECAY_ALL : KITH_DECAY_FIRST;
    check(model_of(neighbors, fuse, own == 1), full);
    if (fuse != KITH_HAN_BY_TYPE) check(model_of(neighbors, fuse, own == 0), sampled);
  }
}

static void the_plain_form_is_a_regression_on_means(void **state) {
  (void)state;
  check_form(KITH_HAN_MEAN, KITH_HAN_CONCAT);
}

static void means_are_fused_as_in_the_paper(void **state) {
  (void)state;
  for (kith_han_fuse fuse = KITH_HAN_BY_TYPE; fuse <= KITH_HAN_AVERAGE; fuse++)
    check_form(KITH_HAN_MEAN, fuse);
}

static void attention_is_the_papers(void **state) {
  (void)state;
  for (kith_han_fuse fuse = KITH_HAN_BY_TYPE; fuse <= KITH_HAN_AVERAGE; fuse++)
    check_form(KITH_HAN_ATTENTION, fuse);
}

/* ---- one rank and all ranks ---- */

static void train_on(const kith_comm *comm, int parts, const kith_model_options *o,
                     const kith_train_options *how, double loss[2 * STEPS]) {
  kith_graph *g = cut(comm, parts);
  kith_trainer *trainer = NULL;
  assert_int_equal(KITH_OK, kith_trainer_create(comm, g, o, how, &trainer).status);
  int64_t n = kith_trainer_n_step(trainer);
  for (int64_t s = 0; s < 2 * STEPS; s++) loss[s] = step(comm, trainer, s / n, s % n);
  kith_trainer_destroy(&trainer);
  kith_graph_destroy(&g);
}

static void draws_are_the_same_on_all_ranks(void **state) {
  (void)state;
  kith_comm *self = NULL;
  double one[2 * STEPS], all[2 * STEPS], without[2 * STEPS];
  assert_int_equal(KITH_OK, kith_comm_create(MPI_COMM_SELF, &self).status);
  for (int i = 0; i < 7; i++) {
    kith_model_options o =
        model_of(i < 4 ? KITH_HAN_MEAN : KITH_HAN_ATTENTION, (kith_han_fuse)(i < 4 ? i : i - 3), i % 2 == 0);
    bool whole = o.han.fuse == KITH_HAN_BY_TYPE;
    const kith_train_options how = whole ? manner(KITH_FULL, 0, 1) : manner(KITH_NEIGHBOR, 2, 4);
    classes.n_feature = i % 3 == 0 ? 0 : FEATURES; /* none: embeddings are learned */
    o.init = 0.5;
    train_on(test_comm, PARTS, &o, &how, without);
    o.dropout = 0.2;
    o.edge_dropout = 0.2;
    o.han.attention_dropout = i < 4 ? 0 : 0.3;
    train_on(self, 1, &o, &how, one);
    train_on(test_comm, PARTS, &o, &how, all);
    for (int s = 0; s < 2 * STEPS; s++) expect_near(all[s], one[s], "loss");
    assert_true(fabs(all[0] - without[0]) > 10 * TOLERANCE);
  }
  classes.n_feature = FEATURES;
  kith_comm_destroy(&self);
}

/* A mean over all nodes is not that over sampled ones. */
static void attention_to_meta_paths_needs_the_whole_graph(void **state) {
  (void)state;
  kith_model_options o = model_of(KITH_HAN_MEAN, KITH_HAN_BY_TYPE, false);
  const kith_train_options how = manner(KITH_NEIGHBOR, 2, 4);
  kith_graph *g = cut(test_comm, PARTS);
  kith_trainer *trainer = NULL;
  assert_int_equal(KITH_ECONFIG, kith_trainer_create(test_comm, g, &o, &how, &trainer).status);
  assert_non_null(
      strstr(kith_error_text(), "model.han.fuse: type weighs meta-paths by a mean over all nodes"));
  assert_null(trainer);
  kith_graph_destroy(&g);
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(the_plain_form_is_a_regression_on_means),
                                     cmocka_unit_test(means_are_fused_as_in_the_paper),
                                     cmocka_unit_test(attention_is_the_papers),
                                     cmocka_unit_test(draws_are_the_same_on_all_ranks),
                                     cmocka_unit_test(attention_to_meta_paths_needs_the_whole_graph)};
  test_begin(&argc, &argv);
  classes = test_classes_make(NODES, CLASSES, FEATURES, 4);
  int failures = cmocka_run_group_tests(tests, NULL, NULL);
  test_classes_free(&classes);
  return test_end(failures);
}
