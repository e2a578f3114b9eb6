/* What kith embed and kith update use of a job. */
#include "job/table.h"

bool kith__job_new_has_columns(const kith_job *j) {
  return j->task == KITH_TASK_RECOMMEND && j->embed.interactions.format != KITH_ADJACENCY;
}

bool kith__job_new_reads_times(const kith_job *j) {
  return kith__job_adds_recent(j) || kith__job_is_sasrec(j);
}

bool kith__job_embeds_means(const kith_job *j) { return j->embed.how.init == KITH_EMBED_MEAN; }

bool kith__job_adapts(const kith_job *j) { return j->task == KITH_TASK_RECOMMEND && j->embed.how.adapt > 0; }

bool kith__job_begins_by_features(const kith_job *j) {
  return j->task == KITH_TASK_RECOMMEND && kith_model_has_steps(&j->model) && !kith__job_has_tgn(j) &&
         j->train.update.init == KITH_UPDATE_FEATURES;
}

/* The age of a relation's edges counts from the latest interaction. */
bool kith__job_ages_relations(const kith_job *j) {
  for (int i = 0; i < j->data.n_relation; i++)
    if (kith_model_relation_half_life(&j->model, j->data.relation[i].name) > 0) return true;
  return false;
}

bool kith__job_has_axes(const kith_job *j) { return j->sweep.n_axis > 0; }
bool kith__job_draws_trials(const kith_job *j) { return kith__job_has_axes(j) && j->sweep.trials > 0; }
bool kith__job_halves(const kith_job *j) { return kith__job_has_axes(j) && j->sweep.halving.epochs > 0; }
