/*
 * Checks over the shares of all ranks: rows that two ranks own, and edges stored at one end only, cannot be
 * found in one rank's slice.
 *
 * Multisets that must be equal are compared by sums of hashes modulo 2^64, which do not depend on the order.
 */
#include "base/order.h"
#include "store/parts_check.h"

/* Hash of an ordered pair. */
static uint64_t check_hash(uint64_t seed, uint64_t a, uint64_t b) {
  return kith_mix(kith_mix(kith_mix(seed) + a) + b);
}

/* ---- this rank's summands ---- */

/* Seed of an entry's hash: what is known of its edge. */
static uint64_t check_seed(const kith_graph *g, const kith_adjacency *a, kith_eid e) {
  union {
    float real;
    uint32_t bits;
  } weight = {.real = a->weight ? a->weight[e] : 0};
  uint64_t seed = g->fingerprint ^ weight.bits;
  if (a->time) seed = kith_mix(seed) + (uint64_t)a->time[e];
  if (a->kind) seed = kith_mix(seed) + a->kind[e];
  if (a->overlap) seed = kith_mix(seed) + (uint64_t)a->overlap[e];
  return seed;
}

/* Hashes of the entries as (row, neighbor), or as (neighbor, row). */
static uint64_t check_entries(const kith_graph *g, kith_gid low, const kith_adjacency *a, bool transpose) {
  uint64_t sum = 0;
  for (kith_lid i = 0; i < g->n_own; i++)
    for (kith_eid e = a->start[i]; e < a->start[i + 1]; e++) {
      uint64_t here = (uint64_t)(low + i), there = (uint64_t)a->neighbor[e];
      sum += check_hash(check_seed(g, a, e), transpose ? there : here, transpose ? here : there);
    }
  return sum;
}

/* 0 in total if b holds the entries of a by column; a itself: if each edge is stored at both ends. */
static uint64_t check_ends(const kith_graph *g, kith_gid low, const kith_adjacency *a,
                           const kith_adjacency *b) {
  return check_entries(g, low, a, false) - check_entries(g, low, b, true);
}

static uint64_t check_relation(const kith_graph *g, kith_gid low, int r) {
  bool directed = g->schema.relation[r].direction != KITH_DIRECTION_BOTH;
  return check_ends(g, low, &g->relation[r], directed ? &g->transpose[r] : &g->relation[r]);
}

/* Number of training indices of a row: its edges, if it is a user; classification: 1 for a training node. */
static int64_t check_n_index(const kith_graph *g, kith_lid i) {
  if (g->n_class > 0) return g->split[i] == KITH_NODE_TRAIN;
  return g->type[i] == KITH_USER ? g->start[i + 1] - g->start[i] : 0;
}

/* The first training edge of a user, or the index of a training node. */
static kith_eid check_first(const kith_graph *g, kith_lid i) {
  return g->n_class > 0 ? g->train_index[i] : g->first_edge[i];
}

/*
 * A row has consecutive training indices.  The rows tile 0 … n - 1 if and only if every end of a range is the
 * beginning of another, except 0 and n.  So hashes of ends minus hashes of beginnings must sum to h(n) -
 * h(0).
 */
static uint64_t check_indices(const kith_graph *g) {
  uint64_t sum = 0;
  for (kith_lid i = 0; i < g->n_own; i++) {
    int64_t n = check_n_index(g, i);
    if (n > 0)
      sum += check_hash(g->fingerprint, (uint64_t)(check_first(g, i) + n), 1) -
             check_hash(g->fingerprint, (uint64_t)check_first(g, i), 1);
  }
  return sum;
}

static int64_t check_count(const kith_graph *g) {
  int64_t n = 0;
  for (kith_lid i = 0; i < g->n_own; i++) n += check_n_index(g, i);
  return n;
}

/* ---- local checks ---- */

static kith_status check_own(const kith_graph *g, const char *path, int64_t n_index) {
  kith_status st = KITH_OK;
  for (kith_lid i = 0; i < g->n_own; i++) {
    int64_t n = check_n_index(g, i), most = g->n[g->type[i]];
    KITH_CHECK(g->original[i] >= 0 && g->original[i] < most, KITH_EDATA,
               "%s: node/original holds %lld, expected 0 to %lld", path, (long long)g->original[i],
               (long long)most - 1);
    KITH_CHECK(n == 0 || (check_first(g, i) >= 0 && check_first(g, i) <= n_index - n), KITH_EDATA,
               "%s: a row's %lld training %s begin at index %lld of %lld", path, (long long)n,
               g->n_class > 0 ? "nodes" : "interactions", (long long)check_first(g, i), (long long)n_index);
  }
done:
  return st;
}

/* The sums over all ranks: number of training indices, their hashes, ends of interactions, ends of each
 * relation. */
enum { CHECK_COUNT, CHECK_INDICES, CHECK_EDGES, CHECK_RELATIONS };

static kith_status check_sums(const kith_graph *g, const char *path, int64_t n_index, const int64_t *sum) {
  kith_status st = KITH_OK;
  uint64_t indices =
      n_index > 0 ? check_hash(g->fingerprint, (uint64_t)n_index, 1) - check_hash(g->fingerprint, 0, 1) : 0;
  KITH_CHECK(sum[CHECK_COUNT] == n_index && (uint64_t)sum[CHECK_INDICES] == indices, KITH_EDATA,
             "%s: the indices of training %s are not 0 to %lld, each once; run kith partition again", path,
             g->n_class > 0 ? "nodes" : "interactions", (long long)n_index - 1);
  KITH_CHECK(sum[CHECK_EDGES] == 0, KITH_EDATA,
             "%s: some edge is stored at one end only; run kith partition again", path);
  for (int r = 0; r < g->schema.n_relation; r++)
    KITH_CHECK(sum[CHECK_RELATIONS + r] == 0, KITH_EDATA,
               "%s: some edge of the relation %s is stored at one end only; run kith partition again", path,
               g->schema.relation[r].name);
done:
  return st;
}

kith_agreed kith__parts_check(const kith_comm *comm, const kith_graph *g, const char *path) {
  kith_agreed st = {KITH_OK};
  kith_redistribution *rows = NULL;
  int64_t n_index = g->n_class > 0 ? g->n_train : g->n_edge;
  int64_t sum[CHECK_RELATIONS + KITH_MAX_RELATIONS];
  kith_gid low = g->first[comm->rank];
  const kith_adjacency edges = {.start = g->start, .neighbor = g->neighbor, .weight = g->weight};
  KITH_TRY(kith_agree(comm, check_own(g, path, n_index)));
  sum[CHECK_COUNT] = check_count(g);
  sum[CHECK_INDICES] = (int64_t)check_indices(g);
  sum[CHECK_EDGES] = (int64_t)check_ends(g, low, &edges, &edges);
  for (int r = 0; r < g->schema.n_relation; r++)
    sum[CHECK_RELATIONS + r] = (int64_t)check_relation(g, low, r);
  kith_comm_sum_int(comm, CHECK_RELATIONS + g->schema.n_relation, sum);
  KITH_TRY(kith_agreed_same(check_sums(g, path, n_index, sum)));
  st = kith_redistribution_create(comm, g, &rows); /* fails if original numbers are not unique */
  if (kith_is_bad(st)) st = kith_agreed_same(kith_fail(st.status, "%s: %s", path, kith_error_text()));
done:
  kith_redistribution_destroy(&rows);
  return st;
}

/* NOLINTNEXTLINE(readability-non-const-parameter): a member of kith_adjacency */
kith_agreed kith__parts_check_times(const kith_comm *comm, const kith_graph *g, int64_t *time,
                                    const char *path) {
  const kith_adjacency timed = {.start = g->start, .neighbor = g->neighbor, .time = time};
  int64_t sum = (int64_t)check_ends(g, g->first[comm->rank], &timed, &timed);
  kith_comm_sum_int(comm, 1, &sum);
  if (sum == 0) return (kith_agreed){KITH_OK};
  return kith_agreed_same(kith_fail(KITH_EDATA,
                                    "%s: train/time differs between the two ends of some interaction; run "
                                    "kith partition again",
                                    path));
}

kith_agreed kith__parts_check_new(const kith_comm *comm, const kith_graph *g, const int8_t *is_new,
                                  const char *path) {
  int64_t sum = 0;
  for (kith_lid i = 0; i < g->n_own; i++)
    for (kith_eid e = g->start[i]; e < g->start[i + 1]; e++) {
      uint64_t here = (uint64_t)(g->first[comm->rank] + i), there = (uint64_t)g->neighbor[e];
      if (is_new[e])
        sum += (int64_t)(check_hash(g->fingerprint, here, there) - check_hash(g->fingerprint, there, here));
    }
  kith_comm_sum_int(comm, 1, &sum);
  if (sum == 0) return (kith_agreed){KITH_OK};
  return kith_agreed_same(kith_fail(KITH_EDATA,
                                    "%s: train/new differs between the two ends of some interaction; run "
                                    "kith partition again",
                                    path));
}
