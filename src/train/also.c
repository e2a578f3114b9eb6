/*
 * Auxiliary losses: in every step a batch of pairs of another relation of users with items beside the batch
 * of interactions, and its loss times a weight.  CRGCN (Yan et al., TOIS 2023) trains every behavior so.
 *
 * A stream is all that training on pairs has, on a view of the graph in which the relation's pairs stand in
 * place of the training interactions: order, negatives, batch.  Its epochs are its own, and follow from the
 * number of the step, so that a resumed run goes on with the same pairs.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "eval/eval.h"
#include "graph/schema.h"
#include "train/also.h"

struct also_stream {
  const char *relation;
  double weight;
  kith_graph g;     /* a view: its arrays are the graph's, but for first_edge and train */
  kith_dist_csr *a; /* degrees in the relation */
  kith_negative_distribution *distribution;
  kith_saturated_users *saturated;
  bool any; /* negatives are drawn among all items */
  kith_edge_order *order;
  kith_batch *batch;
  kith_halo *halo; /* of the batch's rows */
  int64_t epoch;   /* of the order; -1: none yet */
  kith_exact_sum loss;
  int64_t n_loss; /* steps in it */
};

/* ---- checks ---- */

static kith_status also_check_model(const kith_train_options *train, const kith_model_options *model) {
  kith_status st = KITH_OK;
  bool knows = model->name == KITH_LIGHTGCN || model->name == KITH_MF || model->name == KITH_CASCADE;
  KITH_CHECK(train->sampler.mode == KITH_FULL, KITH_ECONFIG,
             "train.also: sampler.mode: %s trains on interactions alone; expected full",
             kith_sampler_mode_text(train->sampler.mode));
  KITH_CHECK(knows, KITH_ECONFIG,
             "train.also: model.name: %s trains on interactions alone; expected cascade, lightgcn or mf",
             kith_model_text(model->name));
  KITH_CHECK(model->name != KITH_LIGHTGCN || model->lightgcn.layer_weights == KITH_LAYER_WEIGHTS_FIXED,
             KITH_ECONFIG,
             "train.also: model.layer_weights: learned is trained on interactions alone; expected fixed");
done:
  return st;
}

static kith_status also_check_relation(const kith_schema *s, const char *name) {
  kith_status st = KITH_OK;
  int r = kith_schema_find_relation(s, name);
  KITH_CHECK(
      r >= 0, KITH_ECONFIG,
      "train.also.%s: the cut graph has no relation %s; name its list in data.relations.%s, and run kith "
      "ingest and kith partition again",
      name, name, name);
  const kith_relation_type *e = &s->relation[r];
  KITH_CHECK(e->from < KITH_SIDES && e->to < KITH_SIDES && e->from != e->to, KITH_ECONFIG,
             "train.also.%s: a relation of %s and %s; expected one of users with items", name,
             s->type[e->from], s->type[e->to]);
  KITH_CHECK(e->direction == KITH_DIRECTION_BOTH, KITH_ECONFIG,
             "train.also.%s: is read in one direction; expected data.relations.%s.direction: both", name,
             name);
  KITH_CHECK(e->n_kind == 0, KITH_ECONFIG,
             "train.also.%s: its edges are of several kinds; expected a relation without kinds", name);
done:
  return st;
}

kith_status kith__also_check(const kith_graph *g, const kith_train_options *train,
                             const kith_model_options *model) {
  kith_status st = KITH_OK;
  for (int i = 0; i < train->also.n; i++) {
    if (train->also.of[i].weight == 0) continue;
    KITH_TRY(also_check_model(train, model));
    KITH_TRY(also_check_relation(&g->schema, train->also.of[i].name));
  }
done:
  return st;
}

/* ---- the view of the graph ---- */

/* Numbers of the pairs in the whole graph: by user, then by item. */
static kith_agreed also_number(const kith_comm *comm, const kith_graph *g, kith_graph *view) {
  kith_agreed st = {KITH_OK};
  kith_eid *first = NULL;
  int64_t n_user = g->n[KITH_USER];
  KITH_TRY(kith_agree(comm, KITH_NEW(first, n_user + 1)));
  KITH_TRY(kith_agree(comm, KITH_NEW(view->first_edge, g->n_own)));
  for (kith_lid i = 0; i < g->n_own; i++)
    if (g->type[i] == KITH_USER) first[g->original[i] + 1] = view->start[i + 1] - view->start[i];
  kith_comm_sum_int(comm, n_user, first + 1);
  for (int64_t u = 0; u < n_user; u++) first[u + 1] += first[u];
  for (kith_lid i = 0; i < g->n_own; i++)
    view->first_edge[i] = g->type[i] == KITH_USER ? first[g->original[i]] : -1;
  view->n_edge = first[n_user];
done:
  KITH_FREE(first);
  return st;
}

static kith_agreed also_view(const kith_comm *comm, const kith_graph *g, also_stream *s) {
  kith_agreed st = {KITH_OK};
  const int r = kith_schema_find_relation(&g->schema, s->relation);
  const kith_adjacency *pairs = &g->relation[r];
  s->g = *g;
  s->g.start = pairs->start;
  s->g.neighbor = pairs->neighbor;
  s->g.weight = NULL;
  s->g.time = NULL;
  s->g.is_new = NULL;
  s->g.first_edge = NULL;
  s->g.train = s->g.valid = s->g.test = (kith_ragged){0};
  KITH_TRY(kith_agree(comm, kith_relation_items(g, r, &s->g.train, NULL)));
  KITH_TRY(also_number(comm, g, &s->g));
done:
  return st;
}

/* ---- streams ---- */

/* Find users without negatives, as for the interactions; the message names the stream. */
static kith_agreed also_exclude_saturated(const kith_trainer *t, also_stream *s) {
  char why[256];
  const kith_loss_options *loss = &t->train.loss;
  s->any = (!t->pairs.softmax || loss->shared > 0) && kith_negative_distribution_covers_all(s->distribution);
  if (t->pairs.softmax && loss->inbatch && !loss->mask) return (kith_agreed){KITH_OK};
  kith_agreed st = kith_saturated_users_create(t->comm, &s->g, s->any, &s->saturated);
  if (st.status != KITH_EDATA) return st;
  snprintf(why, sizeof why, "%s", kith_error_text());
  return kith_agreed_same(kith_fail(KITH_EDATA, "train.also.%s: %s", s->relation, why));
}

static kith_agreed also_order(const kith_trainer *t, also_stream *s) {
  kith_agreed st = {KITH_OK};
  uint64_t seed = t->train.seed ^ kith_text_hash(s->relation);
  if (s->g.n_edge == 0)
    KITH_TRY(
        kith_agreed_same(kith_fail(KITH_EDATA, "train.also.%s: the relation has no edges", s->relation)));
  KITH_TRY(also_exclude_saturated(t, s));
  kith_eid n = s->g.n_edge - (s->saturated ? s->saturated->n_pair : 0);
  int batch = n < t->train.batch ? (int)n : t->train.batch;
  KITH_TRY(kith_agree(t->comm, kith_edge_order_create(&s->g, s->saturated, batch, seed, &s->order)));
done:
  return st;
}

static kith_agreed also_stream_create(const kith_trainer *t, also_stream *s) {
  kith_agreed st = {KITH_OK};
  KITH_TRY(also_view(t->comm, t->g, s));
  KITH_TRY(kith_dist_csr_create(t->comm, &s->g, 1, &s->a));
  KITH_TRY(kith_negative_distribution_create(t->comm, &s->g, &t->train.negatives, &s->distribution));
  KITH_TRY(also_order(t, s));
  kith_batch_shape shape = kith_trainer_batch_shape(&t->train, s->order->max_pairs);
  KITH_TRY(kith_batch_create(t->comm, &s->g, s->a, s->distribution, &shape, &s->batch));
  KITH_TRY(kith_halo_create_dynamic(t->comm, t->g->first, kith_batch_max_recv(s->batch),
                                    kith_batch_max_send(s->batch), kith_model_output_dim(&t->model),
                                    &s->halo));
done:
  return st;
}

static int also_compare(const void *a, const void *b) {
  return strcmp(((const struct kith_also_loss *)a)->name, ((const struct kith_also_loss *)b)->name);
}

/* By name, since gradients of several streams are summed in their order. */
kith_agreed kith__also_create(kith_trainer *t) {
  kith_agreed st = {KITH_OK};
  kith_also *also = &t->train.also;
  int n = 0;
  qsort(also->of, (size_t)also->n, sizeof *also->of, also_compare);
  for (int i = 0; i < also->n; i++) n += also->of[i].weight > 0;
  KITH_TRY(kith_agree(t->comm, KITH_NEW(t->also, n)));
  KITH_TRY(kith_agree(t->comm, KITH_NEW(t->further, n)));
  for (int i = 0; i < also->n; i++) {
    if (also->of[i].weight == 0) continue;
    also_stream *s = &t->also[t->n_also];
    kith_further_output *rows = &t->further[t->n_also++];
    *s = (also_stream){.relation = also->of[i].name, .weight = also->of[i].weight, .epoch = -1};
    KITH_TRY(also_stream_create(t, s));
    *rows = (kith_further_output){.relation = s->relation,
                                  .gather_index = &s->batch->gather_index,
                                  .max_gathered = kith_batch_max_send(s->batch)};
  }
done:
  return st;
}

void kith__also_destroy(kith_trainer *t) {
  for (int i = 0; i < t->n_also; i++) {
    also_stream *s = &t->also[i];
    kith_halo_destroy(&s->halo);
    kith_batch_destroy(&s->batch);
    kith_edge_order_destroy(&s->order);
    kith_saturated_users_destroy(&s->saturated);
    kith_negative_distribution_destroy(&s->distribution);
    kith_dist_csr_destroy(&s->a);
    KITH_FREE(s->g.first_edge);
    kith_ragged_free(&s->g.train);
  }
  KITH_FREE(t->also);
  KITH_FREE(t->further);
}

/* ---- steps ---- */

void kith__also_fill(kith_trainer *t) {
  for (int i = 0; i < t->n_also; i++) {
    also_stream *s = &t->also[i];
    int64_t n = s->order->n_step, epoch = (int64_t)t->exec.step / n, step = (int64_t)t->exec.step % n;
    if (epoch != s->epoch) kith_edge_order_set_epoch(s->order, epoch);
    s->epoch = epoch;
    if (t->pairs.softmax) kith_batch_fill_softmax(s->batch, s->order, step);
    else kith_batch_fill_pairs(s->batch, s->order, step);
    s->n_loss++;
  }
}

void kith__also_clear(kith_trainer *t) {
  for (int i = 0; i < t->n_also; i++) kith_batch_clear(t->also[i].batch);
}

kith_step_request kith__also_setup(kith_trainer *t, kith_step_request request) {
  for (int i = 0; i < t->n_also; i++) {
    kith_batch *b = t->also[i].batch;
    request =
        (kith_step_request)kith_halo_setup(t->also[i].halo, b->n_recv, b->recv_gid, b->recv_key, request);
    kith_batch_sort_send(b, t->also[i].halo);
  }
  return request;
}

/* The gradient of a stream's rows times its weight, between the loss and the exchange. */
typedef struct also_weight {
  const also_stream *stream;
  kith_tensor *rows;
} also_weight;

static void also_weight_forward(void *self) { (void)self; }

static void also_weight_backward(void *self) {
  const also_weight *o = self;
  kith_scale((int64_t)o->stream->batch->n_recv * o->rows->d, (float)o->stream->weight, o->rows->grad, false,
             o->rows->grad);
}

void kith__also_record(kith_trainer *t) {
  for (int i = 0; i < t->n_also; i++) {
    also_stream *s = &t->also[i];
    kith_tensor *rows =
        kith_exchange_op(t->tape, s->halo, t->further[i].output.packed, kith_batch_max_recv(s->batch));
    also_weight *o =
        kith_tape_op(t->tape, "auxiliary loss", false, also_weight_forward, also_weight_backward, sizeof *o);
    if (!o || !rows) return;
    *o = (also_weight){s, rows};
    kith__pair_loss_op(t, s->batch, rows, &s->loss);
  }
}

/* ---- reports ---- */

kith_excluded_users kith_trainer_also_excluded_users(const kith_trainer *t, int i, const char **relation) {
  const also_stream *s = i < t->n_also ? &t->also[i] : NULL;
  *relation = s ? s->relation : NULL;
  if (!s || !s->saturated) return (kith_excluded_users){0};
  return (kith_excluded_users){s->saturated->n_user, s->saturated->n_pair, s->any};
}

void kith_trainer_also_losses(const kith_trainer *t, kith_learned *out) {
  for (int i = 0; i < t->n_also; i++) {
    const also_stream *s = &t->also[i];
    struct kith_learned_value *v = &out->of[out->n++];
    kith_exact_sum all = s->loss;
    kith_comm_sum(t->comm, 1, &all);
    snprintf(v->name, sizeof v->name, "%s%.31s", KITH_LOSS_OF, s->relation);
    v->value = kith_exact_sum_value(&all) / (double)(s->n_loss > 0 ? s->n_loss : 1);
  }
}

void kith_trainer_begin_also(kith_trainer *t) {
  for (int i = 0; i < t->n_also; i++) {
    t->also[i].loss = (kith_exact_sum){0};
    t->also[i].n_loss = 0;
  }
}
