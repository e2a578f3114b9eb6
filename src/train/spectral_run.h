/* The run of the spectral model: rounds instead of epochs. */
#ifndef KITH_SRC_TRAIN_SPECTRAL_RUN_H
#define KITH_SRC_TRAIN_SPECTRAL_RUN_H

#include "spectral/spectral.h"
#include "train/run.h"

/* Iterate until the tolerance is reached, or all rounds are done; export and evaluate.  A finished run only
 * exports again, since the filter is applied there.  Collective. */
kith_agreed kith__spectral_run(run *r) KITH_MUST_USE;
/* Free what the run has of the spectral model.  Local. */
void kith__spectral_free(run *r);
/* Begin an update: read the eigenpairs of the older graph into r->spectrum, whose columns are zeros.
 * Collective.  Errors: those of kith_checkpoint_read(). */
kith_agreed kith__spectral_update_begin(run *r) KITH_MUST_USE;
/* Columns and values of the iteration, for checkpoints.  Local. */
kith_train_state kith__spectral_state(run *r);
/* Values as sums of three floats, out [3 * width], and back.  Local. */
void kith__spectral_pack(const kith_spectrum *s, float *out);
void kith__spectral_unpack(const float *in, kith_spectrum *s);
/* Read a checkpoint into `s`, whose width is that of the model's iteration, and into `c`, whose x and weights
 * are not to be used.  Collective.  Errors: those of kith_checkpoint_read(); then c->history is null. */
kith_agreed kith__spectral_read(const kith_comm *comm, const kith_graph *g, const kith_run *o,
                                const char *path, kith_spectrum *s, kith_checkpoint *c) KITH_MUST_USE;

#endif
