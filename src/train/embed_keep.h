/* What embeddings of new nodes keep of the checkpoint that they are made from, whatever the model is. */
#ifndef KITH_TRAIN_EMBED_KEEP_H
#define KITH_TRAIN_EMBED_KEEP_H

#include <string.h>

#include "kith/embed.h"
#include "store/store.h"

/* The history becomes that of `out`.  Local. */
static inline void kith__embed_keep(kith_checkpoint *c, kith_new_embeddings *out) {
  out->epoch = c->epoch;
  out->step = c->step;
  memcpy(out->run, c->run, sizeof out->run);
  out->history = c->history;
  c->history = NULL;
}

#endif
