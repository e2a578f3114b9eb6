/* Sums over the latest items; contract: sequence/recent.h. */
#include "sequence/recent_impl.h"

#include <stdlib.h>
#include <string.h>

#include "sequence/sequence.h"

void kith_recent_destroy(kith_recent **recent) {
  kith_recent *r = *recent;
  if (!r) return;
  kith_halo_destroy(&r->halo);
  KITH_FREE(r->row);
  KITH_FREE(r->start);
  KITH_FREE(r->place);
  KITH_FREE(r->gathered);
  KITH_FREE(*recent);
}

static int recent_compare(const void *a, const void *b) {
  const kith_gid x = *(const kith_gid *)a, y = *(const kith_gid *)b;
  return (x > y) - (x < y);
}

/* The items of all lists, ascending, each once. */
static kith_status recent_distinct(kith_eid n, const kith_gid *item, int64_t *n_distinct,
                                   kith_gid **distinct) {
  kith_status st = KITH_OK;
  int64_t to = 0;
  KITH_TRY(KITH_NEW(*distinct, n));
  memcpy(*distinct, item, (size_t)n * sizeof *item);
  qsort(*distinct, (size_t)n, sizeof **distinct, recent_compare);
  for (kith_eid e = 0; e < n; e++)
    if (to == 0 || (*distinct)[to - 1] != (*distinct)[e]) (*distinct)[to++] = (*distinct)[e];
  *n_distinct = to;
done:
  return st;
}

static kith_status recent_fill(kith_recent *r, const kith_lid *row, const kith_eid *start,
                               const kith_gid *item, int64_t n_distinct, const kith_gid *distinct) {
  kith_status st = KITH_OK;
  const kith_eid n = start[r->n];
  KITH_TRY(KITH_NEW(r->row, r->n));
  KITH_TRY(KITH_NEW(r->start, (int64_t)r->n + 1));
  KITH_TRY(KITH_NEW(r->place, n));
  KITH_TRY(KITH_NEW(r->gathered, n_distinct * r->d));
  memcpy(r->row, row, (size_t)r->n * sizeof *row);
  memcpy(r->start, start, ((size_t)r->n + 1) * sizeof *start);
  for (kith_eid e = 0; e < n; e++) {
    const kith_gid *at = bsearch(&item[e], distinct, (size_t)n_distinct, sizeof *distinct, recent_compare);
    r->place[e] = at - distinct;
  }
  KITH_TRY(kith_halo_reserve(r->halo, r->d));
done:
  return st;
}

kith_agreed kith_recent_create_of(const kith_comm *comm, const kith_gid *first, kith_lid n,
                                  const kith_lid *row, const kith_eid *start, const kith_gid *item, int d,
                                  kith_recent **out) {
  kith_agreed st = {KITH_OK};
  kith_recent *r = NULL;
  kith_gid *distinct = NULL;
  int64_t n_distinct = 0;
  *out = NULL;
  KITH_TRY(kith_agree(comm, KITH_NEW(r, 1)));
  *r = (kith_recent){.comm = comm, .n = n, .d = d};
  KITH_TRY(kith_agree(comm, recent_distinct(start[n], item, &n_distinct, &distinct)));
  KITH_TRY(kith_halo_create(comm, first, n_distinct, distinct, &r->halo));
  KITH_TRY(kith_agree(comm, recent_fill(r, row, start, item, n_distinct, distinct)));
  *out = r;
  r = NULL;
done:
  KITH_FREE(distinct);
  kith_recent_destroy(&r);
  return st;
}

/* The latest training items of the owned users, as global numbers. */
static kith_status recent_train(const kith_graph *g, int items, kith_ragged *latest, kith_gid **item) {
  kith_status st = KITH_OK;
  KITH_TRY(kith_sequence_latest(g, items, latest));
  const kith_eid n = latest->start[latest->n_row];
  KITH_TRY(KITH_NEW(*item, n));
  for (kith_eid e = 0; e < n; e++) (*item)[e] = g->item_number[latest->value[e]];
done:
  return st;
}

kith_agreed kith_recent_create(const kith_comm *comm, const kith_graph *g, int items, int d,
                               kith_recent **out) {
  kith_agreed st = {KITH_OK};
  kith_ragged latest = {0};
  kith_gid *item = NULL;
  *out = NULL;
  KITH_TRY(kith_agree(comm, recent_train(g, items, &latest, &item)));
  KITH_TRY(kith_recent_create_of(comm, g->first, g->n_own_of[KITH_USER], g->row_of[KITH_USER], latest.start,
                                 item, d, out));
  (*out)->g = g;
done:
  kith_ragged_free(&latest);
  KITH_FREE(item);
  return st;
}

void kith_recent_gather(kith_recent *r, const float *x) {
  kith_halo_begin(r->halo, r->d, x, r->gathered);
  kith_halo_end(r->halo);
}

const float *kith_recent_row(const kith_recent *r, kith_lid i, int64_t p) {
  return r->gathered + (size_t)r->place[r->start[i] + p] * (size_t)r->d;
}

/* Horner's rule, from the earliest item on: sum = sum * decay + row. */
void kith_recent_add(const kith_recent *r, double decay, double weight, const float *x, float *y) {
  const size_t d = (size_t)r->d;
#pragma omp parallel for schedule(static)
  for (kith_lid i = 0; i < r->n; i++) {
    const float *from = x + (size_t)r->row[i] * d;
    float *to = y + (size_t)r->row[i] * d;
    if (weight == 0 || r->start[i] == r->start[i + 1]) {
      if (to != from) memcpy(to, from, d * sizeof *to);
      continue;
    }
    for (size_t k = 0; k < d; k++) {
      double sum = 0;
      for (kith_eid e = r->start[i + 1]; e-- > r->start[i];)
        sum = sum * decay + (double)r->gathered[(size_t)r->place[e] * d + k];
      to[k] = (float)((double)from[k] + weight * sum);
    }
  }
}
