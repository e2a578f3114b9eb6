/* Section: learning curves, with the epoch that was picked. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "report/section.h"

enum { CURVES_MOST = CHART_SERIES };

typedef struct curves {
  const report_run *run;
  report_page *p;
  const kith_json_value *picked;
  const char *x_label;
  bool refit;
  double *x[CURVES_MOST], *y[CURVES_MOST];
  report_series series[CURVES_MOST];
  int n;
} curves;

static kith_status curves_alloc(curves *c) {
  kith_status st = KITH_OK;
  int64_t n = c->run->metrics.value->n;
  for (int i = 0; i < CURVES_MOST; i++) {
    KITH_TRY(KITH_NEW(c->x[i], n));
    KITH_TRY(KITH_NEW(c->y[i], n));
  }
done:
  return st;
}

static void curves_free(curves *c) {
  for (int i = 0; i < CURVES_MOST; i++) {
    KITH_FREE(c->x[i]);
    KITH_FREE(c->y[i]);
  }
}

/* Add the values of a member of the lines as a series, if any line has one: not every epoch is evaluated. */
static void curves_add(curves *c, const char *member, const char *name, const char *tag) {
  if (c->n == CURVES_MOST) return;
  double *x = c->x[c->n], *y = c->y[c->n];
  int64_t n = kith__report_curve(c->run, member, x, y);
  if (n > 0) c->series[c->n++] = (report_series){.name = name, .tag = tag, .n = n, .x = x, .y = y};
}

/* What the curves show, for who cannot see them: their first and last value, and the extreme one. */
static void curves_describe(const curves *c, size_t size, char *text) {
  size_t at = 0;
  text[0] = '\0';
  for (int s = 0; s < c->n && at < size; s++) {
    const report_series *of = &c->series[s];
    int64_t last = of->n - 1, top = 0, bottom = 0;
    for (int64_t i = 0; i < of->n; i++) {
      if (of->y[i] > of->y[top]) top = i;
      if (of->y[i] < of->y[bottom]) bottom = i;
    }
    int n =
        snprintf(text + at, size - at,
                 "%s%s: %.4g at %s %.0f, %.4g at the last, %.0f; highest %.4g at %.0f, lowest %.4g at %.0f.",
                 s ? " " : "", of->name, of->y[0], c->x_label, of->x[0], of->y[last], of->x[last], of->y[top],
                 of->x[top], of->y[bottom], of->x[bottom]);
    at += n > 0 ? (size_t)n : 0;
  }
}

/* Draw what was added, with the picked epoch on the curve of `marked` (null: on none), and begin anew. */
static void curves_put(curves *c, const char *title, const char *y_label, const char *marked, bool log_y) {
  char describe[2048], mark[64];
  double epoch = kith_json_number(c->picked, "epoch", NAN),
         y = marked ? kith_json_number(c->picked, marked, NAN) : NAN;
  snprintf(mark, sizeof mark, "epoch %.0f: %.4f", epoch, y);
  curves_describe(c, sizeof describe, describe);
  const kith_json_value *end = kith__report_last_line(c->run);
  const report_chart chart = {.title = title,
                              .x_least = 1,
                              .x_most = kith_json_number(end, "epoch", kith_json_number(end, "round", 0)),
                              .x_label = c->x_label,
                              .y_label = y_label,
                              .describe = describe,
                              .n_series = c->n,
                              .series = c->series,
                              .log_y = log_y,
                              .mark = isfinite(epoch) && isfinite(y) ? mark : NULL,
                              .mark_x = epoch,
                              .mark_y = y};
  if (c->n > 0) kith__chart_put(c->p, &chart);
  c->n = 0;
}

/* A chart of a metric at all its cutoffs, with the epoch marked at the largest. */
static void curves_metric(curves *c, const char *prefix, const char *name, const char *split) {
  const char *member[8];
  char label[64];
  const int n = kith__report_metric_names(c->run, prefix, member);
  for (int i = 0; i < n; i++)
    curves_add(c, member[i], strchr(member[i], '@'), n > 1 ? strchr(member[i], '@') : NULL);
  if (c->refit && c->n > 0 && c->series[0].n == 1) c->n = 0; /* a refit measures its end alone: no curve */
  if (n == 1) snprintf(label, sizeof label, "%s%s, %s split", name, strchr(member[0], '@'), split);
  else snprintf(label, sizeof label, "%s@K, %s split", name, split);
  curves_put(c, name, label, n > 0 ? member[n - 1] : NULL, false);
}

static void curves_learned(curves *c) {
  const kith_json_value *last = kith__report_last_line(c->run);
  static const char *const prefix[] = {"relation_", "tie_", "intent_"};
  for (const kith_json_value *v = last ? last->first : NULL; v; v = v->next)
    for (size_t i = 0; i < sizeof prefix / sizeof *prefix; i++)
      if (v->kind == KITH_JSON_NUMBER && strncmp(v->name, prefix[i], strlen(prefix[i])) == 0)
        curves_add(c, v->name, v->name, NULL);
  curves_put(c, "Learned of relations", "value", NULL, false);
}

static void curves_draw(curves *c) {
  const char *split = c->picked ? kith_json_text(c->picked, "split") : NULL;
  if (!split) split = "held-out";
  kith__charts_begin(c->p);
  const bool held_out = c->picked && kith_json_get(c->picked, "held_out_loss");
  curves_add(c, "loss", "train", held_out ? "train" : NULL);
  curves_add(c, "held_out_loss", split, split);
  curves_put(c, "Loss", "mean loss of an example", NULL, false);
  curves_add(c, "residual", "residual", NULL);
  curves_put(c, "Residual", "largest of an eigenpair, relative to λ₁", NULL, true);
  curves_metric(c, "recall@", "Recall", split);
  curves_metric(c, "ndcg@", "NDCG", split);
  char label[64];
  snprintf(label, sizeof label, "share of nodes, %s split", split);
  curves_add(c, "accuracy", "accuracy", NULL);
  curves_put(c, "Accuracy", label, "accuracy", false);
  if (kith__report_metric_names(c->run, "recall@", (const char *[8]){NULL}) == 0)
    curves_metric(c, "mrr", "MRR", split);
  curves_learned(c);
  kith__charts_end(c->p);
}

static void curves_say(const kith_report *r, report_page *p, const kith_json_value *picked) {
  const char *split = picked ? kith_json_text(picked, "split") : NULL;
  const double epoch = kith_json_number(picked, "epoch", NAN);
  if (kith__report_seconds(&r->run).updates)
    kith__page_html(p, "<p class=\"note\">These are the epochs of the last update.</p>\n");
  if (!isfinite(epoch)) return;
  if (!kith__report_is_exported(&r->run))
    kith__page_prose(p, "note", "Epoch %.0f is the best so far: `embeddings.h5` is %s.", epoch,
                     r->run.has_rows ? "of an earlier run, and this one goes on, or was interrupted"
                                     : "not there, so training goes on, or was interrupted");
  else if (r->o->refit)
    kith__page_prose(p, "note",
                     "A refit trains on validation interactions, too, for the epochs that validation chose: "
                     "epoch %.0f is the one in `embeddings.h5`.",
                     epoch);
  else if (split && strcmp(split, "valid") == 0)
    kith__page_prose(p, "note",
                     "The marked epoch, %.0f, is the one in `embeddings.h5`: it was picked by the validation "
                     "split.",
                     epoch);
  else if (split)
    kith__page_prose(p, "note",
                     "The marked epoch, %.0f, is the one in `embeddings.h5`. The curves are of the %s split: "
                     "choosing settings by them is choosing by test.",
                     epoch, split);
}

/* How epochs were measured, as the picked line says; lines of earlier versions do not. */
static void curves_protocol(report_page *p, const kith_json_value *picked) {
  const char *protocol = kith_json_text(picked, "protocol"),
             *candidates = kith_json_text(picked, "candidates");
  const kith_json_value *mask = kith_json_get(picked, "mask");
  char masked[256] = "";
  size_t at = 0;
  if (!protocol) return;
  for (const kith_json_value *v = mask ? mask->first : NULL; v && at < sizeof masked; v = v->next)
    at += (size_t)snprintf(masked + at, sizeof masked - at, "%s%s", at ? ", " : "",
                           v->kind == KITH_JSON_TEXT ? v->text : "?");
  kith__page_prose(p, "note", "Epochs were measured with protocol %s: ranked are %s%s%s%s.", protocol,
                   strcmp(protocol, "full") != 0                   ? "candidates that are drawn"
                   : candidates && strcmp(candidates, "cold") == 0 ? "items without training interactions"
                                                                   : "all items",
                   masked[0] ? ", but for the user's in " : "", masked,
                   strcmp(protocol, "full") != 0 ? "; not comparable with full ranking" : "");
}

static kith_status curves_write(kith_report *r, report_page *p) {
  kith_status st = KITH_OK;
  curves c = {.run = &r->run, .p = p, .x_label = "epoch", .refit = r->o->refit};
  const kith_job *job = r->o->job;
  const bool rules = job->task == KITH_TASK_RECOMMEND && job->stream.known != KITH_STREAM_NONE &&
                     job->stream.model == KITH_STREAM_NO_MODEL;
  if (job->blend.n_model > 0 || rules) return st; /* which are not trained */
  if (!r->run.metrics.value || r->run.metrics.value->n == 0) {
    kith__page_missing(p, "learning curves", "`%s/metrics.jsonl` is %s: run `kith train %s`.", r->run.folder,
                       r->run.damaged_metrics ? "damaged" : "not there", r->o->job_args);
    return st;
  }
  c.picked = kith__report_picked_line(&r->run);
  if (kith_json_get(r->run.metrics.value->first, "round")) c.x_label = "round";
  KITH_TRY(curves_alloc(&c));
  curves_say(r, p, c.picked);
  if (c.picked) curves_protocol(p, c.picked);
  curves_draw(&c);
done:
  curves_free(&c);
  return st;
}

const report_section kith__section_curves = {"curves", "Learning curves", curves_write};
