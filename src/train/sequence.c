/* What model.sequence adds to the rows that a run evaluates and exports. */
#include <string.h>

#include "sequence/recent.h"
#include "train/run.h"

static bool sequence_is_on(const run *r) {
  return r->o->model.sequence == KITH_SEQUENCE_RECENT && !kith__run_classifies(r);
}

kith_agreed kith__run_sequence_begin(run *r) {
  kith_agreed st = {KITH_OK};
  if (kith__run_is_sasrec(r)) return kith__sasrec_begin(r);
  if (!sequence_is_on(r)) return st;
  const int d = kith__run_width(r);
  KITH_TRY(kith_recent_create(r->comm, r->g, r->o->model.recent.items, d, &r->recent));
  KITH_TRY(kith_agree(r->comm, KITH_NEW(r->rows, (int64_t)r->g->n_own * d)));
done:
  return st;
}

void kith__run_sequence_end(run *r) {
  kith_recent_destroy(&r->recent);
  kith__sasrec_free(r);
  KITH_FREE(r->rows);
}

static void sequence_log(const kith_recent_choice *c) {
  if (!c->measured) return;
  if (c->weight == 0)
    kith_log("  recent: no order: NDCG@%d %.4f of %s is the largest without the latest items", c->k, c->none,
             KITH_COUNT(c->n_user, "validation user(s)"));
  else
    kith_log("  recent: decay %g, weight %g: NDCG@%d %.4f of %s, without %.4f", c->decay, c->weight, c->k,
             c->chosen, KITH_COUNT(c->n_user, "validation user(s)"), c->none);
}

kith_agreed kith__run_rows(run *r, const float **final) {
  kith_agreed st = {KITH_OK};
  kith_eval_options on = r->o->evaluate;
  kith_recent_choice c;
  if (r->sasrec) return kith__sasrec_rows(r, final);
  if (!r->recent) return st;
  on.direct = r->direct;
  KITH_TRY(kith_recent_choose(r->recent, &r->o->model.recent, &on, *final, &c));
  sequence_log(&c);
  memcpy(r->rows, *final, (size_t)r->g->n_own * (size_t)kith__run_width(r) * sizeof *r->rows);
  kith_recent_gather(r->recent, *final);
  kith_recent_add(r->recent, c.decay, c.weight, *final, r->rows);
  r->result->recent = true;
  r->result->recent_decay = c.decay;
  r->result->recent_weight = c.weight;
  *final = r->rows;
done:
  return st;
}
