/**
 * Store: the on-disk layouts.  graph.h5, parts.h5, checkpoints and embeddings.h5 are HDF5 files.
 *
 * Layouts are described in docs/files.md.  Files do not depend on the number of ranks.
 */
#ifndef KITH_STORE_H
#define KITH_STORE_H

#include "kith/graph.h"
#include "kith/h5.h"

/* ---- graph.h5: the whole graph, by original number ---- */

/**
 * The ids of one node type: int64 numbers, or strings in fixed-width cells.
 */
typedef struct kith_ids {
  int64_t n;
  int64_t *number; /**< [n], or null if ids are strings */
  char *text;      /**< [n, width] null-padded, or null if ids are numbers */
  int width;
} kith_ids;

void kith_ids_free(kith_ids *ids);
/** The id of one node as text, in `buffer`. */
void kith_ids_print(const kith_ids *ids, int64_t i, size_t size, char *buffer);
/** The node whose id is `text`, or -1.  Linear in n. */
int64_t kith_ids_find(const kith_ids *ids, const char *text);

/** What partitioning needs of graph.h5, whole and in memory. */
typedef struct kith_dataset {
  kith_task task;
  int64_t n[KITH_TYPES]; /**< classification: nodes, and no items */
  kith_eid n_edge;       /**< training interactions; edges */
  kith_ragged train, valid,
      test;             /**< a row per user; classification: train has a row per node, its neighbors */
  float *weight;        /**< of the training interactions, in their order; null if they have none */
  uint64_t fingerprint; /**< of all datasets of graph.h5 */
  int n_feature_of[KITH_TYPES];       /**< recommendation: features of users and of items, 0 without … */
  kith_features features[KITH_TYPES]; /**< … and those of every node, in original order */
  int n_class, n_feature;             /**< classification, as the next ones */
  float *feature;                     /**< [n, n_feature] */
  int32_t *label;                     /**< [n] class, or -1 */
  int8_t *split;                      /**< [n] kith_node_split */
} kith_dataset;

/** Read graph.h5.  Collective over `comm`; every rank gets the whole. */
kith_agreed kith_dataset_read(const kith_comm *comm, const char *path, kith_dataset **out) KITH_MUST_USE;
void kith_dataset_destroy(kith_dataset **dataset);

/** "user" or "item", "node" for classification: the group of a type's datasets in files. */
const char *kith_type_name(kith_task task, int type);
/** Node types of a task that have nodes: users and items, or nodes alone. */
int kith_type_count(kith_task task);
/** Whether an open graph.h5, parts.h5 or embeddings.h5 is of a node classification.  Collective. */
kith_task kith_h5_task(kith_h5 *f);

/** Read all ids of a type from graph.h5.  Collective; every rank gets the whole. */
kith_agreed kith_ids_read(const kith_comm *comm, const char *path, kith_node_type type,
                          kith_ids *out) KITH_MUST_USE;

/**
 * What the nodes of a type are called, from graph.h5: text [n, width] on rank 0, where n is 0 if no list was
 * given; a node without a name has zeros, and prints as "".  The other ranks get n = 0.  Collective.
 */
kith_agreed kith_node_names_read(const kith_comm *comm, const char *path, kith_node_type type,
                                 kith_ids *out) KITH_MUST_USE;

/* ---- parts.h5: the graph, cut ---- */

/**
 * Read this rank's share: rank r of R owns the parts K r / R … K (r + 1) / R - 1.  Collective over `comm`.
 * Errors: KITH_ENOINPUT, KITH_EDATA; KITH_ECONFIG if there are more ranks than parts.
 */
kith_agreed kith_graph_read(const kith_comm *comm, const char *parts_path, kith_graph **out) KITH_MUST_USE;

/**
 * The global numbers behind original ones, number [n]; for known nodes of one type.  Collective; each rank
 * asks for its own.
 * @param original  [n] ascending
 */
kith_agreed kith_global_ids_read(const kith_comm *comm, const char *parts_path, const kith_graph *g,
                                 kith_node_type type, int64_t n, const int64_t *original,
                                 int64_t *number) KITH_MUST_USE;

/* ---- rows by original number: checkpoints and embeddings ---- */

/**
 * The way between rows held by their owners and rows in original order, for both node types; the same object
 * serves every matrix.  Room: 12 bytes a row while it is held, and some 48 MiB while rows are under way.
 */
typedef struct kith_redistribution kith_redistribution;

/** Collective; `comm` and `g` must outlive it.  Errors: KITH_ENOMEM; KITH_EDATA if original numbers are not
 * each row's own. */
kith_agreed kith_redistribution_create(const kith_comm *comm, const kith_graph *g,
                                       kith_redistribution **out) KITH_MUST_USE;
/** Local; accepts null. */
void kith_redistribution_destroy(kith_redistribution **rows);
/** Write x [n_own, d] as user/`name` and item/`name` (classification: node/`name`) [n, d] in original order.
 * Collective. */
kith_agreed kith_redistribution_write(kith_redistribution *rows, kith_h5 *f, const char *name, int d,
                                      const float *x) KITH_MUST_USE;
/** Write x [n_own] as int64 user/`name` and item/`name` [n].  Collective. */
kith_agreed kith_redistribution_write_int(kith_redistribution *rows, kith_h5 *f, const char *name,
                                          const int64_t *x) KITH_MUST_USE;
/** Read user/`name` and item/`name` into x [n_own, d].  Collective. */
kith_agreed kith_redistribution_read(kith_redistribution *rows, kith_h5 *f, const char *name, int d,
                                     float *x) KITH_MUST_USE;

/* ---- embeddings.h5 ---- */

/** What stands in the attributes of embeddings.h5. */
typedef struct kith_embeddings_meta {
  const char *model;      /**< "lightgcn" */
  bool cosine;            /**< rows are normalized; products are cosines */
  int64_t epoch, step;    /**< epochs trained, and steps of the next one */
  const char *run;        /**< id of the run, "" if it has none */
  const char *config_key; /**< what decided every bit of it, as in checkpoints */
  const char *metrics;    /**< history, one JSON object a line */
  const char *job;        /**< resolved job */
} kith_embeddings_meta;

/** The ids of a graph's nodes and classes, each rank having one block of each. */
typedef struct kith_graph_ids kith_graph_ids;

/**
 * Read them from graph.h5: 8 bytes a node over all ranks, or the width of text ids.  Collective.
 * Errors: KITH_EDATA if it is not the graph that `g` was cut from; KITH_ENOINPUT, KITH_EIO, KITH_ENOMEM.
 */
kith_agreed kith_graph_ids_read(const kith_comm *comm, const kith_graph *g, const char *graph_path,
                                kith_graph_ids **out) KITH_MUST_USE;
void kith_graph_ids_destroy(kith_graph_ids **ids); /**< Local; accepts null. */

/**
 * Write ids and final embeddings in original order; for classification the logits, and the class that each
 * node is predicted to have.  Collective.
 *
 * @param x           [n_own, d]
 */
kith_agreed kith_embeddings_write(const kith_comm *comm, const kith_graph *g, const kith_graph_ids *ids,
                                  const char *path, int d, const float *x,
                                  const kith_embeddings_meta *meta) KITH_MUST_USE;
/** What embeddings.h5 says of its origin. */
typedef struct kith_embeddings_origin {
  char model[KITH_NAME], run[KITH_NAME]; /**< run "": of a version without ids of runs */
  char *config_key;                      /**< a new block, freed by the caller; null: of a version without */
  int64_t epoch, step, width;
  uint64_t fingerprint;
} kith_embeddings_origin;

/** Read the attributes alone.  Collective.  Errors: KITH_ENOINPUT, KITH_EDATA. */
kith_agreed kith_embeddings_origin_read(const kith_comm *comm, const char *path,
                                        kith_embeddings_origin *out) KITH_MUST_USE;
/** Read this rank's rows: *x is a new block [n_own, *d].  KITH_EDATA if they are of another graph.
 * Collective. */
kith_agreed kith_embeddings_read(const kith_comm *comm, const kith_graph *g, const char *path, int *d,
                                 float **x) KITH_MUST_USE;

/** The same on every rank. */
typedef struct kith_new_nodes {
  int64_t
      n_known[KITH_TYPES]; /**< nodes of the graph: newcomer i of a type has the original number known + i */
  int64_t n[KITH_TYPES];   /**< newcomers, numbered as their ids first appear */
  int64_t n_pair;
  int32_t *user,
      *item; /**< [n_pair] original numbers, by user, then item, each pair once; one of the two is new */
  kith_features features[KITH_TYPES]; /**< a row for each newcomer of a type; start is null without a list */
  kith_ids ids[KITH_TYPES];           /**< the newcomers' own; numbers and texts only on rank 0 */
} kith_new_nodes;

/** Local. */
void kith_new_nodes_free(kith_new_nodes *newcomers);

/**
 * Write the newcomers' ids and embeddings in a file of the layout of embeddings.h5.  Collective.
 *
 * @param first, n  this rank brings the rows of newcomers first … first + n - 1, users before items; all
 * ranks' follow each other
 * @param x         [n, d]
 */
kith_agreed kith_new_embeddings_write(const kith_comm *comm, const kith_graph *g,
                                      const kith_new_nodes *newcomers, const char *path, int64_t first,
                                      int64_t n, int d, const float *x,
                                      const kith_embeddings_meta *meta) KITH_MUST_USE;

/* ---- checkpoints ---- */

/** Dense weights, flat, with Adam's moments; the same on every rank; lent.  n = 0: none. */
typedef struct kith_checkpoint_weights {
  int64_t n;
  float *value, *m, *v;
} kith_checkpoint_weights;

enum { KITH_SCORE_SIZE = 128 }; /**< bytes of the words for what epochs are compared by */

/** All that a run needs to go on, to the last bit, on any number of ranks. */
typedef struct kith_checkpoint {
  int d;
  float *x, *m, *v; /**< [n_own, d] parameters and Adam's moments; lent; d = 0: rows have none */
  kith_checkpoint_weights weights;
  int64_t epoch, step;         /**< whole epochs done, and steps done of the next one */
  kith_exact_sum loss;         /**< over ranks, of the steps done of the next epoch */
  double best;                 /**< best score so far */
  int64_t best_epoch;          /**< 0: none */
  bool keep_best;              /**< writing: the checkpoint of best_epoch stays, however old */
  bool refused;                /**< reading: the file is good, but of another graph or another config_key */
  int64_t bad_evals;           /**< evaluations since the best */
  double seconds;              /**< in the steps done of the next epoch */
  int64_t halo_bytes;          /**< over ranks, in exchanges of ghosts by them */
  char run[KITH_NAME];         /**< id of the run, which all its files have; "": of a version without */
  char score[KITH_SCORE_SIZE]; /**< what `best` measures, "recall@20 on valid"; "": evaluations pick no epoch
                                */
  bool has_score;              /**< reading: the file says so; versions before 0.2 do not */
  const char *config_key;      /**< what must be the same to go on */
  char *history;   /**< metrics, one JSON object a line; a new block after reading, freed by the caller */
  const char *job; /**< resolved job, for readers */
} kith_checkpoint;

/**
 * Whether two recipes differ; the first words in which they do, "" where one of them has no more words.
 * Local.
 *
 * @param a_word, b_word  [KITH_NAME]
 */
bool kith_config_key_differs(const char *a, const char *b, char *a_word, char *b_word);

/** Bytes of rows and weights in a checkpoint: values and Adam's two moments.  Local. */
static inline int64_t kith_checkpoint_bytes(int64_t rows, int d, int64_t n_weight) {
  return 12 * (rows * d + n_weight);
}

/**
 * Write `folder`/checkpoint-EEEEEE-SSSSSS.h5 (epoch, step), then `folder`/checkpoint-latest that names it;
 * then remove, of it and those before it, all but the newest `keep` files, and that of the best epoch where
 * c->keep_best. Collective over `comm`, which is that of `rows`.
 */
kith_agreed kith_checkpoint_write(const kith_comm *comm, const kith_graph *g, kith_redistribution *rows,
                                  const char *folder, int keep, const kith_checkpoint *c) KITH_MUST_USE;
/**
 * The path of the nth checkpoint to try, from 0: first that which checkpoint-latest names, be it there or
 * not, then all others, the newest first; "" if there are no more.  Collective. Errors: KITH_EDATA if
 * checkpoint-latest holds no name and there is no other; KITH_ENOINPUT, KITH_ENOMEM.
 */
kith_agreed kith_checkpoint_find(const kith_comm *comm, const char *folder, int nth,
                                 char *path) KITH_MUST_USE;
/** The path of the checkpoint after that many whole epochs, or "" if it is not there.  Collective. */
kith_agreed kith_checkpoint_at_epoch(const kith_comm *comm, const char *folder, int64_t epoch,
                                     char *path) KITH_MUST_USE;
/**
 * Read into c->x, c->m, c->v, which the caller has made [n_own, c->d], and the rest of `c`.  Moments, those
 * of the weights too, are not read where their place is null.  Collective. Errors: KITH_ENOINPUT, KITH_EDATA
 * (torn); KITH_EDATA (another graph) and KITH_ECONFIG (c->config_key differs from the file's: the first
 * difference is named), where c->refused tells that the file is whole.
 */
kith_agreed kith_checkpoint_read(const kith_comm *comm, const kith_graph *g, const char *path,
                                 kith_checkpoint *c) KITH_MUST_USE;
/**
 * Remove all checkpoints of a folder.  Collective.
 * Errors: KITH_EOUTPUT if one cannot be removed; all then stay.
 */
kith_agreed kith_checkpoint_remove(const kith_comm *comm, const char *folder) KITH_MUST_USE;

#endif
