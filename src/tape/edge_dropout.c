/* A hop that loses edges at every training step; everything that is recorded on it sees only those that are
 * left. */
#include "kith/tape.h"

typedef struct edge_dropout {
  const kith_hop *from;
  const kith_exec_ctx *exec;
  double p;
  uint8_t *keep;      /* [entries] */
  kith_csr room, csr; /* room for the entries that are left; what is seen now */
  kith_back room_back, back;
  kith_frame edges;
  float *scale; /* [entries] the factors of those that are left */
  kith_hop hop;
} edge_dropout;

/* In evaluations every edge is there: what is seen is the hop's own matrix. */
static void edge_dropout_see_all(edge_dropout *o) {
  o->csr = *o->from->csr;
  o->back = *o->from->back;
  o->edges.n = o->from->edges->n;
  o->hop.scale = o->from->scale;
}

/* What is left counts for what is gone. */
static void edge_dropout_scale(edge_dropout *o) {
  const float grown = (float)(1 / (1 - o->p)), *scale = o->from->scale;
  kith_eid at = 0;
  for (kith_eid e = 0; e < o->from->edges->n; e++)
    if (o->keep[e]) o->scale[at++] = scale ? grown * scale[e] : grown;
  o->hop.scale = o->scale;
}

static void edge_dropout_forward(void *self) {
  edge_dropout *o = self;
  o->hop.degree = o->from->degree; /* sampled hops lend other blocks at every step */
  kith_dropout now = {.p = o->p, .seed = o->exec->seed, .step = o->exec->step};
  if (!o->exec->training) {
    edge_dropout_see_all(o);
    return;
  }
  kith_edge_dropout(&now, o->from->csr, o->from->out->node, o->from->in->node, o->keep, &o->room);
  o->csr = o->room;
  o->edges.n = o->csr.start[o->csr.n_row];
  edge_dropout_scale(o);
  if (!o->from->back->start) return;
  kith_back_fill(&o->csr, 0, NULL, &o->room_back);
  o->back = o->room_back;
}

/* Room for as many entries as the hop will ever have. */
static void edge_dropout_make_room(kith_tape *t, edge_dropout *o) {
  int64_t n_entry = o->from->edges->most;
  o->keep = kith_tape_workspace(t, n_entry, sizeof *o->keep);
  o->room.start = kith_tape_workspace(t, o->from->out->most + 1, sizeof *o->room.start);
  o->room.col = kith_tape_workspace(t, n_entry, sizeof *o->room.col);
  o->room.weight = kith_tape_workspace(t, n_entry, sizeof *o->room.weight);
  o->scale = kith_tape_workspace(t, n_entry, sizeof *o->scale);
  if (!o->from->back->start) return;
  o->room_back.start = kith_tape_workspace(t, o->from->in->most + 2, sizeof *o->room_back.start);
  o->room_back.entry = kith_tape_workspace(t, n_entry, sizeof *o->room_back.entry);
  o->room_back.row = kith_tape_workspace(t, n_entry, sizeof *o->room_back.row);
}

const kith_hop *kith_edge_dropout_op(kith_tape *t, const kith_hop *hop, const kith_exec_ctx *exec, double p) {
  if (!hop || p <= 0) return hop;
  edge_dropout *o = kith_tape_op(t, "edge_dropout", false, edge_dropout_forward, NULL, sizeof *o);
  if (!o) return NULL;
  *o = (edge_dropout){.from = hop, .exec = exec, .p = p, .edges = *hop->edges, .hop = *hop};
  edge_dropout_make_room(t, o);
  o->hop.csr = &o->csr;
  o->hop.back = &o->back;
  o->hop.edges = &o->edges;
  o->hop.drops_edges = true;
  return kith_tape_status(t) == KITH_OK ? &o->hop : NULL;
}
