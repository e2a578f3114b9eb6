/*
 * Private to ingest: the interactions, read by all ranks.
 *
 * Each rank reads a span of the list: bytes of plain files, cut at line ends, and whole packed files.  Ranks
 * are in the order of the spans, so what one rank would find first is what the lowest rank finds.  Ids are
 * numbered by their owners, a hash of the id; rows of users go to ranks by ranges of numbers.
 */
#ifndef KITH_INGEST_SHARED_H
#define KITH_INGEST_SHARED_H

#include "ingest/edge_reader.h"
#include "comm/comm.h"

/** A hash of bytes (FNV-1a), its upper bits folded into the lower ones.  Local. */
static inline uint64_t kith__shared_hash(uint64_t h, int64_t n, const char *bytes) {
  for (int64_t i = 0; i < n; i++) h = (h ^ (unsigned char)bytes[i]) * 0x100000001b3u;
  h = (h ^ (h >> 32)) * 0x9e3779b97f4a7c15u;
  return h ^ (h >> 29);
}

/** What a rank found in its span; plain data, sent as bytes. */
typedef struct kith__edge_part {
  int status;             /**< of reading, kith_status */
  bool inexact;           /**< one rank might not have failed, or not so: it has to read the list */
  uint64_t files;         /**< a hash of the names and sizes of the files */
  int first, last;        /**< files where its lines begin and end; -1: there are none */
  bool inside;            /**< its lines begin within the first file */
  int64_t last_lines;     /**< lines of the last file */
  int64_t n_line, n_edge; /**< lines and edges */
  int64_t data, headers, comments, blank, below_min_weight, left_out; /**< counts of lines and edges */
  int min, max;       /**< adjacency: fewest and most fields of a line */
  bool fails_at_line; /**< the failure is of a line: `line` of its last file */
  int64_t line;
  kith__time_units units; /**< whose paths are those of this rank */
  int units_file;         /**< the file of units.line; -1: none */
} kith__edge_part;

/** Read this rank's span.  Local.  `text` [KITH_PATH + KITH__FAILURE] gets the message of a failure, without
 * file and line where part->fails_at_line. */
void kith__edge_part_read(const kith_edge_source *source, int rank, int size, kith__edge_policy *policy,
                          kith__edge_reader *reader, kith__edge_list *edges, kith__edge_part *part,
                          char *text);

/** The interactions when all ranks have read them. */
typedef struct kith__shared_list {
  bool is;                  /**< false: rank 0 has to read the list */
  bool gathered;            /**< rank 0 has the ids of all, and others have none */
  kith_ids ids[KITH_SIDES]; /**< those that this rank has first; the next rank's numbers follow */
  int64_t n[KITH_SIDES];    /**< of all */
  int64_t *first;           /**< [size + 1] users whose rows the ranks have */
  kith__edge_csr rows;      /**< of this rank's users */
  int64_t duplicates;       /**< of all ranks */
  int64_t below_min_weight; /**< rank 0's: of all */
  kith_list_report report;  /**< rank 0's */
} kith__shared_list;

/**
 * Read the interactions by all ranks.  Collective.  Warnings are rank 0's.
 *
 * Errors: those of kith__edge_list_read(), in the words that one rank has for the first of them in the list.
 * Memory: per rank that of its span, twice while edges are exchanged.
 */
kith_agreed kith__shared_list_read(const kith_comm *comm, const kith_ingest_options *o,
                                   kith__shared_list *out) KITH_MUST_USE;
void kith__shared_list_free(kith__shared_list *list);

/**
 * Number the ids of all ranks' maps by first appearance.  Collective.  Errors: KITH_ENOMEM.
 *
 * @param[out] number  a new block [map->n]: the number of each id of this rank's map
 * @param[out] ids     those that this rank has first, from number *first on
 * @param[out] n       all of them; above the most that a graph may have, nothing else is given
 */
kith_agreed kith__shared_ids(const kith_comm *comm, const kith__id_map *map, int32_t **number, kith_ids *ids,
                             int64_t *first, int64_t *n) KITH_MUST_USE;
/** Rank 0 gets the ids of all ranks, one behind the other; those of the others are freed.  Collective.
 * Errors: KITH_ENOMEM. */
kith_agreed kith__shared_gather_ids(const kith_comm *comm, kith_ids *ids) KITH_MUST_USE;

/** Ranges of users with about equally many edges of all ranks: first [size + 1].  The users of `edges` get
 * their numbers of all ranks.  Collective.  Errors: KITH_ENOMEM. */
kith_agreed kith__shared_ranges(const kith_comm *comm, kith__edge_list *edges, const int32_t *number,
                                int64_t n_user, int64_t *first) KITH_MUST_USE;
/**
 * Send edges to the ranks of their users, and make rows of them.  Collective.  Errors: KITH_ENOMEM.
 *
 * @param first           of kith__shared_ranges(), which was called before
 * @param[in,out] number  [KITH_SIDES] numbers of all ranks for those of this one; freed
 * @param later           added to times
 * @param[in,out] edges   in the order of the list; freed
 */
kith_agreed kith__shared_rows(const kith_comm *comm, const int64_t *first, int32_t **number, int64_t later,
                              kith__edge_list *edges, kith__edge_csr *rows,
                              int64_t *duplicates) KITH_MUST_USE;

/** Gather blocks of bytes on rank 0, one behind the other, of any size.  `all` may be null elsewhere.
 * Collective. */
void kith__shared_gather(const kith_comm *comm, int64_t n, const void *mine, void *all);
/** The reverse: elements first[r] … first[r + 1] - 1 of `all`, of `each` bytes, go to rank r, which knows
 * that they are n.  `first` [size + 1] and `all` may be null but on rank 0.  Collective. */
void kith__shared_scatter(const kith_comm *comm, int64_t each, const int64_t *first, const void *all,
                          int64_t n, void *mine);
/** Rows first[r] … first[r + 1] - 1 of rank 0's go to rank r.  Collective.  Errors: KITH_ENOMEM; the caller
 * frees *mine, then too. */
kith_agreed kith__shared_scatter_ragged(const kith_comm *comm, const int64_t *first, const kith_ragged *all,
                                        kith_ragged *mine) KITH_MUST_USE;
/** The same with what is known of their edges; `all` is freed.  Collective.  Errors: KITH_ENOMEM; the caller
 * frees *mine, then too. */
kith_agreed kith__shared_scatter_rows(const kith_comm *comm, const int64_t *first, kith__edge_csr *all,
                                      kith__edge_csr *mine) KITH_MUST_USE;

/**
 * Count the overlaps of the ties that rank 0 has, as kith__relations_overlap() does, with the rows of all
 * ranks.  Collective.  Errors: KITH_ENOMEM.  Memory: of a rank its rows once more, where items are tied, its
 * users' ties, and a piece of another rank's rows.
 *
 * @param first   [size + 1] users whose rows the ranks have
 * @param train   of this rank's users
 * @param[in,out] t, report  rank 0's
 */
kith_agreed kith__shared_overlaps(const kith_comm *comm, const int64_t *first, int64_t n_item,
                                  const kith_ragged *train, kith__graph_data *t,
                                  kith_ingest_report *report) KITH_MUST_USE;

/**
 * What ingest does with the rows of users when all lists are read: the test list's rows, the split, overlaps,
 * counts.  Collective.  Errors: KITH_ECONFIG, KITH_EDATA, KITH_ENOMEM.
 *
 * @param shared  whose rows are taken; with `is` false, of a communicator of rank 0 alone, `train` is
 * @param[in,out] train, test  edges of the lists that rank 0 read; freed
 * @param[in,out] t  on rank 0 ids, relations and schema; it gets the rows of this rank's users
 */
kith_agreed kith__user_rows_make(const kith_comm *comm, const kith_ingest_options *o,
                                 kith__shared_list *shared, kith__edge_list *train, kith__edge_list *test,
                                 kith__graph_data *t, kith_ingest_report *r) KITH_MUST_USE;

#endif
