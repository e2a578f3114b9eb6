/*
 * From a text list to recommendations: ingest, partition, train LightGCN, evaluate, rank.  On one rank.
 *     ./01_one_rank        writes interactions.tsv, graph.h5 and parts.h5 into the current folder
 */
#include <kith.h>
#include <stdio.h>

enum { PARTS = 4, EPOCHS = 20, TOP = 5 };

/* Lines "user item time", invented here, become graph.h5; the last item of every user is held out. */
static kith_agreed ingest(const kith_comm *comm) {
  kith_agreed st = {KITH_OK};
  kith_generate_options world = kith_generate_defaults();
  kith_generate_lists made = {.interactions = "interactions.tsv"};
  kith_ingest_options lists = {.interactions = {.path = "interactions.tsv", .time = "3"},
                               .split = {.method = KITH_SPLIT_LEAVE_LAST_OUT, .test = 0.1}};
  kith_ingest_report report;
  world.users = 400;
  world.interactions = 6000;
  KITH_TRY(kith_agree(comm, kith_generate(&world, &made, NULL)));
  KITH_TRY(kith_ingest(comm, &lists, "", "graph.h5", &report));
done:
  return st;
}

/* graph.h5 is cut into parts.h5, which any number of ranks up to PARTS can read. */
static kith_agreed partition(const kith_comm *comm) {
  kith_agreed st = {KITH_OK};
  kith_partition_options o = kith_partition_defaults();
  kith_dataset *whole = NULL;
  int32_t *part = NULL;
  o.parts = PARTS;
  KITH_TRY(kith_dataset_read(comm, "graph.h5", &whole));
  KITH_TRY(kith_agree(comm, KITH_NEW(part, kith_dataset_n_node(whole))));
  KITH_TRY(kith_agree(comm, kith_partition_make(whole, &o, part)));
  KITH_TRY(kith_partition_write(comm, "parts.h5", whole, &o, part));
done:
  KITH_FREE(part);
  kith_dataset_destroy(&whole);
  return st;
}

static void train(kith_trainer *trainer) {
  for (int epoch = 0; epoch < EPOCHS; epoch++)
    printf("epoch %d  loss %.4f\n", epoch + 1, kith_trainer_run_epoch(trainer, epoch));
}

/* Ids of the lists in place of the original numbers of items. */
static void print_items(const kith_ids *ids, const kith_topk *top) {
  char id[KITH_NAME];
  for (int i = 0; i < TOP && top->item[i] >= 0; i++) {
    kith_ids_print(ids, top->item[i], sizeof id, id);
    printf("%s  score %.4f\n", id, (double)top->score[i]);
  }
}

/* Metrics on the held-out items, and the best items of the first user.  x [n_own, d]: embeddings. */
static kith_agreed rank_items(const kith_comm *comm, const kith_graph *g, int d, const float *x) {
  kith_agreed st = {KITH_OK};
  kith_ids ids = {0};
  kith_eval_options o = kith_eval_defaults();
  kith_metrics metrics;
  kith_topk top = {0};
  KITH_TRY(kith_eval_metrics(comm, g, d, x, &o, &metrics));
  printf("recall@%d  %.4f\n", metrics.k[0], metrics.recall[0]);
  KITH_TRY(kith_eval_topk(comm, g, d, x, NULL, NULL, TOP, NULL, 1, &(kith_lid){0}, &top));
  KITH_TRY(kith_ids_read(comm, "graph.h5", KITH_ITEM, &ids));
  print_items(&ids, &top);
done:
  kith_ids_free(&ids);
  kith_topk_free(&top);
  return st;
}

static kith_agreed learn(const kith_comm *comm) {
  kith_agreed st = {KITH_OK};
  kith_model_options model = kith_model_defaults(); /* LightGCN, three layers */
  kith_train_options options = kith_train_defaults();
  kith_graph *g = NULL;
  kith_trainer *trainer = NULL;
  options.optimizer.lr = 0.01;
  KITH_TRY(kith_graph_read(comm, "parts.h5", &g));
  KITH_TRY(kith_trainer_create(comm, g, &model, &options, &trainer));
  train(trainer);
  KITH_TRY(rank_items(comm, g, kith_model_output_dim(&model), kith_trainer_inference(trainer)));
done:
  kith_trainer_destroy(&trainer);
  kith_graph_destroy(&g);
  return st;
}

int main(int argc, char **argv) {
  kith_agreed st = {KITH_OK};
  kith_comm *comm = NULL;
  kith_h5_init();
  kith_mpi_init(&argc, &argv);
  KITH_TRY(kith_comm_create(MPI_COMM_SELF, &comm));
  KITH_TRY(ingest(comm));
  KITH_TRY(partition(comm));
  KITH_TRY(learn(comm));
done:
  if (kith_is_bad(st)) kith_log_error();
  kith_comm_destroy(&comm);
  MPI_Finalize();
  return (int)st.status;
}
