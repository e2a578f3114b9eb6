/* Views are swapped by their contents: ops were recorded with pointers to one of them. */
#include "sample/view.h"

#define VIEW_SWAP(type, a, b)                                                                                \
  do {                                                                                                       \
    type view__kept = (a);                                                                                   \
    (a) = (b);                                                                                               \
    (b) = view__kept;                                                                                        \
  } while (0)

/* What hops and frames lend. */
static void view_point(sample_view *v) {
  for (int l = 0; l <= v->n_hop; l++) v->frame[l].node = v->node;
  for (int l = 0; l < v->n_hop; l++) {
    sample_hop *h = &v->hop[l];
    h->hop = (kith_block){.src = &v->frame[l],
                          .dst = &v->frame[l + 1],
                          .edges = &h->edges,
                          .csr = &h->csr,
                          .scale = h->scale,
                          .csc = &h->back,
                          .degree = v->degree};
  }
}

static kith_status view_make_hop(int64_t in, int64_t out, int64_t entries, sample_hop *h) {
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

kith_status kith__view_make(int n_hop, const int64_t *rows, const int64_t *entries, sample_view *v) {
  kith_status st = KITH_OK;
  v->n_hop = n_hop;
  for (int l = 0; l <= n_hop; l++) v->frame[l].capacity = rows[l];
  for (int l = 0; l < n_hop; l++) KITH_TRY(view_make_hop(rows[l], rows[l + 1], entries[l], &v->hop[l]));
  KITH_TRY(KITH_NEW(v->node, rows[0]));
  KITH_TRY(KITH_NEW(v->degree, rows[0]));
  KITH_TRY(KITH_NEW(v->want, rows[0]));
  KITH_TRY(KITH_NEW(v->want_row, rows[0]));
  view_point(v);
done:
  return st;
}

void kith__view_free(sample_view *v) {
  for (int l = 0; l < v->n_hop; l++) {
    kith_csr_free(&v->hop[l].csr);
    KITH_FREE(v->hop[l].scale);
    kith_csc_free(&v->hop[l].back);
  }
  KITH_FREE(v->node);
  KITH_FREE(v->degree);
  KITH_FREE(v->want);
  KITH_FREE(v->want_row);
}

void kith__view_swap(sample_view *a, sample_view *b) {
  VIEW_SWAP(sample_view, *a, *b);
  view_point(a);
  view_point(b);
}
