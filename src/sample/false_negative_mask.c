/* The owner of a user, which alone has the user's items, sets the bits of its pairs.  Words that are not 0 go
 * to the ranks that process the pair and the candidates, in rounds of some tiles, so that room does not
 * follow the square of the batch. */
#include "sample/false_negative_mask.h"

#include <string.h>

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

/* Words that this rank fills or reads: of its edges' pairs, of the pairs of its tiles, and of its candidates.
 */
static void false_negative_mask_clear(kith_false_negative_mask *m, const kith_batch *b,
                                      const kith_edge_order *e, int64_t step, const int64_t *first) {
  int64_t n = b->n_global, row = b->tile_first[b->comm->rank], n_row = b->tile_first[b->comm->rank + 1] - row,
          begin = first[b->comm->rank] / KITH_TILE,
          end = (first[b->comm->rank + 1] + KITH_TILE - 1) / KITH_TILE;
  for (int64_t w = 0; w * KITH_TILE < m->n; w++) {
    for (kith_eid s = e->own_start[step]; s < e->own_start[step + 1]; s++)
      m->mask[w * n + e->edges[s].position - e->step_start[step]] = 0;
    memset(m->mask + w * n + row, 0, (size_t)n_row * sizeof *m->mask);
  }
  if (begin < end) memset(m->mask + begin * n, 0, (size_t)((end - begin) * n) * sizeof *m->mask);
}

/* Call `visit` for each word of this rank's edges in tiles begin … end - 1 that another rank reads. */
typedef void (*false_negative_mask_visit)(kith_step_pairs *t, int to, kith_mask_word word);
static void false_negative_mask_each(const kith_false_negative_mask *m, kith_batch *b,
                                     const kith_edge_order *e, int64_t step, const int64_t *first,
                                     int64_t begin, int64_t end, false_negative_mask_visit visit) {
  int me = b->comm->rank, size = b->comm->size;
  for (int64_t w = begin; w < end; w++) {
    int column = kith_owner(size, first, w * KITH_TILE);
    for (kith_eid s = e->own_start[step]; s < e->own_start[step + 1]; s++) {
      int64_t position = e->edges[s].position - e->step_start[step];
      const kith_mask_word word = {w * b->n_global + position, m->mask[w * b->n_global + position]};
      if (word.bits == 0) continue;
      int row = kith_owner(size, b->tile_first, position);
      if (row != me) visit(&b->travel, row, word);
      if (column != me && column != row) visit(&b->travel, column, word);
    }
  }
}

static void false_negative_mask_count(kith_step_pairs *t, int to, kith_mask_word word) {
  (void)word;
  t->count[to]++;
}
static void false_negative_mask_put(kith_step_pairs *t, int to, kith_mask_word word) {
  t->mask_out[t->first[to]++] = word;
}

/* Send the words of some tiles, and set those that come. */
static void false_negative_mask_exchange(kith_false_negative_mask *m, kith_batch *b, const kith_edge_order *e,
                                         int64_t step, const int64_t *first, int64_t begin, int64_t end) {
  kith_step_pairs *t = &b->travel;
  int size = b->comm->size, bytes = (int)sizeof(kith_mask_word);
  for (int r = 0; r < size; r++) t->count[r] = 0;
  false_negative_mask_each(m, b, e, step, first, begin, end, false_negative_mask_count);
  for (int r = 0, at = 0; r < size; at += t->count[r], r++) t->first[r] = at;
  false_negative_mask_each(m, b, e, step, first, begin, end, false_negative_mask_put);
  for (int r = 0; r < size; r++) t->first[r] -= t->count[r];
  kith_sparse_begin(&t->sparse, t->word_type, bytes, t->mask_out, t->count, t->first, 0);
  (void)kith_sparse_end(&t->sparse, t->word_type, bytes, t->max_words, t->mask_in);
  for (int64_t i = 0; i < t->sparse.n; i++) m->mask[t->mask_in[i].at] = t->mask_in[i].bits;
}

void kith__false_negative_mask_fill(kith_false_negative_mask *m, kith_batch *b, const kith_edge_order *e,
                                    int64_t step, int n, const int32_t *item, const int64_t *first,
                                    bool own) {
  int64_t n_tile = ((int64_t)n + KITH_TILE - 1) / KITH_TILE;
  m->n = n;
  for (int c = 0; c < n; c++) {
    m->next[c] = m->head[item[c]];
    m->head[item[c]] = c + 1;
  }
  false_negative_mask_clear(m, b, e, step, first);
#pragma omp parallel for schedule(dynamic, 64)
  for (kith_eid s = e->own_start[step]; s < e->own_start[step + 1]; s++)
    false_negative_mask_user(m, b, &e->edges[s], e->edges[s].position - e->step_start[step], own);
  for (int c = 0; c < n; c++) m->head[item[c]] = 0;
  for (int64_t w = 0; b->travel.tiles > 0 && w < n_tile; w += b->travel.tiles)
    false_negative_mask_exchange(m, b, e, step, first, w, kith_min(w + b->travel.tiles, n_tile));
}
