/* Edge dropout: a block whose edges change at every training step.  Ops recorded on it see the remaining
 * ones. */
#include "tape/tape.h"

typedef struct edge_dropout {
  const kith_block *from;
  const kith_exec_ctx *exec;
  double p;
  uint8_t *keep;           /* [entries] */
  kith_csr kept, csr;      /* storage of the remaining entries; the matrix that ops see */
  kith_csc kept_csc, csc;  /* their transposes */
  uint8_t *transpose_keep; /* [entries of the block's transpose over ranks], and its remaining entries */
  kith_csr transpose_kept, transpose;
  kith_node_map edges;
  float *scale; /* [entries] of the remaining ones */
  kith_block block;
} edge_dropout;

/* Evaluation drops nothing: ops see the block's own matrix. */
static void edge_dropout_keep_all(edge_dropout *o) {
  o->csr = *o->from->csr;
  o->csc = *o->from->csc;
  if (o->from->transpose) o->transpose = *o->from->transpose;
  o->edges.n = o->from->edges->n;
  o->block.scale = o->from->scale;
  o->block.keep = o->block.transpose_keep = NULL;
}

/* Remaining entries are multiplied by 1 / (1 - p). */
static void edge_dropout_scale(edge_dropout *o) {
  const float factor = (float)(1 / (1 - o->p)), *scale = o->from->scale;
  kith_eid at = 0;
  for (kith_eid e = 0; e < o->from->edges->n; e++)
    if (o->keep[e]) o->scale[at++] = scale ? factor * scale[e] : factor;
  o->block.scale = o->scale;
  o->block.keep = o->keep;
  o->block.keep_scale = (double)factor;
}

/* The block's transpose over ranks without the same edges. */
static void edge_dropout_transpose(edge_dropout *o, const kith_dropout *now) {
  const kith_dist_csr *a = o->from->dist_csr;
  const int64_t *node = o->from->src->node;
  kith_edge_dropout(now, o->from->transpose, node, node, a->transpose->of, a->merged->key, o->transpose_keep,
                    &o->transpose_kept);
  o->transpose = o->transpose_kept;
  o->block.transpose_keep = o->transpose_keep;
}

static void edge_dropout_forward(void *self) {
  edge_dropout *o = self;
  o->block.degree = o->from->degree; /* sampled blocks have other arrays at every step */
  kith_dropout now = {.p = o->p, .seed = o->exec->seed, .step = o->exec->step};
  if (!o->exec->training) {
    edge_dropout_keep_all(o);
    return;
  }
  const kith_merged_relations *m = o->from->merged;
  kith_edge_dropout(&now, o->from->csr, o->from->dst->node, o->from->src->node, m ? m->of : NULL,
                    m ? m->key : NULL, o->keep, &o->kept);
  o->csr = o->kept;
  o->edges.n = o->csr.start[o->csr.n_row];
  edge_dropout_scale(o);
  if (o->from->transpose) edge_dropout_transpose(o, &now);
  if (!o->from->csc->start) return;
  kith_csc_fill(&o->csr, 0, NULL, &o->kept_csc);
  o->csc = o->kept_csc;
}

static void edge_dropout_allocate_transpose(kith_tape *t, edge_dropout *o) {
  const kith_csr *csr = o->from->transpose;
  o->transpose_keep = kith_tape_workspace(t, csr->start[csr->n_row], sizeof *o->transpose_keep);
  kith_tape_csr_workspace(t, csr->n_row, csr->start[csr->n_row], &o->transpose_kept);
  o->block.transpose = &o->transpose;
}

/* Sized for the most entries that the block can have. */
static void edge_dropout_allocate(kith_tape *t, edge_dropout *o) {
  int64_t n_entry = o->from->edges->capacity;
  o->keep = kith_tape_workspace(t, n_entry, sizeof *o->keep);
  kith_tape_csr_workspace(t, o->from->dst->capacity, n_entry, &o->kept);
  if (o->from->transpose) edge_dropout_allocate_transpose(t, o);
  o->scale = kith_tape_workspace(t, n_entry, sizeof *o->scale);
  if (o->from->csc->start) kith_tape_csc_workspace(t, kith_block_columns(o->from), n_entry, &o->kept_csc);
}

const kith_block *kith_edge_dropout_op(kith_tape *t, const kith_block *block, const kith_exec_ctx *exec,
                                       double p) {
  if (!block || p <= 0) return block;
  edge_dropout *o = kith_tape_op(t, "edge dropout", false, edge_dropout_forward, NULL, sizeof *o);
  if (!o) return NULL;
  *o = (edge_dropout){.from = block, .exec = exec, .p = p, .edges = *block->edges, .block = *block};
  edge_dropout_allocate(t, o);
  o->block.csr = &o->csr;
  o->block.csc = &o->csc;
  o->block.edges = &o->edges;
  o->block.drops_edges = true;
  edge_dropout_keep_all(o); /* so that ops recorded on it see what arrays there are */
  return kith_tape_status(t) == KITH_OK ? &o->block : NULL;
}
