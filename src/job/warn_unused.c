/* Warnings of keys that are set without effect (usage.c), or of which only a part has one. */
#include <stdio.h>
#include <string.h>

#include "job/table.h"

static bool warn_samples(const kith_job *job, kith_sampler_mode mode) {
  return kith_model_has_steps(&job->model) && job->train.sampler.mode == mode;
}

/* "job.yaml:12: model.gat.heads", or "--set model.gat.heads". */
static void usage_location(const kith_job *job, int line, const char *name, size_t size, char *text) {
  if (line < 0) snprintf(text, size, "--set %s", name);
  else snprintf(text, size, "%s:%d: %s", job->path, line, name);
}

/* The subject of a warning: the key, or of the file the section of the rule, which is warned of once. */
static void usage_subject(const job_usage *u, const char *key, int line, char *subject) {
  size_t n = 0;
  bool whole = line < 0 || !strchr(u->section, '.');
  for (const char *c = u->section; *c; c += *c == '.') { /* as many parts of the key as the section has */
    c += strcspn(c, ".");
    n += (n > 0) + strcspn(key + n + (n > 0), ".");
  }
  snprintf(subject, KITH_JOB_KEY_SIZE, "%.*s", whole ? (int)strlen(key) : (int)n, key);
}

static void usage_warn_fanouts(const kith_job *job, const char *key, const char *name, int n) {
  int layers = kith_model_n_layer(&job->model);
  if (warn_samples(job, KITH_NEIGHBOR) && n > layers)
    kith_warn("%s: %s%s has %s, but the model has %s: the other numbers have no effect", job->path, key, name,
              KITH_COUNT(n, "number(s)"), KITH_COUNT(layers, "layer(s)"));
}

/* Warn of values of which only a part has an effect. */
static void usage_warn_excess(const kith_job *job) {
  const kith_sampler_options *s = &job->train.sampler;
  usage_warn_fanouts(job, "sampler.fanouts", "", s->fanouts.n);
  for (int i = 0; i < s->relations.n; i++)
    usage_warn_fanouts(job, "sampler.relations.", s->relations.of[i].name, s->relations.of[i].fanouts.n);
  if (warn_samples(job, KITH_CLUSTER) && s->clusters > job->partition.parts)
    kith_warn("%s: sampler.clusters is %d, but partition.parts is %d: every step takes all parts", job->path,
              s->clusters, job->partition.parts);
}

/* Warn of a list that inherits the settings of data.interactions: min_weight is not inherited. */
static void usage_warn_min_weight(const kith_job *job, const char *verb) {
  const struct {
    const char *verb, *key;
    const kith_edge_source *source;
  } list[] = {{"ingest", "data.test", &job->data.test},
              {"embed", "embed.interactions", &job->embed.interactions}};
  char key[KITH_JOB_KEY_SIZE];
  job_table t;
  kith__job_table_of(job, &t);
  for (size_t i = 0; i < sizeof list / sizeof *list; i++) {
    snprintf(key, sizeof key, "%s.min_weight", list[i].key);
    const job_key *k = kith__job_find(&t, key);
    bool set = k && job->line[t.slot[k - t.key]] != 0;
    if (strcmp(list[i].verb, verb) == 0 && job->data.interactions.min_weight > 0 && list[i].source->path[0] &&
        list[i].source->format != KITH_ADJACENCY && !set)
      kith_warn("%s: data.interactions.min_weight: %.9g does not hold for %s; set %s (0: all lines count)",
                job->path, job->data.interactions.min_weight, list[i].key, key);
  }
}

/* Warn of shares that a split by each user's latest takes for any number above 0. */
static void usage_warn_shares(const job_table *t, const kith_job *job) {
  static const char *const key[] = {"data.split.valid", "data.split.test"};
  const double share[] = {job->data.split.valid, job->data.split.test},
               usual = kith_job_defaults().data.split.valid;
  char location[KITH_PATH + 2 * KITH_JOB_KEY_SIZE];
  if (job->data.split.method != KITH_SPLIT_LEAVE_LAST_OUT) return;
  for (int i = 0; i < 2; i++) {
    const int line = kith__job_line(job, t, key[i]);
    if (line == 0 || share[i] == 0 || share[i] == usual || !kith__job_usage(job, key[i]).used) continue;
    usage_location(job, line, key[i], sizeof location, location);
    kith_warn("%s is set to %.9g, but data.split.method: leave-last-out holds out one interaction of each "
              "user, whatever the share is; leave the key out (0: holds out none)",
              location, share[i]);
  }
}

/* Whether the command line chose another filter than the file, whose settings of its own filter then have no
 * effect on purpose: kith tune prints such a command. */
static bool usage_is_replaced(const job_table *t, const kith_job *job, const char *key, int line) {
  static const char *const of_filter[] = {"model.spectral.t", "model.spectral.knots",
                                          "model.spectral.coefficients"};
  const job_key *filter = kith__job_find(t, "model.spectral.filter");
  bool chosen = line > 0 && filter && job->line[t->slot[filter - t->key]] < 0;
  for (size_t i = 0; chosen && i < sizeof of_filter / sizeof *of_filter; i++)
    if (strcmp(key, of_filter[i]) == 0) return job->model.name == KITH_SPECTRAL;
  return false;
}

void kith_job_warn_unused(const kith_job *job, const char *verb) {
  char location[KITH_PATH + 2 * KITH_JOB_KEY_SIZE], subject[KITH_JOB_KEY_SIZE],
      warned[KITH_JOB_KEY_SIZE] = "";
  job_table t;
  kith__job_table_of(job, &t);
  usage_warn_min_weight(job, verb);
  if (strcmp(verb, "ingest") == 0) usage_warn_shares(&t, job);
  for (int i = 0; i < t.n; i++) {
    const char *key = t.key[i].key;
    int line = job->line[t.slot[i]];
    if (line == 0 || strcmp(kith__job_used_by(key), verb) != 0) continue;
    job_usage u = kith__job_usage(job, key);
    if (!u.section || u.used || usage_is_replaced(&t, job, key, line)) continue;
    usage_subject(&u, key, line, subject);
    if (strcmp(subject, warned) == 0) continue;
    memcpy(warned, subject, sizeof warned);
    usage_location(job, line, subject, sizeof location, location);
    kith_warn("%s is set but has no effect: it %s", location, u.needs);
  }
  if (strcmp(verb, "train") == 0) usage_warn_excess(job);
}
