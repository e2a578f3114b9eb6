/* Full-graph steps: the reference for sampled steps. */
#include "train/trainer.h"

kith_agreed kith__full_prepare(kith_trainer *t) { return t->targets->prepare_full(t); }

/* Record L2 penalty, layers, gather of the batch's rows, and loss. */
kith_status kith__full_record(kith_trainer *t) {
  for (int l = 0; l < t->model.layers; l++) t->block[l] = &t->full_block.block;
  kith_tensor *x = kith__trainer_record_input(t, t->tape);
  t->output.gather_index = t->gather_index;
  t->output.packed = kith_tape_tensor(t->tape, t->targets->max_packed(t), kith_model_output_dim(&t->model));
  t->targets->record_input_loss(t, x);
  kith_model_ctx ctx = {.tape = t->tape,
                        .params = t->params,
                        .exec = &t->exec,
                        .block = t->block,
                        .x = x,
                        .output = &t->output,
                        .layers = &t->layers};
  kith_model_record(&t->model, &ctx);
  t->targets->record_loss(t, t->output.packed);
  return kith_tape_status(t->tape);
}

/* Run the layers with an empty batch. */
void kith__full_inference(kith_trainer *t) {
  t->targets->clear(t);
  t->targets->setup_full(t, KITH_REQUEST_NONE);
  t->output.all_rows = true;
  kith_tape_forward(t->tape);
  t->output.all_rows = false;
}
