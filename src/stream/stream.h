/**
 * Streams: the timed interactions of a job as events in order of time, and what is known before an event.
 *
 * graph.h5 has every event, also repeated ones, by ascending time; those of equal times in the order of
 * lines. A rank holds a slice of them, 40 bytes an event and 4 a feature, and some thousands at a time are
 * sent to all ranks, so that the owner of a node sees all that happens to it.
 */
#ifndef KITH_STREAM_STREAM_H
#define KITH_STREAM_STREAM_H

#include "graph/graph.h"
#include "store/store.h"

/** An event: a user and an item meet at a time. */
typedef struct kith_event {
  int64_t time;                     /**< seconds */
  kith_gid user, item;              /**< global numbers */
  int32_t user_number, item_number; /**< original numbers; that of the item is its place in scores */
  const float *feature;             /**< [kith_stream_n_feature()]; null: none */
} kith_event;

typedef struct kith_stream kith_stream;

/**
 * Read this rank's slice of the events of graph.h5, from which `g` was partitioned.  Collective.  Memory: 40
 * bytes an event and 4 a feature of it, divided over the ranks.
 * Errors: KITH_ECONFIG (the graph has no events: data.split.method is not stream), KITH_ENOINPUT, KITH_EDATA,
 * KITH_ENOMEM.
 */
kith_agreed kith_stream_open(const kith_comm *comm, const kith_graph *g, const char *graph_path,
                             kith_stream **out) KITH_MUST_USE;
/** The training events of graph.h5.  Collective.  Errors: as above, but for memory. */
kith_agreed kith_stream_count_training(const kith_comm *comm, const char *graph_path,
                                       int64_t *out) KITH_MUST_USE;
/** The features of an event of graph.h5.  Collective.  Errors: as above, but for memory. */
kith_agreed kith_stream_count_features(const kith_comm *comm, const char *graph_path, int *out) KITH_MUST_USE;
/** Local; accepts null. */
void kith_stream_destroy(kith_stream **stream);

/** Events 0 … valid - 1 are training, valid … test - 1 validation, test … n - 1 test. */
typedef struct kith_stream_range {
  int64_t valid, test, n;
} kith_stream_range;
/** The same on every rank.  Local. */
kith_stream_range kith_stream_ranges(const kith_stream *stream);
/** Numbers that describe an event, perhaps none; the same on every rank.  Local. */
int kith_stream_n_feature(const kith_stream *stream);

enum { KITH_STREAM_WINDOW = 1 << 14 /**< events that are sent to all ranks at a time */ };

/**
 * Events begin … end - 1, at most KITH_STREAM_WINDOW, on every rank: *event [end - begin], until the next
 * call. Batches that follow each other are of one window, and cost no communication.  Collective; allocates
 * nothing.
 */
void kith_stream_events(kith_stream *stream, int64_t begin, int64_t end, const kith_event **event);

/* ---- what is known before an event; events are added in order ---- */

/** One of a node's latest neighbors. */
typedef struct kith_stream_neighbor {
  kith_gid node;
  int64_t time, event; /**< of the event, and its index in the stream */
} kith_stream_neighbor;

/** The neighbors of the latest `k` events of each owned node, users and items; repeated ones repeatedly.
 * Memory: 24 k bytes an owned node, and 4 k a feature. */
typedef struct kith_stream_latest kith_stream_latest;

/** Local.  g is borrowed; n_feature: of an event.  Errors: KITH_ENOMEM. */
kith_status kith_stream_latest_create(const kith_graph *g, int rank, int k, int n_feature,
                                      kith_stream_latest **out) KITH_MUST_USE;
void kith_stream_latest_destroy(kith_stream_latest **latest); /**< Local; accepts null. */
/** The state before the first event.  Local. */
void kith_stream_latest_reset(kith_stream_latest *latest);
/** Add events first … first + n - 1 of the stream to those of their ends that this rank owns.  Local. */
void kith_stream_latest_add(kith_stream_latest *latest, int64_t first, int n, const kith_event *event);
/** The neighbors of an owned row, latest first, into out [k]; returns their number.  Local. */
int kith_stream_latest_get(const kith_stream_latest *latest, kith_lid row, kith_stream_neighbor *out);
/** The features of the event of neighbor i of these.  Local. */
const float *kith_stream_latest_feature(const kith_stream_latest *latest, kith_lid row, int i);

/** An item that a user has met. */
typedef struct kith_stream_met {
  int32_t item_number, count; /**< how often */
  int64_t time;               /**< of the latest of these events */
} kith_stream_met;

/** The distinct items of each owned user, the one met latest first.  Memory: 16 bytes a distinct pair,
 * divided over the ranks. */
typedef struct kith_stream_recent kith_stream_recent;

/** Local.  g is borrowed.  Errors: KITH_ENOMEM. */
kith_status kith_stream_recent_create(const kith_graph *g, int rank, kith_stream_recent **out) KITH_MUST_USE;
void kith_stream_recent_destroy(kith_stream_recent **recent); /**< Local; accepts null. */
void kith_stream_recent_reset(kith_stream_recent *recent);    /**< Local. */
/** Add events, in order.  Local.  Cost: the items that the user met since its last event with this one. */
void kith_stream_recent_add(kith_stream_recent *recent, int n, const kith_event *event);
/** The items of an owned row, a user: *met [returned], until the next add.  Local. */
int kith_stream_recent_get(const kith_stream_recent *recent, kith_lid row, const kith_stream_met **met);

/** How often each item was met, decayed: an event of age a counts 2^(-a / half_life).  Of all events, on
 * every rank.  Memory: 8 bytes an item. */
typedef struct kith_stream_popular kith_stream_popular;

/** Local.  half_life: seconds, above 0; infinity: counts.  Errors: KITH_ENOMEM. */
kith_status kith_stream_popular_create(int64_t n_item, double half_life,
                                       kith_stream_popular **out) KITH_MUST_USE;
void kith_stream_popular_destroy(kith_stream_popular **popular); /**< Local; accepts null. */
void kith_stream_popular_reset(kith_stream_popular *popular);    /**< Local. */
void kith_stream_popular_add(kith_stream_popular *popular, int n, const kith_event *event); /**< Local. */
/** The decayed count of an item at a time that is not before the latest event added.  Local. */
double kith_stream_popular_get(const kith_stream_popular *popular, int32_t item_number, int64_t time);
/** Add `weight` times the item's part of all decayed counts to share [n_item], for every item.  Local. */
void kith_stream_popular_shares(const kith_stream_popular *popular, double weight, double *share);

#endif
