/*
 * New lists behind an old graph.  Rank 0 reads graph.h5 as ingest would have it before writing, reads the new
 * lists with the old ids known, and writes another graph.h5.
 *
 * Rows are sorted, so the old and the new edges are merged row by row; what is new is what the old row lacks.
 */
#include "ingest/append_work.h"

#include <string.h>

#include "ingest/relations.h"
#include "ingest/split.h"

/* ---- checks ---- */

kith_status kith__append_check_columns(const char *path, const char *key, const char *what,
                                       const kith__edge_list *list, const kith__edge_csr *old) {
  const struct {
    const char *name, *plural;
    bool listed, stored;
  } column[] = {{"time", "times", list->has_time, old->time != NULL},
                {"weight", "weights", list->has_weight, old->weight != NULL},
                {"kind", "kinds", list->has_kind, old->kind != NULL}};
  kith_status st = KITH_OK;
  for (size_t i = 0; i < sizeof column / sizeof *column; i++) {
    KITH_CHECK(column[i].listed || !column[i].stored, KITH_ECONFIG,
               "%s: %s has %s of %s, but this list has no column of them; name it in %s.columns.%s", key,
               path, column[i].plural, what, key, column[i].name);
    KITH_CHECK(column[i].stored || !column[i].listed, KITH_ECONFIG,
               "%s: the list has a column of %s, but %s has none of %s; leave out columns.%s, or begin with "
               "kith ingest",
               key, column[i].plural, path, what, column[i].name);
  }
done:
  return st;
}

void kith__append_check_units(const char *list, const char *path, const kith__edge_csr *old,
                              const kith__edge_csr *fresh) {
  enum { OLD = 1, NEW };
  kith__time_units units = {.low = 0};
  if (!old->time) return;
  for (kith_eid e = 0; e < old->ragged.start[old->ragged.n_row]; e++)
    kith__time_units_add(&units, OLD, old->time[e]);
  if (units.line == OLD) return; /* kith ingest has warned */
  for (kith_eid e = 0; e < fresh->ragged.start[fresh->ragged.n_row]; e++)
    kith__time_units_add(&units, NEW, fresh->time[e]);
  if (units.line == NEW && !units.between)
    kith_warn("%s: the time %lld looks like another unit than the times of %s; bring all lists to one unit",
              list, (long long)units.value, path);
}

static kith_status append_check(const kith__append *a) {
  kith_status st = KITH_OK;
  KITH_CHECK(a->o->interactions.path[0] || a->o->n_relation > 0, KITH_ECONFIG,
             "update: expected a new list in update.interactions.path or update.relations, found none");
done:
  return st;
}

/* ---- interactions ---- */

/* What the new list leaves open is as in data.interactions. */
static kith_status append_source(const kith__append *a, kith_edge_source *s, kith_list_format *hint) {
  kith_status st = KITH_OK;
  const kith_edge_source *like = &a->data->interactions;
  *s = a->o->interactions;
  *hint = like->format;
  if (*hint == KITH_FORMAT_AUTO && (a->t.format == KITH_ADJACENCY || a->t.format == KITH_EDGES))
    *hint = (kith_list_format)a->t.format;
  if (s->format == KITH_FORMAT_AUTO && *hint == KITH_EDGES) s->format = KITH_EDGES;
  if (s->min_weight == 0) s->min_weight = like->min_weight;
  kith__edge_source_inherit(like, *hint, s);
  if (s->format != KITH_ADJACENCY && *hint == KITH_EDGES) {
    if (!s->time[0]) memcpy(s->time, like->time, sizeof s->time);
    if (!s->weight[0]) memcpy(s->weight, like->weight, sizeof s->weight);
    if (a->t.events.n > 0) memcpy(s->features, like->features, sizeof s->features);
  }
  KITH_TRY(kith__edge_source_check("data.interactions", s));
done:
  return st;
}

static int64_t append_latest(const kith__edge_csr *rows) {
  int64_t latest = 0;
  for (kith_eid e = 0; rows->time && e < rows->ragged.start[rows->ragged.n_row]; e++)
    if (rows->time[e] > latest) latest = rows->time[e];
  return latest;
}

/* Lines of a new list come after those of the old ones. */
static kith_status append_count_on(const kith__append *a, kith_time_is is, kith__edge_csr *fresh) {
  kith_status st = KITH_OK;
  if (!fresh->time || !a->t.train.time) return st;
  KITH_CHECK(is == a->t.time_is, KITH_ECONFIG,
             "update.interactions.columns.time: the graph has %s, the new list %s; give both the same",
             a->t.time_is == KITH_TIME_SECONDS ? "times of a column" : "the order of lines",
             is == KITH_TIME_SECONDS ? "times of a column" : "the order of lines");
  if (is == KITH_TIME_SECONDS || a->data->split.between) return st;
  int64_t latest = append_latest(&a->t.train);
  if (append_latest(&a->t.valid) > latest) latest = append_latest(&a->t.valid);
  if (append_latest(&a->t.test) > latest) latest = append_latest(&a->t.test);
  for (kith_eid e = 0; e < fresh->ragged.start[fresh->ragged.n_row]; e++) fresh->time[e] += latest;
done:
  return st;
}

static kith_status append_read(kith__append *a, kith__edge_csr *fresh) {
  kith_status st = KITH_OK;
  kith_edge_source s;
  kith__edge_list edges = {0};
  kith__edge_policy policy = {.key = "data.interactions",
                              .user = &a->map[KITH_USER],
                              .item = &a->map[KITH_ITEM],
                              .add_users = true,
                              .add_items = true,
                              .ends = a->data->split.between,
                              .until = a->data->split.until};
  KITH_TRY(append_source(a, &s, &policy.format_hint));
  KITH_TRY(kith__edge_list_read(&s, &policy, &edges));
  a->r->list = policy.report;
  a->r->below_min_weight = policy.below_min_weight;
  KITH_TRY(kith__append_check_columns(a->path, policy.key, "interactions", &edges, &a->t.train));
  if (a->t.events.n > 0) KITH_TRY(kith__append_events(a, s.path, &edges));
  KITH_TRY(kith__edge_csr_build(&edges, a->map[KITH_USER].n, fresh, &a->r->duplicates));
  KITH_TRY(append_count_on(a, policy.report.time_is, fresh));
  if (a->t.time_is == KITH_TIME_SECONDS) kith__append_check_units(s.path, a->path, &a->t.train, fresh);
done:
  kith__edge_list_free(&edges);
  return st;
}

enum { FRESH, HELD_OUT, OUTSIDE };

/* Where the old graph holds an interaction apart from training. */
static uint8_t append_place(const kith__append *a, int64_t u, int32_t item) {
  if (u >= a->n_old[KITH_USER]) return FRESH;
  if (kith_ragged_has(&a->t.valid.ragged, u, item) || kith_ragged_has(&a->t.test.ragged, u, item))
    return HELD_OUT;
  return a->t.outside.ragged.start && kith_ragged_has(&a->t.outside.ragged, u, item) ? OUTSIDE : FRESH;
}

/* Leave out what is held out, or outside of a core. */
static kith_status append_filter(kith__append *a, kith__edge_csr *fresh) {
  kith_status st = KITH_OK;
  kith__edge_csr apart = {0};
  uint8_t *place = NULL;
  const kith_ragged *l = &fresh->ragged;
  KITH_TRY(KITH_NEW(place, l->start[l->n_row]));
  for (int64_t u = 0; u < l->n_row; u++)
    for (kith_eid e = l->start[u]; e < l->start[u + 1]; e++) place[e] = append_place(a, u, l->value[e]);
  KITH_TRY(kith__edge_csr_extract(fresh, place, HELD_OUT, &apart));
  a->r->held_out = apart.ragged.start[l->n_row];
  kith__edge_csr_free(&apart);
  KITH_TRY(kith__edge_csr_extract(fresh, place, OUTSIDE, &apart));
  a->r->outside = apart.ragged.start[l->n_row];
done:
  kith__edge_csr_free(&apart);
  KITH_FREE(place);
  return st;
}

/* A slice of time is held out in place of what was. */
static kith_status append_slice(kith__append *a, kith__edge_csr *fresh) {
  kith_status st = KITH_OK;
  uint8_t *mark = NULL;
  const kith_eid n = fresh->ragged.start[fresh->ragged.n_row];
  KITH_CHECK(fresh->time, KITH_ECONFIG, "%s: slices of time need times", a->data->interactions.path);
  KITH_TRY(KITH_NEW(mark, n));
  for (kith_eid e = 0; e < n; e++) mark[e] = fresh->time[e] >= a->data->split.from ? KITH__TEST : KITH__TRAIN;
  kith__edge_csr_free(&a->t.valid);
  kith__edge_csr_free(&a->t.test);
  KITH_TRY(kith__split_extract(fresh, mark, &a->t.valid, &a->t.test));
done:
  KITH_FREE(mark);
  return st;
}

/* Empty rows for new users. */
static kith_status append_lengthen(kith_ragged *l, int64_t n_row) {
  kith_status st = KITH_OK;
  if (!l->start) return st;
  KITH_TRY(KITH_GROW(l->start, l->n_row + 1, n_row + 1));
  for (int64_t u = l->n_row; u < n_row; u++) l->start[u + 1] = l->start[u];
  l->n_row = n_row;
done:
  return st;
}

/* Count held-out items whose training interactions are all new: they were cold before. */
static kith_status append_count_warmed(kith__append *a) {
  enum { HELD = 1, KNOWN = 2, NEW = 4 };
  kith_status st = KITH_OK;
  uint8_t *is = NULL;
  const kith_ragged *train = &a->t.train.ragged, *held[] = {&a->t.valid.ragged, &a->t.test.ragged};
  KITH_TRY(KITH_NEW(is, a->map[KITH_ITEM].n));
  for (kith_eid e = 0; e < train->start[train->n_row]; e++)
    is[train->value[e]] |= a->t.is_new[e] ? NEW : KNOWN;
  for (int k = 0; k < 2; k++)
    for (kith_eid e = 0; held[k]->start && e < held[k]->start[held[k]->n_row]; e++)
      is[held[k]->value[e]] |= HELD;
  for (int64_t i = 0; i < a->map[KITH_ITEM].n; i++) a->r->warmed += is[i] == (HELD | NEW);
done:
  KITH_FREE(is);
  return st;
}

static kith_status append_interactions(kith__append *a) {
  kith_status st = KITH_OK;
  kith__edge_csr fresh = {0}, all = {0};
  KITH_FREE(a->t.is_new);
  if (a->o->interactions.path[0] && a->t.events.n > 0) {
    KITH_TRY(append_read(a, &fresh));
    KITH_TRY(append_lengthen(&a->t.valid.ragged, a->map[KITH_USER].n));
    KITH_TRY(append_lengthen(&a->t.test.ragged, a->map[KITH_USER].n));
    KITH_TRY(kith__append_split_events(a, &fresh));
  } else if (a->o->interactions.path[0]) {
    KITH_TRY(append_read(a, &fresh));
    KITH_TRY(append_filter(a, &fresh));
    if (a->data->split.between) KITH_TRY(append_slice(a, &fresh));
    KITH_TRY(kith__edge_csr_unite(&a->t.train, &fresh, &all, &a->t.is_new, &a->r->known, &a->r->earlier));
    kith__edge_csr_free(&a->t.train);
    a->t.train = all;
    all = (kith__edge_csr){0};
  } else KITH_TRY(KITH_NEW(a->t.is_new, a->t.train.ragged.start[a->t.train.ragged.n_row]));
  int64_t n_user = a->map[KITH_USER].n;
  KITH_TRY(append_lengthen(&a->t.valid.ragged, n_user));
  KITH_TRY(append_lengthen(&a->t.test.ragged, n_user));
  KITH_TRY(append_lengthen(&a->t.outside.ragged, n_user));
  a->r->train = a->t.train.ragged.start[n_user];
  for (kith_eid e = 0; e < a->r->train; e++) a->r->pairs += a->t.is_new[e];
  KITH_TRY(append_count_warmed(a));
done:
  kith__edge_csr_free(&fresh);
  kith__edge_csr_free(&all);
  return st;
}

/* ---- the whole ---- */

static bool append_is_nothing(const kith__append *a) {
  const kith_append_report *r = a->r;
  bool something = a->data->split.between || r->pairs > 0 || r->earlier > 0 || r->events > 0;
  for (int t = 0; t < a->t.schema.n_type; t++) something |= r->n[t] > r->n_old[t];
  for (int i = 0; i < a->o->n_relation; i++) something |= r->relation[i].list.edges > 0;
  return !something;
}

/* Common training neighbors of ties, counted anew. */
static kith_status append_overlaps(kith__append *a) {
  kith_status st = KITH_OK;
  kith_ingest_report *r = NULL; /* large */
  KITH_TRY(KITH_NEW(r, 1));
  for (int k = 0; k < a->t.schema.n_relation; k++) KITH_FREE(a->t.relation[k].overlap);
  KITH_TRY(kith__relations_overlap(&a->t.train.ragged, &a->t, r));
done:
  KITH_FREE(r);
  return st;
}

static kith_status append_make(kith__append *a) {
  kith_status st = KITH_OK;
  KITH_TRY(append_check(a));
  for (int t = 0; t < a->t.schema.n_type; t++) a->n_old[t] = a->r->n_old[t] = a->t.ids[t].n;
  a->t.parent = (kith_parent){.is = true, .fingerprint = a->t.fingerprint};
  memcpy(a->t.parent.n, a->n_old, sizeof a->n_old);
  KITH_TRY(kith__append_load_ids(a));
  KITH_TRY(append_interactions(a));
  KITH_TRY(kith__append_join_types(a));
  KITH_TRY(kith__append_relations(a));
  KITH_TRY(kith__append_nodes(a));
  KITH_TRY(kith__append_paths(a));
  KITH_TRY(append_overlaps(a));
  a->r->schema = a->t.schema;
  a->r->nothing = append_is_nothing(a);
  KITH_TRY(kith__append_take(a));
done:
  return st;
}

static kith_status append_alone(const kith_ingest_options *data, const kith_append_options *o,
                                const char *old_path, const char *job, const char *out_path,
                                kith_append_report *report) {
  kith_status st = KITH_OK;
  const kith_comm alone = {.mpi = MPI_COMM_SELF, .rank = 0, .size = 1};
  kith__append *a = NULL;
  KITH_TRY(KITH_NEW(a, 1));
  *a = (kith__append){.data = data, .o = o, .path = old_path, .r = report};
  KITH_TRY(kith__graph_data_read(&alone, old_path, &a->t).status);
  KITH_TRY(append_make(a));
  KITH_TRY(kith_log_check());
  if (!report->nothing) KITH_TRY(kith__graph_write(&alone, &a->t, job, out_path).status);
done:
  for (int t = 0; a && t < KITH_MAX_TYPES; t++) kith__id_map_free(&a->map[t]);
  if (a) kith__graph_data_free(&a->t);
  KITH_FREE(a);
  return st;
}

kith_agreed kith_append(const kith_comm *comm, const kith_ingest_options *data, const kith_append_options *o,
                        const char *old_path, const char *job, const char *out_path,
                        kith_append_report *report) {
  kith_agreed st = {KITH_OK};
  kith_status mine = KITH_OK;
  memset(report, 0, sizeof *report);
  if (comm->rank == 0) mine = append_alone(data, o, old_path, job, out_path, report);
  KITH_TRY(kith_agree(comm, mine));
  kith_comm_bcast(comm, (int64_t)sizeof *report, report);
done:
  return st;
}
