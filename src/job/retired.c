/*
 * Keys and values that earlier versions had under other names.
 *
 * A job that uses one is refused with its present name.  The jobs that earlier versions stored in their files
 * are still understood (stored.c).
 */
#include <stdio.h>
#include <string.h>

#include "job/table.h"

const job_retired kith__job_retired[] = {
    {"data.interactions.least_weight", "data.interactions.min_weight"},
    {"data.test.least_weight", "data.test.min_weight"},
    {"data.social.least_weight", "data.social.min_weight"},
    {"data.user_features.normalise", "data.user_features.normalize"},
    {"data.item_features.normalise", "data.item_features.normalize"},
    {"data.features.normalise", "data.features.normalize"},
    {"partition.tolerance", "partition.imbalance"},
    {"model.width", "model.dim"},
    {"model.heads", "model.gat.heads"},
    {"model.heads_last", "model.gat.last_heads"},
    {"model.gat_last", "model.gat.last_merge"},
    {"model.attention_dropout", "model.gat.attention_dropout"},
    {"model.walks", "model.pinsage.walks"},
    {"model.walk_length", "model.pinsage.walk_length"},
    {"model.neighbours", "model.pinsage.neighbors"},
    {"model.restart", "model.pinsage.restart"},
    {"train.mode", "sampler.mode"},
    {"train.fanouts", "sampler.fanouts"},
    {"train.draw", "sampler.weighting"},
    {"train.budget", "sampler.budget"},
    {"train.walk", "sampler.walk_length"},
    {"train.coverage", "sampler.coverage"},
    {"train.clusters", "sampler.clusters"},
    {"train.cut", "sampler.cluster_edges"},
    {"train.exclude", "sampler.exclude_targets"},
    {"train.loss", "loss.name"},
    {"train.l2", "loss.l2"},
    {"train.temperature", "loss.temperature"},
    {"train.logq", "loss.logq"},
    {"train.inbatch", "loss.inbatch"},
    {"train.mask", "loss.mask_known"},
    {"train.negatives", "negatives"}, /* a section: all keys below it keep their names */
    {"train.shared", "negatives.shared"},
    {"train.decay", "train.lr_decay"},
    {"evaluate.pick", "evaluate.select_by"},
    {"evaluate.smoothness", "evaluate.oversmoothing"},
    {"embed.new", "embed.types"},
    {"embed.interactions.least_weight", "embed.interactions.min_weight"},
    {"checkpoint.beside", "checkpoint.async_above_mb"},
    {"watch", "watchdog"},
};
const int kith__job_n_retired = (int)(sizeof kith__job_retired / sizeof *kith__job_retired);

/* Values of a key, under its present name. */
static const struct {
  const char *key;
  job_retired value;
} retired_values[] = {
    {"sampler.cluster_edges", {"weigh", "reweight"}},
};

/* Whether a key is in the table, or is a section of the table. */
static bool retired_is_known(const char *key) {
  bool leaf;
  return kith__job_is_known(key, &leaf);
}

bool kith__job_half(const job_retired *r, char *half) {
  const char *end = strrchr(r->now, '.'), *last = strrchr(r->old, '.');
  if (!end || !last) return false;
  snprintf(half, KITH_JOB_KEY_SIZE, "%.*s%s", (int)(end - r->now), r->now, last);
  return strcmp(half, r->old) != 0 && !retired_is_known(half);
}

static bool retired_is_half(const job_retired *r, const char *key) {
  char half[KITH_JOB_KEY_SIZE];
  return kith__job_half(r, half) && strcmp(half, key) == 0;
}

bool kith_job_renamed(const char *key, char *now) {
  if (retired_is_known(key)) return false;
  for (int i = 0; i < kith__job_n_retired; i++) {
    const job_retired *r = &kith__job_retired[i];
    bool below = kith__job_holds(r->old, key);
    if (!below && !retired_is_half(r, key)) continue;
    snprintf(now, KITH_JOB_KEY_SIZE, "%s%s", r->now, below ? key + strlen(r->old) : "");
    if (retired_is_known(now)) return true;
  }
  return false;
}

/* What follows the present name where that is a section: one of its keys. */
static void retired_example(const char *now, size_t size, char *text) {
  size_t n = strlen(now);
  text[0] = '\0';
  for (int i = 0; i < kith__job_n_row && !text[0]; i++) {
    const char *known = kith__job_row[i].key;
    if (strncmp(known, now, n) == 0 && known[n] == '.' && strcmp(known + n, ".path") != 0)
      snprintf(text, size, ", a section of keys such as %s", known);
  }
}

/* "train.mode is now called sampler.mode", or "learning_rate: Kith calls it train.lr". */
static bool retired_tell(const char *key, bool *foreign, size_t size, char *text) {
  char now[KITH_JOB_KEY_SIZE], example[2 * KITH_JOB_KEY_SIZE];
  bool renamed = kith_job_renamed(key, now);
  const job_foreign *f = renamed || retired_is_known(key) ? NULL : kith__job_find_foreign(key);
  *foreign = f != NULL;
  if (f) {
    kith__job_print_foreign(f, key, sizeof example, example);
    snprintf(text, size, "%s: %s", key, example);
  } else if (renamed) {
    retired_example(now, sizeof example, example);
    snprintf(text, size, "%s is now called %s%s", key, now, example);
  }
  return renamed || f;
}

bool kith__job_note_retired(job_retired_keys *r, const char *place, const char *key) {
  char told[5 * KITH_JOB_KEY_SIZE];
  bool foreign = false;
  size_t n = strlen(r->text);
  if (!retired_tell(key, &foreign, sizeof told, told)) return false;
  int size = snprintf(r->text + n, sizeof r->text - n, "%s%s: %s", n > 0 ? "; " : "", place, told);
  bool fits = n + (size_t)size < sizeof r->text;
  if (!fits) r->text[n] = '\0';
  r->n_told += fits;
  r->n_foreign += foreign;
  r->n++;
  return true;
}

kith_status kith__job_fail_retired(const job_retired_keys *r) {
  if (r->n == 0) return KITH_OK;
  char more[32] = "";
  if (r->n > r->n_told) snprintf(more, sizeof more, "; and %d more", r->n - r->n_told);
  return kith_fail(KITH_ECONFIG, "%s%s; %s", r->text, more,
                   r->n_foreign < r->n ? "kith help renamed lists the renamed keys"
                                       : "kith help KEY explains a key");
}

bool kith_job_foreign(const char *key, size_t size, char *text) {
  const job_foreign *f = retired_is_known(key) ? NULL : kith__job_find_foreign(key);
  if (f) kith__job_print_foreign(f, key, size, text);
  return f != NULL;
}

const char *kith__job_renamed_value(const job_key *k, const char *value) {
  for (size_t i = 0; i < sizeof retired_values / sizeof *retired_values; i++)
    if (strcmp(retired_values[i].key, k->key) == 0 && strcmp(retired_values[i].value.old, value) == 0)
      return retired_values[i].value.now;
  return NULL;
}
