/* The trainer: a model recorded once, its parameters, and the step that runs it. */
#include <math.h>
#include <string.h>

#include "base/fault.h"
#include "comm/watchdog.h"
#include "graph/schema.h"
#include "halo/strips.h"
#include "spectral/start.h"
#include "sequence/sasrec.h"
#include "train/score_rows.h"
#include "train/trainer.h"

/* What both recordings share. */
static kith_recording trainer_recording(kith_trainer *t, kith_tape *tape) {
  return (kith_recording){.model = &t->model,
                          .g = t->g,
                          .full = &t->full_block,
                          .params = t->params,
                          .exec = &t->exec,
                          .tape = tape,
                          .trains = true};
}

static kith_status trainer_record(kith_trainer *t) {
  kith_status st = KITH_OK;
  KITH_TRY(kith_full_block_make(t->layer_graph, kith_model_needs_transpose(&t->model),
                                kith_model_has_self_loops(&t->model), &t->full_block));
  t->step = trainer_recording(t, t->tape);
  t->step.gather_index = t->gather_index;
  t->inference = trainer_recording(t, t->inference_tape);
  KITH_TRY(t->sampled ? kith__sampled_record(t) : kith__full_record(t));
  KITH_TRY(kith_params_status(t->params));
done:
  return st;
}

/* Check that interactions can be weighted by age. */
static kith_status trainer_check_half_life(const kith_graph *g, const kith_train_options *train,
                                           const kith_model_options *model) {
  kith_status st = KITH_OK;
  if (!kith_model_decays(model)) return st;
  KITH_CHECK(model->lightgcn.half_life > 0, KITH_ECONFIG,
             "model.half_life: expected a number of seconds; kith train chooses one where the job says auto");
  KITH_CHECK(g->time, KITH_ECONFIG,
             "model.half_life: the graph has no times; kith_graph_times_read() reads them");
  KITH_CHECK(train->sampler.mode == KITH_FULL, KITH_ECONFIG,
             "model.half_life: sampler.mode: %s samples interactions of any age alike; expected full",
             kith_sampler_mode_text(train->sampler.mode));
done:
  return st;
}

/* Check that entries have ages. */
static kith_status trainer_check_times(const kith_train_options *train, const kith_model_options *model) {
  kith_status st = KITH_OK;
  KITH_CHECK(kith_model_time_dim(model) == 0 || train->sampler.mode == KITH_FULL, KITH_ECONFIG,
             "model.%s.time_dim: sampler.mode: %s does not read the times of edges; expected full",
             kith_model_text(model->name), kith_sampler_mode_text(train->sampler.mode));
done:
  return st;
}

/* Check that layers gather rows of the full graph. */
static kith_status trainer_check_storage(const kith_train_options *train, const kith_model_options *model) {
  kith_status st = KITH_OK;
  KITH_CHECK(!kith_model_rounds_rows(model) || train->sampler.mode == KITH_FULL, KITH_ECONFIG,
             "model.storage: bf16 is for layers on the full graph; sampler.mode: %s computes with float32; "
             "expected full",
             kith_sampler_mode_text(train->sampler.mode));
done:
  return st;
}

/* Check that entries can be weighted one by one; kith_model_graph_create() checks what the graph has. */
static kith_status trainer_check_ties(const kith_train_options *train, const kith_model_options *model) {
  kith_status st = KITH_OK;
  const kith_relation_weights *w = kith_model_relations(model);
  const char *mode = kith_sampler_mode_text(train->sampler.mode);
  if (w->n == 0 || train->sampler.mode == KITH_FULL) return st;
  KITH_CHECK(w->tie == KITH_TIE_NONE, KITH_ECONFIG,
             "model.tie: sampler.mode: %s samples the edges of ties alike; expected full", mode);
  for (int i = 0; i < w->n_half_life; i++)
    KITH_CHECK(!kith_model_relation(model, w->half_life[i].name), KITH_ECONFIG,
               "model.half_lives.%s: sampler.mode: %s samples edges of any age alike; expected full",
               w->half_life[i].name, mode);
done:
  return st;
}

/* Check that something is left of a row whose embedding is left out. */
static kith_status trainer_check_forget(const kith_graph *g, const kith_model_options *model) {
  kith_status st = KITH_OK;
  bool any = model->forget == 0;
  for (int t = 0; t < g->schema.n_type && !any; t++) any = kith_model_forgets(model, g, t);
  KITH_CHECK(any, KITH_ECONFIG,
             "train.forget: no node of this model has an embedding beside features or neighbors (%s, %d "
             "layers, model.input: %s); expected 0, a model with layers, or model.input: both",
             kith_model_text(model->name), kith_model_n_layer(model), kith_input_text(model->input));
done:
  return st;
}

/* Check that the cut graph has the relations that the model reads. */
static kith_status trainer_check_relations(const kith_graph *g, const kith_train_options *train,
                                           const kith_model_options *model) {
  kith_status st = KITH_OK;
  for (int i = 0; i < model->relations.n; i++) {
    const char *name = model->relations.of[i].name;
    if (!kith_model_relation(model, name)) continue;
    KITH_CHECK(
        kith_schema_find_relation(&g->schema, name) >= 0, KITH_ECONFIG,
        "model.relations.%s: the cut graph has no relation %s; name its list in data.relations.%s (ties "
        "between users: data.social), and run kith ingest and kith partition again",
        name, name, name);
    KITH_CHECK(train->sampler.mode == KITH_FULL || train->sampler.mode == KITH_NEIGHBOR, KITH_ECONFIG,
               "model.relations.%s: sampler.mode: %s samples interactions alone; expected full or neighbor",
               name, kith_sampler_mode_text(train->sampler.mode));
  }
done:
  return st;
}

/* Check that graph, options and model fit; set the columns of a classifier's last layer. */
static kith_status trainer_check(const kith_targets *targets, const kith_graph *g,
                                 const kith_train_options *train, kith_model_options *model) {
  kith_status st = KITH_OK;
  KITH_TRY(targets->check(g, train, model));
  KITH_CHECK(model->input == KITH_EMBEDDING || kith_graph_n_feature(g) > 0, KITH_ECONFIG,
             "model.input: %s, but the graph has no features; name data.user_features, data.item_features or "
             "data.nodes.TYPE.features and run kith ingest and kith partition again",
             kith_input_text(model->input));
  KITH_TRY(trainer_check_ties(train, model));
  KITH_TRY(trainer_check_relations(g, train, model));
  KITH_TRY(kith_cascade_check_schema(model, &g->schema));
  KITH_TRY(trainer_check_half_life(g, train, model));
  KITH_TRY(trainer_check_storage(train, model));
  KITH_TRY(trainer_check_forget(g, model));
  KITH_TRY(trainer_check_times(train, model));
  KITH_TRY(kith_model_check(model));
done:
  return st;
}

int64_t kith_trainer_rows_bytes(int n_slot, int64_t n_own, int d, int width) {
  const kith_trainer *t = NULL;
  return n_slot * KITH_BYTES(t->slot[0], n_own * d) + KITH_BYTES(t->final, n_own * width);
}

static kith_status trainer_make(const kith_comm *comm, const kith_graph *g, const kith_model_options *model,
                                const kith_train_options *train, kith_trainer **out) {
  kith_status st = KITH_OK;
  kith_trainer *t = NULL;
  kith_model_options known = *model;
  const kith_targets *targets = g->n_class > 0                 ? &kith__node_targets
                                : kith__joins_sequences(model) ? &kith__joint_targets
                                                               : &kith__pair_targets;
  KITH_TRY(trainer_check(targets, g, train, &known));
  KITH_TRY(KITH_NEW(t, 1));
  *out = t; /* from here on the caller destroys */
  t->comm = comm;
  t->g = g;
  t->model = known;
  t->train = *train;
  t->targets = targets;
  t->sampled = train->sampler.mode != KITH_FULL;
  t->whole = t->sampled ? &t->inference : &t->step;
  t->d = model->dim;
  int64_t n_learned = kith_model_uses_any_embedding(model, g) ? (int64_t)g->n_own * t->d : 0;
  t->optimizer = kith_optimizer_get(train->optimizer.name);
  for (int s = 0; s < t->optimizer->n_slot; s++) KITH_TRY(KITH_NEW(t->slot[s], n_learned));
  KITH_TRY(KITH_NEW(t->final, (int64_t)g->n_own * kith_model_output_dim(&t->model)));
  KITH_TRY(kith_params_create(train->seed, &t->params));
  KITH_TRY(kith_tape_create(&t->tape));
  t->exec.seed = train->seed;
  t->planned = -1;
done:
  return st;
}

/* Initialize the input rows. */
static kith_agreed trainer_begin(kith_trainer *t) {
  kith_agreed st = {KITH_OK};
  if (!t->whole->x) return st;
  kith_model_init(&t->model, t->g, t->train.seed, t->whole->x->value);
  if (t->model.start == KITH_START_SPECTRAL)
    KITH_TRY(kith_spectral_start_rows(t->comm, t->g, &t->model, t->train.seed, t->whole->x->value));
done:
  return st;
}

kith_agreed kith_trainer_create(const kith_comm *comm, const kith_graph *g, const kith_model_options *model,
                                const kith_train_options *train, kith_trainer **out) {
  kith_agreed st = {KITH_OK};
  kith_trainer *t = NULL;
  *out = NULL;
  if (!kith__joins_sequences(model)) KITH_TRY(kith_agreed_same(kith_model_check_steps(model, "a trainer")));
  KITH_TRY(kith_agree(comm, trainer_make(comm, g, model, train, &t)));
  KITH_TRY(kith_dist_csr_create(comm, g, model->dim, &t->a));
  if (kith_model_has_own_graph(model))
    KITH_TRY(kith_model_graph_create(comm, g, model, train->seed, &t->own_graph));
  t->layer_graph = t->own_graph ? t->own_graph : t->a;
  kith_halo_set_strips(t->layer_graph->halo, t->sampled ? 1 : kith_model_strips(model, train->strips));
  KITH_TRY(t->targets->create(t));
  KITH_TRY(t->sampled ? kith__sampled_prepare(t) : kith__full_prepare(t));
  KITH_TRY(kith_agree(comm, trainer_record(t)));
  KITH_TRY(kith__trainer_share(t));
  KITH_TRY(trainer_begin(t));
  *out = t;
  t = NULL;
done:
  kith_trainer_destroy(&t);
  return st;
}

void kith_trainer_destroy(kith_trainer **trainer) {
  kith_trainer *t = *trainer;
  if (!t) return;
  kith_tape_destroy(&t->tape);
  kith_tape_destroy(&t->inference_tape);
  kith_sampler_destroy(&t->sampler);
  kith_params_destroy(&t->params);
  kith_full_block_free(&t->full_block);
  kith_halo_destroy(&t->halo);
  t->targets->destroy(t);
  kith_dist_csr_destroy(&t->a);
  kith_dist_csr_destroy(&t->own_graph);
  kith_host_halo_destroy(&t->host_halo);
  kith_shared_halo_destroy(&t->near_halo);
  kith_hosts_destroy(&t->hosts);
  for (int s = 0; s < KITH_MAX_SLOTS; s++) KITH_FREE(t->slot[s]);
  KITH_FREE(t->held);
  KITH_FREE(t->final);
  KITH_FREE(*trainer);
}

int64_t kith_trainer_n_step(const kith_trainer *t) { return t->n_step; }

void kith_trainer_set_epoch(kith_trainer *t, int64_t epoch) {
  t->epoch_number = epoch;
  if (t->sampled) kith__sampled_discard_plan(t);
  t->targets->set_epoch(t, epoch);
}

int64_t kith_trainer_optimizer_step(const kith_trainer *t, int64_t epoch, int64_t step) {
  return t->optimizer_base + epoch * t->n_step + step;
}

void kith_trainer_set_optimizer_step(kith_trainer *t, int64_t epoch, int64_t step, int64_t count) {
  t->optimizer_base = count - (epoch * t->n_step + step);
}

int64_t kith_trainer_n_example(const kith_trainer *t, int64_t first, int64_t last) {
  return t->step_start[last] - t->step_start[first];
}

/* Whether weights belong to the first layer: the name ends with a dot and the layer. */
static bool trainer_is_first(const char *name) {
  const char *dot = strrchr(name, '.');
  return dot && strcmp(dot, ".0") == 0;
}

static double trainer_decay_of(const kith_trainer *t, const char *name) {
  if (kith_model_is_dense_layer(&t->model, name)) return t->train.weight_decay_dense;
  return t->train.weight_decay_on == KITH_DECAY_ALL || trainer_is_first(name) ? t->train.weight_decay : 0;
}

/* Weight decay of dense weights: added to their gradients or, if decoupled, subtracted from the weights. */
static void trainer_decay(kith_trainer *t, double lr) {
  bool decoupled = t->optimizer->decoupled_decay;
  for (int i = 0; i < kith_params_n(t->params); i++) {
    const kith_tensor *x = kith_params_at(t->params, i);
    double w = trainer_decay_of(t, kith_params_name(t->params, i));
    if (w == 0) continue;
    if (decoupled) kith_scale(x->n_row * x->d, (float)(1 - lr * w), x->value, false, x->value);
    else kith_scale(x->n_row * x->d, (float)w, x->value, true, x->grad);
  }
}

/* The optimizer's step `number`, from 1, on the owned rows (in sampled steps on those that have a gradient)
 * and on the weights. */
static void trainer_update(kith_trainer *t, int64_t number) {
  kith_optimizer_options o = t->train.optimizer;
  kith_weights w = kith_params_weights(t->params);
  o.lr *= pow(t->train.lr_decay, (double)t->epoch_number);
  trainer_decay(t, o.lr);
  if (kith__rows_require_grad(t)) {
    if (t->sampled)
      t->optimizer->step_rows(&o, number, t->fetch.n_grad_row, t->fetch.grad_row, t->d, t->fetch.grad,
                              t->slot, t->whole->x->value);
    else
      t->optimizer->step(&o, number, (int64_t)t->g->n_own * t->d, t->whole->x->grad, t->slot,
                         t->whole->x->value);
  }
  t->optimizer->step(&o, number, w.n, w.grad, w.slot, w.value);
  if (t->held) kith__hold(t, o.lr);
}

static kith_step_request trainer_setup_step(kith_trainer *t, int64_t step, kith_step_request request) {
  if (t->sampled) return kith__sampled_setup_step(t, step, request);
  t->targets->fill(t, step);
  return t->targets->setup_full(t, request);
}

static void trainer_learn(kith_trainer *t) {
  kith_tape_forward(t->tape);
  kith_phase_lap(&t->phases, KITH_PHASE_FORWARD);
  kith_params_zero_grad(t->params);
  kith_tape_backward(t->tape);
  kith_params_allreduce_grad(t->params, t->comm);
  kith_phase_lap(&t->phases, KITH_PHASE_BACKWARD);
  trainer_update(t, t->optimizer_base + (int64_t)t->exec.step + 1);
  kith_phase_lap(&t->phases, KITH_PHASE_UPDATE);
}

kith_step_request kith_trainer_step(kith_trainer *t, int64_t step, kith_step_request request) {
  double began = kith_clock(), mpi = kith_mpi_seconds();
  kith_phase_begin(&t->phases);
  kith_watchdog_set_step(t->epoch_number + 1, step + 1);
  kith_fault_step();
  t->exec.training = true;
  t->exec.step = (uint64_t)(t->epoch_number * t->n_step + step);
  kith_step_request agreed_request = trainer_setup_step(t, step, request);
  kith_phase_lap(&t->phases, KITH_PHASE_SAMPLE);
  if (t->sasrec) kith_sasrec_step(t->sasrec, step, &t->phases);
  else trainer_learn(t);
  if (kith_fault(KITH_FAULT_LOSS)) kith_exact_sum_add(kith_trainer_state(t).loss, NAN);
  t->stats.steps++;
  t->stats.seconds += kith_clock() - began;
  t->stats.mpi_seconds += kith_mpi_seconds() - mpi;
  return agreed_request;
}

double kith_trainer_run_epoch(kith_trainer *t, int64_t epoch) {
  kith_exact_sum *loss = kith_trainer_state(t).loss;
  *loss = (kith_exact_sum){0};
  kith_trainer_set_epoch(t, epoch);
  for (int64_t step = 0; step < t->n_step; step++) kith_trainer_step(t, step, KITH_REQUEST_NONE);
  kith_comm_sum(t->comm, 1, loss);
  return kith_exact_sum_value(loss) / (double)t->n_step;
}

kith_step_stats kith_trainer_step_stats(const kith_trainer *t) { return t->stats; }

kith_phases kith_trainer_phases(const kith_trainer *t) { return t->phases.spent; }

kith_train_state kith_trainer_state(kith_trainer *t) {
  if (t->sasrec)
    return (kith_train_state){.optimizer = t->optimizer,
                              .weights = kith_params_weights(kith_sasrec_params(t->sasrec)),
                              .loss = kith_sasrec_loss(t->sasrec)};
  return (kith_train_state){.d = kith__rows_require_grad(t) ? t->d : 0,
                            .x = t->whole->x ? t->whole->x->value : NULL,
                            .slot = {t->slot[0], t->slot[1]},
                            .optimizer = t->optimizer,
                            .weights = kith_params_weights(t->params),
                            .loss = &t->loss};
}

const float *kith_trainer_sequence_items(const kith_trainer *t) {
  return kith_sasrec_items(t->joint ? t->joint->sasrec : t->sasrec);
}

void kith_trainer_sequence_users(kith_trainer *t, const float *item, float *h) {
  kith_sasrec_set_rows(t->joint->sasrec, item);
  kith_sasrec_users(t->joint->sasrec, h);
}

int64_t kith_trainer_graph_weights(const kith_trainer *t) { return t->joint->n_weight; }

/* What a halo has sent so far. */
typedef struct trainer_sent {
  int64_t bytes, messages;
} trainer_sent;

static trainer_sent trainer_sent_by(const kith_halo *h) {
  return (trainer_sent){kith_halo_bytes(h), kith_halo_messages(h)};
}

/* What was sent since then is no step's. */
static void trainer_exclude_sent(kith_trainer *t, trainer_sent before) {
  const trainer_sent now = trainer_sent_by(t->layer_graph->halo);
  t->eval_bytes += now.bytes - before.bytes;
  t->eval_messages += now.messages - before.messages;
}

const float *kith_trainer_inference(kith_trainer *t) {
  if (t->sasrec) {
    kith_sasrec_users(t->sasrec, t->final);
    return t->final;
  }
  if (t->sampled) kith__sampled_finish_plan(t);
  const trainer_sent before = trainer_sent_by(t->layer_graph->halo);
  int d = kith_model_output_dim(&t->model);
  t->exec.training = false;
  if (t->sampled) kith__sampled_inference(t);
  else kith__full_inference(t);
  trainer_exclude_sent(t, before);
  kith_in_place_settle(kith_tape_in_place(t->whole->tape));
  kith_output_rows(&t->whole->output, 0, t->g->n_own, d, t->final);
  if (t->targets->ranks) kith__score_rows(&t->model, t->g->type, t->g->n_own, d, t->final);
  return t->final;
}

int kith_trainer_n_layer(const kith_trainer *t) { return t->whole->layers.n; }

/* Of sparse features as dense rows, which live no longer than this. */
static kith_agreed trainer_measure_sparse(const kith_trainer *t, const kith_tensor *h,
                                          kith_oversmoothing *out) {
  kith_agreed st = {KITH_OK};
  float *dense = NULL;
  KITH_TRY(kith_agree(t->comm, KITH_NEW(dense, (int64_t)t->g->n_own * h->d)));
  kith_sparse_densify(h, dense);
  KITH_TRY(kith_oversmoothing_measure(t->comm, t->a, h->d, dense, out));
done:
  KITH_FREE(dense);
  return st;
}

/* Uses the edges of the training graph, even if layers read importance neighborhoods. */
kith_agreed kith_trainer_oversmoothing(kith_trainer *t, kith_oversmoothing *out) {
  kith_agreed st = {KITH_OK};
  const trainer_sent before = trainer_sent_by(t->layer_graph->halo);
  for (int l = 0; l < t->whole->layers.n; l++) {
    const kith_tensor *h = t->whole->layers.h[l];
    KITH_TRY(h->sparse ? trainer_measure_sparse(t, h, &out[l])
                       : kith_oversmoothing_measure(t->comm, t->a, h->d, h->value, &out[l]));
  }
done:
  trainer_exclude_sent(t, before);
  return st;
}

void kith_trainer_relations(kith_trainer *t, kith_relation_weights *out) {
  *out = t->sasrec ? (kith_relation_weights){.n = 0} : *kith_model_relations(&t->model);
  for (int i = 0; i < out->n; i++) {
    const kith_tensor *x = kith_model_relation_parameter(&out->of[i], t->params);
    if (x) out->of[i].weight = (double)x->value[0];
  }
}

kith_learned kith_trainer_learned(kith_trainer *t) {
  kith_relation_weights w;
  if (t->sasrec) return (kith_learned){.n = 0};
  kith_trainer_relations(t, &w);
  return kith_learned_of(&w, t->params);
}

kith_eid kith_trainer_entries(const kith_trainer *t) {
  return t->layer_graph->csr.start[t->layer_graph->csr.n_row];
}

int64_t kith_trainer_halo_messages(const kith_trainer *t) {
  if (t->sasrec) return 0;
  return kith_halo_messages(t->layer_graph->halo) - t->eval_messages +
         (t->sampled ? kith_halo_messages(t->halo) : 0);
}

int64_t kith_trainer_halo_bytes(const kith_trainer *t) {
  if (t->sasrec) return 0;
  return kith_halo_bytes(t->layer_graph->halo) - t->eval_bytes + (t->sampled ? kith_halo_bytes(t->halo) : 0);
}
