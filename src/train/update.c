/*
 * The beginning of an update: the state of a run on an older graph, in the rows of the new one.
 *
 * It is made anew whenever the update goes on, since it is also what rows are held to; the update's own
 * checkpoint, if there is one, is read over it.
 */
#include <stdio.h>
#include <string.h>

#include "train/run.h"

/* Steps of the optimizer of a checkpoint that does not tell: epochs over the old pairs. */
static int64_t update_old_steps(const run *r, const kith_checkpoint *c) {
  int64_t n = 0, batch = r->o->train.batch;
  for (kith_lid i = 0; i < r->g->n_own; i++)
    for (kith_eid e = r->g->start[i]; e < r->g->start[i + 1]; e++)
      n += r->g->type[i] == KITH_USER && !r->g->is_new[e];
  kith_comm_sum_int(r->comm, 1, &n);
  return c->epoch * ((n + batch - 1) / batch) + c->step;
}

void kith__update_take(run *r, kith_checkpoint *c) {
  r->epoch = c->epoch;
  for (int t = 0; t < r->g->schema.n_type; t++)
    r->result->update.new_nodes[t] = r->g->n[t] - r->g->parent.n[t];
  r->before = c->history;
  c->history = NULL;
  snprintf(r->before_id, sizeof r->before_id, "%s", c->run);
}

kith_agreed kith__update_begin(run *r) {
  kith_agreed st = {KITH_OK};
  kith_update_result *u = &r->result->update;
  kith_checkpoint c = {.history = NULL};
  kith_trainer_update_pairs(r->trainer, &u->new_pairs, &u->old_pairs);
  KITH_TRY(kith__run_load(r, r->o->old, true, &c));
  int64_t steps = c.optimizer_step >= 0 ? c.optimizer_step : update_old_steps(r, &c);
  kith_trainer_set_optimizer_step(r->trainer, c.epoch, 0, steps);
  KITH_TRY(kith_trainer_begin_new(r->trainer, r->o->parts, u));
  KITH_TRY(kith_agree(r->comm, kith_trainer_hold(r->trainer)));
  kith__update_take(r, &c);
done:
  KITH_FREE(c.history);
  return st;
}

kith_status kith__update_history(const run *r, char **out) {
  kith_status st = KITH_OK;
  const kith_update_result *u = &r->result->update;
  int64_t size = (int64_t)strlen(r->before) + 512;
  KITH_TRY(KITH_NEW(*out, size));
  snprintf(*out, (size_t)size,
           "%s{\"update_of\": \"%s\", \"epoch\": %lld, \"run\": \"%s\", \"new_pairs\": %lld, "
           "\"old_pairs\": %lld, \"new_users\": %lld, \"new_items\": %lld, \"cold_rows\": %lld, "
           "\"drawn_rows\": %lld}\n",
           r->before, r->before_id, (long long)r->epoch, r->id, (long long)u->new_pairs,
           (long long)u->old_pairs, (long long)u->new_nodes[KITH_USER], (long long)u->new_nodes[KITH_ITEM],
           (long long)u->cold_rows, (long long)u->drawn_rows);
done:
  return st;
}
