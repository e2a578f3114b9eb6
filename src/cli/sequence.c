/* model.recent: auto, and model.sasrec.gamma: auto: take what a run has chosen. */
#include <stdio.h>

#include "cli/cli.h"

static bool sequence_is_open(const kith_model_options *o) {
  if (o->sequence == KITH_SEQUENCE_SASREC) return o->sasrec.gamma < 0;
  return o->sequence == KITH_SEQUENCE_RECENT && (o->recent.decay < 0 || o->recent.weight < 0);
}

void cli_keep_recent(const kith_embeddings_origin *from, kith_model_options *model) {
  if (!sequence_is_open(model)) return;
  if (model->sequence == KITH_SEQUENCE_SASREC) {
    model->sasrec.chosen = from->has_sasrec;
    model->sasrec.chosen_gamma = from->sasrec_gamma;
  }
  if (model->sequence != KITH_SEQUENCE_RECENT || !from->has_recent) return;
  model->recent.chosen = true;
  model->recent.chosen_decay = from->recent_decay;
  model->recent.chosen_weight = from->recent_weight;
}

kith_agreed cli_refit_keep_recent(const cli *c, kith_model_options *model) {
  kith_agreed st = {KITH_OK};
  char path[KITH_PATH];
  kith_embeddings_origin from = {.epoch = 0};
  if (!c->refit || !sequence_is_open(model)) return st;
  KITH_TRY(kith_agree(c->comm, kith_path_join(c->chosen, "embeddings.h5", path)));
  KITH_TRY(kith_embeddings_origin_read(c->comm, path, &from));
  cli_keep_recent(&from, model);
  if (model->recent.chosen)
    kith_log("model.recent: auto: decay %g and weight %g, as chosen for %s", from.recent_decay,
             from.recent_weight, path);
  if (model->sasrec.chosen)
    kith_log("model.sasrec.gamma: auto: %g, as chosen for %s", from.sasrec_gamma, path);
done:
  KITH_FREE(from.config_key);
  return st;
}

kith_status cli_check_no_sasrec(const cli *c, const char *verb) {
  kith_status st = KITH_OK;
  KITH_CHECK(
      c->job.model.sequence != KITH_SEQUENCE_SASREC, KITH_ECONFIG,
      "%s: model.sequence: sasrec: kith %s does not know rows of sequences; the model of the graph below "
      "them is in %s/base, for a job with model.sequence: none",
      c->job.path, verb, c->job.work);
done:
  return st;
}
