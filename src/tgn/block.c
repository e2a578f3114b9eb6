/* Blocks of a batch: each row reads some rows of another tensor. */
#include <string.h>

#include "tgn/tgn_impl.h"

kith_status kith__tgn_block_make(kith_lid max_row, kith_lid max_col, kith_eid max_entry, tgn_block *b) {
  kith_status st = KITH_OK;
  *b = (tgn_block){.rows = {.capacity = max_row}, .edges = {.capacity = max_entry}};
  KITH_TRY(KITH_NEW(b->csr.perm, max_row));
  KITH_TRY(KITH_NEW(b->csr.start, (int64_t)max_row + 1));
  KITH_TRY(KITH_NEW(b->csr.col, max_entry));
  KITH_TRY(kith_csc_make(max_col, max_entry, &b->csc));
  for (kith_lid i = 0; i < max_row; i++) b->csr.perm[i] = i;
  b->block = (kith_block){
      .dst = &b->rows, .src = &b->rows, .edges = &b->edges, .csr = &b->csr, .whole = &b->csr, .csc = &b->csc};
done:
  return st;
}

void kith__tgn_block_free(tgn_block *b) {
  KITH_FREE(b->csr.perm);
  KITH_FREE(b->csr.start);
  KITH_FREE(b->csr.col);
  kith_csc_free(&b->csc);
}

void kith__tgn_block_clear(tgn_block *b) {
  b->csr.n_row = 0;
  b->edges.n = 0;
}

void kith__tgn_block_row(tgn_block *b) {
  b->csr.n_row++;
  b->csr.start[b->csr.n_row] = b->edges.n;
}

void kith__tgn_block_entry(tgn_block *b, kith_lid col) {
  b->csr.col[b->edges.n++] = col;
  b->csr.start[b->csr.n_row] = b->edges.n;
}

void kith__tgn_block_done(tgn_block *b, kith_lid n_col) {
  b->rows.n = b->csr.n_row;
  b->csr.n_col = n_col;
  kith_csc_fill(&b->csr, 0, NULL, &b->csc);
}
