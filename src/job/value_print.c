/* One key's value as text, and what values it takes. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "job/value.h"

void kith__job_bounds(const job_key *k, size_t size, char *text) {
  switch (k->kind) {
  case JOB_INT:
  case JOB_INT64:
  case JOB_REAL:
    snprintf(text, size, "%.15g to %.15g%s%s", k->low, k->high, k->unit[0] ? " " : "", k->unit);
    break;
  case JOB_INTERVAL: snprintf(text, size, "auto, or %.15g to %.15g %s", k->low, k->high, k->unit); break;
  case JOB_FANOUTS:
  case JOB_CUTOFFS: snprintf(text, size, "list of %.15g to %.15g %s", k->low, k->high, k->unit); break;
  case JOB_KNOTS: snprintf(text, size, "list of %.15g to %.15g, or []", k->low, k->high); break;
  case JOB_WEIGHT: snprintf(text, size, "%.15g to %.15g, or learned", k->low, k->high); break;
  case JOB_RELATIONS: snprintf(text, size, "list of relations"); break;
  case JOB_STEPS: snprintf(text, size, "list of relations, each perhaps with .back"); break;
  case JOB_AGE:
  case JOB_DURATION: snprintf(text, size, "none | time such as 180d (s, h, d, w, y)"); break;
  case JOB_CHOICE: snprintf(text, size, "auto, or %.15g to %.15g", k->low, k->high); break;
  case JOB_HALF_LIFE: snprintf(text, size, "none | auto | time such as 180d (s, h, d, w, y)"); break;
  case JOB_BOOL: snprintf(text, size, "true | false"); break;
  case JOB_ENUM:
  case JOB_PROTOCOL:
  case JOB_IDS: snprintf(text, size, "%s", k->unit); break;
  case JOB_PATH: snprintf(text, size, "path"); break;
  case JOB_PATHS: snprintf(text, size, "path, glob such as logs/*.tsv.gz, or list of them"); break;
  case JOB_NODE_TYPE: snprintf(text, size, "user, item, or a name"); break;
  case JOB_COLUMN: snprintf(text, size, "name, or number from 1"); break;
  case JOB_TEXT:
  case JOB_DELIMITER: snprintf(text, size, "text, at most %zu bytes", k->size - 1); break;
  }
}

static void print_choice_of(const char *names, int i, size_t size, char *text) {
  for (; i > 0; i--) names = strstr(names, " | ") + 3;
  const char *end = strstr(names, " | ");
  snprintf(text, size, "%.*s", end ? (int)(end - names) : (int)strlen(names), names);
}

/* The i-th word of a list, from byte `at` on; returns where the next one goes. */
static int print_word(int i, const char *word, int at, size_t size, char *text) {
  return at + snprintf(text + at, size - (size_t)at, "%s%s", i ? ", " : "[", word);
}

static void print_end(int at, size_t size, char *text) {
  snprintf(text + at, size - (size_t)at, "%s", at ? "]" : "[]");
}

static void print_list(int n, const int *x, size_t size, char *text) {
  char number[32];
  int at = 0;
  for (int i = 0; i < n; i++) {
    snprintf(number, sizeof number, "%d", x[i]);
    at = print_word(i, number, at, size, text);
  }
  print_end(at, size, text);
}

static void print_knots(const kith_knots *knots, size_t size, char *text) {
  char number[32];
  int at = 0;
  for (int i = 0; i < knots->n; i++) {
    kith_real_print(knots->of[i], sizeof number, number);
    at = print_word(i, number, at, size, text);
  }
  print_end(at, size, text);
}

static void print_relations(const kith_relation_names *names, size_t size, char *text) {
  int at = 0;
  for (int i = 0; i < names->n; i++) at = print_word(i, names->of[i], at, size, text);
  print_end(at, size, text);
}

static void print_steps(const kith_path_steps *steps, size_t size, char *text) {
  char step[KITH_NAME + 8];
  int at = 0;
  for (int i = 0; i < steps->n; i++) {
    snprintf(step, sizeof step, "%s%s", steps->of[i].name, steps->of[i].back ? ".back" : "");
    at = print_word(i, step, at, size, text);
  }
  print_end(at, size, text);
}

/* In days where they are whole, else in seconds. */
static void print_half_life(double seconds, size_t size, char *text) {
  double unit = fmod(seconds, 86400) == 0 ? 86400 : 1;
  if (seconds > 0) {
    kith_real_print(seconds / unit, size - 1, text);
    strcat(text, unit > 1 ? "d" : "s");
  } else snprintf(text, size, "%s", seconds < 0 ? "auto" : "none");
}

static void print_protocol(int sampled, size_t size, char *text) {
  if (sampled == 0) snprintf(text, size, "full");
  else snprintf(text, size, "sampled-%d", sampled);
}

static void print_weight(const struct kith_relation_weight *w, size_t size, char *text) {
  if (w && w->learned) snprintf(text, size, "learned");
  else kith_real_print(w ? w->weight : 0, size, text);
}

void kith__job_get(const kith_job *job, const job_key *k, size_t size, char *text) {
  const void *at = (const char *)job + k->offset;
  switch (k->kind) {
  case JOB_INT: snprintf(text, size, "%d", *(const int *)at); break;
  case JOB_INT64: snprintf(text, size, "%lld", (long long)*(const int64_t *)at); break;
  case JOB_REAL: kith_real_print(*(const double *)at, size, text); break;
  case JOB_WEIGHT: print_weight(kith__value_weight_of(k, at), size, text); break;
  case JOB_BOOL: snprintf(text, size, "%s", *(const bool *)at ? "true" : "false"); break;
  case JOB_ENUM: print_choice_of(k->unit, *(const int *)at, size, text); break;
  case JOB_TEXT:
  case JOB_NODE_TYPE:
  case JOB_DELIMITER:
  case JOB_COLUMN:
  case JOB_PATH: snprintf(text, size, "%s", (const char *)at); break;
  case JOB_PATHS: kith__job_print_paths(at, size, text); break;
  case JOB_CUTOFFS: print_list(job->evaluate.n_k, job->evaluate.k, size, text); break;
  case JOB_FANOUTS:
    print_list(((const kith_fanouts *)at)->n, ((const kith_fanouts *)at)->of, size, text);
    break;
  case JOB_KNOTS: print_knots(at, size, text); break;
  case JOB_RELATIONS: print_relations(at, size, text); break;
  case JOB_STEPS: print_steps(at, size, text); break;
  case JOB_AGE: print_half_life(kith__value_age_of(k, at), size, text); break;
  case JOB_HALF_LIFE:
  case JOB_DURATION: print_half_life(*(const double *)at, size, text); break;
  case JOB_CHOICE:
    if (*(const double *)at == KITH_RECENT_AUTO) snprintf(text, size, "auto");
    else kith_real_print(*(const double *)at, size, text);
    break;
  case JOB_PROTOCOL: print_protocol(*(const int *)at, size, text); break;
  case JOB_INTERVAL:
    if (*(const int *)at == KITH_EVERY_AUTO) snprintf(text, size, "auto");
    else snprintf(text, size, "%d", *(const int *)at);
    break;
  case JOB_IDS: snprintf(text, size, "%s", *(const bool *)at ? "names" : "integers"); break;
  }
}
