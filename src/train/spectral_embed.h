/* kith_embed() for the spectral model. */
#ifndef KITH_SRC_TRAIN_SPECTRAL_EMBED_H
#define KITH_SRC_TRAIN_SPECTRAL_EMBED_H

#include "kith/embed.h"

/* Collective.  The caller frees *out, on failure too. */
kith_agreed kith__spectral_embed(const kith_comm *comm, const kith_graph *g, const kith_run *by,
                                 const kith_new_nodes *new, const kith_embed_options *how,
                                 const char *checkpoint, kith_new_embeddings *out) KITH_MUST_USE;

#endif
