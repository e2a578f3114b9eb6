/* The files of a run (run.h). */
#include "report/run.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "h5/h5.h"
#include "store/store.h"

static const kith_comm run_alone = {.mpi = MPI_COMM_SELF, .rank = 0, .size = 1};

/* Whether a file is there; its path into `path`. */
static bool run_has(const char *folder, const char *name, char *path) {
  return !kith_is_bad(kith_path_join(folder, name, path)) && access(path, F_OK) == 0;
}

/* Keep the first reason; memory alone ends reading. */
static kith_status run_trouble(report_run *run, kith_status st) {
  if (!kith_is_bad(st) || st == KITH_ENOMEM) return st;
  kith_warn("%s", kith_error_text());
  if (!run->trouble[0]) snprintf(run->trouble, sizeof run->trouble, "%s", kith_error_text());
  return KITH_OK;
}

/* ---- graph.h5 ---- */

static kith_status run_count(kith_h5 *f, const char *name, int64_t *n) {
  return kith_h5_has_attr(f, name) ? kith_h5_get_attr_int(f, name, n).status : KITH_OK;
}

static kith_status run_rows(kith_h5 *f, const char *name, int64_t *n) {
  int d = 0;
  return kith_h5_has_dataset(f, name) ? kith_h5_extent(f, name, n, &d).status : KITH_OK;
}

static kith_status run_sizes(kith_h5 *f, report_sizes *s) {
  kith_status st = KITH_OK;
  KITH_TRY(run_count(f, "fingerprint", &s->fingerprint));
  KITH_TRY(run_count(f, "parent", &s->parent));
  KITH_TRY(run_count(f, "n_user", &s->n_user));
  KITH_TRY(run_count(f, "n_item", &s->n_item));
  KITH_TRY(run_count(f, "n_node", &s->n_node));
  KITH_TRY(run_count(f, "n_edge", &s->n_edge));
  KITH_TRY(run_count(f, "n_class", &s->n_class));
  KITH_TRY(run_count(f, "n_feature", &s->n_feature));
  KITH_TRY(run_rows(f, "train/item", &s->n_train));
  KITH_TRY(run_rows(f, "valid/item", &s->n_valid));
  KITH_TRY(run_rows(f, "test/item", &s->n_test));
done:
  return st;
}

static kith_status run_read_graph(report_run *run) {
  kith_status st = KITH_OK;
  kith_h5 *f = NULL;
  KITH_TRY(kith_h5_open(&run_alone, run->graph_path, KITH_GRAPH_FORMAT, KITH_FILE_VERSION, &f).status);
  KITH_TRY(run_sizes(f, &run->sizes));
  if (!run->job_text) KITH_TRY(kith_h5_get_attr_text(f, "job", &run->job_text).status);
  if (kith_h5_has_attr(f, "taken")) KITH_TRY(kith_h5_get_attr_text(f, "taken", &run->taken).status);
  run->sizes.is = true;
done:
  kith_h5_close(&f);
  return st;
}

/* ---- embeddings.h5, blend.h5 ---- */

static kith_status run_read_rows(report_run *run) {
  kith_status st = KITH_OK;
  kith_h5 *f = NULL;
  char *software = NULL;
  KITH_TRY(kith_embeddings_origin_read(&run_alone, run->rows_path, &run->from).status);
  KITH_TRY(kith_h5_open(&run_alone, run->rows_path, NULL, KITH_FILE_VERSION, &f).status);
  KITH_TRY(kith_h5_get_attr_text(f, "software", &software).status);
  snprintf(run->software, sizeof run->software, "%s", software);
  KITH_TRY(kith_h5_get_attr_text(f, "job", &run->job_text).status);
  run->has_rows = true;
done:
  kith_h5_close(&f);
  KITH_FREE(software);
  return st;
}

/* ---- results of kith evaluate ---- */

static bool run_is_number(const kith_json_value *v, int64_t wanted) {
  return v->kind == KITH_JSON_NUMBER && v->integer == wanted;
}

/* Whether a result is of the rows that are there; what it does not say counts as it should be. */
static bool run_is_current(const report_run *run, const kith_json_value *e) {
  const char *of = kith_json_text(e, "run");
  const kith_json_value *epoch = kith_json_get(e, "epoch"), *print = kith_json_get(e, "fingerprint");
  if (!run->has_rows) return true;
  if (of && strcmp(of, run->from.run) != 0) return false;
  if (epoch && !run_is_number(epoch, run->from.epoch)) return false;
  return !print || run_is_number(print, (int64_t)run->from.fingerprint);
}

static kith_status run_read_evaluate(report_run *run, int split) {
  kith_status st = KITH_OK;
  const char *const name[2] = {"evaluate-valid.json",
                               run->sizes.n_class > 0 ? "evaluate-all.json" : "evaluate-test.json"};
  char path[KITH_PATH];
  kith_json *j = &run->evaluate[split];
  if (!run_has(run->folder, name[split], path)) return st;
  KITH_TRY(kith_json_read_file(path, false, j));
  run->stale[split] = !run_is_current(run, j->value);
  if (run->stale[split]) kith_json_free(j);
done:
  return st;
}

/* ---- a run ---- */

kith_status kith__report_run_read(const kith_job *job, report_run *run) {
  kith_status st = KITH_OK;
  char path[KITH_PATH];
  snprintf(run->label, sizeof run->label, "%s", job->name);
  snprintf(run->folder, sizeof run->folder, "%s", job->work);
  KITH_TRY(kith_job_file(job, "graph.h5", run->graph_path));
  bool blend = job->blend.n_model > 0 && run_has(run->folder, "blend.h5", run->rows_path);
  if (blend || run_has(run->folder, "embeddings.h5", run->rows_path))
    KITH_TRY(run_trouble(run, run_read_rows(run)));
  if (access(run->graph_path, F_OK) == 0) KITH_TRY(run_trouble(run, run_read_graph(run)));
  if (run_has(run->folder, "metrics.jsonl", path)) {
    KITH_TRY(run_trouble(run, kith_json_read_file(path, true, &run->metrics)));
    run->damaged_metrics = !run->metrics.value;
  }
  for (int split = 0; split < 2; split++) KITH_TRY(run_trouble(run, run_read_evaluate(run, split)));
done:
  return st;
}

/* The job that a work folder's rows, or its graph, were made by. */
static kith_status run_stored_job(const char *folder, kith_job *job) {
  kith_status st = KITH_OK;
  static const char *const name[] = {"embeddings.h5", "blend.h5", "graph.h5"};
  char path[KITH_PATH], *text = NULL;
  kith_h5 *f = NULL;
  size_t i = 0;
  while (i < sizeof name / sizeof *name && !run_has(folder, name[i], path)) i++;
  KITH_CHECK(i < sizeof name / sizeof *name, KITH_ENOINPUT,
             "--compare %s: neither a job file nor the work folder of a run: it has no embeddings.h5",
             folder);
  KITH_TRY(kith_h5_open(&run_alone, path, NULL, KITH_FILE_VERSION, &f).status);
  KITH_TRY(kith_h5_get_attr_text(f, "job", &text).status);
  KITH_TRY(kith_job_read_stored(path, text, job));
  KITH_TRY(kith_text_copy("the folder", folder, sizeof job->work, job->work));
  job->graph[0] = job->parts[0] = '\0';
done:
  kith_h5_close(&f);
  KITH_FREE(text);
  return st;
}

kith_status kith__report_run_find(const char *path, report_run *out) {
  kith_status st = KITH_OK;
  struct stat is;
  kith_job *job = NULL;
  KITH_TRY(KITH_NEW(job, 1));
  *job = kith_job_defaults();
  KITH_CHECK(stat(path, &is) == 0, KITH_ENOINPUT, "--compare %s: there is no such work folder or job file",
             path);
  if (S_ISDIR(is.st_mode)) KITH_TRY(run_stored_job(path, job));
  else KITH_TRY(kith_job_read(&run_alone, path, 0, NULL, job).status);
  KITH_TRY(kith__report_run_read(job, out));
  KITH_CHECK(out->has_rows || out->metrics.value, KITH_ENOINPUT,
             "--compare %s: nothing was trained there: %s has neither embeddings.h5 nor metrics.jsonl", path,
             out->folder);
done:
  KITH_FREE(job);
  return st;
}

void kith__report_run_free(report_run *run) {
  kith_json_free(&run->metrics);
  for (int i = 0; i < 2; i++) kith_json_free(&run->evaluate[i]);
  KITH_FREE(run->job_text);
  KITH_FREE(run->taken);
  KITH_FREE(run->from.config_key);
}

/* ---- lines of metrics.jsonl ---- */

/* The epoch or round of a line. */
static double run_epoch(const kith_json_value *line) {
  return kith_json_number(line, "epoch", kith_json_number(line, "round", NAN));
}

static const kith_json_value *run_lines(const report_run *run) {
  return run->metrics.value ? run->metrics.value->first : NULL;
}

const kith_json_value *kith__report_last_line(const report_run *run) {
  const kith_json_value *line = run_lines(run);
  while (line && line->next) line = line->next;
  return line;
}

/* Whether a line is a measurement of an epoch of the run that the last line is of: those of the run before an
 * update come first. */
static bool run_counts(const kith_json_value *line, const char *latest) {
  const char *of = kith_json_text(line, "run");
  return !kith_json_get(line, "measured_again") && (!of || !latest || strcmp(of, latest) == 0);
}

int64_t kith__report_curve(const report_run *run, const char *name, double *x, double *y) {
  const char *latest = kith_json_text(kith__report_last_line(run), "run");
  int64_t n = 0;
  for (const kith_json_value *line = run_lines(run); line; line = line->next) {
    if (!run_counts(line, latest)) continue;
    x[n] = run_epoch(line);
    y[n] = kith_json_number(line, name, NAN);
    n += isfinite(x[n]) && isfinite(y[n]);
  }
  return n;
}

/* A line has its seconds to the millisecond, and its phases to the microsecond: of short steps these are
 * more.
 */
report_seconds kith__report_line_seconds(const report_run *run, const kith_json_value *line) {
  const kith_json_value *phases = kith_json_get(line, "phases");
  const char *latest = kith_json_text(kith__report_last_line(run), "run");
  double sum = 0;
  if (!run_counts(line, latest) || !kith_json_get(line, "seconds")) return (report_seconds){.n = 0};
  for (const kith_json_value *v = phases ? phases->first : NULL; v; v = v->next) sum += fmax(v->number, 0);
  return (report_seconds){.n = 1,
                          .steps = fmax(kith_json_number(line, "seconds", 0), sum),
                          .evaluate = fmax(kith_json_number(line, "evaluate_seconds", 0), 0),
                          .checkpoint = fmax(kith_json_number(line, "checkpoint_seconds", 0), 0)};
}

report_seconds kith__report_seconds(const report_run *run) {
  report_seconds all = {.n = 0};
  for (const kith_json_value *line = run_lines(run); line; line = line->next) {
    const report_seconds s = kith__report_line_seconds(run, line);
    all.n += s.n;
    all.steps += s.steps;
    all.evaluate += s.evaluate;
    all.checkpoint += s.checkpoint;
    all.updates = all.updates || kith_json_get(line, "update_of");
  }
  return all;
}

bool kith__report_is_exported(const report_run *run) {
  const char *latest = kith_json_text(kith__report_last_line(run), "run");
  return run->has_rows && (!latest || !run->from.run[0] || strcmp(latest, run->from.run) == 0);
}

/* What epochs are chosen by, where there is no file that says which one was. */
static double run_score(const kith_json_value *line) {
  double best = kith_json_number(line, "accuracy", NAN);
  for (const kith_json_value *v = line->first; v; v = v->next)
    if (v->kind == KITH_JSON_NUMBER && strncmp(v->name, "recall@", 7) == 0)
      best = v->number; /* the largest K */
  return best;
}

const kith_json_value *kith__report_picked_line(const report_run *run) {
  const char *latest = kith_json_text(kith__report_last_line(run), "run");
  const kith_json_value *best = NULL;
  const bool exported = kith__report_is_exported(run);
  double most = -INFINITY;
  for (const kith_json_value *line = run_lines(run); line; line = line->next) {
    if (!run_counts(line, latest)) continue;
    if (exported && run_epoch(line) == (double)run->from.epoch) return line;
    double score = run_score(line);
    if (exported || !(score > most)) continue;
    most = score;
    best = line;
  }
  return best;
}

int kith__report_metric_names(const report_run *run, const char *prefix, const char **name) {
  int n = 0;
  for (const kith_json_value *line = run_lines(run); line && n == 0; line = line->next)
    for (const kith_json_value *v = line->first; v && n < 8; v = v->next)
      if (v->kind == KITH_JSON_NUMBER && strncmp(v->name, prefix, strlen(prefix)) == 0) name[n++] = v->name;
  return n;
}

void kith__report_metric_name(const char *member, char *text) {
  static const char *const name[][2] = {{"recall", "Recall"},    {"ndcg", "NDCG"},
                                        {"hit_rate", "HitRate"}, {"precision", "Precision"},
                                        {"mrr", "MRR"},          {"accuracy", "Accuracy"}};
  const size_t n = strcspn(member, "@");
  snprintf(text, KITH_NAME, "%s", member);
  for (size_t i = 0; i < sizeof name / sizeof *name; i++)
    if (strlen(name[i][0]) == n && strncmp(member, name[i][0], n) == 0)
      snprintf(text, KITH_NAME, "%s%s", name[i][1], member + n);
}
