/* Asking the owners of nodes for drawn neighbours: one exchange with all ranks a hop, whose messages may travel while something else is done. */
#ifndef KITH_SRC_SAMPLE_ASK_H
#define KITH_SRC_SAMPLE_ASK_H

#include "sample/law.h"

/* What an owner says of a node that it is asked about … */
typedef struct sample_head {
  int64_t node;
  int32_t degree, drawn; /* neighbours in all, and how many are drawn */
} sample_head;

/* … and of each neighbour that it drew. */
typedef struct sample_edge {
  int64_t number, node;
  int32_t degree;
  float scale;
} sample_edge;

enum { SAMPLE_AHEAD = 16 }; /* edges between asking the table of rows for a line of memory and reading it */

/* Counts and places of one exchange with all ranks, in things. */
typedef struct sample_counts {
  int *out, *out_at, *in, *in_at; /* [size], places [size + 1] */
} sample_counts;

typedef struct sample_ask {
  bool made;
  const kith_comm *comm;
  const kith_graph *g;
  const kith_relation *a;
  const sample_law *law;
  int l;                     /* hop that is being asked about */
  int64_t n_target;
  const kith_target *target; /* edges that are not drawn in this step */
  kith_lid *grouped;         /* [most rows] rows grouped by owner … */
  kith_gid *ask;             /* … and their numbers */
  kith_lid *head_of;         /* [most rows] the inverse of grouped: where each row's head stands */
  kith_eid *found;           /* [most rows] where each row's edges begin */
  sample_edge *who;          /* [n_own + n_ghost] what is said of each node, in one place: a look at it is one miss of the cache */
  int64_t *place;            /* [a block and the largest degree] what is drawn of the nodes being asked about: places in csr … */
  float *scale;              /* … and what each counts */
  int64_t *left_out, *allowed; /* [largest degree] of the node being asked about: places in its row of targets, and of all others */
  sample_counts rows, edges;
  kith_gid *asked;           /* what others ask here, and the answers … */
  sample_head *head_out;
  sample_edge *edge_out;
  sample_head *head_in;      /* … and the answers to what this rank asked, in the order of grouped */
  int n_asked;               /* rows that were asked about */
  int phase;                 /* of the exchange under way */
  MPI_Request request[2];    /* of its messages; null ones are none */
  MPI_Datatype head, edge;   /* an answer's things as messages */
  sample_edge *edge_in;      /* with room for SAMPLE_AHEAD more, so that reading ahead needs no question */
  int64_t room_in;           /* bytes of it */
} sample_ask;

/* Room for questions about up to `rows` nodes that are answered with up to `entries` neighbours, on every rank.  Local. */
kith_status kith__ask_make(const sample_setting *s, const sample_law *law, int64_t rows, int64_t entries, sample_ask *out) KITH_MUST_USE;
void kith__ask_free(sample_ask *q);

/* Group the rows 0 … n - 1, whose nodes have these numbers, by owner.  Local. */
void kith__ask_group(sample_ask *q, kith_lid n, const kith_gid *number);
/* Group them and begin to ask about them in hop l.  Collective; waits for nobody. */
void kith__ask_begin(sample_ask *q, int l, kith_lid n, const kith_gid *number);
/*
 * Wait for what is under way, work on it and send what comes next.  Collective: every rank calls it as often.  Returns whether
 * the answers are there: row i then has head_in[head_of[i]] and edge_in[found[i]] ….
 */
bool kith__ask_advance(sample_ask *q);

#endif
