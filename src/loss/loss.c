/* Names and defaults of the losses. */
#include "kith/loss.h"

kith_loss_options kith_loss_defaults(void) {
  return (kith_loss_options){.name = KITH_BPR, .l2 = 1e-4, .temperature = 0.1, .logq = 0};
}

const char *kith_loss_text(kith_loss_name name) { return name == KITH_SOFTMAX ? "softmax" : "bpr"; }
