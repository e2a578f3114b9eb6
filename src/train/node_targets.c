/* Training on labeled nodes: they stay with their owners, so that no rows of a step travel. */
#include "train/trainer.h"

static kith_status nodes_check(const kith_graph *g, const kith_train_options *train,
                               kith_model_options *model) {
  kith_status st = KITH_OK;
  bool whole = model->name == KITH_HAN && model->han.fuse == KITH_HAN_BY_TYPE;
  KITH_CHECK(!whole || train->sampler.mode == KITH_FULL, KITH_ECONFIG,
             "model.han.fuse: type weighs meta-paths by a mean over all nodes, but sampler.mode is not full; "
             "expected "
             "sampler.mode: full, or model.han.fuse: node");
  KITH_CHECK(kith_model_can_classify(model), KITH_ECONFIG,
             "model.name: %s cannot classify nodes; expected gcn, gcnii, gat, sage, rgcn or han",
             kith_model_text(model->name));
  KITH_CHECK(model->layers > 0, KITH_ECONFIG, "model.layers: 0, but a classifier needs at least one");
  KITH_CHECK(
      model->input == KITH_EMBEDDING, KITH_ECONFIG,
      "model.input: %s, but a classifier reads the features that data.features names, or has embeddings",
      kith_input_text(model->input));
  KITH_CHECK(model->start == KITH_START_RANDOM, KITH_ECONFIG,
             "model.start: %s, but a classifier has no interactions of users and items; expected random",
             kith_start_text(model->start));
  model->output_dim = g->n_class;
done:
  return st;
}

/* A full-graph step takes all of them. */
static kith_agreed nodes_create(kith_trainer *t) {
  kith_agreed st = {KITH_OK};
  const kith_sampler_options *o = &t->train.sampler;
  int64_t batch = t->sampled ? t->train.batch : t->g->n_train;
  if (o->mode == KITH_CLUSTER)
    KITH_TRY(kith_train_nodes_create_clusters(t->comm, t->g, o->clusters, t->train.seed, &t->nodes));
  else
    KITH_TRY(kith_agree(t->comm, kith_train_nodes_create(t->g, t->g->first[t->comm->rank], batch, t->sampled,
                                                         t->train.seed, &t->nodes)));
  t->n_step = t->nodes->n_step;
  t->step_start = t->nodes->step_start;
  t->gather_index = &t->nodes->gather_index;
  t->max_rows = t->nodes->max_nodes;
  t->all_rows = t->nodes->batch;
done:
  return st;
}

static void nodes_destroy(kith_trainer *t) { kith_train_nodes_destroy(&t->nodes); }
static void nodes_set_epoch(kith_trainer *t, int64_t epoch) { kith_train_nodes_set_epoch(t->nodes, epoch); }
static void nodes_fill(kith_trainer *t, int64_t step) { kith_train_nodes_fill(t->nodes, step); }
static void nodes_clear(kith_trainer *t) { kith_train_nodes_fill_with(t->nodes, 0, NULL, NULL); }

static kith_agreed nodes_prepare_full(kith_trainer *t) {
  (void)t;
  return (kith_agreed){KITH_OK};
}
static kith_lid nodes_max_packed(const kith_trainer *t) { return t->max_rows; }
static kith_step_request nodes_setup_full(kith_trainer *t, kith_step_request request) {
  return (kith_step_request)kith_comm_max(t->comm, request); /* no exchange to piggyback on */
}

static targets_seeds nodes_plan(kith_trainer *t, int64_t step) {
  targets_seeds s = {0};
  s.n = kith_train_nodes_peek(t->nodes, step, &s.node);
  return s;
}

static void nodes_record_input_loss(kith_trainer *t, kith_tensor *x) { (void)t, (void)x; }
static void nodes_record_loss(kith_trainer *t, kith_tensor *rows) {
  kith_cross_entropy_op(t->tape, t->nodes, rows, &t->loss);
}

const kith_targets kith__node_targets = {.check = nodes_check,
                                         .create = nodes_create,
                                         .destroy = nodes_destroy,
                                         .set_epoch = nodes_set_epoch,
                                         .fill = nodes_fill,
                                         .clear = nodes_clear,
                                         .prepare_full = nodes_prepare_full,
                                         .max_packed = nodes_max_packed,
                                         .setup_full = nodes_setup_full,
                                         .plan = nodes_plan,
                                         .take = nodes_fill,
                                         .record_input_loss = nodes_record_input_loss,
                                         .record_loss = nodes_record_loss};
