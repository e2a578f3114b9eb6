/* Section: what some users would be recommended, and why. */
#include <math.h>

#include "report/section.h"

/* Shares below this are 0 in whole percents. */
static const double examples_least = 0.005;

static void examples_reason(report_page *p, const char *text, double share, bool has_share, bool first) {
  kith__page_put(p, "%s%s", first ? "" : "; ", text);
  if (has_share) kith__page_put(p, " <span class=\"soft\">(%.0f&#8239;%%)</span>", 100 * share);
}

/* The largest first, the user's own row among them; those of 0 % are left out, but for the first. */
static void examples_reasons(report_page *p, const kith_report_example *e,
                             const struct kith_report_item *item) {
  const bool exact = e->is_exact && item->score > 0;
  bool own = exact && item->own >= examples_least;
  int n = 0;
  kith__page_html(p, "<td class=\"l wide\">");
  for (int j = 0; j < item->n_reason; j++) {
    const struct kith_report_reason *r = &item->reason[j];
    if (own && !(r->share > item->own)) {
      examples_reason(p, "has a general taste for it", item->own, true, n++ == 0);
      own = false;
    }
    if (exact && r->share < examples_least && n > 0) continue;
    examples_reason(p, r->text, r->share, exact && isfinite(r->share), n++ == 0);
  }
  if (own) examples_reason(p, "has a general taste for it", item->own, true, n == 0);
  kith__page_html(p, "</td>");
}

static void examples_user(report_page *p, const kith_report_example *e, bool has_reasons) {
  kith__page_put(p, "<div><h3>User %s <span class=\"soft\">%s</span></h3>\n", e->user,
                 KITH_COUNT(e->n_train, "training interaction(s)"));
  kith__page_html(p, "<p class=\"note\">Chose ");
  for (int j = 0; j < e->n_chosen; j++) kith__page_put(p, "%s%s", j > 0 ? ", " : "", e->chosen[j]);
  kith__page_put(p, "%s</p>\n", e->n_train > e->n_chosen ? ", …" : "");
  kith__page_put(p, "<div class=\"scroll\"><table><thead><tr><th scope=\"col\">recommended</th>");
  if (has_reasons)
    kith__page_html(p, "<th scope=\"col\">score</th><th scope=\"col\" class=\"l\">because the user</th>");
  kith__page_html(p, "</tr></thead><tbody>\n");
  for (int j = 0; j < e->n_item; j++) {
    const struct kith_report_item *item = &e->item[j];
    kith__page_put(p,
                   item->held_out ? "<tr><th scope=\"row\" class=\"wide\"><b>%s</b> ✓</th>"
                                  : "<tr><th scope=\"row\" class=\"wide\">%s</th>",
                   item->name);
    if (has_reasons) {
      kith__page_put(p, "<td>%#.4g</td>", item->score);
      examples_reasons(p, e, item);
    }
    kith__page_html(p, "</tr>\n");
  }
  kith__page_html(p, "</tbody></table></div></div>\n");
}

static kith_status examples_write(kith_report *r, report_page *p) {
  kith_status st = KITH_OK;
  const kith_report_options *o = r->o;
  const bool has_reasons = !o->no_reasons || !o->no_reasons[0];
  if (o->n_example == 0 && !has_reasons) kith__page_missing(p, "recommendations", "%s", o->no_reasons);
  if (o->n_example == 0) return st;
  kith__page_prose(
      p, "note",
      "Two users of each third by activity, drawn at random, and the items that rank first for them; ✓ "
      "marks those that the user did choose, in the held-out interactions.%s",
      !has_reasons ? ""
      : o->example[0].is_exact
          ? " A reason's share is its part of the score; the general taste is the user's own row, what the "
            "model learned of the user itself."
          : " Reasons are estimates, the strongest first.");
  if (!has_reasons) kith__page_missing(p, "reasons of recommendations", "%s", o->no_reasons);
  kith__page_html(p, "<div class=\"charts people\">\n");
  for (int i = 0; i < o->n_example; i++) examples_user(p, &o->example[i], has_reasons);
  kith__charts_end(p);
  kith__page_prose(
      p, "note", "`kith recommend %s --user ID` lists more items, `kith explain %s --user ID` more reasons.",
      o->job_args, o->job_args);
  return st;
}

const report_section kith__section_examples = {"examples", "Recommendations", examples_write};
