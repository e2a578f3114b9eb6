/* Training on pairs of a user and an item: the order of an epoch, negatives, batches and losses. */
#include "train/also.h"

static kith_status pairs_check(const kith_graph *g, const kith_train_options *train,
                               kith_model_options *model) {
  kith_status st = KITH_OK;
  KITH_CHECK(model->name != KITH_HAN, KITH_ECONFIG,
             "model.name: han classifies nodes, and does not rank items; expected another model");
  KITH_CHECK(g->n_edge > 0, KITH_EDATA, "the graph has no training interactions");
  KITH_CHECK(!train->update.on || g->is_new, KITH_EDATA,
             "an update needs a graph that was updated; kith_graph_parent_read() reads what is new in it");
  KITH_CHECK(!train->update.on || train->sampler.mode != KITH_CLUSTER, KITH_ECONFIG,
             "sampler.mode: cluster has steps of whole parts, and an update learns from new pairs; expected "
             "another mode, or train anew");
  KITH_TRY(kith_loss_check(&train->loss, &train->negatives));
  KITH_TRY(kith__also_check(g, train, model));
done:
  return st;
}

kith_batch_shape kith_trainer_batch_shape(const kith_train_options *o, int64_t pairs) {
  const kith_negative_options *n = &o->negatives;
  bool softmax = o->loss.name == KITH_SOFTMAX;
  return (kith_batch_shape){.pairs = (int)pairs,
                            .softmax = softmax,
                            .n_negative = n->count,
                            .n_pool = n->hard > 0 ? n->pool : 1,
                            .n_shared = softmax ? o->loss.shared : 0,
                            .mask = softmax && o->loss.inbatch && o->loss.mask,
                            .excluded = o->sampler.mode != KITH_FULL && o->exclude_targets,
                            .inbatch = !softmax && n->inbatch > 0};
}

/* Whether items without training interactions may be negatives. */
static bool pairs_covers_all(const kith_trainer *t) {
  return (!t->pairs.softmax || t->train.loss.shared > 0) &&
         kith_negative_distribution_covers_all(t->pairs.negative_distribution);
}

/* Find users without negatives; softmax without masking takes all items of other pairs as negatives. */
static kith_agreed pairs_exclude_saturated(kith_trainer *t) {
  bool masks = !t->pairs.softmax || !t->train.loss.inbatch || t->train.loss.mask;
  if (!masks) return (kith_agreed){KITH_OK};
  return kith_saturated_users_create(t->comm, t->g, pairs_covers_all(t), &t->pairs.saturated_users);
}

/* An update's epochs have new pairs, and old ones drawn by key. */
static kith_agreed pairs_make_update(kith_trainer *t) {
  kith_agreed st = {KITH_OK};
  const kith_train_options *o = &t->train;
  kith_replay **replay = &t->pairs.replay;
  KITH_TRY(kith_replay_create(t->comm, t->g, t->pairs.saturated_users, o->update.replay, replay));
  kith_eid n = (*replay)->n_new + (*replay)->n_draw;
  if (o->batch > n) t->train.batch = (int)n;
  KITH_TRY(kith_agree(t->comm, kith_edge_order_create_replay(t->g, t->pairs.saturated_users, *replay,
                                                             o->batch, o->seed, &t->pairs.edge_order)));
done:
  return st;
}

static kith_agreed pairs_make_order(kith_trainer *t) {
  const kith_train_options *o = &t->train;
  if (o->update.on) return pairs_make_update(t);
  if (o->sampler.mode != KITH_CLUSTER)
    return kith_agree(t->comm, kith_edge_order_create(t->g, t->pairs.saturated_users, o->batch, o->seed,
                                                      &t->pairs.edge_order));
  return kith_edge_order_create_clusters(t->comm, t->g, t->pairs.saturated_users, o->batch,
                                         o->sampler.clusters, o->seed, &t->pairs.edge_order);
}

static kith_agreed pairs_create(kith_trainer *t) {
  kith_agreed st = {KITH_OK};
  t->pairs.softmax = t->train.loss.name == KITH_SOFTMAX;
  KITH_TRY(
      kith_negative_distribution_create(t->comm, t->g, &t->train.negatives, &t->pairs.negative_distribution));
  KITH_TRY(pairs_exclude_saturated(t));
  kith_eid n_pair = t->g->n_edge - kith_trainer_excluded_users(t).n_pair;
  if (t->train.batch > n_pair) t->train.batch = (int)n_pair;
  KITH_TRY(pairs_make_order(t));
  t->n_step = t->pairs.edge_order->n_step;
  kith_batch_shape shape = kith_trainer_batch_shape(&t->train, t->pairs.edge_order->max_pairs);
  KITH_TRY(kith_batch_create(t->comm, t->g, t->a, t->pairs.negative_distribution, &shape, &t->pairs.batch));
  if (t->sampled)
    KITH_TRY(kith_batch_create(t->comm, t->g, t->a, t->pairs.negative_distribution, &shape, &t->pairs.next));
  t->step_start = t->pairs.edge_order->step_start;
  t->gather_index = &t->pairs.batch->gather_index;
  t->max_excluded = t->train.exclude_targets ? shape.pairs : 0;
  t->max_rows = kith_batch_max_recv(t->pairs.batch);
  t->all_rows = kith_batch_max_send(t->pairs.batch); /* all may be one rank's */
  KITH_TRY(kith__also_create(t));
done:
  return st;
}

static void pairs_destroy(kith_trainer *t) {
  kith__also_destroy(t);
  kith_batch_destroy(&t->pairs.batch);
  kith_batch_destroy(&t->pairs.next);
  kith_negative_distribution_destroy(&t->pairs.negative_distribution);
  kith_edge_order_destroy(&t->pairs.edge_order);
  kith_replay_destroy(&t->pairs.replay);
  kith_saturated_users_destroy(&t->pairs.saturated_users);
}

kith_excluded_users kith_trainer_excluded_users(const kith_trainer *t) {
  if (!t->pairs.saturated_users) return (kith_excluded_users){0};
  return (kith_excluded_users){.n_user = t->pairs.saturated_users->n_user,
                               .n_pair = t->pairs.saturated_users->n_pair,
                               .any = pairs_covers_all(t)};
}

void kith_trainer_update_pairs(const kith_trainer *t, int64_t *n_new, int64_t *n_old) {
  const kith_replay *r = t->pairs.replay;
  *n_new = r ? r->n_new : 0;
  *n_old = r && r->n_new > 0 ? r->n_draw : 0; /* else no step is done */
}

static void pairs_set_epoch(kith_trainer *t, int64_t epoch) {
  kith_edge_order_set_epoch(t->pairs.edge_order, epoch);
}

static void pairs_fill_batch(kith_trainer *t, int64_t step, kith_batch *b) {
  if (t->pairs.softmax) kith_batch_fill_softmax(b, t->pairs.edge_order, step);
  else kith_batch_fill_pairs(b, t->pairs.edge_order, step);
}

static void pairs_begin_step(kith_trainer *t) {
  t->pairs.l2_scale = t->train.loss.l2 / (double)t->pairs.batch->n_global;
}

static void pairs_fill(kith_trainer *t, int64_t step) {
  pairs_fill_batch(t, step, t->pairs.batch);
  pairs_begin_step(t);
  kith__also_fill(t);
}

static void pairs_clear(kith_trainer *t) {
  kith_batch_clear(t->pairs.batch);
  kith__also_clear(t);
}

static kith_agreed pairs_prepare_full(kith_trainer *t) {
  return kith_halo_create_dynamic(t->comm, t->g->first, t->max_rows, kith_batch_max_send(t->pairs.batch),
                                  kith_model_output_dim(&t->model), &t->halo);
}

static kith_lid pairs_max_packed(const kith_trainer *t) { return kith_batch_max_send(t->pairs.batch); }

static kith_step_request pairs_setup_full(kith_trainer *t, kith_step_request request) {
  kith_batch *b = t->pairs.batch;
  kith_step_request agreed_request =
      (kith_step_request)kith_halo_setup(t->halo, b->n_recv, b->recv_gid, b->recv_key, request);
  kith_batch_sort_send(b, t->halo);
  return kith__also_setup(t, agreed_request);
}

static targets_seeds pairs_plan(kith_trainer *t, int64_t step) {
  kith_batch *b = t->pairs.next;
  pairs_fill_batch(t, step, b);
  kith_batch_gather_seed_nodes(b);
  return (targets_seeds){.n = b->n_seed,
                         .node = b->seed_node,
                         .n_pair = t->train.exclude_targets ? b->n_known : 0,
                         .pair = b->pair};
}

/* Swap the batches by contents, since ops hold pointers to them. */
static void pairs_take(kith_trainer *t, int64_t step) {
  (void)step;
  kith_batch kept = *t->pairs.batch;
  *t->pairs.batch = *t->pairs.next;
  *t->pairs.next = kept;
  pairs_begin_step(t);
}

/* The rows after each layer have a gather index like that of the input rows. */
static void pairs_record_layers_loss(kith_trainer *t) {
  const kith_layer_outputs *layers = &t->step.layers; /* the first are the input rows */
  if (t->train.loss.l2_on != KITH_L2_ON_LAYERS) return;
  for (int l = 1; l < layers->n; l++)
    kith_l2_op(t->tape, kith_output_index(&t->step.output, layers->h[l]), &t->pairs.l2_scale, layers->h[l],
               &t->loss);
}

static void pairs_record_input_loss(kith_trainer *t, kith_tensor *x) {
  kith_l2_op(t->tape, t->gather_index, &t->pairs.l2_scale, x, &t->loss);
}

void kith__pair_loss_op(kith_trainer *t, const kith_batch *b, kith_tensor *rows, kith_exact_sum *loss) {
  if (t->pairs.softmax) kith_softmax_op(t->tape, t->comm, b, &t->train.loss, rows, loss);
  else if (t->train.loss.name == KITH_NCE) kith_nce_op(t->tape, b, rows, loss);
  else kith_bpr_op(t->tape, b, rows, loss);
}

/* On the full graph the rows come from their owners. */
static void pairs_record_loss(kith_trainer *t, kith_tensor *rows) {
  pairs_record_layers_loss(t);
  kith_model_record_loss(&t->model, t->comm, t->layer_graph, t->params, t->tape, &t->loss);
  if (!t->sampled) rows = kith_exchange_op(t->tape, t->halo, rows, t->max_rows);
  kith__pair_loss_op(t, t->pairs.batch, rows, &t->loss);
  kith__also_record(t);
}

int64_t kith_trainer_requested_rows(const kith_trainer *t) { return t->gather_index->n_unique; }

kith_eid kith_trainer_requested_edges(const kith_trainer *t) {
  const kith_gather_index *p = t->gather_index;
  kith_eid n = 0;
  for (kith_lid i = 0; i < p->n_unique; i++) n += t->a->degree[p->unique_row[i]];
  return n;
}

const kith_targets kith__pair_targets = {.ranks = true,
                                         .check = pairs_check,
                                         .create = pairs_create,
                                         .destroy = pairs_destroy,
                                         .set_epoch = pairs_set_epoch,
                                         .fill = pairs_fill,
                                         .clear = pairs_clear,
                                         .prepare_full = pairs_prepare_full,
                                         .max_packed = pairs_max_packed,
                                         .setup_full = pairs_setup_full,
                                         .plan = pairs_plan,
                                         .take = pairs_take,
                                         .record_input_loss = pairs_record_input_loss,
                                         .record_loss = pairs_record_loss};
