/* A job small enough to be run thousands of times: a list, its graph, its cut, two epochs of training; and
 * what is whole of it. */
#ifndef KITH_TEST_CHAIN_H
#define KITH_TEST_CHAIN_H

#include "kith/partition.h"
#include "train/train.h"

/* All are the same on every rank, but for the graph's share. */
typedef struct test_chain {
  char inputs[KITH_PATH], outputs[KITH_PATH];               /* folders that rank 0 makes and removes */
  char list[KITH_PATH], graph[KITH_PATH], parts[KITH_PATH]; /* in inputs */
  char names[KITH_PATH], tags[KITH_PATH];                   /* of items, one tag a line */
  kith_run run;                                             /* into outputs */
  kith_graph *share;
  float *right; /* [n_own, d] the embeddings that uninterrupted training gives */
} test_chain;
extern test_chain chain;

void test_chain_begin(void);
void test_chain_end(void);

/* outputs/name, until the next call. */
const char *test_chain_output(const char *name);
kith_agreed test_chain_ingest(const char *path) KITH_MUST_USE;
/* The same with names, features, tags and a meta-path of items, which nothing else of the chain reads. */
kith_agreed test_chain_ingest_all(const char *path) KITH_MUST_USE;
/* On one rank. */
kith_agreed test_chain_cut(const char *path) KITH_MUST_USE;
/* From the newest checkpoint on, or from the beginning. */
kith_agreed test_chain_train(bool fresh) KITH_MUST_USE;
/* Whether every file in outputs that ends in .h5 can be read to its end, on rank 0; null or what is wrong. */
const char *test_chain_look(int64_t k);
/* Whether outputs/embeddings.h5 holds what it shall. */
bool test_chain_is_right(void);

#endif
