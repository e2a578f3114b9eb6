/*
 * The kinds of the entries of a merged matrix: those of all relations in one numbering, relation by relation.
 * The entries of one relation stand in a row of the merged matrix in the order of the relation's own rows.
 */
#include "graph/schema.h"
#include "halo/halo_impl.h"

/* What a term's kinds are. */
typedef struct kinds_term {
  const char *name;
  const kith_adjacency *rows, *columns; /* null: interactions */
  int n;                                /* 0: its edges have no kinds */
  int first;                            /* the first one in the numbering of all */
} kinds_term;

typedef struct kinds {
  int n;
  kinds_term term[1 + KITH_MAX_RELATIONS];
} kinds;

int64_t kith_merged_kinds_bytes(int64_t n_entry) {
  const kith_merged_relations *m = NULL;
  return KITH_BYTES(m->kind, n_entry);
}

static kith_status kinds_terms(const kith_graph *g, const kith_relation_weights *w, kinds *k, int *n_kind) {
  kith_status st = KITH_OK;
  *k = (kinds){.n = 1 + w->n};
  *n_kind = 0;
  for (int i = 0; i < w->n; i++) {
    int r = kith_schema_find_relation(&g->schema, w->of[i].name);
    const kith_relation_type *e = &g->schema.relation[r];
    bool directed = e->direction != KITH_DIRECTION_BOTH;
    k->term[1 + i] = (kinds_term){.name = e->name,
                                  .rows = &g->relation[r],
                                  .columns = directed ? &g->transpose[r] : &g->relation[r],
                                  .n = e->n_kind,
                                  .first = 1 + *n_kind};
    *n_kind += e->n_kind > 0 ? e->n_kind : 1;
    KITH_CHECK(*n_kind <= UINT16_MAX, KITH_ECONFIG,
               "model.relations: %d kinds of edges up to %s; expected at most %d, so name fewer relations",
               *n_kind, e->name, UINT16_MAX);
  }
done:
  return st;
}

static kith_status kinds_check(const kinds_term *t, int kind) {
  kith_status st = KITH_OK;
  KITH_CHECK(
      kind < t->n, KITH_EDATA,
      "embed.relations.%s: an edge has a kind that no edge of the training graph has, so the model has "
      "nothing for it; leave out such edges",
      t->name);
done:
  return st;
}

/* Kinds of the row at position p; at [terms] counts its entries of each term. */
static kith_status kinds_row(const kinds *k, bool transpose, const kith_csr *csr, const uint8_t *of,
                             kith_lid p, kith_eid *at, uint16_t *kind) {
  kith_status st = KITH_OK;
  kith_lid i = csr->perm[p];
  for (int r = 1; r < k->n; r++) at[r] = (transpose ? k->term[r].columns : k->term[r].rows)->start[i];
  for (kith_eid e = csr->start[p]; e < csr->start[p + 1]; e++) {
    const kinds_term *t = &k->term[of[e]];
    const kith_adjacency *rows = transpose ? t->columns : t->rows;
    if (!rows) continue;
    kith_eid from = at[of[e]]++;
    int one = rows->kind ? rows->kind[from] : 0;
    if (t->n > 0) KITH_TRY(kinds_check(t, one));
    kind[e] = (uint16_t)(t->first + one);
  }
done:
  return st;
}

static kith_status kinds_fill(const kinds *k, bool transpose, const kith_csr *csr, const uint8_t *of,
                              uint16_t **kind) {
  kith_status st = KITH_OK;
  kith_eid at[1 + KITH_MAX_RELATIONS];
  KITH_TRY(KITH_NEW(*kind, csr->start[csr->n_row]));
  for (kith_lid p = 0; p < csr->n_row; p++) KITH_TRY(kinds_row(k, transpose, csr, of, p, at, *kind));
done:
  return st;
}

kith_agreed kith_dist_csr_add_kinds(const kith_comm *comm, const kith_graph *g,
                                    const kith_relation_weights *w, kith_dist_csr *a) {
  kith_agreed st = {KITH_OK};
  kinds k;
  KITH_TRY(kith_agreed_same(kinds_terms(g, w, &k, &a->merged->n_kind)));
  KITH_TRY(kith_agree(comm, kinds_fill(&k, false, &a->csr, a->merged->of, &a->merged->kind)));
  if (a->transpose)
    KITH_TRY(
        kith_agree(comm, kinds_fill(&k, true, &a->transpose->csr, a->transpose->of, &a->transpose->kind)));
done:
  return st;
}
