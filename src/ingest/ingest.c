/* From text lists to graph.h5: one rank reads, numbers, merges, splits and writes; the others learn how it
 * ended. */
#include <string.h>

#include "ingest/features.h"
#include "ingest/names.h"
#include "store/graph_writer.h"

/* ---- checks ---- */

kith_status kith__source_check(const char *key, const kith_source *s) {
  kith_status st = KITH_OK;
  KITH_CHECK(s->format != KITH_ADJACENCY || (!s->time[0] && !s->weight[0]), KITH_ECONFIG,
             "%s: an adjacency list has no columns for times or weights; expected format edges", key);
  KITH_CHECK(s->format != KITH_ADJACENCY || s->header != KITH_HEADER_YES, KITH_ECONFIG,
             "%s: an adjacency list has no header; expected format edges", key);
  KITH_CHECK(s->least_weight == 0 || s->weight[0], KITH_ECONFIG,
             "%s.least_weight: %.9g, but no column of weights is named; expected %s.columns.weight", key,
             s->least_weight, key);
done:
  return st;
}

static void inherit_text(const char *from, size_t size, char *to) {
  if (!to[0]) memcpy(to, from, size);
}

void kith__source_inherit(const kith_source *from, kith_format format, kith_source *s) {
  if (s->format != KITH_FORMAT_AUTO && s->format != format) return;
  inherit_text(from->delimiter, sizeof s->delimiter, s->delimiter);
  if (s->comment == KITH_COMMENT_AUTO) s->comment = from->comment;
  if (s->quoting == KITH_QUOTING_CSV) s->quoting = from->quoting;
  if (format != KITH_EDGES) return;
  if (s->header == KITH_HEADER_AUTO) s->header = from->header;
  inherit_text(from->user, sizeof s->user, s->user);
  inherit_text(from->item, sizeof s->item, s->item);
  if (s->least_weight > 0) inherit_text(from->weight, sizeof s->weight, s->weight);
}

static kith_status ingest_check(const kith_ingest_options *o) {
  kith_status st = KITH_OK;
  KITH_CHECK(o->interactions.path[0], KITH_ECONFIG,
             "data.interactions: expected the path of a list, found none");
  KITH_TRY(kith__source_check("data.interactions", &o->interactions));
  KITH_TRY(kith__source_check("data.social", &o->social));
done:
  return st;
}

/* ---- reading ---- */

/* Every id of the interactions gets a number. */
static kith_status read_interactions(const kith_ingest_options *o, kith__names *user, kith__names *item,
                                     kith__pairs *pairs, kith_ingest_report *r) {
  kith__meet meet = {
      .key = "data.interactions", .user = user, .item = item, .new_users = true, .new_items = true};
  kith_status st = kith__pairs_read(&o->interactions, &meet, pairs);
  r->light += meet.light;
  r->interactions_list = meet.report;
  return st;
}

/* A test user must be known; a test item may be new.  What the job does not say of this list is as of the
 * interactions. */
static kith_status read_test(const kith_ingest_options *o, kith__names *user, kith__names *item,
                             kith__pairs *pairs, kith_ingest_report *r) {
  kith_status st = KITH_OK;
  kith_source s = o->test;
  kith__meet meet = {
      .key = "data.test", .hint = r->interactions_list.format, .user = user, .item = item, .new_items = true};
  kith__source_inherit(&o->interactions, meet.hint, &s);
  KITH_TRY(kith__source_check(meet.key, &s));
  KITH_TRY(kith__pairs_read(&s, &meet, pairs));
  r->light += meet.light;
  r->test_list = meet.report;
done:
  return st;
}

/* Leave out ties of somebody with himself. */
static int64_t drop_self(kith__pairs *pairs) {
  int64_t before = pairs->n;
  pairs->n = 0;
  for (kith__block *b = pairs->first; b; b = b->next) {
    int64_t kept = 0;
    for (int64_t k = 0; k < b->n; k++) {
      if (b->user[k] == b->item[k]) continue;
      b->user[kept] = b->user[k];
      b->item[kept] = b->item[k];
      if (b->time) b->time[kept] = b->time[k];
      if (b->weight) b->weight[kept] = b->weight[k];
      kept++;
    }
    b->n = kept;
    pairs->n += kept;
  }
  return before - pairs->n;
}

static kith_status read_social(const kith_ingest_options *o, kith__names *user, kith__rows *social,
                               kith_ingest_report *r) {
  kith_status st = KITH_OK;
  kith__pairs pairs = {0};
  kith__meet meet = {.key = "data.social", .user = user, .item = user, .skip_unknown = true};
  KITH_TRY(kith__pairs_read(&o->social, &meet, &pairs));
  r->social_list = meet.report;
  r->social_unknown = meet.skipped;
  r->social_light = meet.light;
  r->social_self = drop_self(&pairs);
  KITH_TRY(kith__rows_make(&pairs, user->n, social, &r->social_duplicates));
  r->social = social->lists.start[social->lists.n_row];
done:
  kith__pairs_free(&pairs);
  return st;
}

/* What is known of nodes that the lists above named. */
static kith_status read_features(const kith_ingest_options *o, int type, kith__names *node, kith__tables *t,
                                 kith_ingest_report *r) {
  kith_status st = KITH_OK;
  kith__names feature;
  kith__describe d = {.source = &o->features[type], .node = node, .feature = &feature, .new_features = true};
  kith__names_begin(&feature, "feature", o->interactions.ids);
  KITH_TRY(kith__features_read(&d, &t->features[type]));
  KITH_TRY(kith__names_ids(&feature, &t->feature_ids[type]));
  r->features[type] = feature.n;
  r->features_unknown[type] = d.unknown_nodes;
  r->features_bare[type] = d.bare;
  r->features_format[type] = d.format;
  t->feature_format[type] = kith_feature_format_text(d.format);
  r->features_weighted[type] = d.weighted;
  r->features_repeated[type] = d.repeated;
done:
  kith__names_free(&feature);
  return st;
}

/* What nodes that the lists above named are called. */
static kith_status read_names(const kith_ingest_options *o, int type, kith__names *node, kith__tables *t,
                              kith_ingest_report *r) {
  const char *key = type == KITH_USER ? "data.user_names" : "data.item_names";
  if (!o->names[type].path[0]) return KITH_OK;
  return kith__node_names_read(key, &o->names[type], node, &t->names[type], &r->names[type]);
}

/* ---- what is worth telling ---- */

static int64_t count_in_both(const kith_lists *train, const kith_lists *test) {
  int64_t n = 0;
  for (int64_t u = 0; u < test->n_row; u++)
    for (kith_eid e = test->start[u]; e < test->start[u + 1]; e++)
      n += kith_lists_has(train, u, test->item[e]);
  return n;
}

static int64_t count_idle(const kith_lists *train) {
  int64_t n = 0;
  for (int64_t u = 0; u < train->n_row; u++) n += train->start[u] == train->start[u + 1];
  return n;
}

enum { SEEN_TRAIN = 1, SEEN_HELD = 2 };

static void mark_items(const kith_lists *l, uint8_t as, uint8_t *seen) {
  for (kith_eid e = 0; e < l->start[l->n_row]; e++) seen[l->item[e]] |= as;
}

static kith_status count_held_out_items(const kith__tables *t, int64_t *count) {
  kith_status st = KITH_OK;
  uint8_t *seen = NULL;
  KITH_TRY(KITH_NEW(seen, t->ids[KITH_ITEM].n));
  mark_items(&t->train.lists, SEEN_TRAIN, seen);
  mark_items(&t->valid.lists, SEEN_HELD, seen);
  mark_items(&t->test.lists, SEEN_HELD, seen);
  *count = 0;
  for (int64_t i = 0; i < t->ids[KITH_ITEM].n; i++) *count += seen[i] == SEEN_HELD;
done:
  KITH_FREE(seen);
  return st;
}

static kith_status ingest_report(const kith__tables *t, kith_ingest_report *r) {
  for (int k = 0; k < KITH_TYPES; k++) {
    r->n[k] = t->ids[k].n;
    r->text_ids[k] = t->ids[k].text != NULL;
  }
  r->train = t->train.lists.start[r->n[KITH_USER]];
  r->valid = t->valid.lists.start[r->n[KITH_USER]];
  r->test = t->test.lists.start[r->n[KITH_USER]];
  r->has_time = t->train.time != NULL;
  r->has_weight = t->train.weight != NULL;
  r->idle_users = count_idle(&t->train.lists);
  return count_held_out_items(t, &r->held_out_items);
}

/* ---- all of it ---- */

/* Test rows come from their own list, or else from the split. */
static kith_status ingest_rows(const kith_ingest_options *o, kith__pairs *train, kith__pairs *test,
                               int64_t n_user, kith__tables *t, kith_ingest_report *r) {
  kith_status st = KITH_OK;
  kith__rows listed = {0};
  int64_t again = 0;
  bool has_test = o->test.path[0] != '\0';
  KITH_TRY(kith__rows_make(train, n_user, &t->train, &r->duplicates));
  if (has_test) {
    KITH_TRY(kith__rows_make(test, n_user, &listed, &again));
    r->duplicates += again;
    r->in_both = count_in_both(&t->train.lists, &listed.lists);
  }
  KITH_TRY(kith__split(&o->split, !has_test, t->ids, &t->train, &t->valid, &t->test, &r->split));
  if (has_test) {
    kith__rows_free(&t->test);
    t->test = listed;
    listed = (kith__rows){0};
  }
done:
  kith__rows_free(&listed);
  return st;
}

static kith_status ingest_read(const kith_ingest_options *o, kith__tables *t, kith_ingest_report *r) {
  kith_status st = KITH_OK;
  kith__names user, item;
  kith__pairs train = {0}, test = {0};
  kith__names_begin(&user, "user", o->interactions.ids);
  kith__names_begin(&item, "item", o->interactions.ids);
  KITH_TRY(ingest_check(o));
  KITH_TRY(read_interactions(o, &user, &item, &train, r));
  t->format = r->interactions_list.format;
  if (o->test.path[0]) KITH_TRY(read_test(o, &user, &item, &test, r));
  if (o->social.path[0]) KITH_TRY(read_social(o, &user, &t->social, r));
  if (o->features[KITH_USER].path[0]) KITH_TRY(read_features(o, KITH_USER, &user, t, r));
  if (o->features[KITH_ITEM].path[0]) KITH_TRY(read_features(o, KITH_ITEM, &item, t, r));
  KITH_TRY(read_names(o, KITH_USER, &user, t, r));
  KITH_TRY(read_names(o, KITH_ITEM, &item, t, r));
  KITH_TRY(kith__names_ids(&user, &t->ids[KITH_USER]));
  KITH_TRY(kith__names_ids(&item, &t->ids[KITH_ITEM]));
  kith__names_free(&user); /* before the rows take their room */
  kith__names_free(&item);
  KITH_TRY(ingest_rows(o, &train, &test, user.n, t, r));
  KITH_TRY(ingest_report(t, r));
done:
  kith__names_free(&user);
  kith__names_free(&item);
  kith__pairs_free(&train);
  kith__pairs_free(&test);
  return st;
}

/* Rank 0's work; the file is written by a group of one. */
static kith_status ingest_alone(const kith_ingest_options *o, const char *job, const char *path,
                                kith_ingest_report *report) {
  kith_status st = KITH_OK;
  kith__tables tables = {0};
  const kith_comm alone = {.mpi = MPI_COMM_SELF, .rank = 0, .size = 1};
  KITH_TRY(ingest_read(o, &tables, report));
  KITH_TRY(kith_log_check());
  KITH_TRY(kith__tables_write(&alone, &tables, job, path).status);
done:
  kith__tables_free(&tables);
  return st;
}

kith_agreed kith_ingest(const kith_comm *comm, const kith_ingest_options *o, const char *job,
                        const char *path, kith_ingest_report *report) {
  kith_agreed st = {KITH_OK};
  kith_status mine = KITH_OK;
  memset(report, 0, sizeof *report);
  if (comm->rank == 0) mine = ingest_alone(o, job, path, report);
  KITH_TRY(kith_agree(comm, mine));
  kith_comm_share(comm, (int64_t)sizeof *report, report);
done:
  return st;
}
