/* Section: memory of a rank, as it is estimated and as it was. */
#include <math.h>
#include <string.h>

#include "diagnose/memory_estimate.h"
#include "report/section.h"

enum { MEMORY_LINES = 8 };

typedef struct memory_line {
  int ranks;
  kith_memory_estimate most; /* of the rank that needs most */
} memory_line;

static kith_status memory_of(const kith_job *job, const kith_graph *g, int ranks, memory_line *out) {
  kith_status st = KITH_OK;
  kith_memory_estimate one;
  *out = (memory_line){.ranks = ranks};
  for (int r = 0; r < ranks; r++) {
    kith_graph_sizes s;
    KITH_TRY(kith_graph_sizes_of(g, ranks, r, &s));
    s.n_here = ranks;
    KITH_TRY(kith_estimate_memory(&s, &job->model, &job->train, &job->evaluate, &job->checkpoint, &one));
    if (r == 0 || kith_memory_estimate_total(&one) > kith_memory_estimate_total(&out->most)) out->most = one;
  }
done:
  return st;
}

/* Powers of two up to 8, and the run's number of ranks; ascending. */
static int memory_ranks(int parts, int wanted, int *ranks) {
  int n = 0;
  for (int r = 1; r <= 8 && r <= parts; r *= 2) {
    if (wanted < r && wanted > (n > 0 ? ranks[n - 1] : 0)) ranks[n++] = wanted;
    ranks[n++] = r;
  }
  if (wanted <= parts && wanted <= 64 && wanted > (n > 0 ? ranks[n - 1] : 0)) ranks[n++] = wanted;
  return n;
}

static void memory_table(report_page *p, int n, const memory_line *line) {
  double most = 0;
  for (int i = 0; i < n; i++) most = fmax(most, (double)kith_memory_estimate_total(&line[i].most));
  kith__page_html(
      p, "<div class=\"scroll\"><table><caption>Estimated for the rank that needs most</caption><thead>"
         "<tr><th scope=\"col\">ranks</th><th scope=\"col\">all</th><th scope=\"col\" class=\"l\"></th>"
         "<th scope=\"col\">graph</th><th scope=\"col\">weights and moments</th><th "
         "scope=\"col\">layers</th><th scope=\"col\">batch</th><th scope=\"col\">for a "
         "time</th></tr></thead><tbody>\n");
  for (int i = 0; i < n; i++) {
    const kith_memory_estimate *m = &line[i].most;
    const int64_t all = kith_memory_estimate_total(m);
    kith__page_put(p, "<tr><th scope=\"row\">%d</th><td>%s</td>", line[i].ranks, PAGE_BYTES(all));
    kith__bar_put(p, (double)all, most);
    kith__page_put(p, "<td>%s</td><td>%s</td><td>%s</td><td>%s</td><td>%s</td></tr>\n", PAGE_BYTES(m->graph),
                   PAGE_BYTES(m->state), PAGE_BYTES(m->activations), PAGE_BYTES(m->batch),
                   PAGE_BYTES(m->transient));
  }
  kith__page_html(p, "</tbody></table></div>\n");
}

static void memory_measured(report_page *p, const kith_json_value *last) {
  const double bytes = last ? kith_json_number(last, "peak_bytes", 0) : 0,
               ranks = last ? kith_json_number(last, "ranks", 1) : 1;
  if (bytes <= 0) return;
  kith__page_prose(
      p, "note",
      "Measured in training on %s: %s resident at most%s. The program and its libraries are part of it; the "
      "estimate leaves them out.",
      KITH_COUNT((int64_t)ranks, "rank(s)"), PAGE_BYTES(bytes), ranks > 1 ? ", on the rank with most" : "");
}

static kith_status memory_write(kith_report *r, report_page *p) {
  kith_status st = KITH_OK;
  const kith_job *job = r->o->job;
  kith_graph *g = NULL;
  memory_line line[MEMORY_LINES];
  int ranks[MEMORY_LINES];
  const kith_json_value *last = kith__report_last_line(&r->run);
  if (!r->run.sizes.is || job->blend.n_model > 0) return st;
  memory_measured(p, last);
  if (job->stream.model != KITH_STREAM_NO_MODEL || !kith__report_has_parts(r)) return st;
  if (!kith__report_reads_graph(r, p, "an estimate of memory")) return st;
  KITH_TRY(kith__report_graph(r, &g));
  const int n = memory_ranks(g->n_part, last ? (int)kith_json_number(last, "ranks", 1) : 1, ranks);
  for (int i = 0; i < n; i++) KITH_TRY(memory_of(job, g, ranks[i], &line[i]));
  memory_table(p, n, line);
  kith__page_prose(
      p, "note",
      "`kith doctor %s` compares this with the memory of the machine, `kith plan %s` with that of nodes.",
      r->o->job_args, r->o->job_args);
done:
  return st;
}

const report_section kith__section_memory = {"memory", "Memory", memory_write};
