/* Section: several runs side by side, as a table, by the settings that differ, and as curves in one chart. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/section.h"

enum { COMPARE_METRICS = 8, COMPARE_WORD = 256, COMPARE_KEYS = 200 };

typedef struct compare {
  const kith_report *r;
  int n;
  const report_run *run[KITH_REPORT_RUNS];
  char letter[KITH_REPORT_RUNS][2];
} compare;

static void compare_begin(compare *c, const kith_report *r) {
  *c = (compare){.r = r};
  for (int i = 0; i <= r->n_other; i++) {
    c->run[c->n] = i == 0 ? &r->run : &r->other[i - 1];
    c->letter[c->n][0] = (char)('A' + c->n);
    c->n++;
  }
}

/* ---- the table ---- */

/* A column: a member of each run's picked line, or of its test result. */
typedef struct compare_column {
  const char *member;
  char name[KITH_NAME]; /* for people */
  bool test;
} compare_column;

static double compare_value(const report_run *run, const compare_column *col) {
  return kith_json_number(col->test ? run->evaluate[1].value : kith__report_picked_line(run), col->member,
                          NAN);
}

/* Columns for the members that some run has: the last of a prefix is that of the largest cutoff. */
static int compare_columns(const compare *c, compare_column *col) {
  static const char *const prefix[] = {"recall@", "ndcg@", "accuracy"};
  int n = 0;
  for (int test = 0; test < 2; test++)
    for (size_t k = 0; k < sizeof prefix / sizeof *prefix; k++) {
      const char *found = NULL;
      for (int i = 0; i < c->n && !found; i++) {
        const kith_json_value *of = test ? c->run[i]->evaluate[1].value : kith__report_picked_line(c->run[i]);
        for (const kith_json_value *v = of ? of->first : NULL; v; v = v->next)
          if (v->name && v->kind == KITH_JSON_NUMBER && strncmp(v->name, prefix[k], strlen(prefix[k])) == 0)
            found = v->name;
      }
      if (!found) continue;
      col[n] = (compare_column){.member = found, .test = test};
      kith__report_metric_name(found, col[n++].name);
    }
  return n;
}

static const char *compare_split(const report_run *run) {
  const kith_json_value *line = kith__report_picked_line(run);
  const char *split = line ? kith_json_text(line, "split") : NULL;
  return split ? split : "";
}

static void compare_row(const compare *c, report_page *p, int i, int n_col, const compare_column *col,
                        const double *best) {
  const report_run *run = c->run[i];
  const kith_json_value *picked = kith__report_picked_line(run), *last = kith__report_last_line(run);
  double seconds = 0, epoch = kith_json_number(picked, "epoch", NAN);
  for (const kith_json_value *l = last ? run->metrics.value->first : NULL; l; l = l->next)
    seconds += kith_json_number(l, "seconds", 0);
  kith__page_put(
      p, "<tr><th scope=\"row\"><b class=\"t%d\">%s</b> %s</th><td class=\"l wide\">%s</td><td>%s</td>", i,
      c->letter[i], run->label, run->folder, run->has_rows ? run->from.model : "");
  kith__page_put(p, isfinite(epoch) ? "<td>%.0f</td>" : "<td></td>", epoch);
  for (int k = 0; k < n_col; k++) {
    double x = compare_value(run, &col[k]);
    kith__page_put(p, x == best[k] ? "<td><b>%s</b></td>" : "<td>%s</td>", PAGE_METRIC(x));
  }
  kith__page_put(p, "<td>%s</td></tr>\n", last ? PAGE_SECONDS(seconds) : "");
}

/* The best value of a column, if there are two of the graph of the first run. */
static double compare_best(const compare *c, const compare_column *col) {
  double best = NAN;
  int n = 0;
  for (int i = 0; i < c->n; i++) {
    const double x = compare_value(c->run[i], col);
    if (!isfinite(x) || c->run[i]->from.fingerprint != c->run[0]->from.fingerprint) continue;
    best = fmax(best, x);
    n++;
  }
  return n > 1 ? best : NAN;
}

static void compare_table(const compare *c, report_page *p) {
  compare_column col[COMPARE_METRICS];
  double best[COMPARE_METRICS];
  const int n = compare_columns(c, col);
  kith__page_html(p, "<div class=\"scroll\"><table><thead><tr><th scope=\"col\">run</th><th scope=\"col\" "
                     "class=\"l\">folder</th><th scope=\"col\">model</th><th scope=\"col\">epoch</th>");
  for (int k = 0; k < n; k++) {
    best[k] = compare_best(c, &col[k]);
    kith__page_put(p, "<th scope=\"col\">%s, %s</th>", col[k].name,
                   col[k].test ? "test" : compare_split(c->run[0]));
  }
  kith__page_html(p, "<th scope=\"col\">training</th></tr></thead><tbody>\n");
  for (int i = 0; i < c->n; i++) compare_row(c, p, i, n, col, best);
  kith__page_html(p, "</tbody></table></div>\n");
}

/* ---- settings that differ ---- */

/* The value that a configuration key has for a key: out [COMPARE_WORD]; false: its default. */
static bool compare_word(const char *config, const char *key, size_t size, char *out) {
  const size_t n = strlen(key);
  for (const char *w = config; w && *w; w += strcspn(w, " "), w += *w == ' ') {
    if (strncmp(w, key, n) != 0 || w[n] != '=') continue;
    snprintf(out, size, "%.*s", (int)(strcspn(w, " ") - n - 1), w + n + 1);
    return true;
  }
  snprintf(out, size, "default");
  return false;
}

/* Whether all runs have the same value of a key. */
static bool compare_same(const compare *c, const char *key) {
  char first[COMPARE_WORD], other[COMPARE_WORD];
  compare_word(c->run[0]->from.config_key, key, sizeof first, first);
  for (int i = 1; i < c->n; i++) {
    compare_word(c->run[i]->from.config_key, key, sizeof other, other);
    if (strcmp(first, other) != 0) return false;
  }
  return true;
}

static void compare_setting(const compare *c, report_page *p, const char *key) {
  char value[COMPARE_WORD];
  kith__page_put(p, "<tr><th scope=\"row\">%s</th>", key);
  for (int i = 0; i < c->n; i++) {
    bool set = compare_word(c->run[i]->from.config_key, key, sizeof value, value);
    kith__page_put(p, set ? "<td>%s</td>" : "<td class=\"soft\">%s</td>", value);
  }
  kith__page_html(p, "</tr>\n");
}

static int compare_names(const void *a, const void *b) { return strcmp(a, b); }

/* The keys that the runs do not agree on, sorted. */
static int compare_keys(const compare *c, char (*key)[KITH_JOB_KEY_SIZE]) {
  int n = 0;
  for (int i = 0; i < c->n; i++)
    for (const char *w = c->run[i]->from.config_key; w && *w; w += strcspn(w, " "), w += *w == ' ') {
      bool seen = false;
      if (n == COMPARE_KEYS || strncmp(w, "config=", 7) == 0) continue;
      snprintf(key[n], sizeof key[n], "%.*s", (int)strcspn(w, "= "), w);
      for (int k = 0; k < n; k++) seen |= strcmp(key[k], key[n]) == 0;
      n += !seen && !compare_same(c, key[n]);
    }
  qsort(key, (size_t)n, sizeof *key, compare_names);
  return n;
}

static kith_status compare_settings(const compare *c, report_page *p) {
  kith_status st = KITH_OK;
  char(*key)[KITH_JOB_KEY_SIZE] = NULL;
  KITH_TRY(KITH_NEW(key, COMPARE_KEYS));
  const int n = compare_keys(c, key);
  if (n == 0) {
    kith__page_html(p, "<p class=\"note\">The runs have the same settings of training.</p>\n");
    goto done;
  }
  kith__page_html(p, "<div class=\"scroll\"><table><caption>Settings that differ</caption><thead><tr><th "
                     "scope=\"col\">key</th>");
  for (int i = 0; i < c->n; i++) kith__page_put(p, "<th scope=\"col\">%s</th>", c->letter[i]);
  kith__page_html(p, "</tr></thead><tbody>\n");
  for (int k = 0; k < n; k++) compare_setting(c, p, key[k]);
  kith__page_html(p, "</tbody></table></div>\n");
done:
  KITH_FREE(key);
  return st;
}

/* ---- curves ---- */

static kith_status compare_chart(const compare *c, report_page *p, const char *member, const char *title,
                                 const char *label) {
  kith_status st = KITH_OK;
  report_series series[KITH_REPORT_RUNS];
  double *x[KITH_REPORT_RUNS] = {NULL}, *y[KITH_REPORT_RUNS] = {NULL};
  char name[KITH_REPORT_RUNS][KITH_NAME], describe[1024] = "";
  for (int i = 0; i < c->n; i++) {
    const int64_t most = c->run[i]->metrics.value ? c->run[i]->metrics.value->n : 0;
    KITH_TRY(KITH_NEW(x[i], most));
    KITH_TRY(KITH_NEW(y[i], most));
    const int64_t n = kith__report_curve(c->run[i], member, x[i], y[i]);
    snprintf(name[i], sizeof name[i], "%s", c->run[i]->label);
    series[i] = (report_series){.name = name[i], .tag = c->letter[i], .n = n, .x = x[i], .y = y[i]};
    size_t at = strlen(describe);
    if (n > 0)
      snprintf(describe + at, sizeof describe - at, "%s: %.4g at %.0f, %.4g at the last, %.0f. ",
               c->letter[i], y[i][0], x[i][0], y[i][n - 1], x[i][n - 1]);
  }
  const report_chart chart = {.title = title,
                              .x_label = "epoch",
                              .y_label = label,
                              .describe = describe,
                              .n_series = c->n,
                              .series = series};
  kith__chart_put(p, &chart);
done:
  for (int i = 0; i < c->n; i++) {
    KITH_FREE(x[i]);
    KITH_FREE(y[i]);
  }
  return st;
}

/* Runs of several graphs have other held-out items. */
static void compare_warn(const compare *c, report_page *p) {
  for (int i = 1; i < c->n; i++) {
    const report_run *a = c->run[0], *b = c->run[i];
    bool other = a->has_rows && b->has_rows && a->from.fingerprint != b->from.fingerprint;
    if (other)
      kith__page_prose(p, "missing",
                       "Run %s is of another graph than A: its held-out items are others, and its figures "
                       "cannot be compared.",
                       c->letter[i]);
    if (strcmp(compare_split(a), compare_split(b)) != 0)
      kith__page_prose(p, "missing", "Epochs of run %s were measured on %s, those of A on %s.", c->letter[i],
                       compare_split(b)[0] ? compare_split(b) : "nothing",
                       compare_split(a)[0] ? compare_split(a) : "nothing");
  }
}

static kith_status compare_write(kith_report *r, report_page *p) {
  kith_status st = KITH_OK;
  compare c;
  compare_column col[COMPARE_METRICS];
  char label[2 * KITH_NAME];
  if (r->n_other == 0) return st;
  compare_begin(&c, r);
  compare_table(&c, p);
  compare_warn(&c, p);
  kith__charts_begin(p);
  const int n = compare_columns(&c, col);
  for (int k = 0; k < n && !col[k].test; k++) {
    snprintf(label, sizeof label, "%s, %s split", col[k].name, compare_split(&r->run));
    KITH_TRY(compare_chart(&c, p, col[k].member, col[k].name, label));
  }
  KITH_TRY(compare_chart(&c, p, "loss", "Loss", "mean loss of an example"));
  kith__charts_end(p);
  KITH_TRY(compare_settings(&c, p));
done:
  return st;
}

const report_section kith__section_compare = {"compare", "Side by side", compare_write};
