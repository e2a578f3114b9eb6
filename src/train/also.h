/* Auxiliary losses on pairs of other relations (train.also). */
#ifndef KITH_SRC_TRAIN_ALSO_H
#define KITH_SRC_TRAIN_ALSO_H

#include "train/trainer.h"

/* Check that the graph has the relations, and that the model's full steps can train on them.  Local.  Errors:
 * KITH_ECONFIG. */
kith_status kith__also_check(const kith_graph *g, const kith_train_options *train,
                             const kith_model_options *model) KITH_MUST_USE;
/* Make a stream for each relation, and t->further.  Collective.  Errors: KITH_EDATA (no pairs). */
kith_agreed kith__also_create(kith_trainer *t) KITH_MUST_USE;
void kith__also_destroy(kith_trainer *t);
/* The batches of the current step (exec.step).  Collective. */
void kith__also_fill(kith_trainer *t);
void kith__also_clear(kith_trainer *t); /* no pairs: for inference */
/* Exchange which rows the batches read.  Collective; returns the largest request of all ranks. */
kith_step_request kith__also_setup(kith_trainer *t, kith_step_request request);
/* Record the losses of the rows that the model has put out for them. */
void kith__also_record(kith_trainer *t);

#endif
