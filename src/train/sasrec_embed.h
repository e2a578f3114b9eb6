/* kith_embed() for model.sequence: sasrec. */
#ifndef KITH_SRC_TRAIN_SASREC_EMBED_H
#define KITH_SRC_TRAIN_SASREC_EMBED_H

#include "kith/embed.h"

/*
 * Rows of new users: [gamma e_u, h_u] as embeddings.h5 of the run's work folder has them, e_u by kith_embed()
 * of the model of the graph.  Collective.  The caller frees *out, on failure too.  Errors: KITH_ECONFIG (new
 * items, lists without times, what no column reads), those of files.
 */
kith_agreed kith__sasrec_embed(const kith_comm *comm, const kith_graph *g, const kith_run *by,
                               const kith_new_nodes *new, const kith_embed_options *how,
                               const char *checkpoint, kith_new_embeddings *out) KITH_MUST_USE;

#endif
