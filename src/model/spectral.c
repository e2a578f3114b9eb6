/* Options of the spectral model, which has no tape: the room `spectral` computes it. */
#include <string.h>

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
                                 .tolerance = 1e-2};
}

/* Ties and ages do not weigh here, and nothing is learned. */
static kith_status spectral_check_relations(const kith_relation_weights *w) {
  kith_status st = KITH_OK;
  if (w->n == 0) return st;
  for (int i = 0; i < w->n; i++) {
    KITH_CHECK(!w->of[i].learned, KITH_ECONFIG,
               "model.relations.%s: learned, but spectral has no steps to learn it; expected a number",
               w->of[i].name);
    for (int j = 0; j < w->n_half_life; j++)
      KITH_CHECK(strcmp(w->of[i].name, w->half_life[j].name) != 0, KITH_ECONFIG,
                 "model.half_lives.%s: spectral weighs edges of any age alike; expected none", w->of[i].name);
  }
  KITH_CHECK(w->tie == KITH_TIE_NONE, KITH_ECONFIG,
             "model.tie: spectral weighs all ties alike; expected none");
done:
  return st;
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
  KITH_CHECK(s->coefficients.n == 0 || s->direct == 0, KITH_ECONFIG,
             "model.spectral.direct: %g beside model.spectral.coefficients, the first of which is its place; "
             "expected one of them",
             s->direct);
  KITH_CHECK(
      s->filter != KITH_FILTER_POLY || s->coefficients.n > 0, KITH_ECONFIG,
      "model.spectral.coefficients: expected 1 to %d numbers for model.spectral.filter: poly, found none",
      KITH_MAX_KNOTS);
  KITH_TRY(spectral_check_relations(&o->relations));
done:
  return st;
}
