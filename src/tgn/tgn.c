/* TGN on a stream: what it is made of, and its training step. */
#include <math.h>
#include <string.h>

#include "model/model.h"
#include "ops/coded_attention.h"
#include "tgn/tgn_impl.h"

/* ---- initial weights ---- */

/* Evidence begins as the rule that it follows: the user's items, the latest first, then popular ones. */
static void tgn_start_evidence(kith_tgn *t) {
  kith_tensor *w = kith_params_get(t->params, "evidence", 1, TGN_EVIDENCE, KITH_INIT_ZERO);
  for (int p = 0; p <= TGN_OLDER && w; p++) w->value[p] = 8 - 2 * logf(1 + (float)p);
  for (int h = 0; h < TGN_HALF_LIVES && w; h++) w->value[TGN_POPULAR + h] = 1.0f / TGN_HALF_LIVES;
}

static void tgn_start_rows(kith_tgn *t) {
  kith_model_options o = kith_model_defaults();
  o.dim = t->o.dim;
  o.init = t->o.init;
  kith_model_init(&o, t->g, t->o.seed, t->x);
}

/* ---- create and destroy ---- */

/* Scores of a batch, and popularity beside them, of a block of items. */
int64_t kith__tgn_block_items(int64_t n_item, int batch, int block) {
  enum { BLOCK_SCORES = 1 << 22, BLOCK_LEAST = 256 };
  const int64_t fit = BLOCK_SCORES / batch, most = fit > BLOCK_LEAST ? fit : BLOCK_LEAST;
  return kith_min(block > 0 ? block : most, n_item);
}

static kith_status tgn_check(const kith_tgn_options *o) {
  kith_status st = KITH_OK;
  KITH_CHECK(o->dim % o->heads == 0, KITH_ECONFIG, "stream.heads: %d must divide stream.dim, which is %d",
             o->heads, o->dim);
  KITH_CHECK(o->time_dim + o->n_feature <= KITH_CODE_DIM, KITH_ECONFIG,
             "stream.time_dim: %d, beside %d features of an event; expected at most %d in all", o->time_dim,
             o->n_feature, KITH_CODE_DIM);
done:
  return st;
}

static kith_status tgn_alloc(const kith_comm *comm, const kith_graph *g, const kith_tgn_options *o,
                             kith_tgn *t) {
  kith_status st = KITH_OK;
  const int64_t batch = o->batch, d = o->dim;
  *t = (kith_tgn){.comm = comm, .g = g, .o = *o, .optimizer = kith_optimizer_get(o->optimizer.name)};
  KITH_TRY(tgn_check(o));
  KITH_TRY(kith_params_create(o->seed, &t->params));
  KITH_TRY(KITH_NEW(t->x, g->n_own * d));
  for (int s = 0; s < t->optimizer->n_slot; s++) KITH_TRY(KITH_NEW(t->slot[s], g->n_own * d));
  KITH_TRY(kith__tgn_memory_make(g, o->dim, o->n_feature, &t->memory));
  KITH_TRY(kith_stream_latest_create(g, comm->rank, o->neighbors, o->n_feature, &t->latest));
  KITH_TRY(KITH_NEW(t->around, o->neighbors));
  KITH_TRY(kith__tgn_evidence_make(g, comm->rank, &t->evidence));
  KITH_TRY(kith__tgn_clues_make(&t->evidence, o->batch, &t->clues));
  KITH_TRY(KITH_NEW(t->targets.item, batch));
  KITH_TRY(KITH_NEW(t->node, 2 * batch));
  KITH_TRY(KITH_NEW(t->node_scratch, 2 * batch));
  KITH_TRY(KITH_NEW(t->node_first, comm->size + 1));
  KITH_TRY(KITH_NEW(t->gather, 2 * (int64_t)comm->size));
  KITH_TRY(KITH_NEW(t->met, 2 * batch * d));
  KITH_TRY(KITH_NEW(t->later, batch));
  KITH_TRY(KITH_NEW(t->later_feature, batch * o->n_feature));
  KITH_TRY(KITH_NEW(t->place, batch));
  KITH_TRY(KITH_NEW(t->asked, batch));
  KITH_TRY(KITH_NEW(t->scores, g->n[KITH_ITEM]));
  KITH_TRY(KITH_NEW(t->popular, TGN_HALF_LIVES * g->n[KITH_ITEM]));
done:
  return st;
}

kith_agreed kith_tgn_create(const kith_comm *comm, const kith_graph *g, const kith_tgn_options *o,
                            kith_tgn **out) {
  kith_agreed st = {KITH_OK};
  kith_tgn *t = NULL;
  *out = NULL;
  KITH_TRY(kith_agree(comm, KITH_NEW(t, 1)));
  KITH_TRY(kith_agree(comm, tgn_alloc(comm, g, o, t)));
  KITH_TRY(kith__tgn_record(t, (tgn_parts){.users = true, .items = true}, &t->step));
  KITH_TRY(kith__tgn_record(t, (tgn_parts){0}, &t->alone));
  KITH_TRY(kith__tgn_record(t, (tgn_parts){.users = true}, &t->users));
  KITH_TRY(kith__tgn_record(t, (tgn_parts){.items = true}, &t->items));
  kith__tgn_loss_op(t->step.tape, &t->targets, &t->clues, o->batch,
                    kith__tgn_block_items(g->n[KITH_ITEM], o->batch, o->block), t->step.side[KITH_USER].h,
                    t->step.item, t->step.weight);
  if (o->evidence) tgn_start_evidence(t);
  KITH_TRY(kith_agree(comm, kith_tape_status(t->step.tape)));
  KITH_TRY(kith_agree(comm, kith_params_status(t->params)));
  tgn_start_rows(t);
  kith_tgn_forget(t);
  *out = t;
  t = NULL;
done:
  kith_tgn_destroy(&t);
  return st;
}

void kith_tgn_destroy(kith_tgn **tgn) {
  kith_tgn *t = *tgn;
  if (!t) return;
  kith__tgn_recording_free(&t->step);
  kith__tgn_recording_free(&t->alone);
  kith__tgn_recording_free(&t->users);
  kith__tgn_recording_free(&t->items);
  kith_params_destroy(&t->params);
  KITH_FREE(t->x);
  for (int s = 0; s < KITH_MAX_SLOTS; s++) KITH_FREE(t->slot[s]);
  kith__tgn_memory_free(&t->memory);
  kith_stream_latest_destroy(&t->latest);
  KITH_FREE(t->around);
  kith__tgn_evidence_free(&t->evidence);
  kith__tgn_clues_free(&t->clues);
  KITH_FREE(t->targets.item);
  KITH_FREE(t->node);
  KITH_FREE(t->node_scratch);
  KITH_FREE(t->node_first);
  KITH_FREE(t->gather);
  KITH_FREE(t->met);
  KITH_FREE(t->later);
  KITH_FREE(t->later_feature);
  KITH_FREE(t->place);
  KITH_FREE(t->asked);
  KITH_FREE(t->scores);
  KITH_FREE(t->popular);
  KITH_FREE(*tgn);
}

void kith_tgn_forget(kith_tgn *t) {
  kith__tgn_memory_forget(&t->memory, t->g->n_own);
  kith_stream_latest_reset(t->latest);
  kith__tgn_evidence_forget(&t->evidence);
  t->targets.loss = (kith_exact_sum){0};
  t->n_later = 0;
  t->begun = t->items_known = false;
}

kith_exact_sum *kith_tgn_loss(kith_tgn *t) { return &t->targets.loss; }

/* ---- the step ---- */

static void tgn_add(kith_tgn *t, int64_t first, int n, const kith_event *event) {
  kith_stream_latest_add(t->latest, first, n, event);
  kith__tgn_evidence_add(&t->evidence, n, event);
}

/* Items are read before the batch's events, users before their own event or the batch. */
static void tgn_read(kith_tgn *t, int64_t first, int n, const kith_event *event) {
  kith__tgn_batch_begin(&t->step);
  kith__tgn_evidence_refresh(&t->evidence, event[0].time);
  kith__tgn_batch_items(t, &t->step, event[0].time);
  kith__tgn_clues_begin(&t->clues, &t->evidence);
  t->targets.n = 0;
  for (int i = 0; i < n; i++) {
    const kith_lid row = tgn_own_row(t, event[i].user);
    if (row >= 0) {
      kith__tgn_batch_node(t, &t->step, KITH_USER, event[i].user, event[i].time);
      kith__tgn_clues_add(&t->clues, &t->evidence, row, event[i].time);
      t->targets.item[t->targets.n++] = event[i].item_number;
    }
    if (!t->o.exact) continue;
    tgn_add(t, first + i, 1, &event[i]);
    kith__tgn_clues_change(&t->clues, &t->evidence, event[i].item_number);
  }
  t->targets.scale = 1 / (double)n;
}

static void tgn_update(kith_tgn *t, int64_t epoch, int64_t number) {
  kith_optimizer_options o = t->o.optimizer;
  o.lr *= pow(t->o.lr_decay, (double)epoch);
  const kith_weights w = kith_params_weights(t->params);
  t->optimizer->step_rows(&o, number, (int32_t)t->step.own.n, t->step.row, t->o.dim,
                          kith_tensor_grad(t->step.x), t->slot, t->x);
  t->optimizer->step(&o, number, w.n, w.grad, w.slot, w.value);
}

int64_t kith_tgn_step(kith_tgn *t, int64_t epoch, int64_t number, int64_t first, int n,
                      const kith_event *event, int64_t request) {
  kith_phase_begin(&t->phases);
  tgn_read(t, first, n, event);
  request = kith__tgn_batch_end(t, &t->step, request);
  kith_phase_lap(&t->phases, KITH_PHASE_SAMPLE);
  kith_tape_forward(t->step.tape);
  kith_phase_lap(&t->phases, KITH_PHASE_FORWARD);
  kith_params_zero_grad(t->params);
  kith_tape_backward(t->step.tape);
  kith_params_allreduce_grad(t->params, t->comm);
  kith_phase_lap(&t->phases, KITH_PHASE_BACKWARD);
  kith__tgn_remember(t, n, event);
  if (!t->o.exact) tgn_add(t, first, n, event);
  tgn_update(t, epoch, number);
  kith_phase_lap(&t->phases, KITH_PHASE_UPDATE);
  return request;
}

kith_phases kith_tgn_phases(const kith_tgn *t) { return t->phases.spent; }

/* ---- state ---- */

void kith_tgn_state_free(kith_tgn_state *state) {
  KITH_FREE(state->row);
  KITH_FREE(state->weight);
}

enum { STATE_TURN = 1 << 20 }; /* a float holds numbers below 2^24: times are two of them */

static void state_row(const kith_tgn *t, kith_lid i, bool take, float *row) {
  const tgn_memory *m = &t->memory;
  const size_t d = (size_t)t->o.dim, at = (size_t)i * d, f = (size_t)t->o.n_feature;
  float *feature = m->feature + (size_t)i * f;
  float *part[KITH_MAX_SLOTS + 3] = {t->x + at, m->s + at, m->heard + at};
  int n = 3;
  for (int s = 0; s < t->optimizer->n_slot; s++) part[n++] = t->slot[s] + at;
  for (int k = 0; k < n; k++, row += d) memcpy(take ? part[k] : row, take ? row : part[k], d * sizeof *row);
  if (f > 0) memcpy(take ? feature : row + 4, take ? row + 4 : feature, f * sizeof *row);
  if (take) {
    m->on[i] = row[0] > 0;
    m->wait[i] = row[1];
    m->last[i] = (int64_t)row[2] * STATE_TURN + (int64_t)row[3];
    return;
  }
  row[0] = m->on[i];
  row[1] = m->wait[i];
  const int64_t turns = m->last[i] / STATE_TURN;
  row[2] = (float)turns;
  row[3] = (float)(m->last[i] - turns * STATE_TURN);
}

static void state_weights(const kith_tgn *t, bool take, float *to) {
  const kith_weights w = kith_params_weights(t->params);
  const size_t bytes = (size_t)w.n * sizeof *to;
  memcpy(take ? w.value : to, take ? to : w.value, bytes);
  for (int s = 0; s < t->optimizer->n_slot; s++) {
    to += w.n;
    memcpy(take ? w.slot[s] : to, take ? to : w.slot[s], bytes);
  }
}

kith_status kith_tgn_pack(kith_tgn *t, kith_tgn_state *out) {
  kith_status st = KITH_OK;
  const int parts = 1 + t->optimizer->n_slot;
  *out = (kith_tgn_state){.width = (parts + 2) * t->o.dim + 4 + t->o.n_feature,
                          .n_weight = parts * kith_params_weights(t->params).n};
  KITH_TRY(KITH_NEW(out->row, (int64_t)t->g->n_own * out->width));
  KITH_TRY(KITH_NEW(out->weight, out->n_weight));
  for (kith_lid i = 0; i < t->g->n_own; i++)
    state_row(t, i, false, out->row + (size_t)i * (size_t)out->width);
  state_weights(t, false, out->weight);
done:
  if (kith_is_bad(st)) kith_tgn_state_free(out);
  return st;
}

void kith_tgn_unpack(kith_tgn *t, const kith_tgn_state *state, kith_stream *stream, int64_t end) {
  kith_tgn_forget(t);
  for (kith_lid i = 0; i < t->g->n_own; i++)
    state_row(t, i, true, state->row + (size_t)i * (size_t)state->width);
  state_weights(t, true, state->weight);
  for (int64_t at = 0; at < end; at += t->o.batch) {
    const kith_event *event = NULL;
    const int n = (int)kith_min(end - at, t->o.batch);
    kith_stream_events(stream, at, at + n, &event);
    tgn_add(t, at, n, event);
  }
}
