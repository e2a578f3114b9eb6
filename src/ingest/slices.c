/* Slices of time of a list of interactions. */
#include "base/order.h"
#include "ingest/ingest.h"

#include <math.h>
#include <stdlib.h>

#include "ingest/lists.h"

/* The latest share of the interactions, which the slices divide. */
static const double slices_share = 0.4;

static kith_status slices_read(const kith_edge_source *list, kith__edge_list *edges) {
  kith_status st = KITH_OK;
  kith__id_map user = {0}, item = {0};
  kith__edge_policy policy = {
      .key = "data.interactions", .user = &user, .item = &item, .add_users = true, .add_items = true};
  kith__id_map_init(&user, "user", list->ids);
  kith__id_map_init(&item, "item", list->ids);
  KITH_TRY(kith__edge_source_check(policy.key, list));
  KITH_TRY(kith__edge_list_read(list, &policy, edges));
  KITH_CHECK(edges->has_time, KITH_ECONFIG,
             "data.interactions: %s: slices of time need times; name the column of times with "
             "data.interactions.columns.time",
             list->path);
  KITH_CHECK(
      policy.report.time_is != KITH_TIME_PLACE, KITH_ECONFIG,
      "data.interactions: %s: slices of time compare the times of all users, and columns.time: line of an "
      "adjacency list is an order within each user alone",
      list->path);
done:
  kith__id_map_free(&user);
  kith__id_map_free(&item);
  return st;
}

static kith_status slices_cut(const kith_edge_source *list, int64_t n_edge, const int64_t *time, int n,
                              int64_t *cut) {
  kith_status st = KITH_OK;
  for (int c = 0; c < n; c++) {
    double share = 1 - slices_share + slices_share * c / n;
    int64_t before = (int64_t)ceil(share * (double)n_edge - 1e-9);
    cut[c] = time[before < 1 ? 0 : before - 1] + 1;
  }
  cut[n] = time[n_edge - 1] + 1;
  for (int c = 0; c < n; c++)
    KITH_CHECK(cut[c] < cut[c + 1], KITH_EDATA,
               "%s: slice %d of %d is empty, since too many interactions have one time; take fewer slices",
               list->path, c + 1, n);
done:
  return st;
}

static kith_status slices_alone(const kith_edge_source *list, int n, int64_t *cut) {
  kith_status st = KITH_OK;
  kith__edge_list edges = {0};
  int64_t *time = NULL, at = 0;
  KITH_TRY(slices_read(list, &edges));
  KITH_TRY(KITH_NEW(time, edges.n));
  for (const kith__edge_chunk *b = edges.first; b; b = b->next)
    for (int64_t i = 0; i < b->n; i++) time[at++] = b->time[i];
  qsort(time, (size_t)at, sizeof *time, kith_compare_int64);
  KITH_TRY(slices_cut(list, at, time, n, cut));
done:
  kith__edge_list_free(&edges);
  KITH_FREE(time);
  return st;
}

kith_agreed kith_interaction_slices(const kith_comm *comm, const kith_edge_source *list, int n,
                                    int64_t *cut) {
  kith_agreed st = {KITH_OK};
  KITH_TRY(kith_agree(comm, comm->rank == 0 ? slices_alone(list, n, cut) : KITH_OK));
  kith_comm_bcast(comm, (n + 1) * (int64_t)sizeof *cut, cut);
done:
  return st;
}
