/* Slices of time of the interactions, and what differs between them. */
#include "graph/drift.h"

#include <math.h>
#include <string.h>

enum { SLICES = KITH_DRIFT_SLICES };

typedef struct drift {
  const kith_comm *comm; /* of several ranks, or null */
  const kith_ragged *rows;
  const int64_t *time;
  int64_t n_item;
  kith_drift *out;
  int64_t *count[SLICES];      /* [n_item] interactions of each item in a slice */
  double *rank[2];             /* [n_item] of the items of two slices */
  kith_key_value *x, *scratch; /* [n_item] */
} drift;

static void drift_free(drift *d) {
  for (int s = 0; s < SLICES; s++) KITH_FREE(d->count[s]);
  for (int i = 0; i < 2; i++) KITH_FREE(d->rank[i]);
  KITH_FREE(d->x);
  KITH_FREE(d->scratch);
}

static kith_status drift_alloc(drift *d) {
  kith_status st = KITH_OK;
  for (int s = 0; s < SLICES; s++) KITH_TRY(KITH_NEW(d->count[s], d->n_item));
  for (int i = 0; i < 2; i++) KITH_TRY(KITH_NEW(d->rank[i], d->n_item));
  KITH_TRY(KITH_NEW(d->x, d->n_item));
  KITH_TRY(KITH_NEW(d->scratch, d->n_item));
done:
  return st;
}

/* Slice s begins at the earliest time with a share of s / SLICES of the interactions before it.  False if
 * one is empty. */
static bool drift_cut(const drift *d) {
  struct kith_drift_slice *slice = d->out->slice;
  const int64_t n = d->rows->start[d->rows->n_row];
  int64_t all = n;
  if (!d->time) return false;
  if (d->comm) kith_comm_sum_int(d->comm, 1, &all);
  if (all < SLICES) return false;
  slice[0].from = kith_nth_time(d->comm, n, d->time, 0);
  slice[SLICES - 1].until = kith_nth_time(d->comm, n, d->time, all - 1) + 1;
  for (int s = 1; s < SLICES; s++) {
    slice[s].from = kith_nth_time(d->comm, n, d->time, (all * s + SLICES - 1) / SLICES - 1) + 1;
    slice[s - 1].until = slice[s].from;
  }
  for (int s = 0; s < SLICES; s++)
    if (slice[s].from >= slice[s].until) return false;
  return true;
}

static int drift_slice_of(const drift *d, int64_t time) {
  int s = 0;
  while (time >= d->out->slice[s].until) s++;
  return s;
}

/* Interactions of each user, then of each item, by slice. */
static void drift_count(const drift *d) {
  for (int64_t u = 0; u < d->rows->n_row; u++) {
    int64_t mine[SLICES] = {0}, before = 0;
    for (kith_eid e = d->rows->start[u]; e < d->rows->start[u + 1]; e++) {
      int s = drift_slice_of(d, d->time[e]);
      mine[s]++;
      d->count[s][d->rows->value[e]]++;
    }
    for (int s = 0; s < SLICES; s++) {
      struct kith_drift_slice *slice = &d->out->slice[s];
      bool new = mine[s] > 0 && before == 0;
      slice->pairs += mine[s];
      slice->users += mine[s] > 0;
      slice->new_users += new;
      slice->new_user_pairs += new ? mine[s] : 0;
      before += mine[s];
    }
  }
}

/* The counts of all ranks. */
static void drift_sum(const drift *d) {
  for (int s = 0; s < SLICES; s++) {
    struct kith_drift_slice *slice = &d->out->slice[s];
    int64_t n[] = {slice->pairs, slice->users, slice->new_users, slice->new_user_pairs};
    kith_comm_sum_int(d->comm, 4, n);
    slice->pairs = n[0];
    slice->users = n[1];
    slice->new_users = n[2];
    slice->new_user_pairs = n[3];
    kith_comm_sum_int(d->comm, d->n_item, d->count[s]);
  }
}

static void drift_count_items(const drift *d) {
  for (int64_t i = 0; i < d->n_item; i++) {
    int64_t before = 0;
    for (int s = 0; s < SLICES; s++) {
      struct kith_drift_slice *slice = &d->out->slice[s];
      int64_t mine = d->count[s][i];
      bool new = mine > 0 && before == 0;
      slice->items += mine > 0;
      slice->new_items += new;
      slice->new_item_pairs += new ? mine : 0;
      before += mine;
    }
  }
}

/* The items of two slices by their counts in slice s, ascending, the larger numbers first among equal ones;
 * returns how many there are. */
static int64_t drift_sort(const drift *d, int s, int a, int b) {
  int64_t n = 0, most = 0;
  for (int64_t i = d->n_item - 1; i >= 0; i--) {
    if (d->count[a][i] + d->count[b][i] == 0) continue;
    d->x[n++] = (kith_key_value){d->count[s][i], (int32_t)i};
    if (d->count[s][i] > most) most = d->count[s][i];
  }
  kith_sort(n, most, d->x, d->scratch);
  return n;
}

/* Ranks of the n items in d->x, the mean of equal ones. */
static void drift_rank(const drift *d, int64_t n, double *rank) {
  for (int64_t i = 0, end; i < n; i = end) {
    for (end = i + 1; end < n && d->x[end].key == d->x[i].key;) end++;
    for (int64_t j = i; j < end; j++) rank[d->x[j].value] = (double)(i + end - 1) / 2;
  }
}

/* The correlation of the ranks of n items. */
static double drift_correlate(const drift *d, int a, int b, int64_t n) {
  double mean = (double)(n - 1) / 2, xy = 0, xx = 0, yy = 0;
  for (int64_t i = 0; i < d->n_item; i++) {
    if (d->count[a][i] + d->count[b][i] == 0) continue;
    double x = d->rank[0][i] - mean, y = d->rank[1][i] - mean;
    xy += x * y;
    xx += x * x;
    yy += y * y;
  }
  return xx > 0 && yy > 0 ? xy / sqrt(xx * yy) : NAN;
}

/* Mark (or count the marked among) the `top` last of n items. */
static int64_t drift_top(const drift *d, int64_t n, int64_t top, bool mark, double *marked) {
  int64_t found = 0;
  for (int64_t i = n - top; i < n; i++) {
    if (mark) marked[d->x[i].value] = -1;
    else found += marked[d->x[i].value] == -1;
  }
  return found;
}

/* Compare slice s with the one before. */
static void drift_compare(const drift *d, int s) {
  struct kith_drift_slice *slice = &d->out->slice[s];
  int64_t n = drift_sort(d, s - 1, s - 1, s),
          top = kith_min(KITH_DRIFT_TOP, kith_min(slice[-1].items, slice->items));
  drift_rank(d, n, d->rank[0]);
  drift_sort(d, s, s - 1, s);
  drift_rank(d, n, d->rank[1]);
  slice->rank_correlation = drift_correlate(d, s - 1, s, n);
  drift_top(d, n, top, true, d->rank[1]);
  drift_sort(d, s - 1, s - 1, s);
  slice->overlap = (double)drift_top(d, n, top, false, d->rank[1]) / (double)top;
}

kith_status kith_drift_measure(const kith_comm *comm, const kith_ragged *rows, const int64_t *time,
                               int64_t n_item, kith_drift *out) {
  kith_status st = KITH_OK;
  drift d = {
      .comm = comm && comm->size > 1 ? comm : NULL, .rows = rows, .time = time, .n_item = n_item, .out = out};
  memset(out, 0, sizeof *out);
  if (!drift_cut(&d)) goto done;
  KITH_TRY(d.comm ? kith_agree(d.comm, drift_alloc(&d)).status : drift_alloc(&d));
  drift_count(&d);
  if (d.comm) drift_sum(&d);
  drift_count_items(&d);
  out->slice[0].overlap = out->slice[0].rank_correlation = NAN;
  for (int s = 1; s < SLICES; s++) drift_compare(&d, s);
  out->n = SLICES;
done:
  drift_free(&d);
  return st;
}
