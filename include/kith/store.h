/**
 * Store: readers and writers of graph.h5, parts.h5, checkpoints and embeddings.h5, which are HDF5 files.
 *
 * docs/files.md describes the layouts.  Files do not depend on the number of ranks.
 *
 * Numbers of a node: its *original number* counts the nodes of its type in the order of the input lists; its
 * *global number* (kith_gid) is that of the partitioned graph.  See kith/graph.h.
 */
#ifndef KITH_STORE_H
#define KITH_STORE_H

#include "kith/graph.h"
#include "kith/h5.h"

/* ---- graph.h5: the whole graph, by original number ---- */

/** Ids of one node type: int64 numbers, or fixed-width strings. */
typedef struct kith_ids {
  int64_t n;
  int64_t *number; /**< [n], or null if ids are strings */
  char *text;      /**< [n, width] null-padded, or null if ids are numbers */
  int width;
} kith_ids;

void kith_ids_free(kith_ids *ids);
/** Print the id of node i into `buffer`.  Local. */
void kith_ids_print(const kith_ids *ids, int64_t i, size_t size, char *buffer);
/** Node whose id is `text`, or -1.  Local; linear in n. */
int64_t kith_ids_find(const kith_ids *ids, const char *text);

/** The contents of graph.h5 that partitioning reads, on every rank in full. */
typedef struct kith_dataset {
  kith_task task;
  int64_t n[KITH_TYPES]; /**< users, items; classification: nodes, 0 */
  kith_eid n_edge;       /**< training interactions; classification: undirected edges */
  kith_ragged train, valid,
      test;             /**< [users] their items; classification: train holds the neighbors of each node */
  kith_ragged friend;   /**< [users] other users that the social list names; start null: there is no list */
  float *weight;        /**< [n_edge] weights of the training interactions; null if there are none */
  uint64_t fingerprint; /**< hash of all datasets of graph.h5 */
  int n_feature_of[KITH_TYPES];       /**< recommendation: number of features of each type; 0: none */
  kith_features features[KITH_TYPES]; /**< recommendation: sparse features of each node */
  int n_class, n_feature;             /**< this and the rest: classification only */
  float *feature;                     /**< [n, n_feature] */
  int32_t *label;                     /**< [n] class, or -1 */
  int8_t *split;                      /**< [n] kith_node_split */
} kith_dataset;

/** Read and validate graph.h5; every rank gets all of it.  Collective over `comm`.
 * Errors: KITH_ENOINPUT, KITH_EDATA, KITH_ENOMEM. */
kith_agreed kith_dataset_read(const kith_comm *comm, const char *path, kith_dataset **out) KITH_MUST_USE;
void kith_dataset_destroy(kith_dataset **dataset);

/** Group of a type's datasets in files: "user" or "item"; classification: "node".  Local. */
const char *kith_type_name(kith_task task, int type);
/** Number of node types of a task: 2 (users, items); classification: 1.  Local. */
int kith_type_count(kith_task task);
/** Task of an open graph.h5, parts.h5 or embeddings.h5.  Collective. */
kith_task kith_h5_task(kith_h5 *f);

/** Read all ids of a type from graph.h5; every rank gets all of them.  Collective. */
kith_agreed kith_ids_read(const kith_comm *comm, const char *path, kith_node_type type,
                          kith_ids *out) KITH_MUST_USE;

/**
 * Read the display names of a type from graph.h5: text [n, width] on rank 0, n = 0 on the others.  n is 0 if
 * graph.h5 has no names.  A node without a name prints as "".  Collective.
 */
kith_agreed kith_node_names_read(const kith_comm *comm, const char *path, kith_node_type type,
                                 kith_ids *out) KITH_MUST_USE;

/* ---- parts.h5: the partitioned graph ---- */

/**
 * Read and validate this rank's share: rank r of R owns the parts K r / R … K (r + 1) / R - 1 of K.
 * Collective over `comm`.  Errors: KITH_ENOINPUT, KITH_EDATA; KITH_ECONFIG (more ranks than parts).
 */
kith_agreed kith_graph_read(const kith_comm *comm, const char *parts_path, kith_graph **out) KITH_MUST_USE;

/**
 * Translate original numbers of one node type to global numbers.  Collective; each rank passes its own.
 *
 * @param original    [n] ascending
 * @param[out] number [n]
 */
kith_agreed kith_global_ids_read(const kith_comm *comm, const char *parts_path, const kith_graph *g,
                                 kith_node_type type, int64_t n, const int64_t *original,
                                 int64_t *number) KITH_MUST_USE;

/* ---- rows by original number: checkpoints and embeddings ---- */

/**
 * Redistributes rows between their owners and files in original order, for all node types; one object serves
 * every matrix.  Memory: 12 bytes per row, and about 48 MiB during a transfer.
 */
typedef struct kith_redistribution kith_redistribution;

/** Collective; borrows `comm` and `g`.  Errors: KITH_ENOMEM; KITH_EDATA (original numbers are not unique). */
kith_agreed kith_redistribution_create(const kith_comm *comm, const kith_graph *g,
                                       kith_redistribution **out) KITH_MUST_USE;
/** Local; accepts null. */
void kith_redistribution_destroy(kith_redistribution **rows);
/** Write x [n_own, d] in original order as user/`name` and item/`name` [n, d] (classification: node/`name`).
 * Collective.  Errors: KITH_EIO, KITH_ENOMEM. */
kith_agreed kith_redistribution_write(kith_redistribution *rows, kith_h5 *f, const char *name, int d,
                                      const float *x) KITH_MUST_USE;
/** The same for x [n_own], as int64 [n].  Collective. */
kith_agreed kith_redistribution_write_int(kith_redistribution *rows, kith_h5 *f, const char *name,
                                          const int64_t *x) KITH_MUST_USE;
/** Read user/`name` and item/`name` into x [n_own, d].  Collective.  Errors: KITH_EDATA, KITH_ENOMEM. */
kith_agreed kith_redistribution_read(kith_redistribution *rows, kith_h5 *f, const char *name, int d,
                                     float *x) KITH_MUST_USE;

/* ---- embeddings.h5 ---- */

/** Attributes of embeddings.h5, to be written. */
typedef struct kith_embeddings_meta {
  const char *model;      /**< "lightgcn" */
  bool cosine;            /**< rows are normalized; products are cosines */
  int64_t epoch, step;    /**< epochs trained, and steps of the next one */
  const char *run;        /**< id of the run; "": none */
  const char *config_key; /**< the settings that determine every bit, as in checkpoints */
  const char *metrics;    /**< history, one JSON object per line */
  const char *job;        /**< resolved job file */
} kith_embeddings_meta;

/** Ids and names of a graph's nodes, and its classes; each rank holds one block of each dataset. */
typedef struct kith_graph_ids kith_graph_ids;

/**
 * Read this rank's blocks from graph.h5.  Collective.  Memory: 8 bytes per node, or the width of text ids.
 * Errors: KITH_EDATA (not the graph that `g` was partitioned from); KITH_ENOINPUT, KITH_EIO, KITH_ENOMEM.
 */
kith_agreed kith_graph_ids_read(const kith_comm *comm, const kith_graph *g, const char *graph_path,
                                kith_graph_ids **out) KITH_MUST_USE;
void kith_graph_ids_destroy(kith_graph_ids **ids); /**< Local; accepts null. */

/**
 * Write embeddings.h5: ids and final embeddings in original order.  For classification, the logits and the
 * predicted class of each node.  Collective.  Errors: KITH_EOUTPUT, KITH_EIO, KITH_ENOMEM.
 *
 * @param x  [n_own, d]
 */
kith_agreed kith_embeddings_write(const kith_comm *comm, const kith_graph *g, const kith_graph_ids *ids,
                                  const char *path, int d, const float *x,
                                  const kith_embeddings_meta *meta) KITH_MUST_USE;
/** Attributes of embeddings.h5 that say which graph, run and step it is of. */
typedef struct kith_embeddings_origin {
  char model[KITH_NAME], run[KITH_NAME]; /**< run "": written before runs had ids */
  char *config_key;                      /**< a new block, freed by the caller; null: an older file */
  int64_t epoch, step, width;
  uint64_t fingerprint;
} kith_embeddings_origin;

/** Read only the attributes.  Collective.  Errors: KITH_ENOINPUT, KITH_EDATA. */
kith_agreed kith_embeddings_origin_read(const kith_comm *comm, const char *path,
                                        kith_embeddings_origin *out) KITH_MUST_USE;
/** Read this rank's rows into a new block *x [n_own, *d].  Collective.
 * Errors: KITH_ENOINPUT, KITH_EDATA (also if they are of another graph), KITH_ENOMEM. */
kith_agreed kith_embeddings_read(const kith_comm *comm, const kith_graph *g, const char *path, int *d,
                                 float **x) KITH_MUST_USE;

/** New nodes, which are not in the training graph, and their edges.  The same on every rank, but for ids. */
typedef struct kith_new_nodes {
  int64_t n_known[KITH_TYPES]; /**< nodes of the graph: new node i has the original number n_known + i */
  int64_t n[KITH_TYPES];       /**< new nodes, in the order in which their ids first appear */
  int64_t n_pair;
  int32_t *user,
      *item; /**< [n_pair] original numbers; sorted by user, then item; unique; at least one end is new */
  kith_features features[KITH_TYPES]; /**< [n] of the new nodes; start is null if there is no list */
  kith_ids ids[KITH_TYPES];           /**< [n] of the new nodes; number and text are null except on rank 0 */
} kith_new_nodes;

/** Local. */
void kith_new_nodes_free(kith_new_nodes *nodes);

/**
 * Write ids and embeddings of new nodes to a file with the layout of embeddings.h5.  Collective.
 *
 * @param first, n  this rank's rows: new nodes first … first + n - 1, users before items; the ranks' slices
 *                  are consecutive and cover all new nodes
 * @param x         [n, d]
 * Errors: KITH_EOUTPUT, KITH_EIO.
 */
kith_agreed kith_new_embeddings_write(const kith_comm *comm, const kith_graph *g, const kith_new_nodes *nodes,
                                      const char *path, int64_t first, int64_t n, int d, const float *x,
                                      const kith_embeddings_meta *meta) KITH_MUST_USE;

/* ---- checkpoints ---- */

/** Dense weights [n] in one block, with Adam's moments; equal on all ranks; borrowed.  n = 0: none. */
typedef struct kith_checkpoint_weights {
  int64_t n;
  float *value, *m, *v;
} kith_checkpoint_weights;

enum { KITH_SCORE_SIZE = 128 }; /**< bytes of kith_checkpoint.score */

/** The state of a run: enough to resume with the same bits on any number of ranks. */
typedef struct kith_checkpoint {
  int d;
  float *x, *m, *v; /**< [n_own, d] parameters and Adam's moments; borrowed; d = 0: no parameters */
  kith_checkpoint_weights weights;
  int64_t epoch, step;           /**< completed epochs, and completed steps of the next one */
  kith_exact_sum loss;           /**< sum over ranks and over the completed steps of the next epoch */
  double best;                   /**< best evaluation score so far */
  int64_t best_epoch;            /**< 0: none */
  bool keep_best;                /**< writing: keep the checkpoint of best_epoch, however old */
  bool refused;                  /**< reading: the file is valid, but of another graph or config_key */
  int64_t bad_evals;             /**< evaluations since the best */
  double seconds;                /**< wall time of the completed steps of the next epoch */
  int64_t halo_bytes;            /**< sum over ranks, exchanged by these steps */
  char run[KITH_NAME];           /**< id of the run, repeated in all its files; "": an older file */
  char score[KITH_SCORE_SIZE];   /**< metric of `best`, "recall@20 on valid"; "": no epoch is selected */
  bool has_score;                /**< reading: the file has the attribute; files before 0.2 do not */
  const char *config_key;        /**< configuration key: settings that must be equal to resume */
  const char *config_key_legacy; /**< reading: the same as earlier versions wrote it; or NULL */
  char *history;   /**< metrics, one JSON object per line; reading: a new block, freed by the caller */
  const char *job; /**< resolved job file, for readers */
} kith_checkpoint;

/** First word of a configuration key that is derived from the job table. */
#define KITH_CONFIG_KEY_BEGIN "config=2"

/**
 * Whether the configuration key of a file differs from that of a run, and the first words that differ. Local.
 *
 * The key is text of "key=value" words; keys with default values are absent.
 * @param wanted   key of the run
 * @param legacy   its key as earlier versions wrote it, to compare with their files; NULL: `wanted`
 * @param found    key stored in the file
 * @param[out] wanted_word, found_word  [KITH_NAME] "key=value" or "the default key", if they differ
 */
bool kith_config_key_differs(const char *wanted, const char *legacy, const char *found, char *wanted_word,
                             char *found_word);

/** Bytes of the rows and weights of a checkpoint: values and Adam's two moments.  Local. */
static inline int64_t kith_checkpoint_bytes(int64_t rows, int d, int64_t n_weight) {
  return 12 * (rows * d + n_weight);
}

/**
 * Write `folder`/checkpoint-EEEEEE-SSSSSS.h5 (epoch, step), then `folder`/checkpoint-latest, which names it.
 * Then remove older checkpoints, except the newest `keep` and, if c->keep_best, that of the best epoch.
 * Checkpoints of later steps stay.  Collective over `comm`, which is that of `rows`.
 * Errors: KITH_EOUTPUT, KITH_EIO, KITH_ENOMEM.
 */
kith_agreed kith_checkpoint_write(const kith_comm *comm, const kith_graph *g, kith_redistribution *rows,
                                  const char *folder, int keep, const kith_checkpoint *c) KITH_MUST_USE;
/**
 * Path of the nth checkpoint to try, from 0; "" if there are no more.  The first is the one that
 * checkpoint-latest names, even if that file is missing; then all others, newest first.  Collective.
 * Errors: KITH_EDATA (checkpoint-latest is malformed and there is no other), KITH_ENOINPUT, KITH_ENOMEM.
 */
kith_agreed kith_checkpoint_find(const kith_comm *comm, const char *folder, int nth,
                                 char *path) KITH_MUST_USE;
/** Path of the checkpoint at the end of an epoch; "" if there is none.  Collective. */
kith_agreed kith_checkpoint_at_epoch(const kith_comm *comm, const char *folder, int64_t epoch,
                                     char *path) KITH_MUST_USE;
/**
 * Read a checkpoint into `c`.  The caller allocates c->x, c->m, c->v [n_own, c->d] and the weights; moments
 * that are null are not read.  Collective.
 *
 * Errors: KITH_ENOINPUT, KITH_EDATA (damaged).  With c->refused set, the file is valid but does not match:
 * KITH_EDATA (another graph), KITH_ECONFIG (c->config_key differs; the message names the first difference).
 */
kith_agreed kith_checkpoint_read(const kith_comm *comm, const kith_graph *g, const char *path,
                                 kith_checkpoint *c) KITH_MUST_USE;
/** Remove all checkpoints of a folder, or none.  Collective.  Errors: KITH_EOUTPUT (one cannot be removed).
 */
kith_agreed kith_checkpoint_remove(const kith_comm *comm, const char *folder) KITH_MUST_USE;

#endif
