/**
 * Embed: inductive inference, the embeddings of nodes that were not in the training graph:
 * kith_new_nodes_read() -> kith_embed() -> kith_new_embeddings_write().
 */
#ifndef KITH_EMBED_H
#define KITH_EMBED_H

#include "kith/store.h"
#include "kith/train.h"

/** Embeddings of this rank's block of new nodes, and the checkpoint that they were computed from. */
typedef struct kith_new_embeddings {
  int64_t first, n; /**< new nodes [first, first + n), users before items */
  int d;
  float *x;            /**< [n, d] final embeddings, comparable with those of embeddings.h5 */
  char run[KITH_NAME]; /**< id of the run that wrote the checkpoint */
  int64_t epoch, step; /**< training progress of the checkpoint: epochs, and steps of the next one */
  char *history;       /**< its metrics, one JSON object per line */
} kith_new_embeddings;

KITH_API void kith_new_embeddings_free(kith_new_embeddings *e); /**< Local. */

/**
 * Run the model of a checkpoint on the training graph augmented by new nodes.
 *
 * The input row of a known node is as trained: its embedding, features, or both; that of a new node is
 * computed from its features where the model reads features, and is zero otherwise.  In every layer new nodes
 * read their neighbors, known and new, of the interactions and of the relations that the model reads; known
 * nodes do not read new ones, so that their rows stay as trained.  The degree of a new node counts all its
 * neighbors, the degree of a known node only known ones; a degree of 0 counts as 1. Source: Hamilton et al.,
 * "Inductive Representation Learning on Large Graphs" (NIPS 2017).
 *
 * Collective.  LightGCN gives the same bits on any number of ranks, models with weights the same to rounding.
 * @param checkpoint  path; its configuration key must be that of `run`
 * Errors: KITH_ECONFIG (another configuration key; a model that reads neither neighbors nor features),
 * KITH_EDATA (another graph), KITH_ENOMEM.  Cost: a forward pass on the full graph, and its memory.
 */
KITH_API kith_agreed kith_embed(const kith_comm *comm, const kith_graph *g, const kith_run *run,
                                const kith_new_nodes *new, const char *checkpoint,
                                kith_new_embeddings *out) KITH_MUST_USE;

#endif
