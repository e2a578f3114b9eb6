/** Append: new lists behind an old graph.h5, in another one.  docs/files.md describes what that file says. */
#ifndef KITH_INGEST_APPEND_H
#define KITH_INGEST_APPEND_H

#include "ingest/ingest.h"

/** New lists; each is optional, but one must be there. */
typedef struct kith_append_options {
  kith_edge_source interactions; /**< settings that are left open are those of data.interactions */
  int n_relation;
  kith_relation_source relation[KITH_MAX_RELATIONS]; /**< lists with the settings of data.relations; the ends
                                                          are those of the graph's relation */
  kith_feature_source features[KITH_SIDES];          /**< of new users and items */
} kith_append_options;

/** Counts of what kith_append() read, merged and skipped; equal on all ranks. */
typedef struct kith_append_report {
  bool nothing; /**< the lists hold nothing that the graph lacks; no file was written */
  kith_schema schema;
  int64_t n[KITH_MAX_TYPES], n_old[KITH_MAX_TYPES]; /**< nodes of each type, and how many there were */
  int64_t train;                                    /**< training interactions, the new ones included */
  int64_t pairs;                                    /**< new training interactions */
  int64_t events;                                   /**< of a stream: new ones */
  int64_t known;            /**< interactions that were training interactions before, merged */
  int64_t earlier;          /**< of these, with an earlier time, which is kept now, with its weight */
  int64_t held_out;         /**< interactions that are held out for validation or test, skipped */
  int64_t outside;          /**< interactions outside of the core that data.split cut, skipped */
  int64_t warmed;           /**< held-out items that have their first training interaction by the list */
  int64_t duplicates;       /**< repeated interactions within the list, merged */
  int64_t below_min_weight; /**< interactions below the minimum weight, skipped */
  kith_list_report list;    /**< how the interactions were read */
  struct kith_append_relation_report {
    kith_relation_report list;    /**< edges: new ones; duplicates: repeated within the list */
    int64_t known;                /**< edges that the graph has, merged */
  } relation[KITH_MAX_RELATIONS]; /**< as in the options */
  kith_list_report features_list[KITH_SIDES];
  int64_t features_unknown[KITH_SIDES]; /**< features that the graph does not have, skipped */
  int64_t nodes_unknown[KITH_SIDES];    /**< lines of features of ids that no interaction names, skipped */
  int64_t without_features[KITH_SIDES]; /**< new nodes without features, where known ones have some */
  int64_t unnamed[KITH_SIDES];          /**< new nodes without a name, where the graph has names */
} kith_append_report;

/**
 * Read new lists and write another graph.h5, with what they hold behind what `old_path` holds: its nodes keep
 * their numbers, and new ones follow in the order of their first appearance, in the interactions, then in the
 * relations.  Held-out interactions stay held out; all new ones are training interactions.  The old file is
 * the new one's parent (docs/files.md).
 *
 * With data->split.between the list is one of slices of time, as kith_ingest() reads it: what it holds of
 * times from `from` to before `until` becomes the test split, in place of all that was held out, later lines
 * are not read, and there is another graph even if nothing is new.
 *
 * Collective over `comm`; rank 0 does the work.
 *
 * @param data      what kith_ingest() read: settings that `o` leaves open, and meta-paths
 * @param job       the resolved job as text, stored in the file
 * @param out_path  the file to write, another one than old_path
 * Errors: those of kith_ingest(); KITH_ECONFIG also if a list lacks a column that the graph has, or the other
 * way round, or if the graph lacks its relation.
 * Memory: that of both graphs.
 */
kith_agreed kith_append(const kith_comm *comm, const kith_ingest_options *data, const kith_append_options *o,
                        const char *old_path, const char *job, const char *out_path,
                        kith_append_report *report) KITH_MUST_USE;

/**
 * Whether the lists are those that the last update of graph.h5 at `path` has taken, byte by byte. Collective;
 * rank 0 reads them.  Errors: KITH_ENOINPUT, KITH_EDATA, KITH_EIO, KITH_ENOMEM.
 */
kith_agreed kith_append_is_taken(const kith_comm *comm, const kith_append_options *o, const char *path,
                                 bool *taken) KITH_MUST_USE;

#endif
