/**
 * Replaying a stream: each event is ranked by what is known before it, then becomes known.
 */
#ifndef KITH_STREAM_EVALUATE_H
#define KITH_STREAM_EVALUATE_H

#include "kith/eval.h"
#include "stream/stream.h"

enum { KITH_STREAM_ROWS = 16 /**< events that are scored at a time */ };

/**
 * What scores events.  A replay begins with `reset`.  Batches come in order; for each, `begin` is called if
 * its events are ranked, then `score` for the events whose user this rank owns, then `observe`.
 */
typedef struct kith_stream_scorer {
  void *context;
  /** The state before the first event.  Local. */
  void (*reset)(void *context);
  /** The events first … first + n - 1 will be scored by what was observed so far.  Collective; null: nothing
   * is to be done. */
  kith_agreed (*begin)(void *context, int64_t first, int n, const kith_event *event);
  /** Add to score [n, n_item], by original number of the item, the scores of at most KITH_STREAM_ROWS events
   * of the batch, whose users are owned: their indices in it are index [n].  Local. */
  void (*score)(void *context, int n, const int *index, const kith_event *event, float *score);
  /** The batch has happened.  Called for all events from the first of the stream on.  Collective. */
  kith_agreed (*observe)(void *context, int64_t first, int n, const kith_event *event);
} kith_stream_scorer;

/** Figures of the ranked events, each of which has one item that is right.  The same bits on any number of
 * ranks if scores are. */
typedef struct kith_stream_figures {
  int64_t n;                         /**< events */
  double mrr;                        /**< mean of 1 / position */
  double hit_rate[KITH_MAX_CUTOFFS]; /**< share of the events whose position is at most k */
} kith_stream_figures;

/** Which events, and among which items their positions are. */
enum {
  KITH_STREAM_ALL,       /**< all events, all items */
  KITH_STREAM_NEW,       /**< events of an item that the user has not met before, all items */
  KITH_STREAM_AMONG_NEW, /**< the same events, items that the user has not met before */
  KITH_STREAM_MET,       /**< events of an item that the user has met before, all items */
  KITH_STREAM_BY_USER,   /**< all items; events by earlier ones of the user: KITH_STREAM_GROUPS groups … */
  KITH_STREAM_BY_ITEM = KITH_STREAM_BY_USER + 4, /**< … and by earlier ones of the item, as many */
  KITH_STREAM_FIGURES = KITH_STREAM_BY_ITEM + 4
};
enum { KITH_STREAM_GROUPS = KITH_STREAM_BY_ITEM - KITH_STREAM_BY_USER };
/** By how many earlier events a group begins, of the user and of the item. */
extern const int64_t kith_stream_group_from[2][KITH_STREAM_GROUPS];

/** Where the batch that begins at `begin` ends: the first validation and the first test event begin batches.
 * Local. */
int64_t kith_stream_batch_end(kith_stream_range range, int64_t begin, int batch);

/**
 * Replay the stream from its first event up to `end` - 1, and rank all items for the events begin … end - 1.
 * Equal scores rank by
 * ascending original number.
 *
 * Collective.  Memory: KITH_STREAM_ROWS scores and 8 bytes an item, 16 bytes a distinct pair that is owned, 8
 * an owned user, 8 an event of a batch.
 * @param batch  events that are scored by what is known before the first of them; 1: event by event
 * @param k      [n_k] cutoffs
 * @param[out] figures  [KITH_STREAM_FIGURES]
 * Errors: KITH_ENOMEM; KITH_ENUMERIC (a score is not a number); those of the scorers.
 */
kith_agreed kith_stream_evaluate(const kith_comm *comm, const kith_graph *g, kith_stream *stream,
                                 int n_scorer, const kith_stream_scorer *scorer, int batch, int64_t begin,
                                 int64_t end, int n_k, const int *k,
                                 kith_stream_figures *figures) KITH_MUST_USE;

#endif
