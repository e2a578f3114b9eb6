/* Plans are swapped by contents, since operators were recorded with pointers to the front plan. */
#include <string.h>

#include "sample/sampler_plan.h"

#define SAMPLER_PLAN_SWAP(type, a, b)                                                                        \
  do {                                                                                                       \
    type sampler_plan__kept = (a);                                                                           \
    (a) = (b);                                                                                               \
    (b) = sampler_plan__kept;                                                                                \
  } while (0)

/* Set the pointers of the blocks and node maps. */
static void sampler_plan_point(sample_plan *p) {
  for (int l = 0; l <= p->n_layer; l++) p->nodes[l].node = p->node;
  for (int l = 0; l < p->n_layer; l++) {
    sample_block *b = &p->block[l];
    b->block = (kith_block){.src = &p->nodes[l],
                            .dst = &p->nodes[l + 1],
                            .edges = &b->edges,
                            .csr = &b->csr,
                            .whole = &b->csr,
                            .merged = b->merged.of ? &b->merged : NULL,
                            .scale = b->scale,
                            .csc = &b->csc,
                            .degree = p->degree};
  }
}

/* Relations of the entries of a block. */
static kith_status sampler_plan_make_relations(const kith_merged_relations *from, int64_t entries,
                                               kith_merged_relations *m) {
  kith_status st = KITH_OK;
  if (!from) return st;
  m->n = from->n;
  memcpy(m->key, from->key, sizeof m->key);
  memcpy(m->learned, from->learned, sizeof m->learned);
  KITH_TRY(KITH_NEW(m->of, entries));
  if (from->base) KITH_TRY(KITH_NEW(m->base, entries));
  m->n_kind = from->n_kind;
  if (from->kind) KITH_TRY(KITH_NEW(m->kind, entries));
done:
  return st;
}

static kith_status sampler_plan_make_block(int64_t in, int64_t out, int64_t entries, sample_block *b) {
  kith_status st = KITH_OK;
  KITH_TRY(KITH_NEW(b->csr.perm, out));
  KITH_TRY(KITH_NEW(b->csr.start, out + 1));
  KITH_TRY(KITH_NEW(b->csr.col, entries));
  KITH_TRY(KITH_NEW(b->csr.weight, entries));
  KITH_TRY(KITH_NEW(b->scale, entries));
  KITH_TRY(kith_csc_make((kith_lid)in, entries, &b->csc));
  b->edges.capacity = entries;
done:
  return st;
}

kith_status kith__sampler_plan_make(int n_layer, const int64_t *rows, const int64_t *entries,
                                    const kith_merged_relations *merged, sample_plan *p) {
  kith_status st = KITH_OK;
  p->n_layer = n_layer;
  for (int l = 0; l <= n_layer; l++) p->nodes[l].capacity = rows[l];
  for (int l = 0; l < n_layer; l++) {
    KITH_TRY(sampler_plan_make_block(rows[l], rows[l + 1], entries[l], &p->block[l]));
    KITH_TRY(sampler_plan_make_relations(merged, entries[l], &p->block[l].merged));
  }
  KITH_TRY(KITH_NEW(p->node, rows[0]));
  KITH_TRY(KITH_NEW(p->degree, rows[0]));
  KITH_TRY(KITH_NEW(p->input_gid, rows[0]));
  KITH_TRY(KITH_NEW(p->input_row, rows[0]));
  sampler_plan_point(p);
done:
  return st;
}

int64_t kith__sampler_plan_bytes(int n_layer, const int64_t *rows, const int64_t *entries, bool merged) {
  const sample_plan *p = NULL;
  int64_t n = KITH_BYTES(p->node, rows[0]) + KITH_BYTES(p->degree, rows[0]) +
              KITH_BYTES(p->input_gid, rows[0]) + KITH_BYTES(p->input_row, rows[0]);
  for (int l = 0; l < n_layer; l++)
    n += kith_csr_bytes(rows[l + 1], entries[l]) + KITH_BYTES(p->block[0].scale, entries[l]) +
         kith_csc_bytes(rows[l], entries[l]) +
         (merged ? KITH_BYTES(p->block[0].merged.of, entries[l]) +
                       KITH_BYTES(p->block[0].merged.base, entries[l])
                 : 0);
  return n;
}

void kith__sampler_plan_free(sample_plan *p) {
  for (int l = 0; l < p->n_layer; l++) {
    kith_csr_free(&p->block[l].csr);
    KITH_FREE(p->block[l].scale);
    kith_csc_free(&p->block[l].csc);
    KITH_FREE(p->block[l].merged.of);
    KITH_FREE(p->block[l].merged.base);
    KITH_FREE(p->block[l].merged.kind);
  }
  KITH_FREE(p->node);
  KITH_FREE(p->degree);
  KITH_FREE(p->input_gid);
  KITH_FREE(p->input_row);
}

void kith__sampler_plan_swap(sample_plan *a, sample_plan *b) {
  SAMPLER_PLAN_SWAP(sample_plan, *a, *b);
  sampler_plan_point(a);
  sampler_plan_point(b);
}
