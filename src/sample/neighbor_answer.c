/* The owner's replies to queries.  Threads answer chunks of the rows: a first pass finds where the neighbors
 * of each chunk go. */
#include <string.h>

#include "ops/ops.h"
#include "sample/neighbor_query.h"

enum {
  ANSWER_PREFETCH = 8, /* rows between a prefetch and its use */
  ANSWER_BLOCK = 512,  /* sampled neighbors that are prefetched together */
  ANSWER_CHUNKS = 64   /* of the rows, for several threads */
};

int64_t kith__neighbor_answer_max_block(const sample_context *s, const sample_method *method) {
  int64_t most = 0;
  for (int l = 0; l < s->n_layer; l++) {
    int64_t row = method->max_drawn[l] > 0 ? kith_min(method->max_drawn[l], s->max_degree) : s->max_degree;
    if (row > most) most = row;
  }
  return ANSWER_BLOCK + most;
}

/* The query for a row's interactions … */
static sample_query answer_first(const sample_neighbor_query *q, kith_lid row) {
  const kith_dist_csr *a = q->a;
  sample_query about = {.layer = q->layer,
                        .row = row,
                        .start = a->csr.start[a->iperm[row]],
                        .n_eligible = a->degree[row]};
  kith__excluded_edges_apply(&q->excluded, &about);
  return about;
}

/* … and for its next relation; returns whether there is one. */
static bool answer_next(const sample_neighbor_query *q, sample_query *about) {
  const kith_lid *count = q->by_relation->count + (int64_t)about->row * q->by_relation->n;
  if (++about->relation == q->by_relation->n) return false;
  about->first += count[about->relation - 1];
  about->n_eligible = count[about->relation];
  about->n_excluded = 0;
  return true;
}

/* Prefetch for later rows, at two distances: the second address is loaded from the first. */
static void answer_prefetch(const sample_neighbor_query *q, int64_t n, const kith_lid *ahead) {
  const kith_dist_csr *a = q->a;
  if (n > ANSWER_PREFETCH) {
    kith_lid row = ahead[ANSWER_PREFETCH];
    __builtin_prefetch(&a->degree[row]);
    __builtin_prefetch(&a->iperm[row]);
    __builtin_prefetch(&q->node_info[row]);
    __builtin_prefetch(&q->excluded.head[row]);
  }
  if (n > ANSWER_PREFETCH / 2) __builtin_prefetch(&a->csr.start[a->iperm[ahead[ANSWER_PREFETCH / 2]]]);
}

/* The most neighbors that n rows may sample. */
static int64_t answer_most(const sample_neighbor_query *q, int64_t n, const kith_lid *row) {
  const sample_method *m = q->method;
  int64_t sum = 0;
  for (int64_t i = 0; i < n; i++) {
    answer_prefetch(q, n - i, row + i);
    sample_query about = answer_first(q, row[i]);
    do sum += m->most ? m->most(m->self, &about) : about.n_eligible;
    while (answer_next(q, &about));
  }
  return sum;
}

/* A thread's block of sampled edges. */
typedef struct answer_block {
  int thread;
  int64_t n, *index; /* csr indices … */
  float *scale;      /* … importance weights … */
  int32_t *degree;   /* … and degrees of the rows */
} answer_block;

/* Append a row's sampled entries of a relation; returns their number. */
static int64_t answer_draw_relation(const sample_neighbor_query *q, const sample_query *about, int32_t degree,
                                    answer_block *b) {
  int64_t *index = b->index + b->n,
          drawn = q->method->draw(q->method->self, b->thread, about, index, b->scale + b->n);
  for (int64_t i = 0; i < drawn; i++) {
    index[i] = kith__query_entry(q->by_relation, about, index[i]);
    b->degree[b->n + i] = degree;
    __builtin_prefetch(&q->a->csr.col[index[i]]);
  }
  b->n += drawn;
  return drawn;
}

/* Sample one row, relation by relation. */
static sample_reply answer_draw(const sample_neighbor_query *q, kith_lid row, answer_block *b) {
  sample_query about = answer_first(q, row);
  const sample_neighbor *info = &q->node_info[about.row];
  int64_t drawn = 0, first = b->n;
  do drawn += answer_draw_relation(q, &about, info->degree, b);
  while (answer_next(q, &about));
  return (sample_reply){info->node, info->degree, (int32_t)drawn, drawn > 0 ? b->scale[first] : 0};
}

static float answer_scale(const sample_neighbor_query *q, const answer_block *b, int64_t i) {
  return q->a->weighted ? b->scale[i] * q->a->csr.weight[b->index[i]] : b->scale[i];
}

/* Fill in the sampled neighbors of a block, for another rank … */
static void answer_fill_neighbors(const sample_neighbor_query *q, const answer_block *b,
                                  unsigned char *packed) {
  const kith_lid *col = q->a->csr.col;
  for (int64_t i = 0; i < b->n; i++) __builtin_prefetch(&q->node_info[col[b->index[i]]]);
  for (int64_t i = 0; i < b->n; i++) {
    sample_neighbor one = q->node_info[col[b->index[i]]];
    one.scale = answer_scale(q, b, i);
    kith__wire_pack_neighbor(&q->wire, &one, packed + i * q->wire.neighbor);
  }
}

KITH_KERNEL static void answer_weights(const answer_block *b, const int64_t *degree, const kith_lid *col,
                                       float *weight) {
  for (int64_t i = 0; i < b->n; i++)
    weight[i] = kith__sampled_weight(b->scale[i], b->degree[i], (int32_t)degree[col[i]]);
}

/* … or for this one. */
static void answer_fill_own(const sample_neighbor_query *q, const answer_block *b, sample_own own) {
  for (int64_t i = 0; i < b->n; i++) {
    own.col[i] = q->a->csr.col[b->index[i]];
    own.scale[i] = answer_scale(q, b, i);
    __builtin_prefetch(&q->a->degree[own.col[i]]);
  }
  if (q->a->weighted) memcpy(own.weight, own.scale, (size_t)b->n * sizeof *own.weight);
  else answer_weights(b, q->a->degree, own.col, own.weight);
}

static void answer_fill_entries(const sample_neighbor_query *q, const answer_block *b, sample_entry *entry) {
  const kith_merged_relations *m = q->a->merged;
  for (int64_t i = 0; i < b->n; i++) {
    int64_t e = b->index[i];
    entry[i] = (sample_entry){kith__merged_weight(q->a, e), m->of[e], m->kind ? m->kind[e] : 0};
  }
}

static void answer_fill(const sample_neighbor_query *q, const answer_block *b, int64_t at,
                        const sample_answer *to) {
  if (to->neighbor) answer_fill_neighbors(q, b, to->neighbor + at * q->wire.neighbor);
  else answer_fill_own(q, b, (sample_own){to->own.col + at, to->own.scale + at, to->own.weight + at});
  if (to->entry) answer_fill_entries(q, b, to->entry + at);
}

/*
 * Answer n rows, with neighbors from `at` on; returns their number.  On a graph that exceeds the caches each
 * neighbor costs two cache misses, of its column and of the data about it; those of a block overlap.
 */
static int64_t answer_rows(const sample_neighbor_query *q, int thread, int64_t first, int64_t last,
                           const kith_lid *row, int64_t at, const sample_answer *to) {
  answer_block b = {.thread = thread,
                    .index = q->csr_index + thread * q->max_block,
                    .scale = q->scale + thread * q->max_block,
                    .degree = q->degree + thread * q->max_block};
  int64_t begin = at;
  for (int64_t i = first; i < last; i++) {
    answer_prefetch(q, last - i, row + i);
    const sample_reply reply = answer_draw(q, row[i], &b);
    if (to->packed) kith__wire_pack_reply(&q->wire, &reply, to->packed + i * q->wire.reply);
    else to->reply[i] = reply;
    if (b.n < ANSWER_BLOCK && i + 1 < last) continue;
    answer_fill(q, &b, at, to);
    at += b.n;
    b.n = 0;
  }
  return at - begin;
}

/* Move n elements of several bytes in an array, if there is one. */
#define ANSWER_MOVE(array, bytes, to, from, n)                                                               \
  do {                                                                                                       \
    if (array)                                                                                               \
      memmove((array) + (to) * (bytes), (array) + (from) * (bytes),                                          \
              (size_t)((n) * (bytes)) * sizeof *(array));                                                    \
  } while (0)

/* Close the gaps behind chunks that sampled fewer neighbors than they might; returns the end. */
static int64_t answer_close_gaps(int chunks, const int64_t *at, const int64_t *count, int bytes,
                                 const sample_answer *to) {
  int64_t end = 0;
  for (int c = 0; c < chunks; c++) {
    if (at[c] > end) {
      ANSWER_MOVE(to->neighbor, bytes, end, at[c], count[c]);
      ANSWER_MOVE(to->own.col, 1, end, at[c], count[c]);
      ANSWER_MOVE(to->own.scale, 1, end, at[c], count[c]);
      ANSWER_MOVE(to->own.weight, 1, end, at[c], count[c]);
      ANSWER_MOVE(to->entry, 1, end, at[c], count[c]);
    }
    end += count[c];
  }
  return end;
}

int64_t kith__neighbor_answer(sample_neighbor_query *q, int64_t n, const kith_lid *row, sample_answer to) {
  int64_t at[ANSWER_CHUNKS + 1] = {0}, count[ANSWER_CHUNKS];
  int chunks = q->n_thread > 1 ? ANSWER_CHUNKS : 1;
#pragma omp parallel for schedule(static) num_threads(q->n_thread)
  for (int c = 0; c < chunks - 1; c++) {
    int64_t first = kith_chunk_begin(n, chunks, c), last = kith_chunk_begin(n, chunks, c + 1);
    at[c + 1] = answer_most(q, last - first, row + first);
  }
  for (int c = 1; c < chunks; c++) at[c] += at[c - 1];
#pragma omp parallel for schedule(dynamic) num_threads(q->n_thread)
  for (int c = 0; c < chunks; c++) {
    int64_t first = kith_chunk_begin(n, chunks, c), last = kith_chunk_begin(n, chunks, c + 1);
    count[c] = answer_rows(q, kith_thread_num(), first, last, row, at[c], &to);
  }
  return answer_close_gaps(chunks, at, count, q->wire.neighbor, &to);
}
