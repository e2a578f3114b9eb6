/* The relations of a job: those of data.relations that have a list, and data.social, the short form of one.
 */
#include <stdio.h>
#include <string.h>

#include "job/table.h"

/* Fail for a key at the line of a key that is set: "job.yaml:3: key: …", or "--set key: …". */
static kith_status relations_fail_near(const kith_job *job, const job_table *t, const char *near,
                                       const char *key, const char *what) {
  int line = kith__job_line(job, t, near);
  if (line < 0) return kith_fail(KITH_ECONFIG, "--set %s: %s", key, what);
  if (line == 0) return kith_fail(KITH_ECONFIG, "%s: %s: %s", job->path, key, what);
  return kith_fail(KITH_ECONFIG, "%s:%d: %s: %s", job->path, line, key, what);
}

static kith_status relations_fail(const kith_job *job, const job_table *t, const char *key,
                                  const char *what) {
  return relations_fail_near(job, t, key, key, what);
}

/* A relation that the file names has a path, perhaps an empty one, and types of its ends. */
static kith_status relations_check_list(const kith_job *job, const job_table *t,
                                        const kith_relation_source *r) {
  char path[KITH_JOB_KEY_SIZE], from[KITH_JOB_KEY_SIZE], to[KITH_JOB_KEY_SIZE];
  snprintf(path, sizeof path, "data.relations.%s.path", r->name);
  snprintf(from, sizeof from, "data.relations.%s.from", r->name);
  snprintf(to, sizeof to, "data.relations.%s.to", r->name);
  if (kith__job_line(job, t, path) == 0)
    return relations_fail(job, t, path, "expected the path of the relation's list, found nothing");
  const char *types = job->task == KITH_TASK_CLASSIFY
                          ? "expected a node type: node, or the name of a further type; found nothing"
                          : "expected a node type: user, item, or the name of a further type; found nothing";
  if (r->list.path[0] && !r->from[0]) return relations_fail_near(job, t, path, from, types);
  if (r->list.path[0] && !r->to[0]) return relations_fail_near(job, t, path, to, types);
  return KITH_OK;
}

/* Add a type unless it is known; the number of types then. */
static int relations_add_type(const char *name, int n, const char **type) {
  for (int i = 0; i < n; i++)
    if (strcmp(type[i], name) == 0) return n;
  type[n] = name;
  return n + 1;
}

static kith_status relations_check_types(const kith_job *job) {
  kith_status st = KITH_OK;
  const char *type[2 * KITH_MAX_RELATIONS + 2] = {"user", "item"};
  int n = 2;
  for (int i = 0; i < job->data.n_relation; i++) {
    n = relations_add_type(job->data.relation[i].from, n, type);
    n = relations_add_type(job->data.relation[i].to, n, type);
  }
  KITH_CHECK(n <= KITH_MAX_TYPES, KITH_ECONFIG,
             "%s: data.relations: %d node types, user and item included; expected at most %d", job->path, n,
             KITH_MAX_TYPES);
done:
  return st;
}

static bool relations_has(const kith_job *job, const char *name) {
  for (int i = 0; i < job->data.n_relation; i++)
    if (strcmp(job->data.relation[i].name, name) == 0) return true;
  return false;
}

static bool relations_has_path(const kith_job *job, const char *name) {
  for (int i = 0; i < job->data.n_path; i++)
    if (strcmp(job->data.path[i].name, name) == 0) return true;
  return false;
}

/* Whether data.relations has a section of this name, the path of which is empty. */
static bool relations_is_empty(const kith_job *job, const char *name) {
  for (int i = 0; i < job->data.n_listed; i++)
    if (strcmp(job->data.listed[i].name, name) == 0) return !job->data.listed[i].list.path[0];
  return false;
}

/* The names of all relations, and the nearest to a name that is none of them. */
static void relations_tell(const kith_job *job, const char *name, size_t size, char *text) {
  if (relations_is_empty(job, name)) {
    snprintf(text, size, "data.relations.%s.path is empty, so there is no such list; expected its path",
             name);
    return;
  }
  if (job->data.n_relation == 0) {
    snprintf(text, size, "data names no such relation; data.relations.%s would%s", name,
             job->data.n_path > 0 ? ", or a meta-path of data.paths" : "");
    return;
  }
  int best =
      kith_text_nearest(name, job->data.n_relation, job->data.relation[0].name, sizeof job->data.relation[0]);
  size_t n = (size_t)snprintf(text, size, "data names no such relation; the nearest is %s, all are",
                              job->data.relation[best].name);
  for (int i = 0; i < job->data.n_relation && n < size; i++)
    n += (size_t)snprintf(text + n, size - n, "%s %s", i ? "," : "", job->data.relation[i].name);
  for (int i = 0; i < job->data.n_path && n < size; i++)
    n += (size_t)snprintf(text + n, size - n, ", %s", job->data.path[i].name);
}

/* A graph of a classification holds relations among nodes alone. */
static kith_status relations_check_ends(const kith_job *job, const job_table *t, const char *key,
                                        const char *name) {
  char what[8 * KITH_NAME];
  for (int i = 0; job->task == KITH_TASK_CLASSIFY && i < job->data.n_relation; i++) {
    const kith_relation_source *r = &job->data.relation[i];
    if (strcmp(r->name, name) != 0 || (strcmp(r->from, "node") == 0 && strcmp(r->to, "node") == 0)) continue;
    snprintf(
        what, sizeof what,
        "%s leads from %s to %s, and is read for meta-paths alone; expected a relation among nodes, such "
        "as %s",
        name, r->from, r->to, job->data.n_path > 0 ? job->data.path[0].name : "a meta-path of data.paths");
    return relations_fail(job, t, key, what);
  }
  return KITH_OK;
}

/* A key of a section may name relations of data alone. */
static kith_status relations_check_name(const kith_job *job, const job_table *t, const char *section,
                                        const char *name) {
  char key[KITH_JOB_KEY_SIZE], what[2 * KITH_MAX_RELATIONS * KITH_NAME];
  snprintf(key, sizeof key, "%s.%s", section, name);
  if (relations_has(job, name)) return relations_check_ends(job, t, key, name);
  const bool lists = strcmp(section, "embed.relations") == 0 || strcmp(section, "update.relations") == 0;
  if (relations_has_path(job, name) && !lists) return KITH_OK;
  relations_tell(job, name, sizeof what, what);
  return relations_fail(job, t, key, what);
}

/* So may a list of names. */
static kith_status relations_check_listed(const kith_job *job, const job_table *t, const char *key,
                                          const char *name) {
  char what[KITH_MAX_RELATIONS * KITH_NAME];
  int n = snprintf(what, sizeof what, "%s: ", name);
  if (strcmp(name, KITH_INTERACTIONS) == 0 || relations_has(job, name)) return KITH_OK;
  if (relations_has_path(job, name))
    snprintf(
        what, sizeof what,
        "%s is a meta-path of data.paths, and cascade reads none; expected relations of users with items",
        name);
  else relations_tell(job, name, sizeof what - (size_t)n, what + n);
  return relations_fail(job, t, key, what);
}

/* A graph that the job does not ingest may have any relation. */
static kith_status relations_check_names(const kith_job *job, const job_table *t) {
  kith_status st = KITH_OK;
  if (!(job->task == KITH_TASK_CLASSIFY ? job->data.nodes.labels : job->data.interactions.path)[0]) return st;
  for (int i = 0; i < job->model.relations.n; i++)
    KITH_TRY(relations_check_name(job, t, "model.relations", job->model.relations.of[i].name));
  for (int b = 0; job->model.name == KITH_CASCADE && b < job->model.cascade.order.n; b++)
    KITH_TRY(relations_check_listed(job, t, "model.cascade.order", job->model.cascade.order.of[b]));
  for (int i = 0; i < job->model.relations.n_half_life; i++)
    KITH_TRY(relations_check_name(job, t, "model.half_lives", job->model.relations.half_life[i].name));
  for (int i = 0; i < job->partition.weights.n; i++)
    KITH_TRY(relations_check_name(job, t, "partition.weight", job->partition.weights.of[i].name));
  for (int i = 0; i < job->train.sampler.relations.n; i++)
    KITH_TRY(relations_check_name(job, t, "sampler.relations", job->train.sampler.relations.of[i].name));
  for (int i = 0; i < job->train.also.n; i++)
    KITH_TRY(relations_check_name(job, t, "train.also", job->train.also.of[i].name));
  for (int i = 0; i < job->embed.n_relation; i++)
    if (job->embed.relation[i].path[0])
      KITH_TRY(relations_check_name(job, t, "embed.relations", job->embed.relation[i].name));
  for (int i = 0; i < job->update.n_relation; i++)
    if (job->update.relation[i].path[0])
      KITH_TRY(relations_check_name(job, t, "update.relations", job->update.relation[i].name));
done:
  return st;
}

/* Whether some list has nodes of a type. */
static bool relations_have_type(const kith_job *job, const char *type) {
  if (strcmp(type, "user") == 0 || strcmp(type, "item") == 0) return true;
  for (int i = 0; i < job->data.n_relation; i++)
    if (strcmp(job->data.relation[i].from, type) == 0 || strcmp(job->data.relation[i].to, type) == 0)
      return true;
  return false;
}

/* Sections of data.nodes are of types that lists have. */
static kith_status relations_check_nodes(const kith_job *job, const job_table *t) {
  char key[KITH_JOB_KEY_SIZE];
  for (int i = 0; i < job->data.n_type; i++) {
    const kith_node_source *type = &job->data.type[i];
    snprintf(key, sizeof key, "data.nodes.%s.%s", type->name, type->same_as[0] ? "same_as" : "features.path");
    if (!relations_have_type(job, job->data.type[i].name))
      return relations_fail(job, t, key, "no relation of data.relations has this node type at an end");
  }
  return KITH_OK;
}

/* A cascade reads the graphs of its behaviors, whether model.relations names them or not. */
static kith_status relations_read_cascade(kith_job *job, const job_table *t) {
  kith_relation_weights *w = &job->model.relations;
  const kith_relation_names *order = &job->model.cascade.order;
  for (int b = 0; job->model.name == KITH_CASCADE && b < order->n; b++) {
    char key[KITH_JOB_KEY_SIZE];
    int i = 0;
    if (strcmp(order->of[b], KITH_INTERACTIONS) == 0) continue;
    while (i < w->n && strcmp(w->of[i].name, order->of[b]) < 0) i++;
    if (i < w->n && strcmp(w->of[i].name, order->of[b]) == 0) continue;
    snprintf(key, sizeof key, "model.relations.%s", order->of[b]);
    if (kith__job_line(job, t, key) != 0)
      return relations_fail(job, t, key, "0, but model.cascade.order names the relation; expected 1");
    if (w->n == KITH_MAX_RELATIONS)
      return relations_fail(job, t, "model.cascade.order", "the model would read too many relations");
    memmove(&w->of[i + 1], &w->of[i], (size_t)(w->n++ - i) * sizeof *w->of);
    w->of[i] = (struct kith_relation_weight){.weight = 1};
    snprintf(w->of[i].name, sizeof w->of[i].name, "%s", order->of[b]);
  }
  return KITH_OK;
}

bool kith__job_is_step(const kith_job *job, const char *name) {
  for (int i = 0; i < job->data.n_path; i++)
    for (int k = 0; k < job->data.path[i].steps.n; k++)
      if (strcmp(job->data.path[i].steps.of[k].name, name) == 0) return true;
  return false;
}

bool kith__job_path_of(const kith_job *job, const char *key, char *name) {
  static const char section[] = "data.paths.";
  const char *at = key + strlen(section);
  for (int i = 0; i < job->data.n_path && strncmp(key, section, strlen(section)) == 0; i++) {
    const char *known = job->data.path[i].name;
    if (strlen(known) != strcspn(at, ".") || strncmp(known, at, strlen(known)) != 0) continue;
    memcpy(name, known, KITH_NAME);
    return true;
  }
  return false;
}

/* A meta-path follows relations that have a list, and has a name of its own. */
static kith_status relations_check_paths(const kith_job *job, const job_table *t) {
  char key[KITH_JOB_KEY_SIZE], what[2 * KITH_MAX_RELATIONS * KITH_NAME];
  for (int i = 0; i < job->data.n_path; i++) {
    const kith_path_source *p = &job->data.path[i];
    snprintf(key, sizeof key, "data.paths.%s.path", p->name);
    if (relations_has(job, p->name))
      return relations_fail(job, t, key, "data.relations has a relation of this name; expected another one");
    if (p->steps.n == 0) {
      snprintf(what, sizeof what,
               "expected a list of relations such as [writes.back, writes], found nothing; with "
               "model.relations.%s: 0 the model does not read it",
               p->name);
      return relations_fail(job, t, key, what);
    }
    for (int k = 0; k < p->steps.n; k++) {
      const char *name = p->steps.of[k].name;
      if (relations_has(job, name)) continue;
      if (relations_has_path(job, name))
        snprintf(what, sizeof what, "%s is a meta-path itself; expected the relations that it follows", name);
      else if (strcmp(name, KITH_INTERACTIONS) == 0)
        snprintf(what, sizeof what,
                 "paths do not follow interactions, of which some are held out; expected "
                 "relations of data.relations");
      else relations_tell(job, name, sizeof what, what);
      return relations_fail(job, t, key, what);
    }
  }
  return KITH_OK;
}

kith_status kith__job_make_relations(kith_job *job) {
  kith_status st = KITH_OK;
  job_table t;
  int n = 0;
  bool social = job->data.social.path[0] != '\0';
  kith__job_table_of(job, &t);
  for (int i = 0; i < job->data.n_listed; i++) {
    const kith_relation_source *r = &job->data.listed[i];
    KITH_TRY(relations_check_list(job, &t, r));
    if (r->list.path[0]) job->data.relation[n++] = *r;
  }
  job->data.n_relation = n;
  KITH_CHECK(!social || !relations_has(job, "friend"), KITH_ECONFIG,
             "%s: data.social and data.relations.friend both name the relation friend; expected one of them",
             job->path);
  KITH_CHECK(!social || n < KITH_MAX_RELATIONS, KITH_ECONFIG,
             "%s: data.social: expected at most %d relations", job->path, KITH_MAX_RELATIONS);
  if (social)
    job->data.relation[job->data.n_relation++] = (kith_relation_source){
        .name = "friend", .key = "data.social", .from = "user", .to = "user", .list = job->data.social};
  KITH_TRY(relations_check_types(job));
  KITH_TRY(relations_check_paths(job, &t));
  KITH_TRY(relations_check_names(job, &t));
  KITH_TRY(relations_read_cascade(job, &t));
  KITH_TRY(relations_check_nodes(job, &t));
done:
  return st;
}
