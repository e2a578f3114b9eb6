/*
 * The lists of a node classification: labels, features, edges and two splits, parted by the byte 0x1e, behind
 * a byte of options. The number of nodes is kept small.
 */
#include <math.h>
#include <string.h>

#include "fuzz/fuzz.h"
#include "ingest/nodes.h"
#include "ingest/ingest.h"

enum { NODES_STOP = 0x1e, NODES_LISTS = 5, NODES_LABEL_BYTES = 64 };

/* NOLINTNEXTLINE(readability-non-const-parameter): libFuzzer says so */
int LLVMFuzzerInitialize(int *argc, char ***argv) {
  (void)argc, (void)argv;
  fuzz_begin();
  return 0;
}

static void nodes_hold(const kith__node_data *n) {
  fuzz_hold_lists(&n->edges.ragged, n->n, n->n);
  for (int64_t i = 0; i < n->n; i++) {
    FUZZ_HOLD(n->label[i] >= -1 && n->label[i] < n->classes.n, "node %lld has label %d", (long long)i,
              n->label[i]);
    FUZZ_HOLD(n->split[i] == KITH_NODE_NONE || n->label[i] >= 0,
              "node %lld is held for something without a label", (long long)i);
    for (kith_eid e = n->edges.ragged.start[i]; e < n->edges.ragged.start[i + 1]; e++)
      FUZZ_HOLD(kith_ragged_has(&n->edges.ragged, n->edges.ragged.value[e], (int32_t)i),
                "an edge has one end");
  }
  const kith_features *f = &n->features;
  for (kith_eid e = 0; f->start && e < f->start[n->n]; e++)
    FUZZ_HOLD(isfinite(f->value[e]) && f->index[e] >= 0 && f->index[e] < n->n_feature, "feature %d: %g",
              f->index[e], (double)f->value[e]);
}

static kith_status nodes_all(uint64_t options, char path[NODES_LISTS][KITH_PATH], kith__node_data *nodes) {
  kith_status st = KITH_OK;
  kith_ingest_nodes_report report = {0};
  kith_ingest_nodes_options o = {.format = options & 1 ? KITH_DENSE : KITH_SPARSE, .normalize = options & 2};
  strcpy(o.features, path[1]);
  KITH_TRY(kith__node_labels_read(path[0], nodes, &report.minus_one, &report.labels_list));
  if (!(options & 8))
    KITH_TRY(kith__node_split_read(path[3], KITH_NODE_TRAIN, nodes, &report.split_list[KITH_NODE_TRAIN]));
  if (!(options & 16))
    KITH_TRY(kith__node_split_read(path[4], KITH_NODE_TEST, nodes, &report.split_list[KITH_NODE_TEST]));
  KITH_TRY(kith__node_edges_read(path[2], nodes, &report));
  if (!(options & 4)) KITH_TRY(kith__node_features_read(&o, nodes, &report.features_list));
  nodes_hold(nodes);
done:
  return st;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const char *const name[NODES_LISTS] = {"list-labels", "list-features", "list-edges", "list-train",
                                                "list-test"};
  fuzz_bytes b = {data, data + size};
  uint64_t options = fuzz_take(&b, 1);
  char path[NODES_LISTS][KITH_PATH];
  for (int i = 0; i < NODES_LISTS; i++) {
    const char *at;
    size_t n = fuzz_until(&b, NODES_STOP, &at);
    if (i == 0 && n > NODES_LABEL_BYTES) n = NODES_LABEL_BYTES;
    fuzz_write(name[i], at, n, path[i]);
  }
  kith__node_data nodes = {0};
  int64_t live = kith_alloc_live();
  kith_status st = nodes_all(options, path, &nodes);
  kith__node_data_free(&nodes);
  fuzz_outcome(st, "list-", live);
  return 0;
}
