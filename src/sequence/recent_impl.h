/* Private to the room sequence: sums over the latest items. */
#ifndef KITH_SRC_RECENT_H
#define KITH_SRC_RECENT_H

#include "kith/halo.h"
#include "sequence/recent.h"

struct kith_recent {
  const kith_comm *comm;
  const kith_graph *g;
  kith_lid n;      /* rows that get sums */
  int d;           /* columns */
  kith_lid *row;   /* [n] */
  kith_eid *start; /* [n + 1] their items in … */
  int64_t *place;  /* … the rows gathered, the latest first */
  kith_halo *halo; /* of the items, each once, ascending by global number */
  float *gathered; /* [items, d] */
};

#endif
