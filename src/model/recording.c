/* A model recorded on a tape: its input rows, the block of every layer, and its output. */
#include "model/model.h"

/* The features themselves as input rows. */
static kith_tensor *recording_features(const kith_recording *r, const kith_node_map *nodes) {
  const kith_sparse_rows rows = {.features = &r->g->features,
                                 .own = &r->full->nodes,
                                 .type = r->g->type,
                                 .leaf = r->leaf};
  return kith_tape_sparse(r->tape, nodes, r->g->n_feature_of[KITH_USER], &rows);
}

kith_tensor *kith_recording_input(kith_recording *r) {
  const kith_node_map *own = &r->full->nodes,
                      *nodes = r->sampler ? kith_sampler_input_nodes(r->sampler) : own;
  if (kith_model_reads_sparse(r->g)) r->rows = recording_features(r, nodes);
  else if (r->sampler) r->rows = kith_gather_remote_op(r->tape, r->leaf, r->fetch, &r->owner->input, nodes);
  else {
    if (kith_model_uses_any_embedding(r->model, r->g))
      r->x = kith_tape_node_tensor(r->tape, own, r->model->dim);
    r->input = kith_model_input(r->model, r->g, r->params, r->x);
    if (r->trains) r->input.forget = kith_model_forget(r->model, r->g, r->exec, own);
    r->rows = kith_input_op(r->tape, &r->input, own);
  }
  return r->rows;
}

/* Further batches read rows that the batch of interactions does not. */
static void recording_begin_further(kith_recording *r) {
  for (int i = 0; i < r->n_further; i++) {
    kith_further_output *f = &r->further[i];
    f->output = (kith_output){.gather_index = f->gather_index, .all_rows = true};
    f->output.packed = kith_tape_tensor(r->tape, f->max_gathered, kith_model_output_dim(r->model));
    r->output.all_rows = true;
  }
}

/* Of the final embeddings, where the model has recorded no others. */
static void recording_end_further(kith_recording *r) {
  for (int i = 0; i < r->n_further; i++) {
    kith_output *out = &r->further[i].output;
    for (int k = 0, n = out->n > 0 ? 0 : r->output.n; k < n; k++)
      kith_layer_combine_op(r->tape, out, r->output.weight[k], r->output.offset[k], r->output.h[k]);
  }
}

kith_tensor *kith_recording_layers(kith_recording *r) {
  const kith_block *block[KITH_MAX_LAYER_OUTPUTS];
  bool all = !r->gather_index;
  for (int l = 0; l < kith_model_n_layer(r->model); l++)
    block[l] = r->sampler ? kith_sampler_block(r->sampler, l) : &r->full->block;
  r->output = (kith_output){.gather_index = all ? &r->nothing : r->gather_index, .all_rows = all};
  r->output.packed = kith_tape_tensor(r->tape, all ? 1 : r->max_gathered, kith_model_output_dim(r->model));
  recording_begin_further(r);
  r->exec->n_dropout = 0;
  r->attended = NULL;
  kith_model_ctx ctx = {.tape = r->tape,
                        .params = r->params,
                        .exec = r->exec,
                        .schema = &r->g->schema,
                        .block = block,
                        .x = r->rows,
                        .output = &r->output,
                        .layers = &r->layers,
                        .attended = &r->attended,
                        .n_further = r->n_further,
                        .further = r->further};
  kith_model_record(r->model, &ctx);
  recording_end_further(r);
  return r->output.packed;
}
