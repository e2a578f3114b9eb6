/**
 * TGN, temporal graph networks (Rossi et al., 2020), on a stream of events of users and items.
 *
 * Every node has a memory, a row that a gated recurrent unit rewrites by the message of the node's last
 * event, and a learned row of its own.  A user's embedding at an event, and an item's at the beginning of a
 * batch, is attention over their latest neighbors.  The loss is a softmax over all items.  docs/models.md has
 * the formulas.
 *
 * Events come in order, in batches.  Memory, message, neighbors and learned row of a node are at its owner;
 * rows travel by exchanges.  Results are the same on any number of ranks up to rounding.
 */
#ifndef KITH_TGN_TGN_H
#define KITH_TGN_TGN_H

#include "kith/optimizer.h"
#include "kith/stream.h"
#include "comm/phases.h"
#include "stream/evaluate.h"

typedef struct kith_tgn_options {
  int dim;         /**< d: columns of memory, rows and embeddings */
  int heads;       /**< of the attention; d is divisible by it */
  int time_dim;    /**< numbers of a time code */
  int neighbors;   /**< latest neighbors that attention reads */
  int batch;       /**< events of a batch, over all ranks */
  int n_feature;   /**< numbers that describe an event, in messages and attention; 0: none */
  bool exact;      /**< a user's neighbors and the evidence are those before the event; else those before its
                        batch.  Memory and items' embeddings are those before the batch in any case */
  bool evidence;   /**< scores have terms of evidence */
  double init;     /**< standard deviation of the initial learned rows */
  double lr_decay; /**< factor of the learning rate per epoch */
  int block;       /**< items that a step scores at a time; 0: as many as fit into 64 MB */
  uint64_t seed;
  kith_optimizer_options optimizer;
} kith_tgn_options;

typedef struct kith_tgn kith_tgn;

enum { KITH_TGN_HALF_LIVES = 3 /**< of popularity */ };

/**
 * Weights, learned rows and empty memory.  Collective.  `comm`, `g` and `stream` must outlive it.
 * Errors: KITH_ENOMEM; KITH_ECONFIG (heads that do not divide dim, too many features).
 */
kith_agreed kith_tgn_create(const kith_comm *comm, const kith_graph *g, const kith_tgn_options *o,
                            kith_tgn **out) KITH_MUST_USE;
/** Collective; accepts null. */
void kith_tgn_destroy(kith_tgn **tgn);

/** Forget all events: memory, messages, neighbors, evidence.  Local. */
void kith_tgn_forget(kith_tgn *t);

/**
 * Train on the next batch, then remember it.  Collective; cannot fail and allocates nothing.
 *
 * @param epoch    from 0, for the learning rate
 * @param number   of the step, from 1, over all epochs
 * @param first    index of the batch's first event in the stream; the batches before were remembered
 * @param event    [n] at most o->batch
 * @param request  of this rank: the largest one of all ranks is returned
 */
int64_t kith_tgn_step(kith_tgn *t, int64_t epoch, int64_t number, int64_t first, int n,
                      const kith_event *event, int64_t request);

/** Bytes that a rank will need.  An upper bound of the rows that a batch reads: all the neighbors that there
 * can be, and on several ranks twice the rank's even share of its events. */
typedef struct kith_tgn_bytes {
  int64_t state;      /**< memory, messages, neighbors, learned rows with the optimizer's slots, evidence */
  int64_t step;       /**< tensors of a step with gradients, and its scores */
  int64_t evaluation; /**< tensors of kith_tgn_scorer() */
  int64_t packed;     /**< kith_tgn_state, which a checkpoint is written from */
} kith_tgn_bytes;
/** Local.  n_feature: of an event; n_slot: of the optimizer. */
kith_tgn_bytes kith_tgn_memory(const kith_graph_sizes *sizes, const kith_stream_options *o, int n_feature,
                               int n_slot);

/** The sum of the losses of the steps since kith_tgn_forget(), this rank's share: a step's loss is the mean
 * over its events of - log probability of the event's item.  Local. */
kith_exact_sum *kith_tgn_loss(kith_tgn *t);

/** The seconds of this rank's steps so far, by phase.  Local. */
kith_phases kith_tgn_phases(const kith_tgn *t);

/** Scores of events for kith_stream_evaluate().  Borrows t, which forgets what it knew. */
kith_stream_scorer kith_tgn_scorer(kith_tgn *t);

/** What a score is the sum of: the product of the user's and the item's rows, and weights times evidence. */
typedef struct kith_tgn_parts {
  double match;                        /**< h_u h_i */
  double latest, age, count;           /**< of an item that the user has met: its place, age, how often */
  double popular[KITH_TGN_HALF_LIVES]; /**< of the last hour, day and 16 days */
  int place;                           /**< among the user's items, from 1, the latest first; 0: not met */
} kith_tgn_parts;

/** One of a user's latest events, and its share of the attention, the mean over heads. */
typedef struct kith_tgn_read {
  kith_gid item;
  int64_t time;
  double share;
} kith_tgn_read;

/**
 * The score of an item for event number `index` of those that kith_tgn_scorer() has begun, whose user is
 * owned, in parts; and the events that its user's row reads, the latest first: *read [returned], at most
 * o->neighbors.  Local.
 */
kith_tgn_parts kith_tgn_explain(const kith_tgn *t, int index, int32_t item_number);
int kith_tgn_explain_user(const kith_tgn *t, int index, kith_tgn_read *read);

/**
 * All that training has changed, as one block of rows and one of weights: kith_tgn_pack() fills them, and
 * kith_tgn_unpack() takes them and adds events 0 … end - 1 to neighbors and evidence, which follow from these
 * alone.  Local; unpack is Collective.
 */
typedef struct kith_tgn_state {
  int width;        /**< columns of rows: learned row, optimizer's slots, memory, message, times */
  float *row;       /**< [n_own, width] */
  int64_t n_weight; /**< weights with their slots */
  float *weight;    /**< [n_weight] equal on all ranks */
} kith_tgn_state;
kith_status kith_tgn_pack(kith_tgn *t, kith_tgn_state *out) KITH_MUST_USE;
void kith_tgn_unpack(kith_tgn *t, const kith_tgn_state *state, kith_stream *stream, int64_t end);
void kith_tgn_state_free(kith_tgn_state *state);

#endif
