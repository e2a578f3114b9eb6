/*
 * The k-core of the interactions.  Users and items with fewer than k are peeled off one by one, each with all
 * that it has, which may leave others with fewer than k; what is left does not depend on the order.
 *
 * Of several ranks, each peels its users off the items of all, in rounds: items have the same degree on all
 * ranks at the end of a round, when ranks have told each other what they took from them.
 */
#include "graph/graph.h"
#include "ingest/split.h"

/* Users and items are the two sides of one graph. */
typedef struct core {
  const kith_comm *comm; /* of several ranks, or null */
  int64_t k;
  const kith_ragged *list[KITH_SIDES]; /* items of this rank's users, these users of items */
  int64_t *degree[KITH_SIDES];         /* [n_row] interactions that are left, of all ranks */
  int64_t *taken;                      /* [items] interactions that this rank takes in a round */
  uint8_t *had;                        /* [items] whether there are any interactions */
  int64_t *stack, n_stack; /* peeled nodes whose neighbors do not know yet: users, then items + users */
} core;

static void core_check(core *c, int side, int64_t i) {
  if (c->degree[side][i] == c->k - 1)
    c->stack[c->n_stack++] = i + (side == KITH_ITEM ? c->list[0]->n_row : 0);
}

/* Take the interactions of a peeled node from its neighbors.  Those that were peeled before have fewer than k
 * already, and fall no second time to k - 1.  Items of several ranks wait for the end of the round. */
static void core_peel(core *c, int64_t node) {
  int side = node < c->list[KITH_USER]->n_row ? KITH_USER : KITH_ITEM, other = 1 - side;
  const kith_ragged *l = c->list[side];
  int64_t i = side == KITH_USER ? node : node - c->list[KITH_USER]->n_row;
  for (kith_eid e = l->start[i]; e < l->start[i + 1]; e++) {
    if (c->comm && side == KITH_USER) {
      c->taken[l->value[e]]++;
      continue;
    }
    c->degree[other][l->value[e]]--;
    core_check(c, other, l->value[e]);
  }
}

/* Nodes that have fewer than k from the beginning. */
static void core_begin(core *c) {
  for (int side = 0; side < KITH_SIDES; side++)
    for (int64_t i = 0; i < c->list[side]->n_row; i++)
      c->degree[side][i] = c->list[side]->start[i + 1] - c->list[side]->start[i];
  if (c->comm) kith_comm_sum_int(c->comm, c->list[KITH_ITEM]->n_row, c->degree[KITH_ITEM]);
  for (int64_t i = 0; i < c->list[KITH_ITEM]->n_row; i++) c->had[i] = c->degree[KITH_ITEM][i] > 0;
  for (int side = 0; side < KITH_SIDES; side++)
    for (int64_t i = 0; i < c->list[side]->n_row; i++) {
      if (c->degree[side][i] < c->k) c->degree[side][i] = c->k - 1;
      core_check(c, side, i);
    }
}

/* Take from the items what all ranks have taken in a round; false: nothing. */
static bool core_round(core *c) {
  const int64_t n_item = c->list[KITH_ITEM]->n_row;
  bool any = false;
  kith_comm_sum_int(c->comm, n_item, c->taken);
  for (int64_t i = 0; i < n_item; i++) {
    int64_t *degree = &c->degree[KITH_ITEM][i];
    any = any || c->taken[i] > 0;
    if (*degree >= c->k) {
      *degree = *degree - c->taken[i] < c->k ? c->k - 1 : *degree - c->taken[i];
      core_check(c, KITH_ITEM, i);
    }
    c->taken[i] = 0;
  }
  return any;
}

static void core_run(core *c) {
  core_begin(c);
  do
    while (c->n_stack > 0) core_peel(c, c->stack[--c->n_stack]);
  while (c->comm && core_round(c));
}

static bool core_has(const core *c, int side, int64_t i) { return c->degree[side][i] >= c->k; }

/* Counts of this rank's users; of items those of all. */
static void core_mark(const core *c, uint8_t *mark, kith_split_report *r) {
  const kith_ragged *l = c->list[KITH_USER];
  for (int64_t u = 0; u < l->n_row; u++) {
    for (kith_eid e = l->start[u]; e < l->start[u + 1]; e++)
      if (core_has(c, KITH_USER, u) && core_has(c, KITH_ITEM, l->value[e])) r->core_pairs++;
      else mark[e] = KITH__OUTSIDE;
    r->core_users += core_has(c, KITH_USER, u);
    r->outside_users += !core_has(c, KITH_USER, u) && l->start[u] < l->start[u + 1];
  }
  r->outside_pairs = l->start[l->n_row] - r->core_pairs;
  for (int64_t i = 0; i < c->list[KITH_ITEM]->n_row; i++) {
    r->core_items += core_has(c, KITH_ITEM, i);
    r->outside_items += !core_has(c, KITH_ITEM, i) && c->had[i];
  }
}

static void core_sum(const core *c, kith_split_report *r) {
  int64_t n[] = {r->core_pairs, r->outside_pairs, r->core_users, r->outside_users};
  kith_comm_sum_int(c->comm, 4, n);
  r->core_pairs = n[0];
  r->outside_pairs = n[1];
  r->core_users = n[2];
  r->outside_users = n[3];
}

static kith_status core_alloc(const kith_ragged *rows, int64_t n_item, kith_ragged *users, core *c) {
  kith_status st = KITH_OK;
  KITH_TRY(kith_ragged_transpose(rows, n_item, users));
  KITH_TRY(KITH_NEW(c->degree[KITH_USER], rows->n_row));
  KITH_TRY(KITH_NEW(c->degree[KITH_ITEM], n_item));
  KITH_TRY(KITH_NEW(c->had, n_item));
  if (c->comm) KITH_TRY(KITH_NEW(c->taken, n_item));
  KITH_TRY(KITH_NEW(c->stack, rows->n_row + n_item));
done:
  return st;
}

kith_agreed kith__core(const kith_comm *comm, const kith_ragged *rows, int k, uint8_t *mark,
                       kith_split_report *report) {
  kith_agreed st = {KITH_OK};
  kith_ragged users = {0};
  core c = {.comm = comm, .k = k, .list = {rows, &users}};
  KITH_TRY(kith__split_agree(comm, core_alloc(rows, kith__split_n_item(comm, rows), &users, &c)));
  core_run(&c);
  core_mark(&c, mark, report);
  if (comm) core_sum(&c, report);
  if (report->core_pairs == 0)
    st = kith_agreed_same(
        kith_fail(KITH_EDATA,
                  "data.split.core: %d: no users and items have %d or more interactions with one another; "
                  "expected a smaller number",
                  k, k));
done:
  kith_ragged_free(&users);
  for (int side = 0; side < KITH_SIDES; side++) KITH_FREE(c.degree[side]);
  KITH_FREE(c.taken);
  KITH_FREE(c.had);
  KITH_FREE(c.stack);
  return st;
}
