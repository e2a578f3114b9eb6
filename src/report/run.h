/*
 * What the files of a run say.  A missing file leaves its part empty; a damaged one does, too, and
 * `trouble` says why.
 */
#ifndef KITH_REPORT_RUN_H
#define KITH_REPORT_RUN_H

#include "base/json.h"
#include "report/report.h"

enum { REPORT_TROUBLE = 512 };

/** The graph of a run, by its counts alone. */
typedef struct report_sizes {
  bool is;                /* graph.h5 was read */
  int64_t fingerprint;    /* as kith inspect prints it */
  int64_t parent;         /* that of the graph that kith update put lists behind; 0: none */
  int64_t n_user, n_item; /* recommend */
  int64_t n_train, n_valid, n_test;
  int64_t n_node, n_edge, n_class, n_feature; /* classify; n_class 0: recommend */
} report_sizes;

typedef struct report_run {
  char label[KITH_NAME];                            /* name of its job */
  char folder[KITH_PATH];                           /* its work folder */
  char graph_path[KITH_PATH], rows_path[KITH_PATH]; /* graph.h5; embeddings.h5, or blend.h5 */
  report_sizes sizes;
  kith_json metrics;    /* lines of metrics.jsonl, as a list; .value null: none, or … */
  bool damaged_metrics; /* … they could not be read */
  bool has_rows;        /* embeddings.h5 was read: */
  kith_embeddings_origin from;
  char software[KITH_NAME]; /* that wrote it */
  char *job_text;           /* its resolved job, or that of graph.h5; null: none */
  char *taken;              /* the lists of updates, as graph.h5 has them (docs/files.md); null: none */
  kith_json evaluate[2];    /* evaluate-valid.json, and evaluate-test.json, or evaluate-all.json of classes;
                               .value null: none, or … */
  bool stale[2];            /* … of other rows than those that are there */
  char trouble[REPORT_TROUBLE];
} report_run;

/** Read the files of a work folder; *out is zero before.  Local.  Errors: KITH_ENOMEM; the caller frees *out,
 * then too. */
kith_status kith__report_run_read(const kith_job *job, report_run *out) KITH_MUST_USE;
/** The same of a work folder or a job file, as --compare has them.  Errors also: KITH_ENOINPUT,
 * KITH_ECONFIG. */
kith_status kith__report_run_find(const char *path, report_run *out) KITH_MUST_USE;
void kith__report_run_free(report_run *run);

/**
 * The values of a member of metrics.jsonl: x is the epoch (or the round), y the value.  Lines without one,
 * second measurements of an epoch, and lines of the run before an update are left out.
 * @param x, y  [run->metrics.value->n]; returns how many of them are set
 */
int64_t kith__report_curve(const report_run *run, const char *name, double *x, double *y);
/** The last line of metrics.jsonl; null if there is none. */
const kith_json_value *kith__report_last_line(const report_run *run);
/** Seconds of epochs (or rounds), means over the ranks. */
typedef struct report_seconds {
  int64_t n;                          /* epochs */
  double steps, evaluate, checkpoint; /* of the last checkpoint none */
  bool updates;                       /* these are the epochs of an update */
} report_seconds;
/** Those of a line of metrics.jsonl; .n is 0 where it is no epoch of the run that the last line is of. */
report_seconds kith__report_line_seconds(const report_run *run, const kith_json_value *line);
/** Sums over all lines. */
report_seconds kith__report_seconds(const report_run *run);
/** Whether embeddings.h5 is of the run that metrics.jsonl is of. */
bool kith__report_is_exported(const report_run *run);
/** The line of the epoch that embeddings.h5 holds, or, where it is not of this run, the best so far by what
 * validation chooses by; null if there is none. */
const kith_json_value *kith__report_picked_line(const report_run *run);

/** The name of a metric for people: "Recall@20" of "recall@20".  Local.  @param[out] text  [KITH_NAME] */
void kith__report_metric_name(const char *member, char *text);

/** Names of metrics that lines have, such as "recall@10", in the order of the first line that has them.
 * @param prefix  "recall@", …: only those; @param[out] name  [8]; returns their number */
int kith__report_metric_names(const report_run *run, const char *prefix, const char **name);

#endif
