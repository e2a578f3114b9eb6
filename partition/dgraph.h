/* Inside the partition room: the graph as rows of neighbors, each rank a share of the rows. */
#ifndef KITH_SRC_PARTITION_DGRAPH_H
#define KITH_SRC_PARTITION_DGRAPH_H

#include "comm/comm.h"
#include "partition.h"
#include "update.h"

/* ---- records that travel ---- */

typedef void (*partition_take)(void *context, int64_t n, const void *records);

/**
 * Sends records of `width` bytes to ranks in rounds of bounded size: whatever there is to send, memory is
 * that of a round. kith__partition_route_put() may exchange, so ranks that put more than others do it
 * together with kith__partition_route_end() of those.
 */
typedef struct partition_route {
  const kith_comm *comm;
  partition_take take; /* called with what arrives */
  void *context;
  size_t width;
  int64_t room, n; /* records of a round, and those put so far */
  char *put, *send, *got;
  int32_t *rank; /* [room] to whom */
  kith_alltoall all;
  MPI_Datatype type;
} partition_route;

/** Local.  Errors: KITH_ENOMEM; the caller frees *route, then too. */
kith_status kith__partition_route_make(const kith_comm *comm, size_t width, partition_take take,
                                       void *context, partition_route *route) KITH_MUST_USE;
void kith__partition_route_free(partition_route *route);
void kith__partition_route_put(partition_route *route, int rank, const void *record);
/** Send the rest, and take part until all ranks are here.  Collective. */
void kith__partition_route_end(partition_route *route);

/* ---- rows ---- */

enum { PARTITION_BINS = 1 << 16 };

/** Nodes of a bin, where n nodes are in at most PARTITION_BINS bins. */
static inline int64_t kith__partition_bin(int64_t n) { return n / PARTITION_BINS + 1; }
/** first [size + 1]: ranges of n nodes with about equal sums of load, which is given by bin. */
void kith__partition_ranges(int size, int64_t n, const int64_t *load, int64_t *first);

/** A rank that has a node as a ghost, and where. */
typedef struct partition_seer {
  int32_t rank, slot;
} partition_seer;

/**
 * A distributed graph (PT-Scotch's dgraph): rank r owns the nodes first[r] … first[r + 1] - 1, about as many
 * entries as every other rank. Nodes are users, items, further types, each by original number.  Local numbers
 * are own nodes, then ghosts.
 */
typedef struct partition_dgraph {
  const kith_comm *comm;
  int64_t n, *first; /* nodes of the graph; [size + 1] */
  int32_t n_own, n_ghost;
  int64_t *start;      /* [n_own + 1] */
  int32_t *to;         /* [start[n_own]] local numbers, each once a row, in no order */
  int32_t *weight;     /* [start[n_own]] in the cut; null: 1 */
  int64_t *ghost;      /* [n_ghost] ascending */
  int64_t *seer_start; /* [n_own + 1] */
  partition_seer *seer;
} partition_dgraph;

/** Which edges of a graph a share has. */
typedef struct partition_edges {
  bool interactions;
  const int *weight;    /* [relations] in the cut; 0: not these */
  const int64_t *first; /* [size + 1] the owners of nodes, copied; null: by entries */
} partition_edges;

/**
 * The union of interactions and relations, as kith__partition_union().  Collective; `comm` must stay. Errors:
 * KITH_ENOMEM; KITH_EDATA (neighbors of labeled nodes that are not neighbors of each other); KITH_ECONFIG (a
 * rank would have more than 2^31 - 2 nodes); *out is empty.
 */
kith_agreed kith__partition_dgraph_make(const kith_comm *comm, const kith_links *l, partition_edges edges,
                                        partition_dgraph *out) KITH_MUST_USE;
void kith__partition_dgraph_free(partition_dgraph *s);
/** Free all but the owners, and the sizes of rows. */
void kith__partition_dgraph_forget(partition_dgraph *s);

/** Find s->ghost of the entries `to`, which are global numbers, and make s->to of them.  Collective. */
kith_agreed kith__partition_dgraph_see(partition_dgraph *s, int64_t n, const int64_t *to) KITH_MUST_USE;
/** Set s->seer.  Collective. */
kith_agreed kith__partition_dgraph_meet(partition_dgraph *s) KITH_MUST_USE;

/** Copy value [n_own + n_ghost], of `size` bytes each, of own nodes to the ranks that see them.  Collective.
 * Errors: KITH_ENOMEM. */
kith_agreed kith__partition_dgraph_tell(const partition_dgraph *s, size_t size, void *value) KITH_MUST_USE;

/* ---- cutting ---- */

/**
 * Linear deterministic greedy, streamed several times.  Collective.
 *
 * @param l          for the types of nodes
 * @param[out] part  [n_own + n_ghost] parts of own nodes and ghosts
 */
kith_agreed kith__partition_stream(const partition_dgraph *s, const kith_links *l,
                                   const kith_partition_options *o, int32_t *part) KITH_MUST_USE;

/** The parts of own nodes that kith__partition_hash_one() says.  Local. */
void kith__partition_dgraph_hash(const partition_dgraph *s, const kith_links *l,
                                 const kith_partition_options *o, int32_t *part);
/** Those of kith__partition_contiguous().  Collective. */
void kith__partition_dgraph_contiguous(const partition_dgraph *s, const kith_links *l,
                                       const kith_partition_options *o, int32_t *part);

/** By PT-Scotch; parts as above.  Collective.  Errors: KITH_ENOMEM; KITH_ECONFIG (it is not built in; it
 * cannot). */
kith_agreed kith__partition_ptscotch(const partition_dgraph *s, const kith_partition_options *o,
                                     int32_t *part) KITH_MUST_USE;

/**
 * Number parts anew, so that neighboring numbers are neighbors in the graph: any range of parts is a good
 * part itself.  Does nothing for more than 1024 parts.  Collective.  Errors: KITH_ENOMEM.
 *
 * @param[in,out] part  as above
 */
kith_agreed kith__partition_order(const partition_dgraph *s, int parts, int32_t *part) KITH_MUST_USE;

/* ---- what becomes of the parts ---- */

/** Judge n cuts, of which `part` is the parts: all of the report but bytes and relations.  Collective.
 * Errors: KITH_ENOMEM. */
kith_agreed kith__partition_dgraph_judge(const partition_dgraph *s, int64_t n_user, int parts,
                                         const int32_t *part, int n,
                                         kith_partition_judged *cut) KITH_MUST_USE;

/** Global numbers. */
typedef struct partition_numbers {
  int64_t *first, *user_count; /* [parts + 1], [parts] */
  int64_t *type_count;         /* [parts, types] */
  int64_t *number;             /* [n_own + n_ghost]; those of ghosts are not set */
} partition_numbers;

/** Collective.  Errors: KITH_ENOMEM, KITH_ECONFIG; the caller frees *out, then too. */
kith_agreed kith__partition_number(const partition_dgraph *s, const kith_links *l, int parts,
                                   const int32_t *part, partition_numbers *out) KITH_MUST_USE;
void kith__partition_numbers_free(partition_numbers *x);

/** The attributes of parts.h5 that follow from sizes and options of a graph.  Collective. */
kith_agreed kith__partition_write_attributes(kith_h5 *f, const kith_dataset *d,
                                             const kith_partition_options *o, double first_cut) KITH_MUST_USE;
/**
 * Write parts.h5 of a graph whose links are plain.  Collective.
 *
 * @param s      owners, and sizes of rows, by which rows are dealt to the ranks that write them
 * @param graph  path of graph.h5, of which `l` is the rank's share
 * Errors: KITH_EOUTPUT, KITH_EIO, KITH_EDATA, KITH_ENOMEM, KITH_ECONFIG (use more ranks).
 */
kith_agreed kith__partition_dgraph_write(const partition_dgraph *s, const char *graph, const kith_links *l,
                                         const kith_partition_options *o, const partition_numbers *numbers,
                                         const char *path) KITH_MUST_USE;

#endif
