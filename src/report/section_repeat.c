/* Section: the job, and all that is needed to repeat the run. */
#include <stdio.h>
#include <string.h>

#include "base/fault.h"
#include "base/file.h"
#include "report/section.h"
#include "store/store.h"

enum { REPEAT_FILE = 64 << 10 /* bytes of the largest job file that is shown */ };

static void repeat_row(report_page *p, const char *name, const char *value) {
  if (value[0]) kith__page_put(p, "<dt>%s</dt><dd>%s</dd>\n", name, value);
}

static void repeat_facts(const kith_report *r, report_page *p) {
  const report_run *run = &r->run;
  char print[32] = "", epoch[64] = "", ranks[32] = "";
  const double n_rank = kith_json_number(kith__report_last_line(run), "ranks", 0);
  if (n_rank > 0) snprintf(ranks, sizeof ranks, "%.0f", n_rank);
  if (run->sizes.is) snprintf(print, sizeof print, "%lld", (long long)run->sizes.fingerprint);
  if (run->has_rows) snprintf(epoch, sizeof epoch, "%lld", (long long)run->from.epoch);
  kith__page_html(p, "<dl class=\"terms\">\n");
  repeat_row(p, "program", r->o->program);
  repeat_row(p, "rows written by", run->software);
  repeat_row(p, "run", run->from.run);
  repeat_row(p, "epoch", epoch);
  repeat_row(p, "ranks", ranks);
  repeat_row(p, "fingerprint of graph.h5", print);
  repeat_row(p, "work folder", run->folder);
  kith__page_html(p, "</dl>\n");
}

/* Whether a command has a whole word, which a blank precedes. */
static bool repeat_has(const char *command, const char *word) {
  const size_t n = strlen(word);
  for (const char *at = command; (at = strstr(at, word)) != NULL; at++)
    if (at[n] == '\0' || at[n] == ' ') return true;
  return false;
}

/* With the settings that began it, but for those that the command line of the report has, too. */
static void repeat_sweep(const kith_report *r, report_page *p) {
  char *rest = NULL;
  kith__page_put(p, "kith sweep %s", r->sweep_args);
  for (char *line = r->sweep_stored ? strtok_r(r->sweep_stored, "\n", &rest) : NULL; line;
       line = strtok_r(NULL, "\n", &rest)) {
    char set[KITH_SWEEP_KEY_SIZE] = "";
    kith_text_append_quoted(" --set ", line, sizeof set, set);
    if (!repeat_has(r->sweep_args, set)) kith__page_put(p, "%s", set);
  }
  kith__page_html(p, "\n");
}

/* Whether nothing here has read the test split, so that what repeats it does not, either. */
static bool repeat_spares_test(const kith_report *r) {
  const report_run *run = &r->run;
  return !r->o->refit && run->sizes.is && run->sizes.n_class == 0 && run->sizes.n_valid > 0 &&
         run->sizes.n_test > 0 && r->o->job->stream.known == KITH_STREAM_NONE &&
         r->o->job->evaluate.split != KITH_EVAL_TEST && !run->evaluate[1].value && !run->stale[1];
}

/* An update for each line of `taken`, "HASH PAIRS PATH"; without pairs the list is one of a relation. */
static void repeat_updates(const kith_report *r, const char *ranks, report_page *p) {
  char path[KITH_PATH];
  for (const char *line = r->run.taken; line && *line;) {
    const size_t n = strcspn(line, "\n");
    long long pairs = 0;
    int at = 0;
    /* NOLINTNEXTLINE(cert-err34-c): lines written by kith update */
    if (sscanf(line, "%*16s %lld %n", &pairs, &at) == 1 && at > 0 && (size_t)at < n) {
      snprintf(path, sizeof path, "%.*s", (int)(n - (size_t)at), line + at);
      kith__page_put(p, "%skith update %s%s%s%s\n", ranks, r->o->job_args,
                     repeat_spares_test(r) ? " --no-test" : "",
                     pairs > 0 ? " --set update.interactions.path=" : "  # with ", path);
    }
    line += n + (line[n] == '\n');
  }
}

/* The splits that were measured, with their baselines; if none was, one that nothing else here spares. */
static void repeat_evaluations(const kith_report *r, const char *args, const char *refit, report_page *p) {
  const bool spares = repeat_spares_test(r), valid = r->run.evaluate[0].value;
  for (int split = 0; split < 2; split++) {
    const kith_json_value *e = r->run.evaluate[split].value, *all = e ? kith_json_get(e, "baselines") : NULL;
    if (!e && (split == 0 ? !spares : spares || valid)) continue;
    kith__page_put(p, "kith evaluate %s%s%s", args, refit, split == 0 ? " --split valid" : "");
    if (all && all->n > 1)
      for (const kith_json_value *b = all->first; b; b = b->next)
        kith__page_put(p, b == all->first ? " --baseline %s" : ",%s", kith_json_text(b, "name"));
    kith__page_html(p, "\n");
  }
}

/* The verbs that lead from the lists to this page. */
static void repeat_commands(const kith_report *r, report_page *p) {
  const kith_job *job = r->o->job;
  const char *args = r->o->job_args, *refit = r->o->refit ? " --refit" : "";
  const char *first = r->sweep_args ? r->sweep_args : args;
  const bool blend = job->blend.n_model > 0,
             rules = job->stream.known != KITH_STREAM_NONE && job->stream.model == KITH_STREAM_NO_MODEL;
  char ranks[32] = "";
  const double n_rank = kith_json_number(kith__report_last_line(&r->run), "ranks", 0);
  if (n_rank > 1) snprintf(ranks, sizeof ranks, "mpirun -n %.0f ", n_rank);
  kith__page_html(p, "<pre>");
  kith__page_put(p, "kith ingest %s\nkith partition %s\n", first, first);
  if (r->sweep_args) repeat_sweep(r, p);
  if (blend) kith__page_put(p, "kith blend %s%s\n", args, refit);
  else if (!rules)
    kith__page_put(p, "%skith train %s%s\n", ranks, args, repeat_spares_test(r) ? " --no-test" : "");
  if (!blend) repeat_updates(r, ranks, p);
  if (r->o->refit && !blend) kith__page_put(p, "%skith train %s --refit\n", ranks, args);
  repeat_evaluations(r, args, refit, p);
  kith__page_put(p, "kith report %s%s</pre>\n", args, refit);
  kith__page_html(p, "<p class=\"note\">Any number of ranks gives the same ");
  kith__page_html(p, job->task == KITH_TASK_CLASSIFY || !job->task
                         ? "results, up to rounding where a model has "
                           "dense weights.</p>\n"
                         : "results.</p>\n");
}

/* What the job says now and the run was not made with. */
static kith_status repeat_changes(const kith_report *r, report_page *p) {
  kith_status st = KITH_OK;
  char now[KITH_CONFIG_KEY_SIZE], then[KITH_CONFIG_KEY_SIZE], want[KITH_CONFIG_WORD_SIZE],
      found[KITH_CONFIG_WORD_SIZE];
  kith_job *old = NULL;
  if (!r->run.has_rows) return st;
  KITH_TRY(KITH_NEW(old, 1));
  *old = kith_job_defaults();
  KITH_TRY(kith_job_read_stored(r->run.rows_path, r->run.job_text, old));
  KITH_TRY(kith_job_config_key(r->o->job, sizeof now, now));
  KITH_TRY(kith_job_config_key(old, sizeof then, then));
  if (kith_config_key_differs(now, now, then, want, found))
    kith__page_prose(p, "missing",
                     "The job has changed since: it says `%s` now, and this run was made with `%s`. What "
                     "follows below is the job of the run.",
                     want, found);
done:
  KITH_FREE(old);
  return st;
}

/* The job file as it is, with its comments. */
static kith_status repeat_job_file(const kith_report *r, report_page *p) {
  kith_status st = KITH_OK;
  FILE *f = NULL;
  char *text = NULL;
  if (!r->o->job->path[0]) return st;
  KITH_TRY(KITH_NEW(text, REPEAT_FILE + 1));
  if (kith_is_bad(kith_file_fopen(r->o->job->path, &f))) {
    kith__page_missing(p, "the job file", "%s", kith_error_text());
    goto done;
  }
  size_t n = kith_fault(KITH_FAULT_READ) ? 0 : fread(text, 1, REPEAT_FILE, f);
  text[n] = '\0';
  if (n == 0 || n == REPEAT_FILE)
    kith__page_missing(p, "the job file", "`%s` %s.", r->o->job->path,
                       n == 0 ? "is empty, or cannot be read" : "has more than 64 kB");
  else kith__page_put(p, "<h3>%s</h3>\n<pre>%s</pre>\n", r->o->job_args, text);
done:
  if (f) fclose(f);
  KITH_FREE(text);
  return st;
}

static kith_status repeat_write(kith_report *r, report_page *p) {
  kith_status st = KITH_OK;
  repeat_facts(r, p);
  repeat_commands(r, p);
  KITH_TRY(repeat_changes(r, p));
  KITH_TRY(repeat_job_file(r, p));
  if (r->run.job_text)
    kith__page_put(
        p, "<details><summary>Every key of the run, defaults included</summary><pre>%s</pre></details>\n",
        r->run.job_text);
done:
  return st;
}

const report_section kith__section_repeat = {"repeat", "To repeat it", repeat_write};
