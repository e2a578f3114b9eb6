/*
 * Threads fill chunks of the block's rows.  Nodes that had no row get the next ones in the order of their
 * first occurrences, which takes three further passes: in each chunk the occurrences that found no earlier
 * one are listed, and the other columns name one of these; those that no other thread preceded either get a
 * row; then columns read the rows from the list.
 */
#include <math.h>
#include <string.h>

#include "sample/block_fill.h"

enum {
  FILL_CHUNKS = 64, /* of the block's rows */
  FILL_AT_ONCE = 64 /* weights of a row */
};

typedef struct fill {
  const sample_block_fill *of;
  sample_block *b;
  int l;               /* layer */
  kith_lid n;          /* rows of the block */
  kith_eid self_drawn; /* neighbors of the rows before the first own one */
  /* Listed occurrences, of each chunk from its first entry on; in the memory of the transpose, which is
   * filled later: */
  kith_eid *neighbor;              /* which neighbor … */
  kith_lid *listed;                /* … and its row; or -1 - place in the list of its first occurrence */
  kith_eid start[FILL_CHUNKS + 1]; /* the first entry of each chunk … */
  kith_lid n_listed[FILL_CHUNKS];  /* … occurrences listed … */
  kith_lid row[FILL_CHUNKS + 1];   /* … and the row of the first new node */
  bool alone;                      /* one thread: new nodes get their rows at once … */
  kith_lid next;                   /* … from here on */
} fill;

static kith_lid fill_begin(const fill *f, int c) { return (kith_lid)kith_chunk_begin(f->n, FILL_CHUNKS, c); }

/* Sampled neighbors of rows. */
static kith_eid fill_count(const fill *f, kith_lid first, kith_lid last) {
  kith_eid sum = 0;
  for (kith_lid p = first; p < last; p++) sum += f->of->query->reply_in[p].n_drawn;
  return sum;
}

static void fill_count_chunk(fill *f, int c) {
  kith_lid first = fill_begin(f, c), last = fill_begin(f, c + 1);
  f->start[c + 1] = fill_count(f, first, last) + (f->of->loops ? last - first : 0);
}

static void fill_sum_chunks(fill *f) {
  f->start[0] = 0;
  for (int c = 0; c < FILL_CHUNKS; c++) f->start[c + 1] += f->start[c];
}

/* Sampled neighbors of the row whose entries begin at `at`; the own rows' are stored before all others. */
static const sample_neighbor *fill_first_neighbor(const fill *f, kith_lid p, kith_eid at) {
  const sample_neighbor_query *q = f->of->query;
  kith_eid drawn = at - (f->of->loops ? p : 0);
  if (p < q->self_start) return q->neighbor_in + drawn + q->n_self_neighbor;
  return q->neighbor_in + (p < q->self_start + q->n_self ? drawn - f->self_drawn : drawn);
}

/* Weights and relations of n entries of a merged matrix. */
static void fill_relations(sample_block *b, const sample_entry *entry, int32_t n, kith_eid at) {
  for (int32_t k = 0; k < n; k++) {
    float weight = (float)((double)b->scale[at + k] * (double)entry[k].weight);
    b->csr.weight[at + k] = weight;
    b->merged.of[at + k] = (uint8_t)entry[k].relation;
    if (b->merged.base) b->merged.base[at + k] = weight;
  }
}

/* Degrees of the ends of the last n entries: weights are computed many at a time, since a processor waits
 * where it loads as a vector what it has just stored one by one. */
typedef struct fill_degrees {
  int n;
  double product[FILL_AT_ONCE]; /* of both degrees; of a self-loop infinite: its weight is 0 */
} fill_degrees;

/* Weights of the entries before `end`: scale / sqrt(deg i deg j). */
static void fill_weights(sample_block *b, fill_degrees *d, kith_eid end) {
  const float *scale = b->scale + end - d->n;
  float *weight = b->csr.weight + end - d->n;
  for (int i = 0; i < d->n; i++) weight[i] = (float)((double)scale[i] / sqrt(d->product[i]));
  d->n = 0;
}

/* Append the entry `at`; earlier ones have their scale. */
static inline void fill_append(sample_block *b, fill_degrees *d, kith_eid at, double product) {
  if (d->n == FILL_AT_ONCE) fill_weights(b, d, at);
  d->product[d->n++] = product;
}

/* Give a new node its row. */
static void fill_set_row(const sample_block_fill *of, const sample_neighbor *neighbor, kith_lid row) {
  kith__row_hash_set(of->row_hash, neighbor->gid, row);
  of->gid[row] = neighbor->gid;
  of->plan->node[row] = neighbor->node;
  of->plan->degree[row] = neighbor->degree;
}

/* Prefetch for later neighbors, at two distances: the second address is loaded from the first. */
static inline void fill_prefetch(const sample_row_hash *hash, const sample_neighbor *neighbor) {
  __builtin_prefetch(neighbor + 4 * SAMPLE_PREFETCH);
  kith__row_hash_prefetch(hash, neighbor[SAMPLE_PREFETCH].gid);
}

/* Columns of n neighbors; new nodes get the next rows. */
static void fill_columns_alone(fill *f, const sample_row_hash *hash, int32_t n,
                               const sample_neighbor *neighbor, kith_lid *col) {
  for (int32_t k = 0; k < n; k++) {
    fill_prefetch(hash, neighbor + k);
    col[k] = kith__row_hash_find(hash, neighbor[k].gid);
    if (col[k] >= 0) continue;
    fill_set_row(f->of, &neighbor[k], f->next);
    col[k] = f->next++;
  }
}

/* Columns of n neighbors; those without a row get -1 - the place in the list of the first occurrence so far,
 * and are appended to the list from `place` on where they are that; returns the end of the list. */
static kith_lid fill_columns(fill *f, const sample_row_hash *hash, int32_t n, const sample_neighbor *neighbor,
                             kith_lid place, kith_lid *col) {
  const sample_neighbor *all = f->of->query->neighbor_in;
  for (int32_t k = 0; k < n; k++) {
    fill_prefetch(hash, neighbor + k);
    col[k] = kith__row_hash_offer(hash, neighbor[k].gid, place);
    if (col[k] == -1 - place) f->neighbor[place++] = neighbor + k - all;
  }
  return place;
}

/* Weights of a row's sampled entries: those of the matrix, which scale includes, or of degrees. */
static void fill_row_weights(const fill *f, const sample_reply *reply, const sample_neighbor *neighbor,
                             kith_eid at, fill_degrees *d) {
  const sample_neighbor_query *q = f->of->query;
  sample_block *b = f->b;
  for (int32_t k = 0; k < reply->n_drawn; k++) b->scale[at + k] = neighbor[k].scale;
  if (q->entry_in) fill_relations(b, q->entry_in + (neighbor - q->neighbor_in), reply->n_drawn, at);
  else if (q->a->weighted)
    memcpy(b->csr.weight + at, b->scale + at, (size_t)reply->n_drawn * sizeof *b->scale);
  else
    for (int32_t k = 0; k < reply->n_drawn; k++)
      fill_append(b, d, at + k, (double)((int64_t)reply->degree * neighbor[k].degree));
}

/* The entry of a row with itself. */
static void fill_self_loop(const fill *f, kith_lid p, kith_eid at, fill_degrees *d) {
  f->b->csr.col[at] = f->b->csr.perm[p];
  f->b->csr.weight[at] = 0;
  f->b->scale[at] = 1;
  if (d->n > 0) fill_append(f->b, d, at, INFINITY);
}

/* Fill the rows of a chunk; columns of new nodes name an occurrence. */
static void fill_chunk(fill *f, int c) {
  const sample_neighbor_query *q = f->of->query;
  const sample_row_hash hash = *f->of->row_hash; /* a copy, which no store of the loop may change */
  sample_block *b = f->b;
  kith_eid at = f->start[c];
  kith_lid last = fill_begin(f, c + 1), place = (kith_lid)at;
  fill_degrees degrees = {0};
  for (kith_lid p = fill_begin(f, c); p < last; p++) {
    const sample_reply *reply = &q->reply_in[p];
    const sample_neighbor *neighbor = fill_first_neighbor(f, p, at);
    b->csr.perm[p] = q->grouped_row[p];
    b->csr.start[p] = at;
    if (f->of->loops) fill_self_loop(f, p, at++, &degrees);
    if (f->alone) fill_columns_alone(f, &hash, reply->n_drawn, neighbor, b->csr.col + at);
    else place = fill_columns(f, &hash, reply->n_drawn, neighbor, place, b->csr.col + at);
    fill_row_weights(f, reply, neighbor, at, &degrees);
    at += reply->n_drawn;
  }
  fill_weights(b, &degrees, at);
  f->n_listed[c] = place - (kith_lid)f->start[c];
}

/* Count the first occurrences in a chunk; the others name those. */
static void fill_find_first(fill *f, int c) {
  kith_lid first = (kith_lid)f->start[c], n = 0;
  for (kith_lid i = first; i < first + f->n_listed[c]; i++) {
    kith_lid place = kith__row_hash_first(f->of->row_hash, f->of->query->neighbor_in[f->neighbor[i]].gid);
    f->listed[i] = -1 - place;
    n += place == i;
  }
  f->row[c + 1] = n;
}

static void fill_sum_new(fill *f) {
  f->row[0] = f->next; /* after those that have rows already */
  for (int c = 0; c < FILL_CHUNKS; c++) f->row[c + 1] += f->row[c];
  f->next = f->row[FILL_CHUNKS];
}

/* Give the first occurrences their rows. */
static void fill_number(fill *f, int c) {
  kith_lid row = f->row[c], first = (kith_lid)f->start[c];
  for (kith_lid i = first; i < first + f->n_listed[c]; i++) {
    if (f->listed[i] != -1 - i) continue;
    fill_set_row(f->of, &f->of->query->neighbor_in[f->neighbor[i]], row);
    f->listed[i] = row++;
  }
}

/* Columns of new nodes: of an occurrence to the first one, to its row. */
static void fill_look_up(fill *f, int c) {
  kith_lid *col = f->b->csr.col;
  for (kith_eid e = f->start[c]; e < f->start[c + 1]; e++) {
    kith_lid x = col[e],
             of = f->listed[x < 0 ? -1 - x : 0]; /* without a branch, which would be mispredicted */
    x = x < 0 ? of : x;
    col[e] = x < 0 ? f->listed[-1 - x] : x;
  }
}

/* Number the new nodes of all chunks; by all threads. */
static void fill_number_new(fill *f) {
#pragma omp for schedule(dynamic)
  for (int c = 0; c < FILL_CHUNKS; c++) fill_find_first(f, c);
#pragma omp single
  fill_sum_new(f);
#pragma omp for schedule(dynamic)
  for (int c = 0; c < FILL_CHUNKS; c++) fill_number(f, c);
#pragma omp for schedule(dynamic)
  for (int c = 0; c < FILL_CHUNKS; c++) fill_look_up(f, c);
}

void kith__block_fill(const sample_block_fill *of, int l) {
  sample_block *b = &of->plan->block[l];
  fill f = {.of = of,
            .b = b,
            .l = l,
            .n = (kith_lid)of->plan->nodes[l + 1].n,
            .neighbor = b->csc.entry,
            .listed = b->csc.row,
            .alone = of->ctx->n_thread == 1};
  f.next = f.n;
  f.self_drawn = fill_count(&f, 0, of->query->self_start);
#pragma omp parallel num_threads(of->ctx->n_thread)
  {
#pragma omp for schedule(static)
    for (int c = 0; c < FILL_CHUNKS; c++) fill_count_chunk(&f, c);
#pragma omp single
    fill_sum_chunks(&f);
#pragma omp for schedule(dynamic)
    for (int c = 0; c < FILL_CHUNKS; c++) fill_chunk(&f, c);
    if (!f.alone) fill_number_new(&f);
  }
  b->csr.start[f.n] = b->edges.n = f.start[FILL_CHUNKS];
  b->csr.n_row = f.n;
  b->csr.n_col = f.next;
  of->plan->nodes[l].n = f.next;
}
