/* What a run has learned of relations: their weights, and the gates of ties. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "train/train.h"

static void learned_add(kith_learned *l, const char *prefix, const char *name, double value) {
  struct kith_learned_value *v = &l->of[l->n++];
  snprintf(v->name, sizeof v->name, "%s%.31s", prefix, name);
  v->value = value;
}

static double learned_norm(const kith_tensor *x) {
  double sum = 0;
  for (int64_t i = 0; i < x->n_row * x->d; i++) sum += (double)x->value[i] * (double)x->value[i];
  return sqrt(sum);
}

kith_learned kith_learned_of(const kith_relation_weights *w, const kith_params *params) {
  kith_learned l = {.n = 0};
  for (int i = 0; i < w->n; i++)
    if (w->of[i].learned) learned_add(&l, "relation_", w->of[i].name, w->of[i].weight);
  for (int i = 0; i < kith_params_n(params); i++) {
    const kith_tensor *x = kith_params_at(params, i);
    if (strcmp(kith_params_name(params, i), "tie") == 0) learned_add(&l, "tie_norm", "", learned_norm(x));
    if (strcmp(kith_params_name(params, i), "tie.bias") == 0)
      learned_add(&l, "tie_bias", "", (double)x->value[0]);
  }
  return l;
}

void kith_learned_print(const kith_learned *l, size_t size, char *text) {
  int n = snprintf(text, size, "%s", "");
  for (int i = 0; i < l->n && (size_t)n < size; i++)
    n += snprintf(text + n, size - (size_t)n, "%s%s %.6g", i > 0 ? ", " : "", l->of[i].name, l->of[i].value);
}
