/* Section: where the time goes, by phases of steps, evaluations and checkpoints. */
#include <math.h>
#include <stdio.h>

#include "comm/phases.h"
#include "report/section.h"
#include "report/stack.h"

/* Parts of an epoch's time: phases of steps, then what comes between steps, and what of steps is no phase. */
enum { TIME_EVALUATE = KITH_PHASE_N, TIME_CHECKPOINT, TIME_OTHER, TIME_PARTS };

static const char *const time_name[TIME_PARTS] = {"sample", "forward",  "exchange",   "backward",
                                                  "update", "evaluate", "checkpoint", "other"};
static const char *const time_meaning[TIME_PARTS] = {
    "drawing batches and negatives; sampled steps: finding neighbors, with its messages",
    "the layers and the loss",
    "messages between ranks: rows, their gradients, sums of gradients; waiting included",
    "their derivatives, of the loss by all rows and weights",
    "the optimizer",
    "evaluations, the model on the whole graph included",
    "that training waited for checkpoints; the last one is not counted",
    "of the steps, what is none of these"};

typedef struct times {
  int64_t n;                          /* lines with phases */
  double *x;                          /* [n] epochs */
  double *part;                       /* [n, TIME_PARTS] seconds */
  double sum[TIME_PARTS], all, steps; /* over these lines; all but evaluations and checkpoints */
  double bytes;                       /* that ranks sent each other for the graph */
  double ranks;
} times;

static kith_status time_read(const report_run *run, times *t) {
  kith_status st = KITH_OK;
  const int64_t most = run->metrics.value->n;
  KITH_TRY(KITH_NEW(t->x, most));
  KITH_TRY(KITH_NEW(t->part, most * TIME_PARTS));
  for (const kith_json_value *line = run->metrics.value->first; line; line = line->next) {
    const kith_json_value *phases = kith_json_get(line, "phases");
    const report_seconds took = kith__report_line_seconds(run, line);
    if (!phases || took.n == 0) continue;
    double *part = t->part + t->n * TIME_PARTS;
    part[TIME_EVALUATE] = took.evaluate;
    part[TIME_CHECKPOINT] = took.checkpoint;
    part[TIME_OTHER] = took.steps;
    for (int p = 0; p < KITH_PHASE_N; p++) {
      part[p] = fmax(kith_json_number(phases, kith_phase_name[p], 0), 0);
      part[TIME_OTHER] -= part[p];
    }
    part[TIME_OTHER] = fmax(part[TIME_OTHER], 0); /* rounding */
    for (int p = 0; p < TIME_PARTS; p++) t->sum[p] += part[p];
    t->steps += took.steps;
    t->all += took.steps + took.evaluate + took.checkpoint;
    t->ranks = kith_json_number(line, "ranks", NAN);
    t->bytes += kith_json_number(line, "halo_bytes", NAN);
    t->x[t->n++] = kith_json_number(line, "epoch", kith_json_number(line, "round", NAN));
  }
done:
  return st;
}

static void time_table(report_page *p, const times *t) {
  double most = 0;
  for (int i = 0; i < TIME_PARTS; i++) most = fmax(most, t->sum[i]);
  kith__page_html(
      p, "<div class=\"scroll\"><table><caption>In all</caption><thead><tr><th scope=\"col\">phase</th>"
         "<th scope=\"col\" class=\"l\"></th><th scope=\"col\">time</th><th "
         "scope=\"col\">share</th></tr></thead><tbody>\n");
  for (int i = 0; i < TIME_PARTS; i++) {
    if (t->sum[i] == 0) continue;
    kith__page_put(p, "<tr><th scope=\"row\">%s</th>", time_name[i]);
    kith__bar_put(p, t->sum[i], most);
    kith__page_put(p, "<td>%s</td><td>%.1f %%</td></tr>\n", PAGE_SECONDS(t->sum[i]),
                   100 * t->sum[i] / t->all);
  }
  kith__page_html(p, "</tbody></table></div>\n");
}

static void time_terms(report_page *p, const times *t) {
  kith__page_html(p, "<dl class=\"terms\">\n");
  for (int i = 0; i < TIME_PARTS; i++)
    if (t->sum[i] > 0) kith__page_put(p, "<dt>%s</dt><dd>%s</dd>\n", time_name[i], time_meaning[i]);
  kith__page_html(p, "</dl>\n");
}

static void time_draw(report_page *p, const times *t, const char *x_label) {
  char describe[512];
  int largest = 0, n_part = TIME_PARTS;
  while (n_part > 1 && t->sum[n_part - 1] == 0) n_part--;
  for (int i = 0; i < TIME_PARTS; i++)
    if (t->sum[i] > t->sum[largest]) largest = i;
  snprintf(
      describe, sizeof describe,
      "A bar for each %s, of %s; %s takes %.0f percent of all, most of the parts. The table has the sums.",
      x_label, KITH_COUNT(t->n, "line(s)"), time_name[largest], 100 * t->sum[largest] / t->all);
  kith__stack_put(p, &(report_stack){.title = "Time by phase",
                                     .x_label = x_label,
                                     .y_label = "seconds, mean over ranks",
                                     .describe = describe,
                                     .n_part = TIME_PARTS,
                                     .name = time_name,
                                     .n = t->n,
                                     .x = t->x,
                                     .part = t->part});
}

/* Ranks of one computer read rows of each other in place, without bytes sent: then exchange is waiting. */
static void time_say_exchange(report_page *p, const times *t, const kith_job *job) {
  if (t->bytes == 0)
    kith__page_prose(
        p, "note",
        "Exchange takes %.0f %% of the steps, though no rows are sent: it is waiting for the slowest "
        "rank, and adding up gradients. Fewer ranks may be as fast.",
        100 * t->sum[KITH_PHASE_EXCHANGE] / t->steps);
  else
    kith__page_prose(
        p, "note",
        "Exchange takes %.0f %% of the steps: fewer ranks%s or larger steps (`train.batch`) make "
        "better use of them.",
        100 * t->sum[KITH_PHASE_EXCHANGE] / t->steps,
        job->partition.method == KITH_PARTITION_METIS || job->partition.method == KITH_PARTITION_PTSCOTCH
            ? ""
            : ", a cut with fewer ghosts (`partition.method: metis`)");
}

/* What to look at first, where one part stands out. */
static void time_say(report_page *p, const times *t, const kith_job *job, const char *x_label) {
  kith__page_prose(p, "note", "%s of %s on %s: %s in steps, %s in evaluations, %s in checkpoints.",
                   PAGE_SECONDS(t->all), KITH_COUNT(t->n, x_label[0] == 'r' ? "round(s)" : "epoch(s)"),
                   isfinite(t->ranks) ? KITH_COUNT((int64_t)t->ranks, "rank(s)") : "some ranks",
                   PAGE_SECONDS(t->steps), PAGE_SECONDS(t->sum[TIME_EVALUATE]),
                   PAGE_SECONDS(t->sum[TIME_CHECKPOINT]));
  if (t->sum[KITH_PHASE_EXCHANGE] > 0.4 * t->steps && t->ranks > 1) time_say_exchange(p, t, job);
  if (t->sum[TIME_EVALUATE] > t->steps)
    kith__page_prose(p, "note",
                     "Evaluations take more time than steps: a larger `evaluate.every` saves most of it.");
}

static kith_status time_write(kith_report *r, report_page *p) {
  kith_status st = KITH_OK;
  times t = {.n = 0};
  const kith_json_value *lines = r->run.metrics.value;
  if (r->o->job->blend.n_model > 0 || !lines || lines->n == 0) return st; /* the curves say so */
  KITH_TRY(time_read(&r->run, &t));
  if (t.n == 0 || t.all == 0) {
    kith__page_missing(p, "time by phase",
                       "`%s/metrics.jsonl` is of a version that did not write it: train again to see it.",
                       r->run.folder);
    goto done;
  }
  const char *x_label = kith_json_get(lines->first, "round") ? "round" : "epoch";
  time_say(p, &t, r->o->job, x_label);
  kith__charts_begin(p);
  time_draw(p, &t, x_label);
  time_table(p, &t);
  kith__charts_end(p);
  time_terms(p, &t);
done:
  KITH_FREE(t.x);
  KITH_FREE(t.part);
  return st;
}

const report_section kith__section_time = {"time", "Time", time_write};
