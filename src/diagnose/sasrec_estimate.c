/* Memory and disk space of a run, of which model.sequence: sasrec makes two: first the model of the graph,
 * then sequences. */
#include "diagnose/sasrec_estimate.h"

#include "loss/loss.h"
#include "sequence/sasrec.h"
#include "store/store.h"

static int64_t sasrec_floats(int64_t n) { return n * (int64_t)sizeof(float); }

/* Columns of the final rows of the model of the graph that are read. */
static int64_t sasrec_read(const kith_model_options *m) {
  return m->sasrec.graph ? kith_model_output_dim(m) : 0;
}

static int64_t sasrec_weights(const kith_graph_sizes *s, const kith_model_options *m) {
  const kith_sasrec_options *o = &m->sasrec;
  const int64_t d = o->dim, block = 5 * d * d + 6 * d;
  return (s->n[KITH_ITEM] + sasrec_read(m) + o->length + 2) * d + o->blocks * block;
}

/* Tensors of a row, with gradients: 14 of a block, those that enter and leave, and the loss's gradient. */
static int64_t sasrec_row(const kith_sasrec_options *o) {
  const int64_t d = o->dim;
  return 28 * d * o->blocks + (int64_t)o->heads * o->length * o->blocks + 7 * d;
}

/* Of the loss: logits, gradients of items, and with candidates their rows. */
static int64_t sasrec_loss(const kith_graph_sizes *s, const kith_sasrec_options *o) {
  const int64_t items = s->n[KITH_ITEM], d = o->dim,
                places = kith_min((int64_t)o->batch, s->n[KITH_USER]) * o->length,
                n = o->candidates > 0 ? kith_min(items, places + o->candidates) : items;
  const int64_t lists = o->candidates > 0 ? items * (int64_t)(2 * sizeof(int64_t) + sizeof(int32_t)) : 0;
  return sasrec_floats(n * (d + kith_catalog_rows(n))) + lists +
         (o->candidates > 0 ? sasrec_floats(n * (d + 3)) : 0);
}

/* State, activations and batch become those of its steps; sequences count as if all were of
 * model.sasrec.length: an upper bound. */
static void sasrec_estimate(const kith_graph_sizes *s, const kith_model_options *m,
                            kith_memory_estimate *out) {
  const kith_sasrec_options *o = &m->sasrec;
  const int64_t d = o->dim, e = sasrec_read(m), items = s->n[KITH_ITEM],
                rows = kith_min(o->batch, s->n_own) * o->length;
  out->state = kith_params_bytes(sasrec_weights(s, m)) + sasrec_floats(s->n_own * (2 * e + d)) +
               sasrec_floats(items * e);
  out->activations = 2 * sasrec_floats(items * (e + 4 * d));
  out->batch = sasrec_loss(s, o) + 2 * sasrec_floats(rows * sasrec_row(o));
}

/* Of its checkpoints, and of its rows, twice. */
static int64_t sasrec_disk(const kith_graph_sizes *s, const kith_model_options *m,
                           const kith_checkpoint_options *checkpoint) {
  int64_t nodes = 0;
  for (int t = 0; t < KITH_MAX_TYPES; t++) nodes += s->n[t];
  const bool joint = m->sasrec.joint; /* with the rows of the model of the graph */
  const int64_t one = kith_checkpoint_bytes(joint ? nodes : 0, joint ? m->dim : 0, sasrec_weights(s, m), 2),
                rows = kith_embeddings_bytes(nodes, (int)(sasrec_read(m) + m->sasrec.dim));
  return one * (checkpoint->keep + 1 + (checkpoint->keep_best ? 1 : 0)) + 2 * rows;
}

kith_status kith_estimate_memory(const kith_graph_sizes *s, const kith_model_options *model,
                                 const kith_train_options *train, const kith_eval_options *evaluate,
                                 const kith_checkpoint_options *checkpoint, kith_memory_estimate *out) {
  kith_status st = KITH_OK;
  kith_model_options of_graph = *model;
  of_graph.sequence = KITH_SEQUENCE_NONE;
  *out = (kith_memory_estimate){0};
  KITH_TRY(kith_model_check(model));
  KITH_TRY(kith__estimate_model(s, &of_graph, train, evaluate, checkpoint, out));
  if (model->sequence != KITH_SEQUENCE_SASREC) return st;
  kith_memory_estimate then = *out;
  sasrec_estimate(s, model, &then);
  if (model->sasrec.joint) {
    then.state += out->state;
    then.activations += out->activations;
  }
  if (!model->sasrec.graph || kith_memory_estimate_total(&then) > kith_memory_estimate_total(out))
    *out = then;
done:
  return st;
}

kith_status kith_estimate_disk(const kith_graph_sizes *s, const kith_model_options *model,
                               const kith_checkpoint_options *checkpoint, int64_t *bytes) {
  kith_status st = KITH_OK;
  kith_model_options of_graph = *model;
  of_graph.sequence = KITH_SEQUENCE_NONE;
  *bytes = 0;
  KITH_TRY(kith__estimate_model_disk(s, &of_graph, checkpoint, bytes));
  if (model->sequence != KITH_SEQUENCE_SASREC) return st;
  *bytes = (model->sasrec.graph ? *bytes : 0) + sasrec_disk(s, model, checkpoint);
done:
  return st;
}
