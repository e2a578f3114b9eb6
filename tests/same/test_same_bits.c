/* ranks: 2 3 4 */
/*
 * The same bits on any number of ranks and for any cut: every rank trains alone on the whole graph, then all
 * train together on two other cuts, and compare their rows bit by bit.
 */
#include "support/cut.h"
#include "support/mpi_main.h"

#include "base/fault.h"
#include "train/train.h"

enum { USERS = 60, ITEMS = 90, EDGES = 900, EPOCHS = 3 };

typedef struct recipe {
  kith_model_name model;
  kith_loss_name loss;
  int width, batch;
  kith_negative_options negatives; /* the defaults where count is 0 */
  int shared;
  bool apart; /* no in-batch candidates */
  double edge_dropout, forget;
  kith_storage storage;
  bool kinds;     /* relations of lightgcn have rows for the kinds of their edges */
  bool bilateral; /* the positive left out of the sum, L2 on all layers */
  kith_start_name start;
  int strips; /* of columns; 0: one */
} recipe;

typedef struct outcome {
  float *final; /* [users + items, width] in original order; zero for rows of other ranks */
  double loss[EPOCHS];
} outcome;

static outcome train_on(const kith_comm *comm, const test_graph *t, const recipe *how, int parts,
                        uint64_t cut) {
  outcome out = {.final = calloc((size_t)(USERS + ITEMS) * (size_t)how->width, sizeof(float))};
  kith_graph *g = test_graph_cut(t, comm, parts, cut);
  kith_model_options model = kith_model_defaults();
  kith_train_options train = kith_train_defaults();
  kith_trainer *trainer = NULL;
  model.name = how->model;
  model.dim = how->width;
  model.edge_dropout = how->edge_dropout;
  model.forget = how->forget;
  if (how->kinds) model.lightgcn.kinds = KITH_KIND_ROWS_LEARNED;
  if (how->kinds || how->model == KITH_KGIN) {
    model.relations = (kith_relation_weights){.n = 1, .of = {{.name = "tagged", .weight = 1}}};
    model.dropout = 0.1;
    model.kgin.independence = 0.01;
  }
  model.start = how->start;
  model.lightgcn.storage = how->storage;
  train.batch = how->batch;
  train.optimizer.lr = 0.01;
  if (how->strips > 0) train.strips = how->strips;
  train.loss.name = how->loss;
  train.loss.shared = how->shared;
  train.loss.inbatch = !how->apart;
  train.loss.logq = how->shared > 0 ? 0.5 : 0;
  if (how->bilateral) {
    train.loss.positive = KITH_POSITIVE_LEFT_OUT;
    train.loss.log_sum_weight = 0.84;
    train.loss.l2_on = KITH_L2_ON_LAYERS;
  }
  if (how->negatives.count > 0) train.negatives = how->negatives;
  assert_int_equal(KITH_OK, kith_trainer_create(comm, g, &model, &train, &trainer).status);
  for (int e = 0; e < EPOCHS; e++) {
    kith_exact_sum *loss = kith_trainer_state(trainer).loss;
    *loss = (kith_exact_sum){0};
    kith_trainer_set_epoch(trainer, e);
    for (int64_t s = 0; s < kith_trainer_n_step(trainer); s++)
      kith_trainer_step(trainer, s, KITH_REQUEST_NONE);
    kith_comm_sum(comm, 1, loss);
    out.loss[e] = kith_exact_sum_value(loss);
  }
  const float *final = kith_trainer_inference(trainer);
  for (kith_lid i = 0; i < g->n_own; i++) {
    if (g->type[i] > KITH_ITEM) continue;
    memcpy(out.final + (g->type[i] * USERS + g->original[i]) * how->width,
           final + (size_t)i * (size_t)how->width, (size_t)how->width * sizeof(float));
  }
  kith_trainer_destroy(&trainer);
  kith_graph_destroy(&g);
  return out;
}

/* Rows that this rank holds (not all zero) equal the truth's; between them the ranks hold all. */
static void expect_same(const recipe *how, const outcome *truth, const outcome *mine) {
  int64_t held = 0;
  for (int i = 0; i < USERS + ITEMS; i++) {
    const float *a = truth->final + i * how->width, *b = mine->final + i * how->width;
    bool zero = true;
    for (int k = 0; k < how->width; k++) zero = zero && b[k] == 0;
    held += !zero;
    if (!zero) assert_memory_equal(a, b, (size_t)how->width * sizeof(float));
  }
  kith_comm_sum_int(test_comm, 1, &held);
  assert_int_equal(held, USERS + ITEMS);
  for (int e = 0; e < EPOCHS; e++) assert_true(truth->loss[e] == mine->loss[e]);
}

static void check(recipe how) {
  test_graph t = test_graph_random(USERS, ITEMS, EDGES, 11);
  t.related = t.kinds = how.kinds || how.model == KITH_KGIN;
  kith_comm *alone = NULL;
  assert_int_equal(KITH_OK, kith_comm_create(MPI_COMM_SELF, &alone).status);
  outcome truth = train_on(alone, &t, &how, 1, 5);
  for (uint64_t cut = 1; cut <= 2; cut++) {
    outcome mine = train_on(test_comm, &t, &how, 7, cut);
    expect_same(&how, &truth, &mine);
    free(mine.final);
  }
  assert_true(truth.loss[EPOCHS - 1] < truth.loss[0]);
  free(truth.final);
  kith_comm_destroy(&alone);
  test_graph_free(&t);
}

static void lightgcn_with_bpr_has_the_same_bits(void **state) {
  (void)state;
  check((recipe){.model = KITH_LIGHTGCN, .loss = KITH_BPR, .width = 64, .batch = 100});
}

/* Rows of ranks on one host, and of hosts with two ranks and what is left: in place, and fetched once. */
static void rows_in_place_have_the_same_bits(void **state) {
  (void)state;
  const recipe how = {.model = KITH_LIGHTGCN, .loss = KITH_BPR, .width = 21, .batch = 200};
  setenv("KITH_RANKS_PER_HOST", "2", 1);
  check(how);
  setenv("KITH_RANKS_PER_HOST", "1", 1);
  check(how);
  unsetenv("KITH_RANKS_PER_HOST");
}

/* By messages between ranks, and between hosts of two ranks and what is left; also of rounded rows. */
static void strips_of_columns_have_the_same_bits(void **state) {
  (void)state;
  recipe how = {.model = KITH_LIGHTGCN, .loss = KITH_BPR, .width = 64, .batch = 200};
  setenv("KITH_RANKS_PER_HOST", "2", 1);
  how.strips = 4;
  check(how);
  setenv("KITH_RANKS_PER_HOST", "1", 1);
  check(how);
  how.strips = 2;
  how.edge_dropout = 0.2;
  how.storage = KITH_STORAGE_BF16;
  check(how);
  unsetenv("KITH_RANKS_PER_HOST");
}

/* Without shared memory, or its huge pages, on one of the ranks. */
static void refused_memory_has_the_same_bits(void **state) {
  (void)state;
  const recipe how = {.model = KITH_LIGHTGCN, .loss = KITH_BPR, .width = 21, .batch = 300};
  for (int kind = KITH_FAULT_SHARE; kind <= KITH_FAULT_HUGE; kind++) {
    kith_fault_set((kith_fault_kind)kind, test_comm->rank == test_comm->size - 1 ? 2 : 0);
    check(how);
    kith_fault_set((kith_fault_kind)kind, 0);
  }
}

static void what_steps_forget_has_the_same_bits(void **state) {
  (void)state;
  check((recipe){.model = KITH_LIGHTGCN, .loss = KITH_SOFTMAX, .width = 21, .batch = 300, .forget = 0.3});
}

static void a_width_that_fits_no_vector_has_the_same_bits(void **state) {
  (void)state;
  check((recipe){.model = KITH_LIGHTGCN, .loss = KITH_BPR, .width = 21, .batch = 64});
}

static void rounded_rows_have_the_same_bits(void **state) {
  (void)state;
  check((recipe){
      .model = KITH_LIGHTGCN, .loss = KITH_BPR, .width = 64, .batch = 100, .storage = KITH_STORAGE_BF16});
  check((recipe){.model = KITH_LIGHTGCN,
                 .loss = KITH_SOFTMAX,
                 .width = 21,
                 .batch = 130,
                 .edge_dropout = 0.2,
                 .storage = KITH_STORAGE_BF16});
}

static void lightgcn_with_softmax_has_the_same_bits(void **state) {
  (void)state;
  check((recipe){.model = KITH_LIGHTGCN, .loss = KITH_SOFTMAX, .width = 64, .batch = 300});
}

static void bilateral_softmax_has_the_same_bits(void **state) {
  (void)state;
  check((recipe){.model = KITH_LIGHTGCN, .loss = KITH_SOFTMAX, .width = 32, .batch = 130, .bilateral = true});
  check((recipe){.model = KITH_LIGHTGCN,
                 .loss = KITH_SOFTMAX,
                 .width = 21,
                 .batch = 70,
                 .shared = 3,
                 .apart = true,
                 .bilateral = true});
}

/* The slab of 64 columns, and fewer than it. */
static void a_spectral_start_has_the_same_bits(void **state) {
  (void)state;
  for (int width = 24; width <= 70; width += 46)
    check((recipe){.model = width < 64 ? KITH_MF : KITH_LIGHTGCN,
                   .loss = KITH_SOFTMAX,
                   .width = width,
                   .batch = 129,
                   .start = KITH_START_SPECTRAL});
}

static void fewer_edges_have_the_same_bits(void **state) {
  (void)state;
  check((recipe){.model = KITH_LIGHTGCN, .loss = KITH_BPR, .width = 32, .batch = 100, .edge_dropout = 0.3});
}

static void a_knowledge_graph_has_the_same_bits(void **state) {
  (void)state;
  check((recipe){.model = KITH_KGIN, .loss = KITH_BPR, .width = 21, .batch = 100});
  check((recipe){.model = KITH_LIGHTGCN, .loss = KITH_BPR, .width = 21, .batch = 100, .kinds = true});
  check((recipe){.model = KITH_KGIN, .loss = KITH_SOFTMAX, .width = 16, .batch = 130, .edge_dropout = 0.3});
}

static void mf_with_bpr_has_the_same_bits(void **state) {
  (void)state;
  check((recipe){.model = KITH_MF, .loss = KITH_BPR, .width = 32, .batch = 77});
}

static void mf_with_softmax_has_the_same_bits(void **state) {
  (void)state;
  check((recipe){.model = KITH_MF, .loss = KITH_SOFTMAX, .width = 24, .batch = 129});
}

static void several_negatives_of_a_mixture_have_the_same_bits(void **state) {
  (void)state;
  kith_negative_options popular = {.count = 3, .popularity = 0.5, .alpha = 0.75, .pool = 16};
  check((recipe){.model = KITH_LIGHTGCN, .loss = KITH_BPR, .width = 32, .batch = 100, .negatives = popular});
}

static void hard_negatives_have_the_same_bits(void **state) {
  (void)state;
  kith_negative_options hard = {.count = 2, .popularity = 0.3, .alpha = 0.75, .hard = 0.6, .pool = 5};
  check((recipe){.model = KITH_LIGHTGCN, .loss = KITH_BPR, .width = 32, .batch = 100, .negatives = hard});
}

static void nce_has_the_same_bits(void **state) {
  (void)state;
  kith_negative_options noise = {.count = 5, .popularity = 0.5, .alpha = 0.75, .pool = 16};
  check((recipe){.model = KITH_LIGHTGCN, .loss = KITH_NCE, .width = 32, .batch = 77, .negatives = noise});
  check((recipe){.model = KITH_MF, .loss = KITH_NCE, .width = 21, .batch = 128});
}

static void negatives_of_the_batch_have_the_same_bits(void **state) {
  (void)state;
  kith_negative_options all = {.count = 2, .inbatch = 1, .pool = 16},
                        mixed = {.count = 4, .popularity = 0.25, .alpha = 0.75, .inbatch = 0.5, .pool = 5};
  check((recipe){.model = KITH_LIGHTGCN,
                 .loss = KITH_BPR,
                 .width = 32,
                 .batch = EDGES - 1,
                 .negatives = all}); /* a step of one pair, too */
  check((recipe){.model = KITH_MF, .loss = KITH_NCE, .width = 21, .batch = 77, .negatives = mixed});
  mixed.hard = 0.5;
  check((recipe){.model = KITH_LIGHTGCN, .loss = KITH_BPR, .width = 32, .batch = 100, .negatives = mixed});
}

static void shared_negatives_have_the_same_bits(void **state) {
  (void)state;
  kith_negative_options popular = {.count = 1, .popularity = 0.5, .alpha = 0.75, .pool = 16};
  check((recipe){.model = KITH_LIGHTGCN,
                 .loss = KITH_SOFTMAX,
                 .width = 32,
                 .batch = 200,
                 .negatives = popular,
                 .shared = 150});
  check((recipe){.model = KITH_MF, .loss = KITH_SOFTMAX, .width = 21, .batch = 129, .shared = 64});
}

static void shared_negatives_alone_have_the_same_bits(void **state) {
  (void)state;
  kith_negative_options popular = {.count = 1, .popularity = 1, .alpha = 0.75, .pool = 16};
  check((recipe){.model = KITH_LIGHTGCN,
                 .loss = KITH_SOFTMAX,
                 .width = 32,
                 .batch = 200,
                 .negatives = popular,
                 .shared = 300,
                 .apart = true});
  check((
      recipe){.model = KITH_MF, .loss = KITH_SOFTMAX, .width = 21, .batch = 70, .shared = 20, .apart = true});
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(lightgcn_with_bpr_has_the_same_bits),
                                     cmocka_unit_test(rows_in_place_have_the_same_bits),
                                     cmocka_unit_test(strips_of_columns_have_the_same_bits),
                                     cmocka_unit_test(refused_memory_has_the_same_bits),
                                     cmocka_unit_test(what_steps_forget_has_the_same_bits),
                                     cmocka_unit_test(a_width_that_fits_no_vector_has_the_same_bits),
                                     cmocka_unit_test(a_knowledge_graph_has_the_same_bits),
                                     cmocka_unit_test(rounded_rows_have_the_same_bits),
                                     cmocka_unit_test(lightgcn_with_softmax_has_the_same_bits),
                                     cmocka_unit_test(bilateral_softmax_has_the_same_bits),
                                     cmocka_unit_test(a_spectral_start_has_the_same_bits),
                                     cmocka_unit_test(mf_with_bpr_has_the_same_bits),
                                     cmocka_unit_test(mf_with_softmax_has_the_same_bits),
                                     cmocka_unit_test(fewer_edges_have_the_same_bits),
                                     cmocka_unit_test(several_negatives_of_a_mixture_have_the_same_bits),
                                     cmocka_unit_test(hard_negatives_have_the_same_bits),
                                     cmocka_unit_test(nce_has_the_same_bits),
                                     cmocka_unit_test(negatives_of_the_batch_have_the_same_bits),
                                     cmocka_unit_test(shared_negatives_have_the_same_bits),
                                     cmocka_unit_test(shared_negatives_alone_have_the_same_bits)};
  test_begin(&argc, &argv);
  return test_end(cmocka_run_group_tests(tests, NULL, NULL));
}
