/*
 * One matrix of several relations: M = A + sum of omega_r A_r, where A is the interactions' normalized
 * adjacency and A_r that of a relation, each normalized by its own degrees.  A linear model reads M in one
 * pass over memory and one exchange.  A row's columns ascend by node key, then by relation; entries of two
 * relations at one column stay apart, since edge dropout and learned weights tell them from each other.
 */
#include <string.h>

#include "graph/schema.h"
#include "halo/halo_impl.h"

/* A relation to merge: its rows on this rank. */
typedef struct merged_term {
  const char *name;
  const kith_eid *start; /* [n_own + 1] */
  const kith_gid *neighbor;
  double omega;
  bool learned;
} merged_term;

typedef struct merged {
  int n;
  merged_term term[1 + KITH_MAX_RELATIONS]; /* interactions first */
  kith_eid *start;                          /* [n_own + 1] all neighbors of each owned row, term after term */
  kith_gid *number;                         /* [start[n_own]] */
  kith_eid *at;                             /* [n_own] entries of a row that have a weight so far */
  int64_t *degree;                          /* [n_col] of a term */
} merged;

static void merged_free(merged *m) {
  KITH_FREE(m->start);
  KITH_FREE(m->number);
  KITH_FREE(m->at);
  KITH_FREE(m->degree);
}

static kith_status merged_terms(const kith_graph *g, const kith_relation_weights *w, merged *m) {
  kith_status st = KITH_OK;
  m->term[m->n++] = (merged_term){"interactions", g->start, g->neighbor, 1, false};
  for (int i = 0; i < w->n; i++) {
    int r = kith_schema_find_relation(&g->schema, w->of[i].name);
    KITH_CHECK(r >= 0, KITH_ECONFIG, "model.relations.%s: the graph has no such relation", w->of[i].name);
    m->term[m->n++] = (merged_term){w->of[i].name, g->relation[r].start, g->relation[r].neighbor,
                                    w->of[i].weight, w->of[i].learned};
  }
done:
  return st;
}

static kith_status merged_concatenate(const kith_graph *g, merged *m) {
  kith_status st = KITH_OK;
  kith_eid n_entry = 0;
  for (int k = 0; k < m->n; k++) n_entry += m->term[k].start[g->n_own];
  KITH_TRY(KITH_NEW(m->start, (int64_t)g->n_own + 1));
  KITH_TRY(KITH_NEW(m->number, n_entry));
  KITH_TRY(KITH_NEW(m->at, g->n_own));
  for (kith_lid i = 0; i < g->n_own; i++) {
    kith_eid at = m->start[i];
    for (int k = 0; k < m->n; k++) {
      const merged_term *t = &m->term[k];
      kith_eid n = t->start[i + 1] - t->start[i];
      memcpy(m->number + at, t->neighbor + t->start[i], (size_t)n * sizeof *m->number);
      at += n;
    }
    m->start[i + 1] = at;
  }
done:
  return st;
}

static kith_status merged_alloc(kith_dist_csr *a, merged *m) {
  kith_status st = KITH_OK;
  kith_eid n_entry = a->csr.start[a->csr.n_row];
  bool learned = false;
  KITH_TRY(KITH_NEW(m->degree, a->csr.n_col));
  KITH_TRY(KITH_NEW(a->merged, 1));
  a->merged->n = m->n;
  KITH_TRY(KITH_NEW(a->merged->of, n_entry));
  for (int k = 0; k < m->n; k++) {
    a->merged->key[k] = k > 0 ? kith_text_hash(m->term[k].name) : 0;
    a->merged->learned[k] = m->term[k].learned;
    learned = learned || m->term[k].learned;
  }
  if (learned) KITH_TRY(KITH_NEW(a->merged->base, n_entry));
done:
  return st;
}

/* Weights of the next term's entries, which follow those that have a weight. */
static kith_status merged_weigh(kith_dist_csr *a, int k, merged *m) {
  kith_status st = KITH_OK;
  const merged_term *t = &m->term[k];
  kith_csr *csr = &a->csr;
  for (kith_lid p = 0; p < csr->n_row; p++) {
    kith_lid i = csr->perm[p];
    kith_eid first = csr->start[p] + m->at[i], last = first + t->start[i + 1] - t->start[i];
    for (kith_eid e = first; e < last; e++) {
      KITH_CHECK(e == first || a->node[csr->col[e - 1]] < a->node[csr->col[e]], KITH_EDATA,
                 "parts.h5: a row of edge/%s does not ascend or names a node twice; run kith partition again",
                 t->name);
      csr->weight[e] = kith__symmetric_weight(t->omega, m->degree[i], m->degree[csr->col[e]]);
      a->merged->of[e] = (uint8_t)k;
      if (t->learned) a->merged->base[e] = kith__symmetric_weight(1, m->degree[i], m->degree[csr->col[e]]);
    }
    m->at[i] += last - first;
  }
done:
  return st;
}

/* Degrees of the rows in a term, ghosts included, then the weights of its entries. */
static kith_agreed merged_add(const kith_comm *comm, const kith_graph *g, int k, merged *m,
                              kith_dist_csr *a) {
  kith_agreed st = {KITH_OK};
  const kith_eid *start = m->term[k].start;
  for (kith_lid i = 0; i < g->n_own; i++) m->degree[i] = start[i + 1] - start[i];
  KITH_TRY(kith_halo_forward_int(a->halo, m->degree, m->degree + g->n_own));
  if (k == 0) memcpy(a->degree, m->degree, (size_t)a->csr.n_col * sizeof *a->degree);
  KITH_TRY(kith_agree(comm, merged_weigh(a, k, m)));
done:
  return st;
}

/* Weights of the interactions by age; they are the first entries of each row. */
static kith_agreed merged_decay(const kith_comm *comm, const kith_graph *g, double half_life,
                                kith_dist_csr *a) {
  const kith_decay t = kith_decay_make(comm, g, half_life);
  return kith_dist_csr_decay(comm, g, &t, a);
}

/* ---- order within rows ---- */

/* An entry of a row that is being sorted. */
typedef struct merged_entry {
  kith_lid col;
  float weight, base;
  uint8_t of;
} merged_entry;

static merged_entry merged_get(const kith_dist_csr *a, kith_eid e) {
  return (merged_entry){a->csr.col[e], a->csr.weight[e], a->merged->base ? a->merged->base[e] : 0,
                        a->merged->of[e]};
}

static void merged_put(kith_dist_csr *a, kith_eid e, merged_entry x) {
  a->csr.col[e] = x.col;
  a->csr.weight[e] = x.weight;
  a->merged->of[e] = x.of;
  if (a->merged->base) a->merged->base[e] = x.base;
}

/* Merge two ascending runs, entries first … middle - 1 and middle … last - 1; at equal columns the first run
 * comes first. */
static void merged_order_runs(kith_dist_csr *a, kith_eid first, kith_eid middle, kith_eid last,
                              merged_entry *scratch) {
  kith_eid n = middle - first, i = 0;
  for (kith_eid e = first; e < middle; e++) scratch[e - first] = merged_get(a, e);
  for (kith_eid to = first, j = middle; i < n; to++) {
    bool second = j < last && a->node[a->csr.col[j]] < a->node[scratch[i].col];
    merged_put(a, to, second ? merged_get(a, j++) : scratch[i++]);
  }
}

static kith_status merged_order(kith_dist_csr *a, const merged *m) {
  kith_status st = KITH_OK;
  kith_csr *csr = &a->csr;
  merged_entry *scratch = NULL;
  kith_eid longest = 0;
  for (kith_lid p = 0; p < csr->n_row; p++)
    if (csr->start[p + 1] - csr->start[p] > longest) longest = csr->start[p + 1] - csr->start[p];
  KITH_TRY(KITH_NEW(scratch, longest));
  for (kith_lid p = 0; p < csr->n_row; p++) {
    kith_eid middle = csr->start[p];
    for (int k = 0; k < m->n; k++) {
      kith_lid i = csr->perm[p];
      kith_eid last = middle + m->term[k].start[i + 1] - m->term[k].start[i];
      merged_order_runs(a, csr->start[p], middle, last, scratch);
      middle = last;
    }
  }
done:
  KITH_FREE(scratch);
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
  KITH_TRY(kith_agree(comm, merged_concatenate(g, &m)));
  KITH_TRY(kith__dist_csr_make(comm, g, m.start, m.number, d, &a));
  KITH_TRY(kith_agree(comm, merged_alloc(a, &m)));
  for (int k = 0; k < m.n; k++) KITH_TRY(merged_add(comm, g, k, &m, a));
  if (half_life > 0) KITH_TRY(merged_decay(comm, g, half_life, a));
  KITH_TRY(kith_agree(comm, merged_order(a, &m)));
  *out = a;
  a = NULL;
done:
  merged_free(&m);
  kith_dist_csr_destroy(&a);
  return st;
}
