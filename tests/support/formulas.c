#include "support/formulas.h"

#include "support/mpi_main.h"

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

static void unit_rows(int d, rows x) {
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
    unit_rows(WIDTH, y);
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
    unit_rows(WIDTH, e);
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
    if (l + 1 < LAYERS) apply(WIDTH, relu, h), unit_rows(WIDTH, h);
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
    unit_rows(WIDTH, h);
  }
  const double *b = take(m, 0, WIDTH), *g1 = take(m, 0, WIDTH * WIDTH), *g2 = take(m, 1, WIDTH * WIDTH);
  linear(WIDTH, WIDTH, h, g1, b, h);
  apply(WIDTH, relu, h);
  linear(WIDTH, WIDTH, h, g2, NULL, final);
}

bool net_forgets(const net *m, int node) {
  uint64_t key = (uint64_t)kith_node_key(node >= USERS, node >= USERS ? node - USERS : node);
  if (!m->training) return false;
  return kith_random_unit(kith_random(m->t->seed, KITH_RNG_FORGET, m->step, key, 0).bits[0]) < m->o->forget;
}

void net_forward(net *m, const double *p, rows final) {
  static void (*const model[])(net *, rows, rows) = {
      [KITH_MF] = mf,           [KITH_LIGHTGCN] = lightgcn, [KITH_NGCF] = ngcf,      [KITH_GCN] = gcn,
      [KITH_GCNII] = gcnii,     [KITH_RGCN] = rgcn,         [KITH_GAT] = gat,        [KITH_SAGE] = sage,
      [KITH_PINSAGE] = pinsage, [KITH_DIFFNET] = diffnet,   [KITH_CASCADE] = cascade};
  rows h;
  for (int i = 0; i < NODES; i++)
    for (int k = 0; k < WIDTH; k++) h[i][k] = net_forgets(m, i) ? 0 : p[i * WIDTH + k];
  m->weight = p + NODES * WIDTH;
  m->taken = 0;
  model[m->o->name](m, h, final);
  if (m->o->name != KITH_CASCADE) memcpy(m->further, final, sizeof(rows));
  assert_int_equal(m->taken,
                   m->n_weight); /* the model has the weights that the formulas have, and no others */
}

void net_export(const net *m, int d, rows final) {
  if (m->o->score == KITH_COSINE) unit_rows(d, final);
  if (m->o->length_discount != 0) discount_items(d, m->o->length_discount, final);
}
