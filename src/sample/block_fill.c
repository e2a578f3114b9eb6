/*
 * Threads fill chunks of the block's rows.  Nodes that had no row get the next ones in the order of their
 * first occurrences, which takes three further passes: in each chunk the occurrences that found no earlier
 * one are listed, and the other columns name one of these; those that no other thread preceded either get a
 * row; then columns read the rows from the list.  One thread numbers them as they come.
 */
#include "sample/block_fill.h"

enum {
  FILL_CHUNKS = 64, /* of the block's rows */
  FILL_AHEAD = 16   /* prefetch distance in new nodes */
};

/* Where lists of a chunk end. */
typedef struct fill_ends {
  kith_lid open, listed;
} fill_ends;

typedef struct fill {
  const sample_block_fill *of;
  sample_block *b;
  kith_lid n;          /* rows of the block */
  kith_eid self_drawn; /* neighbors of the rows before the first own one */
  /* Lists of each chunk, from its first entry on; in the memory of the transpose, which is filled later: */
  kith_lid *open;                  /* entries of new nodes; */
  kith_lid *source;                /* sources of what is known about the listed nodes … */
  kith_lid *listed;                /* … and their rows; or -1 - place in the list of the first occurrence */
  kith_eid start[FILL_CHUNKS + 1]; /* the first entry of each chunk … */
  fill_ends end[FILL_CHUNKS];      /* … and of its lists … */
  kith_lid row[FILL_CHUNKS + 1];   /* … and the row of the first new node */
} fill;

static kith_lid fill_begin(const fill *f, int c) { return (kith_lid)kith_chunk_begin(f->n, FILL_CHUNKS, c); }

/* Sampled neighbors of rows. */
static kith_eid fill_count(const fill *f, kith_lid first, kith_lid last) {
  kith_eid sum = 0;
  for (kith_lid p = first; p < last; p++) sum += f->of->query->reply_in[p].n_drawn;
  return sum;
}

/* Entries of rows. */
static kith_eid fill_count_entries(const fill *f, kith_lid first, kith_lid last) {
  return fill_count(f, first, last) + (f->of->loops ? last - first : 0);
}

static void fill_count_chunk(fill *f, int c) {
  f->start[c + 1] = fill_count_entries(f, fill_begin(f, c), fill_begin(f, c + 1));
}

static void fill_sum_chunks(fill *f) {
  f->start[0] = 0;
  for (int c = 0; c < FILL_CHUNKS; c++) f->start[c + 1] += f->start[c];
  f->open = f->source + f->start[FILL_CHUNKS];
}

/* ---- neighbors by number: the own rows' first, then those of other ranks' rows ---- */

/* The first sampled neighbor of the row whose entries begin at `at`. */
static kith_eid fill_first_neighbor(const fill *f, kith_lid p, kith_eid at) {
  const sample_neighbor_query *q = f->of->query;
  kith_eid drawn = at - (f->of->loops ? p : 0);
  if (p < q->self_start) return drawn + q->n_self_neighbor;
  return p < q->self_start + q->n_self ? drawn - f->self_drawn : drawn;
}

/* What is known about neighbors has a source: a column of the matrix, or -1 - the number of a neighbor among
 * those of other ranks' rows.  Copied by loops, so that none of their stores may change it. */
typedef struct fill_sources {
  kith_eid n_self;
  const kith_lid *col;
  kith_lid n_own;
  kith_gid first;
  const kith_gid *number;
  const sample_neighbor *info, *other;
} fill_sources;

static fill_sources fill_sources_of(const sample_neighbor_query *q) {
  return (fill_sources){.n_self = q->n_self_neighbor,
                        .col = q->own.col,
                        .n_own = q->g->n_own,
                        .first = q->first_gid,
                        .number = q->a->number,
                        .info = q->node_info,
                        .other = q->neighbor_in};
}

/* The source of a neighbor by number. */
static inline kith_lid fill_source(const fill_sources *s, kith_eid i) {
  return i < s->n_self ? s->col[i] : (kith_lid)(s->n_self - i) - 1;
}

static inline kith_gid fill_gid(const fill_sources *s, kith_lid source) {
  if (source < 0) return s->other[-1 - source].gid;
  return source < s->n_own ? s->first + source : s->number[source];
}

static const sample_neighbor *fill_info(const fill_sources *s, kith_lid source) {
  return source < 0 ? &s->other[-1 - source] : &s->info[source];
}

/* ---- entries of a chunk ---- */

/* Weights, relations and kinds of n entries of a merged matrix. */
static void fill_relations(sample_block *b, const sample_entry *entry, int32_t n, kith_eid at) {
  for (int32_t k = 0; k < n; k++) {
    float weight = (float)((double)b->scale[at + k] * (double)entry[k].weight);
    b->csr.weight[at + k] = weight;
    b->merged.of[at + k] = (uint8_t)entry[k].relation;
    if (b->merged.base) b->merged.base[at + k] = weight;
    if (b->merged.kind) b->merged.kind[at + k] = entry[k].kind;
  }
}

/* Importance weights and weights of the entries of an own row, unless they are in place; … */
static void fill_own_weights(const sample_own *own, int32_t n, kith_eid i, float *restrict scale,
                             float *restrict weight) {
  if (own->scale + i == scale) return;
  for (int32_t k = 0; k < n; k++) {
    scale[k] = own->scale[i + k];
    weight[k] = own->weight[i + k];
  }
}

/* … and of another rank's: weights are those of the matrix, which scale includes, or normalized here. */
static void fill_other_weights(bool weighted, const sample_reply *reply, const sample_neighbor *neighbor,
                               float *scale, float *weight) {
  for (int32_t k = 0; k < reply->n_drawn; k++) {
    scale[k] = neighbor[k].scale;
    weight[k] = weighted ? scale[k] : kith__sampled_weight(scale[k], reply->degree, neighbor[k].degree);
  }
}

/* The row's neighbors have numbers from i on, and its entries begin at `at`. */
static void fill_weights(const fill *f, const sample_reply *reply, kith_eid i, kith_eid at) {
  const sample_neighbor_query *q = f->of->query;
  float *scale = f->b->scale + at, *weight = f->b->csr.weight + at;
  if (i < q->n_self_neighbor) fill_own_weights(&q->own, reply->n_drawn, i, scale, weight);
  else fill_other_weights(q->a->weighted, reply, q->neighbor_in + (i - q->n_self_neighbor), scale, weight);
}

/* What the loops over neighbors read. */
typedef struct fill_tables {
  sample_row_hash hash;
  fill_sources sources;
} fill_tables;

static inline void fill_prefetch(const fill_tables *t, kith_eid i) {
  kith__row_hash_prefetch(&t->hash, fill_gid(&t->sources, fill_source(&t->sources, i)));
}

/* Columns of n neighbors from number i on, at entry `at`.  Those without a row get -1 - the place in the list
 * of the first occurrence so far, and are listed if they are that. */
static fill_ends fill_columns(const fill *f, const fill_tables *t, int32_t n, kith_eid i, kith_eid at,
                              fill_ends end) {
  kith_lid *restrict col = f->b->csr.col + at, *restrict open = f->open, *restrict list = f->source;
  for (int32_t k = 0; k < n; k++) {
    fill_prefetch(t, i + k + SAMPLE_PREFETCH);
    kith_lid source = fill_source(&t->sources, i + k),
             row = kith__row_hash_offer(&t->hash, fill_gid(&t->sources, source), end.listed);
    col[k] = row;
    open[end.open] = (kith_lid)at + k; /* without a branch, which would be mispredicted */
    end.open += row < 0;
    if (row == -1 - end.listed) list[end.listed++] = source;
  }
  return end;
}

/* The same for one thread: new nodes get the next rows, from end.listed on, and are listed. */
static fill_ends fill_columns_alone(const fill *f, const fill_tables *t, int32_t n, kith_eid i, kith_eid at,
                                    fill_ends end) {
  kith_lid *restrict col = f->b->csr.col + at, *restrict list = f->source - f->n;
  for (int32_t k = 0; k < n; k++) {
    fill_prefetch(t, i + k + SAMPLE_PREFETCH);
    kith_lid source = fill_source(&t->sources, i + k);
    col[k] = kith__row_hash_add(&t->hash, fill_gid(&t->sources, source), end.listed);
    list[end.listed] = source;
    end.listed += col[k] == end.listed;
  }
  return end;
}

/* Fill rows first … last - 1, whose entries begin at `at`; columns of new nodes name an occurrence, or alone
 * are their rows.  Returns the ends of the lists, which begin at `end`. */
static fill_ends fill_rows(fill *f, kith_lid first, kith_lid last, kith_eid at, fill_ends end) {
  const sample_neighbor_query *q = f->of->query;
  const fill_tables t = {*f->of->row_hash, fill_sources_of(q)};
  sample_block *b = f->b;
  for (kith_lid p = first; p < last; p++) {
    const sample_reply *reply = &q->reply_in[p];
    kith_eid i = fill_first_neighbor(f, p, at);
    b->csr.perm[p] = q->grouped_row[p];
    b->csr.start[p] = at;
    if (f->of->loops) {
      b->csr.col[at] = b->csr.perm[p];
      b->csr.weight[at] = 0;
      b->scale[at++] = 1;
    }
    end = f->of->ctx->n_thread == 1 ? fill_columns_alone(f, &t, reply->n_drawn, i, at, end)
                                    : fill_columns(f, &t, reply->n_drawn, i, at, end);
    fill_weights(f, reply, i, at);
    if (q->entry_in) fill_relations(b, q->entry_in + i, reply->n_drawn, at);
    at += reply->n_drawn;
  }
  return end;
}

/* ---- rows of new nodes ---- */

/* A new node gets its row: what a plan knows about it. */
static void fill_set_node(const sample_block_fill *of, const sample_neighbor *info, kith_lid row) {
  of->gid[row] = info->gid;
  of->plan->node[row] = info->node;
  of->plan->degree[row] = info->degree;
}

/* Count the first occurrences in a chunk; the others name those. */
static void fill_find_first(fill *f, int c) {
  const fill_sources s = fill_sources_of(f->of->query);
  kith_lid n = 0;
  for (kith_lid i = (kith_lid)f->start[c]; i < f->end[c].listed; i++) {
    kith_lid place = kith__row_hash_first(f->of->row_hash, fill_gid(&s, f->source[i]));
    f->listed[i] = -1 - place;
    n += place == i;
  }
  f->row[c + 1] = n;
}

static void fill_sum_new(fill *f) {
  for (int c = 0; c < FILL_CHUNKS; c++) f->row[c + 1] += f->row[c];
}

/* Give the first occurrences their rows. */
static void fill_number(fill *f, int c) {
  const fill_sources s = fill_sources_of(f->of->query);
  kith_lid row = f->row[c];
  for (kith_lid i = (kith_lid)f->start[c]; i < f->end[c].listed; i++) {
    if (f->listed[i] != -1 - i) continue;
    fill_set_node(f->of, fill_info(&s, f->source[i]), row);
    kith__row_hash_set(f->of->row_hash, f->of->gid[row], row);
    f->listed[i] = row++;
  }
}

/* Columns of new nodes: of an occurrence to the first one, to its row. */
static void fill_look_up(fill *f, int c) {
  kith_lid *col = f->b->csr.col;
  for (kith_eid i = f->start[c]; i < f->end[c].open; i++) {
    kith_lid row = f->listed[-1 - col[f->open[i]]];
    col[f->open[i]] = row < 0 ? f->listed[-1 - row] : row;
  }
}

/* ---- the block ---- */

static void fill_chunk(fill *f, int c) {
  kith_lid at = (kith_lid)f->start[c];
  f->end[c] = fill_rows(f, fill_begin(f, c), fill_begin(f, c + 1), at, (fill_ends){at, at});
}

/* Threads share the chunks. */
static void fill_each(fill *f, void (*work)(fill *f, int c)) {
#pragma omp for schedule(dynamic)
  for (int c = 0; c < FILL_CHUNKS; c++) work(f, c);
}

static void fill_together(fill *f) {
#pragma omp parallel num_threads(f->of->ctx->n_thread)
  {
    fill_each(f, fill_count_chunk);
#pragma omp single
    fill_sum_chunks(f);
    fill_each(f, fill_chunk);
    fill_each(f, fill_find_first);
#pragma omp single
    fill_sum_new(f);
    fill_each(f, fill_number);
    fill_each(f, fill_look_up);
  }
}

static void fill_alone(fill *f) {
  const fill_sources s = fill_sources_of(f->of->query);
  kith_lid end = fill_rows(f, 0, f->n, 0, (fill_ends){0, f->n}).listed;
  for (kith_lid row = f->n; row < end; row++) {
    if (row + FILL_AHEAD < end) __builtin_prefetch(fill_info(&s, f->source[row + FILL_AHEAD - f->n]));
    fill_set_node(f->of, fill_info(&s, f->source[row - f->n]), row);
  }
  f->row[FILL_CHUNKS] = end;
  f->start[FILL_CHUNKS] = fill_count_entries(f, 0, f->n);
}

void kith__block_fill(const sample_block_fill *of, int l) {
  sample_block *b = &of->plan->block[l];
  fill f = {.of = of,
            .b = b,
            .n = (kith_lid)of->plan->nodes[l + 1].n,
            .source = (kith_lid *)b->csc.entry,
            .listed = b->csc.row};
  f.row[0] = f.n; /* after those that have rows already */
  f.self_drawn = fill_count(&f, 0, of->query->self_start);
  if (of->ctx->n_thread == 1) fill_alone(&f);
  else fill_together(&f);
  b->csr.start[f.n] = b->edges.n = f.start[FILL_CHUNKS];
  b->csr.n_row = f.n;
  b->csr.n_col = f.row[FILL_CHUNKS];
  of->plan->nodes[l].n = f.row[FILL_CHUNKS];
}
