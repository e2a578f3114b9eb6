/* A run under way: run.c leads it through its epochs, saved.c writes its checkpoints and goes on from them. */
#ifndef KITH_SRC_TRAIN_RUN_H
#define KITH_SRC_TRAIN_RUN_H

#include "kith/writer.h"
#include "train/history.h"
#include "train/recipe.h"

/* Everything in it is the same on every rank, but for the trainer's rows and what is said to be this rank's. */
typedef struct run {
  const kith_comm *comm;
  const kith_graph *g;
  const kith_run *o;
  kith_trainer *trainer;
  kith_graph_ids *ids;     /* of the graph that is trained on, for the export */
  kith_writer *writer;     /* of checkpoints; nobody else calls HDF5 before it is waited for */
  history history;
  char recipe[RUN_RECIPE];
  char embeddings[KITH_PATH];
  int64_t epoch, step;     /* whole epochs done; steps done of the next: all of them where its evaluation is left to do */
  double seconds;          /* this rank's, in the steps done of the next epoch … */
  int64_t halo_bytes;      /* … and sent by it; what earlier runs did is on rank 0 */
  double counted;          /* when seconds … */
  int64_t counted_bytes;   /* … and bytes were last added up */
  double best;
  int64_t best_epoch, stale;
  double saved;            /* this rank's clock at the newest checkpoint, or at the begin */
  int64_t saved_epoch, saved_step; /* its place; -1: there is none */
  kith_wish wish;          /* granted after the last step */
  double began, began_share; /* this rank's clock, and epochs done, when this run's first epoch began */
  bool measured;           /* result->best is of the exported epoch */
  bool told_fewer;         /* that some users have fewer unmet items than the protocol asks for */
  kith_run_result *result;
} run;

/* Whether evaluations choose the epoch that is exported, rather than the last one being it. */
bool kith__run_selects(const run *r);

/* Add up what steps took since they were last counted.  Local. */
void kith__run_count(run *r);
/* Count from now on.  Local. */
void kith__run_count_from_here(run *r);

/* What this rank wants after the next step: to stop, or by rank 0's clock a checkpoint.  Local. */
kith_wish kith__run_wish(const run *r);
/* Whether a checkpoint is due after so many steps.  Local. */
bool kith__run_is_due(const run *r);
/* Make room for checkpoints.  Collective. */
kith_agreed kith__run_prepare_saving(run *r) KITH_MUST_USE;
/* Begin to write a checkpoint, unless there is one of this place.  KITH_ENUMERIC, and none is written, if anything is not finite.  Collective. */
kith_agreed kith__run_save(run *r) KITH_MUST_USE;
/* Until the checkpoint that was begun is there.  Collective. */
kith_agreed kith__run_wait(run *r) KITH_MUST_USE;
/* Continue where the newest checkpoint that can be read stopped, if there is one.  Collective. */
kith_agreed kith__run_resume(run *r) KITH_MUST_USE;

#endif
