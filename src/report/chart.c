/* Line charts, legends and bars (chart.h). */
#include "report/chart.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CHART_POINTS = 1500 /* of a line: more than there are pixels */ };

/* The drawing, and within it the plot. */
static const double chart_width = 360, chart_height = 230, chart_top = 40, chart_bottom = 194;
/* Least distance of two tags, one above the other. */
static const double chart_line = 12;

typedef struct chart_frame {
  const report_chart *c;
  report_axis x, y;
} chart_frame;

static bool chart_has(const report_chart *c, const report_series *s, int64_t i) {
  return isfinite(s->x[i]) && isfinite(s->y[i]) && (!c->log_x || s->x[i] > 0) && (!c->log_y || s->y[i] > 0);
}

/* The range of all points; false if there are none. */
static bool chart_range(const report_chart *c, double lo[2], double hi[2]) {
  lo[0] = lo[1] = INFINITY;
  hi[0] = hi[1] = -INFINITY;
  for (int s = 0; s < c->n_series; s++)
    for (int64_t i = 0; i < c->series[s].n; i++) {
      if (!chart_has(c, &c->series[s], i)) continue;
      const double at[2] = {c->series[s].x[i], c->series[s].y[i]};
      for (int k = 0; k < 2; k++) {
        lo[k] = fmin(lo[k], at[k]);
        hi[k] = fmax(hi[k], at[k]);
      }
    }
  if (c->from_zero && !c->log_y) lo[1] = fmin(lo[1], 0);
  if (c->x_least < c->x_most) {
    lo[0] = fmin(lo[0], c->x_least);
    hi[0] = fmax(hi[0], c->x_most);
  }
  return lo[0] <= hi[0];
}

static double chart_tag_width(const report_chart *c) {
  double most = 0;
  for (int s = 0; s < c->n_series; s++)
    if (c->series[s].tag) most = fmax(most, 1.25 * kith__text_width(c->series[s].tag) + 9);
  return most;
}

static void chart_axes(report_page *p, const chart_frame *f) {
  for (int i = 0; i < f->y.n_tick; i++) {
    double at = kith__axis_at(&f->y, f->y.tick[i]);
    kith__page_put(p, "<path class=\"%s\" d=\"M%.1f %.1fH%.1f\"/>", i == 0 ? "axis" : "grid", f->x.from, at,
                   f->x.to);
    kith__page_put(p, "<text class=\"end\" x=\"%.1f\" y=\"%.1f\">%s</text>", f->x.from - 6, at + 3.8,
                   f->y.label[i]);
  }
  for (int i = 0; i < f->x.n_tick; i++) {
    double at = kith__axis_at(&f->x, f->x.tick[i]);
    kith__page_put(p, "<path class=\"axis\" d=\"M%.1f %.1fv4\"/>", at, chart_bottom);
    kith__page_put(p, "<text class=\"mid\" x=\"%.1f\" y=\"%.1f\">%s</text>", at, chart_bottom + 16,
                   f->x.label[i]);
  }
  kith__page_put(p, "<text class=\"name\" x=\"0\" y=\"11\">%s</text>", f->c->y_label);
  kith__page_put(p, "<text class=\"name end\" x=\"%.1f\" y=\"%.1f\">%s</text>", f->x.to, chart_bottom + 32,
                 f->c->x_label);
}

/* A line through all its points; a single one is a dot. */
static void chart_line_put(report_page *p, const chart_frame *f, const report_series *s, int style) {
  const int64_t every = (s->n + CHART_POINTS - 1) / CHART_POINTS;
  int64_t drawn = 0;
  kith__page_put(p, "<path class=\"line s%d\" d=\"", style);
  for (int64_t i = 0; i < s->n && !s->points; i++) {
    if (!chart_has(f->c, s, i) || (i % every != 0 && i != s->n - 1)) continue;
    kith__page_put(p, "%c%.1f %.1f", drawn++ ? ' ' : 'M', kith__axis_at(&f->x, s->x[i]),
                   kith__axis_at(&f->y, s->y[i]));
  }
  kith__page_html(p, "\"/>\n");
  for (int64_t i = 0; i < s->n && (s->points || drawn == 1); i++)
    if (chart_has(f->c, s, i))
      kith__page_put(p, "<circle class=\"dot s%d\" r=\"%.1f\" cx=\"%.1f\" cy=\"%.1f\"/>", style,
                     s->n > 100 ? 1.5 : 2.6, kith__axis_at(&f->x, s->x[i]), kith__axis_at(&f->y, s->y[i]));
}

/* The last point of a series that is drawn; -1: none. */
static int64_t chart_last(const report_chart *c, const report_series *s) {
  int64_t i = s->n - 1;
  while (i >= 0 && !chart_has(c, s, i)) i--;
  return i;
}

/* The tag of a series, where its line ends. */
typedef struct chart_tag {
  int series;
  double x, y, width;
} chart_tag;

/* Move tags, sorted from top to bottom, apart, and back into the plot where they leave it. */
static void chart_spread(int n, chart_tag *at) {
  for (int i = 1; i < n; i++) at[i].y = fmax(at[i].y, at[i - 1].y + chart_line);
  if (n > 0) at[n - 1].y = fmin(at[n - 1].y, chart_bottom);
  for (int i = n - 2; i >= 0; i--) at[i].y = fmin(at[i].y, at[i + 1].y - chart_line);
}

static int chart_compare_x(const void *a, const void *b) {
  const chart_tag *s = a, *t = b;
  return s->x != t->x ? (s->x > t->x) - (s->x < t->x) : s->series - t->series;
}

static int chart_compare_y(const void *a, const void *b) {
  const chart_tag *s = a, *t = b;
  return s->y != t->y ? (s->y > t->y) - (s->y < t->y) : s->series - t->series;
}

/* Tags at the ends of lines, none over another: those that stand in one column are moved apart.  Lines that
 * pass below a tag, which ends earlier, are hidden there. */
static void chart_tags(report_page *p, const chart_frame *f) {
  chart_tag tag[CHART_SERIES];
  int n = 0;
  for (int s = 0; s < f->c->n_series; s++) {
    const report_series *of = &f->c->series[s];
    const int64_t last = chart_last(f->c, of);
    if (of->tag && last >= 0)
      tag[n++] = (chart_tag){.series = s,
                             .x = kith__axis_at(&f->x, of->x[last]) + 6,
                             .y = kith__axis_at(&f->y, of->y[last]),
                             .width = 1.25 * kith__text_width(of->tag)};
  }
  qsort(tag, (size_t)n, sizeof *tag, chart_compare_x);
  for (int i = 0, end = 0; i < n; i = end) {
    double right = tag[i].x + tag[i].width;
    for (end = i + 1; end < n && tag[end].x < right; end++) right = fmax(right, tag[end].x + tag[end].width);
    qsort(tag + i, (size_t)(end - i), sizeof *tag, chart_compare_y);
    chart_spread(end - i, tag + i);
  }
  for (int i = 0; i < n; i++)
    kith__page_put(p, "<text class=\"halo tag t%d\" x=\"%.1f\" y=\"%.1f\">%s</text>", tag[i].series, tag[i].x,
                   tag[i].y + 3.8, f->c->series[tag[i].series].tag);
}

/* A dot with a thin line to its label above the plot. */
static void chart_mark(report_page *p, const chart_frame *f) {
  const report_chart *c = f->c;
  if (!c->mark || !isfinite(c->mark_x) || !isfinite(c->mark_y)) return;
  double x = kith__axis_at(&f->x, c->mark_x), y = kith__axis_at(&f->y, c->mark_y),
         half = 1.2 * kith__text_width(c->mark) / 2; /* which is bold */
  double label = fmin(fmax(x, half), chart_width - half);
  kith__page_put(p, "<path class=\"mark\" d=\"M%.1f %.1fV%.1f\"/>", x, chart_top - 6, chart_bottom);
  kith__page_put(p, "<circle class=\"mark\" r=\"3.5\" cx=\"%.1f\" cy=\"%.1f\"/>", x, y);
  kith__page_put(p, "<text class=\"mid strong\" x=\"%.1f\" y=\"%.1f\">%s</text>\n", label, chart_top - 10,
                 c->mark);
}

/* What a line or a dot of a series looks like. */
static void chart_swatch(report_page *p, const report_series *of, int style) {
  kith__page_html(p, "<svg class=\"swatch\" viewBox=\"0 0 28 8\" aria-hidden=\"true\">");
  if (of->points) kith__page_put(p, "<circle class=\"dot s%d\" r=\"3\" cx=\"20\" cy=\"4\"/>", style);
  else kith__page_put(p, "<path class=\"line s%d\" d=\"M1 4H27\"/>", style);
  kith__page_html(p, "</svg> ");
}

/* Not where the tags say it all. */
static void chart_legend(report_page *p, const report_chart *c) {
  bool needed = false;
  for (int s = 0; s < c->n_series; s++) {
    const report_series *of = &c->series[s];
    needed |= c->n_series > 1 && (!of->tag || strcmp(of->tag, of->name) != 0);
  }
  if (!needed) return;
  kith__page_html(p, "<p class=\"legend\">");
  for (int s = 0; s < c->n_series; s++) {
    const report_series *of = &c->series[s];
    if (chart_last(c, of) < 0) continue;
    kith__page_html(p, "<span>");
    chart_swatch(p, of, s);
    if (of->tag && strcmp(of->tag, of->name) != 0) kith__page_put(p, "<b>%s</b> ", of->tag);
    kith__page_put(p, "%s</span> ", of->name);
  }
  kith__page_html(p, "</p>\n");
}

void kith__figure_begin(report_page *p, const char *title, const char *describe, double width,
                        double height) {
  int id = kith__page_id(p);
  kith__page_put(p, "<figure><figcaption>%s</figcaption>\n", title);
  kith__page_put(p,
                 "<svg class=\"chart\" role=\"img\" viewBox=\"0 0 %.0f %.0f\" aria-labelledby=\"t%d d%d\">",
                 width, height, id, id);
  kith__page_put(p, "<title id=\"t%d\">%s</title><desc id=\"d%d\">%s</desc>\n", id, title, id, describe);
}

void kith__figure_end(report_page *p) { kith__page_html(p, "</figure>\n"); }

/* Room for dots at the ends of an axis. */
static void chart_pad(bool is_log, double *lo, double *hi) {
  if (!(*lo < *hi)) return;
  const double share = 0.04;
  if (is_log) {
    const double by = pow(*hi / *lo, share);
    *lo /= by;
    *hi *= by;
  } else {
    const double by = (*hi - *lo) * share;
    *lo -= by;
    *hi += by;
  }
}

/* Whether every point is at a whole number. */
static bool chart_is_whole(const report_chart *c) {
  for (int s = 0; s < c->n_series; s++)
    for (int64_t i = 0; i < c->series[s].n; i++)
      if (chart_has(c, &c->series[s], i) && c->series[s].x[i] != floor(c->series[s].x[i])) return false;
  return true;
}

static void chart_number_x(const report_chart *c, report_axis *x, double lo, double hi) {
  const double range = hi - lo;
  const int n = !c->log_x && chart_is_whole(c) && range >= 1 && range < 5 ? (int)range : 5;
  *x = kith__axis_make(lo, hi, c->log_x, n);
  if (c->series[0].points) chart_pad(c->log_x, &lo, &hi);
  kith__axis_trim(x, lo, hi);
}

/* Names in place of numbers, cut to the width that each has. */
static void chart_name_x(const report_chart *c, report_axis *x, double width) {
  *x = (report_axis){.lo = -0.5, .hi = c->n_x_names - 0.5, .n_tick = c->n_x_names};
  const int most = (int)(width / c->n_x_names / kith__text_width("n")) - 1;
  for (int i = 0; i < c->n_x_names; i++) {
    int n = 0, bytes = 0;
    const char *name = c->x_names[i];
    for (int step; n < most && name[bytes] && bytes < PAGE_NUMBER - 8; n++, bytes += step) {
      step = kith_utf8_length(name + bytes);
      if (step == 0) step = 1;
    }
    x->tick[i] = i;
    snprintf(x->label[i], PAGE_NUMBER, "%.*s%s", bytes, name, name[bytes] ? "…" : "");
  }
}

void kith__chart_put(report_page *p, const report_chart *c) {
  chart_frame f = {.c = c};
  double lo[2], hi[2];
  if (!chart_range(c, lo, hi)) return;
  f.y = kith__axis_make(lo[1], hi[1], c->log_y, 4);
  f.y.from = chart_bottom;
  f.y.to = chart_top;
  const double left = kith__axis_label_width(&f.y) + 8;
  if (c->x_names) chart_name_x(c, &f.x, chart_width - left);
  else chart_number_x(c, &f.x, lo[0], hi[0]);
  f.x.from = left;
  f.x.to = chart_width - fmax(chart_tag_width(c), kith__text_width(f.x.label[f.x.n_tick - 1]) / 2);
  kith__figure_begin(p, c->title, c->describe, chart_width, chart_height);
  chart_axes(p, &f);
  for (int s = 0; s < c->n_series; s++) chart_line_put(p, &f, &c->series[s], s);
  chart_mark(p, &f);
  chart_tags(p, &f);
  kith__page_html(p, "</svg>\n");
  chart_legend(p, c);
  kith__figure_end(p);
}

void kith__charts_begin(report_page *p) { kith__page_html(p, "<div class=\"charts\">\n"); }
void kith__charts_end(report_page *p) { kith__page_html(p, "</div>\n"); }

void kith__bar_put(report_page *p, double value, double most) {
  kith__page_html(p, "<td class=\"bar\">");
  if (isfinite(value) && most > 0)
    kith__page_put(p,
                   "<svg viewBox=\"0 0 100 10\" preserveAspectRatio=\"none\" aria-hidden=\"true\"><rect "
                   "width=\"%.1f\" height=\"10\"/></svg>",
                   100 * fmin(fmax(value / most, 0), 1));
  kith__page_html(p, "</td>");
}
