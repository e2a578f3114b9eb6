/* The events of a stream: every line of the interactions, in order of time, and their split. */
#include <string.h>

#include "ingest/split.h"

/* Bring the events into the order of `by`, through scratch [n] of 8 bytes each. */
static void events_permute(const kith_key_value *by, int64_t *scratch, kith__event_list *e) {
  int32_t *small = (int32_t *)scratch;
  size_t n = (size_t)e->n;
  for (int64_t i = 0; i < e->n; i++) small[i] = e->user[by[i].value];
  memcpy(e->user, small, n * sizeof *small);
  for (int64_t i = 0; i < e->n; i++) small[i] = e->item[by[i].value];
  memcpy(e->item, small, n * sizeof *small);
  for (int64_t i = 0; i < e->n; i++) scratch[i] = e->time[by[i].value];
  memcpy(e->time, scratch, n * sizeof *scratch);
}

/* The same of features. */
static kith_status events_permute_features(const kith_key_value *by, kith__event_list *e) {
  kith_status st = KITH_OK;
  const size_t d = (size_t)e->n_feature;
  float *all = NULL;
  KITH_TRY(KITH_NEW(all, e->n * e->n_feature));
  for (int64_t i = 0; i < e->n; i++)
    memcpy(all + (size_t)i * d, e->feature + (size_t)by[i].value * d, d * sizeof *all);
  KITH_FREE(e->feature);
  e->feature = all;
done:
  return st;
}

/* A stable sort by time, so that events of equal times keep the order of lines. */
static kith_status events_sort(kith__event_list *e, int64_t *moved) {
  kith_status st = KITH_OK;
  kith_key_value *key = NULL, *other = NULL;
  int64_t *scratch = NULL, low = e->n ? e->time[0] : 0, high = low;
  *moved = 0;
  for (int64_t i = 1; i < e->n; i++) {
    *moved += e->time[i] < high;
    if (e->time[i] < low) low = e->time[i];
    if (e->time[i] > high) high = e->time[i];
  }
  if (*moved == 0) return st;
  KITH_TRY(KITH_NEW(key, e->n));
  KITH_TRY(KITH_NEW(other, e->n));
  for (int64_t i = 0; i < e->n; i++) key[i] = (kith_key_value){e->time[i] - low, (int32_t)i};
  kith_sort(e->n, high - low, key, other); /* times are within 2^62, so differences fit */
  KITH_FREE(other);
  KITH_TRY(KITH_NEW(scratch, e->n));
  events_permute(key, scratch, e);
  if (e->n_feature > 0) KITH_TRY(events_permute_features(key, e));
done:
  KITH_FREE(key);
  KITH_FREE(other);
  KITH_FREE(scratch);
  return st;
}

kith_status kith__events_make(const kith__edge_list *edges, kith__event_list *out, int64_t *moved) {
  kith_status st = KITH_OK;
  int64_t at = 0;
  *moved = 0;
  KITH_CHECK(edges->n == 0 || edges->has_time, KITH_ECONFIG,
             "split: method stream needs times, and the interactions name no time column");
  KITH_CHECK(edges->n <= INT32_MAX, KITH_EDATA,
             "split: method stream takes at most 2^31 - 1 events, found %lld", (long long)edges->n);
  KITH_TRY(kith__event_list_alloc(edges->n, edges->n_feature, out));
  for (const kith__edge_chunk *b = edges->first; b; b = b->next) {
    if (b->feature)
      memcpy(out->feature + at * out->n_feature, b->feature,
             (size_t)(b->n * out->n_feature) * sizeof *b->feature);
    for (int64_t k = 0; k < b->n; k++, at++) {
      out->user[at] = b->user[k];
      out->item[at] = b->item[k];
      out->time[at] = b->time[k];
    }
  }
  KITH_TRY(events_sort(out, moved));
done:
  return st;
}

/* The first event from a time on. */
static int64_t events_from(const kith__event_list *e, int64_t time) {
  int64_t n = e->n;
  while (n > 0 && e->time[n - 1] >= time) n--;
  return n;
}

kith_status kith__events_split(const kith_split *s, kith__event_list *e, kith__edge_csr *train,
                               kith__edge_csr *valid, kith__edge_csr *test, kith_split_report *r) {
  kith_status st = KITH_OK;
  uint8_t *mark = NULL;
  int64_t n_pair = train->ragged.start[train->ragged.n_row];
  KITH_CHECK(s->valid >= 0 && s->test >= 0 && s->valid + s->test < 1, KITH_ECONFIG,
             "split: valid %g and test %g, expected shares of 0 or more that leave some for training",
             s->valid, s->test);
  KITH_CHECK(e->n > 0, KITH_EDATA, "split: method stream, and there are no events");
  int64_t cut[2] = {kith__time_cut(NULL, e->n, e->n, e->time, s->valid + s->test),
                    kith__time_cut(NULL, e->n, e->n, e->time, s->test)};
  for (int k = 0; k < 2; k++) e->first[k] = events_from(e, cut[k]);
  r->events = e->n;
  r->events_valid = e->first[1] - e->first[0];
  r->events_test = e->n - e->first[1];
  KITH_CHECK((s->valid <= 0 || r->events_valid > 0) && (s->test <= 0 || r->events_test > 0) &&
                 e->first[0] > 0,
             KITH_EDATA,
             "split: %lld event(s) for training, %lld for validation, %lld for test; too few of them, or too "
             "many at one time",
             (long long)e->first[0], (long long)r->events_valid, (long long)r->events_test);
  KITH_TRY(KITH_NEW(mark, n_pair));
  for (kith_eid p = 0; p < n_pair; p++)
    mark[p] = train->time[p] < cut[0] ? KITH__TRAIN : train->time[p] < cut[1] ? KITH__VALID : KITH__TEST;
  KITH_TRY(kith__split_extract(train, mark, valid, test));
done:
  KITH_FREE(mark);
  return st;
}
