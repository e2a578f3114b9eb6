/*
 * The order of an epoch: a keyed permutation, of which each rank computes the positions of its own edges.
 * With clusters it permutes the parts; the edges of a step are sorted by part.
 */
#include <stdlib.h>

#include "sample/cluster_order.h"

/* Edges of an owned user; 0 if the user is saturated. */
static kith_eid edge_order_user_pairs(const kith_edge_order *e, kith_lid u) {
  kith_lid row = e->g->row_of[KITH_USER][u];
  return e->saturated && e->saturated->is_saturated[u] ? 0 : e->g->start[row + 1] - e->g->start[row];
}

static kith_eid edge_order_count_pairs(const kith_graph *g, const kith_saturated_users *saturated) {
  return g->n_edge - (saturated ? saturated->n_pair : 0);
}

static kith_status edge_order_make(const kith_graph *g, const kith_edge_order *made, kith_edge_order **out) {
  kith_status st = KITH_OK;
  kith_edge_order *e = NULL;
  kith_eid n_own = 0;
  *out = NULL;
  for (kith_lid u = 0; u < g->n_own_of[KITH_USER]; u++) n_own += edge_order_user_pairs(made, u);
  KITH_TRY(KITH_NEW(e, 1));
  *e = *made;
  KITH_TRY(KITH_NEW(e->own_start, e->n_step + 2));
  KITH_TRY(KITH_NEW(e->step_start, e->n_step + 1));
  KITH_TRY(KITH_NEW(e->part_pair, e->clusters > 0 ? g->n_part : 0));
  KITH_TRY(KITH_NEW(e->part_step, e->n_own_part * e->rounds));
  KITH_TRY(KITH_NEW(e->part_position, e->n_own_part * e->rounds));
  KITH_TRY(KITH_NEW(e->edges, n_own));
  *out = e;
  e = NULL;
done:
  kith_edge_order_destroy(&e);
  return st;
}

int64_t kith_edge_order_bytes(int64_t n_pair, int64_t n_step) {
  const kith_edge_order *e = NULL;
  return KITH_BYTES(e, 1) + KITH_BYTES(e->own_start, n_step + 2) + KITH_BYTES(e->step_start, n_step + 1) +
         KITH_BYTES(e->edges, n_pair);
}

kith_status kith_edge_order_create(const kith_graph *g, const kith_saturated_users *saturated, int batch,
                                   uint64_t rng_seed, kith_edge_order **out) {
  return kith_edge_order_create_replay(g, saturated, NULL, batch, rng_seed, out);
}

kith_status kith_edge_order_create_replay(const kith_graph *g, const kith_saturated_users *saturated,
                                          const kith_replay *replay, int batch, uint64_t rng_seed,
                                          kith_edge_order **out) {
  kith_eid n = replay ? replay->n_new + replay->n_draw : edge_order_count_pairs(g, saturated);
  kith_edge_order made = {.g = g,
                          .saturated = saturated,
                          .replay = replay,
                          .n_pair = n,
                          .batch = batch,
                          .rng_seed = rng_seed,
                          .n_step = (n + batch - 1) / batch,
                          .max_pairs = batch};
  kith_status st = edge_order_make(g, &made, out);
  for (int64_t s = 0; st == KITH_OK && s <= made.n_step; s++)
    (*out)->step_start[s] = s < made.n_step ? s * batch : n;
  return st;
}

/* Edges of a part with `n` edges in a round: position i of its permutation belongs to round i mod rounds. */
static int64_t edge_order_part_share(const kith_edge_order *e, int64_t n, int64_t round) {
  return (n + e->rounds - 1 - round) / e->rounds;
}

/* An upper bound of a step's edges: those of the largest parts. */
static kith_status edge_order_max_pairs(kith_edge_order *e) {
  kith_status st = KITH_OK;
  int64_t *share = NULL;
  KITH_TRY(KITH_NEW(share, e->g->n_part));
  for (int p = 0; p < e->g->n_part; p++) share[p] = edge_order_part_share(e, e->part_pair[p], 0);
  e->max_pairs = kith__sum_of_largest(e->g->n_part, share, e->clusters);
  KITH_CHECK(e->max_pairs < INT32_MAX, KITH_ECONFIG,
             "sampler.clusters: %d parts may have %lld pairs in a step; cut the graph into more parts, or "
             "take fewer",
             e->clusters, (long long)e->max_pairs);
done:
  KITH_FREE(share);
  return st;
}

/* The part of an owned row. */
static int edge_order_part_of(const kith_edge_order *e, kith_lid row) {
  return kith_owner(e->g->n_part, e->g->part_first, e->first_gid + row);
}

/* The parts whose first global id this rank owns; an empty part may belong to any rank. */
static void edge_order_find_own_parts(const kith_comm *comm, const kith_graph *g, kith_edge_order *e) {
  e->first_gid = g->first[comm->rank];
  while (e->first_part < g->n_part && g->part_first[e->first_part] < e->first_gid) e->first_part++;
  while (e->first_part + e->n_own_part < g->n_part &&
         g->part_first[e->first_part + e->n_own_part] < g->first[comm->rank + 1])
    e->n_own_part++;
}

kith_agreed kith_edge_order_create_clusters(const kith_comm *comm, const kith_graph *g,
                                            const kith_saturated_users *saturated, int batch, int clusters,
                                            uint64_t rng_seed, kith_edge_order **out) {
  kith_agreed st = {KITH_OK};
  if (clusters > g->n_part) clusters = g->n_part;
  kith_eid n = edge_order_count_pairs(g, saturated);
  int64_t steps = kith_cluster_steps_per_round(g->n_part, clusters),
          rounds = (n + steps * batch / 2) / (steps * batch);
  kith_edge_order made = {.g = g,
                          .saturated = saturated,
                          .n_pair = n,
                          .batch = batch,
                          .clusters = clusters,
                          .rounds = rounds > 0 ? rounds : 1,
                          .rng_seed = rng_seed};
  made.n_step = made.rounds * steps;
  edge_order_find_own_parts(comm, g, &made);
  KITH_TRY(kith_agree(comm, edge_order_make(g, &made, out)));
  for (kith_lid u = 0; u < g->n_own_of[KITH_USER]; u++)
    (*out)->part_pair[edge_order_part_of(*out, g->row_of[KITH_USER][u])] += edge_order_user_pairs(*out, u);
  kith_comm_sum_int(comm, g->n_part, (*out)->part_pair);
  KITH_TRY(kith_agree(comm, edge_order_max_pairs(*out)));
done:
  if (kith_is_bad(st)) kith_edge_order_destroy(out);
  return st;
}

void kith_edge_order_destroy(kith_edge_order **order) {
  if (!*order) return;
  KITH_FREE((*order)->own_start);
  KITH_FREE((*order)->step_start);
  KITH_FREE((*order)->part_pair);
  KITH_FREE((*order)->part_step);
  KITH_FREE((*order)->part_position);
  KITH_FREE((*order)->edges);
  KITH_FREE(*order);
}

kith_eid kith_train_edge_id(const kith_graph *g, const kith_train_edge *s) {
  kith_lid row = g->row_of[KITH_USER][s->user];
  return g->first_edge[row] + (s->local_edge - g->start[row]);
}

static int edge_order_compare(const void *a, const void *b) {
  int64_t x = ((const kith_train_edge *)a)->position, y = ((const kith_train_edge *)b)->position;
  return (x > y) - (x < y);
}

/* Counting sort by step: in pass 0 own_start[s + 2] counts step s; in pass 1 own_start[s + 1] is the index of
 * its next edge. */
static void edge_order_put(kith_edge_order *e, int pass, const kith_train_edge *s) {
  int64_t step = s->position / e->batch;
  if (pass == 0) e->own_start[step + 2]++;
  else e->edges[e->own_start[step + 1]++] = *s;
}

/* New edges have the numbers before n_new; old ones those behind them in the order in which they are drawn,
 * so that the first n_draw of them are in the epoch. */
static void edge_order_shuffle_replay(kith_edge_order *e, int pass) {
  const kith_graph *g = e->g;
  const kith_replay *r = e->replay;
  kith_permutation order = kith_permutation_make(e->rng_seed, KITH_RNG_SHUFFLE, (uint64_t)e->epoch,
                                                 (uint64_t)e->n_pair),
                   drawn = kith_permutation_make(e->rng_seed, KITH_RNG_REPLAY, (uint64_t)e->epoch,
                                                 (uint64_t)r->n_old);
  for (kith_lid u = 0; u < g->n_own_of[KITH_USER]; u++) {
    kith_eid from = g->start[g->row_of[KITH_USER][u]], end = from + edge_order_user_pairs(e, u),
             n_new = r->new_before[u], n_old = r->old_before[u];
    for (kith_eid at = from; at < end; at++) {
      kith_eid number =
          g->is_new[at] ? n_new++ : r->n_new + (kith_eid)kith_permutation_inverse(&drawn, (uint64_t)n_old++);
      if (number >= e->n_pair) continue;
      const kith_train_edge s = {.local_edge = at,
                                 .user = u,
                                 .position = (int64_t)kith_permutation_inverse(&order, (uint64_t)number)};
      edge_order_put(e, pass, &s);
    }
  }
}

static void edge_order_shuffle(kith_edge_order *e, int pass) {
  const kith_graph *g = e->g;
  kith_permutation order =
      kith_permutation_make(e->rng_seed, KITH_RNG_SHUFFLE, (uint64_t)e->epoch, (uint64_t)e->n_pair);
  for (kith_lid u = 0; u < g->n_own_of[KITH_USER]; u++) {
    kith_lid row = g->row_of[KITH_USER][u];
    kith_eid before = kith_saturated_users_pairs_before(e->saturated, g->first_edge[row]),
             end = g->start[row] + edge_order_user_pairs(e, u);
    for (kith_eid at = g->start[row]; at < end; at++) {
      kith_train_edge s = {.local_edge = at, .user = u};
      s.position = (int64_t)kith_permutation_inverse(&order, (uint64_t)(kith_train_edge_id(g, &s) - before));
      edge_order_put(e, pass, &s);
    }
  }
}

/* The edges of a part, whose users here are u, u + 1, …: an edge's position in the part's permutation gives
 * its round. */
static void edge_order_shuffle_part(kith_edge_order *e, int pass, int part, kith_lid u) {
  const kith_graph *g = e->g;
  kith_permutation order =
      kith_permutation_make(e->rng_seed, KITH_RNG_SHUFFLE, (uint64_t)(e->epoch * g->n_part + part),
                            (uint64_t)e->part_pair[part]);
  const int64_t *step_of = e->part_step + (part - e->first_part) * e->rounds,
                *first = e->part_position + (part - e->first_part) * e->rounds;
  int64_t n = 0;
  if (e->part_pair[part] == 0) return;
  for (; u < g->n_own_of[KITH_USER] && edge_order_part_of(e, g->row_of[KITH_USER][u]) == part; u++) {
    kith_lid row = g->row_of[KITH_USER][u];
    kith_eid end = g->start[row] + edge_order_user_pairs(e, u);
    for (kith_eid at = g->start[row]; at < end; at++, n++) {
      if (n == e->part_pair[part]) kith_abort(__FILE__, __LINE__, "the number of training edges of a part");
      int64_t position = (int64_t)kith_permutation_inverse(&order, (uint64_t)n), round = position % e->rounds,
              step = step_of[round];
      if (pass == 0) e->own_start[step + 2]++;
      else
        e->edges[e->own_start[step + 1]++] =
            (kith_train_edge){.local_edge = at, .user = u, .position = first[round] + position / e->rounds};
    }
  }
}

static void edge_order_shuffle_clusters(kith_edge_order *e, int pass) {
  for (kith_lid u = 0, part = -1; u < e->g->n_own_of[KITH_USER]; u++) {
    if (edge_order_part_of(e, e->g->row_of[KITH_USER][u]) == part) continue;
    part = edge_order_part_of(e, e->g->row_of[KITH_USER][u]);
    edge_order_shuffle_part(e, pass, part, u);
  }
}

/*
 * Assign the parts to the steps of a round, which begin at step `first` of the epoch.  step_start[s + 1]
 * counts the edges of step s, so its value before a part is added is the part's first position within the
 * step.
 */
static void edge_order_place_round(kith_edge_order *e, int64_t round, int64_t first) {
  kith_permutation order = kith_cluster_order(e->rng_seed, e->epoch * e->rounds + round, e->g->n_part);
  for (int p = 0; p < e->g->n_part; p++) {
    int64_t step = first + (int64_t)kith_permutation_inverse(&order, (uint64_t)p) / e->clusters,
            at = (p - e->first_part) * e->rounds + round;
    if (p >= e->first_part && p < e->first_part + e->n_own_part) {
      e->part_step[at] = step;
      e->part_position[at] = e->step_start[step + 1];
    }
    e->step_start[step + 1] += edge_order_part_share(e, e->part_pair[p], round);
  }
}

static void edge_order_place_clusters(kith_edge_order *e) {
  int64_t steps = kith_cluster_steps_per_round(e->g->n_part, e->clusters);
  for (int64_t s = 0; s <= e->n_step; s++) e->step_start[s] = 0;
  for (int64_t round = 0; round < e->rounds; round++) edge_order_place_round(e, round, round * steps);
  for (int64_t s = 0; s < e->n_step; s++) e->step_start[s + 1] += e->step_start[s];
  for (int64_t i = 0; i < e->n_own_part * e->rounds; i++)
    e->part_position[i] += e->step_start[e->part_step[i]];
}

void kith_edge_order_set_epoch(kith_edge_order *e, int64_t epoch) {
  e->epoch = epoch;
  if (e->clusters > 0) edge_order_place_clusters(e);
  for (int64_t s = 0; s < e->n_step + 2; s++) e->own_start[s] = 0;
  for (int pass = 0; pass < 2; pass++) {
    if (e->clusters > 0) edge_order_shuffle_clusters(e, pass);
    else if (e->replay) edge_order_shuffle_replay(e, pass);
    else edge_order_shuffle(e, pass);
    if (pass == 0)
      for (int64_t s = 2; s < e->n_step + 2; s++) e->own_start[s] += e->own_start[s - 1];
  }
#pragma omp parallel for schedule(dynamic, 8)
  for (int64_t s = 0; s < e->n_step; s++)
    qsort(e->edges + e->own_start[s], (size_t)(e->own_start[s + 1] - e->own_start[s]), sizeof *e->edges,
          edge_order_compare);
}

int64_t kith_edge_order_step_size(const kith_edge_order *e, int64_t step) {
  return e->step_start[step + 1] - e->step_start[step];
}
