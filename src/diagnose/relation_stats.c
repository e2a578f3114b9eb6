/* Degrees, times, homophily and held-out pairs of a relation. */
#include "diagnose/relation_stats.h"

#include <stdint.h>

#include "graph/schema.h"

enum { STATS_TRIES = 8 }; /* draws of another end, until it is another node */

/* ---- degrees ---- */

static kith_degree_stats degrees(int64_t n, const int64_t *degree) {
  kith_degree_stats s = {.mean = 0};
  int64_t sum = 0;
  for (int64_t i = 0; i < n; i++) {
    sum += degree[i];
    if (degree[i] > s.most) s.most = degree[i];
    s.none += degree[i] == 0;
  }
  s.mean = n > 0 ? (double)sum / (double)n : 0;
  return s;
}

/* Edges of one row to the same node, of several kinds, stand side by side: they are one neighbor. */
static bool is_neighbor_anew(const kith_ragged *l, int64_t row, kith_eid e) {
  return e == l->start[row] || l->value[e - 1] != l->value[e];
}

/* Ends of different types, or one end reads the other: every edge is a pair. */
static kith_status measure_apart(const kith_ragged *l, int64_t n_to, kith_relation_stats *s) {
  kith_status st = KITH_OK;
  int64_t *from = NULL, *to = NULL;
  KITH_TRY(KITH_NEW(from, l->n_row));
  KITH_TRY(KITH_NEW(to, n_to));
  for (int64_t i = 0; i < l->n_row; i++)
    for (kith_eid e = l->start[i]; e < l->start[i + 1]; e++) {
      bool anew = is_neighbor_anew(l, i, e);
      from[i] += anew;
      to[l->value[e]] += anew;
    }
  s->pairs = s->edges;
  s->degree[0] = degrees(l->n_row, from);
  s->degree[1] = degrees(n_to, to);
done:
  KITH_FREE(from);
  KITH_FREE(to);
  return st;
}

/* Ends of one type that read each other: an edge in both directions is one pair. */
static kith_status measure_same(const kith_relation_edges *edges, kith_relation_stats *s) {
  kith_status st = KITH_OK;
  const kith_ragged *l = &edges->edges;
  int64_t *degree = NULL;
  KITH_TRY(KITH_NEW(degree, l->n_row));
  for (int64_t u = 0; u < l->n_row; u++)
    for (kith_eid e = l->start[u]; e < l->start[u + 1]; e++) {
      int32_t v = l->value[e];
      bool back = kith_ragged_has_kind(l, edges->kind, v, (int32_t)u, edges->kind ? edges->kind[e] : 0);
      if (v == u) continue;
      if (is_neighbor_anew(l, u, e)) {
        degree[u]++;
        degree[v] += !kith_ragged_has(l, v, (int32_t)u);
      }
      s->pairs += !back || u < v;
      s->both += back && u < v;
    }
  s->degree[0] = s->degree[1] = degrees(l->n_row, degree);
done:
  KITH_FREE(degree);
  return st;
}

/* ---- homophily ---- */

/* Pairs that are compared. */
typedef struct pair_sample {
  int64_t n, capacity;
  int32_t *a, *b;
} pair_sample;

static void pair_sample_free(pair_sample *p) {
  KITH_FREE(p->a);
  KITH_FREE(p->b);
}

/* The Jaccard index of two rows. */
static double jaccard(const kith_ragged *l, int64_t a, int64_t b) {
  kith_eid i = l->start[a], j = l->start[b], common = 0;
  kith_eid all = l->start[a + 1] - i + l->start[b + 1] - j;
  while (i < l->start[a + 1] && j < l->start[b + 1]) {
    int32_t x = l->value[i], y = l->value[j];
    common += x == y;
    i += x <= y;
    j += y <= x;
  }
  return all > 0 ? (double)common / (double)(all - common) : 0;
}

/* A number below n from 64 random bits. */
static int64_t scale(uint64_t bits, int64_t n) { return (int64_t)((__uint128_t)bits * (uint64_t)n >> 64); }

/* Whether a keyed draw selects a pair, so that about KITH_HOMOPHILY_PAIRS of them are. */
static bool pair_is_selected(int64_t pairs, int64_t u, int64_t v) {
  if (pairs <= KITH_HOMOPHILY_PAIRS) return true;
  kith_draw draw = kith_random(0, KITH_RNG_INSPECT, (uint64_t)u, (uint64_t)v, 0);
  return scale(draw.bits[0], pairs) < KITH_HOMOPHILY_PAIRS;
}

static kith_status pair_sample_add(pair_sample *p, int64_t u, int64_t v) {
  kith_status st = KITH_OK;
  if (p->n == p->capacity) {
    int64_t grown = p->capacity > 0 ? 2 * p->capacity : 1024;
    KITH_TRY(KITH_GROW(p->a, p->capacity, grown));
    KITH_TRY(KITH_GROW(p->b, p->capacity, grown));
    p->capacity = grown;
  }
  p->a[p->n] = (int32_t)u;
  p->b[p->n++] = (int32_t)v;
done:
  return st;
}

/* Whether edge e of row u is the first of a pair of two of the first n nodes. */
static bool pair_is_new(const kith_ragged *l, int64_t n, int64_t u, kith_eid e) {
  int32_t v = l->value[e];
  if (v == u || v >= n || !is_neighbor_anew(l, u, e)) return false;
  return u < v || !kith_ragged_has(l, v, (int32_t)u);
}

/* Pairs of the first n nodes, which may be fewer than those of the relation: those are of users, or of items.
 */
static kith_status pair_sample_draw(const kith_ragged *l, int64_t n, pair_sample *p) {
  kith_status st = KITH_OK;
  int64_t pairs = 0;
  for (int64_t u = 0; u < n; u++)
    for (kith_eid e = l->start[u]; e < l->start[u + 1]; e++) pairs += pair_is_new(l, n, u, e);
  for (int64_t u = 0; u < n; u++)
    for (kith_eid e = l->start[u]; e < l->start[u + 1]; e++)
      if (pair_is_new(l, n, u, e) && pair_is_selected(pairs, u, l->value[e]))
        KITH_TRY(pair_sample_add(p, u, l->value[e]));
done:
  return st;
}

/* The second end of another pair, drawn for pair i; -1: all draws met the first end. */
static int64_t another_end(const pair_sample *p, int64_t i) {
  for (int k = 0; k < STATS_TRIES; k++) {
    kith_draw x = kith_random(0, KITH_RNG_INSPECT, (uint64_t)i, (uint64_t)k, 1);
    int32_t b = p->b[scale(x.bits[0], p->n)];
    if (b != p->a[i]) return b;
  }
  return -1;
}

static void compare(const kith_ragged *l, const pair_sample *p, kith_relation_stats *s) {
  double sum = 0, sum_random = 0;
  int64_t n_random = 0;
  for (int64_t i = 0; i < p->n; i++) {
    int64_t other = another_end(p, i);
    sum += jaccard(l, p->a[i], p->b[i]);
    if (other < 0) continue;
    sum_random += jaccard(l, p->a[i], other);
    n_random++;
  }
  s->compared = p->n;
  s->overlap = p->n > 0 ? sum / (double)p->n : 0;
  s->overlap_random = n_random > 0 ? sum_random / (double)n_random : 0;
}

static kith_status measure_homophily(const kith_dataset *d, int type, const kith_ragged *edges,
                                     kith_relation_stats *s) {
  kith_status st = KITH_OK;
  kith_ragged users = {0};
  pair_sample p = {0};
  KITH_TRY(pair_sample_draw(edges, d->n[type], &p));
  if (type == KITH_ITEM) KITH_TRY(kith_ragged_transpose(&d->train, d->n[KITH_ITEM], &users));
  compare(type == KITH_ITEM ? &users : &d->train, &p, s);
done:
  kith_ragged_free(&users);
  pair_sample_free(&p);
  return st;
}

/* ---- times and held-out pairs ---- */

static void measure_times(int64_t n, const int64_t *time, kith_relation_stats *s) {
  for (int64_t e = 0; e < n; e++) {
    if (e == 0 || time[e] < s->first_time) s->first_time = time[e];
    if (e == 0 || time[e] > s->last_time) s->last_time = time[e];
  }
}

/* How many pairs of users and items are edges of a relation between the two, or of nodes that may be these.
 */
static int64_t count_inside(const kith_ragged *edges, bool from_users, const kith_ragged *pairs) {
  int64_t n = 0;
  for (int64_t u = 0; u < pairs->n_row; u++)
    for (kith_eid e = pairs->start[u]; e < pairs->start[u + 1]; e++) {
      int32_t item = pairs->value[e];
      n += from_users ? kith_ragged_has(edges, u, item) : kith_ragged_has(edges, item, (int32_t)u);
    }
  return n;
}

kith_status kith_relation_measure(const kith_dataset *d, int r, kith_relation_stats *out) {
  kith_status st = KITH_OK;
  const kith_relation_type *e = &d->schema.relation[r];
  const kith_ragged *l = &d->relation[r].edges;
  kith_relation_stats s = {.edges = l->start[l->n_row]};
  bool same = e->from == e->to && e->direction == KITH_DIRECTION_BOTH;
  KITH_TRY(same ? measure_same(&d->relation[r], &s)
                : measure_apart(l, kith_schema_space(&d->schema, d->n, e->to), &s));
  if (d->relation[r].time) measure_times(s.edges, d->relation[r].time, &s);
  int from = kith_schema_side(&d->schema, e->from), to = kith_schema_side(&d->schema, e->to);
  if (d->n_class == 0 && from >= 0 && from == to) KITH_TRY(measure_homophily(d, from, l, &s));
  if (kith_schema_joins_sides(&d->schema, e)) {
    s.n_valid = d->valid.start[d->valid.n_row];
    s.n_test = d->test.start[d->test.n_row];
    s.valid = count_inside(l, from == KITH_USER, &d->valid);
    s.test = count_inside(l, from == KITH_USER, &d->test);
  }
  *out = s;
done:
  return st;
}
