/* Section: degree distributions, how unevenly interactions are spread. */
#include <stdio.h>

#include "report/ccdf.h"
#include "report/section.h"

typedef struct degrees {
  int n; /* 2: users and items; 1: nodes of a classification */
  const char *name[KITH_SIDES], *what[KITH_SIDES];
  int64_t count[KITH_SIDES]; /* nodes */
  report_ccdf x[KITH_SIDES];
} degrees;

static kith_status degrees_of_rows(const kith_ragged *l, report_ccdf *out) {
  kith_status st = KITH_OK;
  int64_t *degree = NULL;
  KITH_TRY(KITH_NEW(degree, l->n_row));
  for (int64_t i = 0; i < l->n_row; i++) degree[i] = l->start[i + 1] - l->start[i];
  KITH_TRY(kith__ccdf(l->n_row, degree, out));
done:
  KITH_FREE(degree);
  return st;
}

static kith_status degrees_of_columns(const kith_ragged *l, int64_t n, report_ccdf *out) {
  kith_status st = KITH_OK;
  int64_t *degree = NULL;
  KITH_TRY(KITH_NEW(degree, n));
  for (kith_eid e = 0; e < l->start[l->n_row]; e++) degree[l->value[e]]++;
  KITH_TRY(kith__ccdf(n, degree, out));
done:
  KITH_FREE(degree);
  return st;
}

static kith_status degrees_read(const kith_dataset *d, degrees *g) {
  kith_status st = KITH_OK;
  g->n = d->n_class > 0 ? 1 : KITH_SIDES;
  g->name[0] = d->n_class > 0 ? "nodes" : "users";
  g->name[1] = "items";
  g->what[0] = d->n_class > 0 ? "neighbors" : "items";
  g->what[1] = "users";
  g->count[0] = d->train.n_row;
  g->count[1] = d->n[KITH_ITEM];
  KITH_TRY(degrees_of_rows(&d->train, &g->x[0]));
  if (g->n > 1) KITH_TRY(degrees_of_columns(&d->train, d->n[KITH_ITEM], &g->x[1]));
done:
  return st;
}

static void degrees_draw(report_page *p, const degrees *g) {
  char describe[512];
  report_series series[KITH_SIDES];
  size_t at = 0;
  for (int i = 0; i < g->n; i++) {
    series[i] = (report_series){.name = g->name[i],
                                .tag = g->n > 1 ? g->name[i] : NULL,
                                .n = g->x[i].n,
                                .x = g->x[i].value,
                                .y = g->x[i].share};
    at += (size_t)
        snprintf(describe + at, sizeof describe - at,
                 "%sOf the %s, half have at most %lld training %s, and the one with the most has %lld.",
                 i ? " " : "", g->name[i], (long long)g->x[i].median, g->n > 1 ? "interactions" : "neighbors",
                 (long long)g->x[i].most);
  }
  kith__charts_begin(p);
  kith__chart_put(p, &(report_chart){.title = "Share of nodes with at least so many",
                                     .x_label = g->n > 1 ? "training interactions" : "neighbors",
                                     .y_label = "share of nodes",
                                     .describe = describe,
                                     .n_series = g->n,
                                     .series = series,
                                     .log_x = true,
                                     .log_y = true});
  kith__charts_end(p);
}

static void degrees_table(report_page *p, const degrees *g) {
  kith__page_html(
      p, "<div class=\"scroll\"><table><thead><tr><th></th><th scope=\"col\">number</th><th "
         "scope=\"col\">mean</th><th scope=\"col\">median</th><th scope=\"col\">most</th><th "
         "scope=\"col\">without any</th><th scope=\"col\">the top 1 % have</th></tr></thead><tbody>\n");
  for (int i = 0; i < g->n; i++) {
    const report_ccdf *x = &g->x[i];
    kith__page_put(
        p,
        "<tr><th scope=\"row\">%s</th><td>%s</td><td>%.1f</td><td>%s</td><td>%s</td><td>%s</td><td>%.1f "
        "%%</td></tr>\n",
        g->name[i], PAGE_COUNT(g->count[i]), x->mean, PAGE_COUNT(x->median), PAGE_COUNT(x->most),
        PAGE_COUNT(x->none), 100 * x->top);
  }
  kith__page_html(p, "</tbody></table></div>\n");
}

static kith_status degrees_write(kith_report *r, report_page *p) {
  kith_status st = KITH_OK;
  const kith_dataset *d = NULL;
  degrees g = {.n = 0};
  if (!kith__report_reads_graph(r, p, "degrees")) return st;
  KITH_TRY(kith__report_dataset(r, &d));
  if (d->n_edge == 0) return st;
  KITH_TRY(degrees_read(d, &g));
  kith__page_prose(
      p, "note",
      g.n > 1 ? "How training interactions are spread over users and items. Where the lines fall "
                "slowly, a few have very many."
              : "How edges are spread over nodes. Where the line falls slowly, a few have very many.");
  degrees_draw(p, &g);
  degrees_table(p, &g);
done:
  for (int i = 0; i < KITH_SIDES; i++) kith__ccdf_free(&g.x[i]);
  return st;
}

const report_section kith__section_degrees = {"degrees", "Degrees", degrees_write};
