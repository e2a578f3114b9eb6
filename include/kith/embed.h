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
  int init_neighbors;       /**< KITH_EMBED_MEAN: known nodes of a mean, at least 1 */
  int adapt;                /**< most steps that move the rows of new users on their own pairs; 0: none */
  kith_fanouts adapt_pairs; /**< adapt: numbers of pairs for which rates are learned, at least 1 each */
  int64_t adapt_users;      /**< adapt: known users, about, who stand for new ones */
} kith_embed_options;

/** Zero; 10 nodes of a mean; no steps, and if there are any, for 1, 2 and 5 pairs, by 4000 users.  Local. */
static inline kith_embed_options kith_embed_defaults(void) {
  return (kith_embed_options){.init = KITH_EMBED_ZERO,
                              .init_neighbors = 10,
                              .adapt_pairs = {.n = 3, .of = {1, 2, 5}},
                              .adapt_users = 4000};
}

/** How rows of users with some number of pairs are moved; docs/models.md has the formulas.  Steps and rates
 * are 0 where none ranks better. */
typedef struct kith_adapt_class {
  int pairs, steps;
  double own, likely, shared; /**< rates of the user's items, of items that it scores high, and of the row
                                 that all begin with */
  int64_t n_user;             /**< known users on whom this was confirmed … */
  double plain, adapted;      /**< … their NDCG without, and by what was chosen, also if it was not kept */
} kith_adapt_class;

/** What embed.adapt has learned and done. */
typedef struct kith_adaptation {
  int steps, k; /**< most steps; cutoff of the figures */
  int n_class, d;
  kith_adapt_class of[KITH_MAX_FANOUTS];
  double length;   /**< of moved rows */
  float *shared;   /**< [d] the row that all begin with, of length 1 or 0 */
  int64_t n_moved; /**< new users, over all ranks, whose rows were moved … */
  int64_t n_other; /**< … those of them whose rows of zeros took rates of another number of pairs */
  int64_t n_empty; /**< new users, over all ranks, with known items and with rows of zeros still */
} kith_adaptation;

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
  kith_adaptation adapted;     /**< of adapted rows; else all 0 */
} kith_new_embeddings;

KITH_API void kith_new_embeddings_free(kith_new_embeddings *e); /**< Local. */

/**
 * Run the model of a checkpoint on the training graph augmented by new nodes.
 *
 * With model.sequence: sasrec only users are new: the trained blocks read their items, which have times, and
 * the run's work folder has embeddings.h5 and the model of the graph.
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
