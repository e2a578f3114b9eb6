/* What kith report shows of recommendations. */
#ifndef KITH_SRC_CLI_REPORT_H
#define KITH_SRC_CLI_REPORT_H

#include "cli/cli.h"
#include "report/report.h"

/* Recommendations of some users; plain struct, zero is none. */
typedef struct cli_report_examples {
  int n;
  kith_report_example *of; /* [n], on rank 0 */
  char lack[512];          /* why they have no reasons; "": they have */
  kith_graph *graph; /* on one rank, the graph that they were made of, for the rest of the page; or null */
} cli_report_examples;

/*
 * Recommendations of some users with their reasons; none where the job has no ranked items, or nothing was
 * trained yet.  Collective.  Errors: KITH_ENOMEM; what else goes wrong is in x->lack.
 */
kith_agreed cli_report_examples_make(cli *c, cli_report_examples *x) KITH_MUST_USE;
void cli_report_examples_free(cli_report_examples *x);

#endif
