/* Read a job: defaults, the file, the settings of the command line, then checks of combinations. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "job/table.h"
#include "base/fault.h"
#include "base/file.h"
#include "blend/blend.h"

enum { READ_MOST = 1 << 20, READ_SETTING = 256 }; /* bytes of a job file, and of the key of a --set */

kith_job kith_job_defaults(void) {
  kith_job job = {.generate = kith_generate_defaults(),
                  .partition = kith_partition_defaults(),
                  .model = kith_model_defaults(),
                  .train = kith_train_defaults(),
                  .embed.how = kith_embed_defaults(),
                  .evaluate = kith_eval_defaults(),
                  .checkpoint = kith_checkpoint_defaults(),
                  .watchdog = kith_watchdog_defaults()};
  job.data.split = (kith_split){.method = KITH_SPLIT_NONE, .valid = 0.1, .test = 0.1, .core = 10, .seed = 1};
  for (int t = 0; t < KITH_SIDES; t++) job.data.features[t].format = KITH_FEATURES_AUTO;
  for (int t = 0; t < KITH_MAX_RELATIONS; t++) job.data.type[t].features.format = KITH_FEATURES_AUTO;
  job.blend.users = KITH_BLEND_USERS;
  job.stream = (kith_stream_options){.batch = 200,
                                     .recent = true,
                                     .own = true,
                                     .around = true,
                                     .dim = 64,
                                     .heads = 2,
                                     .time_dim = 16,
                                     .neighbors = 10,
                                     .evidence = true,
                                     .init = .1};
  job.stream.popular = (kith_knots){.n = 4, .of = {900, 21600, 86400, 0}};
  job.blend.alike_idf = 2; /* of 1 and 2, 1 and 1/2, better on articles and on artists: docs/results.md */
  job.blend.alike_length = 0.5;
  job.sweep.seed = 1;
  job.sweep.halving.factor = 3;
  snprintf(job.name, sizeof job.name, "job");
  snprintf(job.work, sizeof job.work, "runs");
  return job;
}

void kith__job_take_lr(kith_job *job) {
  job_table t;
  kith__job_table_of(job, &t);
  if (kith__job_line(job, &t, "train.lr") == 0 && job->stream.model == KITH_STREAM_NO_MODEL)
    job->train.optimizer.lr = 0.01;
}

kith_job kith__job_presets(void) {
  kith_job job = kith_job_defaults();
  kith__job_take_lr(&job);
  return job;
}

/* A job file may be a pipe of the shell, as in kith train <(…) or /dev/stdin. */
static kith_status read_open(const char *path, FILE **f) {
  bool shell = strncmp(path, "/dev/fd/", 8) == 0 || strncmp(path, "/proc/self/fd/", 14) == 0 ||
               strcmp(path, "/dev/stdin") == 0;
  if (!shell) return kith_file_fopen(path, f);
  *f = kith_fault(KITH_FAULT_READ) ? NULL : fopen(path, "re");
  return *f ? KITH_OK : kith_fail(KITH_ENOINPUT, "%s: %s", path, strerror(errno));
}

/* The text of the file on rank 0: *size bytes and a closing zero. */
static kith_status read_text(const char *path, char **text, int64_t *size) {
  kith_status st = KITH_OK;
  char *t = NULL;
  FILE *f = NULL;
  KITH_CHECK(read_open(path, &f) == KITH_OK, KITH_ENOINPUT, "the job file: %s", kith_error_text());
  KITH_TRY(KITH_NEW(t, READ_MOST));
  size_t n = fread(t, 1, READ_MOST, f);
  KITH_CHECK(!ferror(f) && !kith_fault(KITH_FAULT_READ), KITH_ENOINPUT, "%s: the job file cannot be read: %s",
             path, strerror(errno));
  KITH_CHECK(n < READ_MOST, KITH_ECONFIG, "%s: longer than %d bytes; this is no job file", path,
             READ_MOST - 1);
  KITH_CHECK(strlen(t) == n, KITH_ECONFIG, "%s: holds a zero byte; this is no job file", path);
  *size = (int64_t)n;
  *text = t;
  t = NULL;
done:
  if (f) fclose(f);
  KITH_FREE(t);
  return st;
}

static kith_agreed read_bcast(const kith_comm *comm, const char *path, char **text, int64_t *size) {
  kith_agreed st = {KITH_OK};
  *size = 0;
  KITH_TRY(kith_agree(comm, comm->rank == 0 ? read_text(path, text, size) : KITH_OK));
  kith_comm_bcast(comm, sizeof *size, size);
  KITH_TRY(kith_agree(comm, comm->rank == 0 ? KITH_OK : KITH_NEW(*text, *size + 1)));
  kith_comm_bcast(comm, *size, *text);
done:
  return st;
}

kith_status kith__job_located(kith_status st, const char *name, int line) {
  return kith_is_bad(st) ? kith_fail(st, "%s:%d: %s", name, line, kith_error_text()) : st;
}

static kith_status read_yaml(const char *path, const char *text, size_t size, job_retired_keys *retired,
                             kith_job *job) {
  kith_status st = KITH_OK;
  char *value[KITH_JOB_MAX_KEYS] = {NULL};
  job_source_map map;
  job_table t;
  KITH_TRY(kith__job_walk(path, text, size, job, retired, &map));
  if (retired->n > 0) return st; /* the values of such keys may be anything, and are not loaded */
  kith__job_table_of(job, &t);
  if (map.any) KITH_TRY(kith__job_load(path, text, size, &t, &map, value));
  memcpy(job->line, map.line, sizeof job->line);
  for (int i = 0; i < t.n; i++)
    if (value[i])
      KITH_TRY(kith__job_located(kith__job_set(job, &t.key[i], value[i]), path, map.line[t.slot[i]]));
done:
  for (int i = 0; i < KITH_JOB_MAX_KEYS; i++) KITH_FREE(value[i]);
  return st;
}

/* Set a key, and its line unless that is 0. */
static kith_status read_set(kith_job *job, const char *key, const char *text, int line) {
  kith_status st = KITH_OK;
  job_table t;
  const char *axis = NULL;
  if (kith__job_is_axis(key, &axis) && kith_job_is_key(axis)) return kith__job_set_axis(job, axis, text);
  KITH_TRY(kith__job_check_setting(job, key));
  kith__job_table_of(job, &t);
  const job_key *k = kith__job_find(&t, key);
  if (!k) return kith__job_fail_unknown(&t, key);
  KITH_TRY(kith__job_set(job, k, text));
  if (line) job->line[t.slot[k - t.key]] = line;
done:
  return st;
}

static kith_status read_set_present(kith_job *job, const char *key, const char *text, int line) {
  job_retired_keys retired = {.n = 0};
  if (kith__job_note_retired(&retired, "the job", key)) return kith__job_fail_retired(&retired);
  return read_set(job, key, text, line);
}

kith_status kith_job_set(kith_job *job, const char *key, const char *text) {
  return read_set_present(job, key, text, 0);
}

kith_status kith_job_override(kith_job *job, const char *key, const char *text) {
  return read_set_present(job, key, text, -1);
}

static kith_status read_setting(kith_job *job, const char *setting, job_retired_keys *retired) {
  kith_status st = KITH_OK;
  char key[READ_SETTING];
  const char *is = strchr(setting, '=');
  KITH_CHECK(is, KITH_ECONFIG, "--set %s: expected key=value", setting);
  snprintf(key, sizeof key, "%.*s", (int)(is - setting), setting);
  if (kith__job_note_retired(retired, "--set", key)) return st;
  st = read_set(job, key, is + 1, -1);
  if (kith_is_bad(st)) st = kith_fail(st, "--set: %s", kith_error_text());
done:
  return st;
}

void kith__job_folder(const kith_job *job, char *folder) {
  snprintf(folder, KITH_PATH, "%s", job->path);
  char *slash = strrchr(folder, '/');
  if (slash) slash[slash == folder ? 1 : 0] = '\0';
  else folder[0] = '\0';
}

/* Paths begin as a shell has them, or are relative to the folder of the job file. */
static kith_status read_resolve(kith_job *job) {
  kith_status st = KITH_OK;
  char folder[KITH_PATH], what[2 * KITH_PATH];
  job_table t;
  kith__job_folder(job, folder);
  kith__job_table_of(job, &t);
  for (int i = 0; i < t.n; i++) {
    if (t.key[i].kind != JOB_PATH && t.key[i].kind != JOB_PATHS) continue;
    snprintf(what, sizeof what, "%s: %s", job->path, t.key[i].key);
    KITH_TRY(kith__job_resolve_paths(what, folder, true, (char *)job + t.key[i].offset));
  }
done:
  return st;
}

/* Whether a share of the interactions is held out for validation, and one for testing. */
static kith_status read_check_split(const kith_job *job) {
  kith_status st = KITH_OK;
  const kith_split *s = &job->data.split;
  bool any = s->method != KITH_SPLIT_NONE, valid = any && s->valid > 0;
  bool listed = job->data.test.path[0] != '\0', test = listed || (any && s->test > 0);
  double shares = s->valid + (listed ? 0 : s->test);
  KITH_CHECK(!any || s->method == KITH_SPLIT_LEAVE_LAST_OUT || shares < 1, KITH_ECONFIG,
             "%s: data.split: the shares held out are %g together, expected less than 1", job->path, shares);
  KITH_CHECK(!any || valid || (test && !listed), KITH_ECONFIG,
             "%s: data.split.method: nothing is left for it to hold out; data.split.valid is 0%s", job->path,
             listed ? " and data.test is a list of its own" : ", and so is data.split.test");
  KITH_CHECK(job->evaluate.split != KITH_EVAL_VALID || valid, KITH_ECONFIG,
             "%s: evaluate.split: valid, but data.split holds nothing out for validation", job->path);
done:
  return st;
}

static bool read_has_features(const kith_job *job) {
  bool has = job->data.features[KITH_USER].path[0] || job->data.features[KITH_ITEM].path[0];
  for (int t = 0; t < job->data.n_type; t++) has = has || job->data.type[t].features.path[0];
  return has;
}

static kith_status read_check_input(const kith_job *job) {
  kith_status st = KITH_OK;
  KITH_CHECK(job->model.input == KITH_EMBEDDING || read_has_features(job), KITH_ECONFIG,
             "%s: model.input: %s, but there are no features; expected the path of a list in "
             "data.user_features, data.item_features or data.nodes.TYPE.features",
             job->path, kith_input_text(job->model.input));
done:
  return st;
}

static kith_status read_check_classify(const kith_job *job) {
  kith_status st = KITH_OK;
  const kith_model_options *m = &job->model;
  KITH_CHECK(kith_model_can_classify(m), KITH_ECONFIG,
             "%s: model.name: %s cannot classify nodes; with task: classify expected gcn, gcnii, gat, sage, "
             "rgcn or han",
             job->path, kith_model_text(m->name));
  KITH_CHECK(m->input == KITH_EMBEDDING, KITH_ECONFIG,
             "%s: model.input: %s, but a classifier reads what data.features names, or has embeddings; "
             "expected no such key",
             job->path, kith_input_text(m->input));
  bool lists = job->data.n_relation > 0 && !job->data.nodes.edges[0];
  KITH_CHECK(
      !lists || m->name == KITH_HAN || m->name == KITH_RGCN, KITH_ECONFIG,
      "%s: model.name: %s reads data.edges, which names no list; expected one, or han or rgcn, which read "
      "relations",
      job->path, kith_model_text(m->name));
  bool whole = m->name == KITH_HAN && m->han.fuse == KITH_HAN_BY_TYPE;
  KITH_CHECK(
      !whole || job->train.sampler.mode == KITH_FULL, KITH_ECONFIG,
      "%s: model.han.fuse: type weighs meta-paths by a mean over all nodes; expected sampler.mode: full, or "
      "model.han.fuse: node",
      job->path);
  KITH_CHECK(m->layers > 0, KITH_ECONFIG, "%s: model.layers: 0, but a classifier needs at least one",
             job->path);
  KITH_CHECK(job->evaluate.every == 0 || job->evaluate.split != KITH_EVAL_VALID || job->data.nodes.valid[0],
             KITH_ECONFIG, "%s: evaluate.split: valid, but data.splits.valid names no list", job->path);
  KITH_CHECK(job->evaluate.every == 0 || job->evaluate.split != KITH_EVAL_TEST || job->data.nodes.test[0],
             KITH_ECONFIG, "%s: evaluate.split: test, but data.splits.test names no list", job->path);
done:
  return st;
}

/* Contradictions between keys. */
static kith_status read_check(const kith_job *job) {
  kith_status st = KITH_OK;
  KITH_CHECK(
      job->task == KITH_TASK_CLASSIFY || job->model.name != KITH_HAN, KITH_ECONFIG,
      "%s: model.name: han classifies nodes, and does not rank items; expected task: classify, or another "
      "model",
      job->path);
  KITH_TRY(job->task == KITH_TASK_CLASSIFY ? read_check_classify(job) : read_check_split(job));
  if (job->task == KITH_TASK_RECOMMEND) KITH_TRY(read_check_input(job));
  const kith_loss_options *loss = &job->train.loss;
  bool alone = loss->name == KITH_SOFTMAX && loss->shared == 0 && job->train.batch == 1;
  KITH_CHECK(job->task == KITH_TASK_CLASSIFY || !alone, KITH_ECONFIG,
             "%s: train.batch: 1, but softmax compares the pairs of a step with each other; expected 2 or "
             "more, or negatives.shared",
             job->path);
  st = kith_loss_check(loss, &job->train.negatives);
  if (kith_is_bad(st)) return kith_fail(st, "%s: %s", job->path, kith_error_text());
  KITH_CHECK(job->train.patience == 0 || job->evaluate.every != 0, KITH_ECONFIG,
             "%s: train.patience: %d evaluations, but evaluate.every is 0, so there are none", job->path,
             job->train.patience);
  st = kith_model_check(&job->model);
  if (kith_is_bad(st)) return kith_fail(st, "%s: %s", job->path, kith_error_text());
  KITH_CHECK(job->work[0], KITH_ECONFIG, "%s: work: expected a folder, found nothing", job->path);
done:
  return st;
}

static kith_status read_values(const char *path, const char *text, int64_t size, int n_set,
                               const char *const *set, kith_job *job) {
  kith_status st = KITH_OK;
  job_retired_keys retired = {.n = 0};
  KITH_TRY(kith_text_copy("job file", path, sizeof job->path, job->path));
  if (size > 0) KITH_TRY(read_yaml(path, text, (size_t)size, &retired, job));
  for (int i = 0; i < n_set; i++) KITH_TRY(read_setting(job, set[i], &retired));
  KITH_TRY(kith__job_fail_retired(&retired));
done:
  return st;
}

/* Expand paths by rank 0's environment on all ranks, since nodes may have different ones. */
static kith_agreed read_paths(const kith_comm *comm, kith_job *job) {
  kith_agreed st = {KITH_OK};
  job_table t;
  kith__job_table_of(job, &t);
  KITH_TRY(kith_agree(comm, comm->rank == 0 ? read_resolve(job) : KITH_OK));
  for (int i = 0; i < t.n; i++)
    if (t.key[i].kind == JOB_PATH || t.key[i].kind == JOB_PATHS)
      kith_comm_bcast(comm, KITH_PATH, (char *)job + t.key[i].offset);
done:
  return st;
}

kith_agreed kith_job_read(const kith_comm *comm, const char *path, int n_set, const char *const *set,
                          kith_job *out) {
  kith_agreed st = {KITH_OK};
  kith_job job = kith_job_defaults();
  char *text = NULL;
  int64_t size = 0;
  KITH_TRY(read_bcast(comm, path, &text, &size));
  KITH_TRY(kith_agree(comm, read_values(path, text, size, n_set, set, &job)));
  KITH_TRY(read_paths(comm, &job));
  kith__job_take_lr(&job);
  KITH_TRY(kith_agree(comm, kith__job_make_relations(&job)));
  KITH_TRY(kith_agree(comm, read_check(&job)));
  KITH_TRY(kith_agree(comm, kith__job_check_sweep(&job)));
  *out = job;
done:
  KITH_FREE(text);
  return st;
}

kith_status kith_job_file(const kith_job *job, const char *name, char *path) {
  const char *elsewhere = strcmp(name, "graph.h5") == 0   ? job->graph
                          : strcmp(name, "parts.h5") == 0 ? job->parts
                                                          : "";
  if (elsewhere[0]) return kith_text_copy(name, elsewhere, KITH_PATH, path);
  return kith_path_join(job->work, name, path);
}
