/* The whole graph as one hop. */
#include <string.h>

#include "kith/halo.h"

/* The same matrix with every row's own column before the others. */
static kith_status whole_loop(const kith_csr *a, kith_csr *out) {
  kith_status st = KITH_OK;
  kith_eid n_entry = a->start[a->n_row] + a->n_row;
  kith_csr b = {.n_row = a->n_row, .n_col = a->n_col};
  KITH_TRY(KITH_NEW(b.row, a->n_row));
  KITH_TRY(KITH_NEW(b.start, (int64_t)a->n_row + 1));
  KITH_TRY(KITH_NEW(b.col, n_entry));
  KITH_TRY(KITH_NEW(b.weight, n_entry));
  for (kith_lid p = 0; p < a->n_row; p++) {
    kith_eid from = a->start[p], n = a->start[p + 1] - from, at = b.start[p];
    b.row[p] = b.col[at] = a->row[p];
    memcpy(b.col + at + 1, a->col + from, (size_t)n * sizeof *b.col);
    memcpy(b.weight + at + 1, a->weight + from, (size_t)n * sizeof *b.weight);
    b.start[p + 1] = at + 1 + n;
  }
  *out = b;
  b = (kith_csr){0};
done:
  kith_csr_free(&b);
  return st;
}

kith_status kith_whole_make(kith_relation *a, bool back, bool loops, kith_whole *out) {
  kith_status st = KITH_OK;
  kith_whole *w = out;
  *w = (kith_whole){0};
  if (loops) KITH_TRY(whole_loop(&a->csr, &w->looped));
  const kith_csr *csr = loops ? &w->looped : &a->csr;
  kith_eid n_entry = csr->start[csr->n_row];
  if (back) KITH_TRY(kith_back_make(csr->n_col, n_entry, &w->back));
  if (back) kith_back_fill(csr, 0, NULL, &w->back);
  w->frame = (kith_frame){.n = a->csr.n_row, .n_ghost = a->n_ghost, .most = a->csr.n_col, .node = a->node};
  w->edges = (kith_frame){.n = n_entry, .most = n_entry};
  w->hop = (kith_hop){.whole = a,
                      .in = &w->frame,
                      .out = &w->frame,
                      .edges = &w->edges,
                      .csr = csr,
                      .scale = a->weighed ? csr->weight : NULL,
                      .back = &w->back,
                      .degree = a->degree};
done:
  if (kith_is_bad(st)) kith_whole_free(w);
  return st;
}

void kith_whole_free(kith_whole *whole) {
  kith_csr_free(&whole->looped);
  kith_back_free(&whole->back);
}
