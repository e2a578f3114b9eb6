/* Good files of every kind. */
#include "kith/optimizer.h"
#include "fuzz/h5_base.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kith/partition.h"
#include "ingest/append.h"
#include "support/folder.h"

base_files base_of[2];
edit_file base_edit[2][BASE_KINDS];

#define BASE_TRY(call) FUZZ_HOLD(!kith_is_bad(call), "%s: %s", #call, kith_error_text())

/* user, item, time, weight */
static const char base_pairs[] = "ann,tea,1,1\nann,jam,2,5\nann,bun,3,2\nann,pie,9,2\nbob,tea,4,3\nbob,nut,5,"
                                 "1\nbob,jam,5,2\ncat,bun,6,4\ncat,nut,7,1\ncat,tea,8,1\n"
                                 "dan,pie,1,2\ndan,jam,2,2\ndan,bun,3,3\neve,nut,4,1\neve,pie,5,1\neve,tea,5,"
                                 "2\nfay,bun,6,2\nfay,jam,7,1\nfay,nut,8,4\n";
static const char base_ties[] = "ann,bob\nbob,cat\ncat,ann\ndan,eve\n";
static const char base_tags[] = "ann,jazz,1,5\nbob,jazz,2,4\ncat,rock,1,3\n";
static const char base_cites[] = "tea,by,jam\ntea,of,jam\njam,by,bun\nbun,of,tea\nbun,by,mug\n";
static const char base_likes[] = "ann 3 8:2\nbob 4\ndan 8 3:0.5\n";
static const char base_more[] = "gus,tea,9,1\ngus,oat,9,2\nann,nut,9,3\n";
static const char base_edges[] = "0 1\n1 2\n2 3\n3 4\n4 5\n5 6\n6 7\n7 0\n0 4\n2 6\n";
static const char base_labels[] = "red\nred\nblue\nblue\nred\ngreen\n\ngreen\n";
static const char base_features[] = "0 2\n1\n0:0.5 3\n2\n1 3\n\n0\n2:2\n";

static void base_source(const char *name, const char *text, kith_edge_source *s) {
  *s = (kith_edge_source){.format = KITH_EDGES};
  fuzz_write(name, text, strlen(text), s->path);
}

static void base_relation(const char *name, const char *from, const char *to, const char *text,
                          kith_ingest_options *o) {
  kith_relation_source *s = &o->relation[o->n_relation++];
  strcpy(s->name, name);
  strcpy(s->from, from);
  strcpy(s->to, to);
  base_source(name, text, &s->list);
}

/* An update, so that its files have what those of one have. */
static void base_append(const kith_ingest_options *data, const char *from, const char *to) {
  kith_append_options o = {.n_relation = 0};
  kith_append_report report;
  base_source("more", base_more, &o.interactions);
  BASE_TRY(kith_append(&fuzz_comm, data, &o, from, "work: here\n", to, &report));
}

static void base_ingest_pairs(const char *path) {
  char old[KITH_PATH];
  kith_ingest_options o = {.split = {.method = KITH_SPLIT_RATIO, .valid = 0.2, .test = 0.2, .seed = 1}};
  kith_ingest_report report;
  base_source("pairs", base_pairs, &o.interactions);
  base_relation("friend", "user", "user", base_ties, &o);
  base_relation("tag", "user", "tag", base_tags, &o);
  base_relation("cites", "thing", "thing", base_cites, &o);
  o.type[o.n_type++] = (kith_node_source){.name = "thing", .same_as = "item"};
  o.relation[2].direction = KITH_DIRECTION_FORWARD;
  strcpy(o.relation[2].list.kind, "2");
  strcpy(o.relation[2].list.item, "3");
  strcpy(o.relation[1].list.weight, "3");
  strcpy(o.relation[1].list.time, "4");
  o.features[KITH_USER].format = KITH_SPARSE;
  fuzz_write("likes", base_likes, strlen(base_likes), o.features[KITH_USER].path);
  strcpy(o.interactions.time, "3");
  strcpy(o.interactions.weight, "4");
  BASE_TRY(kith_ingest(&fuzz_comm, &o, "work: here\n", test_path(fuzz_folder, "old.h5", old), &report));
  base_append(&o, old, path);
}

static void base_ingest_nodes(const char *path) {
  kith_ingest_nodes_options o = {.format = KITH_SPARSE};
  kith_ingest_nodes_report report;
  fuzz_write("edges", base_edges, strlen(base_edges), o.edges);
  fuzz_write("labels", base_labels, strlen(base_labels), o.labels);
  fuzz_write("features", base_features, strlen(base_features), o.features);
  fuzz_write("train", "0 2 5\n", 6, o.train);
  fuzz_write("valid", "1 3\n", 4, o.valid);
  fuzz_write("test", "4 7\n", 4, o.test);
  BASE_TRY(kith_ingest_nodes(&fuzz_comm, &o, "work: here\n", path, &report));
}

static void base_partition(base_files *b) {
  kith_partition_options o = kith_partition_defaults();
  kith_dataset *d = NULL;
  int32_t part[64];
  o.parts = 3;
  o.method = KITH_PARTITION_HASH;
  BASE_TRY(kith_dataset_read(&fuzz_comm, b->graph, &d));
  BASE_TRY(kith_partition_make(d, &o, part));
  BASE_TRY(kith_partition_write(&fuzz_comm, b->parts, d, &o, part));
  kith_dataset_destroy(&d);
  BASE_TRY(kith_graph_read(&fuzz_comm, b->parts, &b->g));
}

/* Rows and weights that are all different. */
static void base_checkpoint(kith_task task, base_files *b) {
  float x[256], w[BASE_WEIGHTS];
  char folder[KITH_PATH];
  kith_redistribution *rows = NULL;
  for (int i = 0; i < 256; i++) x[i] = (float)i / 16;
  for (int i = 0; i < BASE_WEIGHTS; i++) w[i] = (float)-i;
  kith_checkpoint c = {.d = BASE_WIDTH,
                       .x = x,
                       .slot = {x, x},
                       .n_slot = 2,
                       .slot_name = kith_optimizer_get(KITH_ADAM)->slot_name,
                       .weights = {BASE_WEIGHTS, w, {w, w}},
                       .epoch = 3,
                       .step = 1,
                       .optimizer_step = 7,
                       .best = 0.5,
                       .best_epoch = 2,
                       .bad_evals = 1,
                       .config_key = "model=lightgcn width=4",
                       .history = (char *)(uintptr_t) "{\"epoch\": 1}\n{\"epoch\": 2}\n",
                       .job = "work: here\n"};
  BASE_TRY(kith_folder_make(test_path(fuzz_folder, task == KITH_TASK_CLASSIFY ? "nodes" : "users", folder)));
  BASE_TRY(kith_redistribution_create(&fuzz_comm, b->g, &rows));
  BASE_TRY(kith_checkpoint_write(&fuzz_comm, b->g, rows, folder, 1, &c));
  kith_redistribution_destroy(&rows);
  BASE_TRY(kith_checkpoint_find(&fuzz_comm, folder, 0, b->checkpoint));
}

static void base_embeddings(base_files *b) {
  float x[256];
  kith_graph_ids *ids = NULL;
  kith_embeddings_meta meta = {.model = "lightgcn",
                               .epoch = 3,
                               .metrics = "{\"epoch\": 1}\n{\"epoch\": 2}\n",
                               .job = "work: here\n"};
  int d = b->g->n_class > 0 ? b->g->n_class : BASE_WIDTH;
  for (int i = 0; i < 256; i++) x[i] = (float)i / 16;
  BASE_TRY(kith_graph_ids_read(&fuzz_comm, b->g, b->graph, &ids));
  BASE_TRY(kith_embeddings_write(&fuzz_comm, b->g, ids, b->embeddings, d, x, &meta));
  kith_graph_ids_destroy(&ids);
}

static void base_make(kith_task task) {
  base_files *b = &base_of[task];
  bool nodes = task == KITH_TASK_CLASSIFY;
  test_path(fuzz_folder, nodes ? "nodes-graph.h5" : "graph.h5", b->graph);
  test_path(fuzz_folder, nodes ? "nodes-parts.h5" : "parts.h5", b->parts);
  test_path(fuzz_folder, nodes ? "nodes-embeddings.h5" : "embeddings.h5", b->embeddings);
  if (nodes) base_ingest_nodes(b->graph);
  else base_ingest_pairs(b->graph);
  base_partition(b);
  base_checkpoint(task, b);
  base_embeddings(b);
}

const char *base_path(kith_task task, base_kind kind) {
  const base_files *b = &base_of[task];
  const char *path[BASE_KINDS] = {[BASE_GRAPH] = b->graph,
                                  [BASE_PARTS] = b->parts,
                                  [BASE_CHECKPOINT] = b->checkpoint,
                                  [BASE_EMBEDDINGS] = b->embeddings};
  return path[kind];
}

static void base_end(void) {
  for (int t = 0; t < 2; t++) kith_graph_destroy(&base_of[t].g);
}

void base_begin(void) {
  fuzz_begin();
  atexit(base_end);
  for (int t = 0; t < 2; t++) {
    base_make((kith_task)t);
    for (int k = 0; k < BASE_KINDS; k++) edit_open(base_path((kith_task)t, (base_kind)k), &base_edit[t][k]);
  }
}

/* Handles of HDF5 that are open. */
static hsize_t base_handles(void) {
  static const H5I_type_t kind[] = {H5I_FILE,    H5I_GROUP, H5I_DATATYPE,   H5I_DATASPACE,
                                    H5I_DATASET, H5I_ATTR,  H5I_GENPROP_LST};
  hsize_t sum = 0, n = 0;
  for (size_t i = 0; i < sizeof kind / sizeof kind[0]; i++)
    if (H5Inmembers(kind[i], &n) >= 0) sum += n;
  return sum;
}

static hsize_t base_open;

void base_outcome(kith_status st, const char *path, int64_t live_before) {
  hsize_t now = base_handles();
  fuzz_outcome(st, path, live_before);
  FUZZ_HOLD(now == base_open, "%lld handles stay open", (long long)now - (long long)base_open);
}

kith_task base_edited(const uint8_t *data, size_t size, base_kind kind, char *path) {
  static int other = -1; /* the kind and task of other.h5, to which links lead */
  fuzz_bytes b = {data, data + size};
  kith_task task = fuzz_take(&b, 1) & 1 ? KITH_TASK_CLASSIFY : KITH_TASK_RECOMMEND;
  if (other != 2 * (int)kind + (int)task) {
    char copy[KITH_PATH];
    unlink(test_path(fuzz_folder, "other.h5", copy));
    FUZZ_HOLD(link(base_path(task, kind), copy) == 0, "%s cannot be linked", copy);
    other = 2 * (int)kind + (int)task;
  }
  edit_write(&base_edit[task][kind], b, "edited.h5", path);
  base_open = base_handles();
  return task;
}
