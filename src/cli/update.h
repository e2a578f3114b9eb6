/* kith update: what it begins from, its folder, and how what it made there takes the place of the old model.
 */
#ifndef KITH_SRC_CLI_UPDATE_H
#define KITH_SRC_CLI_UPDATE_H

#include "cli/cli.h"

/* Whether a job's model is one that learns new interactions, also in slices of time.  Local.  Errors:
 * KITH_ECONFIG, KITH_EUSAGE. */
kith_status cli_check_updates(const cli *c) KITH_MUST_USE;
/* An update's training: epochs are counted on from `epoch` of the old model, and held-out items are ranked
 * after the last.  Local. */
void cli_update_plan(const cli *c, int64_t epoch, kith_run *run);

/* The checkpoint that an update begins from. */
typedef struct cli_update_origin {
  char path[KITH_PATH];
  kith_checkpoint_progress at;
} cli_update_origin;
/*
 * Find it in the work folder.  Warns of a training that has not ended.  Collective.
 *
 * @param graph    graph.h5 of the old model
 * @param streams  whether the model is one of streams: its checkpoints are within no epoch
 * Errors: KITH_ENOINPUT (nothing was trained), KITH_EDATA (of another graph or run), KITH_ECONFIG (trained
 * with other settings; within an epoch).
 */
kith_agreed cli_update_find(const cli *c, const char *graph, bool streams,
                            cli_update_origin *out) KITH_MUST_USE;

/* WORK/update: where an update makes its files.  Local. */
kith_status cli_update_folder(const cli *c, char *folder) KITH_MUST_USE;

/* A small text of the folder, text [size].  Local.  Errors: KITH_ENOINPUT, KITH_EIO. */
kith_status cli_update_read(const char *folder, const char *name, size_t size, char *text) KITH_MUST_USE;

/*
 * Put the complete files of WORK/update in the place of the old model's, and remove the folder.  A file there
 * names them, from before the first is moved until all are; so a call after an interruption goes on.
 * Collective; rank 0 does it.
 *
 * @param done  null, or whether there was an interrupted one to complete: without it nothing is done then
 * Errors: KITH_EIO, KITH_EOUTPUT, KITH_EDATA (a listed file is neither here nor there).
 */
kith_agreed cli_update_commit(const cli *c) KITH_MUST_USE;
kith_agreed cli_update_complete(const cli *c, bool *done) KITH_MUST_USE;
/* Remove WORK/update and what was made there; its list must not be there.  Collective.  Errors: KITH_EOUTPUT,
 * KITH_EIO. */
kith_agreed cli_update_forget(const cli *c) KITH_MUST_USE;

#endif
