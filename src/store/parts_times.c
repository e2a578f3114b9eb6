/* Times of a rank's training interactions, read from parts.h5 only for models that use them. */
#include "h5/validate.h"
#include "store/parts.h"
#include "store/parts_check.h"
#include "store/graph.h"

kith_agreed kith_h5_put_time_is(kith_h5 *f, kith_time_is is) {
  kith_agreed st = {KITH_OK};
  if (is != KITH_TIME_SECONDS) KITH_TRY(kith_h5_put_attr_int(f, "time_is", (int64_t)is));
done:
  return st;
}

kith_agreed kith_h5_get_time_is(kith_h5 *f, kith_time_is *is) {
  kith_agreed st = {KITH_OK};
  int64_t value = KITH_TIME_SECONDS;
  if (kith_h5_has_attr(f, "time_is")) KITH_TRY(kith_h5_get_attr_int(f, "time_is", &value));
  if (value < KITH_TIME_SECONDS || value > KITH_TIME_PLACE)
    KITH_TRY(kith_agreed_same(
        kith_fail(KITH_EDATA, "%s: time_is is %lld, expected 0, 1 or 2", kith_h5_path(f), (long long)value)));
  *is = (kith_time_is)value;
done:
  return st;
}

static kith_agreed parts_check_times(kith_h5 *f, const kith_graph *g) {
  const char *path = kith_h5_path(f);
  kith_status st = KITH_OK;
  if (!kith_h5_has_dataset(f, "train/time"))
    st = kith_fail(
        KITH_ECONFIG,
        "model.half_life: %s has no times; name data.interactions.columns.time, and run kith ingest "
        "and kith partition again",
        path);
  if (kith_is_bad(st)) return kith_agreed_same(st);
  return kith_h5_check_fingerprint(f, g->fingerprint, "is another partition than the one that was read");
}

kith_agreed kith_graph_times_read(const kith_comm *comm, const char *parts_path, kith_graph *g) {
  kith_agreed st = {KITH_OK};
  kith_h5 *f = NULL;
  int64_t first = 0, *start = NULL, *time = NULL, n = g->start[g->n_own];
  if (g->time) return st;
  KITH_TRY(kith_h5_open(comm, parts_path, KITH_PARTS_FORMAT, KITH_FILE_VERSION, &f));
  KITH_TRY(parts_check_times(f, g));
  KITH_TRY(kith__parts_read_offsets(comm, f, "train/start", "train/time", g, &start, &first));
  KITH__READ_SLICE(f, "train/time", KITH_H5_INT64, first, n, time);
  KITH_TRY(kith_agree(comm, kith__validate_range(parts_path, "train/time", first, n, time, -KITH__TIME_MOST,
                                                 KITH__TIME_MOST)));
  KITH_TRY(kith__parts_check_times(comm, g, time, parts_path));
  g->time = time;
  time = NULL;
done:
  KITH_FREE(start);
  KITH_FREE(time);
  kith_h5_close(&f);
  return st;
}
