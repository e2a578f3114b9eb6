/* What nodes consist of: gathered from their owners. */
#include "graph/content.h"

#include <math.h>
#include <stdlib.h>

#include "graph/graph.h"
#include "graph/schema.h"

void kith__content_free_entries(kith__content *c) {
  KITH_FREE(c->column);
  KITH_FREE(c->value);
}

void kith__content_free(kith__content *c) {
  KITH_FREE(c->start);
  kith__content_free_entries(c);
}

typedef struct content_entry {
  int32_t column;
  float value;
} content_entry;

/* The owned nodes of a type: nodes [n_own_of] of row_of have entries start[i] … start[i + 1] - 1. */
typedef struct content_own {
  int type;
  int32_t *number; /* [nodes] column of the node whose global number is k: types one after the other */
  kith_eid *start;
  content_entry *entry;
} content_own;

/* ---- of owned nodes ---- */

static int64_t content_offset(const kith_graph *g, int type) {
  int64_t n = 0;
  for (int t = 0; t < type; t++) n += g->n[t];
  return n;
}

static kith_agreed content_numbers(const kith_comm *comm, const kith_graph *g, int32_t **number) {
  kith_agreed st = {KITH_OK};
  int64_t n = kith_graph_n_node(g), offset[KITH_MAX_TYPES];
  for (int t = 0; t < KITH_MAX_TYPES; t++) offset[t] = content_offset(g, t);
  KITH_TRY(kith_agreed_same(
      n < INT32_MAX
          ? KITH_OK
          : kith_fail(KITH_ECONFIG,
                      "nodes that are alike by a relation are compared among at most 2^31 - 2 nodes "
                      "of all types; the graph has %lld: compare them by features instead",
                      (long long)n)));
  KITH_TRY(kith_agree(comm, KITH_NEW(*number, n)));
  for (kith_lid i = 0; i < g->n_own; i++)
    (*number)[g->first[comm->rank] + i] = (int32_t)(offset[g->type[i]] + g->original[i]);
  kith_comm_reduce(comm, n, MPI_INT32_T, MPI_MAX, *number);
done:
  return st;
}

static int content_compare(const void *a, const void *b) {
  const content_entry *x = a, *y = b;
  return (x->column > y->column) - (x->column < y->column);
}

/* Sort, and sum entries of one column; their number. */
static int64_t content_merge(int64_t n, content_entry *entry) {
  int64_t to = 0;
  qsort(entry, (size_t)n, sizeof *entry, content_compare);
  for (int64_t i = 0; i < n; i++) {
    if (to > 0 && entry[to - 1].column == entry[i].column) entry[to - 1].value += entry[i].value;
    else entry[to++] = entry[i];
  }
  return to;
}

static int64_t content_row(const kith_adjacency *a, const int32_t *number, kith_lid row, content_entry *out) {
  int64_t n = 0;
  for (kith_eid e = a->start ? a->start[row] : 0; a->start && e < a->start[row + 1]; e++)
    out[n++] = (content_entry){number[a->neighbor[e]], a->weight ? a->weight[e] : 1};
  return n;
}

static int64_t content_features(const kith_features *f, kith_lid row, content_entry *out) {
  int64_t n = 0;
  for (kith_eid e = f->start ? f->start[row] : 0; f->start && e < f->start[row + 1]; e++)
    if (f->value[e] != 0) out[n++] = (content_entry){f->index[e], f->value[e]};
  return n;
}

static int64_t content_most(const kith_graph *g, int r) {
  if (r < 0) return g->features.start ? g->features.start[g->n_own] : 0;
  const kith_adjacency *a = &g->relation[r], *b = &g->transpose[r];
  return (a->start ? a->start[g->n_own] : 0) + (b->start ? b->start[g->n_own] : 0);
}

static kith_status content_fill(const kith_graph *g, int r, content_own *own) {
  kith_status st = KITH_OK;
  const kith_lid n_own = g->n_own_of[own->type];
  kith_eid at = 0;
  KITH_TRY(KITH_NEW(own->start, n_own + 1));
  KITH_TRY(KITH_NEW(own->entry, content_most(g, r)));
  for (kith_lid i = 0; i < n_own; i++) {
    kith_lid row = g->row_of[own->type][i];
    int64_t n = r < 0 ? content_features(&g->features, row, own->entry + at)
                      : content_row(&g->relation[r], own->number, row, own->entry + at);
    if (r >= 0) n += content_row(&g->transpose[r], own->number, row, own->entry + at + n);
    at += content_merge(n, own->entry + at);
    own->start[i + 1] = at;
  }
done:
  return st;
}

/* ---- of all nodes ---- */

/* Offsets of all nodes, from the lengths that their owners know. */
static void content_starts(const kith_comm *comm, const kith_graph *g, const content_own *own,
                           kith_eid *start) {
  for (kith_lid i = 0; i < g->n_own_of[own->type]; i++)
    start[g->original[g->row_of[own->type][i]] + 1] = own->start[i + 1] - own->start[i];
  kith_comm_sum_int(comm, g->n[own->type] + 1, start);
  for (int64_t i = 0; i < g->n[own->type]; i++) start[i + 1] += start[i];
}

static void content_spread(const kith_comm *comm, const kith_graph *g, const content_own *own,
                           kith__content *out) {
  int64_t n = out->start[out->n_row];
  for (kith_lid i = 0; i < g->n_own_of[own->type]; i++) {
    kith_eid to = out->start[g->original[g->row_of[own->type][i]]];
    for (kith_eid e = own->start[i]; e < own->start[i + 1]; e++, to++) {
      out->column[to] = own->entry[e].column;
      out->value[to] = own->entry[e].value;
    }
  }
  kith_comm_reduce(comm, n, MPI_INT32_T, MPI_MAX, out->column);
  kith_comm_reduce(comm, n, MPI_UINT32_T, MPI_BOR, out->value);
}

kith_agreed kith__content_gather(const kith_comm *comm, const kith_graph *g, int type, int r,
                                 kith__content *out) {
  kith_agreed st = {KITH_OK};
  content_own own = {.type = type};
  *out = (kith__content){.n_row = g->n[type]};
  out->n_column = r < 0 ? g->n_feature_of[type] : kith_graph_n_node(g);
  if (r >= 0) KITH_TRY(content_numbers(comm, g, &own.number));
  KITH_TRY(kith_agree(comm, content_fill(g, r, &own)));
  KITH_TRY(kith_agree(comm, KITH_NEW(out->start, out->n_row + 1)));
  content_starts(comm, g, &own, out->start);
  KITH_TRY(kith_agree(comm, KITH_NEW(out->column, out->start[out->n_row])));
  KITH_TRY(kith_agree(comm, KITH_NEW(out->value, out->start[out->n_row])));
  content_spread(comm, g, &own, out);
done:
  KITH_FREE(own.number);
  KITH_FREE(own.start);
  KITH_FREE(own.entry);
  if (kith_is_bad(st)) kith__content_free(out);
  return st;
}

void kith__content_keep_items(const kith_graph *g, kith__content *c) {
  int64_t offset = content_offset(g, KITH_ITEM), to = 0;
  kith_eid from = 0;
  for (int64_t i = 0; i < c->n_row; i++) {
    kith_eid end = c->start[i + 1];
    for (; from < end; from++) {
      int64_t j = c->column[from] - offset;
      if (j < 0 || j >= c->n_row || j == i) continue;
      c->column[to] = (int32_t)j;
      c->value[to++] = c->value[from];
    }
    c->start[i + 1] = to;
  }
  c->n_column = c->n_row;
}

/* ---- weights ---- */

void kith__content_count(const kith__content *c, int64_t *n_of) {
  for (kith_eid k = 0; k < c->start[c->n_row]; k++) n_of[c->column[k]]++;
}

void kith__content_weigh(const kith__content *c, double power, const int64_t *n_of, double *weight,
                         double *length) {
  for (int64_t i = 0; i < c->n_row; i++) {
    double sum = 0;
    for (kith_eid k = c->start[i]; k < c->start[i + 1]; k++) {
      double idf = log((double)c->n_row / (double)n_of[c->column[k]]);
      weight[k] = (double)c->value[k] * pow(idf, power);
      sum += weight[k] * weight[k];
    }
    length[i] = sqrt(sum);
  }
}

/* ---- sparse vectors ---- */

kith_status kith__sparse_make(int64_t n, kith__sparse *out) {
  kith_status st = KITH_OK;
  *out = (kith__sparse){.n_touched = 0};
  KITH_TRY(KITH_NEW(out->value, n));
  KITH_TRY(KITH_NEW(out->touched, n));
  KITH_TRY(KITH_NEW(out->is_touched, n));
done:
  return st;
}

void kith__sparse_free(kith__sparse *s) {
  KITH_FREE(s->value);
  KITH_FREE(s->touched);
  KITH_FREE(s->is_touched);
}

void kith__sparse_clear(kith__sparse *s) {
  for (int64_t k = 0; k < s->n_touched; k++) {
    s->value[s->touched[k]] = 0;
    s->is_touched[s->touched[k]] = 0;
  }
  s->n_touched = 0;
}
