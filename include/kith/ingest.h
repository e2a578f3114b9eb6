/**
 * Ingest: read text lists into graph.h5; read lists of new nodes for a trained graph.
 *
 * docs/files.md describes the formats of the lists.
 */
#ifndef KITH_INGEST_H
#define KITH_INGEST_H

#include "kith/store.h"

/** Format of a list of edges: "user item item …" per line, or one edge per line; auto: detected. */
typedef enum kith_list_format { KITH_FORMAT_AUTO, KITH_ADJACENCY, KITH_EDGES } kith_list_format;

/** Whether the first line is a header.  Auto: it is not; a line that looks like a header is an error. */
typedef enum kith_header { KITH_HEADER_AUTO, KITH_HEADER_YES, KITH_HEADER_NO } kith_header;

/** Lines that begin with #.  Auto: comments, but one that looks like data is an error; none: data. */
typedef enum kith_comment { KITH_COMMENT_AUTO, KITH_COMMENT_HASH, KITH_COMMENT_NONE } kith_comment;

/** Double quotes.  CSV: as in RFC 4180; none: ordinary characters. */
typedef enum kith_quoting { KITH_QUOTING_CSV, KITH_QUOTING_NONE } kith_quoting;

/** Type of ids.  Auto: integers or text, by the first id of each node type; text: all ids are text. */
typedef enum kith_id_kind { KITH_ID_AUTO, KITH_ID_TEXT } kith_id_kind;

/** A list of edges and its format. */
typedef struct kith_edge_source {
  char path[KITH_PATH]; /**< plain, gzip or zstd; "": no list */
  kith_list_format format;
  char delimiter[8];  /**< ",", "\t", " ", "::"; "": white space (adjacency), detected (edges) */
  kith_header header; /**< edges only */
  kith_comment comment;
  kith_quoting quoting;
  kith_id_kind ids; /**< set for the interactions; all other lists follow */
  /** Columns, by name or by number from 1; "": user 1, item 2, none of the others. */
  char user[KITH_NAME], item[KITH_NAME];
  /** A time is a number of seconds, rounded down, or a UTC date, "2010-10-19" or "2010-10-19T23:55:27Z": all
   * of a list in one form.  A weight is a finite number. */
  char time[KITH_NAME], weight[KITH_NAME]; /**< time "line": the number of the line, or an order of places */
  char kind[KITH_NAME];                    /**< likewise; relations only */
  /** Of a stream, numbers that describe an event: columns, or ranges of their numbers as 5-176, separated by
   * commas; "": none. */
  char features[256];
  double min_weight; /**< skip lines with a smaller weight; 0: keep all */
} kith_edge_source;

/** A list of a relation's edges.  Columns `user` and `item` of the list are those of the two ends. */
typedef struct kith_relation_source {
  char name[KITH_NAME]; /**< of the relation */
  char key[KITH_NAME];  /**< "data.social": the job key of the list, for messages; "": data.relations.NAME */
  char from[KITH_NAME],
      to[KITH_NAME]; /**< node types of the ends; further types exist because a list names them */
  kith_direction direction;
  kith_edge_source list;
} kith_relation_source;

enum { KITH_MAX_PATH_STEPS = 8 };

/** The relations that a meta-path follows, one after the other. */
typedef struct kith_path_steps {
  int n;
  struct kith_path_step {
    char name[KITH_NAME]; /**< of the relation */
    bool back;            /**< from its end `to` to its end `from` */
  } of[KITH_MAX_PATH_STEPS];
} kith_path_steps;

/** Weights of a meta-path's edges: the number of its instances between two nodes, or their PathSim. */
typedef enum kith_path_weights { KITH_PATH_COUNT, KITH_PATH_SIMILARITY } kith_path_weights;

/** A meta-path: a relation that ingest composes of others. */
typedef struct kith_path_source {
  char name[KITH_NAME]; /**< of the relation that it becomes */
  kith_path_steps steps;
  int keep; /**< edges of a row that are kept: the best by PathSim or, of paths that do not lead back as they
               came, by instances; of equal ones the first by number; 0: all */
  kith_path_weights weights;
} kith_path_source;

typedef enum kith_split_method {
  KITH_SPLIT_NONE,
  KITH_SPLIT_RATIO,
  KITH_SPLIT_LEAVE_LAST_OUT,
  KITH_SPLIT_TIME,
  KITH_SPLIT_CORE,
  KITH_SPLIT_ITEMS,
  KITH_SPLIT_STREAM
} kith_split_method;

/**
 * Which interactions are held out.  Ratio: random ones of each user; leave-last-out: each user's last one for
 * test, the one before it for validation; time: the latest ones of all users; core: random ones of each user
 * of the k-core, the largest set of interactions in which each user and each item has k or more, and all
 * other interactions are left out of training; items: all of random items; stream: the latest events, where
 * every line is an event, and an interaction is held out if its first event is.
 */
typedef struct kith_split {
  kith_split_method method;
  /** Fractions of a user's interactions (time: of all; core: of those in the core; items: of the items that
   * have any; stream: of the events); together less than 1.
   * Leave-last-out: any value above 0, such as 0.1, holds out one interaction of a user, 0 none. */
  double valid, test;
  int core;      /**< core: the interactions that each user and item has at least */
  uint64_t seed; /**< of the random choice; leave-last-out: among equal times */
  /** Time, in place of shares: test are the interactions of times from `from` to before `until`.  Lines of
   * later ones are not read, as if the list had been written at that time. */
  bool between;
  int64_t from, until;
} kith_split;

/** Equal times that a split met, among which it has to choose (leave-last-out) or which it keeps together
 * (time); and its core. */
typedef struct kith_split_report {
  int64_t users;       /**< leave-last-out: users with a held-out interaction */
  int64_t tied;        /**< of these, users whose last interaction was drawn from ties */
  int64_t tied_before; /**< the same for the interaction before the last */
  int64_t kept_test;   /**< time: interactions missing from the test share, since ties are not split */
  int64_t kept;        /**< time: interactions missing from both shares, which stay in training */
  int64_t core_users, core_items, core_pairs; /**< core: what it holds … */
  int64_t outside_users, outside_items,
      outside_pairs;                         /**< … and with interactions outside; pairs: not trained */
  int64_t events, events_valid, events_test; /**< stream: all of them, and those held out */
  int64_t events_moved;                      /**< stream: lines that are not in order of time */
  int event_features;                        /**< stream: numbers that describe an event */
} kith_split_report;

/**
 * Format of a list of features, behind the id.  Sparse: the features of the node ("7 12", "7:0.5"); dense: a
 * number per feature; long: one feature per line, with or without a weight ("7", "7 0.5").  Auto: sparse or
 * long, detected.
 */
typedef enum kith_feature_format {
  KITH_SPARSE,
  KITH_DENSE,
  KITH_LONG,
  KITH_FEATURES_AUTO
} kith_feature_format;

/** A list of features of the nodes of a type; a line holds an id and features. */
typedef struct kith_feature_source {
  char path[KITH_PATH]; /**< "": no list */
  kith_feature_format format;
  bool header;    /**< the first line is a header */
  bool normalize; /**< divide each node's features by their sum */
} kith_feature_source;

/** What the job says of a node type. */
typedef struct kith_node_source {
  char name[KITH_NAME]; /**< of the type */
  kith_feature_source features;
  char same_as[KITH_NAME]; /**< "user" or "item": an id of this type that is the id of a user (item) means
                              that user (item); "": no id does */
} kith_node_source;

/** A list of display names of users or items; a line holds an id and a name. */
typedef struct kith_name_source {
  char path[KITH_PATH]; /**< "": no list */
  char delimiter[8];    /**< "": the one that finds the most known ids in the first lines */
  bool header;          /**< the first line is a header */
  char id[KITH_NAME],
      name[KITH_NAME]; /**< columns, by name or by number from 1; id "": 1; name "": the rest of the line */
} kith_name_source;

/** Counts of a list of names. */
typedef struct kith_name_report {
  int64_t named, unnamed; /**< nodes with and without a name; 0 and 0 without a list */
  int64_t unknown;        /**< lines with unknown ids, skipped */
  int64_t repeated;       /**< further names of a node, skipped: the first name counts */
  int64_t truncated;      /**< names cut to 255 bytes */
} kith_name_report;

/** How a list was read, and counts of its lines. */
typedef struct kith_list_report {
  char kind[12];           /**< "edges", "adjacency", "sparse", "names" …; "": there was no such list */
  kith_list_format format; /**< of edges and adjacency lists */
  char delimiter[8];       /**< "": white space */
  int n_column;            /**< columns of the first lines; 0: their number differs */
  int user, item, time, weight; /**< edges: columns, from 1; 0: none.  Names: id and name as user and item */
  int kind_column;              /**< edges of a relation: column of the kind, from 1; 0: none */
  int n_feature;                /**< events of a stream: columns of features, … */
  int features;                 /**< … and which of the first ones: bit k for column k + 1 */
  kith_time_is time_is;         /**< what times are, if there are any */
  bool from_to;                 /**< edges of a relation: the columns user and item are from and to */
  int64_t header;               /**< line number of the header; 0: none */
  int64_t lines, comments, blank; /**< lines of data, comments, empty lines */
  int64_t repeated;               /**< repetitions of the header, skipped */
} kith_list_report;

/** What ingest reads. */
typedef struct kith_ingest_options {
  kith_edge_source interactions, test; /**< test is optional */
  int n_relation;
  kith_relation_source relation[KITH_MAX_RELATIONS]; /**< further relations, in the order of the schema */
  int n_path;
  kith_path_source path[KITH_MAX_RELATIONS]; /**< meta-paths; in the schema they follow the relations */
  int n_type;
  kith_node_source type[KITH_MAX_TYPES];    /**< node types of which the job says something, in any order */
  kith_feature_source features[KITH_SIDES]; /**< of users and of items; those of further types: in `type` */
  kith_name_source names[KITH_SIDES];       /**< of users and of items */
  kith_split split;                         /**< with a test list, only the validation share is held out */
} kith_ingest_options;

/** Counts of the list of a relation. */
typedef struct kith_relation_report {
  int64_t edges;      /**< distinct edges; u-v and v-u are two, and edges of different kinds */
  int64_t both;       /**< KITH_DIRECTION_BOTH of a type with itself: edges u-v of which v-u is listed, too */
  int64_t duplicates; /**< repeated edges, merged */
  int64_t unknown;    /**< edges with an unknown user or item, skipped */
  int64_t swapped;    /**< of `unknown`, edges that fit with the columns from and to exchanged: if they
                         are most, the job has exchanged the columns */
  int64_t self_loops; /**< edges of a node with itself, skipped */
  int64_t below_min_weight; /**< edges below the minimum weight, skipped */
  bool overlaps; /**< whether ingest counted the training neighbors that both ends have: of ties (kith_tie)
                    of users, or of items */
  int64_t cut;   /**< meta-paths: edges that data.paths.NAME.keep leaves out */
  int64_t without_overlap; /**< overlaps: edges whose ends have none in common */
  kith_list_report list;
} kith_relation_report;

/** Counts of what ingest read, merged and skipped. */
typedef struct kith_ingest_report {
  kith_schema schema;
  int64_t n[KITH_MAX_TYPES];      /**< nodes of each type; same_as: without users (items) */
  int64_t shared[KITH_MAX_TYPES]; /**< same_as: users (items) that relations name as this type */
  int64_t train, valid, test;     /**< distinct interactions of each split */
  int64_t duplicates;             /**< repeated interactions within a list, merged */
  int64_t test_in_train;          /**< test interactions that are training interactions, too; kept in both */
  int64_t below_min_weight;       /**< interactions below the minimum weight, skipped */
  int64_t cold_items;             /**< held-out items without a training interaction */
  int64_t cold_users;             /**< users without a training interaction */
  kith_relation_report relation[KITH_MAX_RELATIONS]; /**< as in the schema */
  bool text_ids[KITH_MAX_TYPES], has_time, has_weight;
  int64_t
      lookalikes[KITH_MAX_TYPES]; /**< text ids that look like another: invisible marks, forms of accents */
  kith_list_report interactions_list, test_list, features_list[KITH_MAX_TYPES], names_list[KITH_SIDES];
  int64_t features[KITH_MAX_TYPES];         /**< distinct features of each type; 0 without a list */
  int64_t features_unknown[KITH_MAX_TYPES]; /**< lines with unknown ids, skipped */
  int64_t without_features[KITH_MAX_TYPES]; /**< nodes without a line */
  kith_name_report names[KITH_SIDES];
  kith_split_report split;
  kith_drift drift; /**< of the training interactions, if they have times */
  kith_feature_format features_format[KITH_MAX_TYPES]; /**< given or detected */
  bool features_weighted[KITH_MAX_TYPES];              /**< long: there is a column of weights */
  int64_t features_repeated[KITH_MAX_TYPES];           /**< long: repeated node and feature, merged */
} kith_ingest_report;

/**
 * Read the text lists, number nodes, merge repetitions, split, and write graph.h5 (layout: docs/files.md).
 *
 * Users and items are those of the interactions and the test list.  A relation's list adds nodes of further
 * types, which exist because a list names them; edges with an unknown user or item are skipped.
 *
 * Collective over `comm`: all ranks read, split and write the interactions, unless they are a stream; rank 0
 * does the rest.
 *
 * @param job         the resolved job as text, stored in the file
 * @param path        the file to write; its folder must exist
 * @param[out] report equal on all ranks
 * Errors: KITH_ENOINPUT (missing list), KITH_EDATA (with file:line), KITH_ECONFIG (columns, shares, a split
 * by time without times, names of relations and types), KITH_ENOMEM, KITH_EOUTPUT, KITH_EIO. Memory: 12 bytes
 * per interaction and edge, 28 with times, 36 with times and weights, 4 more with kinds; 20 per feature of a
 * node.
 */
KITH_API kith_agreed kith_ingest(const kith_comm *comm, const kith_ingest_options *o, const char *job,
                                 const char *path, kith_ingest_report *report) KITH_MUST_USE;

/** Lists of a node classification.  Line i, from 0, of labels and features is node i; the other lists hold
 * these numbers. */
typedef struct kith_ingest_nodes_options {
  char edges[KITH_PATH];    /**< two nodes per line; each edge in one direction or both; "": none, if there
                               are relations */
  char labels[KITH_PATH];   /**< integers or text; empty line or -1: no label */
  char features[KITH_PATH]; /**< "": none */
  kith_feature_format format;
  bool normalize;                                           /**< divide each row of features by its sum */
  char train[KITH_PATH], valid[KITH_PATH], test[KITH_PATH]; /**< node numbers; valid and test may be "" */
  /** Relations of nodes, whose type is called `node`, with each other or with further types; meta-paths of
   * them from nodes to nodes.  Borrowed. */
  int n_relation, n_path;
  const kith_relation_source *relation; /**< [n_relation] */
  const kith_path_source *path;         /**< [n_path] */
} kith_ingest_nodes_options;

/** Counts of what kith_ingest_nodes() read, merged and skipped. */
typedef struct kith_ingest_nodes_report {
  int64_t n, n_edge;               /**< nodes; undirected edges, each once */
  int n_class, n_feature;          /**< distinct labels; features of a node, 0 without a list */
  int64_t split[KITH_NODE_SPLITS]; /**< number of nodes of each split */
  int64_t duplicates, self_loops;  /**< repeated edges, merged; self-loops, skipped */
  int64_t isolated, unlabeled;     /**< nodes without neighbors; nodes without a label */
  int64_t minus_one;               /**< unlabeled nodes whose line is -1 */
  kith_list_report edges_list, labels_list, features_list, split_list[KITH_NODE_SPLITS];
  kith_schema schema;           /**< `node` and the further types that lists name; lists, then meta-paths */
  int64_t n_of[KITH_MAX_TYPES]; /**< nodes of each type */
  kith_relation_report relation[KITH_MAX_RELATIONS]; /**< as in the schema */
  bool
      stored[KITH_MAX_RELATIONS]; /**< whether graph.h5 has it: relations among nodes; others are for paths */
} kith_ingest_nodes_report;

/**
 * Read the lists of a node classification and write graph.h5.  Collective over `comm`; rank 0 does the work.
 *
 * @param job, path, report  as in kith_ingest()
 * Errors: KITH_ENOINPUT, KITH_EDATA (file:line), KITH_ECONFIG (a list is not named), KITH_ENOMEM,
 * KITH_EOUTPUT, KITH_EIO.
 * Memory: 8 bytes per feature of a node, 24 per edge.
 */
KITH_API kith_agreed kith_ingest_nodes(const kith_comm *comm, const kith_ingest_nodes_options *o,
                                       const char *job, const char *path,
                                       kith_ingest_nodes_report *report) KITH_MUST_USE;

/* ---- refit: the graph that a final model is trained on ---- */

/**
 * Make the validation interactions, and those outside of a core, training interactions, as if no list had
 * been split.  Collective over `comm`.
 *
 * @param path       the graph.h5 that was read, for times and weights
 * @param[in,out] d  of users and items; overlaps of relations are counted anew
 * Errors, which leave `d` as it was: KITH_ECONFIG (nothing is held out for validation), KITH_EDATA,
 * KITH_ENOINPUT, KITH_ENOMEM.
 */
KITH_API kith_agreed kith_dataset_refit(const kith_comm *comm, const char *path,
                                        kith_dataset *d) KITH_MUST_USE;

/*
 * ---- new nodes: nodes that are not in the training graph ----
 *
 * kith_new_nodes_read() -> kith_embed() -> kith_new_embeddings_write()
 */

/** Node types whose unknown ids become new nodes. */
typedef enum kith_new_node_types { KITH_NEW_USERS, KITH_NEW_ITEMS, KITH_NEW_BOTH } kith_new_node_types;

/** Pairs with an unknown id of a type that has no new nodes: skip and count them, or fail. */
typedef enum kith_unknown_policy { KITH_UNKNOWN_SKIP, KITH_UNKNOWN_ERROR } kith_unknown_policy;

/** Lists of new nodes: their interactions, edges of relations, and features; each list is optional. */
typedef struct kith_new_nodes_options {
  kith_edge_source interactions;
  kith_edge_source defaults; /**< data.interactions: supplies settings that `interactions` leaves open */
  int n_relation;
  kith_relation_source relation[KITH_MAX_RELATIONS]; /**< lists with the settings of data.relations; the ends
                                                          are those of the graph's relation */
  kith_feature_source features[KITH_SIDES];
  kith_new_node_types what;
  kith_unknown_policy unknown;
} kith_new_nodes_options;

/** Counts of a list of a relation of new nodes. */
typedef struct kith_new_relation_report {
  kith_list_report list;
  int64_t edges;            /**< distinct edges with a new node */
  int64_t duplicates;       /**< repeated edges, merged */
  int64_t known;            /**< edges of two nodes of the graph, skipped */
  int64_t unknown;          /**< edges with an unknown id of a type that has no new nodes, skipped */
  int64_t self_loops;       /**< edges of a node with itself, skipped */
  int64_t below_min_weight; /**< edges below the minimum weight, skipped */
} kith_new_relation_report;

/** Counts of the lists of new nodes; equal on all ranks. */
typedef struct kith_new_nodes_report {
  kith_list_report list;        /**< how the interactions were read */
  int64_t unknown_features;     /**< features that the graph does not have, skipped */
  int64_t skipped;              /**< pairs with an unknown partner, skipped */
  int64_t isolated[KITH_SIDES]; /**< new nodes without a pair or an edge; features alone decide their rows */
  int64_t duplicates;           /**< repeated pairs, merged */
  int64_t below_min_weight;     /**< pairs below the minimum weight, skipped */
  kith_new_relation_report relation[KITH_MAX_RELATIONS]; /**< as in the options */
} kith_new_nodes_report;

/**
 * Read lists of new nodes.  Each pair must have a new node; of the edges of relations, those without one are
 * skipped.  Ids are new in the order of the lists: interactions, relations, features.  In lists of features,
 * an unknown id of a type that may be new is a new node, with or without interactions; other lines are
 * skipped.
 *
 * Collective over `comm`.  Rank 0 reads the lists and holds all ids of the graph meanwhile; the pairs, 8
 * bytes each, are broadcast.
 *
 * Errors: KITH_ENOINPUT; KITH_EDATA with file:line (an unknown partner, unless skipped; a pair of two known
 * nodes); KITH_ECONFIG (columns; the graph has no such features or relation); KITH_ENOMEM.
 */
KITH_API kith_agreed kith_new_nodes_read(const kith_comm *comm, const char *graph_path,
                                         const kith_new_nodes_options *o, kith_new_nodes *out,
                                         kith_new_nodes_report *report) KITH_MUST_USE;

#endif
