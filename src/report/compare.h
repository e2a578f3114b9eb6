/* Several runs side by side, as the section of --compare has them. */
#ifndef KITH_REPORT_COMPARE_H
#define KITH_REPORT_COMPARE_H

#include "report/section.h"

typedef struct compare {
  const kith_report *r;
  int n;
  const report_run *run[KITH_REPORT_RUNS];
  char letter[KITH_REPORT_RUNS][2];
  const char *name[KITH_REPORT_RUNS]; /* the job's, or the folder where jobs share a name */
  const char *split;                  /* that epochs are compared on */
} compare;

/** Append the settings that differ, by the jobs that the runs store.  Local.  Errors: KITH_ENOMEM; those of
 * kith_job_read_stored(). */
kith_status kith__compare_settings(const compare *c, report_page *p) KITH_MUST_USE;

#endif
