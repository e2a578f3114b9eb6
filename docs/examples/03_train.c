/* Training in forty lines, on any number of ranks up to 4, of the parts.h5 that 01_one_rank leaves. */
#include <kith.h>
#include <stdio.h>

static kith_agreed train(kith_comm *comm, kith_graph **g, kith_trainer **trainer) {
  kith_agreed st = {KITH_OK};
  kith_model_options model = kith_model_defaults();
  kith_train_options options = kith_train_defaults();
  options.optimizer.lr = 0.01;
  KITH_TRY(kith_graph_read(comm, "parts.h5", g));
  KITH_TRY(kith_trainer_create(comm, *g, &model, &options, trainer));
  for (int epoch = 0; epoch < 10; epoch++) {
    kith_trainer_set_epoch(*trainer, epoch);
    for (int64_t s = 0; s < kith_trainer_n_step(*trainer); s++)
      kith_trainer_step(*trainer, s, KITH_REQUEST_NONE);
  }
  kith_eval_options o = kith_eval_defaults();
  kith_metrics m;
  KITH_TRY(
      kith_eval_metrics(comm, *g, kith_model_output_dim(&model), kith_trainer_inference(*trainer), &o, &m));
  if (comm->rank == 0) printf("kith %s: recall@%d %.4f\n", kith_version(), m.k[0], m.recall[0]);
done:
  if (kith_is_bad(st) && comm->rank == 0) kith_log_error();
  return st;
}

int main(int argc, char **argv) {
  kith_comm *comm = NULL;
  kith_graph *g = NULL;
  kith_trainer *trainer = NULL;
  kith_h5_init();
  kith_mpi_init(&argc, &argv);
  kith_agreed st = kith_comm_create(MPI_COMM_WORLD, &comm);
  if (!kith_is_bad(st)) st = train(comm, &g, &trainer);
  kith_trainer_destroy(&trainer);
  kith_graph_destroy(&g);
  kith_comm_destroy(&comm);
  MPI_Finalize();
  return (int)st.status;
}
