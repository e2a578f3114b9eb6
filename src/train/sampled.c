/*
 * Sampled steps. Every rank computes the final rows of its part of the batch from input rows, which are
 * gathered from their owners; the gradients are scattered back. Inference runs the same model, with the same
 * weights, on the full graph.
 */
#include "train/trainer.h"

kith_agreed kith__sampled_prepare(kith_trainer *t) {
  kith_agreed st = {KITH_OK};
  KITH_TRY(kith_sampler_create(t->comm, t->g, t->layer_graph, kith_model_n_layer(&t->model),
                               &t->train.sampler, kith_model_has_self_loops(&t->model), t->max_rows,
                               t->all_rows, t->max_excluded, t->train.seed, &t->sampler));
  const kith_sampler_rooms *room = kith_sampler_rooms_of(t->sampler);
  KITH_TRY(kith_halo_create_dynamic(t->comm, t->g->first, room->rows[0], room->leaves, t->d, &t->halo));
  t->leaf = (kith_leaf_rows){.h = t->halo, .max_send = room->leaves};
  KITH_TRY(kith_agree(t->comm, kith_tape_create(&t->inference_tape)));
done:
  return st;
}

/* Progress hook of the tape: continue the sampling plan of the next step while messages are in transit. */
static void sampled_advance_plan(void *self) {
  kith_trainer *t = self;
  double began = kith_clock(), mpi = kith_mpi_seconds();
  if (t->planned >= 0) (void)kith_sampler_advance(t->sampler);
  t->stats.sampling_seconds += kith_phase_sampled(&t->phases, began, mpi);
}

/* The full graph's recording first: owners compute the input rows by it. */
kith_status kith__sampled_record(kith_trainer *t) {
  kith_status st = KITH_OK;
  kith_recording *r = &t->step;
  kith_recording_input(&t->inference);
  kith_recording_layers(&t->inference);
  KITH_TRY(kith_tape_status(t->inference_tape));
  r->max_gathered = t->max_rows;
  r->sampler = t->sampler;
  r->leaf = &t->leaf;
  r->fetch = &t->fetch;
  r->owner = &t->inference;
  t->targets->record_input_loss(t, kith_recording_input(r)); /* the seed nodes are the first input rows */
  t->targets->record_loss(t, kith_recording_layers(r));
  KITH_TRY(kith_tape_status(t->tape));
  kith_tape_set_progress(t->tape, sampled_advance_plan, t);
done:
  return st;
}

/* Start to sample the blocks of a step, from the nodes of its examples. */
static void sampled_begin_plan(kith_trainer *t, int64_t step) {
  double began = kith_clock(), mpi = kith_mpi_seconds();
  uint64_t number = (uint64_t)(t->epoch_number * t->n_step + step);
  targets_seeds s = t->targets->plan(t, step);
  t->stats.batch_seconds += kith_clock() - began;
  kith_sampler_begin(t->sampler, s.n, s.node, number, s.n_pair, s.pair);
  t->planned = (int64_t)number;
  t->stats.sampling_seconds += kith_phase_sampled(&t->phases, began, mpi);
}

void kith__sampled_finish_plan(kith_trainer *t) {
  double began = kith_clock(), mpi = kith_mpi_seconds();
  while (t->planned >= 0 && !kith_sampler_advance(t->sampler)) continue;
  t->stats.sampling_seconds += kith_phase_sampled(&t->phases, began, mpi);
}

void kith__sampled_discard_plan(kith_trainer *t) {
  kith__sampled_finish_plan(t);
  t->planned = -1;
}

/* Make the completed plan the current one. */
static void sampled_take_plan(kith_trainer *t, int64_t step) {
  kith_sampler_swap(t->sampler);
  t->stats.n_sampled += kith_sampler_n_neighbor(t->sampler);
  t->stats.n_seed_alone += kith_sampler_n_seed_alone(t->sampler, &t->stats.n_seed);
  t->planned = -1;
  t->targets->take(t, step);
}

/* Release the memory of full-graph rows before a step; input rows and the state of ops stay. */
static void sampled_discard_inference(kith_trainer *t) {
  if (t->whole_was_run) kith_tape_discard(t->inference_tape, t->inference.x, false);
  t->whole_was_run = false;
}

kith_step_request kith__sampled_setup_step(kith_trainer *t, int64_t step, kith_step_request request) {
  kith_lid n = 0;
  const kith_gid *want = NULL;
  sampled_discard_inference(t);
  if (t->planned != (int64_t)t->exec.step) {
    kith__sampled_discard_plan(t);
    sampled_begin_plan(t, step);
  }
  kith__sampled_finish_plan(t);
  sampled_take_plan(t, step);
  kith_sampler_input_gids(t->sampler, &n, &want, &t->leaf.row);
  kith_step_request agreed_request = (kith_step_request)kith_halo_setup(t->halo, n, want, NULL, request);
  if (step + 1 < t->n_step) sampled_begin_plan(t, step + 1);
  return agreed_request;
}

/* Release the memory of the step's rows first: only one of both tapes occupies memory. */
void kith__sampled_inference(kith_trainer *t) {
  kith_tape_discard(t->tape, NULL, true);
  kith_tape_forward(t->inference_tape);
  t->whole_was_run = true;
}
