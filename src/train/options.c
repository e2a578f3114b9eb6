/* What training does unless told otherwise. */
#include "kith/train.h"

kith_train_options kith_train_defaults(void) {
  return (kith_train_options){.sampler = kith_sampler_defaults(),
                              .exclude = true,
                              .batch = 2048,
                              .epochs = 40,
                              .seed = 1,
                              .decay = 1,
                              .patience = 0,
                              .adam = kith_adam_defaults(),
                              .loss = kith_loss_defaults(),
                              .negatives = kith_negative_defaults()};
}

kith_checkpoint_options kith_checkpoint_defaults(void) {
  return (kith_checkpoint_options){.every = 5, .minutes = 10, .keep = 2, .best = true, .beside = 64};
}
