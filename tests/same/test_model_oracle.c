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
#include "support/formulas.h"
#include "support/mpi_main.h"

enum { BATCH = 7, STEPS = 3 };
static const double TOLERANCE =
    2e-5;                         /* of numbers below 1; floats carry 6e-8 a rounding, and steps repeat it */
static const double SHIFT = 1e-5; /* of a central difference: truncation and rounding are both near 1e-10 */

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
  net_forward(m, p, x);
  for (int64_t place = first; place < last; place++) {
    int64_t e = (int64_t)kith_permutation_apply(&order, (uint64_t)place);
    int node[3] = {m->g->user[e], USERS + m->g->item[e], negative(m, e)};
    double square = 0;
    for (int i = 0; i < 3; i++)
      for (int k = 0; k < WIDTH && !net_forgets(m, node[i]); k++)
        square += p[node[i] * WIDTH + k] * p[node[i] * WIDTH + k];
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
  net_forward(m, p, x);
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
  net_forward(m, p, final);
  net_export(m, d, final);
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
ORACLE(lightgcn_that_forgets_is_the_papers, KITH_DECAY_ALL, .name = KITH_LIGHTGCN, .forget = 0.4)
ORACLE(gcn_that_forgets_is_the_papers, KITH_DECAY_ALL, .name = KITH_GCN, .forget = 0.3)
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
      cmocka_unit_test(lightgcn_that_forgets_is_the_papers),
      cmocka_unit_test(gcn_that_forgets_is_the_papers),
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
