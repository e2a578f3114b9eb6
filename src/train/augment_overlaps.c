/*
 * What new nodes have in common with the other ends of their ties: items of two users, or users of two items.
 * Known nodes count their training interactions, new nodes those of their list; every rank counts what it
 * owns.
 */
#include "graph/graph.h"
#include "train/augment.h"

typedef struct overlaps {
  const augment *x;
  int type;           /* of both ends */
  kith_ragged lists;  /* items of the new users, or users of the new items, ascending */
  int32_t *train_row; /* [known users] the row of known->train; -1: another rank's */
} overlaps;

static void overlaps_free(overlaps *o) {
  kith_ragged_free(&o->lists);
  KITH_FREE(o->train_row);
}

/* The index of a new node among those of its type, or less than 0. */
static int64_t overlaps_new(const overlaps *o, int64_t original) {
  return original - o->x->new->n_known[o->type];
}

/* Pairs ascend by user, then item, so that lists of users ascend as well. */
static void overlaps_fill(overlaps *o, kith_eid *next) {
  const kith_new_nodes *new = o->x->new;
  for (int64_t p = 0; p < new->n_pair; p++) {
    int64_t mine = o->type == KITH_USER ? new->user[p] : new->item[p], i = overlaps_new(o, mine);
    if (i >= 0) o->lists.value[next[i]++] = o->type == KITH_USER ? new->item[p] : new->user[p];
  }
}

static kith_status overlaps_make(overlaps *o) {
  kith_status st = KITH_OK;
  const kith_new_nodes *new = o->x->new;
  const kith_graph *g = o->x->known;
  int64_t n = new->n[o->type];
  kith_eid *next = NULL;
  KITH_TRY(KITH_NEW(o->lists.start, n + 1));
  KITH_TRY(KITH_NEW(o->lists.value, new->n_pair));
  KITH_TRY(KITH_NEW(next, n));
  KITH_TRY(KITH_NEW(o->train_row, g->n[KITH_USER]));
  o->lists.n_row = n;
  for (int64_t p = 0; p < new->n_pair; p++) {
    int64_t i = overlaps_new(o, o->type == KITH_USER ? new->user[p] : new->item[p]);
    if (i >= 0) o->lists.start[i + 1]++;
  }
  for (int64_t i = 0; i < n; i++) {
    next[i] = o->lists.start[i];
    o->lists.start[i + 1] += o->lists.start[i];
  }
  overlaps_fill(o, next);
  for (int64_t u = 0; u < g->n[KITH_USER]; u++) o->train_row[u] = -1;
  for (kith_lid u = 0; u < g->n_own_of[KITH_USER]; u++)
    o->train_row[g->original[g->row_of[KITH_USER][u]]] = u;
done:
  KITH_FREE(next);
  return st;
}

/* Whether node `original` has the partner, as far as this rank knows. */
static bool overlaps_has(const overlaps *o, int64_t original, int32_t partner) {
  const kith_graph *g = o->x->known;
  int64_t i = overlaps_new(o, original), user = o->type == KITH_USER ? original : partner;
  int32_t item = o->type == KITH_USER ? partner : (int32_t)original;
  if (i >= 0) return o->x->comm->rank == 0 && kith_ragged_has(&o->lists, i, partner);
  if (user >= g->n[KITH_USER] || o->train_row[user] < 0) return false;
  return kith_ragged_has(&g->train, o->train_row[user], item);
}

static int64_t overlaps_count(const overlaps *o, int64_t from, int64_t to) {
  bool from_is_new = overlaps_new(o, from) >= 0;
  int64_t i = overlaps_new(o, from_is_new ? from : to), other = from_is_new ? to : from, n = 0;
  for (kith_eid k = o->lists.start[i]; k < o->lists.start[i + 1]; k++)
    n += overlaps_has(o, other, o->lists.value[k]);
  return n;
}

kith_agreed kith__augment_overlaps(const augment *x, int type, const kith_new_edges *l, int64_t *overlap) {
  kith_agreed st = {KITH_OK};
  overlaps o = {.x = x, .type = type};
  KITH_TRY(kith_agree(x->comm, overlaps_make(&o)));
  for (int64_t k = 0; k < l->n; k++) overlap[k] = overlaps_count(&o, l->from[k], l->to[k]);
  KITH_TRY(kith_agreed_same(
      l->n <= INT32_MAX ? KITH_OK
                        : kith_fail(KITH_EDATA, "%lld edges of new nodes are too many", (long long)l->n)));
  kith_comm_sum_int(x->comm, l->n, overlap);
done:
  overlaps_free(&o);
  return st;
}
