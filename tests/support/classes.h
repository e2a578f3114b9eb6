/* Small graphs of labeled nodes for tests: neighbors are mostly of one class, and so are features. */
#ifndef KITH_TEST_CLASSES_H
#define KITH_TEST_CLASSES_H

#include "graph/graph.h"

/* A whole graph: every rank holds it. */
typedef struct test_classes {
  int64_t n, n_edge;
  int n_class, n_feature;
  int32_t *from, *to; /* [n_edge] from < to, ascending, each edge once */
  float *feature;     /* [n, n_feature] zeros and ones */
  int32_t *label;     /* [n] */
  int8_t *split;      /* [n] a quarter each: none, train, valid, test */
} test_classes;

test_classes test_classes_make(int64_t n, int n_class, int n_feature, uint64_t seed);
void test_classes_free(test_classes *t);

/* This rank's share when node i lies in test_part(seed, parts, KITH_USER, i). */
kith_graph *test_classes_cut(const test_classes *t, const kith_comm *comm, int parts, uint64_t seed);

/* The features of the rank's rows as dense rows x [n_own, features]. */
void test_classes_dense(const kith_graph *g, float *x);

/* The lists as text: edges.txt, labels.txt, features.txt (sparse), train.txt, valid.txt, test.txt. */
void test_classes_write(const test_classes *t, const char *folder);

#endif
