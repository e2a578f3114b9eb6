/* Options of the spectral model, which has no tape: the room `spectral` computes it. */
#include "model/model.h"

kith_spectral_options kith_spectral_defaults(void) {
  return (kith_spectral_options){.user_power = 0.5,
                                 .item_power = 0.5,
                                 .input_power = 0.5,
                                 .output_power = 0.5,
                                 .filter = KITH_FILTER_RATIO,
                                 .t = 0.1,
                                 .oversample = 48,
                                 .degree = 8,
                                 .rounds = 8,
                                 .tolerance = 1e-4};
}

kith_status kith_spectral_check(const kith_model_options *o) {
  kith_status st = KITH_OK;
  const kith_spectral_options *s = &o->spectral;
  KITH_CHECK(o->input == KITH_EMBEDDING, KITH_ECONFIG,
             "model.input: %s, but spectral reads no features; expected embedding",
             kith_input_text(o->input));
  KITH_CHECK(o->score == KITH_DOT, KITH_ECONFIG,
             "model.score: %s, but spectral ranks by inner products; expected dot",
             kith_score_text(o->score));
  KITH_CHECK(s->filter != KITH_FILTER_KNOTS || s->knots.n >= 2, KITH_ECONFIG,
             "model.spectral.knots: expected 2 to %d values for model.spectral.filter: knots, found %d",
             KITH_MAX_KNOTS, s->knots.n);
done:
  return st;
}
