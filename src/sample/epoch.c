/*
 * The order of an epoch: a keyed permutation, of which each rank works out the places of its own edges.
 * Of clusters it is a permutation of the parts; a step's parts stand in the order of their numbers, and so do
 * their pairs.
 */
#include <stdlib.h>

#include "sample/parts.h"

/* Pairs of an owned user: none of one who is saturated. */
static kith_eid epoch_pairs_of(const kith_epoch *e, kith_lid u) {
  kith_lid row = e->g->row_of[KITH_USER][u];
  return e->saturated && e->saturated->own[u] ? 0 : e->g->start[row + 1] - e->g->start[row];
}

static kith_eid epoch_pairs(const kith_graph *g, const kith_saturated *saturated) {
  return g->n_edge - (saturated ? saturated->n_pair : 0);
}

static kith_status epoch_make(const kith_graph *g, const kith_epoch *made, kith_epoch **out) {
  kith_status st = KITH_OK;
  kith_epoch *e = NULL;
  kith_eid n_own = 0;
  *out = NULL;
  for (kith_lid u = 0; u < g->n_own_of[KITH_USER]; u++) n_own += epoch_pairs_of(made, u);
  KITH_TRY(KITH_NEW(e, 1));
  *e = *made;
  KITH_TRY(KITH_NEW(e->first, e->n_step + 2));
  KITH_TRY(KITH_NEW(e->place_first, e->n_step + 1));
  KITH_TRY(KITH_NEW(e->part_pair, e->clusters > 0 ? g->n_part : 0));
  KITH_TRY(KITH_NEW(e->part_step, e->n_part * e->rounds));
  KITH_TRY(KITH_NEW(e->part_place, e->n_part * e->rounds));
  KITH_TRY(KITH_NEW(e->seeds, n_own));
  *out = e;
  e = NULL;
done:
  kith_epoch_destroy(&e);
  return st;
}

kith_status kith_epoch_create(const kith_graph *g, const kith_saturated *saturated, int batch, uint64_t seed,
                              kith_epoch **out) {
  kith_eid n = epoch_pairs(g, saturated);
  kith_epoch made = {.g = g,
                     .saturated = saturated,
                     .n_pair = n,
                     .batch = batch,
                     .seed = seed,
                     .n_step = (n + batch - 1) / batch,
                     .most = batch};
  kith_status st = epoch_make(g, &made, out);
  for (int64_t s = 0; st == KITH_OK && s <= made.n_step; s++)
    (*out)->place_first[s] = s < made.n_step ? s * batch : n;
  return st;
}

/* Pairs that a part of `n` brings to a round: place i of its permutation belongs to round i mod rounds. */
static int64_t epoch_share(const kith_epoch *e, int64_t n, int64_t round) {
  return (n + e->rounds - 1 - round) / e->rounds;
}

/* Pairs of as many of the largest parts as a step has. */
static kith_status epoch_most(kith_epoch *e) {
  kith_status st = KITH_OK;
  int64_t *share = NULL;
  KITH_TRY(KITH_NEW(share, e->g->n_part));
  for (int p = 0; p < e->g->n_part; p++) share[p] = epoch_share(e, e->part_pair[p], 0);
  e->most = kith__largest_parts(e->g->n_part, share, e->clusters);
  KITH_CHECK(e->most < INT32_MAX, KITH_ECONFIG,
             "sampler.clusters: %d parts may have %lld pairs in a step; cut the graph into more parts, or "
             "take fewer",
             e->clusters, (long long)e->most);
done:
  KITH_FREE(share);
  return st;
}

/* The part of an owned row. */
static int epoch_part(const kith_epoch *e, kith_lid row) {
  return kith_owner(e->g->n_part, e->g->part_first, e->low + row);
}

/* The parts that begin at numbers of this rank; empty ones belong to any. */
static void epoch_own_parts(const kith_comm *comm, const kith_graph *g, kith_epoch *e) {
  e->low = g->first[comm->rank];
  while (e->part_low < g->n_part && g->part_first[e->part_low] < e->low) e->part_low++;
  while (e->part_low + e->n_part < g->n_part &&
         g->part_first[e->part_low + e->n_part] < g->first[comm->rank + 1])
    e->n_part++;
}

kith_agreed kith_epoch_create_clusters(const kith_comm *comm, const kith_graph *g,
                                       const kith_saturated *saturated, int batch, int clusters,
                                       uint64_t seed, kith_epoch **out) {
  kith_agreed st = {KITH_OK};
  if (clusters > g->n_part) clusters = g->n_part;
  kith_eid n = epoch_pairs(g, saturated);
  int64_t steps = kith_cluster_steps(g->n_part, clusters), rounds = (n + steps * batch / 2) / (steps * batch);
  kith_epoch made = {.g = g,
                     .saturated = saturated,
                     .n_pair = n,
                     .batch = batch,
                     .clusters = clusters,
                     .rounds = rounds > 0 ? rounds : 1,
                     .seed = seed};
  made.n_step = made.rounds * steps;
  epoch_own_parts(comm, g, &made);
  KITH_TRY(kith_agree(comm, epoch_make(g, &made, out)));
  for (kith_lid u = 0; u < g->n_own_of[KITH_USER]; u++)
    (*out)->part_pair[epoch_part(*out, g->row_of[KITH_USER][u])] += epoch_pairs_of(*out, u);
  kith_comm_sum_int(comm, g->n_part, (*out)->part_pair);
  KITH_TRY(kith_agree(comm, epoch_most(*out)));
done:
  if (kith_is_bad(st)) kith_epoch_destroy(out);
  return st;
}

void kith_epoch_destroy(kith_epoch **epoch) {
  if (!*epoch) return;
  KITH_FREE((*epoch)->first);
  KITH_FREE((*epoch)->place_first);
  KITH_FREE((*epoch)->part_pair);
  KITH_FREE((*epoch)->part_step);
  KITH_FREE((*epoch)->part_place);
  KITH_FREE((*epoch)->seeds);
  KITH_FREE(*epoch);
}

kith_eid kith_seed_edge(const kith_graph *g, const kith_seed *s) {
  kith_lid row = g->row_of[KITH_USER][s->user];
  return g->edge[row] + (s->at - g->start[row]);
}

static int epoch_compare(const void *a, const void *b) {
  int64_t x = ((const kith_seed *)a)->place, y = ((const kith_seed *)b)->place;
  return (x > y) - (x < y);
}

/* Counting sort by step: first[s + 2] counts step s, then first[s + 1] is where the next seed of step s goes.
 */
static void epoch_shuffle(kith_epoch *e, int pass) {
  const kith_graph *g = e->g;
  kith_permutation order =
      kith_permutation_make(e->seed, KITH_RNG_SHUFFLE, (uint64_t)e->epoch, (uint64_t)e->n_pair);
  for (kith_lid u = 0; u < g->n_own_of[KITH_USER]; u++) {
    kith_lid row = g->row_of[KITH_USER][u];
    kith_eid before = kith_saturated_before(e->saturated, g->edge[row]),
             end = g->start[row] + epoch_pairs_of(e, u);
    for (kith_eid at = g->start[row]; at < end; at++) {
      kith_seed s = {.at = at, .user = u};
      s.place = (int64_t)kith_permutation_inverse(&order, (uint64_t)(kith_seed_edge(g, &s) - before));
      if (pass == 0) e->first[s.place / e->batch + 2]++;
      else e->seeds[e->first[s.place / e->batch + 1]++] = s;
    }
  }
}

/* The pairs of part `part`, whose users are u, u + 1, … here: each has a place in the part's permutation,
 * which says its round. */
static void epoch_shuffle_part(kith_epoch *e, int pass, int part, kith_lid u) {
  const kith_graph *g = e->g;
  kith_permutation order =
      kith_permutation_make(e->seed, KITH_RNG_SHUFFLE, (uint64_t)(e->epoch * g->n_part + part),
                            (uint64_t)e->part_pair[part]);
  const int64_t *step_of = e->part_step + (part - e->part_low) * e->rounds,
                *first = e->part_place + (part - e->part_low) * e->rounds;
  int64_t n = 0;
  if (e->part_pair[part] == 0) return;
  for (; u < g->n_own_of[KITH_USER] && epoch_part(e, g->row_of[KITH_USER][u]) == part; u++) {
    kith_lid row = g->row_of[KITH_USER][u];
    kith_eid end = g->start[row] + epoch_pairs_of(e, u);
    for (kith_eid at = g->start[row]; at < end; at++, n++) {
      int64_t place = (int64_t)kith_permutation_inverse(&order, (uint64_t)n), round = place % e->rounds,
              step = step_of[round];
      if (pass == 0) e->first[step + 2]++;
      else
        e->seeds[e->first[step + 1]++] =
            (kith_seed){.at = at, .user = u, .place = first[round] + place / e->rounds};
    }
  }
}

static void epoch_shuffle_clusters(kith_epoch *e, int pass) {
  for (kith_lid u = 0, part = -1; u < e->g->n_own_of[KITH_USER]; u++) {
    if (epoch_part(e, e->g->row_of[KITH_USER][u]) == part) continue;
    part = epoch_part(e, e->g->row_of[KITH_USER][u]);
    epoch_shuffle_part(e, pass, part, u);
  }
}

/*
 * The steps of a round from the `first`-th of the epoch on, each of the pairs of its parts, which stand in
 * the order of their numbers: place_first[s + 1] counts the pairs of step s, so that a part's first place
 * within its step is what has been counted before it.
 */
static void epoch_place_round(kith_epoch *e, int64_t round, int64_t first) {
  kith_permutation order = kith_cluster_order(e->seed, e->epoch * e->rounds + round, e->g->n_part);
  for (int p = 0; p < e->g->n_part; p++) {
    int64_t step = first + (int64_t)kith_permutation_inverse(&order, (uint64_t)p) / e->clusters,
            at = (p - e->part_low) * e->rounds + round;
    if (p >= e->part_low && p < e->part_low + e->n_part) {
      e->part_step[at] = step;
      e->part_place[at] = e->place_first[step + 1];
    }
    e->place_first[step + 1] += epoch_share(e, e->part_pair[p], round);
  }
}

static void epoch_place_clusters(kith_epoch *e) {
  int64_t steps = kith_cluster_steps(e->g->n_part, e->clusters);
  for (int64_t s = 0; s <= e->n_step; s++) e->place_first[s] = 0;
  for (int64_t round = 0; round < e->rounds; round++) epoch_place_round(e, round, round * steps);
  for (int64_t s = 0; s < e->n_step; s++) e->place_first[s + 1] += e->place_first[s];
  for (int64_t i = 0; i < e->n_part * e->rounds; i++) e->part_place[i] += e->place_first[e->part_step[i]];
}

void kith_epoch_begin(kith_epoch *e, int64_t number) {
  e->epoch = number;
  if (e->clusters > 0) epoch_place_clusters(e);
  for (int64_t s = 0; s < e->n_step + 2; s++) e->first[s] = 0;
  for (int pass = 0; pass < 2; pass++) {
    if (e->clusters > 0) epoch_shuffle_clusters(e, pass);
    else epoch_shuffle(e, pass);
    if (pass == 0)
      for (int64_t s = 2; s < e->n_step + 2; s++) e->first[s] += e->first[s - 1];
  }
#pragma omp parallel for schedule(dynamic, 8)
  for (int64_t s = 0; s < e->n_step; s++)
    qsort(e->seeds + e->first[s], (size_t)(e->first[s + 1] - e->first[s]), sizeof *e->seeds, epoch_compare);
}

int64_t kith_epoch_pairs(const kith_epoch *e, int64_t step) {
  return e->place_first[step + 1] - e->place_first[step];
}
