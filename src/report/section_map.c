/* Section: a map of items, or of classified nodes: the plane in which their rows differ most. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/labels.h"
#include "report/item_map.h"

/* The color of points without a group is gray (4), so groups have the others. */
enum { MAP_GRAY = 4, MAP_LABEL = 24 /* characters of a label */ };

static const double map_width = 360, map_height = 320, map_line = 11;
static const report_frame map_frame = {2, 18, 358, 300};

static int map_style(int group) { return group < 0 ? MAP_GRAY : group < MAP_GRAY ? group : group + 1; }

/* A name that has room beside a point: cut behind whole characters. */
static void map_label(const char *name, char *text) {
  int n = 0;
  size_t at = 0;
  for (; name[at] && at + 8 < MAP_TEXT; at++) {
    n += (name[at] & 0xc0) != 0x80;
    if (n > MAP_LABEL) break;
    text[at] = name[at];
  }
  text[at] = '\0';
  if (name[at]) snprintf(text + at, MAP_TEXT - at, "…");
}

static int map_compare(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* A few far points do not press all others together: an axis ends half a width of the middle 98 % beyond
 * these, where points are farther out. */
static void map_limit(const report_map *m, int a, double *lo, double *hi) {
  double x[MAP_POINTS];
  const int n = m->n_point, skip = n / 100;
  for (int i = 0; i < n; i++) x[i] = m->at[i * PCA_AXES + a];
  qsort(x, (size_t)n, sizeof *x, map_compare);
  const double low = x[skip], high = x[n - 1 - skip], room = (high - low) / 2;
  if (!(room > 0)) return;
  *lo = fmax(*lo, low - room);
  *hi = fmin(*hi, high + room);
}

/* Points that lie beyond the axes. */
static int map_count_outside(const report_map *m, const report_axis axis[PCA_AXES]) {
  int n = 0;
  for (int i = 0; i < m->n_point; i++) {
    bool outside = false;
    for (int a = 0; a < PCA_AXES; a++) {
      const double x = m->at[i * PCA_AXES + a];
      outside = outside || x < axis[a].lo || x > axis[a].hi;
    }
    n += outside;
  }
  return n;
}

/* Where a value is; one beyond the axis is at its end. */
static double map_at(const report_axis *axis, double value) {
  return kith__axis_at(axis, fmin(fmax(value, axis->lo), axis->hi));
}

static void map_axes(const report_map *m, report_axis axis[PCA_AXES]) {
  for (int a = 0; a < PCA_AXES; a++) {
    double lo = INFINITY, hi = -INFINITY;
    for (int i = 0; i < m->n_point; i++) {
      lo = fmin(lo, m->at[i * PCA_AXES + a]);
      hi = fmax(hi, m->at[i * PCA_AXES + a]);
    }
    for (int g = 0; g < m->n_group && !m->by[0]; g++) {
      lo = fmin(lo, m->of[g].at[a]);
      hi = fmax(hi, m->of[g].at[a]);
    }
    map_limit(m, a, &lo, &hi);
    if (!(hi > lo)) {
      lo -= 0.5;
      hi += 0.5;
    }
    axis[a] = (report_axis){.lo = lo, .hi = hi};
  }
  axis[0].from = map_frame.left + 4;
  axis[0].to = map_frame.right - 4;
  axis[1].from = map_frame.bottom - 4;
  axis[1].to = map_frame.top + 4;
}

/* The points of a group, or of none (-1). */
static void map_points_put(report_page *p, const report_map *m, const report_axis axis[PCA_AXES], int group) {
  kith__page_put(p, "<g class=\"dot s%d\" fill-opacity=\"%s\">", map_style(group),
                 group < 0 && m->by[0] ? ".25"
                 : group < 0           ? ".4"
                                       : ".75");
  for (int i = 0; i < m->n_point; i++)
    if ((m->by[0] ? m->group[i] : -1) == group)
      kith__page_put(p, "<circle r=\"1.7\" cx=\"%.1f\" cy=\"%.1f\"/>", map_at(&axis[0], m->at[i * PCA_AXES]),
                     map_at(&axis[1], m->at[i * PCA_AXES + 1]));
  kith__page_html(p, "</g>\n");
}

/* A thin line from a point to a label that is not beside it. */
static void map_leader(report_page *p, const report_label *l) {
  const double x = fmin(fmax(l->x, l->left), l->left + l->width),
               y = fmin(fmax(l->y, l->base - map_line + 2), l->base);
  if (l->is_placed && hypot(x - l->x, y - l->y) > 6)
    kith__page_put(p, "<path class=\"lead\" d=\"M%.1f %.1fL%.1f %.1f\"/>\n", l->x, l->y, x, y);
}

static void map_labels(report_page *p, const report_map *m, const report_axis axis[PCA_AXES]) {
  report_label label[MAP_LABELS];
  char text[MAP_LABELS][MAP_TEXT];
  for (int g = 0; g < m->n_group; g++) {
    if (m->by[0]) map_label(m->of[g].name, text[g]);
    else snprintf(text[g], sizeof text[g], "%d", g + 1); /* the legend has its name */
    label[g] = (report_label){.x = map_at(&axis[0], m->of[g].at[0]),
                              .y = map_at(&axis[1], m->of[g].at[1]),
                              .width = kith__label_width(text[g]),
                              .beside = !m->by[0]};
  }
  kith__labels_place(m->n_group, label, &map_frame, map_line);
  for (int g = 0; g < m->n_group && !m->by[0]; g++) map_leader(p, &label[g]);
  for (int g = 0; g < m->n_group; g++)
    if (label[g].is_placed)
      kith__page_put(p, "<text class=\"halo %s%d\" x=\"%.1f\" y=\"%.1f\">%s</text>\n",
                     m->by[0] ? "tag t" : "item tag n", map_style(m->by[0] ? g : -1), label[g].left,
                     label[g].base, text[g]);
  for (int g = 0; g < m->n_group && !m->by[0]; g++)
    kith__page_put(p, "<circle class=\"mark\" r=\"2.2\" cx=\"%.1f\" cy=\"%.1f\"/>", label[g].x, label[g].y);
}

static void map_legend(report_page *p, const report_map *m) {
  kith__page_html(p, "<p class=\"legend\">");
  for (int g = 0; g < m->n_group && m->by[0]; g++)
    kith__page_put(
        p,
        "<span><svg class=\"swatch\" viewBox=\"0 0 28 8\" aria-hidden=\"true\"><circle class=\"fill "
        "s%d\" r=\"4\" cx=\"14\" cy=\"4\"/></svg> %s (%s)</span> ",
        map_style(g), m->of[g].name, PAGE_COUNT(m->of[g].n));
  for (int g = 0; g < m->n_group && !m->by[0]; g++)
    kith__page_put(p, "<span class=\"listed\"><b>%d</b> %s</span> ", g + 1, m->of[g].name);
  kith__page_html(p, "</p>\n");
}

static double map_share(const report_map *m, int a) {
  return m->pca.all > 0 ? 100 * m->pca.variance[a] / m->pca.all : 0;
}

static void map_draw(report_page *p, const report_map *m, const report_axis axis[PCA_AXES],
                     const char *what) {
  char describe[512];
  snprintf(describe, sizeof describe,
           "%d %s as points of a plane. Its two axes have %.1f and %.1f percent of the variance of the "
           "rows.%s%s%s",
           m->n_point, what, map_share(m, 0), map_share(m, 1),
           m->by[0] ? " Colors are the largest groups by " : "", m->by, m->by[0] ? "." : "");
  kith__figure_begin(p, "Rows in the plane of their two principal components", describe, map_width,
                     map_height);
  map_points_put(p, m, axis, -1);
  for (int g = 0; g < m->n_group && m->by[0]; g++) map_points_put(p, m, axis, g);
  map_labels(p, m, axis);
  kith__page_put(p, "<text class=\"name\" x=\"0\" y=\"11\">second axis, %.1f %% of the variance</text>",
                 map_share(m, 1));
  kith__page_put(p,
                 "<text class=\"name end\" x=\"%.0f\" y=\"%.0f\">first axis, %.1f %% of the variance</text>",
                 map_width, map_height - 4, map_share(m, 0));
  kith__page_html(p, "</svg>\n");
  map_legend(p, m);
  kith__figure_end(p);
}

static void map_say(report_page *p, const report_map *m, const char *what) {
  kith__page_prose(
      p, "note",
      "%s %s%s, by their rows in `embeddings.h5`%s. Near points have similar rows; far ones differ. The "
      "plane shows %.1f %% of the variance, so much of what the model knows is not in it.",
      PAGE_COUNT(m->n_point), what, m->n_point < m->n ? ", drawn at random from all" : "",
      m->scaled ? ", scaled to length 1, since lengths follow popularity" : "",
      map_share(m, 0) + map_share(m, 1));
  if (!m->by[0])
    kith__page_prose(p, "note",
                     "Marked are the most popular ones of these, with numbers; a list has their names.");
  else
    kith__page_prose(
        p, "note",
        "Colors are the largest groups by %s, gray is all else; a name stands at the middle of its group. "
        "What is in several groups has the color of the smallest.",
        m->by);
}

static kith_status map_write(kith_report *r, report_page *p) {
  kith_status st = KITH_OK;
  report_map m = {.n = 0};
  report_axis axis[PCA_AXES];
  int outside = 0;
  const kith_job *job = r->o->job;
  if (!r->run.has_rows || job->blend.n_model > 0 || job->model.sequence == KITH_SEQUENCE_SASREC) return st;
  if (!kith__report_has_parts(r) || !kith__report_reads_graph(r, p, "the map")) return st;
  const char *what = r->run.sizes.n_class > 0 ? "nodes" : "items";
  KITH_TRY(kith__item_map_make(r, &m));
  if (m.pca.n_axis < PCA_AXES || m.n_point < 3) {
    kith__page_missing(p, "the map", "the rows of %s do not fill a plane.", what);
    goto done;
  }
  map_axes(&m, axis);
  map_say(p, &m, what);
  outside = map_count_outside(&m, axis);
  if (outside > 0)
    kith__page_prose(p, "note",
                     "Points that lie farther out than the picture reaches, and are drawn at its border: %s.",
                     PAGE_COUNT(outside));
  kith__page_html(p, "<div class=\"map\">\n");
  map_draw(p, &m, axis, what);
  kith__page_html(p, "</div>\n");
done:
  kith__item_map_free(&m);
  return st;
}

const report_section kith__section_map = {"map", "Map", map_write};
