/*
 * Edges in reading order become rows: a counting sort by user, a sort of every row by item and kind, then a
 * merge of repeated edges.  The sorts are stable, so without times the first of repeated edges is kept.
 */
#include <string.h>

#include "ingest/lists.h"

enum { EDGE_CSR_INSERTION = 32 };

/* ---- sorting keys ---- */

static void sort_insertion(int64_t n, uint64_t *key) {
  for (int64_t i = 1; i < n; i++) {
    uint64_t k = key[i];
    int64_t at = i;
    for (; at > 0 && key[at - 1] > k; at--) key[at] = key[at - 1];
    key[at] = k;
  }
}

/* One pass of a radix sort by the byte at `shift`. */
static void sort_byte(int64_t n, int shift, const uint64_t *from, uint64_t *to) {
  int64_t position[257] = {0};
  for (int64_t i = 0; i < n; i++) position[((from[i] >> shift) & 255) + 1]++;
  for (int b = 0; b < 255; b++) position[b + 1] += position[b];
  for (int64_t i = 0; i < n; i++) to[position[(from[i] >> shift) & 255]++] = from[i];
}

void kith__radix_sort(int64_t n, int bits, uint64_t *key, uint64_t *other) {
  uint64_t *from = key, *to = other;
  if (n <= EDGE_CSR_INSERTION) {
    sort_insertion(n, key); /* by all 64 bits: the low ones hold the index, so the sort is stable */
    return;
  }
  for (int shift = 32; shift < 32 + bits; shift += 8) {
    sort_byte(n, shift, from, to);
    uint64_t *swap = from;
    from = to;
    to = swap;
  }
  if (from != key) memcpy(key, from, (size_t)n * sizeof *key);
}

/* ---- edge list to rows ---- */

static kith_status edge_csr_alloc(int64_t n_row, int64_t n, bool has_time, bool has_weight, bool has_kind,
                                  kith__edge_csr *rows) {
  kith_status st = KITH_OK;
  *rows = (kith__edge_csr){.ragged.n_row = n_row};
  KITH_TRY(KITH_NEW(rows->ragged.start, n_row + 1));
  KITH_TRY(KITH_NEW(rows->ragged.value, n));
  if (has_time) KITH_TRY(KITH_NEW(rows->time, n));
  if (has_weight) KITH_TRY(KITH_NEW(rows->weight, n));
  if (has_kind) KITH_TRY(KITH_NEW(rows->kind, n));
done:
  if (kith_is_bad(st)) kith__edge_csr_free(rows);
  return st;
}

static void edge_csr_count(const kith__edge_list *edges, kith__edge_csr *rows) {
  kith_eid *start = rows->ragged.start;
  for (const kith__edge_chunk *b = edges->first; b; b = b->next)
    for (int64_t k = 0; k < b->n; k++) start[b->user[k] + 1]++;
  for (int64_t u = 0; u < rows->ragged.n_row; u++) start[u + 1] += start[u];
}

/* Scatter the edges to their rows; each chunk is freed as soon as it is empty. */
static void edge_csr_deal(kith__edge_list *edges, kith_eid *next, kith__edge_csr *rows) {
  while (edges->first) {
    kith__edge_chunk *b = edges->first;
    for (int64_t k = 0; k < b->n; k++) {
      kith_eid e = next[b->user[k]]++;
      rows->ragged.value[e] = b->item[k];
      if (b->time) rows->time[e] = b->time[k];
      if (b->weight) rows->weight[e] = b->weight[k];
      if (b->kind) rows->kind[e] = b->kind[k];
    }
    edges->first = b->next;
    KITH_FREE(b);
  }
  kith__edge_list_free(edges);
}

/* ---- sorting and merging each row ---- */

/* Scratch memory for the longest row. */
typedef struct row_buffer {
  uint64_t *key, *other;
  int64_t *time;
  float *weight;
  uint16_t *kind;
} row_buffer;

static void row_buffer_free(row_buffer *b) {
  KITH_FREE(b->key);
  KITH_FREE(b->other);
  KITH_FREE(b->time);
  KITH_FREE(b->weight);
  KITH_FREE(b->kind);
}

static kith_status row_buffer_alloc(const kith__edge_csr *rows, row_buffer *b) {
  kith_status st = KITH_OK;
  int64_t most = 0;
  for (int64_t u = 0; u < rows->ragged.n_row; u++) {
    int64_t n = rows->ragged.start[u + 1] - rows->ragged.start[u];
    if (n > most) most = n;
  }
  KITH_TRY(KITH_NEW(b->key, most));
  KITH_TRY(KITH_NEW(b->other, most));
  if (rows->time) KITH_TRY(KITH_NEW(b->time, most));
  if (rows->weight) KITH_TRY(KITH_NEW(b->weight, most));
  if (rows->kind) KITH_TRY(KITH_NEW(b->kind, most));
done:
  return st;
}

/* Sort each run of keys of one item by kind. */
static void row_sort_kinds(int64_t n, row_buffer *b) {
  for (int64_t k = 0, end = 0; k < n; k = end) {
    uint64_t item = b->key[k] >> 32;
    for (; end < n && b->key[end] >> 32 == item; end++)
      b->key[end] = (uint64_t)b->kind[(uint32_t)b->key[end]] << 32 | (uint32_t)b->key[end];
    kith__radix_sort(end - k, 16, b->key + k, b->other + k);
    for (int64_t i = k; i < end; i++) b->key[i] = item << 32 | (uint32_t)b->key[i];
  }
}

/* Sort keys (item, index in the row), and copy what will be moved. */
static void row_sort(const kith__edge_csr *rows, kith_eid begin, int64_t n, int bits, row_buffer *b) {
  bool sorted = true;
  for (int64_t k = 0; k < n; k++) {
    b->key[k] = (uint64_t)(uint32_t)rows->ragged.value[begin + k] << 32 | (uint64_t)k;
    if (k > 0 && b->key[k] < b->key[k - 1]) sorted = false;
  }
  if (!sorted) kith__radix_sort(n, bits, b->key, b->other);
  if (rows->time && n > 0) memcpy(b->time, rows->time + begin, (size_t)n * sizeof *b->time);
  if (rows->weight && n > 0) memcpy(b->weight, rows->weight + begin, (size_t)n * sizeof *b->weight);
  if (!rows->kind || n == 0) return;
  memcpy(b->kind, rows->kind + begin, (size_t)n * sizeof *b->kind);
  row_sort_kinds(n, b);
}

/* Write a sorted row from `to` on, each item once, of each kind; returns the end. */
static kith_eid row_merge(kith__edge_csr *rows, kith_eid to, int64_t n, const row_buffer *b) {
  kith_eid begin = to;
  for (int64_t k = 0; k < n; k++) {
    int32_t item = (int32_t)(b->key[k] >> 32);
    uint32_t from = (uint32_t)b->key[k];
    bool again = to > begin && rows->ragged.value[to - 1] == item &&
                 (!rows->kind || rows->kind[to - 1] == b->kind[from]);
    if (again && !(rows->time && b->time[from] < rows->time[to - 1])) continue;
    if (again) to--;
    rows->ragged.value[to] = item;
    if (rows->time) rows->time[to] = b->time[from];
    if (rows->weight) rows->weight[to] = b->weight[from];
    if (rows->kind) rows->kind[to] = b->kind[from];
    to++;
  }
  return to;
}

static int edge_csr_value_bits(const kith__edge_csr *rows) {
  int32_t most = 1;
  int bits = 0;
  for (kith_eid e = 0; e < rows->ragged.start[rows->ragged.n_row]; e++)
    if (rows->ragged.value[e] > most) most = rows->ragged.value[e];
  for (; most > 0; most >>= 1) bits++;
  return bits;
}

static void edge_csr_merge(kith__edge_csr *rows, row_buffer *b) {
  kith_eid *start = rows->ragged.start, begin = 0, to = 0;
  int bits = edge_csr_value_bits(rows);
  for (int64_t u = 0; u < rows->ragged.n_row; u++) {
    int64_t n = start[u + 1] - begin;
    row_sort(rows, begin, n, bits, b);
    begin += n;
    to = row_merge(rows, to, n, b);
    start[u + 1] = to;
  }
}

kith_status kith__edge_csr_build(kith__edge_list *edges, int64_t n_row, kith__edge_csr *out,
                                 int64_t *duplicates) {
  kith_status st = KITH_OK;
  kith__edge_csr rows = {0};
  kith_eid *next = NULL;
  row_buffer b = {0};
  int64_t n = edges->n;
  *out = rows;
  KITH_TRY(edge_csr_alloc(n_row, n, edges->has_time, edges->has_weight, edges->has_kind, &rows));
  edge_csr_count(edges, &rows);
  KITH_TRY(KITH_NEW(next, n_row));
  if (n_row > 0) memcpy(next, rows.ragged.start, (size_t)n_row * sizeof *next);
  KITH_TRY(row_buffer_alloc(&rows, &b));
  edge_csr_deal(edges, next, &rows);
  edge_csr_merge(&rows, &b);
  *duplicates = n - rows.ragged.start[n_row];
  *out = rows;
  rows = (kith__edge_csr){0};
done:
  KITH_FREE(next);
  row_buffer_free(&b);
  kith__edge_csr_free(&rows);
  return st;
}

/* ---- extracting entries ---- */

/* Entry e of `from`, with each column that `to` has; `from` has it, too. */
static void edge_csr_move(const kith__edge_csr *from, kith_eid e, kith__edge_csr *to, kith_eid at) {
  to->ragged.value[at] = from->ragged.value[e];
  if (to->time) to->time[at] = from->time[e];
  if (to->weight) to->weight[at] = from->weight[e];
  if (to->kind) to->kind[at] = from->kind[e];
}

kith_status kith__edge_csr_extract(kith__edge_csr *rows, uint8_t *mark, uint8_t which, kith__edge_csr *out) {
  kith_status st = KITH_OK;
  kith__edge_csr taken = {0};
  int64_t n_row = rows->ragged.n_row, n = 0;
  kith_eid *start = rows->ragged.start, begin = 0, kept = 0, at = 0;
  *out = taken;
  for (kith_eid e = 0; e < start[n_row]; e++) n += mark[e] == which;
  KITH_TRY(edge_csr_alloc(n_row, n, rows->time != NULL, rows->weight != NULL, rows->kind != NULL, &taken));
  for (int64_t u = 0; u < n_row; u++) {
    kith_eid end = start[u + 1];
    for (kith_eid e = begin; e < end; e++) {
      if (mark[e] == which) {
        edge_csr_move(rows, e, &taken, at++);
      } else {
        mark[kept] = mark[e];
        edge_csr_move(rows, e, rows, kept++);
      }
    }
    begin = end;
    start[u + 1] = kept;
    taken.ragged.start[u + 1] = at;
  }
  *out = taken;
done:
  return st;
}

/* ---- uniting rows ---- */

/* Less than, equal to or greater than 0, as edge e of `a` comes before edge f of `b` in a row. */
static int edge_compare(const kith__edge_csr *a, kith_eid e, const kith__edge_csr *b, kith_eid f) {
  if (a->ragged.value[e] != b->ragged.value[f]) return a->ragged.value[e] < b->ragged.value[f] ? -1 : 1;
  return a->kind ? (int)a->kind[e] - (int)b->kind[f] : 0;
}

/* Merge row u of both; `to` is the end of what is there. */
static kith_eid row_unite(const kith__edge_csr *a, const kith__edge_csr *b, int64_t u, kith__edge_csr *out,
                          kith_eid to, int8_t *is_new, int64_t *known, int64_t *earlier) {
  bool old = u < a->ragged.n_row;
  kith_eid e = old ? a->ragged.start[u] : 0, e_end = old ? a->ragged.start[u + 1] : 0;
  kith_eid f = b->ragged.start[u], f_end = b->ragged.start[u + 1];
  while (e < e_end || f < f_end) {
    int order = e == e_end ? 1 : f == f_end ? -1 : edge_compare(a, e, b, f);
    bool sooner = order == 0 && b->time && b->time[f] < a->time[e];
    if (order > 0 || sooner) edge_csr_move(b, f, out, to);
    else edge_csr_move(a, e, out, to);
    if (is_new) is_new[to] = order > 0;
    *known += order == 0;
    *earlier += sooner;
    e += order <= 0;
    f += order >= 0;
    to++;
  }
  return to;
}

kith_status kith__edge_csr_unite(const kith__edge_csr *a, const kith__edge_csr *b, kith__edge_csr *out,
                                 int8_t **is_new, int64_t *known, int64_t *earlier) {
  kith_status st = KITH_OK;
  kith__edge_csr all = {0};
  int8_t *mark = NULL;
  int64_t n_row = b->ragged.n_row, n = a->ragged.start[a->ragged.n_row] + b->ragged.start[n_row];
  *out = all;
  KITH_TRY(edge_csr_alloc(n_row, n, b->time != NULL, b->weight != NULL, b->kind != NULL, &all));
  if (is_new) KITH_TRY(KITH_NEW(mark, n));
  for (int64_t u = 0; u < n_row; u++)
    all.ragged.start[u + 1] = row_unite(a, b, u, &all, all.ragged.start[u], mark, known, earlier);
  *out = all;
  all = (kith__edge_csr){0};
  if (is_new) *is_new = mark;
  mark = NULL;
done:
  kith__edge_csr_free(&all);
  KITH_FREE(mark);
  return st;
}
