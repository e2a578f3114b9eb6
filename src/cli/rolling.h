/* kith evaluate --rolling: what its files share. */
#ifndef KITH_SRC_CLI_ROLLING_H
#define KITH_SRC_CLI_ROLLING_H

#include "cli/cli.h"
#include "eval/groups.h"

/* A slice of time, and what was measured in it. */
typedef struct cli_rolling_slice {
  int64_t from, until, n_train, n_test, n_cold_user, n_cold_item;
  kith_metrics metrics;
  kith_groups *groups; /* null: not wanted */
} cli_rolling_slice;

/* Ingest and cut anew: the graph of the same lines and settings is the `same` that was there, and its
 * training goes on.  Collective.  Errors: those of kith ingest and kith partition. */
kith_agreed cli_rolling_graph(cli *c, const char *job, kith_ingest_report *r, bool *same) KITH_MUST_USE;

/*
 * The model of the slice before, updated by what lies between (kith update), and the slice measured by it; of
 * the first slice, the job's model, trained.  The model is in FOLDER/model, of interactions before the slice
 * alone; in FOLDER are those of the slice behind it as test split, with rows that an update without a new
 * pair leaves as they are.
 *
 * @param folder  the slice's; the job has its split, but not yet the folder
 * @param before  that of the slice before; "": there is none
 * Collective.  Errors: those of kith ingest, kith partition, kith train and kith update.
 */
kith_agreed cli_rolling_updated(cli *c, const char *folder, const char *before, bool fresh,
                                cli_rolling_slice *s) KITH_MUST_USE;

/* The figures by group of the slice whose folder is the job's, of the rows that its training has left.
 * Collective.  Errors: those of its files; KITH_ENOMEM. */
kith_agreed cli_rolling_groups(cli *c, kith_groups *out) KITH_MUST_USE;
/* Print the groups of n slices; null: nothing.  Local. */
void cli_rolling_print_groups(cli *c, int n, const kith_groups *all);

#endif
