#include "support/classes.h"

#include "graph/schema.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/cut.h"
#include "support/folder.h"

static double chance(uint64_t seed, uint64_t what, int64_t a, int64_t b) {
  return kith_random_unit(kith_random(seed, KITH_RNG_GENERATE, what, (uint64_t)a, (uint64_t)b).bits[0]);
}

test_classes test_classes_make(int64_t n, int n_class, int n_feature, uint64_t seed) {
  test_classes t = {.n = n, .n_class = n_class, .n_feature = n_feature};
  double near = 6.0 * n_class / (double)n,
         far = 1.0 / (double)n; /* about six neighbors of the own class, one of others */
  t.from = calloc((size_t)(n * n), sizeof *t.from);
  t.to = calloc((size_t)(n * n), sizeof *t.to);
  t.feature = calloc((size_t)n * (size_t)n_feature, sizeof *t.feature);
  t.label = calloc((size_t)n, sizeof *t.label);
  t.split = calloc((size_t)n, sizeof *t.split);
  for (int64_t i = 0; i < n; i++) {
    t.label[i] = (int32_t)(chance(seed, 1, i, 0) * n_class);
    t.split[i] = (int8_t)(chance(seed, 2, i, 0) * KITH_NODE_SPLITS);
    for (int k = 0; k < n_feature; k++)
      t.feature[i * n_feature + k] = chance(seed, 3, i, k) < (k % n_class == t.label[i] ? 0.5 : 0.2);
  }
  for (int64_t i = 0; i < n; i++)
    for (int64_t j = i + 1; j < n; j++) {
      if (chance(seed, 4, i, j) >= (t.label[i] == t.label[j] ? near : far)) continue;
      t.from[t.n_edge] = (int32_t)i;
      t.to[t.n_edge++] = (int32_t)j;
    }
  return t;
}

void test_classes_free(test_classes *t) {
  free(t->from);
  free(t->to);
  free(t->feature);
  free(t->label);
  free(t->split);
}

static void cut_node(const test_classes *t, int64_t i, const int64_t *number, kith_graph *g) {
  kith_lid row = g->n_own++;
  g->original[row] = i;
  g->row_of[KITH_USER][g->n_own_of[KITH_USER]++] = row;
  g->start[row + 1] = g->start[row];
  for (int64_t e = 0; e < t->n_edge; e++) /* those before it come first, so neighbors ascend */
    if (t->to[e] == i) g->neighbor[g->start[row + 1]++] = number[t->from[e]];
  for (int64_t e = 0; e < t->n_edge; e++)
    if (t->from[e] == i) g->neighbor[g->start[row + 1]++] = number[t->to[e]];
  g->features.start[row + 1] = g->features.start[row];
  g->label[row] = t->label[i];
  g->split[row] = t->split[i];
  g->train_index[row] = -1;
  if (t->split[i] == KITH_NODE_TRAIN) g->train_index[row] = 0;
  for (int64_t j = 0; j < i && g->train_index[row] >= 0; j++)
    g->train_index[row] += t->split[j] == KITH_NODE_TRAIN;
  for (int k = 0; k < t->n_feature; k++)
    if (t->feature[i * t->n_feature + k] != 0) {
      g->features.index[g->features.start[row + 1]] = k;
      g->features.value[g->features.start[row + 1]++] = t->feature[i * t->n_feature + k];
    }
}

kith_graph *test_classes_cut(const test_classes *t, const kith_comm *comm, int parts, uint64_t seed) {
  kith_graph *g = NULL;
  int64_t *number = calloc((size_t)t->n, sizeof *number), *first = calloc((size_t)parts + 1, sizeof *first),
          at = 0;
  bool bad = KITH_NEW(g, 1) || KITH_NEW(g->first, comm->size + 1) || KITH_NEW(g->type, t->n) ||
             KITH_NEW(g->original, t->n) || KITH_NEW(g->start, t->n + 1) ||
             KITH_NEW(g->neighbor, 2 * t->n_edge) || KITH_NEW(g->train_index, t->n) ||
             KITH_NEW(g->row_of[0], t->n) || KITH_NEW(g->row_of[1], 0) || KITH_NEW(g->item_number, 0) ||
             KITH_NEW(g->train.start, 1) || KITH_NEW(g->valid.start, 1) || KITH_NEW(g->test.start, 1) ||
             kith_features_make(t->n, t->n * t->n_feature, &g->features) || KITH_NEW(g->label, t->n) ||
             KITH_NEW(g->split, t->n);
  if (bad) abort();
  g->schema = kith_schema_nodes();
  g->n[KITH_USER] = t->n;
  g->n_edge = t->n_edge;
  g->n_part = parts;
  g->fingerprint = seed;
  g->n_class = t->n_class;
  g->n_feature_of[KITH_USER] = t->n_feature;
  for (int p = 0; p < parts; p++) {
    first[p] = at;
    for (int64_t i = 0; i < t->n; i++)
      if (test_part(seed, parts, KITH_USER, i) == p) number[i] = at++;
  }
  first[parts] = at;
  for (int64_t i = 0; i < t->n; i++) g->n_train += t->split[i] == KITH_NODE_TRAIN;
  for (int r = 0; r <= comm->size; r++) g->first[r] = first[kith_chunk_begin(parts, comm->size, r)];
  for (int64_t k = g->first[comm->rank]; k < g->first[comm->rank + 1]; k++)
    for (int64_t i = 0; i < t->n; i++)
      if (number[i] == k) cut_node(t, i, number, g);
  g->features.n_row = g->n_own;
  if (KITH_NEW(g->part_first, parts + 1)) abort();
  memcpy(g->part_first, first, ((size_t)parts + 1) * sizeof *first);
  free(number);
  free(first);
  return g;
}

void test_classes_dense(const kith_graph *g, float *x) {
  int d = g->n_feature_of[KITH_USER];
  memset(x, 0, (size_t)g->n_own * (size_t)d * sizeof *x);
  for (kith_lid i = 0; i < g->n_own; i++)
    for (kith_eid e = g->features.start[i]; e < g->features.start[i + 1]; e++)
      x[(int64_t)i * d + g->features.index[e]] = g->features.value[e];
}

static FILE *classes_open(const char *folder, const char *name) {
  char path[KITH_PATH];
  FILE *f = fopen(test_path(folder, name, path), "w");
  if (!f) abort();
  return f;
}

void test_classes_write(const test_classes *t, const char *folder) {
  static const char *const split[KITH_NODE_SPLITS] = {"none.txt", "train.txt", "valid.txt", "test.txt"};
  FILE *edges = classes_open(folder, "edges.txt"), *labels = classes_open(folder, "labels.txt"),
       *features = classes_open(folder, "features.txt");
  for (int64_t e = 0; e < t->n_edge; e++) fprintf(edges, "%d %d\n", t->from[e], t->to[e]);
  for (int64_t i = 0; i < t->n; i++) {
    fprintf(labels, "%d\n", t->label[i]);
    for (int k = 0; k < t->n_feature; k++)
      if (t->feature[i * t->n_feature + k] > 0) fprintf(features, "%d ", k);
    fprintf(features, "\n");
  }
  for (int s = 0; s < KITH_NODE_SPLITS; s++) {
    FILE *f = classes_open(folder, split[s]);
    for (int64_t i = 0; i < t->n; i++)
      if (t->split[i] == s) fprintf(f, "%lld\n", (long long)i);
    fclose(f);
  }
  fclose(edges);
  fclose(labels);
  fclose(features);
}
