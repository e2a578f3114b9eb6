/* Queries to the owners of rows for sampled neighbors: one all-to-all exchange a layer, in stages, so that
 * other work overlaps its messages. */
#ifndef KITH_SRC_SAMPLE_NEIGHBOR_QUERY_H
#define KITH_SRC_SAMPLE_NEIGHBOR_QUERY_H

#include <math.h>

#include "sample/excluded_edges.h"
#include "sample/row_hash.h"

/* An owner's reply about a row … */
typedef struct sample_reply {
  int64_t node;
  int32_t degree, n_drawn; /* neighbors of the row, and how many of them are sampled */
} sample_reply;

/* … and about each sampled neighbor; … */
typedef struct sample_neighbor {
  int64_t gid, node;
  int32_t degree;
  float scale;
} sample_neighbor;

/* … which is shorter about the neighbors of this rank's own rows, [n] of each; … */
typedef struct sample_own {
  kith_lid *col; /* column of the matrix */
  float *scale, *weight;
} sample_own;

/* … and, where the matrix is merged, about the entry that leads to it. */
typedef struct sample_entry {
  float weight;            /* the matrix's entry, without omega where omega is learned */
  uint16_t relation, kind; /* kind: 0 where the matrix has none */
} sample_entry;

/* Weight of a sampled edge: an entry of the symmetric normalized adjacency, times the importance weight. */
static inline float kith__sampled_weight(float scale, int32_t degree, int32_t other) {
  return (float)((double)scale / sqrt((double)degree * (double)other));
}

enum { SAMPLE_PREFETCH = 16 }; /* neighbors between the prefetch of a row-hash entry and its use */

typedef struct sample_neighbor_query {
  bool made;
  const kith_comm *comm;
  const kith_graph *g;
  const kith_dist_csr *a;
  kith_gid first_gid; /* first global id of this rank */
  const sample_relation_rows *by_relation;
  const sample_method *method;
  int layer;                      /* layer of the exchange under way */
  sample_excluded_edges excluded; /* edges that are not sampled */
  kith_key_value *sort;           /* [2 max rows] workspace */
  kith_lid *grouped_row;          /* [max rows] rows sorted by global id, hence grouped by owner … */
  kith_gid *grouped_gid;          /* … and their global ids */
  sample_neighbor *node_info;     /* [n_own + n_ghost] data about each node, in one cache line */
  int n_thread;                   /* threads that answer, each with max_block of: */
  int64_t max_block;
  int64_t *csr_index;        /* the sampled edges of a block of rows: indices into csr … */
  float *scale;              /* … their importance weights … */
  int32_t *degree;           /* … and the degrees of their rows */
  kith_alltoall rows, edges; /* exchanged with other ranks */
  kith_lid n_self,
      self_start; /* this rank's own rows: their number, and their start among the grouped rows … */
  kith_eid n_self_neighbor; /* … and their sampled neighbors … */
  sample_own own;           /* … in … */
  int32_t *own_memory;      /* [3 max entries] … which then is workspace of the transpose */
  int64_t own_bytes;
  kith_gid *recv_gid; /* requested rows, and the replies to them … */
  sample_reply *reply_out;
  sample_neighbor *neighbor_out;
  sample_entry *entry_out; /* of each neighbor; null: the matrix is not merged */
  sample_reply *reply_in;  /* … and the replies to this rank's requests, in the order of grouped_row */
  int phase;               /* stage of the exchange */
  MPI_Request request[2];  /* MPI_REQUEST_NULL: none */
  MPI_Datatype reply_type, neighbor_type, entry_type;
  sample_neighbor *neighbor_in; /* of other ranks' rows; SAMPLE_PREFETCH unused ones behind */
  sample_entry *entry_in;       /* as entry_out: the own rows' first */
} sample_neighbor_query;

/* Room for the queries of a layer. */
typedef struct sample_query_rooms {
  int64_t rows, entries;   /* queried rows, and their sampled neighbors … */
  int64_t asked, answered; /* … and those that other ranks ask for */
} sample_query_rooms;

/*
 * Allocate for up to `max_excluded` excluded edges a step.  Local; on failure the caller frees *out.
 */
kith_status kith__neighbor_query_make(const sample_context *s, const sample_method *method,
                                      const sample_query_rooms *rooms, kith_lid max_excluded,
                                      sample_neighbor_query *out) KITH_MUST_USE;
int64_t kith__neighbor_query_bytes(const sample_query_rooms *rooms, int64_t n_col, bool merged);
void kith__neighbor_query_free(sample_neighbor_query *q);

/* From the next query on, write scale and weight of the own rows' neighbors there.  Local. */
void kith__neighbor_query_place(sample_neighbor_query *q, float *scale, float *weight);
/* Group the rows 0 … n - 1, all that `rows` has, with these global ids, by owner.  Local. */
void kith__neighbor_query_group(sample_neighbor_query *q, const sample_row_hash *rows, kith_lid n,
                                const kith_gid *gid);
/* Group the rows and begin their exchange for a layer.  Collective; does not wait. */
void kith__neighbor_query_begin(sample_neighbor_query *q, int layer, const sample_row_hash *rows, kith_lid n,
                                const kith_gid *gid);
/*
 * Advance the exchange by one stage.  Returns whether it is complete: reply_in[p] is about grouped_row[p].
 * Collective: every rank makes the same number of calls.
 */
bool kith__neighbor_query_advance(sample_neighbor_query *q);

/* Where replies go: about the sampled neighbors either to `neighbor` or, where that is null, to `own`. */
typedef struct sample_answer {
  sample_reply *reply;
  sample_neighbor *neighbor;
  sample_own own;
  sample_entry *entry; /* null: the matrix is not merged */
} sample_answer;

/* Replies: neighbor_answer.c.  Sample for n rows of this rank, in the order of gid; returns the number of
 * sampled neighbors.  Local; the result does not depend on the number of threads. */
int64_t kith__neighbor_answer(sample_neighbor_query *q, int64_t n, const kith_gid *gid, sample_answer to);
/* Sampled edges that a thread has in work at once. */
int64_t kith__neighbor_answer_max_block(const sample_context *s, const sample_method *method);

#endif
