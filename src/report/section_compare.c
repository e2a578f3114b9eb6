/* Section: several runs side by side, as a table, by the settings that differ, and as curves in one chart. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "report/compare.h"

enum { COMPARE_METRICS = 8 };

/* The split that the epochs of a run were measured on; "": none. */
static const char *compare_split(const report_run *run) {
  const kith_json_value *line = kith__report_picked_line(run);
  const char *split = line ? kith_json_text(line, "split") : NULL;
  return split ? split : "";
}

/* What the table is of; runs that share their job's name are called by their folders. */
static void compare_begin(compare *c, const kith_report *r) {
  *c = (compare){.r = r, .split = ""};
  for (int i = 0; i <= r->n_other; i++) {
    c->run[c->n] = i == 0 ? &r->run : &r->other[i - 1];
    c->letter[c->n][0] = (char)('A' + c->n);
    if (!c->split[0]) c->split = compare_split(c->run[c->n]);
    c->n++;
  }
  if (!c->split[0]) c->split = "valid"; /* that of kith evaluate, if any */
  for (int i = 0; i < c->n; i++) {
    c->name[i] = c->run[i]->label;
    for (int k = 0; k < c->n; k++)
      if (k != i && strcmp(c->run[k]->label, c->run[i]->label) == 0) c->name[i] = c->run[i]->folder;
  }
}

/* ---- the table ---- */

/* A column: a member of what each run says of a split. */
typedef struct compare_column {
  const char *member;
  char name[KITH_NAME]; /* for people */
  bool test;
} compare_column;

/* The results of a run that a column may be of, null where there are none: of what epochs were measured on
 * the picked line, and else what kith evaluate wrote of that split. */
static void compare_results(const compare *c, int i, bool test, const kith_json_value *of[2]) {
  const report_run *run = c->run[i];
  const char *split = compare_split(run);
  of[0] = of[1] = NULL;
  if (test) of[0] = run->evaluate[1].value;
  else {
    if (!split[0] || strcmp(split, c->split) == 0) of[0] = kith__report_picked_line(run);
    of[1] = strcmp(c->split, "valid") == 0 ? run->evaluate[0].value : run->evaluate[1].value;
  }
}

static double compare_value(const compare *c, int i, const compare_column *col) {
  const kith_json_value *of[2];
  compare_results(c, i, col->test, of);
  return kith_json_number(of[0], col->member, kith_json_number(of[1], col->member, NAN));
}

/* The last member of a prefix, which is that of the largest cutoff; null: none. */
static const char *compare_member(const compare *c, bool test, const char *prefix) {
  const char *found = NULL;
  const kith_json_value *of[2];
  for (int i = 0; i < c->n && !found; i++) {
    compare_results(c, i, test, of);
    for (int k = 0; k < 2 && !found; k++)
      for (const kith_json_value *v = of[k] ? of[k]->first : NULL; v; v = v->next)
        if (v->name && v->kind == KITH_JSON_NUMBER && strncmp(v->name, prefix, strlen(prefix)) == 0)
          found = v->name;
  }
  return found;
}

/* Columns for the members that some run has. */
static int compare_columns(const compare *c, compare_column *col) {
  static const char *const prefix[] = {"recall@", "ndcg@", "accuracy"};
  int n = 0;
  for (int test = 0; test < 2; test++)
    for (size_t k = 0; k < sizeof prefix / sizeof *prefix; k++) {
      const char *found = compare_member(c, test > 0, prefix[k]);
      if (!found) continue;
      col[n] = (compare_column){.member = found, .test = test > 0};
      kith__report_metric_name(found, col[n++].name);
    }
  return n;
}

/* How items were ranked for the figures that kith evaluate wrote; "" where they are not the column's. */
static void compare_how(const compare *c, int i, bool test, char *text) {
  const kith_json_value *of[2], *mask = NULL;
  compare_results(c, i, test, of);
  const kith_json_value *e = test ? of[0] : of[0] ? NULL : of[1];
  text[0] = '\0';
  if (!e || c->r->run.sizes.n_class > 0) return;
  const char *protocol = kith_json_text(e, "protocol"), *candidates = kith_json_text(e, "candidates");
  int n = snprintf(text, KITH_PATH, "protocol %.40s, candidates %.40s", protocol ? protocol : "full",
                   candidates ? candidates : "all");
  mask = kith_json_get(e, "mask");
  for (const kith_json_value *m = mask ? mask->first : NULL; m && n < KITH_PATH / 2; m = m->next)
    if (m->kind == KITH_JSON_TEXT) n += snprintf(text + n, (size_t)(KITH_PATH - n), ", mask %.40s", m->text);
}

/* Whether run i was ranked as the first run of a column was; `first` [KITH_PATH] is how that was. */
static bool compare_is_ranked_alike(const compare *c, int i, bool test, char *first) {
  char how[KITH_PATH];
  int k = 0;
  first[0] = '\0';
  for (; k < c->n && !first[0]; k++) compare_how(c, k, test, first);
  compare_how(c, i, test, how);
  return !how[0] || strcmp(how, first) == 0;
}

static void compare_row(const compare *c, report_page *p, int i, int n_col, const compare_column *col,
                        const double *best) {
  const report_run *run = c->run[i];
  const kith_json_value *picked = kith__report_picked_line(run), *last = kith__report_last_line(run);
  const double epoch = kith_json_number(picked, "epoch", NAN);
  const report_seconds took = kith__report_seconds(run);
  const bool by_folder = strcmp(c->name[i], run->folder) == 0;
  const char *key = run->from.config_key, *sasrec = key ? strstr(key, " model.sequence=sasrec") : NULL;
  kith__page_put(p, "<tr><th scope=\"row\" class=\"run\"><b class=\"t%d\">%s</b> %s", i, c->letter[i],
                 c->name[i]);
  kith__page_put(p, "<span class=\"under\">%s%s%s</span></th>", by_folder ? "" : run->folder,
                 by_folder || !run->has_rows ? "" : ", ",
                 !run->has_rows ? ""
                 : sasrec       ? "sasrec"
                                : run->from.model);
  for (int k = 0; k < n_col; k++) {
    double x = compare_value(c, i, &col[k]);
    kith__page_put(p, x == best[k] ? "<td><b>%s</b></td>" : "<td>%s</td>", PAGE_METRIC(x));
  }
  kith__page_put(p, isfinite(epoch) ? "<td>%.0f</td>" : "<td></td>", epoch);
  kith__page_put(p, "<td>%s</td></tr>\n",
                 last ? PAGE_SECONDS(took.steps + took.evaluate + took.checkpoint) : "");
}

/* The best value of a column, if there are two of the graph of the first run, ranked alike. */
static double compare_best(const compare *c, const compare_column *col) {
  char first[KITH_PATH];
  double best = NAN;
  int n = 0;
  for (int i = 0; i < c->n; i++) {
    const double x = compare_value(c, i, col);
    if (!compare_is_ranked_alike(c, i, col->test, first)) continue;
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
  kith__page_html(p, "<div class=\"scroll\"><table><thead><tr><th scope=\"col\">run</th>");
  for (int k = 0; k < n; k++) {
    best[k] = compare_best(c, &col[k]);
    kith__page_put(p, "<th scope=\"col\">%s, %s</th>", col[k].name, col[k].test ? "test" : c->split);
  }
  kith__page_html(p, "<th scope=\"col\">epoch</th><th scope=\"col\">training</th></tr></thead><tbody>\n");
  for (int i = 0; i < c->n; i++) compare_row(c, p, i, n, col, best);
  kith__page_html(p, "</tbody></table></div>\n");
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
    snprintf(name[i], sizeof name[i], "%s", c->name[i]);
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

/* Figures of another split than the others', or none. */
static void compare_warn_split(const compare *c, report_page *p, int i) {
  const char *split = compare_split(c->run[i]);
  const kith_json_value *of[2];
  compare_results(c, i, false, of);
  if (split[0] && strcmp(split, c->split) != 0)
    kith__page_prose(p, "missing",
                     "Epochs of run %s were measured on %s: they have no curve beside those on %s.",
                     c->letter[i], split, c->split);
  else if (!split[0] && of[1])
    kith__page_prose(p, "note",
                     "No epoch of run %s was measured: its figures on %s are those of `kith evaluate`.",
                     c->letter[i], c->split);
  else if (!split[0] && c->r->run.sizes.n_class == 0)
    kith__page_prose(
        p, "missing",
        "No epoch of run %s was measured: `kith evaluate` of its job with `--split %s` measures it.",
        c->letter[i], c->split);
}

/* Figures of sampled candidates, or of other masks, beside those of all items. */
static void compare_warn_ranked(const compare *c, report_page *p, int i) {
  char first[KITH_PATH], how[KITH_PATH];
  for (int test = 0; test < 2; test++) {
    if (compare_is_ranked_alike(c, i, test > 0, first)) continue;
    compare_how(c, i, test > 0, how);
    kith__page_prose(
        p, "missing",
        "Run %s was ranked on %s with %s, and the first run with %s: these figures cannot be compared.",
        c->letter[i], test ? "test" : c->split, how, first);
  }
}

/* Whether one is of the graph that the other one updates, with the same held-out items: in streams they move.
 */
static bool compare_is_update(const report_run *a, const report_run *b) {
  const report_sizes *x = &a->sizes, *y = &b->sizes;
  const bool behind = x->parent != 0 && x->parent == y->fingerprint;
  return (behind || (y->parent != 0 && y->parent == x->fingerprint)) && x->n_valid == y->n_valid &&
         x->n_test == y->n_test;
}

/* Runs of several graphs have other held-out items, unless one is an update of the other. */
static void compare_warn(const compare *c, report_page *p) {
  for (int i = 1; i < c->n; i++) {
    const report_run *a = c->run[0], *b = c->run[i];
    bool other = a->has_rows && b->has_rows && a->from.fingerprint != b->from.fingerprint;
    if (other && compare_is_update(a, b))
      kith__page_prose(p, "note",
                       "Runs A and %s are before and after an update: their held-out interactions are the "
                       "same, but new items are ranked as well.",
                       c->letter[i]);
    else if (other)
      kith__page_prose(p, "missing",
                       "Run %s is of another graph than A: its held-out items are others, and its figures "
                       "cannot be compared.",
                       c->letter[i]);
  }
  for (int i = 0; i < c->n; i++) {
    compare_warn_split(c, p, i);
    compare_warn_ranked(c, p, i);
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
    snprintf(label, sizeof label, "%s, %s split", col[k].name, c.split);
    KITH_TRY(compare_chart(&c, p, col[k].member, col[k].name, label));
  }
  KITH_TRY(compare_chart(&c, p, "loss", "Loss", "mean loss of an example"));
  kith__charts_end(p);
  KITH_TRY(kith__compare_settings(&c, p));
done:
  return st;
}

const report_section kith__section_compare = {"compare", "Side by side", compare_write};
