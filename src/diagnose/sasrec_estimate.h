/* Estimates of one training, in memory_estimate.c; kith_estimate_memory() and kith_estimate_disk() are of a
 * run.
 */
#ifndef KITH_SRC_DIAGNOSE_SASREC_ESTIMATE_H
#define KITH_SRC_DIAGNOSE_SASREC_ESTIMATE_H

#include "diagnose/memory_estimate.h"

kith_status kith__estimate_model(const kith_graph_sizes *s, const kith_model_options *model,
                                 const kith_train_options *train, const kith_eval_options *evaluate,
                                 const kith_checkpoint_options *checkpoint,
                                 kith_memory_estimate *out) KITH_MUST_USE;
kith_status kith__estimate_model_disk(const kith_graph_sizes *s, const kith_model_options *model,
                                      const kith_checkpoint_options *checkpoint,
                                      int64_t *bytes) KITH_MUST_USE;

#endif
