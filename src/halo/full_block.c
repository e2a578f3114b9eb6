/* The full graph as a block. */
#include <string.h>

#include "halo/halo.h"

/* The same matrix with a self-loop as the first entry of every row. */
static kith_status full_block_add_loops(const kith_csr *a, kith_csr *out) {
  kith_status st = KITH_OK;
  kith_eid n_entry = a->start[a->n_row] + a->n_row;
  kith_csr b = {.n_row = a->n_row, .n_col = a->n_col};
  KITH_TRY(KITH_NEW(b.perm, a->n_row));
  KITH_TRY(KITH_NEW(b.start, (int64_t)a->n_row + 1));
  KITH_TRY(KITH_NEW(b.col, n_entry));
  KITH_TRY(KITH_NEW(b.weight, n_entry));
  for (kith_lid p = 0; p < a->n_row; p++) {
    kith_eid from = a->start[p], n = a->start[p + 1] - from, at = b.start[p];
    b.perm[p] = b.col[at] = a->perm[p];
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

/* Every row's self-loop comes first. */
static kith_status full_block_add_ages(const kith_dist_csr *a, float **out) {
  kith_status st = KITH_OK;
  float *age = NULL;
  if (!a->age) return st;
  KITH_TRY(KITH_NEW(age, a->csr.start[a->csr.n_row] + a->csr.n_row));
  for (kith_lid p = 0; p < a->csr.n_row; p++)
    for (kith_eid e = a->csr.start[p]; e < a->csr.start[p + 1]; e++) age[e + p + 1] = a->age[e];
  *out = age;
  age = NULL;
done:
  KITH_FREE(age);
  return st;
}

int64_t kith_full_block_bytes(const kith_dist_csr_sizes *s, bool csc, bool loops) {
  int64_t n_entry = s->n_entry + (loops ? s->n_own : 0);
  return (loops ? kith_csr_bytes(s->n_own, n_entry) : 0) +
         (csc ? kith_csc_bytes(s->n_own + s->n_ghost, n_entry) : 0);
}

kith_status kith_full_block_make(kith_dist_csr *a, bool csc, bool loops, kith_full_block *out) {
  kith_status st = KITH_OK;
  kith_full_block *w = out;
  *w = (kith_full_block){0};
  if (loops) KITH_TRY(full_block_add_loops(&a->csr, &w->looped));
  if (loops) KITH_TRY(full_block_add_ages(a, &w->looped_age));
  const kith_csr *csr = loops ? &w->looped : &a->csr;
  kith_eid n_entry = csr->start[csr->n_row];
  if (csc) KITH_TRY(kith_csc_make(csr->n_col, n_entry, &w->csc));
  if (csc) kith_csc_fill(csr, 0, NULL, &w->csc);
  w->nodes =
      (kith_node_map){.n = a->csr.n_row, .n_ghost = a->n_ghost, .capacity = a->csr.n_row, .node = a->node};
  w->edges = (kith_node_map){.n = n_entry, .capacity = n_entry};
  w->block = (kith_block){.dist_csr = a,
                          .src = &w->nodes,
                          .dst = &w->nodes,
                          .edges = &w->edges,
                          .csr = csr,
                          .whole = csr,
                          .merged = loops ? NULL : a->merged,
                          .scale = a->weighted ? csr->weight : NULL,
                          .csc = &w->csc,
                          .transpose = a->transpose ? &a->transpose->csr : NULL,
                          .age = loops ? w->looped_age : a->age,
                          .degree = a->degree};
done:
  if (kith_is_bad(st)) kith_full_block_free(w);
  return st;
}

void kith_full_block_free(kith_full_block *full) {
  kith_csr_free(&full->looped);
  KITH_FREE(full->looped_age);
  kith_csc_free(&full->csc);
}
