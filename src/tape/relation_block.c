/* One relation of a block of a merged matrix: its entries alone, in the same rows and columns. */
#include "tape/tape.h"

typedef struct relation_block {
  const kith_block *from;
  int relation, type; /* type: of the rows; -1: any */
  bool loops;         /* every row reads its own node, too, first, and scale is the entries' weights */
  bool is_made;       /* the full graph's entries do not change */
  kith_csr csr;
  kith_csc csc;
  float *scale, *age; /* [entries] */
  kith_node_map edges;
  kith_block block;
} relation_block;

int kith_block_relation(const kith_block *block, const char *name) {
  const kith_merged_relations *m = block->merged;
  uint64_t key = kith_text_hash(name);
  for (int k = 1; m && k < m->n; k++)
    if (m->key[k] == key) return k;
  return -1;
}

/* Whether entry e of a row of the whole matrix is of the relation, and the row of the type. */
static bool relation_block_has(const kith_block *from, int relation, int type, kith_lid row, kith_eid e) {
  bool is_of = !from->merged || from->merged->of[e] == relation;
  return is_of && (type < 0 || kith_node_key_type(from->dst->node[row]) == type);
}

static void relation_block_put(relation_block *o, kith_eid at, kith_lid col, float weight, float scale,
                               float age) {
  o->csr.col[at] = col;
  o->csr.weight[at] = weight;
  o->scale[at] = scale;
  if (o->age) o->age[at] = age;
}

/* The entries of `from` are those of its whole matrix that edge dropout keeps. */
static void relation_block_select(relation_block *o) {
  const kith_csr *whole = o->from->whole, *csr = o->from->csr;
  const uint8_t *keep = o->from->keep;
  kith_eid at = 0, entry = 0;
  o->csr.n_row = csr->n_row;
  o->csr.n_col = csr->n_col;
  o->csr.perm = csr->perm;
  for (kith_lid p = 0; p < csr->n_row; p++) {
    o->csr.start[p] = at;
    if (o->loops)
      relation_block_put(o, at++, csr->perm[p], 1, 1, 0); /* dst rows are the first of the src rows */
    for (kith_eid e = whole->start[p]; e < whole->start[p + 1]; e++) {
      if (keep && !keep[e]) continue;
      kith_eid i = entry++;
      if (!relation_block_has(o->from, o->relation, o->type, csr->perm[p], e)) continue;
      float scale = o->loops ? csr->weight[i] : o->from->scale ? o->from->scale[i] : 1;
      relation_block_put(o, at++, csr->col[i], csr->weight[i], scale, o->age ? o->from->age[e] : 0);
    }
  }
  o->csr.start[csr->n_row] = at;
  o->edges.n = at;
}

static void relation_block_forward(void *self) {
  relation_block *o = self;
  o->block.degree = o->from->degree; /* sampled blocks have other arrays at every step */
  if (o->is_made) return;
  relation_block_select(o);
  if (o->from->csc->start) kith_csc_fill(&o->csr, 0, NULL, &o->csc);
  o->is_made = o->from->dist_csr && !o->from->drops_edges;
}

/* The most entries that the relation can have. */
static kith_eid relation_block_most(const kith_block *from, int relation, int type) {
  const kith_csr *whole = from->whole;
  kith_eid n = 0;
  if (!from->dist_csr) return from->edges->capacity;
  for (kith_lid p = 0; p < whole->n_row; p++)
    for (kith_eid e = whole->start[p]; e < whole->start[p + 1]; e++)
      n += relation_block_has(from, relation, type, whole->perm[p], e);
  return n;
}

static void relation_block_allocate(kith_tape *t, relation_block *o) {
  kith_eid n_entry = o->edges.capacity;
  kith_tape_csr_workspace(t, o->from->dst->capacity, n_entry, &o->csr);
  o->scale = kith_tape_workspace(t, n_entry, sizeof *o->scale);
  if (o->from->age) o->age = kith_tape_workspace(t, n_entry, sizeof *o->age);
  if (o->from->csc->start) kith_tape_csc_workspace(t, kith_block_columns(o->from), n_entry, &o->csc);
}

static const kith_block *relation_block_record(kith_tape *t, const kith_block *from, int relation, int type,
                                               bool loops) {
  relation_block *o = kith_tape_op(t, "relation block", false, relation_block_forward, NULL, sizeof *o);
  if (!o) return NULL;
  *o = (relation_block){.from = from, .relation = relation, .type = type, .loops = loops, .block = *from};
  o->edges.capacity = relation_block_most(from, relation, type) + (loops ? from->dst->capacity : 0);
  o->csr.n_row = from->csr->n_row; /* ops that are recorded on it allocate by these */
  o->csr.n_col = from->csr->n_col;
  relation_block_allocate(t, o);
  o->block.csr = o->block.whole = &o->csr;
  o->block.csc = &o->csc;
  o->block.edges = &o->edges;
  o->block.scale = o->scale;
  o->block.age = o->age;
  o->block.merged = NULL;
  o->block.transpose = NULL;
  o->block.keep = o->block.transpose_keep = NULL;
  return kith_tape_status(t) == KITH_OK ? &o->block : NULL;
}

static const kith_block *relation_block_of(kith_tape *t, const kith_block *block, int relation, int type,
                                           bool loops) {
  kith_status known = KITH_OK;
  if (!block) return NULL;
  if (relation < 0 || relation >= (block->merged ? block->merged->n : 1))
    known = kith_fail(KITH_ECONFIG, "a layer reads relation %d, which its block does not have", relation);
  return kith_tape_check(t, known) == KITH_OK ? relation_block_record(t, block, relation, type, loops) : NULL;
}

const kith_block *kith_relation_rows_op(kith_tape *t, const kith_block *block, int relation, int type) {
  return relation_block_of(t, block, relation, type, false);
}

const kith_block *kith_meta_path_block_op(kith_tape *t, const kith_block *block, int relation) {
  return relation_block_of(t, block, relation, -1, true);
}

const kith_block *kith_relation_block_op(kith_tape *t, const kith_block *block, int relation) {
  return kith_relation_rows_op(t, block, relation, -1);
}
