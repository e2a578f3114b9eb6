/* ranks: 1 3 */
/*
 * SASRec, forward and two training steps with Adam, against formulas written from the paper in double
 * precision: a row at a time, attention over a list of the rows before it, and the gradient of the loss by
 * central differences, each on one rank, so that no backward pass is shared.  Only the keyed draws of the
 * order and of dropout are taken from the library, since they define a step.
 *
 * Candidates are summed a draw at a time, where the library has each item once.
 *
 * There are 110 users, who are dealt out to the ranks, and seven items.  On one rank the first step has more
 * rows than a tile of the loss.
 */
#include "sequence/sasrec.h"
#include "support/cut.h"
#include "support/mpi_main.h"
#include "train/trainer.h"

enum { USERS = 110, ITEMS = 7, WIDTH = 4, HEADS = 2, ROW = 3, LENGTH = 4, BLOCKS = 2, BATCH = 102, MOST = 8 };
enum { FEW = 5, NODES = USERS + ITEMS }; /* FEW: a batch of few users */
enum { STEPS = 2, EPOCH = 1, SEED = 5 };
static const double DROPOUT = 0.25, RATE = 0.01;
static const double TOLERANCE = 2e-5; /* of numbers below 1; floats carry 6e-8 a rounding */
static const double SHIFT = 1e-5;     /* of a central difference: truncation and rounding are near 1e-10 */
static const double CLEAR = 1e-3; /* Adam's first steps show only the signs of gradients: not those near 0 */

/* Items of the first six users, the oldest first: longer and shorter than LENGTH, one alone, and none.  The
 * next six have the next items, and so on. */
enum { PATTERNS = 6 };
static const int pattern[PATTERNS][MOST + 1] = {{0, 1, 2, 3, 4, 5, -1}, {3, 1, -1},         {6, -1}, {-1},
                                                {2, 5, 0, 6, -1},       {4, 6, 1, 0, 3, -1}};
static int list[USERS][MOST];

/* Parameters: those of all blocks first. */
enum {
  ITEM,
  GRAPH,
  POSITION,
  LAST_GAIN,
  LAST_BIAS,
  ATTENTION_GAIN,
  ATTENTION_BIAS,
  QUERY,
  KEY,
  VALUE,
  DENSE_GAIN,
  DENSE_BIAS,
  FIRST,
  FIRST_BIAS,
  SECOND,
  SECOND_BIAS,
  N_NAME
};
static const char *const names[N_NAME] = {"item",      "graph",          "position",       "last_gain",
                                          "last_bias", "attention_gain", "attention_bias", "query",
                                          "key",       "value",          "dense_gain",     "dense_bias",
                                          "first",     "first_bias",     "second",         "second_bias"};

typedef struct oracle {
  int64_t at[N_NAME][BLOCKS];
  kith_params *params;
  bool graph, joint;                /* joint: rows of the graph are LightGCN's, whose rows come first in p */
  int batch, drawn;                 /* drawn 0: all items are candidates */
  double expected[ITEMS];           /* occurrences in the step that the loss is asked of … */
  int next[BATCH * LENGTH], n_next; /* … of which these are the items that follow its places */
  const double *p;                  /* all parameters */
  double row[ITEMS][ROW], z[ITEMS][WIDTH];
  int64_t step;
} oracle;

static int length(int u) {
  int n = 0;
  while (pattern[u % PATTERNS][n] >= 0) n++;
  return n;
}

static void fill_lists(void) {
  for (int u = 0; u < USERS; u++)
    for (int i = 0; i < length(u); i++) list[u][i] = (pattern[u % PATTERNS][i] + u / PATTERNS) % ITEMS;
}

/* Where a parameter begins in the flat block. */
static int64_t offset(const oracle *o, const char *name) {
  for (int i = 0; i < kith_params_n(o->params); i++)
    if (strcmp(kith_params_name(o->params, i), name) == 0)
      return kith_params_at(o->params, i)->value - kith_params_weights(o->params).value;
  fail_msg("no parameter %s", name);
  return -1;
}

static void find_parameters(oracle *o) {
  char full[KITH_NAME];
  for (int w = 0; w < N_NAME; w++)
    for (int b = 0; b < BLOCKS; b++) {
      if (w == GRAPH && !o->graph) continue;
      if (w <= LAST_BIAS) snprintf(full, sizeof full, "sasrec.%s", names[w]);
      else snprintf(full, sizeof full, "sasrec.%s.%d", names[w], b);
      o->at[w][b] = offset(o, full);
    }
}

static const double *matrix(const oracle *o, int name, int block) { return o->p + o->at[name][block]; }

/* ---- the formulas, of one sequence of n rows ---- */

typedef double sequence[LENGTH][WIDTH];

static void times(int n, const double *w, sequence x, const double *b, sequence y) {
  for (int i = 0; i < n; i++)
    for (int k = 0; k < WIDTH; k++) {
      y[i][k] = b ? b[k] : 0;
      for (int j = 0; j < WIDTH; j++) y[i][k] += x[i][j] * w[j * WIDTH + k];
    }
}

static void normalized(int n, const double *gain, const double *bias, sequence x, sequence y) {
  for (int i = 0; i < n; i++) {
    double mean = 0, variance = 0;
    for (int k = 0; k < WIDTH; k++) mean += x[i][k] / WIDTH;
    for (int k = 0; k < WIDTH; k++) variance += (x[i][k] - mean) * (x[i][k] - mean) / WIDTH;
    for (int k = 0; k < WIDTH; k++) y[i][k] = gain[k] * (x[i][k] - mean) / sqrt(variance + 1e-5) + bias[k];
  }
}

static void attended(int n, sequence q, sequence k, sequence v, sequence y) {
  const int w = WIDTH / HEADS;
  for (int i = 0; i < n; i++)
    for (int c = 0; c < WIDTH; c++) {
      const int h = c / w;
      double sum = 0, all = 0;
      for (int j = 0; j <= i; j++) {
        double s = 0;
        for (int m = h * w; m < (h + 1) * w; m++) s += q[i][m] * k[j][m];
        all += exp(s / sqrt(w));
        sum += exp(s / sqrt(w)) * v[j][c];
      }
      y[i][c] = sum / all;
    }
}

/* Element (place, column) of dropout op `op`: kept and scaled, or dropped. */
static void dropped(const oracle *o, bool training, int op, int user, int n, sequence x) {
  kith_dropout draw = {.p = DROPOUT, .seed = SEED, .step = (uint64_t)o->step, .op = (uint64_t)op};
  for (int i = 0; i < n && training; i++) {
    int64_t key = (int64_t)user * KITH_MAX_SEQUENCE + LENGTH - n + i;
    float one[WIDTH] = {1, 1, 1, 1}, kept[WIDTH];
    kith_dropout_forward(&draw, 1, WIDTH, &key, one, kept);
    for (int k = 0; k < WIDTH; k++) x[i][k] *= (double)kept[k];
  }
}

static void added(int n, sequence y, sequence x) {
  for (int i = 0; i < n; i++)
    for (int k = 0; k < WIDTH; k++) x[i][k] += y[i][k];
}

static void block_of(const oracle *o, bool training, int b, int user, int n, sequence x) {
  sequence y, q, k, v;
  normalized(n, matrix(o, ATTENTION_GAIN, b), matrix(o, ATTENTION_BIAS, b), x, y);
  times(n, matrix(o, QUERY, b), y, NULL, q);
  times(n, matrix(o, KEY, b), y, NULL, k);
  times(n, matrix(o, VALUE, b), y, NULL, v);
  attended(n, q, k, v, y);
  dropped(o, training, 1 + 2 * b, user, n, y);
  added(n, y, x);
  normalized(n, matrix(o, DENSE_GAIN, b), matrix(o, DENSE_BIAS, b), x, q);
  times(n, matrix(o, FIRST, b), q, matrix(o, FIRST_BIAS, b), y);
  for (int i = 0; i < n; i++)
    for (int c = 0; c < WIDTH; c++) y[i][c] = y[i][c] > 0 ? y[i][c] : 0;
  times(n, matrix(o, SECOND, b), y, matrix(o, SECOND_BIAS, b), q);
  dropped(o, training, 2 + 2 * b, user, n, q);
  added(n, q, x);
}

/* h of the rows of a sequence of n items. */
static void rows_of(const oracle *o, bool training, int user, int n, const int *item, sequence h) {
  const double *position = matrix(o, POSITION, 0);
  sequence x;
  for (int i = 0; i < n; i++)
    for (int k = 0; k < WIDTH; k++)
      x[i][k] = sqrt(WIDTH) * o->z[item[i]][k] + position[(LENGTH - n + i) * WIDTH + k];
  dropped(o, training, 0, user, n, x);
  for (int b = 0; b < BLOCKS; b++) block_of(o, training, b, user, n, x);
  normalized(n, matrix(o, LAST_GAIN, 0), matrix(o, LAST_BIAS, 0), x, h);
}

static void items_of(oracle *o) {
  const double *v = matrix(o, ITEM, 0), *w = o->graph ? matrix(o, GRAPH, 0) : NULL;
  for (int i = 0; i < ITEMS; i++)
    for (int k = 0; k < WIDTH; k++) {
      o->z[i][k] = v[i * WIDTH + k];
      for (int j = 0; j < ROW && w; j++) o->z[i][k] += o->row[i][j] * w[j * WIDTH + k];
    }
}

/* What exp(s) of the candidates that are not `own` adds, a draw at a time, and of `own`, once. */
static double sum_of_draws(const oracle *o, int64_t step, int own, const double *s) {
  double all = exp(s[own]) / o->expected[own];
  for (int i = 0; i < o->n_next; i++)
    if (o->next[i] != own) all += exp(s[o->next[i]]) / o->expected[o->next[i]];
  for (int i = 0; i < o->drawn; i++) {
    const kith_draw r = kith_random(SEED, KITH_RNG_SHARED_NEGATIVE, EPOCH, (uint64_t)step, (uint64_t)i);
    const int j = (int)kith_random_below(r.bits[0], ITEMS);
    if (j != own) all += exp(s[j]) / o->expected[j];
  }
  return all;
}

/* The next item at every place of a user. */
static double loss_of_user(const oracle *o, int64_t step, int u, int *places) {
  const int n = length(u) - 1 < LENGTH ? length(u) - 1 : LENGTH;
  const int *item = list[u] + length(u) - 1 - n;
  double loss = 0;
  sequence h;
  if (n <= 0) return 0;
  rows_of(o, true, u, n, item, h);
  for (int i = 0; i < n; i++) {
    const int own = item[i + 1];
    double all = 0, s[ITEMS] = {0};
    for (int j = 0; j < ITEMS; j++) {
      for (int k = 0; k < WIDTH; k++) s[j] += h[i][k] * o->z[j][k];
      all += exp(s[j]);
    }
    if (o->drawn > 0) loss += log(sum_of_draws(o, step, own, s)) - s[own] + log(o->expected[own]);
    else loss += log(all) - s[own];
  }
  *places += n;
  return loss;
}

/* The items that follow the places of a step, and how often each item is expected among the candidates. */
static void find_candidates(oracle *o, int64_t step) {
  kith_permutation order = kith_permutation_make(SEED, KITH_RNG_SHUFFLE, EPOCH, USERS);
  double follows[ITEMS] = {0}, all = 0;
  o->n_next = 0;
  for (int i = 0; i < USERS; i++) {
    const int u = (int)kith_permutation_apply(&order, (uint64_t)i);
    for (int p = length(u) - 1; p > 0 && p > length(u) - 1 - LENGTH; p--) {
      follows[list[u][p]]++;
      all++;
      if (i / o->batch == step) o->next[o->n_next++] = list[u][p];
    }
  }
  for (int j = 0; j < ITEMS; j++) o->expected[j] = o->n_next * follows[j] / all + (double)o->drawn / ITEMS;
}

/* LightGCN with one layer: the mean of x and of its neighbors' sum, weighted by both ends' degrees. */
static void layer_of(oracle *o, const double *x) {
  double degree[ITEMS] = {0};
  for (int u = 0; u < USERS; u++)
    for (int i = 0; i < length(u); i++) degree[list[u][i]]++;
  for (int i = 0; i < ITEMS; i++)
    for (int k = 0; k < ROW; k++) o->row[i][k] = x[(USERS + i) * ROW + k] / 2;
  for (int u = 0; u < USERS; u++)
    for (int i = 0; i < length(u); i++)
      for (int k = 0; k < ROW; k++)
        o->row[list[u][i]][k] += x[u * ROW + k] / sqrt(length(u) * degree[list[u][i]]) / 2;
  o->p = x + NODES * ROW;
}

static double loss_of(oracle *o, int64_t step, const double *p) {
  kith_permutation order = kith_permutation_make(SEED, KITH_RNG_SHUFFLE, EPOCH, USERS);
  double loss = 0;
  int places = 0;
  o->p = p;
  if (o->joint) layer_of(o, p);
  items_of(o);
  for (int64_t i = step * o->batch; i < USERS && i < (step + 1) * o->batch; i++)
    loss += loss_of_user(o, step, (int)kith_permutation_apply(&order, (uint64_t)i), &places);
  return loss / places;
}

/* ---- the comparison ---- */

static void expect_near(double is, double truth, const char *what, int64_t at) {
  if (!(fabs(is - truth) <= TOLERANCE * (1 + fabs(truth))))
    fail_msg("%s of %lld: %.8g, expected %.8g", what, (long long)at, is, truth);
}

/* By central differences, each on one rank. */
static void differences(oracle *o, int64_t step, int64_t n, double *p, double *grad) {
  for (int64_t i = 0; i < n; i++) grad[i] = 0;
  for (int64_t i = test_comm->rank; i < n; i += test_comm->size) {
    const double at = p[i];
    p[i] = at + SHIFT;
    const double up = loss_of(o, step, p);
    p[i] = at - SHIFT;
    grad[i] = (up - loss_of(o, step, p)) / (2 * SHIFT);
    p[i] = at;
  }
  MPI_Allreduce(MPI_IN_PLACE, grad, (int)n, MPI_DOUBLE, MPI_SUM, test_comm->mpi);
}

/* A step of the library against one of the formulas, Kingma and Ba, ICLR 2015, algorithm 1. */
static void compare_step(oracle *o, kith_sasrec *s, int64_t step, int64_t n, double *p, double *m,
                         double *v) {
  const kith_weights w = kith_params_weights(o->params);
  double *grad = calloc((size_t)n, sizeof *grad), count;
  *kith_sasrec_loss(s) = (kith_exact_sum){0};
  for (int64_t i = 0; i < n; i++) p[i] = (double)w.value[i];
  find_candidates(o, step);
  o->step = EPOCH * kith_sasrec_n_step(s) + step;
  count = (double)o->step + 1;
  double truth = loss_of(o, step, p);
  differences(o, step, n, p, grad);
  kith_sasrec_step(s, step, &(kith_phase_clock){0});
  kith_comm_sum(test_comm, 1, kith_sasrec_loss(s));
  expect_near(kith_exact_sum_value(kith_sasrec_loss(s)), truth, "loss", step);
  for (int64_t i = 0; i < n; i++) {
    expect_near((double)w.grad[i], grad[i], "gradient", i);
    m[i] = 0.9 * m[i] + 0.1 * grad[i];
    v[i] = 0.999 * v[i] + 0.001 * grad[i] * grad[i];
    const double root = sqrt(v[i] / (1 - pow(0.999, count))) + 1e-8;
    if (fabs(grad[i]) > CLEAR)
      expect_near((double)w.value[i], p[i] - RATE * m[i] / (1 - pow(0.9, count)) / root, "weight", i);
  }
  free(grad);
}

/* What the last items say, without dropout. */
static void compare_users(oracle *o, kith_sasrec *s, const int64_t *user, int64_t n_user, double *p) {
  float h[USERS * WIDTH];
  const kith_weights w = kith_params_weights(o->params);
  for (int64_t i = 0; i < w.n; i++) p[i] = (double)w.value[i];
  o->p = p;
  items_of(o);
  kith_sasrec_users(s, h);
  for (int64_t i = 0; i < n_user; i++) {
    const int u = (int)user[i], n = length(u) < LENGTH ? length(u) : LENGTH;
    sequence x;
    rows_of(o, false, u, n, list[u] + length(u) - n, x);
    for (int k = 0; k < WIDTH; k++) expect_near((double)h[i * WIDTH + k], n > 0 ? x[n - 1][k] : 0, "user", u);
  }
  for (int i = 0; i < ITEMS; i++)
    for (int k = 0; k < WIDTH; k++)
      expect_near((double)kith_sasrec_items(s)[i * WIDTH + k], o->z[i][k], "item", i);
}

static kith_sasrec_options options_of(bool graph, int batch, int drawn) {
  return (kith_sasrec_options){.dim = WIDTH,
                               .graph = graph,
                               .length = LENGTH,
                               .blocks = BLOCKS,
                               .heads = HEADS,
                               .dropout = DROPOUT,
                               .epochs = 2,
                               .batch = batch,
                               .candidates = drawn,
                               .rate = RATE};
}

static void compare(bool graph, int batch, int drawn) {
  const kith_sasrec_options options = options_of(graph, batch, drawn);
  int32_t item[USERS * MOST];
  int64_t start[USERS + 1] = {0}, user[USERS], n = 0;
  float row[ITEMS * ROW];
  oracle o = {.graph = graph, .batch = batch, .drawn = drawn};
  kith_sasrec *s = NULL;
  fill_lists();
  for (int u = test_comm->rank; u < USERS; u += test_comm->size) {
    start[n + 1] = start[n];
    for (int i = length(u) - 1; i >= 0; i--) item[start[n + 1]++] = list[u][i];
    user[n++] = u;
  }
  for (int i = 0; i < ITEMS * ROW; i++) o.row[i / ROW][i % ROW] = (double)(row[i] = (float)sin(1 + 2 * i));
  kith_ragged lists = {.n_row = n, .start = start, .value = item};
  kith_sasrec_data data = {USERS, ITEMS, &lists, user, graph ? ROW : 0, row};
  assert_int_equal(kith_sasrec_create(test_comm, &options, SEED, &data, &s).status, KITH_OK);
  o.params = kith_sasrec_params(s);
  find_parameters(&o);
  const int64_t n_weight = kith_params_weights(o.params).n;
  double *p = calloc((size_t)n_weight * 3, sizeof *p);
  kith_sasrec_set_epoch(s, EPOCH);
  for (int step = 0; step < STEPS; step++)
    compare_step(&o, s, step, n_weight, p, p + n_weight, p + 2 * n_weight);
  compare_users(&o, s, user, n, p);
  kith_sasrec_destroy(&s);
  free(p);
}

/* ---- jointly with the model of the graph ---- */

static int by_number(const void *a, const void *b) { return *(const int32_t *)a - *(const int32_t *)b; }

/* This rank's share; the time of an item is its place in the list. */
static kith_graph *share(void) {
  int32_t user[USERS * MOST], item[USERS * MOST];
  test_graph whole = {.n_user = USERS, .n_item = ITEMS, .user = user, .item = item};
  fill_lists();
  for (int u = 0; u < USERS; u++) {
    for (int i = 0; i < length(u); i++) {
      user[whole.n_edge + i] = u;
      item[whole.n_edge + i] = list[u][i];
    }
    qsort(item + whole.n_edge, (size_t)length(u), sizeof *item, by_number);
    whole.n_edge += length(u);
  }
  kith_graph *g = test_graph_cut(&whole, test_comm, 6, 5);
  if (KITH_NEW(g->time, g->start[g->n_own])) abort();
  for (kith_lid i = 0; i < g->n_own; i++)
    for (int64_t e = 0, to = g->start[i]; e < whole.n_edge; e++) {
      if ((g->type[i] ? item[e] : user[e]) != g->original[i]) continue;
      for (int p = 0; p < length(user[e]); p++)
        if (list[user[e]][p] == item[e]) g->time[to] = p;
      to++;
    }
  return g;
}

/* Rows x [n_own, ROW] of all ranks by type and number, then the weights: what the formulas read. */
static void read_all(kith_trainer *t, double *p) {
  const kith_train_state s = kith_trainer_state(t);
  for (int i = 0; i < NODES * ROW; i++) p[i] = 0;
  for (kith_lid i = 0; i < t->g->n_own; i++)
    for (int k = 0; k < ROW; k++)
      p[((t->g->type[i] ? USERS : 0) + t->g->original[i]) * ROW + k] = (double)s.x[i * ROW + k];
  MPI_Allreduce(MPI_IN_PLACE, p, NODES * ROW, MPI_DOUBLE, MPI_SUM, test_comm->mpi);
  for (int64_t i = 0; i < s.weights.n; i++) p[NODES * ROW + i] = (double)s.weights.value[i];
}

/* What the moved rows say of this rank's users. */
static void compare_joint_users(oracle *o, kith_trainer *t, const double *p) {
  float h[USERS * WIDTH], row[ITEMS * ROW];
  const kith_graph *g = t->g;
  layer_of(o, p);
  items_of(o);
  const float *final = kith_trainer_inference(t);
  for (kith_lid i = 0; i < g->n_own; i++)
    for (int k = 0; k < ROW && g->type[i] == KITH_ITEM; k++)
      expect_near((double) final[i * ROW + k], o->row[g->original[i]][k], "row", g->original[i]);
  for (int i = 0; i < ITEMS * ROW; i++) row[i] = (float)o->row[i / ROW][i % ROW];
  kith_trainer_sequence_users(t, row, h);
  for (kith_lid i = 0; i < g->n_own_of[KITH_USER]; i++) {
    const int u = (int)g->original[g->row_of[KITH_USER][i]], n = length(u) < LENGTH ? length(u) : LENGTH;
    sequence x;
    rows_of(o, false, u, n, list[u] + length(u) - n, x);
    for (int k = 0; k < WIDTH; k++) expect_near((double)h[i * WIDTH + k], n > 0 ? x[n - 1][k] : 0, "user", u);
  }
}

/* A step of gradient descent at rate 1 moves everything by its gradient. */
static void the_loss_reaches_the_rows_of_the_graph(void **state) {
  (void)state;
  oracle o = {.graph = true, .joint = true, .batch = FEW, .drawn = 3};
  kith_model_options model = kith_model_defaults();
  kith_train_options train = kith_train_defaults();
  kith_trainer *t = NULL;
  kith_graph *g = share();
  model.dim = ROW;
  model.layers = 1;
  model.sequence = KITH_SEQUENCE_SASREC;
  model.sasrec = options_of(true, FEW, 3);
  model.sasrec.joint = true;
  train.seed = SEED;
  train.optimizer.name = KITH_SGD;
  train.optimizer.momentum = 0;
  train.optimizer.lr = 1;
  assert_int_equal(kith_trainer_create(test_comm, g, &model, &train, &t).status, KITH_OK);
  o.params = t->params;
  find_parameters(&o);
  const int64_t n = NODES * ROW + kith_trainer_state(t).weights.n;
  double *p = calloc((size_t)n * 3, sizeof *p), *after = p + n, *grad = p + 2 * n;
  kith_trainer_set_epoch(t, EPOCH);
  o.step = EPOCH * kith_trainer_n_step(t);
  read_all(t, p);
  find_candidates(&o, 0);
  const double truth = loss_of(&o, 0, p);
  differences(&o, 0, n, p, grad);
  kith_trainer_step(t, 0, KITH_REQUEST_NONE);
  kith_comm_sum(test_comm, 1, kith_trainer_state(t).loss);
  expect_near(kith_exact_sum_value(kith_trainer_state(t).loss), truth, "loss", 0);
  read_all(t, after);
  for (int64_t i = 0; i < n; i++) expect_near(p[i] - after[i], grad[i], "gradient", i);
  compare_joint_users(&o, t, after);
  kith_trainer_destroy(&t);
  kith_graph_destroy(&g);
  free(p);
}

static void steps_are_those_of_the_paper(void **state) {
  (void)state;
  compare(false, FEW, 0);
}

static void rows_of_the_graph_join_the_items(void **state) {
  (void)state;
  compare(true, BATCH, 0);
}

/* The first steps of an epoch of more: items occur once, more often, and not at all. */
static void candidates_are_corrected_by_their_frequency(void **state) {
  (void)state;
  compare(true, FEW, 3);
}

static void more_candidates_than_items_are_refused(void **state) {
  (void)state;
  kith_sasrec_options options = {.dim = 4, .heads = 1, .length = LENGTH, .batch = 1, .candidates = ITEMS};
  const int64_t start[1] = {0};
  const kith_ragged none = {.start = (int64_t *)start};
  const kith_sasrec_data data = {.n_user = 1, .n_item = ITEMS, .list = &none};
  kith_sasrec *s = NULL;
  assert_int_equal(kith_sasrec_create(test_comm, &options, SEED, &data, &s).status, KITH_ECONFIG);
  assert_null(s);
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(steps_are_those_of_the_paper),
                                     cmocka_unit_test(rows_of_the_graph_join_the_items),
                                     cmocka_unit_test(candidates_are_corrected_by_their_frequency),
                                     cmocka_unit_test(the_loss_reaches_the_rows_of_the_graph),
                                     cmocka_unit_test(more_candidates_than_items_are_refused)};
  test_begin(&argc, &argv);
  return test_end(cmocka_run_group_tests(tests, NULL, NULL));
}
