/**
 * Evidence: numbers f(u, i) of listed pairs that a blend adds to scores, each times a weight.
 *
 * They are made of the graph alone, the same on any number of ranks: a file of a blend stores which they are
 * and their weights, and readers make them anew.
 */
#ifndef KITH_BLEND_EVIDENCE_H
#define KITH_BLEND_EVIDENCE_H

#include "kith/comm.h"
#include "kith/eval.h"

typedef enum kith_evidence_kind {
  KITH_EVIDENCE_SEEN,   /**< 1 if the user has the item in the relation */
  KITH_EVIDENCE_RATE,   /**< if so, log((b + 1) / (n + 20)): n users have the item in the relation, and b of
                           them in a training interaction */
  KITH_EVIDENCE_FRIENDS /**< log(1 + users next to the user in the relation who have a training interaction
                           with the item) */
} kith_evidence_kind;

typedef struct kith_evidence {
  kith_evidence_kind kind;
  char relation[KITH_NAME];
  double weight; /**< c, of any sign */
} kith_evidence;

/** All evidence of the pairs in which any of it is not 0. */
typedef struct kith_evidence_table {
  int n;
  kith_ragged item; /**< [owned users] items, ascending, each once */
  double *value;    /**< [pairs, n] */
} kith_evidence_table;

/** "seen view", for files and messages: text [2 * KITH_NAME]; and back: false if it is no evidence.  Local.
 */
void kith_evidence_print(const kith_evidence *e, char *text);
bool kith_evidence_parse(const char *text, kith_evidence *out);

/**
 * Collective; the same bits on any number of ranks.  n = 0: an empty table.
 * Errors: KITH_ENOMEM; KITH_ECONFIG (no such relation, or one that joins other types).
 */
kith_agreed kith_evidence_make(const kith_comm *comm, const kith_graph *g, int n, const kith_evidence *e,
                               kith_evidence_table *out) KITH_MUST_USE;
void kith_evidence_free(kith_evidence_table *t); /**< Local. */
/** The sum of weights times evidence, as the terms of a ranking.  Local.  Errors: KITH_ENOMEM. */
kith_status kith_evidence_terms(const kith_evidence_table *t, const kith_evidence *e,
                                kith_pair_terms *out) KITH_MUST_USE;
void kith_pair_terms_free(kith_pair_terms *terms); /**< Local. */

#endif
