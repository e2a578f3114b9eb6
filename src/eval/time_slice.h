/* Private to eval: a slice of time of the training interactions, and what was before it. */
#ifndef KITH_EVAL_TIME_SLICE_H
#define KITH_EVAL_TIME_SLICE_H

#include "graph/graph.h"
#include "halo/halo.h"

typedef struct kith_time_slice {
  kith_graph g; /* the interactions before the slice; other members are those of the whole graph */
  kith_lid n_user;
  kith_lid *user;     /* [n_user] owned users that are measured, as indices into g.row_of[KITH_USER] */
  kith_ragged target; /* [n_user] their items in the slice */
  int64_t first_user; /* index of the first of them among those of all ranks … */
  int64_t n_user_all; /* … and how many these are */
} kith_time_slice;

/* Times between which the n slices lie, cut [n + 1]: the slices have equal shares of the latest 40 % of the
 * training interactions, as far as equal times allow.  Collective. */
void kith__time_cuts(const kith_comm *comm, const kith_graph *g, int n, int64_t *cut);

/* The slice of times from `from` to before `to`, with about 512 keyed users of those who have interactions
 * before it and in it.  Collective.  Errors: KITH_ENOMEM. */
kith_agreed kith__time_slice_make(const kith_comm *comm, const kith_graph *g, int64_t from, int64_t to,
                                  uint64_t key, kith_time_slice *out) KITH_MUST_USE;
void kith__time_slice_free(kith_time_slice *s);

#endif
