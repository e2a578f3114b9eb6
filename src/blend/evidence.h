/**
 * Evidence: numbers f(u, i) that a blend adds to scores, each times a weight, of listed pairs or of items.
 *
 * They are made of the graph alone, the same on any number of ranks: a file of a blend stores which they are
 * and their weights, and readers make them anew.
 */
#ifndef KITH_BLEND_EVIDENCE_H
#define KITH_BLEND_EVIDENCE_H

#include "kith/comm.h"
#include "kith/eval.h"
#include "kith/store.h"

#define KITH_EVIDENCE_FEATURES                                                                               \
  "features" /**< of items: what a blend calls them, unless a relation has this name */

typedef struct kith_evidence {
  kith_evidence_kind kind;
  char relation[KITH_NAME]; /**< of the graph, or KITH_INTERACTIONS; alike: or KITH_EVIDENCE_FEATURES */
  double half_life;         /**< popular: seconds; 0: none */
  double idf, length;       /**< alike: powers of log(n / n_c), and of an item's length */
  double weight;            /**< c, of any sign */
} kith_evidence;

/** All evidence: of the pairs in which any of it is not 0, and of items. */
typedef struct kith_evidence_table {
  int n;
  kith_ragged item;                    /**< [owned users] items, ascending, each once */
  double *value;                       /**< [pairs, n]; 0 of evidence that is of items */
  double *column[KITH_BLEND_EVIDENCE]; /**< [n] of each item [items in all]; null: it is of listed pairs */
} kith_evidence_table;

/** "seen", "rate" and so on, the names of keys. */
const char *kith_evidence_kind_name(kith_evidence_kind kind);
/** "seen view", for files and messages: text [2 * KITH_NAME]; and back: false if it is no evidence.  Local.
 */
void kith_evidence_print(const kith_evidence *e, char *text);
bool kith_evidence_parse(const char *text, kith_evidence *out);

/** Whether any of it needs the times of interactions, which kith_graph_times_read() reads.  Local. */
bool kith_evidence_reads_times(int n, const kith_evidence *e);
/** Check that the graph has the relations and the times that evidence needs.  Local; the same on every rank.
 * Errors: KITH_ECONFIG. */
kith_status kith_evidence_check(const kith_graph *g, int n, const kith_evidence *e) KITH_MUST_USE;
/**
 * Collective; the same bits on any number of ranks.  n = 0: an empty table.
 * @param candidates  of the ranking: pairs of items that are ranked for nobody may be missing
 * Errors: KITH_ENOMEM; those of kith_evidence_check().
 */
kith_agreed kith_evidence_make(const kith_comm *comm, const kith_graph *g, kith_candidates candidates, int n,
                               const kith_evidence *e, kith_evidence_table *out) KITH_MUST_USE;
void kith_evidence_free(kith_evidence_table *t); /**< Local. */
/** f number k of an owned user, as an index into g->row_of[KITH_USER], and an item.  Local. */
double kith_evidence_value(const kith_evidence_table *t, kith_lid user, int64_t item, int k);
/** Whether any of it is of items: the sum of these times their weights.  Local. */
bool kith_evidence_has_columns(const kith_evidence_table *t);
double kith_evidence_of_item(const kith_evidence_table *t, const kith_evidence *e, int64_t item);
/** The sum of weights times evidence of listed pairs, as the terms of a ranking.  Local.  Errors:
 * KITH_ENOMEM. */
kith_status kith_evidence_terms(const kith_evidence_table *t, const kith_evidence *e,
                                kith_pair_terms *out) KITH_MUST_USE;
void kith_pair_terms_free(kith_pair_terms *terms); /**< Local. */

#endif
