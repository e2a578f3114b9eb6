/* kith plan: one number of ranks. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/bench_work.h"
#include "cli/plan.h"
#include "diagnose/diagnose.h"
#include "graph/schema.h"
#include "halo/strips.h"
#include "store/store.h"

enum {
  PLAN_MPI = 16 << 20, /* bytes that MPI takes of a rank beside others: segments and buffers (measured) */
  PLAN_START = 2       /* seconds before the first step: ranks start, files are read */
};

/* ---- sizes of the rank with the most ---- */

static kith_status plan_memory_of(const planner *p, const kith_graph_sizes *s, kith_memory_estimate *out) {
  const kith_job *job = &p->c->job;
  if (job->stream.model == KITH_STREAM_TGN) {
    kith_estimate_stream_memory(s, &job->stream, &job->train, job->evaluate.every, p->events, p->features,
                                out);
    return KITH_OK;
  }
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

/* Entries of the matrix that layers multiply by: those of the relations that the model reads, too. */
static int64_t plan_entries(const kith_model_options *model, const kith_graph_sizes *s) {
  const kith_relation_weights *read = kith_model_relations(model);
  int64_t n = s->n_entry;
  for (int i = 0; i < read->n; i++) {
    const int r = kith_schema_find_relation(&s->schema, read->of[i].name);
    n += r >= 0 && read->of[i].weight != 0 ? s->n_relation_entry[r] : 0;
  }
  return n;
}

/* Memory of the rank that needs most, and the sizes of that with the most entries, which takes longest. */
static kith_status plan_fullest(const planner *p, const kith_plan_cut *cut, plan_row *row,
                                kith_graph_sizes *slowest) {
  kith_status st = KITH_OK;
  kith_memory_estimate m;
  for (int r = 0; r < (cut->exact ? cut->size : 1); r++) {
    kith_graph_sizes s = plan_assumed_share(p, cut);
    if (cut->exact) KITH_TRY(kith_graph_sizes_of(p->whole, cut->size, r, &s));
    s.n_here = cut->size < cut->per_node ? cut->size : cut->per_node;
    KITH_TRY(plan_memory_of(p, &s, &m));
    if (r == 0 || kith_memory_estimate_total(&m) > kith_memory_estimate_total(&row->memory)) row->memory = m;
    const kith_model_options *model = &p->c->job.model;
    if (r == 0 || plan_entries(model, &s) > plan_entries(model, slowest)) *slowest = s;
  }
  row->bytes = kith_memory_estimate_total(&row->memory) + p->resident + (cut->size > 1 ? PLAN_MPI : 0);
done:
  return st;
}

/* ---- work of a step ---- */

/* Expected draws of an item in a step. */
static double plan_drawn(const planner *p) {
  double items = (double)p->all.n[KITH_ITEM];
  return items > 0 ? p->batch * p->negatives / items : 0;
}

/* Bytes of a row in the last layer, if it sends fewer rows: where its other rows are not computed. */
static double plan_last_bytes(const kith_model_options *m, const bench_work *w) {
  bool fewer = m->name == KITH_LIGHTGCN || kith_model_gathers_last(m);
  return fewer ? 4 * w->last : 0;
}

static kith_plan_work plan_work_of(const planner *p, const kith_graph_sizes *s) {
  const kith_train_options *o = &p->c->job.train;
  const kith_model_options *model = &p->c->job.model;
  double share = s->n_own > 0 ? (double)s->n_entry / fmax(1, (double)p->all.n_entry) : 0;
  const bench_sizes sizes = {.n_own = s->n_own,
                             .entries = plan_entries(model, s),
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
                          .last_bytes = plan_last_bytes(model, &w),
                          .last_reads_twice = kith_model_gathers_last(model),
                          .entry_chance = p->all.n_entry > 0 ? p->read_entries / (double)p->all.n_entry : 0,
                          .ghost_chance = kith_plan_ghost_chance(&p->degrees, s->size, (double)p->all.n_edge,
                                                                 p->batch, plan_drawn(p)),
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
  double layers = (kith_model_has_steps(&p->c->job.model) ? w->gathered / 2 : 0) * busy / r.gather +
                  row->step.part[KITH_PLAN_COPIES] / 2;
  if (p->all.n_class > 0) return layers;
  return layers + pairs * w->output_bytes / 4 / (r.ranking * row->cut.n_node);
}

static void plan_run_seconds(const planner *p, const kith_plan_work *w, plan_row *row) {
  const kith_job *job = &p->c->job;
  double steps = w->batch > 0 ? ceil((double)p->all.n_edge / w->batch) : 1, epochs = job->train.epochs,
         evaluations = (double)plan_evaluations(job);
  if (!kith_model_has_steps(&job->model)) { /* rounds, and an evaluation of their end */
    epochs = job->model.spectral.rounds - 1 + plan_first_round(&job->model.spectral);
    evaluations = job->evaluate.every != 0;
  }
  int64_t bytes =
      kith_checkpoint_bytes(p->n, job->model.dim, 0, kith_optimizer_get(job->train.optimizer.name)->n_slot);
  double written = job->checkpoint.every_epochs > 0 ? floor(epochs / job->checkpoint.every_epochs) : 0;
  if (job->checkpoint.every_steps > 0) written += floor(epochs * steps / job->checkpoint.every_steps);
  row->epoch = steps * row->step.seconds;
  row->evaluation = plan_evaluation(p, w, row);
  row->checkpoint = (double)bytes / p->machine.disk;
  row->job = epochs * row->epoch + evaluations * row->evaluation +
             (written + 1) * row->checkpoint; /* the export is about as large as one */
}

/* ---- a row ---- */

static kith_status plan_cut_of(const planner *p, int size, int per_node, plan_row *row) {
  const kith_relation_weights *read = kith_model_relations(&p->c->job.model);
  if (p->whole && size <= p->whole->n_part) return kith_plan_count(p->whole, read, size, per_node, &row->cut);
  kith_plan_assume(&p->degrees, p->all.n_entry, size, per_node, p->how, &row->cut);
  return KITH_OK;
}

/* Steps that sample neighbors of interactions alone. */
static kith_status plan_sampled_step(const planner *p, plan_row *row) {
  kith_status st = KITH_OK;
  const kith_job *job = &p->c->job;
  const kith_fanouts *f = &job->train.sampler.fanouts;
  kith_plan_sampled s;
  kith_plan_fans fans = {.n = kith_model_n_layer(&job->model),
                         .n_edge = (double)p->all.n_edge,
                         .batch = p->batch,
                         .negatives = p->negatives,
                         .drawn = plan_drawn(p),
                         .row_bytes = 4.0 * job->model.dim,
                         .products =
                             bench_loss_products(&job->model, &job->train.loss, p->batch) / row->cut.size,
                         .tiled = job->train.loss.name == KITH_SOFTMAX,
                         .excludes = job->train.exclude_targets};
  for (int h = 0; h < fans.n && f->n > 0; h++) fans.fan[h] = f->of[h < f->n ? h : f->n - 1];
  KITH_TRY(kith_plan_sample(&p->degrees, &fans, &row->cut, &s));
  row->step = kith_plan_sampled_step(&s, &row->cut, &p->machine);
  row->drawn = s.drawn * row->cut.size;
done:
  return st;
}

/* In which strips of columns, where any rows travel. */
static void plan_strips(const kith_job *job, const kith_plan_cut *cut, kith_plan_design *design) {
  const kith_model_options *m = &job->model;
  const bool still = cut->size == 1 || (design->in_place && cut->n_node == 1);
  design->strips = still ? 1 : kith_model_strips(m, job->train.strips);
  design->strip_cost =
      (double)(kith_model_rounds_rows(m) ? m->dim / 2 : m->dim) / KITH_STRIP_WORDS; /* docs/scale.md */
}

/* How rows travel: in place where ranks of a node do no more with them than to multiply. */
static kith_plan_design plan_design_of(const kith_job *job, const kith_plan_cut *cut) {
  const kith_model_options *m = &job->model;
  kith_plan_design design = {.reads_last = kith_model_gathers_last(m)};
  if (m->name == KITH_LIGHTGCN) {
    design = kith_plan_design_now();
    bool multiplies = !kith_model_rounds_rows(m) && m->edge_dropout == 0;
    design.in_place = design.in_place && multiplies && cut->size > 1 && cut->per_node > 1;
  }
  plan_strips(job, cut, &design);
  return design;
}

/* What a training has beside the steps of one loss on one model; null: nothing. */
static const char *plan_has_more(const kith_job *job) {
  if (job->stream.model == KITH_STREAM_TGN) return "stream.model: tgn";
  for (int i = 0; i < job->train.also.n; i++)
    if (job->train.also.of[i].weight > 0) return "train.also";
  if (job->model.sequence == KITH_SEQUENCE_SASREC) return "model.sequence: sasrec";
  if (!kith_model_has_steps(&job->model) && kith_model_relations(&job->model)->n > 0)
    return "the relations of model.name: spectral";
  return NULL;
}

/* Layers whose work is not counted; null: it is. */
static const char *plan_lacks_layers(const planner *p) {
  const kith_job *job = &p->c->job;
  const kith_model_options *m = &job->model;
  const bool sampled = job->train.sampler.mode != KITH_FULL;
  const int layers = kith_model_n_layer(m);
  if (!kith_model_has_steps(m)) return NULL; /* rounds are counted */
  if (kith_model_uses_importance_graph(m)) return "layers on importance neighborhoods, as of pinsage,";
  if (kith_model_time_dim(m) > 0) return "time_dim of gat or diffnet";
  if (!sampled) return bench_work_has_layers(m) ? NULL : "layers of kgin or han";
  if (job->train.sampler.mode != KITH_NEIGHBOR) return "sampler.mode: saint or cluster";
  if (kith_model_has_own_graph(m)) return "sampled steps with model.relations or half_life";
  return p->batch > 0 && layers > 0 && layers <= KITH_PLAN_FANS ? NULL : "sampled steps of such a model";
}

const char *plan_unknown(const planner *p, const plan_row *row) {
  const char *more = plan_has_more(&p->c->job), *layers = more ? more : plan_lacks_layers(p);
  if (layers) return layers;
  const bool related = kith_model_relations(&p->c->job.model)->n > 0;
  return related && row->cut.size > 1 && !row->cut.exact ? "model.relations on ranks it is not cut for"
                                                         : NULL;
}

static kith_status plan_step_of(const planner *p, const kith_plan_work *w, plan_row *row) {
  kith_status st = KITH_OK;
  const kith_job *job = &p->c->job;
  if (plan_unknown(p, row)) return st;
  if (job->train.sampler.mode == KITH_FULL || !kith_model_has_steps(&job->model)) {
    row->ghost_bytes = row->cut.rows * w->row_bytes;
    const kith_plan_design design = plan_design_of(job, &row->cut);
    row->in_place = design.in_place;
    row->step = kith_plan_step_counts(&row->cut, w, &design);
    kith_plan_step_seconds(&row->cut, w, &design, &p->machine, &row->step);
  } else {
    KITH_TRY(plan_sampled_step(p, row));
  }
  row->has_step = true;
  plan_run_seconds(p, w, row);
done:
  return st;
}

/* A row with so many ranks a node. */
static kith_status plan_row_on(const planner *p, int size, int per_node, plan_row *out) {
  kith_status st = KITH_OK;
  plan_row row = {.refused = ""};
  kith_graph_sizes slowest = p->all;
  KITH_TRY(plan_cut_of(p, size, per_node, &row));
  KITH_TRY(plan_fullest(p, &row.cut, &row, &slowest));
  const kith_plan_work w =
      kith_model_has_steps(&p->c->job.model) ? plan_work_of(p, &slowest) : plan_round_of(p, &slowest);
  KITH_TRY(plan_step_of(p, &w, &row));
  KITH_TRY(plan_refuse(p, &slowest, &row));
  *out = row;
done:
  return st;
}

kith_status plan_row_make(const planner *p, int size, plan_row *out) {
  kith_status st = KITH_OK;
  int per_node = p->per_node;
  KITH_TRY(plan_row_on(p, size, per_node, out));
  while (out->short_of_memory && p->spreads && per_node > 1 && size > 1) {
    per_node = (per_node < size ? per_node : size) / 2;
    KITH_TRY(plan_row_on(p, size, per_node, out));
  }
done:
  return st;
}

/* Whether more ranks are worth it: they spare a tenth of the seconds, the start of a program included. */
static bool plan_gains(const plan_row *more, const plan_row *best) {
  return more->job + PLAN_START < 0.9 * (best->job + PLAN_START);
}

int plan_recommend(int n, const plan_row *row) {
  int first = -1, best = -1;
  for (int i = 0; i < n; i++) {
    if (row[i].refused[0]) continue;
    if (first < 0) first = best = i;
    double efficiency =
        row[i].job > 0 ? row[first].job * row[first].cut.size / (row[i].job * row[i].cut.size) : 0;
    if (row[i].has_step && row[i].step.seconds > 0 && efficiency >= 0.5 && plan_gains(&row[i], &row[best]))
      best = i;
  }
  return best;
}
