/* A run under way: run.c leads it through its epochs, saved.c writes its checkpoints and goes on from them.
 */
#ifndef KITH_SRC_TRAIN_RUN_H
#define KITH_SRC_TRAIN_RUN_H

#include "kith/checkpoint_writer.h"
#include "train/history.h"

/* Everything in it is the same on every rank, but for the trainer's rows and what is said to be this rank's.
 */
typedef struct run {
  const kith_comm *comm;
  const kith_graph *g;
  const kith_run *o;
  kith_trainer *trainer;
  kith_graph_ids *ids;            /* of the graph that is trained on, for the export */
  kith_checkpoint_writer *writer; /* of checkpoints; nobody else calls HDF5 before it is waited for */
  history history;
  char config_key[KITH_CONFIG_KEY_SIZE];
  char id[KITH_NAME];          /* of the run, over all the times that it goes on; "": of a version without */
  char from[KITH_PATH];        /* the checkpoint that it goes on from; "": none */
  char score[KITH_SCORE_SIZE]; /* what epochs are compared by, "" if none is picked … */
  char score_before[KITH_SCORE_SIZE]; /* … and what they were by the checkpoint's word, */
  bool has_score_before;              /* if it has one */
  char embeddings[KITH_PATH];
  int64_t epoch,
      step; /* whole epochs done; steps done of the next: all of them where its evaluation is left to do */
  double seconds;        /* this rank's, in the steps done of the next epoch … */
  int64_t halo_bytes;    /* … and sent by it; what earlier runs did is on rank 0 */
  double counted;        /* when seconds … */
  int64_t counted_bytes; /* … and bytes were last added up */
  double best;
  int64_t best_epoch, bad_evals;
  double saved;                    /* this rank's clock at the newest checkpoint, or at the begin */
  int64_t saved_epoch, saved_step; /* its place; -1: there is none */
  kith_step_request request;       /* agreed_request after the last step */
  double began, epochs_at_start;   /* this rank's clock, and epochs done, when this run's first epoch began */
  bool measured;                   /* result->best is of the exported epoch */
  bool warned_short;               /* that some users have fewer unmet items than the protocol asks for */
  kith_run_result *result;
} run;

/* ---- score.c ---- */

/* Whether evaluations choose the epoch that is exported, rather than the last one being it.  Local. */
bool kith__run_selects_epoch(const run *r);
/* "valid", "test", or "test-selected".  Local. */
const char *kith__run_split(const run *r);
/* What epochs are compared by, in words, text [KITH_SCORE_SIZE]; "" if they are not.  Local. */
void kith__run_score_name(const run *r, char *text);
/* Measure final rows x [n_own, d] on a split; `polls`: what falls due meanwhile is saved.  Collective.
 * Errors: KITH_EINTERRUPT, KITH_ENOMEM, those of saving. */
kith_agreed kith__run_eval(run *r, int d, const float *x, kith_eval_split split, bool polls,
                           kith_eval_result *out) KITH_MUST_USE;
/* What epochs are compared by: more is better.  Local. */
double kith__run_score(const run *r, const kith_eval_result *m);

/* ---- export.c ---- */

/* Columns of what is exported.  Local. */
int kith__run_width(const run *r);
/* Write embeddings.h5: final rows after so many epochs and steps.  Collective. */
kith_agreed kith__run_export(run *r, int64_t epoch, int64_t step, const char *metrics,
                             const float *final) KITH_MUST_USE;
/* Where the score that picks the epoch has changed, begin the comparison anew.  Collective. */
kith_agreed kith__run_reset_selection(run *r) KITH_MUST_USE;
/*
 * Before the first step, or instead of it if `finished`: embeddings.h5 holds the best epoch so far, or the
 * last one, of this run, and is written again where it does not.  Collective.  Errors: KITH_ENOINPUT if no
 * copy of the best is left.
 */
kith_agreed kith__run_restore_export(run *r, bool finished) KITH_MUST_USE;
/* At the end: embeddings.h5 is what this run wrote.  Collective.  Errors: KITH_EDATA. */
kith_agreed kith__run_check_export(const run *r) KITH_MUST_USE;

/* ---- saved.c ---- */

/* Add up what steps took since they were last counted.  Local. */
void kith__run_timer_add(run *r);
/* Count from now on.  Local. */
void kith__run_timer_start(run *r);

/* What this rank wants after the next step: to stop, or by rank 0's clock a checkpoint.  Local. */
kith_step_request kith__run_request(const run *r);
/* Whether a checkpoint is due after so many steps.  Local. */
bool kith__run_checkpoint_is_due(const run *r);
/* Make room for checkpoints.  Collective. */
kith_agreed kith__run_open_writer(run *r) KITH_MUST_USE;
/* Begin to write a checkpoint, unless there is one of this place.  KITH_ENUMERIC, and none is written, if
 * anything is not finite.  Collective. */
kith_agreed kith__run_save(run *r) KITH_MUST_USE;
/* In the middle of an evaluation: save what was before it, if a checkpoint is due by the clock.  The context
 * is the run.  Collective. */
kith_agreed kith__run_poll(void *context) KITH_MUST_USE;
/* Read a checkpoint into the trainer, and the rest of it into c, whose history is the caller's.  Collective.
 */
kith_agreed kith__run_load(run *r, const char *path, kith_checkpoint *c) KITH_MUST_USE;
/* Until the checkpoint that was begun is there.  Collective. */
kith_agreed kith__run_wait(run *r) KITH_MUST_USE;
/* Continue where the newest checkpoint that can be read stopped, if there is one.  Collective. */
kith_agreed kith__run_resume(run *r) KITH_MUST_USE;

#endif
