/* Names, defaults and checks of the losses. */
#include "loss/loss.h"

kith_loss_options kith_loss_defaults(void) {
  return (kith_loss_options){.name = KITH_BPR,
                             .l2 = 1e-4,
                             .temperature = 0.1,
                             .logq = 0,
                             .mask = true,
                             .inbatch = true,
                             .shared = 0,
                             .log_sum_weight = 1};
}

const char *kith_loss_text(kith_loss_name name) {
  static const char *const text[] = {[KITH_BPR] = "bpr", [KITH_SOFTMAX] = "softmax", [KITH_NCE] = "nce"};
  return text[name];
}

kith_status kith_loss_check(const kith_loss_options *o, const kith_negative_options *n) {
  kith_status st = KITH_OK;
  KITH_CHECK(o->name != KITH_NCE || n->hard == 0, KITH_ECONFIG,
             "negatives.hard: expected 0 with nce, whose noise must be drawn from a known law, found %g",
             n->hard);
  KITH_CHECK(o->name != KITH_SOFTMAX || n->inbatch == 0, KITH_ECONFIG,
             "negatives.inbatch: expected 0 with softmax, which has loss.inbatch, found %g", n->inbatch);
  KITH_CHECK(n->popularity + n->inbatch <= 1, KITH_ECONFIG,
             "negatives.inbatch: expected at most 1 together with negatives.popularity, found %g and %g",
             n->inbatch, n->popularity);
  KITH_CHECK(o->name != KITH_SOFTMAX || o->inbatch || o->shared > 0, KITH_ECONFIG,
             "negatives.shared: expected at least 1 where loss.inbatch is false, or a pair has no "
             "candidates; found 0");
  KITH_CHECK(o->log_sum_weight > 0, KITH_ECONFIG, "loss.log_sum_weight: expected a number above 0, found %g",
             o->log_sum_weight);
done:
  return st;
}
