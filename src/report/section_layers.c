/* Section: over-smoothing, how alike the rows of nodes become from layer to layer. */
#include <math.h>
#include <stdio.h>

#include "report/section.h"

enum { LAYERS_MOST = KITH_MAX_LAYER_OUTPUTS };

/* The two figures of docs/metrics.md. */
static const struct layers_figure {
  const char *member, *title, *y_label;
  bool is_log;
} layers_figure[2] = {{"layer_cosine", "Likeness of all rows", "mean cosine, by layer", false},
                      {"layer_energy", "Difference of neighbors", "Dirichlet energy, by layer", true}};

static int layers_read(const kith_json_value *line, const char *name, double *out) {
  const kith_json_value *list = kith_json_get(line, name), *v = list ? list->first : NULL;
  int n = 0;
  for (; v && n < LAYERS_MOST; v = v->next) out[n++] = kith_json_number(v, NULL, NAN);
  return n;
}

/* The line of the picked epoch or, if that has no figures, the last one that has. */
static const kith_json_value *layers_line(const report_run *run) {
  const kith_json_value *line = kith__report_picked_line(run);
  if (line && kith_json_get(line, "layer_cosine")) return line;
  line = NULL;
  for (const kith_json_value *v = run->metrics.value->first; v; v = v->next)
    if (kith_json_get(v, "layer_cosine")) line = v;
  return line;
}

/* ---- over epochs ---- */

typedef struct layers_curves {
  int n; /* curves: all layers, or some of many, evenly */
  int64_t n_epoch;
  double *x, *y; /* [n_epoch], [n, room] */
  int64_t room;
  char tag[CHART_SERIES][8];
  report_series series[CHART_SERIES];
} layers_curves;

/* Which layer a curve is of; the first is the input rows, the last one the last layer. */
static int layers_of_curve(const layers_curves *c, int n_layer, int k) {
  return c->n < 2 ? 0 : k * (n_layer - 1) / (c->n - 1);
}

static void layers_fill(const report_run *run, const char *member, int n_layer, layers_curves *c) {
  double value[LAYERS_MOST];
  c->n_epoch = 0;
  for (const kith_json_value *v = run->metrics.value->first; v; v = v->next) {
    if (kith_json_get(v, "measured_again") || layers_read(v, member, value) != n_layer) continue;
    for (int k = 0; k < c->n; k++) c->y[k * c->room + c->n_epoch] = value[layers_of_curve(c, n_layer, k)];
    c->x[c->n_epoch++] = kith_json_number(v, "epoch", NAN);
  }
  for (int k = 0; k < c->n; k++) {
    snprintf(c->tag[k], sizeof c->tag[k], "%d", layers_of_curve(c, n_layer, k));
    c->series[k] = (report_series){
        .name = c->tag[k], .tag = c->tag[k], .n = c->n_epoch, .x = c->x, .y = c->y + k * c->room};
  }
}

static void layers_chart(report_page *p, const layers_curves *c, const struct layers_figure *f) {
  char describe[512];
  const report_series *first = &c->series[0], *last = &c->series[c->n - 1];
  const int64_t end = c->n_epoch - 1;
  if (c->n_epoch == 0) return;
  snprintf(describe, sizeof describe,
           "A curve for each layer, 0 being the input rows. At the last measured epoch %.0f it is %.4g in "
           "the input "
           "rows and %.4g in layer %s, the last one.",
           c->x[end], first->y[end], last->y[end], last->name);
  kith__chart_put(p, &(report_chart){.title = f->title,
                                     .x_label = "epoch",
                                     .y_label = f->y_label,
                                     .describe = describe,
                                     .n_series = c->n,
                                     .series = c->series,
                                     .log_y = f->is_log});
}

static kith_status layers_curves_put(const report_run *run, report_page *p, int n_layer) {
  kith_status st = KITH_OK;
  layers_curves c = {.n = n_layer < CHART_SERIES ? n_layer : CHART_SERIES, .room = run->metrics.value->n};
  KITH_TRY(KITH_NEW(c.x, c.room));
  KITH_TRY(KITH_NEW(c.y, c.room * c.n));
  kith__charts_begin(p);
  for (int f = 0; f < 2; f++) {
    layers_fill(run, layers_figure[f].member, n_layer, &c);
    layers_chart(p, &c, &layers_figure[f]);
  }
  kith__charts_end(p);
done:
  KITH_FREE(c.x);
  KITH_FREE(c.y);
  return st;
}

/* ---- of one epoch ---- */

static void layers_table(report_page *p, int n, const double *cosine, const double *energy, double epoch) {
  double most = 0;
  for (int i = 0; i < n; i++) most = fmax(most, energy[i]);
  kith__page_put(
      p,
      "<div class=\"scroll\"><table><caption>After epoch %.0f</caption><thead><tr><th "
      "scope=\"col\">layer</th><th scope=\"col\">mean cosine</th><th scope=\"col\" class=\"l\"></th><th "
      "scope=\"col\">energy</th><th scope=\"col\" class=\"l\"></th></tr></thead><tbody>\n",
      epoch);
  for (int i = 0; i < n; i++) {
    if (i == 0) kith__page_html(p, "<tr><th scope=\"row\">0, input rows</th>");
    else kith__page_put(p, "<tr><th scope=\"row\">%d</th>", i);
    kith__page_put(p, "<td>%.4f</td>", cosine[i]);
    kith__bar_put(p, fmax(cosine[i], 0), 1);
    kith__page_put(p, "<td>%.4g</td>", energy[i]);
    kith__bar_put(p, energy[i], most);
    kith__page_html(p, "</tr>\n");
  }
  kith__page_html(p, "</tbody></table></div>\n");
}

static kith_status layers_write(kith_report *r, report_page *p) {
  kith_status st = KITH_OK;
  double cosine[LAYERS_MOST], energy[LAYERS_MOST];
  const kith_job *job = r->o->job;
  if (job->blend.n_model > 0 || job->stream.model != KITH_STREAM_NO_MODEL) return st;
  if (job->model.sequence == KITH_SEQUENCE_SASREC || !r->run.metrics.value || r->run.metrics.value->n == 0)
    return st;
  if (kith_json_get(r->run.metrics.value->first, "round") || kith_model_n_layer(&job->model) == 0) return st;
  const kith_json_value *line = layers_line(&r->run);
  if (!line) {
    kith__page_prose(
        p, "note",
        "Over-smoothing, how alike the rows of nodes become from layer to layer, was not measured: "
        "`evaluate.oversmoothing: true` in the job does, in each evaluation of the next training.");
    return st;
  }
  const int n = layers_read(line, "layer_cosine", cosine);
  if (layers_read(line, "layer_energy", energy) != n || n == 0) return st;
  kith__page_prose(
      p, "note",
      "The mean cosine of the rows of two nodes, and the energy, how much the rows of neighbors differ. "
      "Where layers make all rows alike, the cosine goes to 1 and the energy to 0: over-smoothing. "
      "Fewer layers then keep more of what distinguishes nodes.");
  KITH_TRY(layers_curves_put(&r->run, p, n));
  layers_table(p, n, cosine, energy, kith_json_number(line, "epoch", NAN));
done:
  return st;
}

const report_section kith__section_layers = {"layers", "Layers", layers_write};
