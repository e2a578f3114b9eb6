/* The graph that was trained on, with newcomers in it. */
#ifndef KITH_SRC_TRAIN_EXTEND_H
#define KITH_SRC_TRAIN_EXTEND_H

#include "kith/ingest.h"

/*
 * Newcomers, users before items, are dealt to the ranks in blocks, and are the last rows of their rank.  They
 * read their partners and each other; no known node reads them, so that every known row is what it was.
 */
typedef struct extended {
  kith_graph *g; /* [n_own] known rows, then new ones; what kith_relation_create() and kith_model_input() read
                    is there */
  int64_t first, n; /* newcomers of this rank: first … first + n - 1 */
} extended;

/* Collective. */
kith_agreed kith__extend(const kith_comm *comm, const kith_graph *known, const char *parts_path,
                         const kith_newcomers *new, extended *out) KITH_MUST_USE;
/* Local. */
void kith__extended_free(extended *e);

#endif
