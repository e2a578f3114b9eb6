/* ranks: 1 2 3 4 */
/*
 * Models with weights for each relation, the one of docs/new-model.md, rgcn and diffnet, on any number of
 * ranks: on the whole graph and on blocks of all neighbors their rows are what dense matrices in double give,
 * by every normalization, with undirected and directed relations.
 */
#include <stdio.h>

#include "support/mpi_main.h"
#include "support/related.h"

#include "model/model.h"

/* ---- the truth ---- */

/* Whether a node of a type can read others in a relation: Schlichtkrull et al., section 2, count a relation
 * and its inverse apart, and the type of the reader tells which of the two it is. */
static bool can_read(const test_graph *t, int relation, int type) {
  for (int i = 0; i < NODES; i++)
    for (int j = 0; j < NODES && related_type(i) == type; j++)
      if (related_reads(t, relation, i, j) > 0) return true;
  return false;
}

/* The weights of a relation for a type of readers: with bases, eq. 3. */
static void typed_weights(const setting *s, int relation, int type, int l, double w[WIDTH * WIDTH]) {
  static const char *const name[] = {"interactions", "friend", "tagged", "view"};
  char text[KITH_NAME];
  int place = 0, n = 0;
  for (int r = 0; r < RELATIONS; r++)
    for (int t = KITH_USER; t <= TEST_TAG; t++) {
      if (!can_read(&s->t, r, t)) continue;
      if (r == relation && t == type) place = n;
      n++;
    }
  if (s->bases == 0) {
    snprintf(text, sizeof text, "%s to %d.%d", name[relation], type, l);
    const float *free = kith_params_get(s->params, text, WIDTH, WIDTH, KITH_INIT_GLOROT)->value;
    for (int i = 0; i < WIDTH * WIDTH; i++) w[i] = (double)free[i];
    return;
  }
  snprintf(text, sizeof text, "mix.%d", l);
  const kith_tensor *a = kith_params_get(s->params, text, n, s->bases, KITH_INIT_GLOROT);
  assert_int_equal(a->n_row, n);
  snprintf(text, sizeof text, "basis.%d", l);
  const float *v = kith_params_get(s->params, text, s->bases * WIDTH, WIDTH, KITH_INIT_GLOROT)->value;
  for (int i = 0; i < WIDTH * WIDTH; i++) w[i] = 0;
  for (int b = 0; b < s->bases; b++)
    for (int i = 0; i < WIDTH * WIDTH; i++)
      w[i] += (double)a->value[place * s->bases + b] * (double)v[b * WIDTH * WIDTH + i];
}

static void multiply_typed(const setting *s, int relation, int l, double x[NODES][WIDTH],
                           double y[NODES][WIDTH]) {
  for (int t = KITH_USER; t <= TEST_TAG; t++) {
    double w[WIDTH * WIDTH];
    if (!can_read(&s->t, relation, t)) continue;
    typed_weights(s, relation, t, l, w);
    for (int i = 0; i < NODES; i++)
      for (int k = 0; k < WIDTH && related_type(i) == t; k++)
        for (int m = 0; m < WIDTH; m++) y[i][k] += x[i][m] * w[m * WIDTH + k];
  }
}

/* y += x w */
static void multiply(const setting *s, const char *name, int relation, int l, double x[NODES][WIDTH],
                     double y[NODES][WIDTH]) {
  char text[KITH_NAME];
  if (s->typed) snprintf(text, sizeof text, "%s.%d", name, l);
  else snprintf(text, sizeof text, "%s.%d.%d", name, relation, l);
  const float *w = kith_params_get(s->params, text, WIDTH, WIDTH, KITH_INIT_GLOROT)->value;
  for (int i = 0; i < NODES; i++)
    for (int k = 0; k < WIDTH; k++)
      for (int m = 0; m < WIDTH; m++) y[i][k] += x[i][m] * (double)w[m * WIDTH + k];
}

/* A vector of diffnet's: "left friend to 0", "fuse own". */
static double along(const setting *s, const char *what, int relation, int type, int l, const double *x) {
  static const char *const name[] = {"interactions", "friend", "tagged", "view"};
  char text[KITH_NAME];
  double sum = 0;
  if (relation < 0) snprintf(text, sizeof text, "%s.%d", what, l);
  else snprintf(text, sizeof text, "%s %s to %d.%d", what, name[relation], type, l);
  const float *w = kith_params_get(s->params, text, 1, WIDTH, KITH_INIT_GLOROT)->value;
  for (int k = 0; k < WIDTH; k++) sum += (double)w[k] * x[k];
  return sum;
}

static double leaky(double x) { return x > 0 ? x : 0.2 * x; }

/* What a row reads in a relation: sum over j of alpha_ij h_j, where an edge of two kinds counts twice.
 * Returns whether there is any. */
static bool attended(const setting *s, int relation, int i, int l, double h[NODES][WIDTH], double *p) {
  double all = 0;
  memset(p, 0, WIDTH * sizeof *p);
  for (int j = 0; j < NODES; j++) {
    double times = related_reads(&s->t, relation, i, j);
    if (times == 0) continue;
    double e = times * exp(leaky(along(s, "left", relation, related_type(i), l, h[i]) +
                                 along(s, "right", relation, related_type(i), l, h[j])));
    all += e;
    for (int k = 0; k < WIDTH; k++) p[k] += e * h[j][k];
  }
  for (int k = 0; k < WIDTH && all > 0; k++) p[k] /= all;
  return all > 0;
}

/* Wu et al., TKDE 2020, section 4.2: shares of the relations in which the row has neighbors. */
static void truth_attention(const setting *s, int l, double h[NODES][WIDTH]) {
  static double y[NODES][WIDTH];
  for (int i = 0; i < NODES; i++) {
    double sum[WIDTH] = {0}, all = 0;
    for (int r = 0; r < RELATIONS; r++) {
      double p[WIDTH], omega = r > 0 ? READ.of[r - 1].weight : 1;
      if (!attended(s, r, i, l, h, p)) continue;
      double share =
          omega * exp(leaky(along(s, "fuse own", -1, 0, l, h[i]) + along(s, "fuse near", -1, 0, l, p)));
      all += share;
      for (int k = 0; k < WIDTH; k++) sum[k] += share * p[k];
    }
    for (int k = 0; k < WIDTH; k++) y[i][k] = h[i][k] + (all > 0 ? sum[k] / all : 0);
  }
  memcpy(h, y, sizeof y);
}

static void truth_layer(const setting *s, int l, double h[NODES][WIDTH]) {
  static double a[NODES][NODES], y[NODES][WIDTH], near[NODES][WIDTH];
  if (s->attends) {
    truth_attention(s, l, h);
    return;
  }
  memset(y, 0, sizeof y);
  multiply(s, "self", 0, l, h, y);
  for (int r = 0; r < RELATIONS; r++) {
    related_matrix(s, r, a);
    memset(near, 0, sizeof near);
    for (int i = 0; i < NODES; i++)
      for (int j = 0; j < NODES; j++)
        for (int k = 0; k < WIDTH; k++) near[i][k] += a[i][j] * h[j][k];
    if (s->typed) multiply_typed(s, r, l, near, y);
    else multiply(s, "relation", r, l, near, y);
  }
  bool activates = !s->typed || l + 1 < LAYERS;
  for (int i = 0; i < NODES; i++)
    for (int k = 0; k < WIDTH; k++) h[i][k] = y[i][k] > 0 || !activates ? y[i][k] : 0;
}

static void expect_rows(const setting *s, int64_t n, const int64_t *node, const kith_tensor *found) {
  double h[NODES][WIDTH], most = 0;
  for (int i = 0; i < NODES; i++)
    for (int k = 0; k < WIDTH; k++) h[i][k] = related_input(i, k);
  for (int l = 0; l < LAYERS; l++) truth_layer(s, l, h);
  for (int i = 0; i < NODES; i++)
    for (int k = 0; k < WIDTH; k++) most = h[i][k] > most ? h[i][k] : most;
  assert_true(most > 0);
  for (int64_t i = 0; i < n; i++)
    for (int k = 0; k < WIDTH; k++)
      assert_true(fabs((double)found->value[i * WIDTH + k] - h[related_node_of_key(node[i])][k]) <
                  TOLERANCE * most);
}

/* ---- the model ---- */

/* rgcn or diffnet as trainers record it, or the model of docs/new-model.md; the rows after the last layer. */
static kith_tensor *record(const setting *s, kith_tape *tape, const kith_block *const *block,
                           kith_tensor *x) {
  static kith_gather_index nothing;
  static kith_output out;
  static kith_exec_ctx exec;
  kith_layer_outputs layers = {0};
  if (!s->typed) return test_relational(tape, s->params, block, LAYERS, x);
  kith_model_options o = {
      .name = KITH_RGCN, .dim = WIDTH, .layers = LAYERS, .relations = READ, .rgcn.bases = s->bases};
  if (s->attends) o.name = KITH_DIFFNET;
  out = (kith_output){.gather_index = &nothing,
                      .all_rows = true,
                      .packed = kith_tape_tensor(tape, 1, kith_model_output_dim(&o))};
  kith_model_ctx ctx = {.tape = tape,
                        .params = s->params,
                        .exec = &exec,
                        .schema = &s->g->schema,
                        .block = block,
                        .x = x,
                        .output = &out,
                        .layers = &layers};
  kith_model_record(&o, &ctx);
  return layers.n > 0 ? layers.h[layers.n - 1] : NULL;
}

static void check_whole(const setting *s) {
  kith_full_block full;
  kith_tape *tape = NULL;
  assert_int_equal(KITH_OK, kith_full_block_make(s->a, true, false, &full));
  assert_int_equal(KITH_OK, kith_tape_create(&tape));
  const kith_block *block[LAYERS] = {&full.block, &full.block};
  kith_tensor *x = kith_tape_node_tensor(tape, &full.nodes, WIDTH), *y = record(s, tape, block, x);
  assert_int_equal(KITH_OK, kith_tape_status(tape));
  related_set_input(s->g->n_own, s->a->node, x);
  for (int run = 0; run < 2; run++) kith_tape_forward(tape);
  expect_rows(s, s->g->n_own, s->a->node, y);
  kith_tape_destroy(&tape);
  kith_full_block_free(&full);
}

static void check_sampled(const setting *s) {
  const kith_sampler_options all = {.mode = KITH_NEIGHBOR, .fanouts = {1, {0}}};
  kith_sampler *sampler = NULL;
  kith_tape *tape = NULL;
  kith_gid seed[SEEDS];
  kith_lid n = related_seeds(s, seed);
  assert_int_equal(
      KITH_OK,
      kith_sampler_create(test_comm, s->g, s->a, LAYERS, &all, false, SEEDS, 0, 0, 5, &sampler).status);
  assert_int_equal(KITH_OK, kith_tape_create(&tape));
  const kith_block *block[LAYERS] = {kith_sampler_block(sampler, 0), kith_sampler_block(sampler, 1)};
  const kith_node_map *leaves = kith_sampler_input_nodes(sampler);
  kith_tensor *x = kith_tape_node_tensor(tape, leaves, WIDTH), *y = record(s, tape, block, x);
  assert_int_equal(KITH_OK, kith_tape_status(tape));
  for (uint64_t step = 0; step < 2; step++) {
    kith_sampler_plan(sampler, n - (kith_lid)step, seed + step, step, 0, NULL); /* another block each time */
    related_set_input(leaves->n, leaves->node, x);
    kith_tape_forward(tape);
    expect_rows(s, n - (kith_lid)step, leaves->node, y);
  }
  kith_tape_destroy(&tape);
  kith_sampler_destroy(&sampler);
}

static void each_relation_has_its_own_matrix(void **state) {
  (void)state;
  const kith_normalization by[] = {KITH_NORMALIZE_BOTH, KITH_NORMALIZE_LEFT, KITH_NORMALIZE_RIGHT,
                                   KITH_NORMALIZE_NONE};
  for (int k = 0; k < 8; k++) {
    setting s = related_make(by[k / 2], k % 2 == 1);
    check_whole(&s);
    check_sampled(&s);
    related_free(&s);
  }
}

/* Its own normalization does not matter: rgcn takes means. */
static void rgcn_has_a_matrix_for_each_relation_and_reader(void **state) {
  (void)state;
  for (int k = 0; k < 4; k++) {
    setting s = related_make(KITH_NORMALIZE_BOTH, k % 2 == 1);
    s.by = KITH_NORMALIZE_LEFT;
    s.typed = true;
    s.bases = k / 2 * 2;
    check_whole(&s);
    check_sampled(&s);
    related_free(&s);
  }
}

static void diffnet_attends_in_each_relation(void **state) {
  (void)state;
  for (int directed = 0; directed < 2; directed++) {
    setting s = related_make(KITH_NORMALIZE_BOTH, directed == 1);
    s.typed = s.attends = true;
    check_whole(&s);
    check_sampled(&s);
    related_free(&s);
  }
}

static void a_block_knows_its_relations(void **state) {
  (void)state;
  kith_tape *tape = NULL;
  kith_full_block full, plain;
  kith_dist_csr *a = NULL;
  setting s = related_make(KITH_NORMALIZE_BOTH, false);
  assert_int_equal(KITH_OK, kith_full_block_make(s.a, true, false, &full));
  assert_int_equal(KITH_OK, kith_dist_csr_create(test_comm, s.g, WIDTH, &a).status);
  assert_int_equal(KITH_OK, kith_full_block_make(a, true, false, &plain));
  for (int r = 0; r < TEST_RELATIONS; r++)
    assert_int_equal(kith_block_relation(&full.block, READ.of[r].name), 1 + r);
  assert_int_equal(kith_block_relation(&full.block, "foe"), -1);
  assert_int_equal(kith_block_relation(&plain.block, "friend"), -1);
  assert_int_equal(KITH_OK, kith_tape_create(&tape));
  assert_null(kith_relation_block_op(tape, &full.block, RELATIONS));
  assert_int_equal(KITH_ECONFIG, kith_tape_status(tape));
  kith_tape_destroy(&tape);
  kith_full_block_free(&plain);
  kith_dist_csr_destroy(&a);
  kith_full_block_free(&full);
  related_free(&s);
}

/* What a merged matrix is made with is to the bit what its own normalization gives. */
static void both_is_what_a_merged_matrix_has(void **state) {
  (void)state;
  for (int directed = 0; directed < 2; directed++) {
    setting s = related_make(KITH_NORMALIZE_BOTH, directed == 1);
    kith_dist_csr *a = NULL;
    assert_int_equal(KITH_OK, kith_dist_csr_create_merged(test_comm, s.g, &READ, 0, WIDTH, &a).status);
    assert_memory_equal(a->csr.weight, s.a->csr.weight, (size_t)a->csr.start[a->csr.n_row] * 4);
    assert_int_equal(a->transpose != NULL, directed);
    if (directed)
      assert_memory_equal(a->transpose->csr.weight, s.a->transpose->csr.weight,
                          (size_t)a->transpose->csr.start[a->csr.n_row] * 4);
    kith_dist_csr_destroy(&a);
    related_free(&s);
  }
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(each_relation_has_its_own_matrix),
                                     cmocka_unit_test(rgcn_has_a_matrix_for_each_relation_and_reader),
                                     cmocka_unit_test(diffnet_attends_in_each_relation),
                                     cmocka_unit_test(a_block_knows_its_relations),
                                     cmocka_unit_test(both_is_what_a_merged_matrix_has)};
  test_begin(&argc, &argv);
  return test_end(cmocka_run_group_tests(tests, NULL, NULL));
}
