/**
 * Rules: where the next event of a user goes, by shares of items that are counted, without a network.
 *
 * A rule gives each item a share of 1, by what is known before an event; the softmax of a model's scores is
 * one rule more.  Each rule is divided into two parts, its shares among the items that the user has met and
 * those among the others, each of which is 1 in sum; one part more, "together", is the product of powers of
 * the rules' shares among the others.  The score of an item is the weighted sum of its shares by all parts.
 * Powers and weights are chosen by the likelihood of validation events; weights for events of a kind: how
 * many items the user has met, and how long ago.
 */
#ifndef KITH_STREAM_RULES_H
#define KITH_STREAM_RULES_H

#include "kith/stream.h"
#include "stream/evaluate.h"

enum {
  KITH_RULES_POPULAR = 8,                     /**< the most half-lives */
  KITH_RULES = 5 + KITH_RULES_POPULAR,        /**< the most rules; a model is one more */
  KITH_RULE_PARTS = 2 * (KITH_RULES + 1) + 1, /**< the most parts */
  KITH_RULE_KINDS = 1 + 7 * 5                 /**< kinds of events */
};

typedef struct kith_stream_rules kith_stream_rules;

/**
 * Local.  comm and g are borrowed, model is copied.  Memory: on every rank 20 bytes a user, 256 an item, 8
 * an item and half-life, and 8 an item and rule; of owned users 128 bytes, and 16 a distinct pair.
 * @param o      at most KITH_RULES_POPULAR half-lives
 * @param model  a scorer that is one rule more; null: none.  It is reset, begun and observed with the rules.
 * Errors: KITH_ENOMEM.
 */
kith_status kith_stream_rules_create(const kith_comm *comm, const kith_graph *g, const kith_stream_options *o,
                                     const kith_stream_scorer *model, kith_stream_rules **out) KITH_MUST_USE;
void kith_stream_rules_destroy(kith_stream_rules **rules); /**< Local; accepts null. */

/** How many parts there are, and the name of one, such as "popular 3600s" or "popular 3600s, new".  Local. */
int kith_stream_rules_n(const kith_stream_rules *rules);
const char *kith_stream_rules_name(const kith_stream_rules *rules, int part, char name[KITH_NAME]);

/**
 * Choose powers and weights by the likelihood of events begin … end - 1, replayed twice from the first of the
 * stream on in batches.  The same bits on any number of ranks.  Collective.  Memory: 60 bytes an event, and
 * at most 64 MB over all ranks for powers: of more events of new items than fit every second, third … counts.
 * @param[out] share  [parts] how much of these events each explains
 * Errors: KITH_ENOMEM; KITH_ECONFIG (no event is explained by any rule); those of the model.
 */
kith_agreed kith_stream_rules_fit(kith_stream_rules *rules, kith_stream *stream, int batch, int64_t begin,
                                  int64_t end, double *share) KITH_MUST_USE;

/** What scores by the rules, with the weights that were chosen. */
kith_stream_scorer kith_stream_rules_scorer(kith_stream_rules *rules);

#endif
