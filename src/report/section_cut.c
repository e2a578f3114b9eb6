/* Section: the cut: what ranks send each other, how evenly work is dealt, and ghosts by the number of ranks.
 */
#include <math.h>
#include <stdio.h>

#include "partition/update.h"
#include "plan/plan.h"
#include "report/section.h"

enum { CUT_RANKS = 16 /* most of the matrix */, CUT_LINES = 10 /* of the table */ };

/* The number of ranks of the matrix: that of the last run, or else 8, if the cut has so many parts. */
static int cut_size(const kith_report *r, const kith_graph *g) {
  const kith_json_value *last = kith__report_last_line(&r->run);
  const double ranks = last ? kith_json_number(last, "ranks", 1) : 1;
  const int wanted = ranks >= 2 && ranks <= CUT_RANKS ? (int)ranks : 8;
  return wanted < g->n_part ? wanted : g->n_part;
}

/* ---- the matrix ---- */

/* How dark a cell is: from the fewest rows between two ranks to the most. */
static double cut_shade(int64_t n, int64_t least, int64_t most) {
  return most > least ? 0.12 + 0.88 * (double)(n - least) / (double)(most - least) : 0.5;
}

static void cut_cells(report_page *p, int size, const int64_t *rows, const int64_t range[2], double left,
                      double top, double side) {
  for (int reader = 0; reader < size; reader++)
    for (int owner = 0; owner < size; owner++) {
      const int64_t n = rows[reader * size + owner];
      const double x = left + owner * side, y = top + reader * side;
      kith__page_put(p,
                     "<rect class=\"fill s0\" fill-opacity=\"%.3f\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" "
                     "height=\"%.1f\"/>",
                     reader == owner ? 0.03 : cut_shade(n, range[0], range[1]), x + 0.5, y + 0.5, side - 1,
                     side - 1);
    }
  for (int i = 0; i < size; i++) {
    if (size > 8 && i % 2 > 0) continue;
    kith__page_put(p, "<text class=\"end\" x=\"%.1f\" y=\"%.1f\">%d</text>", left - 5,
                   top + (i + 0.5) * side + 4, i);
    kith__page_put(p, "<text class=\"mid\" x=\"%.1f\" y=\"%.1f\">%d</text>", left + (i + 0.5) * side,
                   top + size * side + 14, i);
  }
}

static void cut_matrix_draw(report_page *p, int size, const int64_t *rows, const char *along) {
  const double left = 24, top = 20, side = fmin(250.0 / size, 40);
  char describe[256];
  int64_t least = INT64_MAX, most = 0, all = 0;
  for (int i = 0; i < size * size; i++) {
    if (i % (size + 1) == 0) continue; /* the diagonal */
    all += rows[i];
    most = rows[i] > most ? rows[i] : most;
    least = rows[i] < least ? rows[i] : least;
  }
  snprintf(
      describe, sizeof describe,
      "A matrix of %d by %d cells. Ranks read %lld rows of others in one exchange; between two ranks it is "
      "from %lld to %lld.",
      size, size, (long long)all, (long long)least, (long long)most);
  kith__figure_begin(p, "Rows that ranks read of each other", describe, 360, top + size * side + 34);
  kith__page_html(p, "<text class=\"name\" x=\"0\" y=\"11\">rank that reads</text>");
  cut_cells(p, size, rows, (int64_t[]){least, most}, left, top, side);
  kith__page_put(p, "<text class=\"name\" x=\"%.1f\" y=\"%.1f\">rank that owns</text>", left,
                 top + size * side + 30);
  kith__page_html(p, "</svg>\n");
  kith__page_put(p,
                 "<p class=\"legend\">For %s, along %s, in one exchange: from %s (pale) to %s rows (dark) "
                 "between two ranks, %s in all.</p>\n",
                 KITH_COUNT(size, "rank(s)"), along, PAGE_COUNT(least), PAGE_COUNT(most), PAGE_COUNT(all));
  kith__figure_end(p);
}

/* What the model reads rows along, in words. */
static const char *cut_along(const kith_relation_weights *read, size_t size, char *text) {
  size_t at = (size_t)snprintf(text, size, "interactions");
  for (int i = 0; i < read->n && at < size; i++)
    if (read->of[i].weight != 0) at += (size_t)snprintf(text + at, size - at, ", %s", read->of[i].name);
  return text;
}

static kith_status cut_matrix(const kith_job *job, report_page *p, const kith_graph *g, int size) {
  kith_status st = KITH_OK;
  int64_t *rows = NULL;
  char along[512];
  const kith_relation_weights *read = kith_model_relations(&job->model);
  if (size < 2) return st;
  cut_along(read, sizeof along, along);
  KITH_TRY(KITH_NEW(rows, (int64_t)size * size));
  KITH_TRY(kith_plan_matrix(g, read, size, rows));
  if (size > 2) cut_matrix_draw(p, size, rows, along);
  else
    kith__page_prose(p, "note",
                     "On 2 ranks, in one exchange of rows along %s, rank 0 reads %s rows of rank 1, "
                     "and rank 1 reads %s rows of rank 0.",
                     along, PAGE_COUNT(rows[1]), PAGE_COUNT(rows[2]));
done:
  KITH_FREE(rows);
  return st;
}

/* ---- by the number of ranks ---- */

/* The part of each node of the dataset. */
static void cut_parts(const kith_graph *g, int32_t *part) {
  int64_t first[KITH_MAX_TYPES] = {0};
  for (int t = 1; t < KITH_MAX_TYPES; t++) first[t] = first[t - 1] + g->n[t - 1];
  for (kith_lid i = 0; i < g->n_own; i++)
    part[first[g->type[i]] + g->original[i]] = kith_owner(g->n_part, g->part_first, i);
}

static void cut_line(report_page *p, const kith_partition_report *c, double most, bool has_bytes) {
  kith__page_put(p, "<tr><th scope=\"row\">%d</th><td>%.1f %%</td><td>%.3f</td>", c->ranks,
                 100 * c->cut_share, c->ghosts_per_own);
  kith__bar_put(p, c->ghosts_per_own, most);
  kith__page_put(p, "<td>%.3f</td><td>%.3f</td>", c->node_balance, c->edge_balance);
  if (has_bytes) kith__page_put(p, "<td>%s</td>", PAGE_BYTES(c->bytes_per_layer));
  kith__page_html(p, "</tr>\n");
}

static void cut_table(report_page *p, int n, const kith_partition_judged *cut, bool has_bytes) {
  double most = 0;
  for (int i = 0; i < n; i++) most = fmax(most, cut[i].report.ghosts_per_own);
  kith__page_html(
      p, "<div class=\"scroll\"><table><thead><tr><th scope=\"col\">ranks</th><th scope=\"col\">cut</th><th "
         "scope=\"col\">ghosts per own</th><th scope=\"col\" class=\"l\">ghosts</th><th "
         "scope=\"col\">nodes</th><th scope=\"col\">edges</th>");
  kith__page_html(p, has_bytes ? "<th scope=\"col\">sent in a layer</th></tr></thead><tbody>\n"
                               : "</tr></thead><tbody>\n");
  for (int i = 0; i < n; i++) cut_line(p, &cut[i].report, most, has_bytes);
  kith__page_html(p, "</tbody></table></div>\n");
}

/* Layers exchange rows of model.dim columns, as kith partition prints it. */
static bool cut_has_bytes(const kith_job *job) {
  return job->task == KITH_TASK_RECOMMEND && job->blend.n_model == 0 && kith_model_n_layer(&job->model) > 0;
}

static kith_status cut_by_ranks(const kith_job *job, report_page *p, const kith_dataset *d,
                                const kith_graph *g) {
  kith_status st = KITH_OK;
  int32_t *part = NULL;
  kith_partition_judged cut[CUT_LINES];
  kith_partition_options o = job->partition;
  int n = 0;
  o.parts = g->n_part;
  o.relations = *kith_model_relations(&job->model);
  KITH_TRY(KITH_NEW(part, kith_dataset_n_node(d)));
  cut_parts(g, part);
  for (int ranks = 2; ranks <= o.parts && n < CUT_LINES; ranks *= 2)
    cut[n++] = (kith_partition_judged){.part = part, .ranks = ranks};
  KITH_TRY(kith_partition_judge_all(d, &o, job->model.dim, kith_model_n_layer(&job->model), 0, n, cut));
  if (n > 0) cut_table(p, n, cut, cut_has_bytes(job));
done:
  KITH_FREE(part);
  return st;
}

static kith_status cut_write(kith_report *r, report_page *p) {
  kith_status st = KITH_OK;
  kith_graph *g = NULL;
  const kith_dataset *d = NULL;
  if (!kith__report_reads_graph(r, p, "the cut")) return st;
  if (!kith__report_has_parts(r)) {
    kith__page_missing(p, "the cut", "there is no `parts.h5`: run `kith partition %s`.", r->o->job_args);
    return st;
  }
  KITH_TRY(kith__report_dataset(r, &d));
  KITH_TRY(kith__report_graph(r, &g));
  if (g->n_part < 2) return st;
  kith__page_prose(
      p, "note",
      "Nodes are cut into %d parts, which ranks share. Cut are edges between "
      "two ranks; ghosts are rows that a rank needs of others, for each row that it owns; nodes and "
      "edges are those of the fullest rank over the mean, 1 being even.",
      g->n_part);
  kith__charts_begin(p);
  KITH_TRY(cut_matrix(r->o->job, p, g, cut_size(r, g)));
  kith__charts_end(p);
  KITH_TRY(cut_by_ranks(r->o->job, p, d, g));
done:
  return st;
}

const report_section kith__section_cut = {"cut", "The cut", cut_write};
