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

/** The span of a rank in the files of a list: bytes from … of file `first` to the lines that begin before
 * byte `to` of file `last`; last < first: nothing.  `head` bytes of the first file with data stay with rank
 * 0. */
typedef struct kith__span {
  int first, last;
  int64_t from, to;
} kith__span;
kith__span kith__span_of(const kith__list_files *files, int rank, int size, int head_file, int64_t head);

/** Read this rank's span.  Local.  `text` [KITH_PATH + KITH__FAILURE] gets the message of a failure, without
 * file and line where part->fails_at_line. */
void kith__edge_part_read(const kith_edge_source *source, int rank, int size, kith__edge_policy *policy,
                          kith__edge_reader *reader, kith__edge_list *edges, kith__edge_part *part,
                          char *text);

/** The interactions as rank 0 has them when all ranks have read them. */
typedef struct kith__shared_list {
  bool is; /**< false: rank 0 has to read the list */
  kith_ids ids[KITH_SIDES];
  kith__edge_csr rows;
  int64_t duplicates, below_min_weight;
  kith_list_report report;
} kith__shared_list;

/**
 * Read the interactions by all ranks.  Collective.  Rank 0 gets all; warnings are its own.
 *
 * Errors: those of kith__edge_list_read(), in the words that one rank has for the first of them in the list.
 * Memory: per rank that of its span, twice while edges are exchanged; of rank 0 ids and rows of all besides.
 */
kith_agreed kith__shared_list_read(const kith_comm *comm, const kith_ingest_options *o,
                                   kith__shared_list *out) KITH_MUST_USE;
void kith__shared_list_free(kith__shared_list *list);

/**
 * Number the ids of all ranks' maps by first appearance.  Collective.  Errors: KITH_ENOMEM.
 *
 * @param[out] number  a new block [map->n]: the number of each id of this rank's map
 * @param[out] ids     on rank 0: all ids by number; on others empty
 * @param[out] n       their number on all ranks; above the most that a graph may have, nothing else is given
 */
kith_agreed kith__shared_ids(const kith_comm *comm, const kith__id_map *map, int32_t **number, kith_ids *ids,
                             int64_t *n) KITH_MUST_USE;

/** Gather blocks of bytes on rank 0, one behind the other, of any size.  `all` may be null elsewhere.
 * Collective. */
void kith__shared_gather(const kith_comm *comm, int64_t n, const void *mine, void *all);

#endif
