/* The rows of a step: wanted by those who compute its loss, answered by their owners. */
#include <math.h>
#include <stdlib.h>

#include "kith/sample.h"

/* A wanted (or asked-for) row while it is being sorted: by row, then by key; `slot` is where it came from. */
typedef struct batch_entry {
  int64_t row, key;
  kith_lid slot;
} batch_entry;

static int batch_compare(const void *a, const void *b) {
  const batch_entry *x = a, *y = b;
  if (x->row != y->row) return x->row < y->row ? -1 : 1;
  return (x->key > y->key) - (x->key < y->key);
}

/* Softmax deals whole tiles of the batch to ranks; this is the most that one rank gets. */
static int64_t batch_most_tiled(const kith_comm *comm, int batch) {
  int64_t n_tile = (batch + KITH_TILE - 1) / KITH_TILE;
  return (n_tile / comm->size + 1) * KITH_TILE;
}

kith_lid kith_batch_most_wanted(const kith_comm *comm, int batch, bool softmax) {
  return (kith_lid)(softmax ? 2 * batch_most_tiled(comm, batch) : 3 * (int64_t)batch);
}

kith_lid kith_batch_most_asked(int batch, bool softmax) { return (softmax ? 2 : 3) * batch; }

static kith_status batch_make(const kith_comm *comm, const kith_graph *g, const kith_relation *a, int batch, bool softmax, kith_batch **out) {
  kith_status st = KITH_OK;
  kith_batch *b = NULL;
  int64_t most_want = kith_batch_most_wanted(comm, batch, softmax), most_ask = kith_batch_most_asked(batch, softmax);
  KITH_TRY(KITH_NEW(b, 1));
  b->comm = comm;
  b->g = g;
  b->a = a;
  for (int i = 0; i < 3; i++) KITH_TRY(KITH_NEW(b->at[i], most_want));
  KITH_TRY(KITH_NEW(b->want, most_want));
  KITH_TRY(KITH_NEW(b->key, most_want));
  KITH_TRY(KITH_NEW(b->tile_first, comm->size + 1));
  KITH_TRY(KITH_NEW(b->pair, softmax ? 3 * (int64_t)batch : 0));
  KITH_TRY(KITH_NEW(b->item, softmax ? batch : 0));
  KITH_TRY(KITH_NEW(b->log_degree, softmax ? batch : 0));
  KITH_TRY(KITH_NEW(b->picks.sum_row, most_ask));
  KITH_TRY(KITH_NEW(b->picks.start, most_ask + 1));
  KITH_TRY(KITH_NEW(b->picks.member, most_ask));
  b->sort = kith_alloc(most_want > most_ask ? most_want : most_ask, sizeof(batch_entry));
  KITH_CHECK(b->sort, KITH_ENOMEM, "no memory for a batch of %d pairs", batch);
  *out = b;
  b = NULL;
done:
  kith_batch_destroy(&b);
  return st;
}

kith_agreed kith_batch_create(const kith_comm *comm, const kith_graph *g, const kith_relation *a, int batch, bool softmax, kith_batch **out) {
  *out = NULL;
  kith_agreed st = kith_agree(comm, batch_make(comm, g, a, batch, softmax, out));
  if (kith_is_bad(st)) kith_batch_destroy(out);
  return st;
}

void kith_batch_destroy(kith_batch **batch) {
  kith_batch *b = *batch;
  if (!b) return;
  for (int i = 0; i < 3; i++) KITH_FREE(b->at[i]);
  KITH_FREE(b->want);
  KITH_FREE(b->key);
  KITH_FREE(b->tile_first);
  KITH_FREE(b->pair);
  KITH_FREE(b->item);
  KITH_FREE(b->log_degree);
  KITH_FREE(b->picks.sum_row);
  KITH_FREE(b->picks.start);
  KITH_FREE(b->picks.member);
  KITH_FREE(b->sort);
  KITH_FREE(*batch);
}

/* Sort the entries of `n` slots by row and key, and say for each slot where it went. */
static void batch_sort(kith_batch *b, kith_lid n, kith_lid *went) {
  batch_entry *entry = b->sort;
  qsort(entry, (size_t)n, sizeof *entry, batch_compare);
  b->n_want = n;
  for (kith_lid i = 0; i < n; i++) {
    b->want[i] = entry[i].row;
    b->key[i] = entry[i].key;
    went[entry[i].slot] = i;
  }
}

void kith_batch_bpr(kith_batch *b, const kith_epoch *e, int64_t step) {
  const kith_graph *g = b->g;
  batch_entry *entry = b->sort;
  const kith_seed *seed = e->seeds + e->first[step];
  kith_lid n = (kith_lid)(e->first[step + 1] - e->first[step]);
  kith_gid low = g->first[b->comm->rank];
  b->n_global = kith_epoch_pairs(e, step);
  b->n_pair = n;
#pragma omp parallel for schedule(static)
  for (kith_lid i = 0; i < n; i++) {
    int32_t negative = kith_negative_draw(g, e->seed, e->epoch, kith_seed_edge(g, &seed[i]), seed[i].user);
    kith_gid row[3] = {low + g->row_of[KITH_USER][seed[i].user], g->neighbour[seed[i].at], g->item_number[negative]};
    for (kith_lid k = 0; k < 3; k++) entry[3 * i + k] = (batch_entry){row[k], 3 * seed[i].place + k, 3 * i + k};
  }
  kith_lid *went = b->at[2]; /* [3 n], unpacked below from its own start on: place i is written after 3 i + 2 is read */
  batch_sort(b, 3 * n, went);
  for (kith_lid i = 0; i < n; i++) {
    kith_lid row[3] = {went[3 * i], went[3 * i + 1], went[3 * i + 2]};
    for (int k = 0; k < 3; k++) b->at[k][i] = row[k];
  }
}

/* Each rank fills in the pairs of its users; the largest of (pair, -1, -1 …) is the pair. */
static void batch_learn_pairs(kith_batch *b, const kith_epoch *e, int64_t step) {
  const kith_graph *g = b->g;
  kith_gid low = g->first[b->comm->rank];
  for (int64_t i = 0; i < 3 * b->n_global; i++) b->pair[i] = -1;
  for (kith_eid s = e->first[step]; s < e->first[step + 1]; s++) {
    const kith_seed *seed = &e->seeds[s];
    kith_lid row = g->row_of[KITH_USER][seed->user];
    int64_t place = seed->place - step * e->batch;
    b->pair[3 * place] = low + row;
    b->pair[3 * place + 1] = g->train.item[g->train.start[seed->user] + (seed->at - g->start[row])];
    b->pair[3 * place + 2] = b->a->degree[b->a->csr.col[b->a->csr.start[b->a->place[row]] + (seed->at - g->start[row])]];
  }
  KITH_MPI(MPI_Allreduce(MPI_IN_PLACE, b->pair, (int)(3 * b->n_global), MPI_INT64_T, MPI_MAX, b->comm->mpi));
  for (int64_t i = 0; i < b->n_global; i++) {
    b->item[i] = (int32_t)b->pair[3 * i + 1];
    b->log_degree[i] = (float)log((double)b->pair[3 * i + 2]);
  }
}

void kith_batch_softmax(kith_batch *b, const kith_epoch *e, int64_t step) {
  const kith_graph *g = b->g;
  batch_entry *entry = b->sort;
  b->n_global = kith_epoch_pairs(e, step);
  batch_learn_pairs(b, e, step);
  int64_t n_tile = (b->n_global + KITH_TILE - 1) / KITH_TILE;
  for (int r = 0; r <= b->comm->size; r++) {
    int64_t place = kith_block(n_tile, b->comm->size, r) * KITH_TILE;
    b->tile_first[r] = place < b->n_global ? place : b->n_global;
  }
  int64_t first = b->tile_first[b->comm->rank];
  kith_lid n = (kith_lid)(b->tile_first[b->comm->rank + 1] - first);
  b->n_pair = n;
  for (kith_lid i = 0; i < n; i++) {
    int64_t place = first + i;
    entry[i] = (batch_entry){b->pair[3 * place], 2 * place, i};
    entry[n + i] = (batch_entry){g->item_number[b->item[place]], 2 * place + 1, n + i};
  }
  batch_sort(b, 2 * n, b->at[0]);
}

void kith_batch_answer(kith_batch *b, const kith_halo *h) {
  batch_entry *entry = b->sort;
  kith_picks *p = &b->picks;
  p->n = kith_halo_n_send(h);
  p->row = kith_halo_send_row(h);
  p->n_sum = 0;
  for (kith_lid s = 0; s < p->n; s++) entry[s] = (batch_entry){p->row[s], kith_halo_send_key(h)[s], s};
  qsort(entry, (size_t)p->n, sizeof *entry, batch_compare);
  for (kith_lid s = 0; s < p->n; s++) {
    if (s == 0 || entry[s].row != entry[s - 1].row) {
      p->start[p->n_sum] = s;
      p->sum_row[p->n_sum++] = (kith_lid)entry[s].row;
    }
    p->member[s] = entry[s].slot;
  }
  p->start[p->n_sum] = p->n;
}
