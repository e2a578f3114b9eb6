/*
 * Recursive bisection by METIS (Karypis and Kumar, SIAM J. Sci. Comput. 20, 1998), the only file that knows
 * it.
 *
 * Bisection numbers parts so that 0 … K/2 - 1 are one half of the first cut: neighboring numbers are
 * neighbors in the graph, and any range of parts is a good part itself.
 */
#include <limits.h>
#include <math.h>
#include <metis.h>
#include <string.h>

#include "partition.h"

_Static_assert(sizeof(idx_t) == sizeof(int32_t) || sizeof(idx_t) == sizeof(int64_t),
               "METIS counts in 32 or in 64 bits");
static const bool METIS_IS_WIDE = sizeof(idx_t) > sizeof(int32_t);

/* Nodes of one kind come with rows of neighbors in both directions. */
static kith_status graph_copy(const kith_dataset *d, partition_graph *out) {
  kith_status st = KITH_OK;
  partition_graph g = {.n = d->n[KITH_USER]};
  KITH_TRY(KITH_NEW(g.start, g.n + 1));
  KITH_TRY(KITH_NEW(g.to, d->train.start[g.n]));
  memcpy(g.start, d->train.start, (size_t)(g.n + 1) * sizeof *g.start);
  memcpy(g.to, d->train.value, (size_t)g.start[g.n] * sizeof *g.to);
  *out = g;
  g = (partition_graph){0};
done:
  kith__partition_graph_free(&g);
  return st;
}

kith_status kith__partition_graph_make(const kith_dataset *d, int64_t n, partition_graph *out) {
  if (d->n_class > 0) return graph_copy(d, out);
  kith_status st = KITH_OK;
  int64_t n_user = d->n[KITH_USER], n_edge = d->train.start[n_user], *next = NULL;
  partition_graph g = {.n = n};
  KITH_TRY(KITH_NEW(g.start, g.n + 1));
  KITH_TRY(KITH_NEW(g.to, 2 * n_edge));
  KITH_TRY(KITH_NEW(next, g.n));
  for (kith_eid e = 0; e < n_edge; e++) g.start[n_user + d->train.value[e] + 1]++;
  for (int64_t u = 0; u < n_user; u++) g.start[u + 1] = d->train.start[u + 1] - d->train.start[u];
  for (int64_t i = 0; i < g.n; i++) g.start[i + 1] += g.start[i];
  for (int64_t i = 0; i < g.n; i++) next[i] = g.start[i];
  for (int64_t u = 0; u < n_user; u++)
    for (kith_eid e = d->train.start[u]; e < d->train.start[u + 1]; e++) {
      int64_t i = n_user + d->train.value[e];
      g.to[next[u]++] = (uint32_t)i;
      g.to[next[i]++] = (uint32_t)u;
    }
  *out = g;
  g = (partition_graph){0};
done:
  KITH_FREE(next);
  kith__partition_graph_free(&g);
  return st;
}

void kith__partition_graph_free(partition_graph *g) {
  KITH_FREE(g->start);
  KITH_FREE(g->to);
  KITH_FREE(g->edge);
  KITH_FREE(g->weight);
}

static kith_status metis_check_size(const kith_dataset *d, const int *weight) {
  kith_status st = KITH_OK;
  int64_t n = kith__partition_n_cut(d, weight), n_entry = 2 * d->n_edge + kith__partition_n_entry(d, weight);
  KITH_CHECK(
      METIS_IS_WIDE || (n < INT32_MAX && n_entry < INT32_MAX), KITH_ECONFIG,
      "partition.method: metis: the graph has %lld nodes and %lld adjacency entries, but METIS here "
      "counts to %d; set "
      "partition.method to stream, which any number of ranks can share, or build METIS with IDXTYPEWIDTH 64",
      (long long)n, (long long)n_entry, INT32_MAX);
done:
  return st;
}

/* METIS adds up the weights of entries. */
static kith_status metis_check_weights(const partition_graph *g) {
  kith_status st = KITH_OK;
  int64_t sum = 0;
  for (int64_t e = 0; g->weight && e < g->start[g->n]; e++) sum += g->weight[e];
  KITH_CHECK(
      METIS_IS_WIDE || sum < INT32_MAX, KITH_ECONFIG,
      "partition.weight: the entries of the graph weigh %lld together, but METIS here counts to %d; set "
      "smaller weights, or build METIS with IDXTYPEWIDTH 64",
      (long long)sum, INT32_MAX);
done:
  return st;
}

/* METIS's own index arrays: row starts, and node weights = degree + 1, so that work is what is balanced; with
 * two constraints (Karypis and Kumar, SC 1998) also 1 for a user, 0 for others, so that users are, too. */
static kith_status metis_arrays(const partition_graph *g, idx_t n_constraint, int64_t n_user, idx_t **start,
                                idx_t **weight) {
  kith_status st = KITH_OK;
  KITH_TRY(KITH_NEW(*start, g->n + 1));
  KITH_TRY(KITH_NEW(*weight, n_constraint * g->n));
  for (int64_t i = 0; i <= g->n; i++) (*start)[i] = (idx_t)g->start[i];
  for (int64_t i = 0; i < g->n; i++) {
    (*weight)[n_constraint * i] = (idx_t)(g->start[i + 1] - g->start[i] + 1);
    if (n_constraint > 1) (*weight)[n_constraint * i + 1] = i < n_user;
  }
done:
  return st;
}

/* The imbalance of the job is that of the whole cut; METIS allows its own at every level of bisection. */
static real_t metis_level_imbalance(const kith_partition_options *o) {
  double levels = ceil(log2((double)o->parts));
  return (real_t)pow(o->imbalance, 1 / (levels > 1 ? levels : 1));
}

/* n_user: the first nodes, which are balanced, too, if the job says so; to, entry_weight [entries]: in
 * METIS's numbers; entry_weight null: 1. */
static kith_status metis_call(const partition_graph *g, const kith_partition_options *o, int64_t n_user,
                              idx_t *to, idx_t *entry_weight, idx_t *part) {
  kith_status st = KITH_OK;
  idx_t *start = NULL, *weight = NULL, options[METIS_NOPTIONS], n = (idx_t)g->n, parts = o->parts, cut = 0;
  idx_t n_constraint = o->balance == KITH_PARTITION_USERS && n_user > 0 ? 2 : 1;
  real_t tolerance[2] = {metis_level_imbalance(o), metis_level_imbalance(o)};
  KITH_TRY(metis_arrays(g, n_constraint, n_user, &start, &weight));
  METIS_SetDefaultOptions(options);
  options[METIS_OPTION_SEED] = (idx_t)(o->seed & INT32_MAX);
  options[METIS_OPTION_NUMBERING] = 0;
  int code = METIS_PartGraphRecursive(&n, &n_constraint, start, to, weight, NULL, entry_weight, &parts, NULL,
                                      tolerance, options, &cut, part);
  KITH_CHECK(code != METIS_ERROR_MEMORY, KITH_ENOMEM, "METIS: no memory for %lld nodes in %d parts",
             (long long)g->n, o->parts);
  /* While it works METIS keeps SIGTERM for itself, and gives up when it comes. */
  KITH_CHECK(code != METIS_ERROR, KITH_EINTERRUPT,
             "METIS: gave up on cutting %lld nodes into %d parts, as it does on SIGTERM; run again",
             (long long)g->n, o->parts);
  KITH_CHECK(code == METIS_OK, KITH_ECONFIG, "METIS: cannot cut %lld nodes into %d parts (code %d)",
             (long long)g->n, o->parts, code);
done:
  KITH_FREE(start);
  KITH_FREE(weight);
  return st;
}

#if IDXTYPEWIDTH == 32
static kith_status metis_run(partition_graph *g, const kith_partition_options *o, int64_t n_user,
                             int32_t *part) {
  return metis_call(g, o, n_user, (idx_t *)g->to, g->weight, part);
}
#else
/* By way of copies in METIS's wider numbers. */
static kith_status metis_run(const partition_graph *g, const kith_partition_options *o, int64_t n_user,
                             int32_t *part) {
  kith_status st = KITH_OK;
  idx_t *to = NULL, *weight = NULL, *wide = NULL;
  KITH_TRY(KITH_NEW(to, g->start[g->n]));
  KITH_TRY(KITH_NEW(wide, g->n));
  if (g->weight) KITH_TRY(KITH_NEW(weight, g->start[g->n]));
  for (int64_t e = 0; e < g->start[g->n]; e++) to[e] = (idx_t)g->to[e];
  for (int64_t e = 0; weight && e < g->start[g->n]; e++) weight[e] = g->weight[e];
  KITH_TRY(metis_call(g, o, n_user, to, weight, wide));
  for (int64_t i = 0; i < g->n; i++) part[i] = (int32_t)wide[i];
done:
  KITH_FREE(to);
  KITH_FREE(weight);
  KITH_FREE(wide);
  return st;
}
#endif

kith_status kith__partition_metis(const kith_dataset *d, const kith_partition_options *o, int32_t *part) {
  kith_status st = KITH_OK;
  partition_graph g = {0};
  int weight[KITH_MAX_RELATIONS] = {0};
  kith__partition_weights(d, o, weight);
  KITH_TRY(metis_check_size(d, weight));
  bool tiny = kith__partition_n_cut(d, weight) < 4 * (int64_t)o->parts ||
              d->n_edge + kith__partition_n_entry(d, weight) == 0;
  if (o->parts == 1 || tiny) { /* nothing to bisect: METIS would stumble */
    KITH_TRY(kith__partition_contiguous(d, o, part));
    goto done;
  }
  KITH_TRY(kith__partition_union(d, weight, &g));
  KITH_TRY(metis_check_weights(&g));
  KITH_TRY(metis_run(&g, o, d->n_class == 0 ? d->n[KITH_USER] : 0, part));
  kith__partition_deal_rest(d, o, g.n, part);
done:
  kith__partition_graph_free(&g);
  return st;
}
