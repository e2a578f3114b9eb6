/**
 * Newcomers: nodes that are not in the graph that was trained on, what they interacted with, and the file of
 * their embeddings.
 */
#ifndef KITH_NEWCOMERS_H
#define KITH_NEWCOMERS_H

#include "kith/io.h"

/** Whose ids a list brings that the graph does not know. */
typedef enum kith_new_kind { KITH_NEW_USERS, KITH_NEW_ITEMS, KITH_NEW_BOTH } kith_new_kind;

/** What becomes of a pair with an id that the graph does not know and that may not be new. */
typedef enum kith_unknown_kind { KITH_UNKNOWN_SKIP, KITH_UNKNOWN_ERROR } kith_unknown_kind;

/** Where newcomers are told of: lists of what they interacted with, and of what they are like; some may be
 * missing. */
typedef struct kith_new_options {
  kith_source interactions;
  kith_source like; /**< data.interactions: what this list takes over where the job leaves it open */
  kith_feature_source features[KITH_TYPES];
  kith_new_kind what;
  kith_unknown_kind unknown;
} kith_new_options;

/** The same on every rank. */
typedef struct kith_newcomers {
  int64_t
      known[KITH_TYPES]; /**< nodes of the graph: newcomer i of a type has the original number known + i */
  int64_t n[KITH_TYPES]; /**< newcomers, numbered as their ids first appear */
  int64_t n_pair;
  int32_t *user,
      *item; /**< [n_pair] original numbers, by user, then item, each pair once; one of the two is new */
  kith_features features[KITH_TYPES]; /**< a row for each newcomer of a type; start is null without a list */
  int64_t unknown_features;           /**< features of newcomers that no node of the graph has, left out */
  int64_t skipped;                    /**< pairs with an unknown partner, left out */
  int64_t alone[KITH_TYPES]; /**< newcomers without any pair: only their features speak for them, if they have
                                any */
  kith_list_report list;     /**< how the interactions were read */
  int64_t duplicates,
      light; /**< repeated pairs, counted once; lines of less than the least weight, passed over */
  kith_ids ids[KITH_TYPES]; /**< the newcomers' own; numbers and texts only on rank 0 */
} kith_newcomers;

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
kith_agreed kith_newcomers_read(const kith_comm *comm, const char *graph_path, const kith_new_options *o,
                                kith_newcomers *out) KITH_MUST_USE;
/** Local. */
void kith_newcomers_free(kith_newcomers *newcomers);

/**
 * The global numbers behind original ones, number [n]; for known nodes of one type.  Collective; each rank
 * asks for its own.
 * @param original  [n] ascending
 */
kith_agreed kith_numbers_read(const kith_comm *comm, const char *parts_path, const kith_graph *g,
                              kith_node_type type, int64_t n, const int64_t *original,
                              int64_t *number) KITH_MUST_USE;

/**
 * Write the newcomers' ids and embeddings in a file of the layout of embeddings.h5.  Collective.
 *
 * @param first, n  this rank brings the rows of newcomers first … first + n - 1, users before items; all
 * ranks' follow each other
 * @param x         [n, d]
 */
kith_agreed kith_newcomers_write(const kith_comm *comm, const kith_graph *g, const kith_newcomers *newcomers,
                                 const char *path, int64_t first, int64_t n, int d, const float *x,
                                 const kith_embeddings_note *note) KITH_MUST_USE;

#endif
