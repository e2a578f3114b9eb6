/** Rows of new users with the sums of model.sequence: recent. */
#ifndef KITH_TRAIN_EMBED_LATEST_H
#define KITH_TRAIN_EMBED_LATEST_H

#include "kith/embed.h"

/**
 * Add the latest items of new users to their rows, by the numbers of the exported rows; nothing where these
 * have no sums.  Collective; the same bits on any number of ranks.
 *
 * @param from  of embeddings.h5
 * @param x     [n_own, d] its rows
 * @param e     of kith_embed(), of the same run
 * Errors: KITH_ECONFIG (the lists have no times), KITH_ENOMEM: e is unchanged then.
 */
kith_agreed kith_embed_latest(const kith_comm *comm, const kith_graph *g, const kith_new_nodes *new,
                              const kith_embeddings_origin *from, const float *x,
                              kith_new_embeddings *e) KITH_MUST_USE;

#endif
