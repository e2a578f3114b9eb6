/* kith plan: one number of ranks. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/bench_work.h"
#include "cli/plan.h"
#include "diagnose/diagnose.h"
#include "store/store.h"

/* ---- sizes of the rank with the most ---- */

static kith_status plan_memory_of(const planner *p, const kith_graph_sizes *s, kith_memory_estimate *out) {
  const kith_job *job = &p->c->job;
  return kith_estimate_memory(s, &job->model, &job->train, &job->evaluate, &job->checkpoint, out);
}

/* A share before there is a cut: the ghosts that are assumed. */
static kith_graph_sizes plan_assumed_share(const planner *p, const kith_plan_cut *cut) {
  kith_graph_sizes s = p->all;
  kith_graph_sizes_share(cut->size, &s);
  s.n_ghost = kith_min(s.n_ghost, (int64_t)ceil(cut->most_rows));
  if (s.schema.n_relation == 0) s.n_ghost_with_relations = s.n_ghost;
  return s;
}

/* Memory of the rank that needs most, and the sizes of that with the most entries, which takes longest. */
static kith_status plan_fullest(const planner *p, const kith_plan_cut *cut, plan_row *row,
                                kith_graph_sizes *slowest) {
  kith_status st = KITH_OK;
  kith_memory_estimate m;
  for (int r = 0; r < (cut->exact ? cut->size : 1); r++) {
    kith_graph_sizes s = plan_assumed_share(p, cut);
    if (cut->exact) KITH_TRY(kith_graph_sizes_of(p->whole, cut->size, r, &s));
    KITH_TRY(plan_memory_of(p, &s, &m));
    if (r == 0 || kith_memory_estimate_total(&m) > kith_memory_estimate_total(&row->memory)) row->memory = m;
    if (r == 0 || s.n_entry > slowest->n_entry) *slowest = s;
  }
  row->bytes = kith_memory_estimate_total(&row->memory) + p->resident;
done:
  return st;
}

/* ---- work of a step ---- */

static kith_plan_work plan_work_of(const planner *p, const kith_graph_sizes *s) {
  const kith_train_options *o = &p->c->job.train;
  const kith_model_options *model = &p->c->job.model;
  double share = s->n_own > 0 ? (double)s->n_entry / fmax(1, (double)p->all.n_entry) : 0;
  const bench_sizes sizes = {.n_own = s->n_own,
                             .entries = s->n_entry,
                             .requested_rows = (int64_t)(p->read_rows / s->size),
                             .requested = (int64_t)(p->read_entries * share),
                             .pairs = (int64_t)(p->batch / s->size),
                             .batch = (int64_t)p->batch,
                             .shared = o->loss.shared,
                             .overlaps = o->loss.inbatch};
  const bench_work w = bench_step_work(model, &o->loss, o->negatives.count, &sizes);
  double words = kith_model_rounds_rows(model) ? (double)kith_bf16_words(model->dim) / model->dim : 1;
  return (kith_plan_work){.gathered = 4 * w.gathered * words,
                          .streamed = 4 * w.streamed,
                          .products = w.products,
                          .exchanges = w.exchanges,
                          .row_bytes = 4 * w.exchanged,
                          .batch = p->batch,
                          .negatives = p->negatives,
                          .tiled = o->loss.name == KITH_SOFTMAX,
                          .output_bytes = 4.0 * kith_model_output_dim(model)};
}

/* ---- seconds of a run ---- */

static int64_t plan_evaluations(const kith_job *job) {
  int64_t n = 0;
  for (int e = 1; e <= job->train.epochs; e++) n += kith_eval_is_due(job->evaluate.every, e);
  return n;
}

/* Users against items (sampled-N: against N for each held-out one), and the layers: half of a step's gathers.
 */
static double plan_evaluation(const planner *p, const kith_plan_work *w, const plan_row *row) {
  int busy = row->cut.size < row->cut.per_node ? row->cut.size : row->cut.per_node;
  const kith_machine_rates r = kith_machine_at(&p->machine, busy);
  int sampled = p->c->job.evaluate.sampled;
  double pairs = sampled > 0 ? (double)p->all.n_held_out * sampled
                             : (double)p->all.n[KITH_USER] * (double)p->all.n[KITH_ITEM];
  double layers = w->gathered / 2 * busy / r.gather + row->step.part[KITH_PLAN_COPIES] / 2;
  if (p->all.n_class > 0) return layers;
  return layers + pairs * w->output_bytes / 4 / (r.ranking * row->cut.n_node);
}

static void plan_run_seconds(const planner *p, const kith_plan_work *w, plan_row *row) {
  const kith_job *job = &p->c->job;
  double steps = w->batch > 0 ? ceil((double)p->all.n_edge / w->batch) : 1, epochs = job->train.epochs;
  int64_t bytes =
      kith_checkpoint_bytes(p->n, job->model.dim, 0, kith_optimizer_get(job->train.optimizer.name)->n_slot);
  double written = job->checkpoint.every_epochs > 0 ? floor(epochs / job->checkpoint.every_epochs) : 0;
  if (job->checkpoint.every_steps > 0) written += floor(epochs * steps / job->checkpoint.every_steps);
  row->epoch = steps * row->step.seconds;
  row->evaluation = plan_evaluation(p, w, row);
  row->checkpoint = (double)bytes / p->machine.disk;
  row->job = epochs * row->epoch + (double)plan_evaluations(job) * row->evaluation +
             (written + 1) * row->checkpoint; /* the export is about as large as one */
}

/* ---- what would be refused ---- */

static void plan_refuse_nodes(const planner *p, plan_row *row) {
  int busy = row->cut.size < row->cut.per_node ? row->cut.size : row->cut.per_node;
  double bytes = (double)row->bytes * busy;
  char need[32], has[32];
  if (bytes > p->machine.memory)
    snprintf(row->refused, sizeof row->refused, "memory: %s on a node of %s",
             kith_bytes_print((int64_t)bytes, need), kith_bytes_print((int64_t)p->machine.memory, has));
  else if (busy * p->machine.threads > p->machine.cores)
    snprintf(row->refused, sizeof row->refused, "cores: %d ranks of %.0f thread(s) on a node of %.0f", busy,
             p->machine.threads, p->machine.cores);
}

/* The limits of 32-bit numbers that training checks. */
static void plan_refuse_numbers(const kith_plan_cut *cut, const kith_graph_sizes *slowest,
                                const kith_plan_work *w, plan_row *row) {
  double rows = w->batch * (2 + w->negatives);
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
  KITH_TRY(kith_estimate_disk(s, &p->c->job.model, &p->c->job.checkpoint, &need));
  if (p->machine.capacity > 0 && (double)need > p->machine.capacity && !row->refused[0])
    snprintf(row->refused, sizeof row->refused, "disk: %s where %s are free", kith_bytes_print(need, a),
             kith_bytes_print((int64_t)p->machine.capacity, b));
done:
  return st;
}

/* ---- a row ---- */

static kith_status plan_cut_of(const planner *p, int size, plan_row *row) {
  if (p->whole && size <= p->whole->n_part) return kith_plan_count(p->whole, size, p->per_node, &row->cut);
  kith_plan_assume(p->n, p->degree, p->all.n_entry, size, p->per_node, p->how, &row->cut);
  if (p->whole)
    snprintf(row->note, sizeof row->note, "assumed: set partition.parts to %d and run kith partition again",
             size);
  return KITH_OK;
}

kith_status plan_row_make(const planner *p, int size, plan_row *out) {
  kith_status st = KITH_OK;
  plan_row row = {.refused = ""};
  kith_graph_sizes slowest = p->all;
  KITH_TRY(plan_cut_of(p, size, &row));
  KITH_TRY(plan_fullest(p, &row.cut, &row, &slowest));
  const kith_model_options *model = &p->c->job.model;
  const kith_plan_work w = plan_work_of(p, &slowest);
  row.has_step = p->c->job.train.sampler.mode == KITH_FULL && kith_model_has_steps(model) &&
                 bench_work_has_layers(model) && !kith_model_has_own_graph(model);
  if (row.has_step) {
    row.step = kith_plan_step_counts(&row.cut, &w);
    kith_plan_step_seconds(&row.cut, &w, &p->machine, &row.step);
    plan_run_seconds(p, &w, &row);
  }
  plan_refuse_numbers(&row.cut, &slowest, &w, &row);
  if (!row.refused[0]) plan_refuse_nodes(p, &row);
  KITH_TRY(plan_refuse_disk(p, &slowest, &row));
  *out = row;
done:
  return st;
}

int plan_recommend(int n, const plan_row *row) {
  int first = -1, best = -1;
  for (int i = 0; i < n; i++) {
    if (row[i].refused[0]) continue;
    if (first < 0) first = best = i;
    double efficiency =
        row[i].job > 0 ? row[first].job * row[first].cut.size / (row[i].job * row[i].cut.size) : 0;
    if (row[i].has_step && efficiency >= 0.5 && row[i].job < row[best].job) best = i;
  }
  return best;
}
