/**
 * Groups: metrics of users by their training interactions, and of items by popularity.
 * Definitions: docs/metrics.md.
 */
#ifndef KITH_EVAL_GROUPS_H
#define KITH_EVAL_GROUPS_H

#include "eval/eval.h"

enum { KITH_GROUPS = 5 }; /**< most groups of users and of items */

/** Users that are measured and have from … to training interactions. */
typedef struct kith_user_group {
  int64_t from, to;
  kith_metrics metrics; /**< means over them */
} kith_user_group;

/** Items with from … to training interactions, and the held-out pairs of the users who are measured. */
typedef struct kith_item_group {
  int64_t from, to, n_item;
  int64_t n_held_out;                /**< pairs whose item is one of them */
  int64_t n_found[KITH_MAX_CUTOFFS]; /**< those of them with the item in the user's top K */
} kith_item_group;

/** Groups that have nodes, by ascending numbers of interactions. */
typedef struct kith_groups {
  int n_user, n_item;
  kith_user_group user[KITH_GROUPS];
  kith_item_group item[KITH_GROUPS];
} kith_groups;

/** kith_eval_metrics(), and the same metrics by group, exact and equal on every rank.  `groups` null: none.
 * Collective. */
kith_agreed kith_eval_metrics_by_group(const kith_comm *comm, const kith_graph *g, int d, const float *x,
                                       const kith_eval_options *o, kith_metrics *out,
                                       kith_groups *groups) KITH_MUST_USE;

#endif
