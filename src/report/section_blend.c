/* Section of a blend: its models and evidence, with their weights. */
#include <math.h>

#include "report/section.h"
#include "store/store.h"

static void blend_models(report_page *p, const kith_blend_origin *of) {
  double most = 0;
  for (int m = 0; m < of->n; m++) most = fmax(most, of->model[m].gamma);
  kith__page_html(p, "<div class=\"scroll\"><table><thead><tr><th scope=\"col\">model</th><th scope=\"col\" "
                     "class=\"l\">folder</th><th scope=\"col\">kind</th><th scope=\"col\">columns</th><th "
                     "scope=\"col\" class=\"l\"></th><th scope=\"col\">weight γ</th></tr></thead><tbody>\n");
  for (int m = 0; m < of->n; m++) {
    const kith_blend_model *b = &of->model[m];
    kith__page_put(p, "<tr><th scope=\"row\">%s</th><td class=\"l wide\">%s</td><td>%s</td><td>%s</td>",
                   b->name, b->folder, b->model, PAGE_COUNT(b->width));
    kith__bar_put(p, b->gamma, most);
    kith__page_put(p, "<td>%.4g</td></tr>\n", b->gamma);
  }
  kith__page_html(p, "</tbody></table></div>\n");
}

static void blend_evidence(report_page *p, const kith_blend_origin *of) {
  if (of->n_evidence == 0) return;
  kith__page_html(p, "<div class=\"scroll\"><table><thead><tr><th scope=\"col\">evidence</th><th "
                     "scope=\"col\">weight c</th></tr></thead><tbody>\n");
  for (int k = 0; k < of->n_evidence; k++)
    kith__page_put(p, "<tr><th scope=\"row\">%s</th><td>%.4g</td></tr>\n", of->evidence[k].text,
                   of->evidence[k].weight);
  kith__page_html(p, "</tbody></table></div>\n");
}

static kith_status blend_write(kith_report *r, report_page *p) {
  kith_status st = KITH_OK;
  kith_blend_origin *of = NULL;
  if (r->o->job->blend.n_model == 0) return st;
  if (!r->run.has_rows) {
    kith__page_missing(p, "the blend", "it is not made yet: run `kith blend %s`.", r->o->job_args);
    return st;
  }
  KITH_TRY(KITH_NEW(of, 1));
  KITH_TRY(kith_blend_origin_read(&r->alone, r->run.rows_path, of).status);
  if (of->n == 0) {
    kith__page_missing(p, "the blend", "`%s` is of one model: run `kith blend %s`.", r->run.rows_path,
                       r->o->job_args);
    goto done;
  }
  blend_models(p, of);
  blend_evidence(p, of);
  if (of->weight_users > 0)
    kith__page_put(p, "<p class=\"note\">The validation items of %s users chose the weights.</p>\n",
                   PAGE_COUNT(of->weight_users));
done:
  KITH_FREE(of);
  return st;
}

const report_section kith__section_blend = {"blend", "Models of the blend", blend_write};
