/* What the two sources of the augmented graph share: its state and the numbers of its nodes. */
#ifndef KITH_SRC_TRAIN_AUGMENT_H
#define KITH_SRC_TRAIN_AUGMENT_H

#include "train/augment_graph.h"

/* A known neighbor of a new node, and the entry of the neighbor list whose global number is still to be read.
 */
typedef struct augment_pending {
  int64_t original;
  kith_eid at;
} augment_pending;

typedef struct augment {
  const kith_comm *comm;
  const kith_graph *known;
  const kith_new_nodes *new;
  kith_gid *block;  /* [size + 1] first new node of each rank */
  int64_t first, n; /* new nodes of this rank */
  kith_eid *next;   /* [n + 1] degree of each new node, then the offset of its next neighbor */
  int64_t n_pending[KITH_SIDES];
  augment_pending *pending[KITH_SIDES];
  kith_graph *g;
} augment;

/* Index of a new node, users before items; -1: a known node. */
int64_t kith__augment_new_index(const kith_new_nodes *new, int type, int64_t original);
/* Row of a new node of this rank, counted from the last known row; -1: known, or of another rank. */
int64_t kith__augment_row(const augment *x, int type, int64_t original);
/* Global number of a known node, by its number without new nodes; of new node i. */
kith_gid kith__augment_known_number(const augment *x, kith_gid number);
kith_gid kith__augment_new_number(const augment *x, int64_t i);

/* Set neighbor[p[i].at] to the global numbers of n known nodes of a type; sorts p.  Collective. */
kith_agreed kith__augment_resolve(const augment *x, const char *parts_path, int type, int64_t n,
                                  augment_pending *p, kith_gid *neighbor) KITH_MUST_USE;
/* What the two ends of new edges of a relation within a type have in common: overlap [l->n].  Collective.
 * Errors: KITH_ENOMEM, KITH_EDATA. */
kith_agreed kith__augment_overlaps(const augment *x, int type, const kith_new_edges *l,
                                   int64_t *overlap) KITH_MUST_USE;
/* Relations of the augmented graph, whose rows and types are set.  Collective. */
kith_agreed kith__augment_relations(augment *x, const char *parts_path) KITH_MUST_USE;

#endif
