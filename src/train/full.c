/* Steps on the whole graph: the reference that sampled steps are compared with. */
#include "train/trainer.h"

kith_agreed kith__full_prepare(kith_trainer *t) {
  return kith_halo_create_movable(t->comm, t->g->first, kith_batch_most_wanted(t->batch), kith_batch_most_asked(t->batch),
                                  kith_model_width(&t->model), &t->halo);
}

/* L2, layers, the batch's rows, its loss. */
kith_status kith__full_record(kith_trainer *t) {
  for (int l = 0; l < t->model.layers; l++) t->hop[l] = &t->whole.hop;
  t->x = kith_tape_rows(t->tape, &t->whole.frame, t->model.width);
  t->readout.picks = &t->batch->picks;
  t->readout.packed = kith_tape_tensor(t->tape, kith_batch_most_asked(t->batch), kith_model_width(&t->model));
  kith_l2_op(t->tape, &t->batch->picks, &t->l2_scale, t->x, &t->loss);
  kith_stage stage = {.tape = t->tape, .params = t->params, .play = &t->play, .hop = t->hop, .x = t->x, .readout = &t->readout, .layers = &t->layers};
  kith_model_record(&t->model, &stage);
  kith__record_loss(t, kith_exchange_op(t->tape, t->halo, t->readout.packed, kith_batch_most_wanted(t->batch)));
  return kith_tape_status(t->tape);
}

int64_t kith__full_arrange(kith_trainer *t, bool stop) {
  kith_batch *b = t->batch;
  int64_t stops = kith_halo_aim(t->halo, b->n_want, b->want, b->key, stop);
  kith_batch_answer(b, t->halo);
  return stops;
}

/* A step with an empty batch. */
void kith__full_whole(kith_trainer *t) {
  kith_batch_clear(t->batch);
  kith__full_arrange(t, false);
  t->readout.whole = true;
  kith_tape_forward(t->tape);
  t->readout.whole = false;
}
