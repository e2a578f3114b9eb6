/* The configuration key of a job: the keys that affect the results of training, without default values. */
#include <stdio.h>
#include <string.h>

#include "job/table.h"

/*
 * Keys of training that may change when a run resumes, and why.  A key, or a section of keys; the longest
 * that fits counts.  Every other key that training reads belongs to the configuration key.
 */
static const struct {
  const char *key, *why; /* null: the key may not change */
} config_key_free[] = {
    {"name", "a label"},
    {"work", "a place"},
    {"graph", "a place"},
    {"parts", "a place"},
    {"data", "graph.h5 holds what was read, and has a fingerprint"},
    {"train.epochs", "how long to train"},
    {"train.patience", "how long to train"},
    {"train.strips", "how ranks exchange rows; results are the same"},
    {"model.length_discount", "the export applies it to the rows of the checkpoint"},
    {"model.sequence", "the export applies it to the rows of the checkpoint"},
    {"model.recent", "the export applies it to the rows of the checkpoint"},
    {"model.sasrec.gamma", "the export applies it to the rows of the checkpoint"},
    {"model.sasrec.epochs", "how long to train"},
    {"model.spectral", "the export applies it to the eigenvectors of the checkpoint"},
    {"model.spectral.user_power", NULL},
    {"model.spectral.item_power", NULL},
    {"model.spectral.oversample", NULL},
    {"model.spectral.degree", NULL},
    {"model.spectral.rounds", "how long to iterate"},
    {"model.spectral.tolerance", "how long to iterate"},
    {"evaluate", "it does not affect training; a new score restarts the selection of the epoch"},
    {"evaluate.select_by", NULL},
    {"checkpoint", "when to write checkpoints"},
    {"watchdog", "when to end a job that hangs"},
};

const char *kith__job_may_change(const char *key) {
  const char *verb = kith__job_used_by(key), *why = NULL;
  size_t longest = 0;
  if (verb[0] && strcmp(verb, "train") != 0) return "another verb uses it; its files have fingerprints";
  for (size_t i = 0; i < sizeof config_key_free / sizeof *config_key_free; i++) {
    size_t n = strlen(config_key_free[i].key);
    if (n < longest || !kith__job_holds(config_key_free[i].key, key)) continue;
    longest = n;
    why = config_key_free[i].why;
  }
  return why;
}

/* Input rows that are singular vectors are made once: what ends their iteration decides the result. */
static bool config_key_decides_start(const kith_job *job, const char *key) {
  return kith_model_has_steps(&job->model) && job->model.start == KITH_START_SPECTRAL &&
         (strcmp(key, "model.spectral.rounds") == 0 || strcmp(key, "model.spectral.tolerance") == 0);
}

/* Whether a key belongs to the configuration key of this job: training uses it, and it affects results. */
static bool config_key_has(const kith_job *job, const char *key) {
  const char *needs = NULL;
  bool fixed = !kith__job_may_change(key) || config_key_decides_start(job, key);
  return fixed && kith__job_is_used(job, key, &needs);
}

/* The value of a key as one word: lists without spaces. */
static void config_key_value(const kith_job *job, const job_key *k, char *text) {
  char value[JOB_VALUE_SIZE];
  kith__job_get(job, k, sizeof value, value);
  for (const char *c = value; *c; c++)
    if (*c != ' ') *text++ = *c;
  *text = '\0';
}

void kith__job_usual(const kith_job *job, bool (*has)(const kith_job *job, const char *key), size_t size,
                     char *text) {
  const kith_job defaults = kith_job_defaults();
  kith_job now = defaults;
  job_table table;
  char usual[JOB_VALUE_SIZE], today[JOB_VALUE_SIZE];
  size_t n = 0;
  now.stream.model = job->stream.model;
  kith__job_take_lr(&now);
  text[0] = '\0';
  kith__job_table_of(job, &table);
  for (int i = 0; i < table.n; i++) {
    const job_key *k = &table.key[i];
    if (!has(job, k->key)) continue;
    config_key_value(&defaults, k, usual);
    config_key_value(&now, k, today);
    const bool former = strcmp(usual, today) != 0;
    const size_t need = strlen(k->key) + strlen(usual) + (former ? strlen(today) + 1 : 0) + 3;
    if (!usual[0] || n + need >= size) continue; /* a message lacks its value */
    n += (size_t)snprintf(text + n, size - n, "%s%s=%s%s%s", n > 0 ? " " : "", k->key, usual,
                          former ? KITH_CONFIG_FORMER : "", former ? today : "");
  }
}

void kith_job_config_usual(const kith_job *job, size_t size, char *text) {
  kith__job_usual(job, config_key_has, size, text);
}

kith_status kith_job_config_key(const kith_job *job, size_t size, char *text) {
  kith_status st = KITH_OK;
  const kith_job defaults = kith_job_defaults();
  job_table table;
  char value[JOB_VALUE_SIZE], usual[JOB_VALUE_SIZE];
  size_t n = (size_t)snprintf(text, size, KITH_CONFIG_KEY_BEGIN);
  kith__job_table_of(job, &table);
  for (int i = 0; i < table.n; i++) {
    const job_key *k = &table.key[i];
    if (!config_key_has(job, k->key)) continue;
    config_key_value(job, k, value);
    config_key_value(&defaults, k, usual);
    if (strcmp(value, usual) == 0) continue;
    KITH_CHECK(n + strlen(k->key) + strlen(value) + 3 < size, KITH_ECONFIG,
               "%s: the keys that affect training are longer than %zu bytes in all", job->path, size);
    n += (size_t)snprintf(text + n, size - n, " %s=%s", k->key, value);
  }
done:
  return st;
}
