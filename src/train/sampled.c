/*
 * Steps on sampled hops.  Every rank computes the final rows that its part of the batch wants, from leaf rows
 * that come from their owners and whose gradients go home; evaluation plays the same model, with the same
 * weights, on the whole graph.
 */
#include "train/trainer.h"

/* The most leaf rows that this rank is asked for: every rank asks for a row once. */
static kith_lid sampled_most_asked(const kith_trainer *t) {
  int64_t most = kith_sampler_leaves(t->sampler)->most;
  return (kith_lid)((most < t->g->n_own ? most : t->g->n_own) * t->comm->size);
}

kith_agreed kith__sampled_prepare(kith_trainer *t) {
  kith_agreed st = {KITH_OK};
  KITH_TRY(kith_sampler_create(t->comm, t->g, t->read, kith_model_n_layer(&t->model), &t->train.sampler,
                               kith_model_has_self_loops(&t->model), kith__most_wanted(t),
                               t->classifies || !t->train.exclude ? 0 : t->batch->shape.pairs, t->train.seed,
                               &t->sampler));
  KITH_TRY(kith_halo_create_movable(t->comm, t->g->first, (kith_lid)kith_sampler_leaves(t->sampler)->most,
                                    sampled_most_asked(t), t->d, &t->halo));
  t->fetch.h = t->halo;
  KITH_TRY(kith_agree(t->comm, kith_tape_create(&t->whole_tape)));
done:
  return st;
}

/* The model on the whole graph. */
static void sampled_record_whole(kith_trainer *t) {
  const kith_hop *hop[KITH_MAX_LAYER_OUTPUTS];
  for (int l = 0; l < t->model.layers; l++) hop[l] = &t->whole.hop;
  kith_tensor *x = kith__record_input(t, t->whole_tape);
  t->whole_output = (kith_output){.gather_index = &t->nothing, .all_rows = true};
  t->whole_output.packed = kith_tape_tensor(t->whole_tape, 1, kith_model_output_dim(&t->model));
  kith_model_ctx ctx = {.tape = t->whole_tape,
                        .params = t->params,
                        .exec = &t->exec,
                        .hop = hop,
                        .x = x,
                        .output = &t->whole_output,
                        .layers = &t->layers};
  kith_model_record(&t->model, &ctx);
}

/* A piece of the plan, while its predecessor's messages have traveled. */
static void sampled_go_on(void *self) {
  kith_trainer *t = self;
  double began = kith_clock();
  if (t->planned >= 0) (void)kith_sampler_advance(t->sampler);
  t->tally.plan += kith_clock() - began;
}

kith_status kith__sampled_record(kith_trainer *t) {
  kith_status st = KITH_OK;
  sampled_record_whole(t);
  KITH_TRY(kith_tape_status(t->whole_tape));
  for (int l = 0; l < kith_model_n_layer(&t->model); l++) t->hop[l] = kith_sampler_hop(t->sampler, l);
  kith_tensor *leaf = kith_gather_remote_op(t->tape, &t->fetch, &t->input, kith_sampler_leaves(t->sampler),
                                            sampled_most_asked(t));
  t->output.gather_index = kith__gather_index(t);
  t->output.packed = kith_tape_tensor(t->tape, kith__most_wanted(t), kith_model_output_dim(&t->model));
  if (!t->classifies)
    kith_l2_op(t->tape, &t->batch->gather_index, &t->l2_scale, leaf,
               &t->loss); /* the seeds are the first leaves */
  t->exec.n_dropout = 0;
  kith_model_ctx ctx = {
      .tape = t->tape, .params = t->params, .exec = &t->exec, .hop = t->hop, .x = leaf, .output = &t->output};
  kith_model_record(&t->model, &ctx);
  kith__record_loss(t, t->output.packed);
  KITH_TRY(kith_tape_status(t->tape));
  kith_tape_set_progress(t->tape, sampled_go_on, t);
done:
  return st;
}

/* Begin to draw the hops of a step of the epoch: around the nodes of its batch, or around the labeled ones.
 */
static void sampled_begin(kith_trainer *t, int64_t step) {
  double began = kith_clock();
  uint64_t number = (uint64_t)(t->epoch_number * t->n_step + step);
  kith_batch *b = t->next;
  if (t->classifies) {
    const kith_gid *node = NULL;
    kith_lid n = kith_labelled_ahead(t->labelled, step, &node);
    kith_sampler_begin(t->sampler, n, node, number, 0, NULL);
  } else {
    kith__fill(t, step, b);
    kith_batch_seeds(b);
    kith_sampler_begin(t->sampler, b->n_seed, b->seed, number, t->train.exclude ? b->n_global : 0, b->pair);
  }
  t->planned = (int64_t)number;
  t->tally.plan += kith_clock() - began;
}

void kith__sampled_finish(kith_trainer *t) {
  double began = kith_clock();
  while (t->planned >= 0 && !kith_sampler_advance(t->sampler)) continue;
  t->tally.plan += kith_clock() - began;
}

void kith__sampled_forget(kith_trainer *t) {
  kith__sampled_finish(t);
  t->planned = -1;
}

/* The plan that is made becomes the step's: its batch by contents, since ops point to it; labeled nodes are
 * filled in now. */
static void sampled_show(kith_trainer *t, int64_t step) {
  kith_sampler_show(t->sampler);
  t->tally.drawn += kith_sampler_drawn(t->sampler);
  t->planned = -1;
  if (t->classifies) {
    kith_labelled_step(t->labelled, step);
    return;
  }
  kith_batch kept = *t->batch;
  *t->batch = *t->next;
  *t->next = kept;
}

/* The rows of the whole graph go before a step's come; the input rows stay, and what ops know of the whole
 * graph. */
static void sampled_clear_whole(kith_trainer *t) {
  if (t->whole_was_run) kith_tape_discard(t->whole_tape, t->x, false);
  t->whole_was_run = false;
}

kith_wish kith__sampled_arrange(kith_trainer *t, int64_t step, kith_wish wish) {
  kith_lid n = 0;
  const kith_gid *want = NULL;
  sampled_clear_whole(t);
  if (t->planned != (int64_t)t->exec.step) {
    kith__sampled_forget(t);
    sampled_begin(t, step);
  }
  kith__sampled_finish(t);
  sampled_show(t, step);
  kith_sampler_want(t->sampler, &n, &want, &t->fetch.row);
  kith_wish granted = (kith_wish)kith_halo_aim(t->halo, n, want, NULL, wish);
  if (step + 1 < t->n_step) sampled_begin(t, step + 1);
  return granted;
}

/* A step's rows go before those of the whole graph come: only one of both takes memory. */
void kith__sampled_whole(kith_trainer *t) {
  kith_tape_discard(t->tape, NULL, true);
  kith_tape_forward(t->whole_tape);
  t->whole_was_run = true;
}
