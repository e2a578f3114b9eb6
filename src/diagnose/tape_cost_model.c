/* Fit the tape memory of a model on graphs of a few dozen nodes. The tape is recorded, never run. */
#include "diagnose/tape_cost_model.h"
#include <string.h>

#include "graph/schema.h"

enum { TAPE_COST_ROWS = 64 };

/* A circulant graph on one rank: node i has edges from the next `degree` nodes. */
typedef struct tape_cost_graph {
  kith_graph g;
  kith_gid first[2], *neighbor;
  kith_eid *start;
  float *weight;
  uint8_t *type;
  int64_t *original;
  uint8_t *of; /* relation of each entry: all of the first, each entry being of one */
} tape_cost_graph;

static void tape_cost_free(tape_cost_graph *m) {
  KITH_FREE(m->neighbor);
  KITH_FREE(m->start);
  KITH_FREE(m->weight);
  KITH_FREE(m->type);
  KITH_FREE(m->original);
  KITH_FREE(m->of);
}

static kith_status tape_cost_fill(const kith_graph_sizes *s, int n, int degree, tape_cost_graph *m) {
  kith_status st = KITH_OK;
  *m = (tape_cost_graph){.first = {0, n}};
  KITH_TRY(KITH_NEW(m->start, n + 1));
  KITH_TRY(KITH_NEW(m->neighbor, n * degree));
  KITH_TRY(KITH_NEW(m->weight, n * degree));
  KITH_TRY(KITH_NEW(m->type, n));
  KITH_TRY(KITH_NEW(m->original, n));
  KITH_TRY(KITH_NEW(m->of, n * degree));
  for (int i = 0; i < n; i++) {
    m->start[i + 1] = (kith_eid)(i + 1) * degree;
    m->original[i] = i;
    for (int k = 0; k < degree; k++) m->neighbor[i * degree + k] = (i + k + 1) % n;
    for (int k = 0; k < degree; k++) m->weight[i * degree + k] = 1;
  }
  m->g = (kith_graph){.schema = s->schema,
                      .n = {n, 0},
                      .n_own = n,
                      .n_own_of = {n, 0},
                      .n_class = s->n_class,
                      .first = m->first,
                      .type = m->type,
                      .original = m->original,
                      .start = m->start,
                      .neighbor = m->neighbor};
  memcpy(m->g.n_feature_of, s->n_feature_of, sizeof m->g.n_feature_of);
done:
  if (kith_is_bad(st)) tape_cost_free(m);
  return st;
}

/* Record the model as a trainer does on the full graph. */
static kith_status tape_cost_record(const kith_model_options *o, const kith_graph *g,
                                    const kith_full_block *full, kith_params *params, kith_tape *t) {
  kith_status st = KITH_OK;
  kith_exec_ctx exec = {0};
  kith_recording r = {
      .model = o, .g = g, .full = full, .params = params, .exec = &exec, .tape = t, .trains = true};
  kith_recording_input(&r);
  kith_recording_layers(&r);
  KITH_TRY(kith_tape_status(t));
  KITH_TRY(kith_params_status(params));
done:
  return st;
}

static kith_agreed tape_cost_relation(const kith_comm *alone, const kith_model_options *o,
                                      const tape_cost_graph *m, kith_dist_csr **a) {
  if (!kith_model_uses_importance_graph(o)) return kith_dist_csr_create(alone, &m->g, o->dim, a);
  return kith_dist_csr_create_weighted(alone, &m->g, m->start, m->neighbor, m->weight, o->dim, a);
}

static int tape_cost_kinds(const kith_model_options *o, const kith_schema *schema) {
  const kith_relation_weights *w = kith_model_relations(o);
  int n = 0;
  for (int i = 0; i < w->n; i++) {
    int r = kith_schema_find_relation(schema, w->of[i].name);
    n += r >= 0 && schema->relation[r].n_kind > 0 ? schema->relation[r].n_kind : 1;
  }
  return n;
}

static kith_status tape_cost_take(const kith_model_options *o, const kith_graph_sizes *s, int n, int ghost,
                                  int degree, kith_tape_bytes *taken, int64_t *weights) {
  kith_status st = KITH_OK;
  const kith_comm alone = {.mpi = MPI_COMM_SELF, .rank = 0, .size = 1};
  tape_cost_graph m = {.neighbor = NULL};
  kith_dist_csr *a = NULL;
  kith_full_block full = {0};
  kith_params *params = NULL;
  kith_tape *t = NULL;
  KITH_TRY(tape_cost_fill(s, n, degree, &m));
  KITH_TRY(tape_cost_relation(&alone, o, &m, &a).status);
  KITH_TRY(kith_full_block_make(a, kith_model_needs_transpose(o), kith_model_has_self_loops(o), &full));
  full.nodes.n_ghost += ghost;
  if (o->name == KITH_HAN)
    memset(m.of, 1, (size_t)n * (size_t)degree); /* it reads no edges beside relations */
  kith_merged_relations merged = {.n = 1 + kith_model_relations(o)->n, .of = m.of};
  merged.n_kind = tape_cost_kinds(o, &s->schema);
  if (kith_model_has_readers(o) || kith_model_reads_kinds(o) || o->name == KITH_CASCADE ||
      o->name == KITH_HAN)
    full.block.merged = &merged;
  if (kith_model_time_dim(o) > 0) full.block.age = m.weight; /* the tape does not run */
  KITH_TRY(kith_params_create(1, &params));
  KITH_TRY(kith_tape_create(&t));
  KITH_TRY(tape_cost_record(o, &m.g, &full, params, t));
  *taken = kith_tape_memory(t);
  *weights = kith_params_weights(params).n;
done:
  kith_tape_destroy(&t);
  kith_params_destroy(&params);
  kith_full_block_free(&full);
  kith_dist_csr_destroy(&a);
  tape_cost_free(&m);
  return st;
}

/* Slopes: bytes per unit, of which `b` has `n` more than `a`. */
static void tape_cost_slope(int n, kith_tape_bytes a, kith_tape_bytes b, double *of) {
  of[0] = (double)(b.value - a.value) / n;
  of[1] = (double)(b.grad - a.grad) / n;
  of[2] = (double)(b.workspace - a.workspace) / n;
  of[3] = (double)(b.ghost - a.ghost) / n;
}

kith_status kith__tape_cost_model_fit(const kith_model_options *o, const kith_graph_sizes *s,
                                      kith__tape_cost_model *out) {
  kith_status st = KITH_OK;
  const int n = TAPE_COST_ROWS;
  kith_tape_bytes base, wide, far, dense;
  kith__tape_cost_model m = {0};
  *out = m;
  KITH_TRY(tape_cost_take(o, s, n, 0, 2, &base, &m.weights));
  KITH_TRY(tape_cost_take(o, s, n, 0, 3, &dense, &m.weights));
  KITH_TRY(tape_cost_take(o, s, n, n, 2, &far, &m.weights));
  KITH_TRY(tape_cost_take(o, s, 2 * n, 0, 2, &wide, &m.weights));
  tape_cost_slope(n, base, dense, m.per_entry);
  tape_cost_slope(n, base, far, m.per_ghost);
  tape_cost_slope(n, base, wide, m.per_row);
  for (int i = 0; i < 4; i++) m.per_row[i] -= 2 * m.per_entry[i]; /* each additional row has two entries */
  kith_tape_bytes slopes = kith__tape_cost_model_predict(&m, n, 0, 2 * n);
  m.fixed = (kith_tape_bytes){.value = base.value - slopes.value,
                              .grad = base.grad - slopes.grad,
                              .ghost = base.ghost - slopes.ghost,
                              .workspace = base.workspace - slopes.workspace};
  *out = m;
done:
  return st;
}

static int64_t tape_cost_sum(const kith__tape_cost_model *m, int i, int64_t fixed, int64_t row, int64_t ghost,
                             int64_t entry) {
  return fixed + (int64_t)(m->per_row[i] * (double)row + m->per_ghost[i] * (double)ghost +
                           m->per_entry[i] * (double)entry);
}

kith_tape_bytes kith__tape_cost_model_predict(const kith__tape_cost_model *m, int64_t row, int64_t ghost,
                                              int64_t entry) {
  return (kith_tape_bytes){.value = tape_cost_sum(m, 0, m->fixed.value, row, ghost, entry),
                           .grad = tape_cost_sum(m, 1, m->fixed.grad, row, ghost, entry),
                           .workspace = tape_cost_sum(m, 2, m->fixed.workspace, row, ghost, entry),
                           .ghost = tape_cost_sum(m, 3, m->fixed.ghost, row, ghost, entry)};
}
