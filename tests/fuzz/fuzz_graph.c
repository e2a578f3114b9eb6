/* graph.h5: the lists whole, and the ids. */
#include <math.h>
#include <string.h>

#include "graph/schema.h"
#include "store/graph.h"
#include "fuzz/h5_base.h"

/* NOLINTNEXTLINE(readability-non-const-parameter): libFuzzer says so */
int LLVMFuzzerInitialize(int *argc, char ***argv) {
  (void)argc, (void)argv;
  base_begin();
  return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed) {
  return edit_mutate(data, size, most, seed, 1);
}

static void graph_hold_nodes(const kith_dataset *d) {
  int64_t n = d->n[KITH_USER];
  FUZZ_HOLD(d->n_class > 0 && d->n_feature_of[0] >= 0, "%d classes, %d features", d->n_class,
            d->n_feature_of[0]);
  for (int64_t i = 0; i < n; i++) {
    FUZZ_HOLD(d->label[i] >= -1 && d->label[i] < d->n_class && d->split[i] >= 0 &&
                  d->split[i] < KITH_NODE_SPLITS,
              "node %lld", (long long)i);
    for (kith_eid e = d->train.start[i]; e < d->train.start[i + 1]; e++)
      FUZZ_HOLD(kith_ragged_has(&d->train, d->train.value[e], (int32_t)i), "an edge has one end");
  }
  const kith_features *f = &d->features[0];
  for (kith_eid e = 0; f->start && e < f->start[n]; e++)
    FUZZ_HOLD(isfinite(f->value[e]) && f->index[e] >= 0 && f->index[e] < d->n_feature_of[0], "feature %d: %g",
              f->index[e], (double)f->value[e]);
}

static void graph_hold_relation(const kith_dataset *d, int r) {
  const kith_relation_type *e = &d->schema.relation[r];
  const kith_relation_edges *x = &d->relation[r];
  if (e->n_kind == 0)
    fuzz_hold_lists(&x->edges, kith_schema_space(&d->schema, d->n, e->from),
                    kith_schema_space(&d->schema, d->n, e->to));
  for (int64_t k = 0; e->n_kind > 0 && k < x->edges.start[x->edges.n_row]; k++)
    FUZZ_HOLD(x->kind[k] < e->n_kind && x->edges.value[k] >= 0 &&
                  x->edges.value[k] < kith_schema_space(&d->schema, d->n, e->to),
              "edge %lld of kind %d", (long long)k, x->kind[k]);
  FUZZ_HOLD(e->weighted == (x->weight != NULL) && e->timed == (x->time != NULL), "relation %d lacks a column",
            r);
  for (int64_t k = 0; x->weight && k < x->edges.start[x->edges.n_row]; k++)
    FUZZ_HOLD(isfinite(x->weight[k]), "weight %lld is not finite", (long long)k);
}

static void graph_hold(const kith_dataset *d) {
  int64_t n = d->n[KITH_USER], n_item = d->n_class > 0 ? n : d->n[KITH_ITEM];
  fuzz_hold_lists(&d->train, n, n_item);
  FUZZ_HOLD(d->n_edge == d->train.start[n] / (d->n_class > 0 ? 2 : 1), "%lld edges", (long long)d->n_edge);
  if (d->n_class > 0) graph_hold_nodes(d);
  else {
    fuzz_hold_lists(&d->valid, n, n_item);
    fuzz_hold_lists(&d->test, n, n_item);
    for (int64_t e = 0; d->weight && e < d->n_edge; e++)
      FUZZ_HOLD(isfinite(d->weight[e]), "weight %lld is not finite", (long long)e);
    for (int64_t e = 0; d->is_new && e < d->n_edge; e++)
      FUZZ_HOLD(d->is_new[e] == 0 || d->is_new[e] == 1, "interaction %lld is new %d times", (long long)e,
                d->is_new[e]);
    FUZZ_HOLD(d->parent.is == (d->is_new != NULL) && d->parent.n[KITH_USER] <= n, "the parent has %lld users",
              (long long)d->parent.n[KITH_USER]);
    for (int r = 0; r < d->schema.n_relation; r++) graph_hold_relation(d, r);
  }
}

static kith_agreed graph_ids(const char *path, kith_node_type type) {
  kith_ids ids = {0};
  char text[256];
  kith_agreed st = kith_ids_read(&fuzz_comm, path, type, &ids);
  for (int64_t i = 0; i < ids.n; i++) {
    kith_ids_print(&ids, i, sizeof text, text);
    FUZZ_HOLD(text[0] && !strpbrk(text, "\t\n\r\x1b"), "id %lld cannot stand in a list", (long long)i);
  }
  kith_ids_free(&ids);
  return st;
}

/* As an update reads it, which refuses files that hold anything else. */
static void graph_data(const char *path) {
  kith__graph_data t;
  kith_agreed st = kith__graph_data_read(&fuzz_comm, path, &t);
  FUZZ_HOLD(!kith_is_bad(st) || !t.train.ragged.start, "%s: left by a refused reading", path);
  kith__graph_data_free(&t);
}

static kith_agreed graph_read(const char *path, kith_task task) {
  kith_agreed st = {KITH_OK};
  kith_dataset *d = NULL;
  KITH_TRY(kith_dataset_read(&fuzz_comm, path, &d));
  graph_hold(d);
  if (task == KITH_TASK_RECOMMEND) KITH_TRY(graph_ids(path, KITH_USER));
  if (task == KITH_TASK_RECOMMEND) KITH_TRY(graph_ids(path, KITH_ITEM));
  if (task == KITH_TASK_RECOMMEND) graph_data(path);
done:
  kith_dataset_destroy(&d);
  return st;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  char path[KITH_PATH];
  kith_task task = base_edited(data, size, BASE_GRAPH, path);
  int64_t live = kith_alloc_live();
  base_outcome(graph_read(path, task).status, path, live);
  return 0;
}
