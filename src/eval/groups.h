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

/**
 * Cut nodes into at most KITH_GROUPS ranges of degrees with about equal numbers of nodes: a node is in group
 * number floor(KITH_GROUPS s), where s is the share of nodes with a smaller degree.  Groups without nodes do
 * not count.  Local.
 *
 * @param count     [n_degree] nodes of each degree
 * @param[out] range  [KITH_GROUPS][2] the smallest and the largest degree of a group
 * @return how many groups there are
 */
int kith_groups_cut(int64_t n_degree, const int64_t *count, int64_t (*range)[2]);

/** kith_eval_metrics(), and the same metrics by group, exact and equal on every rank.  `groups` null: none.
 * Collective. */
kith_agreed kith_eval_metrics_by_group(const kith_comm *comm, const kith_graph *g, int d, const float *x,
                                       const kith_eval_options *o, kith_metrics *out,
                                       kith_groups *groups) KITH_MUST_USE;

/** Training interactions of every item [items], the same on every rank.  Collective.  Errors: KITH_ENOMEM;
 * *degree is freed by the caller, then too. */
kith_agreed kith_item_degrees(const kith_comm *comm, const kith_graph *g, int32_t **degree) KITH_MUST_USE;

#endif
