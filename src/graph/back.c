/* The transpose of a sparse matrix, as places of its entries. */
#include "kith/graph.h"

kith_status kith_back_make(kith_lid most_col, kith_eid most_entry, kith_back *out) {
  kith_status st = KITH_OK;
  kith_back b = {0};
  KITH_TRY(KITH_NEW(b.start, (int64_t)most_col + 2));
  KITH_TRY(KITH_NEW(b.entry, most_entry));
  KITH_TRY(KITH_NEW(b.row, most_entry));
  *out = b;
  b = (kith_back){0};
done:
  kith_back_free(&b);
  return st;
}

void kith_back_free(kith_back *back) {
  KITH_FREE(back->start);
  KITH_FREE(back->entry);
  KITH_FREE(back->row);
  back->n_col = 0;
}

/* start[c + 2] counts column c, then start[c + 1] is where its next entry goes. */
void kith_back_fill(const kith_csr *csr, kith_back *back) {
  kith_eid n = csr->start[csr->n_row];
  back->n_col = csr->n_col;
  for (kith_lid c = 0; c < csr->n_col + 2; c++) back->start[c] = 0;
  for (kith_eid e = 0; e < n; e++) back->start[csr->col[e] + 2]++;
  for (kith_lid c = 2; c < csr->n_col + 2; c++) back->start[c] += back->start[c - 1];
  for (kith_lid p = 0; p < csr->n_row; p++)
    for (kith_eid e = csr->start[p]; e < csr->start[p + 1]; e++) {
      kith_eid at = back->start[csr->col[e] + 1]++;
      back->entry[at] = e;
      back->row[at] = csr->row[p];
    }
}
