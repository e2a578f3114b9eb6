/*
 * New events behind those of a stream.  The longer stream is split as kith ingest would split it, so that
 * what was held out may be training now; the events in the old order are its beginning.
 */
#include <string.h>

#include "ingest/append_work.h"
#include "ingest/split.h"

static kith_status events_grow(const kith__event_list *fresh, kith__event_list *all) {
  kith_status st = KITH_OK;
  const int64_t n = all->n + fresh->n;
  KITH_TRY(KITH_GROW(all->user, all->n, n));
  KITH_TRY(KITH_GROW(all->item, all->n, n));
  KITH_TRY(KITH_GROW(all->time, all->n, n));
  if (all->n_feature > 0) {
    KITH_TRY(KITH_GROW(all->feature, all->n * all->n_feature, n * all->n_feature));
    memcpy(all->feature + all->n * all->n_feature, fresh->feature,
           (size_t)(fresh->n * all->n_feature) * sizeof *all->feature);
  }
  for (int64_t i = 0; i < fresh->n; i++) {
    all->user[all->n + i] = fresh->user[i];
    all->item[all->n + i] = fresh->item[i];
    all->time[all->n + i] = fresh->time[i];
  }
  all->n = n;
done:
  return st;
}

kith_status kith__append_events(kith__append *a, const char *list, const kith__edge_list *edges) {
  kith_status st = KITH_OK;
  kith__event_list fresh = {0};
  int64_t moved = 0;
  const int64_t n = a->t.events.n;
  KITH_CHECK(
      edges->n_feature == a->t.events.n_feature, KITH_ECONFIG,
      "data.interactions.columns.features: %s of %s, %s of each event in %s; give as many, or run kith "
      "ingest with one list of all",
      KITH_COUNT(edges->n_feature, "feature(s)"), list, KITH_COUNT(a->t.events.n_feature, "feature(s)"),
      a->path);
  KITH_TRY(kith__events_make(edges, &fresh, &moved));
  KITH_CHECK(fresh.n == 0 || fresh.time[0] >= a->t.events.time[n - 1], KITH_EDATA,
             "%s: has an event at time %lld, before the last one of %s, which is at %lld; new events come "
             "behind it: leave out earlier ones, or run kith ingest with one list of all",
             list, (long long)fresh.time[0], a->path, (long long)a->t.events.time[n - 1]);
  KITH_CHECK(n + fresh.n <= INT32_MAX, KITH_EDATA, "%s: a stream has at most 2^31 - 1 events", list);
  a->r->events = fresh.n;
  KITH_TRY(events_grow(&fresh, &a->t.events));
done:
  kith__event_list_free(&fresh);
  return st;
}

/* Put the interactions of `more` to those of `all`. */
static kith_status events_unite(const kith__edge_csr *more, kith__edge_csr *all, int64_t *known) {
  kith_status st = KITH_OK;
  kith__edge_csr both = {0};
  int64_t earlier = 0;
  if (!more->ragged.start) return st;
  KITH_TRY(kith__edge_csr_unite(all, more, &both, NULL, known, &earlier));
  kith__edge_csr_free(all);
  *all = both;
done:
  return st;
}

/* What the parent lacked among the training interactions. */
static kith_status events_mark(const kith_ragged *old, kith__graph_data *t) {
  kith_status st = KITH_OK;
  const kith_ragged *l = &t->train.ragged;
  KITH_TRY(KITH_NEW(t->is_new, l->start[l->n_row]));
  for (int64_t u = 0; u < l->n_row; u++)
    for (kith_eid e = l->start[u]; e < l->start[u + 1]; e++)
      t->is_new[e] = u >= old->n_row || !kith_ragged_has(old, u, l->value[e]);
done:
  return st;
}

kith_status kith__append_split_events(kith__append *a, const kith__edge_csr *fresh) {
  kith_status st = KITH_OK;
  kith__edge_csr all = {0}, old = a->t.train;
  kith_split_report report = {0};
  const int64_t trained = a->t.events.first[0];
  int64_t apart = 0;
  a->t.train = (kith__edge_csr){0};
  KITH_TRY(kith__edge_csr_unite(&old, fresh, &all, NULL, &a->r->known, &apart));
  KITH_TRY(events_unite(&a->t.valid, &all, &apart));
  KITH_TRY(events_unite(&a->t.test, &all, &apart));
  kith__edge_csr_free(&a->t.valid);
  kith__edge_csr_free(&a->t.test);
  a->t.train = all;
  all = (kith__edge_csr){0};
  KITH_TRY(kith__events_split(&a->data->split, &a->t.events, &a->t.train, &a->t.valid, &a->t.test, &report));
  KITH_CHECK(a->r->events == 0 || a->t.events.first[0] > trained, KITH_ECONFIG,
             "update.interactions.path: with these events the first %lld of %lld are for training by "
             "data.split, where the old graph has %lld; the model would learn from no event more: expected a "
             "longer list, or the shares of data.split that the graph was made with",
             (long long)a->t.events.first[0], (long long)a->t.events.n, (long long)trained);
  KITH_TRY(events_mark(&old.ragged, &a->t));
done:
  kith__edge_csr_free(&all);
  kith__edge_csr_free(&old);
  return st;
}
