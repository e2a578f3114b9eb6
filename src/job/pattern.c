/*
 * Patterns: rows of the table in which NAME stands for a name that the job file gives.
 *
 * data.relations.NAME.path is a key for each relation that the file names there.  The table of a job has the
 * rows without a pattern once, and those of a pattern once for each of its names.
 */
#include <stdio.h>
#include <string.h>

#include "job/table.h"
#include "graph/schema.h"

typedef struct pattern {
  const char *prefix;
  size_t n, name, name_stride; /* in kith_job: number of names, the first name, bytes to the next one */
  size_t stride;               /* bytes from a field to that of the next name */
  bool by_setting;             /* whether --set may give a new name */
  int most;                    /* names */
  const char *of;              /* what is named */
} pattern;

static const pattern patterns[] = {
    {"data.relations.", offsetof(kith_job, data.n_listed), offsetof(kith_job, data.listed),
     sizeof(kith_relation_source), sizeof(kith_relation_source), false, KITH_MAX_RELATIONS, "relations"},
    {"data.paths.", offsetof(kith_job, data.n_path), offsetof(kith_job, data.path), sizeof(kith_path_source),
     sizeof(kith_path_source), false, KITH_MAX_RELATIONS, "meta-paths"},
    {"data.nodes.", offsetof(kith_job, data.n_type), offsetof(kith_job, data.type), sizeof(kith_node_source),
     sizeof(kith_node_source), false, KITH_MAX_TYPES, "node types, user and item included"},
    {"model.relations.", offsetof(kith_job, weighted.n), offsetof(kith_job, weighted.name), KITH_NAME, 0,
     true, KITH_MAX_RELATIONS, "relations"},
    {"partition.weight.", offsetof(kith_job, partition.weights.n), offsetof(kith_job, partition.weights.of),
     sizeof(struct kith_partition_weight), sizeof(struct kith_partition_weight), true, KITH_MAX_RELATIONS,
     "relations"},
    {"sampler.relations.", offsetof(kith_job, train.sampler.relations.n),
     offsetof(kith_job, train.sampler.relations.of), sizeof(struct kith_relation_fanout),
     sizeof(struct kith_relation_fanout), true, KITH_MAX_RELATIONS, "relations"},
    {"train.also.", offsetof(kith_job, train.also.n), offsetof(kith_job, train.also.of),
     sizeof(struct kith_also_loss), sizeof(struct kith_also_loss), true, KITH_MAX_RELATIONS, "relations"},
    {"model.half_lives.", offsetof(kith_job, aged.n), offsetof(kith_job, aged.name), KITH_NAME, 0, true,
     KITH_MAX_RELATIONS, "relations"},
    {"embed.relations.", offsetof(kith_job, embed.n_relation), offsetof(kith_job, embed.relation),
     sizeof(struct kith_job_list), sizeof(struct kith_job_list), true, KITH_MAX_RELATIONS, "relations"},
    {"update.relations.", offsetof(kith_job, update.n_relation), offsetof(kith_job, update.relation),
     sizeof(struct kith_job_list), sizeof(struct kith_job_list), true, KITH_MAX_RELATIONS, "relations"},
    {"blend.models.", offsetof(kith_job, blend.n_model), offsetof(kith_job, blend.model),
     sizeof(struct kith_job_list), sizeof(struct kith_job_list), true, KITH_JOB_MAX_MODELS, "models"},
};
enum { PATTERNS = sizeof patterns / sizeof *patterns };
_Static_assert(offsetof(struct kith_relation_fanout, name) == 0, "the name comes first");
_Static_assert(offsetof(kith_relation_source, name) == 0 && offsetof(kith_node_source, name) == 0 &&
                   offsetof(kith_path_source, name) == 0,
               "the name of a list or a type comes first");

/* The pattern that a key belongs to, or null. */
static const pattern *pattern_find(const char *key) {
  for (int p = 0; p < PATTERNS; p++)
    if (strncmp(key, patterns[p].prefix, strlen(patterns[p].prefix)) == 0) return &patterns[p];
  return NULL;
}

static int pattern_n(const kith_job *job, const pattern *p) {
  return *(const int *)((const char *)job + p->n);
}

static const char *pattern_name(const kith_job *job, const pattern *p, int i) {
  return (const char *)job + p->name + (size_t)i * p->name_stride;
}

/* The index of the name that a key has, or -1. */
static int pattern_index(const kith_job *job, const pattern *p, const char *key) {
  const char *name = key + strlen(p->prefix);
  size_t size = strcspn(name, ".");
  for (int i = 0; i < pattern_n(job, p); i++) {
    const char *known = pattern_name(job, p, i);
    if (strlen(known) == size && memcmp(known, name, size) == 0) return i;
  }
  return -1;
}

/* The name of a key below a pattern, cut to what fits: [KITH_NAME]. */
static void pattern_copy_name(const pattern *p, const char *key, char *name) {
  const char *at = key + strlen(p->prefix);
  snprintf(name, KITH_NAME, "%.*s", (int)strcspn(at, "."), at);
}

kith_status kith__job_add_name(kith_job *job, const char *key) {
  kith_status st = KITH_OK;
  const pattern *p = pattern_find(key);
  if (!p || pattern_index(job, p, key) >= 0) return st;
  char name[KITH_NAME];
  int *n = (int *)((char *)job + p->n);
  pattern_copy_name(p, key, name);
  KITH_CHECK(kith_schema_is_name(name), KITH_ECONFIG,
             "%s%s: expected the name of a relation, type or model: a-z, 0-9 and _, first a letter, at most "
             "%d bytes",
             p->prefix, name, JOB_NAME_MOST);
  bool reserved = strcmp(name, "interactions") == 0 || strcmp(name, "test") == 0;
  KITH_CHECK(!reserved, KITH_ECONFIG, "%s%s: is the name of data.%s; expected another one", p->prefix, name,
             name);
  KITH_CHECK(*n < p->most, KITH_ECONFIG, "%s%s: expected at most %d %s", p->prefix, name, p->most, p->of);
  snprintf((char *)job + p->name + (size_t)*n * p->name_stride, KITH_NAME, "%s", name);
  ++*n;
done:
  return st;
}

/* Fail for a name that the file does not give. */
static kith_status pattern_fail_name(const kith_job *job, const pattern *p, const char *key) {
  char name[KITH_NAME], near[2 * KITH_NAME] = "which names none";
  int n = pattern_n(job, p);
  pattern_copy_name(p, key, name);
  if (n > 0)
    snprintf(near, sizeof near, "where the nearest is %s",
             pattern_name(job, p, kith_text_nearest(name, n, pattern_name(job, p, 0), p->name_stride)));
  return kith_fail(KITH_ECONFIG,
                   "%s%s: a setting changes a section of the job file, %s, and does not create one",
                   p->prefix, name, near);
}

kith_status kith__job_check_setting(kith_job *job, const char *key) {
  const pattern *p = pattern_find(key);
  if (!p || !key[strlen(p->prefix)]) return KITH_OK;
  if (p->by_setting) return kith__job_add_name(job, key);
  return pattern_index(job, p, key) >= 0 ? KITH_OK : pattern_fail_name(job, p, key);
}

void kith__job_generic(const char *key, char *out) {
  const pattern *p = pattern_find(key);
  const char *name = p ? key + strlen(p->prefix) : key, *rest = p ? name + strcspn(name, ".") : key;
  snprintf(out, KITH_JOB_KEY_SIZE, "%s%s%s", p ? p->prefix : "", p && *name ? "NAME" : "", rest);
}

int kith__job_pattern_row(const char *section) {
  size_t n = strlen(section);
  for (int i = 0; i < kith__job_n_row; i++) {
    const pattern *p = pattern_find(kith__job_row[i].key);
    if (p && strlen(p->prefix) == n + 1 && strncmp(p->prefix, section, n) == 0) return i;
  }
  return -1;
}

/* ---- the table of a job ---- */

static void table_add(job_table *t, const job_key *k, int slot) {
  t->slot[t->n] = slot;
  t->key[t->n++] = *k;
}

/* The rows first … last - 1 of a pattern, for one of its names. */
static void table_add_name(const kith_job *job, const pattern *p, int first, int last, int i, int slot,
                           job_table *t) {
  for (int row = first; row < last; row++) {
    job_key *k = &t->key[t->n];
    const char *rest = kith__job_row[row].key + strlen(p->prefix) + strlen("NAME");
    table_add(t, &kith__job_row[row], slot + i * (last - first) + row - first);
    snprintf(k->key, sizeof k->key, "%s%s%s", p->prefix, pattern_name(job, p, i), rest);
    k->offset += (size_t)i * p->stride;
  }
}

/* The index of the k-th name: in order of appearance, or of the alphabet where settings may add names. */
static int table_index(const kith_job *job, const pattern *p, int k) {
  for (int i = 0; p->by_setting && i < pattern_n(job, p); i++) {
    int before = 0;
    for (int j = 0; j < pattern_n(job, p); j++)
      before += strcmp(pattern_name(job, p, j), pattern_name(job, p, i)) < 0;
    if (before == k) return i;
  }
  return k;
}

/* Slots do not move when the job gets a further name: those of a pattern lie behind those of all rows. */
void kith__job_table_of(const kith_job *job, job_table *t) {
  int slot = kith__job_n_row;
  t->n = 0;
  for (int row = 0, last = 0; row < kith__job_n_row; row = last) {
    const pattern *p = pattern_find(kith__job_row[row].key);
    last = row + 1;
    if (!p) {
      table_add(t, &kith__job_row[row], row);
      continue;
    }
    while (last < kith__job_n_row && pattern_find(kith__job_row[last].key) == p) last++;
    for (int k = 0; k < pattern_n(job, p); k++)
      table_add_name(job, p, row, last, table_index(job, p, k), slot, t);
    slot += KITH_MAX_RELATIONS * (last - row);
  }
}

int kith__job_line(const kith_job *job, const job_table *t, const char *key) {
  for (int i = 0; i < t->n; i++)
    if (strcmp(t->key[i].key, key) == 0) return job->line[t->slot[i]];
  return 0;
}
