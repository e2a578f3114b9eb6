/* The owner of a user, which alone has the user's items, sets the bits of its pairs; an all-reduce combines
 * them. */
#include "sample/false_negative_mask.h"

kith_status kith__false_negative_mask_make(int n, int pairs, int64_t n_item, kith_false_negative_mask *m) {
  kith_status st = KITH_OK;
  int64_t n_tile = (n + KITH_TILE - 1) / KITH_TILE;
  KITH_CHECK(n_tile * pairs <= INT32_MAX, KITH_ECONFIG,
             "%d pairs with %d candidates need a mask of %lld words; at most %d are possible: use a smaller "
             "batch or fewer "
             "shared negatives",
             pairs, n, (long long)n_tile * pairs, INT32_MAX);
  KITH_TRY(KITH_NEW(m->mask, n_tile * pairs));
  KITH_TRY(KITH_NEW(m->next, n));
  KITH_TRY(KITH_NEW(m->head, n > 0 ? n_item : 0));
done:
  return st;
}

int64_t kith__false_negative_mask_bytes(int n, int pairs, int64_t n_item) {
  const kith_false_negative_mask *m = NULL;
  int64_t n_tile = ((int64_t)n + KITH_TILE - 1) / KITH_TILE;
  return KITH_BYTES(m->mask, n_tile * pairs) + KITH_BYTES(m->next, n) +
         KITH_BYTES(m->head, n > 0 ? n_item : 0);
}

void kith__false_negative_mask_free(kith_false_negative_mask *m) {
  KITH_FREE(m->mask);
  KITH_FREE(m->next);
  KITH_FREE(m->head);
}

/* Set the bits of one pair.  The candidates of an item are a linked list of numbers from 1: head[item],
 * next[c - 1], … */
static void false_negative_mask_user(kith_false_negative_mask *m, const kith_batch *b,
                                     const kith_train_edge *edge, int64_t position, bool own) {
  const kith_ragged *train = &b->g->train;
  for (kith_eid at = train->start[edge->user]; at < train->start[edge->user + 1]; at++)
    for (int32_t c = m->head[train->value[at]]; c > 0; c = m->next[c - 1])
      if (!own || c - 1 != position)
        m->mask[(c - 1) / KITH_TILE * b->n_global + position] |= (uint64_t)1 << (c - 1) % KITH_TILE;
}

void kith__false_negative_mask_fill(kith_false_negative_mask *m, const kith_batch *b,
                                    const kith_edge_order *e, int64_t step, int n, const int32_t *item,
                                    bool own) {
  int64_t n_word = (n + KITH_TILE - 1) / KITH_TILE * b->n_global;
  m->n = n;
  for (int c = 0; c < n; c++) {
    m->next[c] = m->head[item[c]];
    m->head[item[c]] = c + 1;
  }
  for (int64_t i = 0; i < n_word; i++) m->mask[i] = 0;
#pragma omp parallel for schedule(dynamic, 64)
  for (kith_eid s = e->own_start[step]; s < e->own_start[step + 1]; s++)
    false_negative_mask_user(m, b, &e->edges[s], e->edges[s].position - e->step_start[step], own);
  for (int c = 0; c < n; c++) m->head[item[c]] = 0;
  if (b->comm->size > 1)
    KITH_WAIT("false-negative mask",
              MPI_Allreduce(MPI_IN_PLACE, m->mask, (int)n_word, MPI_UINT64_T, MPI_BOR, b->comm->mpi));
}
