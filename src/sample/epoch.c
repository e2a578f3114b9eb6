/*
 * The order of an epoch: a keyed permutation, of which each rank works out the places of its own edges.
 * Of clusters it is a permutation of the parts; a step's parts stand in the order of their numbers, and so do their pairs.
 */
#include <stdlib.h>

#include "sample/parts.h"

static kith_status epoch_make(const kith_graph *g, const kith_epoch *made, kith_epoch **out) {
  kith_status st = KITH_OK;
  kith_epoch *e = NULL;
  kith_eid n_own = 0;
  *out = NULL;
  for (kith_lid u = 0; u < g->n_own_of[KITH_USER]; u++) {
    kith_lid row = g->row_of[KITH_USER][u];
    n_own += g->start[row + 1] - g->start[row];
  }
  KITH_TRY(KITH_NEW(e, 1));
  *e = *made;
  KITH_TRY(KITH_NEW(e->first, e->n_step + 2));
  KITH_TRY(KITH_NEW(e->place_first, e->n_step + 1));
  KITH_TRY(KITH_NEW(e->part_pair, e->clusters > 0 ? g->n_part : 0));
  KITH_TRY(KITH_NEW(e->round_step, e->rounds));
  KITH_TRY(KITH_NEW(e->round_first, e->rounds));
  KITH_TRY(KITH_NEW(e->seeds, n_own));
  *out = e;
  e = NULL;
done:
  kith_epoch_destroy(&e);
  return st;
}

kith_status kith_epoch_create(const kith_graph *g, int batch, uint64_t seed, kith_epoch **out) {
  kith_epoch made = {.g = g, .batch = batch, .seed = seed, .n_step = (g->n_edge + batch - 1) / batch, .most = batch};
  kith_status st = epoch_make(g, &made, out);
  for (int64_t s = 0; st == KITH_OK && s <= made.n_step; s++) (*out)->place_first[s] = s < made.n_step ? s * batch : g->n_edge;
  return st;
}

/* Pairs that a part of `n` brings to a round: place i of its permutation belongs to round i mod rounds. */
static int64_t epoch_share(const kith_epoch *e, int64_t n, int64_t round) { return (n + e->rounds - 1 - round) / e->rounds; }

/* Pairs of as many of the largest parts as a step has. */
static kith_status epoch_most(kith_epoch *e) {
  kith_status st = KITH_OK;
  int64_t *share = NULL;
  KITH_TRY(KITH_NEW(share, e->g->n_part));
  for (int p = 0; p < e->g->n_part; p++) share[p] = epoch_share(e, e->part_pair[p], 0);
  e->most = kith__largest_parts(e->g->n_part, share, e->clusters);
  KITH_CHECK(e->most < INT32_MAX, KITH_ECONFIG, "train.clusters: %d parts may have %lld pairs in a step; cut the graph into more parts, or take fewer", e->clusters, (long long)e->most);
done:
  KITH_FREE(share);
  return st;
}

/* The part of an owned row. */
static int epoch_part(const kith_epoch *e, kith_lid row) { return kith_owner(e->g->n_part, e->g->part_first, e->low + row); }

kith_agreed kith_epoch_create_clusters(const kith_comm *comm, const kith_graph *g, int batch, int clusters, uint64_t seed, kith_epoch **out) {
  kith_agreed st = {KITH_OK};
  if (clusters > g->n_part) clusters = g->n_part;
  int64_t steps = kith_cluster_steps(g->n_part, clusters), rounds = (g->n_edge + steps * batch / 2) / (steps * batch);
  kith_epoch made = {.g = g, .batch = batch, .clusters = clusters, .rounds = rounds > 0 ? rounds : 1, .seed = seed, .low = g->first[comm->rank]};
  made.n_step = made.rounds * steps;
  KITH_TRY(kith_agree(comm, epoch_make(g, &made, out)));
  for (kith_lid u = 0; u < g->n_own_of[KITH_USER]; u++) {
    kith_lid row = g->row_of[KITH_USER][u];
    (*out)->part_pair[epoch_part(*out, row)] += g->start[row + 1] - g->start[row];
  }
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
  KITH_FREE((*epoch)->round_step);
  KITH_FREE((*epoch)->round_first);
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

/* Counting sort by step: first[s + 2] counts step s, then first[s + 1] is where the next seed of step s goes. */
static void epoch_shuffle(kith_epoch *e, int pass) {
  const kith_graph *g = e->g;
  kith_shuffle order = kith_shuffle_make(e->seed, KITH_USE_SHUFFLE, (uint64_t)e->epoch, (uint64_t)g->n_edge);
  for (kith_lid u = 0; u < g->n_own_of[KITH_USER]; u++) {
    kith_lid row = g->row_of[KITH_USER][u];
    for (kith_eid at = g->start[row]; at < g->start[row + 1]; at++) {
      kith_seed s = {.at = at, .user = u};
      s.place = (int64_t)kith_shuffle_place(&order, (uint64_t)kith_seed_edge(g, &s));
      if (pass == 0) e->first[s.place / e->batch + 2]++;
      else e->seeds[e->first[s.place / e->batch + 1]++] = s;
    }
  }
}

/* The step of the epoch in which a part comes in a round. */
static int64_t epoch_step_of(const kith_epoch *e, int64_t round, int part) {
  return round * kith_cluster_steps(e->g->n_part, e->clusters) + kith_cluster_step(e->seed, e->epoch * e->rounds + round, e->g->n_part, e->clusters, part);
}

/* Place of a part's first pair of a round: behind those of lower parts in the same step. */
static int64_t epoch_part_first(const kith_epoch *e, int64_t round, int part) {
  int64_t step = epoch_step_of(e, round, part), place = e->place_first[step];
  for (int p = 0; p < part; p++) place += epoch_step_of(e, round, p) == step ? epoch_share(e, e->part_pair[p], round) : 0;
  return place;
}

/* The pairs of part `part`, whose users are u, u + 1, … here: each has a place in the part's permutation, which says its round. */
static void epoch_shuffle_part(kith_epoch *e, int pass, int part, kith_lid u) {
  const kith_graph *g = e->g;
  kith_shuffle order = kith_shuffle_make(e->seed, KITH_USE_SHUFFLE, (uint64_t)(e->epoch * g->n_part + part), (uint64_t)e->part_pair[part]);
  int64_t n = 0;
  if (e->part_pair[part] == 0) return;
  for (int64_t round = 0; round < e->rounds; round++) {
    e->round_step[round] = epoch_step_of(e, round, part);
    e->round_first[round] = pass == 0 ? 0 : epoch_part_first(e, round, part);
  }
  for (; u < g->n_own_of[KITH_USER] && epoch_part(e, g->row_of[KITH_USER][u]) == part; u++) {
    kith_lid row = g->row_of[KITH_USER][u];
    for (kith_eid at = g->start[row]; at < g->start[row + 1]; at++, n++) {
      int64_t place = (int64_t)kith_shuffle_place(&order, (uint64_t)n), step = e->round_step[place % e->rounds];
      if (pass == 0) e->first[step + 2]++;
      else e->seeds[e->first[step + 1]++] = (kith_seed){.at = at, .user = u, .place = e->round_first[place % e->rounds] + place / e->rounds};
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

static void epoch_place_clusters(kith_epoch *e) {
  for (int64_t s = 0; s <= e->n_step; s++) e->place_first[s] = 0;
  for (int64_t round = 0; round < e->rounds; round++)
    for (int p = 0; p < e->g->n_part; p++) e->place_first[epoch_step_of(e, round, p) + 1] += epoch_share(e, e->part_pair[p], round);
  for (int64_t s = 0; s < e->n_step; s++) e->place_first[s + 1] += e->place_first[s];
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

int64_t kith_epoch_pairs(const kith_epoch *e, int64_t step) { return e->place_first[step + 1] - e->place_first[step]; }
