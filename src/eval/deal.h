/*
 * Private to eval: users dealt anew for a ranking.
 *
 * A cut evens out work and edges, not users: at 64 parts the fullest rank of a graph has twice the mean, and
 * all ranks would wait while it ranks.  So users of full ranks are ranked elsewhere: their rows and lists
 * move.  A user's scores have the same bits there.
 */
#ifndef KITH_EVAL_DEAL_H
#define KITH_EVAL_DEAL_H

#include "eval/eval_impl.h"

enum { KITH__DEAL_LISTS = 4 };

/* What a ranking needs of its users.  Where none are dealt, that of the graph, borrowed. */
typedef struct kith__deal {
  kith_graph users;             /* shallow: row_of[KITH_USER], n_own_of[KITH_USER] and train are of use */
  int d;                        /* width of rows */
  const float *x;               /* rows of users.row_of[KITH_USER] */
  kith__scope scope;            /* shallow: masks, and truth, by user */
  const kith_pair_terms *pairs; /* or null */
  kith_lid n, *user;            /* [n] to rank, as indices into the lists; owned */
  bool is_dealt;                /* then what follows is what the above points to: */
  kith_lid n_row, *row;         /* [n_row] 0, 1, … */
  float *rows;                  /* [n_row, d] */
  kith_ragged list[KITH__DEAL_LISTS]; /* masked, truth, train, pairs; unused ones are empty */
  float *value;                       /* of pairs */
  kith_pair_terms dealt_pairs;
} kith__deal;

/*
 * Deal the owned users with truth.  Masks and truth come from `scope`, which outlives the deal, training
 * interactions only if `trains`.  Users stay if ranks have about the same number.
 *
 * Collective.  Errors: KITH_ENOMEM; *out is freed by the caller, then too.
 */
kith_agreed kith__deal_make(const kith_comm *comm, const kith_graph *g, int d, const float *x,
                            const kith__scope *scope, bool trains, const kith_pair_terms *pairs,
                            kith__deal *out) KITH_MUST_USE;
void kith__deal_free(kith__deal *deal);

/* The top lists of the users of a deal, in its order; deal->user is null then.  Collective.  Errors: those of
 * kith_eval_topk(); *top is freed by the caller. */
kith_agreed kith__eval_topk_dealt(const kith_comm *comm, const kith_graph *g, int d, const float *x,
                                  const kith_direct_term *direct, int k, kith__deal *deal,
                                  kith_topk *top) KITH_MUST_USE;

#endif
