/* ranks: 1 3 */
/*
 * Backward is the derivative of forward: after one step Adam's first moment is a tenth of the gradient; it is
 * held against central differences of the loss, written down independently in double precision.
 */
#include "support/cut.h"
#include "support/mpi_main.h"

#include "train/train.h"

enum { USERS = 12, ITEMS = 15, NODES = USERS + ITEMS, EDGES = 90, WIDTH = 6, LAYERS = 2 };
static const double STEP = 1e-4;      /* of the difference: its error is of the order of STEP^2 */
static const double TOLERANCE = 2e-5; /* of the largest gradient: floats and the difference */

typedef struct setting {
  kith_model_options model;
  kith_train_options train;
  const test_graph *t;
  int64_t pairs;
  double weight[ITEMS]; /* of draws by popularity: whole numbers, which is part of what a step is */
  double *chooser;      /* the final embeddings that choose from pools: a choice is not differentiated */
} setting;

static double half_square(const double *x, int node) {
  double sum = 0;
  for (int k = 0; k < WIDTH; k++) sum += x[node * WIDTH + k] * x[node * WIDTH + k];
  return 0.5 * sum;
}

/* What L2 counts of a node each time that it is in the batch: of its input row, or of all layers' rows. */
static void add_squares(const double *h, double *square) {
  for (int i = 0; i < NODES; i++) square[i] += half_square(h, i);
}

static void final_of(const setting *s, const double *x, double *final, double *square) {
  int layers = s->model.name == KITH_MF ? 0 : s->model.layers;
  double degree[NODES] = {0}, h[NODES * WIDTH], next[NODES * WIDTH];
  for (int64_t e = 0; e < s->t->n_edge; e++) {
    degree[s->t->user[e]]++;
    degree[USERS + s->t->item[e]]++;
  }
  memset(square, 0, NODES * sizeof *square);
  add_squares(x, square);
  memcpy(h, x, sizeof h);
  for (int i = 0; i < NODES * WIDTH; i++) final[i] = x[i] / (layers + 1);
  for (int l = 0; l < layers; l++) {
    memset(next, 0, sizeof next);
    for (int64_t e = 0; e < s->t->n_edge; e++)
      for (int k = 0; k < WIDTH; k++) {
        int u = s->t->user[e], i = USERS + s->t->item[e];
        double w = 1 / sqrt(degree[u] * degree[i]);
        next[u * WIDTH + k] += w * h[i * WIDTH + k];
        next[i * WIDTH + k] += w * h[u * WIDTH + k];
      }
    memcpy(h, next, sizeof h);
    if (s->train.loss.l2_on == KITH_L2_ON_LAYERS) add_squares(h, square);
    for (int i = 0; i < NODES * WIDTH; i++) final[i] += h[i] / (layers + 1);
  }
}

static double product(const double *final, int a, int b, bool cosine) {
  double ab = 0, aa = 0, bb = 0;
  for (int k = 0; k < WIDTH; k++) {
    ab += final[a * WIDTH + k] * final[b * WIDTH + k];
    aa += final[a * WIDTH + k] * final[a * WIDTH + k];
    bb += final[b * WIDTH + k] * final[b * WIDTH + k];
  }
  return cosine ? ab / sqrt(aa * bb) : ab;
}

static int64_t edge_at(const setting *s, int64_t place) {
  kith_permutation order = kith_permutation_make(s->train.seed, KITH_RNG_SHUFFLE, 0, (uint64_t)s->t->n_edge);
  return (int64_t)kith_permutation_apply(&order, (uint64_t)place);
}

static double degree_of(const setting *s, int item) {
  double degree = 0;
  for (int64_t e = 0; e < s->t->n_edge; e++) degree += s->t->item[e] == item;
  return degree;
}

static double weight_below(const setting *s, int item) {
  double sum = 0;
  for (int i = 0; i < item; i++) sum += s->weight[i];
  return sum;
}

static double noise_of(const setting *s, int item) {
  double share = s->train.negatives.popularity, inbatch = s->train.negatives.inbatch;
  return share * s->weight[item] / weight_below(s, ITEMS) +
         inbatch * degree_of(s, item) / (double)s->t->n_edge + (1 - share - inbatch) / ITEMS;
}

static int drawn_by(const setting *s, kith_draw r) {
  int item = 0;
  if (kith_random_unit(r.bits[1]) >= s->train.negatives.popularity)
    return (int)kith_random_below(r.bits[0], ITEMS);
  double at = (double)kith_random_below(r.bits[0], (uint64_t)weight_below(s, ITEMS));
  while (weight_below(s, item + 1) <= at) item++;
  return item;
}

static bool knows(const setting *s, int user, int item) {
  for (int64_t e = 0; e < s->t->n_edge; e++)
    if (s->t->user[e] == user && s->t->item[e] == item) return true;
  return false;
}

static kith_draw draw_of(const setting *s, int64_t edge, int j, int c, int try) {
  return kith_random(s->train.seed, KITH_RNG_NEGATIVE, 0, (uint64_t)edge,
                     (uint64_t)c << 48 | (uint64_t)j << 16 | (uint64_t)try);
}

static bool is_inbatch(const setting *s, kith_draw r) {
  double law = kith_random_unit(r.bits[1]) - s->train.negatives.popularity;
  return law >= 0 && law < s->train.negatives.inbatch;
}

static int inbatch_by(const setting *s, kith_draw r) {
  return s->t->item[edge_at(s, (int64_t)kith_random_below(r.bits[0], (uint64_t)s->pairs))];
}

static int negative_of(const setting *s, int64_t edge, int j, int c) {
  for (int try = 0;; try++) {
    kith_draw r = draw_of(s, edge, j, c, try);
    int item = is_inbatch(s, r) ? inbatch_by(s, r) : drawn_by(s, r);
    if (!knows(s, s->t->user[edge], item)) return USERS + item;
  }
}

static bool is_hard(const setting *s, int64_t edge, int j) {
  return kith_random_unit(draw_of(s, edge, j, 0, 0).bits[2]) < s->train.negatives.hard;
}

/* The draw of the pool that the user scores highest. */
static int hardest_of(const setting *s, int64_t edge, int j) {
  int best = -1;
  for (int c = 0; c < s->train.negatives.pool; c++) {
    int n = negative_of(s, edge, j, c);
    if (best < 0 ||
        product(s->chooser, s->t->user[edge], n, false) > product(s->chooser, s->t->user[edge], best, false))
      best = n;
  }
  return best;
}

static double softplus(double x) { return log(1 + exp(x)); }

static double nce_logit(const setting *s, const double *final, int user, int node) {
  return product(final, user, node, false) - log(s->train.negatives.count * noise_of(s, node - USERS));
}

/* Losses with negatives of their own; what L2 counts of the negatives is added to *square. */
static double negative_pair(const setting *s, const double *squares, const double *final, int64_t edge,
                            double *square) {
  int u = s->t->user[edge], p = USERS + s->t->item[edge], k = s->train.negatives.count;
  bool nce = s->train.loss.name == KITH_NCE;
  double loss = nce ? softplus(-nce_logit(s, final, u, p)) : 0;
  for (int j = 0; j < k; j++) {
    bool hard = is_hard(s, edge, j);
    int n = hard ? hardest_of(s, edge, j) : negative_of(s, edge, j, 0);
    if (!hard) *square += squares[n];
    loss += nce ? softplus(nce_logit(s, final, u, n))
                : softplus(product(final, u, n, false) - product(final, u, p, false)) / k;
  }
  return loss;
}

static double cosine(const setting *s, const double *final, int user, int item) {
  return product(final, user, USERS + item, true) / s->train.loss.temperature;
}

/* In batch, an item is expected degree * pairs / edges times among the candidates; pairs / edges is left off
 * everywhere. */
static double batch_logit(const setting *s, const double *final, int user, int item) {
  return cosine(s, final, user, item) - s->train.loss.logq * log(degree_of(s, item));
}

static double shared_logit(const setting *s, const double *final, int user, int item) {
  double often = s->train.loss.shared * noise_of(s, item);
  if (s->train.loss.inbatch) often *= (double)s->t->n_edge / (double)s->pairs;
  return cosine(s, final, user, item) - s->train.loss.logq * log(often);
}

static int shared_item(const setting *s, int draw) {
  return drawn_by(s, kith_random(s->train.seed, KITH_RNG_SHARED_NEGATIVE, 0, 0, (uint64_t)draw));
}

/* Of the sum of exponentials: y / tau = self.  Wu et al., BSL, ICDE 2024, leave the positive out of it. */
static double log_sum_loss(const setting *s, double sum, double self) {
  if (s->train.loss.positive == KITH_POSITIVE_IN_SUM) sum += exp(self);
  return sum > 0 ? s->train.loss.log_sum_weight * log(sum) - self : 0;
}

static double softmax_pair(const setting *s, const double *final, int64_t place) {
  int64_t mine = edge_at(s, place);
  int user = s->t->user[mine], item = s->t->item[mine];
  double self = s->train.loss.inbatch ? batch_logit(s, final, user, item) : cosine(s, final, user, item),
         sum = 0;
  for (int64_t p = 0; p < s->pairs && s->train.loss.inbatch; p++) {
    int other = s->t->item[edge_at(s, p)];
    if (other != item && !(s->train.loss.mask && knows(s, user, other)))
      sum += exp(batch_logit(s, final, user, other));
  }
  for (int c = 0; c < s->train.loss.shared; c++) {
    int other = shared_item(s, c);
    if (!knows(s, user, other)) sum += exp(shared_logit(s, final, user, other));
  }
  return log_sum_loss(s, sum, self);
}

static double loss_of(const setting *s, const double *x) {
  double final[NODES * WIDTH], squares[NODES], loss = 0;
  final_of(s, x, final, squares);
  for (int64_t place = 0; place < s->pairs; place++) {
    int64_t e = edge_at(s, place);
    int u = s->t->user[e], p = USERS + s->t->item[e];
    double square = squares[u] + squares[p];
    if (s->train.loss.name == KITH_SOFTMAX) loss += softmax_pair(s, final, place);
    else loss += negative_pair(s, squares, final, e, &square);
    loss += s->train.loss.l2 * square;
  }
  for (int c = 0; c < s->train.loss.shared; c++)
    loss += s->train.loss.l2 * squares[USERS + shared_item(s, c)];
  return loss / (double)s->pairs;
}

static double *all_rows(const kith_graph *g, const float *x) {
  double *all = calloc(NODES * WIDTH, sizeof *all);
  for (kith_lid i = 0; i < g->n_own; i++)
    for (int k = 0; k < WIDTH; k++)
      all[(g->type[i] * USERS + g->original[i]) * WIDTH + k] = (double)x[i * WIDTH + k];
  KITH_MPI(MPI_Allreduce(MPI_IN_PLACE, all, NODES * WIDTH, MPI_DOUBLE, MPI_SUM, test_comm->mpi));
  return all;
}

static void check_batch(int batch, kith_model_name model, kith_loss_options loss,
                        kith_negative_options negatives) {
  test_graph t = test_graph_random(USERS, ITEMS, EDGES, 21);
  kith_graph *g = test_graph_cut(&t, test_comm, 4, 9);
  setting s = {.model = kith_model_defaults(), .train = kith_train_defaults(), .t = &t};
  kith_trainer *trainer = NULL;
  s.model.name = model;
  s.model.dim = WIDTH;
  s.model.layers = LAYERS;
  s.train.batch = batch;
  s.train.loss = loss;
  s.train.negatives = negatives;
  s.pairs = s.train.batch;
  for (int i = 0; i < ITEMS; i++) s.weight[i] = round(pow(degree_of(&s, i), negatives.alpha) * 1048576);
  assert_int_equal(KITH_OK, kith_trainer_create(test_comm, g, &s.model, &s.train, &trainer).status);
  kith_train_state st = kith_trainer_state(trainer);
  double *x = all_rows(g, st.x), chooser[NODES * WIDTH], squares[NODES], most = 0, worst = 0;
  final_of(&s, x, chooser, squares);
  s.chooser = chooser;
  kith_trainer_set_epoch(trainer, 0);
  kith_trainer_step(trainer, 0, KITH_REQUEST_NONE);
  kith_comm_sum(test_comm, 1, st.loss);
  assert_true(fabs(kith_exact_sum_value(st.loss) - loss_of(&s, x)) < 1e-5);
  double *moment = all_rows(g, st.slot[0]);
  for (int i = 0; i < NODES * WIDTH; i++) {
    double was = x[i], up, down;
    x[i] = was + STEP;
    up = loss_of(&s, x);
    x[i] = was - STEP;
    down = loss_of(&s, x);
    x[i] = was;
    double truth = (up - down) / (2 * STEP), mine = moment[i] / (1 - s.train.optimizer.beta1);
    if (fabs(truth) > most) most = fabs(truth);
    if (fabs(truth - mine) > worst) worst = fabs(truth - mine);
  }
  assert_true(most > 0);
  assert_true(worst <= TOLERANCE * most);
  free(x);
  free(moment);
  kith_trainer_destroy(&trainer);
  kith_graph_destroy(&g);
  test_graph_free(&t);
}

static void check(kith_model_name model, kith_loss_options loss, kith_negative_options negatives) {
  check_batch(40, model, loss, negatives);
}

static kith_loss_options loss_named(kith_loss_name name) {
  kith_loss_options o = kith_loss_defaults();
  o.name = name;
  o.l2 = 0.05;
  o.temperature = 0.2;
  o.logq = 0.7;
  return o;
}

static void bpr_is_differentiated(void **state) {
  (void)state;
  check(KITH_LIGHTGCN, loss_named(KITH_BPR), kith_negative_defaults());
  check(KITH_MF, loss_named(KITH_BPR), kith_negative_defaults());
}

static void bpr_with_several_negatives_is_differentiated(void **state) {
  (void)state;
  kith_negative_options mixed = {.count = 3, .popularity = 0.6, .alpha = 0.75, .pool = 16};
  check(KITH_LIGHTGCN, loss_named(KITH_BPR), mixed);
  check(KITH_MF, loss_named(KITH_BPR), mixed);
}

static void bpr_with_hard_negatives_is_differentiated(void **state) {
  (void)state;
  kith_negative_options hard = {.count = 1, .hard = 1, .pool = 4},
                        mixed = {.count = 3, .popularity = 0.5, .alpha = 0.5, .hard = 0.5, .pool = 3};
  check(KITH_LIGHTGCN, loss_named(KITH_BPR), hard);
  check(KITH_MF, loss_named(KITH_BPR), mixed);
}

static void nce_is_differentiated(void **state) {
  (void)state;
  kith_negative_options uniform = {.count = 4, .pool = 16},
                        mixed = {.count = 2, .popularity = 0.6, .alpha = 1, .pool = 16};
  check(KITH_LIGHTGCN, loss_named(KITH_NCE), uniform);
  check(KITH_MF, loss_named(KITH_NCE), mixed);
}

static void negatives_of_the_batch_are_differentiated(void **state) {
  (void)state;
  kith_negative_options all = {.count = 2, .inbatch = 1, .pool = 16},
                        mixed = {.count = 3, .popularity = 0.3, .alpha = 0.75, .inbatch = 0.4, .pool = 4};
  check(KITH_LIGHTGCN, loss_named(KITH_BPR), all);
  check(KITH_LIGHTGCN, loss_named(KITH_NCE), mixed);
  check(KITH_MF, loss_named(KITH_NCE), all);
  mixed.hard = 0.5;
  check(KITH_MF, loss_named(KITH_BPR), mixed);
}

static void softmax_is_differentiated(void **state) {
  (void)state;
  check(KITH_LIGHTGCN, loss_named(KITH_SOFTMAX), kith_negative_defaults());
  check(KITH_MF, loss_named(KITH_SOFTMAX), kith_negative_defaults());
  kith_loss_options all = loss_named(KITH_SOFTMAX);
  all.mask = false;
  check(KITH_LIGHTGCN, all, kith_negative_defaults());
}

static void softmax_with_shared_negatives_is_differentiated(void **state) {
  (void)state;
  kith_loss_options loss = loss_named(KITH_SOFTMAX);
  kith_negative_options popular = {.count = 1, .popularity = 0.6, .alpha = 0.75, .pool = 16};
  loss.shared = 70; /* more than a tile */
  check(KITH_LIGHTGCN, loss, kith_negative_defaults());
  check(KITH_MF, loss, popular);
}

static void softmax_of_shared_negatives_alone_is_differentiated(void **state) {
  (void)state;
  kith_loss_options loss = loss_named(KITH_SOFTMAX);
  kith_negative_options popular = {.count = 1, .popularity = 0.6, .alpha = 0.75, .pool = 16};
  loss.inbatch = false;
  loss.shared = 70;
  check(KITH_LIGHTGCN, loss, popular);
  loss.shared = 5;
  check(KITH_MF, loss, kith_negative_defaults());
}

static void bilateral_softmax_is_differentiated(void **state) {
  (void)state;
  kith_loss_options loss = loss_named(KITH_SOFTMAX);
  kith_negative_options one = kith_negative_defaults();
  loss.log_sum_weight = 0.6;
  check(KITH_LIGHTGCN, loss, one);
  loss.positive = KITH_POSITIVE_LEFT_OUT;
  check(KITH_LIGHTGCN, loss, one);
  loss.log_sum_weight = 1.3;
  check_batch(3, KITH_MF, loss, one); /* a pair has no other candidates where the user knows them all */
  loss.shared = 70;
  check(KITH_MF, loss, one);
  loss.inbatch = false;
  check(KITH_LIGHTGCN, loss, one);
  loss.shared = 1;
  check(KITH_MF, loss, one);
}

static void l2_of_all_layers_is_differentiated(void **state) {
  (void)state;
  kith_negative_options mixed = {.count = 3, .popularity = 0.6, .alpha = 0.75, .pool = 16};
  kith_loss_options bpr = loss_named(KITH_BPR), softmax = loss_named(KITH_SOFTMAX);
  bpr.l2_on = softmax.l2_on = KITH_L2_ON_LAYERS;
  check(KITH_LIGHTGCN, bpr, mixed);
  check(KITH_MF, bpr, mixed);
  softmax.shared = 70;
  check(KITH_LIGHTGCN, softmax, mixed);
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(bpr_is_differentiated),
                                     cmocka_unit_test(bpr_with_several_negatives_is_differentiated),
                                     cmocka_unit_test(bpr_with_hard_negatives_is_differentiated),
                                     cmocka_unit_test(nce_is_differentiated),
                                     cmocka_unit_test(negatives_of_the_batch_are_differentiated),
                                     cmocka_unit_test(softmax_is_differentiated),
                                     cmocka_unit_test(softmax_with_shared_negatives_is_differentiated),
                                     cmocka_unit_test(softmax_of_shared_negatives_alone_is_differentiated),
                                     cmocka_unit_test(bilateral_softmax_is_differentiated),
                                     cmocka_unit_test(l2_of_all_layers_is_differentiated)};
  test_begin(&argc, &argv);
  return test_end(cmocka_run_group_tests(tests, NULL, NULL));
}
