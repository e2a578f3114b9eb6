/*
 * Pairs travel from the owner of the user, which alone has the edge, to the owner of the item, whose rows
 * must not show it, and to the rank that processes its tile; what every rank reads of a pair is gathered.
 */
#include "sample/step_pairs.h"

#include <math.h>

#include "halo/halo.h"

enum { STEP_PAIR_MASKS = 1 << 20 /* words of masks that travel at once, about */ };

/* Whether pairs travel one by one. */
static bool step_pairs_travel(const kith_batch_shape *s) { return s->softmax || s->excluded; }

/* Tiles of candidates whose words travel at once: all, if these are not too many. */
static int64_t step_pairs_tiles(const kith_batch_shape *s) {
  int64_t candidates = s->mask && s->pairs > s->n_shared ? s->pairs : s->n_shared,
          n_tile = (candidates + KITH_TILE - 1) / KITH_TILE,
          few = s->pairs > 0 ? STEP_PAIR_MASKS / s->pairs : 0;
  if (!s->softmax) return 0;
  return kith_min(n_tile, few > 0 ? few : 1);
}

static kith_status step_pairs_reserve(kith_batch *b, int64_t most) {
  kith_status st = KITH_OK;
  kith_step_pairs *t = &b->travel;
  int64_t pairs = b->shape.pairs, one = step_pairs_travel(&b->shape) ? pairs : 0,
          tiled = b->shape.softmax ? pairs : 0;
  KITH_TRY(KITH_NEW(b->pair, one));
  KITH_TRY(KITH_NEW(t->out, 2 * one));
  KITH_TRY(KITH_NEW(t->to, 2 * one));
  KITH_TRY(KITH_NEW(t->count, 2 * (int64_t)b->comm->size));
  t->first = t->count + b->comm->size;
  KITH_TRY(KITH_NEW(t->candidate, tiled));
  KITH_TRY(KITH_NEW(t->tile_user, b->shape.softmax ? most : 0));
  KITH_TRY(KITH_NEW(b->step_item, b->shape.inbatch ? pairs : 0));
  t->tiles = b->comm->size > 1 ? step_pairs_tiles(&b->shape) : 0;
  t->max_words = (pairs + most) * t->tiles;
  KITH_TRY(KITH_NEW(t->mask_out, 2 * pairs * t->tiles));
  KITH_TRY(KITH_NEW(t->mask_in, t->max_words));
done:
  return st;
}

int64_t kith__step_pairs_bytes(const kith_batch_shape *shape, int size, int64_t most) {
  const kith_batch *b = NULL;
  const kith_step_pairs *t = NULL;
  int64_t pairs = shape->pairs, bytes = KITH_BYTES(t->count, 2 * size) + kith_sparse_bytes(size);
  if (step_pairs_travel(shape))
    bytes += KITH_BYTES(b->pair, pairs) + KITH_BYTES(t->out, 2 * pairs) + KITH_BYTES(t->to, 2 * pairs);
  if (shape->softmax) bytes += KITH_BYTES(t->candidate, pairs) + KITH_BYTES(t->tile_user, most);
  if (size > 1)
    bytes +=
        (KITH_BYTES(t->mask_out, 2 * pairs) + KITH_BYTES(t->mask_in, pairs + most)) * step_pairs_tiles(shape);
  return bytes + (shape->inbatch ? KITH_BYTES(b->step_item, pairs) : 0);
}

static void step_pairs_type(size_t bytes, MPI_Datatype *type) {
  KITH_MPI(MPI_Type_contiguous((int)(bytes / sizeof(int64_t)), MPI_INT64_T, type));
  KITH_MPI(MPI_Type_commit(type));
}

kith_agreed kith__step_pairs_make(kith_batch *b, int64_t most) {
  kith_agreed st = {KITH_OK};
  KITH_TRY(kith_agree(b->comm, step_pairs_reserve(b, most)));
  KITH_TRY(kith_sparse_make(b->comm, &b->travel.sparse));
  step_pairs_type(sizeof(kith_pair), &b->travel.pair_type);
  step_pairs_type(sizeof(kith_mask_word), &b->travel.word_type);
done:
  return st;
}

void kith__step_pairs_free(kith_batch *b) {
  if (b->travel.sparse.made) { /* and so are the types */
    KITH_MPI(MPI_Type_free(&b->travel.pair_type));
    KITH_MPI(MPI_Type_free(&b->travel.word_type));
  }
  kith_sparse_free(&b->travel.sparse);
  KITH_FREE(b->travel.to);
  KITH_FREE(b->travel.count);
  KITH_FREE(b->travel.out);
  KITH_FREE(b->travel.candidate);
  KITH_FREE(b->travel.tile_user);
  KITH_FREE(b->travel.mask_out);
  KITH_FREE(b->travel.mask_in);
  KITH_FREE(b->pair);
  KITH_FREE(b->step_item);
}

/* The pair of an own edge. */
static kith_pair step_pairs_own(const kith_batch *b, const kith_edge_order *e, int64_t step, kith_eid s) {
  const kith_graph *g = b->g;
  const kith_train_edge *edge = &e->edges[s];
  kith_lid row = g->row_of[KITH_USER][edge->user];
  kith_eid at = edge->local_edge - g->start[row];
  int64_t degree = b->a->degree[b->a->csr.col[b->a->csr.start[b->a->iperm[row]] + at]];
  return (kith_pair){.user_gid = g->first[b->comm->rank] + row,
                     .user = (int32_t)g->original[row],
                     .item = g->train.value[g->train.start[edge->user] + at],
                     .position = (int32_t)(edge->position - e->step_start[step]),
                     .log_degree = (float)log((double)degree)};
}

/* The ranks that own pair p's item and process its tile, unless that is this one, or they are the same. */
static void step_pairs_aim(const kith_batch *b, const kith_pair *p, int *to) {
  int me = b->comm->rank, size = b->comm->size;
  int tile = b->shape.softmax ? kith_owner(size, b->tile_first, p->position) : me,
      item = b->shape.excluded ? kith_owner(size, b->g->first, b->g->item_number[p->item]) : me;
  to[0] = tile != me ? tile : -1;
  to[1] = item != me && item != tile ? item : -1;
}

/* Copy the first n pairs, grouped by the ranks that they go to. */
static void step_pairs_group(kith_batch *b, int64_t n) {
  kith_step_pairs *t = &b->travel;
  int size = b->comm->size;
  for (int r = 0; r < size; r++) t->count[r] = 0;
  for (int64_t i = 0; i < n; i++) step_pairs_aim(b, &b->pair[i], t->to + 2 * i);
  for (int64_t i = 0; i < 2 * n; i++)
    if (t->to[i] >= 0) t->count[t->to[i]]++;
  for (int r = 0, at = 0; r < size; at += t->count[r], r++) t->first[r] = at;
  for (int64_t i = 0; i < 2 * n; i++)
    if (t->to[i] >= 0) t->out[t->first[t->to[i]]++] = b->pair[i / 2];
  for (int r = 0; r < size; r++) t->first[r] -= t->count[r];
}

/* Send the own pairs, and receive others behind them: each of the step's pairs comes at most once. */
static void step_pairs_exchange(kith_batch *b) {
  kith_step_pairs *t = &b->travel;
  const int bytes = (int)sizeof(kith_pair);
  step_pairs_group(b, b->n_known);
  kith_sparse_begin(&t->sparse, t->pair_type, bytes, t->out, t->count, t->first, 0);
  (void)kith_sparse_end(&t->sparse, t->pair_type, bytes, b->shape.pairs - b->n_known, b->pair + b->n_known);
  b->n_known += t->sparse.n;
}

/* What every rank reads of the pairs, from those of this rank's tiles. */
static void step_pairs_gather_candidates(kith_batch *b) {
  kith_step_pairs *t = &b->travel;
  int64_t first = b->tile_first[b->comm->rank], last = b->tile_first[b->comm->rank + 1];
  for (int64_t i = 0; i < b->n_known; i++) {
    const kith_pair *p = &b->pair[i];
    if (p->position < first || p->position >= last) continue;
    t->tile_user[p->position - first] = p->user_gid;
    t->candidate[p->position] = (kith_candidate){p->item, p->log_degree};
  }
  kith_allgather_rows(b->comm, b->tile_first, sizeof(kith_candidate) / sizeof(float), t->count,
                      (float *)t->candidate);
#pragma omp parallel for schedule(static)
  for (int64_t i = 0; i < b->n_global; i++) {
    b->item[i] = t->candidate[i].item;
    b->log_degree[i] = t->candidate[i].log_degree;
  }
}

/* Items of all pairs: each rank fills in those of its users, others are -1; an all-reduce takes the
 * maximum. */
static void step_pairs_gather_items(kith_batch *b, const kith_edge_order *e, int64_t step) {
  for (int64_t i = 0; i < b->n_global; i++) b->step_item[i] = -1;
#pragma omp parallel for schedule(static)
  for (kith_eid s = e->own_start[step]; s < e->own_start[step + 1]; s++) {
    const kith_pair p = step_pairs_own(b, e, step, s);
    b->step_item[p.position] = p.item;
  }
  kith_comm_reduce(b->comm, b->n_global, MPI_INT32_T, MPI_MAX, b->step_item);
}

void kith__step_pairs_fill(kith_batch *b, const kith_edge_order *e, int64_t step) {
  if (b->shape.inbatch) step_pairs_gather_items(b, e, step);
  if (!step_pairs_travel(&b->shape)) return;
  b->n_known = e->own_start[step + 1] - e->own_start[step];
#pragma omp parallel for schedule(static)
  for (kith_eid s = e->own_start[step]; s < e->own_start[step + 1]; s++)
    b->pair[s - e->own_start[step]] = step_pairs_own(b, e, step, s);
  if (b->comm->size > 1) step_pairs_exchange(b);
  if (b->shape.softmax) step_pairs_gather_candidates(b);
}
