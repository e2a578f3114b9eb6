/* The rows of users, by the ranks that have them: the test list's, the split, overlaps of ties, counts. */
#include "graph/drift.h"
#include "graph/schema.h"
#include "ingest/relations.h"
#include "ingest/shared.h"
#include "ingest/split.h"

typedef struct user_rows {
  const kith_comm *comm;
  const kith_comm *many; /* the same, if several ranks have rows; else null */
  const kith_ingest_options *o;
  kith__shared_list *shared;
  kith__graph_data *t;
  kith_ingest_report *r;
  int64_t n[KITH_SIDES]; /* users and items of all */
} user_rows;

/* ---- rows ---- */

/* The events are kept beside the interactions, each of which is where its first event is. */
static kith_status rows_stream(const user_rows *u, kith__edge_list *edges) {
  kith_status st = KITH_OK;
  kith__graph_data *t = u->t;
  KITH_TRY(kith__events_make(edges, &t->events, &u->r->split.events_moved));
  u->r->split.event_features = t->events.n_feature;
  KITH_TRY(kith__edge_csr_build(edges, u->n[KITH_USER], &t->train, &u->r->duplicates));
  KITH_TRY(kith__events_split(&u->o->split, &t->events, &t->train, &t->valid, &t->test, &u->r->split));
done:
  return st;
}

static kith_agreed rows_train(const user_rows *u, kith__edge_list *edges) {
  kith_agreed st = {KITH_OK};
  if (u->shared->is) {
    u->t->train = u->shared->rows;
    u->shared->rows = (kith__edge_csr){0};
    u->r->duplicates = u->shared->duplicates;
  } else
    KITH_TRY(kith_agreed_same(kith__edge_csr_build(edges, u->n[KITH_USER], &u->t->train, &u->r->duplicates)));
done:
  return st;
}

static int64_t count_in_both(const kith_ragged *train, const kith_ragged *test) {
  int64_t n = 0;
  for (int64_t u = 0; u < test->n_row; u++)
    for (kith_eid e = test->start[u]; e < test->start[u + 1]; e++)
      n += kith_ragged_has(train, u, test->value[e]);
  return n;
}

/* Rank 0 has the edges of the test list. */
static kith_agreed rows_test(const user_rows *u, kith__edge_list *edges, kith__edge_csr *listed) {
  kith_agreed st = {KITH_OK};
  kith__edge_csr all = {0};
  int64_t again = 0;
  KITH_TRY(kith_agree(u->comm, u->comm->rank == 0 ? kith__edge_csr_build(edges, u->n[KITH_USER], &all, &again)
                                                  : KITH_OK));
  if (u->many) KITH_TRY(kith__shared_scatter_rows(u->comm, u->shared->first, &all, listed));
  else {
    *listed = all;
    all = (kith__edge_csr){0};
  }
  u->r->duplicates += again;
  u->r->test_in_train = count_in_both(&u->t->train.ragged, &listed->ragged);
  kith_comm_sum_int(u->comm, 1, &u->r->test_in_train);
done:
  kith__edge_csr_free(&all);
  return st;
}

/* ---- the split ---- */

/* Ids of this rank's users and of all items; rank 0's are borrowed. */
static kith_agreed split_ids(const user_rows *u, kith_ids ids[KITH_SIDES]) {
  kith_agreed st = {KITH_OK};
  const int64_t *first = u->shared->first;
  const int rank = u->comm->rank;
  const int64_t n[KITH_SIDES] = {first[rank + 1] - first[rank], u->n[KITH_ITEM]};
  for (int k = 0; k < KITH_SIDES; k++) {
    ids[k] = u->t->ids[k];
    int width = ids[k].text ? ids[k].width : 0;
    kith_comm_bcast(u->comm, sizeof width, &width);
    KITH_TRY(kith_agree(u->comm, rank > 0 ? kith__ids_make(n[k], width, &ids[k]) : KITH_OK));
    char *bytes = width > 0 ? ids[k].text : (char *)ids[k].number;
    const int64_t each = width > 0 ? width : 8;
    if (k == KITH_ITEM) kith_comm_bcast(u->comm, n[k] * each, bytes);
    else if (rank > 0) kith__shared_scatter(u->comm, each, NULL, NULL, n[k], bytes);
    else kith__shared_scatter(u->comm, each, first, bytes, 0, NULL);
  }
done:
  return st;
}

static kith_agreed rows_split(const user_rows *u, bool keep_test) {
  kith_agreed st = {KITH_OK};
  kith__graph_data *t = u->t;
  const kith_split *s = &u->o->split;
  const bool keyed = s->method == KITH_SPLIT_LEAVE_LAST_OUT || s->method == KITH_SPLIT_ITEMS;
  kith_ids ids[KITH_SIDES] = {{0}};
  kith__split_share share = {.comm = u->many, .ids = t->ids};
  if (u->many) share.first = u->shared->first[u->comm->rank];
  if (u->many && keyed) {
    KITH_TRY(split_ids(u, ids));
    share.ids = ids;
  }
  KITH_TRY(
      kith__split_shared(&share, s, keep_test, &t->train, &t->valid, &t->test, &t->outside, &u->r->split));
done:
  for (int k = 0; k < KITH_SIDES && u->comm->rank > 0; k++) kith_ids_free(&ids[k]);
  return st;
}

/* ---- overlaps ---- */

/* Relations are rank 0's. */
static kith_agreed rows_overlaps(const user_rows *u) {
  const kith_ragged *train = &u->t->train.ragged;
  if (u->many) return kith__shared_overlaps(u->comm, u->shared->first, u->n[KITH_ITEM], train, u->t, u->r);
  return kith_agreed_same(kith__relations_overlap(train, u->t, u->r));
}

/* ---- counts ---- */

static int64_t count_cold_users(const kith_ragged *train) {
  int64_t n = 0;
  for (int64_t u = 0; u < train->n_row; u++) n += train->start[u] == train->start[u + 1];
  return n;
}

enum { SEEN_TRAIN = 1, SEEN_HELD = 2 };

static void mark_items(const kith_ragged *l, uint8_t as, uint8_t *seen) {
  for (kith_eid e = 0; e < l->start[l->n_row]; e++) seen[l->value[e]] |= as;
}

static kith_agreed count_cold_items(const user_rows *u) {
  kith_agreed st = {KITH_OK};
  uint8_t *seen = NULL;
  KITH_TRY(kith_agree(u->comm, KITH_NEW(seen, u->n[KITH_ITEM])));
  mark_items(&u->t->train.ragged, SEEN_TRAIN, seen);
  mark_items(&u->t->valid.ragged, SEEN_HELD, seen);
  mark_items(&u->t->test.ragged, SEEN_HELD, seen);
  if (u->many) kith_comm_reduce(u->many, u->n[KITH_ITEM], MPI_UINT8_T, MPI_BOR, seen);
  u->r->cold_items = 0;
  for (int64_t i = 0; i < u->n[KITH_ITEM]; i++) u->r->cold_items += seen[i] == SEEN_HELD;
done:
  KITH_FREE(seen);
  return st;
}

static kith_agreed rows_count(const user_rows *u) {
  kith_agreed st = {KITH_OK};
  const kith__graph_data *t = u->t;
  const kith__edge_csr *list[] = {&t->train, &t->valid, &t->test};
  int64_t n[4] = {[3] = count_cold_users(&t->train.ragged)};
  for (int k = 0; k < 3; k++) n[k] = list[k]->ragged.start[list[k]->ragged.n_row];
  kith_comm_sum_int(u->comm, 4, n);
  u->r->train = n[0];
  u->r->valid = n[1];
  u->r->test = n[2];
  u->r->cold_users = n[3];
  u->r->has_time = t->train.time != NULL;
  u->r->has_weight = t->train.weight != NULL;
  KITH_TRY(count_cold_items(u));
  const int64_t *time = t->time_is == KITH_TIME_PLACE ? NULL : t->train.time; /* places do not compare */
  KITH_TRY(
      kith_agreed_same(kith_drift_measure(u->many, &t->train.ragged, time, u->n[KITH_ITEM], &u->r->drift)));
done:
  return st;
}

/* ---- all of it ---- */

/* Test rows come from the test list, if any, else from the split. */
kith_agreed kith__user_rows_make(const kith_comm *comm, const kith_ingest_options *o,
                                 kith__shared_list *shared, kith__edge_list *train, kith__edge_list *test,
                                 kith__graph_data *t, kith_ingest_report *r) {
  kith_agreed st = {KITH_OK};
  user_rows u = {.comm = comm, .many = shared->is ? comm : NULL, .o = o, .shared = shared, .t = t, .r = r};
  kith__edge_csr listed = {0};
  const bool has_test = o->test.path[0] != '\0', stream = o->split.method == KITH_SPLIT_STREAM;
  for (int k = 0; k < KITH_SIDES; k++) u.n[k] = t->ids[k].n;
  kith_comm_bcast(comm, sizeof u.n, u.n);
  kith_comm_bcast(comm, sizeof t->time_is, &t->time_is);
  if (stream) KITH_TRY(kith_agreed_same(rows_stream(&u, train)));
  else {
    KITH_TRY(rows_train(&u, train));
    if (has_test) KITH_TRY(rows_test(&u, test, &listed));
    KITH_TRY(rows_split(&u, !has_test));
  }
  if (has_test) {
    kith__edge_csr_free(&t->test);
    t->test = listed;
    listed = (kith__edge_csr){0};
  }
  KITH_TRY(rows_overlaps(&u));
  KITH_TRY(rows_count(&u));
done:
  kith__edge_csr_free(&listed);
  return st;
}
