/* The neighbors of the latest events of each owned node: a ring per node. */
#include <string.h>

#include "base/base.h"
#include "stream/stream.h"

struct kith_stream_latest {
  kith_gid first; /* the first owned global number */
  kith_lid n_own;
  int k;
  int64_t *n;                   /* [n_own] events of each node so far */
  kith_stream_neighbor *around; /* [n_own, k] event j of a node is at j % k */
  int n_feature;
  float *feature; /* [n_own, k, n_feature] likewise; null without features */
};

kith_status kith_stream_latest_create(const kith_graph *g, int rank, int k, int n_feature,
                                      kith_stream_latest **out) {
  kith_status st = KITH_OK;
  kith_stream_latest *l = NULL;
  *out = NULL;
  KITH_TRY(KITH_NEW(l, 1));
  l->first = g->first[rank];
  l->n_own = g->n_own;
  l->k = k;
  l->n_feature = n_feature;
  KITH_TRY(KITH_NEW(l->n, l->n_own));
  KITH_TRY(KITH_NEW(l->around, (int64_t)l->n_own * k));
  if (n_feature > 0) KITH_TRY(KITH_NEW(l->feature, (int64_t)l->n_own * k * n_feature));
  *out = l;
  l = NULL;
done:
  kith_stream_latest_destroy(&l);
  return st;
}

void kith_stream_latest_destroy(kith_stream_latest **latest) {
  if (!*latest) return;
  KITH_FREE((*latest)->n);
  KITH_FREE((*latest)->around);
  KITH_FREE((*latest)->feature);
  KITH_FREE(*latest);
}

void kith_stream_latest_reset(kith_stream_latest *l) {
  if (l->n_own > 0) memset(l->n, 0, (size_t)l->n_own * sizeof *l->n);
}

static void latest_add_end(kith_stream_latest *l, kith_gid node, kith_stream_neighbor neighbor,
                           const float *feature) {
  kith_gid row = node - l->first;
  if (row < 0 || row >= l->n_own) return;
  const int64_t at = row * l->k + l->n[row]++ % l->k;
  l->around[at] = neighbor;
  if (l->feature) memcpy(l->feature + at * l->n_feature, feature, (size_t)l->n_feature * sizeof *feature);
}

void kith_stream_latest_add(kith_stream_latest *l, int64_t first, int n, const kith_event *event) {
  for (int i = 0; i < n; i++) {
    const kith_event *e = &event[i];
    latest_add_end(l, e->user, (kith_stream_neighbor){e->item, e->time, first + i}, e->feature);
    latest_add_end(l, e->item, (kith_stream_neighbor){e->user, e->time, first + i}, e->feature);
  }
}

int kith_stream_latest_get(const kith_stream_latest *l, kith_lid row, kith_stream_neighbor *out) {
  int n = (int)kith_min(l->n[row], (int64_t)l->k);
  for (int i = 0; i < n; i++) out[i] = l->around[(int64_t)row * l->k + (l->n[row] - 1 - i) % l->k];
  return n;
}

const float *kith_stream_latest_feature(const kith_stream_latest *l, kith_lid row, int i) {
  return l->feature + ((int64_t)row * l->k + (l->n[row] - 1 - i) % l->k) * l->n_feature;
}
