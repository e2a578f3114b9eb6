/**
 * Store: readers of graph.h5 and parts.h5, which kith_ingest() and kith_partition_write() write; readers and
 * writers of embeddings.h5; names of checkpoints.  All are HDF5 files.
 *
 * docs/files.md describes the layouts.  Files do not depend on the number of ranks.
 *
 * Numbers of a node: its *original number* counts the nodes of its type in the order of the input lists; its
 * *global number* (kith_gid) is that of the partitioned graph.  See kith/graph.h.
 */
#ifndef KITH_STORE_H
#define KITH_STORE_H

#include "kith/comm.h"
#include "kith/graph.h"

/* ---- graph.h5: the whole graph, by original number ---- */

/** Ids of one node type: int64 numbers, or fixed-width strings. */
typedef struct kith_ids {
  int64_t n;
  int64_t *number; /**< [n], or null if ids are strings */
  char *text;      /**< [n, width] null-padded, or null if ids are numbers */
  int width;
} kith_ids;

/** Free the arrays.  Local. */
KITH_API void kith_ids_free(kith_ids *ids);
/** Print the id of node i into `buffer`.  Local. */
KITH_API void kith_ids_print(const kith_ids *ids, int64_t i, size_t size, char *buffer);
/** Node whose id is `text`, or -1.  Local; linear in n. */
KITH_API int64_t kith_ids_find(const kith_ids *ids, const char *text);

/**
 * The edges of a relation: row i holds the nodes of type `to` that node i of type `from` names.  With kinds,
 * a row may name a node several times, in the order of kinds.
 */
typedef struct kith_relation_edges {
  kith_ragged edges; /**< [n[from]] original numbers; an edge has the direction of its line */
  float *weight;     /**< [edges] or null */
  int64_t *time;     /**< [edges] seconds, or null */
  uint16_t *kind;    /**< [edges] row of kind_ids, or null */
  int32_t *overlap;  /**< [edges] common training neighbors of the two ends, or null */
  kith_ids kind_ids; /**< names of the kinds, as text, in the order of first appearance */
} kith_relation_edges;

/**
 * The whole graph by original numbers, as partitioning and inspection read it from graph.h5: every rank has
 * all of it.  Training reads a kith_graph instead, one rank's share of the partitioned graph.
 */
typedef struct kith_dataset {
  kith_schema schema;
  int64_t n[KITH_MAX_TYPES]; /**< nodes of each type of the schema */
  kith_eid n_edge;           /**< training interactions; classification: undirected edges */
  kith_ragged train, valid,
      test;            /**< [users] their items; classification: train holds the neighbors of each node */
  kith_ragged outside; /**< [users] items outside of the core that data.split cut, in none of the lists above;
                          start is null where it cut none */
  float *weight;       /**< [n_edge] weights of the training interactions; null if there are none */
  int64_t *time;       /**< [n_edge] times of the training interactions; null if there are none */
  kith_time_is time_is; /**< what they are */
  bool refit;           /**< kith_dataset_refit() has put validation interactions back */
  kith_parent parent;   /**< the graph that this one was updated from */
  int8_t *is_new; /**< [n_edge] 1: a training interaction that the parent lacks; null: there is no parent */
  uint64_t fingerprint;                             /**< hash of all datasets of graph.h5 */
  kith_relation_edges relation[KITH_MAX_RELATIONS]; /**< as in the schema */
  int n_feature_of[KITH_MAX_TYPES];                 /**< number of features of each type; 0: none */
  kith_features features[KITH_MAX_TYPES];           /**< sparse features of each node */
  int n_class;    /**< classes of labeled nodes; 0: users and items, and the rest is null */
  int32_t *label; /**< [n] class, or -1 */
  int8_t *split;  /**< [n] kith_node_split */
} kith_dataset;

/** Nodes of all types.  Local. */
static inline int64_t kith_dataset_n_node(const kith_dataset *d) {
  int64_t n = 0;
  for (int t = 0; t < KITH_MAX_TYPES; t++) n += d->n[t];
  return n;
}

/** Read and validate graph.h5; every rank gets all of it.  Collective over `comm`.
 * Errors: KITH_ENOINPUT, KITH_EDATA, KITH_ENOMEM. */
KITH_API kith_agreed kith_dataset_read(const kith_comm *comm, const char *path,
                                       kith_dataset **out) KITH_MUST_USE;
/** Free the dataset and null the pointer.  Local; accepts null. */
KITH_API void kith_dataset_destroy(kith_dataset **dataset);

/**
 * Read all ids of users or items (KITH_USER, KITH_ITEM: no other type) from graph.h5 at `path`; every rank
 * gets all of them.  Collective.  Errors: KITH_ENOINPUT, KITH_EDATA, KITH_ENOMEM.
 */
KITH_API kith_agreed kith_ids_read(const kith_comm *comm, const char *path, kith_node_type type,
                                   kith_ids *out) KITH_MUST_USE;

/**
 * Read the display names of users or items (KITH_USER, KITH_ITEM: no other type) from graph.h5: text
 * [n, width] on rank 0, n = 0 on the others.  n is 0 if graph.h5 has no names.  A node without a name prints
 * as "".  Collective.  Errors: KITH_ENOINPUT, KITH_EDATA, KITH_ENOMEM.
 */
KITH_API kith_agreed kith_node_names_read(const kith_comm *comm, const char *path, kith_node_type type,
                                          kith_ids *out) KITH_MUST_USE;

/* ---- parts.h5: the partitioned graph ---- */

/**
 * Read and validate this rank's share: rank r of R owns the parts K r / R … K (r + 1) / R - 1 of K.
 * Collective over `comm`.  Errors: KITH_ENOINPUT, KITH_EDATA; KITH_ECONFIG (more ranks than parts).
 */
KITH_API kith_agreed kith_graph_read(const kith_comm *comm, const char *parts_path,
                                     kith_graph **out) KITH_MUST_USE;

/**
 * Read the times of this rank's training interactions into g->time, unless it has them.  Collective.
 * Errors: KITH_ECONFIG (the file has no times), KITH_ENOINPUT, KITH_EDATA, KITH_ENOMEM.
 */
KITH_API kith_agreed kith_graph_times_read(const kith_comm *comm, const char *parts_path,
                                           kith_graph *g) KITH_MUST_USE;

/* ---- embeddings.h5 ---- */

enum { KITH_BLEND_MODELS = 8, KITH_BLEND_EVIDENCE = 8 /**< most models and evidence of a blend */ };

/** One model of a blend, as its file describes it. */
typedef struct kith_blend_model {
  char name[KITH_NAME], folder[KITH_PATH], model[KITH_NAME], run[KITH_NAME];
  int64_t width; /**< columns of the rows, in the order of the models; 0 where gamma is 0 */
  double gamma, sigma;
} kith_blend_model;

/** What embeddings.h5 or blend.h5 says of the models that a blend is made of. */
typedef struct kith_blend_origin {
  int n; /**< 0: no blend */
  kith_blend_model model[KITH_BLEND_MODELS];
  int n_evidence;
  int64_t
      evidence_width; /**< columns of the rows that are evidence of items, after those of models: 0 or 1 */
  int64_t
      weight_users; /**< validation users who chose the weights; 0: weights were given, or it is a refit */
  struct kith_blend_evidence {
    char text[2 * KITH_NAME]; /**< "seen view" */
    double weight;
  } evidence[KITH_BLEND_EVIDENCE];
} kith_blend_origin;

/** Attributes of embeddings.h5, to be written. */
typedef struct kith_embeddings_meta {
  const char *model;      /**< "lightgcn" */
  bool cosine;            /**< rows are normalized; products are cosines */
  int64_t epoch, step;    /**< epochs trained, and steps of the next one */
  const char *run;        /**< id of the run; "": none */
  const char *config_key; /**< "key=value …" of all settings that determine the rows, as in checkpoints */
  const char *learned;    /**< learned weights of relations as text; "" or null: none */
  bool has_half_life;     /**< whether half_life was chosen, since the job says auto */
  double half_life;       /**< seconds; 0: none */
  const char *filter;     /**< spectral: what an eigenvector weighs, as text; null or "": another model … */
  double residual;        /**< … and the largest residual of an eigenpair, relative to lambda_1 */
  bool has_recent;        /**< users' rows have the sums of model.sequence: recent … */
  double recent_decay, recent_weight; /**< … by these numbers, … */
  int64_t recent_items;               /**< … of so many items at most */
  bool has_sasrec;                    /**< rows have those of model.sequence: sasrec, beside … */
  double sasrec_gamma;                /**< … those of a model of the graph, whose scores weigh this */
  kith_direct_term direct; /**< what scores have beside rows; written where lambda_1 > 0, also with c = 0 */
  const char *adapt; /**< new.h5: how rows of new users were moved, as text, null or "": they were not … */
  const char *adapt_row;          /**< … and the row that they began with, as numbers */
  const kith_blend_origin *blend; /**< the models of a blend; null: no blend.  With a direct term or
                                     evidence the format is that of blend.h5 */
  const char *metrics;            /**< history, one JSON object per line */
  const char *job;                /**< resolved job file */
} kith_embeddings_meta;

/** Ids and names of a graph's nodes, and its classes; each rank holds one block of each dataset. */
typedef struct kith_graph_ids kith_graph_ids;

/**
 * Read this rank's blocks from graph.h5.  Collective.  Memory: 8 bytes per node, or the width of text ids.
 * Errors: KITH_EDATA (not the graph that `g` was partitioned from); KITH_ENOINPUT, KITH_EIO, KITH_ENOMEM.
 */
KITH_API kith_agreed kith_graph_ids_read(const kith_comm *comm, const kith_graph *g, const char *graph_path,
                                         kith_graph_ids **out) KITH_MUST_USE;
KITH_API void kith_graph_ids_destroy(kith_graph_ids **ids); /**< Local; accepts null. */

/**
 * Write embeddings.h5: ids and final embeddings in original order.  For classification, the logits and the
 * predicted class of each node.  Collective.  Errors: KITH_EOUTPUT, KITH_EIO, KITH_ENOMEM.
 *
 * @param x  [n_own, d]
 */
KITH_API kith_agreed kith_embeddings_write(const kith_comm *comm, const kith_graph *g,
                                           const kith_graph_ids *ids, const char *path, int d, const float *x,
                                           const kith_embeddings_meta *meta) KITH_MUST_USE;
/** Attributes of embeddings.h5 that say which graph, run and step it is of. */
typedef struct kith_embeddings_origin {
  char model[KITH_NAME], run[KITH_NAME]; /**< run "": written before runs had ids */
  char *config_key;                      /**< a new block, freed by the caller; null: an older file */
  int64_t epoch, step, dim;
  int64_t evidence_width; /**< of a blend: the last columns that are evidence of items, 0 or 1 */
  int64_t weight_users;   /**< of a blend: validation users who chose its weights; 0: none did */
  uint64_t fingerprint;
  kith_direct_term direct;            /**< all 0: the file has none */
  bool has_recent;                    /**< users' rows have the sums of model.sequence: recent … */
  double recent_decay, recent_weight; /**< … by these numbers, … */
  int64_t recent_items;               /**< … of so many items at most */
  bool has_sasrec;                    /**< rows have those of model.sequence: sasrec, beside … */
  double sasrec_gamma;                /**< … those of a model of the graph, whose scores weigh this */
} kith_embeddings_origin;

/** Read only the attributes, also of blend.h5.  Collective.  Errors: KITH_ENOINPUT, KITH_EDATA. */
KITH_API kith_agreed kith_embeddings_origin_read(const kith_comm *comm, const char *path,
                                                 kith_embeddings_origin *out) KITH_MUST_USE;
/** Read this rank's rows, also of blend.h5, into a new block *x [n_own, *d].  Collective.
 * Errors: KITH_ENOINPUT, KITH_EDATA (also if they are of another graph), KITH_ENOMEM. */
KITH_API kith_agreed kith_embeddings_read(const kith_comm *comm, const kith_graph *g, const char *path,
                                          int *d, float **x) KITH_MUST_USE;

/** Edges of a relation with new nodes. */
typedef struct kith_new_edges {
  char name[KITH_NAME]; /**< of the relation */
  int64_t n;
  int32_t *from, *to; /**< [n] original numbers; sorted by from, then to; at least one end is new */
  int32_t *kind; /**< [n] kind of each edge, numbered as in the graph, which new ones follow; all 0 if the
                    relation has no kinds */
} kith_new_edges;

/**
 * New nodes, which are not in the training graph, and their edges.  The same on every rank, but for ids.
 * Their way: kith_new_nodes_read() -> kith_embed() -> kith_new_embeddings_write().
 */
typedef struct kith_new_nodes {
  int64_t n_known[KITH_SIDES]; /**< nodes of the graph: new node i has the original number n_known + i */
  int64_t n[KITH_SIDES];       /**< new nodes, in the order in which their ids first appear */
  int64_t n_pair;
  int32_t *user,
      *item;     /**< [n_pair] original numbers; sorted by user, then item; unique; at least one end is new */
  int64_t *time; /**< [n_pair]; null: the list has no times */
  int n_relation;
  kith_new_edges relation[KITH_MAX_RELATIONS]; /**< those with a list */
  kith_features features[KITH_SIDES];          /**< [n] of the new nodes; start is null if there is no list */
  kith_ids ids[KITH_SIDES]; /**< [n] of the new nodes; number and text are null except on rank 0 */
} kith_new_nodes;

/** Free the arrays.  Local. */
KITH_API void kith_new_nodes_free(kith_new_nodes *nodes);

/**
 * The last of kith_new_nodes_read() -> kith_embed() -> kith_new_embeddings_write().
 *
 * Write ids and embeddings of new nodes to a file with the layout of embeddings.h5.  Collective.
 *
 * @param first, n  this rank's rows: new nodes first … first + n - 1, users before items; the ranks' slices
 *                  are consecutive and cover all new nodes
 * @param x         [n, d]
 * Errors: KITH_EOUTPUT, KITH_EIO.
 */
KITH_API kith_agreed kith_new_embeddings_write(const kith_comm *comm, const kith_graph *g,
                                               const kith_new_nodes *nodes, const char *path, int64_t first,
                                               int64_t n, int d, const float *x,
                                               const kith_embeddings_meta *meta) KITH_MUST_USE;

/* ---- checkpoints ---- */

/**
 * Path of the nth checkpoint to try, from 0; "" if there are no more.  The first is the one that
 * checkpoint-latest names, even if that file is missing; then all others, newest first.  Collective.
 * @param[out] path  [KITH_PATH]
 * Errors: KITH_EDATA (checkpoint-latest is malformed and there is no other), KITH_ENOINPUT, KITH_ENOMEM.
 */
KITH_API kith_agreed kith_checkpoint_find(const kith_comm *comm, const char *folder, int nth,
                                          char *path) KITH_MUST_USE;

#endif
