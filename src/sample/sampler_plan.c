/* Views are swapped by their contents: ops were recorded with pointers to one of them. */
#include "sample/sampler_plan.h"

#define SAMPLER_PLAN_SWAP(type, a, b)                                                                        \
  do {                                                                                                       \
    type sampler_plan__kept = (a);                                                                           \
    (a) = (b);                                                                                               \
    (b) = sampler_plan__kept;                                                                                \
  } while (0)

/* What hops and frames lend. */
static void sampler_plan_point(sample_plan *p) {
  for (int l = 0; l <= p->n_layer; l++) p->frame[l].node = p->node;
  for (int l = 0; l < p->n_layer; l++) {
    sample_block *h = &p->block[l];
    h->hop = (kith_block){.src = &p->frame[l],
                          .dst = &p->frame[l + 1],
                          .edges = &h->edges,
                          .csr = &h->csr,
                          .scale = h->scale,
                          .csc = &h->back,
                          .degree = p->degree};
  }
}

static kith_status sampler_plan_make_block(int64_t in, int64_t out, int64_t entries, sample_block *h) {
  kith_status st = KITH_OK;
  KITH_TRY(KITH_NEW(h->csr.perm, out));
  KITH_TRY(KITH_NEW(h->csr.start, out + 1));
  KITH_TRY(KITH_NEW(h->csr.col, entries));
  KITH_TRY(KITH_NEW(h->csr.weight, entries));
  KITH_TRY(KITH_NEW(h->scale, entries));
  KITH_TRY(kith_csc_make((kith_lid)in, entries, &h->back));
  h->edges.capacity = entries;
done:
  return st;
}

kith_status kith__sampler_plan_make(int n_layer, const int64_t *rows, const int64_t *entries,
                                    sample_plan *p) {
  kith_status st = KITH_OK;
  p->n_layer = n_layer;
  for (int l = 0; l <= n_layer; l++) p->frame[l].capacity = rows[l];
  for (int l = 0; l < n_layer; l++)
    KITH_TRY(sampler_plan_make_block(rows[l], rows[l + 1], entries[l], &p->block[l]));
  KITH_TRY(KITH_NEW(p->node, rows[0]));
  KITH_TRY(KITH_NEW(p->degree, rows[0]));
  KITH_TRY(KITH_NEW(p->want, rows[0]));
  KITH_TRY(KITH_NEW(p->want_row, rows[0]));
  sampler_plan_point(p);
done:
  return st;
}

void kith__sampler_plan_free(sample_plan *p) {
  for (int l = 0; l < p->n_layer; l++) {
    kith_csr_free(&p->block[l].csr);
    KITH_FREE(p->block[l].scale);
    kith_csc_free(&p->block[l].back);
  }
  KITH_FREE(p->node);
  KITH_FREE(p->degree);
  KITH_FREE(p->want);
  KITH_FREE(p->want_row);
}

void kith__sampler_plan_swap(sample_plan *a, sample_plan *b) {
  SAMPLER_PLAN_SWAP(sample_plan, *a, *b);
  sampler_plan_point(a);
  sampler_plan_point(b);
}
