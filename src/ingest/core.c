/*
 * The k-core of the interactions.  Users and items with fewer than k are peeled off one by one, each with all
 * that it has, which may leave others with fewer than k; what is left does not depend on the order.
 */
#include "graph/graph.h"
#include "ingest/split.h"

/* Users and items are the two sides of one graph. */
typedef struct core {
  int64_t k;
  const kith_ragged *list[KITH_SIDES]; /* items of users, users of items */
  int64_t *degree[KITH_SIDES];         /* [n_row] interactions that are left */
  int64_t *stack, n_stack; /* peeled nodes whose neighbors do not know yet: users, then items + users */
} core;

static void core_check(core *c, int side, int64_t i) {
  if (c->degree[side][i] == c->k - 1)
    c->stack[c->n_stack++] = i + (side == KITH_ITEM ? c->list[0]->n_row : 0);
}

/* Take the interactions of a peeled node from its neighbors.  Those that were peeled before have fewer than k
 * already, and fall no second time to k - 1. */
static void core_peel(core *c, int64_t node) {
  int side = node < c->list[KITH_USER]->n_row ? KITH_USER : KITH_ITEM, other = 1 - side;
  const kith_ragged *l = c->list[side];
  int64_t i = side == KITH_USER ? node : node - c->list[KITH_USER]->n_row;
  for (kith_eid e = l->start[i]; e < l->start[i + 1]; e++) {
    c->degree[other][l->value[e]]--;
    core_check(c, other, l->value[e]);
  }
}

/* Nodes that have fewer than k from the beginning. */
static void core_begin(core *c) {
  for (int side = 0; side < KITH_SIDES; side++)
    for (int64_t i = 0; i < c->list[side]->n_row; i++) {
      int64_t n = c->list[side]->start[i + 1] - c->list[side]->start[i];
      c->degree[side][i] = n < c->k ? c->k - 1 : n;
      core_check(c, side, i);
    }
}

static bool core_has(const core *c, int side, int64_t i) { return c->degree[side][i] >= c->k; }

static void core_count(const core *c, int side, int64_t *within, int64_t *outside) {
  const kith_ragged *l = c->list[side];
  for (int64_t i = 0; i < l->n_row; i++) {
    *within += core_has(c, side, i);
    *outside += !core_has(c, side, i) && l->start[i] < l->start[i + 1];
  }
}

static void core_mark(const core *c, uint8_t *mark, kith_split_report *r) {
  const kith_ragged *l = c->list[KITH_USER];
  for (int64_t u = 0; u < l->n_row; u++)
    for (kith_eid e = l->start[u]; e < l->start[u + 1]; e++)
      if (core_has(c, KITH_USER, u) && core_has(c, KITH_ITEM, l->value[e])) r->core_pairs++;
      else mark[e] = KITH__OUTSIDE;
  r->outside_pairs = l->start[l->n_row] - r->core_pairs;
  core_count(c, KITH_USER, &r->core_users, &r->outside_users);
  core_count(c, KITH_ITEM, &r->core_items, &r->outside_items);
}

/* One more than the largest item. */
static int64_t core_items(const kith_ragged *l) {
  int64_t n = 0;
  for (kith_eid e = 0; e < l->start[l->n_row]; e++)
    if (l->value[e] >= n) n = l->value[e] + 1;
  return n;
}

kith_status kith__core(const kith_ragged *rows, int k, uint8_t *mark, kith_split_report *report) {
  kith_status st = KITH_OK;
  kith_ragged users = {0};
  core c = {.k = k, .list = {rows, &users}};
  int64_t n_item = core_items(rows);
  KITH_TRY(kith_ragged_transpose(rows, n_item, &users));
  KITH_TRY(KITH_NEW(c.degree[KITH_USER], rows->n_row));
  KITH_TRY(KITH_NEW(c.degree[KITH_ITEM], n_item));
  KITH_TRY(KITH_NEW(c.stack, rows->n_row + n_item));
  core_begin(&c);
  while (c.n_stack > 0) core_peel(&c, c.stack[--c.n_stack]);
  core_mark(&c, mark, report);
  KITH_CHECK(
      report->core_pairs > 0, KITH_EDATA,
      "data.split.core: %d: no users and items have %d or more interactions with one another; expected "
      "a smaller number",
      k, k);
done:
  kith_ragged_free(&users);
  for (int side = 0; side < KITH_SIDES; side++) KITH_FREE(c.degree[side]);
  KITH_FREE(c.stack);
  return st;
}
