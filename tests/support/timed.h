/* A small graph whose interactions have times, made from a list by all ranks. */
#ifndef KITH_TEST_TIMED_H
#define KITH_TEST_TIMED_H

#include "kith/graph.h"
#include "kith/ingest.h"

enum { TEST_TIMED_USERS = 4, TEST_TIMED_ITEMS = 5, TEST_TIMED_MOST = 64 };

/* n lines "user,item,time" in a folder, ingested with a split into `graph`, cut into three parts in `parts`
 * [KITH_PATH each], and read.  A failure ends the test.  Collective. */
kith_graph *test_timed_graph(const char *folder, int n, const kith_split *split, char *graph, char *parts);

#endif
