/* State of a training run: run.c runs its epochs, resume.c writes checkpoints and resumes from them. */
#ifndef KITH_SRC_TRAIN_RUN_H
#define KITH_SRC_TRAIN_RUN_H

#include "sequence/sasrec.h"
#include "store/checkpoint_writer.h"
#include "train/history.h"

/* What model.sequence: sasrec learns from (sasrec_run.c). */
typedef struct sasrec_rows {
  kith_ragged list;
  int64_t *user;
  int d;             /* columns of the final rows of the model of the graph; 0: they are not read */
  float *own, *item; /* [n_own, d] and [items, d] */
  float *h;          /* model.sasrec.joint: [own users, dim]; else null */
  kith_sasrec_data data;
} sasrec_rows;

/* Equal on every rank, except the trainer's rows and what is marked as this rank's. */
typedef struct run {
  const kith_comm *comm;
  const kith_graph *g;
  const kith_run *o;
  const kith_run *job;            /* o as it was given: that of SASRec has other options of training */
  kith_trainer *trainer;          /* null: a model without steps */
  struct kith_spectrum *spectrum; /* of the spectral model … */
  float *ritz;                    /* [3 * width] … and its values, each the sum of three floats */
  kith_exact_sum no_loss;
  kith_graph_ids *ids;            /* ids of the training graph, for the export */
  kith_checkpoint_writer *writer; /* writes checkpoints; wait for it before other HDF5 calls */
  history history;
  char config_key[KITH_CONFIG_KEY_SIZE], config_key_legacy[KITH_CONFIG_KEY_SIZE];
  char id[KITH_NAME];        /* run id, kept when the run resumes; "": checkpoint of a version without ids */
  char from[KITH_PATH];      /* path of the checkpoint that was resumed; "": none */
  char *before;              /* an update: metrics.jsonl of the run that is updated … */
  char before_id[KITH_NAME]; /* … and its id */
  char score[KITH_SCORE_SIZE];        /* name of the score that selects the epoch; "": none is selected */
  char score_before[KITH_SCORE_SIZE]; /* the same in the checkpoint … */
  bool has_score_before;              /* … if it stores one */
  char embeddings[KITH_PATH];
  char learned[KITH_LEARNED_SIZE]; /* what the trainer had learned of relations when it was last saved */
  char filter[KITH_SPECTRAL_FILTER_SIZE]; /* of a spectral model, as text */
  kith_direct_term direct;                /* of a spectral model, once it is known; else all 0 */
  struct kith_recent *recent;             /* of model.sequence: recent; else null … */
  float *rows;                            /* … as is this: [n_own, width] the rows with its sums */
  sasrec_rows *sasrec;   /* of model.sequence: sasrec, whose rows are there, too; else null */
  int64_t epoch;         /* epochs done */
  int64_t step;          /* steps done of the next epoch; all of them if only its evaluation is left */
  double seconds;        /* this rank's seconds in those steps … */
  int64_t halo_bytes;    /* … and bytes sent; rank 0 also holds those of earlier runs */
  kith_phases phases;    /* … and those seconds by phase, on rank 0 also earlier ones, times the ranks */
  double counted;        /* clock at kith__run_timer_start() … */
  int64_t counted_bytes; /* … and bytes sent until then … */
  kith_phases counted_phases; /* … and the trainer's phases */
  int64_t told_checkpoints;   /* result->checkpoints and its seconds when the newest line was made */
  double told_checkpoint_seconds;
  double best;
  int64_t best_epoch, bad_evals;
  double saved;                     /* this rank's clock at the newest checkpoint, or at the start */
  int64_t saved_epoch, saved_step;  /* its epoch and step; -1: there is none */
  kith_step_request request;        /* agreed request after the last step */
  double began, epochs_at_start;    /* this rank's clock, and epochs done, at the start of this run */
  bool measured;                    /* result->best is of the exported epoch */
  bool warned_single, warned_alone; /* by run_warn_single_pairs(), run_warn_no_neighbors() */
  bool warned_left_out;             /* the warning about users none of whose held-out items is ranked */
  bool warned_short;                /* the warning about users with fewer than N candidates was given */
  kith_run_result *result;
} run;

/* ---- score.c ---- */

/* Whether final rows are scores of classes, rather than embeddings that rank items. Local. */
bool kith__run_classifies(const run *r);
/* Whether evaluations select the exported epoch; else it is the last one. Local. */
bool kith__run_selects_epoch(const run *r);
/* "valid", "test", or "test-selected".  Local. */
const char *kith__run_split(const run *r);
/* Name of the score that selects the epoch, text [KITH_SCORE_SIZE]; "": none. Local. */
void kith__run_score_name(const run *r, char *text);
/* Evaluate final embeddings x [n_own, d] on a split; `polls`: write checkpoints that become due meanwhile.
 * Collective. Errors: KITH_EINTERRUPT, KITH_ENOMEM, those of kith__run_save(). */
kith_agreed kith__run_eval(run *r, int d, const float *x, kith_eval_split split, bool polls,
                           kith_eval_result *out) KITH_MUST_USE;
/* Score that selects the epoch: higher is better. Local. */
double kith__run_score(const run *r, const kith_eval_result *m);

/* ---- export.c ---- */

/* Columns of the exported rows. Local. */
int kith__run_width(const run *r);
/* Write embeddings.h5: final embeddings after `epoch` epochs and `step` steps. Collective. */
kith_agreed kith__run_export(run *r, int64_t epoch, int64_t step, const char *metrics,
                             const float *final) KITH_MUST_USE;
/* If the score that selects the epoch has changed since the checkpoint, restart the selection. Collective. */
kith_agreed kith__run_reset_selection(run *r) KITH_MUST_USE;
/*
 * Make embeddings.h5 hold the best epoch of this run so far, or the last one; rewrite it where it does not.
 * Called before the first step, or, if `finished`, instead of any. Collective. Errors: KITH_ENOINPUT if no
 * copy of the best epoch is left.
 */
kith_agreed kith__run_restore_export(run *r, bool finished) KITH_MUST_USE;
/* Check at the end that embeddings.h5 is the file that this run wrote. Collective. Errors: KITH_EDATA. */
kith_agreed kith__run_check_export(const run *r) KITH_MUST_USE;

/* ---- sequence.c ---- */

/* Prepare what model.sequence adds, and free it.  The first is Collective.  Errors: KITH_ENOMEM, KITH_ECONFIG
 * (the interactions have no times). */
kith_agreed kith__run_sequence_begin(run *r) KITH_MUST_USE;
void kith__run_sequence_end(run *r);
/*
 * The rows that rank, of a model's final rows [n_own, width]: these, or others with what model.sequence adds,
 * which stay until the next call.  What the job leaves open is chosen on validation, of these rows alone: a
 * run that resumes chooses the same.  Collective.  Errors: those of kith_recent_choose().
 */
kith_agreed kith__run_rows(run *r, const float **final) KITH_MUST_USE;

/* ---- sasrec_run.c ---- */

bool kith__run_is_sasrec(const run *r); /* Local. */
/* Train the model of the graph, if the job has it read: a run of its own in WORK/base.  Collective.  Errors:
 * those of kith_train_run(). */
kith_agreed kith__sasrec_base(const kith_comm *comm, const kith_graph *g, const kith_run *o) KITH_MUST_USE;
/* The run of the model of the graph; key [KITH_CONFIG_KEY_SIZE] lives as long as it.  Local. */
kith_status kith__sasrec_base_run(const kith_run *o, char *key, kith_run *base) KITH_MUST_USE;
/* The checkpoint of that run of which its embeddings.h5 is.  Collective. */
kith_agreed kith__sasrec_base_checkpoint(const kith_comm *comm, const kith_run *base,
                                         char *checkpoint) KITH_MUST_USE;
/* model.sasrec.joint: the trainer's rows and weights become those of that checkpoint.  Collective. */
kith_agreed kith__sasrec_begin_joint(run *r) KITH_MUST_USE;
bool kith__run_is_joint(const run *r); /* model.sasrec.joint; Local */
/* The run's options become those of SASRec's epochs.  Local. */
void kith__sasrec_options(kith_run *o);
/* Lists and rows that it learns from; free them.  The first is Collective.  Errors: those of files. */
kith_agreed kith__sasrec_begin(run *r) KITH_MUST_USE;
void kith__sasrec_free(run *r);
/* The rows of the model of the graph in `folder`: d, own and item, which the caller frees.  Collective. */
kith_agreed kith__sasrec_read_base(const kith_comm *comm, const kith_graph *g, const char *folder,
                                   sasrec_rows *s) KITH_MUST_USE;
/* s->item of all items, of the rows own of these. Collective. */
kith_agreed kith__sasrec_gather(const kith_comm *comm, const kith_graph *g, sasrec_rows *s) KITH_MUST_USE;
void kith__sasrec_rows_free(sasrec_rows *s);
int kith__sasrec_width(const run *r); /* columns of what is exported; Local */
/* The rows that rank, as kith__run_rows(); *final are the users' rows [own users, dim], or with
 * model.sasrec.joint all rows of the model of the graph.  Collective. */
kith_agreed kith__sasrec_rows(run *r, const float **final) KITH_MUST_USE;

/* ---- sasrec_trainer.c ---- */

/* Collective.  Errors: those of kith_sasrec_create(). */
kith_agreed kith__sasrec_trainer_create(const kith_comm *comm, const kith_graph *g, const kith_run *o,
                                        const kith_sasrec_data *data, kith_trainer **out) KITH_MUST_USE;

/* ---- run.c ---- */

/*
 * Evaluate embeddings.h5: on the job's split, if an earlier run wrote it; and on the test split, if
 * validation selected the epoch.  The test split is read only here.  Collective.
 */
kith_agreed kith__run_measure(run *r) KITH_MUST_USE;

/* ---- resume.c ---- */

/* What checkpoints hold: of the trainer, or of the spectral model.  Local. */
kith_train_state kith__run_state(run *r);
/* Set r->learned.  Local. */
void kith__run_note_learned(run *r);

/* Add seconds and bytes since kith__run_timer_start(). Local. */
void kith__run_timer_add(run *r);
/* Start counting the seconds and bytes of steps. Local. */
void kith__run_timer_start(run *r);

/* Set the checkpoints' seconds of a line, this rank's: those since the line before.  Local. */
void kith__run_tell_checkpoints(run *r, history_line *line);

/* Request of this rank for the next step: stop (signal), or a checkpoint (rank 0's clock). Local. */
kith_step_request kith__run_request(const run *r);
/* Whether a checkpoint is due after the step that was just done. Local. */
bool kith__run_checkpoint_is_due(const run *r);
/* Create the checkpoint writer. Collective. */
kith_agreed kith__run_open_writer(run *r) KITH_MUST_USE;
/* Start writing a checkpoint, unless one of this epoch and step exists. Collective. Errors: KITH_ENUMERIC if
 * the loss or a parameter is not finite: nothing is written. */
kith_agreed kith__run_save(run *r) KITH_MUST_USE;
/* Callback of an evaluation: write a checkpoint of the state before it, if one is due by the clock. The
 * context is the run. Collective. */
kith_agreed kith__run_poll(void *context) KITH_MUST_USE;
/* Read a checkpoint into the trainer, and its other contents into c; the caller frees c->history.  of_parent:
 * it is of the graph that this one updates. Collective. */
kith_agreed kith__run_load(run *r, const char *path, bool of_parent, kith_checkpoint *c) KITH_MUST_USE;
/* Wait until the checkpoint in progress is complete. Collective. */
kith_agreed kith__run_wait(run *r) KITH_MUST_USE;
/* Resume from the newest readable checkpoint, if there is one. Collective. */
kith_agreed kith__run_resume(run *r) KITH_MUST_USE;

/* ---- update.c ---- */

/* Begin an update: rows, slots, weights and counts of the run that is updated, then rows of new nodes.
 * Collective.  Errors: those of kith_checkpoint_read(). */
kith_agreed kith__update_begin(run *r) KITH_MUST_USE;
/* Keep of the checkpoint that is updated its epoch and its history, for kith__update_history(), and count new
 * nodes.  Local. */
void kith__update_take(run *r, kith_checkpoint *c);
/* The lines of the run that is updated, and one on the update, as a new text. Local. */
kith_status kith__update_history(const run *r, char **out) KITH_MUST_USE;

#endif
