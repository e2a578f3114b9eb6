/* What kith export writes of a sweep. */
#ifndef KITH_SRC_CLI_EXPORT_H
#define KITH_SRC_CLI_EXPORT_H

#include "cli/cli.h"
#include "export/export.h"

/* The scalars of all trials of the job's sweep, and of its own run if there is one.  Local.  Errors:
 * KITH_ENOINPUT if no trial has any; those of kith_export_scalars(). */
kith_status cli_export_trials(const cli *c, kith_export *o) KITH_MUST_USE;

#endif
