/*
 * Charts as inline SVG: lines or points over two axes, and bars in cells of tables.
 *
 * A chart is 360 units wide, about the width of a phone, and several stand side by side on wider screens, so
 * that its text has one size everywhere.  Series differ in color, in dashes and by a tag at their end: they
 * can be told apart in gray.  Every chart has a title and a description for who cannot see it.
 */
#ifndef KITH_REPORT_CHART_H
#define KITH_REPORT_CHART_H

#include "report/page.h"

enum { CHART_SERIES = 8 /* most series of a chart */, CHART_TAG = 9 /* bytes of a tag, with its zero */ };

typedef struct report_series {
  const char *name; /* in the legend below a chart of several series */
  const char *tag;  /* at the end of a line, short, such as "A"; null: none */
  int64_t n;
  const double *x,
      *y;      /* [n]; points that are not finite, or not above 0 on a logarithmic axis, are left out */
  bool points; /* dots instead of a line */
} report_series;

typedef struct report_chart {
  const char *title;             /* a few words, above it */
  const char *x_label, *y_label; /* with the unit in parentheses */
  const char *describe;          /* what is to be seen, as sentences; not shown */
  int n_series;                  /* at most CHART_SERIES */
  const report_series *series;
  bool log_x, log_y;          /* logarithmic */
  bool from_zero;             /* the y axis begins at 0 */
  const char *const *x_names; /* names of x = 0, 1, … in place of numbers; null: none */
  int n_x_names;              /* 8 at most */
  const char *mark;           /* label of a marked point; null: none */
  double mark_x, mark_y;
  double x_least, x_most; /* the x axis has these, too; equal: only the points */
} report_chart;

/** Append a figure; nothing if no series has a point.  Local. */
void kith__chart_put(report_page *p, const report_chart *c);
/** The same beside others: between these two. */
void kith__charts_begin(report_page *p);
void kith__charts_end(report_page *p);

/** A cell of a table with a bar of `value` out of `most`, both from 0; empty where it is not a number. */
void kith__bar_put(report_page *p, double value, double most);

/* ---- axes, for other drawings in the same style ---- */

/** An axis of an SVG drawing: values lo … hi are at from … to. */
typedef struct report_axis {
  double lo, hi, from, to;
  bool is_log;
  int n_tick;
  double tick[12];
  char label[12][PAGE_NUMBER];
} report_axis;

/** An axis whose ends are round numbers around lo … hi, with about `n` ticks (at most 8).  lo and hi are
 * above 0 if it is logarithmic. */
report_axis kith__axis_make(double lo, double hi, bool is_log, int n);
/** Let the axis begin and end with the values themselves; ticks outside of them go. */
void kith__axis_trim(report_axis *a, double lo, double hi);
/** Where a value is. */
double kith__axis_at(const report_axis *a, double value);
/** The width of the longest label. */
double kith__axis_label_width(const report_axis *a);
/** About how wide a text is, rather too wide than too narrow. */
double kith__text_width(const char *text);
/** Begin a figure with an SVG drawing of width x height units; its texts are text, not HTML. */
void kith__figure_begin(report_page *p, const char *title, const char *describe, double width, double height);
void kith__figure_end(report_page *p);

#endif
