/*
 * One matrix of several relations: M = A + sum of omega_r A_r, where A is the interactions' normalized
 * adjacency and A_r that of a relation, each normalized by its own degrees.  A linear model reads M in one
 * pass over memory and one exchange.  A row's columns ascend by node key, then by relation; entries of two
 * relations at one column stay apart, since edge dropout and learned weights tell them from each other.
 *
 * With a directed relation M is not symmetric, and its transpose is made beside it, of the same weights.
 */
#include <string.h>

#include "graph/schema.h"
#include "halo/halo_impl.h"

/* A relation to merge. */
typedef struct merged_term {
  const char *name;
  double omega;
  bool learned, directed;
  bool repeats; /* a row may name a node several times: edges of several kinds */
  bool gated;
  kith__counts counts;         /* how its entries count */
  kith__counted rows, columns; /* … and what is known of them, by row and by column */
} merged_term;

typedef struct merged {
  int n;
  merged_term term[1 + KITH_MAX_RELATIONS]; /* interactions first */
  bool directed;                            /* some term is: M is not symmetric */
  kith__merged_side rows, transpose;
  int64_t *degree, *column_degree; /* [n_col] entries of a term in each row, and in each column */
} merged;

static void merged_free(merged *m) {
  for (int i = 0; i < 2; i++) {
    kith__merged_side *s = i == 0 ? &m->rows : &m->transpose;
    KITH_FREE(s->start);
    KITH_FREE(s->number);
    KITH_FREE(s->at);
  }
  KITH_FREE(m->degree);
  KITH_FREE(m->column_degree);
}

static void merged_add_term(merged *m, merged_term term, kith__csr_rows rows, kith__csr_rows transpose) {
  m->rows.term[m->n] = rows;
  m->transpose.term[m->n] = transpose;
  m->term[m->n++] = term;
  m->rows.n = m->transpose.n = m->n;
  m->directed = m->directed || term.directed;
}

/* model.tie needs a relation of ties. */
static kith_status merged_check_ties(const kith_graph *g, const kith_relation_weights *w) {
  kith_status st = KITH_OK;
  bool learned = w->tie == KITH_TIE_LEARNED, any = w->tie == KITH_TIE_NONE;
  for (int i = 0; i < w->n && !any; i++) {
    const kith_relation_type *e = &g->schema.relation[kith_schema_find_relation(&g->schema, w->of[i].name)];
    any = kith_relation_is_tie(e) && (learned || e->from <= KITH_ITEM);
  }
  KITH_CHECK(any, KITH_ECONFIG,
             "model.tie: %s: model.relations names no relation without a direction between %s",
             learned ? "learned" : "similarity", learned ? "nodes of one type" : "users, or between items");
done:
  return st;
}

static kith_status merged_terms(const kith_graph *g, const kith_relation_weights *w, merged *m) {
  kith_status st = KITH_OK;
  kith__csr_rows train = {g->start, g->neighbor};
  kith__counted interactions = {.start = g->start, .time = g->time};
  merged_add_term(
      m, (merged_term){.name = "interactions", .omega = 1, .rows = interactions, .columns = interactions},
      train, train);
  for (int i = 0; i < w->n; i++) {
    int r = kith_schema_find_relation(&g->schema, w->of[i].name);
    KITH_CHECK(r >= 0, KITH_ECONFIG, "model.relations.%s: the graph has no such relation", w->of[i].name);
    bool directed = g->schema.relation[r].direction != KITH_DIRECTION_BOTH;
    const kith_adjacency *rows = &g->relation[r], *back = directed ? &g->transpose[r] : rows;
    const merged_term term = {.name = w->of[i].name,
                              .omega = w->of[i].weight,
                              .learned = w->of[i].learned,
                              .directed = directed,
                              .repeats = g->schema.relation[r].n_kind > 0,
                              .gated =
                                  w->tie == KITH_TIE_LEARNED && kith_relation_is_tie(&g->schema.relation[r]),
                              .rows = {rows->start, rows->time, rows->overlap},
                              .columns = {back->start, back->time, back->overlap}};
    KITH_TRY(kith__counts_check(g, w, w->of[i].name));
    merged_add_term(m, term, (kith__csr_rows){rows->start, rows->neighbor},
                    (kith__csr_rows){back->start, back->neighbor});
  }
  KITH_TRY(merged_check_ties(g, w));
done:
  return st;
}

static kith_status merged_concatenate(kith_lid n_own, kith__merged_side *s) {
  kith_status st = KITH_OK;
  kith_eid n_entry = 0;
  for (int k = 0; k < s->n; k++) n_entry += s->term[k].start[n_own];
  KITH_TRY(KITH_NEW(s->start, (int64_t)n_own + 1));
  KITH_TRY(KITH_NEW(s->number, n_entry));
  KITH_TRY(KITH_NEW(s->at, n_own));
  for (kith_lid i = 0; i < n_own; i++) {
    kith_eid at = s->start[i];
    for (int k = 0; k < s->n; k++) {
      const kith__csr_rows *t = &s->term[k];
      kith_eid n = t->start[i + 1] - t->start[i];
      memcpy(s->number + at, t->number + t->start[i], (size_t)n * sizeof *s->number);
      at += n;
    }
    s->start[i + 1] = at;
  }
done:
  return st;
}

/* The relation and the weight before omega of each entry. */
static kith_status merged_alloc_entries(const kith_csr *csr, bool learned, uint8_t **of, float **base) {
  kith_status st = KITH_OK;
  kith_eid n_entry = csr->start[csr->n_row];
  KITH_TRY(KITH_NEW(*of, n_entry));
  if (learned) KITH_TRY(KITH_NEW(*base, n_entry));
done:
  return st;
}

int64_t kith_merged_relations_bytes(int64_t n_entry, bool learned) {
  const kith_merged_relations *m = NULL;
  return KITH_BYTES(m, 1) + KITH_BYTES(m->of, n_entry) + (learned ? KITH_BYTES(m->base, n_entry) : 0);
}

int64_t kith_dist_transpose_bytes(int64_t n_own, int64_t n_entry, bool learned) {
  const kith_dist_transpose *b = NULL;
  return KITH_BYTES(b, 1) + kith_csr_bytes(n_own, n_entry) + KITH_BYTES(b->of, n_entry) +
         (learned ? KITH_BYTES(b->base, n_entry) : 0);
}

static kith_status merged_alloc(kith_dist_csr *a, merged *m) {
  kith_status st = KITH_OK;
  kith_dist_transpose *t = a->transpose;
  bool learned = false;
  KITH_TRY(KITH_NEW(m->degree, a->csr.n_col));
  KITH_TRY(KITH_NEW(m->column_degree, a->csr.n_col));
  KITH_TRY(KITH_NEW(a->merged, 1));
  a->merged->n = m->n;
  for (int k = 0; k < m->n; k++) {
    a->merged->key[k] = k > 0 ? kith_text_hash(m->term[k].name) : 0;
    a->merged->learned[k] = m->term[k].learned;
    learned = learned || m->term[k].learned;
  }
  KITH_TRY(merged_alloc_entries(&a->csr, learned, &a->merged->of, &a->merged->base));
  m->rows.csr = &a->csr;
  m->rows.of = a->merged->of;
  m->rows.base = a->merged->base;
  if (!t) goto done;
  KITH_TRY(merged_alloc_entries(&t->csr, learned, &t->of, &t->base));
  m->transpose.csr = &t->csr;
  m->transpose.of = t->of;
  m->transpose.base = t->base;
done:
  return st;
}

/* Weights of term k's entries in one of the two matrices, by the degrees of rows and columns there. */
static kith_status merged_weigh(const kith_dist_csr *a, const merged_term *t, int k, const int64_t *row,
                                const int64_t *column, kith__merged_side *s) {
  kith_status st = KITH_OK;
  const kith_csr *csr = s->csr;
  const kith_eid *start = s->term[k].start;
  for (kith_lid p = 0; p < csr->n_row; p++) {
    kith_lid i = csr->perm[p];
    kith_eid first = csr->start[p] + s->at[i], last = first + start[i + 1] - start[i];
    for (kith_eid e = first; e < last; e++) {
      int64_t here = a->node[csr->col[e]], before = e > first ? a->node[csr->col[e - 1]] : here - 1;
      KITH_CHECK(before < here || (t->repeats && before == here), KITH_EDATA,
                 "parts.h5: a row of edge/%s does not ascend or names a node twice; run kith partition again",
                 t->name);
      csr->weight[e] = kith__symmetric_weight(t->omega, row[i], column[csr->col[e]]);
      s->of[e] = (uint8_t)k;
      if (t->learned) s->base[e] = kith__symmetric_weight(1, row[i], column[csr->col[e]]);
    }
    s->at[i] += last - first;
  }
done:
  return st;
}

/* Degrees in the rows of a term, ghosts included. */
static kith_agreed merged_degrees(const kith_graph *g, const kith_dist_csr *a, const kith_eid *start,
                                  int64_t *degree) {
  for (kith_lid i = 0; i < g->n_own; i++) degree[i] = start[i + 1] - start[i];
  return kith_halo_forward_int(a->halo, degree, degree + g->n_own);
}

/* Degrees of rows and columns in a term, then the weights of its entries, in the matrix and its transpose. */
static kith_agreed merged_add(const kith_comm *comm, const kith_graph *g, int k, merged *m,
                              kith_dist_csr *a) {
  kith_agreed st = {KITH_OK};
  const merged_term *t = &m->term[k];
  int64_t *row = m->degree, *column = t->directed ? m->column_degree : m->degree;
  KITH_TRY(merged_degrees(g, a, m->rows.term[k].start, row));
  if (t->directed) KITH_TRY(merged_degrees(g, a, m->transpose.term[k].start, column));
  if (k == 0) memcpy(a->degree, row, (size_t)a->csr.n_col * sizeof *a->degree);
  KITH_TRY(kith_agree(comm, merged_weigh(a, t, k, row, column, &m->rows)));
  if (m->directed) KITH_TRY(kith_agree(comm, merged_weigh(a, t, k, column, row, &m->transpose)));
done:
  return st;
}

/* Weights of a term whose entries count unequally, in place of those by degrees. */
static kith_agreed merged_count(const kith_comm *comm, const merged_term *t, merged *m, kith_dist_csr *a) {
  kith_agreed st = {KITH_OK};
  double *row = NULL, *column = NULL;
  KITH_TRY(kith_agree(comm, KITH_NEW(row, a->csr.n_col)));
  KITH_TRY(kith__counts_roots(comm, a->halo, &a->csr, &t->counts, &t->rows, row));
  if (t->directed) KITH_TRY(kith_agree(comm, KITH_NEW(column, a->csr.n_col)));
  if (t->directed) KITH_TRY(kith__counts_roots(comm, a->halo, &a->csr, &t->counts, &t->columns, column));
  const double *there = t->directed ? column : row;
  kith__counts_weigh(&t->counts, &t->rows, row, there, t->omega, m->rows.csr, m->rows.at,
                     t->learned ? m->rows.base : NULL);
  if (m->directed)
    kith__counts_weigh(&t->counts, &t->columns, there, row, t->omega, m->transpose.csr, m->transpose.at,
                       t->learned ? m->transpose.base : NULL);
done:
  KITH_FREE(row);
  KITH_FREE(column);
  return st;
}

/* The next term: its entries, and what they count. */
static kith_agreed merged_next(const kith_comm *comm, const kith_graph *g, const kith_relation_weights *w,
                               double half_life, int k, merged *m, kith_dist_csr *a) {
  kith_agreed st = {KITH_OK};
  merged_term *t = &m->term[k];
  KITH_TRY(merged_add(comm, g, k, m, a));
  if (k > 0) KITH_TRY(kith__counts_make(comm, g, w, t->name, &t->counts));
  else if (half_life > 0)
    t->counts = (kith__counts){.ages = true, .decay = kith_decay_make(comm, g, half_life)};
  if (t->counts.ages || t->counts.overlaps) KITH_TRY(merged_count(comm, t, m, a));
done:
  return st;
}

/* Entries whose weight has a learned gate. */
static kith_status merged_gates(const merged *m, kith_dist_csr *a) {
  bool gated[1 + KITH_MAX_RELATIONS] = {false}, any = false;
  for (int k = 0; k < m->n; k++) {
    gated[k] = m->term[k].gated;
    any = any || gated[k];
  }
  return any ? kith__gated_make(a, gated) : KITH_OK;
}

static kith_agreed merged_make(const kith_comm *comm, const kith_graph *g, const kith_relation_weights *w,
                               double half_life, int d, merged *m, kith_dist_csr **out) {
  kith_agreed st = {KITH_OK};
  kith__csr_rows rows = {0}, transpose = {0};
  KITH_TRY(kith_agree(comm, merged_concatenate(g->n_own, &m->rows)));
  if (m->directed) KITH_TRY(kith_agree(comm, merged_concatenate(g->n_own, &m->transpose)));
  rows = (kith__csr_rows){m->rows.start, m->rows.number};
  transpose = (kith__csr_rows){m->transpose.start, m->transpose.number};
  KITH_TRY(kith__dist_csr_make(comm, g, rows, transpose, d, out));
  KITH_TRY(kith_agree(comm, merged_alloc(*out, m)));
  for (int k = 0; k < m->n; k++) KITH_TRY(merged_next(comm, g, w, half_life, k, m, *out));
  KITH_TRY(kith_agree(comm, kith__merged_order(&m->rows, (*out)->node)));
  if (m->directed) KITH_TRY(kith_agree(comm, kith__merged_order(&m->transpose, (*out)->node)));
  KITH_TRY(kith_agree(comm, merged_gates(m, *out)));
done:
  return st;
}

kith_agreed kith_dist_csr_create_merged(const kith_comm *comm, const kith_graph *g,
                                        const kith_relation_weights *w, double half_life, int d,
                                        kith_dist_csr **out) {
  kith_agreed st = {KITH_OK};
  kith_dist_csr *a = NULL;
  merged m = {0};
  *out = NULL;
  KITH_TRY(kith_agreed_same(merged_terms(g, w, &m)));
  KITH_TRY(merged_make(comm, g, w, half_life, d, &m, &a));
  *out = a;
  a = NULL;
done:
  merged_free(&m);
  kith_dist_csr_destroy(&a);
  return st;
}
