/* Bounds for steps of several parts. */
#ifndef KITH_SRC_SAMPLE_CLUSTER_ORDER_H
#define KITH_SRC_SAMPLE_CLUSTER_ORDER_H

#include "sample/sample.h"

/* Sum of the k largest of n sizes; sorts them.  Local. */
int64_t kith__sum_of_largest(int n, int64_t *size, int k);

#endif
