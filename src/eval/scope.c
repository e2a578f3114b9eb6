/*
 * The scope of a ranking: which items are ranked for a user.  Held-out items that are not ranked cannot be
 * hits, so they do not count, and a user without any others is left out.
 */
#include <stdio.h>
#include <string.h>

#include "eval/eval_impl.h"
#include "graph/schema.h"

static bool scope_masks_interactions(const kith_eval_scope *o) {
  for (int i = 0; i < o->mask.n; i++)
    if (strcmp(o->mask.of[i], KITH_INTERACTIONS) == 0) return true;
  return false;
}

/* The relations that a graph can mask, as ", view, cart". */
static void scope_choices(const kith_graph *g, size_t size, char *text) {
  size_t n = 0;
  text[0] = '\0';
  for (int r = 0; r < g->schema.n_relation && n < size; r++)
    if (kith_schema_joins_sides(&g->schema, &g->schema.relation[r]))
      n += (size_t)snprintf(text + n, size - n, ", %s", g->schema.relation[r].name);
}

static kith_status scope_check_mask(const kith_graph *g, const kith_eval_scope *o) {
  kith_status st = KITH_OK;
  char choices[512];
  scope_choices(g, sizeof choices, choices);
  for (int i = 0; i < o->mask.n; i++) {
    const char *name = o->mask.of[i];
    int r = kith_schema_find_relation(&g->schema, name);
    if (strcmp(name, KITH_INTERACTIONS) == 0) continue;
    KITH_CHECK(r >= 0, KITH_ECONFIG, "evaluate.mask: the graph has no relation %s; expected %s%s", name,
               KITH_INTERACTIONS, choices);
    KITH_CHECK(kith_schema_joins_sides(&g->schema, &g->schema.relation[r]), KITH_ECONFIG,
               "evaluate.mask: %s is no relation of users with items; expected %s%s", name, KITH_INTERACTIONS,
               choices);
  }
done:
  return st;
}

kith_status kith_eval_check(const kith_graph *g, const kith_eval_options *o) {
  kith_status st = KITH_OK;
  const kith_eval_scope *s = &o->scope;
  if (g->n_class > 0) return st;
  KITH_CHECK(
      o->sampled == 0 || s->candidates == KITH_CANDIDATES_ALL, KITH_ECONFIG,
      "evaluate.candidates: cold, but evaluate.protocol: sampled-%d draws from all items; expected full",
      o->sampled);
  KITH_CHECK(o->sampled == 0 || (s->mask.n == 1 && scope_masks_interactions(s)), KITH_ECONFIG,
             "evaluate.mask: with evaluate.protocol: sampled-%d expected [interactions]; its candidates are "
             "items without interactions",
             o->sampled);
  KITH_TRY(scope_check_mask(g, s));
done:
  return st;
}

bool kith__scope_masks(const kith__scope *s, kith_lid user, int32_t item) {
  for (int i = 0; i < s->n_mask; i++)
    if (kith_ragged_has(s->mask[i], user, item)) return true;
  return false;
}

static bool scope_ranks(const kith__scope *s, kith_lid user, int32_t item) {
  return !(s->trained && s->trained[item]) && !kith__scope_masks(s, user, item);
}

/* The held-out items that count. */
static kith_status scope_count(kith__scope *s, const kith_ragged *held_out) {
  kith_status st = KITH_OK;
  kith_ragged *l = &s->counted;
  KITH_TRY(KITH_NEW(l->start, held_out->n_row + 1));
  KITH_TRY(KITH_NEW(l->value, held_out->start[held_out->n_row]));
  l->n_row = held_out->n_row;
  for (kith_lid u = 0; u < l->n_row; u++) {
    kith_eid at = l->start[u], first = held_out->start[u], end = held_out->start[u + 1];
    for (kith_eid e = first; e < end; e++)
      if (scope_ranks(s, u, held_out->value[e])) l->value[at++] = held_out->value[e];
    l->start[u + 1] = at;
    s->n_left_out += end > first && at == l->start[u];
  }
  s->truth = l;
done:
  return st;
}

kith_agreed kith_trained_items(const kith_comm *comm, const kith_graph *g, uint8_t **trained) {
  kith_agreed st = {KITH_OK};
  KITH_TRY(kith_agree(comm, KITH_NEW(*trained, g->n[KITH_ITEM])));
  for (kith_eid e = 0; e < g->train.start[g->train.n_row]; e++) (*trained)[g->train.value[e]] = 1;
  kith_comm_reduce(comm, g->n[KITH_ITEM], MPI_UINT8_T, MPI_MAX, *trained);
done:
  return st;
}

static kith_status scope_add_relations(const kith_graph *g, const kith_eval_scope *o, kith__scope *s) {
  kith_status st = KITH_OK;
  for (int i = 0; i < o->mask.n; i++) {
    if (strcmp(o->mask.of[i], KITH_INTERACTIONS) == 0) continue;
    int r = kith_schema_find_relation(&g->schema, o->mask.of[i]);
    KITH_TRY(kith_relation_items(g, r, &s->list[s->n_list++], NULL));
  }
done:
  return st;
}

/* Masks and truth are lists of the graph or of *s, which is where it will stay. */
static kith_agreed scope_fill(const kith_comm *comm, const kith_graph *g, const kith_eval_scope *o,
                              bool mask_valid, const kith_ragged *held_out, kith__scope *s) {
  kith_agreed st = {KITH_OK};
  bool interactions = scope_masks_interactions(o), cold = o->candidates == KITH_CANDIDATES_COLD;
  s->truth = held_out;
  if (cold) KITH_TRY(kith_trained_items(comm, g, &s->trained));
  KITH_TRY(kith_agree(comm, scope_add_relations(g, o, s)));
  if (interactions) s->mask[s->n_mask++] = &g->train;
  if (interactions && mask_valid) s->mask[s->n_mask++] = &g->valid;
  for (int i = 0; i < s->n_list; i++) s->mask[s->n_mask++] = &s->list[i];
  if (held_out && (cold || s->n_list > 0)) KITH_TRY(kith_agree(comm, scope_count(s, held_out)));
done:
  return st;
}

kith_agreed kith__scope_make(const kith_comm *comm, const kith_graph *g, const kith_eval_scope *o,
                             bool mask_valid, const kith_ragged *held_out, kith__scope *out) {
  kith_agreed st = {KITH_OK};
  *out = (kith__scope){0};
  KITH_TRY(kith_agreed_same(scope_check_mask(g, o)));
  KITH_TRY(scope_fill(comm, g, o, mask_valid, held_out, out));
done:
  if (kith_is_bad(st)) kith__scope_free(out);
  return st;
}

void kith__scope_free(kith__scope *s) {
  KITH_FREE(s->trained);
  for (int i = 0; i < KITH_MAX_RELATIONS; i++) kith_ragged_free(&s->list[i]);
  kith_ragged_free(&s->counted);
}

/* The number in scope->mask of the list that has an item of an owned user; -1: none. */
static int scope_mask_of(const kith_graph *g, const kith_eval_scope *o, const kith__scope *s, kith_lid user,
                         int32_t item) {
  for (int i = 0, r = 0; i < o->mask.n; i++) {
    bool chosen = strcmp(o->mask.of[i], KITH_INTERACTIONS) == 0;
    bool has = chosen ? kith_ragged_has(&g->train, user, item) || kith_ragged_has(&g->valid, user, item)
                      : kith_ragged_has(&s->list[r++], user, item);
    if (has) return i;
  }
  return -1;
}

kith_agreed kith_eval_ranks(const kith_comm *comm, const kith_graph *g, const kith_eval_scope *scope,
                            int64_t user, int64_t item, kith_ranked *why, int *mask) {
  kith_agreed st = {KITH_OK};
  kith__scope s = {0};
  int64_t found = -1;
  *why = KITH_RANKED;
  KITH_TRY(kith__scope_make(comm, g, scope, true, NULL, &s));
  for (kith_lid u = 0; u < g->n_own_of[KITH_USER]; u++)
    if (g->original[g->row_of[KITH_USER][u]] == user) found = scope_mask_of(g, scope, &s, u, (int32_t)item);
  *mask = (int)kith_comm_max(comm, found);
  if (*mask >= 0) *why = KITH_RANKED_NOT_OWN;
  else if (s.trained && s.trained[item]) *why = KITH_RANKED_NOT_WARM;
done:
  kith__scope_free(&s);
  return st;
}
