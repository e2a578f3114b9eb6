/* Lists of numbers and of relations, from text. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "graph/schema.h"
#include "job/value.h"

/* Takes one word of a list `text` into `out`, which has those before it. */
typedef kith_status (*list_take)(const job_key *k, const char *text, char *word, void *out);

static kith_status list_each(const job_key *k, const char *text, list_take take, void *out) {
  kith_status st = KITH_OK;
  char copy[JOB_VALUE_SIZE], *rest = NULL;
  KITH_TRY(kith_text_copy(k->key, text, sizeof copy, copy));
  for (char *word = strtok_r(copy, "[], ", &rest); word; word = strtok_r(NULL, "[], ", &rest))
    KITH_TRY(take(k, text, word, out));
done:
  return st;
}

/* ---- whole numbers, at least one ---- */

typedef struct list_numbers {
  int most, n, *of; /* of [most] */
} list_numbers;

static kith_status list_take_number(const job_key *k, const char *text, char *word, void *out) {
  list_numbers *x = out;
  if (x->n == x->most)
    return kith_fail(KITH_ECONFIG, "%s: expected at most %d %s, found %s", k->key, x->most, k->unit, text);
  return kith__value_int(k, word, &x->of[x->n++]);
}

static kith_status list_numbers_read(const job_key *k, const char *text, list_numbers *x) {
  kith_status st = KITH_OK;
  KITH_TRY(list_each(k, text, list_take_number, x));
  KITH_CHECK(x->n > 0, KITH_ECONFIG, "%s: expected a list of %s such as [10, 20], found nothing", k->key,
             k->unit);
done:
  return st;
}

static int list_compare(const void *a, const void *b) {
  int x = *(const int *)a, y = *(const int *)b;
  return (x > y) - (x < y);
}

/* Sorted, each once. */
kith_status kith__value_cutoffs(const job_key *k, const char *text, kith_eval_options *out) {
  kith_status st = KITH_OK;
  int cut[KITH_MAX_CUTOFFS];
  list_numbers x = {.most = KITH_MAX_CUTOFFS, .of = cut};
  KITH_TRY(list_numbers_read(k, text, &x));
  qsort(cut, (size_t)x.n, sizeof *cut, list_compare);
  out->n_k = 0;
  for (int i = 0; i < x.n; i++)
    if (i == 0 || cut[i] != cut[i - 1]) out->k[out->n_k++] = cut[i];
done:
  return st;
}

kith_status kith__value_fanouts(const job_key *k, const char *text, kith_fanouts *out) {
  kith_status st = KITH_OK;
  kith_fanouts f = {0};
  list_numbers x = {.most = KITH_MAX_FANOUTS, .of = f.of};
  KITH_TRY(list_numbers_read(k, text, &x));
  f.n = x.n;
  *out = f;
done:
  return st;
}

/* ---- numbers in their order, or none ---- */

static kith_status list_take_knot(const job_key *k, const char *text, char *word, void *out) {
  kith_knots *knots = out;
  if (knots->n == KITH_MAX_KNOTS)
    return kith_fail(KITH_ECONFIG, "%s: expected at most %d numbers, found %s", k->key, KITH_MAX_KNOTS, text);
  return kith__value_real(k, word, &knots->of[knots->n++]);
}

kith_status kith__value_knots(const job_key *k, const char *text, kith_knots *out) {
  kith_status st = KITH_OK;
  kith_knots knots = {0};
  KITH_CHECK(text[0], KITH_ECONFIG, "%s: expected a list of numbers such as [1, 0.5], or []", k->key);
  KITH_TRY(list_each(k, text, list_take_knot, &knots));
  *out = knots;
done:
  return st;
}

/* ---- relations, each once, or none.  Where the order counts, the key has a unit ---- */

static bool list_has_name(const kith_relation_names *names, const char *word) {
  for (int i = 0; i < names->n; i++)
    if (strcmp(names->of[i], word) == 0) return true;
  return false;
}

static kith_status list_take_relation(const job_key *k, const char *text, char *word, void *out) {
  kith_status st = KITH_OK;
  kith_relation_names *names = out;
  KITH_CHECK(kith_schema_is_name(word), KITH_ECONFIG,
             "%s: expected names of relations (a-z, 0-9 and _, at most %d bytes), found %s", k->key,
             JOB_NAME_MOST, word);
  bool again = list_has_name(names, word);
  KITH_CHECK(!again || !k->unit[0], KITH_ECONFIG, "%s: names %s twice; expected each relation once", k->key,
             word);
  if (again) return st;
  KITH_CHECK(names->n <= KITH_MAX_RELATIONS, KITH_ECONFIG, "%s: expected at most %d relations, found %s",
             k->key, KITH_MAX_RELATIONS + 1, text);
  snprintf(names->of[names->n++], KITH_NAME, "%s", word);
done:
  return st;
}

kith_status kith__value_relations(const job_key *k, const char *text, kith_relation_names *out) {
  kith_status st = KITH_OK;
  kith_relation_names names = {0};
  KITH_CHECK(text[0], KITH_ECONFIG, "%s: expected a list of relations such as [interactions], or []", k->key);
  KITH_TRY(list_each(k, text, list_take_relation, &names));
  *out = names;
done:
  return st;
}

/* ---- "[writes.back, writes]", in its order ---- */

static kith_status list_take_step(const job_key *k, const char *text, char *word, void *out) {
  kith_status st = KITH_OK;
  kith_path_steps *steps = out;
  char *back = strstr(word, ".back");
  bool reverses = back && strcmp(back, ".back") == 0;
  if (reverses) *back = '\0';
  KITH_CHECK(kith_schema_is_name(word), KITH_ECONFIG,
             "%s: expected names of relations, each perhaps with .back, as [writes.back, writes]; found %s",
             k->key, word);
  KITH_CHECK(steps->n < KITH_MAX_PATH_STEPS, KITH_ECONFIG, "%s: expected at most %d relations, found %s",
             k->key, KITH_MAX_PATH_STEPS, text);
  snprintf(steps->of[steps->n].name, KITH_NAME, "%s", word);
  steps->of[steps->n++].back = reverses;
done:
  return st;
}

kith_status kith__value_steps(const job_key *k, const char *text, kith_path_steps *out) {
  kith_status st = KITH_OK;
  kith_path_steps steps = {0};
  KITH_TRY(list_each(k, text, list_take_step, &steps));
  *out = steps;
done:
  return st;
}
