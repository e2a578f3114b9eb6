/**
 * Generate: a synthetic social recommendation graph, seeded, streamed.
 */
#ifndef KITH_GENERATE_H
#define KITH_GENERATE_H

#include "kith/base.h"

typedef struct kith_generate_options {
  int64_t users, items, interactions;
  int64_t friends;     /**< friendships in the whole graph */
  int64_t tags;        /**< tags in the whole graph; an item has 1 to 5 */
  int64_t entities;    /**< entities of the knowledge graph */
  double carts, views; /**< items in the cart, items viewed, per interaction: 1 <= carts <= views */
  double homophily;    /**< probability that a friend comes from the user's own niche, 0 … 1; a community of
                          common tastes has four niches, whose users mostly choose the same quarter of its
                          items */
  double drift;        /**< how far popularity and tastes move over time, 0 … 1 */
  double noise;        /**< share of interactions outside the user's tastes, 0 … 1 */
  uint64_t seed;
  int communities; /**< latent taste communities */
  bool names;      /**< ids are readable names ("user-00017"), else integers from 0 */
} kith_generate_options;

KITH_API kith_generate_options kith_generate_defaults(void); /**< Local. */

/** The files to write; a null or empty path is skipped.  Columns are separated by tabs. */
typedef struct kith_generate_lists {
  const char *interactions; /**< user, item, time; lines of a user ascend in time, as in all lists of times */
  const char *carts, *views; /**< user, item, time: every item of `interactions` was in the cart before, and
                                  every item in the cart was viewed before */
  const char *friends;       /**< user, user; each friendship once */
  const char *tags;          /**< item, tag */
  const char *triples;       /**< item or entity, kind (made_by, part_of, about), entity */
  bool item_triples;         /**< of the triples only those of items */
} kith_generate_lists;

/** Lines of each list. */
typedef struct kith_generate_report {
  int64_t interactions, carts, views, friends, tags, triples;
  int64_t capped; /**< users whose carts (views) were cut to three quarters of the items, though the options
                     ask for more; a user cut in both lists counts twice */
} kith_generate_report;

/**
 * Write text lists of one synthetic graph, each atomically.  All lists of equal options describe the same
 * graph, whichever are written in one call.
 *
 * Local.  Memory O(users + items + communities), whatever the number of lines.
 *
 * @param[out] report may be null
 * Errors: KITH_ECONFIG (impossible numbers), KITH_EOUTPUT, KITH_EIO, KITH_ENOMEM.
 */
KITH_API kith_status kith_generate(const kith_generate_options *o, const kith_generate_lists *lists,
                                   kith_generate_report *report) KITH_MUST_USE;

#endif
