/* ranks: 1 2 3 */
/*
 * Every model, forward and three training steps, against formulas written from the papers in double
 * precision: dense loops over a small graph, and the gradient of the loss by central differences, so that no
 * backward pass is shared either.  Only the keyed draws of negatives and orders are taken from the library,
 * since they define a step.
 *
 * The learning rate, Adam's betas and epsilon, the decay of rates and of weights are not at their defaults,
 * so that each is seen.  Epsilon is large: the step then shows how large a gradient is, and not only its
 * sign.
 */
#include "support/cut.h"
#include "support/mpi_main.h"

#include "train/train.h"

enum {
  USERS = 9,
  ITEMS = 11,
  EDGES = 60,
  NODES = USERS + ITEMS,
  WIDTH = 4,
  LAYERS = 2,
  BATCH = 7,
  STEPS = 3,
  EPOCH = 1,
  WIDEST = 16
};
enum { PARAMETERS = 1024 };
static const double TOLERANCE =
    2e-5;                         /* of numbers below 1; floats carry 6e-8 a rounding, and steps repeat it */
static const double SHIFT = 1e-5; /* of a central difference: truncation and rounding are both near 1e-10 */

typedef struct net {
  const kith_model_options *o;
  const kith_train_options *t;
  const test_graph *g;
  bool linked[NODES][NODES];
  double near[NODES][NODES]; /* PinSage: visits of walks from a node, 0 for those it does not read */
  int degree[NODES];
  bool viewed[NODES][NODES]; /* in a second relation of users with items */
  int views[NODES];
  double further[NODES][WIDEST]; /* rows that the auxiliary loss of the second relation trains */
  uint64_t step;                 /* of training, for the order in which an LSTM reads */
  bool training;
  const double *weight;   /* behind the weights that a layer has taken */
  int n_weight, taken;    /* numbers in all, and taken so far */
  bool first[PARAMETERS]; /* whether a weight is the first layer's */
  bool dense[PARAMETERS]; /* whether it decays as GCNII's dense layers do */
} net;

typedef double rows[NODES][WIDEST];

/* ---- pieces of formulas ---- */

enum { DENSE = -1 }; /* in place of a layer: one of GCNII's dense layers */

/* The next n weights, which belong to a layer. */
static const double *take(net *m, int layer, int n) {
  const double *w = m->weight + m->taken;
  for (int i = 0; i < n; i++) m->first[m->taken + i] = layer == 0;
  for (int i = 0; i < n; i++) m->dense[m->taken + i] = layer == DENSE;
  m->taken += n;
  return w;
}

/* y = x W + b for all nodes; W [a, b_columns], b may be null. */
static void linear(int a, int b, rows x, const double *w, const double *bias, rows y) {
  rows out;
  for (int i = 0; i < NODES; i++)
    for (int k = 0; k < b; k++) {
      out[i][k] = bias ? bias[k] : 0;
      for (int j = 0; j < a; j++) out[i][k] += x[i][j] * w[j * b + k];
    }
  memcpy(y, out, sizeof out);
}

static double relu(double x) { return x > 0 ? x : 0; }
static double leaky(double x) { return x > 0 ? x : 0.2 * x; }
static double elu(double x) { return x > 0 ? x : expm1(x); }
static double sigmoid(double x) { return 1 / (1 + exp(-x)); }

static void apply(int d, double (*f)(double), rows x) {
  for (int i = 0; i < NODES; i++)
    for (int k = 0; k < d; k++) x[i][k] = f(x[i][k]);
}

static void unit_edge_csr(int d, rows x) {
  for (int i = 0; i < NODES; i++) {
    double square = 0;
    for (int k = 0; k < d; k++) square += x[i][k] * x[i][k];
    for (int k = 0; k < d && square > 0; k++) x[i][k] /= sqrt(square);
  }
}

/* Items, which come after the users, divided by a power of their lengths. */
static void discount_items(int d, double power, rows x) {
  for (int i = USERS; i < NODES; i++) {
    double square = 0;
    for (int k = 0; k < d; k++) square += x[i][k] * x[i][k];
    for (int k = 0; k < d && square > 0; k++) x[i][k] /= pow(square, power / 2);
  }
}

/* y_i = sum over j of c(i, j) x_j */
static void aggregate(const net *m, int d, double (*c)(const net *, int, int), rows x, rows y) {
  for (int i = 0; i < NODES; i++)
    for (int k = 0; k < d; k++) {
      y[i][k] = 0;
      for (int j = 0; j < NODES; j++) y[i][k] += c(m, i, j) * x[j][k];
    }
}

static double symmetric(const net *m, int i, int j) {
  return m->linked[i][j] ? 1 / sqrt((double)m->degree[i] * m->degree[j]) : 0;
}
static double looped(const net *m, int i, int j) {
  return m->linked[i][j] || i == j ? 1 / sqrt((m->degree[i] + 1.0) * (m->degree[j] + 1.0)) : 0;
}
static double mean(const net *m, int i, int j) { return m->linked[i][j] ? 1.0 / m->degree[i] : 0; }
static double share(const net *m, int i, int j) {
  double all = 0;
  for (int k = 0; k < NODES; k++) all += m->near[i][k];
  return all > 0 ? m->near[i][j] / all : 0;
}

static void beside(int a, rows x, int b, rows y, rows both) {
  for (int i = 0; i < NODES; i++) {
    memcpy(both[i], x[i], (size_t)a * sizeof(double));
    memcpy(both[i] + a, y[i], (size_t)b * sizeof(double));
  }
}

/* ---- models ---- */

static void mf(net *m, rows h, rows final) {
  (void)m;
  memcpy(final, h, sizeof(rows));
}

/* h becomes (1 - r) h + r x, of d columns. */
static void mix(double r, int d, rows x, rows h) {
  for (int i = 0; i < NODES; i++)
    for (int k = 0; k < d; k++) h[i][k] = (1 - r) * h[i][k] + r * x[i][k];
}

/* He et al., SIGIR 2020, eqs. 3 and 4; the learned weights are a softmax.  With a residual, Klicpera et al.,
 * ICLR 2019: a walk of APPNP in place of a power of the matrix. */
static void lightgcn(net *m, rows h, rows final) {
  double alpha[LAYERS + 1], all = 0;
  bool learned = m->o->lightgcn.layer_weights == KITH_LAYER_WEIGHTS_LEARNED;
  const double *a = learned ? take(m, 0, LAYERS + 1) : NULL;
  rows x;
  memcpy(x, h, sizeof x);
  for (int l = 0; l <= LAYERS; l++) all += alpha[l] = learned ? exp(a[l]) : 1;
  for (int i = 0; i < NODES; i++)
    for (int k = 0; k < WIDTH; k++) final[i][k] = alpha[0] / all * h[i][k];
  for (int l = 1; l <= LAYERS; l++) {
    rows next;
    aggregate(m, WIDTH, symmetric, h, next);
    memcpy(h, next, sizeof next);
    mix(m->o->residual, WIDTH, x, h);
    for (int i = 0; i < NODES; i++)
      for (int k = 0; k < WIDTH; k++) final[i][k] += alpha[l] / all * h[i][k];
  }
}

/* Wang et al., SIGIR 2019, eqs. 3 to 5 and 9: messages p_ui (W1 e_i + W2 (e_i * e_u)), and W1 e_u of the node
 * itself. */
static void ngcf(net *m, rows h, rows final) {
  memcpy(final, h, sizeof(rows));
  for (int l = 0; l < LAYERS; l++) {
    const double *w1 = take(m, l, WIDTH * WIDTH), *b1 = take(m, l, WIDTH), *w2 = take(m, l, WIDTH * WIDTH),
                 *b2 = take(m, l, WIDTH);
    rows y;
    for (int u = 0; u < NODES; u++)
      for (int k = 0; k < WIDTH; k++) {
        y[u][k] = b1[k] + b2[k];
        for (int c = 0; c < WIDTH; c++) y[u][k] += h[u][c] * w1[c * WIDTH + k];
        for (int i = 0; i < NODES; i++)
          for (int c = 0; c < WIDTH; c++)
            y[u][k] +=
                symmetric(m, u, i) * (h[i][c] * w1[c * WIDTH + k] + h[i][c] * h[u][c] * w2[c * WIDTH + k]);
      }
    apply(WIDTH, leaky, y);
    memcpy(h, y, sizeof y);
    unit_edge_csr(WIDTH, y);
    for (int i = 0; i < NODES; i++) memcpy(final[i] + (l + 1) * WIDTH, y[i], WIDTH * sizeof(double));
  }
}

/* Kipf and Welling, ICLR 2017, eqs. 2 and 8.  With a residual, the prediction of a node that APPNP walks back
 * to is its row times the first layer's weights, and is mixed in before the weights of further layers. */
static void gcn(net *m, rows h, rows final) {
  rows predicted;
  for (int l = 0; l < LAYERS; l++) {
    rows near;
    const double *w = take(m, l, WIDTH * WIDTH);
    if (l == 0) linear(WIDTH, WIDTH, h, w, NULL, h), memcpy(predicted, h, sizeof predicted);
    aggregate(m, WIDTH, looped, h, near);
    mix(m->o->residual, WIDTH, predicted, near);
    if (l == 0) memcpy(h, near, sizeof near);
    else linear(WIDTH, WIDTH, near, w, NULL, h);
    if (l + 1 < LAYERS) apply(WIDTH, relu, h);
  }
  memcpy(final, h, sizeof(rows));
}

/* Chen et al., ICML 2020, eq. 5 and section 3, with P as in Kipf and Welling: the weights are those of the
 * identity and of W, in this order.  The dense layers are those of the authors' code. */
static void gcnii(net *m, rows h, rows final) {
  const double *c = take(m, DENSE, WIDTH), *w = take(m, DENSE, WIDTH * WIDTH);
  rows first, near;
  linear(WIDTH, WIDTH, h, w, c, first);
  apply(WIDTH, relu, first);
  memcpy(h, first, sizeof first);
  for (int l = 1; l <= LAYERS; l++) {
    double beta = log1p(m->o->gcnii.lambda / l), map[WIDTH * WIDTH];
    w = take(m, l - 1, WIDTH * WIDTH);
    for (int j = 0; j < WIDTH; j++)
      for (int k = 0; k < WIDTH; k++) map[j * WIDTH + k] = (1 - beta) * (j == k) + beta * w[j * WIDTH + k];
    aggregate(m, WIDTH, looped, h, near);
    mix(m->o->gcnii.alpha, WIDTH, first, near);
    linear(WIDTH, WIDTH, near, map, NULL, h);
    apply(WIDTH, relu, h);
  }
  c = take(m, DENSE, WIDTH);
  w = take(m, DENSE, WIDTH * WIDTH);
  linear(WIDTH, WIDTH, h, w, c, final);
}

/* Schlichtkrull et al., ESWC 2018, eqs. 2 and 3, with two relations: users of items, and items of users. */
static void rgcn(net *m, rows h, rows final) {
  int bases = m->o->rgcn.bases;
  for (int l = 0; l < LAYERS; l++) {
    rows y, near;
    double w[2][WIDTH * WIDTH] = {{0}};
    const double *self = take(m, l, WIDTH * WIDTH), *a = bases > 0 ? take(m, l, 2 * bases) : NULL,
                 *v = take(m, l, (bases > 0 ? bases : 2) * WIDTH * WIDTH);
    for (int r = 0; r < 2; r++)
      for (int i = 0; i < WIDTH * WIDTH; i++) {
        if (bases == 0) w[r][i] = v[r * WIDTH * WIDTH + i];
        for (int b = 0; b < bases; b++) w[r][i] += a[r * bases + b] * v[b * WIDTH * WIDTH + i];
      }
    linear(WIDTH, WIDTH, h, self, NULL, y);
    aggregate(m, WIDTH, mean, h, near);
    for (int i = 0; i < NODES; i++)
      for (int k = 0; k < WIDTH; k++)
        for (int j = 0; j < WIDTH; j++) y[i][k] += near[i][j] * w[i >= USERS][j * WIDTH + k];
    if (l + 1 < LAYERS) apply(WIDTH, relu, y);
    memcpy(h, y, sizeof y);
  }
  memcpy(final, h, sizeof(rows));
}

static double by_views(const net *m, int i, int j) {
  return m->viewed[i][j] ? 1 / sqrt((double)m->views[i] * m->views[j]) : 0;
}

/* y = x W, where users have a W of their own. */
static void transform(int transforms, const double *w, rows x, rows y) {
  rows items;
  const double *w_item = w + (transforms == KITH_CASCADE_TYPES ? WIDTH * WIDTH : 0);
  linear(WIDTH, WIDTH, x, w_item, NULL, items);
  linear(WIDTH, WIDTH, x, w, NULL, y);
  memcpy(y + USERS, items + USERS, ITEMS * sizeof *y);
}

/* Cheng et al., WWW 2023: LightGCN, the mean of its layers, on each behavior's graph, transformed into the
 * next one's input rows; the final rows are the sum over behaviors. */
static void mbcgcn(net *m, rows h, rows final) {
  static double (*const graph[])(const net *, int, int) = {by_views, symmetric};
  const kith_cascade_options *c = &m->o->cascade;
  int matrices = (int)c->transform; /* none, one, two */
  const double *w = take(m, 0, matrices * WIDTH * WIDTH);
  memset(final, 0, sizeof(rows));
  for (int b = 0; b < 2; b++) {
    rows mean, next;
    int n = c->layers.n == 0 ? LAYERS : c->layers.n == 1 ? c->layers.of[0] : c->layers.of[b];
    memcpy(mean, h, sizeof mean);
    for (int l = 0; l < n; l++) {
      aggregate(m, WIDTH, graph[b], h, next);
      memcpy(h, next, sizeof next);
      for (int i = 0; i < NODES; i++)
        for (int k = 0; k < WIDTH; k++) mean[i][k] += h[i][k];
    }
    for (int i = 0; i < NODES; i++)
      for (int k = 0; k < WIDTH; k++) final[i][k] += mean[i][k] /= n + 1;
    if (b == 0) memcpy(m->further, mean, sizeof mean);
    if (matrices == 0) memcpy(h, mean, sizeof mean);
    else if (b == 0) transform(matrices, w, mean, h);
  }
}

/* Yan et al., TOIS 2023: the last layer of a behavior, rows of length 1, is added to its input rows. */
static void crgcn(net *m, rows h, rows final) {
  static double (*const graph[])(const net *, int, int) = {by_views, symmetric};
  for (int b = 0; b < 2; b++) {
    rows e, next;
    memcpy(e, h, sizeof e);
    for (int l = 0; l < LAYERS; l++) {
      aggregate(m, WIDTH, graph[b], e, next);
      memcpy(e, next, sizeof next);
    }
    unit_edge_csr(WIDTH, e);
    for (int i = 0; i < NODES; i++)
      for (int k = 0; k < WIDTH; k++) h[i][k] += e[i][k];
    if (b == 0) memcpy(m->further, h, sizeof(rows));
  }
  memcpy(final, h, sizeof(rows));
}

static void cascade(net *m, rows h, rows final) {
  if (m->o->cascade.residual) crgcn(m, h, final);
  else mbcgcn(m, h, final);
}

/* One head of attention on `wide` columns of z from `at` on; y gets them, times `factor`, from `to` on. */
static void attend(const net *m, rows z, int at, int wide, const double *a, const double *b, double factor,
                   int to, rows y) {
  for (int i = 0; i < NODES; i++) {
    double e[NODES], all = 0;
    for (int j = 0; j < NODES; j++) {
      double s = 0;
      for (int k = at; k < at + wide; k++) s += a[k] * z[i][k] + b[k] * z[j][k];
      e[j] = m->linked[i][j] || i == j ? exp(leaky(s)) : 0;
      all += e[j];
    }
    for (int j = 0; j < NODES; j++)
      for (int k = 0; k < wide; k++) y[i][to + k] += factor * e[j] / all * z[j][at + k];
  }
}

/* Velickovic et al., ICLR 2018, eqs. 1 to 6. */
static void gat(net *m, rows h, rows final) {
  for (int l = 0; l < LAYERS; l++) {
    bool last = l + 1 == LAYERS, averages = last && m->o->gat.last_merge == KITH_HEADS_AVERAGE;
    int heads = last && m->o->gat.last_heads > 0 ? m->o->gat.last_heads : m->o->gat.heads,
        wide = averages ? WIDTH : WIDTH / heads;
    const double *w = take(m, l, WIDTH * heads * wide), *a = take(m, l, heads * wide),
                 *b = take(m, l, heads * wide);
    rows z, y = {{0}};
    linear(WIDTH, heads * wide, h, w, NULL, z);
    for (int k = 0; k < heads; k++)
      attend(m, z, k * wide, wide, a, b, averages ? 1.0 / heads : 1, averages ? 0 : k * wide, y);
    if (!last) apply(WIDTH, elu, y);
    memcpy(h, y, sizeof y);
  }
  memcpy(final, h, sizeof(rows));
}

/* Wu et al., TKDE 2020, section 4.2, without ties between users, where what a row takes of its one sum is
 * all: users and items attend with weights of their own.  Scores are GAT's. */
static void diffnet(net *m, rows h, rows final) {
  memcpy(final, h, sizeof(rows));
  for (int l = 0; l < LAYERS; l++) {
    rows y;
    const double *w = take(m, l, 6 * WIDTH); /* a, b of users; a, b of items; two of the mix */
    memcpy(y, h, sizeof y);
    for (int i = 0; i < NODES; i++) {
      const double *a = w + (i < USERS ? 0 : 2 * WIDTH), *b = a + WIDTH;
      double e[NODES], all = 0;
      for (int j = 0; j < NODES; j++) {
        double s = 0;
        for (int k = 0; k < WIDTH; k++) s += a[k] * h[i][k] + b[k] * h[j][k];
        all += e[j] = m->linked[i][j] ? exp(leaky(s)) : 0;
      }
      for (int j = 0; j < NODES; j++)
        for (int k = 0; k < WIDTH && all > 0; k++) y[i][k] += e[j] / all * h[j][k];
    }
    memcpy(h, y, sizeof y);
    for (int i = 0; i < NODES; i++) memcpy(final[i] + (l + 1) * WIDTH, y[i], WIDTH * sizeof(double));
  }
}

/* Hamilton et al., NIPS 2017, eq. 3: the maximum over neighbors of ReLU(P h_j + p). */
static void pool(net *m, int l, rows h, rows y) {
  const double *w = take(m, l, WIDTH * WIDTH), *b = take(m, l, WIDTH);
  rows p;
  linear(WIDTH, WIDTH, h, w, b, p);
  apply(WIDTH, relu, p);
  for (int i = 0; i < NODES; i++)
    for (int k = 0; k < WIDTH; k++) {
      y[i][k] = 0;
      for (int j = 0; j < NODES; j++)
        if (m->linked[i][j] && p[j][k] > y[i][k]) y[i][k] = p[j][k];
    }
}

/* A node's key: twice the original number, one more for items. */
static uint64_t key_of(int node) {
  return node < USERS ? (uint64_t)node * 2 : (uint64_t)(node - USERS) * 2 + 1;
}

/* The neighbors of a row in the order in which it reads them: drawn anew in every training step, else by
 * number. */
static int reading_order(const net *m, int i, int *order) {
  int n = 0;
  uint64_t key[NODES];
  for (int j = 0; j < NODES; j++) {
    if (!m->linked[i][j]) continue;
    uint64_t k = m->training
                     ? kith_random(m->t->seed, KITH_RNG_NEIGHBOR_ORDER, m->step, key_of(i), key_of(j)).bits[0]
                     : key_of(j);
    int at = n++;
    for (; at > 0 && key[at - 1] > k; at--) key[at] = key[at - 1], order[at] = order[at - 1];
    key[at] = k, order[at] = j;
  }
  return n;
}

/* Hochreiter and Schmidhuber's cell with a forget gate, whose bias begins at 1; docs/models.md. */
static void lstm(net *m, int l, rows h, rows y) {
  const double *b = take(m, l, 4 * WIDTH), *wx = take(m, l, WIDTH * 4 * WIDTH),
               *wh = take(m, l, WIDTH * 4 * WIDTH);
  for (int i = 0; i < NODES; i++) {
    double c[WIDTH] = {0}, s[WIDTH] = {0};
    int order[NODES], n = reading_order(m, i, order);
    for (int t = 0; t < n; t++) {
      double z[4 * WIDTH];
      for (int k = 0; k < 4 * WIDTH; k++) {
        z[k] = b[k];
        for (int a = 0; a < WIDTH; a++)
          z[k] += h[order[t]][a] * wx[a * 4 * WIDTH + k] + s[a] * wh[a * 4 * WIDTH + k];
      }
      for (int k = 0; k < WIDTH; k++) {
        c[k] = sigmoid(z[WIDTH + k] + 1) * c[k] + sigmoid(z[k]) * tanh(z[2 * WIDTH + k]);
        s[k] = sigmoid(z[3 * WIDTH + k]) * tanh(c[k]);
      }
    }
    memcpy(y[i], s, sizeof s);
  }
}

/* Hamilton et al., NIPS 2017, algorithm 1. */
static void sage(net *m, rows h, rows final) {
  for (int l = 0; l < LAYERS; l++) {
    rows y, both;
    if (m->o->sage.aggregator == KITH_SAGE_POOL) pool(m, l, h, y);
    else if (m->o->sage.aggregator == KITH_SAGE_LSTM) lstm(m, l, h, y);
    else aggregate(m, WIDTH, mean, h, y);
    beside(WIDTH, h, WIDTH, y, both);
    const double *b = take(m, l, WIDTH), *w = take(m, l, 2 * WIDTH * WIDTH);
    linear(2 * WIDTH, WIDTH, both, w, b, h);
    if (l + 1 < LAYERS) apply(WIDTH, relu, h), unit_edge_csr(WIDTH, h);
  }
  memcpy(final, h, sizeof(rows));
}

/* Ying et al., KDD 2018, algorithms 1 and 2, on the shares of walks' visits. */
static void pinsage(net *m, rows h, rows final) {
  for (int l = 0; l < LAYERS; l++) {
    rows q, y, both;
    const double *b = take(m, l, WIDTH), *w = take(m, l, WIDTH * WIDTH);
    linear(WIDTH, WIDTH, h, w, b, q);
    apply(WIDTH, relu, q);
    aggregate(m, WIDTH, share, q, y);
    beside(WIDTH, h, WIDTH, y, both);
    const double *b2 = take(m, l, WIDTH), *w2 = take(m, l, 2 * WIDTH * WIDTH);
    linear(2 * WIDTH, WIDTH, both, w2, b2, h);
    apply(WIDTH, relu, h);
    unit_edge_csr(WIDTH, h);
  }
  const double *b = take(m, 0, WIDTH), *g1 = take(m, 0, WIDTH * WIDTH), *g2 = take(m, 1, WIDTH * WIDTH);
  linear(WIDTH, WIDTH, h, g1, b, h);
  apply(WIDTH, relu, h);
  linear(WIDTH, WIDTH, h, g2, NULL, final);
}

static void forward(net *m, const double *p, rows final) {
  static void (*const model[])(net *, rows, rows) = {
      [KITH_MF] = mf,           [KITH_LIGHTGCN] = lightgcn, [KITH_NGCF] = ngcf,      [KITH_GCN] = gcn,
      [KITH_GCNII] = gcnii,     [KITH_RGCN] = rgcn,         [KITH_GAT] = gat,        [KITH_SAGE] = sage,
      [KITH_PINSAGE] = pinsage, [KITH_DIFFNET] = diffnet,   [KITH_CASCADE] = cascade};
  rows h;
  for (int i = 0; i < NODES; i++) memcpy(h[i], p + i * WIDTH, WIDTH * sizeof *p);
  m->weight = p + NODES * WIDTH;
  m->taken = 0;
  model[m->o->name](m, h, final);
  if (m->o->name != KITH_CASCADE) memcpy(m->further, final, sizeof(rows));
  assert_int_equal(m->taken,
                   m->n_weight); /* the model has the weights that the formulas have, and no others */
}

/* ---- a step ---- */

static bool knows(const net *m, int user, int item) { return m->linked[user][USERS + item]; }

static int negative(const net *m, int64_t e) {
  for (uint64_t try = 0;; try++) {
    int item =
        (int)kith_random_below(kith_random(m->t->seed, KITH_RNG_NEGATIVE, EPOCH, (uint64_t)e, try).bits[0],
                               ITEMS);
    if (!knows(m, m->g->user[e], item)) return USERS + item;
  }
}

static double product(rows x, int d, int a, int b) {
  double s = 0;
  for (int k = 0; k < d; k++) s += x[a][k] * x[b][k];
  return s;
}

/* Rendle et al., UAI 2009: the mean of -ln sigma(s_up - s_un), and L2 on the input rows of the pairs. */
static double loss_of(net *m, int64_t step, const double *p) {
  rows x;
  double loss = 0;
  int d = kith_model_output_dim(m->o);
  kith_permutation order = kith_permutation_make(m->t->seed, KITH_RNG_SHUFFLE, EPOCH, (uint64_t)m->g->n_edge);
  int64_t first = step * BATCH, last = first + BATCH < m->g->n_edge ? first + BATCH : m->g->n_edge;
  forward(m, p, x);
  for (int64_t place = first; place < last; place++) {
    int64_t e = (int64_t)kith_permutation_apply(&order, (uint64_t)place);
    int node[3] = {m->g->user[e], USERS + m->g->item[e], negative(m, e)};
    double square = 0;
    for (int i = 0; i < 3; i++)
      for (int k = 0; k < WIDTH; k++) square += p[node[i] * WIDTH + k] * p[node[i] * WIDTH + k];
    loss += log1p(exp(product(x, d, node[0], node[2]) - product(x, d, node[0], node[1]))) +
            0.5 * m->t->loss.l2 * square;
  }
  return loss / (double)(last - first);
}

/* Yan et al., TOIS 2023: every behavior has a BPR loss of its own pairs; a negative is an item without such a
 * pair.  Steps go through the pairs by user, then item, in an order of their own. */
static double also_of(net *m, int64_t step, const double *p) {
  int user[USERS * ITEMS], item[USERS * ITEMS], n = 0;
  rows x;
  double loss = 0;
  uint64_t seed = m->t->seed ^ kith_text_hash("view");
  int64_t all = (m->g->n_edge + BATCH - 1) / BATCH, number = EPOCH * all + step;
  for (int u = 0; u < USERS; u++)
    for (int i = USERS; i < NODES; i++)
      if (m->viewed[u][i]) user[n] = u, item[n++] = i;
  int64_t steps = (n + BATCH - 1) / BATCH, epoch = number / steps, first = number % steps * BATCH,
          last = first + BATCH < n ? first + BATCH : n;
  kith_permutation order = kith_permutation_make(seed, KITH_RNG_SHUFFLE, (uint64_t)epoch, (uint64_t)n);
  forward(m, p, x);
  for (int64_t place = first; place < last; place++) {
    uint64_t e = kith_permutation_apply(&order, (uint64_t)place), try = 0, draw = 0;
    do draw = kith_random(seed, KITH_RNG_NEGATIVE, (uint64_t)epoch, e, try++).bits[0];
    while (m->viewed[user[e]][USERS + (int)kith_random_below(draw, ITEMS)]);
    int negative = USERS + (int)kith_random_below(draw, ITEMS);
    loss += log1p(
        exp(product(m->further, WIDTH, user[e], negative) - product(m->further, WIDTH, user[e], item[e])));
  }
  return loss / (double)(last - first);
}

/* What steps descend. */
static double objective_of(net *m, int64_t step, const double *p) {
  double weight = m->t->also.n > 0 ? m->t->also.of[0].weight : 0;
  return loss_of(m, step, p) + (weight > 0 ? weight * also_of(m, step, p) : 0);
}

/* One parameter's step.  Adam: Kingma and Ba, ICLR 2015, algorithm 1; with momentum: Sutskever et al., ICML
 * 2013; Adagrad: Duchi et al., JMLR 2011. */
static double moved(const kith_optimizer_options *a, double lr, int64_t count, double grad, double *m1,
                    double *m2) {
  switch (a->name) {
  case KITH_SGD: *m1 = a->momentum * *m1 + grad; return -lr * *m1;
  case KITH_ADAGRAD: *m1 += grad * grad; return -lr * grad / (sqrt(*m1) + a->epsilon);
  default: break;
  }
  *m1 = a->beta1 * *m1 + (1 - a->beta1) * grad;
  *m2 = a->beta2 * *m2 + (1 - a->beta2) * grad * grad;
  return -lr * (*m1 / (1 - pow(a->beta1, (double)count))) /
         (sqrt(*m2 / (1 - pow(a->beta2, (double)count))) + a->epsilon);
}

static double decay_of(const net *m, int weight) {
  if (m->dense[weight]) return m->t->weight_decay_dense;
  return m->t->weight_decay_on == KITH_DECAY_ALL || m->first[weight] ? m->t->weight_decay : 0;
}

/* A step of all parameters.  Weights decay by a gradient of their own or, with AdamW, by themselves
 * (Loshchilov and Hutter, ICLR 2019, algorithm 2). */
static void step_of(net *m, int64_t step, int64_t count, int n, double *p, double *m1, double *m2) {
  double grad[PARAMETERS], lr = m->t->optimizer.lr * pow(m->t->lr_decay, EPOCH);
  const kith_optimizer_options *a = &m->t->optimizer;
  double shrunk[PARAMETERS] = {0};
  for (int i = 0; i < n; i++) {
    double at = p[i];
    p[i] = at + SHIFT;
    double up = objective_of(m, step, p);
    p[i] = at - SHIFT;
    double down = objective_of(m, step, p);
    p[i] = at;
    grad[i] = (up - down) / (2 * SHIFT);
    int w = i - NODES * WIDTH;
    double decay = w < 0 ? 0 : decay_of(m, w);
    if (a->name == KITH_ADAMW) shrunk[i] = -lr * decay * p[i];
    else grad[i] += decay * p[i];
  }
  for (int i = 0; i < n; i++) p[i] += shrunk[i] + moved(a, lr, count, grad[i], m1 + i, m2 + i);
}

/* ---- the comparison ---- */

static void expect_near(double is, double truth, const char *what) {
  if (!(fabs(is - truth) <= TOLERANCE * (1 + fabs(truth))))
    fail_msg("%s: %.8g, expected %.8g", what, is, truth);
}

/* Rows of this rank, [n_own, d], against those of all nodes, [NODES, stride]. */
static void expect_rows(const kith_graph *g, int d, const float *x, int stride, const double *truth,
                        const char *what) {
  for (kith_lid i = 0; i < g->n_own; i++)
    for (int k = 0; k < d && g->type[i] < KITH_SIDES; k++)
      expect_near((double)x[i * d + k], truth[(g->type[i] * USERS + g->original[i]) * stride + k], what);
}

static void net_link(net *m) {
  for (int64_t e = 0; e < m->g->n_edge; e++) {
    int u = m->g->user[e], i = USERS + m->g->item[e];
    m->linked[u][i] = m->linked[i][u] = true;
    m->degree[u]++;
    m->degree[i]++;
  }
  for (int u = 0; u < USERS; u++)
    for (int i = USERS; i < NODES; i++) {
      if (!test_related(TEST_VIEW, u, i - USERS)) continue;
      m->viewed[u][i] = m->viewed[i][u] = true;
      m->views[u]++;
      m->views[i]++;
    }
}

/* Visits as a group of one rank finds them; tests/mpi/test_importance_neighbors.c holds them against plain
 * walks. */
static void net_walk(net *m) {
  const kith_comm alone = {.mpi = MPI_COMM_SELF, .rank = 0, .size = 1};
  kith_graph *g = test_graph_cut(m->g, &alone, 1, 3);
  kith_dist_csr *near = NULL;
  assert_int_equal(
      KITH_OK, kith_importance_neighbors_create(&alone, g, &m->o->pinsage, m->t->seed, WIDTH, &near).status);
  for (kith_lid r = 0; r < near->csr.n_row; r++)
    for (kith_eid e = near->csr.start[r]; e < near->csr.start[r + 1]; e++) {
      kith_lid i = near->csr.perm[r], j = near->csr.col[e];
      m->near[g->type[i] * USERS + g->original[i]][g->type[j] * USERS + g->original[j]] =
          (double)near->csr.weight[e];
    }
  kith_dist_csr_destroy(&near);
  kith_graph_destroy(&g);
}

/* The initial embeddings by their law, the initial weights as they are. */
static int net_begin(net *m, kith_trainer *trainer, double *p) {
  kith_weights w = kith_trainer_state(trainer).weights;
  for (int i = 0; i < NODES; i++)
    for (int k = 0; k < WIDTH; k++) {
      kith_draw r = kith_random(m->t->seed, KITH_RNG_INIT, i >= USERS, (uint64_t)(i >= USERS ? i - USERS : i),
                                (uint64_t)k);
      p[i * WIDTH + k] = (double)(float)(m->o->init * kith_random_normal(r.bits[0], r.bits[1]));
    }
  m->n_weight = (int)w.n;
  assert_true(NODES * WIDTH + w.n <= PARAMETERS);
  for (int64_t i = 0; i < w.n; i++) p[NODES * WIDTH + i] = (double)w.value[i];
  return NODES * WIDTH + (int)w.n;
}

static void check_steps(net *m, const kith_graph *g, kith_trainer *trainer) {
  double p[PARAMETERS], m1[PARAMETERS] = {0}, m2[PARAMETERS] = {0};
  rows final;
  int n = net_begin(m, trainer, p), d = kith_model_output_dim(m->o);
  int64_t n_step = kith_trainer_n_step(trainer);
  kith_trainer_set_epoch(trainer, EPOCH);
  for (int64_t s = 0; s < STEPS; s++) {
    kith_train_state is = kith_trainer_state(trainer);
    *is.loss = (kith_exact_sum){0};
    (void)kith_trainer_step(trainer, s, KITH_REQUEST_NONE);
    kith_comm_sum(test_comm, 1, is.loss);
    m->training = true;
    m->step = (uint64_t)(EPOCH * n_step + s);
    expect_near(kith_exact_sum_value(is.loss), loss_of(m, s, p), "loss");
    step_of(m, s, (int64_t)m->step + 1, n, p, m1, m2);
    expect_rows(g, WIDTH, is.x, WIDTH, p, "embedding after a step");
    for (int i = 0; i < m->n_weight; i++)
      expect_near((double)is.weights.value[i], p[NODES * WIDTH + i], "weight after a step");
  }
  m->training = false;
  forward(m, p, final);
  if (m->o->score == KITH_COSINE) unit_edge_csr(d, final);
  if (m->o->length_discount != 0) discount_items(d, m->o->length_discount, final);
  expect_rows(g, d, kith_trainer_inference(trainer), WIDEST, final[0], "final embedding");
}

static double also; /* weight of the auxiliary loss */

static void check_by(kith_optimizer_name name, kith_model_options o, kith_weight_decay_on weight_decay_on) {
  test_graph t = test_graph_random(USERS, ITEMS, EDGES, 12);
  t.related = o.relations.n > 0;
  kith_graph *g = test_graph_cut(&t, test_comm, 5, 3);
  kith_train_options train = kith_train_defaults();
  kith_trainer *trainer = NULL;
  net m = {.o = &o, .t = &train, .g = &t};
  o.dim = WIDTH;
  o.layers = LAYERS;
  o.init = 0.7;
  if (o.gat.heads == 0) o.gat.heads = 1;
  o.pinsage = (kith_pinsage_options){.walks = 15, .length = 3, .neighbors = 4, .restart = 0.2};
  train.batch = BATCH;
  train.optimizer = (kith_optimizer_options){
      .name = name, .lr = 0.06, .beta1 = 0.8, .beta2 = 0.95, .epsilon = 0.02, .momentum = 0.7};
  train.lr_decay = 0.5;
  train.weight_decay = 0.03;
  train.weight_decay_dense = 0.2;
  train.weight_decay_on = weight_decay_on;
  train.loss.l2 = 0.05;
  if (also > 0) train.also = (kith_also){1, {{.name = "view", .weight = also}}};
  net_link(&m);
  if (o.name == KITH_PINSAGE) net_walk(&m);
  assert_int_equal(KITH_OK, kith_trainer_create(test_comm, g, &o, &train, &trainer).status);
  check_steps(&m, g, trainer);
  kith_trainer_destroy(&trainer);
  kith_graph_destroy(&g);
  test_graph_free(&t);
}

static void check(kith_model_options o, kith_weight_decay_on weight_decay_on) {
  check_by(KITH_ADAM, o, weight_decay_on);
}

#define ORACLE(name, weight_decay_on, ...)                                                                   \
  static void name(void **state) {                                                                           \
    (void)state;                                                                                             \
    check((kith_model_options){__VA_ARGS__}, weight_decay_on);                                               \
  }

ORACLE(mf_is_the_papers, KITH_DECAY_ALL, .name = KITH_MF)
ORACLE(lightgcn_is_the_papers, KITH_DECAY_ALL, .name = KITH_LIGHTGCN)
ORACLE(lightgcn_with_learned_layers_is_a_softmax, KITH_DECAY_ALL, .name = KITH_LIGHTGCN,
       .lightgcn.layer_weights = KITH_LAYER_WEIGHTS_LEARNED)
ORACLE(lightgcn_with_a_residual_is_the_papers, KITH_DECAY_ALL, .name = KITH_LIGHTGCN, .residual = 0.3)
ORACLE(lightgcn_by_cosines_has_unit_rows, KITH_DECAY_ALL, .name = KITH_LIGHTGCN, .score = KITH_COSINE)
ORACLE(lightgcn_with_a_discount_shortens_items, KITH_DECAY_ALL, .name = KITH_LIGHTGCN, .length_discount = 0.3)
ORACLE(ngcf_is_the_papers, KITH_DECAY_ALL, .name = KITH_NGCF)
ORACLE(ngcf_whose_first_layer_decays_is_the_papers, KITH_DECAY_FIRST, .name = KITH_NGCF)
ORACLE(gcn_is_the_papers, KITH_DECAY_ALL, .name = KITH_GCN)
ORACLE(gcn_with_a_residual_is_the_papers, KITH_DECAY_ALL, .name = KITH_GCN, .residual = 0.3)

static void every_optimizer_is_the_papers(void **state) {
  (void)state;
  for (kith_optimizer_name name = KITH_ADAMW; name <= KITH_ADAGRAD; name++)
    check_by(name, (kith_model_options){.name = KITH_GCN}, KITH_DECAY_ALL);
}

ORACLE(gcnii_is_the_papers, KITH_DECAY_ALL, .name = KITH_GCNII, .gcnii = {.alpha = 0.2, .lambda = 0.7})
ORACLE(gcnii_whose_first_layer_decays_is_the_papers, KITH_DECAY_FIRST, .name = KITH_GCNII,
       .gcnii = {.alpha = 0.3, .lambda = 1.5})
ORACLE(rgcn_is_the_papers, KITH_DECAY_ALL, .name = KITH_RGCN)
ORACLE(rgcn_with_bases_is_the_papers, KITH_DECAY_FIRST, .name = KITH_RGCN, .rgcn.bases = 3)
ORACLE(diffnet_is_the_papers, KITH_DECAY_ALL, .name = KITH_DIFFNET)

#define BEHAVIORS                                                                                            \
  .relations = {1, {{.name = "view", .weight = 1}}}, .cascade.order = {2, {"view", "interactions"}}
ORACLE(cascade_is_the_papers, KITH_DECAY_ALL, .name = KITH_CASCADE, BEHAVIORS,
       .cascade.transform = KITH_CASCADE_TYPES)
ORACLE(cascade_with_one_matrix_is_the_papers, KITH_DECAY_FIRST, .name = KITH_CASCADE, BEHAVIORS,
       .cascade.transform = KITH_CASCADE_SHARED, .cascade.layers = {2, {3, 1}})
ORACLE(cascade_without_a_matrix_is_its_formula, KITH_DECAY_ALL, .name = KITH_CASCADE, BEHAVIORS,
       .cascade.layers = {1, {1}})
ORACLE(cascade_with_residuals_is_the_papers, KITH_DECAY_ALL, .name = KITH_CASCADE, BEHAVIORS,
       .cascade.residual = true)

static void auxiliary_losses_are_the_papers(void **state) {
  (void)state;
  also = 0.4;
  check((kith_model_options){.name = KITH_CASCADE, BEHAVIORS, .cascade.residual = true}, KITH_DECAY_ALL);
  check((kith_model_options){.name = KITH_CASCADE, BEHAVIORS, .cascade.transform = KITH_CASCADE_TYPES},
        KITH_DECAY_ALL);
  check((kith_model_options){.name = KITH_LIGHTGCN, .relations = {1, {{.name = "view", .weight = 1e-9}}}},
        KITH_DECAY_ALL);
  also = 0;
}

ORACLE(gat_is_the_papers, KITH_DECAY_ALL, .name = KITH_GAT, .gat.heads = 2)
ORACLE(gat_with_a_mean_of_heads_is_the_papers, KITH_DECAY_FIRST, .name = KITH_GAT, .gat.heads = 4,
       .gat.last_heads = 3, .gat.last_merge = KITH_HEADS_AVERAGE)
ORACLE(gat_with_fewer_last_heads_is_the_papers, KITH_DECAY_ALL, .name = KITH_GAT, .gat.heads = 4,
       .gat.last_heads = 2)
ORACLE(sage_with_means_is_the_papers, KITH_DECAY_ALL, .name = KITH_SAGE)
ORACLE(sage_with_pools_is_the_papers, KITH_DECAY_ALL, .name = KITH_SAGE, .sage.aggregator = KITH_SAGE_POOL)
ORACLE(sage_with_an_lstm_is_the_papers, KITH_DECAY_FIRST, .name = KITH_SAGE,
       .sage.aggregator = KITH_SAGE_LSTM)
ORACLE(pinsage_is_the_papers, KITH_DECAY_ALL, .name = KITH_PINSAGE)
ORACLE(pinsage_by_cosines_has_unit_rows, KITH_DECAY_ALL, .name = KITH_PINSAGE, .score = KITH_COSINE)

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(mf_is_the_papers),
      cmocka_unit_test(lightgcn_is_the_papers),
      cmocka_unit_test(lightgcn_with_learned_layers_is_a_softmax),
      cmocka_unit_test(lightgcn_with_a_residual_is_the_papers),
      cmocka_unit_test(lightgcn_by_cosines_has_unit_rows),
      cmocka_unit_test(lightgcn_with_a_discount_shortens_items),
      cmocka_unit_test(ngcf_is_the_papers),
      cmocka_unit_test(ngcf_whose_first_layer_decays_is_the_papers),
      cmocka_unit_test(gcn_is_the_papers),
      cmocka_unit_test(gcn_with_a_residual_is_the_papers),
      cmocka_unit_test(gcnii_is_the_papers),
      cmocka_unit_test(gcnii_whose_first_layer_decays_is_the_papers),
      cmocka_unit_test(rgcn_is_the_papers),
      cmocka_unit_test(rgcn_with_bases_is_the_papers),
      cmocka_unit_test(diffnet_is_the_papers),
      cmocka_unit_test(every_optimizer_is_the_papers),
      cmocka_unit_test(cascade_is_the_papers),
      cmocka_unit_test(cascade_with_one_matrix_is_the_papers),
      cmocka_unit_test(cascade_without_a_matrix_is_its_formula),
      cmocka_unit_test(cascade_with_residuals_is_the_papers),
      cmocka_unit_test(auxiliary_losses_are_the_papers),
      cmocka_unit_test(gat_is_the_papers),
      cmocka_unit_test(gat_with_a_mean_of_heads_is_the_papers),
      cmocka_unit_test(gat_with_fewer_last_heads_is_the_papers),
      cmocka_unit_test(sage_with_means_is_the_papers),
      cmocka_unit_test(sage_with_pools_is_the_papers),
      cmocka_unit_test(sage_with_an_lstm_is_the_papers),
      cmocka_unit_test(pinsage_is_the_papers),
      cmocka_unit_test(pinsage_by_cosines_has_unit_rows),
  };
  test_begin(&argc, &argv);
  return test_end(cmocka_run_group_tests(tests, NULL, NULL));
}
