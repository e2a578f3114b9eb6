/* Private to store: this rank's blocks of the datasets of ids and names. */
#ifndef KITH_STORE_GRAPH_IDS_H
#define KITH_STORE_GRAPH_IDS_H

#include "store/store.h"

typedef struct kith__id_block {
  char name[KITH_NAME]; /* "user/id" */
  kith_h5_type type;
  int width;        /* bytes of a text id; 0: integers */
  int64_t n_node;   /* ids on all ranks */
  int64_t first, n; /* this rank's block */
  void *block;      /* [n] */
} kith__id_block;

struct kith_graph_ids {
  int n;
  kith__id_block of[KITH_MAX_TYPES + KITH_SIDES]; /* ids, and names of users and items or ids of classes */
};

/* Write all blocks to an open file.  Collective.  Errors: KITH_EIO. */
kith_agreed kith__graph_ids_write(const kith_graph_ids *ids, kith_h5 *f) KITH_MUST_USE;

#endif
