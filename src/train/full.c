/* Full-graph steps: the reference for sampled steps. */
#include "train/trainer.h"

/* Classification needs no halo: labeled nodes stay with their owners. */
kith_agreed kith__full_prepare(kith_trainer *t) {
  if (t->classifies) return (kith_agreed){KITH_OK};
  return kith_halo_create_dynamic(t->comm, t->g->first, kith_batch_max_recv(t->batch),
                                  kith_batch_max_send(t->batch), kith_model_output_dim(&t->model), &t->halo);
}

/* Record L2 penalty, layers, gather of the batch's rows, and loss. */
kith_status kith__full_record(kith_trainer *t) {
  kith_lid most = t->classifies ? kith__trainer_max_rows(t) : kith_batch_max_send(t->batch);
  for (int l = 0; l < t->model.layers; l++) t->block[l] = &t->full_block.block;
  kith_tensor *x = kith__trainer_record_input(t, t->tape);
  t->output.gather_index = kith__gather_index(t);
  t->output.packed = kith_tape_tensor(t->tape, most, kith_model_output_dim(&t->model));
  if (!t->classifies) kith_l2_op(t->tape, &t->batch->gather_index, &t->l2_scale, x, &t->loss);
  kith_model_ctx ctx = {.tape = t->tape,
                        .params = t->params,
                        .exec = &t->exec,
                        .block = t->block,
                        .x = x,
                        .output = &t->output,
                        .layers = &t->layers};
  kith_model_record(&t->model, &ctx);
  kith__trainer_record_loss(t, t->classifies ? t->output.packed
                                             : kith_exchange_op(t->tape, t->halo, t->output.packed,
                                                                kith_batch_max_recv(t->batch)));
  return kith_tape_status(t->tape);
}

kith_step_request kith__full_setup_step(kith_trainer *t, kith_step_request request) {
  kith_batch *b = t->batch;
  if (t->classifies)
    return (kith_step_request)kith_comm_max(t->comm, request); /* no exchange to piggyback on */
  kith_step_request agreed_request =
      (kith_step_request)kith_halo_setup(t->halo, b->n_recv, b->recv_gid, b->recv_key, request);
  kith_batch_sort_send(b, t->halo);
  return agreed_request;
}

/* Run the layers with an empty batch. */
void kith__full_inference(kith_trainer *t) {
  if (t->classifies) kith_train_nodes_fill_with(t->train_nodes, 0, NULL, NULL);
  else kith_batch_clear(t->batch);
  kith__full_setup_step(t, KITH_REQUEST_NONE);
  t->output.all_rows = true;
  kith_tape_forward(t->tape);
  t->output.all_rows = false;
}
