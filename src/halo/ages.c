/* The ages of the entries of a matrix: in days, before the latest edge of the same relation. */
#include "graph/schema.h"
#include "halo/halo_impl.h"

enum { AGES_DAY = 86400 };

typedef struct ages_term {
  const kith_eid *start;
  const int64_t *time; /* null: none */
  int64_t latest;
} ages_term;

static kith_status ages_terms(const kith_graph *g, const kith_relation_weights *w, const char *key,
                              ages_term *term) {
  kith_status st = KITH_OK;
  bool any = g->timed;
  term[0] = (ages_term){.start = g->start, .time = g->timed ? g->time : NULL};
  KITH_CHECK(!g->timed || g->time, KITH_ECONFIG,
             "%s: the times of interactions are not read; kith_graph_times_read() reads them", key);
  for (int i = 0; i < w->n; i++) {
    const kith_adjacency *r = &g->relation[kith_schema_find_relation(&g->schema, w->of[i].name)];
    term[1 + i] = (ages_term){.start = r->start, .time = r->time};
    any = any || g->schema.relation[kith_schema_find_relation(&g->schema, w->of[i].name)].timed;
  }
  KITH_CHECK(
      any, KITH_ECONFIG,
      "%s: no relation that the model reads has times; name the column of times of a list, and run kith "
      "ingest and kith partition again, or leave the key away",
      key);
done:
  return st;
}

/* The rows of the matrix have the order of the graph's, relation by relation. */
static void ages_fill(const kith_graph *g, int n, const ages_term *term, kith_dist_csr *a) {
  const kith_csr *csr = &a->csr;
  for (kith_lid p = 0; p < g->n_own; p++) {
    kith_eid at[1 + KITH_MAX_RELATIONS];
    for (int k = 0; k < n; k++) at[k] = term[k].start[csr->perm[p]];
    for (kith_eid e = csr->start[p]; e < csr->start[p + 1]; e++) {
      const ages_term *t = &term[a->merged ? a->merged->of[e] : 0];
      const kith_eid from = at[t - term]++;
      const double day = AGES_DAY * kith__decay_units(t->latest);
      a->age[e] = t->time ? (float)(((double)t->latest - (double)t->time[from]) / day) : -1;
    }
  }
}

kith_agreed kith_dist_csr_add_ages(const kith_comm *comm, const kith_graph *g,
                                   const kith_relation_weights *relations, const char *key,
                                   kith_dist_csr *a) {
  kith_agreed st = {KITH_OK};
  ages_term term[1 + KITH_MAX_RELATIONS];
  KITH_TRY(kith_agreed_same(ages_terms(g, relations, key, term)));
  KITH_TRY(kith_agree(comm, KITH_NEW(a->age, a->csr.start[a->csr.n_row])));
  for (int k = 0; k <= relations->n; k++) {
    term[k].latest = INT64_MIN;
    for (kith_eid e = 0; term[k].time && e < term[k].start[g->n_own]; e++)
      if (term[k].time[e] > term[k].latest) term[k].latest = term[k].time[e];
    term[k].latest = kith_comm_max(comm, term[k].latest);
  }
  ages_fill(g, 1 + relations->n, term, a);
done:
  return st;
}
