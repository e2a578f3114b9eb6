/* Training in thirty lines, on any number of ranks up to 4, of the parts.h5 that 01_one_rank leaves. */
#include <kith.h>
#include <stdio.h>

int main(int argc, char **argv) {
  kith_agreed st = {KITH_OK};
  kith_comm *comm = NULL;
  kith_graph *g = NULL;
  kith_trainer *trainer = NULL;
  kith_model_options model = kith_model_defaults();
  kith_train_options train = kith_train_defaults();
  kith_eval_options how = kith_eval_defaults();
  kith_metrics m;
  kith_h5_init();
  kith_mpi_init(&argc, &argv);
  train.optimizer.lr = 0.01;
  KITH_TRY(kith_comm_create(MPI_COMM_WORLD, &comm));
  KITH_TRY(kith_graph_read(comm, "parts.h5", &g));
  KITH_TRY(kith_trainer_create(comm, g, &model, &train, &trainer));
  for (int epoch = 0; epoch < 10; epoch++) kith_trainer_run_epoch(trainer, epoch);
  KITH_TRY(kith_eval_metrics(comm, g, model.dim, kith_trainer_inference(trainer), &how, &m));
  if (comm->rank == 0) printf("kith %s: recall@%d %.4f\n", kith_version(), m.k[0], m.recall[0]);
done:
  if (kith_is_bad(st) && (!comm || comm->rank == 0)) kith_log_error();
  kith_trainer_destroy(&trainer);
  kith_graph_destroy(&g);
  kith_comm_destroy(&comm);
  MPI_Finalize();
  return (int)st.status;
}
