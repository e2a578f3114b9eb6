/* The page: sections in order, and the frame around them. */
#include "report/report.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/file.h"
#include "report/narrow.h"
#include "report/section.h"
#include "store/store.h"
#include "sweep/sweep.h"

/* In the order of the page.  A new section is one file and one row. */
static const report_section *const report_sections[] = {
    &kith__section_sweep,   &kith__section_metrics,   &kith__section_classes, &kith__section_stream,
    &kith__section_blend,   &kith__section_compare,   &kith__section_curves,  &kith__section_examples,
    &kith__section_map,     &kith__section_layers,    &kith__section_time,    &kith__section_memory,
    &kith__section_degrees, &kith__section_relations, &kith__section_cut,     &kith__section_repeat,
};
enum { REPORT_SECTIONS = (int)(sizeof report_sections / sizeof *report_sections) };

static const char report_generator[] = "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
                                       "<meta name=\"generator\" content=\"kith report\">\n";

/* ---- what sections read ---- */

kith_status kith__report_dataset(kith_report *r, const kith_dataset **out) {
  kith_status st = KITH_OK;
  if (!r->dataset) KITH_TRY(kith_dataset_read(&r->alone, r->run.graph_path, &r->dataset).status);
  *out = r->dataset;
done:
  return st;
}

bool kith__report_reads_graph(const kith_report *r, report_page *p, const char *what) {
  const report_sizes *s = &r->run.sizes;
  const int64_t n = s->n_class > 0 ? s->n_edge : s->n_train;
  if (s->is && n > KITH_REPORT_EDGES)
    kith__page_missing(p, what,
                       "it is made of graphs with at most %d million edges, and this one has %.0f million.",
                       KITH_REPORT_EDGES / 1000000, (double)n / 1e6);
  return s->is && n <= KITH_REPORT_EDGES;
}

bool kith__report_has_parts(const kith_report *r) {
  char path[KITH_PATH];
  return !kith_is_bad(kith_job_file(r->o->job, "parts.h5", path)) && access(path, F_OK) == 0;
}

kith_status kith__report_graph(kith_report *r, kith_graph **out) {
  kith_status st = KITH_OK;
  char path[KITH_PATH];
  KITH_TRY(kith_job_file(r->o->job, "parts.h5", path));
  kith_graph *g = r->o->graph ? r->o->graph : r->graph;
  if (!g) {
    KITH_TRY(kith_graph_read(&r->alone, path, &r->graph).status);
    g = r->graph;
  }
  KITH_CHECK(!g || !r->run.sizes.is || g->fingerprint == (uint64_t)r->run.sizes.fingerprint, KITH_EDATA,
             "%s: was cut from another graph than %s; run kith partition %s again", path, r->run.graph_path,
             r->o->job_args);
  *out = g;
done:
  return st;
}

kith_status kith__report_rows(kith_report *r, int *d, const float **x) {
  kith_status st = KITH_OK;
  kith_graph *g = NULL;
  KITH_TRY(kith__report_graph(r, &g));
  KITH_CHECK(r->run.has_rows, KITH_ENOINPUT, "%s: is not there; run kith train %s first", r->run.rows_path,
             r->o->job_args);
  if (!r->rows) KITH_TRY(kith_embeddings_read(&r->alone, g, r->run.rows_path, &r->dim, &r->rows).status);
  *d = r->dim;
  *x = r->rows;
done:
  return st;
}

static void report_free(kith_report *r) {
  kith__report_run_free(&r->run);
  for (int i = 0; i < r->n_other; i++) kith__report_run_free(&r->other[i]);
  kith_json_free(&r->sweep);
  KITH_FREE(r->sweep_stored);
  kith_dataset_destroy(&r->dataset);
  kith_graph_destroy(&r->graph);
  KITH_FREE(r->rows);
}

/* ---- sections ---- */

/* A sentence of the page as a warning: without the ` around commands and files. */
static void report_warn(const char *text) {
  char plain[3 * KITH_PATH];
  size_t n = 0;
  for (; *text; text++)
    if (*text != '`') plain[n++] = *text;
  plain[n] = '\0';
  kith_warn("%s", plain);
}

/* Where metrics.jsonl and embeddings.h5 are not of each other: named in the page, and a warning. */
static void report_say_lines(const kith_report *r, report_page *p) {
  const report_run *run = &r->run;
  char text[3 * KITH_PATH] = "";
  if (!run->metrics.value || run->metrics.value->n == 0) return;
  if (r->o->job->stream.model != KITH_STREAM_NO_MODEL) return; /* its rows are those of the checkpoint */
  if (!run->has_rows)
    snprintf(text, sizeof text,
             "`%s` is not there: training goes on, or was interrupted; run `kith train %s`", run->rows_path,
             r->o->job_args);
  else if (!kith__report_is_exported(run))
    snprintf(
        text, sizeof text,
        "`%s/metrics.jsonl` is of another run than `%s`: its curves are not of these rows; training goes on, "
        "or was interrupted: run `kith train %s`",
        run->folder, run->rows_path, r->o->job_args);
  else if (!kith__report_picked_line(run))
    snprintf(text, sizeof text,
             "`%s/metrics.jsonl` has no line of epoch %lld, which `%s` holds: it was cut short", run->folder,
             (long long)run->from.epoch, run->rows_path);
  if (!text[0]) return;
  report_warn(text);
  kith__page_lack(p, run->has_rows ? "curves of these rows" : "the rows of this training", "%s.", text);
}

/* All sections into `body`, links to them into `nav`. */
static kith_status report_write_sections(kith_report *r, report_page *body, report_page *nav,
                                         kith_report_result *out) {
  kith_status st = KITH_OK;
  if (r->run.trouble[0]) kith__page_lack(body, "a damaged file", "%s", r->run.trouble);
  report_say_lines(r, body);
  for (int i = 0; i < REPORT_SECTIONS; i++) {
    const report_section *s = report_sections[i];
    report_page p = {.n_id = body->n_id, .lack = body->lack};
    kith_status here = s->write(r, &p);
    if (here == KITH_ENOMEM || kith_is_bad(p.st)) {
      kith__page_free(&p);
      return KITH_ENOMEM;
    }
    if (kith_is_bad(here)) {
      kith_warn("%s", kith_error_text());
      kith__page_missing(&p, s->title, "%s", kith_error_text());
    }
    if (p.n > 0) {
      kith__page_put(nav, "<a href=\"#%s\">%s</a> ", s->id, s->title);
      kith__page_put(body, "<section id=\"%s\"><h2>%s</h2>\n", s->id, s->title);
      kith__narrow_put(body, p.text);
      kith__page_html(body, "</section>\n");
      out->n_section++;
    }
    body->n_id = p.n_id;
    kith__page_free(&p);
  }
  return st;
}

/* ---- the frame ---- */

static void report_write_foot(const kith_report *r, report_page *p) {
  char now[64];
  time_t t = time(NULL);
  struct tm utc;
  strftime(now, sizeof now, "%Y-%m-%d %H:%M UTC", gmtime_r(&t, &utc));
  kith__page_put(p, "<footer>Written by kith %s on %s from the files of <code>%s</code>.</footer>\n",
                 r->o->program, now, r->run.folder);
  kith__page_html(p, "</main></body></html>\n");
}

/* The content policy allows the page's own style and nothing else: no script, no network. */
static void report_write_frame(const kith_report *r, const report_lack *lack, const report_page *nav,
                               const report_page *body, report_page *p) {
  kith__page_html(p, report_generator);
  kith__page_html(p, "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
                     "'unsafe-inline'\">\n<meta name=\"viewport\" "
                     "content=\"width=device-width, initial-scale=1\">\n<meta name=\"color-scheme\" "
                     "content=\"light dark\">\n");
  kith__page_put(p, "<title>%s – Kith report</title>\n<style>", r->run.label);
  kith__page_html(p, kith__report_style);
  kith__page_html(p, "</style></head>\n<body><main>\n<header>\n");
  kith__report_head(r, p);
  kith__page_html(p, "<nav aria-label=\"Sections\">");
  kith__page_html(p, nav->text);
  kith__page_html(p, "</nav>\n");
  if (lack->n > 0) {
    kith__page_html(p, "<p class=\"note\">Not shown in this page:</p><ul class=\"lack\">\n");
    kith__page_html(p, lack->list.text);
    kith__page_html(p, "</ul>\n");
  }
  kith__page_html(p, "</header>\n");
  kith__page_html(p, body->text);
  report_write_foot(r, p);
}

static kith_status report_make(kith_report *r, report_page *p, kith_report_result *out) {
  kith_status st = KITH_OK;
  report_lack lack = {.n = 0};
  report_page nav = {.n = 0}, body = {.lack = &lack};
  KITH_TRY(report_write_sections(r, &body, &nav, out));
  report_write_frame(r, &lack, &nav, &body, p);
  out->n_missing = lack.n;
  snprintf(out->missing, sizeof out->missing, "%s", lack.names);
  st = kith_is_bad(lack.list.st) ? lack.list.st
       : kith_is_bad(nav.st)     ? nav.st
       : kith_is_bad(body.st)    ? body.st
                                 : p->st;
done:
  kith__page_free(&lack.list);
  kith__page_free(&nav);
  kith__page_free(&body);
  return st;
}

/* ---- files ---- */

/* Only an earlier report is replaced. */
static kith_status report_check_replaced(const char *path) {
  kith_status st = KITH_OK;
  FILE *f = NULL;
  char begin[sizeof report_generator] = "";
  if (access(path, F_OK) != 0) return st;
  KITH_TRY(kith_file_fopen(path, &f));
  size_t n = fread(begin, 1, sizeof begin - 1, f);
  bool good = !kith_fault(KITH_FAULT_READ) && !ferror(f);
  KITH_CHECK(good, KITH_EIO, "%s: reading failed: %s", path, strerror(errno));
  KITH_CHECK(n == sizeof begin - 1 && strcmp(begin, report_generator) == 0, KITH_EOUTPUT,
             "%s: is there, and no report of Kith; name another file by --output", path);
done:
  if (f) fclose(f);
  return st;
}

/* The trials of the job's sweep.  A job that was not trained itself is reported by the best of them: its job
 * into *best, a new block, and its file into best_args. */
static kith_status report_read_sweep(kith_report *r, kith_report_options *o, kith_job **best,
                                     char *best_args) {
  kith_status st = KITH_OK;
  char path[KITH_PATH];
  KITH_TRY(kith_path_join(o->job->work, "sweep", r->sweep_folder));
  KITH_TRY(kith_path_join(r->sweep_folder, "trials.jsonl", path));
  if (access(path, F_OK) != 0) return st;
  KITH_TRY(kith_json_read_file(path, true, &r->sweep));
  r->sweep_args = o->job_args;
  KITH_TRY(KITH_NEW(r->sweep_stored, KITH_SWEEP_STORED));
  KITH_TRY(kith_sweep_stored(o->job, r->sweep_stored));
  KITH_TRY(kith_path_join(o->job->work, "embeddings.h5", path));
  if (access(path, F_OK) == 0) return st;
  KITH_TRY(kith_path_join(r->sweep_folder, "best.yaml", best_args));
  if (access(best_args, F_OK) != 0) return st;
  KITH_TRY(KITH_NEW(*best, 1));
  KITH_TRY(kith_job_read(&r->alone, best_args, 0, NULL, *best).status);
  o->job = *best;
  o->job_args = best_args;
done:
  return st;
}

/* Runs that are compared are different ones. */
static kith_status report_check_other(const kith_report *r, int i) {
  kith_status st = KITH_OK;
  KITH_CHECK(!kith_file_is_same(r->other[i].folder, r->run.folder), KITH_EUSAGE,
             "--compare %s: is the run of the report itself; name another", r->o->compare[i]);
  for (int k = 0; k < i; k++)
    KITH_CHECK(!kith_file_is_same(r->other[i].folder, r->other[k].folder), KITH_EUSAGE,
               "--compare %s: is named twice", r->o->compare[i]);
done:
  return st;
}

static kith_status report_read(kith_report *r) {
  kith_status st = KITH_OK;
  const kith_report_options *o = r->o;
  KITH_TRY(kith__report_run_read(o->job, &r->run));
  KITH_CHECK(r->run.sizes.is || r->run.has_rows || r->run.metrics.value || r->run.trouble[0] ||
                 r->sweep.value,
             KITH_ENOINPUT, "%s: there is nothing to report: run kith ingest %s first", r->run.folder,
             o->job_args);
  for (int i = 0; i < o->n_compare; i++) {
    r->n_other++;
    KITH_TRY(kith__report_run_find(o->compare[i], &r->other[i]));
    KITH_TRY(report_check_other(r, i));
  }
done:
  return st;
}

kith_status kith_report_write(const kith_report_options *o, const char *path, kith_report_result *out) {
  kith_status st = KITH_OK;
  kith_report *r = NULL;
  kith_report_options own = *o;
  kith_job *best = NULL;
  char best_args[KITH_PATH];
  report_page p = {.n = 0};
  *out = (kith_report_result){.bytes = 0};
  KITH_TRY(report_check_replaced(path));
  KITH_TRY(KITH_NEW(r, 1));
  r->o = &own;
  r->alone = (kith_comm){.mpi = MPI_COMM_SELF, .rank = 0, .size = 1};
  KITH_TRY(report_read_sweep(r, &own, &best, best_args));
  KITH_TRY(report_read(r));
  KITH_TRY(report_make(r, &p, out));
  KITH_TRY(kith_text_write(path, p.text));
  out->bytes = p.n;
done:
  kith__page_free(&p);
  if (r) report_free(r);
  KITH_FREE(r);
  KITH_FREE(best);
  return st;
}
