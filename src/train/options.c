/* Default options of training and checkpoints. */
#include "train/train.h"

kith_train_options kith_train_defaults(void) {
  return (kith_train_options){.sampler = kith_sampler_defaults(),
                              .exclude_targets = true,
                              .batch = 2048,
                              .epochs = 40,
                              .seed = 1,
                              .lr_decay = 1,
                              .strips = 1,
                              .patience = 0,
                              .optimizer = kith_optimizer_defaults(),
                              .loss = kith_loss_defaults(),
                              .negatives = kith_negative_defaults(),
                              .update = {.epochs = 4, .replay = 0.5, .hold = 0.01, .init_neighbors = 10}};
}

kith_checkpoint_options kith_checkpoint_defaults(void) {
  return (kith_checkpoint_options){
      .every_epochs = 5, .every_minutes = 10, .keep = 2, .keep_best = true, .async_above_mb = 64};
}
