/*
 * Inside the partition room: parts.h5 written by all ranks.
 *
 * Rows of the file are dealt to ranks by their entries.  Three kinds of rank meet: the owner of a node knows
 * its number, the reader of a row of graph.h5 has its entries, and the writer of a number has its row of
 * parts.h5.
 */
#ifndef KITH_SRC_PARTITION_WRITER_H
#define KITH_SRC_PARTITION_WRITER_H

#include "table.h"

typedef struct partition_writer {
  const kith_comm *comm;
  const partition_dgraph *s; /* the owners of nodes */
  const kith_links *l;
  const partition_numbers *numbers;
  kith_h5 *graph, *out;
  int64_t *first; /* [size + 1] rows of each writer */
  int64_t n_row;  /* of this one */
  bool wide;      /* there are numbers above 2^32 - 1 */
  bool counting;  /* the exchange that goes on is of rows alone */
  partition_route route;
} partition_writer;

/* ---- numbers of nodes that a reader has ---- */

typedef struct partition_seen {
  partition_dgraph at; /* only ghost, to and seer are used */
  int64_t *number;     /* [n_own + at.n_ghost] */
} partition_seen;

/** Look up the numbers of node [n].  Collective.  Errors: KITH_ENOMEM, KITH_ECONFIG; the caller frees *out,
 * then too. */
kith_agreed kith__partition_look_up(const partition_writer *w, int64_t n, const int64_t *node,
                                    partition_seen *out) KITH_MUST_USE;
void kith__partition_seen_free(partition_seen *seen);
/** Of the node at a place of the list. */
static inline int64_t kith__partition_seen_number(const partition_seen *seen, int64_t place) {
  return seen->number[seen->at.to[place]];
}

/* ---- records to writers ---- */

/** Calls kith__partition_send() for every record that this rank has. */
typedef void (*partition_send)(partition_writer *w, const void *what);
/** Send a record, which begins with a row to be set, to the writer of a number. */
void kith__partition_send(partition_writer *w, int64_t number, void *record);

/** How many records the rows will get, as offsets: *start [n_row + 1] is new.  Collective.  Errors:
 * KITH_ENOMEM. */
kith_agreed kith__partition_count(partition_writer *w, partition_send send, const void *what,
                                  int64_t **start) KITH_MUST_USE;
/** Send them: `take` gets what arrives, `width` bytes each.  Collective.  Errors: KITH_ENOMEM. */
kith_agreed kith__partition_exchange(partition_writer *w, size_t width, partition_send send, const void *what,
                                     partition_take take, void *context) KITH_MUST_USE;
/** Both, into a new table.  Collective.  Errors: KITH_ENOMEM; the caller frees *t, then too. */
kith_agreed kith__partition_gather(partition_writer *w, partition_fields keep, partition_send send,
                                   const void *what, partition_table *t) KITH_MUST_USE;

/* ---- datasets ---- */

/** Write a dataset of which this rank has n rows, behind those of the ranks before.  Collective. */
kith_agreed kith__partition_write_slice(const partition_writer *w, const char *name, kith_h5_type type, int d,
                                        kith_h5_slice slice) KITH_MUST_USE;
/** Write the offsets of rows, which become those in the file.  Collective.  start [n_row + 1] is changed, and
 * changed back. */
kith_agreed kith__partition_write_start(const partition_writer *w, const char *name,
                                        int64_t *start) KITH_MUST_USE;
/** One field of n entries that are `width` bytes apart; wide: 4 bytes without a sign that become 8. */
typedef struct partition_column {
  const char *first;
  int64_t n;
  size_t width, bytes;
  bool wide;
} partition_column;
kith_agreed kith__partition_write_column(const partition_writer *w, const char *name, kith_h5_type type,
                                         partition_column x) KITH_MUST_USE;
/** The neighbors of a table's entries, and another field of them. */
kith_agreed kith__partition_write_neighbors(const partition_writer *w, const char *name,
                                            const partition_table *t) KITH_MUST_USE;
kith_agreed kith__partition_write_field(const partition_writer *w, const char *name, kith_h5_type type,
                                        const partition_table *t, size_t at, size_t bytes) KITH_MUST_USE;

/* ---- groups ---- */

/** Features of all nodes; nothing if there are none.  Collective. */
kith_agreed kith__partition_dgraph_features(partition_writer *w) KITH_MUST_USE;
/** Relations, and the attribute `schema`; nothing if there are none.  Collective. */
kith_agreed kith__partition_dgraph_relations(partition_writer *w) KITH_MUST_USE;

#endif
