/* Asking the owners of nodes for drawn neighbors: one exchange with all ranks a hop, whose messages may
 * travel while something else is done. */
#ifndef KITH_SRC_SAMPLE_NEIGHBOR_QUERY_H
#define KITH_SRC_SAMPLE_NEIGHBOR_QUERY_H

#include "sample/excluded_edges.h"

/* What an owner says of a node that it is asked about … */
typedef struct sample_reply {
  int64_t node;
  int32_t degree, n_drawn; /* neighbors in all, and how many are drawn */
} sample_reply;

/* … and of each neighbor that it drew. */
typedef struct sample_neighbor {
  int64_t gid, node;
  int32_t degree;
  float scale;
} sample_neighbor;

enum {
  SAMPLE_PREFETCH = 16
}; /* edges between asking the table of rows for a line of memory and reading it */

/* Counts and places of one exchange with all ranks, in things. */
typedef struct sample_counts {
  int *out, *out_at, *in, *in_at; /* [size], places [size + 1] */
} sample_counts;

typedef struct sample_neighbor_query {
  bool made;
  const kith_comm *comm;
  const kith_graph *g;
  const kith_dist_csr *a;
  const sample_method *method;
  int l;                          /* hop that is being asked about */
  sample_excluded_edges excluded; /* which are not drawn */
  kith_key_value *sort;           /* [2 most rows] */
  kith_lid *grouped_row;          /* [most rows] rows by number, so grouped by owner … */
  kith_gid *grouped_gid;          /* … and their numbers */
  sample_neighbor *node_info; /* [n_own + n_ghost] what is said of each node, in one place: a look at it is
                       one miss of the cache */
  int64_t *place; /* [a block and the largest degree] what is drawn of the nodes being asked about: places in
                     csr … */
  float *scale;   /* … and what each counts */
  sample_counts rows, edges;   /* to and from others */
  kith_lid n_self, self_start; /* rows that this rank answers itself: how many, and where they begin among the
                             grouped ones … */
  kith_eid n_self_neighbor;    /* … and their edges, the first ones of edge_in */
  kith_gid *recv_gid;          /* what others ask here, and the answers … */
  sample_reply *reply_out;
  sample_neighbor *neighbor_out;
  sample_reply *reply_in; /* … and the answers to what this rank asked, in the order of grouped */
  int phase;              /* of the exchange under way */
  MPI_Request request[2]; /* of its messages; null ones are none */
  MPI_Datatype reply_type, neighbor_type; /* an answer's things as messages */
  sample_neighbor
      *neighbor_in;          /* with room for SAMPLE_PREFETCH more, so that reading ahead needs no question */
  int64_t neighbor_in_bytes; /* bytes of it */
} sample_neighbor_query;

/*
 * Room for questions about up to `rows` nodes that are answered with up to `entries` neighbors, on every
 * rank, in steps of up to `max_excluded` targets.  Local; what is made stays in *out, also on failure.
 */
kith_status kith__neighbor_query_make(const sample_context *s, const sample_method *method, int64_t rows,
                                      int64_t entries, kith_lid max_excluded,
                                      sample_neighbor_query *out) KITH_MUST_USE;
void kith__neighbor_query_free(sample_neighbor_query *q);

/* Sort the rows 0 … n - 1, whose nodes have these numbers.  Local. */
void kith__neighbor_query_group(sample_neighbor_query *q, kith_lid n, const kith_gid *number);
/* Sort them and begin to ask about them in hop l.  Collective; waits for nobody. */
void kith__neighbor_query_begin(sample_neighbor_query *q, int l, kith_lid n, const kith_gid *number);
/*
 * Wait for what is under way, work on it and send what comes next.  Collective: every rank calls it as often.
 * Returns whether the answers are there: head_in[p] is about row grouped[p].
 */
bool kith__neighbor_query_advance(sample_neighbor_query *q);

/* Edges are read row by row, as they are grouped: where the next ones of this rank are, and of others. */
typedef struct sample_cursor {
  const sample_neighbor *self, *remote;
} sample_cursor;

static inline sample_cursor kith__neighbor_query_cursor(const sample_neighbor_query *q) {
  return (sample_cursor){q->neighbor_in, q->neighbor_in + q->n_self_neighbor};
}

/* The edges of row grouped[p]. */
static inline const sample_neighbor *kith__neighbor_query_next(const sample_neighbor_query *q, kith_lid p,
                                                               sample_cursor *c) {
  const sample_neighbor **next = p >= q->self_start && p < q->self_start + q->n_self ? &c->self : &c->remote,
                        *edge = *next;
  *next += q->reply_in[p].n_drawn;
  return edge;
}

#endif
