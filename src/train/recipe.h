/* What must be the same for a checkpoint to be read. */
#ifndef KITH_SRC_TRAIN_RECIPE_H
#define KITH_SRC_TRAIN_RECIPE_H

#include "kith/train.h"

enum { RUN_RECIPE = 2048 };

/* Words "key=value" of all that decides the next bit.  Local. */
void kith__recipe(const kith_graph *g, const kith_run *o, size_t size, char *text);

#endif
