/*
 * Entries that count unequally: by age, and by what the two ends of a tie have in common.  Entry (i, j) that
 * counts f weighs f / sqrt(R_i C_j), where R and C sum f over a row and over a column.
 */
#include <string.h>

#include "graph/schema.h"
#include "halo/halo_impl.h"

/* The times of a relation's edges; earliest > latest: it has none. */
typedef struct counts_span {
  int64_t earliest, latest;
} counts_span;

static counts_span counts_span_of(const kith_comm *comm, const kith_graph *g, const kith_adjacency *rows) {
  counts_span s = {INT64_MAX, INT64_MIN};
  for (kith_eid e = 0; e < rows->start[g->n_own]; e++) {
    if (rows->time[e] < s.earliest) s.earliest = rows->time[e];
    if (rows->time[e] > s.latest) s.latest = rows->time[e];
  }
  return (counts_span){-kith_comm_max(comm, -s.earliest), kith_comm_max(comm, s.latest)};
}

kith_status kith__counts_check(const kith_graph *g, const kith_relation_weights *w, const char *name) {
  kith_status st = KITH_OK;
  int r = kith_schema_find_relation(&g->schema, name);
  const kith_relation_type *e = &g->schema.relation[r];
  bool ages = kith_relation_half_life(w, name) > 0;
  KITH_CHECK(!ages || e->timed, KITH_ECONFIG,
             "model.half_lives.%s: the relation has no times; name the column of times of its list, and run "
             "kith ingest and kith partition again",
             name);
  KITH_CHECK(
      !ages || !g->timed || g->time, KITH_ECONFIG,
      "model.half_lives.%s: the times of interactions are not read; kith_graph_times_read() reads them",
      name);
  bool overlaps = w->tie == KITH_TIE_SIMILARITY && kith_relation_is_tie(e) && e->from <= KITH_ITEM;
  KITH_CHECK(!overlaps || g->relation[r].overlap, KITH_ECONFIG,
             "model.tie: similarity: relation %s has no overlaps; run kith ingest and kith partition again",
             name);
done:
  return st;
}

/* Where the times of two lists have different units, all edges would count alike. */
static kith_agreed counts_check_units(const char *name, const counts_span *s, int64_t now) {
  kith_status st = KITH_OK;
  KITH_CHECK(
      s->earliest > s->latest || kith__decay_units(s->latest) == kith__decay_units(now), KITH_ECONFIG,
      "model.half_lives.%s: the latest time of the relation is %lld, and that of the interactions "
      "%lld, which cannot both be seconds, or both milliseconds; write both lists in one unit, and run "
      "kith ingest and kith partition again",
      name, (long long)s->latest, (long long)now);
done:
  return kith_agreed_same(st);
}

/* Warn where all edges count alike, since all are later than now, or all are far too old. */
static void counts_warn_alike(const kith_comm *comm, const char *name, const counts_span *s,
                              const kith_decay *t) {
  bool later = s->earliest > t->now, old = kith__decay_is_least(t, s->latest);
  if (comm->rank == 0 && s->earliest <= s->latest && (later || old))
    kith_warn("model.half_lives.%s has no effect: all edges of the relation, of the times %lld to %lld, are "
              "%s the latest training interaction, of %lld; see that both lists count time alike",
              name, (long long)s->earliest, (long long)s->latest,
              later ? "later than" : "60 half-lives or more before", (long long)t->now);
}

kith_agreed kith__counts_make(const kith_comm *comm, const kith_graph *g, const kith_relation_weights *w,
                              const char *name, kith__counts *out) {
  kith_agreed st = {KITH_OK};
  int r = kith_schema_find_relation(&g->schema, name);
  const kith_relation_type *e = &g->schema.relation[r];
  double half_life = kith_relation_half_life(w, name);
  kith__counts c = {.overlaps =
                        w->tie == KITH_TIE_SIMILARITY && kith_relation_is_tie(e) && e->from <= KITH_ITEM};
  if (half_life > 0) {
    const counts_span span = counts_span_of(comm, g, &g->relation[r]);
    int64_t now = g->timed ? kith_latest_time(comm, g) : span.latest;
    KITH_TRY(counts_check_units(name, &span, now));
    c.ages = true;
    c.decay = kith_decay_of(half_life, now);
    counts_warn_alike(comm, name, &span, &c.decay);
  }
  *out = c;
done:
  return st;
}

/* What an entry counts; one later than all training interactions counts 1. */
static double counts_entry(const kith__counts *c, const kith__counted *rows, kith_eid e) {
  double f = c->ages ? kith_decay_factor(&c->decay, rows->time[e]) : 1;
  if (f > 1) f = 1;
  return c->overlaps ? f * (double)rows->overlap[e] : f;
}

kith_agreed kith__counts_roots(const kith_comm *comm, kith_halo *halo, const kith_csr *csr,
                               const kith__counts *c, const kith__counted *rows, double *root) {
  kith_agreed st = {KITH_OK};
  int64_t *bits = NULL;
  _Static_assert(sizeof *bits == sizeof *root, "the exchange is of 64 bits each");
  KITH_TRY(kith_agree(comm, KITH_NEW(bits, csr->n_col)));
  for (kith_lid i = 0; i < csr->n_row; i++) {
    double sum = 0;
    for (kith_eid e = rows->start[i]; e < rows->start[i + 1]; e++) sum += counts_entry(c, rows, e);
    root[i] = sqrt(sum);
  }
  memcpy(bits, root, (size_t)csr->n_row * sizeof *bits);
  KITH_TRY(kith_halo_forward_int(halo, bits, bits + csr->n_row));
  memcpy(root, bits, (size_t)csr->n_col * sizeof *bits);
done:
  KITH_FREE(bits);
  return st;
}

void kith__counts_weigh(const kith__counts *c, const kith__counted *rows, const double *here,
                        const double *there, double omega, const kith_csr *csr, const kith_eid *end,
                        float *base) {
  for (kith_lid p = 0; p < csr->n_row; p++) {
    kith_lid i = csr->perm[p];
    kith_eid first = csr->start[p] + (end ? end[i] - (rows->start[i + 1] - rows->start[i]) : 0);
    for (kith_eid k = rows->start[i]; k < rows->start[i + 1]; k++) {
      kith_eid e = first + k - rows->start[i];
      double f = counts_entry(c, rows, k), other = there[csr->col[e]];
      if (other == 0) other = 1; /* a known node that counts nothing, which a new node names */
      double weight = f > 0 ? f / (here[i] * other) : 0;
      csr->weight[e] = (float)(omega * weight);
      if (base) base[e] = (float)weight;
    }
  }
}
