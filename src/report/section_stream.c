/* Section of a stream: its events replayed in order, and the part of them that each rule explains. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "report/section.h"

enum { STREAM_K = 8 };

static const struct stream_row {
  const char *key, *name;
} stream_row[] = {{"", "all events"},
                  {"_new", "of an item new to the user"},
                  {"_new_among_new", "the same, ranked among items new to the user"}};

/* The cutoffs of HR@K, in the order of the result. */
static int stream_cutoffs(const kith_json_value *e, int *k) {
  int n = 0;
  for (const kith_json_value *v = e->first; v && n < STREAM_K; v = v->next)
    /* NOLINTNEXTLINE(cert-err34-c): names written by kith evaluate */
    if (strncmp(v->name, "hit_rate@", 9) == 0 && sscanf(v->name + 9, "%d", &k[n]) == 1) n++;
  return n;
}

static double stream_value(const kith_json_value *e, const char *what, const char *key, int k) {
  char name[KITH_NAME];
  if (k > 0) snprintf(name, sizeof name, "%s%s@%d", what, key, k);
  else snprintf(name, sizeof name, "%s%s", what, key);
  return kith_json_number(e, name, NAN);
}

static void stream_table(report_page *p, const kith_json_value *e) {
  int k[STREAM_K], n = stream_cutoffs(e, k);
  kith__page_html(p, "<div class=\"scroll\"><table><thead><tr><th scope=\"col\">ranked for</th><th "
                     "scope=\"col\">events</th><th scope=\"col\">MRR</th>");
  for (int i = 0; i < n; i++) kith__page_put(p, "<th scope=\"col\">HR@%d</th>", k[i]);
  kith__page_html(p, "</tr></thead><tbody>\n");
  for (size_t r = 0; r < sizeof stream_row / sizeof *stream_row; r++) {
    const struct stream_row *row = &stream_row[r];
    kith__page_put(p, "<tr><th scope=\"row\">%s</th><td>%s</td><td><b>%s</b></td>", row->name,
                   PAGE_COUNT((int64_t)stream_value(e, "events", row->key, 0)),
                   PAGE_METRIC(stream_value(e, "mrr", row->key, 0)));
    for (int i = 0; i < n; i++)
      kith__page_put(p, "<td>%s</td>", PAGE_METRIC(stream_value(e, "hit_rate", row->key, k[i])));
    kith__page_html(p, "</tr>\n");
  }
  kith__page_html(p, "</tbody></table></div>\n");
}

static void stream_weights(report_page *p, const kith_json_value *e) {
  const kith_json_value *weights = kith_json_get(e, "weights");
  double most = 0;
  for (const kith_json_value *w = weights ? weights->first : NULL; w; w = w->next)
    most = fmax(most, w->number);
  if (!weights || !(most > 0)) return;
  kith__page_html(p, "<div class=\"scroll\"><table><caption>The part of the validation events that each rule "
                     "explains</caption><thead><tr><th scope=\"col\">rule</th><th scope=\"col\" "
                     "class=\"l\"></th><th scope=\"col\">part</th></tr></thead><tbody>\n");
  for (const kith_json_value *w = weights->first; w; w = w->next) {
    kith__page_put(p, "<tr><th scope=\"row\">%s</th>", w->name);
    kith__bar_put(p, w->number, most);
    kith__page_put(p, "<td>%.1f %%</td></tr>\n", 100 * w->number);
  }
  kith__page_html(p, "</tbody></table></div>\n");
}

static kith_status stream_write(kith_report *r, report_page *p) {
  const report_run *run = &r->run;
  if (r->o->job->task != KITH_TASK_RECOMMEND || r->o->job->stream.known == KITH_STREAM_NONE) return KITH_OK;
  const kith_json_value *e = run->evaluate[1].value ? run->evaluate[1].value : run->evaluate[0].value;
  if (!e) {
    kith__page_missing(p, "figures of the stream",
                       "`%s/evaluate-%s.json` is not there: run `kith evaluate %s%s`.", run->folder,
                       run->sizes.n_valid > 0 ? "valid" : "test", r->o->job_args,
                       run->sizes.n_valid > 0 ? " --split valid" : "");
    return KITH_OK;
  }
  const char *split = kith_json_text(e, "split"), *known = kith_json_text(e, "stream");
  const double batch = kith_json_number(e, "batch", 1);
  if (known && strcmp(known, "batch") == 0)
    kith__page_put(p,
                   "<p>All items ranked for the events of the %s split; known is what happened before the "
                   "batch of %.0f events.</p>\n",
                   split ? split : "test", batch);
  else
    kith__page_put(p,
                   "<p>All items ranked for the events of the %s split; known is every event before.</p>\n",
                   split ? split : "test");
  stream_table(p, e);
  stream_weights(p, e);
  kith__page_html(p, "<p class=\"note\">MRR: the mean of 1 / position of the event's item, without a cutoff. "
                     "HR@K: the share of events with a position of at most K.</p>\n");
  return KITH_OK;
}

const report_section kith__section_stream = {"stream", "The stream, replayed", stream_write};
