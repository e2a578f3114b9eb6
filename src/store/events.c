/* The group event of graph.h5: the events of a stream. */
#include <math.h>

#include "h5/validate.h"
#include "store/graph.h"

#define EVENT_FEATURE "event/feature"

void kith__event_list_free(kith__event_list *e) {
  KITH_FREE(e->user);
  KITH_FREE(e->item);
  KITH_FREE(e->time);
  KITH_FREE(e->feature);
  *e = (kith__event_list){0};
}

kith_status kith__event_list_alloc(int64_t n, int n_feature, kith__event_list *out) {
  kith_status st = KITH_OK;
  *out = (kith__event_list){.n = n, .n_feature = n_feature};
  KITH_TRY(KITH_NEW(out->user, n));
  KITH_TRY(KITH_NEW(out->item, n));
  KITH_TRY(KITH_NEW(out->time, n));
  if (n_feature > 0) KITH_TRY(KITH_NEW(out->feature, n * n_feature));
done:
  return st;
}

int64_t kith__event_list_bytes(const kith__event_list *e) {
  return e->n * (int64_t)(sizeof *e->user + sizeof *e->item + sizeof *e->time +
                          (size_t)e->n_feature * sizeof *e->feature);
}

kith_agreed kith__event_list_write(kith_h5 *f, const kith__event_list *e) {
  kith_agreed st = {KITH_OK};
  if (e->n == 0) return st;
  KITH_TRY(kith__column_write(f, "event", "user", KITH_H5_INT32, e->n, e->user));
  KITH_TRY(kith__column_write(f, "event", "item", KITH_H5_INT32, e->n, e->item));
  KITH_TRY(kith__column_write(f, "event", "time", KITH_H5_INT64, e->n, e->time));
  KITH_TRY(kith__column_write(f, "event", "first", KITH_H5_INT64, 2, e->first));
  if (e->n_feature > 0)
    KITH_TRY(kith_h5_write(f, EVENT_FEATURE, KITH_H5_FLOAT, e->n_feature, e->n, 0, e->n, false, e->feature));
done:
  return st;
}

kith_agreed kith__event_list_count(kith_h5 *f, int64_t *n) {
  kith_agreed st = {KITH_OK};
  int d = 0;
  if (!kith_h5_has_dataset(f, "event/user"))
    return kith_agreed_same(kith_fail(KITH_ECONFIG,
                                      "%s: has no events; set data.split.method: stream, and run kith ingest "
                                      "and kith partition again",
                                      kith_h5_path(f)));
  KITH_TRY(kith_h5_extent(f, "event/user", n, &d));
done:
  return st;
}

kith_agreed kith__event_list_n_feature(kith_h5 *f, int *n_feature) {
  kith_agreed st = {KITH_OK};
  int64_t n = 0;
  *n_feature = 0;
  if (!kith_h5_has_dataset(f, EVENT_FEATURE)) return st;
  KITH_TRY(kith_h5_extent(f, EVENT_FEATURE, &n, n_feature));
done:
  return st;
}

/* Features are finite. */
static kith_status events_check_features(const char *path, const kith__event_list *e, int64_t first) {
  const int64_t n = e->n * e->n_feature;
  for (int64_t i = 0; i < n; i++)
    if (!isfinite(e->feature[i]))
      return kith_fail(KITH_EDATA, "%s: " EVENT_FEATURE ": row %lld has %g, expected finite numbers", path,
                       (long long)(first + i / e->n_feature), (double)e->feature[i]);
  return KITH_OK;
}

/* Times ascend; `last` is that of the event before. */
static kith_status events_check_times(const char *path, const kith__event_list *e, int64_t first,
                                      int64_t last) {
  for (int64_t i = 0; i < e->n; last = e->time[i++])
    if (e->time[i] < last)
      return kith_fail(KITH_EDATA, "%s: event/time: element %lld is %lld, expected %lld or later", path,
                       (long long)(first + i), (long long)e->time[i], (long long)last);
  return KITH_OK;
}

/* Numbers of nodes are below their count. */
static kith_status events_check_nodes(const char *path, const kith__event_list *e, int64_t first,
                                      int64_t n_user, int64_t n_item) {
  for (int64_t i = 0; i < e->n; i++)
    if (e->user[i] < 0 || e->user[i] >= n_user || e->item[i] < 0 || e->item[i] >= n_item)
      return kith_fail(KITH_EDATA, "%s: event %lld is of user %d and item %d, expected below %lld and %lld",
                       path, (long long)(first + i), (int)e->user[i], (int)e->item[i], (long long)n_user,
                       (long long)n_item);
  return KITH_OK;
}

static kith_status events_check(const char *path, const kith__event_list *e, int64_t n_all, int64_t first,
                                int64_t last, int64_t n_user, int64_t n_item) {
  kith_status st = KITH_OK;
  KITH_CHECK(e->first[0] >= 0 && e->first[0] <= e->first[1] && e->first[1] <= n_all, KITH_EDATA,
             "%s: event/first is %lld, %lld, expected ascending numbers up to %lld", path,
             (long long)e->first[0], (long long)e->first[1], (long long)n_all);
  KITH_TRY(events_check_nodes(path, e, first, n_user, n_item));
  KITH_TRY(kith__validate_range(path, "event/time", first, e->n, e->time, -KITH__TIME_MOST, KITH__TIME_MOST));
  KITH_TRY(events_check_times(path, e, first, last));
  KITH_TRY(events_check_features(path, e, first));
done:
  return st;
}

kith_agreed kith__event_list_read(const kith_comm *comm, kith_h5 *f, int64_t n_user, int64_t n_item,
                                  int64_t first, int64_t n, kith__event_list *e) {
  kith_agreed st = {KITH_OK};
  int64_t n_all = 0, last = -KITH__TIME_MOST;
  int n_feature = 0;
  KITH_TRY(kith__event_list_count(f, &n_all));
  KITH_TRY(kith__event_list_n_feature(f, &n_feature));
  KITH_TRY(kith_agree(comm, kith__event_list_alloc(n, n_feature, e)));
  if (n_feature > 0) KITH_TRY(kith_h5_read(f, EVENT_FEATURE, KITH_H5_FLOAT, n_feature, first, n, e->feature));
  KITH_TRY(kith_h5_read(f, "event/user", KITH_H5_INT32, 0, first, n, e->user));
  KITH_TRY(kith_h5_read(f, "event/item", KITH_H5_INT32, 0, first, n, e->item));
  KITH_TRY(kith_h5_read(f, "event/time", KITH_H5_INT64, 0, first, n, e->time));
  KITH_TRY(kith_h5_read(f, "event/time", KITH_H5_INT64, 0, first > 0 ? first - 1 : 0, first > 0, &last));
  KITH_TRY(kith_h5_read(f, "event/first", KITH_H5_INT64, 0, 0, 2, e->first));
  KITH_TRY(kith_agree(comm, events_check(kith_h5_path(f), e, n_all, first, last, n_user, n_item)));
done:
  return st;
}
