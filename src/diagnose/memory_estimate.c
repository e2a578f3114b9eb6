/*
 * Estimates of memory and disk. Each formula lists the arrays that it counts; sizes of elements are written
 * out: 4 bytes for kith_lid and float, 8 for kith_gid and kith_eid.
 */
#include "diagnose/memory_estimate.h"
#include "diagnose/tape_cost_model.h"
#include "graph/schema.h"

enum {
  ESTIMATE_LIBRARIES = 8 << 20,     /* bytes of HDF5 and MPI */
  ESTIMATE_FILE_OVERHEAD = 1 << 18, /* bytes of a file beside its rows */
  ESTIMATE_WALKERS = 1 << 17        /* concurrent random walks */
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
  int64_t pass;         /* rows sent in a halo exchange: about as many as are received */
  int d, width;         /* columns of input rows and of final embeddings */
} estimate;

/* Whether the input rows are the features themselves, as kith_model_reads_sparse() has it. */
static bool estimate_reads_sparse(const kith_graph_sizes *s) {
  return s->n_class > 0 && s->n_feature_of[KITH_USER] > 0;
}

static bool estimate_is_directed(const kith_graph_sizes *s, int r) {
  return s->schema.relation[r].direction != KITH_DIRECTION_BOTH;
}

/* Neighbors of the owned rows in a relation, with weights, times, kinds and overlaps; of a directed one the
 * transpose, too. */
static int64_t estimate_edge_bytes(const kith_graph_sizes *s, int r) {
  const kith_relation_type *e = &s->schema.relation[r];
  bool overlaps = e->from == e->to && e->from < KITH_SIDES && !estimate_is_directed(s, r);
  int64_t each =
      8 + (e->weighted ? 4 : 0) + (e->timed ? 8 : 0) + (e->n_kind > 0 ? 2 : 0) + (overlaps ? 4 : 0);
  return (estimate_is_directed(s, r) ? 2 : 1) * (8 * s->n_own + each * s->n_relation_entry[r]);
}

/* kith_graph, and kith_dist_csr with its halo; the transpose and loops of kith_full_block. */
static int64_t estimate_graph(const estimate *w) {
  const kith_graph_sizes *s = w->s;
  int64_t column = s->n_own + w->ghost, most = estimate_max(w->width, w->model->dim);
  int64_t relations = 0;
  for (int r = 0; r < s->schema.n_relation; r++) relations += estimate_edge_bytes(s, r);
  if (kith_model_decays(w->model)) relations += 8 * s->n_entry; /* times */
  int64_t share = 33 * s->n_own + 8 * s->n_entry + 4 * s->n_entry / 2 + 24 * s->n_own_of[KITH_USER] +
                  8 * s->n[KITH_ITEM] + 5 * s->n_own;
  int64_t relation = 16 * s->n_own + 8 * w->entry + w->merged + 24 * column,
          halo = 8 * w->ghost + 20 * w->pass + 4 * most * w->pass;
  int64_t back = kith_model_needs_transpose(w->model) ? 12 * w->entry + 8 * column : 0,
          loops = kith_model_has_self_loops(w->model) ? 8 * (w->entry + s->n_own) + 12 * s->n_own : 0;
  int64_t beside = kith_model_has_own_graph(w->model) ? 40 * s->n_own + 8 * s->n_entry + 32 * s->n_ghost : 0;
  return share + relation + halo + back + loops + relations + beside + 8 * s->feature_nnz;
}

static int64_t estimate_state(const estimate *w, const kith_checkpoint_options *o) {
  int64_t rows = estimate_reads_sparse(w->s) ? 0 : (int64_t)w->d * w->s->n_own;
  int n_slot = kith_optimizer_get(w->train->optimizer.name)->n_slot;
  bool beside = kith_checkpoint_bytes(estimate_nodes(w->s), rows > 0 ? w->d : 0, w->m.weights, n_slot) >=
                (int64_t)o->async_above_mb << 20;
  int64_t copy = beside ? 4 * (1 + n_slot) * (rows + w->m.weights) + 64 * w->s->n_own : 0;
  return 4 * n_slot * rows + 4 * (int64_t)w->width * w->s->n_own + 16 * w->m.weights + copy;
}

static kith_tape_bytes estimate_tape(const estimate *w, int64_t own, int64_t ghost, int64_t entry) {
  return kith__tape_cost_model_predict(&w->m, own, ghost, entry);
}

/* Sampled modes use the full graph for inference only: gradients are never touched there. */
static int64_t estimate_activations(const estimate *w) {
  kith_tape_bytes t = estimate_tape(w, w->s->n_own, w->ghost, w->entry);
  return t.value + t.workspace + (w->train->sampler.mode == KITH_FULL ? t.grad : 0);
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

/* Index arrays of the batch; its rows with gradients, packed at the owner and at the reader; messages. */
static int64_t estimate_batch(const estimate *w) {
  int64_t wanted = estimate_wanted(w), pairs = kith_min(w->train->batch, w->s->n_edge), tiles = 0;
  if (w->train->loss.name == KITH_SOFTMAX && w->s->n_class == 0)
    tiles = 36 * pairs + pairs * (pairs + w->train->loss.shared) / 8 +
            4 * KITH_TILE * (pairs + w->train->loss.shared);
  return wanted * (120 + 24 * (int64_t)w->width) + 4 * w->s->n_entry / 2 + tiles;
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

/* Blocks, twice: of this step and the next; the tape, each layer of the size of its block; input rows, packed
 * and received. */
static int64_t estimate_sampled(const estimate *w) {
  int64_t row[KITH_MAX_LAYERS + 1] = {0}, entry[KITH_MAX_LAYERS + 1] = {0}, bytes = 0;
  int layers = kith_model_n_layer(w->model);
  estimate_hops(w, row, entry);
  for (int l = 0; l < layers; l++) {
    kith_tape_bytes t = estimate_tape(w, row[l], 0, entry[l]);
    bytes += (t.value + t.grad + t.workspace) / layers + 2 * (32 * row[l] + 24 * entry[l]) + 24 * entry[l];
    if (w->merged > 0) bytes += (2 * 5 + 8) * entry[l]; /* relations of the entries */
  }
  return bytes + row[0] * (48 + 12 * (int64_t)w->d) + row[0] * 8 * w->d / w->s->size * (w->s->size - 1);
}

/*
 * Evaluation: two item shards of the ring, and top-K heaps. Files: rows in original order, and the tables of
 * their redistribution. HDF5 and MPI themselves. These phases alternate, but freed blocks of some MiB stay
 * with the process.
 */
static int64_t estimate_transient(const estimate *w, const kith_eval_options *o) {
  const kith_graph_sizes *s = w->s;
  int64_t most_item = estimate_max(s->n_own_of[KITH_ITEM], s->n[KITH_ITEM] / s->size),
          k = o->n_k > 0 ? o->k[o->n_k - 1] : 1;
  int64_t ring = most_item * (12 * (int64_t)w->width + 16) + s->n_own_of[KITH_USER] * (24 + 8 * k),
          d = estimate_max(w->d, w->width);
  int64_t rows = s->n_own * (12 * d + 64), reading = 8 * s->n_entry + w->walks;
  if (s->n_class > 0) ring = 0;
  return estimate_max(ring + rows, reading) + ESTIMATE_LIBRARIES;
}

/* Importance neighborhoods reach beyond direct neighbors: their ghosts may be all nodes. */
static void estimate_near(const kith_graph_sizes *s, const kith_pinsage_options *o, estimate *w) {
  w->entry = s->n_own * kith_min(o->neighbors, (int64_t)o->walks * o->length);
  w->ghost = kith_min(estimate_nodes(s) - s->n_own, w->entry);
  w->walks = 12 * w->entry + (ESTIMATE_WALKERS * 64 + 32) * (int64_t)o->length;
}

/* Layers read interactions and relations in one matrix; that of the interactions alone stays beside it. */
static void estimate_merged(const kith_graph_sizes *s, const kith_relation_weights *read, estimate *w) {
  bool learned = false, directed = false;
  for (int i = 0; i < read->n; i++) {
    int r = kith_schema_find_relation(&s->schema, read->of[i].name);
    w->entry += r >= 0 ? s->n_relation_entry[r] : 0;
    learned = learned || read->of[i].learned;
    directed = directed || (r >= 0 && estimate_is_directed(s, r));
  }
  w->ghost = s->n_ghost_with_relations;
  w->merged = (learned ? 5 : 1) * w->entry;
  if (directed) w->merged += 12 * s->n_own + 8 * w->entry + w->merged; /* the transpose */
}

static kith_status estimate_make(const kith_graph_sizes *s, const kith_model_options *model,
                                 const kith_train_options *train, kith_model_options *known, estimate *out) {
  kith_status st = KITH_OK;
  *known = *model;
  if (s->n_class > 0) known->output_dim = s->n_class;
  KITH_TRY(kith_model_check(known));
  *out = (estimate){.s = s, .model = known, .train = train, .entry = s->n_entry, .ghost = s->n_ghost};
  if (kith_model_uses_importance_graph(known)) estimate_near(s, &known->pinsage, out);
  if (kith_model_relations(known)->n > 0) estimate_merged(s, kith_model_relations(known), out);
  out->pass = out->ghost; /* the matrix is nearly symmetric */
  out->d = known->dim;
  out->width = kith_model_output_dim(known);
  KITH_TRY(kith__tape_cost_model_fit(known, s, &out->m));
done:
  return st;
}

kith_status kith_estimate_memory(const kith_graph_sizes *s, const kith_model_options *model,
                                 const kith_train_options *train, const kith_eval_options *evaluate,
                                 const kith_checkpoint_options *checkpoint, kith_memory_estimate *out) {
  kith_status st = KITH_OK;
  estimate w;
  kith_model_options known;
  *out = (kith_memory_estimate){0};
  KITH_TRY(estimate_make(s, model, train, &known, &w));
  *out = (kith_memory_estimate){.graph = estimate_graph(&w),
                                .state = estimate_state(&w, checkpoint),
                                .activations = estimate_activations(&w),
                                .batch = estimate_batch(&w),
                                .transient = estimate_transient(&w, evaluate)};
  if (train->sampler.mode == KITH_FULL) return st;
  /* Steps and inference alternate in memory, except the input rows: count what steps need in addition. */
  int64_t stay = estimate_reads_sparse(s) ? 0 : 4 * (int64_t)w.d * (s->n_own + w.ghost);
  out->batch += estimate_max(0, estimate_sampled(&w) - (out->activations - stay));
done:
  return st;
}

kith_status kith_estimate_disk(const kith_graph_sizes *s, const kith_model_options *model,
                               const kith_checkpoint_options *checkpoint, int64_t *bytes) {
  kith_status st = KITH_OK;
  estimate w;
  kith_model_options known;
  kith_train_options train = kith_train_defaults();
  int64_t nodes = estimate_nodes(s);
  *bytes = 0;
  KITH_TRY(estimate_make(s, model, &train, &known, &w));
  int64_t one = 12 * (estimate_reads_sparse(s) ? 0 : nodes * w.d) + 12 * w.m.weights + ESTIMATE_FILE_OVERHEAD,
          embeddings = nodes * (4 * (int64_t)w.width + 24) + ESTIMATE_FILE_OVERHEAD;
  *bytes = one * (checkpoint->keep + 1 + (checkpoint->keep_best ? 1 : 0)) + 2 * embeddings;
done:
  return st;
}
