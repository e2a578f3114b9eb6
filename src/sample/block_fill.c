/*
 * Threads fill chunks of the block's rows.  Nodes that had no row are numbered in three further passes over
 * the neighbors that lead to them: the first occurrence of each is found, gets a row, and is looked up by the
 * others.
 */
#include <math.h>
#include <string.h>

#include "sample/block_fill.h"

enum {
  FILL_CHUNKS = 64, /* of the block's rows */
  FILL_FIRST = -2   /* column of the first occurrence of a new node */
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

/* Weights and relations of n entries of a merged matrix. */
static void fill_relations(sample_block *b, const sample_entry *entry, int32_t n, kith_eid at) {
  for (int32_t k = 0; k < n; k++) {
    float weight = (float)((double)b->scale[at + k] * (double)entry[k].weight);
    b->csr.weight[at + k] = weight;
    b->merged.of[at + k] = (uint8_t)entry[k].relation;
    if (b->merged.base) b->merged.base[at + k] = weight;
  }
}

/* Weights of a row: those of the matrix, which scale includes, or scale / sqrt(deg i deg j). */
static void fill_weights(const fill *f, const sample_reply *reply, const sample_neighbor *neighbor,
                         kith_eid at) {
  const float *scale = f->b->scale + at;
  float *weight = f->b->csr.weight + at;
  if (f->of->ctx->a->weighted) memcpy(weight, scale, (size_t)reply->n_drawn * sizeof *weight);
  else
    for (int32_t k = 0; k < reply->n_drawn; k++)
      weight[k] = (float)((double)scale[k] / sqrt((double)reply->degree * (double)neighbor[k].degree));
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

/* Columns of n neighbors from entry `at` on; those without a row are listed in chunk c. */
static void fill_columns(fill *f, int c, const sample_row_hash *hash, int32_t n,
                         const sample_neighbor *neighbor, kith_eid at) {
  kith_lid *col = f->b->csr.col + at;
  kith_eid list = f->start[c] + f->n_new[c];
  for (int32_t k = 0; k < n; k++) {
    kith__row_hash_prefetch(hash, neighbor[k + SAMPLE_PREFETCH].gid);
    col[k] = fill_column(f, hash, &neighbor[k], at + k);
    if (col[k] >= 0) continue;
    f->neighbor[list] = neighbor + k - f->of->query->neighbor_in;
    f->entry[list++] = (kith_lid)(at + k);
  }
  f->n_new[c] = (kith_lid)(list - f->start[c]);
}

/* Fill the rows of a chunk, but for the columns of new nodes. */
static void fill_chunk(fill *f, int c) {
  const sample_neighbor_query *q = f->of->query;
  const sample_row_hash hash = *f->of->row_hash; /* a copy, which no store of the loop may change */
  sample_block *b = f->b;
  kith_eid at = f->start[c];
  kith_lid last = fill_begin(f, c + 1);
  f->n_new[c] = 0;
  for (kith_lid p = fill_begin(f, c); p < last; p++) {
    const sample_reply *reply = &q->reply_in[p];
    const sample_neighbor *neighbor = fill_first_neighbor(f, p, at);
    b->csr.perm[p] = q->grouped_row[p];
    b->csr.start[p] = at;
    if (f->of->loops) {
      b->csr.col[at] = b->csr.perm[p];
      b->csr.weight[at] = 0;
      b->scale[at++] = 1;
    }
    fill_columns(f, c, &hash, reply->n_drawn, neighbor, at);
    for (int32_t k = 0; k < reply->n_drawn; k++) b->scale[at + k] = neighbor[k].scale;
    if (q->entry_in) fill_relations(b, q->entry_in + (neighbor - q->neighbor_in), reply->n_drawn, at);
    else fill_weights(f, reply, neighbor, at);
    at += reply->n_drawn;
  }
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
