/**
 * Io: every on-disk layout.  Text lists come in; graph.h5, parts.h5, checkpoints and embeddings.h5 are HDF5.
 *
 * Layouts are described in docs/files.md.  Files know nothing of ranks.
 */
#ifndef KITH_IO_H
#define KITH_IO_H

#include "kith/graph.h"
#include "kith/halo.h"

/* ---- one HDF5 file ---- */

typedef struct kith_h5 kith_h5;

typedef enum kith_h5_type {
  KITH_H5_INT8,
  KITH_H5_INT32,
  KITH_H5_INT64,
  KITH_H5_UINT64,
  KITH_H5_FLOAT,
  KITH_H5_DOUBLE,
  KITH_H5_TEXT
} kith_h5_type;

/**
 * Start the HDF5 library so that nobody ends it: one that failed to close a file crashes when MPI_Finalize()
 * or exit() let it close what is left.  Files are closed one by one.  Local; before MPI_Init().
 */
void kith_h5_begin(void);
/**
 * Create `path`.tmp; nothing stands at `path` before kith_h5_publish().  Writes the root attributes format,
 * format_version and software.  Collective over `comm`; with one rank plain serial I/O is used.
 *
 * @param bytes   about how much will be written; refused at once (KITH_EIO) if the file system has less room
 * Errors: KITH_EOUTPUT (folder missing or read-only), KITH_EIO.
 */
kith_agreed kith_h5_create(const kith_comm *comm, const char *path, const char *format, int version,
                           int64_t bytes, kith_h5 **out) KITH_MUST_USE;
/**
 * The same, but rank 0 alone calls HDF5: there is no MPI-IO, so that a thread beside the steps can write the
 * file.  Rows are written by all ranks (kith_h5_write_rows()), what kith_h5_write() writes lies on rank 0.
 * Collective.
 */
kith_agreed kith_h5_create_single(const kith_comm *comm, const char *path, const char *format, int version,
                                  int64_t bytes, kith_h5 **out) KITH_MUST_USE;
/** Flush, close, fsync, rename to its final name, fsync the folder; the handle is nulled in any case.
 * Collective. */
kith_agreed kith_h5_publish(kith_h5 **file) KITH_MUST_USE;
/**
 * Open for reading; a null `format` takes any of Kith's.  Errors: KITH_ENOINPUT (missing, unreadable),
 * KITH_EDATA (torn, not HDF5, another format, a newer version).  Collective.
 */
kith_agreed kith_h5_open(const kith_comm *comm, const char *path, const char *format, int version,
                         kith_h5 **out) KITH_MUST_USE;
/** Close; an unpublished new file is removed.  Accepts null.  Collective. */
void kith_h5_close(kith_h5 **file);

/**
 * Write rows first … first + n - 1 of a dataset [n_total, d] (of [n_total] when d = 0) made by this call:
 * chunked, Fletcher-32, in groups made as needed ("item/embedding").  Each rank writes its own slice; slices
 * are disjoint and cover the dataset.  For KITH_H5_TEXT, d is the width in bytes of each fixed-length,
 * null-padded UTF-8 string. `pack` shuffles and deflates.  Collective.  Errors: KITH_EIO.
 */
kith_agreed kith_h5_write(kith_h5 *f, const char *name, kith_h5_type type, int d, int64_t n_total,
                          int64_t first, int64_t n, bool pack, const void *data) KITH_MUST_USE;
/**
 * Write rows first … first + n - 1 of a dataset [n_total, d] float32 (of [n_total] when d = 0) made by this
 * call: contiguous, by plain writes of every rank, with a sum of each block of rows in checksum/`name`, which
 * kith_h5_read() compares. As fast as the disk; slices as of kith_h5_write().  Collective.  Errors: KITH_EIO.
 */
kith_agreed kith_h5_write_rows(kith_h5 *f, const char *name, int d, int64_t n_total, int64_t first, int64_t n,
                               const float *x) KITH_MUST_USE;
/** Size of a dataset: [n] gives d = 0, [n, d] gives d, strings give their width.  KITH_EDATA if it is not
 * there. */
kith_agreed kith_h5_extent(kith_h5 *f, const char *name, int64_t *n, int *d) KITH_MUST_USE;
/** Read rows first … first + n - 1, converted to `type`.  Collective.  Errors: KITH_EDATA (missing, shape,
 * checksum). */
kith_agreed kith_h5_read(kith_h5 *f, const char *name, kith_h5_type type, int d, int64_t first, int64_t n,
                         void *data) KITH_MUST_USE;
/** Whether a dataset or group is there.  Collective. */
bool kith_h5_has(kith_h5 *f, const char *name);

/* Attributes of the root; the same numbers on every rank; of texts, rank 0's is written.  Collective. */
kith_agreed kith_h5_put_int(kith_h5 *f, const char *name, int64_t value) KITH_MUST_USE;
kith_agreed kith_h5_put_real(kith_h5 *f, const char *name, double value) KITH_MUST_USE;
kith_agreed kith_h5_put_text(kith_h5 *f, const char *name, const char *text) KITH_MUST_USE;
kith_agreed kith_h5_get_int(kith_h5 *f, const char *name, int64_t *value) KITH_MUST_USE;
kith_agreed kith_h5_get_real(kith_h5 *f, const char *name, double *value) KITH_MUST_USE;
/** The text is a new block, freed by the caller with KITH_FREE(). */
kith_agreed kith_h5_get_text(kith_h5 *f, const char *name, char **text) KITH_MUST_USE;
/**
 * Files that repeat the fingerprint of graph.h5 belong to that graph.  Collective.
 * Errors: KITH_EDATA, "PATH: `what`", unless the attribute is `wanted`.
 */
kith_agreed kith_h5_check_fingerprint(kith_h5 *f, uint64_t wanted, const char *what) KITH_MUST_USE;
/** Whether the root has an attribute.  Collective. */
bool kith_h5_has_attribute(kith_h5 *f, const char *name);
/** One thing in a file: an attribute of the root with its value, or a dataset with its size. */
typedef struct kith_h5_entry {
  const char *name; /**< "user/id"; valid during the call */
  bool attribute;
  kith_h5_type type;
  int width;       /**< bytes of one value */
  int64_t n;       /**< dataset: rows */
  int d;           /**< dataset: columns, 0 if it has one dimension */
  int64_t bytes;   /**< dataset: on the disk */
  int64_t integer; /**< attribute: its value … */
  double real;
  const char *text;
} kith_h5_entry;

typedef void (*kith_h5_tell)(void *context, const kith_h5_entry *entry);

/**
 * Tell of every attribute of the root, then of every dataset, in no order; what is not of Kith's types is
 * passed over. Local.  Errors: KITH_EDATA.
 */
kith_status kith_h5_list(kith_h5 *f, kith_h5_tell tell, void *context) KITH_MUST_USE;
/**
 * Compare what is in a file with what it was written with: every attribute of the root, every dataset and its
 * checksums (not its data).  kith_h5_open() has done so where it was told a format.  Local.  Errors:
 * KITH_EDATA.
 */
kith_status kith_h5_check_whole(kith_h5 *f) KITH_MUST_USE;
/**
 * Whether the datasets of a file fit together: how many rows they have, where ragged rows begin and end, and
 * which numbers they name.  Local.  Memory O(1).  Errors: KITH_EDATA.
 */
kith_status kith_h5_check_layout(kith_h5 *f) KITH_MUST_USE;
/** Read a dataset to the end and compare its checksums.  Local.  Memory O(1).  Errors: KITH_EDATA. */
kith_status kith_h5_check(kith_h5 *f, const char *name) KITH_MUST_USE;

/** The path the file was opened or created with, for messages. */
const char *kith_h5_path(const kith_h5 *f);

/* ---- text lists in ---- */

typedef enum kith_format { KITH_FORMAT_AUTO, KITH_ADJACENCY, KITH_EDGES } kith_format;

/** Whether the first line names the columns; "auto": it does not, and one that looks like names is refused.
 */
typedef enum kith_header { KITH_HEADER_AUTO, KITH_HEADER_YES, KITH_HEADER_NO } kith_header;

/** What lines are that begin with #: "auto": comments, and ones that look like data are refused; "none":
 * data. */
typedef enum kith_comment { KITH_COMMENT_AUTO, KITH_COMMENT_HASH, KITH_COMMENT_NONE } kith_comment;

/** What quotes are: "csv": as in RFC 4180; "none": characters like any other. */
typedef enum kith_quoting { KITH_QUOTING_CSV, KITH_QUOTING_NONE } kith_quoting;

/** Whether ids are numbers: "auto" lets the first id of each node type decide; "text" keeps "17" and "B0017"
 * apart as they stand. */
typedef enum kith_id_kind { KITH_ID_AUTO, KITH_ID_TEXT } kith_id_kind;

/** Where a list lies and how to read it. */
typedef struct kith_source {
  char path[KITH_PATH]; /**< "" when the job names none; plain, gzip or zstd */
  kith_format format; /**< adjacency: "user item item …"; edges: one pair a line, with columns; auto: as the
                         first lines say */
  char delimiter[8];  /**< between columns: ",", "\t", " ", "::"; "" = white space for adjacency, else as the
                         first lines say */
  kith_header header; /**< edges: the first line names the columns */
  kith_comment comment;
  kith_quoting quoting;
  kith_id_kind ids; /**< of the interactions; all other lists follow them */
  char user[KITH_NAME], item[KITH_NAME], time[KITH_NAME],
      weight[KITH_NAME]; /**< column names, or numbers from 1; "" = none (user 1, item 2) */
  double
      least_weight; /**< lines of a smaller weight are passed over, as if they were not there; 0: none is */
} kith_source;

typedef enum kith_split_method {
  KITH_SPLIT_NONE,
  KITH_SPLIT_RATIO,
  KITH_SPLIT_LEAVE_LAST_OUT,
  KITH_SPLIT_TIME
} kith_split_method;

typedef struct kith_split {
  kith_split_method method; /**< ratio: per user, keyed draws; leave-last-out: each user's last one tests, the
                               one before validates; time: the last shares of all interactions */
  double valid, test; /**< shares of a user's (time: of all) interactions, 0 … 1; leave-last-out: 0 = none is
                         held out */
  uint64_t seed;      /**< ratio: of the draws; leave-last-out: of those among equal times */
} kith_split;

/** What a split met where times are equal. */
typedef struct kith_split_report {
  int64_t users;       /**< leave-last-out: users of whom an interaction is held out */
  int64_t tied;        /**< … whose last interaction is tied in time with others, of which one was drawn */
  int64_t tied_before; /**< … the same of the one before it */
  int64_t kept_test; /**< time: interactions by which the test share falls short, since those of one time stay
                        together */
  int64_t kept;      /**< … by which both shares fall short together: they stay for training */
} kith_split_report;

/**
 * How a line of features is written: the ids of those that a node has ("7 12", "7:0.5"); a number for each;
 * one feature, with or without a weight ("7", "7 0.5"), so that a node has many lines.  Auto: sparse or long,
 * as the first lines say.
 */
typedef enum kith_feature_format {
  KITH_SPARSE,
  KITH_DENSE,
  KITH_LONG,
  KITH_FEATURES_AUTO
} kith_feature_format;
/** "sparse" and so on. */
const char *kith_feature_format_text(kith_feature_format format);

/** A list of what users, or items, are like: a line is an id and its features. */
typedef struct kith_feature_source {
  char path[KITH_PATH]; /**< "" when there is none */
  kith_feature_format format;
  bool header;    /**< the first line names the columns */
  bool normalize; /**< divide every node's features by their sum */
} kith_feature_source;

/** A list of what users, or items, are called: a line is an id and a name. */
typedef struct kith_name_source {
  char path[KITH_PATH]; /**< "" when there is none */
  char delimiter[8];    /**< between columns; "": the one that finds known ids in the first lines */
  bool header;          /**< the first line names the columns */
  char id[KITH_NAME],
      name[KITH_NAME]; /**< column names, or numbers from 1; id "": 1; name "": everything behind the id */
} kith_name_source;

/** What a list of names said. */
typedef struct kith_name_report {
  int64_t named, bare; /**< nodes with a name and without one; both 0 without a list */
  int64_t unknown;     /**< lines of ids that no interaction names: left out */
  int64_t repeated;    /**< further names of a node: the first one counts */
  int64_t cut;         /**< names longer than 255 bytes */
} kith_name_report;

/** How a list was read, and what of it was passed over. */
typedef struct kith_list_report {
  kith_format format;             /**< auto: no such list was read */
  char delimiter[8];              /**< "": white space */
  int n_column;                   /**< of the first lines; 0: they have unequally many */
  int user, item, time, weight;   /**< edges: columns from 1; 0: there is none */
  int64_t header;                 /**< the line that names the columns; 0: none does */
  int64_t lines, comments, blank; /**< lines with data, that begin with #, with nothing */
  int64_t repeated;               /**< further lines that are the header again, passed over */
} kith_list_report;

/** What ingest reads. */
typedef struct kith_ingest_options {
  kith_source interactions, test, social; /**< test and social: path "" when there is none */
  kith_feature_source features[KITH_TYPES];
  kith_name_source names[KITH_TYPES];
  kith_split split; /**< beside a test list it only takes the validation share from the interactions */
} kith_ingest_options;

/** What ingest found: counts after merging, and what was merged or left out. */
typedef struct kith_ingest_report {
  int64_t n[KITH_TYPES];
  int64_t train, valid, test; /**< distinct interactions of each list */
  int64_t duplicates;         /**< repeated interactions within a list, counted once */
  int64_t in_both;            /**< in the test list and among the interactions: kept in both */
  int64_t light;              /**< interactions of less than the least weight, passed over */
  int64_t held_out_items;     /**< items with no training interaction that are held out */
  int64_t idle_users;         /**< users with no training interaction */
  int64_t social;             /**< distinct social ties */
  int64_t social_duplicates, social_unknown, social_self,
      social_light; /**< repeated; to a user without interactions; to oneself; too light: left out */
  bool text_ids[KITH_TYPES], has_time, has_weight;
  kith_list_report interactions_list, test_list, social_list;
  int64_t features[KITH_TYPES];         /**< different features of each type, 0 without a list */
  int64_t features_unknown[KITH_TYPES]; /**< lines of ids that no interaction names: left out */
  int64_t features_bare[KITH_TYPES];    /**< nodes that such a list says nothing of */
  kith_name_report names[KITH_TYPES];
  kith_split_report split;
  kith_feature_format features_format[KITH_TYPES]; /**< as given or found */
  bool features_weighted[KITH_TYPES];              /**< long: with a column of weights */
  int64_t features_repeated[KITH_TYPES]; /**< long: further lines of the same node and feature, merged */
} kith_ingest_report;

/**
 * Read the text lists, number, merge and split them, and write graph.h5 (layout: docs/files.md).
 *
 * Collective over `comm`: rank 0 works, the others learn how it ended.
 *
 * @param job     the resolved job as text, stored in the file
 * @param path    the file to write; its folder must exist
 * @param[out] report the same on every rank
 * Errors: KITH_ENOINPUT (a list is missing), KITH_EDATA (with file:line), KITH_ECONFIG (columns, shares, no
 * times where the split needs them), KITH_ENOMEM, KITH_EOUTPUT, KITH_EIO. Memory: 12 bytes an interaction
 * while reading without times and weights, 28 with times, 36 with both; 20 a feature of a node.
 */
kith_agreed kith_ingest(const kith_comm *comm, const kith_ingest_options *o, const char *job,
                        const char *path, kith_ingest_report *report) KITH_MUST_USE;

/** What ingest reads for node classification: line i, from 0, of labels and features is node i; the other
 * lists name these numbers. */
typedef struct kith_nodes_options {
  char edges[KITH_PATH];    /**< pairs, in either direction or both */
  char labels[KITH_PATH];   /**< integers or text; an empty line, or -1: no label */
  char features[KITH_PATH]; /**< "" when there are none */
  kith_feature_format format;
  bool normalize;                                           /**< divide every row of features by its sum */
  char train[KITH_PATH], valid[KITH_PATH], test[KITH_PATH]; /**< node numbers; valid and test may be "" */
} kith_nodes_options;

typedef struct kith_nodes_report {
  int64_t n, n_edge;
  int n_class, n_feature;
  int64_t split[KITH_NODE_SPLITS]; /**< nodes of each split */
  int64_t duplicates, loops;       /**< repeated edges, counted once; edges of a node to itself, left out */
  int64_t alone, unlabeled;        /**< nodes without neighbors; without a label */
  int64_t minus_one;               /**< of these, nodes whose label is -1 */
} kith_nodes_report;

/**
 * Read the lists of a node classification and write graph.h5.  Collective over `comm`: rank 0 works, the
 * others learn how it ended.
 *
 * @param job, path, report  as of kith_ingest()
 * Errors: KITH_ENOINPUT, KITH_EDATA (file:line), KITH_ECONFIG (a list is not named), KITH_ENOMEM,
 * KITH_EOUTPUT, KITH_EIO. Memory: 8 bytes a feature of a node, 24 an edge.
 */
kith_agreed kith_ingest_nodes(const kith_comm *comm, const kith_nodes_options *o, const char *job,
                              const char *path, kith_nodes_report *report) KITH_MUST_USE;

/* ---- graph.h5: the whole graph, by original number ---- */

#define KITH_GRAPH_FORMAT "kith-graph"
#define KITH_PARTS_FORMAT "kith-parts"
#define KITH_CHECKPOINT_FORMAT "kith-checkpoint"
#define KITH_EMBEDDINGS_FORMAT "kith-embeddings"
#define KITH_RECOMMENDATIONS_FORMAT "kith-recommendations"
enum {
  KITH_FILE_VERSION = 3,
  KITH_SEALED = 3
}; /* files of this version and later are sealed: every byte is covered by a checksum */

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
  kith_lists train, valid,
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
const char *kith_type_text(kith_task task, int type);
/** Node types of a task that have nodes: users and items, or nodes alone. */
int kith_type_n(kith_task task);
/** Whether an open graph.h5, parts.h5 or embeddings.h5 is of a node classification.  Collective. */
kith_task kith_h5_task(kith_h5 *f);

/** Read all ids of a type from graph.h5.  Collective; every rank gets the whole. */
kith_agreed kith_ids_read(const kith_comm *comm, const char *path, kith_node_type type,
                          kith_ids *out) KITH_MUST_USE;

/**
 * What the nodes of a type are called, from graph.h5: text [n, width] on rank 0, where n is 0 if no list was
 * given; a node without a name has zeros, and prints as "".  The other ranks get n = 0.  Collective.
 */
kith_agreed kith_names_read(const kith_comm *comm, const char *path, kith_node_type type,
                            kith_ids *out) KITH_MUST_USE;

/* ---- parts.h5: the graph, cut ---- */

/**
 * Read this rank's share: rank r of R owns the parts K r / R … K (r + 1) / R - 1.  Collective over `comm`.
 * Errors: KITH_ENOINPUT, KITH_EDATA; KITH_ECONFIG if there are more ranks than parts.
 */
kith_agreed kith_graph_read(const kith_comm *comm, const char *parts_path, kith_graph **out) KITH_MUST_USE;

/* ---- rows by original number: checkpoints and embeddings ---- */

/**
 * The way between rows held by their owners and rows in original order, for both node types; the same object
 * serves every matrix.  Room: 12 bytes a row while it is held, and some 48 MiB while rows are under way.
 */
typedef struct kith_rows kith_rows;

/** Collective; `comm` and `g` must outlive it.  Errors: KITH_ENOMEM; KITH_EDATA if original numbers are not
 * each row's own. */
kith_agreed kith_rows_create(const kith_comm *comm, const kith_graph *g, kith_rows **out) KITH_MUST_USE;
/** Local; accepts null. */
void kith_rows_destroy(kith_rows **rows);
/** Write x [n_own, d] as user/`name` and item/`name` (classification: node/`name`) [n, d] in original order.
 * Collective. */
kith_agreed kith_rows_write(kith_rows *rows, kith_h5 *f, const char *name, int d,
                            const float *x) KITH_MUST_USE;
/** Write x [n_own] as int64 user/`name` and item/`name` [n].  Collective. */
kith_agreed kith_rows_write_int(kith_rows *rows, kith_h5 *f, const char *name,
                                const int64_t *x) KITH_MUST_USE;
/** Read user/`name` and item/`name` into x [n_own, d].  Collective. */
kith_agreed kith_rows_read(kith_rows *rows, kith_h5 *f, const char *name, int d, float *x) KITH_MUST_USE;

/* ---- embeddings.h5 ---- */

/** What stands in the attributes of embeddings.h5. */
typedef struct kith_embeddings_note {
  const char *model;   /**< "lightgcn" */
  bool cosine;         /**< rows are normalized; products are cosines */
  int64_t epoch, step; /**< epochs trained, and steps of the next one */
  const char *run;     /**< id of the run, "" if it has none */
  const char *recipe;  /**< what decided every bit of it, as in checkpoints */
  const char *metrics; /**< history, one JSON object a line */
  const char *job;     /**< resolved job */
} kith_embeddings_note;

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
                                  const kith_embeddings_note *note) KITH_MUST_USE;
/** What embeddings.h5 says of its origin. */
typedef struct kith_embeddings_origin {
  char model[KITH_NAME], run[KITH_NAME]; /**< run "": of a version without ids of runs */
  char *recipe;                          /**< a new block, freed by the caller; null: of a version without */
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

/* ---- checkpoints ---- */

/** Dense weights, flat, with Adam's moments; the same on every rank; lent.  n = 0: none. */
typedef struct kith_checkpoint_weights {
  int64_t n;
  float *value, *m, *v;
} kith_checkpoint_weights;

enum { KITH_SCORE = 128 }; /**< bytes of the words for what epochs are compared by */

/** All that a run needs to go on, to the last bit, on any number of ranks. */
typedef struct kith_checkpoint {
  int d;
  float *x, *m, *v; /**< [n_own, d] parameters and Adam's moments; lent; d = 0: rows have none */
  kith_checkpoint_weights weights;
  int64_t epoch, step;    /**< whole epochs done, and steps done of the next one */
  kith_sum loss;          /**< over ranks, of the steps done of the next epoch */
  double best;            /**< best score so far */
  int64_t best_epoch;     /**< 0: none */
  bool keeps_best;        /**< writing: the checkpoint of best_epoch stays, however old */
  bool refused;           /**< reading: the file is good, but of another graph or another recipe */
  int64_t stale;          /**< evaluations since the best */
  double seconds;         /**< in the steps done of the next epoch */
  int64_t halo_bytes;     /**< over ranks, in exchanges of ghosts by them */
  char run[KITH_NAME];    /**< id of the run, which all its files have; "": of a version without */
  char score[KITH_SCORE]; /**< what `best` measures, "recall@20 on valid"; "": evaluations pick no epoch */
  bool has_score;         /**< reading: the file says so; versions before 0.2 do not */
  const char *recipe;     /**< what must be the same to go on */
  char *history;   /**< metrics, one JSON object a line; a new block after reading, freed by the caller */
  const char *job; /**< resolved job, for readers */
} kith_checkpoint;

/**
 * Whether two recipes differ; the first words in which they do, "" where one of them has no more words.
 * Local.
 *
 * @param a_word, b_word  [KITH_NAME]
 */
bool kith_recipe_differs(const char *a, const char *b, char *a_word, char *b_word);

/** Bytes of rows and weights in a checkpoint: values and Adam's two moments.  Local. */
static inline int64_t kith_checkpoint_bytes(int64_t rows, int d, int64_t n_weight) {
  return 12 * (rows * d + n_weight);
}

/**
 * Write `folder`/checkpoint-EEEEEE-SSSSSS.h5 (epoch, step), then `folder`/checkpoint-latest that names it;
 * then remove, of it and those before it, all but the newest `keep` files, and that of the best epoch where
 * c->keeps_best. Collective over `comm`, which is that of `rows`.
 */
kith_agreed kith_checkpoint_write(const kith_comm *comm, const kith_graph *g, kith_rows *rows,
                                  const char *folder, int keep, const kith_checkpoint *c) KITH_MUST_USE;
/**
 * The path of the nth checkpoint to try, from 0: first that which checkpoint-latest names, be it there or
 * not, then all others, the newest first; "" if there are no more.  Collective. Errors: KITH_EDATA if
 * checkpoint-latest holds no name and there is no other; KITH_ENOINPUT, KITH_ENOMEM.
 */
kith_agreed kith_checkpoint_find(const kith_comm *comm, const char *folder, int nth,
                                 char *path) KITH_MUST_USE;
/** The path of the checkpoint after that many whole epochs, or "" if it is not there.  Collective. */
kith_agreed kith_checkpoint_of(const kith_comm *comm, const char *folder, int64_t epoch,
                               char *path) KITH_MUST_USE;
/**
 * Read into c->x, c->m, c->v, which the caller has made [n_own, c->d], and the rest of `c`.  Moments, those
 * of the weights too, are not read where their place is null.  Collective. Errors: KITH_ENOINPUT, KITH_EDATA
 * (torn); KITH_EDATA (another graph) and KITH_ECONFIG (c->recipe differs from the file's: the first
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
