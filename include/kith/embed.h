/**
 * Embed: rows of nodes that were not there while a model was trained, from their neighbors and what it has
 * learned.
 */
#ifndef KITH_EMBED_H
#define KITH_EMBED_H

#include "kith/store.h"
#include "kith/train.h"

/** This rank's share of the newcomers, and what their rows come from. */
typedef struct kith_new_embeddings {
  int64_t first, n; /**< newcomers first … first + n - 1, users before items */
  int d;
  float *x;            /**< [n, d] final embeddings, as products rank them with those of embeddings.h5 */
  char run[KITH_NAME]; /**< id of the run whose checkpoint was read */
  int64_t epoch, step; /**< epochs trained, and steps of the next one */
  char *history;       /**< metrics of those, one JSON object a line */
} kith_new_embeddings;

void kith_new_embeddings_free(kith_new_embeddings *e); /**< Local. */

/**
 * Play the model of a checkpoint on the training graph with newcomers in it.
 *
 * Known nodes have their learned input rows; newcomers have what their features weigh, where the model reads
 * features, and otherwise rows of zeros: then only their neighbors speak.  Newcomers read their partners and
 * each other, layer by layer; known nodes do not read them, so that their rows are those that training left.
 * A newcomer's neighbors are counted with the newcomers among them, a known node's without; one without any
 * counts as if it had one.  (Inductive use: Hamilton et al., "Inductive Representation Learning on Large
 * Graphs", NIPS 2017.)
 *
 * Collective.  LightGCN gives the same bits on any number of ranks, models with weights the same to rounding.
 * @param checkpoint  its path; the run's config_key must be that of the file
 * Errors: KITH_ECONFIG (another config_key; a model that looks neither at neighbors nor at features),
 * KITH_EDATA (another graph), KITH_ENOMEM. Costs a forward pass over the whole graph, and its memory.
 */
kith_agreed kith_embed(const kith_comm *comm, const kith_graph *g, const kith_run *run,
                       const kith_new_nodes *new, const char *checkpoint,
                       kith_new_embeddings *out) KITH_MUST_USE;

#endif
