/* Section: the metrics of kith evaluate, against baselines, by groups of users and items, and what they are.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "report/section.h"

/* The words of docs/metrics.md. */
static const struct metrics_term {
  const char *member, *name, *meaning;
} metrics_term[] = {
    {"recall", "Recall", "hits in the top K, divided by the number of the user's held-out items"},
    {"ndcg", "NDCG",
     "sum of 1 / log2(p + 1) over the positions p of hits in the top K, divided by the largest that it can "
     "be"},
    {"hit_rate", "HitRate", "1 if there is a hit in the top K, else 0"},
    {"precision", "Precision", "hits in the top K, divided by K"},
    {"mrr", "MRR", "1 / position of the first hit; 0 if there is none in the top K"},
};
enum { METRICS_TERMS = (int)(sizeof metrics_term / sizeof *metrics_term), METRICS_K = 16 };

static const char *const metrics_split[2] = {"valid", "test"};

/* The cutoffs of a result, in its order; their number. */
static int metrics_cutoffs(const kith_json_value *of, int *k) {
  int n = 0;
  for (const kith_json_value *v = of->first; v && n < METRICS_K; v = v->next)
    /* NOLINTNEXTLINE(cert-err34-c): names written by kith evaluate */
    if (strncmp(v->name, "recall@", 7) == 0 && sscanf(v->name + 7, "%d", &k[n]) == 1) n++;
  return n;
}

static double metrics_value(const kith_json_value *of, int term, int k) {
  char name[KITH_NAME];
  snprintf(name, sizeof name, "%s@%d", metrics_term[term].member, k);
  return kith_json_number(of, name, NAN);
}

static void metrics_begin(report_page *p, const char *caption, const char *first) {
  kith__page_put(p,
                 "<div class=\"scroll\"><table class=\"figures\"><caption>%s</caption><thead><tr><th "
                 "scope=\"col\">%s</th>",
                 caption, first);
}

static void metrics_columns(report_page *p, int n_term) {
  for (int t = 0; t < n_term; t++) kith__page_put(p, "<th scope=\"col\">%s</th>", metrics_term[t].name);
}

static void metrics_end(report_page *p) { kith__page_html(p, "</tbody></table></div>\n"); }

/* ---- the model and baselines ---- */

static void metrics_row(report_page *p, const char *name, bool is_this, const kith_json_value *of, int k,
                        double most) {
  kith__page_put(p, "<tr class=\"%s\"><th scope=\"row\">%s</th>", is_this ? "this" : "other", name);
  if (most > 0) kith__bar_put(p, metrics_value(of, 0, k), most);
  for (int t = 0; t < METRICS_TERMS; t++)
    kith__page_put(p, "<td>%s</td>", PAGE_METRIC(metrics_value(of, t, k)));
}

static void metrics_cost(report_page *p, const kith_json_value *of) {
  double seconds = kith_json_number(of, "seconds", NAN), bytes = kith_json_number(of, "memory_bytes", NAN);
  kith__page_put(p, "<td>%s</td><td>%s</td></tr>\n", isfinite(seconds) ? PAGE_SECONDS(seconds) : "",
                 isfinite(bytes) ? PAGE_BYTES(bytes) : "");
}

/* What the baselines were set to, in a line each: "itemknn: neighbors 200, …, chosen on validation". */
static void metrics_settings(report_page *p, const kith_json_value *b) {
  char value[KITH_NAME];
  for (; b; b = b->next) {
    const kith_json_value *s = kith_json_get(b, "settings"), *chosen = kith_json_get(s, "chosen");
    const char *name = kith_json_text(b, "name");
    int n = 0;
    if (!s || s->n == 0) continue;
    kith__page_put(p, "<p class=\"note\">%s:", name ? name : "?");
    for (const kith_json_value *v = s->first; v; v = v->next) {
      if (v == chosen || v->kind == KITH_JSON_BOOL) continue;
      if (v->kind == KITH_JSON_NUMBER) kith_real_print(v->number, sizeof value, value);
      else snprintf(value, sizeof value, "%s", v->kind == KITH_JSON_TEXT ? v->text : "?");
      kith__page_put(p, "%s %s %s", n++ ? "," : "", v->name, value);
    }
    if (chosen) kith__page_put(p, ", %s", chosen->number != 0 ? "chosen on validation" : "by default");
    kith__page_html(p, "</p>\n");
  }
}

/* How the model compares with the best baseline, and what else could be asked for. */
static void metrics_judge(const kith_report *r, report_page *p, const kith_json_value *e,
                          const kith_json_value *b, int k) {
  const kith_json_value *best = b;
  const double own = metrics_value(e, 0, k);
  if (!b) return;
  for (const kith_json_value *v = b; v; v = v->next)
    if (metrics_value(v, 0, k) > metrics_value(best, 0, k)) best = v;
  const double other = metrics_value(best, 0, k);
  const char *name = kith_json_text(best, "name");
  if (isfinite(own) && other > 0)
    kith__page_prose(p, "note", "The model has %.2f times the Recall@%d of %s, %s.%s", own / other, k,
                     b->next ? "the best baseline" : "the only baseline that was run", name ? name : "?",
                     own < other
                         ? " A baseline that is better says that the model, or its training, can be improved."
                         : "");
  if (!b->next)
    kith__page_prose(
        p, "note", "There are others to compare with: `kith evaluate %s%s --baseline popular,itemknn,ease`.",
        r->o->job_args, r->o->refit ? " --refit" : "");
}

static void metrics_models(const kith_report *r, report_page *p, const kith_json_value *e, int k) {
  char caption[128];
  const kith_json_value *baselines = kith_json_get(e, "baselines"), *b = baselines ? baselines->first : NULL;
  double most = b ? metrics_value(e, 0, k) : 0;
  for (const kith_json_value *v = b; v; v = v->next) most = fmax(most, metrics_value(v, 0, k));
  snprintf(caption, sizeof caption, "At K = %d%s", k, b ? ", against baselines on the same split" : "");
  metrics_begin(p, caption, "");
  if (b) kith__page_html(p, "<th scope=\"col\" class=\"bar\"></th>");
  metrics_columns(p, METRICS_TERMS);
  if (b) kith__page_html(p, "<th scope=\"col\">time</th><th scope=\"col\">memory</th>");
  kith__page_html(p, "</tr></thead><tbody>\n");
  metrics_row(p, r->run.label, true, e, k, most);
  kith__page_html(p, b ? "<td></td><td></td></tr>\n" : "</tr>\n");
  for (; b; b = b->next) {
    const char *name = kith_json_text(b, "name");
    metrics_row(p, name ? name : "?", false, b, k, most);
    metrics_cost(p, b);
  }
  metrics_end(p);
  metrics_judge(r, p, e, baselines ? baselines->first : NULL, k);
  metrics_settings(p, baselines ? baselines->first : NULL);
}

static void metrics_all_cutoffs(report_page *p, const kith_json_value *e, int n, const int *k) {
  if (n < 2) return;
  metrics_begin(p, "By cutoff", "K");
  metrics_columns(p, METRICS_TERMS);
  kith__page_html(p, "</tr></thead><tbody>\n");
  for (int i = 0; i < n; i++) {
    kith__page_put(p, "<tr><th scope=\"row\">%d</th>", k[i]);
    for (int t = 0; t < METRICS_TERMS; t++)
      kith__page_put(p, "<td>%s</td>", PAGE_METRIC(metrics_value(e, t, k[i])));
    kith__page_html(p, "</tr>\n");
  }
  metrics_end(p);
}

/* ---- groups ---- */

typedef struct metrics_groups {
  const char *member, *caption, *column, *who;
} metrics_groups;

static const metrics_groups metrics_group[2] = {
    {"users", "Users by their number of training interactions", "interactions", "users"},
    {"items", "Items by popularity, their number of training interactions", "interactions", "items"}};

static void metrics_range(const kith_json_value *g, size_t size, char *text) {
  const double from = kith_json_number(g, "from", 0), to = kith_json_number(g, "to", NAN);
  if (!isfinite(to)) snprintf(text, size, "%.0f and more", from);
  else if (to == from) snprintf(text, size, "%.0f", from);
  else snprintf(text, size, "%.0f – %.0f", from, to);
}

/* A bound of the standard error of a group's recall: a number from 0 to 1 whose mean is p has a variance of
 * at most p (1 - p).  Users, or held-out pairs, count. */
static double metrics_error(const metrics_groups *of, const kith_json_value *g, int k) {
  const double p = metrics_value(g, 0, k),
               n = kith_json_number(g, "held_out", kith_json_number(g, of->member, NAN));
  return sqrt(p * (1 - p) / n);
}

/* Whether a group has a figure: items without held-out pairs have none. */
static bool metrics_has(const kith_json_value *g) { return kith_json_number(g, "held_out", 1) > 0; }

/* Who is served worst, in a sentence; none where it may be chance, or where recall and NDCG disagree: recall
 * also falls with the length of held-out lists. */
static void metrics_worst(report_page *p, const metrics_groups *of, const kith_json_value *list, int k,
                          double all) {
  const kith_json_value *worst = list->first, *by_ndcg = list->first;
  char range[64];
  while (worst->next && !metrics_has(worst)) worst = worst->next;
  for (const kith_json_value *g = list->first; g; g = g->next) {
    if (!metrics_has(g)) continue;
    if (metrics_value(g, 0, k) < metrics_value(worst, 0, k)) worst = g;
    if (metrics_value(g, 1, k) < metrics_value(by_ndcg, 1, k)) by_ndcg = g;
  }
  const bool disagree = isfinite(metrics_value(worst, 1, k)) && by_ndcg != worst;
  double value = metrics_value(worst, 0, k);
  if (!isfinite(value) || !(all > 0) || list->n < 2 || disagree) return;
  if (!(value < all - metrics_error(of, worst, k))) return;
  metrics_range(worst, sizeof range, range);
  if (value / all < 0.005)
    kith__page_prose(p, "note", "Served worst: %s with %s interactions, Recall@%d %.4f, of all %.4f.",
                     of->who, range, k, value, all);
  else
    kith__page_prose(p, "note",
                     "Served worst: %s with %s interactions, Recall@%d %.4f, %.2f times that of all.",
                     of->who, range, k, value, value / all);
}

static void metrics_group_table(report_page *p, const metrics_groups *of, const kith_json_value *groups,
                                int k, double all) {
  const kith_json_value *list = kith_json_get(groups, of->member);
  char range[64];
  double most = 0;
  if (!list || !list->first) return;
  const bool held_out = kith_json_get(list->first, "held_out") != NULL;
  const bool ndcg = isfinite(metrics_value(list->first, 1, k));
  for (const kith_json_value *g = list->first; g; g = g->next) most = fmax(most, metrics_value(g, 0, k));
  kith__page_html(p, "<div>\n");
  metrics_begin(p, of->caption, of->column);
  kith__page_put(p, "<th scope=\"col\">%s</th>", of->who);
  if (held_out) kith__page_html(p, "<th scope=\"col\">held out</th>");
  kith__page_put(p, "<th scope=\"col\" class=\"bar\"></th><th scope=\"col\">Recall@%d</th>", k);
  if (ndcg) kith__page_put(p, "<th scope=\"col\">NDCG@%d</th>", k);
  kith__page_html(p, "</tr></thead><tbody>\n");
  for (const kith_json_value *g = list->first; g; g = g->next) {
    metrics_range(g, sizeof range, range);
    kith__page_put(p, "<tr><th scope=\"row\">%s</th><td>%s</td>", range,
                   PAGE_COUNT((int64_t)kith_json_number(g, of->member, 0)));
    if (held_out) kith__page_put(p, "<td>%s</td>", PAGE_COUNT((int64_t)kith_json_number(g, "held_out", 0)));
    kith__bar_put(p, metrics_value(g, 0, k), most);
    kith__page_put(p, "<td>%s</td>", PAGE_METRIC(metrics_has(g) ? metrics_value(g, 0, k) : NAN));
    if (ndcg) kith__page_put(p, "<td>%s</td>", PAGE_METRIC(metrics_value(g, 1, k)));
    kith__page_html(p, "</tr>\n");
  }
  metrics_end(p);
  metrics_worst(p, of, list, k, all);
  kith__page_html(p, "</div>\n");
}

/* ---- the section ---- */

static void metrics_define(report_page *p) {
  kith__page_html(p,
                  "<details><summary>What these figures are</summary>\n<p class=\"note\">For each user with "
                  "held-out items the model ranks all items but those of the user's training interactions "
                  "(on the test split, but those of validation, too). Every figure is the mean over these "
                  "users.</p>\n<dl class=\"terms\">\n");
  for (int t = 0; t < METRICS_TERMS; t++)
    kith__page_put(p, "<dt>%s@K</dt><dd>%s</dd>\n", metrics_term[t].name, metrics_term[t].meaning);
  kith__page_html(p, "</dl></details>\n");
}

static void metrics_say(report_page *p, const kith_json_value *e, const char *split) {
  const char *protocol = kith_json_text(e, "protocol"), *candidates = kith_json_text(e, "candidates");
  const bool sampled = protocol && strcmp(protocol, "full") != 0;
  kith__page_put(p, "<p>%s users with held-out items, %s split%s%s%s.</p>\n",
                 PAGE_COUNT((int64_t)kith_json_number(e, "users", 0)), split, sampled ? ", protocol " : "",
                 sampled ? protocol : "", sampled ? " (not comparable with full ranking)" : "");
  if (candidates && strcmp(candidates, "all") != 0)
    kith__page_put(p, "<p class=\"note\">Ranked items: %s.</p>\n", candidates);
}

static void metrics_split_put(const kith_report *r, report_page *p, int split) {
  const kith_json_value *e = r->run.evaluate[split].value, *groups = kith_json_get(e, "groups");
  int k[METRICS_K], n = metrics_cutoffs(e, k);
  if (n == 0) {
    kith__page_missing(p, "metrics", "`%s/evaluate-%s.json` has no metrics at a cutoff.", r->run.folder,
                       metrics_split[split]);
    return;
  }
  metrics_say(p, e, metrics_split[split]);
  if (n == 1 || kith_json_get(e, "baselines")) metrics_models(r, p, e, k[n - 1]);
  metrics_all_cutoffs(p, e, n, k);
  kith__page_html(p, "<div class=\"pair\">\n");
  for (int i = 0; i < 2 && groups; i++)
    metrics_group_table(p, &metrics_group[i], groups, k[n - 1], metrics_value(e, 0, k[n - 1]));
  kith__page_html(p, "</div>\n");
  if (!groups)
    kith__page_missing(p, "metrics by group of users and items",
                       "`%s/evaluate-%s.json` has no groups: run `kith evaluate %s%s` again.", r->run.folder,
                       metrics_split[split], r->o->job_args, r->o->refit ? " --refit" : "");
  if (!kith_json_get(e, "baselines"))
    kith__page_missing(p, "baselines", "run `kith evaluate %s%s --baseline popular,itemknn,ease`.",
                       r->o->job_args, r->o->refit ? " --refit" : "");
}

/* Where the validation split tells enough, nobody is sent to read the test split: not of a sweep's best
 * trial, whose refit is for that, and not before all is decided. */
static void metrics_missing(const kith_report *r, report_page *p, int split) {
  const report_run *run = &r->run;
  const bool valid = run->has_rows && run->sizes.n_valid > 0 && !r->o->refit && !run->stale[1];
  if (valid) split = 0;
  kith__page_missing(p, "metrics, baselines and who is served badly",
                     "`%s/evaluate-%s.json` is %s: run `kith %s %s%s%s`.", run->folder, metrics_split[split],
                     run->stale[split] ? "of another training than embeddings.h5" : "not there",
                     run->has_rows ? "evaluate" : "train", r->o->job_args, r->o->refit ? " --refit" : "",
                     valid ? " --split valid" : "");
}

/* The test split, or validation where test is not held out or was not read. */
static kith_status metrics_write(kith_report *r, report_page *p) {
  const report_run *run = &r->run;
  if (r->o->job->task != KITH_TASK_RECOMMEND || r->o->job->stream.known != KITH_STREAM_NONE) return KITH_OK;
  const int split = run->evaluate[1].value || run->stale[1] || !run->evaluate[0].value;
  if (run->evaluate[split].value) {
    metrics_split_put(r, p, split);
    metrics_define(p);
  } else metrics_missing(r, p, split);
  return KITH_OK;
}

const report_section kith__section_metrics = {"metrics", "Metrics", metrics_write};
