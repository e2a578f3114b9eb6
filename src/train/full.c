/* Full-graph steps: the reference for sampled steps. */
#include "train/trainer.h"

kith_agreed kith__full_prepare(kith_trainer *t) { return t->targets->prepare_full(t); }

kith_status kith__full_record(kith_trainer *t) {
  t->step.max_gathered = t->targets->max_packed(t);
  t->step.n_further = t->n_also;
  t->step.further = t->further;
  t->targets->record_input_loss(t, kith_recording_input(&t->step));
  t->targets->record_loss(t, kith_recording_layers(&t->step));
  return kith_tape_status(t->tape);
}

/* Run the layers with an empty batch. */
void kith__full_inference(kith_trainer *t) {
  t->targets->clear(t);
  t->targets->setup_full(t, KITH_REQUEST_NONE);
  bool all = t->step.output.all_rows;
  t->step.output.all_rows = true;
  kith_tape_forward(t->tape);
  t->step.output.all_rows = all;
}
