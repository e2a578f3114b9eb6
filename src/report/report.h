/** Report: one self-contained page of HTML about a run, made from the files that it left. */
#ifndef KITH_REPORT_REPORT_H
#define KITH_REPORT_REPORT_H

#include "job/job.h"

enum { KITH_REPORT_RUNS = 8 /* most runs in one page */ };

typedef struct kith_report_options {
  const kith_job *job;
  const char *job_args;       /**< "job.yaml --set work=x", for advice to run a verb */
  const char *program;        /**< version of the program, "0.1.0 (f00)" */
  bool refit;                 /**< the job's work folder is that of a refit */
  int n_compare;              /**< at most KITH_REPORT_RUNS - 1 */
  const char *const *compare; /**< work folders or job files of other runs */
} kith_report_options;

typedef struct kith_report_result {
  int64_t bytes;
  int n_section, n_missing;
  char missing[1024]; /**< what is not shown, with commas */
} kith_report_result;

/**
 * Read what the work folder has and write the page at `path`, atomically.  What is missing or damaged is
 * named in the page; damage is also a warning.  Local; one rank calls it.
 *
 * Errors: KITH_ENOINPUT (the folder has nothing to report, or another run is missing), KITH_ECONFIG (a job
 * file of another run), KITH_EOUTPUT (a file that is no report is in the way), KITH_EIO, KITH_ENOMEM.
 */
kith_status kith_report_write(const kith_report_options *o, const char *path,
                              kith_report_result *out) KITH_MUST_USE;

#endif
