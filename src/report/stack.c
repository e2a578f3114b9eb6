/* Stacked bars (stack.h). */
#include "report/stack.h"

#include <math.h>

static const double stack_width = 360, stack_height = 210, stack_top = 24, stack_bottom = 174;

/* Mean of part k in the bar that begins at row i. */
static double stack_mean(const report_stack *s, int64_t i, int64_t every, int k) {
  double sum = 0;
  const int64_t last = kith_min(i + every, s->n);
  for (int64_t j = i; j < last; j++) sum += s->part[j * s->n_part + k];
  return sum / (double)(last - i);
}

static double stack_most(const report_stack *s, int64_t every) {
  double most = 0;
  for (int64_t i = 0; i < s->n; i += every) {
    double sum = 0;
    for (int k = 0; k < s->n_part; k++) sum += stack_mean(s, i, every, k);
    most = fmax(most, sum);
  }
  return most;
}

static void stack_axes(report_page *p, const report_stack *s, const report_axis *y, double from, double to) {
  for (int i = 0; i < y->n_tick; i++) {
    const double at = kith__axis_at(y, y->tick[i]);
    kith__page_put(p, "<path class=\"%s\" d=\"M%.1f %.1fH%.1f\"/>", i == 0 ? "axis" : "grid", from, at, to);
    kith__page_put(p, "<text class=\"end\" x=\"%.1f\" y=\"%.1f\">%s</text>", from - 6, at + 3.8, y->label[i]);
  }
  kith__page_put(p, "<text class=\"name\" x=\"0\" y=\"11\">%s</text>", s->y_label);
  kith__page_put(p, "<text class=\"name end\" x=\"%.1f\" y=\"%.1f\">%s</text>", to, stack_bottom + 32,
                 s->x_label);
}

/* Round numbers below the bars that have them. */
static void stack_ticks(report_page *p, const report_stack *s, int64_t every, double from, double pitch) {
  const double range = s->x[s->n - 1] - s->x[0];
  const report_axis x = kith__axis_make(s->x[0], s->x[s->n - 1], false, range < 5 ? (int)fmax(range, 1) : 5);
  for (int t = 0; t < x.n_tick; t++)
    for (int64_t i = 0; i < s->n; i++) {
      const int64_t bar = i / every;
      if (s->x[i] != x.tick[t]) continue;
      kith__page_put(p, "<text class=\"mid\" x=\"%.1f\" y=\"%.1f\">%.0f</text>",
                     from + ((double)bar + 0.5) * pitch, stack_bottom + 16, s->x[i]);
      break;
    }
}

static void stack_bar(report_page *p, const report_stack *s, const report_axis *y, int64_t i, int64_t every,
                      double left, double width) {
  double below = 0;
  for (int k = 0; k < s->n_part; k++) {
    const double value = stack_mean(s, i, every, k), bottom = kith__axis_at(y, below),
                 top = kith__axis_at(y, below + value);
    if (bottom - top >= 0.05)
      kith__page_put(p, "<rect class=\"fill s%d\" x=\"%.1f\" y=\"%.2f\" width=\"%.2f\" height=\"%.2f\"/>", k,
                     left, top, width, bottom - top);
    below += value;
  }
}

static void stack_legend(report_page *p, const report_stack *s) {
  kith__page_html(p, "<p class=\"legend\">");
  for (int k = 0; k < s->n_part; k++)
    kith__page_put(p,
                   "<span><svg class=\"swatch\" viewBox=\"0 0 28 8\" aria-hidden=\"true\"><rect class=\"fill "
                   "s%d\" x=\"10\" width=\"12\" height=\"8\"/></svg> %s</span> ",
                   k, s->name[k]);
  kith__page_html(p, "</p>\n");
}

void kith__stack_put(report_page *p, const report_stack *s) {
  if (s->n == 0) return;
  const int64_t every = (s->n + STACK_BARS - 1) / STACK_BARS, n = (s->n + every - 1) / every;
  const double most = stack_most(s, every);
  report_axis y = kith__axis_make(0, most > 0 ? most : 1, false, 4);
  y.from = stack_bottom;
  y.to = stack_top;
  const double from = kith__axis_label_width(&y) + 8, pitch = (stack_width - from) / (double)n,
               width = fmin(0.82 * pitch, 40);
  kith__figure_begin(p, s->title, s->describe, stack_width, stack_height);
  stack_axes(p, s, &y, from, stack_width);
  for (int64_t i = 0; i < n; i++)
    stack_bar(p, s, &y, i * every, every, from + ((double)i + 0.5) * pitch - width / 2, width);
  stack_ticks(p, s, every, from, pitch);
  kith__page_html(p, "</svg>\n");
  stack_legend(p, s);
  kith__figure_end(p);
}
