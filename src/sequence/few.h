/** Some validation users, on whom numbers that a job leaves open are chosen. */
#ifndef KITH_SEQUENCE_FEW_H
#define KITH_SEQUENCE_FEW_H

#include "graph/graph.h"

/** A graph that has the validation items of few users alone; the rest is another graph's, borrowed. */
typedef struct kith_few_users {
  kith_graph graph;
} kith_few_users;

/**
 * About 4000 of the users with validation items, or all of them if there are fewer: each by a key of its own,
 * so the same on any number of ranks.  Collective.
 *
 * @param key  of the job, for the message
 * Errors: KITH_ECONFIG (no validation items), KITH_ENOMEM.
 */
kith_agreed kith_few_users_make(const kith_comm *comm, const kith_graph *g, const char *key,
                                kith_few_users *out) KITH_MUST_USE;
void kith_few_users_free(kith_few_users *few); /**< Local; accepts zeros. */

#endif
