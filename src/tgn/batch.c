/* Which rows a batch reads: the nodes that get embeddings and their neighbors, from their owners. */
#include <string.h>

#include "tgn/tgn_impl.h"

void kith__tgn_batch_begin(tgn_recording *r) {
  r->n_request = 0;
  for (int s = 0; s < KITH_SIDES; s++) {
    kith__tgn_block_clear(&r->side[s].center);
    kith__tgn_block_clear(&r->side[s].near);
  }
}

/* Columns are places among the requests until all of them are known. */
static kith_lid batch_ask(tgn_recording *r, kith_gid node) {
  r->request[r->n_request] = node;
  return (kith_lid)r->n_request++;
}

void kith__tgn_batch_node(kith_tgn *t, tgn_recording *r, int side, kith_gid node, int64_t now) {
  tgn_side *s = &r->side[side];
  const int n = kith_stream_latest_get(t->latest, tgn_own_row(t, node), t->around);
  kith__tgn_block_row(&s->center);
  kith__tgn_block_entry(&s->center, batch_ask(r, node));
  kith__tgn_block_row(&s->near);
  const size_t f = (size_t)t->o.n_feature;
  for (int i = 0; i < n; i++) {
    s->age[s->near.edges.n] = (float)(now - t->around[i].time);
    if (f > 0)
      memcpy(s->feature->value + (size_t)s->near.edges.n * f,
             kith_stream_latest_feature(t->latest, tgn_own_row(t, node), i), f * sizeof(float));
    kith__tgn_block_entry(&s->near, batch_ask(r, t->around[i].node));
  }
}

void kith__tgn_batch_items(kith_tgn *t, tgn_recording *r, int64_t now) {
  const kith_gid first = t->g->first[t->comm->rank];
  for (kith_lid i = 0; i < t->g->n_own_of[KITH_ITEM]; i++)
    kith__tgn_batch_node(t, r, KITH_ITEM, first + t->g->row_of[KITH_ITEM][i], now);
}

/* Number the distinct requests, ascending. */
static void batch_leaves(const kith_tgn *t, tgn_recording *r) {
  for (int64_t i = 0; i < r->n_request; i++) r->key[i] = (kith_key_value){r->request[i], (int32_t)i};
  kith_sort(r->n_request, kith_graph_n_node(t->g) - 1, r->key, r->scratch);
  r->leaves.n = 0;
  for (int64_t i = 0; i < r->n_request; i++) {
    if (i == 0 || r->key[i].key != r->key[i - 1].key) r->leaf[r->leaves.n++] = r->key[i].key;
    r->leaf_of[r->key[i].value] = (kith_lid)(r->leaves.n - 1);
  }
}

static void batch_columns(tgn_recording *r, tgn_block *b) {
  for (kith_eid e = 0; e < b->edges.n; e++) b->csr.col[e] = r->leaf_of[b->csr.col[e]];
  kith__tgn_block_done(b, (kith_lid)r->leaves.n);
}

/* The owned rows that are sent, each once, in the order in which they are first sent. */
static void batch_own(tgn_recording *r) {
  const kith_lid *send = kith_halo_send_row(r->halo);
  r->own.n = 0;
  kith__tgn_block_clear(&r->sent);
  for (kith_lid s = 0; s < kith_halo_n_send(r->halo); s++) {
    kith_lid *slot = &r->slot[send[s]];
    if (*slot == 0) {
      r->row[r->own.n] = send[s];
      *slot = (kith_lid)++r->own.n;
    }
    kith__tgn_block_row(&r->sent);
    kith__tgn_block_entry(&r->sent, *slot - 1);
  }
  for (int64_t i = 0; i < r->own.n; i++) r->slot[r->row[i]] = 0;
  kith__tgn_block_done(&r->sent, (kith_lid)r->own.n);
}

void kith__tgn_batch_load(kith_tgn *t, tgn_recording *r) {
  const tgn_memory *m = &t->memory;
  const size_t d = (size_t)t->o.dim, bytes = d * sizeof(float), f = (size_t)t->o.n_feature;
  for (size_t i = 0; i < (size_t)r->own.n; i++) {
    const size_t row = (size_t)r->row[i];
    memcpy(r->s->value + i * d, m->s + row * d, bytes);
    memcpy(r->heard->value + i * d, m->heard + row * d, bytes);
    memcpy(r->x->value + i * d, t->x + row * d, bytes);
    if (f > 0) memcpy(r->feature->value + i * f, m->feature + row * f, f * sizeof(float));
    r->wait[i] = m->wait[row];
    r->on[i] = m->on[row];
  }
}

int64_t kith__tgn_batch_end(kith_tgn *t, tgn_recording *r, int64_t request) {
  batch_leaves(t, r);
  for (int s = 0; s < KITH_SIDES; s++)
    if (r->side[s].on) {
      batch_columns(r, &r->side[s].center);
      batch_columns(r, &r->side[s].near);
    }
  request = kith_halo_setup(r->halo, (kith_lid)r->leaves.n, r->leaf, NULL, request);
  batch_own(r);
  kith__tgn_batch_load(t, r);
  return request;
}
