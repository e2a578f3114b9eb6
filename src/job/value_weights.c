/* What a job says of each relation of its layers: weights and half-lives, in the order of names. */
#include <stdio.h>
#include <string.h>

#include "job/value.h"

/* The relation that a key of model.relations is about. */
static const char *weights_relation(const job_key *k) { return strrchr(k->key, '.') + 1; }

/* The index of the first relation that is not before `name`. */
static int weights_index(const kith_relation_weights *w, const char *name) {
  int i = 0;
  while (i < w->n && strcmp(w->of[i].name, name) < 0) i++;
  return i;
}

static void weights_remove(kith_relation_weights *w, const char *name) {
  int i = weights_index(w, name);
  if (i == w->n || strcmp(w->of[i].name, name) != 0) return;
  w->n--;
  memmove(&w->of[i], &w->of[i + 1], (size_t)(w->n - i) * sizeof *w->of);
}

/* A relation of weight 0 is not in the list. */
kith_status kith__value_weight(const job_key *k, const char *text, kith_relation_weights *w) {
  kith_status st = KITH_OK;
  const char *name = weights_relation(k);
  bool learned = strcmp(text, "learned") == 0;
  double weight = 1;
  if (!learned) KITH_TRY(kith__value_real(k, text, &weight));
  weights_remove(w, name);
  if (weight == 0) return st;
  KITH_CHECK(w->n < KITH_MAX_RELATIONS, KITH_ECONFIG, "%s: more than %d relations have weights", k->key,
             KITH_MAX_RELATIONS);
  int i = weights_index(w, name);
  memmove(&w->of[i + 1], &w->of[i], (size_t)(w->n - i) * sizeof *w->of);
  w->n++;
  w->of[i] = (struct kith_relation_weight){.weight = weight, .learned = learned};
  snprintf(w->of[i].name, sizeof w->of[i].name, "%s", name);
done:
  return st;
}

/* The index of the first relation with a half-life that is not before `name`. */
static int weights_age_index(const kith_relation_weights *w, const char *name) {
  int i = 0;
  while (i < w->n_half_life && strcmp(w->half_life[i].name, name) < 0) i++;
  return i;
}

static bool weights_has_age(const kith_relation_weights *w, int i, const char *name) {
  return i < w->n_half_life && strcmp(w->half_life[i].name, name) == 0;
}

/* A relation without a half-life is not in the list. */
kith_status kith__value_age(const job_key *k, const char *text, kith_relation_weights *w) {
  kith_status st = KITH_OK;
  const char *name = weights_relation(k);
  int i = weights_age_index(w, name), n_after = w->n_half_life - i;
  struct kith_relation_half_life *at = &w->half_life[i];
  bool there = weights_has_age(w, i, name);
  double seconds = 0;
  KITH_TRY(kith__value_half_life(k, text, &seconds));
  if (there && seconds == 0) {
    memmove(at, at + 1, (size_t)(n_after - 1) * sizeof *at);
    w->n_half_life--;
  }
  if (seconds == 0) return st;
  KITH_CHECK(there || w->n_half_life < KITH_MAX_RELATIONS, KITH_ECONFIG,
             "%s: more than %d relations have half-lives", k->key, KITH_MAX_RELATIONS);
  if (!there) {
    memmove(at + 1, at, (size_t)n_after * sizeof *at);
    w->n_half_life++;
  }
  *at = (struct kith_relation_half_life){.seconds = seconds};
  snprintf(at->name, sizeof at->name, "%s", name);
done:
  return st;
}

const struct kith_relation_weight *kith__value_weight_of(const job_key *k, const kith_relation_weights *w) {
  const char *name = weights_relation(k);
  const int i = weights_index(w, name);
  return i < w->n && strcmp(w->of[i].name, name) == 0 ? &w->of[i] : NULL;
}

double kith__value_age_of(const job_key *k, const kith_relation_weights *w) {
  const char *name = weights_relation(k);
  const int i = weights_age_index(w, name);
  return weights_has_age(w, i, name) ? w->half_life[i].seconds : 0;
}
