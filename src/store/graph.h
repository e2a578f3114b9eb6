/* The contents of graph.h5, and its groups.  For store, and for ingest, which writes it. */
#ifndef KITH_STORE_GRAPH_H
#define KITH_STORE_GRAPH_H

#include "store/store.h"

/** Rows of edges with optional times, weights and kinds. */
typedef struct kith__edge_csr {
  kith_ragged ragged;
  int64_t *time;    /**< [start[n_row]], or null */
  float *weight;    /**< [start[n_row]], or null */
  int32_t *overlap; /**< [start[n_row]] common training neighbors of the two ends, or null */
  uint16_t
      *kind; /**< [start[n_row]], or null; a row may then hold a value several times, by ascending kinds */
} kith__edge_csr;

void kith__edge_csr_free(kith__edge_csr *rows);

/** Times are below it, and above its negative, as kith ingest reads them: differences fit into 64 bits. */
#define KITH__TIME_MOST (INT64_C(1) << 62)

/** The events of a stream, by ascending time; those of equal times in the order of lines. */
typedef struct kith__event_list {
  int64_t n;            /**< 0: the graph is no stream */
  int64_t first[2];     /**< the first validation and the first test event */
  int32_t *user, *item; /**< [n] original numbers */
  int64_t *time;        /**< [n] seconds */
  int n_feature;        /**< numbers that describe an event, perhaps none */
  float *feature;       /**< [n, n_feature]; null without features */
} kith__event_list;

/** Local.  Errors: KITH_ENOMEM; the caller frees *out, then too. */
kith_status kith__event_list_alloc(int64_t n, int n_feature, kith__event_list *out) KITH_MUST_USE;
void kith__event_list_free(kith__event_list *events);
int64_t kith__event_list_bytes(const kith__event_list *events);
/** Write event/user, item, time, first and, with features, feature; nothing if there are none.  Collective
 * over a communicator of one rank. */
kith_agreed kith__event_list_write(kith_h5 *f, const kith__event_list *events) KITH_MUST_USE;

/** Events of all ranks.  Collective.  Errors: KITH_ECONFIG (the graph is no stream). */
kith_agreed kith__event_list_count(kith_h5 *f, int64_t *n) KITH_MUST_USE;
/** Features of an event.  Collective. */
kith_agreed kith__event_list_n_feature(kith_h5 *f, int *n_feature) KITH_MUST_USE;
/** Read and validate events first … first + n - 1, each rank its own slice.  Collective.  Errors: KITH_EDATA,
 * KITH_ENOMEM; the caller frees *out, then too. */
kith_agreed kith__event_list_read(const kith_comm *comm, kith_h5 *f, int64_t n_user, int64_t n_item,
                                  int64_t first, int64_t n, kith__event_list *out) KITH_MUST_USE;

/** The contents of graph.h5 of a recommendation. */
typedef struct kith__graph_data {
  kith_schema schema;
  kith_ids ids[KITH_MAX_TYPES];
  kith__edge_csr train, valid, test; /**< a row per user; writing: of this rank's users */
  kith__edge_csr
      outside; /**< interactions that no list has, of users by row; without rows: no core was cut */
  kith__event_list events;                /**< of a stream */
  kith_features features[KITH_MAX_TYPES]; /**< a row per node; start is null without a list */
  int format; /**< kith_list_format of the interactions, the default of kith embed */
  kith_ids feature_ids[KITH_MAX_TYPES];               /**< ids of the features */
  char feature_format[KITH_MAX_TYPES][KITH_NAME];     /**< format of their list, the default of kith embed */
  char feature_delimiters[KITH_MAX_TYPES][KITH_NAME]; /**< its delimiters, "tab ,", likewise */
  kith_ids names[KITH_SIDES];                         /**< display names; text is null without a list */
  kith__edge_csr relation[KITH_MAX_RELATIONS];        /**< as in the schema */
  kith_ids kind_ids[KITH_MAX_RELATIONS];              /**< names of their kinds; text is null without kinds */
  uint64_t fingerprint;                               /**< reading: of the file */
  kith_time_is time_is;                               /**< what the times of interactions are */
  kith_parent parent;                                 /**< the graph of which this one is an update */
  int8_t *is_new; /**< [training interactions] 1: the parent lacks it; null: there is no parent */
  char *taken;    /**< the lists of all updates so far, a line each; null: there were none */
} kith__graph_data;

void kith__graph_data_free(kith__graph_data *data);

/** Write graph.h5.  Collective.  Ranks have rows of users (train, valid, test, outside), in the order of
 * their numbers; all else is rank 0's.  The bytes are the same on any number of ranks. */
kith_agreed kith__graph_write(const kith_comm *comm, const kith__graph_data *data, const char *job,
                              const char *path) KITH_MUST_USE;
/** Read graph.h5 as it would be written again, but for overlaps, which follow from the rest.  Collective over
 * a communicator of one rank.  Errors: KITH_ENOINPUT, KITH_EDATA (also if the file holds what would be lost),
 * KITH_ENOMEM; *out is empty. */
kith_agreed kith__graph_data_read(const kith_comm *comm, const char *path,
                                  kith__graph_data *out) KITH_MUST_USE;

/** The contents of graph.h5 of a node classification. */
typedef struct kith__node_data {
  int64_t n;
  kith_ids classes; /**< ascending */
  int32_t *label;   /**< [n] row of `classes`, or -1 */
  int n_feature;
  kith_features features;    /**< [n]; start is null without a list */
  const char *format;        /**< of that list */
  int8_t *split;             /**< [n] kith_node_split */
  kith__edge_csr edges;      /**< neighbors of each node: every edge twice */
  kith__graph_data *related; /**< schema, ids and relation: those among nodes; null: none */
} kith__node_data;

void kith__node_data_free(kith__node_data *nodes);
/** Write graph.h5.  Collective over a communicator of one rank. */
kith_agreed kith__node_graph_write(const kith_comm *comm, const kith__node_data *nodes, const char *job,
                                   const char *path) KITH_MUST_USE;

/** Room for n ids: texts of `width` bytes, or numbers if it is 0.  Local.  Errors: KITH_ENOMEM; the caller
 * frees *ids, then too. */
kith_status kith__ids_make(int64_t n, int width, kith_ids *ids) KITH_MUST_USE;
/** Read a dataset of ids of the graph.h5 at `path`; every rank gets all of it.  Collective. */
kith_agreed kith__ids_read(const kith_comm *comm, const char *path, const char *name,
                           kith_ids *out) KITH_MUST_USE;
/** As kith__ids_read(), of an open file. */
kith_agreed kith__ids_load(const kith_comm *comm, kith_h5 *f, const char *name, kith_ids *out) KITH_MUST_USE;
/** Write ids as the dataset `name`.  Collective over a communicator of one rank. */
kith_agreed kith__ids_write(kith_h5 *f, const char *name, const kith_ids *ids) KITH_MUST_USE;

int64_t kith__ids_bytes(const kith_ids *ids);

/*
 * ---- the groups of graph.h5 ----
 *
 * Reading is collective, and every rank gets all.  Writing is collective over a communicator of one rank.
 * *_bytes() estimates the size in the file.
 */

/** Write or read the n rows of the dataset "group/column". */
kith_agreed kith__column_write(kith_h5 *f, const char *group, const char *column, kith_h5_type type,
                               int64_t n, const void *data) KITH_MUST_USE;
kith_agreed kith__column_read(kith_h5 *f, const char *group, const char *column, kith_h5_type type, int64_t n,
                              void *data) KITH_MUST_USE;

int64_t kith__edge_csr_bytes(const kith__edge_csr *rows);
/** Write group/start, group/`column` (item, to or node), and those of group/time, weight and kind that exist.
 */
kith_agreed kith__edge_csr_write(kith_h5 *f, const char *group, const char *column,
                                 const kith__edge_csr *rows) KITH_MUST_USE;
/** Write the rows of users of all ranks, which have them in their order: group/start, item, and those of time
 * and weight that exist.  Collective; `comm` is that of `f`. */
kith_agreed kith__user_rows_write(const kith_comm *comm, kith_h5 *f, const char *group,
                                  const kith__edge_csr *rows) KITH_MUST_USE;
kith_status kith__ragged_alloc(int64_t n_row, int64_t n, kith_ragged *out) KITH_MUST_USE;
/**
 * Read and validate group/start and group/`column`, of n_row rows of ascending numbers below n_value, those
 * rows that rows->first and rows->edges.n_row say: each rank its own, all together all.
 *
 * @param parallel  a number may occur several times in a row
 */
kith_agreed kith__rows_read(const kith_comm *comm, kith_h5 *f, const char *group, const char *column,
                            int64_t n_row, int64_t n_value, bool parallel,
                            kith_links_rows *rows) KITH_MUST_USE;
/** Read and validate such rows of the offsets `name`, into n_value values. */
kith_agreed kith__starts_read(const kith_comm *comm, kith_h5 *f, const char *name, int64_t n_row,
                              int64_t n_value, kith_links_rows *rows) KITH_MUST_USE;
/** kith__rows_read() of all rows. */
kith_agreed kith__ragged_read(const kith_comm *comm, kith_h5 *f, const char *group, const char *column,
                              int64_t n_row, int64_t n_value, bool parallel, kith_ragged *out) KITH_MUST_USE;
/** Read values at … at + n - 1 of group/weight, if there is any. */
kith_agreed kith__weights_read(const kith_comm *comm, kith_h5 *f, const char *group, int64_t at, int64_t n,
                               float **weight) KITH_MUST_USE;
/** The same of group/time. */
kith_agreed kith__times_read(const kith_comm *comm, kith_h5 *f, const char *group, int64_t at, int64_t n,
                             int64_t **time) KITH_MUST_USE;
/** The group of a relation, and the column of the ends of its edges, which is returned; /social and `user` in
 * files of a version with ties between users alone.  Collective. */
const char *kith__relation_group(kith_h5 *f, const kith_relation_type *e, char group[KITH_NAME]);
/** Read and validate what is known of the edges of rows: what a relation has, and overlaps, if there are any.
 * The caller frees *out, on failure, too. */
kith_agreed kith__edge_values_read(const kith_comm *comm, kith_h5 *f, const char *group,
                                   const kith_relation_type *e, const kith_links_rows *rows,
                                   kith_links_values *out) KITH_MUST_USE;

/** Write or read train/new [n], and the attribute `taken`, of an update. */
kith_agreed kith__update_write(kith_h5 *f, const kith__graph_data *data) KITH_MUST_USE;
/** Check that train/new of a file holds 0 and 1 alone.  Errors: KITH_EDATA, naming `path`. */
kith_status kith__is_new_check(const char *path, int64_t n, const int8_t *is_new) KITH_MUST_USE;
kith_agreed kith__is_new_read(const kith_comm *comm, kith_h5 *f, int64_t n, int8_t **is_new) KITH_MUST_USE;

void kith__relation_edges_free(kith_relation_edges *relation);
int64_t kith__relations_bytes(const kith__graph_data *data);
/** Write the attribute `schema`, the ids of further types, and the relations; nothing if there are none. */
kith_agreed kith__relations_write(kith_h5 *f, const kith__graph_data *data) KITH_MUST_USE;
/** Write edge/RELATION/overlap of relations that have overlaps.  They follow from the edges and the training
 * interactions, so the fingerprint does not count them. */
kith_agreed kith__overlaps_write(kith_h5 *f, const kith__graph_data *data) KITH_MUST_USE;
/** Read and validate d->schema, the numbers of nodes of further types, and the relations.  d->n of users and
 * items is set. */
kith_agreed kith__relations_read(const kith_comm *comm, kith_h5 *f, kith_dataset *d) KITH_MUST_USE;
/**
 * Read the schema of graph.h5.  A file without the attribute has users and items, and with `/social`, of
 * earlier versions, the relation `friend`.  Collective.
 *
 * @param[out] n, n_edge  [KITH_MAX_TYPES], [KITH_MAX_RELATIONS] counts of nodes and edges
 */
kith_agreed kith__graph_schema_read(kith_h5 *f, kith_schema *schema, int64_t *n,
                                    int64_t *n_edge) KITH_MUST_USE;

int64_t kith__features_bytes(const kith_features *f);
/** The group of a type's features: user_feature, item_feature, node/TYPE/feature. */
void kith__feature_group(const kith_schema *schema, int type, char group[KITH_NAME]);
/** Write such a group, or node_feature, if there are any. */
kith_agreed kith__features_write(kith_h5 *f, const char *group, const kith_features *x, const kith_ids *ids,
                                 const char *format) KITH_MUST_USE;
/** Read and validate the rows of such a group that x->rows says, if the file has it. */
kith_agreed kith__feature_rows_read(const kith_comm *comm, kith_h5 *f, const char *group, int64_t n_row,
                                    kith_links_features *x) KITH_MUST_USE;
/** The same of all rows. */
kith_agreed kith__features_load(const kith_comm *comm, kith_h5 *f, const char *group, int64_t n_row,
                                int *n_feature, kith_features *out) KITH_MUST_USE;

/** Numbers of nodes or features that a file may have.  Local. */
kith_status kith__dataset_check_size(const char *path, const char *what, int64_t n,
                                     int64_t low) KITH_MUST_USE;
/** The part of kith_dataset_read() for node classification. */
kith_agreed kith__node_dataset_read(const kith_comm *comm, kith_h5 *f, kith_dataset *d) KITH_MUST_USE;

#endif
