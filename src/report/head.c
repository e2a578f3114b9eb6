/* The top of the page: what was trained, on what, and how well it does. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "model/model.h"
#include "report/section.h"

static void head_model(const kith_report *r, report_page *p) {
  const kith_job *job = r->o->job;
  if (job->blend.n_model > 0) {
    kith__page_put(p, "A blend of %d models", job->blend.n_model);
    return;
  }
  kith__page_put(p, "%s of %d dimensions", kith_model_text(job->model.name), job->model.dim);
  if (kith_model_has_steps(&job->model) && job->model.layers > 0)
    kith__page_put(p, ", %d layers", job->model.layers);
}

static void head_sizes(const report_sizes *s, report_page *p) {
  if (!s->is) return;
  if (s->n_class > 0)
    kith__page_put(p, " on %s nodes of %s classes, %s edges, %s features", PAGE_COUNT(s->n_node),
                   PAGE_COUNT(s->n_class), PAGE_COUNT(s->n_edge), PAGE_COUNT(s->n_feature));
  else
    kith__page_put(p, " on %s users, %s items and %s training interactions", PAGE_COUNT(s->n_user),
                   PAGE_COUNT(s->n_item), PAGE_COUNT(s->n_train));
}

static void head_fact(report_page *p, const char *value, const char *what) {
  kith__page_put(p, "<div><b>%s</b><span>%s</span></div>\n", value, what);
}

/* "Recall@20" of "recall@20". */
static void head_metric_name(const char *key, size_t size, char *text) {
  const char *at = strchr(key, '@');
  const char *name = strncmp(key, "recall", 6) == 0 ? "Recall" : strncmp(key, "ndcg", 4) == 0 ? "NDCG" : key;
  snprintf(text, size, "%s%s", name, at && name != key ? at : "");
}

/* The metrics at the largest cutoff of a result. */
static void head_metrics(const kith_json_value *of, const char *split, report_page *p) {
  static const char *const prefix[] = {"recall@", "ndcg@"};
  char name[KITH_NAME], what[2 * KITH_NAME];
  for (int i = 0; i < 2; i++) {
    const kith_json_value *last = NULL;
    for (const kith_json_value *v = of->first; v; v = v->next)
      if (v->kind == KITH_JSON_NUMBER && strncmp(v->name, prefix[i], strlen(prefix[i])) == 0) last = v;
    if (!last) continue;
    head_metric_name(last->name, sizeof name, name);
    snprintf(what, sizeof what, "%s, %s split", name, split);
    head_fact(p, PAGE_METRIC(last->number), what);
  }
  double accuracy = kith_json_number(of, "accuracy", kith_json_number(of, "test_accuracy", NAN));
  snprintf(what, sizeof what, "accuracy, %s split", split);
  if (isfinite(accuracy)) head_fact(p, PAGE_METRIC(accuracy), what);
}

/* The best of the baselines, by the last recall of the result. */
static void head_baseline(const kith_json_value *of, report_page *p) {
  const kith_json_value *all = kith_json_get(of, "baselines"), *best = NULL, *last = NULL;
  char what[2 * KITH_NAME];
  for (const kith_json_value *v = of->first; v; v = v->next)
    if (v->kind == KITH_JSON_NUMBER && strncmp(v->name, "recall@", 7) == 0) last = v;
  for (const kith_json_value *b = last && all ? all->first : NULL; b; b = b->next)
    if (!best || kith_json_number(b, last->name, -1) > kith_json_number(best, last->name, -1)) best = b;
  if (!best) return;
  const char *name = kith_json_text(best, "name");
  snprintf(what, sizeof what, "Recall%s of %.40s, the best baseline", strchr(last->name, '@'),
           name ? name : "?");
  head_fact(p, PAGE_METRIC(kith_json_number(best, last->name, NAN)), what);
}

static void head_facts(const kith_report *r, report_page *p) {
  const report_run *run = &r->run;
  const kith_json_value *picked = kith__report_picked_line(run), *last = kith__report_last_line(run);
  const char *split = picked ? kith_json_text(picked, "split") : NULL;
  char text[2 * PAGE_NUMBER];
  kith__page_html(p, "<div class=\"facts\">\n");
  if (run->evaluate[1].value) {
    head_metrics(run->evaluate[1].value, "test", p);
    head_baseline(run->evaluate[1].value, p);
  } else if (split) head_metrics(picked, split, p);
  const bool rounds = last && kith_json_get(last, "round");
  double epoch = kith_json_number(picked, "epoch", NAN), epochs = kith_json_number(last, "epoch", NAN),
         seconds = 0;
  if (rounds) epochs = kith_json_number(last, "round", NAN);
  snprintf(text, sizeof text, "%.0f", isfinite(epoch) ? epoch : epochs);
  if (isfinite(epoch)) head_fact(p, text, run->has_rows ? "epoch that was exported" : "best epoch so far");
  else if (rounds) head_fact(p, text, "rounds");
  for (const kith_json_value *line = last ? run->metrics.value->first : NULL; line; line = line->next)
    seconds += kith_json_number(line, "seconds", 0);
  if (last) {
    snprintf(text, sizeof text, "training, %.0f %s", epochs, rounds ? "rounds" : "epochs");
    head_fact(p, PAGE_SECONDS(seconds), text);
  }
  kith__page_html(p, "</div>\n");
}

void kith__report_head(const kith_report *r, report_page *p) {
  const bool best = r->sweep_args && r->sweep_args != r->o->job_args;
  kith__page_put(p, "<h1>%s%s</h1>\n<p class=\"sub\">", r->run.label,
                 best          ? ", the best trial"
                 : r->o->refit ? ", refit"
                               : "");
  head_model(r, p);
  head_sizes(&r->run.sizes, p);
  kith__page_html(p, "</p>\n");
  head_facts(r, p);
}
