/*
 * Training of SASRec: a step has the sequences of o->batch users, each on the rank that owns the user.
 *
 * Sequences are not padded: a step has as many rows as its users have items, at most o->length each.  The
 * place of a row counts from the end, so that a user's latest item is always at the last one.
 * Sums over ranks of the weights' gradients are those of floats: numbers of ranks agree up to rounding.
 */
#include "sequence/sasrec.h"

#include <stdlib.h>
#include <string.h>

#include "loss/loss.h"
#include "sequence/sasrec_candidates.h"

struct kith_sasrec {
  const kith_comm *comm;
  kith_sasrec_options o;
  kith_sasrec_data data;
  uint64_t seed;
  int64_t epoch, n_step;
  int64_t *step_start;  /* [n_step + 1] rows in the steps before each, over all ranks */
  kith_eid *user_start; /* [n_step + 1] this rank's users of each step: … */
  int32_t *user;        /* … [own users] in the order of the epoch */
  uint64_t *place;      /* [own users] places in that order */
  kith_sasrec_rows rows;
  int64_t most_rows, most_users; /* of a step, on this rank */
  int64_t *start, *key;          /* of rows */
  int32_t *item, *at, *next;
  kith_node_map items;
  kith_catalog catalog;
  kith_sasrec_candidates candidates;
  kith_params *params;
  kith_exec_ctx exec;
  kith_tape *tape, *inference_tape;
  kith_sasrec_net net, inference;
  kith_exact_sum loss;
};

/* ---- the rows of a step ---- */

/* Rows of a user's list: inputs are what stands before `skip` of the latest items. */
static int64_t sasrec_n_row(const kith_sasrec *s, int32_t u, int skip) {
  const int64_t n = s->data.list->start[u + 1] - s->data.list->start[u] - skip;
  return n < 0 ? 0 : kith_min(n, s->o.length);
}

/* Add the sequence of a user to the step; skip 1: a row for each item that another one follows. */
static void sasrec_add(kith_sasrec *s, int32_t u, int skip) {
  const int32_t *latest = s->data.list->value + s->data.list->start[u];
  const int64_t n = sasrec_n_row(s, u, skip), first = s->rows.map.n;
  if (n == 0) return;
  for (int64_t i = 0; i < n; i++) {
    const int64_t row = first + i, back = n - 1 - i; /* items after this one in the sequence */
    s->item[row] = latest[back + skip];
    s->at[row] = (int32_t)(s->o.length - 1 - back);
    s->next[row] = skip > 0 ? latest[back] : 0;
    s->key[row] = s->data.user[u] * KITH_MAX_SEQUENCE + s->at[row];
  }
  s->rows.map.n = first + n;
  s->start[++s->rows.sequences.n] = first + n;
}

void kith_sasrec_clear(kith_sasrec *s) {
  s->rows.map.n = 0;
  s->rows.sequences.n = 0;
  s->start[0] = 0;
}

/* ---- epochs ---- */

static int sasrec_compare(const void *a, const void *b) {
  const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
  return (x > y) - (x < y);
}

/* Users that a step takes are consecutive in the keyed permutation of all; a rank finds its own in it. */
void kith_sasrec_set_epoch(kith_sasrec *s, int64_t epoch) {
  const int64_t n = s->data.list->n_row, batch = s->o.batch;
  const kith_permutation order =
      kith_permutation_make(s->seed, KITH_RNG_SHUFFLE, (uint64_t)epoch, (uint64_t)s->data.n_user);
  s->epoch = epoch;
  for (int64_t i = 0; i < n; i++)
    s->place[i] = kith_permutation_inverse(&order, (uint64_t)s->data.user[i]) << 32 | (uint64_t)i;
  qsort(s->place, (size_t)n, sizeof *s->place, sasrec_compare);
  for (int64_t k = 0; k <= s->n_step; k++) s->step_start[k] = 0;
  for (int64_t i = 0, k = 0; k <= s->n_step; k++) {
    while (i < n && (int64_t)(s->place[i] >> 32) < k * batch) i++;
    s->user_start[k] = i;
  }
  for (int64_t i = 0; i < n; i++) {
    const int64_t step = (int64_t)(s->place[i] >> 32) / batch;
    s->user[i] = (int32_t)(s->place[i] & UINT32_MAX);
    s->step_start[step + 1] += sasrec_n_row(s, s->user[i], 1);
  }
  kith_comm_sum_int(s->comm, s->n_step, s->step_start + 1);
  for (int64_t k = 0; k < s->n_step; k++) s->step_start[k + 1] += s->step_start[k];
}

int64_t kith_sasrec_n_step(const kith_sasrec *s) { return s->n_step; }

const int64_t *kith_sasrec_step_start(const kith_sasrec *s) { return s->step_start; }

void kith_sasrec_fill(kith_sasrec *s, int64_t step) {
  kith_sasrec_clear(s);
  for (kith_eid i = s->user_start[step]; i < s->user_start[step + 1]; i++) sasrec_add(s, s->user[i], 1);
  s->catalog.n_global = s->step_start[step + 1] - s->step_start[step];
  if (s->catalog.of)
    kith__sasrec_candidates_fill(&s->candidates, s->comm, s->seed, s->epoch, step, s->catalog.n_global,
                                 s->rows.map.n, s->next);
}

void kith_sasrec_step(kith_sasrec *s, int64_t step, kith_phase_clock *phases) {
  kith_optimizer_options adam = kith_optimizer_defaults();
  const kith_weights w = kith_params_weights(s->params);
  adam.lr = s->o.rate;
  kith_sasrec_fill(s, step);
  s->exec.training = true;
  s->exec.step = (uint64_t)(s->epoch * s->n_step + step);
  kith_phase_lap(phases, KITH_PHASE_SAMPLE);
  kith_tape_forward(s->tape);
  kith_phase_lap(phases, KITH_PHASE_FORWARD);
  kith_params_zero_grad(s->params);
  kith_tape_backward(s->tape);
  kith_params_allreduce_grad(s->params, s->comm);
  kith_phase_lap(phases, KITH_PHASE_BACKWARD);
  kith_optimizer_get(KITH_ADAM)->step(&adam, (int64_t)s->exec.step + 1, w.n, w.grad, w.slot, w.value);
  kith_phase_lap(phases, KITH_PHASE_UPDATE);
}

/* ---- what it says of users ---- */

/* Run the sequences of users first … last - 1; their last rows are what is asked for. */
static void sasrec_infer(kith_sasrec *s, int32_t first, int32_t last, float *h) {
  const int64_t d = s->o.dim;
  kith_tape_forward(s->inference_tape);
  for (int32_t u = first, at = 0; u < last; u++) {
    const bool empty = sasrec_n_row(s, u, 0) == 0;
    const float *row = empty ? NULL : s->inference.h->value + (s->start[++at] - 1) * d;
    for (int64_t k = 0; k < d; k++) h[u * d + k] = empty ? 0 : row[k];
  }
}

void kith_sasrec_users(kith_sasrec *s, float *h) {
  const int32_t n = (int32_t)s->data.list->n_row;
  s->exec.training = false;
  kith_sasrec_clear(s);
  int32_t first = 0;
  for (int32_t u = 0; u < n; u++) {
    if (s->rows.map.n + sasrec_n_row(s, u, 0) > s->most_rows || s->rows.sequences.n == s->most_users) {
      sasrec_infer(s, first, u, h);
      kith_sasrec_clear(s);
      first = u;
    }
    sasrec_add(s, u, 0);
  }
  sasrec_infer(s, first, n, h);
}

const float *kith_sasrec_items(const kith_sasrec *s) { return s->inference.z->value; }
kith_params *kith_sasrec_params(kith_sasrec *s) { return s->params; }
kith_exact_sum *kith_sasrec_loss(kith_sasrec *s) { return &s->loss; }

/* ---- creation ---- */

/* Most rows of a step: those of the longest lists. */
static int64_t sasrec_most_rows(const kith_sasrec *s) {
  int64_t of[KITH_MAX_SEQUENCE + 1] = {0}, left = s->most_users, rows = 0;
  for (int32_t u = 0; u < (int32_t)s->data.list->n_row; u++) of[sasrec_n_row(s, u, 0)]++;
  for (int length = s->o.length; length > 0; length--) {
    const int64_t take = kith_min(of[length], left);
    rows += take * length;
    left -= take;
  }
  return rows;
}

static kith_status sasrec_make_candidates(kith_sasrec *s) {
  kith_status st = KITH_OK;
  if (s->o.candidates == 0) return st;
  KITH_CHECK(s->o.candidates < s->data.n_item, KITH_ECONFIG,
             "model.sasrec.candidates: %d, but there are %lld items; expected less, or 0: all items",
             s->o.candidates, (long long)s->data.n_item);
  KITH_TRY(kith__sasrec_candidates_make(s->o.candidates, s->data.n_item,
                                        kith_min((int64_t)s->o.batch, s->data.n_user) * s->o.length,
                                        &s->candidates));
  s->catalog.of = &s->candidates.of;
done:
  return st;
}

/* Items that follow a user's places are the latest ones, as many as there are places. */
static void sasrec_count_candidates(kith_sasrec *s) {
  for (int32_t u = 0; u < (int32_t)s->data.list->n_row; u++)
    kith__sasrec_candidates_add(&s->candidates, sasrec_n_row(s, u, 1),
                                s->data.list->value + s->data.list->start[u]);
  kith__sasrec_candidates_end(&s->candidates, s->comm);
}

static kith_status sasrec_allocate(kith_sasrec *s) {
  kith_status st = KITH_OK;
  const int64_t n = s->data.list->n_row;
  s->n_step = (s->data.n_user + s->o.batch - 1) / s->o.batch;
  s->most_users = kith_min(s->o.batch, n);
  s->most_rows = sasrec_most_rows(s);
  KITH_TRY(KITH_NEW(s->step_start, s->n_step + 1));
  KITH_TRY(KITH_NEW(s->user_start, s->n_step + 1));
  KITH_TRY(KITH_NEW(s->user, n));
  KITH_TRY(KITH_NEW(s->place, n));
  KITH_TRY(KITH_NEW(s->start, s->most_users + 1));
  KITH_TRY(KITH_NEW(s->key, s->most_rows));
  KITH_TRY(KITH_NEW(s->item, s->most_rows));
  KITH_TRY(KITH_NEW(s->at, s->most_rows));
  KITH_TRY(KITH_NEW(s->next, s->most_rows));
  KITH_TRY(kith_params_create(s->seed, &s->params));
  KITH_TRY(kith_tape_create(&s->tape));
  KITH_TRY(kith_tape_create(&s->inference_tape));
  s->rows = (kith_sasrec_rows){.map = {.capacity = s->most_rows, .node = s->key},
                               .sequences = {.longest = s->o.length, .start = s->start},
                               .at = {.item = s->item, .place = s->at}};
  s->items = (kith_node_map){.n = s->data.n_item, .capacity = s->data.n_item};
  s->catalog = (kith_catalog){.next = s->next};
  KITH_TRY(sasrec_make_candidates(s));
done:
  return st;
}

static kith_sasrec_net sasrec_net(kith_sasrec *s, kith_tape *tape, kith_params *params) {
  return (kith_sasrec_net){.o = &s->o,
                           .d_row = s->data.d_row,
                           .rows = &s->rows,
                           .items = &s->items,
                           .row = s->data.row,
                           .params = params,
                           .exec = &s->exec,
                           .tape = tape};
}

kith_status kith_sasrec_record_on(kith_sasrec *s, kith_tape *tape, kith_params *params, kith_exec_ctx *exec,
                                  kith_tensor *e, kith_exact_sum *loss) {
  kith_status st = KITH_OK;
  s->net = sasrec_net(s, tape, params);
  s->net.exec = exec;
  s->net.e = e;
  if (s->o.joint && !e) return kith_tape_status(tape); /* it was not recorded */
  kith_sasrec_record(&s->net);
  kith_catalog_softmax_op(tape, &s->catalog, s->net.h, s->net.z, loss);
  s->inference = sasrec_net(s, s->inference_tape, params);
  kith_sasrec_record(&s->inference);
  KITH_TRY(kith_params_status(params));
  KITH_TRY(kith_tape_status(tape));
  KITH_TRY(kith_tape_status(s->inference_tape));
done:
  return st;
}

void kith_sasrec_set_rows(kith_sasrec *s, const float *row) {
  memcpy(s->inference.e->value, row, (size_t)s->data.n_item * (size_t)s->data.d_row * sizeof *row);
}

static kith_status sasrec_make(const kith_comm *comm, const kith_sasrec_options *o, uint64_t seed,
                               const kith_sasrec_data *data, kith_sasrec **out) {
  kith_status st = KITH_OK;
  kith_sasrec *s = NULL;
  KITH_CHECK(o->dim % o->heads == 0, KITH_ECONFIG,
             "model.sasrec.heads: %d does not divide model.sasrec.dim, which is %d", o->heads, o->dim);
  KITH_TRY(KITH_NEW(s, 1));
  *out = s; /* from here on the caller destroys */
  s->comm = comm;
  s->o = *o;
  s->data = *data;
  s->seed = seed;
  s->exec.seed = seed;
  KITH_TRY(sasrec_allocate(s));
  if (!o->joint) KITH_TRY(kith_sasrec_record_on(s, s->tape, s->params, &s->exec, NULL, &s->loss));
done:
  return st;
}

kith_agreed kith_sasrec_create(const kith_comm *comm, const kith_sasrec_options *o, uint64_t seed,
                               const kith_sasrec_data *data, kith_sasrec **out) {
  kith_agreed st = {KITH_OK};
  kith_sasrec *s = NULL;
  *out = NULL;
  KITH_TRY(kith_agree(comm, sasrec_make(comm, o, seed, data, &s)));
  if (s->catalog.of) sasrec_count_candidates(s);
  *out = s;
  s = NULL;
done:
  kith_sasrec_destroy(&s);
  return st;
}

void kith_sasrec_destroy(kith_sasrec **sasrec) {
  kith_sasrec *s = *sasrec;
  if (!s) return;
  kith_tape_destroy(&s->tape);
  kith_tape_destroy(&s->inference_tape);
  kith_params_destroy(&s->params);
  KITH_FREE(s->step_start);
  KITH_FREE(s->user_start);
  KITH_FREE(s->user);
  KITH_FREE(s->place);
  KITH_FREE(s->start);
  KITH_FREE(s->key);
  KITH_FREE(s->item);
  KITH_FREE(s->at);
  KITH_FREE(s->next);
  kith__sasrec_candidates_free(&s->candidates);
  KITH_FREE(*sasrec);
}
