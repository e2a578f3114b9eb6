/* The graph that was trained on, with newcomers in it. */
#ifndef KITH_SRC_TRAIN_AUGMENT_GRAPH_H
#define KITH_SRC_TRAIN_AUGMENT_GRAPH_H

#include "kith/ingest.h"

/*
 * Newcomers, users before items, are dealt to the ranks in blocks, and are the last rows of their rank.  They
 * read their partners and each other; no known node reads them, so that every known row is what it was.
 */
typedef struct augmented_graph {
  kith_graph *g; /* [n_own] known rows, then new ones; what kith_dist_csr_create() and kith_model_input() read
                    is there */
  int64_t first, n; /* newcomers of this rank: first … first + n - 1 */
} augmented_graph;

/* Collective. */
kith_agreed kith__augment_graph(const kith_comm *comm, const kith_graph *known, const char *parts_path,
                                const kith_new_nodes *new, augmented_graph *out) KITH_MUST_USE;
/* Local. */
void kith__augmented_graph_free(augmented_graph *e);

#endif
