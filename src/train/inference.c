/* A trained model on a whole graph, from a checkpoint. */
#include "train/inference.h"

static kith_status inference_record(const kith_graph *g, const kith_model_options *model, uint64_t seed,
                                    kith_inference *m) {
  kith_status st = KITH_OK;
  const bool csc = m->gathered && (m->one_way || kith_model_needs_transpose(model));
  KITH_TRY(kith_full_block_make(m->a, csc, kith_model_has_self_loops(model), &m->full_block));
  m->full_block.block.one_way = csc && m->one_way;
  KITH_TRY(kith_params_create(seed, &m->params));
  KITH_TRY(kith_tape_create(&m->tape));
  m->recording = (kith_recording){.model = model,
                                  .g = g,
                                  .full = &m->full_block,
                                  .params = m->params,
                                  .exec = &m->exec,
                                  .tape = m->tape,
                                  .gather_index = m->gathered,
                                  .max_gathered = 1,
                                  .layers = {.tap = m->tap, .tap_self = m->tap_self}};
  kith_recording_input(&m->recording);
  kith_recording_layers(&m->recording);
  KITH_TRY(kith_tape_status(m->tape));
  KITH_TRY(kith_params_status(m->params));
done:
  return st;
}

kith_agreed kith_inference_record(const kith_comm *comm, const kith_graph *g, const kith_model_options *model,
                                  uint64_t seed, kith_inference *out) {
  kith_agreed st = {KITH_OK};
  KITH_TRY(kith_model_graph_create(comm, g, model, seed, &out->a));
  KITH_TRY(kith_agree(comm, inference_record(g, model, seed, out)));
done:
  return st;
}

/* Weights of the model, and those behind them, are one block of the file. */
static kith_agreed inference_read_joint(const kith_comm *comm, const kith_graph *g, const char *checkpoint,
                                        kith_weights w, kith_weights behind, kith_checkpoint *c) {
  kith_agreed st = {KITH_OK};
  float *all = NULL;
  KITH_TRY(kith_agree(comm, KITH_NEW(all, w.n + behind.n)));
  c->weights.n = w.n + behind.n;
  c->weights.value = all;
  KITH_TRY(kith_checkpoint_read(comm, g, checkpoint, c));
  kith_scale(w.n, 1, all, false, w.value);
  kith_scale(behind.n, 1, all + w.n, false, behind.value);
done:
  c->weights.n = w.n;
  c->weights.value = w.value;
  KITH_FREE(all);
  return st;
}

kith_agreed kith_inference_read(kith_inference *m, const kith_graph *g, const kith_run *run,
                                const char *checkpoint, kith_checkpoint *c) {
  kith_agreed st = {KITH_OK};
  const kith_comm *comm = kith_halo_comm(m->a->halo);
  char config_key[KITH_CONFIG_KEY_SIZE], legacy[KITH_CONFIG_KEY_SIZE];
  kith_weights w = kith_params_weights(m->params);
  kith_tensor *x = m->recording.x;
  kith_config_key(comm, g, run, sizeof config_key, config_key);
  kith_config_key_legacy(g, run, sizeof legacy, legacy);
  *c = (kith_checkpoint){.d = x ? x->d : 0,
                         .x = x ? x->value : NULL,
                         .weights = {.n = w.n, .value = w.value},
                         .config_key = config_key,
                         .config_key_legacy = legacy,
                         .config_usual = run->config_usual};
  if (m->behind.n > 0) KITH_TRY(inference_read_joint(comm, g, checkpoint, w, m->behind, c));
  else KITH_TRY(kith_checkpoint_read(comm, g, checkpoint, c));
done:
  c->config_key = c->config_key_legacy = NULL; /* of this function */
  return st;
}

void kith_inference_free(kith_inference *m) {
  kith_tape_destroy(&m->tape);
  kith_params_destroy(&m->params);
  kith_full_block_free(&m->full_block);
  kith_dist_csr_destroy(&m->a);
}
