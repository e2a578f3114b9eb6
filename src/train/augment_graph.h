/* The training graph augmented by new nodes, for inductive inference. */
#ifndef KITH_SRC_TRAIN_AUGMENT_GRAPH_H
#define KITH_SRC_TRAIN_AUGMENT_GRAPH_H

#include "ingest/ingest.h"

/*
 * New nodes, users before items, are distributed in blocks; they are the last rows of their rank. They have
 * edges from their neighbors, known and new; known nodes have no edges from them, so known rows are
 * unchanged.
 */
typedef struct augmented_graph {
  kith_graph *g; /* [n_own] known rows, then new ones; what kith_dist_csr_create() and kith_model_input() read
                    is there */
  int64_t first, n; /* new nodes of this rank: [first, first + n) */
} augmented_graph;

/* Collective. */
kith_agreed kith__augment_graph(const kith_comm *comm, const kith_graph *known, const char *parts_path,
                                const kith_new_nodes *new, augmented_graph *out) KITH_MUST_USE;
/* Local. */
void kith__augmented_graph_free(augmented_graph *e);

#endif
