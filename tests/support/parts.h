/* A graph file cut by the partition room: the way that tests from lists to training go. */
#ifndef KITH_TEST_PARTS_H
#define KITH_TEST_PARTS_H

#include "kith/partition.h"

/* Cut graph.h5 into n parts; this rank does it alone. */
kith_agreed test_parts_write(const char *graph, const char *parts, int n,
                             kith_partition_method how) KITH_MUST_USE;

/* The same of a dataset, which rank 0 cuts as the options say; all ranks wait for it.  A failure ends the
 * test. */
void test_parts_of(const kith_comm *comm, const kith_dataset *d, const kith_partition_options *o,
                   const char *parts);

#endif
