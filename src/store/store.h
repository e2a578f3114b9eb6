/** What other rooms of the library use of store, beyond kith/store.h. */
#ifndef KITH_STORE_STORE_H
#define KITH_STORE_STORE_H

#include "kith/store.h"
#include "comm/phases.h"
#include "graph/graph.h"
#include "h5/h5.h"

/* ---- graph.h5: the whole graph, by original number ---- */

/** Name of a dataset of a node type: "user/id", "item/id", for a further type "node/TYPE/id"; classification:
 * "node/id".  Local.
 * @param[out] name  [KITH_NAME] */
void kith_type_dataset(const kith_schema *schema, int type, const char *column, char *name);
/** Read all ids of a node type of the schema from graph.h5 at `path`, the names of a relation's kinds, or the
 * ids of a type's features, as kith_ids_read() does.  Collective.  Errors: KITH_ENOINPUT, KITH_EDATA,
 * KITH_ENOMEM. */
kith_agreed kith_type_ids_read(const kith_comm *comm, const char *path, const kith_schema *schema, int type,
                               kith_ids *out) KITH_MUST_USE;
kith_agreed kith_kind_ids_read(const kith_comm *comm, const char *path, const char *relation,
                               kith_ids *out) KITH_MUST_USE;
kith_agreed kith_feature_ids_read(const kith_comm *comm, const char *path, const kith_schema *schema,
                                  int type, kith_ids *out) KITH_MUST_USE;
/** The same of the labels of a classification's classes.  Collective.  Errors: as above. */
kith_agreed kith_class_ids_read(const kith_comm *comm, const char *path, kith_ids *out) KITH_MUST_USE;
/** Put further ids behind; numbers become texts where the others are.  Local.  Errors: KITH_ENOMEM. */
kith_status kith_ids_append(kith_ids *ids, const kith_ids *more) KITH_MUST_USE;
/** Write the attribute `schema` to a file that holds rows of all types: the types and their numbers of nodes;
 * nothing if there are only users and items, or nodes.  Collective.  Errors: KITH_EIO, KITH_ENOMEM. */
kith_agreed kith_h5_put_types(kith_h5 *f, const kith_graph *g) KITH_MUST_USE;
/** The attribute `time_is` of graph.h5 and parts.h5, which is missing where times are seconds.  Collective.
 */
kith_agreed kith_h5_put_time_is(kith_h5 *f, kith_time_is is) KITH_MUST_USE;
kith_agreed kith_h5_get_time_is(kith_h5 *f, kith_time_is *is) KITH_MUST_USE;

/** Write the attributes `parent` and `parent_TYPE` for each type; nothing if there is no parent.  Collective.
 * Errors: KITH_EIO. */
kith_agreed kith_h5_put_parent(kith_h5 *f, const kith_schema *schema,
                               const kith_parent *parent) KITH_MUST_USE;
/**
 * Read them, also of parts.h5.  Collective.  Errors: KITH_EDATA (a type has fewer nodes than it had).
 *
 * @param n  [n_type] nodes of each type in the file
 */
kith_agreed kith_h5_get_parent(kith_h5 *f, const kith_schema *schema, const int64_t *n,
                               kith_parent *out) KITH_MUST_USE;
/** Whether the nodes of an open graph.h5, parts.h5 or embeddings.h5 are labeled, rather than users and items.
 * Collective. */
bool kith_h5_is_labeled(kith_h5 *f);

enum { KITH_LINK_LISTS = 3 };

/** A rank's share of the rows of a list: rows first … first + edges.n_row - 1, with values as in the file. */
typedef struct kith_links_rows {
  int64_t first;
  int64_t at; /**< the place in the file of the first value */
  kith_ragged edges;
} kith_links_rows;

/** The edges of graph.h5 alone, each rank a share of the rows of every list. */
typedef struct kith_links {
  kith_schema schema;
  int64_t n[KITH_MAX_TYPES]; /**< nodes of each type in the whole graph */
  int n_class;               /**< classification: list[0] holds the neighbors of each node; else 0 */
  bool plain; /**< users and items, no update of another graph, and no refit: all ranks can write parts.h5 */
  uint64_t fingerprint;
  kith_time_is time_is;
  int n_list;
  kith_links_rows list[KITH_LINK_LISTS];        /**< users and their items, no pair twice */
  kith_links_rows relation[KITH_MAX_RELATIONS]; /**< as in the schema */
} kith_links;

/**
 * Read and validate them.  Collective.
 *
 * @param refit  as well the interactions that kith_dataset_refit() puts back
 * Errors: KITH_ENOINPUT, KITH_EDATA, KITH_ENOMEM.
 */
kith_agreed kith_links_read(const kith_comm *comm, const char *path, bool refit,
                            kith_links **out) KITH_MUST_USE;
/** Read the share of the rows of users of "valid" or "test".  Collective; the caller frees out->edges. */
kith_agreed kith_links_read_held_out(const kith_comm *comm, kith_h5 *f, const kith_links *l,
                                     const char *group, kith_links_rows *out) KITH_MUST_USE;
/** What is known of the edges of such rows; null: the file does not say. */
typedef struct kith_links_values {
  int64_t *time;
  float *weight;
  uint16_t *kind;
  int32_t *overlap; /**< common training neighbors of the two ends */
} kith_links_values;
/** Read it of the edges of relation r, or of the training interactions, r = -1.  Collective; the caller frees
 * *out, on failure, too. */
kith_agreed kith_links_read_values(const kith_comm *comm, kith_h5 *f, const kith_links *l, int r,
                                   kith_links_values *out) KITH_MUST_USE;
void kith_links_values_free(kith_links_values *values);
/** Features of a rank's share of a type's nodes. */
typedef struct kith_links_features {
  int n_feature;        /**< 0: the type has none, and the rest is null */
  kith_links_rows rows; /**< their numbers */
  float *value;
} kith_links_features;
/** Read and validate them.  Collective; the caller frees *out, on failure, too. */
kith_agreed kith_links_read_features(const kith_comm *comm, kith_h5 *f, const kith_links *l, int type,
                                     kith_links_features *out) KITH_MUST_USE;
void kith_links_features_free(kith_links_features *features);
/** Free them and null the pointer.  Local; accepts null. */
void kith_links_destroy(kith_links **links);
/** Those of a whole graph in memory, as the only rank has them; borrowed from `d`.  Local. */
kith_links kith_links_of(const kith_dataset *d);

/* ---- parts.h5: the partitioned graph ---- */

/**
 * Translate original numbers of one node type to global numbers.  Collective; each rank passes its own.
 *
 * @param original    [n] ascending
 * @param[out] number [n]
 */
kith_agreed kith_global_ids_read(const kith_comm *comm, const char *parts_path, const kith_graph *g,
                                 kith_node_type type, int64_t n, const int64_t *original,
                                 int64_t *number) KITH_MUST_USE;

/**
 * Read what a graph has that the graph it was updated from lacks: g->parent and g->is_new, unless it has
 * them.  Collective.
 * Errors: KITH_EDATA (the file is not of such a graph, or damaged), KITH_ENOINPUT, KITH_ENOMEM.
 */
kith_agreed kith_graph_parent_read(const kith_comm *comm, const char *parts_path,
                                   kith_graph *g) KITH_MUST_USE;

/* ---- rows by original number: checkpoints and embeddings ---- */

/**
 * Redistributes rows between their owners and files in original order, for all node types; one object serves
 * every matrix.  Memory: 12 bytes per row, and about 48 MiB during a transfer.
 */
typedef struct kith_redistribution kith_redistribution;

/** Collective; borrows `comm` and `g`.  Errors: KITH_ENOMEM; KITH_EDATA (original numbers are not unique). */
kith_agreed kith_redistribution_create(const kith_comm *comm, const kith_graph *g,
                                       kith_redistribution **out) KITH_MUST_USE;
/** Bytes of it, where the rank owns n_own rows of all types and writes n_block of them; and of a transfer of
 * [n, d] rows, at most n_block of one type.  Local. */
int64_t kith_redistribution_bytes(int n_type, int size, int64_t n_own, int64_t n_block);
int64_t kith_redistribution_transfer_bytes(int64_t n_block, int d);
/** Local; accepts null. */
void kith_redistribution_destroy(kith_redistribution **rows);
/** Write x [n_own, d] in original order as the dataset `name` of each type (kith_type_dataset()) [n, d].
 * Collective.  Errors: KITH_EIO, KITH_ENOMEM. */
kith_agreed kith_redistribution_write(kith_redistribution *rows, kith_h5 *f, const char *name, int d,
                                      const float *x) KITH_MUST_USE;
/** The same for one type: the other rows of x are not read.  Collective. */
kith_agreed kith_redistribution_write_type(kith_redistribution *rows, kith_h5 *f, int type, const char *name,
                                           int d, const float *x) KITH_MUST_USE;
/** The same for x [n_own], as int64 [n].  Collective. */
kith_agreed kith_redistribution_write_int(kith_redistribution *rows, kith_h5 *f, const char *name,
                                          const int64_t *x) KITH_MUST_USE;
/** Read the dataset `name` of each type into x [n_own, d].  Collective.  Errors: KITH_EDATA, KITH_ENOMEM. */
kith_agreed kith_redistribution_read(kith_redistribution *rows, kith_h5 *f, const char *name, int d,
                                     float *x) KITH_MUST_USE;
/** The same for one type: the other rows of x are left unchanged.  Collective. */
kith_agreed kith_redistribution_read_type(kith_redistribution *rows, kith_h5 *f, int type, const char *name,
                                          int d, float *x) KITH_MUST_USE;

/* ---- blends ---- */

/** Read the models of a blend from embeddings.h5 or blend.h5; n = 0 if it is of one model.  Collective.
 * Errors: KITH_ENOINPUT, KITH_EDATA. */
kith_agreed kith_blend_origin_read(const kith_comm *comm, const char *path,
                                   kith_blend_origin *out) KITH_MUST_USE;

/* ---- checkpoints ---- */

/** Dense weights [n] in one block, with the optimizer's slots; equal on all ranks; borrowed.  n = 0: none. */
typedef struct kith_checkpoint_weights {
  int64_t n;
  float *value, *slot[KITH_MAX_SLOTS];
} kith_checkpoint_weights;

/** Bytes of kith_checkpoint.score: the metric, and the name of every relation that masks items. */
enum { KITH_SCORE_SIZE = 128 + 32 * (KITH_MAX_RELATIONS + 1) };

/** The state of a run: enough to resume with the same bits on any number of ranks. */
typedef struct kith_checkpoint {
  int d;
  float *x;                     /**< [n_own, d] parameters; borrowed; d = 0: no parameters */
  float *slot[KITH_MAX_SLOTS];  /**< [n_own, d] the optimizer's slots; borrowed */
  int n_slot;                   /**< slots of rows and weights that are written, or read */
  const char *const *slot_name; /**< [n_slot] of their datasets: "adam_m" */
  bool items_only;              /**< rows of items alone are written and read; without slots */
  bool of_parent; /**< reading: the file is of the graph that this one updates (kith_graph_parent_read());
                     rows of its nodes are read, those of other nodes left unchanged */
  kith_checkpoint_weights weights;
  int64_t epoch, step;    /**< completed epochs, and completed steps of the next one */
  int64_t optimizer_step; /**< steps of the optimizer so far; reading: -1 if an older file lacks them */
  kith_exact_sum loss;    /**< sum over ranks and over the completed steps of the next epoch */
  double best;            /**< best evaluation score so far */
  int64_t best_epoch;     /**< 0: none */
  bool keep_best;         /**< writing: keep the checkpoint of best_epoch, however old */
  bool refused;           /**< reading: the file is valid, but of another graph or config_key */
  int64_t bad_evals;      /**< evaluations since the best */
  double seconds;         /**< wall time of the completed steps of the next epoch */
  kith_phases phases;     /**< the means over ranks of its phases; reading: NaN if an older file lacks them */
  int64_t halo_bytes;     /**< sum over ranks, exchanged by these steps */
  char run[KITH_NAME];    /**< id of the run, repeated in all its files; "": an older file */
  char score[KITH_SCORE_SIZE]; /**< metric of `best`, "recall@20 on valid"; "": no epoch is selected */
  bool has_score;              /**< reading: the file has the attribute; files before 0.2 do not */
  const char *learned;    /**< writing: what was learned of relations, for readers; "" or null: nothing */
  double half_life;       /**< seconds, chosen where the job says auto; 0: none … */
  bool has_half_life;     /**< … and whether it is such a choice; reading: not set */
  const char *config_key; /**< configuration key: settings that must be equal to resume */
  const char *config_key_legacy; /**< reading: the same as earlier versions wrote it; or NULL */
  const char *config_usual;      /**< reading: "key=value" of keys at their defaults, for messages; or NULL */
  char *history;   /**< metrics, one JSON object per line; reading: a new block, freed by the caller */
  const char *job; /**< resolved job file, for readers */
} kith_checkpoint;

/** Bytes of a word of a configuration key in messages: a list of KITH_MAX_KNOTS numbers fits. */
enum { KITH_CONFIG_WORD_SIZE = 512 };

/** First word of a configuration key that is derived from the job table. */
#define KITH_CONFIG_KEY_BEGIN "config=2"

/**
 * Whether the configuration key of a file differs from that of a run, and the first words that differ. Local.
 *
 * The key is text of "key=value" words; keys with default values are absent.
 * @param wanted   key of the run
 * @param legacy   its key as earlier versions wrote it, to compare with their files; NULL: `wanted`
 * @param found    key stored in the file
 * @param[out] wanted_word, found_word  [KITH_CONFIG_WORD_SIZE] "key=value" or "key at its default", if they
 * differ; numbers with the fewest digits
 */
bool kith_config_key_differs(const char *wanted, const char *legacy, const char *found, char *wanted_word,
                             char *found_word);

#define KITH_CONFIG_USUAL " at its default"
#define KITH_CONFIG_FORMER "!"
/** Give the word of a message that ends so its value: "key=value (the default)".  Local.
 * @param usual      "key=value" words of the defaults, "key=value!today" where another value is it today,
 * which the message says, too; a word without one, or null, stays as it is
 * @param[in,out] word  [KITH_CONFIG_WORD_SIZE] of kith_config_key_differs() */
void kith_config_key_usual(const char *usual, char *word);

/** Bytes of the rows and ids of embeddings.h5, names of middling length included.  Local. */
static inline int64_t kith_embeddings_bytes(int64_t rows, int d) {
  return rows * (d * (int64_t)sizeof(float) + 3 * (int64_t)sizeof(int64_t));
}

/** Bytes of the rows and weights of a checkpoint: values and slots.  Local. */
static inline int64_t kith_checkpoint_bytes(int64_t rows, int d, int64_t n_weight, int n_slot) {
  return 4 * (1 + n_slot) * (rows * d + n_weight);
}

/**
 * Write `folder`/checkpoint-EEEEEE-SSSSSS.h5 (epoch, step), then `folder`/checkpoint-latest, which names it.
 * Then remove older checkpoints, except the newest `keep` and, if c->keep_best, that of the best epoch.
 * Checkpoints of later steps stay.  Collective over `comm`, which is that of `rows`.
 * Errors: KITH_EOUTPUT, KITH_EIO, KITH_ENOMEM.
 */
kith_agreed kith_checkpoint_write(const kith_comm *comm, const kith_graph *g, kith_redistribution *rows,
                                  const char *folder, int keep, const kith_checkpoint *c) KITH_MUST_USE;

/** Path of the checkpoint at the end of an epoch; "" if there is none.  Collective. */
kith_agreed kith_checkpoint_at_epoch(const kith_comm *comm, const char *folder, int64_t epoch,
                                     char *path) KITH_MUST_USE;
/**
 * Read a checkpoint into `c`.  The caller allocates c->x and c->slot[s], s < c->n_slot, [n_own, c->d], and
 * the weights and their slots.  Collective.
 *
 * Errors: KITH_ENOINPUT, KITH_EDATA (damaged).  With c->refused set, the file is valid but does not match:
 * KITH_EDATA (another graph), KITH_ECONFIG (c->config_key differs; the message names the first difference).
 */
kith_agreed kith_checkpoint_read(const kith_comm *comm, const kith_graph *g, const char *path,
                                 kith_checkpoint *c) KITH_MUST_USE;
/**
 * The half-life that was chosen for the run of a checkpoint, where its job says auto.  Collective.
 *
 * @param[out] found  false if the file has none, is of another graph, or is unreadable
 * Errors: KITH_ENOMEM.
 */
kith_agreed kith_checkpoint_half_life(const kith_comm *comm, const char *path, uint64_t fingerprint,
                                      double *seconds, bool *found) KITH_MUST_USE;
/** How far the run of a checkpoint has come. */
typedef struct kith_checkpoint_progress {
  char run[KITH_NAME], score[KITH_SCORE_SIZE]; /**< as in kith_checkpoint */
  int64_t epoch, step, bad_evals;
  int64_t optimizer_step; /**< steps so far; -1: an older file lacks them */
} kith_checkpoint_progress;
/** Read only this.  Collective.  Errors: KITH_ENOINPUT, KITH_EDATA, KITH_ENOMEM. */
kith_agreed kith_checkpoint_progress_read(const kith_comm *comm, const char *path,
                                          kith_checkpoint_progress *out) KITH_MUST_USE;
/** Remove all checkpoints of a folder, or none.  Collective.  Errors: KITH_EOUTPUT (one cannot be removed).
 */
kith_agreed kith_checkpoint_remove(const kith_comm *comm, const char *folder) KITH_MUST_USE;

#endif
