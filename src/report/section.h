/*
 * Sections of the page: one file each, and a row in the table of report.c, whose order is that of the page.
 *
 * A section appends HTML to `p`.  If it does not concern the job it appends nothing, and has no heading then;
 * what it would show but cannot is named by kith__page_missing().
 */
#ifndef KITH_REPORT_SECTION_H
#define KITH_REPORT_SECTION_H

#include "report/chart.h"
#include "report/run.h"

/** All that sections share. */
typedef struct kith_report {
  const kith_report_options *o;
  report_run run;  /* the one that is reported; of a sweep without a run of its own, the best trial */
  kith_json sweep; /* lines of trials.jsonl, as a list; .value null: there is no sweep … */
  char sweep_folder[KITH_PATH]; /* … in this folder, … */
  const char *sweep_args;       /* … of this job, as "job.yaml --set work=x" … */
  char *sweep_stored;           /* … and the settings that began it, a line each; null without one */
  int n_other;
  report_run other[KITH_REPORT_RUNS - 1]; /* those of --compare */
  kith_comm alone;                        /* this rank, for functions that are Collective */
  /* Read when a section first asks; null before: */
  kith_dataset *dataset;
  kith_graph *graph;
  float *rows;
  int dim;
} kith_report;

typedef struct report_section {
  const char *id, *title;
  /* Local.  Errors: KITH_ENOMEM, which ends the report; others are named in the page, in place of the
   * section, and are warnings. */
  kith_status (*write)(kith_report *r, report_page *p);
} report_section;

extern const report_section kith__section_sweep, kith__section_metrics, kith__section_classes,
    kith__section_stream, kith__section_blend, kith__section_compare, kith__section_curves,
    kith__section_examples, kith__section_map, kith__section_layers, kith__section_time, kith__section_memory,
    kith__section_degrees, kith__section_relations, kith__section_cut, kith__section_repeat;

/** Append the top of the page: the name of the run, its sizes and main figures.  Local. */
void kith__report_head(const kith_report *r, report_page *p);

/** The graph with original numbers, of graph.h5.  Local.  Errors: those of kith_dataset_read(). */
kith_status kith__report_dataset(kith_report *r, const kith_dataset **out) KITH_MUST_USE;
/** Whether the graph is there and has at most KITH_REPORT_EDGES, so that one rank reads it in moments; if it
 * has more, `what` is named as missing.  Local. */
bool kith__report_reads_graph(const kith_report *r, report_page *p, const char *what);
/** Whether there is a parts.h5.  Local. */
bool kith__report_has_parts(const kith_report *r);
/** The cut graph, of parts.h5, all of it on this rank.  Local.  Errors: those of
 * kith_graph_read(); KITH_EDATA: it is of another graph than graph.h5. */
kith_status kith__report_graph(kith_report *r, kith_graph **out) KITH_MUST_USE;
/** The rows of embeddings.h5, in the order of kith__report_graph(): [n_own, *d].  Local. */
kith_status kith__report_rows(kith_report *r, int *d, const float **x) KITH_MUST_USE;

#endif
