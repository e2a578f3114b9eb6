/**
 * Recent: a user's latest items in its row.
 *
 *   x_u <- x_u + w * sum over p = 0, 1, … of delta^p x_j(p),
 *
 * where j(0), j(1), … are the user's items, the latest first, and x are the rows that rank.  The score of an
 * item grows by w delta^p <x_j(p), x_i> for each of them: exact terms, which kith explain lists.  Nothing is
 * trained: delta and w are numbers of the job, or chosen on validation.
 *
 * A user's owner adds in double precision, the earliest of its items first, so rows have the same bits on any
 * number of ranks.
 */
#ifndef KITH_SEQUENCE_RECENT_H
#define KITH_SEQUENCE_RECENT_H

#include "kith/eval.h"
#include "kith/model.h"
#include "graph/graph.h"

/** The latest items of some rows, and the exchange of their rows. */
typedef struct kith_recent kith_recent;

/**
 * Prepare the sums of the owned users, of their training items.  Collective.
 *
 * @param g      kept; with times that were read
 * @param items  most items of a user
 * @param d      columns of the rows
 * Errors: KITH_ENOMEM, KITH_ECONFIG (no times).  Memory: the rows of all items that are among a user's
 * latest, once, and 8 bytes for each item of a user.
 */
kith_agreed kith_recent_create(const kith_comm *comm, const kith_graph *g, int items, int d,
                               kith_recent **out) KITH_MUST_USE;
/**
 * The same of other rows and lists.  Collective.
 *
 * @param first  [size + 1] ownership ranges of the global numbers, the same on every rank; kept
 * @param row    [n] owned rows
 * @param start  [n + 1] row[i] has the items item[start[i]] … item[start[i + 1] - 1], the latest first
 * @param item   their global numbers
 */
kith_agreed kith_recent_create_of(const kith_comm *comm, const kith_gid *first, kith_lid n,
                                  const kith_lid *row, const kith_eid *start, const kith_gid *item, int d,
                                  kith_recent **out) KITH_MUST_USE;
void kith_recent_destroy(kith_recent **r); /**< Local; accepts null. */

/** Get the rows of the items out of x [n_own, d].  Collective; cannot fail. */
void kith_recent_gather(kith_recent *r, const float *x);
/** The row of item number p, the latest first, of row number i, as it was gathered last: [d], borrowed.
 * Local.
 */
const float *kith_recent_row(const kith_recent *r, kith_lid i, int64_t p);
/**
 * Write the users' rows, of the items' rows that were gathered last.  Local.
 *
 * @param x      [n_own, d] the rows without the sums
 * @param[out] y [n_own, d] rows of other nodes are not touched; may be x
 */
void kith_recent_add(const kith_recent *r, double decay, double weight, const float *x, float *y);

/** What was chosen, the same on every rank. */
typedef struct kith_recent_choice {
  double decay, weight;
  bool measured;       /**< on validation: nothing was, if the job has both numbers */
  int k;               /**< cutoff of the figures */
  int64_t n_user;      /**< validation users that were ranked */
  double none, chosen; /**< their NDCG without the sums, and with them */
} kith_recent_choice;

/**
 * Choose what the job says auto for: the largest NDCG at the largest cutoff on validation users, about 4000
 * of them by key.  First delta of 0, .2, … .8, then w of 1/4 to 8 times what makes the sums as long as the
 * users' rows, then delta again by steps of .1 as long as they help; w is 0 where nothing is better than the
 * rows as they are.
 *
 * Collective; the same on any number of ranks, and of a run's history: it depends on the rows alone.
 * @param x  [n_own, d] the rows without the sums
 * @param o  how items are ranked; the split does not count
 * Errors: KITH_ECONFIG (auto without validation items), KITH_ENOMEM, those of kith_eval_metrics().
 * Cost: 13 rankings, with steps of .1 at most 21.
 */
kith_agreed kith_recent_choose(kith_recent *r, const kith_recent_options *recent, const kith_eval_options *o,
                               const float *x, kith_recent_choice *out) KITH_MUST_USE;

#endif
