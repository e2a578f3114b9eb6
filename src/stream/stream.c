/* The events of graph.h5, a slice on each rank, and the window of them that every rank has. */
#include <string.h>

#include "comm/comm.h"
#include "store/graph.h"
#include "stream/stream.h"

struct kith_stream {
  const kith_comm *comm;
  kith_stream_range range;
  int64_t *first;     /* [size + 1] rank r holds the events first[r] … first[r + 1] - 1 */
  kith_event *slice;  /* [first[rank + 1] - first[rank]] */
  kith_event *window; /* [KITH_STREAM_WINDOW]; one rank: null, the slice is all */
  int n_feature;
  float *feature, *window_feature; /* [events, n_feature] of the slice and of the window */
  int64_t begin, end;              /* events of the window */
  int *count, *at;                 /* [size] bytes of the window of each rank, and where they go */
};

void kith_stream_destroy(kith_stream **stream) {
  kith_stream *s = *stream;
  if (!s) return;
  KITH_FREE(s->first);
  KITH_FREE(s->slice);
  KITH_FREE(s->window);
  KITH_FREE(s->feature);
  KITH_FREE(s->window_feature);
  KITH_FREE(s->count);
  KITH_FREE(s->at);
  KITH_FREE(*stream);
}

kith_stream_range kith_stream_ranges(const kith_stream *s) { return s->range; }
int kith_stream_n_feature(const kith_stream *s) { return s->n_feature; }

/* ---- opening ---- */

static kith_status stream_alloc(const kith_comm *comm, int64_t n, int n_feature, kith_stream **out) {
  kith_status st = KITH_OK;
  kith_stream *s = NULL;
  KITH_TRY(KITH_NEW(s, 1));
  s->comm = comm;
  s->range.n = n;
  s->n_feature = n_feature;
  *out = s;
  KITH_TRY(KITH_NEW(s->first, comm->size + 1));
  KITH_TRY(KITH_NEW(s->count, comm->size));
  KITH_TRY(KITH_NEW(s->at, comm->size));
  for (int r = 0; r <= comm->size; r++) s->first[r] = n / comm->size * r + kith_min(n % comm->size, r);
  KITH_TRY(KITH_NEW(s->slice, s->first[comm->rank + 1] - s->first[comm->rank]));
  if (comm->size > 1) KITH_TRY(KITH_NEW(s->window, KITH_STREAM_WINDOW));
  if (comm->size > 1) KITH_TRY(KITH_NEW(s->window_feature, (int64_t)KITH_STREAM_WINDOW * n_feature));
done:
  return st;
}

/* The global number of every user, by original number. */
static kith_agreed stream_user_numbers(const kith_comm *comm, const kith_graph *g, int64_t **out) {
  kith_agreed st = {KITH_OK};
  int64_t *number = NULL, n = g->n[KITH_USER];
  KITH_TRY(kith_agree(comm, KITH_NEW(number, n)));
  for (kith_lid i = 0; i < g->n_own_of[KITH_USER]; i++) {
    kith_lid row = g->row_of[KITH_USER][i];
    number[g->original[row]] = g->first[comm->rank] + row;
  }
  kith_comm_sum_int(comm, n, number);
  *out = number;
done:
  return st;
}

kith_agreed kith_stream_open(const kith_comm *comm, const kith_graph *g, const char *graph_path,
                             kith_stream **out) {
  kith_agreed st = {KITH_OK};
  kith_stream *s = NULL;
  kith_h5 *f = NULL;
  kith__event_list slice = {.n = 0};
  int64_t *user = NULL, n = 0;
  int n_feature = 0;
  *out = NULL;
  KITH_TRY(kith_h5_open(comm, graph_path, KITH_GRAPH_FORMAT, KITH_FILE_VERSION, &f));
  KITH_TRY(
      kith_h5_check_fingerprint(f, g->fingerprint, "is another graph than the one that was partitioned"));
  KITH_TRY(kith__event_list_count(f, &n));
  KITH_TRY(kith__event_list_n_feature(f, &n_feature));
  KITH_TRY(kith_agree(comm, stream_alloc(comm, n, n_feature, &s)));
  KITH_TRY(kith__event_list_read(comm, f, g->n[KITH_USER], g->n[KITH_ITEM], s->first[comm->rank],
                                 s->first[comm->rank + 1] - s->first[comm->rank], &slice));
  KITH_TRY(stream_user_numbers(comm, g, &user));
  for (int64_t i = 0; i < slice.n; i++)
    s->slice[i] = (kith_event){.time = slice.time[i],
                               .user = user[slice.user[i]],
                               .item = g->item_number[slice.item[i]],
                               .user_number = slice.user[i],
                               .item_number = slice.item[i],
                               .feature = slice.feature ? slice.feature + i * n_feature : NULL};
  s->feature = slice.feature;
  slice.feature = NULL;
  s->range.valid = slice.first[0];
  s->range.test = slice.first[1];
  *out = s;
  s = NULL;
done:
  kith_h5_close(&f);
  kith__event_list_free(&slice);
  KITH_FREE(user);
  kith_stream_destroy(&s);
  return st;
}

kith_agreed kith_stream_count_training(const kith_comm *comm, const char *graph_path, int64_t *out) {
  kith_agreed st = {KITH_OK};
  kith_h5 *f = NULL;
  int64_t n = 0, first[2];
  *out = 0;
  KITH_TRY(kith_h5_open(comm, graph_path, KITH_GRAPH_FORMAT, KITH_FILE_VERSION, &f));
  KITH_TRY(kith__event_list_count(f, &n));
  KITH_TRY(kith_h5_read(f, "event/first", KITH_H5_INT64, 0, 0, 2, first));
  *out = first[0];
done:
  kith_h5_close(&f);
  return st;
}

kith_agreed kith_stream_count_features(const kith_comm *comm, const char *graph_path, int *out) {
  kith_agreed st = {KITH_OK};
  kith_h5 *f = NULL;
  *out = 0;
  KITH_TRY(kith_h5_open(comm, graph_path, KITH_GRAPH_FORMAT, KITH_FILE_VERSION, &f));
  KITH_TRY(kith__event_list_n_feature(f, out));
done:
  kith_h5_close(&f);
  return st;
}

/* ---- the window ---- */

/* Send rows of `bytes` bytes of all ranks to all ranks: `mine` are those of this rank's slice. */
static void stream_send(kith_stream *s, const void *mine, size_t bytes, void *window) {
  const int rank = s->comm->rank;
  const char *from = mine;
  for (int r = 0; r < s->comm->size; r++) {
    int64_t low = s->first[r] > s->begin ? s->first[r] : s->begin, high = kith_min(s->first[r + 1], s->end);
    s->count[r] = high > low ? (int)((high - low) * (int64_t)bytes) : 0;
    s->at[r] = high > low ? (int)((low - s->begin) * (int64_t)bytes) : 0;
  }
  if (s->count[rank] > 0)
    from += (size_t)((s->begin > s->first[rank] ? s->begin : s->first[rank]) - s->first[rank]) * bytes;
  KITH_WAIT("the events of a stream",
            MPI_Allgatherv(from, s->count[rank], MPI_BYTE, window, s->count, s->at, MPI_BYTE, s->comm->mpi));
}

/* Send events begin … of all ranks to all ranks. */
static void stream_fill(kith_stream *s, int64_t begin) {
  s->begin = begin;
  s->end = kith_min(begin + KITH_STREAM_WINDOW, s->range.n);
  stream_send(s, s->slice, sizeof *s->window, s->window);
  if (s->n_feature == 0) return;
  stream_send(s, s->feature, (size_t)s->n_feature * sizeof *s->feature, s->window_feature);
  for (int64_t i = 0; i < s->end - s->begin; i++) s->window[i].feature = s->window_feature + i * s->n_feature;
}

void kith_stream_events(kith_stream *s, int64_t begin, int64_t end, const kith_event **event) {
  if (begin < 0 || end > s->range.n || end - begin > KITH_STREAM_WINDOW)
    kith_abort(__FILE__, __LINE__, "events that are not in the stream");
  if (!s->window) {
    *event = s->slice + begin;
    return;
  }
  if (begin < s->begin || end > s->end) stream_fill(s, begin);
  *event = s->window + (begin - s->begin);
}
