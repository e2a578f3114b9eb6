/* ranks: 1 2 3 4 */
/*
 * LightGCN with BPR, five steps, against an independent oracle in double precision: dense matrices, no tape,
 * no halo, no batches of rows.  It shares the keyed draws (which are the definition of a step), and nothing
 * else.
 */
#include "support/cut.h"
#include "support/mpi_main.h"

#include "train/train.h"

enum { USERS = 23, ITEMS = 31, EDGES = 180, WIDTH = 20, LAYERS = 3, BATCH = 16, STEPS = 5 };
static const double TOLERANCE = 1e-5; /* relative, of a row's norm; floats carry 6e-8 a rounding */

typedef struct oracle {
  int n;        /* nodes, users first */
  double *a;    /* [n, n] normalized adjacency */
  double *thin; /* [n, n] what edge dropout leaves of it in this step */
  double *x, *m, *v, *g, *final;
} oracle;

static double *oracle_make(int64_t n) { return calloc((size_t)n, sizeof(double)); }

static oracle oracle_begin(const test_graph *t, double init, uint64_t seed) {
  oracle o = {.n = USERS + ITEMS};
  double degree[USERS + ITEMS] = {0};
  o.a = oracle_make(o.n * o.n);
  o.thin = oracle_make(o.n * o.n);
  o.x = oracle_make(o.n * WIDTH);
  o.m = oracle_make(o.n * WIDTH);
  o.v = oracle_make(o.n * WIDTH);
  o.g = oracle_make(o.n * WIDTH);
  o.final = oracle_make(o.n * WIDTH);
  for (int64_t e = 0; e < t->n_edge; e++) {
    degree[t->user[e]]++;
    degree[USERS + t->item[e]]++;
  }
  for (int64_t e = 0; e < t->n_edge; e++) {
    int u = t->user[e], i = USERS + t->item[e];
    o.a[u * o.n + i] = o.a[i * o.n + u] = 1 / sqrt(degree[u] * degree[i]);
  }
  for (int i = 0; i < o.n; i++)
    for (int k = 0; k < WIDTH; k++) {
      kith_draw r =
          kith_random(seed, KITH_RNG_INIT, i >= USERS, (uint64_t)(i >= USERS ? i - USERS : i), (uint64_t)k);
      o.x[i * WIDTH + k] = (float)(init * kith_random_normal(r.bits[0], r.bits[1]));
    }
  return o;
}

static void oracle_end(oracle *o) {
  free(o->a);
  free(o->thin);
  free(o->x);
  free(o->m);
  free(o->v);
  free(o->g);
  free(o->final);
}

/* Every pair of a user and an item loses its edge with probability p; the others grow. */
static void oracle_thin(oracle *o, uint64_t seed, int64_t step, double p) {
  for (int u = 0; u < USERS; u++)
    for (int i = 0; i < ITEMS; i++) {
      uint64_t a = (uint64_t)u * 2, b = (uint64_t)i * 2 + 1;
      bool goes = kith_random_unit(
                      kith_random(seed, KITH_RNG_EDGE_DROPOUT, (uint64_t)step, a < b ? a : b, a < b ? b : a)
                          .bits[0]) < p;
      int at = u * o->n + USERS + i, back = (USERS + i) * o->n + u;
      o->thin[at] = o->thin[back] = goes ? 0 : o->a[at] / (1 - p);
    }
}

/* y = (I + A + … + A^L) x / (L + 1): its own transpose, so it serves forward and backward. */
static void oracle_mean_of_layers(const oracle *o, const double *matrix, const double *x, double *y) {
  double *h = oracle_make(o->n * WIDTH), *next = oracle_make(o->n * WIDTH);
  memcpy(h, x, (size_t)(o->n * WIDTH) * sizeof *h);
  for (int i = 0; i < o->n * WIDTH; i++) y[i] = x[i] / (LAYERS + 1);
  for (int l = 0; l < LAYERS; l++) {
    memset(next, 0, (size_t)(o->n * WIDTH) * sizeof *next);
    for (int i = 0; i < o->n; i++)
      for (int j = 0; j < o->n; j++)
        for (int k = 0; k < WIDTH; k++) next[i * WIDTH + k] += matrix[i * o->n + j] * h[j * WIDTH + k];
    memcpy(h, next, (size_t)(o->n * WIDTH) * sizeof *h);
    for (int i = 0; i < o->n * WIDTH; i++) y[i] += h[i] / (LAYERS + 1);
  }
  free(h);
  free(next);
}

static bool oracle_knows(const test_graph *t, int user, int item) {
  for (int64_t e = 0; e < t->n_edge; e++)
    if (t->user[e] == user && t->item[e] == item) return true;
  return false;
}

static kith_draw oracle_draw(const kith_train_options *opt, int64_t epoch, int64_t e, int j, int c, int try) {
  return kith_random(opt->seed, KITH_RNG_NEGATIVE, (uint64_t)epoch, (uint64_t)e,
                     (uint64_t)c << 48 | (uint64_t)j << 16 | (uint64_t)try);
}

static double oracle_score(const oracle *o, int a, int b) {
  double s = 0;
  for (int k = 0; k < WIDTH; k++) s += o->final[a * WIDTH + k] * o->final[b * WIDTH + k];
  return s;
}

/* Negative `j` of edge `e`: the first draw of a pool, or the one with the highest score where it is a hard
 * one. */
static int oracle_negative(const oracle *o, const test_graph *t, const kith_train_options *opt, int64_t epoch,
                           int64_t e, int j, bool hard) {
  int best = -1;
  for (int c = 0; c < (hard ? opt->negatives.pool : 1); c++) {
    int n = -1;
    for (int try = 0; n < 0; try++) {
      int item = (int)kith_random_below(oracle_draw(opt, epoch, e, j, c, try).bits[0], ITEMS);
      if (!oracle_knows(t, t->user[e], item)) n = USERS + item;
    }
    if (best < 0 || oracle_score(o, t->user[e], n) > oracle_score(o, t->user[e], best)) best = n;
  }
  return best;
}

/* Half the squared norm of a node's initial embedding; its gradient into g. */
static double oracle_square(oracle *o, double weight, int node) {
  double square = 0;
  for (int k = 0; k < WIDTH; k++) {
    double x = o->x[node * WIDTH + k];
    square += 0.5 * x * x;
    o->g[node * WIDTH + k] += weight * x;
  }
  return weight * square;
}

/* One pair's share of the loss; gradients of the final embeddings into df, of the L2 term into g. */
static double oracle_pair(oracle *o, const test_graph *t, const kith_train_options *opt, int64_t epoch,
                          int64_t e, int pairs, double *df) {
  int u = t->user[e], p = USERS + t->item[e], count = opt->negatives.count;
  double l2 = opt->loss.l2 / pairs, loss = oracle_square(o, l2, u) + oracle_square(o, l2, p);
  for (int j = 0; j < count; j++) {
    bool hard = kith_random_unit(oracle_draw(opt, epoch, e, j, 0, 0).bits[2]) < opt->negatives.hard;
    int n = oracle_negative(o, t, opt, epoch, e, j, hard);
    double s = oracle_score(o, u, p) - oracle_score(o, u, n), c = 1 / (1 + exp(s)) / pairs / count;
    for (int k = 0; k < WIDTH; k++) {
      df[u * WIDTH + k] -= c * (o->final[p * WIDTH + k] - o->final[n * WIDTH + k]);
      df[p * WIDTH + k] -= c * o->final[u * WIDTH + k];
      df[n * WIDTH + k] += c * o->final[u * WIDTH + k];
    }
    loss += log(1 + exp(-s)) / pairs / count + (hard ? 0 : oracle_square(o, l2, n));
  }
  return loss;
}

static double oracle_step(oracle *o, const test_graph *t, const kith_train_options *opt, double edge_dropout,
                          int64_t step, int64_t count) {
  const int64_t epoch = 0;
  double *df = oracle_make(o->n * WIDTH), *dx = oracle_make(o->n * WIDTH), loss = 0;
  kith_permutation order =
      kith_permutation_make(opt->seed, KITH_RNG_SHUFFLE, (uint64_t)epoch, (uint64_t)t->n_edge);
  int64_t first = step * BATCH, last = first + BATCH < t->n_edge ? first + BATCH : t->n_edge;
  memset(o->g, 0, (size_t)(o->n * WIDTH) * sizeof *o->g);
  oracle_thin(o, opt->seed, step, edge_dropout);
  oracle_mean_of_layers(o, o->thin, o->x, o->final);
  for (int64_t place = first; place < last; place++)
    loss += oracle_pair(o, t, opt, epoch, (int64_t)kith_permutation_apply(&order, (uint64_t)place),
                        (int)(last - first), df);
  oracle_mean_of_layers(o, o->thin, df, dx);
  for (int i = 0; i < o->n * WIDTH; i++) {
    double g = o->g[i] + dx[i];
    o->m[i] = 0.9 * o->m[i] + 0.1 * g;
    o->v[i] = 0.999 * o->v[i] + 0.001 * g * g;
    o->x[i] -= opt->optimizer.lr * (o->m[i] / (1 - pow(0.9, (double)count))) /
               (sqrt(o->v[i] / (1 - pow(0.999, (double)count))) + 1e-8);
  }
  free(df);
  free(dx);
  return loss;
}

/* The largest relative distance of an owned row from the oracle's. */
static double worst_row(const kith_graph *g, const float *x, const double *truth) {
  double worst = 0;
  for (kith_lid i = 0; i < g->n_own; i++) {
    const double *y = truth + (g->type[i] * USERS + g->original[i]) * WIDTH;
    double apart = 0, norm = 0;
    for (int k = 0; k < WIDTH; k++) {
      apart += ((double)x[i * WIDTH + k] - y[k]) * ((double)x[i * WIDTH + k] - y[k]);
      norm += y[k] * y[k];
    }
    if (sqrt(apart / norm) > worst) worst = sqrt(apart / norm);
  }
  return worst;
}

static void check(kith_negative_options negatives, double edge_dropout) {
  test_graph t = test_graph_random(USERS, ITEMS, EDGES, 7);
  kith_graph *g = test_graph_cut(&t, test_comm, 5, 3);
  kith_model_options model = kith_model_defaults();
  kith_train_options train = kith_train_defaults();
  kith_trainer *trainer = NULL;
  model.dim = WIDTH;
  model.layers = LAYERS;
  model.edge_dropout = edge_dropout;
  train.batch = BATCH;
  train.negatives = negatives;
  train.loss.l2 = 1e-2; /* large enough to be seen */
  assert_int_equal(KITH_OK, kith_trainer_create(test_comm, g, &model, &train, &trainer).status);
  oracle o = oracle_begin(&t, model.init, train.seed);
  int64_t n_step = kith_trainer_n_step(trainer);
  kith_trainer_set_epoch(trainer, 0);
  for (int64_t count = 0; count < STEPS; count++) {
    kith_train_state s = kith_trainer_state(trainer);
    *s.loss = (kith_exact_sum){0};
    assert_true(count < n_step);
    assert_int_equal(kith_trainer_step(trainer, count, KITH_REQUEST_NONE), KITH_REQUEST_NONE);
    kith_comm_sum(test_comm, 1, s.loss);
    double truth = oracle_step(&o, &t, &train, edge_dropout, count, count + 1);
    assert_true(fabs(kith_exact_sum_value(s.loss) - truth) <= TOLERANCE * truth);
    assert_true(worst_row(g, s.x, o.x) <= TOLERANCE);
  }
  oracle_mean_of_layers(&o, o.a, o.x, o.final);
  assert_true(worst_row(g, kith_trainer_inference(trainer), o.final) <= TOLERANCE);
  oracle_end(&o);
  kith_trainer_destroy(&trainer);
  kith_graph_destroy(&g);
  test_graph_free(&t);
}

static void five_steps_of_lightgcn_match_the_oracle(void **state) {
  (void)state;
  check(kith_negative_defaults(), 0);
}

static void five_steps_with_hard_and_other_negatives_match_the_oracle(void **state) {
  (void)state;
  check((kith_negative_options){.count = 3, .hard = 0.5, .pool = 4}, 0);
}

/* In the last layer only the batch's rows are computed, and the final embeddings are of all edges. */
static void five_steps_on_fewer_edges_match_the_oracle(void **state) {
  (void)state;
  check(kith_negative_defaults(), 0.3);
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(five_steps_of_lightgcn_match_the_oracle),
                                     cmocka_unit_test(five_steps_on_fewer_edges_match_the_oracle),
                                     cmocka_unit_test(
                                         five_steps_with_hard_and_other_negatives_match_the_oracle)};
  test_begin(&argc, &argv);
  return test_end(cmocka_run_group_tests(tests, NULL, NULL));
}
