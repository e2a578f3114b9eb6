/* Section of a sweep: its trials by score, each setting against it, and the curves of the best ones. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/file.h"
#include "report/section.h"

enum { SWEEP_KEYS = 16, SWEEP_VALUES = 8 /* most values of a key of words that are drawn */ };

typedef struct sweep {
  const kith_json_value *list;
  int64_t n;
  const kith_json_value **trial; /* [n] the best first, those without a score last */
  int n_key;
  const char *key[SWEEP_KEYS]; /* that some trial sets */
  const char *metric, *split;
  char name[KITH_NAME]; /* of the metric, for people */
  double *x[2], *y[2];  /* [n] points of a chart: those that ended, and the others */
} sweep;

static double sweep_score(const kith_json_value *trial) {
  return kith_json_number(trial, "score", -INFINITY);
}

static int sweep_order(const void *a, const void *b) {
  const kith_json_value *p = *(const kith_json_value *const *)a, *q = *(const kith_json_value *const *)b;
  const double x = sweep_score(p), y = sweep_score(q), m = kith_json_number(p, "trial", 0),
               n = kith_json_number(q, "trial", 0);
  return x != y ? (x < y) - (x > y) : (m > n) - (m < n);
}

static bool sweep_is(const kith_json_value *trial, const char *status) {
  const char *is = kith_json_text(trial, "status");
  return is && strcmp(is, status) == 0;
}

static void sweep_add_keys(sweep *s, const kith_json_value *trial) {
  const kith_json_value *settings = kith_json_get(trial, "settings");
  for (const kith_json_value *v = settings ? settings->first : NULL; v; v = v->next) {
    int k = 0;
    while (k < s->n_key && strcmp(s->key[k], v->name) != 0) k++;
    if (k == s->n_key && k < SWEEP_KEYS && v->name) s->key[s->n_key++] = v->name;
  }
}

static kith_status sweep_take(const kith_report *r, sweep *s) {
  kith_status st = KITH_OK;
  *s = (sweep){.list = r->sweep.value, .metric = "score", .split = "valid"};
  s->n = s->list->n;
  KITH_TRY(KITH_NEW(s->trial, s->n));
  for (int i = 0; i < 2; i++) {
    KITH_TRY(KITH_NEW(s->x[i], s->n));
    KITH_TRY(KITH_NEW(s->y[i], s->n));
  }
  int64_t i = 0;
  for (const kith_json_value *v = s->list->first; v; v = v->next) {
    s->trial[i++] = v;
    sweep_add_keys(s, v);
    if (kith_json_text(v, "metric")) s->metric = kith_json_text(v, "metric");
    if (kith_json_text(v, "split")) s->split = kith_json_text(v, "split");
  }
  kith__report_metric_name(s->metric, s->name);
  qsort(s->trial, (size_t)s->n, sizeof *s->trial, sweep_order);
done:
  return st;
}

static void sweep_free(sweep *s) {
  KITH_FREE(s->trial);
  for (int i = 0; i < 2; i++) {
    KITH_FREE(s->x[i]);
    KITH_FREE(s->y[i]);
  }
}

/* The value of a trial for a key, as text: text [KITH_NAME]; "" if it has none. */
static void sweep_value(const kith_json_value *trial, const char *key, char *text) {
  const kith_json_value *v = kith_json_get(kith_json_get(trial, "settings"), key);
  text[0] = '\0';
  if (!v) return;
  if (v->kind == KITH_JSON_TEXT) snprintf(text, KITH_NAME, "%s", v->text);
  else if (v->kind == KITH_JSON_BOOL) snprintf(text, KITH_NAME, "%s", v->number != 0 ? "true" : "false");
  else if (v->kind == KITH_JSON_NUMBER) kith_real_print(v->number, KITH_NAME, text);
}

/* ---- in words ---- */

static void sweep_say(const sweep *s, report_page *p) {
  static const char *const status[] = {"done", "stopped", "failed", "waiting", "running"},
                           *const words[] = {"done", "stopped by halving", "failed",
                                             "not begun or interrupted", "running"};
  char value[KITH_NAME];
  kith__page_put(p, "<p>%s trials:", PAGE_COUNT(s->n));
  for (size_t k = 0, put = 0; k < sizeof status / sizeof *status; k++) {
    int64_t n = 0;
    for (int64_t i = 0; i < s->n; i++) n += sweep_is(s->trial[i], status[k]);
    if (n > 0) kith__page_put(p, "%s %s %s", put++ ? "," : "", PAGE_COUNT(n), words[k]);
  }
  kith__page_html(p, ".");
  const kith_json_value *best = s->n > 0 ? s->trial[0] : NULL;
  if (best && isfinite(sweep_score(best))) {
    kith__page_put(p, " Best is trial %.0f, %s %.4f on the %s split, with",
                   kith_json_number(best, "trial", 0), s->name, sweep_score(best), s->split);
    for (int k = 0; k < s->n_key; k++) {
      sweep_value(best, s->key[k], value);
      if (value[0]) kith__page_put(p, "%s <code>%s=%s</code>", k ? "," : "", s->key[k], value);
    }
    kith__page_html(p, ".");
  }
  kith__page_html(p, "</p>\n");
}

/* ---- a setting against the score ---- */

/* Number the words of a key; their number, SWEEP_VALUES + 1 if there are more. */
static int sweep_number_words(const sweep *s, const char *key, char (*word)[KITH_NAME]) {
  int n = 0;
  for (int64_t i = 0; i < s->n; i++) {
    int w = 0;
    sweep_value(s->trial[i], key, word[SWEEP_VALUES]);
    while (w < n && strcmp(word[w], word[SWEEP_VALUES]) != 0) w++;
    if (w < n || !word[SWEEP_VALUES][0]) continue;
    if (n == SWEEP_VALUES) return n + 1;
    memcpy(word[n++], word[SWEEP_VALUES], KITH_NAME);
  }
  return n;
}

/* Where a trial is: its number, or the place of its word. */
static double sweep_place(const kith_json_value *trial, const char *key, int n_word,
                          char (*word)[KITH_NAME]) {
  const kith_json_value *v = kith_json_get(kith_json_get(trial, "settings"), key);
  char text[KITH_NAME];
  if (n_word == 0) return kith_json_number(v, NULL, NAN);
  sweep_value(trial, key, text);
  for (int w = 0; w < n_word; w++)
    if (strcmp(word[w], text) == 0) return w;
  return NAN;
}

static bool sweep_is_numeric(const sweep *s, const char *key, double *lo, double *hi) {
  *lo = INFINITY;
  *hi = -INFINITY;
  for (int64_t i = 0; i < s->n; i++) {
    const kith_json_value *v = kith_json_get(kith_json_get(s->trial[i], "settings"), key);
    if (!v) continue;
    if (v->kind != KITH_JSON_NUMBER) return false;
    *lo = fmin(*lo, v->number);
    *hi = fmax(*hi, v->number);
  }
  return *lo < *hi;
}

static void sweep_chart(sweep *s, report_page *p, const char *key) {
  char word[SWEEP_VALUES + 1][KITH_NAME], describe[512], mark[64];
  const char *name[SWEEP_VALUES];
  double lo, hi;
  const bool numeric = sweep_is_numeric(s, key, &lo, &hi);
  const int n_word = numeric ? 0 : sweep_number_words(s, key, word);
  int64_t n[2] = {0, 0}, stopped = 0;
  if (!numeric && (n_word < 2 || n_word > SWEEP_VALUES)) return;
  for (int w = 0; w < n_word; w++) name[w] = word[w];
  for (int64_t i = 0; i < s->n; i++) {
    const double score = sweep_score(s->trial[i]);
    const int of = !sweep_is(s->trial[i], "done");
    if (!isfinite(score)) continue;
    stopped += sweep_is(s->trial[i], "stopped");
    s->x[of][n[of]] = sweep_place(s->trial[i], key, n_word, word);
    s->y[of][n[of]++] = score;
  }
  const double best = sweep_place(s->trial[0], key, n_word, word), top = sweep_score(s->trial[0]);
  sweep_value(s->trial[0], key, word[SWEEP_VALUES]);
  snprintf(mark, sizeof mark, "%.24s: %.4f", word[SWEEP_VALUES], top);
  const char *others = n[1] == stopped ? "stopped by halving" : "stopped or not done yet";
  snprintf(describe, sizeof describe,
           "%s of %lld trials that are done and %lld %s, by %s; the best, %.4f, has %s.", s->name,
           (long long)n[0], (long long)n[1], others, key, top, word[SWEEP_VALUES]);
  const report_series series[2] = {{.name = "done", .n = n[0], .x = s->x[0], .y = s->y[0], .points = true},
                                   {.name = others, .n = n[1], .x = s->x[1], .y = s->y[1], .points = true}};
  const report_chart chart = {.title = key,
                              .x_label = key,
                              .y_label = s->name,
                              .describe = describe,
                              .n_series = n[1] > 0 ? 2 : 1,
                              .series = series,
                              .log_x = numeric && lo > 0 && hi / lo >= 10,
                              .x_names = numeric ? NULL : name,
                              .n_x_names = n_word,
                              .mark = isfinite(top) ? mark : NULL,
                              .mark_x = best,
                              .mark_y = top};
  kith__chart_put(p, &chart);
}

/* ---- curves of the best trials ---- */

static kith_status sweep_read_curve(const kith_report *r, const kith_json_value *trial, report_run *run) {
  kith_status st = KITH_OK;
  char path[KITH_PATH];
  const char *folder = kith_json_text(trial, "folder");
  if (!folder || folder[0] == '/' || strstr(folder, "..")) return st;
  KITH_TRY(kith_path_join(r->sweep_folder, folder, path));
  KITH_TRY(kith_path_join(path, "metrics.jsonl", path));
  st = kith_json_read_file(path, true, &run->metrics);
done:
  return st == KITH_ENOMEM ? st : KITH_OK; /* a trial that has not begun has no file */
}

static kith_status sweep_curves(const kith_report *r, const sweep *s, report_page *p) {
  kith_status st = KITH_OK;
  report_run *run = NULL;
  report_series series[CHART_SERIES];
  char name[CHART_SERIES][KITH_NAME], tag[CHART_SERIES][CHART_TAG];
  double *x[CHART_SERIES] = {NULL}, *y[CHART_SERIES] = {NULL};
  int n = 0;
  KITH_TRY(KITH_NEW(run, CHART_SERIES));
  for (int i = 0; i < CHART_SERIES && i < s->n; i++) {
    KITH_TRY(sweep_read_curve(r, s->trial[i], &run[i]));
    if (!run[i].metrics.value) continue;
    KITH_TRY(KITH_NEW(x[n], run[i].metrics.value->n));
    KITH_TRY(KITH_NEW(y[n], run[i].metrics.value->n));
    const int64_t n_point = kith__report_curve(&run[i], s->metric, x[n], y[n]);
    snprintf(name[n], sizeof name[n], "trial %.0f", kith_json_number(s->trial[i], "trial", 0));
    snprintf(tag[n], sizeof tag[n], "%.0f", kith_json_number(s->trial[i], "trial", 0));
    series[n] = (report_series){.name = tag[n], .tag = tag[n], .n = n_point, .x = x[n], .y = y[n]};
    n++;
  }
  char label[2 * KITH_NAME];
  snprintf(label, sizeof label, "%s, %s split", s->name, s->split);
  const report_chart chart = {.title = "Curves of the best trials, by number",
                              .x_label = "epoch",
                              .y_label = label,
                              .describe = "A line for each of the best trials, from the first epoch that was "
                                          "evaluated to the last.",
                              .n_series = n,
                              .series = series};
  kith__chart_put(p, &chart);
done:
  for (int i = 0; i < CHART_SERIES; i++) {
    if (run) kith__report_run_free(&run[i]);
    KITH_FREE(x[i]);
    KITH_FREE(y[i]);
  }
  KITH_FREE(run);
  return st;
}

/* ---- the table ---- */

static void sweep_row(const sweep *s, report_page *p, const kith_json_value *t, double most) {
  char value[KITH_NAME];
  const double score = sweep_score(t), epochs = kith_json_number(t, "epochs", NAN),
               seconds = kith_json_number(t, "seconds", NAN);
  const char *status = kith_json_text(t, "status"), *error = kith_json_text(t, "error");
  kith__page_put(p, "<tr><th scope=\"row\">%.0f</th>", kith_json_number(t, "trial", 0));
  for (int k = 0; k < s->n_key; k++) {
    sweep_value(t, s->key[k], value);
    kith__page_put(p, "<td>%s</td>", value);
  }
  kith__page_put(p, "<td>%s</td>", isfinite(score) ? PAGE_METRIC(score) : "");
  kith__bar_put(p, score, most);
  kith__page_put(p, isfinite(epochs) ? "<td>%.0f</td>" : "<td></td>", epochs);
  kith__page_put(p, "<td>%s</td><td class=\"l%s\">%s%s%s</td></tr>\n",
                 isfinite(seconds) ? PAGE_SECONDS(seconds) : "", error ? " wide" : "", status ? status : "",
                 error ? ": " : "", error ? error : "");
}

static void sweep_table(const sweep *s, report_page *p) {
  kith__page_html(p, "<div class=\"scroll\"><table><caption>All trials</caption><thead><tr><th "
                     "scope=\"col\">trial</th>");
  for (int k = 0; k < s->n_key; k++) kith__page_put(p, "<th scope=\"col\">%s</th>", s->key[k]);
  kith__page_put(
      p,
      "<th scope=\"col\">%s, %s</th><th scope=\"col\" class=\"l\"></th><th scope=\"col\">epochs</th><th "
      "scope=\"col\">time</th><th scope=\"col\" class=\"l\">status</th></tr></thead><tbody>\n",
      s->name, s->split);
  for (int64_t i = 0; i < s->n; i++) sweep_row(s, p, s->trial[i], sweep_score(s->trial[0]));
  kith__page_html(p, "</tbody></table></div>\n");
}

/* Whether the trials are of the graph that is there, as far as the settings of the sweep say. */
static bool sweep_is_of_graph(const kith_report *r) {
  char path[KITH_PATH], text[64] = "";
  FILE *f = NULL;
  uint64_t print = 0;
  if (kith_is_bad(kith_path_join(r->sweep_folder, "settings.txt", path)) || access(path, R_OK) != 0)
    return true;
  if (!kith_is_bad(kith_file_fopen(path, &f)) && !kith_fault(KITH_FAULT_READ) && !fgets(text, sizeof text, f))
    text[0] = '\0';
  if (f) fclose(f);
  /* NOLINTNEXTLINE(cert-err34-c): written by kith sweep */
  return !r->run.sizes.is || sscanf(text, "graph=%" SCNx64, &print) != 1 ||
         print == (uint64_t)r->run.sizes.fingerprint;
}

static kith_status sweep_write(kith_report *r, report_page *p) {
  kith_status st = KITH_OK;
  sweep s = {.n = 0};
  if (!r->sweep.value) return st;
  KITH_TRY(sweep_take(r, &s));
  sweep_say(&s, p);
  if (!sweep_is_of_graph(r))
    kith__page_prose(p, "note",
                     "The trials are of the graph before the one that is there now, and learned from other "
                     "interactions than the run of this page.");
  kith__charts_begin(p);
  for (int k = 0; k < s.n_key && isfinite(sweep_score(s.trial[0])); k++) sweep_chart(&s, p, s.key[k]);
  KITH_TRY(sweep_curves(r, &s, p));
  kith__charts_end(p);
  sweep_table(&s, p);
done:
  sweep_free(&s);
  return st;
}

const report_section kith__section_sweep = {"sweep", "The sweep", sweep_write};
