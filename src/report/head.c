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
  if (job->task == KITH_TASK_RECOMMEND && job->stream.known != KITH_STREAM_NONE) {
    kith__page_put(p, "Rules on a stream of events%s",
                   job->stream.model == KITH_STREAM_TGN ? ", and TGN" : "");
    return;
  }
  if (job->model.sequence == KITH_SEQUENCE_SASREC)
    kith__page_put(p, "SASRec of %d dimensions%s", job->model.sasrec.dim,
                   job->model.sasrec.graph ? ", and " : "");
  if (job->model.sequence == KITH_SEQUENCE_SASREC && !job->model.sasrec.graph) return;
  kith__page_put(p, "%s of %d dimensions", kith_model_text(job->model.name), job->model.dim);
  if (kith_model_has_steps(&job->model) && job->model.layers > 0)
    kith__page_put(p, ", %s", KITH_COUNT(job->model.layers, "layer(s)"));
}

/* A refit trains on validation interactions, too. */
static void head_sizes(const report_sizes *s, bool refit, report_page *p) {
  if (!s->is) return;
  if (s->n_class > 0)
    kith__page_put(p, " on %s nodes of %s classes, %s edges, %s features", PAGE_COUNT(s->n_node),
                   PAGE_COUNT(s->n_class), PAGE_COUNT(s->n_edge), PAGE_COUNT(s->n_feature));
  else
    kith__page_put(p, " on %s users, %s items and %s training interactions%s", PAGE_COUNT(s->n_user),
                   PAGE_COUNT(s->n_item), PAGE_COUNT(s->n_train + (refit ? s->n_valid : 0)),
                   refit ? ", those of validation included" : "");
}

static void head_fact(report_page *p, const char *value, const char *what) {
  kith__page_put(p, "<div><b>%s</b><span>%s</span></div>\n", value, what);
}

/* The metrics at the largest cutoff of a result. */
static void head_metrics(const kith_json_value *of, const char *split, report_page *p) {
  static const char *const prefix[] = {"recall@", "ndcg@"};
  char name[KITH_NAME], what[2 * KITH_NAME];
  const char *protocol = kith_json_text(of, "protocol");
  const bool sampled = protocol && strcmp(protocol, "full") != 0;
  for (int i = 0; i < 2; i++) {
    const kith_json_value *last = NULL;
    for (const kith_json_value *v = of->first; v; v = v->next)
      if (v->kind == KITH_JSON_NUMBER && strncmp(v->name, prefix[i], strlen(prefix[i])) == 0) last = v;
    if (!last) continue;
    kith__report_metric_name(last->name, name);
    snprintf(what, sizeof what, "%s, %s split%s%.40s", name, split, sampled ? ", " : "",
             sampled ? protocol : "");
    head_fact(p, PAGE_METRIC(last->number), what);
  }
  double accuracy = kith_json_number(of, "accuracy", kith_json_number(of, "test_accuracy", NAN));
  snprintf(what, sizeof what, "accuracy, %s split", split);
  if (isfinite(accuracy)) head_fact(p, PAGE_METRIC(accuracy), what);
  double mrr = kith_json_number(of, "mrr", NAN);
  snprintf(what, sizeof what, "MRR of all events, %s split", split);
  if (isfinite(mrr)) head_fact(p, PAGE_METRIC(mrr), what);
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
  snprintf(what, sizeof what, "Recall%s of %.40s, the %s", strchr(last->name, '@'), name ? name : "?",
           all->n > 1 ? "best baseline" : "only baseline that was run");
  head_fact(p, PAGE_METRIC(kith_json_number(best, last->name, NAN)), what);
}

/* How long the training took, and how far it went. */
static void head_training(const report_run *run, report_page *p) {
  const kith_json_value *picked = kith__report_picked_line(run), *last = kith__report_last_line(run);
  const double epoch = kith_json_number(picked, "epoch", NAN);
  const bool rounds = last && kith_json_get(last, "round");
  char text[KITH_COUNT_SIZE + PAGE_NUMBER];
  if (!last) return;
  snprintf(text, sizeof text, "%.0f", epoch);
  if (isfinite(epoch))
    head_fact(p, text, kith__report_is_exported(run) ? "epoch that was exported" : "best epoch so far");
  const report_seconds took = kith__report_seconds(run);
  snprintf(text, sizeof text, "%s, %s%s", took.updates ? "the update" : "training",
           KITH_COUNT(took.n, rounds ? "round(s)" : "epoch(s)"),
           took.evaluate + took.checkpoint > 0 ? ", evaluated and kept" : "");
  head_fact(p, PAGE_SECONDS(took.steps + took.evaluate + took.checkpoint), text);
}

static void head_facts(const kith_report *r, report_page *p) {
  const report_run *run = &r->run;
  const kith_json_value *picked = kith__report_picked_line(run), *test = run->evaluate[1].value;
  const char *split = picked ? kith_json_text(picked, "split") : NULL;
  kith__page_html(p, "<div class=\"facts\">\n");
  if (test) {
    head_metrics(test, "test", p);
    head_baseline(test, p);
  } else if (split) head_metrics(picked, split, p);
  head_training(run, p);
  kith__page_html(p, "</div>\n");
}

void kith__report_head(const kith_report *r, report_page *p) {
  const bool best = r->sweep_args && r->sweep_args != r->o->job_args;
  kith__page_put(p, "<h1>%s%s</h1>\n<p class=\"sub\">", r->run.label,
                 best          ? ", the best trial"
                 : r->o->refit ? ", refit"
                               : "");
  head_model(r, p);
  head_sizes(&r->run.sizes, r->o->refit, p);
  kith__page_html(p, "</p>\n");
  head_facts(r, p);
}
