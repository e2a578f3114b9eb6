/* Section: what each relation covers, and how alike the nodes are that it joins. */
#include "diagnose/relation_stats.h"
#include "graph/schema.h"
#include "report/section.h"

/* Share of the nodes of an end that have an edge. */
static double relations_covered(const kith_dataset *d, int type, const kith_degree_stats *s) {
  const int64_t n = kith_schema_space(&d->schema, d->n, type);
  return n > 0 ? 100 * (double)(n - s->none) / (double)n : 0;
}

static void relations_row(report_page *p, const kith_dataset *d, int k, const kith_relation_stats *s) {
  const kith_relation_type *e = &d->schema.relation[k];
  const bool same = e->from == e->to && e->direction == KITH_DIRECTION_BOTH;
  kith__page_put(
      p, "<tr><th scope=\"row\">%s</th><td class=\"l\">%s – %s</td><td>%s</td><td>%.2f</td><td>%.1f %%</td>",
      e->name, d->schema.type[e->from], d->schema.type[e->to], PAGE_COUNT(s->pairs), s->degree[0].mean,
      relations_covered(d, e->from, &s->degree[0]));
  if (same) kith__page_html(p, "<td></td><td></td>");
  else
    kith__page_put(p, "<td>%.2f</td><td>%.1f %%</td>", s->degree[1].mean,
                   relations_covered(d, e->to, &s->degree[1]));
  if (s->compared > 0) kith__page_put(p, "<td>%.4f</td><td>%.4f</td>", s->overlap, s->overlap_random);
  else kith__page_html(p, "<td></td><td></td>");
  if (s->n_valid + s->n_test > 0)
    kith__page_put(p, "<td>%.2f %%</td></tr>\n",
                   100 * (double)(s->valid + s->test) / (double)(s->n_valid + s->n_test));
  else kith__page_html(p, "<td></td></tr>\n");
}

/* Relations whose ends are no more alike than at random teach little. */
static void relations_say(report_page *p, const kith_dataset *d, const kith_relation_stats *s) {
  for (int k = 0; k < d->schema.n_relation; k++) {
    if (s[k].compared == 0 || s[k].overlap_random <= 0) continue;
    const double times = s[k].overlap / s[k].overlap_random;
    if (times < 1.5)
      kith__page_prose(
          p, "note",
          "Ends of `%s` are hardly more alike than nodes at random (%.1f times): a model may lose by "
          "reading it. A run without it (`model.relations.%s: 0`) tells.",
          d->schema.relation[k].name, times, d->schema.relation[k].name);
  }
}

static kith_status relations_write(kith_report *r, report_page *p) {
  kith_status st = KITH_OK;
  const kith_dataset *d = NULL;
  kith_relation_stats s[KITH_MAX_RELATIONS];
  if (!kith__report_reads_graph(r, p, "relations")) return st;
  KITH_TRY(kith__report_dataset(r, &d));
  if (d->schema.n_relation == 0) return st;
  for (int k = 0; k < d->schema.n_relation; k++) KITH_TRY(kith_relation_measure(d, k, &s[k]));
  kith__page_prose(
      p, "note",
      "Covered are the nodes of an end that have an edge. Homophily is how much the training lists of "
      "two joined users, or items, overlap (Jaccard index, mean), beside that of ends that are paired "
      "at random. The last column is the share of held-out pairs that are edges of the relation.");
  kith__page_html(p,
                  "<div class=\"scroll\"><table><thead><tr><th scope=\"col\">relation</th><th scope=\"col\" "
                  "class=\"l\">of</th><th scope=\"col\">edges</th><th scope=\"col\">per from</th><th "
                  "scope=\"col\">covered</th><th scope=\"col\">per to</th><th scope=\"col\">covered</th><th "
                  "scope=\"col\">homophily</th><th scope=\"col\">at random</th><th "
                  "scope=\"col\">held out</th></tr></thead><tbody>\n");
  for (int k = 0; k < d->schema.n_relation; k++) relations_row(p, d, k, &s[k]);
  kith__page_html(p, "</tbody></table></div>\n");
  relations_say(p, d, s);
done:
  return st;
}

const report_section kith__section_relations = {"relations", "Relations", relations_write};
