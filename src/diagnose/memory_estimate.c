/*
 * Estimates of memory and disk: what each room says of its objects (its functions ..._bytes), for the sizes
 * that a rank's share of the graph will give them.
 */
#include "diagnose/sasrec_estimate.h"

#include <string.h>

#include "diagnose/tape_cost_model.h"
#include "graph/schema.h"
#include "halo/part.h"
#include "spectral/rows.h"
#include "store/checkpoint_writer.h"

enum {
  ESTIMATE_LIBRARIES = 8 << 20,    /* bytes of HDF5 and MPI */
  ESTIMATE_FILE_OVERHEAD = 1 << 18 /* bytes of a file beside its rows */
};

int64_t kith_memory_estimate_total(const kith_memory_estimate *n) {
  return n->graph + n->state + n->activations + n->batch + n->transient;
}

/* Nodes of all types. */
static int64_t estimate_nodes(const kith_graph_sizes *s) {
  int64_t n = 0;
  for (int t = 0; t < KITH_MAX_TYPES; t++) n += s->n[t];
  return n;
}

static int64_t estimate_max(int64_t a, int64_t b) { return a > b ? a : b; }

/* Inputs of the formulas, for one rank. */
typedef struct estimate {
  const kith_graph_sizes *s;
  const kith_model_options *model;
  const kith_train_options *train;
  kith__tape_cost_model m; /* tape bytes per row, ghost and entry */
  int64_t entry, ghost; /* entries and ghosts of the layers' matrix: the graph, or importance neighborhoods */
  int64_t walks;        /* bytes of the walks that find importance neighborhoods */
  int64_t merged;       /* bytes that say which relation the matrix's entries are of */
  int d, width;         /* columns of input rows and of final embeddings */
  const kith_relation_weights *read; /* relations beside the interactions */
  int columns;                       /* of the spectral iteration */
  int learned;                       /* columns of the embeddings that are learned; 0: there are none */
  int n_slot;                        /* of the optimizer */
} estimate;

/* A matrix of the owned rows.  As many rows are sent as received: it is nearly symmetric. */
static kith_dist_csr_sizes estimate_matrix(const estimate *w, int64_t n_entry, int64_t n_ghost) {
  return (kith_dist_csr_sizes){.size = w->s->size,
                               .n_own = w->s->n_own,
                               .n_ghost = n_ghost,
                               .n_entry = n_entry,
                               .n_send = n_ghost,
                               .d = (int)estimate_max(w->width, w->d)};
}

/* The share as read, the matrix of the layers as a block and, if that is another one, the interactions'. */
static int64_t estimate_graph(const estimate *w) {
  const kith_graph_sizes *s = w->s;
  const kith_dist_csr_sizes a = estimate_matrix(w, w->entry, w->ghost),
                            interactions = estimate_matrix(w, s->n_entry, s->n_ghost);
  const bool codes = kith_model_time_dim(w->model) > 0;
  return kith_graph_bytes(s, codes || kith_model_decays(w->model)) + kith_dist_csr_bytes(&a) + w->merged +
         (codes ? (int64_t)sizeof(float) * (w->entry + s->n_own) : 0) +
         kith_full_block_bytes(&a, kith_model_needs_transpose(w->model),
                               kith_model_has_self_loops(w->model)) +
         (kith_model_has_own_graph(w->model) ? kith_dist_csr_bytes(&interactions) : 0);
}

static int64_t estimate_state(const estimate *w, const kith_checkpoint_options *o) {
  const kith_graph_sizes *s = w->s;
  bool copies = kith_checkpoint_bytes(estimate_nodes(s), w->learned, w->m.weights, w->n_slot) >=
                (int64_t)o->async_above_mb << 20;
  return kith_trainer_rows_bytes(w->n_slot, s->n_own, w->learned, w->width) +
         kith_params_bytes(w->m.weights) +
         kith_redistribution_bytes(s->schema.n_type, s->size, s->n_own, s->n_own) +
         (copies ? kith_checkpoint_writer_bytes(s->n_own, w->learned, w->m.weights, w->n_slot) : 0);
}

static kith_tape_bytes estimate_tape(const estimate *w, int64_t own, int64_t ghost, int64_t entry) {
  return kith__tape_cost_model_predict(&w->m, own, ghost, entry);
}

/* Sampled modes use the full graph for inference only: gradients are never touched there. */
static int64_t estimate_activations(const estimate *w) {
  kith_tape_bytes t = estimate_tape(w, w->s->n_own, w->ghost, w->entry);
  bool parts =
      w->model->name == KITH_LIGHTGCN || w->model->name == KITH_CASCADE || kith_model_gathers_last(w->model);
  if (w->model->layers > 0 && parts)
    t.workspace += kith_halo_part_memory_bytes(w->s->size, w->ghost, w->ghost);
  return t.value + t.ghost + t.workspace + (w->train->sampler.mode == KITH_FULL ? t.grad : 0);
}

/* Rows that a rank's part of a batch reads: users, items and negatives of its pairs; or labeled nodes. */
static int64_t estimate_wanted(const estimate *w) {
  const kith_graph_sizes *s = w->s;
  const kith_negative_options *n = &w->train->negatives;
  if (s->n_class > 0)
    return (w->train->sampler.mode == KITH_FULL ? s->n_train : kith_min(w->train->batch, s->n_train)) /
               s->size +
           1;
  bool softmax = w->train->loss.name == KITH_SOFTMAX;
  int64_t draws = softmax ? 0 : (int64_t)n->count * (n->hard > 0 ? n->pool : 1),
          shared = softmax ? w->train->loss.shared : 0;
  return ((2 + draws) * kith_min(w->train->batch, s->n_edge) + shared) / s->size + 2 * KITH_TILE;
}

/* Batches of pairs (sampled modes: also that of the next step), their order and negatives, and the loss. */
static int64_t estimate_pairs(const estimate *w, int64_t wanted) {
  const kith_graph_sizes *s = w->s;
  const kith_train_options *o = w->train;
  int64_t pairs = kith_min(o->batch, s->n_edge), n_step = pairs > 0 ? s->n_edge / pairs + 1 : 1;
  const kith_batch_shape shape = kith_trainer_batch_shape(o, pairs);
  return (o->sampler.mode == KITH_FULL ? 1 : 2) *
             kith_batch_bytes(&shape, s->size, s->n[KITH_ITEM], wanted, wanted) +
         kith_edge_order_bytes(s->n_pair, n_step) +
         kith_negative_distribution_bytes(&o->negatives, s->n_here, s->n[KITH_ITEM], s->n_pair) +
         (shape.softmax ? kith_softmax_bytes(pairs, shape.n_shared, w->width) : 0);
}

static int64_t estimate_labeled(const estimate *w, int64_t wanted) {
  const kith_graph_sizes *s = w->s;
  return kith_train_nodes_bytes(s->n_train / s->size + 1, wanted, s->n_train / w->train->batch + 1);
}

/* Examples; their rows with gradients, packed at the owner and at the reader; the halo between both. */
static int64_t estimate_batch(const estimate *w) {
  int64_t wanted = estimate_wanted(w), gathered = kith_model_gathers_last(w->model) ? wanted : 0;
  return (w->s->n_class > 0 ? estimate_labeled(w, wanted) : estimate_pairs(w, wanted)) +
         kith_tape_tensor_bytes(2 * wanted, w->width) + gathered * (int64_t)sizeof(kith_lid) +
         kith_halo_memory_bytes(w->s->size, wanted, wanted, 0);
}

/* Auxiliary losses: each has a batch of its own, and its relation's pairs once more in the place of
 * interactions. */
static int64_t estimate_also(const estimate *w) {
  const kith_also *also = &w->train->also;
  int64_t bytes = 0;
  for (int i = 0; i < also->n; i++) {
    int r = kith_schema_find_relation(&w->s->schema, also->of[i].name);
    if (r < 0 || also->of[i].weight == 0) continue;
    kith_graph_sizes s = *w->s;
    estimate stream = *w;
    stream.s = &s;
    s.n_entry = w->s->n_relation_entry[r];
    s.n_pair = s.n_entry / 2;
    s.n_edge = s.n_pair * s.size;
    kith_dist_csr_sizes a = estimate_matrix(&stream, s.n_entry, s.n_ghost_with_relations);
    a.d = 1;
    bytes += kith_dist_csr_bytes(&a) + estimate_batch(&stream) + s.n_pair * (int64_t)sizeof(int32_t) +
             (s.n_own + s.n_own_of[KITH_USER]) * (int64_t)sizeof(kith_eid);
  }
  return bytes;
}

/* Upper bound of the nodes that a sampler adds to those of the batch, over all layers. */
static int64_t estimate_drawn(const estimate *w) {
  const kith_sampler_options *o = &w->train->sampler;
  int64_t nodes = estimate_nodes(w->s);
  switch (o->mode) {
  case KITH_LAYERWISE: return o->budget * w->model->layers;
  case KITH_SAINT_NODE: return o->budget;
  case KITH_SAINT_EDGE: return 2 * o->budget;
  case KITH_SAINT_WALK: return o->budget * (o->walk_length + 1);
  case KITH_CLUSTER: return w->s->n_part > 0 ? nodes * o->clusters / w->s->n_part * 5 / 4 : nodes;
  default: return nodes;
  }
}

/* Entries of one relation that a row samples in layer l; all of them are about `mean` and, since the nodes of
 * a batch have more neighbors than others, at most four times that. */
static int64_t estimate_fan(const estimate *w, const kith_fanouts *f, int l, int64_t mean) {
  int hop = kith_model_n_layer(w->model) - 1 - l;
  int asked = w->train->sampler.mode == KITH_NEIGHBOR && f->n > 0 ? f->of[hop < f->n ? hop : f->n - 1] : 0;
  return asked > 0 ? asked : 4 * mean;
}

/* Those of the relations that layers read beside the interactions. */
static int64_t estimate_fan_of_relations(const estimate *w, int l) {
  const kith_relation_weights *read = kith_model_relations(w->model);
  const kith_sampler_options *o = &w->train->sampler;
  int64_t fan = 0, nodes = estimate_nodes(w->s);
  for (int i = 0; i < read->n; i++) {
    int r = kith_schema_find_relation(&w->s->schema, read->of[i].name);
    int64_t entries = r >= 0 ? w->s->n_relation_entry[r] * w->s->size : 0;
    fan += estimate_fan(w, kith_sampler_fanouts(o, kith_text_hash(read->of[i].name)), l,
                        entries / (nodes + 1) + 1);
  }
  return fan;
}

/* Rows and entries of the blocks of a sampled step; row[0] is the outermost layer. */
static void estimate_hops(const estimate *w, int64_t *row, int64_t *entry) {
  const kith_graph_sizes *s = w->s;
  int layers = kith_model_n_layer(w->model);
  int64_t nodes = estimate_nodes(s), mean = nodes > 0 ? 2 * s->n_edge / nodes + 1 : 1;
  int64_t entries = estimate_max(2 * s->n_edge, w->entry * s->size);
  int64_t most = kith_min(nodes, estimate_wanted(w) + estimate_drawn(w));
  row[layers] = kith_min(estimate_wanted(w), nodes);
  for (int l = layers - 1; l >= 0; l--) {
    int64_t fan = estimate_fan(w, &w->train->sampler.fanouts, l, mean) + estimate_fan_of_relations(w, l);
    entry[l] = kith_min(row[l + 1] * fan, w->merged > 0 ? entries : 2 * s->n_edge);
    row[l] = kith_min(row[l + 1] * (fan + 1), most);
  }
}

/* Other ranks ask for as much as this one does. */
static void estimate_asked(int size, int layers, kith_sampler_rooms *r) {
  if (size == 1) return;
  for (int l = 0; l < layers; l++) {
    r->asked = estimate_max(r->asked, r->rows[l + 1]);
    r->answered = estimate_max(r->answered, r->entries[l]);
  }
}

/* The sampler; the tape, each layer of the size of its block; input rows and their halo. */
static int64_t estimate_sampled(const estimate *w) {
  const kith_graph_sizes *s = w->s;
  kith_sampler_rooms room = {.asked = 0};
  int64_t *row = room.rows, *entry = room.entries, bytes = 0;
  int layers = kith_model_n_layer(w->model);
  estimate_hops(w, row, entry);
  estimate_asked(s->size, layers, &room);
  int64_t sent = row[0] / s->size * (s->size - 1);
  const kith_sampler_matrix a = {.n_relation = 1 + kith_model_relations(w->model)->n,
                                 .n_own = s->n_own,
                                 .n_ghost = w->ghost,
                                 .n_entry = w->entry};
  for (int l = 0; l < layers; l++) {
    kith_tape_bytes t = estimate_tape(w, row[l], 0, entry[l]);
    bytes += (t.value + t.grad + t.workspace) / layers;
  }
  return bytes + kith_sampler_bytes(layers, &room, estimate_nodes(s), &a) +
         kith_gather_remote_bytes(row[0], sent, s->n_own, w->d) +
         kith_halo_memory_bytes(s->size, row[0], row[0], 0);
}

/*
 * Evaluation: the ring of items and top-K heaps.  Files: tables of the redistribution of rows into original
 * order, and a transfer.  HDF5 and MPI themselves.  These phases alternate, but freed blocks of some MiB stay
 * with the process.
 */
static int64_t estimate_transient(const estimate *w, const kith_eval_options *o) {
  const kith_graph_sizes *s = w->s;
  const kith_dist_csr_sizes a = estimate_matrix(w, s->n_entry, s->n_ghost);
  int64_t most_item = estimate_max(s->n_own_of[KITH_ITEM], s->n[KITH_ITEM] / s->size), most = 0;
  int k = o->n_k > 0 ? o->k[o->n_k - 1] : 1, d = (int)estimate_max(w->d, w->width);
  for (int t = 0; t < KITH_MAX_TYPES; t++) most = estimate_max(most, s->n[t] / s->size);
  int64_t ring =
      s->n_class > 0 ? 0 : kith_eval_topk_bytes(s->size, most_item, s->n_own_of[KITH_USER], w->width, k);
  if (s->n_class == 0)
    ring += kith_eval_deal_bytes(s->size, s->n_own_of[KITH_USER], s->n_pair + s->n_held_out, w->width);
  if (s->n_class == 0 && o->sampled > 0)
    ring = kith_eval_sampled_bytes(s->size, s->n_own, most_item, s->n_own_of[KITH_USER], s->n[KITH_ITEM],
                                   w->width, o->sampled);
  int64_t rows = kith_redistribution_bytes(s->schema.n_type, s->size, s->n_own, s->n_own) +
                 kith_redistribution_transfer_bytes(most, d);
  return estimate_max(ring + rows, kith_dist_csr_transient_bytes(&a) + w->walks) + ESTIMATE_LIBRARIES;
}

static kith_dist_csr_sizes estimate_spectral_matrix(const estimate *w) {
  return (kith_dist_csr_sizes){.size = w->s->size,
                               .n_own = w->s->n_own,
                               .n_ghost = w->s->n_ghost,
                               .n_entry = w->s->n_entry,
                               .n_send = w->s->n_ghost,
                               .d = KITH_SPECTRAL_SLAB};
}

/* The eigenvectors and, for an asynchronous checkpoint, their copy: rows of items, since those of users stay
 * untouched. */
static int64_t estimate_spectral_state(const estimate *w, const kith_checkpoint_options *o) {
  const kith_graph_sizes *s = w->s;
  int64_t own = s->n_own_of[KITH_ITEM];
  bool copies = kith_checkpoint_bytes(estimate_nodes(s), w->learned, 0, 0) >= (int64_t)o->async_above_mb
                                                                                  << 20;
  return kith_spectrum_bytes(own, w->learned) +
         kith_redistribution_bytes(s->schema.n_type, s->size, s->n_own, s->n_own) +
         (copies ? kith_checkpoint_writer_bytes(own, w->learned, 3 * w->learned, 0) : 0);
}

/* What rounds have beside the columns: the interactions, relations, scratch memory as wide as the widest. */
static int64_t estimate_rounds(const estimate *w, const kith_dist_csr_sizes *a) {
  kith_dist_csr_sizes widest = *a;
  int64_t n_ghost = 0, relations = kith_spectral_relations_bytes(w->s, w->read, &n_ghost);
  widest.n_ghost = estimate_max(a->n_ghost, n_ghost);
  return kith_dist_csr_bytes(a) + relations +
         kith_spectrum_round_bytes(&widest, w->s->n[KITH_ITEM], w->columns, kith_max_threads());
}

/* Input rows that are singular vectors: the iteration, then its rows, beside the parameters that they become.
 */
static int64_t estimate_start(estimate w) {
  static const kith_relation_weights none = {.n = 0};
  const kith_dist_csr_sizes a = estimate_spectral_matrix(&w);
  w.read = &none;
  w.columns = w.model->dim + w.model->spectral.oversample;
  int64_t rows = KITH_BYTES((float *)NULL, w.s->n_own * w.d);
  return kith_spectrum_bytes(w.s->n_own, w.columns) + rows +
         estimate_max(estimate_rounds(&w, &a), rows + kith_spectral_rows_bytes(&a, w.d));
}

/* Rounds, the export and the evaluation follow each other: what the largest needs beside the state. */
static void estimate_spectral(const estimate *w, const kith_eval_options *evaluate,
                              const kith_checkpoint_options *checkpoint, kith_memory_estimate *out) {
  const kith_dist_csr_sizes a = estimate_spectral_matrix(w);
  int64_t rows = KITH_BYTES((float *)NULL, w->s->n_own * w->width), ring = estimate_transient(w, evaluate),
          rounds = estimate_rounds(w, &a), export = rows + kith_spectral_rows_bytes(&a, w->width);
  bool poly = w->model->spectral.coefficients.n > 1;
  if (poly || w->model->spectral.coefficients.n > 0 || w->model->spectral.direct > 0)
    ring += kith_eval_direct_bytes(w->s->n[KITH_USER], w->s->n[KITH_ITEM], w->s->n_edge, poly);
  out->graph = kith_graph_bytes(w->s, false);
  out->state = estimate_spectral_state(w, checkpoint);
  out->activations = estimate_max(rounds, export);
  out->transient = estimate_max(ESTIMATE_LIBRARIES, rows + ring - out->state - out->activations);
}

/* Importance neighborhoods reach beyond direct neighbors: their ghosts may be all nodes. */
static void estimate_near(const kith_graph_sizes *s, const kith_pinsage_options *o, estimate *w) {
  w->entry = s->n_own * kith_min(o->neighbors, (int64_t)o->walks * o->length);
  w->ghost = kith_min(estimate_nodes(s) - s->n_own, w->entry);
  w->walks = kith_importance_neighbors_bytes(o, s->size, s->n_own, estimate_nodes(s));
}

/* Layers read interactions and relations in one matrix; that of the interactions alone stays beside it. */
static void estimate_merged(const kith_graph_sizes *s, const kith_relation_weights *read, estimate *w) {
  bool learned = false, directed = false;
  int64_t transpose = w->entry, gated = 0;
  for (int i = 0; i < read->n; i++) {
    int r = kith_schema_find_relation(&s->schema, read->of[i].name);
    bool both = r < 0 || s->schema.relation[r].direction == KITH_DIRECTION_BOTH;
    w->entry += r >= 0 ? s->n_relation_entry[r] : 0;
    transpose += r < 0 ? 0 : both ? s->n_relation_entry[r] : s->n_transpose_entry[r];
    learned = learned || read->of[i].learned;
    directed = directed || !both;
    bool gates = r >= 0 && read->tie == KITH_TIE_LEARNED && kith_relation_is_tie(&s->schema.relation[r]);
    gated += gates ? s->n_relation_entry[r] : 0;
  }
  w->ghost = s->n_ghost_with_relations;
  w->merged = kith_merged_relations_bytes(w->entry, learned);
  if (directed) w->merged += kith_dist_transpose_bytes(s->n_own, transpose, learned);
  if (kith_model_reads_kinds(w->model))
    w->merged += kith_merged_kinds_bytes(w->entry + (directed ? transpose : 0));
  if (gated > 0 || (learned && directed)) /* layers keep ghost rows for backward */
    w->merged += KITH_BYTES((float *)NULL, w->ghost * w->model->dim * w->model->layers);
  if (gated > 0)
    w->merged +=
        kith_gated_entries_bytes(s->n_own, gated, directed) + kith_gates_bytes(s->n_own, w->model->dim);
}

static kith_status estimate_make(const kith_graph_sizes *s, const kith_model_options *model,
                                 const kith_train_options *train, kith_model_options *known, estimate *out) {
  kith_status st = KITH_OK;
  kith_graph g = {.schema = s->schema, .n_class = s->n_class};
  memcpy(g.n_feature_of, s->n_feature_of, sizeof g.n_feature_of);
  *known = *model;
  if (s->n_class > 0) known->output_dim = s->n_class;
  KITH_TRY(kith_model_check(known));
  *out = (estimate){.s = s, .model = known, .train = train, .entry = s->n_entry, .ghost = s->n_ghost};
  if (kith_model_uses_importance_graph(known)) estimate_near(s, &known->pinsage, out);
  out->read = kith_model_relations(known);
  if (out->read->n > 0 && kith_model_has_steps(known)) estimate_merged(s, out->read, out);
  out->d = known->dim;
  out->learned = kith_model_uses_any_embedding(known, &g) ? known->dim : 0;
  out->n_slot = kith_optimizer_get(train->optimizer.name)->n_slot;
  out->width = kith_model_output_dim(known);
  if (!kith_model_has_steps(known)) {
    out->learned = out->columns = known->dim + known->spectral.oversample;
    out->n_slot = 0;
    return st;
  }
  KITH_TRY(kith__tape_cost_model_fit(known, s, &out->m));
done:
  return st;
}

kith_status kith__estimate_model(const kith_graph_sizes *s, const kith_model_options *model,
                                 const kith_train_options *train, const kith_eval_options *evaluate,
                                 const kith_checkpoint_options *checkpoint, kith_memory_estimate *out) {
  kith_status st = KITH_OK;
  estimate w;
  kith_model_options known;
  *out = (kith_memory_estimate){0};
  KITH_TRY(estimate_make(s, model, train, &known, &w));
  if (!kith_model_has_steps(&known)) {
    estimate_spectral(&w, evaluate, checkpoint, out);
    return st;
  }
  *out = (kith_memory_estimate){.graph = estimate_graph(&w),
                                .state = estimate_state(&w, checkpoint),
                                .activations = estimate_activations(&w),
                                .batch = estimate_batch(&w) + estimate_also(&w),
                                .transient = estimate_transient(&w, evaluate)};
  if (known.start == KITH_START_SPECTRAL) /* before any layer is computed */
    out->transient = estimate_max(out->transient, estimate_start(w) - out->activations);
  if (train->sampler.mode == KITH_FULL) return st;
  /* Steps and inference alternate in memory, except the input rows: count what steps need in addition. */
  int64_t stay = kith_tape_tensor_bytes(s->n_own, w.learned) / 2;
  out->batch += estimate_max(0, estimate_sampled(&w) - (out->activations - stay));
done:
  return st;
}

kith_status kith__estimate_model_disk(const kith_graph_sizes *s, const kith_model_options *model,
                                      const kith_checkpoint_options *checkpoint, int64_t *bytes) {
  kith_status st = KITH_OK;
  estimate w;
  kith_model_options known;
  kith_train_options train = kith_train_defaults();
  int64_t nodes = estimate_nodes(s);
  *bytes = 0;
  KITH_TRY(estimate_make(s, model, &train, &known, &w));
  int64_t rows = kith_model_has_steps(&known) ? nodes : s->n[KITH_ITEM];
  int64_t one = kith_checkpoint_bytes(rows, w.learned, w.m.weights, w.n_slot) + ESTIMATE_FILE_OVERHEAD,
          embeddings = kith_embeddings_bytes(nodes, w.width) + ESTIMATE_FILE_OVERHEAD;
  *bytes = one * (checkpoint->keep + 1 + (checkpoint->keep_best ? 1 : 0)) + 2 * embeddings;
done:
  return st;
}
