/* The rows of a step: received by the rank that computes the loss, sent by their owners. */
#include "sample/false_negative_mask.h"
#include "sample/shared_negatives.h"
#include "sample/step_pairs.h"

/* A received or sent row while rows are sorted; `slot` is a received row's index in user_row, positive_row or
 * negative_row, which are contiguous. */
typedef struct batch_entry {
  int64_t row, key;
  kith_lid slot;
} batch_entry;

/* The most of `n` elements that one rank gets, if ranks get whole tiles. */
static int64_t batch_max_tiled(int size, int64_t n) {
  if (n == 0) return 0;
  int64_t n_tile = (n + KITH_TILE - 1) / KITH_TILE;
  return (n_tile / size + 1) * KITH_TILE;
}

/* The most pairs that one rank processes. */
static int64_t batch_shape_max_pairs(const kith_batch_shape *s, int size) {
  return s->softmax ? batch_max_tiled(size, s->pairs) : s->pairs;
}
static int64_t batch_max_pairs(const kith_batch *b) {
  return batch_shape_max_pairs(&b->shape, b->comm->size);
}

/* Negatives drawn for one pair. */
static int64_t batch_shape_draws(const kith_batch_shape *s) {
  return s->softmax ? 0 : (int64_t)s->n_negative * s->n_pool;
}
static int64_t batch_draws(const kith_batch *b) { return batch_shape_draws(&b->shape); }

static int64_t batch_max_recv(const kith_batch *b) {
  return (2 + batch_draws(b)) * batch_max_pairs(b) + batch_max_tiled(b->comm->size, b->shape.n_shared);
}
static int64_t batch_max_send(const kith_batch *b) {
  return (2 + batch_draws(b)) * b->shape.pairs + b->shape.n_shared;
}

kith_lid kith_batch_max_recv(const kith_batch *b) { return (kith_lid)batch_max_recv(b); }
kith_lid kith_batch_max_send(const kith_batch *b) { return (kith_lid)batch_max_send(b); }

/* Of one received row, and of one row that is received or sent. */
static int64_t batch_row_bytes(const kith_batch *b) {
  return KITH_BYTES(b->user_row, 1) + KITH_BYTES(b->recv_gid, 1) + KITH_BYTES(b->recv_key, 1) +
         KITH_BYTES(b->seed_node, 1) + KITH_BYTES(b->seed_index, 1);
}
static int64_t batch_sorted_bytes(const kith_batch *b) {
  return KITH_BYTES(b->gather_index.unique_row, 1) + KITH_BYTES(b->gather_index.l2_count, 1) +
         KITH_BYTES(b->gather_index.start, 1) + KITH_BYTES(b->gather_index.member, 1) +
         (int64_t)sizeof(batch_entry) + KITH_BYTES(b->order, 2);
}

int64_t kith_batch_bytes(const kith_batch_shape *shape, int size, int64_t n_item, int64_t recv,
                         int64_t send) {
  const kith_batch *b = &(kith_batch){.n_recv = 0};
  int64_t pairs = shape->pairs, most = recv > send ? recv : send;
  return KITH_BYTES(b, 1) + recv * batch_row_bytes(b) + most * batch_sorted_bytes(b) +
         KITH_BYTES(b->gather_index.start, 1) + KITH_BYTES(b->item, pairs + shape->n_shared) +
         KITH_BYTES(b->negative_item, batch_shape_draws(shape) * pairs) +
         KITH_BYTES(b->tile_first, size + 1) +
         kith__step_pairs_bytes(shape, size, batch_shape_max_pairs(shape, size)) +
         (shape->softmax ? KITH_BYTES(b->log_degree, pairs) : 0) +
         kith__false_negative_mask_bytes(shape->mask ? shape->pairs : 0, shape->pairs, n_item) +
         kith__shared_negatives_bytes(shape->n_shared, shape->pairs, n_item, size);
}

static kith_status batch_reserve(kith_batch *b) {
  kith_status st = KITH_OK;
  int64_t max_recv = batch_max_recv(b), max_send = batch_max_send(b),
          most = max_recv > max_send ? max_recv : max_send, pairs = b->shape.pairs,
          tiled = b->shape.softmax ? pairs : 0;
  KITH_CHECK(max_recv <= INT32_MAX && max_send <= INT32_MAX, KITH_ECONFIG,
             "a step would need %lld rows, at most %d: fewer pairs or negatives are needed", (long long)most,
             INT32_MAX);
  KITH_TRY(KITH_NEW(b->user_row, max_recv));
  b->positive_row = b->user_row + batch_max_pairs(b);
  b->negative_row = b->positive_row + batch_max_pairs(b);
  KITH_TRY(KITH_NEW(b->recv_gid, max_recv));
  KITH_TRY(KITH_NEW(b->recv_key, max_recv));
  KITH_TRY(KITH_NEW(b->item, pairs + b->shape.n_shared));
  KITH_TRY(KITH_NEW(b->negative_item, batch_draws(b) * pairs));
  KITH_TRY(KITH_NEW(b->tile_first, b->comm->size + 1));
  KITH_TRY(KITH_NEW(b->log_degree, tiled));
  KITH_TRY(KITH_NEW(b->seed_node, max_recv));
  KITH_TRY(KITH_NEW(b->seed_index, max_recv));
  KITH_TRY(KITH_NEW(b->gather_index.unique_row, most));
  KITH_TRY(KITH_NEW(b->gather_index.l2_count, most));
  KITH_TRY(KITH_NEW(b->gather_index.start, most + 1));
  KITH_TRY(KITH_NEW(b->gather_index.member, most));
  KITH_TRY(kith__false_negative_mask_make(b->shape.mask ? b->shape.pairs : 0, b->shape.pairs,
                                          b->g->n[KITH_ITEM], &b->mask));
  KITH_TRY(kith__shared_negatives_make(b->shape.n_shared, b->shape.pairs, b->g->n[KITH_ITEM], b->comm->size,
                                       &b->shared));
  b->sort = kith_alloc(most, sizeof(batch_entry));
  KITH_CHECK(b->sort, KITH_ENOMEM, "no memory for a batch of %d pairs", b->shape.pairs);
  KITH_TRY(KITH_NEW(b->order, 2 * most));
done:
  return st;
}

kith_agreed kith_batch_create(const kith_comm *comm, const kith_graph *g, const kith_dist_csr *a,
                              const kith_negative_distribution *distribution, const kith_batch_shape *shape,
                              kith_batch **out) {
  kith_agreed st = {KITH_OK};
  kith_batch *b = NULL;
  *out = NULL;
  KITH_TRY(kith_agree(comm, KITH_NEW(b, 1)));
  *b = (kith_batch){.comm = comm, .g = g, .a = a, .distribution = distribution, .shape = *shape};
  KITH_TRY(kith_agree(comm, batch_reserve(b)));
  KITH_TRY(kith__step_pairs_make(b, batch_max_pairs(b)));
  *out = b;
  b = NULL;
done:
  kith_batch_destroy(&b);
  return st;
}

void kith_batch_destroy(kith_batch **batch) {
  kith_batch *b = *batch;
  if (!b) return;
  KITH_FREE(b->user_row);
  KITH_FREE(b->recv_gid);
  KITH_FREE(b->recv_key);
  KITH_FREE(b->item);
  KITH_FREE(b->negative_item);
  KITH_FREE(b->tile_first);
  kith__step_pairs_free(b);
  KITH_FREE(b->log_degree);
  KITH_FREE(b->seed_node);
  KITH_FREE(b->seed_index);
  KITH_FREE(b->gather_index.unique_row);
  KITH_FREE(b->gather_index.l2_count);
  KITH_FREE(b->gather_index.start);
  KITH_FREE(b->gather_index.member);
  kith__false_negative_mask_free(&b->mask);
  kith__shared_negatives_free(&b->shared);
  KITH_FREE(b->sort);
  KITH_FREE(b->order);
  KITH_FREE(*batch);
}

void kith_batch_clear(kith_batch *b) {
  b->n_global = b->n_known = b->n_pair = b->n_recv = b->shared.n = b->mask.n = 0;
  for (int r = 0; r <= b->comm->size; r++) b->tile_first[r] = b->shared.first[r] = 0;
}

/* Sort the first `n` entries by row, then by key: two stable passes, by key and by row. */
static void batch_order(kith_batch *b, kith_lid n) {
  const batch_entry *entry = b->sort;
  kith_key_value *order = b->order;
  int64_t most_key = 0, most_row = 0;
  for (kith_lid i = 0; i < n; i++) {
    order[i] = (kith_key_value){entry[i].key, i};
    if (entry[i].key > most_key) most_key = entry[i].key;
    if (entry[i].row > most_row) most_row = entry[i].row;
  }
  kith_sort(n, most_key, order, order + n);
  for (kith_lid i = 0; i < n; i++) order[i].key = entry[order[i].value].row;
  kith_sort(n, most_row, order, order + n);
}

/* Sort the first `n` entries by row and key, and say for each slot of the user, positive and negative rows
 * where it went. */
static void batch_sort(kith_batch *b, kith_lid n) {
  const batch_entry *entry = b->sort;
  batch_order(b, n);
  b->n_recv = n;
  for (kith_lid i = 0; i < n; i++) {
    const batch_entry *x = &entry[b->order[i].value];
    b->recv_gid[i] = x->row;
    b->recv_key[i] = x->key;
    b->user_row[x->slot] = i;
  }
}

/* Number of keys of a pair: its user, positive and negatives; then the draws of pools, which
 * batch_is_pooled() recognizes by their keys. */
static int64_t batch_stride(const kith_batch *b) {
  int64_t k = b->shape.n_negative;
  return 2 + k + (b->shape.n_pool > 1 ? k * b->shape.n_pool : 0);
}

static bool batch_is_pooled(const kith_batch *b, int64_t key) {
  return !b->shape.softmax && b->shape.n_pool > 1 && key % batch_stride(b) >= 2 + b->shape.n_negative;
}

static int32_t *batch_negatives_of(const kith_batch *b, kith_lid i, int j) {
  return b->negative_item + ((int64_t)i * b->shape.n_negative + j) * b->shape.n_pool;
}

/* The negatives of pair `i`. */
static void batch_draw(kith_batch *b, const kith_edge_order *e, const kith_train_edge *s, kith_lid i) {
  kith_eid edge = kith_train_edge_id(b->g, s);
  kith_inbatch_pairs inbatch = {.n = b->n_global, .item = b->step_item};
  for (int j = 0; j < b->shape.n_negative; j++) {
    int n = kith_negative_is_hard(b->distribution, e, edge, j) ? b->shape.n_pool : 1;
    int32_t *drawn = batch_negatives_of(b, i, j);
    for (int c = 0; c < b->shape.n_pool; c++)
      drawn[c] = c < n ? kith_negative_draw(b->distribution, e, edge, s->user, j, c,
                                            b->shape.inbatch ? &inbatch : NULL)
                       : -1;
  }
}

/* Append the rows of pair `i`, with keys from `key` on, at entry `n`; returns the end. */
static kith_lid batch_add_pair(kith_batch *b, kith_lid i, kith_gid user, kith_gid positive, int64_t key,
                               kith_lid n) {
  batch_entry *entry = b->sort;
  const kith_gid *number = b->g->item_number;
  int k = b->shape.n_negative, m = b->shape.n_pool;
  kith_lid negatives = (kith_lid)(b->negative_row - b->user_row) + i * k * m;
  entry[n++] = (batch_entry){user, key, i};
  entry[n++] = (batch_entry){positive, key + 1, (kith_lid)(b->positive_row - b->user_row) + i};
  for (int j = 0; j < k; j++) {
    const int32_t *drawn = batch_negatives_of(b, i, j);
    bool hard = m > 1 && drawn[1] >= 0;
    for (int c = 0; c < (hard ? m : 1); c++)
      entry[n++] = (batch_entry){number[drawn[c]], key + (hard ? 2 + k + (int64_t)j * m + c : 2 + j),
                                 negatives + j * m + c};
  }
  return n;
}

void kith_batch_fill_pairs(kith_batch *b, const kith_edge_order *e, int64_t step) {
  const kith_graph *g = b->g;
  const kith_train_edge *edge = e->edges + e->own_start[step];
  kith_gid low = g->first[b->comm->rank];
  kith_lid n_entry = 0;
  b->n_global = kith_edge_order_step_size(e, step);
  b->n_pair = (kith_lid)(e->own_start[step + 1] - e->own_start[step]);
  kith__step_pairs_fill(b, e, step);
#pragma omp parallel for schedule(static)
  for (kith_lid i = 0; i < b->n_pair; i++) {
    kith_lid row = g->row_of[KITH_USER][edge[i].user];
    b->item[i] = g->train.value[g->train.start[edge[i].user] + (edge[i].local_edge - g->start[row])];
    batch_draw(b, e, &edge[i], i);
  }
  for (kith_lid i = 0; i < b->n_pair; i++)
    n_entry = batch_add_pair(b, i, low + g->row_of[KITH_USER][edge[i].user], g->neighbor[edge[i].local_edge],
                             edge[i].position * batch_stride(b), n_entry);
  batch_sort(b, n_entry);
}

/* Divide `n` elements among the ranks in whole tiles. */
static void batch_split_tiles(int size, int64_t n, int64_t *first) {
  int64_t n_tile = (n + KITH_TILE - 1) / KITH_TILE;
  for (int r = 0; r <= size; r++) {
    int64_t position = kith_chunk_begin(n_tile, size, r) * KITH_TILE;
    first[r] = position < n ? position : n;
  }
}

void kith_batch_fill_softmax(kith_batch *b, const kith_edge_order *e, int64_t step) {
  const kith_gid *number = b->g->item_number;
  batch_entry *entry = b->sort;
  kith_lid items = (kith_lid)(b->positive_row - b->user_row),
           shared = (kith_lid)(b->negative_row - b->user_row);
  b->n_global = kith_edge_order_step_size(e, step);
  batch_split_tiles(b->comm->size, b->n_global, b->tile_first);
  kith__step_pairs_fill(b, e, step);
  if (b->shape.mask)
    kith__false_negative_mask_fill(&b->mask, b, e, step, (int)b->n_global, b->item, b->tile_first, true);
  batch_split_tiles(b->comm->size, b->shape.n_shared, b->shared.first);
  kith__shared_negatives_fill(b, e, step);
  int64_t first = b->tile_first[b->comm->rank], draw = b->shared.first[b->comm->rank];
  kith_lid n = (kith_lid)(b->tile_first[b->comm->rank + 1] - first),
           n_draw = (kith_lid)(b->shared.first[b->comm->rank + 1] - draw);
  b->n_pair = n;
  for (kith_lid i = 0; i < n; i++) {
    int64_t position = first + i;
    entry[i] = (batch_entry){b->travel.tile_user[i], 2 * position, i};
    entry[n + i] = (batch_entry){number[b->item[position]], 2 * position + 1, items + i};
  }
  for (kith_lid i = 0; i < n_draw; i++)
    entry[2 * n + i] =
        (batch_entry){number[b->item[b->n_global + draw + i]], 2 * b->n_global + draw + i, shared + i};
  batch_sort(b, 2 * n + n_draw);
}

/* Received rows ascend by global id, then by key: those of one node are consecutive, in the order of the
 * batch.
 */
void kith_batch_gather_seed_nodes(kith_batch *b) {
  kith_gather_index *p = &b->gather_index;
  b->n_seed = 0;
  for (kith_lid i = 0; i < b->n_recv; i++) {
    if (i == 0 || b->recv_gid[i] != b->recv_gid[i - 1]) {
      p->start[b->n_seed] = i;
      p->l2_count[b->n_seed] = 0;
      p->unique_row[b->n_seed] = b->n_seed;
      b->seed_node[b->n_seed++] = b->recv_gid[i];
    }
    p->l2_count[b->n_seed - 1] += !batch_is_pooled(b, b->recv_key[i]);
    b->seed_index[i] = b->n_seed - 1;
    p->member[i] = i;
  }
  p->start[b->n_seed] = p->n = b->n_recv;
  p->n_unique = b->n_seed;
  p->row = b->seed_index;
}

void kith_batch_sort_send(kith_batch *b, const kith_halo *h) {
  batch_entry *entry = b->sort;
  kith_gather_index *p = &b->gather_index;
  p->n = kith_halo_n_send(h);
  p->row = kith_halo_send_row(h);
  p->n_unique = 0;
  for (kith_lid s = 0; s < p->n; s++)
    entry[s] = (batch_entry){.row = p->row[s], .key = kith_halo_send_key(h)[s]};
  batch_order(b, p->n);
  for (kith_lid s = 0; s < p->n; s++) {
    if (s == 0 || b->order[s].key != b->order[s - 1].key) {
      p->start[p->n_unique] = s;
      p->l2_count[p->n_unique] = 0;
      p->unique_row[p->n_unique++] = (kith_lid)b->order[s].key;
    }
    p->l2_count[p->n_unique - 1] += !batch_is_pooled(b, entry[b->order[s].value].key);
    p->member[s] = b->order[s].value;
  }
  p->start[p->n_unique] = p->n;
}
