#include "support/cut.h"

#include "graph/schema.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int cut_by_pair(const void *a, const void *b) {
  int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
  return (x > y) - (x < y);
}

test_graph test_graph_random(int64_t n_user, int64_t n_item, int64_t n_edge, uint64_t seed) {
  test_graph t = {.n_user = n_user, .n_item = n_item};
  int64_t *pair = calloc((size_t)n_edge, sizeof *pair);
  for (int64_t e = 0; e < n_edge; e++) { /* squares make some nodes popular and leave some alone */
    kith_draw r = kith_random(seed, KITH_RNG_GENERATE, (uint64_t)e, 0, 0);
    double a = kith_random_unit(r.bits[0]), b = kith_random_unit(r.bits[1]);
    pair[e] = (int64_t)(a * a * (double)n_user) * n_item + (int64_t)(b * b * (double)n_item);
  }
  qsort(pair, (size_t)n_edge, sizeof *pair, cut_by_pair);
  t.user = calloc((size_t)n_edge, sizeof *t.user);
  t.item = calloc((size_t)n_edge, sizeof *t.item);
  for (int64_t e = 0; e < n_edge; e++) {
    if (e > 0 && pair[e] == pair[e - 1]) continue;
    t.user[t.n_edge] = (int32_t)(pair[e] / n_item);
    t.item[t.n_edge++] = (int32_t)(pair[e] % n_item);
  }
  free(pair);
  return t;
}

void test_graph_free(test_graph *t) {
  free(t->user);
  free(t->item);
}

int test_part(uint64_t seed, int parts, int type, int64_t original) {
  return (int)kith_random_below(
      kith_random(seed, KITH_RNG_PARTITION, (uint64_t)type, (uint64_t)original, 0).bits[0], (uint64_t)parts);
}

bool test_related(int relation, int64_t from, int64_t to) {
  bool swap = relation == TEST_FRIEND && from > to;
  uint64_t a = (uint64_t)(swap ? to : from), b = (uint64_t)(swap ? from : to);
  double often = relation == TEST_FRIEND ? 0.15 : relation == TEST_TAGGED ? 0.4 : 0.1;
  if (relation == TEST_FRIEND && from == to) return false;
  return kith_random_unit(kith_random(7, KITH_RNG_GENERATE, (uint64_t)relation, a, b).bits[0]) <
         often / (1 + 0.1 * (double)b);
}

kith_schema test_schema(void) {
  kith_schema s = kith_schema_users_items();
  s.n_type = 3;
  s.n_relation = TEST_RELATIONS;
  snprintf(s.type[TEST_TAG], sizeof s.type[TEST_TAG], "tag");
  s.relation[TEST_FRIEND] = (kith_relation_type){.name = "friend", .from = KITH_USER, .to = KITH_USER};
  s.relation[TEST_TAGGED] = (kith_relation_type){.name = "tagged", .from = KITH_ITEM, .to = TEST_TAG};
  s.relation[TEST_VIEW] = (kith_relation_type){.name = "view", .from = KITH_USER, .to = KITH_ITEM};
  return s;
}

kith_schema test_schema_of(const test_graph *t) {
  kith_schema s = t->related ? test_schema() : kith_schema_users_items();
  if (t->kinds) s.relation[TEST_TAGGED].n_kind = 2;
  if (!t->directed) return s;
  if (!t->ties) s.relation[TEST_FRIEND].direction = KITH_DIRECTION_FORWARD;
  s.relation[TEST_TAGGED].direction = KITH_DIRECTION_BACK;
  s.relation[TEST_VIEW].n_kind = 2;
  return s;
}

/* Edges of a relation from one node to another. */
static int cut_edges(const test_graph *t, int relation, int64_t from, int64_t to) {
  double u = kith_random_unit(
      kith_random(8, KITH_RNG_GENERATE, (uint64_t)relation, (uint64_t)from, (uint64_t)to).bits[0]);
  if (t->kinds && relation == TEST_TAGGED) return test_related(relation, from, to) ? 1 + (u < 0.4) : 0;
  if (!t->directed || (t->ties && relation == TEST_FRIEND)) return test_related(relation, from, to);
  if (relation == TEST_FRIEND) return from != to && u < 0.12 / (1 + 0.1 * (double)to);
  return test_related(relation, from, to) ? 1 + (relation == TEST_VIEW && u < 0.4) : 0;
}

int test_reads(const test_graph *t, int relation, int type, int64_t i, int of_type, int64_t j) {
  const kith_schema s = test_schema_of(t);
  const kith_relation_type *e = &s.relation[relation];
  if (e->direction != KITH_DIRECTION_BACK && type == e->from && of_type == e->to)
    return cut_edges(t, relation, i, j);
  if (e->direction != KITH_DIRECTION_FORWARD && type == e->to && of_type == e->from)
    return cut_edges(t, relation, j, i);
  return 0;
}

/* Rows of a relation, or of its transpose. */
static void cut_relation(const test_graph *t, kith_graph *g, int r, bool transpose, int64_t *number[3]) {
  const kith_relation_type *e = &g->schema.relation[r];
  kith_adjacency *a = transpose ? &g->transpose[r] : &g->relation[r];
  int64_t most = 2 * (g->n[e->from] + g->n[e->to]);
  bool bad = KITH_NEW(a->start, g->n_own + 1) || KITH_NEW(a->neighbor, g->n_own * most) ||
             (e->n_kind > 0 && KITH_NEW(a->kind, g->n_own * most));
  if (bad) abort();
  for (kith_lid i = 0; i < g->n_own; i++) {
    a->start[i + 1] = a->start[i];
    for (int there = 0; there < 3; there++)
      for (int64_t j = 0; j < g->n[there]; j++) {
        int n = transpose ? test_reads(t, r, there, j, g->type[i], g->original[i])
                          : test_reads(t, r, g->type[i], g->original[i], there, j);
        for (int k = 0; k < n; k++) {
          if (a->kind) a->kind[a->start[i + 1]] = (uint16_t)k;
          a->neighbor[a->start[i + 1]++] = number[there][j];
        }
      }
  }
}

/* number[type][original]: global numbers, part by part, type by type; first[p]: where a part begins. */
static void cut_number(const test_graph *t, int parts, uint64_t seed, int64_t *number[3], int64_t *first) {
  int64_t n[3] = {t->n_user, t->n_item, t->related ? TEST_TAGS : 0}, at = 0;
  for (int p = 0; p < parts; p++) {
    first[p] = at;
    for (int type = 0; type < 3; type++)
      for (int64_t i = 0; i < n[type]; i++)
        if (test_part(seed, parts, type, i) == p) number[type][i] = at++;
  }
  first[parts] = at;
}

static void cut_row(const test_graph *t, int type, int64_t original, int64_t *number[3], kith_graph *g) {
  kith_lid row = g->n_own++;
  g->type[row] = (uint8_t)type;
  g->original[row] = original;
  g->first_edge[row] = -1;
  g->start[row + 1] = g->start[row];
  g->row_of[type][g->n_own_of[type]++] = row;
  for (int64_t e = 0; e < t->n_edge && type < 2;
       e++) { /* edges come sorted by user, then item, so both directions are in order */
    if ((type == 0 ? t->user[e] : t->item[e]) != original) continue;
    g->neighbor[g->start[row + 1]++] = type == 0 ? number[1][t->item[e]] : number[0][t->user[e]];
    if (type == 0 && g->first_edge[row] < 0) g->first_edge[row] = e;
    if (type == 0) g->train.value[g->train.start[g->train.n_row + 1]++] = t->item[e];
  }
  if (type == 0) {
    g->train.n_row++;
    g->train.start[g->train.n_row + 1] = g->train.start[g->train.n_row];
  }
}

static void cut_lists(kith_ragged *lists, int64_t n_row, int64_t n_item) {
  if (KITH_NEW(lists->start, n_row + 2) != KITH_OK || KITH_NEW(lists->value, n_item) != KITH_OK) abort();
}

kith_graph *test_graph_cut(const test_graph *t, const kith_comm *comm, int parts, uint64_t seed) {
  kith_graph *g = NULL;
  int64_t of[3] = {t->n_user, t->n_item, t->related ? TEST_TAGS : 0}, n = of[0] + of[1] + of[2];
  int64_t *first = calloc((size_t)parts + 1, sizeof *first);
  int64_t *number[3] = {calloc((size_t)of[0], 8), calloc((size_t)of[1], 8), calloc(TEST_TAGS, 8)};
  cut_number(t, parts, seed, number, first);
  bool bad = KITH_NEW(g, 1) || KITH_NEW(g->first, comm->size + 1) || KITH_NEW(g->type, n) ||
             KITH_NEW(g->original, n) || KITH_NEW(g->start, n + 1) || KITH_NEW(g->neighbor, 2 * t->n_edge) ||
             KITH_NEW(g->first_edge, n) || KITH_NEW(g->row_of[0], n) || KITH_NEW(g->row_of[1], n) ||
             KITH_NEW(g->row_of[2], n) || KITH_NEW(g->item_number, t->n_item);
  if (bad) abort();
  cut_lists(&g->train, t->n_user, t->n_edge);
  cut_lists(&g->valid, t->n_user, 0);
  cut_lists(&g->test, t->n_user, 0);
  g->schema = test_schema_of(t);
  for (int type = 0; type < 3; type++) g->n[type] = of[type];
  g->n_edge = t->n_edge;
  g->n_part = parts;
  g->fingerprint = seed;
  for (int r = 0; r <= comm->size; r++) g->first[r] = first[kith_chunk_begin(parts, comm->size, r)];
  memcpy(g->item_number, number[1], (size_t)t->n_item * 8);
  int low = (int)kith_chunk_begin(parts, comm->size, comm->rank),
      high = (int)kith_chunk_begin(parts, comm->size, comm->rank + 1);
  for (int p = low; p < high; p++)
    for (int type = 0; type < 3; type++)
      for (int64_t i = 0; i < of[type]; i++)
        if (test_part(seed, parts, type, i) == p) cut_row(t, type, i, number, g);
  for (int r = 0; r < g->schema.n_relation; r++) {
    cut_relation(t, g, r, false, number);
    if (g->schema.relation[r].direction != KITH_DIRECTION_BOTH) cut_relation(t, g, r, true, number);
  }
  g->valid.n_row = g->test.n_row = g->train.n_row;
  if (KITH_NEW(g->part_first, parts + 1)) abort();
  memcpy(g->part_first, first, ((size_t)parts + 1) * sizeof *first);
  free(number[0]);
  free(number[1]);
  free(number[2]);
  free(first);
  return g;
}
