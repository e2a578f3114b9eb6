/* kith plan: what the nodes, or kith train, would refuse. */
#include <stdio.h>

#include "cli/plan.h"
#include "diagnose/diagnose.h"
#include "sample/sampler.h"

static void plan_refuse_nodes(const planner *p, plan_row *row) {
  int busy = row->cut.size < row->cut.per_node ? row->cut.size : row->cut.per_node;
  double bytes = (double)row->bytes * busy;
  char need[32], has[32];
  row->short_of_memory = bytes > p->machine.memory;
  if (row->short_of_memory)
    snprintf(row->refused, sizeof row->refused, "memory: %s on a node of %s",
             kith_bytes_print((int64_t)bytes, need), kith_bytes_print((int64_t)p->machine.memory, has));
  else if (busy * p->machine.threads > p->machine.cores)
    snprintf(row->refused, sizeof row->refused, "cores: %d ranks of %.0f thread(s) on a node of %.0f", busy,
             p->machine.threads, p->machine.cores);
  row->of_nodes = row->refused[0];
}

/* The limits of 32-bit numbers that training checks. */
static void plan_refuse_numbers(const kith_plan_cut *cut, const kith_graph_sizes *slowest, double rows,
                                plan_row *row) {
  if (slowest->n_own >= INT32_MAX - 1)
    snprintf(row->refused, sizeof row->refused, "a rank would own %lld rows; at most 2^31 - 2",
             (long long)slowest->n_own);
  else if (cut->most_rows > INT32_MAX / 2)
    snprintf(row->refused, sizeof row->refused, "a rank would receive %.0f rows, more than 2^30",
             cut->most_rows);
  else if (rows > INT32_MAX)
    snprintf(row->refused, sizeof row->refused, "train.batch: a step would need %.0f rows; at most 2^31 - 1",
             rows);
}

static kith_status plan_refuse_disk(const planner *p, const kith_graph_sizes *s, plan_row *row) {
  kith_status st = KITH_OK;
  int64_t need = 0;
  char a[32], b[32];
  const kith_job *job = &p->c->job;
  if (job->stream.model == KITH_STREAM_TGN)
    need = kith_estimate_stream_disk(s, &job->stream, p->features, &job->train, &job->checkpoint);
  else KITH_TRY(kith_estimate_disk(s, &job->model, &job->checkpoint, &need));
  if (p->machine.capacity > 0 && (double)need > p->machine.capacity && !row->refused[0])
    snprintf(row->refused, sizeof row->refused, "disk: %s where %s are free", kith_bytes_print(need, a),
             kith_bytes_print((int64_t)p->machine.capacity, b));
done:
  return st;
}

/* Rows that a step requests at most, if all pairs are of users of one rank. */
static double plan_most_rows(const planner *p) { return p->batch * (2 + p->negatives); }

/* The rooms of a sampler of neighbors, and their limits. */
static void plan_refuse_rooms(const planner *p, const kith_graph_sizes *s, plan_row *row) {
  const kith_train_options *o = &p->c->job.train;
  const kith_fanouts *f = &o->sampler.fanouts;
  int layers = kith_model_n_layer(&p->c->job.model);
  if (o->sampler.mode != KITH_NEIGHBOR || s->n_class > 0 || layers == 0) return;
  kith_sampler_sizes z = {.n_layer = layers,
                          .size = s->size,
                          .n_node = p->n,
                          .n_entry = p->all.n_entry,
                          .max_degree = p->max_degree,
                          .n_own = s->n_own,
                          .n_own_entry = s->n_entry,
                          .max_seed = (int64_t)plan_most_rows(p),
                          .all_seed = (int64_t)plan_most_rows(p)};
  for (int l = 0; l < layers && f->n > 0; l++)
    z.max_drawn[l] = f->of[layers - 1 - l < f->n ? layers - 1 - l : f->n - 1];
  row->has_rooms = true;
  if (kith_sampler_make_rooms(&z, &row->rooms) != KITH_OK)
    snprintf(row->refused, sizeof row->refused, "%s", kith_error_text());
}

kith_status plan_refuse(const planner *p, const kith_graph_sizes *slowest, plan_row *row) {
  kith_status st = KITH_OK;
  plan_refuse_numbers(&row->cut, slowest, plan_most_rows(p), row);
  if (!row->refused[0]) plan_refuse_rooms(p, slowest, row);
  if (!row->refused[0]) plan_refuse_nodes(p, row);
  KITH_TRY(plan_refuse_disk(p, slowest, row));
done:
  return st;
}
