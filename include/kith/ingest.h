/**
 * Ingest: text lists in, graph.h5 out; and lists of nodes that a graph does not know yet.
 */
#ifndef KITH_INGEST_H
#define KITH_INGEST_H

#include "kith/store.h"

typedef enum kith_list_format { KITH_FORMAT_AUTO, KITH_ADJACENCY, KITH_EDGES } kith_list_format;

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
typedef struct kith_edge_source {
  char path[KITH_PATH];    /**< "" when the job names none; plain, gzip or zstd */
  kith_list_format format; /**< adjacency: "user item item …"; edges: one pair a line, with columns; auto: as
                         the first lines say */
  char delimiter[8];  /**< between columns: ",", "\t", " ", "::"; "" = white space for adjacency, else as the
                         first lines say */
  kith_header header; /**< edges: the first line names the columns */
  kith_comment comment;
  kith_quoting quoting;
  kith_id_kind ids; /**< of the interactions; all other lists follow them */
  char user[KITH_NAME], item[KITH_NAME], time[KITH_NAME],
      weight[KITH_NAME]; /**< column names, or numbers from 1; "" = none (user 1, item 2) */
  double min_weight; /**< lines of a smaller weight are passed over, as if they were not there; 0: none is */
} kith_edge_source;

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
  int64_t named, unnamed; /**< nodes with a name and without one; both 0 without a list */
  int64_t unknown;        /**< lines of ids that no interaction names: left out */
  int64_t repeated;       /**< further names of a node: the first one counts */
  int64_t truncated;      /**< names longer than 255 bytes */
} kith_name_report;

/** How a list was read, and what of it was passed over. */
typedef struct kith_list_report {
  kith_list_format format;        /**< auto: no such list was read */
  char delimiter[8];              /**< "": white space */
  int n_column;                   /**< of the first lines; 0: they have unequally many */
  int user, item, time, weight;   /**< edges: columns from 1; 0: there is none */
  int64_t header;                 /**< the line that names the columns; 0: none does */
  int64_t lines, comments, blank; /**< lines with data, that begin with #, with nothing */
  int64_t repeated;               /**< further lines that are the header again, passed over */
} kith_list_report;

/** What ingest reads. */
typedef struct kith_ingest_options {
  kith_edge_source interactions, test, social; /**< test and social: path "" when there is none */
  kith_feature_source features[KITH_TYPES];
  kith_name_source names[KITH_TYPES];
  kith_split split; /**< beside a test list it only takes the validation share from the interactions */
} kith_ingest_options;

/** What ingest found: counts after merging, and what was merged or left out. */
typedef struct kith_ingest_report {
  int64_t n[KITH_TYPES];
  int64_t train, valid, test; /**< distinct interactions of each list */
  int64_t duplicates;         /**< repeated interactions within a list, counted once */
  int64_t test_in_train;      /**< in the test list and among the interactions: kept in both */
  int64_t below_min_weight;   /**< interactions of less than the least weight, passed over */
  int64_t cold_items;         /**< items with no training interaction that are held out */
  int64_t cold_users;         /**< users with no training interaction */
  int64_t social;             /**< distinct social ties */
  int64_t social_duplicates, social_unknown, social_self,
      social_below_min_weight; /**< repeated; to a user without interactions; to oneself; too light: left out
                                */
  bool text_ids[KITH_TYPES], has_time, has_weight;
  kith_list_report interactions_list, test_list, social_list;
  int64_t features[KITH_TYPES];         /**< different features of each type, 0 without a list */
  int64_t features_unknown[KITH_TYPES]; /**< lines of ids that no interaction names: left out */
  int64_t without_features[KITH_TYPES]; /**< nodes that such a list says nothing of */
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
typedef struct kith_ingest_nodes_options {
  char edges[KITH_PATH];    /**< pairs, in either direction or both */
  char labels[KITH_PATH];   /**< integers or text; an empty line, or -1: no label */
  char features[KITH_PATH]; /**< "" when there are none */
  kith_feature_format format;
  bool normalize;                                           /**< divide every row of features by its sum */
  char train[KITH_PATH], valid[KITH_PATH], test[KITH_PATH]; /**< node numbers; valid and test may be "" */
} kith_ingest_nodes_options;

typedef struct kith_ingest_nodes_report {
  int64_t n, n_edge;
  int n_class, n_feature;
  int64_t split[KITH_NODE_SPLITS]; /**< nodes of each split */
  int64_t duplicates, self_loops;  /**< repeated edges, counted once; edges of a node to itself, left out */
  int64_t isolated, unlabeled;     /**< nodes without neighbors; without a label */
  int64_t minus_one;               /**< of these, nodes whose label is -1 */
} kith_ingest_nodes_report;

/**
 * Read the lists of a node classification and write graph.h5.  Collective over `comm`: rank 0 works, the
 * others learn how it ended.
 *
 * @param job, path, report  as of kith_ingest()
 * Errors: KITH_ENOINPUT, KITH_EDATA (file:line), KITH_ECONFIG (a list is not named), KITH_ENOMEM,
 * KITH_EOUTPUT, KITH_EIO. Memory: 8 bytes a feature of a node, 24 an edge.
 */
kith_agreed kith_ingest_nodes(const kith_comm *comm, const kith_ingest_nodes_options *o, const char *job,
                              const char *path, kith_ingest_nodes_report *report) KITH_MUST_USE;

/* ---- newcomers: nodes that are not in the graph that was trained on ---- */

/** Whose ids a list brings that the graph does not know. */
typedef enum kith_new_node_types { KITH_NEW_USERS, KITH_NEW_ITEMS, KITH_NEW_BOTH } kith_new_node_types;

/** What becomes of a pair with an id that the graph does not know and that may not be new. */
typedef enum kith_unknown_policy { KITH_UNKNOWN_SKIP, KITH_UNKNOWN_ERROR } kith_unknown_policy;

/** Where newcomers are told of: lists of what they interacted with, and of what they are like; some may be
 * missing. */
typedef struct kith_new_nodes_options {
  kith_edge_source interactions;
  kith_edge_source defaults; /**< data.interactions: what this list takes over where the job leaves it open */
  kith_feature_source features[KITH_TYPES];
  kith_new_node_types what;
  kith_unknown_policy unknown;
} kith_new_nodes_options;

/** What the lists of newcomers said, and what of them was left out; the same on every rank. */
typedef struct kith_new_nodes_report {
  kith_list_report list;    /**< how the interactions were read */
  int64_t unknown_features; /**< features of newcomers that no node of the graph has, left out */
  int64_t skipped;          /**< pairs with an unknown partner, left out */
  int64_t
      isolated[KITH_TYPES]; /**< newcomers without any pair: only features speak for them, if they have any */
  int64_t duplicates;       /**< repeated pairs, counted once */
  int64_t below_min_weight; /**< lines of less than the least weight, passed over */
} kith_new_nodes_report;

/**
 * Read a list of pairs that each have a newcomer, and lists of features.  Of these, lines of known nodes are
 * passed over; an unknown id is a newcomer, with or without interactions, unless its type may have none: then
 * the line is passed over too.
 *
 * Collective over `comm`: rank 0 reads, which holds all ids of the graph for that time; the pairs, 8 bytes
 * each, are shared.
 * @param o  what: users: items must be known; items: users must be; both: either may be new.
 *           unknown: whether pairs of other ids are left out, and counted, or refused
 * Errors: KITH_ENOINPUT; KITH_EDATA with file:line (an unknown partner, unless these are left out; a pair of
 * two nodes that are known); KITH_ECONFIG (columns; features that the graph was made without); KITH_ENOMEM.
 */
kith_agreed kith_new_nodes_read(const kith_comm *comm, const char *graph_path,
                                const kith_new_nodes_options *o, kith_new_nodes *out,
                                kith_new_nodes_report *report) KITH_MUST_USE;

#endif
