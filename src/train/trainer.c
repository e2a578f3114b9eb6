/* A trainer: the model recorded once, its parameters, and the step that plays it. */
#include <math.h>

#include "train/trainer.h"

void kith__record_loss(kith_trainer *t, kith_tensor *rows) {
  if (t->softmax) kith_softmax_op(t->tape, t->comm, t->batch, &t->train.loss, rows, &t->loss);
  else if (t->train.loss.name == KITH_NCE) kith_nce_op(t->tape, t->batch, rows, &t->loss);
  else kith_bpr_op(t->tape, t->batch, rows, &t->loss);
}

static kith_status trainer_record(kith_trainer *t) {
  kith_status st = KITH_OK;
  KITH_TRY(kith_whole_make(t->a, kith_model_needs_back(&t->model), kith_model_has_loops(&t->model), &t->whole));
  KITH_TRY(t->sampled ? kith__sampled_record(t) : kith__full_record(t));
  KITH_TRY(kith_params_status(t->params));
done:
  return st;
}

static kith_batch_shape trainer_shape(const kith_trainer *t) {
  const kith_negative_options *n = &t->train.negatives;
  return (kith_batch_shape){.pairs = t->train.batch, .softmax = t->softmax, .n_negative = n->count, .n_pool = n->hard > 0 ? n->pool : 1,
                            .n_shared = t->softmax ? t->train.loss.shared : 0, .targets = t->sampled && t->train.exclude};
}

static kith_status trainer_make(const kith_comm *comm, const kith_graph *g, const kith_model_options *model,
                                const kith_train_options *train, kith_trainer **out) {
  kith_status st = KITH_OK;
  kith_trainer *t = NULL;
  int64_t n = (int64_t)g->n_own * model->width;
  KITH_CHECK(g->n_edge > 0, KITH_EDATA, "the graph has no training interactions");
  KITH_TRY(kith_loss_check(&train->loss, &train->negatives));
  KITH_TRY(kith_model_check(model));
  KITH_TRY(KITH_NEW(t, 1));
  *out = t; /* from here on the caller destroys */
  t->comm = comm;
  t->g = g;
  t->model = *model;
  t->train = *train;
  if (t->train.batch > g->n_edge) t->train.batch = (int)g->n_edge;
  t->sampled = train->mode != KITH_FULL;
  t->softmax = train->loss.name == KITH_SOFTMAX;
  KITH_TRY(KITH_NEW(t->m, n));
  KITH_TRY(KITH_NEW(t->v, n));
  KITH_TRY(KITH_NEW(t->final, (int64_t)g->n_own * kith_model_width(model)));
  KITH_TRY(kith_epoch_create(g, t->train.batch, train->seed, &t->epoch));
  KITH_TRY(kith_params_create(train->seed, &t->params));
  KITH_TRY(kith_tape_create(&t->tape));
  t->play.seed = train->seed;
done:
  return st;
}

kith_agreed kith_trainer_create(const kith_comm *comm, const kith_graph *g, const kith_model_options *model,
                                const kith_train_options *train, kith_trainer **out) {
  kith_agreed st = {KITH_OK};
  kith_trainer *t = NULL;
  *out = NULL;
  KITH_TRY(kith_agree(comm, trainer_make(comm, g, model, train, &t)));
  kith_batch_shape shape = trainer_shape(t);
  t->n_step = t->epoch->n_step;
  KITH_TRY(kith_relation_create(comm, g, model->width, &t->a));
  KITH_TRY(kith_noise_create(comm, g, &train->negatives, &t->noise));
  KITH_TRY(kith_batch_create(comm, g, t->a, t->noise, &shape, &t->batch));
  KITH_TRY(t->sampled ? kith__sampled_prepare(t) : kith__full_prepare(t));
  KITH_TRY(kith_agree(comm, trainer_record(t)));
  kith_model_init(model, g, train->seed, t->x->value);
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
  kith_tape_destroy(&t->whole_tape);
  kith_sampler_destroy(&t->sampler);
  kith_params_destroy(&t->params);
  kith_whole_free(&t->whole);
  kith_halo_destroy(&t->halo);
  kith_batch_destroy(&t->batch);
  kith_noise_destroy(&t->noise);
  kith_relation_destroy(&t->a);
  kith_epoch_destroy(&t->epoch);
  KITH_FREE(t->m);
  KITH_FREE(t->v);
  KITH_FREE(t->final);
  KITH_FREE(*trainer);
}

int64_t kith_trainer_n_step(const kith_trainer *t) { return t->n_step; }

void kith_trainer_epoch(kith_trainer *t, int64_t epoch) { kith_epoch_begin(t->epoch, epoch); }

/* Adam, step `number` from 1, on the owned rows (in sampled steps on those that have a gradient) and on the weights. */
static void trainer_update(kith_trainer *t, int64_t number) {
  kith_adam_options adam = t->train.adam;
  kith_weights w = kith_params_weights(t->params);
  int d = t->model.width;
  adam.lr *= pow(t->train.decay, (double)t->epoch->epoch);
  if (t->sampled) kith_adam_rows(&adam, number, t->fetch.n_touched, t->fetch.touched, d, t->fetch.grad, t->m, t->v, t->x->value);
  else kith_adam_step(&adam, number, (int64_t)t->g->n_own * d, t->x->grad, t->m, t->v, t->x->value);
  kith_adam_step(&adam, number, w.n, w.grad, w.m, w.v, w.value);
}

bool kith_trainer_step(kith_trainer *t, int64_t step, bool stop) {
  t->play.training = true;
  t->play.step = (uint64_t)(t->epoch->epoch * t->n_step + step);
  if (t->softmax) kith_batch_softmax(t->batch, t->epoch, step);
  else kith_batch_pairs(t->batch, t->epoch, step);
  int64_t stops = t->sampled ? kith__sampled_arrange(t, stop) : kith__full_arrange(t, stop);
  t->l2_scale = t->train.loss.l2 / (double)t->batch->n_global;
  kith_tape_forward(t->tape);
  kith_params_clear(t->params);
  kith_tape_backward(t->tape);
  kith_params_sum(t->params, t->comm);
  trainer_update(t, (int64_t)t->play.step + 1);
  return stops != 0;
}

kith_state kith_trainer_state(kith_trainer *t) {
  return (kith_state){.x = t->x->value, .m = t->m, .v = t->v, .weights = kith_params_weights(t->params), .loss = &t->loss};
}

const float *kith_trainer_final(kith_trainer *t) {
  int64_t before = kith_halo_bytes(t->a->halo);
  int d = kith_model_width(&t->model);
  t->play.training = false;
  if (t->sampled) kith__sampled_whole(t);
  else kith__full_whole(t);
  t->eval_bytes += kith_halo_bytes(t->a->halo) - before;
  kith_readout_all(t->sampled ? &t->whole_readout : &t->readout, t->g->n_own, d, t->final);
  if (t->model.score == KITH_COSINE) kith_normalise_rows(t->g->n_own, d, t->final);
  return t->final;
}

kith_eid kith_trainer_asked_entries(const kith_trainer *t) {
  const kith_picks *p = &t->batch->picks;
  kith_eid n = 0;
  for (kith_lid i = 0; i < p->n_sum; i++) n += t->a->degree[p->sum_row[i]];
  return n;
}

int64_t kith_trainer_halo_bytes(const kith_trainer *t) {
  return kith_halo_bytes(t->a->halo) - t->eval_bytes + (t->sampled ? kith_halo_bytes(t->halo) : 0);
}
