/* The distinct items of each owned user, the latest first: lists in which an item that is met moves to the
 * front.
 */
#include <string.h>

#include "base/base.h"
#include "stream/stream.h"

struct kith_stream_recent {
  kith_gid first; /* the first owned global number */
  kith_lid n_own;
  int64_t *start;       /* [n_own + 1] room of each row: all items that it ever meets; items have none */
  int32_t *n;           /* [n_own] items so far */
  kith_stream_met *met; /* [start[n_own]] */
};

static int64_t recent_row_size(const kith_ragged *l, int64_t i) { return l->start[i + 1] - l->start[i]; }

/* A distinct pair is in one of the three lists of the graph. */
static void recent_room(const kith_graph *g, kith_stream_recent *r) {
  for (kith_lid i = 0; i < g->n_own_of[KITH_USER]; i++)
    r->start[g->row_of[KITH_USER][i] + 1] =
        recent_row_size(&g->train, i) + recent_row_size(&g->valid, i) + recent_row_size(&g->test, i);
  for (kith_lid i = 0; i < r->n_own; i++) r->start[i + 1] += r->start[i];
}

kith_status kith_stream_recent_create(const kith_graph *g, int rank, kith_stream_recent **out) {
  kith_status st = KITH_OK;
  kith_stream_recent *r = NULL;
  *out = NULL;
  KITH_TRY(KITH_NEW(r, 1));
  r->first = g->first[rank];
  r->n_own = g->n_own;
  KITH_TRY(KITH_NEW(r->start, (int64_t)r->n_own + 1));
  KITH_TRY(KITH_NEW(r->n, r->n_own));
  recent_room(g, r);
  KITH_TRY(KITH_NEW(r->met, r->start[r->n_own]));
  *out = r;
  r = NULL;
done:
  kith_stream_recent_destroy(&r);
  return st;
}

void kith_stream_recent_destroy(kith_stream_recent **recent) {
  if (!*recent) return;
  KITH_FREE((*recent)->start);
  KITH_FREE((*recent)->n);
  KITH_FREE((*recent)->met);
  KITH_FREE(*recent);
}

void kith_stream_recent_reset(kith_stream_recent *r) {
  if (r->n_own > 0) memset(r->n, 0, (size_t)r->n_own * sizeof *r->n);
}

/* Lists of another stream than the graph's would be longer than their room: the oldest item is lost. */
static void recent_add_one(kith_stream_recent *r, const kith_event *e) {
  kith_gid row = e->user - r->first;
  if (row < 0 || row >= r->n_own || r->start[row] == r->start[row + 1]) return;
  kith_stream_met *met = r->met + r->start[row];
  int32_t at = 0, n = r->n[row];
  while (at < n && met[at].item_number != e->item_number) at++;
  kith_stream_met now = {e->item_number, at < n ? met[at].count + 1 : 1, e->time};
  if (at == n && n < r->start[row + 1] - r->start[row]) r->n[row]++;
  else if (at == n) at--;
  memmove(met + 1, met, (size_t)at * sizeof *met);
  met[0] = now;
}

void kith_stream_recent_add(kith_stream_recent *r, int n, const kith_event *event) {
  for (int i = 0; i < n; i++) recent_add_one(r, &event[i]);
}

int kith_stream_recent_get(const kith_stream_recent *r, kith_lid row, const kith_stream_met **met) {
  *met = r->met + r->start[row];
  return r->n[row];
}
