/*
 * Threads fill chunks of the block's rows.  Nodes that had no row are numbered in three further passes over
 * the neighbors that lead to them: the first occurrence of each is found, gets a row, and is looked up by the
 * others.
 */
#include <math.h>

#include "sample/block_fill.h"

enum {
  FILL_CHUNKS = 64,    /* of the block's rows */
  FILL_PRODUCTS = 256, /* entries whose weights are computed together */
  FILL_FIRST = -2      /* column of the first occurrence of a new node */
};

typedef struct fill {
  const sample_block_fill *of;
  sample_block *b;
  int l;               /* layer */
  kith_lid n;          /* rows of the block */
  kith_eid self_drawn; /* neighbors of the rows before the first own one */
  /* Occurrences of new nodes, of each chunk from its first entry on; in the memory of the transpose, which is
   * filled later: */
  kith_eid *neighbor;              /* which neighbor … */
  kith_lid *entry;                 /* … and its entry in the block */
  kith_eid start[FILL_CHUNKS + 1]; /* the first entry of each chunk … */
  kith_lid n_new[FILL_CHUNKS];     /* … occurrences of new nodes … */
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

/* Weights and relations of a row of a merged matrix. */
static void fill_relations(const fill *f, kith_lid p) {
  const sample_neighbor_query *q = f->of->query;
  sample_block *b = f->b;
  const sample_entry *entry = q->entry_in + (fill_first_neighbor(f, p, b->csr.start[p]) - q->neighbor_in);
  kith_eid at = b->csr.start[p] + f->of->loops;
  for (int32_t k = 0; k < q->reply_in[p].n_drawn; k++) {
    float weight = (float)((double)b->scale[at + k] * (double)entry[k].weight);
    b->csr.weight[at + k] = weight;
    b->merged.of[at + k] = (uint8_t)entry[k].relation;
    if (b->merged.base) b->merged.base[at + k] = weight;
  }
}

/* Where a thread is in its chunk. */
typedef struct fill_cursor {
  sample_row_hash hash; /* a copy, which no store of the loop may change */
  kith_eid at;          /* next entry of the block */
  kith_lid n_new;       /* occurrences of new nodes so far; the next ones go to: */
  kith_eid *neighbor;
  kith_lid *entry;
  int n_product;                 /* the last entries, whose weights are not computed yet … */
  double product[FILL_PRODUCTS]; /* … and deg i deg j of them; 1: scale is the weight; infinite: it is 0 */
} fill_cursor;

/* Weights scale / sqrt(deg i deg j): of many entries together, in vector registers, since rows are short. */
static void fill_weights(fill_cursor *x, sample_block *b) {
  const float *scale = b->scale + x->at - x->n_product;
  float *weight = b->csr.weight + x->at - x->n_product;
  for (int i = 0; i < x->n_product; i++) weight[i] = (float)((double)scale[i] / sqrt(x->product[i]));
  x->n_product = 0;
}

/* Append an entry. */
static inline void fill_append(fill_cursor *x, kith_lid col, float scale, double product, sample_block *b) {
  b->csr.col[x->at] = col;
  b->scale[x->at++] = scale;
  x->product[x->n_product++] = product;
  if (x->n_product == FILL_PRODUCTS) fill_weights(x, b);
}

/* Give a new node its row. */
static void fill_set_row(const sample_block_fill *of, const sample_neighbor *neighbor, kith_lid row) {
  kith__row_hash_set(of->row_hash, neighbor->gid, row);
  of->gid[row] = neighbor->gid;
  of->plan->node[row] = neighbor->node;
  of->plan->degree[row] = neighbor->degree;
}

/* The row of a neighbor at an entry; -1: a new node has none yet, and offers the entry as the first
 * occurrence. */
static inline kith_lid fill_column(fill *f, const sample_row_hash *hash, const sample_neighbor *neighbor,
                                   kith_eid at) {
  if (!f->alone) return kith__row_hash_offer(hash, neighbor->gid, at);
  kith_lid row = kith__row_hash_find(hash, neighbor->gid);
  if (row >= 0) return row;
  fill_set_row(f->of, neighbor, f->next);
  return f->next++;
}

/* Append a row's sampled neighbors; those without a row are listed. */
static void fill_neighbors(fill *f, const sample_reply *reply, const sample_neighbor *neighbor,
                           fill_cursor *x) {
  kith_eid index = neighbor - f->of->query->neighbor_in;
  double degree = f->of->ctx->a->weighted ? 0 : (double)reply->degree;
  for (int32_t k = 0; k < reply->n_drawn; k++) {
    kith__row_hash_prefetch(&x->hash, neighbor[k + SAMPLE_PREFETCH].gid);
    kith_lid col = fill_column(f, &x->hash, &neighbor[k], x->at);
    x->neighbor[x->n_new] = index + k;
    x->entry[x->n_new] = (kith_lid)x->at;
    x->n_new += col < 0;
    fill_append(x, col, neighbor[k].scale, degree > 0 ? degree * (double)neighbor[k].degree : 1, f->b);
  }
}

/* Fill the rows of a chunk, but for the columns of new nodes. */
static void fill_chunk(fill *f, int c) {
  const sample_neighbor_query *q = f->of->query;
  fill_cursor x = {.hash = *f->of->row_hash,
                   .at = f->start[c],
                   .neighbor = f->neighbor + f->start[c],
                   .entry = f->entry + f->start[c]};
  kith_lid last = fill_begin(f, c + 1);
  for (kith_lid p = fill_begin(f, c); p < last; p++) {
    const sample_neighbor *neighbor = fill_first_neighbor(f, p, x.at);
    f->b->csr.perm[p] = q->grouped_row[p];
    f->b->csr.start[p] = x.at;
    if (f->of->loops) fill_append(&x, q->grouped_row[p], 1, INFINITY, f->b);
    fill_neighbors(f, &q->reply_in[p], neighbor, &x);
  }
  fill_weights(&x, f->b);
  f->n_new[c] = x.n_new;
  for (kith_lid p = fill_begin(f, c); q->entry_in && p < fill_begin(f, c + 1); p++) fill_relations(f, p);
}

/* Mark and count the first occurrences in a chunk. */
static void fill_find_first(fill *f, int c) {
  f->row[c + 1] = 0;
  for (kith_eid i = f->start[c]; i < f->start[c] + f->n_new[c]; i++) {
    kith_gid gid = f->of->query->neighbor_in[f->neighbor[i]].gid;
    if (!kith__row_hash_is_first(f->of->row_hash, gid, f->entry[i])) continue;
    f->b->csr.col[f->entry[i]] = FILL_FIRST;
    f->row[c + 1]++;
  }
}

static void fill_sum_new(fill *f) {
  f->row[0] = f->next; /* after those that have rows already */
  for (int c = 0; c < FILL_CHUNKS; c++) f->row[c + 1] += f->row[c];
}

/* Give the first occurrences their rows. */
static void fill_number(fill *f, int c) {
  const sample_block_fill *of = f->of;
  kith_lid row = f->row[c];
  for (kith_eid i = f->start[c]; i < f->start[c] + f->n_new[c]; i++) {
    const sample_neighbor *neighbor = &of->query->neighbor_in[f->neighbor[i]];
    if (f->b->csr.col[f->entry[i]] != FILL_FIRST) continue;
    f->b->csr.col[f->entry[i]] = row;
    fill_set_row(of, neighbor, row++);
  }
}

/* Look up the rows of the other occurrences. */
static void fill_look_up(fill *f, int c) {
  for (kith_eid i = f->start[c]; i < f->start[c] + f->n_new[c]; i++) {
    kith_lid *col = &f->b->csr.col[f->entry[i]];
    if (*col < 0) *col = kith__row_hash_row(f->of->row_hash, f->of->query->neighbor_in[f->neighbor[i]].gid);
  }
}

void kith__block_fill(const sample_block_fill *of, int l) {
  sample_block *b = &of->plan->block[l];
  fill f = {.of = of,
            .b = b,
            .l = l,
            .n = (kith_lid)of->plan->nodes[l + 1].n,
            .neighbor = b->csc.entry,
            .entry = b->csc.row,
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
#pragma omp for schedule(dynamic)
    for (int c = 0; c < FILL_CHUNKS; c++) fill_find_first(&f, c);
#pragma omp single
    fill_sum_new(&f);
#pragma omp for schedule(dynamic)
    for (int c = 0; c < FILL_CHUNKS; c++) fill_number(&f, c);
#pragma omp for schedule(dynamic)
    for (int c = 0; c < FILL_CHUNKS; c++) fill_look_up(&f, c);
  }
  b->csr.start[f.n] = b->edges.n = f.start[FILL_CHUNKS];
  b->csr.n_row = f.n;
  b->csr.n_col = f.row[FILL_CHUNKS];
  of->plan->nodes[l].n = f.row[FILL_CHUNKS];
}
