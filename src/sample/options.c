/* Ways of sampling by name, and what sampling does unless told otherwise. */
#include "kith/sample.h"

kith_sampler_options kith_sampler_defaults(void) {
  return (kith_sampler_options){.mode = KITH_FULL,
                                .fanouts = {.n = 1, .of = {10}},
                                .draw = KITH_UNIFORM,
                                .budget = 8000,
                                .walk = 2,
                                .coverage = 50,
                                .clusters = 1,
                                .cut = KITH_CUT_WEIGH};
}

const char *kith_train_mode_text(kith_train_mode mode) {
  static const char *const text[] = {"full",       "neighbor",   "layerwise", "cluster",
                                     "saint-node", "saint-edge", "saint-walk"};
  return text[mode];
}

const char *kith_drawing_text(kith_drawing draw) {
  return draw == KITH_BY_WEIGHT ? "weight" : draw == KITH_IMPORTANCE ? "importance" : "uniform";
}
const char *kith_cut_text(kith_cut cut) {
  return cut == KITH_CUT_WEIGH ? "weigh" : cut == KITH_CUT_DROP ? "drop" : "keep";
}
