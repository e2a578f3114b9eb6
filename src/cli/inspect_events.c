/* kith inspect of graph.h5: the events of a stream. */
#include "cli/cli.h"
#include "store/graph.h"

enum { LISTS = 3 };

/* Events of training, validation and test, and the pairs of a user and an item whose first event is there. */
typedef struct inspect_stream {
  int64_t n[LISTS], pairs[LISTS], first_time, last_time;
  int n_feature;
} inspect_stream;

static kith_status events_count(kith_h5 *f, inspect_stream *s) {
  static const char *const list[LISTS] = {"train/item", "valid/item", "test/item"};
  kith_status st = KITH_OK;
  const kith_comm alone = {.mpi = MPI_COMM_SELF, .rank = 0, .size = 1};
  kith__event_list e = {.n = 0};
  int64_t n = 0, n_user = 0, n_item = 0;
  int d = 0;
  KITH_TRY(kith__event_list_count(f, &n).status);
  KITH_TRY(kith_h5_get_attr_int(f, "n_user", &n_user).status);
  KITH_TRY(kith_h5_get_attr_int(f, "n_item", &n_item).status);
  KITH_TRY(kith__event_list_read(&alone, f, n_user, n_item, 0, n, &e).status);
  s->n[0] = e.first[0];
  s->n[1] = e.first[1] - e.first[0];
  s->n[2] = n - e.first[1];
  s->n_feature = e.n_feature;
  if (n > 0) s->first_time = e.time[0];
  if (n > 0) s->last_time = e.time[n - 1];
  for (int i = 0; i < LISTS; i++) KITH_TRY(kith_h5_extent(f, list[i], &s->pairs[i], &d).status);
done:
  kith__event_list_free(&e);
  return st;
}

/* The share of n events that are of an earlier pair. */
static double events_repeated(int64_t n, int64_t pairs) {
  return n > 0 ? (double)(n - pairs) / (double)n : 0;
}

kith_status cli_inspect_events(cli *c, kith_h5 *f) {
  kith_status st = KITH_OK;
  inspect_stream s = {.first_time = 0};
  KITH_TRY(events_count(f, &s));
  int64_t n = s.n[0] + s.n[1] + s.n[2], pairs = s.pairs[0] + s.pairs[1] + s.pairs[2];
  double all = events_repeated(n, pairs), valid = events_repeated(s.n[1], s.pairs[1]),
         test = events_repeated(s.n[2], s.pairs[2]);
  cli_print(c, "a stream of %s: %lld training, %lld validation, %lld test", KITH_COUNT(n, "event(s)"),
            (long long)s.n[0], (long long)s.n[1], (long long)s.n[2]);
  cli_print(c, "  %s; times from %lld to %lld, %.1f days",
            KITH_COUNT(pairs, "distinct pair(s) of a user and an item"), (long long)s.first_time,
            (long long)s.last_time, (double)(s.last_time - s.first_time) / 86400);
  cli_print(c, "  events of an earlier pair: %.1f %%; of validation %.1f %%, of test %.1f %%", 100 * all,
            100 * valid, 100 * test);
  if (s.n_feature > 0) cli_print(c, "  %s of each event", KITH_COUNT(s.n_feature, "feature(s)"));
  cli_json(c, "stream",
           "{\"events\": %lld, \"training\": %lld, \"validation\": %lld, \"test\": %lld, \"pairs\": %lld, "
           "\"first_time\": %lld, \"last_time\": %lld, \"repeated\": %.9g, "
           "\"repeated_validation\": %.9g, "
           "\"repeated_test\": %.9g",
           (long long)n, (long long)s.n[0], (long long)s.n[1], (long long)s.n[2], (long long)pairs,
           (long long)s.first_time, (long long)s.last_time, all, valid, test);
  if (s.n_feature > 0) cli_json_more(c, ", \"features\": %d", s.n_feature);
  cli_json_more(c, "}");
done:
  return st;
}
