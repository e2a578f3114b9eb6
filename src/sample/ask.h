/* Asking the owners of nodes for drawn neighbors: one exchange with all ranks a hop, whose messages may
 * travel while something else is done. */
#ifndef KITH_SRC_SAMPLE_ASK_H
#define KITH_SRC_SAMPLE_ASK_H

#include "sample/targets.h"

/* What an owner says of a node that it is asked about … */
typedef struct sample_head {
  int64_t node;
  int32_t degree, drawn; /* neighbors in all, and how many are drawn */
} sample_head;

/* … and of each neighbor that it drew. */
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
  const kith_dist_csr *a;
  const sample_law *law;
  int l;                  /* hop that is being asked about */
  sample_targets targets; /* which are not drawn */
  kith_key_value *sort;   /* [2 most rows] */
  kith_lid *grouped;      /* [most rows] rows by number, so grouped by owner … */
  kith_gid *ask;          /* … and their numbers */
  sample_edge *who; /* [n_own + n_ghost] what is said of each node, in one place: a look at it is one miss of
                       the cache */
  int64_t *place; /* [a block and the largest degree] what is drawn of the nodes being asked about: places in
                     csr … */
  float *scale;   /* … and what each counts */
  sample_counts rows, edges; /* to and from others */
  kith_lid mine, mine_at;    /* rows that this rank answers itself: how many, and where they begin among the
                                grouped ones … */
  kith_eid n_mine;           /* … and their edges, the first ones of edge_in */
  kith_gid *asked;           /* what others ask here, and the answers … */
  sample_head *head_out;
  sample_edge *edge_out;
  sample_head *head_in;    /* … and the answers to what this rank asked, in the order of grouped */
  int phase;               /* of the exchange under way */
  MPI_Request request[2];  /* of its messages; null ones are none */
  MPI_Datatype head, edge; /* an answer's things as messages */
  sample_edge *edge_in;    /* with room for SAMPLE_AHEAD more, so that reading ahead needs no question */
  int64_t room_in;         /* bytes of it */
} sample_ask;

/*
 * Room for questions about up to `rows` nodes that are answered with up to `entries` neighbors, on every
 * rank, in steps of up to `most_target` targets.  Local; what is made stays in *out, also on failure.
 */
kith_status kith__ask_make(const sample_setting *s, const sample_law *law, int64_t rows, int64_t entries,
                           kith_lid most_target, sample_ask *out) KITH_MUST_USE;
void kith__ask_free(sample_ask *q);

/* Sort the rows 0 … n - 1, whose nodes have these numbers.  Local. */
void kith__ask_group(sample_ask *q, kith_lid n, const kith_gid *number);
/* Sort them and begin to ask about them in hop l.  Collective; waits for nobody. */
void kith__ask_begin(sample_ask *q, int l, kith_lid n, const kith_gid *number);
/*
 * Wait for what is under way, work on it and send what comes next.  Collective: every rank calls it as often.
 * Returns whether the answers are there: head_in[p] is about row grouped[p].
 */
bool kith__ask_advance(sample_ask *q);

/* Edges are read row by row, as they are grouped: where the next ones of this rank are, and of others. */
typedef struct sample_cursor {
  const sample_edge *mine, *theirs;
} sample_cursor;

static inline sample_cursor kith__ask_read(const sample_ask *q) {
  return (sample_cursor){q->edge_in, q->edge_in + q->n_mine};
}

/* The edges of row grouped[p]. */
static inline const sample_edge *kith__ask_next(const sample_ask *q, kith_lid p, sample_cursor *c) {
  const sample_edge **next = p >= q->mine_at && p < q->mine_at + q->mine ? &c->mine : &c->theirs,
                    *edge = *next;
  *next += q->head_in[p].drawn;
  return edge;
}

#endif
