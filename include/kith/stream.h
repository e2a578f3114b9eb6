/**
 * Streams: options of the evaluation that replays a stream, and of the rules that score its events.
 */
#ifndef KITH_STREAM_H
#define KITH_STREAM_H

#include "kith/model.h"

/** What is known when an event is ranked: everything before it, or before the first event of its batch. */
typedef enum kith_stream_known {
  KITH_STREAM_NONE, /**< streams are not evaluated */
  KITH_STREAM_EVENT,
  KITH_STREAM_BATCH
} kith_stream_known;

/** What scores events beside the rules. */
typedef enum kith_stream_model { KITH_STREAM_NO_MODEL, KITH_STREAM_TGN } kith_stream_model;

/** Rules that docs/metrics.md defines, and what is known. */
typedef struct kith_stream_options {
  kith_stream_known known;
  int batch;                /**< events of a batch */
  bool recent, own, around; /**< groups of rules that are on */
  kith_knots popular;       /**< half-lives of what counts as popular, in seconds; 0: of all events alike */
  kith_stream_model model;
  int dim, heads, time_dim, neighbors; /**< tgn: columns of rows; heads of the attention; numbers of a time
                                          code; neighbors that it reads */
  bool evidence;                       /**< tgn: scores have terms of evidence */
  double init;                         /**< tgn: standard deviation of the initial rows */
} kith_stream_options;

#endif
