/* kith evaluate: what is wanted beside the figures of all users, printed, and written to a file. */
#ifndef KITH_CLI_EVALUATE_H
#define KITH_CLI_EVALUATE_H

#include "baseline/baseline.h"
#include "cli/cli.h"
#include "eval/groups.h"

/* Options. */
typedef struct cli_evaluation {
  bool groups;                   /* print the figures of groups */
  bool asked;                    /* baselines were named; else those that cost next to nothing are measured */
  bool baseline[KITH_BASELINES]; /* to measure */
  kith_baseline_wishes wishes;
} cli_evaluation;

/* Take --groups and --baseline, and refuse them where nothing is ranked that they could be of.  Local. */
kith_status cli_take_evaluation(cli *c, cli_evaluation *want) KITH_MUST_USE;
/* Refuse a baseline that was asked for and that cannot be measured; drop one that was not.  Collective.
 * Errors: those of kith_baseline_check(). */
kith_agreed cli_check_baselines(const cli *c, cli_evaluation *want, const kith_graph *g) KITH_MUST_USE;
/* Measure baselines, print them in a table below the model of these figures, and add them to the JSON object.
 * Collective.  Errors: those of kith_baseline_evaluate(). */
kith_agreed cli_evaluate_baselines(cli *c, const cli_evaluation *want, const kith_graph *g, const char *model,
                                   const kith_metrics *m, double seconds) KITH_MUST_USE;

/* Name of a split of nodes; "" if it is none. */
const char *cli_node_split(kith_node_split split);
/* Print the accuracy of logits x on one split of nodes, or on every split that has any, and of the baselines
 * below it; both are added to the JSON object.  Collective.  Errors: KITH_ECONFIG, KITH_ENOMEM. */
kith_agreed cli_evaluate_nodes(cli *c, const cli_evaluation *want, const kith_graph *g, const float *x,
                               kith_node_split only) KITH_MUST_USE;
/* Print the figures of all users, and add them to the JSON object.  Local. */
void cli_print_metrics(cli *c, const kith_metrics *m);
/* Append all figures to the object that is open, as ", \"recall@20\": …".  Local. */
void cli_json_figures(cli *c, const kith_metrics *m);
/* Print a table of the figures of groups at the largest cutoff.  Local. */
void cli_print_groups(const cli *c, const kith_groups *all);
/* Add the member "groups" to the JSON object, with all cutoffs.  Local. */
void cli_json_groups(cli *c, const kith_groups *all);

/*
 * Add the graph's fingerprint to the JSON object, and write the object to WORK/evaluate-SPLIT.json.  Where
 * that cannot be written, a warning says so: the figures are printed.  Collective.
 */
kith_agreed cli_write_evaluation(cli *c, const kith_graph *g, const char *split) KITH_MUST_USE;

#endif
