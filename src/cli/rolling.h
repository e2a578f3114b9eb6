/* What the files of kith evaluate --rolling share. */
#ifndef KITH_SRC_CLI_ROLLING_H
#define KITH_SRC_CLI_ROLLING_H

#include "cli/cli.h"
#include "eval/groups.h"

/* The figures by group of the slice whose folder is the job's, of the rows that its training has left.
 * Collective.  Errors: those of its files; KITH_ENOMEM. */
kith_agreed cli_rolling_groups(cli *c, kith_groups *out) KITH_MUST_USE;
/* Print the groups of n slices; null: nothing.  Local. */
void cli_rolling_print_groups(cli *c, int n, const kith_groups *all);

#endif
