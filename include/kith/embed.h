/**
 * Embed: inductive inference, the embeddings of nodes that were not in the training graph:
 * kith_new_nodes_read() -> kith_embed() -> kith_new_embeddings_write().
 */
#ifndef KITH_EMBED_H
#define KITH_EMBED_H

#include "kith/store.h"
#include "kith/train.h"

/** What stands for the embedding of a new node, which no training has learned: nothing, or the mean of the
 * embeddings of the known nodes that are most alike by their features. */
typedef enum kith_embed_init { KITH_EMBED_ZERO, KITH_EMBED_MEAN } kith_embed_init;

typedef struct kith_embed_options {
  kith_embed_init init;
  int init_neighbors; /**< KITH_EMBED_MEAN: known nodes of a mean, at least 1 */
} kith_embed_options;

/** Zero; 10 nodes of a mean.  Local. */
static inline kith_embed_options kith_embed_defaults(void) {
  return (kith_embed_options){.init = KITH_EMBED_ZERO, .init_neighbors = 10};
}

/** Embeddings of this rank's block of new nodes, and the checkpoint that they were computed from. */
typedef struct kith_new_embeddings {
  int64_t first, n; /**< new nodes [first, first + n), users before items */
  int d;
  float *x;                    /**< [n, d] final embeddings, comparable with those of embeddings.h5 */
  char run[KITH_NAME];         /**< id of the run that wrote the checkpoint */
  int64_t n_alone[KITH_SIDES]; /**< KITH_EMBED_MEAN: new users and items, over all ranks, that are like no
                                  known one; whose embedding is zero */
  int64_t epoch, step;         /**< training progress of the checkpoint: epochs, and steps of the next one */
  char *history;               /**< its metrics, one JSON object per line */
} kith_new_embeddings;

KITH_API void kith_new_embeddings_free(kith_new_embeddings *e); /**< Local. */

/**
 * Run the model of a checkpoint on the training graph augmented by new nodes.
 *
 * The input row of a known node is as trained: its embedding, features, or both.  That of a new node has its
 * features where the model reads features.  Its embedding, where its type has one, is zero or, with
 * KITH_EMBED_MEAN, the mean of those of the known nodes of its type with the largest cosine of tf-idf
 * features above 0; of the spectral model it is the final row, of new items and of new users without
 * interactions.  In every layer new nodes read their neighbors, known and new, of the interactions and of the
 * relations that the model reads; known nodes do not read new ones, so that their rows stay as trained.  The
 * degree of a new node counts all its neighbors, the degree of a known node only known ones; a degree of 0
 * counts as 1. Source: Hamilton et al., "Inductive Representation Learning on Large Graphs" (NIPS 2017).
 *
 * Collective.  LightGCN gives the same bits on any number of ranks, models with weights the same to rounding.
 * @param o           null: kith_embed_defaults()
 * @param checkpoint  path; its configuration key must be that of `run`
 * Errors: KITH_ECONFIG (another configuration key; a model that reads neither neighbors nor features),
 * KITH_EDATA (another graph), KITH_ENOMEM.  Cost: a forward pass on the full graph, and its memory.
 */
KITH_API kith_agreed kith_embed(const kith_comm *comm, const kith_graph *g, const kith_run *run,
                                const kith_new_nodes *new, const kith_embed_options *o,
                                const char *checkpoint, kith_new_embeddings *out) KITH_MUST_USE;

#endif
