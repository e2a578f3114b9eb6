/* Queries to the owners of rows for sampled neighbors: a layer asks those owners that have some of its rows,
 * in stages, so that other work overlaps the messages. */
#ifndef KITH_SRC_SAMPLE_NEIGHBOR_QUERY_H
#define KITH_SRC_SAMPLE_NEIGHBOR_QUERY_H

#include <math.h>

#include "comm/sparse.h"
#include "sample/excluded_edges.h"
#include "sample/row_hash.h"

/* An owner's reply about a row … */
typedef struct sample_reply {
  int64_t node;
  int32_t degree, n_drawn; /* neighbors of the row, and how many of them are sampled */
  float scale;             /* importance weight of each, where all have the same */
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

/* How replies and neighbors travel: numbers take as many bytes as the largest of the graph needs, and an
 * importance weight that all neighbors of a row have goes along with the row. */
typedef struct sample_wire {
  int gid, node, degree; /* bytes of each */
  bool row_scale;
  int reply, neighbor; /* bytes of records */
} sample_wire;

/* Pack a record at `to`, any address … */
void kith__wire_pack_reply(const sample_wire *w, const sample_reply *x, unsigned char *to);
void kith__wire_pack_neighbor(const sample_wire *w, const sample_neighbor *x, unsigned char *to);
/* … and read it; up to SAMPLE_WIRE_SLACK bytes behind it are read too. */
sample_reply kith__wire_reply(const sample_wire *w, const unsigned char *from);
sample_neighbor kith__wire_neighbor(const sample_wire *w, const unsigned char *from);
enum { SAMPLE_WIRE_SLACK = 8 };
/* For numbers up to these.  Local. */
sample_wire kith__wire_of(int64_t most_gid, int64_t most_node, int64_t most_degree, bool row_scale);

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
  kith_gid *grouped_gid;          /* … and their global ids … */
  kith_lid *grouped_own;          /* … and their places among their owner's rows */
  sample_neighbor *node_info;     /* [n_own + n_ghost] data about each node, in one cache line */
  int n_thread;                   /* threads that answer, each with max_block of: */
  int64_t max_block;
  int64_t *csr_index; /* the sampled edges of a block of rows: indices into csr … */
  float *scale;       /* … their importance weights … */
  int32_t *degree;    /* … and the degrees of their rows */
  sample_wire wire;
  kith_alltoall rows, edges; /* queried rows by owner; neighbors that others ask for and are told */
  kith_lid n_self,
      self_start; /* this rank's own rows: their number, and their start among the grouped rows … */
  kith_eid n_self_neighbor; /* … and their sampled neighbors … */
  sample_own own;           /* … in … */
  int32_t *own_memory;      /* [3 max entries] … which then is workspace of the transpose */
  int64_t own_bytes;
  kith_sparse sparse;  /* of requests, each a row's place: */
  kith_lid *asked_row; /* rows that others request, and the replies to them, packed … */
  unsigned char *reply_out, *neighbor_out;
  sample_entry *entry_out; /* of each neighbor; null: the matrix is not merged */
  sample_reply *reply_in;  /* … and the replies to this rank's requests, in the order of grouped_row … */
  unsigned char *reply_packed, *neighbor_packed; /* … those of other ranks as they travel */
  int phase;                                     /* stage of the exchange; -1: none is under way */
  int n_send, n_recv;                            /* messages under way … */
  MPI_Request *send, *recv;                      /* [3 size] … */
  MPI_Datatype reply_type, neighbor_type, entry_type;
  int64_t max_asked;
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

/* Where replies go: packed with their neighbors for another rank or, where these are null, to reply and
 * own. */
typedef struct sample_answer {
  sample_reply *reply;              /* about the rows, or … */
  unsigned char *packed, *neighbor; /* … packed, with their neighbors */
  sample_own own;
  sample_entry *entry; /* null: the matrix is not merged */
} sample_answer;

/* Replies: neighbor_answer.c.  Sample for n rows of this rank, in their order; returns the number of sampled
 * neighbors.  Local; the result does not depend on the number of threads. */
int64_t kith__neighbor_answer(sample_neighbor_query *q, int64_t n, const kith_lid *row, sample_answer to);
/* Sampled edges that a thread has in work at once. */
int64_t kith__neighbor_answer_max_block(const sample_context *s, const sample_method *method);

#endif
