/*
 * What a rank remembers of its nodes.  A message is stored raw, as what it is made of, and applied by the
 * unit when the node is read or meets an event again: so a batch's loss reaches the unit's weights, though
 * not the memory of earlier batches (Rossi et al., section 3.3).
 */
#include <string.h>

#include "tgn/tgn_impl.h"

kith_status kith__tgn_memory_make(const kith_graph *g, int d, int n_feature, tgn_memory *m) {
  kith_status st = KITH_OK;
  *m = (tgn_memory){.d = d, .n_feature = n_feature};
  KITH_TRY(KITH_NEW(m->s, (int64_t)g->n_own * d));
  KITH_TRY(KITH_NEW(m->heard, (int64_t)g->n_own * d));
  KITH_TRY(KITH_NEW(m->wait, g->n_own));
  KITH_TRY(KITH_NEW(m->last, g->n_own));
  KITH_TRY(KITH_NEW(m->on, g->n_own));
  KITH_TRY(KITH_NEW(m->feature, (int64_t)g->n_own * n_feature));
done:
  return st;
}

void kith__tgn_memory_free(tgn_memory *m) {
  KITH_FREE(m->s);
  KITH_FREE(m->heard);
  KITH_FREE(m->wait);
  KITH_FREE(m->last);
  KITH_FREE(m->on);
  KITH_FREE(m->feature);
}

void kith__tgn_memory_forget(tgn_memory *m, int64_t n_own) {
  kith_clear(n_own * m->d, m->s);
  kith_clear(n_own * m->d, m->heard);
  kith_clear(n_own, m->wait);
  kith_clear(n_own * m->n_feature, m->feature);
  for (int64_t i = 0; i < n_own; i++) {
    m->last[i] = 0;
    m->on[i] = 0;
  }
}

/* The distinct nodes of a batch, ascending, each with the index of its last event; returns how many. */
static int remember_nodes(kith_tgn *t, int n, const kith_event *event) {
  kith_key_value *x = t->node;
  int n_node = 0;
  for (int i = 0; i < n; i++) {
    x[2 * i] = (kith_key_value){event[i].user, i};
    x[2 * i + 1] = (kith_key_value){event[i].item, i};
  }
  kith_sort(2 * n, kith_graph_n_node(t->g) - 1, x, t->node_scratch);
  for (int i = 0; i < 2 * n; i++)
    if (i + 1 == 2 * n || x[i + 1].key != x[i].key) x[n_node++] = x[i];
  return n_node;
}

static int remember_find(const kith_tgn *t, int n_node, kith_gid node) {
  int low = 0, high = n_node;
  while (high - low > 1) {
    int middle = (low + high) / 2;
    if (t->node[middle].key <= node) low = middle;
    else high = middle;
  }
  return low;
}

/* A node's memory is what the unit has made of it, and its message that of its last event. */
static void remember_one(kith_tgn *t, int n_node, kith_lid row, const float *memory, const kith_event *e) {
  tgn_memory *m = &t->memory;
  const size_t d = (size_t)m->d, at = (size_t)row * d;
  const kith_gid me = t->g->first[t->comm->rank] + row;
  const int partner = remember_find(t, n_node, e->user == me ? e->item : e->user);
  memcpy(m->s + at, memory, d * sizeof *memory);
  memcpy(m->heard + at, t->met + (size_t)partner * d, d * sizeof *memory);
  m->wait[row] = m->on[row] ? (float)(e->time - m->last[row]) : 0;
  m->last[row] = e->time;
  m->on[row] = 1;
  if (m->n_feature > 0)
    memcpy(m->feature + (size_t)row * (size_t)m->n_feature, e->feature,
           (size_t)m->n_feature * sizeof *e->feature);
}

void kith__tgn_remember(kith_tgn *t, int n, const kith_event *event) {
  tgn_recording *r = &t->alone;
  const int n_node = remember_nodes(t, n, event), d = t->o.dim;
  int first = 0;
  for (int q = 0, i = 0; q <= t->comm->size; q++) {
    while (i < n_node && q < t->comm->size + 1 && t->node[i].key < t->g->first[q]) i++;
    t->node_first[q] = i;
  }
  first = (int)t->node_first[t->comm->rank];
  r->own.n = t->node_first[t->comm->rank + 1] - first;
  for (int64_t i = 0; i < r->own.n; i++) r->row[i] = tgn_own_row(t, t->node[first + i].key);
  kith__tgn_batch_load(t, r);
  kith_tape_forward(r->tape);
  memcpy(t->met + (size_t)first * (size_t)d, r->z->value, (size_t)(r->own.n * d) * sizeof *t->met);
  kith_allgather_rows(t->comm, t->node_first, d, t->gather, t->met);
  for (int64_t i = 0; i < r->own.n; i++)
    remember_one(t, n_node, r->row[i], r->memory->value + i * d, &event[t->node[first + i].value]);
}
