/* A trainer: the model recorded once, its parameters, and the step that plays it. */
#include <math.h>

#include "kith/train.h"

struct kith_trainer {
  const kith_comm *comm;
  const kith_graph *g;
  kith_model_options model;
  kith_train_options train;
  bool softmax;
  int64_t n_step;
  kith_relation *a;
  kith_epoch *epoch;
  kith_noise *noise;
  kith_batch *batch;
  kith_halo *halo;      /* of the batch's rows, aimed anew at every step */
  kith_whole whole;
  const kith_hop *hop[KITH_READOUT_MOST]; /* the whole graph, for every layer */
  kith_params *params;  /* dense weights */
  kith_play play;
  kith_tape *tape;
  kith_readout readout;
  kith_tensor *x;       /* initial embeddings: the parameters */
  float *m, *v;         /* [n_own, d] Adam's moments */
  float *final;         /* [n_own, final width] */
  double l2_scale;      /* l2 / pairs of this step */
  kith_sum loss;
  int64_t eval_bytes;   /* sent for evaluations, not by steps */
};

/* The whole step as a tape: layers, the batch's rows, its loss, L2. */
static kith_status trainer_record(kith_trainer *t) {
  kith_status st = KITH_OK;
  const kith_loss_options *loss = &t->train.loss;
  kith_tape *tape = t->tape;
  KITH_TRY(kith_whole_make(t->g, t->a, kith_model_needs_back(&t->model), kith_model_has_loops(&t->model), &t->whole));
  for (int l = 0; l < t->model.layers; l++) t->hop[l] = &t->whole.hop;
  t->x = kith_tape_rows(tape, &t->whole.frame, t->model.width);
  t->readout.picks = &t->batch->picks;
  t->readout.packed = kith_tape_tensor(tape, kith_batch_most_asked(t->batch), kith_model_width(&t->model));
  kith_l2_op(tape, &t->batch->picks, &t->l2_scale, t->x, &t->loss);
  kith_stage stage = {.tape = tape, .params = t->params, .play = &t->play, .hop = t->hop, .x = t->x, .readout = &t->readout};
  kith_model_record(&t->model, &stage);
  kith_tensor *rows = kith_exchange_op(tape, t->halo, t->readout.packed, kith_batch_most_wanted(t->batch));
  if (t->softmax) kith_softmax_op(tape, t->comm, t->batch, loss, rows, &t->loss);
  else if (loss->name == KITH_NCE) kith_nce_op(tape, t->batch, rows, &t->loss);
  else kith_bpr_op(tape, t->batch, rows, &t->loss);
  KITH_TRY(kith_params_status(t->params));
  KITH_TRY(kith_tape_status(tape));
done:
  return st;
}

static kith_batch_shape trainer_shape(const kith_trainer *t) {
  const kith_negative_options *n = &t->train.negatives;
  return (kith_batch_shape){.pairs = t->train.batch, .softmax = t->softmax, .n_negative = n->count, .n_pool = n->hard > 0 ? n->pool : 1,
                            .n_shared = t->softmax ? t->train.loss.shared : 0};
}

static kith_status trainer_make(const kith_comm *comm, const kith_graph *g, const kith_model_options *model,
                                const kith_train_options *train, kith_trainer **out) {
  kith_status st = KITH_OK;
  kith_trainer *t = NULL;
  int64_t n = (int64_t)g->n_own * model->width;
  KITH_CHECK(g->n_edge > 0, KITH_EDATA, "the graph has no training interactions");
  KITH_TRY(kith_loss_check(&train->loss, &train->negatives));
  KITH_TRY(KITH_NEW(t, 1));
  *out = t; /* from here on the caller destroys */
  t->comm = comm;
  t->g = g;
  t->model = *model;
  t->train = *train;
  if (t->train.batch > g->n_edge) t->train.batch = (int)g->n_edge;
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
  KITH_TRY(kith_halo_create_movable(comm, g->first, kith_batch_most_wanted(t->batch),
                                    kith_batch_most_asked(t->batch), kith_model_width(model), &t->halo));
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

/* Adam, step `number` from 1, on the owned rows and on the weights. */
static void trainer_update(kith_trainer *t, int64_t number) {
  kith_adam_options adam = t->train.adam;
  kith_weights w = kith_params_weights(t->params);
  adam.lr *= pow(t->train.decay, (double)t->epoch->epoch);
  kith_adam_step(&adam, number, (int64_t)t->g->n_own * t->model.width, t->x->grad, t->m, t->v, t->x->value);
  kith_adam_step(&adam, number, w.n, w.grad, w.m, w.v, w.value);
}

bool kith_trainer_step(kith_trainer *t, int64_t step, bool stop) {
  kith_batch *b = t->batch;
  if (t->softmax) kith_batch_softmax(b, t->epoch, step);
  else kith_batch_pairs(b, t->epoch, step);
  int64_t stops = kith_halo_aim(t->halo, b->n_want, b->want, b->key, stop);
  kith_batch_answer(b, t->halo);
  t->l2_scale = t->train.loss.l2 / (double)b->n_global;
  t->play.training = true;
  t->play.step = (uint64_t)(t->epoch->epoch * t->n_step + step);
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

/* A step with an empty batch plays the layers and nothing else. */
const float *kith_trainer_final(kith_trainer *t) {
  kith_batch *b = t->batch;
  int64_t before = kith_halo_bytes(t->a->halo);
  kith_batch_clear(b);
  kith_halo_aim(t->halo, 0, NULL, NULL, 0);
  kith_batch_answer(b, t->halo);
  t->readout.whole = true;
  t->play.training = false;
  kith_tape_forward(t->tape);
  t->readout.whole = false;
  t->eval_bytes += kith_halo_bytes(t->a->halo) - before;
  int d = kith_model_width(&t->model);
  kith_readout_all(&t->readout, t->g->n_own, d, t->final);
  if (t->model.score == KITH_COSINE) kith_normalise_rows(t->g->n_own, d, t->final);
  return t->final;
}

kith_eid kith_trainer_asked_entries(const kith_trainer *t) {
  const kith_picks *p = &t->batch->picks;
  kith_eid n = 0;
  for (kith_lid i = 0; i < p->n_sum; i++) n += t->a->degree[p->sum_row[i]];
  return n;
}

int64_t kith_trainer_halo_bytes(const kith_trainer *t) { return kith_halo_bytes(t->a->halo) - t->eval_bytes; }
