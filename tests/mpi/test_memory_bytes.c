/* ranks: 1 2 3 */
/* What the rooms say of the bytes of their objects is what creating them takes, but for rounding up. */
#include "support/folder.h"
#include "support/mpi_main.h"
#include "support/parts.h"

#include "diagnose/memory_estimate.h"
#include "diagnose/tape_cost_model.h"
#include "eval/direct.h"
#include "ingest/ingest.h"
#include "sample/relation_rows.h"
#include "sample/sampler_plan.h"
#include "sample/shared_negatives.h"
#include "spectral/spectral_impl.h"
#include "store/checkpoint_writer.h"

enum { USERS = 900, ITEMS = 700, EDGES = 9000, PARTS = 7, DIM = 20, ROUNDED = 128 };
static char folder[KITH_PATH];
static kith_graph *g;
static kith_graph_sizes sizes;
static int64_t bytes, blocks; /* live before what is measured */

static void measure_begin(void) {
  bytes = kith_alloc_live_bytes();
  blocks = kith_alloc_live();
}

/* Every block is rounded up by less than ROUNDED bytes; those above 128 KiB, to whole pages, are avoided
 * here. */
static void assert_measured(const char *what, int64_t said) {
  int64_t n = kith_alloc_live() - blocks, real = kith_alloc_live_bytes() - bytes;
  if (said > real || said + n * ROUNDED < real)
    print_error("%s: %lld bytes in %lld blocks, said %lld\n", what, (long long)real, (long long)n,
                (long long)said);
  assert_true(said <= real && said + n * ROUNDED >= real);
}

/* The same where only an upper bound of the ghosts is known: exact on one rank. */
static void assert_bounded(const char *what, int64_t said) {
  int64_t n = kith_alloc_live() - blocks, real = kith_alloc_live_bytes() - bytes;
  if (test_comm->size == 1) assert_measured(what, said);
  else assert_true(real <= said + n * ROUNDED);
}

/* ---- a share of a graph with weights and four relations, through files ---- */

static void list_write(const char *name, int n, int columns, int from, int most, char *path) {
  char *text = calloc((size_t)n, 40), *at = text;
  for (int i = 0; i < n; i++) {
    kith_draw r = kith_random(3, KITH_RNG_GENERATE, (uint64_t)columns, (uint64_t)most, (uint64_t)i);
    at += sprintf(at, "%d,%d", i % from, (int)(r.bits[0] % (uint64_t)most));
    at += columns > 2 ? sprintf(at, ",%d", 1 + (int)(r.bits[1] % 9)) : 0;
    at += sprintf(at, "\n");
  }
  test_file_write(folder, name, text, (size_t)(at - text), path);
  free(text);
}

/* Two features of each item. */
static void features_write(char *path) {
  char *text = calloc((size_t)ITEMS, 40), *at = text;
  for (int i = 0; i < ITEMS; i++) at += sprintf(at, "%d f%d f%d\n", i, i % 7, 7 + i % 5);
  test_file_write(folder, "features", text, (size_t)(at - text), path);
  free(text);
}

static kith_status files_write(const char *graph, const char *parts) {
  const kith_comm alone = {.mpi = MPI_COMM_SELF, .rank = 0, .size = 1};
  kith_ingest_report r;
  kith_ingest_options o = {.interactions = {.format = KITH_EDGES, .weight = "3"},
                           .n_relation = 4,
                           .split = {.method = KITH_SPLIT_RATIO, .test = 0.3, .seed = 1}};
  o.relation[0] = (kith_relation_source){.name = "friend", .from = "user", .to = "user"};
  o.relation[0].list.format = KITH_EDGES;
  list_write("train", EDGES, 3, USERS, ITEMS, o.interactions.path);
  o.relation[1] = (kith_relation_source){.name = "follow",
                                         .from = "user",
                                         .to = "user",
                                         .direction = KITH_DIRECTION_FORWARD};
  o.relation[1].list.format = KITH_EDGES;
  o.relation[2] = (kith_relation_source){.name = "like", .from = "user", .to = "item"};
  o.relation[2].list.format = KITH_EDGES;
  o.relation[3] = (kith_relation_source){.name = "pair", .from = "item", .to = "item"};
  o.relation[3].list.format = KITH_EDGES;
  o.features[KITH_ITEM].format = KITH_FEATURES_AUTO;
  features_write(o.features[KITH_ITEM].path);
  list_write("friends", 4 * USERS, 2, USERS, USERS, o.relation[0].list.path);
  list_write("follows", 5 * USERS, 2, USERS, USERS - 1, o.relation[1].list.path);
  list_write("likes", 5 * USERS, 2, USERS, ITEMS - 1, o.relation[2].list.path);
  list_write("pairs", 5 * ITEMS, 2, ITEMS, ITEMS - 2, o.relation[3].list.path);
  kith_status st = kith_ingest(&alone, &o, "job text", graph, &r).status;
  return st == KITH_OK ? test_parts_write(graph, parts, PARTS, KITH_PARTITION_HASH).status : st;
}

static void bytes_of_a_share(void **state) {
  char graph[KITH_PATH], parts[KITH_PATH];
  (void)state;
  test_path(folder, "graph.h5", graph);
  test_path(folder, "parts.h5", parts);
  kith_status st = test_comm->rank == 0 ? files_write(graph, parts) : KITH_OK;
  assert_int_equal(kith_agree(test_comm, st).status, KITH_OK);
  measure_begin();
  assert_int_equal(kith_graph_read(test_comm, parts, &g).status, KITH_OK);
  int64_t made = kith_alloc_live_bytes(), n = kith_alloc_live();
  assert_int_equal(kith_graph_sizes_local(g, test_comm->size, test_comm->rank, &sizes), KITH_OK);
  assert_int_equal(made, kith_alloc_live_bytes());
  assert_int_equal(n, kith_alloc_live());
  assert_true(sizes.weighted && sizes.n_pair > 0 && sizes.n_held_out > 0 && sizes.n_relation_entry[0] > 0);
  assert_true(sizes.n_feature_of[KITH_ITEM] == 12);
  assert_measured("share", kith_graph_bytes(&sizes, false));
}

/* Over all ranks, the sizes of an even share are at least those of the cut. */
static void sizes_before_the_cut_are_an_even_share(void **state) {
  char graph[KITH_PATH];
  kith_graph_sizes even;
  (void)state;
  test_path(folder, "graph.h5", graph);
  assert_int_equal(kith_graph_sizes_read(test_comm, graph, &even).status, KITH_OK);
  const int64_t mine[] = {sizes.n_own,
                          sizes.n_entry,
                          sizes.n_pair,
                          sizes.n_held_out,
                          sizes.feature_nnz,
                          sizes.n_relation_entry[0],
                          sizes.n_relation_entry[1],
                          sizes.n_transpose_entry[1]};
  const int64_t share[] = {even.n_own,
                           even.n_entry,
                           even.n_pair,
                           even.n_held_out,
                           even.feature_nnz,
                           even.n_relation_entry[0],
                           even.n_relation_entry[1],
                           even.n_transpose_entry[1]};
  for (int i = 0; i < 8; i++) {
    int64_t all = mine[i];
    kith_comm_sum_int(test_comm, 1, &all);
    assert_true(all > 0 && share[i] * test_comm->size >= all);
    assert_true(share[i] * test_comm->size < all + all / 10 + test_comm->size * KITH_MAX_TYPES);
  }
  assert_true(even.weighted && even.n_feature_of[KITH_ITEM] == sizes.n_feature_of[KITH_ITEM]);
  assert_memory_equal(even.n, sizes.n, sizeof even.n);
}

/* ---- what is made of it ---- */

static kith_dist_csr_sizes sizes_of(const kith_dist_csr *a) {
  return (kith_dist_csr_sizes){.size = test_comm->size,
                               .n_own = a->csr.n_row,
                               .n_ghost = a->n_ghost,
                               .n_entry = a->csr.start[a->csr.n_row],
                               .n_send = kith_halo_n_send(a->halo),
                               .d = DIM};
}

static void bytes_of_a_matrix_and_its_blocks(void **state) {
  kith_dist_csr *a = NULL;
  kith_full_block full;
  (void)state;
  measure_begin();
  assert_int_equal(kith_dist_csr_create(test_comm, g, DIM, &a).status, KITH_OK);
  const kith_dist_csr_sizes s = sizes_of(a);
  assert_int_equal(s.n_ghost, sizes.n_ghost);
  assert_measured("matrix", kith_dist_csr_bytes(&s));
  for (int i = 0; i < 4; i++) {
    measure_begin();
    assert_int_equal(kith_full_block_make(a, i & 1, i & 2, &full), KITH_OK);
    assert_measured("full block", kith_full_block_bytes(&s, i & 1, i & 2));
    kith_full_block_free(&full);
  }
  kith_dist_csr_destroy(&a);
}

static void merged_check(int relation, bool learned, bool gated) {
  kith_relation_weights w = {.n = 1, .tie = gated ? KITH_TIE_LEARNED : KITH_TIE_NONE};
  kith_dist_csr *m = NULL;
  sample_relation_rows rows;
  snprintf(w.of[0].name, sizeof w.of[0].name, "%s", g->schema.relation[relation].name);
  w.of[0].weight = 0.5;
  w.of[0].learned = learned;
  measure_begin();
  assert_int_equal(kith_dist_csr_create_merged(test_comm, g, &w, 0, DIM, &m).status, KITH_OK);
  const kith_dist_csr_sizes s = sizes_of(m);
  int64_t n = sizes.n_relation_entry[relation], transpose = sizes.n_entry + sizes.n_transpose_entry[relation];
  assert_true(s.n_ghost <= sizes.n_ghost_with_relations);
  assert_int_equal(s.n_entry, sizes.n_entry + n);
  assert_int_equal(m->transpose != NULL, sizes.n_transpose_entry[relation] > 0);
  assert_measured("merged matrix",
                  kith_dist_csr_bytes(&s) + kith_merged_relations_bytes(s.n_entry, learned) +
                      (gated ? kith_gated_entries_bytes(s.n_own, n, false) : 0) +
                      (m->transpose ? kith_dist_transpose_bytes(s.n_own, transpose, learned) : 0));
  measure_begin();
  assert_int_equal(kith__relation_rows_make(test_comm, m, &rows).status, KITH_OK);
  assert_measured("relation rows", kith__relation_rows_bytes(2, s.n_own, s.n_entry));
  kith__relation_rows_free(&rows);
  kith_dist_csr_destroy(&m);
}

static void bytes_of_merged_matrices(void **state) {
  (void)state;
  enum { FRIEND, FOLLOW };
  assert_int_equal(sizes.schema.n_relation, 4);
  for (int i = 0; i < 4; i++) merged_check(FRIEND, i & 1, i & 2);
  for (int i = 0; i < 2; i++) merged_check(FOLLOW, i & 1, false);
}

static void relations_check(const char *name) {
  kith_relation_weights by = {.n = 1};
  kith_spectral_relations *made = NULL;
  int64_t n_ghost = 0;
  snprintf(by.of[0].name, sizeof by.of[0].name, "%s", name);
  by.of[0].weight = 0.5;
  measure_begin();
  assert_int_equal(kith_spectral_relations_create(test_comm, g, &by, 0.5, 0.5, &made).status, KITH_OK);
  assert_bounded(name, kith_spectral_relations_bytes(&sizes, &by, &n_ghost));
  assert_true(kith__relations_columns(made) <= sizes.n_own + n_ghost);
  kith_spectral_relations_free(&made);
}

static void bytes_of_relations_of_the_spectral_model(void **state) {
  (void)state;
  relations_check("friend");
  relations_check("follow");
  relations_check("like");
  relations_check("pair");
}

/* What a polynomial has beside the direct term of one power. */
static void bytes_of_a_polynomial(void **state) {
  kith_direct_term term = {.c = 1, .lambda_1 = 1};
  kith__direct direct;
  int64_t real[2], said[2];
  (void)state;
  for (int poly = 0; poly < 2; poly++) {
    term.n_higher = poly;
    term.higher[0] = 0.5;
    measure_begin();
    assert_int_equal(kith__direct_make(test_comm, g, &term, &direct).status, KITH_OK);
    real[poly] = kith_alloc_live_bytes() - bytes;
    said[poly] = kith_eval_direct_bytes(USERS, ITEMS, EDGES, poly);
    kith__direct_free(&direct);
  }
  int64_t more = real[1] - real[0];
  assert_true(said[1] - said[0] <= more && more < said[1] - said[0] + 3 * ROUNDED);
}

static void batch_check(const kith_train_options *o) {
  kith_negative_distribution *z = NULL;
  kith_edge_order *e = NULL;
  kith_batch *b = NULL;
  kith_dist_csr *a = NULL;
  measure_begin();
  assert_int_equal(kith_negative_distribution_create(test_comm, g, &o->negatives, &z).status, KITH_OK);
  assert_measured("negatives", kith_negative_distribution_bytes(&o->negatives, 1, ITEMS, sizes.n_pair));
  measure_begin();
  assert_int_equal(kith_edge_order_create(g, NULL, o->batch, 1, &e), KITH_OK);
  assert_measured("order", kith_edge_order_bytes(sizes.n_pair, e->n_step));
  assert_int_equal(kith_dist_csr_create(test_comm, g, DIM, &a).status, KITH_OK);
  const kith_batch_shape shape = kith_trainer_batch_shape(o, e->max_pairs);
  measure_begin();
  assert_int_equal(kith_batch_create(test_comm, g, a, z, &shape, &b).status, KITH_OK);
  assert_measured("batch", kith_batch_bytes(&shape, test_comm->size, g->n[KITH_ITEM], kith_batch_max_recv(b),
                                            kith_batch_max_send(b)));
  kith_batch_destroy(&b);
  kith_dist_csr_destroy(&a);
  kith_edge_order_destroy(&e);
  kith_negative_distribution_destroy(&z);
}

static void bytes_of_batches(void **state) {
  kith_train_options o = kith_train_defaults();
  (void)state;
  o.batch = 100;
  batch_check(&o);
  o.negatives.count = 3;
  o.negatives.hard = 0.5;
  o.negatives.popularity = 0.2;
  o.negatives.inbatch = 0.3;
  batch_check(&o);
  o = kith_train_defaults();
  o.batch = 100;
  o.loss.name = KITH_SOFTMAX;
  o.loss.shared = 90;
  batch_check(&o);
}

static void bytes_of_a_sampling_plan(void **state) {
  int64_t rows[3] = {5000, 1200, 200}, entries[2] = {7000, 1500};
  sample_plan p = {0};
  (void)state;
  measure_begin();
  assert_int_equal(kith__sampler_plan_make(2, rows, entries, NULL, &p), KITH_OK);
  assert_measured("plan", kith__sampler_plan_bytes(2, rows, entries, false));
  kith__sampler_plan_free(&p);
}

static void bytes_of_tensors_and_weights(void **state) {
  kith_params *p = NULL;
  kith_tape *t = NULL;
  (void)state;
  measure_begin();
  assert_int_equal(kith_params_create(1, &p), KITH_OK);
  assert_non_null(kith_params_get(p, "w", 500, DIM, KITH_INIT_ZERO));
  assert_measured("weights", kith_params_bytes(500 * DIM));
  kith_params_destroy(&p);
  assert_int_equal(kith_tape_create(&t), KITH_OK);
  measure_begin();
  assert_non_null(kith_tape_tensor(t, 900, DIM));
  assert_measured("tensor", kith_tape_tensor_bytes(900, DIM));
  kith_tape_destroy(&t);
}

/* A model as a trainer records it on the full graph. */
static kith_tape_bytes tape_taken(const kith_model_options *o, kith_dist_csr *a) {
  kith_full_block full;
  kith_params *params = NULL;
  kith_exec_ctx exec = {.training = true};
  kith_tape *t = NULL;
  assert_int_equal(kith_full_block_make(a, kith_model_needs_transpose(o), kith_model_has_self_loops(o),
                                        &full),
                   KITH_OK);
  assert_int_equal(kith_params_create(1, &params), KITH_OK);
  assert_int_equal(kith_tape_create(&t), KITH_OK);
  kith_recording r = {.model = o, .g = g, .full = &full, .params = params, .exec = &exec, .tape = t};
  kith_recording_input(&r);
  kith_recording_layers(&r);
  assert_int_equal(kith_tape_status(t), KITH_OK);
  const kith_tape_bytes taken = kith_tape_memory(t);
  kith_tape_destroy(&t);
  kith_params_destroy(&params);
  kith_full_block_free(&full);
  return taken;
}

/* A model of two layers: columns of ghost rows in the shared buffer, and of those that layers keep; of the
 * gradients of these. */
typedef struct ghost_case {
  kith_model_options o;
  int shared, kept, kept_grad;
} ghost_case;

static void assert_ghosts(const ghost_case *c, kith_dist_csr *a) {
  kith_model_options o = c->o;
  kith__tape_cost_model m;
  o.dim = DIM;
  o.layers = 2;
  const kith_tape_bytes taken = tape_taken(&o, a);
  const int64_t ghost = (int64_t)sizeof(float) * a->n_ghost, own = (int64_t)sizeof(float) * g->n_own;
  assert_int_equal(ghost * (c->shared + c->kept), taken.ghost);
  assert_true((taken.value - (int64_t)sizeof(float) * kith_model_output_dim(&o)) % own == 0);
  assert_true(taken.grad <= taken.value + ghost * c->kept_grad);
  assert_int_equal(kith__tape_cost_model_fit(&o, &sizes, &m), KITH_OK);
  const kith_tape_bytes said =
      kith__tape_cost_model_predict(&m, g->n_own, a->n_ghost, a->csr.start[a->csr.n_row]);
  assert_int_equal(said.value, taken.value);
  assert_int_equal(said.grad, taken.grad);
  assert_int_equal(said.ghost, taken.ghost);
}

/* Layers have own rows alone: values and gradients of the input rows and of both layers. */
static void layers_share_their_ghost_rows(void **state) {
  const ghost_case cases[] = {
      {{.name = KITH_LIGHTGCN}, DIM, 0, 0},
      {{.name = KITH_NGCF}, DIM, 0, 0},
      {{.name = KITH_GCN}, DIM, 0, 0},
      {{.name = KITH_SAGE, .sage.aggregator = KITH_SAGE_POOL}, DIM, 0, 0},
      {{.name = KITH_SAGE, .sage.aggregator = KITH_SAGE_LSTM}, 4 * DIM, 2 * 4 * DIM, 0},
      {{.name = KITH_GAT, .gat.heads = 4}, DIM, 2 * (DIM + 4), 2 * 4}};
  kith_dist_csr *a = NULL;
  (void)state;
  assert_int_equal(kith_dist_csr_create(test_comm, g, DIM, &a).status, KITH_OK);
  assert_int_equal(a->n_ghost, sizes.n_ghost);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) assert_ghosts(&cases[i], a);
  kith_model_options o = cases[0].o;
  o.dim = DIM;
  o.layers = 2;
  const kith_tape_bytes taken = tape_taken(&o, a);
  assert_int_equal(taken.value + taken.grad + taken.ghost,
                   (int64_t)sizeof(float) * DIM * (2 * (3 * g->n_own + 1) + a->n_ghost));
  kith_dist_csr_destroy(&a);
}

/* Rows of this rank's blocks of both types. */
static int64_t rows_of_blocks(void) {
  int64_t n = 0;
  for (int t = 0; t < KITH_SIDES; t++)
    n += kith_chunk_begin(g->n[t], test_comm->size, test_comm->rank + 1) -
         kith_chunk_begin(g->n[t], test_comm->size, test_comm->rank);
  return n;
}

static void bytes_of_a_redistribution_and_a_writer(void **state) {
  int64_t tables = kith_redistribution_bytes(KITH_SIDES, test_comm->size, g->n_own, rows_of_blocks());
  kith_redistribution *r = NULL;
  kith_checkpoint_writer *w = NULL;
  (void)state;
  measure_begin();
  assert_int_equal(kith_redistribution_create(test_comm, g, &r).status, KITH_OK);
  assert_measured("redistribution", tables);
  kith_redistribution_destroy(&r);
  measure_begin();
  assert_int_equal(kith_checkpoint_writer_create(test_comm, g, DIM, 4000, 2, 0, &w).status, KITH_OK);
  if (kith_checkpoint_writer_is_async(w))
    assert_measured("writer", tables + kith_checkpoint_writer_bytes(g->n_own, DIM, 4000, 2));
  kith_checkpoint_writer_destroy(&w);
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(bytes_of_a_share),
      cmocka_unit_test(sizes_before_the_cut_are_an_even_share),
      cmocka_unit_test(bytes_of_a_matrix_and_its_blocks),
      cmocka_unit_test(bytes_of_merged_matrices),
      cmocka_unit_test(bytes_of_relations_of_the_spectral_model),
      cmocka_unit_test(bytes_of_a_polynomial),
      cmocka_unit_test(bytes_of_batches),
      cmocka_unit_test(bytes_of_a_sampling_plan),
      cmocka_unit_test(bytes_of_tensors_and_weights),
      cmocka_unit_test(layers_share_their_ghost_rows),
      cmocka_unit_test(bytes_of_a_redistribution_and_a_writer),
  };
  test_begin(&argc, &argv);
  test_folder_begin(folder);
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  kith_graph_destroy(&g);
  test_folder_end(folder);
  return test_end(failed);
}
