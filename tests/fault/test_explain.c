/* ranks: 1 2 3, slow */
/*
 * Explaining scores with the k-th allocation or read on rank r refused, for every r and k: all ranks learn
 * the same, and nothing is left in memory: of an exact model, of models with attention, by gradients, and of
 * a new user.  And gradient x input against differences of scores.
 */
#include <mpi.h>
#include <unistd.h>

#include "support/folder.h"
#include "support/mpi_main.h"
#include "support/parts.h"
#include "support/sweep.h"

#include "explain/explain_impl.h"
#include "ingest/ingest.h"
#include "kith/partition.h"

static char folder[KITH_PATH]; /* of rank 0, known to all */
static char embeddings[KITH_PATH];
static kith_run run;
static kith_graph *graph;

static kith_edge_source list_of(const char *name, const char *text) {
  kith_edge_source s = {.format = KITH_EDGES};
  test_path(folder, name, s.path);
  if (test_comm->rank == 0) test_file_write(folder, name, text, strlen(text), s.path);
  KITH_MPI(MPI_Barrier(test_comm->mpi));
  return s;
}

static void cut_alone(void) {
  assert_int_equal(KITH_OK, test_parts_write(run.graph, run.parts, 4, KITH_PARTITION_HASH).status);
}

static void prepare(void) {
  kith_ingest_options o = {.interactions =
                               list_of("train", "a w\na x\nb x\nb y\nc y\nc z\nd z\nd w\ne x\ne z\n")};
  o.n_relation = 2;
  o.relation[0] = (kith_relation_source){.name = "tag", .from = "item", .to = "tag"};
  o.relation[0].list = list_of("tags", "w old\nx old\ny new\n");
  o.relation[1] = (kith_relation_source){.name = "friend", .from = "user", .to = "user"};
  o.relation[1].list = list_of("friends", "a b\nb c\na d\ne b\n");
  const kith_edge_source colors = list_of("colors", "w red\nx green\ny red blue:0.5\n");
  memcpy(o.features[KITH_ITEM].path, colors.path, sizeof colors.path);
  o.features[KITH_ITEM].format = KITH_SPARSE;
  kith_ingest_report r;
  kith_run_result result;
  run = (kith_run){.model = kith_model_defaults(),
                   .train = kith_train_defaults(),
                   .evaluate = kith_eval_defaults(),
                   .checkpoint = kith_checkpoint_defaults(),
                   .job = "job text"};
  run.model.dim = 4;
  run.model.input = KITH_BOTH;
  run.model.relations = (kith_relation_weights){.n = 1, .of = {{.name = "tag", .weight = 0.5}}};
  run.train.batch = 4;
  run.train.epochs = 1;
  run.evaluate.every = 0;
  snprintf(run.work, sizeof run.work, "%s", folder);
  test_path(folder, "graph.h5", run.graph);
  test_path(folder, "parts.h5", run.parts);
  test_path(folder, "embeddings.h5", embeddings);
  assert_int_equal(KITH_OK, kith_ingest(test_comm, &o, "job text", run.graph, &r).status);
  if (test_comm->rank == 0) cut_alone();
  KITH_MPI(MPI_Barrier(test_comm->mpi));
  assert_int_equal(KITH_OK, kith_graph_read(test_comm, run.parts, &graph).status);
  assert_int_equal(KITH_OK, kith_train_run(test_comm, graph, &run, &result).status);
}

/* What the explainer is made of. */
typedef struct rows_read {
  kith_embeddings_origin from;
  float *x;
  const kith_new_nodes *new;
} rows_read;

static kith_agreed rows_begin(rows_read *r) {
  kith_agreed st = {KITH_OK};
  int d = 0;
  KITH_TRY(kith_embeddings_origin_read(test_comm, embeddings, &r->from));
  KITH_TRY(kith_embeddings_read(test_comm, graph, embeddings, &d, &r->x));
done:
  return st;
}

static void rows_end(rows_read *r) {
  KITH_FREE(r->x);
  KITH_FREE(r->from.config_key);
}

static kith_agreed explain_three(const rows_read *r) {
  kith_agreed st = {KITH_OK};
  const kith_explain_query query[3] = {{0, 2, -1}, {1, 3, 2}, {r->new ? graph->n[KITH_USER] : 4, 0, -1}};
  kith_explainer *e = NULL;
  kith_explanations all = {.n = 0};
  KITH_TRY(kith_explainer_create(test_comm, graph, &run, &r->from, r->x, r->new, &e));
  KITH_TRY(kith_explain(e, 3, query, 2, 2, 2, &all));
  for (int q = 0; q < 3 && all.method != KITH_EXPLAIN_GRADIENT; q++) {
    const kith_explain_sums *s = &all.sums[q];
    assert_true(fabs(s->rounding) < 1e-6 && s->n_term > 0);
    if (all.method == KITH_EXPLAIN_ATTENTION) continue;
    assert_true(s->n_term == 2 && all.path[2 * q].n > 0 && all.connection[2 * q].n > 0);
    assert_true(all.item[q].has_features && all.item[q].n_term == (q == 2 ? 1 : 2));
  }
done:
  kith_explanations_free(&all);
  kith_explainer_free(&e);
  return st;
}

static kith_agreed run_explain(void) {
  kith_agreed st = {KITH_OK};
  rows_read r = {.x = NULL};
  KITH_TRY(rows_begin(&r));
  KITH_TRY(explain_three(&r));
done:
  rows_end(&r);
  return st;
}

static rows_read rows; /* of the latest training */
static kith_agreed run_explain_rows(void) { return explain_three(&rows); }

/* Allocations alone, after the rows have been read; new: null or new nodes, of which one is explained. */
static void refuse_allocations(const kith_new_nodes *new) {
  const sweep s = {
      .kind = KITH_FAULT_ALLOC, .run = run_explain_rows, .folder = folder, .inputs = folder, .least = 10};
  rows = (rows_read){.new = new};
  assert_int_equal(KITH_OK, rows_begin(&rows).status);
  if (sweep_has(KITH_FAULT_ALLOC)) sweep_each(&s);
  rows_end(&rows);
}

static void refused_anything_all_ranks_learn_it(void **state) {
  (void)state;
  const kith_fault_kind kind[] = {KITH_FAULT_ALLOC, KITH_FAULT_READ};
  for (int i = 0; i < 2; i++) {
    const sweep s = {.kind = kind[i],
                     .run = run_explain,
                     .folder = folder,
                     .inputs = folder,
                     .least = 10,
                     .mends = kind[i] == KITH_FAULT_READ};
    if (sweep_has(kind[i])) sweep_each(&s);
  }
}

static void train_anew(void) {
  kith_run_result result;
  run.fresh = true;
  assert_int_equal(KITH_OK, kith_train_run(test_comm, graph, &run, &result).status);
}

static void attention(void **state) {
  (void)state;
  const kith_run kept = run;
  run.model.input = KITH_EMBEDDING;
  run.model.layers = 1;
  run.model.name = KITH_GAT;
  run.model.gat.heads = 2;
  run.model.relations = (kith_relation_weights){.n = 0};
  train_anew();
  refuse_allocations(NULL);
  run.model.name = KITH_DIFFNET;
  run.model.relations = (kith_relation_weights){.n = 1, .of = {{.name = "friend", .weight = 1}}};
  train_anew();
  refuse_allocations(NULL);
  run = kept;
}

static void a_new_user(void **state) {
  (void)state;
  const kith_new_nodes_options o = {.interactions = list_of("new", "f w\nf y\n"), .what = KITH_NEW_BOTH};
  kith_new_nodes new = {.n_pair = 0};
  kith_new_nodes_report report;
  train_anew();
  assert_int_equal(KITH_OK, kith_new_nodes_read(test_comm, run.graph, &o, &new, &report).status);
  refuse_allocations(&new);
  kith_new_nodes_free(&new);
}

/* ---- gradient x input: of models with one layer the derivative along each input row ---- */

/* <F_u, F_i> of the input rows as they are now, u the user of the last query. */
static double score_now(const kith_explainer *e, int64_t user, const float *target) {
  double s = 0;
  kith_tape_forward(e->inference.tape);
  if (e->row_of[KITH_USER][user] >= 0)
    s = kith__explain_dot(e->d, e->inference.recording.output.packed->value, target);
  KITH_MPI(MPI_Allreduce(MPI_IN_PLACE, &s, 1, MPI_DOUBLE, MPI_SUM, test_comm->mpi));
  return s;
}

/* The derivative of the score along a node's input row. */
static double difference(const kith_explainer *e, int type, int64_t original, int64_t user,
                         const float *target) {
  const double h = 0.002;
  kith_tensor *x = e->inference.recording.x;
  float kept[64] = {0}, *row = NULL;
  double s[2];
  for (kith_lid i = 0; i < graph->n_own; i++)
    if (graph->type[i] == type && graph->original[i] == original) row = x->value + (size_t)i * (size_t)x->d;
  if (row) memcpy(kept, row, (size_t)x->d * sizeof *row);
  for (int side = 0; side < 2; side++) {
    for (int k = 0; row && k < x->d; k++) row[k] = (float)((double)kept[k] * (1 + (side ? -h : h)));
    s[side] = score_now(e, user, target);
  }
  if (row) memcpy(row, kept, (size_t)x->d * sizeof *row);
  return (s[0] - s[1]) / (2 * h);
}

/* What is said of a node; of one that is not listed nothing. */
static double contribution(const kith_explanations *all, int type, int64_t original, int64_t user) {
  if (type == KITH_USER && original == user) return all->sums->own;
  for (int i = 0; i < all->n_reason; i++)
    if (all->reason[i].edge.type == type && all->reason[i].edge.original == original)
      return all->reason[i].value;
  return 0;
}

static void compare_gradients(kith_explainer *e) {
  enum { USER = 1, ITEM = 3 };
  const kith_explain_query query = {USER, ITEM, -1};
  kith_explanations all = {.n = 0};
  float target[64] = {0};
  const kith_lid item = e->row_of[KITH_ITEM][ITEM];
  double size = 0;
  assert_int_equal(KITH_OK, kith_explain(e, 1, &query, 20, 0, 1, &all).status);
  assert_int_equal(KITH_EXPLAIN_GRADIENT, all.method);
  if (item >= 0) memcpy(target, e->final + (size_t)item * (size_t)e->d, (size_t)e->d * sizeof *target);
  KITH_MPI(MPI_Allreduce(MPI_IN_PLACE, target, e->d, MPI_FLOAT, MPI_SUM, test_comm->mpi));
  assert_true(fabs(score_now(e, USER, target) - all.sums->score) < 1e-5 * (1 + fabs(all.sums->score)));
  for (int t = 0; t < graph->schema.n_type; t++)
    for (int64_t i = 0; i < graph->n[t]; i++) {
      const double true_one = difference(e, t, i, USER, target), said = contribution(&all, t, i, USER);
      assert_true(fabs(true_one - said) < 2e-3 * fabs(true_one) + 2e-4);
      size += fabs(true_one);
    }
  assert_true(size > 0.02);
  kith_explanations_free(&all);
}

static void contributions_of_gradients_are_differences(void **state) {
  (void)state;
  const kith_model_name name[] = {KITH_NGCF, KITH_GCN, KITH_GCNII, KITH_SAGE, KITH_PINSAGE, KITH_RGCN};
  const kith_run kept = run;
  run.model.input = KITH_EMBEDDING;
  run.model.layers = 1;
  run.model.init = 0.6;
  for (int i = 0; i < (int)(sizeof name / sizeof *name); i++) {
    kith_explainer *e = NULL;
    kith_embeddings_origin from = {.epoch = 0};
    kith_run_result result;
    float *x = NULL;
    int d = 0;
    run.model.name = name[i];
    run.fresh = true;
    assert_int_equal(KITH_OK, kith_train_run(test_comm, graph, &run, &result).status);
    assert_int_equal(KITH_OK, kith_embeddings_origin_read(test_comm, embeddings, &from).status);
    assert_int_equal(KITH_OK, kith_embeddings_read(test_comm, graph, embeddings, &d, &x).status);
    assert_int_equal(KITH_OK, kith_explainer_create(test_comm, graph, &run, &from, x, NULL, &e).status);
    compare_gradients(e);
    kith_explainer_free(&e);
    KITH_FREE(x);
    KITH_FREE(from.config_key);
  }
  refuse_allocations(NULL);
  run = kept;
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(refused_anything_all_ranks_learn_it),
                                     cmocka_unit_test(attention), cmocka_unit_test(a_new_user),
                                     cmocka_unit_test(contributions_of_gradients_are_differences)};
  test_begin(&argc, &argv);
  test_folder_begin(folder);
  prepare();
  int failures = cmocka_run_group_tests(tests, NULL, NULL);
  kith_graph_destroy(&graph);
  test_folder_end(folder);
  return test_end(failures);
}
