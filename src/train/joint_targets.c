/*
 * Training on the next items of users' sequences, through the model of the graph: one tape has its layers,
 * the rows of all items, and SASRec on them.
 */
#include "sequence/sasrec.h"
#include "sequence/sequence.h"
#include "train/trainer.h"

static kith_status joint_check(const kith_graph *g, const kith_train_options *train,
                               kith_model_options *model) {
  kith_status st = KITH_OK;
  KITH_CHECK(g->n_edge > 0, KITH_EDATA, "the graph has no training interactions");
  KITH_CHECK(train->sampler.mode == KITH_FULL, KITH_ECONFIG,
             "model.sasrec.joint: steps are of the full graph; expected sampler.mode: full");
  KITH_CHECK((int64_t)kith_model_output_dim(model) * g->n[KITH_ITEM] <= INT32_MAX, KITH_ECONFIG,
             "model.sasrec.joint: every rank holds the rows of all items: %lld items of %d columns are too "
             "many; expected false",
             (long long)g->n[KITH_ITEM], kith_model_output_dim(model));
done:
  return st;
}

/* This rank's items, in the order of their rows. */
static kith_status joint_own_items(const kith_graph *g, joint_targets *j) {
  kith_status st = KITH_OK;
  const kith_lid n = g->n_own_of[KITH_ITEM];
  kith_gather_index *own = &j->own;
  KITH_TRY(KITH_NEW(own->unique_row, n));
  KITH_TRY(KITH_NEW(own->l2_count, n));
  KITH_TRY(KITH_NEW(own->start, n + 1));
  KITH_TRY(KITH_NEW(own->member, n));
  KITH_TRY(KITH_NEW(j->place, n));
  for (kith_lid i = 0, at = 0; i < g->n_own; i++) {
    if (g->type[i] != KITH_ITEM) continue;
    own->unique_row[at] = i;
    own->l2_count[at] = 1;
    own->start[at] = own->member[at] = at;
    j->place[at++] = g->original[i];
  }
  own->start[n] = n;
  own->row = own->unique_row;
  own->n = own->n_unique = n;
  j->items = (kith_node_map){.n = g->n[KITH_ITEM], .capacity = g->n[KITH_ITEM]};
done:
  return st;
}

static kith_status joint_make(kith_trainer *t) {
  kith_status st = KITH_OK;
  KITH_TRY(KITH_NEW(t->joint, 1));
  KITH_TRY(joint_own_items(t->g, t->joint));
  KITH_TRY(kith_sequence_latest(t->g, 0, &t->joint->list));
  KITH_TRY(kith_sequence_users(t->g, &t->joint->user));
done:
  return st;
}

static kith_agreed joint_create(kith_trainer *t) {
  kith_agreed st = {KITH_OK};
  KITH_TRY(kith_agree(t->comm, joint_make(t)));
  joint_targets *j = t->joint;
  const kith_sasrec_data data = {.n_user = t->g->n[KITH_USER],
                                 .n_item = t->g->n[KITH_ITEM],
                                 .list = &j->list,
                                 .user = j->user,
                                 .d_row = kith_model_output_dim(&t->model)};
  KITH_TRY(kith_sasrec_create(t->comm, &t->model.sasrec, t->train.seed, &data, &j->sasrec));
  t->n_step = kith_sasrec_n_step(j->sasrec);
  t->step_start = kith_sasrec_step_start(j->sasrec);
  t->gather_index = &j->own;
  t->max_rows = j->own.n;
  t->all_rows = t->g->n[KITH_ITEM];
done:
  return st;
}

static void joint_destroy(kith_trainer *t) {
  joint_targets *j = t->joint;
  if (!j) return;
  kith_sasrec_destroy(&j->sasrec);
  kith_ragged_free(&j->list);
  KITH_FREE(j->user);
  KITH_FREE(j->place);
  KITH_FREE(j->own.unique_row);
  KITH_FREE(j->own.l2_count);
  KITH_FREE(j->own.start);
  KITH_FREE(j->own.member);
  KITH_FREE(t->joint);
}

static void joint_set_epoch(kith_trainer *t, int64_t epoch) {
  kith_sasrec_set_epoch(t->joint->sasrec, epoch);
}
static void joint_fill(kith_trainer *t, int64_t step) { kith_sasrec_fill(t->joint->sasrec, step); }
static void joint_clear(kith_trainer *t) { kith_sasrec_clear(t->joint->sasrec); }

static kith_agreed joint_prepare_full(kith_trainer *t) {
  (void)t;
  return (kith_agreed){KITH_OK};
}
static kith_lid joint_max_packed(const kith_trainer *t) { return t->max_rows; }
static kith_step_request joint_setup_full(kith_trainer *t, kith_step_request request) {
  return (kith_step_request)kith_comm_max(t->comm, request);
}

static void joint_record_input_loss(kith_trainer *t, kith_tensor *x) { (void)t, (void)x; }

static void joint_record_loss(kith_trainer *t, kith_tensor *rows) {
  joint_targets *j = t->joint;
  j->n_weight = kith_params_weights(t->params).n;
  kith_tensor *e = kith_all_rows_op(t->tape, t->comm, j->own.n, j->place, &j->items, rows);
  (void)kith_tape_check(t->tape, kith_sasrec_record_on(j->sasrec, t->tape, t->params, &t->exec, e, &t->loss));
}

const kith_targets kith__joint_targets = {.ranks = true,
                                          .check = joint_check,
                                          .create = joint_create,
                                          .destroy = joint_destroy,
                                          .set_epoch = joint_set_epoch,
                                          .fill = joint_fill,
                                          .clear = joint_clear,
                                          .prepare_full = joint_prepare_full,
                                          .max_packed = joint_max_packed,
                                          .setup_full = joint_setup_full,
                                          .record_input_loss = joint_record_input_loss,
                                          .record_loss = joint_record_loss};
