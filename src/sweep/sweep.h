/**
 * Sweep: trials of a job, each a run of kith train with other settings, and what validation says of them.
 *
 * The folder of a sweep is WORK/sweep.  A trial has a folder of its own there, trial-NNN, with a job.yaml
 * that can be run alone, log.txt with what its runs print, and all that kith train writes.  What has become
 * of a trial is read from its log: every run of kith train --json ends it with one line.  So nothing is lost
 * with the program that started it, on this machine or in a queue.
 *
 * All functions are Local: one rank runs a sweep, and starts programs.
 */
#ifndef KITH_SWEEP_SWEEP_H
#define KITH_SWEEP_SWEEP_H

#include <sys/types.h>

#include "job/job.h"

enum {
  KITH_SWEEP_MOST = 10000, /* trials */
  KITH_SWEEP_RUNGS = 32,   /* rungs of successive halving */
  KITH_SWEEP_ERROR = 256,  /* bytes of the reason of a failure */
  KITH_SWEEP_DRAWN = 32,   /* bytes of a number that was drawn */
  KITH_SWEEP_STORED = 4 * KITH_SWEEP_KEY_SIZE
};

/* ---- which trials ---- */

/** What becomes of a trial. */
typedef enum kith_trial_status {
  KITH_TRIAL_WAITING, /**< its run has not ended */
  KITH_TRIAL_RUNNING,
  KITH_TRIAL_DONE,    /**< trained to the end */
  KITH_TRIAL_STOPPED, /**< trained to the end of a rung, from which others went on */
  KITH_TRIAL_FAILED
} kith_trial_status;

typedef struct kith_trial {
  struct {
    int index;                    /**< of a list's values */
    char drawn[KITH_SWEEP_DRAWN]; /**< of a range */
  } value[KITH_SWEEP_AXES];
  kith_trial_status status;
  int rung;                     /**< the last one that it takes part in, from 1 */
  bool has_score;               /**< of the run so far; the rest is unset without */
  bool ended;                   /**< train.patience ended the run early */
  int64_t epochs, best_epoch;   /**< rounds of a spectral model, which has no best one: 0 */
  double score, tie;            /**< higher is better; `tie` decides between equals */
  double seconds;               /**< in steps, of all its runs */
  int code;                     /**< of the run that failed; 128 + the signal that ended it */
  char error[KITH_SWEEP_ERROR]; /**< its reason, one line */
} kith_trial;

typedef struct kith_sweep {
  const kith_job *base;
  char folder[KITH_PATH]; /**< absolute: WORK/sweep */
  char metric[KITH_NAME]; /**< of the score, as recall@20 */
  int64_t n_grid;         /**< combinations of the lists; 0: a key has a range, or there are too many */
  int n_same;             /**< combinations that were left out, since they make the same run as another */
  int n;
  kith_trial *trial; /**< [n], number 1 first */
  int n_rung;        /**< 1 without halving */
  int rung_epochs[KITH_SWEEP_RUNGS];
} kith_sweep;

/**
 * The trials of a job.  A pure function of its sweep and of the keys that decide which of them are the same
 * run.
 *
 * @param job  kept; must outlive the sweep
 * @param[out] out  free it with kith_sweep_free()
 * Errors: KITH_ECONFIG: no sweep, or one that cannot be judged on validation; a key without effect in any
 * trial; too many trials.  KITH_ENOMEM; KITH_EIO.  Cost: a job for each trial.
 */
kith_status kith_sweep_create(const kith_job *job, kith_sweep *out) KITH_MUST_USE;
void kith_sweep_free(kith_sweep *s);

/** Whether the trials are of stream.model, whose training measures the last epoch alone, by the mean
 * reciprocal rank, and never reads the test split. */
static inline bool kith_sweep_of_stream(const kith_sweep *s) {
  return s->base->stream.model != KITH_STREAM_NO_MODEL;
}
/** The key of the epochs by which the job's model is trained. */
static inline const char *kith_sweep_epochs_key(const kith_job *job) {
  return job->model.sequence == KITH_SEQUENCE_SASREC ? "model.sasrec.epochs" : "train.epochs";
}
/** The value of the i-th key that varies in trial t (from 0), as --set takes it: text [KITH_SWEEP_VALUES]. */
void kith_sweep_value(const kith_sweep *s, int t, int i, char *text);
/** The job of trial t.  Errors: KITH_ECONFIG. */
kith_status kith_sweep_job(const kith_sweep *s, int t, kith_job *out) KITH_MUST_USE;
/** The folder of trial t: path [KITH_PATH]; a file of it unless `name` is "". */
kith_status kith_sweep_path(const kith_sweep *s, int t, const char *name, char *path) KITH_MUST_USE;

/* ---- files ---- */

/**
 * Make the folders and job files of all trials.  The settings of the sweep, and the graph, must be those of
 * the files that are there; with `fresh` the runs that are there are forgotten.
 *
 * @param comm         of this process alone
 * @param fingerprint  of graph.h5
 * Errors: KITH_ECONFIG: another sweep is there, which differs in one setting that is named; KITH_EOUTPUT;
 * KITH_EIO.
 */
kith_agreed kith_sweep_prepare(const kith_comm *comm, const kith_sweep *s, int64_t fingerprint,
                               bool fresh) KITH_MUST_USE;
/** Whether WORK/sweep holds this sweep.  Errors: as above; KITH_ENOINPUT if there is none. */
kith_status kith_sweep_check(const kith_sweep *s, int64_t fingerprint) KITH_MUST_USE;
/**
 * Keep the settings of the command line, but for the work folder, with the sweep in WORK/sweep.
 *
 * @param set  [n_set], as "sweep.train.lr=[0.001, 0.003]"
 * Errors: KITH_EUSAGE if they are too long; KITH_EOUTPUT, KITH_EIO, KITH_ENOMEM.
 */
kith_status kith_sweep_store(const kith_job *job, int n_set, const char *const *set) KITH_MUST_USE;
/**
 * The settings that are kept there, a line each; none if there is no sweep.
 *
 * @param[out] text  [KITH_SWEEP_STORED]
 * Errors: KITH_EIO, KITH_ENOMEM.
 */
kith_status kith_sweep_stored(const kith_job *job, char *text) KITH_MUST_USE;

/** Read from its log what the runs of trial t have come to.  Errors: KITH_ENOMEM. */
kith_status kith_sweep_look(kith_sweep *s, int t) KITH_MUST_USE;
/**
 * Write trials.jsonl and, if a trial is done, best.yaml.  Errors: KITH_EOUTPUT, KITH_EIO, KITH_ENOMEM.
 */
kith_status kith_sweep_write(const kith_sweep *s) KITH_MUST_USE;

/* ---- order ---- */

/** Whether trial a is better than trial b: higher score, then tie, then the smaller number. */
bool kith_sweep_is_better(const kith_sweep *s, int a, int b);
/** Whether trial t has trained as long as rung r, from 1, asks for. */
bool kith_sweep_reached(const kith_sweep *s, int t, int r);
/**
 * What is left to do.  Sets rung and status of all trials; one that failed stays so.
 *
 * @param[out] rung  the first one, from 1, that a trial has not ended; n_rung + 1: none
 * @param[out] todo  [n] whether trial t is to be trained to the end of that rung
 * Errors: KITH_ENOMEM.
 */
kith_status kith_sweep_settle(kith_sweep *s, int *rung, bool *todo) KITH_MUST_USE;
/** All trials, best first, those without a score last: order [n]. */
void kith_sweep_order(const kith_sweep *s, int *order);
/** The best trial that is done, or -1. */
int kith_sweep_best(const kith_sweep *s);

/* ---- programs ---- */

/** How trials are run on this machine. */
typedef struct kith_sweep_runner {
  const char *program;      /**< kith */
  int parallel, ranks;      /**< trials at once, at most 256; ranks of each */
  int threads;              /**< of a rank; 0: as the environment says */
  const char *const *unset; /**< variables that are not handed on; null ends them */
  /** Told after each change of a trial; may be null. */
  void (*changed)(void *context, const kith_sweep *s, int t);
  void *context;
} kith_sweep_runner;

/**
 * Run all that is not done.  Signals that ask to stop (INT, TERM, USR1, HUP) are passed on: runs write
 * checkpoints, and no further ones start.
 *
 * Errors: KITH_EINTERRUPT after a signal; KITH_EIO if no program can be started; those of the files.  The
 * failure of a trial is none.
 */
kith_status kith_sweep_run(kith_sweep *s, const kith_sweep_runner *r) KITH_MUST_USE;
/** Run kith `verb` with `n` further words, and wait.  @param[out] code  of its end.  Errors: as above. */
kith_status kith_sweep_stage(const kith_sweep_runner *r, const char *log, int n, const char *const *word,
                             int *code) KITH_MUST_USE;

/* ---- the queue of Slurm ---- */

/** How trials are submitted. */
typedef struct kith_sweep_queue {
  const char *program, *scripts; /**< kith; the folder of sweep.sbatch */
  int parallel, ranks;           /**< trials at once, 0: no limit; ranks of each */
  const char *options;           /**< further options of sbatch, separated by spaces */
  const char *command;           /**< of a shell: what goes on when they have ended */
} kith_sweep_queue;

/**
 * Whether jobs of this sweep are in the queue, as queue.txt of its folder has their numbers.
 * @param[out] jobs  [KITH_NAME] their numbers; "" if none is
 * Errors: KITH_EIO if squeue cannot be run.
 */
kith_status kith_sweep_queued(const kith_sweep *s, char *jobs) KITH_MUST_USE;
/**
 * Submit the trials `todo` as an array that trains to the end of a rung, and behind it the command.
 * @param[out] jobs  [KITH_NAME] numbers of both
 * Errors: KITH_EUSAGE with what sbatch says; KITH_EOUTPUT, KITH_EIO, KITH_ENOMEM.
 */
kith_status kith_sweep_submit(const kith_sweep *s, const kith_sweep_queue *q, int rung, const bool *todo,
                              char *jobs) KITH_MUST_USE;
/** Trials that were to reach a rung, and whose jobs are over, have failed. */
void kith_sweep_give_up(kith_sweep *s, const bool *todo);

#endif
