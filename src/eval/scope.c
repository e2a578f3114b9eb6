/*
 * The scope of a ranking: which items are ranked for a user.  Held-out items that are not ranked cannot be
 * hits, so they do not count, and a user without any others is left out.
 */
#include <string.h>

#include "eval/eval_impl.h"

static bool scope_masks_interactions(const kith_eval_scope *o) {
  for (int i = 0; i < o->mask.n; i++)
    if (strcmp(o->mask.of[i], KITH_INTERACTIONS) == 0) return true;
  return false;
}

static kith_status scope_check_mask(const kith_eval_scope *o) {
  kith_status st = KITH_OK;
  for (int i = 0; i < o->mask.n; i++)
    KITH_CHECK(strcmp(o->mask.of[i], KITH_INTERACTIONS) == 0, KITH_ECONFIG,
               "evaluate.mask: the graph has no relation %s; expected interactions", o->mask.of[i]);
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
  KITH_TRY(scope_check_mask(s));
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

static kith_agreed scope_find_trained(const kith_comm *comm, const kith_graph *g, kith__scope *s) {
  kith_agreed st = {KITH_OK};
  KITH_TRY(kith_agree(comm, KITH_NEW(s->trained, g->n[KITH_ITEM])));
  for (kith_eid e = 0; e < g->train.start[g->train.n_row]; e++) s->trained[g->train.value[e]] = 1;
  KITH_WAIT("the items without training interactions",
            MPI_Allreduce(MPI_IN_PLACE, s->trained, (int)g->n[KITH_ITEM], MPI_UINT8_T, MPI_MAX, comm->mpi));
done:
  return st;
}

kith_agreed kith__scope_make(const kith_comm *comm, const kith_graph *g, const kith_eval_scope *o,
                             bool mask_valid, const kith_ragged *held_out, kith__scope *out) {
  kith_agreed st = {KITH_OK};
  kith__scope s = {.truth = held_out};
  bool interactions = scope_masks_interactions(o), cold = o->candidates == KITH_CANDIDATES_COLD;
  *out = (kith__scope){0};
  KITH_TRY(kith_agreed_same(scope_check_mask(o)));
  if (cold) KITH_TRY(scope_find_trained(comm, g, &s));
  if (interactions) s.mask[s.n_mask++] = &g->train;
  if (interactions && mask_valid) s.mask[s.n_mask++] = &g->valid;
  if (held_out && cold) KITH_TRY(kith_agree(comm, scope_count(&s, held_out)));
  *out = s;
  if (s.truth == &s.counted) out->truth = &out->counted;
  s = (kith__scope){0};
done:
  kith__scope_free(&s);
  return st;
}

void kith__scope_free(kith__scope *s) {
  KITH_FREE(s->trained);
  kith_ragged_free(&s->counted);
}
