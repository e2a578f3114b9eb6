/* Private to the program: what the files of kith sweep share. */
#ifndef KITH_SRC_CLI_SWEEP_H
#define KITH_SRC_CLI_SWEEP_H

#include "cli/cli.h"
#include "sweep/sweep.h"

/* Print the table of trials, best first, what failed, and what to do with the best one; and add them to the
 * JSON object.  On rank 0.  Errors: KITH_ENOMEM. */
kith_status cli_sweep_print(cli *c, const kith_sweep *s) KITH_MUST_USE;

/* The program that runs, path [KITH_PATH].  Local.  Errors: KITH_EIO. */
kith_status cli_sweep_program(char *path) KITH_MUST_USE;
/* What the logs of all trials say.  Local.  Errors: KITH_ENOMEM, KITH_EIO. */
kith_status cli_sweep_look_at_all(kith_sweep *s) KITH_MUST_USE;
/* The fingerprint of graph.h5.  Collective.  Errors: KITH_ENOINPUT, those of the file. */
kith_agreed cli_sweep_fingerprint(const cli *c, int64_t *out) KITH_MUST_USE;

/*
 * Submit what is left to do to Slurm; or, in the job behind an array, of the rung that the variable
 * KITH_SWEEP_RUNG names, give up the trials of the array that did not end, and go on with the next rung.
 * Collective.
 *
 * @param parallel  trials at once; 0: no limit
 * @param options   of sbatch
 * @param[out] queued  whether jobs are in the queue now; else all is done
 * Errors: KITH_EUSAGE; those of kith_sweep_prepare() and kith_sweep_submit().
 */
kith_agreed cli_sweep_slurm(cli *c, kith_sweep *s, int parallel, int ranks, const char *options, bool fresh,
                            bool *queued) KITH_MUST_USE;

#endif
