/* Products while rows travel, in pieces: messages make progress after each. */
#include "tape/product.h"

enum { PRODUCT_PIECES = 8 };

/* Rows that a product reads, and the columns of it. */
typedef struct product_from {
  kith_node_rows rows;
  kith_bf16_rows rounded;
  int d;
  size_t first; /* column */
} product_from;

static product_from product_whole(const kith_product *m) {
  return (product_from){.rows = m->rows, .rounded = kith_bf16_rows_together(m->rounded), .d = m->d};
}

/* Strip i of them. */
static product_from product_strip(const kith_product *m, const kith_strips *s, int i) {
  const int words = s->d / s->n, d = m->rounded ? 2 * words : words;
  const float *ghost = kith_strips_ghost(s, i);
  product_from f = {.d = d, .first = (size_t)i * (size_t)d};
  if (s->n == 1) return product_whole(m);
  if (m->rounded)
    f.rounded = (kith_bf16_rows){.own = m->rounded + (size_t)i * (size_t)words,
                                 .ghost = (const kith_bf16_pair *)(const void *)ghost,
                                 .n_own = m->csr->n_row,
                                 .ld = s->d};
  else
    f.rows =
        (kith_node_rows){.own = m->rows.own + f.first, .ghost = ghost, .n_own = m->rows.n_own, .ld = s->d};
  return f;
}

static void product_range(const kith_product *m, kith_lid first, kith_lid last, const product_from *from) {
  const kith_lid *position = m->position ? m->position + first : NULL, n = last - first;
  float *y = m->to + from->first;
  if (position && m->rounded) kith_spmm_rows_bf16(m->csr, n, position, from->d, from->rounded, y);
  else if (position) kith_spmm_rows(m->csr, n, position, from->d, from->rows, y);
  else if (m->some) kith_spmm_nonzero(m->csr, first, last, from->d, m->some, from->rows, m->add, y);
  else if (m->rounded) kith_spmm_bf16(m->csr, first, last, from->d, from->rounded, m->add, y);
  else kith_spmm_of(m->csr, first, last, from->d, from->rows, m->add, y);
}

void kith_product_interior(const kith_product *m, kith_lid n) {
  const product_from whole = product_whole(m);
  product_range(m, 0, n, &whole);
}

/* In pieces, while strips travel. */
static void product_pieces(const kith_product *m, kith_lid first, kith_lid last, const product_from *from,
                           kith_strips *s) {
  const int n = s->at < s->n ? PRODUCT_PIECES : 1;
  for (int i = 0; i < n; i++) {
    kith_lid low = first + (kith_lid)kith_chunk_begin(last - first, n, i),
             high = first + (kith_lid)kith_chunk_begin(last - first, n, i + 1);
    product_range(m, low, high, from);
    kith_strips_progress(s);
  }
}

void kith_product_run(const kith_product *m, kith_lid first, kith_strips *s) {
  const product_from whole = product_whole(m);
  product_pieces(m, first, m->n_interior, &whole, s);
  for (int i = 0; i < s->n; i++) {
    kith_strips_end(s, i);
    const product_from from = product_strip(m, s, i);
    product_pieces(m, m->n_interior, m->n, &from, s);
  }
}
