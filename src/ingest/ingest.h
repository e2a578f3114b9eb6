/** What other rooms of the library use of ingest, beyond kith/ingest.h. */
#ifndef KITH_INGEST_INGEST_H
#define KITH_INGEST_INGEST_H

#include "kith/ingest.h"
#include "store/store.h"

/** Name of a format: "sparse", "dense", "long", "auto".  Local. */
const char *kith_feature_format_text(kith_feature_format format);

/**
 * Times between which the latest interactions of a list lie in n equal slices, cut [n + 1]: cut[c] is the
 * earliest time with at least a share of 0.6 + 0.4 c / n of the interactions before it, and cut[n] is behind
 * all of them.  Interactions are lines of the list, without those below its minimum weight.  Collective:
 * rank 0 reads.
 *
 * Errors: those of kith_ingest() for the list; KITH_ECONFIG: it has no times; KITH_EDATA: a slice is empty.
 * Memory: 8 bytes for each interaction, and what ingest takes for the list.
 */
kith_agreed kith_interaction_slices(const kith_comm *comm, const kith_edge_source *list, int n,
                                    int64_t *cut) KITH_MUST_USE;

#endif
