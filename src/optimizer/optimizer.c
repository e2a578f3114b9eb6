/* The table of optimizers. */
#include "optimizer/optimizer.h"

kith_optimizer_options kith_optimizer_defaults(void) {
  return (kith_optimizer_options){
      .name = KITH_ADAM, .lr = 1e-3, .beta1 = 0.9, .beta2 = 0.999, .epsilon = 1e-8, .momentum = 0.9};
}

static const kith_optimizer optimizer_table[] = {
    [KITH_ADAM] = {"adam", 2, {"adam_m", "adam_v"}, false, kith__adam_step, kith__adam_step_rows},
    [KITH_ADAMW] = {"adamw", 2, {"adam_m", "adam_v"}, true, kith__adam_step, kith__adam_step_rows},
    [KITH_SGD] = {"sgd", 1, {"sgd_velocity"}, false, kith__sgd_step, kith__sgd_step_rows},
    [KITH_ADAGRAD] = {"adagrad", 1, {"adagrad_sum"}, false, kith__adagrad_step, kith__adagrad_step_rows},
};

const kith_optimizer *kith_optimizer_get(kith_optimizer_name name) { return &optimizer_table[name]; }
