/* Between the kinds of models that give rows to new nodes. */
#ifndef KITH_TRAIN_EMBED_KEEP_H
#define KITH_TRAIN_EMBED_KEEP_H

#include <string.h>

#include "kith/embed.h"
#include "store/store.h"

/* What embeddings of new nodes keep of the checkpoint.  The history becomes that of `out`.  Local. */
static inline void kith__embed_keep(kith_checkpoint *c, kith_new_embeddings *out) {
  out->epoch = c->epoch;
  out->step = c->step;
  memcpy(out->run, c->run, sizeof out->run);
  out->history = c->history;
  c->history = NULL;
}

/* What embedding by model.sasrec.joint makes of the model of the graph besides rows of new nodes. */
typedef struct kith__embed_joint {
  kith_weights sasrec; /* read from the checkpoint: weights of the blocks */
  float *known;        /* [n_own, columns] final rows of the nodes of the graph */
} kith__embed_joint;

/* kith_embed() of a model with steps, whatever its sequence is.  Collective.  joint: null, or filled. */
kith_agreed kith__embed_graph(const kith_comm *comm, const kith_graph *g, const kith_run *run,
                              const kith_new_nodes *new, const kith_embed_options *how,
                              const char *checkpoint, const kith__embed_joint *joint,
                              kith_new_embeddings *out) KITH_MUST_USE;

#endif
